//! `marginote config`, `init`, `completions` and the manual page.

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::harness::{PITFALL, folder, run, text};

const PYPROJECT: &str = "[project]\nname = 'x'\nrequires-python = '>=3.12'\n";
const OWN: &str = "# ours\nignore = [\"GIL\", 'MUT001']\nfree-threaded = true\ndefer = 3\n\n[severity]\nSNG001 = 'hint'\n";

fn config(folder: &std::path::Path, path: &str) -> Value {
    let output = run(folder, &["config", path, "--format", "json"]);
    serde_json::from_slice(&output.stdout).expect("JSON")
}

#[test]
fn each_value_says_where_it_comes_from() {
    let project = folder(&[
        ("pyproject.toml", PYPROJECT),
        ("sub/marginote.toml", OWN),
        ("sub/a.py", PITFALL),
        ("b.py", ""),
    ]);
    let document = config(project.path(), "sub/a.py");
    let setting = |document: &Value, key: &str| {
        let settings = document["settings"].as_array().expect("a list").clone();
        let found = settings.into_iter().find(|setting| setting["key"] == key);
        found.expect("it is there")
    };
    let expected = json!({"key": "ignore", "value": ["GIL", "MUT001"], "path": "sub/marginote.toml", "line": 2});
    assert_eq!(setting(&document, "ignore"), expected);
    let expected =
        json!({"key": "python-version", "value": "3.12", "path": "pyproject.toml", "line": 3});
    assert_eq!(setting(&document, "python-version"), expected);
    // what is wrong does not apply
    let expected = json!({"key": "defer", "value": true, "path": null, "line": null});
    assert_eq!(setting(&document, "defer"), expected);
    assert_eq!(document["errors"][0]["path"], "sub/marginote.toml");
    let rules = document["rules"].as_array().expect("a list");
    assert!(rules.contains(&json!("MUT002")) && !rules.contains(&json!("MUT001")));
    let other = config(project.path(), "b.py");
    assert_eq!(setting(&other, "ignore")["path"], Value::Null);
    let page = run(project.path(), &["config", "sub"]);
    assert_eq!(page.status.code(), Some(2), "a setting is wrong");
    let page = text(&page.stdout);
    let words: Vec<String> = page
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    for line in [
        "what applies to sub:",
        "ignore = [\"GIL\",\"MUT001\"] # sub/marginote.toml:2",
        "severity.\"SNG001\" = \"hint\" # sub/marginote.toml:6",
        "free-threaded = true # sub/marginote.toml:3",
        "inlay-hints = false # default",
        "sub/marginote.toml:4: `defer` must be true or false; this is of type integer",
    ] {
        assert!(words.iter().any(|word| word == line), "{line}\n{page}");
    }
    assert!(page.contains("these do not: GIL001, "), "{page}");
    assert_eq!(run(project.path(), &["config"]).status.code(), Some(0));
    assert_eq!(
        run(project.path(), &["config", "nowhere"]).status.code(),
        Some(2)
    );
}

#[test]
fn what_is_left_out_says_so() {
    let project = folder(&[("marginote.toml", "exclude = ['old']\n"), ("old/a.py", "")]);
    assert_eq!(config(project.path(), "old/a.py")["excluded"], json!(true));
    let page = text(&run(project.path(), &["config", "old/a.py"]).stdout);
    assert!(page.contains("left out"), "{page}");
}

#[test]
fn init_writes_a_file_that_says_nothing_yet() {
    let project = folder(&[]);
    let here = project.path();
    let before = config(here, ".");
    assert_eq!(run(here, &["init"]).status.code(), Some(0));
    assert_eq!(config(here, "."), before);
    let written = fs::read_to_string(here.join("marginote.toml")).expect("it is there");
    // every setting is in it, and right as it stands there
    for setting in before["settings"].as_array().expect("a list") {
        let key = setting["key"].as_str().expect("text");
        let is_in = |form: &str| written.contains(&format!("\n# {form}"));
        assert!(
            is_in(&format!("{key} = ")) || is_in(&format!("[{key}]")),
            "{key}"
        );
    }
    let lines = written.lines().map(|line| match line.strip_prefix("# ") {
        Some(setting)
            if setting.starts_with('[') || setting.starts_with('"') || setting.contains(" = ") =>
        {
            setting
        }
        _ => "",
    });
    let said: Vec<_> = lines.collect();
    fs::create_dir(here.join("notes")).expect("a folder");
    fs::create_dir(here.join("docs")).expect("a folder");
    fs::write(here.join("docs/a.md"), "# A\n").expect("a file");
    fs::write(here.join("marginote.toml"), said.join("\n")).expect("a file");
    assert_eq!(config(here, ".")["errors"], json!([]));
    let again = run(here, &["init"]);
    assert_eq!(again.status.code(), Some(2));
    assert!(text(&again.stderr).contains("left as it is"));
    assert_eq!(
        fs::read_to_string(here.join("marginote.toml")).expect("it is there"),
        said.join("\n")
    );
}

#[test]
fn init_hides_no_settings() {
    let own = "[tool.marginote]\nignore = ['MUT']\n";
    let project = folder(&[("pyproject.toml", own)]);
    let output = run(project.path(), &["init"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("`pyproject.toml`"));
    assert!(!project.path().join("marginote.toml").exists());
}

#[test]
fn shells_complete_words_and_options() {
    let project = folder(&[]);
    let script = run(project.path(), &["completions", "bash"]);
    assert_eq!(script.status.code(), Some(0));
    let mut bash = Command::new("bash")
        .args(["--norc", "-s"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("bash runs");
    let mut program = script.stdout;
    program.extend(b"\nCOMP_WORDS=(marginote check --unt); COMP_CWORD=2; _marginote marginote --unt check; echo \"${COMPREPLY[@]}\"\n");
    bash.stdin
        .take()
        .expect("a pipe")
        .write_all(&program)
        .expect("it reads");
    let output = bash.wait_with_output().expect("it ends");
    assert_eq!(text(&output.stdout).trim(), "--untracked");
    for shell in ["elvish", "fish", "powershell", "zsh"] {
        let script = text(&run(project.path(), &["completions", shell]).stdout);
        assert!(script.contains("untracked"), "{shell}");
    }
    assert_eq!(
        run(project.path(), &["completions", "cmd"]).status.code(),
        Some(2)
    );
}

#[test]
fn there_is_a_manual_page() {
    let project = folder(&[]);
    let page = text(&run(project.path(), &["man"]).stdout);
    assert!(
        page.contains(".TH marginote 1") && page.contains("check"),
        "{page}"
    );
    let page = text(&run(project.path(), &["man", "check"]).stdout);
    assert!(page.contains("\\-\\-untracked"), "{page}");
    assert_eq!(
        run(project.path(), &["man", "nothing"]).status.code(),
        Some(2)
    );
}
