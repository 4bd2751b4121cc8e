//! Which lock is taken where, and what is executed while it is held.

use std::path::PathBuf;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::functions::is_definition;
use super::locks::LockKind;
use super::{Bound, ClassValue, Function, Kept, KeptBy, Project, Spot, Value, managers};
use crate::facts::trace::Changed;
use crate::facts::{FileFacts, Resolution, Site, Subjects};
use crate::syntax::{Field, Kind, Node, NodeId};

/// A lock that can be told from every other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lock<'p> {
    /// The call that makes it. A condition that is made with a lock is that lock.
    pub made: Site<'p>,
    pub owner: Owner,
    /// Whether the thread that holds it may take it again.
    pub is_reentrant: bool,
    /// Whether it lets in several threads at a time, or may do so.
    pub is_wide: bool,
}

/// Who has a lock of its own.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Owner {
    /// The program: the lock belongs to a module or a class.
    Program,
    /// Each object.
    Object,
    /// Each run of the function that makes it.
    Run,
}

impl<'p> Lock<'p> {
    /// Whether a function inside of the one that makes the lock sees it: one run of the outer function is one lock there.
    fn is_of_run_around(&self, function: Function<'p>) -> bool {
        Function::around(self.made)
            .is_some_and(|maker| maker != function && maker.site.node.contains(function.site.node))
    }
}

/// A place that takes a lock and waits for it as long as it takes.
#[derive(Clone, Debug)]
pub struct Taking<'p> {
    pub lock: Lock<'p>,
    /// The expression after `with`, or the call of `acquire`.
    pub site: Site<'p>,
    /// The expression that names the lock.
    pub named: Site<'p>,
    /// What is executed while it is held.
    held: Vec<Node<'p>>,
}

impl<'p> Taking<'p> {
    /// Whether a node of the same function is executed while the lock is held.
    pub fn holds_at(&self, node: Node<'p>) -> bool {
        self.held.iter().any(|region| region.contains(node))
    }

    /// What is executed while the lock is held.
    pub fn nodes(&self) -> impl Iterator<Item = Site<'p>> {
        let nodes = self.held.iter().flat_map(|region| {
            std::iter::once(*region).chain(region.descendants_outside(is_definition))
        });
        nodes.map(|node| self.site.with(node))
    }

    /// The object that the lock is read from: `self` in `self._lock`.
    pub fn object(&self) -> Option<&'p str> {
        self.named.node.child(Field::Object).map(Node::text)
    }
}

/// Another function's taking, and the calls that lead to it.
#[derive(Clone, Debug)]
pub struct Reached<'p> {
    pub taking: Taking<'p>,
    pub calls: Vec<Site<'p>>,
}

/// Two locks that a function takes one while it holds the other.
#[derive(Clone, Debug)]
pub struct Order<'p> {
    pub function: Function<'p>,
    /// The places that take them.
    pub outer: Site<'p>,
    pub inner: Site<'p>,
    /// The calls that make them.
    pub locks: (Site<'p>, Site<'p>),
    /// The calls that make the locks that are held around both.
    pub gates: Vec<Site<'p>>,
}

/// A [`Taking`] of a function by spots.
struct Taken {
    made: Spot,
    owner: Owner,
    is_reentrant: bool,
    is_wide: bool,
    site: NodeId,
    named: NodeId,
    held: Vec<NodeId>,
}

impl Taken {
    fn of(taking: &Taking<'_>) -> Taken {
        Taken {
            made: Spot::of(taking.lock.made),
            owner: taking.lock.owner,
            is_reentrant: taking.lock.is_reentrant,
            is_wide: taking.lock.is_wide,
            site: taking.site.node.id(),
            named: taking.named.node.id(),
            held: taking.held.iter().map(|node| node.id()).collect(),
        }
    }
}

/// An order by spots.
struct Spots {
    function: Spot,
    outer: Spot,
    inner: Spot,
    locks: (Spot, Spot),
    gates: Vec<Spot>,
}

/// The locks that the functions of the whole project take and in which orders, worked out once.
#[derive(Default)]
pub(super) struct Memo {
    takings: KeptBy<Spot, Vec<Taken>>,
    orders: Kept<Orders>,
    by_function: KeptBy<Spot, Vec<Arc<Spots>>>,
}

#[derive(Default)]
struct Orders {
    /// By file and place.
    all: Vec<Arc<Spots>>,
    /// By the file of the inner one.
    in_file: FxHashMap<Arc<PathBuf>, Vec<usize>>,
    /// By the two locks, whichever is taken first: the first order of them.
    first: FxHashMap<(Spot, Spot), usize>,
}

impl Spots {
    fn of(order: &Order<'_>) -> Spots {
        let gates = order.gates.iter();
        Spots {
            function: Spot::of(order.function.site),
            outer: Spot::of(order.outer),
            inner: Spot::of(order.inner),
            locks: (Spot::of(order.locks.0), Spot::of(order.locks.1)),
            gates: gates.map(|gate| Spot::of(*gate)).collect(),
        }
    }
}

impl Orders {
    fn of(all: Vec<Arc<Spots>>) -> Orders {
        let mut orders = Orders::default();
        for (number, spots) in all.iter().enumerate() {
            let (outer, inner) = &spots.locks;
            let path = Arc::clone(&spots.inner.path);
            orders.in_file.entry(path).or_default().push(number);
            if !orders.first.contains_key(&(inner.clone(), outer.clone())) {
                let first = orders.first.entry((outer.clone(), inner.clone()));
                first.or_insert(number);
            }
        }
        Orders { all, ..orders }
    }

    /// The first order of the locks of one.
    fn first(&self, spots: &Spots) -> Option<&Spots> {
        let (outer, inner) = spots.locks.clone();
        let turned = (inner.clone(), outer.clone());
        let first = self.first.get(&(outer, inner));
        let first = *first.or_else(|| self.first.get(&turned))?;
        self.all.get(first).map(AsRef::as_ref)
    }
}

impl Memo {
    /// What of an earlier project's still holds.
    pub(super) fn after(&self, changed: &mut Changed<'_>) -> Memo {
        Memo {
            takings: self.takings.after(changed),
            orders: self.orders.after(changed),
            by_function: self.by_function.after(changed),
        }
    }
}

/// A function that runs, and whether on the object that it all began with.
#[derive(Clone, Copy, PartialEq)]
struct Running<'p> {
    function: Function<'p>,
    on_self: bool,
}

/// How many calls away from the place that holds a lock another is looked for.
const CALLS: usize = 4;

impl Project {
    /// The lock that an expression names. None where that may be one or another, or is not known.
    pub fn lock<'p>(&'p self, site: Site<'p>) -> Option<Lock<'p>> {
        let made = self.made_by(site)?;
        if let Some(factory) = self.field_factory(made) {
            return self.lock_of_field(made, factory);
        }
        let Value::External(class) = self.evaluate(made.child(Field::Function)?) else {
            return None;
        };
        let kind = LockKind::of_class(&class)?;
        // ASY018 asks for these
        if class.starts_with("asyncio.") {
            return None;
        }
        let mut arguments = made.node.child(Field::Arguments)?.children();
        let first = arguments.next();
        if kind == LockKind::Condition
            && let Some(first) = first
        {
            let given = made.with(first.child(Field::Value).unwrap_or(first));
            // not a condition of a condition
            let is_lock = matches!(
                self.lock_kind(given),
                Some(LockKind::Lock | LockKind::RLock)
            );
            return if is_lock { self.lock(given) } else { None };
        }
        let slots = first.map_or("1", |first| {
            first.child(Field::Value).unwrap_or(first).text()
        });
        Some(Lock {
            made,
            owner: self.owner(made)?,
            is_reentrant: matches!(kind, LockKind::RLock | LockKind::Condition),
            is_wide: kind == LockKind::Semaphore && slots != "1",
        })
    }

    /// The lock that each object of a data class gets: `field(default_factory=Lock)`.
    fn lock_of_field<'p>(&'p self, made: Site<'p>, factory: Site<'p>) -> Option<Lock<'p>> {
        let Value::External(class) = self.evaluate(factory) else {
            return None;
        };
        let kind = LockKind::of_class(&class).filter(|_| !class.starts_with("asyncio."))?;
        Some(Lock {
            made,
            owner: Owner::Object,
            is_reentrant: matches!(kind, LockKind::RLock | LockKind::Condition),
            is_wide: false,
        })
    }

    fn owner<'p>(&'p self, made: Site<'p>) -> Option<Owner> {
        let Some(function) = Function::around(made) else {
            return Some(Owner::Program);
        };
        let assignment = made
            .node
            .ancestors()
            .find(|node| matches!(node.kind(), Kind::Assignment | Kind::NamedExpression))?;
        let left = assignment
            .child(Field::Left)
            .or_else(|| assignment.child(Field::Name))?;
        match left.kind() {
            Kind::Name => match made.with(left).resolve() {
                Resolution::Module(_) => Some(Owner::Program),
                Resolution::Local(_) => Some(Owner::Run),
                Resolution::Free => None,
            },
            Kind::Attribute => {
                let object = left.child(Field::Object).map(Node::text);
                let is_first = function.class().is_some() && object == function.first_parameter();
                match function.binding(self) {
                    Bound::Instance if is_first => Some(Owner::Object),
                    Bound::Class if is_first => Some(Owner::Program),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// The places of a function that take a lock which can be told from others, in source order.
    pub fn takings<'p>(&'p self, function: Function<'p>) -> Vec<Taking<'p>> {
        let segment = function.site.file.segment(function.site.segment);
        if !segment.is_about(Subjects::TAKINGS) {
            return Vec::new();
        }
        let key = Spot::of(function.site);
        let takings = self.keep_by(&self.holding.takings, key, function, || {
            let takings = self.find_takings(function);
            takings.iter().map(Taken::of).collect()
        });
        let taking = |taken: &Taken| {
            Some(Taking {
                lock: Lock {
                    made: self.site(&taken.made)?,
                    owner: taken.owner,
                    is_reentrant: taken.is_reentrant,
                    is_wide: taken.is_wide,
                },
                site: function.site.at(taken.site),
                named: function.site.at(taken.named),
                held: {
                    let held = taken.held.iter();
                    held.map(|node| function.site.at(*node).node).collect()
                },
            })
        };
        takings.get().iter().filter_map(taking).collect()
    }

    fn find_takings<'p>(&'p self, function: Function<'p>) -> Vec<Taking<'p>> {
        let mut found = Vec::new();
        for site in function.nodes() {
            match site.node.kind() {
                Kind::With => self.takings_of_with(site, &mut found),
                Kind::Call => found.extend(self.taking_of_call(function, site)),
                _ => {}
            }
        }
        found
    }

    fn takings_of_with<'p>(&'p self, with: Site<'p>, found: &mut Vec<Taking<'p>>) {
        let items: Vec<Site<'p>> = managers(with).collect();
        let body = with.node.child(Field::Body);
        for (at, item) in items.iter().enumerate() {
            let is_named = matches!(item.node.kind(), Kind::Name | Kind::Attribute);
            let Some(lock) = is_named.then(|| self.lock(*item)).flatten() else {
                continue;
            };
            let later = items[at + 1..].iter().map(|later| later.node);
            // given back in between: when, is not looked at
            let pauses = body.is_some_and(|body| releases(body, item.text()));
            found.push(Taking {
                lock,
                site: *item,
                named: *item,
                held: match pauses {
                    true => Vec::new(),
                    false => later.chain(body).collect(),
                },
            });
        }
    }

    /// `lock.acquire()` that waits, and what comes before `lock.release()`.
    fn taking_of_call<'p>(&'p self, function: Function<'p>, call: Site<'p>) -> Option<Taking<'p>> {
        let callee = call.child(Field::Function)?;
        let named = callee.child(Field::Object)?;
        let arguments = call.node.child(Field::Arguments)?.text();
        let statement = call.node.parent()?;
        if callee.node.child(Field::Attribute)?.text() != "acquire"
            || statement.kind() != Kind::ExpressionStatement
            || !matches!(arguments, "()" | "(True)" | "(blocking=True)")
        {
            return None;
        }
        let lock = self.lock(named)?;
        let is_given_back = function
            .nodes()
            .any(|site| is_release(site.node, named.text()));
        Some(Taking {
            lock,
            site: call,
            named,
            held: match is_given_back {
                true => before_release(statement, named.text()),
                false => Vec::new(),
            },
        })
    }

    /// The takings of the functions that are called while a lock is held, with the calls that lead there. `surely`: only those that are come to whenever the first call is executed.
    pub fn reached_from<'p>(
        &'p self,
        function: Function<'p>,
        holding: &Taking<'p>,
        surely: bool,
    ) -> Vec<Reached<'p>> {
        let mut found = Vec::new();
        let running = Running {
            function,
            on_self: true,
        };
        for site in holding.nodes() {
            for next in self.runs_at(running, site) {
                let mut seen = Vec::new();
                self.reach(next, &[site], surely, &mut seen, &mut found);
            }
        }
        found
    }

    fn reach<'p>(
        &'p self,
        running: Running<'p>,
        calls: &[Site<'p>],
        surely: bool,
        seen: &mut Vec<Running<'p>>,
        found: &mut Vec<Reached<'p>>,
    ) {
        let function = running.function;
        if calls.len() > CALLS
            || seen.contains(&running)
            || function.is_async()
            || function.is_generator()
        {
            return;
        }
        seen.push(running);
        let is_come_to = |site: Site<'p>| !surely || is_sure(function, site.node);
        for taking in self.takings(function) {
            let is_same_object = match taking.lock.owner {
                Owner::Program => true,
                Owner::Object => running.on_self && taking.object() == function.first_parameter(),
                Owner::Run => taking.lock.is_of_run_around(function),
            };
            if is_same_object && is_come_to(taking.site) {
                found.push(Reached {
                    taking,
                    calls: calls.to_vec(),
                });
            }
        }
        let sites: Vec<Site<'p>> = function.nodes().filter(|site| is_come_to(*site)).collect();
        for site in sites {
            for next in self.runs_at(running, site) {
                let further: Vec<Site<'p>> = calls.iter().copied().chain([site]).collect();
                self.reach(next, &further, surely, seen, found);
            }
        }
    }

    /// Every two locks of which one is taken in a file while the function holds the other, by place; each with the first such of these two locks in the
    /// project, by file and place.
    pub fn lock_orders<'p>(
        &'p self,
        file: &FileFacts,
    ) -> impl Iterator<Item = (Order<'p>, Order<'p>)> {
        let orders = self.keep(&self.holding.orders, || Orders::of(self.all_orders()));
        let here = orders.in_file.get(file.path()).into_iter().flatten();
        here.filter_map(|number| {
            let spots = orders.all.get(*number)?;
            let first = orders.first(spots)?;
            Some((self.order_at(spots)?, self.order_at(first)?))
        })
    }

    fn order_at<'p>(&'p self, spots: &Spots) -> Option<Order<'p>> {
        let gates = spots.gates.iter();
        Some(Order {
            function: Function::at(self.site(&spots.function)?)?,
            outer: self.site(&spots.outer)?,
            inner: self.site(&spots.inner)?,
            locks: (self.site(&spots.locks.0)?, self.site(&spots.locks.1)?),
            gates: gates.filter_map(|gate| self.site(gate)).collect(),
        })
    }

    fn all_orders(&self) -> Vec<Arc<Spots>> {
        let mut all = Vec::new();
        for file in self.files() {
            for segment in self.about(file, Subjects::TAKINGS) {
                let root = file.root(segment);
                let functions = root.body().functions.iter();
                let functions = functions.filter_map(|data| Function::at(root.at(data.node)));
                for function in functions.filter(|_| !root.node.tree().has_error()) {
                    let spot = Spot::of(function.site);
                    let orders = self.keep_by(&self.holding.by_function, spot, function, || {
                        let orders = self.orders_of(function);
                        let spots = orders.iter().map(Spots::of);
                        spots.map(Arc::new).collect()
                    });
                    all.extend_from_slice(orders.get());
                }
            }
        }
        all
    }

    fn orders_of<'p>(&'p self, function: Function<'p>) -> Vec<Order<'p>> {
        let takings = self.takings(function);
        let is_told_apart = |taking: &Taking<'p>| match taking.lock.owner {
            _ if taking.lock.is_wide => false,
            Owner::Program => true,
            Owner::Object => {
                function.class().is_some() && taking.object() == function.first_parameter()
            }
            Owner::Run => taking.lock.is_of_run_around(function),
        };
        let mut found = Vec::new();
        for outer in takings.iter().filter(|taking| is_told_apart(taking)) {
            let gates = takings
                .iter()
                .filter(|gate| gate.holds_at(outer.site.node))
                .map(|gate| gate.lock.made);
            let gates: Vec<Site<'p>> = gates.collect();
            let mut add = |inner: &Taking<'p>, place: Site<'p>| {
                let is_held = takings.iter().any(|other| {
                    other.site != inner.site
                        && other.holds_at(place.node)
                        && other.lock == inner.lock
                });
                if !is_held && inner.lock != outer.lock && !inner.lock.is_wide {
                    found.push(Order {
                        function,
                        outer: outer.site,
                        inner: inner.site,
                        locks: (outer.lock.made, inner.lock.made),
                        gates: gates.clone(),
                    });
                }
            };
            let inside = takings
                .iter()
                .filter(|inner| outer.holds_at(inner.site.node));
            for inner in inside.filter(|taking| is_told_apart(taking)) {
                add(inner, inner.site);
            }
            for reached in self.reached_from(function, outer, false) {
                if let Some(first) = reached.calls.first() {
                    add(&reached.taking, *first);
                }
            }
        }
        found
    }

    /// Whether the project calls a function while it holds some lock.
    pub fn is_called_locked<'p>(&'p self, function: Function<'p>) -> bool {
        let name = function.name();
        self.mentions(name).into_iter().any(|(file, segment)| {
            let root = file.root(segment);
            let mut calls = root.body().calls.iter().map(|call| root.at(*call));
            calls.any(|call| {
                let callee = call.node.child(Field::Function);
                let last = callee.map(|callee| callee.child(Field::Attribute).unwrap_or(callee));
                last.map(Node::text) == Some(name)
                    && Function::around(call).is_some_and(|caller| {
                        caller != function && self.may_be_locked(caller, call)
                    })
            })
        })
    }

    /// The functions that an expression runs: a call's, a property's; where a method of the own object is called, also those of subclasses.
    fn runs_at<'p>(&'p self, running: Running<'p>, site: Site<'p>) -> Vec<Running<'p>> {
        let function = running.function;
        let own = function
            .class()
            .filter(|_| function.binding(self) == Bound::Instance);
        let is_own = |object: Option<Site<'p>>| {
            own.is_some() && object.map(Site::text) == function.first_parameter()
        };
        match site.node.kind() {
            Kind::Call => {
                let Some(callee) = site.child(Field::Function) else {
                    return Vec::new();
                };
                let on_own = is_own(callee.child(Field::Object));
                let is_super = || {
                    let object = callee.child(Field::Object);
                    own.is_some()
                        && object.is_some_and(|object| self.class_of_super(object).is_some())
                };
                let on_self = running.on_self && (on_own || is_super());
                let mut found = Vec::new();
                if let Value::Function(called) | Value::Method(called) = self.evaluate(callee) {
                    found.push(Running {
                        function: called,
                        on_self,
                    });
                }
                if let (true, Some(class), Some(name)) =
                    (on_own, own, callee.node.child(Field::Attribute))
                {
                    let overrides = self.overrides(class, name.text());
                    let overrides =
                        overrides.filter(|method| method.site.decorators().next().is_none());
                    found.extend(overrides.map(|function| Running { function, on_self }));
                }
                found
            }
            Kind::Attribute if site.node.field() != Field::Function => {
                let object = site.child(Field::Object);
                let Some(Value::Instance(ClassValue::Known(class))) =
                    object.map(|object| self.evaluate(object))
                else {
                    return Vec::new();
                };
                let on_self = running.on_self && is_own(object);
                self.accessors(class, site)
                    .map(|function| Running { function, on_self })
                    .collect()
            }
            _ => Vec::new(),
        }
    }
}

/// Whether a call of `release` of what an expression of this text names stands in a node.
fn releases(node: Node<'_>, lock: &str) -> bool {
    node.with_descendants().any(|inner| is_release(inner, lock))
}

fn is_release(node: Node<'_>, lock: &str) -> bool {
    node.kind() == Kind::Attribute
        && node.child(Field::Attribute).map(Node::text) == Some("release")
        && node.child(Field::Object).map(Node::text) == Some(lock)
}

/// The statements behind one, as far as the lock is surely held: to the statement that gives it back; into the body of a `try` that gives it back in the end.
fn before_release<'p>(statement: Node<'p>, lock: &str) -> Vec<Node<'p>> {
    let Some(block) = statement.parent() else {
        return Vec::new();
    };
    let mut held = Vec::new();
    let mut open: Vec<Node<'p>> = block
        .children()
        .filter(|other| other.id() > statement.id())
        .collect();
    open.reverse();
    while let Some(next) = open.pop() {
        if !releases(next, lock) {
            held.push(next);
            continue;
        }
        let body = next
            .child(Field::Body)
            .filter(|_| next.kind() == Kind::Try && next.child_of(Kind::FinallyClause).is_some());
        let Some(body) = body else { break };
        open = body.children().collect();
        open.reverse();
    }
    held
}

/// Whether a node is come to whenever its function is called: nothing that decides stands around it, and nothing that leaves before it.
fn is_sure(function: Function<'_>, node: Node<'_>) -> bool {
    let mut inner = node;
    while let Some(parent) = inner.parent() {
        let decides = match parent.kind() {
            Kind::If | Kind::ElifClause | Kind::While => inner.field() != Field::Condition,
            Kind::For => inner.field() != Field::Right,
            Kind::ElseClause | Kind::ExceptClause | Kind::CaseClause | Kind::Conditional => true,
            Kind::BooleanOperation => inner.field() == Field::Right,
            kind if kind.is_comprehension() => true,
            Kind::Block => parent
                .children()
                .take_while(|earlier| *earlier != inner)
                .any(|earlier| {
                    earlier
                        .descendants_outside(is_definition)
                        .any(|node| matches!(node.kind(), Kind::Return | Kind::Raise))
                }),
            _ => false,
        };
        if decides {
            return false;
        }
        if parent == function.site.node {
            return true;
        }
        inner = parent;
    }
    true
}
