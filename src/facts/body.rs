//! What one segment's tree says: scopes, bindings, functions, classes, calls, mutations. Built in one pass over the nodes.

use std::sync::OnceLock;

use rustc_hash::FxHashMap;

use crate::syntax::{Field, Kind, Node, NodeId, Op, Seed, Tree, parse};
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

/// Special methods that Python looks for on the class of an object when it calls them by itself.
pub const IMPLICIT_METHODS: &[&str] = &[
    "__abs__",
    "__add__",
    "__aenter__",
    "__aexit__",
    "__aiter__",
    "__and__",
    "__anext__",
    "__await__",
    "__bool__",
    "__bytes__",
    "__call__",
    "__ceil__",
    "__complex__",
    "__contains__",
    "__del__",
    "__delattr__",
    "__delete__",
    "__delitem__",
    "__dir__",
    "__divmod__",
    "__enter__",
    "__eq__",
    "__exit__",
    "__float__",
    "__floor__",
    "__floordiv__",
    "__format__",
    "__fspath__",
    "__ge__",
    "__get__",
    "__getattr__",
    "__getattribute__",
    "__getitem__",
    "__gt__",
    "__hash__",
    "__iadd__",
    "__iand__",
    "__ifloordiv__",
    "__ilshift__",
    "__imatmul__",
    "__imod__",
    "__imul__",
    "__index__",
    "__int__",
    "__invert__",
    "__ior__",
    "__ipow__",
    "__irshift__",
    "__isub__",
    "__iter__",
    "__itruediv__",
    "__ixor__",
    "__le__",
    "__len__",
    "__length_hint__",
    "__lshift__",
    "__lt__",
    "__matmul__",
    "__missing__",
    "__mod__",
    "__mul__",
    "__ne__",
    "__neg__",
    "__next__",
    "__or__",
    "__pos__",
    "__pow__",
    "__radd__",
    "__rand__",
    "__rdivmod__",
    "__repr__",
    "__reversed__",
    "__rfloordiv__",
    "__rlshift__",
    "__rmatmul__",
    "__rmod__",
    "__rmul__",
    "__ror__",
    "__round__",
    "__rpow__",
    "__rrshift__",
    "__rshift__",
    "__rsub__",
    "__rtruediv__",
    "__rxor__",
    "__set__",
    "__set_name__",
    "__setattr__",
    "__setitem__",
    "__str__",
    "__sub__",
    "__truediv__",
    "__trunc__",
    "__xor__",
];

/// Methods of the built-in mutable types that change their receiver, and of the standard library's containers.
pub const MUTATING_METHODS: &[&str] = &[
    "add",
    "append",
    "appendleft",
    "clear",
    "difference_update",
    "discard",
    "extend",
    "extendleft",
    "insert",
    "intersection_update",
    "pop",
    "popitem",
    "popleft",
    "remove",
    "reverse",
    "rotate",
    "setdefault",
    "sort",
    "subtract",
    "symmetric_difference_update",
    "update",
    "move_to_end",
    "__setitem__",
    "__delitem__",
];

/// Those of them that give something of the container.
const GIVING_METHODS: &[&str] = &["pop", "popitem", "popleft", "setdefault"];

/// Whether a method changes a container and returns nothing. Nobody calls the special ones for a value.
pub fn is_mutator_without_result(method: &str) -> bool {
    MUTATING_METHODS.contains(&method)
        && !GIVING_METHODS.contains(&method)
        && !method.starts_with("__")
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
                Kind::ListComprehension
                | Kind::SetComprehension
                | Kind::DictComprehension
                | Kind::GeneratorExpression => {
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

    fn visit(&mut self, node: Node<'_>) {
        match node.kind() {
            Kind::FunctionDef | Kind::Lambda => self.function(node),
            Kind::ClassDef => self.class(node),
            Kind::ListComprehension
            | Kind::SetComprehension
            | Kind::DictComprehension
            | Kind::GeneratorExpression => {
                let parent = self.scope_of(node);
                self.scopes.push(Scope {
                    kind: ScopeKind::Comprehension,
                    node: node.id(),
                    parent: Some(parent),
                });
            }
            Kind::Assignment => self.assignment(node),
            Kind::AugmentedAssignment => self.augmented(node),
            Kind::For | Kind::ForInClause => self.loop_targets(node),
            Kind::AsPattern => self.as_pattern(node),
            Kind::ExceptClause => {
                if let Some(alias) = node.child(Field::Alias) {
                    self.targets(alias, BindingKind::Except, None);
                }
            }
            Kind::NamedExpression => self.walrus(node),
            Kind::Import | Kind::ImportFrom => self.import(node),
            Kind::Global | Kind::Nonlocal => {
                self.has_nonlocal |= node.kind() == Kind::Nonlocal;
                let kind = if node.kind() == Kind::Global {
                    BindingKind::Global
                } else {
                    BindingKind::Nonlocal
                };
                for name in node.children().filter(|child| child.kind() == Kind::Name) {
                    self.bind(name, kind, None);
                }
            }
            Kind::Delete => self.delete(node),
            Kind::CasePattern => {
                for name in node
                    .descendants()
                    .filter(|inner| inner.kind() == Kind::Name)
                {
                    self.bind(name, BindingKind::Other, None);
                }
            }
            Kind::TypeAlias => {
                if let Some(name) = node.descendants().find(|inner| inner.kind() == Kind::Name) {
                    self.bind(name, BindingKind::Other, None);
                }
            }
            Kind::BinaryOperation if node.op() == Op::Mul => {
                let is_display = |side: Node<'_>| {
                    matches!(side.unparenthesized().kind(), Kind::List | Kind::Tuple)
                };
                if node.children().any(is_display) {
                    self.repetitions.push(node.id());
                }
            }
            Kind::Yield => self.mark_generator(node),
            Kind::Call => self.call(node),
            _ => {}
        }
    }

    fn bind(&mut self, name: Node<'_>, kind: BindingKind, value: Option<Node<'_>>) {
        let scope = self.scope_of(name);
        self.bind_in(scope, name, kind, value);
    }

    fn bind_in(
        &mut self,
        scope: usize,
        name: Node<'_>,
        kind: BindingKind,
        value: Option<Node<'_>>,
    ) {
        self.bindings.push(Binding {
            kind,
            name: name.id(),
            scope,
            value: value.map(Node::id),
        });
    }

    fn function(&mut self, node: Node<'_>) {
        let outer = self.scope_of(node);
        let kind = if node.kind() == Kind::Lambda {
            ScopeKind::Lambda
        } else {
            ScopeKind::Function
        };
        if let Some(name) = node.child(Field::Name) {
            self.bind_in(outer, name, BindingKind::Function, Some(node));
        }
        let scope = self.scopes.len();
        self.scopes.push(Scope {
            kind,
            node: node.id(),
            parent: Some(outer),
        });
        self.functions.push(FunctionData {
            node: node.id(),
            outer,
            scope,
            is_generator: false,
        });
        for parameter in node
            .child(Field::Parameters)
            .into_iter()
            .flat_map(Node::children)
        {
            if let Some(name) = super::parameter_name(parameter) {
                self.bind_in(scope, name, BindingKind::Parameter, Some(parameter));
            }
        }
    }

    fn class(&mut self, node: Node<'_>) {
        let outer = self.scope_of(node);
        if let Some(name) = node.child(Field::Name) {
            self.bind_in(outer, name, BindingKind::Class, Some(node));
        }
        let scope = self.scopes.len();
        self.scopes.push(Scope {
            kind: ScopeKind::Class,
            node: node.id(),
            parent: Some(outer),
        });
        self.classes.push(ClassData {
            node: node.id(),
            outer,
            scope,
        });
    }

    /// Binds every name in a target: a name, or names in tuples, lists and stars.
    fn targets(&mut self, target: Node<'_>, kind: BindingKind, value: Option<Node<'_>>) {
        match target.kind() {
            Kind::Name => self.bind(target, kind, value),
            Kind::PatternList
            | Kind::Tuple
            | Kind::List
            | Kind::SplatPattern
            | Kind::Parenthesized
            | Kind::AsPatternTarget
            | Kind::ExpressionList => {
                let kind = if kind == BindingKind::Assignment {
                    BindingKind::Unpacking
                } else {
                    kind
                };
                let names = target.descendants().filter(|inner| {
                    inner.kind() == Kind::Name
                        && inner
                            .ancestors()
                            .take_while(|outer| *outer != target)
                            .all(|outer| {
                                matches!(
                                    outer.kind(),
                                    Kind::PatternList
                                        | Kind::Tuple
                                        | Kind::List
                                        | Kind::SplatPattern
                                        | Kind::Parenthesized
                                )
                            })
                });
                for name in names.collect::<Vec<_>>() {
                    self.bind(name, kind, value);
                }
            }
            _ => {}
        }
        for changed in target
            .with_descendants()
            .filter(|inner| matches!(inner.kind(), Kind::Subscript | Kind::Attribute))
        {
            if is_stored_to(changed, target) {
                self.store(changed, target);
            }
        }
    }

    /// Notes that an item or attribute is assigned to.
    fn store(&mut self, stored: Node<'_>, target: Node<'_>) {
        let statement = target.statement().unwrap_or(target);
        self.mutate(stored, statement, None);
    }

    /// `stored` is a subscript or an attribute that `node` assigns to or deletes.
    fn mutate(&mut self, stored: Node<'_>, node: Node<'_>, kind: Option<MutationKind>) {
        let (field, default) = match stored.kind() {
            Kind::Subscript => (Field::Value, MutationKind::Item),
            _ => (Field::Object, MutationKind::Attribute),
        };
        if let Some(object) = stored.child(field) {
            self.mutations.push(Mutation {
                kind: kind.unwrap_or(default),
                target: object.id(),
                node: node.id(),
            });
        }
    }

    fn assignment(&mut self, node: Node<'_>) {
        let Some(left) = node.child(Field::Left) else {
            return;
        };
        let mut right = node.child(Field::Right);
        while let Some(inner) = right.filter(|right| right.kind() == Kind::Assignment) {
            right = inner.child(Field::Right);
        }
        let kind = if right.is_some() {
            BindingKind::Assignment
        } else {
            BindingKind::Annotation
        };
        self.targets(left, kind, right);
    }

    fn augmented(&mut self, node: Node<'_>) {
        let Some(left) = node.child(Field::Left) else {
            return;
        };
        self.targets(left, BindingKind::Augmented, node.child(Field::Right));
        let statement = node.statement().unwrap_or(node);
        self.mutations.push(Mutation {
            kind: MutationKind::Augmented,
            target: left.id(),
            node: statement.id(),
        });
    }

    fn loop_targets(&mut self, node: Node<'_>) {
        let Some(left) = node.child(Field::Left) else {
            return;
        };
        let iterable = node.child(Field::Right);
        if node.kind() == Kind::For {
            self.targets(left, BindingKind::Loop, iterable);
            return;
        }
        let Some(scope) = node
            .parent()
            .and_then(|comprehension| self.scope_at(comprehension.id()))
        else {
            return;
        };
        for name in left
            .with_descendants()
            .filter(|inner| inner.kind() == Kind::Name)
            .collect::<Vec<_>>()
        {
            self.bind_in(scope, name, BindingKind::Loop, iterable);
        }
    }

    fn as_pattern(&mut self, node: Node<'_>) {
        let Some(target) = node.child(Field::Alias) else {
            return;
        };
        let value = node.children().next();
        let kind = match node.parent().map(Node::kind) {
            Some(Kind::WithItem) => BindingKind::With,
            Some(Kind::ExceptClause) => BindingKind::Except,
            _ => BindingKind::Other,
        };
        match target.children().next() {
            Some(name) => self.targets(name, kind, value),
            None => self.targets(target, kind, value),
        }
    }

    fn walrus(&mut self, node: Node<'_>) {
        let Some(name) = node.child(Field::Name) else {
            return;
        };
        // PEP 572: a walrus in a comprehension binds in the scope around it.
        let mut scope = self.scope_of(node);
        while self.scopes[scope].kind == ScopeKind::Comprehension {
            scope = self.scopes[scope].parent.unwrap_or(0);
        }
        self.bind_in(
            scope,
            name,
            BindingKind::Assignment,
            node.child(Field::Value),
        );
    }

    fn import(&mut self, node: Node<'_>) {
        let from = node.kind() == Kind::ImportFrom;
        for child in node.children().filter(|child| child.field() == Field::Name) {
            match child.kind() {
                Kind::AliasedImport => {
                    if let Some(alias) = child.child(Field::Alias) {
                        self.bind(
                            alias,
                            if from {
                                BindingKind::FromImport
                            } else {
                                BindingKind::ImportAs
                            },
                            Some(child),
                        );
                    }
                }
                Kind::DottedName => {
                    if let Some(name) = child.children().next() {
                        self.bind(
                            name,
                            if from {
                                BindingKind::FromImport
                            } else {
                                BindingKind::Import
                            },
                            Some(child),
                        );
                    }
                }
                _ => {}
            }
        }
    }

    fn delete(&mut self, node: Node<'_>) {
        for target in node.children() {
            let parts: Vec<_> = match target.kind() {
                Kind::ExpressionList | Kind::Tuple | Kind::List | Kind::Parenthesized => {
                    target.children().collect()
                }
                _ => vec![target],
            };
            for part in parts {
                match part.kind() {
                    Kind::Name => self.bind(part, BindingKind::Delete, None),
                    Kind::Subscript | Kind::Attribute => {
                        self.mutate(part, node, Some(MutationKind::Delete))
                    }
                    _ => {}
                }
            }
        }
    }

    fn mark_generator(&mut self, node: Node<'_>) {
        let mut scope = self.scope_of(node);
        while self.scopes[scope].kind == ScopeKind::Comprehension {
            scope = self.scopes[scope].parent.unwrap_or(0);
        }
        let functions = &self.functions;
        let at = functions.binary_search_by_key(&scope, |function| function.scope);
        if let Ok(at) = at {
            self.functions[at].is_generator = true;
        }
    }

    fn call(&mut self, node: Node<'_>) {
        self.calls.push(node.id());
        let Some(function) = node
            .child(Field::Function)
            .filter(|function| function.kind() == Kind::Attribute)
        else {
            return;
        };
        let (Some(object), Some(method)) = (
            function.child(Field::Object),
            function.child(Field::Attribute),
        ) else {
            return;
        };
        if MUTATING_METHODS.contains(&method.text()) {
            self.mutations.push(Mutation {
                kind: MutationKind::Method,
                target: object.id(),
                node: node.id(),
            });
        }
    }
}

/// Whether a subscript or attribute inside a target is what is assigned to, and not read on the way: `b` in `a.b = 1` is, `a.b` in `a.b.c = 1` is not.
fn is_stored_to(node: Node<'_>, target: Node<'_>) -> bool {
    node == target
        || node
            .ancestors()
            .take_while(|outer| target.contains(*outer))
            .all(|outer| {
                matches!(
                    outer.kind(),
                    Kind::PatternList
                        | Kind::Tuple
                        | Kind::List
                        | Kind::SplatPattern
                        | Kind::Parenthesized
                        | Kind::AsPatternTarget
                )
            })
}
