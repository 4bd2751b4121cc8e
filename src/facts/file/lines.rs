//! The lines of a file, from those of its segments: an edit counts only its own again.

use std::ops::Range;

use super::{FileFacts, Placed};
use crate::syntax::Cut;

impl FileFacts {
    /// The line of a byte as people count it, from 1: `3`, or `3 of cell 2` in a notebook.
    pub fn line_in_words(&self, offset: usize) -> String {
        let line = self.line(offset);
        match self.cells.as_ref().and_then(|cells| cells.at_line(line)) {
            Some(cell) => format!(
                "{} of cell {}",
                line - cell.lines.start + 1,
                cell.number + 1
            ),
            None => {
                let (own, outer) = self.line_as;
                format!("{}", (line + outer).saturating_sub(own) + 1)
            }
        }
    }

    /// The line of a byte, from 0. A line ends with `\n`, `\r\n` or a lone `\r`.
    pub fn line(&self, offset: usize) -> usize {
        let index = self
            .cuts
            .partition_point(|cut| cut.start <= offset)
            .saturating_sub(1);
        let (Some(cut), Some(placed)) = (self.cuts.get(index), self.segments.get(index)) else {
            return 0;
        };
        let before = cut.start..offset.min(placed.start);
        let inside = match offset.checked_sub(placed.start) {
            Some(inside) => {
                let ends = placed.facts.line_ends();
                ends.partition_point(|end| (*end as usize) < inside)
            }
            None => 0,
        };
        self.first_lines[index] as usize + line_ends(&self.source, before).count() + inside
    }

    /// The byte at which a line (from 0) starts. None beyond the last line.
    pub fn line_start(&self, line: usize) -> Option<usize> {
        let index = self
            .first_lines
            .partition_point(|first| *first as usize <= line)
            .checked_sub(1)?;
        let first = self.first_lines[index] as usize;
        let (cut, placed) = (&self.cuts[index], &self.segments[index]);
        let Some(ended) = (line - first).checked_sub(1) else {
            return Some(cut.start);
        };
        let before: Vec<usize> = line_ends(&self.source, cut.start..placed.start).collect();
        let end = match before.get(ended) {
            Some(end) => *end,
            None => {
                let inside = placed.facts.line_ends().get(ended - before.len())?;
                placed.start + *inside as usize
            }
        };
        Some(end + 1)
    }

    /// How many lines the file has. What stands after the last line end is a line too, unless it is nothing.
    pub fn lines(&self) -> usize {
        let ended = self
            .first_lines
            .last()
            .zip(self.segments.last())
            .map_or(0, |(first, last)| (*first + last.line_ends) as usize);
        let open = !self.source.is_empty() && !self.source.ends_with(['\n', '\r']);
        ended + usize::from(open)
    }
}

/// The line ends in a range of a text, as bytes of the text.
pub(in crate::facts) fn line_ends(text: &str, range: Range<usize>) -> impl Iterator<Item = usize> {
    let bytes = text.as_bytes();
    let start = range.start;
    let found = memchr::memchr2_iter(b'\n', b'\r', &bytes[range]).map(move |at| start + at);
    found.filter(move |&at| bytes[at] == b'\n' || bytes.get(at + 1) != Some(&b'\n'))
}

/// How many lines end in a cut.
pub(super) fn line_ends_of(source: &str, cut: &Cut) -> u32 {
    let bytes = &source.as_bytes()[cut.start..cut.end];
    match memchr::memchr(b'\r', bytes) {
        // counted many at a time
        None => memchr::memchr_iter(b'\n', bytes).count() as u32,
        Some(_) => line_ends(source, cut.start..cut.end).count() as u32,
    }
}

/// By segment: the number of the line at which its cut begins.
pub(super) fn first_lines(segments: &[Placed]) -> Vec<u32> {
    let before = |line: &mut u32, placed: &Placed| {
        let first = *line;
        *line += placed.line_ends;
        Some(first)
    };
    segments.iter().scan(0, before).collect()
}
