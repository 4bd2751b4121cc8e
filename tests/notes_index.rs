//! The index of notes: what it reads, what it remembers, and what damaged files do to it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use marginote::analysis::notes::Notes;
use marginote::analysis::{Analysis, Cancel};
use marginote::explain::Quote;
use marginote::knowledge::Knowledge;
use tempfile::TempDir;

const SLOTS: &str = "# What is `__slots__`?\n\nInstances have a fixed set of fields and no `__dict__`, which saves memory.\n";
const WEAK: &str = "# Diary\n\nRain.\n\n## Weak references\n\nThey keep nothing alive; a cache is a WeakValueDictionary.\n";

/// A folder with two notes and room for a cache.
struct Vault {
    folder: TempDir,
}

impl Vault {
    fn new() -> Vault {
        let vault = Vault {
            folder: tempfile::tempdir().expect("a folder"),
        };
        vault.write("slots.md", SLOTS);
        vault.write("weak.md", WEAK);
        vault
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).expect("written");
        path
    }

    fn cache(&self) -> PathBuf {
        self.path("cache/notes.cache")
    }

    fn index(&self, names: &[&str]) -> Notes {
        let files: Vec<PathBuf> = names.iter().map(|name| self.path(name)).collect();
        Notes::index(
            &files,
            Knowledge::builtin(),
            Some(&self.cache()),
            &Cancel::default(),
        )
    }
}

/// Name and heading of the sections about a concept.
fn about(notes: &Notes, concept: &str) -> Vec<(String, String)> {
    let shown = |path: &Path| {
        path.file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned()
    };
    let places = notes.about(concept).map(|place| {
        let heading = place.section.headings.last().map(ToString::to_string);
        (shown(&place.file.path), heading.unwrap_or_default())
    });
    places.collect()
}

/// What a hover quotes of a concept.
fn quote(notes: Notes, concept: &str) -> Option<Quote> {
    let mut analysis = Analysis::default();
    analysis.set_notes(Arc::new(notes));
    analysis.snapshot().quote(concept)
}

fn pair(name: &str, heading: &str) -> (String, String) {
    (name.to_string(), heading.to_string())
}

#[test]
fn sections_are_found_by_concept_and_by_words() {
    let vault = Vault::new();
    let notes = vault.index(&["slots.md", "weak.md"]);
    assert_eq!(
        about(&notes, "weakref"),
        [pair("weak.md", "Weak references")]
    );
    assert_eq!(about(&notes, "gil"), []);
    let hits = notes.search("dictionary that is a cache", 5);
    assert_eq!(hits.first().map(|hit| hit.section.line), Some(4));
    assert!(notes.search("", 5).is_empty());
    assert!(notes.search("xyzzy", 5).is_empty());
    let quote = quote(notes, "weakref").expect("it answers");
    assert_eq!(quote.from.names, ["weak.md", "Diary", "Weak references"]);
    assert!(quote.lines[0].starts_with("They keep nothing alive"));
}

#[test]
fn a_reading_that_is_cancelled_remembers_nothing() {
    let vault = Vault::new();
    let cancel = Cancel::default();
    cancel.cancel();
    let files = [vault.path("slots.md")];
    let notes = Notes::index(&files, Knowledge::builtin(), Some(&vault.cache()), &cancel);
    assert_eq!(notes.files().count(), 0);
    assert!(notes.problems().is_empty() && !vault.cache().exists());
}

#[test]
fn an_update_reads_what_changed_and_nothing_else() {
    let vault = Vault::new();
    let notes = vault.index(&["slots.md", "weak.md"]);
    let changed = vault.write(
        "slots.md",
        "# Weak references\n\nAnother note about WeakSet and weakref.ref.\n",
    );
    let added = vault.write("new.md", SLOTS);
    let gone = vault.path("weak.md");
    fs::remove_file(&gone).expect("removed");
    let later = notes.update(
        &[changed, added, gone.clone()].map(|path| (path, None)),
        Knowledge::builtin(),
    );
    assert_eq!(
        about(&later, "weakref"),
        [pair("slots.md", "Weak references")]
    );
    assert_eq!(
        about(&later, "slots"),
        [pair("new.md", "What is __slots__?")]
    );
    assert!(later.file(&gone).is_none() && later.problems().is_empty());
    assert_eq!(
        about(&notes, "weakref"),
        [pair("weak.md", "Weak references")],
        "the earlier one stays"
    );
    assert!(quote(notes, "weakref").is_none(), "the note is gone");
}

#[test]
fn the_cache_gives_the_same_and_is_believed_only_of_what_has_not_changed() {
    let vault = Vault::new();
    let names = ["slots.md", "weak.md"];
    let first = vault.index(&names);
    let bytes = fs::read(vault.cache()).expect("a cache");
    let again = vault.index(&names);
    let files = |notes: &Notes| notes.files().cloned().collect::<Vec<_>>();
    assert_eq!(files(&first), files(&again));
    assert_eq!(
        fs::read(vault.cache()).expect("a cache"),
        bytes,
        "not written again"
    );
    vault.write("slots.md", WEAK);
    let changed = vault.index(&names);
    assert_eq!(about(&changed, "slots"), []);
    assert_eq!(about(&changed, "weakref").len(), 2);
    assert_eq!(
        vault.index(&["weak.md"]).files().count(),
        1,
        "only what is asked for"
    );
}

#[test]
fn a_cache_that_cannot_be_used_is_made_anew() {
    let vault = Vault::new();
    let names = ["slots.md", "weak.md"];
    let first: Vec<_> = vault.index(&names).files().cloned().collect();
    let whole = fs::read(vault.cache()).expect("a cache");
    let mut flipped = whole.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    let mut other_cards = whole.clone();
    other_cards[8] ^= 1;
    let cut = whole[..whole.len() - 9].to_vec();
    for damaged in [
        flipped,
        other_cards,
        cut,
        Vec::new(),
        b"not a cache".to_vec(),
        vec![0xff; 4096],
    ] {
        fs::write(vault.cache(), &damaged).expect("written");
        let notes: Vec<_> = vault.index(&names).files().cloned().collect();
        assert_eq!(notes, first);
        assert_eq!(
            fs::read(vault.cache()).expect("a cache"),
            whole,
            "made anew"
        );
    }
}

#[test]
fn without_a_place_for_the_cache_everything_is_read() {
    let vault = Vault::new();
    let files = [vault.path("slots.md")];
    // a file stands where the folder should be
    let nowhere = vault.path("weak.md").join("notes.cache");
    let notes = Notes::index(
        &files,
        Knowledge::builtin(),
        Some(&nowhere),
        &Cancel::default(),
    );
    assert_eq!(about(&notes, "slots").len(), 1);
    assert_eq!(
        fs::read_to_string(vault.path("weak.md")).expect("untouched"),
        WEAK
    );
}

#[test]
fn what_cannot_be_read_is_named_and_hides_nothing_else() {
    let vault = Vault::new();
    let large = vault.path("large.md");
    let file = fs::File::create(&large).expect("a file");
    file.set_len((10 << 20) + 1).expect("long");
    fs::create_dir(vault.path("folder.md")).expect("a folder");
    let notes = vault.index(&["large.md", "folder.md", "missing.md", "slots.md"]);
    let named: Vec<_> = notes
        .problems()
        .iter()
        .map(|(path, message)| (path.clone(), message.as_str()))
        .collect();
    assert_eq!(
        named,
        [
            (
                vault.path("folder.md"),
                "this is no regular file: notes are read from files only"
            ),
            (large, "the note is too large to be read: the most is 10 MB"),
        ]
    );
    assert_eq!(about(&notes, "slots").len(), 1);
}

#[test]
fn hostile_notes_cost_nothing_but_themselves() {
    let vault = Vault::new();
    let deep = format!("# GIL\n\n```python\n{}\n```\n", "(".repeat(50_000));
    let many = "# a\n\nb\n".repeat(20_000);
    let blocks =
        "```python\nimport os\nfrom a import *\nclass A(A): pass\nx = x\n```\n\n".repeat(2_000);
    let binary: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    let names = ["deep.md", "many.md", "blocks.md", "binary.md", "slots.md"];
    for (name, text) in
        names
            .iter()
            .zip([deep.as_bytes(), many.as_bytes(), blocks.as_bytes(), &binary])
    {
        vault.write(name, text);
    }
    let notes = vault.index(&names);
    assert_eq!(notes.files().count(), names.len());
    assert_eq!(about(&notes, "slots").len(), 1);
}
