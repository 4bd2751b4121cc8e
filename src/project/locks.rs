//! Locks: whether something that may keep other threads out is held at a place.

use super::functions::is_definition;
use super::{ClassValue, Function, Project, Value, stdlib};
use crate::facts::{Resolution, Site};
use crate::syntax::{Field, Kind, Node};

/// What of the standard library may keep other threads out, or enter something that does, while `with` holds it; by the beginning of the name.
const MAY_LOCK: &[&str] = &[
    "threading.",
    "_thread.",
    "multiprocessing.",
    "asyncio.",
    "contextlib.AsyncExitStack",
    "contextlib.ExitStack",
    "contextlib.nullcontext",
    "contextlib.contextmanager",
    "contextlib.asynccontextmanager",
];

/// Whether something of this qualified name, when `with` holds it, keeps no other thread out.
fn is_no_lock(name: &str) -> bool {
    stdlib::is_in(name) && !MAY_LOCK.iter().any(|known| name.starts_with(known))
}

/// How a lock of the standard library behaves: it keeps out other threads, processes or, one of asyncio, other tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockKind {
    Lock,
    RLock,
    Condition,
    Semaphore,
}

impl LockKind {
    pub fn of_class(class: &str) -> Option<LockKind> {
        let (module, name) = class.rsplit_once('.')?;
        if !matches!(
            module,
            "threading"
                | "multiprocessing"
                | "multiprocessing.synchronize"
                | "asyncio"
                | "asyncio.locks"
        ) {
            return None;
        }
        match name {
            "Lock" => Some(LockKind::Lock),
            "RLock" => Some(LockKind::RLock),
            "Condition" => Some(LockKind::Condition),
            "Semaphore" | "BoundedSemaphore" => Some(LockKind::Semaphore),
            _ => None,
        }
    }
}

impl Project {
    /// What kind of lock of `threading`, `multiprocessing` or `asyncio` an expression gives. None where it is another object, or not known to be one: a subclass may do as it likes.
    pub fn lock_kind<'p>(&'p self, site: Site<'p>) -> Option<LockKind> {
        match self.evaluate(site) {
            Value::Instance(ClassValue::External(class)) => LockKind::of_class(&class),
            _ => None,
        }
    }

    /// Whether a value is a class of locks of the standard library, or a function that gives such a lock.
    pub(super) fn stands_for_locks(&self, value: &Value<'_>) -> bool {
        match value {
            Value::External(class) => LockKind::of_class(class).is_some(),
            Value::Function(function) | Value::Method(function) => {
                matches!(self.returned(*function, 0), Value::Instance(ClassValue::External(class)) if LockKind::of_class(&class).is_some())
            }
            _ => false,
        }
    }

    /// For an expression that gives a new lock whenever it is evaluated: the call of the lock's class, in the expression itself or in the function or property that it calls.
    pub fn new_lock<'p>(&'p self, site: Site<'p>) -> Option<Site<'p>> {
        let site = site.with(site.node.unparenthesized());
        match site.node.kind() {
            Kind::Call => match self.evaluate(site.child(Field::Function)?) {
                Value::External(class) => makes_lock(site, &class).then_some(site),
                Value::Function(function) | Value::Method(function) => self.lock_given_by(function),
                _ => None,
            },
            Kind::Attribute => {
                let name = site.node.child(Field::Attribute)?.text();
                let object = self.evaluate(site.child(Field::Object)?);
                let Value::Instance(ClassValue::Known(class)) = object else {
                    return None;
                };
                self.lock_given_by(self.getter(class, name)?)
            }
            _ => None,
        }
    }

    /// The call that makes the lock which a function gives, where each run makes a new one.
    fn lock_given_by<'p>(&'p self, function: Function<'p>) -> Option<Site<'p>> {
        const PLAIN: &[&str] = &[
            "builtins.property",
            "builtins.staticmethod",
            "builtins.classmethod",
        ];
        if function.is_async() || function.is_generator() {
            return None;
        }
        let mut returns = function.returns();
        let only = returns.next().filter(|_| returns.next().is_none())?;
        let made = only.with(only.node.children().next()?);
        let Value::External(class) = self.evaluate(made.child(Field::Function)?) else {
            return None;
        };
        let is_plain = || {
            function.site.decorators().all(|decorator| {
                let name = self.qualified_decorator(decorator);
                name.is_some_and(|name| PLAIN.contains(&name.as_ref()))
            })
        };
        let is_replaced = || {
            let class = function.class();
            class.is_some_and(|class| self.is_overridden(class, function.name()))
        };
        (makes_lock(made, &class) && is_plain() && !is_replaced()).then_some(made)
    }

    /// Whether at a place of a function something may be held that keeps other threads out: by a `with` around it, or by an `acquire` before it. Errs on the side of yes.
    pub fn may_be_locked<'p>(&'p self, function: Function<'p>, site: Site<'p>) -> bool {
        let around = site
            .node
            .ancestors()
            .take_while(|node| !is_definition(node.kind()));
        let withs = around.filter(|node| node.kind() == Kind::With);
        if withs
            .into_iter()
            .any(|with| managers(site.with(with)).any(|item| self.may_guard(function, item)))
        {
            return true;
        }
        function.calls().any(|call| {
            let method = call
                .node
                .child(Field::Function)
                .and_then(|callee| callee.child(Field::Attribute));
            method.is_some_and(|method| method.text() == "acquire")
                && call.node.id() < site.node.id()
        })
    }

    /// Whether a manager may keep other threads out while it is entered: a lock that they share, or something unknown.
    fn may_guard<'p>(&'p self, function: Function<'p>, manager: Site<'p>) -> bool {
        let Value::Instance(ClassValue::External(name)) = self.evaluate(manager) else {
            let callee = manager
                .child(Field::Function)
                .map(|callee| self.evaluate(callee));
            return !matches!(callee, Some(Value::External(name)) if is_no_lock(&name));
        };
        if is_no_lock(&name) {
            return false;
        }
        if matches!(
            name.as_ref(),
            "threading.Semaphore" | "threading.BoundedSemaphore"
        ) {
            return self.maker(manager).is_none_or(lets_one_in);
        }
        let is_lock = matches!(
            name.as_ref(),
            "threading.Lock" | "threading.RLock" | "threading.Condition"
        );
        !(is_lock && self.is_fresh(function, manager))
    }

    /// Whether each run of the function makes the object anew.
    fn is_fresh<'p>(&self, function: Function<'p>, manager: Site<'p>) -> bool {
        match manager.node.kind() {
            Kind::Call => true,
            Kind::Name => match manager.resolve() {
                Resolution::Local(bindings) => bindings.iter().all(|binding| {
                    binding.binding.scope == function.scope()
                        && binding
                            .value()
                            .is_some_and(|value| value.node.kind() == Kind::Call)
                }),
                _ => false,
            },
            _ => false,
        }
    }

    /// The call that made an object, where its name has one binding.
    fn maker<'p>(&self, site: Site<'p>) -> Option<Site<'p>> {
        let made = self.origin(site)?;
        (made.node.kind() == Kind::Call).then_some(made)
    }
}

/// The managers of a `with` statement, without the names that they are given.
pub fn managers<'p>(with: Site<'p>) -> impl Iterator<Item = Site<'p>> {
    let items = with
        .node
        .descendants_outside(|kind| kind == Kind::Block)
        .filter(|node| node.kind() == Kind::WithItem);
    items.filter_map(move |item| {
        let value = item.child(Field::Value)?;
        let manager = if value.kind() == Kind::AsPattern {
            value.children().next()?
        } else {
            value
        };
        Some(with.with(manager.unparenthesized()))
    })
}

/// Whether a call of a class makes a lock of its own: `Condition(lock)` takes one that is there.
fn makes_lock(call: Site<'_>, class: &str) -> bool {
    let has_arguments = || {
        let arguments = call.node.child(Field::Arguments);
        arguments.is_some_and(|arguments| arguments.children().next().is_some())
    };
    match LockKind::of_class(class) {
        Some(LockKind::Condition) => !has_arguments(),
        kind => kind.is_some(),
    }
}

/// Whether a semaphore is made for one holder.
fn lets_one_in(call: Site<'_>) -> bool {
    let arguments: Vec<Node<'_>> = call.node.arguments().collect();
    match arguments[..] {
        [] => true,
        [only] => only.child(Field::Value).unwrap_or(only).text() == "1",
        _ => true,
    }
}
