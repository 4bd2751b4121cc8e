//! Edits of a notebook's code made in its JSON, of which everything else stays as it is, byte for byte.

use std::ops::Range;

use serde_json::value::RawValue;

use super::{Cell, Cells, Notebook, NotebookCell};

/// The JSON of a notebook, and where the text of its code stands in it.
pub struct NotebookText<'j> {
    json: &'j str,
    notebook: Notebook<'j>,
    cells: Cells,
}

/// The source of a cell as the JSON has it.
struct Source {
    /// The text, with what is for IPython.
    text: String,
    /// For each character of the text its first byte there and in the JSON; of the last one its end.
    places: Vec<(usize, usize)>,
    /// What stands in the JSON for a line end: in a list of lines it begins another string.
    line_end: String,
}

impl<'j> NotebookText<'j> {
    /// Reads the JSON of a notebook.
    ///
    /// # Errors
    /// When it is no JSON, or no object.
    pub fn read(json: &'j str) -> serde_json::Result<NotebookText<'j>> {
        let notebook = Notebook::read(json)?;
        let cells = notebook.code();
        Ok(NotebookText {
            json,
            notebook,
            cells,
        })
    }

    /// The code cells as one Python text.
    pub fn cells(&self) -> &Cells {
        &self.cells
    }

    /// Whether bytes of the Python text can be replaced: they stand in one cell, and none of them is for IPython.
    pub fn is_editable(&self, range: &Range<usize>) -> bool {
        self.in_json(range).is_some()
    }

    /// The JSON with parts of the Python text replaced, which may stand in any order. None where one of them cannot be, or two overlap.
    pub fn edited(&self, edits: &[(&Range<usize>, &str)]) -> Option<String> {
        let mut edits = edits.to_vec();
        edits.sort_by_key(|(range, _)| (range.start, range.end));
        let mut after = String::with_capacity(self.json.len());
        let mut at = 0;
        for (range, text) in edits {
            let (place, line_end) = self.in_json(range)?;
            after.push_str(self.json.get(at..place.start)?);
            let lines: Vec<String> = text.split('\n').map(|line| self.escaped(line)).collect();
            after.push_str(&lines.join(&line_end));
            at = place.end;
        }
        after.push_str(self.json.get(at..)?);
        Some(after)
    }

    /// The bytes of the JSON for bytes of the Python text, and what a line end is there.
    fn in_json(&self, range: &Range<usize>) -> Option<(Range<usize>, String)> {
        let cell = self.cells.at(range.start)?;
        let Cell { number, bytes, .. } = cell;
        let inside = range.start.checked_sub(bytes.start)?..range.end.checked_sub(bytes.start)?;
        let source = self.source(self.notebook.cells.get(*number)?)?;
        let is_code = range.end <= bytes.end
            && source.text.get(inside.clone())? == self.cells.text().get(range.clone())?;
        let place = source.place(inside.start)?..source.place(inside.end)?;
        is_code.then_some((place, source.line_end))
    }

    fn source(&self, cell: &NotebookCell<'j>) -> Option<Source> {
        let raw = cell.source()?.get();
        let Ok(parts) = serde_json::from_str::<Vec<&'j RawValue>>(raw) else {
            let mut source = Source::new("\\n".to_owned());
            source.push(raw, self.offset(raw)?)?;
            return Some(source);
        };
        let mut ends = parts.iter().map(|part| {
            let start = self.offset(part.get())?;
            Some(start..start + part.get().len())
        });
        let first = ends.next()??;
        let between = match ends.next() {
            Some(second) => self.json.get(first.end..second?.start)?.to_owned(),
            None => format!(",{}", self.json.get(self.offset(raw)? + 1..first.start)?),
        };
        let mut source = Source::new(format!("\\n\"{between}\""));
        for part in parts {
            source.push(part.get(), self.offset(part.get())?)?;
        }
        Some(source)
    }

    /// Where a part of the JSON starts in it.
    fn offset(&self, part: &str) -> Option<usize> {
        let offset = (part.as_ptr() as usize).checked_sub(self.json.as_ptr() as usize)?;
        (self.json.get(offset..offset + part.len())? == part).then_some(offset)
    }

    /// A line as it stands between the quotes of JSON; in ASCII where the notebook is.
    fn escaped(&self, line: &str) -> String {
        let quoted = serde_json::Value::from(line).to_string();
        let inside = quoted.get(1..quoted.len() - 1).unwrap_or_default();
        if !self.json.is_ascii() {
            return inside.to_owned();
        }
        let units = inside.encode_utf16().map(|unit| match u8::try_from(unit) {
            Ok(byte) if byte.is_ascii() => char::from(byte).to_string(),
            _ => format!("\\u{unit:04x}"),
        });
        units.collect()
    }
}

impl Source {
    fn new(line_end: String) -> Source {
        Source {
            text: String::new(),
            places: Vec::new(),
            line_end,
        }
    }

    /// Appends a string of the JSON. None where it is none.
    fn push(&mut self, literal: &str, start: usize) -> Option<()> {
        let text: String = serde_json::from_str(literal).ok()?;
        // where the string before this one ends this one starts
        self.places.pop();
        let mut at = 1;
        for c in text.chars() {
            self.places.push((self.text.len(), start + at));
            self.text.push(c);
            at += escape_len(literal.get(at..)?, c)?;
        }
        self.places.push((self.text.len(), start + at));
        Some(())
    }

    /// The byte of the JSON for a byte of the text.
    fn place(&self, offset: usize) -> Option<usize> {
        let found = self.places.binary_search_by_key(&offset, |(text, _)| *text);
        Some(self.places.get(found.ok()?)?.1)
    }
}

/// How many bytes of JSON the first character has that it stands for.
fn escape_len(json: &str, c: char) -> Option<usize> {
    let mut chars = json.chars();
    match (chars.next()?, chars.next()) {
        ('\\', Some('u')) => Some(6 * c.len_utf16()),
        ('\\', _) => Some(2),
        (own, _) => Some(own.len_utf8()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::without_magic;

    /// The JSON after one edit, which replaces words by others.
    fn edited(json: &str, words: &str, by: &str) -> Option<String> {
        let text = NotebookText::read(json).expect("JSON");
        let start = text.cells().text().find(words).expect("the words");
        text.edited(&[(&(start..start + words.len()), by)])
    }

    #[test]
    fn a_list_of_lines_stays_one() {
        let json = "{\r\n \"cells\": [\r\n  {\"cell_type\": \"code\", \"x\": 1.50,\r\n   \"source\": [\r\n    \"a = 1\\n\",\r\n    \"b = [2]\"\r\n   ]}]}\r\n";
        let after = |by: &str| json.replace("\"b = [2]\"", by);
        assert_eq!(edited(json, "[2]", "3"), Some(after("\"b = 3\"")));
        assert_eq!(
            edited(json, "b", "if a:\n    b"),
            Some(after("\"if a:\\n\",\r\n    \"    b = [2]\""))
        );
        // a whole line goes, and nothing of it stays
        let without = json.replace("\"a = 1\\n\",\r\n    ", "");
        assert_eq!(edited(json, "a = 1\n", ""), Some(without));
        let one = r#"{"cells": [{"cell_type": "code", "source": [ "x"]}]}"#;
        let two = one.replace(r#""x""#, r#""y\n", "x""#);
        assert_eq!(edited(one, "x", "y\nx"), Some(two));
    }

    #[test]
    fn escapes_are_found_and_written_as_the_notebook_has_them() {
        let escaped =
            r#"{"cells": [{"cell_type": "code", "source": "s = '\u00e9\ud83d\ude00\"' # \/\nx"}]}"#;
        assert_eq!(
            edited(escaped, "x", "\"ö\"\ny"),
            Some(escaped.replace("x\"", "\\\"\\u00f6\\\"\\ny\""))
        );
        let plain = escaped.replace("\\u00e9", "é");
        assert_eq!(
            edited(&plain, "😀", "ö"),
            Some(plain.replace("\\ud83d\\ude00", "ö"))
        );
    }

    #[test]
    fn what_is_for_ipython_or_in_two_cells_is_not_replaced() {
        let json = r#"{"cells": [{"cell_type": "markdown", "source": "x"},
            {"cell_type": "code", "source": ["%time f()\n", "x = 1"]}, {"cell_type": "code", "source": "y = 1"}]}"#;
        let text = NotebookText::read(json).expect("JSON");
        let whole = text.cells().text();
        assert_eq!(
            whole,
            format!("{}\ny = 1\n", without_magic("%time f()\nx = 1"))
        );
        let (x, y) = (whole.find('x').expect("x"), whole.find('y').expect("y"));
        assert!(text.is_editable(&(x..x + 5)) && text.is_editable(&(y..y + 5)));
        for range in [0..x + 1, x..y, x..y + 1, y..y + 7, 900..901] {
            assert!(!text.is_editable(&range), "{range:?}");
        }
        let second = text.edited(&[(&(y..y + 1), "z"), (&(x..x), "a\n")]);
        let wanted = json
            .replace("y = 1", "z = 1")
            .replace("\"x = 1\"", "\"a\\n\", \"x = 1\"");
        assert_eq!(second, Some(wanted));
        assert_eq!(
            text.edited(&[(&(x..x + 2), "z"), (&(x + 1..x + 3), "a")]),
            None
        );
    }

    #[test]
    fn any_edit_of_code_gives_the_text_that_it_should() {
        let lines = proptest::collection::vec("[a-zé\"\\\\😀 ]{0,6}\\n?", 1..5);
        proptest::proptest!(|(lines in lines, is_list: bool, at in 0..30usize, length in 0..9usize, by in "[a-zö\"\\n]{0,5}")| {
            let source = match is_list {
                true => serde_json::json!(lines),
                false => serde_json::json!(lines.concat()),
            };
            let json = serde_json::json!({"cells": [{"cell_type": "code", "source": source}]}).to_string();
            let text = NotebookText::read(&json).expect("JSON");
            let whole = text.cells().text().to_owned();
            let range = at..at + length;
            if let Some(after) = text.edited(&[(&range, &by)]) {
                let mut wanted = whole;
                wanted.replace_range(range, &by);
                let read = NotebookText::read(&after).expect("JSON");
                proptest::prop_assert_eq!(read.cells().text(), wanted);
            }
        });
    }
}
