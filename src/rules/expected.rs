//! Whether code counts on the exception that it raises.

use crate::facts::Site;
use crate::project::managers;
use crate::syntax::{Field, Kind, Node};

/// What those call their decorators and managers that count on an exception.
const WORDS: &[&str] = &["raise", "suppress", "expect", "fail"];

/// Whether the code around a place counts on an exception there: a `try` that catches it, a `with` that expects it, a function that is given to `assertRaises`. The `try` and
/// the `with` may also stand around a function in which the place is: it may be called there.
pub(super) fn is_expected(site: Site<'_>, exception: &str) -> bool {
    is_counted_on(site, |statement| catches(statement, exception))
}

/// The same for whatever exception there may be.
pub(super) fn is_any_expected(site: Site<'_>) -> bool {
    is_counted_on(site, |statement| {
        statement.child_of(Kind::ExceptClause).is_some()
    })
}

fn is_counted_on(site: Site<'_>, catches: impl Fn(Node<'_>) -> bool) -> bool {
    site.node.ancestors().any(|node| match node.kind() {
        Kind::Try => {
            let tried = node.child(Field::Body);
            tried.is_some_and(|body| body.contains(site.node)) && catches(node)
        }
        Kind::With => managers(site.with(node)).any(|manager| {
            let calls = manager.node.descendants();
            let mut calls = calls.filter(|node| node.kind() == Kind::Call);
            says_so(manager.node) || calls.any(says_so)
        }),
        Kind::Call => expects(node),
        Kind::FunctionDef => {
            let mut decorators = site.with(node).decorators();
            decorators.any(|decorator| says_so(decorator.node)) || is_handed_to_raises(node)
        }
        _ => false,
    })
}

/// Whether an expression, or what it calls, has such a name.
fn says_so(expression: Node<'_>) -> bool {
    let callee = expression.child(Field::Function).unwrap_or(expression);
    let name = callee.text().to_ascii_lowercase();
    WORDS.iter().any(|word| name.contains(word))
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
