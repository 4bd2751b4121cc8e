//! A node in its file: what rules hold in their hands.

use std::ops::Range;

use super::body::{Body, ScopeKind};
use super::file::{BindingSite, FileFacts, may_bind_on_top};
use super::segment::SegmentFacts;
use super::{BindingKind, ClassData, FunctionData, Mutation};
use crate::syntax::{CutKind, Field, Kind, Node, NodeId};

/// A node, the segment and the file that it stands in.
#[derive(Clone, Copy)]
pub struct Site<'f> {
    pub file: &'f FileFacts,
    pub segment: usize,
    pub node: Node<'f>,
}

impl PartialEq for Site<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.node == other.node
    }
}

impl std::fmt::Debug for Site<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} at {}", self.node, self.range().start)
    }
}

/// What a name refers to, by the rules of LEGB.
pub enum Resolution<'f> {
    /// Bindings in a function, lambda, comprehension, or class scope.
    Local(Vec<BindingSite<'f>>),
    /// Bindings in the module's scope.
    Module(Vec<BindingSite<'f>>),
    /// Bound nowhere in the file: a builtin, a name from a star import, or a mistake.
    Free,
}

impl<'f> Site<'f> {
    /// Another node of the same segment.
    pub fn with(self, node: Node<'f>) -> Site<'f> {
        Site { node, ..self }
    }

    /// Another node of the same segment, by its number.
    pub fn at(self, node: NodeId) -> Site<'f> {
        self.with(self.node.tree().node(node))
    }

    /// The child in a field.
    pub fn child(self, field: Field) -> Option<Site<'f>> {
        self.node.child(field).map(|node| self.with(node))
    }

    /// The facts of the segment.
    pub fn body(self) -> &'f Body {
        self.file.segment(self.segment).body()
    }

    /// Its source text.
    pub fn text(self) -> &'f str {
        self.node.text()
    }

    /// Bytes of the file.
    pub fn range(self) -> Range<usize> {
        let start = self.file.start(self.segment);
        let range = self.node.range();
        start + range.start..start + range.end
    }

    /// The scope of its segment in which it is evaluated.
    pub fn scope(self) -> usize {
        self.body().scope_of(self.node)
    }

    /// The statement that it is part of; itself, where there is none.
    pub fn statement(self) -> Site<'f> {
        self.node.statement().map_or(self, |node| self.with(node))
    }

    /// The calls inside it (itself included), in source order.
    pub fn calls(self) -> impl Iterator<Item = Site<'f>> {
        let calls = &self.body().calls;
        let from = calls.partition_point(|call| *call < self.node.id());
        calls[from..]
            .iter()
            .map(move |call| self.at(*call))
            .take_while(move |call| self.node.contains(call.node))
    }

    /// The mutations inside it, in source order.
    pub fn mutations(self) -> impl Iterator<Item = &'f Mutation> {
        let tree = self.node.tree();
        // what is changed stands inside of what changes it
        let mutations = &self.body().mutations;
        let from = mutations.partition_point(|mutation| mutation.target < self.node.id());
        mutations[from..]
            .iter()
            .take_while(move |mutation| self.node.contains(tree.node(mutation.target)))
            .filter(move |mutation| self.node.contains(tree.node(mutation.node)))
    }

    /// The innermost function or lambda whose body holds the node.
    pub fn function(self) -> Option<&'f FunctionData> {
        let body = self.body();
        let mut scope = Some(self.scope());
        while let Some(index) = scope {
            if matches!(
                body.scopes[index].kind,
                ScopeKind::Function | ScopeKind::Lambda
            ) {
                return body.function_of(index);
            }
            scope = body.scopes[index].parent;
        }
        None
    }

    /// The class in whose body the node stands directly: not inside one of its methods. Its head's site, for a member.
    pub fn class_around(self, scope: usize) -> Option<(Site<'f>, &'f ClassData)> {
        let body = self.body();
        if body.scopes[scope].kind == ScopeKind::Class {
            let class = body.class_of(scope)?;
            return Some((self.at(class.node), class));
        }
        if scope != 0 || self.file.segment(self.segment).kind() != CutKind::Member {
            return None;
        }
        let head = self.file.root(self.file.head_of(self.segment)?);
        let class = head.body().classes.first()?;
        Some((head.at(class.node), class))
    }

    /// What the name at this site refers to.
    pub fn resolve(self) -> Resolution<'f> {
        self.resolve_from(self.scope(), self.text())
    }

    /// What a name refers to when it is read in a scope of this segment.
    pub fn resolve_from(self, from: usize, name: &str) -> Resolution<'f> {
        let body = self.body();
        let mut scope = Some(from);
        while let Some(index) = scope {
            scope = body.scopes[index].parent;
            let kind = body.scopes[index].kind;
            let is_class_scope = kind == ScopeKind::Class
                || (index == 0 && self.file.segment(self.segment).kind() == CutKind::Member);
            if is_class_scope {
                if index == from
                    && let Some((class, _)) = self.class_around(index)
                {
                    let members = class.members_named(name);
                    if !members.is_empty() {
                        return Resolution::Local(members);
                    }
                }
                continue;
            }
            if index == 0 {
                break;
            }
            let found: Vec<_> = self.scope_bindings(index, name);
            if found
                .iter()
                .any(|site| site.binding.kind == BindingKind::Global)
            {
                break;
            }
            if !found.is_empty()
                && !found
                    .iter()
                    .any(|site| site.binding.kind == BindingKind::Nonlocal)
            {
                return Resolution::Local(found);
            }
        }
        let found = self.file.module_bindings(name);
        if found.is_empty() {
            Resolution::Free
        } else {
            Resolution::Module(found)
        }
    }

    /// The bindings of a name in one scope of this segment; for a function's, also those that inner functions make through `nonlocal`.
    fn scope_bindings(self, scope: usize, name: &str) -> Vec<BindingSite<'f>> {
        let body = self.body();
        if !body.has_nonlocal {
            let numbers = body.numbers_in(scope, name);
            return numbers
                .map(|number| self.file.binding_site(self.segment, number))
                .collect();
        }
        let is_here = |other: usize| {
            other == scope
                || (body.scopes[other].parent == Some(scope)
                    && body
                        .bindings_in(other, name)
                        .any(|binding| binding.kind == BindingKind::Nonlocal))
        };
        let numbers = body.bindings_of(name).into_iter().filter(|&number| {
            let binding = &body.bindings[number];
            is_here(binding.scope)
                && (binding.scope == scope || binding.kind != BindingKind::Nonlocal)
        });
        numbers
            .map(|number| self.file.binding_site(self.segment, number))
            .collect()
    }

    /// For a class: where its body binds a name, in source order, over head and members.
    pub fn members_named(self, name: &str) -> Vec<BindingSite<'f>> {
        let is_named = |site: &BindingSite<'f>| site.name.text() == name;
        let listed = self.file.members_binding(self.segment, name);
        match listed.filter(|_| self.member_segments().next().is_some()) {
            Some(listed) => self
                .members_in(listed.into_iter())
                .filter(is_named)
                .collect(),
            None => self
                .members_where(|facts| may_bind_on_top(facts, name))
                .filter(is_named)
                .collect(),
        }
    }

    /// For a class: every binding of its body, in source order, over head and members.
    pub fn members(self) -> impl Iterator<Item = BindingSite<'f>> {
        self.members_where(|_| true)
    }

    /// For a class: the bindings of its body, in source order, in the head and in those member segments whose facts are asked for.
    pub fn members_where(
        self,
        is_asked: impl Fn(&SegmentFacts) -> bool,
    ) -> impl Iterator<Item = BindingSite<'f>> {
        let file = self.file;
        let segments = self.member_segments();
        self.members_in(segments.filter(move |&segment| is_asked(file.segment(segment))))
    }

    /// For a class: the bindings of its body, in source order, in the head and in the members in whose code one of some words stands.
    pub fn members_naming(self, words: &[&str]) -> impl Iterator<Item = BindingSite<'f>> {
        let file = self.file;
        let is_split = self.member_segments().next().is_some();
        let words = words.iter().filter(|_| is_split);
        let mut segments: Vec<usize> = words
            .flat_map(|word| file.members_naming(self.segment, word))
            .collect();
        segments.sort_unstable();
        segments.dedup();
        self.members_in(segments.into_iter())
    }

    /// For a class: the bindings of its body in the head and in these member segments.
    fn members_in(
        self,
        segments: impl Iterator<Item = usize>,
    ) -> impl Iterator<Item = BindingSite<'f>> {
        let own = self.body().scope_at(self.node.id());
        let file = self.file;
        let here = own.map(|scope| (self.segment, scope));
        here.into_iter()
            .chain(segments.map(|segment| (segment, 0)))
            .flat_map(move |(segment, scope)| {
                let bindings = &file.segment(segment).body().bindings;
                (0..bindings.len())
                    .filter(move |&number| bindings[number].scope == scope)
                    .map(move |number| file.binding_site(segment, number))
                    .filter(|member| !is_for_checkers(member))
            })
    }

    /// For a class whose body is cut into segments: those of its members.
    fn member_segments(self) -> impl Iterator<Item = usize> {
        let file = self.file;
        let is_split = file.segment(self.segment).kind() == CutKind::Head
            && self.body().classes.first().map(|class| class.node) == Some(self.node.id());
        is_split
            .then(|| file.members_of(self.segment))
            .into_iter()
            .flatten()
    }

    /// For a class: the parts of its body, over head and members, whose facts are asked for.
    pub fn class_parts(self, is_asked: impl Fn(&SegmentFacts) -> bool) -> Vec<Site<'f>> {
        self.parts_in(self.member_segments(), is_asked)
    }

    /// The same, where only those are asked for in whose code a name stands.
    pub fn class_parts_with(
        self,
        name: &str,
        is_asked: impl Fn(&SegmentFacts) -> bool,
    ) -> Vec<Site<'f>> {
        let is_split = self.member_segments().next().is_some();
        let members = is_split.then(|| self.file.members_naming(self.segment, name));
        self.parts_in(members.into_iter().flatten(), is_asked)
    }

    /// For a class: the head's part and these members, whose facts are asked for.
    fn parts_in(
        self,
        members: impl Iterator<Item = usize>,
        is_asked: impl Fn(&SegmentFacts) -> bool,
    ) -> Vec<Site<'f>> {
        let file = self.file;
        let own = is_asked(file.segment(self.segment)).then(|| self.child(Field::Body));
        let rest = members
            .filter(|&segment| is_asked(file.segment(segment)))
            .map(|segment| file.root(segment));
        own.flatten().into_iter().chain(rest).collect()
    }

    /// For a definition with decorators: the decorators' expressions, topmost first.
    pub fn decorators(self) -> impl Iterator<Item = Site<'f>> {
        let decorated = self
            .node
            .parent()
            .filter(|parent| parent.kind() == Kind::Decorated);
        decorated
            .into_iter()
            .flat_map(Node::children)
            .filter(|child| child.kind() == Kind::Decorator)
            .filter_map(move |decorator| decorator.children().next().map(|node| self.with(node)))
    }
}

/// Whether a class's method is only there for type checkers: in `if TYPE_CHECKING:`, which never runs.
fn is_for_checkers(member: &BindingSite<'_>) -> bool {
    let mut node = member.name.node;
    if member.binding.kind != BindingKind::Function {
        return false;
    }
    while let Some(parent) = node.parent() {
        match (parent.kind(), node.field()) {
            (Kind::ClassDef, _) => return false,
            (Kind::If, Field::Consequence) => {
                let test = parent.child(Field::Condition).map_or("", Node::text);
                if test == "TYPE_CHECKING" || test.ends_with(".TYPE_CHECKING") {
                    return true;
                }
            }
            _ => {}
        }
        node = parent;
    }
    false
}
