//! Which files a call of `check` is about.

use std::path::{Path, PathBuf};

use super::shown;
use crate::analysis::Snapshot;

/// A path that was asked for and is not there.
#[derive(Debug, thiserror::Error)]
#[error("there is no file or folder `{}`: check the path", .0.escape_debug())]
pub struct Missing(String);

/// The files to check, sorted, each once; and the folders that were named. A file that is named is taken whatever it is called; below a folder, Python files are.
///
/// # Errors
/// When a path does not exist.
pub(super) fn files(
    paths: &[PathBuf],
    working_directory: &Path,
    snapshot: &Snapshot,
) -> Result<(Vec<PathBuf>, Vec<PathBuf>), Missing> {
    let here = [PathBuf::from(".")];
    let paths = if paths.is_empty() { &here[..] } else { paths };
    let (mut files, mut folders) = (Vec::new(), Vec::new());
    for path in paths {
        let absolute = plain(&working_directory.join(path));
        if absolute.is_dir() {
            files.extend(snapshot.python_files(&absolute));
            folders.push(absolute);
        } else if absolute.symlink_metadata().is_ok() {
            files.push(absolute);
        } else {
            return Err(Missing(path.to_string_lossy().into_owned()));
        }
    }
    files.sort();
    files.dedup();
    Ok((files, folders))
}

/// Without `.` and `..`, as far as the path itself says.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::CurDir => {}
            std::path::Component::ParentDir => {
                plain.pop();
            }
            part => plain.push(part),
        }
    }
    plain
}

/// What is wrong with the configuration files of these files: each problem once.
pub(super) fn settings_problems(
    files: &[PathBuf],
    snapshot: &Snapshot,
    working_directory: &Path,
) -> Vec<(String, String)> {
    let mut folders: Vec<&Path> = files.iter().filter_map(|file| file.parent()).collect();
    folders.dedup();
    let mut problems = Vec::new();
    for folder in folders {
        for problem in &snapshot.config(&folder.join("any.py")).problems {
            let place = format!(
                "{}:{}",
                shown(&problem.path, working_directory),
                problem.line
            );
            problems.push((place, problem.message.clone()));
        }
    }
    problems.sort();
    problems.dedup();
    problems
}
