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

    /// Those of the names that may stand in a text of these words, with their subjects.
    pub(super) fn among(&self, words: &WordFilter) -> impl Iterator<Item = (&str, Subjects)> {
        let all = self.all.iter();
        all.filter(|(hash, _, _)| words.may_hold(*hash))
            .map(|(_, name, subjects)| (&**name, *subjects))
    }

    /// The subjects of the names that stand in a segment's code.
    pub fn in_segment(&self, facts: &SegmentFacts) -> Subjects {
        let new = |found: Subjects, (hash, name, subjects): &(WordHash, Box<str>, Subjects)| {
            let is_known = found.union(*subjects) == found;
            if !is_known && facts.may_hold(*hash) && facts.holds(name) {
                found.union(*subjects)
            } else {
                found
            }
        };
        self.all.iter().fold(Subjects::NONE, new)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::facts::FileFacts;

    #[test]
    fn where_names_stand_is_known_after_an_edit() {
        let names = [("spawn", Subjects::THREADS), ("Pool", Subjects::POOLS)];
        let names = Arc::new(Names::new(&names));
        let rest = "def g():\n    \"\"\"spawn\"\"\"\n    return Pool()\n";
        let text = |body: &str| Arc::from(format!("def f():\n    {body}\n\n\n{rest}"));
        let mut file = FileFacts::new(Arc::default(), text("pass"));
        let (none, pools) = (Subjects::NONE, Subjects::POOLS);
        assert_eq!(*file.named(&names), [none, pools]);
        for (body, first) in [
            ("spawn(Pool)", Subjects::THREADS.union(pools)),
            ("spawn(1)", Subjects::THREADS),
            ("spawned(1)", none),
        ] {
            file = file.update(text(body));
            assert_eq!(*file.named(&names), [first, pools], "{body}");
        }
        let other = Arc::new(Names::new(&[("start", Subjects::THREADS)]));
        assert!(file.named(&other).is_empty());
        file = file.update(text("start()"));
        assert_eq!(*file.named(&other), [Subjects::THREADS, none]);
    }
}
