//! Queries over trees: patterns in tree-sitter's language, in the words of its grammar for Python.
//!
//! A query is run on a statement's text, which is parsed for it: the trees of segments are flat and hold only what the facts need.

use std::ops::{ControlFlow, Range};

use tree_sitter::{
    CaptureQuantifier, QueryCursor, QueryCursorOptions, QueryCursorState, QueryErrorKind,
    StreamingIterator,
};

use super::query_text::{self, Predicate};
use super::tree::parse_whole;

/// How many matches may be under way at the same time: what a pattern with repetitions can make of a long list has no end.
const UNDER_WAY: u32 = 128;
/// How many nodes the matches in one statement may hold together.
const CAPTURES: usize = 20_000;

/// A query that compiles.
#[derive(Debug)]
pub struct Query {
    query: tree_sitter::Query,
    /// By pattern.
    patterns: Vec<Pattern>,
}

/// What a pattern asks for beside the shape of the tree.
#[derive(Debug, Default)]
pub struct Pattern {
    /// A match needs every one of them.
    pub names: Vec<NamePredicate>,
    /// A match needs, of each list, one name somewhere in its text or an import that gives the name another.
    pub words: Vec<Vec<String>>,
}

/// `#qualified-name?` and `#not-qualified-name?`.
#[derive(Debug)]
pub struct NamePredicate {
    /// The capture, by number.
    pub capture: u32,
    /// `time.sleep`, or `time.*` for everything in it.
    pub names: Vec<String>,
    pub is_positive: bool,
}

/// Why a query does not compile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryProblem {
    /// The byte of the query where it goes wrong.
    pub offset: usize,
    /// What is wrong and what to do.
    pub message: String,
}

/// A statement that queries can be run on.
#[derive(Debug)]
pub struct QueryTree {
    text: String,
    tree: tree_sitter::Tree,
}

impl QueryTree {
    /// Parses a statement. None where the parser has to skip or invent something.
    pub fn parse(text: &str) -> Option<QueryTree> {
        let tree = parse_whole(text)?;
        Some(QueryTree {
            text: text.to_owned(),
            tree,
        })
    }
}

/// Where a pattern matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    pub pattern: usize,
    /// Captures by number, with the bytes of the statement that they hold, in source order.
    pub captures: Vec<(u32, Range<usize>)>,
}

/// The matches in a statement.
#[derive(Debug, Default)]
pub struct Matches {
    pub found: Vec<Match>,
    /// Whether the query ran into a limit, so that matches may be missing.
    pub is_cut: bool,
}

impl Query {
    /// Compiles a query. `required` is the capture that every pattern must have.
    ///
    /// # Errors
    /// The first thing that is wrong in the text.
    pub fn new(text: &str, required: &str) -> Result<Query, QueryProblem> {
        let predicates = query_text::predicates(text)?;
        let language = tree_sitter_python::LANGUAGE.into();
        let query = tree_sitter::Query::new(&language, text).map_err(|error| QueryProblem {
            offset: error.offset.min(text.len()),
            message: in_words(&error.kind, &error.message),
        })?;
        if query.pattern_count() == 0 {
            let message = "the query has no pattern".to_owned();
            return Err(QueryProblem { offset: 0, message });
        }
        let capture = query.capture_index_for_name(required);
        let mut patterns = Vec::new();
        for pattern in 0..query.pattern_count() {
            let bytes = query.start_byte_for_pattern(pattern)..query.end_byte_for_pattern(pattern);
            let found = capture.map(|capture| quantifier(&query, pattern, capture));
            if found.is_none_or(|found| found == CaptureQuantifier::Zero) {
                return Err(QueryProblem {
                    offset: bytes.start,
                    message: format!(
                        "this pattern has no `@{required}`: put it behind the node to be reported"
                    ),
                });
            }
            let own = predicates
                .iter()
                .filter(|predicate| bytes.contains(&predicate.offset));
            patterns.push(Pattern::of(&query, pattern, &own.collect::<Vec<_>>()));
        }
        Ok(Query { query, patterns })
    }

    /// The names of the captures, by number.
    pub fn captures(&self) -> &[&str] {
        self.query.capture_names()
    }

    /// The patterns, by number.
    pub fn patterns(&self) -> &[Pattern] {
        &self.patterns
    }

    /// The matches in a statement, in the order of their ends. What [`Pattern::names`] asks is left to the caller. When `is_cancelled` says so, the search
    /// ends.
    pub fn matches(&self, tree: &QueryTree, is_cancelled: &dyn Fn() -> bool) -> Matches {
        let mut matches = Matches::default();
        let mut budget = 200_000 + 20 * tree.text.len();
        let (mut is_over, mut captured) = (false, 0);
        let mut progress = |_: &QueryCursorState| {
            // tree-sitter asks after a thousand steps
            budget = budget.saturating_sub(1000);
            if budget == 0 || is_cancelled() {
                is_over = true;
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        };
        let mut cursor = QueryCursor::new();
        cursor.set_match_limit(UNDER_WAY);
        {
            let options = QueryCursorOptions::new().progress_callback(&mut progress);
            let (root, text) = (tree.tree.root_node(), tree.text.as_bytes());
            let mut found = cursor.matches_with_options(&self.query, root, text, options);
            while let Some(found) = found.next() {
                captured += found.captures().len();
                if captured > CAPTURES {
                    break;
                }
                // what stands around the statement is not there, and no finding
                let captures = found
                    .captures()
                    .iter()
                    .filter(|capture| capture.node.parent().is_some());
                let captures = captures.map(|capture| (capture.index, capture.node.byte_range()));
                matches.found.push(Match {
                    pattern: found.pattern_index,
                    captures: captures.collect(),
                });
            }
        }
        matches.is_cut = is_over || captured > CAPTURES || cursor.did_exceed_match_limit();
        matches
    }
}

impl Pattern {
    /// What these predicates, which are the pattern's own, ask for.
    fn of(query: &tree_sitter::Query, pattern: usize, predicates: &[&Predicate]) -> Pattern {
        let mut own = Pattern::default();
        for predicate in predicates {
            let Some(capture) = query.capture_index_for_name(&predicate.capture) else {
                continue;
            };
            let is_positive = !predicate.name.starts_with("not-");
            if predicate.name.ends_with("qualified-name?") {
                own.names.push(NamePredicate {
                    capture,
                    names: predicate.texts.clone(),
                    is_positive,
                });
            }
            // of what need not be there, nothing is asked
            let is_there = matches!(
                quantifier(query, pattern, capture),
                CaptureQuantifier::One | CaptureQuantifier::OneOrMore
            );
            let words = predicate.texts.iter().map(|text| word(text));
            let words: Option<Vec<String>> = words.collect();
            if let Some(words) = words
                && is_positive
                && is_there
                && !words.is_empty()
                && !predicate.name.ends_with("match?")
            {
                own.words.push(words);
            }
        }
        own
    }
}

/// The last word of a name, dotted or not. None for other texts: where their words begin and end in the code is not known.
fn word(text: &str) -> Option<String> {
    let is_name = |part: &str| {
        part.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && part.chars().all(|c| c.is_alphanumeric() || c == '_')
    };
    let last = text.rsplit('.').next()?;
    text.split('.').all(is_name).then(|| last.to_owned())
}

fn quantifier(query: &tree_sitter::Query, pattern: usize, capture: u32) -> CaptureQuantifier {
    let quantifiers = query.capture_quantifiers(pattern);
    let found = quantifiers.get(capture as usize).copied();
    found.unwrap_or(CaptureQuantifier::Zero)
}

/// What tree-sitter says of a query, for people.
fn in_words(kind: &QueryErrorKind, message: &str) -> String {
    let word = message.trim_matches('"');
    match kind {
        QueryErrorKind::NodeType => format!("tree-sitter's Python grammar has no node `{word}`"),
        QueryErrorKind::Field => format!("tree-sitter's Python grammar has no field `{word}`"),
        QueryErrorKind::Capture => format!("nothing is captured as `@{word}`"),
        QueryErrorKind::Structure => {
            "no Python code has this shape: a node here can never stand where the pattern puts it"
                .to_owned()
        }
        QueryErrorKind::Syntax => {
            "this is no query: a bracket, a name or a string is missing or too much here".to_owned()
        }
        QueryErrorKind::Predicate | QueryErrorKind::Language => message.to_owned(),
    }
}

#[cfg(test)]
#[path = "query_tests.rs"]
mod tests;
