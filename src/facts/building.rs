//! How a body is built: what each node of the tree adds to it.

use super::body::{
    Binding, BindingKind, Body, ClassData, FunctionData, Mutation, MutationKind, Scope, ScopeKind,
};
use super::methods::MUTATING_METHODS;
use crate::syntax::{Field, Kind, Node, Op};

impl Body {
    /// Notes what a node says. Nodes come in source order.
    pub(super) fn visit(&mut self, node: Node<'_>) {
        match node.kind() {
            Kind::FunctionDef | Kind::Lambda => self.function(node),
            Kind::ClassDef => self.class(node),
            kind if kind.is_comprehension() => {
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
            whole if takes_apart(whole) || whole == Kind::ExpressionList => {
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
                            .all(|outer| takes_apart(outer.kind()))
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
            .all(|outer| takes_apart(outer.kind()))
}

/// Whether a target of this kind takes apart what is assigned, or stands around one.
fn takes_apart(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::PatternList
            | Kind::Tuple
            | Kind::List
            | Kind::SplatPattern
            | Kind::Parenthesized
            | Kind::AsPatternTarget
    )
}
