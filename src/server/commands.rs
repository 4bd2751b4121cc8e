//! `workspace/executeCommand`.

use std::borrow::Cow;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tower_lsp::jsonrpc::{Error, Result};
use tower_lsp::lsp_types::{
    Location, Position, Range, ShowDocumentParams, TextDocumentIdentifier, Url,
};

use super::actor::Event;
use super::backend::Context;
use super::recall::{self, RECALL};
use super::{convert, margin};
use crate::analysis::Hover;

/// Explains a rule or a concept: shows its page, or says where it stands.
pub const EXPLAIN: &str = "marginote.explain";

/// Shows the note that teaches what stands at a place.
pub const OPEN_NOTE: &str = "marginote.openNote";

/// Finds the sections of notes that say some words.
const SEARCH_NOTES: &str = "marginote.searchNotes";

/// Reads notes and workspace again.
const REINDEX: &str = "marginote.reindex";

/// Shows the last lines of the log, or says where they stand.
const SHOW_LOG: &str = "marginote.showLog";

/// Every command.
pub const COMMANDS: &[&str] = &[EXPLAIN, OPEN_NOTE, RECALL, REINDEX, SEARCH_NOTES, SHOW_LOG];

/// Runs a command; gives what it returns.
///
/// # Errors
/// There is no such command, its arguments are wrong, or it cannot be done; the message is for people.
pub fn execute(context: &Context, command: &str, arguments: &[Value]) -> Result<Option<Value>> {
    match command {
        EXPLAIN => explain(context, arguments),
        OPEN_NOTE => open_note(context, arguments),
        RECALL => recall::recall(context, arguments),
        REINDEX => {
            // the actor ends with the process
            let _ = context.events.send(Event::Reindex);
            Ok(None)
        }
        SEARCH_NOTES => search_notes(context, arguments),
        SHOW_LOG => page(context, context.pages.log()),
        other => Err(Error::invalid_params(format!(
            "there is no command `{other}`"
        ))),
    }
}

/// The first argument. `takes` says what it is, for people.
pub fn argument<'a, T: Deserialize<'a>>(
    command: &str,
    takes: &str,
    arguments: &'a [Value],
) -> Result<T> {
    let first = arguments.first().unwrap_or(&Value::Null);
    T::deserialize(first).map_err(|_| Error::invalid_params(format!("`{command}` takes {takes}")))
}

/// Has the client show a document, where it can.
fn show(context: &Context, uri: &Url, selection: Option<Range>) -> bool {
    let shows = context.session.shows_documents;
    if shows {
        // the actor ends with the process
        let _ = context.events.send(Event::Show(ShowDocumentParams {
            uri: uri.clone(),
            external: None,
            take_focus: Some(true),
            selection,
        }));
    }
    shows
}

/// Shows the page of a rule or concept, where the client shows documents; else gives its path.
///
/// # Errors
/// Nothing is called so, or its page cannot be written.
fn explain(context: &Context, arguments: &[Value]) -> Result<Option<Value>> {
    let wrong = |message: String| Error::invalid_params(message);
    let takes = "the code of a rule or the name of a concept";
    let words: &str = argument(EXPLAIN, takes, arguments)?;
    let knowledge = context.view.snapshot.knowledge_of_notes();
    let card = knowledge.find(words).ok_or_else(|| {
        let nearest = knowledge.nearest(words);
        let nearest = nearest.map(|name| format!("; did you mean `{name}`?"));
        wrong(format!(
            "no rule and no concept is called `{words}`{}",
            nearest.unwrap_or_default()
        ))
    })?;
    page(context, context.pages.file(card))
}

/// Shows a page, where the client shows documents; else gives its path.
///
/// # Errors
/// It could not be written.
fn page(context: &Context, page: Option<PathBuf>) -> Result<Option<Value>> {
    let page = page.ok_or_else(|| Error {
        message:
            "the page cannot be written: Marginote has no cache directory that it may write to"
                .into(),
        ..Error::internal_error()
    })?;
    match Url::from_file_path(&page) {
        Ok(url) if show(context, &url, None) => Ok(None),
        _ => Ok(Some(json!(page.to_string_lossy()))),
    }
}

/// A section that a search found.
#[derive(Serialize)]
struct Hit<'n> {
    uri: Url,
    range: Range,
    /// The last heading, else the file's name.
    title: Cow<'n, str>,
    /// The headings above it, the outermost first.
    path: &'n [Box<str>],
    /// Plain text. Empty where only the heading says the words.
    excerpt: String,
}

fn search_notes(context: &Context, arguments: &[Value]) -> Result<Option<Value>> {
    let Context { view, session, .. } = context;
    let words: &str = argument(SEARCH_NOTES, "the words to search for", arguments)?;
    let notes = view.snapshot.notes();
    let found = notes.map_or(Vec::new(), |notes| notes.search(words, margin::FOUND));
    let hits = found.iter().filter_map(|place| {
        let Location { uri, range } = margin::location(view, session, place)?;
        let (title, path) = margin::headings(place);
        Some(Hit {
            uri,
            range,
            title,
            path,
            excerpt: view.snapshot.excerpt(place, words),
        })
    });
    let hits: Vec<Hit<'_>> = hits.collect();
    Ok(Some(json!(hits)))
}

/// Where the note is that is wanted.
#[derive(Deserialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
enum Wanted {
    /// Here.
    Note { uri: Url, range: Range },
    /// It teaches what stands there.
    About {
        text_document: TextDocumentIdentifier,
        position: Position,
    },
}

/// Shows a note, where the client shows documents; gives its place, or null where no note teaches that.
fn open_note(context: &Context, arguments: &[Value]) -> Result<Option<Value>> {
    let takes =
        "`{uri, range}` of a note, or `{textDocument, position}` of the code that it teaches";
    let location = match argument(OPEN_NOTE, takes, arguments)? {
        Wanted::Note { uri, range } => note_at(context, uri, range)?,
        Wanted::About {
            text_document,
            position,
        } => match note_about(context, &text_document.uri, position) {
            Some(location) => location,
            None => return Ok(None),
        },
    };
    show(context, &location.uri, Some(location.range));
    Ok(Some(json!(location)))
}

/// # Errors
/// The file is none of the notes: nothing else is opened.
fn note_at(context: &Context, uri: Url, range: Range) -> Result<Location> {
    let path = convert::path(&uri);
    let notes = context.view.snapshot.notes();
    match notes.is_some_and(|notes| notes.file(&path).is_some()) {
        true => Ok(Location::new(uri, range)),
        false => Err(Error::invalid_params(format!(
            "{uri} is none of the notes: name it under `notes` in marginote.toml"
        ))),
    }
}

fn note_about(context: &Context, uri: &Url, position: Position) -> Option<Location> {
    let Context { view, session, .. } = context;
    let source = view.source(uri)?;
    let offset = source.offset(position, session)?;
    let Hover { concept, also, .. } = view.snapshot.hover(&source.path, offset)?;
    let mut concepts = concept.iter().chain(&also);
    let place = concepts.find_map(|concept| view.snapshot.note_about(concept))?;
    margin::location(view, session, &place)
}
