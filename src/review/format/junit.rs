//! `JUnit` XML, as CI servers read it: a suite for each file, a failed case for each error and warning, a skipped one for what is less.

use std::io::{self, Write};

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::region;
use super::text::visible;
use super::words;
use crate::review::{Checked, Outcome, Problem};
use crate::rules::{Finding, Severity};

/// Writes one document. A file without findings has one case, which succeeds; one that could not be read has one that is an error.
pub(super) fn write(outcome: &Outcome, out: &mut dyn Write) -> io::Result<()> {
    let mut report = Report::new("marginote");
    for file in &outcome.files {
        report.add_test_suite(suite(file, outcome));
    }
    let problems: Vec<&Problem> = outcome.problems().collect();
    if !problems.is_empty() {
        let mut suite = TestSuite::new("problems");
        suite.add_test_cases(problems.into_iter().map(problem));
        report.add_test_suite(suite);
    }
    report.serialize(&mut *out).map_err(io::Error::other)?;
    writeln!(out)
}

fn suite(file: &Checked, outcome: &Outcome) -> TestSuite {
    let path = visible(&file.shown);
    let mut suite = TestSuite::new(path.as_str());
    let findings = file.report.findings.iter();
    suite.add_test_cases(findings.map(|finding| case(finding, &path, outcome)));
    if file.report.findings.is_empty() && file.report.problems.is_empty() {
        let mut clean = TestCase::new("nothing found", TestCaseStatus::success());
        clean.set_classname(path);
        suite.add_test_case(clean);
    }
    suite
}

fn case(finding: &Finding, path: &str, outcome: &Outcome) -> TestCase {
    let mut status = match finding.severity {
        Severity::Error | Severity::Warning => TestCaseStatus::non_success(NonSuccessKind::Failure),
        Severity::Information | Severity::Hint => TestCaseStatus::skipped(),
    };
    status.set_message(words::message(finding, outcome));
    status.set_type(finding.severity.word());
    // the message stands there already
    let lines = words::lines(finding, outcome);
    status.set_description(lines.get(1..).unwrap_or_default().join("\n"));
    let place = words::place(&finding.place, finding, outcome);
    let name = words::rule_name(finding, outcome);
    let name = format!("{} {name} in {place}", finding.code);
    let mut case = TestCase::new(name, status);
    case.set_classname(path);
    case.extra.insert("file".into(), path.into());
    if region::cell(&finding.place, outcome).is_none() {
        let line = region::line(&finding.place, outcome);
        case.extra.insert("line".into(), line.to_string().into());
    }
    case
}

fn problem(problem: &Problem) -> TestCase {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
    let path = visible(&problem.shown);
    status.set_message(visible(&problem.message));
    let mut case = TestCase::new(path.as_str(), status);
    case.set_classname("marginote");
    case.extra.insert("file".into(), path.into());
    if let Some(line) = problem.line {
        case.extra.insert("line".into(), line.to_string().into());
    }
    case
}
