//! Which of many segments may bind a name, without a look at each of them: those of a long class, those of a long module.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::FileFacts;
use super::words::{WordHash, each_word};
use crate::syntax::Outline;

/// From this many segments on, they are put in an index at the first question.
const MANY: usize = 200;

/// Segments by what they may bind.
#[derive(Debug, Default)]
pub(super) struct Members {
    /// Those that define one name.
    named: FxHashMap<Box<str>, Vec<usize>>,
    /// Those that may bind any name that stands in them.
    others: Vec<usize>,
    /// The same by the words that stand in them; where there are many.
    worded: Option<FxHashMap<WordHash, Vec<usize>>>,
}

impl Members {
    fn of(file: &FileFacts, segments: impl Iterator<Item = usize>) -> Members {
        let mut members = Members::default();
        for segment in segments {
            match file.segment(segment).outline() {
                Outline::Function(name) | Outline::Class(name) => {
                    members.named.entry(name.clone()).or_default().push(segment);
                }
                Outline::Empty | Outline::StarImport => {}
                Outline::Assignment(_) | Outline::Import | Outline::Other => {
                    members.others.push(segment);
                }
            }
        }
        if members.others.len() >= MANY {
            let mut worded: FxHashMap<WordHash, Vec<usize>> = FxHashMap::default();
            for &segment in &members.others {
                each_word(file.segment(segment).text(), |word| {
                    let known = worded.entry(word).or_default();
                    if known.last() != Some(&segment) {
                        known.push(segment);
                    }
                });
            }
            members.worded = Some(worded);
        }
        members
    }

    /// The segments that may bind a name, in order.
    fn binding(&self, file: &FileFacts, name: &str) -> Vec<usize> {
        let named = self.named.get(name).into_iter().flatten();
        let others = match &self.worded {
            Some(worded) => worded
                .get(&WordHash::of(name))
                .map_or(&[][..], Vec::as_slice),
            None => &self.others,
        };
        let others = others.iter();
        let others = others.filter(|segment| file.segment(**segment).holds(name));
        let mut found: Vec<usize> = named.chain(others).copied().collect();
        found.sort_unstable();
        found
    }
}

impl FileFacts {
    /// The member segments that may bind a name in the class whose head this segment is, in order. None for a class with few of them.
    pub(super) fn members_binding(&self, head: usize, name: &str) -> Option<Vec<usize>> {
        let last = head + MANY;
        if last >= self.len() || self.head_of(last) != Some(head) {
            return None;
        }
        Some(self.index_of_members(head).binding(self, name))
    }

    /// The segments that may bind a name of the module on their first level, in order. None for a file with few of them.
    pub(super) fn tops_binding(&self, name: &str) -> Option<Vec<usize>> {
        if self.len() < MANY {
            return None;
        }
        let index = self.tops.get_or_init(|| {
            let tops = (0..self.len()).filter(|&segment| self.head_of(segment).is_none());
            Arc::new(Members::of(self, tops))
        });
        Some(index.binding(self, name))
    }

    fn index_of_members(&self, head: usize) -> Arc<Members> {
        let known = self.members.lock().ok();
        if let Some(known) = known.and_then(|known| known.get(&head).cloned()) {
            return known;
        }
        let members = Arc::new(Members::of(self, self.members_of(head)));
        if let Ok(mut known) = self.members.lock() {
            known.insert(head, Arc::clone(&members));
        }
        members
    }
}
