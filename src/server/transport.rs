//! Messages in and out of a pair of byte streams, each with a thread of its own.
//!
//! tower-lsp's own `Server` is not used: it stops reading for good after the first message that it cannot parse, joins reading, handling and writing on one
//! task with bounded queues between them, and waits for one more message after `exit`. Its service, its client and its types are.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc as blocking;

use futures_util::{FutureExt, SinkExt, StreamExt};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower_lsp::ClientSocket;
use tower_lsp::jsonrpc::{Error, Id, Request, Response};
use tower_service::Service;

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

/// The way out: an unbounded queue that one thread writes, so that a client which does not read holds nothing up.
#[derive(Clone)]
pub struct Outbox(blocking::Sender<Option<Vec<u8>>>);

impl Outbox {
    /// Sends a message, some time.
    pub fn send(&self, message: &impl Serialize) {
        match serde_json::to_vec(message) {
            Ok(body) => {
                let mut frame = format!("Content-Length: {}\r\n\r\n", body.len()).into_bytes();
                frame.extend(body);
                // the writer is gone only when the client is
                let _ = self.0.send(Some(frame));
            }
            Err(error) => tracing::error!("a message cannot be written: {error}"),
        }
    }

    /// Ends the writer once it has written what was sent so far.
    pub fn close(&self) {
        let _ = self.0.send(None);
    }
}

/// The answer to a request: once, whoever is first. The thread that works it out need not wake another to send it.
pub struct Reply {
    id: Id,
    outbox: Outbox,
    is_answered: AtomicBool,
}

impl Reply {
    /// Nobody has answered yet.
    pub fn new(id: Id, outbox: Outbox) -> Reply {
        Reply {
            id,
            outbox,
            is_answered: AtomicBool::new(false),
        }
    }

    /// Sends a result, unless the request was answered.
    pub fn send(&self, result: &impl Serialize) {
        if !self.answered() {
            self.outbox.send(&Answered {
                jsonrpc: "2.0",
                id: &self.id,
                result,
            });
        }
    }

    /// From here on it counts as answered. Whether it did before.
    pub fn answered(&self) -> bool {
        self.is_answered.swap(true, Ordering::AcqRel)
    }
}

#[derive(Serialize)]
struct Answered<'a, R> {
    jsonrpc: &'a str,
    id: &'a Id,
    result: &'a R,
}

/// Writes messages in a thread. The receiver is told when the thread is done; `broken` is cancelled when the client cannot be written to.
pub fn write(
    mut output: impl Write + Send + 'static,
    broken: CancellationToken,
) -> (Outbox, oneshot::Receiver<()>) {
    let (frames, queue) = blocking::channel::<Option<Vec<u8>>>();
    let (done, written) = oneshot::channel();
    std::thread::spawn(move || {
        while let Ok(Some(frame)) = queue.recv() {
            if let Err(error) = output.write_all(&frame).and_then(|()| output.flush()) {
                tracing::warn!("cannot write to the client: {error}");
                broken.cancel();
                break;
            }
        }
        let _ = done.send(());
    });
    (Outbox(frames), written)
}

/// Reads messages in a thread and hands them to the service there, in order, until the stream ends or `ended` is cancelled: between a message and its handling no
/// other thread has to wake up. Answers are sent as they become ready; those that are not ready at the end are in the returned tracker.
pub async fn serve<S>(
    input: impl Read + Send + 'static,
    mut service: S,
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
    let tasks = TaskTracker::new();
    let (runtime, spawned, out, stop) = (
        Handle::current(),
        tasks.clone(),
        outbox.clone(),
        ended.clone(),
    );
    let (done, read_all) = oneshot::channel::<()>();
    std::thread::spawn(move || {
        // dropped at the end of the thread, however it ends
        let _done = done;
        let _runtime = runtime.enter();
        let mut input = BufReader::new(input);
        while let Some(body) = next(&mut input)
            && !stop.is_cancelled()
        {
            match parse(&body) {
                Incoming::Request(request) => {
                    let (mut answer, out) = (service.call(request), out.clone());
                    let send = move |answered| {
                        if let Ok(Some(response)) = answered {
                            out.send(&response);
                        }
                    };
                    // begun here: the thread that does the work need not wait for another to start it
                    match (&mut answer).now_or_never() {
                        Some(answered) => send(answered),
                        None => drop(spawned.spawn(async move { send(answer.await) })),
                    }
                }
                Incoming::Response(response) => drop(answered.send(response)),
                Incoming::Malformed(response) => out.send(&response),
            }
        }
    });
    let _ = ended.run_until_cancelled(read_all).await;
    tasks.close();
    tasks
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
