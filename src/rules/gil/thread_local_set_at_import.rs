//! GIL028 thread-local-set-at-import. Card: knowledge/rules/GIL028-thread-local-set-at-import.md

use crate::facts::{BindingKind, BindingSite, Resolution, ScopeKind, Site};
use crate::project::{ClassValue, Function, Value, whole_target};
use crate::rules::expected::is_expected;
use crate::rules::{Context, Findings, Rule, Severity};
use crate::syntax::{CutKind, Field, Kind, Node};

pub const RULE: Rule = Rule {
    code: "GIL028",
    name: "thread-local-set-at-import",
    check,
};

fn check(cx: &Context<'_>, out: &mut Findings) {
    if !cx.file.mentions("local") {
        return;
    }
    for name in locals(cx) {
        let Some(uses) = uses(cx, name) else {
            continue;
        };
        let mut seen: Vec<&str> = Vec::new();
        for (attribute, statement) in &uses.set_at_import {
            if !seen.contains(attribute) && !uses.set_by_functions.contains(attribute) {
                seen.push(attribute);
                report(cx, name, attribute, *statement, &uses, out);
            }
        }
    }
}

/// The names of the module that are bound once, to a `threading.local()`.
fn locals<'p>(cx: &Context<'p>) -> Vec<Site<'p>> {
    let mut words = vec!["local"];
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(word) = words.get(at).copied() {
        at += 1;
        let segments = (0..cx.file.len()).filter(|&index| cx.file.segment(index).mentions(word));
        for root in segments.map(|index| cx.file.root(index)) {
            if root.node.tree().has_error()
                || cx.file.segment(root.segment).kind() == CutKind::Member
            {
                continue;
            }
            for (number, binding) in root.body().bindings.iter().enumerate() {
                let is_top = root.body().scopes[binding.scope].kind == ScopeKind::Root;
                let site = cx.file.binding_site(root.segment, number);
                match binding.kind {
                    BindingKind::FromImport if site.name.text() != word && at == 1 => {
                        words.push(site.name.text());
                    }
                    BindingKind::Assignment
                        if is_top && is_local(cx, &site) && !found.contains(&site.name) =>
                    {
                        found.push(site.name);
                    }
                    _ => {}
                }
            }
        }
    }
    found
}

fn is_local<'p>(cx: &Context<'p>, binding: &BindingSite<'p>) -> bool {
    let Some(value) = binding
        .value()
        .filter(|value| value.node.kind() == Kind::Call)
    else {
        return false;
    };
    let made = cx.project.evaluate(value);
    matches!(made, Value::Instance(ClassValue::External(name)) if name.as_ref() == "threading.local")
        && matches!(binding.name.resolve(), Resolution::Module(all) if all.len() == 1)
}

/// What the code of the project does with the attributes of an object.
#[derive(Default)]
struct Uses<'p> {
    /// The attribute, and the statement that sets it.
    set_at_import: Vec<(&'p str, Site<'p>)>,
    set_by_functions: Vec<&'p str>,
    /// The attribute, where it is read, and the function that does it.
    read: Vec<(&'p str, Site<'p>, Function<'p>)>,
}

/// None where code that is not known may set attributes.
fn uses<'p>(cx: &Context<'p>, name: Site<'p>) -> Option<Uses<'p>> {
    let mut uses = Uses::default();
    for object in cx.project.readings_of_module_name(name) {
        let function = Function::around(object);
        let parent = object.node.parent()?;
        // the import that brings it
        if matches!(
            parent.kind(),
            Kind::AliasedImport | Kind::DottedName | Kind::ImportFrom
        ) {
            continue;
        }
        if parent.kind() == Kind::ArgumentList {
            uses.set_by_functions.extend(through_call(object, parent)?);
            continue;
        }
        if parent.kind() != Kind::Attribute || object.node.field() != Field::Object {
            return None;
        }
        let attribute = parent.child(Field::Attribute)?.text();
        if attribute == "__dict__" {
            return None;
        }
        match (stored_by(parent), function) {
            (Some(statement), None) => uses.set_at_import.push((attribute, object.with(statement))),
            (Some(_), Some(_)) => uses.set_by_functions.push(attribute),
            (None, Some(function)) if !is_guarded(object, function) => {
                uses.read.push((attribute, object.with(parent), function));
            }
            (None, _) => {}
        }
    }
    Some(uses)
}

/// What a call that is given the object sets: nothing, or one attribute. None where that is not known.
fn through_call<'p>(object: Site<'p>, arguments: Node<'p>) -> Option<Option<&'p str>> {
    let callee = arguments.parent()?.child(Field::Function)?.text();
    let mut further = arguments.children().skip(1);
    match callee {
        "getattr" | "hasattr" => Some(None),
        "setattr" if arguments.children().next() == Some(object.node) => {
            let name = further.next().filter(|name| name.kind() == Kind::String)?;
            Some(Some(name.text().trim_matches(['"', '\''])))
        }
        _ => None,
    }
}

/// The statement that assigns to an attribute; not one that reads it first.
fn stored_by(attribute: Node<'_>) -> Option<Node<'_>> {
    let target = whole_target(attribute);
    let parent = target.parent()?;
    match (parent.kind(), target.field()) {
        (Kind::Assignment | Kind::For, Field::Left) => Some(parent),
        (Kind::AsPatternTarget, _) => parent.statement(),
        _ => None,
    }
}

/// Whether a function is prepared for the attribute to be missing.
fn is_guarded(object: Site<'_>, function: Function<'_>) -> bool {
    let asks = function.calls().any(|call| {
        let callee = call.node.child(Field::Function).map(Node::text);
        matches!(callee, Some("hasattr" | "getattr"))
            && call
                .node
                .child(Field::Arguments)
                .and_then(|arguments| arguments.children().next())
                .map(Node::text)
                == Some(object.text())
    });
    asks || is_expected(object, "AttributeError")
}

fn report<'p>(
    cx: &Context<'p>,
    name: Site<'p>,
    attribute: &str,
    statement: Site<'p>,
    uses: &Uses<'p>,
    out: &mut Findings,
) {
    if !std::ptr::eq(statement.file, cx.file) {
        return;
    }
    let reads: Vec<_> = uses
        .read
        .iter()
        .filter(|(read, _, _)| *read == attribute)
        .collect();
    let Some((_, _, first)) = reads.first() else {
        return;
    };
    let mut chains = reads
        .iter()
        .map(|(_, _, function)| (*function, cx.project.chains(*function)));
    let threaded = chains.find(|(_, chains)| !chains.is_empty());
    let place = format!("`{}.{attribute}`", name.text());
    let (severity, message) = match &threaded {
        Some((function, _)) => (
            Severity::Error,
            format!(
                "{place} is set for the thread that imports this module alone: `{}` reads it in another thread and raises `AttributeError`; make a subclass of `threading.local` with `{attribute}` as a class attribute",
                function.name()
            ),
        ),
        None => (
            Severity::Information,
            format!(
                "{place} is set for the thread that imports this module alone: in any other, `{}` raises `AttributeError`; make a subclass of `threading.local` with `{attribute}` as a class attribute",
                first.name()
            ),
        ),
    };
    let finding = out.report(&RULE, severity, cx.file, statement.range(), message);
    for (_, read, _) in reads.iter().take(8) {
        finding.evidence(*read, "It is read here");
    }
    for chain in threaded.iter().flat_map(|(_, chains)| chains).take(4) {
        finding.evidence(chain.start.call, "A thread that does it is made here");
    }
}
