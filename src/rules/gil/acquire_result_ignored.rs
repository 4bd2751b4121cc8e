//! GIL030 acquire-result-ignored. Card: knowledge/rules/GIL030-acquire-result-ignored.md

use super::ways_out::is_method_call;
use super::{abbreviated, lock_name};
use crate::facts::{Site, Subjects};
use crate::project::{ClassValue, Function, Value};
use crate::rules::{Context, Findings, Rule, Severity};
use crate::syntax::{Field, Kind, Node};

pub const RULE: Rule = Rule {
    code: "GIL030",
    name: "acquire-result-ignored",
    check,
};

/// Why an `acquire` may come back without the lock.
enum Limit {
    Time,
    NoWait,
}

fn check(cx: &Context<'_>, out: &mut Findings) {
    for call in cx.calls(Subjects::ACQUIRES) {
        if let Some(lock) = ignored(call)
            && let Some(limit) = limit(cx, call)
            && gives_back(call, lock)
            && !is_armed(call, lock)
            && cx.project.lock_kind(lock).is_some()
        {
            report(call, lock, &limit, out);
        }
    }
}

/// The lock of an `acquire` that is a statement of its own.
fn ignored(call: Site<'_>) -> Option<Site<'_>> {
    let callee = call.child(Field::Function)?;
    let is_acquire = callee.node.child(Field::Attribute)?.text() == "acquire";
    let is_statement = call.node.parent()?.kind() == Kind::ExpressionStatement;
    (is_acquire && is_statement)
        .then(|| callee.child(Field::Object))
        .flatten()
}

/// Whether the function gives the lock back: it counts on having it. Otherwise it may only want to wait a while.
fn gives_back(call: Site<'_>, lock: Site<'_>) -> bool {
    Function::around(call).is_some_and(|function| {
        let mut calls = function.calls();
        calls.any(|call| is_method_call(call.node, lock.text(), "release"))
    })
}

/// Whether the call only sees to it that the lock is taken, by whomever: the next thing done with it is to wait until somebody else gives it back.
fn is_armed(call: Site<'_>, lock: Site<'_>) -> bool {
    let of_lock = |other: &Site<'_>, method| is_method_call(other.node, lock.text(), method);
    let Some(function) = Function::around(call) else {
        return false;
    };
    let mut later: Vec<Site<'_>> = function
        .calls()
        .filter(|other| other.node.id() > call.node.id())
        .filter(|other| of_lock(other, "acquire") || of_lock(other, "release"))
        .collect();
    later.sort_by_key(|other| other.range().start);
    later.first().is_some_and(|next| {
        let given = next.node.child(Field::Arguments);
        of_lock(next, "acquire") && given.is_none_or(|given| given.children().next().is_none())
    })
}

/// Whether the arguments let the call come back without the lock.
fn limit<'p>(cx: &Context<'p>, call: Site<'p>) -> Option<Limit> {
    let mut limit = None;
    let arguments = call.node.child(Field::Arguments)?.children();
    for (at, argument) in arguments.enumerate() {
        let (name, value) = match argument.kind() {
            Kind::ListSplat | Kind::DictSplat => return None,
            Kind::KeywordArgument => (
                argument.child(Field::Name).map_or("", Node::text),
                argument.child(Field::Value)?,
            ),
            _ => (if at == 0 { "blocking" } else { "timeout" }, argument),
        };
        match name {
            "blocking" | "block" if matches!(value.text(), "False" | "0") => {
                limit = Some(Limit::NoWait);
            }
            "timeout" if is_time(cx, call.with(value)) => limit = Some(Limit::Time),
            _ => {}
        }
    }
    limit
}

/// Whether a time limit is a number that does not stand for "wait for ever".
fn is_time<'p>(cx: &Context<'p>, value: Site<'p>) -> bool {
    let written = cx.project.origin(value).unwrap_or(value);
    match written.node.kind() {
        Kind::Integer | Kind::Float => true,
        Kind::UnaryOperation => false,
        // a constant of another file; what means for ever is written `-1`
        _ => {
            let float = ClassValue::External("builtins.float".into());
            cx.project.evaluate(value) == Value::Instance(float)
        }
    }
}

fn report(call: Site<'_>, lock: Site<'_>, limit: &Limit, out: &mut Findings) {
    let shown = abbreviated(lock_name(lock));
    let (why, instead) = match limit {
        Limit::Time => ("the time is up", "or wait with `with` and no limit"),
        Limit::NoWait => ("another thread holds it", "or wait for it with `with`"),
    };
    let message = format!(
        "`acquire` comes back without {shown} when {why}, and the code goes on as if it had it: its `release()` would then take the lock from another thread; test the result, {instead}"
    );
    out.report(&RULE, Severity::Warning, call.file, call.range(), message);
}
