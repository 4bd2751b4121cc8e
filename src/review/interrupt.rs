//! Ctrl-C while something must not be cut in two.

use std::sync::{Mutex, PoisonError};

/// The exit code of programs that Ctrl-C ends.
const INTERRUPTED: i32 = 130;

static WHOLE: Mutex<()> = Mutex::new(());

/// Lets Ctrl-C end the process only between two pieces of [`whole`] work. Where that cannot be had, it ends the process at once, as it does without.
pub(super) fn wait_for_whole_work() {
    let handler = || {
        let _whole = WHOLE.lock().unwrap_or_else(PoisonError::into_inner);
        std::process::exit(INTERRUPTED);
    };
    if let Err(error) = ctrlc::set_handler(handler) {
        tracing::warn!("Ctrl-C may cut what is being written: {error}");
    }
}

/// Work that is either done or not begun.
pub(super) fn whole<T>(work: impl FnOnce() -> T) -> T {
    let _whole = WHOLE.lock().unwrap_or_else(PoisonError::into_inner);
    work()
}
