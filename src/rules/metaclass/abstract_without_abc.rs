//! MET010 abstract-without-abc. Card: knowledge/rules/MET010-abstract-without-abc.md

use std::ops::Range;

use super::{is_made_by_object, last_word, with_argument};
use crate::facts::{BindingKind, Resolution, Site};
use crate::project::{Class, ClassValue, Function, Metaclass, Value};
use crate::rules::{Context, Findings, Rule, Severity};
use crate::syntax::{Field, Kind, Node};

pub const RULE: Rule = Rule {
    code: "MET010",
    name: "abstract-without-abc",
    check,
};

fn check(cx: &Context<'_>, out: &mut Findings) {
    for function in cx.project.maybe_abstract(cx.file) {
        let Some(class) = function.class() else {
            continue;
        };
        for mark in cx.project.abstract_marks(function) {
            if let Some(metaclass) = without_abc(cx, class) {
                report(cx, class, function, mark, &metaclass, out);
            }
        }
    }
}

/// The metaclass of a class, where it is known not to look for abstract methods.
fn without_abc<'p>(cx: &Context<'p>, class: Class<'p>) -> Option<ClassValue<'p>> {
    let project = cx.project;
    let value = ClassValue::Known(class);
    let Metaclass::Is(metaclass) = project.metaclass(&value) else {
        return None;
    };
    let is_known = project.mro(class).is_complete()
        && project.mro_of(&metaclass).is_complete()
        && project.is_a_class(&value)
        && project.derives_from(&metaclass, "abc.ABCMeta") == Some(false);
    (is_known && !looks_itself(cx, &metaclass) && !looks_itself(cx, &value)).then_some(metaclass)
}

/// Whether a class or a metaclass of the project, or one of its bases, looks for the marks itself.
fn looks_itself<'p>(cx: &Context<'p>, class: &ClassValue<'p>) -> bool {
    let ClassValue::Known(class) = class else {
        return false;
    };
    let asks = ["__isabstractmethod__", "__abstractmethods__"];
    cx.project.known_mro(*class).into_iter().any(|class| {
        let parts = class.site.class_parts(|_| true);
        parts
            .iter()
            .any(|part| asks.iter().any(|name| part.text().contains(name)))
    })
}

fn report<'p>(
    cx: &Context<'p>,
    class: Class<'p>,
    function: Function<'p>,
    mark: Site<'p>,
    metaclass: &ClassValue<'p>,
    out: &mut Findings,
) {
    let instead = remedy(cx, class, metaclass);
    let metaclass = last_word(&cx.project.qualified_class(metaclass)).to_string();
    let message = format!(
        "nothing keeps `{name}` from being instantiated without `{method}`: its metaclass is `{metaclass}`, and only `ABCMeta` looks for abstract methods; {instead}",
        name = class.name(),
        method = function.name(),
    );
    let decorator = mark
        .node
        .parent()
        .map_or(mark, |decorator| mark.with(decorator));
    let finding = out.report(
        &RULE,
        Severity::Warning,
        cx.file,
        decorator.range(),
        message,
    );
    finding.evidence_at(
        class.site.file,
        class.header(),
        format!("`{metaclass}` makes this class"),
    );
    // where it is constructed, `ABC` would make that fail
    if instead.ends_with("`ABC`")
        && cx.project.constructions(class).is_empty()
        && let Some(edits) = with_abc(cx, class, mark)
    {
        finding.fix("Derive it from `ABC`", false, edits);
    }
}

/// What to do. What has a `__new__` of its own, like an exception, can be instantiated even with `ABCMeta`.
fn remedy<'p>(cx: &Context<'p>, class: Class<'p>, metaclass: &ClassValue<'p>) -> String {
    let mro = cx.project.mro(class);
    let is_asked = mro.classes.iter().all(|ancestor| match ancestor {
        ClassValue::Known(_) => true,
        ClassValue::External(name) => is_made_by_object(name),
    });
    match metaclass {
        ClassValue::Known(metaclass) if is_asked => {
            format!("let `{}` derive from `ABCMeta`", metaclass.name())
        }
        ClassValue::External(name) if is_asked && name.as_ref() == "builtins.type" => {
            format!("derive `{}` from `ABC`", class.name())
        }
        _ => "raise `NotImplementedError` in it".to_string(),
    }
}

/// The edits that add `ABC` to the bases, and to the imports where it is not there.
fn with_abc<'p>(
    cx: &Context<'p>,
    class: Class<'p>,
    mark: Site<'p>,
) -> Option<Vec<(Range<usize>, String)>> {
    let mark = match mark.node.kind() {
        Kind::Call => mark.child(Field::Function)?,
        _ => mark,
    };
    let mut edits = Vec::new();
    let name = match mark.node.kind() {
        Kind::Attribute => format!("{}.ABC", mark.child(Field::Object)?.text()),
        _ => {
            if !is_abc_bound(cx) {
                let before = imported_at(cx, mark)?;
                edits.push((before..before, "ABC, ".to_string()));
            }
            "ABC".to_string()
        }
    };
    if class.keywords().next().is_some() || class.has_unknown_keywords() {
        return None;
    }
    let is_object = |base: &Site<'p>| matches!(cx.project.evaluate(*base), Value::External(name) if name.as_ref() == "builtins.object");
    match class.bases().last() {
        Some(last) if is_object(&last) => edits.push((last.range(), name)),
        _ => edits.push(with_argument(cx, class, &name)?),
    }
    Some(edits)
}

/// Whether the module has a name `ABC` that means the class.
fn is_abc_bound(cx: &Context<'_>) -> bool {
    let value = cx.project.value_of_module_name(cx.file, "ABC");
    cx.project.qualified_value(&value).as_deref() == Some("abc.ABC")
}

/// Where, in the module's `from abc import …`, the name of the mark is imported.
fn imported_at<'p>(cx: &Context<'p>, mark: Site<'p>) -> Option<usize> {
    let Resolution::Module(bindings) = mark.resolve() else {
        return None;
    };
    let [binding] = &bindings[..] else {
        return None;
    };
    let value = binding.value()?;
    let statement = value.node.statement().map(Node::text)?;
    let is_free = cx.file.module_bindings("ABC").is_empty();
    let from_abc =
        binding.binding.kind == BindingKind::FromImport && statement.starts_with("from abc ");
    (is_free && from_abc).then(|| value.range().start)
}
