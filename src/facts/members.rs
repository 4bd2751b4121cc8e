//! Which of many segments may bind a name, without a look at each of them: those of a long class, those of a long module.

use std::sync::Arc;

use super::FileFacts;
use super::file::may_bind_on_top;
use super::words::WordHash;
use crate::syntax::Outline;

/// From this many segments on, it is looked up which of them hold a word.
pub(super) const MANY: usize = 200;

/// From this many on, they are put in an index at the first question by the names that they define.
const SEVERAL: usize = 24;

/// Segments by what they may bind.
#[derive(Debug, Default)]
pub(super) struct Members {
    /// Those that define one name, by its hash, sorted.
    named: Vec<(u64, usize)>,
    /// Those that may bind any name that stands in them.
    others: Vec<usize>,
}

impl Members {
    fn of(file: &FileFacts, segments: impl Iterator<Item = usize>) -> Members {
        let mut members = Members::default();
        for segment in segments {
            match file.segment(segment).outline() {
                Outline::Function(name) | Outline::Class(name) => {
                    members.named.push((WordHash::of(name).0, segment));
                }
                Outline::Empty | Outline::StarImport => {}
                Outline::Assignment(_) | Outline::Import | Outline::Other => {
                    members.others.push(segment);
                }
            }
        }
        members.named.sort_unstable();
        members
    }

    /// The segments that may bind a name, in order.
    fn binding(&self, file: &FileFacts, name: &str) -> Vec<usize> {
        let hash = WordHash::of(name).0;
        let first = self.named.partition_point(|(known, _)| *known < hash);
        let named = self.named[first..].iter();
        let named = named.take_while(|(known, _)| *known == hash);
        let mut found: Vec<usize> = named.map(|(_, segment)| *segment).collect();
        found.retain(|segment| may_bind_on_top(file.segment(*segment), name));
        if self.others.len() < MANY {
            let others = self.others.iter().copied();
            found.extend(others.filter(|segment| file.segment(*segment).holds(name)));
        } else {
            let holding = file.segments_holding(name).into_iter();
            found.extend(holding.filter(|segment| self.others.binary_search(segment).is_ok()));
        }
        found.sort_unstable();
        found
    }
}

impl FileFacts {
    /// The member segments that may bind a name in the class whose head this segment is, in order. None for a class with few of them.
    pub(super) fn members_binding(&self, head: usize, name: &str) -> Option<Vec<usize>> {
        let has_several = self.has_more_members(head, SEVERAL);
        has_several.then(|| self.index_of_members(head).binding(self, name))
    }

    /// The member segments of the class whose head this segment is, in order: those in which a name stands, where there are many. That it is looked for is noted.
    pub fn members_naming(&self, head: usize, name: &str) -> impl Iterator<Item = usize> {
        super::trace::look_for(name);
        let listed = self.has_more_members(head, MANY).then(|| {
            let holding = self.segments_holding(name).into_iter();
            holding.filter(move |segment| self.head_of(*segment) == Some(head))
        });
        let all = listed.is_none().then(|| self.members_of(head));
        let listed = listed.into_iter().flatten();
        listed.chain(all.into_iter().flatten())
    }

    fn has_more_members(&self, head: usize, most: usize) -> bool {
        let last = head + most;
        last < self.len() && self.head_of(last) == Some(head)
    }

    /// The segments that may bind a name of the module on their first level, in order. None for a file with few of them.
    pub(super) fn tops_binding(&self, name: &str) -> Option<Vec<usize>> {
        if self.len() < SEVERAL {
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
