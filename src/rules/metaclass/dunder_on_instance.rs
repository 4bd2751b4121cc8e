//! MET018 dunder-on-instance. Card: knowledge/rules/MET018-dunder-on-instance.md

use super::is_read;
use crate::facts::{IMPLICIT_METHODS, MutationKind, Site, Subjects};
use crate::project::{Class, ClassValue, Metaclass, Slots, Value};
use crate::rules::{Context, Findings, Rule, Severity};
use crate::syntax::{Field, Kind, Node};

pub const RULE: Rule = Rule {
    code: "MET018",
    name: "dunder-on-instance",
    check,
};

fn check(cx: &Context<'_>, out: &mut Findings) {
    for root in cx.segments(Subjects::IMPLICIT_STORES) {
        let stores = root.body().mutations.iter();
        for store in stores.filter(|store| store.kind == MutationKind::Attribute) {
            let object = root.at(store.target);
            let attribute = object
                .node
                .parent()
                .and_then(|node| node.child(Field::Attribute));
            let name = attribute.map_or("", Node::text);
            if object.node.kind() != Kind::Name || !IMPLICIT_METHODS.contains(&name) {
                continue;
            }
            if let Value::Instance(ClassValue::Known(class)) = cx.project.evaluate(object)
                && is_kept_on_object(cx, class, name)
                && !is_read(cx, class, name, false)
            {
                report(cx, class, root.at(store.node), name, out);
            }
        }
    }
}

/// Whether an assignment to an attribute of an object of the class puts it on that object, where implicit calls do not find it.
fn is_kept_on_object<'p>(cx: &Context<'p>, class: Class<'p>, name: &str) -> bool {
    let project = cx.project;
    let value = ClassValue::Known(class);
    let mro = project.mro(class);
    let has_known_metaclass = matches!(project.metaclass(&value), Metaclass::Is(metaclass) if project.mro_of(&metaclass).is_complete());
    let is_plain = |ancestor: &ClassValue<'p>| match ancestor {
        ClassValue::Known(ancestor) => {
            let takes = match project.slots(*ancestor) {
                Slots::Named { names, .. } => names.iter().any(|slot| slot == name),
                Slots::Absent => false,
                Slots::Unknown => true,
            };
            let is_property = ancestor
                .method(name)
                .is_some_and(|method| method.site.decorators().next().is_some());
            !takes && !is_property && !ancestor.defines("__setattr__")
        }
        ClassValue::External(name) => !name.starts_with("unittest.mock."),
    };
    mro.is_complete()
        && !mro.inconsistent
        && has_known_metaclass
        && !project.is_metaclass(class)
        && project.is_a_class(&value)
        && mro.classes.iter().all(is_plain)
}

fn report<'p>(
    cx: &Context<'p>,
    class: Class<'p>,
    statement: Site<'p>,
    method: &str,
    out: &mut Findings,
) {
    let name = class.name();
    let has_one = cx
        .project
        .known_mro(class)
        .iter()
        .any(|class| class.defines(method));
    let message = if has_one {
        format!(
            "when Python calls `{method}` by itself it looks on the class: the one of `{name}` is called, and this one is ignored; let the method of the class look up what to do"
        )
    } else {
        format!(
            "when Python calls `{method}` by itself it looks on the class `{name}`, and not on the object, where this one is; define `{method}` in the class"
        )
    };
    let finding = out.report(
        &RULE,
        Severity::Warning,
        cx.file,
        statement.range(),
        message,
    );
    finding.evidence_at(class.site.file, class.header(), "Python looks here");
}
