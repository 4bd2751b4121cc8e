//! What an answer was worked out from: which segments were read, and what was asked of many. After an edit, an answer holds as long as the edit changed none of that.
//!
//! While [`record`] runs, everything that this thread reads of segments is noted; an answer that was recorded before adds what it was worked out from when it is used.

use std::borrow::Cow;
use std::cell::RefCell;
use std::sync::Arc;

use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};

use super::SegmentFacts;
use super::subjects::Subjects;
use super::words::WordHash;

/// What was read. Two words that cannot be told apart by their hashes make an answer hold for less than it might.
#[derive(Debug, Default)]
pub struct Trace {
    /// Segments by their address; whoever keeps a trace keeps the segments.
    segments: FxHashSet<usize>,
    /// The segment that was read last: it is often read again.
    last: usize,
    questions: FxHashSet<Question>,
    /// Words, and words behind a dot, of which it was asked what stands around them.
    surroundings: FxHashSet<Question>,
    /// Of which it was asked which segments may be about them.
    subjects: Subjects,
    parts: FxHashMap<usize, Arc<Trace>>,
}

/// What is asked of a segment or of many, as a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Question(u64);

impl Question {
    /// Whether a word stands there.
    fn word(word: WordHash) -> Question {
        Question(word.0)
    }

    /// Whether a word stands there behind a dot.
    fn attribute(name: WordHash) -> Question {
        Question(name.0 ^ 0x5555_5555_5555_5555)
    }

    /// Whether, by words, an attribute of a name is assigned to.
    fn store(name: WordHash) -> Question {
        Question(name.0 ^ 0x3333_3333_3333_3333)
    }

    /// An answer that is compared, by its key.
    fn compared(key: u64) -> Question {
        Question(key ^ 0x0f0f_0f0f_0f0f_0f0f)
    }
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

fn ask(question: Question) {
    note(|trace| {
        trace.questions.insert(question);
    });
}

/// Notes that it is asked where a word stands. Who asks more of a segment reads it.
pub fn look_for(word: &str) {
    ask(Question::word(WordHash::of(word)));
}

/// Notes that it is asked what stands around any of some words, wherever they stand.
pub fn look_around<'w>(words: impl IntoIterator<Item = &'w str>) {
    note(|trace| {
        let words = words.into_iter().map(WordHash::of);
        trace.surroundings.extend(words.map(Question::word));
    });
}

/// Notes that it is asked where attributes of a name stand.
pub(super) fn look_for_attribute(name: &str) {
    ask(Question::attribute(WordHash::of(name)));
}

/// Notes that it is asked what stands around attributes of a name, wherever they stand.
pub(super) fn look_around_attribute(name: &str) {
    note(|trace| {
        let attribute = Question::attribute(WordHash::of(name));
        trace.surroundings.insert(attribute);
    });
}

/// Notes that it is asked where, by words, attributes of a name are assigned to.
pub(super) fn look_for_store(name: &str) {
    ask(Question::store(WordHash::of(name)));
}

/// Notes that it is asked which segments may be about any of some subjects.
pub fn look_for_subjects(subjects: Subjects) {
    note(|trace| trace.subjects = trace.subjects.union(subjects));
}

/// Notes that an answer is used which is worked out again after every edit that concerns it, and compared: what was worked out from it holds as long as the edit is not told
/// that it [differs](Changed::differ).
pub fn use_compared(answer: u64) {
    ask(Question::compared(answer));
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

    /// The answer, for whoever notes what is used of it ([`use_compared`]).
    pub fn peek(&self) -> &T {
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
    /// Those that may have another answer now: few.
    questions: FxHashSet<Question>,
    /// Those that may have another answer when what stands around is another: all that each segment says yes to, old and new, sorted.
    surroundings: Vec<Cow<'f, [Question]>>,
    /// Those that a segment is about no more, or only now.
    subjects: Subjects,
}

impl<'f> Changed<'f> {
    /// `segments` are pairs of old and new.
    pub fn new(segments: Vec<(&'f SegmentFacts, &'f SegmentFacts)>) -> Changed<'f> {
        let mut questions = FxHashSet::default();
        let mut surroundings = Vec::new();
        let mut subjects = Subjects::NONE;
        for &(old, new) in &segments {
            let (before, now) = (old.silent_subjects(), new.silent_subjects());
            subjects = subjects.union(before.symmetric_difference(now));
            let (old, new) = (old.answered(), new.answered());
            let in_one = |own: &[Question], other: &[Question]| {
                let own = own.iter().copied();
                let others = own.filter(|question| other.binary_search(question).is_err());
                others.collect::<Vec<_>>()
            };
            questions.extend(in_one(&old, &new));
            questions.extend(in_one(&new, &old));
            surroundings.extend([old, new]);
        }
        Changed {
            segments,
            // as many as a long file has; to grow costs more than the room
            known: FxHashMap::with_capacity_and_hasher(1024, FxBuildHasher),
            questions,
            surroundings,
            subjects,
        }
    }

    /// Tells that answers differ which were compared.
    pub fn differ(&mut self, answers: impl IntoIterator<Item = u64>) {
        self.questions
            .extend(answers.into_iter().map(Question::compared));
        self.known.clear();
    }

    fn leaves(&mut self, trace: &Arc<Trace>) -> bool {
        // to look again costs no more than to remember
        if trace.parts.is_empty() && trace.surroundings.is_empty() {
            return self.leaves_own(trace);
        }
        let key = Arc::as_ptr(trace).addr();
        if let Some(known) = self.known.get(&key) {
            return *known;
        }
        let stands = |question: &Question| {
            let mut segments = self.surroundings.iter();
            segments.any(|segment| segment.binary_search(question).is_ok())
        };
        let leaves = self.leaves_own(trace)
            && !trace.surroundings.iter().any(stands)
            && trace.parts.values().all(|part| self.leaves(part));
        self.known.insert(key, leaves);
        leaves
    }

    /// The same for what was read and asked without others' answers.
    fn leaves_own(&self, trace: &Trace) -> bool {
        let is_read =
            |(old, _): &(&SegmentFacts, &SegmentFacts)| trace.segments.contains(&address(old));
        !self.segments.iter().any(is_read)
            && !trace.subjects.intersects(self.subjects)
            && trace.questions.is_disjoint(&self.questions)
    }
}

/// The questions that a segment says yes to, sorted.
pub(super) fn answered_by(facts: &SegmentFacts) -> Vec<Question> {
    let mut found = Vec::new();
    facts.each_word(|word| found.push(Question::word(word)));
    let attributes = facts.attributes().map(WordHash::of_bytes);
    found.extend(attributes.map(Question::attribute));
    found.extend(
        facts
            .stored()
            .map(|name| Question::store(WordHash::of(name))),
    );
    found.sort_unstable();
    found.dedup();
    found
}

/// Words as they are told apart here.
pub(super) fn hashes<'w>(words: impl Iterator<Item = &'w [u8]>) -> FxHashSet<WordHash> {
    words.map(WordHash::of_bytes).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::CutKind;

    fn facts(text: &str) -> SegmentFacts {
        SegmentFacts::new(text.into(), CutKind::Item, 0)
    }

    /// Whether an answer that notes something holds after `a.b = c` was edited.
    fn holds(new: &str, note: fn(&SegmentFacts)) -> bool {
        let (old, new) = (facts("a.b = c\n"), facts(new));
        let answer = record(|| note(&old));
        // what is worked out from it is no better
        let further = record(|| *answer.get());
        let mut changed = Changed::new(vec![(&old, &new)]);
        let holds = answer.holds(&mut changed);
        assert_eq!(further.holds(&mut changed), holds);
        holds
    }

    #[test]
    fn an_answer_holds_while_what_was_asked_is_answered_as_before() {
        let word = |_: &SegmentFacts| look_for("c");
        assert!(holds("a.b = c + c\n", word));
        assert!(!holds("a.b = d\n", word));
        let new_word = |_: &SegmentFacts| look_for("d");
        assert!(!holds("a.b = d\n", new_word));
        assert!(holds("a.b = e\n", new_word));
        let around = |_: &SegmentFacts| look_around(["d", "c"]);
        assert!(!holds("a.b = c + c\n", around));
        let attribute = |_: &SegmentFacts| look_for_attribute("b");
        assert!(holds("d(a.b)\n", attribute));
        assert!(!holds("a.d = b\n", attribute));
        let around_attribute = |_: &SegmentFacts| look_around_attribute("b");
        assert!(!holds("d(a.b)\n", around_attribute));
        let store = |_: &SegmentFacts| look_for_store("b");
        assert!(holds("a.b = d\n", store));
        assert!(!holds("d(a.b)\n", store));
        let subject = |_: &SegmentFacts| look_for_subjects(Subjects::GUARDS);
        assert!(holds("acquire()\n", subject));
        assert!(!holds("with a: b\n", subject));
        assert!(!holds("a.b = d\n", SegmentFacts::read));
        assert!(holds("a.b = d\n", |_| {}));
    }

    #[test]
    fn an_answer_that_is_compared_holds_until_it_is_told_to_differ() {
        let (old, new) = (facts("a.b = c\n"), facts("a.b = d\n"));
        let answer = record(|| use_compared(7));
        let mut changed = Changed::new(vec![(&old, &new)]);
        assert!(answer.holds(&mut changed));
        changed.differ([8]);
        assert!(answer.holds(&mut changed));
        changed.differ([7]);
        assert!(!answer.holds(&mut changed));
    }
}
