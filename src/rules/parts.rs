//! What rules found in the parts of an open document: a class, a function. After an edit only those parts are looked at again that the edit concerns, and not all
//! that a rule is about.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustc_hash::FxHashMap;

use super::{Finding, Findings, Rule};
use crate::facts::trace::{Changed, Traced, record};
use crate::syntax::NodeId;

/// A rule, and a node by its segment and number.
type Key = (&'static str, usize, NodeId);

type Found = FxHashMap<Key, Arc<Traced<Vec<Finding>>>>;

/// The parts of one document.
#[derive(Default)]
pub struct Parts(Mutex<Found>);

impl Parts {
    /// What is found in a part: what was found before, or what `look` finds.
    pub(super) fn of(
        &self,
        rule: &Rule,
        segment: usize,
        node: NodeId,
        look: impl FnOnce(&mut Findings),
    ) -> Vec<Finding> {
        let key = (rule.code, segment, node);
        let known = self.found().get(&key).cloned();
        let found = known.unwrap_or_else(|| {
            let found = record(|| {
                let mut own = Findings::default();
                look(&mut own);
                own.found
            });
            let found = Arc::new(found);
            self.found().insert(key, Arc::clone(&found));
            found
        });
        found.get().clone()
    }

    /// What still holds for a later text with as many segments. `moved` has findings with their places in it, where they have some.
    pub fn after(
        &self,
        changed: &mut Changed<'_>,
        moved: impl Fn(&Arc<Traced<Vec<Finding>>>) -> Option<Arc<Traced<Vec<Finding>>>>,
    ) -> Parts {
        let mut later = Found::default();
        for (key, found) in self.found().iter() {
            if found.holds(changed)
                && let Some(found) = moved(found)
            {
                later.insert(*key, found);
            }
        }
        Parts(Mutex::new(later))
    }

    /// A panic under the lock leaves whole entries behind.
    fn found(&self) -> MutexGuard<'_, Found> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
