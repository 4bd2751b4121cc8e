//! The class hierarchy: bases, the method resolution order (C3), the metaclass that wins.

use super::bound_values::{is_container, is_lost_to_its_method};
use super::functions::Bound;
use super::{ClassValue, Function, Project, Value, stdlib};
use crate::facts::{
    BindingKind, BindingSite, FileFacts, MutationKind, SegmentFacts, Site, Store, Stored,
};
use crate::syntax::{Field, Kind, Node};

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

/// A method resolution order, as far as it is known.
#[derive(Clone, Debug)]
pub struct Mro<'p> {
    /// The class itself first, `object` left out. Where a base is not known: what can be said without it.
    pub classes: Vec<ClassValue<'p>>,
    pub(super) complete: bool,
    /// Whether the bases have no common linearisation.
    pub inconsistent: bool,
}

impl Mro<'_> {
    /// Whether every class in it is known.
    pub fn is_complete(&self) -> bool {
        self.complete
    }
}

/// The class of a class.
#[derive(Clone, Debug, PartialEq)]
pub enum Metaclass<'p> {
    /// The most derived one.
    Is(ClassValue<'p>),
    /// Two that neither derives from the other: the class statement raises.
    Conflict(ClassValue<'p>, ClassValue<'p>),
    Unknown,
}

/// How deep a hierarchy is followed.
impl Metaclass<'_> {
    /// Whether it is `type` itself, which makes objects by `__new__` and `__init__`.
    pub fn is_type(&self) -> bool {
        matches!(self, Metaclass::Is(ClassValue::External(name)) if name.as_ref() == "builtins.type")
    }
}

/// How deep a hierarchy is followed; also what ends a cycle.
pub(super) const DEPTH: usize = 48;

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

    /// A method resolution order, worked out from the bases.
    pub(super) fn linearised<'p>(&'p self, class: &ClassValue<'p>) -> Mro<'p> {
        self.linearise(class, &mut Vec::new(), &mut Vec::new())
    }

    fn direct_bases<'p>(&'p self, class: &ClassValue<'p>) -> (Vec<ClassValue<'p>>, bool) {
        match class {
            ClassValue::Known(class) => {
                let bases: Vec<_> = self
                    .bases_of(*class)
                    .into_iter()
                    .map(|base| base.1)
                    .collect();
                let complete = bases.iter().all(Option::is_some) && !class.has_unknown_keywords();
                (bases.into_iter().flatten().collect(), complete)
            }
            ClassValue::External(name) => match stdlib::bases(name) {
                Some(bases) => (bases.iter().map(|base| external(base)).collect(), true),
                None => (Vec::new(), false),
            },
        }
    }

    /// `below` are the classes that it is done for: what derives from itself is not known. `done` are those that it was done for: many ways may lead to one class.
    fn linearise<'p>(
        &'p self,
        class: &ClassValue<'p>,
        below: &mut Vec<ClassValue<'p>>,
        done: &mut Vec<(ClassValue<'p>, Mro<'p>)>,
    ) -> Mro<'p> {
        if let Some((_, known)) = done.iter().find(|(other, _)| other == class) {
            return known.clone();
        }
        let own = vec![class.clone()];
        if below.len() > DEPTH || below.contains(class) {
            return Mro {
                classes: own,
                complete: false,
                inconsistent: false,
            };
        }
        let (bases, mut complete) = self.direct_bases(class);
        let bases: Vec<_> = bases.into_iter().filter(|base| !is_object(base)).collect();
        let mut sequences: Vec<Vec<ClassValue<'p>>> = Vec::new();
        below.push(class.clone());
        for base in &bases {
            let mro = self.linearise(base, below, done);
            complete &= mro.complete;
            sequences.push(mro.classes);
        }
        below.pop();
        sequences.push(bases);
        let mro = match merge(sequences.clone()) {
            Some(rest) => Mro {
                classes: own.into_iter().chain(rest).collect(),
                complete,
                inconsistent: false,
            },
            None => {
                let mut classes = own;
                for other in sequences.into_iter().flatten() {
                    if !classes.contains(&other) {
                        classes.push(other);
                    }
                }
                Mro {
                    classes,
                    complete,
                    inconsistent: true,
                }
            }
        };
        if !below.is_empty() {
            done.push((class.clone(), mro.clone()));
        }
        mro
    }

    /// The order that C3 gives classes that have these bases, themselves left out; None where there is none.
    pub fn order_of<'p>(&'p self, bases: &[ClassValue<'p>]) -> Option<Vec<ClassValue<'p>>> {
        let mut sequences: Vec<Vec<ClassValue<'p>>> = Vec::new();
        for base in bases {
            let mro = self.mro_of(base);
            if mro.inconsistent {
                return None;
            }
            sequences.push(mro.classes);
        }
        sequences.push(bases.to_vec());
        merge(sequences)
    }

    /// Whether a class is another, or has it in its MRO, by qualified name. None where the hierarchy is not known well enough to say no.
    pub fn derives_from<'p>(&'p self, class: &ClassValue<'p>, ancestor: &str) -> Option<bool> {
        let mro = self.mro_of(class);
        if mro
            .classes
            .iter()
            .any(|class| self.qualified_class(class).as_ref() == ancestor)
        {
            return Some(true);
        }
        mro.complete.then_some(false)
    }

    /// The metaclass of a class, worked out from those of its bases.
    pub(super) fn find_metaclass<'p>(&'p self, class: &ClassValue<'p>) -> Metaclass<'p> {
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
            None => {
                let mut function = Function::around(call)?;
                while function.class().is_none() {
                    function = Function::around(function.site)?;
                }
                function.class()
            }
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

fn is_object(class: &ClassValue<'_>) -> bool {
    matches!(class, ClassValue::External(name) if name.as_ref() == "builtins.object")
}

/// Whether the classes of an order are those of an Enum.
fn is_enum(classes: &[ClassValue<'_>]) -> bool {
    classes
        .iter()
        .any(|class| matches!(class, ClassValue::External(name) if name.as_ref() == "enum.Enum"))
}

fn is_known(class: &ClassValue<'_>) -> bool {
    matches!(class, ClassValue::External(name) if stdlib::is_class(name))
}

/// The C3 merge. None where there is no linearisation.
pub(super) fn merge<T: Clone + PartialEq>(mut sequences: Vec<Vec<T>>) -> Option<Vec<T>> {
    let mut merged = Vec::new();
    // one base and its order
    if let [order, bases] = &sequences[..]
        && bases.as_slice() == order.get(..1).unwrap_or_default()
    {
        return Some(order.clone());
    }
    loop {
        sequences.retain(|sequence| !sequence.is_empty());
        if sequences.is_empty() {
            return Some(merged);
        }
        let in_tail = |class: &T| {
            sequences
                .iter()
                .any(|sequence| sequence[1..].contains(class))
        };
        let next = sequences
            .iter()
            .map(|sequence| &sequence[0])
            .find(|head| !in_tail(head))?
            .clone();
        for sequence in &mut sequences {
            if sequence[0] == next {
                sequence.remove(0);
            }
        }
        merged.push(next);
    }
}
