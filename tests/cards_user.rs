//! Cards of the user's: through the facade, and through the command line.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::time::{Duration, Instant};

use marginote::analysis::{Analysis, Cancel, Hover, Report};
use marginote::config::Settings;
use marginote::facts::FileFacts;
use marginote::knowledge::Knowledge;
use marginote::rules::{Context, Findings, Options, Statements};
use tempfile::TempDir;

/// `time.sleep` by whatever name.
const SLEEP: &str = "---
code: TEAM001
name: no-sleep
title: Do not sleep here
concept: gil
severity: warning
message: \"`{f}` keeps the caller waiting for {arguments}\"
evidence: \"called with {arguments}\"
match: |
  ((call function: (_) @f arguments: (argument_list) @arguments @evidence) @finding
    (#qualified-name? @f \"time.sleep\"))
---
Whoever calls this waits.

## Good

```python good
print()
```
";

/// A project whose notes stand in `notes`.
struct Project {
    folder: TempDir,
}

impl Project {
    fn new(files: &[(&str, &str)]) -> Project {
        let project = Project {
            folder: tempfile::tempdir().expect("a temporary folder"),
        };
        project.write("marginote.toml", "notes = [\"notes\"]\n");
        for (name, text) in files {
            project.write(name, text);
        }
        project
    }

    fn path(&self, name: &str) -> PathBuf {
        let root = fs::canonicalize(self.folder.path()).expect("it is there");
        root.join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("it has one")).expect("a folder");
        fs::write(path, text).expect("a file");
    }

    fn analysis(&self) -> Analysis {
        let mut analysis = Analysis::default();
        analysis.set_folders(vec![self.path("")]);
        analysis
    }

    /// What is found in `a.py`, which is on disk.
    fn report(&self) -> Report {
        let analysis = self.analysis();
        // what other files are called elsewhere is known when they are read
        analysis.snapshot().index(&|_, _| {}, &Cancel::default());
        report(&analysis, &self.path("a.py"))
    }

    /// What the findings of user's rules in this text are about, with their codes.
    fn found(&self, text: &str) -> Vec<String> {
        self.write("a.py", text);
        let report = self.report();
        assert_eq!(report.problems, [""; 0]);
        let own = report.findings.iter();
        let own = own.filter(|finding| {
            !marginote::rules::RULES
                .iter()
                .any(|rule| rule.code == finding.code)
        });
        own.map(|finding| format!("{} {}", finding.code, &text[finding.place.range.clone()]))
            .collect()
    }

    /// What is wrong with settings and cards, with the project's folder left out.
    fn problems(&self) -> Vec<String> {
        let config = self.analysis().snapshot().config(&self.path("a.py"));
        let root = self.path("").display().to_string();
        let problems = config.problems.iter();
        problems
            .map(|problem| problem.to_string().replace(&root, ""))
            .collect()
    }

    fn run(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_marginote"))
            .args(arguments)
            .current_dir(self.folder.path())
            .output()
            .expect("the binary runs")
    }

    fn check(&self, arguments: &[&str]) -> serde_json::Value {
        let output = self.run(&[&["check", "--format", "json"], arguments].concat());
        serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", text(&output.stderr)))
    }

    fn hover(&self, marked: &str) -> Option<Hover> {
        let offset = marked.find('‸').expect("a mark");
        let mut analysis = self.analysis();
        analysis.open(self.path("a.py"), 0, &marked.replace('‸', ""));
        analysis.snapshot().hover(&self.path("a.py"), offset)
    }
}

fn report(analysis: &Analysis, path: &Path) -> Report {
    let report = analysis.snapshot().findings(path, &Cancel::default());
    Report::clone(&report.expect("not cancelled"))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

/// A rule card with this code and query.
fn card(code: &str, query: &str) -> String {
    let name = code.to_lowercase();
    let query = query.replace('\n', "\n  ");
    format!(
        "---\ncode: {code}\nname: r-{name}\ntitle: T\nmessage: m\nmatch: |\n  {query}\n---\nText.\n"
    )
}

fn sleep() -> Project {
    Project::new(&[("notes/sleep.md", SLEEP)])
}

#[test]
fn names_are_known_through_imports_and_aliases() {
    let project = sleep();
    for (text, found) in [
        ("import time\ntime.sleep(1)\n", "time.sleep(1)"),
        ("import time as t\nt.sleep(1)\n", "t.sleep(1)"),
        ("from time import sleep\nsleep(1)\n", "sleep(1)"),
        ("from time import sleep as nap\nnap(1)\n", "nap(1)"),
        (
            "from time import sleep as nap\n\ndef f():\n    rest = nap\n    rest(2)\n",
            "rest(2)",
        ),
        (
            "from other import pause as p\n\ndef f():\n    p(3)\n",
            "p(3)",
        ),
    ] {
        project.write("other.py", "from time import sleep as pause\n");
        assert_eq!(project.found(text), [format!("TEAM001 {found}")], "{text}");
    }
    for silent in [
        "def sleep(n): pass\nsleep(1)\n",
        "import time\nclass Bed:\n    def sleep(self): pass\nBed().sleep()\n",
        "from asyncio import sleep\nsleep(1)\n",
        "sleep(1)\n",
        "from time import *\nimport time\ndef f(time):\n    time.sleep(1)\n",
        "import time\ntime.sleep\n",
        "import time\ntime.sleep(1\n",
    ] {
        assert_eq!(project.found(silent), [""; 0], "{silent}");
    }
}

#[test]
fn what_is_not_known_satisfies_neither_predicate() {
    let not =
        "((call function: (_) @f) @finding (#not-qualified-name? @f \"time.sleep\" \"os.*\"))";
    let project = Project::new(&[("notes/a.md", &card("NOT1", not))]);
    let text = "import time, os\ntime.sleep(1)\nos.kill(1)\nunknown(1)\ntime.time()\n";
    assert_eq!(project.found(text), ["NOT1 time.time()"]);
}

#[test]
fn the_other_predicates_look_at_the_text() {
    let call = |predicate: &str| format!("((call function: (identifier) @f) @finding {predicate})");
    let project = Project::new(&[
        ("notes/1.md", &card("P1", &call("(#eq? @f \"one\")"))),
        ("notes/2.md", &card("P2", &call("(#match? @f \"^t[wh]\")"))),
        (
            "notes/3.md",
            &card("P3", &call("(#any-of? @f \"four\" \"five\")")),
        ),
        (
            "notes/4.md",
            &card(
                "P4",
                &call("(#not-match? @f \"o\")\n(#not-eq? @f \"three\")"),
            ),
        ),
    ]);
    assert_eq!(
        project.found("one()\ntwo()\nthree()\nfour()\nfive()\n"),
        [
            "P1 one()",
            "P2 two()",
            "P2 three()",
            "P3 four()",
            "P3 five()",
            "P4 five()"
        ]
    );
}

#[test]
fn a_finding_is_said_with_its_captures_and_evidence() {
    let project = sleep();
    let text = "import time\nx = 1\ntime.sleep(\n    60)\n";
    project.write("a.py", text);
    let document = project.check(&[]);
    let finding = &document["findings"][0];
    assert_eq!(finding["code"], "TEAM001");
    assert_eq!(finding["name"], "no-sleep");
    assert_eq!(finding["concept"], "gil");
    assert_eq!(finding["severity"], "warning");
    assert_eq!(
        finding["message"],
        "`time.sleep` keeps the caller waiting for ( 60)"
    );
    assert_eq!(
        finding["range"]["start"],
        serde_json::json!({"line": 3, "column": 1})
    );
    assert_eq!(finding["evidence"][0]["message"], "called with ( 60)");
    assert_eq!(
        finding["evidence"][0]["range"]["end"],
        serde_json::json!({"line": 4, "column": 8})
    );
    assert_eq!(project.run(&["check"]).status.code(), Some(1));
    assert!(text_of(&project, &["check"]).contains("why: Whoever calls this waits."));
}

fn text_of(project: &Project, arguments: &[&str]) -> String {
    text(&project.run(arguments).stdout)
}

#[test]
fn several_queries_and_the_same_place_twice() {
    let list = "---\ncode: L1\nname: list\ntitle: T\nmessage: m\nmatch:\n  - (call) @finding\n  - |\n    (expression_statement (call) @finding)\n  - (pass_statement) @finding\n---\nText.\n";
    let project = Project::new(&[("notes/a.md", list)]);
    assert_eq!(project.found("f()\npass\n"), ["L1 f()", "L1 pass"]);
}

#[test]
fn a_class_is_one_statement_however_long() {
    let query = "(class_definition name: (identifier) @name body: (block (function_definition name: (identifier) @m) @finding)\n  (#eq? @name \"Wide\") (#eq? @m \"method_77\"))";
    let project = Project::new(&[("notes/a.md", &card("LONG1", query))]);
    let method =
        |number: usize| format!("    def method_{number}(self):\n        return {number}\n\n");
    let methods: String = (0..100).map(method).collect();
    let found = project.found(&format!("x = 1\n\n\nclass Wide:\n{methods}\ny = 2\n"));
    assert_eq!(found, ["LONG1 def method_77(self):\n        return 77"]);
}

#[test]
fn rules_are_selected_ignored_and_silenced() {
    let project = sleep();
    let text = "import time\ntime.sleep(1)\n";
    let count = |settings: &str, text: &str| {
        project.write(
            "marginote.toml",
            &format!("notes = [\"notes\"]\n{settings}"),
        );
        let problems = project.problems();
        assert_eq!(problems, [""; 0], "{settings}");
        project.found(text).len()
    };
    for (settings, expected) in [
        ("select = [\"TEAM001\"]", 1),
        ("select = [\"no-sleep\"]", 1),
        ("select = [\"TEAM\"]", 1),
        ("select = [\"MUT\"]", 0),
        ("select = [\"MUT\"]\nextend-select = [\"TEAM\"]", 1),
        ("ignore = [\"TEAM001\"]", 0),
        ("[per-file-ignores]\n\"a.py\" = [\"TEAM001\"]", 0),
        ("[per-file-ignores]\n\"b.py\" = [\"TEAM001\"]", 1),
    ] {
        assert_eq!(count(settings, text), expected, "{settings}");
    }
    for (comment, expected) in [
        ("# marginote: ignore[TEAM001]", 0),
        ("# marginote: ignore[no-sleep]", 0),
        ("# marginote: ignore", 0),
        ("# marginote: ignore-file[TEAM001]", 0),
        ("# marginote: ignore[MUT001]", 1),
    ] {
        let text = format!("import time\ntime.sleep(1)  {comment}\n");
        project.write("a.py", &text);
        let report = project.report();
        let own = report
            .findings
            .iter()
            .filter(|finding| finding.code == "TEAM001");
        assert_eq!(own.count(), expected, "{comment}");
    }
    project.write("a.py", "x = 1  # marginote: ignore[TEAM001]\n");
    let unused = project.report().findings;
    assert!(
        unused[0].message.contains("TEAM001 finds nothing"),
        "{unused:?}"
    );
    project.write(
        "marginote.toml",
        "notes = [\"notes\"]\n[severity]\nTEAM001 = \"hint\"\n",
    );
    project.write("a.py", text);
    assert_eq!(project.report().findings[0].severity.word(), "hint");
}

#[test]
fn the_command_line_knows_them() {
    let project = sleep();
    project.write(
        "a.py",
        "import time\ntime.sleep(1)\n\ndef f(x=[]):\n    x.append(1)\n",
    );
    let codes = |arguments: &[&str]| {
        let document = project.check(arguments);
        let findings = document["findings"].as_array().expect("a list").clone();
        findings
            .iter()
            .map(|finding| finding["code"].as_str().unwrap_or_default().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(codes(&[]), ["TEAM001", "MUT001"]);
    assert_eq!(codes(&["--select", "TEAM001"]), ["TEAM001"]);
    assert_eq!(codes(&["--ignore", "no-sleep"]), ["MUT001"]);
    assert_eq!(codes(&["--isolated"]), ["MUT001"]);
    let wrong = project.run(&["check", "--select", "TEAM01"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(
        text(&wrong.stderr)
            .contains("`--select`: no rule is called `TEAM01`; did you mean `TEAM001`?")
    );
    let wrong = project.run(&["check", "--isolated", "--select", "TEAM001"]);
    assert_eq!(wrong.status.code(), Some(2));
    let rules = text_of(&project, &["rules"]);
    let own = rules.lines().find(|line| line.starts_with("TEAM001"));
    assert!(
        own.is_some_and(|own| own.contains("Do not sleep here")),
        "{rules}"
    );
    let page = text_of(&project, &["explain", "TEAM001"]);
    assert!(
        page.contains("Whoever calls this waits.") && page.contains("sleep.md"),
        "{page}"
    );
    assert!(
        page.contains("print()") && !page.contains("Since"),
        "{page}"
    );
}

#[test]
fn settings_that_name_no_rule_are_told_once_cards_are_known() {
    let project = sleep();
    let settings = "notes = [\"notes\"]\nselect = [\"TEAM001\", \"TEAM01\"]\nignore = [\"E501\"]\n";
    project.write("marginote.toml", settings);
    assert_eq!(
        project.problems(),
        [
            "marginote.toml:2: `select`: no rule is called `TEAM01`; did you mean `TEAM001`?",
            "marginote.toml:3: `ignore`: no rule is called `E501`",
        ]
    );
    assert_eq!(project.found("import time\ntime.sleep(1)\n").len(), 1);
    // a list of which nothing is right does not switch every rule off
    project.write(
        "marginote.toml",
        "notes = [\"notes\"]\nselect = [\"E501\"]\n",
    );
    assert_eq!(project.found("import time\ntime.sleep(1)\n").len(), 1);
}

#[test]
fn a_wrong_card_is_named_and_the_rest_works() {
    let project = Project::new(&[
        ("notes/sleep.md", SLEEP),
        ("notes/deep/wrong.md", &card("BAD1", "(cal) @finding")),
        (
            "notes/plain.md",
            "---\nconcept: gil\ntitle: My notes\n---\n# GIL\ntext\n",
        ),
    ]);
    assert_eq!(
        project.problems(),
        [
            "notes/deep/wrong.md:7: NOTE007 card-invalid, column 4: `match`: tree-sitter's Python grammar has no node `cal`"
        ]
    );
    project.write("a.py", "import time\ntime.sleep(1)\n");
    let output = project.run(&["check"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stdout).contains("NOTE007 card-invalid"));
    let document = project.check(&[]);
    assert_eq!(document["findings"][0]["code"], "TEAM001");
    assert_eq!(document["errors"][0]["path"], "notes/deep/wrong.md");
    let message = document["errors"][0]["message"]
        .as_str()
        .unwrap_or_default();
    assert!(message.starts_with("line 7: NOTE007"), "{message}");
}

#[test]
fn notes_outside_of_the_project_are_not_read() {
    let outside = tempfile::tempdir().expect("a temporary folder");
    fs::write(outside.path().join("sleep.md"), SLEEP).expect("a file");
    let outside = outside.path().display().to_string();
    let project = Project::new(&[("a.py", "import time\ntime.sleep(1)\n"), ("sub/x.txt", "")]);
    for (notes, message) in [
        (outside.as_str(), "leads out of the folder"),
        ("../*", "leads out of the folder"),
        ("sub/../../x", "leads out of the folder"),
        ("~/notes", "leads out of the folder"),
        ("missing", "there is no file or folder"),
        ("a[", "is no glob"),
    ] {
        project.write("marginote.toml", &format!("notes = [\"{notes}\"]\n"));
        let problems = project.problems();
        assert!(
            problems.len() == 1 && problems[0].contains(message),
            "{notes}: {problems:?}"
        );
        assert!(
            problems[0].starts_with("marginote.toml:1: `notes`: "),
            "{problems:?}"
        );
        assert!(project.report().findings.is_empty());
    }
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(&outside, project.path("linked")).expect("a link");
        project.write("marginote.toml", "notes = [\"linked\"]\n");
        assert!(
            project.problems()[0].contains("a link that leads out"),
            "{:?}",
            project.problems()
        );
        // what links inside of a folder lead to is not read either
        fs::create_dir(project.path("notes")).expect("a folder");
        std::os::unix::fs::symlink(&outside, project.path("notes/inner")).expect("a link");
        let file = Path::new(&outside).join("sleep.md");
        std::os::unix::fs::symlink(file, project.path("notes/one.md")).expect("a link");
        project.write("marginote.toml", "notes = [\"notes\"]\n");
        assert_eq!(project.problems(), [""; 0]);
        assert!(project.report().findings.is_empty());
    }
    // the editor may name any folder
    let settings = serde_json::json!({"notes": [outside]});
    let (settings, problems) = Settings::from_json(&settings);
    assert_eq!(problems, [""; 0]);
    let mut analysis = project.analysis();
    analysis.set_overrides(vec![settings], false);
    assert_eq!(report(&analysis, &project.path("a.py")).findings.len(), 1);
}

#[test]
fn notes_are_files_folders_and_globs() {
    let project = Project::new(&[
        ("notes/sleep.md", SLEEP),
        (
            "notes/deep/one.markdown",
            &card("ONE1", "(pass_statement) @finding"),
        ),
        (
            "notes/deep/two.TXT",
            &card("TWO1", "(pass_statement) @finding"),
        ),
        (
            "notes/deep/three.rst",
            &card("RST1", "(pass_statement) @finding"),
        ),
        (
            "notes/.hidden/four.md",
            &card("HID1", "(pass_statement) @finding"),
        ),
        (
            "notes/node_modules/five.md",
            &card("MOD1", "(pass_statement) @finding"),
        ),
        ("notes/five.ipynb", "{}"),
    ]);
    let text = "import time\ntime.sleep(1)\npass\n";
    for (notes, found) in [
        ("\"notes\"", vec!["TEAM001", "ONE1", "TWO1"]),
        ("\"./notes/\"", vec!["TEAM001", "ONE1", "TWO1"]),
        ("\".\"", vec!["TEAM001", "ONE1", "TWO1"]),
        ("\"notes/*.md\"", vec!["TEAM001"]),
        ("\"notes/*\"", vec!["TEAM001", "ONE1", "TWO1"]),
        ("\"**/*.markdown\"", vec!["ONE1"]),
        (
            "\"notes/sleep.md\", \"notes/deep/three.rst\"",
            vec!["TEAM001", "RST1"],
        ),
        ("\"notes/d*p\", \"notes/deep\"", vec!["ONE1", "TWO1"]),
    ] {
        project.write("marginote.toml", &format!("notes = [{notes}]\n"));
        assert_eq!(project.problems(), [""; 0], "{notes}");
        let own = project.found(text);
        let codes: Vec<_> = own
            .iter()
            .filter_map(|found| found.split(' ').next())
            .collect();
        assert_eq!(codes, found, "{notes}");
    }
    project.write("marginote.toml", "notes = [\"notes\"]\n");
    let config = project.analysis().snapshot().config(&project.path("a.py"));
    let files = config.notes_files(&config.notes);
    let names: Vec<_> = files
        .files
        .iter()
        .filter_map(|path| path.file_name()?.to_str())
        .collect();
    assert_eq!(names, ["one.markdown", "two.TXT", "five.ipynb", "sleep.md"]);
    for (wrong, message) in [
        ("notes = \"notes\"", "`notes` must be a list of strings"),
        ("notes = [1]", "`notes` must be a list of strings"),
        ("note = [\"notes\"]", "did you mean `notes`?"),
    ] {
        project.write("marginote.toml", wrong);
        assert!(
            project.problems()[0].contains(message),
            "{:?}",
            project.problems()
        );
    }
}

#[test]
fn relative_notes_of_an_editor_start_from_its_folders() {
    let project = sleep();
    fs::remove_file(project.path("marginote.toml")).expect("it is there");
    project.write("a.py", "import time\ntime.sleep(1)\n");
    let (settings, _) =
        Settings::from_json(&serde_json::json!({"notes": ["notes"], "select": ["TEAM"]}));
    let mut analysis = Analysis::default();
    analysis.set_overrides(vec![settings], true);
    analysis.set_folders(vec![project.path("")]);
    assert_eq!(report(&analysis, &project.path("a.py")).findings.len(), 1);
    assert_eq!(
        analysis.snapshot().unknown_rules(&[project.path("a.py")]),
        [""; 0]
    );
    assert_eq!(
        analysis
            .snapshot()
            .unknown_rules(&[PathBuf::from("/nowhere/a.py")]),
        [""; 0],
        "settings of an editor apply everywhere"
    );
}

#[test]
fn a_changed_card_is_read_again() {
    let project = sleep();
    let path = project.path("a.py");
    let mut analysis = project.analysis();
    analysis.open(path.clone(), 0, "import time\ntime.sleep(1)\npass\n");
    assert_eq!(report(&analysis, &path).findings.len(), 1);
    let pass = card("PASS1", "(pass_statement) @finding");
    project.write("notes/pass.md", &pass);
    assert!(analysis.changed_on_disk(&[project.path("notes/pass.md")]));
    let codes = |analysis: &Analysis| {
        let findings = report(analysis, &path).findings;
        findings
            .iter()
            .map(|finding| finding.code)
            .collect::<Vec<_>>()
    };
    assert_eq!(codes(&analysis), ["TEAM001", "PASS1"]);
    fs::remove_file(project.path("notes/sleep.md")).expect("it is there");
    analysis.changed_on_disk(&[project.path("notes/sleep.md")]);
    assert_eq!(codes(&analysis), ["PASS1"]);
    project.write("marginote.toml", "");
    analysis.changed_on_disk(&[project.path("marginote.toml")]);
    assert_eq!(codes(&analysis), [""; 0]);
    assert!(
        !analysis.changed_on_disk(&[project.path("notes/pass.md")]),
        "nobody asks for notes"
    );
}

#[test]
fn edits_keep_findings_up_to_date() {
    use marginote::text::{Change, PositionEncoding};
    let project = sleep();
    let path = project.path("a.py");
    let mut analysis = project.analysis();
    let start = "import time\n\ndef f():\n    nap(1)\n\ndef g():\n    time.sleep(1)\n";
    analysis.open(path.clone(), 0, start);
    assert_eq!(report(&analysis, &path).findings.len(), 1);
    for (version, text, expected) in [
        (1, start.replace("nap", "time.sleep"), 2),
        (
            2,
            start
                .replace("nap", "time.sleep")
                .replace("sleep(1)\n", "sleep(1)\n\n"),
            2,
        ),
        (
            3,
            start.replace("import time", "from time import sleep as nap"),
            1,
        ),
        (4, start.replace("import time", "import timer as time"), 0),
        (5, start.to_owned(), 1),
    ] {
        let change = Change {
            range: None,
            text: text.clone(),
        };
        analysis
            .edit(&path, version, &[change], PositionEncoding::Utf8)
            .expect("it fits");
        assert_eq!(report(&analysis, &path).findings.len(), expected, "{text}");
    }
}

/// Fails where a reader of Markdown makes a link, an image or HTML of it.
fn assert_harmless(markdown: &str) {
    use pulldown_cmark::{Event, Options, Parser, Tag};
    for event in Parser::new_ext(markdown, Options::all()) {
        let acts = matches!(
            event,
            Event::Start(Tag::Link { .. } | Tag::Image { .. } | Tag::HtmlBlock)
                | Event::Html(_)
                | Event::InlineHtml(_)
        );
        assert!(!acts, "{event:?} in {markdown}");
    }
    assert!(!markdown.contains("https://"), "{markdown}");
}

#[test]
fn a_concept_card_answers_in_hovers() {
    let own = "---\nconcept: pool-of-ours\ntitle: Our *pool*\nhover:\n  - call: app.pool\nrelated: [gil]\n---\nA [link](command:x) and <b>html</b>.\n\n## Why\n\n![x](https://a.example/x.png) `code`\n\n## Recall\nQ: Why <i>?\nA: [Because](command:y).\n";
    let gil = "---\nconcept: gil\ntitle: Our GIL\nhover:\n  - call: app.spin\n---\nOur words.\n";
    let project = Project::new(&[
        ("notes/pool.md", own),
        ("notes/gil.md", gil),
        ("app.py", "def pool(): pass\ndef spin(): pass\n"),
    ]);
    assert_eq!(project.problems(), [""; 0]);
    let hover = project
        .hover("from app import pool as p\n‸p()\n")
        .expect("a hover");
    assert!(hover.plain.starts_with("Our *pool*\n"), "{}", hover.plain);
    assert!(
        hover.plain.contains("A link and <b>html</b>."),
        "{}",
        hover.plain
    );
    assert_harmless(&hover.markdown);
    let hover = project.hover("import app\napp.‸spin()\n").expect("a hover");
    let also = hover
        .markdown
        .lines()
        .find(|line| line.starts_with("*See also:*"));
    assert!(
        hover.markdown.starts_with("**Our GIL**"),
        "{}",
        hover.markdown
    );
    let builtin = marginote::knowledge::Knowledge::builtin()
        .concept("gil")
        .expect("a card");
    assert!(
        also.is_some_and(|line| line.contains(&builtin.title)),
        "{}",
        hover.markdown
    );
    let page = text_of(&project, &["explain", "gil"]);
    let (first, second) = (page.find("Our words."), page.find(&builtin.summary[..20]));
    assert!(first.is_some() && first < second, "{page}");
    let page = text_of(
        &project,
        &["explain", "pool-of-ours", "--format", "markdown"],
    );
    assert_harmless(&page);
}

#[test]
fn subjects_of_observers_are_recognised() {
    let card = "---\nconcept: observer\ntitle: Observers\nhover:\n  - shape: observer\n---\nTold, one by one.\n";
    let project = Project::new(&[("notes/observer.md", card)]);
    assert_eq!(project.problems(), [""; 0]);
    let is_subject = |body: &str| {
        let start = "class ‸Subject:\n    def __init__(self):\n        self.others = []\n\n";
        let hover = project.hover(&format!("{start}{body}"));
        hover.is_some_and(|hover| hover.plain.starts_with("Observers\n"))
    };
    let add = "    def add(self, other):\n        self.others.append(other)\n\n";
    for body in [
        format!("{add}    def tell(self, event):\n        for other in self.others:\n            other(event)\n"),
        format!("{add}    async def tell(self, event):\n        for other in list(self.others):\n            try:\n                await other.update(event)\n            except OSError:\n                pass\n"),
        "    def on(self, event, handler):\n        self.others.setdefault(event, []).append(handler)\n\n    def emit(self, event, *args):\n        for handler in self.others.get(event, ()):\n            handler(*args)\n".to_owned(),
        "    def subscribe(this, name, other):\n        this.others[name] = other\n\n    def publish(this, message):\n        for name, other in this.others.items():\n            other.receive(message)\n".to_owned(),
    ] {
        assert!(is_subject(&body), "{body}");
    }
    for body in [
        // a part is no observer, and a pipeline uses what comes out
        format!("{add}    def close(self):\n        for other in self.others:\n            other.close()\n"),
        format!("{add}    def run(self, value):\n        for other in self.others:\n            value = other(value)\n        return value\n"),
        // nothing is kept, or something else is called
        "    def tell(self, event):\n        for other in self.others:\n            other(event)\n".to_owned(),
        format!("{add}    def tell(self, event):\n        for other in self.others:\n            event(other)\n"),
        format!("{add}    def tell(self, others):\n        for other in others:\n            other.update()\n"),
        "    def add(self):\n        self.others.append(print)\n\n    def tell(self):\n        for other in self.others:\n            other()\n".to_owned(),
    ] {
        assert!(!is_subject(&body), "{body}");
    }
}

#[test]
fn a_hostile_rule_card_adds_nothing_to_hovers() {
    let hostile = SLEEP
        .replace(
            "title: Do not sleep here",
            "title: \"[x](command:a) <img>\"",
        )
        .replace("Whoever calls", "[x](command:a) <script>")
        .replace("keeps the caller", "[x](command:a) <img>");
    let project = Project::new(&[("notes/a.md", &hostile)]);
    let hover = project
        .hover("import time\ntime.sl‸eep('[x](command:b)')\n")
        .expect("a hover");
    assert_harmless(&hover.markdown);
}

#[test]
fn hostile_cards_are_refused_in_time() {
    let start = Instant::now();
    let many = "(call) @finding\n".repeat(10_000);
    let deep = format!("{}{} @finding", "(call ".repeat(900), ")".repeat(900));
    let bomb = "---\ncode: B1\nname: b\ntitle: &a [x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a]\nc: &c [*b, *b, *b, *b, *b, *b, *b, *b]\nd: &d [*c, *c, *c, *c, *c, *c, *c, *c]\ne: &e [*d, *d, *d, *d, *d, *d, *d, *d]\nf: &f [*e, *e, *e, *e, *e, *e, *e, *e]\nmessage: [*f, *f, *f]\nmatch: x\n---\nText.\n";
    let project = Project::new(&[
        ("notes/bomb.md", bomb),
        ("notes/deep.md", &card("DEEP1", &deep)),
        ("notes/large.md", &(SLEEP.to_owned() + &"x".repeat(1 << 20))),
        ("notes/many.md", &card("MANY1", &many)),
        (
            "notes/slow.md",
            &card(
                "SLOW1",
                "(list (integer)* @a (integer)* @b (string) @finding)",
            ),
        ),
    ]);
    fs::write(project.path("notes/latin.md"), b"---\nmatch: \xe9\n---\n").expect("a file");
    let problems = project.problems();
    let expected = [
        "bomb.md",
        "deep.md:7: NOTE007",
        "large.md:1: the note is not read: a card is at most",
        "latin.md:1: the note is not read: a card must be UTF-8",
        "many.md:7: NOTE007",
    ];
    assert_eq!(problems.len(), expected.len(), "{problems:?}");
    for (problem, expected) in problems.iter().zip(expected) {
        assert!(
            problem.starts_with(&format!("notes/{expected}")),
            "{problem}"
        );
    }
    project.write("a.py", &format!("x = [{}]\ny = 1\n", "1, ".repeat(5000)));
    let report = project.report();
    assert!(
        report
            .problems
            .iter()
            .any(|problem| problem.contains("SLOW1")),
        "{:?}",
        report.problems
    );
    assert!(
        start.elapsed() < Duration::from_secs(20),
        "{:?}",
        start.elapsed()
    );
}

#[test]
fn only_statements_that_hold_the_words_are_parsed() {
    let knowledge = Knowledge::with_notes(&[("sleep.md".to_owned(), SLEEP.to_owned())]);
    let function = |number: usize| format!("def f{number}():\n    return {number}\n\n");
    let functions: String = (0..100).map(function).collect();
    let text = format!("import time\n{functions}def last():\n    time.sleep(1)\n");
    let path = Arc::new(PathBuf::from("/nowhere/a.py"));
    let facts = Arc::new(FileFacts::new(Arc::clone(&path), text.into()));
    let open = [(path.to_path_buf(), Arc::clone(&facts))]
        .into_iter()
        .collect();
    let project = marginote::project::Project::new(Arc::default(), Arc::new(open));
    let context = Context {
        project: &project,
        file: &facts,
        options: &Options::default(),
        parts: None,
    };
    let mut found = Findings::default();
    let statements = Statements::new(&facts);
    for rule in knowledge.query_rules() {
        assert!(rule.check(&context, &statements, &|| false, &mut found));
    }
    assert_eq!(found.sorted().len(), 1);
    let parsed = (0..facts.len()).filter(|segment| facts.segment(*segment).is_parsed());
    // the import says what `time` is
    assert_eq!(parsed.count(), 2);
}
