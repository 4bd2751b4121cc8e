//! `check --diff` and `--patch`: what a change concerns.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::harness::{Document, PITFALL, folder, json, run, run_with_stdin, text};

fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .args(["-c", "user.name=A", "-c", "user.email=a@example.org"])
        .args([
            "-c",
            "init.defaultBranch=main",
            "-c",
            "commit.gpgsign=false",
        ])
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .expect("git runs");
    assert!(
        output.status.success(),
        "{arguments:?}: {}",
        text(&output.stderr)
    );
    text(&output.stdout)
}

/// A repository with one commit of these files.
fn repository(files: &[(&str, &str)]) -> tempfile::TempDir {
    let project = folder(files);
    git(project.path(), &["init", "-q"]);
    commit(project.path());
    project
}

fn commit(folder: &Path) {
    git(folder, &["add", "-A"]);
    git(folder, &["commit", "-qm", "x", "--allow-empty"]);
}

fn write(folder: &Path, name: &str, content: &str) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().expect("it has one")).expect("a folder");
    fs::write(path, content).expect("a file");
}

fn check(folder: &Path, arguments: &[&str]) -> Document {
    let output = run(
        folder,
        &[&["check", "--format", "json"], arguments].concat(),
    );
    assert!(output.stderr.is_empty(), "{}", text(&output.stderr));
    json(&output)
}

/// `path:line code` of each finding.
fn places(document: &Document) -> Vec<String> {
    let findings = document.findings.iter();
    let place = findings.map(|finding| {
        let existing = if finding.existing { " existing" } else { "" };
        format!(
            "{}:{} {}{existing}",
            finding.path, finding.range.start.line, finding.code
        )
    });
    place.collect()
}

#[test]
fn only_what_lies_on_changed_lines() {
    let project = repository(&[("a.py", PITFALL), ("b.py", PITFALL)]);
    let here = project.path();
    write(
        here,
        "a.py",
        &format!("{PITFALL}\n\ndef put(item, there=[]):\n    there.append(item)\n"),
    );
    assert_eq!(places(&check(here, &["--diff", "HEAD"])), ["a.py:5 MUT001"]);
    let all = check(here, &["--diff", "HEAD", "--context", "all"]);
    assert_eq!(
        places(&all),
        [
            "a.py:1 MUT001 existing",
            "a.py:5 MUT001",
            "b.py:1 MUT001 existing"
        ]
    );
    let page = text(&run(here, &["check", "--diff", "HEAD", "--context", "all"]).stdout);
    assert_eq!(
        page.matches("warning[MUT001]: existing: ").count(),
        2,
        "{page}"
    );
    // what was there before counts for nothing
    write(here, "a.py", &format!("# a comment\n{PITFALL}"));
    let output = run(here, &["check", "--diff", "HEAD", "--context", "all"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
}

#[test]
fn evidence_on_a_changed_line_is_enough() {
    let project = repository(&[(
        "a.py",
        "def add(item, items=[]):\n    return items + [item]\n",
    )]);
    write(project.path(), "a.py", PITFALL);
    let document = check(project.path(), &["--diff", "HEAD"]);
    assert_eq!(places(&document), ["a.py:1 MUT001"]);
    assert_eq!(document.findings[0].evidence[0].range.start.line, 2);
}

#[test]
fn a_change_that_makes_a_pitfall_elsewhere_says_so() {
    let base = "import abc\n\n\nclass Base:\n    pass\n\n\nclass Other:\n    pass\n";
    let user = "from base import Base, Other\n\n\nclass Both(Base, Other):\n    pass\n";
    let project = repository(&[("base.py", base), ("user.py", user), ("zoo.py", "x = 1\n")]);
    let here = project.path();
    let other = base
        .replace(
            "import abc\n",
            "import abc\n\n\nclass Meta(type):\n    pass\n\n\nclass Side(type):\n    pass\n",
        )
        .replace("class Base:", "class Base(metaclass=Meta):");
    write(here, "base.py", &other);
    commit(here);
    assert_eq!(places(&check(here, &[])), [""; 0]);
    // now the other base gets one that does not fit, a line below and one above that have nothing to do with it
    let worse = other.replace("class Other:", "class Other(metaclass=Side):");
    write(here, "base.py", &format!("# about\n{worse}\n# end\n"));
    write(here, "zoo.py", "x = 2\n");
    let document = check(here, &["--diff", "HEAD"]);
    assert_eq!(places(&document), ["user.py:4 MET001"]);
}

const WORK: &str = "\
from guard import lock


def outer():
    with lock:
        inner()


def inner():
    with lock:
        pass
";

#[test]
fn what_a_change_in_another_file_makes_names_it() {
    let guard = "\"\"\"Locks.\"\"\"\n\nfrom reentrant import lock\n";
    let plain = "import threading\n\nlock = threading.Lock()\n";
    let reentrant = plain.replace("Lock()", "RLock()");
    let project = repository(&[
        ("work.py", WORK),
        ("guard.py", guard),
        ("reentrant.py", &reentrant),
        ("plain.py", plain),
        ("a.py", "x = 1\n"),
    ]);
    let here = project.path();
    assert_eq!(places(&check(here, &[])), [""; 0]);
    // only one of the changed lines has to do with it
    let other = guard.replace("reentrant", "plain");
    write(
        here,
        "guard.py",
        &format!("# new\n# file\n{other}\n\nother = 1\n"),
    );
    write(here, "a.py", "x = 2\n");
    write(here, "z.py", "x = 2\n");
    let expected = "new through the change in guard.py:5";
    let document = check(here, &["--diff", "HEAD", "--untracked"]);
    assert_eq!(places(&document), ["work.py:6 GIL014"]);
    let evidence = document.findings[0].evidence.last().expect("there is some");
    assert_eq!(
        (&*evidence.path, &*evidence.message),
        ("guard.py", expected)
    );
    assert_eq!(evidence.range.start.line, 5);
    let page = text(&run(here, &["check", "--diff", "HEAD"]).stdout);
    assert!(page.contains(expected), "{page}");
    // what was there before is none of this change's
    commit(here);
    write(here, "a.py", "x = 3\n");
    assert_eq!(places(&check(here, &["--diff", "HEAD"])), [""; 0]);
}

#[test]
fn each_of_many_findings_elsewhere_names_its_cause() {
    let base = "import abc\n\n\nclass Base(abc.ABC):\n    pass\n";
    let heirs: Vec<(String, String)> = (0..150)
        .map(|i| {
            let text = format!(
                "import abc\nfrom base import Base\n\n\nclass Heir{i}(Base):\n    @abc.abstractmethod\n    def run(self): ...\n"
            );
            (format!("heir{i}.py"), text)
        })
        .collect();
    let mut files = vec![("base.py", base)];
    files.extend(heirs.iter().map(|(name, text)| (&**name, &**text)));
    let project = repository(&files);
    let here = project.path();
    write(here, "base.py", &base.replace("(abc.ABC)", ""));
    let document = check(here, &["--diff", "HEAD"]);
    assert_eq!(document.findings.len(), 150);
    for finding in &document.findings {
        let evidence = finding.evidence.last().expect("there is some");
        assert_eq!(
            (finding.code.as_str(), &*evidence.message),
            ("MET010", "new through the change in base.py:4")
        );
    }
}

#[test]
fn where_causes_take_too_much_work_the_rest_is_said_not_to_be_looked_for() {
    let base = "import abc\n\n\nclass Base(abc.ABC):\n    pass\n";
    let heir = "import abc\nfrom base import Base\n\n\nclass Heir(Base):\n    @abc.abstractmethod\n    def run(self): ...\n";
    let long = format!("{heir}{}", "# as it was\n".repeat(1_000_000));
    let others: Vec<String> = (0..100).map(|i| format!("other{i}.py")).collect();
    let mut files = vec![("base.py", base), ("heir1.py", &long), ("heir2.py", heir)];
    files.extend(others.iter().map(|name| (&**name, "x = 1\n")));
    let project = repository(&files);
    let here = project.path();
    write(here, "base.py", &base.replace("(abc.ABC)", ""));
    for name in &others {
        write(here, name, "x = 2\n");
    }
    let document = check(here, &["--diff", "HEAD"]);
    assert_eq!(
        places(&document),
        ["heir1.py:6 MET010", "heir2.py:6 MET010"]
    );
    let messages = document.findings.iter().map(|finding| {
        let evidence = finding.evidence.last().expect("there is some");
        &*evidence.message
    });
    assert_eq!(
        messages.collect::<Vec<_>>(),
        [
            "new through the change in base.py:4",
            "new through the change; which of its lines makes it was not looked for, for there are too many to try"
        ]
    );
}

#[test]
fn lines_that_are_gone_count() {
    let silent = format!("# marginote: ignore-file[MUT001]\nimport os\n\n{PITFALL}");
    let project = repository(&[("a.py", &silent)]);
    let here = project.path();
    write(here, "a.py", &format!("import os\n\n{PITFALL}"));
    let document = check(here, &["--diff", "HEAD"]);
    assert_eq!(places(&document), ["a.py:3 MUT001"]);
    let evidence = document.findings[0].evidence.last().expect("there is some");
    assert_eq!(evidence.message, "new through the change in a.py:1");
}

#[test]
fn renames_and_removals_are_followed() {
    let more = "\n\ndef one():\n    return 1\n\n\ndef two():\n    return 2\n";
    let file = format!("{PITFALL}{more}");
    let project = repository(&[("old/a.py", &file), ("gone.py", PITFALL)]);
    let here = project.path();
    fs::remove_file(here.join("gone.py")).expect("it is there");
    fs::remove_file(here.join("old/a.py")).expect("it is there");
    write(here, "new/b \"ü\"\n.py", &format!("# moved\n{file}"));
    git(here, &["add", "-A"]);
    assert_eq!(places(&check(here, &["--diff", "HEAD"])), [""; 0]);
    let all = check(here, &["--diff", "HEAD", "--context", "all"]);
    assert_eq!(places(&all), ["new/b \"ü\"\n.py:2 MUT001 existing"]);
    // without the rename it is a new file, of which every line is one
    let renamed = here.join("new/b \"ü\"\n.py");
    fs::write(&renamed, PITFALL.replace("item", "thing")).expect("a file");
    git(here, &["add", "-A"]);
    assert_eq!(
        places(&check(here, &["--diff", "HEAD"])),
        ["new/b \"ü\"\n.py:1 MUT001"]
    );
}

#[test]
fn untracked_files_where_they_are_wanted() {
    let project = repository(&[("a.py", "x = 1\n"), (".gitignore", "ignored.py\n")]);
    let here = project.path();
    write(here, "new.py", PITFALL);
    write(here, "ignored.py", PITFALL);
    assert_eq!(places(&check(here, &["--diff", "HEAD"])), [""; 0]);
    assert_eq!(
        places(&check(here, &["--diff", "HEAD", "--untracked"])),
        ["new.py:1 MUT001"]
    );
}

#[test]
fn the_merge_base_counts() {
    let project = repository(&[("a.py", "x = 1\n")]);
    let here = project.path();
    git(here, &["checkout", "-qb", "work"]);
    write(here, "mine.py", PITFALL);
    commit(here);
    git(here, &["checkout", "-q", "main"]);
    write(here, "theirs.py", PITFALL);
    commit(here);
    git(here, &["checkout", "-q", "work"]);
    fs::create_dir(here.join("sub")).expect("a folder");
    assert_eq!(
        places(&check(here, &["--diff", "main"])),
        ["mine.py:1 MUT001"]
    );
    let below = json(&run(
        &here.join("sub"),
        &["check", "--format", "json", "--diff", "main", ".."],
    ));
    assert_eq!(places(&below), ["../mine.py:1 MUT001"]);
}

#[test]
fn a_patch_of_git_and_of_diff() {
    let before = format!("{PITFALL}x = 1\n");
    let after = format!("{PITFALL}\n\ndef put(item, there=[]):\n    there.append(item)\n");
    let project = repository(&[("my lib/a.py", &before)]);
    let here = project.path();
    write(here, "my lib/a.py", &after);
    write(here, "picture.png", "\0");
    git(here, &["add", "-A"]);
    let expected = ["my lib/a.py:5 MUT001"];
    for arguments in [
        &["diff", "HEAD"][..],
        &["diff", "--no-prefix", "-U0", "HEAD"],
    ] {
        write(here, "patch", &git(here, arguments));
        assert_eq!(
            places(&check(here, &["--patch", "patch"])),
            expected,
            "{arguments:?}"
        );
    }
    git(here, &["commit", "-qm", "x"]);
    let mail = git(here, &["format-patch", "-1", "--stdout"]);
    let output = run_with_stdin(
        here,
        &["check", "--format", "json", "--patch", "-"],
        mail.as_bytes(),
    );
    assert_eq!(places(&json(&output)), expected);
    let other = folder(&[("old/a.py", &before), ("new/a.py", &after)]);
    let diff = Command::new("diff")
        .args(["-ruN", "old", "new"])
        .current_dir(other.path())
        .output();
    write(
        &here.join("my lib"),
        "patch",
        &text(&diff.expect("diff runs").stdout),
    );
    assert_eq!(
        places(&check(&here.join("my lib"), &["--patch", "patch"])),
        ["a.py:5 MUT001"]
    );
}

#[test]
fn files_with_other_line_ends_and_encodings() {
    let project = repository(&[]);
    let here = project.path();
    let latin = |tail: &str| [b"# coding: latin-1\r\n# \xe9\r\n", tail.as_bytes()].concat();
    let crlf = PITFALL.replace('\n', "\r\n");
    fs::write(here.join("a.py"), latin("")).expect("a file");
    commit(here);
    fs::write(here.join("a.py"), latin(&crlf)).expect("a file");
    assert_eq!(places(&check(here, &["--diff", "HEAD"])), ["a.py:3 MUT001"]);
}

#[test]
fn what_git_is_configured_to_do_changes_nothing() {
    let file = format!("{PITFALL}\n\nx = 1\n");
    let project = repository(&[("a b.py", &file), (".gitattributes", "*.py diff=own\n")]);
    let here = project.path();
    for (key, value) in [
        ("diff.own.textconv", "touch ran; cat"),
        ("diff.own.command", "touch ran"),
        ("diff.external", "touch ran"),
        ("core.fsmonitor", "touch ran"),
        ("diff.orderFile", "/nowhere"),
        ("color.ui", "always"),
        ("diff.noprefix", "true"),
        ("diff.mnemonicPrefix", "true"),
        ("diff.context", "9"),
        ("diff.interHunkContext", "9"),
        ("diff.renames", "false"),
        ("diff.suppressBlankEmpty", "true"),
        ("diff.wsErrorHighlight", "all"),
        ("diff.relative", "true"),
        ("core.quotePath", "false"),
    ] {
        git(here, &["config", key, value]);
    }
    fs::rename(here.join("a b.py"), here.join("ü.py")).expect("it is there");
    write(here, "ü.py", &(file + &PITFALL.replace("add", "put")));
    git(here, &["add", "-A"]);
    // the test's own calls of git obey
    let _ = fs::remove_file(here.join("ran"));
    let all = places(&check(here, &["--diff", "HEAD", "--context", "all"]));
    assert_eq!(all, ["ü.py:1 MUT001 existing", "ü.py:6 MUT001"]);
    assert!(!here.join("ran").exists());
}

/// A notebook with these cells.
fn notebook(cells: &[&str]) -> String {
    let cell = |source: &&str| {
        let lines: Vec<&str> = source.split_inclusive('\n').collect();
        serde_json::json!({"cell_type": "code", "source": lines, "metadata": {}, "outputs": []})
    };
    let cells: Vec<_> = cells.iter().map(cell).collect();
    let document = serde_json::json!({"cells": cells, "metadata": {}, "nbformat": 4});
    serde_json::to_string_pretty(&document).expect("JSON")
}

#[test]
fn notebooks_are_compared_by_their_code() {
    let old = notebook(&["import os\n", PITFALL]);
    let project = repository(&[("a.ipynb", &old), ("b.ipynb", &old)]);
    let here = project.path();
    write(here, "a.ipynb", &notebook(&["import os\nx = 1\n", PITFALL]));
    write(
        here,
        "b.ipynb",
        &notebook(&["import os\n", &PITFALL.replace("item", "thing")]),
    );
    assert_eq!(
        places(&check(here, &["--diff", "HEAD"])),
        ["b.ipynb:1 MUT001"]
    );
    let all = places(&check(here, &["--diff", "HEAD", "--context", "all"]));
    assert_eq!(all, ["a.ipynb:1 MUT001 existing", "b.ipynb:1 MUT001"]);
}

fn refused(folder: &Path, arguments: &[&str], what: &str) {
    let output = run(folder, &[&["check"], arguments].concat());
    let said = text(&output.stderr);
    assert_eq!(
        (output.status.code(), output.stdout.len()),
        (Some(2), 0),
        "{arguments:?}: {said}"
    );
    assert!(said.contains(what), "{said}");
}

#[test]
fn what_cannot_be_compared_is_said() {
    let project = repository(&[("a.py", PITFALL)]);
    let here = project.path();
    refused(
        here,
        &["--diff", "nowhere"],
        "git knows no revision `nowhere`",
    );
    refused(
        here,
        &["--diff=--output=stolen"],
        "git knows no revision `--output=stolen`",
    );
    assert!(!here.join("stolen").exists());
    refused(
        folder(&[]).path(),
        &["--diff", "HEAD"],
        "needs a git repository",
    );
    refused(here, &["--diff", "HEAD", "--fix"], "cannot be used with");
    git(here, &["checkout", "-q", "--orphan", "alone"]);
    write(here, "b.py", "");
    commit(here);
    refused(here, &["--diff", "main"], "have no common commit");

    write(here, "patch", "nothing of the kind\n");
    refused(here, &["--patch", "patch"], "this is no unified diff");
    refused(
        here,
        &["--patch", "missing"],
        "the patch `missing` cannot be read",
    );
    write(
        here,
        "patch",
        "--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-x\n+y\n",
    );
    refused(here, &["--patch", "patch"], "does not fit line 1 of `a.py`");
    write(
        here,
        "patch",
        "--- a/a.py\n+++ b/a.py\n@@ -1 +99 @@\n-x\n+y\n",
    );
    refused(here, &["--patch", "patch"], "does not fit line");
    write(
        here,
        "patch",
        "--- a/no.py\n+++ b/no.py\n@@ -1 +1 @@\n-x\n+y\n",
    );
    refused(
        here,
        &["--patch", "patch"],
        "changes `no.py`, which cannot be read",
    );
    write(
        here,
        "patch",
        "--- a/../a.py\n+++ b/../a.py\n@@ -1 +1 @@\n-x\n+y\n",
    );
    refused(here, &["--patch", "patch"], "which is not below the folder");
    write(
        here,
        "patch",
        "diff --git a/a.py b/a.py\nindex 1..2 100644\nBinary files a/a.py and b/a.py differ\n",
    );
    refused(here, &["--patch", "patch"], "as a binary file");
}

#[test]
fn no_git_at_all() {
    let project = repository(&[("a.py", PITFALL)]);
    let output = crate::harness::command(project.path(), &["check", "--diff", "HEAD"])
        .env("PATH", "/nowhere")
        .output()
        .expect("the binary runs");
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("needs the program `git`"));
}

#[test]
fn a_shallow_clone_is_told_what_to_fetch() {
    let origin = repository(&[("a.py", "x = 1\n")]);
    git(origin.path(), &["tag", "first"]);
    write(origin.path(), "a.py", PITFALL);
    commit(origin.path());
    let clones = folder(&[]);
    let url = format!("file://{}", origin.path().display());
    git(
        clones.path(),
        &["clone", "-q", "--depth", "1", &url, "shallow"],
    );
    let shallow = clones.path().join("shallow");
    refused(&shallow, &["--diff", "first"], "git fetch --unshallow");
}

#[test]
fn a_submodule_that_moved_is_named() {
    let inner = repository(&[("a.py", "x = 1\n")]);
    let project = repository(&[("b.py", PITFALL)]);
    let here = project.path();
    let from = inner.path().to_str().expect("text");
    git(
        here,
        &[
            "-c",
            "protocol.file.allow=always",
            "submodule",
            "-q",
            "add",
            from,
            "lib",
        ],
    );
    commit(here);
    write(&here.join("lib"), "a.py", PITFALL);
    commit(&here.join("lib"));
    write(here, "b.py", &PITFALL.replace("items", "things"));
    let output = run(here, &["check", "--format", "json", "--diff", "HEAD"]);
    assert_eq!(output.status.code(), Some(3));
    let document = json(&output);
    assert_eq!(document.errors[0].path, "lib");
    assert_eq!(places(&document), ["b.py:1 MUT001"]);
}
