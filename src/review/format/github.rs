//! Workflow commands of GitHub Actions, each of which becomes an annotation in a pull request.
//!
//! Source: *Workflow commands for GitHub Actions*, and `escapeData` and `escapeProperty` of `@actions/core`.

use std::io::{self, Write};

use super::region::{Region, region_of_file};
use super::text::visible;
use super::words;
use crate::review::Outcome;
use crate::rules::{Finding, Severity};
use crate::text::PositionEncoding;

/// Writes a command for each problem and each finding.
pub(super) fn write(outcome: &Outcome, out: &mut dyn Write) -> io::Result<()> {
    for problem in outcome.problems() {
        let line = problem.line.map(|line| format!(",line={line}"));
        let file = property(&problem.shown);
        let line = line.unwrap_or_default();
        let message = data(&visible(&problem.message));
        writeln!(out, "::error file={file}{line},title=Marginote::{message}")?;
    }
    for finding in outcome.findings() {
        write_finding(finding, outcome, out)?;
    }
    Ok(())
}

fn write_finding(finding: &Finding, outcome: &Outcome, out: &mut dyn Write) -> io::Result<()> {
    let command = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Information | Severity::Hint => "notice",
    };
    let file = property(&outcome.shown(&finding.place.path));
    let place = place(region_of_file(
        &finding.place,
        outcome,
        PositionEncoding::Utf16,
    ));
    let name = words::rule_name(finding, outcome);
    let title = property(format!("{} {name}", finding.code).trim());
    let message = data(&words::lines(finding, outcome).join("\n"));
    writeln!(
        out,
        "::{command} file={file},{place},title={title}::{message}"
    )
}

/// An annotation over several lines may have no columns.
fn place(region: Region) -> String {
    let Region { start, end } = region;
    match start.line == end.line {
        true => format!(
            "line={},endLine={},col={},endColumn={}",
            start.line, end.line, start.column, end.column
        ),
        false => format!("line={},endLine={}", start.line, end.line),
    }
}

fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// A value, in which a log's reader sees no more than text.
fn property(text: &str) -> String {
    let escaped = data(text).replace(':', "%3A").replace(',', "%2C");
    visible(&escaped)
}

#[cfg(test)]
mod tests {
    use super::{data, property};

    #[test]
    fn values_are_escaped_as_github_reads_them() {
        assert_eq!(data("50% :\r\n, ok"), "50%25 :%0D%0A, ok");
        assert_eq!(property("a:b,c\n%0A\x1b.py"), "a%3Ab%2Cc%0A%250A\\u{1b}.py");
    }
}
