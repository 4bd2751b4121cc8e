//! MUT016 chained-mutable-assignment. Card: knowledge/rules/MUT016-chained-mutable-assignment.md

use std::borrow::Cow;
use std::collections::BTreeSet;

use rustc_hash::FxHashSet;

use super::{followed, is_container, made, what_is_made};
use crate::facts::{BindingKind, Resolution, Site, Subjects};
use crate::project::{ClassValue, Part, Reach, Use, Value};
use crate::rules::context::place;
use crate::rules::{Context, Finding, Findings, Rule, Severity};
use crate::syntax::{Field, Kind, Node};

pub const RULE: Rule = Rule {
    code: "MUT016",
    name: "chained-mutable-assignment",
    check,
};

fn check(cx: &Context<'_>, out: &mut Findings) {
    for root in cx.segments(Subjects::CHAINED) {
        let assignments = root.node.descendants();
        for node in assignments.filter(|node| node.kind() == Kind::Assignment) {
            if let Some((targets, value)) = chain(root.with(node))
                && is_written_out(value)
                && has_several(cx, &targets)
                && let Some(class) = made(cx, value).filter(|made| is_container(cx, made))
            {
                check_chain(cx, root.with(node), &targets, value, class, out);
            }
        }
    }
}

/// The targets and the value of `a = b = value`, from its first `=` on.
fn chain(assignment: Site<'_>) -> Option<(Vec<Site<'_>>, Site<'_>)> {
    let is_first = assignment.node.parent()?.kind() != Kind::Assignment;
    let mut targets = vec![assignment.child(Field::Left)?];
    let mut value = assignment.child(Field::Right).filter(|_| is_first)?;
    while value.node.kind() == Kind::Assignment {
        targets.push(value.child(Field::Left)?);
        value = value.child(Field::Right)?;
    }
    Some((targets, value))
}

/// Whether an expression is a display, a comprehension or a call: something that makes a new object here.
fn is_written_out(value: Site<'_>) -> bool {
    !matches!(
        value.node.unparenthesized().kind(),
        Kind::Name | Kind::Attribute | Kind::Subscript
    )
}

/// Whether more than one name, or more than one place, keeps the object. One of each is the idiom of `group = groups[key] = []`, and an attribute of the
/// same name on two objects is shared on purpose.
fn has_several<'p>(cx: &Context<'p>, targets: &[Site<'p>]) -> bool {
    if targets.len() < 2 {
        return false;
    }
    let kept: Vec<_> = targets
        .iter()
        .filter(|target| !is_bound_again(cx, **target))
        .collect();
    let names = kept
        .iter()
        .filter(|target| target.node.kind() == Kind::Name);
    let places: FxHashSet<Cow<'_, str>> = kept
        .iter()
        .filter_map(|target| kept_at(cx, **target))
        .collect();
    names.count() > 1 || places.len() > 1
}

/// What tells a place where an object is kept from others: an attribute of a known object by its name, an item of a container by its text. Keys that are two forms of one thing,
/// as `name` and `(name,)`, are one place.
fn kept_at<'p>(cx: &Context<'p>, target: Site<'p>) -> Option<Cow<'p, str>> {
    let known = |field: Field| Some(cx.project.evaluate(target.child(field)?));
    match target.node.kind() {
        Kind::Attribute => {
            let is_known = matches!(
                known(Field::Object)?,
                Value::Class(_) | Value::Instance(ClassValue::Known(_))
            );
            let name = target.child(Field::Attribute)?;
            is_known.then(|| Cow::Borrowed(name.text()))
        }
        Kind::Subscript => {
            let Value::Instance(class) = known(Field::Value)? else {
                return None;
            };
            let is_slice = target
                .node
                .children()
                .any(|index| index.kind() == Kind::Slice);
            let key = target.child(Field::Subscript)?;
            let names = key.node.with_descendants();
            let names = names.filter(|node| node.kind() == Kind::Name);
            let names: BTreeSet<&str> = names.map(Node::text).collect();
            let place = match names.is_empty() {
                true => Cow::Borrowed(target.text()),
                false => Cow::Owned(format!("{} {names:?}", target.child(Field::Value)?.text())),
            };
            (is_container(cx, &class) && !is_slice).then_some(place)
        }
        _ => None,
    }
}

/// Whether a target is bound to something else in another place: it walks through the object, or starts anew.
fn is_bound_again<'p>(cx: &Context<'p>, target: Site<'p>) -> bool {
    match target.node.kind() {
        Kind::Name => {
            let (Resolution::Local(bindings) | Resolution::Module(bindings)) = target.resolve()
            else {
                return false;
            };
            let others = bindings.iter().filter(|binding| {
                binding.name != target
                    && !matches!(
                        binding.binding.kind,
                        BindingKind::Augmented
                            | BindingKind::Annotation
                            | BindingKind::Global
                            | BindingKind::Nonlocal
                    )
            });
            others.count() > 0
        }
        Kind::Attribute => {
            let (Some(object), Some(name)) =
                (target.child(Field::Object), target.child(Field::Attribute))
            else {
                return false;
            };
            let Value::Instance(ClassValue::Known(class)) = cx.project.evaluate(object) else {
                return false;
            };
            let family = cx.project.family(class);
            let stores = family
                .iter()
                .flat_map(|class| class.stores_to_self(name.text()));
            stores.count() > 1
        }
        _ => false,
    }
}

fn check_chain<'p>(
    cx: &Context<'p>,
    assignment: Site<'p>,
    targets: &[Site<'p>],
    value: Site<'p>,
    class: ClassValue<'p>,
    out: &mut Findings,
) {
    let what = what_is_made(&class);
    let mut object = followed(cx, value, class);
    object.through_stores = true;
    // it may have been filled by then
    object.empty = false;
    let uses = cx.project.uses_of_value(value, object);
    let is_change = |found: &&Use<'p>| {
        found.reach == Reach::Mutated && matches!(found.part, Part::Whole | Part::Element)
    };
    let changes: Vec<_> = uses.iter().filter(is_change).collect();
    let names: Vec<_> = targets
        .iter()
        .map(|target| format!("`{}`", target.text()))
        .collect();
    let names = match &names[..] {
        [names @ .., last] => format!("{} and {last}", names.join(", ")),
        [] => return,
    };
    let (severity, shows) = match changes.first() {
        Some(first) => (
            Severity::Warning,
            format!(
                "the change in {} shows in all of them",
                place(cx.file, first.site)
            ),
        ),
        None => (
            Severity::Information,
            "a change of one shows in the others".to_string(),
        ),
    };
    let message = format!(
        "{names} are names of one {what}, and {shows}; write an assignment for each to make several"
    );
    let range = assignment.range();
    let finding = out.report(&RULE, severity, cx.file, range, message);
    for found in changes {
        finding.evidence(found.site, format!("changes the one {what}"));
    }
    split(assignment, targets, value, finding);
}

/// An assignment for each target, where the statement has a line of its own and making the value several times does nothing else.
fn split(assignment: Site<'_>, targets: &[Site<'_>], value: Site<'_>, finding: &mut Finding) {
    let is_plain = !value.node.descendants().any(|node| {
        matches!(
            node.kind(),
            Kind::Call | Kind::Await | Kind::NamedExpression
        )
    });
    let range = assignment.range();
    let before = &assignment.file.source()[..range.start];
    let indent = &before[before.rfind(['\n', '\r']).map_or(0, |newline| newline + 1)..];
    if is_plain && indent.chars().all(|blank| matches!(blank, ' ' | '\t')) {
        let assignments: Vec<_> = targets
            .iter()
            .map(|target| format!("{} = {}", target.text(), value.text()))
            .collect();
        let text = assignments.join(&format!("\n{indent}"));
        finding.fix("Write an assignment for each", false, vec![(range, text)]);
    }
}
