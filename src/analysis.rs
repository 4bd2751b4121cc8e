//! The facade: open, edit, close, findings, hover. Plain data in, plain data out; knows neither LSP nor stdout.
//!
//! [`Analysis`] is the mutable state and belongs to one owner, which applies every change in order. [`Analysis::snapshot`] gives an immutable view that is
//! cheap to clone and can be asked from any thread; what it works out is kept, so that a later snapshot of the same text does not work it out again.

mod any_rule;
mod beside;
mod construct;
mod designs;
pub mod fixing;
mod hover;
mod kept;
mod meaning;
pub mod notes;
mod questions;
mod shapes;
mod shelf;
mod stamp;
mod stored;
mod suppressed;
mod suppressing;
mod uses;
mod walk;
mod walked;
mod worked;

use std::ops::Range;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use crate::config::{Config, ConfigCache, Settings, is_note};
use crate::facts::FileFacts;
use crate::facts::trace::record;
use crate::project::{Disk, is_notebook};
use crate::rules::{Anchored, Context, Finding, Findings, Fix, Options, Parts, Statements, sorted};
use crate::text::{Cells, Change, Document, PositionEncoding, RangeError};

use any_rule::AnyRule;
pub use beside::{DefinitionLens, Hint};
use notes::Notes;
pub use shelf::ReadNotes;
use shelf::{Read, Shelf};
pub use stamp::Stamp;
pub use suppressing::Suppress;
pub use uses::Uses;
pub use walk::{PythonFiles, is_python};
use worked::{Found, InFile, Worked, new_stamp};

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
    /// Reports of one file with the same stamp say the same of the same lines and columns, though bytes may have moved.
    pub stamp: u64,
}

/// What a hover says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hover {
    /// The construct or the finding that the hover is about, in bytes of the file.
    pub range: Range<usize>,
    /// The slug of the concept that it explains.
    pub concept: Option<String>,
    /// The slugs of the other concepts that answer there.
    pub also: Vec<String>,
    /// The codes of the findings there; the first is the one that the hover is about.
    pub findings: Vec<&'static str>,
    /// The text, as Markdown.
    pub markdown: String,
    /// The same for clients that show plain text only.
    pub plain: String,
}

/// An open document, and its facts as soon as somebody asked for them.
struct OpenFile {
    document: Arc<Document>,
    /// Of a notebook: the document is their text.
    cells: Option<Arc<Cells>>,
    /// The facts of an earlier version.
    previous: Option<Arc<FileFacts>>,
    facts: OnceLock<Arc<FileFacts>>,
}

impl OpenFile {
    fn new(document: Document, before: Option<&OpenFile>) -> OpenFile {
        let previous = before
            .and_then(|before| before.facts.get().or(before.previous.as_ref()))
            .cloned();
        OpenFile {
            document: Arc::new(document),
            cells: None,
            previous,
            facts: OnceLock::new(),
        }
    }

    /// Whether it is a note: by its name, unless it is a notebook whose cells are open.
    fn is_note(&self, path: &Path) -> bool {
        self.cells.is_none() && is_note(path)
    }

    fn facts(&self, path: &Path) -> &Arc<FileFacts> {
        self.facts.get_or_init(|| {
            let text = self.document.text();
            let facts = match &self.previous {
                Some(previous) => previous.update(text),
                None => FileFacts::new(Arc::new(path.to_path_buf()), text),
            };
            Arc::new(facts.with_cells(self.cells.clone()))
        })
    }
}

/// Takes a lock. What a panic under it left behind can be used: every value is put in whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a snapshot looks at.
struct State {
    disk: Arc<Disk>,
    config: Arc<ConfigCache>,
    open: FxHashMap<PathBuf, Arc<OpenFile>>,
    /// What was worked out for these documents.
    worked: Mutex<Option<Arc<Worked>>>,
    /// What was worked out for earlier documents, with the same settings: of use until `worked` is there.
    earlier: Mutex<Option<Arc<Worked>>>,
    /// What was found in files of this project, with the same count.
    reports: Mutex<FxHashMap<PathBuf, (usize, Arc<Report>)>>,
    /// The documents of files on disk that somebody asked for.
    documents: Mutex<FxHashMap<PathBuf, Arc<Document>>>,
    shelf: Shelf,
    /// The notes that somebody asked for one by one.
    read: Mutex<Read>,
    /// Where the code uses what the notes explain, as it was worked out for this state or an earlier one.
    uses: Mutex<Option<uses::Known>>,
}

/// The mutable state: folders, settings and open documents.
pub struct Analysis {
    state: Arc<State>,
}

impl Default for Analysis {
    fn default() -> Self {
        Analysis {
            state: Arc::new(State {
                disk: Arc::default(),
                config: Arc::new(ConfigCache::new(Vec::new(), true)),
                open: FxHashMap::default(),
                worked: Mutex::default(),
                earlier: Mutex::default(),
                reports: Mutex::default(),
                documents: Mutex::default(),
                shelf: Shelf::default(),
                read: Mutex::default(),
                uses: Mutex::default(),
            }),
        }
    }
}

impl Analysis {
    /// Replaces the workspace folders. Files outside every folder are analysed by themselves.
    pub fn set_folders(&mut self, folders: Vec<PathBuf>) {
        let config = Arc::new(self.state.config.in_folders(folders.clone()));
        self.state.disk.set_roots(folders);
        let shelf = self.state.shelf.after(None);
        self.replace(self.state.open.clone(), config, shelf);
    }

    /// Lays settings (an editor's, a command line's) over what the configuration files say, the later over the earlier. Without `files` no configuration file is read.
    pub fn set_overrides(&mut self, settings: Vec<Settings>, files: bool) {
        let folders = self.state.disk.roots();
        let config = ConfigCache::new(settings, files).in_folders(folders);
        let config = Arc::new(config);
        let shelf = self.state.shelf.after(None);
        self.replace(self.state.open.clone(), config, shelf);
    }

    /// Opens a document, or replaces the text of an open one.
    pub fn open(&mut self, path: PathBuf, version: i32, text: &str) {
        if !is_note(&path) {
            // what stands at the path, and so what imports mean, may be new
            self.state.disk.forget(&path);
        }
        self.change(&path.clone(), |open| {
            let file = OpenFile::new(
                Document::new(text, version),
                open.get(&path).map(Arc::as_ref),
            );
            open.insert(path, Arc::new(file));
        });
    }

    /// Opens a notebook as the code that its cells are, or replaces them.
    pub fn open_notebook(&mut self, path: PathBuf, cells: Cells) {
        let before = self.state.open.get(&path);
        let file = OpenFile {
            cells: Some(Arc::new(cells.clone())),
            ..OpenFile::new(Document::new(cells.text(), 0), before.map(Arc::as_ref))
        };
        let mut open = self.state.open.clone();
        open.insert(path, Arc::new(file));
        // what the notes know of it is what is on disk
        let shelf = self.state.shelf.after(None);
        self.replace(open, Arc::clone(&self.state.config), shelf);
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
        let before = self
            .state
            .open
            .get(path)
            .cloned()
            .ok_or(RangeError::NotOpen)?;
        let document = before.document.apply(version, changes, encoding)?;
        let file = Arc::new(OpenFile::new(document, Some(&before)));
        self.change(path, |open| {
            open.insert(path.to_path_buf(), file);
        });
        Ok(())
    }

    /// Closes a document: from now on the file on disk speaks for the path.
    pub fn close(&mut self, path: &Path) {
        if may_be_code(path) {
            self.state.disk.forget(path);
        }
        self.change(path, |open| {
            open.remove(path);
        });
    }

    /// Forgets what is known of these files on disk (Python files, configuration files, notes). Whether anything may be different now.
    pub fn changed_on_disk(&mut self, paths: &[PathBuf]) -> bool {
        let has_notes = self.state.shelf.has_notes() || self.state.config.has_notes();
        if !paths.iter().any(|path| may_be_code(path)) && !has_notes {
            return false;
        }
        for path in paths {
            self.state.disk.forget(path);
        }
        let is_code = |path: &PathBuf| {
            walk::is_python(path)
                || path
                    .extension()
                    .is_some_and(|extension| extension == "toml")
        };
        self.state.config.forget(!paths.iter().all(is_code));
        let notes = paths.iter().filter(|path| is_note(path)).cloned();
        let shelf = self.state.shelf.after(notes);
        let open = self.state.open.clone();
        self.replace(open, Arc::clone(&self.state.config), shelf);
        true
    }

    /// Forgets everything that was read from disk. Notes stay as they are until somebody puts others on the shelf ([`Snapshot::read_notes`]).
    pub fn forget_disk(&mut self) {
        self.state.disk.forget_all();
        self.state.config.forget(true);
        let open = self.state.open.clone();
        let shelf = self.state.shelf.after(None);
        self.replace(open, Arc::clone(&self.state.config), shelf);
    }

    /// An immutable view of the present state.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            state: Arc::clone(&self.state),
        }
    }

    /// Puts notes on the shelf that were read meanwhile ([`Snapshot::read_notes`]).
    pub fn set_notes(&mut self, notes: Arc<Notes>) {
        let open = self.state.open.clone();
        let own = open.iter().filter(|(path, file)| file.is_note(path));
        let own = own.map(|(path, _)| path.clone());
        let shelf = self.state.shelf.with(notes, own);
        self.replace(open, Arc::clone(&self.state.config), shelf);
    }

    /// Changes what is open at a path.
    fn change(&mut self, path: &Path, change: impl FnOnce(&mut FxHashMap<PathBuf, Arc<OpenFile>>)) {
        let mut open = self.state.open.clone();
        change(&mut open);
        let shelf = self
            .state
            .shelf
            .after(is_note(path).then(|| path.to_owned()));
        self.replace(open, Arc::clone(&self.state.config), shelf);
    }

    fn replace(
        &mut self,
        open: FxHashMap<PathBuf, Arc<OpenFile>>,
        config: Arc<ConfigCache>,
        shelf: Shelf,
    ) {
        let disk = Arc::clone(&self.state.disk);
        let worked = lock(&self.state.worked).clone();
        let earlier = worked.or_else(|| lock(&self.state.earlier).clone());
        let earlier = earlier.filter(|_| Arc::ptr_eq(&config, &self.state.config));
        let uses = lock(&self.state.uses).clone();
        let read = lock(&self.state.read).after();
        self.state = Arc::new(State {
            disk,
            config,
            open,
            worked: Mutex::default(),
            earlier: Mutex::new(earlier),
            reports: Mutex::default(),
            documents: Mutex::default(),
            shelf,
            read: Mutex::new(read),
            uses: Mutex::new(uses),
        });
    }
}

/// An immutable view: what is asked of it does not change, whatever is typed meanwhile.
#[derive(Clone)]
pub struct Snapshot {
    state: Arc<State>,
}

impl Snapshot {
    /// The open documents' paths, sorted.
    pub fn open_paths(&self) -> Vec<PathBuf> {
        let mut paths: Vec<_> = self.state.open.keys().cloned().collect();
        paths.sort();
        paths
    }

    /// The paths that the whole workspace has findings for: the Python files of the folders and the open documents, sorted.
    pub fn files(&self) -> Vec<PathBuf> {
        let folders = self.state.disk.roots();
        let mut files: Vec<PathBuf> = folders
            .iter()
            .flat_map(|folder| walk::files(folder, &self.state.config, walk::is_python).files)
            .collect();
        files.extend(self.open_paths());
        files.sort();
        files.dedup();
        files
    }

    /// The same without the notes that are open.
    fn code_files(&self) -> Vec<PathBuf> {
        let mut files = self.files();
        files.retain(|path| match self.state.open.get(path) {
            Some(file) => !file.is_note(path),
            None => !is_note(path),
        });
        files
    }

    /// The cells of a notebook that is open as such, or was read from disk as code. None for any other file.
    pub fn cells(&self, path: &Path) -> Option<Arc<Cells>> {
        match self.state.open.get(path) {
            Some(file) => file.cells.clone(),
            None => self.state.disk.cells(path),
        }
    }

    /// The Python files and notebooks below a folder that the configuration does not leave out. Notebooks that are notes are left out.
    /// With `cache` they are taken from the user's cache directory where they are known there.
    pub fn python_files(&self, folder: &Path, cache: bool) -> PythonFiles {
        let is_wanted = |path: &Path| walk::is_python(path) || is_notebook(path);
        let walk = || walk::files(folder, &self.state.config, is_wanted);
        let cache = cache.then(|| walked::cache_of(folder)).flatten();
        let mut found = match cache {
            Some(cache) => self.walked(folder, &cache, walk),
            None => walk(),
        };
        if found.files.iter().any(|path| is_notebook(path)) {
            let config = self.state.config.for_folder(folder);
            let mut notes = config.notes_files(&config.notes).files;
            notes.sort();
            let is_note = |path: &PathBuf| notes.binary_search(path).is_ok();
            found
                .files
                .retain(|path| !is_notebook(path) || !is_note(path));
        }
        found
    }

    /// The text of a file: the open document, or what is on disk. None where it cannot be read.
    pub fn document(&self, path: &Path) -> Option<Arc<Document>> {
        if let Some(file) = self.state.open.get(path) {
            return Some(Arc::clone(&file.document));
        }
        if let Some(known) = lock(&self.state.documents).get(path) {
            return Some(Arc::clone(known));
        }
        // of a note as ranges in it see it: decoded and repaired
        let document = match self.is_note(path) {
            true => Document::new(&self.note(path).ok()?.text, 0),
            false => Document::new(&self.state.disk.source(path)?, 0),
        };
        let mut known = lock(&self.state.documents);
        let document = known
            .entry(path.to_path_buf())
            .or_insert_with(|| Arc::new(document));
        Some(Arc::clone(document))
    }

    fn worked(&self) -> Arc<Worked> {
        let state = &*self.state;
        let mut known = lock(&state.worked);
        let disk = state.disk.state();
        if let Some(worked) = &*known
            && worked.disk.changes == disk.changes
        {
            return Arc::clone(worked);
        }
        let facts = state
            .open
            .iter()
            .filter(|(path, file)| !file.is_note(path))
            .map(|(path, file)| (path.clone(), Arc::clone(file.facts(path))));
        let open = Arc::new(facts.collect());
        let earlier = lock(&state.earlier).clone();
        let worked = Arc::new(match earlier.filter(|earlier| earlier.disk == disk) {
            Some(earlier) => earlier.after(open),
            None => Worked::new(&state.disk, disk, open),
        });
        *known = Some(Arc::clone(&worked));
        worked
    }

    /// Lets go of what was worked out for earlier documents, where these have theirs. It is much: to be called when nobody waits for an answer.
    pub fn let_go_of_earlier(&self) {
        let is_worked = lock(&self.state.worked).is_some();
        let earlier = is_worked.then(|| lock(&self.state.earlier).take());
        drop(earlier);
    }

    /// The findings in a file. None when cancelled.
    pub fn findings(&self, path: &Path, cancel: &Cancel) -> Option<Arc<Report>> {
        let changes = self.state.disk.changes();
        let known = || {
            self.state
                .reports
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
        };
        if let Some((made, report)) = known().get(path)
            && *made == changes
        {
            return Some(Arc::clone(report));
        }
        let report = Arc::new(self.analyse(path, cancel)?);
        known().insert(path.to_path_buf(), (changes, Arc::clone(&report)));
        Some(report)
    }

    fn analyse(&self, path: &Path, cancel: &Cancel) -> Option<Report> {
        if self.is_note(path) {
            return Some(self.check_note(path));
        }
        if !self.state.open.contains_key(path)
            && let Err(problem) = self.state.disk.read(path)
        {
            return Some(Report {
                problems: vec![problem],
                ..Report::default()
            });
        }
        let worked = self.worked();
        let project = &*worked.project;
        let Some(file) = project.file(path) else {
            return Some(Report::default());
        };
        let config = self.config(path);
        let in_file = worked.in_file(path);
        let options = options(&config);
        let context = Context {
            project,
            file,
            options: &options,
            parts: None,
        };
        let enabled = config.enabled_in(path);
        let is_enabled = |code: &str| enabled.binary_search(&code).is_ok();
        let statements = Statements::new(file);
        let mut found: Vec<Finding> = Vec::new();
        let mut problems: Vec<String> = Vec::new();
        let mut failed: Vec<&str> = Vec::new();
        let rules = AnyRule::all(&config.knowledge);
        let rules = rules.filter(|rule| is_enabled(rule.code()));
        let rules: Vec<AnyRule<'_>> = rules.collect();
        let (later, first) = rules.split_at(own_turn(rules.len()));
        for rule in first.iter().chain(later) {
            if cancel.is_cancelled() {
                return None;
            }
            let code = rule.code();
            if let Some(known) = in_file.and_then(|in_file| in_file.found(code)) {
                found.extend(known.findings.get().placed(project));
                continue;
            }
            let parts = in_file.map(|in_file| in_file.parts(code));
            let context = Context {
                parts: parts.as_ref(),
                ..context
            };
            // one bad rule on one file loses that rule's result, and nothing else
            let mut is_whole = true;
            let run = AssertUnwindSafe(|| {
                let mut own = Findings::default();
                is_whole = rule.check(&context, &statements, cancel, &mut own);
                own.sorted()
            });
            let own = match in_file {
                None => std::panic::catch_unwind(run),
                Some(in_file) => {
                    let run = AssertUnwindSafe(|| record(|| Anchored::of(run(), project)));
                    std::panic::catch_unwind(run).map(|findings| {
                        let own = findings.peek().placed(project);
                        if is_whole || !cancel.is_cancelled() {
                            let parts = parts.map(Parts::known).unwrap_or_default();
                            in_file.keep(code, Found { findings, parts });
                        }
                        own
                    })
                }
            };
            match own {
                Ok(own) => found.extend(own),
                Err(_) => {
                    if let Some(in_file) = in_file {
                        in_file.lose_stamp();
                    }
                    failed.push(code);
                    problems.push(format!(
                        "the rule {code} failed on this file; its findings are missing"
                    ));
                }
            }
            if !is_whole && cancel.is_cancelled() {
                return None;
            }
            if !is_whole {
                failed.push(code);
                problems.push(format!(
                    "the rule {code} has too much to look at in this file; some of its findings are missing"
                ));
            }
        }
        problems.sort_unstable();
        let ran = |code: &str| is_enabled(code) && !failed.contains(&code);
        let found = sorted(found);
        let comments = match in_file {
            Some(in_file) => Arc::clone(in_file.comments(file)),
            None => suppressed::segments(file),
        };
        let mut findings =
            suppressed::unsuppressed(file, &config.knowledge, &comments, found, &ran);
        for finding in &mut findings {
            finding.severity = config.severity(finding.code, finding.severity);
        }
        if let Some(cells) = self.cells(path) {
            let is_in_cells = |fix: &Fix| {
                let mut ranges = fix.edits.iter().map(|edit| &edit.place.range);
                ranges.all(|range| {
                    cells
                        .at(range.start)
                        .is_some_and(|cell| range.end <= cell.bytes.end)
                })
            };
            findings
                .iter_mut()
                .for_each(|finding| finding.fixes.retain(is_in_cells));
        }
        Some(Report {
            findings,
            problems,
            lines: file.lines(),
            stamp: in_file.map_or_else(new_stamp, InFile::stamp),
        })
    }

    /// The configuration that applies to a file.
    pub fn config(&self, path: &Path) -> Arc<Config> {
        self.state.config.for_file(path)
    }

    /// The names of rules in the settings that were set which no rule has for any of these files: what is wrong with each, for people.
    pub fn unknown_rules(&self, files: &[PathBuf]) -> Vec<String> {
        let config = &self.state.config;
        let mut wrong = config.without_files().unknown_rules.clone();
        for file in files {
            if wrong.is_empty() {
                break;
            }
            // the message of a file that has cards may know a nearer name
            let known = config.for_file(file).unknown_rules.clone();
            let here = known.into_iter();
            wrong = here.filter(|(word, _)| wrong.contains_key(word)).collect();
        }
        wrong.into_values().collect()
    }

    /// The findings in many files, in parallel, in the order of `paths`. `done` is called once a file, from any thread.
    pub fn check(&self, paths: &[PathBuf], done: &(dyn Fn() + Sync)) -> Vec<Arc<Report>> {
        // every file is read before the first is checked: rules ask for the whole project
        let code = paths.par_iter().filter(|path| !self.is_note(path));
        code.for_each(|path| {
            let _ = self.state.disk.read(path);
        });
        self.state.disk.changed();
        let cancel = Cancel::default();
        let check = |path: &PathBuf| {
            let report = self.findings(path, &cancel).unwrap_or_default();
            done();
            report
        };
        paths.par_iter().map(check).collect()
    }

    /// The same workspace, in which these files have other texts; None: in which they are not there. What is open is closed.
    pub fn as_if(&self, texts: FxHashMap<PathBuf, Option<Arc<String>>>) -> Snapshot {
        let state = State {
            disk: Arc::new(self.state.disk.as_if(texts)),
            config: Arc::clone(&self.state.config),
            open: FxHashMap::default(),
            worked: Mutex::default(),
            earlier: Mutex::default(),
            reports: Mutex::default(),
            documents: Mutex::default(),
            shelf: self.state.shelf.after(None),
            read: Mutex::default(),
            uses: Mutex::default(),
        };
        Snapshot {
            state: Arc::new(state),
        }
    }

    /// What a hover at a byte offset says: the finding there, else the concept of the construct. None where there is neither.
    pub fn hover(&self, path: &Path, offset: usize) -> Option<Hover> {
        self.hover_beside(path, offset, false)
    }

    /// The same for an editor in which the message and the evidence of findings `are_shown` beside the hover: without these.
    pub fn hover_beside(&self, path: &Path, offset: usize, are_shown: bool) -> Option<Hover> {
        let report = self.findings(path, &Cancel::default())?;
        if self.is_note(path) {
            return self.note_hover(path, offset, &report, are_shown);
        }
        let worked = self.worked();
        let project = &*worked.project;
        let file = project.file(path)?;
        let text = file.source();
        // the end of a word belongs to it too
        let before = (0..offset).rev().find(|at| text.is_char_boundary(*at));
        let mut places = std::iter::once(offset).chain(before);
        let knowledge = &self.config(path).knowledge;
        let document = |path: &Path| self.document(path);
        let quote = |concept: &str| self.quote(concept);
        let material = hover::Material {
            document: &document,
            quote: &quote,
            are_shown,
        };
        places.find_map(|at| hover::hover(project, file, knowledge, at, &report, &material))
    }

    /// Reads the workspace's files that were not read yet, so that findings that need the whole project can be made. `progress` gets (done, all).
    pub fn index(&self, progress: &(dyn Fn(usize, usize) + Sync), cancel: &Cancel) {
        let files = self.code_files();
        let done = AtomicUsize::new(0);
        files.par_iter().for_each(|path| {
            if !cancel.is_cancelled() {
                let _ = self.state.disk.read(path);
                progress(done.fetch_add(1, Ordering::Relaxed) + 1, files.len());
            }
        });
        self.state.disk.changed();
    }
}

/// Whether a file may have code or settings, by its name: a notebook may be a note or code.
fn may_be_code(path: &Path) -> bool {
    !is_note(path) || is_notebook(path)
}

/// With which of so many rules a thread begins. Where a rule asks for something of the whole project, one thread works it out and all others that ask wait: those of a check begin with
/// other rules each.
fn own_turn(rules: usize) -> usize {
    let thread = rayon::current_thread_index();
    thread.map_or(0, |thread| thread * rules / rayon::current_num_threads())
}

fn options(config: &Config) -> Options {
    Options {
        python: config.python_version,
        free_threaded: config.free_threaded,
        immutable_calls: config.immutable_calls.clone(),
    }
}
