//! Documents: edits in every encoding, edits that do not fit, documents that nobody knows.

use std::time::Instant;

use serde_json::{Value, json};

use crate::harness::{Client, LIMIT, capable, pulling, ready, uri};

const URI: &str = "file:///project/a%20b.py";

fn replace(start: (u32, u32), end: (u32, u32), text: &str) -> Value {
    let at = |(line, character)| json!({"line": line, "character": character});
    json!({"range": {"start": at(start), "end": at(end)}, "text": text})
}

/// A document's text, as far as the build has a way to ask.
fn assert_text(client: &mut Client, text: impl Into<Value>) {
    #[cfg(debug_assertions)]
    assert_eq!(client.text(URI), text.into());
    #[cfg(not(debug_assertions))]
    let _ = (client, text.into());
}

#[test]
fn edits_count_in_the_agreed_unit() {
    // a line of 1, 2, 3 and 4 bytes, then the same again
    let text = "aé語😀\r\naé語😀\rb";
    for (offered, agreed, end) in [
        (json!(["utf-8", "utf-16"]), "utf-8", 10),
        (json!(["utf-16", "utf-8"]), "utf-16", 5),
        (json!(["utf-32"]), "utf-32", 4),
        (json!(["utf-7"]), "utf-16", 5),
        (Value::Null, "utf-16", 5),
    ] {
        let mut client = crate::harness::start();
        let mut capabilities = capable();
        capabilities["general"]["positionEncodings"] = offered;
        let result = client.initialize(json!({"capabilities": capabilities}));
        assert_eq!(result["capabilities"]["positionEncoding"], agreed);
        client.open(URI, 1, text);
        client.change(
            URI,
            2,
            json!([
                replace((1, end), (2, 0), "!"),
                replace((0, end), (0, end), "?")
            ]),
        );
        assert_text(&mut client, "aé語😀?\r\naé語😀!b");
        client.leave();
    }
}

#[test]
fn many_edits_in_one_message_are_made_in_order() {
    let mut client = ready(capable());
    client.open(URI, 1, "one\ntwo\n");
    client.change(
        URI,
        2,
        json!([
            replace((0, 0), (0, 3), "ONE"),
            replace((1, 0), (1, 0), "# "),
            replace((1, 2), (1, 99), "TWO"),
            {"text": "all new\n"},
            replace((1, 0), (1, 0), "end"),
            replace((2, 0), (2, 0), "."),
        ]),
    );
    assert_text(&mut client, "all new\nend.");
    client.leave();
}

/// Opens a document and sends an edit that does not fit.
fn out_of_step() -> Client {
    let mut client = ready(capable());
    client.open(URI, 1, "x = 1\n");
    client.published_version(URI, 1);
    client.change(
        URI,
        2,
        json!([replace((0, 0), (0, 1), "y"), replace((7, 0), (7, 1), "z")]),
    );
    // what was said is taken back
    let taken_back = client.published(URI);
    assert_eq!(taken_back["diagnostics"], json!([]));
    assert_eq!(client.logged("out of step"), 1);
    assert!(client.log().contains("a%20b.py"));
    // further edits are not tried, and not complained about
    client.change(URI, 3, json!([replace((0, 0), (0, 0), "q")]));
    client.change(URI, 4, json!([replace((70, 0), (70, 0), "q")]));
    let hover = json!({"textDocument": {"uri": URI}, "position": {"line": 0, "character": 0}});
    assert_eq!(client.call("textDocument/hover", hover), Value::Null);
    assert_text(&mut client, Value::Null);
    client.nothing(|message| {
        message["method"] == "textDocument/publishDiagnostics"
            || message["method"] == "window/showMessage"
    });
    assert_eq!(client.logged("out of step"), 1);
    client
}

fn in_step_again(mut client: Client, version: i32, text: &str) {
    assert_eq!(client.published(URI)["version"], version);
    assert_text(&mut client, text);
    client.change(URI, version + 1, json!([replace((0, 0), (0, 1), "w")]));
    client.published_version(URI, version + 1);
    assert_text(&mut client, format!("w{}", &text[1..]));
    client.leave();
}

#[test]
fn a_full_text_brings_a_document_back() {
    let mut client = out_of_step();
    client.change(
        URI,
        5,
        json!([replace((9, 9), (9, 9), "lost"), {"text": "a = 2\n"}, replace((0, 0), (0, 1), "b")]),
    );
    client.published_version(URI, 5);
    assert_text(&mut client, "b = 2\n");
    client.leave();
}

#[test]
fn a_save_brings_a_document_back() {
    let mut client = out_of_step();
    client.notify(
        "textDocument/didSave",
        json!({"textDocument": {"uri": URI}}),
    );
    client.nothing(|message| message["method"] == "textDocument/publishDiagnostics");
    client.notify(
        "textDocument/didSave",
        json!({"textDocument": {"uri": URI}, "text": "s = 3\n"}),
    );
    in_step_again(client, 4, "s = 3\n");
}

#[test]
fn opening_again_brings_a_document_back() {
    let mut client = out_of_step();
    client.close(URI);
    client.open(URI, 1, "o = 4\n");
    in_step_again(client, 1, "o = 4\n");
}

#[test]
fn a_document_out_of_step_is_not_the_file_on_disk() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.py");
    let shared = "def add(item, items=[]):\n    items.append(item)\n";
    std::fs::write(&path, shared).expect("a file");
    let file = uri(&path);
    for capabilities in [capable(), pulling()] {
        let mut client = ready(capabilities);
        let document = json!({"textDocument": {"uri": file}});
        client.open(&file, 1, shared);
        // a range that ends before it starts
        client.change(&file, 2, json!([replace((0, 4), (0, 1), "y")]));
        client.logged("out of step");
        #[cfg(debug_assertions)]
        assert_eq!(client.text(&file), Value::Null);
        let asked = client.call("textDocument/diagnostic", document);
        assert_eq!(asked["items"], json!([]));
        client.leave();
    }
}

#[test]
fn documents_that_are_not_open_cost_a_log_line() {
    let mut client = ready(capable());
    client.change(URI, 2, json!([{"text": "x"}]));
    assert_eq!(client.logged("a change of"), 1);
    client.notify(
        "textDocument/didSave",
        json!({"textDocument": {"uri": URI}, "text": "x"}),
    );
    assert_eq!(client.logged("a save of"), 1);
    client.close(URI);
    assert_eq!(client.logged("is closed but was not open"), 1);
    client.open(URI, 1, "x");
    client.published_version(URI, 1);
    client.close(URI);
    client.close(URI);
    let hover = json!({"textDocument": {"uri": URI}, "position": {"line": 3, "character": 0}});
    assert_eq!(client.call("textDocument/hover", hover), Value::Null);
    // the log has a way of its own
    let deadline = Instant::now() + LIMIT;
    while client.logged("is closed but was not open") < 2 {
        assert!(Instant::now() < deadline, "{}", client.log());
    }
    client.leave();
}

#[test]
fn a_version_twice_and_a_second_open_do_no_harm() {
    let mut client = ready(capable());
    client.open(URI, 5, "a");
    client.change(URI, 5, json!([replace((0, 1), (0, 1), "b")]));
    client.change(URI, 6, json!([replace((0, 2), (0, 2), "c")]));
    client.published_version(URI, 6);
    assert_text(&mut client, "abc");
    assert_eq!(client.logged("taken as it came"), 1);
    client.open(URI, 1, "new");
    client.published_version(URI, 1);
    assert_text(&mut client, "new");
    assert_eq!(client.logged("is opened twice"), 1);
    client.leave();
}

#[test]
fn edits_in_another_order_than_they_were_made_are_out_of_step() {
    let mut client = ready(capable());
    client.open(URI, 1, "a");
    client.change(URI, 3, json!([replace((0, 2), (0, 2), "c")]));
    client.change(URI, 2, json!([replace((0, 1), (0, 1), "b")]));
    assert_eq!(client.logged("out of step (version 2 came after 3)"), 1);
    assert_text(&mut client, Value::Null);
    let text = json!({"textDocument": {"uri": URI}, "text": "abc"});
    client.notify("textDocument/didSave", text);
    assert_text(&mut client, "abc");
    // a whole text is right whenever it comes
    client.change(URI, 1, json!([{"text": "d"}]));
    assert_text(&mut client, "d");
    client.leave();
}

#[test]
fn a_document_without_a_file_is_a_document() {
    let mut client = ready(capable());
    let untitled = "untitled:Untitled-1";
    client.open(untitled, 1, "x = 1\n");
    assert_eq!(client.published(untitled)["version"], 1);
    client.close(untitled);
    assert_eq!(client.published(untitled)["diagnostics"], json!([]));
    client.leave();
}
