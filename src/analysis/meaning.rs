//! What a name is: where it stands, then what it means.

use super::construct::{Construct, Named};
use super::shapes;
use crate::facts::{BindingKind, Resolution, Site};
use crate::knowledge::{Parameter as ParameterShape, Selector, Shape};
use crate::project::{Class, ClassValue, Function, ParameterKind, Project, Value};
use crate::syntax::{Field, Kind, Node};

/// What an identifier is.
pub(super) fn name<'p>(project: &'p Project, site: Site<'p>, construct: &mut Construct<'p>) {
    let Some(parent) = site.node.parent() else {
        return;
    };
    let found = &mut construct.is;
    match (parent.kind(), site.node.field()) {
        (Kind::FunctionDef, Field::Name) => {
            let Some(function) = Function::at(site.with(parent)) else {
                return;
            };
            if is_dunder(function.name()) && function.class().is_some() {
                found.push(Selector::Dunder(function.name().to_string()));
            }
            return function_meaning(project, function, construct);
        }
        (Kind::ClassDef, Field::Name) => {
            if let Some(class) = Class::at(site.with(parent)) {
                class_meaning(project, class, construct);
            }
            return;
        }
        (Kind::KeywordArgument, Field::Name) => return keyword(project, site, parent, found),
        _ => {}
    }
    parameter(site, found);
    // the attribute `c` of `a.b.c` stands for the whole
    let whole = match (parent.kind(), site.node.field()) {
        (Kind::Attribute, Field::Attribute) => site.with(parent),
        _ => site,
    };
    dunder(whole, site.text(), found);
    if whole.node.kind() == Kind::Name && shapes::is_mutable_class_attribute(project, whole) {
        let shape = Shape::MutableClassAttribute;
        found.push(Selector::Shape(shape));
    }
    if let Some(keyword) = value_of_class_keyword(whole.node) {
        found.push(Selector::ClassKeyword(keyword.to_string()));
    }
    if is_future(whole.node) {
        found.push(Selector::Name(format!("__future__.{}", site.text())));
        return;
    }
    let value = match project.value_of_imported_name(whole) {
        Some(value) => value,
        None => project.evaluate(whole),
    };
    meaning(project, whole, site.text(), value, construct);
}

/// A qualified name as selectors spell it: built-in names without their module.
fn spelled(name: &str) -> &str {
    name.strip_prefix("builtins.").unwrap_or(name)
}

fn meaning<'p>(
    project: &'p Project,
    whole: Site<'p>,
    text: &str,
    value: Value<'p>,
    construct: &mut Construct<'p>,
) {
    let called = whole.node.field() == Field::Function;
    let found = &mut construct.is;
    let outside = match &value {
        // cards tell of what comes from elsewhere: the project's own module of such a name is not meant
        Value::External(name) => Some(spelled(name)),
        // what only tools define
        Value::Unknown if matches!(text, "reveal_type" | "reveal_locals") => {
            is_bound_nowhere(whole).then_some(text)
        }
        _ => None,
    };
    if let Some(name) = outside {
        let decorates = is_decorator(whole.node);
        if decorates {
            found.push(Selector::Decorator(name.to_string()));
        }
        if called || decorates {
            found.extend(shapes::call_of_type(whole.node, name).map(Selector::Shape));
            found.push(Selector::Call(name.to_string()));
        }
        found.push(Selector::Name(name.to_string()));
        if whole.node.field() != Field::Function && is_base(whole.node) {
            bases(
                project,
                &ClassValue::External(format_of_class(name)),
                0,
                found,
            );
        }
    }
    if called && whole.node.kind() == Kind::Attribute {
        method(project, whole, text, &value, found);
    }
    if let Value::Class(_) | Value::Function(_) = &value
        && let Some(name) = project.qualified_value(&value)
    {
        let called = called.then(|| Selector::Call(name.to_string()));
        let own = [Selector::Name(name.to_string())];
        construct.own.extend(called.into_iter().chain(own));
    }
    match value {
        Value::Class(known) if !is_own_object(whole) => class_meaning(project, known, construct),
        Value::Instance(ClassValue::Known(known)) if !is_own_object(whole) => {
            object_meaning(project, known, construct);
        }
        Value::Function(known) | Value::Method(known) => {
            function_meaning(project, known, construct);
            construct.is.retain(|selector| {
                let inside = [Shape::Closure, Shape::LoopClosure].map(Selector::Shape);
                !inside.contains(selector)
            });
        }
        _ => {}
    }
}

/// Whether a name is the `self` or the `cls` of the method around it.
fn is_own_object(name: Site<'_>) -> bool {
    let method = Function::around(name).filter(|function| function.class().is_some());
    method.and_then(Function::first_parameter) == Some(name.text())
}

/// A class's name as the analysis has it: built-in ones in their module.
fn format_of_class(name: &str) -> std::sync::Arc<str> {
    if name.contains('.') {
        name.into()
    } else {
        format!("builtins.{name}").into()
    }
}

/// Whether a name comes from nowhere that can be seen.
fn is_bound_nowhere(name: Site<'_>) -> bool {
    name.node.kind() == Kind::Name
        && matches!(name.resolve(), Resolution::Free)
        && name.file.star_imports().next().is_none()
}

/// Whether an expression is a decorator, or what is called for one.
fn is_decorator(node: Node<'_>) -> bool {
    let Some(parent) = node.parent() else {
        return false;
    };
    parent.kind() == Kind::Decorator
        || (node.field() == Field::Function
            && parent
                .parent()
                .is_some_and(|above| above.kind() == Kind::Decorator))
}

/// Whether an expression stands among the bases of a class statement.
fn is_base(node: Node<'_>) -> bool {
    node.parent()
        .is_some_and(|list| list.field() == Field::Superclasses)
}

/// The classes of a class's MRO that come from outside of the project, after the first `skipped`.
fn bases<'p>(
    project: &'p Project,
    class: &ClassValue<'p>,
    skipped: usize,
    found: &mut Vec<Selector>,
) {
    for base in project.mro_of(class).classes.iter().skip(skipped) {
        if let ClassValue::External(name) = base {
            found.push(Selector::Base(spelled(name).to_string()));
        }
    }
}

/// The call of a method: of what class, as far as that is known.
fn method<'p>(
    project: &'p Project,
    whole: Site<'p>,
    text: &str,
    value: &Value<'p>,
    found: &mut Vec<Selector>,
) {
    let receiver = whole.child(Field::Object);
    let receiver = receiver.map(|object| project.evaluate(object));
    if let (Value::External(_) | Value::Unknown, Some(Value::Instance(class))) = (value, &receiver)
    {
        for class in &project.mro_of(class).classes {
            if let ClassValue::External(name) = class {
                found.push(Selector::Method(format!("{}.{text}", spelled(name))));
            }
        }
    }
    let is_builtin = matches!(&receiver, Some(Value::Instance(ClassValue::External(name))) if name.starts_with("builtins."));
    if matches!(value, Value::Unknown) || is_builtin {
        found.push(Selector::Method(text.to_string()));
    }
}

/// The keyword of an argument, or of a class statement.
fn keyword<'p>(
    project: &'p Project,
    site: Site<'p>,
    argument: Node<'p>,
    found: &mut Vec<Selector>,
) {
    let Some(list) = argument.parent() else {
        return;
    };
    if list.field() == Field::Superclasses {
        found.push(Selector::ClassKeyword(site.text().to_string()));
        return;
    }
    let callee = list.parent().and_then(|call| call.child(Field::Function));
    let callee = callee.map(|callee| project.evaluate(site.with(callee)));
    if let Some(Value::External(name)) = callee {
        let (name, keyword) = (spelled(&name), site.text());
        found.push(Selector::Argument(format!("{name}.{keyword}")));
    }
}

fn value_of_class_keyword(node: Node<'_>) -> Option<&str> {
    let argument = node
        .parent()
        .filter(|parent| parent.kind() == Kind::KeywordArgument)?;
    let list = argument.parent()?;
    (list.field() == Field::Superclasses).then(|| argument.child(Field::Name).map(Node::text))?
}

/// Whether a name is imported from `__future__`.
fn is_future(node: Node<'_>) -> bool {
    let mut above = node.ancestors().take(3);
    above.any(|node| node.kind() == Kind::Other && node.text().starts_with("from"))
}

fn is_dunder(name: &str) -> bool {
    name.len() > 4 && name.starts_with("__") && name.ends_with("__")
}

/// `__slots__ = …` in a class body, `__all__ = …` in a module, `x.__class__` anywhere.
fn dunder(whole: Site<'_>, text: &str, found: &mut Vec<Selector>) {
    if !is_dunder(text) {
        return;
    }
    let stored = whole.node.field() == Field::Left;
    let has_meaning = match whole.node.kind() {
        Kind::Attribute => true,
        _ if whole.class_around(whole.scope()).is_some() => stored,
        _ => matches!(text, "__all__" | "__annotations__"),
    };
    if has_meaning {
        found.push(Selector::Dunder(text.to_string()));
    }
}

fn function_meaning<'p>(
    project: &'p Project,
    function: Function<'p>,
    construct: &mut Construct<'p>,
) {
    let shapes = shapes::of_function(project, function);
    construct.is.extend(shapes.into_iter().map(Selector::Shape));
    construct.named = Some(Named::Function(function));
}

/// What an object is by its class: one of a kind, or nothing that its name needs to say.
fn object_meaning<'p>(project: &'p Project, class: Class<'p>, construct: &mut Construct<'p>) {
    let kept = shapes::kept_by_class(project, class).map(shapes::shape);
    let shared = shapes::shared_state(class).map(|_| Shape::Borg);
    if kept.is_some() || shared.is_some() {
        let shapes = kept.into_iter().chain(shared);
        construct.is.extend(shapes.map(Selector::Shape));
        construct.named = Some(Named::Class(class));
    }
}

fn class_meaning<'p>(project: &'p Project, class: Class<'p>, construct: &mut Construct<'p>) {
    let found = &mut construct.is;
    let shapes = shapes::of_class(project, class);
    found.extend(shapes.into_iter().map(Selector::Shape));
    bases(project, &ClassValue::Known(class), 1, found);
    if class.keyword("metaclass").is_some() {
        found.push(Selector::ClassKeyword("metaclass".to_string()));
    }
    construct.named = Some(Named::Class(class));
}

/// The shape of the parameter whose name stands here.
fn parameter(site: Site<'_>, found: &mut Vec<Selector>) {
    let binds = |binding: &&crate::facts::Binding| {
        binding.name == site.node.id() && binding.kind == BindingKind::Parameter
    };
    if !site.body().bindings.iter().any(|binding| binds(&binding)) {
        return;
    }
    let definition = site
        .node
        .ancestors()
        .find(|node| matches!(node.kind(), Kind::FunctionDef | Kind::Lambda));
    let Some(function) = definition.and_then(|node| Function::at(site.with(node))) else {
        return;
    };
    let Some(parameter) = function
        .parameters()
        .find(|parameter| parameter.name == site)
    else {
        return;
    };
    let default = parameter.default.map(|default| default.node.kind());
    if default.is_some_and(Kind::is_mutable_display) {
        found.push(Selector::Parameter(ParameterShape::MutableDefault));
    }
    found.extend(match parameter.kind {
        ParameterKind::Star | ParameterKind::DoubleStar => {
            Some(Selector::Parameter(ParameterShape::StarArgs))
        }
        ParameterKind::KeywordOnly => Some(Selector::Parameter(ParameterShape::KeywordOnly)),
        ParameterKind::PositionalOnly => Some(Selector::Parameter(ParameterShape::PositionalOnly)),
        ParameterKind::Positional => None,
    });
}
