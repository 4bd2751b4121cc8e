//! What keeps results between calls on purpose, by what is done with it: defaults of parameters, tables.

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
        _ => is_under(asked_key(test, Op::NotIn, name), name, change) && gives_item(function, name),
    }
}

/// `table`, `key in table`, of the key under which a change puts something in.
fn has_items(test: Node<'_>, function: Function<'_>, name: &str, change: Site<'_>) -> bool {
    match test.kind() {
        Kind::Name => test.text() == name,
        _ => is_under(asked_key(test, Op::In, name), name, change) && gives_item(function, name),
    }
}

/// The key that a comparison looks for in a table: `key in table`.
fn asked_key<'p>(test: Node<'p>, op: Op, table: &str) -> Option<Node<'p>> {
    let mut sides = test.children();
    let key = sides.next()?;
    let is_asked = test.kind() == Kind::Comparison
        && test.op() == op
        && sides.next().map(Node::text) == Some(table);
    is_asked.then_some(key)
}

/// Whether a function looks for what a table has under a key: `key in table`, `table.get(key)`, or `table[key]` where a `KeyError` is caught.
pub(super) fn looks_for(function: Function<'_>, table: &str, key: &str) -> bool {
    let is_key = |node: Option<Node<'_>>| node.map(Node::text) == Some(key);
    let is_got = |call: Node<'_>| {
        let callee = call.child(Field::Function);
        let method = callee.and_then(|callee| callee.child(Field::Attribute));
        let object = callee.and_then(|callee| callee.child(Field::Object));
        let given = call.child(Field::Arguments);
        method.map(Node::text) == Some("get")
            && object.map(Node::text) == Some(table)
            && is_key(given.and_then(|given| given.children().next()))
    };
    let is_tried = |item: Node<'_>| {
        let mut around = item.ancestors();
        item.field() != Field::Left
            && item.child(Field::Value).map(Node::text) == Some(table)
            && is_key(item.child(Field::Subscript))
            && around.any(|around| around.kind() == Kind::Try && catches_missing(around, item))
    };
    function.nodes().any(|site| match site.node.kind() {
        Kind::Comparison => {
            let asked = |op| asked_key(site.node, op, table);
            is_key(asked(Op::In)) || is_key(asked(Op::NotIn))
        }
        Kind::Call => is_got(site.node),
        Kind::Subscript => is_tried(site.node),
        _ => false,
    })
}

/// Whether a `try` statement whose body holds an item catches what is raised where the key is not there.
fn catches_missing(attempt: Node<'_>, item: Node<'_>) -> bool {
    let body = attempt.child(Field::Body);
    let mut clauses = attempt
        .children()
        .filter(|part| part.kind() == Kind::ExceptClause);
    body.is_some_and(|body| body.contains(item))
        && clauses.any(|clause| {
            let caught = clause.children().next();
            caught.is_some_and(|caught| caught.text().contains("KeyError"))
        })
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
