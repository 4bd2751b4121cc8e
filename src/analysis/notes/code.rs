//! The Python in a note: each block is a file of its own.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::analysis::construct::constructs_in;
use crate::analysis::{options, suppressed};
use crate::config::Config;
use crate::facts::FileFacts;
use crate::knowledge::notes::{Block, Part};
use crate::knowledge::search::Words;
use crate::knowledge::{Knowledge, Selector};
use crate::project::{Disk, Project};
use crate::rules::{Context, Finding, Findings, RULES, sorted};
use crate::syntax::Kind;

/// More code of one note is not looked at: no person wrote it.
const MOST_BYTES: usize = 1 << 20;
/// More bytes of import statements later blocks do not have: every block is parsed with them.
const MOST_IMPORTED: usize = 4 << 10;

/// Reads the blocks of a note in their order. What a block imports, later blocks have.
pub struct Reader {
    /// Knows by now that nothing stands where the blocks do.
    disk: Arc<Disk>,
    imported: String,
    /// How many bytes of code are still looked at.
    room: usize,
}

impl Default for Reader {
    fn default() -> Reader {
        Reader {
            disk: Arc::default(),
            imported: String::new(),
            room: MOST_BYTES,
        }
    }
}

impl Reader {
    /// The next block. None where the note has more code than is looked at.
    pub fn read(&mut self, block: &Block) -> Option<Code> {
        self.room = self.room.checked_sub(block.code.len())?;
        let code = Code::new(&self.disk, &self.imported, &block.code, block.line);
        for import in imports(&block.code) {
            let is_new = !self.imported.contains(&import);
            if is_new && self.imported.len() + import.len() <= MOST_IMPORTED {
                self.imported.push_str(&import);
            }
        }
        Some(code)
    }

    /// What stands in the Python of the next part.
    pub fn constructs(&mut self, part: &Part<'_>) -> Words {
        let blocks = part.code().filter(|block| block.may_be_python());
        let read = blocks.map_while(|block| self.read(block));
        let found: Vec<Selector> = read.flat_map(|code| code.constructs()).collect();
        Words::of_constructs(found.iter().map(|construct| (construct, 1)))
    }
}

/// What stands in a Python text.
pub fn constructs(code: &str) -> Vec<Selector> {
    Code::new(&Arc::default(), "", code, 0).constructs()
}

/// The import statements on the top level of a block that stand on one line, with the ends of their lines.
fn imports(code: &str) -> impl Iterator<Item = String> {
    let is_import = |line: &&str| line.starts_with("import ") || line.starts_with("from ");
    let is_whole = |line: &&str| !line.ends_with(['(', '\\', ',']);
    let lines = code.lines().filter(is_import).filter(is_whole);
    lines.map(|line| format!("{line}\n"))
}

/// Modules that blocks use without importing them: what they mean is clear all the same. Sorted.
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

/// The modules of [`MODULES`] of which a block speaks of an attribute, sorted.
fn used_modules(code: &str) -> Vec<&'static str> {
    let bytes = code.as_bytes();
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let before = |dot: usize| {
        let start = bytes[..dot].iter().rposition(|byte| !is_name(byte));
        let start = start.map_or(0, |other| other + 1);
        let is_attribute = bytes[..start].ends_with(b".");
        let name = code.get(start..dot).filter(|_| !is_attribute)?;
        let module = MODULES.binary_search(&name).ok()?;
        MODULES.get(module).copied()
    };
    let mut used: Vec<&str> = memchr::memchr_iter(b'.', bytes)
        .filter_map(before)
        .collect();
    used.sort_unstable();
    used.dedup();
    used
}

/// A block as a file that stands nowhere.
pub struct Code {
    project: Project,
    path: Arc<PathBuf>,
    /// The bytes of the imports before the block's own text.
    before: usize,
}

impl Code {
    /// A block of a note, after the imports of the blocks before it. `line` is the note's line where it starts, from 0: messages count from there.
    fn new(disk: &Arc<Disk>, before: &str, code: &str, line: usize) -> Code {
        // no path has a zero byte: what a block imports is never found on disk
        let path = Arc::new(PathBuf::from("\0/\0.py"));
        let used = used_modules(code).into_iter();
        let mut text: String = used.map(|module| format!("import {module}\n")).collect();
        text.push_str(before);
        let before = text.len();
        text.push_str(code);
        let lines_before = memchr::memchr_iter(b'\n', &text.as_bytes()[..before]).count();
        let facts = FileFacts::new(Arc::clone(&path), text.into());
        let facts = facts.with_line(lines_before, line);
        let mut open = FxHashMap::default();
        open.insert(path.as_ref().clone(), Arc::new(facts));
        Code {
            project: Project::new(Arc::clone(disk), Arc::new(open)),
            path,
            before,
        }
    }

    fn file(&self) -> Option<&FileFacts> {
        self.project.file(&self.path)
    }

    /// Bytes of the file as bytes of the block. None where they are not all in it.
    pub fn in_block(&self, range: &Range<usize>) -> Option<Range<usize>> {
        Some(range.start.checked_sub(self.before)?..range.end.checked_sub(self.before)?)
    }

    /// The byte of the block from which on it does not parse.
    pub fn error(&self) -> Option<usize> {
        let file = self.file()?;
        let broken = (0..file.len())
            .map(|segment| file.root(segment))
            .find(|root| root.node.tree().has_error())?;
        let mut nodes = broken.node.tree().nodes();
        let wrong = nodes.find(|node| node.kind() == Kind::Error);
        let at = broken.with(wrong.unwrap_or(broken.node)).range().start;
        Some(at.saturating_sub(self.before))
    }

    /// Everything that stands in it, as hover selectors name it.
    fn constructs(&self) -> Vec<Selector> {
        let Some(file) = self.file() else {
            return Vec::new();
        };
        let found = constructs_in(&self.project, file, self.before).into_iter();
        found.flat_map(|construct| construct.is).collect()
    }

    /// What the rules find in it, sorted. A rule that fails on it loses its findings.
    pub fn findings(&self, config: &Config, knowledge: &Knowledge, note: &Path) -> Vec<Finding> {
        let Some(file) = self.file() else {
            return Vec::new();
        };
        let context = Context {
            project: &self.project,
            file,
            options: &options(config),
            parts: None,
        };
        let enabled = config.enabled_in(note);
        let is_enabled = |code: &str| enabled.binary_search(&code).is_ok();
        let mut found = Vec::new();
        for rule in RULES.iter().filter(|rule| is_enabled(rule.code)) {
            let run = std::panic::AssertUnwindSafe(|| {
                let mut own = Findings::default();
                (rule.check)(&context, &mut own);
                own.sorted()
            });
            found.extend(std::panic::catch_unwind(run).unwrap_or_default());
        }
        let comments = suppressed::segments(file);
        suppressed::unsuppressed(file, knowledge, &comments, sorted(found), &is_enabled)
    }
}
