//! `marginote check`: paths into findings on a terminal or in a document. Analyses nothing itself.
//!
//! Exit codes: 2 the call or the configuration was wrong, else 3 a file could not be read, else 1 there are findings at the level asked for, else 0.

mod collect;
mod json;
mod text;

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::analysis::{Analysis, Report, Snapshot};
use crate::config::Settings;
use crate::rules::Severity;
use crate::text as document;

pub use collect::Missing;

/// How findings are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people: the source, carets, evidence, the lesson.
    Text,
    /// One document, version 1.
    Json,
}

/// What `marginote check` was asked for.
#[derive(Clone, Debug)]
pub struct Request {
    /// Files and folders; `-` is stdin. Empty: the working directory.
    pub paths: Vec<PathBuf>,
    pub format: Format,
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
}

/// A file, and what the analysis says of it.
struct Checked {
    /// As it is shown: relative to the working directory, with `/`.
    shown: String,
    report: Arc<Report>,
}

/// Everything that a format needs.
struct Outcome {
    snapshot: Snapshot,
    /// Sorted by path.
    files: Vec<Checked>,
    /// What is wrong with configuration files: the place and what to do.
    settings: Vec<(String, String)>,
    working_directory: PathBuf,
}

impl Outcome {
    fn shown(&self, path: &Path) -> String {
        shown(path, &self.working_directory)
    }

    fn problems(&self) -> impl Iterator<Item = (&str, &str)> {
        let files = self.files.iter().flat_map(|file| {
            file.report
                .problems
                .iter()
                .map(|problem| (file.shown.as_str(), problem.as_str()))
        });
        self.settings
            .iter()
            .map(|(path, message)| (path.as_str(), message.as_str()))
            .chain(files)
    }

    fn exit_code(&self, fail_on: Option<Severity>) -> u8 {
        let found = |level: Severity| {
            self.files.iter().any(|file| {
                file.report
                    .findings
                    .iter()
                    .any(|finding| finding.severity >= level)
            })
        };
        if !self.settings.is_empty() {
            2
        } else if self
            .files
            .iter()
            .any(|file| !file.report.problems.is_empty())
        {
            3
        } else {
            u8::from(fail_on.is_some_and(found))
        }
    }
}

/// Relative to the working directory where it lies below it, with `/`.
fn shown(path: &Path, working_directory: &Path) -> String {
    let relative = path.strip_prefix(working_directory).unwrap_or(path);
    let parts: Vec<_> = relative
        .components()
        .map(|part| part.as_os_str().to_string_lossy())
        .collect();
    parts.join("/").replacen("//", "/", 1)
}

/// Why a check could not be made at all.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    #[error(transparent)]
    Missing(#[from] Missing),
    #[error("the working directory cannot be read: {0}")]
    WorkingDirectory(io::Error),
    #[error("stdin cannot be read: {0}")]
    Stdin(io::Error),
    #[error("stdin is not text: {0}")]
    NotText(#[from] document::DecodeError),
    #[error("the findings cannot be written: {0}")]
    Write(io::Error),
}

/// Checks and writes to `out`; returns the exit code.
///
/// # Errors
/// When a path does not exist, stdin is not text, or nothing can be written.
pub fn check(request: &Request, out: &mut dyn Write) -> Result<u8, CheckError> {
    let working_directory = std::env::current_dir().map_err(CheckError::WorkingDirectory)?;
    let mut analysis = Analysis::default();
    analysis.set_overrides(vec![request.settings.clone()], !request.isolated);
    let from_stdin = request.paths.iter().any(|path| path.as_os_str() == "-");
    let (files, folders) = if from_stdin {
        let name = request
            .stdin_filename
            .clone()
            .unwrap_or_else(|| PathBuf::from("stdin.py"));
        let path = working_directory.join(name);
        analysis.open(path.clone(), 0, &read_stdin()?);
        (vec![path], Vec::new())
    } else {
        collect::files(&request.paths, &working_directory, &analysis.snapshot())?
    };
    analysis.set_folders(
        folders
            .into_iter()
            .chain([working_directory.clone()])
            .collect(),
    );
    let snapshot = analysis.snapshot();
    let bar = progress(files.len());
    let reports = snapshot.check(&files, &|| bar.inc(1));
    bar.finish_and_clear();
    let outcome = Outcome {
        files: files
            .iter()
            .zip(reports)
            .map(|(path, report)| Checked {
                shown: shown(path, &working_directory),
                report,
            })
            .collect(),
        settings: collect::settings_problems(&files, &snapshot, &working_directory),
        snapshot,
        working_directory,
    };
    let written = match request.format {
        Format::Text => text::write(&outcome, request.color, out),
        Format::Json => json::write(&outcome, out),
    };
    match written.and_then(|()| out.flush()) {
        // whoever read our output has read enough
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
        other => other.map_err(CheckError::Write)?,
    }
    Ok(outcome.exit_code(request.fail_on))
}

fn read_stdin() -> Result<String, CheckError> {
    let mut bytes = Vec::new();
    io::stdin()
        .lock()
        .read_to_end(&mut bytes)
        .map_err(CheckError::Stdin)?;
    Ok(document::decode(&bytes)?)
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
