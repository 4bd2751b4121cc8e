//! What a call does with an argument: a function of the project is followed into, other code is known by its name, or the object is passed on.

use std::rc::Rc;

use super::targets::walked_by;
use super::{Tracker, View, key};
use crate::facts::Site;
use crate::project::outside::{
    Handling, handling_of, handling_of_method, is_reader, only_reads_given, says_it_reads,
    sends_along,
};
use crate::project::{ClassValue, Function, Parameter, ParameterKind, Part, Reach, Use, Value};
use crate::syntax::{Field, Kind, Node};

impl<'p> Tracker<'p> {
    pub(super) fn step_argument(&mut self, list: Site<'p>, argument: Site<'p>, view: View) {
        let Some(call) = list
            .node
            .parent()
            .filter(|parent| parent.kind() == Kind::Call)
            .map(|node| list.with(node))
        else {
            return;
        };
        if matches!(argument.node.kind(), Kind::ListSplat | Kind::DictSplat) {
            return;
        }
        let Some(callee) = call.child(Field::Function) else {
            return;
        };
        if self.is_of_reader(argument) {
            return;
        }
        match self.project.evaluate(callee) {
            Value::Function(target) | Value::Method(target)
                if self.only_reads(target, argument) => {}
            Value::Function(target) => self.hand_to(target, false, argument, call, view),
            Value::Method(target) => self.hand_to(target, true, argument, call, view),
            Value::Class(class) => match self.project.find_method(class, "__init__") {
                Some(init) => self.hand_to(init, true, argument, call, view),
                None => self.note(Reach::PassedOn, view, call),
            },
            Value::External(_) | Value::Unknown if is_sent_along(callee, argument) => {}
            // `self.update(…)` of a class of the project that is a dict is not `dict.update(…)`
            Value::External(name) if !self.is_of_an_object(callee) => {
                self.hand_outside(&name, argument, call, view);
            }
            _ => {
                let method = callee.node.child(Field::Attribute).map(Node::text);
                self.hand_to_method(method, call, view);
            }
        }
    }

    /// Whether a function of the project is known to keep nothing of an argument, and not to change it: by its name, or where the standard library is the project too.
    fn only_reads(&self, target: Function<'p>, argument: Site<'p>) -> bool {
        says_it_reads(target.name())
            || target.class().is_none() && is_reader(&self.project.function_name(target))
            || only_reads_given(&self.project.function_name(target), given(argument))
    }

    /// Whether code of a library itself, where it is the project too, hands on what all of the library only reads.
    fn is_of_reader(&self, argument: Site<'p>) -> bool {
        let (module, _) = &*self.project.module_name(argument.file.path());
        only_reads_given(&format!("{module}."), given(argument))
    }

    /// Whether a method is taken from an object, and not from its class.
    fn is_of_an_object(&self, method: Site<'p>) -> bool {
        let object = method.child(Field::Object);
        object.is_some_and(|object| {
            matches!(
                self.project.evaluate(object),
                Value::Instance(ClassValue::Known(_))
            )
        })
    }

    /// The object is an argument of something that is not the project's.
    fn hand_outside(&mut self, name: &str, argument: Site<'p>, call: Site<'p>, view: View) {
        let is_first = || {
            argument.node.kind() != Kind::KeywordArgument
                && argument
                    .node
                    .parent()
                    .and_then(|list| list.children().next())
                    == Some(argument.node)
        };
        if only_reads_given(name, given(argument)) {
            return;
        }
        if let Some((_, method)) = name.rsplit_once("().") {
            self.hand_to_method(Some(method), call, view);
            return;
        }
        if let Some(target) = self.held_by_partial(name, argument, call) {
            self.hand_to(target, false, argument, call, view);
            return;
        }
        match handling_of(name) {
            Handling::Changes if is_first() => self.changed(view, call),
            Handling::Changes | Handling::Keeps => self.note(Reach::Stored, view, call),
            Handling::Copies => self.go(call, view.copied()),
            Handling::Pairs => match walked_by(name, argument, call) {
                Some(target) => self.bind(target, view.element()),
                None => self.go(call, view.copied().held()),
            },
            Handling::Picks => self.go(call, view.element()),
            Handling::Reads => {}
            Handling::Unknown => self.note(Reach::PassedOn, view, call),
        }
    }

    /// The function that gets an argument of `functools.partial(function, name=argument)`.
    fn held_by_partial(
        &self,
        name: &str,
        argument: Site<'p>,
        call: Site<'p>,
    ) -> Option<Function<'p>> {
        if name != "functools.partial" || argument.node.kind() != Kind::KeywordArgument {
            return None;
        }
        match self
            .project
            .evaluate(crate::project::argument(call, 0, "")?)
        {
            Value::Function(target) => Some(target),
            _ => None,
        }
    }

    /// The object is an argument of a method that is known by name only.
    fn hand_to_method(&mut self, method: Option<&str>, call: Site<'p>, view: View) {
        match method.map_or(Handling::Unknown, handling_of_method) {
            Handling::Keeps => self.note(Reach::Stored, view, call),
            Handling::Reads => {}
            _ => self.note(Reach::PassedOn, view, call),
        }
    }

    fn hand_to(
        &mut self,
        target: Function<'p>,
        bound: bool,
        argument: Site<'p>,
        call: Site<'p>,
        view: View,
    ) {
        if let Some(parameter) = self.project.parameter_of(target, bound, argument) {
            self.enter(parameter, call, view);
        } else if let Some(gathering) = gathering_parameter(target, argument) {
            // the tuple or the dict that holds it, or what is taken out of that
            self.enter(gathering, call, view.held());
            let gives = |found: &Use<'_>| found.reach == Reach::Returned;
            if self
                .summary(gathering, view.held())
                .is_some_and(|found| found.iter().any(gives))
            {
                self.go(call, view);
            }
        } else {
            self.note(Reach::PassedOn, view, call);
        }
    }

    /// `call` binds the object to a parameter.
    pub(super) fn enter(&mut self, parameter: Parameter<'p>, call: Site<'p>, view: View) {
        let Some(reached) = self.summary(parameter, view) else {
            self.note(Reach::PassedOn, view, call);
            return;
        };
        for inner in reached.iter() {
            let at_call = Use {
                site: call,
                ..*inner
            };
            match inner.reach {
                Reach::Returned => {
                    let given = match inner.part {
                        Part::Whole => view,
                        Part::Element => view.element(),
                        Part::Copy => view.copied(),
                    };
                    self.go(call, given);
                }
                _ => {
                    self.add(at_call);
                    self.add(*inner);
                }
            }
        }
    }

    /// What the function of a parameter does with it. None where that is too far to look.
    fn summary(&mut self, parameter: Parameter<'p>, view: View) -> Option<Rc<[Use<'p>]>> {
        const CALLS: usize = 3;
        let key = key(parameter.name, view);
        if let Some(known) = self.summaries.get(&key) {
            return Some(Rc::clone(known));
        }
        if self.depth >= CALLS {
            return None;
        }
        // a function that calls itself adds nothing to what it does
        self.summaries.insert(key, Rc::new([]));
        let mut inner = Tracker::new(self.project, self.object.clone());
        inner.object.empty &= view == View::WHOLE;
        inner.function = Function::of_parameter(parameter.site);
        inner.depth = self.depth + 1;
        inner.summaries = std::mem::take(&mut self.summaries);
        inner.follow_parameter(parameter, view);
        inner.run();
        self.summaries = inner.summaries;
        let found: Rc<[Use<'p>]> = inner.found.into();
        self.summaries.insert(key, Rc::clone(&found));
        Some(found)
    }
}

/// The parameter `*args` or `**kwargs` that takes an argument for which there is no other one, where that is sure.
fn gathering_parameter<'p>(function: Function<'p>, argument: Site<'_>) -> Option<Parameter<'p>> {
    let (splat, kind) = match argument.node.kind() {
        Kind::KeywordArgument => (Kind::DictSplat, ParameterKind::DoubleStar),
        _ => (Kind::ListSplat, ParameterKind::Star),
    };
    let mut others = argument.node.parent()?.children();
    let is_sure = !others.any(|other| other.kind() == splat);
    let mut parameters = function.parameters();
    parameters.find(|parameter| is_sure && parameter.kind == kind)
}

/// Whether an argument only goes with a request that something sends: `session.post(url, headers=headers)`.
fn is_sent_along(callee: Site<'_>, argument: Site<'_>) -> bool {
    let function = callee.child(Field::Attribute).unwrap_or(callee);
    let keyword = argument.child(Field::Name);
    keyword.is_some_and(|keyword| sends_along(function.text(), keyword.text()))
}

/// What an argument gives, in words.
fn given<'p>(argument: Site<'p>) -> &'p str {
    argument.child(Field::Value).unwrap_or(argument).text()
}
