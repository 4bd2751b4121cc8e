//! What a cache grows by: keys that come from arguments of which there may be any number, and values that are made for them.

use crate::facts::{BindingKind, FileFacts, Resolution, Site};
use crate::project::{Bound, ClassValue, Function, Project, Value};
use crate::syntax::{Field, Kind, Node, Op};

/// How far names are followed.
const DEPTH: usize = 4;

/// Whether a key is made from an argument of which there may be any number.
pub(super) fn rests_on_argument<'p>(project: &'p Project, key: Site<'p>, depth: usize) -> bool {
    if matches!(key.node.kind(), Kind::Tuple | Kind::ExpressionList) {
        let mut parts = key.node.children().map(|part| key.with(part));
        return depth < DEPTH && parts.any(|part| rests_on_argument(project, part, depth + 1));
    }
    if depth > DEPTH || names_classes(key.node) {
        return false;
    }
    let nodes = key
        .node
        .with_descendants()
        .filter(|node| node.kind() == Kind::Name);
    let mut names = nodes
        .filter(|node| !matches!(node.field(), Field::Attribute | Field::Function))
        .map(|node| key.with(node));
    names.any(|name| {
        let Resolution::Local(bindings) = name.resolve() else {
            return false;
        };
        bindings.iter().any(|binding| match binding.binding.kind {
            BindingKind::Parameter => is_open(project, binding.name),
            BindingKind::Assignment | BindingKind::Unpacking | BindingKind::Loop => binding
                .value()
                .is_some_and(|value| rests_on_argument(project, value, depth + 1)),
            _ => false,
        })
    })
}

/// Whether an expression is about classes, of which there are as many as the program has.
fn names_classes(node: Node<'_>) -> bool {
    node.with_descendants().any(|node| match node.kind() {
        Kind::Call => node
            .child(Field::Function)
            .is_some_and(|callee| callee.text() == "type"),
        Kind::Name => matches!(
            node.text(),
            "__class__" | "__name__" | "__qualname__" | "__module__"
        ),
        _ => false,
    })
}

/// Whether a parameter takes any number of values: not the object or the class, not a flag, a member of an enumeration, a class; and the function does not compare it with a fixed set.
fn is_open<'p>(project: &'p Project, name: Site<'p>) -> bool {
    let definition = name
        .node
        .ancestors()
        .find(|node| node.kind() == Kind::FunctionDef);
    let Some(function) = definition.and_then(|node| Function::at(name.with(node))) else {
        return false;
    };
    let Some(parameter) = function
        .parameters()
        .find(|parameter| parameter.name == name)
    else {
        return false;
    };
    let is_own = function.class().is_some()
        && function.binding(project) != Bound::Static
        && function.first_parameter() == Some(name.text());
    let lower = name.text().to_ascii_lowercase();
    let names_class = [
        "cls", "class", "type", "klass", "model", "func", "lang", "locale", "module",
    ]
    .iter()
    .any(|word| lower.contains(word));
    let few = parameter.annotation.is_some_and(|annotation| {
        let text = annotation.text();
        let is_enum = || {
            let class = match project.evaluate(annotation) {
                Value::Class(class) => ClassValue::Known(class),
                Value::External(name) => ClassValue::External(name),
                _ => return false,
            };
            project.derives_from(&class, "enum.Enum") == Some(true)
        };
        text.contains("Literal")
            || text.starts_with("bool")
            || text.to_ascii_lowercase().contains("type[")
            || is_enum()
    });
    !is_own
        && !names_class
        && !few
        && !is_compared_with_fixed(function, name.text())
        && !always_gets_constants(project, function, name.text())
}

/// Whether a function that is the module's own is called with literals and names of modules only, for a parameter.
fn always_gets_constants<'p>(project: &'p Project, function: Function<'p>, name: &str) -> bool {
    if !function.name().starts_with('_') || function.class().is_some() {
        return false;
    }
    let mut files: Vec<&FileFacts> = project
        .mentions(function.name())
        .into_iter()
        .map(|(file, _)| file)
        .collect();
    files.dedup_by(|one, other| std::ptr::eq(*one, *other));
    let calls: Vec<Site<'p>> = files
        .into_iter()
        .flat_map(|file| project.calls_in(file, function))
        .collect();
    let is_constant = |call: &Site<'p>| {
        let list = call.child(Field::Arguments)?;
        let mut arguments = list.node.children().map(|node| list.with(node));
        let given = arguments.find(|argument| {
            let parameter = project.parameter_of(function, false, *argument);
            parameter.is_some_and(|parameter| parameter.name.text() == name)
        })?;
        let value = given.child(Field::Value).unwrap_or(given);
        match value.node.kind() {
            Kind::String | Kind::Integer | Kind::True | Kind::False | Kind::None => Some(()),
            Kind::Name => matches!(value.resolve(), Resolution::Module(_)).then_some(()),
            _ => None,
        }
    };
    !calls.is_empty() && calls.iter().all(|call| is_constant(call).is_some())
}

/// `if name not in ("cm", "m"):`
fn is_compared_with_fixed(function: Function<'_>, name: &str) -> bool {
    function.nodes().any(|site| {
        let node = site.node;
        let mut operands = node.children();
        node.kind() == Kind::Comparison
            && matches!(node.op(), Op::In | Op::NotIn)
            && operands.next().is_some_and(|left| left.text() == name)
            && operands.next().is_some_and(|right| {
                matches!(
                    right.kind(),
                    Kind::Tuple | Kind::List | Kind::Set | Kind::Dict
                ) || right
                    .text()
                    .chars()
                    .all(|c| c.is_ascii_uppercase() || c == '_')
            })
    })
}

/// `OrderedDict()`, `Lock()`: it is there to be filled, or to be the one of its key.
fn is_made_of_nothing<'p>(project: &'p Project, call: Site<'p>) -> bool {
    let arguments = call.node.child(Field::Arguments);
    let callee = call
        .child(Field::Function)
        .map(|callee| project.evaluate(callee));
    // `text.split()` is a method of what is there
    arguments.is_some_and(|arguments| arguments.children().next().is_none())
        && matches!(callee, Some(Value::External(name)) if !name.contains("()."))
}

/// Whether a value is made where it is stored: not an argument that is put away, nor a class, a function or an object of the project that has its identity.
pub(super) fn is_made<'p>(project: &'p Project, value: Site<'p>, depth: usize) -> bool {
    let value = value.with(value.node.unparenthesized());
    if depth > DEPTH {
        return false;
    }
    match value.node.kind() {
        Kind::Call if is_made_of_nothing(project, value) => false,
        Kind::Call => !matches!(
            project.evaluate(value),
            Value::Instance(ClassValue::Known(_))
                | Value::Class(_)
                | Value::Function(_)
                | Value::None
        ),
        Kind::BinaryOperation | Kind::Await | Kind::ListComprehension => true,
        Kind::SetComprehension | Kind::DictComprehension => true,
        Kind::String => value
            .node
            .descendants()
            .any(|node| node.kind() == Kind::Interpolation),
        Kind::Tuple | Kind::List | Kind::ExpressionList | Kind::Conditional => value
            .node
            .children()
            .any(|part| is_made(project, value.with(part), depth + 1)),
        Kind::Name => match value.resolve() {
            Resolution::Local(bindings) => {
                let mut made = bindings
                    .iter()
                    .filter(|binding| binding.binding.kind == BindingKind::Assignment);
                let only_assigned = bindings.iter().all(|binding| {
                    matches!(
                        binding.binding.kind,
                        BindingKind::Assignment | BindingKind::Annotation
                    )
                });
                only_assigned
                    && made.any(|binding| {
                        binding
                            .value()
                            .is_some_and(|value| is_made(project, value, depth + 1))
                    })
            }
            _ => false,
        },
        _ => false,
    }
}
