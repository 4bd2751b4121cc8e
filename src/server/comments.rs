//! Comments that silence: completion of the rules' names in them, and where a name leads.

use tower_lsp::lsp_types::{
    CompletionItem, CompletionItemKind, CompletionTextEdit, Documentation, Location, MarkupContent,
    MarkupKind, Position, Range, TextDocumentPositionParams, TextEdit,
};

use super::backend::Context;
use crate::explain;
use crate::knowledge::{Card, RuleCard};

/// The rules that can be named where a name is being written, by code and by name. None elsewhere.
pub fn completions(
    context: &Context,
    at: &TextDocumentPositionParams,
) -> Option<Vec<CompletionItem>> {
    let Context { view, session, .. } = context;
    let source = view.source(&at.text_document.uri)?;
    let offset = source.offset(at.position, session)?;
    // most of what is typed is no comment of ours: nothing is parsed for it
    let (line, _) = source.document.line_column(offset);
    let line = source.document.line_text(line - 1);
    if !line.to_ascii_lowercase().contains("marginote:") {
        return None;
    }
    let (bytes, before) = view.snapshot.unfinished_name(&source.path, offset)?;
    let range = source.range(&bytes, session);
    let config = view.snapshot.config(&source.path);
    let is_there = |name: &str| before.iter().any(|known| known.eq_ignore_ascii_case(name));
    let rules = config.knowledge.rules();
    let rules = rules.filter(|rule| !is_there(&rule.code) && !is_there(&rule.name));
    let both = rules.flat_map(|rule| {
        let by_code = item(context, rule, (&rule.code, &rule.name), range);
        let by_name = item(context, rule, (&rule.name, &rule.code), range);
        [by_code, by_name]
    });
    Some(both.collect())
}

/// A rule by one of its names.
fn item(
    context: &Context,
    rule: &RuleCard,
    (label, detail): (&str, &str),
    range: Range,
) -> CompletionItem {
    let lesson = explain::lesson(rule);
    let documentation = match context.session.markdown_completions {
        true => Documentation::MarkupContent(MarkupContent {
            kind: MarkupKind::Markdown,
            value: lesson.markdown,
        }),
        false => Documentation::String(lesson.plain),
    };
    CompletionItem {
        label: label.to_owned(),
        detail: Some(detail.to_owned()),
        kind: Some(CompletionItemKind::CONSTANT),
        documentation: Some(documentation),
        text_edit: Some(CompletionTextEdit::Edit(TextEdit::new(
            range,
            label.to_owned(),
        ))),
        ..CompletionItem::default()
    }
}

/// The page of the rule that a comment of ours names at a position.
pub fn definition(context: &Context, at: &TextDocumentPositionParams) -> Option<Location> {
    let Context { view, session, .. } = context;
    let source = view.source(&at.text_document.uri)?;
    let offset = source.offset(at.position, session)?;
    let (_, code) = view.snapshot.named_rule(&source.path, offset)?;
    let config = view.snapshot.config(&source.path);
    let card = Card::Rule(config.knowledge.rule(code)?);
    let start = Position::default();
    Some(Location::new(
        context.pages.url(card)?,
        Range::new(start, start),
    ))
}
