use std::io::Cursor;

use jiff::civil::{Date, date};

use super::*;
use crate::knowledge::Knowledge;

const TODAY: Date = date(2026, 3, 1);

fn question(text: &str) -> Question {
    Question::new(
        "gil",
        text.to_owned(),
        format!("the answer to {text}"),
        "The GIL".to_owned(),
    )
}

fn memory(folder: &tempfile::TempDir) -> Memory {
    Memory::open(folder.path().join("deep").join("recall.json")).expect("no file yet")
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

fn asked(questions: &[&Question], memory: &mut Memory, lines: &str) -> (usize, String) {
    let mut out = Vec::new();
    let graded = ask(questions, memory, TODAY, &mut Cursor::new(lines), &mut out).expect("asked");
    (graded, String::from_utf8(out).expect("text"))
}

#[test]
fn every_card_has_questions_with_ids_of_their_own() {
    let cards = Knowledge::builtin().concepts();
    let mut ids: Vec<String> = cards.flat_map(questions_of).map(|q| q.id).collect();
    let all = ids.len();
    ids.sort();
    ids.dedup();
    assert!(all > 120);
    assert_eq!(ids.len(), all);
}

#[test]
fn the_better_an_answer_is_known_the_later_it_comes_again() {
    let folder = folder();
    let mut memory = memory(&folder);
    let [again, hard, good, easy] = memory.intervals("a", TODAY).expect("a new question");
    assert!(again <= hard && hard < good && good < easy);
    assert_eq!(again, 0, "what was not known comes again today");
    let due = memory.grade("a", Grade::Good, TODAY).expect("graded");
    assert_eq!(due, TODAY.saturating_add(jiff::Span::new().days(good)));
    let later = memory.intervals("a", due).expect("known")[2];
    assert!(later > good, "{later} days after {good}");
}

#[test]
fn what_is_due_comes_first_then_what_is_new() {
    let folder = folder();
    let mut memory = memory(&folder);
    let questions = ["new", "due", "not yet", "long due"].map(question);
    let graded = |memory: &mut Memory, at: usize, day: Date| {
        memory
            .grade(&questions[at].id, Grade::Hard, day)
            .expect("graded");
    };
    graded(&mut memory, 1, date(2026, 2, 1));
    graded(&mut memory, 2, TODAY);
    graded(&mut memory, 3, date(2025, 1, 1));
    let due: Vec<&str> = memory
        .due(&questions, TODAY)
        .iter()
        .map(|q| q.question.as_str())
        .collect();
    assert_eq!(due, ["long due", "due", "new"]);
}

#[test]
fn an_answer_is_kept_at_once_and_read_again() {
    let folder = folder();
    let (first, second) = (question("first"), question("second"));
    let mut asking = memory(&folder);
    let (graded, _) = asked(&[&first, &second], &mut asking, "\n3\n");
    assert_eq!(graded, 1, "the input ends at the second question");
    let kept = memory(&folder);
    assert_eq!(kept.of(&first.id), asking.of(&first.id));
    assert!(kept.of(&first.id).is_some_and(|known| known.due > TODAY));
    assert!(kept.of(&second.id).is_none());
}

#[test]
fn what_others_keep_at_the_same_time_is_kept() {
    let folder = folder();
    // each was opened when nothing was kept
    let memories: Vec<Memory> = (0..8).map(|_| memory(&folder)).collect();
    std::thread::scope(|scope| {
        for (number, mut memory) in memories.into_iter().enumerate() {
            scope.spawn(move || {
                for turn in 0..4 {
                    let id = format!("{number} {turn}");
                    memory.grade(&id, Grade::Good, TODAY).expect("graded");
                }
            });
        }
    });
    let kept = memory(&folder);
    for (number, turn) in (0..8).flat_map(|number| (0..4).map(move |turn| (number, turn))) {
        assert!(kept.of(&format!("{number} {turn}")).is_some());
    }
}

#[test]
fn what_was_not_known_is_asked_again_at_the_end() {
    let folder = folder();
    let (first, second) = (question("first"), question("second"));
    let (graded, said) = asked(
        &[&first, &second],
        &mut memory(&folder),
        "\n1\n\n4\n\nnonsense\n2\n",
    );
    assert_eq!(graded, 3);
    let order: Vec<usize> = ["first", "second"]
        .map(|word| said.matches(&format!("\n{word}\n")).count())
        .into();
    assert_eq!(order, [2, 1]);
    assert!(said.contains("Type a number from 1 to 4"));
    insta::assert_snapshot!(said);
}

#[test]
fn a_damaged_file_is_named_and_left_alone() {
    let folder = folder();
    let file = folder.path().join("recall.json");
    for (text, word) in [
        ("{\"version\": 1, \"questions\": {\"a\"", "EOF"),
        ("{\"version\": 9, \"questions\": {}}", "version 9"),
        (
            "{\"version\": 1, \"questions\": {\"a\": {\"stability\": -3, \"difficulty\": 5, \"last\": \"2026-01-01\", \"due\": \"2026-01-02\", \"answers\": 1}}}",
            "question a make no sense",
        ),
    ] {
        std::fs::write(&file, text).expect("written");
        let error = Memory::open(file.clone()).expect_err("damaged").to_string();
        assert!(
            error.contains(word) && error.contains("recall.json"),
            "{error}"
        );
        assert_eq!(std::fs::read_to_string(&file).expect("still there"), text);
    }
}

#[test]
fn anki_gets_one_line_a_question_and_no_markup_of_the_users() {
    let evil = Question::new(
        "gil",
        "Why <img src=x>?\nsecond\tline \"quoted\"".to_owned(),
        "Because of `a < b`.\n\n- one\n- two".to_owned(),
        "notes & more.md, line 3".to_owned(),
    );
    insta::assert_snapshot!(anki(&[question("When?"), evil]));
}
