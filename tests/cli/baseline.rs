//! `check --baseline` and `--statistics`.

use std::fs;
use std::path::Path;

use crate::harness::{PITFALL, finding_paths, folder, json, run, text};

fn code(folder: &Path, arguments: &[&str]) -> Option<i32> {
    run(folder, &[&["check"], arguments].concat()).status.code()
}

const WITH: &[&str] = &["--baseline", "known.json"];

#[test]
fn what_was_accepted_is_left_out() {
    let project = folder(&[("a.py", PITFALL), ("sub/b.py", PITFALL)]);
    let here = project.path();
    let missing = run(here, &["check", "--baseline", "known.json"]);
    assert_eq!(missing.status.code(), Some(2));
    assert!(text(&missing.stderr).contains("write it with --write-baseline"));
    let written = run(
        here,
        &["check", "--baseline", "known.json", "--write-baseline"],
    );
    assert_eq!(written.status.code(), Some(0));
    assert_eq!(text(&written.stderr), "marginote: accepted 2 findings\n");
    assert_eq!(code(here, WITH), Some(0));
    // lines move, and the folder that it is called from is another
    let moved = format!("import os\n\n\n{PITFALL}\n");
    fs::write(here.join("sub/b.py"), &moved).expect("a file");
    assert_eq!(code(here, WITH), Some(0));
    let below = run(&here.join("sub"), &["check", "--baseline", "../known.json"]);
    assert_eq!(below.status.code(), Some(0), "{}", text(&below.stdout));
    // a second one of the same kind is new, and so is the same in another file
    fs::write(here.join("sub/b.py"), moved + PITFALL).expect("a file");
    fs::write(here.join("c.py"), PITFALL).expect("a file");
    let output = run(
        here,
        &["check", "--format", "json", "--baseline", "known.json"],
    );
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(finding_paths(&json(&output)), ["c.py", "sub/b.py"]);
}

#[test]
fn what_is_gone_is_told() {
    let project = folder(&[("a.py", PITFALL), ("b.py", PITFALL)]);
    let here = project.path();
    assert_eq!(
        code(here, &["--baseline", "known.json", "--write-baseline"]),
        Some(0)
    );
    fs::write(here.join("a.py"), "x = 1\n").expect("a file");
    let output = run(here, &["check", "--baseline", "known.json"]);
    assert_eq!(output.status.code(), Some(0));
    let said = text(&output.stderr);
    assert!(
        said.starts_with("marginote: 1 accepted finding not found any more"),
        "{said}"
    );
    // of files that are not checked nothing is known
    let output = run(here, &["check", "b.py", "--baseline", "known.json"]);
    assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0));
}

#[test]
fn a_wrong_baseline_is_refused() {
    let project = folder(&[
        ("a.py", PITFALL),
        ("x.json", "{}"),
        ("y.json", "{\"version\": 7, \"findings\": []}"),
    ]);
    let refused = |arguments: &[&str], what: &str| {
        let output = run(project.path(), &[&["check"], arguments].concat());
        let said = text(&output.stderr);
        assert_eq!(
            (output.status.code(), output.stdout.len()),
            (Some(2), 0),
            "{said}"
        );
        assert!(said.contains(what), "{said}");
    };
    refused(&["--baseline", "x.json"], "`x.json` is no baseline");
    refused(&["--baseline", "y.json"], "version 7 is not known here");
    refused(&["--baseline", "."], "cannot be read");
    refused(
        &["--baseline", "no/folder.json", "--write-baseline"],
        "cannot be written",
    );
    refused(&["--write-baseline"], "--baseline");
}

#[test]
fn rules_are_counted() {
    let project = folder(&[
        ("a.py", PITFALL),
        ("b.py", PITFALL),
        ("c.py", "x = [[]] * 3\nx[0].append(1)\n"),
    ]);
    let output = run(project.path(), &["check", "--statistics"]);
    assert_eq!(output.status.code(), Some(1));
    insta::assert_snapshot!(text(&output.stdout), @r"
     2  MUT001   mutable-default
     1  MUT006   repeated-reference
3 files checked: 3 warnings
");
    let output = run(
        project.path(),
        &["check", "--statistics", "--format", "json"],
    );
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(
        document["statistics"][0],
        serde_json::json!({"code": "MUT001", "name": "mutable-default", "count": 2})
    );
    assert_eq!(
        code(project.path(), &["--statistics", "--format", "sarif"]),
        Some(2)
    );
}
