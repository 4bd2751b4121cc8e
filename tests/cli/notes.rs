//! `marginote notes`: listing, searching, checking and linking.

use std::fs;
use std::process::Output;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::harness::{Document, Problem, folder, json, run, text};

/// Version 1 of the documents. An unknown or a missing key fails the test.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct Sections {
    version: u32,
    sections: Vec<Section>,
    errors: Vec<Problem>,
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct Section {
    path: String,
    line: usize,
    heading: Vec<String>,
    concepts: Vec<Concept>,
    blocks: usize,
    questions: usize,
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct Concept {
    concept: String,
    score: f64,
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct Links {
    version: u32,
    sections: Vec<LinkedSection>,
    errors: Vec<Problem>,
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct LinkedSection {
    path: String,
    line: usize,
    heading: Vec<String>,
    concepts: Vec<Concept>,
    mark: Option<String>,
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct Hits {
    version: u32,
    hits: Vec<Hit>,
    errors: Vec<Problem>,
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct Hit {
    path: String,
    line: usize,
    heading: Vec<String>,
    score: f64,
    excerpt: String,
}

const THREADS: &str = "# Threads

## The GIL

The global interpreter lock lets only one thread run Python bytecode at a time.
Asyncio bypasses the GIL.

```python
def add(item, items=[]):
    items.append(item)
```

## Waiting

Some jobs take long; whoever waits for them does nothing else.

**Q: What wakes the one who waits?**

A: Somebody who <b>says</b> so.

## Shopping

Milk, bread.
";

const BROKEN: &str = "# Broken

See [[threads]], [[nowhere]] and [this](gone.md).

```python
def f(:
```

```python
x = 1
";

const CARD: &str = "---
code: TEAM001
name: no-sleep
title: Do not sleep here
message: It sleeps
match: ((call
---
Sleeping keeps the caller waiting.
";

fn vault() -> tempfile::TempDir {
    folder(&[
        ("notes/threads.md", THREADS),
        ("notes/sub/broken.md", BROKEN),
        ("notes/no-note.py", "x = 1\n"),
    ])
}

fn document<D: DeserializeOwned>(output: &Output) -> D {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", text(&output.stdout)))
}

#[test]
fn the_sections_of_notes_are_listed() {
    let project = vault();
    let output = run(
        project.path(),
        &["notes", "list", "notes", "--format", "json"],
    );
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let list: Sections = document(&output);
    assert_eq!(list.version, 1);
    let is_gil = |section: &&Section| section.heading == ["Threads", "The GIL"];
    let gil = list.sections.iter().find(is_gil).expect("it is there");
    assert_eq!((gil.path.as_str(), gil.line), ("notes/threads.md", 3));
    assert_eq!((gil.blocks, gil.questions), (1, 0));
    assert_eq!(gil.concepts[0].concept, "gil");
    assert!(gil.concepts[0].score > 0.5 && gil.concepts[0].score <= 1.0);
    let errors: Vec<_> = list
        .errors
        .iter()
        .map(|e| (e.path.as_str(), e.message.starts_with("line 9: ")))
        .collect();
    assert_eq!(errors, [("notes/sub/broken.md", true)], "{:?}", list.errors);
    let tree = run(project.path(), &["notes", "list", "notes"]);
    insta::assert_snapshot!(text(&tree.stdout));
}

#[test]
fn the_configuration_names_notes_and_a_path_is_taken_as_it_is() {
    let project = folder(&[
        ("study/a.md", "# A\n\ntext\n"),
        ("[ab]*.md", "# Odd\n\ntext\n"),
        ("b.md", "# B\n\ntext\n"),
        ("notes.rst", "Other\n\ntext\n"),
    ]);
    let paths = |arguments: &[&str]| {
        let arguments = [&["notes", "list", "--format", "json"], arguments].concat();
        let list: Sections = document(&run(project.path(), &arguments));
        let mut paths: Vec<String> = list
            .sections
            .into_iter()
            .map(|section| section.path)
            .collect();
        paths.dedup();
        paths
    };
    for command in [&["list"][..], &["check"], &["search", "text"]] {
        let output = run(project.path(), &[&["notes"], command].concat());
        assert_eq!(output.status.code(), Some(2), "{command:?}");
        assert!(text(&output.stderr).contains("notes = [\"notes\"]"));
    }
    assert_eq!(paths(&["[ab]*.md"]), ["[ab]*.md"]);
    assert_eq!(
        paths(&["notes.rst", "./study/../b.md"]),
        ["b.md", "notes.rst"]
    );
    fs::write(
        project.path().join("marginote.toml"),
        "notes = [\"study\"]\n",
    )
    .expect("written");
    assert_eq!(paths(&[]), ["study/a.md"]);
    assert_eq!(paths(&["b.md"]), ["b.md"]);
    let missing = run(project.path(), &["notes", "check", "gone\x1b.md"]);
    assert_eq!(missing.status.code(), Some(2));
    assert!(text(&missing.stderr).contains("no file or folder `gone\\u{1b}.md`"));
}

#[test]
fn what_cannot_be_read_is_named_and_the_rest_is_read() {
    let project = folder(&[("notes/a.md", "# A\n\nlocks\n")]);
    let notes = project.path().join("notes");
    fs::write(notes.join("binary.md"), b"\x7fELF\0\0\x01\0\xff\xfe\0").expect("written");
    fs::write(notes.join("broken.ipynb"), "{\"cells\": [").expect("written");
    let huge = fs::File::create(notes.join("huge.md")).expect("a file");
    huge.set_len(11 << 20).expect("it is long");
    for command in [
        &["list", "notes"][..],
        &["search", "locks", "--in", "notes"],
    ] {
        let output = run(project.path(), &[&["notes"], command].concat());
        assert_eq!(output.status.code(), Some(3), "{command:?}");
        let said = text(&output.stdout);
        for name in [
            "notes/binary.md",
            "notes/broken.ipynb",
            "notes/huge.md: the note is too large",
        ] {
            assert!(said.contains(name), "{name} in {said}");
        }
        assert!(said.contains("notes/a.md"));
    }
    let checked = run(
        project.path(),
        &["notes", "check", "notes", "--format", "json"],
    );
    assert_eq!(checked.status.code(), Some(3));
    let checked = json(&checked);
    let found = codes(&checked);
    assert_eq!(
        found,
        [
            ("notes/binary.md", "NOTE009"),
            ("notes/broken.ipynb", "NOTE009")
        ]
    );
    assert_eq!(checked.errors.len(), 1);
    assert_eq!(checked.errors[0].path, "notes/huge.md");
}

fn codes(document: &Document) -> Vec<(&str, &str)> {
    let findings = document.findings.iter();
    findings
        .map(|finding| (finding.path.as_str(), finding.code.as_str()))
        .collect()
}

#[test]
fn what_notes_say_is_checked() {
    let project = vault();
    fs::write(project.path().join("notes/card.md"), CARD).expect("written");
    let before = fs::read(project.path().join("notes/threads.md")).expect("it is there");
    let output = run(
        project.path(),
        &["notes", "check", "notes", "--format", "json"],
    );
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let checked = json(&output);
    assert_eq!(
        codes(&checked),
        [
            ("notes/card.md", "NOTE007"),
            ("notes/sub/broken.md", "NOTE008"),
            ("notes/sub/broken.md", "NOTE008"),
            ("notes/sub/broken.md", "NOTE004"),
            ("notes/sub/broken.md", "NOTE006"),
            ("notes/threads.md", "NOTE001"),
            ("notes/threads.md", "MUT001"),
        ]
    );
    assert!(checked.errors.is_empty(), "{:?}", checked.errors);
    let names: Vec<&str> = checked
        .findings
        .iter()
        .map(|finding| finding.name.as_str())
        .collect();
    assert_eq!(names[0], "card-invalid");
    assert_eq!(names[5..], ["claim-wrong", "mutable-default"]);
    let (card, claim) = (&checked.findings[0], &checked.findings[5]);
    assert_eq!(card.range.start.line, 6, "the line of `match`");
    assert_eq!((claim.range.start.line, claim.range.start.column), (6, 1));
    assert_eq!(checked.summary.files, 3);
    let shown = run(project.path(), &["notes", "check", "notes"]);
    insta::assert_snapshot!(text(&shown.stdout));
    let after = fs::read(project.path().join("notes/threads.md")).expect("it is there");
    assert_eq!(before, after);
}

#[test]
fn exit_codes_and_rules_are_those_of_check() {
    let project = vault();
    let check = |arguments: &[&str]| {
        let arguments = [&["notes", "check", "notes/threads.md"], arguments].concat();
        let output = run(
            project.path(),
            &[&arguments[..], &["--format", "json"]].concat(),
        );
        (output.status.code(), output)
    };
    assert_eq!(check(&[]).0, Some(1));
    assert_eq!(check(&["--exit-zero"]).0, Some(0));
    assert_eq!(check(&["--fail-on", "error"]).0, Some(0));
    assert_eq!(
        codes(&json(&check(&["--select", "NOTE"]).1)),
        [("notes/threads.md", "NOTE001")]
    );
    assert_eq!(
        codes(&json(&check(&["--ignore", "claim-wrong"]).1)),
        [("notes/threads.md", "MUT001")]
    );
    let wrong = check(&["--select", "NOTE042"]);
    assert_eq!(wrong.0, Some(2));
    assert!(text(&wrong.1.stderr).contains("no rule is called `NOTE042`"));
}

#[test]
fn two_notes_that_contradict_each_other_are_both_named() {
    let project = folder(&[
        ("a.md", "Asyncio bypasses the GIL.\n"),
        ("b.md", "Coroutines run under the GIL.\n"),
    ]);
    let both = json(&run(
        project.path(),
        &[
            "notes", "check", ".", "--select", "NOTE003", "--format", "json",
        ],
    ));
    assert_eq!(codes(&both), [("a.md", "NOTE003"), ("b.md", "NOTE003")]);
    let evidence: Vec<&str> = both
        .findings
        .iter()
        .map(|finding| finding.evidence[0].path.as_str())
        .collect();
    assert_eq!(evidence, ["b.md", "a.md"]);
    // a note that is not checked is known all the same where the configuration names it
    fs::write(
        project.path().join("marginote.toml"),
        "notes = [\"b.md\"]\n",
    )
    .expect("written");
    let one = json(&run(
        project.path(),
        &[
            "notes", "check", "a.md", "--select", "NOTE003", "--format", "json",
        ],
    ));
    assert_eq!(codes(&one), [("a.md", "NOTE003")]);
}

#[test]
fn sections_are_found_by_their_words() {
    let project = vault();
    let search = |arguments: &[&str]| {
        let arguments = [
            &["notes", "search"],
            arguments,
            &["--in", "notes", "--format", "json"],
        ]
        .concat();
        let output = run(project.path(), &arguments);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        document::<Hits>(&output)
    };
    let found = search(&["bytecode", "thread"]);
    assert_eq!((found.version, found.errors.len()), (1, 1));
    let best = &found.hits[0];
    assert_eq!((best.path.as_str(), best.line), ("notes/threads.md", 3));
    assert_eq!(best.heading, ["Threads", "The GIL"]);
    assert!(
        best.score > 0.0 && best.excerpt.contains("Python bytecode"),
        "{best:?}"
    );
    let many = search(&["wakes", "thread"]).hits;
    assert!(many.len() > 1 && many.is_sorted_by(|a, b| a.score >= b.score));
    assert_eq!(search(&["wakes", "thread", "--limit", "1"]).hits.len(), 1);
    assert!(search(&["photosynthesis"]).hits.is_empty());
    for nothing in ["", " ... "] {
        let output = run(
            project.path(),
            &["notes", "search", nothing, "--in", "notes"],
        );
        assert_eq!(output.status.code(), Some(2));
        assert!(text(&output.stderr).contains("give a word"));
    }
    let shown = run(
        project.path(),
        &["notes", "search", "bytecode", "--in", "notes/threads.md"],
    );
    insta::assert_snapshot!(text(&shown.stdout));
}

#[test]
fn a_section_of_which_nothing_is_sure_is_linked_by_the_mark_that_is_shown() {
    let project = vault();
    let link = || {
        let output = run(
            project.path(),
            &["notes", "link", "notes/threads.md", "--format", "json"],
        );
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        let links: Links = document(&output);
        assert_eq!((links.version, links.errors.len()), (1, 0));
        links.sections
    };
    let shown = run(project.path(), &["notes", "link", "notes/threads.md"]);
    insta::assert_snapshot!(text(&shown.stdout));
    let sections = link();
    let paths = sections
        .iter()
        .all(|section| section.path == "notes/threads.md");
    assert!(paths);
    let gil = &sections[1];
    assert_eq!((gil.line, gil.concepts[0].concept.as_str()), (3, "gil"));
    assert_eq!(gil.mark, None);
    let unsure = sections
        .iter()
        .find(|section| section.mark.is_some())
        .expect("one is not sure");
    assert!(unsure.concepts.is_empty());
    let (mark, heading) = (
        unsure.mark.as_deref().expect("it has"),
        unsure.heading[1].clone(),
    );
    let marked = THREADS.replace(
        &format!("## {heading}\n"),
        &format!("## {heading}\n{mark}\n"),
    );
    fs::write(project.path().join("notes/threads.md"), marked).expect("written");
    let sections = link();
    let now = sections
        .iter()
        .find(|section| section.heading.last() == Some(&heading));
    let now = now.expect("it is there");
    assert!((now.concepts[0].score - 1.0).abs() < f64::EPSILON);
    assert_eq!(
        format!("<!-- marginote: {} -->", now.concepts[0].concept),
        mark
    );
    let directory = run(project.path(), &["notes", "link", "notes"]);
    assert_eq!(directory.status.code(), Some(2));
    assert!(text(&directory.stderr).contains("give one note"));
}

#[test]
fn the_rules_of_notes_are_listed_and_explained() {
    let project = folder(&[]);
    let rules = text(&run(project.path(), &["rules"]).stdout);
    let last = rules.lines().last().expect("there are rules");
    assert!(last.starts_with("NOTE009  not-readable"), "{last}");
    let listed = run(project.path(), &["rules", "--format", "json"]);
    let listed: serde_json::Value = serde_json::from_slice(&listed.stdout).expect("JSON");
    let is_first = |rule: &&serde_json::Value| rule["code"] == "NOTE001";
    let first = listed["rules"]
        .as_array()
        .and_then(|rules| rules.iter().find(is_first));
    assert_eq!(first.expect("listed")["name"], "claim-wrong");
    let page = run(project.path(), &["explain", "note001"]);
    assert_eq!(page.status.code(), Some(0));
    let page = text(&page.stdout);
    assert!(
        page.contains("NOTE001 claim-wrong") && page.contains("marginote notes check"),
        "{page}"
    );
    let by_name = text(&run(project.path(), &["explain", "claim-wrong"]).stdout);
    assert_eq!(page, by_name);
}
