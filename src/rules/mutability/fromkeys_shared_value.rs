//! MUT005 fromkeys-shared-value. Card: knowledge/rules/MUT005-fromkeys-shared-value.md

use super::{made, repeated, what_is_made};
use crate::facts::{Site, Subjects};
use crate::project::{ClassValue, Value};
use crate::rules::context::place;
use crate::rules::{Context, Finding, Findings, Rule, Severity};
use crate::syntax::{Field, Kind, Node};

pub const RULE: Rule = Rule {
    code: "MUT005",
    name: "fromkeys-shared-value",
    check,
};

fn check(cx: &Context<'_>, out: &mut Findings) {
    for call in cx.calls(Subjects::FROMKEYS) {
        if let Some((keys, value)) = arguments(cx, call)
            && has_several(keys)
            && !is_compared(call)
            && let Some(class) = made(cx, value)
        {
            check_call(cx, call, keys, value, class, out);
        }
    }
}

/// The keys and the value of a call of a dictionary's `fromkeys`.
fn arguments<'p>(cx: &Context<'p>, call: Site<'p>) -> Option<(Site<'p>, Site<'p>)> {
    let callee = call.child(Field::Function)?;
    let name = callee.node.child(Field::Attribute)?;
    let Value::External(qualified) =
        (name.text() == "fromkeys").then(|| cx.project.evaluate(callee))?
    else {
        return None;
    };
    let class = qualified.strip_suffix(".fromkeys")?;
    let is_dict = matches!(
        class.strip_suffix("()").unwrap_or(class),
        "builtins.dict" | "collections.OrderedDict" | "collections.defaultdict"
    );
    let arguments: Vec<Node<'p>> = call.node.child(Field::Arguments)?.children().collect();
    let [keys, value] = arguments[..] else {
        return None;
    };
    let value = match value.kind() {
        Kind::KeywordArgument => value.child(Field::Value)?,
        _ => value,
    };
    let is_splat = [keys, value]
        .iter()
        .any(|argument| matches!(argument.kind(), Kind::ListSplat | Kind::DictSplat));
    (is_dict && !is_splat).then_some((call.with(keys), call.with(value)))
}

/// Whether an expression is an operand of a comparison: nobody has the object afterwards.
fn is_compared(site: Site<'_>) -> bool {
    let is_around = |node: &Node<'_>| node.kind() == Kind::Parenthesized;
    let around = site.node.ancestors().find(|node| !is_around(node));
    around.is_some_and(|around| around.kind() == Kind::Comparison)
}

/// Whether there may be more keys than one.
fn has_several(keys: Site<'_>) -> bool {
    let node = keys.node.unparenthesized();
    let is_display = matches!(node.kind(), Kind::List | Kind::Tuple | Kind::Set);
    let is_splat = |item: Node<'_>| item.kind() == Kind::ListSplat;
    !is_display || node.children().count() > 1 || node.children().any(is_splat)
}

fn check_call<'p>(
    cx: &Context<'p>,
    call: Site<'p>,
    keys: Site<'p>,
    value: Site<'p>,
    class: ClassValue<'p>,
    out: &mut Findings,
) {
    let found = repeated(cx, call, "builtins.dict", &class);
    let is_own_class =
        matches!(&class, ClassValue::Known(class) if !cx.project.is_container(*class));
    if found.changes.is_empty() && (found.is_refilled || is_own_class) {
        return;
    }
    let what = what_is_made(&class);
    let (severity, shows) = match found.changes.first() {
        Some(first) => (
            Severity::Warning,
            format!(
                "the change in {} shows under every key",
                place(cx.file, first.site)
            ),
        ),
        None => (
            Severity::Information,
            "a change of one shows under every key".to_string(),
        ),
    };
    let message = format!(
        "all keys share one {what}, made once before the call: {shows}; make a new one for each key with a comprehension"
    );
    let finding = out.report(&RULE, severity, cx.file, call.range(), message);
    for change in found.changes {
        finding.evidence(change.site, "changes the one value that all keys share");
    }
    comprehension(call, keys, value, finding);
}

/// `{key: value for key in keys}`, where the call is of `dict` itself and the value is written out.
fn comprehension(call: Site<'_>, keys: Site<'_>, value: Site<'_>, finding: &mut Finding) {
    let callee = call.node.child(Field::Function).map(Node::text);
    let is_plain = matches!(callee, Some("dict.fromkeys" | "{}.fromkeys"));
    let is_written_out = value.node.unparenthesized().kind() != Kind::Name;
    let has_key = [keys, value]
        .iter()
        .any(|part| crate::syntax::contains_word(part.text(), "key"));
    if is_plain && is_written_out && !has_key {
        let text = format!("{{key: {} for key in {}}}", value.text(), keys.text());
        finding.fix(
            "Make a value for each key",
            false,
            vec![(call.range(), text)],
        );
    }
}
