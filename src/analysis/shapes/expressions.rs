//! Designs that are single expressions.

use crate::facts::{BindingKind, Resolution, Site};
use crate::knowledge::Shape;
use crate::project::{Class, ClassValue, Function, Project};
use crate::syntax::{Field, Kind, Node, Op};

/// Functions that call what they are given before they return.
const CALL_AT_ONCE: &[&str] = &["sorted", "min", "max", "map", "filter", "reduce", "sort"];

/// A function or lambda in a loop that reads what the loop binds, and that may be called when the loop has gone on.
pub(in crate::analysis) fn closure_over_loop(function: Function<'_>) -> Option<Shape> {
    let reads = |name: Site<'_>| {
        let (Resolution::Local(bindings) | Resolution::Module(bindings)) = name.resolve() else {
            return false;
        };
        bindings.iter().any(|bound| {
            let mut around = bound.name.node.ancestors();
            let of_loop = around.find(|node| is_loop(node.kind()));
            bound.binding.kind == BindingKind::Loop
                && of_loop.is_some_and(|of_loop| of_loop.contains(function.site.node))
                && !function.site.node.contains(bound.name.node)
        })
    };
    let mut names = function
        .nodes()
        .filter(|site| site.node.kind() == Kind::Name && site.node.field() != Field::Attribute);
    (!is_called_at_once(function.site.node) && names.any(reads)).then_some(Shape::LoopClosure)
}

fn is_loop(kind: Kind) -> bool {
    kind == Kind::For || kind.is_comprehension()
}

/// Whether a lambda is called, or handed to a function that calls it before it returns.
fn is_called_at_once(lambda: Node<'_>) -> bool {
    let mut around = lambda.ancestors().skip_while(|node| {
        matches!(
            node.kind(),
            Kind::Parenthesized | Kind::KeywordArgument | Kind::ArgumentList
        )
    });
    let call = around.next().filter(|node| node.kind() == Kind::Call);
    let callee = call.and_then(|call| call.child(Field::Function));
    callee.is_some_and(|callee| {
        let name = callee.child(Field::Attribute).unwrap_or(callee);
        callee.unparenthesized() == lambda || CALL_AT_ONCE.contains(&name.text())
    })
}

/// `is` beside a number or a text that stands there.
pub(in crate::analysis) fn identity(comparison: Node<'_>) -> Option<Shape> {
    if !matches!(comparison.op(), Op::Is | Op::IsNot) {
        return None;
    }
    comparison.children().find_map(|operand| {
        let operand = match operand.kind() {
            Kind::UnaryOperation => operand.child(Field::Argument).unwrap_or(operand),
            _ => operand,
        };
        match operand.kind() {
            Kind::Integer => Some(Shape::IntegerIdentity),
            Kind::String => Some(Shape::StringIdentity),
            _ => None,
        }
    })
}

/// A `yield` whose value is used: what the caller sends.
pub(in crate::analysis) fn receiving(node: Node<'_>) -> Option<Shape> {
    let is_used = node
        .parent()
        .is_some_and(|parent| parent.kind() != Kind::ExpressionStatement);
    (is_used && node.op() != Op::From).then_some(Shape::ReceivingYield)
}

/// `type(x)` beside a comparison operator, `type(name, bases, namespace)` anywhere. `callee` is the function of a call, `name` its qualified name.
pub(in crate::analysis) fn call_of_type(callee: Node<'_>, name: &str) -> Option<Shape> {
    let call = callee.parent().filter(|call| call.kind() == Kind::Call)?;
    let arguments = call.child(Field::Arguments)?.children().count();
    let compared = call.parent()?.kind() == Kind::Comparison;
    match (name, arguments) {
        ("type", 1) if compared => Some(Shape::TypeComparison),
        ("type", 3..) => Some(Shape::DynamicClass),
        _ => None,
    }
}

/// Whether a name is bound in a class body to a list, dict or set that all objects of the class share.
pub(in crate::analysis) fn is_mutable_class_attribute<'p>(
    project: &'p Project,
    name: Site<'p>,
) -> bool {
    let value = || {
        let assignment = name.node.parent()?;
        assignment.child(Field::Right)
    };
    if name.node.field() != Field::Left
        || name.text().starts_with("__")
        || !value().is_some_and(|value| value.kind().is_mutable_display())
    {
        return false;
    }
    let class = name.class_around(name.scope());
    class
        .and_then(|(site, _)| Class::at(site))
        .is_some_and(|class| {
            let known = ClassValue::Known(class);
            project.field_maker(class).is_none()
                && project.derives_from(&known, "enum.Enum") != Some(true)
        })
}
