//! The Python files below folders.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use ignore::WalkState;

use crate::config::{Config, ConfigCache, walker};

/// Whether a file's name says that it is Python.
pub fn is_python(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension == "py" || extension == "pyi")
}

/// The Python files below a folder.
#[derive(Debug, Default)]
pub struct PythonFiles {
    /// Sorted.
    pub files: Vec<PathBuf>,
    /// The folders that were looked into, in no order.
    pub folders: Vec<PathBuf>,
    /// What could not be looked into, and why, sorted.
    pub unread: Vec<(PathBuf, String)>,
}

/// The files below a folder whose names are wanted: without what the configuration excludes, hidden files, what `.gitignore` names (where the configuration
/// respects it) and what links lead to.
pub fn files(
    root: &Path,
    config: &ConfigCache,
    is_wanted: impl Fn(&Path) -> bool + Sync,
) -> PythonFiles {
    let git = config.for_folder(root).respect_gitignore;
    let found = Mutex::new(PythonFiles::default());
    let walk = walker(root, git).build_parallel();
    walk.run(|| {
        // what is in one folder comes one after the other
        let mut last: Option<(PathBuf, Arc<Config>)> = None;
        let found = &found;
        let is_wanted = &is_wanted;
        Box::new(move |entry| {
            let add = || found.lock().unwrap_or_else(PoisonError::into_inner);
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    add().unread.extend(unread(&error, root));
                    return WalkState::Continue;
                }
            };
            let path = entry.path();
            let folder = path.parent().unwrap_or(root);
            if last.as_ref().is_none_or(|(known, _)| known != folder) {
                last = Some((folder.to_owned(), config.for_folder(folder)));
            }
            let config = last.as_ref().map(|(_, config)| config);
            if path != root && config.is_some_and(|config| config.excluded(path)) {
                return WalkState::Skip;
            }
            match entry.file_type() {
                Some(kind) if kind.is_dir() => add().folders.push(entry.into_path()),
                Some(kind) if kind.is_file() && is_wanted(path) => {
                    add().files.push(entry.into_path());
                }
                _ => {}
            }
            WalkState::Continue
        })
    });
    let mut found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    found.files.sort();
    found.unread.sort();
    found
}

/// The place that a walk could not look into. None where it has vanished meanwhile.
fn unread(error: &ignore::Error, root: &Path) -> Option<(PathBuf, String)> {
    let reason = error.io_error();
    if reason.is_some_and(|reason| reason.kind() == io::ErrorKind::NotFound) {
        return None;
    }
    let reason = reason.map_or_else(|| error.to_string(), io::Error::to_string);
    let path = path_of(error).unwrap_or(root);
    Some((path.to_owned(), format!("cannot read the folder: {reason}")))
}

fn path_of(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => {
            path_of(err)
        }
        _ => None,
    }
}
