//! MUT001 mutable-default. Card: knowledge/rules/MUT001-mutable-default.md

use super::is_mutable;
use crate::facts::Subjects;
use crate::project::{Function, Parameter, Reach};
use crate::rules::context::line;
use crate::rules::{Context, Findings, Rule, Severity};

pub const RULE: Rule = Rule {
    code: "MUT001",
    name: "mutable-default",
    subjects: Subjects::DEFAULTS,
    check,
};

fn check(cx: &Context<'_>, out: &mut Findings) {
    for function in cx.functions(Subjects::DEFAULTS) {
        for parameter in function.parameters() {
            check_parameter(cx, function, parameter, out);
        }
    }
}

fn check_parameter<'p>(
    cx: &Context<'p>,
    function: Function<'p>,
    parameter: Parameter<'p>,
    out: &mut Findings,
) {
    let Some(default) = parameter.default.filter(|default| is_mutable(cx, *default)) else {
        return;
    };
    let empty = default.node.children().next().is_none();
    let uses = cx.project.uses_of_default(function, parameter, empty);
    let severity = if uses.is_empty() {
        Severity::Information
    } else {
        Severity::Warning
    };
    let name = parameter.name.text();
    let message = match uses.first() {
        Some(first) => format!(
            "`{name}` is one object for all calls of `{}`: it is made once, when the function is defined, and {} in line {}",
            function.name(),
            done_to(first.reach),
            line(first.site)
        ),
        None => format!(
            "`{name}` is one object for all calls of `{}`: it is made once, when the function is defined",
            function.name()
        ),
    };
    let finding = out.report(&RULE, severity, cx.file, default.range(), message);
    for found in uses {
        finding.evidence(
            found.site,
            format!("`{name}` is {} here", done_to(found.reach)),
        );
    }
}

fn done_to(reach: Reach) -> &'static str {
    match reach {
        Reach::Mutated => "changed",
        Reach::Returned => "handed out",
        Reach::Stored => "stored",
        Reach::PassedOn => "passed on",
    }
}
