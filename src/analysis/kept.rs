//! What a check has found, for the next check of the same files: where none of them has changed, none is parsed.
//!
//! The findings of one file come of every file of the project (who starts a thread, who derives from a class), so they are kept and dropped together. They hold as
//! long as the program, the settings and the files asked for are the same, every file that was read says the same, and what imports were looked up at is there, or
//! is not, as it was.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use rayon::prelude::*;
use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};

use super::stored::{Hash, Kind};
use super::{Report, Snapshot, Stamp, new_stamp};
use crate::project::{Found, digest_of};
use crate::rules::Finding;

const CHECKS: Kind = Kind {
    magic: b"MARGCHEK",
    folder: "checks",
};
/// Changes with the format.
const FORMAT: u32 = 2;

/// A check.
#[derive(Serialize, Deserialize)]
struct Kept {
    read: Vec<ReadFile>,
    looked_up: Vec<LookedUp>,
    /// One for each file that was asked for, in their order.
    reports: Vec<KeptReport>,
}

/// A file that was read.
#[derive(Serialize, Deserialize)]
struct ReadFile {
    path: PathBuf,
    /// Of its text.
    digest: u128,
    /// None where its times do not tell whether it has changed.
    stamp: Option<Stamp>,
}

/// What stood where imports were looked up in a folder, without the files that were read.
#[derive(Serialize, Deserialize)]
struct LookedUp {
    folder: PathBuf,
    /// While the folder has it, nothing has come or gone there. None where its times do not tell.
    stamp: Option<Stamp>,
    at: Vec<(PathBuf, Found)>,
}

/// A [`Report`] without problems.
#[derive(Serialize, Deserialize)]
struct KeptReport {
    lines: usize,
    findings: Vec<Finding>,
}

impl Snapshot {
    /// The findings in many files, in the order of `paths`, as [`Snapshot::check`] finds them: taken from the cache in this file where they are known there.
    /// Nothing may be open. `done` is called once a file, from any thread.
    pub fn check_kept(
        &self,
        paths: &[PathBuf],
        cache: &Path,
        done: &(dyn Fn() + Sync),
    ) -> Vec<Arc<Report>> {
        let start = SystemTime::now();
        let Some(key) = self.key(paths) else {
            return self.check(paths, done);
        };
        let kept = CHECKS.load(cache, key);
        let kept: Option<Kept> = kept.and_then(|body| postcard::from_bytes(&body).ok());
        if let Some(mut kept) = kept.filter(|kept| kept.reports.len() == paths.len())
            && let Some(is_known) = kept.holds(start)
        {
            if !is_known {
                kept.store(cache, key);
            }
            paths.iter().for_each(|_| done());
            return kept.reports.into_iter().map(KeptReport::report).collect();
        }
        let reports = self.check(paths, done);
        if let Some(kept) = Kept::of(self, &reports, start) {
            kept.store(cache, key);
        }
        reports
    }

    /// Where it is kept what a check of these folders found: a file in the user's cache directory. None where the user has no home.
    pub fn checks_cache(&self) -> Option<PathBuf> {
        CHECKS.file(&self.state.disk.roots())
    }

    /// What findings depend on beside files' texts: the program, the settings, the files that are asked for. None where they depend on more.
    fn key(&self, paths: &[PathBuf]) -> Option<u64> {
        if !self.state.open.is_empty() || paths.iter().any(|path| self.is_note(path)) {
            return None;
        }
        let mut hash = Hash::of_program()?;
        write!(hash, "{FORMAT} {paths:?} ").ok()?;
        let mut folders: Vec<&Path> = paths.iter().filter_map(|path| path.parent()).collect();
        folders.dedup();
        for folder in folders {
            // the settings of each folder are read when they are asked for
            self.state.config.for_folder(folder);
        }
        self.state.config.describe(&mut hash).ok()?;
        Some(hash.digest())
    }
}

impl Kept {
    /// What is worth keeping of a check. None where something could not be read: that may be better the next time.
    fn of(snapshot: &Snapshot, reports: &[Arc<Report>], start: SystemTime) -> Option<Kept> {
        if reports.iter().any(|report| !report.problems.is_empty()) {
            return None;
        }
        let disk = &snapshot.state.disk;
        let read: Vec<ReadFile> = disk
            .digests()?
            .into_par_iter()
            .map(|(path, digest)| {
                let stamp = Stamp::telling(&path, start);
                ReadFile {
                    path,
                    digest,
                    stamp,
                }
            })
            .collect();
        let is_read: FxHashSet<&Path> = read.iter().map(|file| file.path.as_path()).collect();
        let mut looked_up = disk.looked_up();
        looked_up.retain(|(path, _)| !is_read.contains(path.as_path()));
        let looked_up = LookedUp::by_folder(looked_up, start);
        let report = |report: &Arc<Report>| KeptReport {
            lines: report.lines,
            findings: report.findings.clone(),
        };
        Some(Kept {
            looked_up,
            reports: reports.iter().map(report).collect(),
            read,
        })
    }

    /// Whether all files say what they said. Some(false) where some had to be read for that; from now on their times tell.
    fn holds(&mut self, start: SystemTime) -> Option<bool> {
        let looked_up = self.looked_up.par_iter_mut();
        let looked_up = looked_up
            .map(|folder| folder.holds(start))
            .try_reduce(|| true, |a, b| Some(a && b))?;
        let read = self.read.par_iter_mut();
        let read = read
            .map(|file| file.holds(start))
            .try_reduce(|| true, |a, b| Some(a && b))?;
        Some(looked_up && read)
    }

    fn store(&self, cache: &Path, key: u64) {
        match postcard::to_stdvec(self) {
            Ok(body) => CHECKS.store(cache, key, &body),
            Err(error) => tracing::debug!("the check is not kept: {error}"),
        }
    }
}

impl ReadFile {
    /// Whether the file says what it said. Some(false) where it had to be read and its times tell from now on.
    fn holds(&mut self, start: SystemTime) -> Option<bool> {
        let says_it = || digest_of(&self.path) == Some(self.digest);
        holds(&self.path, &mut self.stamp, start, says_it)
    }
}

impl LookedUp {
    /// In each folder that is there, what was looked up in it or in folders below it that are not there.
    fn by_folder(looked_up: Vec<(PathBuf, Found)>, start: SystemTime) -> Vec<LookedUp> {
        let placed = looked_up.into_par_iter().map(|(path, found)| {
            let folder = existing_folder(&path);
            (folder.map(Path::to_owned), (path, found))
        });
        let mut folders: BTreeMap<Option<PathBuf>, Vec<(PathBuf, Found)>> = BTreeMap::new();
        for (folder, at) in placed.collect::<Vec<_>>() {
            folders.entry(folder).or_default().push(at);
        }
        let stamped = folders.into_par_iter().map(|(folder, at)| LookedUp {
            stamp: folder
                .as_deref()
                .and_then(|folder| Stamp::telling(folder, start)),
            folder: folder.unwrap_or_default(),
            at,
        });
        stamped.collect()
    }

    /// Whether there is what was there. Some(false) where it had to be looked up again and the folder's times tell from now on.
    fn holds(&mut self, start: SystemTime) -> Option<bool> {
        let is_there = |(path, found): &(PathBuf, Found)| Found::at(path) == *found;
        let are_there = || self.at.iter().all(is_there);
        holds(&self.folder, &mut self.stamp, start, are_there)
    }
}

/// Whether what is known of a file or a folder holds: its stamp tells, or `looks` does. Some(false) where that had to look and the stamp tells from now on.
fn holds(
    path: &Path,
    known: &mut Option<Stamp>,
    start: SystemTime,
    looks: impl FnOnce() -> bool,
) -> Option<bool> {
    // before the look: what is written meanwhile has a later time
    let stamp = Stamp::telling(path, start);
    if stamp.is_some() && stamp == *known {
        return Some(true);
    }
    if !looks() {
        return None;
    }
    let is_news = stamp.is_some();
    *known = stamp;
    Some(!is_news)
}

/// The folder nearest to a path that is there. None where a link may lead from it to the path: the folder's times do not tell of what is elsewhere.
fn existing_folder(path: &Path) -> Option<&Path> {
    let mut below = path;
    loop {
        let folder = below.parent()?;
        if folder.is_dir() {
            return (!below.is_symlink()).then_some(folder);
        }
        below = folder;
    }
}

impl KeptReport {
    fn report(self) -> Arc<Report> {
        Arc::new(Report {
            findings: self.findings,
            problems: Vec::new(),
            lines: self.lines,
            stamp: new_stamp(),
        })
    }
}

#[cfg(test)]
#[path = "kept_tests.rs"]
mod tests;
