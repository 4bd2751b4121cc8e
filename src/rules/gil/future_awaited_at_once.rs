//! GIL009 future-awaited-at-once. Card: knowledge/rules/GIL009-future-awaited-at-once.md

use super::{
    abbreviated, assigned_name, call_on, has_one_worker, is_written, next_statement, waits,
};
use crate::facts::{Site, Subjects};
use crate::project::{PoolCall, turn_around};
use crate::rules::context::line;
use crate::rules::{Context, Findings, Rule, Severity};
use crate::syntax::{Field, Kind, Node};

pub const RULE: Rule = Rule {
    code: "GIL009",
    name: "future-awaited-at-once",
    check,
};

/// The methods that hand one job to a pool.
const SUBMITS: &[&str] = &["submit", "apply_async", "apply"];

fn check(cx: &Context<'_>, out: &mut Findings) {
    for call in cx.calls(Subjects::WORKERS) {
        let Some(turn) = turn_around(call) else {
            continue;
        };
        let Some(submit) = cx.project.pool_call(call, SUBMITS) else {
            continue;
        };
        let found = match waited_in_turn(&submit, turn) {
            Some(wait) => Some((wait, turn)),
            None => waited_as_generated(cx, &submit, turn),
        };
        let Some((wait, turn)) = found else { continue };
        if has_one_worker(cx.project, submit.pool)
            || may_leave(turn, call)
            || gives_up(wait, turn)
            || sends_others_first(call, turn)
            || needs_the_one_before(&submit, wait, turn)
        {
            continue;
        }
        if submit.method == "apply" {
            report_apply(cx, &submit, turn, out);
        } else {
            report(cx, &submit, wait, out);
        }
    }
}

/// `pool.apply(f)`, which waits by itself.
fn report_apply<'p>(cx: &Context<'p>, submit: &PoolCall<'p>, turn: Site<'p>, out: &mut Findings) {
    let pool = abbreviated(submit.pool.text());
    let message = format!(
        "`apply` waits for its job, before the next turn gives {pool} another: one job runs at a time, and the other workers are idle; \
         use `map`, or `apply_async` for all jobs and then ask for their results",
    );
    out.report(
        &RULE,
        Severity::Warning,
        cx.file,
        submit.call.range(),
        message,
    )
    .evidence(turn, "each turn of this waits for one job");
}

fn report<'p>(cx: &Context<'p>, submit: &PoolCall<'p>, wait: Site<'p>, out: &mut Findings) {
    let pool = abbreviated(submit.pool.text());
    let message = format!(
        "This waits for the job that was given to {pool} in line {}, before the next turn gives it another: one job runs at a time, \
         and the other workers are idle; submit all jobs first, then ask for their results",
        line(submit.call)
    );
    out.report(&RULE, Severity::Warning, cx.file, wait.range(), message)
        .evidence(submit.call, "the job is submitted here");
}

/// The wait for a future in the turn that submits it, with nothing done in between.
fn waited_in_turn<'p>(submit: &PoolCall<'p>, turn: Site<'p>) -> Option<Site<'p>> {
    let call = submit.call;
    if submit.method == "apply" {
        return Some(call);
    }
    if let Some(wait) = waited_on(call.node, submit) {
        return Some(call.with(wait));
    }
    let name = assigned_name(call)?;
    let mut statement = call.node.statement()?;
    loop {
        statement = next_statement(statement).filter(|next| turn.node.contains(*next))?;
        if let Some(wait) = waited_first(statement, name, submit) {
            return Some(call.with(wait));
        }
        if !is_no_work(statement) {
            return None;
        }
    }
}

/// `future.result()` for the expression of a future.
fn waited_on<'p>(future: Node<'p>, submit: &PoolCall<'p>) -> Option<Node<'p>> {
    call_on(future, waits(submit.kind))
}

/// The wait for a future by its name, if it is the first thing that a statement or an expression does.
fn waited_first<'p>(statement: Node<'p>, name: &str, submit: &PoolCall<'p>) -> Option<Node<'p>> {
    let first = match statement.kind() {
        Kind::Try => {
            let body = statement.child(Field::Body)?;
            return waited_first(body.children().next()?, name, submit);
        }
        Kind::If | Kind::While | Kind::For | Kind::With | Kind::Match => statement
            .children()
            .find(|part| part.kind() != Kind::Block)?,
        Kind::FunctionDef | Kind::ClassDef | Kind::Decorated => return None,
        _ => statement,
    };
    let mut uses = first
        .with_descendants()
        .filter(|node| node.kind() == Kind::Name && node.text() == name);
    let wait = uses.find_map(|used| waited_on(used, submit))?;
    let is_first = first
        .with_descendants()
        .filter(|node| matches!(node.kind(), Kind::Call | Kind::Await | Kind::Yield))
        .take_while(|node| *node != wait)
        .all(|node| node.contains(wait) || is_written(node));
    is_first.then_some(wait)
}

/// Whether a statement takes no time: it prints, or calls nothing.
fn is_no_work(statement: Node<'_>) -> bool {
    matches!(
        statement.kind(),
        Kind::ExpressionStatement | Kind::Pass | Kind::Assert
    ) && (statement.children().next().is_some_and(is_written)
        || !statement
            .descendants()
            .any(|node| matches!(node.kind(), Kind::Call | Kind::Await | Kind::Yield)))
}

/// A generator expression submits when the next future is asked for: the wait in the loop that goes over it, and that loop.
fn waited_as_generated<'p>(
    cx: &Context<'p>,
    submit: &PoolCall<'p>,
    turn: Site<'p>,
) -> Option<(Site<'p>, Site<'p>)> {
    if turn.node.kind() != Kind::GeneratorExpression
        || turn.node.child(Field::Body) != Some(submit.call.node)
    {
        return None;
    }
    let is_iterable = |node: Node<'p>| {
        node.field() == Field::Right
            && matches!(
                node.parent().map(Node::kind),
                Some(Kind::For | Kind::ForInClause)
            )
    };
    let iterable = match turn.node.parent()?.kind() {
        Kind::Assignment => {
            let name = turn.node.parent()?.child(Field::Left)?;
            let named = turn.body().named(name.text()).map(|node| turn.at(node));
            let mut readings = named.filter(|site| {
                let binding = cx.project.only_binding(*site);
                site.node != name && binding.is_some_and(|binding| binding.name.node == name)
            });
            let only = readings.next()?;
            if readings.next().is_some() {
                return None;
            }
            only.node
        }
        _ => turn.node,
    };
    let clause = iterable.parent().filter(|_| is_iterable(iterable))?;
    let future = clause
        .child(Field::Left)
        .filter(|left| left.kind() == Kind::Name)?;
    let around = match clause.kind() {
        Kind::For => clause,
        _ => clause.parent()?,
    };
    let first = match around.kind() {
        Kind::For => around.child(Field::Body)?.children().next()?,
        _ => around.child(Field::Body)?,
    };
    let wait = waited_first(first, future.text(), submit)?;
    Some((turn.with(wait), turn.with(around)))
}

/// Whether the loop may end with this turn: it tries until it succeeds.
fn may_leave(turn: Site<'_>, submit: Site<'_>) -> bool {
    turn.node.descendants().any(|node| {
        let is_after = node.id() >= submit.node.id() || node.contains(submit.node);
        let is_own = || {
            !node
                .ancestors()
                .take_while(|around| *around != turn.node)
                .any(|around| matches!(around.kind(), Kind::For | Kind::While))
        };
        match node.kind() {
            Kind::Return => is_after,
            Kind::Break => is_after && is_own(),
            _ => false,
        }
    })
}

/// Whether the wait has a time limit, and its end is handled.
fn gives_up(wait: Site<'_>, turn: Site<'_>) -> bool {
    super::has_arguments(wait)
        && wait
            .node
            .ancestors()
            .take_while(|node| *node != turn.node)
            .any(|node| node.kind() == Kind::Try && node.child_of(Kind::ExceptClause).is_some())
}

/// Whether the turn submits other jobs before, or takes its time on purpose.
fn sends_others_first(submit: Site<'_>, turn: Site<'_>) -> bool {
    turn.calls().any(|call| {
        let method = call
            .node
            .child(Field::Function)
            .map(|callee| callee.child(Field::Attribute).unwrap_or(callee));
        let is_waited_for = || {
            call.node
                .parent()
                .and_then(|read| read.child(Field::Attribute))
                .is_some_and(|name| matches!(name.text(), "result" | "exception" | "get" | "wait"))
        };
        method.is_some_and(|method| match method.text() {
            "sleep" => true,
            "submit" | "apply_async" | "map_async" | "run_in_executor" => {
                call.node.id() < submit.node.id()
                    && !call.node.contains(submit.node)
                    && !is_waited_for()
            }
            _ => false,
        })
    })
}

/// Whether what a turn does with the result may be what the next one starts from.
fn needs_the_one_before(submit: &PoolCall<'_>, wait: Site<'_>, turn: Site<'_>) -> bool {
    // a comprehension keeps nothing for its next turn
    if !matches!(turn.node.kind(), Kind::For | Kind::While) {
        return false;
    }
    let needed = needed(submit, turn);
    let from = wait
        .node
        .statement()
        .filter(|from| turn.node.contains(*from));
    let from = from.unwrap_or(wait.node);
    let is_after = |node: Node<'_>| node.id() >= from.id() && turn.node.contains(node);
    let is_needed = |text: &str| {
        needed.iter().any(|needed| {
            text == *needed
                || text
                    .strip_prefix(needed)
                    .is_some_and(|rest| rest.starts_with(['.', '[']))
        })
    };
    let body = turn.body();
    let binds = body.bindings.iter().any(|binding| {
        let name = body.tree.node(binding.name);
        is_after(name) && is_needed(name.text())
    });
    let changes = || {
        turn.mutations().any(|change| {
            is_after(body.tree.node(change.node)) && is_needed(body.tree.node(change.target).text())
        })
    };
    let stores = || {
        turn.node.descendants().any(|node| {
            matches!(node.kind(), Kind::Attribute | Kind::Subscript)
                && node.field() == Field::Left
                && is_after(node)
                && is_needed(node.text())
        })
    };
    let own = |call: Node<'_>| call == wait.node || call == submit.call.node;
    let calls = || {
        turn.calls()
            .filter(|call| is_after(call.node) && !own(call.node))
            .any(|call| {
                let callee = call.node.child(Field::Function);
                let object = callee.and_then(|callee| callee.child(Field::Object));
                object.is_some_and(|object| is_needed(object.text()))
                    || turn.node.kind() == Kind::While && !is_written(call.node)
            })
    };
    binds || changes() || stores() || calls()
}

/// The names and attributes that say what job comes next: those of the call, those that they are made from, and those that the loop goes on by.
fn needed<'p>(submit: &PoolCall<'p>, turn: Site<'p>) -> Vec<&'p str> {
    let header = match turn.node.kind() {
        Kind::While => turn.node.child(Field::Condition),
        Kind::For => turn.node.child(Field::Right),
        _ => None,
    };
    let arguments = submit.call.node.child(Field::Arguments);
    let mut found: Vec<&str> = Vec::new();
    let note = |node: Node<'p>, found: &mut Vec<&'p str>| {
        for part in node.with_descendants() {
            let is_own = part.field() != Field::Attribute
                && matches!(part.kind(), Kind::Name | Kind::Attribute)
                && !matches!(part.text(), "self" | "cls");
            if is_own && !found.contains(&part.text()) {
                found.push(part.text());
            }
        }
    };
    for node in header.into_iter().chain(arguments) {
        note(node, &mut found);
    }
    // what an argument is made of, and that in turn
    for _ in 0..3 {
        for node in turn.node.descendants() {
            if node.kind() == Kind::Assignment
                && node
                    .child(Field::Left)
                    .is_some_and(|left| found.contains(&left.text()))
                && let Some(value) = node.child(Field::Right)
            {
                note(value, &mut found);
            }
        }
    }
    found
}
