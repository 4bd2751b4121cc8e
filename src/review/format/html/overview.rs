//! The head of the page: what was found, at a glance.

use std::collections::BTreeMap;
use std::path::Path;

use maud::{Markup, html};

use super::chart::{Bar, SEVERITIES, chart};
use super::note::{inline, names};
use super::{Page, concept};
use crate::review::format::text::{plural, visible};
use crate::rules::{Finding, family};

/// The most rows of a chart.
const ROWS: usize = 12;

/// The title, the counts, which switch notes off and on, the charts, and what was not checked.
pub(super) fn markup(page: &Page, name: &str) -> Markup {
    html! {
        header.top {
            p.brand { "Marginote" }
            button.switch type="button" hidden { "Dark" }
            h1 { (name) }
            p.lead { (lead(page)) }
            @if !page.findings.is_empty() {
                (counts(page))
                div.charts {
                    (by_family(page))
                    (by_file(page))
                    (by_concept(page))
                }
            }
            (problems(page))
        }
    }
}

fn lead(page: &Page) -> String {
    let outcome = page.outcome;
    let files = plural(outcome.files.len(), "file");
    let lines: usize = outcome.files.iter().map(|file| file.report.lines).sum();
    let lines = plural(lines, "line");
    match page.findings.len() {
        0 => format!("{files} checked, {lines}: nothing found."),
        count => format!("{} in {files} checked, {lines}.", plural(count, "finding")),
    }
}

/// A box for each severity; the style hides the notes of those that are not ticked.
fn counts(page: &Page) -> Markup {
    html! {
        fieldset.counts {
            legend { "Show" }
            @for severity in SEVERITIES {
                @let word = severity.word();
                @let count = page.findings.iter().filter(|finding| finding.severity == severity).count();
                @if count > 0 {
                    label.(word) {
                        input id={ "show-" (word) } type="checkbox" checked;
                        " " strong { (count) } " " (plural(count, word).trim_start_matches(|c: char| c.is_ascii_digit() || c == ' '))
                    }
                }
            }
        }
    }
}

/// How many findings of each severity.
fn count<'f>(findings: impl Iterator<Item = &'f Finding>) -> [usize; 4] {
    let mut counts = [0; 4];
    for finding in findings {
        let severities = SEVERITIES.iter().zip(&mut counts);
        for (severity, count) in severities {
            *count += usize::from(*severity == finding.severity);
        }
    }
    counts
}

/// The findings by what `key` says of them, the most first.
fn grouped<'f, K: Ord>(
    page: &Page<'f>,
    key: impl Fn(&'f Finding) -> Option<K>,
) -> Vec<(K, [usize; 4])> {
    let mut groups: BTreeMap<K, Vec<&Finding>> = BTreeMap::new();
    for finding in &page.findings {
        if let Some(key) = key(finding) {
            groups.entry(key).or_default().push(finding);
        }
    }
    let groups = groups.into_iter();
    let mut groups: Vec<_> = groups
        .map(|(key, findings)| (key, count(findings.into_iter())))
        .collect();
    groups.sort_by_key(|(_, counts)| std::cmp::Reverse(counts.iter().sum::<usize>()));
    groups
}

fn by_family(page: &Page) -> Markup {
    let groups = grouped(page, |finding| Some(family(finding.code)));
    let bars = groups.into_iter().map(|(family, counts)| Bar {
        label: html! { (title(family)) },
        aside: html! {},
        counts,
    });
    chart("By family", &bars.collect::<Vec<_>>(), None)
}

fn title(family: &str) -> &str {
    match family {
        "GIL" => "The GIL and threads",
        "MET" => "Classes and metaclasses",
        "MUT" => "Shared and changed objects",
        "SNG" => "Singletons",
        "SUP" => "Comments that silence",
        "NOTE" => "Notes",
        other => other,
    }
}

fn by_file(page: &Page) -> Markup {
    let first = |path: &Path| {
        let mut findings = page.findings.iter();
        findings.find(|finding| finding.place.path.as_path() == path)
    };
    let groups = grouped(page, |finding| Some(finding.place.path.as_path()));
    let rest = groups.len().saturating_sub(ROWS);
    let rest = (rest > 0).then(|| format!("and {} more", plural(rest, "file")));
    let bars = groups.into_iter().take(ROWS).map(|(path, counts)| {
        let name = visible(&page.outcome.shown(path));
        let id = first(path).and_then(|finding| page.file_id(&finding.place));
        Bar {
            label: html! { a href={ "#" (id.unwrap_or_default()) } { (breakable(&name)) } },
            aside: html! {},
            counts,
        }
    });
    chart("By file", &bars.collect::<Vec<_>>(), rest.as_deref())
}

/// A path whose line may end after a slash.
fn breakable(path: &str) -> Markup {
    html! {
        @for part in path.split_inclusive('/') { (part) wbr; }
    }
}

/// The ideas behind the findings, with the user's own notes about them.
fn by_concept(page: &Page) -> Markup {
    let groups = grouped(page, |finding| concept(finding, page.outcome));
    let knowledge = page.outcome.snapshot.knowledge_of_notes();
    let rest = groups.len().saturating_sub(ROWS);
    let rest = (rest > 0).then(|| format!("and {} more", plural(rest, "idea")));
    let bars = groups.into_iter().take(ROWS).map(|(slug, counts)| {
        let card = knowledge.concept(&slug);
        let title = card.map_or(slug.as_str(), |card| &card.title);
        Bar {
            label: html! { (inline(&visible(title))) },
            aside: html! {
                @if let Some(quote) = page.quotes.get(&slug) { span.aside { (names(&quote.from)) } }
            },
            counts,
        }
    });
    let caption = match page.quotes.is_empty() {
        true => "By idea",
        false => "By idea, and your notes on it",
    };
    chart(caption, &bars.collect::<Vec<_>>(), rest.as_deref())
}

fn problems(page: &Page) -> Markup {
    let problems: Vec<_> = page.outcome.problems().collect();
    html! {
        @if !problems.is_empty() {
            section.problems aria-labelledby="problems-title" {
                h2 #problems-title { "Not checked" }
                ul {
                    @for problem in problems {
                        li {
                            code { (visible(&problem.shown)) }
                            @if let Some(line) = problem.line { ", line " (line) }
                            ": " (inline(&visible(&problem.message)))
                        }
                    }
                }
            }
        }
    }
}
