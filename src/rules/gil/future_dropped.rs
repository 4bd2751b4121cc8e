//! GIL023 future-dropped. Card: knowledge/rules/GIL023-future-dropped.md

use super::{abbreviated, is_written, label};
use crate::facts::{Site, Subjects};
use crate::project::{Function, PoolCall, Value, argument, managers};
use crate::rules::{Context, Finding, Findings, Rule, Severity};
use crate::syntax::{Field, Kind, Node};

pub const RULE: Rule = Rule {
    code: "GIL023",
    name: "future-dropped",
    check,
};

/// The methods that give back a future, or what holds the results of several.
const HANDING: &[&str] = &["submit", "map", "apply_async", "map_async", "starmap_async"];

fn check(cx: &Context<'_>, out: &mut Findings) {
    for call in cx.calls(Subjects::WORKERS) {
        if is_thrown_away(call.node) {
            dropped(cx, call, out);
        }
        waited_for_only(cx, call, out);
    }
}

fn is_statement(call: Node<'_>) -> bool {
    call.parent().map(Node::kind) == Some(Kind::ExpressionStatement)
}

/// A statement of its own, also for each item of a comprehension that is one.
fn is_thrown_away(call: Node<'_>) -> bool {
    let comprehension = call
        .parent()
        .filter(|parent| parent.kind() == Kind::ListComprehension && call.field() == Field::Body);
    is_statement(comprehension.unwrap_or(call))
}

/// `pool.submit(f)` as a statement.
fn dropped<'p>(cx: &Context<'p>, call: Site<'p>, out: &mut Findings) {
    let Some((handed, function)) = job(cx, call) else {
        return;
    };
    let (what, mend) = if handed.kind.is_executor() && handed.method == "submit" {
        (
            "the future",
            "keep the future and ask for its `result()`, or add a callback that asks for its `exception()`",
        )
    } else if handed.kind.is_executor() {
        ("the results", "go over the results")
    } else {
        (
            "the result",
            "keep the result and call its `get()`, or pass `error_callback`",
        )
    };
    let message = format!(
        "If {} raises, nobody hears of it: {} keeps the exception in {what}, which is thrown away here; {mend}",
        label(function),
        abbreviated(handed.pool.text()),
    );
    let finding = out.report(&RULE, Severity::Information, cx.file, call.range(), message);
    prove(finding, function);
}

fn prove(finding: &mut Finding, function: Function<'_>) {
    finding.evidence_at(
        function.site.file,
        function.header(),
        format!("{} does not handle all of its exceptions", label(function)),
    );
}

/// A call that gives a known function to a pool, where its exceptions show nowhere but in what the call gives back.
fn job<'p>(cx: &Context<'p>, call: Site<'p>) -> Option<(PoolCall<'p>, Function<'p>)> {
    let handed = cx.project.pool_call(call, HANDING)?;
    // the `map` of a pool of multiprocessing waits, and raises
    if handed.method == "map" && !handed.kind.is_executor()
        || argument(call, 4, "error_callback").is_some()
    {
        return None;
    }
    let keyword = if handed.kind.is_executor() {
        "fn"
    } else {
        "func"
    };
    let function = cx.project.runs(argument(call, 0, keyword)?)?;
    (!function.is_async() && !function.is_generator() && !handles_all(cx, function, 0))
        .then_some((handed, function))
}

/// `wait(futures)`, where nothing else reads the futures.
fn waited_for_only<'p>(cx: &Context<'p>, call: Site<'p>, out: &mut Findings) {
    let callee = call.child(Field::Function);
    let last = callee.map(|callee| callee.node.child(Field::Attribute).unwrap_or(callee.node));
    if last.map(Node::text) != Some("wait") {
        return;
    }
    let name = callee.and_then(|callee| cx.project.qualified(callee));
    if !matches!(
        name.as_deref(),
        Some("concurrent.futures.wait" | "concurrent.futures._base.wait")
    ) {
        return;
    }
    let (Some(around), Some(futures)) = (Function::around(call), argument(call, 0, "fs")) else {
        return;
    };
    if !nobody_takes(around, call) {
        return;
    }
    let submits: Vec<Site<'p>> = match futures.node.kind() {
        Kind::Name if !is_read_elsewhere(around, futures, call) => {
            filled_with(around, futures.text())
        }
        Kind::List | Kind::Set | Kind::ListComprehension | Kind::SetComprehension => {
            futures.calls().collect()
        }
        _ => return,
    };
    let jobs: Vec<_> = submits
        .iter()
        .filter_map(|submit| job(cx, *submit))
        .collect();
    let Some((_, function)) = jobs.first() else {
        return;
    };
    let message = format!(
        "`wait` raises nothing: if {} raises, nobody hears of it, because nobody asks these futures for their `result()` or `exception()`",
        label(*function)
    );
    let finding = out.report(&RULE, Severity::Information, cx.file, call.range(), message);
    for (submit, function) in &jobs {
        finding.evidence(submit.call, "the job is submitted here");
        prove(finding, *function);
    }
}

/// Whether what `wait` gives back is thrown away, or only counted.
fn nobody_takes(around: Function<'_>, wait: Site<'_>) -> bool {
    if is_statement(wait.node) {
        return true;
    }
    let Some(assignment) = wait
        .node
        .parent()
        .filter(|parent| parent.kind() == Kind::Assignment)
    else {
        return false;
    };
    let targets = assignment.child(Field::Left);
    let mut names = targets
        .into_iter()
        .flat_map(Node::with_descendants)
        .filter(|node| node.kind() == Kind::Name);
    names.all(|name| {
        let mut readings = named_in(around, wait, name.text());
        readings.all(|read| assignment.contains(read) || is_counted(read))
    })
}

fn named_in<'p>(
    around: Function<'p>,
    site: Site<'p>,
    name: &'p str,
) -> impl Iterator<Item = Node<'p>> {
    let named = site.body().named(name).map(move |node| site.at(node).node);
    named.filter(move |node| around.site.node.contains(*node))
}

/// `len(futures)`
fn is_counted(name: Node<'_>) -> bool {
    let call = name.parent().and_then(Node::parent);
    call.and_then(|call| call.child(Field::Function))
        .is_some_and(|callee| callee.text() == "len")
}

/// Whether the futures of a name are read by anything but what fills it and the wait.
fn is_read_elsewhere(around: Function<'_>, futures: Site<'_>, wait: Site<'_>) -> bool {
    let is_local = around
        .site
        .body()
        .bindings_in(around.scope(), futures.text())
        .all(|binding| binding.value.is_some());
    let mut named = named_in(around, futures, futures.text());
    let is_elsewhere = named.any(|node| {
        let parent = node.parent();
        let is_filled = parent.is_some_and(|parent| {
            let method = parent.child(Field::Attribute).map(Node::text);
            parent.kind() == Kind::Assignment && node.field() == Field::Left
                || parent.kind() == Kind::Attribute
                    && parent.field() == Field::Function
                    && matches!(method, Some("append" | "add"))
        });
        !is_filled && !wait.node.contains(node) && !is_counted(node)
    });
    is_elsewhere || !is_local
}

/// The calls whose results a name holds: those in its list, and those that are appended.
fn filled_with<'p>(around: Function<'p>, name: &str) -> Vec<Site<'p>> {
    let is_put = |call: &Site<'p>| {
        call.node.ancestors().any(|node| match node.kind() {
            Kind::Assignment => node
                .child(Field::Left)
                .is_some_and(|left| left.text() == name),
            Kind::Call => node
                .child(Field::Function)
                .and_then(|callee| callee.child(Field::Object))
                .is_some_and(|object| object.text() == name),
            _ => false,
        })
    };
    around.calls().filter(is_put).collect()
}

/// How many calls of functions that do nothing but call another are followed.
const CALLS: usize = 2;

/// Whether a function lets no exception out, as far as its statements show it: each of them handles all, or can hardly raise.
fn handles_all<'p>(cx: &Context<'p>, function: Function<'p>, depth: usize) -> bool {
    let Some(body) = function.body() else {
        return false;
    };
    if function.site.node.kind() == Kind::Lambda {
        return handles(cx, body, depth);
    }
    body.node
        .children()
        .all(|statement| handles(cx, body.with(statement), depth))
}

fn handles<'p>(cx: &Context<'p>, statement: Site<'p>, depth: usize) -> bool {
    let blocks = || {
        statement.node.children().filter(|child| {
            matches!(
                child.kind(),
                Kind::Block | Kind::ElseClause | Kind::ElifClause
            )
        })
    };
    let each_handles = || {
        blocks().all(|block| {
            let block = block.child_of(Kind::Block).unwrap_or(block);
            block
                .children()
                .all(|inner| handles(cx, statement.with(inner), depth))
        })
    };
    match statement.node.kind() {
        Kind::FunctionDef | Kind::ClassDef | Kind::Import | Kind::ImportFrom => true,
        Kind::Raise => false,
        Kind::Try => {
            let mut clauses = statement.node.children();
            clauses.any(|clause| catches_all(cx, statement.with(clause))) || each_handles()
        }
        Kind::With => {
            let is_careful = |manager: Site<'p>| {
                let callee = manager.child(Field::Function);
                let name = callee.and_then(|callee| cx.project.qualified(callee));
                name.as_deref() == Some("contextlib.suppress")
                    && manager.text().contains("Exception")
            };
            managers(statement).any(is_careful)
                || managers(statement).all(|manager| is_harmless(manager.node)) && each_handles()
        }
        Kind::If | Kind::While | Kind::For => each_handles(),
        _ => is_harmless(statement.node) || is_call_of_careful(cx, statement, depth),
    }
}

/// Whether an expression or a simple statement does nothing that often raises.
fn is_harmless(node: Node<'_>) -> bool {
    const CALLS: &[&str] = &[
        "acquire",
        "append",
        "notify",
        "notify_all",
        "release",
        "set",
        "sleep",
        "task_done",
    ];
    node.with_descendants().all(|part| match part.kind() {
        Kind::Call => {
            let method = part
                .child(Field::Function)
                .and_then(|callee| callee.child(Field::Attribute));
            is_written(part) || method.is_some_and(|method| CALLS.contains(&method.text()))
        }
        Kind::Subscript | Kind::BinaryOperation | Kind::Yield | Kind::Await => false,
        _ => true,
    })
}

/// `return self.safely(name)`
fn is_call_of_careful<'p>(cx: &Context<'p>, statement: Site<'p>, depth: usize) -> bool {
    let call = match statement.node.kind() {
        Kind::ExpressionStatement | Kind::Return => statement.node.children().next(),
        _ => Some(statement.node),
    };
    let callee = call
        .filter(|call| call.kind() == Kind::Call && depth < CALLS)
        .and_then(|call| statement.with(call).child(Field::Function));
    match callee.map(|callee| cx.project.evaluate(callee)) {
        Some(Value::Function(function) | Value::Method(function)) => {
            handles_all(cx, function, depth + 1)
        }
        _ => false,
    }
}

/// An `except` clause that takes every exception and does not raise again.
fn catches_all<'p>(cx: &Context<'p>, clause: Site<'p>) -> bool {
    if clause.node.kind() != Kind::ExceptClause {
        return false;
    }
    let takes_all = match clause
        .node
        .children()
        .find(|child| child.kind() != Kind::Block)
    {
        None => true,
        Some(class) => {
            let class = if class.kind() == Kind::AsPattern {
                class.children().next().unwrap_or(class)
            } else {
                class
            };
            class.with_descendants().any(|name| {
                matches!(
                    cx.project.qualified(clause.with(name)).as_deref(),
                    Some("builtins.Exception" | "builtins.BaseException")
                )
            })
        }
    };
    takes_all
        && !clause
            .node
            .descendants()
            .any(|node| node.kind() == Kind::Raise)
}
