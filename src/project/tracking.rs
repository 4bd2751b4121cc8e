//! One object, followed from where it is made or bound, through local names, containers, methods and the functions that it is given to.

use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::outside::{
    Handling, handling_of, handling_of_method, is_container_name, is_reader, library_reading,
    says_it_reads,
};
use super::readings::{readings, stores_or_deletes};
use super::ruled_out::is_ruled_out;
use super::{
    Class, ClassValue, Followed, Function, Parameter, ParameterKind, Part, Project, Reach, Use,
    Value,
};
use crate::facts::{
    BindingKind, BindingSite, FileFacts, MUTATING_METHODS, Resolution, ScopeKind, Site,
};
use crate::syntax::{Field, Kind, Node, NodeId, Op};

/// How many places one object is followed to.
const PLACES: usize = 2000;

/// What an expression is of the object that is followed.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct View {
    /// 0 for the object, 1 for what is in it (and in that, …), -1 for what holds it.
    level: i8,
    /// Whether it is not the object (or what holds it) but another container with the same elements.
    copy: bool,
}

impl View {
    pub(super) const WHOLE: View = View {
        level: 0,
        copy: false,
    };

    fn element(self) -> View {
        let level = (self.level + 1).min(1);
        View {
            level,
            copy: self.copy && level < 1,
        }
    }

    /// What holds an element is like the object, and another container.
    fn held(self) -> View {
        View {
            level: (self.level - 1).max(-3),
            copy: self.copy || self.level > 0,
        }
    }

    fn copied(self) -> View {
        View { copy: true, ..self }
    }

    fn is_copied_element(self) -> bool {
        self.copy && self.level > 0
    }

    fn part(self) -> Part {
        match self.level {
            1.. => Part::Element,
            _ if self.copy => Part::Copy,
            _ => Part::Whole,
        }
    }
}

/// A place and a view of it: file, segment, node.
type Key = (usize, usize, NodeId, View);

/// Follows one object.
pub(super) struct Tracker<'p> {
    project: &'p Project,
    object: Followed<'p>,
    /// The function that hands the object to its caller when it returns it.
    pub(super) function: Option<Function<'p>>,
    /// How many calls deep it is.
    depth: usize,
    todo: Vec<(Site<'p>, View)>,
    seen: FxHashSet<Key>,
    found: Vec<Use<'p>>,
    noted: FxHashSet<(Reach, Key, Part)>,
    /// What functions do with their parameters, by the parameter's name.
    summaries: FxHashMap<Key, Rc<[Use<'p>]>>,
}

fn key(site: Site<'_>, view: View) -> Key {
    let file: *const FileFacts = site.file;
    (file.addr(), site.segment, site.node.id(), view)
}

impl<'p> Tracker<'p> {
    pub(super) fn new(project: &'p Project, object: Followed<'p>) -> Tracker<'p> {
        Tracker {
            project,
            object,
            function: None,
            depth: 0,
            todo: Vec::new(),
            seen: FxHashSet::default(),
            found: Vec::new(),
            noted: FxHashSet::default(),
            summaries: FxHashMap::default(),
        }
    }

    pub(super) fn finish(mut self) -> Vec<Use<'p>> {
        self.run();
        let mut found = self.found;
        found.sort_by(|a, b| {
            let place = |found: &Use<'p>| (found.site.range().start, found.site.range().end);
            (a.site.file.path(), place(a)).cmp(&(b.site.file.path(), place(b)))
        });
        found.dedup();
        found
    }

    fn run(&mut self) {
        while let Some((site, view)) = self.todo.pop() {
            self.step(site, view);
        }
    }

    /// Follows the value of an expression.
    pub(super) fn go(&mut self, site: Site<'p>, view: View) {
        if self.seen.len() < PLACES && self.seen.insert(key(site, view)) {
            self.todo.push((site, view));
        }
    }

    fn note(&mut self, reach: Reach, view: View, site: Site<'p>) {
        self.add(Use {
            reach,
            part: view.part(),
            site,
        });
    }

    /// Notes a use once: functions that call each other have each other's uses many times over.
    fn add(&mut self, found: Use<'p>) {
        let key = (found.reach, key(found.site, View::WHOLE), found.part);
        if self.noted.insert(key) {
            self.found.push(found);
        }
    }

    /// Notes a change of the object or of an element; what holds it or is a copy may change.
    fn changed(&mut self, view: View, site: Site<'p>) {
        // what is empty stays so when something is taken out of it
        let is_idle = self.object.empty && view == View::WHOLE && takes_out(site);
        if view.level >= 0 && !view.copy && !is_idle {
            self.note(Reach::Mutated, view, site);
        }
    }

    fn class(&self, view: View) -> Option<&ClassValue<'p>> {
        match view.level {
            0 if !view.copy => self.object.class.as_ref(),
            1 => self.object.element.as_ref(),
            _ => None,
        }
    }

    /// Whether `x[k] = v` changes the object: a class of the project that says itself what it does may refuse.
    fn takes_items(&self, view: View) -> bool {
        match self.class(view) {
            Some(ClassValue::Known(class)) => {
                self.project.is_container(*class)
                    && !self.project.defines_somewhere(*class, "__setitem__")
            }
            _ => true,
        }
    }

    pub(super) fn follow_parameter(&mut self, parameter: Parameter<'p>, view: View) {
        self.follow_readings(parameter.name, view);
    }

    fn follow_readings(&mut self, name: Site<'p>, view: View) {
        let empty = self.object.empty && view == View::WHOLE;
        for site in readings(name, empty) {
            self.go(site, view);
        }
    }

    /// Follows the object to where a name is read that is bound to it.
    pub(super) fn follow_binding(&mut self, name: Site<'p>, view: View) {
        let body = name.body();
        let binding = body
            .bindings
            .iter()
            .find(|binding| binding.name == name.node.id());
        let Some(binding) = binding else { return };
        let declares = |kind: BindingKind| {
            body.bindings_in(binding.scope, name.text())
                .any(|other| other.kind == kind)
        };
        if declares(BindingKind::Global) || declares(BindingKind::Nonlocal) {
            self.note(Reach::Stored, view, statement(name));
            return;
        }
        let class = name.class_around(binding.scope);
        if let Some((class, _)) = class {
            self.note(Reach::Stored, view, statement(name));
            if self.object.through_stores
                && let Some(class) = Class::at(class)
            {
                self.follow_attribute(class, name.text(), view);
            }
        } else if body.scopes[binding.scope].kind == ScopeKind::Root {
            self.note(Reach::Stored, view, statement(name));
            if self.object.through_stores {
                self.follow_module_name(name, view);
            } else {
                self.follow_readings(name, view);
            }
        } else {
            self.follow_readings(name, view);
        }
    }

    /// Follows the object through all code that reads the name of a module.
    fn follow_module_name(&mut self, name: Site<'p>, view: View) {
        for site in self.project.readings_of_module_name(name) {
            self.go(site, view);
        }
    }

    /// Follows the object through the methods that read it from an attribute of their object.
    fn follow_attribute(&mut self, class: Class<'p>, name: &str, view: View) {
        for site in self.project.readings_of_attribute(class, name) {
            self.go(site, view);
        }
    }

    /// What happens to the value of an expression, by what stands around it.
    fn step(&mut self, site: Site<'p>, view: View) {
        let Some(parent) = site.node.parent() else {
            return;
        };
        if site.node.kind() == Kind::Name
            && let Some(class) = self.class(view)
            && is_ruled_out(self.project, site, class)
        {
            return;
        }
        let around = site.with(parent);
        let field = site.node.field();
        match parent.kind() {
            Kind::Attribute if field == Field::Object => self.step_attribute(around, view),
            Kind::Subscript if field == Field::Value => self.step_subscript(around, view),
            Kind::AugmentedAssignment if field == Field::Left => self.step_augmented(around, view),
            Kind::Return => {
                let reach = self.out_of(site);
                self.note(reach, view, statement(site));
            }
            Kind::Yield if parent.op() == Op::From => {
                self.note(Reach::Returned, view.element(), around);
            }
            Kind::Yield => self.note(Reach::Returned, view, around),
            Kind::Lambda if field == Field::Body => {
                let reach = self.out_of(site);
                self.note(reach, view, site);
            }
            Kind::Assignment if field == Field::Right => self.step_assignment(around, view),
            Kind::NamedExpression if field == Field::Value => {
                if let Some(name) = around.child(Field::Name) {
                    self.follow_binding(name, view);
                }
                self.go(around, view);
            }
            Kind::DefaultParameter | Kind::TypedDefaultParameter if field == Field::Value => {
                self.note(Reach::Stored, view, site);
            }
            Kind::For | Kind::ForInClause if field == Field::Right => {
                if let Some(left) = around.child(Field::Left) {
                    self.bind(left, view.element());
                }
            }
            Kind::ArgumentList => self.step_argument(around, site, view),
            Kind::KeywordArgument => {
                if let Some(list) = parent.parent() {
                    self.step_argument(site.with(list), around, view);
                }
            }
            _ => self.step_part(around, site, view),
        }
    }

    /// For a part of an expression, what the whole is of the object.
    fn step_part(&mut self, around: Site<'p>, site: Site<'p>, view: View) {
        let (parent, field) = (around.node, site.node.field());
        match parent.kind() {
            Kind::Conditional => {
                let is_condition = parent.children().nth(1) == Some(site.node);
                if !is_condition {
                    self.go(around, view);
                }
            }
            Kind::BooleanOperation => {
                let gives_way = self.object.empty
                    && view == View::WHOLE
                    && field == Field::Left
                    && parent.op() == Op::Or;
                if !gives_way {
                    self.go(around, view);
                }
            }
            Kind::Parenthesized => self.go(around, view),
            Kind::Tuple | Kind::ExpressionList if self.step_unpacking(around, site, view) => {}
            Kind::Tuple | Kind::List | Kind::Set | Kind::ExpressionList => {
                self.go(around, view.held());
            }
            Kind::Pair if field == Field::Value => {
                if let Some(dict) = parent.parent() {
                    self.go(site.with(dict), view.held());
                }
            }
            // `[row[:] for row in rows]`: a copy of each element is none of them
            Kind::ListComprehension | Kind::SetComprehension | Kind::GeneratorExpression
                if field == Field::Body && !view.is_copied_element() =>
            {
                self.go(around, view.held());
            }
            Kind::ListSplat => {
                if let Some(display) = parent
                    .parent()
                    .filter(|display| matches!(display.kind(), Kind::List | Kind::Tuple))
                {
                    self.go(site.with(display), view.copied());
                }
            }
            Kind::BinaryOperation if parent.op() == Op::Mul && is_count(around, site) => {}
            Kind::BinaryOperation if matches!(parent.op(), Op::Add | Op::Mul) => {
                self.go(around, view.copied());
            }
            _ => {}
        }
    }

    /// `x[k]`, `x[k] = …`, `del x[k]`
    fn step_subscript(&mut self, item: Site<'p>, view: View) {
        if stores_or_deletes(item.node) && self.takes_items(view) {
            self.changed(view, statement(item));
        }
        let mut children = item.node.children();
        let is_slice =
            children.any(|child| child.field() == Field::Subscript && child.kind() == Kind::Slice);
        let part = match is_slice {
            true => view.copied(),
            false => view.element(),
        };
        self.go(item, part);
    }

    /// `x += …`
    fn step_augmented(&mut self, assignment: Site<'p>, view: View) {
        let in_place = match self.class(view) {
            Some(ClassValue::Known(class)) => {
                self.project.find_method(*class, "__iadd__").is_some()
            }
            Some(ClassValue::External(class)) => self.changes_in_place(class, assignment, view),
            None => true,
        };
        if in_place {
            self.changed(view, statement(assignment));
        }
    }

    /// Whether an augmented assignment changes an object of a container's class, and is not one of a number or a text that stands in it.
    fn changes_in_place(&self, class: &str, assignment: Site<'p>, view: View) -> bool {
        let (Some(left), Some(right)) = (
            assignment.child(Field::Left),
            assignment.child(Field::Right),
        ) else {
            return true;
        };
        let is_plain = match self.project.evaluate(right) {
            Value::Instance(ClassValue::External(name)) => matches!(
                name.as_ref(),
                "builtins.int" | "builtins.float" | "builtins.bool" | "builtins.str"
            ),
            // what a call is given on the way from an element may be a number in it
            _ => view.part() == Part::Element && is_parameter(left),
        };
        let is_set = matches!(class, "builtins.set" | "collections.Counter");
        let is_sequence = matches!(
            class,
            "builtins.list" | "builtins.bytearray" | "collections.deque" | "array.array"
        );
        let operator = &assignment.text()[left.text().len()..];
        match operator.trim_ascii_start().as_bytes() {
            [b'*', b'=', ..] => is_sequence,
            [b'-' | b'&' | b'^', b'=', ..] => is_set,
            [b'+' | b'|', b'=', ..] => !is_plain,
            _ => false,
        }
    }

    /// How a `return`, or a lambda's value, lets the object out: to the caller of the function that is looked at, or of another one.
    fn out_of(&self, site: Site<'p>) -> Reach {
        match self.function {
            Some(function) if Function::around(site) != Some(function) => Reach::PassedOn,
            _ => Reach::Returned,
        }
    }

    fn step_attribute(&mut self, attribute: Site<'p>, view: View) {
        let Some(parent) = attribute.node.parent() else {
            return;
        };
        let name = attribute
            .node
            .child(Field::Attribute)
            .map_or("", Node::text);
        if parent.kind() == Kind::Call && attribute.node.field() == Field::Function {
            self.step_method(attribute.with(parent), name, view);
        } else if stores_or_deletes(attribute.node) {
            // `names.lengths = …` beside the items of a container: they stay as they are
            let is_beside = matches!(self.class(view), Some(ClassValue::External(class)) if is_container_name(class));
            if !is_beside {
                self.changed(view, statement(attribute));
            }
        } else if let Some(ClassValue::Known(_)) = self.class(view) {
            self.go(attribute, view.element());
        } else if MUTATING_METHODS.contains(&name) {
            // the bound method itself is kept: `add = xs.append`
            self.note(Reach::PassedOn, view, statement(attribute));
        }
    }

    /// `call` calls a method of the object.
    fn step_method(&mut self, call: Site<'p>, name: &str, view: View) {
        if let Some(ClassValue::Known(class)) = self.class(view) {
            let class = *class;
            if let Some(method) = self.project.find_method(class, name) {
                if let Some(own) = method.parameters().next() {
                    self.enter(own, call, view);
                }
                return;
            }
            if !self.project.is_container(class) {
                return;
            }
        }
        if MUTATING_METHODS.contains(&name) {
            self.changed(view, call);
        }
        match name {
            "get" | "setdefault" | "pop" | "popleft" | "__getitem__" => {
                self.go(call, view.element());
            }
            "copy" | "values" => self.go(call, view.copied()),
            "items" => self.go(call, view.copied().held()),
            _ => {}
        }
    }

    /// For `a, b = x, y`: the value goes to the name at its own place. Whether it was that.
    fn step_unpacking(&mut self, display: Site<'p>, site: Site<'p>, view: View) -> bool {
        let assignment = display.node.parent().filter(|parent| {
            parent.kind() == Kind::Assignment && display.node.field() == Field::Right
        });
        let Some(left) = assignment.and_then(|assignment| assignment.child(Field::Left)) else {
            return false;
        };
        let is_splat = |node: Node<'_>| matches!(node.kind(), Kind::ListSplat | Kind::SplatPattern);
        if !matches!(left.kind(), Kind::PatternList | Kind::Tuple | Kind::List)
            || left.children().any(is_splat)
            || display.node.children().any(is_splat)
        {
            return false;
        }
        let place = display.node.children().position(|child| child == site.node);
        if let Some(target) = place.and_then(|place| left.children().nth(place)) {
            self.bind(display.with(target), view);
        }
        true
    }

    fn step_assignment(&mut self, assignment: Site<'p>, view: View) {
        let mut current = Some(assignment);
        while let Some(assignment) = current {
            if let Some(left) = assignment.child(Field::Left) {
                self.bind(left, view);
            }
            // `a = b = value`
            current = assignment
                .node
                .parent()
                .filter(|parent| parent.kind() == Kind::Assignment)
                .map(|parent| assignment.with(parent));
        }
    }

    /// Follows the object into a target that is bound to it.
    fn bind(&mut self, target: Site<'p>, view: View) {
        let mut targets = vec![(target, view)];
        while let Some((target, view)) = targets.pop() {
            match target.node.kind() {
                Kind::Name => self.follow_binding(target, view),
                Kind::Attribute => match self.setter_of(target) {
                    Some(setter) => match setter.parameters().nth(1) {
                        Some(parameter) => self.enter(parameter, statement(target), view),
                        None => self.note(Reach::PassedOn, view, statement(target)),
                    },
                    None => {
                        self.note(Reach::Stored, view, statement(target));
                        self.follow_stored(target, view);
                    }
                },
                Kind::Subscript => self.note(Reach::Stored, view, statement(target)),
                Kind::PatternList | Kind::Tuple | Kind::List | Kind::Parenthesized => {
                    let inner = match target.node.kind() {
                        Kind::Parenthesized => view,
                        // one of several things that a tuple holds: which of the names gets it is not known
                        _ if view.level < 0 => view.element().copied(),
                        _ => view.element(),
                    };
                    targets.extend(
                        target
                            .node
                            .children()
                            .map(|node| (target.with(node), inner)),
                    );
                }
                _ => {}
            }
        }
    }

    /// The setter that an assignment to an attribute calls, of a property of a class of the project.
    fn setter_of(&self, attribute: Site<'p>) -> Option<Function<'p>> {
        let name = attribute.node.child(Field::Attribute)?.text();
        match self.project.evaluate(attribute.child(Field::Object)?) {
            Value::Instance(ClassValue::Known(class)) => self.project.setter(class, name),
            _ => None,
        }
    }

    /// The object was stored on `self.name`.
    fn follow_stored(&mut self, attribute: Site<'p>, view: View) {
        if !self.object.through_stores {
            return;
        }
        let (Some(object), Some(name)) = (
            attribute.child(Field::Object),
            attribute.node.child(Field::Attribute),
        ) else {
            return;
        };
        if let Value::Instance(ClassValue::Known(class)) | Value::Class(class) =
            self.project.evaluate(object)
        {
            self.follow_attribute(class, name.text(), view);
        }
    }

    fn step_argument(&mut self, list: Site<'p>, argument: Site<'p>, view: View) {
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
            || library_reading(given(argument))
                .is_some_and(|library| self.project.function_name(target).starts_with(library))
    }

    /// Whether code of a library itself, where it is the project too, hands on what all of the library only reads.
    fn is_of_reader(&self, argument: Site<'p>) -> bool {
        library_reading(given(argument)).is_some_and(|library| {
            let (module, _) = &*self.project.module_name(argument.file.path());
            format!("{module}.").starts_with(library)
        })
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
        if library_reading(given(argument)).is_some_and(|library| name.starts_with(library)) {
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
        match self.project.evaluate(super::argument(call, 0, "")?) {
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
    fn enter(&mut self, parameter: Parameter<'p>, call: Site<'p>, view: View) {
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
        let function = parameter
            .site
            .node
            .ancestors()
            .find(|node| matches!(node.kind(), Kind::FunctionDef | Kind::Lambda))
            .and_then(|node| Function::at(parameter.site.with(node)));
        let mut inner = Tracker::new(self.project, self.object.clone());
        inner.object.empty &= view == View::WHOLE;
        inner.function = function;
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

/// The target that gets what is in an argument, where a loop walks several things at once: `node` in `for count, node in enumerate(nodes)`, `a` in `for a, b in zip(nodes, others)`.
fn walked_by<'p>(function: &str, argument: Site<'p>, call: Site<'p>) -> Option<Site<'p>> {
    let walk = call.node.parent().filter(|walk| {
        matches!(walk.kind(), Kind::For | Kind::ForInClause) && call.node.field() == Field::Right
    });
    let left = walk?.child(Field::Left)?;
    let targets: Vec<Node<'_>> = left.children().collect();
    let given = call.node.child(Field::Arguments)?.children();
    let given: Vec<Node<'_>> = given
        .filter(|given| given.kind() != Kind::KeywordArgument)
        .collect();
    let mut parts = targets.iter().chain(&given);
    if !matches!(left.kind(), Kind::PatternList | Kind::Tuple | Kind::List)
        || parts.any(|part| matches!(part.kind(), Kind::ListSplat | Kind::SplatPattern))
    {
        return None;
    }
    let at = given.iter().position(|given| *given == argument.node)?;
    let target = match function {
        "builtins.enumerate" if at == 0 && targets.len() == 2 => targets[1],
        "builtins.zip" if targets.len() == given.len() => targets[at],
        _ => return None,
    };
    Some(call.with(target))
}

/// Whether a side of a product only says how often the other one is repeated: `[0] * size`.
fn is_count(product: Site<'_>, side: Site<'_>) -> bool {
    let is_repeated = |other: Node<'_>| {
        let kind = other.unparenthesized().kind();
        other != side.node && matches!(kind, Kind::List | Kind::Tuple | Kind::String)
    };
    product.node.children().any(is_repeated)
}

/// What an argument gives, in words.
fn given<'p>(argument: Site<'p>) -> &'p str {
    argument.child(Field::Value).unwrap_or(argument).text()
}

/// Whether a change only takes something out: `del xs[k]`, `xs.pop()`.
fn takes_out(change: Site<'_>) -> bool {
    const METHODS: &[&str] = &[
        "clear", "discard", "pop", "popitem", "popleft", "remove", "reverse", "rotate", "sort",
    ];
    change.node.kind() == Kind::Delete
        || change
            .node
            .child(Field::Function)
            .and_then(|callee| callee.child(Field::Attribute))
            .is_some_and(|method| METHODS.contains(&method.text()))
}

fn is_parameter(name: Site<'_>) -> bool {
    let is_given = |binding: &BindingSite<'_>| binding.binding.kind == BindingKind::Parameter;
    name.node.kind() == Kind::Name
        && matches!(name.resolve(), Resolution::Local(bindings) if bindings.iter().any(is_given))
}

/// The statement that a site is part of; itself, where there is none.
fn statement(site: Site<'_>) -> Site<'_> {
    site.node.statement().map_or(site, |node| site.with(node))
}
