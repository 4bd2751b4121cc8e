//! Findings on a terminal: the source with carets, the evidence beside it, one lesson.

use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::Outcome;
use crate::knowledge::Knowledge;
use crate::rules::{Finding, Severity};
use crate::text::Document;

/// Pieces of evidence that are further apart stand in excerpts of their own.
const NEAR: usize = 12;
/// Evidence beyond this many pieces is counted, not shown.
const EVIDENCE: usize = 8;
/// A longer line is not shown: no person wrote it.
const LONGEST: usize = 1000;

/// A range to underline, on its first line.
struct Mark<'a> {
    path: &'a Path,
    line: usize,
    /// Bytes of the file.
    range: std::ops::Range<usize>,
    label: String,
    primary: bool,
}

/// Writes every finding, the problems, and a line that sums up.
pub(super) fn write(outcome: &Outcome, color: bool, out: &mut dyn Write) -> io::Result<()> {
    let renderer = if color {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let renderer = renderer.decor_style(DecorStyle::Ascii);
    for finding in outcome.files.iter().flat_map(|file| &file.report.findings) {
        writeln!(out, "{}\n", render(finding, outcome, &renderer))?;
    }
    for (path, problem) in outcome.problems() {
        writeln!(out, "{}: {}", visible(path), visible(problem))?;
    }
    writeln!(out, "{}", summary(outcome))
}

fn render(finding: &Finding, outcome: &Outcome, renderer: &Renderer) -> String {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Information => Level::INFO.with_name("information"),
        Severity::Hint => Level::NOTE.with_name("hint"),
    };
    let title = level
        .primary_title(visible(&finding.message))
        .id(finding.code);
    let marks = marks(finding, outcome);
    let documents: Vec<Option<Arc<Document>>> = marks
        .iter()
        .map(|mark| outcome.snapshot.document(mark.path))
        .collect();
    let mut group = Group::with_title(title);
    let mut at = 0;
    while at < marks.len() {
        let together = marks[at..].iter().skip(1).zip(&marks[at..]);
        let together = 1 + together
            .take_while(|(next, mark)| {
                next.path == mark.path && next.line.abs_diff(mark.line) <= NEAR
            })
            .count();
        if let Some(document) = &documents[at] {
            group = group.element(snippet(
                &marks[at..at + together],
                document.as_ref(),
                &outcome.shown(marks[at].path),
            ));
        }
        at += together;
    }
    if finding.evidence.len() > EVIDENCE {
        group = group.element(Level::NOTE.message(format!(
            "and {} more places",
            finding.evidence.len() - EVIDENCE
        )));
    }
    if let Some(card) = Knowledge::builtin().rule(finding.code) {
        group = group.element(Level::NOTE.with_name("why").message(card.lesson.clone()));
    }
    for fix in &finding.fixes {
        group = group.element(Level::HELP.message(visible(&fix.title)));
    }
    renderer.render(&[group])
}

/// The finding's own range, then its evidence by place.
fn marks<'a>(finding: &'a Finding, outcome: &Outcome) -> Vec<Mark<'a>> {
    let mark = |path: &'a Path, range: &std::ops::Range<usize>, label: &str, primary: bool| {
        let line = outcome
            .snapshot
            .document(path)
            .map_or(1, |document| document.line_column(range.start).0);
        Mark {
            path,
            line,
            range: range.clone(),
            label: visible(label),
            primary,
        }
    };
    let own = &finding.place;
    let mut marks = vec![mark(&own.path, &own.range, "", true)];
    let evidence = finding.evidence.iter().take(EVIDENCE);
    marks.extend(evidence.map(|evidence| {
        mark(
            &evidence.place.path,
            &evidence.place.range,
            &evidence.message,
            false,
        )
    }));
    // the finding's own file first, and there from top to bottom
    marks.sort_by(|a, b| {
        (
            a.path != own.path.as_path(),
            a.path,
            a.range.start,
            !a.primary,
        )
            .cmp(&(
                b.path != own.path.as_path(),
                b.path,
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
    let mut starts = Vec::new();
    for line in first..=last {
        starts.push(source.len());
        let text = document.line_text(line - 1);
        source.push_str(if text.len() > LONGEST { "…" } else { text });
        source.push('\n');
    }
    let annotations: Vec<_> = marks
        .iter()
        .map(|mark| {
            let start = starts[mark.line - first];
            let text = &source[start..start + source[start..].find('\n').unwrap_or(0)];
            let column = column_in_bytes(document, mark).min(text.len());
            let length = mark
                .range
                .len()
                .min(text.trim_end().len().saturating_sub(column));
            let span = start + column..start + column + length;
            let kind = if mark.primary {
                AnnotationKind::Primary
            } else {
                AnnotationKind::Context
            };
            let annotation = kind.span(on_boundaries(&source, span));
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

/// How many bytes of its line stand before a mark.
fn column_in_bytes(document: &Document, mark: &Mark<'_>) -> usize {
    let (_, column) = document.line_column(mark.range.start);
    document
        .line_text(mark.line - 1)
        .chars()
        .take(column - 1)
        .map(char::len_utf8)
        .sum()
}

fn on_boundaries(text: &str, span: std::ops::Range<usize>) -> std::ops::Range<usize> {
    let down = |mut at: usize| {
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    down(span.start)..down(span.end)
}

/// Text that cannot move a terminal's cursor or change its colours.
fn visible(text: &str) -> String {
    text.chars()
        .flat_map(|c| {
            if c.is_control() {
                c.escape_default().collect::<Vec<_>>()
            } else {
                vec![c]
            }
        })
        .collect()
}

fn summary(outcome: &Outcome) -> String {
    let count = |severity: Severity| {
        outcome
            .files
            .iter()
            .flat_map(|file| &file.report.findings)
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
    if some.is_empty() {
        format!("{files} checked, nothing found")
    } else {
        format!("{files} checked: {}", some.join(", "))
    }
}

fn plural(count: usize, word: &str) -> String {
    match (count, word) {
        (1, _) | (_, "information") => format!("{count} {word}"),
        _ => format!("{count} {word}s"),
    }
}
