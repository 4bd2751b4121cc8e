//! The questions that cards and notes ask about concepts.

use std::collections::HashSet;
use std::path::Path;

use rustc_hash::FxHashMap;

use super::Snapshot;
use super::notes::Notes;
use crate::explain;
use crate::knowledge::link::Link;
use crate::knowledge::notes::{self, Note};
use crate::recall::{Question, questions_of};
use crate::text;

/// A longer answer is shown up to here, in bytes.
const LONGEST: usize = 4000;

impl Snapshot {
    /// The questions about concepts, by their slugs and in their order; each question once. Those of notes as far as notes were read. `name` says what a note's file is called.
    pub fn questions(
        &self,
        slugs: &[String],
        notes: Option<&Notes>,
        name: &dyn Fn(&Path) -> String,
    ) -> Vec<Question> {
        let knowledge = self.knowledge_of_notes();
        let of_notes = notes.map(|notes| of_notes(self, notes, name));
        let mut by_concept = of_notes.unwrap_or_default();
        let mut questions = Vec::new();
        for slug in slugs {
            let cards = knowledge.concepts().filter(|card| card.concept == *slug);
            questions.extend(cards.flat_map(questions_of));
            questions.extend(by_concept.remove(slug).unwrap_or_default());
        }
        let mut known = HashSet::new();
        questions.retain(|question| known.insert(question.id.clone()));
        questions
    }
}

/// The questions that notes answer themselves, by the concept that they are surest about.
fn of_notes(
    snapshot: &Snapshot,
    notes: &Notes,
    name: &dyn Fn(&Path) -> String,
) -> FxHashMap<String, Vec<Question>> {
    let mut found: FxHashMap<String, Vec<Question>> = FxHashMap::default();
    for file in notes.files() {
        if !file.sections.iter().any(|section| section.questions > 0) {
            continue;
        }
        let Ok(note) = snapshot.note(&file.path) else {
            continue;
        };
        let mut above: &[Link] = &[];
        for (part, section) in note.parts().zip(&file.sections) {
            if !section.is_question {
                above = &section.links;
            }
            // a question that explains nothing by itself is about what its section explains
            let mut links = section.links.iter().chain(above);
            // a note that has changed meanwhile may have other sections
            let link = links.next().filter(|_| part.line() == section.line);
            let questions = part.asked().map(|asked| question(&note, asked, name));
            for (link, question) in link.into_iter().cycle().zip(questions) {
                let concept = link.concept.to_string();
                let (text, answer, from) = question;
                let question = Question::new(&concept, text, answer, from);
                found.entry(concept).or_default().push(question);
            }
        }
    }
    found
}

/// A question of a note, its answer and where it stands, all of which do nothing but show.
fn question(
    note: &Note,
    question: &notes::Question,
    name: &dyn Fn(&Path) -> String,
) -> (String, String, String) {
    let answer = note.text.get(question.answer.clone()).unwrap_or_default();
    let line = question.line + 1;
    (
        explain::escaped(&printable(&question.text)),
        explain::defused(&printable(shortened(answer.trim()))),
        text::visible(&format!("{}, line {line}", name(&note.path))),
    )
}

/// Without what moves a terminal's cursor or turns its order round.
fn printable(text: &str) -> String {
    text.replace(|c| text::is_unsafe(c) && c != '\n' && c != '\t', " ")
}

/// The first lines of an answer.
fn shortened(answer: &str) -> &str {
    let lines = answer.split_inclusive('\n').scan(0, |bytes, line| {
        *bytes += line.len();
        Some(*bytes)
    });
    let end = lines.take_while(|end| *end <= LONGEST).last();
    match end {
        Some(end) => answer.get(..end).unwrap_or_default(),
        // one long line
        None => answer
            .get(..answer.floor_char_boundary(LONGEST))
            .unwrap_or_default(),
    }
}
