//! `check --statistics`: how often each rule found something.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

use super::format::{json, text, words};
use super::{CheckError, FindingFormat, Outcome};

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    statistics: Vec<Count>,
    errors: Vec<json::JsonError<'a>>,
}

#[derive(Serialize)]
struct Count {
    code: &'static str,
    name: &'static str,
    count: usize,
}

/// The rules that found something, those that found most first.
fn counts(outcome: &Outcome) -> Vec<Count> {
    let mut counts: BTreeMap<&'static str, Count> = BTreeMap::new();
    for finding in outcome.findings() {
        let count = counts.entry(finding.code).or_insert_with(|| Count {
            code: finding.code,
            name: words::rule_name(finding, outcome),
            count: 0,
        });
        count.count += 1;
    }
    let mut counts: Vec<Count> = counts.into_values().collect();
    counts.sort_by_key(|count| std::cmp::Reverse(count.count));
    counts
}

/// # Errors
/// When the format has no counts.
pub(super) fn supports(format: FindingFormat) -> Result<(), CheckError> {
    match format {
        FindingFormat::Text | FindingFormat::Json => Ok(()),
        _ => Err(CheckError::Statistics),
    }
}

/// Writes the counts, and what is wrong, as text or as JSON.
pub(super) fn write(
    outcome: &Outcome,
    format: FindingFormat,
    out: &mut dyn Write,
) -> io::Result<()> {
    let counts = counts(outcome);
    if format == FindingFormat::Json {
        let document = Document {
            version: 1,
            statistics: counts,
            errors: outcome.problems().map(json::error).collect(),
        };
        return json::write_document(&document, out);
    }
    for Count { code, name, count } in &counts {
        writeln!(out, "{count:>6}  {code:<7}  {name}")?;
    }
    for problem in outcome.problems() {
        text::write_problem(problem, out)?;
    }
    writeln!(out, "{}", text::summary(outcome))
}
