//! Settings: what they are, where they come from, and what is wrong with them.
//!
//! A layer is a [`Settings`]: what one place says. Layers are laid over each other, the later over the earlier: the defaults, the
//! configuration file, the editor, the command line. The result for a folder is a [`Config`]; [`ConfigCache`] finds it.

mod applied;
mod cache;
mod cards;
mod notes;
mod peers;
mod read;
mod resolve;
mod walker;

use std::path::PathBuf;

use globset::Glob;

pub use applied::{Applied, Said};
pub use cache::ConfigCache;
pub use notes::{NOTE_EXTENSIONS, NotesFiles, NotesPath, is_note};
pub use resolve::Config;
pub use walker::walker;

use crate::rules::{RuleSelector, Severity};

/// A Python version, major and minor.
pub type PythonVersion = (u8, u8);

/// The version that code is taken to be written for when nothing says so: the oldest that Ruff and the type checkers take for granted.
pub const DEFAULT_PYTHON: PythonVersion = (3, 10);

/// What is left out when no `exclude` says otherwise: folders that hold other people's or generated files.
pub const DEFAULT_EXCLUDE: &[&str] = &[
    ".bzr",
    ".direnv",
    ".eggs",
    ".git",
    ".hg",
    ".mypy_cache",
    ".nox",
    ".pants.d",
    ".pytype",
    ".ruff_cache",
    ".svn",
    ".tox",
    ".venv",
    "__pypackages__",
    "_build",
    "buck-out",
    "dist",
    "node_modules",
    "site-packages",
    "venv",
];

/// What a file, an editor or a command line may set. `None` means: not said here.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    /// The rules that run, in place of what earlier layers selected and ignored.
    pub select: Option<Vec<RuleSelector>>,
    /// Rules that run as well.
    pub extend_select: Vec<RuleSelector>,
    /// Rules that do not run. Where `select` or `extend_select` name a rule more closely, they win.
    pub ignore: Vec<RuleSelector>,
    /// Rules whose findings are left out in the files that match. A later layer adds to it.
    pub per_file_ignores: Vec<(Vec<Glob>, Vec<RuleSelector>)>,
    /// The severity of a rule's findings, whatever the rule says. The closest selector of the latest layer wins.
    pub severity: Vec<(RuleSelector, Severity)>,
    /// The oldest Python that the code must run on.
    pub python_version: Option<PythonVersion>,
    /// Whether the code is meant to run without the GIL. Default: no.
    pub free_threaded: Option<bool>,
    /// Files and folders that are left out, in place of [`DEFAULT_EXCLUDE`].
    pub exclude: Option<Vec<Glob>>,
    /// Files and folders that are left out as well.
    pub extend_exclude: Vec<Glob>,
    /// Whether what `.gitignore` names is left out. Default: yes.
    pub respect_gitignore: Option<bool>,
    /// Whether findings that the project's Ruff reports already are lowered to hints. Default: yes.
    pub defer: Option<bool>,
    /// Whether an editor shows over a section of a note where the code uses what it explains, and over singletons, metaclasses and threaded functions what they are.
    /// Default: no.
    pub code_lens: Option<bool>,
    /// Whether an editor shows beside a default that all calls share it, and beside a function that it runs in a thread. Default: no.
    pub inlay_hints: Option<bool>,
    /// Qualified names of calls whose results never change (MUT001).
    pub immutable_calls: Vec<String>,
    /// Where the user's notes and cards stand. A later layer adds to it.
    pub notes: Vec<NotesPath>,
    /// The names of [`RuleSelector::Unknown`] above, each where it is said.
    pub unknown_rules: Vec<UnknownRule>,
    /// What of this a configuration file says, and where.
    pub said: Vec<Said>,
}

/// A name of a rule that no built-in rule has: one of the user's cards may have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownRule {
    pub word: String,
    /// The key or the option that names it.
    pub key: String,
    /// The configuration file and the line, from 1. None for an editor or a command line.
    pub said: Option<(PathBuf, usize)>,
}

/// Something wrong in a configuration file. The rest of the file applies.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[error("{}{}: {message}", path.display(), line.map(|line| format!(":{line}")).unwrap_or_default())]
pub struct SettingsProblem {
    /// The file; of what an editor or a command line names, the path that is named.
    pub path: PathBuf,
    /// From 1. None where no file says it.
    pub line: Option<usize>,
    /// What is wrong and what to do.
    pub message: String,
}

#[cfg(test)]
mod tests;
