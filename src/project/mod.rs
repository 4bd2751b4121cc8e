//! All files' facts together: module resolution, values, class hierarchy, effects, execution contexts. Knows nothing of rules.

mod abstracts;
mod aliases;
mod annotations;
mod answers;
mod asking;
mod bases;
mod binding_self;
mod bound_values;
mod builtins;
mod caching;
mod classes;
mod computing;
mod disk;
mod fields;
mod fitting;
mod flow;
mod functions;
mod given;
mod handing;
mod heirs;
mod hiding;
mod holding;
mod items;
mod locking;
mod locks;
mod loops;
mod making;
mod modules;
mod outside;
mod pools;
mod properties;
mod readings;
mod ruled_out;
mod shapes;
mod shared;
mod slots;
mod starting;
mod stdlib;
mod steps;
mod threads;
mod tracking;
mod uses;
mod values;
mod work;

use std::ffi::OsString;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use elsa::sync::FrozenMap;
use rustc_hash::{FxHashMap, FxHashSet};

pub use abstracts::AbstractMethod;
pub use annotations::Annotation;
pub use builtins::is_builtin;
pub use classes::{Class, Metaclass, Mro};
pub use disk::{Disk, DiskState, Found, digest_of, is_notebook, not_json};
pub use fields::{ClassField, FieldMaker};
pub use fitting::Misfit;
pub use functions::{Bound, Function, Parameter, ParameterKind, is_definition};
pub use handing::{HandKind, HandOver, StartKind, Startable, argument};
pub use hiding::Hidden;
pub use holding::{Lock, Order, Owner, Reached, Taking};
pub use locking::Locking;
pub use locks::{LockKind, managers};
pub use making::{Fit, Maker, Making, is_plain_base};
pub use outside::is_container_name;
pub use pools::{Pool, PoolCall};
pub use readings::whole_target;
pub use shapes::{Singleton, SingletonShape};
pub use shared::SharedPlace;
pub use slots::{Slots, mangled, unmangled};
pub use stdlib::Protocol;
pub use threads::{Chain, Receiver, ThreadStart, is_repeated, object_of_step, turn_around};
pub use uses::{Followed, Part, Reach, Use};
pub use values::{ClassValue, Value};
pub use work::Computation;

use crate::facts::trace::{Changed, Traced, record};
use crate::facts::{Binding, BindingKind, FileFacts, Site};
use crate::syntax::{Field, Kind, NodeId, Outline};

/// A node by names that hold as long as its file does not change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    path: Arc<PathBuf>,
    segment: usize,
    node: NodeId,
}

impl Hash for Spot {
    /// Of the path's bytes: to take it apart is slower, and one file has one path.
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.path.as_os_str().as_encoded_bytes().hash(state);
        (self.segment, self.node).hash(state);
    }
}

impl Spot {
    /// The spot of a site.
    pub fn of(site: Site<'_>) -> Spot {
        Spot {
            path: Arc::clone(site.file.path()),
            segment: site.segment,
            node: site.node.id(),
        }
    }
}

/// Something about the whole project that is worked out once, and kept for later projects as long as it holds.
#[derive(Debug)]
struct Kept<T>(OnceLock<Arc<Traced<T>>>);

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Kept(OnceLock::new())
    }
}

impl<T> Kept<T> {
    fn known(&self) -> Option<&Traced<T>> {
        self.0.get().map(AsRef::as_ref)
    }

    fn after(&self, changed: &mut Changed<'_>) -> Kept<T> {
        let held = self.0.get().filter(|known| known.holds(changed));
        Kept(held.map_or_else(OnceLock::new, |known| Arc::clone(known).into()))
    }
}

/// The same by a key that is about a function.
struct KeptBy<K, T>(Mutex<FxHashMap<K, Arc<Traced<T>>>>);

impl<K, T> Default for KeptBy<K, T> {
    fn default() -> Self {
        KeptBy(Mutex::default())
    }
}

impl<K: Clone + Eq + Hash, T> KeptBy<K, T> {
    /// A panic under the lock leaves whole entries behind.
    fn known(&self) -> MutexGuard<'_, FxHashMap<K, Arc<Traced<T>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn after(&self, changed: &mut Changed<'_>) -> KeptBy<K, T> {
        let mut held = self.known().clone();
        held.retain(|_, known| known.holds(changed));
        KeptBy(Mutex::new(held))
    }
}

/// One state of the workspace: the open documents as they are, the other files as they are on disk. What is asked for is read and kept.
pub struct Project {
    disk: Arc<Disk>,
    open: Arc<FxHashMap<PathBuf, Arc<FileFacts>>>,
    /// By path: its bytes are hashed faster than its parts.
    files: FrozenMap<OsString, Arc<FileFacts>>,
    /// Every file of the project that is known, by path: what questions about the whole project are asked of.
    all: OnceLock<Vec<Arc<FileFacts>>>,
    modules: modules::Memo,
    threads: threads::Memo,
    kept: shapes::Memo,
    making: making::Memo,
    caching: caching::Memo,
    hidden: hiding::Memo,
    aliases: aliases::Memo,
    holding: holding::Memo,
    heirs: Arc<heirs::Memo>,
    answers: answers::Memo,
    /// The class statements that, by words, may change a class attribute.
    changing: FrozenMap<heirs::ChangingKey, Box<[heirs::Statement]>>,
    /// The names of classes that, by words alone, may have abstract methods.
    abstracts: Kept<FxHashSet<Box<str>>>,
}

impl Project {
    /// `open` are the documents that stand in for what is on disk.
    pub fn new(disk: Arc<Disk>, open: Arc<FxHashMap<PathBuf, Arc<FileFacts>>>) -> Project {
        Project {
            disk,
            open,
            files: FrozenMap::new(),
            all: OnceLock::new(),
            modules: modules::Memo::default(),
            threads: threads::Memo::default(),
            kept: shapes::Memo::default(),
            making: making::Memo::default(),
            caching: caching::Memo::default(),
            hidden: hiding::Memo::default(),
            aliases: aliases::Memo::default(),
            holding: holding::Memo::default(),
            heirs: Arc::default(),
            answers: answers::Memo::default(),
            changing: FrozenMap::new(),
            abstracts: Kept::default(),
        }
    }

    /// The project of later documents, with what was worked out for an earlier one as far as it still holds; and which segments have changed, where that is all that has.
    /// The files on disk must be the same.
    pub fn after<'f>(
        earlier: &'f Project,
        open: &'f Arc<FxHashMap<PathBuf, Arc<FileFacts>>>,
    ) -> (Project, Option<Changed<'f>>) {
        let mut project = Project::new(Arc::clone(&earlier.disk), Arc::clone(open));
        let Some(mut changed) = earlier.changed(open) else {
            return (project, None);
        };
        project.heirs = Arc::clone(&earlier.heirs);
        // first: all that is kept depends on the names
        project.aliases = earlier.aliases.after(&mut changed);
        if !earlier.has_names_of(&project) {
            return (project, None);
        }
        project.threads = earlier.threads.after(&mut changed);
        project.kept = earlier.kept.after(&mut changed);
        project.making = making::Memo(earlier.making.0.after(&mut changed));
        project.hidden = hiding::Memo(earlier.hidden.0.after(&mut changed));
        project.caching = caching::Memo(earlier.caching.0.after(&mut changed));
        project.holding = earlier.holding.after(&mut changed);
        project.abstracts = earlier.abstracts.after(&mut changed);
        // last: it is worked out from the others, and none of them from it
        earlier.compare_threads(&project, &mut changed);
        (project, Some(changed))
    }

    /// The segments in which the documents of a later project differ. None where they differ in more. The files on disk must be the same.
    pub fn changed_in<'f>(&'f self, later: &'f Project) -> Option<Changed<'f>> {
        let mut changed = self.changed(&later.open)?;
        if !self.has_names_of(later) {
            return None;
        }
        self.compare_threads(later, &mut changed);
        Some(changed)
    }

    /// Whether the documents of another project are the same, to the letter.
    pub fn has_same_documents(&self, other: &Project) -> bool {
        let is_same = |(path, own): (&PathBuf, &Arc<FileFacts>)| {
            other
                .open
                .get(path)
                .is_some_and(|other| Arc::ptr_eq(own, other))
        };
        self.open.len() == other.open.len() && self.open.iter().all(is_same)
    }

    /// The segments in which later documents differ. None where they differ in more.
    fn changed<'f>(&'f self, open: &'f FxHashMap<PathBuf, Arc<FileFacts>>) -> Option<Changed<'f>> {
        if self.open.len() != open.len() {
            return None;
        }
        let mut segments = Vec::new();
        for (path, later) in open {
            segments.extend(self.open.get(path)?.changed(later)?);
        }
        let changed = Changed::new(segments);
        self.aliases.are_in_both(&changed).then_some(changed)
    }

    /// Works something out once.
    fn keep<'p, T>(&'p self, kept: &'p Kept<T>, work: impl FnOnce() -> T) -> &'p T {
        let traced = kept.0.get_or_init(|| Arc::new(self.traced(work)));
        traced.get()
    }

    /// The same for an answer that is compared after edits: who uses it is not noted to have used all of it.
    fn keep_compared<'p, T>(&'p self, kept: &'p Kept<T>, work: impl FnOnce() -> T) -> &'p T {
        let traced = kept.0.get_or_init(|| Arc::new(self.traced(work)));
        traced.peek()
    }

    /// Works something out once for each key that is about a function.
    fn keep_by<'p, K: Clone + Eq + Hash, T>(
        &'p self,
        kept: &KeptBy<K, T>,
        key: K,
        function: Function<'p>,
        work: impl FnOnce() -> T,
    ) -> Arc<Traced<T>> {
        if let Some(known) = kept.known().get(&key) {
            return Arc::clone(known);
        }
        let site = function.site;
        let traced = self.traced(|| {
            // by its number the node is known in this text of the segment only
            site.file.segment(site.segment).read();
            work()
        });
        let traced = Arc::new(traced);
        kept.known().insert(key, Arc::clone(&traced));
        traced
    }

    /// Works out what is kept for later questions. What it was worked out from is noted only where documents are open, which may be edited.
    fn traced<T>(&self, work: impl FnOnce() -> T) -> Traced<T> {
        steps::afresh(|| match self.open.is_empty() {
            true => Traced::of_nothing(work()),
            false => record(work),
        })
    }

    /// The files on disk.
    pub fn disk(&self) -> &Arc<Disk> {
        &self.disk
    }

    /// An open document's facts.
    pub fn open_file(&self, path: &Path) -> Option<&Arc<FileFacts>> {
        self.open.get(path)
    }

    /// The facts of a file. None where it cannot be read as text.
    pub fn file(&self, path: &Path) -> Option<&FileFacts> {
        if let Some(known) = self.files.get(path.as_os_str()) {
            return Some(known);
        }
        let facts = match self.open.get(path) {
            Some(facts) => Arc::clone(facts),
            None => self.disk.facts(path)?,
        };
        Some(self.files.insert(path.into(), facts))
    }

    /// The same, to be kept.
    fn shared_file(&self, path: &Path) -> Option<Arc<FileFacts>> {
        self.file(path)?;
        self.files.map_get(path.as_os_str(), Arc::clone)
    }

    /// The site of a spot of one of this project's files.
    pub fn site(&self, spot: &Spot) -> Option<Site<'_>> {
        let file = self.file(&spot.path)?;
        (spot.segment < file.len()).then(|| file.root(spot.segment).at(spot.node))
    }

    /// Every file that is known, in the order of their paths.
    pub fn files(&self) -> impl Iterator<Item = &FileFacts> {
        let all = self.all.get_or_init(|| {
            let mut paths = self.disk.known();
            paths.extend(self.open.keys().cloned());
            paths.sort();
            paths.dedup();
            let files = paths.iter().filter_map(|path| self.shared_file(path));
            files.collect()
        });
        all.iter().map(AsRef::as_ref)
    }

    /// The segments of all files whose text holds, as a word, a name or one that an import gives to something of that name.
    pub fn mentions<'p>(&'p self, name: &str) -> Vec<(&'p FileFacts, usize)> {
        let mut names = vec![name.to_string()];
        let mut found = Vec::new();
        let mut known = FxHashSet::default();
        let mut at = 0;
        while let Some(name) = names.get(at).cloned() {
            at += 1;
            for (file, segment) in self.segments_with(&name) {
                if known.insert((std::ptr::from_ref(file).addr(), segment)) {
                    found.push((file, segment));
                }
                for alias in aliases(file, segment, &name) {
                    if names.len() < ALIASES && !names.contains(&alias) {
                        names.push(alias);
                    }
                }
            }
        }
        found
    }

    /// The attributes of a name, of whatever object, in all files.
    pub fn attributes_named<'p>(&'p self, name: &str) -> Vec<Site<'p>> {
        let mut found = Vec::new();
        for (file, segment) in self.mentions(name) {
            let root = file.root(segment);
            let named = root.body().named(name).map(|node| root.at(node).node);
            let names = named.filter(|name| name.field() == Field::Attribute);
            found.extend(names.filter_map(|name| Some(root.with(name.parent()?))));
        }
        found
    }

    fn segments_with<'p>(&'p self, name: &str) -> Vec<(&'p FileFacts, usize)> {
        let with_name = |file: &'p FileFacts| {
            let segments = file.segments_with(name).into_iter();
            segments.map(move |segment| (file, segment))
        };
        self.files().flat_map(with_name).collect()
    }
}

/// How many names of one thing are followed.
const ALIASES: usize = 8;

/// The names that `from … import name as alias` gives in a segment.
fn aliases(file: &FileFacts, segment: usize, name: &str) -> Vec<String> {
    if matches!(
        file.segment(segment).outline(),
        Outline::Function(_) | Outline::Class(_)
    ) {
        return Vec::new();
    }
    let root = file.root(segment);
    let is_import = |binding: &&Binding| binding.kind == BindingKind::FromImport;
    let imports = root.body().bindings.iter().filter(is_import);
    let alias = |binding: &Binding| {
        let value = root.at(binding.value?).node;
        let imported = value.child(Field::Name)?;
        let renamed = value.kind() == Kind::AliasedImport && imported.text() == name;
        renamed.then(|| root.at(binding.name).text().to_string())
    };
    imports.filter_map(alias).collect()
}
