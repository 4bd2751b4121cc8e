//! What a condition asks of a place, and what relies on the answer: a part of GIL004.

use super::is_written;
use crate::project::{Function, is_builtin, is_definition};
use crate::syntax::{Field, Kind, Node, Op};

/// What a condition asks of a place.
#[derive(Clone, Copy)]
pub(super) enum Look<'p> {
    /// The value of a variable or an attribute.
    Value(Node<'p>),
    /// Whether a container has something in it.
    Filled(Node<'p>),
    /// Whether a container has this key or element.
    Has(Node<'p>, Node<'p>),
}

/// The condition of a statement, a clause or an expression.
pub(super) fn condition(node: Node<'_>) -> Option<Node<'_>> {
    match node.kind() {
        Kind::If | Kind::ElifClause | Kind::While => node.child(Field::Condition),
        Kind::Conditional => node.children().nth(1),
        _ => None,
    }
}

/// The parts of a condition that ask for something, with what they ask.
pub(super) fn looks(condition: Node<'_>) -> Vec<(Node<'_>, Look<'_>)> {
    let condition = condition.unparenthesized();
    if condition.kind() == Kind::BooleanOperation {
        return condition.children().flat_map(looks).collect();
    }
    let mut asked = condition;
    while asked.kind() == Kind::NotOperation {
        let Some(inner) = asked.children().next() else {
            break;
        };
        asked = inner.unparenthesized();
    }
    let looks = match asked.kind() {
        Kind::Comparison if matches!(asked.op(), Op::In | Op::NotIn) => {
            let mut sides = asked.children();
            match (sides.next(), sides.next()) {
                (Some(key), Some(container)) => vec![Look::Has(container, key)],
                _ => Vec::new(),
            }
        }
        Kind::Comparison => asked.children().flat_map(looks_at).collect(),
        _ => looks_at(asked),
    };
    looks.into_iter().map(|look| (condition, look)).collect()
}

/// What an operand asks.
fn looks_at(operand: Node<'_>) -> Vec<Look<'_>> {
    let operand = operand.unparenthesized();
    match operand.kind() {
        Kind::Name | Kind::Attribute => vec![Look::Value(operand), Look::Filled(operand)],
        Kind::Subscript => match (operand.child(Field::Value), operand.child(Field::Subscript)) {
            (Some(container), Some(key)) => vec![Look::Has(container, key)],
            _ => Vec::new(),
        },
        Kind::Call => {
            let callee = operand.child(Field::Function);
            let first = operand
                .child(Field::Arguments)
                .and_then(|arguments| arguments.children().next());
            let (Some(callee), Some(first)) = (callee, first) else {
                return Vec::new();
            };
            let method = callee.child(Field::Attribute).map(Node::text);
            match callee.child(Field::Object) {
                Some(object) if method == Some("get") => vec![Look::Has(object, first)],
                None if callee.text() == "len" => vec![Look::Filled(first)],
                _ => Vec::new(),
            }
        }
        _ => Vec::new(),
    }
}

/// What relies on a check: in the branches of its statement; behind it, where a branch leaves.
pub(super) fn act_on<'p>(
    function: Function<'p>,
    statement: Node<'p>,
    condition: Node<'p>,
    look: Look<'p>,
) -> Option<Node<'p>> {
    let parts = statement.children().filter(|part| *part != condition);
    let inside = parts
        .flat_map(|part| part.with_descendants())
        .filter(|node| is_run(*node, statement))
        .find_map(|node| act(node, look, statement, statement));
    let is_loop = statement.kind() == Kind::While;
    // a loop's variable ends the loop
    if is_loop && matches!(look, Look::Value(_)) {
        return None;
    }
    if inside.is_some() || statement.kind() != Kind::If {
        return inside;
    }
    let leaves = statement
        .child(Field::Consequence)
        .and_then(|block| block.children().last())
        .is_some_and(|last| {
            matches!(
                last.kind(),
                Kind::Return | Kind::Continue | Kind::Break | Kind::Raise
            )
        });
    if !leaves || !function.site.node.contains(statement) {
        return None;
    }
    let block = statement.parent()?;
    let behind = block
        .children()
        .skip_while(|node| *node != statement)
        .skip(1);
    behind
        .flat_map(Node::with_descendants)
        .filter(|node| is_run(*node, block))
        .find_map(|node| act(node, look, block, statement))
}

/// Whether a node is run with the code around it, and not in a function that is only defined there.
fn is_run(node: Node<'_>, around: Node<'_>) -> bool {
    !node
        .ancestors()
        .take_while(|outer| *outer != around)
        .any(|outer| is_definition(outer.kind()))
}

/// A node as an action on what was looked at; `region` is the code that relies on the check in `statement`.
fn act<'p>(
    node: Node<'p>,
    look: Look<'p>,
    region: Node<'p>,
    statement: Node<'p>,
) -> Option<Node<'p>> {
    let whole = || node.statement().unwrap_or(node);
    let same = |one: Node<'_>, other: Node<'_>| one.text() == other.text();
    let is_entry = |place: Node<'_>, container: Node<'_>, key: Option<Node<'_>>| {
        place.kind() == Kind::Subscript
            && place
                .child(Field::Value)
                .is_some_and(|own| same(own, container))
            && key.is_none_or(|key| {
                place
                    .child(Field::Subscript)
                    .is_some_and(|own| same(own, key))
            })
    };
    match (node.kind(), look) {
        (Kind::Assignment | Kind::AugmentedAssignment, Look::Value(place)) => {
            let left = node.child(Field::Left)?;
            let value = node.child(Field::Right)?;
            let does_more = || is_straight(node, region) && has_other_work(region, node);
            (same(left, place) && (!is_constant(value) || does_more())).then(whole)
        }
        (Kind::Assignment | Kind::AugmentedAssignment, Look::Has(container, key)) => {
            let left = node.child(Field::Left)?;
            is_entry(left, container, Some(key)).then(whole)
        }
        (Kind::Delete, _) => {
            let mut deleted = node.children();
            let is_it = deleted.any(|place| match look {
                Look::Value(own) => same(place, own),
                Look::Filled(container) => is_entry(place, container, None),
                Look::Has(container, key) => is_entry(place, container, Some(key)),
            });
            is_it.then_some(node)
        }
        (Kind::Call, Look::Filled(container) | Look::Has(container, _)) => {
            let callee = node.child(Field::Function)?;
            let method = callee.child(Field::Attribute)?.text();
            let arguments: Vec<_> = node.arguments().collect();
            if !same(callee.child(Field::Object)?, container) {
                return None;
            }
            let is_it = match (look, method, &arguments[..]) {
                (Look::Has(_, key), "pop" | "remove", [only]) => same(*only, key),
                (Look::Has(_, key), "add", [only]) => {
                    same(*only, key)
                        && is_straight(node, region)
                        && works_once(region, node, statement)
                }
                (Look::Filled(_), "pop", [] | [_]) => true,
                (Look::Filled(_), "popleft" | "popitem", _) => true,
                (Look::Filled(_), "clear", []) => has_other_work(region, node),
                _ => false,
            };
            is_it.then_some(node)
        }
        _ => None,
    }
}

pub(super) fn is_constant(value: Node<'_>) -> bool {
    matches!(
        value.kind(),
        Kind::True | Kind::False | Kind::None | Kind::Integer | Kind::Float | Kind::String
    )
}

/// Whether the code that relies on a check does more than the action: it calls something for what that does.
fn has_other_work(region: Node<'_>, act: Node<'_>) -> bool {
    region.descendants().any(|node| {
        matches!(node.kind(), Kind::Call | Kind::Await)
            && node.parent().map(Node::kind) == Some(Kind::ExpressionStatement)
            && !act.contains(node)
    })
}

/// Whether the code that relies on a check does work that is meant to be done once: it calls more than what prints, or only looks at something.
fn works_once(region: Node<'_>, act: Node<'_>, statement: Node<'_>) -> bool {
    const LOOKING: &[&str] = &[
        "add",
        "append",
        "endswith",
        "format",
        "get",
        "items",
        "join",
        "keys",
        "lower",
        "replace",
        "split",
        "startswith",
        "strip",
        "upper",
        "values",
    ];
    let condition = condition(region);
    // other conditions decide, too
    let leaves = region.descendants().any(|node| {
        node.id() < act.id()
            && (region == statement || !statement.contains(node))
            && matches!(
                node.kind(),
                Kind::Return | Kind::Raise | Kind::Continue | Kind::Break
            )
    });
    let mut calls = region.descendants().filter(|node| {
        node.kind() == Kind::Call
            && !act.contains(*node)
            && !condition.is_some_and(|condition| condition.contains(*node))
    });
    !leaves
        && calls.any(|call| {
            let Some(callee) = call.child(Field::Function) else {
                return false;
            };
            let is_quiet = match callee.child(Field::Attribute) {
                Some(method) => LOOKING.contains(&method.text()),
                None => is_builtin(callee.text()),
            };
            !is_quiet && !is_written(call)
        })
}

/// Whether an action is executed on every way through the code that relies on the check.
fn is_straight(act: Node<'_>, region: Node<'_>) -> bool {
    let branches = act.ancestors().take_while(|node| *node != region);
    !branches.into_iter().any(|node| {
        matches!(
            node.kind(),
            Kind::If | Kind::For | Kind::While | Kind::Match | Kind::ExceptClause
        )
    })
}
