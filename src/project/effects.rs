//! What functions do: whether they only compute.

use super::functions::is_definition;
use super::{Class, ClassValue, Function, Project, Value};
use crate::facts::{Resolution, Site};
use crate::syntax::{Field, Kind, Node, Op};

/// How many calls deep work is followed.
const CALLS: usize = 3;

/// Whether a name's node is read: not bound, not a keyword's or an attribute's name.
pub(super) fn is_expression(node: Node<'_>) -> bool {
    let Some(parent) = node.parent() else {
        return true;
    };
    match (parent.kind(), node.field()) {
        (Kind::Attribute, Field::Attribute) | (Kind::KeywordArgument, Field::Name) => false,
        (Kind::Assignment | Kind::For | Kind::ForInClause, Field::Left) => false,
        (Kind::FunctionDef | Kind::ClassDef | Kind::NamedExpression, Field::Name) => false,
        (Kind::Global | Kind::Nonlocal | Kind::Parameters | Kind::Delete, _) => false,
        _ => true,
    }
}

/// Whether a subscript or an attribute is assigned to or deleted.
pub(super) fn stores_or_deletes(node: Node<'_>) -> bool {
    let mut node = node;
    while let Some(parent) = node.parent() {
        match (parent.kind(), node.field()) {
            (Kind::Assignment | Kind::AugmentedAssignment | Kind::For, Field::Left) => return true,
            (Kind::Delete, _) => return true,
            (
                Kind::Tuple
                | Kind::List
                | Kind::PatternList
                | Kind::SplatPattern
                | Kind::Parenthesized
                | Kind::ExpressionList,
                _,
            ) => node = parent,
            _ => return false,
        }
    }
    false
}

/// What a function spends its time on.
#[derive(Clone, Debug)]
pub enum Work<'p> {
    /// Only computation, in this loop or through this recursive call; and the calls in it, with the functions of the project that they run.
    Computes {
        at: Site<'p>,
        recursive: bool,
        calls: Vec<(Site<'p>, Function<'p>)>,
    },
    /// Something else, or not known.
    Other,
}

/// Builtins that compute and hold the GIL.
const COMPUTING: &[&str] = &[
    "abs",
    "all",
    "any",
    "bin",
    "bool",
    "bytearray",
    "bytes",
    "chr",
    "complex",
    "dict",
    "divmod",
    "enumerate",
    "filter",
    "float",
    "format",
    "frozenset",
    "hash",
    "hex",
    "int",
    "isinstance",
    "iter",
    "len",
    "list",
    "map",
    "max",
    "min",
    "next",
    "oct",
    "ord",
    "pow",
    "range",
    "repr",
    "reversed",
    "round",
    "set",
    "slice",
    "sorted",
    "str",
    "sum",
    "tuple",
    "zip",
];

/// Modules whose functions compute and hold the GIL.
const COMPUTING_MODULES: &[&str] = &[
    "math.",
    "cmath.",
    "operator.",
    "itertools.",
    "functools.reduce",
    "re.",
    "random.",
    "collections.",
    "string.",
    "fractions.",
    "decimal.",
    "statistics.",
    "heapq.",
    "bisect.",
];

/// Methods of built-in types that compute and hold the GIL.
const COMPUTING_METHODS: &[&str] = &[
    "append",
    "extend",
    "add",
    "pop",
    "get",
    "items",
    "keys",
    "values",
    "split",
    "join",
    "strip",
    "lower",
    "upper",
    "replace",
    "startswith",
    "endswith",
    "insert",
    "sort",
    "reverse",
    "update",
    "setdefault",
    "discard",
    "remove",
    "count",
    "index",
    "find",
    "isdigit",
    "isalpha",
    "encode",
    "decode",
    "format",
    "bit_length",
    "to_bytes",
    "copy",
    "union",
    "intersection",
    "difference",
    "popleft",
    "appendleft",
];

/// What may stand outside of the loop of a function that computes: it waits for nothing worth mentioning.
const REPORTING: &[&str] = &[
    "builtins.print",
    "time.time",
    "time.perf_counter",
    "time.monotonic",
    "threading.current_thread",
    "threading.get_ident",
];

/// A loop over so many items, with nothing but simple statements in it, takes no time worth mentioning.
const SMALL: u64 = 10_000;

impl Project {
    /// What a function spends its time on when it runs.
    pub fn work<'p>(&'p self, function: Function<'p>) -> Work<'p> {
        self.work_within(function, &mut Vec::new())
    }

    fn work_within<'p>(
        &'p self,
        function: Function<'p>,
        running: &mut Vec<Function<'p>>,
    ) -> Work<'p> {
        if function.is_async()
            || function.is_generator()
            || running.len() > CALLS
            || function.site.body().tree.has_error()
        {
            return Work::Other;
        }
        running.push(function);
        let work = self.classify(function, running);
        running.pop();
        work
    }

    fn classify<'p>(&'p self, function: Function<'p>, running: &mut Vec<Function<'p>>) -> Work<'p> {
        let mut calls = Vec::new();
        let mut heavy: Option<(Site<'p>, bool)> = None;
        for site in function.nodes() {
            match site.node.kind() {
                Kind::Await | Kind::Yield | Kind::With | Kind::Import | Kind::ImportFrom => {
                    return Work::Other;
                }
                Kind::For
                | Kind::While
                | Kind::ListComprehension
                | Kind::GeneratorExpression
                | Kind::SetComprehension
                | Kind::DictComprehension => {
                    if heavy.is_none() && is_heavy_loop(site.node) {
                        heavy = Some((site, false));
                    }
                }
                Kind::Call => match self.call_computes(site, function, running) {
                    Computes::No => return Work::Other,
                    Computes::Outside if in_loop(site, function) => return Work::Other,
                    Computes::Outside | Computes::Builtin => {}
                    Computes::Recursive => heavy = heavy.or(Some((site, true))),
                    Computes::Function(callee, is_heavy) => {
                        calls.push((site, callee));
                        if is_heavy && heavy.is_none() {
                            heavy = Some((site, false));
                        }
                    }
                },
                Kind::Name if is_expression(site.node) && self.is_foreign(site) => {
                    return Work::Other;
                }
                _ => {}
            }
        }
        match heavy {
            Some((at, recursive)) => Work::Computes {
                at,
                recursive,
                calls,
            },
            None => Work::Other,
        }
    }

    /// Whether a name means something that is neither the project's nor the standard library's computing part: a C library may release the GIL.
    fn is_foreign<'p>(&'p self, site: Site<'p>) -> bool {
        match site.resolve() {
            Resolution::Local(_) => false,
            Resolution::Free => !super::values::is_builtin(site.text()),
            Resolution::Module(_) => match self.evaluate(site) {
                Value::External(name) => {
                    !COMPUTING_MODULES.iter().any(|module| {
                        format!("{name}.").starts_with(module) || name.starts_with(module)
                    }) && !REPORTING
                        .iter()
                        .any(|known| known.starts_with(name.as_ref()))
                }
                _ => false,
            },
        }
    }

    fn call_computes<'p>(
        &'p self,
        call: Site<'p>,
        function: Function<'p>,
        running: &mut Vec<Function<'p>>,
    ) -> Computes<'p> {
        let Some(callee) = call.child(Field::Function) else {
            return Computes::No;
        };
        match self.evaluate(callee) {
            Value::Function(target) | Value::Method(target) if target == function => {
                Computes::Recursive
            }
            Value::Function(target) | Value::Method(target) if running.contains(&target) => {
                Computes::Builtin
            }
            Value::Function(target) | Value::Method(target) => {
                match self.work_within(target, running) {
                    Work::Computes { .. } => Computes::Function(target, true),
                    Work::Other if self.is_simple(target, running.len()) => {
                        Computes::Function(target, false)
                    }
                    Work::Other => Computes::No,
                }
            }
            Value::Class(class) if self.is_plain(class) => Computes::Builtin,
            Value::External(name) => external_computes(&name),
            _ => match callee.node.child(Field::Attribute).map(Node::text) {
                Some("append" | "add" | "put" | "put_nowait" | "set_result")
                    if !in_loop(call, function) =>
                {
                    Computes::Outside
                }
                Some("append" | "add") => Computes::Builtin,
                _ => Computes::No,
            },
        }
    }

    /// Whether a function without a loop only computes too.
    fn is_simple<'p>(&'p self, function: Function<'p>, depth: usize) -> bool {
        depth <= CALLS
            && !function.is_async()
            && !function.is_generator()
            && function.nodes().all(|site| match site.node.kind() {
                Kind::Await
                | Kind::Yield
                | Kind::With
                | Kind::Import
                | Kind::ImportFrom
                | Kind::Global
                | Kind::Try => false,
                Kind::Name if is_expression(site.node) => !self.is_foreign(site),
                Kind::Call => match site
                    .child(Field::Function)
                    .map(|callee| self.evaluate(callee))
                {
                    Some(Value::External(name)) => {
                        matches!(external_computes(&name), Computes::Builtin)
                    }
                    Some(Value::Function(target) | Value::Method(target)) => {
                        target != function && self.is_simple(target, depth + 1)
                    }
                    _ => false,
                },
                _ => true,
            })
    }

    /// Whether constructing a class runs no code of its own.
    fn is_plain<'p>(&'p self, class: Class<'p>) -> bool {
        let mro = self.mro_of(&ClassValue::Known(class));
        mro.is_complete()
            && self.find_method(class, "__init__").is_none()
            && self.find_method(class, "__new__").is_none()
    }
}

enum Computes<'p> {
    Builtin,
    Recursive,
    Function(Function<'p>, bool),
    /// Only where it is not in the loop.
    Outside,
    No,
}

fn external_computes<'p>(name: &str) -> Computes<'p> {
    if let Some((class, method)) = name.rsplit_once("().") {
        let known = class.starts_with("builtins.")
            || class.starts_with("collections.")
            || class.starts_with("re.");
        return if known && COMPUTING_METHODS.contains(&method) {
            Computes::Builtin
        } else {
            Computes::No
        };
    }
    if name
        .strip_prefix("builtins.")
        .is_some_and(|name| COMPUTING.contains(&name))
        || COMPUTING_MODULES
            .iter()
            .any(|module| name.starts_with(module))
    {
        return Computes::Builtin;
    }
    if REPORTING.contains(&name) {
        Computes::Outside
    } else {
        Computes::No
    }
}

fn in_loop(site: Site<'_>, function: Function<'_>) -> bool {
    site.node
        .ancestors()
        .take_while(|node| *node != function.site.node)
        .any(|node| matches!(node.kind(), Kind::For | Kind::While))
}

/// Whether a loop takes time: not one over a handful of items with simple statements in it.
fn is_heavy_loop(node: Node<'_>) -> bool {
    match loop_bound(node) {
        Some(bound) => {
            let inner = node
                .descendants_outside(is_definition)
                .filter(|inner| matches!(inner.kind(), Kind::For | Kind::While));
            let product = inner
                .map(|inner| loop_bound(inner).unwrap_or(SMALL))
                .fold(bound, u64::saturating_mul);
            product >= SMALL && computes(node)
        }
        None => computes(node),
    }
}

/// Whether something is worked out in a loop: an operation or a call.
fn computes(node: Node<'_>) -> bool {
    node.descendants_outside(is_definition).any(|inner| {
        matches!(
            inner.kind(),
            Kind::BinaryOperation
                | Kind::AugmentedAssignment
                | Kind::Comparison
                | Kind::Call
                | Kind::UnaryOperation
        )
    })
}

/// How many turns a loop makes, where its header says so: `range(…)` of constants, or a display.
fn loop_bound(node: Node<'_>) -> Option<u64> {
    let clause = if node.kind() == Kind::For {
        node
    } else {
        node.child_of(Kind::ForInClause)?
    };
    let iterable = clause.child(Field::Right)?.unparenthesized();
    match iterable.kind() {
        Kind::List | Kind::Tuple | Kind::Set => Some(iterable.children().count() as u64),
        Kind::Call if iterable.child(Field::Function)?.text() == "range" => {
            let arguments: Vec<_> = iterable
                .child(Field::Arguments)?
                .children()
                .map(constant)
                .collect::<Option<_>>()?;
            match arguments[..] {
                [stop] => Some(stop),
                [start, stop] => Some(stop.saturating_sub(start)),
                [start, stop, step] => Some(stop.saturating_sub(start) / step.max(1)),
                _ => None,
            }
        }
        _ => None,
    }
}

/// The value of a constant non-negative integer expression: a literal, a product or power of them.
fn constant(node: Node<'_>) -> Option<u64> {
    let node = node.unparenthesized();
    match node.kind() {
        Kind::Integer => node.text().replace('_', "").parse().ok(),
        Kind::BinaryOperation => {
            let (left, right) = (
                constant(node.child(Field::Left)?)?,
                constant(node.child(Field::Right)?)?,
            );
            match node.op() {
                Op::Mul => Some(left.saturating_mul(right)),
                Op::Pow => Some(left.saturating_pow(right.min(64) as u32)),
                Op::Add => Some(left.saturating_add(right)),
                _ => None,
            }
        }
        _ => None,
    }
}
