//! What keeps results between calls on purpose, by what is done with it: defaults of parameters, tables.

use crate::facts::Site;
use crate::project::{Function, Reach, Use};
use crate::syntax::{Field, Kind, Node, Op};

/// Whether a change fills what a parameter is bound to for good: where it is empty (`if not table:`), or where it has not the key under which the function looks first and gives back what is there.
/// What is put in may be of this one call: what is asked like this is a memo, and keeps it for the next call.
pub(super) fn fills_once(function: Function<'_>, name: &str, found: &Use<'_>) -> bool {
    let change = found.site;
    let lacks = |test: Node<'_>| lacks_items(test, function, name, change);
    let has = |test: Node<'_>| has_items(test, function, name, change);
    let gives_back = |statement: Node<'_>| {
        let test = statement.child(Field::Condition);
        let then = statement.child(Field::Consequence);
        let last = then.and_then(|then| then.children().last());
        statement.kind() == Kind::If
            && last.is_some_and(|last| last.kind() == Kind::Return)
            && test.is_some_and(|test| parts_of(test, Op::And).any(has))
    };
    let is_behind_return = |node: Node<'_>| {
        let block = node.parent().filter(|block| block.kind() == Kind::Block);
        let mut before = block.into_iter().flat_map(Node::children);
        before.any(|other| other.id() < node.id() && gives_back(other))
    };
    found.reach == Reach::Mutated
        && Function::around(change) == Some(function)
        && (branch_where(change.node, lacks, has).is_some()
            || within_function(change.node).any(is_behind_return))
}

/// The branch around a change that is only run where a container, as it is written, is empty.
pub(super) fn branch_where_empty<'p>(change: Node<'p>, container: &str) -> Option<Node<'p>> {
    let lacks = |test: Node<'_>| is_empty(test, container);
    let has = |test: Node<'_>| test.text() == container;
    branch_where(change, lacks, has)
}

/// The branch around a change that is only run where something is missing; `lacks` knows the tests that say so, `has` those that say it is there.
fn branch_where<'p>(
    change: Node<'p>,
    lacks: impl Fn(Node<'p>) -> bool,
    has: impl Fn(Node<'p>) -> bool,
) -> Option<Node<'p>> {
    let is_it = |branch: &Node<'p>| {
        let statement = branch.parent().filter(|parent| parent.kind() == Kind::If);
        let test = statement.and_then(|statement| statement.child(Field::Condition));
        test.is_some_and(|test| match branch.field() {
            Field::Consequence => parts_of(test, Op::And).any(&lacks),
            Field::Alternative => parts_of(test, Op::Or).any(&has),
            _ => false,
        })
    };
    within_function(change).find(is_it)
}

/// A node and those around it, up to the function that they are part of.
fn within_function(node: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    let is_function = |node: &Node<'_>| matches!(node.kind(), Kind::FunctionDef | Kind::Lambda);
    let around = node.ancestors().take_while(move |node| !is_function(node));
    std::iter::once(node).chain(around)
}

/// The operands of `and` or `or`; else the expression itself.
fn parts_of(test: Node<'_>, op: Op) -> impl Iterator<Item = Node<'_>> {
    let is_joined = test.kind() == Kind::BooleanOperation && test.op() == op;
    let whole = (!is_joined).then_some(test);
    let operands = test.children().filter(move |_| is_joined);
    whole.into_iter().chain(operands)
}

/// `not table`
fn is_empty(test: Node<'_>, table: &str) -> bool {
    test.kind() == Kind::NotOperation && test.children().next().map(Node::text) == Some(table)
}

/// `not table`, `key not in table`, of the key under which a change puts something in.
fn lacks_items(test: Node<'_>, function: Function<'_>, name: &str, change: Site<'_>) -> bool {
    is_empty(test, name)
        || is_under(asked_key(test, Op::NotIn, name), name, change) && gives_item(function, name)
}

/// `table`, `key in table`, of the key under which a change puts something in.
fn has_items(test: Node<'_>, function: Function<'_>, name: &str, change: Site<'_>) -> bool {
    test.text() == name
        || is_under(asked_key(test, Op::In, name), name, change) && gives_item(function, name)
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
