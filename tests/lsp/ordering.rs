//! What tower-lsp does not do by itself: order, cancellation, panics, a client that does not read.

use std::sync::mpsc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Client, LIMIT, capable, ready, start_unread};

const URI: &str = "file:///project/a.py";

fn insert(line: u32, character: u32, text: &str) -> Value {
    let at = json!({"line": line, "character": character});
    json!({"range": {"start": at, "end": at}, "text": text})
}

#[test]
fn requests_see_what_was_written_before_them() {
    let mut client = ready(capable());
    client.open(URI, 0, "");
    for round in 0..5 {
        for edit in 1..400 {
            client.change(URI, round * 400 + edit, json!([insert(0, 0, "x")]));
        }
        let seen = client.request("marginote/test/text", json!({"uri": URI}));
        // what follows the request is not in its view
        client.change(URI, round * 400 + 400, json!([insert(0, 0, "y")]));
        let text = client.answer(seen)["result"]["text"].take();
        assert_eq!(
            text.as_str().map(str::len),
            Some(round as usize * 400 + 399)
        );
        assert!(text.as_str().is_some_and(|text| text.starts_with("xxx")));
    }
    client.leave();
}

#[test]
fn a_panic_costs_its_request_only() {
    let mut client = ready(capable());
    for params in [json!({}), json!({"early": true})] {
        assert_eq!(client.refused("marginote/test/panic", params), -32603);
        client.open(URI, 1, "x = 1\n");
        assert_eq!(client.text(URI), "x = 1\n");
        client.close(URI);
    }
    assert!(client.logged("a bug") > 0);
    client.leave();
}

#[test]
fn cancelled_requests_are_answered_at_once() {
    let mut client = ready(capable());
    // more than there are threads, and none ends before the test does
    let sleepers: Vec<i64> = (0..40)
        .map(|_| client.request("marginote/test/sleep", json!({"ms": 600_000})))
        .collect();
    let spinners: Vec<i64> = (0..40)
        .map(|_| client.request("marginote/test/spin", json!({"ms": 600_000})))
        .collect();
    for id in sleepers.into_iter().chain(spinners) {
        client.notify("$/cancelRequest", json!({"id": id}));
        assert_eq!(client.answer(id)["error"]["code"], -32800);
    }
    // neither a request that is answered nor one that never was does any harm
    client.notify("$/cancelRequest", json!({"id": 1}));
    client.notify("$/cancelRequest", json!({"id": "no such"}));
    client.notify("$/cancelRequest", json!({"id": {}}));
    client.open(URI, 1, "x");
    assert_eq!(client.text(URI), "x");
    client.leave();
}

#[test]
fn work_stops_when_it_is_cancelled() {
    let mut client = ready(capable());
    let turns = |client: &mut Client| client.call("marginote/test/turns", json!({})).as_u64();
    let id = client.request("marginote/test/spin", json!({"ms": 600_000}));
    while turns(&mut client) == Some(0) {}
    client.notify("$/cancelRequest", json!({"id": id}));
    assert_eq!(client.answer(id)["error"]["code"], -32800);
    // the loop looks at its flag every millisecond
    let mut before = turns(&mut client);
    for _ in 0..100 {
        std::thread::sleep(Duration::from_millis(50));
        let after = turns(&mut client);
        if before == after {
            return client.leave();
        }
        before = after;
    }
    panic!("the work goes on");
}

#[test]
fn an_id_in_use_is_refused_and_its_request_goes_on() {
    let mut client = ready(capable());
    let id = client.request("marginote/test/spin", json!({"ms": 600_000}));
    let again = json!({"jsonrpc": "2.0", "id": id, "method": "marginote/test/turns", "params": {}});
    client.send(&again);
    assert_eq!(client.answer(id)["error"]["code"], -32600);
    client.notify("$/cancelRequest", json!({"id": id}));
    assert_eq!(client.answer(id)["error"]["code"], -32800);
    client.leave();
}

#[test]
fn requests_that_wait_for_the_client_hold_up_nothing() {
    let mut client = ready(capable());
    client.settings = None;
    for _ in 0..4 {
        client.request("marginote/test/ask", json!({}));
    }
    client.open(URI, 0, "");
    for version in 1..=400 {
        client.change(URI, version, json!([insert(0, 0, "x")]));
    }
    assert_eq!(client.text(URI), "x".repeat(400));
    client.leave();
}

#[test]
fn a_client_that_does_not_read_holds_up_nothing() {
    let mut client = start_unread(&[]);
    client.send(
        &json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {"capabilities": {}}}),
    );
    client.notify("initialized", json!({}));
    let text = "x".repeat(10_000);
    client.open(URI, 1, &text);
    let (done, sent) = mpsc::channel();
    std::thread::spawn(move || {
        // more than any pipe holds, there and back; diagnostics are written by the thread that works them out
        for _ in 0..1500 {
            client.request(
                "textDocument/diagnostic",
                json!({"textDocument": {"uri": URI}}),
            );
        }
        for _ in 0..1500 {
            client.request("marginote/test/text", json!({"uri": URI}));
        }
        let _ = done.send(client);
    });
    let mut client = sent
        .recv_timeout(LIMIT)
        .expect("the server reads on though nobody reads what it writes");
    client.read();
    for id in 1..=1500 {
        assert_eq!(client.answer(id)["result"]["items"], json!([]));
    }
    for id in 1501..=3000 {
        assert_eq!(client.answer(id)["result"]["text"], text);
    }
    client.leave();
}

#[test]
fn requests_in_flight_do_not_delay_the_end() {
    let mut client = ready(capable());
    client.request("marginote/test/spin", json!({"ms": 600_000}));
    client.request("marginote/test/sleep", json!({"ms": 600_000}));
    client.leave();
}
