//! What a finding is known by from one run to the next.

use rustc_hash::FxHashMap;
use xxhash_rust::xxh3::xxh3_128;

use super::region;
use crate::review::Outcome;
use crate::rules::Finding;

/// Each finding with its fingerprint: 32 hexadecimal digits of its rule, its file as it is shown, and the text of the line where it starts without its blanks.
///
/// Lines that are put in elsewhere change no fingerprint. Equal findings on equal lines are counted, so no two fingerprints of a run are the same.
pub(super) fn fingerprints<'a>(
    outcome: &'a Outcome,
) -> impl Iterator<Item = (&'a Finding, String)> + 'a {
    let mut seen: FxHashMap<u128, usize> = FxHashMap::default();
    outcome.findings().map(move |finding| {
        let line = region::line_text(&finding.place, outcome);
        let line: String = line.split_whitespace().collect();
        let path = outcome.shown(&finding.place.path);
        // no code has a NUL, and no path has one
        let known = xxh3_128(format!("{}\0{path}\0{line}", finding.code).as_bytes());
        let count = seen.entry(known).or_default();
        *count += 1;
        let unique = match *count {
            1 => known,
            count => xxh3_128(format!("{known:032x}\0{count}").as_bytes()),
        };
        (finding, format!("{unique:032x}"))
    })
}
