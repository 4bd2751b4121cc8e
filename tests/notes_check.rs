//! Notes through the facade: what is wrong in them, what hovers quote of them, and where code uses what they explain.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use marginote::analysis::{Analysis, Cancel, Hover, Snapshot};
use marginote::knowledge::Knowledge;
use marginote::text::{Change, PositionEncoding};
use tempfile::TempDir;

/// A project whose folder `notes` holds notes.
struct Project {
    folder: TempDir,
    analysis: Analysis,
}

impl Project {
    fn new(files: &[(&str, &str)]) -> Project {
        let folder = tempfile::tempdir().expect("a folder");
        let mut project = Project {
            folder,
            analysis: Analysis::default(),
        };
        fs::create_dir(project.path("notes")).expect("made");
        project.write("marginote.toml", "notes = [\"notes\"]\n");
        for (name, text) in files {
            project.write(name, text);
        }
        let root = project.folder.path().to_owned();
        project.analysis.set_folders(vec![root]);
        let read = project
            .analysis
            .snapshot()
            .read_notes(None, &Cancel::default());
        assert_eq!(read.problems, []);
        project.analysis.set_notes(read.notes);
        project
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("written");
    }

    fn snapshot(&self) -> Snapshot {
        self.analysis.snapshot()
    }

    /// Code and the words that each finding in a note is about.
    fn found(&self, name: &str) -> Vec<(&'static str, String)> {
        let snapshot = self.snapshot();
        let path = self.path(name);
        let report = snapshot
            .findings(&path, &Cancel::default())
            .expect("not cancelled");
        let note = snapshot.note(&path).expect("read");
        let words = |range: &std::ops::Range<usize>| note.text[range.clone()].to_owned();
        let findings = report.findings.iter();
        findings
            .map(|finding| (finding.code, words(&finding.place.range)))
            .collect()
    }

    /// The hover at the first place of some words in a file.
    fn hover(&self, name: &str, words: &str) -> Option<Hover> {
        let text = fs::read_to_string(self.path(name)).expect("read");
        let at = text.find(words).expect("the words");
        self.snapshot().hover(&self.path(name), at)
    }
}

#[test]
fn what_is_said_wrongly_is_found_where_it_is_said() {
    let project = Project::new(&[
        (
            "notes/a.md",
            "# PyPy\n\nIt is fast. **PyPy has no GIL.** So much for that.\n",
        ),
        ("notes/b.md", "# Lists\n\nA list grows by itself.\n"),
    ]);
    assert_eq!(
        project.found("notes/a.md"),
        [("NOTE001", "PyPy has no GIL".to_owned())]
    );
    assert_eq!(project.found("notes/b.md"), []);
}

#[test]
fn what_comments_in_code_say_wrongly_is_found_too() {
    let project = Project::new(&[(
        "notes/a.md",
        "# Other Pythons\n\n```python\nurl = \"#PyPy has no GIL\"  # written in C\n# There are others:\n# PyPy has\n# no GIL.\nprint(url)  # PyPy has no GIL\n```\n\n```python\n# ❌ BAD\n# PyPy has no GIL\nx = 1\n```\n\n```c\n# PyPy has no GIL\n```\n",
    )]);
    assert_eq!(
        project.found("notes/a.md"),
        [
            (
                "NOTE001",
                "There are others:\n# PyPy has\n# no GIL.".to_owned()
            ),
            ("NOTE001", "PyPy has no GIL".to_owned())
        ]
    );
}

#[test]
fn notes_that_contradict_each_other_point_at_each_other() {
    let project = Project::new(&[
        ("notes/a.md", "# PyPy\n\nPyPy has no GIL.\n"),
        ("notes/b.md", "# PyPy\n\nPyPy has a GIL.\n"),
    ]);
    for (name, other) in [("notes/a.md", "notes/b.md"), ("notes/b.md", "notes/a.md")] {
        let report = project
            .snapshot()
            .findings(&project.path(name), &Cancel::default());
        let report = report.expect("not cancelled");
        let found = report
            .findings
            .iter()
            .find(|finding| finding.code == "NOTE003");
        let evidence = &found.expect("a contradiction").evidence[0].place;
        assert_eq!(*evidence.path, project.path(other));
        assert_eq!(evidence.range.start, "# PyPy\n\n".len());
    }
}

#[test]
fn code_is_checked_where_it_stands() {
    let note = "# Defaults\n\n1. A list:\n\n    ```python\n    def add(item, items=[]):\n        items.append(item)\n        return items\n    ```\n\n```python\n# ❌ BAD\ndef add(item, items=[]):\n    items.append(item)\n    return items\n```\n\n```python\ndef broken(:\n    pass\n```\n";
    let project = Project::new(&[("notes/a.md", note)]);
    let found = project.found("notes/a.md");
    let codes: Vec<&str> = found.iter().map(|(code, _)| *code).collect();
    assert_eq!(codes, ["MUT001", "NOTE004"], "{found:?}");
    assert_eq!(found[0].1, "[]", "the column of an indented fence");
}

#[test]
fn code_of_one_block_knows_the_imports_of_those_before_it() {
    let note = "# T\n\n```python\nfrom threading import Thread as T\n```\n\nThen:\n\n```python\nT(target=print())\n```\n";
    let project = Project::new(&[("notes/a.md", note)]);
    let found = project.found("notes/a.md");
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].0.starts_with("GIL"));
    assert!(note.contains(&found[0].1));
}

#[test]
fn links_that_lead_nowhere_are_found() {
    let project = Project::new(&[
        (
            "notes/a.md",
            "# One\n\n[x](b.md) [x](gone.md) [x](b.md#second-heading) [x](b.md#no-such) [x](#one) [x](#two) [[b]] [[c]] [x](https://example.org/gone.md)\n",
        ),
        (
            "notes/b.md",
            "# First\n\nText.\n\n## 2. Second heading\n\nText.\n",
        ),
    ]);
    let found = project.found("notes/a.md");
    let links: Vec<&str> = found.iter().map(|(_, words)| words.as_str()).collect();
    assert_eq!(
        links,
        ["[x](gone.md)", "[x](b.md#no-such)", "[x](#two)", "[[c]]"]
    );
    assert!(found.iter().all(|(code, _)| *code == "NOTE008"));
}

const MINE: &str = "# Thread-local data\n\nEach thread sees a value of its own in threading.local, so nothing is shared between threads.\n";
const CODE: &str = "import threading\n\nown = threading.local()\n";

#[test]
fn a_hover_quotes_the_users_words() {
    let project = Project::new(&[("notes/mine.md", MINE), ("app.py", CODE)]);
    let hover = project.hover("app.py", "local()").expect("a hover");
    assert!(
        hover
            .markdown
            .contains("> Each thread sees a value of its own"),
        "{}",
        hover.markdown
    );
    assert!(hover.markdown.contains("mine.md › Thread-local data"));
    assert!(hover.markdown.contains("/notes/mine.md#L1)"));
}

#[test]
fn a_change_of_a_note_is_in_the_next_hover() {
    let mut project = Project::new(&[("notes/mine.md", MINE), ("app.py", CODE)]);
    let path = project.path("notes/mine.md");
    let quote = |project: &Project| project.hover("app.py", "local()").expect("a hover").plain;
    // in the editor
    project.analysis.open(
        path.clone(),
        1,
        &MINE.replace("a value of its own", "its own copy"),
    );
    assert!(quote(&project).contains("its own copy"));
    project.analysis.close(&path);
    assert!(quote(&project).contains("a value of its own"));
    // on disk
    project.write(
        "notes/mine.md",
        &MINE.replace("a value of its own", "something private"),
    );
    project
        .analysis
        .changed_on_disk(std::slice::from_ref(&path));
    assert!(quote(&project).contains("something private"));
    fs::remove_file(&path).expect("removed");
    project.analysis.changed_on_disk(&[path]);
    assert!(!quote(&project).contains("Your notes"));
    // a new one
    project.write("notes/new.md", MINE);
    project
        .analysis
        .changed_on_disk(&[project.path("notes/new.md")]);
    assert!(quote(&project).contains("new.md"));
    // one that is not among the notes
    project.write("README.md", MINE);
    fs::remove_file(project.path("notes/new.md")).expect("removed");
    project
        .analysis
        .changed_on_disk(&[project.path("README.md"), project.path("notes/new.md")]);
    assert!(!quote(&project).contains("Your notes"));
}

#[test]
fn a_wrong_quote_is_corrected_under_it() {
    let note = "# The GIL of PyPy\n\nPyPy has no GIL, so threads of the global interpreter lock do not matter there.\n";
    let project = Project::new(&[
        (
            "notes/mine.md",
            &format!("{note}<!-- marginote: free-threading -->\n"),
        ),
        ("app.py", "import sys\n\nsys._is_gil_enabled()\n"),
    ]);
    let hover = project.hover("app.py", "_is_gil_enabled").expect("a hover");
    assert_eq!(hover.concept.as_deref(), Some("free-threading"));
    let (quote, after) = hover.plain.split_once("PyPy has no GIL").expect("a quote");
    assert!(quote.contains("Your notes"));
    assert!(after.contains("Not so: "), "{}", hover.plain);
}

#[test]
fn a_section_says_where_the_code_uses_it() {
    let project = Project::new(&[
        ("notes/mine.md", MINE),
        ("app.py", CODE),
        (
            "b.py",
            "from threading import local as mine\n\nx = mine()\ny = mine()\n",
        ),
    ]);
    let path = project.path("notes/mine.md");
    let snapshot = project.snapshot();
    let hover = project
        .hover("notes/mine.md", "Thread-local")
        .expect("a hover");
    let concept = hover.concept.expect("a concept");
    let places = snapshot
        .note_references(&path, 0, &Cancel::default())
        .expect("places");
    let lenses = snapshot.lenses(&path, &Cancel::default()).expect("lenses");
    assert_eq!(lenses.len(), 1);
    assert_eq!(lenses[0].concepts[0], concept);
    assert!(places.len() >= 3, "{places:?}");
    assert!(hover.plain.contains("app.py line 3"), "{}", hover.plain);
    assert!(
        project.hover("notes/mine.md", "sees").is_none(),
        "prose has no hover"
    );
}

#[test]
fn what_an_edit_leaves_alone_is_used_as_in_a_project_that_is_read_anew() {
    let files = [
        ("notes/mine.md", MINE),
        (
            "base.py",
            "import threading\n\n\nclass Base(threading.Thread):\n    pass\n\n\nown = threading.local()\n",
        ),
        (
            "other.py",
            "from base import Base\n\n\nclass Mine(Base):\n    pass\n\n\ndef late(found=[]):\n    return found\n",
        ),
    ];
    let mut project = Project::new(&files);
    let uses = |project: &Project| {
        let uses = project.snapshot().project_uses(&Cancel::default());
        uses.expect("not cancelled")
    };
    let base = project.path("base.py");
    project.analysis.open(base.clone(), 1, files[1].1);
    let mut known = uses(&project);
    for (version, text) in [
        files[1].1.replace("threading.local()", "threading.Lock()"),
        files[1].1.replace("threading.Thread", "object"),
        files[1].1.replace("own =", "# more\nown ="),
        files[1].1.to_owned(),
    ]
    .iter()
    .enumerate()
    {
        let change = Change {
            range: None,
            text: text.clone(),
        };
        let version = version as i32 + 2;
        let edited = project
            .analysis
            .edit(&base, version, &[change], PositionEncoding::Utf8);
        edited.expect("it fits");
        let before = std::mem::replace(&mut known, uses(&project));
        let mut anew = Analysis::default();
        anew.set_folders(vec![project.folder.path().to_owned()]);
        anew.open(base.clone(), 1, text);
        let anew = anew.snapshot().project_uses(&Cancel::default());
        let anew = anew.expect("not cancelled");
        let mut concepts = anew.concepts();
        concepts.extend(before.concepts());
        for concept in concepts {
            assert_eq!(known.of(concept), anew.of(concept), "{concept}: {text}");
        }
    }
    let note = project.path("notes/mine.md");
    project.analysis.open(note, 1, "# Nothing\n");
    assert!(Arc::ptr_eq(&known, &uses(&project)), "no code has changed");
}

#[test]
fn a_finding_in_a_block_counts_the_lines_of_the_note() {
    let code = "def crunch():\n    total = 0\n    for i in range(10**7):\n        total += i * i\n    return total\n\nt = threading.Thread(target=crunch)\nt.start()\n";
    let text = format!(
        "# Threads\n\n```python\nimport threading\n```\n\nWords.\n\n```python\n{code}```\n"
    );
    let project = Project::new(&[("notes/a.md", &text)]);
    let report = project
        .snapshot()
        .findings(&project.path("notes/a.md"), &Cancel::default())
        .expect("not cancelled");
    let mut messages = report.findings.iter().map(|finding| &finding.message);
    assert!(
        messages.any(|message| message.contains("the loop in line 12)")),
        "{:?}",
        report.findings
    );
}

#[test]
fn sections_of_other_notes_are_named_under_a_quote_whatever_their_headings() {
    let twice = format!("{MINE}\n{MINE}");
    let project = Project::new(&[
        ("notes/a.md", &twice),
        ("notes/b.md", &twice),
        ("app.py", CODE),
    ]);
    let hover = project.hover("app.py", "local()").expect("a hover");
    let named = |name: &str| {
        hover
            .plain
            .matches(&format!("{name} › Thread-local data"))
            .count()
    };
    assert_eq!((named("a.md"), named("b.md")), (1, 1), "{}", hover.plain);
}

/// Everything that is counted as a use of a concept has that concept's hover.
#[test]
fn uses_are_the_places_of_hovers() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/example");
    let mut analysis = Analysis::default();
    analysis.set_folders(vec![folder]);
    let snapshot = analysis.snapshot();
    let uses = snapshot
        .uses(&snapshot.files(), Knowledge::builtin(), &Cancel::default())
        .expect("not cancelled");
    let mut checked = 0;
    for concept in uses.concepts() {
        for place in uses.of(concept) {
            let hover = snapshot
                .hover(&place.path, place.range.start)
                .expect("a hover");
            // over a finding the hover is the finding's
            if hover.findings.is_empty() {
                assert_eq!(hover.concept.as_deref(), Some(concept), "{place:?}");
                assert_eq!(hover.range, place.range);
                checked += 1;
            }
        }
    }
    assert!(checked > 20, "{checked}");
}
