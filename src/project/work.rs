//! Whether a function only computes, and takes time at it: what threads gain nothing from.
//!
//! The answer is no wherever something may let go of the GIL, or is not known.

use rustc_hash::FxHashMap;

use super::computing::{REPORTING, consumes, is_computing, is_exception};
use super::loops::{is_loop, is_repeated_in, positional};
use super::readings::is_expression;
use super::threads::Receiver;
use super::{Class, ClassValue, Function, Project, Spot, Value, managers, stdlib};
use crate::facts::{BindingKind, Resolution, Site};
use crate::syntax::{Field, Kind, Node, Op};

/// What a function that only computes spends its time on.
#[derive(Clone, Debug, Default)]
pub struct Computation<'p> {
    /// The loops and comprehensions that take time, the function's own first.
    pub loops: Vec<Site<'p>>,
    /// The calls with which functions call themselves.
    pub recursion: Vec<Site<'p>>,
    /// The calls of the project's functions that were followed.
    pub calls: Vec<(Site<'p>, Function<'p>)>,
    /// Whether it also prints or stores, outside of loops.
    reports: bool,
}

impl<'p> Computation<'p> {
    /// Takes over what a called function spends its time on, as far as somebody would read it.
    fn add(&mut self, call: Site<'p>, target: Function<'p>, inner: Computation<'p>) {
        fn fill<T>(own: &mut Vec<T>, more: Vec<T>) {
            let room = SHOWN.saturating_sub(own.len());
            own.extend(more.into_iter().take(room));
        }
        fill(&mut self.calls, vec![(call, target)]);
        fill(&mut self.calls, inner.calls);
        fill(&mut self.loops, inner.loops);
        fill(&mut self.recursion, inner.recursion);
        self.reports |= inner.reports;
    }

    fn takes_time(&self) -> bool {
        !self.loops.is_empty() || !self.recursion.is_empty()
    }
}

/// How many places of a kind are kept to prove it.
const SHOWN: usize = 16;

/// How many calls deep, and how many functions in all, are looked into.
const CALLS: usize = 4;
const FUNCTIONS: usize = 60;

impl Project {
    /// What a function spends its time on, when it does nothing but compute and takes time at it. `receiver` is the object that it runs on, for a method.
    pub fn computation<'p>(
        &'p self,
        function: Function<'p>,
        receiver: Option<Receiver<'p>>,
    ) -> Option<Computation<'p>> {
        let mut scan = Scan {
            project: self,
            running: Vec::new(),
            known: FxHashMap::default(),
            assumed: Vec::new(),
        };
        if let Some(receiver) = receiver {
            scan.assumed.push((receiver, function.name()));
        }
        let found = scan.function(function, receiver)?;
        (found.takes_time() && scan.assumptions_hold()).then_some(found)
    }

    /// Whether a class's objects may have another method of this name: one of a subclass.
    pub fn is_overridden<'p>(&'p self, class: Class<'p>, name: &str) -> bool {
        let mut open = vec![class];
        let mut seen: Vec<Class<'p>> = Vec::new();
        while let Some(class) = open.pop() {
            for subclass in self.subclasses(class) {
                if subclass.defines(name) {
                    return true;
                }
                if !seen.contains(&subclass) && seen.len() < FUNCTIONS {
                    seen.push(subclass);
                    open.push(subclass);
                }
            }
        }
        false
    }
}

struct Scan<'p> {
    project: &'p Project,
    running: Vec<Function<'p>>,
    /// What was found of functions; None where they do something else.
    known: FxHashMap<(Spot, Option<Spot>), Option<Computation<'p>>>,
    /// Methods that were looked up on an object whose class may be a subclass.
    assumed: Vec<(Receiver<'p>, &'p str)>,
}

/// A function under the scan.
#[derive(Clone, Copy)]
struct Frame<'p> {
    function: Function<'p>,
    receiver: Option<Receiver<'p>>,
}

impl<'p> Scan<'p> {
    fn assumptions_hold(&mut self) -> bool {
        let mut checked: Vec<(Class<'p>, &str)> = Vec::new();
        for (receiver, name) in &self.assumed {
            let key = (receiver.class, *name);
            if receiver.exact || checked.contains(&key) {
                continue;
            }
            if self.project.is_overridden(receiver.class, name) {
                return false;
            }
            checked.push(key);
        }
        true
    }

    fn function(
        &mut self,
        function: Function<'p>,
        receiver: Option<Receiver<'p>>,
    ) -> Option<Computation<'p>> {
        let on = receiver.map(|receiver| Spot::of(receiver.class.site));
        let spot = (Spot::of(function.site), on);
        if let Some(known) = self.known.get(&spot) {
            return known.clone();
        }
        if function.is_async()
            || function.is_generator()
            || self.running.len() > CALLS
            || self.known.len() > FUNCTIONS
            || function.site.body().tree.has_error()
        {
            return None;
        }
        self.running.push(function);
        let found = self.body(Frame { function, receiver });
        self.running.pop();
        self.known.insert(spot, found.clone());
        found
    }

    fn body(&mut self, frame: Frame<'p>) -> Option<Computation<'p>> {
        let mut found = Computation::default();
        // cheap looks first: most functions do something that shows at once
        let waits = |site: Site<'_>| {
            matches!(site.node.kind(), Kind::Await | Kind::Yield)
                || matches!(
                    site.node.kind(),
                    Kind::With | Kind::Import | Kind::ImportFrom
                ) && is_repeated_in(site.node, frame.function)
                || site.node.op() == Op::MatMul
        };
        if frame.function.nodes().any(waits) {
            return None;
        }
        for site in frame.function.nodes() {
            let fine = match site.node.kind() {
                Kind::With => self.takes_lock(site),
                Kind::For => self.loops_over(site),
                Kind::ForInClause => self.is_known_iterable(site.child(Field::Right)?, 0),
                Kind::Attribute => self.reads_attribute(site, frame),
                Kind::Name if is_expression(site.node) => !self.is_foreign(site),
                Kind::Call => self.call(site, frame, &mut found),
                Kind::Subscript => !self.may_copy_array(site),
                _ => true,
            };
            if !fine {
                return None;
            }
            if is_loop(site.node.kind()) && self.project.is_heavy_loop(site) {
                found.loops.push(site);
            }
        }
        // calling oneself once, in no loop, goes no deeper than the stack
        let is_in_loop = |call: &Site<'p>| is_repeated_in(call.node, frame.function);
        let own: Vec<_> = found
            .recursion
            .iter()
            .filter(|call| Function::around(**call) == Some(frame.function))
            .collect();
        if own.len() == 1 && !own.iter().any(|call| is_in_loop(call)) {
            found
                .recursion
                .retain(|call| Function::around(*call) != Some(frame.function));
        }
        Some(found)
    }

    /// `array[a:b] = piece`, where it may be an array of another package: its C code may let go of the GIL to copy.
    fn may_copy_array(&self, item: Site<'p>) -> bool {
        item.node.field() == Field::Left
            && item.node.child_of(Kind::Slice).is_some()
            && !item
                .child(Field::Value)
                .is_some_and(|object| self.is_built_in(object))
    }

    /// `with lock:`, outside of loops.
    fn takes_lock(&self, with: Site<'p>) -> bool {
        const LOCKS: &[&str] = &["threading.Lock", "threading.RLock", "threading.Condition"];
        managers(with).all(|manager| {
            matches!(self.project.evaluate(manager), Value::Instance(ClassValue::External(name)) if LOCKS.contains(&name.as_ref()))
        })
    }

    fn loops_over(&self, statement: Site<'p>) -> bool {
        statement.node.op() != Op::Async
            && statement
                .child(Field::Right)
                .is_some_and(|iterable| self.is_known_iterable(iterable, 0))
    }

    /// Whether going over an object runs nothing but built-in code.
    fn is_known_iterable(&self, site: Site<'p>, depth: usize) -> bool {
        if depth > CALLS {
            return false;
        }
        let site = site.with(site.node.unparenthesized());
        match site.node.kind() {
            Kind::Call => self.gives_known_iterable(site, depth),
            Kind::Subscript => site
                .child(Field::Value)
                .is_some_and(|object| self.is_known_iterable(object, depth + 1)),
            Kind::Name if self.is_built_in(site) => true,
            // what a known container holds
            Kind::Name => match site.resolve() {
                Resolution::Local(bindings) => bindings.iter().all(|binding| {
                    binding.binding.kind == BindingKind::Loop
                        && binding
                            .value()
                            .is_some_and(|value| self.is_known_iterable(value, depth + 1))
                }),
                _ => false,
            },
            _ => self.is_built_in(site),
        }
    }

    fn is_built_in(&self, site: Site<'p>) -> bool {
        matches!(
            self.project.evaluate(site),
            Value::Instance(ClassValue::External(class))
                if class.starts_with("builtins.") || class.starts_with("collections.")
        )
    }

    fn gives_known_iterable(&self, call: Site<'p>, depth: usize) -> bool {
        let Some(callee) = call.child(Field::Function) else {
            return false;
        };
        let Value::External(name) = self.project.evaluate(callee) else {
            return self.is_built_in(call);
        };
        match name.as_ref() {
            "builtins.range" | "itertools.count" => true,
            "builtins.map" | "builtins.filter" => positional(call)
                .skip(1)
                .all(|argument| self.is_known_iterable(argument, depth + 1)),
            _ if consumes(&name) => {
                let is_number = |argument: Site<'p>| {
                    matches!(argument.node.kind(), Kind::Integer | Kind::Float)
                };
                positional(call).all(|argument| {
                    is_number(argument) || self.is_known_iterable(argument, depth + 1)
                })
            }
            _ => is_computing(&name),
        }
    }

    /// Whether an attribute that is read, or stored to, runs no code.
    fn reads_attribute(&mut self, attribute: Site<'p>, frame: Frame<'p>) -> bool {
        let is_called = attribute.node.field() == Field::Function
            && attribute.node.parent().map(Node::kind) == Some(Kind::Call);
        let (Some(object), Some(name), false) = (
            attribute.child(Field::Object),
            attribute.node.child(Field::Attribute),
            is_called,
        ) else {
            return is_called;
        };
        let is_self = frame.function.class().is_some()
            && Some(object.text()) == frame.function.first_parameter();
        let class = match (frame.receiver, self.project.evaluate(object)) {
            (Some(receiver), _) if is_self => receiver.class,
            (_, Value::Instance(ClassValue::Known(class))) => class,
            (_, Value::Class(_) | Value::Module(_) | Value::External(_)) => return true,
            (_, Value::Instance(ClassValue::External(name))) => return stdlib::is_in(&name),
            _ => return !is_repeated_in(attribute.node, frame.function),
        };
        let mro = self.project.mro(class);
        for ancestor in &mro.classes {
            let ClassValue::Known(ancestor) = ancestor else {
                continue;
            };
            if let Some(method) = ancestor.method(name.text()) {
                let is_property = method.site.decorators().next().is_some();
                return !is_property || {
                    let read = self.function(method, frame.receiver.filter(|_| is_self));
                    read.is_some_and(|read| !read.reports)
                };
            }
            if ancestor.defines(name.text()) {
                // a descriptor, perhaps
                let value = self.project.class_attribute(*ancestor, name.text(), 0);
                return !matches!(
                    value,
                    Value::Unknown | Value::Instance(ClassValue::Known(_))
                );
            }
        }
        mro.is_complete()
    }

    /// Whether a name means something that is neither the project's nor the standard library's: a C library may release the GIL.
    fn is_foreign(&self, site: Site<'p>) -> bool {
        match site.resolve() {
            Resolution::Local(bindings) => bindings.iter().any(|binding| {
                binding.binding.kind == BindingKind::Parameter
                    && binding
                        .value()
                        .and_then(|parameter| parameter.child(Field::Type))
                        .is_some_and(|annotation| {
                            self.is_foreign_value(&self.project.evaluate(annotation))
                        })
            }),
            Resolution::Free => !super::is_builtin(site.text()),
            Resolution::Module(_) => match self.project.evaluate(site) {
                Value::Unknown => true,
                value => self.is_foreign_value(&value),
            },
        }
    }

    fn is_foreign_value(&self, value: &Value<'p>) -> bool {
        match value {
            Value::External(name) | Value::Instance(ClassValue::External(name)) => {
                !stdlib::is_in(name)
            }
            _ => false,
        }
    }

    /// Whether a call only computes; what it finds on the way is noted.
    fn call(&mut self, call: Site<'p>, frame: Frame<'p>, found: &mut Computation<'p>) -> bool {
        let is_repeated = is_repeated_in(call.node, frame.function);
        let (value, on) = self.project.called(call, frame.function, frame.receiver);
        match value {
            Value::Function(target) | Value::Method(target) => {
                if let Some(receiver) = on {
                    self.assumed.push((receiver, target.name()));
                }
                if self.running.contains(&target) {
                    found.recursion.push(call);
                    return true;
                }
                let Some(inner) = self.function(target, on) else {
                    return false;
                };
                if inner.reports && is_repeated {
                    return false;
                }
                found.add(call, target, inner);
                true
            }
            Value::Class(class) => self.constructs(class, is_repeated),
            Value::External(name) if is_computing(&name) => self.arguments_are_known(call, &name),
            Value::External(name) if REPORTING.contains(&name.as_ref()) => {
                found.reports = true;
                !is_repeated
            }
            Value::External(name) => is_exception(&name),
            _ => {
                let callee = call.node.child(Field::Function);
                let method = callee.and_then(|callee| callee.child(Field::Attribute));
                match method.map(Node::text) {
                    // a list, most likely, or a queue that is not full
                    Some("append" | "add") => true,
                    Some("put" | "put_nowait" | "set_result" | "set") => {
                        found.reports = true;
                        !is_repeated
                    }
                    _ => false,
                }
            }
        }
    }

    /// Whether what a built-in function calls or goes over is known.
    fn arguments_are_known(&mut self, call: Site<'p>, name: &str) -> bool {
        let key = call
            .child(Field::Arguments)
            .into_iter()
            .flat_map(|arguments| arguments.node.children())
            .filter(|argument| argument.kind() == Kind::KeywordArgument)
            .find(|argument| {
                argument
                    .child(Field::Name)
                    .is_some_and(|name| name.text() == "key")
            })
            .and_then(|argument| argument.child(Field::Value))
            .map(|value| call.with(value));
        if key.is_some_and(|key| !self.is_known_function(key)) {
            return false;
        }
        let mut arguments = positional(call);
        match name {
            "builtins.map" | "builtins.filter" | "functools.reduce" => {
                let function = arguments.next();
                function.is_some_and(|function| {
                    function.node.kind() == Kind::None || self.is_known_function(function)
                }) && arguments
                    .next()
                    .is_some_and(|items| self.is_known_iterable(items, 0))
            }
            "builtins.max" | "builtins.min" if positional(call).count() > 1 => true,
            _ if consumes(name) => arguments.all(|argument| {
                matches!(argument.node.kind(), Kind::Integer | Kind::Float)
                    || self.is_known_iterable(argument, 0)
            }),
            _ => true,
        }
    }

    fn is_known_function(&mut self, site: Site<'p>) -> bool {
        match self.project.evaluate(site) {
            Value::Function(function) | Value::Method(function) => {
                self.running.contains(&function)
                    || self
                        .function(function, None)
                        .is_some_and(|inner| !inner.reports)
            }
            Value::External(name) => is_computing(&name),
            _ => false,
        }
    }

    /// Whether making an object of a class only computes.
    fn constructs(&mut self, class: Class<'p>, is_repeated: bool) -> bool {
        let project = self.project;
        // what an object does when it dies is done by whoever lets go of it
        let special = ["__new__", "__del__"];
        if !project.mro(class).is_complete()
            || special
                .iter()
                .any(|name| project.find_method(class, name).is_some())
        {
            return false;
        }
        match project.find_method(class, "__init__") {
            Some(init) => {
                let receiver = Some(Receiver { class, exact: true });
                self.function(init, receiver)
                    .is_some_and(|inner| !(inner.reports && is_repeated))
            }
            None => true,
        }
    }
}
