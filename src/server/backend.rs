//! Requests: thin functions of a view and parameters. Notifications never get here, the ingress takes them.

use std::sync::Arc;

use serde_json::Value;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::oneshot;
use tower_lsp::LanguageServer;
use tower_lsp::jsonrpc::{Error, Result};
use tower_lsp::lsp_types::{
    CodeAction, CodeActionKind, CodeActionOptions, CodeActionParams, CodeActionProviderCapability,
    CodeActionResponse, CodeLens, CodeLensOptions, CodeLensParams, CompletionOptions,
    CompletionParams, CompletionResponse, DiagnosticOptions, DiagnosticServerCapabilities,
    DocumentDiagnosticParams, DocumentDiagnosticReportPartialResult,
    DocumentDiagnosticReportResult, DocumentLink, DocumentLinkOptions, DocumentLinkParams,
    ExecuteCommandOptions, ExecuteCommandParams, GotoDefinitionParams, GotoDefinitionResponse,
    Hover, HoverParams, HoverProviderCapability, InitializeParams, InitializeResult, InlayHint,
    InlayHintParams, Location, OneOf, ReferenceParams, SaveOptions, ServerCapabilities, ServerInfo,
    SymbolInformation, TextDocumentSyncCapability, TextDocumentSyncKind, TextDocumentSyncOptions,
    TextDocumentSyncSaveOptions, WorkDoneProgressOptions, WorkspaceDiagnosticParams,
    WorkspaceDiagnosticReportResult, WorkspaceFoldersServerCapabilities,
    WorkspaceServerCapabilities, WorkspaceSymbolParams,
};

use super::actor::Event;
use super::diagnostics::DocumentReport;
use super::outbox::Reply;
use super::pages::Pages;
use super::session::Session;
use super::transport::off_the_loop;
use super::workspace::View;
use super::{actions, beside, commands, comments, convert, diagnostics, links, margin};
use crate::analysis::{Cancel, Hover as Words};
use crate::knowledge::{Card, Knowledge};

/// What the ingress gives to a request.
#[derive(Clone)]
pub struct Context {
    /// The state when the request was read.
    pub view: View,
    /// Raised when the client takes the request back, and when it is answered.
    pub cancel: Cancel,
    /// The agreement with the client.
    pub session: Arc<Session>,
    /// The way to the actor.
    pub events: UnboundedSender<Event>,
    /// The built-in cards as files.
    pub pages: Arc<Pages>,
    /// For an answer that is JSON already. What the handler returns stands in for it: tower-lsp would make a tree of values of it.
    pub reply: Arc<Reply>,
}

tokio::task_local! {
    /// The context of the request that is being answered.
    pub static CONTEXT: Context;
}

/// Does the work of a request on a thread where it holds up nobody.
pub async fn work<T: Send + 'static>(
    work: impl FnOnce(Context) -> Result<T> + Send + 'static,
) -> Result<T> {
    let context = CONTEXT.try_with(Context::clone);
    let context = context.map_err(|_| Error::internal_error())?;
    let (done, worked) = oneshot::channel();
    off_the_loop(Box::new(move || {
        // the request may have been taken back
        let _ = done.send(work(context));
    }));
    worked.await.unwrap_or_else(|_| {
        tracing::error!("a request failed (a bug); the panic is above");
        Err(Error::internal_error())
    })
}

/// The handlers. They have no state: see [`Context`].
pub struct Backend;

#[tower_lsp::async_trait]
impl LanguageServer for Backend {
    async fn initialize(&self, _: InitializeParams) -> Result<InitializeResult> {
        let session = CONTEXT.try_with(|context| Arc::clone(&context.session));
        let session = session.map_err(|_| Error::internal_error())?;
        Ok(InitializeResult {
            capabilities: capabilities(&session),
            server_info: Some(ServerInfo {
                name: "marginote".to_owned(),
                version: Some(env!("CARGO_PKG_VERSION").to_owned()),
            }),
        })
    }

    async fn shutdown(&self) -> Result<()> {
        Ok(())
    }

    async fn hover(&self, params: HoverParams) -> Result<Option<Hover>> {
        work(move |context| {
            let Context {
                view,
                session,
                pages,
                ..
            } = context;
            let at = params.text_document_position_params;
            let Some(source) = view.source(&at.text_document.uri) else {
                return Ok(None);
            };
            let offset = source.offset(at.position, &session);
            let hover = offset.and_then(|offset| {
                let shown = session.shows_findings;
                view.snapshot.hover_beside(&source.path, offset, shown)
            });
            Ok(hover.map(|hover| {
                let config = view.snapshot.config(&source.path);
                let card = card(&hover, &config.knowledge).filter(|_| session.markdown);
                let card = card.and_then(|card| pages.url(card));
                convert::hover(hover, card, &source, &session)
            }))
        })
        .await
    }

    async fn completion(&self, params: CompletionParams) -> Result<Option<CompletionResponse>> {
        work(move |context| {
            let items = comments::completions(&context, &params.text_document_position);
            Ok(items.map(CompletionResponse::Array))
        })
        .await
    }

    async fn goto_definition(
        &self,
        params: GotoDefinitionParams,
    ) -> Result<Option<GotoDefinitionResponse>> {
        work(move |context| {
            let at = params.text_document_position_params;
            let place = links::definition(&context, &at);
            let place = place.or_else(|| comments::definition(&context, &at));
            Ok(place.map(GotoDefinitionResponse::Scalar))
        })
        .await
    }

    async fn document_link(&self, params: DocumentLinkParams) -> Result<Option<Vec<DocumentLink>>> {
        work(move |context| Ok(links::links(&context, &params.text_document.uri))).await
    }

    async fn references(&self, params: ReferenceParams) -> Result<Option<Vec<Location>>> {
        work(move |context| {
            let at = params.text_document_position;
            let uri = at.text_document.uri;
            Ok(margin::references(&context, &uri, at.position))
        })
        .await
    }

    async fn code_lens(&self, params: CodeLensParams) -> Result<Option<Vec<CodeLens>>> {
        work(move |context| {
            let uri = &params.text_document.uri;
            match margin::lenses(&context, uri) {
                Some(lenses) => Ok(Some(lenses)),
                None => beside::lenses(&context, uri),
            }
        })
        .await
    }

    async fn inlay_hint(&self, params: InlayHintParams) -> Result<Option<Vec<InlayHint>>> {
        work(move |context| beside::hints(&context, &params)).await
    }

    async fn code_lens_resolve(&self, lens: CodeLens) -> Result<CodeLens> {
        work(move |context| margin::resolve(&context, lens)).await
    }

    async fn symbol(
        &self,
        params: WorkspaceSymbolParams,
    ) -> Result<Option<Vec<SymbolInformation>>> {
        work(move |context| Ok(Some(margin::symbols(&context, &params.query)))).await
    }

    async fn execute_command(&self, params: ExecuteCommandParams) -> Result<Option<Value>> {
        work(move |context| commands::execute(&context, &params.command, &params.arguments)).await
    }

    async fn code_action(&self, params: CodeActionParams) -> Result<Option<CodeActionResponse>> {
        work(move |context| actions::actions(&context, &params)).await
    }

    async fn code_action_resolve(&self, action: CodeAction) -> Result<CodeAction> {
        work(move |context| actions::resolve(&context, action)).await
    }

    async fn diagnostic(
        &self,
        params: DocumentDiagnosticParams,
    ) -> Result<DocumentDiagnosticReportResult> {
        work(move |context| {
            let path = convert::path(&params.text_document.uri);
            let Context {
                view,
                cancel,
                session,
                events,
                reply,
                ..
            } = context;
            let (told, problems) = diagnostics::tell(&view, &path, &cancel, &session)
                .ok_or_else(Error::request_cancelled)?;
            let previous = params.previous_result_id.as_deref();
            reply.send(&DocumentReport::new(told, previous));
            let _ = events.send(Event::Problems { path, problems });
            view.snapshot.let_go_of_earlier();
            let stands_in = DocumentDiagnosticReportPartialResult::default();
            Ok(DocumentDiagnosticReportResult::Partial(stands_in))
        })
        .await
    }

    async fn workspace_diagnostic(
        &self,
        params: WorkspaceDiagnosticParams,
    ) -> Result<WorkspaceDiagnosticReportResult> {
        work(move |context| {
            diagnostics::workspace_report(
                &context.view,
                &params.previous_result_ids,
                &context.cancel,
                &context.session,
            )
            .map(Into::into)
            .ok_or_else(Error::request_cancelled)
        })
        .await
    }
}

/// The card that a hover explains.
fn card<'k>(hover: &Words, knowledge: &'k Knowledge) -> Option<Card<'k>> {
    match hover.findings.first() {
        Some(code) => knowledge.rule(code).map(Card::Rule),
        None => knowledge
            .concept(hover.concept.as_ref()?)
            .map(Card::Concept),
    }
}

fn capabilities(session: &Session) -> ServerCapabilities {
    let sync = TextDocumentSyncOptions {
        open_close: Some(true),
        change: Some(TextDocumentSyncKind::INCREMENTAL),
        // the text repairs a document that is out of step
        save: Some(TextDocumentSyncSaveOptions::SaveOptions(SaveOptions {
            include_text: Some(true),
        })),
        ..TextDocumentSyncOptions::default()
    };
    let pull = DiagnosticOptions {
        identifier: Some("marginote".to_owned()),
        inter_file_dependencies: true,
        workspace_diagnostics: true,
        ..DiagnosticOptions::default()
    };
    ServerCapabilities {
        position_encoding: Some(session.encoding_kind()),
        text_document_sync: Some(TextDocumentSyncCapability::Options(sync)),
        hover_provider: Some(HoverProviderCapability::Simple(true)),
        completion_provider: Some(CompletionOptions {
            trigger_characters: Some(vec!["[".to_owned(), ",".to_owned()]),
            ..CompletionOptions::default()
        }),
        definition_provider: Some(OneOf::Left(true)),
        inlay_hint_provider: Some(OneOf::Left(true)),
        document_link_provider: Some(DocumentLinkOptions {
            resolve_provider: Some(false),
            work_done_progress_options: WorkDoneProgressOptions::default(),
        }),
        references_provider: Some(OneOf::Left(true)),
        code_lens_provider: Some(CodeLensOptions {
            resolve_provider: Some(true),
        }),
        code_action_provider: Some(CodeActionProviderCapability::Options(CodeActionOptions {
            code_action_kinds: Some(vec![
                CodeActionKind::QUICKFIX,
                CodeActionKind::new(actions::FIX_ALL),
            ]),
            resolve_provider: Some(session.resolves_edits),
            ..CodeActionOptions::default()
        })),
        workspace_symbol_provider: Some(OneOf::Left(true)),
        execute_command_provider: Some(ExecuteCommandOptions {
            commands: commands::COMMANDS.iter().map(ToString::to_string).collect(),
            ..ExecuteCommandOptions::default()
        }),
        diagnostic_provider: session
            .pulls_diagnostics
            .then_some(DiagnosticServerCapabilities::Options(pull)),
        workspace: Some(WorkspaceServerCapabilities {
            workspace_folders: Some(WorkspaceFoldersServerCapabilities {
                supported: Some(true),
                change_notifications: Some(OneOf::Left(true)),
            }),
            file_operations: None,
        }),
        ..ServerCapabilities::default()
    }
}
