//! Cards into concepts, rule cards and hover selectors; what notes say wrongly. Knows nothing of the analysis of Python or of LSP.
//!
//! The built-in cards are files in `knowledge/`, embedded into the binary. Invariant: nothing of them is parsed before it is asked for
//! (test `nothing_is_parsed_at_start`), so that a program that needs no card pays for none. The user's cards are laid over them.

pub mod about;
mod card;
pub mod claims;
pub mod excerpt;
pub mod link;
mod names;
pub mod notes;
mod parse;
pub mod search;
mod selector;
mod user;

use std::borrow::Cow;
use std::hash::BuildHasher;
use std::sync::{Arc, OnceLock};

use rustc_hash::FxHashMap;
use xxhash_rust::xxh3::Xxh3DefaultBuilder;

pub use card::{
    Block, BlockKind, CardProblem, ConceptCard, FixKind, Level, PEERS, Recall, RuleCard, Section,
};
pub use parse::MARKDOWN;
pub use selector::{
    COMMENTS, Comprehension, KEYWORDS, LITERALS, OPERATORS, Parameter, Selector, Shape,
};

use crate::nearest::nearest;
use crate::rules::{QueryRule, Severity, family};
use parse::Source;
use user::{UserCard, UserCardKind};

mod embedded {
    include!(concat!(env!("OUT_DIR"), "/cards.rs"));
}

/// How many rules the user's cards may make.
const RULES: usize = 200;

/// A set of cards: the built-in ones, and those of the user that lie over them.
#[derive(Debug)]
pub struct Knowledge {
    /// The user's, by path, then the built-in ones, by slug.
    concepts: Vec<Arc<Entry<ConceptCard>>>,
    /// The built-in ones, then the user's, each by code.
    rules: Vec<Arc<Entry<RuleCard>>>,
    /// What the user's rules look for, by code.
    queries: Vec<QueryRule>,
    /// Code and name of every rule, sorted by code.
    names: Cow<'static, [(&'static str, &'static str)]>,
    /// The user's cards that cannot be used, sorted.
    invalid: Vec<CardProblem>,
    /// Of the paths and texts of the user's cards.
    digest: u64,
    /// From a selector to the concepts that have it, as indices; made when the first hover asks.
    by_selector: OnceLock<FxHashMap<Selector, Vec<usize>>>,
}

/// A card. A built-in one is parsed when it is first asked for.
#[derive(Debug)]
struct Entry<C> {
    /// What it is called: a concept's slug, or a rule's code and name with `-` between them.
    id: Cow<'static, str>,
    path: &'static str,
    text: &'static str,
    read: fn(&str, &str) -> Result<C, CardProblem>,
    card: OnceLock<Result<C, CardProblem>>,
}

impl<C> Entry<C> {
    /// A card that was read.
    fn of(id: String, card: C, read: fn(&str, &str) -> Result<C, CardProblem>) -> Arc<Entry<C>> {
        Arc::new(Entry {
            id: id.into(),
            path: "",
            text: "",
            read,
            card: OnceLock::from(Ok(card)),
        })
    }

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

impl<'a> Card<'a> {
    /// Its title, as its writer has it.
    pub fn title(&self) -> &'a str {
        match self {
            Card::Concept(card) => &card.title,
            Card::Rule(card) => &card.title,
        }
    }
}

/// Something that can be wrong in a note. It has no card.
#[derive(Clone, Copy, Debug)]
pub struct NoteRule {
    /// `NOTE001`.
    pub code: &'static str,
    /// `claim-wrong`.
    pub name: &'static str,
    /// The usual one; a finding can have a lower one.
    pub severity: Severity,
    /// One line.
    pub title: &'static str,
}

const fn note_rule(
    code: &'static str,
    name: &'static str,
    severity: Severity,
    title: &'static str,
) -> NoteRule {
    NoteRule {
        code,
        name,
        severity,
        title,
    }
}

/// What can be wrong in notes, sorted by code.
#[rustfmt::skip]
pub const NOTE_RULES: &[NoteRule] = &[
    note_rule("NOTE001", "claim-wrong", Severity::Warning, "A note says something of Python that is not so"),
    note_rule("NOTE002", "claim-outdated", Severity::Warning, "A note says what a later Python has changed"),
    note_rule("NOTE003", "contradiction", Severity::Information, "Two places of the notes say the opposite of each other"),
    note_rule("NOTE004", "code-does-not-parse", Severity::Information, "A block of Python in a note does not parse"),
    note_rule("NOTE005", "encoding-damaged", Severity::Information, "Characters of a note were damaged when it was saved"),
    note_rule("NOTE006", "fence-not-closed", Severity::Warning, "A fence of code is opened and never closed"),
    note_rule("NOTE007", "card-invalid", Severity::Warning, "A card among the notes cannot be used"),
    note_rule("NOTE008", "link-dead", Severity::Warning, "A link in a note leads nowhere"),
    note_rule("NOTE009", "not-readable", Severity::Warning, "A note, or a part of it, cannot be read"),
];

impl NoteRule {
    /// By its code or its name, in any case.
    pub fn find(word: &str) -> Option<&'static NoteRule> {
        let word = word.trim();
        let mut rules = NOTE_RULES.iter();
        rules.find(|rule| {
            rule.code.eq_ignore_ascii_case(word) || rule.name.eq_ignore_ascii_case(word)
        })
    }
}

/// Code and name of every built-in rule, those of notes too, sorted by code. They are the cards' file names, so nothing is parsed for them.
pub fn rule_names() -> &'static [(&'static str, &'static str)] {
    static NAMES: OnceLock<Vec<(&'static str, &'static str)>> = OnceLock::new();
    NAMES.get_or_init(|| {
        let cards = embedded::CARDS.iter().filter(|(path, _)| is_rule(path));
        let cards = cards.filter_map(|(path, _)| parse::stem(path).split_once('-'));
        let notes = NOTE_RULES.iter().map(|rule| (rule.code, rule.name));
        let mut names: Vec<_> = cards.chain(notes).collect();
        names.sort_unstable();
        names
    })
}

/// Whether a note is a card of the user's, by the keys of its front matter.
pub fn is_card(text: &str) -> bool {
    user::kind(text).is_some()
}

fn is_rule(path: &str) -> bool {
    path.contains("/rules/")
}

impl Knowledge {
    /// The cards in the binary.
    pub fn builtin() -> &'static Arc<Knowledge> {
        static BUILTIN: OnceLock<Arc<Knowledge>> = OnceLock::new();
        BUILTIN.get_or_init(|| Arc::new(Knowledge::new(embedded::CARDS)))
    }

    /// The cards in these files (path, text), sorted by path. What stands in a folder `rules` is a rule card, the others are concept cards.
    pub(crate) fn new(files: &[(&'static str, &'static str)]) -> Knowledge {
        let (rules, concepts): (Vec<_>, Vec<_>) = files.iter().partition(|(path, _)| is_rule(path));
        Knowledge {
            concepts: entries(concepts, parse::concept),
            rules: entries(rules, parse::rule),
            queries: Vec::new(),
            names: rule_names().into(),
            invalid: Vec::new(),
            digest: 0,
            by_selector: OnceLock::new(),
        }
    }

    /// The built-in cards, and over them the cards among these notes (path, text), which are sorted by path. A card that cannot be used, or is called like one
    /// before it, is a problem.
    pub fn with_notes(notes: &[(String, String)]) -> Knowledge {
        let mut rules = 0;
        let builtin = Knowledge::builtin();
        let mut knowledge = Knowledge {
            concepts: Vec::new(),
            rules: builtin.rules.clone(),
            queries: Vec::new(),
            names: Cow::Borrowed(&[]),
            invalid: Vec::new(),
            digest: Xxh3DefaultBuilder.hash_one(notes),
            by_selector: OnceLock::new(),
        };
        for (path, text) in notes {
            let source = Source { path, text };
            let Some(kind) = user::kind(text) else {
                continue;
            };
            rules += usize::from(kind == UserCardKind::Rule);
            let card = if kind == UserCardKind::Rule && rules > RULES {
                let message = format!("cards make at most {RULES} rules: this one is not used");
                Err(source.problem(0, message))
            } else {
                user::read(&source, kind)
            };
            if let Err(problem) = card.and_then(|card| knowledge.add(card, &source)) {
                knowledge.invalid.push(problem);
            }
        }
        knowledge.concepts.extend(builtin.concepts.iter().cloned());
        knowledge.rules[builtin.rules.len()..].sort_by(|a, b| a.id.cmp(&b.id));
        knowledge.queries.sort_by_key(|rule| rule.code);
        knowledge.invalid.sort();
        let own = knowledge.queries.iter().map(|rule| (rule.code, rule.name));
        let mut names: Vec<_> = rule_names().iter().copied().chain(own).collect();
        names.sort_unstable();
        knowledge.names = names.into();
        knowledge
    }

    /// The same for two sets of cards only where the user's are the same.
    pub fn digest(&self) -> u64 {
        self.digest
    }

    /// What is wrong with a text that is to be the card at a path, beside the others. None for one that can be used, and for what is no card.
    pub fn problem_of(&self, path: &str, text: &str) -> Option<CardProblem> {
        let source = Source { path, text };
        let card = user::read(&source, user::kind(text)?);
        card.and_then(|card| self.check_names(&card, &source)).err()
    }

    /// Adds a card of the user's, unless its name is taken.
    fn add(&mut self, card: UserCard, source: &Source) -> Result<(), CardProblem> {
        self.check_names(&card, source)?;
        match card {
            UserCard::Concept(card) => {
                let id = card.concept.clone();
                self.concepts.push(Entry::of(id, card, parse::concept));
            }
            UserCard::Rule(card, rule) => {
                let id = format!("{}-{}", rule.code, rule.name);
                self.rules.push(Entry::of(id, card, parse::rule));
                self.queries.push(rule);
            }
        }
        Ok(())
    }

    /// Whether a card is called as none in another file is.
    fn check_names(&self, card: &UserCard, source: &Source) -> Result<(), CardProblem> {
        let is_other = |file: &Option<String>| file.as_deref() != Some(source.path);
        match card {
            UserCard::Concept(card) => {
                // one of the user's takes the place of a built-in one
                let named = self.concept(&card.concept);
                let named = named.filter(|other| is_other(&other.file));
                if let Some(file) = named.and_then(|other| other.file.as_deref()) {
                    let message = format!("this concept has a card already: {file}");
                    return Err(source.problem_at_key("concept", message));
                }
            }
            UserCard::Rule(_, rule) => {
                let own = family(rule.code);
                if rule_names().iter().any(|(code, _)| family(code) == own) {
                    let message = format!(
                        "codes that begin with `{own}` are Marginote's own: take other letters"
                    );
                    return Err(source.problem_at_key("code", message));
                }
                let named = self.rule(rule.code).or_else(|| self.rule(rule.name));
                if let Some(other) = named.filter(|other| is_other(&other.file)) {
                    let file = other.file.as_deref().unwrap_or("a built-in card");
                    let message = format!(
                        "a rule is called {} {} already: {file}",
                        other.code, other.name
                    );
                    return Err(source.problem_at_key("code", message));
                }
            }
        }
        Ok(())
    }

    /// Code and name of every rule, sorted by code.
    pub fn rule_names(&self) -> &[(&'static str, &'static str)] {
        &self.names
    }

    /// What the user's rules look for, sorted by code.
    pub fn query_rules(&self) -> &[QueryRule] {
        &self.queries
    }

    /// The user's cards that cannot be used, sorted by path.
    pub fn invalid(&self) -> &[CardProblem] {
        &self.invalid
    }

    /// A concept by its slug: the user's card where there is one.
    pub fn concept(&self, slug: &str) -> Option<&ConceptCard> {
        let entry = self.concepts.iter().find(|entry| entry.id == slug)?;
        entry.card()
    }

    /// The built-in card of a concept over which a card of the user's lies.
    pub fn below(&self, card: &ConceptCard) -> Option<&ConceptCard> {
        let same = self
            .concepts
            .iter()
            .filter(|entry| entry.id == card.concept);
        let below = same
            .filter_map(|entry| entry.card())
            .find(|other| other.file.is_none());
        below.filter(|_| card.file.is_some())
    }

    /// A rule by its code or its name, in any case.
    pub fn rule(&self, word: &str) -> Option<&RuleCard> {
        let entry = self.rules.iter().find(|entry| {
            let (code, name) = code_and_name(&entry.id);
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
            let (code, name) = code_and_name(&entry.id);
            [code, name]
        });
        let slugs = self.concepts.iter().map(|entry| &*entry.id);
        let titles = self.concepts().flat_map(|card| {
            std::iter::once(card.title.as_str()).chain(card.aliases.iter().map(String::as_str))
        });
        let titles = titles.chain(self.rules().map(|card| card.title.as_str()));
        nearest(words.trim(), codes.chain(slugs).chain(titles))
    }

    /// The concept cards that parse: the user's, then the built-in ones by slug.
    pub fn concepts(&self) -> impl Iterator<Item = &ConceptCard> {
        self.concepts.iter().filter_map(|entry| entry.card())
    }

    /// The slug of every concept, sorted.
    pub fn slugs(&self) -> Vec<String> {
        let slugs = self.concepts().map(|card| card.concept.clone());
        let mut slugs: Vec<String> = slugs.collect();
        slugs.sort();
        slugs.dedup();
        slugs
    }

    /// The rule cards that parse: the built-in ones, then the user's, each by code.
    pub fn rules(&self) -> impl Iterator<Item = &RuleCard> {
        self.rules.iter().filter_map(|entry| entry.card())
    }

    /// The built-in cards that do not parse.
    pub fn problems(&self) -> Vec<&CardProblem> {
        let concepts = self.concepts.iter().filter_map(|entry| entry.get().err());
        let rules = self.rules.iter().filter_map(|entry| entry.get().err());
        concepts.chain(rules).collect()
    }

    /// The concepts that answer on a construct, the most specific selector first, then the user's, then by slug. The selector is what the construct
    /// *is*: `Call("threading.Thread")` also finds the cards with `call: threading.*`. A card of the user's answers wherever the built-in one of the same concept
    /// does, and before it; the built-in one follows it.
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
        let mut cards: Vec<&ConceptCard> = Vec::new();
        for entry in found.into_iter().filter_map(|at| self.concepts.get(at)) {
            let same = self.concepts.iter().filter(|other| other.id == entry.id);
            for card in same.filter_map(|entry| entry.card()) {
                if !cards.iter().any(|known| std::ptr::eq(*known, card)) {
                    cards.push(card);
                }
            }
        }
        cards
    }
}

/// `MUT001` and `mutable-default` of `MUT001-mutable-default`.
fn code_and_name(id: &str) -> (&str, &str) {
    id.split_once('-').unwrap_or((id, ""))
}

fn entries<C>(
    files: Vec<&(&'static str, &'static str)>,
    read: fn(&str, &str) -> Result<C, CardProblem>,
) -> Vec<Arc<Entry<C>>> {
    let entry = |(path, text): &(&'static str, &'static str)| {
        Arc::new(Entry {
            id: parse::stem(path).into(),
            path,
            text,
            read,
            card: OnceLock::new(),
        })
    };
    files.into_iter().map(entry).collect()
}

#[cfg(test)]
mod tests;
