//! `workspace/executeCommand`.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::harness::{Client, capable, start};
use crate::vault::{CODE, NOTE, Vault, at, read};

fn params(command: &str, arguments: Value) -> Value {
    json!({"command": format!("marginote.{command}"), "arguments": arguments})
}

fn run(client: &mut Client, command: &str, arguments: Value) -> Value {
    client.call("workspace/executeCommand", params(command, arguments))
}

/// What the server says to arguments that it cannot take.
fn refused(client: &mut Client, command: &str, arguments: Value) -> String {
    let id = client.request("workspace/executeCommand", params(command, arguments));
    let answer = client.answer(id);
    assert_eq!(answer["error"]["code"], -32602, "{answer}");
    let message = answer["error"]["message"].as_str();
    message.unwrap_or_default().to_owned()
}

#[test]
fn every_command_is_announced_and_refuses_what_it_does_not_take() {
    let mut client = start();
    let result = client.initialize(json!({"capabilities": capable()}));
    let commands = &result["capabilities"]["executeCommandProvider"]["commands"];
    let commands = commands.as_array().expect("commands").clone();
    let with_arguments = ["explain", "openNote", "searchNotes"];
    for command in with_arguments {
        assert!(commands.contains(&json!(format!("marginote.{command}"))));
        for wrong in [json!([]), json!([7]), json!([{"uri": 1}])] {
            let message = refused(&mut client, command, wrong);
            assert!(
                message.starts_with(&format!("`marginote.{command}` takes ")),
                "{message}"
            );
        }
    }
    assert_eq!(commands.len(), with_arguments.len() + 3, "{commands:?}");
    let message = refused(&mut client, "recall", json!([{"id": 3}]));
    assert!(message.contains("{id, grade}"), "{message}");
    let message = refused(&mut client, "unknown", json!([]));
    assert!(
        message.contains("no command `marginote.unknown`"),
        "{message}"
    );
    client.leave();
}

#[test]
fn the_note_opens_that_teaches_what_stands_there() {
    let vault = Vault::new(&[("n.md", NOTE.as_bytes())]);
    let mut client = vault.serve(start());
    let there = |line, character| json!([at(&vault.uri("a.py"), line, character)]);
    let place = run(&mut client, "openNote", there(0, 23));
    assert_eq!(place["uri"], vault.uri("notes/n.md"));
    assert_eq!(place["range"]["start"], json!({"line": 0, "character": 0}));
    assert_eq!(run(&mut client, "openNote", there(1, 0)), Value::Null);
    assert_eq!(run(&mut client, "openNote", there(99, 0)), Value::Null);
    // this client shows no documents
    client.nothing(|message| message["method"] == "window/showDocument");
    // and no file is opened that is no note
    let other = json!([{"uri": vault.uri("a.py"), "range": place["range"]}]);
    let message = refused(&mut client, "openNote", other);
    assert!(message.contains("none of the notes"), "{message}");
    client.leave();
}

#[test]
fn notes_are_searched_as_they_are_typed() {
    let note = "# Locks\n\n## Who waits\n\nA thread waits for the turnstile.\n";
    let vault = Vault::new(&[("n.md", NOTE.as_bytes()), ("locks.md", note.as_bytes())]);
    let mut client = vault.serve(start());
    let hits = run(&mut client, "searchNotes", json!(["turnstile"]));
    assert_eq!(hits.as_array().map(Vec::len), Some(1), "{hits}");
    assert_eq!(hits[0]["uri"], vault.uri("notes/locks.md"));
    assert_eq!(hits[0]["range"]["start"]["line"], 2);
    assert_eq!(
        (&hits[0]["title"], &hits[0]["path"]),
        (&json!("Who waits"), &json!(["Locks"]))
    );
    assert_eq!(hits[0]["excerpt"], "A thread waits for the turnstile.");
    client.open(
        &vault.uri("notes/locks.md"),
        1,
        &note.replace("turnstile", "drawbridge"),
    );
    let hits = run(&mut client, "searchNotes", json!(["drawbridge"]));
    assert_eq!(hits[0]["excerpt"], "A thread waits for the drawbridge.");
    assert_eq!(
        run(&mut client, "searchNotes", json!(["turnstile"])),
        json!([])
    );
    assert_eq!(run(&mut client, "searchNotes", json!([""])), json!([]));
    client.leave();
}

#[test]
fn everything_is_read_again_on_command() {
    let vault = Vault::new(&[("n.md", NOTE.as_bytes())]);
    vault.write("use.py", b"from a import log\n");
    let mut client = vault.serve(start());
    let code = vault.uri("use.py");
    // changed behind the back of a client that does not watch files
    vault.write(
        "marginote.toml",
        b"ignore = [\"MUT001\"]\nnotes = [\"notes\"]\n",
    );
    vault.write("notes/n.md", NOTE.replace("born", "baked").as_bytes());
    client.open(&vault.uri("a.py"), 1, CODE);
    assert_ne!(
        client.published(&vault.uri("a.py"))["diagnostics"],
        json!([])
    );
    assert_eq!(run(&mut client, "reindex", json!([])), Value::Null);
    read(&mut client);
    client.open(&code, 1, CODE);
    assert_eq!(client.published(&code)["diagnostics"], json!([]));
    let found = run(&mut client, "searchNotes", json!(["baked"]));
    assert_eq!(found.as_array().map(Vec::len), Some(1));
    client.leave();
}

#[test]
fn the_log_can_be_shown() {
    let vault = Vault::new(&[("n.md", NOTE.as_bytes())]);
    let mut client = vault.serve(start());
    client.close("file:///never/opened.py");
    client.logged("was not open");
    let page = run(&mut client, "showLog", json!([]));
    let page = Path::new(page.as_str().expect("a path"));
    assert!(page.starts_with(client.home.path()));
    let text = fs::read_to_string(page).expect("a page");
    assert!(
        text.contains("opened.py is closed but was not open"),
        "{text}"
    );
    assert!(fs::metadata(page).expect("a page").permissions().readonly());
    // a later one takes its place
    client.close("file:///other/one.py");
    client.logged("one.py is closed");
    run(&mut client, "showLog", json!([]));
    let text = fs::read_to_string(page).expect("a page");
    assert!(text.contains("one.py is closed but was not open"), "{text}");
    client.leave();
}

#[test]
fn questions_about_the_project_are_asked_and_answers_kept() {
    let note = "# Mutable default arguments\n\n## Q: Who shares a default?\n\nAll calls that leave it out.\n";
    let vault = Vault::new(&[("n.md", note.as_bytes())]);
    let mut client = vault.serve(start());
    let asked = run(&mut client, "recall", json!([]));
    let asked = asked.as_array().expect("questions");
    assert!(asked.len() > 1, "{asked:?}");
    let is_whole = |question: &Value| {
        let keys = ["id", "question", "answer", "concept", "from"];
        keys.iter()
            .all(|key| question[key].as_str().is_some_and(|text| !text.is_empty()))
    };
    assert!(asked.iter().all(is_whole), "{asked:?}");
    let id = &asked[0]["id"];
    let graded = run(&mut client, "recall", json!([{"id": id, "grade": "easy"}]));
    assert_eq!(graded["id"], *id);
    assert!(
        graded["due"].as_str().is_some_and(|day| day.len() == 10),
        "{graded}"
    );
    let later = run(&mut client, "recall", json!([]));
    assert_eq!(later.as_array().map(Vec::len), Some(asked.len() - 1));
    assert!(!later.to_string().contains(id.as_str().expect("text")));
    let message = refused(&mut client, "recall", json!([{"id": id, "grade": "well"}]));
    assert!(message.contains("again, hard, good, easy"), "{message}");
    let message = refused(
        &mut client,
        "recall",
        json!([{"id": "x\u{1b}", "grade": "good"}]),
    );
    assert!(
        message.contains("no question has the id `x\\u{1b}`"),
        "{message}"
    );
    // what was kept and cannot be read is said, and left as it is
    let kept = client.home.path().join("data/marginote/recall.json");
    fs::write(&kept, "{").expect("a file");
    assert_eq!(
        client.refused("workspace/executeCommand", params("recall", json!([]))),
        -32803
    );
    assert_eq!(fs::read_to_string(&kept).expect("a file"), "{");
    client.leave();
}
