//! Claims: what notes say wrongly, or time has overtaken, and what they say rightly.
//!
//! A claim is a file in `knowledge/claims`, embedded into the binary; its format and the patterns are in `knowledge/README.md`.
//!
//! Invariant: better silent than wrong. Questions, what a passage refutes, what it says of older versions, and statements with a negation before them say nothing (test
//! `what_is_asked_refuted_or_past_says_nothing`).

mod index;
mod pattern;
mod read;
mod words;

use std::cell::OnceCell;
use std::ops::Range;
use std::sync::OnceLock;

use serde::Deserialize;

use index::{Candidate, Index};
use pattern::Pattern;
use words::{Sentence, Word, sentences};

use super::card::CardProblem;
use super::embedded;

/// A statement with its truth.
#[derive(Debug)]
pub struct Claim {
    /// The slug; the file's name without `.md`.
    pub claim: String,
    /// The slug of the concept that explains the idea.
    pub concept: String,
    pub kind: ClaimKind,
    /// The first Python for which the truth holds.
    pub since: Option<(u8, u8)>,
    /// Where the truth comes from.
    pub sources: Vec<String>,
    /// Markdown, one or two sentences.
    pub truth: String,
    /// Sentences that say it wrongly.
    pub caught: Vec<String>,
    /// Sentences that do not.
    pub not_caught: Vec<String>,
    /// One of these is in the passage or in the headings above it; any will do where there is none.
    about: Vec<Pattern>,
    /// None of these is where it is wrong.
    unless: Vec<Pattern>,
    wrong: Vec<Pattern>,
    right: Vec<Pattern>,
}

/// What is the matter with a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClaimKind {
    /// It never was true.
    Wrong,
    /// It was true once.
    Outdated,
}

/// That a passage says something about a claim.
#[derive(Clone, Debug)]
pub struct Said<'a> {
    pub claim: &'a Claim,
    pub verdict: Verdict,
    /// The bytes of the passage that say it.
    pub range: Range<usize>,
}

/// How a passage says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Wrong,
    Right,
}

/// A set of claims.
pub struct Claims {
    /// Sorted by slug.
    claims: Vec<Claim>,
    problems: Vec<CardProblem>,
    index: Index,
    /// Parsed from [`REFUTES`] and [`PAST`].
    refutes: Vec<Pattern>,
    past: Vec<Pattern>,
}

/// Words by which a passage takes back what it quotes.
const REFUTES: &[&str] = &[
    "(myth*|misconception*|misunderst*|fallac*|debunk*)",
    "(wrong*|false|falsely|incorrect*|erroneous*|untrue|mistak*|inaccura*|contrary)",
    "not (quite|really|actually|entirely|strictly|necessarily)? (true|right|correct|accurate|so)",
    "not the case",
    "(believe*|belief*|assum*|suppose*|supposed*|think|thought|claim*|allege*)",
    "(people|some|many|often|sometimes) (say|said)",
    "(outdated|obsolete|overtaken)",
];

/// Signs by which a sentence does.
const REFUTING_SIGNS: &[&str] = &["❌", "✗", "✘"];

/// Words by which a sentence speaks of what was.
const PAST: &[&str] = &[
    "(was|were|had|been|became|used to)",
    "(formerly|previous*|earlier|older|historic*|originally|once|legacy|past|prior|ancient)",
    "(until|till|before|pre|ended)",
    "(deprecated|removed|replaced|superseded|changed|dropped|gone)",
    "no longer",
    "up to",
    "(old|v1)",
];

/// Words that turn a statement round when they stand shortly before it.
const NEGATIONS: &[&str] = &[
    "not", "no", "never", "without", "nor", "neither", "non", "instead", "rather", "unlike",
    "unless", "if", "avoid", "nothing", "none", "hardly", "myth", "nobody",
];

/// How many words before a statement may negate it.
const NEGATION_REACH: usize = 5;

impl Claims {
    /// The claims in the binary.
    pub fn builtin() -> &'static Claims {
        static BUILTIN: OnceLock<Claims> = OnceLock::new();
        BUILTIN.get_or_init(|| Claims::new(embedded::CLAIMS))
    }

    /// The claims in these files (path, text), sorted by path. A file that cannot be read is one of the [`Claims::problems`].
    pub(crate) fn new(files: &[(&str, &str)]) -> Claims {
        let (mut claims, mut problems) = (Vec::new(), Vec::new());
        for (path, text) in files {
            match read::claim(path, text) {
                Ok(claim) => claims.push(claim),
                Err(problem) => problems.push(problem),
            }
        }
        Claims {
            index: Index::new(&claims),
            claims,
            problems,
            refutes: parsed(REFUTES),
            past: parsed(PAST),
        }
    }

    /// Sorted by slug.
    pub fn iter(&self) -> impl Iterator<Item = &Claim> {
        self.claims.iter()
    }

    /// The claims that do not parse.
    pub fn problems(&self) -> &[CardProblem] {
        &self.problems
    }

    /// What a passage says about the claims, by claim: a paragraph, a list item, a row of a table, or a comment with the code before it. `headings` are those above it. What it
    /// says wrongly in one place and rightly in another counts as right: it puts right what it quotes.
    pub fn check(&self, headings: &[String], passage: &str) -> Vec<Said<'_>> {
        let candidates = self.index.candidates(passage);
        if candidates.is_empty() {
            return Vec::new();
        }
        let sentences = sentences(passage);
        let reading = Reading {
            claims: self,
            sentences: &sentences,
            headings,
            refuting: OnceCell::new(),
        };
        let by_claim = candidates.chunk_by(|a, b| a.claim == b.claim);
        let said = by_claim.filter_map(|own| {
            let claim = self.claims.get(own.first()?.claim)?;
            reading.said(claim, own)
        });
        said.collect()
    }
}

/// Patterns of this file, which parse.
fn parsed(patterns: &[&str]) -> Vec<Pattern> {
    patterns
        .iter()
        .filter_map(|p| Pattern::parse(p).ok())
        .collect()
}

/// A passage that is read for claims.
struct Reading<'a> {
    claims: &'a Claims,
    sentences: &'a [Sentence],
    headings: &'a [String],
    /// The first two sentences that take something back: one of them is another than the one that is asked about.
    refuting: OnceCell<Vec<&'a Sentence>>,
}

impl Reading<'_> {
    /// What the passage says of a claim, of whose patterns it may fit these.
    fn said<'c>(&self, claim: &'c Claim, candidates: &[Candidate]) -> Option<Said<'c>> {
        let verdicts = [
            (Verdict::Right, &claim.right),
            (Verdict::Wrong, &claim.wrong),
        ];
        for (verdict, patterns) in verdicts {
            let is_wrong = verdict == Verdict::Wrong;
            let own = candidates.iter().filter(|own| own.is_wrong == is_wrong);
            let own = own.filter_map(|own| patterns.get(own.pattern));
            let range = self.sentences.iter().find_map(|sentence| {
                let mut patterns = own.clone();
                patterns.find_map(|pattern| self.states(claim, verdict, pattern, sentence))
            });
            if let Some(range) = range {
                let said = Said {
                    claim,
                    verdict,
                    range,
                };
                return self.is_about(claim, verdict).then_some(said);
            }
        }
        None
    }

    /// Whether the passage or its headings name the subject, and for what is wrong no exception.
    fn is_about(&self, claim: &Claim, verdict: Verdict) -> bool {
        let is_excepted = verdict == Verdict::Wrong && self.names(&claim.unless);
        (claim.about.is_empty() || self.names(&claim.about))
            && !is_excepted
            && !(is_outdated(claim, verdict) && self.is_under_older(claim))
    }

    /// Whether one of the patterns is in the passage or in the headings above it.
    fn names(&self, patterns: &[Pattern]) -> bool {
        let in_words = |words: &[Word]| patterns.iter().any(|p| p.find(words, 0).is_some());
        let in_heading = |heading: &String| sentences(heading).iter().any(|s| in_words(&s.words));
        self.sentences.iter().any(|s| in_words(&s.words)) || self.headings.iter().any(in_heading)
    }

    /// The bytes where a sentence states what a pattern says. None where it asks, negates or takes it back, or speaks of what was.
    fn states(
        &self,
        claim: &Claim,
        verdict: Verdict,
        pattern: &Pattern,
        sentence: &Sentence,
    ) -> Option<Range<usize>> {
        if sentence.is_question {
            return None;
        }
        let words = &sentence.words;
        let (mut start, mut end) = pattern.find(words, 0)?;
        while is_negated(words, start) {
            (start, end) = pattern.find(words, start + 1)?;
        }
        let is_past = is_outdated(claim, verdict)
            && (any_outside(&self.claims.past, words, start..end)
                || names_older(claim, words, false));
        if is_past || self.is_refuted(sentence, start..end) {
            return None;
        }
        let found = words.get(start..end)?;
        Some(found.first()?.range.start..found.last()?.range.end)
    }

    /// Whether a heading above names a Python for which the claim's truth does not hold.
    fn is_under_older(&self, claim: &Claim) -> bool {
        let sentences = self.headings.iter().flat_map(|heading| sentences(heading));
        sentences
            .into_iter()
            .any(|s| names_older(claim, &s.words, true))
    }

    /// Whether the passage takes back what these words of a sentence say.
    fn is_refuted(&self, sentence: &Sentence, statement: Range<usize>) -> bool {
        let mut words = sentence.words.iter().map(|word| word.text.as_str());
        let refuting = self.refuting.get_or_init(|| {
            let sentences = self.sentences.iter();
            let refuting = sentences.filter(|s| any_outside(&self.claims.refutes, &s.words, 0..0));
            refuting.take(2).collect()
        });
        words.any(|word| REFUTING_SIGNS.contains(&word))
            || refuting.iter().any(|other| !std::ptr::eq(*other, sentence))
            || any_outside(&self.claims.refutes, &sentence.words, statement)
    }
}

/// Whether a passage says what was true once.
fn is_outdated(claim: &Claim, verdict: Verdict) -> bool {
    verdict == Verdict::Wrong && claim.kind == ClaimKind::Outdated
}

/// Whether a negation stands shortly before a word.
fn is_negated(words: &[Word], at: usize) -> bool {
    let before = words.get(at.saturating_sub(NEGATION_REACH)..at);
    let mut before = before.unwrap_or_default().iter();
    before.any(|word| NEGATIONS.contains(&word.text.as_str()))
}

/// Whether one of the patterns matches words that do not belong to the statement.
fn any_outside(patterns: &[Pattern], words: &[Word], statement: Range<usize>) -> bool {
    patterns.iter().any(|pattern| {
        let after = pattern.find(words, statement.end).is_some();
        let before = pattern.find(words.get(..statement.start).unwrap_or_default(), 0);
        after || before.is_some()
    })
}

/// Whether the words name a Python for which the claim's truth does not hold yet. In a sentence `3.8` alone is one; a heading may be numbered so.
fn names_older(claim: &Claim, words: &[Word], in_heading: bool) -> bool {
    let Some(since) = claim.since else {
        return false;
    };
    let mut versions = words.iter().enumerate().filter_map(|(at, word)| {
        let before = at.checked_sub(1).and_then(|before| words.get(before));
        let is_python = before.is_some_and(|word| word.text.ends_with("python"));
        match word.text.as_str() {
            "2" if is_python => Some((2, 7)),
            text => {
                read::version(text).filter(|(major, _)| is_python || *major == 3 && !in_heading)
            }
        }
    });
    versions.any(|version| version < since)
}

#[cfg(test)]
mod tests;
