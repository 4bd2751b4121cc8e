//! The prose of a section: its paragraphs, items and tables as plain text.

use std::ops::Range;

use super::lines::{self, Fence, Lines};
use super::scan::open_comment;
use super::{Block, Note, Passage, Section, inline};

impl Note {
    /// What a section says in words: its paragraphs, items and tables in their order, without code, comments, tasks and rules. Nothing for a table of contents.
    pub fn prose(&self, section: &Section) -> Vec<Passage> {
        if section.is_contents {
            return Vec::new();
        }
        let mut passages = Passages::default();
        for line in prose_lines(&self.text, section) {
            passages.add(&line);
        }
        passages.finish();
        passages.done
    }
}

/// A line of a section that holds no code.
pub(super) struct ProseLine<'a> {
    /// From 0, in the note.
    pub(super) line: usize,
    /// The byte where `text` starts, in the note.
    pub(super) start: usize,
    /// Without marks of quotation, comments over several lines, and white space at its end.
    pub(super) text: &'a str,
    /// In how many quotations it stands.
    pub(super) quotes: usize,
}

/// The lines of a section that hold no code, blank ones too.
pub(super) fn prose_lines<'a>(text: &'a str, section: &Section) -> Vec<ProseLine<'a>> {
    let body = text.get(section.body.clone()).unwrap_or_default();
    let table = Lines::new(body);
    let before = text.get(section.heading.start..section.body.start);
    let first = section.line + Lines::new(before.unwrap_or_default()).count() - 1;
    let last_comment_end = body.rfind("-->").unwrap_or(0);
    // another block may begin where an empty one stands
    let is_filled = |block: &&Block| !block.range.is_empty();
    let mut blocks = section.blocks.iter().filter(is_filled).peekable();
    let mut in_comment = false;
    let mut found = Vec::new();
    for line in 0..table.count() {
        let start = section.body.start + table.start(line);
        while blocks.peek().is_some_and(|block| block.range.end < start) {
            blocks.next();
        }
        if blocks.peek().is_some_and(|block| holds(block, start)) {
            continue;
        }
        let whole = table.text(line);
        let (mut shown, quotes) = lines::unquoted(whole);
        let mut at = start + whole.len() - shown.len();
        if in_comment {
            let Some(end) = shown.find("-->") else {
                continue;
            };
            in_comment = false;
            shown = &shown[end + 3..];
            at += end + 3;
        }
        if let Some(open) = open_comment(shown)
            && table.start(line) < last_comment_end
        {
            in_comment = true;
            shown = &shown[..open];
        }
        if Fence::read(shown).is_some()
            || lines::is_cell_head(shown)
            || lines::is_output_head(shown)
        {
            shown = "";
        }
        found.push(ProseLine {
            line: first + line,
            start: at,
            text: shown.trim_end(),
            quotes,
        });
    }
    found
}

fn holds(block: &Block, start: usize) -> bool {
    block.range.start <= start && start <= block.range.end
}

/// Gathers lines into passages.
#[derive(Default)]
struct Passages {
    done: Vec<Passage>,
    open: Option<Open>,
}

/// A passage whose end is not seen yet.
struct Open {
    range: Range<usize>,
    line: usize,
    /// The lines as they are written.
    lines: Vec<String>,
    is_table: bool,
    is_task: bool,
    quotes: usize,
}

impl Passages {
    fn add(&mut self, line: &ProseLine) {
        let text = line.text.trim_start();
        if text.is_empty() || lines::is_rule(text) || is_definition(text) {
            return self.finish();
        }
        if lines::underline(text).is_some() {
            return self.finish();
        }
        if is_table_rule(text) {
            if let Some(open) = &mut self.open {
                open.is_table = true;
                open.range.end = line.start + line.text.len();
            }
            return;
        }
        let item = lines::item(line.text);
        let is_row = text.starts_with('|');
        let goes_on = self.open.as_ref().is_some_and(|open| {
            let is_table =
                open.is_table || open.lines.first().is_some_and(|row| row.starts_with('|'));
            item.is_none()
                && open.quotes == line.quotes
                && is_table == (is_row || (is_table && text.contains('|')))
        });
        if !goes_on {
            self.finish();
        }
        let shown = match item {
            Some(item) => &line.text[item.content..],
            None => text,
        };
        let start = line.start + line.text.len() - shown.len();
        let open = self.open.get_or_insert_with(|| Open {
            range: start..start,
            line: line.line,
            lines: Vec::new(),
            is_table: false,
            is_task: item.is_some_and(|item| item.is_task),
            quotes: line.quotes,
        });
        open.range.end = start + shown.len();
        open.lines.push(without_callout(shown).to_owned());
    }

    fn finish(&mut self) {
        let Some(open) = self.open.take().filter(|open| !open.is_task) else {
            return;
        };
        let text = match open.is_table {
            true => open
                .lines
                .iter()
                .map(|text| row(text))
                .collect::<Vec<_>>()
                .join("\n"),
            false => inline::plain(&open.lines.join(" ")),
        };
        if !text.trim().is_empty() {
            self.done.push(Passage {
                text,
                range: open.range,
                line: open.line,
            });
        }
    }
}

/// `[name]: target`.
fn is_definition(text: &str) -> bool {
    text.starts_with('[') && !text.starts_with("[^") && text.contains("]: ")
}

/// Whether a line is what stands under the head of a table: `| --- | :-: |`.
pub(super) fn is_table_rule(text: &str) -> bool {
    let is_part = |c: char| matches!(c, '|' | '-' | ':') || c.is_whitespace();
    text.contains('|') && text.contains('-') && text.chars().all(is_part)
}

/// The cells of a table's row as plain text, with ` | ` between them.
fn row(text: &str) -> String {
    let cells = table_cells(text).into_iter();
    let plain = cells.map(|cell| inline::plain(&text[cell]));
    plain.collect::<Vec<_>>().join(" | ")
}

/// The cells of a table's row, as bytes of it, without white space around them. A bar in code divides nothing, although CommonMark says so: nobody means it.
pub(super) fn table_cells(row: &str) -> Vec<Range<usize>> {
    let has_pairs = row.bytes().filter(|byte| *byte == b'`').count() % 2 == 0;
    let (mut start, mut in_code, mut after_escape) = (0, false, false);
    let mut cells = Vec::new();
    for (at, byte) in row.bytes().enumerate() {
        match byte {
            b'`' => in_code = has_pairs && !in_code,
            b'|' if !in_code && !after_escape => {
                cells.push(start..at);
                start = at + 1;
            }
            _ => {}
        }
        after_escape = byte == b'\\' && !after_escape;
    }
    cells.push(start..row.len());
    // the bars at either end
    if cells
        .last()
        .is_some_and(|cell| lines::is_blank(&row[cell.clone()]))
    {
        cells.pop();
    }
    if cells
        .first()
        .is_some_and(|cell| lines::is_blank(&row[cell.clone()]))
    {
        cells.remove(0);
    }
    let trimmed = cells.into_iter().map(|cell| {
        let text = &row[cell.clone()];
        let start = cell.start + text.len() - text.trim_start().len();
        start..start + text.trim().len()
    });
    trimmed.collect()
}

/// A line without the `[!warning]` of a callout.
pub(super) fn without_callout(text: &str) -> &str {
    let title = text
        .strip_prefix("[!")
        .and_then(|rest| rest.split_once(']'))
        .map(|(_, title)| title.trim_start_matches(['+', '-']).trim_start());
    title.unwrap_or(text)
}
