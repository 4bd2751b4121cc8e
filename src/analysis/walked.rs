//! Which Python files are below a folder, for the next time that this is asked: where nothing has changed that decides it, no folder is listed.
//!
//! A folder's times tell when something in it has come, gone or got another name. What a file says decides only where it says what is left out.

use std::fmt::Write;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use ignore::gitignore::gitconfig_excludes_path;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::stored::{Hash, Kind};
use super::walk::PythonFiles;
use super::{Snapshot, Stamp};

const WALKS: Kind = Kind {
    magic: b"MARGWALK",
    folder: "walks",
};
/// Changes with the format.
const FORMAT: u32 = 1;

/// What says, in a folder, what is left out of it and of the folders below.
const SAYING: &[&str] = &[
    "marginote.toml",
    "pyproject.toml",
    ".gitignore",
    ".ignore",
    ".git",
    ".git/info/exclude",
];

/// Where it is kept what is below a folder: a file in the user's cache directory. None where the user has no home.
pub(super) fn cache_of(root: &Path) -> Option<PathBuf> {
    WALKS.file(&[root.to_owned()])
}

/// A walk below a folder that could look into everything.
#[derive(Serialize, Deserialize)]
struct Walked {
    /// Those that were listed.
    folders: Vec<(PathBuf, Stamp)>,
    /// What says what is left out.
    saying: Vec<(PathBuf, Said)>,
    files: Vec<PathBuf>,
}

/// What stands where something may be said.
#[derive(PartialEq, Serialize, Deserialize)]
enum Said {
    Nothing,
    /// Something in the folder, or nothing; that it is there says something too.
    Folder,
    File(Stamp),
}

impl Snapshot {
    /// The files that `walk` finds below a folder: taken from the cache in this file where they are known there.
    pub(super) fn walked(
        &self,
        root: &Path,
        cache: &Path,
        walk: impl FnOnce() -> PythonFiles,
    ) -> PythonFiles {
        let start = SystemTime::now();
        let global = gitconfig_excludes_path();
        let Some(key) = self.walk_key(root, global.as_deref()) else {
            return walk();
        };
        let kept = WALKS.load(cache, key);
        let kept: Option<Walked> = kept.and_then(|body| postcard::from_bytes(&body).ok());
        if let Some(kept) = kept.filter(Walked::holds) {
            return PythonFiles {
                files: kept.files,
                ..PythonFiles::default()
            };
        }
        let found = walk();
        if let Some(body) = Walked::of(root, &found, global, start)
            .and_then(|walked| postcard::to_stdvec(&walked).ok())
        {
            WALKS.store(cache, key, &body);
        }
        found
    }

    /// What a walk depends on beside what stands in folders and files.
    fn walk_key(&self, root: &Path, global: Option<&Path>) -> Option<u64> {
        let mut hash = Hash::of_program()?;
        write!(hash, "{FORMAT} {root:?} {global:?} ").ok()?;
        self.state.config.describe_overrides(&mut hash).ok()?;
        Some(hash.digest())
    }
}

impl Walked {
    /// What is worth keeping of a walk that began at `start`. None where something could not be looked into, or its times do not tell.
    fn of(
        root: &Path,
        found: &PythonFiles,
        global: Option<PathBuf>,
        start: SystemTime,
    ) -> Option<Walked> {
        if !found.unread.is_empty() {
            return None;
        }
        let folders = found.folders.par_iter();
        let folders = folders.map(|folder| Some((folder.clone(), Stamp::telling(folder, start)?)));
        let above: Vec<&Path> = root.ancestors().skip(1).collect();
        let above = above.into_par_iter().flat_map_iter(saying);
        let below = found.folders.par_iter();
        let below = below.flat_map_iter(|folder| {
            // what appears later in the folder itself changes its times
            let is_listed = |path: &PathBuf| path.parent() == Some(folder.as_path());
            let is_repository = folder.join(".git").symlink_metadata().is_ok();
            saying(folder).filter(move |path| match is_listed(path) {
                true => path.symlink_metadata().is_ok(),
                false => is_repository,
            })
        });
        let saying = above.chain(below).chain(global).map(|path| {
            let said = Said::at(&path)?;
            let tells = match &said {
                // a repository that is elsewhere says elsewhere what it leaves out
                Said::File(stamp) => stamp.tells(start) && !path.ends_with(".git"),
                Said::Folder | Said::Nothing => true,
            };
            tells.then_some((path, said))
        });
        Some(Walked {
            folders: folders.collect::<Option<_>>()?,
            saying: saying.collect::<Option<_>>()?,
            files: found.files.clone(),
        })
    }

    /// Whether nothing has changed that decides which files there are.
    fn holds(&self) -> bool {
        let folders = self.folders.par_iter();
        let saying = self.saying.par_iter();
        saying.all(|(path, said)| Said::at(path).as_ref() == Some(said))
            && folders.all(|(path, stamp)| Stamp::of(path).is_ok_and(|now| now == *stamp))
    }
}

impl Said {
    /// None where it cannot be seen.
    fn at(path: &Path) -> Option<Said> {
        match fs::metadata(path) {
            Ok(data) if data.is_dir() => Some(Said::Folder),
            Ok(data) => Some(Said::File(Stamp::of_metadata(&data).ok()?)),
            Err(error) => match error.kind() {
                ErrorKind::NotFound | ErrorKind::NotADirectory => Some(Said::Nothing),
                _ => None,
            },
        }
    }
}

/// Where files in a folder would stand that say what is left out.
fn saying(folder: &Path) -> impl Iterator<Item = PathBuf> + use<'_> {
    SAYING.iter().map(|name| folder.join(name))
}

#[cfg(test)]
#[path = "walked_tests.rs"]
mod tests;
