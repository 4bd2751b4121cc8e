//! Singletons by their shape: a function that makes the one instance when it finds none, and hands out the one that is kept.

use super::asking::{Question, assigned, attempt, key, missing_branch, question, refuses};
use super::functions::Bound;
use super::{Class, ClassValue, Function, Kept, Locking, Metaclass, Project, Spot, Value};
use crate::facts::trace::Changed;
use crate::facts::{BindingKind, Site, Subjects};
use crate::syntax::{Field, Kind, Node};

/// How a singleton is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SingletonShape {
    /// `__new__` keeps the instance.
    New,
    /// A metaclass's `__call__` keeps the instances of the classes that it makes.
    Metaclass,
    /// A function inside a class decorator keeps them.
    Decorator,
    /// A function of the module keeps it in a global.
    Module,
    /// A class method or a static method keeps it.
    Method,
}

/// A place that makes the one instance.
#[derive(Clone, Copy, Debug)]
pub struct Singleton<'p> {
    pub shape: SingletonShape,
    /// The function that looks and makes.
    pub function: Function<'p>,
    /// The class whose method it is; for a decorator none.
    pub class: Option<Class<'p>>,
    /// The condition that asks whether there is one, or the expression that is tried.
    pub check: Site<'p>,
    /// The statement that keeps the new one.
    pub creation: Site<'p>,
    /// Where it is kept: the expression in `creation` that is stored to.
    pub storage: Site<'p>,
    /// Whether it is kept for each class by itself: in a table by class.
    pub per_class: bool,
    pub locking: Locking<'p>,
}

/// Whether there is one instance, or one for each class: not one for each value of an argument.
fn is_one(function: Function<'_>, class: Option<Class<'_>>, question: &Question<'_>) -> bool {
    let Some((_, entry)) = question.place.split_once('[') else {
        return true;
    };
    let entry = entry.trim_end_matches(']');
    let outer = Function::around(function.site).and_then(Function::first_parameter);
    let is_class = function.first_parameter() == Some(entry)
        || outer == Some(entry)
        || class.is_some_and(|class| class.name() == entry);
    is_class || entry.ends_with(".__name__") || entry.starts_with(['"', '\''])
}

/// Whether a parameter is called as people call one that takes a class: `cls`, `klass`, `wrapped_class`. A decorator of functions keeps results, not instances.
fn names_class(parameter: &str) -> bool {
    let name = parameter.to_ascii_lowercase();
    matches!(name.as_str(), "cls" | "klass" | "clazz")
        || name.contains("class")
        || name.trim_matches('_') == "cls"
}

/// The functions of the project that keep the instances of classes which are called, and those that are asked for one object; each found once.
#[derive(Default)]
pub(super) struct Memo {
    when_called: Kept<Vec<Spot>>,
    by_accessors: Kept<Vec<Spot>>,
}

impl Memo {
    /// What of an earlier project's still holds.
    pub(super) fn after(&self, changed: &mut Changed<'_>) -> Memo {
        Memo {
            when_called: self.when_called.after(changed),
            by_accessors: self.by_accessors.after(changed),
        }
    }
}

impl Project {
    /// The singletons of the whole project that a `__new__` keeps.
    pub fn kept_by_new(&self) -> impl Iterator<Item = Singleton<'_>> {
        self.kept_when_called()
            .filter(|singleton| singleton.shape == SingletonShape::New)
    }

    /// The singletons of the whole project that are asked for by calling their class: those that a `__new__`, a metaclass or a decorator keeps.
    pub fn kept_when_called(&self) -> impl Iterator<Item = Singleton<'_>> {
        self.kept_in(&self.kept.when_called, |function| {
            let may_keep =
                matches!(function.name(), "__new__" | "__call__") || function.is_nested();
            may_keep.then_some(&[
                SingletonShape::New,
                SingletonShape::Metaclass,
                SingletonShape::Decorator,
            ])
        })
    }

    /// The singletons of the whole project that are asked for by a function with arguments.
    pub fn kept_by_accessors(&self) -> impl Iterator<Item = Singleton<'_>> {
        self.kept_in(&self.kept.by_accessors, |function| {
            let takes_more = function
                .parameters()
                .nth(usize::from(function.class().is_some()));
            let may_keep = takes_more.is_some() && !function.name().starts_with("__");
            may_keep.then_some(&[SingletonShape::Module, SingletonShape::Method])
        })
    }

    /// The singletons of the whole project that functions keep which may: those of the shapes that `shapes` gives for each.
    fn kept_in<'p, const N: usize>(
        &'p self,
        kept: &'p Kept<Vec<Spot>>,
        shapes: impl Fn(Function<'p>) -> Option<&'static [SingletonShape; N]>,
    ) -> impl Iterator<Item = Singleton<'p>> {
        let spots = self.keep(kept, || {
            let mut spots = Vec::new();
            for file in self.files() {
                for root in file
                    .about(Subjects::SINGLETONS)
                    .map(|segment| file.root(segment))
                {
                    let functions = root
                        .body()
                        .functions
                        .iter()
                        .filter_map(|data| Function::at(root.at(data.node)));
                    let keeping = functions.filter(|function| {
                        shapes(*function).is_some_and(|shapes| {
                            let singleton = self.singleton(*function);
                            singleton.is_some_and(|found| shapes.contains(&found.shape))
                        })
                    });
                    spots.extend(keeping.map(|function| Spot::of(function.site)));
                }
            }
            spots
        });
        spots
            .iter()
            .filter_map(|spot| self.singleton(Function::at(self.site(spot)?)?))
    }

    /// The singletons that a function makes: usually none, sometimes one.
    pub fn singleton<'p>(&'p self, function: Function<'p>) -> Option<Singleton<'p>> {
        if function.is_async()
            || function.is_generator()
            || function.site.node.kind() == Kind::Lambda
        {
            return None;
        }
        let (shape, class) = self.shape_of(function)?;
        for statement in function.nodes() {
            let question = match statement.node.kind() {
                Kind::If => question(function, statement),
                Kind::Try => attempt(statement),
                _ => None,
            };
            let Some(question) = question else { continue };
            if let Some(found) = self.completed(function, shape, class, statement, &question) {
                return Some(found);
            }
        }
        None
    }

    /// Whether everything that makes objects of a class is known: its bases, its metaclass, its decorators.
    pub fn is_understood<'p>(&'p self, class: Class<'p>) -> bool {
        let metaclass = match self.metaclass(&ClassValue::Known(class)) {
            Metaclass::Is(metaclass) => self.mro_of(&metaclass).is_complete(),
            _ => false,
        };
        const PLAIN: &[&str] = &[
            "dataclasses.dataclass",
            "functools.total_ordering",
            "typing.final",
            "typing.runtime_checkable",
            "enum.unique",
        ];
        let mut decorators = class.site.decorators();
        metaclass
            && self.mro(class).is_complete()
            && decorators.all(|name| {
                self.qualified_decorator(name)
                    .is_some_and(|name| PLAIN.contains(&name.as_ref()))
            })
    }

    fn is_of_a_thread<'p>(&'p self, object: Site<'p>) -> bool {
        matches!(self.evaluate(object), Value::Instance(ClassValue::External(name)) if name.as_ref() == "threading.local")
    }

    /// What a function would be the maker of.
    fn shape_of<'p>(
        &'p self,
        function: Function<'p>,
    ) -> Option<(SingletonShape, Option<Class<'p>>)> {
        let Some(class) = function.class() else {
            let outer = Function::around(function.site);
            if let Some(outer) = outer {
                let takes_class =
                    outer.class().is_none() && outer.first_parameter().is_some_and(names_class);
                return takes_class.then_some((SingletonShape::Decorator, None));
            }
            let declares = function.site.body().bindings.iter().any(|binding| {
                binding.kind == BindingKind::Global && binding.scope == function.scope()
            });
            return declares.then_some((SingletonShape::Module, None));
        };
        let shape = match function.name() {
            "__new__" if !self.is_metaclass(class) => SingletonShape::New,
            "__call__" if self.is_metaclass(class) => SingletonShape::Metaclass,
            name if name.starts_with("__") => return None,
            _ if matches!(function.binding(self), Bound::Class | Bound::Static)
                && function.site.decorators().next().is_some() =>
            {
                SingletonShape::Method
            }
            _ => return None,
        };
        Some((shape, Some(class)))
    }

    fn completed<'p>(
        &'p self,
        function: Function<'p>,
        shape: SingletonShape,
        class: Option<Class<'p>>,
        statement: Site<'p>,
        question: &Question<'p>,
    ) -> Option<Singleton<'p>> {
        if !self.is_shared(function, shape, class, &question.place)
            || !is_one(function, class, question)
        {
            return None;
        }
        if !question.missing_when && refuses(statement) {
            return None;
        }
        let branch = missing_branch(function, statement, question.missing_when);
        let (creation, storage) = branch
            .iter()
            .find_map(|node| self.keeps(function, shape, class, *node, question))?;
        let kept_on = storage.child(Field::Object).or(storage.child(Field::Value));
        if kept_on.is_some_and(|object| self.is_of_a_thread(object))
            || class.is_some_and(|class| !self.is_understood(class))
        {
            return None;
        }
        let locking = self.locking(function, statement, creation, &question.place);
        Some(Singleton {
            shape,
            function,
            class,
            check: question.check,
            creation,
            storage,
            per_class: question.per_class,
            locking,
        })
    }

    /// Whether a place outlives the call: an attribute of the class, a global, a name of the decorator's.
    fn is_shared(
        &self,
        function: Function<'_>,
        shape: SingletonShape,
        class: Option<Class<'_>>,
        place: &str,
    ) -> bool {
        let root = place.split(['.', '[']).next().unwrap_or_default();
        let declares = |kind: BindingKind| {
            let body = function.site.body();
            body.bindings_in(function.scope(), root)
                .any(|binding| binding.kind == kind)
        };
        let is_dotted = place.len() > root.len();
        let first = function.first_parameter();
        let of_class = class.is_some_and(|class| class.name() == root)
            || (first == Some(root) && shape != SingletonShape::Module);
        let own = function
            .site
            .body()
            .bindings_in(function.scope(), root)
            .next()
            .is_some();
        match shape {
            SingletonShape::Decorator => {
                (of_class && is_dotted && first != Some(root))
                    || declares(BindingKind::Nonlocal)
                    || !own
            }
            SingletonShape::Module => declares(BindingKind::Global),
            _ => (of_class && is_dotted) || declares(BindingKind::Global) || (!own && is_dotted),
        }
    }

    /// A statement that stores a new instance where the question looked: the statement, and what is stored to.
    fn keeps<'p>(
        &'p self,
        function: Function<'p>,
        shape: SingletonShape,
        class: Option<Class<'p>>,
        statement: Site<'p>,
        question: &Question<'p>,
    ) -> Option<(Site<'p>, Site<'p>)> {
        let node = statement.node;
        match node.kind() {
            Kind::Assignment => {
                let targets = assignment_targets(statement);
                let stored = targets
                    .iter()
                    .find(|target| stores(target.node, &question.place))?;
                let value = assigned(statement)?;
                let value = self.behind_name(function, value);
                self.makes(function, shape, class, value)
                    .then_some((statement, *stored))
            }
            Kind::Call => {
                let callee = statement.child(Field::Function)?;
                let object = callee.child(Field::Object)?;
                let method = callee.node.child(Field::Attribute)?.text();
                let argument = node.child(Field::Arguments)?.children().last()?;
                let fits = matches!(method, "append" | "add" | "setdefault" | "update")
                    && key(object.node) == question.place;
                let value = self.behind_name(function, statement.with(argument));
                (fits && self.makes(function, shape, class, value)).then_some((statement, object))
            }
            _ => None,
        }
    }

    /// For a local name, the last expression that is assigned to it in the function.
    fn behind_name<'p>(&self, function: Function<'p>, site: Site<'p>) -> Site<'p> {
        if site.node.kind() != Kind::Name {
            return site;
        }
        let assignments = function
            .nodes()
            .filter(|node| node.node.kind() == Kind::Assignment && node.node.id() < site.node.id());
        let mut values = assignments.filter(|assignment| {
            assignment
                .node
                .child(Field::Left)
                .is_some_and(|left| left.text() == site.text())
        });
        values
            .by_ref()
            .filter_map(assigned)
            .filter(|value| value.node.kind() == Kind::Call)
            .last()
            .unwrap_or(site)
    }

    /// Whether an expression makes an instance, in the way of the shape.
    fn makes<'p>(
        &'p self,
        function: Function<'p>,
        shape: SingletonShape,
        class: Option<Class<'p>>,
        value: Site<'p>,
    ) -> bool {
        let node = value.node.unparenthesized();
        if node.kind() != Kind::Call {
            return false;
        }
        let Some(callee) = value.with(node).child(Field::Function) else {
            return false;
        };
        let attribute = callee.node.child(Field::Attribute).map(Node::text);
        match shape {
            SingletonShape::New => attribute == Some("__new__") || attribute == Some("__call__"),
            SingletonShape::Metaclass => attribute == Some("__call__"),
            SingletonShape::Decorator => {
                Function::around(function.site).and_then(Function::first_parameter)
                    == Some(callee.text())
            }
            SingletonShape::Method => class.is_some_and(|own| {
                let makes_own = self.evaluate(callee) == Value::Class(own)
                    || (callee.node.kind() == Kind::Name
                        && function.first_parameter() == Some(callee.text()))
                    || attribute == Some("__new__");
                makes_own && !self.is_enum(own)
            }),
            SingletonShape::Module => match self.evaluate(callee) {
                Value::Class(class) => !self.is_enum(class),
                _ => false,
            },
        }
    }

    /// Whether calling a class finds one of its members.
    fn is_enum(&self, class: Class<'_>) -> bool {
        self.derives_from(&ClassValue::Known(class), "enum.Enum") == Some(true)
    }
}

/// The targets of an assignment and of those that it is chained to.
fn assignment_targets(assignment: Site<'_>) -> Vec<Site<'_>> {
    let mut targets = Vec::new();
    let mut current = Some(assignment);
    while let Some(assignment) = current.filter(|current| current.node.kind() == Kind::Assignment) {
        targets.extend(assignment.child(Field::Left));
        current = assignment.child(Field::Right);
    }
    targets
}

/// Whether a target is the place, or an entry of it.
fn stores(target: Node<'_>, place: &str) -> bool {
    let target = key(target);
    target == place
        || target.split('[').next() == Some(place)
        || Some(target.as_str()) == place.split('[').next()
}
