//! A client that asks for everything and takes it back, that closes twice, that asks about what is not there.

use serde_json::{Value, json};

use crate::harness::{Client, capable, ready, start};
use crate::vault::{CODE, NOTE, Vault};

/// Every request about a document, with parameters that fit.
fn requests(uri: &str) -> Vec<(&'static str, Value)> {
    let start = json!({"line": 0, "character": 23});
    let document = json!({"uri": uri});
    let range = json!({"start": {"line": 0, "character": 0}, "end": {"line": 9, "character": 0}});
    let at = json!({"textDocument": document, "position": start});
    let of = json!({"textDocument": document});
    let references = json!({"textDocument": document, "position": start, "context": {"includeDeclaration": true}});
    let actions = json!({"textDocument": document, "range": range, "context": {"diagnostics": []}});
    let command = |name: &str, argument: Value| json!({"command": format!("marginote.{name}"), "arguments": [argument]});
    vec![
        ("textDocument/hover", at.clone()),
        ("textDocument/completion", at.clone()),
        ("textDocument/definition", at.clone()),
        ("textDocument/references", references),
        ("textDocument/codeAction", actions),
        ("textDocument/codeLens", of.clone()),
        ("textDocument/documentLink", of.clone()),
        (
            "textDocument/inlayHint",
            json!({"textDocument": document, "range": range}),
        ),
        ("textDocument/diagnostic", of),
        ("workspace/diagnostic", json!({"previousResultIds": []})),
        ("workspace/symbol", json!({"query": "#list"})),
        ("workspace/executeCommand", command("openNote", at)),
        (
            "workspace/executeCommand",
            command("searchNotes", json!("list")),
        ),
        (
            "workspace/executeCommand",
            json!({"command": "marginote.recall", "arguments": []}),
        ),
        (
            "workspace/executeCommand",
            json!({"command": "marginote.reindex", "arguments": []}),
        ),
    ]
}

/// Each is answered once, with a result or as cancelled.
fn answered(client: &mut Client, ids: &[i64]) {
    for id in ids {
        let answer = client.answer(*id);
        let code = &answer["error"]["code"];
        assert!(code.is_null() || *code == -32800, "{answer}");
    }
}

#[test]
fn everything_can_be_cancelled() {
    let vault = Vault::new(&[("n.md", NOTE.as_bytes())]);
    let mut client = vault.serve(start());
    let uris = [vault.uri("a.py"), vault.uri("notes/n.md")];
    client.open(&uris[0], 1, CODE);
    client.open(&uris[1], 1, NOTE);
    let mut ids = Vec::new();
    for round in 0..5 {
        for (method, params) in uris.iter().flat_map(|uri| requests(uri)) {
            let id = client.request(method, params);
            // some before they can have begun, some behind others
            if round % 2 == 0 {
                client.notify("$/cancelRequest", json!({"id": id}));
            }
            ids.push(id);
        }
        for id in &ids {
            client.notify("$/cancelRequest", json!({"id": id}));
        }
    }
    answered(&mut client, &ids);
    client.notify(
        "window/workDoneProgress/cancel",
        json!({"token": "marginote/index/1"}),
    );
    client.notify("window/workDoneProgress/cancel", json!({"token": 7}));
    let hover = json!({"textDocument": {"uri": uris[0]}, "position": {"line": 0, "character": 23}});
    assert_ne!(client.call("textDocument/hover", hover), Value::Null);
    client.leave();
}

#[test]
fn what_is_not_there_has_no_answer_and_does_no_harm() {
    let mut client = ready(capable());
    let uri = "file:///project/a.py";
    client.open(uri, 1, CODE);
    client.published(uri);
    client.close(uri);
    client.close(uri);
    let ids: Vec<i64> = [
        uri,
        "untitled:x",
        "vscode-notebook-cell:/a.ipynb#W0",
        "file:///a.ipynb",
    ]
    .iter()
    .flat_map(|uri| requests(uri))
    .map(|(method, params)| client.request(method, params))
    .collect();
    answered(&mut client, &ids);
    client.open(uri, 1, CODE);
    assert_ne!(client.published_version(uri, 1)["diagnostics"], json!([]));
    client.leave();
}

#[test]
fn parameters_of_the_wrong_form_are_refused() {
    let mut client = ready(capable());
    for (method, _) in requests("file:///a.py") {
        assert_eq!(
            client.refused(method, json!({"textDocument": 7})),
            -32602,
            "{method}"
        );
    }
    client.leave();
}
