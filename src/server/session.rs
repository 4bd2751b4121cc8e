//! What the client said about itself in `initialize`, as far as the server acts on it.

use serde_json::{Value, json};
use tower_lsp::lsp_types::{DiagnosticTag, PositionEncodingKind, TraceValue, Url};

use crate::text::PositionEncoding;

/// What a client says of itself in `initializationOptions`, among the settings: the protocol has no capability for it.
pub const SHOWS_FINDINGS: &str = "shows-findings";

/// The client's capabilities and the agreement with it.
///
/// Read from the raw JSON: a client that knows a newer protocol, or spells an option in a way of its own, loses that option and not the server.
#[derive(Clone, Debug)]
pub struct Session {
    /// The unit of positions, the client's favourite among the three.
    pub encoding: PositionEncoding,
    /// Workspace folders at the start.
    pub folders: Vec<Url>,
    /// The process whose end ends the server.
    pub parent: Option<u32>,
    /// Whether hovers may be Markdown.
    pub markdown: bool,
    /// Whether the client shows a hover below the message and the evidence of the findings there, as VS Code does.
    pub shows_findings: bool,
    /// Whether the documentation of completions may be Markdown.
    pub markdown_completions: bool,
    /// Whether the client asks for diagnostics; then they are never pushed.
    pub pulls_diagnostics: bool,
    /// Whether it asks again when told to.
    pub refreshes_diagnostics: bool,
    /// Whether diagnostics may carry related information.
    pub related_information: bool,
    /// Whether diagnostics may carry a link to their rule.
    pub code_description: bool,
    /// Whether diagnostics may be tagged as about what is unnecessary.
    pub unnecessary_tag: bool,
    /// Whether diagnostics may carry data for code actions.
    pub diagnostic_data: bool,
    /// Whether it takes code actions that are more than commands.
    pub action_literals: bool,
    /// Whether it asks for the edit of a code action when the user has chosen it.
    pub resolves_edits: bool,
    /// Whether edits may say which version of a document they are for.
    pub document_changes: bool,
    /// Whether it asks for code lenses again when told to.
    pub refreshes_code_lenses: bool,
    /// Whether it asks for inlay hints again when told to.
    pub refreshes_inlay_hints: bool,
    /// Whether it shows documents that the server names.
    pub shows_documents: bool,
    /// Whether progress can be shown.
    pub progress: bool,
    /// Whether settings can be asked for.
    pub configuration: bool,
    /// Whether the server may ask to be told of changed settings.
    pub registers_configuration: bool,
    /// Whether the server may ask for files to be watched.
    pub registers_watchers: bool,
    /// Whether the client wants `$/logTrace`.
    pub trace: TraceValue,
}

impl Session {
    /// Reads the parameters of `initialize`.
    pub fn new(params: &Value) -> Self {
        let can = |pointer: &str| {
            let at = params.pointer(&format!("/capabilities/{pointer}"));
            at.and_then(Value::as_bool).unwrap_or(false)
        };
        let diagnostics = "textDocument/publishDiagnostics";
        Session {
            encoding: encoding(params),
            folders: folders(params),
            parent: params
                .get("processId")
                .and_then(Value::as_u64)
                .and_then(|pid| u32::try_from(pid).ok()),
            markdown: prefers_markdown(params, "hover/contentFormat"),
            shows_findings: params
                .pointer(&format!("/initializationOptions/{SHOWS_FINDINGS}"))
                .and_then(Value::as_bool)
                .unwrap_or(false),
            markdown_completions: prefers_markdown(
                params,
                "completion/completionItem/documentationFormat",
            ),
            pulls_diagnostics: params
                .pointer("/capabilities/textDocument/diagnostic")
                .is_some_and(Value::is_object),
            refreshes_diagnostics: can("workspace/diagnostics/refreshSupport"),
            related_information: can(&format!("{diagnostics}/relatedInformation")),
            code_description: can(&format!("{diagnostics}/codeDescriptionSupport")),
            unnecessary_tag: params
                .pointer(&format!("/capabilities/{diagnostics}/tagSupport/valueSet"))
                .and_then(Value::as_array)
                .is_some_and(|tags| tags.contains(&json!(DiagnosticTag::UNNECESSARY))),
            diagnostic_data: can(&format!("{diagnostics}/dataSupport")),
            action_literals: params
                .pointer("/capabilities/textDocument/codeAction/codeActionLiteralSupport")
                .is_some_and(Value::is_object),
            resolves_edits: can("textDocument/codeAction/dataSupport")
                && strings(
                    params,
                    "/capabilities/textDocument/codeAction/resolveSupport/properties",
                )
                .any(|property| property == "edit"),
            document_changes: can("workspace/workspaceEdit/documentChanges"),
            refreshes_code_lenses: can("workspace/codeLens/refreshSupport"),
            refreshes_inlay_hints: can("workspace/inlayHint/refreshSupport"),
            shows_documents: can("window/showDocument/support"),
            progress: can("window/workDoneProgress"),
            configuration: can("workspace/configuration"),
            registers_configuration: can("workspace/didChangeConfiguration/dynamicRegistration"),
            registers_watchers: can("workspace/didChangeWatchedFiles/dynamicRegistration"),
            trace: params
                .get("trace")
                .and_then(|trace| serde_json::from_value(trace.clone()).ok())
                .unwrap_or_default(),
        }
    }

    /// The agreed unit of positions in the protocol's words.
    pub fn encoding_kind(&self) -> PositionEncodingKind {
        match self.encoding {
            PositionEncoding::Utf8 => PositionEncodingKind::UTF8,
            PositionEncoding::Utf16 => PositionEncodingKind::UTF16,
            PositionEncoding::Utf32 => PositionEncodingKind::UTF32,
        }
    }
}

/// Whether a list of the client's capabilities for documents has Markdown before plain text.
fn prefers_markdown(params: &Value, list: &str) -> bool {
    strings(params, &format!("/capabilities/textDocument/{list}"))
        .find(|format| ["markdown", "plaintext"].contains(format))
        == Some("markdown")
}

fn strings<'a>(params: &'a Value, pointer: &str) -> impl Iterator<Item = &'a str> {
    params
        .pointer(pointer)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
}

/// The first of the client's encodings that is known here: it lists them by preference.
fn encoding(params: &Value) -> PositionEncoding {
    strings(params, "/capabilities/general/positionEncodings")
        .find_map(|name| match name {
            "utf-8" => Some(PositionEncoding::Utf8),
            "utf-16" => Some(PositionEncoding::Utf16),
            "utf-32" => Some(PositionEncoding::Utf32),
            _ => None,
        })
        .unwrap_or_default()
}

/// `workspaceFolders`, else what clients sent before there were any.
fn folders(params: &Value) -> Vec<Url> {
    let url = |value: &Value| Url::parse(value.as_str()?).ok();
    if let Some(folders) = params.get("workspaceFolders").and_then(Value::as_array) {
        return folders
            .iter()
            .filter_map(|folder| url(folder.get("uri")?))
            .collect();
    }
    let root = params.get("rootUri").and_then(url).or_else(|| {
        let path = params.get("rootPath").and_then(Value::as_str)?;
        Url::from_file_path(path).ok()
    });
    root.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_silent_client_gets_the_defaults() {
        let session = Session::new(&json!({}));
        assert_eq!(session.encoding, PositionEncoding::Utf16);
        assert!(!session.markdown && !session.pulls_diagnostics && !session.related_information);
        assert_eq!((session.folders, session.parent), (vec![], None));
    }

    #[test]
    fn the_clients_order_decides() {
        let with = |encodings: Value, formats: Value| {
            Session::new(&json!({"capabilities": {
                "general": {"positionEncodings": encodings},
                "textDocument": {"hover": {"contentFormat": formats}},
            }}))
        };
        let session = with(
            json!(["utf-7", "utf-32", "utf-8"]),
            json!(["x", "plaintext", "markdown"]),
        );
        assert_eq!(session.encoding, PositionEncoding::Utf32);
        assert!(!session.markdown);
        let session = with(json!("utf-8"), json!(["markdown"]));
        assert_eq!(session.encoding, PositionEncoding::Utf16);
        assert!(session.markdown);
    }

    #[test]
    fn folders_come_from_three_places() {
        let of = |params: Value| -> Vec<String> {
            let folders = Session::new(&params).folders;
            folders.iter().map(Url::to_string).collect()
        };
        let uri = "file:///a";
        assert_eq!(
            of(json!({"workspaceFolders": [{"uri": uri, "name": "a"}, {"uri": "?"}]})),
            [uri]
        );
        assert_eq!(
            of(json!({"workspaceFolders": null, "rootUri": uri, "rootPath": "/b"})),
            [uri]
        );
        assert_eq!(of(json!({"workspaceFolders": [], "rootUri": uri})), [""; 0]);
        #[cfg(unix)]
        assert_eq!(of(json!({"rootUri": null, "rootPath": "/a"})), [uri]);
    }
}
