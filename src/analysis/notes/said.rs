//! What notes say of the claims that Marginote knows, wrongly or rightly.

use std::ops::Range;

use crate::knowledge::claims::{Claims, Said};
use crate::knowledge::notes::{Note, Passage, Section};

/// What a section says of claims, in its prose and then in the comments of its code: the bytes of the note's text that say it, and what is said.
/// `prose` is what the section says ([`Note::prose`]).
pub fn said_in(
    note: &Note,
    section: &Section,
    prose: &[Passage],
) -> Vec<(Range<usize>, Said<'static>)> {
    let mut found = Vec::new();
    for passage in prose.iter().chain(&note.remarks(section)) {
        for said in Claims::builtin().check(&section.headings, &passage.text) {
            found.push((place(note, passage, &said.range), said));
        }
    }
    found
}

/// Where the words of a passage stand: the words themselves where they are written as they are read, else the whole passage.
fn place(note: &Note, passage: &Passage, words: &Range<usize>) -> Range<usize> {
    let written = &note.text[passage.range.clone()];
    let words = passage.text.get(words.clone()).unwrap_or_default();
    match written.find(words).filter(|_| !words.is_empty()) {
        Some(at) => passage.range.start + at..passage.range.start + at + words.len(),
        None => passage.range.clone(),
    }
}
