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
use crate::rules::{Anchored, Parts, PartsKnown};

/// What a rule found in a document, and in the parts of it that it looked at.
pub(super) struct Found {
    pub(super) findings: Traced<Anchored>,
    pub(super) parts: PartsKnown,
}

/// What a rule found in an earlier document and has to find again.
struct Doubted {
    /// What it found, where it would find the same at the same places.
    findings: Option<Arc<Found>>,
    /// The parts of which it still holds.
    parts: PartsKnown,
}

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
    /// By rule.
    found: Mutex<FxHashMap<&'static str, Arc<Found>>>,
    doubted: FxHashMap<&'static str, Doubted>,
    /// The segments in which comments may silence something.
    comments: OnceLock<Arc<[usize]>>,
    /// The stamp of an earlier report: also of this one, as long as every finding and every comment that may silence one is what it was.
    earlier_stamp: Option<u64>,
    differs: AtomicBool,
    stamp: OnceLock<u64>,
}

impl InFile {
    /// What a rule found, where that is known.
    pub(super) fn found(&self, rule: &str) -> Option<Arc<Found>> {
        lock(&self.found).get(rule).cloned()
    }

    /// The parts of the document, for a rule to look at.
    pub(super) fn parts(&self, rule: &str) -> Parts<'_> {
        Parts::after(self.doubted.get(rule).map(|doubted| &doubted.parts))
    }

    /// Keeps what a rule has found now.
    pub(super) fn keep(&self, rule: &'static str, found: Found) {
        let before = self.doubted.get(rule);
        let before = before.and_then(|before| before.findings.as_ref());
        if before.is_none_or(|before| before.findings.peek() != found.findings.peek()) {
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
        let (mut found, mut doubted) = (FxHashMap::default(), FxHashMap::default());
        found.reserve(before.len());
        for (rule, known) in before.iter() {
            if known.findings.holds(changed) {
                found.insert(*rule, Arc::clone(known));
                continue;
            }
            let stands = known.findings.peek().stands(|place, segment| {
                let mut edited = edited.iter();
                let edited = edited.find(|edited| edited.path == place.path.as_path());
                edited.is_none_or(|edited| edited.old.is_same(edited.new, segment))
            });
            let again = Doubted {
                findings: stands.then(|| Arc::clone(known)),
                parts: known.parts.after(changed),
            };
            doubted.insert(*rule, again);
        }
        // nobody asked for these meanwhile
        for (rule, again) in &self.doubted {
            if !before.contains_key(rule) {
                let parts = again.parts.after(changed);
                let findings = None;
                doubted.insert(*rule, Doubted { findings, parts });
            }
        }
        let comments = self.comments.get().filter(|_| same_comments);
        InFile {
            found: Mutex::new(found),
            doubted,
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

fn in_files(
    open: &FxHashMap<PathBuf, Arc<FileFacts>>,
    mut of: impl FnMut(&Path) -> InFile,
) -> FxHashMap<PathBuf, InFile> {
    let paths = open.keys();
    paths.map(|path| (path.clone(), of(path))).collect()
}
