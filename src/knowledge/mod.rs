//! Cards into concepts, rule cards and hover selectors; what notes say wrongly. Knows nothing of the analysis of Python or of LSP.
//!
//! The built-in cards are files in `knowledge/`, embedded into the binary. Invariant: nothing is parsed before it is asked for
//! (test `nothing_is_parsed_at_start`), so that a program that needs no card pays for none.

mod card;
pub mod claims;
pub mod link;
pub mod notes;
mod parse;
pub mod search;
mod selector;

use std::sync::OnceLock;

use rustc_hash::FxHashMap;
use xxhash_rust::xxh3::xxh3_64_with_seed;

pub use card::{
    Block, BlockKind, CardProblem, ConceptCard, FixKind, Level, PEERS, Recall, RuleCard, Section,
};
pub use parse::MARKDOWN;
pub use selector::{
    COMMENTS, Comprehension, KEYWORDS, LITERALS, OPERATORS, Parameter, Selector, Shape,
};

use crate::nearest::nearest;

mod embedded {
    include!(concat!(env!("OUT_DIR"), "/cards.rs"));
}

/// A set of cards.
pub struct Knowledge {
    /// Sorted by path.
    concepts: Vec<Entry<ConceptCard>>,
    /// Sorted by path, so by code.
    rules: Vec<Entry<RuleCard>>,
    /// From a selector to the concepts that have it, as indices; made when the first hover asks.
    by_selector: OnceLock<FxHashMap<Selector, Vec<usize>>>,
}

/// A card that is parsed when it is first asked for.
struct Entry<C> {
    path: &'static str,
    text: &'static str,
    read: fn(&str, &str) -> Result<C, CardProblem>,
    card: OnceLock<Result<C, CardProblem>>,
}

impl<C> Entry<C> {
    fn get(&self) -> Result<&C, &CardProblem> {
        self.card
            .get_or_init(|| (self.read)(self.path, self.text))
            .as_ref()
    }

    /// The card. None where it does not parse; [`Knowledge::problems`] says why.
    fn card(&self) -> Option<&C> {
        self.get().ok()
    }
}

/// A card of either kind.
#[derive(Clone, Copy, Debug)]
pub enum Card<'a> {
    Concept(&'a ConceptCard),
    Rule(&'a RuleCard),
}

/// Code and name of every built-in rule, sorted by code. They are the cards' file names, so nothing is parsed for them.
pub fn rule_names() -> &'static [(&'static str, &'static str)] {
    static NAMES: OnceLock<Vec<(&'static str, &'static str)>> = OnceLock::new();
    NAMES.get_or_init(|| {
        embedded::CARDS
            .iter()
            .filter(|(path, _)| is_rule(path))
            .filter_map(|(path, _)| parse::stem(path).split_once('-'))
            .collect()
    })
}

fn is_rule(path: &str) -> bool {
    path.contains("/rules/")
}

impl Knowledge {
    /// The cards in the binary.
    pub fn builtin() -> &'static Knowledge {
        static BUILTIN: OnceLock<Knowledge> = OnceLock::new();
        BUILTIN.get_or_init(|| Knowledge::new(embedded::CARDS))
    }

    /// The cards in these files (path, text), sorted by path. What stands in a folder `rules` is a rule card, the others are concept cards.
    pub(crate) fn new(files: &[(&'static str, &'static str)]) -> Knowledge {
        let (rules, concepts): (Vec<_>, Vec<_>) = files.iter().partition(|(path, _)| is_rule(path));
        Knowledge {
            concepts: entries(concepts, parse::concept),
            rules: entries(rules, parse::rule),
            by_selector: OnceLock::new(),
        }
    }

    /// A concept by its slug.
    pub fn concept(&self, slug: &str) -> Option<&ConceptCard> {
        let entry = self.concepts.iter().find(|e| parse::stem(e.path) == slug)?;
        entry.card()
    }

    /// A rule by its code or its name, in any case.
    pub fn rule(&self, word: &str) -> Option<&RuleCard> {
        let entry = self.rules.iter().find(|entry| {
            let (code, name) = code_and_name(entry.path);
            code.eq_ignore_ascii_case(word) || name.eq_ignore_ascii_case(word)
        })?;
        entry.card()
    }

    /// What a person may mean by these words: a rule's code or name, a concept's slug, title or alias, in any case.
    pub fn find(&self, words: &str) -> Option<Card<'_>> {
        let words = words.trim();
        if let Some(rule) = self.rule(words) {
            return Some(Card::Rule(rule));
        }
        if let Some(concept) = self.concept(&words.to_ascii_lowercase()) {
            return Some(Card::Concept(concept));
        }
        let lower = words.to_lowercase();
        let same = |name: &String| name.to_lowercase() == lower;
        let concept = self
            .concepts()
            .find(|card| same(&card.title) || card.aliases.iter().any(same));
        concept
            .map(Card::Concept)
            .or_else(|| self.rules().find(|card| same(&card.title)).map(Card::Rule))
    }

    /// The name that [`Knowledge::find`] knows and that is nearest to words it does not know. None where none is near.
    pub fn nearest(&self, words: &str) -> Option<&str> {
        let codes = self.rules.iter().flat_map(|entry| {
            let (code, name) = code_and_name(entry.path);
            [code, name]
        });
        let slugs = self.concepts.iter().map(|entry| parse::stem(entry.path));
        let titles = self.concepts().flat_map(|card| {
            std::iter::once(card.title.as_str()).chain(card.aliases.iter().map(String::as_str))
        });
        let titles = titles.chain(self.rules().map(|card| card.title.as_str()));
        nearest(words.trim(), codes.chain(slugs).chain(titles))
    }

    /// A number that differs where what is known differs.
    pub fn fingerprint(&self) -> u64 {
        let files = embedded::CARDS.iter().chain(embedded::CLAIMS);
        files.fold(0, |sum, (_, text)| xxh3_64_with_seed(text.as_bytes(), sum))
    }

    /// The concept cards that parse, sorted by slug.
    pub fn concepts(&self) -> impl Iterator<Item = &ConceptCard> {
        self.concepts.iter().filter_map(Entry::card)
    }

    /// The rule cards that parse, sorted by code.
    pub fn rules(&self) -> impl Iterator<Item = &RuleCard> {
        self.rules.iter().filter_map(Entry::card)
    }

    /// The cards that do not parse.
    pub fn problems(&self) -> Vec<&CardProblem> {
        let concepts = self.concepts.iter().filter_map(|entry| entry.get().err());
        let rules = self.rules.iter().filter_map(|entry| entry.get().err());
        concepts.chain(rules).collect()
    }

    /// The concepts that answer on a construct, the most specific selector first, then by slug. The selector is what the construct
    /// *is*: `Call("threading.Thread")` also finds the cards with `call: threading.*`.
    pub fn concepts_for(&self, construct: &Selector) -> Vec<&ConceptCard> {
        let index = self.by_selector.get_or_init(|| {
            let mut index: FxHashMap<Selector, Vec<usize>> = FxHashMap::default();
            for (at, entry) in self.concepts.iter().enumerate() {
                for selector in entry.card().map_or(&[][..], |card| &card.hover) {
                    for construct in selector.constructs() {
                        index.entry(construct).or_default().push(at);
                    }
                }
            }
            index
        });
        let mut found: Vec<usize> = Vec::new();
        for at in construct
            .patterns()
            .iter()
            .filter_map(|pattern| index.get(pattern))
            .flatten()
        {
            if !found.contains(at) {
                found.push(*at);
            }
        }
        let card = |at: usize| self.concepts.get(at).and_then(Entry::card);
        found.into_iter().filter_map(card).collect()
    }
}

/// `MUT001` and `mutable-default` of `…/MUT001-mutable-default.md`.
fn code_and_name(path: &'static str) -> (&'static str, &'static str) {
    let stem = parse::stem(path);
    stem.split_once('-').unwrap_or((stem, ""))
}

fn entries<C>(
    files: Vec<&(&'static str, &'static str)>,
    read: fn(&str, &str) -> Result<C, CardProblem>,
) -> Vec<Entry<C>> {
    let entry = |(path, text): &(&'static str, &'static str)| Entry {
        path,
        text,
        read,
        card: OnceLock::new(),
    };
    files.into_iter().map(entry).collect()
}

#[cfg(test)]
mod tests;
