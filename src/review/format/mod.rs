//! The formats of findings: the one place where one is chosen.

mod fingerprint;
mod github;
mod gitlab;
mod html;
pub(super) mod json;
mod junit;
mod markdown;
mod rdjsonl;
mod region;
mod sarif;
pub(super) mod text;
pub(super) mod words;

use std::io::{self, Write};

use clap::ValueEnum;

use crate::review::Outcome;

/// How findings are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FindingFormat {
    /// For people: the source, carets, evidence, the lesson.
    Text,
    /// One document, version 1.
    Json,
    /// One finding a line, each as in the document.
    Jsonl,
    /// SARIF 2.1.0.
    Sarif,
    /// Workflow commands of GitHub Actions, which become annotations.
    Github,
    /// A code quality report of GitLab.
    Gitlab,
    /// Diagnostics for reviewdog, one a line.
    Rdjsonl,
    /// A review comment for each file.
    Markdown,
    /// `JUnit` XML: a suite for each file, a failure for each error and warning.
    Junit,
    /// One page: the code with its notes in the margin, and what was found at a glance.
    Html,
}

impl FindingFormat {
    /// Whether the format shows what the user's notes say.
    pub(super) fn quotes_notes(self) -> bool {
        self == FindingFormat::Html
    }

    /// Whether the format has a place for what could not be read or does not apply.
    fn has_problems(self) -> bool {
        !matches!(
            self,
            FindingFormat::Jsonl | FindingFormat::Gitlab | FindingFormat::Rdjsonl
        )
    }
}

/// Writes what was found. Problems that the format has no place for go to stderr.
pub(super) fn write(
    outcome: &Outcome,
    format: FindingFormat,
    color: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    if !format.has_problems() {
        for problem in outcome.problems() {
            text::write_problem(problem, &mut io::stderr().lock())?;
        }
    }
    match format {
        FindingFormat::Text => text::write(outcome, color, out),
        FindingFormat::Json => json::write(outcome, out),
        FindingFormat::Jsonl => json::write_lines(outcome, out),
        FindingFormat::Sarif => sarif::write(outcome, out),
        FindingFormat::Github => github::write(outcome, out),
        FindingFormat::Gitlab => gitlab::write(outcome, out),
        FindingFormat::Rdjsonl => rdjsonl::write(outcome, out),
        FindingFormat::Markdown => markdown::write(outcome, out),
        FindingFormat::Junit => junit::write(outcome, out),
        FindingFormat::Html => html::write(outcome, out),
    }
}
