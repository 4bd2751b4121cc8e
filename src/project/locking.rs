//! Locks around the making of a singleton: whether one is held when it is looked for, or taken only then.

use super::{ClassValue, Function, Project, Value, managers};
use crate::facts::Site;
use crate::syntax::{Field, Kind, Node};

/// What is known of locks around the check and the creation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Locking<'p> {
    None,
    /// A lock is held at the check, or something is that may be one.
    Held,
    /// Taken after the check, with another check under it.
    DoubleChecked,
    /// Taken after the check, and nothing is checked again: the manager of the `with` statement, or the call of `acquire`.
    AfterCheck(Site<'p>),
}

/// `lock.acquire()`
fn acquires(call: Site<'_>) -> bool {
    let callee = call.node.child(Field::Function);
    callee
        .and_then(|callee| callee.child(Field::Attribute))
        .is_some_and(|name| name.text() == "acquire")
}

/// What surely is a lock.
const LOCKS: &[&str] = &[
    "threading.Lock",
    "threading.RLock",
    "threading.Condition",
    "_thread.allocate_lock",
    "multiprocessing.Lock",
    "multiprocessing.RLock",
];

impl Project {
    pub(super) fn locking<'p>(
        &'p self,
        function: Function<'p>,
        statement: Site<'p>,
        creation: Site<'p>,
        place: &str,
    ) -> Locking<'p> {
        const PLAIN: &[&str] = &[
            "builtins.classmethod",
            "builtins.staticmethod",
            "functools.wraps",
            "typing.override",
            "typing.final",
        ];
        let strange = function.site.decorators().any(|decorator| {
            self.qualified_decorator(decorator)
                .is_none_or(|name| !PLAIN.contains(&name.as_ref()))
        });
        if strange || self.holds(function, statement) || self.callers_hold(function) {
            return Locking::Held;
        }
        let locks = self.taken_between(function, statement, creation);
        let Some(first) = locks.iter().min_by_key(|lock| lock.node.id()) else {
            return Locking::None;
        };
        if self.looks_again(function, *first, creation, place) {
            return Locking::DoubleChecked;
        }
        let known = locks.iter().find(|lock| self.is_lock(**lock));
        known.map_or(Locking::Held, |lock| Locking::AfterCheck(*lock))
    }

    /// What may be a lock and is taken after the check and before the creation: managers of `with` statements, and calls of `acquire`.
    fn taken_between<'p>(
        &'p self,
        function: Function<'p>,
        statement: Site<'p>,
        creation: Site<'p>,
    ) -> Vec<Site<'p>> {
        let withs = withs_around(creation)
            .filter(|with| !with.node.contains(statement.node) && self.may_lock(*with));
        let taken = withs.flat_map(managers);
        let acquired = function.calls().filter(|call| {
            acquires(*call)
                && call.node.id() > statement.node.id()
                && call.node.id() < creation.node.id()
        });
        taken.chain(acquired).collect()
    }

    /// Whether a manager, or the object of a call of `acquire`, is known to be a lock.
    fn is_lock<'p>(&'p self, lock: Site<'p>) -> bool {
        let object = match lock.child(Field::Function) {
            Some(callee) if acquires(lock) => callee.child(Field::Object),
            _ => Some(lock),
        };
        let value = object.map(|object| self.evaluate(object));
        matches!(value, Some(Value::Instance(ClassValue::External(name))) if LOCKS.contains(&name.as_ref()))
    }

    /// Whether something may look, between a lock and the creation, for what was looked for before: the place is named there, or what is called is not seen through.
    fn looks_again<'p>(
        &'p self,
        function: Function<'p>,
        lock: Site<'p>,
        creation: Site<'p>,
        place: &str,
    ) -> bool {
        if creation.node.kind() == Kind::Call && creation.text().contains(".setdefault(") {
            return true;
        }
        let table = place.split('[').next().unwrap_or(place);
        let word = table.rsplit('.').next().unwrap_or(table);
        let names = |node: Node<'_>| {
            matches!(node.kind(), Kind::Name | Kind::String)
                && node.text().trim_matches(['"', '\'']) == word
        };
        let mut between = function
            .nodes()
            .filter(|site| site.node.id() > lock.node.id() && site.node.id() < creation.node.id());
        between.any(|site| match site.node.kind() {
            Kind::Name | Kind::String => names(site.node),
            Kind::If if site.node.contains(creation.node) || leaves(site.node) => {
                let condition = site.node.child(Field::Condition);
                condition.is_some_and(|condition| {
                    condition
                        .with_descendants()
                        .any(|node| node.kind() == Kind::Call)
                })
            }
            Kind::Call => match site
                .child(Field::Function)
                .map(|callee| self.evaluate(callee))
            {
                Some(Value::Function(called) | Value::Method(called)) => {
                    called.nodes().any(|inner| names(inner.node))
                }
                _ => false,
            },
            _ => false,
        })
    }

    /// Whether something that may be a lock is held at a statement: by `with` around it, or by `acquire` before it.
    fn holds<'p>(&'p self, function: Function<'p>, statement: Site<'p>) -> bool {
        let inside = |with: &Site<'p>| function.site.node.contains(with.node);
        if withs_around(statement)
            .filter(inside)
            .any(|with| self.may_lock(with))
        {
            return true;
        }
        function
            .calls()
            .any(|call| acquires(call) && call.node.id() < statement.node.id())
    }

    /// Whether a `with` statement may keep other threads out: any manager may, except one that is a lock made on the spot.
    fn may_lock<'p>(&'p self, with: Site<'p>) -> bool {
        managers(with).any(|manager| {
            let is_fresh = manager.node.kind() == Kind::Call
                && matches!(self.evaluate(manager), Value::Instance(ClassValue::External(name)) if name.starts_with("threading."));
            !is_fresh
        })
    }

    /// Whether every call of a function stands under a `with`. A function that nobody is seen to call is called by somebody.
    fn callers_hold<'p>(&'p self, function: Function<'p>) -> bool {
        if !function.name().starts_with('_') || function.name().starts_with("__") {
            return false;
        }
        let mut any = false;
        for (file, segment) in self.mentions(function.name()) {
            let root = file.root(segment);
            for call in root.body().calls.iter().map(|call| root.at(*call)) {
                let callee = call
                    .child(Field::Function)
                    .map(|callee| self.evaluate(callee));
                if matches!(callee, Some(Value::Function(target) | Value::Method(target)) if target == function)
                {
                    any = true;
                    if !withs_around(call).any(|with| self.may_lock(with)) {
                        return false;
                    }
                }
            }
        }
        any
    }
}

/// Whether a branch of an `if` statement ends the function.
fn leaves(statement: Node<'_>) -> bool {
    let branch = statement.child(Field::Consequence);
    branch.is_some_and(|branch| {
        branch
            .children()
            .any(|inner| matches!(inner.kind(), Kind::Return | Kind::Raise))
    })
}

fn withs_around(site: Site<'_>) -> impl Iterator<Item = Site<'_>> {
    let inside = site
        .node
        .ancestors()
        .take_while(|node| !super::functions::is_definition(node.kind()));
    inside
        .filter(|node| node.kind() == Kind::With)
        .map(move |node| site.with(node))
}
