//! MET005 new-returns-nothing. Card: knowledge/rules/MET005-new-returns-nothing.md

use crate::facts::{Site, Subjects};
use crate::project::{Class, Function};
use crate::rules::expected::is_expected;
use crate::rules::{Context, Findings, Rule, Severity};
use crate::syntax::{Field, Kind};

pub const RULE: Rule = Rule {
    code: "MET005",
    name: "new-returns-nothing",
    check,
};

fn check(cx: &Context<'_>, out: &mut Findings) {
    for class in cx.classes(Subjects::NEW) {
        if let Some(method) = class.method("__new__") {
            check_method(cx, class, method, out);
        }
    }
    for class in cx.project.metaclasses(cx.file) {
        if let Some(method) = class.method("__call__") {
            check_method(cx, class, method, out);
        }
    }
}

fn check_method<'p>(cx: &Context<'p>, class: Class<'p>, method: Function<'p>, out: &mut Findings) {
    let declared = [
        "abc.abstractmethod",
        "typing.overload",
        "typing_extensions.overload",
    ];
    if method.is_async()
        || method.is_generator()
        || method.has_decorator(cx.project, &declared)
        || never_returns(cx, method)
        || is_declaration(method)
    {
        return;
    }
    let mut ends = method.ends_without_value();
    if method.returns_a_value() {
        // what is written out among other values is meant
        ends.retain(|end| end.node.child_of(Kind::None).is_none());
    }
    if let Some(first) = ends.first() {
        report(cx, class, method, *first, &ends, out);
    }
}

/// Whether the body of a function is `...`: it says what there is, and does nothing.
fn is_declaration(function: Function<'_>) -> bool {
    let last = function.body().and_then(|body| body.node.children().last());
    last.is_some_and(|statement| statement.text() == "...")
}

/// Whether a function says by its annotation that it always raises.
fn never_returns<'p>(cx: &Context<'p>, function: Function<'p>) -> bool {
    let annotation = function.site.child(Field::ReturnType);
    let name = annotation.and_then(|annotation| cx.project.qualified(annotation));
    name.is_some_and(|name| {
        matches!(
            name.as_ref(),
            "typing.NoReturn"
                | "typing.Never"
                | "typing_extensions.NoReturn"
                | "typing_extensions.Never"
        )
    })
}

/// The places that get what the method gives: class statements or calls.
fn uses<'p>(cx: &Context<'p>, class: Class<'p>, method: Function<'p>) -> Vec<Site<'p>> {
    if !cx.project.is_metaclass(class) {
        return cx.project.constructions(class);
    }
    let made = cx.project.made_by_metaclass(class).into_iter();
    match method.name() {
        "__new__" => made.map(|made| made.site).collect(),
        _ => made
            .flat_map(|made| cx.project.constructions(made))
            .collect(),
    }
}

fn report<'p>(
    cx: &Context<'p>,
    class: Class<'p>,
    method: Function<'p>,
    first: Site<'p>,
    ends: &[Site<'p>],
    out: &mut Findings,
) {
    let mut uses = uses(cx, class, method);
    // what comes back where it is expected to raise is not looked at
    uses.retain(|used| !is_expected(*used, "TypeError"));
    // where another path gives an object, running it need not fail
    let always = !method.returns_a_value();
    let severity = if always && !uses.is_empty() {
        Severity::Error
    } else {
        Severity::Warning
    };
    let made = match (cx.project.is_metaclass(class), method.name()) {
        (true, "__new__") => "the class statement that it is the metaclass of",
        (true, _) => "calling a class that it is the metaclass of",
        (false, _) => "constructing the class",
    };
    let how = if always {
        "never returns anything"
    } else {
        "returns nothing on one path"
    };
    let message = format!(
        "`{}.{}` {how}, so {made} gives `None` in place of an object; return what `super().{}` gives",
        class.name(),
        method.name(),
        method.name(),
    );
    let finding = out.report(&RULE, severity, cx.file, method.header(), message);
    let words = if first.node == method.site.node {
        "falls off its end"
    } else {
        "returns nothing here"
    };
    let place = if first.node == method.site.node {
        method.header()
    } else {
        first.range()
    };
    finding.evidence_at(cx.file, place, words);
    for end in ends
        .iter()
        .skip(1)
        .filter(|end| end.node != method.site.node)
    {
        finding.evidence(*end, "and here");
    }
    if let Some(used) = uses.first() {
        let range = Class::at(*used).map_or(used.range(), Class::header);
        let gets = if always {
            "gets `None`"
        } else {
            "may get `None`"
        };
        finding.evidence_at(used.file, range, gets);
    }
}
