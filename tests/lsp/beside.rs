//! Inlay hints, and code lenses over definitions.

use std::fs;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::{Client, capable, start, uri};
use crate::vault::read;

const CODE: &str = "import threading


class Meta(type):
    pass


class Config(metaclass=Meta):
    _instance = None

    def __new__(cls):
        if cls._instance is None:
            cls._instance = super().__new__(cls)
        return cls._instance


def work(events=[], *, limit=3):
    step(events)


def step(events):
    events.append(Config())


threading.Thread(target=work).start()
";

fn serve(settings: Value) -> (TempDir, String, Client) {
    let folder = tempfile::tempdir().expect("a folder");
    let real = fs::canonicalize(folder.path()).expect("it is there");
    fs::write(real.join("a.py"), CODE).expect("a file");
    fs::write(real.join("b.py"), "from a import Config\n\nConfig()\n").expect("a file");
    let mut client = start();
    client.settings = Some(settings);
    let mut capabilities = capable();
    capabilities["workspace"]["inlayHint"] = json!({"refreshSupport": true});
    let folders = json!([{"uri": uri(&real), "name": "f"}]);
    client.initialize(json!({"capabilities": capabilities, "workspaceFolders": folders}));
    read(&mut client);
    (folder, uri(&real.join("a.py")), client)
}

fn hints(client: &mut Client, uri: &str, lines: std::ops::Range<u32>) -> Value {
    let at = |line| json!({"line": line, "character": 0});
    let range = json!({"start": at(lines.start), "end": at(lines.end)});
    let params = json!({"textDocument": {"uri": uri}, "range": range});
    client.call("textDocument/inlayHint", params)
}

fn lenses(client: &mut Client, uri: &str) -> Value {
    client.call(
        "textDocument/codeLens",
        json!({"textDocument": {"uri": uri}}),
    )
}

#[test]
fn hints_stand_beside_shared_defaults_and_what_threads_run() {
    let (_folder, uri, mut client) = serve(json!({"inlay-hints": true}));
    client.notified("workspace/inlayHint/refresh");
    let found = hints(&mut client, &uri, 0..99);
    let found: Vec<(Value, Value)> = found
        .as_array()
        .expect("hints")
        .iter()
        .map(|hint| (hint["position"].clone(), hint["label"].clone()))
        .collect();
    let at = |line, character| json!({"line": line, "character": character});
    let expected = [
        (at(16, 18), json!("shared by all calls")),
        (at(16, 32), json!("runs in a thread")),
        (at(20, 17), json!("runs in a thread")),
    ];
    assert_eq!(found, expected);
    let found = hints(&mut client, &uri, 17..99);
    assert_eq!(found.as_array().map(Vec::len), Some(1));
    assert_eq!(found[0]["tooltip"], "started in a.py line 25");
    // as it is typed
    client.open(
        &uri,
        1,
        &CODE
            .replace("events=[]", "events=()")
            .replace("Thread(", "Timer("),
    );
    assert_eq!(hints(&mut client, &uri, 0..99), json!([]));
    client.leave();
}

#[test]
fn lenses_say_what_definitions_are_and_from_how_many_places() {
    let (_folder, uri, mut client) = serve(json!({"code-lens": true}));
    let found = lenses(&mut client, &uri);
    let found = found.as_array().expect("lenses");
    let titles: Vec<&str> = found
        .iter()
        .map(|lens| lens["command"]["title"].as_str().expect("a title"))
        .collect();
    let expected = [
        "metaclass of 1 class",
        "singleton, constructed in 2 places",
        "runs in a thread, started in 1 place",
        "runs in a thread, started in 1 place",
    ];
    assert_eq!(titles, expected);
    let singleton = &found[1];
    assert_eq!(
        singleton["range"]["start"],
        json!({"line": 7, "character": 6})
    );
    let command = &singleton["command"];
    assert_eq!(command["command"], "marginote.references");
    let places = command["arguments"][2].as_array().expect("places");
    let lines: Vec<&Value> = places
        .iter()
        .map(|p| &p["range"]["start"]["line"])
        .collect();
    assert_eq!(lines, [21, 2]);
    // what is complete stays so
    let resolved = client.call("codeLens/resolve", singleton.clone());
    assert_eq!(resolved["command"]["title"], command["title"]);
    client.leave();
}

#[test]
fn nothing_is_shown_to_those_who_did_not_ask() {
    let (_folder, uri, mut client) = serve(json!({}));
    assert_eq!(hints(&mut client, &uri, 0..99), Value::Null);
    assert_eq!(lenses(&mut client, &uri), Value::Null);
    client.leave();
}
