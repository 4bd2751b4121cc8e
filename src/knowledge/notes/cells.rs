//! The cells of a notebook that was saved as text: after `In [5]:` comes code, then what it printed, then prose, and nothing says where one ends.

use std::ops::Range;

use super::BlockKind;
use super::lines::{self, Fence, Lines};
use super::python::{self, Nesting};
use super::scan::Found;
use crate::text::{is_magic, language};

/// A cell that was read.
pub(super) struct Cell {
    /// Its code and what it printed.
    pub(super) blocks: Vec<Found>,
    /// The line behind it.
    pub(super) end: usize,
}

/// Reads the cell whose code starts in this line, up to `end` at most.
pub(super) fn read(lines: &Lines, start: usize, end: usize) -> Cell {
    let is_head = |line: &usize| lines::is_cell_head(lines.text(*line));
    let reader = Reader {
        lines,
        end: (start..end).find(is_head).unwrap_or(end),
    };
    let Some(code) = reader.code(start) else {
        return Cell {
            blocks: Vec::new(),
            end: start,
        };
    };
    let mut blocks = vec![found(
        BlockKind::Cell,
        &reader.language(code.start),
        code.clone(),
    )];
    let mut end = code.end;
    if let Some(output) = reader.output(&code) {
        end = output.end;
        blocks.push(found(BlockKind::Output, "", output));
    }
    Cell { blocks, end }
}

fn found(kind: BlockKind, language: &str, lines: Range<usize>) -> Found {
    Found {
        kind,
        language: language.to_owned(),
        lines,
        indent: 0,
        quotes: 0,
        info: String::new(),
    }
}

struct Reader<'a> {
    lines: &'a Lines<'a>,
    /// The line of the next cell's head.
    end: usize,
}

impl Reader<'_> {
    fn language(&self, line: usize) -> String {
        language(self.lines.text(line))
    }

    /// The lines of the code: from blank line to blank line, as long as what follows looks like a statement and parses.
    fn code(&self, start: usize) -> Option<Range<usize>> {
        let first = self.lines.next_filled(start, self.end)?;
        let text = self.lines.text(first);
        if first > start && (lines::heading(text).is_some() || !python::starts_statement(text, ""))
        {
            return None;
        }
        if self.language(first) != "python" {
            return Some(first..self.filled_end(first));
        }
        let Some(mut end) = self.statement_end(first) else {
            return Some(first..self.filled_end(first));
        };
        let mut printing = self.prints_file(end).then_some(end);
        while let Some(next) = self.lines.next_filled(end, self.end)
            && self.starts(next, first..end)
            && let Some(more) = self.statement_end(next)
        {
            end = more;
            printing = printing.or(self.prints_file(end).then_some(end));
        }
        // a cell that prints has output: where none is left, the file that it printed was Python
        let code_end = printing.filter(|_| !self.has_more(end)).unwrap_or(end);
        Some(first..code_end)
    }

    /// The line behind the filled ones from here on.
    fn filled_end(&self, start: usize) -> usize {
        let blank = (start..self.end).find(|line| self.lines.is_blank(*line));
        blank.unwrap_or(self.end)
    }

    /// The blank line behind the statements that start here: what is open is closed, what is indented belongs to them, and all of it parses.
    fn statement_end(&self, start: usize) -> Option<usize> {
        /// In bytes. No person wrote more that is indented throughout.
        const LONGEST: usize = 1 << 18;
        let mut nesting = Nesting::default();
        let mut ends = Vec::new();
        let mut from = start;
        loop {
            let end = self.filled_end(from);
            (from..end).for_each(|line| {
                nesting.line(self.lines.text(line));
            });
            if self.lines.start(end) - self.lines.start(start) > LONGEST {
                break;
            }
            let is_open = nesting.is_open() || self.lines.text(end - 1).starts_with('@');
            if !is_open {
                ends.push(end);
            }
            match self.lines.next_filled(end, self.end) {
                Some(next) if is_open || self.joins(next, end) => {
                    (end..next).for_each(|line| {
                        nesting.line(self.lines.text(line));
                    });
                    from = next;
                }
                _ => break,
            }
        }
        let parses =
            |end: usize| python::parses(&python::without_magic(self.lines.slice(start..end)));
        let last = *ends.last()?;
        if parses(last) {
            return Some(last);
        }
        // what does not belong to the code does not parse with what follows it either
        let whole = ends.partition_point(|end| parses(*end));
        ends.get(whole.checked_sub(1)?).copied()
    }

    /// Whether a line behind a blank one goes on with the statement above.
    fn joins(&self, line: usize, code_end: usize) -> bool {
        let text = self.lines.text(line);
        let above = self.lines.text(code_end - 1);
        let is_clause = ["else", "elif", "except", "finally"]
            .iter()
            .any(|word| text.starts_with(word));
        let in_block = lines::indent(above) > 0 || above.trim_end().ends_with([':', '\\']);
        is_clause || (lines::indent(text) > 0 && in_block)
    }

    /// Whether a line behind a blank one starts another statement. A comment that stands alone under several blank lines is a heading.
    fn starts(&self, line: usize, code: Range<usize>) -> bool {
        let text = self.lines.text(line);
        if text.starts_with("##") && lines::heading(text).is_some() {
            return false;
        }
        let is_apart = line - code.end > 1;
        if is_apart && lines::heading(text).is_some() && self.is_comment(line) {
            return false;
        }
        python::starts_statement(text, self.lines.slice(code))
    }

    /// Whether nothing but comments follows up to the next blank line.
    fn is_comment(&self, line: usize) -> bool {
        (line..self.filled_end(line))
            .all(|line| self.lines.text(line).trim_start().starts_with('#'))
    }

    /// Whether the code that ends here prints what it read.
    fn prints_file(&self, end: usize) -> bool {
        let text = self.lines.text(end - 1);
        text.contains("print(") && text.contains(".read()")
    }

    /// Whether something follows before the next cell that is no heading.
    fn has_more(&self, end: usize) -> bool {
        let next = self.lines.next_filled(end, self.end);
        next.is_some_and(|line| lines::heading(self.lines.text(line)).is_none())
    }

    /// The lines that the code printed.
    fn output(&self, code: &Range<usize>) -> Option<Range<usize>> {
        let mut start = self.lines.next_filled(code.end, self.end)?;
        let has_head = lines::is_output_head(self.lines.text(start));
        if has_head {
            start = self.lines.next_filled(start + 1, self.end)?;
        } else if self.is_markup(start) || !self.may_print(code, start) {
            return None;
        }
        let mut end = self.filled_end(start);
        while let Some(next) = self.lines.next_filled(end, self.end) {
            let blanks = next - end;
            let is_over = match blanks {
                1 => self.is_value(code, start),
                _ => !self.is_printed(code, next),
            };
            if is_over || self.is_markup(next) {
                break;
            }
            end = self.filled_end(next);
        }
        Some(start..end)
    }

    /// Whether a line is a heading, a rule, a fence or an element: these are not printed.
    fn is_markup(&self, line: usize) -> bool {
        let text = self.lines.text(line);
        lines::heading(text).is_some()
            || text.trim_end() == "---"
            || text.starts_with("<p>")
            || Fence::read(text).is_some()
    }

    /// Whether this code prints or gives anything, or fails.
    fn may_print(&self, code: &Range<usize>, output: usize) -> bool {
        let last = self.lines.text(code.end - 1);
        let ends_in_value = lines::indent(last) == 0
            && !last.starts_with(['#', '@'])
            && !last.contains(" = ")
            && !["import ", "from ", "del ", "pass"]
                .iter()
                .any(|word| last.starts_with(word));
        ends_in_value
            || self.lines.text(output).starts_with("Traceback")
            || code.clone().any(|line| {
                let text = self.lines.text(line);
                text.contains("print(") || text.contains("display(") || is_magic(text)
            })
    }

    /// Whether the output that starts here is the value of the last expression: nothing follows such a value.
    fn is_value(&self, code: &Range<usize>, output: usize) -> bool {
        let last = self.lines.text(code.end - 1);
        let is_printed = last.contains("print(") || is_magic(last);
        let text = self.lines.text(output);
        let starts_value =
            |c: char| matches!(c, '[' | '(' | '{' | '<' | '\'' | '"') || c.is_ascii_digit();
        !is_printed && (text.starts_with(starts_value) || matches!(text.trim(), "True" | "False"))
    }

    /// Whether a line under several blank ones is still output: Python that was printed, or what a shell says.
    fn is_printed(&self, code: &Range<usize>, line: usize) -> bool {
        let text = self.lines.text(line);
        let is_shell = self.lines.text(code.end - 1).starts_with('!');
        if text.starts_with("Traceback") || (is_shell && text.starts_with(['\'', '"', '['])) {
            return true;
        }
        let chunk = self.lines.slice(line..self.filled_end(line));
        python::starts_statement(text, "") && python::parses(chunk)
    }
}
