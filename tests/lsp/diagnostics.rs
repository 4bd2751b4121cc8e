//! Diagnostics, pushed and asked for, and hovers.

use serde_json::{Value, json};

use crate::harness::{Client, capable, pulling, ready, start, uri};

const URI: &str = "file:///project/a.py";

/// MUT001: the default is shared by all calls, and changed.
const MUTABLE_DEFAULT: &str =
    "def add(item, items=[]):\n    items.append(item)\n    return items\n";

fn is_publish(message: &Value) -> bool {
    message["method"] == "textDocument/publishDiagnostics"
}

fn insert(text: &str) -> Value {
    let start = json!({"line": 0, "character": 0});
    json!([{"range": {"start": start, "end": start}, "text": text}])
}

#[test]
fn every_text_gets_its_diagnostics() {
    let mut client = ready(capable());
    client.open(URI, 1, "x = 1\n");
    assert_eq!(client.published(URI)["version"], 1);
    for version in 2..20 {
        client.change(URI, version, insert("#\n"));
        assert_eq!(client.published(URI)["version"], version);
    }
    // a change that leaves the findings as they are has its version, too; nothing is said twice
    client.nothing(is_publish);
    client.leave();
}

#[test]
fn only_the_current_version_is_published() {
    let mut client = ready(capable());
    // small, so that analyses end while edits arrive
    client.open(URI, 1, MUTABLE_DEFAULT);
    for version in 2..=2000 {
        client.change(URI, version, insert("#\n"));
    }
    let mut last = 0;
    while last < 2000 {
        let published = client.published(URI);
        let version = published["version"].as_i64().expect("a version");
        assert!(version > last, "{version} after {last}");
        // each edit moved the text one line down
        let first = &published["diagnostics"][0]["range"]["start"]["line"];
        assert_eq!(*first, version - 1, "the findings of another version");
        last = version;
    }
    client.nothing(is_publish);
    client.leave();
}

#[test]
fn closing_takes_the_diagnostics_back() {
    let mut client = ready(capable());
    client.open(URI, 1, MUTABLE_DEFAULT);
    client.published(URI);
    client.close(URI);
    let taken_back = client.published(URI);
    assert_eq!(
        (&taken_back["diagnostics"], &taken_back["version"]),
        (&json!([]), &Value::Null)
    );
    // the version begins anew; an old answer is not mistaken for a new one
    client.open(URI, 1, "x = 1\n");
    assert_eq!(client.published(URI)["diagnostics"], json!([]));
    client.nothing(is_publish);
    client.leave();
}

#[test]
fn a_client_that_asks_is_not_pushed_to() {
    let mut client = start();
    let result = client.initialize(json!({"capabilities": pulling()}));
    let provider = &result["capabilities"]["diagnosticProvider"];
    assert_eq!(provider["interFileDependencies"], true);
    assert_eq!(provider["workspaceDiagnostics"], true);
    client.open(URI, 1, MUTABLE_DEFAULT);
    let asked = client.call(
        "textDocument/diagnostic",
        json!({"textDocument": {"uri": URI}}),
    );
    assert_eq!(asked["kind"], "full");
    client.change(URI, 2, insert("#\n"));
    client.close(URI);
    client.nothing(is_publish);
    client.leave();
}

fn ask(client: &mut Client, previous: &Value) -> Value {
    let document = json!({"uri": URI});
    let params = json!({"textDocument": document, "previousResultId": previous});
    client.call("textDocument/diagnostic", params)
}

#[test]
fn what_the_client_knows_is_not_sent_again() {
    let mut client = ready(pulling());
    client.open(URI, 1, "x = 1\n");
    let first = ask(&mut client, &Value::Null);
    assert_eq!(first["items"], json!([]));
    let again = ask(&mut client, &first["resultId"]);
    assert_eq!(
        (&again["kind"], &again["resultId"]),
        (&json!("unchanged"), &first["resultId"])
    );
    let other = ask(&mut client, &json!("of another server"));
    assert_eq!(other["kind"], "full");
    client.leave();
}

#[test]
fn the_workspace_can_be_asked_for() {
    let mut client = ready(pulling());
    client.open(URI, 3, "x = 1\n");
    client.open("untitled:b", 4, "x = 1\n");
    let report = client.call("workspace/diagnostic", json!({"previousResultIds": []}));
    let item = |report: &Value, uri: &str| {
        let items = report["items"].as_array().expect("a list");
        items
            .iter()
            .find(|item| item["uri"] == uri)
            .cloned()
            .unwrap_or_default()
    };
    assert_eq!(item(&report, URI)["version"], 3);
    assert_eq!(item(&report, "untitled:b")["version"], 4);
    let known = json!([
        {"uri": URI, "value": item(&report, URI)["resultId"]},
        {"uri": "file:///project/gone.py", "value": "1"},
    ]);
    let report = client.call("workspace/diagnostic", json!({"previousResultIds": known}));
    assert_eq!(item(&report, URI)["kind"], "unchanged");
    assert_eq!(item(&report, "untitled:b")["kind"], "full");
    // what is gone has no findings any more
    assert_eq!(item(&report, "file:///project/gone.py")["items"], json!([]));
    client.leave();
}

#[test]
fn a_client_that_asks_is_told_to_ask_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut client = ready(pulling());
    // once the project is read
    client.notified("workspace/diagnostic/refresh");
    let changed = json!({"changes": [{"uri": uri(&folder.path().join("a.py")), "type": 1}]});
    client.notify("workspace/didChangeWatchedFiles", changed);
    client.notified("workspace/diagnostic/refresh");
    client.leave();
}

fn only(published: &Value) -> Value {
    let found = published["diagnostics"].as_array().expect("a list");
    assert_eq!(found.len(), 1, "{published}");
    found[0].clone()
}

#[test]
fn a_finding_is_shown_with_its_evidence() {
    let mut client = ready(capable());
    client.open(URI, 1, &format!("# 😀\n{MUTABLE_DEFAULT}"));
    let found = only(&client.published(URI));
    assert_eq!(found["code"], "MUT001");
    assert_eq!(found["source"], "marginote");
    assert_eq!(found["severity"], 2);
    let range = json!({"start": {"line": 1, "character": 20}, "end": {"line": 1, "character": 22}});
    assert_eq!(found["range"], range);
    let evidence = found["relatedInformation"].as_array().expect("evidence");
    assert!(evidence.iter().any(|e| e["location"]["uri"] == URI
        && e["location"]["range"]["start"] == json!({"line": 2, "character": 4})));
    assert!(
        evidence
            .iter()
            .all(|e| e["message"].as_str().is_some_and(|m| !m.is_empty()))
    );
    let lesson = found["data"]["lesson"].as_str().expect("a lesson");
    assert!(lesson.contains("once"), "{lesson}");
    client.leave();
}

#[test]
fn a_simple_client_finds_the_evidence_in_the_message() {
    let mut client = ready(json!({}));
    client.open(URI, 1, MUTABLE_DEFAULT);
    let found = only(&client.published(URI));
    let message = found["message"].as_str().expect("words");
    assert!(message.contains("\nLine 2: "), "{message}");
    for absent in ["relatedInformation", "codeDescription", "data"] {
        assert_eq!(found[absent], Value::Null);
    }
    client.leave();
}

#[test]
fn a_comment_that_silences_nothing_is_unnecessary() {
    let text = "x = 1  # marginote: ignore[MUT001]\ndef f(items=[]): items.append(1)\n";
    let tags = |capabilities| {
        let mut client = ready(capabilities);
        client.open(URI, 1, text);
        let published = client.published(URI);
        client.leave();
        let found = published["diagnostics"].as_array().expect("a list").iter();
        found
            .map(|f| json!([f["code"], f["tags"]]))
            .collect::<Vec<_>>()
    };
    let unnecessary = json!([["SUP001", [1]], ["MUT001", null]]);
    assert_eq!(json!(tags(capable())), unnecessary);
    let mut without = capable();
    without["textDocument"]["publishDiagnostics"]["tagSupport"] = json!({"valueSet": [2]});
    let untagged = json!([["SUP001", null], ["MUT001", null]]);
    assert_eq!(json!(tags(without)), untagged);
}

#[test]
fn ranges_are_in_the_agreed_unit() {
    let text = "def f(é, items=['😀', 1], more={}): more[é] = items.append(1)\n";
    for (encoding, start, end) in [("utf-8", 34, 36), ("utf-16", 31, 33), ("utf-32", 30, 32)] {
        let mut client = ready(json!({"general": {"positionEncodings": [encoding]}}));
        client.open(URI, 1, text);
        let published = client.published(URI);
        let found = published["diagnostics"].as_array().expect("a list");
        let ranges: Vec<_> = found.iter().map(|found| &found["range"]).collect();
        let at = |character| json!({"line": 0, "character": character});
        assert!(
            ranges.contains(&&json!({"start": at(start), "end": at(end)})),
            "{ranges:?}"
        );
        client.leave();
    }
}

#[test]
fn findings_come_and_go_with_the_edits() {
    let mut client = ready(capable());
    client.open(URI, 1, MUTABLE_DEFAULT);
    only(&client.published(URI));
    let range = json!({"start": {"line": 0, "character": 20}, "end": {"line": 0, "character": 22}});
    client.change(URI, 2, json!([{"range": range, "text": "()"}]));
    assert_eq!(client.published(URI)["diagnostics"], json!([]));
    client.change(URI, 3, json!([{"range": range, "text": "[]"}]));
    only(&client.published(URI));
    client.change(URI, 4, json!([{"range": {"start": {"line": 9, "character": 0}, "end": {"line": 9, "character": 1}}, "text": ""}]));
    assert_eq!(client.published(URI)["diagnostics"], json!([]));
    client.leave();
}

#[test]
fn findings_can_be_asked_for() {
    let mut client = ready(pulling());
    client.open(URI, 1, MUTABLE_DEFAULT);
    let first = ask(&mut client, &Value::Null);
    assert_eq!(first["items"][0]["code"], "MUT001");
    assert_eq!(ask(&mut client, &first["resultId"])["kind"], "unchanged");
    client.change(URI, 2, insert("#\n"));
    let moved = ask(&mut client, &first["resultId"]);
    assert_eq!(moved["items"][0]["range"]["start"]["line"], 1);
    client.leave();
}

#[test]
fn each_folder_has_its_own_configuration() {
    let folders: Vec<_> = (0..2)
        .map(|_| tempfile::tempdir().expect("a folder"))
        .collect();
    let ignoring = folders[0].path().join("marginote.toml");
    std::fs::write(&ignoring, "ignore = [\"MUT001\"]\n").expect("a file");
    let uris: Vec<String> = folders
        .iter()
        .map(|folder| uri(&folder.path().join("a.py")))
        .collect();
    let mut client = start();
    let named: Vec<_> = folders
        .iter()
        .map(|f| json!({"uri": uri(f.path()), "name": "f"}))
        .collect();
    client.initialize(json!({"capabilities": capable(), "workspaceFolders": named}));
    for uri in &uris {
        client.open(uri, 1, MUTABLE_DEFAULT);
    }
    assert_eq!(client.published(&uris[0])["diagnostics"], json!([]));
    only(&client.published(&uris[1]));
    // the file goes, and with it what it said
    std::fs::remove_file(&ignoring).expect("a file");
    let changed = json!({"changes": [{"uri": uri(&ignoring), "type": 3}]});
    client.notify("workspace/didChangeWatchedFiles", changed);
    only(&client.published(&uris[0]));
    // an editor's settings speak for both
    let settings = json!({"settings": {"marginote": {"ignore": ["MUT001"]}}});
    client.notify("workspace/didChangeConfiguration", settings);
    assert_eq!(client.published(&uris[0])["diagnostics"], json!([]));
    assert_eq!(client.published(&uris[1])["diagnostics"], json!([]));
    client.leave();
}

#[test]
fn a_hover_teaches_in_the_clients_format() {
    let params = json!({"textDocument": {"uri": URI}, "position": {"line": 0, "character": 20}});
    for (formats, kind) in [
        (json!(["markdown"]), "markdown"),
        (json!(["plaintext", "markdown"]), "plaintext"),
        (Value::Null, "plaintext"),
    ] {
        let mut capabilities = capable();
        capabilities["textDocument"]["hover"]["contentFormat"] = formats;
        let mut client = ready(capabilities);
        client.open(URI, 1, MUTABLE_DEFAULT);
        let hover = client.call("textDocument/hover", params.clone());
        assert_eq!(hover["contents"]["kind"], kind);
        assert!(
            hover["contents"]["value"]
                .as_str()
                .is_some_and(|text| text.contains("MUT001"))
        );
        assert_eq!(hover["range"]["start"]["line"], 0);
        client.leave();
    }
}
