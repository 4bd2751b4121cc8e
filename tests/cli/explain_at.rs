//! `explain --at`: what a hover at a place would say, and places that are none.

use serde::Deserialize;

use crate::harness::{PITFALL, folder, run, text};

/// Version 1 of the document. An unknown or a missing key fails the test.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct Explanation {
    version: u32,
    concept: Option<String>,
    also: Vec<String>,
    findings: Vec<String>,
    notes: Vec<NotePlace>,
    markdown: String,
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct NotePlace {
    path: String,
    line: usize,
    heading: Vec<String>,
    score: f64,
}

fn explain(project: &tempfile::TempDir, place: &str) -> Explanation {
    let output = run(
        project.path(),
        &["explain", "--at", place, "--format", "json"],
    );
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("it is JSON")
}

#[test]
fn a_construct_a_finding_and_nothing() {
    let app = "from queue import Queue\n\nä = Queue(); Queue().put(1)\n";
    let project = folder(&[("src/app.py", app), ("pitfall.py", PITFALL)]);
    let queue = explain(&project, "src/app.py:3:5");
    assert_eq!(queue.version, 1);
    assert_eq!(queue.concept.as_deref(), Some("thread-queue"));
    assert!(queue.findings.is_empty() && queue.notes.is_empty());
    assert!(queue.markdown.starts_with("**"), "{}", queue.markdown);
    // columns are code points, and the end of a word belongs to it
    let second = explain(&project, "src/app.py:3:19");
    assert_eq!(second.concept, queue.concept);
    let finding = explain(&project, "pitfall.py:1:21");
    assert_eq!(finding.findings, ["MUT001"]);
    assert_eq!(finding.concept.as_deref(), Some("mutable-default"));
    let nothing = explain(&project, "src/app.py:2:1");
    assert_eq!(nothing.concept, None);
    assert!(nothing.also.is_empty() && nothing.findings.is_empty() && nothing.markdown.is_empty());
}

#[test]
fn the_project_around_the_file_is_known() {
    let config = "class Config:\n    it = None\n\n    def __new__(cls):\n        if cls.it is None:\n            cls.it = super().__new__(cls)\n        return cls.it\n";
    let app = "from config import Config as Settings\n\nSettings()\n";
    let project = folder(&[("config.py", config), ("app.py", app)]);
    let class = explain(&project, "config.py:1:7");
    assert_eq!(class.concept.as_deref(), Some("singleton-new"));
    assert!(
        class
            .markdown
            .contains("one place constructs it (app.py line 3)"),
        "{}",
        class.markdown
    );
    let used = text(&run(project.path(), &["explain", "--at", "app.py:3:1"]).stdout);
    assert!(
        used.contains("lives in Config.it (config.py line 2)"),
        "{used}"
    );
}

#[test]
fn places_that_are_none_are_named() {
    let project = folder(&[("a.py", "x = 1\n"), ("binary.py", "x = \0\n")]);
    let refuses = |place: &str, words: &str| {
        let output = run(project.path(), &["explain", "--at", place]);
        let errors = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{place}");
        assert!(errors.contains(words), "{place}: {errors}");
        assert_eq!(text(&output.stdout), "");
    };
    refuses("a.py", "FILE:LINE:COLUMN");
    refuses("a.py:1", "FILE:LINE:COLUMN");
    refuses("a.py:0:1", "from 1");
    refuses("a.py:1:99999999999999999999", "FILE:LINE:COLUMN");
    refuses("b.py:1:1", "there is no file `b.py`");
    refuses(".:1:1", "there is no file");
    refuses("a.py:9:1", "there is no line 9 in `a.py`, which has 2");
    refuses(
        "a.py:1:18446744073709551615",
        "line 1 of `a.py`, which has 5",
    );
    refuses("a.py:1:7", "there is no column 7 in line 1");
    refuses("binary.py:1:1", "cannot read `binary.py`");
    let last = run(project.path(), &["explain", "--at", "a.py:1:6"]);
    assert_eq!(last.status.code(), Some(0));
    let both = run(project.path(), &["explain", "gil", "--at", "a.py:1:1"]);
    assert_eq!(both.status.code(), Some(2));
}

#[test]
fn the_readme_shows_the_document_as_it_is() {
    let readme = include_str!("../../README.md");
    let (_, shown) = readme.split_once("explain --at").expect("it is described");
    let (_, block) = shown.split_once("```json\n").expect("it is shown");
    let block = block.split("```").next().expect("it ends");
    let document: Explanation = serde_json::from_str(block).expect("it has the documented form");
    assert_eq!(document.concept.as_deref(), Some("singleton-new"));
}

#[test]
fn the_notes_about_the_concept_are_named_and_quoted() {
    let note = "# Threads\n\n## queue.Queue\n\nA Queue hands items from one thread to another and locks inside.\n";
    let project = folder(&[
        ("app.py", "import queue\n\nq = queue.Queue()\nx = 1\n"),
        ("marginote.toml", "notes = [\"study\"]\n"),
        ("study/threads.md", note),
        ("other.md", note),
    ]);
    let queue = explain(&project, "app.py:3:11");
    assert_eq!(queue.concept.as_deref(), Some("thread-queue"));
    let [place] = &queue.notes[..] else {
        panic!("{:?}", queue.notes);
    };
    assert_eq!((place.path.as_str(), place.line), ("study/threads.md", 3));
    assert_eq!(place.heading, ["Threads", "queue.Queue"]);
    assert!((0.5..=1.0).contains(&place.score), "{}", place.score);
    let quote = "> A Queue hands items from one thread to another";
    assert!(queue.markdown.contains(quote), "{}", queue.markdown);
    assert!(explain(&project, "app.py:4:1").notes.is_empty());
    std::fs::write(
        project.path().join("marginote.toml"),
        "notes = [\"gone\"]\n",
    )
    .expect("written");
    let output = run(project.path(), &["explain", "--at", "app.py:3:11"]);
    assert_eq!(output.status.code(), Some(0));
    let errors = text(&output.stderr);
    assert!(
        errors.contains("marginote.toml: ") && errors.contains("gone"),
        "{errors}"
    );
}
