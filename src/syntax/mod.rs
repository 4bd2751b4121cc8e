//! A text into segments, each with a tree of its own. Knows nothing of meaning.
//!
//! tree-sitter's incremental parse is not proportional to the edit: next to a dedent it parses most of a file again. So a file is cut into segments by a scanner
//! that is a hundred times faster than the parser, each segment is parsed by itself, and only when somebody asks.

mod highlight;
mod kind;
mod outline;
mod query;
mod query_text;
mod scan;
mod segments;
mod source;
mod tree;

pub use highlight::{Highlight, highlights};
pub use kind::{Field, Kind, Op};
pub use outline::{Outline, contains_word, docstring, find_word, header_end};
pub use query::{Match, Matches, NamePredicate, Pattern, Query, QueryProblem, QueryTree};
pub(crate) use scan::is_word;
pub use scan::{Cut, CutKind, segment};
pub use segments::{Resegmented, resegment};
pub use tree::{Node, NodeId, Seed, Tree, parse};
