//! A segment's tree: the named nodes of tree-sitter's tree that matter, flat and in source order.
//!
//! A node's descendants are the nodes between it and its `next`, so a loop over them is a loop over a slice, however deep the code nests.

use std::borrow::Cow;
use std::cell::RefCell;
use std::ops::{ControlFlow, Range};

use tree_sitter::{InputEdit, ParseOptions, ParseState, Parser, Point};

use super::kind::{Field, Grammar, Kind, Op};
use super::source::{comments_in, normalise};
use crate::text::Excerpt;

/// The number of a node in its segment's tree, in source order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub u32);

#[derive(Clone, Copy, Debug)]
struct NodeData {
    start: u32,
    end: u32,
    next: u32,
    parent: u32,
    kind: Kind,
    field: Field,
    op: Op,
}

/// The tree of one segment, with the text it was parsed from. Positions are bytes from the segment's start.
#[derive(Debug)]
pub struct Tree {
    nodes: Vec<NodeData>,
    text: Excerpt,
    has_error: bool,
}

/// tree-sitter's own tree, kept for large segments so that the next parse can start from it.
#[derive(Clone, Debug)]
pub struct Seed {
    tree: tree_sitter::Tree,
    text: Excerpt,
}

/// From this size on, an edited segment is parsed incrementally; below, a fresh parse is as fast.
const INCREMENTAL_FROM: usize = 4096;

thread_local! {
    static PARSER: RefCell<Parser> = RefCell::new({
        let mut parser = Parser::new();
        parser.set_language(&tree_sitter_python::LANGUAGE.into()).expect("the grammar and the library are built for each other");
        parser
    });
}

/// Parses a segment's text. `seed` is an earlier parse of nearly the same text; with `keep`, what comes back besides is the seed of a later one.
///
/// The tree is the same with and without a seed (test `seeded_parse_equals_fresh_parse`).
pub fn parse(text: &Excerpt, seed: Option<&Seed>, keep: bool) -> (Tree, Option<Seed>) {
    let source = normalise(text);
    let parsed = PARSER.with_borrow_mut(|parser| {
        let old = seed.map(|seed| seed.edited(&source));
        parse_bytes(parser, source.as_bytes(), old.as_ref())
    });
    let nodes = parsed.as_ref().and_then(|tree| flatten(tree, text));
    let (Some(parsed), Some(nodes)) = (parsed, nodes) else {
        return (
            Tree {
                nodes: vec![NodeData::opaque(text.len())],
                text: text.clone(),
                has_error: true,
            },
            None,
        );
    };
    let tree = Tree {
        nodes,
        text: text.clone(),
        has_error: parsed.root_node().has_error(),
    };
    let seed = (keep && text.len() >= INCREMENTAL_FROM).then(|| Seed {
        tree: parsed,
        text: match &source {
            Cow::Borrowed(_) => text.clone(),
            Cow::Owned(source) => source.as_str().into(),
        },
    });
    (tree, seed)
}

/// tree-sitter's own tree of a text. None where it gives up, or has to skip or invent something.
pub(super) fn parse_whole(text: &str) -> Option<tree_sitter::Tree> {
    parse_all(text).filter(|tree| !tree.root_node().has_error())
}

/// tree-sitter's own tree of a text, whatever it had to skip or invent. None where it gives up.
pub(super) fn parse_all(text: &str) -> Option<tree_sitter::Tree> {
    let source = normalise(text);
    PARSER.with_borrow_mut(|parser| parse_bytes(parser, source.as_bytes(), None))
}

fn parse_bytes(
    parser: &mut Parser,
    source: &[u8],
    old: Option<&tree_sitter::Tree>,
) -> Option<tree_sitter::Tree> {
    // A segment this broken is not worth more than this: error recovery can be quadratic.
    let mut budget = 1_000_000 + 50 * source.len();
    let mut progress = |_: &ParseState| {
        budget = budget.saturating_sub(100);
        if budget == 0 {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    };
    let options = ParseOptions::new().progress_callback(&mut progress);
    let mut read = |at: usize, _: Point| source.get(at..).unwrap_or_default();
    let tree = parser.parse_with_options(&mut read, old, Some(options));
    if tree.is_none() {
        parser.reset();
    }
    tree
}

impl Seed {
    /// The old tree, told where the new text differs.
    fn edited(&self, new: &str) -> tree_sitter::Tree {
        let (old, new) = (self.text.as_bytes(), new.as_bytes());
        let start = old.iter().zip(new).take_while(|(a, b)| a == b).count();
        let tail = old[start..]
            .iter()
            .rev()
            .zip(new[start..].iter().rev())
            .take_while(|(a, b)| a == b)
            .count();
        let (old_end, new_end) = (old.len() - tail, new.len() - tail);
        let mut tree = self.tree.clone();
        tree.edit(&InputEdit {
            start_byte: start,
            old_end_byte: old_end,
            new_end_byte: new_end,
            start_position: point(old, start),
            old_end_position: point(old, old_end),
            new_end_position: point(new, new_end),
        });
        tree
    }
}

fn point(text: &[u8], at: usize) -> Point {
    let before = &text[..at];
    let column = memchr::memrchr(b'\n', before).map_or(at, |newline| at - newline - 1);
    Point::new(memchr::memchr_iter(b'\n', before).count(), column)
}

impl NodeData {
    fn opaque(len: usize) -> NodeData {
        NodeData {
            start: 0,
            end: len as u32,
            next: 1,
            parent: 0,
            kind: Kind::Error,
            field: Field::None,
            op: Op::None,
        }
    }
}

/// How deep code may be nested that is looked into: what is asked of a node is often asked of every node around it. An operand of `a + b + …` is one deeper than the next.
const DEEPEST: usize = 1_000;

/// Copies the named nodes in source order. Iterative: the depth of the code is not the depth of the stack. None where the code is nested too deep.
fn flatten(tree: &tree_sitter::Tree, text: &str) -> Option<Vec<NodeData>> {
    let grammar = Grammar::get();
    // a little more than half of them are named
    let room = tree.root_node().descendant_count() / 3 * 2;
    let mut nodes: Vec<NodeData> = Vec::with_capacity(room);
    let mut open: Vec<u32> = Vec::new();
    let mut cursor = tree.walk();
    loop {
        let node = cursor.node();
        let mut pushed = false;
        if node.is_named() && !node.is_missing() {
            let kind = if node.is_error() {
                Kind::Error
            } else {
                grammar.kind(node.kind_id())
            };
            let data = |range: Range<usize>, next: usize| NodeData {
                start: range.start as u32,
                end: range.end as u32,
                next: next as u32,
                parent: open.last().copied().unwrap_or(0),
                kind,
                field: grammar.field(cursor.field_id()),
                op: Op::None,
            };
            if kind == Kind::Comment {
                for comment in comments_in(text, node.byte_range()) {
                    nodes.push(data(comment, nodes.len() + 1));
                }
            } else {
                nodes.push(data(node.byte_range(), 0));
                pushed = true;
            }
        } else if let Some(&parent) = open.last() {
            let parent = &mut nodes[parent as usize];
            let op = grammar.op(node.kind_id());
            if op != Op::None {
                parent.op = if parent.kind == Kind::Comparison && parent.op != Op::None {
                    Op::Chain
                } else {
                    op
                };
            }
        }
        if pushed && cursor.goto_first_child() {
            open.push(nodes.len() as u32 - 1);
            if open.len() > DEEPEST {
                return None;
            }
            continue;
        }
        if pushed {
            let last = nodes.len() - 1;
            nodes[last].next = nodes.len() as u32;
        }
        loop {
            if cursor.goto_next_sibling() {
                break;
            }
            if !cursor.goto_parent() {
                return Some(nodes);
            }
            if let Some(closed) = open.pop() {
                nodes[closed as usize].next = nodes.len() as u32;
            }
        }
    }
}

impl Tree {
    /// The tree of no text.
    pub fn empty() -> Tree {
        Tree {
            nodes: vec![NodeData::opaque(0)],
            text: "".into(),
            has_error: false,
        }
    }

    /// The module node.
    pub fn root(&self) -> Node<'_> {
        Node {
            tree: self,
            id: NodeId(0),
        }
    }

    /// A node by its number.
    pub fn node(&self, id: NodeId) -> Node<'_> {
        Node { tree: self, id }
    }

    /// Every node in source order.
    pub fn nodes(&self) -> impl Iterator<Item = Node<'_>> {
        (0..self.nodes.len() as u32).map(|id| Node {
            tree: self,
            id: NodeId(id),
        })
    }

    /// The segment's text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether tree-sitter had to skip or invent something.
    pub fn has_error(&self) -> bool {
        self.has_error
    }

    /// The smallest node that holds the byte, comments left out; the module where there is none.
    pub fn at(&self, offset: usize) -> Node<'_> {
        // in source order, what holds the byte is the last node that begins before it, or around that one
        let begun = |node: &NodeData| node.start as usize <= offset;
        let last = self.nodes.partition_point(begun).saturating_sub(1);
        let last = self.node(NodeId(last as u32));
        let holds =
            |node: &Node<'_>| node.kind() != Kind::Comment && node.range().contains(&offset);
        std::iter::once(last)
            .chain(last.ancestors())
            .find(holds)
            .unwrap_or(self.root())
    }
}

/// A node of a tree.
#[derive(Clone, Copy)]
pub struct Node<'t> {
    tree: &'t Tree,
    id: NodeId,
}

impl PartialEq for Node<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id && std::ptr::eq(self.tree, other.tree)
    }
}

impl std::fmt::Debug for Node<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} {:?}", self.kind(), self.text())
    }
}

impl<'t> Node<'t> {
    fn data(self) -> &'t NodeData {
        &self.tree.nodes[self.id.0 as usize]
    }

    /// The node's number.
    pub fn id(self) -> NodeId {
        self.id
    }

    /// The tree that the node is in.
    pub fn tree(self) -> &'t Tree {
        self.tree
    }

    /// What it is.
    pub fn kind(self) -> Kind {
        self.data().kind
    }

    /// The part it plays in its parent.
    pub fn field(self) -> Field {
        self.data().field
    }

    /// Its operator, or the keyword that changes it.
    pub fn op(self) -> Op {
        self.data().op
    }

    /// Bytes from the segment's start.
    pub fn range(self) -> Range<usize> {
        self.data().start as usize..self.data().end as usize
    }

    /// Its source text.
    pub fn text(self) -> &'t str {
        self.tree.text.get(self.range()).unwrap_or_default()
    }

    /// The node around it; none for the module.
    pub fn parent(self) -> Option<Node<'t>> {
        (self.id.0 != 0).then(|| Node {
            tree: self.tree,
            id: NodeId(self.data().parent),
        })
    }

    /// The nodes around it, nearest first.
    pub fn ancestors(self) -> impl Iterator<Item = Node<'t>> {
        std::iter::successors(self.parent(), |node| node.parent())
    }

    /// The nodes directly inside it, comments left out.
    pub fn children(self) -> impl Iterator<Item = Node<'t>> {
        let (mut at, end) = (self.id.0 + 1, self.data().next);
        std::iter::from_fn(move || {
            while at < end {
                let child = Node {
                    tree: self.tree,
                    id: NodeId(at),
                };
                at = child.data().next;
                if child.kind() != Kind::Comment {
                    return Some(child);
                }
            }
            None
        })
    }

    /// Every node inside it, in source order, without itself.
    pub fn descendants(self) -> impl Iterator<Item = Node<'t>> {
        let tree = self.tree;
        (self.id.0 + 1..self.data().next).map(move |id| Node {
            tree,
            id: NodeId(id),
        })
    }

    /// The nodes inside it, in source order, except what is inside nodes that `closed` names; those nodes themselves are visited.
    pub fn descendants_outside(self, closed: fn(Kind) -> bool) -> impl Iterator<Item = Node<'t>> {
        let tree = self.tree;
        let (mut at, end) = (self.id.0 + 1, self.data().next);
        std::iter::from_fn(move || {
            if at >= end {
                return None;
            }
            let node = Node {
                tree,
                id: NodeId(at),
            };
            at = if closed(node.kind()) {
                node.data().next
            } else {
                at + 1
            };
            Some(node)
        })
    }

    /// The node and every node inside it.
    pub fn with_descendants(self) -> impl Iterator<Item = Node<'t>> {
        std::iter::once(self).chain(self.descendants())
    }

    /// The first child in a field.
    pub fn child(self, field: Field) -> Option<Node<'t>> {
        self.children().find(|child| child.field() == field)
    }

    /// The first child of a kind.
    pub fn child_of(self, kind: Kind) -> Option<Node<'t>> {
        self.children().find(|child| child.kind() == kind)
    }

    /// Whether it is the other node, or around it. Never for a node of another segment.
    pub fn contains(self, other: Node<'_>) -> bool {
        std::ptr::eq(self.tree, other.tree) && self.id <= other.id && other.id.0 < self.data().next
    }

    /// The arguments of a call, as they are written.
    pub fn arguments(self) -> impl Iterator<Item = Node<'t>> {
        let list = self.child(Field::Arguments).into_iter();
        list.flat_map(Node::children)
    }

    /// The node inside of any parentheses around it.
    pub fn unparenthesized(self) -> Node<'t> {
        let mut node = self;
        while node.kind() == Kind::Parenthesized {
            let Some(inner) = node.children().next() else {
                break;
            };
            node = inner;
        }
        node
    }

    /// The statement that it is part of (itself, when it is one). None for the module, and for clauses.
    pub fn statement(self) -> Option<Node<'t>> {
        std::iter::once(self)
            .chain(self.ancestors())
            .find(|node| node.kind().is_statement())
    }
}

impl Kind {
    /// Whether nodes of this kind are comprehensions, generator expressions among them: they have a scope of their own.
    pub fn is_comprehension(self) -> bool {
        use Kind::{DictComprehension, GeneratorExpression, ListComprehension, SetComprehension};
        matches!(
            self,
            ListComprehension | SetComprehension | DictComprehension | GeneratorExpression
        )
    }

    /// Whether nodes of this kind make a list, dict or set by their form: displays, and comprehensions that are no generators.
    pub fn is_mutable_display(self) -> bool {
        use Kind::{Dict, DictComprehension, List, ListComprehension, Set, SetComprehension};
        matches!(
            self,
            List | Dict | Set | ListComprehension | DictComprehension | SetComprehension
        )
    }

    /// Whether nodes of this kind are statements of the language reference, simple or compound.
    pub fn is_statement(self) -> bool {
        use Kind::*;
        matches!(
            self,
            FunctionDef
                | ClassDef
                | ExpressionStatement
                | Return
                | Delete
                | Raise
                | Assert
                | Pass
                | Break
                | Continue
                | Global
                | Nonlocal
                | Import
                | ImportFrom
                | If
                | While
                | For
                | Try
                | With
                | Match
                | TypeAlias
        )
    }
}
