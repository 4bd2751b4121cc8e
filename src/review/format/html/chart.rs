//! Charts: bars by severity, and where in a file something was found.

use maud::{Markup, html};

use super::{Page, Shown};
use crate::review::format::text::plural;
use crate::rules::Severity;

/// In the order of their weight.
pub(super) const SEVERITIES: [Severity; 4] = [
    Severity::Error,
    Severity::Warning,
    Severity::Information,
    Severity::Hint,
];

/// How wide the drawings are, in units of their own.
const WIDTH: usize = 1000;

/// A row of a chart.
pub(super) struct Bar {
    pub(super) label: Markup,
    /// Beside the label; nothing where it is empty.
    pub(super) aside: Markup,
    /// How many findings of each severity, as [`SEVERITIES`].
    pub(super) counts: [usize; 4],
}

impl Bar {
    pub(super) fn total(&self) -> usize {
        self.counts.iter().sum()
    }
}

/// A table whose numbers are drawn too. `rest` is a row of words at its end.
pub(super) fn chart(caption: &str, bars: &[Bar], rest: Option<&str>) -> Markup {
    let most = bars.iter().map(Bar::total).max().unwrap_or(0).max(1);
    html! {
        table.chart {
            caption { (caption) }
            thead.unseen { tr { th scope="col" { "What" } th scope="col" { "Drawn" } th scope="col" { "Findings" } } }
            tbody {
                @for bar in bars {
                    tr {
                        th scope="row" { (bar.label) (bar.aside) }
                        td.drawn title=(in_words(&bar.counts)) { (drawn(&bar.counts, most)) }
                        td.total { (bar.total()) }
                    }
                }
                @if let Some(rest) = rest { tr { th.rest scope="row" colspan="3" { (rest) } } }
            }
        }
    }
}

/// `1 error, 2 warnings`.
fn in_words(counts: &[usize; 4]) -> String {
    let some = SEVERITIES
        .iter()
        .zip(counts)
        .filter(|(_, count)| **count > 0);
    let some: Vec<String> = some
        .map(|(severity, count)| plural(*count, severity.word()))
        .collect();
    some.join(", ")
}

/// One piece for each severity, as long as its share of the longest bar.
fn drawn(counts: &[usize; 4], most: usize) -> Markup {
    let pieces = SEVERITIES
        .iter()
        .zip(counts)
        .scan(0, |at, (severity, count)| {
            let from = *at;
            *at += count;
            Some((severity, *count, from * WIDTH / most, *at * WIDTH / most))
        });
    html! {
        svg viewBox={ "0 0 " (WIDTH) " 10" } preserveAspectRatio="none" aria-hidden="true" focusable="false" {
            @for (severity, count, from, to) in pieces {
                @if count > 0 {
                    rect.(severity.word()) x=(from) y="0" width=((to - from).max(4)) height="10" {}
                }
            }
        }
    }
}

/// A file from its first line to its last, with a tick for each finding.
pub(super) fn strip(file: &Shown, page: &Page) -> Markup {
    let lines = file.document.len_lines().max(1);
    html! {
        svg.strip viewBox={ "0 0 " (WIDTH) " 10" } preserveAspectRatio="none" aria-hidden="true" focusable="false" {
            rect.ground x="0" y="4" width=(WIDTH) height="2" {}
            @for mark in &file.marks {
                @let at = mark.lines.0 * (WIDTH - 5) / lines;
                @if mark.is_own {
                    rect.(page.findings[mark.finding].severity.word()) x=(at) y="0" width="5" height="10" {}
                } @else {
                    rect.evidence x=(at) y="3" width="3" height="4" {}
                }
            }
        }
    }
}
