//! Folders, settings, watched files, progress.

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::{Client, capable, pulling, ready, start, uri};
use crate::vault::at;

fn project(name: &str, files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::Builder::new()
        .prefix(name)
        .tempdir()
        .expect("a folder");
    for (path, text) in files {
        std::fs::write(folder.path().join(path), text).expect("a file");
    }
    folder
}

fn folder(of: &TempDir) -> Value {
    json!({"uri": uri(of.path()), "name": "f"})
}

fn registered(client: &mut Client) -> Value {
    client.notified("client/registerCapability")
}

#[test]
fn files_and_settings_are_watched() {
    let mut client = ready(capable());
    let registered = registered(&mut client);
    let registrations = registered["registrations"].as_array().expect("a list");
    let options = |method: &str| {
        let found = registrations.iter().find(|r| r["method"] == method);
        found.expect("it is registered")["registerOptions"].clone()
    };
    let globs = options("workspace/didChangeWatchedFiles").to_string();
    for glob in [
        "**/*.py",
        "**/*.pyi",
        "**/*.{md,markdown,txt,ipynb}",
        "**/marginote.toml",
        "**/pyproject.toml",
    ] {
        assert!(globs.contains(&format!("\"{glob}\"")), "{globs}");
    }
    assert_eq!(
        options("workspace/didChangeConfiguration")["section"],
        "marginote"
    );
    client.leave();
}

#[test]
fn a_client_that_cannot_register_is_not_asked_to() {
    let mut client = ready(json!({}));
    client.nothing(|message| !message["method"].is_null());
    client.leave();
}

#[test]
fn settings_are_asked_for_at_the_start_and_when_they_change() {
    let mut client = ready(capable());
    let asked = client.notified("workspace/configuration");
    assert_eq!(asked["items"], json!([{"section": "marginote"}]));
    client.notify(
        "workspace/didChangeConfiguration",
        json!({"settings": null}),
    );
    client.notified("workspace/configuration");
    // settings that are sent along need no question
    client.notify(
        "workspace/didChangeConfiguration",
        json!({"settings": {"marginote": {}}}),
    );
    client.nothing(|message| message["method"] == "workspace/configuration");
    client.leave();
}

#[test]
fn a_client_that_does_not_answer_is_served() {
    let mut client = start();
    client.settings = None;
    client.initialize(json!({"capabilities": capable()}));
    client.open("file:///a.py", 1, "x = 1\n");
    assert_eq!(client.published("file:///a.py")["version"], 1);
    client.leave();
}

/// The progress from its creation to its end: token, kinds of the messages.
fn progress(client: &mut Client) -> (Value, Vec<String>) {
    let token = client.notified("window/workDoneProgress/create")["token"].take();
    let mut kinds = Vec::new();
    while kinds.last().is_none_or(|kind| kind != "end") {
        let step = client.notified("$/progress");
        assert_eq!(step["token"], token);
        let kind = step["value"]["kind"].as_str().expect("a kind");
        kinds.push(kind.to_owned());
    }
    (token, kinds)
}

#[test]
fn reading_the_project_shows_progress() {
    let mut client = ready(capable());
    let (_, kinds) = progress(&mut client);
    assert_eq!(kinds.first().map(String::as_str), Some("begin"));
    client.leave();
}

#[cfg(debug_assertions)]
#[test]
fn reading_the_project_can_be_stopped() {
    let mut client = crate::harness::start_with(&[("MARGINOTE_TEST_SLOW_INDEX", "600000")]);
    client.initialize(json!({"capabilities": capable()}));
    let token = client.notified("window/workDoneProgress/create")["token"].take();
    assert_eq!(client.notified("$/progress")["value"]["cancellable"], true);
    client.notify(
        "window/workDoneProgress/cancel",
        json!({"token": "another"}),
    );
    client.nothing(|message| message["params"]["value"]["kind"] == "end");
    client.notify("window/workDoneProgress/cancel", json!({"token": token}));
    client.wait("the end", |message| {
        message["params"]["value"]["kind"] == "end"
    });
    client.leave();
}

#[cfg(debug_assertions)]
#[test]
fn a_newer_project_ends_the_reading_of_the_older() {
    let mut client = crate::harness::start_with(&[("MARGINOTE_TEST_SLOW_INDEX", "600000")]);
    client.initialize(json!({"capabilities": capable()}));
    let first = client.notified("window/workDoneProgress/create")["token"].take();
    client.wait("the beginning", |message| {
        message["params"]["value"]["kind"] == "begin"
    });
    client.notify(
        "workspace/didChangeConfiguration",
        json!({"settings": {"marginote": {}}}),
    );
    let ended = client.wait("the end", |message| {
        message["params"]["value"]["kind"] == "end"
    });
    assert_eq!(ended["params"]["token"], first);
    let second = client.notified("window/workDoneProgress/create")["token"].take();
    assert_ne!(first, second);
    // while the project is read, requests are answered
    client.open("file:///a.py", 1, "x = 1\n");
    assert_eq!(client.published("file:///a.py")["version"], 1);
    client.leave();
}

#[test]
fn no_progress_for_a_client_that_cannot_show_it() {
    let mut capabilities = capable();
    capabilities["window"]["workDoneProgress"] = json!(false);
    let mut client = ready(capabilities);
    client.notified("workspace/configuration");
    client.nothing(|message| {
        let method = &message["method"];
        method == "$/progress" || method == "window/workDoneProgress/create"
    });
    client.leave();
}

#[test]
fn folders_come_and_go() {
    let (one, two) = (
        project("one", &[("a.py", "x = 1\n")]),
        project("two", &[("b.py", "y = 1\n")]),
    );
    let mut client = start();
    client.initialize(json!({
        "capabilities": capable(),
        "workspaceFolders": [folder(&one), {"uri": "untitled:nowhere", "name": "?"}],
    }));
    client.logged("is not a directory");
    progress(&mut client);
    let (a, b) = (uri(&one.path().join("a.py")), uri(&two.path().join("b.py")));
    client.open(&a, 1, "x = 1\n");
    client.published_version(&a, 1);
    client.notify(
        "workspace/didChangeWorkspaceFolders",
        json!({"event": {"added": [folder(&two)], "removed": [folder(&one)]}}),
    );
    // the project is read anew
    progress(&mut client);
    client.open(&b, 1, "y = 1\n");
    client.published_version(&b, 1);
    client.leave();
}

#[test]
fn wrong_settings_get_one_message_and_the_rest_applies() {
    let mut client = start();
    client.settings = Some(json!({"ignore": ["MUT001"], "no-such": 1, "select": 5}));
    client.initialize(json!({"capabilities": capable()}));
    assert_eq!(
        client.notified("window/showMessage")["message"],
        "Marginote's settings: there is no setting `no-such`.\n`select` must be a list of strings; this is of type integer."
    );
    client.nothing(|message| message["method"] == "window/showMessage");
    client.open(
        "file:///a.py",
        1,
        "def f(items=[]):\n    items.append(1)\n    return items\n",
    );
    assert_eq!(
        client.published_version("file:///a.py", 1)["diagnostics"],
        json!([])
    );
    client.leave();
}

#[test]
fn wrong_options_are_told_when_the_client_is_ready_and_nothing_is_asked_before() {
    let mut client = start();
    client.settings = Some(json!({}));
    let mut capabilities = pulling();
    capabilities["workspace"]["codeLens"] = json!({"refreshSupport": true});
    let options = json!({"ignore": ["MUT001"], "no-such": 1, "shows-findings": "yes"});
    client.call(
        "initialize",
        json!({"capabilities": capabilities, "initializationOptions": options}),
    );
    client.nothing(|message| message["id"].is_number() && message["method"].is_string());
    client.notify("initialized", json!({}));
    for words in ["shows-findings", "no-such"] {
        let message = client.notified("window/showMessage")["message"].to_string();
        assert!(message.contains(words), "{message}");
    }
    client.wait("lenses asked for", |message| {
        message["method"] == "workspace/codeLens/refresh"
    });
    assert!(!client.log().contains("refuses"), "{}", client.log());
    client.leave();
}

#[test]
fn what_is_wrong_in_a_configuration_file_is_told_once_and_again_when_it_comes_back() {
    let wrong = "selct = [\"ALL\"]\n";
    let project = project("wrong", &[("marginote.toml", wrong)]);
    let mut client = start();
    client.settings = Some(json!({}));
    client.initialize(json!({"capabilities": capable(), "workspaceFolders": [folder(&project)]}));
    let file = |name: &str| uri(&project.path().join(name));
    let shown = |message: &Value| message["method"] == "window/showMessage";
    let configure = |client: &mut Client, text: &str| {
        let path = project.path().join("marginote.toml");
        std::fs::write(&path, text).expect("a file");
        let changes = json!({"changes": [{"uri": uri(&path), "type": 2}]});
        client.notify("workspace/didChangeWatchedFiles", changes);
    };
    client.open(&file("a.py"), 1, "x = 1\n");
    client.open(&file("b.py"), 1, "x = 1\n");
    let told = client.notified("window/showMessage")["message"].to_string();
    assert!(
        told.contains("marginote.toml:1") && told.contains("did you mean `select`?"),
        "{told}"
    );
    // another file, and another version of one
    client.close(&file("a.py"));
    client.close(&file("b.py"));
    client.open(&file("c.py"), 1, "x = 2\n");
    client.nothing(shown);
    // what is found in a file that is closed meanwhile is not kept
    for number in 0..30 {
        let passing = file(&format!("passing{number}.py"));
        client.open(&passing, 1, "x = 1\n");
        client.close(&passing);
    }
    configure(&mut client, "");
    client.nothing(shown);
    configure(&mut client, wrong);
    let again = client.notified("window/showMessage")["message"].to_string();
    assert_eq!(again, told);
    client.leave();
}

#[test]
fn a_hover_does_not_repeat_what_the_client_shows() {
    let hover = |options: Value| -> String {
        let mut client = start();
        client.initialize(json!({"capabilities": capable(), "initializationOptions": options}));
        let text = "def f(items=[]):\n    items.append(1)\n    return items\n";
        client.open("file:///a.py", 1, text);
        let hover = client.call("textDocument/hover", at("file:///a.py", 0, 13));
        client.nothing(|message| message["method"] == "window/showMessage");
        client.leave();
        let text = hover["contents"]["value"].as_str().unwrap_or_default();
        // the card lies in another folder each time
        let (text, _) = text.split_once("\n[open the card]").unwrap_or_default();
        text.to_owned()
    };
    let whole = hover(json!({}));
    let short = hover(json!({"shows-findings": true}));
    let (title, rest) = whole.split_once("\n\n").expect("a title");
    let (_, lesson) = rest.split_once("handed out here\n\n").expect("evidence");
    assert_eq!(short, format!("{title}\n\n{lesson}"));
    assert_eq!(hover(json!({"shows-findings": false})), whole);
}

#[test]
fn cards_among_the_notes_are_used_and_read_again() {
    const CARD: &str = "---\ncode: TEAM001\nname: no-pass\ntitle: T\nmessage: passes\nmatch: (pass_statement) @finding\n---\nText.\n";
    let files = [
        ("marginote.toml", "notes = [\"card.md\", \"wrong.md\"]\n"),
        ("card.md", CARD),
        ("wrong.md", "---\nmatch: x\n---\n"),
    ];
    let project = project("cards", &files);
    let mut client = start();
    client.initialize(json!({"capabilities": capable(), "workspaceFolders": [folder(&project)]}));
    let file = uri(&project.path().join("a.py"));
    let changed = |client: &mut Client, text: &str| {
        let card = project.path().join("card.md");
        std::fs::write(&card, text).expect("a file");
        let changes = json!({"changes": [{"uri": uri(&card), "type": 2}]});
        client.notify("workspace/didChangeWatchedFiles", changes);
    };
    let message = |published: &Value| published["diagnostics"][0]["message"].clone();
    client.open(&file, 1, "pass\n");
    client.wait("a finding of the card", |sent| {
        message(&sent["params"]) == "passes"
    });
    changed(&mut client, &CARD.replace("passes", "does nothing"));
    client.wait("the new message", |sent| {
        message(&sent["params"]) == "does nothing"
    });
    changed(&mut client, "no card any more\n");
    client.wait("no finding", |sent| {
        sent["method"] == "textDocument/publishDiagnostics" && message(&sent["params"]).is_null()
    });
    assert!(
        client.logged("NOTE007 card-invalid") > 0,
        "{}",
        client.log()
    );
    let settings = json!({"settings": {"marginote": {"select": ["TEAM001", "GIL01"]}}});
    client.notify("workspace/didChangeConfiguration", settings);
    let told = client.notified("window/showMessage")["message"].to_string();
    assert!(told.contains("NOTE007 card-invalid"), "{told}");
    let told = client.notified("window/showMessage")["message"].to_string();
    assert!(told.contains("`GIL01`; did you mean `GIL001`?"), "{told}");
    client.leave();
}
