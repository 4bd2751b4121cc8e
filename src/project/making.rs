//! How objects of a class are made: the `__new__` and the `__init__` that a construction hands its arguments to.

use super::readings::is_expression;
use super::{
    Class, ClassValue, Function, Kept, Metaclass, Parameter, ParameterKind, Project, Spot, Value,
};
use crate::facts::{FileFacts, Resolution, Site, Subjects};
use crate::syntax::{Field, Kind, Node};

/// The built-in classes whose objects cannot be changed and take their arguments in `__new__`, how many of them by position, and what it calls them. No names: where
/// a subclass has an `__init__`, keywords are ignored.
const IMMUTABLE: &[(&str, usize, &[&str])] = &[
    ("builtins.float", 1, &[]),
    ("builtins.tuple", 1, &[]),
    ("builtins.frozenset", 1, &[]),
    ("builtins.int", 2, &["base"]),
    ("builtins.complex", 2, &["real", "imag"]),
    ("builtins.str", 3, &["object", "encoding", "errors"]),
    ("builtins.bytes", 3, &["source", "encoding", "errors"]),
];

/// Bases that leave both methods alone.
pub fn is_plain_base(name: &str) -> bool {
    matches!(name, "abc.ABC" | "typing.Generic") || name.starts_with("collections.abc.")
}

/// The `__new__` that makes the objects of a class.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Maker<'p> {
    Known(Function<'p>),
    /// A built-in class's, by the class's qualified name.
    Builtin(&'static str),
}

/// Both methods that get the arguments of a construction.
#[derive(Clone, Copy, Debug)]
pub struct Making<'p> {
    pub new: Maker<'p>,
    pub init: Function<'p>,
}

/// Whether a function takes the arguments of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fit {
    Fits,
    /// It does not: what is wrong, in words that follow the function's name.
    Refused(String),
    /// Not all arguments are written out.
    Unknown,
}

/// The classes of the project whose two methods may ask for different arguments, found once.
#[derive(Default)]
pub(super) struct Memo(pub(super) Kept<Vec<Spot>>);

impl Project {
    /// The classes of the project that have both a `__new__` and an `__init__` which may not take the same arguments.
    pub fn made_by_two(&self) -> impl Iterator<Item = Class<'_>> {
        let spots = self.keep(&self.making.0, || {
            let mut found: Vec<Class<'_>> = Vec::new();
            for root in self.with_new().into_iter().chain(self.with_builtin_new()) {
                for class in std::iter::once(root).chain(self.descendants(root)) {
                    let differ = self.making(class).is_some_and(Making::may_differ);
                    if differ && !found.contains(&class) {
                        found.push(class);
                    }
                }
            }
            found.iter().map(|class| Spot::of(class.site)).collect()
        });
        spots.iter().filter_map(|spot| Class::at(self.site(spot)?))
    }

    /// The classes that define `__new__`.
    fn with_new(&self) -> Vec<Class<'_>> {
        let files = self.files();
        let classes = files.flat_map(|file| self.classes_in(file, file.about(Subjects::NEW)));
        classes.filter(|class| class.defines("__new__")).collect()
    }

    /// The classes that define `__init__` and derive from a built-in class with a `__new__` of its own.
    fn with_builtin_new(&self) -> Vec<Class<'_>> {
        let words: Vec<&str> = IMMUTABLE
            .iter()
            .filter_map(|(name, _, _)| name.rsplit('.').next())
            .collect();
        let mut classes = self.heirs_by_words(&words, "__init__");
        classes.retain(|class| class.defines("__init__"));
        classes
    }

    /// Both methods that get the arguments when a class is called. None where there are not two, or not everything is known that has a part in it.
    pub fn making<'p>(&'p self, class: Class<'p>) -> Option<Making<'p>> {
        if !self.is_understood(class) || !self.is_called_plainly(class) {
            return None;
        }
        let mro = self.mro(class);
        let is_changed = |class: &ClassValue<'p>| {
            let ClassValue::Known(class) = class else {
                return false;
            };
            class.site.decorators().any(|decorator| {
                self.qualified_decorator(decorator)
                    .is_none_or(|name| name.contains("dataclass"))
            })
        };
        if mro.inconsistent || mro.classes.iter().any(is_changed) {
            return None;
        }
        let init = mro.classes.iter().find_map(|class| match class {
            ClassValue::Known(class) => class
                .defines("__init__")
                .then(|| self.own_maker(*class, "__init__")),
            ClassValue::External(name) => (!is_plain_base(name)).then_some(None),
        })??;
        let new = mro.classes.iter().find_map(|class| match class {
            ClassValue::Known(class) => class
                .defines("__new__")
                .then(|| self.own_maker(*class, "__new__").map(Maker::Known)),
            ClassValue::External(name) if is_plain_base(name) => None,
            ClassValue::External(name) => {
                let known = IMMUTABLE
                    .iter()
                    .find(|(known, _, _)| *known == name.as_ref());
                Some(known.map(|(name, _, _)| Maker::Builtin(name)))
            }
        })??;
        Some(Making { new, init })
    }

    /// Whether calling a class runs `type.__call__`.
    pub fn is_called_plainly<'p>(&'p self, class: Class<'p>) -> bool {
        match self.metaclass(&ClassValue::Known(class)) {
            Metaclass::Is(metaclass) => {
                self.mro_of(&metaclass)
                    .classes
                    .iter()
                    .all(|class| match class {
                        ClassValue::Known(class) => !class.defines("__call__"),
                        ClassValue::External(name) => {
                            matches!(name.as_ref(), "builtins.type" | "abc.ABCMeta")
                        }
                    })
            }
            _ => false,
        }
    }

    /// The one method of a name in a class's own body: defined there without conditions, and left as it is. Its overloads do not count.
    fn own_maker<'p>(&'p self, class: Class<'p>, name: &str) -> Option<Function<'p>> {
        let function = class.method(name)?;
        let is_stub = function
            .site
            .file
            .path()
            .extension()
            .is_some_and(|extension| extension == "pyi");
        let mut around = function
            .site
            .node
            .ancestors()
            .take_while(|node| *node != class.site.node);
        let is_conditional =
            around.any(|node| !matches!(node.kind(), Kind::Decorated | Kind::Block | Kind::Module));
        let members = class.site.members_named(name);
        let (_, others) = members.split_last()?;
        let are_overloads = others.iter().all(|member| {
            let overload = member.value().and_then(Function::at);
            overload.is_some_and(|function| {
                function.has_decorator(self, &["typing.overload", "typing_extensions.overload"])
            })
        });
        let mut decorators = function.site.decorators();
        let plain = decorators.all(|decorator| {
            self.qualified_decorator(decorator).is_some_and(|name| {
                name.as_ref() == "builtins.staticmethod" && function.name() == "__new__"
            })
        });
        (plain
            && are_overloads
            && !is_conditional
            && !is_stub
            && !function.is_async()
            && !function.is_generator())
        .then_some(function)
    }

    /// Whether a `__new__` surely gives an object of the class that it is called for, so that `__init__` is run.
    pub fn gives_own_object<'p>(&'p self, class: Class<'p>, new: Maker<'p>) -> bool {
        self.gives_own(class, new, 0)
    }

    fn gives_own<'p>(&'p self, class: Class<'p>, new: Maker<'p>, depth: usize) -> bool {
        let Maker::Known(new) = new else { return true };
        let Some(own) = new.first_parameter().filter(|_| depth < 8) else {
            return false;
        };
        let body = new.site.body();
        let is_rebound = body.bindings_in(new.scope(), own).count() > 1;
        let returned = |statement: Site<'p>| {
            let value = statement.node.children().next()?;
            Some(statement.with(value.unparenthesized()))
        };
        let values: Vec<_> = new.returns().map(returned).collect();
        let kept = self.singleton(new);
        let is_own = |value: Site<'p>| {
            if value.node.kind() == Kind::Name {
                let mut bindings = body.bindings_in(new.scope(), value.text()).peekable();
                return bindings.peek().is_some()
                    && bindings.all(|binding| {
                        binding
                            .value
                            .is_some_and(|made| self.makes_own(class, new, value.at(made), depth))
                    });
            }
            kept.is_some_and(|kept| kept.storage.text() == value.text())
                || self.makes_own(class, new, value, depth)
        };
        !is_rebound
            && !values.is_empty()
            && new.ends_without_value().is_empty()
            && values.into_iter().all(|value| value.is_some_and(is_own))
    }

    /// `super().__new__(cls)`, `object.__new__(cls)`
    fn makes_own<'p>(
        &'p self,
        class: Class<'p>,
        new: Function<'p>,
        value: Site<'p>,
        depth: usize,
    ) -> bool {
        let callee = value
            .child(Field::Function)
            .filter(|_| value.node.kind() == Kind::Call);
        let Some(object) = callee.and_then(|callee| callee.child(Field::Object)) else {
            return false;
        };
        let is_new = callee
            .and_then(|callee| callee.node.child(Field::Attribute))
            .is_some_and(|name| name.text() == "__new__");
        let first = value
            .node
            .child(Field::Arguments)
            .and_then(|list| list.children().next());
        if !is_new || first.map(Node::text) != new.first_parameter() {
            return false;
        }
        let after = match self.class_of_super(object) {
            Some(from) => {
                let mro = self.mro(class).classes;
                let from = mro
                    .iter()
                    .position(|other| *other == ClassValue::Known(from));
                from.map(|from| mro[from + 1..].to_vec())
            }
            None => self
                .base_class(object)
                .map(|base| self.mro_of(&base).classes),
        };
        let Some(after) = after else { return false };
        let next = after.iter().find_map(|other| match other {
            ClassValue::Known(other) => other.defines("__new__").then(|| other.method("__new__")),
            ClassValue::External(_) => None,
        });
        match next {
            None => true,
            Some(next) => {
                next.is_some_and(|next| self.gives_own(class, Maker::Known(next), depth + 1))
            }
        }
    }

    /// The calls in a file that construct a class.
    pub fn constructions_in<'p>(&'p self, file: &'p FileFacts, class: Class<'p>) -> Vec<Site<'p>> {
        let calls = self.naming(file, class).into_iter().flat_map(|root| {
            let calls = root.body().calls.iter();
            calls.map(move |call| root.at(*call))
        });
        let names = self.with_aliases(class.name());
        let may_name = |callee: Site<'p>| {
            let last = callee.node.child(Field::Attribute).unwrap_or(callee.node);
            names.contains(&last.text())
                || callee.node.kind() == Kind::Name
                    && matches!(callee.resolve(), Resolution::Local(_))
        };
        let makes = |call: &Site<'p>| {
            let callee = call.child(Field::Function);
            let callee = callee.filter(|callee| may_name(*callee));
            callee.is_some_and(|callee| self.evaluate(callee) == Value::Class(class))
        };
        calls.filter(makes).collect()
    }

    /// The expressions of the project that, by words, name a class: its name or another that it is given, also behind a dot. What they mean is to be found out.
    pub fn expressions_naming<'p>(&'p self, class: Class<'p>) -> impl Iterator<Item = Site<'p>> {
        let names = self.with_aliases(class.name());
        let segments = self.mentions(class.name());
        let named = segments.into_iter().flat_map(move |(file, segment)| {
            let root = file.root(segment);
            let named = names.clone().into_iter();
            named.flat_map(move |name| root.body().named(name).map(move |node| root.at(node)))
        });
        named.filter_map(|name| {
            let parent = name.node.parent()?;
            let is_import = |node: Node<'_>| matches!(node.kind(), Kind::Import | Kind::ImportFrom);
            if parent.kind() == Kind::Attribute && name.node.field() == Field::Attribute {
                return Some(name.with(parent));
            }
            let is_read = is_expression(name.node) && !name.node.statement().is_some_and(is_import);
            is_read.then_some(name)
        })
    }

    /// The roots of the segments of a file in which a class's name stands, or another name that it is given.
    pub fn naming<'p>(&'p self, file: &'p FileFacts, class: Class<'p>) -> Vec<Site<'p>> {
        let names = self.with_aliases(class.name());
        let named = names.into_iter();
        let mut segments: Vec<usize> = named.flat_map(|name| file.segments_with(name)).collect();
        segments.sort_unstable();
        segments.dedup();
        segments
            .into_iter()
            .map(|segment| file.root(segment))
            .collect()
    }
}

impl<'p> Making<'p> {
    /// Whether some arguments may fit one of the two and not the other. One that takes everything has no say: a call that the other refuses is wrong for itself.
    fn may_differ(self) -> bool {
        let Maker::Known(new) = self.new else {
            return true;
        };
        let shape = |function: Function<'p>| -> Vec<(ParameterKind, &'p str, bool)> {
            let own = function.parameters().skip(1);
            own.map(|parameter| {
                (
                    parameter.kind,
                    parameter.name.text(),
                    parameter.default.is_some(),
                )
            })
            .collect()
        };
        let takes_all = |function: Function<'p>| {
            let kinds: Vec<ParameterKind> = function
                .parameters()
                .skip(1)
                .map(|parameter| parameter.kind)
                .collect();
            kinds == [ParameterKind::Star, ParameterKind::DoubleStar]
        };
        !takes_all(new) && !takes_all(self.init) && shape(new) != shape(self.init)
    }

    /// Whether `__new__` takes the arguments of a construction.
    pub fn new_takes(self, call: Node<'_>) -> Fit {
        match self.new {
            Maker::Known(new) => new.fit(1, call),
            Maker::Builtin(name) => builtin_fit(name, call),
        }
    }
}

fn builtin_fit(name: &str, call: Node<'_>) -> Fit {
    let Some((_, most, keywords)) = IMMUTABLE.iter().find(|(known, _, _)| *known == name) else {
        return Fit::Unknown;
    };
    let Some(arguments) = Arguments::of(call) else {
        return Fit::Unknown;
    };
    if arguments.by_position > *most {
        return too_many(*most);
    }
    let unknown = arguments
        .by_name
        .iter()
        .find(|name| !keywords.is_empty() && !keywords.contains(name));
    match unknown {
        Some(name) => Fit::Refused(format!("takes no argument `{name}`")),
        None => Fit::Fits,
    }
}

fn too_many(most: usize) -> Fit {
    Fit::Refused(match most {
        0 => "takes no argument by position".to_string(),
        1 => "takes one argument by position".to_string(),
        _ => format!("takes {most} arguments by position"),
    })
}

/// The arguments of a call, all of them written out.
struct Arguments<'t> {
    by_position: usize,
    by_name: Vec<&'t str>,
}

impl<'t> Arguments<'t> {
    fn of(call: Node<'t>) -> Option<Arguments<'t>> {
        let list = call.child(Field::Arguments)?;
        let mut found = Arguments {
            by_position: 0,
            by_name: Vec::new(),
        };
        if list.kind() != Kind::ArgumentList {
            found.by_position = 1;
            return Some(found);
        }
        for argument in list.children() {
            match argument.kind() {
                Kind::ListSplat | Kind::DictSplat => return None,
                Kind::KeywordArgument => {
                    let name = argument.child(Field::Name)?.text();
                    // inside of a class it would be another name
                    if name.starts_with("__") {
                        return None;
                    }
                    found.by_name.push(name);
                }
                _ => found.by_position += 1,
            }
        }
        Some(found)
    }
}

impl<'p> Function<'p> {
    /// Whether it takes the arguments of a call, after the first `bound` parameters, which are taken already.
    pub fn fit(self, bound: usize, call: Node<'_>) -> Fit {
        let Some(arguments) = Arguments::of(call) else {
            return Fit::Unknown;
        };
        let parameters: Vec<Parameter<'p>> = self.parameters().collect();
        let of_kind =
            |kind: ParameterKind| parameters.iter().any(|parameter| parameter.kind == kind);
        let positional: Vec<&Parameter<'p>> = parameters
            .iter()
            .filter(|parameter| {
                matches!(
                    parameter.kind,
                    ParameterKind::Positional | ParameterKind::PositionalOnly
                )
            })
            .collect();
        let taken = (arguments.by_position + bound).min(positional.len());
        if arguments.by_position + bound > positional.len() && !of_kind(ParameterKind::Star) {
            return too_many(positional.len().saturating_sub(bound));
        }
        for name in &arguments.by_name {
            let twice = positional[..taken].iter().any(|parameter| {
                parameter.name.text() == *name && parameter.kind == ParameterKind::Positional
            });
            if twice {
                return Fit::Refused(format!("gets `{name}` twice"));
            }
            let known = parameters.iter().any(|parameter| {
                parameter.name.text() == *name
                    && matches!(
                        parameter.kind,
                        ParameterKind::Positional | ParameterKind::KeywordOnly
                    )
            });
            if !known && !of_kind(ParameterKind::DoubleStar) {
                return Fit::Refused(format!("takes no argument `{name}`"));
            }
        }
        let keyword_only = parameters
            .iter()
            .filter(|parameter| parameter.kind == ParameterKind::KeywordOnly);
        let missing = positional[taken..]
            .iter()
            .copied()
            .chain(keyword_only)
            .find(|parameter| {
                let by_name = parameter.kind != ParameterKind::PositionalOnly
                    && arguments.by_name.contains(&parameter.name.text());
                parameter.default.is_none() && !by_name
            });
        match missing {
            Some(parameter) => Fit::Refused(format!("misses `{}`", parameter.name.text())),
            None => Fit::Fits,
        }
    }
}
