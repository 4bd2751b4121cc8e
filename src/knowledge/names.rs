//! By which words texts and headings name the concepts of cards.

use rustc_hash::{FxHashMap, FxHashSet};

use super::ConceptCard;
use super::search::{STOP_WORDS, Word, each_word, number};

/// The titles and aliases of cards.
#[derive(Debug)]
pub(super) struct Names {
    /// By the first word that says something.
    by_word: FxHashMap<Word, Vec<(Vec<Term>, usize)>>,
    /// Words that say nothing in a heading.
    empty: FxHashSet<Word>,
    /// Those of them that say nothing in any text.
    stop: FxHashSet<Word>,
}

/// A word of a name: `functools.wraps` is one that may be called `wraps`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Term {
    whole: Word,
    last: Word,
}

/// What headings are made of, whatever they are about.
const HEADING_WORDS: &[&str] = &[
    "advanced",
    "advantage",
    "aspect",
    "asked",
    "basic",
    "benefit",
    "best",
    "case",
    "chapter",
    "component",
    "conclusion",
    "custom",
    "deep",
    "definition",
    "demo",
    "describe",
    "detail",
    "difference",
    "disadvantage",
    "discuss",
    "dive",
    "example",
    "explain",
    "fact",
    "faq",
    "feature",
    "frequently",
    "fundamental",
    "happen",
    "high",
    "implement",
    "implementation",
    "important",
    "internal",
    "internally",
    "interview",
    "introduction",
    "key",
    "know",
    "limitation",
    "liner",
    "mean",
    "next",
    "note",
    "output",
    "overview",
    "part",
    "practice",
    "problem",
    "provide",
    "purpose",
    "python",
    "question",
    "quick",
    "real",
    "recap",
    "revision",
    "role",
    "scenario",
    "section",
    "step",
    "summary",
    "takeaway",
    "thing",
    "tip",
    "topic",
    "tricky",
    "type",
    "understand",
    "understanding",
    "usage",
    "v",
    "versus",
    "vs",
    "way",
    "work",
    "world",
    "write",
];

impl Names {
    pub(super) fn of(cards: &[&ConceptCard]) -> Names {
        let empty = HEADING_WORDS.iter().chain(STOP_WORDS);
        let mut names = Names {
            by_word: FxHashMap::default(),
            empty: empty.map(|word| number(word)).collect(),
            stop: STOP_WORDS.iter().map(|word| number(word)).collect(),
        };
        for (at, card) in cards.iter().enumerate() {
            for name in std::iter::once(&card.title).chain(&card.aliases) {
                let name = terms(name);
                let says = name.iter().find(|term| names.says(term)).or(name.first());
                if let Some(says) = says {
                    names
                        .by_word
                        .entry(says.whole)
                        .or_default()
                        .push((name, at));
                }
            }
        }
        names
    }

    /// The words of each name of a card that is known in a text by its words alone, in whatever order they stand: `how dictionaries work` is none, as it leaves one word that
    /// stands in many texts.
    pub(super) fn said(&self, card: &ConceptCard) -> Vec<Vec<Word>> {
        let words = |name: &String| {
            let (mut says, mut all) = (Vec::new(), 0);
            each_word(name, |word| {
                let word = number(word);
                all += usize::from(!self.stop.contains(&word));
                if !self.empty.contains(&word) {
                    says.push(word);
                }
            });
            let is_whole = says.len() > 1 || all == 1;
            (is_whole && !says.is_empty()).then_some(says)
        };
        let names = std::iter::once(&card.title).chain(&card.aliases);
        names.filter_map(words).collect()
    }

    /// The cards that a heading names, with how much of what it says the name is. A card may come more than once.
    pub(super) fn in_heading(&self, heading: &str) -> Vec<(usize, f32)> {
        let mut found: FxHashMap<usize, f32> = FxHashMap::default();
        for clause in clauses(&heading.replace("()", "")) {
            let said = terms(clause);
            let all = self.weight(&said);
            let words = said.iter().flat_map(|term| [term.whole, term.last]);
            let names = words.filter_map(|word| self.by_word.get(&word)).flatten();
            for (name, card) in names {
                if let Some(share) = self.share(name, &said, all) {
                    let best = found.entry(*card).or_default();
                    *best = best.max(share);
                }
            }
        }
        found.into_iter().collect()
    }

    /// How much of a clause is a name, if all of the name is in it, in its order.
    fn share(&self, name: &[Term], said: &[Term], all: f32) -> Option<f32> {
        let weight = self.weight(name);
        // one word that says something is not enough of `async with`, and of `from module import *`
        let skips = weight > 1.0;
        let mut rest = said.iter();
        let mut asked = name.iter().filter(|term| !skips || self.says(term));
        let is_in = asked.all(|term| {
            rest.by_ref()
                .any(|said| term.whole == said.whole || term.whole == said.last)
        });
        match weight {
            _ if !is_in => None,
            _ if name.len() == said.len() => Some(1.0),
            0.0 => None,
            _ => Some((weight / all).min(1.0)),
        }
    }

    /// Whether a heading says nothing by itself: `Use Cases`, `Key Takeaways`.
    pub(super) fn is_empty_of(&self, heading: &str) -> bool {
        self.weight(&terms(heading)) == 0.0 && self.in_heading(heading).is_empty()
    }

    fn weight(&self, terms: &[Term]) -> f32 {
        terms.iter().filter(|term| self.says(term)).count() as f32
    }

    fn says(&self, term: &Term) -> bool {
        !self.empty.contains(&term.last)
    }
}

/// The parts of a heading that say something each.
fn clauses(heading: &str) -> impl Iterator<Item = &str> {
    let ends = |character: char| "?!;—–()[]\"“”\n".contains(character);
    let parts = heading.split(ends).flat_map(|part| part.split(". "));
    let parts = parts.flat_map(|part| part.split(": "));
    parts.flat_map(|part| part.split(", and "))
}

/// The words of a name, operators too.
fn terms(text: &str) -> Vec<Term> {
    let mut terms = Vec::new();
    for piece in text.split(|character: char| character.is_whitespace() || character == '/') {
        let piece = piece.trim_matches(|character| "`\"'.:,()?!".contains(character));
        if !piece.is_empty()
            && piece
                .chars()
                .all(|character| "=!<>|%@&+-*".contains(character))
        {
            let operator = number(piece);
            terms.push(Term {
                whole: operator,
                last: operator,
            });
            continue;
        }
        let mut words = Vec::new();
        each_word(piece, |word| words.push(number(word)));
        match words.last() {
            Some(last) if piece.contains('.') && !piece.contains('-') => {
                let whole = number(&piece.to_lowercase());
                terms.push(Term { whole, last: *last });
            }
            _ => terms.extend(words.iter().map(|word| Term {
                whole: *word,
                last: *word,
            })),
        }
    }
    terms
}
