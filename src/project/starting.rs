//! Starts that do not name the function which they run: it is one of several in a loop, or given to the function that starts it, or stands under a decorator that starts it;
//! and servers that run the methods of a handler.

use super::handing::HandKind;
use super::threads::Receiver;
use super::{Class, ClassValue, Function, Project, StartKind, ThreadStart, Value, argument};
use crate::facts::{BindingKind, BindingSite, FileFacts, Site, Subjects};
use crate::syntax::{Field, Kind, Node};

impl Project {
    /// A start, once for each function that it may run.
    pub(super) fn starts_by_function<'p>(&'p self, start: ThreadStart<'p>) -> Vec<ThreadStart<'p>> {
        let named = start.target.filter(|_| start.function.is_none());
        let Some((target, bound)) =
            named.and_then(|target| Some((target, self.only_binding(target)?)))
        else {
            return vec![start];
        };
        let further = match bound.binding.kind {
            BindingKind::Loop => self.starts_of_items(start, bound),
            BindingKind::Parameter => self.starts_of_given(start, target, bound),
            _ => Vec::new(),
        };
        match further.is_empty() {
            true => vec![start],
            false => further,
        }
    }

    /// `for job in (read, write): Thread(target=job)`
    fn starts_of_items<'p>(
        &'p self,
        start: ThreadStart<'p>,
        bound: BindingSite<'p>,
    ) -> Vec<ThreadStart<'p>> {
        let items = bound
            .value()
            .and_then(|collection| self.items_within(collection, 0));
        let target = |item: Site<'p>| match place_in_target(bound.name) {
            None => Some(item),
            Some(place) => {
                let parts = item.node.unparenthesized();
                let is_plain = parts.kind() == Kind::Tuple
                    && parts.children().all(|part| part.kind() != Kind::ListSplat);
                is_plain
                    .then(|| parts.children().nth(place))?
                    .map(|part| item.with(part))
            }
        };
        let start = ThreadStart {
            is_item: true,
            ..start
        };
        let targets = items.into_iter().flatten().filter_map(target);
        targets
            .filter_map(|target| self.start_of(start, start.call, target))
            .collect()
    }

    /// What is given to a function that starts what it is given: by those who call it, or by what it decorates.
    fn starts_of_given<'p>(
        &'p self,
        start: ThreadStart<'p>,
        target: Site<'p>,
        bound: BindingSite<'p>,
    ) -> Vec<ThreadStart<'p>> {
        // a pool's size is seen where it is asked
        let is_thread = matches!(
            start.kind,
            StartKind::Thread | StartKind::Timer | StartKind::ToThread | StartKind::RunInExecutor
        );
        let Some(starter) = Function::around(start.call).filter(|_| is_thread) else {
            return Vec::new();
        };
        if starter.scope() == bound.binding.scope {
            let is_it = |callee: &Site<'p>| {
                let called = self.evaluate(*callee);
                matches!(called, Value::Function(called) | Value::Method(called) if called == starter)
            };
            let calls = self.calls_named(starter.name()).into_iter();
            let calls = calls.filter(|(_, callee)| is_it(callee));
            let given = calls.filter_map(|(call, _)| {
                let given = self.given_to(call, starter, target.text())?;
                self.start_of(start, call, given)
            });
            return given.collect();
        }
        let decorator = Function::around(starter.site)
            .filter(|outer| outer.scope() == bound.binding.scope)
            .filter(|outer| outer.first_parameter() == Some(target.text()));
        let decorated = decorator.map(|decorator| self.functions_under(decorator));
        let started = decorated.into_iter().flatten().flat_map(|function| {
            let calls = self.calls_by_name(function).into_iter();
            calls.map(move |(call, callee, receiver)| {
                started(start, call, callee, function, receiver)
            })
        });
        started.collect()
    }

    /// A start as it runs one of its targets.
    fn start_of<'p>(
        &'p self,
        start: ThreadStart<'p>,
        call: Site<'p>,
        target: Site<'p>,
    ) -> Option<ThreadStart<'p>> {
        let (function, receiver) = self.runs_on(target)?;
        Some(started(start, call, target, function, receiver))
    }

    /// The functions of the project that a function decorates, by its name alone: `@in_thread`.
    fn functions_under<'p>(&'p self, decorator: Function<'p>) -> Vec<Function<'p>> {
        let name = decorator.name();
        let is_it = |site: Site<'p>| {
            last_word(site) == Some(name) && self.evaluate(site) == Value::Function(decorator)
        };
        let mut found = Vec::new();
        for (file, segment) in self.segments_naming(name) {
            let root = file.root(segment);
            let functions = root.body().functions.iter();
            let functions = functions.filter_map(|data| Function::at(root.at(data.node)));
            found.extend(functions.filter(|function| function.site.decorators().any(is_it)));
        }
        found
    }

    /// The calls in the project of what has a name, whatever it is; with what is called.
    fn calls_named<'p>(&'p self, name: &str) -> Vec<(Site<'p>, Site<'p>)> {
        let mut found = Vec::new();
        for (file, segment) in self.segments_naming(name) {
            let root = file.root(segment);
            let calls = root.body().calls.iter().map(|call| root.at(*call));
            found.extend(calls.filter_map(|call| {
                let callee = call.child(Field::Function)?;
                (last_word(callee) == Some(name)).then_some((call, callee))
            }));
        }
        found
    }

    /// The segments that hold a name; none of them, where they are too many to look at: everybody uses it for something.
    fn segments_naming<'p>(&'p self, name: &str) -> Vec<(&'p FileFacts, usize)> {
        let segments = match name.starts_with("__") {
            true => Vec::new(),
            false => self.mentions(name),
        };
        match segments.len() <= SEGMENTS {
            true => segments,
            false => Vec::new(),
        }
    }

    /// The calls of a function by the name that its definition binds, whatever its decorators make of it; with what is called, and the object whose method it is.
    fn calls_by_name<'p>(
        &'p self,
        function: Function<'p>,
    ) -> Vec<(Site<'p>, Site<'p>, Option<Receiver<'p>>)> {
        let is_it = |bound: BindingSite<'p>| {
            let definition = bound
                .value()
                .filter(|_| bound.binding.kind == BindingKind::Function);
            definition.and_then(Function::at) == Some(function)
        };
        let called = |callee: Site<'p>| match callee.node.kind() {
            Kind::Name => self.bound_at(callee).is_some_and(is_it).then_some(None),
            Kind::Attribute => {
                let name = function.name();
                match self.evaluate(callee.child(Field::Object)?) {
                    Value::Instance(ClassValue::Known(class)) => {
                        let exact = false;
                        (self.find_method(class, name) == Some(function))
                            .then_some(Some(Receiver { class, exact }))
                    }
                    Value::Module(file) => {
                        let mut bindings = file.module_bindings(name).into_iter();
                        bindings.any(is_it).then_some(None)
                    }
                    _ => None,
                }
            }
            _ => None,
        };
        let calls = self.calls_named(function.name()).into_iter();
        calls
            .filter_map(|(call, callee)| Some((call, callee, called(callee)?)))
            .collect()
    }

    /// Whether a decorator is a function of the project that only starts, as it stands, what it decorates: nothing else stands around the body.
    pub fn starts_what_it_decorates<'p>(&'p self, decorator: Site<'p>) -> bool {
        let Value::Function(function) = self.evaluate(decorator) else {
            return false;
        };
        let root = function.site.file.root(function.site.segment);
        let calls = root.body().calls.iter().map(|call| root.at(*call));
        let mut inside = calls.filter(|call| {
            function.site.node.contains(call.node) && Function::around(*call) != Some(function)
        });
        inside.any(|call| {
            let handed = self.hand_over(call);
            let target = handed.filter(|handed| matches!(handed.kind, HandKind::Start(_)));
            let target = target.and_then(|handed| handed.target);
            target.is_some_and(|target| {
                Some(target.text()) == function.first_parameter()
                    && self
                        .only_binding(target)
                        .is_some_and(|bound| bound.binding.scope == function.scope())
            })
        })
    }

    /// The methods that the servers of a file run in a thread for each request: `ThreadingHTTPServer(address, Handler)`.
    pub(super) fn requests_in<'p>(
        &'p self,
        file: &'p FileFacts,
    ) -> impl Iterator<Item = ThreadStart<'p>> {
        let segments = self.about(file, Subjects::THREADS);
        let calls = segments.flat_map(move |segment| {
            let root = file.root(segment);
            root.body().calls.iter().map(move |call| root.at(*call))
        });
        let handled = calls.filter_map(|call| Some((call, self.handler_of(call)?)));
        handled.flat_map(|(call, class)| {
            let methods = self.handling_methods(class).into_iter();
            methods.map(move |function| ThreadStart {
                kind: StartKind::Requests,
                call,
                target: None,
                function: Some(function),
                receiver: Some(Receiver { class, exact: true }),
                is_item: false,
            })
        })
    }

    /// The handler of a server that is made, where it handles each request in a thread of its own.
    fn handler_of<'p>(&'p self, call: Site<'p>) -> Option<Class<'p>> {
        const MIXIN: &str = "socketserver.ThreadingMixIn";
        let callee = call.child(Field::Function)?;
        if !self.may_hand_over(callee) {
            return None;
        }
        let class = match self.evaluate(callee) {
            Value::Class(class) => ClassValue::Known(class),
            Value::External(name) => ClassValue::External(name),
            _ => return None,
        };
        if self.derives_from(&class, MIXIN) != Some(true) {
            return None;
        }
        let given = argument(call, 1, "RequestHandlerClass").or_else(|| {
            let ClassValue::Known(class) = class else {
                return None;
            };
            let init = self.find_method(class, "__init__")?;
            init.calls().find_map(|call| {
                let callee = call.child(Field::Function)?;
                let is_init = callee.node.child(Field::Attribute)?.text() == "__init__";
                let is_super = self.class_of_super(callee.child(Field::Object)?).is_some();
                argument(call, 2 - usize::from(is_super), "RequestHandlerClass").filter(|_| is_init)
            })
        })?;
        match self.evaluate(given) {
            Value::Class(handler) => Some(handler),
            _ => None,
        }
    }

    /// The methods of a handler that a server calls for a request.
    fn handling_methods<'p>(&'p self, handler: Class<'p>) -> Vec<Function<'p>> {
        const BASE: &str = "socketserver.BaseRequestHandler";
        if self.derives_from(&ClassValue::Known(handler), BASE) != Some(true) {
            return Vec::new();
        }
        let is_called =
            |name: &str| matches!(name, "setup" | "handle" | "finish") || name.starts_with("do_");
        let methods = self
            .known_mro(handler)
            .into_iter()
            .flat_map(Class::methods)
            .filter(|method| is_called(method.name()))
            .filter(|method| self.find_method(handler, method.name()) == Some(*method));
        methods.collect()
    }
}

/// A start as a call makes it run one of its targets, a function that is known.
fn started<'p>(
    start: ThreadStart<'p>,
    call: Site<'p>,
    target: Site<'p>,
    function: Function<'p>,
    receiver: Option<Receiver<'p>>,
) -> ThreadStart<'p> {
    ThreadStart {
        call,
        target: Some(target),
        function: Some(function),
        receiver,
        ..start
    }
}

/// How many segments are looked at for a name.
const SEGMENTS: usize = 200;

/// The last word of a name or an attribute.
fn last_word(site: Site<'_>) -> Option<&str> {
    match site.node.kind() {
        Kind::Name => Some(site.text()),
        Kind::Attribute => site.node.child(Field::Attribute).map(Node::text),
        _ => None,
    }
}

/// Which of the names of a loop's target a name is, where they are several: `for name, job in jobs`.
fn place_in_target(name: Site<'_>) -> Option<usize> {
    let several = name.node.parent()?;
    let is_target = matches!(
        several.parent().map(Node::kind),
        Some(Kind::For | Kind::ForInClause)
    );
    let mut names = several.children();
    (is_target && several.field() == Field::Left)
        .then(|| names.position(|other| other == name.node))?
}
