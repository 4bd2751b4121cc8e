//! The JSON document, version 1. Its form is described in `README.md`; it only ever grows.

use std::borrow::Cow;
use std::io::{self, Write};

use serde::Serialize;

use super::region::{Region, cell, region};
use super::words;
use crate::review::{Outcome, Problem};
use crate::rules::{Finding, Place, Severity};
use crate::text::PositionEncoding;

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    findings: Vec<JsonFinding<'a>>,
    errors: Vec<JsonError<'a>>,
    summary: Summary,
}

#[derive(Serialize)]
struct JsonFinding<'a> {
    code: &'a str,
    name: &'a str,
    severity: Severity,
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    cell: Option<usize>,
    range: Region,
    message: &'a str,
    concept: String,
    evidence: Vec<JsonEvidence<'a>>,
    fixes: Vec<JsonFix<'a>>,
    /// Said only where it is so.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    existing: bool,
}

#[derive(Serialize)]
struct JsonEvidence<'a> {
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    cell: Option<usize>,
    range: Region,
    message: &'a str,
}

#[derive(Serialize)]
struct JsonFix<'a> {
    title: &'a str,
    safe: bool,
    edits: Vec<JsonEdit<'a>>,
}

#[derive(Serialize)]
struct JsonEdit<'a> {
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    cell: Option<usize>,
    range: Region,
    text: &'a str,
}

#[derive(Serialize)]
pub(in crate::review) struct JsonError<'a> {
    path: &'a str,
    message: Cow<'a, str>,
}

#[derive(Serialize)]
struct Summary {
    files: usize,
    lines: usize,
    findings: Counts,
}

#[derive(Serialize, Default)]
struct Counts {
    error: usize,
    warning: usize,
    information: usize,
    hint: usize,
}

/// Writes the document and a line end.
pub(super) fn write(outcome: &Outcome, out: &mut dyn Write) -> io::Result<()> {
    let mut counts = Counts::default();
    for finding in outcome.findings() {
        *match finding.severity {
            Severity::Error => &mut counts.error,
            Severity::Warning => &mut counts.warning,
            Severity::Information => &mut counts.information,
            Severity::Hint => &mut counts.hint,
        } += 1;
    }
    let document = Document {
        version: 1,
        findings: outcome
            .findings()
            .map(|finding| json(finding, outcome))
            .collect(),
        errors: outcome.problems().map(error).collect(),
        summary: Summary {
            files: outcome.files.len(),
            lines: outcome.files.iter().map(|file| file.report.lines).sum(),
            findings: counts,
        },
    };
    write_document(&document, out)
}

/// Writes each finding on a line of its own.
pub(super) fn write_lines(outcome: &Outcome, out: &mut dyn Write) -> io::Result<()> {
    for finding in outcome.findings() {
        write_document(&json(finding, outcome), out)?;
    }
    Ok(())
}

/// Writes any document and a line end.
pub(in crate::review) fn write_document(
    document: &impl Serialize,
    out: &mut dyn Write,
) -> io::Result<()> {
    serde_json::to_writer(&mut *out, document)?;
    writeln!(out)
}

/// Something that was not read or does not apply.
pub(in crate::review) fn error(problem: &Problem) -> JsonError<'_> {
    let message = match problem.line {
        Some(line) => format!("line {line}: {}", problem.message).into(),
        None => problem.message.as_str().into(),
    };
    JsonError {
        path: &problem.shown,
        message,
    }
}

fn json<'a>(finding: &'a Finding, outcome: &Outcome) -> JsonFinding<'a> {
    let config = outcome.snapshot.config(&finding.place.path);
    let card = config.knowledge.rule(finding.code);
    let evidence = finding.evidence.iter().map(|evidence| JsonEvidence {
        path: outcome.shown(&evidence.place.path),
        cell: cell(&evidence.place, outcome),
        range: range(&evidence.place, outcome),
        message: &evidence.message,
    });
    let fixes = finding.fixes.iter().map(|fix| JsonFix {
        title: &fix.title,
        safe: fix.safe,
        edits: fix
            .edits
            .iter()
            .map(|edit| JsonEdit {
                path: outcome.shown(&edit.place.path),
                cell: cell(&edit.place, outcome),
                range: range(&edit.place, outcome),
                text: &edit.text,
            })
            .collect(),
    });
    JsonFinding {
        code: finding.code,
        name: words::rule_name(finding, outcome),
        severity: finding.severity,
        path: outcome.shown(&finding.place.path),
        cell: cell(&finding.place, outcome),
        range: range(&finding.place, outcome),
        message: &finding.message,
        concept: card.map_or_else(String::new, |card| card.concept.clone()),
        evidence: evidence.collect(),
        fixes: fixes.collect(),
        existing: outcome.is_existing(finding),
    }
}

fn range(place: &Place, outcome: &Outcome) -> Region {
    region(place, outcome, PositionEncoding::Utf32)
}
