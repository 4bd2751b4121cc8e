//! The one task that talks to the client of its own accord: it has open documents analysed, publishes, and keeps the project read.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tower_lsp::Client;
use tower_lsp::lsp_types::{MessageType, ProgressToken, ShowDocumentParams, Url};

use super::diagnostics::{Problems, Told, tell};
use super::indexing::{Indexer, Outcome, Step};
use super::outbox::Outbox;
use super::session::Session;
use super::workspace::{SharedWorkspace, View, lock};
use super::{asking, workspace};
use crate::analysis::{Cancel, ReadNotes};

/// What the actor is told.
pub enum Event {
    /// The client is ready for requests.
    Initialized,
    /// A document has a new text. A client that asks for diagnostics does so, and the actor is not told.
    Touched { path: PathBuf },
    /// A document was closed or fell out of step.
    Closed { path: PathBuf, uri: Url },
    /// Something changed that any finding may depend on. `anew`: whether notes may be others too, and reading may take long.
    Project { anew: bool },
    /// The notes were read.
    Notes,
    /// The client's settings changed and have to be asked for.
    SettingsChanged,
    /// What the client says its settings are; None where it says nothing.
    Settings(Option<Value>),
    /// What is wrong with the client's settings, for the user.
    WrongSettings(Vec<String>),
    /// The user wants everything to be read again.
    Reindex,
    /// The user wants to see a document.
    Show(ShowDocumentParams),
    /// The user has seen enough of a progress.
    StopProgress(ProgressToken),
    /// A file was analysed in a round.
    Analysed(Analysed),
    /// What kept findings from being made, when a request had a file analysed.
    Problems { path: PathBuf, problems: Problems },
    /// A round has looked at every open document, or was cancelled.
    RoundOver { round: u64 },
    /// The project is being read.
    Indexing(Step),
}

/// The outcome of one analysis of one file.
pub struct Analysed {
    /// The file.
    pub path: PathBuf,
    /// The revision of the open document.
    pub revision: u64,
    /// What was found, for the client.
    pub told: Told,
    /// What kept others from being made.
    pub problems: Problems,
}

/// `textDocument/publishDiagnostics`. Sent past tower-lsp's client, which would make a tree of values of it and hand it through two more queues.
#[derive(Serialize)]
struct Publication<'a> {
    jsonrpc: &'a str,
    method: &'a str,
    params: Published<'a>,
}

#[derive(Serialize)]
struct Published<'a> {
    uri: &'a Url,
    diagnostics: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<i32>,
}

/// Analyses in *rounds*: a round takes the open documents of one view, the one touched last first. A newer view cancels the round, and the next one starts
/// when the old one has stopped; so at most one runs, whatever is typed.
pub struct Actor {
    client: Client,
    outbox: Outbox,
    session: Arc<Session>,
    workspace: SharedWorkspace,
    events: UnboundedSender<Event>,
    indexer: Indexer,
    /// Open documents that are in step, the one touched last first.
    recent: Vec<PathBuf>,
    /// Views seen so far.
    rounds: u64,
    /// Stops the round that runs.
    running: Option<Cancel>,
    /// What the client was told last, with the revision it is about.
    published: FxHashMap<PathBuf, (u64, Told)>,
    /// Problems with open files that the client knows.
    problems: FxHashMap<PathBuf, Problems>,
    /// Problems with the configuration that the client knows.
    settings_problems: FxHashSet<String>,
    /// Problems with notes that the client knows.
    notes_problems: Vec<String>,
    /// Whether the client is ready and its settings are known, as far as it tells them.
    settled: bool,
}

impl Actor {
    /// An actor for a client that has just said what it can.
    pub fn new(
        client: Client,
        outbox: Outbox,
        session: Arc<Session>,
        workspace: SharedWorkspace,
        events: UnboundedSender<Event>,
    ) -> Self {
        Actor {
            indexer: Indexer::new(client.clone(), Arc::clone(&session), events.clone()),
            client,
            outbox,
            session,
            workspace,
            events,
            recent: Vec::new(),
            rounds: 0,
            running: None,
            published: FxHashMap::default(),
            problems: FxHashMap::default(),
            settings_problems: FxHashSet::default(),
            notes_problems: Vec::new(),
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
            Event::Touched { path } => self.touched(path),
            Event::Closed { path, uri } => self.closed(&path, &uri),
            Event::Project { anew } => self.project_changed(anew).await,
            Event::Notes => self.look_again(),
            Event::SettingsChanged => self.ask_for_settings(),
            Event::Settings(answer) => self.settings(answer).await,
            Event::WrongSettings(problems) => self.wrong_settings(&problems).await,
            // comes back as a changed project
            Event::Reindex => lock(&self.workspace).forget_disk(),
            Event::Show(document) => {
                tokio::spawn(asking::show_document(self.client.clone(), document));
            }
            Event::StopProgress(token) => self.indexer.stop(&token),
            Event::Analysed(analysed) => self.analysed(analysed).await,
            Event::Problems { path, problems } => self.tell_problems(&path, problems).await,
            Event::RoundOver { round } => self.round_over(round),
            Event::Indexing(step) => match self.indexer.step(step).await {
                Outcome::Nothing => {}
                Outcome::Notes(read) => self.notes_read(read).await,
                Outcome::Read => self.look_again(),
            },
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
            None if first => self.read_project(true).await,
            None => {}
        }
    }

    async fn wrong_settings(&self, problems: &[String]) {
        let message = format!("Marginote's settings: {}", sentences(problems));
        tracing::warn!("{message}");
        self.client
            .show_message(MessageType::WARNING, message)
            .await;
    }

    /// What is wrong with notes is logged when it appears, there and at the client, and the user is told to look there.
    async fn notes_read(&mut self, read: ReadNotes) {
        let missing = read.missing.iter().map(ToString::to_string);
        let own = read.problems.iter();
        let own = own.map(|(path, problem)| format!("{}: {problem}", path.display()));
        let known = std::mem::replace(&mut self.notes_problems, missing.chain(own).collect());
        // what is missing is wrong in the configuration too
        let is_new = |problem: &&String| {
            !known.contains(problem) && !self.settings_problems.contains(*problem)
        };
        let mut new = self.notes_problems.iter().filter(is_new).peekable();
        let tell = new.peek().is_some();
        for problem in new {
            self.warn(problem.clone()).await;
        }
        // comes back as an event
        lock(&self.workspace).set_notes(read.notes);
        if tell {
            let message = match self.notes_problems.len() {
                1 => "Marginote: a note cannot be read: see the log".to_owned(),
                count => format!("Marginote: {count} notes cannot be read: see the log"),
            };
            self.client
                .show_message(MessageType::WARNING, message)
                .await;
        }
    }

    async fn project_changed(&mut self, anew: bool) {
        if self.settled {
            self.read_project(anew).await;
        }
        self.look_again();
    }

    async fn read_project(&mut self, anew: bool) {
        let view = self.view();
        self.indexer.start(view, anew).await;
    }

    /// The present view.
    fn view(&self) -> View {
        lock(&self.workspace).view()
    }

    fn touched(&mut self, path: PathBuf) {
        self.recent.retain(|recent| *recent != path);
        self.recent.insert(0, path);
        self.analyse();
    }

    fn closed(&mut self, path: &PathBuf, uri: &Url) {
        self.recent.retain(|recent| recent != path);
        self.problems.remove(path);
        if self.published.remove(path).is_some() {
            self.publish(uri, &Told::nothing(), None);
        }
        if !self.session.pulls_diagnostics {
            self.analyse();
        }
    }

    /// Findings, lenses and hints in any open document may be different now.
    fn look_again(&mut self) {
        // before that no client takes requests; what it asks for first is new anyway
        if self.settled {
            self.refresh();
        }
        if !self.session.pulls_diagnostics {
            self.analyse();
        }
    }

    /// Has the client ask again for what it shows.
    fn refresh(&self) {
        if self.session.refreshes_code_lenses {
            tokio::spawn(asking::refresh_code_lenses(self.client.clone()));
        }
        if self.session.refreshes_inlay_hints {
            tokio::spawn(asking::refresh_inlay_hints(self.client.clone()));
        }
        if self.session.pulls_diagnostics && self.session.refreshes_diagnostics {
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
        let (round, view, paths) = (self.rounds, self.view(), self.recent.clone());
        let (events, session) = (self.events.clone(), Arc::clone(&self.session));
        tokio::task::spawn_blocking(move || {
            analyse_all(&view, &paths, &cancel, &session, &events);
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
            told,
            problems,
        } = analysed;
        self.tell_problems(&path, problems).await;
        let Some(document) = lock(&self.workspace).current(&path, revision) else {
            return;
        };
        if let Some((about, before)) = self.published.get(&path)
            && *about == revision
            && before.json.get() == told.json.get()
        {
            return;
        }
        self.publish(&document.uri, &told, Some(document.version));
        self.published.insert(path, (revision, told));
    }

    fn publish(&self, uri: &Url, told: &Told, version: Option<i32>) {
        self.outbox.send(&Publication {
            jsonrpc: "2.0",
            method: "textDocument/publishDiagnostics",
            params: Published {
                uri,
                diagnostics: &told.json,
                version,
            },
        });
    }

    /// Problems are told when they appear, not with each keystroke: those with a file in the logs, those with the configuration in a message, for it is the user's to mend.
    async fn tell_problems(&mut self, path: &PathBuf, problems: Problems) {
        // a file that was closed meanwhile is no longer there to take them back
        if !lock(&self.workspace).open.contains_key(path) {
            return;
        }
        let known = self.problems.get(path);
        let is_new = |problem: &&String| !known.is_some_and(|known| known.file.contains(problem));
        for problem in problems.file.iter().filter(is_new) {
            self.warn(format!("{}: {problem}", path.display())).await;
        }
        let is_new = |problem: &&String| {
            !self.settings_problems.contains(*problem) && !self.notes_problems.contains(problem)
        };
        let new = problems.settings.iter().filter(is_new);
        let new: Vec<&str> = new.map(String::as_str).collect();
        if !new.is_empty() {
            let message = format!("Marginote: {}", sentences(&new));
            tracing::warn!("{message}");
            self.client
                .show_message(MessageType::WARNING, message)
                .await;
        }
        self.problems.insert(path.clone(), problems);
        // one configuration is that of many files; what is told of a file that is closed meanwhile is not told again of the next
        let all = self.problems.values().flat_map(|all| &all.settings);
        self.settings_problems = all.cloned().collect();
    }

    /// Into the log, and into what the client shows of it.
    async fn warn(&self, message: String) {
        tracing::warn!("{message}");
        self.client.log_message(MessageType::WARNING, message).await;
    }
}

/// Problems in one text, a sentence and a line each: some clients show no lines.
fn sentences(problems: &[impl AsRef<str>]) -> String {
    let sentence = |problem: &str| match problem.ends_with(['.', '?']) {
        true => problem.to_owned(),
        false => format!("{problem}."),
    };
    let sentences = problems.iter().map(|problem| sentence(problem.as_ref()));
    sentences.collect::<Vec<_>>().join("\n")
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
        let analysed = AssertUnwindSafe(|| tell(view, path, cancel, session));
        let (told, problems) = match catch_unwind(analysed) {
            Ok(Some(analysed)) => analysed,
            Ok(None) => return,
            Err(_) => {
                let bug = "the analysis failed (a bug): no findings are shown".to_owned();
                let problems = Problems {
                    file: vec![bug],
                    ..Problems::default()
                };
                (Told::nothing(), problems)
            }
        };
        let _ = events.send(Event::Analysed(Analysed {
            path: path.clone(),
            revision: *revision,
            told,
            problems,
        }));
    }
    view.snapshot.let_go_of_earlier();
}
