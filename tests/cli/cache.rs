//! What a check of a folder finds is kept for the next one. That it is not believed when it should not be is tested beside the cache itself.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::harness::{PITFALL, command, folder, run, text};

const NOTEBOOK: &str = r##"{"nbformat": 4, "metadata": {}, "cells": [
 {"cell_type": "markdown", "source": "# prose"},
 {"cell_type": "code", "source": ["def log(event, events=[]):\n", "    events.append(event)"]}
]}"##;

/// The files that are kept.
fn kept(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder.join(".home/cache/marginote/checks"));
    let paths = entries.into_iter().flatten().flatten();
    paths.map(|entry| entry.path()).collect()
}

#[test]
fn every_format_says_the_same_from_the_cache() {
    let project = folder(&[
        ("a.py", PITFALL),
        ("b.ipynb", NOTEBOOK),
        ("c/d.py", "x = 1\n"),
    ]);
    let here = project.path();
    for format in [
        "text", "json", "jsonl", "sarif", "github", "gitlab", "rdjsonl", "markdown", "junit",
        "html",
    ] {
        let check = |more: &[&str]| {
            let output = run(here, &[&["check", "--format", format], more].concat());
            (output.status.code(), text(&output.stdout))
        };
        let first = check(&[]);
        assert_eq!(kept(here).len(), 1, "{format}");
        let again = check(&[]);
        assert_eq!(first, again, "{format}");
        assert_eq!(first, check(&["--no-cache"]), "{format}");
        assert_eq!(first.0, Some(1), "{format}");
    }
    let counted = text(&run(here, &["check", "--statistics"]).stdout);
    assert!(counted.contains("MUT001"), "{counted}");
}

#[test]
fn only_checks_of_folders_are_kept() {
    let project = folder(&[("a.py", PITFALL)]);
    let here = project.path();
    for arguments in [
        &["check", "--no-cache"][..],
        &["check", "a.py"],
        &["check", "--diff-only"],
        &["check", "--fix", "--no-cache"],
    ] {
        run(here, arguments);
        assert!(kept(here).is_empty(), "{arguments:?}");
    }
}

#[test]
fn what_was_fixed_is_checked_anew() {
    let project = folder(&[("a.py", PITFALL)]);
    let here = project.path();
    assert_eq!(run(here, &["check"]).status.code(), Some(1));
    let fixed = run(here, &["check", "--fix", "--unsafe-fixes"]);
    assert_eq!(fixed.status.code(), Some(0));
    assert_eq!(run(here, &["check"]).status.code(), Some(0));
    fs::write(here.join("a.py"), PITFALL).expect("there is room");
    assert_eq!(run(here, &["check"]).status.code(), Some(1));
}

#[test]
fn checks_at_the_same_time_leave_a_whole_cache() {
    let project = folder(&[("a.py", PITFALL), ("b.py", PITFALL)]);
    let here = project.path();
    let start = |_| {
        let mut check = command(here, &["check"]);
        check
            .stdout(Stdio::null())
            .spawn()
            .expect("the binary runs")
    };
    let running: Vec<_> = (0..8).map(start).collect();
    for mut one in running {
        assert_eq!(one.wait().expect("it ends").code(), Some(1));
    }
    // nothing half written is left beside it
    assert_eq!(kept(here).len(), 1);
    assert_eq!(run(here, &["check"]).status.code(), Some(1));
}
