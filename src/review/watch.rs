//! `check --watch`: files are checked again when they change, and what is new and what is gone is told.

use std::io::Write;
use std::path::PathBuf;
use std::sync::mpsc;
use std::time::Duration;

use notify_debouncer_full::notify::{self, EventKind, RecursiveMode};
use notify_debouncer_full::{DebounceEventResult, DebouncedEvent, new_debouncer};
use rustc_hash::FxHashMap;

use super::baseline::Known;
use super::check::Asked;
use super::format::text;
use super::{CheckError, FindingFormat, Outcome, Request, finish, interrupt};

/// How long a file must be left alone: an editor may write it in several steps.
const QUIET: Duration = Duration::from_millis(200);

/// Checks, writes to `out`, and again whenever something changes. Ctrl-C ends the process.
///
/// # Errors
/// As [`super::check`]; when files cannot be watched, or the format is not one for people.
pub fn watch(request: &Request, out: &mut dyn Write) -> Result<u8, CheckError> {
    if request.format != FindingFormat::Text {
        return Err(CheckError::WatchFormat);
    }
    if request.paths.iter().any(|path| path.as_os_str() == "-") {
        return Err(CheckError::Stdin);
    }
    interrupt::wait_for_whole_work();
    let mut asked = Asked::open(request)?;
    let (sender, changes) = mpsc::channel();
    let mut watcher = new_debouncer(QUIET, None, sender).map_err(unwatched)?;
    // before the first check: what changes meanwhile is seen too
    for (folder, is_deep) in asked.watched() {
        let mode = match is_deep {
            true => RecursiveMode::Recursive,
            false => RecursiveMode::NonRecursive,
        };
        watcher.watch(&folder, mode).map_err(unwatched)?;
    }
    let mut outcome = asked.outcome(request)?;
    interrupt::whole(|| outcome.write(request, out))?;
    loop {
        let mut paths = changed(changes.recv());
        // what came meanwhile
        paths.extend(changes.try_iter().flat_map(|more| changed(Ok(more))));
        if paths.is_empty() || !asked.refresh(&paths, request) {
            continue;
        }
        let now = asked.outcome(request)?;
        let page = page(&outcome, &now, request.color);
        interrupt::whole(|| finish(out.write_all(&page), out))?;
        outcome = now;
    }
}

fn unwatched(error: notify::Error) -> CheckError {
    CheckError::Watch(error.to_string())
}

/// The paths of which something may be different. An error means: of any.
fn changed(result: Result<DebounceEventResult, mpsc::RecvError>) -> Vec<PathBuf> {
    let Ok(Ok(events)) = result else {
        return vec![PathBuf::from("/")];
    };
    // to read a file changes nothing
    let is_change = |event: &DebouncedEvent| !matches!(event.kind, EventKind::Access(_));
    let events = events.into_iter().filter(is_change);
    events.flat_map(|event| event.event.paths).collect()
}

/// What is new, what is gone, and how it stands.
fn page(before: &Outcome, now: &Outcome, color: bool) -> Vec<u8> {
    let mut page = Vec::new();
    let mut known = counts(before);
    let mut new = Vec::new();
    for finding in now.findings() {
        let own = Known::of(finding, now, &now.working_directory);
        match known.get_mut(&own).filter(|left| **left > 0) {
            Some(left) => *left -= 1,
            None => new.push(finding),
        }
    }
    let written = text::write_findings(new, now, color, &mut page);
    let mut gone: Vec<&Known> = known
        .iter()
        .filter(|(_, left)| **left > 0)
        .map(|(own, _)| own)
        .collect();
    gone.sort();
    for own in gone {
        page.extend(format!("gone: {}\n", text::visible(&own.to_string())).into_bytes());
    }
    if let Err(error) = written {
        tracing::warn!("some findings are not shown: {error}");
    }
    for problem in now
        .problems()
        .filter(|problem| before.problems().all(|known| known != *problem))
    {
        let _ = text::write_problem(problem, &mut page);
    }
    page.extend(format!("{}\n", text::summary(now)).into_bytes());
    page
}

fn counts(outcome: &Outcome) -> FxHashMap<Known, usize> {
    let mut counts = FxHashMap::default();
    for finding in outcome.findings() {
        *counts
            .entry(Known::of(finding, outcome, &outcome.working_directory))
            .or_default() += 1;
    }
    counts
}
