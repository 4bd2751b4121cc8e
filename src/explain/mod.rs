//! A finding or a construct, and knowledge, into Markdown and plain text. Knows nothing of LSP.
//!
//! A hover says first what it means *here*, with the user's names and lines, then the idea, then one question. A page is the whole card.
//! Built-in cards are trusted Markdown; the user's are defused, and whatever comes from the user's code is escaped.

mod defuse;
mod design;
mod escape;
mod plain;
mod quote;
mod section;

use std::fmt::Write as _;

use crate::knowledge::{Block, BlockKind, ConceptCard, Knowledge, NoteRule, RuleCard, rule_names};
use crate::rules::{Finding, Place};

pub use design::{Design, DesignKind, Home};
use quote::push_quote;
pub use quote::{Quote, Reference};
pub use section::{UsedConcept, section};

/// The longest example that a hover shows, in lines.
const EXAMPLE_LINES: usize = 12;
/// How many pieces of evidence a hover lists.
const EVIDENCE: usize = 6;

/// A text for people, in both forms that clients take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// The Markdown.
    pub markdown: String,
    /// The same without marks.
    pub plain: String,
}

impl Text {
    fn new(mut markdown: String) -> Text {
        markdown.truncate(markdown.trim_end().len());
        markdown.push('\n');
        Text {
            plain: plain::plain(&markdown),
            markdown,
        }
    }
}

/// A line of the user's as Markdown that shows it and does nothing else.
pub fn escaped(text: &str) -> String {
    escape::message(text)
}

/// Markdown of the user's as Markdown that shows the same and does nothing else.
pub fn defused(markdown: &str) -> String {
    defuse::markdown(markdown)
}

/// Markdown of ours, in both forms.
pub fn text(markdown: &str) -> Text {
    Text::new(markdown.to_owned())
}

/// What a hover says over a finding. `place` says where a place is in words, such as `line 12` or `worker.py, line 3`; `designs` are what the thing that is named there is in
/// the project, `quote` is what the user's notes say of the finding's concept.
/// Without its message and its evidence where these `are_shown` beside the hover.
pub fn finding(
    finding: &Finding,
    knowledge: &Knowledge,
    place: &dyn Fn(&Place) -> String,
    designs: &[Design],
    quote: Option<&Quote>,
    are_shown: bool,
) -> Text {
    let rule = knowledge.rule(finding.code).map(defuse::rule);
    let rule = rule.as_deref();
    let mut out = match rule {
        Some(rule) => format!("**{}** `{}`\n\n", rule.title, rule.code),
        None => format!("**{}**\n\n", finding.code),
    };
    if !are_shown {
        push_finding(&mut out, finding, place);
    }
    for design in designs {
        push(&mut out, format_args!("{}\n\n", design::sentence(design)));
    }
    if let Some(rule) = rule {
        push(&mut out, format_args!("{}\n\n", rule.lesson));
        let concept = knowledge.concept(&rule.concept).map(defuse::concept);
        let concept = concept.as_deref();
        let own = rule.section("Good").map_or(&[][..], |good| &good.blocks);
        let example = short_example(own).or_else(|| concept.and_then(concept_example));
        push_example(&mut out, example);
        push_quote(&mut out, quote);
        push_recall(&mut out, concept);
    }
    Text::new(out)
}

/// The message and the evidence.
fn push_finding(out: &mut String, finding: &Finding, place: &dyn Fn(&Place) -> String) {
    out.push_str(&escape::message(&finding.message));
    out.push_str("\n\n");
    for evidence in finding.evidence.iter().take(EVIDENCE) {
        let place = escape::message(&place(&evidence.place));
        let message = escape::message(&evidence.message);
        push(out, format_args!("- {place}: {message}\n"));
    }
    let more = finding.evidence.len().saturating_sub(EVIDENCE);
    if more > 0 {
        push(out, format_args!("- and {more} more\n"));
    }
    out.push('\n');
}

/// What the card of a rule teaches, for those who have the finding before their eyes: its title, its lesson, why it goes wrong, and how it is done well. None for what has no card.
pub fn why(code: &str, knowledge: &Knowledge) -> Option<Text> {
    let card = &*defuse::rule(knowledge.rule(code)?);
    let mut out = format!("**{}**\n\n{}\n\n", card.title, card.lesson);
    if let Some(why) = card.section("Why") {
        push(&mut out, format_args!("{}\n\n", why.markdown));
    }
    let good = card.section("Good").map_or(&[][..], |good| &good.blocks);
    push_example(&mut out, short_example(good));
    Some(Text::new(out))
}

/// The first question of a concept's card and its answer, as Markdown.
pub fn question(concept: &str, knowledge: &Knowledge) -> Option<(String, String)> {
    let card = defuse::concept(knowledge.concept(concept)?);
    let recall = card.recall.first()?;
    Some((recall.question.clone(), recall.answer.clone()))
}

/// What a hover says over a construct. `also` are the other concepts that answer on it, `designs` what it is in the project, `quote` what the user's notes say of it.
pub fn construct(
    card: &ConceptCard,
    also: &[&ConceptCard],
    designs: &[Design],
    quote: Option<&Quote>,
) -> Text {
    let card = &*defuse::concept(card);
    let mut out = format!("**{}**\n\n", card.title);
    for design in designs {
        push(&mut out, format_args!("{}\n\n", design::sentence(design)));
    }
    push(&mut out, format_args!("{}\n\n", card.summary));
    push_example(&mut out, concept_example(card));
    if !also.is_empty() {
        let title = |card: &&ConceptCard| defuse::concept(card).title.clone();
        let titles: Vec<String> = also.iter().map(title).collect();
        push(
            &mut out,
            format_args!("*See also:* {}\n\n", titles.join(" · ")),
        );
    }
    push_quote(&mut out, quote);
    push_recall(&mut out, Some(card));
    Text::new(out)
}

/// The page of a concept; under one of the user's, the built-in one that it lies over.
pub fn concept(card: &ConceptCard, knowledge: &Knowledge) -> Text {
    let mut out = concept_page(card, knowledge);
    if let Some(below) = knowledge.below(card) {
        push(
            &mut out,
            format_args!("\n---\n\n{}", concept_page(below, knowledge)),
        );
    }
    Text::new(out)
}

fn concept_page(card: &ConceptCard, knowledge: &Knowledge) -> String {
    let card = &*defuse::concept(card);
    let mut out = format!(
        "# {}\n\n`{}` · {}",
        card.title,
        card.concept,
        card.level.word()
    );
    if !card.aliases.is_empty() {
        push(
            &mut out,
            format_args!(" · also called {}", card.aliases.join(", ")),
        );
    }
    push(&mut out, format_args!("\n\n{}\n\n", card.summary));
    for section in &card.sections {
        // Questions are shown as such below.
        if section.heading != "Recall" {
            push(
                &mut out,
                format_args!(
                    "## {}\n\n{}\n\n",
                    section.heading,
                    labelled(&section.markdown)
                ),
            );
        }
    }
    if !card.recall.is_empty() {
        out.push_str("## Recall\n\n");
    }
    for recall in &card.recall {
        push(
            &mut out,
            format_args!("- **{}**\\\n  {}\n", recall.question, recall.answer),
        );
    }
    let rules = knowledge
        .rules()
        .filter(|rule| rule.concept == card.concept);
    let rules = rules.map(|rule| format!("- `{}` {}\n", rule.code, defuse::rule(rule).title));
    push_list(&mut out, "Rules", rules);
    let related = card
        .related
        .iter()
        .filter_map(|slug| knowledge.concept(slug));
    let related = related.map(|card| {
        let title = &defuse::concept(card).title;
        format!("- `{}` {title}\n", card.concept)
    });
    push_list(&mut out, "Related", related);
    push_list(
        &mut out,
        "Sources",
        card.sources.iter().map(|source| format!("- {source}\n")),
    );
    push_file(&mut out, card.file.as_deref());
    out
}

/// The page of a rule.
pub fn rule(card: &RuleCard, knowledge: &Knowledge) -> Text {
    let card = &*defuse::rule(card);
    let mut out = format!(
        "# {} {}\n\n**{}**\n\n{}\n\n",
        card.code, card.name, card.title, card.lesson
    );
    let concept = knowledge.concept(&card.concept).map(defuse::concept);
    let about = concept.map_or(String::new(), |concept| format!(" {}", concept.title));
    push(
        &mut out,
        format_args!("- Severity: at most {}\n", card.severity.word()),
    );
    push(&mut out, format_args!("- Fix: {}\n", card.fix.word()));
    if !card.concept.is_empty() {
        push(
            &mut out,
            format_args!("- Concept: `{}`{about}\n", card.concept),
        );
    }
    let peer = |(tool, codes): (&String, &Vec<String>)| format!("{tool} {}", codes.join(", "));
    let peers: Vec<String> = card.peers.iter().map(peer).collect();
    if !peers.is_empty() {
        push(
            &mut out,
            format_args!("- The same elsewhere: {}\n", peers.join("; ")),
        );
    }
    if !card.since.is_empty() {
        push(
            &mut out,
            format_args!("- Since: Marginote {}\n", card.since),
        );
    }
    out.push('\n');
    for section in &card.sections {
        push(
            &mut out,
            format_args!("## {}\n\n{}\n\n", section.heading, section.markdown),
        );
    }
    push_file(&mut out, card.file.as_deref());
    Text::new(out)
}

/// The page of something that can be wrong in a note.
pub fn note_rule(rule: &NoteRule) -> Text {
    let NoteRule {
        code,
        name,
        severity,
        title,
    } = rule;
    let severity = severity.word();
    Text::new(format!(
        "# {code} {name}\n\n**{title}**\n\n- Severity: at most {severity}\n- Fix: none\n\nEditors show it in the note, `marginote notes check` on the command line. `ignore = [\"{code}\"]` in `marginote.toml` switches it off, `per-file-ignores` in single notes.\n"
    ))
}

/// Says where a card of the user's stands.
fn push_file(out: &mut String, file: Option<&str>) {
    if let Some(file) = file {
        push(
            out,
            format_args!("\nYour card: {}\n", escape::message(file)),
        );
    }
}

/// What a rule is about, and its lesson.
pub fn lesson(card: &RuleCard) -> Text {
    let card = &*defuse::rule(card);
    Text::new(format!("**{}**\n\n{}", card.title, card.lesson))
}

/// Where a rule's card can be read on the web. None as long as the package names no repository.
pub fn rule_url(code: &str) -> Option<String> {
    let repository = env!("CARGO_PKG_REPOSITORY");
    let knowledge = Knowledge::builtin();
    let has_card = |(known, _): &&(&str, &str)| *known == code && knowledge.rule(code).is_some();
    let (code, name) = rule_names().iter().find(has_card)?;
    (!repository.is_empty())
        .then(|| format!("{repository}/blob/main/knowledge/rules/{code}-{name}.md"))
}

/// Writes into a text, which cannot fail.
fn push(out: &mut String, text: std::fmt::Arguments) {
    out.write_fmt(text)
        .expect("writing into a String does not fail");
}

/// A section in which blocks that show how not to do it stand beside those that show how: says before each what it is. The word in its fence is seen
/// by nobody.
fn labelled(markdown: &str) -> String {
    let mut out = String::new();
    for line in markdown.lines() {
        let fence = line.trim_start();
        let indent = &line[..line.len() - fence.len()];
        for (mark, label) in [("```python bad", "*Bad:*"), ("```python good", "*Good:*")] {
            if fence.starts_with(mark) {
                push(&mut out, format_args!("{indent}{label}\n\n"));
            }
        }
        push(&mut out, format_args!("{line}\n"));
    }
    out
}

fn push_list(out: &mut String, heading: &str, items: impl Iterator<Item = String>) {
    let items: String = items.collect();
    if !items.is_empty() {
        push(out, format_args!("\n## {heading}\n\n{items}"));
    }
}

/// The first block that shows how it is done well and fits a hover.
fn short_example(blocks: &[Block]) -> Option<&Block> {
    let is_short = |block: &&Block| block.code.lines().count() <= EXAMPLE_LINES;
    let mut good = blocks.iter().filter(|block| block.kind == BlockKind::Good);
    good.find(is_short)
}

fn concept_example(card: &ConceptCard) -> Option<&Block> {
    short_example(&card.section("Example")?.blocks)
}

fn push_example(out: &mut String, block: Option<&Block>) {
    let Some(block) = block else {
        return;
    };
    // A fence must be longer than any run of backticks in the code.
    let mut fence = "```".to_owned();
    while block.code.contains(&fence) {
        fence.push('`');
    }
    push(
        out,
        format_args!("{fence}python\n{}\n{fence}\n\n", block.code.trim_end()),
    );
}

fn push_recall(out: &mut String, concept: Option<&ConceptCard>) {
    if let Some(recall) = concept.and_then(|card| card.recall.first()) {
        push(
            out,
            format_args!("---\n*Recall:* {} - {}\n", recall.question, recall.answer),
        );
    }
}

#[cfg(test)]
mod tests;
