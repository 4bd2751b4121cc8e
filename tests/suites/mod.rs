//! Suites of annotated Python, read into cases.

// no test reads all of it
#![allow(dead_code)]

use std::path::{Path, PathBuf};

use marginote::analysis::{Analysis, Snapshot};
use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};

/// One heading of a suite: its files and what is marked in them.
#[derive(Default)]
pub struct Case {
    pub title: String,
    pub line: usize,
    pub files: Vec<(String, String)>,
}

/// The cases of a suite.
pub fn cases(suite: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    let (mut title, mut fence) = (None::<String>, None::<String>);
    let line = |at: usize| suite[..at].matches('\n').count() + 1;
    let mut text = String::new();
    for (event, range) in Parser::new(suite).into_offset_iter() {
        match event {
            Event::Start(Tag::Heading { .. }) => title = Some(String::new()),
            Event::End(TagEnd::Heading(_)) => {
                cases.push(Case {
                    title: title.take().unwrap_or_default(),
                    line: line(range.start),
                    ..Case::default()
                });
            }
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                text.clear();
                let mut words = info.split_whitespace();
                let language = words.next().unwrap_or_default();
                let name = words.next().unwrap_or("case.py").to_string();
                fence = matches!(language, "python" | "toml").then_some(name);
            }
            Event::End(TagEnd::CodeBlock) => {
                if let (Some(name), Some(case)) = (fence.take(), cases.last_mut()) {
                    case.files.push((name, std::mem::take(&mut text)));
                }
            }
            Event::Text(part) | Event::Code(part) => {
                if let Some(title) = &mut title {
                    title.push_str(&part);
                } else if fence.is_some() {
                    text.push_str(&part);
                }
            }
            _ => {}
        }
    }
    cases.retain(|case| !case.files.is_empty());
    cases
}

/// A case's files on disk.
pub struct Project {
    /// Deleted with the value.
    pub folder: tempfile::TempDir,
    pub root: PathBuf,
    pub paths: Vec<PathBuf>,
    pub snapshot: Snapshot,
}

/// Writes a case's files into a folder of their own.
pub fn project(case: &Case) -> Project {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let root = folder.path().canonicalize().expect("it is there");
    let mut paths = Vec::new();
    for (name, text) in &case.files {
        let path = root.join(name);
        std::fs::create_dir_all(path.parent().expect("it has one")).expect("a folder");
        std::fs::write(&path, text).expect("a file");
        if name.ends_with(".py") || name.ends_with(".pyi") {
            paths.push(path);
        }
    }
    let mut analysis = Analysis::default();
    analysis.set_folders(vec![root.clone()]);
    Project {
        folder,
        root,
        paths,
        snapshot: analysis.snapshot(),
    }
}

/// The suites of a folder in `tests` that the environment's `SUITE` names, all without it: name and text.
pub fn suites(folder: &str) -> Vec<(String, String)> {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let folder = tests.join(folder);
    let mut suites: Vec<_> = std::fs::read_dir(folder)
        .expect("the suites are there")
        .map(|entry| entry.expect("readable").path())
        .filter(|path| {
            path.extension().is_some_and(|extension| extension == "md")
                && !path.ends_with("README.md")
        })
        .map(|path| {
            (
                path.file_stem()
                    .expect("a name")
                    .to_string_lossy()
                    .into_owned(),
                std::fs::read_to_string(&path).expect("readable"),
            )
        })
        .filter(|(name, _)| std::env::var("SUITE").map_or(true, |only| name.starts_with(&only)))
        .collect();
    suites.sort();
    suites
}
