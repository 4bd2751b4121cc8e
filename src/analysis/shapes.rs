//! Recognised designs: what a function or a class is, by how it is built.

use crate::facts::{MutationKind, Resolution, Site};
use crate::knowledge::Shape;
use crate::project::{Class, ClassValue, Function, Metaclass, Project, SingletonShape, Value};
use crate::syntax::{Field, Kind, Node, Op};

/// The designs of a function, the most specific first.
pub(super) fn of_function(project: &Project, function: Function<'_>) -> Vec<Shape> {
    let mut found = Vec::new();
    found.extend(singleton(project, function));
    if let Some(inner) = wrapper(function) {
        if remembers(function, inner) {
            found.push(Shape::Memoizer);
        }
        found.push(Shape::DecoratorFunction);
    }
    if makes_several(project, function) {
        found.push(Shape::Factory);
    }
    if function.is_async() {
        found.push(Shape::CoroutineFunction);
    }
    if function.is_generator() {
        found.push(Shape::GeneratorFunction);
    }
    if inner_functions(function).any(|inner| captures(function, inner)) {
        found.push(Shape::Closure);
    }
    found
}

/// The designs of a class, the most specific first.
pub(super) fn of_class<'p>(project: &'p Project, class: Class<'p>) -> Vec<Shape> {
    let mut found = Vec::new();
    let defines = |names: &[&str]| names.iter().any(|name| class.defines(name));
    found.extend(
        class
            .methods()
            .find_map(|method| singleton(project, method)),
    );
    if found.is_empty() && is_kept_by_metaclass(project, class) {
        found.push(Shape::SingletonMetaclass);
    }
    if project.is_metaclass(class) {
        let makers = class
            .methods()
            .filter(|method| matches!(method.name(), "__new__" | "__init__"));
        let makers: Vec<Function<'_>> = makers.collect();
        if makers.iter().any(|method| registers(*method)) {
            found.push(Shape::RegistryMetaclass);
        }
        let raises = |method: &Function<'_>| {
            let mut nodes = method.nodes();
            nodes.any(|site| site.node.kind() == Kind::Raise)
        };
        if makers.iter().any(raises) {
            found.push(Shape::ValidatingMetaclass);
        }
    }
    if class.methods().any(|method| calls(method, "move_to_end")) {
        found.push(Shape::LruCacheClass);
    }
    if defines(&["__get__", "__set__", "__delete__"]) {
        found.push(Shape::DescriptorClass);
    }
    if defines(&["__next__"]) {
        found.push(Shape::IteratorClass);
    }
    if defines(&["__enter__", "__aenter__"]) {
        found.push(Shape::ContextManagerClass);
    }
    if is_diamond(project, class) {
        found.push(Shape::Diamond);
    }
    found
}

fn singleton(project: &Project, function: Function<'_>) -> Option<Shape> {
    let of = |function| Some(project.singleton(function)?.shape);
    // a class decorator's work is done by the function inside it
    let shape = of(function).or_else(|| inner_functions(function).find_map(of))?;
    Some(match shape {
        SingletonShape::New | SingletonShape::Method => Shape::SingletonNew,
        SingletonShape::Metaclass => Shape::SingletonMetaclass,
        SingletonShape::Decorator => Shape::SingletonDecorator,
        SingletonShape::Module => Shape::SingletonModule,
    })
}

fn is_kept_by_metaclass<'p>(project: &'p Project, class: Class<'p>) -> bool {
    match project.metaclass(&ClassValue::Known(class)) {
        Metaclass::Is(ClassValue::Known(metaclass)) => project
            .find_method(metaclass, "__call__")
            .is_some_and(|call| project.singleton(call).is_some()),
        _ => false,
    }
}

/// The functions that stand directly in a function.
fn inner_functions(function: Function<'_>) -> impl Iterator<Item = Function<'_>> {
    let site = function.site;
    let all = site.body().functions.iter();
    all.filter_map(move |data| Function::at(site.at(data.node)))
        .filter(move |inner| Function::around(inner.site) == Some(function))
}

/// Whether an inner function reads a name that the outer one binds.
fn captures(outer: Function<'_>, inner: Function<'_>) -> bool {
    reads(inner, |name| is_bound_in(name, outer))
}

fn reads<'p>(function: Function<'p>, is_asked: impl Fn(Site<'p>) -> bool) -> bool {
    let mut names = function
        .nodes()
        .filter(|site| site.node.kind() == Kind::Name);
    names.any(is_asked)
}

fn is_bound_in(name: Site<'_>, outer: Function<'_>) -> bool {
    match name.resolve() {
        Resolution::Local(bindings) => bindings
            .iter()
            .any(|binding| binding.binding.scope == outer.scope()),
        _ => false,
    }
}

/// For a decorator, or what makes one: the inner function that it returns and that uses its first parameter.
fn wrapper(function: Function<'_>) -> Option<Function<'_>> {
    let first = function.first_parameter()?;
    if function.class().is_some() {
        return None;
    }
    inner_functions(function).find(|inner| {
        let is_returned = function.returns().any(|statement| {
            let value = statement.node.children().next();
            value.is_some_and(|value| value.text() == inner.name())
        });
        let uses = |inner: Function<'_>| {
            reads(inner, |name| {
                name.text() == first && is_bound_in(name, function)
            })
        };
        is_returned && (uses(*inner) || inner_functions(*inner).any(uses))
    })
}

/// Whether a wrapper looks results up in a table of the decorator's, and keeps them there.
fn remembers(decorator: Function<'_>, wrapper: Function<'_>) -> bool {
    let stores = wrapper.site.mutations().any(|mutation| {
        let target = wrapper.site.at(mutation.target);
        mutation.kind == MutationKind::Item
            && target.node.kind() == Kind::Name
            && is_bound_in(target, decorator)
    });
    let asks = wrapper.nodes().any(|site| {
        site.node.kind() == Kind::Comparison && matches!(site.node.op(), Op::In | Op::NotIn)
    });
    stores && asks
}

/// Whether what a function returns is made of one of several classes of the project.
fn makes_several(project: &Project, function: Function<'_>) -> bool {
    let mut made: Vec<Class<'_>> = Vec::new();
    for statement in function.returns() {
        let value = statement.node.children().next();
        let callee = value
            .filter(|value| value.kind() == Kind::Call)
            .and_then(|call| call.child(Field::Function));
        let class = callee.map(|callee| project.evaluate(statement.with(callee)));
        if let Some(Value::Class(class)) = class
            && !made.contains(&class)
        {
            made.push(class);
        }
    }
    made.len() > 1
}

/// Whether a metaclass's method keeps what it makes in a table or a list.
fn registers(method: Function<'_>) -> bool {
    let stores = method
        .site
        .mutations()
        .any(|mutation| mutation.kind == MutationKind::Item);
    stores
        || ["append", "add", "setdefault"]
            .iter()
            .any(|name| calls(method, name))
}

fn calls(function: Function<'_>, method: &str) -> bool {
    function.calls().any(|call| {
        let callee = call.node.child(Field::Function);
        callee
            .and_then(|callee| callee.child(Field::Attribute))
            .map(Node::text)
            == Some(method)
    })
}

/// Whether two bases of a class have a class of the project above them that is the same.
fn is_diamond<'p>(project: &'p Project, class: Class<'p>) -> bool {
    let bases: Vec<Vec<Class<'p>>> = class
        .bases()
        .filter_map(|base| match project.base_class(base) {
            Some(ClassValue::Known(base)) => Some(project.known_mro(base)),
            _ => None,
        })
        .collect();
    bases.iter().enumerate().any(|(index, mro)| {
        let others = &bases[index + 1..];
        others
            .iter()
            .any(|other| mro.iter().any(|class| other.contains(class)))
    })
}
