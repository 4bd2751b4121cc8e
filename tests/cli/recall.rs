//! `marginote recall`: what is asked, kept and exported.

use std::fs;

use serde::Deserialize;

use crate::harness::{Problem, folder, run, run_with_stdin, text};

/// Version 1 of the document. An unknown or a missing key fails the test.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct Due {
    version: u32,
    questions: Vec<Question>,
    errors: Vec<Problem>,
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct Question {
    id: String,
    concept: String,
    question: String,
    answer: String,
    from: String,
    due: Option<String>,
}

const NOTE: &str = "# Threads

## queue.Queue

A queue hands items from one thread to another and locks inside.

**Q: Who may <b>put</b> into a queue?**

A: Every thread; see [this](command:evil) and `Queue.put`.
";

const MEMORY: &str = ".home/data/marginote/recall.json";

fn project() -> tempfile::TempDir {
    folder(&[
        (
            "app.py",
            "import queue\n\nq = queue.Queue()\np = queue.Queue()\n",
        ),
        (
            "other/locks.py",
            "import threading\n\nlock = threading.Lock()\n",
        ),
        ("marginote.toml", "notes = [\"notes\"]\n"),
        ("notes/threads.md", NOTE),
    ])
}

fn due(project: &tempfile::TempDir, arguments: &[&str]) -> Vec<Question> {
    let arguments = [&["recall", "--format", "json", "--limit", "500"], arguments].concat();
    let output = run(project.path(), &arguments);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let due: Due = serde_json::from_slice(&output.stdout).expect("it is JSON");
    assert_eq!((due.version, due.errors.len()), (1, 0));
    due.questions
}

#[test]
fn questions_are_about_what_the_code_uses() {
    let project = project();
    let of_app = due(&project, &["app.py"]);
    let has =
        |questions: &[Question], concept: &str| questions.iter().any(|q| q.concept == concept);
    assert!(
        has(&of_app, "thread-queue") && !has(&of_app, "thread-lock"),
        "{of_app:?}"
    );
    assert_eq!(
        of_app[0].concept, "thread-queue",
        "what is used most comes first"
    );
    assert!(of_app.iter().all(|question| question.due.is_none()));
    let here = due(&project, &[]);
    assert!(has(&here, "thread-queue") && here.len() > of_app.len());
    assert!(due(&project, &["--all"]).len() > 120);
    let few = run(
        project.path(),
        &["recall", "--format", "json", "--all", "--limit", "3"],
    );
    let few: Due = serde_json::from_slice(&few.stdout).expect("it is JSON");
    assert_eq!(few.questions.len(), 3);
    assert!(
        !project.path().join(MEMORY).exists(),
        "nothing was answered"
    );
}

#[test]
fn notes_ask_their_own_questions_and_nothing_in_them_can_be_followed() {
    let project = project();
    let questions = due(&project, &["app.py"]);
    let is_own = |question: &&Question| question.from == "notes/threads.md, line 7";
    let own = questions.iter().find(is_own).expect("the note asks");
    assert_eq!(own.concept, "thread-queue");
    assert!(
        own.question.contains("put") && !own.question.contains("<b>put"),
        "{}",
        own.question
    );
    assert!(
        own.answer.contains("Every thread") && own.answer.contains("`Queue.put`"),
        "{}",
        own.answer
    );
    assert!(!own.answer.contains("](command"), "{}", own.answer);
}

#[test]
fn an_answer_is_graded_and_comes_again_later() {
    let project = project();
    let questions = due(&project, &["app.py"]);
    let (first, second) = (&questions[0], &questions[1]);
    let graded = run(project.path(), &["recall", "--grade", &first.id, "good"]);
    assert_eq!(graded.status.code(), Some(0), "{}", text(&graded.stderr));
    assert!(text(&graded.stdout).starts_with("Kept. The question comes again on 2"));
    assert!(
        due(&project, &["app.py"])
            .iter()
            .all(|question| question.id != first.id)
    );
    let again = run(
        project.path(),
        &["recall", "--grade", &second.id, "again", "--format", "json"],
    );
    let again: serde_json::Value = serde_json::from_slice(&again.stdout).expect("it is JSON");
    assert_eq!(again["id"], second.id.as_str());
    let listed = due(&project, &["app.py"]);
    assert_eq!(
        listed[0].id, second.id,
        "what is due comes before what is new"
    );
    assert_eq!(listed[0].due.as_deref(), again["due"].as_str());
    let before = fs::read(project.path().join(MEMORY)).expect("it is kept");
    for (id, grade, words) in [
        (
            &*first.id,
            "perfect",
            "`perfect` is no grade: one of again, hard, good, easy",
        ),
        ("nonsense", "good", "no question has the id `nonsense`"),
    ] {
        let refused = run(project.path(), &["recall", "--grade", id, grade]);
        assert_eq!(refused.status.code(), Some(2));
        assert!(
            text(&refused.stderr).contains(words),
            "{}",
            text(&refused.stderr)
        );
    }
    assert_eq!(
        fs::read(project.path().join(MEMORY)).expect("it is kept"),
        before
    );
}

#[test]
fn questions_are_asked_in_the_terminal() {
    let project = project();
    let asked = run_with_stdin(
        project.path(),
        &["recall", "app.py", "--limit", "1"],
        b"\n3\n",
    );
    assert_eq!(asked.status.code(), Some(0), "{}", text(&asked.stderr));
    insta::assert_snapshot!(text(&asked.stdout));
    let memory = fs::read_to_string(project.path().join(MEMORY)).expect("it is kept");
    assert_eq!(memory.matches("stability").count(), 1);
    for question in due(&project, &["app.py"]) {
        run(project.path(), &["recall", "--grade", &question.id, "easy"]);
    }
    let nothing = run(project.path(), &["recall", "app.py"]);
    assert_eq!(nothing.status.code(), Some(0));
    let nothing = text(&nothing.stdout);
    assert!(
        nothing.starts_with("Nothing to ask today. The next question comes on 2"),
        "{nothing}"
    );
    fs::write(project.path().join("plain.py"), "").expect("written");
    let unused = text(&run(project.path(), &["recall", "plain.py"]).stdout);
    assert!(unused.contains("--all"), "{unused}");
}

#[test]
fn a_damaged_memory_is_named_and_left_alone() {
    let project = project();
    let file = project.path().join(MEMORY);
    fs::create_dir_all(file.parent().expect("it has one")).expect("a folder");
    fs::write(&file, "{\"version\": 1, \"quest").expect("written");
    for arguments in [
        &["recall"][..],
        &["recall", "--format", "json"],
        &["recall", "--grade", "a", "good"],
    ] {
        let output = run(project.path(), arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let error = text(&output.stderr);
        assert!(
            error.contains("recall.json") && error.contains("left as it is"),
            "{error}"
        );
        assert_eq!(text(&output.stdout), "");
    }
    assert_eq!(
        fs::read_to_string(&file).expect("it is there"),
        "{\"version\": 1, \"quest"
    );
}

#[test]
fn anki_gets_a_file_and_no_other_file_is_written_over() {
    let project = project();
    let export = |file: &str| {
        run(
            project.path(),
            &["recall", "app.py", "--export", "anki", file],
        )
    };
    let file = project.path().join("questions.txt");
    assert_eq!(export("questions.txt").status.code(), Some(0));
    let exported = fs::read_to_string(&file).expect("it is there");
    assert!(
        exported.starts_with("#separator:tab\n") && exported.contains("marginote::thread-queue")
    );
    assert!(
        !exported.contains("<b>put") && !exported.contains("command:"),
        "{exported}"
    );
    assert_eq!(export("questions.txt").status.code(), Some(0));
    assert_eq!(text(&export("-").stdout), exported);
    let refused = export("app.py");
    assert_eq!(refused.status.code(), Some(2));
    assert!(text(&refused.stderr).contains("no export of Marginote's"));
    assert!(
        fs::read_to_string(project.path().join("app.py"))
            .expect("it is there")
            .starts_with("import")
    );
    let other = run(project.path(), &["recall", "--export", "mnemosyne"]);
    assert_eq!(other.status.code(), Some(2));
    let missing = run(project.path(), &["recall", "gone"]);
    assert_eq!(missing.status.code(), Some(2));
}
