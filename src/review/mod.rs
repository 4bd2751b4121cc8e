//! `marginote check`: paths into findings on a terminal or in a document; `marginote notes`, the same for notes, and `marginote explain --at`, one place. Analyses
//! nothing itself.
//!
//! Exit codes: 2 the call or the configuration was wrong, else 3 something could not be read, else 1 there are findings at the level asked for, else 0.

mod at;
mod baseline;
mod change;
mod check;
mod collect;
mod fix;
mod format;
mod interrupt;
mod notes;
mod output;
mod recall;
mod settings;
mod statistics;
mod watch;
mod write;

use std::io::{self, Write};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use rustc_hash::FxHashSet;

use crate::analysis::{Report, Snapshot};
use crate::config::Settings;
use crate::rules::{Finding, Severity};

pub use at::{Explained, NotePlace, Place, PlaceError, explain_at};
pub use baseline::{Baseline, BaselineError};
pub use change::{Asked, ChangeError, Source};
pub use check::check;
pub use collect::Missing;
pub use fix::Fixing;
pub use format::FindingFormat;
pub use notes::{check_notes, link, list, search};
pub use recall::{RecallRequest, RecallTask, recall};
pub use settings::{InitError, config, init};
pub use watch::watch;

/// How lists are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Text,
    /// One document, version 1.
    Json,
}

/// What `marginote check` was asked for.
#[derive(Clone, Debug)]
pub struct Request {
    /// Files and folders; `-` is stdin, whose text stands for the file of its name. Empty: the working directory.
    pub paths: Vec<PathBuf>,
    pub format: FindingFormat,
    /// The file that is written; None: stdout.
    pub output: Option<PathBuf>,
    /// Laid over the configuration files.
    pub settings: Settings,
    /// Whether no configuration file is read.
    pub isolated: bool,
    /// The name that the text from stdin goes by.
    pub stdin_filename: Option<PathBuf>,
    /// Findings of this severity and above make the exit code 1; None: no finding does.
    pub fail_on: Option<Severity>,
    /// Whether the text format is coloured.
    pub color: bool,
    /// Which fixes are made first. None: none.
    pub fixing: Option<Fixing>,
    /// The change that findings are shown for. None: all are shown.
    pub change: Option<Asked>,
    /// The findings that were accepted. None: none were.
    pub baseline: Option<Baseline>,
    /// Whether findings are only counted.
    pub statistics: bool,
    /// Whether what is found in folders is kept for the next call.
    pub cache: bool,
}

/// A file, and what the analysis says of it.
struct Checked {
    /// As it is shown: relative to the working directory, with `/`.
    shown: String,
    report: Arc<Report>,
}

/// Something that was not read or does not apply, for people.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Problem {
    /// As [`Checked::shown`].
    shown: String,
    /// From 1, where it is about a line.
    line: Option<usize>,
    message: String,
}

/// Everything that a format needs.
struct Outcome {
    snapshot: Snapshot,
    /// Sorted by `shown`.
    files: Vec<Checked>,
    /// What is wrong in configuration files.
    settings: Vec<Problem>,
    /// What could not be read, or not be checked to the end.
    unread: Vec<Problem>,
    /// The findings that were there before the change that is looked at: they count for nothing.
    existing: FxHashSet<(&'static str, crate::rules::Place)>,
    working_directory: PathBuf,
}

impl Outcome {
    fn shown(&self, path: &Path) -> String {
        shown(path, &self.working_directory)
    }

    /// Whether a finding was there before the change that is looked at.
    fn is_existing(&self, finding: &Finding) -> bool {
        !self.existing.is_empty()
            && self
                .existing
                .contains(&(finding.code, finding.place.clone()))
    }

    fn problems(&self) -> impl Iterator<Item = &Problem> {
        self.settings.iter().chain(&self.unread)
    }

    /// Sorted by path as it is shown, position and code.
    fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.files.iter().flat_map(|file| &file.report.findings)
    }

    /// Leaves only some findings.
    fn retain(&mut self, mut keep: impl FnMut(&Finding, &Outcome) -> bool) {
        let kept = self.files.iter().map(|file| {
            let mut report = Report::clone(&file.report);
            report.findings.retain(|finding| keep(finding, self));
            Arc::new(report)
        });
        let kept: Vec<_> = kept.collect();
        for (file, report) in self.files.iter_mut().zip(kept) {
            file.report = report;
        }
    }

    /// Writes it as it was asked for; returns the exit code.
    fn write(&self, request: &Request, out: &mut dyn Write) -> Result<u8, CheckError> {
        let write = |out: &mut dyn Write| match request.statistics {
            true => statistics::write(self, request.format, out),
            false => format::write(self, request.format, request.color, out),
        };
        match &request.output {
            Some(file) => output::into_file(file, write).map_err(|error| {
                let name = file.to_string_lossy().escape_debug().to_string();
                CheckError::Output(name, error)
            })?,
            None => finish(write(out), out)?,
        }
        Ok(self.exit_code(request.fail_on))
    }

    fn exit_code(&self, fail_on: Option<Severity>) -> u8 {
        let found = |level: Severity| {
            let mut new = self.findings().filter(|finding| !self.is_existing(finding));
            new.any(|finding| finding.severity >= level)
        };
        if !self.settings.is_empty() {
            2
        } else if !self.unread.is_empty() {
            3
        } else {
            u8::from(fail_on.is_some_and(found))
        }
    }
}

/// Relative to the working directory, with `/`. Absolute where no way leads from one to the other (another drive).
fn shown(path: &Path, working_directory: &Path) -> String {
    let common = path.components().zip(working_directory.components());
    let common = common.take_while(|(own, here)| own == here).count();
    let below = path.components().skip(common);
    let above = working_directory.components().skip(common);
    let parts: Vec<_> = if common == 0 {
        path.components().collect()
    } else {
        above.map(|_| Component::ParentDir).chain(below).collect()
    };
    let parts: Vec<_> = parts
        .iter()
        .map(|part| part.as_os_str().to_string_lossy())
        .collect();
    match parts.join("/").replacen("//", "/", 1) {
        empty if empty.is_empty() => ".".to_owned(),
        shown => shown,
    }
}

/// Why a check could not be made at all.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    #[error(transparent)]
    Missing(#[from] Missing),
    #[error(transparent)]
    Change(#[from] ChangeError),
    #[error(transparent)]
    Baseline(#[from] BaselineError),
    #[error("--statistics writes text or JSON: leave --format out, or give json")]
    Statistics,
    #[error("--watch writes text: leave --format out")]
    WatchFormat,
    #[error("the files cannot be watched: {0}")]
    Watch(String),
    #[error("{0}")]
    UnknownRule(String),
    #[error("the working directory cannot be read: {0}")]
    WorkingDirectory(io::Error),
    #[error("the output cannot be written: {0}")]
    Write(io::Error),
    #[error("`{0}` cannot be written: {1}")]
    Output(String, io::Error),
    #[error(
        "no notes are named: give their path, or write into marginote.toml where they stand, such as `notes = [\"notes\"]`"
    )]
    NoNotes,
    #[error("there is nothing to search for: give a word")]
    NoWords,
    #[error("`{}` is a folder: give one note", .0.escape_debug())]
    NoFile(String),
    #[error("what comes from stdin is neither fixed, nor compared, nor watched: name the file")]
    Stdin,
}

/// # Errors
/// When an option names a rule that there is for none of the files.
fn known_rules(snapshot: &Snapshot, files: &[PathBuf], here: &Path) -> Result<(), CheckError> {
    let mut asked = vec![here.join("any.py")];
    asked.extend_from_slice(files);
    match snapshot.unknown_rules(&asked).pop() {
        Some(wrong) => Err(CheckError::UnknownRule(wrong)),
        None => Ok(()),
    }
}

/// Makes sure that everything is written. Whoever read our output may have read enough of it.
fn finish(written: io::Result<()>, out: &mut dyn Write) -> Result<(), CheckError> {
    match written.and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other.map_err(CheckError::Write),
    }
}

/// Checks the files; takes what is found from the cache, where one is given that knows it. `unread` is what is known not to be readable.
fn outcome(
    snapshot: Snapshot,
    files: &[PathBuf],
    cache: Option<&Path>,
    mut unread: Vec<Problem>,
    working_directory: PathBuf,
) -> Outcome {
    let bar = progress(files.len());
    let reports = match cache {
        Some(cache) => snapshot.check_kept(files, cache, &|| bar.inc(1)),
        None => snapshot.check(files, &|| bar.inc(1)),
    };
    bar.finish_and_clear();
    let mut checked: Vec<Checked> = files
        .iter()
        .zip(reports)
        .map(|(path, report)| Checked {
            shown: shown(path, &working_directory),
            report,
        })
        .collect();
    // by what readers see: `a.py` comes before `a/b.py`, which paths' own order turns round
    checked.sort_by(|a, b| a.shown.cmp(&b.shown));
    for file in &checked {
        let problems = file.report.problems.iter();
        unread.extend(problems.map(|message| Problem {
            shown: file.shown.clone(),
            line: None,
            message: message.clone(),
        }));
    }
    unread.sort();
    let mut settings = collect::settings_problems(files, &snapshot, &working_directory);
    // a note that cannot be read is no card either
    settings.retain(|problem| !unread.iter().any(|unread| unread.shown == problem.shown));
    Outcome {
        settings,
        files: checked,
        unread,
        existing: FxHashSet::default(),
        snapshot,
        working_directory,
    }
}

/// A bar on stderr, where that is a terminal and there is something to wait for.
fn progress(files: usize) -> ProgressBar {
    let bar =
        ProgressBar::with_draw_target(Some(files as u64), ProgressDrawTarget::stderr_with_hz(10));
    match ProgressStyle::with_template("checking {pos}/{len} files {wide_bar}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
