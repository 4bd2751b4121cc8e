//! What becomes of an object: where it is changed, handed out, kept, passed on. One object is followed from where it is made or bound, through local names, containers,
//! methods and the functions that it is given to.

use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::readings::{readings, stores_or_deletes};
use super::{Class, ClassValue, Function, Parameter, ParameterKind, Project, Value};
use crate::facts::{BindingKind, FileFacts, MUTATING_METHODS, ScopeKind, Site};
use crate::syntax::{Field, Kind, Node, NodeId, Op};

/// What becomes of an object at one place. What shows most comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// It is changed in place.
    Mutated,
    /// It is kept on an object, in a container, or in an outer variable.
    Stored,
    /// The caller gets it.
    Returned,
    /// Code that is not known gets it.
    PassedOn,
}

/// What of the object is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// The object itself, or something that holds it.
    Whole,
    /// Something in it.
    Element,
    /// Another container with the same elements.
    Copy,
}

/// A place that changes an object or lets it out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Use<'p> {
    pub reach: Reach,
    pub part: Part,
    /// The call or statement.
    pub site: Site<'p>,
}

/// What is known of an object that is followed.
#[derive(Clone, Debug, Default)]
pub struct Followed<'p> {
    /// Its class: methods of a class of the project change it if they do, whatever they are called.
    pub class: Option<ClassValue<'p>>,
    /// The class of its elements.
    pub element: Option<ClassValue<'p>>,
    /// It is empty, so that `xs or []` does not give it and `if xs:` is not entered with it.
    pub empty: bool,
    /// Where it is stored on an attribute or bound in a module, it is followed through all code that reads it there.
    pub through_stores: bool,
}

/// Builtins that read their arguments and keep nothing of them.
const READING: &[&str] = &[
    "all",
    "any",
    "ascii",
    "bool",
    "bytes",
    "callable",
    "format",
    "getattr",
    "hasattr",
    "hash",
    "id",
    "isinstance",
    "issubclass",
    "len",
    "map",
    "print",
    "range",
    "repr",
    "round",
    "str",
    "sum",
    "type",
    "vars",
    "dir",
];

/// Functions of the standard library that read their arguments and keep nothing of them.
const READING_FUNCTIONS: &[&str] = &[
    "copy.deepcopy",
    "json.dumps",
    "os.path.join",
    "pprint.pprint",
    "functools.reduce",
    "subprocess.run",
    "subprocess.call",
    "subprocess.check_call",
    "subprocess.check_output",
    "subprocess.Popen",
    "os.execv",
    "os.execve",
    "os.execvp",
    "os.execvpe",
    "os.posix_spawn",
    "os.posix_spawnp",
    "os.spawnv",
    "os.spawnve",
    "os.spawnvp",
    "os.spawnvpe",
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
    "difference_update",
    "intersection_update",
    "symmetric_difference",
];

/// Functions whose result holds the elements of their arguments.
const COPYING: &[&str] = &[
    "builtins.dict",
    "builtins.filter",
    "builtins.frozenset",
    "builtins.iter",
    "builtins.list",
    "builtins.reversed",
    "builtins.set",
    "builtins.sorted",
    "builtins.tuple",
    "collections.ChainMap",
    "collections.Counter",
    "collections.OrderedDict",
    "collections.defaultdict",
    "collections.deque",
    "copy.copy",
    "itertools.chain",
    "itertools.cycle",
    "itertools.islice",
    "random.sample",
    "types.MappingProxyType",
];

/// Functions whose result holds tuples of the elements of their arguments.
const PAIRING: &[&str] = &[
    "builtins.enumerate",
    "builtins.zip",
    "itertools.zip_longest",
];

/// Functions that give one element of their first argument.
const PICKING: &[&str] = &[
    "builtins.max",
    "builtins.min",
    "builtins.next",
    "random.choice",
];

/// Functions that change their first argument.
const MUTATING_FUNCTIONS: &[&str] = &[
    "bisect.insort",
    "bisect.insort_left",
    "bisect.insort_right",
    "builtins.delattr",
    "builtins.setattr",
    "heapq.heapify",
    "heapq.heappop",
    "heapq.heappush",
    "heapq.heappushpop",
    "heapq.heapreplace",
    "operator.delitem",
    "operator.iadd",
    "operator.setitem",
    "random.shuffle",
];

/// How many places one object is followed to.
const PLACES: usize = 2000;

/// What an expression is of the object that is followed.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct View {
    /// 0 for the object, 1 for what is in it (and in that, …), -1 for what holds it.
    level: i8,
    /// Whether it is not the object (or what holds it) but another container with the same elements.
    copy: bool,
}

impl View {
    const WHOLE: View = View {
        level: 0,
        copy: false,
    };

    fn element(self) -> View {
        let level = (self.level + 1).min(1);
        View {
            level,
            copy: self.copy && level < 1,
        }
    }

    /// What holds an element is like the object, and another container.
    fn held(self) -> View {
        View {
            level: (self.level - 1).max(-3),
            copy: self.copy || self.level > 0,
        }
    }

    fn copied(self) -> View {
        View { copy: true, ..self }
    }

    fn part(self) -> Part {
        match self.level {
            1.. => Part::Element,
            _ if self.copy => Part::Copy,
            _ => Part::Whole,
        }
    }
}

impl Project {
    /// What a function does with the object that a parameter is bound to when the caller gives none.
    pub fn uses_of_default<'p>(
        &'p self,
        function: Function<'p>,
        parameter: Parameter<'p>,
        object: Followed<'p>,
    ) -> Vec<Use<'p>> {
        let mut tracker = Tracker::new(self, object);
        tracker.function = Some(function);
        tracker.follow_parameter(parameter, View::WHOLE);
        tracker.finish()
    }

    /// What becomes of the object that an expression gives.
    pub fn uses_of_value<'p>(&'p self, site: Site<'p>, object: Followed<'p>) -> Vec<Use<'p>> {
        let mut tracker = Tracker::new(self, object);
        tracker.function = Function::around(site);
        tracker.go(site, View::WHOLE);
        tracker.finish()
    }

    /// What becomes of a function by its name: whether something keeps it.
    pub fn uses_of_function<'p>(&'p self, function: Function<'p>) -> Vec<Use<'p>> {
        let Some(name) = function.site.child(Field::Name) else {
            return self.uses_of_value(function.site, Followed::default());
        };
        let mut tracker = Tracker::new(self, Followed::default());
        tracker.function = Function::around(function.site);
        tracker.follow_binding(name, View::WHOLE);
        tracker.finish()
    }

    /// Whether the methods of a class of the project change its objects once they are made.
    pub fn changes_itself<'p>(&'p self, class: Class<'p>) -> bool {
        const MAKING: &[&str] = &["__init__", "__new__", "__post_init__", "__setstate__"];
        let known = |class: &ClassValue<'p>| match class {
            ClassValue::Known(class) => Some(*class),
            ClassValue::External(_) => None,
        };
        self.mro(class).classes.iter().filter_map(known).any(|own| {
            own.methods()
                .filter(|method| !MAKING.contains(&method.name()))
                .any(|method| self.changes_first_parameter(method))
        })
    }

    fn changes_first_parameter<'p>(&'p self, method: Function<'p>) -> bool {
        let first = method.parameters().next();
        first.is_some_and(|first| {
            self.uses_of_default(method, first, Followed::default())
                .iter()
                .any(|found| found.reach == Reach::Mutated && found.part == Part::Whole)
        })
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

/// Follows one object.
struct Tracker<'p> {
    project: &'p Project,
    object: Followed<'p>,
    /// The function that hands the object to its caller when it returns it.
    function: Option<Function<'p>>,
    /// How many calls deep it is.
    depth: usize,
    todo: Vec<(Site<'p>, View)>,
    seen: FxHashSet<(usize, usize, NodeId, View)>,
    found: Vec<Use<'p>>,
    /// What functions do with their parameters, by the parameter's name.
    summaries: FxHashMap<(usize, usize, NodeId, View), Rc<[Use<'p>]>>,
}

fn key(site: Site<'_>, view: View) -> (usize, usize, NodeId, View) {
    let file: *const FileFacts = site.file;
    (file.addr(), site.segment, site.node.id(), view)
}

impl<'p> Tracker<'p> {
    fn new(project: &'p Project, object: Followed<'p>) -> Tracker<'p> {
        Tracker {
            project,
            object,
            function: None,
            depth: 0,
            todo: Vec::new(),
            seen: FxHashSet::default(),
            found: Vec::new(),
            summaries: FxHashMap::default(),
        }
    }

    fn finish(mut self) -> Vec<Use<'p>> {
        self.run();
        let mut found = self.found;
        found.sort_by(|a, b| {
            let place = |found: &Use<'p>| (found.site.range().start, found.site.range().end);
            (a.site.file.path(), place(a)).cmp(&(b.site.file.path(), place(b)))
        });
        found.dedup();
        found
    }

    fn run(&mut self) {
        while let Some((site, view)) = self.todo.pop() {
            self.step(site, view);
        }
    }

    /// Follows the value of an expression.
    fn go(&mut self, site: Site<'p>, view: View) {
        if self.seen.len() < PLACES && self.seen.insert(key(site, view)) {
            self.todo.push((site, view));
        }
    }

    fn note(&mut self, reach: Reach, view: View, site: Site<'p>) {
        self.found.push(Use {
            reach,
            part: view.part(),
            site,
        });
    }

    /// Notes a change of the object or of an element; what holds it or is a copy may change.
    fn changed(&mut self, view: View, site: Site<'p>) {
        // what is empty stays so when something is taken out of it
        let is_idle = self.object.empty && view == View::WHOLE && takes_out(site);
        if view.level >= 0 && !view.copy && !is_idle {
            self.note(Reach::Mutated, view, site);
        }
    }

    fn class(&self, view: View) -> Option<&ClassValue<'p>> {
        match view.level {
            0 if !view.copy => self.object.class.as_ref(),
            1 => self.object.element.as_ref(),
            _ => None,
        }
    }

    /// Whether `x[k] = v` changes the object: a class of the project that says itself what it does may refuse.
    fn takes_items(&self, view: View) -> bool {
        match self.class(view) {
            Some(ClassValue::Known(class)) => {
                self.project.is_container(*class)
                    && !self.project.defines_somewhere(*class, "__setitem__")
            }
            _ => true,
        }
    }

    fn follow_parameter(&mut self, parameter: Parameter<'p>, view: View) {
        self.follow_readings(parameter.name, view);
    }

    fn follow_readings(&mut self, name: Site<'p>, view: View) {
        let empty = self.object.empty && view == View::WHOLE;
        for site in readings(name, empty) {
            self.go(site, view);
        }
    }

    /// Follows the object to where a name is read that is bound to it.
    fn follow_binding(&mut self, name: Site<'p>, view: View) {
        let body = name.body();
        let binding = body
            .bindings
            .iter()
            .find(|binding| binding.name == name.node.id());
        let Some(binding) = binding else { return };
        let declares = |kind: BindingKind| {
            body.bindings_in(binding.scope, name.text())
                .any(|other| other.kind == kind)
        };
        if declares(BindingKind::Global) || declares(BindingKind::Nonlocal) {
            self.note(Reach::Stored, view, statement(name));
            return;
        }
        let class = name.class_around(binding.scope);
        if let Some((class, _)) = class {
            self.note(Reach::Stored, view, statement(name));
            if self.object.through_stores
                && let Some(class) = Class::at(class)
            {
                self.follow_attribute(class, name.text(), view);
            }
        } else if body.scopes[binding.scope].kind == ScopeKind::Root {
            self.note(Reach::Stored, view, statement(name));
            if self.object.through_stores {
                self.follow_module_name(name, view);
            } else {
                self.follow_readings(name, view);
            }
        } else {
            self.follow_readings(name, view);
        }
    }

    /// Follows the object through all code that reads the name of a module.
    fn follow_module_name(&mut self, name: Site<'p>, view: View) {
        for site in self.project.readings_of_module_name(name) {
            self.go(site, view);
        }
    }

    /// Follows the object through the methods that read it from an attribute of their object.
    fn follow_attribute(&mut self, class: Class<'p>, name: &str, view: View) {
        for site in self.project.readings_of_attribute(class, name) {
            self.go(site, view);
        }
    }

    /// What happens to the value of an expression, by what stands around it.
    fn step(&mut self, site: Site<'p>, view: View) {
        let Some(parent) = site.node.parent() else {
            return;
        };
        let around = site.with(parent);
        let field = site.node.field();
        match parent.kind() {
            Kind::Attribute if field == Field::Object => self.step_attribute(around, view),
            Kind::Subscript if field == Field::Value => {
                if stores_or_deletes(parent) && self.takes_items(view) {
                    self.changed(view, statement(site));
                }
                let is_slice = parent
                    .children()
                    .any(|child| child.field() == Field::Subscript && child.kind() == Kind::Slice);
                self.go(
                    around,
                    if is_slice {
                        view.copied()
                    } else {
                        view.element()
                    },
                );
            }
            Kind::AugmentedAssignment if field == Field::Left => {
                let in_place = match self.class(view) {
                    Some(ClassValue::Known(class)) => {
                        self.project.find_method(*class, "__iadd__").is_some()
                    }
                    _ => true,
                };
                if in_place {
                    self.changed(view, statement(site));
                }
            }
            Kind::Return => {
                let reach = self.out_of(site);
                self.note(reach, view, statement(site));
            }
            Kind::Yield if parent.op() == Op::From => {
                self.note(Reach::Returned, view.element(), around);
            }
            Kind::Yield => self.note(Reach::Returned, view, around),
            Kind::Lambda if field == Field::Body => {
                let reach = self.out_of(site);
                self.note(reach, view, site);
            }
            Kind::Assignment if field == Field::Right => self.step_assignment(around, view),
            Kind::NamedExpression if field == Field::Value => {
                if let Some(name) = around.child(Field::Name) {
                    self.follow_binding(name, view);
                }
                self.go(around, view);
            }
            Kind::DefaultParameter | Kind::TypedDefaultParameter if field == Field::Value => {
                self.note(Reach::Stored, view, site);
            }
            Kind::Conditional => {
                let is_condition = parent.children().nth(1) == Some(site.node);
                if !is_condition {
                    self.go(around, view);
                }
            }
            Kind::BooleanOperation => {
                let gives_way = self.object.empty
                    && view == View::WHOLE
                    && field == Field::Left
                    && parent.op() == Op::Or;
                if !gives_way {
                    self.go(around, view);
                }
            }
            Kind::Parenthesized => self.go(around, view),
            Kind::Tuple | Kind::ExpressionList if self.step_unpacking(around, site, view) => {}
            Kind::Tuple | Kind::List | Kind::Set | Kind::ExpressionList => {
                self.go(around, view.held());
            }
            Kind::Pair if field == Field::Value => {
                if let Some(dict) = parent.parent() {
                    self.go(site.with(dict), view.held());
                }
            }
            Kind::ListComprehension | Kind::SetComprehension | Kind::GeneratorExpression
                if field == Field::Body =>
            {
                self.go(around, view.held());
            }
            Kind::ListSplat => {
                if let Some(display) = parent
                    .parent()
                    .filter(|display| matches!(display.kind(), Kind::List | Kind::Tuple))
                {
                    self.go(site.with(display), view.copied());
                }
            }
            Kind::BinaryOperation if matches!(parent.op(), Op::Add | Op::Mul) => {
                self.go(around, view.copied());
            }
            Kind::For | Kind::ForInClause if field == Field::Right => {
                if let Some(left) = around.child(Field::Left) {
                    self.bind(left, view.element());
                }
            }
            Kind::ArgumentList => self.step_argument(around, site, view),
            Kind::KeywordArgument => {
                if let Some(list) = parent.parent() {
                    self.step_argument(site.with(list), around, view);
                }
            }
            _ => {}
        }
    }

    /// How a `return`, or a lambda's value, lets the object out: to the caller of the function that is looked at, or of another one.
    fn out_of(&self, site: Site<'p>) -> Reach {
        match self.function {
            Some(function) if Function::around(site) != Some(function) => Reach::PassedOn,
            _ => Reach::Returned,
        }
    }

    fn step_attribute(&mut self, attribute: Site<'p>, view: View) {
        let Some(parent) = attribute.node.parent() else {
            return;
        };
        let name = attribute
            .node
            .child(Field::Attribute)
            .map_or("", Node::text);
        if parent.kind() == Kind::Call && attribute.node.field() == Field::Function {
            self.step_method(attribute.with(parent), name, view);
        } else if stores_or_deletes(attribute.node) {
            self.changed(view, statement(attribute));
        } else if let Some(ClassValue::Known(_)) = self.class(view) {
            self.go(attribute, view.element());
        } else if MUTATING_METHODS.contains(&name) {
            // the bound method itself is kept: `add = xs.append`
            self.note(Reach::PassedOn, view, statement(attribute));
        }
    }

    /// `call` calls a method of the object.
    fn step_method(&mut self, call: Site<'p>, name: &str, view: View) {
        if let Some(ClassValue::Known(class)) = self.class(view) {
            let class = *class;
            if let Some(method) = self.project.find_method(class, name) {
                if let Some(own) = method.parameters().next() {
                    self.enter(own, call, view);
                }
                return;
            }
            if !self.project.is_container(class) {
                return;
            }
        }
        if MUTATING_METHODS.contains(&name) {
            self.changed(view, call);
        }
        match name {
            "get" | "setdefault" | "pop" | "popleft" | "__getitem__" => {
                self.go(call, view.element());
            }
            "copy" | "values" => self.go(call, view.copied()),
            "items" => self.go(call, view.copied().held()),
            _ => {}
        }
    }

    /// For `a, b = x, y`: the value goes to the name at its own place. Whether it was that.
    fn step_unpacking(&mut self, display: Site<'p>, site: Site<'p>, view: View) -> bool {
        let assignment = display.node.parent().filter(|parent| {
            parent.kind() == Kind::Assignment && display.node.field() == Field::Right
        });
        let Some(left) = assignment.and_then(|assignment| assignment.child(Field::Left)) else {
            return false;
        };
        let is_splat = |node: Node<'_>| matches!(node.kind(), Kind::ListSplat | Kind::SplatPattern);
        if !matches!(left.kind(), Kind::PatternList | Kind::Tuple | Kind::List)
            || left.children().any(is_splat)
            || display.node.children().any(is_splat)
        {
            return false;
        }
        let place = display.node.children().position(|child| child == site.node);
        if let Some(target) = place.and_then(|place| left.children().nth(place)) {
            self.bind(display.with(target), view);
        }
        true
    }

    fn step_assignment(&mut self, assignment: Site<'p>, view: View) {
        let mut current = Some(assignment);
        while let Some(assignment) = current {
            if let Some(left) = assignment.child(Field::Left) {
                self.bind(left, view);
            }
            // `a = b = value`
            current = assignment
                .node
                .parent()
                .filter(|parent| parent.kind() == Kind::Assignment)
                .map(|parent| assignment.with(parent));
        }
    }

    /// Follows the object into a target that is bound to it.
    fn bind(&mut self, target: Site<'p>, view: View) {
        let mut targets = vec![(target, view)];
        while let Some((target, view)) = targets.pop() {
            match target.node.kind() {
                Kind::Name => self.follow_binding(target, view),
                Kind::Attribute => {
                    self.note(Reach::Stored, view, statement(target));
                    self.follow_stored(target, view);
                }
                Kind::Subscript => self.note(Reach::Stored, view, statement(target)),
                Kind::PatternList | Kind::Tuple | Kind::List | Kind::Parenthesized => {
                    let inner = match target.node.kind() {
                        Kind::Parenthesized => view,
                        // one of several things that a tuple holds: which of the names gets it is not known
                        _ if view.level < 0 => view.element().copied(),
                        _ => view.element(),
                    };
                    targets.extend(
                        target
                            .node
                            .children()
                            .map(|node| (target.with(node), inner)),
                    );
                }
                _ => {}
            }
        }
    }

    /// The object was stored on `self.name`.
    fn follow_stored(&mut self, attribute: Site<'p>, view: View) {
        if !self.object.through_stores {
            return;
        }
        let (Some(object), Some(name)) = (
            attribute.child(Field::Object),
            attribute.node.child(Field::Attribute),
        ) else {
            return;
        };
        if let Value::Instance(ClassValue::Known(class)) | Value::Class(class) =
            self.project.evaluate(object)
        {
            self.follow_attribute(class, name.text(), view);
        }
    }

    fn step_argument(&mut self, list: Site<'p>, argument: Site<'p>, view: View) {
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
        match self.project.evaluate(callee) {
            Value::Function(target) => self.hand_to(target, false, argument, call, view),
            Value::Method(target) => self.hand_to(target, true, argument, call, view),
            Value::Class(class) => match self.project.find_method(class, "__init__") {
                Some(init) => self.hand_to(init, true, argument, call, view),
                None => self.note(Reach::PassedOn, view, call),
            },
            Value::External(name) => self.hand_outside(&name, argument, call, view),
            _ => {
                let method = callee.node.child(Field::Attribute).map(Node::text);
                self.hand_to_method(method, call, view);
            }
        }
    }

    /// The object is an argument of something that is not the project's.
    fn hand_outside(&mut self, name: &str, argument: Site<'p>, call: Site<'p>, view: View) {
        let is_first = || {
            argument.node.kind() != Kind::KeywordArgument
                && argument
                    .node
                    .parent()
                    .and_then(|list| list.children().next())
                    == Some(argument.node)
        };
        if let Some((_, method)) = name.rsplit_once("().") {
            self.hand_to_method(Some(method), call, view);
        } else if MUTATING_FUNCTIONS.contains(&name) || is_unbound_mutator(name) {
            if is_first() {
                self.changed(view, call);
            } else {
                self.note(Reach::Stored, view, call);
            }
        } else if COPYING.contains(&name) {
            self.go(call, view.copied());
        } else if PAIRING.contains(&name) {
            self.go(call, view.copied().held());
        } else if PICKING.contains(&name) {
            self.go(call, view.element());
        } else {
            let read = name
                .strip_prefix("builtins.")
                .is_some_and(|name| READING.contains(&name))
                || READING_FUNCTIONS.contains(&name)
                || name.rsplit('.').next().is_some_and(is_assertion);
            if !read {
                self.note(Reach::PassedOn, view, call);
            }
        }
    }

    /// The object is an argument of a method that is known by name only.
    fn hand_to_method(&mut self, method: Option<&str>, call: Site<'p>, view: View) {
        match method {
            Some(method) if STORING_METHODS.contains(&method) => {
                self.note(Reach::Stored, view, call);
            }
            Some(method) if READING_METHODS.contains(&method) || is_assertion(method) => {}
            _ => self.note(Reach::PassedOn, view, call),
        }
    }

    fn hand_to(
        &mut self,
        target: Function<'p>,
        bound: bool,
        argument: Site<'p>,
        call: Site<'p>,
        view: View,
    ) {
        if let Some(parameter) = self.project.parameter_of(target, bound, argument) {
            self.enter(parameter, call, view);
        } else if let Some(gathering) = gathering_parameter(target, argument) {
            // the tuple or the dict that holds it, or what is taken out of that
            self.enter(gathering, call, view.held());
            let gives = |found: &Use<'_>| found.reach == Reach::Returned;
            if self
                .summary(gathering, view.held())
                .is_some_and(|found| found.iter().any(gives))
            {
                self.go(call, view);
            }
        } else {
            self.note(Reach::PassedOn, view, call);
        }
    }

    /// `call` binds the object to a parameter.
    fn enter(&mut self, parameter: Parameter<'p>, call: Site<'p>, view: View) {
        let Some(reached) = self.summary(parameter, view) else {
            self.note(Reach::PassedOn, view, call);
            return;
        };
        for inner in reached.iter() {
            let at_call = Use {
                site: call,
                ..*inner
            };
            match inner.reach {
                Reach::Returned => {
                    let given = match inner.part {
                        Part::Whole => view,
                        Part::Element => view.element(),
                        Part::Copy => view.copied(),
                    };
                    self.go(call, given);
                }
                _ => self.found.extend([at_call, *inner]),
            }
        }
    }

    /// What the function of a parameter does with it. None where that is too far to look.
    fn summary(&mut self, parameter: Parameter<'p>, view: View) -> Option<Rc<[Use<'p>]>> {
        const CALLS: usize = 3;
        let key = key(parameter.name, view);
        if let Some(known) = self.summaries.get(&key) {
            return Some(Rc::clone(known));
        }
        if self.depth >= CALLS {
            return None;
        }
        // a function that calls itself adds nothing to what it does
        self.summaries.insert(key, Rc::new([]));
        let function = parameter
            .site
            .node
            .ancestors()
            .find(|node| matches!(node.kind(), Kind::FunctionDef | Kind::Lambda))
            .and_then(|node| Function::at(parameter.site.with(node)));
        let mut inner = Tracker::new(self.project, self.object.clone());
        inner.object.empty &= view == View::WHOLE;
        inner.function = function;
        inner.depth = self.depth + 1;
        inner.summaries = std::mem::take(&mut self.summaries);
        inner.follow_parameter(parameter, view);
        inner.run();
        self.summaries = inner.summaries;
        let found: Rc<[Use<'p>]> = inner.found.into();
        self.summaries.insert(key, Rc::clone(&found));
        Some(found)
    }
}

/// The parameter `*args` or `**kwargs` that takes an argument for which there is no other one, where that is sure.
fn gathering_parameter<'p>(function: Function<'p>, argument: Site<'_>) -> Option<Parameter<'p>> {
    let (splat, kind) = match argument.node.kind() {
        Kind::KeywordArgument => (Kind::DictSplat, ParameterKind::DoubleStar),
        _ => (Kind::ListSplat, ParameterKind::Star),
    };
    let mut others = argument.node.parent()?.children();
    let is_sure = !others.any(|other| other.kind() == splat);
    let mut parameters = function.parameters();
    parameters.find(|parameter| is_sure && parameter.kind == kind)
}

/// Whether a change only takes something out: `del xs[k]`, `xs.pop()`.
fn takes_out(change: Site<'_>) -> bool {
    const METHODS: &[&str] = &[
        "clear", "discard", "pop", "popitem", "popleft", "remove", "reverse", "rotate", "sort",
    ];
    change.node.kind() == Kind::Delete
        || change
            .node
            .child(Field::Function)
            .and_then(|callee| callee.child(Field::Attribute))
            .is_some_and(|method| METHODS.contains(&method.text()))
}

/// `list.append`, taken from its class.
fn is_unbound_mutator(name: &str) -> bool {
    name.strip_prefix("builtins.")
        .and_then(|name| name.split_once('.'))
        .is_some_and(|(class, method)| {
            matches!(class, "list" | "dict" | "set" | "bytearray")
                && MUTATING_METHODS.contains(&method)
        })
}

/// The statement that a site is part of; itself, where there is none.
fn statement(site: Site<'_>) -> Site<'_> {
    site.node.statement().map_or(site, |node| site.with(node))
}

/// Classes of the standard library that hold other objects and can be changed.
const CONTAINERS: &[&str] = &[
    "builtins.list",
    "builtins.dict",
    "builtins.set",
    "builtins.bytearray",
    "collections.defaultdict",
    "collections.OrderedDict",
    "collections.Counter",
    "collections.deque",
    "collections.ChainMap",
    "collections.UserDict",
    "collections.UserList",
    "array.array",
];

/// Whether a method is one of a test case: `self.assertEqual(xs, [])`.
fn is_assertion(method: &str) -> bool {
    method
        .strip_prefix("assert")
        .is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_uppercase()))
}

/// Whether a qualified name is that of a class of the standard library that holds other objects and can be changed.
pub fn is_container_name(name: &str) -> bool {
    CONTAINERS.contains(&name)
}
