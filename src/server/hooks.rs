//! Methods and delays for the protocol tests, in debug builds only, and only where `MARGINOTE_TEST_HOOKS` is set.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tower_lsp::jsonrpc::{Error, Result};
use tower_lsp::lsp_types::Url;
use tower_lsp::{Client, LspServiceBuilder};

use super::backend::{Backend, work};
use super::{asking, convert};
use crate::analysis::Cancel;

/// Turns of [`spin`]'s loop, in all requests.
static TURNS: AtomicU64 = AtomicU64::new(0);

fn wanted() -> bool {
    std::env::var_os("MARGINOTE_TEST_HOOKS").is_some()
}

/// Adds the methods.
pub fn add(builder: LspServiceBuilder<Backend>, client: Client) -> LspServiceBuilder<Backend> {
    if !wanted() {
        return builder;
    }
    builder
        .custom_method("marginote/test/text", text)
        .custom_method("marginote/test/panic", panic)
        .custom_method("marginote/test/sleep", sleep)
        .custom_method("marginote/test/spin", spin)
        .custom_method("marginote/test/turns", turns)
        .custom_method("marginote/test/ask", move |_: &Backend, _: Value| {
            let client = client.clone();
            async move { Ok(json!(asking::settings(client).await)) }
        })
}

/// The text and version of a document in the request's view.
async fn text(_: &Backend, params: Value) -> Result<Value> {
    work(move |context| {
        let uri = params["uri"].as_str().and_then(|uri| Url::parse(uri).ok());
        let path = convert::path(&uri.ok_or_else(|| Error::invalid_params("uri"))?);
        Ok(match context.view.document(&path) {
            Some(document) => json!({"version": document.version(), "text": &*document.text()}),
            None => Value::Null,
        })
    })
    .await
}

/// Panics, in the work or before it.
async fn panic(_: &Backend, params: Value) -> Result<Value> {
    assert!(params["early"].is_null(), "a test asked for this");
    work(|_| panic!("a test asked for this")).await
}

async fn sleep(_: &Backend, params: Value) -> Result<Value> {
    tokio::time::sleep(Duration::from_millis(params["ms"].as_u64().unwrap_or(0))).await;
    Ok(Value::Null)
}

/// Keeps a thread busy until the time is over or the request is cancelled.
async fn spin(_: &Backend, params: Value) -> Result<Value> {
    work(move |context| {
        let limit = Duration::from_millis(params["ms"].as_u64().unwrap_or(0));
        let start = Instant::now();
        while start.elapsed() < limit && !context.cancel.is_cancelled() {
            TURNS.fetch_add(1, Ordering::Relaxed);
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(Value::Null)
    })
    .await
}

async fn turns(_: &Backend, _: Value) -> Result<Value> {
    Ok(json!(TURNS.load(Ordering::Relaxed)))
}

/// Makes reading the project take as many milliseconds as `MARGINOTE_TEST_SLOW_INDEX` says.
pub fn slow_index(progress: &dyn Fn(usize, usize), cancel: &Cancel) {
    let slow = std::env::var("MARGINOTE_TEST_SLOW_INDEX").ok();
    let Some(limit) = slow.filter(|_| wanted()).and_then(|ms| ms.parse().ok()) else {
        return;
    };
    for elapsed in 0..limit {
        if cancel.is_cancelled() {
            return;
        }
        progress(elapsed, limit);
        std::thread::sleep(Duration::from_millis(1));
    }
}
