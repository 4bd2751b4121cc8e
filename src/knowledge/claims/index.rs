//! Which patterns a passage may fit: those of which it has the words that they need.

use rustc_hash::FxHashMap;

use super::Claim;
use super::pattern::{Literal, Pattern};

/// How many groups of words are looked for. More would hold words that stand everywhere.
const GROUPS: usize = 2;

/// From the words of a passage to the patterns that it may fit.
pub struct Index {
    words: Vec<Needed>,
    /// The words by the letters that they begin with, as [`start`] has them.
    by_start: FxHashMap<Start, Vec<usize>>,
}

/// A word that patterns need.
struct Needed {
    /// In lower case.
    text: String,
    /// Whether a word may go on after it.
    is_prefix: bool,
    /// How many bytes stand before its first letter.
    before: usize,
    /// The patterns that have it in their first group.
    patterns: Vec<Needs>,
}

/// Up to three letters in lower case.
type Start = [u8; 3];

/// What a pattern needs of a passage.
#[derive(Clone)]
struct Needs {
    candidate: Candidate,
    /// Groups of words, as indices; every match of the pattern has one of each group.
    groups: Vec<Vec<usize>>,
}

/// A pattern that a passage may fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Candidate {
    /// The claim, as an index.
    pub claim: usize,
    /// Whether it says the claim wrongly.
    pub is_wrong: bool,
    /// Its place among those of the claim that say it so.
    pub pattern: usize,
}

impl Index {
    /// The index of these claims. A pattern none of whose words a text has to write as it does is never a candidate; none is written so (test `patterns_have_words`).
    pub fn new(claims: &[Claim]) -> Index {
        let mut index = Index {
            words: Vec::new(),
            by_start: FxHashMap::default(),
        };
        let mut numbers: FxHashMap<&Literal, usize> = FxHashMap::default();
        for (at, claim) in claims.iter().enumerate() {
            for (is_wrong, patterns) in [(false, &claim.right), (true, &claim.wrong)] {
                for (pattern, needed) in patterns.iter().enumerate() {
                    let candidate = Candidate {
                        claim: at,
                        is_wrong,
                        pattern,
                    };
                    index.add(candidate, needed, &mut numbers);
                }
            }
        }
        index
    }

    fn add<'c>(
        &mut self,
        candidate: Candidate,
        pattern: &'c Pattern,
        numbers: &mut FxHashMap<&'c Literal, usize>,
    ) {
        let mut number = |word| *numbers.entry(word).or_insert_with(|| self.number(word));
        let groups = pattern.keys().into_iter().take(GROUPS);
        let groups = groups.map(|group| group.into_iter().map(&mut number).collect());
        let needs = Needs {
            candidate,
            groups: groups.collect(),
        };
        for word in needs.groups.first().into_iter().flatten() {
            if let Some(word) = self.words.get_mut(*word) {
                word.patterns.push(needs.clone());
            }
        }
    }

    /// A number for a word that has none.
    fn number(&mut self, word: &Literal) -> usize {
        let number = self.words.len();
        let before = word.text.bytes().take_while(|b| !b.is_ascii_alphabetic());
        let before = before.count();
        let letters = word.text.as_bytes().get(before..).unwrap_or_default();
        let end = letters.iter().position(|b| !b.is_ascii_alphabetic());
        let letters = letters.get(..end.unwrap_or(letters.len()));
        let start = start(letters.unwrap_or_default());
        self.by_start.entry(start).or_default().push(number);
        self.words.push(Needed {
            text: word.text.clone(),
            is_prefix: word.is_prefix,
            before,
            patterns: Vec::new(),
        });
        number
    }

    /// The patterns that the passage may fit, in order.
    pub fn candidates(&self, passage: &str) -> Vec<Candidate> {
        let hits = self.hits(passage);
        let has = |group: &Vec<usize>| group.iter().any(|word| hits.binary_search(word).is_ok());
        let words = hits.iter().filter_map(|word| self.words.get(*word));
        let possible = words
            .flat_map(|word| &word.patterns)
            .filter(|needs| needs.groups.iter().all(has));
        let mut found: Vec<Candidate> = possible.map(|needs| needs.candidate).collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The words that stand in a passage, sorted.
    fn hits(&self, passage: &str) -> Vec<usize> {
        let bytes = passage.as_bytes();
        let mut hits = Vec::new();
        let mut at = 0;
        while let Some(found) = bytes[at..].iter().position(u8::is_ascii_alphabetic) {
            at += found;
            let rest = &bytes[at..];
            let end = rest.iter().position(|b| !b.is_ascii_alphabetic());
            let letters = &rest[..end.unwrap_or(rest.len())];
            let words = self.by_start.get(&start(letters)).into_iter().flatten();
            hits.extend(words.copied().filter(|word| self.stands(*word, bytes, at)));
            at += letters.len();
        }
        hits.sort_unstable();
        hits.dedup();
        hits
    }

    /// Whether a word stands where its first letter is at this byte, and no letter follows where it must end there. No letter stands before that byte.
    fn stands(&self, word: usize, passage: &[u8], at: usize) -> bool {
        let stands = |word: &Needed| {
            let start = at.checked_sub(word.before)?;
            let end = start + word.text.len();
            let is_it = passage
                .get(start..end)?
                .eq_ignore_ascii_case(word.text.as_bytes());
            let is_letter = |at: usize| passage.get(at).is_some_and(u8::is_ascii_alphabetic);
            let is_alone = word.before == 0 || !start.checked_sub(1).is_some_and(is_letter);
            Some(is_it && is_alone && (word.is_prefix || !is_letter(end)))
        };
        self.words.get(word).and_then(stands) == Some(true)
    }
}

/// The first letters of a word, up to three, in lower case.
fn start(letters: &[u8]) -> Start {
    let mut start = Start::default();
    for (own, letter) in start.iter_mut().zip(letters) {
        *own = letter.to_ascii_lowercase();
    }
    start
}
