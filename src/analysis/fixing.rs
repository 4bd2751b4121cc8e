//! Which fixes can be made in one go, and what the text is after them.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use crate::rules::{Edit, Finding, Fix};

/// The fixes of one file's findings that can be made together, by position: of each finding the first fix that is safe (or any, where `unsafe_too`), unless it
/// touches what an earlier one changes. What is left out is found again after these are made.
///
/// Fixes that reach into other files are left out: their texts may be others by then.
pub fn together<'f>(
    path: &Path,
    findings: &'f [Finding],
    unsafe_too: bool,
) -> Vec<(&'f Finding, &'f Fix)> {
    let mut wanted: Vec<(&Finding, &Fix)> = findings
        .iter()
        .filter_map(|finding| {
            let mut fixes = finding.fixes.iter();
            let fix = fixes.find(|fix| (fix.safe || unsafe_too) && is_within(fix, path))?;
            Some((finding, fix))
        })
        .collect();
    wanted.sort_by_key(|(_, fix)| fix.edits.iter().map(|edit| edit.place.range.start).min());
    let mut taken = Taken::default();
    wanted.retain(|(_, fix)| taken.take(fix));
    wanted
}

fn is_within(fix: &Fix, path: &Path) -> bool {
    !fix.edits.is_empty() && fix.edits.iter().all(|edit| *edit.place.path == path)
}

/// What is changed already: ends by starts.
#[derive(Default)]
struct Taken(BTreeMap<usize, usize>);

impl Taken {
    /// Whether a fix changes nothing that is changed already; then it is taken. Its own edits may touch each other.
    fn take(&mut self, fix: &Fix) -> bool {
        let ranges = || fix.edits.iter().map(|edit| &edit.place.range);
        if !ranges().all(|range| self.is_free(range)) {
            return false;
        }
        for range in ranges() {
            let end = self.0.entry(range.start).or_insert(range.end);
            *end = range.end.max(*end);
        }
        true
    }

    /// An insertion at the edge of what is changed is not free: which of the two comes first would be chance.
    fn is_free(&self, range: &Range<usize>) -> bool {
        let near = self.0.range(..=range.end).rev();
        let mut near = near.take_while(|&(_, &end)| end >= range.start);
        near.all(|(&start, &end)| {
            let is_insertion = range.is_empty() || start == end;
            !is_insertion && (end == range.start || range.end == start)
        })
    }
}

/// A text with edits made, which may stand in any order; those that insert at one place stay in theirs. None where they overlap or reach out of the text.
pub fn applied<'e>(text: &str, edits: impl IntoIterator<Item = &'e Edit>) -> Option<String> {
    let mut edits: Vec<&Edit> = edits.into_iter().collect();
    edits.sort_by_key(|edit| (edit.place.range.start, edit.place.range.end));
    let mut after = String::with_capacity(text.len());
    let mut at = 0;
    for edit in edits {
        after.push_str(text.get(at..edit.place.range.start)?);
        after.push_str(&edit.text);
        at = edit.place.range.end;
    }
    after.push_str(text.get(at..)?);
    Some(after)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::sync::Arc;

    use super::*;
    use crate::rules::{Place, Severity};

    fn place(path: &str, range: Range<usize>) -> Place {
        Place {
            path: Arc::new(PathBuf::from(path)),
            range,
        }
    }

    fn fix(safe: bool, edits: &[(Range<usize>, &str)]) -> Fix {
        let edit = |(range, text): &(Range<usize>, &str)| Edit {
            place: place("a.py", range.clone()),
            text: (*text).to_owned(),
        };
        Fix {
            title: String::new(),
            safe,
            edits: edits.iter().map(edit).collect(),
        }
    }

    fn finding(fixes: Vec<Fix>) -> Finding {
        Finding {
            code: "MUT001",
            severity: Severity::Warning,
            place: place("a.py", 0..1),
            message: String::new(),
            evidence: Vec::new(),
            fixes,
        }
    }

    fn fixed(findings: &[Finding], unsafe_too: bool) -> String {
        let fixes = together(Path::new("a.py"), findings, unsafe_too);
        let edits = fixes.iter().flat_map(|(_, fix)| &fix.edits);
        applied("0123456789", edits).expect("they do not overlap")
    }

    #[test]
    fn the_first_by_position_wins() {
        let findings = [
            finding(vec![fix(true, &[(4..6, "b")])]),
            finding(vec![fix(true, &[(0..2, "a"), (5..7, "x")])]),
            finding(vec![fix(true, &[(2..4, "c")])]),
        ];
        assert_eq!(fixed(&findings, false), "ac4x789");
        assert_eq!(fixed(&findings[..1], false), "0123b6789");
    }

    #[test]
    fn insertions_at_an_edge_wait_for_the_next_run() {
        for taken in [3..5, 3..3, 1..3, 2..4] {
            let first = finding(vec![fix(true, &[(taken.clone(), "-")])]);
            let second = finding(vec![fix(true, &[(3..3, "x"), (9..9, "y")])]);
            let both = [first.clone(), second];
            let expected = fixed(&[first], false);
            assert_eq!(fixed(&both, false), expected, "{taken:?}");
        }
        let own = finding(vec![fix(true, &[(3..3, "x"), (3..3, "y"), (3..4, "z")])]);
        assert_eq!(fixed(&[own], false), "012xyz456789");
    }

    #[test]
    fn unsafe_fixes_are_made_where_they_are_wanted() {
        let findings = [finding(vec![
            fix(false, &[(0..1, "a")]),
            fix(true, &[(0..1, "b")]),
        ])];
        assert_eq!(fixed(&findings, false), "b123456789");
        assert_eq!(fixed(&findings, true), "a123456789");
    }

    #[test]
    fn other_files_are_left_alone() {
        let mut there = fix(true, &[(0..1, "a"), (2..3, "b")]);
        there.edits[1].place = place("b.py", 2..3);
        assert_eq!(fixed(&[finding(vec![there])], false), "0123456789");
        assert_eq!(fixed(&[finding(vec![fix(true, &[])])], false), "0123456789");
    }

    #[test]
    fn edits_that_do_not_fit_are_no_text() {
        let applied = |edits: &[(Range<usize>, &str)]| applied("0é2", &fix(true, edits).edits);
        assert_eq!(applied(&[(1..3, "")]), Some("02".to_owned()));
        assert_eq!(applied(&[(0..3, ""), (1..3, "")]), None);
        assert_eq!(applied(&[(2..3, "")]), None);
        assert_eq!(applied(&[(4..9, "")]), None);
    }
}
