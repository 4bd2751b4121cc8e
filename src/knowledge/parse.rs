//! A card's text into a card, or into the first thing that is wrong with it.

use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};
use serde::de::DeserializeOwned;

use super::card::{Block, BlockKind, CardProblem, ConceptCard, PEERS, Recall, RuleCard, Section};
use super::selector::Selector;
use crate::nearest::{did_you_mean, nearest};
use crate::rules::Severity;

/// The Markdown extensions that cards may use.
pub const MARKDOWN: Options = Options::ENABLE_TABLES;

/// The sections of a concept card; those with `true` must be there.
const CONCEPT_SECTIONS: &[(&str, bool)] = &[
    ("Why", true),
    ("Example", true),
    ("Proof", false),
    ("Recall", true),
];

/// The same of a rule card.
const RULE_SECTIONS: &[(&str, bool)] = &[
    ("What it reports", true),
    ("Why", true),
    ("Bad", true),
    ("Good", true),
    ("Proof", true),
    ("When it stays silent", true),
];

/// Reads a concept card. `path` is where it stands, for problems and for the check of its name.
pub fn concept(path: &str, text: &str) -> Result<ConceptCard, CardProblem> {
    let source = Source { path, text };
    let (mut card, body): (ConceptCard, usize) = source.front()?;
    source.check_name(&card.concept, "concept")?;
    source.check_hover(&card.hover)?;
    (card.summary, card.sections) = source.body(body, CONCEPT_SECTIONS)?;
    card.recall = recall(card.section("Recall"));
    if card.recall.is_empty() {
        let message = "`## Recall` has no question: write a line `Q: …` and a line `A: …`";
        return Err(source.problem(text.trim_end().len(), message.to_owned()));
    }
    Ok(card)
}

/// Reads a rule card. `path` is where it stands, for problems and for the check of its name.
pub fn rule(path: &str, text: &str) -> Result<RuleCard, CardProblem> {
    let source = Source { path, text };
    let (mut card, body): (RuleCard, usize) = source.front()?;
    source.check_name(&format!("{}-{}", card.code, card.name), "code")?;
    if card.raises.is_some() != (card.severity == Severity::Error) {
        let message = "`raises` belongs to a card whose severity is `error`, and each of these needs it: it names the exception that the bad code raises";
        return Err(source.problem_at_key("severity", message.to_owned()));
    }
    if let Some(peer) = card
        .peers
        .keys()
        .find(|peer| !PEERS.contains(&peer.as_str()))
    {
        let hint = did_you_mean(peer, PEERS.iter().copied());
        let message = format!("`{peer}` is no tool that cards know{hint}");
        return Err(source.problem_at_key("peers", message));
    }
    (card.lesson, card.sections) = source.body(body, RULE_SECTIONS)?;
    Ok(card)
}

/// A card's file while it is read.
pub(super) struct Source<'a> {
    pub(super) path: &'a str,
    pub(super) text: &'a str,
}

impl Source<'_> {
    /// A problem at a byte of the text.
    pub(super) fn problem(&self, at: usize, message: String) -> CardProblem {
        CardProblem {
            path: self.path.to_owned(),
            line: self.line(at),
            column: None,
            message,
        }
    }

    /// A problem at a byte of the text, with its column.
    pub(super) fn problem_in_line(&self, at: usize, message: String) -> CardProblem {
        let before = self.text.get(..at).unwrap_or(self.text);
        let line = before.rsplit('\n').next().unwrap_or_default();
        CardProblem {
            column: Some(1 + line.chars().count()),
            ..self.problem(at, message)
        }
    }

    /// A problem at the line of a key of the front matter.
    pub(super) fn problem_at_key(&self, key: &str, message: String) -> CardProblem {
        let key = format!("\n{key}:");
        let at = self.text.find(&key).map_or(0, |newline| newline + 1);
        self.problem(at, message)
    }

    /// The line of a byte, from 1.
    pub(super) fn line(&self, at: usize) -> usize {
        1 + memchr::memchr_iter(b'\n', &self.text.as_bytes()[..at]).count()
    }

    /// The front matter, and the byte where the body starts.
    pub(super) fn front<C: DeserializeOwned>(&self) -> Result<(C, usize), CardProblem> {
        let start = self.fence_end(0).ok_or_else(|| {
            let message = "a card starts with its front matter between two lines `---`";
            self.problem(0, message.to_owned())
        })?;
        let mut lines = self.text[start..].split_inclusive('\n');
        let mut end = start;
        while self.fence_end(end).is_none() {
            let Some(line) = lines.next() else {
                let message = "the front matter has no end: close it with a line `---`";
                return Err(self.problem(0, message.to_owned()));
            };
            end += line.len();
        }
        let card = serde_saphyr::from_str(&self.text[..end]).map_err(|error| {
            let line = error.location().map_or(1, |location| location.line());
            CardProblem {
                path: self.path.to_owned(),
                line: usize::try_from(line).unwrap_or(1).max(1),
                column: None,
                message: format!("front matter: {}", reason(&error)),
            }
        })?;
        Ok((card, self.fence_end(end).unwrap_or(end)))
    }

    /// Where the line `---` that starts at this byte ends. None where there is no such line.
    pub(super) fn fence_end(&self, at: usize) -> Option<usize> {
        let line = self.text[at..].split_inclusive('\n').next()?;
        (line.trim_end() == "---").then_some(at + line.len())
    }

    /// Holds selectors against the words that they know.
    pub(super) fn check_hover(&self, hover: &[Selector]) -> Result<(), CardProblem> {
        for selector in hover {
            if let Some((word, list)) = selector.closed()
                && !list.contains(&word)
            {
                let hint = did_you_mean(word, list.iter().copied());
                let message = format!("`{word}` is no word that this selector knows{hint}");
                return Err(self.problem_at_key("hover", message));
            }
        }
        Ok(())
    }

    /// Holds the file's name against what the card calls itself.
    pub(super) fn check_name(&self, name: &str, key: &str) -> Result<(), CardProblem> {
        let stem = stem(self.path);
        if stem == name {
            return Ok(());
        }
        let message =
            format!("the card calls itself `{name}`, its file `{stem}.md`: make them agree");
        Err(self.problem_at_key(key, message))
    }

    /// The text above the first heading, and the sections.
    pub(super) fn body(
        &self,
        start: usize,
        known: &[(&str, bool)],
    ) -> Result<(String, Vec<Section>), CardProblem> {
        let mut sections: Vec<Section> = Vec::new();
        // Where the text under the last heading starts; above the first heading, where the body does.
        let mut open = start;
        let mut intro = String::new();
        for part in self.parts(start) {
            match part? {
                Part::Heading { text, range } => {
                    self.check_heading(&text, range.start, known, &sections)?;
                    let above = self.text[open..range.start].trim().to_owned();
                    match sections.last_mut() {
                        Some(section) => section.markdown = above,
                        None => intro = above,
                    }
                    sections.push(Section {
                        heading: text,
                        markdown: String::new(),
                        blocks: Vec::new(),
                    });
                    open = range.end;
                }
                Part::Block(block) => match sections.last_mut() {
                    Some(section) => section.blocks.push(block),
                    None => {
                        let message = "a block stands above the first `##` heading";
                        return Err(self.problem(start, message.to_owned()));
                    }
                },
            }
        }
        if let Some(section) = sections.last_mut() {
            section.markdown = self.text[open..].trim().to_owned();
        }
        self.check_complete(start, known, &intro, &sections)?;
        Ok((intro, sections))
    }

    /// The required sections and the text above them must be there.
    fn check_complete(
        &self,
        start: usize,
        known: &[(&str, bool)],
        intro: &str,
        sections: &[Section],
    ) -> Result<(), CardProblem> {
        let is_missing = |(heading, required): &&(&str, bool)| {
            *required && sections.iter().all(|section| section.heading != *heading)
        };
        if let Some((heading, _)) = known.iter().find(is_missing) {
            let message = format!("the section `## {heading}` is missing");
            return Err(self.problem(self.text.trim_end().len(), message));
        }
        if intro.is_empty() {
            let message = "a paragraph must stand between the front matter and the first heading";
            return Err(self.problem(start, message.to_owned()));
        }
        Ok(())
    }

    /// A heading must be one of those known, once.
    fn check_heading(
        &self,
        heading: &str,
        at: usize,
        known: &[(&str, bool)],
        before: &[Section],
    ) -> Result<(), CardProblem> {
        let names = || known.iter().map(|(name, _)| *name);
        if !names().any(|name| name == heading) {
            let list = names().collect::<Vec<_>>().join(", ");
            let hint = did_you_mean(heading, names());
            let message =
                format!("a card of this kind has no section `{heading}`, only {list}{hint}");
            return Err(self.problem(at, message));
        }
        if before.iter().any(|section| section.heading == heading) {
            return Err(self.problem(at, format!("a second section `{heading}`: join them")));
        }
        Ok(())
    }

    /// The second-level headings and the Python blocks of the body, in order.
    fn parts(&self, start: usize) -> impl Iterator<Item = Result<Part, CardProblem>> {
        let mut events = Parser::new_ext(&self.text[start..], MARKDOWN).into_offset_iter();
        std::iter::from_fn(move || {
            loop {
                let (event, range) = events.next()?;
                let range = range.start + start..range.end + start;
                match event {
                    Event::Start(Tag::Heading {
                        level: HeadingLevel::H2,
                        ..
                    }) => {
                        let text = text_until(&mut events, TagEnd::Heading(HeadingLevel::H2)).0;
                        return Some(Ok(Part::Heading { text, range }));
                    }
                    Event::Start(Tag::CodeBlock(kind)) => {
                        let (code, at) = text_until(&mut events, TagEnd::CodeBlock);
                        let at = at.map_or(range.start, |at| at + start);
                        match self.block(&kind, code, at, range.start) {
                            Ok(None) => {}
                            Ok(Some(block)) => return Some(Ok(Part::Block(block))),
                            Err(problem) => return Some(Err(problem)),
                        }
                    }
                    _ => {}
                }
            }
        })
    }

    /// A code block. None where it is not Python.
    fn block(
        &self,
        kind: &CodeBlockKind,
        code: String,
        at: usize,
        fence: usize,
    ) -> Result<Option<Block>, CardProblem> {
        let words = match kind {
            CodeBlockKind::Fenced(words) => words,
            CodeBlockKind::Indented => {
                let message = "code that is only indented is never run: put it into a fence";
                return Err(self.problem(fence, message.to_owned()));
            }
        };
        let mut words = words.split_whitespace();
        let language = words.next().unwrap_or_default();
        if language != "python" {
            if language.is_empty() || nearest(language, ["python", "python3", "py"]).is_some() {
                let message = format!(
                    "a fence `{language}` is never run: write `python good`, `python bad`, `python proof` or `python` for Python, `text` for anything else"
                );
                return Err(self.problem(fence, message));
            }
            return Ok(None);
        }
        let (kind, min_version) = marks(&words.collect::<Vec<_>>()).ok_or_else(|| {
            let message = "after `python` stands one of `good`, `bad`, `proof`, and after that at most a version such as `3.13`";
            self.problem(fence, message.to_owned())
        })?;
        Ok(Some(Block {
            kind,
            min_version,
            code,
            line: self.line(at),
        }))
    }
}

/// What the parser hands to the builder of sections.
enum Part {
    Heading { text: String, range: Range<usize> },
    Block(Block),
}

/// The text up to the end of the element that was just opened, and the byte where it starts.
pub(super) fn text_until<'a>(
    events: &mut impl Iterator<Item = (Event<'a>, Range<usize>)>,
    end: TagEnd,
) -> (String, Option<usize>) {
    let mut text = String::new();
    let mut at = None;
    for (event, range) in events {
        match event {
            Event::End(tag) if tag == end => break,
            Event::Text(part) | Event::Code(part) => {
                at.get_or_insert(range.start);
                text.push_str(&part);
            }
            _ => {}
        }
    }
    (text, at)
}

/// The words after `python` in a fence.
pub(super) fn marks(words: &[&str]) -> Option<(BlockKind, Option<(u8, u8)>)> {
    let (kind, version) = match words {
        [] => return Some((BlockKind::Shown, None)),
        [kind] => (kind, None),
        [kind, version] => (kind, Some(version.split_once('.')?)),
        _ => return None,
    };
    let kind = match *kind {
        "good" => BlockKind::Good,
        "bad" => BlockKind::Bad,
        "proof" => BlockKind::Proof,
        _ => return None,
    };
    let version = match version {
        Some((major, minor)) => Some((major.parse().ok()?, minor.parse().ok()?)),
        None => None,
    };
    Some((kind, version))
}

/// The pairs `Q:` / `A:`. A line without either continues the one above it.
pub(super) fn recall(section: Option<&Section>) -> Vec<Recall> {
    let mut pairs: Vec<Recall> = Vec::new();
    let mut in_answer = false;
    for line in section.map_or("", |s| s.markdown.as_str()).lines() {
        let line = line.trim();
        if let Some(question) = line.strip_prefix("Q:") {
            in_answer = false;
            pairs.push(Recall {
                question: question.trim().to_owned(),
                answer: String::new(),
            });
        } else if let Some(pair) = pairs.last_mut() {
            let more = match line.strip_prefix("A:") {
                Some(answer) => {
                    in_answer = true;
                    answer.trim()
                }
                None => line,
            };
            let part = if in_answer {
                &mut pair.answer
            } else {
                &mut pair.question
            };
            if !part.is_empty() && !more.is_empty() {
                part.push(' ');
            }
            part.push_str(more);
        }
    }
    pairs.retain(|pair| !pair.question.is_empty() && !pair.answer.is_empty());
    pairs
}

/// The file's name without its folder and without `.md`.
pub(super) fn stem(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.strip_suffix(".md").unwrap_or(name)
}

/// What the YAML reader says, on one line, without the excerpt and the place: these are told apart.
fn reason(error: &serde_saphyr::Error) -> String {
    let text = error.without_snippet().to_string();
    let line = text.lines().next().unwrap_or_default();
    let place = line.rfind(" at line ").unwrap_or(line.len());
    line[..place].to_owned()
}

#[cfg(test)]
#[path = "parse_tests.rs"]
mod tests;
