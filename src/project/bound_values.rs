//! What the binding of a name gives it: an assignment, an annotation, a definition, a parameter, `as`.

use super::flow::{REBINDINGS, reaching};
use super::values::{DEPTH, is_class_name};
use super::{Bound, Class, ClassValue, Function, Project, Value, is_container_name};
use crate::facts::{BindingKind, BindingSite, Resolution, Site, is_mutator_without_result};
use crate::syntax::{Field, Kind, Node};

impl Project {
    /// What a name denotes that has these bindings. `at` is where it is read, if that is in the same file.
    pub(super) fn value_of_bindings<'p>(
        &'p self,
        bindings: &[BindingSite<'p>],
        at: Option<Site<'p>>,
        depth: usize,
    ) -> Value<'p> {
        if depth > DEPTH || bindings.len() > REBINDINGS {
            return Value::Unknown;
        }
        let mut agreed = None;
        let mut is_lost = false;
        let reached = reaching(bindings, at);
        for binding in &reached {
            if is_import_fallback(binding) && bindings.len() > 1 {
                continue;
            }
            if reached.len() > 1 && loses_container(binding) {
                is_lost = true;
                continue;
            }
            let value = match binding.binding.kind {
                BindingKind::Annotation | BindingKind::Global | BindingKind::Nonlocal => continue,
                BindingKind::Augmented if bindings.len() > 1 => continue,
                _ => self.value_of_binding(binding, depth),
            };
            match (&agreed, &value) {
                (None, _) | (Some(Value::None), _) => agreed = Some(value),
                (Some(_), Value::None) => {}
                (Some(known), new) if known == new => {}
                _ => return Value::Unknown,
            }
        }
        let annotated = || {
            bindings
                .iter()
                .find(|binding| binding.binding.kind == BindingKind::Annotation)
        };
        match agreed {
            // another object's method gives what nobody knows
            Some(value) if is_lost && !is_container(&value) => Value::Unknown,
            Some(value) => value,
            None => annotated().map_or(Value::Unknown, |binding| {
                self.value_of_annotation_beside(binding.name, depth)
            }),
        }
    }

    fn value_of_binding<'p>(&'p self, binding: &BindingSite<'p>, depth: usize) -> Value<'p> {
        let Some(value) = binding.value() else {
            return Value::Unknown;
        };
        match binding.binding.kind {
            BindingKind::Assignment => match self.value(value, depth + 1) {
                unknown @ (Value::Unknown | Value::None) => {
                    match self.value_of_annotation_beside(binding.name, depth) {
                        Value::Unknown => unknown,
                        annotated => annotated,
                    }
                }
                known => known,
            },
            BindingKind::Function => self.value_of_definition(value, depth),
            BindingKind::Class => Class::at(value).map_or(Value::Unknown, Value::Class),
            BindingKind::Import | BindingKind::ImportAs | BindingKind::FromImport => {
                self.imported(binding.binding.kind, value, depth + 1)
            }
            BindingKind::With if is_whole_alias(binding.name) => {
                self.value_of_entered(value, depth)
            }
            BindingKind::Loop if is_whole_target(binding.name) => self.value_of_item(value, depth),
            BindingKind::Parameter => self.value_of_parameter(value, depth),
            _ => Value::Unknown,
        }
    }

    /// For `name: annotation = …`, an object of the annotated class.
    fn value_of_annotation_beside<'p>(&'p self, name: Site<'p>, depth: usize) -> Value<'p> {
        let assignment = name
            .node
            .parent()
            .filter(|parent| parent.kind() == Kind::Assignment);
        let annotation = assignment.and_then(|assignment| assignment.child(Field::Type));
        annotation.map_or(Value::Unknown, |annotation| {
            self.value_of_annotated(name.with(annotation), depth)
        })
    }

    /// An object of the class that an annotation names. `Optional[T]` and `T | None` are read as `T`.
    pub(super) fn value_of_annotated<'p>(
        &'p self,
        annotation: Site<'p>,
        depth: usize,
    ) -> Value<'p> {
        match self.value(annotation, depth + 1) {
            Value::Class(class) => Value::Instance(ClassValue::Known(class)),
            Value::External(name) if is_class_name(&name) && !name.starts_with("typing.") => {
                Value::Instance(ClassValue::External(name))
            }
            Value::External(name) => match container_of_typing(&name) {
                Some(class) => Value::Instance(ClassValue::External(class.into())),
                None => Value::Unknown,
            },
            // the grammar reads `list[str]` as something of its own
            _ if annotation.text().contains('[') => self.container_annotated(annotation),
            _ => self.value_of_forward_reference(annotation, depth),
        }
    }

    /// An object of the class that an annotation names as a string: `"Account"`.
    fn value_of_forward_reference<'p>(&'p self, annotation: Site<'p>, depth: usize) -> Value<'p> {
        let text = annotation.text();
        let name = text
            .strip_prefix(['"', '\''])
            .and_then(|rest| rest.strip_suffix(['"', '\'']));
        let is_name = |name: &&str| name.chars().all(|c| c.is_alphanumeric() || c == '_');
        let Some(name) = name.filter(is_name) else {
            return Value::Unknown;
        };
        let (Resolution::Local(bindings) | Resolution::Module(bindings)) =
            annotation.resolve_from(annotation.scope(), name)
        else {
            return Value::Unknown;
        };
        match self.value_of_bindings(&bindings, None, depth + 1) {
            Value::Class(class) => Value::Instance(ClassValue::Known(class)),
            Value::External(name) if is_class_name(&name) && !name.starts_with("typing.") => {
                Value::Instance(ClassValue::External(name))
            }
            _ => Value::Unknown,
        }
    }

    /// An object of the container of the standard library that an annotation names, with what it holds: `list[str]`, `Optional[Dict[str, int]]`.
    fn container_annotated<'p>(&'p self, annotation: Site<'p>) -> Value<'p> {
        let known = self.annotation(annotation);
        let [Some(name)] = &known.classes[..] else {
            return Value::Unknown;
        };
        let class = container_of_typing(name).unwrap_or(name);
        if is_container_name(class) || class == "builtins.tuple" {
            Value::Instance(ClassValue::External(class.into()))
        } else {
            Value::Unknown
        }
    }

    /// A function by its definition, as its decorators leave it.
    fn value_of_definition<'p>(&'p self, definition: Site<'p>, depth: usize) -> Value<'p> {
        let Some(function) = Function::at(definition) else {
            return Value::Unknown;
        };
        for decorator in definition.decorators() {
            let target = if decorator.node.kind() == Kind::Call {
                decorator.child(Field::Function).unwrap_or(decorator)
            } else {
                decorator
            };
            if !self.keeps_function(target, depth) {
                return Value::Unknown;
            }
        }
        Value::Function(function)
    }

    /// Whether a decorator leaves a function what it was, for those who call it.
    fn keeps_function<'p>(&'p self, decorator: Site<'p>, depth: usize) -> bool {
        const KEEPING: &[&str] = &[
            "builtins.staticmethod",
            "builtins.classmethod",
            "builtins.property",
            "abc.abstractmethod",
            "functools.cached_property",
            "functools.wraps",
            "functools.lru_cache",
            "functools.cache",
            "typing.override",
            "typing.final",
            "typing.no_type_check",
            "typing.overload",
            "typing.dataclass_transform",
            "typing_extensions.dataclass_transform",
            "typing_extensions.override",
            "typing_extensions.final",
            "typing_extensions.overload",
            "typing_extensions.deprecated",
            "warnings.deprecated",
            "atexit.register",
        ];
        if decorator.node.kind() == Kind::Attribute
            && matches!(
                decorator.node.child(Field::Attribute).map(Node::text),
                Some("setter" | "getter" | "deleter")
            )
        {
            return true;
        }
        match self.value(decorator, depth + 1) {
            Value::External(name) => KEEPING.contains(&name.as_ref()),
            // a decorator of the project that hands the function back as it is
            Value::Function(function) => self.returns_its_argument(function),
            _ => false,
        }
    }

    /// What `with value as name` binds.
    fn value_of_entered<'p>(&'p self, context: Site<'p>, depth: usize) -> Value<'p> {
        match self.value(context, depth + 1) {
            Value::Instance(ClassValue::Known(class)) => match self.find_method(class, "__enter__")
            {
                Some(enter) => self.returned(enter, depth + 1),
                None if self.mro(class).is_complete() => Value::Unknown,
                None => Value::Instance(ClassValue::Known(class)),
            },
            // these give what they were given
            Value::Instance(ClassValue::External(name))
                if matches!(
                    name.as_ref(),
                    "contextlib.closing" | "contextlib.aclosing" | "contextlib.nullcontext"
                ) =>
            {
                Value::Unknown
            }
            value @ Value::Instance(ClassValue::External(_)) => value,
            _ => Value::Unknown,
        }
    }

    fn value_of_parameter<'p>(&'p self, parameter: Site<'p>, depth: usize) -> Value<'p> {
        let Some(function) = self.function_of_parameter(parameter) else {
            return Value::Unknown;
        };
        if parameter.node.kind() == Kind::Name
            && let Some(value) = self.value_of_first_parameter(function, parameter)
        {
            return value;
        }
        match parameter.node.kind() {
            // `*names: str`
            Kind::TypedParameter if star(parameter).is_some() => {
                star(parameter).map_or(Value::Unknown, Value::builtin)
            }
            Kind::TypedParameter | Kind::TypedDefaultParameter => parameter
                .child(Field::Type)
                .map_or(Value::Unknown, |annotation| {
                    self.value_of_annotated(annotation, depth)
                }),
            _ => star_class(parameter.node.kind()).map_or(Value::Unknown, Value::builtin),
        }
    }

    fn function_of_parameter<'p>(&self, parameter: Site<'p>) -> Option<Function<'p>> {
        let definition = parameter
            .node
            .ancestors()
            .find(|node| matches!(node.kind(), Kind::FunctionDef | Kind::Lambda))?;
        Function::at(parameter.with(definition))
    }

    /// `self` of a method, `cls` of a class method, of `__new__` and of a metaclass's methods.
    fn value_of_first_parameter<'p>(
        &'p self,
        function: Function<'p>,
        parameter: Site<'p>,
    ) -> Option<Value<'p>> {
        let first = function.parameters().next()?;
        if first.site != parameter {
            return None;
        }
        let class = function.class()?;
        match function.binding(self) {
            Bound::Static => None,
            Bound::Class => Some(Value::Class(class)),
            Bound::Instance => Some(Value::Instance(ClassValue::Known(class))),
        }
    }
}

/// Whether an assignment puts, in the place of a name's object, what a method of it gives that returns nothing if it is a container: `names = names.append(name)`.
fn loses_container(binding: &BindingSite<'_>) -> bool {
    binding.binding.kind == BindingKind::Assignment
        && binding
            .value()
            .is_some_and(|value| is_lost_to_its_method(value, binding.name.text()))
}

/// Whether an expression calls such a method of `name`, or of an attribute of this name.
pub(super) fn is_lost_to_its_method(value: Site<'_>, name: &str) -> bool {
    let callee = value.node.child(Field::Function);
    let parts = callee.and_then(|callee| {
        Some((
            callee.child(Field::Object)?,
            callee.child(Field::Attribute)?,
        ))
    });
    parts.is_some_and(|(object, method)| {
        let called = object.child(Field::Attribute).unwrap_or(object);
        called.text() == name && is_mutator_without_result(method.text())
    })
}

/// Whether a value is a container of the standard library.
pub(super) fn is_container(value: &Value<'_>) -> bool {
    matches!(value, Value::Instance(ClassValue::External(class)) if is_container_name(class))
}

/// The built-in class of what a parameter with stars takes.
fn star_class(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::SplatPattern => Some("tuple"),
        Kind::DictSplatPattern => Some("dict"),
        _ => None,
    }
}

/// The same for an annotated parameter.
fn star(parameter: Site<'_>) -> Option<&'static str> {
    star_class(parameter.node.children().next()?.kind())
}

/// Whether a name is all that a loop binds: not one of `for a, b in pairs`.
fn is_whole_target(name: Site<'_>) -> bool {
    let parent = name.node.parent().map(Node::kind);
    name.node.field() == Field::Left && matches!(parent, Some(Kind::For | Kind::ForInClause))
}

/// Whether a name is all that `as` binds: not one of `with value as (a, b)`.
fn is_whole_alias(name: Site<'_>) -> bool {
    let parent = name.node.parent().map(Node::kind);
    matches!(parent, Some(Kind::AsPattern | Kind::AsPatternTarget))
}

/// Whether a binding stands in for an import that failed: in the handler of an `ImportError`, or in an `else` of `TYPE_CHECKING`.
fn is_import_fallback(binding: &BindingSite<'_>) -> bool {
    binding.name.node.ancestors().any(|node| {
        node.kind() == Kind::ExceptClause
            && node.children().next().is_some_and(|class| {
                class.text().contains("ImportError") || class.text().contains("ModuleNotFoundError")
            })
    })
}

/// The container that one of the old names in `typing` stands for.
fn container_of_typing(name: &str) -> Option<&'static str> {
    Some(match name.strip_prefix("typing.")? {
        "List" => "builtins.list",
        "Dict" => "builtins.dict",
        "Set" => "builtins.set",
        "DefaultDict" => "collections.defaultdict",
        "OrderedDict" => "collections.OrderedDict",
        "Counter" => "collections.Counter",
        "Deque" => "collections.deque",
        "Tuple" => "builtins.tuple",
        _ => return None,
    })
}
