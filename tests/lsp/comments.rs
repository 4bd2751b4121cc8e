//! Comments that silence: completion in them, and where the names of rules lead.

use std::fs;

use serde_json::{Value, json};

use crate::harness::{Client, capable, ready, start, uri};
use crate::vault::{Vault, at};

const URI: &str = "file:///project/a.py";

/// What is offered at the `|` of a text, which is taken out.
fn offered(client: &mut Client, text: &str) -> Value {
    let (before, after) = text.split_once('|').expect("a place");
    client.open(URI, 1, &format!("{before}{after}"));
    let line = before.matches('\n').count();
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let character = before[start..].encode_utf16().count();
    let items = client.call("textDocument/completion", at(URI, line, character));
    client.close(URI);
    items
}

fn labelled(items: &Value, label: &str) -> Value {
    let items = items.as_array().expect("a list");
    let mut found = items.iter().filter(|item| item["label"] == label);
    let item = found.next().cloned();
    assert!(found.next().is_none(), "{label} is offered twice");
    item.unwrap_or_else(|| panic!("{label} is not offered"))
}

#[test]
fn rules_are_offered_where_a_comment_names_them() {
    let mut client = ready(capable());
    let items = offered(&mut client, "x = 'é😀'  # marginote: ignore[mu|]\n");
    let code = labelled(&items, "MUT001");
    let range = json!({"start": {"line": 0, "character": 31}, "end": {"line": 0, "character": 33}});
    assert_eq!(
        code["textEdit"],
        json!({"range": range, "newText": "MUT001"})
    );
    assert_eq!(code["detail"], "mutable-default");
    let lesson = &code["documentation"];
    assert_eq!(lesson["kind"], "markdown");
    let text = lesson["value"].as_str().expect("words");
    assert!(text.contains("every call"), "{text}");
    assert_eq!(labelled(&items, "mutable-default")["detail"], "MUT001");
    // a rule of notes silences nothing in code
    assert!(!items.to_string().contains("NOTE001"));
    for open in [
        "# marginote: ignore[|\nx = 1\n",
        "x = 1  # Marginote: IGNORE-FILE[ GIL001 , |",
        "def f():\n    return 1  # why # marginote: ignore[|",
        "class A:\n    x = []\n\n    # marginote: ignore-file[SNG001,|]\n",
    ] {
        labelled(&offered(&mut client, open), "MUT001");
    }
    let items = offered(&mut client, "x = 1  # marginote: ignore[MUT001, |]\n");
    assert!(
        !items.to_string().contains("\"MUT001\""),
        "it is named already"
    );
    labelled(&items, "MUT002");
    client.leave();
}

#[test]
fn nothing_is_offered_elsewhere() {
    let mut client = ready(capable());
    for text in [
        "|",
        "x = [|]\n",
        "x = '# marginote: ignore[|]'\n",
        "'''\n# marginote: ignore[|\n'''\n",
        "x = 1  # marginote: ignore|\n",
        "x = 1  # marginote: ignore[MUT001] |\n",
        "x = 1  # marginote: |ignore[]\n",
        "x = 1  # marginote: ignore[mutable default|\n",
        "x[|] = 1  # marginote: ignore[]\n",
        "x = 1  # pylint: disable=[|]\n",
        "x = 1  # marginote: ignore[] # y, [|\n",
    ] {
        assert_eq!(offered(&mut client, text), Value::Null, "{text}");
    }
    let nowhere = client.call("textDocument/completion", at("file:///not/open.py", 3, 3));
    assert_eq!(nowhere, Value::Null);
    client.leave();
}

#[test]
fn a_simple_client_gets_plain_words() {
    let mut capabilities = capable();
    capabilities["textDocument"]["completion"] = json!({});
    let mut client = ready(capabilities);
    let items = offered(&mut client, "x = 1  # marginote: ignore[|]\n");
    let lesson = labelled(&items, "MUT001")["documentation"].clone();
    assert!(
        lesson.as_str().is_some_and(|text| !text.contains("**")),
        "{lesson}"
    );
    client.leave();
}

#[test]
fn the_name_of_a_rule_leads_to_its_card() {
    let mut client = ready(capable());
    client.open(
        URI,
        1,
        "x = 1  # marginote: ignore[GIL001, mutable-default, MUT]\n",
    );
    let mut page = |character: usize| {
        let place = client.call("textDocument/definition", at(URI, 0, character));
        let path = place["uri"].as_str()?.strip_prefix("file://")?.to_owned();
        Some(fs::read_to_string(path).expect("a page"))
    };
    assert!(page(27).is_some_and(|page| page.starts_with("# GIL001")));
    assert!(page(50).is_some_and(|page| page.starts_with("# MUT001")));
    // a family has no card, and names of Python are for a Python server
    for elsewhere in [0, 10, 54] {
        assert_eq!(page(elsewhere), None);
    }
    client.leave();
}

#[test]
fn links_of_notes_lead_to_what_may_be_opened() {
    let note = "# Links

[other](other.md#who-waits) [[other|there]] [web](https://docs.python.org/3/) [top](#links)
[code](../a.py) [gone](gone.md) [out](../../../../etc/passwd) [run](command:x) [js](javascript:1)
[[nobody]] [spaced](my%20note.md)
";
    let other = "# Locks\n\n## 2. Who waits\n\nA thread.\n";
    let vault = Vault::new(&[
        ("n.md", note.as_bytes()),
        ("other.md", other.as_bytes()),
        ("my note.md", b"# Spaced\n"),
    ]);
    let mut client = vault.serve(start());
    let uri_of = vault.uri("notes/n.md");
    let document = json!({"textDocument": {"uri": uri_of}});
    let links = client.call("textDocument/documentLink", document);
    let links = links.as_array().expect("links");
    let targets: Vec<&str> = links
        .iter()
        .map(|l| l["target"].as_str().expect("one"))
        .collect();
    let expected = [
        format!("{}#L3", vault.uri("notes/other.md")),
        vault.uri("notes/other.md"),
        "https://docs.python.org/3/".to_owned(),
        format!("{uri_of}#L1"),
        vault.uri("a.py"),
        uri(&vault.path("notes/my%20note.md")),
    ];
    assert_eq!(targets, expected);
    let start = json!({"line": 2, "character": 0});
    assert_eq!(
        links[0]["range"],
        json!({"start": start, "end": {"line": 2, "character": 27}})
    );
    let place = client.call("textDocument/definition", at(&uri_of, 2, 5));
    assert_eq!(place["uri"], vault.uri("notes/other.md"));
    assert_eq!(place["range"]["start"], json!({"line": 2, "character": 0}));
    for (line, character) in [(2, 50), (3, 40), (0, 3)] {
        let place = client.call("textDocument/definition", at(&uri_of, line, character));
        assert_eq!(place, Value::Null, "{line}:{character}");
    }
    // code has no links
    let code = json!({"textDocument": {"uri": vault.uri("a.py")}});
    assert_eq!(client.call("textDocument/documentLink", code), Value::Null);
    client.leave();
}

#[cfg(unix)]
#[test]
fn a_link_of_the_file_system_does_not_lead_out() {
    let outside = tempfile::tempdir().expect("a folder");
    fs::write(outside.path().join("secret.md"), "# Secret\n").expect("a file");
    let vault = Vault::new(&[("n.md", b"# A\n\n[s](far/secret.md)\n")]);
    let far = vault.path("notes/far");
    std::os::unix::fs::symlink(outside.path(), far).expect("a link");
    let mut client = vault.serve(start());
    let document = json!({"textDocument": {"uri": vault.uri("notes/n.md")}});
    assert_eq!(
        client.call("textDocument/documentLink", document),
        json!([])
    );
    client.leave();
}
