//! Reading the notes and the whole project in the background, with progress that the user sees and can stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::mpsc::UnboundedSender;
use tower_lsp::Client;
use tower_lsp::lsp_types::notification::Progress;
use tower_lsp::lsp_types::{
    ProgressParams, ProgressParamsValue, ProgressToken, WorkDoneProgress, WorkDoneProgressBegin,
    WorkDoneProgressEnd, WorkDoneProgressReport,
};

use super::actor::Event;
use super::asking;
use super::session::Session;
use super::workspace::View;
use crate::analysis::{Cancel, ReadNotes};

/// What happens while the project is read. Each carries the number of the run that it is about.
pub enum Step {
    /// The notes are read.
    Notes { run: u64, read: ReadNotes },
    /// So many hundredths of the project are read.
    Read { run: u64, percent: u32 },
    /// The client shows progress from now on.
    Shown { run: u64 },
    /// It is over; `all` is false where it was stopped.
    Over { run: u64, all: bool },
}

/// What a step asks of the actor.
pub enum Outcome {
    Nothing,
    /// These are the notes now.
    Notes(ReadNotes),
    /// The project is read, and findings may have changed.
    Read,
}

/// At most one run at a time: a newer project makes an older run pointless.
pub struct Indexer {
    client: Client,
    session: Arc<Session>,
    events: UnboundedSender<Event>,
    runs: u64,
    latest: Option<Run>,
}

struct Run {
    cancel: Cancel,
    anew: bool,
    percent: u32,
    shown: bool,
    over: bool,
}

impl Indexer {
    /// Nothing is read yet.
    pub fn new(client: Client, session: Arc<Session>, events: UnboundedSender<Event>) -> Self {
        Indexer {
            client,
            session,
            events,
            runs: 0,
            latest: None,
        }
    }

    /// Reads what the view's project has that was not read yet, and the notes, if that is to be done `anew` or their cards have changed.
    pub async fn start(&mut self, view: View, anew: bool) {
        let anew = self.abandon().await || anew;
        self.runs += 1;
        let (run, cancel) = (self.runs, Cancel::default());
        if anew && self.session.progress {
            let (client, events, token) = (self.client.clone(), self.events.clone(), token(run));
            tokio::spawn(async move {
                if asking::may_show_progress(client, token).await {
                    let _ = events.send(Event::Indexing(Step::Shown { run }));
                }
            });
        }
        self.latest = Some(Run {
            cancel: cancel.clone(),
            anew,
            percent: 0,
            shown: false,
            over: false,
        });
        let events = self.events.clone();
        tokio::spawn(async move {
            let (tell, stop) = (events.clone(), cancel.clone());
            let read =
                tokio::task::spawn_blocking(move || read(&view, run, anew, &tell, &stop)).await;
            if read.is_err() {
                tracing::error!("reading the project failed (a bug): findings may be missing");
            }
            let all = read.is_ok() && !cancel.is_cancelled();
            let _ = events.send(Event::Indexing(Step::Over { run, all }));
        });
    }

    /// The user has seen enough of a progress.
    pub fn stop(&self, stopped: &ProgressToken) {
        if let Some(latest) = self
            .latest
            .as_ref()
            .filter(|_| *stopped == token(self.runs))
        {
            latest.cancel.cancel();
        }
    }

    /// Takes a step of a run. Those of an older run change nothing.
    pub async fn step(&mut self, step: Step) -> Outcome {
        let (Step::Notes { run, .. }
        | Step::Read { run, .. }
        | Step::Shown { run }
        | Step::Over { run, .. }) = step;
        let late = run != self.runs;
        let Some(latest) = self.latest.as_mut().filter(|_| !late) else {
            return Outcome::Nothing;
        };
        match step {
            Step::Notes { read, .. } => {
                latest.anew = false;
                Outcome::Notes(read)
            }
            Step::Read { percent, .. } => {
                latest.percent = percent;
                if latest.shown {
                    self.report(run, reading(percent)).await;
                }
                Outcome::Nothing
            }
            Step::Shown { .. } => {
                latest.shown = true;
                let (percent, over) = (latest.percent, latest.over);
                self.report(run, begin(percent)).await;
                if over {
                    // it was quick; a progress that the client was asked to make is still shown to its end
                    self.report(run, end()).await;
                }
                Outcome::Nothing
            }
            Step::Over { all, .. } => {
                latest.over = true;
                if latest.shown {
                    self.report(run, end()).await;
                }
                match all {
                    true => Outcome::Read,
                    false => Outcome::Nothing,
                }
            }
        }
    }

    /// Whether the notes were still to be read.
    async fn abandon(&mut self) -> bool {
        let Some(latest) = self.latest.take() else {
            return false;
        };
        latest.cancel.cancel();
        if latest.shown && !latest.over {
            self.report(self.runs, end()).await;
        }
        latest.anew
    }

    async fn report(&self, run: u64, progress: WorkDoneProgress) {
        let params = ProgressParams {
            token: token(run),
            value: ProgressParamsValue::WorkDone(progress),
        };
        self.client.send_notification::<Progress>(params).await;
    }
}

fn read(view: &View, run: u64, anew: bool, events: &UnboundedSender<Event>, cancel: &Cancel) {
    if !cancel.is_cancelled() && (anew || view.snapshot.has_new_cards()) {
        let read = view
            .snapshot
            .read_notes(view.snapshot.notes_cache().as_deref(), cancel);
        if cancel.is_cancelled() {
            return;
        }
        let notes = Arc::clone(&read.notes);
        let _ = events.send(Event::Indexing(Step::Notes { run, read }));
        notes.prepare(&view.snapshot.knowledge_of_notes());
    }
    let told = AtomicUsize::new(0);
    let progress = |done: usize, all: usize| {
        let percent = done.saturating_mul(100) / all.max(1);
        // a project has more files than a client wants messages
        if told.fetch_max(percent, Ordering::Relaxed) < percent {
            let percent = percent.min(100) as u32;
            let _ = events.send(Event::Indexing(Step::Read { run, percent }));
        }
    };
    #[cfg(debug_assertions)]
    super::hooks::slow_index(&progress, cancel);
    view.snapshot.index(&progress, cancel);
}

fn token(run: u64) -> ProgressToken {
    ProgressToken::String(format!("marginote/index/{run}"))
}

fn begin(percent: u32) -> WorkDoneProgress {
    WorkDoneProgress::Begin(WorkDoneProgressBegin {
        title: "Marginote reads the notes and the project".to_owned(),
        cancellable: Some(true),
        message: None,
        percentage: Some(percent),
    })
}

fn reading(percent: u32) -> WorkDoneProgress {
    WorkDoneProgress::Report(WorkDoneProgressReport {
        cancellable: Some(true),
        message: None,
        percentage: Some(percent),
    })
}

fn end() -> WorkDoneProgress {
    WorkDoneProgress::End(WorkDoneProgressEnd { message: None })
}
