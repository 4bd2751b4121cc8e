//! What a person sees.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use crate::harness::{PITFALL, command, folder, run, text};

#[test]
fn a_terminal_is_safe_from_names_and_source() {
    // an escape sequence, its one-character form beyond ASCII, and a mark that turns the order of text round
    let name = "a\x1b[31m b'\"\n\u{9b}\u{202e}.py";
    let source =
        "# \x1b]0;owned\x07\ndef add(item, items=[]): items.append('\x1b[2J \u{9b}2J \u{202e}')\n";
    let project = folder(&[(name, source)]);
    fs::write(project.path().join("b\x1b.py"), b"\0").expect("a file");
    let output = text(&run(project.path(), &["check"]).stdout);
    assert!(
        output.contains("MUT001") && output.contains("b\\u{1b}.py: "),
        "{output:?}"
    );
    assert!(
        !output.contains(['\x1b', '\x07', '\u{9b}', '\u{202e}']),
        "{output:?}"
    );
    let missing = text(&run(project.path(), &["check", "\x1b[31m"]).stderr);
    assert!(
        missing.contains("no file or folder") && !missing.contains('\x1b'),
        "{missing:?}"
    );
}

#[test]
fn carets_stand_under_wide_and_replaced_characters() {
    let source = "x = '\u{9b}é'; f = lambda xs=[]: xs.append(1)\n";
    let output = text(&run(folder(&[("a.py", source)]).path(), &["check"]).stdout);
    let excerpt: Vec<&str> = output
        .lines()
        .skip_while(|line| !line.starts_with("1 |"))
        .take(2)
        .collect();
    let column = |line: &str, what: &str| {
        line[..line.find(what).expect("it is there")]
            .chars()
            .count()
    };
    assert_eq!(
        column(excerpt[0], "[]"),
        column(excerpt[1], "^^"),
        "{output}"
    );
}

#[test]
fn colours_follow_the_call_and_the_environment() {
    let project = folder(&[("a.py", PITFALL)]);
    let coloured = |arguments: &[&str], variable: Option<(&str, &str)>| {
        let mut command = command(project.path(), &[&["check"], arguments].concat());
        command.envs(variable);
        let output = command.output().expect("the binary runs");
        assert!(
            output.stderr.is_empty(),
            "no progress in a pipe: {}",
            text(&output.stderr)
        );
        text(&output.stdout).contains("\x1b[")
    };
    assert!(!coloured(&[], None), "not in a pipe");
    assert!(coloured(&[], Some(("CLICOLOR_FORCE", "1"))));
    assert!(coloured(&["--color", "always"], Some(("NO_COLOR", "1"))));
    assert!(!coloured(
        &["--color", "never"],
        Some(("CLICOLOR_FORCE", "1"))
    ));
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
            .any(|line| line.starts_with("MUT001   mutable-default"))
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
    // what is wrong in notes comes after the rules of code
    let first = codes.iter().position(|code| *code == "NOTE001");
    let (rules, notes) = codes.split_at(first.expect("it is listed"));
    assert!(rules.contains(&"MUT001") && rules.is_sorted() && notes.is_sorted());
    assert_eq!(notes.len(), marginote::knowledge::NOTE_RULES.len());
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
        .filter(|(code, _)| *code != "SUP001")
        .filter(|(code, _)| marginote::knowledge::NoteRule::find(code).is_none());
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
    // what is kept is kept in the home of the tests, which here would be the project
    let output = run(root, &["check", "--no-cache", "tests/example"]);
    insta::assert_snapshot!(text(&output.stdout));
}
