//! Diagnostics for reviewdog, one a line.
//!
//! Source: `proto/rdf/reviewdog.proto` of reviewdog. Columns count bytes of UTF-8.

use std::io::{self, Write};

use serde::Serialize;

use super::json::write_document;
use super::region::{Region, cell, region_of_file};
use super::words;
use crate::explain::rule_url;
use crate::review::Outcome;
use crate::rules::{Finding, Fix, Place, Severity};
use crate::text::PositionEncoding;

/// A fix that reaches over more lines is none that a reviewer can take in at a glance.
const FIX_LINES: usize = 40;

#[derive(Serialize)]
struct Diagnostic<'a> {
    message: String,
    location: Location,
    severity: &'a str,
    source: Source<'a>,
    code: Code<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    suggestions: Vec<Suggestion>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Related>,
}

#[derive(Serialize)]
struct Location {
    path: String,
    range: Region,
}

#[derive(Serialize)]
struct Source<'a> {
    name: &'a str,
}

#[derive(Serialize)]
struct Code<'a> {
    value: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

#[derive(Serialize)]
struct Suggestion {
    range: Region,
    text: String,
}

#[derive(Serialize)]
struct Related {
    message: String,
    location: Location,
}

/// Writes a line for each finding.
pub(super) fn write(outcome: &Outcome, out: &mut dyn Write) -> io::Result<()> {
    for finding in outcome.findings() {
        write_document(&diagnostic(finding, outcome), out)?;
    }
    Ok(())
}

fn diagnostic<'a>(finding: &'a Finding, outcome: &Outcome) -> Diagnostic<'a> {
    let suggestions = finding.fixes.iter();
    let suggestions = suggestions.filter_map(|fix| suggestion(fix, finding, outcome));
    let related = finding.evidence.iter().map(|evidence| Related {
        message: words::placed(&evidence.place, &evidence.message, outcome),
        location: location(&evidence.place, outcome),
    });
    Diagnostic {
        message: words::lines(finding, outcome).join("\n"),
        location: location(&finding.place, outcome),
        severity: match finding.severity {
            Severity::Error => "ERROR",
            Severity::Warning => "WARNING",
            Severity::Information | Severity::Hint => "INFO",
        },
        source: Source { name: "marginote" },
        code: Code {
            value: finding.code,
            url: rule_url(finding.code),
        },
        suggestions: suggestions.collect(),
        related_locations: related.collect(),
    }
}

fn location(place: &Place, outcome: &Outcome) -> Location {
    Location {
        path: outcome.shown(&place.path),
        range: region_of_file(place, outcome, PositionEncoding::Utf8),
    }
}

/// A fix as one replacement: reviewdog offers each suggestion by itself, and half a fix mends nothing. None where it is about other files too, or too long.
fn suggestion(fix: &Fix, finding: &Finding, outcome: &Outcome) -> Option<Suggestion> {
    let mut edits: Vec<_> = fix.edits.iter().collect();
    edits.sort_by_key(|edit| edit.place.range.start);
    let start = edits.first()?.place.range.start;
    let end = edits.last()?.place.range.end;
    let is_own = edits
        .iter()
        .all(|edit| edit.place.path == finding.place.path);
    let place = Place {
        path: finding.place.path.clone(),
        range: start..end,
    };
    let range = region_of_file(&place, outcome, PositionEncoding::Utf8);
    // the lines of a notebook are those of its JSON
    let is_own = is_own && cell(&place, outcome).is_none();
    if !is_own || range.end.line - range.start.line > FIX_LINES {
        return None;
    }
    let text = outcome.snapshot.document(&place.path)?.text();
    let (mut new, mut at) = (String::new(), start);
    for edit in edits {
        new.push_str(text.get(at..edit.place.range.start)?);
        new.push_str(&edit.text);
        at = edit.place.range.end;
    }
    Some(Suggestion { range, text: new })
}
