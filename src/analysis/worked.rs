//! What was worked out for some documents, and how much of it holds for later ones.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use rustc_hash::FxHashMap;

use super::{lock, suppressed};
use crate::facts::FileFacts;
use crate::facts::trace::Traced;
use crate::project::{Disk, DiskState, Project};
use crate::rules::{Finding, Parts, Place};

/// What rules found, by file and rule.
type Found = FxHashMap<(PathBuf, &'static str), Arc<Traced<Vec<Finding>>>>;

/// The project of some documents, and what the rules found in them.
pub(super) struct Worked {
    /// The state of the files on disk when it was made.
    pub(super) disk: DiskState,
    pub(super) project: Arc<Project>,
    pub(super) found: Mutex<Found>,
    /// What they found earlier and have to find again, where it would stand now.
    pub(super) doubted: Found,
    /// By file: what they found in its parts.
    pub(super) parts: FxHashMap<PathBuf, Parts>,
    /// By file: the segments in which comments may silence something.
    pub(super) comments: Mutex<FxHashMap<PathBuf, Arc<[usize]>>>,
    /// By file: the stamp of its report, as long as every finding and every comment that may silence one is what it was.
    pub(super) stamps: Mutex<FxHashMap<PathBuf, u64>>,
}

impl Worked {
    /// Nothing yet, with the files on disk in this state.
    pub(super) fn new(
        disk: &Arc<Disk>,
        state: DiskState,
        open: Arc<FxHashMap<PathBuf, Arc<FileFacts>>>,
    ) -> Worked {
        Worked {
            disk: state,
            parts: empty_parts(&open),
            project: Arc::new(Project::new(Arc::clone(disk), open)),
            found: Mutex::default(),
            doubted: Found::default(),
            comments: Mutex::default(),
            stamps: Mutex::default(),
        }
    }

    /// The same for later documents, with what still holds.
    pub(super) fn after(&self, open: Arc<FxHashMap<PathBuf, Arc<FileFacts>>>) -> Worked {
        // what panics here panics in the rules that ask for it, one by one
        let after = AssertUnwindSafe(|| Project::after(&self.project, &open));
        let (project, changed) = catch_unwind(after).unwrap_or_else(|_| {
            let disk = Arc::clone(self.project.disk());
            (Project::new(disk, Arc::clone(&open)), None)
        });
        let (mut found, mut doubted) = (Found::default(), Found::default());
        let (mut stamps, mut comments) = (FxHashMap::default(), FxHashMap::default());
        let mut parts = empty_parts(&open);
        if let Some(mut changed) = changed {
            if !suppressed::concerns(&changed) {
                stamps = lock(&self.stamps).clone();
                comments = lock(&self.comments).clone();
            }
            for (key, findings) in lock(&self.found).iter() {
                if findings.holds(&mut changed) {
                    found.extend(
                        self.moved(findings, &open)
                            .map(|moved| (key.clone(), moved)),
                    );
                } else if let Some(moved) = self.moved(findings, &open) {
                    doubted.insert(key.clone(), moved);
                }
            }
            for (path, known) in &self.parts {
                let later = known.after(&mut changed, |found| self.moved(found, &open));
                parts.insert(path.clone(), later);
            }
        }
        Worked {
            disk: self.disk,
            project: Arc::new(project),
            found: Mutex::new(found),
            doubted,
            parts,
            comments: Mutex::new(comments),
            stamps: Mutex::new(stamps),
        }
    }

    /// Findings with their places in later documents. None where one is in a segment that has changed.
    fn moved(
        &self,
        findings: &Arc<Traced<Vec<Finding>>>,
        open: &FxHashMap<PathBuf, Arc<FileFacts>>,
    ) -> Option<Arc<Traced<Vec<Finding>>>> {
        let later = |place: &Place| {
            let (old, new) = (self.project.open_file(&place.path), open.get(&**place.path));
            match (old, new) {
                (Some(old), Some(new)) => old.moved(new, &place.range),
                _ => Some(place.range.clone()),
            }
        };
        let mut places = findings.get().iter().flat_map(Finding::places);
        if places.all(|place| later(place).as_ref() == Some(&place.range)) {
            return Some(Arc::clone(findings));
        }
        let mut moved = findings.get().clone();
        for place in moved.iter_mut().flat_map(Finding::places_mut) {
            place.range = later(place)?;
        }
        Some(Arc::new(findings.with(moved)))
    }
}

fn empty_parts(open: &FxHashMap<PathBuf, Arc<FileFacts>>) -> FxHashMap<PathBuf, Parts> {
    let paths = open.keys().cloned();
    paths.map(|path| (path, Parts::default())).collect()
}
