//! GIL027 task-done-missing. Card: knowledge/rules/GIL027-task-done-missing.md

use super::{abbreviated, has_arguments};
use crate::facts::{Site, Subjects};
use crate::project::{ClassValue, Followed, Function, Part, Project, Reach, Use, Value};
use crate::rules::{Context, Findings, Rule, Severity};
use crate::syntax::{Field, Kind};

pub const RULE: Rule = Rule {
    code: "GIL027",
    name: "task-done-missing",
    check,
};

/// Queues that count what is not done.
const QUEUES: &[&str] = &[
    "queue.Queue",
    "queue.LifoQueue",
    "queue.PriorityQueue",
    "multiprocessing.JoinableQueue",
    "asyncio.Queue",
    "asyncio.LifoQueue",
    "asyncio.PriorityQueue",
];

/// The methods that decide when `join` returns.
const COUNTING: &[&str] = &["get", "get_nowait", "_get", "join", "task_done", "shutdown"];

fn check(cx: &Context<'_>, out: &mut Findings) {
    for call in cx.calls(Subjects::JOINS) {
        if let Some(queue) = joined(call)
            && let Value::Instance(class) = cx.project.evaluate(queue)
            && counts(cx.project, &class)
            && let Some(made) = cx.project.made_by(queue)
            && !may_be_done(cx.project, &class, made)
            && stays_here(cx.project, &class, made)
            && is_called(cx.project, made, &["put", "put_nowait"])
            && !is_called(cx.project, made, &["shutdown"])
        {
            report(call, queue, made, out);
        }
    }
}

/// The object of a call of `join` without arguments.
fn joined(call: Site<'_>) -> Option<Site<'_>> {
    let callee = call.child(Field::Function)?;
    let is_join = callee.node.child(Field::Attribute)?.text() == "join";
    (is_join && !has_arguments(call))
        .then(|| callee.child(Field::Object))
        .flatten()
}

/// Whether objects of a class are queues whose `join` waits for `task_done`.
fn counts<'p>(project: &'p Project, class: &ClassValue<'p>) -> bool {
    match class {
        ClassValue::External(name) => QUEUES.contains(&name.as_ref()),
        ClassValue::Known(known) => {
            let is_queue = |name: &&str| project.derives_from(class, name) == Some(true);
            let mut own = COUNTING.iter();
            QUEUES.iter().any(is_queue) && !own.any(|name| project.defines_somewhere(*known, name))
        }
    }
}

/// Whether anybody in the project calls `task_done` for the queue, or for something that may be it.
fn may_be_done<'p>(project: &'p Project, class: &ClassValue<'p>, made: Site<'p>) -> bool {
    methods_called(project, "task_done").any(|object| {
        let is_other_kind = match project.evaluate(object) {
            Value::Instance(other) => other != *class,
            _ => false,
        };
        !is_other_kind && project.made_by(object).is_none_or(|other| other == made)
    })
}

/// Whether some method is called of what a call makes.
fn is_called<'p>(project: &'p Project, made: Site<'p>, methods: &[&'static str]) -> bool {
    methods.iter().any(|method| {
        methods_called(project, method).any(|object| project.made_by(object) == Some(made))
    })
}

/// The objects whose attribute of a name is read anywhere in the project.
fn methods_called<'p>(
    project: &'p Project,
    method: &'static str,
) -> impl Iterator<Item = Site<'p>> {
    let segments = project.mentions(method).into_iter();
    segments.flat_map(move |(file, segment)| {
        let root = file.root(segment);
        let named = root.body().named(method);
        named.filter_map(move |name| {
            let name = root.at(name);
            let attribute = name.node.parent()?;
            let is_method =
                attribute.kind() == Kind::Attribute && name.node.field() == Field::Attribute;
            is_method
                .then(|| attribute.child(Field::Object))?
                .map(|object| root.with(object))
        })
    })
}

/// Whether only code of the project gets hold of the queue.
fn stays_here<'p>(project: &'p Project, class: &ClassValue<'p>, made: Site<'p>) -> bool {
    let queue = || Followed {
        class: Some(class.clone()),
        through_stores: true,
        ..Followed::default()
    };
    let is_known = |found: &Use<'p>| found.part == Part::Element || is_kept_here(found);
    let mut uses = project.uses_of_value(made, queue()).into_iter();
    uses.all(|found| {
        is_known(&found)
            || target(project, found).is_some_and(|target| {
                let mut parameters = target.parameters();
                parameters.all(|parameter| {
                    let inner = project.uses_of_default(target, parameter, queue());
                    inner.iter().all(is_known)
                })
            })
    })
}

/// Whether a use only gives the queue a name.
fn is_kept_here(found: &Use<'_>) -> bool {
    let assignment = found.site.node.child_of(Kind::Assignment);
    let left = assignment.and_then(|assignment| assignment.child(Field::Left));
    match found.reach {
        Reach::Mutated => true,
        Reach::Stored => {
            left.is_some_and(|left| matches!(left.kind(), Kind::Name | Kind::Attribute))
        }
        _ => false,
    }
}

/// The function that a thread, a process or a task is started with, where that is what becomes of the queue.
fn target<'p>(project: &'p Project, found: Use<'p>) -> Option<Function<'p>> {
    let handed = project.hand_over(found.site)?;
    match project.evaluate(handed.target?) {
        Value::Function(function) | Value::Method(function) => Some(function),
        _ => None,
    }
}

fn report(call: Site<'_>, queue: Site<'_>, made: Site<'_>, out: &mut Findings) {
    let shown = abbreviated(queue.text());
    let message = format!(
        "`join` waits until `task_done` was called once for each item that was put into {shown}, and nobody calls it: this never returns; call it after each `get`, in a `finally`"
    );
    let finding = out.report(&RULE, Severity::Warning, call.file, call.range(), message);
    let statement = made.statement();
    finding.evidence(statement, "the queue is made here");
}
