//! The lines of a note into headings and blocks of code: a small state machine over lines. CommonMark does not serve: it takes comments in notebooks
//! for headings, loses fences after bullets that tabs indent, and lets a fence that nobody closed swallow the rest of the note.

use std::ops::Range;

use super::lines::{self, Fence, Lines};
use super::{BlockKind, Problem, ProblemKind, cells, session};

/// A part of a text that is known to be of one kind before it is scanned.
pub(super) struct Region {
    pub(super) kind: RegionKind,
    pub(super) lines: Range<usize>,
}

pub(super) enum RegionKind {
    Markdown,
    /// A code cell of a notebook.
    Code {
        language: String,
    },
    Output,
}

/// What the lines of a note are, in their order.
#[derive(Default)]
pub(super) struct Outline {
    pub(super) headings: Vec<Heading>,
    pub(super) blocks: Vec<Found>,
    pub(super) problems: Vec<Problem>,
}

pub(super) struct Heading {
    pub(super) line: usize,
    pub(super) level: u8,
    /// The first line below it.
    pub(super) below: usize,
}

/// A block of code in the text.
pub(super) struct Found {
    pub(super) kind: BlockKind,
    pub(super) language: String,
    /// Without fences and heads.
    pub(super) lines: Range<usize>,
    /// How far the fence is indented, in columns.
    pub(super) indent: usize,
    /// In how many quotations it stands.
    pub(super) quotes: usize,
    /// What follows the fence.
    pub(super) info: String,
}

/// Scans the regions, which are in the order of the text and do not overlap.
pub(super) fn scan(text: &str, lines: &Lines, regions: &[Region]) -> Outline {
    let mut outline = Outline::default();
    for region in regions {
        let block = |kind, language: &str| Found {
            kind,
            language: language.to_owned(),
            lines: filled(lines, region.lines.clone()),
            indent: 0,
            quotes: 0,
            info: String::new(),
        };
        match &region.kind {
            RegionKind::Markdown => Scanner {
                lines,
                end: region.lines.end,
                last_comment_end: text.rfind("-->").unwrap_or(0),
                in_list: false,
                outline: &mut outline,
            }
            .scan(region.lines.start),
            RegionKind::Code { language } => outline.blocks.push(block(BlockKind::Cell, language)),
            RegionKind::Output => outline.blocks.push(block(BlockKind::Output, "")),
        }
    }
    outline
}

/// Lines without the blank ones at either end.
pub(super) fn filled(lines: &Lines, range: Range<usize>) -> Range<usize> {
    let Some(start) = lines.next_filled(range.start, range.end) else {
        return range.start..range.start;
    };
    let last = range.rev().find(|line| !lines.is_blank(*line));
    start..last.unwrap_or(start) + 1
}

/// Where in a line a comment starts that the line does not end.
pub(super) fn open_comment(line: &str) -> Option<usize> {
    // most lines have none of these
    memchr::memchr(b'<', line.as_bytes())?;
    let at = line.rfind("<!--")?;
    let is_code = line[..at].bytes().filter(|byte| *byte == b'`').count() % 2 == 1;
    (!is_code && !line[at..].contains("-->")).then_some(at)
}

struct Scanner<'a> {
    lines: &'a Lines<'a>,
    /// The line behind the last.
    end: usize,
    /// The byte of the last `-->` of the text: a comment that starts behind it is none.
    last_comment_end: usize,
    /// Whether the lines above belong to a list: then what is indented is no code.
    in_list: bool,
    outline: &'a mut Outline,
}

impl Scanner<'_> {
    fn scan(&mut self, start: usize) {
        let mut line = start;
        while line < self.end {
            line = self.line(line, line == start).max(line + 1);
        }
    }

    /// Reads what starts in this line, and gives the line behind it.
    fn line(&mut self, line: usize, is_first: bool) -> usize {
        let whole = self.lines.text(line);
        if lines::is_blank(whole) {
            return line + 1;
        }
        let after_blank = is_first || self.lines.is_blank(line - 1);
        let (text, quotes) = lines::unquoted(whole);
        if let Some(fence) = Fence::read(text) {
            return self.fence(line, &fence, quotes);
        }
        if open_comment(text).is_some() && self.lines.start(line) < self.last_comment_end {
            return self.comment(line);
        }
        if session::starts(whole) {
            return self.session(line);
        }
        if quotes > 0 {
            return line + 1;
        }
        if lines::is_cell_head(text) && !self.is_fence_next(line + 1) {
            let found = cells::read(self.lines, line + 1, self.end);
            self.in_list = false;
            self.outline.blocks.extend(found.blocks);
            return found.end;
        }
        let indent = lines::indent(text);
        if let Some(level) = self.heading(line, text, indent, after_blank) {
            return level;
        }
        if after_blank
            && indent >= 4
            && !self.in_list
            && super::python::starts_statement(text.trim(), "")
        {
            return self.indented(line);
        }
        if lines::item(text).is_some() {
            self.in_list = true;
        } else if indent == 0 && after_blank {
            self.in_list = false;
        }
        line + 1
    }

    /// Reads a heading if there is one.
    fn heading(
        &mut self,
        line: usize,
        text: &str,
        indent: usize,
        after_blank: bool,
    ) -> Option<usize> {
        let (level, below) = match lines::heading(text) {
            // in a list that tabs indent, headings are indented too; a single `#` there is rather a comment
            Some((level, _)) if indent < 4 || (level > 1 && (self.in_list || !after_blank)) => {
                (level, line + 1)
            }
            Some(_) => return None,
            None => (self.underlined(line, text, after_blank)?, line + 2),
        };
        self.in_list = false;
        self.outline.headings.push(Heading { line, level, below });
        Some(below)
    }

    /// The level of a heading that is underlined: one line between blank ones, short as headings are.
    fn underlined(&self, line: usize, text: &str, after_blank: bool) -> Option<u8> {
        const LONGEST: usize = 100;
        let is_title = after_blank
            && line + 1 < self.end
            && text.len() <= LONGEST
            && lines::indent(text) < 4
            && lines::item(text).is_none()
            && !text.trim_start().starts_with(['|', '<', '>'])
            && !lines::is_rule(text);
        match is_title {
            true => lines::underline(self.lines.text(line + 1)),
            false => None,
        }
    }

    fn is_fence_next(&self, from: usize) -> bool {
        let next = self.lines.next_filled(from, self.end);
        next.is_some_and(|line| Fence::read(self.lines.text(line)).is_some())
    }

    /// The line behind a comment of several lines, which hides all that it holds.
    fn comment(&self, line: usize) -> usize {
        let close = (line + 1..self.end).find(|line| self.lines.text(*line).contains("-->"));
        close.map_or(self.end, |line| line + 1)
    }

    /// Reads a fence and its block.
    fn fence(&mut self, line: usize, fence: &Fence, quotes: usize) -> usize {
        let (body_end, next, is_closed) = self.fence_end(line, fence, quotes);
        self.outline.blocks.push(Found {
            kind: BlockKind::Fence,
            language: fence.language(),
            lines: line + 1..body_end,
            indent: fence.indent,
            quotes,
            info: fence.info.to_owned(),
        });
        if !is_closed {
            self.outline.problems.push(Problem {
                kind: ProblemKind::FenceNotClosed,
                range: self.lines.range(line),
                message: format!(
                    "this fence is never closed; its block is taken to end before line {}: close it with a line of the same marks",
                    body_end + 1
                ),
            });
        }
        next
    }

    /// The line behind a fence's body, the line behind the whole, and whether it was closed. It ends where it is closed, where another fence is opened,
    /// where its item of a list ends, where its quotation ends. Where it was not closed, a heading above that ends it.
    fn fence_end(&self, open: usize, fence: &Fence, quotes: usize) -> (usize, usize, bool) {
        let mut heading = None;
        let mut line = open + 1;
        while line < self.end {
            let (text, depth) = match quotes {
                0 => (self.lines.text(line), 0),
                _ => lines::unquoted(self.lines.text(line)),
            };
            if depth < quotes {
                return (line, line, false);
            }
            if let Some(other) = Fence::read(text) {
                if other.closes(fence) {
                    return (line, line + 1, true);
                }
                if other.opens_within(fence) {
                    break;
                }
            }
            if lines::indent(text) < fence.indent && lines::item(text).is_some() {
                break;
            }
            if heading.is_none() && self.is_surely_heading(line, text) {
                heading = Some(line);
            }
            line += 1;
        }
        let end = heading.unwrap_or(line);
        let body = filled(self.lines, open + 1..end);
        (body.end.max(open + 1), end, false)
    }

    /// Whether a line is a heading even in code: `## …` at the margin under a blank line.
    fn is_surely_heading(&self, line: usize, text: &str) -> bool {
        text.starts_with("##") && lines::heading(text).is_some() && self.lines.is_blank(line - 1)
    }

    /// Reads what was typed at a prompt, and what was answered. Where that was no Python it is prose.
    fn session(&mut self, line: usize) -> usize {
        let lines = session::lines_from(self.lines, line, self.end);
        let end = lines.end;
        let texts = lines.clone().map(|line| self.lines.text(line));
        if session::code(texts).is_some() {
            self.outline.blocks.push(Found {
                kind: BlockKind::Cell,
                language: "python".to_owned(),
                lines,
                indent: 0,
                quotes: 0,
                info: String::new(),
            });
        }
        end
    }

    /// Reads code that is only indented.
    fn indented(&mut self, line: usize) -> usize {
        let is_code = |line: &usize| {
            let text = self.lines.text(*line);
            lines::is_blank(text) || lines::indent(text) >= 4
        };
        let end = (line..self.end).take_while(is_code).last().unwrap_or(line) + 1;
        let body = filled(self.lines, line..end);
        let end = body.end;
        self.outline.blocks.push(Found {
            kind: BlockKind::Indented,
            language: String::new(),
            lines: body,
            indent: 0,
            quotes: 0,
            info: String::new(),
        });
        end
    }
}
