//! GIL015 lock-order. Card: knowledge/rules/GIL015-lock-order.md

use super::{abbreviated, lock_name};
use crate::facts::{Site, Subjects};
use crate::project::Order;
use crate::rules::context::line;
use crate::rules::{Context, Findings, Rule, Severity};
use crate::syntax::{Field, Kind};

pub const RULE: Rule = Rule {
    code: "GIL015",
    name: "lock-order",
    check,
};

fn check(cx: &Context<'_>, out: &mut Findings) {
    if cx.segments(Subjects::TAKINGS).next().is_none() {
        return;
    }
    let mut seen = Vec::new();
    for (order, first) in cx.project.lock_orders(cx.file) {
        let key = (order.function.site, order.locks);
        if is_turned_round(&order, &first)
            && !seen.contains(&key)
            && !cx.project.is_called_locked(order.function)
            && !cx.project.is_called_locked(first.function)
        {
            seen.push(key);
            report(&order, &first, out);
        }
    }
}

/// Whether the first order of the same locks is the other way round, and nothing keeps the two apart.
fn is_turned_round(order: &Order<'_>, first: &Order<'_>) -> bool {
    let (outer, inner) = order.locks;
    let is_gated = first.gates.iter().any(|gate| order.gates.contains(gate));
    first.locks == (inner, outer) && first.function != order.function && !is_gated
}

/// The lock that a place takes, in a message.
fn name(place: Site<'_>) -> String {
    let object = place
        .child(Field::Function)
        .filter(|_| place.node.kind() == Kind::Call)
        .and_then(|callee| callee.child(Field::Object));
    abbreviated(lock_name(object.unwrap_or(place)))
}

fn report(order: &Order<'_>, first: &Order<'_>, out: &mut Findings) {
    let file = first.outer.file.path().file_name().unwrap_or_default();
    let place = match std::ptr::eq(first.outer.file, order.inner.file) {
        true => format!("line {}", line(first.outer)),
        false => format!("{}, line {}", file.display(), line(first.outer)),
    };
    let message = format!(
        "`{}` takes {} while it holds {}, and `{}` ({place}) takes them the other way round: two threads that have one each wait for each other for ever; take them in one order everywhere",
        order.function.name(),
        name(order.inner),
        name(order.outer),
        first.function.name(),
    );
    let finding = out.report(
        &RULE,
        Severity::Warning,
        order.inner.file,
        order.inner.range(),
        message,
    );
    finding.evidence(order.outer, "this one is held meanwhile");
    finding.evidence(first.outer, "here it is taken first");
    finding.evidence(first.inner, "and then the other one");
}
