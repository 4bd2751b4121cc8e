//! `check --watch`.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use crate::harness::{PITFALL, command, folder, run};

struct Watching {
    child: Child,
    lines: Receiver<String>,
}

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Watching {
    fn start(mut command: Command) -> Watching {
        let mut child = command.stdout(Stdio::piped()).spawn().expect("it starts");
        let out = child.stdout.take().expect("a pipe");
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        Watching { child, lines }
    }

    /// The lines up to the one that sums up.
    fn page(&self) -> Vec<String> {
        let mut page = Vec::new();
        loop {
            let line = self.lines.recv_timeout(Duration::from_secs(60));
            page.push(line.unwrap_or_else(|_| panic!("it says nothing more: {page:?}")));
            if page.last().is_some_and(|line| line.contains(" checked")) {
                return page;
            }
        }
    }
}

fn has(page: &[String], start: &str) -> bool {
    page.iter().any(|line| line.starts_with(start))
}

#[test]
fn what_is_new_and_what_is_gone_is_told() {
    let project = folder(&[("a.py", PITFALL), ("sub/b.py", "x = 1\n")]);
    let here = project.path();
    let watching = Watching::start(command(here, &["check", "--watch"]));
    let page = watching.page();
    assert!(has(&page, "warning[MUT001]"), "{page:?}");
    assert_eq!(
        page.last().map(String::as_str),
        Some("2 files checked: 1 warning")
    );
    // lines that only move are no news; a file below is one, and so is a new one
    fs::write(here.join("a.py"), format!("# moved\n{PITFALL}")).expect("a file");
    assert_eq!(watching.page(), ["2 files checked: 1 warning"]);
    fs::write(here.join("sub/b.py"), PITFALL).expect("a file");
    let page = watching.page();
    assert!(
        has(&page, " --> sub/b.py:1") && !page.concat().contains("a.py"),
        "{page:?}"
    );
    fs::create_dir(here.join("new")).expect("a folder");
    fs::write(here.join("new/c.py"), PITFALL).expect("a file");
    let page = watching.page();
    assert!(has(&page, " --> new/c.py:1"), "{page:?}");
    fs::remove_file(here.join("a.py")).expect("it is there");
    let page = watching.page();
    assert!(
        has(&page, "gone: MUT001 in a.py: def add(item, items=[]):"),
        "{page:?}"
    );
    fs::write(here.join("marginote.toml"), "ignore = ['MUT']\n").expect("a file");
    assert_eq!(
        watching.page().last().map(String::as_str),
        Some("2 files checked, nothing found")
    );
}

#[cfg(unix)]
#[test]
fn a_notebook_is_looked_at_again() {
    let notebook = |code: &str| {
        let cell = serde_json::json!({"cell_type": "code", "source": code});
        serde_json::json!({"cells": [cell]}).to_string()
    };
    let project = folder(&[("a.ipynb", &notebook("x = 1"))]);
    let here = project.path();
    let watching = Watching::start(command(here, &["check", "--watch"]));
    assert_eq!(watching.page(), ["1 file checked, nothing found"]);
    fs::write(here.join("a.ipynb"), notebook(PITFALL)).expect("a file");
    let page = watching.page();
    assert!(has(&page, " --> a.ipynb:cell 1:1"), "{page:?}");
}

#[test]
fn ctrl_c_ends_it() {
    let project = folder(&[("a.py", PITFALL)]);
    let mut watching = Watching::start(command(
        project.path(),
        &["check", "--watch", "--color", "always"],
    ));
    assert!(
        watching.page().iter().any(|line| line.contains("\u{1b}[")),
        "colours"
    );
    let id = watching.child.id().to_string();
    let status = Command::new("kill").args(["-INT", &id]).status();
    assert!(status.expect("kill runs").success());
    assert_eq!(watching.child.wait().expect("it ends").code(), Some(130));
}

#[test]
fn what_cannot_be_watched_is_refused() {
    let project = folder(&[("a.py", PITFALL)]);
    for arguments in [&["--format", "json"][..], &["-"], &["--fix"], &["no.py"]] {
        let arguments = [&["check", "--watch"], arguments].concat();
        let output = run(project.path(), &arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    }
}
