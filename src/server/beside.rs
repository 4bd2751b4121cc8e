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
    let Some(source) = view.source(&params.text_document.uri) else {
        return Ok(None);
    };
    if !view.snapshot.config(&source.path).inlay_hints {
        return Ok(None);
    }
    let start = source.nearest(params.range.start, session);
    let end = source.nearest(params.range.end, session);
    let hints = view
        .snapshot
        .hints(&source.path, &(start..end), &context.cancel);
    let hints = hints.ok_or_else(Error::request_cancelled)?.into_iter();
    let hint = |hint: Hint| InlayHint {
        position: source.range(&(hint.offset..hint.offset), session).start,
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
        let at = convert::location(place, &context.view, &context.session)?;
        let line = at.range.start.line + 1;
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
    let Some(source) = view.source(uri) else {
        return Ok(None);
    };
    if !view.snapshot.config(&source.path).code_lens {
        return Ok(None);
    }
    let lenses = view
        .snapshot
        .definition_lenses(&source.path, &context.cancel);
    let lenses = lenses.ok_or_else(Error::request_cancelled)?.into_iter();
    let lenses = lenses.filter(|lens| source.holds(&lens.range));
    let lens = |lens: DefinitionLens| {
        let range = source.range(&lens.range, session);
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
