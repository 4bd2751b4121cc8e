//! Which of many changed lines makes a finding elsewhere.

use std::path::PathBuf;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::lines::{Changed, Map};
use crate::analysis::{Cancel, Snapshot};
use crate::project::is_notebook;
use crate::rules::{Evidence, Finding, Place};

/// For so many findings the cause is looked for; the others are only new.
const FINDINGS: usize = 64;

/// Texts that stand in for files, None for those that are not there.
type Texts = FxHashMap<PathBuf, Option<Arc<str>>>;

/// The change taken back in part: all of the first files, and of the next one the first regions.
type Step = (usize, usize);

/// Looks for causes by taking parts of the change back.
pub(super) struct Causes<'c> {
    map: &'c Map<'c>,
    after: Snapshot,
    tried: FxHashMap<Step, Snapshot>,
    left: usize,
}

impl<'c> Causes<'c> {
    pub(super) fn new(map: &'c Map<'c>, after: &Snapshot) -> Causes<'c> {
        Causes {
            map,
            after: after.clone(),
            tried: FxHashMap::default(),
            left: FINDINGS,
        }
    }

    /// The changed lines without which a finding would not be there, the changes above them taken back. The finding touches no changed line itself.
    pub(super) fn of(&mut self, finding: &Finding) -> Option<Evidence> {
        self.left = self.left.checked_sub(1)?;
        let file = self.turn(self.map.files.len(), |own, files| {
            own.holds(finding, (files, 0))
        });
        let changed = self.map.files.get(file)?;
        let regions = match &changed.change.new {
            Some(path) if !is_notebook(path) => changed.change.regions.len(),
            // these are taken back as a whole
            _ => 0,
        };
        let region = self.turn(regions, |own, regions| own.holds(finding, (file, regions)));
        Some(self.evidence(changed, region, finding))
    }

    /// The last of `0..count` for which something holds, given that it holds for 0 and not for `count`.
    fn turn(&mut self, count: usize, holds: impl Fn(&mut Self, usize) -> bool) -> usize {
        let (mut yes, mut no) = (0, count.max(1));
        while no - yes > 1 {
            let middle = yes + (no - yes) / 2;
            match holds(self, middle) {
                true => yes = middle,
                false => no = middle,
            }
        }
        yes
    }

    /// Whether the finding is there after a step.
    fn holds(&mut self, finding: &Finding, step: Step) -> bool {
        let (map, after) = (self.map, &self.after);
        let snapshot = self
            .tried
            .entry(step)
            .or_insert_with(|| after.as_if(texts(map, step)));
        let Some((path, start)) = place(map, &finding.place, step) else {
            return false;
        };
        let report = snapshot.findings(&path, &Cancel::default());
        report.is_some_and(|report| {
            let mut findings = report.findings.iter();
            findings.any(|other| {
                other.code == finding.code
                    && other.place.range.start == start
                    && other.severity >= finding.severity
            })
        })
    }

    fn evidence(&self, changed: &Changed<'_>, region: usize, finding: &Finding) -> Evidence {
        let name = |path: &PathBuf| path.file_name().unwrap_or_default().display().to_string();
        let region = changed.change.regions.get(region);
        match (&changed.change.new, &changed.change.old, region) {
            (Some(path), _, Some(region)) => {
                let (line, range) = changed.shown(region);
                let line = match is_notebook(path) {
                    true => String::new(),
                    false => format!(":{line}"),
                };
                Evidence {
                    message: format!("new through the change in {}{line}", name(path)),
                    place: Place {
                        path: Arc::new(path.clone()),
                        range,
                    },
                }
            }
            (new, old, _) => {
                let path = old.as_ref().or(new.as_ref()).map(name).unwrap_or_default();
                let what = if new.is_some() { "new name" } else { "removal" };
                Evidence {
                    message: format!("new through the {what} of {path}"),
                    place: finding.place.clone(),
                }
            }
        }
    }
}

/// The files after a step.
fn texts(map: &Map<'_>, (files, regions): Step) -> Texts {
    let mut texts = Texts::default();
    for file in map.files.iter().take(files) {
        file.take_back(&mut texts);
    }
    if let Some(file) = map.files.get(files)
        && let Some(path) = &file.change.new
        && let Some(region) = file.change.regions.get(regions).filter(|_| regions > 0)
    {
        texts.insert(path.clone(), Some(file.in_part(region)));
    }
    texts
}

/// Where a finding stands after a step, and the byte that it starts at. None where its file is not there.
fn place(map: &Map<'_>, place: &Place, (files, regions): Step) -> Option<(PathBuf, usize)> {
    let own = || (place.path.to_path_buf(), place.range.start);
    let Some((at, file)) = map.after(&place.path) else {
        return Some(own());
    };
    if at < files {
        return Some((file.change.old.clone()?, file.moved_back(place.range.start)));
    }
    match file
        .change
        .regions
        .get(regions)
        .filter(|_| at == files && regions > 0)
    {
        Some(region) => Some((own().0, file.moved_in_part(place.range.start, region))),
        None => Some(own()),
    }
}
