//! What is asked in notes and about them: where the code uses what a section explains, and which sections say certain words.

use std::borrow::Cow;
use std::path::Path;

use serde_json::{Value, json};
use tower_lsp::jsonrpc::{Error, Result};
use tower_lsp::lsp_types::{
    CodeLens, Command, Location, Position, Range, SymbolInformation, SymbolKind, Url,
};

use super::backend::Context;
use super::convert;
use super::session::Session;
use super::workspace::View;
use crate::analysis::notes::Place;
use crate::config::is_note;

/// How many sections a search finds.
pub const FOUND: usize = 20;

/// A command of the client, which shows locations: `[uri, position, locations]`.
const REFERENCES: &str = "marginote.references";

/// The places of the code where the section applies whose heading or code is at a position. None in a document that is no note.
pub fn references(context: &Context, uri: &Url, at: Position) -> Option<Vec<Location>> {
    let Context { view, session, .. } = context;
    let path = convert::path(uri);
    if !is_note(&path) || view.is_foreign(&path) {
        return None;
    }
    let document = view.document(&path)?;
    let offset = document.offset(convert::from_lsp(at), session.encoding)?;
    let places = view
        .snapshot
        .note_references(&path, offset, &context.cancel)?;
    let places = places.iter();
    Some(
        places
            .filter_map(|place| convert::location(place, view, session))
            .collect(),
    )
}

/// A lens over each section of a note whose ideas the code uses, without its title. None where none are wanted.
pub fn lenses(context: &Context, uri: &Url) -> Option<Vec<CodeLens>> {
    let Context { view, session, .. } = context;
    let path = convert::path(uri);
    let wanted = is_note(&path) && view.snapshot.config(&path).code_lens;
    if !wanted || view.is_foreign(&path) {
        return None;
    }
    let document = view.document(&path)?;
    let lenses = view.snapshot.lenses(&path, &context.cancel)?;
    let used = lenses.into_iter().filter(|lens| lens.uses > 0);
    let lens = used.map(|lens| CodeLens {
        range: convert::range(&document, &lens.range, session),
        command: None,
        data: Some(json!(uri)),
    });
    Some(lens.collect())
}

/// The lens with its title, and the places for a client that can show them.
///
/// # Errors
/// It is none of ours.
pub fn resolve(context: &Context, mut lens: CodeLens) -> Result<CodeLens> {
    if lens.command.is_some() {
        return Ok(lens);
    }
    let uri = lens.data.as_ref().and_then(Value::as_str);
    let uri = uri.and_then(|uri| Url::parse(uri).ok());
    let uri = uri.ok_or_else(|| Error::invalid_params("this lens is none of Marginote's"))?;
    let at = lens.range.start;
    let places = references(context, &uri, at).unwrap_or_default();
    let title = match places.len() {
        1 => "used in 1 place".to_owned(),
        count => format!("used in {count} places"),
    };
    lens.command = Some(show_places(title, &uri, at, &places));
    Ok(lens)
}

/// Has the client show places from a position of a document.
pub fn show_places(title: String, uri: &Url, at: Position, places: &[Location]) -> Command {
    Command {
        title,
        command: REFERENCES.to_owned(),
        arguments: Some(vec![json!(uri), json!(at), json!(places)]),
    }
}

/// What a query that begins with `#` finds: the card of that name, then the sections that say its words. Other queries are for a Python server.
///
/// Names begin with `#` too: clients look for the whole query in them once more.
pub fn symbols(context: &Context, query: &str) -> Vec<SymbolInformation> {
    let Some(words) = query.strip_prefix('#').map(str::trim) else {
        return Vec::new();
    };
    if words.is_empty() {
        return Vec::new();
    }
    let view = &context.view;
    let card = view
        .snapshot
        .knowledge_of_notes()
        .find(words)
        .and_then(|card| {
            let (title, location) = (
                card.title(),
                Location::new(context.pages.url(card)?, Range::default()),
            );
            Some(symbol(title, None, SymbolKind::KEY, location))
        });
    let notes = view.snapshot.notes();
    let sections = notes.map(|notes| notes.search(words, FOUND));
    let sections = sections.iter().flatten();
    let sections = sections.filter_map(|place| section(context, place));
    card.into_iter().chain(sections).take(FOUND).collect()
}

/// The first line of a section.
pub fn location(view: &View, session: &Session, place: &Place<'_>) -> Option<Location> {
    let uri = view.uri(&place.file.path)?;
    let document = view.document(&place.file.path)?;
    let line = u32::try_from(place.section.line).ok()?;
    let start = Position::new(line, 0);
    let end = document.offset(
        convert::from_lsp(Position::new(line, u32::MAX)),
        session.encoding,
    )?;
    let end = convert::range(&document, &(end..end), session).end;
    Some(Location::new(uri, Range::new(start, end)))
}

/// `gil.md › The lock`: the file of a section, and its heading.
pub fn title(place: &Place<'_>) -> String {
    let file = file_name(&place.file.path);
    match place.section.headings.last() {
        Some(heading) => format!("{file} › {heading}"),
        None => file.into_owned(),
    }
}

/// The heading of a section, else the name of its file, and the headings above it.
pub fn headings<'n>(place: &Place<'n>) -> (Cow<'n, str>, &'n [Box<str>]) {
    match place.section.headings.split_last() {
        Some((last, above)) => (Cow::Borrowed(last), above),
        None => (file_name(&place.file.path), &[]),
    }
}

fn section(context: &Context, place: &Place<'_>) -> Option<SymbolInformation> {
    let uri = context.view.uri(&place.file.path)?;
    let line = u32::try_from(place.section.line).ok()?;
    let start = Position::new(line, 0);
    let file = file_name(&place.file.path);
    let (last, above) = headings(place);
    let above = above.iter().map(|heading| &**heading);
    let container: Vec<&str> = std::iter::once(&*file).chain(above).collect();
    let location = Location::new(uri, Range::new(start, start));
    Some(symbol(
        &last,
        Some(container.join(" › ")),
        SymbolKind::STRING,
        location,
    ))
}

fn file_name(path: &Path) -> Cow<'_, str> {
    path.file_name().unwrap_or_default().to_string_lossy()
}

fn symbol(
    name: &str,
    container_name: Option<String>,
    kind: SymbolKind,
    location: Location,
) -> SymbolInformation {
    // a field that the type wants and the protocol has given up
    #[allow(deprecated)]
    SymbolInformation {
        name: format!("# {name}"),
        kind,
        tags: None,
        deprecated: None,
        location,
        container_name,
    }
}
