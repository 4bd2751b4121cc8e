//! What the user remembers, and the file that keeps it.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;
use fsrs::{FSRS, MemoryState};
use jiff::Span;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::Question;

/// How sure the user should still be of an answer on the day when it is asked for again; FSRS's own default.
const RETENTION: f32 = 0.9;
/// The version of the file.
const VERSION: u32 = 1;
/// The longest time until a question comes again, in days.
const LONGEST: f32 = 36_500.0;

/// How well an answer was known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grade {
    /// Not known.
    Again,
    Hard,
    Good,
    Easy,
}

impl Grade {
    /// From the worst to the best.
    pub const ALL: [Grade; 4] = [Grade::Again, Grade::Hard, Grade::Good, Grade::Easy];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Grade::Again => "again",
            Grade::Hard => "hard",
            Grade::Good => "good",
            Grade::Easy => "easy",
        }
    }
}

/// What is kept of a question.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recollection {
    /// Days until the answer is known with 90 %; FSRS's word.
    stability: f32,
    /// From 1 to 10; FSRS's word.
    difficulty: f32,
    /// The day of the last answer.
    last: Date,
    /// The day on which to ask again.
    pub due: Date,
    /// How often it was answered.
    answers: u32,
}

/// The file's text.
#[derive(Serialize, Deserialize)]
struct Stored {
    version: u32,
    /// By question.
    questions: BTreeMap<String, Recollection>,
}

/// What the user remembers of all questions that were ever asked.
#[derive(Debug)]
pub struct Memory {
    file: PathBuf,
    questions: BTreeMap<String, Recollection>,
}

/// Why what the user remembers cannot be read or kept.
#[derive(Debug, thiserror::Error)]
pub enum MemoryError {
    #[error("no place is known for your data: set HOME")]
    NoHome,
    #[error("cannot {doing} {}: {source}", file.display())]
    File {
        doing: &'static str,
        file: PathBuf,
        source: io::Error,
    },
    #[error("{}: {message}. It is left as it is: mend it, or move it away to start anew", file.display())]
    Damaged { file: PathBuf, message: String },
}

impl Memory {
    /// Where the file is: `marginote/recall.json` in the user's data directory.
    ///
    /// # Errors
    /// When the user has no home.
    pub fn default_file() -> Result<PathBuf, MemoryError> {
        let places = etcetera::choose_base_strategy().map_err(|_| MemoryError::NoHome)?;
        Ok(places.data_dir().join("marginote").join("recall.json"))
    }

    /// Reads the file. Where there is none, nothing was asked yet.
    ///
    /// # Errors
    /// When it cannot be read or is not what [`Memory::grade`] writes. It is never overwritten then.
    pub fn open(file: PathBuf) -> Result<Memory, MemoryError> {
        let text = match std::fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let questions = BTreeMap::new();
                return Ok(Memory { file, questions });
            }
            Err(source) => return Err(failed("read", &file, source)),
        };
        let damaged = |message: String| MemoryError::Damaged {
            file: file.clone(),
            message,
        };
        let stored: Stored =
            serde_json::from_str(&text).map_err(|error| damaged(error.to_string()))?;
        if stored.version != VERSION {
            let version = stored.version;
            return Err(damaged(format!(
                "it has version {version}, this is a Marginote for version {VERSION}"
            )));
        }
        let questions = stored.questions;
        let is_senseless = |known: &Recollection| {
            !(known.stability > 0.0 && (1.0..=10.0).contains(&known.difficulty))
        };
        match questions.iter().find(|(_, known)| is_senseless(known)) {
            Some((id, _)) => Err(senseless(&file, id)),
            None => Ok(Memory { file, questions }),
        }
    }

    /// What is kept of a question. None where it was never answered.
    pub fn of(&self, id: &str) -> Option<&Recollection> {
        self.questions.get(id)
    }

    /// The questions to ask on a day: those that are due, the longest due first, then those never asked, in their own order.
    pub fn due<'q>(&self, questions: &'q [Question], today: Date) -> Vec<&'q Question> {
        let (asked, new): (Vec<_>, Vec<_>) = questions
            .iter()
            .partition(|question| self.of(&question.id).is_some());
        let due = |question: &&Question| self.of(&question.id).map(|known| known.due);
        let mut due_now: Vec<&Question> = asked;
        due_now.retain(|question| due(question) <= Some(today));
        due_now.sort_by_key(due);
        due_now.extend(new);
        due_now
    }

    /// The days until each grade would have the question asked again, from the worst to the best.
    ///
    /// # Errors
    /// When FSRS makes nothing of what is kept of it.
    pub fn intervals(&self, id: &str, today: Date) -> Result<[u32; 4], MemoryError> {
        let mut days = [0; 4];
        for (grade, days) in Grade::ALL.into_iter().zip(&mut days) {
            *days = self.next(id, grade, today)?.1;
        }
        Ok(days)
    }

    /// Keeps an answer in the file; returns the day on which the question comes again. What others have kept there since is kept too: an editor and a terminal may ask
    /// at the same time.
    ///
    /// # Errors
    /// When the file cannot be read or written, or FSRS makes nothing of what is kept of the question.
    pub fn grade(&mut self, id: &str, grade: Grade, today: Date) -> Result<Date, MemoryError> {
        let _lock = self.lock()?;
        self.questions = Memory::open(self.file.clone())?.questions;
        let due = self.note(id, grade, today)?;
        self.save()?;
        Ok(due)
    }

    /// Keeps others from changing the file, until it is dropped. The file itself cannot be locked: another takes its place.
    fn lock(&self) -> Result<File, MemoryError> {
        let lock = self.file.with_extension("json.lock");
        let make = || {
            std::fs::create_dir_all(self.folder())?;
            File::create(&lock)
        };
        let lock = make().map_err(|source| failed("write", &lock, source))?;
        if let Err(error) = lock.lock() {
            // some disks have no locks; an answer is lost there only where two are given in the same moment
            tracing::debug!("{}: cannot be locked: {error}", self.file.display());
        }
        Ok(lock)
    }

    fn folder(&self) -> &Path {
        self.file.parent().unwrap_or(Path::new("."))
    }

    fn note(&mut self, id: &str, grade: Grade, today: Date) -> Result<Date, MemoryError> {
        let (memory, days) = self.next(id, grade, today)?;
        let answers = self.of(id).map_or(0, |known| known.answers);
        let due = today.saturating_add(Span::new().days(days));
        let known = Recollection {
            stability: memory.stability,
            difficulty: memory.difficulty,
            last: today,
            due,
            answers: answers.saturating_add(1),
        };
        self.questions.insert(id.to_owned(), known);
        Ok(due)
    }

    /// What a grade makes of a question, and after how many days it comes again.
    fn next(&self, id: &str, grade: Grade, today: Date) -> Result<(MemoryState, u32), MemoryError> {
        let known = self.of(id);
        let before = known.map(|known| MemoryState {
            stability: known.stability,
            difficulty: known.difficulty,
        });
        let elapsed = known.map_or(0, |known| days_between(known.last, today));
        let states = FSRS::default()
            .next_states(before, RETENTION, elapsed)
            .map_err(|_| senseless(&self.file, id))?;
        let state = match grade {
            Grade::Again => states.again,
            Grade::Hard => states.hard,
            Grade::Good => states.good,
            Grade::Easy => states.easy,
        };
        // whole days; what was not known comes again today
        let least = if grade == Grade::Again { 0.0 } else { 1.0 };
        let days = state.interval.round().clamp(least, LONGEST);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        Ok((state.memory, days as u32))
    }

    /// Writes the file: it is the old one or the new one, never half of it.
    ///
    /// # Errors
    /// When it cannot be written.
    fn save(&self) -> Result<(), MemoryError> {
        let write = || -> io::Result<()> {
            let stored = Stored {
                version: VERSION,
                questions: self.questions.clone(),
            };
            let mut new = tempfile::NamedTempFile::new_in(self.folder())?;
            new.write_all(serde_json::to_string_pretty(&stored)?.as_bytes())?;
            new.persist(&self.file)?;
            Ok(())
        };
        write().map_err(|source| failed("write", &self.file, source))
    }
}

fn senseless(file: &Path, id: &str) -> MemoryError {
    MemoryError::Damaged {
        file: file.to_owned(),
        message: format!("the numbers of question {id} make no sense"),
    }
}

fn failed(doing: &'static str, file: &Path, source: io::Error) -> MemoryError {
    let file = file.to_owned();
    MemoryError::File {
        doing,
        file,
        source,
    }
}

/// Days from one day to a later one; 0 where the clock went back.
fn days_between(from: Date, to: Date) -> u32 {
    let days = from.until(to).map_or(0, |span| span.get_days());
    u32::try_from(days).unwrap_or(0)
}
