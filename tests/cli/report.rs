//! The findings, their document and the exit code.

use std::fs;

use crate::harness::{Document, PITFALL, Position, finding_paths, folder, json, run, text};

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
fn exit_codes_have_an_order() {
    let project = folder(&[("a.py", PITFALL)]);
    fs::write(project.path().join("binary.py"), b"\0").expect("a file");
    let code = |arguments: &[&str]| run(project.path(), arguments).status.code();
    assert_eq!(code(&["check", "a.py"]), Some(1));
    assert_eq!(
        code(&["check"]),
        Some(3),
        "what could not be read weighs more than findings"
    );
    assert_eq!(
        code(&["check", "--exit-zero"]),
        Some(3),
        "and is no finding"
    );
    fs::write(project.path().join("marginote.toml"), "wrong = 1\n").expect("a file");
    assert_eq!(code(&["check"]), Some(2));
    assert_eq!(code(&["check", "--isolated"]), Some(3));
}

#[test]
fn selected_rules() {
    let project = folder(&[
        ("a.py", PITFALL),
        ("marginote.toml", "ignore = [\"ALL\"]\n"),
    ]);
    let found = |arguments: &[&str]| {
        let arguments = [&["check", "--format", "json", "a.py"], arguments].concat();
        json(&run(project.path(), &arguments)).findings.len()
    };
    assert_eq!(found(&[]), 0);
    for rules in ["ALL", "MUT", "MUT001", "mutable-default", "GIL, MUT001"] {
        assert_eq!(found(&["--select", rules]), 1, "{rules}");
    }
    assert_eq!(found(&["--select", "GIL"]), 0);
    assert_eq!(found(&["--select", "ALL", "--ignore", "MUT001"]), 0);
    let wrong = run(project.path(), &["check", "--select", "MUT01"]);
    assert_eq!((wrong.status.code(), wrong.stdout.len()), (Some(2), 0));
    assert!(
        text(&wrong.stderr).contains("did you mean `MUT001`?"),
        "{}",
        text(&wrong.stderr)
    );
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
fn findings_are_sorted_by_the_path_that_is_shown() {
    let names = ["a-b/x.py", "a.py", "a/x.py", "a/y.py", "a0.py"];
    let project = folder(&names.map(|name| (name, PITFALL)));
    let document = json(&run(project.path(), &["check", "--format", "json"]));
    assert_eq!(finding_paths(&document), names);
}

#[test]
fn paths_are_relative_to_the_working_directory() {
    let project = folder(&[("sub/a.py", PITFALL), ("other/b.py", PITFALL)]);
    let (here, absolute) = (
        project.path().join("sub"),
        project.path().join("other/b.py"),
    );
    let absolute = absolute
        .to_str()
        .expect("a temporary folder's name is UTF-8");
    let document = json(&run(
        &here,
        &[
            "check",
            "--format",
            "json",
            "./a.py",
            "../sub/a.py",
            "../other",
            absolute,
        ],
    ));
    assert_eq!(
        finding_paths(&document),
        ["../other/b.py", "a.py"],
        "each file once"
    );
    assert_eq!(document.findings[0].evidence[0].path, "../other/b.py");
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
    assert_eq!(document.errors[0].path, "marginote.toml");
    let message = &document.errors[0].message;
    assert!(
        message.starts_with("line 1: ") && message.contains("ignore"),
        "{message}"
    );
    let shown = text(&run(project.path(), &["check"]).stdout);
    assert!(shown.contains("\nmarginote.toml:1: "), "{shown}");
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

const README: &str = include_str!("../../README.md");

/// The first block of a language in the README.
fn block(language: &str) -> &'static str {
    let start = format!("```{language}\n");
    let (_, from) = README
        .split_once(&start)
        .expect("the README has such a block");
    from.split_once("```").expect("the block ends").0
}

#[test]
fn the_readme_shows_the_document_as_it_is() {
    let document: Document =
        serde_json::from_str(block("json")).expect("it has the documented form");
    assert_eq!(document.version, 1);
    assert!(!document.findings[0].fixes[0].edits.is_empty());
}

#[test]
fn the_readme_shows_settings_that_apply() {
    let project = folder(&[
        ("marginote.toml", block("toml")),
        ("notes/card.md", block("markdown")),
        ("docs/note.md", ""),
        ("a.py", PITFALL),
        ("b.py", "import time\ntime.sleep(1)\n"),
    ]);
    let document = json(&run(project.path(), &["check", "--format", "json"]));
    assert!(document.errors.is_empty(), "{:?}", document.errors);
    assert_eq!(
        document.findings[0].severity, "information",
        "as its [severity] says"
    );
    assert_eq!(document.findings[1].code, "TEAM001", "as its card says");
    assert_eq!(document.findings[1].evidence[0].message, "for (1)");
}

#[test]
fn the_readme_lists_the_rules() {
    let listed: Vec<String> = README
        .lines()
        .filter(|line| line.contains("](knowledge/rules/"))
        .map(|line| line.replace('`', ""))
        .collect();
    let rows: Vec<String> = marginote::knowledge::Knowledge::builtin()
        .rules()
        .map(|card| {
            let (code, name) = (&card.code, &card.name);
            let link = format!("[{code}](knowledge/rules/{code}-{name}.md)");
            format!(
                "| {link} | {name} | {} | {} |",
                card.severity.word(),
                card.title
            )
            .replace('`', "")
        })
        .collect();
    assert_eq!(listed, rows);
}

#[test]
fn lines_are_counted_as_people_do() {
    for (text, lines) in [
        ("", 0),
        ("x = 1", 1),
        ("x = 1\n", 1),
        ("x = 1\r\n\r\ny = 2", 3),
    ] {
        let project = folder(&[("a.py", text)]);
        let document = json(&run(project.path(), &["check", "--format", "json"]));
        assert_eq!(document.summary.lines, lines, "{text:?}");
    }
}

#[test]
fn a_comment_above_the_code_silences_the_file() {
    for above in ["", "import os\n\n\n", "#!/usr/bin/python\n"] {
        let source = format!("{above}# marginote: ignore-file[MUT001]\n\n{PITFALL}");
        let project = folder(&[("a.py", &source)]);
        let output = run(project.path(), &["check"]);
        assert_eq!(output.status.code(), Some(0), "{source}");
    }
}
