//! Bytes and edits into a [`Document`]: rope, version, positions. Knows nothing of Python.

use ropey::Rope;

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
    pub line: u32,
    pub character: u32,
}

/// One edit: the range is replaced by the text; without a range the whole text is.
#[derive(Clone, Debug)]
pub struct Change {
    pub range: Option<(Position, Position)>,
    pub text: String,
}

/// An edit that does not fit the document.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum RangeError {
    #[error("no such document is open")]
    NotOpen,
    #[error("the range {0:?}..{1:?} lies outside the document")]
    Outside(Position, Position),
}

/// A text and its version. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Document {
    rope: Rope,
    version: i32,
}
