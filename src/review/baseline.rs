//! `check --baseline`: findings that were accepted once are left out from then on.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::{Outcome, output, shown};
use crate::rules::Finding;

/// More characters of a finding's lines are not kept.
const LONGEST: usize = 500;

/// Where accepted findings are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Baseline {
    pub file: PathBuf,
    /// Whether the present findings are accepted, in place of those that were.
    pub write: bool,
}

/// Why accepted findings cannot be read or kept.
#[derive(Debug, thiserror::Error)]
pub enum BaselineError {
    #[error("there is no baseline `{}`: write it with --write-baseline", .0.escape_debug())]
    Missing(String),
    #[error("the baseline `{name}` cannot be read: {why}", name = .0.escape_debug(), why = .1)]
    Unread(String, io::Error),
    #[error("`{name}` is no baseline ({why}): write it with --write-baseline", name = .0.escape_debug(), why = .1)]
    Wrong(String, String),
    #[error("the baseline `{name}` cannot be written: {why}", name = .0.escape_debug(), why = .1)]
    Unwritten(String, io::Error),
}

/// The file. Sorted, so that it changes little where findings do.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Accepted {
    version: u32,
    findings: Vec<Known>,
}

/// What a finding is known by, whatever line it has moved to. Equal ones stand there as often as they were found.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[serde(deny_unknown_fields)]
pub(super) struct Known {
    /// Relative to the folder that the file is in, with `/`.
    path: String,
    code: String,
    /// The text of the finding's lines, without the blanks around each.
    lines: String,
}

impl std::fmt::Display for Known {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let line = self.lines.lines().next().unwrap_or_default();
        write!(f, "{} in {}: {line}", self.code, self.path)
    }
}

impl Known {
    /// `folder` is what the path is told from.
    pub(super) fn of(finding: &Finding, outcome: &Outcome, folder: &Path) -> Known {
        let text = outcome.snapshot.document(&finding.place.path);
        let lines = text.map_or_else(String::new, |document| {
            let line = |offset| document.line_column(offset).0 - 1;
            let range = &finding.place.range;
            let last = line(range.end.saturating_sub(1).max(range.start));
            let lines = (line(range.start)..=last).map(|line| document.line_text(line).trim());
            let lines: Vec<&str> = lines.take(LONGEST).collect();
            lines.join("\n").chars().take(LONGEST).collect()
        });
        Known {
            path: shown(&finding.place.path, folder),
            code: finding.code.to_owned(),
            lines,
        }
    }
}

impl Baseline {
    fn name(&self) -> String {
        self.file.to_string_lossy().into_owned()
    }

    /// The folder that paths in the file are told from.
    fn folder(&self, here: &Path) -> PathBuf {
        let file = super::collect::plain(&here.join(&self.file));
        file.parent().unwrap_or(here).to_owned()
    }

    /// Leaves out what was accepted; or accepts everything, and says on stderr how much.
    ///
    /// # Errors
    /// When the file is not there, cannot be read or written, or is no baseline.
    pub(super) fn apply(&self, outcome: &mut Outcome) -> Result<(), BaselineError> {
        let folder = self.folder(&outcome.working_directory);
        let mut accepted: FxHashMap<Known, usize> = FxHashMap::default();
        if self.write {
            self.store(outcome, &folder)?;
            outcome.retain(|_, _| false);
            return Ok(());
        }
        for known in self.read()?.findings {
            *accepted.entry(known).or_default() += 1;
        }
        outcome.retain(|finding, outcome| {
            let left = accepted.get_mut(&Known::of(finding, outcome, &folder));
            let left = left.filter(|left| **left > 0);
            left.map(|left| *left -= 1).is_none()
        });
        let is_checked = |known: &Known| {
            let shown = outcome.shown(&folder.join(&known.path));
            outcome.files.iter().any(|file| file.shown == shown)
        };
        let gone = accepted.iter().filter(|(known, _)| is_checked(known));
        let gone: usize = gone.map(|(_, left)| left).sum();
        if gone > 0 {
            let gone = super::format::text::plural(gone, "accepted finding");
            eprintln!(
                "marginote: {gone} not found any more: --write-baseline forgets what is gone"
            );
        }
        Ok(())
    }

    fn read(&self) -> Result<Accepted, BaselineError> {
        let text = fs::read(&self.file).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => BaselineError::Missing(self.name()),
            _ => BaselineError::Unread(self.name(), error),
        })?;
        let wrong = |why: String| BaselineError::Wrong(self.name(), why);
        let accepted: Accepted =
            serde_json::from_slice(&text).map_err(|error| wrong(error.to_string()))?;
        match accepted.version {
            1 => Ok(accepted),
            version => Err(wrong(format!("version {version} is not known here"))),
        }
    }

    fn store(&self, outcome: &Outcome, folder: &Path) -> Result<(), BaselineError> {
        let findings = outcome.findings();
        let mut findings: Vec<Known> = findings
            .map(|finding| Known::of(finding, outcome, folder))
            .collect();
        findings.sort();
        let count = super::format::text::plural(findings.len(), "finding");
        let accepted = Accepted {
            version: 1,
            findings,
        };
        let write = |out: &mut dyn Write| {
            serde_json::to_writer_pretty(&mut *out, &accepted)?;
            writeln!(out)
        };
        output::into_file(&self.file, write)
            .map_err(|error| BaselineError::Unwritten(self.name(), error))?;
        eprintln!("marginote: accepted {count}");
        Ok(())
    }
}
