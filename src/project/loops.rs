//! Loops: which take time, how many turns they make, and what runs again and again in one.

use super::functions::is_definition;
use super::{Function, Project};
use crate::facts::Site;
use crate::syntax::{Field, Kind, Node, Op};

/// A loop over so many items, with nothing but simple statements in it, takes no time worth mentioning.
const SMALL: u64 = 10_000;

/// How many names lead to a constant.
const NAMES: usize = 4;

impl Project {
    /// Whether a loop takes time: not one over a handful of items with simple statements in it.
    pub(super) fn is_heavy_loop<'p>(&'p self, site: Site<'p>) -> bool {
        if !computes(site.node) {
            return false;
        }
        let Some(bound) = self.loop_bound(site) else {
            return true;
        };
        let inner = site
            .node
            .descendants_outside(is_definition)
            .filter(|inner| is_loop(inner.kind()))
            .map(|inner| self.loop_bound(site.with(inner)).unwrap_or(SMALL));
        inner.fold(bound, u64::saturating_mul) >= SMALL
    }

    /// How many turns a loop makes, where its header says so: `range(…)` of constants, or a display.
    fn loop_bound<'p>(&'p self, site: Site<'p>) -> Option<u64> {
        let clause = match site.node.kind() {
            Kind::While => return None,
            Kind::For => site,
            _ => site.with(site.node.child_of(Kind::ForInClause)?),
        };
        let mut iterable = clause.child(Field::Right)?;
        for _ in 0..NAMES {
            iterable = self.origin(iterable)?;
        }
        match iterable.node.kind() {
            Kind::List | Kind::Tuple | Kind::Set | Kind::Dict | Kind::ExpressionList => {
                let items = iterable.node.children();
                let is_splat =
                    |item: Node<'_>| matches!(item.kind(), Kind::ListSplat | Kind::DictSplat);
                let mut count = 0;
                for item in items {
                    if is_splat(item) {
                        return None;
                    }
                    count += 1;
                }
                // an empty one is there to be filled
                (count > 0).then_some(count)
            }
            Kind::String => Some(iterable.text().len() as u64),
            Kind::Call => match iterable.node.child(Field::Function)?.text() {
                "range" => {
                    let arguments: Vec<_> = positional(iterable)
                        .map(|argument| self.constant(argument, 0))
                        .collect::<Option<_>>()?;
                    match arguments[..] {
                        [stop] => Some(stop),
                        [start, stop] => Some(stop.saturating_sub(start)),
                        [start, stop, step] => Some(stop.saturating_sub(start) / step.max(1)),
                        _ => None,
                    }
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// The value of a constant non-negative integer expression: a literal, a product or power of them, a name for one.
    fn constant<'p>(&'p self, site: Site<'p>, depth: usize) -> Option<u64> {
        if depth > NAMES * 2 {
            return None;
        }
        let site = self.origin(site)?;
        match site.node.kind() {
            Kind::Name => self.constant(site, depth + 1),
            Kind::Integer => site.text().replace('_', "").parse().ok(),
            Kind::BinaryOperation => {
                let (left, right) = (
                    self.constant(site.child(Field::Left)?, depth + 1)?,
                    self.constant(site.child(Field::Right)?, depth + 1)?,
                );
                match site.node.op() {
                    Op::Mul => Some(left.saturating_mul(right)),
                    Op::Pow => Some(left.saturating_pow(right.min(64) as u32)),
                    Op::Add => Some(left.saturating_add(right)),
                    Op::Sub => Some(left.saturating_sub(right)),
                    Op::FloorDiv => left.checked_div(right),
                    _ => None,
                }
            }
            _ => None,
        }
    }
}

/// The arguments of a call that have no keyword and no star.
pub(super) fn positional<'p>(call: Site<'p>) -> impl Iterator<Item = Site<'p>> {
    let arguments = call.child(Field::Arguments);
    let generator = arguments.filter(|own| own.node.kind() == Kind::GeneratorExpression);
    let list = arguments.filter(|own| own.node.kind() == Kind::ArgumentList);
    let inside = list.into_iter().flat_map(|list| list.node.children());
    let plain = inside.filter(|argument| {
        !matches!(
            argument.kind(),
            Kind::KeywordArgument | Kind::ListSplat | Kind::DictSplat
        )
    });
    generator
        .into_iter()
        .chain(plain.map(move |argument| call.with(argument)))
}

pub(super) fn is_loop(kind: Kind) -> bool {
    matches!(kind, Kind::For | Kind::While) || kind.is_comprehension()
}

/// Whether a node is executed again and again while a function runs: it stands in a loop of it, and not in what the loop goes over.
pub(super) fn is_repeated_in(node: Node<'_>, function: Function<'_>) -> bool {
    let mut node = node;
    while let Some(parent) = node.parent().filter(|parent| *parent != function.site.node) {
        let once = match parent.kind() {
            Kind::For => node.field() != Field::Body,
            Kind::While => node.kind() == Kind::ElseClause,
            kind => !is_loop(kind),
        };
        if !once {
            return true;
        }
        node = parent;
    }
    false
}

/// Whether something is worked out in a loop: an operation or a call.
fn computes(node: Node<'_>) -> bool {
    node.descendants_outside(is_definition).any(|inner| {
        matches!(
            inner.kind(),
            Kind::BinaryOperation
                | Kind::AugmentedAssignment
                | Kind::Comparison
                | Kind::Call
                | Kind::UnaryOperation
        )
    })
}
