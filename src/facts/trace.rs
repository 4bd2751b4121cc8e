//! What an answer was worked out from: which segments were read, and which words were looked for. After an edit, an answer holds as long as the edit changed
//! none of them.
//!
//! While [`record`] runs, everything that this thread reads of segments is noted; an answer that was recorded before adds what it was worked out from when it is used.

use std::cell::RefCell;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::SegmentFacts;
use super::words::WordHash;

/// What was read. Two words that cannot be told apart by their hashes make an answer hold for less than it might.
#[derive(Debug, Default)]
pub struct Trace {
    /// Segments by their address; whoever keeps a trace keeps the segments.
    segments: FxHashSet<usize>,
    /// The segment that was read last: it is often read again.
    last: usize,
    words: FxHashSet<WordHash>,
    /// Words behind a dot.
    attributes: FxHashSet<WordHash>,
    parts: FxHashMap<usize, Arc<Trace>>,
}

/// An answer and what it was worked out from.
#[derive(Debug, Clone)]
pub struct Traced<T> {
    value: T,
    trace: Arc<Trace>,
}

thread_local! {
    /// The traces of the recordings that this thread is in, innermost last.
    static TRACES: RefCell<Vec<Trace>> = const { RefCell::new(Vec::new()) };
}

fn note(into: impl FnOnce(&mut Trace)) {
    TRACES.with_borrow_mut(|traces| {
        if let Some(trace) = traces.last_mut() {
            into(trace);
        }
    });
}

/// Ends a recording, also when what is recorded panics.
struct Recording;

impl Recording {
    fn begin() -> Recording {
        TRACES.with_borrow_mut(|traces| traces.push(Trace::default()));
        Recording
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        TRACES.with_borrow_mut(Vec::pop);
    }
}

/// Works something out, and notes what is read for it.
pub fn record<T>(work: impl FnOnce() -> T) -> Traced<T> {
    let recording = Recording::begin();
    let value = work();
    let trace = TRACES.with_borrow_mut(|traces| traces.last_mut().map(std::mem::take));
    drop(recording);
    Traced {
        value,
        trace: Arc::new(trace.unwrap_or_default()),
    }
}

/// Notes that a segment is read.
pub(super) fn read(segment: &SegmentFacts) {
    note(|trace| {
        let segment = address(segment);
        if trace.last != segment {
            trace.segments.insert(segment);
            trace.last = segment;
        }
    });
}

/// Notes that a word is looked for, in one segment or in many.
pub fn look_for(word: &str) {
    note(|trace| {
        trace.words.insert(WordHash::of(word));
    });
}

/// Notes that any of many words is looked for.
pub fn look_for_each<'w>(words: impl Iterator<Item = &'w str>) {
    note(|trace| trace.words.extend(words.map(WordHash::of)));
}

/// Notes that an attribute of a name is looked for, in one segment or in many.
pub(super) fn look_for_attribute(name: &str) {
    note(|trace| {
        trace.attributes.insert(WordHash::of(name));
    });
}

fn address(segment: &SegmentFacts) -> usize {
    std::ptr::from_ref(segment).addr()
}

impl<T> Traced<T> {
    /// The answer, for something else to be worked out from it.
    pub fn get(&self) -> &T {
        note(|trace| {
            let key = Arc::as_ptr(&self.trace).addr();
            trace
                .parts
                .entry(key)
                .or_insert_with(|| Arc::clone(&self.trace));
        });
        &self.value
    }

    /// An answer that nobody will ask of whether it still holds.
    pub fn of_nothing(value: T) -> Traced<T> {
        Traced {
            value,
            trace: Arc::default(),
        }
    }

    /// Another answer that was worked out from the same.
    pub fn with<U>(&self, value: U) -> Traced<U> {
        Traced {
            value,
            trace: Arc::clone(&self.trace),
        }
    }

    /// Whether the answer still holds when these segments, old and new, are all that differs.
    pub fn holds(&self, changed: &mut Changed<'_>) -> bool {
        changed.leaves(&self.trace)
    }
}

/// The segments that an edit has changed, and which traces it leaves alone.
pub struct Changed<'f> {
    pub segments: Vec<(&'f SegmentFacts, &'f SegmentFacts)>,
    known: FxHashMap<usize, bool>,
    /// The words in the segments, old and new.
    words: FxHashSet<WordHash>,
    /// Those behind a dot.
    attributes: FxHashSet<WordHash>,
}

impl<'f> Changed<'f> {
    /// `segments` are pairs of old and new.
    pub fn new(segments: Vec<(&'f SegmentFacts, &'f SegmentFacts)>) -> Changed<'f> {
        let (mut words, mut attributes) = (FxHashSet::default(), FxHashSet::default());
        for facts in segments.iter().flat_map(|(old, new)| [old, new]) {
            facts.each_word(|word| {
                words.insert(word);
            });
            attributes.extend(facts.attributes().map(WordHash::of_bytes));
        }
        Changed {
            segments,
            known: FxHashMap::default(),
            words,
            attributes,
        }
    }

    /// Whether an attribute of a name stands in the segments, old or new.
    pub(super) fn holds_attribute(&self, name: &str) -> bool {
        self.attributes.contains(&WordHash::of(name))
    }

    fn leaves(&mut self, trace: &Arc<Trace>) -> bool {
        let key = Arc::as_ptr(trace).addr();
        if let Some(known) = self.known.get(&key) {
            return *known;
        }
        let is_read =
            |(old, _): &(&SegmentFacts, &SegmentFacts)| trace.segments.contains(&address(old));
        let leaves = !self.segments.iter().any(is_read)
            && trace.words.is_disjoint(&self.words)
            && trace.attributes.is_disjoint(&self.attributes)
            && trace.parts.values().all(|part| self.leaves(part));
        self.known.insert(key, leaves);
        leaves
    }
}
