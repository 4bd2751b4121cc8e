//! MET017 metaclass-method-on-a-class. Card: knowledge/rules/MET017-metaclass-method-on-a-class.md

use super::is_read;
use crate::facts::{Site, Subjects};
use crate::project::{Class, ClassValue, Function, Metaclass, Value};
use crate::rules::{Context, Findings, Rule, Severity};
use crate::syntax::{Field, Kind, Node};

pub const RULE: Rule = Rule {
    code: "MET017",
    name: "metaclass-method-on-a-class",
    check,
};

/// The methods, and what Python asks them for.
const HOOKS: [(&str, &str); 4] = [
    ("__instancecheck__", "`isinstance(…, {})`"),
    ("__subclasscheck__", "`issubclass(…, {})`"),
    ("__prepare__", "a class statement"),
    ("__mro_entries__", "a class statement with `{}` as a base"),
];

fn check(cx: &Context<'_>, out: &mut Findings) {
    for class in cx.classes(Subjects::CLASS_HOOKS) {
        let mut is_asked = None;
        for (name, asked) in HOOKS {
            // what refuses everything is of a class whose objects stand in the place of classes
            let Some(method) = class.method(name).filter(|method| !method.only_raises()) else {
                continue;
            };
            let is_plain = || is_plain_class(cx, class) && !has_free_objects(cx, class);
            if *is_asked.get_or_insert_with(is_plain) && !is_read(cx, class, name, true) {
                report(cx, class, method, asked, out);
            }
        }
    }
}

/// Whether a class is known to be no metaclass, nor part of one.
fn is_plain_class<'p>(cx: &Context<'p>, class: Class<'p>) -> bool {
    let project = cx.project;
    let value = ClassValue::Known(class);
    let mut family = project.descendants(class);
    family.push(class);
    project.mro(class).is_complete()
        && matches!(project.metaclass(&value), Metaclass::Is(metaclass) if project.mro_of(&metaclass).is_complete())
        && project.is_a_class(&value)
        && project.derives_from(&value, "enum.Enum") == Some(false)
        && family.into_iter().all(|member| {
            project.derives_from(&ClassValue::Known(member), "builtins.type") == Some(false)
                && project.made_by_metaclass(member).is_empty()
        })
}

/// Whether an object of the class, or of a subclass, goes where it may stand in the place of a class.
fn has_free_objects<'p>(cx: &Context<'p>, class: Class<'p>) -> bool {
    let mut family = cx.project.descendants(class);
    family.push(class);
    family.into_iter().any(|member| {
        let mut made = cx.project.constructions(member).into_iter();
        let makes_its_own = || {
            let parts = member.site.class_parts(|_| true);
            let forms = ["cls(", "type(self)(", "__class__("];
            parts
                .iter()
                .any(|part| forms.iter().any(|form| part.text().contains(form)))
        };
        made.any(|call| !stays_local(call)) || makes_its_own() || is_given_away(cx, member)
    })
}

/// Whether the object that a call makes is bound to a local name, and only its attributes are used.
fn stays_local(call: Site<'_>) -> bool {
    let assignment = call
        .node
        .parent()
        .filter(|node| node.kind() == Kind::Assignment);
    let name = assignment.and_then(|node| node.child(Field::Left));
    let Some(name) = name.filter(|name| name.kind() == Kind::Name) else {
        return false;
    };
    let Some(function) = Function::around(call) else {
        return false;
    };
    let names =
        function.site.node.descendants().filter(|node| {
            node.kind() == Kind::Name && node.text() == name.text() && *node != name
        });
    let is_object = |node: Node<'_>| {
        let parent = node.parent();
        parent.is_some_and(|parent| parent.kind() == Kind::Attribute)
            && node.field() == Field::Object
    };
    names.into_iter().all(is_object)
}

/// Whether the class itself is an argument of a call that may construct it.
fn is_given_away<'p>(cx: &Context<'p>, class: Class<'p>) -> bool {
    named(cx, class).any(|name| {
        let arguments = name
            .node
            .parent()
            .filter(|node| node.kind() == Kind::ArgumentList);
        let call = arguments
            .and_then(Node::parent)
            .filter(|node| node.kind() == Kind::Call);
        let callee = call.and_then(|call| call.child(Field::Function));
        callee.is_some_and(|callee| {
            !matches!(
                callee.text(),
                "isinstance" | "issubclass" | "print" | "super" | "cast"
            ) && cx.project.evaluate(name) == Value::Class(class)
        })
    })
}

/// The places where the class may be named.
fn named<'p>(cx: &Context<'p>, class: Class<'p>) -> impl Iterator<Item = Site<'p>> {
    let segments = cx.project.mentions(class.name()).into_iter();
    segments
        .flat_map(move |(file, segment)| {
            let root = file.root(segment);
            let names = root
                .node
                .descendants()
                .filter(|node| node.kind() == Kind::Name);
            names.map(move |node| root.with(node))
        })
        .filter(move |site| site.node.field() != Field::Attribute)
}

/// The places that would ask the method, if it were a metaclass's.
fn uses<'p>(cx: &Context<'p>, class: Class<'p>, method: &str) -> Vec<Site<'p>> {
    let asker = match method {
        "__instancecheck__" => "isinstance",
        "__subclasscheck__" => "issubclass",
        "__mro_entries__" => {
            let heirs = cx.project.subclasses(class).into_iter();
            let is_base =
                |base: &Site<'p>| cx.project.base_class(*base) == Some(ClassValue::Known(class));
            return heirs
                .filter_map(|heir| heir.bases().find(is_base))
                .collect();
        }
        _ => return Vec::new(),
    };
    let segments = cx.project.mentions(class.name()).into_iter();
    let calls = segments.flat_map(|(file, segment)| {
        let root = file.root(segment);
        root.body().calls.iter().map(move |call| root.at(*call))
    });
    let is_use = |call: &Site<'p>| {
        let callee = call.child(Field::Function);
        let second = call
            .child(Field::Arguments)
            .and_then(|arguments| Some(arguments.with(arguments.node.children().nth(1)?)));
        callee.is_some_and(|callee| callee.text() == asker)
            && second.is_some_and(|second| cx.project.evaluate(second) == Value::Class(class))
    };
    calls.filter(is_use).collect()
}

fn report<'p>(
    cx: &Context<'p>,
    class: Class<'p>,
    method: Function<'p>,
    asked: &str,
    out: &mut Findings,
) {
    let name = class.name();
    let message = format!(
        "Python never asks this `{method}`: for {asked} it looks on the metaclass, and `{name}` is none; define it in a metaclass of `{name}`",
        method = method.name(),
        asked = asked.replace("{}", name),
    );
    let finding = out.report(&RULE, Severity::Warning, cx.file, method.header(), message);
    let uses = uses(cx, class, method.name());
    for used in &uses {
        finding.evidence(*used, "it is not asked here");
    }
    if uses.is_empty() {
        finding.evidence_at(
            class.site.file,
            class.header(),
            "a class that is no metaclass",
        );
    }
}
