//! The facade: open, edit, close, findings, hover. Plain data in, plain data out; knows neither LSP nor stdout.
//!
//! [`Analysis`] is the mutable state and belongs to one owner, which applies every change in order. [`Analysis::snapshot`] gives an immutable view that is
//! cheap to clone and can be asked from any thread; what it works out is kept, so that a later snapshot of the same text does not work it out again.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::config::Settings;
use crate::rules::Finding;
use crate::text::{Change, Document, PositionEncoding, RangeError};

/// A flag that a newer edit or a client raises to stop work that nobody waits for any more.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Stops the work that watches this flag, soon.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether the work should stop.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// What the analysis says of one file.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Sorted by position, then code. Suppressed findings are not in it.
    pub findings: Vec<Finding>,
    /// What kept something from being analysed (a file that cannot be read, a rule that failed, a wrong setting), for people.
    pub problems: Vec<String>,
    /// Lines of the file.
    pub lines: usize,
}

/// What a hover says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hover {
    /// The construct that the hover is about, in bytes of the file.
    pub range: Range<usize>,
    /// The text, as Markdown.
    pub markdown: String,
    /// The same for clients that show plain text only.
    pub plain: String,
}

/// The mutable state: folders, settings and open documents.
#[derive(Default)]
pub struct Analysis {
    documents: Arc<BTreeMap<PathBuf, Arc<Document>>>,
}

impl Analysis {
    /// Replaces the workspace folders. Files outside every folder are analysed by themselves.
    pub fn set_folders(&mut self, _folders: Vec<PathBuf>) {}

    /// Lays settings (an editor's, a command line's) over what the configuration files say.
    pub fn set_overrides(&mut self, _settings: Settings) {}

    /// Opens a document, or replaces the text of an open one.
    pub fn open(&mut self, path: PathBuf, version: i32, text: &str) {
        let document = Arc::new(Document::new(text, version));
        Arc::make_mut(&mut self.documents).insert(path, document);
    }

    /// Applies changes, in order, to an open document.
    ///
    /// # Errors
    /// When a range lies outside the text or the document is not open; then nothing of the document has changed.
    pub fn edit(
        &mut self,
        path: &Path,
        version: i32,
        changes: &[Change],
        encoding: PositionEncoding,
    ) -> Result<(), RangeError> {
        let document = Arc::make_mut(&mut self.documents).get_mut(path);
        let document = document.ok_or(RangeError::NotOpen)?;
        *document = Arc::new(document.apply(version, changes, encoding)?);
        Ok(())
    }

    /// Closes a document: from now on the file on disk speaks for the path.
    pub fn close(&mut self, path: &Path) {
        Arc::make_mut(&mut self.documents).remove(path);
    }

    /// Forgets what is known of these files on disk (Python files or configuration files).
    pub fn changed_on_disk(&mut self, _paths: &[PathBuf]) {}

    /// An immutable view of the present state.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            documents: Arc::clone(&self.documents),
        }
    }
}

/// An immutable view: what is asked of it does not change, whatever is typed meanwhile.
#[derive(Clone)]
pub struct Snapshot {
    documents: Arc<BTreeMap<PathBuf, Arc<Document>>>,
}

impl Snapshot {
    /// The open documents' paths, sorted.
    pub fn open_paths(&self) -> Vec<PathBuf> {
        self.documents.keys().cloned().collect()
    }

    /// The paths that the whole workspace has findings for: the Python files of the folders and the open documents, sorted.
    pub fn files(&self) -> Vec<PathBuf> {
        self.open_paths()
    }

    /// The text of a file: the open document, or what is on disk. None where it cannot be read.
    pub fn document(&self, path: &Path) -> Option<Arc<Document>> {
        self.documents.get(path).cloned()
    }

    /// The findings in a file. None when cancelled.
    pub fn findings(&self, _path: &Path, _cancel: &Cancel) -> Option<Report> {
        Some(Report::default())
    }

    /// The findings in many files, in parallel, in the order of `paths`. `done` is called once a file, from any thread.
    pub fn check(&self, _paths: &[PathBuf], _done: &(dyn Fn() + Sync)) -> Vec<Report> {
        Vec::new()
    }

    /// What a hover at a byte offset says: the finding there, else the concept of the construct. None where there is neither.
    pub fn hover(&self, _path: &Path, _offset: usize) -> Option<Hover> {
        None
    }

    /// Reads the workspace's files that were not read yet, so that findings that need the whole project can be made. `progress` gets (done, all).
    pub fn index(&self, _progress: &(dyn Fn(usize, usize) + Sync), _cancel: &Cancel) {}
}
