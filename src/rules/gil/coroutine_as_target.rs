//! GIL020 coroutine-as-target. Card: knowledge/rules/GIL020-coroutine-as-target.md

use super::label;
use crate::facts::{Site, Subjects};
use crate::project::{Class, ClassValue, Function, HandKind, HandOver, StartKind, Value};
use crate::rules::{Context, Findings, Rule, Severity};
use crate::syntax::{Field, Kind, Node};

pub const RULE: Rule = Rule {
    code: "GIL020",
    name: "coroutine-as-target",
    check,
};

fn check(cx: &Context<'_>, out: &mut Findings) {
    for call in cx.calls(Subjects::THREADS.union(Subjects::CALLBACKS)) {
        if let Some(handed) = cx.project.hand_over(call)
            && let Some(target) = handed.target
            && let Some(function) = coroutine(cx, target)
            && let Some((severity, consequence)) = handed_over(cx, &handed)
        {
            report(cx, target, function, severity, consequence, out);
        }
    }
    for class in cx.classes(Subjects::THREADS) {
        check_run(cx, class, out);
    }
    // the rest asks for functions that are named in many files, few of which have coroutines
    if cx.file.mentions("async") {
        for call in cx.calls(Subjects::PER_ITEM) {
            if let Some((target, function, severity, consequence)) = per_item(cx, call) {
                report(cx, target, function, severity, consequence, out);
            }
        }
    }
}

/// The `async def` that is called in the place of a target.
fn coroutine<'p>(cx: &Context<'p>, target: Site<'p>) -> Option<Function<'p>> {
    cx.project
        .runs(target)
        .filter(|function| function.is_async())
}

/// What happens to the coroutine; None where somebody may await it.
fn handed_over<'p>(cx: &Context<'p>, handed: &HandOver<'p>) -> Option<(Severity, &'static str)> {
    let call = handed.call;
    let is_lost = |held| is_lost(cx, call, held, 0);
    let consequence = match handed.kind {
        HandKind::Start(StartKind::Thread | StartKind::Timer) => {
            "the thread calls it, throws the coroutine away and ends"
        }
        HandKind::Process => "the process calls it, throws the coroutine away and ends",
        HandKind::AtExit => "it is called at the exit, and the coroutine thrown away",
        HandKind::Signal => "the signal's coroutine is thrown away",
        HandKind::Callback => return called_back(cx, call),
        HandKind::Start(StartKind::ToThread | StartKind::RunInExecutor) => is_lost(Held::Awaitable)
            .then_some("what comes back is a coroutine, and nobody awaits it")?,
        HandKind::Start(
            StartKind::Submit | StartKind::Map | StartKind::Subclass | StartKind::Requests,
        )
        | HandKind::Pool => {
            let method = call
                .child(Field::Function)
                .and_then(|callee| callee.child(Field::Attribute));
            let held = match method.map_or("", Site::text) {
                "submit" | "apply_async" => Held::Future,
                "apply" => Held::Coroutine,
                "run_in_executor" => Held::Awaitable,
                _ => Held::Items,
            };
            is_lost(held).then_some("the result is a coroutine, and nobody awaits it")?
        }
    };
    Some((Severity::Warning, consequence))
}

/// What an event loop or a future does with a callback. None where it is another library's, which may run coroutines.
fn called_back<'p>(cx: &Context<'p>, call: Site<'p>) -> Option<(Severity, &'static str)> {
    let callee = call.child(Field::Function)?;
    let method = callee.node.child(Field::Attribute)?.text();
    let is_standard = |name: &str| name.starts_with("asyncio.") || name.starts_with("concurrent.");
    let object = callee.child(Field::Object)?;
    let made = cx
        .project
        .made_by(object)
        .and_then(|made| made.child(Field::Function));
    let is_known = match cx.project.evaluate(callee) {
        Value::External(name) => is_standard(&name).then_some(true)?,
        _ if made
            .and_then(|made| cx.project.qualified(made))
            .is_some_and(|name| is_standard(&name)) =>
        {
            true
        }
        _ => {
            let is_loop = object.text().ends_with("loop") && method != "add_done_callback";
            (is_loop && cx.file.mentions("asyncio") && !cx.file.mentions("tornado"))
                .then_some(false)?
        }
    };
    Some(match method {
        "add_signal_handler" if is_known => (
            Severity::Error,
            "`add_signal_handler` raises `TypeError` for it",
        ),
        _ => (
            Severity::Warning,
            "the callback makes a coroutine, and nobody awaits it",
        ),
    })
}

/// What an expression holds a coroutine in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Held {
    Coroutine,
    /// An executor's future.
    Future,
    /// What gives the coroutine when it is awaited.
    Awaitable,
    /// A collection of coroutines.
    Items,
}

/// How many steps a coroutine is followed.
const STEPS: usize = 6;

/// Whether nobody can await the coroutine that an expression holds.
fn is_lost<'p>(cx: &Context<'p>, site: Site<'p>, held: Held, step: usize) -> bool {
    const LOOKING: &[&str] = &[
        "builtins.print",
        "builtins.str",
        "builtins.repr",
        "builtins.len",
        "builtins.bool",
        "builtins.type",
    ];
    let Some(parent) = site.node.parent().filter(|_| step < STEPS) else {
        return false;
    };
    let further = |node: Node<'p>, held| is_lost(cx, site.with(node), held, step + 1);
    match (parent.kind(), site.node.field()) {
        (Kind::ExpressionStatement, _) => true,
        (Kind::Parenthesized, _) => further(parent, held),
        (Kind::Await, _) => held == Held::Awaitable && further(parent, Held::Coroutine),
        (Kind::Interpolation, _) => held == Held::Coroutine,
        (Kind::Attribute, Field::Object) => {
            let method = parent.child(Field::Attribute).map_or("", Node::text);
            let call = parent.parent().filter(|call| call.kind() == Kind::Call);
            match (held, method, call) {
                (Held::Future, "result" | "get", Some(call)) => further(call, Held::Coroutine),
                (Held::Future, "done" | "cancel" | "wait" | "exception", Some(_)) => true,
                (Held::Future, "add_done_callback", Some(call)) => {
                    let arguments = call.arguments();
                    let mut given =
                        arguments.map(|argument| cx.project.qualified(site.with(argument)));
                    given.all(|name| name.is_some_and(|name| LOOKING.contains(&name.as_ref())))
                }
                _ => false,
            }
        }
        (Kind::ArgumentList, _) => {
            let Some(call) = parent.parent().filter(|call| call.kind() == Kind::Call) else {
                return false;
            };
            let callee = call
                .child(Field::Function)
                .and_then(|callee| cx.project.qualified(site.with(callee)));
            match callee.as_deref() {
                Some("builtins.list" | "builtins.tuple" | "builtins.set") => {
                    held == Held::Items && further(call, held)
                }
                Some(name) => LOOKING.contains(&name),
                None => false,
            }
        }
        (Kind::Assignment, Field::Right) => parent
            .child(Field::Left)
            .filter(|left| left.kind() == Kind::Name)
            .is_some_and(|left| all_readings_lose(cx, site.with(left), held, step)),
        (Kind::For, Field::Right) if held == Held::Items => parent
            .child(Field::Left)
            .filter(|left| left.kind() == Kind::Name && !parent.text().starts_with("async"))
            .is_some_and(|left| all_readings_lose(cx, site.with(left), Held::Coroutine, step)),
        _ => false,
    }
}

fn all_readings_lose<'p>(cx: &Context<'p>, name: Site<'p>, held: Held, step: usize) -> bool {
    let readings = cx.project.readings_of_name(name);
    readings
        .into_iter()
        .all(|reading| is_lost(cx, reading, held, step + 1))
}

/// The `async def run` of a class whose objects are threads.
fn check_run<'p>(cx: &Context<'p>, class: Class<'p>, out: &mut Findings) {
    let Some(run) = class.method("run").filter(|run| run.is_async()) else {
        return;
    };
    let is_plain = run.site.decorators().next().is_none()
        && !cx.project.defines_somewhere(class, "start")
        && cx.project.readings_of_attribute(class, "run").is_empty();
    let Some(what) = cx
        .project
        .startable(&ClassValue::Known(class))
        .filter(|_| is_plain)
    else {
        return;
    };
    let what = what.word();
    let message = format!(
        "`run` of the {what} `{}` is an `async def`: `start()` calls it, and nobody awaits the coroutine; make `run` a plain `def` that calls `asyncio.run(…)`",
        class.name()
    );
    let finding = out.report(&RULE, Severity::Warning, cx.file, run.header(), message);
    finding.evidence_at(
        class.site.file,
        class.header(),
        format!("Objects of `{}` are started as a {what}", class.name()),
    );
}

/// A coroutine function that `sorted`, `min`, `max`, `list.sort`, `map` or `filter` calls.
fn per_item<'p>(
    cx: &Context<'p>,
    call: Site<'p>,
) -> Option<(Site<'p>, Function<'p>, Severity, &'static str)> {
    let callee = call.child(Field::Function)?;
    let arguments = call.child(Field::Arguments)?;
    let name = callee
        .node
        .child(Field::Attribute)
        .unwrap_or(callee.node)
        .text();
    let target = match name {
        "map" | "filter" => arguments.node.children().next()?,
        "sorted" | "min" | "max" | "sort" => arguments.node.children().find_map(|argument| {
            let is_key = argument.child(Field::Name).map(Node::text) == Some("key");
            argument.child(Field::Value).filter(|_| is_key)
        })?,
        _ => return None,
    };
    let target = call.with(target);
    let function = coroutine(cx, target)?;
    let (severity, consequence) = match cx.project.evaluate(callee) {
        Value::External(name) => match name.as_ref() {
            "builtins.filter" => (
                Severity::Warning,
                "`filter` gets coroutines, which are all true, and keeps everything",
            ),
            "builtins.map" => is_lost(cx, call, Held::Items, 0).then_some((
                Severity::Warning,
                "`map` gives coroutines, and nobody awaits them",
            ))?,
            "builtins.sorted" | "builtins.min" | "builtins.max" | "builtins.list().sort" => {
                compared(are_several(arguments))
            }
            _ => return None,
        },
        // a list sorts itself and returns nothing
        Value::Unknown
            if name == "sort"
                && call.node.parent().map(Node::kind) == Some(Kind::ExpressionStatement) =>
        {
            compared(false)
        }
        _ => return None,
    };
    Some((target, function, severity, consequence))
}

fn compared(are_several: bool) -> (Severity, &'static str) {
    if are_several {
        (
            Severity::Error,
            "comparing the coroutines raises `TypeError`",
        )
    } else {
        (
            Severity::Warning,
            "comparing the coroutines raises `TypeError` as soon as there are two items",
        )
    }
}

/// Whether two items or more are compared, by what is written.
fn are_several(arguments: Site<'_>) -> bool {
    let is_plain = |node: &Node<'_>| {
        !matches!(
            node.kind(),
            Kind::KeywordArgument | Kind::DictSplat | Kind::ListSplat
        )
    };
    let items: Vec<Node<'_>> = arguments.node.children().filter(is_plain).collect();
    match items[..] {
        [only] => {
            matches!(only.kind(), Kind::List | Kind::Tuple)
                && only.children().filter(is_plain).count() > 1
        }
        _ => items.len() > 1,
    }
}

fn report<'p>(
    cx: &Context<'p>,
    target: Site<'p>,
    function: Function<'p>,
    severity: Severity,
    consequence: &str,
    out: &mut Findings,
) {
    let message = format!(
        "{} is an `async def`, and a call of it only makes a coroutine: {consequence}; give a plain function, such as one that calls `asyncio.run(…)`",
        label(function)
    );
    let finding = out.report(&RULE, severity, cx.file, target.range(), message);
    finding.evidence_at(
        function.site.file,
        function.header(),
        format!("{} is an `async def`", label(function)),
    );
}
