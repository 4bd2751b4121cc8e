//! `marginote notes`: the user's notes listed, searched, checked and linked. Nothing is written to them.

mod link;
mod list;
mod search;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use indicatif::ProgressBar;

use super::collect::{self, Missing};
use super::format::{json, text};
use super::{CheckError, Problem, Request, known_rules, outcome, shown};
use crate::analysis::notes::{NoteFile, NoteSection, Notes};
use crate::analysis::{Analysis, Cancel, Snapshot};
use crate::config::{NotesPath, Settings};
use crate::knowledge::Knowledge;
use crate::knowledge::notes::ProblemKind;

pub use link::link;
pub use list::list;
pub use search::search;

/// The notes that a command is about.
struct Asked {
    analysis: Analysis,
    working_directory: PathBuf,
    /// Sorted, each once.
    files: Vec<PathBuf>,
    /// What is not there or may not be read.
    unread: Vec<Problem>,
    /// Whether paths were given; else the configuration names the notes.
    is_given: bool,
}

/// Finds the notes at these paths, or those that the configuration of the working directory names.
///
/// # Errors
/// When a path does not exist, or no path is given and the configuration names none.
fn asked(paths: &[PathBuf], settings: Settings, isolated: bool) -> Result<Asked, CheckError> {
    let working_directory = std::env::current_dir().map_err(CheckError::WorkingDirectory)?;
    let mut given = Vec::new();
    for path in paths {
        let absolute = collect::plain(&working_directory.join(path));
        if absolute.symlink_metadata().is_err() {
            return Err(Missing(path.to_string_lossy().into_owned()).into());
        }
        given.push(NotesPath::literal(absolute));
    }
    let mut analysis = Analysis::default();
    // cards among them lie over those that the configuration names
    let settings = Settings {
        notes: given.clone(),
        ..settings
    };
    analysis.set_overrides(vec![settings], !isolated);
    analysis.set_folders(vec![working_directory.clone()]);
    let config = analysis
        .snapshot()
        .config(&working_directory.join("any.py"));
    if config.notes.is_empty() {
        return Err(CheckError::NoNotes);
    }
    let is_given = !given.is_empty();
    let found = config.notes_files(if is_given { &given } else { &config.notes });
    let unread = found.problems.into_iter().map(|problem| Problem {
        shown: shown(&problem.path, &working_directory),
        line: problem.line,
        message: problem.message,
    });
    Ok(Asked {
        unread: unread.collect(),
        files: found.files,
        analysis,
        working_directory,
        is_given,
    })
}

impl Asked {
    /// What remembers the notes. Of paths that are given nothing is remembered: it would take the place of what is known of the others.
    fn cache(&self) -> Option<PathBuf> {
        let cache = self.analysis.snapshot().notes_cache();
        cache.filter(|_| !self.is_given)
    }

    fn knowledge(&self) -> Arc<Knowledge> {
        self.analysis.snapshot().knowledge_of_notes()
    }

    /// Reads the notes, and says what is wrong with them and with the configuration.
    fn read(&self) -> (Notes, Problems) {
        let (knowledge, cache) = (self.knowledge(), self.cache());
        let notes = reading(|| {
            Notes::index(
                &self.files,
                &knowledge,
                cache.as_deref(),
                &Cancel::default(),
            )
        });
        let snapshot = self.analysis.snapshot();
        let problems = Problems::of(self, &snapshot, &notes);
        (notes, problems)
    }

    fn place<'n>(&self, file: &NoteFile, section: &'n NoteSection) -> JsonPlace<'n> {
        JsonPlace {
            path: self.shown(&file.path),
            line: section.line + 1,
            heading: &section.headings,
        }
    }

    fn shown(&self, path: &Path) -> String {
        shown(path, &self.working_directory)
    }
}

/// Reads the notes that the configuration names, so that they can be quoted. What is wrong with them goes to stderr: the check is not about them.
pub(super) fn read_for_quotes(analysis: &mut Analysis, working_directory: &Path) {
    let snapshot = analysis.snapshot();
    let read =
        reading(|| snapshot.read_notes(snapshot.notes_cache().as_deref(), &Cancel::default()));
    for (path, message) in &read.problems {
        let path = shown(path, working_directory);
        eprintln!("{}", text::visible(&format!("{path}: {message}")));
    }
    analysis.set_notes(read.notes);
}

/// A spinner on stderr, where that is a terminal, for as long as notes are read.
pub(super) fn reading<T>(read: impl FnOnce() -> T) -> T {
    let spinner = ProgressBar::new_spinner().with_message("reading notes");
    spinner.enable_steady_tick(Duration::from_millis(100));
    let read = read();
    spinner.finish_and_clear();
    read
}

/// What is wrong with the notes, each list sorted.
struct Problems {
    /// In configuration files.
    settings: Vec<Problem>,
    unread: Vec<Problem>,
    /// In notes that were read.
    notes: Vec<Problem>,
}

impl Problems {
    fn of(asked: &Asked, snapshot: &Snapshot, notes: &Notes) -> Problems {
        let mut unread = asked.unread.clone();
        unread.extend(notes.problems().iter().map(|(path, message)| Problem {
            shown: asked.shown(path),
            line: None,
            message: message.clone(),
        }));
        let mut own = Vec::new();
        for file in notes.files() {
            for problem in &file.problems {
                let list = match problem.kind {
                    ProblemKind::NotReadable if file.sections.is_empty() => &mut unread,
                    _ => &mut own,
                };
                list.push(Problem {
                    shown: asked.shown(&file.path),
                    line: Some(problem.line + 1),
                    message: problem.message.clone(),
                });
            }
        }
        unread.sort();
        let config = snapshot.config(&asked.working_directory.join("any.py"));
        let problems = config.problems.iter().map(|problem| {
            let said = Problem {
                shown: asked.shown(&problem.path),
                line: problem.line,
                message: problem.message.clone(),
            };
            (asked.files.binary_search(&problem.path).is_ok(), said)
        });
        let is_new =
            |(_, problem): &(bool, Problem)| !unread.iter().any(|u| u.shown == problem.shown);
        let (cards, settings): (Vec<_>, Vec<_>) =
            problems.filter(is_new).partition(|(is_note, _)| *is_note);
        own.extend(cards.into_iter().map(|(_, problem)| problem));
        own.sort();
        Problems {
            settings: settings.into_iter().map(|(_, problem)| problem).collect(),
            unread,
            notes: own,
        }
    }

    fn all(&self) -> impl Iterator<Item = &Problem> {
        self.settings.iter().chain(&self.unread).chain(&self.notes)
    }

    /// 2 the configuration is wrong, else 3 something could not be read, else 0.
    fn exit_code(&self) -> u8 {
        match (self.settings.is_empty(), self.unread.is_empty()) {
            (false, _) => 2,
            (true, false) => 3,
            (true, true) => 0,
        }
    }
}

/// Checks notes and writes to `out`, as [`super::check`] does; returns the exit code. Without paths it checks the notes that the configuration names.
///
/// # Errors
/// As [`super::check`]; and when neither a path nor the configuration names a note.
pub fn check_notes(request: &Request, out: &mut dyn Write) -> Result<u8, CheckError> {
    let mut asked = asked(&request.paths, request.settings.clone(), request.isolated)?;
    // the other notes too: a link may lead to them, and they may say the opposite
    let cache = asked.cache();
    let snapshot = asked.analysis.snapshot();
    let notes = reading(|| snapshot.read_notes(cache.as_deref(), &Cancel::default())).notes;
    // what is wrong with the configuration is said with the settings
    let mut unread = match asked.is_given {
        true => std::mem::take(&mut asked.unread),
        false => Vec::new(),
    };
    for (path, message) in notes.problems() {
        if asked.files.binary_search(path).is_ok() {
            unread.push(Problem {
                shown: asked.shown(path),
                line: None,
                message: message.clone(),
            });
        }
    }
    let mut files = std::mem::take(&mut asked.files);
    files.retain(|path| notes.file(path).is_some());
    asked.analysis.set_notes(notes);
    let snapshot = asked.analysis.snapshot();
    known_rules(&snapshot, &files, &asked.working_directory)?;
    outcome(snapshot, &files, None, unread, asked.working_directory).write(request, out)
}

/// Where a section stands, as documents have it.
#[derive(serde::Serialize)]
struct JsonPlace<'n> {
    path: String,
    /// From 1.
    line: usize,
    heading: &'n [Box<str>],
}

/// The sections of notes, as documents have them; each is a [`JsonPlace`] with more.
#[derive(serde::Serialize)]
struct JsonSections<'n, S> {
    version: u32,
    sections: Vec<S>,
    errors: Vec<json::JsonError<'n>>,
}

impl<'n, S> JsonSections<'n, S> {
    fn new(sections: Vec<S>, problems: &'n Problems) -> Self {
        JsonSections {
            version: 1,
            sections,
            errors: errors(problems),
        }
    }
}

/// A concept of a section, as documents have it.
#[derive(serde::Serialize)]
struct JsonConcept<'n> {
    concept: &'n str,
    score: f64,
}

/// A score with three digits: more say nothing.
pub(super) fn score(score: f32) -> f64 {
    (f64::from(score) * 1000.0).round() / 1000.0
}

/// The concepts of a section, the surest first.
fn concepts(section: &NoteSection) -> Vec<JsonConcept<'_>> {
    let links = section.links.iter();
    let concept = links.map(|link| JsonConcept {
        concept: &link.concept,
        score: score(link.score),
    });
    concept.collect()
}

/// `python.md:12  Threads › The GIL`, as a terminal may show it.
impl std::fmt::Display for JsonPlace<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let heading = match self.heading {
            [] => "(above the first heading)".to_owned(),
            headings => text::visible(&headings.join(" › ")),
        };
        write!(f, "{}:{}  {heading}", text::visible(&self.path), self.line)
    }
}

/// Writes what is wrong, a line each.
fn write_problems(problems: &Problems, out: &mut dyn Write) -> std::io::Result<()> {
    for problem in problems.all() {
        text::write_problem(problem, out)?;
    }
    Ok(())
}

fn errors(problems: &Problems) -> Vec<json::JsonError<'_>> {
    problems.all().map(json::error).collect()
}

/// The notes of an index that have something to say.
fn files(notes: &Notes) -> impl Iterator<Item = &Arc<NoteFile>> {
    notes.files().filter(|file| !file.sections.is_empty())
}
