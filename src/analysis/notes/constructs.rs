//! What the Python in a note is, as hover selectors name it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::analysis::construct::constructs_in;
use crate::facts::FileFacts;
use crate::knowledge::Selector;
use crate::knowledge::notes::{Block, Note, Part};
use crate::knowledge::search::Words;
use crate::project::{Disk, Project};

/// No file can stand here, as no path has a zero byte: what a block imports is never looked up on disk.
const NOWHERE: &str = "\0/note.py";

/// More code of one note is not looked at: no person wrote it.
const MOST_BYTES: usize = 1 << 20;
/// More bytes of import statements later blocks do not have: every block is parsed with them.
const MOST_IMPORTED: usize = 4 << 10;

/// Modules that blocks use without importing them: what they mean is clear all the same.
const MODULES: &[&str] = &[
    "ast",
    "asyncio",
    "collections",
    "contextlib",
    "copy",
    "ctypes",
    "dataclasses",
    "dis",
    "functools",
    "gc",
    "inspect",
    "itertools",
    "multiprocessing",
    "pytest",
    "queue",
    "sys",
    "threading",
    "time",
    "typing",
    "weakref",
];

/// Reads blocks of Python, each by itself.
pub(super) struct Blocks {
    disk: Arc<Disk>,
    path: Arc<PathBuf>,
}

impl Default for Blocks {
    fn default() -> Blocks {
        Blocks {
            disk: Arc::default(),
            path: Arc::new(PathBuf::from(NOWHERE)),
        }
    }
}

impl Blocks {
    /// What stands in the Python of each part of a note. What a block imports, later blocks have.
    pub(super) fn of_note(&self, note: &Note) -> Vec<Words> {
        let mut imported = String::new();
        let mut room = MOST_BYTES;
        let mut of_part = |part: Part<'_>| {
            let mut found = Vec::new();
            for block in part.code().filter(|block| may_be_python(block)) {
                if block.code.len() > room {
                    break;
                }
                room -= block.code.len();
                found.extend(self.constructs(&imported, &block.code));
                for import in imports(&block.code) {
                    if imported.len() + import.len() <= MOST_IMPORTED && !imported.contains(&import)
                    {
                        imported.push_str(&import);
                    }
                }
            }
            Words::of_constructs(&found)
        };
        note.parts().map(&mut of_part).collect()
    }

    /// Everything that stands in a block. `imports` are the import statements of the blocks before it.
    pub(super) fn constructs(&self, imports: &str, code: &str) -> Vec<Selector> {
        let used = MODULES.iter().filter(|module| uses(code, module));
        let mut text: String = used.map(|module| format!("import {module}\n")).collect();
        text.push_str(imports);
        let before = text.len();
        text.push_str(code);
        let facts = Arc::new(FileFacts::new(Arc::clone(&self.path), text.into()));
        let mut open = FxHashMap::default();
        open.insert(self.path.as_ref().clone(), facts);
        let project = Project::new(Arc::clone(&self.disk), Arc::new(open));
        match project.file(Path::new(NOWHERE)) {
            Some(file) => {
                let found = constructs_in(&project, file).into_iter();
                let own = found.filter(|construct| construct.range.start >= before);
                own.flat_map(|construct| construct.is).collect()
            }
            None => Vec::new(),
        }
    }
}

/// Whether a block speaks of an attribute of a module.
fn uses(code: &str, module: &str) -> bool {
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.');
    code.match_indices(module).any(|(at, _)| {
        let after = code.as_bytes().get(at + module.len());
        let before = at.checked_sub(1).and_then(|at| code.as_bytes().get(at));
        after == Some(&b'.') && !before.is_some_and(|byte| is_name(*byte))
    })
}

/// The import statements on the top level of a block that stand on one line, with the ends of their lines.
fn imports(code: &str) -> impl Iterator<Item = String> {
    let is_import = |line: &&str| line.starts_with("import ") || line.starts_with("from ");
    let is_whole = |line: &&str| !line.ends_with(['(', '\\', ',']);
    let lines = code.lines().filter(is_import).filter(is_whole);
    lines.map(|line| format!("{line}\n"))
}

/// Whether a block is Python, or says nothing of what it is.
fn may_be_python(block: &Block) -> bool {
    let names = ["", "python", "python3", "py", "ipython", "pycon"];
    names.contains(&block.language.as_str())
}
