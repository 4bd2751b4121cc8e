//! What was worked out for some documents, and how much of it holds for later ones.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use rustc_hash::FxHashMap;

use super::{lock, suppressed};
use crate::facts::FileFacts;
use crate::facts::trace::{Changed, Traced};
use crate::project::{Disk, DiskState, Project};
use crate::rules::{Finding, Parts, Place};

/// What rules found in a file, by rule.
type Found = FxHashMap<&'static str, Arc<Traced<Vec<Finding>>>>;

/// The project of some documents, and what the rules found in them.
pub(super) struct Worked {
    /// The state of the files on disk when it was made.
    pub(super) disk: DiskState,
    pub(super) project: Arc<Project>,
    /// One for each open document: only these are edited.
    in_files: FxHashMap<PathBuf, InFile>,
}

/// What was worked out for one open document.
#[derive(Default)]
pub(super) struct InFile {
    found: Mutex<Found>,
    /// What rules found earlier and have to find again, where it would stand now.
    doubted: Found,
    /// What they found in its parts.
    pub(super) parts: Parts,
    /// The segments in which comments may silence something.
    comments: OnceLock<Arc<[usize]>>,
    /// The stamp of an earlier report: also of this one, as long as every finding and every comment that may silence one is what it was.
    earlier_stamp: Option<u64>,
    differs: AtomicBool,
    stamp: OnceLock<u64>,
}

impl InFile {
    /// What a rule found, where that is known.
    pub(super) fn found(&self, rule: &str) -> Option<Arc<Traced<Vec<Finding>>>> {
        lock(&self.found).get(rule).cloned()
    }

    /// Keeps what a rule has found now.
    pub(super) fn keep(&self, rule: &'static str, found: Traced<Vec<Finding>>) {
        let before = self.doubted.get(rule);
        if before.is_none_or(|before| before.peek() != found.peek()) {
            // before others see what was found: they must not take the earlier stamp
            self.lose_stamp();
        }
        lock(&self.found).insert(rule, Arc::new(found));
    }

    /// Notes that the report may be another than the earlier one.
    pub(super) fn lose_stamp(&self) {
        self.differs.store(true, Ordering::Release);
    }

    /// The segments of the document in which comments may silence something.
    pub(super) fn comments(&self, file: &FileFacts) -> &Arc<[usize]> {
        self.comments.get_or_init(|| suppressed::segments(file))
    }

    /// The stamp of the document's report, once every rule has looked.
    pub(super) fn stamp(&self) -> u64 {
        match self.earlier_stamp {
            Some(stamp) if !self.differs.load(Ordering::Acquire) => stamp,
            _ => *self.stamp.get_or_init(new_stamp),
        }
    }

    /// The stamp that a later document starts with.
    fn known_stamp(&self) -> Option<u64> {
        let earlier = self.earlier_stamp;
        let same = earlier.filter(|_| !self.differs.load(Ordering::Acquire));
        same.or(self.stamp.get().copied())
    }

    /// What still holds for later documents.
    fn carried(
        &self,
        changed: &mut Changed<'_>,
        same_comments: bool,
        edited: &[Edited<'_>],
    ) -> InFile {
        let before = lock(&self.found);
        let (mut found, mut doubted) = (Found::default(), Found::default());
        found.reserve(before.len());
        for (rule, findings) in before.iter() {
            let holds = findings.holds(changed);
            let later = if holds { &mut found } else { &mut doubted };
            if let Some(moved) = moved(findings, edited) {
                later.insert(rule, moved);
            }
        }
        let comments = self.comments.get().filter(|_| same_comments);
        InFile {
            found: Mutex::new(found),
            doubted,
            parts: self.parts.after(changed, |found| moved(found, edited)),
            comments: comments.cloned().map(OnceLock::from).unwrap_or_default(),
            earlier_stamp: self.known_stamp().filter(|_| same_comments),
            ..InFile::default()
        }
    }
}

/// A stamp that no other report has.
pub(super) fn new_stamp() -> u64 {
    static STAMPS: AtomicU64 = AtomicU64::new(1);
    STAMPS.fetch_add(1, Ordering::Relaxed)
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
            in_files: in_files(&open, |_| InFile::default()),
            project: Arc::new(Project::new(Arc::clone(disk), open)),
        }
    }

    /// What was worked out for an open document. None for any other file.
    pub(super) fn in_file(&self, path: &Path) -> Option<&InFile> {
        self.in_files.get(path)
    }

    /// The same for later documents, with what still holds.
    pub(super) fn after(&self, open: Arc<FxHashMap<PathBuf, Arc<FileFacts>>>) -> Worked {
        // what panics here panics in the rules that ask for it, one by one
        let after = AssertUnwindSafe(|| Project::after(&self.project, &open));
        let (project, changed) = catch_unwind(after).unwrap_or_else(|_| {
            let disk = Arc::clone(self.project.disk());
            (Project::new(disk, Arc::clone(&open)), None)
        });
        let in_files = match changed {
            None => in_files(&open, |_| InFile::default()),
            Some(mut changed) => {
                let same_comments = !suppressed::concerns(&changed);
                let edited = self.edited(&open);
                // what is carried over is of the same documents
                in_files(&open, |path| {
                    let known = self.in_files.get(path);
                    known.map_or_else(InFile::default, |known| {
                        known.carried(&mut changed, same_comments, &edited)
                    })
                })
            }
        };
        Worked {
            disk: self.disk,
            project: Arc::new(project),
            in_files,
        }
    }

    /// The open documents that later ones differ from.
    fn edited<'f>(&'f self, open: &'f FxHashMap<PathBuf, Arc<FileFacts>>) -> Vec<Edited<'f>> {
        let later = |(path, new): (&'f PathBuf, &'f Arc<FileFacts>)| {
            let old = self.project.open_file(path)?;
            (!Arc::ptr_eq(old, new)).then_some(Edited { path, old, new })
        };
        open.iter().filter_map(later).collect()
    }
}

/// A document of which there is a later version.
struct Edited<'f> {
    path: &'f Path,
    old: &'f FileFacts,
    new: &'f FileFacts,
}

/// Findings with their places in later documents. None where one is in a segment that has changed.
fn moved(
    findings: &Arc<Traced<Vec<Finding>>>,
    edited: &[Edited<'_>],
) -> Option<Arc<Traced<Vec<Finding>>>> {
    let later = |place: &Place| {
        let mut edited = edited.iter();
        match edited.find(|edited| edited.path == place.path.as_path()) {
            Some(edited) => edited.old.moved(edited.new, &place.range),
            None => Some(place.range.clone()),
        }
    };
    let mut places = findings.peek().iter().flat_map(Finding::places);
    if places.all(|place| later(place).as_ref() == Some(&place.range)) {
        return Some(Arc::clone(findings));
    }
    let mut moved = findings.peek().clone();
    for place in moved.iter_mut().flat_map(Finding::places_mut) {
        place.range = later(place)?;
    }
    Some(Arc::new(findings.with(moved)))
}

fn in_files(
    open: &FxHashMap<PathBuf, Arc<FileFacts>>,
    mut of: impl FnMut(&Path) -> InFile,
) -> FxHashMap<PathBuf, InFile> {
    let paths = open.keys();
    paths.map(|path| (path.clone(), of(path))).collect()
}
