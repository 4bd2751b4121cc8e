//! Which of many changed lines makes a finding elsewhere.

use std::path::PathBuf;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::lines::{Changed, Map};
use crate::analysis::{Cancel, Snapshot};
use crate::project::is_notebook;
use crate::rules::{Evidence, Finding, Place};

/// How many bytes of files are checked again to find causes: about two seconds' work. What is left then has its cause not looked for, and says so.
const WORK: usize = 64 << 20;

/// Texts that stand in for files, None for those that are not there.
type Texts = FxHashMap<PathBuf, Option<Arc<String>>>;

/// The change taken back in part: all of the first files, and of the next one the first regions.
type Step = (usize, usize);

/// Looks for causes by taking parts of the change back.
pub(super) struct Causes<'c> {
    map: &'c Map<'c>,
    after: Snapshot,
    tried: FxHashMap<Step, Tried>,
    /// Bytes that may still be checked.
    left: usize,
}

/// The project after a step, and the files of it that were checked.
struct Tried {
    snapshot: Snapshot,
    checked: FxHashSet<PathBuf>,
}

impl<'c> Causes<'c> {
    pub(super) fn new(map: &'c Map<'c>, after: &Snapshot) -> Causes<'c> {
        Causes {
            map,
            after: after.clone(),
            tried: FxHashMap::default(),
            left: WORK,
        }
    }

    /// The changed lines without which a finding would not be there, the changes above them taken back. The finding touches no changed line itself.
    pub(super) fn of(&mut self, finding: &Finding) -> Evidence {
        let known = match self.left {
            0 => None,
            _ => self.looked_for(finding),
        };
        known.unwrap_or_else(|| Evidence {
            message: "new through the change; which of its lines makes it was not looked for, for there are too many to try".to_owned(),
            place: finding.place.clone(),
        })
    }

    fn looked_for(&mut self, finding: &Finding) -> Option<Evidence> {
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
        let tried = self.tried.entry(step).or_insert_with(|| Tried {
            snapshot: after.as_if(texts(map, step)),
            checked: FxHashSet::default(),
        });
        let Some((path, start)) = place(map, &finding.place, step) else {
            return false;
        };
        if tried.checked.insert(path.clone()) {
            let document = tried.snapshot.document(&path);
            let bytes = document.map_or(0, |document| document.len_bytes());
            self.left = self.left.saturating_sub(bytes);
        }
        let report = tried.snapshot.findings(&path, &Cancel::default());
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
