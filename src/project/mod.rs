//! All files' facts together: module resolution, values, class hierarchy, effects, execution contexts. Knows nothing of rules.

mod annotations;
mod classes;
mod disk;
mod effects;
mod flow;
mod functions;
mod modules;
mod stdlib;
mod threads;
mod uses;
mod values;

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use elsa::sync::FrozenMap;
use rustc_hash::FxHashMap;

pub use annotations::Annotation;
pub use classes::{Class, Metaclass, Mro};
pub use disk::Disk;
pub use effects::Work;
pub use functions::{Bound, Function, Parameter, ParameterKind};
pub use uses::{Followed, Part, Reach, Use, is_container_name};
pub use threads::{Chain, StartKind, ThreadStart, is_repeated};
pub use values::{ClassValue, Value};

use crate::facts::{FileFacts, Site};
use crate::syntax::{NodeId, contains_word};

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
        let all = self.all.get_or_init(|| {
            let mut all = self.disk.known();
            all.extend(self.open.keys().cloned());
            all.sort();
            all.dedup();
            all
        });
        all.iter().filter_map(|path| self.file(path))
    }

    /// The segments of all files whose text holds a name as a word.
    pub fn mentions<'p>(&'p self, name: &str) -> Vec<(&'p FileFacts, usize)> {
        let mut found = Vec::new();
        for file in self
            .files()
            .filter(|file| contains_word(file.source(), name))
        {
            found.extend(
                (0..file.len())
                    .filter(|&segment| contains_word(file.segment(segment).text(), name))
                    .map(|segment| (file, segment)),
            );
        }
        found
    }
}
