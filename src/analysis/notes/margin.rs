//! What stands in the margin of a note: which concepts a section explains, and where the project's code uses them.

use std::ops::Range;
use std::path::Path;

use super::NoteSection;
use crate::analysis::{Cancel, Hover, Report, Snapshot};
use crate::explain::{self, UsedConcept};
use crate::knowledge::notes::{Note, Section};
use crate::rules::Place;

/// How many places a hover names.
const PLACES: usize = 5;

/// A section of a note and what it explains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lens {
    /// The bytes of the heading's line in the document.
    pub range: Range<usize>,
    /// The slugs of the concepts that it explains, the surest first.
    pub concepts: Vec<String>,
    /// How many places of the project's code its concepts have.
    pub uses: usize,
}

impl Snapshot {
    /// The hover in a note: what is wrong at a byte, else what the section explains whose heading or code stands there.
    pub(in crate::analysis) fn note_hover(
        &self,
        path: &Path,
        offset: usize,
        report: &Report,
        are_shown: bool,
    ) -> Option<Hover> {
        let here = |place: &Place| place.range.contains(&offset);
        let findings = report
            .findings
            .iter()
            .filter(|finding| here(&finding.place));
        if let Some(finding) = findings.min_by_key(|finding| finding.place.range.len()) {
            let place = |place: &Place| self.in_words(place);
            let config = self.config(path);
            let text = explain::finding(finding, &config.knowledge, &place, &[], None, are_shown);
            return Some(Hover {
                range: finding.place.range.clone(),
                concept: None,
                also: Vec::new(),
                findings: vec![finding.code],
                markdown: text.markdown,
                plain: text.plain,
            });
        }
        let note = self.note(path).ok()?;
        let (section, range) = section_at(&note, self.in_note(&note, offset))?;
        let range = self.in_document(&note, range);
        let concepts = self.explained(path, section);
        let knowledge = self.knowledge_of_notes();
        let uses = self.project_uses(&Cancel::default())?;
        let used: Vec<UsedConcept<'_>> = concepts
            .iter()
            .filter_map(|slug| {
                let places = uses.of(slug);
                Some(UsedConcept {
                    card: knowledge.concept(slug)?,
                    uses: places.len(),
                    places: places
                        .iter()
                        .take(PLACES)
                        .map(|place| self.in_words(place))
                        .collect(),
                })
            })
            .collect();
        let (first, _) = used.split_first()?;
        let concept = Some(first.card.concept.clone());
        let text = explain::section(&used);
        Some(Hover {
            range,
            concept,
            also: concepts.into_iter().skip(1).collect(),
            findings: Vec::new(),
            markdown: text.markdown,
            plain: text.plain,
        })
    }

    /// The places of the project's code where a section of a note applies: the one whose heading or code stands at a byte. Sorted.
    pub fn note_references(
        &self,
        path: &Path,
        offset: usize,
        cancel: &Cancel,
    ) -> Option<Vec<Place>> {
        let note = self.note(path).ok()?;
        let (section, _) = section_at(&note, self.in_note(&note, offset))?;
        let uses = self.project_uses(cancel)?;
        let concepts = self.explained(path, section);
        let mut places: Vec<Place> = concepts
            .iter()
            .flat_map(|concept| uses.of(concept).iter().cloned())
            .collect();
        places.sort_by(|a, b| (&a.path, a.range.start).cmp(&(&b.path, b.range.start)));
        places.dedup();
        Some(places)
    }

    /// The sections of a note that explain something. None when cancelled, or where the note cannot be read.
    pub fn lenses(&self, path: &Path, cancel: &Cancel) -> Option<Vec<Lens>> {
        let note = self.note(path).ok()?;
        let uses = self.project_uses(cancel)?;
        let lens = |section: &Section| {
            let concepts = self.explained(path, section);
            let uses = concepts.iter().map(|concept| uses.of(concept).len()).sum();
            (!concepts.is_empty()).then(|| Lens {
                range: self.in_document(&note, section.heading.clone()),
                concepts,
                uses,
            })
        };
        Some(note.sections.iter().filter_map(lens).collect())
    }

    /// The concepts that a section explains, as the index has it.
    fn explained(&self, path: &Path, section: &Section) -> Vec<String> {
        let known = self.notes().and_then(|notes| notes.file(path));
        let is_it = |known: &&NoteSection| known.line == section.line && !known.is_question;
        let found = known.and_then(|note| note.sections.iter().find(is_it));
        let links = found.into_iter().flat_map(|section| &section.links);
        links.map(|link| link.concept.to_string()).collect()
    }

    /// `worker.py line 3`.
    fn in_words(&self, place: &Place) -> String {
        let document = self.document(&place.path);
        let line = document.map_or(0, |document| document.line_column(place.range.start).0);
        let name = place.path.file_name().unwrap_or_default().to_string_lossy();
        format!("{name} line {line}")
    }
}

/// The section whose heading or code stands at a byte, and the bytes of that heading or code.
fn section_at(note: &Note, offset: usize) -> Option<(&Section, Range<usize>)> {
    let holds = |range: &Range<usize>| range.start <= offset && offset <= range.end;
    note.sections.iter().find_map(|section| {
        let heading = (section.level > 0 && holds(&section.heading)).then_some(&section.heading);
        let mut blocks = section.blocks.iter().map(|block| &block.range);
        let range = heading.or_else(|| blocks.find(|range| holds(range)))?;
        Some((section, range.clone()))
    })
}
