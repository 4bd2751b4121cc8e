//! GIL008 threads-run-one-by-one. Card: knowledge/rules/GIL008-threads-run-one-by-one.md

use super::{has_threads, is_in_test, loop_around};
use crate::facts::{Site, Subjects};
use crate::project::Value;
use crate::rules::context::line;
use crate::rules::{Context, Findings, Rule, Severity};
use crate::syntax::{Field, Kind, Node};

pub const RULE: Rule = Rule {
    code: "GIL008",
    name: "threads-run-one-by-one",
    check,
};

fn check(cx: &Context<'_>, out: &mut Findings) {
    if !has_threads(cx) {
        return;
    }
    for join in cx.calls(Subjects::JOINS) {
        if let Some(object) = object_of(join.node, "join")
            && let Some(round) = loop_around(join.node)
            && let Some(start) = start_before(join.node, object.text())
            && goes_on(round, join.node, object.text())
            && let Value::Instance(class) = cx.project.evaluate(join.with(object))
            && let Some(what) = cx.project.startable(&class)
            && is_new_in_each_turn(round, join.with(object))
            && !is_in_test(cx, join)
        {
            let (name, what) = (object.text(), what.word());
            let message = format!(
                "`{name}.join()` waits for the {what} of this turn before the next turn starts its own: they run one by one; start all of them first, then join all"
            );
            let finding = out.report(&RULE, Severity::Warning, cx.file, join.range(), message);
            finding.evidence(
                join.with(start),
                format!(
                    "The {what} is started here, and nothing else is done before line {}",
                    line(join)
                ),
            );
        }
    }
}

/// The object of `object.method(…)`.
fn object_of<'p>(call: Node<'p>, method: &str) -> Option<Node<'p>> {
    let callee = call.child(Field::Function)?;
    let is_method = callee.child(Field::Attribute).map(Node::text) == Some(method);
    let object = callee.child(Field::Object)?;
    (is_method && matches!(object.kind(), Kind::Name | Kind::Attribute)).then_some(object)
}

/// The call in the same block that starts what is joined, where no work is done between the two.
fn start_before<'p>(join: Node<'p>, object: &str) -> Option<Node<'p>> {
    let statement = join
        .parent()
        .filter(|parent| parent.kind() == Kind::ExpressionStatement)?;
    let before: Vec<Node<'p>> = statement
        .parent()?
        .children()
        .take_while(|other| *other != statement)
        .collect();
    for other in before.into_iter().rev() {
        if let Some(call) = other
            .children()
            .next()
            .filter(|call| call.kind() == Kind::Call)
            && object_of(call, "start").is_some_and(|started| started.text() == object)
        {
            return Some(call);
        }
        if !is_no_work(other) {
            return None;
        }
    }
    None
}

/// Whether a statement only says something, or sets a plain value.
fn is_no_work(statement: Node<'_>) -> bool {
    const SAYING: &[&str] = &["print", "debug", "info", "warning", "error", "log"];
    let inner = statement.children().next();
    match inner.map(|inner| (inner.kind(), inner)) {
        Some((Kind::Call, call)) => {
            let callee = call.child(Field::Function);
            let name = callee.and_then(|callee| callee.child(Field::Attribute).or(Some(callee)));
            let is_saying = name.is_some_and(|name| SAYING.contains(&name.text()));
            let arguments = call.child(Field::Arguments);
            is_saying
                && !arguments.is_some_and(|arguments| {
                    arguments
                        .descendants()
                        .any(|inner| inner.kind() == Kind::Call)
                })
        }
        Some((Kind::Assignment, assignment)) => {
            let value = assignment.child(Field::Right);
            value.is_some_and(|value| {
                matches!(
                    value.kind(),
                    Kind::True
                        | Kind::False
                        | Kind::None
                        | Kind::Integer
                        | Kind::Float
                        | Kind::String
                )
            })
        }
        Some((Kind::String, _)) => true,
        _ => statement.kind() == Kind::Pass,
    }
}

/// Whether the loop goes on whatever the thread has done, and no other thread runs beside it.
fn goes_on(round: Node<'_>, join: Node<'_>, object: &str) -> bool {
    const ASKING: &[&str] = &["is_alive", "isAlive", "exitcode", "terminate", "kill"];
    let Some(body) = round.child(Field::Body) else {
        return false;
    };
    body.descendants().all(|node| match node.kind() {
        Kind::Break | Kind::Return | Kind::Raise => node.id() < join.id(),
        Kind::Attribute => {
            let name = node.child(Field::Attribute).map_or("", Node::text);
            let is_own = node.child(Field::Object).map(Node::text) == Some(object);
            !(is_own && ASKING.contains(&name)) && (is_own || name != "start")
        }
        _ => true,
    })
}

/// Whether each turn has another thread: not one that tries the same again.
fn is_new_in_each_turn<'p>(round: Node<'p>, object: Site<'p>) -> bool {
    let binds = |name: &str| {
        let bound = object
            .body()
            .bindings
            .iter()
            .map(|binding| object.at(binding.name));
        let mut bound = bound.filter(|bound| bound.text() == name);
        bound.any(|bound| round.contains(bound.node))
    };
    if round.kind() == Kind::For {
        return true;
    }
    let assigned = round.descendants().find(|node| {
        node.kind() == Kind::Assignment
            && node.child(Field::Left).map(Node::text) == Some(object.text())
    });
    let Some(made) = assigned.and_then(|assignment| assignment.child(Field::Right)) else {
        return false;
    };
    let arguments = made
        .child(Field::Arguments)
        .into_iter()
        .flat_map(Node::descendants);
    let mut parts = arguments.into_iter();
    parts.any(|part| match part.kind() {
        Kind::Name => part.field() != Field::Name && binds(part.text()),
        Kind::Call => true,
        _ => false,
    })
}
