//! The index of the user's notes: what each section explains. The texts themselves are not kept: whoever quotes a note reads that one file again.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use rayon::prelude::*;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::code::{Code, imports, is_python};
use super::said::said_in;
use crate::analysis::Cancel;
use crate::knowledge::Knowledge;
use crate::knowledge::claims::Verdict;
use crate::knowledge::link::{Link, Linker, Subject};
use crate::knowledge::notes::{Note, Part, Section};
use crate::knowledge::search::Words;

/// The largest file that is read as a note, in bytes: nobody writes more by hand, and a log that lies among notes is none.
pub const LARGEST: u64 = 10 * 1024 * 1024;

/// What tells one state of a file from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// When it was written, in nanoseconds since 1970.
    modified: u128,
    /// In bytes.
    size: u64,
}

/// What is kept of a note.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NoteEntry {
    pub path: PathBuf,
    /// None for a text that an editor has open: it is read anew after every change.
    stamp: Option<Stamp>,
    /// In the order of the note.
    pub sections: Vec<SectionEntry>,
    /// What it says of claims, in the order of the note.
    pub said: Vec<SaidEntry>,
}

impl NoteEntry {
    /// Whether the file was written before a time.
    pub(super) fn is_older_than(&self, time: SystemTime) -> bool {
        let time = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        self.stamp
            .is_some_and(|stamp| stamp.modified < time.as_nanos())
    }
}

/// What a note says of a claim.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SaidEntry {
    /// The claim's slug.
    pub claim: String,
    pub is_wrong: bool,
    /// The bytes of the note's text that say it.
    pub range: Range<usize>,
}

/// What is kept of a section, or of a question in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SectionEntry {
    /// The heading and those above it, the outermost first; of a question the question comes last.
    pub headings: Vec<String>,
    /// From 0.
    pub line: usize,
    /// The concepts that it explains, the surest first.
    pub links: Vec<Link>,
    /// How many blocks of code it has.
    pub blocks: usize,
    /// How many questions it asks.
    pub questions: usize,
}

/// A section of the index that explains a concept.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Explanation<'i> {
    pub note: &'i NoteEntry,
    pub section: &'i SectionEntry,
    /// From 0 to 1: how sure it is.
    pub score: f32,
}

/// All notes. Immutable; [`Index::update`] makes the next one.
#[derive(Debug, Default)]
pub struct Index {
    /// By path.
    notes: BTreeMap<PathBuf, Arc<NoteEntry>>,
    /// By concept: note and position of the section in it, the surest first.
    by_concept: FxHashMap<String, Vec<(Arc<NoteEntry>, usize, f32)>>,
    /// The files that cannot be read as notes, and why, sorted.
    pub problems: Vec<(PathBuf, String)>,
}

/// Where the text of a note comes from.
#[derive(Clone, Debug)]
pub enum Source {
    Disk,
    /// An editor has it open.
    Text(Arc<str>),
}

impl Index {
    /// Reads these files, in parallel; what `before` knows of a file that has not changed since is taken over. `progress` gets (done, all). None when cancelled.
    pub fn read(
        files: &[(PathBuf, Source)],
        before: &BTreeMap<PathBuf, Arc<NoteEntry>>,
        knowledge: &Knowledge,
        progress: &(dyn Fn(usize, usize) + Sync),
        cancel: &Cancel,
    ) -> Option<Index> {
        let linker = Linker::new(knowledge, |code| {
            Code::new(Path::new(""), "", code).constructs()
        });
        let done = AtomicUsize::new(0);
        let read: Vec<_> = files
            .par_iter()
            .map(|(path, source)| {
                if cancel.is_cancelled() {
                    return Ok(None);
                }
                let entry = entry(path, source, before.get(path), &linker);
                progress(done.fetch_add(1, Ordering::Relaxed) + 1, files.len());
                entry.map_err(|message| (path.clone(), message))
            })
            .collect();
        if cancel.is_cancelled() {
            return None;
        }
        let mut index = Index::default();
        for entry in read {
            match entry {
                Ok(entry) => index
                    .notes
                    .extend(entry.map(|entry| (entry.path.clone(), entry))),
                Err(problem) => index.problems.push(problem),
            }
        }
        index.problems.sort();
        index.by_concept = by_concept(&index.notes);
        Some(index)
    }

    /// The same with some files read anew. A file that is gone loses its place.
    pub fn update(&self, changed: &[(PathBuf, Source)], knowledge: &Knowledge) -> Index {
        let read = Index::read(
            changed,
            &BTreeMap::new(),
            knowledge,
            &|_, _| {},
            &Cancel::default(),
        );
        let read = read.unwrap_or_default();
        let is_kept = |path: &Path| !changed.iter().any(|(known, _)| known == path);
        let mut notes = self.notes.clone();
        notes.retain(|path, _| is_kept(path));
        notes.extend(read.notes);
        let mut problems = self.problems.clone();
        problems.retain(|(path, _)| is_kept(path));
        problems.extend(read.problems);
        problems.sort();
        Index {
            by_concept: by_concept(&notes),
            notes,
            problems,
        }
    }

    /// The notes, sorted by path.
    pub fn notes(&self) -> impl Iterator<Item = &NoteEntry> {
        self.notes.values().map(Arc::as_ref)
    }

    /// The notes by their paths, as [`Index::read`] takes them over.
    pub fn entries(&self) -> &BTreeMap<PathBuf, Arc<NoteEntry>> {
        &self.notes
    }

    /// A note by its path.
    pub fn note(&self, path: &Path) -> Option<&NoteEntry> {
        self.notes.get(path).map(Arc::as_ref)
    }

    /// The sections that explain a concept, the surest first.
    pub fn explaining(&self, concept: &str) -> impl Iterator<Item = Explanation<'_>> {
        let found = self.by_concept.get(concept).into_iter().flatten();
        found.filter_map(|(note, section, score)| {
            Some(Explanation {
                note,
                section: note.sections.get(*section)?,
                score: *score,
            })
        })
    }
}

/// The surest first; of equals the first in the order of the notes.
fn by_concept(
    notes: &BTreeMap<PathBuf, Arc<NoteEntry>>,
) -> FxHashMap<String, Vec<(Arc<NoteEntry>, usize, f32)>> {
    let mut found: FxHashMap<String, Vec<(Arc<NoteEntry>, usize, f32)>> = FxHashMap::default();
    for note in notes.values() {
        for (at, section) in note.sections.iter().enumerate() {
            for link in &section.links {
                let place = (Arc::clone(note), at, link.score);
                match found.get_mut(&link.concept) {
                    Some(places) => places.push(place),
                    None => drop(found.insert(link.concept.clone(), vec![place])),
                }
            }
        }
    }
    for places in found.values_mut() {
        places.sort_by(|a, b| b.2.total_cmp(&a.2));
    }
    found
}

/// What is kept of a file; the same as before where it has not changed. None where it is gone.
fn entry(
    path: &Path,
    source: &Source,
    before: Option<&Arc<NoteEntry>>,
    linker: &Linker<'_>,
) -> Result<Option<Arc<NoteEntry>>, String> {
    let (note, stamp) = match source {
        Source::Text(text) => (Note::read(path, text.as_bytes()), None),
        Source::Disk => {
            let Some(stamp) = stamp(path)? else {
                return Ok(None);
            };
            if let Some(before) = before
                && before.stamp == Some(stamp)
            {
                return Ok(Some(Arc::clone(before)));
            }
            match std::fs::read(path) {
                Ok(bytes) => (Note::read(path, &bytes), Some(stamp)),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(format!("cannot be read: {error}")),
            }
        }
    };
    Ok(Some(Arc::new(NoteEntry {
        path: path.to_owned(),
        stamp,
        sections: sections(&note, linker),
        said: note
            .sections
            .iter()
            .flat_map(|section| said(&note, section))
            .collect(),
    })))
}

fn said<'n>(note: &'n Note, section: &'n Section) -> impl Iterator<Item = SaidEntry> + use<> {
    let said = said_in(note, section).into_iter();
    said.map(|(range, said)| SaidEntry {
        claim: said.claim.claim.clone(),
        is_wrong: said.verdict == Verdict::Wrong,
        range,
    })
}

/// None where the file is gone.
fn stamp(path: &Path) -> Result<Option<Stamp>, String> {
    let data = match std::fs::metadata(path) {
        Ok(data) => data,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("cannot be read: {error}")),
    };
    if !data.is_file() {
        return Err("is no file".to_owned());
    }
    if data.len() > LARGEST {
        let size = data.len() / (1024 * 1024);
        return Err(format!(
            "has {size} MB and is left out: notes of more than 10 MB are not read"
        ));
    }
    let modified = data.modified().ok();
    let since = modified.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    Ok(Some(Stamp {
        modified: since.map_or(0, |since| since.as_nanos()),
        size: data.len(),
    }))
}

/// What is kept of the sections of a note.
pub fn sections(note: &Note, linker: &Linker<'_>) -> Vec<SectionEntry> {
    let mut imported = String::new();
    let parts = note.parts();
    parts
        .map(|part| {
            let links = links(note, &part, linker, &imported);
            for block in part.code() {
                imported.push_str(&imports(&block.code));
            }
            SectionEntry {
                headings: part.headings().into_iter().map(str::to_owned).collect(),
                line: part.line(),
                links,
                blocks: part.code().count(),
                questions: match part.question {
                    Some(_) => 1,
                    None => part.section.questions.len(),
                },
            }
        })
        .collect()
}

/// The concepts that a part of a note explains. `imported` are the imports of the blocks before it.
fn links(note: &Note, part: &Part<'_>, linker: &Linker<'_>, imported: &str) -> Vec<Link> {
    if part.section.is_contents {
        return Vec::new();
    }
    let mut words = Words::default();
    for passage in part.passages(note) {
        words.add(&passage.text, 1);
    }
    let mut constructs = Vec::new();
    for block in part.code() {
        words.add(&block.code, 1);
        if is_python(block) {
            constructs.extend(Code::new(&note.path, imported, &block.code).constructs());
        }
    }
    let own = part.section.concepts.iter().chain(&note.front.concepts);
    let marks: Vec<String> = own.cloned().collect();
    linker.link(&Subject {
        marks: &marks,
        headings: &part.headings(),
        words: &words,
        constructs: &constructs,
    })
}
