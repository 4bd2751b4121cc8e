//! Classes whose attributes become fields: dataclasses, attrs, `NamedTuple`.

use super::{Class, ClassValue, Function, Project, Value};
use crate::facts::{BindingKind, Site};
use crate::syntax::{Field, Kind, Node};

/// What makes fields of a class's attributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldMaker {
    /// `dataclasses.dataclass`, itself or through a decorator of the project that calls it.
    Dataclass,
    /// attrs; whether annotated attributes are fields too, beside `attr.ib(…)`.
    Attrs {
        annotated: bool,
    },
    NamedTuple,
}

/// One field of a class.
#[derive(Clone, Copy)]
pub struct ClassField<'p> {
    /// Its name in the class body.
    pub name: Site<'p>,
    /// The value in the class body.
    pub value: Site<'p>,
    /// The call of `field`, `attr.ib`, …, if the value is one.
    pub call: Option<Site<'p>>,
    /// The default: the value, or the argument of that call.
    pub default: Site<'p>,
}

const ATTRS: &[&str] = &[
    "attr.s",
    "attr.attrs",
    "attr.attributes",
    "attr.dataclass",
    "attr.define",
    "attr.mutable",
    "attr.frozen",
    "attrs.define",
    "attrs.mutable",
    "attrs.frozen",
];

const ATTRS_FIELDS: &[&str] = &[
    "attr.ib",
    "attr.attr",
    "attr.attrib",
    "attr.field",
    "attrs.field",
];

impl Project {
    /// What makes fields of a class's attributes, if something does, and the decorator that it is.
    pub fn field_maker<'p>(&'p self, class: Class<'p>) -> Option<(FieldMaker, Option<Site<'p>>)> {
        for decorator in class.site.decorators() {
            if let Some(maker) = self.maker_of_decorator(decorator) {
                return Some((maker, Some(decorator)));
            }
        }
        class
            .bases()
            .any(|base| {
                matches!(
                    self.qualified(base).as_deref(),
                    Some("typing.NamedTuple" | "typing_extensions.NamedTuple")
                )
            })
            .then_some((FieldMaker::NamedTuple, None))
    }

    fn maker_of_decorator<'p>(&'p self, decorator: Site<'p>) -> Option<FieldMaker> {
        let target = if decorator.node.kind() == Kind::Call {
            decorator.child(Field::Function)?
        } else {
            decorator
        };
        let value = self.evaluate(target);
        if !self.makes_fields(&value) {
            return None;
        }
        match value {
            Value::External(name) if ATTRS.contains(&name.as_ref()) => {
                let classic = matches!(name.as_ref(), "attr.s" | "attr.attrs" | "attr.attributes");
                let annotated = !classic || keyword_is(decorator, "auto_attribs", "True");
                Some(FieldMaker::Attrs { annotated })
            }
            _ => Some(FieldMaker::Dataclass),
        }
    }

    /// Whether a value is a decorator that makes fields of a class's attributes.
    pub(super) fn makes_fields<'p>(&'p self, decorator: &Value<'p>) -> bool {
        match decorator {
            Value::External(name) => {
                name.as_ref() == "dataclasses.dataclass" || ATTRS.contains(&name.as_ref())
            }
            Value::Function(function) => self.returns_dataclass(*function),
            _ => false,
        }
    }

    /// Whether a function makes a data class of its first argument and returns it.
    fn returns_dataclass<'p>(&'p self, function: Function<'p>) -> bool {
        let Some(first) = function.first_parameter() else {
            return false;
        };
        function.returns().any(|statement| {
            let call = statement.node.children().next();
            let call = call.filter(|call| call.kind() == Kind::Call);
            call.is_some_and(|call| {
                let callee = call.child(Field::Function);
                let given = call
                    .child(Field::Arguments)
                    .and_then(|arguments| arguments.children().next());
                given.is_some_and(|given| given.text() == first)
                    && callee.is_some_and(|callee| {
                        self.qualified(statement.with(callee)).as_deref()
                            == Some("dataclasses.dataclass")
                    })
            })
        })
    }

    /// The fields that a class's body defines with a default.
    pub fn fields<'p>(&'p self, class: Class<'p>, maker: FieldMaker) -> Vec<ClassField<'p>> {
        class
            .site
            .members()
            .filter(|member| member.binding.kind == BindingKind::Assignment)
            .filter_map(|member| self.field(maker, member.name, member.value()?))
            .collect()
    }

    fn field<'p>(
        &'p self,
        maker: FieldMaker,
        name: Site<'p>,
        value: Site<'p>,
    ) -> Option<ClassField<'p>> {
        let annotation = name
            .node
            .parent()
            .filter(|parent| parent.kind() == Kind::Assignment)
            .and_then(|assignment| assignment.child(Field::Type));
        let call = value
            .child(Field::Function)
            .filter(|_| value.node.kind() == Kind::Call);
        let makes_field =
            call.and_then(|callee| self.qualified(callee))
                .filter(|callee| match maker {
                    FieldMaker::Dataclass => callee.as_ref() == "dataclasses.field",
                    FieldMaker::Attrs { .. } => ATTRS_FIELDS.contains(&callee.as_ref()),
                    FieldMaker::NamedTuple => false,
                });
        match annotation {
            Some(annotation) => {
                let known = self.annotation(name.with(annotation));
                let is_no_field = known.qualifiers.iter().any(|qualifier| {
                    qualifier.ends_with(".ClassVar")
                        || qualifier.ends_with(".InitVar")
                        || qualifier.ends_with(".KW_ONLY")
                });
                let annotated = maker != FieldMaker::Attrs { annotated: false };
                if is_no_field || (!annotated && makes_field.is_none()) {
                    return None;
                }
            }
            None => {
                if !(matches!(maker, FieldMaker::Attrs { .. }) && makes_field.is_some()) {
                    return None;
                }
            }
        }
        let default = match &makes_field {
            None => value,
            Some(callee) => {
                let by_position = callee.as_ref().starts_with("attr.") && &**callee != "attr.field";
                default_argument(value, by_position)?
            }
        };
        Some(ClassField {
            name,
            value,
            call: makes_field.map(|_| value),
            default,
        })
    }

    /// For a call that makes a field of a class, what makes the field's value for each object: `Lock` in `field(default_factory=Lock)`.
    pub(super) fn field_factory<'p>(&'p self, call: Site<'p>) -> Option<Site<'p>> {
        let name = self.qualified(call.child(Field::Function)?)?;
        match name.as_ref() {
            "dataclasses.field" => keyword(call, "default_factory"),
            name if ATTRS_FIELDS.contains(&name) => keyword(call, "factory"),
            _ => None,
        }
    }

    /// Whether objects of a class have no hash. None where that is not known.
    pub fn is_unhashable<'p>(&'p self, class: &ClassValue<'p>) -> Option<bool> {
        let mro = self.mro_of(class);
        for class in &mro.classes {
            match class {
                ClassValue::External(name) => {
                    return Some(
                        super::is_container_name(name) && name.as_ref() != "collections.ChainMap",
                    );
                }
                ClassValue::Known(class) => {
                    if let Some(own) = self.own_hash(*class) {
                        return Some(!own);
                    }
                }
            }
        }
        mro.is_complete().then_some(false)
    }

    /// Whether a class's own body and decorators give it a hash, or take it away; None where they leave it as it is.
    fn own_hash<'p>(&'p self, class: Class<'p>) -> Option<bool> {
        let members = class.site.members_named("__hash__");
        if let Some(last) = members.last() {
            let value = last
                .value()
                .filter(|_| last.binding.kind == BindingKind::Assignment);
            return Some(value.is_none_or(|value| value.node.kind() != Kind::None));
        }
        let (maker, decorator) = match self.field_maker(class) {
            Some((maker, Some(decorator))) => (Some(maker), decorator),
            _ => (None, class.site),
        };
        if maker.is_some() && !keyword_is(decorator, "eq", "False") {
            let frozen = keyword_is(decorator, "frozen", "True")
                || self
                    .qualified_decorator(decorator)
                    .is_some_and(|name| name.ends_with(".frozen"));
            let hashed = frozen
                || keyword_is(decorator, "unsafe_hash", "True")
                || keyword_is(decorator, "hash", "True");
            return Some(hashed);
        }
        class.defines("__eq__").then_some(false)
    }
}

/// Whether a call has a keyword argument of this text.
pub(super) fn keyword_is(call: Site<'_>, name: &str, text: &str) -> bool {
    keyword(call, name).is_some_and(|value| value.text() == text)
}

/// The value of a call's keyword argument.
fn keyword<'p>(call: Site<'p>, name: &str) -> Option<Site<'p>> {
    let arguments = call.node.child(Field::Arguments)?;
    let argument = arguments.children().find(|argument| {
        argument.kind() == Kind::KeywordArgument
            && argument.child(Field::Name).map(Node::text) == Some(name)
    })?;
    argument.child(Field::Value).map(|value| call.with(value))
}

fn default_argument(call: Site<'_>, by_position: bool) -> Option<Site<'_>> {
    keyword(call, "default").or_else(|| {
        let first = call.node.child(Field::Arguments)?.children().next()?;
        let plain = !matches!(
            first.kind(),
            Kind::KeywordArgument | Kind::ListSplat | Kind::DictSplat
        );
        (by_position && plain).then(|| call.with(first))
    })
}
