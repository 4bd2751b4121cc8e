//! Questions and answers: in headings, in bold lines (`**Q1: …**` / `**A:**`), in lines (`Q:` / `A:`), in lists of follow-up questions, in tables, in callouts.

use std::ops::Range;

use super::prose::{ProseLine, is_table_rule, table_cells};
use super::{Difficulty, Question, Section, headings, inline, lines};

/// Finds the questions of a section, in their order, and how difficult they are. An answer goes up to the next question or the end of the section.
pub(super) fn find(text: &str, section: &mut Section, prose: &[ProseLine]) {
    let mut reader = Reader {
        text,
        questions: Vec::new(),
        open: None,
        in_follow_up: false,
        quotes: 0,
        columns: None,
    };
    let heading = text.get(section.heading.clone()).unwrap_or_default();
    if let Some(question) = in_heading(section, heading) {
        reader.open(question, section.body.start, 0);
    }
    for (index, line) in prose.iter().enumerate() {
        match difficulty_label(line.text) {
            Some(level) => match &mut reader.open {
                Some(open) => open.difficulty = Some(level),
                None => section.difficulty = section.difficulty.or(Some(level)),
            },
            None => reader.line(line, prose.get(index + 1)),
        }
    }
    reader.close(section.body.end);
    section.questions = reader.questions;
    section.questions.sort_by_key(|question| question.line);
    let own = section
        .questions
        .first()
        .filter(|question| question.line == section.line);
    section.difficulty = section
        .difficulty
        .or(own.and_then(|question| question.difficulty));
}

struct Reader<'a> {
    text: &'a str,
    questions: Vec<Question>,
    /// The question whose answer is being read.
    open: Option<Question>,
    /// Whether a label has said that a list of questions follows.
    in_follow_up: bool,
    /// In how many quotations the open question stands.
    quotes: usize,
    /// Which columns of the table that is being read hold question and answer.
    columns: Option<(usize, usize)>,
}

impl Reader<'_> {
    fn open(&mut self, question: Question, answer: usize, quotes: usize) {
        self.open = Some(Question {
            answer: answer..answer,
            ..question
        });
        self.quotes = quotes;
    }

    /// Ends the answer of the open question before this byte.
    fn close(&mut self, end: usize) {
        if let Some(mut question) = self.open.take() {
            question.answer = trimmed(self.text, question.answer.start..end);
            self.questions.push(question);
        }
    }

    fn line(&mut self, line: &ProseLine, next: Option<&ProseLine>) {
        let text = line.text.trim_start();
        if !text.is_empty() && line.quotes < self.quotes {
            self.close(line.start);
        }
        if text.starts_with('|') {
            return self.row(line, next);
        }
        self.columns = None;
        if text.is_empty() {
            return;
        }
        if self.in_follow_up && self.follow_up(line) {
            return;
        }
        self.in_follow_up = false;
        let shown = match may_ask(text) {
            true => inline::plain(text),
            false => String::new(),
        };
        if is_follow_up_label(&shown) {
            self.close(line.start);
            self.in_follow_up = true;
        } else if let Some(question) = asked(&shown, line) {
            self.close(line.start);
            let answer = answer_behind(line).unwrap_or(line.start + line.text.len());
            self.open(question, answer, line.quotes);
        } else if let Some(open) = &mut self.open
            && let Some(start) = answer_start(line)
        {
            open.answer = start..start;
        }
    }

    /// An item of a list of questions; its answer may stand in brackets. Gives whether it is one.
    fn follow_up(&mut self, line: &ProseLine) -> bool {
        let Some(item) = lines::item(line.text) else {
            return false;
        };
        let content = &line.text[item.content..];
        let Some(end) = content.rfind('?').map(|at| at + 1) else {
            return true;
        };
        let rest = content[end..].trim();
        let answer = rest
            .strip_prefix('(')
            .and_then(|rest| rest.strip_suffix(')'));
        let start = line.start + line.text.len() - answer.map_or(0, |answer| answer.len() + 1);
        self.questions.push(Question {
            text: inline::plain(&content[..end]),
            answer: start..start + answer.map_or(0, str::len),
            line: line.line,
            difficulty: None,
        });
        true
    }

    /// A row of a table that has a column of questions and one of answers.
    fn row(&mut self, line: &ProseLine, next: Option<&ProseLine>) {
        let cells = table_cells(line.text);
        let Some((question, answer)) = self.columns else {
            if next.is_some_and(|next| is_table_rule(next.text)) {
                let place = |name: &str| {
                    cells
                        .iter()
                        .position(|cell| name_of(line.text, cell) == name)
                };
                self.columns = place("question").zip(place("answer"));
            }
            return;
        };
        let (Some(question), Some(answer)) = (cells.get(question), cells.get(answer)) else {
            return;
        };
        let text = inline::plain(&line.text[question.clone()]);
        if !text.is_empty() && !is_table_rule(line.text) {
            self.questions.push(Question {
                text,
                answer: line.start + answer.start..line.start + answer.end,
                line: line.line,
                difficulty: None,
            });
        }
    }
}

/// Words that a heading starts with that asks without a question mark.
const ASKING: &[&str] = &[
    "compare",
    "define",
    "describe",
    "differentiate",
    "discuss",
    "explain",
    "give",
    "how",
    "implement",
    "list",
    "name",
    "provide",
    "show",
    "what",
    "when",
    "where",
    "which",
    "who",
    "why",
    "write",
];

/// The question that a heading is: it has a question mark, or the number of a question, or a number and words that ask.
fn in_heading(section: &Section, heading: &str) -> Option<Question> {
    let title = section.headings.last()?;
    let written = lines::heading(heading).map_or(heading, |(_, text)| text);
    let is_sign = |c: char| !c.is_alphanumeric();
    let written = written.trim_start_matches(is_sign);
    let has_number = written.starts_with(|c: char| c.is_ascii_digit());
    let first = title
        .split(|c: char| !c.is_alphabetic())
        .next()
        .unwrap_or_default();
    let is_asked = title.ends_with('?')
        || label(written, &["q", "question"]).is_some()
        || (has_number && section.level >= 3 && ASKING.contains(&first.to_lowercase().as_str()));
    is_asked.then(|| Question {
        text: title.clone(),
        answer: 0..0,
        line: section.line,
        difficulty: section.difficulty,
    })
}

/// Whether a line has a letter of `question`, `Q` or `follow-up`, a callout, or a character that is written as `&…;`: few lines do.
fn may_ask(text: &str) -> bool {
    let has_word = |word: &[u8]| {
        let mut words = text.as_bytes().windows(word.len());
        words.any(|other| other.eq_ignore_ascii_case(word))
    };
    memchr::memchr3(b'q', b'Q', b'&', text.as_bytes()).is_some()
        || text.starts_with("[!")
        || has_word(b"follow")
}

/// The question that a line asks, which is given as plain text.
fn asked(shown: &str, line: &ProseLine) -> Option<Question> {
    let text = line.text.trim_start();
    let callout = ["[!question]", "[!faq]", "[!help]"]
        .iter()
        .find_map(|kind| {
            text.get(..kind.len())
                .filter(|start| start.eq_ignore_ascii_case(kind))
        });
    let rest = match callout {
        Some(kind) => inline::plain(text[kind.len()..].trim_start_matches(['+', '-'])),
        None => {
            let item = lines::item(shown).map_or(shown, |item| &shown[item.content..]);
            let whole = item
                .get(..4)
                .filter(|word| word.eq_ignore_ascii_case("the "));
            let sentence = &item[whole.map_or(0, str::len)..];
            let next = sentence
                .get(..5)
                .filter(|word| word.eq_ignore_ascii_case("next "));
            label(&sentence[next.map_or(0, str::len)..], &["q", "question"])?.to_owned()
        }
    };
    let end = rest.rfind('?').map_or(rest.len(), |at| at + 1);
    let (text, difficulty) = headings::title(&rest[..end]);
    (!text.is_empty()).then_some(Question {
        text,
        answer: 0..0,
        line: line.line,
        difficulty,
    })
}

/// What stands behind `Q:`, `Q1:`, `Question 1.`, `question is:`. None where one of these words starts a sentence.
fn label<'a>(text: &'a str, words: &[&str]) -> Option<&'a str> {
    let end = text.find(|c: char| !c.is_ascii_alphabetic())?;
    if !words.contains(&text[..end].to_ascii_lowercase().as_str()) {
        return None;
    }
    let rest = text[end..].trim_start();
    let number = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    let has_number = number.len() < rest.len();
    let after = number.strip_prefix("is ").unwrap_or(number).trim_start();
    let marks: &[char] = if has_number {
        &[':', '.', ')', '–', '—']
    } else {
        &[':']
    };
    let said = after.strip_prefix(marks)?;
    Some(said.trim())
}

fn is_follow_up_label(shown: &str) -> bool {
    let lower = shown.trim_end_matches(':').to_lowercase();
    matches!(
        lower.as_str(),
        "follow-up questions" | "follow-up" | "follow up questions" | "follow-ups"
    )
}

/// The byte where the answer starts in a line that says so: `**Answer:** …`, `A: …`.
fn answer_start(line: &ProseLine) -> Option<usize> {
    let text = line.text.trim_start().trim_start_matches(['*', '_']);
    let rest = label(text, &["a", "ans", "answer"])?.trim_start_matches(['*', '_', ' ']);
    Some(line.start + line.text.len() - rest.len())
}

/// The byte where the answer starts in the line of its question: `… ? -> answer: …`.
fn answer_behind(line: &ProseLine) -> Option<usize> {
    let behind = line.text.rfind('?')? + 1;
    let rest = line.text[behind..].trim_start_matches(|c: char| !c.is_alphanumeric());
    let rest = label(rest, &["a", "ans", "answer"]).unwrap_or(rest);
    Some(line.start + line.text.len() - rest.len())
}

/// `**Difficulty:** Senior`.
fn difficulty_label(line: &str) -> Option<Difficulty> {
    let text = line.trim_start().trim_start_matches('*');
    let rest = text
        .strip_prefix("Difficulty")
        .or(text.strip_prefix("Level"))?;
    let rest = rest.trim_start_matches('*').strip_prefix(':')?;
    headings::difficulty(rest.trim_matches(['*', ' ']))
}

fn name_of(row: &str, cell: &Range<usize>) -> String {
    inline::plain(row.get(cell.clone()).unwrap_or_default()).to_lowercase()
}

/// A range without blank lines and rules at its ends, and without marks of quotation at its start.
fn trimmed(text: &str, range: Range<usize>) -> Range<usize> {
    let mut inner = text.get(range.clone()).unwrap_or_default();
    let start = range.start + inner.len() - inner.trim_start().len();
    inner = inner.trim();
    while let Some((above, last)) = inner.rsplit_once(['\n', '\r'])
        && (lines::is_rule(last) || lines::is_blank(last))
    {
        inner = above.trim_end();
    }
    if lines::is_rule(inner) {
        inner = "";
    }
    let bare = lines::unquoted(inner).0;
    let start = start + inner.len() - bare.len();
    start..start + bare.len()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::knowledge::notes::Note;

    /// Text, answer and difficulty of each question.
    fn questions(text: &str) -> Vec<(String, String, Option<Difficulty>)> {
        let note = Note::read(Path::new("note.md"), text.as_bytes());
        let questions = note.sections.iter().flat_map(|section| &section.questions);
        let question = |q: &Question| {
            (
                q.text.clone(),
                note.text[q.answer.clone()].to_owned(),
                q.difficulty,
            )
        };
        questions.map(question).collect()
    }

    fn check(text: &str, expected: &[(&str, &str)]) {
        let found = questions(text);
        let found: Vec<_> = found
            .iter()
            .map(|(q, a, _)| (q.as_str(), a.as_str()))
            .collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn headings_ask() {
        check(
            "### Q2. 🔴 Why `slots`?\n\n**Answer:**\nLess memory.\n\n---\n",
            &[("Why slots?", "Less memory.")],
        );
        check(
            "### 4. Explain closures. Give one.\nA cell.\n## 4. Lists\nwords",
            &[("Explain closures. Give one.", "A cell.")],
        );
        check(
            "## What is a cell?\n```python\nx\n```\n\n**Answer:** 1\n",
            &[("What is a cell?", "1")],
        );
        check(
            "# Questions\n## Quick start\nQuite easy. Q is a letter.\n",
            &[],
        );
        assert_eq!(questions("### Q2. 🔴 Why?\n")[0].2, Some(Difficulty::Hard));
    }

    #[test]
    fn lines_ask() {
        check(
            "**Q1: Why?**\n\n**A:**\n\nBecause.\n\n---\n\n**Q2: And?**\n\n**A:** So.\n",
            &[("Why?", "Because."), ("And?", "So.")],
        );
        check(
            "Q: One?\nA: 1\nQ: Two\nA: 2\n",
            &[("One?", "1"), ("Two", "2")],
        );
        check(
            "NEXT QUESTION: What else???\nNothing.\n",
            &[("What else???", "Nothing.")],
        );
        check(
            "the question is : why not? -> answer: it is slow\n",
            &[("why not?", "it is slow")],
        );
        check(
            "> [!question]- Is it?\n> It is.\n\nText below.\n",
            &[("Is it?", "It is.")],
        );
        check("A question of taste. The answer: none.\n", &[]);
    }

    #[test]
    fn difficulty_belongs_to_the_question_above_it() {
        let found = questions(
            "## Interview\n**Question 1: How?**\n\n**Difficulty:** Mid-Level\n\n**Answer:**\n\nSo.\n\n**Follow-up Questions:**\n\n- Is it so? (It is.)\n- And then?\n\nMore.\n",
        );
        let expected = [
            (
                "How?".to_owned(),
                "So.".to_owned(),
                Some(Difficulty::Medium),
            ),
            ("Is it so?".to_owned(), "It is.".to_owned(), None),
            ("And then?".to_owned(), String::new(), None),
        ];
        assert_eq!(found, expected);
        let note = Note::read(Path::new("note.md"), b"# Locks\nDifficulty: hard\n");
        assert_eq!(note.sections[0].difficulty, Some(Difficulty::Hard));
    }

    #[test]
    fn tables_ask() {
        check(
            "| # | Question | Answer |\n|---|---|---|\n| 1 | **Why** `x`? | so |\n| 2 | cut |\n",
            &[("Why x?", "so")],
        );
        check("| a | b |\n|---|---|\n| 1 | 2 |\n", &[]);
    }
}
