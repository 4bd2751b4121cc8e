//! GIL024 waits-for-its-own-pool. Card: knowledge/rules/GIL024-waits-for-its-own-pool.md

use super::racing::{given_at_start, stays_on_object};
use super::{abbreviated, assigned_name, call_on, capitalised, label, loop_header, waits};
use crate::facts::Site;
use crate::project::{Chain, ClassValue, Function, Pool, StartKind, Value};
use crate::rules::context::line;
use crate::rules::{Context, Findings, Rule, Severity};
use crate::syntax::{Field, Kind, Node};

pub const RULE: Rule = Rule {
    code: "GIL024",
    name: "waits-for-its-own-pool",
    check,
};

fn check(cx: &Context<'_>, out: &mut Findings) {
    for function in cx.project.threaded_in(cx.file) {
        cx.look_at(function.site, out, |out| {
            check_function(cx, function, out);
        });
    }
}

fn check_function<'p>(cx: &Context<'p>, function: Function<'p>, out: &mut Findings) {
    if function.is_async() || function.is_generator() || function.site.node.tree().has_error() {
        return;
    }
    let inner: Vec<_> = function.calls().filter_map(handed).collect();
    if inner.is_empty() {
        return;
    }
    let chains = cx.project.chains(function);
    let mut reported: Vec<Site<'p>> = Vec::new();
    for (pool, submit) in inner {
        let waits = waits_for(cx, function, submit);
        if waits.is_empty() {
            continue;
        }
        let own = |chain: &&Chain<'_>| is_same_pool(cx, function, pool, chain);
        let chains: Vec<_> = chains.iter().filter(own).collect();
        if !chains.is_empty() {
            for wait in waits {
                // the jobs of one list are waited for in one place
                if !reported.contains(&wait) {
                    reported.push(wait);
                    report(cx, function, pool, submit, wait, &chains, out);
                }
            }
        }
    }
}

/// A call that may give a job to an executor: what it is called on, and the call.
fn handed(call: Site<'_>) -> Option<(Site<'_>, Site<'_>)> {
    let callee = call.child(Field::Function)?;
    let method = callee.node.child(Field::Attribute)?.text();
    let pool = callee.child(Field::Object)?;
    matches!(method, "submit" | "map").then_some((pool, call))
}

fn report<'p>(
    cx: &Context<'p>,
    function: Function<'p>,
    pool: Site<'p>,
    submit: Site<'p>,
    wait: Site<'p>,
    chains: &[&Chain<'p>],
    out: &mut Findings,
) {
    let shown = abbreviated(pool.text());
    let message = format!(
        "{} runs in a worker of {shown}, and waits here for a job that it gave to {shown} itself (line {}): when all workers wait like this, nobody is left to do those jobs, \
         and the program stands still; use another pool, or call the function here",
        capitalised(&label(function)),
        line(submit),
    );
    let range = match wait.node.kind() {
        Kind::For => loop_header(wait),
        _ => wait.range(),
    };
    let finding = out.report(&RULE, Severity::Warning, cx.file, range, message);
    finding.evidence(submit, "the inner job is given to the pool here");
    for chain in chains.iter().take(4) {
        finding.evidence(chain.start.call, "the same pool is made to run it here");
        for call in chain.calls.iter().take(4) {
            finding.evidence(*call, "called on the way");
        }
    }
}

/// Whether the pool of a call in a function is the one that runs the function.
fn is_same_pool<'p>(
    cx: &Context<'p>,
    function: Function<'p>,
    inner: Site<'p>,
    chain: &Chain<'p>,
) -> bool {
    let start = chain.start;
    if !matches!(start.kind, StartKind::Submit | StartKind::Map) {
        return false;
    }
    let callee = start.call.child(Field::Function);
    let Some(outer) = callee.and_then(|callee| callee.child(Field::Object)) else {
        return false;
    };
    let is_executor = match cx.project.evaluate(outer) {
        Value::Instance(class) => cx.project.pool_class(&class) == Some(Pool::ThreadExecutor),
        _ => false,
    };
    if !is_executor {
        return false;
    }
    if is_attribute_of_self(cx, function, inner) {
        return is_of_same_object(inner, outer, chain);
    }
    let inner = given_at_start(cx, function, inner.text(), chain).unwrap_or(inner);
    if is_made_by(cx, function, inner) {
        return false;
    }
    let kept = cx.project.kept_at(inner);
    kept.is_some() && kept == cx.project.kept_at(outer)
}

/// Whether each call of a function makes the pool anew: `with ThreadPoolExecutor() as pool:`.
fn is_made_by<'p>(cx: &Context<'p>, function: Function<'p>, pool: Site<'p>) -> bool {
    let binding = cx.project.only_binding(pool);
    let own = binding.filter(|binding| Function::around(binding.name) == Some(function));
    let value = own.and_then(|binding| binding.value());
    value.is_some_and(|value| cx.project.makes_pool(value).is_some())
}

fn is_attribute_of_self<'p>(cx: &Context<'p>, function: Function<'p>, pool: Site<'p>) -> bool {
    let object = pool.child(Field::Object);
    pool.node.kind() == Kind::Attribute
        && function.class().is_some()
        && object.map(Site::text) == function.first_parameter()
        && object.is_some_and(|object| {
            matches!(
                cx.project.evaluate(object),
                Value::Instance(ClassValue::Known(_))
            )
        })
}

/// For `self.pool` in a method: whether the object that was the target's at the start is the one whose pool it was, and the calls on the way stay on it.
fn is_of_same_object(inner: Site<'_>, outer: Site<'_>, chain: &Chain<'_>) -> bool {
    let name = |pool: Site<'_>| {
        pool.node
            .child(Field::Attribute)
            .map(|name| name.text().to_string())
    };
    let owner = outer.child(Field::Object);
    let target = chain
        .start
        .target
        .and_then(|target| target.child(Field::Object));
    outer.node.kind() == Kind::Attribute
        && name(inner) == name(outer)
        && owner.is_some()
        && owner.map(Site::text) == target.map(Site::text)
        && stays_on_object(chain)
}

/// The places of a function that wait for a job: calls, and loops.
fn waits_for<'p>(cx: &Context<'p>, function: Function<'p>, submit: Site<'p>) -> Vec<Site<'p>> {
    let is_map = submit
        .node
        .child(Field::Function)
        .and_then(|callee| callee.child(Field::Attribute))
        .is_some_and(|name| name.text() == "map");
    if is_map {
        return taken(cx, submit).into_iter().collect();
    }
    if let Some(wait) = asked(submit.node) {
        return vec![submit.with(wait)];
    }
    let after = |node: &Node<'p>| node.id() > submit.node.id();
    let named = |name: &'p str| {
        let all = submit.body().named(name).map(|node| submit.at(node).node);
        all.filter(|node| function.site.node.contains(*node))
    };
    if let Some(name) = assigned_name(submit) {
        let is_asked_before = named(name).any(|node| {
            let read = node.parent().and_then(|read| read.child(Field::Attribute));
            read.is_some_and(|read| read.text() == "done")
        });
        let is_it = |node: &Node<'p>| {
            let binding = cx.project.only_binding(submit.with(*node));
            binding.and_then(|binding| binding.value()) == Some(submit)
        };
        if is_asked_before {
            return Vec::new();
        }
        let waits = named(name).filter(after).filter(is_it).filter_map(asked);
        return waits.map(|node| submit.with(node)).collect();
    }
    let Some(list) = list_of(submit) else {
        return Vec::new();
    };
    named(list)
        .filter(after)
        .filter_map(|node| waited_as_one(cx, submit.with(node)))
        .collect()
}

/// `future.result()`
fn asked(future: Node<'_>) -> Option<Node<'_>> {
    call_on(future, waits(Pool::ThreadExecutor))
}

/// The name of the list that holds the future: `futures = [pool.submit(f) for …]`, `futures.append(pool.submit(f))`.
fn list_of<'p>(submit: Site<'p>) -> Option<&'p str> {
    let holder = submit.node.parent()?;
    match holder.kind() {
        Kind::ListComprehension | Kind::SetComprehension | Kind::List | Kind::Set => {
            assigned_name(submit.with(holder))
        }
        Kind::ArgumentList => {
            let callee = holder.parent()?.child(Field::Function)?;
            let method = callee.child(Field::Attribute)?.text();
            let list = callee.child(Field::Object)?;
            (matches!(method, "append" | "add") && list.kind() == Kind::Name).then(|| list.text())
        }
        _ => None,
    }
}

/// The wait for the futures of a list, where its name is read: `wait(futures)`, a loop over `as_completed(futures)`, or one that asks each.
fn waited_as_one<'p>(cx: &Context<'p>, list: Site<'p>) -> Option<Site<'p>> {
    let parent = list.node.parent()?;
    if parent.kind() == Kind::ArgumentList {
        let call = list.with(parent.parent()?);
        let name = cx.project.qualified(call.child(Field::Function)?)?;
        return match name.strip_prefix("concurrent.futures.")? {
            "wait" | "_base.wait" => Some(call),
            "as_completed" | "_base.as_completed" => Some(gone_over(call)),
            _ => None,
        };
    }
    if list.node.field() != Field::Right {
        return None;
    }
    let name = parent.child(Field::Left)?.text();
    let turn = match parent.kind() {
        Kind::For => parent,
        Kind::ForInClause => parent.parent()?,
        _ => return None,
    };
    let asks = turn
        .descendants()
        .filter(|node| node.kind() == Kind::Name && node.text() == name)
        .find_map(asked)?;
    Some(list.with(asks))
}

/// Where the results of `map` are taken.
fn taken<'p>(cx: &Context<'p>, map: Site<'p>) -> Option<Site<'p>> {
    const TAKING: &[&str] = &[
        "builtins.all",
        "builtins.any",
        "builtins.dict",
        "builtins.frozenset",
        "builtins.list",
        "builtins.max",
        "builtins.min",
        "builtins.set",
        "builtins.sorted",
        "builtins.sum",
        "builtins.tuple",
    ];
    let parent = map.node.parent()?;
    match parent.kind() {
        Kind::ArgumentList => {
            let call = map.with(parent.parent()?);
            let name = cx.project.qualified(call.child(Field::Function)?)?;
            TAKING.contains(&name.as_ref()).then_some(call)
        }
        Kind::For | Kind::ForInClause if map.node.field() == Field::Right => Some(gone_over(map)),
        _ => None,
    }
}

/// The loop that goes over what waits; in a comprehension, what it goes over.
fn gone_over(iterable: Site<'_>) -> Site<'_> {
    let around = iterable.node.parent();
    let header = around.filter(|parent| parent.kind() == Kind::For);
    header.map_or(iterable, |header| iterable.with(header))
}
