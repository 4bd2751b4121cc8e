//! All files' facts together: module resolution, values, class hierarchy, effects, execution contexts. Knows nothing of rules.

mod aliases;
mod annotations;
mod binding_self;
mod classes;
mod computing;
mod disk;
mod fields;
mod flow;
mod functions;
mod handing;
mod heirs;
mod locks;
mod modules;
mod readings;
mod shapes;
mod shared;
mod stdlib;
mod threads;
mod uses;
mod values;
mod work;

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use elsa::sync::FrozenMap;
use rustc_hash::FxHashMap;

pub use annotations::Annotation;
pub use classes::{Class, Metaclass, Mro};
pub use disk::Disk;
pub use fields::{ClassField, FieldMaker};
pub use functions::{Bound, Function, Parameter, ParameterKind};
pub use handing::{HandKind, HandOver, StartKind};
pub use shapes::{Locking, Singleton, SingletonShape};
pub use shared::SharedPlace;
pub use stdlib::Protocol;
pub use threads::{Chain, Receiver, ThreadStart, is_repeated};
pub use uses::{Followed, Part, Reach, Use, is_container_name};
pub use values::{ClassValue, Value};
pub use work::Computation;

use crate::facts::{Binding, BindingKind, FileFacts, Site};
use crate::syntax::{Field, Kind, NodeId, Outline, contains_word};

/// A node by names that hold as long as its file does not change.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Spot {
    path: Arc<PathBuf>,
    segment: usize,
    node: NodeId,
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

/// One state of the workspace: the open documents as they are, the other files as they are on disk. What is asked for is read and kept.
pub struct Project {
    disk: Arc<Disk>,
    open: Arc<FxHashMap<PathBuf, Arc<FileFacts>>>,
    files: FrozenMap<PathBuf, Arc<FileFacts>>,
    /// Every file of the project that is known, sorted: what questions about the whole project are asked of.
    all: OnceLock<Vec<PathBuf>>,
    threads: threads::Memo,
    kept: shapes::Memo,
    aliases: aliases::Memo,
    heirs: heirs::Memo,
}

impl Project {
    /// `open` are the documents that stand in for what is on disk.
    pub fn new(disk: Arc<Disk>, open: Arc<FxHashMap<PathBuf, Arc<FileFacts>>>) -> Project {
        Project {
            disk,
            open,
            files: FrozenMap::new(),
            all: OnceLock::new(),
            threads: threads::Memo::default(),
            kept: shapes::Memo::default(),
            aliases: aliases::Memo::default(),
            heirs: heirs::Memo::default(),
        }
    }

    /// The facts of a file. None where it cannot be read as text.
    pub fn file(&self, path: &Path) -> Option<&FileFacts> {
        if let Some(known) = self.files.get(path) {
            return Some(known);
        }
        let facts = match self.open.get(path) {
            Some(facts) => Arc::clone(facts),
            None => self.disk.facts(path)?,
        };
        Some(self.files.insert(path.to_path_buf(), facts))
    }

    /// The site of a spot of one of this project's files.
    pub fn site(&self, spot: &Spot) -> Option<Site<'_>> {
        let file = self.file(&spot.path)?;
        (spot.segment < file.len()).then(|| file.root(spot.segment).at(spot.node))
    }

    /// Every file that is known, in the order of their paths.
    pub fn files(&self) -> impl Iterator<Item = &FileFacts> {
        self.paths().iter().filter_map(|path| self.file(path))
    }

    fn paths(&self) -> &[PathBuf] {
        self.all.get_or_init(|| {
            let mut all = self.disk.known();
            all.extend(self.open.keys().cloned());
            all.sort();
            all.dedup();
            all
        })
    }

    /// The segments of all files whose text holds, as a word, a name or one that an import gives to something of that name.
    pub fn mentions<'p>(&'p self, name: &str) -> Vec<(&'p FileFacts, usize)> {
        let mut names = vec![name.to_string()];
        let mut found = Vec::new();
        let mut at = 0;
        while let Some(name) = names.get(at).cloned() {
            at += 1;
            for (file, segment) in self.segments_with(&name) {
                let known = |(other, index): &(&FileFacts, usize)| {
                    std::ptr::eq(*other, file) && *index == segment
                };
                if !found.iter().any(known) {
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

    fn segments_with<'p>(&'p self, name: &str) -> Vec<(&'p FileFacts, usize)> {
        let files = self
            .files()
            .filter(|file| contains_word(file.source(), name));
        let mut found = Vec::new();
        for file in files {
            let segments = (0..file.len()).filter(|&index| file.segment(index).mentions(name));
            found.extend(segments.map(|segment| (file, segment)));
        }
        found
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
