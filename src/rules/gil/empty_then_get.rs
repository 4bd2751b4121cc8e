//! GIL026 empty-then-get. Card: knowledge/rules/GIL026-empty-then-get.md

use super::abbreviated;
use super::racing::{are_several, prove_starts, starts_of};
use crate::facts::{Site, Subjects};
use crate::project::{Chain, ClassValue, Function, Project, SharedPlace, Value};
use crate::rules::{Context, Findings, Rule, Severity};
use crate::syntax::{Field, Kind, Node};

pub const RULE: Rule = Rule {
    code: "GIL026",
    name: "empty-then-get",
    check,
};

const QUEUES: &[&str] = &[
    "queue.Queue",
    "queue.LifoQueue",
    "queue.PriorityQueue",
    "queue.SimpleQueue",
];

/// A `get` that waits, after a question whether the queue is empty.
struct Take<'p> {
    /// The `while` or `if` that asks.
    test: Site<'p>,
    get: Site<'p>,
    queue: SharedPlace<'p>,
    /// Why threads get there.
    chains: Vec<Chain<'p>>,
}

fn check(cx: &Context<'_>, out: &mut Findings) {
    let functions = cx.functions(Subjects::EMPTIES);
    let takes: Vec<Take<'_>> = functions
        .flat_map(|function| takes_of(cx.project, function))
        .collect();
    for take in &takes {
        let same = takes
            .iter()
            .filter(|other| other.queue.identity == take.queue.identity);
        let starts = starts_of(same.flat_map(|other| &other.chains));
        if are_several(cx, &starts) {
            report(take, &starts, out);
        }
    }
}

fn takes_of<'p>(project: &'p Project, function: Function<'p>) -> Vec<Take<'p>> {
    let asking = function
        .calls()
        .filter_map(|call| Some((test_with(call)?, asked(call)?)));
    let pairs: Vec<_> = asking
        .filter_map(|(test, queue)| Some((test, queue, getting(test, queue)?)))
        .collect();
    if pairs.is_empty() || function.is_async() {
        return Vec::new();
    }
    let chains = project.chains(function);
    pairs
        .into_iter()
        .filter_map(|(test, queue, get)| {
            if project.may_be_locked(function, get) {
                return None;
            }
            let shared = |chain: &Chain<'p>| shared_queue(project, function, queue, chain);
            let chains: Vec<Chain<'p>> = chains
                .iter()
                .filter(|chain| shared(chain).is_some())
                .cloned()
                .collect();
            let queue = shared(chains.first()?)?;
            Some(Take {
                test,
                get,
                queue,
                chains,
            })
        })
        .collect()
}

/// The object of a call of `empty()` or `qsize()`.
fn asked(call: Site<'_>) -> Option<Site<'_>> {
    let callee = call.child(Field::Function)?;
    let method = callee.node.child(Field::Attribute)?.text();
    matches!(method, "empty" | "qsize")
        .then(|| callee.child(Field::Object))
        .flatten()
}

/// The `while` or `if` in whose condition a call stands.
fn test_with(call: Site<'_>) -> Option<Site<'_>> {
    let mut node = call.node;
    while let Some(parent) = node.parent() {
        match parent.kind() {
            Kind::While | Kind::If if node.field() == Field::Condition => {
                return Some(call.with(parent));
            }
            kind if kind.is_statement() => return None,
            _ => node = parent,
        }
    }
    None
}

/// The `get` that a test lets pass: in the loop's body; behind an `if` that leaves, in the same block.
fn getting<'p>(test: Site<'p>, queue: Site<'p>) -> Option<Site<'p>> {
    let place = match test.node.kind() {
        Kind::While => test.child(Field::Body)?,
        _ => {
            let last = test.node.child(Field::Consequence)?.children().last()?;
            if !matches!(last.kind(), Kind::Break | Kind::Return) {
                return None;
            }
            test.with(test.node.parent()?)
        }
    };
    let mut calls = place.calls();
    calls.find(|call| call.node.id() > test.node.id() && waits_for_item(call.node, queue.text()))
}

/// `queue.get()`, `queue.get(True)`, `queue.get(block=True)`
fn waits_for_item(call: Node<'_>, queue: &str) -> bool {
    let arguments = call.child(Field::Arguments).map_or("", Node::text);
    super::ways_out::is_method_call(call, queue, "get")
        && matches!(arguments, "()" | "(True)" | "(block=True)")
}

/// The queue that a function asks, where all threads that a start makes have the same.
fn shared_queue<'p>(
    project: &'p Project,
    function: Function<'p>,
    queue: Site<'p>,
    chain: &Chain<'p>,
) -> Option<SharedPlace<'p>> {
    let shared = project.shared_container(function, queue, chain)?;
    let is_queue = |site: Site<'p>| matches!(project.evaluate(site), Value::Instance(ClassValue::External(name)) if QUEUES.contains(&name.as_ref()));
    let made = shared.made.and_then(|statement| {
        let assignment = statement.node.child_of(Kind::Assignment)?;
        assignment
            .child(Field::Right)
            .map(|value| statement.with(value))
    });
    (is_queue(queue) || made.is_some_and(is_queue)).then_some(shared)
}

fn report<'p>(take: &Take<'p>, starts: &[&Chain<'p>], out: &mut Findings) {
    let queue = take
        .get
        .child(Field::Function)
        .and_then(|callee| callee.child(Field::Object));
    let shown = abbreviated(queue.map_or("", Site::text));
    let message = format!(
        "Several threads empty {shown}: between the question and this `get()` another one may take the last item, and this one then waits for ever; use `get_nowait()` and end at `queue.Empty`, or put an end mark for each thread"
    );
    let finding = out.report(
        &RULE,
        Severity::Warning,
        take.get.file,
        take.get.range(),
        message,
    );
    finding.evidence(
        take.test,
        "there may be an item here, and none at the `get`",
    );
    prove_starts(finding, starts);
}
