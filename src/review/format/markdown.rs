//! A review comment for each file, in Markdown that GitHub and GitLab render.
//!
//! Names and code stand in code spans and fences that are longer than any run of backticks in them; what stands outside is escaped.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::region::{self, Located, located};
use super::text::{harmless, plural, summary, visible};
use super::words;
use crate::explain;
use crate::review::{Checked, Outcome};
use crate::rules::{Finding, Severity};

/// The most lines of a finding's own code.
const LINES: usize = 8;

/// Writes a comment for each file with findings, then the problems and a line that sums up.
pub(super) fn write(outcome: &Outcome, out: &mut dyn Write) -> io::Result<()> {
    let files = outcome.files.iter();
    for file in files.filter(|file| !file.report.findings.is_empty()) {
        write_file(file, outcome, out)?;
    }
    if outcome.problems().next().is_some() {
        writeln!(out, "## Not checked\n")?;
        for problem in outcome.problems() {
            let line = problem.line.map(|line| format!(", line {line}"));
            let line = line.unwrap_or_default();
            let message = words_of(&problem.message);
            writeln!(out, "- {}{line}: {message}", span(&problem.shown))?;
        }
        writeln!(out)?;
    }
    writeln!(out, "{}", summary(outcome))
}

fn write_file(file: &Checked, outcome: &Outcome, out: &mut dyn Write) -> io::Result<()> {
    let findings = &file.report.findings;
    let count = plural(findings.len(), "finding");
    writeln!(out, "## {}\n\n{count}\n", span(&file.shown))?;
    for finding in findings {
        write_finding(finding, outcome, out)?;
    }
    let lessons: BTreeMap<&str, &Finding> = findings
        .iter()
        .map(|finding| (finding.code, finding))
        .collect();
    for finding in lessons.into_values() {
        write_lesson(finding, outcome, out)?;
    }
    Ok(())
}

fn write_finding(finding: &Finding, outcome: &Outcome, out: &mut dyn Write) -> io::Result<()> {
    let mark = match finding.severity {
        Severity::Error => "🛑",
        Severity::Warning => "⚠️",
        Severity::Information => "ℹ️",
        Severity::Hint => "💡",
    };
    let place = words::place(&finding.place, finding, outcome);
    let (word, code) = (finding.severity.word(), finding.code);
    writeln!(out, "### {mark} {word} `{code}` in {place}\n")?;
    writeln!(out, "{}\n", words_of(&words::message(finding, outcome)))?;
    writeln!(out, "{}\n", fenced(&own_code(finding, outcome)))?;
    for evidence in words::listed(finding) {
        let place = words::place(&evidence.place, finding, outcome);
        let code = span(harmless(region::line_text(&evidence.place, outcome).trim()).as_ref());
        let message = words_of(&evidence.message);
        writeln!(out, "- {}, {code}: {message}", words_of(&place))?;
    }
    if let Some(more) = words::more(finding) {
        writeln!(out, "- {more}")?;
    }
    if !finding.evidence.is_empty() {
        writeln!(out)?;
    }
    for fix in &finding.fixes {
        writeln!(out, "**Help:** {}\n", words_of(&fix.title))?;
    }
    Ok(())
}

/// Why it goes wrong, once for each rule of a file: folded, with what the card says below its lesson.
fn write_lesson(finding: &Finding, outcome: &Outcome, out: &mut dyn Write) -> io::Result<()> {
    let config = outcome.snapshot.config(&finding.place.path);
    let Some(lesson) = explain::why(finding.code, &config.knowledge) else {
        return Ok(());
    };
    // the empty lines make a renderer read Markdown again inside of the element
    let code = finding.code;
    writeln!(out, "<details>\n<summary>Why: {code}</summary>\n")?;
    writeln!(out, "{}\n</details>\n", lesson.markdown)
}

/// The lines of a finding's own range.
fn own_code(finding: &Finding, outcome: &Outcome) -> String {
    let Some(Located { document, range }) = located(&finding.place, outcome) else {
        return String::new();
    };
    let line = |offset: usize| document.line_column(offset).0 - 1;
    let first = line(range.start);
    let lines = first..=line(range.end).min(first + LINES - 1);
    let lines = lines.map(|line| harmless(document.line_text(line)).into_owned() + "\n");
    lines.collect()
}

/// A line of ours with the user's names in it. A mention is looked for in what was rendered, so a backslash does not keep it from notifying somebody.
fn words_of(text: &str) -> String {
    explain::escaped(&visible(text)).replace("\\@", "\\@\u{200b}")
}

/// The longest run of backticks.
fn longest_run(text: &str) -> usize {
    let runs = text.split(|c| c != '`').map(str::len);
    runs.max().unwrap_or(0)
}

/// Text in a code span.
fn span(text: &str) -> String {
    let text = visible(text);
    if text.is_empty() {
        return text;
    }
    let ticks = "`".repeat(longest_run(&text) + 1);
    // a backtick at the border would be one of the marks; one blank on each side is taken away again
    let blank = match text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) {
        true => " ",
        false => "",
    };
    format!("{ticks}{blank}{text}{blank}{ticks}")
}

/// Lines in a fence.
fn fenced(code: &str) -> String {
    let fence = "`".repeat(longest_run(code).max(2) + 1);
    format!("{fence}python\n{code}{fence}")
}

#[cfg(test)]
mod tests {
    use pulldown_cmark::{Event, Parser, Tag};

    use super::{fenced, span};

    #[test]
    fn nothing_gets_out_of_a_span_or_a_fence() {
        proptest::proptest!(|(text in "[`~ #<>|\\[\\]()a\\\\&!*-]{0,30}")| {
            let markdown = format!("x {} x", span(&text));
            let is_shown = |event: Event| match event {
                Event::Code(code) => code.trim() == text.trim(),
                event => event == Event::Text("x ".into()) || event == Event::Text(" x".into()),
            };
            let mut inner = Parser::new(&markdown).filter(|event| !matches!(event, Event::Start(Tag::Paragraph) | Event::End(_)));
            let is_blank = text.trim().is_empty();
            proptest::prop_assert!(is_blank || inner.all(is_shown), "{markdown:?}");
            let markdown = fenced(&format!("{text}\n"));
            let mut events = Parser::new(&markdown);
            proptest::prop_assert!(matches!(events.next(), Some(Event::Start(Tag::CodeBlock(_)))));
            let inner: String = events.filter_map(|event| match event {
                Event::Text(text) => Some(text.into_string()),
                _ => None,
            }).collect();
            proptest::prop_assert_eq!(inner, format!("{text}\n"));
        });
    }
}
