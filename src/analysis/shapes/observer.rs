//! Subjects of observers: objects that keep others, and tell each of them what happens.

use crate::facts::{MutationKind, Site};
use crate::project::{Class, Function};
use crate::syntax::{Field, Kind, Node};

/// Methods of containers that keep an argument.
const KEEPERS: &[&str] = &["add", "append", "appendleft", "insert", "setdefault"];

/// Parts of the names that subjects, and what observes them, have: what is kept to be called by a method of its own may also be a part, or a child.
const WORDS: &[&str] = &[
    "attach", "callback", "handle", "hook", "listen", "notif", "observe", "on_", "register",
    "subscri", "update", "watch",
];

/// Whether one method of a class keeps what it is given, and another calls each of what is kept for what the call does.
pub(in crate::analysis) fn is_subject(class: Class<'_>) -> bool {
    let kept = class.methods().flat_map(|method| {
        let attributes = kept(method).into_iter();
        attributes.map(move |attribute| (attribute, method.name()))
    });
    let kept: Vec<_> = kept.collect();
    !kept.is_empty()
        && class.methods().any(|method| {
            calls_each(method).any(|(walked, called)| {
                kept.iter().any(|(attribute, keeper)| {
                    let names = [*attribute, *keeper, called.unwrap_or_default()];
                    *attribute == walked && (called.is_none() || names.into_iter().any(says_so))
                })
            })
        })
}

fn says_so(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    WORDS.iter().any(|word| name.contains(word))
}

/// The attributes of its object in which a method keeps one of its parameters.
fn kept<'p>(method: Function<'p>) -> Vec<&'p str> {
    let mut given = method.parameters().map(|parameter| parameter.name.text());
    let Some(own) = given.next() else {
        return Vec::new();
    };
    let given: Vec<&str> = given.collect();
    let is_given = |node: Node<'_>| node.kind() == Kind::Name && given.contains(&node.text());
    let kept = method.site.mutations().filter_map(|mutation| {
        let (target, by) = (
            method.site.at(mutation.target),
            method.site.at(mutation.node),
        );
        let keeps = match mutation.kind {
            MutationKind::Method => {
                let name = by.node.child(Field::Function)?.child(Field::Attribute)?;
                let mut arguments = by.node.child(Field::Arguments)?.children();
                KEEPERS.contains(&name.text()) && arguments.any(is_given)
            }
            MutationKind::Item => {
                let mut parts = by.node.children();
                let value = parts.find_map(|part| part.child(Field::Right));
                value.is_some_and(is_given)
            }
            _ => false,
        };
        keeps.then(|| attribute_of(target.node, own))?
    });
    kept.collect()
}

/// The attribute of the object at the root of an expression: `x` in `self.x[key].setdefault(name, [])`.
fn attribute_of<'p>(node: Node<'p>, own: &str) -> Option<&'p str> {
    let mut node = node;
    loop {
        node = match node.kind() {
            Kind::Attribute => {
                let object = node.child(Field::Object)?;
                if object.kind() == Kind::Name && object.text() == own {
                    return node.child(Field::Attribute).map(Node::text);
                }
                object
            }
            Kind::Subscript => node.child(Field::Value)?,
            Kind::Call => node.child(Field::Function)?,
            _ => return None,
        };
    }
}

/// The attributes of its object that a method walks to call each item in a statement of its own; with the method of the item that is called, where it is not the item itself.
fn calls_each<'p>(method: Function<'p>) -> impl Iterator<Item = (&'p str, Option<&'p str>)> {
    let own = method.first_parameter().unwrap_or_default();
    let loops = method.nodes().filter(|site| site.node.kind() == Kind::For);
    loops.flat_map(move |turn| {
        let walked = turn.node.child(Field::Right).into_iter();
        let walked: Vec<&str> = walked
            .flat_map(Node::with_descendants)
            .filter(|node| node.kind() == Kind::Attribute)
            .filter_map(|node| attribute_of(node, own))
            .collect();
        let called: Vec<_> = called_in(turn).collect();
        walked.into_iter().flat_map(move |walked| {
            let called = called.clone();
            called.into_iter().map(move |called| (walked, called))
        })
    })
}

/// What the statements of a loop's body call of the loop's own names: a method of it, or the item itself.
fn called_in<'p>(turn: Site<'p>) -> impl Iterator<Item = Option<&'p str>> {
    let targets = turn.node.child(Field::Left).into_iter();
    let names: Vec<&str> = targets
        .flat_map(Node::with_descendants)
        .filter(|node| node.kind() == Kind::Name)
        .map(Node::text)
        .collect();
    let body = turn.node.child(Field::Body).into_iter();
    let statements = body
        .flat_map(Node::descendants)
        .filter(|node| node.kind() == Kind::ExpressionStatement);
    statements.filter_map(move |statement| {
        let mut call = statement.children().next()?;
        if call.kind() == Kind::Await {
            call = call.children().next()?;
        }
        let callee = call.child(Field::Function)?;
        let is_own = |node: Node<'_>| node.kind() == Kind::Name && names.contains(&node.text());
        match callee.kind() {
            Kind::Name => is_own(callee).then_some(None),
            _ => {
                let method = callee.child(Field::Attribute)?;
                is_own(callee.child(Field::Object)?).then_some(Some(method.text()))
            }
        }
    })
}
