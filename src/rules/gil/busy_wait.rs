//! GIL016 busy-wait. Card: knowledge/rules/GIL016-busy-wait.md

use super::{abbreviated, lock_name};
use crate::facts::{Site, Subjects};
use crate::project::{Function, Project, Value};
use crate::rules::{Context, Findings, Rule, Severity};
use crate::syntax::{Field, Kind, Node};

pub const RULE: Rule = Rule {
    code: "GIL016",
    name: "busy-wait",
    check,
};

fn check(cx: &Context<'_>, out: &mut Findings) {
    for root in cx.segments(Subjects::SPINS) {
        let loops = root.node.with_descendants();
        for node in loops.filter(|node| node.kind() == Kind::While) {
            let site = root.with(node);
            let in_coroutine = Function::around(site).is_some_and(Function::is_async);
            if !in_coroutine && let Some(test) = idle_test(cx.project, site) {
                check_loop(cx.project, site, &test, out);
            }
        }
    }
}

/// What a loop asks in each turn.
struct Test<'p> {
    asked: Site<'p>,
    /// What the answer is as long as the loop goes on.
    goes_on: bool,
}

/// What a loop asks that does nothing else.
fn idle_test<'p>(project: &'p Project, site: Site<'p>) -> Option<Test<'p>> {
    let condition = site.child(Field::Condition)?;
    let body = site.node.child(Field::Body)?;
    let busy: Vec<Node<'p>> = body
        .children()
        .filter(|statement| !is_idle(project, site.with(*statement)))
        .collect();
    let (asked, mut goes_on) = match busy[..] {
        [] => (condition, true),
        [only] if matches!(condition.text(), "True" | "1") && leaves_only(only) => {
            (site.with(only.child(Field::Condition)?), false)
        }
        _ => return None,
    };
    let mut asked = asked.with(asked.node.unparenthesized());
    if asked.node.kind() == Kind::NotOperation {
        asked = asked.with(asked.node.children().next()?.unparenthesized());
        goes_on = !goes_on;
    }
    Some(Test { asked, goes_on })
}

/// `pass`, `continue`, `...`, `time.sleep(0)`
fn is_idle<'p>(project: &'p Project, statement: Site<'p>) -> bool {
    let only = statement.node.children().next();
    match (statement.node.kind(), only) {
        (Kind::Pass | Kind::Continue, _) => true,
        (Kind::ExpressionStatement, Some(only)) if only.kind() == Kind::Ellipsis => true,
        (Kind::ExpressionStatement, Some(call)) if call.kind() == Kind::Call => {
            let time = call
                .child(Field::Arguments)
                .and_then(|arguments| arguments.children().next());
            let is_none = time.is_some_and(|time| matches!(time.text(), "0" | "0.0" | "0."));
            let callee = call.child(Field::Function);
            let callee = callee.filter(|_| is_none).map(|node| statement.with(node));
            callee.is_some_and(
                |callee| matches!(project.evaluate(callee), Value::External(name) if name.as_ref() == "time.sleep"),
            )
        }
        _ => false,
    }
}

/// `if …: break`
fn leaves_only(statement: Node<'_>) -> bool {
    let mut inner = statement
        .child(Field::Consequence)
        .into_iter()
        .flat_map(Node::children);
    statement.kind() == Kind::If
        && statement.child(Field::Alternative).is_none()
        && inner.next().map(Node::kind) == Some(Kind::Break)
        && inner.next().is_none()
}

fn check_loop<'p>(project: &'p Project, site: Site<'p>, test: &Test<'p>, out: &mut Findings) {
    let asked = test.asked;
    let has_calls = asked.node.with_descendants().any(|node| {
        matches!(
            node.kind(),
            Kind::Call | Kind::NamedExpression | Kind::Await
        )
    });
    if has_calls {
        if let Some(instead) = what_waits(project, test) {
            let message = format!(
                "This loop asks again and again and keeps a core busy, at the cost of the thread that it waits for; {instead} waits without asking"
            );
            out.report(&RULE, Severity::Warning, site.file, site.range(), message);
        }
        return;
    }
    let places = asked
        .node
        .with_descendants()
        .filter(|node| matches!(node.kind(), Kind::Name | Kind::Attribute))
        .filter(|node| node.parent().map(Node::kind) != Some(Kind::Attribute));
    for place in places {
        let setters = set_elsewhere(project, site, asked.with(place));
        if !setters.is_empty() {
            report(site, place, &setters, out);
            return;
        }
    }
}

/// What waits for that which a single call asks a thread, a future, an event, a queue or a lock.
fn what_waits<'p>(project: &'p Project, test: &Test<'p>) -> Option<String> {
    let callee = test.asked.child(Field::Function)?;
    let object = callee.child(Field::Object)?;
    let method = callee.node.child(Field::Attribute)?.text();
    let arguments = test.asked.node.child(Field::Arguments)?.text();
    let wants_lock = matches!(
        (method, test.goes_on, arguments),
        ("locked", true, "()")
            | (
                "acquire",
                false,
                "(False)" | "(0)" | "(blocking=False)" | "(block=False)"
            )
    );
    if wants_lock {
        let is_lock = project.lock_kind(object).is_some();
        return is_lock.then(|| format!("`with {}:`", lock_name(object)));
    }
    let Value::External(name) = project.evaluate(callee) else {
        return None;
    };
    let class = name.rsplit_once('.')?.0.trim_end_matches("()");
    let name = object.text();
    Some(match (class, method, test.goes_on) {
        ("threading.Event" | "multiprocessing.Event", "is_set", false) => {
            format!("`{name}.wait()`")
        }
        ("threading.Event" | "multiprocessing.Event", "is_set", true) => {
            "`wait_for` of a `threading.Condition`".to_string()
        }
        ("threading.Thread" | "multiprocessing.Process", "is_alive", true) => {
            format!("`{name}.join()`")
        }
        ("concurrent.futures.Future", "done", false) => format!("`{name}.result()`"),
        (
            "queue.Queue" | "queue.LifoQueue" | "queue.PriorityQueue" | "queue.SimpleQueue",
            "empty",
            true,
        ) => format!("`{name}.get()`"),
        _ => return None,
    })
}

/// The statements of other threads that assign to what a loop reads.
fn set_elsewhere<'p>(project: &'p Project, site: Site<'p>, place: Site<'p>) -> Vec<Site<'p>> {
    let reader = Function::around(site);
    let starts = |function: Function<'p>| -> Vec<Site<'p>> {
        let chains = project.chains(function).into_iter();
        chains.map(|chain| chain.start.call).collect()
    };
    let mut setters = project.assignments_to(place);
    setters.retain(|setter| {
        let function = Function::around(*setter);
        function.is_some() && function != reader
    });
    if setters.is_empty() {
        return setters;
    }
    let own = reader.map(starts).unwrap_or_default();
    setters.retain(|setter| {
        let Some(function) = Function::around(*setter) else {
            return false;
        };
        let others = starts(function);
        match own.is_empty() {
            true => !others.is_empty(),
            // a constructor is done before the thread is started
            false => {
                function.name() != "__init__" && !others.iter().any(|start| own.contains(start))
            }
        }
    });
    setters
}

fn report(site: Site<'_>, place: Node<'_>, setters: &[Site<'_>], out: &mut Findings) {
    let shown = abbreviated(place.text());
    let message = format!(
        "This loop reads {shown} again and again and keeps a core busy, at the cost of the thread that shall set it: use a `threading.Event`, whose `wait()` sleeps until `set()` is called"
    );
    let finding = out.report(&RULE, Severity::Warning, site.file, site.range(), message);
    for setter in setters.iter().take(4) {
        finding.evidence(*setter, "another thread sets it here");
    }
}
