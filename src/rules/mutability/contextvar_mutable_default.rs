//! MUT011 contextvar-mutable-default. Card: knowledge/rules/MUT011-contextvar-mutable-default.md

use super::{followed, is_container, made, what_is_made};
use crate::facts::{BindingKind, Site, Subjects};
use crate::project::{Class, ClassValue, Part, Reach, Use};
use crate::rules::context::line;
use crate::rules::{Context, Findings, Rule, Severity};
use crate::syntax::{Field, Kind};

pub const RULE: Rule = Rule {
    code: "MUT011",
    name: "contextvar-mutable-default",
    check,
};

fn check(cx: &Context<'_>, out: &mut Findings) {
    for call in cx.calls(Subjects::CONTEXT_VARS) {
        if let Some(default) = default(call)
            && is_context_variable(cx, call)
            && let Some(class) = made_once(cx, default)
        {
            check_variable(cx, call, default, class, out);
        }
    }
}

/// The value of `default=`.
fn default(call: Site<'_>) -> Option<Site<'_>> {
    let arguments = call.child(Field::Arguments)?;
    let mut keywords = arguments.node.children();
    let default = keywords.find(|argument| {
        argument.kind() == Kind::KeywordArgument
            && argument
                .child(Field::Name)
                .is_some_and(|name| name.text() == "default")
    })?;
    call.with(default).child(Field::Value)
}

fn is_context_variable(cx: &Context<'_>, call: Site<'_>) -> bool {
    let callee = call.child(Field::Function);
    let name = callee.and_then(|callee| cx.project.qualified(callee));
    name.is_some_and(|name| name.as_ref() == "contextvars.ContextVar")
}

/// The class of an object that the default's expression makes, itself or under a name.
fn made_once<'p>(cx: &Context<'p>, default: Site<'p>) -> Option<ClassValue<'p>> {
    let default = default.with(default.node.unparenthesized());
    match default.node.kind() {
        Kind::Name => {
            let bound = cx.project.only_binding(default)?;
            let is_value = bound.binding.kind == BindingKind::Assignment;
            made(cx, bound.value().filter(|_| is_value)?)
        }
        Kind::Attribute | Kind::Subscript => None,
        _ => made(cx, default),
    }
}

fn check_variable<'p>(
    cx: &Context<'p>,
    call: Site<'p>,
    default: Site<'p>,
    class: ClassValue<'p>,
    out: &mut Findings,
) {
    let (mut changes, is_all) = uses(cx, call, default, &class);
    let is_only_read = is_all && changes.is_empty();
    changes.retain(|found| found.reach == Reach::Mutated);
    if changes.is_empty() && !is_container(cx, &class) {
        return;
    }
    let what = what_is_made(&class);
    let name = bound_to(call).map_or("the variable", Site::text);
    let then = changes.first().map_or_else(String::new, |first| {
        format!(", and it is changed in line {}", line(first.site))
    });
    let severity = match is_only_read {
        true => Severity::Information,
        false => Severity::Warning,
    };
    let message = format!(
        "every task and every thread that has set nothing gets this one {what} from `{name}`{then}: \
         leave the default out or make it immutable, and `set` a new object in each context"
    );
    let finding = out.report(&RULE, severity, cx.file, default.range(), message);
    for change in changes {
        finding.evidence(change.site, format!("changes the one {what}"));
    }
}

/// The target that the variable is bound to.
fn bound_to(call: Site<'_>) -> Option<Site<'_>> {
    let assignment = call.with(call.node.parent()?);
    let is_value = call.node.field() == Field::Right && assignment.node.kind() == Kind::Assignment;
    assignment.child(Field::Left).filter(|_| is_value)
}

/// What is done with what `get()` gives where the variable is read: changes and ways out; and whether that is all that is done, by somebody at least.
fn uses<'p>(
    cx: &Context<'p>,
    call: Site<'p>,
    default: Site<'p>,
    class: &ClassValue<'p>,
) -> (Vec<Use<'p>>, bool) {
    let Some(target) = bound_to(call) else {
        return (Vec::new(), false);
    };
    let readings = match target
        .class_around(target.scope())
        .and_then(|(class, _)| Class::at(class))
    {
        Some(class) => cx.project.readings_of_attribute(class, target.text()),
        None if target.node.kind() == Kind::Name => cx.project.readings_of_name(target),
        None => Vec::new(),
    };
    let mut found: Vec<Use<'p>> = Vec::new();
    let mut gets = 0;
    let mut is_all = true;
    for reading in readings {
        let Some(got) = got(reading) else {
            is_all &= is_set(reading);
            continue;
        };
        gets += 1;
        let mut object = followed(cx, default, class.clone());
        // it may have been filled by then
        object.empty = false;
        let has_elements = object.element.is_some() || matches!(class, ClassValue::Known(_));
        let uses = cx.project.uses_of_value(got, object);
        found.extend(uses.into_iter().filter(|found| match found.part {
            Part::Whole => true,
            Part::Element => has_elements,
            Part::Copy => false,
        }));
    }
    (found, is_all && gets > 0)
}

/// Whether a variable is only set, or set back.
fn is_set(variable: Site<'_>) -> bool {
    let method = variable
        .node
        .parent()
        .and_then(|attribute| attribute.child(Field::Attribute));
    method.is_some_and(|method| matches!(method.text(), "set" | "reset"))
}

/// The call in `variable.get()`.
fn got(variable: Site<'_>) -> Option<Site<'_>> {
    let attribute = variable.node.parent()?;
    let is_get = attribute.child(Field::Attribute)?.text() == "get";
    let call = attribute.parent().filter(|_| is_get)?;
    (call.kind() == Kind::Call && attribute.field() == Field::Function).then(|| variable.with(call))
}
