//! Cards of the user's, among the notes: less strict than the built-in ones, and nothing in them is trusted.
//!
//! `README.md` says which notes are cards and what they hold.

use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Parser, Tag, TagEnd};
use serde::Deserialize;
use serde_saphyr::Spanned;

use super::card::{Block, BlockKind, CardProblem, ConceptCard, FixKind, Level, RuleCard, Section};
use super::parse::{MARKDOWN, Source, marks, recall, text_until};
use super::selector::Selector;
use crate::nearest::nearest;
use crate::rules::{FINDING, QueryRule, Severity, Template, intern};
use crate::syntax::Query;

/// A card of the user's.
#[derive(Debug)]
pub enum UserCard {
    Concept(ConceptCard),
    Rule(RuleCard, QueryRule),
}

/// Which kind of card a note is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserCardKind {
    Concept,
    Rule,
}

/// What is said of `@evidence` when the card does not say it.
const EVIDENCE_MESSAGE: &str = "this is part of it";
/// The section that holds what stands below the first paragraph.
const MORE: &str = "More";
/// The sections by which a note with a concept and a title is a card.
const CONCEPT_SECTIONS: &[&str] = &["Why", "Example", "Proof", "Recall"];

/// The keys that cards know, those first that each must have.
const CONCEPT_KEYS: (&[&str], &[&str]) = (
    &["concept", "title"],
    &["aliases", "level", "hover", "related", "sources"],
);
const RULE_KEYS: (&[&str], &[&str]) = (
    &["code", "name", "title", "message", "match"],
    &["concept", "severity", "evidence"],
);

#[derive(Deserialize)]
struct ConceptFront {
    concept: String,
    title: String,
    #[serde(default)]
    aliases: Vec<String>,
    #[serde(default)]
    level: Option<Level>,
    #[serde(default)]
    hover: Vec<Selector>,
    #[serde(default)]
    related: Vec<String>,
    #[serde(default)]
    sources: Vec<String>,
}

/// `Q` is one query or a list.
#[derive(Deserialize)]
struct RuleFront<Q> {
    code: String,
    name: String,
    title: String,
    #[serde(default)]
    concept: String,
    #[serde(default)]
    severity: Option<Severity>,
    message: String,
    #[serde(default)]
    evidence: Option<String>,
    #[serde(rename = "match")]
    queries: Q,
}

/// Whether there is one query or a list.
#[derive(Deserialize)]
struct Shape {
    #[serde(default, rename = "match")]
    queries: serde_json::Value,
}

/// Whether a note is a card: its front matter has `match`, or `code` and `name`; or it has `concept` and either `hover`, or `title` with a section that only
/// concept cards have. None for other notes.
pub fn kind(text: &str) -> Option<UserCardKind> {
    let source = Source { path: "", text };
    let keys: Vec<&str> = keys(&source)?.into_iter().map(|(key, _)| key).collect();
    let has = |key| keys.contains(&key);
    if has("match") || has("code") && has("name") {
        return Some(UserCardKind::Rule);
    }
    let has_section = || {
        let mut headings = text.lines().filter_map(|line| line.strip_prefix("## "));
        headings.any(|heading| CONCEPT_SECTIONS.contains(&heading.trim()))
    };
    let is_concept = has("concept") && (has("hover") || has("title") && has_section());
    is_concept.then_some(UserCardKind::Concept)
}

/// The keys of the front matter with the bytes where they stand. None where there is no front matter.
fn keys<'t>(source: &Source<'t>) -> Option<Vec<(&'t str, usize)>> {
    let mut at = source.fence_end(0)?;
    let mut keys = Vec::new();
    for line in source.text.get(at..)?.split_inclusive('\n') {
        if source.fence_end(at).is_some() {
            return Some(keys);
        }
        if line.starts_with(|c: char| c.is_ascii_alphabetic())
            && let Some((key, _)) = line.split_once(':')
        {
            keys.push((key.trim_end(), at));
        }
        at += line.len();
    }
    None
}

/// Reads a card of this kind.
///
/// # Errors
/// The first thing that is wrong with it.
pub(super) fn read(source: &Source, kind: UserCardKind) -> Result<UserCard, CardProblem> {
    match kind {
        UserCardKind::Concept => {
            check_keys(source, CONCEPT_KEYS)?;
            concept(source).map(UserCard::Concept)
        }
        UserCardKind::Rule => {
            check_keys(source, RULE_KEYS)?;
            rule(source).map(|(card, rule)| UserCard::Rule(card, rule))
        }
    }
}

/// A key that is nearly one that the card knows is a slip; other keys belong to other programs.
fn check_keys(
    source: &Source,
    (required, optional): (&[&str], &[&str]),
) -> Result<(), CardProblem> {
    let keys = keys(source).unwrap_or_default();
    let known = || required.iter().chain(optional).copied();
    for (key, at) in &keys {
        if !known().any(|known| known == *key)
            && let Some(right) = nearest(key, known())
        {
            let message = format!("there is no key `{key}`; did you mean `{right}`?");
            return Err(source.problem(*at, message));
        }
    }
    match required
        .iter()
        .find(|key| keys.iter().all(|(found, _)| found != *key))
    {
        Some(missing) => {
            let message = format!("the key `{missing}` is missing in the front matter");
            Err(source.problem(0, message))
        }
        None => Ok(()),
    }
}

fn concept(source: &Source) -> Result<ConceptCard, CardProblem> {
    let (front, body): (ConceptFront, usize) = source.front()?;
    check_word(source, "concept", &front.concept)?;
    check_title(source, &front.title)?;
    source.check_hover(&front.hover)?;
    let (summary, sections) = parts(source, body)?;
    let questions = sections.iter().find(|section| section.heading == "Recall");
    Ok(ConceptCard {
        concept: front.concept,
        title: front.title,
        aliases: front.aliases,
        level: front.level.unwrap_or(Level::Intermediate),
        hover: front.hover,
        related: front.related,
        sources: front.sources,
        summary,
        recall: recall(questions),
        sections,
        file: Some(source.path.to_owned()),
    })
}

fn rule(source: &Source) -> Result<(RuleCard, QueryRule), CardProblem> {
    let (shape, _): (Shape, usize) = source.front()?;
    if shape.queries.is_array() {
        let (front, body): (RuleFront<Vec<Spanned<String>>>, usize) = source.front()?;
        return rule_of(source, front, body);
    }
    let (front, body): (RuleFront<Spanned<String>>, usize) = source.front()?;
    let front = RuleFront {
        queries: vec![front.queries],
        code: front.code,
        name: front.name,
        title: front.title,
        concept: front.concept,
        severity: front.severity,
        message: front.message,
        evidence: front.evidence,
    };
    rule_of(source, front, body)
}

fn rule_of(
    source: &Source,
    front: RuleFront<Vec<Spanned<String>>>,
    body: usize,
) -> Result<(RuleCard, QueryRule), CardProblem> {
    check_code(source, &front.code)?;
    check_word(source, "name", &front.name)?;
    check_title(source, &front.title)?;
    if front.queries.is_empty() {
        let message = "`match` has no query".to_owned();
        return Err(source.problem_at_key("match", message));
    }
    let mut queries = Vec::new();
    for text in &front.queries {
        let query = Query::new(&text.value, FINDING).map_err(|problem| {
            let at = place_of(source.text, text, problem.offset);
            source.problem_in_line(at, format!("`match`: {}", problem.message))
        })?;
        queries.push(query);
    }
    let evidence = front.evidence.as_deref().unwrap_or(EVIDENCE_MESSAGE);
    let severity = front.severity.unwrap_or(Severity::Warning);
    let words = intern(&front.code).zip(intern(&front.name));
    let (code, name) = words.ok_or_else(|| {
        let message =
            "more rules were made than Marginote can tell apart: start it again".to_owned();
        source.problem_at_key("code", message)
    })?;
    let rule = QueryRule {
        code,
        name,
        severity,
        message: template(source, "message", &front.message, &queries)?,
        evidence: template(source, "evidence", evidence, &queries)?,
        queries,
    };
    let (lesson, sections) = parts(source, body)?;
    let card = RuleCard {
        code: front.code,
        name: front.name,
        title: front.title,
        concept: front.concept,
        severity,
        fix: FixKind::None,
        peers: Default::default(),
        since: String::new(),
        raises: None,
        lesson,
        sections,
        file: Some(source.path.to_owned()),
    };
    Ok((card, rule))
}

/// A message whose captures every query has.
fn template(
    source: &Source,
    key: &str,
    text: &str,
    queries: &[Query],
) -> Result<Template, CardProblem> {
    let wrong = |message: String| source.problem_at_key(key, format!("`{key}`: {message}"));
    let template = Template::new(text).map_err(wrong)?;
    for name in template.captures() {
        let lacking = queries
            .iter()
            .find(|query| !query.captures().contains(&name));
        if let Some(query) = lacking {
            let captures = query.captures().join(", @");
            return Err(wrong(format!(
                "no query may lack what the message names, and one has no `@{name}`, only @{captures}"
            )));
        }
    }
    Ok(template)
}

fn check_code(source: &Source, code: &str) -> Result<(), CardProblem> {
    let letters = code.trim_end_matches(|c: char| c.is_ascii_digit());
    let is_code = !letters.is_empty()
        && letters.len() < code.len()
        && code.len() <= 16
        && letters.bytes().all(|byte| byte.is_ascii_uppercase());
    if is_code {
        return Ok(());
    }
    let message =
        format!("`{code}` is no code: write upper-case letters and then digits, such as `TEAM001`");
    Err(source.problem_at_key("code", message))
}

fn check_word(source: &Source, key: &str, word: &str) -> Result<(), CardProblem> {
    let is_part = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if !word.is_empty() && word.len() <= 64 && word.bytes().all(is_part) {
        return Ok(());
    }
    let message = format!("`{key}` must be lower-case letters, digits and `-`, such as `no-sleep`");
    Err(source.problem_at_key(key, message))
}

fn check_title(source: &Source, title: &str) -> Result<(), CardProblem> {
    // marks that turn the direction of text round would do so with what stands beside the title
    let turns = |c| matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if !title.trim().is_empty() && !title.contains(|c: char| c.is_control() || turns(c)) {
        return Ok(());
    }
    let message = "`title` must be one line of text without control characters".to_owned();
    Err(source.problem_at_key("title", message))
}

/// The byte of the card where a byte of a scalar stands, whatever the scalar's style: the characters that are no blanks are the same, in the same order.
fn place_of(card: &str, scalar: &Spanned<String>, offset: usize) -> usize {
    let Some((start, end)) = bytes_of(card, scalar) else {
        return 0;
    };
    let raw = card.get(start..end).unwrap_or_default();
    let value = &scalar.value;
    let mut rest = raw.char_indices().filter(|(_, c)| !c.is_whitespace());
    let before = value.get(..offset).unwrap_or(value);
    for wanted in before.chars().filter(|c| !c.is_whitespace()) {
        // what stands between are quotes and escapes
        rest.find(|(_, c)| *c == wanted);
    }
    let at = match value
        .get(offset..)
        .and_then(|rest| rest.trim_start().chars().next())
    {
        Some(wanted) => rest.find(|(_, c)| *c == wanted),
        None => None,
    };
    start + at.map_or(raw.trim_end().len(), |(at, _)| at)
}

fn bytes_of(card: &str, scalar: &Spanned<String>) -> Option<(usize, usize)> {
    let span = scalar.referenced.span();
    let start = usize::try_from(span.byte_offset()?).ok()?;
    let length = usize::try_from(span.byte_len()?).ok()?;
    let end = start.checked_add(length)?.min(card.len());
    Some((start.min(end), end))
}

/// The first paragraph, and the sections.
fn parts(source: &Source, start: usize) -> Result<(String, Vec<Section>), CardProblem> {
    let body = source.text.get(start..).unwrap_or_default();
    let mut events = Parser::new_ext(body, MARKDOWN).into_offset_iter();
    let mut summary: Option<Range<usize>> = None;
    let mut sections: Vec<Section> = Vec::new();
    // where the text of the section begins that is read
    let mut open = 0;
    while let Some((event, range)) = events.next() {
        match event {
            Event::Start(Tag::Heading {
                level: HeadingLevel::H2,
                ..
            }) => {
                let heading = text_until(&mut events, TagEnd::Heading(HeadingLevel::H2)).0;
                close(&mut sections, body, open..range.start);
                sections.push(section(&heading));
                open = range.end;
            }
            Event::Start(Tag::Paragraph) if summary.is_none() && sections.is_empty() => {
                open = range.end;
                summary = Some(range);
                sections.push(section(MORE));
            }
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(words))) => {
                let (code, at) = text_until(&mut events, TagEnd::CodeBlock);
                let line = source.line(start + at.unwrap_or(range.start));
                if let Some(section) = sections.last_mut() {
                    section.blocks.extend(block(&words, code, line));
                }
            }
            _ => {}
        }
    }
    close(&mut sections, body, open..body.len());
    sections.retain(|section| section.heading != MORE || !section.markdown.is_empty());
    match summary.and_then(|range| body.get(range)) {
        Some(summary) => Ok((summary.trim().to_owned(), sections)),
        None => {
            let message = "a paragraph must stand between the front matter and the first section";
            Err(source.problem(start, message.to_owned()))
        }
    }
}

fn section(heading: &str) -> Section {
    Section {
        heading: heading.to_owned(),
        markdown: String::new(),
        blocks: Vec::new(),
    }
}

/// Gives the last section its text.
fn close(sections: &mut [Section], body: &str, range: Range<usize>) {
    if let Some(section) = sections.last_mut() {
        section.markdown = body.get(range).unwrap_or_default().trim().to_owned();
    }
}

/// A block of code. None where it is not Python.
fn block(words: &str, code: String, line: usize) -> Option<Block> {
    let mut words = words.split_whitespace();
    let is_python = matches!(words.next(), Some("python" | "python3" | "py"));
    let marks = marks(&words.collect::<Vec<_>>());
    let (kind, min_version) = marks.unwrap_or((BlockKind::Shown, None));
    is_python.then_some(Block {
        kind,
        min_version,
        code,
        line,
    })
}

#[cfg(test)]
#[path = "user_tests.rs"]
mod tests;
