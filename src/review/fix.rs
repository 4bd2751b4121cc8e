//! `check --fix`: the fixes of findings made in files, or printed as a patch.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use similar::TextDiff;

use super::format::text::plural;
use super::write::{NotWritten, Original};
use super::{Problem, interrupt, shown};
use crate::analysis::{Analysis, fixing};
use crate::project::is_notebook;
use crate::rules::{Edit, Fix};
use crate::text::{self, NotebookText};

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
    /// Of a notebook its JSON.
    text: String,
    is_notebook: bool,
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
            if fixes.is_empty() || all.left.contains_key(path) {
                continue;
            }
            let Some(document) = snapshot.document(path) else {
                continue;
            };
            let fixes: Vec<&Fix> = fixes.into_iter().map(|(_, fix)| fix).collect();
            if let Some(after) = all.take(path, &document.text(), &fixes, roots) {
                has_changed = true;
                after.open(analysis, path);
            }
        }
        if !has_changed {
            break;
        }
    }
    all
}

impl FixedFiles {
    /// Makes fixes in the text of a file, of which the analysis knows `before`. None where nothing of it changes or may be changed.
    fn take(
        &mut self,
        path: &Path,
        before: &str,
        fixes: &[&Fix],
        roots: &[PathBuf],
    ) -> Option<&Fixed> {
        let mut fixed = match self.fixed.remove(path) {
            Some(fixed) => fixed,
            None => match Fixed::nothing(path, before, roots) {
                Ok(fixed) => fixed,
                Err(error) => {
                    self.left.insert(path.to_owned(), error);
                    return None;
                }
            },
        };
        let has_changed = fixed.make(fixes);
        if fixed.fixes > 0 {
            self.fixed.insert(path.to_owned(), fixed);
        }
        self.fixed.get(path).filter(|_| has_changed)
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

impl Fixed {
    /// The file as it was when the analysis read it.
    fn nothing(path: &Path, known: &str, roots: &[PathBuf]) -> Result<Fixed, NotWritten> {
        let original = Original::read(path, roots)?;
        let text = text::decode(original.bytes.as_slice()).map_err(|_| NotWritten::Changed)?;
        let is_notebook = is_notebook(path);
        let is_known = match is_notebook {
            true => NotebookText::read(&text).is_ok_and(|read| read.cells().text() == known),
            false => text == known,
        };
        if !is_known {
            return Err(NotWritten::Changed);
        }
        Ok(Fixed {
            original,
            text,
            is_notebook,
            fixes: 0,
        })
    }

    /// Makes fixes that can be made together; of those in a notebook the ones that leave alone what is for IPython. Whether the text changes.
    fn make(&mut self, fixes: &[&Fix]) -> bool {
        let (after, made) = match self.is_notebook {
            false => {
                let edits = fixes.iter().flat_map(|fix| &fix.edits);
                (fixing::applied(&self.text, edits), fixes.len())
            }
            true => {
                let Ok(notebook) = NotebookText::read(&self.text) else {
                    return false;
                };
                let is_editable = |edit: &Edit| notebook.is_editable(&edit.place.range);
                let mut fixes = fixes.to_vec();
                fixes.retain(|fix| fix.edits.iter().all(is_editable));
                let edits = fixes.iter().flat_map(|fix| &fix.edits);
                let edits = edits.map(|edit| (&edit.place.range, edit.text.as_str()));
                let edits: Vec<_> = edits.collect();
                (notebook.edited(&edits), fixes.len())
            }
        };
        match after {
            Some(after) if after != self.text => {
                self.text = after;
                self.fixes += made;
                true
            }
            _ => false,
        }
    }

    /// Has the analysis go on with the text.
    fn open(&self, analysis: &mut Analysis, path: &Path) {
        match self.is_notebook.then(|| NotebookText::read(&self.text)) {
            Some(Ok(notebook)) => analysis.open_notebook(path.to_owned(), notebook.cells().clone()),
            _ => analysis.open(path.to_owned(), 0, &self.text),
        }
    }

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
