//! One object, followed from where it is made or bound, through local names, containers, methods and the functions that it is given to.

mod arguments;
mod targets;

use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::outside::is_container_name;
use super::readings::{readings, stores_or_deletes};
use super::ruled_out::is_ruled_out;
use super::{Class, ClassValue, Followed, Function, Parameter, Part, Project, Reach, Use, Value};
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
            self.note(Reach::Stored, view, name.statement());
            return;
        }
        let class = name.class_around(binding.scope);
        if let Some((class, _)) = class {
            self.note(Reach::Stored, view, name.statement());
            if self.object.through_stores
                && let Some(class) = Class::at(class)
            {
                self.follow_attribute(class, name.text(), view);
            }
        } else if body.scopes[binding.scope].kind == ScopeKind::Root {
            self.note(Reach::Stored, view, name.statement());
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
                self.note(reach, view, site.statement());
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
            self.changed(view, item.statement());
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
            self.changed(view, assignment.statement());
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
                self.changed(view, attribute.statement());
            }
        } else if let Some(ClassValue::Known(_)) = self.class(view) {
            self.go(attribute, view.element());
        } else if MUTATING_METHODS.contains(&name) {
            // the bound method itself is kept: `add = xs.append`
            self.note(Reach::PassedOn, view, attribute.statement());
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
}

/// Whether a side of a product only says how often the other one is repeated: `[0] * size`.
fn is_count(product: Site<'_>, side: Site<'_>) -> bool {
    let is_repeated = |other: Node<'_>| {
        let kind = other.unparenthesized().kind();
        other != side.node && matches!(kind, Kind::List | Kind::Tuple | Kind::String)
    };
    product.node.children().any(is_repeated)
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
