//! Where notes stand: what the key `notes` names, and the files that are there.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use globset::{GlobBuilder, GlobSet};

use super::{SettingsProblem, walker};

/// How the names of notes end, in any case. A file that is named is taken whatever it is called.
pub const NOTE_EXTENSIONS: &[&str] = &["md", "markdown", "txt", "ipynb"];

/// A file, a folder or a glob of notes, as somebody named it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NotesPath {
    /// What is named; of a glob the deepest folder that holds everything it names. What an editor or a command line names may be relative.
    start: PathBuf,
    /// For a glob: the way from `start`.
    glob: Option<String>,
    /// Where a configuration file names it: the file and the line, from 1. Nothing outside of the file's folder is read for it.
    said: Option<(PathBuf, usize)>,
}

/// The files of notes.
#[derive(Debug, Default)]
pub struct NotesFiles {
    /// Sorted, each once.
    pub files: Vec<PathBuf>,
    /// What is not there or may not be read, sorted.
    pub problems: Vec<SettingsProblem>,
}

impl NotesPath {
    /// Reads an entry of an editor or a command line. `~/` is the home folder.
    ///
    /// # Errors
    /// It is no glob.
    pub(super) fn new(text: &str) -> Result<NotesPath, String> {
        let home = text.strip_prefix("~/").zip(std::env::home_dir());
        match home {
            Some((rest, home)) => NotesPath::below(&home, rest, None),
            None => NotesPath::below(Path::new(""), text, None),
        }
    }

    /// A file or a folder by its path, which is taken as it is: nothing in it is a glob.
    pub fn literal(path: PathBuf) -> NotesPath {
        NotesPath {
            start: path,
            glob: None,
            said: None,
        }
    }

    /// Reads an entry of a configuration file, `said` on this line of it.
    ///
    /// # Errors
    /// It is no glob, or leads out of the file's folder.
    pub(super) fn in_file(text: &str, said: (PathBuf, usize)) -> Result<NotesPath, String> {
        let mut parts = Path::new(text).components();
        let stays = parts.all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
        if !stays || text.starts_with('~') {
            return Err(format!(
                "`{text}` leads out of the folder of this file: only an editor's settings may name such notes"
            ));
        }
        let folder = said.0.parent().unwrap_or(Path::new("")).to_owned();
        NotesPath::below(&folder, text, Some(said))
    }

    fn below(
        folder: &Path,
        text: &str,
        said: Option<(PathBuf, usize)>,
    ) -> Result<NotesPath, String> {
        let is_plain = |part: &&str| !part.contains(['*', '?', '[', '{']);
        let parts: Vec<&str> = text.trim_end_matches('/').split('/').collect();
        let plain = parts.iter().take_while(|part| is_plain(part)).count();
        let (plain, rest) = parts.split_at(plain);
        let mut start = folder.join(plain.join("/"));
        if plain == [""] && text.starts_with('/') {
            start = PathBuf::from("/");
        }
        let glob = (!rest.is_empty()).then(|| rest.join("/"));
        if let Some(glob) = &glob {
            set(glob).map_err(|error| format!("`{text}` is no glob: {}", error.kind()))?;
        }
        Ok(NotesPath { start, glob, said })
    }

    /// The same in each of these folders, where it is relative.
    pub(super) fn in_folders(&self, folders: &[PathBuf]) -> Vec<NotesPath> {
        if self.start.is_absolute() {
            return vec![self.clone()];
        }
        let below = |folder: &PathBuf| NotesPath {
            start: folder.join(&self.start),
            ..self.clone()
        };
        folders.iter().map(below).collect()
    }

    fn problem(&self, message: String) -> SettingsProblem {
        let said = self.said.clone();
        let (path, line) = said.map_or((self.start.clone(), None), |(path, line)| {
            (path, Some(line))
        });
        SettingsProblem {
            path,
            line,
            message: format!("`notes`: {message}"),
        }
    }

    /// Adds the files.
    ///
    /// # Errors
    /// What is named is not there, cannot be read, or is a link that leads out of the folder that must not be left.
    fn collect(&self, git: bool, exclude: &GlobSet, into: &mut NotesFiles) -> Result<(), String> {
        let shown = self.start.display();
        let real = fs::canonicalize(&self.start).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => format!("there is no file or folder `{shown}`"),
            _ => format!("cannot read `{shown}`: {error}"),
        })?;
        if !self.may_be(&real) {
            return Err(format!(
                "`{shown}` is a link that leads out of the folder of this file"
            ));
        }
        if real.is_file() {
            into.files.push(self.start.clone());
            return Ok(());
        }
        let exclude = exclude.clone();
        let glob = self.glob.as_deref().and_then(|glob| set(glob).ok());
        let walk = walker(&self.start, git)
            .filter_entry(move |entry| entry.depth() == 0 || !exclude.is_match(entry.path()))
            .build();
        for entry in walk {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    into.problems.push(self.problem(error.to_string()));
                    continue;
                }
            };
            let path = entry.path();
            let way = path.strip_prefix(&self.start).unwrap_or(path);
            let is_named = glob.as_ref().is_none_or(|glob| glob.is_match(way));
            let is_file = entry.file_type().is_some_and(|kind| kind.is_file());
            if is_file && is_named && is_note(path) {
                into.files.push(path.to_owned());
            }
        }
        Ok(())
    }

    /// Whether this path, without links, may be read.
    fn may_be(&self, real: &Path) -> bool {
        let Some((file, _)) = &self.said else {
            return true;
        };
        let folder = file.parent().map(fs::canonicalize);
        folder.is_some_and(|folder| folder.is_ok_and(|folder| real.starts_with(folder)))
    }
}

/// The files that these paths name, without what is excluded, hidden or led to by links; with `git` also without what `.gitignore` names.
pub(super) fn files(paths: &[NotesPath], git: bool, exclude: &GlobSet) -> NotesFiles {
    let mut found = NotesFiles::default();
    for path in paths {
        if let Err(message) = path.collect(git, exclude, &mut found) {
            found.problems.push(path.problem(message));
        }
    }
    found.files.sort();
    found.files.dedup();
    found.problems.sort();
    found.problems.dedup();
    found
}

/// Whether a file's name says that it is a note. What is written for a tool is none.
pub fn is_note(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| {
        let mut known = NOTE_EXTENSIONS.iter();
        known.any(|known| known.eq_ignore_ascii_case(extension))
    }) && !is_for_tool(path)
}

/// Whether a file is one that pip or CMake reads.
fn is_for_tool(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let requirements = name.strip_suffix(".txt").is_some_and(|name| {
        let mut words = name.split(['-', '_', '.']);
        words.any(|word| matches!(word, "requirements" | "constraints"))
    });
    requirements || name == "CMakeLists.txt"
}

/// A glob of files, or of folders with everything in them.
fn set(glob: &str) -> Result<GlobSet, globset::Error> {
    let build = |glob: &str| GlobBuilder::new(glob).literal_separator(true).build();
    GlobSet::new([build(glob)?, build(&format!("{glob}/**"))?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_for_a_tool_is_no_note() {
        for name in ["a.md", "A.TXT", "b.ipynb", "the requirements of pip.txt"] {
            assert!(is_note(Path::new(name)), "{name}");
        }
        for name in [
            "requirements.txt",
            "dev-requirements.txt",
            "requirements_dev.txt",
            "constraints.txt",
            "CMakeLists.txt",
            "a.py",
            "md",
        ] {
            assert!(!is_note(Path::new(name)), "{name}");
        }
    }
}
