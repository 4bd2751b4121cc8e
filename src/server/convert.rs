//! Between the analysis' words and the protocol's: paths and URIs, offsets and positions, findings and diagnostics.

use std::path::PathBuf;

use serde_json::{Value, json};
use tower_lsp::lsp_types::{
    CodeDescription, Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity, DiagnosticTag,
    Hover, HoverContents, Location, MarkupContent, MarkupKind, NumberOrString, Position, Range,
    Url,
};

use super::session::Session;
use super::source::Source;
use super::workspace::View;
use crate::analysis;
use crate::explain;
use crate::rules::suppress::UNUSED;
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

/// Bytes of a document, as the client counts.
pub fn range(
    document: &text::Document,
    bytes: &std::ops::Range<usize>,
    session: &Session,
) -> Range {
    let at = |offset| to_lsp(document.position(offset, session.encoding));
    Range::new(at(bytes.start), at(bytes.end))
}

/// Turns the findings of one file into what the client can show.
pub struct Converter<'a> {
    /// Where the findings are shown.
    pub source: &'a Source,
    /// Where the texts of other files are.
    pub view: &'a View,
    /// What the client can show.
    pub session: &'a Session,
}

impl Converter<'_> {
    /// A finding as a diagnostic.
    pub fn diagnostic(&self, finding: &Finding) -> Diagnostic {
        let mut message = finding.message.clone();
        let mut related = Vec::new();
        for evidence in &finding.evidence {
            match location(&evidence.place, self.view, self.session) {
                Some(location) if self.session.related_information => {
                    related.push(DiagnosticRelatedInformation {
                        location,
                        message: evidence.message.clone(),
                    });
                }
                _ => message.push_str(&self.evidence_line(evidence, finding)),
            }
        }
        Diagnostic {
            range: self.source.range(&finding.place.range, self.session),
            severity: Some(severity(finding.severity)),
            code: Some(NumberOrString::String(finding.code.to_owned())),
            code_description: explain::rule_url(finding.code)
                .filter(|_| self.session.code_description)
                .and_then(|url| Url::parse(&url).ok())
                .map(|href| CodeDescription { href }),
            source: Some("marginote".to_owned()),
            message,
            related_information: (!related.is_empty()).then_some(related),
            tags: self.tags(finding),
            data: self.session.diagnostic_data.then(|| self.data(finding)),
        }
    }

    /// A comment that silences nothing can be faded: it is the one thing among what is found that could go without a change. No rule is about what is deprecated.
    fn tags(&self, finding: &Finding) -> Option<Vec<DiagnosticTag>> {
        let fades = finding.code == UNUSED && self.session.unnecessary_tag;
        fades.then(|| vec![DiagnosticTag::UNNECESSARY])
    }

    /// Evidence for a client without related information: a line of the message.
    fn evidence_line(&self, evidence: &Evidence, finding: &Finding) -> String {
        let Evidence { place, message } = evidence;
        let file = match place.path == finding.place.path {
            true => String::new(),
            false => format!(" of {}", place.path.display()),
        };
        match location(place, self.view, self.session) {
            Some(at) => format!("\nLine {}{file}: {message}", at.range.start.line + 1),
            None => format!("\n{message}"),
        }
    }

    /// The lesson, for a client that writes into the margin.
    fn data(&self, finding: &Finding) -> Value {
        let config = self.view.snapshot.config(&finding.place.path);
        let rule = config.knowledge.rule(finding.code);
        json!({ "lesson": rule.map(|card| &card.lesson) })
    }
}

fn severity(severity: Severity) -> DiagnosticSeverity {
    match severity {
        Severity::Hint => DiagnosticSeverity::HINT,
        Severity::Information => DiagnosticSeverity::INFORMATION,
        Severity::Warning => DiagnosticSeverity::WARNING,
        Severity::Error => DiagnosticSeverity::ERROR,
    }
}

/// A place as the client knows it. None where the file cannot be read any more.
pub fn location(place: &Place, view: &View, session: &Session) -> Option<Location> {
    let (uri, source) = view.source_at(&place.path, place.range.start)?;
    Some(Location::new(uri, source.range(&place.range, session)))
}

/// A hover in the form that the client can show. `card` is where the card can be read that it explains.
pub fn hover(
    hover: analysis::Hover,
    card: Option<Url>,
    source: &Source,
    session: &Session,
) -> Hover {
    let (kind, mut value) = match session.markdown {
        true => (MarkupKind::Markdown, hover.markdown),
        false => (MarkupKind::PlainText, hover.plain),
    };
    if let Some(card) = card.filter(|_| session.markdown) {
        // parentheses would end the link
        let card = card.as_str().replace('(', "%28").replace(')', "%29");
        value.push_str(&format!("\n[open the card]({card})\n"));
    }
    Hover {
        contents: HoverContents::Markup(MarkupContent { kind, value }),
        range: Some(source.range(&hover.range, session)),
    }
}
