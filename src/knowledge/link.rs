//! Which concepts a section of a note explains.
//!
//! The evidence, the strongest first: what the user says himself; a heading that is a title or an alias of a card; what stands in the section's code and what words it says, both
//! compared with the cards by BM25. A wrong note in the margin is worse than none: what is not likely is not linked, nor is what is about another language than Python; and where
//! nothing says which language it is about, the heading has to name the concept.
//!
//! The weights below were chosen on some hundred sections of real study notes, whose concepts a person had written down (tests/notes_link.rs measures them on others).

use serde::{Deserialize, Serialize};

use super::about::{About, Language};
use super::names::Names;
use super::search::{Ranking, Word, Words};
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
    /// What it is about. Where that is another language than Python it is linked where the user says so only.
    pub language: Language,
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

// Where the heading does not name the concept, the text has to; what it says may be about what no card is about.

/// How much of its text a section must share with a card that only its text names.
const LEAST_SHARED: f32 = 0.25;
/// How much where half of its heading names the card: `Profiling and logging`, and not `Import the module PowerView`.
const LEAST_SHARED_OF_HALF: f32 = 0.2;
/// How near to that of the best card the text's score for it must be.
const LEAST_FIT: f32 = 0.9;
/// How much the words of a name must say together, each as often as it occurs.
const NAMED: f32 = 6.0;
/// More often than this a name need not occur.
const OFTEN: u16 = 3;
/// How rare among the cards a construct must be that speaks for a card beside its name.
const TELLING: f32 = 2.5;

/// Links sections to the concepts of a set of cards.
#[derive(Debug)]
pub struct Linker {
    /// The slugs of the cards; the numbers below are places in this list.
    concepts: Vec<Box<str>>,
    names: Names,
    words: Ranking,
    constructs: Ranking,
    /// By card: the words of each of its names that may stand anywhere in a text.
    said: Vec<Vec<Vec<Word>>>,
    /// By card: what it answers on.
    hover: Vec<Words>,
    /// Tells what is about Python.
    pub about: About,
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
        let names = Names::of(&cards);
        let hover = |card: &&ConceptCard| Words::of_constructs(card.hover.iter().map(|is| (is, 1)));
        Linker {
            said: cards.iter().map(|card| names.said(card)).collect(),
            hover: cards.iter().map(hover).collect(),
            concepts: cards
                .iter()
                .map(|card| card.concept.as_str().into())
                .collect(),
            names,
            about: About::default(),
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
        if subject.words.is_empty() || subject.language == Language::Another {
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
        let evidence = self.evidence(subject);
        let best = best(evidence.iter().map(|card| card.text));
        let scored = scores(&evidence, subject).into_iter().enumerate();
        let mut likely: Vec<(f32, &str)> = scored
            .filter(|(_, score)| *score >= THRESHOLD)
            .filter_map(|(at, score)| {
                let (card, concept) = (evidence.get(at)?, self.concepts.get(at)?);
                let is_python = subject.language == Language::Python;
                let in_text = || {
                    is_python
                        && card.share >= LEAST_SHARED
                        && card.text >= LEAST_FIT * best
                        && (card.parent >= HALF || self.is_named_in(at, subject))
                };
                let least = match card.heading > HALF {
                    _ if !is_python => LEAST_SHARED,
                    true => 0.0,
                    false => LEAST_SHARED_OF_HALF,
                };
                let in_heading = card.heading >= HALF && card.share >= least;
                (in_heading || in_text()).then_some((score, concept.as_ref()))
            })
            .collect();
        likely.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
        likely
    }

    /// Whether the text names a card: more than once, or once with what it answers on in the code.
    fn is_named_in(&self, card: usize, subject: &Subject<'_>) -> bool {
        let rarity = |word: &Word| self.words.rarity(*word);
        let is_named = |least: u16, worth: f32| {
            let mut names = self.said.get(card).into_iter().flatten();
            names.any(|name| {
                let times = name.iter().map(|word| subject.words.times(*word)).min();
                let times = times.unwrap_or_default().min(OFTEN);
                times >= least && f32::from(times) * name.iter().map(rarity).sum::<f32>() >= worth
            })
        };
        let hover = self.hover.get(card).into_iter().flat_map(Words::iter);
        let built = hover.filter(|(construct, _)| {
            subject.constructs.times(*construct) > 0
                && self.constructs.rarity(*construct) >= TELLING
        });
        is_named(2, NAMED)
            || match built.count() {
                0 => false,
                1 => is_named(1, NAMED),
                _ => is_named(1, NAMED / 2.0),
            }
    }

    /// Every concept with its score.
    fn scored(&self, subject: &Subject<'_>) -> Vec<(f32, &str)> {
        let scores = scores(&self.evidence(subject), subject);
        let concepts = self.concepts.iter().map(AsRef::as_ref);
        scores.into_iter().zip(concepts).collect()
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

/// The score of each card.
fn scores(evidence: &[Evidence], subject: &Subject<'_>) -> Vec<f32> {
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
    evidence.iter().map(score).collect()
}

/// The highest of some scores.
fn best(scores: impl Iterator<Item = f32>) -> f32 {
    scores.fold(0.0, f32::max)
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
