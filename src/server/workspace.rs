//! The state that messages change, in wire order: open documents, folders, settings. Every change yields a new [`View`] and an [`Event`] for the actor.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustc_hash::FxHashMap;
use serde_json::Value;
use tokio::sync::mpsc::UnboundedSender;
use tower_lsp::lsp_types::{
    DidChangeTextDocumentParams, DidChangeWatchedFilesParams, DidChangeWorkspaceFoldersParams,
    DidCloseTextDocumentParams, DidOpenTextDocumentParams, DidSaveTextDocumentParams,
    TextDocumentContentChangeEvent, Url,
};

use super::actor::Event;
use super::convert;
use super::diagnostics::Told;
use super::notebooks::OpenNotebook;
use super::session::Session;
use crate::analysis::notes::Notes;
use crate::analysis::{Analysis, Snapshot};
use crate::config::{Settings, is_note};
use crate::text::{Change, Document, PositionEncoding};

/// A document that the client has open.
#[derive(Clone, Debug)]
pub struct OpenDocument {
    /// The client's own spelling.
    pub uri: Url,
    /// The client's number for the text.
    pub version: i32,
    /// Our number for the text. Never the same for two texts, which a version is after a document was closed and opened again.
    pub revision: u64,
    /// False after an edit that did not fit: then the text here is not the client's, and nothing is said about it until the client sends all of it.
    pub in_step: bool,
    /// The cell that it is, if it is one.
    pub cell: Option<CellOf>,
}

/// A code cell of an open notebook.
#[derive(Clone, Debug)]
pub struct CellOf {
    /// What the analysis calls the notebook.
    pub notebook: PathBuf,
    /// Its number among all cells.
    pub number: usize,
}

/// What a request or an analysis sees: it does not change, whatever is typed meanwhile. Cheap to clone.
#[derive(Clone)]
pub struct View {
    /// The analysis.
    pub snapshot: Snapshot,
    /// Documents that the client has open.
    pub open: Arc<BTreeMap<PathBuf, OpenDocument>>,
    /// Notebooks that the client has open.
    pub notebooks: Arc<BTreeMap<PathBuf, OpenNotebook>>,
    /// What was last told of open documents. Shared by all views: whether it is still true is seen by its stamp.
    pub told: Arc<Mutex<FxHashMap<PathBuf, Told>>>,
}

impl View {
    /// The text of a file, as the client sees it. None where it cannot be read or is out of step.
    pub fn document(&self, path: &Path) -> Option<Arc<Document>> {
        let known = self.open.get(path).is_none_or(|open| open.in_step);
        known.then(|| self.snapshot.document(path)).flatten()
    }

    /// Whether a file is called like a note and is none of the user's: the configuration does not name it. Nothing is said about it. Nor about a notebook that is
    /// open as text, whose notes stand in other places than their text.
    pub fn is_foreign(&self, path: &Path) -> bool {
        let is_notebook = || {
            path.extension()
                .is_some_and(|e| e.eq_ignore_ascii_case("ipynb"))
        };
        let is_ours = || {
            let notes = self.snapshot.notes();
            notes.is_some_and(|notes| notes.file(path).is_some())
        };
        is_note(path) && (!is_ours() || is_notebook() && self.open.contains_key(path))
    }

    /// A file's URI, in the client's spelling where it has the file open.
    pub fn uri(&self, path: &Path) -> Option<Url> {
        match self.open.get(path) {
            Some(open) => Some(open.uri.clone()),
            None => Url::from_file_path(path).ok(),
        }
    }
}

/// The state, shared by the ingress, which changes it in wire order, and the actor, which brings settings and asks what is current. Never held across an await.
pub type SharedWorkspace = Arc<Mutex<Workspace>>;

/// Takes the lock. A panic under it is caught where it may happen and leaves a state that can be used: see [`Workspace::replace`].
pub fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The mutable state.
pub struct Workspace {
    pub(super) analysis: Analysis,
    pub(super) open: Arc<BTreeMap<PathBuf, OpenDocument>>,
    pub(super) notebooks: Arc<BTreeMap<PathBuf, OpenNotebook>>,
    told: Arc<Mutex<FxHashMap<PathBuf, Told>>>,
    folders: Vec<PathBuf>,
    pub(super) encoding: PositionEncoding,
    /// Whether the client asks for diagnostics, and the actor need not make them.
    pulls_diagnostics: bool,
    /// Revisions given out so far.
    revisions: u64,
    /// Events are sent where the change is made, so that they have the order of the changes.
    events: UnboundedSender<Event>,
}

impl Workspace {
    /// An empty workspace, before `initialize`.
    pub fn new(events: UnboundedSender<Event>) -> Self {
        Workspace {
            analysis: Analysis::default(),
            open: Arc::default(),
            notebooks: Arc::default(),
            told: Arc::default(),
            folders: Vec::new(),
            encoding: PositionEncoding::default(),
            pulls_diagnostics: false,
            revisions: 0,
            events,
        }
    }

    /// The present state.
    pub fn view(&self) -> View {
        View {
            snapshot: self.analysis.snapshot(),
            open: Arc::clone(&self.open),
            notebooks: Arc::clone(&self.notebooks),
            told: Arc::clone(&self.told),
        }
    }

    /// The open document of a path, if this is still its text.
    pub fn current(&self, path: &Path, revision: u64) -> Option<OpenDocument> {
        let open = self.open.get(path)?;
        (open.in_step && open.revision == revision).then(|| open.clone())
    }

    /// What `initialize` agreed on.
    pub fn start(&mut self, session: &Session) {
        self.encoding = session.encoding;
        self.pulls_diagnostics = session.pulls_diagnostics;
        self.folders = session.folders.iter().filter_map(convert::folder).collect();
        self.analysis.set_folders(self.folders.clone());
    }

    /// Lays the editor's settings over the configuration files'. What is wrong with them is told to the user, the rest applies.
    pub fn configure(&mut self, settings: &Value) {
        let (settings, mut problems) = Settings::from_json(settings);
        let has_unknown = !settings.unknown_rules.is_empty();
        self.analysis.set_overrides(vec![settings], true);
        if has_unknown {
            let files = self.folders.iter().map(|folder| folder.join("any.py"));
            let files: Vec<PathBuf> = files.collect();
            problems.extend(self.analysis.snapshot().unknown_rules(&files));
        }
        if !problems.is_empty() {
            self.send(Event::WrongSettings(problems));
        }
        self.project_changed(true);
    }

    /// Folders come and go.
    pub fn change_folders(&mut self, params: DidChangeWorkspaceFoldersParams) {
        let change = params.event;
        let gone: Vec<PathBuf> = change
            .removed
            .iter()
            .filter_map(|folder| convert::folder(&folder.uri))
            .collect();
        self.folders.retain(|folder| !gone.contains(folder));
        for folder in &change.added {
            let Some(folder) = convert::folder(&folder.uri) else {
                continue;
            };
            if !self.folders.contains(&folder) {
                self.folders.push(folder);
            }
        }
        self.analysis.set_folders(self.folders.clone());
        self.project_changed(true);
    }

    /// Files on disk were written, made or deleted.
    pub fn files_changed(&mut self, params: DidChangeWatchedFilesParams) {
        let paths: Vec<PathBuf> = params
            .changes
            .iter()
            .map(|change| convert::path(&change.uri))
            .collect();
        let mut extensions = paths.iter().filter_map(|path| path.extension());
        let anew = extensions.any(|extension| extension == "toml");
        if self.analysis.changed_on_disk(&paths) {
            self.project_changed(anew);
        }
    }

    /// Has everything read again.
    pub fn forget_disk(&mut self) {
        self.analysis.forget_disk();
        self.project_changed(true);
    }

    /// The notes were read.
    pub fn set_notes(&mut self, notes: Arc<Notes>) {
        self.analysis.set_notes(notes);
        self.send(Event::Notes);
    }

    /// `anew`: whether folders or settings are others, so that notes are read again too and it may take long enough to show progress.
    fn project_changed(&self, anew: bool) {
        self.send(Event::Project { anew });
    }

    /// Opens a document.
    pub fn open(&mut self, params: DidOpenTextDocumentParams) {
        let document = params.text_document;
        let path = convert::path(&document.uri);
        if self.is_cell(&path) {
            return;
        }
        if self.open.contains_key(&path) {
            tracing::warn!(
                "{} is opened twice: its text is replaced (close it first)",
                document.uri
            );
        }
        self.replace(path, document.uri, document.version, &document.text);
    }

    /// Applies edits. Edits that do not fit leave the document out of step: see [`OpenDocument::in_step`].
    pub fn change(&mut self, params: DidChangeTextDocumentParams) {
        let (uri, version) = (params.text_document.uri, params.text_document.version);
        let path = convert::path(&uri);
        if self.is_cell(&path) {
            return;
        }
        let Some(known) = self.open.get(&path) else {
            return tracing::warn!("a change of {uri}, which is not open, is ignored");
        };
        let is_late = version < known.version;
        if version == known.version {
            tracing::warn!("{uri} has version {version} a second time: taken as it came");
        }
        if known.in_step && is_late && params.content_changes.iter().all(|c| c.range.is_some()) {
            // some clients send what is typed quickly in another order: applied as it came it would make a text that nobody wrote
            let why = format!("version {version} came after {}", known.version);
            return self.lose(path, uri, version, &why);
        }
        if known.in_step {
            return self.edit(path, uri, version, &changes(params.content_changes));
        }
        // what comes before the last full text speaks of a text that nobody here knows
        let mut told = params.content_changes;
        let Some(full) = told.iter().rposition(|change| change.range.is_none()) else {
            if let Some(open) = Arc::make_mut(&mut self.open).get_mut(&path) {
                open.version = version;
            }
            return;
        };
        let after = told.split_off(full + 1);
        let text = told.swap_remove(full).text;
        self.replace(path.clone(), uri.clone(), version, &text);
        if !after.is_empty() {
            self.edit(path, uri, version, &changes(after));
        }
    }

    /// A save repairs a document that is out of step, if the client sends the text along.
    pub fn save(&mut self, params: DidSaveTextDocumentParams) {
        let path = convert::path(&params.text_document.uri);
        match (self.open.get(&path), params.text) {
            (None, _) => tracing::warn!(
                "a save of {}, which is not open, is ignored",
                params.text_document.uri
            ),
            (Some(open), Some(text)) if !open.in_step && open.cell.is_none() => {
                let (uri, version) = (open.uri.clone(), open.version);
                self.replace(path, uri, version, &text);
            }
            _ => {}
        }
    }

    /// Closes a document: the file on disk speaks again.
    pub fn close(&mut self, params: DidCloseTextDocumentParams) {
        let path = convert::path(&params.text_document.uri);
        if self.is_cell(&path) {
            return;
        }
        let Some(closed) = Arc::make_mut(&mut self.open).remove(&path) else {
            return tracing::warn!("{} is closed but was not open", params.text_document.uri);
        };
        self.analysis.close(&path);
        lock(&self.told).remove(&path);
        self.send(Event::Closed {
            path,
            uri: closed.uri,
        });
    }

    /// Whether a document is a cell: these come with their notebook, and a client that sends them by themselves too says nothing new.
    fn is_cell(&self, path: &Path) -> bool {
        self.open.get(path).is_some_and(|open| open.cell.is_some())
    }

    fn replace(&mut self, path: PathBuf, uri: Url, version: i32, text: &str) {
        let opened = catch_unwind(AssertUnwindSafe(|| {
            self.analysis.open(path.clone(), version, text);
        }));
        match opened {
            Ok(()) => self.advance(path, uri, version),
            Err(_) => self.lose(
                path,
                uri,
                version,
                "the analysis failed on its text (a bug)",
            ),
        }
    }

    fn edit(&mut self, path: PathBuf, uri: Url, version: i32, changes: &[Change]) {
        let edited = catch_unwind(AssertUnwindSafe(|| {
            self.analysis.edit(&path, version, changes, self.encoding)
        }));
        match edited {
            Ok(Ok(())) => self.advance(path, uri, version),
            Ok(Err(error)) => self.lose(path, uri, version, &error.to_string()),
            Err(_) => self.lose(path, uri, version, "the analysis failed on an edit (a bug)"),
        }
    }

    /// The document has a new text.
    fn advance(&mut self, path: PathBuf, uri: Url, version: i32) {
        self.record(path.clone(), uri, version, true, None);
        self.touched(path);
    }

    /// Has an open document analysed, unless the client will ask for that.
    pub(super) fn touched(&self, path: PathBuf) {
        if !self.pulls_diagnostics {
            self.send(Event::Touched { path });
        }
    }

    /// A cell is open, or has changed.
    pub(super) fn record_cell(
        &mut self,
        name: &Path,
        uri: &Url,
        version: i32,
        in_step: bool,
        cell: CellOf,
    ) {
        // what stands in it may have come from another cell
        lock(&self.told).remove(name);
        self.record(
            name.to_path_buf(),
            uri.clone(),
            version,
            in_step,
            Some(cell),
        );
    }

    /// Cells are gone: what was said about them is taken back.
    pub(super) fn close_cells(&mut self, names: &[PathBuf]) {
        for name in names {
            let Some(closed) = Arc::make_mut(&mut self.open).remove(name) else {
                continue;
            };
            lock(&self.told).remove(name);
            self.send(Event::Closed {
                path: name.clone(),
                uri: closed.uri,
            });
        }
    }

    /// The document's text is not known any more: what was said about it is taken back.
    fn lose(&mut self, path: PathBuf, uri: Url, version: i32, why: &str) {
        tracing::warn!(
            "{uri} is out of step ({why}): it is left alone until it is saved, sent as a whole or opened again"
        );
        // the file on disk is nearer to the truth for the files that import it
        self.analysis.close(&path);
        self.record(path.clone(), uri.clone(), version, false, None);
        self.send(Event::Closed { path, uri });
    }

    fn record(
        &mut self,
        path: PathBuf,
        uri: Url,
        version: i32,
        in_step: bool,
        cell: Option<CellOf>,
    ) {
        self.revisions += 1;
        let document = OpenDocument {
            uri,
            version,
            revision: self.revisions,
            in_step,
            cell,
        };
        Arc::make_mut(&mut self.open).insert(path, document);
    }

    /// Tells the actor something.
    pub fn send(&self, event: Event) {
        // the actor ends with the process
        let _ = self.events.send(event);
    }
}

/// Edits as the client sent them.
pub(super) fn changes(changes: Vec<TextDocumentContentChangeEvent>) -> Vec<Change> {
    changes
        .into_iter()
        .map(|change| Change {
            range: change
                .range
                .map(|range| (convert::from_lsp(range.start), convert::from_lsp(range.end))),
            text: change.text,
        })
        .collect()
}
