//! `marginote` as people call it: the real binary, its output and its exit codes.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde::Deserialize;

/// Version 1 of the JSON document, as the README describes it. An unknown or a missing key fails the test.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct Document {
    version: u32,
    findings: Vec<Finding>,
    errors: Vec<Problem>,
    summary: Summary,
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct Finding {
    code: String,
    name: String,
    severity: String,
    path: String,
    range: Range,
    message: String,
    concept: String,
    evidence: Vec<Evidence>,
    fixes: Vec<Fix>,
}

#[derive(Deserialize, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[serde(deny_unknown_fields)]
struct Range {
    start: Position,
    end: Position,
}

#[derive(Deserialize, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[serde(deny_unknown_fields)]
struct Position {
    line: usize,
    column: usize,
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct Evidence {
    path: String,
    range: Range,
    message: String,
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct Fix {
    title: String,
    #[allow(dead_code)]
    safe: bool,
    edits: Vec<Edit>,
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct Edit {
    path: String,
    range: Range,
    #[allow(dead_code)]
    text: String,
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct Problem {
    path: String,
    message: String,
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct Summary {
    files: usize,
    lines: usize,
    findings: Counts,
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct Counts {
    error: usize,
    warning: usize,
    information: usize,
    hint: usize,
}

const PITFALL: &str = "def add(item, items=[]):\n    items.append(item)\n";

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_marginote"));
    command
        .args(arguments)
        .current_dir(folder)
        .env_remove("NO_COLOR")
        .stdin(Stdio::null());
    command
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, arguments)
        .output()
        .expect("the binary runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("output is UTF-8")
}

fn json(output: &Output) -> Document {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", text(&output.stdout)))
}

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, content) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("it has one")).expect("a folder");
        fs::write(path, content).expect("a file");
    }
    folder
}

#[test]
fn exit_codes() {
    let project = folder(&[("clean.py", "x = 1\n"), ("pitfall.py", PITFALL)]);
    let code = |arguments: &[&str]| run(project.path(), arguments).status.code();
    assert_eq!(code(&["check", "clean.py"]), Some(0));
    assert_eq!(code(&["check", "pitfall.py"]), Some(1));
    assert_eq!(code(&["check", "pitfall.py", "--exit-zero"]), Some(0));
    assert_eq!(
        code(&["check", "pitfall.py", "--fail-on", "error"]),
        Some(0)
    );
    assert_eq!(code(&["check", "pitfall.py", "--ignore", "MUT"]), Some(0));
    assert_eq!(
        code(&["check", "pitfall.py", "--select", "mutable-default"]),
        Some(1)
    );
    assert_eq!(code(&["check", "nothing-here.py"]), Some(2));
    assert_eq!(code(&["check", "--select", "NOPE1"]), Some(2));
    assert_eq!(code(&["check", "--format", "xml"]), Some(2));
    assert_eq!(code(&["explain", "no-such-thing"]), Some(2));
    assert_eq!(code(&["explain", "MUT001"]), Some(0));
}

#[test]
fn the_json_document_has_the_documented_form() {
    let source = "é = '🎵'; f = lambda xs=[]: xs.append(1)\n";
    let project = folder(&[("b/two.py", PITFALL), ("a.py", source)]);
    let output = run(project.path(), &["check", "--format", "json"]);
    let document = json(&output);
    assert_eq!(document.version, 1);
    let paths: Vec<&str> = document
        .findings
        .iter()
        .map(|finding| finding.path.as_str())
        .collect();
    assert_eq!(
        paths,
        ["a.py", "b/two.py"],
        "sorted, relative, with slashes"
    );
    let first = &document.findings[0];
    assert_eq!(
        (
            first.code.as_str(),
            first.name.as_str(),
            first.concept.as_str()
        ),
        ("MUT001", "mutable-default", "mutable-default")
    );
    assert_eq!(first.severity, "warning");
    // columns count code points: `é` and the note are one each
    assert_eq!(
        first.range.start,
        Position {
            line: 1,
            column: 24
        }
    );
    assert_eq!(
        first.range.end,
        Position {
            line: 1,
            column: 26
        }
    );
    assert!(first.message.contains("xs"));
    let evidence = &first.evidence[0];
    assert_eq!(
        (evidence.path.as_str(), &evidence.range.start),
        (
            "a.py",
            &Position {
                line: 1,
                column: 28
            }
        )
    );
    assert!(!evidence.message.is_empty());
    for fix in document.findings.iter().flat_map(|finding| &finding.fixes) {
        assert!(!fix.title.is_empty() && !fix.edits.is_empty());
        assert!(
            fix.edits
                .iter()
                .all(|edit| !edit.path.is_empty() && edit.range.start <= edit.range.end)
        );
    }
    let counts = &document.summary.findings;
    assert_eq!(
        (
            counts.error,
            counts.warning,
            counts.information,
            counts.hint
        ),
        (0, 2, 0, 0)
    );
    assert_eq!((document.summary.files, document.summary.lines), (2, 3));
    assert!(document.errors.is_empty());
}

#[test]
fn stdin_goes_by_the_name_it_is_given() {
    let project = folder(&[]);
    let mut child = command(
        project.path(),
        &[
            "check",
            "-",
            "--stdin-filename",
            "pkg/new.py",
            "--format",
            "json",
        ],
    )
    .stdin(Stdio::piped())
    .stdout(Stdio::piped())
    .spawn()
    .expect("the binary runs");
    child
        .stdin
        .take()
        .expect("a pipe")
        .write_all(PITFALL.as_bytes())
        .expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(json(&output).findings[0].path, "pkg/new.py");
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
fn wrong_settings_are_named_with_their_line_and_the_rest_applies() {
    let project = folder(&[
        (
            "marginote.toml",
            "ignor = [\"MUT001\"]\nextend-exclude = [\"b.py\"]\n",
        ),
        ("a.py", PITFALL),
        ("b.py", PITFALL),
    ]);
    let output = run(project.path(), &["check", "--format", "json"]);
    let document = json(&output);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(document.findings.len(), 1);
    assert_eq!(document.errors[0].path, "marginote.toml:1");
    assert!(
        document.errors[0].message.contains("ignore"),
        "{}",
        document.errors[0].message
    );
    let isolated = run(project.path(), &["check", "--format", "json", "--isolated"]);
    assert_eq!(
        (isolated.status.code(), json(&isolated).findings.len()),
        (Some(1), 2)
    );
}

#[test]
fn comments_silence_findings() {
    let silenced = PITFALL.replacen(":\n", ":  # marginote: ignore[MUT001]\n", 1);
    let by_ruff = PITFALL.replacen(":\n", ":  # noqa: B006\n", 1);
    let unused = "x = 1  # marginote: ignore[MUT001]\n";
    let project = folder(&[("a.py", &silenced), ("b.py", &by_ruff), ("c.py", unused)]);
    let document = json(&run(project.path(), &["check", "--format", "json"]));
    let found: Vec<_> = document
        .findings
        .iter()
        .map(|finding| {
            (
                finding.path.as_str(),
                finding.code.as_str(),
                finding.severity.as_str(),
            )
        })
        .collect();
    assert_eq!(found, [("c.py", "SUP001", "hint")]);
}

#[test]
fn a_terminal_is_safe_from_names_and_source() {
    let name = "a\x1b[31m b'\"\n.py";
    let project = folder(&[(
        name,
        "# \x1b]0;owned\x07\ndef add(item, items=[]): items.append('\x1b[2J')\n",
    )]);
    let output = text(&run(project.path(), &["check"]).stdout);
    assert!(output.contains("MUT001"));
    assert!(!output.contains('\x1b'), "{output:?}");
    assert!(!output.contains('\x07'), "{output:?}");
}

#[test]
fn colours_follow_the_call_and_no_color() {
    let project = folder(&[("a.py", PITFALL)]);
    let always = run(project.path(), &["check", "--color", "always"]);
    assert!(text(&always.stdout).contains("\x1b["));
    let piped = run(project.path(), &["check"]);
    assert!(!text(&piped.stdout).contains("\x1b["));
    assert!(
        piped.stderr.is_empty(),
        "no progress in a pipe: {}",
        text(&piped.stderr)
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
    let document = json(&run(project.path(), &["check", "--format", "json"]));
    assert_eq!(document.findings.len(), 1);
    let empty = folder(&[]);
    let output = run(empty.path(), &["check"]);
    assert_eq!(
        (output.status.code(), text(&output.stdout).trim()),
        (Some(0), "0 files checked, nothing found")
    );
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let many = PITFALL.repeat(2000);
    let project = folder(&[("a.py", &many)]);
    let mut child = command(project.path(), &["check"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(text(&output.stderr), "");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn rules_are_listed_and_explained() {
    let here = folder(&[]);
    let listed = text(&run(here.path(), &["rules"]).stdout);
    assert!(
        listed
            .lines()
            .any(|line| line.starts_with("MUT001  mutable-default"))
    );
    let document: serde_json::Value =
        serde_json::from_slice(&run(here.path(), &["rules", "--format", "json"]).stdout)
            .expect("it is JSON");
    let codes: Vec<_> = document["rules"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|rule| rule["code"].as_str().expect("a code"))
        .collect();
    assert!(codes.contains(&"MUT001") && codes.is_sorted());
    let page = text(&run(here.path(), &["explain", "mutable-default"]).stdout);
    assert!(page.contains("MUT001") && !page.contains("```"));
    let wrong = text(&run(here.path(), &["explain", "MUT01"]).stderr);
    assert!(wrong.contains("did you mean"), "{wrong}");
}

#[test]
fn every_rule_has_a_card_and_a_suite() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let has = |folder: &str, stem: &str| root.join(folder).join(format!("{stem}.md")).exists();
    for rule in marginote::rules::RULES {
        let stem = format!("{}-{}", rule.code, rule.name);
        assert!(has("knowledge/rules", &stem), "no card {stem}");
        assert!(has("tests/rules", &stem), "no suite {stem}");
    }
    let cards = marginote::knowledge::rule_names()
        .iter()
        .filter(|(code, _)| *code != "SUP001");
    for (code, _) in cards {
        assert!(
            marginote::rules::rule(code).is_some(),
            "the card {code} has no rule"
        );
    }
    assert!(
        marginote::rules::RULES
            .windows(2)
            .all(|pair| pair[0].code < pair[1].code),
        "the list is sorted"
    );
}

#[test]
fn the_example_looks_like_this() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = run(root, &["check", "tests/example"]);
    insta::assert_snapshot!(text(&output.stdout));
}
