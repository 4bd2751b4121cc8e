//! What a request is about: the text of a file, or a cell in the text of its notebook.

use std::ops::Range as Bytes;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tower_lsp::lsp_types::{Position, Range, Url};

use super::convert;
use super::session::Session;
use super::workspace::View;
use crate::text::{Cell, Document};

/// A document of the client, in the text that the analysis knows. Positions of a cell are lines of its notebook's text, shifted.
pub struct Source {
    /// What the analysis calls the file.
    pub path: PathBuf,
    /// The text of the whole file.
    pub document: Arc<Document>,
    cell: Option<Cell>,
}

impl View {
    /// The document with this URI. None where its text is not known, or nothing is to be said about it.
    pub fn source(&self, uri: &Url) -> Option<Source> {
        self.source_named(&convert::path(uri))
    }

    /// The same by the name under which it is open.
    pub fn source_named(&self, name: &Path) -> Option<Source> {
        let Some(cell) = self.open.get(name).and_then(|open| open.cell.as_ref()) else {
            return Some(Source {
                path: name.to_path_buf(),
                document: self.document(name).filter(|_| !self.is_foreign(name))?,
                cell: None,
            });
        };
        let cells = self.snapshot.cells(&cell.notebook)?;
        Some(Source {
            path: cell.notebook.clone(),
            document: self.document(&cell.notebook)?,
            // a cell that is out of step is not among them
            cell: Some(cells.numbered(cell.number)?.clone()),
        })
    }

    /// The client's document that holds a byte of a file. None in a notebook that the client does not have open: it has no document for a cell.
    pub fn source_at(&self, path: &Path, offset: usize) -> Option<(Url, Source)> {
        let document = self.document(path)?;
        let path = path.to_path_buf();
        let Some(cells) = self.snapshot.cells(&path) else {
            let uri = self.uri(&path)?;
            let cell = None;
            return Some((
                uri,
                Source {
                    path,
                    document,
                    cell,
                },
            ));
        };
        let cell = cells.at(offset)?.clone();
        let uri = self.notebooks.get(&path)?.uri(cell.number)?.clone();
        let cell = Some(cell);
        Some((
            uri,
            Source {
                path,
                document,
                cell,
            },
        ))
    }
}

impl Source {
    /// The line of the file's text at which the document starts.
    fn first_line(&self) -> u32 {
        let line = self.cell.as_ref().map_or(0, |cell| cell.lines.start);
        u32::try_from(line).unwrap_or(u32::MAX)
    }

    /// The bytes of the document in the file's text.
    pub fn bytes(&self) -> Bytes<usize> {
        match &self.cell {
            Some(cell) => cell.bytes.clone(),
            None => 0..self.document.len_bytes(),
        }
    }

    /// Whether something that stands in these bytes of the file's text is in the document.
    pub fn holds(&self, bytes: &Bytes<usize>) -> bool {
        let own = self.bytes();
        own.start <= bytes.start && bytes.start <= own.end
    }

    /// The byte of a position. None where the document has no such line.
    pub fn offset(&self, at: Position, session: &Session) -> Option<usize> {
        let line = at.line.checked_add(self.first_line())?;
        let position = convert::from_lsp(Position::new(line, at.character));
        let offset = self.document.offset(position, session.encoding)?;
        (offset <= self.bytes().end).then_some(offset)
    }

    /// The byte of a position; of one that is not there the end of the document.
    pub fn nearest(&self, at: Position, session: &Session) -> usize {
        self.offset(at, session).unwrap_or(self.bytes().end)
    }

    /// Bytes of the file's text, as the client counts in the document.
    pub fn range(&self, bytes: &Bytes<usize>, session: &Session) -> Range {
        let own = self.bytes();
        let inside = |offset: usize| offset.clamp(own.start, own.end);
        let range = inside(bytes.start)..inside(bytes.end);
        let mut range = convert::range(&self.document, &range, session);
        for end in [&mut range.start, &mut range.end] {
            end.line = end.line.saturating_sub(self.first_line());
        }
        range
    }
}
