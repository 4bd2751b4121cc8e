//! Beginning and end, and messages that are none.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::harness::{capable, read_message, ready, start};

const URI: &str = "file:///project/a.py";

#[test]
fn it_says_what_it_can() {
    let mut client = start();
    let result = client.initialize(json!({"capabilities": capable()}));
    assert_eq!(result["serverInfo"]["name"], "marginote");
    let capabilities = &result["capabilities"];
    assert_eq!(capabilities["positionEncoding"], "utf-16");
    assert_eq!(capabilities["textDocumentSync"]["openClose"], true);
    assert_eq!(capabilities["textDocumentSync"]["change"], 2);
    assert_eq!(
        capabilities["textDocumentSync"]["save"]["includeText"],
        true
    );
    assert_eq!(capabilities["hoverProvider"], true);
    assert_eq!(capabilities["diagnosticProvider"], Value::Null);
    assert_eq!(
        capabilities["workspace"]["workspaceFolders"]["supported"],
        true
    );
    client.leave();
}

#[test]
fn shutdown_and_exit_end_it_though_stdin_stays_open() {
    let mut client = ready(capable());
    assert_eq!(client.call("shutdown", Value::Null), Value::Null);
    client.notify("exit", Value::Null);
    assert_eq!(client.exit_code(), 0);
}

#[test]
fn shutdown_may_say_that_it_has_no_parameters() {
    let mut client = ready(capable());
    client.send(&json!({"jsonrpc": "2.0", "id": 7, "method": "shutdown", "params": null}));
    let answer = client.answer(7);
    assert!(answer["error"].is_null(), "{answer}");
    client.notify("exit", Value::Null);
    assert_eq!(client.exit_code(), 0);
}

#[test]
fn exit_without_shutdown_is_a_failure() {
    let mut client = ready(capable());
    client.notify("exit", Value::Null);
    assert_eq!(client.exit_code(), 1);

    let mut client = start();
    client.notify("exit", Value::Null);
    assert_eq!(client.exit_code(), 1);
}

#[test]
fn the_end_of_stdin_ends_it() {
    let mut client = ready(capable());
    client.hang_up();
    assert_eq!(client.exit_code(), 1);

    let mut client = ready(capable());
    client.call("shutdown", Value::Null);
    client.hang_up();
    assert_eq!(client.exit_code(), 0);

    let mut client = start();
    client.hang_up();
    assert_eq!(client.exit_code(), 1);
}

#[test]
fn what_was_asked_before_the_end_is_answered() {
    let mut client = start();
    let asked = client.request("initialize", json!({"capabilities": {}}));
    let shut = client.request("shutdown", Value::Null);
    client.hang_up();
    assert_eq!(
        client.answer(asked)["result"]["serverInfo"]["name"],
        "marginote"
    );
    assert_eq!(client.answer(shut)["result"], Value::Null);
    assert_eq!(client.exit_code(), 0);
}

#[cfg(unix)]
#[test]
fn the_death_of_the_parent_ends_it() {
    let mut parent = Command::new("sleep")
        .arg("600")
        .spawn()
        .expect("sleep starts");
    let mut client = start();
    client.initialize(json!({"capabilities": {}, "processId": parent.id()}));
    client.call("textDocument/hover", hover());
    parent.kill().expect("it is our child");
    parent.wait().expect("it is our child");
    assert_eq!(client.exit_code(), 1);
}

#[test]
fn a_parent_out_of_sight_is_not_watched() {
    let mut parent = Command::new(env!("CARGO_BIN_EXE_marginote"))
        .arg("--version")
        .stdout(Stdio::null())
        .spawn()
        .expect("it starts");
    parent.wait().expect("it is our child");
    let mut client = start();
    client.initialize(json!({"capabilities": {}, "processId": parent.id()}));
    if cfg!(unix) {
        client.logged("not watched");
    }
    client.leave();
}

fn hover() -> Value {
    json!({"textDocument": {"uri": URI}, "position": {"line": 0, "character": 0}})
}

#[test]
fn requests_before_initialize_are_refused() {
    let mut client = start();
    client.open(URI, 1, "x");
    for method in ["textDocument/hover", "no/such", "shutdown"] {
        assert_eq!(client.refused(method, hover()), -32002);
    }
    client.initialize(json!({"capabilities": {}}));
    // the early notification was dropped
    client.nothing(|message| message["method"] == "textDocument/publishDiagnostics");
    client.leave();
}

#[test]
fn initialize_comes_once() {
    let mut client = ready(capable());
    assert_eq!(
        client.refused("initialize", json!({"capabilities": {}})),
        -32600
    );
    client.leave();
}

#[test]
fn requests_after_shutdown_are_refused() {
    let mut client = ready(capable());
    client.call("shutdown", Value::Null);
    for method in ["textDocument/hover", "no/such", "shutdown", "initialize"] {
        assert_eq!(client.refused(method, hover()), -32600);
    }
    client.notify("exit", Value::Null);
    assert_eq!(client.exit_code(), 0);
}

#[test]
fn a_client_that_does_not_wait_for_initialize_is_served() {
    let mut client = start();
    let asked = client.request("initialize", json!({"capabilities": {}}));
    client.notify("initialized", json!({}));
    client.open(URI, 7, "x = 1\n");
    let hovered = client.request("textDocument/hover", hover());
    assert!(client.answer(asked)["error"].is_null());
    assert!(client.answer(hovered)["error"].is_null());
    assert_eq!(client.published(URI)["version"], 7);
    client.leave();
}

#[test]
fn odd_capabilities_cost_nothing() {
    let mut client = start();
    client.initialize(json!({
        "processId": "?", "rootUri": 3, "trace": "loud", "workspaceFolders": [{"uri": "::"}, 4],
        "capabilities": {"workspace": {"workspaceEdit": {"failureHandling": "pray"}}, "general": []},
    }));
    client.open(URI, 1, "x = 1\n");
    assert_eq!(client.published(URI)["version"], 1);
    client.leave();
}

#[test]
fn messages_that_are_none_are_answered_and_survived() {
    let mut client = ready(capable());
    let bad: [(&[u8], i64); 5] = [
        (b"{\"jsonrpc\": ", -32700),
        (b"\xff\xfe", -32700),
        (b"[]", -32600),
        (b"{\"id\": null, \"method\": 5}", -32600),
        (b"{\"jsonrpc\":\"1.0\",\"method\":\"exit\"}", -32600),
    ];
    for (body, code) in bad {
        let mut frame = format!("Content-Length: {}\r\n\r\n", body.len()).into_bytes();
        frame.extend(body);
        client.send_bytes(&frame);
        let answer = client.wait("an error", |message| message["error"].is_object());
        assert_eq!(
            (&answer["id"], &answer["error"]["code"]),
            (&Value::Null, &json!(code))
        );
    }
    let deep = "[".repeat(100_000);
    client.send_bytes(format!("Content-Length: {}\r\n\r\n{deep}", deep.len()).as_bytes());
    client.send_bytes(b"\r\n\r\nnoise\r\n");
    let refused = client.wait("an error", |message| message["error"].is_object());
    assert_eq!(refused["error"]["code"], -32700);
    // answers that nobody waits for
    client.send(&json!({"jsonrpc": "2.0", "id": 999, "result": null}));
    client.send(&json!({"jsonrpc": "2.0", "id": "x", "error": {"code": 1, "message": ""}}));
    client.send(&json!({"jsonrpc": "2.0", "id": 999}));
    client.leave();
}

#[test]
fn unknown_methods_are_refused_or_ignored() {
    let mut client = ready(capable());
    assert_eq!(client.refused("no/such", json!({})), -32601);
    assert_eq!(client.refused("textDocument/didOpen", json!({})), -32600);
    assert_eq!(
        client.refused("textDocument/hover", json!({"position": 1})),
        -32602
    );
    client.notify("no/such", json!({}));
    client.notify("$/no-such", json!({}));
    client.notify("textDocument/didOpen", json!({"textDocument": 1}));
    client.logged("textDocument/didOpen is ignored");
    client.leave();
}

#[test]
fn set_trace_works() {
    let mut client = ready(capable());
    client.call("textDocument/hover", hover());
    client.nothing(|message| message["method"] == "$/logTrace");
    client.notify("$/setTrace", json!({"value": "messages"}));
    client.call("textDocument/hover", hover());
    let trace = client.notified("$/logTrace");
    assert!(
        trace["message"]
            .as_str()
            .is_some_and(|m| m.contains("textDocument/hover"))
    );
    assert_eq!(trace["verbose"], Value::Null);
    client.notify("$/setTrace", json!({"value": "verbose"}));
    client.call("textDocument/hover", hover());
    let trace = client.notified("$/logTrace");
    assert!(
        trace["verbose"]
            .as_str()
            .is_some_and(|answer| answer.contains("result"))
    );
    client.leave();
}

#[test]
fn it_serves_over_tcp() {
    let mut server = Command::new(env!("CARGO_BIN_EXE_marginote"))
        .args(["server", "--tcp", "127.0.0.1:0"])
        .stderr(Stdio::piped())
        .spawn()
        .expect("the server starts");
    let mut log = BufReader::new(server.stderr.take().expect("piped above"));
    let mut line = String::new();
    log.read_line(&mut line).expect("the server says where");
    let address = line.split_whitespace().last().expect("an address");
    let mut stream = TcpStream::connect(address).expect("the server listens");
    let mut ask = |message: Value| {
        let body = message.to_string();
        write!(stream, "Content-Length: {}\r\n\r\n{body}", body.len()).expect("the server reads");
        stream.try_clone().expect("a socket")
    };
    let input = ask(
        json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"capabilities": {}}}),
    );
    let answer = read_message(&mut BufReader::new(input)).expect("an answer");
    assert_eq!(answer["result"]["serverInfo"]["name"], "marginote");
    ask(json!({"jsonrpc": "2.0", "method": "exit"}));
    assert_eq!(server.wait().expect("it is our child").code(), Some(1));
}
