//! Each format of `marginote check`, read as its readers read it.

mod existing;
mod github;
mod gitlab;
mod html;
mod jsonl;
mod junit;
mod markdown;
mod notebook;
mod output;
mod rdjsonl;
mod sarif;

use tempfile::TempDir;

use crate::harness::{folder, run, text};

/// A file's name that tries to be something else in every format.
const HOSTILE_NAME: &str =
    "`@all` %0A,: ]]> --> <b>&\"' [x](javascript:x) \n::error ::x\x1b[31m\u{202e}.py";

/// Code that tries the same, in the line of a finding and of its evidence.
const HOSTILE: &str = "def add(é, items=[]):  # ``` </script><img src=x onerror=alert(1)> @all [x](https://evil) \x1b[31m\n    items.append('``` ]]> --> </details> <script>alert(1)</script> \x1b[31m \u{202e}')\n";

/// Two files with findings, one of which is hostile, a clean one, and one that cannot be read.
fn project() -> TempDir {
    let project = folder(&[
        ("pkg/a.py", "def f(x, seen={}):\n    seen[x] = 1\n"),
        (HOSTILE_NAME, HOSTILE),
        ("clean.py", "x = 1\n"),
    ]);
    std::fs::write(project.path().join("binary\x1b.py"), b"\0").expect("a file");
    project
}

/// What a format says of a project; stderr is empty where the format holds everything.
fn written(project: &TempDir, format: &str) -> (String, String) {
    let output = run(project.path(), &["check", "--format", format]);
    assert_eq!(output.status.code(), Some(3), "{}", text(&output.stderr));
    (text(&output.stdout), text(&output.stderr))
}

/// Asserts that nothing here moves a terminal's cursor or turns the order of text round.
fn assert_printable(text: &str) {
    let is_unsafe = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
    assert!(!text.contains(is_unsafe), "{text:?}");
}
