//! What the index keeps of a note.

use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::said::said_in;
use crate::analysis::Stamp;
use crate::knowledge::claims::Verdict;
use crate::knowledge::link::Link;
use crate::knowledge::notes::{Note, Part, Passage, ProblemKind, Section};
use crate::knowledge::search::Words;

/// A longer file is no note that somebody wrote.
const MAX_BYTES: u64 = 10 << 20;

/// What is known of a note.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct NoteFile {
    pub path: PathBuf,
    pub stamp: Stamp,
    /// In the order of the note.
    pub sections: Vec<NoteSection>,
    /// What is broken in it, in its order.
    pub problems: Vec<NoteProblem>,
    /// What it says of claims, in its order.
    pub said: Vec<NoteSaid>,
}

/// What a note says of a claim.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct NoteSaid {
    /// The claim's slug.
    pub claim: String,
    pub is_wrong: bool,
    /// The bytes of the note's text that say it.
    pub range: Range<usize>,
}

impl NoteSaid {
    /// What a section says, whose passages are `prose`.
    pub(super) fn all(
        note: &Note,
        section: &Section,
        prose: &[Passage],
    ) -> impl Iterator<Item = NoteSaid> {
        let said = said_in(note, section, prose).into_iter();
        said.map(|(range, said)| NoteSaid {
            claim: said.claim.claim.clone(),
            is_wrong: said.verdict == Verdict::Wrong,
            range,
        })
    }
}

/// What is known of a section, or of a question that is asked in the text of one.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct NoteSection {
    /// The heading and those above it, the outermost first; a question comes last.
    pub headings: Vec<Box<str>>,
    /// Where it starts, from 0.
    pub line: usize,
    /// 1 to 6; 0 above the first heading.
    pub level: u8,
    /// Whether it is a question in the text of the section with the headings above it.
    pub is_question: bool,
    /// What it explains, the best first.
    pub links: Vec<Link>,
    /// How many code blocks and questions it has.
    pub blocks: usize,
    pub questions: usize,
    /// What it says: heading, prose and code.
    pub words: Words,
}

/// Something broken in a note.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct NoteProblem {
    pub kind: ProblemKind,
    /// From 0.
    pub line: usize,
    /// What is wrong and what to do, for people.
    pub message: String,
}

/// Why a note cannot be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReadError {
    #[error("cannot read the note: {0}")]
    Io(#[from] io::Error),
    #[error("this is no regular file: notes are read from files only")]
    NoFile,
    #[error("the note is too large to be read: the most is {} MB", MAX_BYTES >> 20)]
    TooLarge,
}

impl ReadError {
    /// What to tell people. None where the note is simply gone.
    pub(super) fn message(&self) -> Option<String> {
        match self {
            ReadError::Io(error) if error.kind() == io::ErrorKind::NotFound => None,
            error => Some(error.to_string()),
        }
    }
}

/// Reads a note.
pub(super) fn read(path: &Path) -> Result<(Note, Stamp), ReadError> {
    // a pipe would be waited for when it is opened
    let data = std::fs::metadata(path)?;
    if !data.is_file() {
        return Err(ReadError::NoFile);
    }
    if data.len() > MAX_BYTES {
        return Err(ReadError::TooLarge);
    }
    let stamp = Stamp::of_metadata(&data)?;
    let mut bytes = Vec::with_capacity(usize::try_from(data.len()).unwrap_or(0) + 1);
    File::open(path)?
        .take(MAX_BYTES + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(ReadError::TooLarge);
    }
    Ok((Note::read(path, &bytes), stamp))
}

impl NoteFile {
    pub(super) fn of(
        stamp: Stamp,
        note: &Note,
        sections: Vec<NoteSection>,
        said: Vec<NoteSaid>,
    ) -> NoteFile {
        let problem = |problem: &crate::knowledge::notes::Problem| {
            let before = note.text.as_bytes().get(..problem.range.start);
            NoteProblem {
                kind: problem.kind,
                line: memchr::memchr_iter(b'\n', before.unwrap_or_default()).count(),
                message: problem.message.clone(),
            }
        };
        NoteFile {
            path: note.path.clone(),
            stamp,
            sections,
            said,
            problems: note.problems.iter().map(problem).collect(),
        }
    }

    /// Its sections, each with the note.
    pub(super) fn sections_of(
        file: &std::sync::Arc<NoteFile>,
    ) -> impl Iterator<Item = (&NoteFile, &NoteSection)> + Clone {
        file.sections
            .iter()
            .map(move |section| (file.as_ref(), section))
    }
}

impl NoteSection {
    /// What a part of a note says, whose section's passages are `prose`; it has no links yet.
    pub(super) fn of(part: &Part<'_>, prose: &[Passage]) -> NoteSection {
        let passages = part.passages(prose);
        let passages = passages.iter().map(|passage| passage.text.as_str());
        let code = part.code().map(|block| block.code.as_str());
        let texts = passages.chain(code);
        let headings = part.headings();
        // a heading alone explains nothing
        let words = match texts.clone().all(|text| text.trim().is_empty()) {
            true => Words::default(),
            false => {
                let heading = headings.last().copied().unwrap_or_default();
                Words::of_texts(texts.map(|text| (text, 1)).chain([(heading, 2)]))
            }
        };
        NoteSection {
            headings: headings.into_iter().map(Into::into).collect(),
            line: part.line(),
            level: part.section.level,
            is_question: part.question.is_some(),
            links: Vec::new(),
            blocks: part.code().count(),
            questions: part.questions(),
            words,
        }
    }

    /// How surely it explains a concept.
    pub fn score(&self, concept: &str) -> Option<f32> {
        let link = self.links.iter().find(|link| *link.concept == *concept)?;
        Some(link.score)
    }
}
