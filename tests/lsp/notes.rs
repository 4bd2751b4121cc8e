//! The user's notes: quoted in code, checked where they are open, and what they are asked.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::harness::{Client, capable, start, start_with, uri};
use crate::vault::{NOTE, Vault, at, read};

fn hover_at(client: &mut Client, uri: &str, line: usize, character: usize) -> String {
    let hover = client.call("textDocument/hover", at(uri, line, character));
    hover["contents"]["value"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

/// What stands over the default in `a.py`.
fn hover(client: &mut Client, vault: &Vault) -> String {
    hover_at(client, &vault.uri("a.py"), 0, 23)
}

fn changed(client: &mut Client, uris: &[String]) {
    let change = |uri: &String| json!({"uri": uri, "type": 2});
    let changes: Vec<Value> = uris.iter().map(change).collect();
    let params = json!({"changes": changes});
    client.notify("workspace/didChangeWatchedFiles", params);
}

#[test]
fn a_hover_quotes_the_notes_and_leads_to_note_and_card() {
    let vault = Vault::new(&[("my notes.md", NOTE.as_bytes())]);
    let mut client = vault.serve(start());
    let hover = hover(&mut client, &vault);
    assert!(hover.contains("**Your notes** - my notes.md"), "{hover}");
    assert!(hover.contains("> The list is born once"), "{hover}");
    assert!(hover.contains("/notes/my%20notes.md#L1)"), "{hover}");
    let link = hover
        .rsplit_once("[open the card](file://")
        .expect("a link")
        .1;
    let page = Path::new(link.trim_end().trim_end_matches(')'));
    assert!(page.starts_with(client.home.path()), "{hover}");
    let text = fs::read_to_string(page).expect("a page");
    assert!(text.starts_with("# MUT001"), "{text}");
    let permissions = fs::metadata(page).expect("a page").permissions();
    assert!(permissions.readonly());
    // the page comes again when somebody deletes it
    fs::remove_file(page).expect("it is ours");
    self::hover(&mut client, &vault);
    assert!(page.exists());
    client.leave();
}

#[test]
fn without_a_folder_for_pages_nothing_leads_to_one() {
    let vault = Vault::new(&[("n.md", NOTE.as_bytes())]);
    let occupied = vault.path("a.py");
    let cache = occupied.to_str().expect("plain letters");
    let mut client = vault.serve(start_with(&[("XDG_CACHE_HOME", cache)]));
    let hover = hover(&mut client, &vault);
    assert!(
        hover.contains("born once") && !hover.contains("open the card"),
        "{hover}"
    );
    let explain = json!({"command": "marginote.explain", "arguments": ["gil"]});
    assert_eq!(client.refused("workspace/executeCommand", explain), -32603);
    client.leave();
}

#[test]
fn plain_text_has_no_links() {
    let vault = Vault::new(&[("n.md", NOTE.as_bytes())]);
    let mut capabilities = capable();
    capabilities["textDocument"]["hover"]["contentFormat"] = json!(["plaintext"]);
    let mut client = vault.serve_to(start(), capabilities);
    let hover = hover(&mut client, &vault);
    assert!(
        hover.contains("born once") && !hover.contains("]("),
        "{hover}"
    );
    client.leave();
}

#[test]
fn what_changes_on_disk_is_in_the_next_hover() {
    let vault = Vault::new(&[("n.md", NOTE.as_bytes())]);
    let mut client = vault.serve(start());
    assert!(hover(&mut client, &vault).contains("born once"));

    vault.write("notes/n.md", NOTE.replace("born", "built").as_bytes());
    changed(&mut client, &[vault.uri("notes/n.md")]);
    let changed_note = hover(&mut client, &vault);
    assert!(
        changed_note.contains("built once") && !changed_note.contains("born"),
        "{changed_note}"
    );

    fs::remove_file(vault.path("notes/n.md")).expect("it is there");
    vault.write("notes/new.md", NOTE.replace("born", "baked").as_bytes());
    changed(
        &mut client,
        &[vault.uri("notes/n.md"), vault.uri("notes/new.md")],
    );
    let new = hover(&mut client, &vault);
    assert!(
        new.contains("baked once") && new.contains("new.md"),
        "{new}"
    );

    fs::remove_file(vault.path("notes/new.md")).expect("it is there");
    changed(&mut client, &[vault.uri("notes/new.md")]);
    let gone = hover(&mut client, &vault);
    assert!(
        gone.contains("MUT001") && !gone.contains("Your notes"),
        "{gone}"
    );
    client.leave();
}

#[test]
fn an_open_note_is_quoted_as_it_is_typed() {
    let vault = Vault::new(&[("n.md", NOTE.as_bytes())]);
    let mut client = vault.serve(start());
    let note = vault.uri("notes/n.md");
    client.open(&note, 1, NOTE);
    let word = json!({"start": {"line": 2, "character": 12}, "end": {"line": 2, "character": 16}});
    client.change(&note, 2, json!([{"range": word, "text": "typed"}]));
    assert!(hover(&mut client, &vault).contains("typed once"));
    // also when all notes are read again
    client.notify(
        "workspace/didChangeConfiguration",
        json!({"settings": {"marginote": {}}}),
    );
    read(&mut client);
    assert!(hover(&mut client, &vault).contains("typed once"));
    client.close(&note);
    assert!(hover(&mut client, &vault).contains("born once"));
    client.leave();
}

#[test]
fn a_note_that_is_deleted_while_it_is_open_is_still_there() {
    let vault = Vault::new(&[("n.md", NOTE.as_bytes())]);
    let mut client = vault.serve(start());
    let note = vault.uri("notes/n.md");
    client.open(&note, 1, NOTE);
    fs::remove_file(vault.path("notes/n.md")).expect("it is there");
    changed(&mut client, std::slice::from_ref(&note));
    assert!(hover(&mut client, &vault).contains("born once"));
    assert!(hover_at(&mut client, &note, 0, 3).contains("a.py line 1"));
    client.close(&note);
    assert!(!hover(&mut client, &vault).contains("Your notes"));
    client.leave();
}

#[test]
fn a_heading_leads_to_the_code_that_it_explains() {
    let vault = Vault::new(&[("n.md", NOTE.as_bytes())]);
    let mut client = vault.serve(start());
    let note = vault.uri("notes/n.md");
    client.open(&note, 1, NOTE);
    let mut heading = at(&note, 0, 3);
    heading["context"] = json!({"includeDeclaration": true});
    let places = client.call("textDocument/references", heading.clone());
    assert_eq!(places.as_array().map(Vec::len), Some(1), "{places}");
    assert_eq!(places[0]["uri"], vault.uri("a.py"));
    assert_eq!(places[0]["range"]["start"]["line"], 0);
    // code is a Python server's
    heading["textDocument"]["uri"] = json!(vault.uri("a.py"));
    assert_eq!(client.call("textDocument/references", heading), Value::Null);
    client.leave();
}

#[test]
fn lenses_are_shown_to_those_who_want_them() {
    let text = format!("{NOTE}\n# Diary\n\nNothing about code.\n");
    let vault = Vault::new(&[("n.md", text.as_bytes())]);
    let mut client = vault.serve(start());
    let note = vault.uri("notes/n.md");
    client.open(&note, 1, &text);
    let params = json!({"textDocument": {"uri": note}});
    let off = client.call("textDocument/codeLens", params.clone());
    assert_eq!(off, Value::Null);
    client.notify(
        "workspace/didChangeConfiguration",
        json!({"settings": {"marginote": {"code-lens": true}}}),
    );
    read(&mut client);
    let lenses = client.call("textDocument/codeLens", params);
    assert_eq!(lenses.as_array().map(Vec::len), Some(1), "{lenses}");
    let lens = client.call("codeLens/resolve", lenses[0].clone());
    assert_eq!(lens["range"]["start"]["line"], 0);
    let command = &lens["command"];
    assert_eq!(command["title"], "used in 1 place");
    assert_eq!(command["command"], "marginote.references");
    assert_eq!(command["arguments"][0], note);
    assert_eq!(command["arguments"][2][0]["uri"], vault.uri("a.py"));
    let code = json!({"textDocument": {"uri": vault.uri("a.py")}});
    assert_eq!(client.call("textDocument/codeLens", code), json!([]));
    client.leave();
}

#[test]
fn symbols_are_sections_and_cards() {
    let vault = Vault::new(&[
        ("n.md", NOTE.as_bytes()),
        ("other.md", b"# Bread\n\nFlour.\n"),
    ]);
    let mut client = vault.serve(start());
    let mut names = |query: &str| -> Vec<(String, String)> {
        let found = client.call("workspace/symbol", json!({"query": query}));
        let symbols = found.as_array().expect("a list").iter();
        let text = |value: &Value| value.as_str().expect("words").to_owned();
        symbols
            .map(|symbol| (text(&symbol["name"]), text(&symbol["location"]["uri"])))
            .collect()
    };
    let note = (
        "# Mutable default arguments".to_owned(),
        vault.uri("notes/n.md"),
    );
    assert_eq!(names("#list born"), std::slice::from_ref(&note));
    let both = names("# mutable-default");
    assert!(both[0].1.ends_with("MUT001.md"), "{both:?}");
    assert!(both.contains(&note), "{both:?}");
    for nothing in ["log", "", "#", "#zzzz"] {
        assert_eq!(names(nothing), []);
    }
    client.leave();
}

const WRONG: &str = "# Type hints\n\nAnnotations are evaluated when the function is defined.\n";
const RIGHT: &str = "# Type hints\n\nSince 3.14 annotations are evaluated lazily.\n";

fn with_code<'d>(published: &'d Value, code: &str) -> Option<&'d Value> {
    let mut diagnostics = published["diagnostics"].as_array()?.iter();
    diagnostics.find(|diagnostic| diagnostic["code"] == code)
}

#[test]
fn an_open_note_is_checked_and_leads_to_what_contradicts_it() {
    let vault = Vault::new(&[("old.md", WRONG.as_bytes()), ("new.md", RIGHT.as_bytes())]);
    let mut client = vault.serve(start());
    let old = vault.uri("notes/old.md");
    client.open(&old, 1, WRONG);
    let published = client.published_version(&old, 1);
    let outdated = with_code(&published, "NOTE002").expect("it is outdated");
    assert_eq!(outdated["range"]["start"]["line"], 2);
    let contradiction = with_code(&published, "NOTE003").expect("the other says the opposite");
    let other = &contradiction["relatedInformation"][0]["location"];
    assert_eq!(other["uri"], vault.uri("notes/new.md"));
    assert_eq!(other["range"]["start"]["line"], 2);
    // what is mended is silent
    client.change(&old, 2, json!([{"text": RIGHT}]));
    assert_eq!(client.published_version(&old, 2)["diagnostics"], json!([]));
    client.close(&old);
    client.leave();
}

#[test]
fn an_open_note_is_checked_again_when_another_changes() {
    let vault = Vault::new(&[
        ("old.md", WRONG.as_bytes()),
        ("new.md", b"# Bread\n\nFlour.\n"),
    ]);
    let mut client = vault.serve(start());
    let old = vault.uri("notes/old.md");
    client.open(&old, 1, WRONG);
    let published = client.published(&old);
    assert_eq!(with_code(&published, "NOTE003"), None);
    vault.write("notes/new.md", RIGHT.as_bytes());
    changed(&mut client, &[vault.uri("notes/new.md")]);
    let published = client.published(&old);
    assert!(with_code(&published, "NOTE003").is_some(), "{published}");
    client.leave();
}

#[test]
fn notes_that_are_open_before_they_are_read_are_checked_then() {
    let vault = Vault::new(&[("old.md", WRONG.as_bytes())]);
    let mut client = start();
    let folder = json!({"uri": uri(&vault.path("")), "name": "f"});
    client.initialize(json!({"capabilities": capable(), "workspaceFolders": [folder]}));
    let old = vault.uri("notes/old.md");
    client.open(&old, 1, WRONG);
    loop {
        let published = client.published_version(&old, 1);
        if with_code(&published, "NOTE002").is_some() {
            break;
        }
    }
    client.leave();
}

#[test]
fn a_card_that_cannot_be_used_is_marked_as_it_is_typed() {
    let card = "---\ncode: TEAM001\nname: no-pass\ntitle: Say something\nmatch: (pas_statement) @finding\nmessage: passes\n---\nIt says nothing.\n";
    let vault = Vault::new(&[("card.md", card.as_bytes())]);
    let mut client = vault.serve(start());
    let uri = vault.uri("notes/card.md");
    client.open(&uri, 1, card);
    let sent = client.wait("the card is marked", |sent| {
        with_code(&sent["params"], "NOTE007").is_some()
    });
    let marked = with_code(&sent["params"], "NOTE007").expect("found above");
    assert_eq!(marked["range"]["start"]["line"], 4, "{marked}");
    // nothing is saved
    let typed = card.replace("pas_statement", "pass_statement");
    let change =
        json!({"textDocument": {"uri": uri, "version": 2}, "contentChanges": [{"text": typed}]});
    client.notify("textDocument/didChange", change);
    client.wait("the card can be used", |sent| {
        let params = &sent["params"];
        params["version"] == 2 && with_code(params, "NOTE007").is_none()
    });
    client.leave();
}

#[test]
fn a_text_that_is_nobodys_note_is_left_alone() {
    let vault = Vault::new(&[("n.md", NOTE.as_bytes())]);
    vault.write("README.md", WRONG.as_bytes());
    let mut client = vault.serve(start());
    let readme = vault.uri("README.md");
    client.open(&readme, 1, WRONG);
    assert_eq!(
        client.published_version(&readme, 1)["diagnostics"],
        json!([])
    );
    assert_eq!(hover_at(&mut client, &readme, 0, 3), "");
    let references = client.call("textDocument/references", {
        let mut heading = at(&readme, 0, 3);
        heading["context"] = json!({"includeDeclaration": true});
        heading
    });
    assert_eq!(references, Value::Null);
    client.leave();
}

#[test]
fn a_folder_without_notes_is_served() {
    let vault = Vault::new(&[]);
    let mut client = vault.serve(start());
    let hover = hover(&mut client, &vault);
    assert!(
        hover.contains("MUT001") && !hover.contains("Your notes"),
        "{hover}"
    );
    client.nothing(|message| message["method"] == "window/showMessage");
    client.leave();
}

#[test]
fn a_note_cannot_bring_links_or_commands_into_a_hover() {
    let hostile = "# Mutable default arguments [run](command:evil)\n\n\
        The default list is made once: [click](command:workbench.action.quit) <img src=x onerror=alert(1)> \
        ![i](https://evil.example/i.png) <a href=\"command:evil\">default</a> mutable default arguments https://evil.example\n\n\
        <!-- marginote: mutable-default -->\n";
    let vault = Vault::new(&[("n](command:evil).md", hostile.as_bytes())]);
    let mut client = vault.serve(start());
    let hover = hover(&mut client, &vault);
    assert!(hover.contains("Your notes"), "{hover}");
    use pulldown_cmark::{Event, Options, Parser, Tag};
    for event in Parser::new_ext(&hover, Options::all()) {
        match event {
            Event::Start(Tag::Link { dest_url, .. }) => {
                assert!(dest_url.starts_with("file:///"), "{dest_url}\n{hover}");
            }
            Event::Start(Tag::Image { .. }) | Event::Html(_) | Event::InlineHtml(_) => {
                panic!("{event:?}\n{hover}")
            }
            _ => {}
        }
    }
    client.leave();
}

#[test]
fn damaged_bytes_are_read_as_far_as_they_go() {
    let mut damaged = NOTE.as_bytes().to_vec();
    damaged.extend(b"\nA byte \xff\xfe alone, and \xe2\x82 a half.\n");
    let vault = Vault::new(&[("n.md", &damaged), ("zero.md", &[0, 255, 0, 216, 7])]);
    let mut client = vault.serve(start());
    assert!(hover(&mut client, &vault).contains("born once"));
    client.leave();
}

#[test]
fn a_repaired_note_has_its_places_where_the_editor_shows_them() {
    // U+2014 as somebody saw it who read UTF-8 as cp1252, often enough to move every byte behind it
    let dashes =
        "A list \u{e2}\u{20ac}\u{201d} of lists \u{e2}\u{20ac}\u{201d} is a list.\n\n".repeat(20);
    let text = format!(
        "# Bread\n\n{dashes}{NOTE}\n{}",
        &WRONG[WRONG.find("Ann").unwrap()..]
    );
    let vault = Vault::new(&[("n.md", text.as_bytes())]);
    let mut client = vault.serve(start());
    let note = vault.uri("notes/n.md");
    client.open(&note, 1, &text);
    let published = client.published_version(&note, 1);
    let outdated = with_code(&published, "NOTE002").expect("it is outdated");
    assert_eq!(outdated["range"]["start"]["line"], 46);
    let hover = client.call("textDocument/hover", at(&note, 42, 3));
    assert_eq!(hover["range"]["start"]["line"], 42, "{hover}");
    client.leave();
}

#[test]
fn notes_that_cannot_be_read_get_one_message() {
    let vault = Vault::new(&[("n.md", NOTE.as_bytes())]);
    vault.write(
        "marginote.toml",
        b"notes = [\"notes\", \"gone\", \"lost\"]\n",
    );
    let mut client = vault.serve(start());
    let message = client.notified("window/showMessage");
    assert_eq!(
        message["message"],
        "Marginote: 2 notes cannot be read: see the log"
    );
    assert_eq!(client.logged("gone`"), 1);
    for words in ["gone`", "lost`"] {
        let told = client.notified("window/logMessage");
        let text = told["message"].as_str().unwrap_or_default();
        assert!(
            text.contains(words) && text.contains("marginote.toml"),
            "{told}"
        );
        assert_eq!(told["type"], 2);
    }
    // the same once more is nothing new
    changed(&mut client, &[vault.uri("marginote.toml")]);
    read(&mut client);
    client.nothing(|message| message["method"] == "window/showMessage");
    client.nothing(|message| message["method"] == "window/logMessage");
    assert_eq!(client.logged("lost`"), 1);
    // nor does it matter how many files are analysed with these settings
    for name in ["one.py", "two.py"] {
        client.open(
            &vault.uri(name),
            1,
            "def f(found=[]):\n    found.append(1)\n",
        );
        client.published_version(&vault.uri(name), 1);
    }
    assert!(hover(&mut client, &vault).contains("born once"));
    assert_eq!(client.logged("gone`"), 1);
    client.leave();
}

#[test]
fn the_editor_and_the_projects_file_name_notes() {
    let vault = Vault::new(&[("n.md", NOTE.as_bytes())]);
    let elsewhere = tempfile::tempdir().expect("a folder");
    let own = NOTE.replace("born", "bred").replace(" arguments", "");
    fs::write(elsewhere.path().join("own.md"), own).expect("a file");
    vault.write("marginote.toml", b"");
    let mut client = start();
    client.settings = Some(json!({"notes": [elsewhere.path()]}));
    let mut client = vault.serve(client);
    assert!(hover(&mut client, &vault).contains("bred once"));
    // from now on the file names some too
    vault.write("marginote.toml", b"notes = [\"notes\"]\n");
    changed(&mut client, &[vault.uri("marginote.toml")]);
    read(&mut client);
    let both = hover(&mut client, &vault);
    assert!(both.contains("own.md") && both.contains("n.md"), "{both}");
    client.leave();
}

#[test]
fn notes_that_the_editor_names_and_that_are_not_there_are_told_of() {
    let vault = Vault::new(&[]);
    let mut client = start();
    client.settings = Some(json!({"notes": ["/nowhere/at/all"]}));
    let mut client = vault.serve(client);
    let told = client.notified("window/logMessage");
    assert_eq!(
        told["message"],
        "/nowhere/at/all: `notes`: there is no file or folder `/nowhere/at/all`"
    );
    client.leave();
}

#[test]
fn notes_are_linked_to_a_card_as_soon_as_it_is_written() {
    let vault = Vault::new(&[("n.md", b"# House rules for loggers\n\nAsk Ada first.\n")]);
    vault.write("b.py", b"import logging\n\nlogging.basicConfig()\n");
    let mut client = vault.serve(start());
    let code = vault.uri("b.py");
    assert!(!hover_at(&mut client, &code, 2, 10).contains("Ada"));
    let card = "---\nconcept: house-loggers\ntitle: House rules for loggers\nhover:\n  - call: logging.basicConfig\n---\nLoggers are Ada's.\n";
    vault.write("notes/card.md", card.as_bytes());
    changed(&mut client, &[vault.uri("notes/card.md")]);
    // read in the background, without a progress
    let deadline = std::time::Instant::now() + crate::harness::LIMIT;
    loop {
        let hover = hover_at(&mut client, &code, 2, 10);
        if hover.contains("Ask Ada first") {
            assert!(hover.contains("/notes/card.md)"), "{hover}");
            break;
        }
        assert!(std::time::Instant::now() < deadline, "{hover}");
    }
    client.leave();
}

#[test]
fn a_card_is_shown_on_command() {
    let explain = |word: Value| json!({"command": "marginote.explain", "arguments": [word]});
    let vault = Vault::new(&[]);
    let mut client = vault.serve(start());
    let page = client.call("workspace/executeCommand", explain(json!("GIL001")));
    let page = fs::read_to_string(page.as_str().expect("a path")).expect("a page");
    assert!(page.starts_with("# GIL001"), "{page}");
    for wrong in [json!("no-such-thing"), json!(1)] {
        assert_eq!(
            client.refused("workspace/executeCommand", explain(wrong)),
            -32602
        );
    }
    let unknown = json!({"command": "rm"});
    assert_eq!(client.refused("workspace/executeCommand", unknown), -32602);
    client.leave();

    let mut capabilities = capable();
    capabilities["window"]["showDocument"] = json!({"support": true});
    let mut client = vault.serve_to(start(), capabilities);
    let shown = client.call("workspace/executeCommand", explain(json!("gil")));
    assert_eq!(shown, Value::Null);
    let shown = client.notified("window/showDocument");
    assert!(
        shown["uri"]
            .as_str()
            .is_some_and(|uri| uri.ends_with("/gil.md"))
    );
    client.leave();
}
