//! State that several threads reach: globals, closure variables, attributes of shared objects, entries of shared containers.

use super::given::{Stands, is_own_object};
use super::steps::Step;
use super::{
    Chain, Class, ClassValue, Function, Project, StartKind, ThreadStart, Value, is_repeated,
    turn_around,
};
use crate::facts::{BindingKind, BindingSite, FileFacts, Resolution, Site};
use crate::syntax::{Field, Kind, Node};

/// A piece of state that threads share.
#[derive(Clone, Debug)]
pub struct SharedPlace<'p> {
    /// Equal for equal places: where it is made and its name.
    pub identity: String,
    /// Its last name, for messages.
    pub name: &'p str,
    /// The statement that makes it, where there is one.
    pub made: Option<Site<'p>>,
    /// Whether reading or writing it runs Python code: it is a property.
    pub runs_code: bool,
}

impl Project {
    /// The shared state that an expression of a function names, when the function runs in threads for the reason that `chain` tells. None where it is not shared, or not known to be.
    pub fn shared_place<'p>(
        &'p self,
        function: Function<'p>,
        place: Site<'p>,
        chain: &Chain<'p>,
    ) -> Option<SharedPlace<'p>> {
        match place.node.kind() {
            Kind::Name => self.shared_name(function, place, chain),
            Kind::Subscript => {
                let container = place.child(Field::Value)?;
                if self.is_own_slot(function, place, chain) {
                    return None;
                }
                let shared = self.shared_container(function, container, chain)?;
                Some(SharedPlace {
                    name: last_name(container.node),
                    ..shared
                })
            }
            Kind::Attribute => self.shared_attribute(function, place, chain),
            _ => None,
        }
    }

    /// The statements that assign to a variable of a module or of an outer function, or to an attribute of a module or of an object whose class is known: all over the project. Empty where the expression is none of these.
    pub fn assignments_to<'p>(&'p self, place: Site<'p>) -> Vec<Site<'p>> {
        match place.node.kind() {
            Kind::Name => self.assignments_to_name(place),
            Kind::Attribute => {
                let object = place
                    .child(Field::Object)
                    .map(|object| self.evaluate(object));
                let name = place.node.child(Field::Attribute).map_or("", Node::text);
                match object {
                    Some(Value::Module(file)) => self.assignments_to_member(file, name),
                    Some(Value::Instance(ClassValue::Known(class))) => {
                        let family = self.family(class);
                        self.assignments_to_attribute(name, |object| {
                            matches!(object, Value::Instance(ClassValue::Known(other)) if family.contains(other))
                        })
                    }
                    _ => Vec::new(),
                }
            }
            _ => Vec::new(),
        }
    }

    fn assignments_to_name<'p>(&'p self, name: Site<'p>) -> Vec<Site<'p>> {
        match name.resolve() {
            Resolution::Module(bindings) => match bindings.first() {
                Some(first) if first.binding.kind == BindingKind::FromImport => Vec::new(),
                Some(first) => self.assignments_to_member(first.name.file, name.text()),
                None => Vec::new(),
            },
            Resolution::Local(bindings) => assigning(&bindings),
            Resolution::Free => Vec::new(),
        }
    }

    /// `name = …` in a module, and `module.name = …` everywhere.
    fn assignments_to_member<'p>(&'p self, file: &'p FileFacts, name: &str) -> Vec<Site<'p>> {
        let mut found = assigning(&file.module_bindings(name));
        found.extend(self.assignments_to_attribute(
            name,
            |object| matches!(object, Value::Module(other) if std::ptr::eq(*other, file)),
        ));
        found
    }

    fn assignments_to_attribute<'p>(
        &'p self,
        name: &str,
        is_owner: impl Fn(&Value<'p>) -> bool,
    ) -> Vec<Site<'p>> {
        let all = self.attributes_of_objects(name);
        let bound = all.filter(|(attribute, object)| {
            attribute.node.field() == Field::Left && is_owner(object)
        });
        bound
            .filter_map(|(attribute, _)| statement(attribute))
            .collect()
    }

    /// The shared object that an expression of a function denotes: the same, where a name need not be declared `global` because it is not bound.
    pub fn shared_container<'p>(
        &'p self,
        function: Function<'p>,
        container: Site<'p>,
        chain: &Chain<'p>,
    ) -> Option<SharedPlace<'p>> {
        match container.node.kind() {
            Kind::Name => self.shared_object(function, container, chain),
            Kind::Attribute => self
                .shared_given(container, chain)
                .or_else(|| self.shared_attribute(function, container, chain)),
            _ => self.shared_place(function, container, chain),
        }
    }

    /// A name that the function declares `global` or `nonlocal`.
    fn shared_name<'p>(
        &'p self,
        function: Function<'p>,
        name: Site<'p>,
        chain: &Chain<'p>,
    ) -> Option<SharedPlace<'p>> {
        let body = name.body();
        let declared = body
            .bindings_in(function.scope(), name.text())
            .find(|binding| matches!(binding.kind, BindingKind::Global | BindingKind::Nonlocal))?;
        let bindings = match (declared.kind, name.resolve()) {
            (BindingKind::Global, Resolution::Module(bindings)) => bindings,
            (BindingKind::Nonlocal, Resolution::Local(bindings)) => bindings,
            _ => return None,
        };
        let first = bindings
            .iter()
            .find(|binding| binding.binding.scope != function.scope())?;
        if declared.kind == BindingKind::Nonlocal && !starts_inside(*first, chain) {
            return None;
        }
        Some(place_of(*first, name))
    }

    /// A name that stands for an object which the threads share: a global, or a variable of the function in which the threads are started.
    pub fn shared_object<'p>(
        &'p self,
        function: Function<'p>,
        name: Site<'p>,
        chain: &Chain<'p>,
    ) -> Option<SharedPlace<'p>> {
        if self.is_of_one_thread(name) {
            return None;
        }
        match name.resolve() {
            Resolution::Module(bindings) => bindings
                .first()
                .map(|first| place_of(self.through_imports(*first), name)),
            Resolution::Local(bindings) => {
                let first = bindings.first()?;
                match first.binding.kind {
                    _ if first.binding.scope == function.scope() => self.shared_given(name, chain),
                    _ => starts_inside(*first, chain).then(|| place_of(*first, name)),
                }
            }
            Resolution::Free => None,
        }
    }

    /// For an imported name, the binding in the file that it comes from.
    fn through_imports<'p>(&'p self, binding: BindingSite<'p>) -> BindingSite<'p> {
        match binding.binding.kind {
            BindingKind::FromImport => self.bound_at(binding.name).unwrap_or(binding),
            _ => binding,
        }
    }

    fn is_of_one_thread<'p>(&'p self, object: Site<'p>) -> bool {
        match self.evaluate(object) {
            Value::Instance(ClassValue::External(name)) => {
                name.as_ref() == "threading.local" || name.starts_with("contextvars.")
            }
            Value::Instance(class @ ClassValue::Known(_)) => {
                self.derives_from(&class, "threading.local") != Some(false)
            }
            _ => false,
        }
    }

    /// The object that a name or an attribute of a function stands for, where it was given on the way from the start and is shared there.
    fn shared_given<'p>(&'p self, object: Site<'p>, chain: &Chain<'p>) -> Option<SharedPlace<'p>> {
        // a name may lead back to itself
        let _step = Step::take()?;
        let named = self.first_named(object, chain.start, &chain.calls);
        match named.stands {
            Stands::At(call) => self.made_outside(named.expression, call),
            Stands::After(_) if named.expression == object => None,
            Stands::After(passed) => {
                let way = Chain {
                    start: chain.start,
                    calls: chain.calls[..passed].to_vec(),
                };
                let function = Function::around(named.expression)?;
                self.shared_container(function, named.expression, &way)
            }
        }
    }

    /// The place of an object that is named at a call which starts threads, or makes the object that they run on: one for all turns of the loop around the call.
    fn made_outside<'p>(&'p self, object: Site<'p>, call: Site<'p>) -> Option<SharedPlace<'p>> {
        if self.is_of_one_thread(object) {
            return None;
        }
        match object.node.kind() {
            Kind::Name => {}
            Kind::Attribute => {
                let owner = object.child(Field::Object)?;
                return match self.evaluate(owner) {
                    Value::Module(file) => {
                        let name = object.node.child(Field::Attribute)?.text();
                        let first = *file.module_bindings(name).first()?;
                        Some(place_of(self.through_imports(first), object))
                    }
                    Value::Instance(ClassValue::Known(class)) if is_own_object(owner) => {
                        Some(SharedPlace {
                            identity: format!(
                                "{}.{}",
                                self.class_name(class),
                                last_name(object.node)
                            ),
                            name: last_name(object.node),
                            made: None,
                            runs_code: false,
                        })
                    }
                    _ => None,
                };
            }
            _ => return None,
        }
        let (Resolution::Local(bindings) | Resolution::Module(bindings)) = object.resolve() else {
            return None;
        };
        let [only] = bindings[..] else { return None };
        let made = match only.binding.kind {
            BindingKind::Assignment => only.value().is_some_and(|value| {
                matches!(
                    value.node.kind(),
                    Kind::Call | Kind::List | Kind::Dict | Kind::Set
                )
            }),
            BindingKind::Parameter => true,
            _ => false,
        };
        let repeats = |node: &Node<'p>| matches!(node.kind(), Kind::For | Kind::While);
        let loops = call.node.ancestors().filter(repeats);
        let inside = loops
            .into_iter()
            .any(|around| around.contains(only.name.node));
        (made && !inside).then(|| place_of(only, object))
    }

    fn shared_attribute<'p>(
        &'p self,
        function: Function<'p>,
        attribute: Site<'p>,
        chain: &Chain<'p>,
    ) -> Option<SharedPlace<'p>> {
        let object = attribute.child(Field::Object)?;
        let name = attribute.node.child(Field::Attribute)?.text();
        let runs_code = |class: Class<'p>| {
            let own = class.site.members_named(name).into_iter();
            own.filter_map(|member| Function::at(member.value()?))
                .any(|method| method.has_decorator(self, &["builtins.property"]))
        };
        match self.evaluate(object) {
            Value::Module(file) => {
                let first = *file.module_bindings(name).first()?;
                Some(place_of(self.through_imports(first), attribute))
            }
            Value::Class(class) => {
                let identity = format!("{}.{name}", self.class_name(class));
                let made = class
                    .site
                    .members_named(name)
                    .first()
                    .and_then(|member| statement(member.name));
                Some(SharedPlace {
                    identity,
                    name,
                    made,
                    runs_code: false,
                })
            }
            Value::Instance(ClassValue::Known(class)) => {
                if self.is_of_one_thread(object) {
                    return None;
                }
                let shared = if is_own_object(object) {
                    self.shared_self(class, object, chain)?
                } else {
                    self.shared_container(function, object, chain)?
                };
                Some(SharedPlace {
                    identity: format!("{}.{name}", shared.identity),
                    name,
                    runs_code: runs_code(class),
                    ..shared
                })
            }
            Value::Unknown if matches!(object.node.kind(), Kind::Name | Kind::Attribute) => {
                let shared = self.shared_given(object, chain)?;
                Some(SharedPlace {
                    identity: format!("{}.{name}", shared.identity),
                    name,
                    ..shared
                })
            }
            _ => None,
        }
    }

    /// The object whose method runs, where it is the same in several threads: as it was given on the way. Where that is the object of the method that starts the threads,
    /// it is known by its class.
    fn shared_self<'p>(
        &'p self,
        class: Class<'p>,
        object: Site<'p>,
        chain: &Chain<'p>,
    ) -> Option<SharedPlace<'p>> {
        let named = self.first_named(object, chain.start, &chain.calls);
        if matches!(named.stands, Stands::At(_)) && is_own_object(named.expression) {
            return Some(SharedPlace {
                identity: self.class_name(class),
                name: object.text(),
                made: None,
                runs_code: false,
            });
        }
        self.shared_given(object, chain)
    }

    /// `hits[slot]`, where each thread gets a slot of its own.
    fn is_own_slot<'p>(
        &'p self,
        function: Function<'p>,
        place: Site<'p>,
        chain: &Chain<'p>,
    ) -> bool {
        let index = place
            .child(Field::Subscript)
            .filter(|index| index.node.kind() == Kind::Name);
        let is_parameter = index.is_some_and(|index| {
            function
                .parameters()
                .any(|parameter| parameter.name.text() == index.text())
        });
        let start = chain.start.call.node;
        let loops = start
            .ancestors()
            .filter(|node| matches!(node.kind(), Kind::For | Kind::ListComprehension));
        let is_handed = |name: Node<'_>| {
            let mut used = start.descendants();
            used.any(|node| node.kind() == Kind::Name && node.text() == name.text())
        };
        let counts = loops.into_iter().any(|node| {
            let clause = if node.kind() == Kind::For {
                Some(node)
            } else {
                node.child_of(Kind::ForInClause)
            };
            let iterable = clause.and_then(|clause| clause.child(Field::Right));
            let counted = clause.and_then(|clause| clause.child(Field::Left));
            iterable
                .and_then(|iterable| iterable.child(Field::Function))
                .is_some_and(|callee| matches!(callee.text(), "enumerate" | "range"))
                && counted
                    .into_iter()
                    .flat_map(Node::with_descendants)
                    .any(|name| name.kind() == Kind::Name && is_handed(name))
        });
        is_parameter && counts
    }
}

/// The statements among bindings that assign a value.
fn assigning<'p>(bindings: &[BindingSite<'p>]) -> Vec<Site<'p>> {
    let values = bindings.iter().filter(|binding| {
        matches!(
            binding.binding.kind,
            BindingKind::Assignment | BindingKind::Augmented
        )
    });
    values
        .filter_map(|binding| statement(binding.name))
        .collect()
}

fn last_name(node: Node<'_>) -> &str {
    node.child(Field::Attribute).unwrap_or(node).text()
}

fn statement(name: Site<'_>) -> Option<Site<'_>> {
    name.node.statement().map(|node| name.with(node))
}

fn place_of<'p>(binding: BindingSite<'p>, place: Site<'p>) -> SharedPlace<'p> {
    let identity = format!(
        "{}:{}",
        binding.name.file.path().display(),
        binding.name.range().start
    );
    SharedPlace {
        identity,
        name: last_name(place.node),
        made: statement(binding.name),
        runs_code: false,
    }
}

/// Whether the threads are started in the function that binds a variable: then they share one.
fn starts_inside(binding: BindingSite<'_>, chain: &Chain<'_>) -> bool {
    let owner = Function::around(binding.name);
    owner.is_some() && Function::around(chain.start.call) == owner
}

impl<'p> Chain<'p> {
    /// Whether one start makes several threads of its function at a time: it stands in a loop that does not wait for each, or hands out many items.
    pub fn is_many(&self) -> bool {
        let start = self.start;
        if matches!(start.kind, StartKind::Map | StartKind::Requests) {
            return true;
        }
        // the loop over several targets comes to each once
        let repeated = match turn_around(start.call).filter(|_| start.is_item) {
            Some(turn) => turn,
            None => start.call,
        };
        is_repeated(repeated) && !start.is_waited_for()
    }
}

impl ThreadStart<'_> {
    /// Whether whoever starts the thread waits for it before going on to the next.
    pub fn is_waited_for(&self) -> bool {
        self.is_awaited() || is_joined_at_once(self.call)
    }

    /// Whether the coroutine that starts the thread awaits it where it stands.
    pub fn is_awaited(&self) -> bool {
        self.call.node.parent().map(Node::kind) == Some(Kind::Await)
    }
}

/// Whether the loop that holds a start also joins what it has started.
fn is_joined_at_once(start: Site<'_>) -> bool {
    let around = start
        .node
        .ancestors()
        .find(|node| matches!(node.kind(), Kind::For | Kind::While));
    let joins = |node: Node<'_>| {
        let method = node
            .child(Field::Function)
            .and_then(|callee| callee.child(Field::Attribute));
        node.kind() == Kind::Call
            && method.is_some_and(|method| matches!(method.text(), "join" | "result"))
    };
    around.is_some_and(|around| around.descendants().any(joins))
}
