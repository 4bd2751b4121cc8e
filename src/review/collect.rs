//! Which files a call of `check` is about.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::{Problem, Request, shown};
use crate::analysis::Snapshot;
use crate::config::SettingsProblem;
use crate::text;

/// A path that was asked for and is not there.
#[derive(Debug, thiserror::Error)]
#[error("there is no file or folder `{}`: check the path", .0.escape_debug())]
pub struct Missing(pub(super) String);

/// What a call of `check` is about.
#[derive(Default)]
pub(super) struct Input {
    /// Sorted, each once. A file that is named is taken whatever it is called; below a folder, Python files are.
    pub(super) files: Vec<PathBuf>,
    /// The folders that were named.
    pub(super) folders: Vec<PathBuf>,
    /// The file that stdin stands for, which is one of `files`, and its text.
    pub(super) stdin: Option<(PathBuf, String)>,
    /// What could not be read.
    pub(super) unread: Vec<Problem>,
}

/// Finds the files, and reads stdin where it is named.
///
/// # Errors
/// When a path does not exist.
pub(super) fn input(
    request: &Request,
    working_directory: &Path,
    snapshot: &Snapshot,
) -> Result<Input, Missing> {
    let (stdin, paths): (Vec<_>, Vec<_>) = request
        .paths
        .iter()
        .cloned()
        .partition(|path| is_stdin(path));
    let mut input = match stdin.is_empty() || !paths.is_empty() {
        true => named(&paths, working_directory, snapshot, request.cache)?,
        false => Input::default(),
    };
    if !stdin.is_empty() {
        let name = request.stdin_filename.as_deref();
        let name = name.unwrap_or(Path::new("stdin.py"));
        let path = plain(&working_directory.join(name));
        match read_stdin() {
            Ok(text) => {
                input.files.push(path.clone());
                input.stdin = Some((path, text));
            }
            Err(message) => input.unread.push(Problem {
                shown: shown(&path, working_directory),
                line: None,
                message,
            }),
        }
    }
    input.files.sort();
    input.files.dedup();
    Ok(input)
}

/// Finds the files; without paths those of the working directory. With `cache` what is below folders is taken from the user's cache directory.
///
/// # Errors
/// When a path does not exist.
pub(super) fn named(
    paths: &[PathBuf],
    working_directory: &Path,
    snapshot: &Snapshot,
    cache: bool,
) -> Result<Input, Missing> {
    let here = [PathBuf::from(".")];
    let paths = if paths.is_empty() { &here } else { paths };
    let mut input = Input::default();
    for path in paths {
        let absolute = plain(&working_directory.join(path));
        if absolute.is_dir() {
            let found = snapshot.python_files(&absolute, cache);
            input.files.extend(found.files);
            input
                .unread
                .extend(found.unread.into_iter().map(|(path, message)| Problem {
                    shown: shown(&path, working_directory),
                    line: None,
                    message,
                }));
            input.folders.push(absolute);
        } else if absolute.symlink_metadata().is_ok() {
            input.files.push(absolute);
        } else {
            return Err(Missing(path.to_string_lossy().into_owned()));
        }
    }
    input.files.sort();
    input.files.dedup();
    Ok(input)
}

fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

fn read_stdin() -> Result<String, String> {
    let mut bytes = Vec::new();
    io::stdin()
        .lock()
        .read_to_end(&mut bytes)
        .map_err(|error| format!("cannot read stdin: {error}"))?;
    text::decode(bytes).map_err(|error| error.to_string())
}

/// Without `.` and `..`, as far as the path itself says.
pub(super) fn plain(path: &Path) -> PathBuf {
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

/// What is wrong with the configuration files of these files, and with the cards that they name: each problem once.
pub(super) fn settings_problems(
    files: &[PathBuf],
    snapshot: &Snapshot,
    working_directory: &Path,
) -> Vec<Problem> {
    let mut folders: Vec<&Path> = files.iter().filter_map(|file| file.parent()).collect();
    folders.dedup();
    let mut problems = Vec::new();
    for folder in folders {
        let config = snapshot.config(&folder.join("any.py"));
        // a card among the files that is wrong has a finding
        let is_found = |problem: &SettingsProblem| {
            let mut cards = config.knowledge.invalid().iter();
            files.binary_search(&problem.path).is_ok()
                && cards.any(|card| problem.path == Path::new(&card.path))
        };
        let other = config.problems.iter().filter(|problem| !is_found(problem));
        problems.extend(other.map(|problem| Problem {
            shown: shown(&problem.path, working_directory),
            line: problem.line,
            message: problem.message.clone(),
        }));
    }
    problems.sort();
    problems.dedup();
    problems
}
