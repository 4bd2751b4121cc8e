//! LSP messages into calls of the analysis, and back.
//!
//! ```text
//! bytes ─► transport ─► ingress ─┬─► workspace, in wire order ─► events ─► actor ─► publishes, asks
//!                                └─► tower-lsp's router ─► backend: a view and parameters into an answer
//! ```
//!
//! Invariants:
//! - Nothing in the reading loop waits: not for a client that does not read, not for an answer, not for an analysis.
//! - A request sees the state of the moment when it was read, however many edits follow it (test `requests_see_what_was_written_before_them`).
//! - One task publishes, and only for the text that is current then (test `only_the_current_version_is_published`).

mod actions;
mod actor;
mod asking;
mod backend;
mod beside;
mod commands;
mod comments;
mod convert;
mod diagnostics;
#[cfg(debug_assertions)]
mod hooks;
mod indexing;
mod ingress;
mod lifecycle;
mod links;
mod log;
mod margin;
mod notebooks;
mod outbox;
mod pages;
mod recall;
mod session;
mod source;
mod transport;
mod workspace;

use std::io::{self, Read, Write};
use std::net::TcpListener;
use std::process::ExitCode;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tower_lsp::LspService;

use backend::Backend;
use ingress::Ingress;
pub use log::Log;
use outbox::Outbox;
use workspace::Workspace;

/// How long answers may take that are not ready when the client is gone, and how long it may take to read them.
const GRACE: Duration = Duration::from_millis(500);

/// Serves one client, over stdin and stdout or as the first that connects to `tcp` (`HOST:PORT`), until it says `exit`, closes the stream or dies.
///
/// # Errors
/// When the address cannot be listened on, or the runtime cannot start.
pub fn run(tcp: Option<&str>) -> io::Result<ExitCode> {
    match tcp {
        None => serve(io::stdin(), io::stdout()),
        Some(address) => {
            let listener = TcpListener::bind(address)?;
            tracing::info!("listening on {}", listener.local_addr()?);
            let (stream, peer) = listener.accept()?;
            tracing::info!("serving {peer}");
            stream.set_nodelay(true)?;
            serve(stream.try_clone()?, stream)
        }
    }
}

fn serve(
    input: impl Read + Send + 'static,
    output: impl Write + Send + 'static,
) -> io::Result<ExitCode> {
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        // the work of requests, one round of analyses, one reading of the project
        .max_blocking_threads(cores + 2)
        .enable_time()
        .build()?;
    let code = runtime.block_on(converse(input, output));
    // whatever still runs watches a flag that is raised, or has nobody to talk to
    runtime.shutdown_background();
    Ok(code)
}

async fn converse(
    input: impl Read + Send + 'static,
    output: impl Write + Send + 'static,
) -> ExitCode {
    let ended = CancellationToken::new();
    let (outbox, written) = Outbox::new(output, ended.clone());
    let mut client = None;
    let builder = LspService::build(|its_client| {
        client = Some(its_client);
        Backend
    });
    let client = client.expect("tower-lsp makes the backend, and gives it a client, at once");
    #[cfg(debug_assertions)]
    let builder = hooks::add(builder, client.clone());
    let (service, socket) = builder.finish();
    let events = mpsc::unbounded_channel();
    let workspace = Arc::new(Mutex::new(Workspace::new(events.0.clone())));
    let ingress = Ingress::new(
        service,
        client,
        outbox.clone(),
        workspace,
        events,
        ended.clone(),
    );
    let is_shut_down = ingress.is_shut_down();
    let answers = transport::serve(input, ingress, socket, &outbox, &ended).await;
    // answers to what was asked before the end, as far as they come soon and somebody reads them
    let _ = tokio::time::timeout(GRACE, answers.wait()).await;
    outbox.close();
    let _ = tokio::time::timeout(GRACE, written).await;
    // 0 after `shutdown`, else 1, as the protocol has it
    ExitCode::from(u8::from(!is_shut_down.load(Ordering::Acquire)))
}
