//! What stands at a place of the code, as the hover selectors of cards name it.

use std::ops::Range;

use super::meaning;
use super::shapes;
use crate::facts::{FileFacts, Site};
use crate::knowledge::{
    COMMENTS, Comprehension, ConceptCard, KEYWORDS, Knowledge, LITERALS, OPERATORS, Selector,
};
use crate::project::{Class, Function, Project};
use crate::syntax::{Kind, Node, Op};

/// What stands at a place.
pub(super) struct Construct<'p> {
    /// Bytes of the file.
    pub(super) range: Range<usize>,
    /// What it is, the most specific first.
    pub(super) is: Vec<Selector>,
    /// The names that it has in the project. Only cards of the user's mean these: a built-in card means what stands outside, whatever the project calls its own.
    pub(super) own: Vec<Selector>,
    /// What of the project's own it names.
    pub(super) named: Option<Named<'p>>,
}

impl Construct<'_> {
    /// The cards that answer on it, the most specific first.
    pub(super) fn cards<'k>(&self, knowledge: &'k Knowledge) -> Vec<&'k ConceptCard> {
        let own = self.own.iter().flat_map(|is| knowledge.concepts_for(is));
        // with the built-in card that one of these lies over
        let of_user = own
            .filter(|card| card.file.is_some())
            .flat_map(|card| std::iter::once(card).chain(knowledge.below(card)));
        let others = self.is.iter().flat_map(|is| knowledge.concepts_for(is));
        let mut cards: Vec<&ConceptCard> = Vec::new();
        for card in of_user.chain(others) {
            if !cards.iter().any(|known| std::ptr::eq(*known, card)) {
                cards.push(card);
            }
        }
        cards
    }

    fn at(range: Range<usize>) -> Self {
        Construct {
            range,
            is: Vec::new(),
            own: Vec::new(),
            named: None,
        }
    }
}

/// A definition of the project that a name stands for.
#[derive(Clone, Copy)]
pub(super) enum Named<'p> {
    /// The class, or an object of it.
    Class(Class<'p>),
    Function(Function<'p>),
}

/// The construct at a byte. None between constructs, and in text and comments that tell no tool anything.
pub(super) fn construct_at<'p>(
    project: &'p Project,
    file: &'p FileFacts,
    offset: usize,
) -> Option<Construct<'p>> {
    let (segment, inside) = file.segment_at(offset)?;
    let root = file.root(segment);
    let site = root.with(root.node.tree().at(inside));
    let mut construct = Construct::at(site.range());
    let token_of = |range: Range<usize>| {
        let start = file.start(segment);
        start + range.start..start + range.end
    };
    if let Some(comment) = comment_around(site.node, inside) {
        let (range, word) = directive(comment, inside)?;
        construct.range = token_of(range);
        construct.is.push(Selector::Comment(word.to_string()));
        return Some(construct);
    }
    match site.node.kind() {
        kind if is_whole(kind) => whole(project, site, &mut construct),
        // the quotes of a text, and what is between them
        Kind::Other if is_in_text(site.node) => {
            let text = site.with(site.node.parent()?);
            construct.range = text.range();
            literal(text.node, &mut construct.is);
        }
        _ => {
            let start = site.node.range().start;
            let token = token_at(site.text(), inside.checked_sub(start)?)?;
            keyword_or_operator(site, &site.text()[token.clone()], &mut construct.is);
            construct.range = token_of(start + token.start..start + token.end);
        }
    }
    if offset < first_line_end(file.source()) {
        let name = file.path().file_name()?.to_string_lossy().into_owned();
        construct.is.push(Selector::File(name));
    }
    Some(construct)
}

/// Every construct of a file from a byte on, in the order of its nodes, without those that are nothing a card could answer on. Segments that do not parse are left out, and those
/// that end before the byte are not parsed for it.
pub(super) fn constructs_in<'p>(
    project: &'p Project,
    file: &'p FileFacts,
    from: usize,
) -> Vec<Construct<'p>> {
    let mut found = Vec::new();
    let first = file.segment_at(from).map_or(0, |(segment, _)| segment);
    for segment in first..file.len() {
        let root = file.root(segment);
        if root.node.tree().has_error() {
            continue;
        }
        for node in root.node.tree().nodes() {
            let site = root.with(node);
            match node.kind() {
                Kind::Comment | Kind::Other => {}
                kind if is_whole(kind) => {
                    let mut construct = Construct::at(site.range());
                    whole(project, site, &mut construct);
                    found.push(construct);
                }
                _ => tokens(site, &mut found),
            }
        }
    }
    found.retain(|construct| {
        let is_something = !construct.is.is_empty() || !construct.own.is_empty();
        is_something && construct.range.start >= from
    });
    found
}

/// Whether a node of this kind is one construct from end to end.
fn is_whole(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Name | Kind::String | Kind::Integer | Kind::Float | Kind::Ellipsis
    )
}

fn whole<'p>(project: &'p Project, site: Site<'p>, construct: &mut Construct<'p>) {
    match site.node.kind() {
        Kind::Name => meaning::name(project, site, construct),
        _ => literal(site.node, &mut construct.is),
    }
}

/// The keywords and operators that stand between a node's children.
fn tokens<'p>(site: Site<'p>, found: &mut Vec<Construct<'p>>) {
    let (text, start) = (site.text(), site.node.range().start);
    let file_start = site.range().start;
    let children = site.node.children().map(|child| child.range());
    let ranges = children.map(|range| range.start - start..range.end - start);
    let mut at = 0;
    for child in ranges.chain(std::iter::once(text.len()..text.len())) {
        while at < child.start {
            let Some(token) = token_at(text, at) else {
                at += 1;
                continue;
            };
            at = token.end;
            let mut construct = Construct::at(file_start + token.start..file_start + token.end);
            keyword_or_operator(site, &text[token], &mut construct.is);
            found.push(construct);
        }
        at = at.max(child.end);
    }
}

fn first_line_end(source: &str) -> usize {
    source.find(['\n', '\r']).unwrap_or(source.len())
}

fn is_in_text(node: Node<'_>) -> bool {
    node.parent()
        .is_some_and(|parent| parent.kind() == Kind::String)
}

/// The comment in a node that holds a byte of the segment.
fn comment_around(node: Node<'_>, at: usize) -> Option<Node<'_>> {
    let holds = |node: &Node<'_>| node.kind() == Kind::Comment && node.range().contains(&at);
    node.descendants().find(holds)
}

/// What a comment tells a tool at a byte of the segment: where that stands, and the word that it begins with.
fn directive(comment: Node<'_>, at: usize) -> Option<(Range<usize>, &'static str)> {
    let (text, start) = (comment.text(), comment.range().start);
    let hash = text.get(..at + 1 - start)?.rfind('#')?;
    let part = text[hash + 1..].split('#').next()?;
    let range = start + hash..start + hash + 1 + part.trim_end().len();
    let said = part.trim();
    let word = said.split(|c: char| !c.is_ascii_alphanumeric()).next()?;
    let word = COMMENTS
        .iter()
        .find(|known| word.eq_ignore_ascii_case(known))?;
    let rest = said[word.len()..].trim_start();
    let tells = match *word {
        "noqa" => rest.is_empty() || rest.starts_with(':'),
        "type" => rest
            .strip_prefix(':')
            .is_some_and(|rest| rest.trim_start().starts_with("ignore")),
        _ => rest.starts_with(':'),
    };
    (tells && range.contains(&at)).then_some((range, *word))
}

/// The word or operator around a byte of a node's text, outside of its children.
fn token_at(text: &str, at: usize) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let is_operator = |byte: u8| b"+-*/%@<>&|^~=!:".contains(&byte);
    let class = *bytes.get(at)?;
    let same: &dyn Fn(u8) -> bool = if is_word(class) {
        &is_word
    } else if is_operator(class) {
        &is_operator
    } else {
        return None;
    };
    let start = bytes[..at]
        .iter()
        .rposition(|byte| !same(*byte))
        .map_or(0, |before| before + 1);
    let end = bytes[at..]
        .iter()
        .position(|byte| !same(*byte))
        .map_or(bytes.len(), |after| at + after);
    Some(start..end)
}

fn keyword_or_operator(site: Site<'_>, token: &str, found: &mut Vec<Selector>) {
    let node = site.node;
    // the words of a comprehension stand in its clauses
    let comprehension = match node.kind() {
        Kind::ForInClause | Kind::IfClause => node.parent(),
        _ => Some(node),
    };
    found.extend(comprehension.and_then(comprehension_of));
    let shape = match (node.kind(), token) {
        (Kind::Lambda, "lambda") => Function::at(site).and_then(shapes::closure_over_loop),
        (Kind::Comparison, "is" | "not") => shapes::identity(node),
        (Kind::Yield, "yield") => shapes::receiving(node),
        _ => None,
    };
    found.extend(shape.map(Selector::Shape));
    let is_star =
        || node.kind() == Kind::WildcardImport || node.child_of(Kind::WildcardImport).is_some();
    let whole = match (node.kind(), node.op(), token) {
        (Kind::Comparison, Op::IsNot, "is" | "not") => "is not",
        (Kind::Comparison, Op::NotIn, "not" | "in") => "not in",
        (Kind::Yield, Op::From, "yield" | "from") => "yield from",
        (Kind::ExceptClause, _, "except") if is_bare(node) => "except:",
        (Kind::WildcardImport | Kind::ImportFrom, _, _) if is_star() => "import *",
        _ => token,
    };
    if OPERATORS.contains(&whole) {
        found.push(Selector::Operator(whole.to_string()));
    }
    for word in [whole, token] {
        if KEYWORDS.contains(&word) && !found.contains(&Selector::Keyword(word.to_string())) {
            found.push(Selector::Keyword(word.to_string()));
        }
    }
    literal(node, found);
}

/// Whether an `except` names no exception.
fn is_bare(clause: Node<'_>) -> bool {
    clause
        .children()
        .next()
        .is_some_and(|first| first.kind() == Kind::Block)
}

fn comprehension_of(node: Node<'_>) -> Option<Selector> {
    Some(Selector::Comprehension(match node.kind() {
        Kind::ListComprehension => Comprehension::List,
        Kind::SetComprehension => Comprehension::Set,
        Kind::DictComprehension => Comprehension::Dict,
        Kind::GeneratorExpression => Comprehension::Generator,
        _ => return None,
    }))
}

fn literal(node: Node<'_>, found: &mut Vec<Selector>) {
    let word = match node.kind() {
        Kind::String => {
            let prefix: String = node
                .text()
                .chars()
                .take_while(char::is_ascii_alphabetic)
                .collect();
            match prefix.to_ascii_lowercase().as_str() {
                prefix if prefix.contains('f') => "f-string",
                prefix if prefix.contains('t') => "t-string",
                prefix if prefix.contains('b') => "bytes",
                _ => "string",
            }
        }
        Kind::Integer => "integer",
        Kind::Float => "float",
        Kind::Ellipsis => "ellipsis",
        Kind::List => "list",
        Kind::Dict => "dict",
        Kind::Set => "set",
        Kind::Tuple => "tuple",
        Kind::Slice => "slice",
        _ => return,
    };
    debug_assert!(LITERALS.contains(&word));
    found.push(Selector::Literal(word.to_string()));
}
