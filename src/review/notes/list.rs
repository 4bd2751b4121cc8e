//! `marginote notes list`: the sections of notes, and what each explains.

use std::io::{self, Write};
use std::path::PathBuf;

use serde::Serialize;

use super::{
    Asked, JsonConcept, JsonPlace, JsonSections, Problems, asked, concepts, files, write_problems,
};
use crate::analysis::notes::{NoteSection, Notes};
use crate::config::Settings;
use crate::knowledge::Knowledge;
use crate::review::format::json::write_document;
use crate::review::format::text;
use crate::review::{CheckError, Format, finish};

#[derive(Serialize)]
struct JsonSection<'n> {
    #[serde(flatten)]
    place: JsonPlace<'n>,
    concepts: Vec<JsonConcept<'n>>,
    blocks: usize,
    questions: usize,
}

/// Writes the sections of notes; returns the exit code. Without paths they are the notes that the configuration names.
///
/// # Errors
/// When a path does not exist, there is nothing to read, or nothing can be written.
pub fn list(paths: &[PathBuf], format: Format, out: &mut dyn Write) -> Result<u8, CheckError> {
    let asked = asked(paths, Settings::default(), false)?;
    let (notes, problems) = asked.read();
    let written = match format {
        Format::Json => json(&asked, &notes, &problems, out),
        Format::Text => tree(&asked, &notes, &problems, out),
    };
    finish(written, out)?;
    Ok(problems.exit_code())
}

fn json(asked: &Asked, notes: &Notes, problems: &Problems, out: &mut dyn Write) -> io::Result<()> {
    let sections = files(notes).flat_map(|file| {
        file.sections.iter().map(|section| JsonSection {
            place: asked.place(file, section),
            concepts: concepts(section),
            blocks: section.blocks,
            questions: section.questions,
        })
    });
    write_document(&JsonSections::new(sections.collect(), problems), out)
}

fn tree(asked: &Asked, notes: &Notes, problems: &Problems, out: &mut dyn Write) -> io::Result<()> {
    let knowledge = asked.knowledge();
    for file in files(notes) {
        writeln!(out, "{}", text::visible(&asked.shown(&file.path)))?;
        for section in &file.sections {
            writeln!(out, "{}", branch(section, &knowledge))?;
        }
        writeln!(out)?;
    }
    write_problems(problems, out)?;
    let sections: usize = notes.files().map(|file| file.sections.len()).sum();
    let linked = notes.files().flat_map(|file| &file.sections);
    let linked = linked.filter(|section| !section.links.is_empty()).count();
    writeln!(
        out,
        "{}, {}, {linked} of them explain a concept",
        text::plural(notes.files().count(), "note"),
        text::plural(sections, "section"),
    )
}

/// `   12    The GIL  → Global interpreter lock`.
fn branch(section: &NoteSection, knowledge: &Knowledge) -> String {
    let own = match section.headings.last() {
        Some(heading) => text::visible(heading),
        None => "(above the first heading)".to_owned(),
    };
    let indent = "  ".repeat(section.headings.len().saturating_sub(1));
    let title = |slug: &str| {
        let card = knowledge.concept(slug);
        text::visible(card.map_or(slug, |card| &card.title))
    };
    let titles = section.links.iter().map(|link| title(&link.concept));
    let titles: Vec<String> = titles.collect();
    let arrow = if titles.is_empty() { "" } else { "  → " };
    format!(
        "{:>5}  {indent}{own}{arrow}{}",
        section.line + 1,
        titles.join(", ")
    )
}
