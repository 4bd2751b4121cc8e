//! Jupyter notebooks (`.ipynb`) into text and regions.
//!
//! The text has every line of a cell where the file has it: Jupyter writes a line of JSON for a line of source, and the lines between are left blank. So
//! places in the text are places in the file. A notebook that was written without line breaks has lines of its own.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::lines::Lines;
use super::scan::{Region, RegionKind};
use super::{Problem, ProblemKind};
use crate::text::{self, NotebookCell};

/// A notebook as text.
pub(super) struct Notebook {
    pub(super) text: String,
    pub(super) regions: Vec<Region>,
}

#[derive(Deserialize)]
struct Output<'a> {
    #[serde(borrow)]
    text: Option<&'a RawValue>,
    #[serde(borrow)]
    data: Option<Data<'a>>,
    #[serde(borrow)]
    evalue: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Data<'a> {
    #[serde(borrow, rename = "text/plain")]
    plain: Option<&'a RawValue>,
}

/// Whether a text is a notebook by what it holds.
pub(super) fn is_notebook(text: &str) -> bool {
    text.trim_start().starts_with('{') && text.contains("\"nbformat\"")
}

/// Reads the JSON of a notebook.
///
/// # Errors
/// When it is no JSON, or has no cells.
pub(super) fn read(json: &str) -> Result<Notebook, Problem> {
    let lines = Lines::new(json);
    let notebook = text::Notebook::read(json).map_err(|error| Problem {
        kind: ProblemKind::NotReadable,
        range: lines.range(error.line().saturating_sub(1)),
        message: format!(
            "this notebook is not read, because its JSON is broken ({error}): mend it, or save the notebook again"
        ),
    })?;
    let mut writer = Writer {
        json,
        lines: &lines,
        text: String::new(),
        line: 0,
        regions: Vec::new(),
    };
    for cell in &notebook.cells {
        writer.cell(cell, &notebook.language);
    }
    Ok(Notebook {
        text: writer.text,
        regions: writer.regions,
    })
}

struct Writer<'a> {
    json: &'a str,
    lines: &'a Lines<'a>,
    text: String,
    /// How many lines `text` has ended.
    line: usize,
    regions: Vec<Region>,
}

impl Writer<'_> {
    fn cell(&mut self, cell: &NotebookCell<'_>, language: &str) {
        let source = self.pieces(cell.source());
        match cell.kind.as_str() {
            "markdown" => self.region(RegionKind::Markdown, source),
            "heading" => {
                let marks = "#".repeat(cell.level.unwrap_or(1).clamp(1, 6));
                let source = source
                    .into_iter()
                    .map(|(line, text)| (line, format!("{marks} {text}")));
                self.region(RegionKind::Markdown, source.collect());
            }
            "code" => {
                let first = source
                    .first()
                    .map_or("", |(_, text)| text.lines().next().unwrap_or(""));
                let language = match language {
                    "python" => text::language(first),
                    other => other.to_owned(),
                };
                let mut regions = vec![(RegionKind::Code { language }, source)];
                for raw in &cell.outputs {
                    if let Ok(output) = serde_json::from_str::<Output>(raw.get()) {
                        let shown = output.text.or(output.data.and_then(|data| data.plain));
                        let pieces = self.pieces(shown.or(output.evalue));
                        regions.push((RegionKind::Output, pieces));
                    }
                }
                // Jupyter writes what a cell printed above its source
                regions.sort_by_key(|(_, pieces)| pieces.first().map(|(line, _)| *line));
                for (kind, pieces) in regions {
                    self.region(kind, pieces);
                }
            }
            _ => {}
        }
    }

    /// The strings of a source with the lines of the file in which they stand: one string, or a list of them.
    fn pieces(&self, raw: Option<&RawValue>) -> Vec<(usize, String)> {
        let Some(raw) = raw else {
            return Vec::new();
        };
        let parts = match serde_json::from_str::<Vec<&RawValue>>(raw.get()) {
            Ok(parts) => parts,
            Err(_) => vec![raw],
        };
        let piece = |part: &RawValue| {
            let text: String = serde_json::from_str(part.get()).ok()?;
            // both are slices of the same text
            let at = (part.get().as_ptr() as usize).wrapping_sub(self.json.as_ptr() as usize);
            Some((
                self.lines.line_of(at),
                text.replace("\r\n", "\n").replace('\r', " "),
            ))
        };
        parts.into_iter().filter_map(piece).collect()
    }

    fn region(&mut self, kind: RegionKind, pieces: Vec<(usize, String)>) {
        if pieces.iter().all(|(_, text)| text.trim().is_empty()) {
            return;
        }
        // a blank line keeps cells apart
        self.end_line();
        if self.line > 0 {
            self.newline();
        }
        let mut start = None;
        for (line, text) in &pieces {
            while self.line < *line && (self.text.is_empty() || self.text.ends_with('\n')) {
                self.newline();
            }
            start.get_or_insert(self.line);
            self.text.push_str(text);
            self.line += text.matches('\n').count();
        }
        self.end_line();
        self.regions.push(Region {
            kind,
            lines: start.unwrap_or(self.line)..self.line,
        });
    }

    fn end_line(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.newline();
        }
    }

    fn newline(&mut self) {
        self.text.push('\n');
        self.line += 1;
    }
}
