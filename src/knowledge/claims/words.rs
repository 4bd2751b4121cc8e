//! A passage into the words that claims compare, in sentences.

use std::ops::Range;

/// A word of a passage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// In lower case, without Markdown marks; a number without the signs that group its digits.
    pub text: String,
    /// The bytes in the passage. Both words of `isn't` have the same.
    pub range: Range<usize>,
}

/// A sentence of a passage.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Sentence {
    pub words: Vec<Word>,
    /// It ends in a question mark.
    pub is_question: bool,
}

/// Signs that count as words of their own.
const OPERATORS: &[&str] = &[
    "+=", "==", "!=", ">=", "<=", "<", ">", "+", "%", "❌", "✗", "✘",
];

/// Signs that begin a sentence where they begin a line.
const MARKS: &[&str] = &["❌", "✗", "✘", "✅", "✔"];

/// Signs that hold such a sign but mean something else.
const ARROWS: &[&str] = &["->", "=>", "-->", "==>", "<-"];

/// The sentences of a passage that have words. A full stop, an exclamation or a question mark before white space ends a sentence,
/// and a mark such as ✅ begins one where it begins a line; text between `~~` is left out.
pub fn sentences(passage: &str) -> Vec<Sentence> {
    let mut reader = Reader::default();
    let mut at = 0;
    while let Some(rest) = passage.get(at..).filter(|rest| !rest.is_empty()) {
        at += reader.step(rest, at);
    }
    reader.end_sentence(false);
    reader.done
}

/// The words of a text, whatever sentence they stand in.
pub fn words(text: &str) -> Vec<String> {
    let words = sentences(text).into_iter().flat_map(|s| s.words);
    words.map(|word| word.text).collect()
}

#[derive(Default)]
struct Reader {
    done: Vec<Sentence>,
    words: Vec<Word>,
    /// Between `~~` and `~~`.
    is_struck: bool,
    is_after_space: bool,
    /// Words stand in the line already.
    is_in_line: bool,
}

impl Reader {
    /// Reads what the rest starts with, and says how many bytes it has. `at` is where the rest starts.
    fn step(&mut self, rest: &str, at: usize) -> usize {
        let is_after_space = std::mem::replace(&mut self.is_after_space, false);
        if rest.starts_with("~~") {
            self.is_struck = !self.is_struck && rest.get(2..).is_some_and(|r| r.contains("~~"));
            return 2;
        }
        if !self.is_in_line && MARKS.iter().any(|mark| rest.starts_with(mark)) {
            self.end_sentence(false);
        }
        let length = option_length(rest).max(word_length(rest));
        if length > 0 {
            self.is_in_line = true;
            self.word(rest.get(..length).unwrap_or_default(), at);
            return length;
        }
        if let Some(arrow) = ARROWS.iter().find(|sign| rest.starts_with(**sign)) {
            return arrow.len();
        }
        if let Some(sign) = OPERATORS.iter().find(|sign| rest.starts_with(**sign)) {
            self.push(sign, at..at + sign.len());
            return sign.len();
        }
        let mut characters = rest.chars();
        let first = characters.next().unwrap_or_default();
        self.is_after_space = first.is_whitespace();
        self.is_in_line &= first != '\n';
        let is_mark = matches!(first, '.' | '!' | '?') && !is_after_space;
        if is_mark && self.may_end(characters.as_str()) {
            self.end_sentence(first == '?');
        }
        first.len_utf8()
    }

    /// Whether a sentence may end before this: white space, closing marks aside, and not after `e.g`.
    fn may_end(&self, after: &str) -> bool {
        let closing = [')', '"', '\'', '”', '’', '*', '_', '`', '~', '?', '!', '.'];
        // A few, so that a long row of full stops is read once.
        let next = after.chars().take(4).find(|c| !closing.contains(c));
        let is_short = self.words.last().is_some_and(|word| {
            word.text.len() == 1 && word.text.bytes().all(|b| b.is_ascii_alphabetic())
        });
        next.is_none_or(char::is_whitespace) && !is_short
    }

    fn end_sentence(&mut self, is_question: bool) {
        if !self.words.is_empty() {
            let words = std::mem::take(&mut self.words);
            self.done.push(Sentence { words, is_question });
        } else if is_question && let Some(last) = self.done.last_mut() {
            // `!?`
            last.is_question = true;
        }
    }

    fn push(&mut self, text: &str, range: Range<usize>) {
        if !self.is_struck {
            let text = text.to_owned();
            self.words.push(Word { text, range });
        }
    }

    fn word(&mut self, word: &str, at: usize) {
        let range = at..at + word.len();
        let mut word = word.to_lowercase();
        if !word.is_ascii() {
            word = word.replace('’', "'");
        }
        if word.starts_with(|c: char| c.is_ascii_digit()) {
            return self.number(&word, range);
        }
        if word.contains('\'') {
            return self.short_form(&word, range);
        }
        // `_word_` is emphasis, `__init__` a name.
        let inner = word.strip_prefix('_').and_then(|w| w.strip_suffix('_'));
        match inner {
            Some(inner) if !inner.starts_with('_') && !inner.is_empty() => self.push(inner, range),
            _ if word == "cannot" => self.pair("can", range),
            _ => self.push(&word, range),
        }
    }

    /// A word with an apostrophe.
    fn short_form(&mut self, word: &str, range: Range<usize>) {
        match word.strip_suffix("n't") {
            Some("ca") => self.pair("can", range),
            Some("wo") => self.pair("will", range),
            Some(verb) => self.pair(verb, range),
            None => self.push(word.strip_suffix("'s").unwrap_or(word), range),
        }
    }

    /// `is not` for `isn't`.
    fn pair(&mut self, verb: &str, range: Range<usize>) {
        self.push(verb, range.clone());
        self.push("not", range);
    }

    /// `256KB` is the two words `256` and `kb`; `1,000` and `1_000` are `1000`.
    fn number(&mut self, word: &str, range: Range<usize>) {
        let is_part = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | '_');
        let end = word.find(|c: char| !is_part(c)).unwrap_or(word.len());
        let (digits, unit) = word.split_at(end);
        let digits = digits.replace([',', '_'], "");
        let middle = range.end.saturating_sub(unit.len()).max(range.start);
        self.push(&digits, range.start..middle);
        if !unit.is_empty() {
            self.push(unit, middle..range.end);
        }
    }
}

/// How many bytes the option of a command has that a text starts with, as `--group`; 0 where it starts with none.
fn option_length(text: &str) -> usize {
    match text.strip_prefix("--").map(word_length) {
        Some(length) if length > 0 => length + 2,
        _ => 0,
    }
}

/// How many bytes the word has that a text starts with; 0 where it starts with none.
fn word_length(text: &str) -> usize {
    let mut characters = text.char_indices().peekable();
    let is_number = text.starts_with(|c: char| c.is_ascii_digit());
    let mut before = ' ';
    while let Some((at, c)) = characters.next() {
        let next = characters.peek().map_or(' ', |(_, c)| *c);
        let joins = match c {
            '\'' | '’' => before.is_alphanumeric() && next.is_alphabetic(),
            '.' => is_number && before.is_ascii_digit() && next.is_ascii_digit(),
            ',' => is_number && groups_digits(text.get(at + 1..).unwrap_or_default()),
            _ => c == '_' || c.is_alphanumeric(),
        };
        if !joins {
            return at;
        }
        before = c;
    }
    text.len()
}

/// Whether what stands after a comma is the rest of a number such as `1,000`.
fn groups_digits(after: &str) -> bool {
    let is_digit = |c: char| c.is_ascii_digit();
    after.find(|c| !is_digit(c)).unwrap_or(after.len()) == 3
}

#[cfg(test)]
mod tests {
    use super::{sentences, words};

    #[track_caller]
    fn assert_words(text: &str, expected: &str) {
        assert_eq!(words(text).join(" "), expected);
    }

    #[test]
    fn words_are_plain() {
        assert_words("**PyPy** has `no` _GIL_.", "pypy has no gil");
        assert_words("I/O-bound: asyncio.gather()", "i o bound asyncio gather");
        assert_words("`__new__` → `__init__`", "__new__ __init__");
        assert_words("don’t, can't, cannot", "do not can not can not");
        assert_words("Python's class", "python class");
        assert_words("256KB, 1,000,000 and 1_000", "256 kb 1000000 and 1000");
        assert_words("since 3.12. x += 1 -> y >= 2", "since 3.12 x += 1 y >= 2");
        assert_words("a ~~struck out~~ b", "a b");
        assert_words("~~ alone", "alone");
        assert_words("[[0,1,2], [3,400]]", "0 1 2 3400");
        assert_words("poetry add --dev x -- y", "poetry add --dev x y");
        assert_words("Größe ❌ 漢字", "größe ❌ 漢字");
    }

    #[test]
    fn sentences_end_before_white_space() {
        let found = sentences("It is (e.g. here ! there) 3.12. Is it?! \"Yes.\" No");
        let shown: Vec<_> = found
            .iter()
            .map(|s| (s.words.len(), s.is_question))
            .collect();
        assert_eq!(shown, [(7, false), (2, true), (1, false), (1, false)]);
    }

    #[test]
    fn marks_begin_sentences_in_a_list() {
        let found = sentences("# Threads:\n# ✅ simple\n#    and old\n# ❌ slow ❌\n");
        let shown: Vec<_> = found.iter().map(|s| s.words.len()).collect();
        assert_eq!(shown, [1, 3, 3]);
    }

    #[test]
    fn a_range_is_the_words_own() {
        let text = "Ünit isn’t 256KB";
        let found = sentences(text);
        let slices: Vec<_> = found[0]
            .words
            .iter()
            .map(|w| &text[w.range.clone()])
            .collect();
        assert_eq!(slices, ["Ünit", "isn’t", "isn’t", "256", "KB"]);
    }
}
