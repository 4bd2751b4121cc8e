//! Findings before and after a change: which ones the change has made.

use std::path::PathBuf;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::Change;
use super::cause::Causes;
use super::lines::Map;
use crate::analysis::{Report, Snapshot};
use crate::review::Outcome;
use crate::rules::{Finding, Severity};

/// What findings say that one rule made at one byte of the new text, and how severe they are.
type Known = FxHashMap<(&'static str, PathBuf, usize), Vec<(String, Severity)>>;

/// What a finding has to do with a change.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// Its range or its evidence lies on what has changed.
    Here,
    /// It lies elsewhere, and was not there before.
    Elsewhere,
    /// It lies elsewhere, and was there before.
    None,
}

impl Change {
    /// Leaves only the findings that the change concerns; with `all` the others too, marked as there before.
    pub(in crate::review) fn narrow(&self, outcome: &mut Outcome, all: bool) {
        let map = Map::new(&self.files, &outcome.snapshot);
        let parts = parts(&map, outcome);
        let mut causes = Causes::new(&map, &outcome.snapshot);
        let mut existing = rustc_hash::FxHashSet::default();
        for (file, parts) in outcome.files.iter_mut().zip(parts) {
            if parts.iter().all(|part| *part == Part::Here) {
                continue;
            }
            let mut findings = Vec::new();
            for (finding, part) in file.report.findings.iter().zip(parts) {
                let mut finding = finding.clone();
                match part {
                    Part::Here => {}
                    Part::Elsewhere => finding.evidence.push(causes.of(&finding)),
                    Part::None if all => {
                        existing.insert((finding.code, finding.place.clone()));
                    }
                    Part::None => continue,
                }
                findings.push(finding);
            }
            file.report = Arc::new(Report {
                findings,
                ..(*file.report).clone()
            });
        }
        outcome.existing = existing;
    }
}

/// What each finding of each file has to do with the change.
fn parts(map: &Map<'_>, outcome: &Outcome) -> Vec<Vec<Part>> {
    let touches = |finding: &Finding| {
        let mut evidence = finding.evidence.iter();
        map.touches(&finding.place) || evidence.any(|evidence| map.touches(&evidence.place))
    };
    let reports = outcome.files.iter().map(|file| &file.report.findings);
    let mut parts: Vec<Vec<Part>> = reports
        .map(|findings| {
            let parts = findings.iter().map(|finding| match touches(finding) {
                true => Part::Here,
                false => Part::Elsewhere,
            });
            parts.collect()
        })
        .collect();
    let doubted = outcome.files.iter().zip(&parts);
    let doubted = doubted.filter(|(_, parts)| parts.contains(&Part::Elsewhere));
    let old: Vec<PathBuf> = doubted
        .filter_map(|(file, _)| {
            let path = &file.report.findings.first()?.place.path;
            match map.after(path) {
                Some((_, file)) => file.change.old.clone(),
                None => Some(path.to_path_buf()),
            }
        })
        .collect();
    let before = before(map, &outcome.snapshot).check(&old, &|| {});
    let mut known = known(map, &before);
    // the same words first: several findings may begin at one place
    for by_message in [true, false] {
        for (file, parts) in outcome.files.iter().zip(&mut parts) {
            let open = file.report.findings.iter().zip(parts);
            for (finding, part) in open.filter(|(_, part)| **part == Part::Elsewhere) {
                if take(&mut known, finding, by_message) {
                    *part = Part::None;
                }
            }
        }
    }
    parts
}

/// The project before the change.
fn before(map: &Map<'_>, after: &Snapshot) -> Snapshot {
    let mut texts = FxHashMap::default();
    for file in &map.files {
        file.take_back(&mut texts);
    }
    after.as_if(texts)
}

/// The findings before the change, by where they are after it.
fn known(map: &Map<'_>, before: &[Arc<Report>]) -> Known {
    let mut known = Known::default();
    for finding in before.iter().flat_map(|report| &report.findings) {
        if let Some((path, start)) = map.moved(&finding.place) {
            let same = known
                .entry((finding.code, path.to_owned(), start))
                .or_default();
            same.push((finding.message.clone(), finding.severity));
        }
    }
    known
}

/// Takes the finding out of those that were there before. Whether it was among them. One that has become worse is new.
fn take(known: &mut Known, finding: &Finding, by_message: bool) -> bool {
    let place = &finding.place;
    let key = (finding.code, place.path.to_path_buf(), place.range.start);
    let Some(same) = known.get_mut(&key) else {
        return false;
    };
    let at = same.iter().position(|(message, severity)| {
        *severity >= finding.severity && (!by_message || *message == finding.message)
    });
    at.map(|at| same.swap_remove(at)).is_some()
}
