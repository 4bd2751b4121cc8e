//! Temporary projects, the binary, and the JSON document.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde::Deserialize;

/// Version 1 of the JSON document, as the README describes it. An unknown or a missing key fails the test.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct Document {
    pub version: u32,
    pub findings: Vec<Finding>,
    pub errors: Vec<Problem>,
    pub summary: Summary,
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    pub code: String,
    pub name: String,
    pub severity: String,
    pub path: String,
    /// Only of notebooks.
    #[allow(dead_code)]
    pub cell: Option<usize>,
    pub range: Range,
    pub message: String,
    pub concept: String,
    pub evidence: Vec<Evidence>,
    pub fixes: Vec<Fix>,
    #[serde(default)]
    pub existing: bool,
}

#[derive(Deserialize, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[serde(deny_unknown_fields)]
pub struct Range {
    pub start: Position,
    pub end: Position,
}

#[derive(Deserialize, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[serde(deny_unknown_fields)]
pub struct Position {
    pub line: usize,
    pub column: usize,
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    pub path: String,
    /// Only of notebooks.
    #[allow(dead_code)]
    pub cell: Option<usize>,
    pub range: Range,
    pub message: String,
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct Fix {
    pub title: String,
    #[allow(dead_code)]
    pub safe: bool,
    pub edits: Vec<Edit>,
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct Edit {
    pub path: String,
    /// Only of notebooks.
    #[allow(dead_code)]
    pub cell: Option<usize>,
    pub range: Range,
    #[allow(dead_code)]
    pub text: String,
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct Problem {
    pub path: String,
    pub message: String,
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct Summary {
    pub files: usize,
    pub lines: usize,
    pub findings: Counts,
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    pub error: usize,
    pub warning: usize,
    pub information: usize,
    pub hint: usize,
}

pub const PITFALL: &str = "def add(item, items=[]):\n    items.append(item)\n";

/// The binary in a folder. What it keeps for its user is kept in the folder too.
pub fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_marginote"));
    command
        .args(arguments)
        .current_dir(folder)
        .env_remove("NO_COLOR")
        .env_remove("CLICOLOR_FORCE")
        .env("HOME", folder.join(".home"))
        .env("XDG_CACHE_HOME", folder.join(".home/cache"))
        .env("XDG_DATA_HOME", folder.join(".home/data"))
        .env("XDG_CONFIG_HOME", folder.join(".home/config"))
        .stdin(Stdio::null());
    command
}

pub fn run(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, arguments)
        .output()
        .expect("the binary runs")
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("output is UTF-8")
}

pub fn json(output: &Output) -> Document {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", text(&output.stdout)))
}

pub fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, content) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("it has one")).expect("a folder");
        fs::write(path, content).expect("a file");
    }
    folder
}

/// Runs the binary with these bytes on its stdin.
pub fn run_with_stdin(folder: &Path, arguments: &[&str], stdin: &[u8]) -> Output {
    let mut child = command(folder, arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    child
        .stdin
        .take()
        .expect("a pipe")
        .write_all(stdin)
        .expect("it reads");
    child.wait_with_output().expect("it ends")
}

pub fn finding_paths(document: &Document) -> Vec<&str> {
    document
        .findings
        .iter()
        .map(|finding| finding.path.as_str())
        .collect()
}
