//! What a card holds. The format is `knowledge/README.md`.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::selector::Selector;
use crate::rules::Severity;

/// A card of an idea: what a hover over a construct says.
///
/// The texts are Markdown, as the card has them.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConceptCard {
    /// The slug; the file's name without `.md`.
    pub concept: String,
    /// One line.
    pub title: String,
    /// Other names of the idea.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Who is meant to read it.
    pub level: Level,
    /// The constructs that the card answers on.
    #[serde(default)]
    pub hover: Vec<Selector>,
    /// Slugs of other concepts.
    #[serde(default)]
    pub related: Vec<String>,
    /// Where the facts come from.
    pub sources: Vec<String>,
    /// The first thing a hover shows.
    #[serde(skip)]
    pub summary: String,
    /// Everything below the summary, in the card's order.
    #[serde(skip)]
    pub sections: Vec<Section>,
    /// Questions with their answers; at least one in a built-in card.
    #[serde(skip)]
    pub recall: Vec<Recall>,
    /// The user's file that it stands in. None for a built-in card, whose texts are trusted.
    #[serde(skip)]
    pub file: Option<String>,
}

/// A card of a rule: its reference page, and the lesson under its findings.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleCard {
    /// `MUT001`.
    pub code: String,
    /// `mutable-default`.
    pub name: String,
    /// One line.
    pub title: String,
    /// The slug of the concept that explains the idea. Empty where a user's card names none.
    pub concept: String,
    /// The highest severity that the rule can report.
    pub severity: Severity,
    /// Whether the rule mends what it reports.
    pub fix: FixKind,
    /// The codes of the same rule in other tools, by tool, one of [`PEERS`].
    #[serde(default)]
    pub peers: BTreeMap<String, Vec<String>>,
    /// The version of Marginote that has it first. Empty for a user's card.
    pub since: String,
    /// Error rules: the exception that the bad code raises.
    #[serde(default)]
    pub raises: Option<String>,
    /// One sentence.
    #[serde(skip)]
    pub lesson: String,
    /// Everything below the lesson, in the card's order.
    #[serde(skip)]
    pub sections: Vec<Section>,
    /// The user's file that it stands in. None for a built-in card, whose texts are trusted.
    #[serde(skip)]
    pub file: Option<String>,
}

/// Who is meant to read a concept card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    Beginner,
    Intermediate,
    Advanced,
}

impl Level {
    /// The word as the card has it.
    pub fn word(self) -> &'static str {
        match self {
            Level::Beginner => "beginner",
            Level::Intermediate => "intermediate",
            Level::Advanced => "advanced",
        }
    }
}

/// What kind of fix a rule offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FixKind {
    None,
    Safe,
    Unsafe,
}

impl FixKind {
    /// The word as the card has it.
    pub fn word(self) -> &'static str {
        match self {
            FixKind::None => "none",
            FixKind::Safe => "safe",
            FixKind::Unsafe => "unsafe",
        }
    }
}

/// The tools that `peers` may name.
pub const PEERS: &[&str] = &[
    "ruff",
    "flake8",
    "flake8-async",
    "bugbear",
    "wps",
    "pylint",
    "pyright",
    "basedpyright",
    "mypy",
    "ty",
    "fixit",
    "sonar",
    "codeql",
    "semgrep",
];

/// Those of them whose findings `# noqa` silences.
const NOQA_PEERS: &[&str] = &["ruff", "flake8", "flake8-async", "bugbear", "wps"];

/// A second-level heading of a card with what stands under it.
#[derive(Clone, Debug)]
pub struct Section {
    /// `Why`, `Example`, …
    pub heading: String,
    /// The Markdown under the heading, with the blocks.
    pub markdown: String,
    /// The Python blocks in it.
    pub blocks: Vec<Block>,
}

/// A fenced Python block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    pub kind: BlockKind,
    /// The first Python that can run it.
    pub min_version: Option<(u8, u8)>,
    /// The script.
    pub code: String,
    /// The line of the card that holds the script's first line, from 1.
    pub line: usize,
}

/// What the tests do with a block; `knowledge/README.md` has the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockKind {
    Good,
    Bad,
    Proof,
    Shown,
}

/// A question and its answer, as Markdown on one line each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recall {
    pub question: String,
    pub answer: String,
}

/// A card that cannot be used, and why.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[error("{path}:{line}: {message}")]
pub struct CardProblem {
    /// The card's file.
    pub path: String,
    /// From 1.
    pub line: usize,
    /// From 1, in Unicode code points. None where the problem is about the whole line.
    pub column: Option<usize>,
    /// What is wrong and what to do.
    pub message: String,
}

impl ConceptCard {
    /// A section by its heading.
    pub fn section(&self, heading: &str) -> Option<&Section> {
        self.sections.iter().find(|s| s.heading == heading)
    }

    /// The blocks of all sections.
    pub fn blocks(&self) -> impl Iterator<Item = &Block> {
        self.sections.iter().flat_map(|s| &s.blocks)
    }
}

impl RuleCard {
    /// A section by its heading.
    pub fn section(&self, heading: &str) -> Option<&Section> {
        self.sections.iter().find(|s| s.heading == heading)
    }

    /// The blocks of all sections.
    pub fn blocks(&self) -> impl Iterator<Item = &Block> {
        self.sections.iter().flat_map(|s| &s.blocks)
    }

    /// The codes of the same rule in another tool, one of [`PEERS`].
    pub fn peer_codes(&self, peer: &str) -> &[String] {
        self.peers.get(peer).map_or(&[], Vec::as_slice)
    }

    /// The codes by which `# noqa` silences the same rule.
    pub fn noqa_codes(&self) -> impl Iterator<Item = &str> {
        let codes = NOQA_PEERS.iter().flat_map(|peer| self.peer_codes(peer));
        codes.map(String::as_str)
    }
}
