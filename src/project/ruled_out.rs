//! Where an object of a class never comes to, by the questions that the code asks of it.

use super::{ClassValue, Metaclass, Project, Value};
use crate::facts::Site;
use crate::syntax::{Field, Kind, Node, Op};

/// Whether a name stands where an object of a class never comes to: under `if isinstance(name, Other)`.
pub(super) fn is_ruled_out<'p>(
    project: &'p Project,
    name: Site<'p>,
    class: &ClassValue<'p>,
) -> bool {
    let mut inner = name.node;
    for around in name.node.ancestors() {
        match around.kind() {
            Kind::FunctionDef | Kind::Lambda => return false,
            Kind::If | Kind::ElifClause if inner.field() == Field::Consequence => {
                let asked = around.child(Field::Condition);
                if asked.is_some_and(|asked| asks_for_other(project, name.with(asked), name, class))
                {
                    return true;
                }
            }
            _ => {}
        }
        inner = around;
    }
    false
}

/// Whether a condition holds only where a name is an object of classes that a class surely does not derive from.
fn asks_for_other<'p>(
    project: &'p Project,
    condition: Site<'p>,
    name: Site<'p>,
    class: &ClassValue<'p>,
) -> bool {
    let condition = condition.with(condition.node.unparenthesized());
    if condition.node.kind() == Kind::BooleanOperation {
        let sides = [Field::Left, Field::Right];
        let mut sides = sides.iter().filter_map(|side| condition.child(*side));
        return condition.node.op() == Op::And
            && sides.any(|side| asks_for_other(project, side, name, class));
    }
    let callee = condition.node.child(Field::Function).map(Node::text);
    let mut arguments = condition.node.arguments();
    if callee != Some("isinstance") || arguments.next().map(Node::text) != Some(name.text()) {
        return false;
    }
    let Some(wanted) = arguments.next().map(Node::unparenthesized) else {
        return false;
    };
    let is_other = |wanted: Node<'p>| {
        let wanted = match project.evaluate(condition.with(wanted)) {
            Value::Class(wanted) => ClassValue::Known(wanted),
            Value::External(wanted) if wanted.starts_with("builtins.") => {
                ClassValue::External(wanted)
            }
            _ => return false,
        };
        // other metaclasses have their own idea of what is an instance
        let asks_plainly = matches!(project.metaclass(&wanted), Metaclass::Is(ClassValue::External(metaclass)) if metaclass.as_ref() == "builtins.type");
        let wanted = project.qualified_class(&wanted);
        asks_plainly && project.derives_from(class, &wanted) == Some(false)
    };
    match wanted.kind() {
        Kind::Tuple => wanted.children().all(is_other),
        _ => is_other(wanted),
    }
}
