//! How much is looked at to answer one question about a value.
//!
//! What an expression denotes is worked out from its parts, and theirs; the depth of that is bounded, and so is the sum of it: where many parts name many others, all ways through them
//! are far too many.

use std::cell::Cell;

/// How many parts are looked at for one question.
const MOST: u32 = 2_000;

/// How many parts may lie inside of one another, over all questions that the answer to the first one asks: a stack has room for them.
const DEEP: u32 = 120;

thread_local! {
    /// How many parts deep the thread is in a question, and how many it has looked at for it.
    static TAKEN: Cell<(u32, u32)> = const { Cell::new((0, 0)) };
}

/// A part that is looked at; the parts of a question begin and end inside of one another.
pub(super) struct Step;

impl Step {
    /// None where too many were taken for the question.
    pub(super) fn take() -> Option<Step> {
        let (deep, taken) = TAKEN.get();
        if taken >= MOST || deep >= DEEP {
            return None;
        }
        TAKEN.set((deep + 1, taken + 1));
        Some(Step)
    }
}

impl Drop for Step {
    fn drop(&mut self) {
        let (deep, taken) = TAKEN.get();
        TAKEN.set(if deep <= 1 { (0, 0) } else { (deep - 1, taken) });
    }
}

/// Works something out that is kept for later questions: it must not depend on the question that it is first asked for.
pub(super) fn afresh<T>(work: impl FnOnce() -> T) -> T {
    struct Before((u32, u32));
    impl Drop for Before {
        fn drop(&mut self) {
            TAKEN.set(self.0);
        }
    }
    let _before = Before(TAKEN.replace((0, 0)));
    work()
}
