//! What is said about a file, pushed or asked for.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;
use rustc_hash::FxHashMap;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use tower_lsp::lsp_types::{
    Diagnostic, DocumentDiagnosticReport, FullDocumentDiagnosticReport, PreviousResultId,
    RelatedFullDocumentDiagnosticReport, RelatedUnchangedDocumentDiagnosticReport,
    UnchangedDocumentDiagnosticReport, Url, WorkspaceDiagnosticReport,
    WorkspaceDocumentDiagnosticReport, WorkspaceFullDocumentDiagnosticReport,
    WorkspaceUnchangedDocumentDiagnosticReport,
};

use super::convert::{self, Converter};
use super::session::Session;
use super::workspace::{View, lock};
use crate::analysis::Cancel;

/// The findings of a file, as the client can show them, sorted as the analysis sorts them; none for a document that is out of step or none of ours. None when cancelled.
pub fn diagnose(
    view: &View,
    path: &Path,
    cancel: &Cancel,
    session: &Session,
) -> Option<Vec<Diagnostic>> {
    let Some(source) = view.source_named(path) else {
        return Some(Vec::new());
    };
    let report = view.snapshot.findings(&source.path, cancel)?;
    let converter = Converter {
        source: &source,
        view,
        session,
    };
    let findings = report.findings.iter();
    let here = findings.filter(|finding| source.holds(&finding.place.range));
    Some(here.map(|finding| converter.diagnostic(finding)).collect())
}

/// Diagnostics as they go over the wire.
#[derive(Clone)]
pub struct Told {
    /// Of the report that they were made of.
    stamp: u64,
    /// Names them by what they say, so that the server need not remember what a client has.
    id: Arc<str>,
    pub json: Arc<RawValue>,
}

impl Told {
    fn new(stamp: u64, diagnostics: &[Diagnostic]) -> Told {
        let json = to_raw_value(diagnostics).expect("diagnostics are plain data");
        Told {
            stamp,
            id: result_id(json.get()).into(),
            json: json.into(),
        }
    }

    /// No diagnostics: for a file of which nothing can be said.
    pub fn nothing() -> Told {
        Told::new(0, &[])
    }
}

/// What kept findings of a file from being made, for the user.
#[derive(Default)]
pub struct Problems {
    /// With the file or the rules that look at it.
    pub file: Vec<String>,
    /// With the configuration that applies to it; each names its file and line.
    pub settings: Vec<String>,
}

/// What a client is told of a file, and what is wrong. None when cancelled. What is the same as before is not converted again.
pub fn tell(
    view: &View,
    path: &Path,
    cancel: &Cancel,
    session: &Session,
) -> Option<(Told, Problems)> {
    let cell = view.open.get(path).and_then(|open| open.cell.as_ref());
    let file = cell.map_or(path, |cell| &cell.notebook);
    if cell.is_none() && view.is_foreign(path) {
        return Some((Told::nothing(), Problems::default()));
    }
    let report = view.snapshot.findings(file, cancel)?;
    let known = lock(&view.told).get(path).cloned();
    let config = view.snapshot.config(file);
    let problems = Problems {
        file: report.problems.clone(),
        settings: config.problems.iter().map(ToString::to_string).collect(),
    };
    if let Some(known) = known.filter(|known| known.stamp == report.stamp) {
        return Some((known, problems));
    }
    let diagnostics = diagnose(view, path, cancel, session)?;
    let told = Told::new(report.stamp, &diagnostics);
    if view.open.get(path).is_some_and(|open| open.in_step) {
        lock(&view.told).insert(path.to_path_buf(), told.clone());
    }
    Some((told, problems))
}

fn result_id(json: &str) -> String {
    format!("{:016x}", xxhash_rust::xxh3::xxh3_64(json.as_bytes()))
}

/// The answer to `textDocument/diagnostic`.
#[derive(Serialize)]
#[serde(
    tag = "kind",
    rename_all = "lowercase",
    rename_all_fields = "camelCase"
)]
pub enum DocumentReport {
    Full {
        result_id: Arc<str>,
        items: Arc<RawValue>,
    },
    Unchanged {
        result_id: Arc<str>,
    },
}

impl DocumentReport {
    /// For a client that knows the result of an id.
    pub fn new(told: Told, previous: Option<&str>) -> DocumentReport {
        if previous == Some(&told.id) {
            return DocumentReport::Unchanged { result_id: told.id };
        }
        DocumentReport::Full {
            result_id: told.id,
            items: told.json,
        }
    }
}

/// One file of the answer to `workspace/diagnostic`.
fn document_report(
    diagnostics: Vec<Diagnostic>,
    previous: Option<&str>,
) -> DocumentDiagnosticReport {
    let json = serde_json::to_string(&diagnostics).unwrap_or_default();
    let result_id = result_id(&json);
    if previous == Some(&result_id) {
        let unchanged_document_diagnostic_report = UnchangedDocumentDiagnosticReport { result_id };
        return DocumentDiagnosticReport::Unchanged(RelatedUnchangedDocumentDiagnosticReport {
            related_documents: None,
            unchanged_document_diagnostic_report,
        });
    }
    DocumentDiagnosticReport::Full(RelatedFullDocumentDiagnosticReport {
        related_documents: None,
        full_document_diagnostic_report: FullDocumentDiagnosticReport {
            result_id: Some(result_id),
            items: diagnostics,
        },
    })
}

/// The answer to `workspace/diagnostic`: every file of the folders, every open document, and an empty report for what the client knows and is gone.
/// None when cancelled.
pub fn workspace_report(
    view: &View,
    previous: &[PreviousResultId],
    cancel: &Cancel,
    session: &Session,
) -> Option<WorkspaceDiagnosticReport> {
    let mut previous: FxHashMap<PathBuf, &PreviousResultId> = previous
        .iter()
        .map(|previous| (convert::path(&previous.uri), previous))
        .collect();
    let mut paths = view.snapshot.files();
    // the client has documents for the cells of a notebook, and none for the whole
    paths.retain(|path| !view.notebooks.contains_key(path));
    let cells = view.open.iter().filter(|(_, open)| open.cell.is_some());
    paths.extend(cells.map(|(name, _)| name.clone()));
    // works out what has changed in them here, and not in all threads at once, which would wait for each other
    view.snapshot.notes();
    let reports: Option<Vec<_>> = paths
        .par_iter()
        .map(|path| {
            let diagnostics = diagnose(view, path, cancel, session)?;
            let known = previous.get(path).map(|previous| previous.value.as_str());
            Some(document_report(diagnostics, known))
        })
        .collect();
    let mut items = Vec::with_capacity(paths.len());
    for (path, report) in paths.iter().zip(reports?) {
        previous.remove(path);
        let version = view.open.get(path).map(|open| i64::from(open.version));
        items.extend(
            view.uri(path)
                .map(|uri| workspace_item(uri, version, report)),
        );
    }
    let mut gone: Vec<_> = previous.into_iter().collect();
    gone.sort_by(|a, b| a.0.cmp(&b.0));
    items.extend(gone.into_iter().map(|(_, previous)| {
        let report = document_report(Vec::new(), Some(&previous.value));
        workspace_item(previous.uri.clone(), None, report)
    }));
    Some(WorkspaceDiagnosticReport { items })
}

fn workspace_item(
    uri: Url,
    version: Option<i64>,
    report: DocumentDiagnosticReport,
) -> WorkspaceDocumentDiagnosticReport {
    match report {
        DocumentDiagnosticReport::Full(report) => WorkspaceFullDocumentDiagnosticReport {
            uri,
            version,
            full_document_diagnostic_report: report.full_document_diagnostic_report,
        }
        .into(),
        DocumentDiagnosticReport::Unchanged(report) => WorkspaceUnchangedDocumentDiagnosticReport {
            uri,
            version,
            unchanged_document_diagnostic_report: report.unchanged_document_diagnostic_report,
        }
        .into(),
    }
}
