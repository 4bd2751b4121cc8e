//! `notebookDocument/*`: the code cells of a notebook are one Python file to the analysis, and each is a document to the client.
//!
//! The types are our own: tower-lsp's know of no notebooks.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};
use tower_lsp::lsp_types::{
    TextDocumentContentChangeEvent, TextDocumentIdentifier, TextDocumentItem, Url,
    VersionedTextDocumentIdentifier,
};

use super::actor::Event;
use super::convert;
use super::workspace::{CellOf, Workspace, changes};
use crate::text::{Cells, Document};

/// What `initialize` says that the server takes.
pub fn capability() -> Value {
    json!({"notebookSelector": [{"notebook": "*", "cells": [{"language": "python"}]}]})
}

/// A notebook that the client has open.
#[derive(Clone, Debug, Default)]
pub struct OpenNotebook {
    /// Every cell, in order.
    cells: Vec<CellName>,
    /// The texts of cells, by URI.
    texts: BTreeMap<Url, CellText>,
}

#[derive(Clone, Debug)]
struct CellText {
    is_python: bool,
    document: Document,
    /// False after an edit that did not fit: the cell is left out until it is opened again.
    in_step: bool,
}

impl OpenNotebook {
    /// The URI of the cell with a number.
    pub fn uri(&self, number: usize) -> Option<&Url> {
        self.cells.get(number).map(|cell| &cell.document)
    }

    /// The code cells of Python, with their numbers.
    fn code(&self) -> impl Iterator<Item = (usize, &Url, &CellText)> {
        let cells = self.cells.iter().enumerate();
        cells.filter_map(|(number, cell)| {
            let text = self.texts.get(&cell.document)?;
            let is_code = cell.kind == CODE && text.is_python;
            is_code.then_some((number, &cell.document, text))
        })
    }

    fn open(&mut self, item: TextDocumentItem) {
        let text = CellText {
            is_python: item.language_id == "python",
            document: Document::new(&item.text, item.version),
            in_step: true,
        };
        self.texts.insert(item.uri, text);
    }
}

/// The kind of a code cell.
const CODE: u32 = 2;

/// A cell without its text.
#[derive(Clone, Debug, Deserialize)]
struct CellName {
    kind: u32,
    document: Url,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DidOpen {
    notebook_document: Opened,
    cell_text_documents: Vec<TextDocumentItem>,
}

#[derive(Deserialize)]
struct Opened {
    uri: Url,
    cells: Vec<CellName>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DidChange {
    notebook_document: Named,
    change: Change,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DidClose {
    notebook_document: Named,
}

#[derive(Deserialize)]
struct Named {
    uri: Url,
}

#[derive(Deserialize)]
struct Change {
    cells: Option<CellChanges>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CellChanges {
    structure: Option<Structure>,
    data: Option<Vec<CellName>>,
    text_content: Option<Vec<TextChange>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Structure {
    array: ArrayChange,
    #[serde(default)]
    did_open: Vec<TextDocumentItem>,
    #[serde(default)]
    did_close: Vec<TextDocumentIdentifier>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ArrayChange {
    start: usize,
    delete_count: usize,
    #[serde(default)]
    cells: Vec<CellName>,
}

#[derive(Deserialize)]
struct TextChange {
    document: VersionedTextDocumentIdentifier,
    changes: Vec<TextDocumentContentChangeEvent>,
}

impl Workspace {
    /// Opens a notebook.
    pub fn open_notebook(&mut self, params: DidOpen) {
        let path = convert::path(&params.notebook_document.uri);
        let mut notebook = OpenNotebook {
            cells: params.notebook_document.cells,
            ..OpenNotebook::default()
        };
        for item in params.cell_text_documents {
            notebook.open(item);
        }
        self.set_notebook(path, notebook);
    }

    /// Cells come, go and change. What does not fit is logged and left out.
    pub fn change_notebook(&mut self, params: DidChange) {
        let uri = params.notebook_document.uri;
        let path = convert::path(&uri);
        let Some(mut notebook) = self.notebooks.get(&path).cloned() else {
            return tracing::warn!("a change of {uri}, which is not open, is ignored");
        };
        let Some(change) = params.change.cells else {
            return;
        };
        if let Some(Structure {
            array,
            did_open,
            did_close,
        }) = change.structure
        {
            let count = notebook.cells.len();
            let start = array.start.min(count);
            let end = start.saturating_add(array.delete_count).min(count);
            notebook.cells.splice(start..end, array.cells);
            for closed in did_close {
                notebook.texts.remove(&closed.uri);
            }
            for item in did_open {
                notebook.open(item);
            }
        }
        for cell in change.data.unwrap_or_default() {
            let mut cells = notebook.cells.iter_mut();
            if let Some(known) = cells.find(|known| known.document == cell.document) {
                known.kind = cell.kind;
            }
        }
        for change in change.text_content.unwrap_or_default() {
            self.edit_cell(&mut notebook, change);
        }
        self.set_notebook(path, notebook);
    }

    fn edit_cell(&self, notebook: &mut OpenNotebook, change: TextChange) {
        let TextChange {
            document,
            changes: edits,
        } = change;
        let uri = document.uri;
        let Some(text) = notebook.texts.get_mut(&uri) else {
            return tracing::warn!("a change of {uri}, which is not open, is ignored");
        };
        // without a range it is the whole text, which repairs a cell
        let is_whole = edits.first().is_some_and(|edit| edit.range.is_none());
        if !text.in_step && !is_whole {
            return;
        }
        let edited = text
            .document
            .apply(document.version, &changes(edits), self.encoding);
        text.in_step = edited.is_ok();
        match edited {
            Ok(edited) => text.document = edited,
            Err(error) => tracing::warn!(
                "{uri} is out of step ({error}): it is left alone until it is sent as a whole or opened again"
            ),
        }
    }

    /// Closes a notebook with its cells.
    pub fn close_notebook(&mut self, params: DidClose) {
        let uri = params.notebook_document.uri;
        let path = convert::path(&uri);
        if !self.notebooks.contains_key(&path) {
            return tracing::warn!("{uri} is closed but was not open");
        }
        let names = self.cells_of(&path);
        Arc::make_mut(&mut self.notebooks).remove(&path);
        self.analysis.close(&path);
        self.close_cells(&names);
    }

    fn set_notebook(&mut self, path: PathBuf, notebook: OpenNotebook) {
        let known = notebook.code().filter(|(_, _, text)| text.in_step);
        let texts: Vec<_> = known
            .map(|(number, _, text)| (number, text.document.text()))
            .collect();
        let cells = Cells::of(texts.iter().map(|(number, text)| (*number, text.as_str())));
        self.analysis.open_notebook(path.clone(), cells);
        let mut gone = self.cells_of(&path);
        let (mut touched, mut lost) = (Vec::new(), Vec::new());
        for (number, uri, text) in notebook.code() {
            let name = convert::path(uri);
            gone.retain(|gone| *gone != name);
            let cell = CellOf {
                notebook: path.clone(),
                number,
            };
            self.record_cell(&name, uri, text.document.version(), text.in_step, cell);
            match text.in_step {
                true => touched.push(name),
                false => lost.push((name, uri.clone())),
            }
        }
        Arc::make_mut(&mut self.notebooks).insert(path, notebook);
        self.close_cells(&gone);
        // what was said about a text that is not known any more is taken back
        for (path, uri) in lost {
            self.send(Event::Closed { path, uri });
        }
        // the one touched last is analysed first: the first cell
        for name in touched.into_iter().rev() {
            self.touched(name);
        }
    }

    /// The names under which the code cells of a notebook are open.
    fn cells_of(&self, path: &Path) -> Vec<PathBuf> {
        let is_its = |cell: &CellOf| cell.notebook == path;
        let open = self.open.iter();
        open.filter(|(_, open)| open.cell.as_ref().is_some_and(is_its))
            .map(|(name, _)| name.clone())
            .collect()
    }
}
