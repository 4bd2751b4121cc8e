//! GIL014 deadlock-with-itself. Card: knowledge/rules/GIL014-deadlock-with-itself.md

use super::{abbreviated, has_partner, lock_name};
use crate::facts::{Site, Subjects};
use crate::project::{Class, ClassValue, Function, Owner, Project, Taking, Value};
use crate::rules::context::line;
use crate::rules::{Context, Findings, Rule, Severity};
use crate::syntax::Field;

pub const RULE: Rule = Rule {
    code: "GIL014",
    name: "deadlock-with-itself",
    check,
};

fn check(cx: &Context<'_>, out: &mut Findings) {
    for function in cx.functions(Subjects::TAKINGS) {
        cx.look_at(function.site, out, |out| {
            check_function(cx.project, function, out);
        });
    }
}

fn check_function<'p>(project: &'p Project, function: Function<'p>, out: &mut Findings) {
    let takings = project.takings(function);
    for taking in &takings {
        if !taking.lock.is_reentrant && !taking.lock.is_wide {
            check_taking(project, function, taking, &takings, out);
        }
    }
}

fn check_taking<'p>(
    project: &'p Project,
    function: Function<'p>,
    first: &Taking<'p>,
    takings: &[Taking<'p>],
    out: &mut Findings,
) {
    let again = takings.iter().find(|other| {
        first.holds_at(other.site.node)
            && other.lock == first.lock
            && (first.lock.owner != Owner::Object || other.object() == first.object())
    });
    if let Some(again) = again
        && !is_another(project, first)
    {
        report(again.site, first, again, &[], out);
    }
    let is_own = function.class().is_some() && first.object() == function.first_parameter();
    if first.lock.owner == Owner::Object && !is_own {
        return;
    }
    let mut seen: Vec<Site<'p>> = Vec::new();
    for reached in project.reached_from(function, first, true) {
        let Some((call, further)) = reached.calls.split_first() else {
            continue;
        };
        if reached.taking.lock == first.lock && !seen.contains(call) && !is_another(project, first)
        {
            seen.push(*call);
            report(*call, first, &reached.taking, further, out);
        }
    }
}

/// Whether another thread gives the lock back, or the objects of a subclass may have another one under the same name.
fn is_another<'p>(project: &'p Project, taking: &Taking<'p>) -> bool {
    if has_partner(project, taking.named) {
        return true;
    }
    let name = lock_name(taking.named);
    let replaces = |heir: Class<'p>| heir.defines(name) || !heir.assigned_to_self(name).is_empty();
    let object = taking.named.child(Field::Object);
    match object.map(|object| project.evaluate(object)) {
        Some(Value::Instance(ClassValue::Known(class))) => {
            let mut heirs = project.descendants(class).into_iter();
            heirs.any(|heir| heir != class && replaces(heir))
        }
        _ => false,
    }
}

fn report<'p>(
    place: Site<'p>,
    first: &Taking<'p>,
    second: &Taking<'p>,
    calls: &[Site<'p>],
    out: &mut Findings,
) {
    let name = abbreviated(lock_name(second.named));
    let held = line(first.site);
    let message = if place == second.site {
        format!(
            "{name} is held here since line {held}, and a `Lock` waits for itself: this never returns; take it once, or make it a `threading.RLock`"
        )
    } else {
        let taker = Function::around(second.site).map_or("", Function::name);
        format!(
            "{name} is held here since line {held}, and `{taker}` takes it again: a `Lock` waits for itself, and this never returns; call it without the lock, or make it a `threading.RLock`"
        )
    };
    let finding = out.report(&RULE, Severity::Error, place.file, place.range(), message);
    finding.evidence(first.site, "the lock is taken here");
    for call in calls {
        finding.evidence(*call, "this leads to it");
    }
    if place != second.site {
        finding.evidence(second.site, "it is taken again here");
    }
}
