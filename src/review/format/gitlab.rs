//! A code quality report of GitLab: a subset of Code Climate's issues.
//!
//! Source: *Code Quality report format* in GitLab's documentation.

use std::io::{self, Write};

use serde::Serialize;

use super::fingerprint::fingerprints;
use super::json::write_document;
use super::region::{Region, Spot, region_of_file};
use super::words;
use crate::review::Outcome;
use crate::rules::{Finding, Severity};
use crate::text::PositionEncoding;

#[derive(Serialize)]
struct Issue<'a> {
    description: String,
    check_name: &'a str,
    fingerprint: String,
    severity: &'a str,
    location: Location,
}

#[derive(Serialize)]
struct Location {
    path: String,
    positions: Positions,
}

#[derive(Serialize)]
struct Positions {
    begin: Spot,
    end: Spot,
}

/// Writes one list.
pub(super) fn write(outcome: &Outcome, out: &mut dyn Write) -> io::Result<()> {
    let issue = |(finding, fingerprint)| {
        let finding: &Finding = finding;
        let Region { start, end } =
            region_of_file(&finding.place, outcome, PositionEncoding::Utf32);
        Issue {
            description: words::placed(&finding.place, &words::message(finding, outcome), outcome),
            check_name: finding.code,
            fingerprint,
            severity: match finding.severity {
                Severity::Error => "critical",
                Severity::Warning => "major",
                Severity::Information => "minor",
                Severity::Hint => "info",
            },
            location: Location {
                path: outcome.shown(&finding.place.path),
                positions: Positions { begin: start, end },
            },
        }
    };
    let issues: Vec<Issue> = fingerprints(outcome).map(issue).collect();
    write_document(&issues, out)
}
