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
pub struct Parts {
    found: Mutex<Found>,
    /// Whether a rule is concerned with a part at all.
    concerned: Mutex<FxHashMap<Key, Arc<Traced<bool>>>>,
}

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
        let look = || {
            let mut own = Findings::default();
            look(&mut own);
            own.found
        };
        known(&self.found, key, look).get().clone()
    }

    /// Whether a rule is concerned with a part: as it was before, or as `look` says.
    pub(super) fn concern(
        &self,
        rule: &Rule,
        segment: usize,
        node: NodeId,
        look: impl FnOnce() -> bool,
    ) -> bool {
        *known(&self.concerned, (rule.code, segment, node), look).get()
    }

    /// What still holds for a later text with as many segments. `moved` has findings with their places in it, where they have some.
    pub fn after(
        &self,
        changed: &mut Changed<'_>,
        moved: impl Fn(&Arc<Traced<Vec<Finding>>>) -> Option<Arc<Traced<Vec<Finding>>>>,
    ) -> Parts {
        let mut found = lock(&self.found).clone();
        found.retain(|_, known| {
            let moved = known.holds(changed).then(|| moved(known)).flatten();
            moved.map(|moved| *known = moved).is_some()
        });
        let mut concerned = lock(&self.concerned).clone();
        concerned.retain(|_, known| known.holds(changed));
        Parts {
            found: Mutex::new(found),
            concerned: Mutex::new(concerned),
        }
    }
}

fn known<T>(
    all: &Mutex<FxHashMap<Key, Arc<Traced<T>>>>,
    key: Key,
    work: impl FnOnce() -> T,
) -> Arc<Traced<T>> {
    if let Some(known) = lock(all).get(&key) {
        return Arc::clone(known);
    }
    let new = Arc::new(record(work));
    lock(all).insert(key, Arc::clone(&new));
    new
}

/// A panic under the lock leaves whole entries behind.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
