//! What is read: files, folders, stdin, and what is wrong with them.

use std::fs;

use crate::harness::{PITFALL, finding_paths, folder, json, run, run_with_stdin, text};

#[test]
fn stdin_goes_by_the_name_it_is_given() {
    let project = folder(&[("a.py", PITFALL), ("b.py", "x = 1\n")]);
    let check = |arguments: &[&str]| {
        let arguments = [&["check", "--format", "json"], arguments].concat();
        run_with_stdin(project.path(), &arguments, PITFALL.as_bytes())
    };
    let named = check(&["-", "--stdin-filename", "pkg/new.py"]);
    assert_eq!(named.status.code(), Some(1));
    assert_eq!(finding_paths(&json(&named)), ["pkg/new.py"]);
    assert_eq!(finding_paths(&json(&check(&["-"]))), ["stdin.py"]);
    // the text from stdin stands for the file, and other paths are checked beside it
    let both = check(&["-", "--stdin-filename", "b.py", "."]);
    assert_eq!(finding_paths(&json(&both)), ["a.py", "b.py"]);
    let unread = run(
        project.path(),
        &["check", "a.py", "--stdin-filename", "b.py"],
    );
    assert_eq!(unread.status.code(), Some(2));
}

#[test]
fn stdin_that_is_no_text_is_named_and_the_rest_is_checked() {
    let project = folder(&[("a.py", PITFALL)]);
    let output = run_with_stdin(
        project.path(),
        &["check", "-", "a.py", "--format", "json"],
        b"# caf\xe9\n",
    );
    let document = json(&output);
    assert_eq!(output.status.code(), Some(3));
    assert_eq!(finding_paths(&document), ["a.py"]);
    assert_eq!(
        (document.errors.len(), document.errors[0].path.as_str()),
        (1, "stdin.py")
    );
    assert!(
        document.errors[0].message.contains("UTF-8"),
        "{}",
        document.errors[0].message
    );
}

#[test]
fn ignored_and_excluded_files_are_left_out() {
    let project = folder(&[
        (".gitignore", "built/\n"),
        ("built/a.py", PITFALL),
        (".venv/lib/b.py", PITFALL),
        ("node_modules/c.py", PITFALL),
        ("vendored/d.py", PITFALL),
        ("marginote.toml", "extend-exclude = [\"vendored\"]\n"),
        ("e.txt", PITFALL),
        ("kept.py", PITFALL),
    ]);
    let document = json(&run(project.path(), &["check", "--format", "json"]));
    let paths: Vec<_> = document
        .findings
        .iter()
        .map(|finding| finding.path.clone())
        .collect();
    assert_eq!(paths, ["kept.py"]);
    let named = json(&run(
        project.path(),
        &["check", "--format", "json", "built/a.py", "e.txt"],
    ));
    assert_eq!(named.findings.len(), 2, "what is named is checked");
}

#[test]
fn files_that_cannot_be_read_are_named_and_the_rest_is_checked() {
    let project = folder(&[("good.py", PITFALL)]);
    fs::write(project.path().join("binary.py"), b"\x00\x01\x02").expect("a file");
    fs::write(project.path().join("latin.py"), b"# caf\xe9\nx = 1\n").expect("a file");
    fs::create_dir(project.path().join("folder.py")).expect("a folder");
    std::os::unix::fs::symlink("nowhere", project.path().join("dangling.py")).expect("a link");
    let output = run(project.path(), &["check", "--format", "json"]);
    let document = json(&output);
    assert_eq!(output.status.code(), Some(3));
    assert_eq!(document.findings.len(), 1);
    let named: Vec<_> = document
        .errors
        .iter()
        .map(|error| error.path.as_str())
        .collect();
    assert_eq!(named, ["binary.py", "latin.py"]);
    assert!(
        document
            .errors
            .iter()
            .all(|error| !error.message.is_empty())
    );
    let gone = run(project.path(), &["check", "dangling.py"]);
    assert_eq!(gone.status.code(), Some(3));
    assert!(text(&gone.stdout).contains("dangling.py"));
}

/// A folder whose path is longer than the system takes: unreadable to everyone, also to root.
#[test]
fn folders_that_cannot_be_read_are_named_and_the_rest_is_checked() {
    let project = folder(&[("good.py", PITFALL)]);
    let name = "d".repeat(200);
    let deep = [name.as_str(); 16].join("/");
    for half in ["upper", "lower"] {
        fs::create_dir_all(project.path().join(half).join(&deep)).expect("a folder");
    }
    let joined = project.path().join("upper").join(&deep).join("lower");
    fs::rename(project.path().join("lower"), joined).expect("each half is short enough");
    let output = run(project.path(), &["check", "--format", "json"]);
    let document = json(&output);
    assert_eq!(
        (output.status.code(), finding_paths(&document)),
        (Some(3), vec!["good.py"])
    );
    assert_eq!(document.errors.len(), 1);
    assert!(document.errors[0].path.starts_with("upper/ddd"));
    assert!(
        document.errors[0]
            .message
            .starts_with("cannot read the folder: "),
        "{}",
        document.errors[0].message
    );
}

#[test]
fn a_device_without_an_end_is_too_large() {
    let output = run(folder(&[]).path(), &["check", "/dev/zero"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(
        text(&output.stdout).contains("too large"),
        "{}",
        text(&output.stdout)
    );
}

#[test]
fn encodings_and_line_ends() {
    let project = folder(&[
        ("crlf.py", &PITFALL.replace('\n', "\r\n")),
        ("cr.py", &PITFALL.replace('\n', "\r")),
    ]);
    let with_mark = [b"\xef\xbb\xbf", PITFALL.as_bytes()].concat();
    fs::write(project.path().join("bom.py"), with_mark).expect("a file");
    let latin = [
        b"# -*- coding: latin-1 -*-\n# caf\xe9\n" as &[u8],
        PITFALL.as_bytes(),
    ]
    .concat();
    fs::write(project.path().join("latin.py"), latin).expect("a file");
    let document = json(&run(project.path(), &["check", "--format", "json"]));
    let places: Vec<_> = document
        .findings
        .iter()
        .map(|finding| {
            (
                finding.path.as_str(),
                finding.range.start.line,
                finding.range.start.column,
            )
        })
        .collect();
    assert_eq!(
        places,
        [
            ("bom.py", 1, 21),
            ("cr.py", 1, 21),
            ("crlf.py", 1, 21),
            ("latin.py", 3, 21)
        ]
    );
}

#[test]
fn odd_input_is_survived() {
    let brackets = format!("x = {}{}\n", "[".repeat(10_000), "]".repeat(10_000));
    let open = "(".repeat(10_000);
    let sum = format!("x = {}\n", vec!["1"; 20_000].join(" + "));
    let long = format!("def f(a=[]): a.append('{}')\n", "x".repeat(2_000_000));
    let project = folder(&[
        ("brackets.py", &brackets),
        ("open.py", &open),
        ("sum.py", &sum),
        ("long.py", &long),
        (
            "prose.py",
            "Dear reader, this is 'not Python.\n\"\"\" at all\n",
        ),
        (
            "half.py",
            &format!(
                "{PITFALL}\ndef half(\n\n{}",
                PITFALL.replace("add", "other")
            ),
        ),
        ("empty.py", ""),
    ]);
    let output = run(project.path(), &["check", "--format", "json"]);
    let document = json(&output);
    assert!(document.errors.is_empty(), "{:?}", document.errors);
    let found: Vec<_> = document
        .findings
        .iter()
        .map(|finding| (finding.path.as_str(), finding.range.start.line))
        .collect();
    assert_eq!(
        found,
        [("half.py", 1), ("half.py", 6), ("long.py", 1)],
        "half a definition costs itself and not its neighbours"
    );
    let shown = run(project.path(), &["check", "long.py"]);
    assert!(
        shown.stdout.len() < 10_000,
        "a line of megabytes is not printed"
    );
}

#[test]
fn a_file_of_fifty_megabytes_ends() {
    let project = folder(&[]);
    let block = format!("{PITFALL}\n\ndef g(x):\n    return [x for x in range(10)]\n\n\n");
    let mut big = String::from("TABLE = [\n");
    big.push_str(&"    (1, 'two', 3.0),\n".repeat(2_000_000));
    big.push_str("]\n\n");
    while big.len() < 50 << 20 {
        big.push_str(&block.repeat(100));
    }
    fs::write(project.path().join("big.py"), &big).expect("a file");
    let output = run(project.path(), &["check", "--format", "json"]);
    let document = json(&output);
    assert_eq!(document.findings.len(), big.matches("items=[]").count());
}

#[test]
fn loops_of_folders_end() {
    let project = folder(&[("pkg/a.py", PITFALL)]);
    std::os::unix::fs::symlink("..", project.path().join("pkg/up")).expect("a link");
    let outside = folder(&[("b.py", PITFALL)]);
    std::os::unix::fs::symlink(outside.path(), project.path().join("out")).expect("a link");
    let document = json(&run(project.path(), &["check", "--format", "json"]));
    assert_eq!(document.findings.len(), 1);
    let empty = folder(&[]);
    let output = run(empty.path(), &["check"]);
    assert_eq!(
        (output.status.code(), text(&output.stdout).trim()),
        (Some(0), "0 files checked, nothing found")
    );
}
