//! The Python files below folders.

use std::path::{Path, PathBuf};

use ignore::{WalkBuilder, WalkState};
use std::sync::Mutex;

use crate::config::ConfigCache;

/// Whether a file's name says that it is Python.
pub fn is_python(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension == "py" || extension == "pyi")
}

/// The Python files below a folder, sorted: without what the configuration excludes, hidden files, what `.gitignore` names (where the configuration
/// respects it) and what links lead to.
pub fn python_files(root: &Path, config: &ConfigCache) -> Vec<PathBuf> {
    let git = config.for_folder(root).respect_gitignore;
    let found = Mutex::new(Vec::new());
    let walker = WalkBuilder::new(root)
        .git_ignore(git)
        .git_global(git)
        .git_exclude(git)
        .ignore(git)
        .require_git(false)
        .follow_links(false)
        .build_parallel();
    walker.run(|| {
        Box::new(|entry| {
            let Ok(entry) = entry else {
                return WalkState::Continue;
            };
            let path = entry.path();
            let folder = path.parent().unwrap_or(root);
            if path != root && config.for_folder(folder).excluded(path) {
                return WalkState::Skip;
            }
            let is_file = entry.file_type().is_some_and(|kind| kind.is_file());
            if is_file
                && is_python(path)
                && let Ok(mut found) = found.lock()
            {
                found.push(entry.into_path());
            }
            WalkState::Continue
        })
    });
    let mut found = found.into_inner().unwrap_or_default();
    found.sort();
    found
}
