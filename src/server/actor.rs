//! The one task that talks to the client of its own accord: it has open documents analysed, publishes, and keeps the project read.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use serde_json::Value;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tower_lsp::Client;
use tower_lsp::lsp_types::{Diagnostic, MessageType, ProgressToken, Url};

use super::diagnostics::{Diagnosis, diagnose};
use super::indexing::{Indexer, Step};
use super::session::Session;
use super::workspace::{SharedWorkspace, View, lock};
use super::{asking, workspace};
use crate::analysis::Cancel;

/// What the actor is told.
pub enum Event {
    /// The client is ready for requests.
    Initialized,
    /// A document has a new text.
    Touched { view: View, path: PathBuf },
    /// A document was closed or fell out of step.
    Closed { view: View, path: PathBuf, uri: Url },
    /// Something changed that any finding may depend on. `announce`: whether reading the project may take long.
    Project { view: View, announce: bool },
    /// The client's settings changed and have to be asked for.
    SettingsChanged,
    /// What the client says its settings are; None where it says nothing.
    Settings(Option<Value>),
    /// What is wrong with the client's settings, for the user.
    WrongSettings(Vec<String>),
    /// The user has seen enough of a progress.
    StopProgress(ProgressToken),
    /// A file was analysed.
    Analysed(Analysed),
    /// A round has looked at every open document, or was cancelled.
    RoundOver { round: u64 },
    /// The project is being read.
    Indexing(Step),
}

/// The outcome of one analysis of one file.
pub struct Analysed {
    /// The file.
    pub path: PathBuf,
    /// The revision of the open document. None for an answer to a request, of which only the problems are of interest here.
    pub revision: Option<u64>,
    /// What was found.
    pub diagnosis: Diagnosis,
}

/// Analyses in *rounds*: a round takes the open documents of one view, the one touched last first. A newer view cancels the round, and the next one starts
/// when the old one has stopped; so at most one runs, whatever is typed.
pub struct Actor {
    client: Client,
    session: Arc<Session>,
    workspace: SharedWorkspace,
    events: UnboundedSender<Event>,
    indexer: Indexer,
    view: View,
    /// Open documents that are in step, the one touched last first.
    recent: Vec<PathBuf>,
    /// Views seen so far.
    rounds: u64,
    /// Stops the round that runs.
    running: Option<Cancel>,
    /// What the client was told last, with the revision it is about.
    published: FxHashMap<PathBuf, (u64, Vec<Diagnostic>)>,
    /// Problems already in the log.
    problems: FxHashMap<PathBuf, Vec<String>>,
    /// Whether the client is ready and its settings are known, as far as it tells them.
    settled: bool,
}

impl Actor {
    /// An actor for a client that has just said what it can.
    pub fn new(
        client: Client,
        session: Arc<Session>,
        workspace: SharedWorkspace,
        events: UnboundedSender<Event>,
    ) -> Self {
        let view = lock(&workspace).view();
        Actor {
            indexer: Indexer::new(client.clone(), Arc::clone(&session), events.clone()),
            client,
            session,
            workspace,
            events,
            view,
            recent: Vec::new(),
            rounds: 0,
            running: None,
            published: FxHashMap::default(),
            problems: FxHashMap::default(),
            settled: false,
        }
    }

    /// Acts on events, in order, until the process ends.
    pub async fn run(mut self, mut inbox: UnboundedReceiver<Event>) {
        while let Some(event) = inbox.recv().await {
            self.act(event).await;
        }
    }

    async fn act(&mut self, event: Event) {
        match event {
            Event::Initialized => self.initialized().await,
            Event::Touched { view, path } => self.touched(view, path),
            Event::Closed { view, path, uri } => self.closed(view, &path, uri).await,
            Event::Project { view, announce } => self.project_changed(view, announce).await,
            Event::SettingsChanged => self.ask_for_settings(),
            Event::Settings(answer) => self.settings(answer).await,
            Event::WrongSettings(problems) => self.wrong_settings(&problems).await,
            Event::StopProgress(token) => self.indexer.stop(&token),
            Event::Analysed(analysed) => self.analysed(analysed).await,
            Event::RoundOver { round } => self.round_over(round),
            Event::Indexing(step) => {
                if self.indexer.step(step).await {
                    self.look_again();
                }
            }
        }
    }

    async fn initialized(&mut self) {
        let (client, session) = (self.client.clone(), Arc::clone(&self.session));
        tokio::spawn(async move { asking::register(client, &session).await });
        match self.session.configuration {
            // the project is read once they are known
            true => self.ask_for_settings(),
            false => self.settings(None).await,
        }
    }

    fn ask_for_settings(&self) {
        let (client, events) = (self.client.clone(), self.events.clone());
        tokio::spawn(async move {
            let answer = asking::settings(client).await;
            let _ = events.send(Event::Settings(answer));
        });
    }

    async fn settings(&mut self, answer: Option<Value>) {
        let first = !std::mem::replace(&mut self.settled, true);
        match answer {
            // comes back as a changed project
            Some(settings) => lock(&self.workspace).configure(&settings),
            None if first => self.indexer.start(self.view.clone(), true).await,
            None => {}
        }
    }

    async fn wrong_settings(&self, problems: &[String]) {
        let message = format!("Marginote's settings: {}", problems.join(" "));
        tracing::warn!("{message}");
        self.client
            .show_message(MessageType::WARNING, message)
            .await;
    }

    async fn project_changed(&mut self, view: View, announce: bool) {
        self.view = view;
        if self.settled {
            self.indexer.start(self.view.clone(), announce).await;
        }
        self.look_again();
    }

    fn touched(&mut self, view: View, path: PathBuf) {
        self.view = view;
        self.recent.retain(|recent| *recent != path);
        self.recent.insert(0, path);
        if !self.session.pulls_diagnostics {
            self.analyse();
        }
    }

    async fn closed(&mut self, view: View, path: &PathBuf, uri: Url) {
        self.view = view;
        self.recent.retain(|recent| recent != path);
        self.problems.remove(path);
        if self.published.remove(path).is_some() {
            self.client.publish_diagnostics(uri, Vec::new(), None).await;
        }
        if !self.session.pulls_diagnostics {
            self.analyse();
        }
    }

    /// Findings in any open document may be different now.
    fn look_again(&mut self) {
        if !self.session.pulls_diagnostics {
            self.analyse();
        } else if self.session.refreshes_diagnostics {
            tokio::spawn(asking::refresh_diagnostics(self.client.clone()));
        }
    }

    /// Starts a round for the present view, or has the one that runs make room for it.
    fn analyse(&mut self) {
        self.rounds += 1;
        match &self.running {
            Some(round) => round.cancel(),
            None => self.start_round(),
        }
    }

    fn start_round(&mut self) {
        if self.recent.is_empty() {
            return;
        }
        let cancel = Cancel::default();
        self.running = Some(cancel.clone());
        let (round, view, paths) = (self.rounds, self.view.clone(), self.recent.clone());
        let (events, session) = (self.events.clone(), Arc::clone(&self.session));
        tokio::spawn(async move {
            let tell = events.clone();
            let work = move || analyse_all(&view, &paths, &cancel, &session, &tell);
            if tokio::task::spawn_blocking(work).await.is_err() {
                tracing::error!("a round of analyses failed (a bug)");
            }
            let _ = events.send(Event::RoundOver { round });
        });
    }

    fn round_over(&mut self, round: u64) {
        self.running = None;
        if round != self.rounds {
            self.start_round();
        }
    }

    async fn analysed(&mut self, analysed: Analysed) {
        let Analysed {
            path,
            revision,
            diagnosis,
        } = analysed;
        self.log(&path, diagnosis.problems);
        let Some(revision) = revision else {
            return;
        };
        let Some(document) = lock(&self.workspace).current(&path, revision) else {
            return;
        };
        let diagnostics = diagnosis.diagnostics;
        if let Some((about, told)) = self.published.get(&path)
            && *about == revision
            && *told == diagnostics
        {
            return;
        }
        self.published.insert(path, (revision, diagnostics.clone()));
        self.client
            .publish_diagnostics(document.uri, diagnostics, Some(document.version))
            .await;
    }

    /// Problems are logged when they appear, not with each keystroke.
    fn log(&mut self, path: &PathBuf, problems: Vec<String>) {
        let known = self.problems.get(path);
        for problem in &problems {
            if !known.is_some_and(|known| known.contains(problem)) {
                tracing::warn!("{}: {problem}", path.display());
            }
        }
        match problems.is_empty() {
            true => self.problems.remove(path),
            false => self.problems.insert(path.clone(), problems),
        };
    }
}

/// One round. Each file's outcome is told as soon as it is there.
fn analyse_all(
    view: &View,
    paths: &[PathBuf],
    cancel: &Cancel,
    session: &Session,
    events: &UnboundedSender<Event>,
) {
    for path in paths {
        let Some(workspace::OpenDocument { revision, .. }) = view.open.get(path) else {
            continue;
        };
        let diagnosis = catch_unwind(AssertUnwindSafe(|| diagnose(view, path, cancel, session)));
        let diagnosis = match diagnosis {
            Ok(Some(diagnosis)) => diagnosis,
            Ok(None) => return,
            Err(_) => Diagnosis {
                diagnostics: Vec::new(),
                problems: vec!["the analysis failed (a bug): no findings are shown".to_owned()],
            },
        };
        let _ = events.send(Event::Analysed(Analysed {
            path: path.clone(),
            revision: Some(*revision),
            diagnosis,
        }));
    }
}
