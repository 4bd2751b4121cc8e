//! Which patterns a passage may fit: one search for the words that they need.

use aho_corasick::{AhoCorasick, AhoCorasickKind, Match, MatchKind};
use rustc_hash::FxHashMap;

use super::Claim;
use super::pattern::Literal;

/// How many groups of words are looked for. More would hold words that stand everywhere.
const GROUPS: usize = 2;

/// From the words of a passage to the claims that it may speak of.
pub struct Index {
    /// None where there is no claim.
    search: Option<AhoCorasick>,
    /// Whether a word may go on after what is searched for.
    is_prefix: Vec<bool>,
    /// What each word that is searched for begins: patterns that have it in their first group.
    patterns: Vec<Vec<Needs>>,
}

/// What a pattern needs of a passage.
#[derive(Clone)]
struct Needs {
    /// The claim, as an index.
    claim: usize,
    /// Groups of words, as indices; every match of the pattern has one of each group.
    groups: Vec<Vec<usize>>,
}

impl Index {
    /// The index of these claims.
    pub fn new(claims: &[Claim]) -> Index {
        let mut words: Vec<&Literal> = Vec::new();
        let mut numbers: FxHashMap<&Literal, usize> = FxHashMap::default();
        let mut number = |word| {
            *numbers.entry(word).or_insert_with(|| {
                words.push(word);
                words.len() - 1
            })
        };
        let mut all: Vec<Needs> = Vec::new();
        for (claim, Claim { wrong, right, .. }) in claims.iter().enumerate() {
            for pattern in wrong.iter().chain(right) {
                let groups = pattern.keys().into_iter().take(GROUPS);
                let groups = groups.map(|group| group.into_iter().map(&mut number).collect());
                let groups: Vec<Vec<usize>> = groups.collect();
                all.push(Needs { claim, groups });
            }
        }
        let mut patterns = vec![Vec::new(); words.len()];
        for needs in all {
            for word in needs.groups.first().into_iter().flatten() {
                if let Some(list) = patterns.get_mut(*word) {
                    list.push(needs.clone());
                }
            }
        }
        let search = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .kind(Some(AhoCorasickKind::DFA))
            .match_kind(MatchKind::Standard)
            .build(words.iter().map(|word| &word.text));
        Index {
            search: search.ok(),
            is_prefix: words.iter().map(|word| word.is_prefix).collect(),
            patterns,
        }
    }

    /// The claims, as indices, that the passage may speak of, in order.
    pub fn candidates(&self, passage: &str) -> Vec<usize> {
        let Some(search) = &self.search else {
            return Vec::new();
        };
        let hits = search.find_overlapping_iter(passage);
        let words = hits.filter(|hit| self.is_word(passage.as_bytes(), hit));
        let mut hits: Vec<usize> = words.map(|hit| hit.pattern().as_usize()).collect();
        hits.sort_unstable();
        hits.dedup();
        let has = |group: &Vec<usize>| group.iter().any(|word| hits.binary_search(word).is_ok());
        let patterns = hits.iter().filter_map(|word| self.patterns.get(*word));
        let possible = patterns
            .flatten()
            .filter(|needs| needs.groups.iter().all(has));
        let mut found: Vec<usize> = possible.map(|needs| needs.claim).collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Whether no letter stands before what was found, and none after it where the word must end there.
    fn is_word(&self, passage: &[u8], hit: &Match) -> bool {
        let is_letter = |at: usize| passage.get(at).is_some_and(u8::is_ascii_alphabetic);
        let goes_on = self.is_prefix.get(hit.pattern().as_usize()) == Some(&true);
        let starts = hit
            .start()
            .checked_sub(1)
            .is_none_or(|before| !is_letter(before));
        starts && (goes_on || !is_letter(hit.end()))
    }
}
