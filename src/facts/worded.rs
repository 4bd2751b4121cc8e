//! In which segments of a file a word stands, without a look at each of them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use rustc_hash::FxHashMap;

use super::members::MANY;
use super::words::{WordHash, each_word};
use super::{FileFacts, SegmentFacts};
use crate::syntax::find_word;

/// How often a file of many segments is looked through before they are put in an index: that costs as much.
const LOOKS: usize = 32;

/// Segments by the words of their texts, sorted; perhaps with some in which a word stood in an earlier version of the file.
type Index = FxHashMap<WordHash, Vec<usize>>;

/// The segments of a file by their words, as soon as it was asked often.
#[derive(Debug, Default)]
pub(super) struct Worded {
    looks: AtomicUsize,
    index: Mutex<Option<Arc<Index>>>,
}

impl Worded {
    /// Takes the index away for a later version of the file, of which the segments that have changed are given; it has as many.
    pub(super) fn taken(&self, later: &FileFacts, changed: impl Iterator<Item = usize>) -> Worded {
        let mut index = self.index.lock().ok().and_then(|mut index| index.take());
        if let Some(index) = &mut index {
            let index = Arc::make_mut(index);
            changed.for_each(|segment| add(index, later, segment));
        }
        Worded {
            looks: AtomicUsize::new(self.looks.load(Ordering::Relaxed)),
            index: Mutex::new(index),
        }
    }
}

fn add(index: &mut Index, file: &FileFacts, segment: usize) {
    each_word(file.segment(segment).silent_text(), |word| {
        let known = index.entry(word).or_default();
        if let Err(at) = known.binary_search(&segment) {
            known.insert(at, segment);
        }
    });
}

impl FileFacts {
    /// The segments in whose code a name stands as a whole word, in order.
    pub fn segments_with(&self, name: &str) -> Vec<usize> {
        super::trace::look_for(name);
        self.segments_holding(name)
    }

    /// The same; that the name is looked for is not noted.
    pub(super) fn segments_holding(&self, name: &str) -> Vec<usize> {
        self.segments_where(name, |facts| facts.holds(name))
    }

    /// The segments in whose code, or in the comments that lead it, a name stands as a whole word, in order.
    pub fn segments_with_or_commented(&self, name: &str) -> Vec<usize> {
        super::trace::look_for(name);
        self.segments_where(name, |facts| facts.mentions_or_comments(name))
    }

    /// Those of the segments in whose texts a name stands.
    fn segments_where(&self, name: &str, holds: impl Fn(&SegmentFacts) -> bool) -> Vec<usize> {
        if !self.may_hold(name) {
            return Vec::new();
        }
        let holds = |segment: &usize| holds(self.segment(*segment));
        match self.index_of_words() {
            Some(index) => {
                let found = index.get(&WordHash::of(name)).into_iter().flatten();
                found.copied().filter(holds).collect()
            }
            None => {
                let places = find_word(self.source(), name);
                let segments = places.filter_map(|at| Some(self.segment_at(at)?.0));
                let mut found: Vec<usize> = segments.collect();
                found.dedup();
                found.retain(holds);
                found
            }
        }
    }

    fn index_of_words(&self) -> Option<Arc<Index>> {
        let worded = &self.worded;
        if self.len() < MANY || worded.looks.fetch_add(1, Ordering::Relaxed) < LOOKS {
            return None;
        }
        let mut known = worded.index.lock().ok()?;
        let index = known.get_or_insert_with(|| {
            let mut index = Index::default();
            (0..self.len()).for_each(|segment| add(&mut index, self, segment));
            Arc::new(index)
        });
        Some(Arc::clone(index))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn functions(count: usize) -> String {
        let function =
            |number: usize| format!("def f{number}():\n    return g{}\n\n\n", number % 7);
        (0..count).map(function).collect()
    }

    #[test]
    fn the_index_finds_what_a_look_at_each_finds_also_after_an_edit() {
        let text = functions(3 * MANY);
        let mut file = FileFacts::new(Arc::default(), text.clone().into());
        let edits = ["", "return g3", "return other", "return g1 + f2"];
        for edit in edits {
            let text = text.replacen("return g3", edit, if edit.is_empty() { 0 } else { 1 });
            file = file.update(text.clone().into());
            for _ in 0..2 * LOOKS {
                for name in ["g3", "g1", "f2", "other", "return", "gone"] {
                    let all = 0..file.len();
                    let holding: Vec<usize> = all
                        .filter(|&segment| file.segment(segment).holds(name))
                        .collect();
                    assert_eq!(file.segments_with(name), holding, "{name} after {edit}");
                }
            }
            assert!(file.index_of_words().is_some());
        }
    }
}
