//! A note in the margin, and the lessons that the notes link to.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::markdown::markdown;
use super::{Page, concept};
use crate::explain::{self, Quote, Reference};
use crate::review::format::text::visible;
use crate::review::format::words;
use crate::rules::Finding;

/// The finding, what proves it, why, and what the user's own notes say.
pub(super) fn note(at: usize, page: &Page) -> Markup {
    let finding = page.findings[at];
    let number = Page::number(at);
    let line = page.line_id(&finding.place).unwrap_or_default();
    let lesson = words::lesson(finding, page.outcome);
    let quote = concept(finding, page.outcome).and_then(|concept| page.quotes.get(&concept));
    html! {
        article.note.(finding.severity.word()) id={ "n" (number) } aria-labelledby={ "n" (number) "-title" } data-line=(line) {
            h3 id={ "n" (number) "-title" } {
                a.number href={ "#" (line) } { (number) }
                " " span.severity { (finding.severity.word()) } " "
                (rule(finding, page))
            }
            div.message { (message(&words::message(finding, page.outcome))) }
            (evidence(finding, page))
            @if let Some(lesson) = lesson { div.why { (markdown(&lesson)) } }
            @for fix in &finding.fixes {
                div.help { (message(&format!("Help: {}", fix.title))) }
            }
            @if let Some(quote) = quote { (own_words(quote)) }
            p.around {
                @if at > 0 { a href={ "#n" (number - 1) } { "previous" } " " }
                @if number < page.findings.len() { a href={ "#n" (number + 1) } { "next" } }
            }
        }
    }
}

/// The rule's title, which leads to its lesson.
fn rule(finding: &Finding, page: &Page) -> Markup {
    let config = page.outcome.snapshot.config(&finding.place.path);
    let card = config.knowledge.rule(finding.code);
    html! {
        @if let Some(card) = card {
            a.rule href={ "#rule-" (finding.code) } { (inline(&visible(&card.title))) }
            " "
        }
        span.code-of-rule { (finding.code) }
    }
}

fn evidence(finding: &Finding, page: &Page) -> Markup {
    html! {
        @if !finding.evidence.is_empty() {
            ul.evidence {
                @for evidence in words::listed(finding) {
                    @let place = visible(&words::place(&evidence.place, finding, page.outcome));
                    li {
                        @match page.line_id(&evidence.place) {
                            Some(line) => a href={ "#" (line) } { (place) },
                            None => (place),
                        }
                        " " (inline(&visible(&evidence.message)))
                    }
                }
                @if let Some(more) = words::more(finding) { li { (more) } }
            }
        }
    }
}

/// What the user's notes say of the same.
fn own_words(quote: &Quote) -> Markup {
    html! {
        details.own {
            summary { "Your note: " (names(&quote.from)) }
            blockquote {
                @for line in &quote.lines { p { (inline(&visible(line))) } }
            }
            @for correction in &quote.corrections {
                div.correction { (markdown(&format!("**Not so:** {correction}"))) }
            }
            @if !quote.also.is_empty() {
                p { "Also: " @for (at, other) in quote.also.iter().enumerate() { @if at > 0 { ", " } (names(other)) } }
            }
        }
    }
}

/// `internals.md › The GIL`: the file and the innermost heading.
pub(super) fn names(reference: &Reference) -> Markup {
    let (first, last) = (reference.names.first(), reference.names.get(1..));
    let last = last.and_then(<[String]>::last);
    html! {
        @if let Some(file) = first { (visible(file)) }
        @if let Some(heading) = last { " › " (visible(heading)) }
    }
}

/// A line of ours with the user's names in it, as a paragraph.
fn message(text: &str) -> Markup {
    markdown(&explain::escaped(&visible(text)))
}

/// Text in which names stand between backticks, without a paragraph around it.
pub(super) fn inline(text: &str) -> Markup {
    let parts: Vec<&str> = text.split('`').collect();
    html! {
        @for (at, part) in parts.iter().enumerate() {
            // a last backtick without a second one is only itself
            @if at % 2 == 1 && at + 1 < parts.len() { code { (part) } }
            @else if at % 2 == 1 { "`" (part) }
            @else { (part) }
        }
    }
}

/// What each rule that found something teaches, once.
pub(super) fn lessons(page: &Page) -> Markup {
    let rules: BTreeMap<&str, &Finding> = page
        .findings
        .iter()
        .map(|finding| (finding.code, *finding))
        .collect();
    let lessons = rules.into_iter().filter_map(|(code, finding)| {
        let config = page.outcome.snapshot.config(&finding.place.path);
        let lesson = explain::why(code, &config.knowledge)?;
        let concept = config.knowledge.rule(code)?.concept.clone();
        let question = explain::question(&concept, &config.knowledge);
        Some((code, lesson, question))
    });
    let lessons: Vec<_> = lessons.collect();
    html! {
        @if !lessons.is_empty() {
            section #lessons aria-labelledby="lessons-title" {
                h2 #lessons-title { "What there is to learn" }
                div.lessons {
                    @for (code, lesson, question) in lessons {
                        @let numbers = page.findings.iter().enumerate().filter(|(_, finding)| finding.code == code);
                        article.lesson id={ "rule-" (code) } aria-label=(code) {
                            p.code-of-rule { (code) }
                            (markdown(&lesson.markdown))
                            @if let Some((question, answer)) = question {
                                details.recall {
                                    summary { (markdown(&question)) }
                                    (markdown(&answer))
                                }
                            }
                            p.found { "Found:" @for (at, _) in numbers.take(40) { " " a href={ "#n" (Page::number(at)) } aria-label={ "Finding " (Page::number(at)) } { (Page::number(at)) } } }
                        }
                    }
                }
            }
        }
    }
}
