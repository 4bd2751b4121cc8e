//! Requests to the client. Nothing waits for an answer: each is a task of its own with a time limit.

use std::time::Duration;

use serde_json::{Value, json};
use tower_lsp::lsp_types::request::WorkDoneProgressCreate;
use tower_lsp::lsp_types::{
    ConfigurationItem, ProgressToken, Registration, ShowDocumentParams,
    WorkDoneProgressCreateParams,
};
use tower_lsp::{Client, jsonrpc};

use super::session::Session;

/// How long a client may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// The section of the client's settings that is ours.
pub const SECTION: &str = "marginote";

/// What is watched on disk: sources, what configures them, and notes, which may be cards.
const WATCHED: [&str; 5] = [
    "**/*.py",
    "**/*.pyi",
    "**/*.{md,markdown,txt,ipynb}",
    "**/marginote.toml",
    "**/pyproject.toml",
];

/// The answer, or None and a log line.
async fn answer<T: Send + 'static>(
    what: &str,
    request: impl Future<Output = jsonrpc::Result<T>> + Send + 'static,
) -> Option<T> {
    // A task of its own, which outlives the time limit: tower-lsp panics when an answer arrives that nobody waits for any more.
    let request = tokio::spawn(request);
    match tokio::time::timeout(PATIENCE, request).await {
        Ok(Ok(Ok(answer))) => return Some(answer),
        Ok(Ok(Err(error))) => tracing::warn!("the client refuses {what}: {error}"),
        Ok(Err(_)) => tracing::warn!("the client was not asked for {what}"),
        Err(_) => tracing::warn!("the client does not answer about {what}"),
    }
    None
}

/// The client's settings for us. None where it has none or does not say.
pub async fn settings(client: Client) -> Option<Value> {
    let item = ConfigurationItem {
        scope_uri: None,
        section: Some(SECTION.to_owned()),
    };
    let values = answer("its settings", async move {
        client.configuration(vec![item]).await
    })
    .await?;
    values.into_iter().next().filter(|value| !value.is_null())
}

/// Whether the client will show progress under the token.
pub async fn may_show_progress(client: Client, token: ProgressToken) -> bool {
    let params = WorkDoneProgressCreateParams { token };
    answer("progress", async move {
        client.send_request::<WorkDoneProgressCreate>(params).await
    })
    .await
    .is_some()
}

/// Tells a client that asks for diagnostics to ask again.
pub async fn refresh_diagnostics(client: Client) {
    answer("newer diagnostics", async move {
        client.workspace_diagnostic_refresh().await
    })
    .await;
}

/// Tells a client that shows code lenses to ask for them again.
pub async fn refresh_code_lenses(client: Client) {
    answer("newer code lenses", async move {
        client.code_lens_refresh().await
    })
    .await;
}

/// Tells a client that shows inlay hints to ask for them again.
pub async fn refresh_inlay_hints(client: Client) {
    answer("newer inlay hints", async move {
        client.inlay_hint_refresh().await
    })
    .await;
}

/// Has the client show a document.
pub async fn show_document(client: Client, document: ShowDocumentParams) {
    answer("showing a document", async move {
        client.show_document(document).await
    })
    .await;
}

/// Registers what can only be registered while running.
pub async fn register(client: Client, session: &Session) {
    let mut registrations = Vec::new();
    let mut add = |id: &str, method: &str, options: Value| {
        registrations.push(Registration {
            id: id.to_owned(),
            method: method.to_owned(),
            register_options: Some(options),
        });
    };
    if session.registers_watchers {
        let watchers: Vec<Value> = WATCHED
            .iter()
            .map(|glob| json!({ "globPattern": glob }))
            .collect();
        let method = "workspace/didChangeWatchedFiles";
        add("marginote/files", method, json!({ "watchers": watchers }));
    }
    if session.registers_configuration {
        let method = "workspace/didChangeConfiguration";
        add("marginote/settings", method, json!({ "section": SECTION }));
    }
    if !registrations.is_empty() {
        answer("being told of changes", async move {
            client.register_capability(registrations).await
        })
        .await;
    }
}
