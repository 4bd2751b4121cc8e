//! Names to be looked for in texts, and what each stands for.

use rustc_hash::FxHashMap;

use super::words::{WordFilter, WordHash};
use super::{SegmentFacts, Subjects};

/// Names that stand for subjects, to be looked for in texts: aliases.
#[derive(Debug)]
pub struct Names {
    all: Vec<(WordHash, Box<str>, Subjects)>,
    by_name: FxHashMap<Box<str>, Subjects>,
    key: u64,
}

impl Names {
    /// `names` in any fixed order, each once.
    pub fn new(names: &[(&str, Subjects)]) -> Names {
        let mut hash = xxhash_rust::xxh3::Xxh3::new();
        for (name, subjects) in names {
            hash.update(name.as_bytes());
            hash.update(&subjects.0.to_le_bytes());
        }
        let all = names.iter();
        Names {
            all: all
                .map(|(name, subjects)| (WordHash::of(name), (*name).into(), *subjects))
                .collect(),
            by_name: names
                .iter()
                .map(|(name, subjects)| ((*name).into(), *subjects))
                .collect(),
            key: hash.digest(),
        }
    }

    /// The same for equal names.
    pub fn key(&self) -> u64 {
        self.key
    }

    /// The subjects of one name.
    pub fn of(&self, name: &str) -> Subjects {
        self.by_name.get(name).copied().unwrap_or_default()
    }

    /// Those of the names that may stand in a text of these words.
    pub(super) fn among(&self, words: &WordFilter) -> Found<'_> {
        let all = self.all.iter();
        Found(all.filter(|(hash, _, _)| words.may_hold(*hash)).collect())
    }

    /// The subjects of the names that stand in a segment's code.
    pub fn in_segment(&self, facts: &SegmentFacts) -> Subjects {
        Found(self.all.iter().collect()).in_segment(facts)
    }
}

/// Some of the names.
pub(super) struct Found<'n>(Vec<&'n (WordHash, Box<str>, Subjects)>);

impl Found<'_> {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The subjects of those that stand in a segment's code.
    pub(super) fn in_segment(&self, facts: &SegmentFacts) -> Subjects {
        let new = |found: Subjects, (hash, name, subjects): &(WordHash, Box<str>, Subjects)| {
            let is_known = found.union(*subjects) == found;
            if !is_known && facts.may_hold(*hash) && facts.holds(name) {
                found.union(*subjects)
            } else {
                found
            }
        };
        self.0.iter().copied().fold(Subjects::NONE, new)
    }
}
