//! A patch, taken back: what the files were before it.

use std::ops::Range;
use std::path::{Component, Path, PathBuf};

use diffy::patch_set::{FileMode, FileOperation, FilePatch, ParseOptions, PatchKind, PatchSet};
use diffy::{Hunk, Line};
use similar::{Algorithm, DiffTag, capture_diff_slices};

use super::{ChangeError, FileChange, Region, code, os_path};
use crate::analysis::is_python;
use crate::project::is_notebook;
use crate::text;

/// A file of a patch: paths below the folder that the patch is for.
struct Part<'p> {
    old: Option<PathBuf>,
    new: Option<PathBuf>,
    patch: PatchKind<'p, [u8]>,
}

/// What a patch changed in Python files and in `others`. The files stand as they are after it.
///
/// # Errors
/// When it is no patch, or does not fit the files.
pub(super) fn changes(
    patch: &[u8],
    folder: impl FnOnce(&[&Path]) -> PathBuf,
    others: &[PathBuf],
) -> Result<Vec<FileChange>, ChangeError> {
    // no change at all is one too
    if patch.trim_ascii().is_empty() {
        return Ok(Vec::new());
    }
    let mut parts = parts(patch)?;
    let is_code = |part: &Part| {
        let mut paths = part.old.iter().chain(&part.new);
        paths.any(|path| {
            is_python(path) || is_notebook(path) || others.iter().any(|other| other.ends_with(path))
        })
    };
    parts.retain(is_code);
    let new: Vec<&Path> = parts
        .iter()
        .filter_map(|part| part.new.as_deref())
        .collect();
    let folder = folder(&new);
    let changes = parts
        .into_iter()
        .filter_map(|part| part.change(&folder).transpose());
    changes.collect()
}

fn parts(patch: &[u8]) -> Result<Vec<Part<'_>>, ChangeError> {
    let is_git = patch.starts_with(b"diff --git ")
        || memchr::memmem::find(patch, b"\ndiff --git ").is_some();
    let options = match is_git {
        true => ParseOptions::gitdiff(),
        false => ParseOptions::unidiff(),
    };
    let files: Result<Vec<_>, _> = PatchSet::parse_bytes(patch, options).collect();
    let files = files.map_err(|error| ChangeError::NoPatch(error.to_string()))?;
    let strip = usize::from(files.iter().any(|file| has_prefix(file.operation())));
    let files = files.into_iter().filter(|file| !is_link(file));
    files.map(|file| Part::new(file, strip)).collect()
}

/// Whether paths begin with a folder that only tells the sides apart, as git's `a/` and `b/` do.
fn has_prefix(operation: &FileOperation<'_, [u8]>) -> bool {
    match operation {
        FileOperation::Modify { original, modified } => {
            original != modified && original.contains(&b'/') && modified.contains(&b'/')
        }
        FileOperation::Create(path) => path.starts_with(b"b/"),
        FileOperation::Delete(path) => path.starts_with(b"a/"),
        FileOperation::Rename { .. } | FileOperation::Copy { .. } => false,
    }
}

fn is_link(file: &FilePatch<'_, [u8]>) -> bool {
    let mut modes = file.old_mode().into_iter().chain(file.new_mode());
    modes.any(|mode| matches!(mode, FileMode::Symlink | FileMode::Gitlink))
}

impl<'p> Part<'p> {
    fn new(file: FilePatch<'p, [u8]>, strip: usize) -> Result<Part<'p>, ChangeError> {
        let (old, new) = match file.operation().strip_prefix(strip) {
            FileOperation::Delete(path) => (Some(below(&path)?), None),
            FileOperation::Create(path) => (None, Some(below(&path)?)),
            // what stands for the old side in a patch that is not git's may be a copy of another name
            FileOperation::Modify { modified, .. } => {
                let path = below(&modified)?;
                (Some(path.clone()), Some(path))
            }
            // these are written without prefixes
            FileOperation::Rename { .. } | FileOperation::Copy { .. } => match file.operation() {
                FileOperation::Rename { from, to } => (Some(below(from)?), Some(below(to)?)),
                FileOperation::Copy { to, .. } => (None, Some(below(to)?)),
                _ => (None, None),
            },
        };
        let patch = file.into_patch();
        Ok(Part { old, new, patch })
    }

    /// The change of a file below a folder. None where it is none.
    fn change(self, folder: &Path) -> Result<Option<FileChange>, ChangeError> {
        let name = self.new.as_ref().or(self.old.as_ref());
        let name = name.map_or_else(String::new, |path| path.display().to_string());
        let PatchKind::Text(patch) = &self.patch else {
            return Err(ChangeError::Binary(name));
        };
        let new = self.new.as_ref().map(|path| folder.join(path));
        // `diff -N` has an empty file where there is none
        let ends = |hunk: &Hunk<'_, [u8]>| hunk.new_range().is_empty();
        let new = new.filter(|path| !patch.hunks().iter().all(ends) || path.exists());
        // what a link leads to is no part of the change
        if new.as_ref().is_some_and(|path| path.is_symlink()) {
            return Ok(None);
        }
        let after = match &new {
            Some(path) => std::fs::read(path)
                .map_err(|error| ChangeError::Unread(name.clone(), error.to_string()))?,
            None => Vec::new(),
        };
        let (before, regions) = taken_back(&after, patch.hunks())
            .map_err(|line| ChangeError::DoesNotFit(name, line))?;
        let old = self.old.as_ref().map(|path| folder.join(path));
        let old = old.filter(|_| !before.is_empty());
        let old_text = old
            .as_ref()
            .and_then(|_| text::decode(before.as_slice()).ok());
        let regions = match new.as_ref().or(old.as_ref()) {
            Some(path) if is_notebook(path) => {
                let after = text::decode(after).unwrap_or_default();
                code_regions(path, old_text.as_deref().unwrap_or_default(), &after)
            }
            _ => regions,
        };
        Ok(Some(FileChange {
            old_text: old_text.map(Into::into),
            old,
            new,
            regions,
        }))
    }
}

/// What has changed in the code of a notebook, of which both sides are JSON.
fn code_regions(path: &Path, before: &str, after: &str) -> Vec<Region> {
    let lines = |text| {
        let code = code(path, text).unwrap_or_default();
        let lines = code.split_inclusive('\n').map(str::to_owned);
        lines.collect::<Vec<_>>()
    };
    let changes = capture_diff_slices(Algorithm::Myers, &lines(before), &lines(after));
    let changes = changes
        .iter()
        .filter(|change| change.tag() != DiffTag::Equal);
    let region = changes.map(|change| Region {
        old: change.old_range(),
        new: change.new_range(),
    });
    region.collect()
}

/// A path of a patch, which may not lead anywhere but down.
fn below(path: &[u8]) -> Result<PathBuf, ChangeError> {
    let path = os_path(path);
    let mut parts = path.components();
    match parts.all(|part| matches!(part, Component::Normal(_) | Component::CurDir)) {
        true => Ok(path),
        false => Err(ChangeError::Outside(path.display().to_string())),
    }
}

/// The file before hunks, and what they changed.
///
/// # Errors
/// The line, from 1, of the present file that a hunk does not fit.
fn taken_back(after: &[u8], hunks: &[Hunk<'_, [u8]>]) -> Result<(Vec<u8>, Vec<Region>), usize> {
    let after: Vec<&[u8]> = after.split_inclusive(|&byte| byte == b'\n').collect();
    let mut before: Vec<&[u8]> = Vec::new();
    let mut regions: Vec<Region> = Vec::new();
    let mut at = 0;
    for hunk in hunks {
        let range = hunk.new_range();
        // an empty range is named by the line before it
        let start = range.start().saturating_sub(usize::from(!range.is_empty()));
        let kept = after.get(at..start).ok_or(start.saturating_add(1))?;
        before.extend(kept);
        at = start;
        for line in hunk.lines() {
            let (old, new) = (before.len(), at);
            match *line {
                Line::Delete(line) => before.push(line),
                Line::Context(text) | Line::Insert(text) => {
                    let here = after.get(at).filter(|here| is_same(here, text));
                    let here = here.ok_or(at + 1)?;
                    if matches!(line, Line::Context(_)) {
                        before.push(here);
                    }
                    at += 1;
                }
            }
            if !matches!(line, Line::Context(_)) {
                extend(&mut regions, old..before.len(), new..at);
            }
        }
    }
    before.extend(after.get(at..).unwrap_or_default());
    Ok((before.concat(), regions))
}

/// Whether two lines differ in their line ends at most, which git may translate.
fn is_same(one: &[u8], other: &[u8]) -> bool {
    fn bare(line: &[u8]) -> &[u8] {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        line.strip_suffix(b"\r").unwrap_or(line)
    }
    bare(one) == bare(other)
}

/// Adds changed lines to the last region where they follow it.
fn extend(regions: &mut Vec<Region>, old: Range<usize>, new: Range<usize>) {
    match regions.last_mut() {
        Some(last) if last.old.end == old.start && last.new.end == new.start => {
            last.old.end = old.end;
            last.new.end = new.end;
        }
        _ => regions.push(Region { old, new }),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FILE: &str = "a\nb\nc\nd\n";

    fn changed(patch: &str) -> Result<Vec<FileChange>, ChangeError> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(folder.path().join("a.py"), FILE).expect("a file");
        changes(patch.as_bytes(), |_| folder.path().to_owned(), &[])
    }

    #[test]
    fn what_was_there_before_comes_back() {
        let patch = "--- a/a.py\n+++ b/a.py\n@@ -0,0 +1 @@\n+a\n@@ -2,2 +3 @@\n-x\n-y\n+c\n";
        let changes = changed(patch).expect("it fits");
        let old = changes[0].old_text.as_deref();
        assert_eq!(old.map(String::as_str), Some("b\nx\ny\nd\n"));
        let region = |old: Range<usize>, new: Range<usize>| Region { old, new };
        assert_eq!(changes[0].regions, [region(0..0, 0..1), region(1..3, 2..3)]);
    }

    #[test]
    fn any_patch_is_survived() {
        let line = prop_oneof![
            "[-+ ]{0,3}[ab]{0,2}",
            Just("--- a/a.py".to_owned()),
            Just("+++ b/a.py".to_owned()),
            Just("+++ /dev/null".to_owned()),
            Just("diff --git a/a.py b/a.py".to_owned()),
            "(rename (from|to) |old mode |new file mode 1|Binary files |index )(\"a.py|a.py|00644)?",
            "@@ -(0|1|2|18446744073709551615)(,(0|1|3|18446744073709551615))? \\+(0|1|4|18446744073709551615)(,[0-3])? @@",
            Just("\\ No newline at end of file".to_owned()),
        ];
        let lines = prop::collection::vec(line, 0..12);
        proptest!(|(lines in lines)| {
            let _ = changed(&lines.join("\n"));
        });
    }
}
