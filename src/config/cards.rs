//! The cards among the notes, read once for each set of notes.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use globset::GlobSet;
use rustc_hash::FxHashMap;

use super::SettingsProblem;
use super::notes::{self, NotesPath};
use crate::knowledge::{CardProblem, Knowledge, is_card};

/// A longer file is no card.
const MAX_BYTES: u64 = 256 << 10;

/// The knowledge of each set of notes that was asked for.
#[derive(Default)]
pub(super) struct Cards(Mutex<FxHashMap<Vec<NotesPath>, Arc<Known>>>);

/// The built-in cards with those among some notes, and what is wrong with the notes' paths and the cards.
pub(super) struct Known {
    pub knowledge: Arc<Knowledge>,
    pub problems: Vec<SettingsProblem>,
}

impl Cards {
    /// The knowledge of the notes at these paths.
    pub(super) fn of(&self, paths: &[NotesPath], git: bool, exclude: &GlobSet) -> Arc<Known> {
        if paths.is_empty() {
            return Arc::new(Known {
                knowledge: Arc::clone(Knowledge::builtin()),
                problems: Vec::new(),
            });
        }
        // whoever asks meanwhile waits: cards are read once. Nothing here may wait for other threads in turn.
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let read = || Arc::new(read(paths, git, exclude));
        Arc::clone(known.entry(paths.to_owned()).or_insert_with(read))
    }

    /// Forgets what was read: notes have changed.
    pub(super) fn forget(&self) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }
}

fn read(paths: &[NotesPath], git: bool, exclude: &GlobSet) -> Known {
    let found = notes::files(paths, git, exclude);
    let (mut cards, mut problems) = (Vec::new(), found.problems);
    for path in &found.files {
        match card(path) {
            Ok(None) => {}
            Ok(Some(text)) => cards.push((path.to_string_lossy().into_owned(), text)),
            Err(error) => problems.push(SettingsProblem {
                path: path.clone(),
                line: Some(1),
                message: format!("the note is not read: {error}"),
            }),
        }
    }
    let knowledge = Knowledge::with_notes(&cards);
    problems.extend(knowledge.invalid().iter().map(problem));
    Known {
        knowledge: Arc::new(knowledge),
        problems,
    }
}

fn problem(problem: &CardProblem) -> SettingsProblem {
    let column = problem.column.map(|column| format!(", column {column}"));
    SettingsProblem {
        path: PathBuf::from(&problem.path),
        line: Some(problem.line),
        message: format!(
            "NOTE007 card-invalid{}: {}",
            column.unwrap_or_default(),
            problem.message
        ),
    }
}

/// The text of a note that is a card. Of other notes only the start is read.
fn card(path: &Path) -> io::Result<Option<String>> {
    let extension = path.extension().unwrap_or_default();
    if extension.eq_ignore_ascii_case("ipynb") {
        return Ok(None);
    }
    let mut file = File::open(path)?;
    // a device or a pipe could be read for ever
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    let mut bytes = Vec::new();
    file.by_ref().take(8).read_to_end(&mut bytes)?;
    if !without_mark(&bytes).starts_with(b"---") {
        return Ok(None);
    }
    file.take(MAX_BYTES).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(without_mark(&bytes));
    if !is_card(&text) {
        return Ok(None);
    }
    if bytes.len() as u64 > MAX_BYTES {
        return Err(io::Error::other("a card is at most 256 KiB long"));
    }
    match std::str::from_utf8(without_mark(&bytes)) {
        Ok(text) => Ok(Some(text.to_owned())),
        Err(_) => Err(io::Error::other("a card must be UTF-8")),
    }
}

/// The bytes behind a byte order mark.
fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}
