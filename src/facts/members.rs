//! Which of many segments may bind a name, without a look at each of them: those of a long class, those of a long module.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::FileFacts;
use crate::syntax::Outline;

/// From this many segments on, they are put in an index at the first question.
pub(super) const MANY: usize = 200;

/// Segments by what they may bind.
#[derive(Debug, Default)]
pub(super) struct Members {
    /// Those that define one name.
    named: FxHashMap<Box<str>, Vec<usize>>,
    /// Those that may bind any name that stands in them.
    others: Vec<usize>,
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
        members
    }

    /// The segments that may bind a name, in order.
    fn binding(&self, file: &FileFacts, name: &str) -> Vec<usize> {
        let named = self.named.get(name).into_iter().flatten();
        let others: Vec<usize> = if self.others.len() < MANY {
            let others = self.others.iter().copied();
            others
                .filter(|segment| file.segment(*segment).holds(name))
                .collect()
        } else {
            let mut holding = file.segments_holding(name);
            holding.retain(|segment| self.others.binary_search(segment).is_ok());
            holding
        };
        let mut found: Vec<usize> = named.copied().chain(others).collect();
        found.sort_unstable();
        found
    }
}

impl FileFacts {
    /// The member segments that may bind a name in the class whose head this segment is, in order. None for a class with few of them.
    pub(super) fn members_binding(&self, head: usize, name: &str) -> Option<Vec<usize>> {
        let has_many = self.has_many_members(head);
        has_many.then(|| self.index_of_members(head).binding(self, name))
    }

    /// The member segments of the class whose head this segment is, in order: those in which a name stands, where there are many. That it is looked for is noted.
    pub fn members_naming(&self, head: usize, name: &str) -> impl Iterator<Item = usize> {
        super::trace::look_for(name);
        let listed = self.has_many_members(head).then(|| {
            let holding = self.segments_holding(name).into_iter();
            holding.filter(move |segment| self.head_of(*segment) == Some(head))
        });
        let all = listed.is_none().then(|| self.members_of(head));
        let listed = listed.into_iter().flatten();
        listed.chain(all.into_iter().flatten())
    }

    fn has_many_members(&self, head: usize) -> bool {
        let last = head + MANY;
        last < self.len() && self.head_of(last) == Some(head)
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
