//! What becomes of an object: where it is changed, handed out, kept, passed on.

use super::tracking::{Tracker, View};
use super::{Bound, Class, ClassValue, Function, Parameter, ParameterKind, Project};
use crate::facts::Site;
use crate::syntax::{Field, Kind};

/// What becomes of an object at one place. What shows most comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reach {
    /// It is changed in place.
    Mutated,
    /// It is kept on an object, in a container, or in an outer variable.
    Stored,
    /// The caller gets it.
    Returned,
    /// Code that is not known gets it.
    PassedOn,
}

/// What of the object is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// The object itself, or something that holds it.
    Whole,
    /// Something in it.
    Element,
    /// Another container with the same elements.
    Copy,
}

/// A place that changes an object or lets it out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Use<'p> {
    pub reach: Reach,
    pub part: Part,
    /// The call or statement.
    pub site: Site<'p>,
}

/// What is known of an object that is followed.
#[derive(Clone, Debug, Default)]
pub struct Followed<'p> {
    /// Its class: methods of a class of the project change it if they do, whatever they are called.
    pub class: Option<ClassValue<'p>>,
    /// The class of its elements.
    pub element: Option<ClassValue<'p>>,
    /// It is empty, so that `xs or []` does not give it and `if xs:` is not entered with it.
    pub empty: bool,
    /// Where it is stored on an attribute or bound in a module, it is followed through all code that reads it there.
    pub through_stores: bool,
}

impl Project {
    /// What a function does with the object that a parameter is bound to when the caller gives none.
    pub fn uses_of_default<'p>(
        &'p self,
        function: Function<'p>,
        parameter: Parameter<'p>,
        object: Followed<'p>,
    ) -> Vec<Use<'p>> {
        let mut tracker = Tracker::new(self, object);
        tracker.function = Some(function);
        tracker.follow_parameter(parameter, View::WHOLE);
        tracker.finish()
    }

    /// What becomes of the object that an expression gives.
    pub fn uses_of_value<'p>(&'p self, site: Site<'p>, object: Followed<'p>) -> Vec<Use<'p>> {
        let mut tracker = Tracker::new(self, object);
        tracker.function = Function::around(site);
        tracker.go(site, View::WHOLE);
        tracker.finish()
    }

    /// What becomes of a function by its name: whether something keeps it.
    pub fn uses_of_function<'p>(&'p self, function: Function<'p>) -> Vec<Use<'p>> {
        let Some(name) = function.site.child(Field::Name) else {
            return self.uses_of_value(function.site, Followed::default());
        };
        let mut tracker = Tracker::new(self, Followed::default());
        tracker.function = Function::around(function.site);
        tracker.follow_binding(name, View::WHOLE);
        tracker.finish()
    }

    /// Whether the methods of a class of the project change its objects once they are made.
    pub fn changes_itself<'p>(&'p self, class: Class<'p>) -> bool {
        const MAKING: &[&str] = &[
            "__init__",
            "__new__",
            "__post_init__",
            "__set_name__",
            "__setstate__",
        ];
        let known = |class: &ClassValue<'p>| match class {
            ClassValue::Known(class) => Some(*class),
            ClassValue::External(_) => None,
        };
        self.mro(class).classes.iter().filter_map(known).any(|own| {
            own.methods()
                .filter(|method| !MAKING.contains(&method.name()))
                .filter(|method| self.find_method(class, method.name()) == Some(*method))
                .filter(|method| method.binding(self) == Bound::Instance)
                .any(|method| self.changes_first_parameter(method))
        })
    }

    fn changes_first_parameter<'p>(&'p self, method: Function<'p>) -> bool {
        let first = method.parameters().next();
        first.is_some_and(|first| {
            self.uses_of_default(method, first, Followed::default())
                .iter()
                .any(|found| found.reach == Reach::Mutated && found.part == Part::Whole)
        })
    }

    /// The parameter that takes an argument of a call, where that is sure. `bound`: the first parameter is taken by the object.
    pub fn parameter_of<'p>(
        &self,
        function: Function<'p>,
        bound: bool,
        argument: Site<'_>,
    ) -> Option<Parameter<'p>> {
        if argument.node.kind() == Kind::KeywordArgument {
            let name = argument.node.child(Field::Name)?.text();
            return function.parameters().find(|parameter| {
                parameter.name.text() == name
                    && matches!(
                        parameter.kind,
                        ParameterKind::Positional | ParameterKind::KeywordOnly
                    )
            });
        }
        let before = argument
            .node
            .parent()?
            .children()
            .take_while(|other| *other != argument.node);
        let mut position = usize::from(bound);
        for other in before {
            match other.kind() {
                Kind::ListSplat => return None,
                Kind::KeywordArgument | Kind::DictSplat => {}
                _ => position += 1,
            }
        }
        let positional = function.parameters().filter(|parameter| {
            matches!(
                parameter.kind,
                ParameterKind::Positional | ParameterKind::PositionalOnly
            )
        });
        positional.into_iter().nth(position)
    }
}
