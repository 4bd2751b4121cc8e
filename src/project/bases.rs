//! What the bases of a class statement stand for, as Python takes them when it makes the class.

use super::{Class, ClassValue, Function, Metaclass, Project, Value, stdlib};
use crate::facts::Site;
use crate::syntax::{Field, Kind, Node};

impl Project {
    /// The bases as the class is made of them, each with its expression; None for one that is not known to be a class. What steps aside for another base (PEP 560) is
    /// left out: `Generic[T]` before `Box[T]`, `typing.Mapping` beside `collections.abc.Mapping`.
    pub fn bases_of<'p>(&'p self, class: Class<'p>) -> Vec<(Site<'p>, Option<ClassValue<'p>>)> {
        let written: Vec<(Site<'p>, Option<ClassValue<'p>>)> = class
            .bases()
            .map(|base| (base, self.base_class(base)))
            .collect();
        let is = |class: &Option<ClassValue<'p>>, wanted: &str| match class {
            Some(ClassValue::External(name)) => {
                let again = name.strip_prefix("typing_extensions.");
                name.as_ref() == wanted
                    || again.is_some() && again == wanted.strip_prefix("typing.")
            }
            // where the standard library is the project
            Some(ClassValue::Known(class)) => {
                wanted.ends_with(class.name()) && self.class_name(*class) == wanted
            }
            None => false,
        };
        let mut found = Vec::with_capacity(written.len());
        for (at, (site, base)) in written.iter().enumerate() {
            if is(base, "typing.Generic") {
                let mut later = written[at + 1..].iter();
                let is_protocol = |(site, base): &(Site<'p>, _)| {
                    site.node.kind() != Kind::Subscript && is(base, "typing.Protocol")
                };
                if later.any(|(site, base)| is_generic_alias(*site, base))
                    || written.iter().any(is_protocol)
                {
                    continue;
                }
            }
            let origin = match base {
                Some(ClassValue::External(name)) => stdlib::origin_of_alias(name),
                _ => None,
            };
            match origin {
                Some(origin) if written.iter().any(|(_, other)| is(other, origin)) => {}
                Some(origin) => {
                    found.push((*site, Some(ClassValue::External(origin.into()))));
                }
                None => found.push((*site, base.clone())),
            }
        }
        found
    }

    /// Whether a class and everything that it derives from are classes after their decorators have seen them, with the same bases.
    pub fn is_a_class<'p>(&'p self, class: &ClassValue<'p>) -> bool {
        const KEEPING: &[&str] = &[
            "enum.unique",
            "enum.verify",
            "functools.total_ordering",
            "typing.dataclass_transform",
            "typing.final",
            "typing.runtime_checkable",
            "typing_extensions.dataclass_transform",
            "typing_extensions.final",
            "typing_extensions.runtime_checkable",
        ];
        let keeps = |decorator: Site<'p>| {
            let target = match decorator.node.kind() {
                Kind::Call => decorator.child(Field::Function).unwrap_or(decorator),
                _ => decorator,
            };
            let value = self.evaluate(target);
            self.makes_fields(&value)
                || match &value {
                    Value::External(name) => KEEPING.contains(&name.as_ref()),
                    Value::Function(function) => {
                        decorator.node.kind() != Kind::Call && self.returns_its_argument(*function)
                    }
                    _ => false,
                }
        };
        let order = self.mro_of(class).classes;
        order.iter().all(|ancestor| match ancestor {
            ClassValue::Known(ancestor) => ancestor.site.decorators().all(keeps),
            ClassValue::External(_) => true,
        })
    }

    /// Whether `Base[T]` in a list of bases is `Base` there: it is generic by `typing`, or the base has no parameters.
    pub fn is_base_itself<'p>(&'p self, site: Site<'p>, base: &ClassValue<'p>) -> bool {
        let ClassValue::Known(class) = base else {
            return true;
        };
        let head = class.header().end - class.site.range().start;
        let has_parameters = class
            .site
            .text()
            .get(head..)
            .is_some_and(|rest| rest.starts_with('['));
        site.node.kind() != Kind::Subscript
            || has_parameters
            || self.derives_from(base, "typing.Generic") == Some(true)
    }

    /// Whether the metaclass makes its classes as `type` does, of the bases and the namespace that it is given: no `__new__`, `__call__`, `__prepare__` or `mro` of the project.
    pub fn is_made_as_written<'p>(&'p self, class: Class<'p>) -> bool {
        let Metaclass::Is(metaclass) = self.metaclass(&ClassValue::Known(class)) else {
            return false;
        };
        let order = self.mro_of(&metaclass);
        let makes = ["__new__", "__call__", "__prepare__", "mro"];
        order.is_complete()
            && order.classes.iter().all(|ancestor| match ancestor {
                ClassValue::Known(ancestor) => !makes.iter().any(|name| ancestor.defines(name)),
                ClassValue::External(_) => true,
            })
    }

    /// Whether the metaclass makes its classes of the bases that are written: each `__new__` of the project hands on those that it was given.
    pub fn keeps_bases<'p>(&'p self, class: Class<'p>) -> bool {
        let Metaclass::Is(metaclass) = self.metaclass(&ClassValue::Known(class)) else {
            return false;
        };
        self.mro_of(&metaclass)
            .classes
            .iter()
            .all(|ancestor| match ancestor {
                ClassValue::Known(ancestor) => {
                    ancestor.method("__new__").is_none_or(hands_on_bases)
                }
                ClassValue::External(_) => true,
            })
    }
}

/// Whether all that the `__new__` of a metaclass calls by that name gets its third parameter third, or all that it was given: `super().__new__(mcs, name, bases, namespace)`.
fn hands_on_bases(new: Function<'_>) -> bool {
    let bases = new.parameters().nth(2).map(|bases| bases.name.text());
    let mut calls = new.body().into_iter().flat_map(|body| body.calls());
    calls.all(|call| {
        let called = call.child(Field::Function);
        let called = called.and_then(|called| called.node.child(Field::Attribute));
        let given: Vec<Node<'_>> = call.node.arguments().collect();
        called.map(Node::text) != Some("__new__")
            || given.iter().any(|given| given.kind() == Kind::ListSplat)
            || given.get(2).map(|given| given.text()) == bases
    })
}

/// Whether a base, as it is written, is a class of `typing` with its parameters: a subscript of a class that is generic itself, not of a built-in one.
fn is_generic_alias(site: Site<'_>, base: &Option<ClassValue<'_>>) -> bool {
    match base {
        Some(ClassValue::External(name)) => name.starts_with("typing."),
        Some(ClassValue::Known(_)) | None => site.node.kind() == Kind::Subscript,
    }
}
