//! Slots: what `__slots__` says, and whether objects have a `__dict__` beside them.

use super::fields::keyword_is;
use super::{Class, ClassValue, FieldMaker, Function, Project, stdlib};
use crate::facts::{BindingKind, Site};
use crate::syntax::{Field, Kind, Node, Op};

/// How many names and sums lead to what `__slots__` says.
const NAMES: usize = 6;

/// The slots that a class adds to those of its bases.
pub enum Slots<'p> {
    /// None: its body has no `__slots__`, and objects have a `__dict__`.
    Absent,
    Named {
        /// As attributes are called, private ones with the class's name.
        names: Vec<String>,
        /// The assignment to `__slots__`; for a data class the decorator.
        place: Site<'p>,
    },
    Unknown,
}

impl Slots<'_> {
    /// Whether they take up room in the objects, so that no class can have them beside others' slots.
    pub fn take_room(&self) -> bool {
        let takes = |name: &String| !matches!(name.as_str(), "__dict__" | "__weakref__");
        matches!(self, Slots::Named { names, .. } if names.iter().any(takes))
    }
}

/// An attribute's name as it is stored, in the body of a class of a name: `_C__x` for `__x`.
pub fn mangled(class: &str, name: &str) -> String {
    let class = class.trim_start_matches('_');
    if name.starts_with("__") && !name.ends_with("__") && !class.is_empty() {
        format!("_{class}{name}")
    } else {
        name.to_string()
    }
}

/// The reverse: `__x` for `_C__x`, as the body of the class writes it.
pub fn unmangled<'n>(class: &str, name: &'n str) -> &'n str {
    let class = class.trim_start_matches('_');
    let private = name
        .strip_prefix('_')
        .and_then(|name| name.strip_prefix(class))
        .filter(|name| !class.is_empty() && name.starts_with("__") && !name.ends_with("__"));
    private.unwrap_or(name)
}

impl Project {
    /// The slots that a class adds.
    pub fn slots<'p>(&'p self, class: Class<'p>) -> Slots<'p> {
        let found = class.site.members_named("__slots__");
        let made = match self.field_maker(class) {
            Some((FieldMaker::Attrs { .. }, _)) => return Slots::Unknown,
            Some((FieldMaker::Dataclass, decorator)) => decorator,
            Some((FieldMaker::NamedTuple, decorator)) => {
                // the bases of the class that is made of it are other ones
                return match decorator {
                    Some(_) => Slots::Unknown,
                    None => Slots::Named {
                        names: Vec::new(),
                        place: class.site,
                    },
                };
            }
            None => None,
        };
        if let Some(decorator) = made {
            let is_plain =
                self.qualified_decorator(decorator).as_deref() == Some("dataclasses.dataclass");
            if !is_plain || !found.is_empty() && decorator.text().contains("slots") {
                return Slots::Unknown;
            }
            if keyword_is(decorator, "slots", "True") {
                return self.slots_of_fields(class, decorator);
            }
            if decorator.text().contains("slots") || decorator.text().contains("**") {
                return Slots::Unknown;
            }
        }
        match &found[..] {
            [] => Slots::Absent,
            [one] if one.binding.kind == BindingKind::Assignment && is_always_bound(one.name) => {
                let place = one
                    .name
                    .node
                    .ancestors()
                    .find(|node| node.kind() == Kind::Assignment);
                let names = one
                    .value()
                    .and_then(|value| self.names_in(value, class.name(), 0));
                match (names, place) {
                    (Some(names), Some(place)) => Slots::Named {
                        names,
                        place: one.name.with(place),
                    },
                    _ => Slots::Unknown,
                }
            }
            _ => Slots::Unknown,
        }
    }

    /// The slots that `@dataclass(slots=True)` makes: one for each annotated name. What is no field counts too.
    fn slots_of_fields<'p>(&'p self, class: Class<'p>, decorator: Site<'p>) -> Slots<'p> {
        let annotated = class.site.members().filter(|member| {
            let parent = member.name.node.parent();
            parent.is_some_and(|parent| parent.child(Field::Type).is_some())
        });
        Slots::Named {
            names: annotated
                .map(|member| mangled(class.name(), member.name.text()))
                .collect(),
            place: decorator,
        }
    }

    /// The names in the value of `__slots__`, where they are all written out, here or under a name of the module.
    fn names_in<'p>(&'p self, value: Site<'p>, class: &str, depth: usize) -> Option<Vec<String>> {
        if depth > NAMES {
            return None;
        }
        let value = value.with(value.node.unparenthesized());
        let name = |node: Node<'_>| string(node).map(|text| mangled(class, &text));
        match value.node.kind() {
            Kind::String | Kind::ConcatenatedString => Some(vec![name(value.node)?]),
            Kind::Tuple | Kind::List | Kind::Set | Kind::ExpressionList => {
                value.node.children().map(name).collect()
            }
            Kind::Dict => {
                let pairs = value.node.children();
                let keys = pairs.map(|pair| pair.child(Field::Key).and_then(name));
                keys.collect()
            }
            Kind::BinaryOperation if value.node.op() == Op::Add => {
                let mut names = self.names_in(value.child(Field::Left)?, class, depth + 1)?;
                names.extend(self.names_in(value.child(Field::Right)?, class, depth + 1)?);
                Some(names)
            }
            Kind::Name => {
                let bound = self.bound_at(value)?;
                let is_constant = bound.binding.kind == BindingKind::Assignment
                    && Function::around(bound.name).is_none();
                let made = bound.value().filter(|_| is_constant)?;
                let is_tuple = made.node.unparenthesized().kind() != Kind::List;
                self.names_in(made, class, depth + 1).filter(|_| is_tuple)
            }
            _ => None,
        }
    }

    /// Whether a name in a class body is bound whenever the body is executed: not in a branch or a loop.
    pub fn is_always_bound(&self, name: Site<'_>) -> bool {
        is_always_bound(name)
    }

    /// Whether a class, leaving aside its bases, gives its objects a `__dict__`. None where that is not known.
    pub fn gives_dict<'p>(&'p self, class: &ClassValue<'p>) -> Option<bool> {
        match class {
            ClassValue::External(name) => stdlib::has_dict(name),
            ClassValue::Known(class) => match self.slots(*class) {
                Slots::Absent => Some(true),
                Slots::Named { names, .. } => Some(names.iter().any(|name| name == "__dict__")),
                Slots::Unknown => None,
            },
        }
    }
}

/// Whether a name in a class body is bound whenever the body is executed: not in a branch or a loop.
fn is_always_bound(name: Site<'_>) -> bool {
    let mut around = name
        .node
        .ancestors()
        .skip_while(|node| matches!(node.kind(), Kind::FunctionDef | Kind::ClassDef))
        .take_while(|node| node.kind() != Kind::ClassDef);
    around.all(|node| {
        matches!(
            node.kind(),
            Kind::Assignment
                | Kind::ExpressionStatement
                | Kind::Block
                | Kind::Module
                | Kind::Decorated
        )
    })
}

/// What a string literal, or several side by side, say, where that is what is written.
fn string(node: Node<'_>) -> Option<String> {
    if node.kind() == Kind::ConcatenatedString {
        return node.children().map(string).collect();
    }
    let text = node.text();
    let is_plain = node.kind() == Kind::String && text.starts_with(['"', '\'']);
    (is_plain && !text.contains('\\')).then(|| text.trim_matches(['"', '\'']).to_string())
}
