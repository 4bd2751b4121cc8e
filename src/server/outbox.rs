//! Messages to the client: one queue, written in order.

use std::collections::VecDeque;
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use serde::Serialize;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use tower_lsp::jsonrpc::Id;

use super::workspace::lock;

/// The way out: an unbounded queue with a thread that writes what is in it, so that a client which does not read holds nothing up.
#[derive(Clone)]
pub struct Outbox(Arc<Shared>);

struct Shared {
    queue: Mutex<Queue>,
    /// The queue has something for its thread.
    changed: Condvar,
    /// Who has it takes from the queue.
    output: Mutex<Box<dyn Write + Send>>,
    /// Cancelled when the client cannot be written to.
    broken: CancellationToken,
}

#[derive(Default)]
struct Queue {
    frames: VecDeque<Vec<u8>>,
    is_closed: bool,
}

impl Outbox {
    /// A way to a client, and a receiver that is told when it is closed and all is written.
    pub fn new(
        output: impl Write + Send + 'static,
        broken: CancellationToken,
    ) -> (Outbox, oneshot::Receiver<()>) {
        let shared = Arc::new(Shared {
            queue: Mutex::default(),
            changed: Condvar::new(),
            output: Mutex::new(Box::new(output)),
            broken,
        });
        let (done, written) = oneshot::channel();
        let outbox = Outbox(Arc::clone(&shared));
        std::thread::spawn(move || {
            shared.write_until_closed();
            let _ = done.send(());
        });
        (outbox, written)
    }

    /// Sends a message, some time.
    pub fn send(&self, message: &impl Serialize) {
        self.0.push(message);
        self.0.changed.notify_one();
    }

    /// Sends a message from a thread that may wait for the client, so that no other has to wake up for it.
    fn send_here(&self, message: &impl Serialize) {
        self.0.push(message);
        match self.0.output.try_lock() {
            Ok(mut output) => self.0.write_queue(&mut **output),
            Err(_) => self.0.changed.notify_one(),
        }
    }

    /// Ends the thread once it has written what was sent so far.
    pub fn close(&self) {
        lock(&self.0.queue).is_closed = true;
        self.0.changed.notify_one();
    }
}

impl Shared {
    fn push(&self, message: &impl Serialize) {
        match serde_json::to_vec(message) {
            Ok(body) => {
                let mut frame = format!("Content-Length: {}\r\n\r\n", body.len()).into_bytes();
                frame.extend(body);
                lock(&self.queue).frames.push_back(frame);
            }
            Err(error) => tracing::error!("a message cannot be written: {error}"),
        }
    }

    fn write_until_closed(&self) {
        let mut is_closed = false;
        while !is_closed {
            let is_idle = |queue: &mut Queue| queue.frames.is_empty() && !queue.is_closed;
            let queue = self.changed.wait_while(lock(&self.queue), is_idle);
            is_closed = queue.unwrap_or_else(PoisonError::into_inner).is_closed;
            // also waits for what another thread writes
            self.write_queue(&mut **lock(&self.output));
        }
    }

    fn write_queue(&self, output: &mut dyn Write) {
        while let Some(frame) = self.next() {
            if let Err(error) = output.write_all(&frame).and_then(|()| output.flush()) {
                tracing::warn!("cannot write to the client: {error}");
                self.broken.cancel();
                let mut queue = lock(&self.queue);
                queue.is_closed = true;
                queue.frames.clear();
            }
        }
    }

    fn next(&self) -> Option<Vec<u8>> {
        lock(&self.queue).frames.pop_front()
    }
}

/// The answer to a request: once, whoever is first. The thread that works it out sends it itself.
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

    /// Sends a result, unless the request was answered. May wait for a client that does not read.
    pub fn send(&self, result: &impl Serialize) {
        if !self.answered() {
            self.outbox.send_here(&Answered {
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
