//! MUT018 cached-result-changed. Card: knowledge/rules/MUT018-cached-result-changed.md

use crate::facts::Site;
use crate::project::{ClassValue, Followed, Function, Part, Reach, Use, Value};
use crate::rules::context::comment_above;
use crate::rules::{Context, Findings, Rule, Severity};
use crate::syntax::{Field, Kind};

pub const RULE: Rule = Rule {
    code: "MUT018",
    name: "cached-result-changed",
    check,
};

fn check(cx: &Context<'_>, out: &mut Findings) {
    for function in cx.project.caching_containers() {
        if is_place_to_fill(function) {
            continue;
        }
        for call in cx.project.calls_in(cx.file, function) {
            check_call(cx, function, call, out);
        }
    }
}

/// `def registry(): return {}`: what the cache keeps is empty until callers fill it, on purpose.
fn is_place_to_fill(function: Function<'_>) -> bool {
    let takes_nothing = function
        .parameters()
        .all(|parameter| matches!(parameter.name.text(), "self" | "cls"));
    let is_empty = |statement: Site<'_>| {
        statement
            .node
            .children()
            .next()
            .is_some_and(|value| match value.kind() {
                Kind::List | Kind::Dict => value.children().next().is_none(),
                Kind::Call => value.text().ends_with("()"),
                _ => false,
            })
    };
    takes_nothing && function.returns().all(is_empty)
}

fn check_call<'p>(cx: &Context<'p>, function: Function<'p>, call: Site<'p>, out: &mut Findings) {
    let Value::Instance(class @ ClassValue::External(_)) = cx.project.evaluate(call) else {
        return;
    };
    // an attribute may hold something else by then, unless nothing else is ever stored; a module's name is looked through
    let is_bound_in_module =
        Function::around(call).is_none() && call.class_around(call.scope()).is_none();
    let followed = Followed {
        class: Some(class),
        through_stores: is_bound_in_module || is_kept_for_good(cx, call),
        ..Followed::default()
    };
    let uses = cx.project.uses_of_value(call, followed);
    let is_change =
        |found: &&Use<'p>| found.reach == Reach::Mutated && is_of_result(function, found);
    let changes: Vec<Site<'p>> = uses
        .iter()
        .filter(is_change)
        .map(|found| found.site)
        .collect();
    // what a helper does is the fault of who hands it the object
    let helpers = |change: &Site<'p>| called_function(cx, *change);
    let helped: Vec<Function<'p>> = changes.iter().filter_map(helpers).collect();
    let (inside, own): (Vec<Site<'p>>, Vec<Site<'p>>) = changes.into_iter().partition(|change| {
        Function::around(*change).is_some_and(|around| helped.contains(&around))
    });
    for change in own
        .into_iter()
        .filter(|change| std::ptr::eq(change.file, cx.file) && !is_meant(*change))
    {
        let helper = called_function(cx, change);
        let mut by_helper = inside
            .iter()
            .filter(|inner| helper == Function::around(**inner));
        report(cx, function, call, change, by_helper.next(), out);
    }
}

/// Whether what a call gives is stored in an attribute of the object, and nothing else ever is.
fn is_kept_for_good<'p>(cx: &Context<'p>, call: Site<'p>) -> bool {
    let target = || {
        let assignment = call.node.parent()?;
        let is_value = assignment.child(Field::Right) == Some(call.node);
        let target = call.with(assignment).child(Field::Left)?;
        (is_value && target.node.kind() == Kind::Attribute).then_some(target)
    };
    let stored = || {
        let target = target()?;
        let name = target.node.child(Field::Attribute)?.text();
        let Value::Instance(ClassValue::Known(class)) =
            cx.project.evaluate(target.child(Field::Object)?)
        else {
            return None;
        };
        let own = cx.project.known_mro(class).into_iter();
        let own = own.chain(cx.project.descendants(class));
        Some(
            own.map(|class| class.stores_to_self(name).len())
                .sum::<usize>(),
        )
    };
    stored() == Some(1)
}

/// Whether the comment above a change speaks of the cache: who wrote it knows whose object it is.
fn is_meant(change: Site<'_>) -> bool {
    let statement = change.node.statement().unwrap_or(change.node);
    comment_above(statement).any(|line| line.to_ascii_lowercase().contains("cache"))
}

/// The function of the project that a call runs.
fn called_function<'p>(cx: &Context<'p>, call: Site<'p>) -> Option<Function<'p>> {
    let callee = call
        .child(Field::Function)
        .filter(|_| call.node.kind() == Kind::Call)?;
    match cx.project.evaluate(callee) {
        Value::Function(function) | Value::Method(function) => Some(function),
        _ => None,
    }
}

/// Whether a change is one of the container, or of a container that it holds.
fn is_of_result(function: Function<'_>, change: &Use<'_>) -> bool {
    let holds_containers = || {
        let mut returned = function
            .returns()
            .filter_map(|statement| statement.node.children().next());
        returned.all(|value| {
            let mut parts = value.children().map(|part| match part.kind() {
                Kind::Pair => part.child(Field::Value).unwrap_or(part),
                _ => part,
            });
            let is_display = matches!(value.kind(), Kind::List | Kind::Dict);
            is_display
                && parts.all(|part| matches!(part.kind(), Kind::List | Kind::Dict | Kind::Set))
        })
    };
    change.part == Part::Whole || change.part == Part::Element && holds_containers()
}

fn report<'p>(
    cx: &Context<'p>,
    function: Function<'p>,
    call: Site<'p>,
    change: Site<'p>,
    by_helper: Option<&Site<'p>>,
    out: &mut Findings,
) {
    let name = function.name();
    let message = format!(
        "the cache of `{name}` keeps this very object and gives it to every caller with the same arguments: they all see the change; copy it first, or let `{name}` return something that cannot be changed"
    );
    let finding = out.report(&RULE, Severity::Warning, cx.file, change.range(), message);
    finding.evidence_at(
        function.site.file,
        function.header(),
        "its results are kept",
    );
    if !change.node.contains(call.node) {
        finding.evidence(call, "the kept object is got here");
    }
    if let Some(inner) = by_helper {
        finding.evidence(*inner, "the change");
    }
}
