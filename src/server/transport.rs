//! Messages from a stream of bytes to the service, and its answers to the outbox.
//!
//! tower-lsp's own `Server` is not used: it stops reading for good after the first message that it cannot parse, joins reading, handling and writing on one
//! task with bounded queues between them, and waits for one more message after `exit`. Its service, its client and its types are.

use std::cell::Cell;
use std::io::{self, BufRead, BufReader, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use futures_util::{FutureExt, SinkExt, StreamExt};
use serde::Deserialize;
use serde_json::Value;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower_lsp::ClientSocket;
use tower_lsp::jsonrpc::{Error, Id, Request, Response};
use tower_service::Service;

use super::outbox::Outbox;

/// Bytes of a header line. A longer one is no header.
const LONGEST_HEADER: u64 = 4096;

/// What a client sent.
enum Incoming {
    /// A request or a notification.
    Request(Request),
    /// The answer to a request of ours.
    Response(Response),
    /// Something else, and what to answer.
    Malformed(Response),
}

/// The body of the next message; None at the end of the stream. Lines that are no header are skipped.
fn frame(input: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut length = None;
    let mut line = Vec::new();
    let length: u64 = loop {
        line.clear();
        if input
            .by_ref()
            .take(LONGEST_HEADER)
            .read_until(b'\n', &mut line)?
            == 0
        {
            return Ok(None);
        }
        let header = String::from_utf8_lossy(line.trim_ascii());
        match header.split_once(':') {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.trim().parse().ok();
            }
            _ if !header.is_empty() => tracing::debug!("header ignored: {header}"),
            _ => {}
        }
        if let (true, Some(length)) = (header.is_empty(), length) {
            break length;
        }
    };
    let mut body = Vec::new();
    // grows with what arrives, so that a wrong length costs no memory
    input.take(length).read_to_end(&mut body)?;
    Ok((body.len() as u64 == length).then_some(body))
}

fn parse(body: &[u8]) -> Incoming {
    let mut message: Value = match serde_json::from_slice(body) {
        Ok(message) => message,
        Err(error) => {
            tracing::warn!("a message is not JSON: {error}");
            return Incoming::Malformed(Response::from_error(Id::Null, Error::parse_error()));
        }
    };
    let id = message.get("id").cloned();
    let parsed = if message.get("method").is_some() {
        Request::deserialize(message).map(Incoming::Request)
    } else {
        // some clients leave out a result of null
        if let Some(answer) = message.as_object_mut()
            && !answer.contains_key("error")
        {
            answer.entry("result").or_insert(Value::Null);
        }
        Response::deserialize(message).map(Incoming::Response)
    };
    parsed.unwrap_or_else(|error| {
        tracing::warn!("a message is not JSON-RPC: {error}");
        let id = id
            .and_then(|id| Id::deserialize(id).ok())
            .unwrap_or_default();
        Incoming::Malformed(Response::from_error(id, Error::invalid_request()))
    })
}

/// What an answer waits for. It takes as long as it takes.
pub type Work = Box<dyn FnOnce() + Send>;

/// Where a thread can leave work for itself.
enum Hands {
    /// It does not read.
    Busy,
    Free,
    Full(Work),
}

thread_local! {
    static HANDS: Cell<Hands> = const { Cell::new(Hands::Busy) };
}

/// Has work done off the reading loop: by the thread that read the request, while another one reads on, or by one of the runtime's.
pub fn off_the_loop(work: Work) {
    match HANDS.replace(Hands::Busy) {
        Hands::Free => HANDS.set(Hands::Full(work)),
        others => {
            HANDS.set(others);
            drop(tokio::task::spawn_blocking(work));
        }
    }
}

/// Two threads that read in turns. The one that has the lock reads and hands messages to the service, in order; it lets go of it for work.
struct Reading<R, S: Service<Request>> {
    turn: Mutex<Turn<R, S>>,
    /// Whether one of them works, so that only the other one reads.
    is_working: AtomicBool,
    runtime: Handle,
    tasks: TaskTracker,
    outbox: Outbox,
    answered: mpsc::UnboundedSender<Response>,
    ended: CancellationToken,
}

struct Turn<R, S: Service<Request>> {
    input: BufReader<R>,
    service: S,
    /// The answer that the thread which works now left to be awaited.
    awaited: Option<S::Future>,
    /// None once all is read.
    done: Option<oneshot::Sender<()>>,
}

/// Reads messages and hands them to the service, in order, until the stream ends or `ended` is cancelled. Between a message and its handling, and between its
/// handling and the work for it, no other thread has to wake up. Answers are sent as they become ready; those that are not ready at the end are in the returned tracker.
pub async fn serve<S>(
    input: impl Read + Send + 'static,
    service: S,
    socket: ClientSocket,
    outbox: &Outbox,
    ended: &CancellationToken,
) -> TaskTracker
where
    S: Service<Request, Response = Option<Response>> + Send + 'static,
    S::Future: Send + Unpin + 'static,
{
    let (mut requests, mut answers) = socket.split();
    let out = outbox.clone();
    tokio::spawn(async move {
        while let Some(request) = requests.next().await {
            out.send(&request);
        }
    });
    let (answered, mut their_answers) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Some(response) = their_answers.recv().await {
            // fails only after the service was told to exit, which `ended` tells us too
            let _ = answers.send(response).await;
        }
    });
    let (done, read_all) = oneshot::channel();
    let reading = Arc::new(Reading {
        turn: Mutex::new(Turn {
            input: BufReader::new(input),
            service,
            awaited: None,
            done: Some(done),
        }),
        is_working: AtomicBool::new(false),
        runtime: Handle::current(),
        tasks: TaskTracker::new(),
        outbox: outbox.clone(),
        answered,
        ended: ended.clone(),
    });
    let tasks = reading.tasks.clone();
    let other = Arc::clone(&reading);
    std::thread::spawn(move || other.read());
    std::thread::spawn(move || reading.read());
    let _ = ended.run_until_cancelled(read_all).await;
    tasks.close();
    tasks
}

impl<R, S> Reading<R, S>
where
    R: Read,
    S: Service<Request, Response = Option<Response>>,
    S::Future: Send + Unpin + 'static,
{
    /// Takes turns with the other thread until all is read.
    fn read(&self) {
        let _runtime = self.runtime.enter();
        HANDS.set(Hands::Free);
        // poisoned: the other one failed (a bug)
        while let Ok(mut turn) = self.turn.lock()
            && turn.done.is_some()
        {
            if let Some(answer) = turn.awaited.take() {
                self.send_later(answer);
            }
            let work = self.read_on(&mut turn);
            drop(turn);
            if let Some(work) = work {
                // who waits for it learns that it failed
                let _ = catch_unwind(AssertUnwindSafe(work));
                self.is_working.store(false, Ordering::Release);
            }
        }
    }

    /// Reads until there is work for this thread, or nothing more to read: then None.
    fn read_on(&self, turn: &mut Turn<R, S>) -> Option<Work> {
        while let Some(body) = next(&mut turn.input)
            && !self.ended.is_cancelled()
        {
            match parse(&body) {
                Incoming::Request(request) => {
                    let mut answer = turn.service.call(request);
                    // begun here: the thread that does the work need not wait for another to start it
                    if let Some(answered) = (&mut answer).now_or_never() {
                        send(answered, &self.outbox);
                        continue;
                    }
                    match HANDS.replace(Hands::Free) {
                        Hands::Full(work) if !self.is_working.swap(true, Ordering::AcqRel) => {
                            turn.awaited = Some(answer);
                            return Some(work);
                        }
                        Hands::Full(work) => drop(self.runtime.spawn_blocking(work)),
                        Hands::Free | Hands::Busy => {}
                    }
                    self.send_later(answer);
                }
                Incoming::Response(response) => drop(self.answered.send(response)),
                Incoming::Malformed(response) => self.outbox.send(&response),
            }
        }
        turn.done = None;
        None
    }

    fn send_later(&self, answer: S::Future) {
        let out = self.outbox.clone();
        drop(self.tasks.spawn(async move { send(answer.await, &out) }));
    }
}

fn send<E>(answered: Result<Option<Response>, E>, outbox: &Outbox) {
    if let Ok(Some(response)) = answered {
        outbox.send(&response);
    }
}

/// The body of the next message; None at the end of the stream, also where it cannot be read.
fn next(input: &mut impl BufRead) -> Option<Vec<u8>> {
    frame(input).unwrap_or_else(|error| {
        tracing::warn!("cannot read from the client: {error}");
        None
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bodies(mut input: &[u8]) -> Vec<String> {
        let mut bodies = Vec::new();
        while let Some(body) = frame(&mut input).expect("memory can be read") {
            bodies.push(String::from_utf8(body).expect("the tests send UTF-8"));
        }
        bodies
    }

    #[test]
    fn headers_are_read_as_clients_write_them() {
        assert_eq!(
            bodies(b"Content-Length: 2\r\n\r\n{}content-length:3\nContent-Type: x\n\n[1]"),
            ["{}", "[1]"]
        );
        assert_eq!(bodies(b"noise\r\n\r\nContent-Length: 2\r\n\r\n{}"), ["{}"]);
        assert_eq!(
            bodies(b"Content-Length: x\r\n\r\nContent-Length: 1\r\n\r\n1"),
            ["1"]
        );
    }

    #[test]
    fn what_is_cut_off_is_no_message() {
        assert_eq!(bodies(b"Content-Length: 99999999999999\r\n\r\n{}"), [""; 0]);
        assert_eq!(bodies(b"Content-Length: 5"), [""; 0]);
    }

    #[test]
    fn messages_are_told_apart() {
        let is_request = |text: &str| matches!(parse(text.as_bytes()), Incoming::Request(_));
        let is_response = |text: &str| matches!(parse(text.as_bytes()), Incoming::Response(_));
        let error = |text: &str| match parse(text.as_bytes()) {
            Incoming::Malformed(response) => serde_json::to_string(&response).ok(),
            _ => None,
        };
        assert!(is_request(r#"{"jsonrpc":"2.0","method":"x"}"#));
        assert!(is_response(r#"{"jsonrpc":"2.0","id":1,"result":null}"#));
        assert!(is_response(r#"{"jsonrpc":"2.0","id":1}"#));
        assert!(is_response(
            r#"{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":""}}"#
        ));
        for (text, code) in [
            ("{", "-32700"),
            ("\u{fffd}", "-32700"),
            ("[]", "-32600"),
            (r#"{"method":"x","id":7}"#, "-32600"),
        ] {
            let answer = error(text).expect("an error");
            assert!(answer.contains(code), "{text}: {answer}");
        }
        assert!(error(r#"{"method":"x","id":7}"#).is_some_and(|answer| answer.contains(":7")));
    }
}
