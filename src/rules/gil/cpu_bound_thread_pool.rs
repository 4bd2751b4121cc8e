//! GIL002 cpu-bound-thread-pool. Card: knowledge/rules/GIL002-cpu-bound-thread-pool.md

use super::{
    Computing, assigned_name, calls_method, computing, has_one_worker, label, statement_after,
};
use crate::facts::Site;
use crate::project::{Project, StartKind, ThreadStart};
use crate::rules::{Context, Findings, Rule, Severity};
use crate::syntax::{Field, Kind, Node};

pub const RULE: Rule = Rule {
    code: "GIL002",
    name: "cpu-bound-thread-pool",
    check,
};

fn check(cx: &Context<'_>, out: &mut Findings) {
    if cx.options.free_threaded {
        return;
    }
    let all = computing(cx.project, cx.file, is_pooled);
    let (aside, together): (Vec<_>, Vec<_>) = all
        .into_iter()
        .partition(|one| is_awaited(one.start) || runs_one_at_a_time(cx.project, one.start));
    for one in &aside {
        report(cx, one, Gain::Background, out);
    }
    for one in &together {
        let gain = if one.start.kind == StartKind::Map || one.is_one_of_several(&together) {
            Gain::Turns
        } else if is_waited_for_at_once(one.start.call) {
            Gain::Waited
        } else {
            Gain::Background
        };
        report(cx, one, gain, out);
    }
}

fn is_pooled(kind: StartKind) -> bool {
    matches!(
        kind,
        StartKind::Submit | StartKind::Map | StartKind::ToThread | StartKind::RunInExecutor
    )
}

/// What is gained by handing a computation to a thread.
enum Gain {
    /// The rest of the program goes on.
    Background,
    /// Nothing: the one who handed it over waits for it.
    Waited,
    /// Nothing: the jobs take turns.
    Turns,
}

fn report(cx: &Context<'_>, one: &Computing<'_>, gain: Gain, out: &mut Findings) {
    let (label, place) = (label(one.function), one.place());
    let (severity, message) = match gain {
        Gain::Turns => (
            Severity::Warning,
            format!(
                "These jobs take turns on one core: {label} only computes ({place}) and never lets go of the GIL; \
                 give them to a `ProcessPoolExecutor`"
            ),
        ),
        Gain::Waited => (
            Severity::Warning,
            format!(
                "The thread gains nothing: {label} only computes ({place}), and its result is waited for at once; \
                 call it here, or use a `ProcessPoolExecutor` for several jobs"
            ),
        ),
        Gain::Background => (
            Severity::Hint,
            format!(
                "The thread keeps its caller free, and gets the work done no sooner: {label} only computes ({place}) and holds the GIL; \
                 a `ProcessPoolExecutor` would use another core"
            ),
        ),
    };
    let finding = out.report(&RULE, severity, cx.file, one.start.call.range(), message);
    one.prove(finding);
}

/// `await asyncio.to_thread(f)`: one job at a time, and the event loop goes on.
fn is_awaited(start: ThreadStart<'_>) -> bool {
    matches!(start.kind, StartKind::ToThread | StartKind::RunInExecutor)
        && start.call.node.parent().map(Node::kind) == Some(Kind::Await)
}

/// Whether what runs the job has one worker, as far as the code shows it.
fn runs_one_at_a_time<'p>(project: &'p Project, start: ThreadStart<'p>) -> bool {
    let pool = match start.kind {
        StartKind::RunInExecutor => start.call.child(Field::Arguments).and_then(|arguments| {
            arguments
                .node
                .children()
                .next()
                .map(|first| start.call.with(first))
        }),
        _ => start
            .call
            .child(Field::Function)
            .and_then(|callee| callee.child(Field::Object)),
    };
    pool.is_some_and(|pool| has_one_worker(project, pool))
}

/// `submit(f).result()`, `future.result()` in the next statement, or nothing more before the end of the executor's `with`.
fn is_waited_for_at_once(call: Site<'_>) -> bool {
    const WAITING: &[&str] = &["result", "get", "wait", "exception"];
    let callee = call.node.child(Field::Function);
    if callee
        .and_then(|callee| callee.child(Field::Attribute))
        .map(Node::text)
        == Some("apply")
    {
        return true;
    }
    let read = call
        .node
        .parent()
        .filter(|parent| parent.kind() == Kind::Attribute);
    if read
        .and_then(|read| read.child(Field::Attribute))
        .is_some_and(|name| WAITING.contains(&name.text()))
    {
        return true;
    }
    if let Some(name) = assigned_name(call)
        && let Some(next) = statement_after(call)
        && calls_method(next, name, WAITING)
    {
        return true;
    }
    ends_with_block(call, callee.and_then(|callee| callee.child(Field::Object)))
}

/// Whether a call is the last thing in the `with` statement of its executor.
fn ends_with_block(call: Site<'_>, pool: Option<Node<'_>>) -> bool {
    let (Some(statement), Some(pool)) = (call.node.statement(), pool) else {
        return false;
    };
    let Some(with) = statement
        .parent()
        .and_then(Node::parent)
        .filter(|with| with.kind() == Kind::With)
    else {
        return false;
    };
    let is_last = statement
        .parent()
        .is_some_and(|block| block.children().last() == Some(statement));
    let binds_pool = with
        .descendants_outside(|kind| kind == Kind::Block)
        .any(|node| node.kind() == Kind::AsPatternTarget && node.text() == pool.text());
    is_last && binds_pool
}
