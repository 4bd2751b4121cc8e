//! Which part of a section answers: a few passages of it, never just its first lines.

use super::ConceptCard;
use super::notes::{Note, Part, Passage};
use super::search::{Ranking, Words};

/// Some passages of a note that stand together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    /// A line for each paragraph or item, row of a table (with ` | ` between its cells) or line of code. `…` stands where something was left out of a line.
    pub lines: Vec<String>,
    /// Where it starts in the note, from 0.
    pub line: usize,
    pub kind: ExcerptKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExcerptKind {
    /// Plain text.
    Prose,
    Table,
    Code,
}

/// More lines and characters than this nobody reads in a hover.
const MOST_LINES: usize = 12;
const MOST_CHARACTERS: usize = 700;
/// Less room than this is not worth beginning another passage.
const LITTLE_ROOM: usize = 80;
/// What a passage that says what something is counts more than others.
const DEFINES: f32 = 1.5;
/// What a passage that only introduces code counts.
const INTRODUCES: f32 = 0.5;
/// How well the next passage must answer, beside the best one, to be quoted with it.
const ALSO: f32 = 0.5;

/// What a card's excerpts are chosen by.
pub fn question_of(card: &ConceptCard) -> Words {
    let names = std::iter::once(&card.title).chain(&card.aliases);
    let texts = std::iter::once(&card.summary).chain(names);
    Words::of_texts(texts.map(|text| (text.as_str(), 1)))
}

/// The passages of a part that say most of a question's words; where its prose says nothing of them, lines of its code. None where they do not either.
/// `prose` is what the part's section says ([`Note::prose`]).
pub fn excerpt(
    note: &Note,
    part: &Part<'_>,
    prose: &[Passage],
    question: &Words,
) -> Option<Excerpt> {
    let own = part.passages(prose);
    let is_item: Vec<bool> = own.iter().map(|passage| is_item(note, passage)).collect();
    prose_that_answers(&own, &is_item, question).or_else(|| code_that_answers(part, question))
}

/// Whether a passage is an item of a list: its mark stands before it on its line.
fn is_item(note: &Note, passage: &Passage) -> bool {
    let before = note.text.get(..passage.range.start).unwrap_or_default();
    let line = before.rsplit('\n').next().unwrap_or_default();
    line.chars().any(char::is_alphanumeric) || line.contains(['-', '*', '+', '•'])
}

fn prose_that_answers(
    passages: &[&Passage],
    is_item: &[bool],
    question: &Words,
) -> Option<Excerpt> {
    let scores = scores(passages, is_item, question);
    let (best, most) = most(&scores)?;
    let passage = passages.get(best)?;
    if is_table(passage) {
        return Some(table(passage, question));
    }
    let first = start_of_list(passages, is_item, best).unwrap_or(best);
    let mut lines = Vec::new();
    let mut room = MOST_CHARACTERS;
    for (at, (passage, score)) in passages.iter().zip(&scores).enumerate().skip(first) {
        let is_listed = is_item.get(at) == Some(&true) && is_item.get(best) == Some(&true);
        let is_chosen = at <= best || is_listed || *score >= most * ALSO;
        if !is_chosen || is_table(passage) || room < LITTLE_ROOM || lines.len() == MOST_LINES {
            break;
        }
        let text = shortened(&passage.text, room, question);
        room = room.saturating_sub(text.chars().count());
        lines.push(text);
    }
    Some(Excerpt {
        lines,
        line: passages.get(first)?.line,
        kind: ExcerptKind::Prose,
    })
}

/// For an item near the start of a list: the first item, or what introduces the list.
fn start_of_list(passages: &[&Passage], is_item: &[bool], item: usize) -> Option<usize> {
    let above = is_item.get(..=item)?;
    let first = above
        .iter()
        .rposition(|is_item| !is_item)
        .map_or(0, |before| before + 1);
    let is_near = first <= item && item - first < MOST_LINES / 2;
    let before = first.checked_sub(1);
    let introduction = before.filter(|before| introduces(passages.get(*before).copied()));
    is_near.then_some(introduction.unwrap_or(first))
}

fn is_table(passage: &Passage) -> bool {
    passage.text.contains('\n')
}

fn introduces(passage: Option<&Passage>) -> bool {
    passage.is_some_and(|passage| passage.text.ends_with(':'))
}

/// How well each passage answers.
fn scores(passages: &[&Passage], is_item: &[bool], question: &Words) -> Vec<f32> {
    let words: Vec<Words> = passages
        .iter()
        .map(|passage| Words::of(&passage.text))
        .collect();
    let mut scores = vec![0.0; passages.len()];
    for (at, score) in Ranking::new(words.iter()).scores(question) {
        if let (Some(own), Some(passage)) = (scores.get_mut(at), passages.get(at)) {
            *own = match () {
                () if asks(&passage.text) => 0.0,
                // what it introduces is code, and not quoted
                () if introduces(Some(passage)) && is_item.get(at + 1) != Some(&true) => {
                    score * INTRODUCES
                }
                () if defines(&passage.text, question) => score * DEFINES,
                () => score,
            };
        }
    }
    scores
}

fn most(scores: &[f32]) -> Option<(usize, f32)> {
    let scores = scores.iter().copied().enumerate().rev();
    let best = scores.max_by(|a, b| a.1.total_cmp(&b.1));
    best.filter(|(_, score)| *score > 0.0)
}

/// A question or a label, which answers nothing.
fn asks(text: &str) -> bool {
    let is_label = text.ends_with(':') && text.split_whitespace().count() < 4;
    is_label || (text.ends_with('?') && !text.contains(". "))
}

/// Whether a passage begins by saying what something is that was asked for.
fn defines(text: &str, question: &Words) -> bool {
    let mut start = text.splitn(9, char::is_whitespace).take(8);
    let verbs = ["is", "are", "means", "lets", "allows", "makes"];
    let subject: Vec<&str> = start
        .by_ref()
        .take_while(|word| !verbs.contains(word))
        .collect();
    subject.len() < 8 && Words::of(&subject.join(" ")).shares(question)
}

/// The head of a table, and those of its rows that answer best, in their order.
fn table(passage: &Passage, question: &Words) -> Excerpt {
    let rows: Vec<&str> = passage.text.lines().collect();
    let words: Vec<Words> = rows.iter().map(|row| Words::of(row)).collect();
    let mut order = Ranking::new(words.iter()).scores(question);
    order.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    let mut chosen: Vec<usize> = (0..rows.len()).collect();
    if rows.len() > MOST_LINES {
        let best = order.iter().map(|(row, _)| *row).filter(|row| *row > 0);
        chosen = std::iter::once(0)
            .chain(best.take(MOST_LINES - 1))
            .collect();
        chosen.sort_unstable();
    }
    let row = |at: &usize| {
        rows.get(*at)
            .map(|row| shortened(row, MOST_CHARACTERS / 2, question))
    };
    Excerpt {
        lines: chosen.iter().filter_map(row).collect(),
        line: passage.line,
        kind: ExcerptKind::Table,
    }
}

/// A text of at most so many characters: from the sentence that answers best, as far as there is room.
fn shortened(text: &str, room: usize, question: &Words) -> String {
    if text.chars().count() <= room {
        return text.to_owned();
    }
    let sentences: Vec<&str> = text.split_inclusive(". ").collect();
    let words: Vec<Words> = sentences
        .iter()
        .map(|sentence| Words::of(sentence))
        .collect();
    let scores = Ranking::new(words.iter()).scores(question);
    let best = scores.iter().rev().max_by(|a, b| a.1.total_cmp(&b.1));
    let start = best.map_or(0, |(sentence, _)| *sentence);
    let mut short = String::new();
    if start > 0 {
        short.push_str("… ");
    }
    let rest = sentences
        .iter()
        .skip(start)
        .flat_map(|sentence| sentence.chars());
    let mut rest = rest.peekable();
    short.extend(rest.by_ref().take(room));
    if rest.peek().is_some() {
        let end = short.rfind(' ').unwrap_or(short.len());
        short.truncate(end);
        short.push_str(" …");
    }
    short.trim_end().to_owned()
}

/// The lines between two blank ones that answer best.
fn code_that_answers(part: &Part<'_>, question: &Words) -> Option<Excerpt> {
    let mut paragraphs: Vec<(usize, Vec<&str>)> = Vec::new();
    for block in part.code() {
        let mut is_open = false;
        for (at, line) in block.code.lines().enumerate() {
            let is_blank = line.trim().is_empty();
            match paragraphs.last_mut() {
                _ if is_blank => {}
                Some((_, lines)) if is_open => lines.push(line),
                _ => paragraphs.push((block.line + at, vec![line])),
            }
            is_open = !is_blank;
        }
    }
    let words: Vec<Words> = paragraphs
        .iter()
        .map(|(_, lines)| Words::of(&lines.join("\n")))
        .collect();
    let scores = Ranking::new(words.iter()).scores(question);
    let (best, _) = scores
        .into_iter()
        .rev()
        .max_by(|a, b| a.1.total_cmp(&b.1))?;
    let (line, lines) = paragraphs.get(best)?;
    let shown = lines.iter().take(MOST_LINES);
    Some(Excerpt {
        lines: shown
            .map(|line| line.chars().take(MOST_CHARACTERS / 5).collect())
            .collect(),
        line: *line,
        kind: ExcerptKind::Code,
    })
}

#[cfg(test)]
#[path = "excerpt_tests.rs"]
mod tests;
