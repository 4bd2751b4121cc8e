//! The words of texts, and which texts say the words of a question best (BM25, Robertson and Zaragoza 2009).
//!
//! Words are compared without case and without the `s` of plurals. A stemmer that takes off more would make one word of `iterator` and `iter`, of `typing` and `type`,
//! of `generator` and `generational`, which are different things in Python.

use std::fmt::Write as _;
use std::sync::OnceLock;

use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};
use unicode_segmentation::UnicodeSegmentation;
use xxhash_rust::xxh3::xxh3_64;

use super::Selector;

/// A word without its case and plural, as a number. Two words of one text that get the same number by accident are expected once in some ten thousand texts.
pub(super) type Word = u32;

/// How often which words occur in a text.
///
/// Invariant: sorted by word, every word once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Words(Vec<(Word, u16)>);

/// English words that say nothing of what a text is about.
pub(super) const STOP_WORDS: &[&str] = &[
    "a", "about", "after", "all", "also", "an", "and", "any", "are", "as", "at", "be", "because",
    "been", "before", "but", "by", "can", "did", "do", "doe", "each", "every", "for", "from",
    "had", "has", "have", "here", "how", "i", "if", "in", "into", "is", "it", "its", "just", "ll",
    "may", "more", "most", "must", "need", "no", "not", "of", "on", "one", "only", "or", "other",
    "our", "re", "s", "should", "so", "some", "such", "t", "than", "that", "the", "their", "them",
    "then", "there", "these", "they", "this", "those", "to", "too", "use", "used", "using", "ve",
    "very", "was", "we", "were", "what", "when", "where", "which", "while", "who", "why", "will",
    "with", "would", "you", "your",
];

/// Their numbers.
fn stop_words() -> &'static FxHashSet<Word> {
    static NUMBERS: OnceLock<FxHashSet<Word>> = OnceLock::new();
    NUMBERS.get_or_init(|| STOP_WORDS.iter().map(|word| number(word)).collect())
}

/// The number of a word that is in lower case and has no plural.
pub(super) fn number(word: &str) -> Word {
    // the lower half of a good hash is a good hash
    xxh3_64(word.as_bytes()) as Word
}

/// Every word of a text in lower case and without plural, in order: `functools.lru_cache` is two words, `lru_cache` one.
pub(super) fn each_word(text: &str, mut found: impl FnMut(&str)) {
    each_original(text, |word| {
        let mut lower = String::with_capacity(word.len());
        plain(word, &mut lower);
        found(&lower);
    });
}

fn each_original<'t>(text: &'t str, mut found: impl FnMut(&'t str)) {
    if text.is_ascii() {
        return each_ascii(text, found);
    }
    let is_part = |character: char| character.is_alphanumeric() || character == '_';
    for segment in text.unicode_words() {
        for word in segment.split(|character| !is_part(character)) {
            if !word.is_empty() {
                found(word);
            }
        }
    }
}

/// The words of a text that is ASCII: there Unicode's rules come to this (test `words_of_ascii_are_those_of_unicode`).
fn each_ascii<'t>(text: &'t str, mut found: impl FnMut(&'t str)) {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    for word in text.split(|character: char| !u8::try_from(character).is_ok_and(is_part)) {
        if word.bytes().any(|byte| byte != b'_') {
            found(word);
        }
    }
}

/// Writes a word in lower case and without the `s` of a plural.
fn plain(word: &str, lower: &mut String) {
    lower.clear();
    if word.is_ascii() {
        lower.push_str(word);
        lower.make_ascii_lowercase();
    } else {
        lower.extend(word.chars().flat_map(char::to_lowercase));
    }
    singular(lower);
}

/// The three rules of Harman's S-stemmer (1991). Names with underscores stay as they are.
fn singular(word: &mut String) {
    if word.len() < 4 || word.contains('_') || !word.ends_with('s') {
        return;
    }
    let ends = |ends: &[&str]| ends.iter().any(|end| word.ends_with(end));
    if ends(&["ies"]) && !ends(&["eies", "aies"]) {
        word.truncate(word.len() - 3);
        word.push('y');
    } else if ends(&["sses", "shes", "tches", "nches", "rches", "xes"]) {
        word.truncate(word.len() - 2);
    } else if !ends(&["us", "ss", "is"]) {
        word.truncate(word.len() - 1);
    }
}

/// The parts of an identifier: `lru`, `cache` of `lru_cache`, `Thread`, `Pool` of `ThreadPool`. None of a plain word.
fn parts(word: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    // most words: no list is made for them
    if word.bytes().skip(1).all(is_plain) && word.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return parts;
    }
    for run in word.split('_').filter(|run| !run.is_empty()) {
        let mut start = 0;
        let mut before = None;
        for (at, character) in run.char_indices() {
            if before.is_some_and(char::is_lowercase) && character.is_uppercase() {
                parts.push(&run[start..at]);
                start = at;
            }
            before = Some(character);
        }
        parts.push(&run[start..]);
    }
    match parts.as_slice() {
        [only] if *only == word => Vec::new(),
        _ => parts,
    }
}

impl Words {
    /// The words of a text: identifiers whole and in their parts.
    pub fn of(text: &str) -> Words {
        Words::of_texts([(text, 1)])
    }

    /// The words of several texts, each word of one as if it occurred as often as is said with it.
    pub fn of_texts<'t>(texts: impl IntoIterator<Item = (&'t str, u16)>) -> Words {
        let stop_words = stop_words();
        let (mut lower, mut found) = (String::new(), Vec::new());
        for (text, times) in texts {
            each_original(text, |word| {
                let mut note = |word: &str| {
                    plain(word, &mut lower);
                    let number = number(&lower);
                    if !stop_words.contains(&number) {
                        found.push((number, times));
                    }
                };
                note(word);
                parts(word).into_iter().for_each(note);
            });
        }
        Words::counted(found)
    }

    /// What stands in code, in place of words, each as if it occurred as often as is said with it.
    pub fn of_constructs<'s>(constructs: impl IntoIterator<Item = (&'s Selector, u16)>) -> Words {
        let (mut text, mut found) = (String::new(), Vec::new());
        for (construct, times) in constructs {
            for pattern in construct.patterns() {
                text.clear();
                // writing into a string does not fail
                let _ = write!(text, "{pattern:?}");
                found.push((number(&text), times));
            }
        }
        Words::counted(found)
    }

    fn counted(mut found: Vec<(Word, u16)>) -> Words {
        found.sort_unstable();
        found.dedup_by(|later, kept| {
            let same = later.0 == kept.0;
            if same {
                kept.1 = kept.1.saturating_add(later.1);
            }
            same
        });
        Words(found)
    }

    /// Each word with how often it occurs.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Word, u16)> + '_ {
        self.0.iter().copied()
    }

    /// How often a word occurs.
    pub(super) fn times(&self, word: Word) -> u16 {
        let place = self.0.binary_search_by_key(&word, |(word, _)| *word).ok();
        let found = place.and_then(|place| self.0.get(place));
        found.map_or(0, |(_, times)| *times)
    }

    /// Whether some word occurs in both.
    pub(super) fn shares(&self, other: &Words) -> bool {
        self.0.iter().any(|(word, _)| other.times(*word) > 0)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many different words there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    fn length(&self) -> u32 {
        self.0.iter().map(|(_, times)| u32::from(*times)).sum()
    }
}

/// How soon the repetition of a word in a text counts no more.
const K1: f32 = 1.2;
/// How much a text's length counts against it.
const B: f32 = 0.75;

/// Texts by their words, to be asked which of them say given words best.
#[derive(Debug, Default)]
pub struct Ranking {
    /// By word: the texts that have it, in order, and what it is worth in them.
    postings: FxHashMap<Word, Vec<(u32, f32)>>,
    texts: usize,
}

impl Ranking {
    /// Of texts that are known by their place in `texts` from now on.
    pub fn new<'w>(texts: impl Iterator<Item = &'w Words> + Clone) -> Ranking {
        let count = texts.clone().count();
        let length: u64 = texts.clone().map(|words| u64::from(words.length())).sum();
        let average = (length as f32 / count.max(1) as f32).max(1.0);
        let mut postings: FxHashMap<Word, Vec<(u32, f32)>> = FxHashMap::default();
        for (text, words) in (0..).zip(texts) {
            let length = 1.0 - B + B * words.length() as f32 / average;
            for (word, times) in words.iter() {
                let times = f32::from(times);
                let worth = times * (K1 + 1.0) / (times + K1 * length);
                postings.entry(word).or_default().push((text, worth));
            }
        }
        let mut ranking = Ranking {
            postings,
            texts: count,
        };
        let rarity = ranking
            .postings
            .iter()
            .map(|(word, texts)| (*word, rarity(texts.len(), count)));
        for (word, rarity) in rarity.collect::<Vec<_>>() {
            for (_, worth) in ranking.postings.get_mut(&word).into_iter().flatten() {
                *worth *= rarity;
            }
        }
        ranking
    }

    /// More than this no text can score for the words, if each word that no text has counts as much as the others do on average: what a text says that no other does is a sign that
    /// it is about something else.
    pub(super) fn most(&self, words: &Words) -> f32 {
        let (mut all, mut known, mut worth) = (0.0, 0.0, 0.0);
        for (word, times) in words.iter() {
            let weight = weight(times);
            all += weight;
            if let Some(texts) = self.postings.get(&word) {
                known += weight;
                worth += weight * rarity(texts.len(), self.texts) * (K1 + 1.0);
            }
        }
        if known > 0.0 {
            worth * all / known
        } else {
            0.0
        }
    }

    /// How much a word says here; 0 where no text has it.
    pub(super) fn rarity(&self, word: Word) -> f32 {
        let texts = self.postings.get(&word);
        texts.map_or(0.0, |texts| rarity(texts.len(), self.texts))
    }

    /// The texts that have some of the words, with their scores, in order of the texts.
    pub fn scores(&self, words: &Words) -> Vec<(usize, f32)> {
        let mut scores = vec![0.0; self.texts];
        for (word, times) in words.iter() {
            let weight = weight(times);
            for (text, worth) in self.postings.get(&word).into_iter().flatten() {
                if let Some(score) = scores.get_mut(*text as usize) {
                    *score += weight * worth;
                }
            }
        }
        let scores = scores.into_iter().enumerate();
        scores.filter(|(_, score)| *score > 0.0).collect()
    }
}

/// What a word counts in a question, which may be a whole text: what it repeats counts a little more.
fn weight(times: u16) -> f32 {
    let times = f32::from(times);
    times * 2.0 / (times + 1.0)
}

/// How much a word says: the more, the fewer texts have it.
fn rarity(with: usize, all: usize) -> f32 {
    let (with, all) = (with as f32, all as f32);
    (1.0 + (all - with + 0.5) / (with + 0.5)).ln()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn words(text: &str) -> Vec<String> {
        let mut words = Vec::new();
        each_word(text, |word| words.push(word.to_string()));
        words
    }

    fn best(texts: &[&str], question: &str) -> Vec<usize> {
        let texts: Vec<Words> = texts.iter().map(|text| Words::of(text)).collect();
        let mut scores = Ranking::new(texts.iter()).scores(&Words::of(question));
        scores.sort_by(|a, b| b.1.total_cmp(&a.1));
        scores.into_iter().map(|(text, _)| text).collect()
    }

    proptest! {
        #[test]
        fn words_of_ascii_are_those_of_unicode(text in "[ -~\\t\\r\\n]{0,40}") {
            let mut own = Vec::new();
            each_original(&text, |word| own.push(word));
            let mut whole = Vec::new();
            // a letter of its own that is not ASCII, and that no word joins
            let other = format!("{text} 生");
            each_original(&other, |word| whole.push(word));
            whole.pop();
            prop_assert_eq!(own, whole);
        }
    }

    #[test]
    fn words_lose_case_and_plural_only() {
        assert_eq!(
            words("Queries, caches and Classes: typing.Type is no `Iterators`"),
            [
                "query", "cache", "and", "class", "typing", "type", "is", "no", "iterator"
            ]
        );
        assert_eq!(
            words("__slots__ and lru_caches"),
            ["__slots__", "and", "lru_caches"]
        );
        assert_eq!(
            words("don't “quote” Übungen"),
            ["don", "t", "quote", "übungen"]
        );
        assert_eq!(
            words("生成器"),
            ["生", "成", "器"],
            "no spaces between words"
        );
    }

    #[test]
    fn identifiers_are_known_by_their_parts_too() {
        assert_eq!(parts("ThreadPoolExecutor"), ["Thread", "Pool", "Executor"]);
        assert_eq!(parts("lru_cache"), ["lru", "cache"]);
        assert_eq!(parts("__new__"), ["new"]);
        assert_eq!(parts("thread"), Vec::<&str>::new());
        assert_eq!(parts("GIL"), Vec::<&str>::new());
        assert_eq!(parts("_"), Vec::<&str>::new());
    }

    #[test]
    fn rare_words_say_more_and_long_texts_less() {
        let texts = [
            "threads share memory",
            "threads wait; the switch interval says when a thread gives way",
            "threads and more threads",
        ];
        assert_eq!(best(&texts, "switch interval of threads").first(), Some(&1));
        assert_eq!(best(&texts, "memory"), [0]);
        assert_eq!(best(&texts, "thread").first(), Some(&2));
        assert_eq!(best(&texts, "the of and"), Vec::<usize>::new());
        assert_eq!(best(&[], "thread"), Vec::<usize>::new());
    }
}
