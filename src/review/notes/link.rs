//! `marginote notes link`: what each section of a note is linked to, and how the user says it himself.

use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

use super::{JsonConcept, JsonPlace, JsonSections, asked, concepts, write_problems};
use crate::analysis::notes::Notes;
use crate::config::Settings;
use crate::knowledge::Knowledge;
use crate::knowledge::notes::Note;
use crate::review::format::json::write_document;
use crate::review::format::text;
use crate::review::{CheckError, Format, finish};

#[derive(Serialize)]
struct JsonSection<'n> {
    #[serde(flatten)]
    place: JsonPlace<'n>,
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
        let read = Notes::read(&file.path);
        let note = read.map_or_else(|_| Note::default(), |(note, _)| note);
        let nearest = notes.nearest(&note, &knowledge);
        for (section, nearest) in file.sections.iter().zip(nearest) {
            let nearest = nearest.filter(|_| section.links.is_empty());
            let mark = nearest.map(|concept| format!("<!-- marginote: {concept} -->"));
            if !section.is_question {
                sections.push(JsonSection {
                    place: asked.place(file, section),
                    concepts: concepts(section),
                    mark,
                });
            }
        }
    }
    let written = match format {
        Format::Json => write_document(&JsonSections::new(sections, &problems), out),
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
        writeln!(out, "{}", section.place)?;
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
