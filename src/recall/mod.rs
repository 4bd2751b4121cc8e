//! Questions of cards and notes, asked again shortly before they would be forgotten.
//!
//! A [`Question`] comes from a card or from a note. What the user remembers of it is a [`Memory`]: a file in the user's data directory, written whole after every answer.
//! When to ask again is FSRS's to say (the crate `fsrs`, which Anki uses too).

mod anki;
mod ask;
mod memory;

use xxhash_rust::xxh3::xxh3_64;

use crate::explain;
use crate::knowledge::ConceptCard;

pub use anki::{ANKI_HEADER, anki};
pub use ask::ask;
pub use memory::{Grade, Memory, MemoryError, Recollection};

/// A question with its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The same as long as question and concept are, whatever becomes of the answer.
    pub id: String,
    /// The slug of the concept that it asks about.
    pub concept: String,
    /// Markdown of ours: what comes from the user's notes is escaped already.
    pub question: String,
    /// Markdown of ours, as above.
    pub answer: String,
    /// Where it was taken from, for people: a card's title, or a note with its line.
    pub from: String,
}

impl Question {
    /// A question about a concept.
    pub fn new(concept: &str, question: String, answer: String, from: String) -> Question {
        let id = xxh3_64(format!("{concept}\n{question}").as_bytes());
        Question {
            id: format!("{id:016x}"),
            concept: concept.to_owned(),
            question,
            answer,
            from,
        }
    }
}

/// The questions of a card, which may be the user's.
pub fn questions_of(card: &ConceptCard) -> impl Iterator<Item = Question> {
    let markdown = |text: &String| match card.file {
        Some(_) => explain::escaped(text),
        None => text.clone(),
    };
    card.recall.iter().map(move |recall| {
        let (question, answer) = (markdown(&recall.question), markdown(&recall.answer));
        Question::new(&card.concept, question, answer, card.title.clone())
    })
}

#[cfg(test)]
mod tests;
