//! Segments that edits have dropped: undoing an edit, or closing a bracket again, finds them here.

use std::collections::VecDeque;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::super::segment::SegmentFacts;
use crate::syntax::Cut;

/// Dropped segments by [`key`].
#[derive(Debug, Default)]
pub(super) struct Attic {
    kept: FxHashMap<u64, Arc<SegmentFacts>>,
    order: VecDeque<u64>,
    bytes: usize,
}

/// Bytes of texts.
const ATTIC_BYTES: usize = 2 << 20;

impl Attic {
    pub(super) fn put(&mut self, key: u64, facts: Arc<SegmentFacts>) {
        self.bytes += facts.silent_text().len();
        if let Some(old) = self.kept.insert(key, facts) {
            self.bytes -= old.silent_text().len();
        } else {
            self.order.push_back(key);
        }
        while self.bytes > ATTIC_BYTES
            && let Some(oldest) = self.order.pop_front()
        {
            if let Some(dropped) = self.kept.remove(&oldest) {
                self.bytes -= dropped.silent_text().len();
            }
        }
    }

    /// Takes a segment of a text out. Two segments of one file never share facts: their nodes would be the same nodes.
    pub(super) fn take(&mut self, key: u64, text: &str) -> Option<Arc<SegmentFacts>> {
        self.kept
            .get(&key)
            .filter(|facts| facts.silent_text() == text)?;
        self.order.retain(|other| *other != key);
        self.bytes -= text.len();
        self.kept.remove(&key)
    }
}

/// What a segment is found by: the hash of its text, and of how it is cut.
pub(super) fn key(text: &str, cut: &Cut, code: usize) -> u64 {
    xxhash_rust::xxh3::xxh3_64_with_seed(text.as_bytes(), ((cut.kind as u64) << 32) | code as u64)
}
