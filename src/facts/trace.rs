//! What an answer was worked out from: which segments were read, and which words were looked for. After an edit, an answer holds as long as the edit changed
//! none of them.
//!
//! While [`record`] runs, everything that this thread reads of segments is noted; an answer that was recorded before adds what it was worked out from when it is used.

use std::cell::RefCell;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::SegmentFacts;

/// What was read.
#[derive(Debug, Default)]
pub struct Trace {
    /// Segments by their address; whoever keeps a trace keeps the segments.
    segments: FxHashSet<usize>,
    words: FxHashSet<Box<str>>,
    /// Words behind a dot.
    attributes: FxHashSet<Box<str>>,
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
        trace.segments.insert(address(segment));
    });
}

/// Notes that a word is looked for, in one segment or in many.
pub fn look_for(word: &str) {
    note(|trace| {
        if !trace.words.contains(word) {
            trace.words.insert(word.into());
        }
    });
}

/// Notes that an attribute of a name is looked for, in one segment or in many.
pub(super) fn look_for_attribute(name: &str) {
    note(|trace| {
        if !trace.attributes.contains(name) {
            trace.attributes.insert(name.into());
        }
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
    /// Which words stand in the segments, old or new: many traces ask for the same.
    words: FxHashMap<Box<str>, bool>,
    attributes: FxHashMap<Box<str>, bool>,
}

impl<'f> Changed<'f> {
    /// `segments` are pairs of old and new.
    pub fn new(segments: Vec<(&'f SegmentFacts, &'f SegmentFacts)>) -> Changed<'f> {
        Changed {
            segments,
            known: FxHashMap::default(),
            words: FxHashMap::default(),
            attributes: FxHashMap::default(),
        }
    }

    fn leaves(&mut self, trace: &Arc<Trace>) -> bool {
        let key = Arc::as_ptr(trace).addr();
        if let Some(known) = self.known.get(&key) {
            return *known;
        }
        let is_read =
            |(old, _): &(&SegmentFacts, &SegmentFacts)| trace.segments.contains(&address(old));
        let leaves = !self.segments.iter().any(is_read)
            && !self.hold_any(trace)
            && trace.parts.values().all(|part| self.leaves(part));
        self.known.insert(key, leaves);
        leaves
    }

    /// Whether something that was looked for stands in the segments.
    fn hold_any(&mut self, trace: &Trace) -> bool {
        let any = |holds: &dyn Fn(&SegmentFacts) -> bool| {
            let mut pairs = self.segments.iter();
            pairs.any(|(old, new)| holds(old) || holds(new))
        };
        let once = |known: &mut FxHashMap<Box<str>, bool>,
                    word: &str,
                    holds: &dyn Fn(&SegmentFacts) -> bool| match known.get(word)
        {
            Some(known) => *known,
            None => *known.entry(word.into()).or_insert(any(holds)),
        };
        let (words, attributes) = (&mut self.words, &mut self.attributes);
        let mut looked_for = trace.words.iter();
        let mut named = trace.attributes.iter();
        looked_for.any(|word| once(words, word, &|facts| facts.holds(word)))
            || named.any(|name| once(attributes, name, &|facts| facts.holds_attribute(name)))
    }
}
