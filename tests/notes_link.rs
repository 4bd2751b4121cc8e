//! Which sections of notes are linked to which concepts: on a corpus whose concepts a person has written down, and one evidence after the other.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use marginote::analysis::Cancel;
use marginote::analysis::notes::{NoteSection, Notes};
use marginote::knowledge::Knowledge;

fn index(files: &[PathBuf]) -> Notes {
    Notes::index(files, Knowledge::builtin(), None, &Cancel::default())
}

/// The links of every section of some notes, by heading.
fn links_of(texts: &[&str]) -> Vec<HashMap<String, Vec<String>>> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |at: usize| folder.path().join(format!("{at}.md"));
    for (at, text) in texts.iter().enumerate() {
        std::fs::write(path(at), text).expect("written");
    }
    let paths: Vec<PathBuf> = (0..texts.len()).map(path).collect();
    let notes = index(&paths);
    let of = |section: &NoteSection| {
        let heading = section.headings.last().map(ToString::to_string);
        (heading.unwrap_or_default(), concepts(section))
    };
    let sections = |path| {
        notes
            .file(path)
            .expect("read")
            .sections
            .iter()
            .map(of)
            .collect()
    };
    paths.iter().map(|path| sections(path)).collect()
}

fn concepts(section: &NoteSection) -> Vec<String> {
    section
        .links
        .iter()
        .map(|link| link.concept.to_string())
        .collect()
}

/// The links of notes that have one section each.
fn links(texts: &[&str]) -> Vec<Vec<String>> {
    let one = |mut sections: HashMap<String, Vec<String>>| {
        assert_eq!(sections.len(), 1, "{sections:?}");
        sections.drain().next().expect("one").1
    };
    links_of(texts).into_iter().map(one).collect()
}

/// A labelled section. Its first concept is what it is about, the others are not wrong.
struct Label {
    file: String,
    line: usize,
    concepts: Vec<String>,
}

fn labels(folder: &Path) -> Vec<Label> {
    let table = std::fs::read_to_string(folder.join("labels.tsv")).expect("labels");
    let rows = table.lines().skip(1).map(|row| {
        let cells: Vec<&str> = row.split('\t').collect();
        let [file, line, _, concepts] = cells.as_slice() else {
            panic!("four cells: {row}");
        };
        let concepts = concepts.split(' ').filter(|concept| *concept != "-");
        Label {
            file: file.to_string(),
            line: line.parse().expect("a line"),
            concepts: concepts.map(str::to_string).collect(),
        }
    });
    rows.collect()
}

#[test]
fn labelled_sections_are_linked_to_their_concepts() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/notes/linking");
    let labels = labels(&folder);
    let mut files: Vec<PathBuf> = labels
        .iter()
        .map(|label| folder.join(&label.file))
        .collect();
    files.dedup();
    let notes = index(&files);
    let (mut right, mut wrong, mut found, mut asked) = (0, 0, 0, 0);
    let mut seen = String::new();
    for label in &labels {
        for concept in &label.concepts {
            assert!(
                Knowledge::builtin().concept(concept).is_some(),
                "{concept} is no concept"
            );
        }
        let file = notes.file(&folder.join(&label.file)).expect("read");
        let section = file
            .sections
            .iter()
            .find(|section| section.line + 1 == label.line);
        let section =
            section.unwrap_or_else(|| panic!("no section at {}:{}", label.file, label.line));
        let linked = concepts(section);
        let is_right = |concept: &&String| label.concepts.contains(concept);
        right += linked.iter().filter(is_right).count();
        wrong += linked.iter().filter(|concept| !is_right(concept)).count();
        let main = label.concepts.first();
        asked += usize::from(main.is_some());
        found += usize::from(main.is_some_and(|main| linked.contains(main)));
        if linked.iter().any(|concept| !is_right(&concept))
            || main.is_some_and(|main| !linked.contains(main))
        {
            seen.push_str(&format!(
                "{}:{} {:?}, not {linked:?}\n",
                label.file, label.line, label.concepts
            ));
        }
    }
    let precision = right as f64 / (right + wrong) as f64;
    let recall = found as f64 / asked as f64;
    let measured = format!(
        "precision {precision:.3} ({right} of {}), recall {recall:.3} ({found} of {asked})",
        right + wrong
    );
    println!("{measured}");
    assert!(asked > 130, "the labels were read");
    assert!(precision >= 0.95 && recall >= 0.9, "{measured}\n{seen}");
}

#[test]
fn the_users_marks_are_the_last_word() {
    let notes = links_of(&[
        "# Weak references\n<!-- marginote: slots -->\nThey keep nothing alive.\n",
        "# Weak references\n<!-- marginote: none -->\nThey keep nothing alive.\n",
        "---\nconcept: slots\n---\n# Weak references\nThey keep nothing alive.\n",
    ]);
    assert_eq!(notes[0]["Weak references"], ["slots"]);
    assert_eq!(notes[1]["Weak references"], Vec::<String>::new());
    assert_eq!(notes[2]["Weak references"], ["slots", "weakref"]);
}

#[test]
fn a_heading_that_says_nothing_is_read_with_the_one_above() {
    let notes =
        links_of(&["# Twine\n\n## Use Cases\n\nWhen you are ready to show it to the world.\n"]);
    assert_eq!(notes[0]["Use Cases"], ["twine"]);
    assert_eq!(
        notes[0]["Twine"],
        Vec::<String>::new(),
        "a heading alone explains nothing"
    );
}

#[test]
fn a_name_counts_only_as_a_whole() {
    let note = |heading: &str| format!("# {heading}\n\nSee the drawing on the next page.\n");
    let notes = [
        note("Weak references"),
        note("What are weak references?"),
        note("References in the letter of 12 May"),
        note("Wheel of fortune, the rules of the game"),
    ];
    let nothing: &[&str] = &[];
    let notes = links(&notes.each_ref().map(String::as_str));
    assert_eq!(notes, [&["weakref"], &["weakref"], nothing, nothing]);
}

#[test]
fn code_is_known_by_what_it_means() {
    let note = |code: &str| format!("# Tuesday\n\nTried this, it works.\n\n```python\n{code}```\n");
    let notes = [
        note("def lru_cache(f):\n    return f\n\n@lru_cache\ndef area(r):\n    return r\n"),
        note(
            "from weakref import WeakValueDictionary as Table, ref as weak\n\nnodes = Table()\nnodes['a'] = node\nback = weak(node)\nprint(back() is None)\n",
        ),
        note("class (:\n  def = =\n"),
    ];
    let notes = links(&notes.each_ref().map(String::as_str));
    assert!(!notes[0].contains(&"lru-cache".to_string()), "{notes:?}");
    assert_eq!(notes[1], ["weakref"]);
    assert_eq!(notes[2], Vec::<String>::new());
}

#[test]
fn what_is_not_about_python_is_not_linked() {
    let texts = [
        "# Shopping\n\nBread, milk, a lock for the shed, thread for the sewing machine, slots of the toaster.\n",
        "# Table of Contents\n\n- [GIL](#gil)\n- [Decorators](#decorators)\n",
        "# Part 2 complete!\n\nSay \"continue\" and I go on with the next section.\n",
        "# Meeting\n\nThe process was stopped, the queue at the door was long, the event began late.\n",
        "",
        "# GIL\n",
    ];
    for (text, linked) in texts.iter().zip(links_of(&texts)) {
        assert!(linked.values().all(Vec::is_empty), "{text}: {linked:?}");
    }
}
