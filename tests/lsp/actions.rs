//! Code actions: what they change, and where they lead.

use serde_json::{Value, json};

use crate::harness::{Client, capable, ready, start};
use crate::vault::{CODE, NOTE, Vault};

const URI: &str = "file:///project/a.py";

/// SNG007 twice, each with a safe fix, and MUT001 with one that is not.
const SAFE: &str = "class One:
    def __new__(cls, size):
        return super().__new__(cls, size)


class Two:
    def __new__(cls, size):
        return super().__new__(cls, size)


def log(event, events=[]):
    events.append(event)


One(1), Two(2)
";

fn range(start: (u32, u32), end: (u32, u32)) -> Value {
    let at = |(line, character)| json!({"line": line, "character": character});
    json!({"start": at(start), "end": at(end)})
}

fn ask(client: &mut Client, uri: &str, range: &Value, only: Value) -> Vec<Value> {
    let mut context = json!({"diagnostics": []});
    if !only.is_null() {
        context["only"] = only;
    }
    let params = json!({"textDocument": {"uri": uri}, "range": range, "context": context});
    let actions = client.call("textDocument/codeAction", params);
    actions.as_array().expect("a list").clone()
}

fn titled(actions: &[Value], title: &str) -> Value {
    let starts = |action: &&Value| {
        let own = action["title"].as_str();
        own.is_some_and(|own| own.starts_with(title))
    };
    let found = actions.iter().find(starts).cloned();
    found.unwrap_or_else(|| panic!("no `{title}` in {actions:#?}"))
}

fn resolve(client: &mut Client, action: &Value) -> Value {
    client.call("codeAction/resolve", action.clone())
}

/// Sends the edits of an action to the server as a client does that makes them, and gives the text.
#[cfg(debug_assertions)]
fn apply(client: &mut Client, action: &Value, version: i32) -> String {
    let document = &action["edit"]["documentChanges"][0];
    assert_eq!(document["textDocument"]["version"], version - 1, "{action}");
    let uri = document["textDocument"]["uri"].as_str().expect("a URI");
    let mut edits = document["edits"].as_array().expect("edits").clone();
    // from the end, so that ranges stay true; those at one place in the order in which they came
    let place = |edit: &Value| {
        let start = &edit["range"]["start"];
        (start["line"].as_u64(), start["character"].as_u64())
    };
    edits.sort_by_key(place);
    edits.reverse();
    let changes: Vec<Value> = edits
        .iter()
        .map(|edit| json!({"range": edit["range"], "text": edit["newText"]}))
        .collect();
    client.change(uri, version, json!(changes));
    let params = json!({"uri": uri});
    let text = client.call("marginote/test/text", params)["text"].take();
    text.as_str().expect("a text").to_owned()
}

#[test]
fn the_server_says_which_kinds_there_are() {
    let mut client = start();
    let result = client.initialize(json!({"capabilities": capable()}));
    let provider = &result["capabilities"]["codeActionProvider"];
    let kinds = json!(["quickfix", "source.fixAll.marginote"]);
    assert_eq!(provider["codeActionKinds"], kinds);
    assert_eq!(provider["resolveProvider"], true);
    client.leave();
}

#[cfg(debug_assertions)]
#[test]
fn a_fix_is_worked_out_when_it_is_chosen() {
    let mut client = ready(capable());
    client.open(URI, 1, CODE);
    let actions = ask(
        &mut client,
        URI,
        &range((0, 23), (0, 23)),
        json!(["quickfix"]),
    );
    let fix = &actions[0];
    assert_eq!(fix["kind"], "quickfix");
    assert_eq!(fix["diagnostics"][0]["code"], "MUT001");
    assert_eq!(fix["edit"], Value::Null);
    let published = client.published(URI);
    assert_eq!(fix["diagnostics"], published["diagnostics"]);
    let fix = resolve(&mut client, fix);
    let text = apply(&mut client, &fix, 2);
    assert!(
        text.contains("events=None") && text.contains("events = []"),
        "{text}"
    );
    assert_eq!(client.published_version(URI, 2)["diagnostics"], json!([]));
    client.leave();
}

#[test]
fn the_whole_edit_comes_at_once_for_a_client_that_does_not_resolve() {
    let mut capabilities = capable();
    capabilities["textDocument"]["codeAction"]["resolveSupport"] = Value::Null;
    capabilities["workspace"]["workspaceEdit"] = Value::Null;
    let mut client = ready(capabilities);
    client.open(URI, 1, SAFE);
    let actions = ask(&mut client, URI, &range((0, 0), (99, 0)), Value::Null);
    let all = titled(&actions, "Make every safe fix");
    assert!(all["edit"]["changes"][URI].is_array(), "{all}");
    assert_eq!(all["data"], Value::Null);
    client.leave();
}

#[test]
fn a_client_without_literals_gets_commands() {
    let mut capabilities = capable();
    capabilities["textDocument"]["codeAction"] = json!({});
    let mut client = ready(capabilities);
    client.open(URI, 1, CODE);
    let actions = ask(&mut client, URI, &range((0, 0), (99, 0)), Value::Null);
    assert_eq!(actions.len(), 1, "{actions:#?}");
    assert_eq!(actions[0]["command"], "marginote.explain");
    assert_eq!(actions[0]["arguments"], json!(["MUT001"]));
    client.leave();
}

#[test]
fn only_the_kinds_that_are_asked_for_come() {
    let mut client = ready(capable());
    client.open(URI, 1, SAFE);
    let everywhere = range((0, 0), (99, 0));
    let mut kinds = |only: Value| -> Vec<String> {
        let actions = ask(&mut client, URI, &everywhere, only);
        let kind = |action: &Value| action["kind"].as_str().unwrap_or_default().to_owned();
        let mut kinds: Vec<String> = actions.iter().map(kind).collect();
        kinds.dedup();
        kinds
    };
    let fix_all = "source.fixAll.marginote";
    for only in ["source", "source.fixAll", fix_all] {
        assert_eq!(kinds(json!([only])), [fix_all]);
    }
    assert_eq!(kinds(json!(["quickfix"])), ["quickfix"]);
    assert_eq!(kinds(json!(["", "refactor"])), ["quickfix", fix_all]);
    for none in [
        "refactor",
        "source.fixAll.other",
        "source.fix",
        "quickfix.one",
    ] {
        assert_eq!(kinds(json!([none])), [""; 0], "{none}");
    }
    client.leave();
}

#[cfg(debug_assertions)]
#[test]
fn fix_all_makes_what_is_safe() {
    let mut client = ready(capable());
    client.open(URI, 1, SAFE);
    let here = range((2, 20), (2, 20));
    let actions = ask(&mut client, URI, &here, Value::Null);
    assert_eq!(
        titled(&actions, "Pass the class alone")["isPreferred"],
        true
    );
    let all = titled(&actions, "Make every safe fix");
    let all = resolve(&mut client, &all);
    let text = apply(&mut client, &all, 2);
    assert_eq!(text, SAFE.replace("(cls, size)\n", "(cls)\n"));
    let actions = ask(&mut client, URI, &range((0, 0), (20, 0)), Value::Null);
    let unsafe_one = titled(&actions, "Use `None`");
    assert_eq!(unsafe_one["isPreferred"], Value::Null);
    assert!(actions.iter().all(|action| action["kind"] == "quickfix"));
    client.leave();
}

#[cfg(debug_assertions)]
#[test]
fn comments_silence_and_join_the_comment_that_is_there() {
    let mut client = ready(capable());
    let text = "# notes\ndef f(a, b=[]):  # marginote: ignore[MUT005]\n    b.append(a)\n";
    client.open(URI, 1, text);
    let at = range((1, 11), (1, 11));
    let actions = ask(&mut client, URI, &at, Value::Null);
    let here = resolve(&mut client, &titled(&actions, "Silence MUT001 here"));
    let edit = &here["edit"]["documentChanges"][0]["edits"][0];
    assert_eq!(edit["newText"], ", MUT001");
    let file = resolve(
        &mut client,
        &titled(&actions, "Silence MUT001 in this file"),
    );
    let text = apply(&mut client, &file, 2);
    assert!(
        text.starts_with("# marginote: ignore-file[MUT001]\n# notes\n"),
        "{text}"
    );
    let found = client.published_version(URI, 2)["diagnostics"].clone();
    assert!(!found.to_string().contains("\"MUT001\""), "{found}");
    client.leave();
}

#[test]
fn no_comment_goes_into_a_string_or_before_a_line_that_goes_on() {
    let mut client = ready(capable());
    let text =
        "def f(a, b=[]): \\\n    b.append(\"\"\"x\n\"\"\")\ndef g(a, b=[]): \\\n    b.append(a)\n";
    client.open(URI, 1, text);
    let actions = ask(&mut client, URI, &range((0, 11), (0, 11)), Value::Null);
    titled(&actions, "Silence MUT001 in this file");
    assert!(!json!(actions).to_string().contains("MUT001 here"));
    let actions = ask(&mut client, URI, &range((3, 11), (3, 11)), Value::Null);
    let here = resolve(&mut client, &titled(&actions, "Silence MUT001 here"));
    let edit = &here["edit"]["documentChanges"][0]["edits"][0];
    assert_eq!(edit["range"], range((4, 15), (4, 15)), "{here}");
    client.leave();
}

#[test]
fn the_note_is_opened_and_the_rule_explained() {
    let vault = Vault::new(&[("n.md", NOTE.as_bytes())]);
    let mut capabilities = capable();
    capabilities["window"]["showDocument"] = json!({"support": true});
    let mut client = vault.serve_to(start(), capabilities);
    let code = vault.uri("a.py");
    let actions = ask(&mut client, &code, &range((0, 22), (0, 22)), Value::Null);
    let open = titled(&actions, "Open the note: n.md › Mutable default arguments");
    let params = json!({
        "command": open["command"]["command"],
        "arguments": open["command"]["arguments"],
    });
    let place = client.call("workspace/executeCommand", params);
    assert_eq!(place["uri"], vault.uri("notes/n.md"));
    assert_eq!(place["range"], range((0, 0), (0, 27)));
    let shown = client.notified("window/showDocument");
    assert_eq!(
        (&shown["uri"], &shown["selection"]),
        (&place["uri"], &place["range"])
    );
    let explain = titled(&actions, "Explain MUT001");
    assert_eq!(explain["command"]["command"], "marginote.explain");
    client.leave();
}

#[test]
fn an_action_for_another_text_is_not_worked_out() {
    let mut client = ready(capable());
    client.open(URI, 1, SAFE);
    let actions = ask(&mut client, URI, &range((0, 0), (99, 0)), Value::Null);
    let start = json!({"line": 0, "character": 0});
    client.change(
        URI,
        2,
        json!([{"range": {"start": start, "end": start}, "text": "#\n"}]),
    );
    let stale = titled(&actions, "Pass the class alone");
    assert_eq!(client.refused("codeAction/resolve", stale), -32801);
    let foreign = json!({"title": "x", "data": {"of": "another server"}});
    assert_eq!(client.refused("codeAction/resolve", foreign), -32602);
    client.leave();
}

#[cfg(debug_assertions)]
#[test]
fn fix_all_is_worked_out_for_the_text_that_another_server_has_changed() {
    let mut client = ready(capable());
    client.open(URI, 1, SAFE);
    let actions = ask(&mut client, URI, &range((0, 0), (99, 0)), Value::Null);
    let all = titled(&actions, "Make every safe fix");
    let start = json!({"line": 0, "character": 0});
    let change = json!([{"range": {"start": start, "end": start}, "text": "#\n"}]);
    client.change(URI, 2, change);
    let all = resolve(&mut client, &all);
    let changes = &all["edit"]["documentChanges"][0];
    assert_eq!(changes["textDocument"]["version"], 2);
    let text = apply(&mut client, &all, 3);
    assert_eq!(
        text,
        format!("#\n{SAFE}").replace("(cls, size)\n", "(cls)\n")
    );
    client.leave();
}

#[test]
fn where_nothing_is_found_there_is_nothing_to_do() {
    let mut client = ready(capable());
    client.open(URI, 1, "x = 1\n");
    assert_eq!(
        ask(&mut client, URI, &range((0, 0), (0, 1)), Value::Null),
        [0; 0]
    );
    let outside = range((7, 0), (u32::MAX, u32::MAX));
    assert_eq!(ask(&mut client, URI, &outside, Value::Null), [0; 0]);
    client.leave();
}
