//! Patterns over words: how a sentence says something. `knowledge/README.md` has the language.

use super::words::{Word, words};

/// Words that turn a statement round or begin another one: a gap never holds one.
const TURNS: &[&str] = &[
    "not", "no", "never", "without", "nor", "neither", "non", "none", "nothing", "instead",
    "rather", "unlike", "unless", "except", "only", "hardly", "but", "however", "whereas", "while",
    "although", "though", "yet", "than", "if",
];

/// How many words a gap holds where the pattern gives no number.
const GAP: usize = 6;

/// A pattern over the words of one sentence.
#[derive(Debug)]
pub struct Pattern {
    parts: Vec<Part>,
}

/// How far a match has come, as numbers of words, before and after a part: kept from one start to the next.
#[derive(Default)]
struct Places {
    reached: Vec<usize>,
    next: Vec<usize>,
}

#[derive(Debug)]
enum Part {
    /// One of these runs of words.
    Words {
        alternatives: Vec<Vec<Literal>>,
        is_optional: bool,
    },
    /// Up to so many words, none of [`TURNS`].
    Gap(usize),
    /// `^`
    Start,
    /// `$`
    End,
}

/// A word of a pattern.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Literal {
    /// In lower case.
    pub text: String,
    /// It was written `text*`: a word may go on after it.
    pub is_prefix: bool,
}

impl Literal {
    fn matches(&self, word: &Word) -> bool {
        if self.is_prefix {
            word.text.starts_with(&self.text)
        } else {
            word.text == self.text
        }
    }
}

impl Pattern {
    /// Reads a pattern. Errors: what is wrong with it, for people.
    pub fn parse(text: &str) -> Result<Pattern, String> {
        let mut parts = Vec::new();
        let mut rest = text.trim_start();
        while !rest.is_empty() {
            let after = match rest.strip_prefix('(') {
                Some(group) => {
                    let unclosed = || format!("`{text}`: a `(` has no `)`");
                    let (inside, after) = group.split_once(')').ok_or_else(unclosed)?;
                    parts.push(Part::Words {
                        alternatives: inside.split('|').map(literals).collect(),
                        is_optional: after.starts_with('?'),
                    });
                    after.strip_prefix('?').unwrap_or(after)
                }
                None => {
                    let is_end = |c: char| c.is_whitespace() || c == '(';
                    let (word, after) = rest.split_at(rest.find(is_end).unwrap_or(rest.len()));
                    single(&mut parts, word);
                    after
                }
            };
            rest = after.trim_start();
        }
        let is_empty = |part: &Part| matches!(part, Part::Words { alternatives, .. } if alternatives.iter().any(Vec::is_empty));
        if parts.iter().any(is_empty) {
            return Err(format!("`{text}`: a sign that is no word stands in it"));
        }
        Ok(Pattern { parts })
    }

    /// Where the first match stands in these words, from word to word; of those that start there, the shortest. The first `from` words start none.
    pub fn find(&self, words: &[Word], from: usize) -> Option<(usize, usize)> {
        let mut places = Places::default();
        (from..words.len()).find_map(|start| Some((start, self.end(words, start, &mut places)?)))
    }

    /// Where the shortest match ends that starts at this word.
    fn end(&self, words: &[Word], start: usize, places: &mut Places) -> Option<usize> {
        let Places { reached, next } = places;
        reached.clear();
        reached.push(start);
        for part in &self.parts {
            next.clear();
            for at in reached.iter() {
                part.advance(words, *at, next);
            }
            if next.len() > 1 {
                next.sort_unstable();
                next.dedup();
            }
            std::mem::swap(reached, next);
            if reached.is_empty() {
                return None;
            }
        }
        reached.first().copied().filter(|end| *end > start)
    }

    /// Groups of words: every match has at least one of each group, as it stands here. The group with the longest words comes first; there is none where no part has words that a
    /// text cannot write otherwise.
    pub fn keys(&self) -> Vec<Vec<&Literal>> {
        let mut groups: Vec<Vec<&Literal>> = self.parts.iter().filter_map(Part::keys).collect();
        let shortest = |group: &Vec<&Literal>| group.iter().map(|key| key.text.len()).min();
        groups.sort_by_key(|group| std::cmp::Reverse(shortest(group)));
        groups
    }
}

impl Part {
    /// Adds the places that are reached from this one.
    fn advance(&self, words: &[Word], at: usize, reached: &mut Vec<usize>) {
        match self {
            Part::Words {
                alternatives,
                is_optional,
            } => {
                if *is_optional {
                    reached.push(at);
                }
                let rest = words.get(at..).unwrap_or_default();
                let fitting = alternatives.iter().filter(|run| {
                    rest.len() >= run.len() && run.iter().zip(rest).all(|(l, w)| l.matches(w))
                });
                reached.extend(fitting.map(|run| at + run.len()));
            }
            Part::Gap(most) => {
                let rest = words.get(at..).unwrap_or_default();
                let free = rest
                    .iter()
                    .take(*most)
                    .take_while(|word| !TURNS.contains(&word.text.as_str()));
                reached.extend(at..=at + free.count());
            }
            Part::Start if at == 0 => reached.push(at),
            Part::End if at == words.len() => reached.push(at),
            Part::Start | Part::End => {}
        }
    }

    /// The longest word of each alternative. None where one has no word that stands in every text as it stands in the pattern.
    fn keys(&self) -> Option<Vec<&Literal>> {
        match self {
            Part::Words {
                alternatives,
                is_optional: false,
            } => alternatives.iter().map(|run| longest(run)).collect(),
            _ => None,
        }
    }
}

/// The longest word that a text cannot write otherwise, as it can `not` (`isn't`) and numbers (`1,000`).
fn longest(run: &[Literal]) -> Option<&Literal> {
    let plain = run.iter().filter(|Literal { text, .. }| {
        let is_plain = text.bytes().all(|b| b == b'_' || b.is_ascii_alphanumeric());
        let is_number = text.starts_with(|c: char| c.is_ascii_digit());
        text.len() > 2 && is_plain && !is_number && text != "not"
    });
    plain.max_by_key(|literal| literal.text.len())
}

/// A word, a gap or an anchor, optional where `?` follows.
fn single(parts: &mut Vec<Part>, text: &str) {
    match text {
        "^" => parts.push(Part::Start),
        "$" => parts.push(Part::End),
        _ => match text.strip_prefix("...").map(str::parse) {
            Some(most) => parts.push(Part::Gap(most.unwrap_or(GAP))),
            None => {
                let (text, is_optional) = match text.strip_suffix('?') {
                    Some(text) => (text, true),
                    None => (text, false),
                };
                let alternatives = vec![literals(text)];
                parts.push(Part::Words {
                    alternatives,
                    is_optional,
                });
            }
        },
    }
}

/// Words next to each other. A text is cut as passages are, so `i/o` is two words.
fn literals(text: &str) -> Vec<Literal> {
    let mut run = Vec::new();
    for text in text.split_whitespace() {
        let is_prefix = text.ends_with('*');
        run.extend(words(text).into_iter().map(|text| Literal {
            text,
            is_prefix: false,
        }));
        if let Some(last) = run.last_mut() {
            last.is_prefix = is_prefix;
        }
    }
    run
}

#[cfg(test)]
#[path = "pattern_tests.rs"]
mod tests;
