//! MET011 abstract-instantiated. Card: knowledge/rules/MET011-abstract-instantiated.md

use super::{is_expected, is_made_by_object, last_word};
use crate::facts::Site;
use crate::facts::trace::look_for;
use crate::project::{AbstractMethod, Class, ClassValue, Value};
use crate::rules::{Context, Findings, Rule, Severity};
use crate::syntax::{Field, Kind, Node};

pub const RULE: Rule = Rule {
    code: "MET011",
    name: "abstract-instantiated",
    check,
};

fn check(cx: &Context<'_>, out: &mut Findings) {
    if collects_again(cx.file.source()) {
        return;
    }
    for (call, callee) in cx.project.maybe_abstract_calls(cx.file) {
        let class = match cx.project.evaluate(callee) {
            Value::Class(class) => ClassValue::Known(class),
            Value::External(name) => ClassValue::External(name),
            _ => continue,
        };
        if let Some(left) = left(cx, &class)
            && !is_expected(call, "TypeError")
            && !may_be_another(cx, callee)
        {
            report(cx, call, &class, &left, out);
        }
    }
}

/// Whether a callee is an attribute of an object, or of a class that was given, which subclasses give another value: `self.renderer_class`.
fn may_be_another<'p>(cx: &Context<'p>, callee: Site<'p>) -> bool {
    let owner = callee
        .child(Field::Object)
        .filter(|object| object.node.kind() == Kind::Name)
        .map(|object| cx.project.evaluate(object));
    let Some(Value::Instance(ClassValue::Known(class)) | Value::Class(class)) = owner else {
        return false;
    };
    let name = callee.node.child(Field::Attribute).map_or("", Node::text);
    let heirs = cx.project.descendants(class);
    heirs
        .iter()
        .any(|heir| !heir.site.members_named(name).is_empty())
}

/// Whether a text may set or collect the abstract methods of classes later.
fn collects_again(text: &str) -> bool {
    let mut words = ["__abstractmethods__", "update_abstractmethods"].into_iter();
    words.clone().for_each(look_for);
    words.any(|word| text.contains(word))
}

/// The abstract methods that keep objects of a class from being made.
fn left<'p>(cx: &Context<'p>, class: &ClassValue<'p>) -> Option<Vec<AbstractMethod<'p>>> {
    let project = cx.project;
    let mut left = project.abstract_left(class)?;
    if left.is_empty() || project.collects_abstract(class) != Some(true) {
        return None;
    }
    if let ClassValue::Known(class) = class {
        if !project.is_made_as_written(*class) || !project.is_a_class(&ClassValue::Known(*class)) {
            return None;
        }
        for ancestor in project.mro(*class).classes {
            match ancestor {
                ClassValue::Known(ancestor) => {
                    if !is_plain(ancestor) {
                        return None;
                    }
                    // what a decorator adds: `__eq__`, `__lt__`, …
                    if ancestor.site.decorators().next().is_some() {
                        left.retain(|method| !method.name.starts_with("__"));
                    }
                }
                ClassValue::External(name) if is_made_by_object(&name) => {}
                ClassValue::External(_) => return None,
            }
        }
    }
    (!left.is_empty()).then_some(left)
}

/// Whether the body of a class says all that is in it, and `object.__new__` makes its objects.
fn is_plain(class: Class<'_>) -> bool {
    let hidden = ["locals()", "vars()", "exec("];
    let parts = class.site.class_parts(|_| true);
    !class.defines("__new__")
        && !collects_again(class.site.file.source())
        && !parts
            .iter()
            .any(|part| hidden.iter().any(|name| part.text().contains(name)))
}

fn report<'p>(
    cx: &Context<'p>,
    call: Site<'p>,
    class: &ClassValue<'p>,
    left: &[AbstractMethod<'p>],
    out: &mut Findings,
) {
    let names: Vec<String> = left
        .iter()
        .map(|method| format!("`{}`", method.name))
        .collect();
    let methods = match &names[..] {
        [one] => format!("abstract method {one} is"),
        [most @ .., last] => format!("abstract methods {} and {last} are", most.join(", ")),
        [] => return,
    };
    let qualified = cx.project.qualified_class(class);
    let name = last_word(&qualified);
    let message = format!(
        "constructing `{name}` raises TypeError, because its {methods} not implemented; construct a subclass that implements {them}",
        them = if names.len() == 1 { "it" } else { "them" },
    );
    let finding = out.report(&RULE, Severity::Error, cx.file, call.range(), message);
    for method in left {
        match (method.function, class) {
            (Some(function), _) => {
                let words = format!("`{}` is left", method.name);
                finding.evidence_at(function.site.file, function.header(), words);
            }
            (None, ClassValue::Known(class)) => {
                let words = format!(
                    "it inherits abstract methods, and implements no `{}`",
                    method.name
                );
                finding.evidence_at(class.site.file, class.header(), words);
            }
            (None, ClassValue::External(_)) => {
                finding.evidence(call, format!("`{name}` is an abstract class"));
            }
        }
    }
}
