//! Where the methods of a class assign to attributes of their object, as far as it was asked for.
//!
//! A method that names an attribute must be parsed to see whether it assigns to it, and the same attributes are asked for again and again.

use std::sync::{Arc, Mutex};

use rustc_hash::FxHashMap;

use super::{FileFacts, Site, trace};
use crate::syntax::NodeId;

/// An assignment to an attribute: the segment, the statement, and the value where it is one.
#[derive(Clone, Copy, Debug)]
pub struct Store {
    pub segment: usize,
    pub statement: NodeId,
    pub value: Option<NodeId>,
}

/// What was found for an attribute.
#[derive(Debug)]
pub struct Stored {
    pub stores: Vec<Store>,
    /// The segments that were parsed for it.
    pub parsed: Vec<usize>,
}

/// By class and by the attribute's name.
pub(super) type Stores = Mutex<FxHashMap<(usize, NodeId), FxHashMap<Box<str>, Arc<Stored>>>>;

impl FileFacts {
    /// What `find` finds for an attribute's name and a class of this file, which it is asked once. It may ask other segments whether, by words, they assign to such an attribute.
    pub fn stores(
        &self,
        class: Site<'_>,
        name: &str,
        find: impl FnOnce() -> Stored,
    ) -> Arc<Stored> {
        trace::look_for_store(name);
        let class = (class.segment, class.node.id());
        let known = self.stores.lock().ok().and_then(|known| {
            let of_class = known.get(&class)?;
            of_class.get(name).cloned()
        });
        if let Some(known) = known {
            for segment in &known.parsed {
                self.segment(*segment).read();
            }
            return known;
        }
        let found = Arc::new(find());
        if let Ok(mut known) = self.stores.lock() {
            let of_class = known.entry(class).or_default();
            of_class.insert(name.into(), Arc::clone(&found));
        }
        found
    }
}
