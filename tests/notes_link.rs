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
    let notes = links_of(&[
        "# Twine\n\n## Use Cases\n\nWhen your Python is ready to be shown to the world.\n",
    ]);
    assert_eq!(notes[0]["Use Cases"], ["twine"]);
    assert_eq!(
        notes[0]["Twine"],
        Vec::<String>::new(),
        "a heading alone explains nothing"
    );
}

#[test]
fn a_name_counts_only_as_a_whole() {
    let note = |heading: &str| {
        format!("# {heading}\n\nSee the drawing on the next page of the Python book.\n")
    };
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
fn what_is_about_another_language_is_not_linked() {
    let texts = [
        "# Locks\n\nA `synchronized` method takes the lock of its object: two threads never run it at the same time, so no update is lost. See also thread safety.\n\n```java\nsynchronized void add() { count++; }\n```\n",
        "# async/await\n\nAn async function gives a promise; await waits for it. Unlike in Python nothing has to be run by an event loop of your own.\n\n```js\nconst data = await load();\n```\n",
        "# Singleton in Java\n\nThe singleton pattern: one instance of a class. In Python a module does. The constructor is private, and a static method gives the instance.\n",
        "# Metaclasses\n\nThe compiler makes a metaclass for each class.\n\n## Class methods in Ruby\n\nA class method is defined on the class itself, `def self.make`.\n",
        "# Generators\n\nA generator turns motion into current: its coils turn between magnets, and the faster they do, the more it gives.\n",
    ];
    let linked = links_of(&texts);
    for (text, linked) in texts
        .iter()
        .zip(&linked)
        .filter(|(text, _)| !text.contains("Ruby"))
    {
        assert!(linked.values().all(Vec::is_empty), "{text}: {linked:?}");
    }
    assert_eq!(linked[3]["Class methods in Ruby"], Vec::<String>::new());
    let text = "# Locks and mutexes\n\nIn Python:\n\n```python\nlock = threading.Lock()\nwith lock:\n    total += 1\n```\n\nThe same in Java:\n\n```java\nsynchronized (this) {}\n```\n";
    assert_eq!(links(&[text]), [["thread-sync"]]);
}

#[test]
fn what_no_card_speaks_of_counts_against_all() {
    let notes = links_of(&[
        "# Python und anderes\n\n## Milch\n\nDie Milch, die Butter und das Brot sind teuer geworden; wheel und queue sind nur zwei Wörter darunter.\n",
        "# Python group\n\n## Scope\n\nThis code of conduct applies wherever people of the community meet, in public and in private.\n",
        "# Python exercises\n\n## Question 7\n\nWrite a program that prints the squares of the keys of a dictionary.\n\n```python\nd = dict()\nd['a'] = 1\nfor key in d.keys():\n    print(d[key] ** 2)\n```\n",
        "# Python lists\n\n## append\n\nPuts an animal at the end of the list of animals.\n\n```python\nanimals = ['cat']\nanimals.append('dog')\nprint(animals)\n```\n",
        "# Python sets\n\n## Set union\n\nAll members of both sets.\n\n```python\nprint({1, 2} | {2, 3}, {1}.union({2}))\n```\n",
    ]);
    for note in notes {
        assert!(note.values().all(Vec::is_empty), "{note:?}");
    }
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
