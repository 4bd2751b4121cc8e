//! Between the analysis' words and the protocol's: paths and URIs, offsets and positions, findings and diagnostics.

use std::path::PathBuf;

use serde_json::{Value, json};
use tower_lsp::lsp_types::{
    CodeDescription, Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity, Hover,
    HoverContents, Location, MarkupContent, MarkupKind, NumberOrString, Position, Range, Url,
};

use super::session::Session;
use super::workspace::View;
use crate::analysis;
use crate::rules::{Evidence, Finding, Place, Severity};
use crate::text;

/// The name of a document: its path, or the URI itself where it has none (`untitled:Untitled-1`).
pub fn path(uri: &Url) -> PathBuf {
    match uri.scheme() {
        "file" => uri.to_file_path(),
        _ => Err(()),
    }
    .unwrap_or_else(|()| PathBuf::from(uri.as_str()))
}

/// The directory of a workspace folder. None, and a log line, where it is not on a disk.
pub fn folder(uri: &Url) -> Option<PathBuf> {
    let path = uri.to_file_path().ok();
    if path.is_none() {
        tracing::warn!("the workspace folder {uri} is not a directory on a disk: left out");
    }
    path
}

/// A position as the client sent it.
pub fn from_lsp(position: Position) -> text::Position {
    text::Position {
        line: position.line,
        character: position.character,
    }
}

fn to_lsp(position: text::Position) -> Position {
    Position::new(position.line, position.character)
}

fn range(document: &text::Document, bytes: &std::ops::Range<usize>, session: &Session) -> Range {
    let at = |offset| to_lsp(document.position(offset, session.encoding));
    Range::new(at(bytes.start), at(bytes.end))
}

/// Where a place is, in any file. None where the file cannot be read any more.
fn location(place: &Place, view: &View, session: &Session) -> Option<Location> {
    let document = view.document(&place.path)?;
    let uri = view.uri(&place.path)?;
    Some(Location::new(uri, range(&document, &place.range, session)))
}

/// A finding as the client can show it.
pub fn diagnostic(
    finding: &Finding,
    document: &text::Document,
    view: &View,
    session: &Session,
) -> Diagnostic {
    let mut message = finding.message.clone();
    let mut related = Vec::new();
    for evidence in &finding.evidence {
        match location(&evidence.place, view, session) {
            Some(location) if session.related_information => {
                related.push(DiagnosticRelatedInformation {
                    location,
                    message: evidence.message.clone(),
                });
            }
            _ => message.push_str(&evidence_line(evidence, finding, view)),
        }
    }
    Diagnostic {
        range: range(document, &finding.place.range, session),
        severity: Some(severity(finding.severity)),
        code: Some(NumberOrString::String(finding.code.to_owned())),
        code_description: rule_url(finding.code)
            .filter(|_| session.code_description)
            .and_then(|url| Url::parse(&url).ok())
            .map(|href| CodeDescription { href }),
        source: Some("marginote".to_owned()),
        message,
        related_information: (!related.is_empty()).then_some(related),
        tags: None,
        data: session
            .diagnostic_data
            .then(|| fixes(finding, view, session)),
    }
}

/// Evidence for a client without related information: a line of the message.
fn evidence_line(evidence: &Evidence, finding: &Finding, view: &View) -> String {
    let place = &evidence.place;
    let file = match place.path == finding.place.path {
        true => String::new(),
        false => format!(" of {}", place.path.display()),
    };
    match view.document(&place.path) {
        Some(document) => {
            let (line, _) = document.line_column(place.range.start);
            format!("\nLine {line}{file}: {}", evidence.message)
        }
        None => format!("\n{}", evidence.message),
    }
}

/// The fixes, for the code actions that the client may ask for at the diagnostic.
fn fixes(finding: &Finding, view: &View, session: &Session) -> Value {
    let fixes: Vec<Value> = finding
        .fixes
        .iter()
        .filter_map(|fix| {
            let edits: Option<Vec<Value>> = fix
                .edits
                .iter()
                .map(|edit| {
                    let at = location(&edit.place, view, session)?;
                    Some(json!({"uri": at.uri, "range": at.range, "newText": edit.text}))
                })
                .collect();
            Some(json!({"title": fix.title, "safe": fix.safe, "edits": edits?}))
        })
        .collect();
    json!({"fixes": fixes})
}

fn severity(severity: Severity) -> DiagnosticSeverity {
    match severity {
        Severity::Hint => DiagnosticSeverity::HINT,
        Severity::Information => DiagnosticSeverity::INFORMATION,
        Severity::Warning => DiagnosticSeverity::WARNING,
        Severity::Error => DiagnosticSeverity::ERROR,
    }
}

/// Where a rule is explained on the web.
fn rule_url(_code: &str) -> Option<String> {
    None
}

/// A hover in the form that the client can show.
pub fn hover(hover: analysis::Hover, document: &text::Document, session: &Session) -> Hover {
    let (kind, value) = match session.markdown {
        true => (MarkupKind::Markdown, hover.markdown),
        false => (MarkupKind::PlainText, hover.plain),
    };
    Hover {
        contents: HoverContents::Markup(MarkupContent { kind, value }),
        range: Some(range(document, &hover.range, session)),
    }
}
