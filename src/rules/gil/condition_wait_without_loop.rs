//! GIL025 condition-wait-without-loop. Card: knowledge/rules/GIL025-condition-wait-without-loop.md

use super::{abbreviated, has_arguments, keeps_out};
use crate::facts::{Resolution, Site, Subjects};
use crate::project::{ClassValue, Function, LockKind, Project, Value, is_container_name};
use crate::rules::{Context, Findings, Rule, Severity};
use crate::syntax::{Field, Kind, Node};

pub const RULE: Rule = Rule {
    code: "GIL025",
    name: "condition-wait-without-loop",
    check,
};

/// What the execution does after a `wait` that stands under an `if`.
#[derive(Clone, Copy, PartialEq)]
enum Next {
    /// It comes back to the test first.
    Test,
    /// It goes on in the function.
    Code,
    /// It goes back to the caller.
    Caller,
}

fn check(cx: &Context<'_>, out: &mut Findings) {
    for call in cx.calls(Subjects::WAITS) {
        let Some(condition) = waited_for(call) else {
            continue;
        };
        let Some(function) = Function::around(call) else {
            continue;
        };
        if let Some(test) = test_around(cx.project, call)
            && !is_tested_again(function, test, call)
            && cx.project.lock_kind(condition) == Some(LockKind::Condition)
        {
            match next(function, test, call) {
                Next::Code => report(cx.project, call, condition, test, out),
                Next::Caller if !has_arguments(call) && callers_go_on(cx.project, function) => {
                    report(cx.project, call, condition, test, out);
                }
                _ => {}
            }
        }
    }
}

/// The object of a call of `wait` that is a statement of its own.
fn waited_for(call: Site<'_>) -> Option<Site<'_>> {
    let callee = call.child(Field::Function)?;
    let is_wait = callee.node.child(Field::Attribute)?.text() == "wait";
    let awaited = call
        .node
        .parent()
        .filter(|parent| parent.kind() == Kind::Await);
    let is_statement = awaited.unwrap_or(call.node).parent()?.kind() == Kind::ExpressionStatement;
    (is_wait && is_statement)
        .then(|| callee.child(Field::Object))
        .flatten()
}

/// The test of the innermost `if` around a `wait` that asks for a state, when no loop stands between them.
fn test_around<'p>(project: &'p Project, call: Site<'p>) -> Option<Site<'p>> {
    let mut node = call.node;
    while let Some(parent) = node.parent() {
        let test = match parent.kind() {
            Kind::While | Kind::For | Kind::FunctionDef | Kind::Lambda => return None,
            Kind::If | Kind::ElifClause if node.field() != Field::Condition => {
                let in_elif = node.kind() == Kind::ElifClause;
                parent.child(Field::Condition).filter(|_| !in_elif)
            }
            _ => None,
        };
        let test = test.map(|test| call.with(test));
        if let Some(test) = test
            && asks_for_state(project, test, call)
        {
            return Some(test);
        }
        node = parent;
    }
    None
}

/// What a test asks about: names and attributes, for a method the object.
fn subjects<'p>(test: Node<'p>) -> impl Iterator<Item = Node<'p>> {
    let closed = |kind| kind == Kind::Attribute;
    let parts = std::iter::once(test)
        .chain(test.descendants_outside(closed))
        .filter(|node| matches!(node.kind(), Kind::Name | Kind::Attribute));
    parts.filter_map(|node| {
        let is_call = node.field() == Field::Function;
        match node.kind() {
            Kind::Attribute if is_call => node.child(Field::Object),
            Kind::Name if is_call || node.field() == Field::Attribute => None,
            _ => Some(node),
        }
    })
}

/// Whether a test asks for something that another thread may change: an attribute, a variable of an outer scope, a container. Not for what the `wait` is given: `if timeout:`.
fn asks_for_state<'p>(project: &'p Project, test: Site<'p>, call: Site<'p>) -> bool {
    let given = call.node.child(Field::Arguments);
    let is_given = |subject: Node<'p>| {
        let mut parts = given.into_iter().flat_map(Node::descendants);
        subject.text().contains("timeout") || parts.any(|part| part.text() == subject.text())
    };
    subjects(test.node).any(|subject| {
        !is_given(subject)
            && match subject.kind() {
                Kind::Name => is_shared(project, test.with(subject)),
                _ => !is_constant(subject),
            }
    })
}

/// Whether an attribute is named as constants are: `grpc.StatusCode.OK`.
fn is_constant(attribute: Node<'_>) -> bool {
    let name = attribute
        .child(Field::Attribute)
        .map_or(attribute.text(), Node::text);
    name.chars().any(char::is_uppercase) && !name.chars().any(char::is_lowercase)
}

fn is_shared<'p>(project: &'p Project, name: Site<'p>) -> bool {
    match name.resolve() {
        Resolution::Module(_) => true,
        Resolution::Local(bindings) => {
            let own = Function::around(name).map(Function::scope);
            let is_outer = bindings
                .iter()
                .all(|binding| Some(binding.binding.scope) != own);
            is_outer
                || matches!(
                    project.evaluate(name),
                    Value::Instance(ClassValue::External(class)) if is_container_name(&class)
                )
        }
        Resolution::Free => false,
    }
}

/// Whether the function asks again, after the wait, about anything that the test asked about, or about a name that takes it down after the wait.
fn is_tested_again(function: Function<'_>, test: Site<'_>, call: Site<'_>) -> bool {
    let mut asked: Vec<&str> = subjects(test.node).map(Node::text).collect();
    let later = || {
        let nodes = function.nodes().map(|site| site.node);
        nodes.filter(|node| node.id() > call.node.id())
    };
    let taken = later().flat_map(|node| taken_down(node, &asked));
    let taken: Vec<&str> = taken.collect();
    asked.extend(taken);
    later().any(|node| {
        let condition = match node.kind() {
            Kind::If | Kind::ElifClause | Kind::While => node.child(Field::Condition),
            Kind::Assert | Kind::Conditional => Some(node),
            _ => None,
        };
        condition.is_some_and(|condition| {
            subjects(condition).any(|subject| asked.contains(&subject.text()))
        })
    })
}

/// The names that an assignment binds to what was asked about: `task, self.task = self.task, None`.
fn taken_down<'p>(node: Node<'p>, asked: &[&str]) -> Vec<&'p str> {
    let sides = || Some((node.child(Field::Left)?, node.child(Field::Right)?));
    let Some((left, right)) = sides().filter(|_| node.kind() == Kind::Assignment) else {
        return Vec::new();
    };
    let pairs: Vec<_> = match (left.kind(), right.kind()) {
        (Kind::Name, _) => vec![(left, right)],
        (_, Kind::Tuple | Kind::ExpressionList) => left.children().zip(right.children()).collect(),
        _ => Vec::new(),
    };
    let taken = pairs
        .into_iter()
        .filter(|(target, value)| target.kind() == Kind::Name && asked.contains(&value.text()));
    taken.map(|(target, _)| target.text()).collect()
}

/// What comes after the wait.
fn next(function: Function<'_>, test: Site<'_>, call: Site<'_>) -> Next {
    let Some(mut node) = call.node.statement() else {
        return Next::Test;
    };
    while let Some(parent) = node.parent() {
        if parent.kind() == Kind::Block {
            let mut later = parent.children().filter(|other| other.id() > node.id());
            if leads_back(parent, node, test) {
                return Next::Test;
            }
            match later.find(|other| !reads_state(*other)) {
                None => {}
                Some(after) => match after.kind() {
                    Kind::Continue => return Next::Test,
                    Kind::Return if is_plain(after) => return Next::Caller,
                    Kind::Return if is_handed_over(function, test, after) => return Next::Test,
                    Kind::Pass => {}
                    // what the wait was for is asked now
                    Kind::If if asks_an_object(after) => return Next::Test,
                    _ => return Next::Code,
                },
            }
        }
        match parent.kind() {
            Kind::While | Kind::For => return Next::Test,
            Kind::FunctionDef => return Next::Caller,
            _ => node = parent,
        }
    }
    Next::Test
}

/// Whether a block ends with the next turn of a loop, and only counts on the way, behind a statement: `tries += 1`, `continue`. The loop has the test in it.
fn leads_back(block: Node<'_>, statement: Node<'_>, test: Site<'_>) -> bool {
    let later = block.children().filter(|other| other.id() > statement.id());
    let mut later: Vec<_> = later.collect();
    let last = later.pop();
    let turn = statement
        .ancestors()
        .find(|node| matches!(node.kind(), Kind::While | Kind::For));
    let counts = |statement: &Node<'_>| {
        let only = statement.children().next();
        only.is_some_and(|only| only.kind() == Kind::AugmentedAssignment)
    };
    last.is_some_and(|last| last.kind() == Kind::Continue)
        && later.iter().all(counts)
        && turn.is_some_and(|turn| turn.contains(test.node))
}

/// Whether a statement only takes a state down for the turn to come: `running = self._running`.
fn reads_state(statement: Node<'_>) -> bool {
    let assignment = statement.children().next();
    let assignment = assignment.filter(|only| only.kind() == Kind::Assignment);
    let is_in_loop = || statement.ancestors().any(|node| node.kind() == Kind::While);
    assignment.is_some_and(|assignment| {
        let kind = |field| assignment.child(field).map(Node::kind);
        kind(Field::Left) == Some(Kind::Name)
            && kind(Field::Right) == Some(Kind::Attribute)
            && is_in_loop()
    })
}

/// Whether an `if` asks for an attribute that may change.
fn asks_an_object(statement: Node<'_>) -> bool {
    let condition = statement.child(Field::Condition);
    condition.is_some_and(|condition| {
        subjects(condition).any(|asked| asked.kind() == Kind::Attribute && !is_constant(asked))
    })
}

/// Whether a `return` gives back what the one has left whose work was waited for: the test asks for a flag that the function raises itself when it begins that work.
fn is_handed_over(function: Function<'_>, test: Site<'_>, statement: Node<'_>) -> bool {
    let flag = test.text();
    let works_out = |node: Node<'_>| matches!(node.kind(), Kind::Call | Kind::Subscript);
    let raises = |node: Node<'_>| {
        node.kind() == Kind::Assignment
            && node.child(Field::Left).map(Node::text) == Some(flag)
            && node.child(Field::Right).map(Node::kind) == Some(Kind::True)
    };
    !statement.descendants().any(works_out) && function.nodes().any(|site| raises(site.node))
}

/// Whether a `return` gives back nothing that was worked out.
fn is_plain(statement: Node<'_>) -> bool {
    let given = statement.children().next();
    given.is_none_or(|given| matches!(given.kind(), Kind::None | Kind::True | Kind::False))
}

/// Whether the project calls a function, and never in a loop that may test for it.
fn callers_go_on<'p>(project: &'p Project, function: Function<'p>) -> bool {
    let name = function.name();
    let mut called = false;
    for (file, segment) in project.mentions(name) {
        let root = file.root(segment);
        for call in root.body().calls.iter().map(|call| root.at(*call)) {
            let callee = call.node.child(Field::Function);
            let last = callee.and_then(|callee| callee.child(Field::Attribute).or(Some(callee)));
            if last.map(Node::text) != Some(name) {
                continue;
            }
            called = true;
            if call.node.ancestors().any(|node| node.kind() == Kind::While) {
                return false;
            }
        }
    }
    called
}

fn report<'p>(
    project: &'p Project,
    call: Site<'p>,
    condition: Site<'p>,
    test: Site<'p>,
    out: &mut Findings,
) {
    let other = keeps_out(project, condition);
    let shown = abbreviated(test.text());
    let message = format!(
        "When `wait` returns, what {shown} asked may have changed again: another {other} can be faster, or the time is up; test again in a `while`, or use `wait_for`"
    );
    let finding = out.report(&RULE, Severity::Warning, call.file, call.range(), message);
    finding.evidence(test, "this is tested once, before the wait");
}
