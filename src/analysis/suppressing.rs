//! The edit that silences a finding: a comment of ours, or one more name in a comment that is there.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use super::Snapshot;
use super::suppressed::{code_line, directives_of, segments, statement};
use crate::facts::FileFacts;
use crate::rules::suppress::{Directive, SuppressedFile, directives, lines, name_being_written};
use crate::rules::{Edit, Finding, Place};
use crate::syntax::Kind;
use crate::text::Cells;

/// What a comment is to silence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Suppress {
    /// The rule, in the statement of the finding.
    Statement,
    /// The rule, in the whole file.
    File,
}

impl Snapshot {
    /// The rule that a comment of ours names at a byte of a Python file, and the bytes of the name.
    pub fn named_rule(&self, path: &Path, offset: usize) -> Option<(Range<usize>, &'static str)> {
        let worked = self.worked();
        let file = worked.project.file(path).filter(|_| !self.is_note(path))?;
        let (comment, at) = comment_at(file, offset)?;
        let config = self.config(path);
        let found = directives(comment, at, config.knowledge.rule_names());
        let mut found = found.iter();
        let (range, code) = found.find_map(|directive| directive.rule_at(offset))?;
        Some((range.clone(), code))
    }

    /// The name of a rule that is being written at a byte of a Python file, in the list of a comment of ours: its bytes up to there, and the names before it.
    pub fn unfinished_name(
        &self,
        path: &Path,
        offset: usize,
    ) -> Option<(Range<usize>, Vec<String>)> {
        let worked = self.worked();
        let file = worked.project.file(path).filter(|_| !self.is_note(path))?;
        let (comment, at) = comment_at(file, offset)?;
        let (start, before) = name_being_written(comment, offset - at)?;
        let before = before.into_iter().map(str::to_owned).collect();
        Some((at + start..offset, before))
    }

    /// The edit that silences a finding of a Python file. None where no comment can stand: every line of the statement ends in a string, or with a backslash.
    pub fn suppress(&self, finding: &Finding, scope: Suppress) -> Option<Edit> {
        let path: &Path = &finding.place.path;
        if self.is_note(path) {
            return None;
        }
        let worked = self.worked();
        let file = worked.project.file(path)?;
        let config = self.config(path);
        let comments = directives_of(file, &segments(file), config.knowledge.rule_names());
        let (at, text) = match scope {
            Suppress::Statement => in_statement(file, &comments, finding)?,
            Suppress::File => in_file(file, self.cells(path).as_deref(), &comments, finding.code)?,
        };
        Some(Edit {
            place: Place {
                path: Arc::clone(&finding.place.path),
                range: at..at,
            },
            text,
        })
    }
}

fn in_statement(
    file: &FileFacts,
    comments: &[Directive],
    finding: &Finding,
) -> Option<(usize, String)> {
    let suppressed = SuppressedFile {
        path: file.path(),
        line_of: &|offset| file.line(offset),
        code_line: &|offset| code_line(file, offset),
        statement: &|line| statement(file, line),
    };
    let lines = lines(finding, &suppressed);
    let is_here = |directive: &&Directive| lines.contains(&file.line(directive.range().start));
    let mut rooms = comments.iter().filter(is_here);
    if let Some(room) = rooms.find_map(|directive| directive.room(false)) {
        return Some((room, format!(", {}", finding.code)));
    }
    let first = file.line(finding.place.range.start);
    let mut wanted = (first..lines.end).chain(lines.start..first);
    let at = wanted.find_map(|line| comment_place(file, line))?;
    Some((at, format!("  # marginote: ignore[{}]", finding.code)))
}

/// The comment around a byte or before it, and the byte at which it starts.
fn comment_at(file: &FileFacts, offset: usize) -> Option<(&str, usize)> {
    // the end of a comment belongs to it; behind it may come another segment
    let (segment, inside) = file.segment_at(offset.checked_sub(1)?)?;
    let root = file.root(segment).node;
    let comment = root.with_descendants().find(|node| {
        node.kind() == Kind::Comment && node.range().start <= inside && inside < node.range().end
    })?;
    Some((comment.text(), file.start(segment) + comment.range().start))
}

/// The byte behind what stands on a line, where a comment can stand there.
fn comment_place(file: &FileFacts, line: usize) -> Option<usize> {
    let Range { start, end } = line_range(file, line)?;
    let text = file.source().get(start..end)?;
    let (segment, inside) = file.segment_at(end.saturating_sub(1))?;
    let root = file.root(segment).node;
    // the line end, which stands in a string that goes on
    let line_end = inside + 1;
    let nodes = || root.with_descendants();
    let holds_end = |range: Range<usize>| range.start < line_end && line_end < range.end;
    if nodes().any(|node| node.kind() == Kind::String && holds_end(node.range())) {
        return None;
    }
    let is_comment = |range: Range<usize>| range.start < line_end && line_end <= range.end;
    let has_comment = nodes().any(|node| node.kind() == Kind::Comment && is_comment(node.range()));
    let trimmed = text.trim_end();
    (has_comment || !trimmed.ends_with('\\')).then_some(start + trimmed.len())
}

/// The bytes of a line (from 0) without its line end. None where it is empty or there is no such line.
fn line_range(file: &FileFacts, line: usize) -> Option<Range<usize>> {
    let start = file.line_start(line)?;
    let rest = file.source().get(start..)?;
    let length = rest.find(['\n', '\r']).unwrap_or(rest.len());
    (length > 0).then_some(start..start + length)
}

/// A comment of its own above everything but what has to be the first. None in a notebook where every cell starts with what has to be.
fn in_file(
    file: &FileFacts,
    cells: Option<&Cells>,
    comments: &[Directive],
    code: &str,
) -> Option<(usize, String)> {
    let mut rooms = comments.iter();
    if let Some(room) = rooms.find_map(|directive| directive.room(true)) {
        return Some((room, format!(", {code}")));
    }
    let source = file.source();
    let at = match cells {
        Some(cells) => {
            let mut cells = cells.cells().iter();
            cells.find(|cell| cell.may_grow_above)?.bytes.start
        }
        None => below_first_lines(file),
    };
    let line_end = match source.find(['\n', '\r']).map(|end| &source[end..]) {
        Some(end) if end.starts_with("\r\n") => "\r\n",
        Some(end) if end.starts_with('\r') => "\r",
        _ => "\n",
    };
    Some((at, format!("# marginote: ignore-file[{code}]{line_end}")))
}

/// The byte below the lines that have to be the first: `#!` is the first line, what names the encoding is one of the first two.
fn below_first_lines(file: &FileFacts) -> usize {
    let source = file.source();
    let must_be_first = |line: &usize| {
        let range = line_range(file, *line);
        let text = range
            .and_then(|range| source.get(range))
            .unwrap_or_default();
        *line == 0 && text.starts_with("#!") || text.starts_with('#') && text.contains("coding")
    };
    let above = (0..2).filter(must_be_first).last();
    above.map_or(0, |line| file.line_start(line + 1).unwrap_or(source.len()))
}
