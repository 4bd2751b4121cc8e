//! Classes of the project: what their statements say, and what their attributes and those of their objects denote.

mod metaclass;
mod mro;

use super::bound_values::{is_container, is_lost_to_its_method};
use super::functions::Bound;
use super::{ClassValue, Function, Project, Value};
use crate::facts::{
    BindingKind, BindingSite, FileFacts, MutationKind, SegmentFacts, Site, Store, Stored,
};
use crate::syntax::{Field, Kind, Node};

pub use metaclass::Metaclass;
pub use mro::Mro;
pub(super) use mro::{DEPTH, merge};

/// A class of the project.
#[derive(Clone, Copy, PartialEq)]
pub struct Class<'p> {
    /// The class statement, without decorators.
    pub site: Site<'p>,
}

impl std::fmt::Debug for Class<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "class {}", self.name())
    }
}

impl<'p> Class<'p> {
    /// The class that a class statement's node makes.
    pub fn at(site: Site<'p>) -> Option<Class<'p>> {
        (site.node.kind() == Kind::ClassDef).then_some(Class { site })
    }

    pub fn name(self) -> &'p str {
        self.site.node.child(Field::Name).map_or("", Node::text)
    }

    /// From `class` to the end of the name.
    pub fn header(self) -> std::ops::Range<usize> {
        let range = self.site.range();
        self.site
            .child(Field::Name)
            .map_or(range.clone(), |name| range.start..name.range().end)
    }

    fn arguments(self) -> impl Iterator<Item = Site<'p>> {
        let site = self.site;
        site.node
            .child(Field::Superclasses)
            .into_iter()
            .flat_map(Node::children)
            .map(move |node| site.with(node))
    }

    /// The bases as they are written; `*bases` is one of them.
    pub fn bases(self) -> impl Iterator<Item = Site<'p>> {
        self.arguments().filter(|argument| {
            !matches!(
                argument.node.kind(),
                Kind::KeywordArgument | Kind::DictSplat
            )
        })
    }

    /// The keyword arguments of the class statement: name and value.
    pub fn keywords(self) -> impl Iterator<Item = (&'p str, Site<'p>)> {
        self.arguments()
            .filter(|argument| argument.node.kind() == Kind::KeywordArgument)
            .filter_map(|argument| {
                Some((
                    argument.node.child(Field::Name)?.text(),
                    argument.child(Field::Value)?,
                ))
            })
    }

    /// The value of one keyword.
    pub fn keyword(self, name: &str) -> Option<Site<'p>> {
        self.keywords()
            .find(|(keyword, _)| *keyword == name)
            .map(|(_, value)| value)
    }

    /// Whether `**keywords` hides what keywords there are.
    pub fn has_unknown_keywords(self) -> bool {
        self.arguments()
            .any(|argument| argument.node.kind() == Kind::DictSplat)
    }

    /// The functions that its body defines, in order; several of one name count all.
    pub fn methods(self) -> impl Iterator<Item = Function<'p>> {
        functions(self.site.members())
    }

    /// Those of them that stand in its head or in a member segment whose facts are asked for.
    pub fn methods_where(
        self,
        is_asked: impl Fn(&SegmentFacts) -> bool,
    ) -> impl Iterator<Item = Function<'p>> {
        functions(self.site.members_where(is_asked))
    }

    /// Those of them that stand in its head or in whose code one of some words stands.
    pub fn methods_naming(self, words: &[&str]) -> impl Iterator<Item = Function<'p>> {
        functions(self.site.members_naming(words))
    }

    /// The method of a name that its body defines last.
    pub fn method(self, name: &str) -> Option<Function<'p>> {
        let members = self.site.members_named(name);
        let last = members
            .last()
            .filter(|member| member.binding.kind == BindingKind::Function)?;
        Function::at(last.value()?)
    }

    /// Whether its body binds a name.
    pub fn defines(self, name: &str) -> bool {
        !self.site.members_named(name).is_empty()
    }

    /// The values assigned to `self.name` in its methods.
    pub fn assigned_to_self(self, name: &str) -> Vec<Site<'p>> {
        self.stores_to_self(name)
            .into_iter()
            .filter_map(|(_, value)| value)
            .collect()
    }

    /// The statements that assign to `self.name` in its methods, with the value where it is one.
    pub fn stores_to_self(self, name: &str) -> Vec<(Site<'p>, Option<Site<'p>>)> {
        let file = self.site.file;
        let stored = file.stores(self.site, name, || self.find_stores(name));
        let sites = stored.stores.iter().map(|store| {
            let part = file.root(store.segment);
            (
                part.at(store.statement),
                store.value.map(|value| part.at(value)),
            )
        });
        sites.collect()
    }

    fn find_stores(self, name: &str) -> Stored {
        let mut found = Vec::new();
        let parts = self
            .site
            .class_parts_with(name, |facts| facts.may_store_attribute(name));
        for part in &parts {
            for mutation in part
                .mutations()
                .filter(|mutation| mutation.kind == MutationKind::Attribute)
            {
                let object = part.at(mutation.target);
                let attribute = object.node.parent().filter(|parent| {
                    parent
                        .child(Field::Attribute)
                        .is_some_and(|own| own.text() == name)
                });
                let Some(attribute) = attribute else { continue };
                let method = Function::around(object).filter(|method| method.class() == Some(self));
                if method.and_then(Function::first_parameter) == Some(object.text()) {
                    found.push(Store {
                        segment: part.segment,
                        statement: mutation.node,
                        value: assigned_value(object.with(attribute)).map(|value| value.node.id()),
                    });
                }
            }
        }
        Stored {
            stores: found,
            parsed: parts.iter().map(|part| part.segment).collect(),
        }
    }
}

/// For the left side of an assignment, its right side; none for unpacking and augmented assignments.
fn assigned_value(left: Site<'_>) -> Option<Site<'_>> {
    let assignment = left
        .node
        .parent()
        .filter(|parent| parent.kind() == Kind::Assignment)?;
    let mut right = assignment.child(Field::Right)?;
    while right.kind() == Kind::Assignment {
        right = right.child(Field::Right)?;
    }
    Some(left.with(right))
}

/// The functions among bindings.
fn functions<'p>(
    bindings: impl Iterator<Item = BindingSite<'p>>,
) -> impl Iterator<Item = Function<'p>> {
    bindings
        .filter(|found| found.binding.kind == BindingKind::Function)
        .filter_map(|found| found.value().and_then(Function::at))
}

impl Project {
    /// `module.Outer.Class`.
    pub fn class_name(&self, class: Class<'_>) -> String {
        let mut name = class.name().to_string();
        for outer in class
            .site
            .node
            .ancestors()
            .filter(|node| matches!(node.kind(), Kind::ClassDef | Kind::FunctionDef))
        {
            name = format!("{}.{name}", outer.child(Field::Name).map_or("", Node::text));
        }
        format!("{}.{name}", self.module_name(class.site.file.path()).0)
    }

    /// What a base denotes; None where it is not known to be a class.
    pub fn base_class<'p>(&'p self, base: Site<'p>) -> Option<ClassValue<'p>> {
        match self.evaluate(base) {
            Value::Class(class) => Some(ClassValue::Known(class)),
            Value::External(name) => Some(ClassValue::External(name)),
            _ => None,
        }
    }

    /// The classes in some segments of a file, and the classes of whose bodies they are part, in source order. Segments that do not parse are left out.
    pub fn classes_in<'p>(
        &'p self,
        file: &'p FileFacts,
        segments: impl Iterator<Item = usize>,
    ) -> Vec<Class<'p>> {
        let mut found: Vec<Class<'p>> = Vec::new();
        // a class in several segments is found once
        let mut last_head = None;
        for root in segments.map(|segment| file.root(segment)) {
            if root.node.tree().has_error() {
                continue;
            }
            let head = file.head_of(root.segment);
            if head.is_some()
                && head != last_head
                && let Some((head, _)) = root.class_around(0)
            {
                found.extend(Class::at(head));
            }
            last_head = head.or(Some(root.segment));
            found.extend(
                root.body()
                    .classes
                    .iter()
                    .filter_map(|data| Class::at(root.at(data.node))),
            );
        }
        found
    }

    /// The method that instances of a class have under a name, if it is one of the project's.
    pub fn find_method<'p>(&'p self, class: Class<'p>, name: &str) -> Option<Function<'p>> {
        for ancestor in self.mro(class).classes {
            let ClassValue::Known(ancestor) = ancestor else {
                return None;
            };
            if ancestor.defines(name) {
                return ancestor.method(name);
            }
        }
        None
    }

    /// What `Class.name` denotes.
    pub(super) fn class_attribute<'p>(
        &'p self,
        class: Class<'p>,
        name: &str,
        depth: usize,
    ) -> Value<'p> {
        let classes = self.mro(class).classes;
        let value = self.attribute_in(&classes, name, depth);
        // what an Enum's body assigns is made into one of its objects
        match value {
            Value::Instance(_) | Value::None if is_enum(&classes) => {
                Value::Instance(ClassValue::Known(class))
            }
            value => value,
        }
    }

    fn attribute_in<'p>(
        &'p self,
        classes: &[ClassValue<'p>],
        name: &str,
        depth: usize,
    ) -> Value<'p> {
        for ancestor in classes {
            let ancestor = match ancestor {
                ClassValue::Known(ancestor) => *ancestor,
                ClassValue::External(module) => {
                    return Value::External(format!("{module}.{name}").into());
                }
            };
            let members = ancestor.site.members_named(name);
            if members.is_empty() {
                continue;
            }
            return match self.value_of_bindings(&members, None, depth + 1) {
                Value::Function(function)
                    if function.class() == Some(ancestor)
                        && function.binding(self) == Bound::Class =>
                {
                    Value::Method(function)
                }
                value => value,
            };
        }
        Value::Unknown
    }

    /// What `object.name` denotes for an object of a class.
    pub(super) fn instance_attribute<'p>(
        &'p self,
        class: Class<'p>,
        name: &str,
        depth: usize,
    ) -> Value<'p> {
        let mro = self.mro(class);
        let mut stored = None;
        let mut is_lost = false;
        for ancestor in &mro.classes {
            let ClassValue::Known(ancestor) = ancestor else {
                continue;
            };
            let values = ancestor.assigned_to_self(name);
            // what is assigned to a property goes to its setter
            if !values.is_empty()
                && let Some(getter) = self.getter(class, name)
            {
                return self.returned(getter, depth + 1);
            }
            let is_only = values.len() == 1;
            for value in values {
                if !is_only && is_lost_to_its_method(value, name) {
                    is_lost = true;
                    continue;
                }
                let value = self.value(value, depth + 2);
                match &stored {
                    None | Some(Value::None) => stored = Some(value),
                    Some(_) if value == Value::None => {}
                    Some(known) if *known == value => {}
                    Some(_) => return Value::Unknown,
                }
            }
        }
        match stored {
            Some(value) if is_lost && !is_container(&value) => return Value::Unknown,
            Some(value) => return value,
            None => {}
        }
        match self.attribute_in(&mro.classes, name, depth) {
            Value::Function(function) if function.class().is_some() => {
                if function.has_decorator(self, &["builtins.property", "functools.cached_property"])
                {
                    self.returned(function, depth + 1)
                } else if function.site.decorators().next().is_some()
                    && let Some(getter) = self.getter(class, name)
                {
                    // what is bound last is its setter
                    self.returned(getter, depth + 1)
                } else if function.binding(self) == Bound::Static {
                    Value::Function(function)
                } else {
                    Value::Method(function)
                }
            }
            value => value,
        }
    }

    /// For the expression `super()` or `super(C, self)`, the class after which the MRO is searched.
    pub fn class_of_super<'p>(&'p self, call: Site<'p>) -> Option<Class<'p>> {
        if call.node.kind() != Kind::Call || call.node.child(Field::Function)?.text() != "super" {
            return None;
        }
        match call.node.child(Field::Arguments)?.children().next() {
            Some(first) => match self.evaluate(call.with(first)) {
                Value::Class(class) => Some(class),
                _ => None,
            },
            None => Function::method_around(call)?.class(),
        }
    }

    /// What `super().name` denotes in a class's method, when the object is of that very class.
    pub(super) fn attribute_after<'p>(
        &'p self,
        class: Class<'p>,
        name: &str,
        depth: usize,
    ) -> Value<'p> {
        let mro = self.mro(class);
        match self.attribute_in(&mro.classes[1..], name, depth) {
            Value::Function(function) => Value::Method(function),
            Value::Unknown if mro.is_complete() => {
                Value::External(format!("builtins.object.{name}").into())
            }
            value => value,
        }
    }

    /// The calls in the project that construct a class.
    pub fn constructions<'p>(&'p self, class: Class<'p>) -> Vec<Site<'p>> {
        let mut found = Vec::new();
        for (file, segment) in self.mentions(class.name()) {
            let root = file.root(segment);
            let calls = root.body().calls.iter().map(|call| root.at(*call));
            found.extend(calls.filter(|call| {
                let callee = call.child(Field::Function);
                callee.is_some_and(|callee| self.evaluate(callee) == Value::Class(class))
            }));
        }
        found
    }
}

fn external(name: &str) -> ClassValue<'static> {
    // the tables spell built-in classes without their module
    let qualified = if name.contains('.') {
        name.to_string()
    } else {
        format!("builtins.{name}")
    };
    ClassValue::External(qualified.into())
}

/// Whether the classes of an order are those of an Enum.
fn is_enum(classes: &[ClassValue<'_>]) -> bool {
    classes
        .iter()
        .any(|class| matches!(class, ClassValue::External(name) if name.as_ref() == "enum.Enum"))
}
