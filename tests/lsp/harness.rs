//! A small language client.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

/// How long anything may take before the test has failed.
pub const LIMIT: Duration = Duration::from_secs(30);

/// How long to look out for something that must not come.
pub const WATCH: Duration = Duration::from_millis(300);

/// A client with its server. Requests of the server are answered as they are met; the server is killed when the client is dropped.
pub struct Client {
    server: Child,
    stdin: Option<ChildStdin>,
    messages: Receiver<Value>,
    /// Messages that were read and not asked for yet.
    waiting: VecDeque<Value>,
    log: Arc<Mutex<String>>,
    last_id: i64,
    /// The user's home, so that no test reads or writes what is somebody's.
    pub home: TempDir,
    /// The answer to `workspace/configuration`; None leaves the server without one.
    pub settings: Option<Value>,
}

/// A server that was not said anything to yet.
pub fn start() -> Client {
    start_with(&[])
}

/// The same with environment variables.
pub fn start_with(variables: &[(&str, &str)]) -> Client {
    let mut client = start_unread(variables);
    client.read();
    client
}

/// The same, and nobody reads what the server writes, until [`Client::read`].
pub fn start_unread(variables: &[(&str, &str)]) -> Client {
    let home = tempfile::tempdir().expect("a folder");
    let mut server = Command::new(env!("CARGO_BIN_EXE_marginote"))
        .arg("server")
        .env("MARGINOTE_TEST_HOOKS", "1")
        .env("HOME", home.path())
        .env("XDG_CACHE_HOME", home.path().join("cache"))
        .env("XDG_CONFIG_HOME", home.path().join("config"))
        .env("XDG_DATA_HOME", home.path().join("data"))
        .envs(variables.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the server starts");
    let stdin = server.stdin.take();
    let log = Arc::<Mutex<String>>::default();
    let stderr = server.stderr.take().expect("piped above");
    let lines = Arc::clone(&log);
    std::thread::spawn(move || {
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            let mut log = lines.lock().expect("no panic under the lock");
            log.push_str(&line);
            log.push('\n');
        }
    });
    Client {
        server,
        stdin,
        messages: channel().1,
        waiting: VecDeque::new(),
        log,
        last_id: 0,
        home,
        settings: Some(Value::Null),
    }
}

/// Capabilities of a client that can do everything that the server can, except to ask for diagnostics.
pub fn capable() -> Value {
    json!({
        "general": {"positionEncodings": ["utf-16"]},
        "window": {"workDoneProgress": true},
        "workspace": {
            "configuration": true,
            "workspaceFolders": true,
            "workspaceEdit": {"documentChanges": true},
            "diagnostics": {"refreshSupport": true},
            "didChangeConfiguration": {"dynamicRegistration": true},
            "didChangeWatchedFiles": {"dynamicRegistration": true},
        },
        "textDocument": {
            "hover": {"contentFormat": ["markdown", "plaintext"]},
            "completion": {"completionItem": {"documentationFormat": ["markdown"]}},
            "codeAction": {
                "codeActionLiteralSupport": {"codeActionKind": {"valueSet": ["quickfix", "source"]}},
                "dataSupport": true,
                "resolveSupport": {"properties": ["edit"]},
            },
            "publishDiagnostics": {
                "relatedInformation": true,
                "versionSupport": true,
                "codeDescriptionSupport": true,
                "tagSupport": {"valueSet": [1, 2]},
                "dataSupport": true,
            },
        },
    })
}

/// [`capable`], and it asks for diagnostics.
pub fn pulling() -> Value {
    let mut capabilities = capable();
    capabilities["textDocument"]["diagnostic"] = json!({"dynamicRegistration": true});
    capabilities
}

/// A server that is ready, for a client with these capabilities.
pub fn ready(capabilities: Value) -> Client {
    let mut client = start();
    client.initialize(json!({"capabilities": capabilities}));
    client
}

pub fn uri(path: &Path) -> String {
    format!("file://{}", path.display())
}

impl Client {
    /// Reads what the server writes from now on.
    pub fn read(&mut self) {
        let mut stdout = BufReader::new(self.server.stdout.take().expect("read once"));
        let (send, messages) = channel();
        self.messages = messages;
        std::thread::spawn(move || {
            while let Some(message) = read_message(&mut stdout) {
                if send.send(message).is_err() {
                    return;
                }
            }
        });
    }

    /// `initialize` and `initialized`; gives the result.
    pub fn initialize(&mut self, params: Value) -> Value {
        let result = self.call("initialize", params);
        self.notify("initialized", json!({}));
        result
    }

    pub fn send_bytes(&mut self, bytes: &[u8]) {
        let stdin = self.stdin.as_mut().expect("stdin is open");
        stdin.write_all(bytes).expect("the server reads");
    }

    pub fn send(&mut self, message: &Value) {
        let body = message.to_string();
        self.send_bytes(format!("Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes());
    }

    pub fn notify(&mut self, method: &str, params: Value) {
        self.send(&json!({"jsonrpc": "2.0", "method": method, "params": params}));
    }

    /// Sends a request; gives its id.
    pub fn request(&mut self, method: &str, params: Value) -> i64 {
        self.last_id += 1;
        let mut message = json!({"jsonrpc": "2.0", "id": self.last_id, "method": method});
        // `shutdown` has no parameters, not null
        if !params.is_null() {
            message["params"] = params;
        }
        self.send(&message);
        self.last_id
    }

    /// The whole answer to a request.
    pub fn answer(&mut self, id: i64) -> Value {
        self.wait(&format!("the answer to {id}"), |message| {
            message["id"] == id && message["method"].is_null()
        })
    }

    /// The result of a request, which must succeed.
    pub fn call(&mut self, method: &str, params: Value) -> Value {
        let id = self.request(method, params);
        let answer = self.answer(id);
        assert!(answer["error"].is_null(), "{method}: {answer}");
        answer["result"].clone()
    }

    /// The code of the error that a request must meet.
    pub fn refused(&mut self, method: &str, params: Value) -> i64 {
        let id = self.request(method, params);
        let answer = self.answer(id);
        answer["error"]["code"]
            .as_i64()
            .unwrap_or_else(|| panic!("{method} was not refused: {answer}"))
    }

    /// The parameters of the next message of a method.
    pub fn notified(&mut self, method: &str) -> Value {
        self.wait(method, |message| message["method"] == method)["params"].take()
    }

    /// The next diagnostics of a document.
    pub fn published(&mut self, uri: &str) -> Value {
        self.wait(&format!("diagnostics of {uri}"), |message| {
            message["method"] == "textDocument/publishDiagnostics"
                && message["params"]["uri"] == uri
        })["params"]
            .take()
    }

    /// The diagnostics of a version of a document; those of other versions before it are dropped.
    pub fn published_version(&mut self, uri: &str, version: i32) -> Value {
        loop {
            let published = self.published(uri);
            if published["version"] == version {
                return published;
            }
        }
    }

    /// Takes the first message that fits, and leaves the others for later.
    pub fn wait(&mut self, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + LIMIT;
        let found = self.look(deadline, &fits);
        found.unwrap_or_else(|| {
            panic!(
                "no {what}; there is {:#?} and the log says:\n{}",
                self.waiting,
                self.log()
            )
        })
    }

    /// Nothing that fits comes for a while.
    pub fn nothing(&mut self, fits: impl Fn(&Value) -> bool) {
        let found = self.look(Instant::now() + WATCH, &fits);
        assert_eq!(found, None, "this must not come");
    }

    fn look(&mut self, deadline: Instant, fits: &dyn Fn(&Value) -> bool) -> Option<Value> {
        if let Some(at) = self.waiting.iter().position(fits) {
            return self.waiting.remove(at);
        }
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let message = match self.messages.recv_timeout(left) {
                Ok(message) => message,
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return None,
            };
            self.answer_server(&message);
            if fits(&message) {
                return Some(message);
            }
            self.waiting.push_back(message);
        }
    }

    fn answer_server(&mut self, message: &Value) {
        if message["id"].is_null() || message["method"].is_null() {
            return;
        }
        let result = match (message["method"].as_str(), &self.settings) {
            (Some("workspace/configuration"), None) => return,
            (Some("workspace/configuration"), Some(settings)) => json!([settings]),
            _ => Value::Null,
        };
        self.send(&json!({"jsonrpc": "2.0", "id": message["id"], "result": result}));
    }

    pub fn open(&mut self, uri: &str, version: i32, text: &str) {
        let language = if uri.ends_with(".md") {
            "markdown"
        } else {
            "python"
        };
        let document =
            json!({"uri": uri, "languageId": language, "version": version, "text": text});
        self.notify("textDocument/didOpen", json!({"textDocument": document}));
    }

    pub fn change(&mut self, uri: &str, version: i32, changes: Value) {
        let document = json!({"uri": uri, "version": version});
        let params = json!({"textDocument": document, "contentChanges": changes});
        self.notify("textDocument/didChange", params);
    }

    pub fn close(&mut self, uri: &str) {
        self.notify(
            "textDocument/didClose",
            json!({"textDocument": {"uri": uri}}),
        );
    }

    /// The server's text of a document, in debug builds.
    #[cfg(debug_assertions)]
    pub fn text(&mut self, uri: &str) -> Value {
        self.call("marginote/test/text", json!({"uri": uri}))["text"].take()
    }

    /// What the server has written to stderr.
    pub fn log(&self) -> String {
        self.log.lock().expect("no panic under the lock").clone()
    }

    /// Waits for words in the log; gives how many lines have them.
    pub fn logged(&self, words: &str) -> usize {
        let deadline = Instant::now() + LIMIT;
        loop {
            let lines = self.log().lines().filter(|l| l.contains(words)).count();
            if lines > 0 {
                return lines;
            }
            assert!(
                Instant::now() < deadline,
                "`{words}` is not in the log:\n{}",
                self.log()
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Closes the server's stdin.
    pub fn hang_up(&mut self) {
        self.stdin = None;
    }

    /// The exit code of the server, which must end.
    pub fn exit_code(&mut self) -> i32 {
        let deadline = Instant::now() + LIMIT;
        loop {
            if let Some(status) = self.server.try_wait().expect("it is our child") {
                return status.code().expect("not killed by a signal");
            }
            assert!(Instant::now() < deadline, "the server goes on");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// `shutdown` and `exit`, which must go well. At the end of a test it shows that the server survived it.
    pub fn leave(mut self) {
        self.call("shutdown", Value::Null);
        self.notify("exit", Value::Null);
        assert_eq!(self.exit_code(), 0);
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// One message; None at the end.
pub fn read_message(input: &mut impl BufRead) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if input.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if let Some(value) = line.strip_prefix("Content-Length: ") {
            length = value.trim().parse().expect("a number");
        } else if line == "\r\n" {
            break;
        }
    }
    let mut body = vec![0; length];
    input.read_exact(&mut body).ok()?;
    Some(serde_json::from_slice(&body).expect("the server writes JSON"))
}
