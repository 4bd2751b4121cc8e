//! What a rule reports.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize};

use super::intern;

/// How sure a finding is of harm. Ordered: a hint is the least, an error the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// It works; there is a better way.
    Hint,
    /// The pitfall is there, its trigger was not seen.
    Information,
    /// Wrong behaviour, and the evidence shows why here.
    Warning,
    /// Running this raises, or never returns, always.
    Error,
}

impl Severity {
    /// The lower-case word used in every format and in configuration.
    pub fn word(self) -> &'static str {
        match self {
            Severity::Hint => "hint",
            Severity::Information => "information",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

/// A range of bytes in a file's text. Absolute, end exclusive.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Place {
    /// The file, as the project names it (absolute where it came from disk).
    pub path: Arc<PathBuf>,
    /// Bytes of the file's decoded text.
    pub range: Range<usize>,
}

/// A place that makes a finding true, and a short sentence that says how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// Where; in the finding's file or another.
    pub place: Place,
    /// What is to be seen there.
    pub message: String,
}

/// A replacement of one range.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edit {
    /// What is replaced; empty for an insertion.
    pub place: Place,
    /// The new text.
    pub text: String,
}

/// A change that makes the finding go away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fix {
    /// What the change does, as an imperative.
    pub title: String,
    /// Whether the change keeps the meaning of every correct program.
    pub safe: bool,
    /// Replacements that do not overlap.
    pub edits: Vec<Edit>,
}

/// A rule's code. By another name, because serde takes every `&str` for a part of what it reads.
type Code = &'static str;

/// One thing that a rule found.
///
/// Invariant: a warning or an error of a built-in rule has evidence (test `every_warning_has_evidence`). A rule of the user's has what its query captures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The rule's code, `MUT001`.
    #[serde(deserialize_with = "code")]
    pub code: Code,
    /// How sure.
    pub severity: Severity,
    /// The primary range.
    pub place: Place,
    /// What happens at run time, with the user's own names, and what to do instead.
    pub message: String,
    /// The places that prove it.
    pub evidence: Vec<Evidence>,
    /// Ways to mend it.
    pub fixes: Vec<Fix>,
}

fn code<'de, D: Deserializer<'de>>(from: D) -> Result<Code, D::Error> {
    let code = String::deserialize(from)?;
    intern(&code).ok_or_else(|| serde::de::Error::custom("no code of a rule"))
}
