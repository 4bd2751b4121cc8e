//! `check --diff` and `--patch`: what a change did to the files, and which findings it concerns.

mod cause;
mod compare;
mod git;
mod lines;
mod patch;

use std::borrow::Cow;
use std::io::Read;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Problem, shown};
use crate::project::is_notebook;
use crate::text::Notebook;
use git::Repository;

/// The change that findings are shown for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    pub source: Source,
    /// Whether the other findings are shown too, marked as there before.
    pub all: bool,
}

/// Where a change comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// What has changed in the work tree since the merge base of a git revision and `HEAD`.
    Revision {
        revision: String,
        /// Whether files that git does not know are new ones.
        untracked: bool,
    },
    /// A unified diff; `-` is stdin. The files are as they are after it.
    Patch(PathBuf),
}

/// Why it is not known what has changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    #[error(
        "--diff needs the program `git`, which is not on the path: install it, or give a patch with --patch"
    )]
    NoGit,
    #[error("--diff needs a git repository: {0}")]
    NoRepository(String),
    #[error("git knows no revision `{name}`{why}", name = .0.escape_debug(), why = .1)]
    NoRevision(String, &'static str),
    #[error("`{name}` and HEAD have no common commit{why}", name = .0.escape_debug(), why = .1)]
    NoMergeBase(String, &'static str),
    #[error("git cannot say what has changed: {0}")]
    Git(String),
    #[error("the patch `{name}` cannot be read: {why}", name = .0.escape_debug(), why = .1)]
    UnreadPatch(String, std::io::Error),
    #[error("this is no unified diff: {0}")]
    NoPatch(String),
    #[error("the patch names `{}`, which is not below the folder that it is for", .0.escape_debug())]
    Outside(String),
    #[error("the patch changes `{}` as a binary file, which has no lines", .0.escape_debug())]
    Binary(String),
    #[error("the patch changes `{name}`, which cannot be read ({why}): the files must be as they are after the patch", name = .0.escape_debug(), why = .1)]
    Unread(String, String),
    #[error("the patch does not fit line {line} of `{name}`: the files must be as they are after the patch", name = .0.escape_debug(), line = .1)]
    DoesNotFit(String, usize),
}

/// Lines that were replaced by others, both from 0; one of them may be none.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Region {
    old: Range<usize>,
    new: Range<usize>,
}

/// What happened to a file. Lines end with `\n` here, as they do for git. Those of a notebook are lines of its code.
#[derive(Clone, Debug)]
struct FileChange {
    /// Where it stood before.
    old: Option<PathBuf>,
    /// Where it stands now.
    new: Option<PathBuf>,
    /// What stood there; of a notebook its JSON. None also where that was no text.
    old_text: Option<Arc<String>>,
    /// From top to bottom.
    regions: Vec<Region>,
}

/// What has changed, and what of it cannot be looked into.
pub(super) struct Change {
    files: Vec<FileChange>,
    pub(super) problems: Vec<Problem>,
}

impl Change {
    /// Finds out what has changed. `files` are those that are checked.
    ///
    /// # Errors
    /// When git or the patch cannot be asked, or the patch is not what led to the files.
    pub(super) fn read(
        asked: &Asked,
        files: &[PathBuf],
        here: &Path,
    ) -> Result<Change, ChangeError> {
        match &asked.source {
            Source::Patch(path) => {
                let patch = read_patch(path)?;
                let folder = |names: &[&Path]| folder_of(names, here);
                Ok(Change {
                    files: patch::changes(&patch, folder, files)?,
                    problems: Vec::new(),
                })
            }
            Source::Revision {
                revision,
                untracked,
            } => {
                let repository = Repository::find(here, revision)?;
                let patch = repository.patch(files)?;
                let top = |_: &[&Path]| repository.top.clone();
                let mut changes = patch::changes(&patch, top, files)?;
                if *untracked {
                    let paths = repository.untracked()?;
                    let paths = paths
                        .into_iter()
                        .filter(|path| files.binary_search(path).is_ok());
                    changes.extend(paths.map(FileChange::created));
                }
                let submodules = repository.submodules()?.into_iter();
                let submodules =
                    submodules.filter(|folder| files.iter().any(|file| file.starts_with(folder)));
                let problem = |folder: PathBuf| {
                    Problem {
                    shown: shown(&folder, here),
                    line: None,
                    message: "this submodule stands at another commit; what changed in it is not looked at: check it by itself".to_owned(),
                }
                };
                Ok(Change {
                    files: changes,
                    problems: submodules.map(problem).collect(),
                })
            }
        }
    }
}

/// The Python in the text of a file. None for a notebook that is broken.
fn code<'t>(path: &Path, text: &'t str) -> Option<Cow<'t, str>> {
    match is_notebook(path) {
        true => Some(Notebook::read(text).ok()?.code().text().to_owned().into()),
        false => Some(text.into()),
    }
}

impl FileChange {
    /// A file that was not there before.
    fn created(path: PathBuf) -> FileChange {
        FileChange {
            old: None,
            new: Some(path),
            old_text: None,
            regions: vec![Region {
                old: 0..0,
                new: 0..usize::MAX,
            }],
        }
    }
}

fn read_patch(path: &Path) -> Result<Vec<u8>, ChangeError> {
    let read = match path.as_os_str() == "-" {
        true => {
            let mut bytes = Vec::new();
            std::io::stdin()
                .lock()
                .read_to_end(&mut bytes)
                .map(|_| bytes)
        }
        false => std::fs::read(path),
    };
    read.map_err(|error| ChangeError::UnreadPatch(path.display().to_string(), error))
}

/// The folder that a patch is for: the working directory, or the nearest above it in the repository that has the files.
fn folder_of(names: &[&Path], here: &Path) -> PathBuf {
    let top = here.ancestors().find(|folder| folder.join(".git").exists());
    let top = top.unwrap_or(here);
    let mut folders = here
        .ancestors()
        .take_while(|folder| folder.starts_with(top));
    let has_all = |folder: &&Path| names.iter().all(|name| folder.join(name).is_file());
    folders.find(has_all).unwrap_or(here).to_owned()
}

/// A path as git and patches write it.
#[cfg(unix)]
fn os_path(bytes: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    PathBuf::from(std::ffi::OsStr::from_bytes(bytes))
}

/// A path as git and patches write it.
#[cfg(not(unix))]
fn os_path(bytes: &[u8]) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(bytes).into_owned())
}
