//! GIL013 lock-protects-nothing. Card: knowledge/rules/GIL013-lock-protects-nothing.md

use super::{abbreviated, keeps_out, lock_name};
use crate::facts::{BindingKind, BindingSite, ScopeKind, Site, Subjects};
use crate::project::{Function, Project, managers};
use crate::rules::{Context, Findings, Rule, Severity};
use crate::syntax::{Field, Kind, Node};

pub const RULE: Rule = Rule {
    code: "GIL013",
    name: "lock-protects-nothing",
    check,
};

fn check(cx: &Context<'_>, out: &mut Findings) {
    for root in cx.segments(Subjects::LOCKS) {
        let withs = root.node.with_descendants();
        for with in withs.filter(|node| node.kind() == Kind::With) {
            for manager in managers(root.with(with)) {
                check_manager(cx.project, manager, out);
            }
        }
        for number in 0..root.body().bindings.len() {
            let binding = root.file.binding_site(root.segment, number);
            check_local(cx.project, binding, out);
        }
    }
}

/// `with Lock():`, also with a name for it.
fn check_manager<'p>(project: &'p Project, manager: Site<'p>, out: &mut Findings) {
    let value = match manager.node.kind() {
        Kind::NamedExpression => manager.child(Field::Value),
        Kind::Call | Kind::Attribute => Some(manager),
        _ => None,
    };
    let Some(made) = value.and_then(|value| project.new_lock(value)) else {
        return;
    };
    let name = manager.child(Field::Name);
    if name.is_none_or(|name| is_local(name) && places_taken(project, name).is_some()) {
        report(
            project,
            manager,
            lock_name(value.unwrap_or(manager)),
            made,
            made,
            out,
        );
    }
}

/// `lock = Lock()` in a function that takes it and does nothing else with it.
fn check_local<'p>(project: &'p Project, binding: BindingSite<'p>, out: &mut Findings) {
    let name = binding.name;
    let assignment = name
        .node
        .parent()
        .filter(|parent| parent.kind() == Kind::Assignment);
    let is_alone = assignment.and_then(Node::parent).map(Node::kind);
    let value = assignment.and_then(|assignment| assignment.child(Field::Right));
    let Some(value) = value.filter(|value| value.unparenthesized().kind() == Kind::Call) else {
        return;
    };
    if binding.binding.kind == BindingKind::Assignment
        && is_alone == Some(Kind::ExpressionStatement)
        && looks_taken(name)
        && is_local(name)
        && let Some(taken) = places_taken(project, name)
        && let Some(first) = taken.first()
        && let Some(made) = project.new_lock(name.with(value))
    {
        report(project, *first, name.text(), name.with(value), made, out);
    }
}

/// Whether anything in the segment takes what has this name.
fn looks_taken<'p>(name: Site<'p>) -> bool {
    let mut readings = name.body().named(name.text()).map(|node| name.at(node));
    readings.any(|reading| matches!(place_taken(reading), Some(Some(_))))
}

/// Whether a name is bound in the scope of a function.
fn is_local(name: Site<'_>) -> bool {
    let body = name.body();
    let mut bindings = body.bindings_in(name.scope(), name.text());
    let is_declared =
        bindings.any(|binding| matches!(binding.kind, BindingKind::Global | BindingKind::Nonlocal));
    body.scopes[name.scope()].kind == ScopeKind::Function && !is_declared
}

/// Where a lock is taken by the name that it was bound to. None where the name does anything else, or may be another lock.
fn places_taken<'p>(project: &'p Project, name: Site<'p>) -> Option<Vec<Site<'p>>> {
    let mut taken = Vec::new();
    for reading in project.readings_of(name) {
        let is_own = Function::around(reading) == Function::around(name)
            && project.only_binding(reading).map(|binding| binding.name) == Some(name);
        if !is_own {
            return None;
        }
        taken.extend(place_taken(reading)?);
    }
    Some(taken)
}

/// The place that takes the lock, where a reading of its name does; none where it gives the lock back. Nothing, where it does something else.
fn place_taken(reading: Site<'_>) -> Option<Option<Site<'_>>> {
    let parent = reading.node.parent()?;
    match parent.kind() {
        Kind::WithItem => Some(Some(reading)),
        Kind::Attribute if reading.node.field() == Field::Object => {
            let call = parent
                .parent()
                .filter(|call| call.kind() == Kind::Call && parent.field() == Field::Function)?;
            let is_statement = call.parent()?.kind() == Kind::ExpressionStatement;
            match parent.child(Field::Attribute)?.text() {
                "acquire" if is_statement => Some(Some(reading.with(call))),
                "release" if is_statement => Some(None),
                _ => None,
            }
        }
        _ => None,
    }
}

fn report<'p>(
    project: &'p Project,
    taken: Site<'p>,
    name: &str,
    bound: Site<'p>,
    made: Site<'p>,
    out: &mut Findings,
) {
    let run = match Function::around(taken) {
        Some(function) if function.site.node.kind() == Kind::FunctionDef => {
            format!("each call of `{}`", function.name())
        }
        _ => "this statement".to_string(),
    };
    let other = keeps_out(project, made);
    let message = format!(
        "{} keeps no other {other} out: {run} gets a new lock of its own, which nobody else ever asks for; make one lock where the shared state is made, and take that",
        abbreviated(name)
    );
    let finding = out.report(&RULE, Severity::Warning, taken.file, taken.range(), message);
    for place in [bound, made] {
        if !taken.node.contains(place.node) {
            finding.evidence(place, "the lock is made here, anew each time");
        }
    }
}
