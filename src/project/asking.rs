//! Where a function asks whether the one instance is there: what a statement asks about which place, and what runs when there is none.

use super::Function;
use super::functions::is_definition;
use crate::facts::Site;
use crate::syntax::{Field, Kind, Node, Op, contains_word};

/// What a condition asks: the place that is looked at, and whether the condition holds when there is nothing.
pub(super) struct Question<'p> {
    pub place: String,
    pub per_class: bool,
    pub missing_when: bool,
    pub check: Site<'p>,
}

/// What an `if` statement asks, where it asks whether something is there.
pub(super) fn question<'p>(function: Function<'p>, statement: Site<'p>) -> Option<Question<'p>> {
    let check = statement.child(Field::Condition)?;
    let (node, is_turned) = without_not(check.node)?;
    let asked = match node.kind() {
        // `not hasattr(cls, "_one") or cls._one is None`
        Kind::BooleanOperation => {
            let (left, right) = (node.child(Field::Left)?, node.child(Field::Right)?);
            let is_missing = node.op() == Op::Or;
            let (left, right) = (asked_by(check, left)?, asked_by(check, right)?);
            let is_one = left.place == right.place
                && left.missing_when == is_missing
                && right.missing_when == is_missing;
            is_one.then_some(right)
        }
        _ => asked_by(check, node),
    }?;
    let asked = Question {
        missing_when: asked.missing_when != is_turned,
        ..asked
    };
    Some(through_local(function, statement, asked))
}

/// A condition without the `not`s before it, and whether they turn it round.
fn without_not(condition: Node<'_>) -> Option<(Node<'_>, bool)> {
    let mut node = condition.unparenthesized();
    let mut is_turned = false;
    while node.kind() == Kind::NotOperation {
        is_turned = !is_turned;
        node = node.children().next()?.unparenthesized();
    }
    Some((node, is_turned))
}

/// What a condition, or a part of one, asks about one place.
fn asked_by<'p>(check: Site<'p>, condition: Node<'p>) -> Option<Question<'p>> {
    let (node, missing_when) = without_not(condition)?;
    let found = |place: String, per_class: bool, missing_when: bool| {
        Some(Question {
            place,
            per_class,
            missing_when,
            check,
        })
    };
    match node.kind() {
        Kind::Comparison => {
            let mut operands = node.children();
            let (left, right) = (operands.next()?, operands.next()?);
            match node.op() {
                Op::Is | Op::Eq if right.kind() == Kind::None => found(
                    got(left).unwrap_or_else(|| key(left)),
                    is_table(left),
                    !missing_when,
                ),
                Op::IsNot | Op::NotEq if right.kind() == Kind::None => {
                    found(key(left), is_table(left), missing_when)
                }
                Op::In | Op::NotIn => {
                    let missing = (node.op() == Op::NotIn) != missing_when;
                    let name = right.child(Field::Object).filter(|_| {
                        right
                            .child(Field::Attribute)
                            .is_some_and(|name| name.text() == "__dict__")
                    });
                    let name = name.or_else(|| called_with(right, "vars"));
                    match (left.kind(), name) {
                        (Kind::String, Some(object)) => found(
                            format!("{}.{}", key(object), left.text().trim_matches(['"', '\''])),
                            false,
                            missing,
                        ),
                        _ => found(format!("{}[{}]", key(right), key(left)), true, missing),
                    }
                }
                _ => None,
            }
        }
        Kind::Call => match node.child(Field::Function)?.text() {
            "hasattr" => {
                let mut arguments = node.child(Field::Arguments)?.children();
                let (object, name) = (arguments.next()?, arguments.next()?);
                let place = format!("{}.{}", key(object), name.text().trim_matches(['"', '\'']));
                (name.kind() == Kind::String).then(|| found(place, false, missing_when))?
            }
            "getattr" => found(got(node)?, false, missing_when),
            "isinstance" => {
                let object = node.child(Field::Arguments)?.children().next()?;
                found(key(object), false, missing_when)
            }
            _ => None,
        },
        Kind::Name | Kind::Attribute | Kind::Subscript => {
            found(key(node), is_table(node), missing_when)
        }
        _ => None,
    }
}

/// `try: return cls._instance` with an `except AttributeError`: where nothing is there, reading it raises.
pub(super) fn attempt(statement: Site<'_>) -> Option<Question<'_>> {
    let mut tried = statement.node.child(Field::Body)?.children();
    let only = tried.next().filter(|_| tried.next().is_none())?;
    let inner = only.children().next()?;
    let read = match inner.kind() {
        Kind::Assignment => inner.child(Field::Right)?,
        _ => inner,
    };
    let (per_class, missing) = match read.kind() {
        Kind::Attribute => (false, "AttributeError"),
        Kind::Subscript => (true, "KeyError"),
        _ => return None,
    };
    let mut handlers = statement
        .node
        .children()
        .filter(|child| child.kind() == Kind::ExceptClause);
    let is_expected = handlers.any(|handler| {
        let mut caught = handler
            .children()
            .take_while(|child| child.kind() != Kind::Block);
        caught.any(|caught| contains_word(caught.text(), missing))
    });
    // what is there and not handed out may be refused: then there is one object ever
    let alternative = statement.node.child_of(Kind::ElseClause);
    let inside = alternative.into_iter().flat_map(Node::descendants);
    let beside = statement.node.parent().into_iter().flat_map(Node::children);
    let raises = |node: Node<'_>| node.kind() == Kind::Raise && node.id() > statement.node.id();
    let refuses = only.kind() != Kind::Return && inside.chain(beside).any(raises);
    (is_expected && !refuses).then(|| Question {
        place: key(read),
        per_class,
        missing_when: true,
        check: statement.with(read),
    })
}

/// Whether the first branch of an `if` raises: then there is one object ever, and nobody gets it a second time.
pub(super) fn refuses(statement: Site<'_>) -> bool {
    let branch = statement.node.child(Field::Consequence);
    branch.is_some_and(|branch| branch.children().any(|inner| inner.kind() == Kind::Raise))
}

/// For `getattr(object, "name", …)`, the place that is looked at.
fn got(node: Node<'_>) -> Option<String> {
    let object = called_with(node, "getattr")?;
    let name = node
        .child(Field::Arguments)?
        .children()
        .nth(1)
        .filter(|name| name.kind() == Kind::String)?;
    Some(format!(
        "{}.{}",
        key(object),
        name.text().trim_matches(['"', '\''])
    ))
}

fn is_table(node: Node<'_>) -> bool {
    node.kind() == Kind::Subscript
}

fn called_with<'t>(node: Node<'t>, function: &str) -> Option<Node<'t>> {
    let callee = node
        .child(Field::Function)
        .filter(|callee| callee.text() == function);
    callee.and_then(|_| node.child(Field::Arguments)?.children().next())
}

/// Where a local variable is asked that was read from a place before (`instance = table.get(cls)`), the question is about that place.
fn through_local<'p>(
    function: Function<'p>,
    statement: Site<'p>,
    asked: Question<'p>,
) -> Question<'p> {
    let before = function.nodes().filter(|site| {
        site.node.kind() == Kind::Assignment && site.node.id() < statement.node.id()
    });
    let read = before
        .filter(|site| {
            site.node
                .child(Field::Left)
                .is_some_and(|left| left.kind() == Kind::Name && left.text() == asked.place)
        })
        .last();
    let Some(value) = read.and_then(assigned) else {
        return asked;
    };
    let place = match value.node.kind() {
        Kind::Attribute | Kind::Subscript => Some((key(value.node), is_table(value.node))),
        Kind::Call if got(value.node).is_some() => got(value.node).map(|place| (place, false)),
        Kind::Call => {
            let callee = value.node.child(Field::Function);
            let object = callee
                .filter(|callee| {
                    callee
                        .child(Field::Attribute)
                        .is_some_and(|name| name.text() == "get")
                })
                .and_then(|callee| callee.child(Field::Object));
            let argument = value
                .node
                .child(Field::Arguments)
                .and_then(|arguments| arguments.children().next());
            object
                .zip(argument)
                .map(|(object, argument)| (format!("{}[{}]", key(object), key(argument)), true))
        }
        _ => None,
    };
    match place {
        Some((place, per_class)) => Question {
            place,
            per_class,
            ..asked
        },
        None => asked,
    }
}

/// The statements that run when there is nothing: those in the branch, or, where the other branch leaves, those after the statement; after an attempt, the handlers' too.
pub(super) fn missing_branch<'p>(
    function: Function<'p>,
    statement: Site<'p>,
    missing_when: bool,
) -> Vec<Site<'p>> {
    let inside = |node: Node<'p>| -> Vec<Site<'p>> {
        let nodes = node.descendants_outside(is_definition);
        nodes
            .filter(|node| matches!(node.kind(), Kind::Assignment | Kind::Call))
            .map(|node| statement.with(node))
            .collect()
    };
    let after = || -> Vec<Site<'p>> {
        let nodes = function.nodes().filter(|site| {
            site.node.id() > statement.node.id() && !statement.node.contains(site.node)
        });
        nodes
            .filter(|site| matches!(site.node.kind(), Kind::Assignment | Kind::Call))
            .collect()
    };
    if statement.node.kind() == Kind::Try {
        let children = statement.node.children();
        let handlers = children.filter(|child| child.kind() == Kind::ExceptClause);
        return handlers.flat_map(inside).chain(after()).collect();
    }
    let branch = statement.node.child(Field::Consequence);
    if missing_when {
        return branch.map(inside).unwrap_or_default();
    }
    let alternative = statement
        .node
        .children()
        .find(|child| child.kind() == Kind::ElseClause);
    if let Some(alternative) = alternative {
        return inside(alternative);
    }
    let leaves = branch.is_some_and(|branch| {
        branch
            .children()
            .any(|inner| matches!(inner.kind(), Kind::Return | Kind::Raise))
    });
    if !leaves {
        return Vec::new();
    }
    after()
}

/// The value that an assignment, or the last of a chain, assigns.
pub(super) fn assigned(assignment: Site<'_>) -> Option<Site<'_>> {
    let mut right = assignment.child(Field::Right)?;
    while right.node.kind() == Kind::Assignment {
        right = right.child(Field::Right)?;
    }
    Some(right)
}

/// The text of a node without blanks, to compare places by.
pub(super) fn key(node: Node<'_>) -> String {
    node.text().chars().filter(|c| !c.is_whitespace()).collect()
}
