//! Where lines of the files before a change stand after it.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::{FileChange, Region, code};
use crate::analysis::Snapshot;
use crate::rules::Place;

/// The lines of a text, which end with `\n`: the bytes that they start at.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Lines {
        let ends = memchr::memchr_iter(b'\n', text.as_bytes());
        Lines(std::iter::once(0).chain(ends.map(|end| end + 1)).collect())
    }

    /// The line of a byte, from 0.
    fn at(&self, byte: usize) -> usize {
        self.0
            .partition_point(|&start| start <= byte)
            .saturating_sub(1)
    }

    /// The lines of a range, the last inclusive.
    fn span(&self, range: &Range<usize>) -> (usize, usize) {
        let last = range.end.saturating_sub(1).max(range.start);
        (self.at(range.start), self.at(last))
    }

    /// The byte that a line starts at; that of the last where there is no such line.
    fn start(&self, line: usize) -> usize {
        let last = self.0.last().copied().unwrap_or(0);
        self.0.get(line).copied().unwrap_or(last)
    }
}

/// Whether lines, the last inclusive, are among those of a range, or have its place between them.
fn touches(range: &Range<usize>, (first, last): (usize, usize)) -> bool {
    match range.is_empty() {
        true => first < range.start && range.start <= last,
        false => range.start <= last && first < range.end,
    }
}

/// A file that has changed, with the lines of both sides.
pub(super) struct Changed<'c> {
    pub(super) change: &'c FileChange,
    old: Lines,
    new: Lines,
    /// The new text.
    text: Arc<String>,
}

impl<'c> Changed<'c> {
    pub(super) fn new(change: &'c FileChange, after: &Snapshot) -> Changed<'c> {
        let old = change.old.as_ref().zip(change.old_text.as_deref());
        let old = old.and_then(|(path, text)| code(path, text));
        let new = change.new.as_ref().and_then(|path| after.document(path));
        let text = new.map_or_else(Arc::default, |document| document.text());
        Changed {
            change,
            old: Lines::of(&old.unwrap_or_default()),
            new: Lines::of(&text),
            text,
        }
    }

    /// Whether a range of the new text lies on a line that has changed, or on both sides of one that is gone.
    pub(super) fn touches(&self, range: &Range<usize>) -> bool {
        let span = self.new.span(range);
        self.change
            .regions
            .iter()
            .any(|region| touches(&region.new, span))
    }

    /// The byte of the new text where a byte of the old one stands. None where its line has changed.
    fn moved(&self, start: usize) -> Option<usize> {
        let own = self.old.at(start);
        let regions = &self.change.regions;
        if regions.iter().any(|region| region.old.contains(&own)) {
            return None;
        }
        let above = regions_above(regions, |region| region.old.end <= own);
        let line = own + above.iter().map(|region| region.new.len()).sum::<usize>();
        let line = line - above.iter().map(|region| region.old.len()).sum::<usize>();
        Some(self.new.start(line) + (start - self.old.start(own)))
    }

    /// The same back: the byte of the old text where a range of the new one begins that touches nothing that has changed.
    pub(super) fn moved_back(&self, start: usize) -> usize {
        let own = self.new.at(start);
        let above = regions_above(&self.change.regions, |region| region.new.end <= own);
        let line = own + above.iter().map(|region| region.old.len()).sum::<usize>();
        let line = line - above.iter().map(|region| region.new.len()).sum::<usize>();
        self.old.start(line) + (start - self.new.start(own))
    }

    /// Puts the file as it was in place of what it is.
    pub(super) fn take_back(&self, texts: &mut FxHashMap<PathBuf, Option<Arc<String>>>) {
        if let Some(new) = &self.change.new {
            texts.entry(new.clone()).or_insert(None);
        }
        if let Some(old) = &self.change.old {
            texts.insert(old.clone(), self.change.old_text.clone());
        }
    }

    /// The text with what is above a region as it was.
    pub(super) fn in_part(&self, region: &Region) -> Arc<String> {
        let (old, new) = self.cut(region);
        let above = self
            .change
            .old_text
            .as_deref()
            .and_then(|text| text.get(..old));
        let text = above.unwrap_or_default().to_owned();
        (text + self.text.get(new..).unwrap_or_default()).into()
    }

    /// Where a byte of the new text stands in that one.
    pub(super) fn moved_in_part(&self, start: usize, region: &Region) -> usize {
        match self.cut(region) {
            (old, new) if new <= start => old + (start - new),
            _ => self.moved_back(start),
        }
    }

    /// The bytes of the old and of the new text where a region begins.
    fn cut(&self, region: &Region) -> (usize, usize) {
        (
            self.old.start(region.old.start),
            self.new.start(region.new.start),
        )
    }

    /// The line, from 1, and the bytes of the new text that stand for a region: its first line, or the one that follows what is gone.
    pub(super) fn shown(&self, region: &Region) -> (usize, Range<usize>) {
        let start = self.new.start(region.new.start);
        let line = self.text.get(start..).and_then(|text| text.lines().next());
        let line = line.unwrap_or_default();
        let blank = line.len() - line.trim_start().len();
        let range = start + blank..start + line.trim_end().len().max(blank);
        (self.new.at(start) + 1, range)
    }
}

fn regions_above(regions: &[Region], is_above: impl Fn(&Region) -> bool) -> &[Region] {
    &regions[..regions.partition_point(is_above)]
}

/// The files that have changed, by their paths after and before.
pub(super) struct Map<'c> {
    pub(super) files: Vec<Changed<'c>>,
    new: FxHashMap<&'c Path, usize>,
    old: FxHashMap<&'c Path, usize>,
}

impl<'c> Map<'c> {
    /// `after` has the texts after the change.
    pub(super) fn new(changes: &'c [FileChange], after: &Snapshot) -> Map<'c> {
        let index = |side: fn(&FileChange) -> &Option<PathBuf>| {
            let files = changes.iter().enumerate();
            let named = files.filter_map(move |(at, file)| Some((side(file).as_deref()?, at)));
            named.collect()
        };
        Map {
            files: changes
                .iter()
                .map(|file| Changed::new(file, after))
                .collect(),
            new: index(|file| &file.new),
            old: index(|file| &file.old),
        }
    }

    /// The file that stands at a path after the change, where it has changed.
    pub(super) fn after(&self, path: &Path) -> Option<(usize, &Changed<'c>)> {
        let at = *self.new.get(path)?;
        Some((at, self.files.get(at)?))
    }

    /// Whether a place after the change lies on what has changed.
    pub(super) fn touches(&self, place: &Place) -> bool {
        let file = self.after(&place.path);
        file.is_some_and(|(_, file)| file.touches(&place.range))
    }

    /// Where the first line of a place before the change stands after it, and the byte that the place starts at. None where that line has changed.
    pub(super) fn moved<'p>(&'p self, place: &'p Place) -> Option<(&'p Path, usize)> {
        match self.old.get(place.path.as_path()) {
            Some(&at) => {
                let file = self.files.get(at)?;
                let start = file.moved(place.range.start)?;
                Some((file.change.new.as_deref()?, start))
            }
            // another file may have taken its place
            None if self.new.contains_key(place.path.as_path()) => None,
            None => Some((&place.path, place.range.start)),
        }
    }
}
