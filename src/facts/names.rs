//! Names to be looked for in texts, and what each stands for.

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, Input};
use rustc_hash::FxHashMap;

use super::Subjects;
use super::wording::is_word;

/// Names that stand for subjects, to be looked for in texts: aliases.
#[derive(Debug)]
pub struct Names {
    /// None where there are no names.
    automaton: Option<AhoCorasick>,
    meanings: Vec<Subjects>,
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
        let automaton = AhoCorasickBuilder::new()
            .match_kind(aho_corasick::MatchKind::LeftmostLongest)
            .build(names.iter().map(|(name, _)| name));
        Names {
            automaton: automaton.ok().filter(|_| !names.is_empty()),
            meanings: names.iter().map(|(_, subjects)| *subjects).collect(),
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

    /// The subjects of the names that stand in a text as words.
    pub fn in_text(&self, text: &str) -> Subjects {
        let Some(automaton) = &self.automaton else {
            return Subjects::NONE;
        };
        let bytes = text.as_bytes();
        let mut found = Subjects::NONE;
        let mut at = 0;
        while let Some(hit) = automaton.find(Input::new(bytes).range(at..)) {
            // a name that is part of a longer word: the search goes on behind that word
            let end = bytes[hit.end()..]
                .iter()
                .position(|byte| !is_word(*byte))
                .map_or(bytes.len(), |more| hit.end() + more);
            let whole = end == hit.end() && (hit.start() == 0 || !is_word(bytes[hit.start() - 1]));
            if whole {
                found = found.union(self.meanings[hit.pattern().as_usize()]);
            }
            at = end;
        }
        found
    }
}
