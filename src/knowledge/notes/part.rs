//! What is linked, found and quoted as one: a section, or a question in it with its answer.

use std::ops::Range;

use super::{Block, BlockKind, Note, Passage, Question, Section};

/// A section without the questions that are asked in its text, or one of these with its answer.
///
/// A question that is the section's own heading is no part of its own.
#[derive(Clone, Copy, Debug)]
pub struct Part<'n> {
    pub section: &'n Section,
    pub question: Option<&'n Question>,
}

impl Note {
    /// The parts in the order of the note: every section, and after it its questions.
    pub fn parts(&self) -> impl Iterator<Item = Part<'_>> {
        self.sections.iter().flat_map(Section::parts)
    }
}

impl Section {
    /// The section without the questions in its text, and then these.
    pub fn parts(&self) -> impl Iterator<Item = Part<'_>> {
        let questions = asked_in_text(self).map(Some);
        let all = std::iter::once(None).chain(questions);
        all.map(|question| Part {
            section: self,
            question,
        })
    }
}

fn asked_in_text(section: &Section) -> impl Iterator<Item = &Question> {
    let in_text = |question: &&Question| question.line != section.line || section.level == 0;
    let questions = section.questions.iter().filter(in_text);
    questions.filter(|question| !question.answer.is_empty())
}

impl<'n> Part<'n> {
    /// The heading and those above it, the outermost first; a question comes last.
    pub fn headings(&self) -> Vec<&'n str> {
        let question = self.question.map(|question| question.text.as_str());
        let headings = self.section.headings.iter().map(String::as_str);
        headings.chain(question).collect()
    }

    /// The line where it starts, from 0.
    pub fn line(&self) -> usize {
        self.question
            .map_or(self.section.line, |question| question.line)
    }

    /// How many questions are asked in it.
    pub fn questions(&self) -> usize {
        match self.question {
            Some(_) => 1,
            None => self.section.questions.len(),
        }
    }

    /// The questions with answers that it is: its own one, or that of its heading.
    pub fn asked(&self) -> impl Iterator<Item = &'n Question> {
        let part = *self;
        let is_heading = move |question: &&Question| {
            part.question.is_none()
                && part.section.level > 0
                && question.line == part.section.line
                && !question.answer.is_empty()
        };
        let heading = self.section.questions.iter().filter(is_heading);
        self.question.into_iter().chain(heading)
    }

    /// Those of the passages of its section ([`Note::prose`]) that are its own.
    pub fn passages<'p>(&self, prose: &'p [Passage]) -> Vec<&'p Passage> {
        let own = prose.iter().filter(|passage| self.owns(&passage.range));
        own.collect()
    }

    /// Its code, without what a notebook printed.
    pub fn code(&self) -> impl Iterator<Item = &'n Block> + Clone {
        let part = *self;
        let blocks = self.section.blocks.iter();
        blocks.filter(move |block| block.kind != BlockKind::Output && part.owns(&block.range))
    }

    /// Whether some bytes of the section belong to this part.
    fn owns(&self, range: &Range<usize>) -> bool {
        let answers = |question: &Question| question.answer.contains(&range.start);
        match self.question {
            Some(question) => answers(question),
            None => !asked_in_text(self.section).any(answers),
        }
    }
}
