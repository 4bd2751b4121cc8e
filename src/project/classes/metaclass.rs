//! The metaclass of a class: the most derived one of its own and those of its bases, or two that conflict.

use super::{Class, DEPTH, external};
use crate::project::{ClassValue, Project, stdlib};

/// The class of a class.
#[derive(Clone, Debug, PartialEq)]
pub enum Metaclass<'p> {
    /// The most derived one.
    Is(ClassValue<'p>),
    /// Two that neither derives from the other: the class statement raises.
    Conflict(ClassValue<'p>, ClassValue<'p>),
    Unknown,
}

impl Metaclass<'_> {
    /// Whether it is `type` itself, which makes objects by `__new__` and `__init__`.
    pub fn is_type(&self) -> bool {
        matches!(self, Metaclass::Is(ClassValue::External(name)) if name.as_ref() == "builtins.type")
    }
}

impl Project {
    /// The metaclass of a class, worked out from those of its bases.
    pub(in crate::project) fn find_metaclass<'p>(
        &'p self,
        class: &ClassValue<'p>,
    ) -> Metaclass<'p> {
        self.metaclass_within(class, &mut Vec::new(), &mut Vec::new())
    }

    /// `below` and `done` as in [`Project::linearise`].
    fn metaclass_within<'p>(
        &'p self,
        class: &ClassValue<'p>,
        below: &mut Vec<ClassValue<'p>>,
        done: &mut Vec<(Class<'p>, Metaclass<'p>)>,
    ) -> Metaclass<'p> {
        if below.len() > DEPTH || below.contains(class) {
            return Metaclass::Unknown;
        }
        let class = match class {
            ClassValue::External(name) => {
                return stdlib::metaclass(name)
                    .map_or(Metaclass::Unknown, |name| Metaclass::Is(external(name)));
            }
            ClassValue::Known(class) => *class,
        };
        if let Some((_, known)) = done.iter().find(|(other, _)| *other == class) {
            return known.clone();
        }
        let found = self.metaclass_of(class, below, done);
        done.push((class, found.clone()));
        found
    }

    fn metaclass_of<'p>(
        &'p self,
        class: Class<'p>,
        below: &mut Vec<ClassValue<'p>>,
        done: &mut Vec<(Class<'p>, Metaclass<'p>)>,
    ) -> Metaclass<'p> {
        if class.has_unknown_keywords() {
            return Metaclass::Unknown;
        }
        let mut winner = match class.keyword("metaclass") {
            Some(own) => match self.base_class(own) {
                Some(metaclass)
                    if self.derives_from(&metaclass, "builtins.type") == Some(true)
                        || is_known(&metaclass) =>
                {
                    metaclass
                }
                _ => return Metaclass::Unknown,
            },
            None => external("builtins.type"),
        };
        for base in class.bases() {
            let Some(base) = self.base_class(base) else {
                return Metaclass::Unknown;
            };
            below.push(ClassValue::Known(class));
            let of_base = self.metaclass_within(&base, below, done);
            below.pop();
            let of_base = match of_base {
                Metaclass::Is(metaclass) => metaclass,
                _ => return Metaclass::Unknown,
            };
            match self.more_derived(&winner, &of_base) {
                Some(Some(more)) => winner = more,
                Some(None) => return Metaclass::Conflict(winner, of_base),
                None => return Metaclass::Unknown,
            }
        }
        // what this one makes is a class of `type`
        let makes_plain = matches!(&winner, ClassValue::External(name) if name.as_ref() == "typing.NamedTupleMeta");
        Metaclass::Is(match makes_plain {
            true => external("builtins.type"),
            false => winner,
        })
    }

    /// The more derived of two metaclasses; `Some(None)` where neither derives from the other; `None` where that is not known.
    fn more_derived<'p>(
        &'p self,
        one: &ClassValue<'p>,
        other: &ClassValue<'p>,
    ) -> Option<Option<ClassValue<'p>>> {
        let (one_name, other_name) = (self.qualified_class(one), self.qualified_class(other));
        if self.derives_from(one, &other_name)? {
            return Some(Some(one.clone()));
        }
        Some(self.derives_from(other, &one_name)?.then(|| other.clone()))
    }

    /// Whether a class is a metaclass: it derives from `type`.
    pub fn is_metaclass<'p>(&'p self, class: Class<'p>) -> bool {
        self.derives_from(&ClassValue::Known(class), "builtins.type") == Some(true)
    }
}

fn is_known(class: &ClassValue<'_>) -> bool {
    matches!(class, ClassValue::External(name) if stdlib::is_class(name))
}
