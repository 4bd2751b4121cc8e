//! Metaclasses and class creation.

pub mod abstract_instantiated;
pub mod abstract_without_abc;
pub mod attribute_not_in_slots;
pub mod class_keyword_not_accepted;
pub mod dunder_on_instance;
pub mod inconsistent_mro;
pub mod init_subclass_breaks_chain;
pub mod init_subclass_suffices;
pub mod metaclass_attribute_ignored;
pub mod metaclass_call_bypassed;
pub mod metaclass_conflict;
pub mod metaclass_lost;
pub mod metaclass_method_on_a_class;
pub mod namespace_check_misses_inherited;
pub mod new_returns_nothing;
pub mod prepare_not_classmethod;
pub mod slots_conflict;
pub mod slots_without_effect;

use std::ops::Range;

use super::Context;
use super::expected::is_expected;
use crate::facts::Site;
use crate::project::{Class, ClassValue, Value};
use crate::syntax::{Field, Kind, Node};

/// The last word of a qualified name.
fn last_word(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

/// Whether objects of a class of the standard library are made by `object.__new__`, as far as that is known.
fn is_made_by_object(name: &str) -> bool {
    let modules = ["collections.abc.", "_collections_abc.", "numbers."];
    let classes = [
        "abc.ABC",
        "typing.Generic",
        "typing.Protocol",
        "contextlib.AbstractContextManager",
        "contextlib.AbstractAsyncContextManager",
        "os.PathLike",
    ];
    classes.contains(&name) || modules.iter().any(|module| name.starts_with(module))
}

/// The edit that adds an argument to a class statement, behind the others.
fn with_argument(
    cx: &Context<'_>,
    class: Class<'_>,
    argument: &str,
) -> Option<(Range<usize>, String)> {
    let Some(list) = class.site.child(Field::Superclasses) else {
        let end = class.header().end;
        let after = cx.file.source().get(end..)?;
        let is_body = after.trim_start().starts_with(':');
        return is_body.then(|| (end..end, format!("({argument})")));
    };
    match list.node.children().last() {
        Some(last) => {
            let end = list.with(last).range().end;
            Some((end..end, format!(", {argument}")))
        }
        None => Some((list.range(), format!("({argument})"))),
    }
}

/// Whether code of the project reads an attribute by its name from what may be an object of a class or, with `of_class`, from the class itself.
fn is_read<'p>(cx: &Context<'p>, class: Class<'p>, name: &str, of_class: bool) -> bool {
    let Some(objects) = objects_read(cx, name) else {
        return true;
    };
    let derives = |one: Class<'p>, other: Class<'p>| cx.project.known_mro(one).contains(&other);
    let may_be = |other: Class<'p>| derives(class, other) || derives(other, class);
    objects
        .into_iter()
        .any(|object| match cx.project.evaluate(object) {
            Value::External(_) | Value::Module(_) | Value::Instance(ClassValue::External(_)) => {
                false
            }
            Value::Class(other) => of_class && may_be(other),
            Value::Instance(ClassValue::Known(other)) => may_be(other),
            _ => true,
        })
}

/// The objects of which code of the project reads an attribute by its name. None where a text names it too, for `getattr` perhaps.
fn objects_read<'p>(cx: &Context<'p>, name: &str) -> Option<Vec<Site<'p>>> {
    let forms = [format!("'{name}'"), format!("\"{name}\"")];
    let dotted = format!(".{name}");
    let mut found = Vec::new();
    for (file, segment) in cx.project.mentions(name) {
        let text = file.segment(segment).text();
        if forms.iter().any(|form| text.contains(form)) {
            return None;
        }
        if text.contains(&dotted) {
            let root = file.root(segment);
            let names = root.body().named(name).map(|name| root.at(name));
            found.extend(names.filter_map(object_read));
        }
    }
    Some(found)
}

/// For an attribute's name that is read, the object; not where that is `super()`, nor where it is only handed on to an attribute of the same name: `self.__len__ = names.__len__`.
fn object_read(name: Site<'_>) -> Option<Site<'_>> {
    let attribute = name.node.parent()?;
    let is_name = name.node.field() == Field::Attribute && attribute.kind() == Kind::Attribute;
    let is_stored = attribute.parent().is_some_and(|around| {
        matches!(around.kind(), Kind::Assignment | Kind::Delete)
            && around.child(Field::Right) != Some(attribute)
    });
    let is_handed_on = attribute.ancestors().any(|around| {
        let left = around
            .child(Field::Left)
            .filter(|_| around.kind() == Kind::Assignment);
        left.is_some_and(|left| {
            let mut targets = left.with_descendants();
            targets.any(|target| {
                target.kind() == Kind::Attribute
                    && target.child(Field::Attribute).map(Node::text) == Some(name.text())
            })
        })
    });
    let object = name.with(attribute.child(Field::Object)?);
    (is_name && !is_stored && !is_handed_on && !object.text().starts_with("super("))
        .then_some(object)
}
