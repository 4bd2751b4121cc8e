//! MUT006 repeated-reference. Card: knowledge/rules/MUT006-repeated-reference.md

use super::{edits, made, repeated, what_is_made};
use crate::facts::{BindingKind, Resolution, Site, Subjects};
use crate::project::{ClassValue, Function, Reach, Use, Value};
use crate::rules::context::place;
use crate::rules::{Context, Findings, Rule, Severity};
use crate::syntax::{Field, Kind};

pub const RULE: Rule = Rule {
    code: "MUT006",
    name: "repeated-reference",
    check,
};

fn check(cx: &Context<'_>, out: &mut Findings) {
    for product in cx.repetitions(Subjects::REPETITION) {
        if let Some((display, count)) = operands(product)
            && repeats(cx, count)
            && let Some((element, class)) = shared_element(cx, display)
        {
            check_repetition(cx, product, count, element, class, out);
        }
    }
}

/// The display and the number.
fn operands(product: Site<'_>) -> Option<(Site<'_>, Site<'_>)> {
    let (left, right) = (product.child(Field::Left)?, product.child(Field::Right)?);
    let display =
        |site: Site<'_>| matches!(site.node.unparenthesized().kind(), Kind::List | Kind::Tuple);
    if display(left) {
        Some((left.with(left.node.unparenthesized()), right))
    } else {
        display(right).then(|| (right.with(right.node.unparenthesized()), left))
    }
}

/// Whether something is made several times: the factor is a number, and not 0 or 1.
fn repeats(cx: &Context<'_>, count: Site<'_>) -> bool {
    let node = count.node.unparenthesized();
    !matches!(node.text(), "0" | "1")
        && !matches!(node.kind(), Kind::UnaryOperation)
        && cx.project.may_count(count)
}

/// The first element that can be changed in place.
fn shared_element<'p>(cx: &Context<'p>, display: Site<'p>) -> Option<(Site<'p>, ClassValue<'p>)> {
    display
        .node
        .children()
        .map(|node| display.with(node))
        .find_map(|element| {
            let class = made(cx, element)?;
            match element.node.unparenthesized().kind() {
                Kind::Name => is_made_nearby(element),
                Kind::Attribute | Kind::Subscript => false,
                _ => true,
            }
            .then_some((element, class))
        })
}

/// Whether a name is bound to something by assignments: not a parameter, whose object is the caller's.
fn is_made_nearby(name: Site<'_>) -> bool {
    match name.with(name.node.unparenthesized()).resolve() {
        Resolution::Local(bindings) | Resolution::Module(bindings) => bindings
            .iter()
            .all(|binding| binding.binding.kind == BindingKind::Assignment),
        Resolution::Free => false,
    }
}

fn check_repetition<'p>(
    cx: &Context<'p>,
    product: Site<'p>,
    count: Site<'p>,
    element: Site<'p>,
    class: ClassValue<'p>,
    out: &mut Findings,
) {
    if is_flattened(cx, product) {
        return;
    }
    let found = repeated(cx, product, "builtins.list", &class);
    let is_kept = found.uses.iter().any(|found| is_kept_by(product, found));
    // an object that nobody is seen to change may be one that nobody changes
    let is_changed = match class {
        ClassValue::Known(class) if found.changes.is_empty() => {
            cx.project.is_container(class) || cx.project.changes_itself(class)
        }
        _ => true,
    };
    if found.is_refilled || (found.changes.is_empty() && !is_kept) || !is_changed {
        return;
    }
    let what = what_is_made(&class);
    let shown = if count.text().len() <= 30 && !count.text().contains('\n') {
        format!(" `{}` times", count.text())
    } else {
        " several times".to_string()
    };
    let (severity, message) = match found.changes.first() {
        Some(first) => (
            Severity::Warning,
            format!(
                "this holds one {what}{shown}, and no copies: the change in {} shows in every place; make a new one for each place with a comprehension",
                place(cx.file, first.site)
            ),
        ),
        None => (
            Severity::Information,
            format!(
                "this holds one {what}{shown}, and no copies: a change of one shows in every place; make a new one for each place with a comprehension"
            ),
        ),
    };
    let finding = out.report(&RULE, severity, cx.file, product.range(), message);
    for change in found.changes {
        finding.evidence(change.site, "changes the one object that all places share");
    }
    edits::comprehension(cx, product, element, count, &class, finding);
}

/// Whether a use keeps the repetition, in the function that makes it; what is called with it mostly copies what it gets.
fn is_kept_by<'p>(product: Site<'p>, found: &Use<'p>) -> bool {
    let is_here = std::ptr::eq(found.site.file, product.file)
        && Function::around(found.site) == Function::around(product);
    let puts_in = || {
        found
            .site
            .node
            .child(Field::Function)
            .and_then(|callee| callee.child(Field::Attribute))
            .is_some_and(|method| {
                matches!(method.text(), "append" | "add" | "insert" | "setdefault")
            })
    };
    is_here
        && matches!(found.reach, Reach::Returned | Reach::Stored)
        && (found.site.node.kind() != Kind::Call || puts_in())
}

/// Whether the repetition is taken apart on the spot by something that keeps no element.
fn is_flattened<'p>(cx: &Context<'p>, product: Site<'p>) -> bool {
    let mut node = product.node;
    while let Some(parent) = node
        .parent()
        .filter(|parent| parent.kind() == Kind::Parenthesized)
    {
        node = parent;
    }
    let Some(parent) = node.parent() else {
        return false;
    };
    let call = match parent.kind() {
        Kind::ListSplat => return true,
        Kind::ArgumentList => parent.parent(),
        _ => None,
    };
    let callee = call.and_then(|call| call.child(Field::Function));
    callee.is_some_and(|callee| {
        matches!(
            cx.project.evaluate(product.with(callee)),
            Value::External(name) if matches!(
                name.as_ref(),
                "builtins.sum" | "builtins.len" | "builtins.str" | "builtins.repr" | "builtins.print"
                    | "itertools.chain.from_iterable"
            )
        )
    })
}
