//! Notebooks: the JSON of a Jupyter notebook into cells, and code cells into one Python text, with a map back.

use std::ops::Range;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::magic::{runs_here, without_magic};

/// The cells of a notebook as its file has them. Formats 3 and 4. What is not understood is left raw, so that it does not spoil the rest.
pub struct Notebook<'j> {
    /// The language of its kernel, in lower case; Python where it does not say.
    pub language: String,
    /// In the order of the notebook.
    pub cells: Vec<NotebookCell<'j>>,
}

/// A cell as the JSON has it.
#[derive(Deserialize)]
pub struct NotebookCell<'j> {
    /// `code`, `markdown`, `raw`; `heading` in format 3.
    #[serde(rename = "cell_type")]
    pub kind: String,
    #[serde(borrow)]
    source: Option<&'j RawValue>,
    /// What format 3 calls the source.
    #[serde(borrow)]
    input: Option<&'j RawValue>,
    /// Of a heading in format 3.
    pub level: Option<usize>,
    #[serde(borrow, default)]
    pub outputs: Vec<&'j RawValue>,
}

impl<'j> NotebookCell<'j> {
    /// The JSON of its source: a string, or a list of strings.
    pub fn source(&self) -> Option<&'j RawValue> {
        self.source.or(self.input)
    }
}

#[derive(Deserialize)]
struct Written<'j> {
    #[serde(borrow)]
    cells: Option<Vec<&'j RawValue>>,
    #[serde(borrow)]
    worksheets: Option<Vec<Worksheet<'j>>>,
    #[serde(borrow)]
    metadata: Option<&'j RawValue>,
}

#[derive(Deserialize)]
struct Worksheet<'j> {
    #[serde(borrow)]
    cells: Option<Vec<&'j RawValue>>,
}

#[derive(Deserialize)]
struct Metadata {
    kernelspec: Option<Language>,
    language_info: Option<Language>,
}

#[derive(Deserialize)]
struct Language {
    language: Option<String>,
    name: Option<String>,
}

impl<'j> Notebook<'j> {
    /// Reads the JSON of a notebook.
    ///
    /// # Errors
    /// When it is no JSON, or no object.
    pub fn read(json: &'j str) -> serde_json::Result<Notebook<'j>> {
        let written: Written = serde_json::from_str(json)?;
        let sheets = written.worksheets.unwrap_or_default();
        let of_sheets = sheets.into_iter().filter_map(|sheet| sheet.cells).flatten();
        let cells = written.cells.into_iter().flatten().chain(of_sheets);
        let cells = cells.filter_map(|raw| serde_json::from_str(raw.get()).ok());
        Ok(Notebook {
            language: language(written.metadata),
            cells: cells.collect(),
        })
    }

    /// The code cells as one Python text, numbered by their place among all cells. Without any where the kernel is for another language.
    pub fn code(&self) -> Cells {
        let is_code = |cell: &NotebookCell<'_>| cell.kind == "code" && self.language == "python";
        let cells = self.cells.iter().enumerate();
        let code = cells.filter(|(_, cell)| is_code(cell));
        let code = code.map(|(number, cell)| (number, text_of(cell.source())));
        let code: Vec<(usize, String)> = code.collect();
        Cells::of(code.iter().map(|(number, text)| (*number, text.as_str())))
    }
}

fn language(metadata: Option<&RawValue>) -> String {
    let metadata = metadata.and_then(|raw| serde_json::from_str::<Metadata>(raw.get()).ok());
    let language = metadata.and_then(|metadata| {
        let of_kernel = metadata.kernelspec.and_then(|kernel| kernel.language);
        of_kernel.or(metadata.language_info.and_then(|info| info.name))
    });
    language.map_or_else(|| "python".to_owned(), |language| language.to_lowercase())
}

/// The text of a source.
fn text_of(source: Option<&RawValue>) -> String {
    let json = source.map_or("\"\"", RawValue::get);
    let parts = serde_json::from_str::<Vec<String>>(json).map(|parts| parts.concat());
    parts
        .or_else(|_| serde_json::from_str(json))
        .unwrap_or_default()
}

/// Code cells as one Python text: one below the other, what is for IPython blanked.
///
/// Invariant: a line of a cell has the same bytes in the text, or as many blanks (test `cells_keep_their_lines`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cells {
    text: String,
    /// In the order of the text, not overlapping.
    cells: Vec<Cell>,
}

/// A code cell in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Its number in the notebook, from 0.
    pub number: usize,
    /// Its lines in the text, from 0.
    pub lines: Range<usize>,
    /// Its bytes in the text; what comes behind them is a line end.
    pub bytes: Range<usize>,
    /// Whether a line of Python can be put above it: nothing may stand above a `%%magic`.
    pub may_grow_above: bool,
}

impl Cells {
    /// Puts cells together. Each is its number and its text.
    pub fn of<'c>(cells: impl IntoIterator<Item = (usize, &'c str)>) -> Cells {
        let mut all = Cells::default();
        let mut line = 0;
        for (number, text) in cells {
            let first = text.lines().next().unwrap_or_default();
            let start = all.text.len();
            match runs_here(first) {
                true => all.text.push_str(&without_magic(text)),
                false => all.text.extend(text.chars().flat_map(blank)),
            }
            let lines = line_ends(text) + 1;
            all.cells.push(Cell {
                number,
                lines: line..line + lines,
                bytes: start..all.text.len(),
                may_grow_above: !first.trim_start().starts_with("%%"),
            });
            all.text.push('\n');
            line += lines;
        }
        all
    }

    /// The Python text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Every code cell, in order.
    pub fn cells(&self) -> &[Cell] {
        &self.cells
    }

    /// The cell of a line of the text.
    pub fn at_line(&self, line: usize) -> Option<&Cell> {
        let after = self.cells.partition_point(|cell| cell.lines.start <= line);
        self.cells.get(after.checked_sub(1)?)
    }

    /// The cell of a byte of the text.
    pub fn at(&self, offset: usize) -> Option<&Cell> {
        let after = self
            .cells
            .partition_point(|cell| cell.bytes.start <= offset);
        self.cells.get(after.checked_sub(1)?)
    }

    /// The cell with a number.
    pub fn numbered(&self, number: usize) -> Option<&Cell> {
        let at = self.cells.binary_search_by_key(&number, |cell| cell.number);
        self.cells.get(at.ok()?)
    }
}

/// As many blanks as a character has bytes; line ends stay.
fn blank(c: char) -> impl Iterator<Item = char> {
    let (kept, count) = match c {
        '\n' | '\r' => (c, 1),
        c => (' ', c.len_utf8()),
    };
    std::iter::repeat_n(kept, count)
}

/// How many line ends a text has, as [`super::Document`] counts them.
fn line_ends(text: &str) -> usize {
    let bytes = text.as_bytes();
    let is_end = |at: &usize| match bytes[*at] {
        b'\n' => true,
        b'\r' => bytes.get(at + 1) != Some(&b'\n'),
        _ => false,
    };
    (0..bytes.len()).filter(is_end).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Document;

    #[test]
    fn cells_keep_their_lines() {
        let texts = [
            "import os\n%time f()\nx = 1",
            "",
            "%%bash\necho é\n",
            "%%time\r\ny = 2\r\n",
            "z\rw",
        ];
        let cells = Cells::of(texts.into_iter().enumerate());
        let document = Document::new(cells.text(), 0);
        for (number, text) in texts.into_iter().enumerate() {
            let cell = cells.numbered(number).expect("one");
            assert_eq!(cell.bytes.len(), text.len(), "{text}");
            let own = Document::new(text, 0);
            assert_eq!(cell.lines.len(), own.len_lines(), "{text}");
            for (line, whole) in cell.lines.clone().enumerate() {
                let (own, whole) = (own.line_text(line), document.line_text(whole));
                assert!(own == whole || whole.trim().is_empty() && whole.len() == own.len());
                assert_eq!(cells.at_line(cell.lines.start + line), Some(cell));
            }
        }
        assert_eq!(document.line_text(1).trim(), "");
        assert_eq!(document.line_text(8), "y = 2");
        assert!(!cells.text().contains("echo"));
        let above: Vec<bool> = cells
            .cells()
            .iter()
            .map(|cell| cell.may_grow_above)
            .collect();
        assert_eq!(above, [true, true, false, false, true]);
    }

    #[test]
    fn notebooks_are_read_as_far_as_they_go() {
        let code = |json: &str| Notebook::read(json).map(|notebook| notebook.code());
        let cells = code(
            r##"{"cells": [
            {"cell_type": "markdown", "source": ["# A"]},
            {"cell_type": "code", "source": ["x = 1\n", "y"], "outputs": [3]},
            {"cell_type": "code", "source": 7},
            {"nothing": 1}, 5,
            {"cell_type": "code", "source": "z"}
        ]}"##,
        );
        let cells = cells.expect("JSON");
        assert_eq!(cells.text(), "x = 1\ny\n\nz\n");
        let numbers: Vec<usize> = cells.cells().iter().map(|cell| cell.number).collect();
        assert_eq!(numbers, [1, 2, 3]);
        let old = code(r#"{"worksheets": [{"cells": [{"cell_type": "code", "input": "a"}]}]}"#);
        assert_eq!(old.expect("JSON").text(), "a\n");
        let other = r#"{"metadata": {"kernelspec": {"language": "R"}}, "cells": [{"cell_type": "code", "source": "x <- 1"}]}"#;
        assert_eq!(code(other).expect("JSON"), Cells::default());
        assert!(code("{").is_err());
        assert_eq!(code("{}").expect("JSON"), Cells::default());
    }
}
