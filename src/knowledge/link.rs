//! Which concepts a section of a note explains.
//!
//! The evidence, the strongest first: what the user says himself; a heading that is a title or an alias of a card; what stands in the section's code and what words it says, both
//! compared with the cards by BM25. A wrong note in the margin is worse than none: what is not likely is not linked.
//!
//! The weights below were chosen on some hundred sections of real study notes, whose concepts a person had written down (tests/notes_link.rs measures them on others).

use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};

use super::search::{Ranking, STOP_WORDS, Word, Words, each_word, number};
use super::{ConceptCard, Knowledge, Selector};

/// A concept that a section explains.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Link {
    /// Its slug.
    pub concept: Box<str>,
    /// How sure it is, up to 1 for what the user says himself. No link has less than [`THRESHOLD`].
    pub score: f32,
}

/// What is known of a section.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'s> {
    /// Slugs that the user gave the section. They are the last word: where there are some, nothing else is looked at, and a slug that no card has links to nothing.
    pub marks: &'s [String],
    /// Slugs that the user gave the whole note.
    pub note_marks: &'s [String],
    /// The heading and those above it, the outermost first.
    pub headings: &'s [Box<str>],
    /// The words of the section: its heading, its prose and its code.
    pub words: &'s Words,
    /// What stands in its Python, as [`Words::of_constructs`] has it.
    pub constructs: &'s Words,
}

/// Below this score there is no link.
pub const THRESHOLD: f32 = 0.5;
/// More concepts than this a section does not explain.
const MOST: usize = 4;

/// What a heading that is a concept's name counts.
const HEADING: f32 = 0.88;
/// What the heading above it counts.
const PARENT: f32 = 0.35;
/// What the text counts where no card fits it better.
const TEXT: f32 = 0.7;
/// What it counts in addition that no other card fits it nearly as well.
const GAP: f32 = 0.4;
/// How much of its text a section must share with a card for the text to count in full.
const SHARED: f32 = 0.55;
/// How much what stands in the code counts beside the words.
const CODE: f32 = 0.8;
/// How much is taken off where the heading names something else.
const OTHER: f32 = 0.3;
/// Fewer different words than this say little.
const ENOUGH_WORDS: f32 = 20.0;

/// Links sections to the concepts of a set of cards.
#[derive(Debug)]
pub struct Linker {
    /// The slugs of the cards; the numbers below are places in this list.
    concepts: Vec<Box<str>>,
    names: Names,
    words: Ranking,
    constructs: Ranking,
}

/// What speaks for a card.
#[derive(Clone, Copy, Debug, Default)]
struct Evidence {
    /// How much of the heading is a name of it.
    heading: f32,
    /// How much of the heading above is.
    parent: f32,
    /// BM25 of the words and the code.
    text: f32,
    /// How much of the words' weight it has.
    share: f32,
}

impl Linker {
    /// For the concept cards that parse. `constructs` says what stands in a Python text.
    pub fn new(knowledge: &Knowledge, constructs: impl Fn(&str) -> Vec<Selector>) -> Linker {
        let cards: Vec<&ConceptCard> = knowledge.concepts().collect();
        let words: Vec<Words> = cards.iter().map(|card| words_of(card)).collect();
        let built = cards.iter().map(|card| built_in(card, &constructs));
        let built: Vec<Words> = built.collect();
        Linker {
            concepts: cards
                .iter()
                .map(|card| card.concept.as_str().into())
                .collect(),
            names: Names::of(&cards),
            words: Ranking::new(words.iter()),
            constructs: Ranking::new(built.iter()),
        }
    }

    /// The concepts that a section explains, the most likely first.
    pub fn link(&self, subject: &Subject<'_>) -> Vec<Link> {
        if !subject.marks.is_empty() {
            return self.marked(subject.marks);
        }
        let mut links = self.marked(subject.note_marks);
        if subject.words.is_empty() {
            return links;
        }
        for (score, concept) in self.likely(subject) {
            if !links.iter().any(|link| *link.concept == *concept) {
                links.push(Link {
                    concept: concept.into(),
                    score,
                });
            }
        }
        links.truncate(MOST);
        links
    }

    fn marked(&self, marks: &[String]) -> Vec<Link> {
        let mut links: Vec<Link> = Vec::new();
        for mark in marks {
            let concept = self.concepts.iter().find(|slug| ***slug == **mark);
            if let Some(concept) = concept
                && !links.iter().any(|link| link.concept == *concept)
            {
                links.push(Link {
                    concept: concept.clone(),
                    score: 1.0,
                });
            }
        }
        links
    }

    /// The concept that a section is nearest to, however unsure that is. None where nothing speaks for any.
    pub fn nearest(&self, subject: &Subject<'_>) -> Option<Box<str>> {
        let scored = self.scored(subject);
        let (score, concept) = scored.into_iter().max_by(|a, b| a.0.total_cmp(&b.0))?;
        (score > 0.0).then(|| concept.into())
    }

    /// The concepts above the threshold with their scores, the best first.
    fn likely(&self, subject: &Subject<'_>) -> Vec<(f32, &str)> {
        let mut likely = self.scored(subject);
        likely.retain(|(score, _)| *score >= THRESHOLD);
        likely.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
        likely
    }

    /// Every concept with its score.
    fn scored(&self, subject: &Subject<'_>) -> Vec<(f32, &str)> {
        let evidence = self.evidence(subject);
        let mut texts: Vec<f32> = evidence.iter().map(|card| card.text).collect();
        texts.sort_by(|a, b| b.total_cmp(a));
        let best = texts
            .first()
            .copied()
            .unwrap_or_default()
            .max(f32::MIN_POSITIVE);
        let gap = 1.0 - texts.get(1).copied().unwrap_or_default() / best;
        let named = evidence.iter().map(|card| card.heading).fold(0.0, f32::max);
        let of_named = evidence.iter().filter(|card| card.heading >= HALF);
        let best_named = of_named.map(|card| card.text).fold(0.0, f32::max);
        let enough = (subject.words.len() as f32 / ENOUGH_WORDS).min(1.0);
        let score = |card: &Evidence| {
            let fit = card.text / best;
            // of several concepts that a heading names the text decides which it is about
            let heading = match card.heading >= HALF {
                true if best_named > 0.0 => card.heading * (0.2 + 0.8 * card.text / best_named),
                true => card.heading,
                false => card.heading / 2.0,
            };
            let alone = if fit == 1.0 { GAP * gap } else { 0.0 };
            let text = TEXT * fit.powf(1.5) * (card.share / SHARED).min(1.0) + alone;
            let doubt = (1.0 - HEADING * heading)
                * (1.0 - PARENT * card.parent * fit)
                * (1.0 - enough * text.min(1.0));
            (1.0 - doubt) * (1.0 - OTHER * (named - card.heading))
        };
        let concepts = self.concepts.iter().map(AsRef::as_ref);
        evidence.iter().map(score).zip(concepts).collect()
    }

    fn evidence(&self, subject: &Subject<'_>) -> Vec<Evidence> {
        let mut found = vec![Evidence::default(); self.concepts.len()];
        let speaking = subject.headings.iter().rev();
        let mut speaking = speaking.filter(|heading| !self.names.is_empty_of(heading));
        for (card, share) in speaking
            .next()
            .into_iter()
            .flat_map(|own| self.names.in_heading(own))
        {
            set(&mut found, card, |card| card.heading = share);
        }
        for (card, share) in speaking
            .next()
            .into_iter()
            .flat_map(|above| self.names.in_heading(above))
        {
            set(&mut found, card, |card| card.parent = share);
        }
        let most = self.words.most(subject.words).max(f32::MIN_POSITIVE);
        for (card, score) in self.words.scores(subject.words) {
            set(&mut found, card, |card| {
                (card.text, card.share) = (score, score / most)
            });
        }
        for (card, score) in self.constructs.scores(subject.constructs) {
            set(&mut found, card, |card| card.text += CODE * score);
        }
        found
    }
}

/// What counts as naming a concept: half of a heading.
const HALF: f32 = 0.5;

fn set(found: &mut [Evidence], card: usize, change: impl FnOnce(&mut Evidence)) {
    if let Some(evidence) = found.get_mut(card) {
        change(evidence);
    }
}

/// What a card says. Its names weigh more than its summary, and that more than the rest.
fn words_of(card: &ConceptCard) -> Words {
    let names = std::iter::once(&card.title).chain(&card.aliases);
    let sections = card.sections.iter().map(|section| &section.markdown);
    let recall = card.recall.iter();
    let rest = sections.chain(recall.flat_map(|recall| [&recall.question, &recall.answer]));
    let texts = names.map(|name| (name.as_str(), 3));
    let texts = texts.chain([(card.summary.as_str(), 2)]);
    Words::of_texts(texts.chain(rest.map(|text| (text.as_str(), 1))))
}

/// What stands in a card's code, and what it answers on.
fn built_in(card: &ConceptCard, constructs: impl Fn(&str) -> Vec<Selector>) -> Words {
    let found = card.blocks().flat_map(|block| constructs(&block.code));
    let found: Vec<Selector> = found.collect();
    let found = found.iter().map(|construct| (construct, 1));
    Words::of_constructs(found.chain(card.hover.iter().map(|construct| (construct, 4))))
}

/// The titles and aliases of cards.
#[derive(Debug)]
struct Names {
    /// By the first word that says something.
    by_word: FxHashMap<Word, Vec<(Vec<Term>, usize)>>,
    /// Words that say nothing in a heading.
    empty: FxHashSet<Word>,
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
    fn of(cards: &[&ConceptCard]) -> Names {
        let empty = HEADING_WORDS.iter().chain(STOP_WORDS);
        let mut names = Names {
            by_word: FxHashMap::default(),
            empty: empty.map(|word| number(word)).collect(),
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

    /// The cards that a heading names, with how much of what it says the name is. A card may come more than once.
    fn in_heading(&self, heading: &str) -> Vec<(usize, f32)> {
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
    fn is_empty_of(&self, heading: &str) -> bool {
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
