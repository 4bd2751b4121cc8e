//! Notebooks in `marginote check`.

use serde_json::{Value, json};

use crate::harness::{finding_paths, folder, json as document, run, run_with_stdin, text};

/// A shared default in one cell, and what changes it in the same, behind prose and magics.
fn notebook() -> String {
    json!({
        "nbformat": 4,
        "metadata": {"kernelspec": {"language": "python"}},
        "cells": [
            {"cell_type": "markdown", "source": "# Notes\n\ndef f(x=[]): x.append(1)"},
            {"cell_type": "code", "source": ["%matplotlib inline\n", "import threading\n", "!ls"]},
            {"cell_type": "code", "source": ["%%bash\n", "def f(x=[]): x.append(1)"]},
            {"cell_type": "code", "source": ["%%time\n", "def log(event, events=[]):\n", "    events.append(event)"]},
            {"cell_type": "code", "source": "class A(metaclass=type):\n    pass\nlog(1)"},
        ],
    })
    .to_string()
}

fn raw(folder: &std::path::Path, arguments: &[&str]) -> Value {
    let output = run(folder, arguments);
    serde_json::from_slice(&output.stdout).expect("JSON")
}

#[test]
fn findings_stand_in_their_cells() {
    let project = folder(&[("a.ipynb", &notebook()), ("b.py", "x = 1\n")]);
    let found = raw(project.path(), &["check", "--format", "json"]);
    assert_eq!(found["summary"]["files"], 2);
    let findings = found["findings"].as_array().expect("a list");
    assert_eq!(findings.len(), 1, "{found}");
    let finding = &findings[0];
    assert_eq!(
        (&finding["code"], &finding["path"]),
        (&json!("MUT001"), &json!("a.ipynb"))
    );
    assert_eq!(finding["cell"], 4);
    let range = json!({"start": {"line": 2, "column": 23}, "end": {"line": 2, "column": 25}});
    assert_eq!(finding["range"], range);
    assert_eq!(finding["evidence"][0]["cell"], 4);
    assert_eq!(finding["evidence"][0]["range"]["start"]["line"], 3);
    let message = finding["message"].as_str().expect("words");
    assert!(message.contains("changed in line 3 of cell 4"), "{message}");
    let edits = finding["fixes"][0]["edits"].as_array().expect("a list");
    assert_eq!(edits[0]["cell"], 4);
    assert_eq!(edits[0]["range"], range);
    let shown = text(&run(project.path(), &["check", "a.ipynb"]).stdout);
    assert!(shown.contains("a.ipynb:cell 4:2:23"), "{shown}");
    assert!(shown.contains("2 | def log(event, events=[]):"), "{shown}");
    let of_file = raw(project.path(), &["check", "--format", "json", "b.py"]);
    assert_eq!(of_file["findings"], json!([]));
}

#[test]
fn evidence_may_stand_in_another_cell() {
    let notebook = json!({"cells": [
        {"cell_type": "code", "source": "# rows\nrow = [[]] * 3"},
        {"cell_type": "code", "source": "row[0].append(1)"},
    ]});
    let project = folder(&[("a.ipynb", &notebook.to_string())]);
    let found = raw(project.path(), &["check", "--format", "json"]);
    let finding = &found["findings"][0];
    assert_eq!(
        (&finding["code"], &finding["cell"]),
        (&json!("MUT006"), &json!(1))
    );
    let evidence = finding["evidence"].as_array().expect("a list");
    let there = evidence.iter().find(|evidence| evidence["cell"] == 2);
    let there = there.expect("evidence in the second cell");
    assert_eq!(there["range"]["start"], json!({"line": 1, "column": 1}));
    let shown = text(&run(project.path(), &["check"]).stdout);
    assert!(
        shown.contains("a.ipynb:cell 1:2:7") && shown.contains("a.ipynb:cell 2:1:1"),
        "{shown}"
    );
}

#[test]
fn notebooks_come_from_stdin_and_may_be_broken() {
    let project = folder(&[
        ("broken.ipynb", "{"),
        (
            "r.ipynb",
            r#"{"metadata": {"language_info": {"name": "R"}}, "cells": [{"cell_type": "code", "source": "x <- 1"}]}"#,
        ),
    ]);
    let arguments = [
        "check",
        "-",
        "--stdin-filename",
        "a.ipynb",
        "--format",
        "json",
    ];
    let output = run_with_stdin(project.path(), &arguments, notebook().as_bytes());
    assert_eq!(finding_paths(&document(&output)), ["a.ipynb"]);
    let output = run_with_stdin(project.path(), &arguments, b"{");
    assert_eq!(output.status.code(), Some(3));
    let output = run(project.path(), &["check"]);
    assert_eq!(output.status.code(), Some(3));
    let said = text(&output.stdout);
    assert!(
        said.contains("broken.ipynb: the notebook's JSON is broken"),
        "{said}"
    );
    let of_other = run(project.path(), &["check", "r.ipynb"]);
    assert_eq!(of_other.status.code(), Some(0));
}

#[test]
fn a_notebook_that_is_a_note_is_not_code() {
    let project = folder(&[
        ("notes/a.ipynb", &notebook()),
        ("code/a.ipynb", &notebook()),
        ("marginote.toml", "notes = [\"notes\"]\n"),
    ]);
    let found = document(&run(project.path(), &["check", "--format", "json"]));
    assert_eq!(finding_paths(&found), ["code/a.ipynb"]);
    let named = run(
        project.path(),
        &["check", "--format", "json", "notes/a.ipynb"],
    );
    assert_eq!(finding_paths(&document(&named)), ["notes/a.ipynb"]);
}

/// A notebook as Jupyter writes it, with lines of all kinds, and as it is after every fix. `end` is the line end of the file.
fn fixable(end: &str) -> (String, String) {
    let before = r##"{
 "cells": [
  {
   "cell_type": "markdown",
   "source": [
    "def f(x=[]): x.append(1)"
   ]
  },
  {
   "cell_type": "code",
   "execution_count": 1.50,
   "metadata": {"a":   "\u00e9"},
   "outputs": [],
   "source": [
    "%%time\n",
    "!echo 1\n",
    "def log(event, events=[]):  # \u00fc \"\ud83d\ude00\"\n",
    "    events.append(event)"
   ]
  },
  {
   "cell_type": "code",
   "source": "class One:\n    def __new__(cls, size):\n        return super().__new__(cls, size)\nOne(1)"
  }
 ],
 "nbformat": 4
}
"##;
    let after = before
        .replace(
            "events=[]):  # \\u00fc \\\"\\ud83d\\ude00\\\"\\n\",\n",
            "events=None):  # \\u00fc \\\"\\ud83d\\ude00\\\"\\n\",\n    \"    if events is None:\\n\",\n    \"        events = []\\n\",\n",
        )
        .replace("return super().__new__(cls, size)", "return super().__new__(cls)");
    (before.replace('\n', end), after.replace('\n', end))
}

#[test]
fn fixes_change_the_sources_of_cells_and_nothing_else() {
    for end in ["\n", "\r\n"] {
        let (before, after) = fixable(end);
        let project = folder(&[("a.ipynb", &before)]);
        let path = project.path().join("a.ipynb");
        let output = run(project.path(), &["check", "--fix", "--unsafe-fixes"]);
        let now = std::fs::read_to_string(&path).expect("the notebook");
        assert_eq!(now, after);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
        let said = text(&output.stderr);
        assert!(said.contains("made 2 fixes in 1 file"), "{said}");
    }
}

#[test]
fn only_safe_fixes_are_made_and_the_patch_is_of_the_json() {
    let (before, after) = fixable("\n");
    let project = folder(&[("a.ipynb", &before)]);
    let path = project.path().join("a.ipynb");
    let arguments = ["check", "--fix", "--unsafe-fixes", "--diff-only"];
    let patch = text(&run(project.path(), &arguments).stdout);
    assert!(
        patch.contains("\n+    \"    if events is None:\\n\",\n"),
        "{patch}"
    );
    assert_eq!(std::fs::read_to_string(&path).expect("a file"), before);
    run(project.path(), &["check", "--fix"]);
    let now = std::fs::read_to_string(&path).expect("a file");
    let unsafe_too = now.contains("events is None");
    assert!(now.contains("super().__new__(cls)") && !unsafe_too, "{now}");
    assert_ne!(now, after);
}

#[test]
fn a_notebook_with_one_line_and_a_mark_keeps_its_form() {
    let source = "def log(event, events=[]):\r\n    events.append(event)\r\nlog('é')";
    let notebook = json!({"cells": [{"cell_type": "code", "source": source}]});
    let before = format!("\u{feff}{notebook}");
    let project = folder(&[("a.ipynb", &before)]);
    run(project.path(), &["check", "--fix", "--unsafe-fixes"]);
    let now = std::fs::read_to_string(project.path().join("a.ipynb")).expect("a file");
    let wanted = before.replace(
        "events=[]):\\r\\n",
        "events=None):\\r\\n    if events is None:\\r\\n        events = []\\r\\n",
    );
    assert_eq!(now, wanted);
}
