//! What functions do: what becomes of an object that is handed to them, and whether they only compute.

use super::functions::is_definition;
use super::values::reaching;
use super::{Class, ClassValue, Function, Parameter, ParameterKind, Project, Value};
use crate::facts::{BindingKind, MUTATING_METHODS, Resolution, Site};
use crate::syntax::{Field, Kind, Node, Op};

/// What becomes of an object at one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// It is changed in place.
    Mutated,
    /// The caller gets it.
    Returned,
    /// It is kept on an object, in a container, or in an outer variable.
    Stored,
    /// Code that is not known gets it.
    PassedOn,
}

/// A place that changes an object or lets it out.
#[derive(Clone, Copy, Debug)]
pub struct Use<'p> {
    pub reach: Reach,
    /// The call or statement.
    pub site: Site<'p>,
}

/// How many calls deep an argument is followed.
const CALLS: usize = 3;

/// Builtins that read their arguments and keep nothing of them.
const READING: &[&str] = &[
    "all",
    "any",
    "ascii",
    "bool",
    "bytes",
    "callable",
    "dict",
    "enumerate",
    "filter",
    "format",
    "frozenset",
    "getattr",
    "hasattr",
    "hash",
    "id",
    "isinstance",
    "issubclass",
    "iter",
    "len",
    "list",
    "map",
    "max",
    "min",
    "next",
    "print",
    "range",
    "repr",
    "reversed",
    "round",
    "set",
    "sorted",
    "str",
    "sum",
    "tuple",
    "type",
    "zip",
    "vars",
    "dir",
];

/// Functions of the standard library that read their arguments and keep nothing of them.
const READING_FUNCTIONS: &[&str] = &[
    "copy.copy",
    "copy.deepcopy",
    "json.dumps",
    "itertools.chain",
    "collections.Counter",
    "collections.OrderedDict",
    "collections.deque",
    "os.path.join",
    "pprint.pprint",
    "functools.reduce",
    "types.MappingProxyType",
    "random.choice",
    "random.sample",
    "subprocess.run",
    "subprocess.call",
    "subprocess.check_call",
    "subprocess.check_output",
    "subprocess.Popen",
    "logging.debug",
    "logging.info",
    "logging.warning",
    "logging.error",
    "math.prod",
    "math.fsum",
];

/// Methods that keep their arguments.
const STORING_METHODS: &[&str] = &[
    "append",
    "appendleft",
    "add",
    "insert",
    "setdefault",
    "put",
    "put_nowait",
    "send",
];

/// Methods that read their arguments and keep nothing of them.
const READING_METHODS: &[&str] = &[
    "extend",
    "update",
    "join",
    "union",
    "intersection",
    "difference",
    "issubset",
    "issuperset",
    "isdisjoint",
    "format",
    "count",
    "index",
    "get",
    "debug",
    "info",
    "warning",
    "error",
    "exception",
    "critical",
    "log",
    "write",
    "writelines",
    "writerow",
    "writerows",
    "startswith",
    "endswith",
    "items",
    "keys",
    "values",
    "copy",
    "difference_update",
    "intersection_update",
    "symmetric_difference",
];

impl Project {
    /// What a function does with the object that a parameter is bound to when the caller gives none. `empty` says that this object is empty, so that `xs or []` does not give it.
    pub fn uses_of_default<'p>(
        &'p self,
        function: Function<'p>,
        parameter: Parameter<'p>,
        empty: bool,
    ) -> Vec<Use<'p>> {
        let mut found = Vec::new();
        let tracker = Tracker {
            project: self,
            empty,
        };
        tracker.follow_parameter(function, parameter, 0, &mut found);
        found.sort_by_key(|found| found.site.range().start);
        found.dedup_by(|a, b| a.site == b.site);
        found
    }

    /// The parameter that takes an argument of a call, where that is sure. `bound`: the first parameter is taken by the object.
    pub fn parameter_of<'p>(
        &self,
        function: Function<'p>,
        bound: bool,
        argument: Site<'_>,
    ) -> Option<Parameter<'p>> {
        if argument.node.kind() == Kind::KeywordArgument {
            let name = argument.node.child(Field::Name)?.text();
            return function.parameters().find(|parameter| {
                parameter.name.text() == name
                    && matches!(
                        parameter.kind,
                        ParameterKind::Positional | ParameterKind::KeywordOnly
                    )
            });
        }
        let before = argument
            .node
            .parent()?
            .children()
            .take_while(|other| *other != argument.node);
        let mut position = usize::from(bound);
        for other in before {
            match other.kind() {
                Kind::ListSplat => return None,
                Kind::KeywordArgument | Kind::DictSplat => {}
                _ => position += 1,
            }
        }
        let positional = function.parameters().filter(|parameter| {
            matches!(
                parameter.kind,
                ParameterKind::Positional | ParameterKind::PositionalOnly
            )
        });
        positional.into_iter().nth(position)
    }
}

/// Follows one object through a function.
struct Tracker<'p> {
    project: &'p Project,
    empty: bool,
}

impl<'p> Tracker<'p> {
    fn follow_parameter(
        &self,
        function: Function<'p>,
        parameter: Parameter<'p>,
        depth: usize,
        found: &mut Vec<Use<'p>>,
    ) {
        if matches!(
            parameter.kind,
            ParameterKind::Star | ParameterKind::DoubleStar
        ) {
            return;
        }
        self.follow_name(function, parameter.name, depth, found);
    }

    /// Follows the object bound by `binding` (a name's node in the function's scope) to where that name is read.
    fn follow_name(
        &self,
        function: Function<'p>,
        binding: Site<'p>,
        depth: usize,
        found: &mut Vec<Use<'p>>,
    ) {
        let name = binding.text();
        let Some(body) = function.body() else { return };
        for node in body
            .node
            .with_descendants()
            .filter(|node| node.kind() == Kind::Name && node.text() == name)
        {
            let site = body.with(node);
            if !is_expression(node) {
                continue;
            }
            let Resolution::Local(bindings) = site.resolve() else {
                continue;
            };
            if reaching(&bindings, Some(site))
                .iter()
                .any(|reached| reached.name == binding)
            {
                self.follow_value(function, site, depth, found);
            }
        }
    }

    /// What happens to the value of an expression, by what stands around it.
    fn follow_value(
        &self,
        function: Function<'p>,
        site: Site<'p>,
        depth: usize,
        found: &mut Vec<Use<'p>>,
    ) {
        let Some(parent) = site.node.parent() else {
            return;
        };
        let around = site.with(parent);
        let statement = || site.node.statement().map_or(site, |node| site.with(node));
        let field = site.node.field();
        match parent.kind() {
            Kind::Attribute if field == Field::Object => self.follow_attribute(around, found),
            Kind::Subscript if field == Field::Value => {
                if stores_or_deletes(parent) {
                    found.push(Use {
                        reach: Reach::Mutated,
                        site: statement(),
                    });
                }
            }
            Kind::AugmentedAssignment if field == Field::Left => found.push(Use {
                reach: Reach::Mutated,
                site: statement(),
            }),
            Kind::Return => {
                let own = Function::around(site).is_some_and(|inner| inner == function);
                found.push(Use {
                    reach: if own {
                        Reach::Returned
                    } else {
                        Reach::PassedOn
                    },
                    site: statement(),
                });
            }
            Kind::Yield => found.push(Use {
                reach: Reach::Returned,
                site: statement(),
            }),
            Kind::Lambda if field == Field::Body => {}
            Kind::Assignment if field == Field::Right => {
                self.follow_assignment(function, around, depth, found)
            }
            Kind::NamedExpression if field == Field::Value => {
                if let Some(name) = around.child(Field::Name) {
                    self.follow_alias(function, name, depth, found);
                }
                self.follow_value(function, around, depth, found);
            }
            Kind::DefaultParameter | Kind::TypedDefaultParameter => found.push(Use {
                reach: Reach::Stored,
                site,
            }),
            Kind::Conditional => {
                let is_condition = parent.children().nth(1) == Some(site.node);
                if !is_condition {
                    self.follow_value(function, around, depth, found);
                }
            }
            Kind::BooleanOperation => {
                let gives_way = self.empty && parent.op() == Op::Or && field == Field::Left;
                if !gives_way {
                    self.follow_value(function, around, depth, found);
                }
            }
            Kind::Parenthesized
            | Kind::Tuple
            | Kind::List
            | Kind::Dict
            | Kind::Set
            | Kind::Pair
            | Kind::ExpressionList
            | Kind::Await => {
                if !(parent.kind() == Kind::Pair && field == Field::Key) {
                    self.follow_value(function, around, depth, found);
                }
            }
            Kind::ArgumentList => self.follow_argument(around, site, depth, found),
            Kind::KeywordArgument => {
                if let Some(list) = parent.parent() {
                    self.follow_argument(site.with(list), around, depth, found);
                }
            }
            _ => {}
        }
    }

    fn follow_attribute(&self, attribute: Site<'p>, found: &mut Vec<Use<'p>>) {
        let Some(parent) = attribute.node.parent() else {
            return;
        };
        let name = attribute
            .node
            .child(Field::Attribute)
            .map_or("", Node::text);
        let statement = attribute
            .node
            .statement()
            .map_or(attribute, |node| attribute.with(node));
        if parent.kind() == Kind::Call && attribute.node.field() == Field::Function {
            if MUTATING_METHODS.contains(&name) {
                found.push(Use {
                    reach: Reach::Mutated,
                    site: attribute.with(parent),
                });
            }
        } else if stores_or_deletes(attribute.node) {
            found.push(Use {
                reach: Reach::Mutated,
                site: statement,
            });
        } else if MUTATING_METHODS.contains(&name) {
            // the bound method itself is kept: `add = xs.append`
            found.push(Use {
                reach: Reach::PassedOn,
                site: statement,
            });
        }
    }

    fn follow_assignment(
        &self,
        function: Function<'p>,
        assignment: Site<'p>,
        depth: usize,
        found: &mut Vec<Use<'p>>,
    ) {
        let mut current = Some(assignment);
        while let Some(assignment) = current {
            let Some(left) = assignment.child(Field::Left) else {
                return;
            };
            match left.node.kind() {
                Kind::Name => self.follow_alias(function, left, depth, found),
                Kind::Attribute | Kind::Subscript => {
                    let statement = left.node.statement().map_or(left, |node| left.with(node));
                    found.push(Use {
                        reach: Reach::Stored,
                        site: statement,
                    });
                }
                _ => {}
            }
            // `a = b = value`
            current = assignment
                .node
                .parent()
                .filter(|parent| parent.kind() == Kind::Assignment)
                .map(|parent| assignment.with(parent));
        }
    }

    fn follow_alias(
        &self,
        function: Function<'p>,
        name: Site<'p>,
        depth: usize,
        found: &mut Vec<Use<'p>>,
    ) {
        if depth > CALLS * 2 {
            return;
        }
        let declares = |kind: BindingKind| {
            name.body()
                .bindings_in(name.scope(), name.text())
                .any(|binding| binding.kind == kind)
        };
        if declares(BindingKind::Global) || declares(BindingKind::Nonlocal) {
            let statement = name.node.statement().map_or(name, |node| name.with(node));
            found.push(Use {
                reach: Reach::Stored,
                site: statement,
            });
            return;
        }
        self.follow_name(function, name, depth + 1, found);
    }

    fn follow_argument(
        &self,
        list: Site<'p>,
        argument: Site<'p>,
        depth: usize,
        found: &mut Vec<Use<'p>>,
    ) {
        let Some(call) = list
            .node
            .parent()
            .filter(|parent| parent.kind() == Kind::Call)
            .map(|node| list.with(node))
        else {
            return;
        };
        if matches!(argument.node.kind(), Kind::ListSplat | Kind::DictSplat) {
            return;
        }
        let Some(callee) = call.child(Field::Function) else {
            return;
        };
        let push = |found: &mut Vec<Use<'p>>, reach: Reach| found.push(Use { reach, site: call });
        match self.project.evaluate(callee) {
            Value::Function(target) => {
                self.follow_into(target, false, argument, call, depth, found)
            }
            Value::Method(target) => self.follow_into(target, true, argument, call, depth, found),
            Value::Class(class) => match self.project.find_method(class, "__init__") {
                Some(init) => self.follow_into(init, true, argument, call, depth, found),
                None => push(found, Reach::PassedOn),
            },
            Value::External(name) => {
                let read = name
                    .strip_prefix("builtins.")
                    .is_some_and(|name| READING.contains(&name))
                    || READING_FUNCTIONS.contains(&name.as_ref());
                let method = name.rsplit_once("().").map(|(_, method)| method);
                match method {
                    Some(method) if STORING_METHODS.contains(&method) => push(found, Reach::Stored),
                    Some(method) if READING_METHODS.contains(&method) => {}
                    _ if read => {}
                    _ => push(found, Reach::PassedOn),
                }
            }
            _ => match callee.node.child(Field::Attribute).map(Node::text) {
                Some(method) if STORING_METHODS.contains(&method) => push(found, Reach::Stored),
                Some(method) if READING_METHODS.contains(&method) => {}
                _ => push(found, Reach::PassedOn),
            },
        }
    }

    fn follow_into(
        &self,
        target: Function<'p>,
        bound: bool,
        argument: Site<'p>,
        call: Site<'p>,
        depth: usize,
        found: &mut Vec<Use<'p>>,
    ) {
        let parameter = self.project.parameter_of(target, bound, argument);
        let Some(parameter) = parameter.filter(|_| depth < CALLS) else {
            found.push(Use {
                reach: Reach::PassedOn,
                site: call,
            });
            return;
        };
        let mut inner = Vec::new();
        self.follow_parameter(target, parameter, depth + 1, &mut inner);
        for reached in inner {
            match reached.reach {
                // what the called function gives back is not followed further
                Reach::Returned => {}
                Reach::Mutated => found.extend([
                    Use {
                        reach: Reach::Mutated,
                        site: call,
                    },
                    reached,
                ]),
                Reach::Stored | Reach::PassedOn => found.push(Use {
                    reach: reached.reach,
                    site: call,
                }),
            }
        }
    }
}

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
