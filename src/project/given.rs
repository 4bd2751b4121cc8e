//! What a function that a thread runs is given on the way from the start: its arguments and its own object, followed back to where they are named first.

use std::cell::OnceCell;

use super::steps::Step;
use super::{
    Bound, Chain, ClassValue, Function, ParameterKind, Project, StartKind, ThreadStart, Value,
    argument, object_of_step,
};
use crate::facts::{BindingKind, Resolution, Site};
use crate::syntax::{Field, Kind, Node};

/// An expression that names an object on the way from a thread's start.
#[derive(Clone, Copy)]
pub(super) struct Named<'p> {
    pub(super) expression: Site<'p>,
    pub(super) stands: Stands<'p>,
}

/// Where an expression stands on a way.
#[derive(Clone, Copy)]
pub(super) enum Stands<'p> {
    /// In the function that so many of the way's calls lead to.
    After(usize),
    /// Outside of the thread: at the call that starts it, or that makes an object which it runs on.
    At(Site<'p>),
}

/// How many names one object has on a way.
const NAMES: usize = 12;

impl Project {
    /// The expression that names first what an expression of a function stands for, when the function is come to by a way: itself, where it is not given on the way.
    pub(super) fn first_named<'p>(
        &'p self,
        expression: Site<'p>,
        start: ThreadStart<'p>,
        calls: &[Site<'p>],
    ) -> Named<'p> {
        Way::new(self, start, calls).first_named(expression)
    }

    /// What an expression of a function denotes when the function is come to by a chain: also where the code shows it only by what is given on the way.
    pub fn evaluate_given<'p>(&'p self, expression: Site<'p>, chain: &Chain<'p>) -> Value<'p> {
        match self.evaluate(expression) {
            Value::Unknown => {
                let named = self.first_named(expression, chain.start, &chain.calls);
                self.evaluate(named.expression)
            }
            known => known,
        }
    }

    /// The expression that a start gives to a parameter of the function that it hands over.
    pub fn given_at_start<'p>(
        &'p self,
        start: ThreadStart<'p>,
        parameter: &str,
    ) -> Option<Site<'p>> {
        let (function, mut target) = (start.function?, start.target?);
        let mut by_partial = None;
        if let Value::Instance(ClassValue::External(name)) = self.evaluate(target)
            && name.as_ref() == "functools.partial"
        {
            let made = self.origin(target)?;
            target = argument(made, 0, "")?;
            by_partial = Some(made);
        }
        let positional = |parameter: &super::Parameter<'p>| {
            matches!(
                parameter.kind,
                ParameterKind::Positional | ParameterKind::PositionalOnly
            )
        };
        let at = function
            .parameters()
            .filter(positional)
            .position(|known| known.name.text() == parameter)?;
        let is_bound =
            is_method(self, function) && !matches!(self.evaluate(target), Value::Function(_));
        let mut at = at.checked_sub(usize::from(is_bound))?;
        if let Some(made) = by_partial {
            if let Some(given) = argument(made, at + 1, parameter) {
                return Some(given);
            }
            let given = made.node.child(Field::Arguments)?.children().skip(1);
            let kinds: Vec<Kind> = given.map(Node::kind).collect();
            if kinds.contains(&Kind::ListSplat) {
                return None;
            }
            let by_name = kinds
                .iter()
                .filter(|kind| matches!(kind, Kind::KeywordArgument | Kind::DictSplat));
            at -= kinds.len() - by_name.count();
        }
        let handed = self.hand_over(start.call)?;
        let in_sequence = |sequence: Site<'p>| {
            let is_plain = matches!(sequence.node.kind(), Kind::Tuple | Kind::List);
            let mut items = sequence
                .node
                .children()
                .take_while(|item| item.kind() != Kind::ListSplat);
            let item = items.nth(at).filter(|_| is_plain)?;
            Some(sequence.with(item))
        };
        match start.kind {
            StartKind::Thread | StartKind::Timer => handed
                .arguments
                .and_then(in_sequence)
                .or_else(|| in_display(handed.keywords?, parameter)),
            StartKind::Submit => match method_called(start.call) {
                Some("apply" | "apply_async") => {
                    argument(start.call, 1, "args").and_then(in_sequence)
                }
                _ => argument(start.call, at + 1, parameter),
            },
            StartKind::ToThread => argument(start.call, at + 1, parameter),
            StartKind::RunInExecutor => argument(start.call, at + 2, parameter),
            StartKind::Subclass | StartKind::Map | StartKind::Requests => None,
        }
    }
}

/// A thread's start, and the calls that follow.
pub(super) struct Way<'p, 'w> {
    project: &'p Project,
    start: ThreadStart<'p>,
    calls: &'w [Site<'p>],
    /// What the own object of the method is that it leads to: many of the method's expressions begin with it.
    own: OnceCell<Named<'p>>,
}

impl<'p, 'w> Way<'p, 'w> {
    /// The way from a start to the function that the last of the calls runs.
    pub(super) fn new(
        project: &'p Project,
        start: ThreadStart<'p>,
        calls: &'w [Site<'p>],
    ) -> Way<'p, 'w> {
        Way {
            project,
            start,
            calls,
            own: OnceCell::new(),
        }
    }

    /// The expression that names first what an expression of that function stands for: itself, where it is not given on the way.
    pub(super) fn first_named(&self, expression: Site<'p>) -> Named<'p> {
        self.first(Named {
            expression,
            stands: Stands::After(self.calls.len()),
        })
    }

    fn first(&self, named: Named<'p>) -> Named<'p> {
        let is_at_end = matches!(named.stands, Stands::After(calls) if calls == self.calls.len());
        if is_at_end && is_own_object(named.expression) {
            return *self.own.get_or_init(|| self.follow(named));
        }
        self.follow(named)
    }

    fn follow(&self, named: Named<'p>) -> Named<'p> {
        // `x = x.y` leads to itself
        let Some(_step) = Step::take() else {
            return named;
        };
        let mut first = named;
        for _ in 0..NAMES {
            match self.earlier(first) {
                Some(earlier) => first = earlier,
                None => break,
            }
        }
        first
    }

    /// What gave an object the name that an expression names it by.
    fn earlier(&self, named: Named<'p>) -> Option<Named<'p>> {
        let Stands::After(passed) = named.stands else {
            return None;
        };
        let expression = named
            .expression
            .with(named.expression.node.unparenthesized());
        match expression.node.kind() {
            Kind::Name => {
                let function = Function::around(expression)?;
                let Resolution::Local(bindings) = expression.resolve() else {
                    return None;
                };
                let [only] = bindings[..] else { return None };
                if only.binding.scope != function.scope() {
                    return None;
                }
                match only.binding.kind {
                    BindingKind::Parameter => self.given(function, expression, passed),
                    BindingKind::Assignment => {
                        let value = only.value()?;
                        let is_name = matches!(value.node.kind(), Kind::Name | Kind::Attribute);
                        is_name.then_some(Named {
                            expression: value,
                            ..named
                        })
                    }
                    _ => None,
                }
            }
            Kind::Attribute => self.given_to_constructor(expression, named.stands),
            _ => None,
        }
    }

    /// What a parameter of a function is given by the call, or the start, that leads there.
    fn given(&self, function: Function<'p>, name: Site<'p>, passed: usize) -> Option<Named<'p>> {
        let Some(before) = passed.checked_sub(1) else {
            let expression = match (is_own_object(name), self.start.target) {
                (true, Some(target))
                    if Function::around(target) == Function::around(self.start.call) =>
                {
                    self.project.origin(target)?.child(Field::Object)?
                }
                // a subclass's `run`, or the target that its `__init__` hands up
                (true, _) => self.start.call,
                (false, _) if self.start.function == Some(function) => {
                    self.project.given_at_start(self.start, name.text())?
                }
                (false, _) => return None,
            };
            return Some(Named {
                expression,
                stands: Stands::At(self.start.call),
            });
        };
        let call = self.calls[before];
        let is_bound = self.project.is_bound_by(call, function);
        let expression = if is_own_object(name) && is_bound {
            if let Some(callback) = call
                .child(Field::Function)
                .filter(|callee| callee.node.kind() == Kind::Name)
            {
                // a bound method, which was given
                let method = self.first(Named {
                    expression: callback,
                    stands: Stands::After(before),
                });
                let expression = method.expression.child(Field::Object)?;
                return Some(Named {
                    expression,
                    ..method
                });
            }
            object_of_step(call)?
        } else {
            self.project
                .given_by_call(call, function, is_bound, name.text())?
        };
        Some(Named {
            expression,
            stands: Stands::After(before),
        })
    }

    /// What the call that makes an object gives to the parameter that `__init__` keeps in an attribute.
    fn given_to_constructor(&self, attribute: Site<'p>, stands: Stands<'p>) -> Option<Named<'p>> {
        let project = self.project;
        let owner = self.first(Named {
            expression: attribute.child(Field::Object)?,
            stands,
        });
        let Stands::At(_) = owner.stands else {
            return None;
        };
        let made = project.made_by(owner.expression)?;
        let Value::Class(class) = project.evaluate(made.child(Field::Function)?) else {
            return None;
        };
        let init = project.find_method(class, "__init__")?;
        let name = attribute.node.child(Field::Attribute)?.text();
        let [stored] = class.assigned_to_self(name)[..] else {
            return None;
        };
        let Resolution::Local(bindings) = stored.resolve() else {
            return None;
        };
        let [only] = bindings[..] else { return None };
        let is_parameter = stored.node.kind() == Kind::Name
            && only.binding.kind == BindingKind::Parameter
            && Function::around(stored) == Some(init);
        let given = project
            .given_by_call(made, init, true, stored.text())
            .filter(|_| is_parameter)?;
        Some(Named {
            expression: given,
            stands: Stands::At(made),
        })
    }
}

impl Project {
    /// Whether the object before the dot of a call's callee is the first argument of the function that it calls.
    fn is_bound_by<'p>(&'p self, call: Site<'p>, function: Function<'p>) -> bool {
        // what the code before the dot denotes costs more to find out
        let is_bound = |callee: Site<'p>| {
            self.is_of_own_object(callee) || !matches!(self.evaluate(callee), Value::Function(_))
        };
        is_method(self, function) && call.child(Field::Function).is_none_or(is_bound)
    }

    /// Whether an expression is an attribute of the object that the method around it runs on.
    fn is_of_own_object<'p>(&'p self, attribute: Site<'p>) -> bool {
        let object = attribute.child(Field::Object);
        object.is_some_and(|object| {
            let method = Function::around(object);
            is_own_object(object)
                && method.is_some_and(|method| method.binding(self) == Bound::Instance)
        })
    }

    /// The expression that a call of a function gives to one of its parameters.
    pub(super) fn given_to<'p>(
        &'p self,
        call: Site<'p>,
        function: Function<'p>,
        parameter: &str,
    ) -> Option<Site<'p>> {
        self.given_by_call(call, function, self.is_bound_by(call, function), parameter)
    }

    /// The expression that a call gives to a parameter of what it calls.
    fn given_by_call<'p>(
        &'p self,
        call: Site<'p>,
        function: Function<'p>,
        is_bound: bool,
        parameter: &str,
    ) -> Option<Site<'p>> {
        let arguments = call.child(Field::Arguments)?;
        let given = arguments.node.children().find(|argument| {
            let taken = self.parameter_of(function, is_bound, arguments.with(*argument));
            taken.is_some_and(|taken| taken.name.text() == parameter)
        })?;
        Some(call.with(given.child(Field::Value).unwrap_or(given)))
    }
}

/// Whether a name is the first parameter of the method that it stands in: its own object.
pub(super) fn is_own_object(name: Site<'_>) -> bool {
    name.node.kind() == Kind::Name
        && Function::around(name).is_some_and(|function| {
            function.class().is_some() && function.first_parameter() == Some(name.text())
        })
}

/// Whether a function takes an object, or a class, before its arguments.
fn is_method(project: &Project, function: Function<'_>) -> bool {
    function.class().is_some() && function.binding(project) != Bound::Static
}

/// The word behind the dot of a call's callee.
fn method_called(call: Site<'_>) -> Option<&str> {
    let callee = call.node.child(Field::Function)?;
    callee.child(Field::Attribute).map(Node::text)
}

/// What a display of a dictionary holds under a name: `stats` in `{"stats": stats}`.
fn in_display<'p>(display: Site<'p>, name: &str) -> Option<Site<'p>> {
    let is_named = |pair: &Node<'p>| {
        let key = pair.child(Field::Key);
        key.is_some_and(|key| key.text().trim_matches(['"', '\'']) == name)
    };
    let pair = display.node.children().find(is_named)?;
    pair.child(Field::Value).map(|value| display.with(value))
}
