//! The user's notes in a state of the analysis: the index of all of them as it is now, and one note at a time.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use rustc_hash::FxHashMap;

use super::notes::{Notes, Place, cache, check, quote};
use super::{Cancel, Report, Snapshot, Stamp, lock, new_stamp};
use crate::config::{SettingsProblem, is_note};
use crate::explain::Quote;
use crate::knowledge::Knowledge;
use crate::knowledge::notes::Note;
use crate::text::Document;

/// The notes as they were read last, and what has changed since.
#[derive(Default)]
pub(super) struct Shelf {
    /// None as long as they were not read.
    notes: Option<Arc<Notes>>,
    /// Those whose file or open document has another text than `notes` knows.
    changed: BTreeSet<PathBuf>,
    /// Those that have changed since notes were put on the shelf: a reading that is under way may have seen them before.
    since: BTreeSet<PathBuf>,
    /// `notes` with what has changed, worked out when somebody asks.
    now: OnceLock<Arc<Notes>>,
}

impl Shelf {
    /// The shelf of the next state, in which these files have changed too.
    pub(super) fn after(&self, changed: impl IntoIterator<Item = PathBuf>) -> Shelf {
        let mut next = match self.now.get() {
            Some(now) => Shelf {
                notes: Some(Arc::clone(now)),
                ..Shelf::default()
            },
            None => Shelf {
                notes: self.notes.clone(),
                changed: self.changed.clone(),
                ..Shelf::default()
            },
        };
        next.since.clone_from(&self.since);
        for path in changed {
            next.since.insert(path.clone());
            next.changed.insert(path);
        }
        next
    }

    /// Whether there were any when they were read last.
    pub(super) fn has_notes(&self) -> bool {
        let mut files = self.notes.iter().flat_map(|notes| notes.files());
        files.next().is_some()
    }

    /// The shelf with all notes read again. What changed meanwhile is looked at once more, and so are these: they are open.
    pub(super) fn with(&self, notes: Arc<Notes>, open: impl Iterator<Item = PathBuf>) -> Shelf {
        let mut changed = self.since.clone();
        changed.extend(open);
        Shelf {
            notes: Some(notes),
            changed,
            ..Shelf::default()
        }
    }
}

/// The notes of the folders.
pub struct ReadNotes {
    pub notes: Arc<Notes>,
    /// What the configuration names and is not there or may not be read, sorted. The problems of [`Config`](crate::config::Config) have these too.
    pub missing: Vec<SettingsProblem>,
    /// The files that could not be read, and why, for people.
    pub problems: Vec<(PathBuf, String)>,
}

impl ReadNotes {
    /// What is missing and what could not be read, with what is wrong.
    pub fn all_problems(&self) -> impl Iterator<Item = (&Path, &str)> {
        let missing = self.missing.iter();
        let missing = missing.map(|problem| (&*problem.path, &*problem.message));
        let problems = self.problems.iter();
        missing.chain(problems.map(|(path, message)| (&**path, &**message)))
    }
}

impl Snapshot {
    /// Reads all notes that the configuration of the folders names. What the cache at this path knows of a note that has not changed is not read again. When cancelled,
    /// notes are missing.
    pub fn read_notes(&self, cache: Option<&Path>, cancel: &Cancel) -> ReadNotes {
        let (files, missing) = self.notes_files();
        let cache = cache.filter(|_| !files.is_empty());
        let notes = Notes::index(&files, &self.knowledge_of_notes(), cache, cancel);
        ReadNotes {
            problems: notes.problems().to_vec(),
            notes: Arc::new(notes),
            missing,
        }
    }

    /// Where it is kept what the notes of these folders say: a file in the user's cache directory. None where the user has no home.
    pub fn notes_cache(&self) -> Option<PathBuf> {
        cache::NOTES.file(&self.state.disk.roots())
    }

    /// The files of notes of all folders, sorted, and what is wrong with their paths.
    fn notes_files(&self) -> (Vec<PathBuf>, Vec<SettingsProblem>) {
        let (mut files, mut problems) = (Vec::new(), Vec::new());
        for folder in self.state.disk.roots() {
            let config = self.state.config.for_folder(&folder);
            let found = config.notes_files(&config.notes);
            files.extend(found.files);
            problems.extend(found.problems);
        }
        files.sort();
        files.dedup();
        problems.sort();
        problems.dedup();
        (files, problems)
    }

    /// Whether a file is a note: by its name, or because it was named as one. A text file may be anything, and a notebook is code.
    pub(super) fn is_note(&self, path: &Path) -> bool {
        if let Some(file) = self.state.open.get(path) {
            return file.is_note(path);
        }
        let notes = self.state.shelf.notes.as_ref();
        let extension = path.extension().unwrap_or_default().to_string_lossy();
        let may_be_other = ["txt", "ipynb"].contains(&&*extension.to_ascii_lowercase());
        (is_note(path) && !may_be_other) || notes.is_some_and(|notes| notes.file(path).is_some())
    }

    /// The cards that notes are linked to: those of the first folder.
    pub fn knowledge_of_notes(&self) -> Arc<Knowledge> {
        let folders = self.state.disk.roots();
        let folder = folders.first().map_or(Path::new(""), PathBuf::as_path);
        Arc::clone(&self.state.config.for_folder(folder).knowledge)
    }

    /// Whether the notes were not read yet, or the cards are others than those that they were linked to then.
    pub fn has_new_cards(&self) -> bool {
        let notes = self.state.shelf.notes.as_ref();
        notes.is_none_or(|notes| !notes.is_linked_to(&self.knowledge_of_notes()))
    }

    /// The text of a document that an editor has open.
    fn open_text(&self, path: &Path) -> Option<Arc<String>> {
        let file = self.state.open.get(path)?;
        file.cells.is_none().then(|| file.document.text())
    }

    /// The notes, with every change. None as long as they were not read.
    pub fn notes(&self) -> Option<&Arc<Notes>> {
        let shelf = &self.state.shelf;
        let notes = shelf.notes.as_ref()?;
        if shelf.changed.is_empty() {
            return Some(notes);
        }
        Some(shelf.now.get_or_init(|| {
            let is_new = |path: &PathBuf| notes.file(path).is_none();
            // a new file is a note if the configuration names it
            let named = match shelf.changed.iter().any(is_new) {
                true => self.notes_files().0,
                false => Vec::new(),
            };
            let is_named = |path: &&PathBuf| !is_new(path) || named.binary_search(path).is_ok();
            let changed = shelf.changed.iter().filter(is_named);
            let changed: Vec<_> = changed
                .map(|path| (path.clone(), self.open_text(path)))
                .collect();
            Arc::new(notes.update(&changed, &self.knowledge_of_notes()))
        }))
    }

    /// A note as it is now: the open document, or what is on disk.
    ///
    /// # Errors
    /// When it cannot be read; the text is for people.
    pub fn note(&self, path: &Path) -> Result<Arc<Note>, String> {
        if let Some(known) = lock(&self.state.read).now.get(path) {
            return Ok(Arc::clone(&known.note));
        }
        let before = Arc::clone(&lock(&self.state.read).before);
        let open = self
            .state
            .open
            .get(path)
            .filter(|file| file.cells.is_none());
        let is_same = |known: &&ReadNote| match (&known.from, open) {
            (Source::Open(document), Some(file)) => Arc::ptr_eq(document, &file.document),
            (Source::Disk(stamp), None) => Stamp::of(path).is_ok_and(|now| now == *stamp),
            _ => false,
        };
        let read = match (before.get(path).filter(is_same), open) {
            (Some(known), _) => known.clone(),
            (None, Some(file)) => ReadNote {
                note: Arc::new(Note::read(path, file.document.text().as_bytes())),
                from: Source::Open(Arc::clone(&file.document)),
            },
            (None, None) => {
                let (note, stamp) = Notes::read(path)?;
                ReadNote {
                    note: Arc::new(note),
                    from: Source::Disk(stamp),
                }
            }
        };
        let note = Arc::clone(&read.note);
        lock(&self.state.read).now.insert(path.to_owned(), read);
        Ok(note)
    }

    /// What is wrong in a note.
    pub(super) fn check_note(&self, path: &Path) -> Report {
        let note = match self.note(path) {
            Ok(note) => note,
            Err(problem) => {
                return Report {
                    problems: vec![problem],
                    ..Report::default()
                };
            }
        };
        let config = self.config(path);
        let enabled = config.enabled_in(path);
        let mut findings = check::check(&note, &config, self.notes().map(Arc::as_ref));
        findings.retain(|finding| enabled.binary_search(&finding.code).is_ok());
        for finding in &mut findings {
            finding.severity = config.severity(finding.code, finding.severity);
            let evidence = finding.evidence.iter_mut();
            let places = evidence.map(|evidence| &mut evidence.place);
            for place in places.chain(std::iter::once(&mut finding.place)) {
                if *place.path == note.path {
                    place.range = self.in_document(&note, place.range.clone());
                }
            }
        }
        Report {
            findings,
            problems: Vec::new(),
            lines: note.text.lines().count(),
            stamp: new_stamp(),
        }
    }

    /// A range of a note's text in the document. A note whose text was repaired has other columns there: then it is the whole line.
    pub(super) fn in_document(&self, note: &Note, range: Range<usize>) -> Range<usize> {
        match self.open_text(&note.path).filter(|_| note.repaired) {
            Some(text) => line_of(&text, line_at(&note.text, range.start)),
            None => range,
        }
    }

    /// A byte of the document in a note's text; in one that was repaired the start of the line.
    pub(super) fn in_note(&self, note: &Note, offset: usize) -> usize {
        match self.open_text(&note.path).filter(|_| note.repaired) {
            Some(text) => line_of(&note.text, line_at(&text, offset)).start,
            None => offset,
        }
    }

    /// The section of the user's notes that teaches a concept. None where no note explains it.
    pub fn note_about(&self, concept: &str) -> Option<Place<'_>> {
        let knowledge = self.knowledge_of_notes();
        quote::about(self.notes()?, knowledge.concept(concept)?).next()
    }

    /// The lines of a section that say most of what was searched for, as plain text. Empty where only its heading says it.
    pub fn excerpt(&self, place: &Place<'_>, words: &str) -> String {
        let excerpt = quote::excerpt_of_words(self, place, words);
        excerpt.map_or_else(String::new, |excerpt| excerpt.lines.join("\n"))
    }

    /// What the user's notes say of a concept. None where no note explains it.
    pub fn quote(&self, concept: &str) -> Option<Quote> {
        let knowledge = self.knowledge_of_notes();
        quote::quote(self, self.notes()?, knowledge.concept(concept)?)
    }
}

/// Notes that were read one by one.
#[derive(Default)]
pub(super) struct Read {
    now: FxHashMap<PathBuf, ReadNote>,
    /// Those of the last state in which some were read: most have not changed since.
    before: Arc<FxHashMap<PathBuf, ReadNote>>,
}

#[derive(Clone)]
struct ReadNote {
    note: Arc<Note>,
    from: Source,
}

/// What a note was read from.
#[derive(Clone)]
enum Source {
    Disk(Stamp),
    Open(Arc<Document>),
}

impl Read {
    /// More notes than hovers show are not kept from one state to the next.
    const MOST: usize = 32;

    /// For the next state.
    pub(super) fn after(&self) -> Read {
        let before = match self.now.len() {
            0 => Arc::clone(&self.before),
            1..=Read::MOST => Arc::new(self.now.clone()),
            _ => Arc::default(),
        };
        Read {
            before,
            ..Read::default()
        }
    }
}

/// The line, from 0, of a byte.
fn line_at(text: &str, offset: usize) -> usize {
    let before = text.as_bytes().get(..offset).unwrap_or(text.as_bytes());
    memchr::memchr_iter(b'\n', before).count()
}

/// The bytes of a line, from 0, without its end.
fn line_of(text: &str, line: usize) -> Range<usize> {
    let mut start = 0;
    for (at, own) in text.split_inclusive('\n').enumerate() {
        if at == line {
            return start..start + own.trim_end().len();
        }
        start += own.len();
    }
    text.len()..text.len()
}
