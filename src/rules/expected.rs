//! Whether code counts on the exception that it raises.

use crate::facts::Site;
use crate::syntax::{Field, Kind, Node};

/// Whether the code around a place counts on an exception there: a `try` that catches it, a `with` that expects it, a function that is given to `assertRaises`.
pub(super) fn is_expected(site: Site<'_>, exception: &str) -> bool {
    site.node.ancestors().any(|node| match node.kind() {
        Kind::Try => {
            let tried = node.child(Field::Body);
            tried.is_some_and(|body| body.contains(site.node)) && catches(node, exception)
        }
        Kind::With => {
            let end = node.child(Field::Body).map_or(0, |body| body.range().start);
            let head = node.text().get(..end - node.range().start.min(end));
            head.is_some_and(|head| head.contains("aises") || head.contains("suppress"))
        }
        Kind::Call => expects(node),
        Kind::FunctionDef => is_handed_to_raises(node),
        _ => false,
    })
}

/// Whether a `try` statement has a handler for an exception.
fn catches(statement: Node<'_>, exception: &str) -> bool {
    let mut handlers = statement
        .children()
        .filter(|child| child.kind() == Kind::ExceptClause);
    handlers.any(|handler| {
        let caught = handler.children().next();
        caught.is_none_or(|caught| {
            let mut words = caught
                .text()
                .split(|letter: char| !letter.is_alphanumeric() && letter != '_');
            caught.kind() == Kind::Block
                || words
                    .any(|word| word == exception || matches!(word, "Exception" | "BaseException"))
        })
    })
}

/// Whether a call is one of `assertRaises`, `pytest.raises` or their like.
fn expects(call: Node<'_>) -> bool {
    let callee = call.child(Field::Function);
    callee.is_some_and(|callee| {
        let name = callee.child(Field::Attribute).unwrap_or(callee);
        name.text().contains("aises")
    })
}

/// Whether a function is given by its name to `assertRaises` or its like, in the code around it.
fn is_handed_to_raises(function: Node<'_>) -> bool {
    let Some(name) = function.child(Field::Name) else {
        return false;
    };
    let around = function.ancestors().last();
    around.into_iter().flat_map(Node::descendants).any(|node| {
        node.kind() == Kind::Call
            && expects(node)
            && node.child(Field::Arguments).is_some_and(|arguments| {
                let mut given = arguments.children();
                given.any(|given| given.kind() == Kind::Name && given.text() == name.text())
            })
    })
}
