//! Findings on a terminal: the source with carets, the evidence beside it, one lesson.

use std::borrow::Cow;
use std::io::{self, Write};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::region::{cell, located};
use super::words;
use crate::review::{Outcome, Problem};
use crate::rules::{Finding, Place, Severity};
pub(in crate::review) use crate::text::visible;
use crate::text::{Document, is_unsafe};

/// Pieces of evidence that are further apart stand in excerpts of their own.
const NEAR: usize = 12;
/// Evidence beyond this many pieces is counted, not shown.
const EVIDENCE: usize = 8;
/// A longer line is not shown: no person wrote it.
pub(super) const LONGEST: usize = 1000;

/// A range to underline, on its first line.
struct Mark<'a> {
    path: &'a Path,
    line: usize,
    /// The text that lines and bytes are of: a file's, or that of a cell of a notebook.
    document: Option<Arc<Document>>,
    /// The number of the cell.
    cell: Option<usize>,
    range: Range<usize>,
    label: String,
    primary: bool,
}

/// Writes every finding, the problems, and a line that sums up.
pub(super) fn write(outcome: &Outcome, color: bool, out: &mut dyn Write) -> io::Result<()> {
    write_findings(outcome.findings(), outcome, color, out)?;
    for problem in outcome.problems() {
        write_problem(problem, out)?;
    }
    writeln!(out, "{}", summary(outcome))
}

/// Writes some of the findings.
pub(in crate::review) fn write_findings<'f>(
    findings: impl IntoIterator<Item = &'f Finding>,
    outcome: &Outcome,
    color: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    let renderer = if color {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let renderer = renderer.decor_style(DecorStyle::Ascii);
    for finding in findings {
        writeln!(out, "{}\n", render(finding, outcome, &renderer))?;
    }
    Ok(())
}

/// Writes a line that names something that was not read or does not apply.
pub(in crate::review) fn write_problem(problem: &Problem, out: &mut dyn Write) -> io::Result<()> {
    let line = problem.line.map(|line| format!(":{line}"));
    let place = visible(&problem.shown) + &line.unwrap_or_default();
    writeln!(out, "{place}: {}", visible(&problem.message))
}

fn render(finding: &Finding, outcome: &Outcome, renderer: &Renderer) -> String {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Information => Level::INFO.with_name("information"),
        Severity::Hint => Level::NOTE.with_name("hint"),
    };
    let title = level
        .primary_title(words::message(finding, outcome))
        .id(finding.code);
    let marks = marks(finding, outcome);
    let mut group = Group::with_title(title);
    let mut at = 0;
    while at < marks.len() {
        let together = marks[at..].iter().skip(1).zip(&marks[at..]);
        let together = 1 + together
            .take_while(|(next, mark)| {
                (next.path, next.cell) == (mark.path, mark.cell)
                    && next.line.abs_diff(mark.line) <= NEAR
            })
            .count();
        let mark = &marks[at];
        if let Some(document) = &mark.document {
            let cell = mark.cell.map(|cell| format!(":cell {cell}"));
            let shown = outcome.shown(mark.path) + &cell.unwrap_or_default();
            group = group.element(snippet(&marks[at..at + together], document, &shown));
        }
        at += together;
    }
    if finding.evidence.len() > EVIDENCE {
        group = group.element(Level::NOTE.message(format!(
            "and {} more places",
            finding.evidence.len() - EVIDENCE
        )));
    }
    let config = outcome.snapshot.config(&finding.place.path);
    if let Some(card) = config.knowledge.rule(finding.code) {
        let lesson = card.lesson.replace('\n', " ");
        group = group.element(Level::NOTE.with_name("why").message(visible(&lesson)));
    }
    for fix in &finding.fixes {
        group = group.element(Level::HELP.message(visible(&fix.title)));
    }
    renderer.render(&[group])
}

/// The finding's own range, then its evidence by place.
fn marks<'a>(finding: &'a Finding, outcome: &Outcome) -> Vec<Mark<'a>> {
    let mark = |place: &'a Place, label: &str, primary: bool| {
        let located = located(place, outcome);
        let line = located.as_ref().map_or(1, |located| {
            located.document.line_column(located.range.start).0
        });
        let (document, range) = match located {
            Some(located) => (Some(located.document), located.range),
            None => (None, place.range.clone()),
        };
        Mark {
            path: &place.path,
            line,
            document,
            cell: cell(place, outcome),
            range,
            label: visible(label),
            primary,
        }
    };
    let own = &finding.place;
    let mut marks = vec![mark(own, "", true)];
    let evidence = finding.evidence.iter().take(EVIDENCE);
    marks.extend(evidence.map(|evidence| mark(&evidence.place, &evidence.message, false)));
    // the finding's own file first, and there from top to bottom
    marks.sort_by(|a, b| {
        (
            a.path != own.path.as_path(),
            a.path,
            a.cell,
            a.range.start,
            !a.primary,
        )
            .cmp(&(
                b.path != own.path.as_path(),
                b.path,
                b.cell,
                b.range.start,
                !b.primary,
            ))
    });
    marks
}

/// An excerpt that holds the marks, which are of one file and near each other.
fn snippet<'a>(
    marks: &[Mark<'_>],
    document: &Document,
    shown: &str,
) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
    let (first, last) = (
        marks.iter().map(|mark| mark.line).min().unwrap_or(1),
        marks.iter().map(|mark| mark.line).max().unwrap_or(1),
    );
    let mut source = String::new();
    let mut lines = Vec::new();
    for line in first..=last {
        let start = source.len();
        source.push_str(&printable(document.line_text(line - 1)));
        lines.push(start..source.len());
        source.push('\n');
    }
    let annotations: Vec<_> = marks
        .iter()
        .map(|mark| {
            let line = lines[mark.line - first].clone();
            let kind = if mark.primary {
                AnnotationKind::Primary
            } else {
                AnnotationKind::Context
            };
            let columns = columns(document, mark);
            let span = line.start + byte_of(&source[line.clone()], columns.start)
                ..line.start + byte_of(&source[line], columns.end);
            let annotation = kind.span(span);
            if mark.label.is_empty() {
                annotation
            } else {
                annotation.label(mark.label.clone())
            }
        })
        .collect();
    Snippet::source(source)
        .line_start(first)
        .path(visible(shown))
        .annotations(annotations)
}

/// The code points of its first line that a mark underlines, from 0.
fn columns(document: &Document, mark: &Mark<'_>) -> Range<usize> {
    let (_, start) = document.line_column(mark.range.start);
    let end = match document.line_column(mark.range.end) {
        (line, end) if line == mark.line => end,
        _ => document.line_text(mark.line - 1).trim_end().chars().count() + 1,
    };
    start - 1..end.max(start) - 1
}

fn byte_of(line: &str, column: usize) -> usize {
    line.char_indices()
        .nth(column)
        .map_or(line.len(), |(byte, _)| byte)
}

/// A line of source as it may be printed, code point by code point. The renderer replaces control characters, but for those beyond ASCII.
fn printable(line: &str) -> Cow<'_, str> {
    if line.len() > LONGEST {
        return "…".into();
    }
    let beyond = |c: char| !c.is_ascii() && is_unsafe(c);
    if line.contains(beyond) {
        line.replace(beyond, "\u{fffd}").into()
    } else {
        line.into()
    }
}

/// A line of source as a page may show it, code point by code point: tabs are kept.
pub(super) fn harmless(line: &str) -> Cow<'_, str> {
    if line.len() > LONGEST {
        return "…".into();
    }
    let is_bad = |c: char| c != '\t' && is_unsafe(c);
    match line.contains(is_bad) {
        true => line.replace(is_bad, "\u{fffd}").into(),
        false => line.into(),
    }
}

/// `3 files checked: 1 error, 2 warnings`.
pub(in crate::review) fn summary(outcome: &Outcome) -> String {
    let count = |severity: Severity| {
        outcome
            .findings()
            .filter(|finding| finding.severity == severity)
            .count()
    };
    let counts = [
        Severity::Error,
        Severity::Warning,
        Severity::Information,
        Severity::Hint,
    ]
    .map(|severity| (count(severity), severity.word()));
    let some: Vec<String> = counts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| plural(*count, word))
        .collect();
    let files = plural(outcome.files.len(), "file");
    let found = if some.is_empty() {
        format!("{files} checked, nothing found")
    } else {
        format!("{files} checked: {}", some.join(", "))
    };
    match outcome.problems().count() {
        0 => found,
        problems => format!("{found}; {}, named above", plural(problems, "problem")),
    }
}

/// `1 file`, `2 files`.
pub(in crate::review) fn plural(count: usize, word: &str) -> String {
    match (count, word) {
        (1, _) | (_, "information") => format!("{count} {word}"),
        _ => format!("{count} {word}s"),
    }
}
