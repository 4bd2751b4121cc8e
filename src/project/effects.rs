//! What functions do with objects that are handed to them.

use super::values::reaching;
use super::{Function, Parameter, ParameterKind, Project, Value};
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
