//! What one segment's tree says: scopes, bindings, functions, classes, calls, mutations.

use std::sync::OnceLock;

use rustc_hash::FxHashMap;

use crate::syntax::{Field, Kind, Node, NodeId, Seed, Tree, parse};
use crate::text::Excerpt;

/// The kind of a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScopeKind {
    /// The segment's own level: the module's scope, or the class's for a member.
    Root,
    Class,
    Function,
    Lambda,
    Comprehension,
}

/// A block in which names are bound.
#[derive(Debug)]
pub struct Scope {
    pub kind: ScopeKind,
    /// The node that makes the scope: a definition, a lambda, a comprehension; the module for the root.
    pub node: NodeId,
    /// The scope around it; none for the root.
    pub parent: Option<usize>,
}

/// How a name comes to be bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BindingKind {
    Parameter,
    /// `name = value`; with `value`.
    Assignment,
    /// `name: annotation`, without a value.
    Annotation,
    /// A name in a tuple or list on the left; `value` is the whole right side.
    Unpacking,
    /// `name += value`.
    Augmented,
    /// `for name in value`, also in comprehensions.
    Loop,
    /// `with value as name`.
    With,
    /// `except E as name`.
    Except,
    /// `import a.b` binds `a`; `value` is the statement.
    Import,
    /// `import a.b as name`; `value` is the aliased import.
    ImportAs,
    /// `from m import name` or `… as name`; `value` is the imported name's node, or the aliased import.
    FromImport,
    /// `def name`; `value` is the definition.
    Function,
    /// `class name`; `value` is the definition.
    Class,
    /// `global name`: no binding here, the module's.
    Global,
    /// `nonlocal name`: no binding here, an outer function's.
    Nonlocal,
    Delete,
    /// A capture in `case`, a type alias.
    Other,
}

/// One place that binds a name.
#[derive(Debug)]
pub struct Binding {
    pub kind: BindingKind,
    /// The name's node.
    pub name: NodeId,
    /// The scope in which it is bound.
    pub scope: usize,
    /// What is bound, where there is such a node.
    pub value: Option<NodeId>,
}

/// A function definition or a lambda.
#[derive(Debug)]
pub struct FunctionData {
    /// The definition's node.
    pub node: NodeId,
    /// The scope in which it stands.
    pub outer: usize,
    /// The scope that it makes.
    pub scope: usize,
    /// Whether its own body holds a `yield`.
    pub is_generator: bool,
}

/// A class definition.
#[derive(Debug)]
pub struct ClassData {
    pub node: NodeId,
    /// The scope in which it stands.
    pub outer: usize,
    /// The scope that it makes.
    pub scope: usize,
}

/// How an object is changed in place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MutationKind {
    /// A call of a method that changes its receiver: `xs.append(x)`.
    Method,
    /// `xs[k] = v`, `xs[k] += v`.
    Item,
    /// `x.a = v`, `x.a += v`.
    Attribute,
    /// `del xs[k]`, `del x.a`.
    Delete,
    /// `xs += [v]`.
    Augmented,
}

/// A place that changes an object.
#[derive(Debug)]
pub struct Mutation {
    pub kind: MutationKind,
    /// The expression whose object is changed.
    pub target: NodeId,
    /// The call, or the statement.
    pub node: NodeId,
}

/// Everything rules ask of a segment.
#[derive(Debug)]
pub struct Body {
    pub tree: Tree,
    pub seed: Option<Seed>,
    pub scopes: Vec<Scope>,
    /// In source order of the names.
    pub bindings: Vec<Binding>,
    pub functions: Vec<FunctionData>,
    pub classes: Vec<ClassData>,
    /// In source order.
    pub calls: Vec<NodeId>,
    /// In source order of what is changed.
    pub mutations: Vec<Mutation>,
    /// Products of a list or tuple display and something else, in source order.
    pub repetitions: Vec<NodeId>,
    /// Whether a `nonlocal` stands in it.
    pub has_nonlocal: bool,
    names: OnceLock<FxHashMap<u64, Vec<NodeId>>>,
    /// Sorted.
    bound: OnceLock<Box<[(u64, usize, usize)]>>,
}

fn key(name: &str) -> u64 {
    xxhash_rust::xxh3::xxh3_64(name.as_bytes())
}

impl Body {
    /// Parses and builds.
    pub fn new(text: &Excerpt, seed: Option<&Seed>, keep: bool) -> Body {
        let (tree, seed) = parse(text, seed, keep);
        let mut body = Body {
            tree,
            seed,
            scopes: vec![Scope {
                kind: ScopeKind::Root,
                node: NodeId(0),
                parent: None,
            }],
            bindings: Vec::new(),
            functions: Vec::new(),
            classes: Vec::new(),
            calls: Vec::new(),
            mutations: Vec::new(),
            repetitions: Vec::new(),
            has_nonlocal: false,
            names: OnceLock::new(),
            bound: OnceLock::new(),
        };
        let tree = std::mem::replace(&mut body.tree, Tree::empty());
        for node in tree.nodes() {
            body.visit(node);
        }
        body.tree = tree;
        body.mutations.sort_by_key(|mutation| mutation.target);
        body.bindings.sort_by_key(|binding| binding.name);
        body
    }

    /// The function or lambda that makes a scope.
    pub fn function_of(&self, scope: usize) -> Option<&FunctionData> {
        let functions = &self.functions;
        let at = functions.binary_search_by_key(&scope, |function| function.scope);
        functions.get(at.ok()?)
    }

    /// The class that makes a scope.
    pub fn class_of(&self, scope: usize) -> Option<&ClassData> {
        let classes = &self.classes;
        let at = classes.binary_search_by_key(&scope, |class| class.scope);
        classes.get(at.ok()?)
    }

    /// The scope in which a node is evaluated. Decorators, defaults, annotations and bases belong to the scope around their definition, and so does a comprehension's first iterable.
    pub fn scope_of(&self, node: Node<'_>) -> usize {
        let mut child = node;
        let mut clause = None;
        while let Some(parent) = child.parent() {
            let inside = match parent.kind() {
                Kind::FunctionDef | Kind::Lambda | Kind::ClassDef => child.field() == Field::Body,
                kind if kind.is_comprehension() => {
                    let first = parent.child_of(Kind::ForInClause);
                    !(clause.is_some_and(|field| field == Field::Right) && first == Some(child))
                }
                _ => false,
            };
            if inside && let Some(scope) = self.scope_at(parent.id()) {
                return scope;
            }
            clause = (parent.kind() == Kind::ForInClause).then_some(child.field());
            child = parent;
        }
        0
    }

    /// The scope that a node makes.
    pub fn scope_at(&self, node: NodeId) -> Option<usize> {
        self.scopes
            .binary_search_by_key(&node, |scope| scope.node)
            .ok()
    }

    /// The name nodes of a text, bound or read, in source order.
    pub fn named<'b>(&'b self, name: &'b str) -> impl Iterator<Item = NodeId> + 'b {
        self.named_in(self.tree.root(), name)
    }

    /// The same for those inside of a node.
    pub fn named_in<'b>(
        &'b self,
        node: Node<'b>,
        name: &'b str,
    ) -> impl Iterator<Item = NodeId> + 'b {
        let names = self.names.get_or_init(|| {
            let mut names: FxHashMap<u64, Vec<NodeId>> = FxHashMap::default();
            for node in self.tree.nodes().filter(|node| node.kind() == Kind::Name) {
                names.entry(key(node.text())).or_default().push(node.id());
            }
            names
        });
        let same = names.get(&key(name)).map_or(&[][..], Vec::as_slice);
        let from = same.partition_point(|id| *id < node.id());
        same[from..]
            .iter()
            .copied()
            .take_while(move |id| node.contains(self.tree.node(*id)))
            .filter(move |id| self.tree.node(*id).text() == name)
    }

    /// The hashes of names and the scopes in which they are bound, with the numbers of the bindings.
    fn bound(&self) -> &[(u64, usize, usize)] {
        self.bound.get_or_init(|| {
            let numbered = self.bindings.iter().enumerate();
            let bound = numbered.map(|(number, binding)| {
                let name = self.tree.node(binding.name).text();
                (key(name), binding.scope, number)
            });
            let mut bound: Box<[_]> = bound.collect();
            bound.sort_unstable();
            bound
        })
    }

    /// The numbers of a name's bindings, in whatever scope, in source order.
    pub fn bindings_of(&self, name: &str) -> Vec<usize> {
        let (bound, key) = (self.bound(), key(name));
        let from = bound.partition_point(|(other, _, _)| *other < key);
        let same = bound[from..]
            .iter()
            .take_while(|(other, _, _)| *other == key);
        let numbers = same.map(|(_, _, number)| *number);
        let mut found: Vec<usize> = numbers
            .filter(|number| self.tree.node(self.bindings[*number].name).text() == name)
            .collect();
        found.sort_unstable();
        found
    }

    /// The node outside of which nothing reads what a name's node binds: that of its scope, or the module's where it is another scope's name.
    pub fn reach_of(&self, bound: Node<'_>) -> NodeId {
        let at = self
            .bindings
            .partition_point(|binding| binding.name < bound.id());
        let known = self.bindings.get(at);
        let scope = known
            .filter(|binding| binding.name == bound.id())
            .map_or(0, |binding| binding.scope);
        let mut same = self.bindings_in(scope, bound.text());
        let is_elsewhere =
            same.any(|binding| matches!(binding.kind, BindingKind::Global | BindingKind::Nonlocal));
        match is_elsewhere {
            true => NodeId(0),
            false => self.scopes[scope].node,
        }
    }

    /// The bindings of a name in one scope, in source order.
    pub fn bindings_in<'b>(
        &'b self,
        scope: usize,
        name: &'b str,
    ) -> impl Iterator<Item = &'b Binding> {
        self.numbers_in(scope, name)
            .map(|number| &self.bindings[number])
    }

    /// Whether what a binding of an inner scope binds, or the binding itself declares, is the module's: the scope declares its name `global`.
    pub fn is_global(&self, binding: &Binding) -> bool {
        let name = self.tree.node(binding.name).text();
        let mut same = self.bindings_in(binding.scope, name);
        self.scopes[binding.scope].kind != ScopeKind::Comprehension
            && same.any(|other| other.kind == BindingKind::Global)
    }

    /// The numbers of the bindings of a name in one scope, in source order.
    pub fn numbers_in<'b>(
        &'b self,
        scope: usize,
        name: &'b str,
    ) -> impl Iterator<Item = usize> + 'b {
        let (bound, wanted) = (self.bound(), (key(name), scope));
        let from = bound.partition_point(|(key, scope, _)| (*key, *scope) < wanted);
        let same = bound[from..]
            .iter()
            .take_while(move |(key, scope, _)| (*key, *scope) == wanted);
        same.map(|(_, _, number)| *number)
            .filter(move |number| self.tree.node(self.bindings[*number].name).text() == name)
    }
}
