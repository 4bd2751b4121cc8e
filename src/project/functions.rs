//! Functions of the project: parameters, what they are bound to, what they return.

use super::{Class, ClassValue, Project, Value};
use crate::facts::{FunctionData, Site, parameter_name};
use crate::syntax::{Field, Kind, Node, Op};

/// A function definition or a lambda.
#[derive(Clone, Copy)]
pub struct Function<'p> {
    /// The definition's node.
    pub site: Site<'p>,
    data: &'p FunctionData,
}

impl PartialEq for Function<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.site == other.site
    }
}

impl std::fmt::Debug for Function<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "function {}", self.name())
    }
}

/// What arguments a parameter takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParameterKind {
    PositionalOnly,
    Positional,
    KeywordOnly,
    /// `*args`
    Star,
    /// `**kwargs`
    DoubleStar,
}

/// One parameter of a function.
#[derive(Clone, Copy)]
pub struct Parameter<'p> {
    pub kind: ParameterKind,
    /// The whole parameter.
    pub site: Site<'p>,
    /// Its name.
    pub name: Site<'p>,
    pub default: Option<Site<'p>>,
    pub annotation: Option<Site<'p>>,
}

/// What a method's first parameter is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    Instance,
    Class,
    Static,
}

/// Definitions whose insides are executed at another time than what is around them.
pub fn is_definition(kind: Kind) -> bool {
    matches!(kind, Kind::FunctionDef | Kind::Lambda | Kind::ClassDef)
}

impl<'p> Function<'p> {
    /// The function that a definition's node makes.
    pub fn at(site: Site<'p>) -> Option<Function<'p>> {
        let body = site.body();
        let data = body.function_of(body.scope_at(site.node.id())?)?;
        Some(Function { site, data })
    }

    /// The innermost function or lambda around a node.
    pub fn around(site: Site<'p>) -> Option<Function<'p>> {
        site.function().map(|data| Function {
            site: site.at(data.node),
            data,
        })
    }

    /// The function or lambda whose parameter, or a part of one, a node is.
    pub(super) fn of_parameter(parameter: Site<'p>) -> Option<Function<'p>> {
        let mut around = parameter.node.ancestors();
        let definition =
            around.find(|node| matches!(node.kind(), Kind::FunctionDef | Kind::Lambda))?;
        Function::at(parameter.with(definition))
    }

    /// The method of which a node is part, however deep.
    pub fn method_around(site: Site<'p>) -> Option<Function<'p>> {
        let mut function = Function::around(site)?;
        while function.class().is_none() {
            function = Function::around(function.site)?;
        }
        Some(function)
    }

    /// Its name; `lambda` for a lambda.
    pub fn name(self) -> &'p str {
        self.site
            .node
            .child(Field::Name)
            .map_or("lambda", Node::text)
    }

    /// From `def` to the end of the name; the whole lambda.
    pub fn header(self) -> std::ops::Range<usize> {
        let range = self.site.range();
        self.site
            .child(Field::Name)
            .map_or(range.clone(), |name| range.start..name.range().end)
    }

    /// The block, or a lambda's expression.
    pub fn body(self) -> Option<Site<'p>> {
        self.site.child(Field::Body)
    }

    /// The nodes that are executed when the function runs: nested definitions count, what is inside them does not.
    pub fn nodes(self) -> impl Iterator<Item = Site<'p>> {
        let site = self.site;
        self.body().into_iter().flat_map(move |body| {
            std::iter::once(body.node)
                .chain(body.node.descendants_outside(is_definition))
                .map(move |node| site.with(node))
        })
    }

    /// The calls that are executed when the function runs.
    pub fn calls(self) -> impl Iterator<Item = Site<'p>> {
        self.nodes().filter(|site| site.node.kind() == Kind::Call)
    }

    pub fn is_async(self) -> bool {
        self.site.node.op() == Op::Async
    }

    pub fn is_generator(self) -> bool {
        self.data.is_generator
    }

    /// The number of the scope that it makes in its segment.
    pub fn scope(self) -> usize {
        self.data.scope
    }

    /// The class whose method it is.
    pub fn class(self) -> Option<Class<'p>> {
        self.site
            .class_around(self.data.outer)
            .map(|(site, _)| Class { site })
    }

    /// Whether it is defined inside another function.
    pub fn is_nested(self) -> bool {
        self.data.outer != 0 && Function::around(self.site).is_some()
    }

    /// Whether it refuses everything: the first thing that it does is to raise.
    pub fn only_raises(self) -> bool {
        let body = self.body().into_iter();
        let mut statements = body.flat_map(|body| body.node.children());
        let first = statements.find(|statement| {
            let inner = statement.children().next().map(Node::kind);
            statement.kind() != Kind::ExpressionStatement || inner != Some(Kind::String)
        });
        first.is_some_and(|first| first.kind() == Kind::Raise)
    }

    /// Its parameters, in order.
    pub fn parameters(self) -> impl Iterator<Item = Parameter<'p>> {
        let site = self.site;
        let list = site.node.child(Field::Parameters);
        let positional_only = list
            .and_then(|list| list.child_of(Kind::PositionalSeparator))
            .map(Node::id);
        let mut keyword_only = false;
        list.into_iter()
            .flat_map(Node::children)
            .filter_map(move |node| {
                if node.kind() == Kind::KeywordSeparator {
                    keyword_only = true;
                }
                let name = parameter_name(node)?;
                let splat = if node.kind() == Kind::TypedParameter {
                    node.children().next()?.kind()
                } else {
                    node.kind()
                };
                let kind = match splat {
                    Kind::SplatPattern => ParameterKind::Star,
                    Kind::DictSplatPattern => ParameterKind::DoubleStar,
                    _ if positional_only.is_some_and(|slash| node.id() < slash) => {
                        ParameterKind::PositionalOnly
                    }
                    _ if keyword_only => ParameterKind::KeywordOnly,
                    _ => ParameterKind::Positional,
                };
                keyword_only |= kind == ParameterKind::Star;
                Some(Parameter {
                    kind,
                    site: site.with(node),
                    name: site.with(name),
                    default: node.child(Field::Value).map(|value| site.with(value)),
                    annotation: node
                        .child(Field::Type)
                        .map(|annotation| site.with(annotation)),
                })
            })
    }

    /// The names of its first parameters, `self` and `cls` included.
    pub fn first_parameter(self) -> Option<&'p str> {
        self.parameters()
            .next()
            .map(|parameter| parameter.name.text())
    }

    /// Its own `return` statements.
    pub fn returns(self) -> impl Iterator<Item = Site<'p>> {
        self.nodes().filter(|site| site.node.kind() == Kind::Return)
    }

    /// Whether one of its `return`s gives something other than `None`.
    pub fn returns_a_value(self) -> bool {
        let value = |statement: Site<'p>| statement.node.children().next();
        self.site.node.kind() == Kind::Lambda
            || self
                .returns()
                .any(|statement| value(statement).is_some_and(|value| value.kind() != Kind::None))
    }

    /// Where a run of it can end without a value: `return` and `return None`, and the definition itself where its end can be reached.
    pub fn ends_without_value(self) -> Vec<Site<'p>> {
        let Some(body) = self
            .body()
            .filter(|_| self.site.node.kind() == Kind::FunctionDef)
        else {
            return Vec::new();
        };
        let is_bare = |statement: &Site<'p>| {
            statement
                .node
                .children()
                .next()
                .is_none_or(|value| value.kind() == Kind::None)
        };
        let mut ends: Vec<Site<'p>> = self.returns().filter(is_bare).collect();
        if can_complete(body.node) {
            ends.push(self.site);
        }
        ends
    }

    /// What a method's first parameter is bound to, by its decorators and its name.
    pub fn binding(self, project: &'p Project) -> Bound {
        for decorator in self.site.decorators() {
            match project.qualified_decorator(decorator).as_deref() {
                Some("builtins.staticmethod") => return Bound::Static,
                Some("builtins.classmethod" | "abc.abstractclassmethod") => return Bound::Class,
                _ => {}
            }
        }
        match self.name() {
            "__new__" | "__init_subclass__" | "__class_getitem__" => Bound::Class,
            _ => Bound::Instance,
        }
    }

    /// Whether a decorator, by its qualified name, is on it.
    pub fn has_decorator(self, project: &'p Project, names: &[&str]) -> bool {
        self.site.decorators().any(|decorator| {
            project
                .qualified_decorator(decorator)
                .is_some_and(|name| names.contains(&name.as_ref()))
        })
    }

    /// Whether it keeps its results under its arguments, which need a hash then.
    pub fn keeps_results(self, project: &'p Project) -> bool {
        self.has_decorator(project, super::aliases::CACHES)
    }
}

/// Whether execution can go on after a block or a statement. Errs on the side of no: what it cannot tell is taken to return or raise.
fn can_complete(node: Node<'_>) -> bool {
    match node.kind() {
        Kind::Block => {
            let last_stop = node
                .children()
                .any(|statement| statement.kind().is_statement() && !can_complete(statement));
            !last_stop
        }
        Kind::Return | Kind::Raise | Kind::Break | Kind::Continue => false,
        Kind::If => {
            let alternatives: Vec<_> = node
                .children()
                .filter(|child| child.field() == Field::Alternative)
                .collect();
            let exhaustive = alternatives
                .iter()
                .any(|clause| clause.kind() == Kind::ElseClause);
            let then = node.child(Field::Consequence).is_none_or(can_complete);
            !exhaustive
                || then
                || alternatives.iter().any(|clause| {
                    clause
                        .children()
                        .filter(|child| child.kind() == Kind::Block)
                        .any(can_complete)
                })
        }
        // a call that never returns, and whatever an exception does are not told apart
        Kind::While => {
            let inner = |kind| matches!(kind, Kind::For | Kind::While) || is_definition(kind);
            let condition = node.child(Field::Condition);
            let body = node.child(Field::Body);
            condition.is_some_and(|condition| !matches!(condition.text(), "True" | "1"))
                || body.is_some_and(|body| {
                    let mut own = body.descendants_outside(inner);
                    own.any(|node| node.kind() == Kind::Break)
                })
        }
        Kind::With => node.child(Field::Body).is_some_and(can_complete),
        Kind::Try => {
            let body = node.child(Field::Body).is_some_and(can_complete);
            let handlers = || {
                node.children()
                    .filter(|child| child.kind() == Kind::ExceptClause)
                    .flat_map(Node::children)
            };
            let finally_ends = node.child_of(Kind::FinallyClause).is_some_and(|clause| {
                clause
                    .child_of(Kind::Block)
                    .is_some_and(|block| !can_complete(block))
            });
            !finally_ends
                && (body
                    && node
                        .child_of(Kind::ElseClause)
                        .is_none_or(|clause| clause.children().all(can_complete_or_clause))
                    || handlers().any(|child| child.kind() == Kind::Block && can_complete(child)))
        }
        Kind::Match => false,
        Kind::ExpressionStatement => !node.descendants().any(|inner| {
            inner.kind() == Kind::Call
                && inner
                    .child(Field::Function)
                    .is_some_and(|callee| callee.text().ends_with("exit"))
        }),
        _ => true,
    }
}

fn can_complete_or_clause(node: Node<'_>) -> bool {
    node.kind() != Kind::Block || can_complete(node)
}

impl Project {
    /// The qualified name of a decorator; of what is called, for `@name(...)`.
    pub fn qualified_decorator<'p>(&'p self, decorator: Site<'p>) -> Option<std::sync::Arc<str>> {
        let target = if decorator.node.kind() == Kind::Call {
            decorator.child(Field::Function)?
        } else {
            decorator
        };
        self.qualified(target)
    }

    /// `module.Class.method`.
    pub(super) fn function_name(&self, function: Function<'_>) -> String {
        let outer = match function.class() {
            Some(class) => self.class_name(class),
            None => self.module_name(function.site.file.path()).0.clone(),
        };
        format!("{outer}.{}", function.name())
    }

    /// The calls in the project of a function.
    pub fn calls_of<'p>(&'p self, function: Function<'p>) -> Vec<Site<'p>> {
        let is_function = |callee: Site<'p>| {
            let callee = self.evaluate(callee);
            matches!(callee, Value::Function(called) | Value::Method(called) if called == function)
        };
        let mut found = Vec::new();
        for (file, segment) in self.mentions(function.name()) {
            let root = file.root(segment);
            let calls = root.body().calls.iter().map(|call| root.at(*call));
            found.extend(calls.filter(|call| call.child(Field::Function).is_some_and(is_function)));
        }
        found
    }

    /// What a call of a function gives, where all of its `return`s agree.
    pub(super) fn returned<'p>(&'p self, function: Function<'p>, depth: usize) -> Value<'p> {
        if function.is_async() {
            let class = if function.is_generator() {
                "types.AsyncGeneratorType"
            } else {
                "types.CoroutineType"
            };
            return Value::Instance(ClassValue::External(class.into()));
        }
        self.returned_by_body(function, depth)
    }

    /// What the body of a function returns: for a coroutine function, what awaiting gives.
    pub(super) fn returned_by_body<'p>(
        &'p self,
        function: Function<'p>,
        depth: usize,
    ) -> Value<'p> {
        if function.is_generator() {
            return Value::builtin("generator");
        }
        if function.site.node.kind() == Kind::Lambda {
            return function
                .body()
                .map_or(Value::Unknown, |body| self.value(body, depth + 1));
        }
        if let Some(annotation) = function.site.child(Field::ReturnType)
            && let value @ Value::Instance(_) = self.value_of_annotated(annotation, depth)
        {
            return value;
        }
        let mut agreed = None;
        for statement in function.returns() {
            let value = match statement.node.children().next() {
                Some(value) => self.value(statement.with(value), depth + 2),
                None => Value::None,
            };
            match &agreed {
                // nothing that comes later makes it known
                _ if value == Value::Unknown => return Value::Unknown,
                None | Some(Value::None) => agreed = Some(value),
                Some(_) if value == Value::None => {}
                Some(known) if *known == value => {}
                Some(_) => return Value::Unknown,
            }
        }
        agreed.unwrap_or(Value::None)
    }

    /// Whether a function (a decorator) gives back its first argument in every `return`.
    pub(super) fn returns_its_argument(&self, function: Function<'_>) -> bool {
        let Some(first) = function.first_parameter() else {
            return false;
        };
        let mut returns = function.returns().peekable();
        returns.peek().is_some()
            && returns.all(|statement| {
                statement
                    .node
                    .children()
                    .next()
                    .is_some_and(|value| value.kind() == Kind::Name && value.text() == first)
            })
            && !function.nodes().any(|site| {
                site.node.kind() == Kind::Assignment
                    && site
                        .node
                        .child(Field::Left)
                        .is_some_and(|left| left.text() == first)
            })
    }
}
