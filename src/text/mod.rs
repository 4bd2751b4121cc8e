//! Bytes and edits into a [`Document`]: rope, version, positions; the cells of a notebook into one text. Knows nothing of Python's syntax.

mod decode;
mod document;
mod encode;
mod excerpt;
mod magic;
mod notebook;
mod notebook_edit;
mod visible;

pub use decode::{DecodeError, decode};
pub use document::Document;
pub use encode::encode;
pub use excerpt::Excerpt;
pub use magic::{is_magic, language, without_magic};
pub use notebook::{Cell, Cells, Notebook, NotebookCell};
pub use notebook_edit::NotebookText;
pub use visible::{is_unsafe, visible};

/// The unit of a position's `character`: what client and server agreed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum PositionEncoding {
    /// Bytes.
    Utf8,
    /// UTF-16 code units, what a client means when it says nothing.
    #[default]
    Utf16,
    /// Code points.
    Utf32,
}

/// A place in a text as editors count it: lines from 0, characters from 0 in the agreed unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line, from 0.
    pub line: u32,
    /// The place in the line, from 0, in the agreed unit.
    pub character: u32,
}

/// One edit: the range is replaced by the text; without a range the whole text is.
#[derive(Clone, Debug)]
pub struct Change {
    /// Start and end, as the client counts.
    pub range: Option<(Position, Position)>,
    /// What stands there afterwards.
    pub text: String,
}

/// An edit that does not fit the document.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum RangeError {
    /// The edit is for a text that nobody opened.
    #[error("no such document is open")]
    NotOpen,
    /// An end of the range is beyond the text, or the range ends before it starts.
    #[error("the range {0} to {1} does not lie in the document")]
    Outside(Position, Position),
}

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.line, self.character)
    }
}
