//! GIL016 busy-wait. Card: knowledge/rules/GIL016-busy-wait.md

use super::{abbreviated, lock_name};
use crate::facts::{MutationKind, Site, Subjects};
use crate::project::{ClassValue, Function, Project, Value, argument};
use crate::rules::context::comment_above;
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
            if !in_coroutine
                && !is_meant(node)
                && let Some(test) = idle_test(cx.project, site)
            {
                check_loop(cx.project, site, &test, out);
            }
        }
    }
}

/// Whether the comment above a loop says that it keeps busy on purpose.
fn is_meant(node: Node<'_>) -> bool {
    comment_above(node).any(|line| {
        let line = line.to_ascii_lowercase();
        let phrases = ["busy wait", "busy-wait", "busy loop", "spin"];
        phrases.iter().any(|phrase| line.contains(phrase))
    })
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
    let has_calls = asked.node.with_descendants().any(|node| match node.kind() {
        Kind::Call => !is_length(project, asked.with(node)),
        kind => matches!(kind, Kind::NamedExpression | Kind::Await),
    });
    if has_calls {
        if let Some(instead) = what_waits(project, test) {
            let message = format!(
                "This loop asks again and again and keeps a core busy, at the cost of the thread that it waits for; {instead} waits without asking"
            );
            let finding = out.report(&RULE, Severity::Warning, site.file, site.range(), message);
            finding.evidence(asked, "this answers at once, and is asked in every turn");
        }
        return;
    }
    let places = asked
        .node
        .with_descendants()
        .filter(|node| matches!(node.kind(), Kind::Name | Kind::Attribute))
        .filter(|node| node.field() != Field::Function)
        .filter(|node| node.parent().map(Node::kind) != Some(Kind::Attribute));
    for place in places {
        let setters = set_elsewhere(project, site, asked.with(place));
        if !setters.is_empty() {
            report(site, place, &setters, out);
            return;
        }
    }
}

/// `len(items)`
fn is_length<'p>(project: &'p Project, call: Site<'p>) -> bool {
    let callee = call.child(Field::Function);
    let callee = callee.map(|callee| project.evaluate(callee));
    matches!(callee, Some(Value::External(name)) if name.as_ref() == "builtins.len")
}

/// What waits for that which a single call asks a thread, a future, an event, a queue or a lock.
fn what_waits<'p>(project: &'p Project, test: &Test<'p>) -> Option<String> {
    if asks_for_threads(project, test) {
        return Some("`join()` of each thread".to_string());
    }
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

/// Whether a loop goes on as long as any of several threads is at work: `any(thread.is_alive() for thread in threads)`, `threading.active_count() > 1`.
fn asks_for_threads<'p>(project: &'p Project, test: &Test<'p>) -> bool {
    let named = |call: Option<Site<'p>>, name: &str| {
        let callee = call.and_then(|call| call.child(Field::Function));
        callee
            .and_then(|callee| project.qualified(callee))
            .as_deref()
            == Some(name)
    };
    let asked = test.asked;
    if asked.node.kind() == Kind::Comparison {
        let left = asked.node.children().next().map(|left| asked.with(left));
        return test.goes_on && named(left, "threading.active_count");
    }
    let given = asked.child(Field::Arguments);
    // a generator expression alone stands in the place of the arguments
    let only = match given.map(|given| given.node.kind()) {
        Some(Kind::GeneratorExpression) => given,
        _ => argument(asked, 0, ""),
    };
    let each = only
        .filter(|_| named(Some(asked), "builtins.any"))
        .and_then(|only| only.child(Field::Body));
    test.goes_on
        && (named(each, "threading.Thread().is_alive")
            || named(each, "multiprocessing.Process().is_alive"))
}

/// The statements that change the container which a name or an attribute of the own object holds.
fn changes_of<'p>(project: &'p Project, place: Site<'p>) -> Vec<Site<'p>> {
    let readings = match place.node.kind() {
        Kind::Name => {
            let binding = project.only_binding(place);
            binding.map(|binding| project.readings_of_name(binding.name))
        }
        _ => {
            let object = place.child(Field::Object);
            let name = place.node.child(Field::Attribute);
            match (object.map(|object| project.evaluate(object)), name) {
                (Some(Value::Instance(ClassValue::Known(class))), Some(name)) => {
                    Some(project.readings_of_attribute(class, name.text()))
                }
                _ => None,
            }
        }
    };
    let changed = readings.into_iter().flatten().filter(|reading| {
        let mut mutations = reading.body().mutations.iter();
        mutations.any(|mutation| {
            mutation.target == reading.node.id() && mutation.kind != MutationKind::Attribute
        })
    });
    changed
        .map(|reading| {
            let statement = reading.node.statement();
            statement.map_or(reading, |statement| reading.with(statement))
        })
        .collect()
}

/// The statements of other threads that assign to what a loop reads, or change what it holds.
fn set_elsewhere<'p>(project: &'p Project, site: Site<'p>, place: Site<'p>) -> Vec<Site<'p>> {
    let reader = Function::around(site);
    let starts = |function: Function<'p>| -> Vec<Site<'p>> {
        let chains = project.chains(function).into_iter();
        chains.map(|chain| chain.start.call).collect()
    };
    let mut setters = project.assignments_to(place);
    setters.extend(changes_of(project, place));
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
