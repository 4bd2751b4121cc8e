//! Classes that their decorator hides: it gives a function back, and the class's name means that function.

use super::{Class, Function, Kept, Project, Spot, Value};
use crate::facts::{BindingKind, Site, Subjects};
use crate::syntax::{Field, Kind, Node};

/// What stands in the place of a class.
#[derive(Clone, Copy, Debug)]
pub struct Hidden<'p> {
    pub class: Class<'p>,
    /// The decorator's expression.
    pub decorator: Site<'p>,
    /// The `return` that gives the function; none for a cache of the standard library.
    pub given: Option<Site<'p>>,
    /// Whether the function has the class's attributes: those of its own body, as they are there.
    pub carries: bool,
}

/// The hidden classes of the project, found once.
#[derive(Default)]
pub(super) struct Memo(pub(super) Kept<Vec<Spot>>);

impl Project {
    /// The classes of the project that their decorator hides.
    pub fn hidden_classes(&self) -> impl Iterator<Item = Hidden<'_>> {
        let spots = self.keep(&self.hidden.0, || {
            let files = self.files();
            let classes = files.flat_map(|file| {
                let segments = file.about(Subjects::REPLACED_CLASSES);
                self.classes_in(file, segments)
            });
            let hidden = classes.filter(|class| self.hidden(*class).is_some());
            hidden.map(|class| Spot::of(class.site)).collect()
        });
        spots
            .iter()
            .filter_map(|spot| self.hidden(Class::at(self.site(spot)?)?))
    }

    /// What stands in the place of a class, where its topmost decorator surely gives a function and those below are known to leave the class.
    pub fn hidden<'p>(&'p self, class: Class<'p>) -> Option<Hidden<'p>> {
        const KEEPING: &[&str] = &[
            "dataclasses.dataclass",
            "functools.total_ordering",
            "typing.final",
            "typing.runtime_checkable",
        ];
        let mut decorators = class.site.decorators();
        let decorator = decorators.next()?;
        let below = decorators.all(|decorator| {
            self.qualified_decorator(decorator)
                .is_some_and(|name| KEEPING.contains(&name.as_ref()))
        });
        if !below {
            return None;
        }
        let is_called = decorator.node.kind() == Kind::Call;
        let callee = if is_called {
            decorator.child(Field::Function)?
        } else {
            decorator
        };
        match self.evaluate(callee) {
            Value::External(name) => {
                let is_cache = match name.as_ref() {
                    "functools.lru_cache" => true,
                    "functools.cache" => !is_called,
                    _ => false,
                };
                is_cache.then_some(Hidden {
                    class,
                    decorator,
                    given: None,
                    carries: true,
                })
            }
            Value::Function(maker) => {
                let applied = match is_called {
                    true => self.inner(maker)?,
                    false => maker,
                };
                self.given_function(applied).map(|given| Hidden {
                    class,
                    decorator,
                    given: Some(given),
                    carries: carries(applied),
                })
            }
            _ => None,
        }
    }

    /// The classes of the project that a function stands on as a decorator.
    pub fn decorated_by<'p>(&'p self, decorator: Function<'p>) -> Vec<Class<'p>> {
        let mut found = Vec::new();
        for (file, segment) in self.mentions(decorator.name()) {
            let root = file.root(segment);
            let classes = root.body().classes.iter();
            let classes = classes.filter_map(|data| Class::at(root.at(data.node)));
            found.extend(classes.filter(|class| {
                let mut names = class.site.decorators();
                names.any(|name| self.evaluate(name) == Value::Function(decorator))
            }));
        }
        found
    }

    /// The nested function that a function surely gives, where it is one.
    fn inner<'p>(&'p self, function: Function<'p>) -> Option<Function<'p>> {
        let given = self.given_function(function)?;
        let value = given.with(given.node.children().next()?);
        match self.evaluate(value) {
            Value::Function(inner) => Some(inner),
            _ => None,
        }
    }

    /// The first `return` of a function that surely gives a function of its own: one that is defined in it.
    fn given_function<'p>(&'p self, function: Function<'p>) -> Option<Site<'p>> {
        if function.is_async()
            || function.is_generator()
            || function.site.node.kind() == Kind::Lambda
            || !function.ends_without_value().is_empty()
        {
            return None;
        }
        let body = function.site.body();
        let is_function = |statement: Site<'p>| {
            let value = statement.node.children().next()?.unparenthesized();
            let value = statement.with(value);
            if value.node.kind() == Kind::Lambda {
                return Some(());
            }
            let mut bindings = body.bindings_in(function.scope(), value.text());
            let only = bindings.next().filter(|_| bindings.next().is_none())?;
            let inner = Function::at(value.at(only.value?))?;
            let plain = inner.site.decorators().all(|decorator| {
                self.qualified_decorator(decorator)
                    .is_some_and(|name| name.as_ref() == "functools.wraps")
            });
            (value.node.kind() == Kind::Name && only.kind == BindingKind::Function && plain)
                .then_some(())
        };
        let mut returns = function.returns().peekable();
        let first = *returns.peek()?;
        returns
            .all(|statement| is_function(statement).is_some())
            .then_some(first)
    }
}

/// Whether a decorator may give the function the attributes of what is decorated.
fn carries(decorator: Function<'_>) -> bool {
    let copies = |node: Node<'_>| {
        node.kind() == Kind::Name
            && matches!(
                node.text(),
                "wraps" | "update_wrapper" | "__dict__" | "setattr" | "vars"
            )
    };
    decorator.site.node.descendants().any(copies)
}
