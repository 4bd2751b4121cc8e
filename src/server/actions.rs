//! Code actions: fixes, comments that silence, and where more is to be read.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tower_lsp::jsonrpc::{Error, ErrorCode, Result};
use tower_lsp::lsp_types::{
    CodeAction, CodeActionKind, CodeActionOrCommand, CodeActionParams, Command, DocumentChanges,
    Location, OneOf, OptionalVersionedTextDocumentIdentifier, TextDocumentEdit, TextEdit, Url,
    WorkspaceEdit,
};

use super::backend::Context;
use super::convert::{self, Converter};
use super::source::Source;
use super::workspace::{CellOf, View};
use super::{commands, margin};
use crate::analysis::fixing::together;
use crate::analysis::{Report, Suppress};
use crate::rules::suppress::UNUSED;
use crate::rules::{Edit, Finding};

/// Makes every safe fix of a file that does not touch another one.
pub const FIX_ALL: &str = "source.fixAll.marginote";

/// What an action changes, as it can be asked for later.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wanted {
    uri: Url,
    /// Of the text that the action was offered for; of a notebook those of all its cells.
    versions: Vec<i32>,
    change: Change,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
enum Change {
    /// A fix of a finding, by its number.
    Fix {
        finding: Named,
        fix: usize,
    },
    FixAll,
    Suppress {
        finding: Named,
        scope: Suppress,
    },
}

/// A finding by what it is called and where it stands, in bytes.
#[derive(Serialize, Deserialize)]
struct Named {
    code: String,
    start: usize,
    end: usize,
}

impl Named {
    fn of(finding: &Finding) -> Named {
        Named {
            code: finding.code.to_owned(),
            start: finding.place.range.start,
            end: finding.place.range.end,
        }
    }

    fn find<'r>(&self, report: &'r Report) -> Option<&'r Finding> {
        report.findings.iter().find(|finding| {
            finding.code == self.code && finding.place.range == (self.start..self.end)
        })
    }
}

/// One file while actions are offered for it.
struct Offer<'a> {
    context: &'a Context,
    uri: &'a Url,
    source: &'a Source,
    report: &'a Report,
}

/// The actions for a range: of the findings there, and for the whole file. None where nothing is said about the document.
///
/// # Errors
/// When the client took the request back.
pub fn actions(
    context: &Context,
    params: &CodeActionParams,
) -> Result<Option<Vec<CodeActionOrCommand>>> {
    let Context { view, session, .. } = context;
    let uri = &params.text_document.uri;
    let Some(source) = view.source(uri) else {
        return Ok(None);
    };
    let report = view.snapshot.findings(&source.path, &context.cancel);
    let report = report.ok_or_else(Error::request_cancelled)?;
    let start = source.nearest(params.range.start, session);
    let end = source.nearest(params.range.end, session);
    let is_there = |finding: &&Finding| {
        let range = &finding.place.range;
        source.holds(range) && range.start <= end && start <= range.end
    };
    let there: Vec<&Finding> = report.findings.iter().filter(is_there).collect();
    let offer = Offer {
        context,
        uri,
        source: &source,
        report: &report,
    };
    let actions = offer.actions(&there).into_iter();
    let only = params.context.only.as_deref();
    let is_wanted = |action: &CodeAction| {
        let kind = action.kind.as_ref().map_or("", CodeActionKind::as_str);
        only.is_none_or(|only| only.iter().any(|only| is_kind(kind, only.as_str())))
    };
    let actions = actions.filter(is_wanted);
    Ok(Some(match session.action_literals {
        true => actions.map(CodeActionOrCommand::CodeAction).collect(),
        // what such a client can run is commands
        false => actions
            .filter_map(|action| action.command)
            .map(CodeActionOrCommand::Command)
            .collect(),
    }))
}

/// Whether a kind is the other one or below it.
fn is_kind(kind: &str, above: &str) -> bool {
    let below = kind.strip_prefix(above);
    below.is_some_and(|below| above.is_empty() || below.is_empty() || below.starts_with('.'))
}

impl Offer<'_> {
    /// Fixes, then what silences, then what explains, then what is for the whole file.
    fn actions(&self, findings: &[&Finding]) -> Vec<CodeAction> {
        let mut actions = Vec::new();
        for finding in findings {
            actions.extend(self.fixes(finding));
        }
        let silenced = findings.iter().filter(|finding| finding.code != UNUSED);
        for finding in silenced {
            for (scope, place) in [
                (Suppress::Statement, "here"),
                (Suppress::File, "in this file"),
            ] {
                let title = format!("Silence {} {place}", finding.code);
                let finding_ = Named::of(finding);
                let change = Change::Suppress {
                    finding: finding_,
                    scope,
                };
                actions.extend(self.edit(title, CodeActionKind::QUICKFIX, Some(finding), change));
            }
        }
        for finding in findings {
            actions.extend(self.note(finding));
            actions.extend(self.explain(finding));
        }
        actions.dedup_by(|one, other| one.command.is_some() && one.command == other.command);
        if !together(&self.source.path, &self.report.findings, false).is_empty() {
            let title = "Make every safe fix in this file".to_owned();
            actions.extend(self.edit(title, CodeActionKind::new(FIX_ALL), None, Change::FixAll));
        }
        actions
    }

    fn fixes(&self, finding: &Finding) -> Vec<CodeAction> {
        let safest = finding.fixes.iter().position(|fix| fix.safe);
        let fixes = finding.fixes.iter().enumerate();
        fixes
            .filter_map(|(number, fix)| {
                let change = Change::Fix {
                    finding: Named::of(finding),
                    fix: number,
                };
                let title = fix.title.clone();
                let action = self.edit(title, CodeActionKind::QUICKFIX, Some(finding), change)?;
                Some(CodeAction {
                    is_preferred: (safest == Some(number)).then_some(true),
                    ..action
                })
            })
            .collect()
    }

    /// An action that changes text. None where it cannot be made.
    fn edit(
        &self,
        title: String,
        kind: CodeActionKind,
        finding: Option<&Finding>,
        change: Change,
    ) -> Option<CodeAction> {
        let edits = edits(self.context, &self.source.path, self.report, &change)?;
        let mut action = self.action(title, kind, finding);
        match self.context.session.resolves_edits {
            true => {
                action.data = Some(json!(Wanted {
                    uri: self.uri.clone(),
                    versions: versions(&self.context.view, &convert::path(self.uri)),
                    change,
                }));
            }
            false => action.edit = Some(workspace_edit(self.context, &edits)?),
        }
        Some(action)
    }

    fn action(&self, title: String, kind: CodeActionKind, finding: Option<&Finding>) -> CodeAction {
        let converter = Converter {
            source: self.source,
            view: &self.context.view,
            session: &self.context.session,
        };
        CodeAction {
            title,
            kind: Some(kind),
            diagnostics: finding.map(|finding| vec![converter.diagnostic(finding)]),
            ..CodeAction::default()
        }
    }

    fn command(
        &self,
        finding: &Finding,
        title: String,
        command: &str,
        argument: Value,
    ) -> CodeAction {
        CodeAction {
            command: Some(Command {
                title: title.clone(),
                command: command.to_owned(),
                arguments: Some(vec![argument]),
            }),
            ..self.action(title, CodeActionKind::QUICKFIX, Some(finding))
        }
    }

    /// Opens the note that teaches what the finding is about.
    fn note(&self, finding: &Finding) -> Option<CodeAction> {
        let Context { view, session, .. } = self.context;
        let config = view.snapshot.config(&self.source.path);
        let rule = config.knowledge.rule(finding.code)?;
        let place = view.snapshot.note_about(&rule.concept)?;
        let location = margin::location(view, session, &place)?;
        let title = format!("Open the note: {}", margin::title(&place));
        Some(self.command(finding, title, commands::OPEN_NOTE, json!(location)))
    }

    /// Shows the page of the rule.
    fn explain(&self, finding: &Finding) -> Option<CodeAction> {
        let config = self.context.view.snapshot.config(&self.source.path);
        let rule = config.knowledge.rule(finding.code)?;
        let title = format!("Explain {}: {}", rule.code, rule.name);
        Some(self.command(finding, title, commands::EXPLAIN, json!(rule.code)))
    }
}

/// The action with its edit.
///
/// # Errors
/// It is none of ours, or the text is not the one any more that it was offered for.
pub fn resolve(context: &Context, action: CodeAction) -> Result<CodeAction> {
    let Some(data) = action.data.clone() else {
        return Ok(action);
    };
    let wanted: Wanted = serde_json::from_value(data)
        .map_err(|_| Error::invalid_params("this action is none of Marginote's"))?;
    let view = &context.view;
    let name = convert::path(&wanted.uri);
    let source = view.source_named(&name);
    // what is fixed in a whole file is not bound to places: an editor that saves asks every server for such an action, and the others' come first
    let fits = |wanted: &Wanted| {
        matches!(wanted.change, Change::FixAll) || versions(view, &name) == wanted.versions
    };
    let source = source.filter(|_| fits(&wanted));
    let path = source.ok_or_else(changed)?.path;
    let report = view.snapshot.findings(&path, &context.cancel);
    let report = report.ok_or_else(Error::request_cancelled)?;
    let edits = edits(context, &path, &report, &wanted.change).ok_or_else(changed)?;
    Ok(CodeAction {
        edit: workspace_edit(context, &edits),
        ..action
    })
}

/// The version of an open document; of a cell those of all cells of its notebook, in order.
fn versions(view: &View, name: &Path) -> Vec<i32> {
    let Some(open) = view.open.get(name) else {
        return Vec::new();
    };
    let Some(CellOf { notebook, .. }) = &open.cell else {
        return vec![open.version];
    };
    let mut cells: Vec<(usize, i32)> = view
        .open
        .values()
        .filter_map(|open| {
            let cell = open.cell.as_ref()?;
            (cell.notebook == *notebook).then_some((cell.number, open.version))
        })
        .collect();
    cells.sort_unstable();
    cells.into_iter().map(|(_, version)| version).collect()
}

fn changed() -> Error {
    Error {
        code: ErrorCode::ContentModified,
        message: "the document has changed since the action was offered: ask again".into(),
        data: None,
    }
}

/// What a change edits. None where what it is about is not there, or cannot be changed so.
fn edits(context: &Context, path: &Path, report: &Report, change: &Change) -> Option<Vec<Edit>> {
    match change {
        Change::Fix { finding, fix } => Some(finding.find(report)?.fixes.get(*fix)?.edits.clone()),
        Change::FixAll => {
            let fixes = together(path, &report.findings, false);
            let edits = fixes.iter().flat_map(|(_, fix)| fix.edits.iter().cloned());
            Some(edits.collect())
        }
        Change::Suppress { finding, scope } => {
            let finding = finding.find(report)?;
            Some(vec![context.view.snapshot.suppress(finding, *scope)?])
        }
    }
}

/// Edits as the client takes them, with versions where it can. None where a file cannot be read any more.
fn workspace_edit(context: &Context, edits: &[Edit]) -> Option<WorkspaceEdit> {
    let Context { view, session, .. } = context;
    let mut by_uri: BTreeMap<Url, Vec<TextEdit>> = BTreeMap::new();
    for edit in edits {
        let Location { uri, range } = convert::location(&edit.place, view, session)?;
        let edits = by_uri.entry(uri).or_default();
        edits.push(TextEdit::new(range, edit.text.clone()));
    }
    if !session.document_changes {
        return Some(WorkspaceEdit::new(by_uri.into_iter().collect()));
    }
    let documents = by_uri.into_iter().map(|(uri, edits)| {
        let open = view.open.get(&convert::path(&uri));
        let version = open.map(|open| open.version);
        TextDocumentEdit {
            text_document: OptionalVersionedTextDocumentIdentifier { uri, version },
            edits: edits.into_iter().map(OneOf::Left).collect(),
        }
    });
    Some(WorkspaceEdit {
        document_changes: Some(DocumentChanges::Edits(documents.collect())),
        ..WorkspaceEdit::default()
    })
}
