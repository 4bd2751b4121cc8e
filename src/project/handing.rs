//! Calls that are given a function to be called later, or elsewhere: which argument it is, and who will call it.

use super::threads::Receiver;
use super::values::builtin_class;
use super::{Class, ClassValue, Function, Pool, Project, Protocol, Value, stdlib};
use crate::facts::{BindingKind, BindingSite, Site, Subjects};
use crate::syntax::{Field, Kind, Node};

/// How a function is handed to a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StartKind {
    Thread,
    Timer,
    /// An object of a subclass of `Thread` is made; its `run` is the target.
    Subclass,
    /// `executor.submit(f, …)`, `pool.apply_async(f, …)`, `pool.apply(f, …)`
    Submit,
    /// `executor.map(f, …)` and its like
    Map,
    ToThread,
    RunInExecutor,
    /// A server is made that handles each request in a thread of its own.
    Requests,
}

/// Who calls a function that is handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandKind {
    /// A thread.
    Start(StartKind),
    /// `multiprocessing.Process`
    Process,
    /// A worker of a pool of processes, or of a pool that is not known well enough.
    Pool,
    /// The interpreter's exit.
    AtExit,
    /// A signal.
    Signal,
    /// An event loop or a future, which only log what a callback raises.
    Callback,
}

/// What `start()` starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Startable {
    Thread,
    Process,
}

impl Startable {
    /// In a message.
    pub fn word(self) -> &'static str {
        match self {
            Startable::Thread => "thread",
            Startable::Process => "process",
        }
    }
}

/// A call that is given a function.
#[derive(Clone, Copy, Debug)]
pub struct HandOver<'p> {
    pub kind: HandKind,
    pub call: Site<'p>,
    /// The expression that stands where the function belongs.
    pub target: Option<Site<'p>>,
    /// The sequence of the function's arguments, for those that take one: `args=(…)`.
    pub arguments: Option<Site<'p>>,
    /// The mapping of its keyword arguments beside that: `kwargs={…}`.
    pub keywords: Option<Site<'p>>,
}

/// Where a callable takes a function: by position and by keyword; and its arguments as a sequence.
struct Taker {
    kind: HandKind,
    target: (usize, &'static str),
    arguments: Option<usize>,
}

const fn taker(kind: HandKind, position: usize, keyword: &'static str) -> Option<Taker> {
    Some(Taker {
        kind,
        target: (position, keyword),
        arguments: None,
    })
}

/// By qualified name, a method's without the brackets of its object.
fn taker_named(name: &str) -> Option<Taker> {
    use HandKind::{AtExit, Callback, Process, Signal, Start};
    let with_arguments = |kind, keyword, position| {
        Some(Taker {
            kind,
            target: (1, keyword),
            arguments: Some(position),
        })
    };
    match name.strip_suffix(".__init__").unwrap_or(name) {
        "threading.Thread"
        | "multiprocessing.dummy.Process"
        | "multiprocessing.dummy.DummyProcess" => {
            return with_arguments(Start(StartKind::Thread), "target", 3);
        }
        "threading.Timer" => return with_arguments(Start(StartKind::Timer), "function", 2),
        "multiprocessing.Process"
        | "multiprocessing.context.Process"
        | "multiprocessing.process.BaseProcess" => return with_arguments(Process, "target", 3),
        "_thread.start_new_thread" => return taker(Start(StartKind::Thread), 0, "function"),
        "asyncio.to_thread" | "asyncio.threads.to_thread" => {
            return taker(Start(StartKind::ToThread), 0, "func");
        }
        "atexit.register" => return taker(AtExit, 0, "func"),
        "signal.signal" => return taker(Signal, 1, "handler"),
        _ => {}
    }
    let (class, method) = name.rsplit_once('.')?;
    match Pool::named(class) {
        Some(Pool::ThreadExecutor) => match method {
            "submit" => taker(Start(StartKind::Submit), 0, "fn"),
            "map" => taker(Start(StartKind::Map), 0, "fn"),
            _ => None,
        },
        Some(Pool::Threads) => match method {
            "apply" | "apply_async" => taker(Start(StartKind::Submit), 0, "func"),
            _ if is_map(method) => taker(Start(StartKind::Map), 0, "func"),
            _ => None,
        },
        Some(Pool::ProcessExecutor | Pool::Executor | Pool::Processes) => match method {
            "submit" | "apply" | "apply_async" => taker(HandKind::Pool, 0, "fn"),
            _ if is_map(method) => taker(HandKind::Pool, 0, "func"),
            _ => None,
        },
        None => match method {
            "call_soon" | "call_soon_threadsafe" => taker(Callback, 0, "callback"),
            "call_later" | "call_at" | "add_signal_handler" => taker(Callback, 1, "callback"),
            "add_done_callback" => taker(Callback, 0, "fn"),
            _ => None,
        },
    }
}

fn is_map(method: &str) -> bool {
    matches!(
        method,
        "map" | "imap" | "imap_unordered" | "map_async" | "starmap" | "starmap_async"
    )
}

/// The argument of a call with a keyword or at a position, where that is sure.
pub fn argument<'p>(call: Site<'p>, position: usize, keyword: &str) -> Option<Site<'p>> {
    let arguments = call.node.child(Field::Arguments)?;
    let by_keyword = arguments.children().find(|argument| {
        argument.kind() == Kind::KeywordArgument
            && argument
                .child(Field::Name)
                .is_some_and(|name| name.text() == keyword)
    });
    if let Some(argument) = by_keyword {
        return argument.child(Field::Value).map(|value| call.with(value));
    }
    let positional = arguments
        .children()
        .take_while(|argument| !matches!(argument.kind(), Kind::ListSplat | Kind::DictSplat));
    positional
        .into_iter()
        .filter(|argument| argument.kind() != Kind::KeywordArgument)
        .nth(position)
        .map(|node| call.with(node))
}

impl Taker {
    /// The call as a hand-over; `before` arguments stand before the taker's own.
    fn of<'p>(&self, call: Site<'p>, before: usize) -> HandOver<'p> {
        HandOver {
            kind: self.kind,
            call,
            target: argument(call, self.target.0 + before, self.target.1),
            arguments: self
                .arguments
                .and_then(|position| argument(call, position + before, "args")),
            keywords: self
                .arguments
                .and_then(|position| argument(call, position + before + 1, "kwargs")),
        }
    }
}

impl Project {
    /// A call, as one that is given a function. For an object of a subclass of `Thread` or `Process` that brings its own `__init__`, nothing is known of the arguments.
    pub fn hand_over<'p>(&'p self, call: Site<'p>) -> Option<HandOver<'p>> {
        let callee = call.child(Field::Function)?;
        if !self.may_hand_over(callee) {
            return None;
        }
        let method = callee.node.child(Field::Attribute).map(Node::text);
        match self.evaluate(callee) {
            Value::External(name) if name.ends_with(".run_in_executor") => {
                Some(self.in_executor(call))
            }
            Value::External(name) => {
                let name = name.replace("().", ".");
                // `Thread.__init__(self, …)`
                let is_unbound = name.ends_with(".__init__")
                    && callee
                        .child(Field::Object)
                        .is_none_or(|object| self.class_of_super(object).is_none());
                Some(taker_named(&name)?.of(call, usize::from(is_unbound)))
            }
            Value::Class(class) => self.construction_takes(call, class),
            // methods whose names say enough, of objects that nobody knows
            Value::Unknown => match method? {
                "run_in_executor" => Some(self.in_executor(call)),
                // others call back later too, and take the function first
                "call_later" | "call_at" if !self.is_number(call, 0) => None,
                method @ ("call_soon"
                | "call_soon_threadsafe"
                | "call_later"
                | "call_at"
                | "add_done_callback"
                | "add_signal_handler") => {
                    Some(taker_named(&format!("loop.{method}"))?.of(call, 0))
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether a number is given by position.
    fn is_number(&self, call: Site<'_>, position: usize) -> bool {
        let given = argument(call, position, "").map(|argument| self.evaluate(argument));
        matches!(
            given.as_ref().and_then(builtin_class),
            Some("int" | "float")
        )
    }

    /// Whether what is called may be given a function, by its last word.
    pub(super) fn may_hand_over(&self, callee: Site<'_>) -> bool {
        let name = match callee.node.kind() {
            Kind::Name => callee.node,
            Kind::Attribute => match callee.node.child(Field::Attribute) {
                Some(name) => name,
                None => return false,
            },
            _ => return true,
        };
        let word = name.text();
        is_map(word)
            || matches!(word, "apply" | "apply_async" | "register" | "__init__")
            || self.threads_named(word) != Subjects::NONE
            // a local name for something of the kind
            || callee.node.kind() == Kind::Name
                && {
                    let body = callee.body();
                    let numbers = body.bindings_of(word);
                    let mut kinds = numbers.iter().map(|&number| body.bindings[number].kind);
                    kinds.any(|kind| kind == BindingKind::Assignment)
                }
    }

    fn in_executor<'p>(&'p self, call: Site<'p>) -> HandOver<'p> {
        let executor = argument(call, 0, "executor").map(|executor| self.evaluate(executor));
        let is_threads = match executor {
            Some(Value::None) => true,
            Some(Value::Instance(class)) => self.pool_class(&class) == Some(Pool::ThreadExecutor),
            _ => false,
        };
        let kind = if is_threads {
            HandKind::Start(StartKind::RunInExecutor)
        } else {
            HandKind::Pool
        };
        HandOver {
            kind,
            call,
            target: argument(call, 1, "func"),
            arguments: None,
            keywords: None,
        }
    }

    /// A project's class that is made: it may derive from `Thread`, `Timer` or `Process`.
    fn construction_takes<'p>(&'p self, call: Site<'p>, class: Class<'p>) -> Option<HandOver<'p>> {
        let mro = self.mro(class);
        let (taker, is_itself) = mro.classes.iter().enumerate().find_map(|(index, class)| {
            Some((taker_named(&self.qualified_class(class))?, index == 0))
        })?;
        if is_itself {
            return Some(taker.of(call, 0));
        }
        let has_own = |name: &str| self.find_method(class, name).is_some();
        let mut handed = taker.of(call, 0);
        if has_own("__init__") {
            handed.arguments = None;
            handed.keywords = None;
            handed.target = None;
        }
        if has_own("run") {
            handed.arguments = None;
            handed.keywords = None;
            handed.target = None;
            if matches!(taker.kind, HandKind::Start(_)) {
                handed.kind = HandKind::Start(StartKind::Subclass);
            }
        }
        Some(handed)
    }

    /// For a class whose `__init__` hands a target up to `Thread`, that call.
    pub(super) fn handed_up<'p>(&'p self, class: Class<'p>) -> Option<HandOver<'p>> {
        let init = self.find_method(class, "__init__")?;
        let is_init = |call: &Site<'p>| {
            call.node
                .child(Field::Function)
                .and_then(|callee| callee.child(Field::Attribute))
                .is_some_and(|name| name.text() == "__init__")
        };
        init.calls()
            .filter(is_init)
            .find_map(|call| self.hand_over(call))
    }

    /// The function of the project that a target runs: through `partial`, a bound method, an object with `__call__`.
    pub fn runs<'p>(&'p self, target: Site<'p>) -> Option<Function<'p>> {
        self.runs_on(target).map(|(function, _)| function)
    }

    /// The function that a target runs, and the object that it runs on.
    pub(super) fn runs_on<'p>(
        &'p self,
        target: Site<'p>,
    ) -> Option<(Function<'p>, Option<Receiver<'p>>)> {
        let mut target = target;
        // a partial of a partial
        for _ in 0..PARTIALS {
            match self.evaluate(target) {
                Value::Function(function) => return Some((function, None)),
                Value::Method(function) => return Some((function, self.receiver(target))),
                Value::Instance(ClassValue::Known(class)) => {
                    let call = self.find_method(class, "__call__")?;
                    return Some((
                        call,
                        Some(Receiver {
                            class,
                            exact: false,
                        }),
                    ));
                }
                Value::Instance(ClassValue::External(name))
                    if name.as_ref() == "functools.partial" =>
                {
                    let call = self.origin(target)?;
                    let first = call.node.child(Field::Arguments)?.children().next()?;
                    target = call.with(first);
                }
                _ => return None,
            }
        }
        None
    }

    /// The object that a method is taken from: `self` in `self.method`.
    fn receiver<'p>(&'p self, method: Site<'p>) -> Option<Receiver<'p>> {
        let method = self.origin(method)?;
        let object = method.child(Field::Object)?;
        let Value::Instance(ClassValue::Known(class)) = self.evaluate(object) else {
            return None;
        };
        Some(Receiver {
            class,
            exact: object.node.kind() == Kind::Call,
        })
    }

    /// The call that makes the object that an expression denotes, where there is one such call in the project.
    pub fn made_by<'p>(&'p self, object: Site<'p>) -> Option<Site<'p>> {
        let mut site = object;
        for _ in 0..NAMES {
            site = site.with(site.node.unparenthesized());
            site = match site.node.kind() {
                Kind::Call => return Some(site),
                Kind::NamedExpression => site.child(Field::Value)?,
                Kind::Name => match self.only_binding(site) {
                    // what is entered is, for the most part, what `as` names
                    Some(with) if with.binding.kind == BindingKind::With => with.value()?,
                    _ => self.defined_at(site)?.child(Field::Right)?,
                },
                Kind::Attribute => self.stored_in(site)?,
                _ => return None,
            };
        }
        None
    }

    /// The only value but `None` that is ever assigned to an attribute of a module, a class, or the objects of a class.
    fn stored_in<'p>(&'p self, attribute: Site<'p>) -> Option<Site<'p>> {
        let name = attribute.node.child(Field::Attribute)?.text();
        let values: Vec<Site<'p>> = match self.evaluate(attribute.child(Field::Object)?) {
            Value::Module(file) => {
                let bindings = file.module_bindings(name);
                let values: Option<Vec<Site<'p>>> = bindings.iter().map(assigned).collect();
                values?
            }
            Value::Instance(ClassValue::Known(class)) | Value::Class(class) => {
                let mut values = Vec::new();
                for class in self.mro(class).classes {
                    if let ClassValue::Known(class) = class {
                        values.extend(class.assigned_to_self(name));
                        let members = class.site.members_named(name);
                        let members: Option<Vec<Site<'p>>> = members.iter().map(assigned).collect();
                        values.extend(members?);
                    }
                }
                values
            }
            _ => return None,
        };
        let mut values = values
            .into_iter()
            .filter(|value| value.node.kind() != Kind::None);
        values.next().filter(|_| values.next().is_none())
    }

    /// For `self.name`, the expression that is assigned to it, where there is one.
    pub(super) fn assigned_once<'p>(
        &'p self,
        attribute: Site<'p>,
        depth: usize,
    ) -> Option<Site<'p>> {
        let (owner, name) = (
            attribute.child(Field::Object)?,
            attribute.node.child(Field::Attribute)?,
        );
        let Value::Instance(ClassValue::Known(class)) = self.value(owner, depth) else {
            return None;
        };
        let [only] = class.assigned_to_self(name.text())[..] else {
            return None;
        };
        self.origin(only)
    }

    /// The class of the standard library that makes a thread or a process of a class's objects: `threading.Thread`. None where a base is not known.
    pub fn startable<'p>(&'p self, class: &ClassValue<'p>) -> Option<Startable> {
        let mro = self.mro_of(class);
        if !mro.is_complete() && matches!(class, ClassValue::Known(_)) {
            return None;
        }
        mro.classes.iter().find_map(|class| match class {
            ClassValue::External(name) => match taker_named(name)?.kind {
                HandKind::Start(StartKind::Thread | StartKind::Timer) => Some(Startable::Thread),
                HandKind::Process => Some(Startable::Process),
                _ => None,
            },
            ClassValue::Known(_) => None,
        })
    }

    /// Whether a qualified name belongs to the standard library.
    pub fn is_standard(&self, name: &str) -> bool {
        stdlib::is_in(name)
    }

    /// Whether objects of a class follow a protocol. None where that is not known.
    pub fn follows(&self, class: &ClassValue<'_>, protocol: Protocol) -> Option<bool> {
        let methods: &[&str] = match protocol {
            Protocol::Iterable => &["__iter__", "__getitem__"],
            Protocol::Callable => &["__call__"],
        };
        let ClassValue::Known(class) = class else {
            return stdlib::follows(&self.qualified_class(class), protocol);
        };
        // what a decorator adds is known of the standard library's own
        let is_plain = |decorator| {
            self.qualified_decorator(decorator)
                .is_some_and(|name| stdlib::is_in(&name))
        };
        let mro = self.mro(*class);
        for ancestor in &mro.classes {
            match ancestor {
                ClassValue::Known(ancestor) => {
                    if methods.iter().any(|method| ancestor.defines(method)) {
                        return Some(true);
                    }
                    if !ancestor.site.decorators().all(is_plain) {
                        return None;
                    }
                }
                ClassValue::External(name) => match stdlib::follows(name, protocol) {
                    Some(false) => {}
                    known => return known,
                },
            }
        }
        mro.is_complete().then_some(false)
    }

    /// The expression that a name stands for, where it has one binding; the expression itself otherwise.
    pub fn origin<'p>(&self, site: Site<'p>) -> Option<Site<'p>> {
        let site = site.with(site.node.unparenthesized());
        if site.node.kind() != Kind::Name {
            return Some(site);
        }
        let (crate::facts::Resolution::Local(bindings)
        | crate::facts::Resolution::Module(bindings)) = site.resolve()
        else {
            return None;
        };
        match bindings[..] {
            [only] => only.value(),
            _ => None,
        }
    }
}

/// The value of an assignment that binds a name.
fn assigned<'p>(binding: &BindingSite<'p>) -> Option<Site<'p>> {
    binding
        .value()
        .filter(|_| binding.binding.kind == BindingKind::Assignment)
}

/// How many names lead to the call that makes an object.
const NAMES: usize = 6;

/// How many partials of partials are followed.
const PARTIALS: usize = 4;
