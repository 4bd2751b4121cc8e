//! `check --fix`: the fixes of findings made in files, or printed as a patch.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use similar::TextDiff;

use super::format::text::plural;
use super::write::{NotWritten, Original};
use super::{Problem, interrupt, shown};
use crate::analysis::{Analysis, fixing};
use crate::text;

/// The most rounds: what overlaps waits for the next one, and a fix may show something else to fix.
const ROUNDS: usize = 10;

/// Which fixes are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fixing {
    /// Also those that may change what a correct program means.
    pub unsafe_too: bool,
    /// Nothing is written; the changes are printed as a patch.
    pub diff_only: bool,
}

/// A file with fixes made.
struct Fixed {
    original: Original,
    text: String,
    /// How many fixes.
    fixes: usize,
}

/// The files with fixes made, by path, and why others are left as they are.
pub(super) struct FixedFiles {
    fixed: BTreeMap<PathBuf, Fixed>,
    left: BTreeMap<PathBuf, NotWritten>,
    here: PathBuf,
}

/// Makes fixes in the texts, again and again until there are no more. The new texts stand in documents that are open in `analysis`; nothing is written yet.
/// `roots` are the folders that are checked, out of which no link leads.
pub(super) fn fixed(
    analysis: &mut Analysis,
    files: &[PathBuf],
    fixing: Fixing,
    roots: &[PathBuf],
    here: &Path,
) -> FixedFiles {
    let mut all = FixedFiles {
        fixed: BTreeMap::new(),
        left: BTreeMap::new(),
        here: here.to_owned(),
    };
    for _ in 0..ROUNDS {
        let snapshot = analysis.snapshot();
        let reports = snapshot.check(files, &|| {});
        let mut has_changed = false;
        for (path, report) in files.iter().zip(reports) {
            let fixes = fixing::together(path, &report.findings, fixing.unsafe_too);
            // the text of a notebook's code is not what stands in its file
            let is_notebook = snapshot.cells(path).is_some();
            if fixes.is_empty() || is_notebook || all.left.contains_key(path) {
                continue;
            }
            let edits = fixes.iter().flat_map(|(_, fix)| &fix.edits);
            let document = snapshot.document(path);
            let Some((before, after)) = document.and_then(|document| {
                let after = fixing::applied(&document.text(), edits)?;
                Some((document.text(), after))
            }) else {
                continue;
            };
            if all.take(path, &before, &after, fixes.len(), roots) {
                has_changed |= after != *before;
                analysis.open(path.clone(), 0, &after);
            }
        }
        if !has_changed {
            break;
        }
    }
    all
}

impl FixedFiles {
    /// Keeps the text of a file after more fixes. Whether the file may be changed.
    fn take(
        &mut self,
        path: &Path,
        before: &str,
        after: &str,
        fixes: usize,
        roots: &[PathBuf],
    ) -> bool {
        if let Some(fixed) = self.fixed.get_mut(path) {
            after.clone_into(&mut fixed.text);
            fixed.fixes += fixes;
            return true;
        }
        match original(path, before, roots) {
            Ok(original) => {
                let fixed = Fixed {
                    original,
                    text: after.to_owned(),
                    fixes,
                };
                self.fixed.insert(path.to_owned(), fixed);
                true
            }
            Err(error) => {
                self.left.insert(path.to_owned(), error);
                false
            }
        }
    }

    /// Puts the new texts in place of the old ones, and says on stderr how many fixes were made.
    pub(super) fn write(&mut self) {
        let (mut fixes, mut files) = (0, 0);
        for (path, fixed) in &self.fixed {
            let bytes = fixed.bytes();
            match bytes.and_then(|bytes| interrupt::whole(|| fixed.original.replace(&bytes))) {
                Ok(()) => {
                    fixes += fixed.fixes;
                    files += 1;
                }
                Err(error) => {
                    self.left.insert(path.clone(), error);
                }
            }
        }
        if fixes > 0 {
            let (fixes, files) = (
                if fixes == 1 {
                    "1 fix".to_owned()
                } else {
                    format!("{fixes} fixes")
                },
                plural(files, "file"),
            );
            eprintln!("marginote: made {fixes} in {files}");
        }
    }

    /// Writes what would change as a unified diff that `git apply` and `patch -p1` take. Whether anything would.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn write_patch(&mut self, out: &mut dyn Write) -> io::Result<bool> {
        let mut has_any = false;
        for (path, fixed) in &self.fixed {
            let bytes = match fixed.bytes() {
                Ok(bytes) => bytes,
                Err(error) => {
                    self.left.insert(path.clone(), error);
                    continue;
                }
            };
            let name = shown(path, &self.here);
            let (old, new) = (quoted("a/", &name), quoted("b/", &name));
            let diff = TextDiff::from_lines(&fixed.original.bytes, &bytes);
            let mut unified = diff.unified_diff();
            unified.header(&old, &new).to_writer(&mut *out)?;
            has_any |= bytes != fixed.original.bytes;
        }
        Ok(has_any)
    }

    /// The files whose texts are other ones now.
    pub(super) fn paths(&self) -> impl Iterator<Item = &Path> {
        self.fixed.keys().map(PathBuf::as_path)
    }

    /// The files that were left as they are, though there was something to fix.
    pub(super) fn problems(&self) -> impl Iterator<Item = Problem> {
        self.left.iter().map(|(path, error)| Problem {
            shown: shown(path, &self.here),
            line: None,
            message: format!("the file is not fixed: {error}"),
        })
    }
}

/// The file as it was when the analysis read it.
fn original(path: &Path, text: &str, roots: &[PathBuf]) -> Result<Original, NotWritten> {
    let original = Original::read(path, roots)?;
    match text::decode(&original.bytes) {
        Ok(read) if read == text => Ok(original),
        _ => Err(NotWritten::Changed),
    }
}

impl Fixed {
    fn bytes(&self) -> Result<Vec<u8>, NotWritten> {
        let bytes = text::encode(&self.text, &self.original.bytes);
        bytes.ok_or_else(|| {
            io::Error::other("the fix has characters that the file's encoding does not have").into()
        })
    }
}

/// A name as git writes it into a patch: in quotes where it has to be.
fn quoted(side: &str, name: &str) -> String {
    let is_plain = |c: char| !c.is_control() && c != '"' && c != '\\';
    if name.chars().all(is_plain) {
        return format!("{side}{name}");
    }
    let mut quoted = format!("\"{side}");
    for byte in name.bytes() {
        match byte {
            b'"' | b'\\' => quoted.extend(['\\', char::from(byte)]),
            b' '..=b'~' => quoted.push(char::from(byte)),
            _ => quoted.push_str(&format!("\\{byte:03o}")),
        }
    }
    quoted + "\""
}
