//! Inlay hints, and code lenses over definitions.

use serde_json::json;
use tower_lsp::jsonrpc::{Error, Result};
use tower_lsp::lsp_types::{
    CodeLens, InlayHint, InlayHintLabel, InlayHintParams, InlayHintTooltip, Location, Url,
};

use super::backend::Context;
use super::{convert, margin};
use crate::analysis::{DefinitionLens, Hint};
use crate::rules::Place;

/// How many places a tooltip names.
const PLACES: usize = 5;

/// The hints in a part of a document. None where none are wanted.
///
/// # Errors
/// When the client took the request back.
pub fn hints(context: &Context, params: &InlayHintParams) -> Result<Option<Vec<InlayHint>>> {
    let Context { view, session, .. } = context;
    let path = convert::path(&params.text_document.uri);
    let Some(document) = view.document(&path) else {
        return Ok(None);
    };
    if view.is_foreign(&path) || !view.snapshot.config(&path).inlay_hints {
        return Ok(None);
    }
    let offset = |at| {
        let offset = document.offset(convert::from_lsp(at), session.encoding);
        offset.unwrap_or(document.len_bytes())
    };
    let range = offset(params.range.start)..offset(params.range.end);
    let hints = view.snapshot.hints(&path, &range, &context.cancel);
    let hints = hints.ok_or_else(Error::request_cancelled)?.into_iter();
    let hint = |hint: Hint| InlayHint {
        position: convert::range(&document, &(hint.offset..hint.offset), session).start,
        label: InlayHintLabel::String(hint.text.to_owned()),
        kind: None,
        text_edits: None,
        tooltip: tooltip(context, &hint.places).map(InlayHintTooltip::String),
        padding_left: Some(true),
        padding_right: None,
        data: None,
    };
    Ok(Some(hints.map(hint).collect()))
}

/// `started in a.py line 3, b.py line 9`
fn tooltip(context: &Context, places: &[Place]) -> Option<String> {
    let words = places.iter().take(PLACES).filter_map(|place| {
        let document = context.view.document(&place.path)?;
        let line = document.line_column(place.range.start).0;
        let name = place.path.file_name()?.to_string_lossy();
        Some(format!("{name} line {line}"))
    });
    let words: Vec<String> = words.collect();
    let more = if places.len() > PLACES { ", …" } else { "" };
    (!words.is_empty()).then(|| format!("started in {}{more}", words.join(", ")))
}

/// The lenses over the definitions of a Python file, complete. None where none are wanted.
///
/// # Errors
/// When the client took the request back.
pub fn lenses(context: &Context, uri: &Url) -> Result<Option<Vec<CodeLens>>> {
    let Context { view, session, .. } = context;
    let path = convert::path(uri);
    let Some(document) = view.document(&path) else {
        return Ok(None);
    };
    if view.is_foreign(&path) || !view.snapshot.config(&path).code_lens {
        return Ok(None);
    }
    let lenses = view.snapshot.definition_lenses(&path, &context.cancel);
    let lenses = lenses.ok_or_else(Error::request_cancelled)?.into_iter();
    let lens = |lens: DefinitionLens| {
        let range = convert::range(&document, &lens.range, session);
        let places = lens.places.iter();
        let places = places.filter_map(|place| convert::location(place, view, session));
        let places: Vec<Location> = places.collect();
        CodeLens {
            range,
            command: Some(margin::show_places(lens.title, uri, range.start, &places)),
            data: Some(json!(uri)),
        }
    };
    Ok(Some(lenses.map(lens).collect()))
}
