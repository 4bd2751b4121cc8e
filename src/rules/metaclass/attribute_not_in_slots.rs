//! MET015 attribute-not-in-slots. Card: knowledge/rules/MET015-attribute-not-in-slots.md

use super::{is_expected, is_made_by_object};
use crate::facts::{BindingKind, MutationKind, Resolution, SegmentFacts, Site, Subjects};
use crate::project::{Bound, Class, ClassValue, Function, Slots, Value, mangled};
use crate::rules::{Context, Findings, Rule, Severity};
use crate::syntax::{Field, Kind, Node};

pub const RULE: Rule = Rule {
    code: "MET015",
    name: "attribute-not-in-slots",
    check,
};

/// What objects of a class have room for.
struct Room<'p> {
    names: Vec<String>,
    /// The class's own `__slots__`.
    place: Site<'p>,
}

fn check(cx: &Context<'_>, out: &mut Findings) {
    for class in cx.classes(Subjects::SLOTS) {
        let Some(room) = room(cx, class) else {
            continue;
        };
        let mut stores: Vec<(&str, Site<'_>)> = Vec::new();
        let has_room = |name: &str| room.names.contains(&mangled(class.name(), name));
        let may_store =
            |facts: &SegmentFacts| facts.stored_attributes().any(|name| !has_room(name));
        let members = class.site.members_where(may_store);
        let functions = members.filter(|member| member.binding.kind == BindingKind::Function);
        for method in functions.filter_map(|member| Function::at(member.value()?)) {
            for (name, statement) in stores_of(cx, method) {
                let is_seen = stores.iter().any(|(seen, _)| *seen == name);
                if !is_seen && !has_room(name) && is_refused(cx, class, name) {
                    stores.push((name, statement));
                }
            }
        }
        let cached = match has_room("__dict__") {
            true => Vec::new(),
            false => cached_properties(cx, class),
        };
        if stores.is_empty() && cached.is_empty() || !is_closed(cx, class, &room) {
            continue;
        }
        for property in cached {
            if !heirs_have(cx, class, property.name()) {
                report_property(class, &room, property, out);
            }
        }
        for (name, statement) in stores {
            let own = mangled(class.name(), name);
            if !heirs_have(cx, class, &own) {
                report(cx, class, &room, name, statement, out);
            }
        }
    }
}

/// The properties of a class that keep their value in the object's `__dict__`.
fn cached_properties<'p>(cx: &Context<'p>, class: Class<'p>) -> Vec<Function<'p>> {
    class
        .methods_where(SegmentFacts::is_decorated)
        .filter(|method| method.has_decorator(cx.project, &["functools.cached_property"]))
        .collect()
}

fn report_property(class: Class<'_>, room: &Room<'_>, property: Function<'_>, out: &mut Findings) {
    let message = format!(
        "`cached_property` keeps the value in the object's `__dict__`, and `{}` objects have only their slots: Python raises TypeError when `{}` is read; add `__dict__` to the slots, or use a plain property",
        class.name(),
        property.name()
    );
    let (file, range) = (property.site.file, property.header());
    let finding = out.report(&RULE, Severity::Error, file, range, message);
    finding.evidence(room.place, "the slots");
}

/// The slots of a class and its bases, where its objects have nothing else.
fn room<'p>(cx: &Context<'p>, class: Class<'p>) -> Option<Room<'p>> {
    let Slots::Named { mut names, place } = cx.project.slots(class) else {
        return None;
    };
    let mro = cx.project.mro(class);
    if place == class.site || !mro.is_complete() || mro.inconsistent {
        return None;
    }
    for ancestor in &mro.classes {
        if cx.project.gives_dict(ancestor)? {
            return None;
        }
        match ancestor {
            ClassValue::Known(ancestor) => {
                if ancestor.defines("__setattr__") {
                    return None;
                }
                if let Slots::Named { names: more, .. } = cx.project.slots(*ancestor) {
                    names.extend(more);
                }
            }
            ClassValue::External(name) => {
                let is_builtin = matches!(
                    name.as_ref(),
                    "builtins.str"
                        | "builtins.int"
                        | "builtins.float"
                        | "builtins.bytes"
                        | "builtins.tuple"
                        | "builtins.list"
                        | "builtins.dict"
                        | "builtins.set"
                        | "builtins.frozenset"
                );
                if !is_builtin && !is_made_by_object(name) {
                    return None;
                }
            }
        }
    }
    Some(Room { names, place })
}

/// Whether the class is made of its body as it stands there, and objects of it, not only of subclasses, are made.
fn is_closed<'p>(cx: &Context<'p>, class: Class<'p>, room: &Room<'p>) -> bool {
    let project = cx.project;
    let value = ClassValue::Known(class);
    let has_room = room.names.iter().any(|name| name != "__weakref__");
    let is_abstract = || {
        let left = project.abstract_left(&value);
        left.is_none_or(|left| !left.is_empty())
    };
    project.is_made_as_written(class)
        && project.is_a_class(&value)
        && !is_abstract()
        && (has_room || project.constructions(class).into_iter().any(is_of_itself))
}

/// Whether a construction names the class itself, and not the one of an object: `self.__class__()` makes an object of the subclass that the object is of.
fn is_of_itself(call: Site<'_>) -> bool {
    let Some(mut named) = call.child(Field::Function) else {
        return false;
    };
    if let Resolution::Local(bindings) = named.resolve()
        && let [only] = &bindings[..]
        && let Some(value) = only.value()
    {
        named = value;
    }
    !named.text().ends_with(".__class__")
}

/// The attributes that a method assigns to its object, each with the statement.
fn stores_of<'p>(cx: &Context<'p>, method: Function<'p>) -> Vec<(&'p str, Site<'p>)> {
    let Some(first) = method.first_parameter() else {
        return Vec::new();
    };
    let binding = method.binding(cx.project);
    let is_known = method.site.decorators().all(|decorator| {
        let name = cx.project.qualified_decorator(decorator);
        name.is_some_and(|name| name.starts_with("builtins.") || name.starts_with("functools."))
            || decorator.text().ends_with(".setter")
    });
    let asks = ["__dict__", "hasattr(", "setattr("];
    let text = method.site.text();
    if binding != Bound::Instance || !is_known || asks.iter().any(|word| text.contains(word)) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for mutation in method.site.mutations() {
        let target = method.site.at(mutation.target);
        let attribute = match mutation.kind {
            MutationKind::Attribute => target.node.parent(),
            MutationKind::Augmented => Some(target.node),
            _ => None,
        };
        let Some(attribute) = attribute.filter(|node| node.kind() == Kind::Attribute) else {
            continue;
        };
        let object = attribute
            .child(Field::Object)
            .filter(|object| object.kind() == Kind::Name);
        let name = attribute.child(Field::Attribute).map_or("", Node::text);
        let is_own = object.is_some_and(|object| {
            object.text() == first && is_the_parameter(method, method.site.with(object))
        });
        let statement = method.site.at(mutation.node);
        let is_annotation = statement
            .node
            .with_descendants()
            .any(|node| node.kind() == Kind::Assignment && node.child(Field::Right).is_none());
        if is_own && !is_annotation && !is_expected(statement, "AttributeError") {
            found.push((name, statement));
        }
    }
    found
}

/// Whether a name is a method's first parameter, never bound to something else.
fn is_the_parameter<'p>(method: Function<'p>, name: Site<'p>) -> bool {
    let bindings = match name.resolve() {
        Resolution::Local(bindings) => bindings,
        _ => return false,
    };
    let parameter = method.parameters().next();
    match &bindings[..] {
        [one] => parameter.is_some_and(|parameter| parameter.name == one.name),
        _ => false,
    }
}

/// Whether the class has nothing that takes an assignment to the name: no property or other descriptor, and nothing that is not known.
fn is_refused<'p>(cx: &Context<'p>, class: Class<'p>, name: &str) -> bool {
    let is_plain = |ancestor: Class<'p>| {
        ancestor.site.members_named(name).iter().all(|member| {
            let value = member.value().map(|value| cx.project.evaluate(value));
            match value {
                Some(Value::None) => true,
                Some(Value::Instance(ClassValue::External(class))) => {
                    class.starts_with("builtins.") && class.as_ref() != "builtins.property"
                }
                _ => member.value().is_none(),
            }
        })
    };
    !matches!(name, "__class__" | "__dict__" | "__doc__")
        && cx.project.known_mro(class).into_iter().all(is_plain)
}

/// Whether a subclass has room for the attribute, or may have.
fn heirs_have<'p>(cx: &Context<'p>, class: Class<'p>, name: &str) -> bool {
    cx.project.descendants(class).into_iter().any(|heir| {
        let mro = cx.project.mro(heir);
        !mro.is_complete()
            || mro.classes.iter().any(|ancestor| match ancestor {
                ClassValue::Known(known) => match cx.project.slots(*known) {
                    Slots::Named { names, .. } => {
                        names.iter().any(|own| own == name || own == "__dict__")
                            || known.defines(name)
                            || known.defines("__setattr__")
                    }
                    Slots::Absent | Slots::Unknown => true,
                },
                ClassValue::External(_) => cx.project.gives_dict(ancestor) != Some(false),
            })
    })
}

fn report<'p>(
    cx: &Context<'p>,
    class: Class<'p>,
    room: &Room<'p>,
    name: &str,
    statement: Site<'p>,
    out: &mut Findings,
) {
    let is_shared = cx
        .project
        .known_mro(class)
        .iter()
        .any(|class| class.defines(name));
    let why = if is_shared {
        "it is an attribute of the class, which an object can only read"
    } else {
        "there is no slot of that name and no `__dict__`"
    };
    let message = format!(
        "this line raises AttributeError: objects of `{class}` have no room for `{name}`: {why}; add `{name}` to the slots, or correct the name",
        class = class.name(),
    );
    let finding = out.report(&RULE, Severity::Error, cx.file, statement.range(), message);
    finding.evidence(room.place, "the slots");
}
