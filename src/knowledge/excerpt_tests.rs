//! Excerpts of sections as people write them.

use std::path::Path;

use super::super::Knowledge;
use super::*;

/// The excerpt of the first section of a note that has some text, about a concept.
fn of(text: &str, concept: &str) -> Excerpt {
    let note = Note::read(Path::new("note.md"), text.as_bytes());
    let card = Knowledge::builtin().concept(concept).expect("a concept");
    let part = note.parts().next().expect("a section");
    excerpt(&note, &part, &note.prose(part.section), &question_of(card)).expect("an excerpt")
}

#[test]
fn the_sentence_that_answers_is_quoted_and_not_the_first_one() {
    let note = "# Weak references\n\nI met these on Tuesday, when the image viewer ate all my memory again.\n\n\
        A weak reference points to an object without keeping it alive: when the last other reference goes, it gives None.\n\n\
        Ask Robin for the slides.\n";
    let found = of(note, "weakref");
    assert_eq!(found.line, 4);
    assert_eq!(found.lines.len(), 1);
    assert!(found.lines[0].starts_with("A weak reference points"));
}

#[test]
fn the_table_is_quoted_with_its_head() {
    let note = "# Threads or processes\n\nThis comes up every time.\n\n| model | good for | GIL |\n| --- | --- | --- |\n\
        | threads | waiting, blocking calls | one at a time |\n| processes | computing on several cores | one each |\n\
        | asyncio | very many connections that wait | one thread |\n";
    let found = of(note, "concurrency-models");
    assert_eq!(found.kind, ExcerptKind::Table);
    assert_eq!(found.lines[0], "model | good for | GIL");
    assert_eq!(found.lines.len(), 4);
    assert_eq!(found.line, 4);
}

#[test]
fn a_long_table_keeps_the_rows_that_answer_in_their_order() {
    let row = |n: usize| format!("| topic {n} | nothing in particular |\n");
    let before: String = (0..20).map(row).collect();
    let note = format!(
        "# Revision\n\n| topic | answer |\n| --- | --- |\n{before}| GIL | one thread at a time runs bytecode |\n| slots | no dict |\n"
    );
    let found = of(&note, "gil");
    assert_eq!(found.kind, ExcerptKind::Table);
    assert_eq!(
        found.lines,
        ["topic | answer", "GIL | one thread at a time runs bytecode"]
    );
}

#[test]
fn a_list_is_quoted_with_what_introduces_it() {
    let note = "# GIL\n\nNotes from the second evening, with coffee.\n\nThe GIL protects:\n\n\
        - the reference counts of objects\n- the interpreter's own data, while bytecode runs\n- not your counters: a lock does that\n\nRead the PEP.\n";
    let found = of(note, "gil");
    assert_eq!(found.lines[0], "The GIL protects:");
    assert!(found.lines.len() >= 3, "{found:?}");
    assert_eq!(found.line, 4);
}

#[test]
fn a_question_is_no_answer() {
    let note = "# Slots\n\nWhat are slots in a class good for, and what do `__slots__` cost?\n\nInstances get no `__dict__`; the fields are fixed.\n";
    assert_eq!(
        of(note, "slots").lines,
        ["Instances get no __dict__; the fields are fixed."]
    );
}

#[test]
fn a_long_paragraph_begins_where_it_answers() {
    let chatter = "We talked for an hour about the weather and the lunch of that day. ".repeat(15);
    let note = format!(
        "# Descriptors\n\n{chatter}A descriptor is an object in a class whose `__get__` is called when the attribute is read. {chatter}\n"
    );
    let found = of(&note, "descriptor-protocol");
    let text = &found.lines[0];
    assert!(text.starts_with("… A descriptor is an object"), "{text}");
    assert!(text.ends_with('…') && text.chars().count() <= MOST_CHARACTERS + 4);
}

#[test]
fn where_only_code_speaks_it_is_quoted() {
    let note = "# Tuesday\n\n```python\nimport os\n\nx = Node()\n# a weak reference does not keep the object alive\nr = weakref.ref(x)\n\nprint(os)\n```\n";
    let found = of(note, "weakref");
    assert_eq!(found.kind, ExcerptKind::Code);
    assert_eq!(
        found.lines,
        [
            "x = Node()",
            "# a weak reference does not keep the object alive",
            "r = weakref.ref(x)"
        ]
    );
    assert_eq!(found.line, 5);
}

#[test]
fn labels_are_not_quoted() {
    let note = "# Slots\n\n**Answer:**\n\nWith `__slots__` instances have no `__dict__`:\n\n```python\nx = 1\n```\n\nSlots save memory, as the fields stand in the object itself.\n";
    let found = of(note, "slots");
    assert_eq!(
        found.lines,
        ["Slots save memory, as the fields stand in the object itself."]
    );
}

#[test]
fn a_section_that_says_nothing_of_it_has_no_excerpt() {
    let note = Note::read(Path::new("note.md"), b"# Shopping\n\nBread and milk.\n");
    let part = note.parts().next().expect("a section");
    assert_eq!(
        excerpt(
            &note,
            &part,
            &note.prose(part.section),
            &Words::of("descriptor attribute")
        ),
        None
    );
}
