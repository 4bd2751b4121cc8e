//! What a check has found, for the next check of the same files: where none of them has changed, none is parsed.
//!
//! The findings of one file come of every file of the project (who starts a thread, who derives from a class), so they are kept and dropped together. They hold as
//! long as the program, the settings and the files asked for are the same, every file that was read says the same, and what imports were looked up at is there, or
//! is not, as it was.

use std::fmt::Write;
use std::fs;
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
const FORMAT: u32 = 1;

/// A check.
#[derive(Serialize, Deserialize)]
struct Kept {
    read: Vec<ReadFile>,
    /// What imports were looked up at, without the files that were read.
    looked_up: Vec<(PathBuf, Found)>,
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
        let mut hash = Hash::of_version();
        // another build may have other rules under the same version
        let program = fs::metadata(std::env::current_exe().ok()?).ok()?;
        let built = program.modified().ok()?;
        let bytes = program.len();
        write!(hash, " {FORMAT} {built:?} {bytes} {paths:?} ").ok()?;
        for path in paths {
            // the settings of each folder are read when they are asked for
            self.state.config.for_file(path);
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
                let stamp = Stamp::of(&path).ok();
                let stamp = stamp.filter(|stamp| stamp.tells(start));
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
        let is_where_it_was = |(path, found): &(PathBuf, Found)| Found::at(path) == *found;
        if !self.looked_up.par_iter().all(is_where_it_was) {
            return None;
        }
        let read = self.read.par_iter_mut();
        read.map(|file| file.holds(start))
            .try_reduce(|| true, |a, b| Some(a && b))
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
        // before the file is read: what is written meanwhile has a later time
        let stamp = Stamp::of(&self.path).ok()?;
        let stamp = Some(stamp).filter(|stamp| stamp.tells(start));
        if stamp.is_some() && stamp == self.stamp {
            return Some(true);
        }
        if digest_of(&self.path)? != self.digest {
            return None;
        }
        let is_news = stamp.is_some();
        self.stamp = stamp;
        Some(!is_news)
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
