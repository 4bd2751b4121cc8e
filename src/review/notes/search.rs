//! `marginote notes search`: the sections that say some words.

use std::io::{self, Write};
use std::path::PathBuf;

use serde::Serialize;

use super::{Asked, JsonPlace, asked, errors, score, write_problems};
use crate::analysis::notes::Place;
use crate::config::Settings;
use crate::review::format::json::{JsonError, write_document};
use crate::review::format::text;
use crate::review::{CheckError, Format, finish};

#[derive(Serialize)]
struct Document<'n> {
    version: u32,
    hits: Vec<JsonHit<'n>>,
    errors: Vec<JsonError<'n>>,
}

#[derive(Serialize)]
struct JsonHit<'n> {
    #[serde(flatten)]
    place: JsonPlace<'n>,
    score: f64,
    /// Plain text. Empty where only the heading says the words.
    excerpt: String,
}

/// Writes the sections that say the words, the best first, at most so many; returns the exit code. Without paths it looks into the notes that the configuration names.
///
/// # Errors
/// When there are no words, a path does not exist, there is nothing to read, or nothing can be written.
pub fn search(
    words: &str,
    paths: &[PathBuf],
    most: usize,
    format: Format,
    out: &mut dyn Write,
) -> Result<u8, CheckError> {
    if !words.contains(char::is_alphanumeric) {
        return Err(CheckError::NoWords);
    }
    let asked = asked(paths, Settings::default(), false)?;
    let (notes, problems) = asked.read();
    let hits: Vec<JsonHit<'_>> = notes
        .search(words, most)
        .iter()
        .map(|place| hit(&asked, place, words))
        .collect();
    let written = match format {
        Format::Json => {
            let document = Document {
                version: 1,
                hits,
                errors: errors(&problems),
            };
            write_document(&document, out)
        }
        Format::Text => write(&hits, words, out).and_then(|()| write_problems(&problems, out)),
    };
    finish(written, out)?;
    Ok(problems.exit_code())
}

fn hit<'n>(asked: &Asked, place: &Place<'n>, words: &str) -> JsonHit<'n> {
    JsonHit {
        place: asked.place(place.file, place.section),
        score: score(place.score),
        excerpt: asked.analysis.snapshot().excerpt(place, words),
    }
}

fn write(hits: &[JsonHit<'_>], words: &str, out: &mut dyn Write) -> io::Result<()> {
    if hits.is_empty() {
        return writeln!(out, "No note says `{}`.", text::visible(words));
    }
    for hit in hits {
        writeln!(out, "{}", hit.place)?;
        for line in hit.excerpt.lines() {
            writeln!(out, "    {}", text::visible(line))?;
        }
        writeln!(out)?;
    }
    Ok(())
}
