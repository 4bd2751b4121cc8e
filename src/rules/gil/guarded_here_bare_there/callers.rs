//! Whether a method may run while another thread holds the lock of its object.

use super::super::{has_arguments, racing};
use crate::facts::Site;
use crate::project::{Class, ClassValue, Function, Value, argument};
use crate::rules::Context;
use crate::syntax::{Field, Kind, Node};

/// Words in the names of methods that run before others have the object, when they have it no more, or with the lock held.
const ALONE: &[&str] = &[
    "init",
    "new",
    "setstate",
    "getstate",
    "reduce",
    "del",
    "setup",
    "set",
    "start",
    "open",
    "connect",
    "close",
    "stop",
    "shutdown",
    "teardown",
    "terminate",
    "finalize",
    "cleanup",
    "exit",
    "enter",
    "fork",
    "lock",
    "locked",
    "unlocked",
    "unsafe",
    "test",
    "testing",
];

/// How many methods are asked who calls them, and how many places that name one are looked at, before it counts as not known.
const METHODS: usize = 8;
const PLACES: usize = 40;

/// Whether somebody is seen, or is free, to call a method without its object's lock while others have the object.
pub(super) fn may_meet<'p>(cx: &Context<'p>, class: Class<'p>, method: Function<'p>) -> bool {
    let mut asked = Vec::new();
    let mut todo = vec![method];
    while let Some(next) = todo.pop() {
        if asked.contains(&next) || is_alone(next) {
            continue;
        }
        if asked.len() >= METHODS || starts_or_joins(cx, next) {
            return false;
        }
        asked.push(next);
        let chains = cx.project.chains(next);
        if chains.iter().any(|chain| racing::is_bare(cx, chain)) {
            return true;
        }
        let is_private = next.name().starts_with('_');
        match callers(cx, class, next) {
            Callers::Bare(_) | Callers::None if !is_private => return true,
            Callers::Bare(bare) => todo.extend(bare),
            Callers::None | Callers::Locked | Callers::Unknown => {}
        }
    }
    false
}

/// Who calls a method on its object.
enum Callers<'p> {
    /// Nobody in the project.
    None,
    /// Only those who hold a lock.
    Locked,
    /// Also somebody who cannot be told, or it is given away.
    Unknown,
    /// Also these, who hold no lock.
    Bare(Vec<Function<'p>>),
}

fn callers<'p>(cx: &Context<'p>, class: Class<'p>, method: Function<'p>) -> Callers<'p> {
    let name = method.name();
    let is_private = name.starts_with('_');
    let mut bare = Vec::new();
    let mut is_locked = false;
    // whoever is free to call it need not be looked for
    let parts: Vec<Site<'p>> = if is_private {
        let segments = cx.project.mentions(name).into_iter();
        segments.map(|(file, segment)| file.root(segment)).collect()
    } else {
        class
            .site
            .class_parts_with(name, |facts| facts.mentions(name))
    };
    let places = parts.iter().flat_map(|part| {
        let named = part.body().named(name).map(|node| part.at(node));
        named.filter(|site| part.node.contains(site.node))
    });
    for (count, place) in places.enumerate() {
        let attribute = place.node.parent().filter(|parent| {
            parent.kind() == Kind::Attribute && place.node.field() == Field::Attribute
        });
        let Some(attribute) = attribute else { continue };
        let object = place.with(attribute).child(Field::Object);
        let Some(is_own) = object.and_then(|object| is_of(cx, class, object)) else {
            continue;
        };
        let is_called = attribute.field() == Field::Function;
        let caller = Function::around(place);
        if count > PLACES || is_private && !(is_own && is_called) {
            return Callers::Unknown;
        }
        match caller {
            Some(caller) if caller == method => {}
            Some(caller) if cx.project.may_be_locked(caller, place) => is_locked = true,
            Some(caller) if is_own && is_called => bare.push(caller),
            _ => {}
        }
    }
    match (bare.is_empty(), is_locked) {
        (false, _) => Callers::Bare(bare),
        (true, true) => Callers::Locked,
        (true, false) => Callers::None,
    }
}

/// Whether an object is the own object of a method of the class, or of a class that it is related to; None for an object of another class.
fn is_of<'p>(cx: &Context<'p>, class: Class<'p>, object: Site<'p>) -> Option<bool> {
    let method = Function::around(object);
    let is_own = method.and_then(Function::first_parameter) == Some(object.text());
    let related = |other: Class<'p>| {
        let value = ClassValue::Known(class);
        other == class
            || cx.project.mro(other).classes.contains(&value)
            || cx
                .project
                .mro(class)
                .classes
                .contains(&ClassValue::Known(other))
    };
    match cx.project.evaluate(object) {
        Value::Instance(ClassValue::Known(other)) | Value::Class(other) => {
            related(other).then_some(is_own && other == class)
        }
        Value::Unknown => Some(false),
        _ => None,
    }
}

fn is_alone(method: Function<'_>) -> bool {
    let name = method.name().to_ascii_lowercase();
    name.split('_').any(|word| ALONE.contains(&word))
}

/// Whether a method starts threads, or waits for their end: it knows when it is alone.
fn starts_or_joins<'p>(cx: &Context<'p>, method: Function<'p>) -> bool {
    method.calls().any(|call| {
        let callee = call.node.child(Field::Function);
        let name = callee
            .and_then(|callee| callee.child(Field::Attribute))
            .map(Node::text);
        let waits_or_starts = match name {
            Some("start") => !has_arguments(call),
            Some("join") => !has_arguments(call) || argument(call, 1, "timeout").is_some(),
            _ => false,
        };
        waits_or_starts || cx.project.thread_start(call).is_some()
    })
}
