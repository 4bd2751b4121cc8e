//! State that several threads reach: globals, closure variables, attributes of shared objects, entries of shared containers.

use super::{
    Chain, Class, ClassValue, Function, ParameterKind, Project, StartKind, Value, is_repeated,
    object_of_step,
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
                    BindingKind::Parameter if first.binding.scope == function.scope() => {
                        self.shared_argument(function, name, chain)
                    }
                    _ if first.binding.scope == function.scope() => None,
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

    /// The object that the thread's target gets for a parameter, where all threads get the same.
    fn shared_argument<'p>(
        &'p self,
        function: Function<'p>,
        name: Site<'p>,
        chain: &Chain<'p>,
    ) -> Option<SharedPlace<'p>> {
        let start = chain.start;
        if !chain.calls.is_empty()
            || start.function != Some(function)
            || !matches!(
                start.kind,
                StartKind::Thread | StartKind::Submit | StartKind::ToThread
            )
        {
            return None;
        }
        let parameters: Vec<_> = function
            .parameters()
            .filter(|parameter| {
                matches!(
                    parameter.kind,
                    ParameterKind::Positional | ParameterKind::PositionalOnly
                )
            })
            .collect();
        let skip = usize::from(function.class().is_some());
        let at = parameters
            .iter()
            .position(|parameter| parameter.name.text() == name.text())?
            .checked_sub(skip)?;
        let arguments = start.call.node.child(Field::Arguments)?;
        let given = if start.kind == StartKind::Thread {
            let args = arguments.children().find(|argument| {
                argument
                    .child(Field::Name)
                    .is_some_and(|name| name.text() == "args")
            })?;
            args.child(Field::Value)?.children().nth(at)?
        } else {
            arguments
                .children()
                .filter(|argument| argument.kind() != Kind::KeywordArgument)
                .nth(at + 1)?
        };
        let given = start.call.with(given);
        self.made_outside(given, start.call)
    }

    /// The place of an object that is named at a start and made outside of the loop that starts the threads.
    fn made_outside<'p>(&'p self, object: Site<'p>, start: Site<'p>) -> Option<SharedPlace<'p>> {
        if object.node.kind() != Kind::Name {
            return None;
        }
        let (Resolution::Local(bindings) | Resolution::Module(bindings)) = object.resolve() else {
            return None;
        };
        let [only] = bindings[..] else { return None };
        let made = matches!(only.binding.kind, BindingKind::Assignment)
            && only.value().is_some_and(|value| {
                matches!(
                    value.node.kind(),
                    Kind::Call | Kind::List | Kind::Dict | Kind::Set
                )
            });
        let repeats = |node: &Node<'p>| matches!(node.kind(), Kind::For | Kind::While);
        let loops = start.node.ancestors().filter(repeats);
        let inside = loops
            .into_iter()
            .any(|around| around.contains(only.name.node));
        (made && !inside).then(|| place_of(only, object))
    }

    /// For the attribute of a thread object that its constructor was given: the object that was given to all threads which a start makes.
    pub fn shared_through_constructor<'p>(
        &'p self,
        attribute: Site<'p>,
        chain: &Chain<'p>,
    ) -> Option<SharedPlace<'p>> {
        let start = chain.start;
        let class = start.receiver.map(|receiver| receiver.class)?;
        let name = attribute.node.child(Field::Attribute)?.text();
        let init = self.find_method(class, "__init__")?;
        let owner = attribute.child(Field::Object)?;
        let is_own = Value::Instance(ClassValue::Known(class)) == self.evaluate(owner);
        let [stored] = class.assigned_to_self(name)[..] else {
            return None;
        };
        if start.kind != StartKind::Subclass
            || !is_own
            || !chain.calls.is_empty()
            || Function::around(stored) != Some(init)
        {
            return None;
        }
        let arguments = start.call.child(Field::Arguments)?;
        let given = arguments.node.children().find(|argument| {
            let parameter = self.parameter_of(init, true, arguments.with(*argument));
            parameter.is_some_and(|parameter| parameter.name.text() == stored.text())
        })?;
        let given = given.child(Field::Value).unwrap_or(given);
        self.made_outside(start.call.with(given), start.call)
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
            Value::Class(class) if object.node.kind() == Kind::Name => {
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
                let first = function
                    .first_parameter()
                    .filter(|_| function.class().is_some());
                if object.node.kind() == Kind::Name && first == Some(object.text()) {
                    let shared = self.shared_self(function, chain)?;
                    return Some(SharedPlace {
                        identity: format!(
                            "{}.{name}",
                            shared.unwrap_or_else(|| self.class_name(class))
                        ),
                        name,
                        made: None,
                        runs_code: runs_code(class),
                    });
                }
                let shared = self
                    .shared_object(function, object, chain)
                    .filter(|_| object.node.kind() == Kind::Name)?;
                Some(SharedPlace {
                    identity: format!("{}.{name}", shared.identity),
                    name,
                    runs_code: runs_code(class),
                    ..shared
                })
            }
            Value::Unknown if object.node.kind() == Kind::Name => {
                let shared = self.shared_argument(function, object, chain)?;
                Some(SharedPlace {
                    identity: format!("{}.{name}", shared.identity),
                    name,
                    ..shared
                })
            }
            _ => None,
        }
    }

    /// The object whose method runs, where it is the same in several threads: the target is its bound method, and the calls on the way stay on it. With nothing inside,
    /// it is the object of the method that starts the thread.
    fn shared_self<'p>(
        &'p self,
        function: Function<'p>,
        chain: &Chain<'p>,
    ) -> Option<Option<String>> {
        let stays = chain.calls.iter().all(|call| {
            let caller = Function::around(*call);
            let own = caller
                .filter(|caller| caller.class().is_some())
                .and_then(Function::first_parameter);
            own.is_some() && object_of_step(*call).map(Site::text) == own
        });
        let target = chain.start.target?;
        let object = target.child(Field::Object)?;
        if !stays || function.class().is_none() || chain.start.kind == StartKind::Subclass {
            return None;
        }
        let starter = Function::around(chain.start.call);
        let is_self = starter.is_some_and(|starter| {
            starter.class().is_some() && starter.first_parameter() == Some(object.text())
        });
        if is_self {
            return Some(None);
        }
        let made = self.made_outside(object, chain.start.call)?;
        Some(Some(made.identity))
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
    /// Whether one start makes several threads at a time: it stands in a loop that does not wait for each, or hands out many items.
    pub fn is_many(&self) -> bool {
        let start = self.start;
        if matches!(start.kind, StartKind::Map) {
            return true;
        }
        is_repeated(start.call) && !is_joined_at_once(start.call)
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
