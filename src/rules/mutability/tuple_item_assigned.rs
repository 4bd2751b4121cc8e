//! MUT014 tuple-item-assigned. Card: knowledge/rules/MUT014-tuple-item-assigned.md

use crate::facts::{BindingKind, MutationKind, Site, Subjects};
use crate::project::{Class, ClassValue, Value};
use crate::rules::expected::is_expected;
use crate::rules::{Context, Findings, Rule, Severity};
use crate::syntax::{Field, Kind, Node};

pub const RULE: Rule = Rule {
    code: "MUT014",
    name: "tuple-item-assigned",
    check,
};

fn check(cx: &Context<'_>, out: &mut Findings) {
    for root in cx.segments(Subjects::NUMBERED_STORES) {
        for mutation in &root.body().mutations {
            let (target, statement) = (root.at(mutation.target), root.at(mutation.node));
            if matches!(mutation.kind, MutationKind::Item | MutationKind::Delete)
                && target.node.field() == Field::Value
                && matches!(
                    statement.node.kind(),
                    Kind::ExpressionStatement | Kind::Delete
                )
                && is_tuple(cx, target)
                && !is_asked(target)
                && !is_expected(statement, "TypeError")
            {
                report(cx, target, statement, mutation.kind, out);
            }
        }
    }
}

/// Whether the object of an expression is a tuple, and stays one.
fn is_tuple<'p>(cx: &Context<'p>, site: Site<'p>) -> bool {
    if !has_fixed_places(cx, &cx.project.evaluate(site)) {
        return false;
    }
    let site = site.with(site.node.unparenthesized());
    let (Some(object), Some(name)) = (site.child(Field::Object), site.child(Field::Attribute))
    else {
        return true;
    };
    match cx.project.evaluate(object) {
        Value::Instance(ClassValue::Known(class)) | Value::Class(class) => {
            let family = cx.project.family(class);
            let is_kept = family
                .iter()
                .all(|class| keeps_tuples(cx, *class, name.text()));
            is_kept && !is_stored_from_outside(cx, &family, name.text())
        }
        _ => true,
    }
}

/// Whether all that a class's own code binds an attribute to is a tuple.
fn keeps_tuples(cx: &Context<'_>, class: Class<'_>, name: &str) -> bool {
    let of_self = class.stores_to_self(name).into_iter();
    let mut stored = of_self.map(|(_, value)| value);
    let members = class.site.members_named(name);
    let mut members = members.iter().map(|member| match member.binding.kind {
        BindingKind::Assignment => member.value(),
        _ => None,
    });
    let is_tuple = |value: Option<Site<'_>>| {
        value.is_some_and(|value| has_fixed_places(cx, &cx.project.evaluate(value)))
    };
    stored.all(is_tuple) && members.all(is_tuple)
}

/// Whether other code may put something else in the place of an attribute: `shape.size = [1, 2]`. It is only asked where a finding is near.
fn is_stored_from_outside<'p>(cx: &Context<'p>, family: &[Class<'p>], name: &str) -> bool {
    cx.project
        .mentions(name)
        .into_iter()
        .filter(|(file, segment)| file.segment(*segment).may_store_attribute(name))
        .any(|(file, segment)| {
            let root = file.root(segment);
            let stores = root.body().mutations.iter();
            let mut stores = stores.filter(|store| store.kind == MutationKind::Attribute);
            stores.any(|store| {
                let object = root.at(store.target);
                let attribute = object.node.parent();
                let assignment = attribute.and_then(Node::parent);
                let is_named = attribute
                    .and_then(|attribute| attribute.child(Field::Attribute))
                    .is_some_and(|attribute| attribute.text() == name);
                let is_tuple = || {
                    let value = assignment.and_then(|assignment| assignment.child(Field::Right));
                    value.is_some_and(|value| {
                        has_fixed_places(cx, &cx.project.evaluate(root.with(value)))
                    })
                };
                let is_another = || match cx.project.evaluate(object) {
                    Value::Instance(ClassValue::Known(class)) | Value::Class(class) => {
                        !family.contains(&class)
                    }
                    Value::Unknown => false,
                    _ => true,
                };
                is_named && !is_tuple() && !is_another()
            })
        })
}

fn has_fixed_places(cx: &Context<'_>, value: &Value<'_>) -> bool {
    let Value::Instance(class) = value else {
        return false;
    };
    match class {
        ClassValue::External(name) => name.as_ref() == "builtins.tuple",
        ClassValue::Known(known) => {
            let is_named = || cx.project.derives_from(class, "typing.NamedTuple") == Some(true);
            let is_tuple = || cx.project.derives_from(class, "builtins.tuple") == Some(true);
            let assigns = ["__setitem__", "__delitem__"]
                .iter()
                .any(|method| cx.project.defines_somewhere(*known, method));
            (is_tuple() || is_named()) && !assigns && cx.project.mro(*known).is_complete()
        }
    }
}

/// Whether the function asks what the object is: it may be something else.
fn is_asked(target: Site<'_>) -> bool {
    let around = target
        .node
        .ancestors()
        .find(|node| matches!(node.kind(), Kind::FunctionDef | Kind::Lambda | Kind::Module));
    around.is_some_and(|around| {
        let calls = around
            .descendants()
            .filter(|node| node.kind() == Kind::Call);
        calls.into_iter().any(|call| {
            let callee = call.child(Field::Function);
            let arguments = call.child(Field::Arguments);
            let first = arguments.and_then(|arguments| arguments.children().next());
            let asks = ["isinstance", "hasattr", "type"];
            callee.is_some_and(|callee| asks.contains(&callee.text()))
                && first.is_some_and(|first| first.text() == target.text())
        })
    })
}

/// How many names lead to the tuple.
const NAMES: usize = 4;

/// Where a tuple comes from: the expression that makes it, the annotation or the parameter that says so.
fn origin<'p>(cx: &Context<'p>, site: Site<'p>, depth: usize) -> Option<Site<'p>> {
    let site = site.with(site.node.unparenthesized());
    if depth > NAMES {
        return None;
    }
    match site.node.kind() {
        Kind::Name => {
            let bound = cx.project.only_binding(site)?;
            match bound.binding.kind {
                BindingKind::Assignment => origin(cx, bound.value()?, depth + 1),
                BindingKind::Parameter => Some(bound.name),
                _ => None,
            }
        }
        Kind::Attribute => {
            let name = site.node.child(Field::Attribute)?.text();
            match cx.project.evaluate(site.child(Field::Object)?) {
                Value::Module(file) => {
                    let last = file.module_bindings(name).pop()?;
                    let is_value = last.binding.kind == BindingKind::Assignment;
                    origin(cx, last.value().filter(|_| is_value)?, depth + 1)
                }
                Value::Class(class) | Value::Instance(ClassValue::Known(class)) => {
                    let mro = cx.project.mro(class);
                    let known = mro.classes.iter().filter_map(|class| match class {
                        ClassValue::Known(class) => Some(*class),
                        ClassValue::External(_) => None,
                    });
                    known.into_iter().find_map(|class| {
                        let stored = class.assigned_to_self(name).into_iter().next();
                        stored.or_else(|| class.site.members_named(name).pop()?.value())
                    })
                }
                _ => None,
            }
        }
        _ => Some(site),
    }
}

fn report<'p>(
    cx: &Context<'p>,
    target: Site<'p>,
    statement: Site<'p>,
    kind: MutationKind,
    out: &mut Findings,
) {
    let name = target.text();
    let is_augmented = statement.node.child_of(Kind::AugmentedAssignment).is_some();
    let message = if kind == MutationKind::Delete {
        format!(
            "`{name}` is a tuple, and its places cannot be deleted: Python raises TypeError; make a new tuple without it"
        )
    } else if is_augmented {
        format!(
            "`{name}` is a tuple, and its places cannot be assigned: Python raises TypeError, and a list in that place has been changed by then; \
             change the element itself, or make a new tuple"
        )
    } else {
        format!(
            "`{name}` is a tuple, and its places cannot be assigned: Python raises TypeError; make a new tuple, or use a list"
        )
    };
    let finding = out.report(&RULE, Severity::Error, cx.file, statement.range(), message);
    if let Some(origin) = origin(cx, target, 0) {
        finding.evidence(origin, "this is the tuple");
    }
}
