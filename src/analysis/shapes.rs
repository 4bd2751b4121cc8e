//! Recognised designs: what a function or a class is, by how it is built.

mod expressions;
mod observer;

use crate::facts::{MutationKind, Resolution, Site};
use crate::knowledge::Shape;
use crate::project::{
    Class, ClassValue, Function, Metaclass, Project, Singleton, SingletonShape, Value,
};
use crate::syntax::{Field, Kind, Node, Op};

pub(super) use expressions::{
    call_of_type, closure_over_loop, identity, is_mutable_class_attribute, receiving,
};

/// The designs of a function, the most specific first.
pub(super) fn of_function(project: &Project, function: Function<'_>) -> Vec<Shape> {
    let mut found = Vec::new();
    found.extend(kept_by_function(project, function).map(shape));
    if let Some(inner) = wrapper(function) {
        if remembers(function, inner) {
            found.push(Shape::Memoizer);
        }
        found.push(Shape::DecoratorFunction);
    } else if makes_decorators(function) {
        found.extend([Shape::DecoratorFactory, Shape::DecoratorFunction]);
    }
    if makes_several(project, function) {
        found.push(Shape::Factory);
    }
    match (function.is_async(), function.is_generator()) {
        (true, true) => found.push(Shape::AsyncGeneratorFunction),
        (true, false) => found.push(Shape::CoroutineFunction),
        (false, true) => found.push(Shape::GeneratorFunction),
        (false, false) => {}
    }
    found.extend(closure_over_loop(function));
    let outer = Function::around(function.site);
    let keeps = inner_functions(function).any(|inner| captures(function, inner));
    if keeps || outer.is_some_and(|outer| captures(outer, function)) {
        found.push(Shape::Closure);
    }
    found
}

/// The designs of a class, the most specific first.
pub(super) fn of_class<'p>(project: &'p Project, class: Class<'p>) -> Vec<Shape> {
    let mut found = Vec::new();
    let defines = |names: &[&str]| names.iter().any(|name| class.defines(name));
    found.extend(kept_by_class(project, class).map(shape));
    if shared_state(class).is_some() {
        found.push(Shape::Borg);
    }
    if project.is_metaclass(class) {
        if registration(class).is_some() {
            found.push(Shape::RegistryMetaclass);
        }
        if refusal(class).is_some() {
            found.push(Shape::ValidatingMetaclass);
        }
    }
    let has_own = defines(&["move_to_end"]);
    if !has_own && class.methods().any(|method| calls(method, "move_to_end")) {
        found.push(Shape::LruCacheClass);
    }
    if defines(&["__set__", "__delete__"]) {
        found.push(Shape::DataDescriptor);
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
    if observer::is_subject(class) {
        found.push(Shape::Observer);
    }
    if is_diamond(project, class) {
        found.push(Shape::Diamond);
    }
    if class.bases().count() > 1 {
        found.push(Shape::SeveralBases);
    }
    if defines(&["__call__"]) && calls_what_it_was_given(class, |name| name == "__call__") {
        found.push(Shape::DecoratorClass);
    } else if calls_what_it_was_given(class, |name| !name.starts_with('_')) {
        found.push(Shape::Strategy);
    }
    found
}

/// What a singleton is called.
pub(super) fn shape(singleton: Singleton<'_>) -> Shape {
    match singleton.shape {
        SingletonShape::New | SingletonShape::Method => Shape::SingletonNew,
        SingletonShape::Metaclass => Shape::SingletonMetaclass,
        SingletonShape::Decorator => Shape::SingletonDecorator,
        SingletonShape::Module => Shape::SingletonModule,
    }
}

/// The one instance that a function keeps, or the decorator that it is.
pub(super) fn kept_by_function<'p>(
    project: &'p Project,
    function: Function<'p>,
) -> Option<Singleton<'p>> {
    // a class decorator's work is done by the function inside it
    let mut makers = std::iter::once(function).chain(inner_functions(function));
    makers.find_map(|maker| project.singleton(maker))
}

/// What keeps the one instance of a class: a method of its own, an inherited `__new__`, its metaclass, a decorator.
pub(super) fn kept_by_class<'p>(project: &'p Project, class: Class<'p>) -> Option<Singleton<'p>> {
    let mut own = class.methods();
    if let Some(singleton) = own.find_map(|method| project.singleton(method)) {
        return Some(singleton);
    }
    let inherited = project.find_method(class, "__new__");
    let metaclass = match project.metaclass(&ClassValue::Known(class)) {
        Metaclass::Is(ClassValue::Known(metaclass)) => project.find_method(metaclass, "__call__"),
        _ => None,
    };
    let decorators = class.site.decorators();
    let decorators = decorators.filter_map(|decorator| match project.evaluate(decorator) {
        Value::Function(decorator) => Some(decorator),
        _ => None,
    });
    let mut keepers = inherited.into_iter().chain(metaclass).chain(decorators);
    keepers.find_map(|keeper| kept_by_function(project, keeper))
}

/// Where all objects of a class get the same attributes: `self.__dict__ = cls._shared`, the expression on the right.
pub(super) fn shared_state<'p>(class: Class<'p>) -> Option<Site<'p>> {
    let stores = class.assigned_to_self("__dict__").into_iter();
    let mut kept = stores.filter(|value| {
        let owner = value.node.child(Field::Object);
        value.node.kind() == Kind::Attribute
            && owner.is_some_and(|owner| owner.kind() != Kind::Call)
            && value
                .node
                .child(Field::Attribute)
                .is_some_and(|name| class.defines(name.text()))
    });
    kept.next()
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

/// The inner functions that a function returns.
fn returned_functions(function: Function<'_>) -> impl Iterator<Item = Function<'_>> {
    inner_functions(function).filter(move |inner| {
        function.returns().any(|statement| {
            let value = statement.node.children().next();
            value.is_some_and(|value| value.text() == inner.name())
        })
    })
}

/// For a decorator: the inner function that it returns and that calls its first parameter, or is made to look like it.
fn wrapper(function: Function<'_>) -> Option<Function<'_>> {
    let first = function.first_parameter()?;
    if function.class().is_some() {
        return None;
    }
    let is_first = |name: Site<'_>| name.text() == first && is_bound_in(name, function);
    let calls = |inner: Function<'_>| {
        let mut calls = inner.calls();
        calls.any(|call| call.child(Field::Function).is_some_and(is_first))
    };
    let wraps = |inner: Function<'_>| {
        let mut arguments = inner
            .site
            .decorators()
            .filter_map(|decorator| decorator.child(Field::Arguments))
            .flat_map(|list| list.node.children().map(move |node| list.with(node)));
        arguments.any(is_first)
    };
    returned_functions(function)
        .find(|inner| calls(*inner) || wraps(*inner) || inner_functions(*inner).any(calls))
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

/// Whether a function gives decorators: a function that it returns is one.
fn makes_decorators(function: Function<'_>) -> bool {
    let mut returned = returned_functions(function);
    function.class().is_none() && returned.any(|inner| wrapper(inner).is_some())
}

/// Whether a method of a class, one of those asked for, gives what comes out of a call of what `__init__` was given and keeps in an attribute.
fn calls_what_it_was_given(class: Class<'_>, is_asked: impl Fn(&str) -> bool) -> bool {
    let Some(init) = class.method("__init__") else {
        return false;
    };
    let given: Vec<&str> = init
        .parameters()
        .skip(1)
        .map(|parameter| parameter.name.text())
        .collect();
    let is_given = |attribute: &str| {
        let values = class.assigned_to_self(attribute);
        !values.is_empty() && values.iter().all(|value| given.contains(&value.text()))
    };
    let mut methods = class.methods().filter(|method| is_asked(method.name()));
    methods.any(|method| {
        let gives = |call: &Site<'_>| {
            let mut around = call.node.ancestors();
            around.any(|node| matches!(node.kind(), Kind::Return | Kind::Yield))
        };
        method.calls().filter(gives).any(|call| {
            let callee = call.node.child(Field::Function);
            let parts = callee.and_then(|callee| {
                let object = callee.child(Field::Object)?.text();
                Some((object, callee.child(Field::Attribute)?.text()))
            });
            parts.is_some_and(|(object, attribute)| {
                method.first_parameter() == Some(object) && is_given(attribute)
            })
        })
    })
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

/// The methods of a metaclass that make a class.
fn makers<'p>(metaclass: Class<'p>) -> impl Iterator<Item = Function<'p>> {
    let methods = metaclass.methods();
    methods.filter(|method| matches!(method.name(), "__new__" | "__init__"))
}

/// Where a metaclass keeps the classes that it makes: the table or the list.
pub(super) fn registration<'p>(metaclass: Class<'p>) -> Option<Site<'p>> {
    makers(metaclass).find_map(|method| {
        let site = method.site;
        let stored = site.mutations().find(|mutation| {
            let target = site.at(mutation.target);
            mutation.kind == MutationKind::Item && !is_parameter(method, target)
        });
        let stored = stored.map(|mutation| site.at(mutation.target));
        stored.or_else(|| {
            method.calls().find_map(|call| {
                let callee = call.child(Field::Function)?;
                let name = callee.node.child(Field::Attribute)?.text();
                let table = callee.child(Field::Object)?;
                let keeps = matches!(name, "append" | "add" | "setdefault" | "register");
                (keeps && !is_parameter(method, table)).then_some(table)
            })
        })
    })
}

/// Whether an expression is a parameter itself: a metaclass that changes the namespace it is given registers nothing.
fn is_parameter(function: Function<'_>, site: Site<'_>) -> bool {
    let mut parameters = function.parameters();
    parameters.any(|parameter| parameter.name.text() == site.text())
}

/// Where a metaclass refuses a class that does not fit.
pub(super) fn refusal<'p>(metaclass: Class<'p>) -> Option<Site<'p>> {
    makers(metaclass)
        .flat_map(Function::nodes)
        .find(|site| site.node.kind() == Kind::Raise)
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
