//! Notebooks: cells are documents to the client, and one file to the analysis.

use serde_json::{Value, json};

use crate::harness::{Client, capable, pulling, ready, start};
use crate::vault::at;

const NOTEBOOK: &str = "file:///project/a.ipynb";

fn cell(name: &str) -> String {
    format!("vscode-notebook-cell:/project/a.ipynb#{name}")
}

fn text(name: &str, text: &str) -> Value {
    json!({"uri": cell(name), "languageId": "python", "version": 1, "text": text})
}

fn names(names: &[&str]) -> Vec<Value> {
    let cell = |name: &&str| json!({"kind": 2, "document": cell(name)});
    names.iter().map(cell).collect()
}

fn open(client: &mut Client, cells: &[(&str, &str)]) {
    let cells_: Vec<&str> = cells.iter().map(|(name, _)| *name).collect();
    let texts: Vec<Value> = cells
        .iter()
        .map(|(name, words)| text(name, words))
        .collect();
    let notebook = json!({"uri": NOTEBOOK, "notebookType": "jupyter-notebook", "version": 1, "cells": names(&cells_)});
    let params = json!({"notebookDocument": notebook, "cellTextDocuments": texts});
    client.notify("notebookDocument/didOpen", params);
}

fn change(client: &mut Client, cells: Value) {
    let params = json!({
        "notebookDocument": {"uri": NOTEBOOK, "version": 2},
        "change": {"cells": cells},
    });
    client.notify("notebookDocument/didChange", params);
}

/// An edit of a cell: characters of a line.
fn edit(name: &str, version: i32, line: u32, range: std::ops::Range<u32>, words: &str) -> Value {
    let at = |character| json!({"line": line, "character": character});
    let range = json!({"start": at(range.start), "end": at(range.end)});
    json!({"textContent": [{
        "document": {"uri": cell(name), "version": version},
        "changes": [{"range": range, "text": words}],
    }]})
}

fn codes(published: &Value) -> Vec<&str> {
    let found = published["diagnostics"].as_array().expect("a list");
    found
        .iter()
        .map(|found| found["code"].as_str().expect("a code"))
        .collect()
}

/// Rows that are one list, changed in the next cell.
const ROWS: [(&str, &str); 3] = [
    ("a", "%matplotlib inline\n# rows\nrow = [[]] * 3"),
    ("b", "%%bash\nfor x in 1; do"),
    ("c", "!ls\nrow[0].append('😀')\nrow[1].append(2)\n"),
];

#[test]
fn the_server_takes_notebooks() {
    let mut client = start();
    let result = client.initialize(json!({"capabilities": capable()}));
    let selector = &result["capabilities"]["notebookDocumentSync"]["notebookSelector"];
    assert_eq!(selector[0]["cells"], json!([{"language": "python"}]));
    client.leave();
}

#[test]
fn findings_and_hovers_land_in_their_cells() {
    let mut client = ready(capable());
    open(&mut client, &ROWS);
    let found = client.published(&cell("a"));
    assert_eq!(
        (codes(&found), &found["version"]),
        (vec!["MUT006"], &json!(1))
    );
    let finding = &found["diagnostics"][0];
    let range = json!({"start": {"line": 2, "character": 6}, "end": {"line": 2, "character": 14}});
    assert_eq!(finding["range"], range);
    let there = &finding["relatedInformation"][0]["location"];
    assert_eq!(there["uri"], cell("c"));
    assert_eq!(there["range"]["start"], json!({"line": 1, "character": 0}));
    let message = finding["message"].as_str().expect("words");
    assert!(message.contains("line 2 of cell 3"), "{message}");
    for quiet in ["b", "c"] {
        assert_eq!(
            client.published(&cell(quiet))["diagnostics"],
            json!([]),
            "{quiet}"
        );
    }
    let hover = client.call("textDocument/hover", at(&cell("a"), 2, 9));
    assert_eq!(hover["range"], range);
    let beyond = client.call("textDocument/hover", at(&cell("a"), 3, 0));
    assert_eq!(beyond, Value::Null);
    client.leave();
}

#[test]
fn an_edit_of_one_cell_is_seen_in_the_others() {
    let mut client = ready(capable());
    open(&mut client, &ROWS);
    assert_eq!(codes(&client.published(&cell("a"))), ["MUT006"]);
    change(&mut client, edit("c", 2, 1, 4..5, "x"));
    change(&mut client, edit("c", 3, 2, 0..16, ""));
    change(&mut client, edit("c", 4, 1, 0..22, ""));
    client.published_version(&cell("c"), 4);
    // the version of a cell is its own
    client.wait("a finding without evidence", |message| {
        let params = &message["params"];
        let found = &params["diagnostics"][0];
        let is_it = params["uri"] == cell("a") && params["version"] == 1;
        is_it && found["code"] == "MUT006" && found["relatedInformation"].is_null()
    });
    // an edit that does not fit leaves out the cell, and no other
    change(&mut client, edit("a", 2, 77, 0..1, ""));
    client.logged("is out of step");
    let hover = client.call("textDocument/hover", at(&cell("a"), 2, 9));
    assert_eq!(hover, Value::Null);
    let whole = json!({"textContent": [{
        "document": {"uri": cell("a"), "version": 3},
        "changes": [{"text": "row = [[]] * 3\nrow[0].append(1)"}],
    }]});
    change(&mut client, whole);
    assert_eq!(codes(&client.published_version(&cell("a"), 3)), ["MUT006"]);
    client.leave();
}

#[test]
fn cells_come_move_and_go() {
    let mut client = ready(capable());
    open(&mut client, &ROWS);
    assert_eq!(codes(&client.published(&cell("a"))), ["MUT006"]);
    let new = "x = {}\n\n\ndef f(items=[]):\n    items.append(1)\n";
    change(
        &mut client,
        json!({"structure": {
            "array": {"start": 0, "deleteCount": 0, "cells": names(&["new"])},
            "didOpen": [text("new", new)],
        }}),
    );
    let found = client.published(&cell("new"));
    assert_eq!(codes(&found), ["MUT001"]);
    assert_eq!(found["diagnostics"][0]["range"]["start"]["line"], 3);
    // moved below the others, where its lines are the same
    change(
        &mut client,
        json!({"structure": {"array": {"start": 0, "deleteCount": 1}}}),
    );
    change(
        &mut client,
        json!({"structure": {"array": {"start": 3, "deleteCount": 0, "cells": names(&["new"])}}}),
    );
    let hover = client.call("textDocument/hover", at(&cell("new"), 3, 12));
    assert_eq!(hover["range"]["start"]["line"], 3);
    change(
        &mut client,
        json!({"structure": {
            "array": {"start": 2, "deleteCount": 1},
            "didClose": [{"uri": cell("c")}],
        }}),
    );
    client.wait("a finding without evidence", |message| {
        let found = &message["params"]["diagnostics"][0];
        let is_it = message["params"]["uri"] == cell("a") && found["code"] == "MUT006";
        is_it && found["relatedInformation"].is_null()
    });
    // markdown is no code
    change(
        &mut client,
        json!({"data": [{"kind": 1, "document": cell("new")}]}),
    );
    client.wait("no findings in prose", |message| {
        message["params"]["uri"] == cell("new") && message["params"]["diagnostics"] == json!([])
    });
    let params = json!({"notebookDocument": {"uri": NOTEBOOK}, "cellTextDocuments": []});
    client.notify("notebookDocument/didClose", params.clone());
    client.notify("notebookDocument/didClose", params);
    client.logged("closed but was not open");
    assert_eq!(
        client.call("textDocument/hover", at(&cell("a"), 2, 9)),
        Value::Null
    );
    client.leave();
}

#[test]
fn actions_change_the_cell_where_it_stands() {
    let mut client = ready(capable());
    let code = "def f(items=[]):\n    items.append(1)\n";
    open(
        &mut client,
        &[("a", "%%time\nx = 1"), ("b", "y = 2"), ("c", code)],
    );
    let start = json!({"line": 0, "character": 13});
    let params = json!({
        "textDocument": {"uri": cell("c")},
        "range": {"start": start, "end": start},
        "context": {"diagnostics": []},
    });
    let actions = client.call("textDocument/codeAction", params);
    let actions = actions.as_array().expect("actions").clone();
    let mut edited = |title: &str| {
        let starts = |action: &&Value| {
            action["title"]
                .as_str()
                .is_some_and(|own| own.starts_with(title))
        };
        let action = actions.iter().find(starts).expect("an action").clone();
        let action = client.call("codeAction/resolve", action);
        let document = &action["edit"]["documentChanges"][0];
        (document["textDocument"].clone(), document["edits"].clone())
    };
    let (document, edits) = edited("Use `None`");
    assert_eq!(document, json!({"uri": cell("c"), "version": 1}));
    assert_eq!(
        edits[0]["range"]["start"],
        json!({"line": 0, "character": 12})
    );
    let (document, edits) = edited("Silence MUT001 in this file");
    // nothing may stand above `%%time`
    assert_eq!(document["uri"], cell("b"));
    assert_eq!(
        edits[0]["range"]["start"],
        json!({"line": 0, "character": 0})
    );
    let elsewhere = json!({
        "textDocument": {"uri": cell("b")},
        "range": {"start": {"line": 0, "character": 0}, "end": {"line": 99, "character": 0}},
        "context": {"diagnostics": [], "only": ["quickfix"]},
    });
    assert_eq!(client.call("textDocument/codeAction", elsewhere), json!([]));
    client.leave();
}

#[test]
fn findings_in_cells_can_be_asked_for() {
    let mut client = ready(pulling());
    open(&mut client, &ROWS);
    let document = json!({"textDocument": {"uri": cell("a")}});
    let report = client.call("textDocument/diagnostic", document);
    assert_eq!(report["items"][0]["code"], "MUT006");
    let report = client.call("workspace/diagnostic", json!({"previousResultIds": []}));
    let items = report["items"].as_array().expect("a list");
    let uris: Vec<&str> = items
        .iter()
        .map(|item| item["uri"].as_str().expect("one"))
        .collect();
    assert_eq!(uris, [cell("a"), cell("b"), cell("c")]);
    client.leave();
}

#[test]
fn a_cell_whose_text_is_not_known_has_no_findings_until_it_is_sent_as_a_whole() {
    let mut client = ready(capable());
    open(&mut client, &ROWS);
    assert_eq!(codes(&client.published(&cell("a"))), ["MUT006"]);
    change(&mut client, edit("a", 2, 90, 0..1, "x"));
    assert_eq!(client.published(&cell("a"))["diagnostics"], json!([]));
    let hover = client.call("textDocument/hover", at(&cell("a"), 2, 9));
    assert_eq!(hover, Value::Null);
    let whole = json!({"textContent": [{
        "document": {"uri": cell("a"), "version": 3},
        "changes": [{"text": "# rows\nrow = [[]] * 3"}],
    }]});
    change(&mut client, whole);
    assert_eq!(codes(&client.published(&cell("a"))), ["MUT006"]);
    client.leave();
}

#[test]
fn messages_that_do_not_fit_change_nothing() {
    let mut client = ready(capable());
    change(
        &mut client,
        json!({"structure": {"array": {"start": 5, "deleteCount": 9}}}),
    );
    client.logged("which is not open, is ignored");
    open(&mut client, &ROWS);
    assert_eq!(codes(&client.published(&cell("a"))), ["MUT006"]);
    change(
        &mut client,
        json!({"structure": {"array": {"start": 99, "deleteCount": u32::MAX}}}),
    );
    change(
        &mut client,
        json!({"textContent": [{"document": {"uri": cell("none"), "version": 1}, "changes": []}]}),
    );
    change(&mut client, json!(7));
    client.notify("notebookDocument/didOpen", json!({"notebookDocument": 3}));
    // a client that sends cells as documents too says nothing new
    client.open(&cell("a"), 7, "x = 1\n");
    client.close(&cell("a"));
    let hover = client.call("textDocument/hover", at(&cell("a"), 2, 9));
    assert_eq!(hover["range"]["start"]["line"], 2);
    client.leave();
}
