//! MET008 prepare-not-classmethod. Card: knowledge/rules/MET008-prepare-not-classmethod.md

use crate::project::{Class, Function, ParameterKind, Value};
use crate::rules::{Context, Findings, Rule, Severity};

pub const RULE: Rule = Rule {
    code: "MET008",
    name: "prepare-not-classmethod",
    check,
};

fn check(cx: &Context<'_>, out: &mut Findings) {
    for metaclass in cx.project.metaclasses(cx.file) {
        if let Some(prepare) = metaclass.method("__prepare__")
            && is_plain(prepare)
            && !is_replaced(cx, metaclass)
        {
            report(cx, metaclass, prepare, out);
        }
    }
}

/// Whether a function has no decorator and requires the metaclass besides the name and the bases.
fn is_plain(prepare: Function<'_>) -> bool {
    let required = prepare.parameters().filter(|parameter| {
        matches!(
            parameter.kind,
            ParameterKind::Positional | ParameterKind::PositionalOnly
        ) && parameter.default.is_none()
    });
    prepare.site.decorators().next().is_none() && required.count() > 2
}

/// Whether something else is put in its place later.
fn is_replaced<'p>(cx: &Context<'p>, metaclass: Class<'p>) -> bool {
    cx.project
        .changes_of_attribute("__prepare__")
        .any(|object| cx.project.evaluate(object) == Value::Class(metaclass))
}

fn report<'p>(cx: &Context<'p>, metaclass: Class<'p>, prepare: Function<'p>, out: &mut Findings) {
    let message = format!(
        "Python calls `{name}.__prepare__(name, bases)` on the metaclass itself, which gets no `{first}` in front, and so every class statement with `{name}` raises TypeError; \
         make it a class method with `@classmethod`",
        name = metaclass.name(),
        first = prepare.first_parameter().unwrap_or("mcs"),
    );
    let finding = out.report(&RULE, Severity::Error, cx.file, prepare.header(), message);
    for class in served(cx, metaclass) {
        finding.evidence_at(
            class.site.file,
            class.header(),
            "the metaclass prepares this class",
        );
    }
    let start = prepare.site.range().start;
    let before = &cx.file.source()[..start];
    let indent = &before[before.rfind(['\n', '\r']).map_or(0, |newline| newline + 1)..];
    if indent.chars().all(|blank| matches!(blank, ' ' | '\t')) {
        let text = format!("@classmethod\n{indent}");
        finding.fix("Make it a class method", true, vec![(start..start, text)]);
    }
}

/// The classes that a metaclass, or one that inherits its `__prepare__`, makes.
fn served<'p>(cx: &Context<'p>, metaclass: Class<'p>) -> Vec<Class<'p>> {
    let heirs = cx.project.descendants(metaclass);
    let inherits = heirs
        .into_iter()
        .filter(|heir| !heir.defines("__prepare__"));
    std::iter::once(metaclass)
        .chain(inherits)
        .flat_map(|metaclass| cx.project.made_by_metaclass(metaclass))
        .collect()
}
