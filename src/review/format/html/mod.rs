//! One page that holds all it needs: the code with its notes in the margin, the evidence as links between lines, and charts of what was found.
//!
//! Readable without the script, which only draws the links and switches between light and dark. Text gets into the page through `maud`, which escapes it, and
//! Markdown of cards through [`markdown`], which lets no element and no address of theirs through. The page's policy allows one style and one script, by their hashes.

mod chart;
mod code;
mod markdown;
mod note;
mod overview;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

use super::region::{Located, cell, located};
use super::text::visible;
use super::words;
use crate::config::is_note;
use crate::explain::Quote;
use crate::review::Outcome;
use crate::rules::{Finding, Place};
use crate::text::Document;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// Writes the page.
pub(super) fn write(outcome: &Outcome, out: &mut dyn Write) -> io::Result<()> {
    let page = Page::of(outcome).markup().into_string();
    writeln!(out, "{page}")
}

/// A file, or a cell of a notebook, of which the page shows lines: it has findings, or evidence for some.
struct Shown {
    /// From 1, in the page's order.
    id: usize,
    /// As it is shown, without what could move anything; of a notebook with the number of the cell.
    name: String,
    /// Whether it is Python.
    is_code: bool,
    document: Arc<Document>,
    /// Sorted by place.
    marks: Vec<Mark>,
}

/// A range to be underlined.
struct Mark {
    /// Bytes of [`Shown::document`].
    range: Range<usize>,
    /// From 0, both inclusive.
    lines: (usize, usize),
    /// The index of the finding.
    finding: usize,
    /// Whether it is the finding's own range, or evidence.
    is_own: bool,
}

/// All that the page is made of.
struct Page<'a> {
    outcome: &'a Outcome,
    findings: Vec<&'a Finding>,
    files: Vec<Shown>,
    /// The ids of the files and cells.
    ids: BTreeMap<(&'a Path, Option<usize>), usize>,
    /// What the user's notes say, by the slug of the concept.
    quotes: BTreeMap<String, Quote>,
}

impl<'a> Page<'a> {
    fn of(outcome: &'a Outcome) -> Page<'a> {
        let findings: Vec<&Finding> = outcome.findings().collect();
        let mut shown = shown(&findings, outcome);
        for (id, file) in (1..).zip(shown.values_mut()) {
            file.id = id;
            file.marks
                .sort_by_key(|mark| (mark.range.start, !mark.is_own, mark.finding));
        }
        let ids = shown.iter();
        let ids = ids.map(|((_, path, cell), file)| ((*path, *cell), file.id));
        Page {
            ids: ids.collect(),
            quotes: quotes(&findings, outcome),
            outcome,
            findings,
            files: shown.into_values().collect(),
        }
    }

    /// The number by which a reader sees a finding.
    fn number(finding: usize) -> usize {
        finding + 1
    }

    /// The anchor of the file, or of the cell, in which a place is.
    fn file_id(&self, place: &Place) -> Option<String> {
        let cell = cell(place, self.outcome);
        let id = self.ids.get(&(place.path.as_path(), cell))?;
        Some(format!("f{id}"))
    }

    /// The anchor of the line on which a place starts. None where the page does not show it.
    fn line_id(&self, place: &Place) -> Option<String> {
        let line = super::region::line(place, self.outcome);
        Some(format!("{}-{line}", self.file_id(place)?))
    }

    fn markup(&self) -> Markup {
        let here = self.outcome.working_directory.file_name();
        let name = here.map_or_else(String::new, |name| visible(&name.to_string_lossy()));
        let policy = format!(
            "default-src 'none'; style-src '{}'; script-src '{}'; base-uri 'none'; form-action 'none'",
            hash(STYLE),
            hash(SCRIPT)
        );
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta http-equiv="Content-Security-Policy" content=(policy);
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="referrer" content="no-referrer";
                    title { "Marginote: " (name) }
                    style { (PreEscaped(STYLE)) }
                }
                body {
                    a.skip href="#findings" { "Skip to the findings" }
                    (overview::markup(self, &name))
                    main #findings {
                        @for file in &self.files { (code::file(file, self)) }
                        (note::lessons(self))
                    }
                    footer { "Written by Marginote " (env!("CARGO_PKG_VERSION")) "." }
                    script { (PreEscaped(SCRIPT)) }
                }
            }
        }
    }
}

/// A file as it is shown, its path, and the number of a cell: in this order files stand in the page.
type Key<'a> = (String, &'a Path, Option<usize>);

/// The files and cells that findings and their evidence stand in. Their ids are not given yet, and their marks not sorted.
fn shown<'a>(findings: &[&'a Finding], outcome: &Outcome) -> BTreeMap<Key<'a>, Shown> {
    let mut shown: BTreeMap<Key, Shown> = BTreeMap::new();
    for (at, finding) in findings.iter().enumerate() {
        let own = [(&finding.place, true)].into_iter();
        let evidence = words::listed(finding).iter();
        for (place, is_own) in own.chain(evidence.map(|evidence| (&evidence.place, false))) {
            let Some(Located { document, range }) = located(place, outcome) else {
                continue;
            };
            let mark = Mark::of(range, at, is_own, &document);
            let (name, cell) = (outcome.shown(&place.path), cell(place, outcome));
            let number = cell.map_or_else(String::new, |cell| format!(", cell {cell}"));
            let file = Shown {
                id: 0,
                name: visible(&name) + &number,
                is_code: cell.is_some() || !is_note(&place.path),
                document,
                marks: Vec::new(),
            };
            let known = shown.entry((name, place.path.as_path(), cell));
            known.or_insert(file).marks.push(mark);
        }
    }
    shown
}

/// What the user's notes say of the ideas behind the findings, by their slugs.
fn quotes(findings: &[&Finding], outcome: &Outcome) -> BTreeMap<String, Quote> {
    let concepts = findings.iter();
    let concepts: BTreeSet<String> = concepts
        .filter_map(|finding| concept(finding, outcome))
        .collect();
    let quotes = concepts.into_iter().filter_map(|concept| {
        let quote = outcome.snapshot.quote(&concept)?;
        Some((concept, quote))
    });
    quotes.collect()
}

impl Mark {
    fn of(range: Range<usize>, finding: usize, is_own: bool, document: &Document) -> Mark {
        let line = |offset: usize| document.line_column(offset).0 - 1;
        let first = line(range.start);
        Mark {
            lines: (first, line(range.end).max(first)),
            range,
            finding,
            is_own,
        }
    }
}

/// The slug of the idea that a finding's card is about.
fn concept(finding: &Finding, outcome: &Outcome) -> Option<String> {
    let config = outcome.snapshot.config(&finding.place.path);
    let card = config.knowledge.rule(finding.code)?;
    (!card.concept.is_empty()).then(|| card.concept.clone())
}

/// A source of a content security policy.
fn hash(text: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(text)))
}
