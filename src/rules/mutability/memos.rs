//! Parameters whose defaults keep results between calls on purpose, by what is done with them.

use crate::facts::Site;
use crate::project::{Function, Reach, Use};
use crate::syntax::{Field, Kind, Node, Op};

/// Whether a change fills what a parameter is bound to for good: where it is empty (`if not table:`), or where it has not the key under which the function looks first and gives back what is there.
pub(super) fn fills_once(function: Function<'_>, name: &str, found: &Use<'_>) -> bool {
    let mut node = found.site.node;
    if found.reach != Reach::Mutated || Function::around(found.site) != Some(function) {
        return false;
    }
    while let Some(parent) = node.parent() {
        let condition = parent.child(Field::Condition);
        let is_first = match (parent.kind(), node.field()) {
            (Kind::FunctionDef | Kind::Lambda, _) => return false,
            (Kind::If, Field::Consequence) => condition.is_some_and(|test| {
                let lacks = |part: Node<'_>| lacks_items(part, function, name, found.site);
                parts_of(test, Op::And).any(lacks)
            }),
            (Kind::If, Field::Alternative) => condition.is_some_and(|test| {
                let has = |part: Node<'_>| has_items(part, function, name, found.site);
                parts_of(test, Op::Or).any(has)
            }),
            (Kind::Block, _) => {
                let mut before = parent.children().take_while(|other| *other != node);
                before.any(|other| gives_back(other, function, name, found.site))
            }
            _ => false,
        };
        if is_first {
            return true;
        }
        node = parent;
    }
    false
}

/// The operands of `and` or `or`; else the expression itself.
fn parts_of(test: Node<'_>, op: Op) -> impl Iterator<Item = Node<'_>> {
    let is_joined = test.kind() == Kind::BooleanOperation && test.op() == op;
    let whole = (!is_joined).then_some(test);
    let operands = test.children().filter(move |_| is_joined);
    whole.into_iter().chain(operands)
}

/// `not table`, `key not in table`, of the key under which a change puts something in.
fn lacks_items(test: Node<'_>, function: Function<'_>, name: &str, change: Site<'_>) -> bool {
    let is_name = |node: Option<Node<'_>>| node.map(Node::text) == Some(name);
    match test.kind() {
        Kind::NotOperation => is_name(test.children().next()),
        Kind::Comparison if test.op() == Op::NotIn => {
            is_name(test.children().nth(1))
                && is_under(test.children().next(), name, change)
                && gives_item(function, name)
        }
        _ => false,
    }
}

/// `table`, `key in table`, of the key under which a change puts something in.
fn has_items(test: Node<'_>, function: Function<'_>, name: &str, change: Site<'_>) -> bool {
    match test.kind() {
        Kind::Name => test.text() == name,
        Kind::Comparison if test.op() == Op::In => {
            test.children().nth(1).map(Node::text) == Some(name)
                && is_under(test.children().next(), name, change)
                && gives_item(function, name)
        }
        _ => false,
    }
}

/// Whether a change puts something in under a key: `table[key] = …`.
fn is_under(key: Option<Node<'_>>, name: &str, change: Site<'_>) -> bool {
    let item = key.map(|key| format!("{name}[{}]", key.text()));
    item.is_some_and(|item| change.text().starts_with(&item))
}

/// `if key in table: return table[key]`
fn gives_back(statement: Node<'_>, function: Function<'_>, name: &str, change: Site<'_>) -> bool {
    let test = statement.child(Field::Condition);
    let then = statement.child(Field::Consequence);
    let last = then.and_then(|then| then.children().last());
    statement.kind() == Kind::If
        && last.is_some_and(|last| last.kind() == Kind::Return)
        && test.is_some_and(|test| {
            parts_of(test, Op::And).any(|part| has_items(part, function, name, change))
        })
}

/// Whether a function gives back an item of what a parameter is bound to.
fn gives_item(function: Function<'_>, name: &str) -> bool {
    let item = [format!("{name}["), format!("{name}.get(")];
    function.returns().any(|statement| {
        let value = statement.node.children().next();
        value.is_some_and(|value| item.iter().any(|item| value.text().starts_with(item)))
    })
}

/// Whether a parameter is one of two lists in which a function keeps its results under their keys: `if key in keys: return results[keys.index(key)]`.
pub(super) fn is_one_of_two_lists(function: Function<'_>, name: &str) -> bool {
    function.nodes().any(|site| {
        let condition = site.node.child(Field::Condition);
        let condition = condition.filter(|_| site.node.kind() == Kind::If);
        let asked = condition.filter(|test| test.kind() == Kind::Comparison && test.op() == Op::In);
        let mut sides = asked.into_iter().flat_map(Node::children).map(Node::text);
        let (Some(key), Some(keys)) = (sides.next(), sides.next()) else {
            return false;
        };
        let then = site.node.child(Field::Consequence);
        let last = then.and_then(|then| then.children().last());
        let last = last.filter(|last| last.kind() == Kind::Return);
        let item = last.and_then(|last| last.children().next());
        let item = item.filter(|item| item.kind() == Kind::Subscript);
        item.is_some_and(|item| {
            let part = |field| item.child(field).map(Node::text);
            part(Field::Subscript) == Some(format!("{keys}.index({key})").as_str())
                && (name == keys || part(Field::Value) == Some(name))
        })
    })
}
