//! `marginote explain --at`: what a hover at a place of a file says.

use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::Serialize;

use super::format::text::visible;
use super::notes::{reading, score};
use super::shown;
use crate::analysis::{Analysis, Cancel, Hover};
use crate::text::{Document, Position, PositionEncoding};

/// A place as people write it: `FILE:LINE:COLUMN`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub path: PathBuf,
    /// From 1.
    pub line: usize,
    /// From 1, in code points; the one after the last is the line's end.
    pub column: usize,
}

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Place, String> {
        let mut parts = text.rsplitn(3, ':');
        let mut number = || parts.next()?.parse().ok().filter(|number| *number > 0);
        let (column, line) = (number(), number());
        match (parts.next(), line, column) {
            (Some(path), Some(line), Some(column)) if !path.is_empty() => Ok(Place {
                path: path.into(),
                line,
                column,
            }),
            _ => Err(
                "a place is FILE:LINE:COLUMN, line and column from 1, such as app.py:12:5".into(),
            ),
        }
    }
}

/// Why a place cannot be explained. The names are as they were given.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    #[error("there is no file `{0}`: check the path")]
    Missing(String),
    #[error("cannot read `{0}`: {1}")]
    Unread(String, String),
    #[error("there is no line {line} in `{path}`, which has {lines}")]
    NoLine {
        path: String,
        line: usize,
        lines: usize,
    },
    #[error(
        "there is no column {column} in line {line} of `{path}`, which has {columns} characters"
    )]
    NoColumn {
        path: String,
        line: usize,
        column: usize,
        columns: usize,
    },
    #[error("the working directory cannot be read: {0}")]
    WorkingDirectory(io::Error),
}

/// What a hover at a place says, and which notes are about the same.
#[derive(Debug)]
pub struct Explained {
    /// None where no hover would appear.
    pub hover: Option<Hover>,
    /// The sections of the notes that the configuration names which explain the hover's concept, the surest first.
    pub notes: Vec<NotePlace>,
    /// What is wrong with those notes, for people.
    pub problems: Vec<String>,
}

/// A section of a note.
#[derive(Debug, Serialize)]
pub struct NotePlace {
    /// Relative to the working directory, with `/`.
    pub path: String,
    /// From 1.
    pub line: usize,
    /// The heading and those above it, the outermost first.
    pub heading: Vec<Box<str>>,
    /// How surely it explains the concept.
    pub score: f64,
}

/// What a hover at a place says.
///
/// # Errors
/// When the file cannot be read or has no such place.
pub fn explain_at(place: &Place) -> Result<Explained, PlaceError> {
    let working_directory = std::env::current_dir().map_err(PlaceError::WorkingDirectory)?;
    let path = super::collect::plain(&working_directory.join(&place.path));
    let name = shown(&path, &working_directory);
    if !path.is_file() {
        return Err(PlaceError::Missing(name));
    }
    let mut analysis = Analysis::default();
    analysis.set_folders(vec![working_directory.clone()]);
    let snapshot = analysis.snapshot();
    let read =
        reading(|| snapshot.read_notes(snapshot.notes_cache().as_deref(), &Cancel::default()));
    let problem = |(path, message): (&Path, &str)| {
        let path = shown(path, &working_directory);
        visible(&format!("{path}: {message}"))
    };
    let problems = read.all_problems().map(problem).collect();
    analysis.set_notes(read.notes);
    let snapshot = analysis.snapshot();
    snapshot.index(&|_, _| {}, &Cancel::default());
    let Some(document) = snapshot.document(&path) else {
        let report = snapshot.findings(&path, &Cancel::default());
        let problems = report.map_or_else(Vec::new, |report| report.problems.clone());
        return Err(PlaceError::Unread(name, problems.join("; ")));
    };
    let hover = snapshot.hover(&path, offset(place, &name, &document)?);
    let concept = hover.as_ref().and_then(|hover| hover.concept.as_deref());
    let about = snapshot.notes().zip(concept);
    let about = about
        .into_iter()
        .flat_map(|(notes, concept)| notes.about(concept));
    let notes = about.map(|place| NotePlace {
        path: shown(&place.file.path, &working_directory),
        line: place.section.line + 1,
        heading: place.section.headings.clone(),
        score: score(place.score),
    });
    let notes = notes.collect();
    Ok(Explained {
        hover,
        notes,
        problems,
    })
}

/// The byte of a place.
fn offset(place: &Place, name: &str, document: &Document) -> Result<usize, PlaceError> {
    let lines = document.len_lines();
    if place.line > lines {
        return Err(PlaceError::NoLine {
            path: name.to_owned(),
            line: place.line,
            lines,
        });
    }
    let columns = document.line_text(place.line - 1).chars().count();
    let number = |number: usize| u32::try_from(number - 1).ok();
    let position = number(place.line).zip(number(place.column));
    let position = position.map(|(line, character)| Position { line, character });
    let offset = position.and_then(|position| document.offset(position, PositionEncoding::Utf32));
    offset
        .filter(|_| place.column <= columns + 1)
        .ok_or_else(|| PlaceError::NoColumn {
            path: name.to_owned(),
            line: place.line,
            column: place.column,
            columns,
        })
}
