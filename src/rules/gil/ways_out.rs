//! The ways out of a function on which a lock that it took by hand is still taken.
//!
//! The statements are gone through in the order of execution, with every state that the lock may be in. What is not clear counts as given back.

use crate::project::{Function, Project, Value, managers};
use crate::syntax::{Field, Kind, Node};

/// A way out with the lock taken.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct WayOut<'p> {
    /// The call of `acquire`.
    pub acquire: Node<'p>,
    /// Where the way leaves the one that would give the lock back; none at the end of the function.
    pub leaves: Option<Leaving<'p>>,
}

/// What makes the execution leave its way.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Leaving<'p> {
    /// A `return`, `raise`, `break` or `continue`.
    Statement(Node<'p>),
    /// An expression that can raise.
    Raising(Node<'p>),
}

/// Whether the lock is taken, by which call, and where the way that led here left the usual one.
type State<'p> = Option<WayOut<'p>>;

#[derive(Clone, Copy, PartialEq)]
enum Jump {
    Return,
    Raise,
    Break,
    Continue,
}

struct Walk<'a, 'p> {
    project: &'p Project,
    function: Function<'p>,
    /// The expression that names the lock.
    lock: &'a str,
    jumps: Vec<(Jump, State<'p>)>,
    found: Vec<WayOut<'p>>,
    /// How many handlers it is in: what cleans up after an exception is not expected to raise another.
    handlers: usize,
    /// Whether the lock is given back where this run has not taken it: it goes from thread to thread.
    is_handed_on: bool,
}

/// The ways out of a function with the lock taken that an expression of this text names. None for a lock that is handed from thread to thread.
pub(super) fn ways_out<'p>(
    project: &'p Project,
    function: Function<'p>,
    lock: &str,
) -> Vec<WayOut<'p>> {
    let mut walk = Walk {
        project,
        function,
        lock,
        jumps: Vec::new(),
        found: Vec::new(),
        handlers: 0,
        is_handed_on: false,
    };
    let Some(body) = function.body() else {
        return Vec::new();
    };
    let end = walk.block(body.node, vec![None]);
    let jumps = std::mem::take(&mut walk.jumps);
    let left = jumps.into_iter().map(|(_, state)| state);
    for way in end.into_iter().chain(left).flatten() {
        add(&mut walk.found, way);
    }
    if walk.is_handed_on {
        walk.found.clear();
    }
    walk.found
}

fn add<T: PartialEq>(all: &mut Vec<T>, one: T) {
    if !all.contains(&one) {
        all.push(one);
    }
}

fn join<'p>(mut one: Vec<State<'p>>, other: Vec<State<'p>>) -> Vec<State<'p>> {
    for state in other {
        add(&mut one, state);
    }
    one
}

/// The state on a way that leaves here: the first statement that leaves is what counts.
fn leave<'p>(state: State<'p>, here: Leaving<'p>) -> State<'p> {
    state.map(|way| match way.leaves {
        Some(Leaving::Statement(_)) => way,
        Some(Leaving::Raising(_)) if matches!(here, Leaving::Raising(_)) => way,
        _ => WayOut {
            leaves: Some(here),
            ..way
        },
    })
}

/// Whether a call is one of a method of what an expression of this text names.
pub fn is_method_call(call: Node<'_>, object: &str, method: &str) -> bool {
    let callee = call
        .child(Field::Function)
        .filter(|callee| callee.kind() == Kind::Attribute);
    callee.is_some_and(|callee| {
        callee.child(Field::Attribute).map(Node::text) == Some(method)
            && callee.child(Field::Object).map(Node::text) == Some(object)
    })
}

/// For `acquire()`, `await acquire()`, `(taken := acquire())`: the call.
fn acquiring<'p>(condition: Node<'p>, lock: &str) -> Option<Node<'p>> {
    let mut node = condition.unparenthesized();
    if node.kind() == Kind::NamedExpression {
        node = node.child(Field::Value)?.unparenthesized();
    }
    if node.kind() == Kind::Await {
        node = node.children().next()?.unparenthesized();
    }
    is_method_call(node, lock, "acquire").then_some(node)
}

impl<'p> Walk<'_, 'p> {
    fn block(&mut self, block: Node<'p>, states: Vec<State<'p>>) -> Vec<State<'p>> {
        block
            .children()
            .fold(states, |states, statement| match states[..] {
                [] => states,
                _ => self.statement(statement, states),
            })
    }

    /// The block that is a child of a clause.
    fn clause(&mut self, clause: Node<'p>, states: Vec<State<'p>>) -> Vec<State<'p>> {
        match clause.child_of(Kind::Block) {
            Some(block) => self.block(block, states),
            None => states,
        }
    }

    fn statement(&mut self, node: Node<'p>, states: Vec<State<'p>>) -> Vec<State<'p>> {
        match node.kind() {
            Kind::ExpressionStatement => self.expression(node, states),
            Kind::Return => self.jump(Jump::Return, node, states),
            Kind::Raise => self.jump(Jump::Raise, node, states),
            Kind::Break => self.jump(Jump::Break, node, states),
            Kind::Continue => self.jump(Jump::Continue, node, states),
            Kind::If => self.branches(node, states),
            Kind::While | Kind::For => self.turns(node, states),
            Kind::Try => self.attempt(node, states),
            Kind::With => self.entered(node, states),
            Kind::Match => self.cases(node, states),
            Kind::FunctionDef | Kind::ClassDef | Kind::Decorated => states,
            _ => {
                self.raises(node, &states);
                states
            }
        }
    }

    fn expression(&mut self, node: Node<'p>, states: Vec<State<'p>>) -> Vec<State<'p>> {
        const ENDS: &[&str] = &["sys.exit", "os._exit", "builtins.exit", "builtins.quit"];
        let Some(inner) = node.children().next() else {
            return states;
        };
        if let Some(call) = acquiring(inner, self.lock) {
            return self.taken(call, &states);
        }
        if is_method_call(inner, self.lock, "release") {
            self.is_handed_on |= states.iter().all(Option::is_none);
            return vec![None];
        }
        let callee = inner.child(Field::Function);
        if let Some(callee) = callee
            && let Value::External(name) = self.project.evaluate(self.function.site.with(callee))
            && ENDS.contains(&name.as_ref())
        {
            return Vec::new();
        }
        self.raises(node, &states);
        states
    }

    /// The states after `acquire`. Who comes round to it with the lock taken has not given it back.
    fn taken(&mut self, call: Node<'p>, states: &[State<'p>]) -> Vec<State<'p>> {
        for way in states.iter().flatten() {
            if way.acquire == call && matches!(way.leaves, Some(Leaving::Statement(_))) {
                add(&mut self.found, *way);
            }
        }
        vec![Some(WayOut {
            acquire: call,
            leaves: None,
        })]
    }

    fn jump(&mut self, jump: Jump, node: Node<'p>, states: Vec<State<'p>>) -> Vec<State<'p>> {
        for state in states {
            let state = leave(state, Leaving::Statement(node));
            add(&mut self.jumps, (jump, state));
        }
        Vec::new()
    }

    /// Notes the first expression of a node that can raise.
    fn raises(&mut self, node: Node<'p>, states: &[State<'p>]) {
        let place = self.can_raise(node).filter(|_| self.handlers == 0);
        let Some(place) = place else {
            return;
        };
        for state in states {
            let state = leave(*state, Leaving::Raising(place));
            add(&mut self.jumps, (Jump::Raise, state));
        }
    }

    fn can_raise(&self, node: Node<'p>) -> Option<Node<'p>> {
        if matches!(node.kind(), Kind::Assert | Kind::Import | Kind::ImportFrom) {
            return Some(node);
        }
        let closed = |kind| matches!(kind, Kind::Lambda | Kind::Block | Kind::Annotation);
        let inner = std::iter::once(node).chain(node.descendants_outside(closed));
        inner.into_iter().find(|inner| match inner.kind() {
            Kind::Call => !self.is_safe(*inner),
            Kind::Subscript => {
                // a number for an index mostly goes with a test of the length
                let index = inner.child(Field::Subscript).map(Node::kind);
                inner.field() != Field::Left
                    && !matches!(
                        index,
                        Some(Kind::Slice | Kind::Integer | Kind::UnaryOperation)
                    )
            }
            Kind::Yield | Kind::Await => true,
            _ => false,
        })
    }

    /// Whether a call is of something that does not raise.
    fn is_safe(&self, call: Node<'p>) -> bool {
        let Some(callee) = call.child(Field::Function) else {
            return false;
        };
        let object = callee.child(Field::Object).map_or("", Node::text);
        if object == self.lock {
            return true;
        }
        if object.trim_start_matches('_').starts_with("log") {
            return true;
        }
        match self.project.evaluate(self.function.site.with(callee)) {
            Value::External(name) => is_safe_name(&name),
            _ => false,
        }
    }

    /// The states where a condition holds and where it does not.
    fn condition(
        &mut self,
        condition: Option<Node<'p>>,
        states: Vec<State<'p>>,
    ) -> (Vec<State<'p>>, Vec<State<'p>>) {
        let Some(condition) = condition.map(Node::unparenthesized) else {
            return (states.clone(), states);
        };
        if let Some(call) = acquiring(condition, self.lock) {
            return (self.taken(call, &states), states);
        }
        let negated = condition
            .children()
            .next()
            .filter(|_| condition.kind() == Kind::NotOperation);
        if let Some(call) = negated.and_then(|inner| acquiring(inner, self.lock)) {
            let taken = self.taken(call, &states);
            return (states, taken);
        }
        self.raises(condition, &states);
        (states.clone(), states)
    }

    fn branches(&mut self, node: Node<'p>, states: Vec<State<'p>>) -> Vec<State<'p>> {
        let (then, mut otherwise) = self.condition(node.child(Field::Condition), states);
        let mut after = match node.child(Field::Consequence) {
            Some(block) => self.block(block, then),
            None => then,
        };
        let is_closed = node.child_of(Kind::ElseClause).is_some();
        for clause in node.children() {
            match clause.kind() {
                Kind::ElifClause => {
                    let (then, rest) = self.condition(clause.child(Field::Condition), otherwise);
                    after = join(after, self.clause(clause, then));
                    otherwise = rest;
                }
                Kind::ElseClause => {
                    let states = std::mem::take(&mut otherwise);
                    after = join(after, self.clause(clause, states));
                }
                _ => {}
            }
        }
        // `if taken: lock.release()`: the test says whether it was taken
        if !is_closed && after.contains(&None) && self.only_releases(node) {
            return vec![None];
        }
        join(after, otherwise)
    }

    /// Whether something in a node gives the lock back, and nothing takes it.
    fn only_releases(&self, node: Node<'p>) -> bool {
        let calls = |method| {
            let mut all = node.descendants();
            all.any(|inner| inner.kind() == Kind::Call && is_method_call(inner, self.lock, method))
        };
        calls("release") && !calls("acquire")
    }

    fn turns(&mut self, node: Node<'p>, states: Vec<State<'p>>) -> Vec<State<'p>> {
        const TURNS: usize = 4;
        let outer = std::mem::take(&mut self.jumps);
        let condition = node.child(Field::Condition);
        let is_endless = condition.is_some_and(|test| matches!(test.text(), "True" | "1"));
        let (mut before, mut ended, mut broken, mut left) = (states, Vec::new(), Vec::new(), outer);
        for _ in 0..TURNS {
            if let Some(iterable) = node.child(Field::Right) {
                self.raises(iterable, &before);
            }
            let (then, otherwise) = self.condition(condition, before.clone());
            ended = join(ended, otherwise);
            let mut again = match node.child(Field::Body) {
                Some(body) => self.block(body, then),
                None => then,
            };
            for (jump, state) in std::mem::take(&mut self.jumps) {
                match jump {
                    Jump::Break => add(&mut broken, state),
                    Jump::Continue => add(&mut again, state),
                    _ => add(&mut left, (jump, state)),
                }
            }
            let known = before.len();
            before = join(before, again);
            if before.len() == known {
                break;
            }
        }
        self.jumps = left;
        // as many turns as there are locks to give back
        if self.only_releases(node) {
            return vec![None];
        }
        if is_endless {
            ended.clear();
        } else if let Some(clause) = node.child_of(Kind::ElseClause) {
            ended = self.clause(clause, ended);
        }
        join(ended, broken)
    }

    fn attempt(&mut self, node: Node<'p>, states: Vec<State<'p>>) -> Vec<State<'p>> {
        let outer = std::mem::take(&mut self.jumps);
        let mut after = match node.child(Field::Body) {
            Some(body) => self.block(body, states),
            None => states,
        };
        let handlers = || {
            node.children()
                .filter(|child| child.kind() == Kind::ExceptClause)
        };
        let (mut caught, mut jumps) = (Vec::new(), Vec::new());
        for (jump, state) in std::mem::take(&mut self.jumps) {
            if jump == Jump::Raise {
                add(&mut caught, state);
            }
            if jump != Jump::Raise || !handlers().any(|handler| catches(handler, state)) {
                add(&mut jumps, (jump, state));
            }
        }
        if let Some(clause) = node.child_of(Kind::ElseClause) {
            after = self.clause(clause, after);
        }
        self.handlers += 1;
        for handler in handlers().filter(|_| !caught.is_empty()) {
            after = join(after, self.clause(handler, caught.clone()));
        }
        self.handlers -= 1;
        jumps.append(&mut self.jumps);
        if let Some(clause) = node.child_of(Kind::FinallyClause) {
            let releases = self.only_releases(clause);
            after = self.finally(clause, after, releases);
            jumps = jumps
                .into_iter()
                .flat_map(|(jump, state)| {
                    let states = self.finally(clause, vec![state], releases);
                    states.into_iter().map(move |state| (jump, state))
                })
                .collect();
            jumps.append(&mut self.jumps);
        }
        self.jumps = outer;
        for jump in jumps {
            add(&mut self.jumps, jump);
        }
        after
    }

    fn finally(
        &mut self,
        clause: Node<'p>,
        states: Vec<State<'p>>,
        releases: bool,
    ) -> Vec<State<'p>> {
        match (releases, &states[..]) {
            (_, []) => states,
            (true, _) => vec![None],
            (false, _) => self.clause(clause, states),
        }
    }

    fn entered(&mut self, node: Node<'p>, states: Vec<State<'p>>) -> Vec<State<'p>> {
        let outer = std::mem::take(&mut self.jumps);
        let with = self.function.site.with(node);
        let swallows = managers(with).any(|manager| {
            let opened = manager
                .child(Field::Function)
                .map(|callee| self.project.evaluate(callee));
            !matches!(opened, Some(Value::External(name)) if name.as_ref() == "builtins.open")
                && self.project.lock_kind(manager).is_none()
        });
        self.raises(node, &states);
        let mut after = match node.child(Field::Body) {
            Some(body) => self.block(body, states),
            None => states,
        };
        let inner = std::mem::replace(&mut self.jumps, outer);
        for (jump, state) in inner {
            match jump {
                // it may end here; or the manager may know what to do
                Jump::Raise if swallows => add(&mut after, None),
                _ => add(&mut self.jumps, (jump, state)),
            }
        }
        after
    }

    fn cases(&mut self, node: Node<'p>, states: Vec<State<'p>>) -> Vec<State<'p>> {
        if let Some(subject) = node.child(Field::Subject) {
            self.raises(subject, &states);
        }
        let clauses = node
            .descendants_outside(|kind| kind == Kind::CaseClause)
            .filter(|clause| clause.kind() == Kind::CaseClause);
        let mut after = states.clone();
        for clause in clauses {
            after = join(after, self.clause(clause, states.clone()));
        }
        after
    }
}

/// Whether a handler takes every exception that may have been raised on a way.
fn catches(handler: Node<'_>, state: State<'_>) -> bool {
    let Some(class) = handler
        .children()
        .next()
        .filter(|first| first.kind() != Kind::Block)
    else {
        return true;
    };
    let mut names = class
        .with_descendants()
        .filter(|node| node.kind() == Kind::Name)
        .map(Node::text);
    let raised = state.and_then(|way| way.leaves);
    names.any(|name| match (name, raised) {
        ("Exception" | "BaseException", _) => true,
        ("KeyError" | "IndexError" | "LookupError", Some(Leaving::Raising(place))) => {
            place.kind() == Kind::Subscript || calls(place, &["pop", "popitem", "popleft"])
        }
        // of a list, if the handler is right
        ("ValueError", Some(Leaving::Raising(place))) => calls(place, &["remove", "index"]),
        ("Empty", Some(Leaving::Raising(place))) => calls(place, &["get", "get_nowait"]),
        ("Full", Some(Leaving::Raising(place))) => calls(place, &["put", "put_nowait"]),
        ("ImportError", Some(Leaving::Raising(place))) => {
            matches!(place.kind(), Kind::Import | Kind::ImportFrom)
        }
        (name, Some(Leaving::Statement(raise))) => {
            let raised = raise.descendants();
            raised
                .into_iter()
                .any(|node| node.kind() == Kind::Name && node.text() == name)
        }
        _ => false,
    })
}

/// Whether a call is one of a method of these names.
fn calls(call: Node<'_>, methods: &[&str]) -> bool {
    let callee = call.child(Field::Function);
    let method = callee.and_then(|callee| callee.child(Field::Attribute));
    method.is_some_and(|method| methods.contains(&method.text()))
}

/// Functions and methods that do not raise, whatever they are given.
fn is_safe_name(name: &str) -> bool {
    const FUNCTIONS: &[&str] = &[
        "builtins.id",
        "builtins.isinstance",
        "builtins.len",
        "builtins.super",
        "builtins.type",
        "os.getpid",
        "threading.current_thread",
        "threading.get_ident",
        "_thread.get_ident",
        "time.monotonic",
        "time.perf_counter",
        "time.time",
    ];
    const METHODS: &[(&str, &str)] = &[
        ("builtins.dict", "clear copy get items keys values"),
        ("builtins.list", "append clear copy reverse"),
        ("builtins.set", "add clear copy discard"),
        ("collections.deque", "append appendleft clear copy"),
        ("threading.Event", "clear is_set set"),
        ("threading.Condition", "notify notify_all"),
        ("threading.Thread", "is_alive"),
    ];
    let is_method = |(class, method): (&str, &str)| {
        let known = METHODS.iter().find(|(known, _)| *known == class);
        known.is_some_and(|(_, methods)| methods.split(' ').any(|known| known == method))
    };
    FUNCTIONS.contains(&name) || name.split_once("().").is_some_and(is_method)
}
