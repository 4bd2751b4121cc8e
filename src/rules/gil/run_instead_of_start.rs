//! GIL011 run-instead-of-start. Card: knowledge/rules/GIL011-run-instead-of-start.md

use super::{abbreviated, are_alternatives, has_arguments, has_threads, is_in_test};
use crate::facts::{Site, Subjects};
use crate::project::{Class, ClassValue, Function, Startable, Value};
use crate::rules::{Context, Finding, Findings, Rule, Severity};
use crate::syntax::{Field, Kind, Node};

pub const RULE: Rule = Rule {
    code: "GIL011",
    name: "run-instead-of-start",
    check,
};

fn check(cx: &Context<'_>, out: &mut Findings) {
    if !has_threads(cx) {
        return;
    }
    for call in cx.calls(Subjects::RUNS) {
        let Some(object) = object_of_run(call) else {
            continue;
        };
        let Value::Instance(class) = cx.project.evaluate(object) else {
            continue;
        };
        let Some(what) = cx.project.startable(&class) else {
            continue;
        };
        if is_meant(cx, call, object, &class) {
            continue;
        }
        report(cx, call, object, &class, what, out);
    }
}

/// The object of `object.run()`.
fn object_of_run(call: Site<'_>) -> Option<Site<'_>> {
    let callee = call.child(Field::Function)?;
    let method = callee.node.child(Field::Attribute)?;
    (method.text() == "run" && !has_arguments(call))
        .then(|| callee.child(Field::Object))
        .flatten()
}

/// Whether the code shows that `run` is called on purpose.
fn is_meant<'p>(
    cx: &Context<'p>,
    call: Site<'p>,
    object: Site<'p>,
    class: &ClassValue<'p>,
) -> bool {
    let function = Function::around(call);
    if chooses(function, call, object.text()) {
        return true;
    }
    let ClassValue::Known(class) = class else {
        return false;
    };
    is_in_test(cx, call)
        || function.is_some_and(|function| {
            cx.project.is_own_object(*class, object) && is_part_of_run(*class, function)
        })
}

/// Whether other ways through the code start the same object, or it was joined before.
fn chooses<'p>(function: Option<Function<'p>>, call: Site<'p>, object: &'p str) -> bool {
    let around = function.map_or(call.node.tree().root(), |function| function.site.node);
    let branch = call
        .node
        .ancestors()
        .take_while(|node| *node != around)
        .find(|node| {
            matches!(
                node.kind(),
                Kind::If
                    | Kind::Conditional
                    | Kind::Try
                    | Kind::CaseClause
                    | Kind::BooleanOperation
            )
        });
    let called = |method: &'static str| {
        around.descendants().filter(move |node| {
            node.kind() == Kind::Attribute
                && node.child(Field::Attribute).map(Node::text) == Some(method)
                && node.child(Field::Object).map(Node::text) == Some(object)
        })
    };
    let is_other_way = |start: Node<'p>| {
        branch.is_some_and(|branch| !branch.contains(start))
            || are_alternatives(call, call.with(start))
    };
    // once it has ended it cannot be started again
    called("start").any(is_other_way) || called("join").any(|join| join.id() < call.node.id())
}

/// Whether a method of a class is what its threads run, or is called by that; or it is the class's own `start`.
fn is_part_of_run<'p>(class: Class<'p>, method: Function<'p>) -> bool {
    let mut reached: Vec<Function<'p>> = class.method("run").into_iter().collect();
    let mut at = 0;
    while let Some(next) = reached.get(at).copied() {
        at += 1;
        for call in next.calls() {
            let called = call
                .child(Field::Function)
                .filter(|callee| {
                    callee.node.child(Field::Object).map(Node::text) == next.first_parameter()
                })
                .and_then(|callee| callee.node.child(Field::Attribute))
                .and_then(|name| class.method(name.text()));
            reached.extend(called.filter(|called| !reached.contains(called)));
        }
    }
    method.name() == "start" || reached.contains(&method)
}

fn report<'p>(
    cx: &Context<'p>,
    call: Site<'p>,
    object: Site<'p>,
    class: &ClassValue<'p>,
    what: Startable,
    out: &mut Findings,
) {
    let what = what.word();
    let callee = call.child(Field::Function).map_or("", Site::text);
    let instead = if object.text().len() > 40 || object.text().contains('\n') {
        "call `start()`".to_string()
    } else {
        format!("call `{}.start()`", object.text())
    };
    let message = format!(
        "{} does the work here and now, and no {what} is ever made: the caller waits until it is done; {instead}",
        capitalised_this(abbreviated(callee))
    );
    let finding = out.report(&RULE, Severity::Warning, cx.file, call.range(), message);
    prove(cx, finding, object, class, what);
}

/// At the beginning of a sentence.
fn capitalised_this(text: String) -> String {
    if text == "this" {
        "This".to_string()
    } else {
        text
    }
}

fn prove<'p>(
    cx: &Context<'p>,
    finding: &mut Finding,
    object: Site<'p>,
    class: &ClassValue<'p>,
    what: &str,
) {
    if let ClassValue::Known(class) = class {
        let message = format!("Objects of `{}` are {}", class.name(), plural(what));
        finding.evidence_at(class.site.file, class.header(), message);
        return;
    }
    let made = cx.project.made_by(object);
    let bound = || cx.project.only_binding(object).map(|binding| binding.name);
    if let Some(site) = made.or_else(bound) {
        finding.evidence(
            site,
            format!("The {what} object comes from here; `start()` makes the {what}"),
        );
    } else {
        finding.evidence(
            object,
            format!("This is a {what} object; `start()` makes the {what}"),
        );
    }
}

fn plural(what: &str) -> &'static str {
    if what == "process" {
        "processes"
    } else {
        "threads"
    }
}
