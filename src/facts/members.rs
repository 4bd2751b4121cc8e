//! Which members of a long class may bind a name, without a look at each of them.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::FileFacts;
use crate::syntax::Outline;

/// From this many segments on, a class's members are put in an index at the first question.
const MANY: usize = 200;

/// The member segments of a class.
#[derive(Debug, Default)]
pub(super) struct Members {
    /// Those that define one name.
    named: FxHashMap<Box<str>, Vec<usize>>,
    /// Those that may bind any name that stands in them.
    others: Vec<usize>,
}

impl FileFacts {
    /// The member segments that may bind a name in the class whose head this segment is, in order. None for a class with few of them.
    pub(super) fn members_binding(&self, head: usize, name: &str) -> Option<Vec<usize>> {
        let last = head + MANY;
        if last >= self.len() || self.head_of(last) != Some(head) {
            return None;
        }
        let members = self.index_of_members(head);
        let named = members.named.get(name).into_iter().flatten();
        let others = members.others.iter();
        let others = others.filter(|segment| self.segment(**segment).holds(name));
        let mut found: Vec<usize> = named.chain(others).copied().collect();
        found.sort_unstable();
        Some(found)
    }

    fn index_of_members(&self, head: usize) -> Arc<Members> {
        let known = self.members.lock().ok();
        if let Some(known) = known.and_then(|known| known.get(&head).cloned()) {
            return known;
        }
        let mut members = Members::default();
        for segment in self.members_of(head) {
            match self.segment(segment).outline() {
                Outline::Function(name) | Outline::Class(name) => {
                    members.named.entry(name.clone()).or_default().push(segment);
                }
                Outline::Empty | Outline::StarImport => {}
                Outline::Assignment(_) | Outline::Import | Outline::Other => {
                    members.others.push(segment);
                }
            }
        }
        let members = Arc::new(members);
        if let Ok(mut known) = self.members.lock() {
            known.insert(head, Arc::clone(&members));
        }
        members
    }
}
