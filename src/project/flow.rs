//! Which of a name's bindings can be the one that is read at a place.

use super::threads::is_repeated;
use crate::facts::{BindingKind, BindingSite, ScopeKind, Site};
use crate::syntax::{Field, Kind, Node, Op};

/// How many bindings of one name are told apart: what a name denotes that has more is not known.
pub(super) const REBINDINGS: usize = 64;

/// The bindings of a name that can be the one read at `at`: those since the last that is made on every way there; all, where the order of execution is not that of
/// the text.
pub(super) fn reaching<'f>(
    bindings: &[BindingSite<'f>],
    at: Option<Site<'f>>,
) -> Vec<BindingSite<'f>> {
    reaching_if(bindings, at, false)
}

/// The same; `empty` says that what the name was bound to at first is empty, so that `if not name:` is entered.
pub(super) fn reaching_if<'f>(
    bindings: &[BindingSite<'f>],
    at: Option<Site<'f>>,
    empty: bool,
) -> Vec<BindingSite<'f>> {
    let Some(at) = at else {
        let from = settled(bindings, None, empty).map_or(0, |settled| settled.from);
        return bindings[from..].to_vec();
    };
    if !is_same_scope(bindings, at) {
        let for_good = |binding: &BindingSite<'_>| is_unconditional(binding, None, empty);
        return if bindings.iter().all(for_good) {
            bindings.last().copied().into_iter().collect()
        } else {
            bindings.to_vec()
        };
    }
    let before: Vec<_> = bindings
        .iter()
        .filter(|binding| takes_effect_before(binding, at))
        .filter(|binding| !is_in_other_branch(binding, at))
        .copied()
        .collect();
    if before.is_empty() {
        return bindings.to_vec();
    }
    let settled = settled(&before, Some(at.node), empty);
    let mut found = before[settled.as_ref().map_or(0, |settled| settled.from)..].to_vec();
    // what a loop binds further down is read in its next turn, unless the turn begins with a binding
    let around = at
        .node
        .ancestors()
        .filter(|node| matches!(node.kind(), Kind::For | Kind::While))
        .take_while(|outer| {
            !settled
                .as_ref()
                .is_some_and(|settled| outer.contains(settled.node))
        })
        .last();
    if let Some(around) = around {
        let later = bindings.iter().filter(|binding| {
            binding.name.segment == at.segment
                && !takes_effect_before(binding, at)
                && around.contains(binding.name.node)
        });
        found.extend(later.copied());
    }
    found
}

fn is_same_scope(bindings: &[BindingSite<'_>], at: Site<'_>) -> bool {
    let scopes = &at.body().scopes;
    let mut scope = at.scope();
    while scopes[scope].kind == ScopeKind::Comprehension {
        scope = scopes[scope].parent.unwrap_or(0);
    }
    bindings.iter().all(|binding| {
        binding.name.segment == at.segment && same_or_inner(scopes, binding.binding.scope, scope)
    }) || (scopes[scope].kind == ScopeKind::Root
        && bindings.iter().all(|binding| binding.binding.scope == 0))
}

fn same_or_inner(scopes: &[crate::facts::Scope], mut own: usize, scope: usize) -> bool {
    while own != scope
        && scopes.get(own).map(|own| own.kind) == Some(ScopeKind::Comprehension)
        && let Some(parent) = scopes[own].parent
    {
        own = parent;
    }
    own == scope
}

/// Whether a binding is made before `at` is read: it stands before, and `at` is not part of the value that it binds.
fn takes_effect_before(binding: &BindingSite<'_>, at: Site<'_>) -> bool {
    let place = |site: Site<'_>| (site.segment, site.node.id());
    let is_within_value = || {
        binding.name.segment == at.segment
            && !matches!(
                binding.binding.kind,
                BindingKind::Parameter | BindingKind::Function | BindingKind::Class
            )
            && binding
                .value()
                .is_some_and(|value| value.node.contains(at.node))
    };
    place(binding.name) < place(at) && !is_within_value()
}

/// Whether a binding stands in one branch of an `if` statement and a place in another one, and no loop leads from the one to the other.
fn is_in_other_branch(binding: &BindingSite<'_>, at: Site<'_>) -> bool {
    if binding.name.segment != at.segment {
        return false;
    }
    let mut node = binding.name.node;
    while let Some(parent) = node.parent() {
        if parent.contains(at.node) {
            // what a condition binds, the branches behind it have too
            let is_condition = node.field() == Field::Condition
                || node
                    .child(Field::Condition)
                    .is_some_and(|condition| condition.contains(binding.name.node));
            return parent.kind() == Kind::If
                && !is_condition
                && !node.contains(at.node)
                && !is_repeated(at.with(parent));
        }
        node = parent;
    }
    false
}

/// The last bindings that are made on every way to a place.
struct Settled<'f> {
    /// The first of them.
    from: usize,
    /// The binding's name, or the `if` whose branches all bind.
    node: Node<'f>,
}

fn settled<'f>(
    bindings: &[BindingSite<'f>],
    at: Option<Node<'f>>,
    empty: bool,
) -> Option<Settled<'f>> {
    for (index, binding) in bindings.iter().enumerate().rev() {
        let mut node = binding.name.node;
        let mut from = index;
        loop {
            match conditional_around(node, at, empty) {
                Conditional::No => {
                    return Some(Settled { from, node });
                }
                Conditional::If(outer) if binds_in_every_branch(outer, &bindings[..=index]) => {
                    from = bindings[..=index]
                        .iter()
                        .position(|binding| outer.contains(binding.name.node))
                        .unwrap_or(from);
                    node = outer;
                }
                Conditional::If(_) | Conditional::Other => break,
            }
        }
    }
    None
}

fn is_unconditional(binding: &BindingSite<'_>, at: Option<Node<'_>>, empty: bool) -> bool {
    matches!(
        conditional_around(binding.name.node, at, empty),
        Conditional::No
    )
}

enum Conditional<'f> {
    /// It is executed on every way to the place.
    No,
    /// It is in a branch of this `if` statement.
    If(Node<'f>),
    Other,
}

/// What decides whether a node is executed before `at`, which stands after it; before the end of the scope, where there is no `at`.
fn conditional_around<'f>(node: Node<'f>, at: Option<Node<'f>>, empty: bool) -> Conditional<'f> {
    let mut node = node;
    while let Some(parent) = node.parent() {
        let in_same_branch = at.is_some_and(|at| node.contains(at));
        match parent.kind() {
            Kind::If if node.field() == Field::Condition => node = parent,
            Kind::For if node.field() == Field::Left => return Conditional::No,
            Kind::For if node.field() == Field::Right => node = parent,
            Kind::For if node.field() == Field::Body && has_first_turn(parent) => node = parent,
            _ if node.kind() == Kind::FinallyClause => node = parent,
            Kind::If | Kind::ElifClause | Kind::ElseClause
                if !in_same_branch && if_around(parent).is_some() =>
            {
                let is_entered = empty
                    && parent.kind() == Kind::If
                    && node.field() == Field::Consequence
                    && parent.child(Field::Condition).is_some_and(|condition| {
                        condition.kind() == Kind::NotOperation
                            && condition
                                .children()
                                .next()
                                .is_some_and(|inner| inner.kind() == Kind::Name)
                    });
                let Some(outer) = if_around(parent).filter(|_| !is_entered) else {
                    node = parent;
                    continue;
                };
                return Conditional::If(outer);
            }
            Kind::If
            | Kind::ElifClause
            | Kind::ElseClause
            | Kind::While
            | Kind::For
            | Kind::Try
            | Kind::ExceptClause
            | Kind::Match
            | Kind::CaseClause
                if !in_same_branch =>
            {
                return Conditional::Other;
            }
            Kind::FunctionDef | Kind::ClassDef | Kind::Lambda if node.field() != Field::Name => {
                return Conditional::No;
            }
            _ => node = parent,
        }
    }
    Conditional::No
}

/// Whether a loop surely has a turn, which nothing leaves before its end: `for _ in range(6):`.
fn has_first_turn(walk: Node<'_>) -> bool {
    let Some(walked) = walk.child(Field::Right) else {
        return false;
    };
    let is_range = walked.kind() == Kind::Call
        && walked.child(Field::Function).map(Node::text) == Some("range");
    let mut given = walked.arguments();
    let is_counted = match (given.next(), given.next()) {
        (Some(size), None) => size.kind() == Kind::Integer && size.text() != "0",
        _ => false,
    };
    is_range
        && is_counted
        && !walk.descendants().any(|node| {
            matches!(
                node.kind(),
                Kind::Break | Kind::Continue | Kind::Return | Kind::Raise | Kind::Try
            )
        })
}

/// For an `if` statement or one of its clauses, the statement. None for the `else` of a loop or a `try`.
fn if_around(node: Node<'_>) -> Option<Node<'_>> {
    if node.kind() == Kind::If {
        return Some(node);
    }
    node.parent().filter(|parent| parent.kind() == Kind::If)
}

/// Whether every branch of an `if` statement makes one of the bindings, or leaves the block.
fn binds_in_every_branch(statement: Node<'_>, bindings: &[BindingSite<'_>]) -> bool {
    if statement.child_of(Kind::ElseClause).is_none() {
        return false;
    }
    let branches = statement.children().filter_map(|child| match child.kind() {
        Kind::Block => Some(child),
        Kind::ElifClause => child.child(Field::Consequence),
        Kind::ElseClause => child.child(Field::Body),
        _ => None,
    });
    branches.into_iter().all(|branch| {
        let binds = |binding: &BindingSite<'_>| {
            branch.contains(binding.name.node)
                && binding
                    .name
                    .node
                    .ancestors()
                    .take_while(|node| *node != branch)
                    .all(|node| !is_branching(node.kind()))
        };
        leaves(branch) || bindings.iter().rev().any(binds)
    })
}

fn is_branching(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::If | Kind::While | Kind::For | Kind::Try | Kind::Match
    )
}

/// Whether a block ends in `return`, `raise`, `continue` or `break`.
pub(super) fn leaves(block: Node<'_>) -> bool {
    block.children().last().is_some_and(|last| {
        matches!(
            last.kind(),
            Kind::Return | Kind::Raise | Kind::Continue | Kind::Break
        )
    })
}

/// Whether a place is only come to when the object that a name is bound to is not empty: in `if name:`, after `name and` or `not name or`, behind `if not name: return`, ….
pub(super) fn is_for_filled(site: Site<'_>, name: &str) -> bool {
    let mut node = site.node;
    while let Some(parent) = node.parent() {
        let condition = || parent.child(Field::Condition);
        let is_true_for_filled = || condition().is_some_and(|test| holds_for_filled(test, name));
        let filled = match (parent.kind(), node.field()) {
            (Kind::If | Kind::While | Kind::ElifClause, Field::Consequence | Field::Body) => {
                is_true_for_filled()
            }
            (Kind::If, Field::Alternative) => {
                condition().is_some_and(|test| fails_for_filled(test, name))
            }
            (Kind::For, Field::Body) => parent
                .child(Field::Right)
                .is_some_and(|walked| is_named(walked, name)),
            (Kind::BooleanOperation, Field::Right) if parent.op() == Op::And => parent
                .child(Field::Left)
                .is_some_and(|left| holds_for_filled(left, name)),
            (Kind::BooleanOperation, Field::Right) if parent.op() == Op::Or => parent
                .child(Field::Left)
                .is_some_and(|left| fails_for_filled(left, name)),
            (Kind::Conditional, _) => {
                let mut parts = parent.children();
                let (then, test) = (parts.next(), parts.next());
                then == Some(node) && test.is_some_and(|test| holds_for_filled(test, name))
            }
            (Kind::Block, _) => is_left_when_empty(parent, node, name),
            (Kind::FunctionDef | Kind::ClassDef, _) => return false,
            _ => false,
        };
        if filled {
            return true;
        }
        node = parent;
    }
    false
}

fn is_named(node: Node<'_>, name: &str) -> bool {
    node.kind() == Kind::Name && node.text() == name
}

/// Whether a statement before one of a block leaves the block where the object is empty: `if not name: return`.
fn is_left_when_empty(block: Node<'_>, statement: Node<'_>, name: &str) -> bool {
    let mut before = block.children().take_while(|other| *other != statement);
    before.any(|other| {
        let test = other.child(Field::Condition);
        let then = other.child(Field::Consequence);
        other.kind() == Kind::If
            && test.is_some_and(|test| fails_for_filled(test, name))
            && then.is_some_and(leaves)
    })
}

/// Whether a test can only hold when the object of a name is not empty: `name`, `name and flag`, `len(name) > 0`, `key in name`.
fn holds_for_filled(test: Node<'_>, name: &str) -> bool {
    let test = test.unparenthesized();
    match test.kind() {
        Kind::Name => is_named(test, name),
        Kind::BooleanOperation if test.op() == Op::And => test
            .children()
            .any(|operand| holds_for_filled(operand, name)),
        Kind::BooleanOperation => test
            .children()
            .all(|operand| holds_for_filled(operand, name)),
        Kind::Call => asks_for_size(test, name),
        Kind::Comparison => {
            let mut operands = test.children();
            match (operands.next(), operands.next(), operands.next(), test.op()) {
                (_, Some(right), None, Op::In) => is_named(right, name),
                (Some(left), Some(right), None, Op::Greater) => {
                    asks_for_size(left, name) && right.kind() == Kind::Integer
                }
                _ => false,
            }
        }
        _ => false,
    }
}

/// Whether a test can only fail when the object of a name is not empty: `not name`, `not name or flag`.
fn fails_for_filled(test: Node<'_>, name: &str) -> bool {
    let test = test.unparenthesized();
    match test.kind() {
        Kind::NotOperation => test
            .children()
            .next()
            .is_some_and(|asked| holds_for_filled(asked, name)),
        Kind::BooleanOperation if test.op() == Op::Or => test
            .children()
            .any(|operand| fails_for_filled(operand, name)),
        _ => false,
    }
}

/// `len(name)`, `bool(name)`.
fn asks_for_size(call: Node<'_>, name: &str) -> bool {
    let callee = call.child(Field::Function).map(Node::text);
    let mut arguments = call.arguments();
    call.kind() == Kind::Call
        && matches!(callee, Some("len" | "bool"))
        && arguments.next().is_some_and(|only| is_named(only, name))
        && arguments.next().is_none()
}
