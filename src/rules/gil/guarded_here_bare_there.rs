//! GIL022 guarded-here-bare-there. Card: knowledge/rules/GIL022-guarded-here-bare-there.md

mod callers;

use rustc_hash::FxHashMap;

use super::{is_in_test, lock_name};
use crate::facts::{Mutation, MutationKind, Site, Subjects};
use crate::project::{Bound, Class, ClassValue, Function, Taking, Value, is_container_name};
use crate::rules::context::line;
use crate::rules::{Context, Findings, Rule, Severity};
use crate::syntax::{Field, Kind, Node};

pub const RULE: Rule = Rule {
    code: "GIL022",
    name: "guarded-here-bare-there",
    check,
};

/// A place that writes an attribute of the method's own object.
struct Write<'p> {
    method: Function<'p>,
    statement: Site<'p>,
    change: Change,
    /// The locks of the object that are held there, the innermost last.
    guards: Vec<Taking<'p>>,
}

/// What a write does to what an attribute holds.
#[derive(Clone, Copy, PartialEq)]
enum Change {
    /// What it held goes into what it holds then: two at a time lose one.
    Update,
    /// It is given something worked out anew.
    Store,
    /// It is given `None`, `True` or `False`: a flag.
    Flag,
    /// Its container loses something.
    Removal,
    /// Its container gets something.
    Addition,
}

/// The writes of one attribute of a class.
type Writes<'p> = Vec<Write<'p>>;

fn check(cx: &Context<'_>, out: &mut Findings) {
    for class in cx.classes(Subjects::TAKINGS) {
        cx.look_at(class.site, out, |out| check_class(cx, class, out));
    }
}

fn check_class<'p>(cx: &Context<'p>, class: Class<'p>, out: &mut Findings) {
    let takers = class.methods_where(|facts| facts.is_about(Subjects::TAKINGS));
    let takers: Vec<Function<'p>> = takers.collect();
    let is_guarded = |writes: &Writes<'p>| writes.iter().any(|write| !write.guards.is_empty());
    let mut guarded = writes_of(cx, &takers);
    guarded.retain(|_, writes| is_guarded(writes));
    if guarded.is_empty() || is_in_test(cx, takers[0].site) {
        return;
    }
    let guarded: Vec<&str> = guarded.into_keys().collect();
    let methods: Vec<Function<'p>> = class.methods_naming(&guarded).collect();
    let writes = writes_of(cx, &methods);
    let mut attributes: Vec<(&str, Writes<'_>)> = writes.into_iter().collect();
    attributes.sort_by_key(|(name, _)| *name);
    for (attribute, writes) in attributes {
        check_attribute(cx, class, attribute, &writes, out);
    }
}

fn check_attribute<'p>(
    cx: &Context<'p>,
    class: Class<'p>,
    attribute: &str,
    writes: &[Write<'p>],
    out: &mut Findings,
) {
    let (guarded, bare): (Vec<&Write<'_>>, Vec<&Write<'_>>) =
        writes.iter().partition(|write| !write.guards.is_empty());
    let Some(guard) = only_guard(&guarded).filter(|guard| !is_of_another(guard, attribute, class))
    else {
        return;
    };
    let bare: Vec<&Write<'_>> = bare
        .into_iter()
        .filter(|write| {
            !cx.project.may_be_locked(write.method, write.statement)
                && !knows_lock(write.method, guard)
                && callers::may_meet(cx, class, write.method)
        })
        .collect();
    // where most do without, the lock is there for something else
    let methods = methods_of(&bare);
    if methods > 1 && methods >= methods_of(&guarded) {
        return;
    }
    for write in bare {
        let lost = guarded
            .iter()
            .find(|other| is_lost(cx, other, guard, write, attribute));
        if let Some(other) = lost {
            report(attribute, write, other, guard, out);
        }
    }
}

fn methods_of(writes: &[&Write<'_>]) -> usize {
    let mut methods: Vec<Function<'_>> = writes.iter().map(|write| write.method).collect();
    methods.dedup();
    methods.len()
}

/// The lock that is held around all guarded writes: the innermost, where there are several.
fn only_guard<'w, 'p>(guarded: &[&'w Write<'p>]) -> Option<&'w Taking<'p>> {
    let (first, rest) = guarded.split_first()?;
    let held = |write: &&Write<'p>, taking: &Taking<'p>| {
        write.guards.iter().any(|guard| guard.lock == taking.lock)
    };
    let mut guards = first.guards.iter().rev();
    guards.find(|guard| rest.iter().all(|write| held(write, guard)))
}

/// Whether a lock is named after another attribute: `_rows_lock` for `_rows`.
fn is_of_another(guard: &Taking<'_>, attribute: &str, class: Class<'_>) -> bool {
    let name = lock_name(guard.named);
    let stem = name.trim_end_matches("lock").trim_end_matches('_');
    stem != attribute && stem.len() < name.len() && !class.assigned_to_self(stem).is_empty()
}

/// Whether a method names the lock: what it writes outside, it writes there on purpose.
fn knows_lock(method: Function<'_>, guard: &Taking<'_>) -> bool {
    let name = lock_name(guard.named);
    let mut nodes = method.nodes();
    nodes.any(|site| {
        site.node.kind() == Kind::Attribute
            && site.node.child(Field::Attribute).map(Node::text) == Some(name)
    })
}

/// Whether a bare write may be lost, or take something away, while a guarded one is at work.
fn is_lost<'p>(
    cx: &Context<'p>,
    guarded: &Write<'p>,
    guard: &Taking<'p>,
    bare: &Write<'p>,
    attribute: &str,
) -> bool {
    match (guarded.change, bare.change) {
        (_, Change::Update) | (Change::Update, _) => true,
        (_, Change::Store | Change::Removal) => looks_first(cx, guarded, guard, attribute),
        (_, Change::Flag | Change::Addition) => false,
    }
}

/// Whether the attribute is looked at, under the lock, before it is written.
fn looks_first<'p>(
    cx: &Context<'p>,
    write: &Write<'p>,
    guard: &Taking<'p>,
    attribute: &str,
) -> bool {
    let Some(own) = write.method.first_parameter() else {
        return false;
    };
    let regions = cx.project.takings(write.method);
    let held = regions
        .iter()
        .filter(|taking| taking.lock == guard.lock && taking.holds_at(write.statement.node));
    held.flat_map(Taking::nodes).any(|site| {
        site.node.id() < write.statement.node.id() && attribute_of(cx, site, own) == Some(attribute)
    })
}

/// The writes of methods to the attributes of their object, by attribute.
fn writes_of<'p>(cx: &Context<'p>, methods: &[Function<'p>]) -> FxHashMap<&'p str, Writes<'p>> {
    let mut found: FxHashMap<&'p str, Writes<'p>> = FxHashMap::default();
    for &method in methods.iter().filter(|method| is_plain(cx, **method)) {
        let Some(own) = method.first_parameter() else {
            continue;
        };
        let takings = cx.project.takings(method);
        let mutations = method
            .site
            .mutations()
            .filter(|mutation| Function::around(method.site.at(mutation.node)) == Some(method));
        let written = mutations.filter_map(|mutation| written(cx, method, mutation, own));
        for (attribute, statement, change) in written {
            let guards = takings.iter().filter(|taking| {
                taking.holds_at(statement.node)
                    && taking.object() == Some(own)
                    && !taking.lock.is_wide
            });
            let writes = found.entry(attribute).or_default();
            let is_known = writes
                .last()
                .is_some_and(|known| known.statement == statement);
            if !is_known {
                writes.push(Write {
                    method,
                    statement,
                    change,
                    guards: guards.cloned().collect(),
                });
            }
        }
    }
    found
}

/// Whether a method runs when it is called, on the object or class that it is called on, and no decorator may take a lock around it.
fn is_plain<'p>(cx: &Context<'p>, method: Function<'p>) -> bool {
    const PLAIN: &[&str] = &[
        "builtins.property",
        "builtins.classmethod",
        "typing.override",
    ];
    let is_known = |decorator: Site<'p>| {
        let name = cx.project.qualified_decorator(decorator);
        name.is_some_and(|name| PLAIN.contains(&name.as_ref()))
    };
    !method.is_async()
        && !method.is_generator()
        && !method.site.node.tree().has_error()
        && method.binding(cx.project) != Bound::Static
        && method.site.decorators().all(is_known)
}

/// The attribute of the own object that a mutation changes, the statement, and what it does to it; None where that is not known.
fn written<'p>(
    cx: &Context<'p>,
    method: Function<'p>,
    mutation: &Mutation,
    own: &str,
) -> Option<(&'p str, Site<'p>, Change)> {
    let node = method.site.at(mutation.node);
    let target = method.site.at(mutation.target);
    let statement = node.statement();
    let is_own = target.text() == own;
    if mutation.kind == MutationKind::Attribute || is_own {
        let place = target
            .node
            .parent()
            .filter(|parent| parent.kind() == Kind::Attribute)?;
        let attribute = attribute_of(cx, target.with(place), own)?;
        let change = match mutation.kind {
            MutationKind::Delete => Change::Removal,
            _ => change_by(cx, statement, attribute, own),
        };
        return Some((attribute, statement, change));
    }
    // `self.n += 1` is told as a store of the attribute too
    if mutation.kind == MutationKind::Augmented {
        return None;
    }
    let attribute = attribute_of(cx, target, own)?;
    let value = cx.project.evaluate(target);
    let is_container = matches!(
        value,
        Value::Instance(ClassValue::External(class)) if is_container_name(&class)
    );
    let change = match mutation.kind {
        _ if !is_container => return None,
        MutationKind::Delete => Change::Removal,
        MutationKind::Item => match change_by(cx, statement, attribute, own) {
            Change::Update => Change::Update,
            _ => Change::Addition,
        },
        _ if is_removal(node) => Change::Removal,
        _ => Change::Addition,
    };
    Some((attribute, statement, change))
}

/// What an assignment does to the attribute that it assigns to, or to an item of.
fn change_by<'p>(cx: &Context<'p>, statement: Site<'p>, attribute: &str, own: &str) -> Change {
    let inner = statement.node.children().next().unwrap_or(statement.node);
    if inner.kind() == Kind::AugmentedAssignment {
        return Change::Update;
    }
    // `self.a = self.b = value`
    let mut value = inner.child(Field::Right);
    while let Some(next) = value.filter(|value| value.kind() == Kind::Assignment) {
        value = next.child(Field::Right);
    }
    let Some(value) = value.map(|value| statement.with(value)) else {
        return Change::Store;
    };
    let mut parts = value.node.with_descendants();
    if parts.any(|part| attribute_of(cx, value.with(part), own) == Some(attribute)) {
        return Change::Update;
    }
    match value.node.kind() {
        Kind::None | Kind::True | Kind::False => Change::Flag,
        _ => Change::Store,
    }
}

/// The attribute that an expression reads from the own object: `rows` in `self.rows`, or of a name that was given it.
fn attribute_of<'p>(cx: &Context<'p>, site: Site<'p>, own: &str) -> Option<&'p str> {
    let place = match site.node.kind() {
        Kind::Name if site.node.field() != Field::Attribute && is_given_attribute(site) => {
            cx.project.only_binding(site)?.value()?
        }
        Kind::Attribute => site,
        _ => return None,
    };
    let object = place
        .node
        .child(Field::Object)
        .filter(|_| place.node.kind() == Kind::Attribute)?;
    let name = place.node.child(Field::Attribute)?;
    (object.text() == own).then_some(name.text())
}

/// Whether a name may have been given an attribute, in this segment: most names have not.
fn is_given_attribute(name: Site<'_>) -> bool {
    let (body, tree) = (name.body(), name.node.tree());
    body.bindings_of(name.text()).iter().any(|&number| {
        let value = body.bindings[number].value;
        value.is_some_and(|value| tree.node(value).kind() == Kind::Attribute)
    })
}

/// Whether a call takes something out of its container.
fn is_removal(call: Site<'_>) -> bool {
    const REMOVALS: &[&str] = &["clear", "remove", "pop", "popitem", "popleft", "discard"];
    let callee = call.node.child(Field::Function);
    let method = callee.and_then(|callee| callee.child(Field::Attribute));
    method.is_some_and(|method| REMOVALS.contains(&method.text()))
}

fn report(
    attribute: &str,
    bare: &Write<'_>,
    guarded: &Write<'_>,
    guard: &Taking<'_>,
    out: &mut Findings,
) {
    let lock = lock_name(guard.named);
    let message = format!(
        "`{attribute}` is changed here without `{lock}`; `{}` changes it in line {} with `{lock}` held, and a lock keeps out only those who take it: one of two changes at a time may be lost; take it here too",
        guarded.method.name(),
        line(guarded.statement),
    );
    let finding = out.report(
        &RULE,
        Severity::Information,
        bare.statement.file,
        bare.statement.range(),
        message,
    );
    finding.evidence(guarded.statement, format!("changed with `{lock}` held"));
}
