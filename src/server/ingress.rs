//! The service in front of tower-lsp's. Its `call` runs in the reading loop, in wire order.
//!
//! Here every notification is applied, `$/cancelRequest` answered, and each request given a [`Context`]: an immutable view and a flag that stops it.

use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{self, Poll};
use std::time::Instant;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio_util::sync::CancellationToken;
use tower_lsp::jsonrpc::{Error, ErrorCode, Id, Request, Response};
use tower_lsp::lsp_types::notification::LogTrace;
use tower_lsp::lsp_types::{
    DidChangeConfigurationParams, LogTraceParams, SetTraceParams, TraceValue,
    WorkDoneProgressCancelParams,
};
use tower_lsp::{Client, LspService};
use tower_service::Service;

use super::actor::{Actor, Event};
use super::asking;
use super::backend::{Backend, CONTEXT, Context};
use super::outbox::{Outbox, Reply};
use super::pages::Pages;
use super::session::{SHOWS_FINDINGS, Session};
use super::workspace::{SharedWorkspace, Workspace, lock};
use super::{lifecycle, notebooks};
use crate::analysis::Cancel;

/// What happens to a message depends on it.
enum Phase {
    /// Before `initialize`. The actor's events wait here for it.
    Fresh(UnboundedReceiver<Event>),
    Running(Arc<Session>),
    /// After `shutdown`.
    ShutDown,
}

/// See the module.
pub struct Ingress {
    service: LspService<Backend>,
    client: Client,
    outbox: Outbox,
    workspace: SharedWorkspace,
    events: UnboundedSender<Event>,
    phase: Phase,
    shut_down: Arc<AtomicBool>,
    trace: TraceValue,
    pages: Arc<Pages>,
    ended: CancellationToken,
}

impl Ingress {
    /// An ingress for a client that has said nothing yet. `ended` is cancelled when the client, or its death, says so.
    pub fn new(
        service: LspService<Backend>,
        client: Client,
        outbox: Outbox,
        workspace: SharedWorkspace,
        events: (UnboundedSender<Event>, UnboundedReceiver<Event>),
        ended: CancellationToken,
    ) -> Self {
        Ingress {
            service,
            client,
            outbox,
            workspace,
            events: events.0,
            phase: Phase::Fresh(events.1),
            shut_down: Arc::default(),
            trace: TraceValue::default(),
            pages: Arc::new(Pages::of_user()),
            ended,
        }
    }

    /// Whether the client has sent `shutdown`, to be asked at the end.
    pub fn is_shut_down(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.shut_down)
    }

    /// `initialize`: from here on the session is known, and messages that come right behind find it.
    fn initialize(&mut self, request: Request) -> Option<Response> {
        let (method, id, params) = request.into_parts();
        let (Some(id), params) = (id, params.unwrap_or_default()) else {
            tracing::warn!("`initialize` without an id is ignored");
            return None;
        };
        let session = Arc::new(Session::new(&params));
        self.trace = session.trace;
        self.workspace_do(|workspace| {
            workspace.start(&session);
            match params.get("initializationOptions") {
                None | Some(Value::Null) => {}
                Some(options) => {
                    let mut settings = options.clone();
                    // the session has it
                    let own = settings.as_object_mut();
                    let own = own.and_then(|settings| settings.remove(SHOWS_FINDINGS));
                    if own.is_some_and(|value| !value.is_boolean()) {
                        let wrong = format!("`{SHOWS_FINDINGS}` must be true or false.");
                        workspace.send(Event::WrongSettings(vec![wrong]));
                    }
                    workspace.configure(&settings);
                }
            }
        });
        if let Some(parent) = session.parent {
            tokio::spawn(lifecycle::watch_parent(parent, self.ended.clone()));
        }
        let phase = Phase::Running(Arc::clone(&session));
        if let Phase::Fresh(inbox) = std::mem::replace(&mut self.phase, phase) {
            let (client, workspace) = (self.client.clone(), Arc::clone(&self.workspace));
            let (outbox, events) = (self.outbox.clone(), self.events.clone());
            let actor = Actor::new(client, outbox, Arc::clone(&session), workspace, events);
            tokio::spawn(actor.run(inbox));
        }
        // tower-lsp gets none of the parameters: its types refuse a client with one odd capability
        let request = Request::build(method)
            .id(id.clone())
            .params(json!({"capabilities": {}}))
            .finish();
        let context = self.context(session, id, Cancel::default());
        // the handler waits for nothing, so tower-lsp takes what comes next as initialized
        let answer = CONTEXT.scope(context, self.service.call(request));
        answer.now_or_never()?.ok()?.map(with_notebooks)
    }

    fn context(&self, session: Arc<Session>, id: Id, cancel: Cancel) -> Context {
        Context {
            view: lock(&self.workspace).view(),
            cancel,
            session,
            events: self.events.clone(),
            pages: Arc::clone(&self.pages),
            reply: Arc::new(Reply::new(id, self.outbox.clone())),
        }
    }

    /// A request while running: answered by tower-lsp, in a task of its own.
    fn request(&mut self, id: Id, request: Request, session: &Arc<Session>) -> Answer {
        let method = request.method().to_owned();
        let cancel = Cancel::default();
        let context = self.context(Arc::clone(session), id.clone(), cancel.clone());
        let (stop, reply) = (StopWork(cancel), Arc::clone(&context.reply));
        let answer = CONTEXT.scope(context, self.service.call(request));
        let answer = AssertUnwindSafe(answer).catch_unwind();
        let (client, trace, started) = (self.client.clone(), self.trace, Instant::now());
        async move {
            let answer = answer.await;
            drop(stop);
            let response = match answer {
                Ok(answer) => answer.ok().flatten(),
                Err(_) => {
                    tracing::error!("{method} failed (a bug); the panic is above");
                    Some(Response::from_error(id, Error::internal_error()))
                }
            };
            if trace != TraceValue::Off {
                log_trace(&client, &method, started, trace, response.as_ref()).await;
            }
            Ok(response.filter(|_| !reply.answered()))
        }
        .boxed()
    }

    fn notification(&mut self, method: &str, params: Value) {
        match method {
            "initialized" => self.tell(Event::Initialized),
            "textDocument/didOpen" => self.apply(method, params, Workspace::open),
            "textDocument/didChange" => self.apply(method, params, Workspace::change),
            "textDocument/didSave" => self.apply(method, params, Workspace::save),
            "textDocument/didClose" => self.apply(method, params, Workspace::close),
            "notebookDocument/didOpen" => self.apply(method, params, Workspace::open_notebook),
            "notebookDocument/didChange" => {
                self.apply(method, params, Workspace::change_notebook);
            }
            // the text is known already
            "notebookDocument/didSave" => {}
            "notebookDocument/didClose" => self.apply(method, params, Workspace::close_notebook),
            "workspace/didChangeWatchedFiles" => {
                self.apply(method, params, Workspace::files_changed);
            }
            "workspace/didChangeWorkspaceFolders" => {
                self.apply(method, params, Workspace::change_folders);
            }
            "workspace/didChangeConfiguration" => {
                if let Some(params) = parse(method, params) {
                    self.settings_changed(params);
                }
            }
            "window/workDoneProgress/cancel" => {
                if let Some(params) = parse::<WorkDoneProgressCancelParams>(method, params) {
                    self.tell(Event::StopProgress(params.token));
                }
            }
            "$/setTrace" => {
                if let Some(params) = parse::<SetTraceParams>(method, params) {
                    self.trace = params.value;
                }
            }
            "$/cancelRequest" => self.cancel(params),
            _ if method.starts_with("$/") => {}
            _ => tracing::debug!("{method} is not known here: ignored"),
        }
    }

    fn apply<P: DeserializeOwned>(
        &self,
        method: &str,
        params: Value,
        change: impl FnOnce(&mut Workspace, P),
    ) {
        if let Some(params) = parse(method, params) {
            self.workspace_do(|workspace| change(workspace, params));
        }
    }

    fn workspace_do(&self, change: impl FnOnce(&mut Workspace)) {
        let changed = catch_unwind(AssertUnwindSafe(|| change(&mut lock(&self.workspace))));
        if changed.is_err() {
            tracing::error!("a change of the workspace failed (a bug); the panic is above");
        }
    }

    /// Settings come with the notification, or have to be asked for.
    fn settings_changed(&self, params: DidChangeConfigurationParams) {
        let Phase::Running(session) = &self.phase else {
            return;
        };
        let ours = params.settings.get(asking::SECTION);
        let settings = match ours {
            Some(ours) => Some(ours),
            None if session.configuration => None,
            None => Some(&params.settings),
        };
        match settings.filter(|settings| !settings.is_null()) {
            Some(settings) => self.workspace_do(|workspace| workspace.configure(settings)),
            None if session.configuration => self.tell(Event::SettingsChanged),
            None => {}
        }
    }

    /// Has tower-lsp answer the request at once, which raises the flag that stops its work.
    fn cancel(&mut self, params: Value) {
        let request = Request::build("$/cancelRequest").params(params).finish();
        // waits for nothing and has no answer
        let _ = self.service.call(request).now_or_never();
    }

    fn tell(&self, event: Event) {
        // the actor ends with the process
        let _ = self.events.send(event);
    }
}

/// The answer to `initialize` with what tower-lsp's types do not know of.
fn with_notebooks(response: Response) -> Response {
    let (id, mut result) = response.into_parts();
    if let Ok(result) = &mut result {
        result["capabilities"]["notebookDocumentSync"] = notebooks::capability();
    }
    Response::from_parts(id, result)
}

/// Answers are futures; tower-lsp's error, that it was told to exit, cannot happen: it is never told.
type Answer = BoxFuture<'static, Result<Option<Response>, Infallible>>;

impl Service<Request> for Ingress {
    type Response = Option<Response>;
    type Error = Infallible;
    type Future = Answer;

    fn poll_ready(&mut self, _: &mut task::Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Answer {
        let now = |response| std::future::ready(Ok(response)).boxed();
        if request.method() == "exit" {
            self.ended.cancel();
            return now(None);
        }
        let refuse = |request: &Request, error| {
            let id = request.id().cloned();
            now(id.map(|id| Response::from_error(id, error)))
        };
        let session = match &self.phase {
            Phase::Fresh(_) if request.method() == "initialize" => {
                return now(self.initialize(request));
            }
            Phase::Fresh(_) => return refuse(&request, not_initialized()),
            Phase::ShutDown => return refuse(&request, Error::invalid_request()),
            Phase::Running(session) => Arc::clone(session),
        };
        let Some(id) = request.id().cloned() else {
            let (method, _, params) = request.into_parts();
            self.notification(&method, params.unwrap_or_default());
            return now(None);
        };
        let request = match request.method() {
            "shutdown" => {
                self.phase = Phase::ShutDown;
                self.shut_down.store(true, Ordering::Release);
                // tower-lsp refuses the null that some clients send along
                Request::build("shutdown").id(id.clone()).finish()
            }
            _ => request,
        };
        self.request(id, request, &session)
    }
}

fn not_initialized() -> Error {
    Error {
        code: ErrorCode::ServerError(-32002),
        message: "Send `initialize` first".into(),
        data: None,
    }
}

/// The parameters, or a log line.
fn parse<P: DeserializeOwned>(method: &str, params: Value) -> Option<P> {
    serde_json::from_value(params)
        .inspect_err(|error| {
            tracing::warn!("{method} is ignored, its parameters are wrong: {error}")
        })
        .ok()
}

async fn log_trace(
    client: &Client,
    method: &str,
    started: Instant,
    trace: TraceValue,
    response: Option<&Response>,
) {
    let params = LogTraceParams {
        message: format!(
            "{method} took {:.1} ms",
            started.elapsed().as_secs_f64() * 1e3
        ),
        verbose: match (trace, response) {
            (TraceValue::Verbose, Some(response)) => serde_json::to_string(response).ok(),
            _ => None,
        },
    };
    client.send_notification::<LogTrace>(params).await;
}

/// Stops what work may be left when its request is answered or taken back.
struct StopWork(Cancel);

impl Drop for StopWork {
    fn drop(&mut self) {
        self.0.cancel();
    }
}
