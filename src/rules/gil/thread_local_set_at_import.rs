//! GIL028 thread-local-set-at-import. Card: knowledge/rules/GIL028-thread-local-set-at-import.md

use crate::facts::{BindingKind, BindingSite, MutationKind, Resolution, ScopeKind, Site};
use crate::project::{Class, ClassValue, Function, Value, whole_target};
use crate::rules::expected::is_expected;
use crate::rules::{Context, Findings, Rule, Severity};
use crate::syntax::{CutKind, Field, Kind, Node};

pub const RULE: Rule = Rule {
    code: "GIL028",
    name: "thread-local-set-at-import",
    check,
};

fn check(cx: &Context<'_>, out: &mut Findings) {
    let segments = making_locals(cx);
    for name in locals(cx, &segments) {
        let objects = cx.project.readings_of_module_name(name);
        let Some(uses) = uses(objects, |function| function.is_none()) else {
            continue;
        };
        for (attribute, statement) in uses.set_only_once() {
            report(cx, name, attribute, statement, &uses, out);
        }
    }
    for (class, place) in locals_of_objects(cx, &segments) {
        let name = place.node.child(Field::Attribute).map_or("", Node::text);
        let objects = cx.project.readings_of_attribute(class, name);
        let in_init = |function: Option<Function<'_>>| {
            function.is_some_and(|function| function.name() == "__init__")
        };
        let Some(uses) = uses(objects, in_init) else {
            continue;
        };
        for (attribute, statement) in uses.set_only_once() {
            report_object(cx, class, place, attribute, statement, &uses, out);
        }
    }
}

/// The segments that, by words, may call `threading.local`, under whatever name.
fn making_locals(cx: &Context<'_>) -> Vec<usize> {
    if !cx.file.mentions("local") {
        return Vec::new();
    }
    let aliases = cx.file.kin().aliases("local").iter().map(AsRef::as_ref);
    let words: Vec<&str> = std::iter::once("local").chain(aliases).collect();
    let calls = |index: &usize| {
        let segment = cx.file.segment(*index);
        words.iter().any(|word| segment.may_call(word))
    };
    (0..cx.file.len()).filter(calls).collect()
}

/// The attributes that an `__init__` of the file makes a `threading.local()` of, once for each object, and that only methods of the class's family name.
fn locals_of_objects<'p>(cx: &Context<'p>, segments: &[usize]) -> Vec<(Class<'p>, Site<'p>)> {
    let roots = segments.iter().map(|index| cx.file.root(*index));
    let stores = roots.flat_map(|root| {
        let mutations = root.body().mutations.iter();
        mutations
            .filter(|mutation| mutation.kind == MutationKind::Attribute)
            .filter_map(move |mutation| Some(root.with(root.at(mutation.target).node.parent()?)))
    });
    stores
        .filter_map(|place| {
            let assignment = place
                .node
                .parent()
                .filter(|parent| parent.kind() == Kind::Assignment)?;
            let value = place.with(assignment.child(Field::Right)?);
            let method = Function::around(place).filter(|method| method.name() == "__init__")?;
            let class = method.class()?;
            let name = place.node.child(Field::Attribute)?.text();
            let family = cx.project.family(class);
            let is_own_or_another = |object: Site<'p>| {
                let mut classes = family.iter();
                classes.any(|class| cx.project.is_own_object(*class, object))
                    || match cx.project.evaluate(object) {
                        Value::Instance(ClassValue::Known(other)) => !family.contains(&other),
                        other => !matches!(other, Value::Unknown),
                    }
            };
            let stores = family.iter().map(|class| class.stores_to_self(name).len());
            (!place.node.tree().has_error()
                && value.node.kind() == Kind::Call
                && makes_local(cx, value)
                && stores.sum::<usize>() == 1
                && !cx.project.defines_somewhere(class, name)
                && cx.project.changes_of_attribute(name).all(is_own_or_another))
            .then_some((class, place))
        })
        .collect()
}

fn makes_local<'p>(cx: &Context<'p>, value: Site<'p>) -> bool {
    let made = cx.project.evaluate(value);
    matches!(made, Value::Instance(ClassValue::External(name)) if name.as_ref() == "threading.local")
}

/// The names of the module that are bound once, to a `threading.local()`.
fn locals<'p>(cx: &Context<'p>, segments: &[usize]) -> Vec<Site<'p>> {
    let mut found = Vec::new();
    for root in segments.iter().map(|index| cx.file.root(*index)) {
        if root.node.tree().has_error() || cx.file.segment(root.segment).kind() == CutKind::Member {
            continue;
        }
        for (number, binding) in root.body().bindings.iter().enumerate() {
            let is_top = root.body().scopes[binding.scope].kind == ScopeKind::Root;
            let site = cx.file.binding_site(root.segment, number);
            if is_top && binding.kind == BindingKind::Assignment && is_local(cx, &site) {
                found.push(site.name);
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
    makes_local(cx, value)
        && matches!(binding.name.resolve(), Resolution::Module(all) if all.len() == 1)
}

/// What the code of the project does with the attributes of an object.
#[derive(Default)]
struct Uses<'p> {
    /// The attribute, and the statement that sets it when the module is imported, or when the object is made.
    set_at_first: Vec<(&'p str, Site<'p>)>,
    set_by_functions: Vec<&'p str>,
    /// The attribute, where it is read, and the function that does it.
    read: Vec<(&'p str, Site<'p>, Function<'p>)>,
}

impl<'p> Uses<'p> {
    /// The attributes that are set at first and by no function later, with the first statement that sets each.
    fn set_only_once(&self) -> Vec<(&'p str, Site<'p>)> {
        let mut found: Vec<(&str, Site<'p>)> = Vec::new();
        for (attribute, statement) in &self.set_at_first {
            let is_known = found.iter().any(|(known, _)| known == attribute);
            if !is_known && !self.set_by_functions.contains(attribute) {
                found.push((attribute, *statement));
            }
        }
        found
    }
}

/// What is done with the attributes of an object, by the expressions that name it. `is_first` tells what runs once, for one thread. None where code that is not known may
/// set attributes.
fn uses<'p>(
    objects: Vec<Site<'p>>,
    is_first: impl Fn(Option<Function<'p>>) -> bool,
) -> Option<Uses<'p>> {
    let mut uses = Uses::default();
    for object in objects {
        let function = Function::around(object);
        let parent = object.node.parent()?;
        // the import that brings it
        if matches!(
            parent.kind(),
            Kind::AliasedImport | Kind::DottedName | Kind::ImportFrom
        ) {
            continue;
        }
        // the assignment that makes it
        if parent.kind() == Kind::Assignment && object.node.field() == Field::Left {
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
            (Some(statement), function) if is_first(function) => {
                uses.set_at_first.push((attribute, object.with(statement)));
            }
            (Some(_), _) => uses.set_by_functions.push(attribute),
            (None, Some(function))
                if !is_first(Some(function)) && !is_guarded(object, function) =>
            {
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

fn report_object<'p>(
    cx: &Context<'p>,
    class: Class<'p>,
    place: Site<'p>,
    attribute: &str,
    statement: Site<'p>,
    uses: &Uses<'p>,
    out: &mut Findings,
) {
    let mut reads = uses.read.iter().filter(|(read, _, _)| *read == attribute);
    let Some((_, read, reader)) = reads.next() else {
        return;
    };
    if !std::ptr::eq(statement.file, cx.file) {
        return;
    }
    let message = format!(
        "`{}.{attribute}` is set for the thread that makes the `{}` alone: in any other, `{}` raises `AttributeError`; make a subclass of `threading.local` with `{attribute}` as a class attribute",
        place.text(),
        class.name(),
        reader.name()
    );
    let finding = out.report(
        &RULE,
        Severity::Information,
        cx.file,
        statement.range(),
        message,
    );
    for (_, read, _) in std::iter::once(&(attribute, *read, *reader))
        .chain(reads)
        .take(8)
    {
        finding.evidence(*read, "It is read here");
    }
}
