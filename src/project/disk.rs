//! Files as they are on disk: read once, kept by path, forgotten when told that they changed.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use dashmap::DashMap;
use rustc_hash::{FxBuildHasher, FxHashMap};
use xxhash_rust::xxh3::xxh3_128;

use crate::facts::{FileFacts, Kin};
use crate::text::{self, Cells, Notebook};

/// A file that could not be read, and why, in words for people.
pub type ReadProblem = String;

/// By path, with a fast hash: nobody gains from paths that collide.
type ByPath<T> = DashMap<PathBuf, T, FxBuildHasher>;

/// The cache of files on disk, shared by every state of the workspace.
#[derive(Default)]
pub struct Disk {
    facts: ByPath<Result<Arc<FileFacts>, ReadProblem>>,
    /// Of notebooks that were read.
    cells: ByPath<Arc<Cells>>,
    /// Of the texts of files that were read.
    digests: ByPath<u128>,
    exists: ByPath<Found>,
    roots: std::sync::RwLock<Vec<PathBuf>>,
    changes: AtomicUsize,
    /// With the state when it was made.
    kin: Mutex<Option<(DiskState, Arc<Kin>)>>,
    /// By file: its module's name, and the folder that the first part of the name is looked up in.
    module_names: ByPath<Arc<(String, PathBuf)>>,
}

/// How often files were forgotten or read in bulk, and how many are known: the same in two states that know the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DiskState {
    pub changes: usize,
    files: usize,
}

/// What stands at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Found {
    File,
    Folder,
    Nothing,
}

impl Found {
    /// What stands at a path now.
    pub fn at(path: &Path) -> Found {
        match std::fs::metadata(path) {
            Ok(data) if data.is_file() => Found::File,
            Ok(data) if data.is_dir() => Found::Folder,
            _ => Found::Nothing,
        }
    }
}

/// A file larger than this is not analysed: no person wrote it.
const LARGEST: u64 = 64 << 20;

impl Disk {
    /// The same files, of which some have other texts, as they would be read; None: are not there.
    pub fn as_if(&self, texts: FxHashMap<PathBuf, Option<Arc<String>>>) -> Disk {
        let disk = Disk {
            facts: self.facts.clone(),
            cells: self.cells.clone(),
            roots: std::sync::RwLock::new(self.roots()),
            ..Disk::default()
        };
        for (path, text) in texts {
            let found = match text {
                Some(_) => Found::File,
                None => Found::Nothing,
            };
            for folder in path.ancestors().skip(1).filter(|_| text.is_some()) {
                if folder.is_dir() {
                    break;
                }
                disk.exists.insert(folder.to_path_buf(), Found::Folder);
            }
            disk.cells.remove(&path);
            let facts = match text {
                Some(text) => disk.facts_of(&path, text),
                None => Err("there is no such file".to_owned()),
            };
            disk.exists.insert(path.clone(), found);
            disk.facts.insert(path, facts);
        }
        disk
    }

    /// Sets the folders of the workspace. Imports are looked up in them, and nothing is read outside of them and the folders of the files asked for.
    pub fn set_roots(&self, roots: Vec<PathBuf>) {
        if let Ok(mut own) = self.roots.write() {
            *own = roots;
        }
    }

    /// The folders of the workspace.
    pub fn roots(&self) -> Vec<PathBuf> {
        self.roots
            .read()
            .map(|roots| roots.clone())
            .unwrap_or_default()
    }

    /// The facts of a file.
    pub fn facts(&self, path: &Path) -> Option<Arc<FileFacts>> {
        self.read(path).ok()
    }

    /// The text of a file, which of a notebook is its code. A file that nobody has asked about is read for it alone. None where it cannot be read.
    pub fn source(&self, path: &Path) -> Option<Arc<String>> {
        if !is_notebook(path) && !self.facts.contains_key(path) {
            return read_text(path).ok().map(Into::into);
        }
        Some(Arc::clone(self.facts(path)?.source()))
    }

    /// The facts of a file, or why it cannot be read.
    ///
    /// # Errors
    /// When the file is missing, unreadable, too large, or not text in an encoding that it declares.
    pub fn read(&self, path: &Path) -> Result<Arc<FileFacts>, ReadProblem> {
        if let Some(known) = self.facts.get(path) {
            return known.clone();
        }
        let read = self.read_file(path);
        self.facts.insert(path.to_path_buf(), read.clone());
        read
    }

    /// The cells of a notebook. None for any other file.
    pub fn cells(&self, path: &Path) -> Option<Arc<Cells>> {
        if !is_notebook(path) {
            return None;
        }
        self.read(path).ok()?;
        self.cells.get(path).map(|cells| Arc::clone(&cells))
    }

    /// Reads a file; of a notebook its cells.
    fn read_file(&self, path: &Path) -> Result<Arc<FileFacts>, ReadProblem> {
        let text = read_text(path)?;
        self.digests
            .insert(path.to_path_buf(), xxh3_128(text.as_bytes()));
        self.facts_of(path, text.into())
    }

    /// The files that were read, with the digests of their texts, in no order. None where one could not be read.
    pub fn digests(&self) -> Option<Vec<(PathBuf, u128)>> {
        let all = self.facts.iter();
        let digest = |path: &PathBuf| Some((path.clone(), *self.digests.get(path)?));
        all.map(|file| {
            let path = file.is_ok().then(|| file.key())?;
            digest(path)
        })
        .collect()
    }

    /// The paths that were looked at, and what stood there, in no order.
    pub fn looked_up(&self) -> Vec<(PathBuf, Found)> {
        let all = self.exists.iter();
        all.map(|entry| (entry.key().clone(), *entry.value()))
            .collect()
    }

    fn facts_of(&self, path: &Path, source: Arc<String>) -> Result<Arc<FileFacts>, ReadProblem> {
        let name = Arc::new(path.to_path_buf());
        if !is_notebook(path) {
            return Ok(Arc::new(FileFacts::new(name, source)));
        }
        let notebook = Notebook::read(&source);
        let notebook = notebook.map_err(|error| not_json(&error))?;
        let cells = Arc::new(notebook.code());
        self.cells.insert(path.to_path_buf(), Arc::clone(&cells));
        let facts = FileFacts::new(name, cells.text().to_owned().into());
        Ok(Arc::new(facts.with_cells(Some(cells))))
    }

    /// Every path that was read, in no order.
    pub fn known(&self) -> Vec<PathBuf> {
        self.facts
            .iter()
            .filter(|entry| entry.is_ok())
            .map(|entry| entry.key().clone())
            .collect()
    }

    /// The class statements of every file that was read, by words.
    pub fn kin(&self) -> Arc<Kin> {
        let mut known = self.kin.lock().unwrap_or_else(PoisonError::into_inner);
        let state = self.state();
        match &*known {
            Some((made, kin)) if *made == state => Arc::clone(kin),
            _ => {
                let mut files: Vec<Arc<FileFacts>> = self
                    .facts
                    .iter()
                    .filter_map(|entry| entry.as_ref().ok().cloned())
                    .collect();
                files.sort_by(|a, b| a.path().cmp(b.path()));
                let kin = Arc::new(Kin::of(files.iter().map(AsRef::as_ref)));
                *known = Some((state, Arc::clone(&kin)));
                kin
            }
        }
    }

    /// The present state, to be compared with a later one.
    pub fn state(&self) -> DiskState {
        DiskState {
            changes: self.changes(),
            files: self.facts.len(),
        }
    }

    /// How often files were forgotten, or read in bulk: a project that was made before the last time does not know them all.
    pub fn changes(&self) -> usize {
        self.changes.load(Ordering::Acquire)
    }

    /// Notes that many files were read.
    pub fn changed(&self) {
        self.changes.fetch_add(1, Ordering::AcqRel);
    }

    /// Forgets a file, and whether it and its folders exist.
    pub fn forget(&self, path: &Path) {
        self.changed();
        self.facts.remove(path);
        self.cells.remove(path);
        self.digests.remove(path);
        self.exists.clear();
        self.module_names.clear();
    }

    /// Forgets everything that was read.
    pub fn forget_all(&self) {
        self.changed();
        self.facts.clear();
        self.cells.clear();
        self.digests.clear();
        self.exists.clear();
        self.module_names.clear();
    }

    /// The name of a file's module, worked out once by `find`.
    pub fn module_name(
        &self,
        path: &Path,
        find: impl FnOnce() -> (String, PathBuf),
    ) -> Arc<(String, PathBuf)> {
        if let Some(known) = self.module_names.get(path) {
            return Arc::clone(&known);
        }
        let found = Arc::new(find());
        self.module_names
            .insert(path.to_path_buf(), Arc::clone(&found));
        found
    }

    /// What stands at a path.
    pub fn look(&self, path: &Path) -> Found {
        if let Some(known) = self.exists.get(path) {
            return *known;
        }
        let found = Found::at(path);
        self.exists.insert(path.to_path_buf(), found);
        found
    }
}

/// Whether a file's name says that it is a notebook.
pub fn is_notebook(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("ipynb"))
}

/// What is wrong with a notebook that cannot be read, for people.
pub fn not_json(error: &serde_json::Error) -> ReadProblem {
    format!("the notebook's JSON is broken ({error}): mend it, or save the notebook again")
}

/// The digest of a file's text, as [`Disk::digests`] has it. None where it cannot be read.
pub fn digest_of(path: &Path) -> Option<u128> {
    let text = read_text(path).ok()?;
    Some(xxh3_128(text.as_bytes()))
}

fn read_text(path: &Path) -> Result<String, ReadProblem> {
    let problem = |error: std::io::Error| format!("cannot read the file: {error}");
    let file = File::open(path).map_err(problem)?;
    let size = file.metadata().map_err(problem)?.len();
    let mut bytes = Vec::with_capacity(usize::try_from(size.min(LARGEST)).unwrap_or(0) + 1);
    // what a device or a pipe holds is not known beforehand, and may have no end
    file.take(LARGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(problem)?;
    if bytes.len() as u64 > LARGEST {
        return Err(format!(
            "the file is too large to analyse: the most is {} MB",
            LARGEST >> 20
        ));
    }
    text::decode(bytes).map_err(|error| error.to_string())
}
