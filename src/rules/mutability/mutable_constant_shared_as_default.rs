//! MUT017 mutable-constant-shared-as-default. Card: knowledge/rules/MUT017-mutable-constant-shared-as-default.md

use super::memos::fills_once;
use super::{
    constant, done_to, edits, followed, harmful_uses, is_container, is_overload, made,
    may_be_constant, promises_not_to_change, what_is_made,
};
use crate::facts::{SegmentFacts, Site, Subjects};
use crate::project::{ClassValue, Function, Parameter, Reach};
use crate::rules::context::{functions_in, label, line};
use crate::rules::{Context, Findings, Rule, Severity};

pub const RULE: Rule = Rule {
    code: "MUT017",
    name: "mutable-constant-shared-as-default",
    check,
};

fn check(cx: &Context<'_>, out: &mut Findings) {
    let names_constant = |facts: &SegmentFacts| {
        let mut names = facts.default_names();
        names.any(|name| may_be_constant(cx.file, name))
    };
    let segments = cx.segments_where(Subjects::NAMED_DEFAULTS, names_constant);
    for function in segments.flat_map(functions_in) {
        for parameter in function.parameters() {
            if let Some(default) = parameter.default
                && !is_meant_to_be_shared(parameter.name.text())
                && !is_meant_to_be_shared(default.text())
                && let Some(constant) = constant(cx, default)
                && !is_overload(cx.project, function)
            {
                check_parameter(cx, function, parameter, default, constant, out);
            }
        }
    }
}

/// Whether a name says that what it stands for belongs to everybody.
fn is_meant_to_be_shared(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["cache", "memo", "registry"]
        .iter()
        .any(|word| name.contains(word))
}

fn check_parameter<'p>(
    cx: &Context<'p>,
    function: Function<'p>,
    parameter: Parameter<'p>,
    default: Site<'p>,
    constant: Site<'p>,
    out: &mut Findings,
) {
    let Some(class) = made(cx, constant).filter(|class| is_container(cx, class)) else {
        return;
    };
    let mut object = followed(cx, constant, class.clone());
    // it may have been filled by then
    object.empty = false;
    object.through_stores = true;
    let uses = harmful_uses(cx, function, parameter, &object);
    let uses: Vec<_> = uses
        .into_iter()
        .filter(|found| found.reach != Reach::PassedOn)
        .collect();
    let change = uses.iter().find(|found| found.reach == Reach::Mutated);
    let Some(first) = change.or(uses.first()) else {
        return;
    };
    if change.is_none() && promises_not_to_change(cx, parameter) {
        return;
    }
    let name = parameter.name.text();
    // a memo that all calls share on purpose
    if uses.iter().all(|found| fills_once(function, name, found)) {
        return;
    }
    let of = label(function);
    let message = format!(
        "a call of {of} that leaves `{name}` out gets the {} `{}` itself, and it is {} in line {}: use `None` and copy it in the body",
        what_is_made(&class),
        default.text(),
        done_to(first.reach),
        line(first.site)
    );
    let severity = match change {
        Some(_) => Severity::Warning,
        None => Severity::Information,
    };
    let finding = out.report(&RULE, severity, cx.file, default.range(), message);
    for found in &uses {
        finding.evidence(
            found.site,
            format!("`{name}` is {} here", done_to(found.reach)),
        );
    }
    if let Some(statement) = constant.node.statement() {
        finding.evidence(constant.with(statement), "the one object, made here");
    }
    if object.element.is_none() && matches!(class, ClassValue::External(_)) {
        edits::none_and_copied(cx, function, parameter, default, finding);
    }
}
