//! What a rule found in the parts of an open document: a class, a function. After an edit only those parts are looked at again that the edit concerns, and not all
//! that the rule is about.

use std::cell::RefCell;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::{Anchored, Finding, Findings};
use crate::facts::trace::{Changed, Traced, record};
use crate::project::Project;
use crate::syntax::NodeId;

/// A node by its segment and number.
type Key = (usize, NodeId);

type Known<T> = FxHashMap<Key, Arc<Traced<T>>>;

/// What is known of parts.
#[derive(Default)]
pub struct PartsKnown {
    found: Known<Anchored>,
    /// Whether the rule is concerned with a part at all.
    concerned: Known<bool>,
}

impl PartsKnown {
    /// What still holds for a later text with as many segments.
    pub fn after(&self, changed: &mut Changed<'_>) -> PartsKnown {
        PartsKnown {
            found: held(&self.found, changed),
            concerned: held(&self.concerned, changed),
        }
    }
}

fn held<T>(known: &Known<T>, changed: &mut Changed<'_>) -> Known<T> {
    let mut held = known.clone();
    held.retain(|_, known| known.holds(changed));
    held
}

/// The parts that one rule looks at, once.
#[derive(Default)]
pub struct Parts<'e> {
    earlier: Option<&'e PartsKnown>,
    found: RefCell<Known<Anchored>>,
    concerned: RefCell<Known<bool>>,
}

impl<'e> Parts<'e> {
    /// For a rule of whose earlier looks this still holds.
    pub fn after(earlier: Option<&'e PartsKnown>) -> Parts<'e> {
        Parts {
            earlier,
            ..Parts::default()
        }
    }

    /// What is known of the parts that were looked at. Nothing else: as long as what the rule found in the whole document holds, all of this does.
    pub fn known(self) -> PartsKnown {
        PartsKnown {
            found: self.found.into_inner(),
            concerned: self.concerned.into_inner(),
        }
    }

    /// What is found in a part: what was found before, or what `look` finds.
    pub(super) fn of(
        &self,
        project: &Project,
        segment: usize,
        node: NodeId,
        look: impl FnOnce(&mut Findings),
    ) -> Vec<Finding> {
        let earlier = self.earlier.map(|earlier| &earlier.found);
        let look = || {
            let mut own = Findings::default();
            look(&mut own);
            Anchored::of(own.found, project)
        };
        let found = known(earlier, &self.found, (segment, node), look);
        found.get().placed(project)
    }

    /// Whether the rule is concerned with a part: as it was before, or as `look` says.
    pub(super) fn concern(
        &self,
        segment: usize,
        node: NodeId,
        look: impl FnOnce() -> bool,
    ) -> bool {
        let earlier = self.earlier.map(|earlier| &earlier.concerned);
        *known(earlier, &self.concerned, (segment, node), look).get()
    }
}

fn known<T>(
    earlier: Option<&Known<T>>,
    now: &RefCell<Known<T>>,
    key: Key,
    work: impl FnOnce() -> T,
) -> Arc<Traced<T>> {
    let known = now.borrow().get(&key).cloned();
    let known = known.or_else(|| earlier?.get(&key).cloned());
    let known = known.unwrap_or_else(|| Arc::new(record(work)));
    now.borrow_mut().insert(key, Arc::clone(&known));
    known
}
