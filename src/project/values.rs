//! What an expression denotes, as far as the code shows it. The one resolution that every rule uses.
//!
//! The answer is `Unknown` wherever the code does not say, or says several things.

use std::sync::Arc;

use super::steps::Step;
use super::{Class, Function, Project, is_builtin};
use crate::facts::{FileFacts, Resolution, Site};
use crate::syntax::{Field, Kind, Node, Op};

/// A class: one of the project's, or one that only its name is known of.
#[derive(Clone, Debug, PartialEq)]
pub enum ClassValue<'p> {
    Known(Class<'p>),
    /// By its qualified name: `threading.Thread`, `builtins.list`.
    External(Arc<str>),
}

/// What an expression denotes.
#[derive(Clone, Debug)]
pub enum Value<'p> {
    /// A module of the project.
    Module(&'p FileFacts),
    /// A package without `__init__.py`, by its name, as a file sees it.
    Namespace(Arc<str>, &'p FileFacts),
    /// A class of the project.
    Class(Class<'p>),
    /// An object of a class.
    Instance(ClassValue<'p>),
    /// A function of the project, or a lambda; a method taken from its class.
    Function(Function<'p>),
    /// A method taken from an object or, for class methods, from a class.
    Method(Function<'p>),
    /// A module, class, function or object outside of the project, by its qualified name.
    External(Arc<str>),
    /// `None`.
    None,
    Unknown,
}

impl PartialEq for Value<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Value::Module(a), Value::Module(b)) => std::ptr::eq(*a, *b),
            (Value::Namespace(a, _), Value::Namespace(b, _)) => a == b,
            (Value::Class(a), Value::Class(b)) => a == b,
            (Value::Instance(a), Value::Instance(b)) => a == b,
            (Value::Function(a), Value::Function(b)) | (Value::Method(a), Value::Method(b)) => {
                a == b
            }
            (Value::External(a), Value::External(b)) => a == b,
            (Value::None, Value::None) => true,
            _ => false,
        }
    }
}

impl<'p> Value<'p> {
    /// An object of a built-in class.
    pub fn builtin(class: &str) -> Value<'p> {
        Value::Instance(ClassValue::External(format!("builtins.{class}").into()))
    }
}

/// How deep an expression's parts are followed.
pub(super) const DEPTH: usize = 24;

impl Project {
    /// What an expression denotes.
    pub fn evaluate<'p>(&'p self, site: Site<'p>) -> Value<'p> {
        self.value(site, 0)
    }

    /// The qualified name of what an expression denotes, for classes, functions and things outside of the project: `threading.Thread`.
    pub fn qualified<'p>(&'p self, site: Site<'p>) -> Option<Arc<str>> {
        self.qualified_value(&self.evaluate(site))
    }

    /// The qualified name of a class, a function or something outside of the project.
    pub fn qualified_value(&self, value: &Value<'_>) -> Option<Arc<str>> {
        match value {
            Value::External(name) | Value::Namespace(name, _) => Some(Arc::clone(name)),
            Value::Class(class) => Some(self.class_name(*class).into()),
            Value::Function(function) | Value::Method(function) => {
                Some(self.function_name(*function).into())
            }
            Value::Module(file) => Some(self.module_name(file.path()).0.as_str().into()),
            _ => None,
        }
    }

    /// The qualified name of a class value.
    pub fn qualified_class(&self, class: &ClassValue<'_>) -> Arc<str> {
        match class {
            ClassValue::Known(class) => self.class_name(*class).into(),
            ClassValue::External(name) => Arc::clone(name),
        }
    }

    pub(super) fn value<'p>(&'p self, site: Site<'p>, depth: usize) -> Value<'p> {
        let Some(_step) = Step::take().filter(|_| depth <= DEPTH) else {
            return Value::Unknown;
        };
        let node = site.node;
        match node.kind() {
            Kind::Name => self.value_of_name(site, depth),
            Kind::Attribute => self.value_of_attribute(site, depth),
            Kind::Call => self.value_of_call(site, depth),
            Kind::Parenthesized => node.children().next().map_or(Value::Unknown, |inner| {
                self.value(site.with(inner), depth + 1)
            }),
            Kind::NamedExpression => site
                .child(Field::Value)
                .map_or(Value::Unknown, |value| self.value(value, depth + 1)),
            Kind::Conditional => {
                let mut parts = node.children();
                let (Some(then), Some(_), Some(other)) = (parts.next(), parts.next(), parts.next())
                else {
                    return Value::Unknown;
                };
                self.agree([site.with(then), site.with(other)], depth)
            }
            Kind::BooleanOperation if node.op() == Op::Or => {
                let (Some(left), Some(right)) = (site.child(Field::Left), site.child(Field::Right))
                else {
                    return Value::Unknown;
                };
                self.agree([left, right], depth)
            }
            Kind::Lambda => Function::at(site).map_or(Value::Unknown, Value::Function),
            Kind::Subscript => self.value_of_subscript(site, depth),
            Kind::BinaryOperation => self.value_of_operation(site, depth),
            Kind::UnaryOperation => self.value_of_sign(site, depth),
            Kind::Await => self.value_of_awaited(site, depth),
            Kind::Annotation => node.children().next().map_or(Value::Unknown, |inner| {
                self.value(site.with(inner), depth + 1)
            }),
            Kind::None => Value::None,
            kind => literal_class(kind).map_or(Value::Unknown, Value::builtin),
        }
    }

    /// Whether an expression may be a whole number: all but displays, texts, objects of classes, and what other packages' functions give.
    pub fn may_count<'p>(&'p self, site: Site<'p>) -> bool {
        match self.evaluate(site) {
            Value::Instance(ClassValue::External(name)) => {
                matches!(name.as_ref(), "builtins.int" | "builtins.bool")
            }
            Value::Unknown => match site.node.unparenthesized().child(Field::Function) {
                Some(callee) => match self.evaluate(site.with(callee)) {
                    Value::External(name) => {
                        let module = name.split('.').next().unwrap_or_default();
                        matches!(module, "builtins" | "math" | "os" | "random" | "operator")
                    }
                    _ => true,
                },
                None => true,
            },
            _ => false,
        }
    }

    /// The value that all of the expressions have; `None` among others does not count.
    fn agree<'p>(&'p self, sites: impl IntoIterator<Item = Site<'p>>, depth: usize) -> Value<'p> {
        let mut agreed = Value::None;
        for site in sites {
            let value = self.value(site, depth + 1);
            match (&agreed, &value) {
                (_, Value::None) => {}
                (Value::None, _) => agreed = value,
                (known, new) if known == new => {}
                _ => return Value::Unknown,
            }
        }
        agreed
    }

    fn value_of_name<'p>(&'p self, site: Site<'p>, depth: usize) -> Value<'p> {
        match site.resolve() {
            Resolution::Local(bindings) | Resolution::Module(bindings) => {
                self.value_of_bindings(&bindings, Some(site), depth + 1)
            }
            Resolution::Free => {
                if let value @ (Value::Class(_)
                | Value::Function(_)
                | Value::External(_)
                | Value::Instance(_)
                | Value::Module(_)) =
                    self.through_star_imports(site.file, site.text(), depth + 1)
                {
                    return value;
                }
                if is_builtin(site.text()) {
                    Value::External(format!("builtins.{}", site.text()).into())
                } else {
                    Value::Unknown
                }
            }
        }
    }

    fn value_of_attribute<'p>(&'p self, site: Site<'p>, depth: usize) -> Value<'p> {
        let (Some(object), Some(attribute)) =
            (site.child(Field::Object), site.node.child(Field::Attribute))
        else {
            return Value::Unknown;
        };
        let name = attribute.text();
        if let Some(class) = self.class_of_super(object) {
            return self.attribute_after(class, name, depth + 1);
        }
        match self.value(object, depth + 1) {
            Value::Module(file) => self.member_of_file(file, name, depth + 1),
            Value::Namespace(module, from) => {
                match self.module(&format!("{module}.{name}"), from) {
                    Some(file) => Value::Module(file),
                    None => Value::Unknown,
                }
            }
            Value::External(module) => Value::External(format!("{module}.{name}").into()),
            Value::Class(class) => self.class_attribute(class, name, depth + 1),
            Value::Instance(ClassValue::Known(class)) if name == "__class__" => Value::Class(class),
            Value::Instance(ClassValue::Known(class)) => {
                match self.instance_attribute(class, name, depth + 1) {
                    // `before = self.hook`, and then `self.hook` is a function that calls `before`
                    Value::Function(function) if is_made_later(function, site) => Value::Unknown,
                    value => value,
                }
            }
            Value::Instance(ClassValue::External(class)) => {
                Value::External(format!("{class}().{name}").into())
            }
            _ => Value::Unknown,
        }
    }

    fn value_of_call<'p>(&'p self, site: Site<'p>, depth: usize) -> Value<'p> {
        let Some(callee) = site.child(Field::Function) else {
            return Value::Unknown;
        };
        match self.value(callee, depth + 1) {
            Value::Class(class) => Value::Instance(ClassValue::Known(class)),
            Value::External(name) => self.value_of_external_call(site, &name, depth),
            Value::Function(function) | Value::Method(function) => {
                self.returned(function, depth + 1)
            }
            _ => Value::Unknown,
        }
    }

    fn value_of_external_call<'p>(
        &'p self,
        site: Site<'p>,
        name: &Arc<str>,
        depth: usize,
    ) -> Value<'p> {
        match name.as_ref() {
            "builtins.type" => match self
                .only_argument(site)
                .map(|argument| self.value(argument, depth + 1))
            {
                Some(Value::Instance(ClassValue::Known(class))) => Value::Class(class),
                Some(Value::Instance(ClassValue::External(class))) => Value::External(class),
                _ => Value::Unknown,
            },
            // the class that it makes, where nothing is said about its metaclass
            "sqlalchemy.orm.declarative_base" | "sqlalchemy.ext.declarative.declarative_base"
                if has_plain_arguments(site) =>
            {
                Value::External("sqlalchemy.orm.decl_api.Base".into())
            }
            // a context has what the module has
            "multiprocessing.get_context" | "multiprocessing.context.get_context" => {
                Value::External("multiprocessing".into())
            }
            // the standard library's lock constructors are functions in some versions
            _ if is_class_name(name) => Value::Instance(ClassValue::External(Arc::clone(name))),
            _ => match super::stdlib::returned(name) {
                Some("None") => Value::None,
                Some(class) => Value::Instance(ClassValue::External(class.into())),
                None => Value::Unknown,
            },
        }
    }

    /// Arithmetic of numbers and strings; `[…] * n`.
    fn value_of_operation<'p>(&'p self, site: Site<'p>, depth: usize) -> Value<'p> {
        // `x = x * x + x` in a loop reads x again and again: names count for more than a step
        let steps = |side: Site<'p>| match side.node.unparenthesized().kind() {
            Kind::Name | Kind::Attribute | Kind::Call | Kind::Subscript => 8,
            _ => 1,
        };
        let side = |field| {
            let side = site.child(field)?;
            Some(self.value(side, depth + steps(side)))
        };
        let (Some(left), Some(right)) = (side(Field::Left), side(Field::Right)) else {
            return Value::Unknown;
        };
        let is_of_module = site.child(Field::Right).is_some_and(|right| {
            let owner = right
                .child(Field::Object)
                .map(|owner| self.value(owner, depth + 1));
            matches!(owner, Some(Value::Module(_) | Value::External(_)))
        });
        let (left, right) = (builtin_class(&left), builtin_class(&right));
        match (left, site.node.op(), right) {
            (Some("str"), Op::Mod, _) => Value::builtin("str"),
            (Some(class @ ("str" | "list" | "tuple")), Op::Mul, Some("int"))
            | (Some("int"), Op::Mul, Some(class @ ("str" | "list" | "tuple"))) => {
                Value::builtin(class)
            }
            // a list times what is not known is a list: anything else raises, but for exotic objects, such as the units that a module holds
            (Some(class @ ("list" | "bytearray")), Op::Mul, None) if !is_of_module => {
                Value::builtin(class)
            }
            (Some(class @ ("str" | "list" | "tuple")), Op::Add, Some(other)) if class == other => {
                Value::builtin(class)
            }
            (Some("int" | "bool"), Op::Div, Some("int" | "bool")) => Value::builtin("float"),
            // `2 ** -1` is a float
            (Some("int" | "bool"), Op::Pow, Some("int" | "bool")) => Value::Unknown,
            (Some("int" | "bool"), op, Some("int" | "bool")) if op != Op::MatMul => {
                Value::builtin("int")
            }
            (
                Some("float"),
                Op::Add | Op::Sub | Op::Mul | Op::Div | Op::FloorDiv | Op::Mod | Op::Pow,
                Some("int" | "bool" | "float"),
            )
            | (
                Some("int" | "bool"),
                Op::Add | Op::Sub | Op::Mul | Op::Div | Op::FloorDiv | Op::Mod,
                Some("float"),
            ) => Value::builtin("float"),
            _ => Value::Unknown,
        }
    }

    fn value_of_sign<'p>(&'p self, site: Site<'p>, depth: usize) -> Value<'p> {
        let operand = site
            .node
            .children()
            .next()
            .map(|operand| self.value(site.with(operand), depth + 8));
        match operand.as_ref().and_then(builtin_class) {
            Some("int" | "bool") => Value::builtin("int"),
            Some("float") if site.node.op() != Op::Invert => Value::builtin("float"),
            _ => Value::Unknown,
        }
    }

    /// What a coroutine function's call gives when it is awaited.
    fn value_of_awaited<'p>(&'p self, site: Site<'p>, depth: usize) -> Value<'p> {
        let awaited = site
            .node
            .children()
            .next()
            .map(|node| site.with(node.unparenthesized()));
        let called = awaited
            .filter(|call| call.node.kind() == Kind::Call)
            .and_then(|call| call.child(Field::Function));
        match called.map(|callee| self.value(callee, depth + 1)) {
            Some(Value::Function(function) | Value::Method(function)) if function.is_async() => {
                self.returned_by_body(function, depth + 1)
            }
            _ => Value::Unknown,
        }
    }

    fn only_argument<'p>(&self, call: Site<'p>) -> Option<Site<'p>> {
        let mut arguments = call.node.child(Field::Arguments)?.children();
        let first = arguments.next()?;
        arguments.next().is_none().then(|| call.with(first))
    }

    fn value_of_subscript<'p>(&'p self, site: Site<'p>, depth: usize) -> Value<'p> {
        let Some(object) = site.child(Field::Value) else {
            return Value::Unknown;
        };
        match self.value(object, depth + 1) {
            // `Base[T]` as a base or an annotation is `Base`
            value @ Value::Class(_) => value,
            Value::External(name)
                if matches!(
                    name.as_ref(),
                    "typing.Optional" | "typing.Annotated" | "typing.Final" | "typing.ClassVar"
                ) =>
            {
                let inner = site
                    .node
                    .children()
                    .find(|child| child.field() == Field::Subscript);
                inner.map_or(Value::Unknown, |inner| {
                    self.value(site.with(inner), depth + 1)
                })
            }
            Value::External(name) if is_class_name(&name) => Value::External(name),
            // a slice of a built-in sequence is another of its kind
            Value::Instance(ClassValue::External(class))
                if matches!(
                    class.as_ref(),
                    "builtins.list"
                        | "builtins.tuple"
                        | "builtins.str"
                        | "builtins.bytes"
                        | "builtins.bytearray"
                ) && site.node.child_of(Kind::Slice).is_some() =>
            {
                Value::Instance(ClassValue::External(class))
            }
            _ => Value::Unknown,
        }
    }
}

/// Whether the arguments of `declarative_base` leave the class that it makes its usual bases and its usual metaclass.
fn has_plain_arguments(call: Site<'_>) -> bool {
    const PLAIN: &[&str] = &["name", "metadata", "bind", "engine", "type_annotation_map"];
    let given = call.node.child(Field::Arguments).into_iter();
    let mut given = given.flat_map(Node::children);
    given.all(|argument| {
        let name = argument.child(Field::Name).map(Node::text);
        argument.kind() == Kind::KeywordArgument && name.is_some_and(|name| PLAIN.contains(&name))
    })
}

/// The name of the built-in class of an object.
pub(super) fn builtin_class<'v>(value: &'v Value<'_>) -> Option<&'v str> {
    match value {
        Value::Instance(ClassValue::External(name)) => name.strip_prefix("builtins."),
        _ => None,
    }
}

fn literal_class(kind: Kind) -> Option<&'static str> {
    Some(match kind {
        Kind::List | Kind::ListComprehension => "list",
        Kind::Dict | Kind::DictComprehension => "dict",
        Kind::Set | Kind::SetComprehension => "set",
        Kind::Tuple | Kind::ExpressionList => "tuple",
        Kind::String | Kind::ConcatenatedString => "str",
        Kind::Integer => "int",
        Kind::Float => "float",
        Kind::True | Kind::False | Kind::Comparison | Kind::NotOperation => "bool",
        Kind::GeneratorExpression => "generator",
        _ => return None,
    })
}

/// Whether a qualified name is a class's, by the standard library's table or by the way classes are named.
pub(super) fn is_class_name(name: &str) -> bool {
    if name.contains("().") {
        return false;
    }
    let last = name.rsplit('.').next().unwrap_or(name);
    super::stdlib::is_class(name)
        || (!name.starts_with("builtins.")
            && last.starts_with(|c: char| c.is_ascii_uppercase())
            && last.chars().any(|c| c.is_ascii_lowercase()))
}

/// Whether a function is made further down in the function that an expression stands in: the expression gives what was there before.
fn is_made_later(function: Function<'_>, site: Site<'_>) -> bool {
    let around = Function::around(function.site);
    around.is_some()
        && around == Function::around(site)
        && function.site.segment == site.segment
        && site.node.id() < function.site.node.id()
}
