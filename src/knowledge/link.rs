//! Which concepts a section of a note explains.

use rustc_hash::{FxHashMap, FxHashSet};

use super::search::{Ranking, STOP_WORDS, Word, Words, each_word, number};
use super::{ConceptCard, Knowledge, Selector};

/// A concept that a section explains.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Link {
    /// Its slug.
    pub concept: String,
    /// From 0 to 1: how sure it is.
    pub score: f32,
}

/// What is known of a section.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'s> {
    /// Slugs that the user gave, for the section or for the whole note.
    pub marks: &'s [String],
    /// The heading and those above it, the outermost first.
    pub headings: &'s [&'s str],
    /// The words of the section: its prose and its code.
    pub words: &'s Words,
    /// What stands in its Python.
    pub constructs: &'s [Selector],
}

#[derive(Clone, Copy, Debug, Default)]
pub struct Evidence {
    pub heading: f32,
    pub parent: f32,
    pub code: f32,
    pub code_share: f32,
    pub words: f32,
    pub words_share: f32,
}

/// Links sections to the concepts of a set of cards.
pub struct Linker<'k> {
    cards: Vec<&'k ConceptCard>,
    /// The titles and aliases by their first word, with the card.
    phrases: FxHashMap<Word, Vec<(Vec<Term>, usize)>>,
    words: Ranking,
    constructs: Ranking,
    empty: FxHashSet<Word>,
}

impl<'k> Linker<'k> {
    /// `constructs` says what stands in a Python text.
    pub fn new(knowledge: &'k Knowledge, constructs: impl Fn(&str) -> Vec<Selector>) -> Linker<'k> {
        let cards: Vec<&ConceptCard> = knowledge.concepts().collect();
        let empty: FxHashSet<Word> = HEADING_WORDS
            .iter()
            .chain(STOP_WORDS)
            .map(|word| number(word))
            .collect();
        let mut phrases: FxHashMap<Word, Vec<(Vec<Term>, usize)>> = FxHashMap::default();
        for (at, card) in cards.iter().enumerate() {
            for name in std::iter::once(&card.title).chain(&card.aliases) {
                let phrase = phrase(name);
                let first = phrase
                    .iter()
                    .find(|term| !empty.contains(&term.last))
                    .or(phrase.first());
                if let Some(first) = first {
                    phrases.entry(first.whole).or_default().push((phrase, at));
                }
            }
        }
        let bags: Vec<Words> = cards.iter().map(|card| words_of(card)).collect();
        let built: Vec<Words> = cards
            .iter()
            .map(|card| {
                let mut words = Words::default();
                for block in card.blocks() {
                    words.add_constructs(&constructs(&block.code), 1);
                }
                words.add_constructs(&card.hover, 4);
                words
            })
            .collect();
        Linker {
            cards,
            phrases,
            words: Ranking::new(bags.iter()),
            constructs: Ranking::new(built.iter()),
            empty,
        }
    }

    /// TEMPORARY
    pub fn link(&self, subject: &Subject<'_>) -> Vec<Link> {
        let mut links: Vec<Link> = self
            .evidence(subject)
            .into_iter()
            .map(|(concept, found)| Link {
                concept: concept.to_owned(),
                score: (found.heading * 0.7 + found.words_share * 0.4 + found.code_share * 0.3)
                    .min(1.0),
            })
            .filter(|link| link.score > 0.5)
            .collect();
        links.sort_by(|a, b| b.score.total_cmp(&a.score));
        links.truncate(4);
        links
    }

    pub fn evidence(&self, subject: &Subject<'_>) -> Vec<(&str, Evidence)> {
        let mut found = vec![Evidence::default(); self.cards.len()];
        let mut own = subject.headings.iter().rev();
        while let Some(heading) = own.next() {
            if self.is_generic(heading) {
                continue;
            }
            for (card, score) in self.in_heading(heading) {
                found[card].heading = score;
            }
            break;
        }
        if let Some(heading) = own.next() {
            for (card, score) in self.in_heading(heading) {
                found[card].parent = score;
            }
        }
        let mut built = Words::default();
        built.add_constructs(subject.constructs, 1);
        let top = self.constructs.ceiling(&built);
        for (card, score) in self.constructs.scores(&built) {
            found[card].code = score;
            found[card].code_share = score / top;
        }
        let top = self.words.ceiling(subject.words);
        for (card, score) in self.words.scores(subject.words) {
            found[card].words = score;
            found[card].words_share = score / top;
        }
        let cards = self.cards.iter().map(|card| card.concept.as_str());
        cards.zip(found).collect()
    }

    /// The cards whose title or alias stands in a heading, with how much of the heading it is.
    fn in_heading(&self, heading: &str) -> Vec<(usize, f32)> {
        let mut best: FxHashMap<usize, f32> = FxHashMap::default();
        for clause in clauses(heading) {
            let said = phrase(clause);
            let all = self.weight(&said);
            for term in &said {
                for (phrase, card) in [term.whole, term.last]
                    .iter()
                    .filter_map(|word| self.phrases.get(word))
                    .flatten()
                {
                    let own = self.weight(phrase);
                    let same = self.is_in(phrase, &said, own > 0.0);
                    let share = match own {
                        _ if !same => continue,
                        0.0 if phrase.len() == said.len() => 1.0,
                        0.0 => continue,
                        own => (own / all).min(1.0),
                    };
                    let known = best.entry(*card).or_default();
                    *known = known.max(share);
                }
            }
        }
        best.into_iter().collect()
    }

    fn is_in(&self, phrase: &[Term], said: &[Term], skip: bool) -> bool {
        let mut said = said.iter();
        phrase
            .iter()
            .filter(|term| !skip || !self.empty.contains(&term.last))
            .all(|term| {
                said.by_ref()
                    .any(|other| term.whole == other.whole || term.whole == other.last)
            })
    }

    pub fn is_generic(&self, heading: &str) -> bool {
        self.weight(&phrase(heading)) == 0.0 && self.in_heading(heading).is_empty()
    }

    fn weight(&self, terms: &[Term]) -> f32 {
        terms
            .iter()
            .map(|term| {
                if self.empty.contains(&term.last) {
                    0.0
                } else {
                    1.0
                }
            })
            .sum()
    }
}

#[derive(Clone, Copy, Debug)]
struct Term {
    whole: Word,
    last: Word,
}

/// The parts of a heading that say something each.
fn clauses(heading: &str) -> impl Iterator<Item = &str> {
    let parts = heading
        .split(|c| "?!;—–()[],\"“”\n".contains(c))
        .flat_map(|part| part.split(". "));
    parts.flat_map(|part| part.split(": "))
}

const HEADING_WORDS: &[&str] = &[
    "advanced",
    "advantage",
    "aspect",
    "asked",
    "basic",
    "benefit",
    "best",
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
    "discus",
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
    "important",
    "interview",
    "introduction",
    "internally",
    "internal",
    "implement",
    "implementation",
    "key",
    "know",
    "limitation",
    "liner",
    "mean",
    "next",
    "note",
    "overview",
    "part",
    "practice",
    "problem",
    "provide",
    "python",
    "purpose",
    "question",
    "quick",
    "real",
    "recap",
    "revision",
    "role",
    "scenario",
    "section",
    "should",
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
    "vs",
    "versu",
    "versus",
    "way",
    "work",
    "world",
    "write",
    "case",
    "output",
    "understanding",
];

/// The words of a name; a dotted name is one.
fn phrase(text: &str) -> Vec<Term> {
    let mut words = Vec::new();
    for piece in text.split(|c: char| c.is_whitespace() || c == '/') {
        let piece = piece.trim_matches(|c| "`\"'.:()".contains(c));
        if !piece.is_empty() && piece.chars().all(|c| "=!<>|%@&+-".contains(c)) {
            words.push(Term {
                whole: number(piece),
                last: number(piece),
            });
            continue;
        }
        let mut own = Vec::new();
        each_word(piece, |word| own.push(number(word)));
        let dotted = piece.contains('.') && !piece.contains('-');
        match own.last() {
            Some(last) if dotted => words.push(Term {
                whole: number(&piece.to_lowercase()),
                last: *last,
            }),
            _ => words.extend(own.into_iter().map(|word| Term {
                whole: word,
                last: word,
            })),
        }
    }
    words
}

fn words_of(card: &ConceptCard) -> Words {
    let mut words = Words::default();
    for name in std::iter::once(&card.title).chain(&card.aliases) {
        words.add(name, 3);
    }
    words.add(&card.summary, 2);
    for section in &card.sections {
        words.add(&section.markdown, 1);
    }
    for recall in &card.recall {
        words.add(&recall.question, 1);
        words.add(&recall.answer, 1);
    }
    words
}
