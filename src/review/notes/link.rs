//! `marginote notes link`: what each section of a note is linked to, and how the user says it himself.

use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

use super::{JsonConcept, asked, concepts, errors, heading, write_problems};
use crate::analysis::notes::Notes;
use crate::config::Settings;
use crate::knowledge::Knowledge;
use crate::review::format::json::{JsonError, write_document};
use crate::review::format::text;
use crate::review::{CheckError, Format, finish};

#[derive(Serialize)]
struct Document<'n> {
    version: u32,
    sections: Vec<JsonSection<'n>>,
    errors: Vec<JsonError<'n>>,
}

#[derive(Serialize)]
struct JsonSection<'n> {
    path: String,
    /// From 1.
    line: usize,
    heading: &'n [Box<str>],
    concepts: Vec<JsonConcept<'n>>,
    /// Where no concept is sure: the comment that links the section to the nearest one.
    mark: Option<String>,
}

/// Writes the concepts of each section of a note; returns the exit code.
///
/// # Errors
/// When it is not there, or nothing can be written.
pub fn link(file: &Path, format: Format, out: &mut dyn Write) -> Result<u8, CheckError> {
    if file.is_dir() {
        return Err(CheckError::NoFile(file.to_string_lossy().into_owned()));
    }
    let asked = asked(&[file.to_owned()], Settings::default(), false)?;
    let (notes, problems) = asked.read();
    let knowledge = asked.knowledge();
    let mut sections = Vec::new();
    for file in notes.files() {
        // one that has gone meanwhile has no sections any more
        let note = Notes::read(&file.path).unwrap_or_default();
        let nearest = notes.nearest(&note, &knowledge);
        for (section, nearest) in file.sections.iter().zip(nearest) {
            let nearest = nearest.filter(|_| section.links.is_empty());
            let mark = nearest.map(|concept| format!("<!-- marginote: {concept} -->"));
            if !section.is_question {
                sections.push(JsonSection {
                    path: asked.shown(&file.path),
                    line: section.line + 1,
                    heading: &section.headings,
                    concepts: concepts(section),
                    mark,
                });
            }
        }
    }
    let written = match format {
        Format::Json => {
            let document = Document {
                version: 1,
                sections,
                errors: errors(&problems),
            };
            write_document(&document, out)
        }
        Format::Text => {
            write(&sections, &knowledge, out).and_then(|()| write_problems(&problems, out))
        }
    };
    finish(written, out)?;
    Ok(problems.exit_code())
}

fn write(
    sections: &[JsonSection<'_>],
    knowledge: &Knowledge,
    out: &mut dyn Write,
) -> io::Result<()> {
    for section in sections {
        let path = text::visible(&section.path);
        writeln!(out, "{path}:{}  {}", section.line, heading(section.heading))?;
        for link in &section.concepts {
            let card = knowledge.concept(link.concept);
            let title = text::visible(card.map_or("", |card| &card.title));
            writeln!(out, "    {:.2}  {}  {title}", link.score, link.concept)?;
        }
        if let Some(mark) = &section.mark {
            writeln!(
                out,
                "    not sure of any; if it explains this, write below the heading: {mark}"
            )?;
        } else if section.concepts.is_empty() {
            writeln!(out, "    nothing to link")?;
        }
    }
    Ok(())
}
