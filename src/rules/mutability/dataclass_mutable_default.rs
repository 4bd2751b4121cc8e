//! MUT004 dataclass-mutable-default. Card: knowledge/rules/MUT004-dataclass-mutable-default.md

use super::{edits, made};
use crate::facts::Subjects;
use crate::project::{Class, ClassField, ClassValue, FieldMaker};
use crate::rules::{Context, Findings, Rule, Severity};
use crate::syntax::Kind;

pub const RULE: Rule = Rule {
    code: "MUT004",
    name: "dataclass-mutable-default",
    check,
};

fn check(cx: &Context<'_>, out: &mut Findings) {
    for class in cx.classes(Subjects::DATACLASSES) {
        let Some((maker, _)) = cx.project.field_maker(class) else {
            continue;
        };
        for field in cx.project.fields(class, maker) {
            if let Some(default) = made(cx, field.default) {
                check_field(cx, class, maker, field, default, out);
            }
        }
    }
}

fn check_field<'p>(
    cx: &Context<'p>,
    class: Class<'p>,
    maker: FieldMaker,
    field: ClassField<'p>,
    default: ClassValue<'p>,
    out: &mut Findings,
) {
    let unhashable = cx.project.is_unhashable(&default);
    let is_refused = maker == FieldMaker::Dataclass
        && (is_builtin_container(cx, &default)
            || (unhashable == Some(true) && cx.options.python >= (3, 11)));
    let is_call = field.default.node.unparenthesized().kind() == Kind::Call;
    let is_shared = match &default {
        ClassValue::External(_) => true,
        ClassValue::Known(known) if is_descriptor(cx, &default) => {
            debug_assert!(!known.name().is_empty());
            return;
        }
        ClassValue::Known(known) => {
            unhashable == Some(true) && maker == FieldMaker::Dataclass
                || is_call && (cx.project.is_container(*known) || cx.project.changes_itself(*known))
        }
    };
    let severity = match (is_refused, is_shared) {
        (true, _) => Severity::Error,
        (false, true) => Severity::Warning,
        (false, false) => return,
    };
    let name = field.name.text();
    let message = if is_refused {
        format!(
            "`{}` is never made: the class statement raises ValueError, because the default of `{name}` is one mutable object for all instances; use `default_factory`",
            class.name()
        )
    } else {
        let instead = match maker {
            FieldMaker::Dataclass => "use `default_factory`",
            FieldMaker::Attrs { .. } => "use `factory`",
            FieldMaker::NamedTuple => "use something immutable, a tuple perhaps",
        };
        format!(
            "every `{}` that is made without `{name}` shares the same object, and a change of one shows in all; {instead}",
            class.name()
        )
    };
    let what = format!("`{name}` is a field of `{}`", class.name());
    let finding = out.report(&RULE, severity, cx.file, field.default.range(), message);
    finding.evidence(field.name, what);
    edits::factory(cx, maker, field, is_refused, finding);
}

/// What `dataclass` refuses on every version: list, dict, set and their subclasses.
fn is_builtin_container<'p>(cx: &Context<'p>, class: &ClassValue<'p>) -> bool {
    ["builtins.list", "builtins.dict", "builtins.set"]
        .iter()
        .any(|builtin| cx.project.derives_from(class, builtin) == Some(true))
}

/// Whether `dataclass` asks the object for the default instead of taking it.
fn is_descriptor<'p>(cx: &Context<'p>, class: &ClassValue<'p>) -> bool {
    cx.project
        .mro_of(class)
        .classes
        .iter()
        .any(|class| matches!(class, ClassValue::Known(class) if class.defines("__get__")))
}
