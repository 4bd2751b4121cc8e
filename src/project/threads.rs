//! Execution contexts: which functions run in threads, and the places that make them do so.

use std::path::PathBuf;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::{Class, ClassValue, Function, HandKind, Kept, Project, Spot, StartKind, Value};
use crate::facts::trace::Changed;
use crate::facts::{FileFacts, Site, Subjects};
use crate::syntax::{Field, Kind, Node};

/// A call that makes a function run in a thread, or prepares it.
#[derive(Clone, Copy, Debug)]
pub struct ThreadStart<'p> {
    pub kind: StartKind,
    /// The call.
    pub call: Site<'p>,
    /// The expression that names the target; none for a subclass's `run`.
    pub target: Option<Site<'p>>,
    /// The target, where it is one of the project's functions.
    pub function: Option<Function<'p>>,
    /// The object whose method the target is.
    pub receiver: Option<Receiver<'p>>,
}

/// The object whose method is called.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Receiver<'p> {
    pub class: Class<'p>,
    /// Whether it is of this very class, and not perhaps of a subclass.
    pub exact: bool,
}

/// Why a function may run in a thread: the start, and the calls from its target to the function.
#[derive(Clone, Debug)]
pub struct Chain<'p> {
    pub start: ThreadStart<'p>,
    /// The calls from there to the function, and the attributes that run a property.
    pub calls: Vec<Site<'p>>,
}

/// What runs in threads over the whole project, worked out once. By spots, because a project cannot hold what borrows it.
#[derive(Default)]
pub(super) struct Memo {
    starts: Kept<Starts>,
    /// Following the calls costs more than finding the starts, and not every rule asks for it.
    chains: Kept<Chains>,
}

impl Memo {
    /// What of an earlier project's still holds.
    pub(super) fn after(&self, changed: &mut Changed<'_>) -> Memo {
        Memo {
            starts: self.starts.after(changed),
            chains: self.chains.after(changed),
        }
    }
}

#[derive(Default)]
struct Starts {
    all: Vec<Spot>,
    /// By the file of the target.
    by_target: FxHashMap<Arc<PathBuf>, Vec<Spot>>,
}

#[derive(Default)]
struct Chains {
    /// By function: the start, and the calls from its target to the function.
    by_function: FxHashMap<Spot, Vec<(Spot, Vec<Spot>)>>,
    /// By file: the functions.
    by_file: FxHashMap<Arc<PathBuf>, Vec<Spot>>,
}

/// How many calls away from a thread's target a function may be.
const CALLS: usize = 4;

impl Project {
    fn all_starts(&self) -> &Starts {
        self.keep(&self.threads.starts, || {
            let mut starts = Starts::default();
            for start in self.files().flat_map(|file| self.starts_in(file)) {
                let spot = Spot::of(start.call);
                if let Some(function) = start.function {
                    let path = Arc::clone(function.site.file.path());
                    let targets = starts.by_target.entry(path).or_default();
                    targets.push(spot.clone());
                }
                starts.all.push(spot);
            }
            starts
        })
    }

    fn all_chains(&self) -> &Chains {
        self.keep(&self.threads.chains, || {
            let mut chains = Chains::default();
            for start in self.thread_starts() {
                if let Some(function) = start.function {
                    self.spread(function, start.receiver, start, Vec::new(), &mut chains);
                }
            }
            for function in chains.by_function.keys() {
                chains
                    .by_file
                    .entry(Arc::clone(&function.path))
                    .or_default()
                    .push(function.clone());
            }
            chains
        })
    }

    /// The calls of the whole project that make a function run in a thread.
    fn thread_starts(&self) -> impl Iterator<Item = ThreadStart<'_>> {
        self.all_starts()
            .all
            .iter()
            .filter_map(|spot| self.thread_start(self.site(spot)?))
    }

    /// The calls of the whole project that make a function of this file run in a thread.
    pub fn starts_of<'p>(&'p self, file: &FileFacts) -> impl Iterator<Item = ThreadStart<'p>> {
        let known = self.all_starts().by_target.get(file.path());
        known
            .into_iter()
            .flatten()
            .filter_map(|spot| self.thread_start(self.site(spot)?))
    }

    /// The functions of a file that threads run, by place.
    pub fn threaded_in<'p>(&'p self, file: &'p FileFacts) -> Vec<Function<'p>> {
        let spots = self.all_chains().by_file.get(file.path());
        let spots = spots.into_iter().flatten();
        let mut found: Vec<Function<'p>> = spots
            .filter_map(|spot| Function::at(self.site(spot)?))
            .collect();
        found.sort_by_key(|function| function.site.range().start);
        found
    }

    /// The functions of the whole project that threads run, by file and place.
    pub fn threaded<'p>(&'p self) -> impl Iterator<Item = Function<'p>> {
        let files = &self.all_chains().by_file;
        let mut files: Vec<&Arc<PathBuf>> = files.keys().collect();
        files.sort();
        let files = files.into_iter().filter_map(|path| self.file(path));
        files.flat_map(|file| self.threaded_in(file))
    }

    /// Why a function may run in a thread; empty where nothing shows that it does.
    pub fn chains<'p>(&'p self, function: Function<'p>) -> Vec<Chain<'p>> {
        let known = self
            .all_chains()
            .by_function
            .get(&Spot::of(function.site))
            .map_or(&[][..], Vec::as_slice);
        let chain = |(start, calls): &(Spot, Vec<Spot>)| {
            let start = self.thread_start(self.site(start)?)?;
            Some(Chain {
                start,
                calls: calls.iter().filter_map(|spot| self.site(spot)).collect(),
            })
        };
        known.iter().filter_map(chain).collect()
    }

    /// The calls of one file that make a function run in a thread.
    pub fn starts_in<'p>(&'p self, file: &'p FileFacts) -> impl Iterator<Item = ThreadStart<'p>> {
        self.about(file, Subjects::THREADS)
            .flat_map(move |segment| {
                let root = file.root(segment);
                root.body()
                    .calls
                    .iter()
                    .filter_map(move |call| self.thread_start(root.at(*call)))
            })
    }

    /// A call, as a thread start.
    pub fn thread_start<'p>(&'p self, call: Site<'p>) -> Option<ThreadStart<'p>> {
        let handed = self.hand_over(call)?;
        let HandKind::Start(kind) = handed.kind else {
            return None;
        };
        let made = call
            .child(Field::Function)
            .map(|callee| self.evaluate(callee));
        let (target, runs) = match made {
            Some(Value::Class(class)) if handed.target.is_none() => {
                let receiver = Receiver { class, exact: true };
                match self.find_method(class, "run") {
                    Some(run) if kind == StartKind::Subclass => (None, Some((run, Some(receiver)))),
                    _ => {
                        let target = self.handed_up(class).and_then(|handed| handed.target);
                        let runs = target.and_then(|target| self.runs_on(target));
                        let of_it = |receiver: Receiver<'p>| Receiver {
                            exact: receiver.exact || receiver.class == class,
                            ..receiver
                        };
                        let runs = runs.map(|(function, on)| (function, on.map(of_it)));
                        (target, runs)
                    }
                }
            }
            _ => (
                handed.target,
                handed.target.and_then(|target| self.runs_on(target)),
            ),
        };
        // what `super().__init__(target=…)` prepares is started where the subclass is made
        let is_init = call
            .node
            .child(Field::Function)
            .and_then(|callee| callee.child(Field::Attribute))
            .is_some_and(|name| name.text() == "__init__");
        (!is_init).then_some(ThreadStart {
            kind,
            call,
            target,
            function: runs.map(|(function, _)| function),
            receiver: runs.and_then(|(_, receiver)| receiver),
        })
    }

    /// What a call in a function calls, when the function runs on an object; and the object of the called method.
    pub(super) fn called<'p>(
        &'p self,
        call: Site<'p>,
        function: Function<'p>,
        receiver: Option<Receiver<'p>>,
    ) -> (Value<'p>, Option<Receiver<'p>>) {
        let Some(callee) = call.child(Field::Function) else {
            return (Value::Unknown, None);
        };
        let object = callee.child(Field::Object);
        let is_self = function.class().is_some()
            && object.is_some_and(|object| Some(object.text()) == function.first_parameter());
        if let (Some(receiver), true, Some(name)) =
            (receiver, is_self, callee.node.child(Field::Attribute))
        {
            let value = self.instance_attribute(receiver.class, name.text(), 0);
            return (value, Some(receiver));
        }
        let value = self.evaluate(callee);
        let on = match (&value, object) {
            (Value::Method(_), Some(object)) => match self.evaluate(object) {
                Value::Instance(ClassValue::Known(class)) => Some(Receiver {
                    class,
                    exact: object.node.kind() == Kind::Call,
                }),
                _ => receiver.filter(|_| self.class_of_super(object).is_some()),
            },
            _ => None,
        };
        (value, on)
    }

    /// Notes that a function runs in a thread, and with it what it calls.
    fn spread<'p>(
        &'p self,
        function: Function<'p>,
        receiver: Option<Receiver<'p>>,
        start: ThreadStart<'p>,
        calls: Vec<Site<'p>>,
        chains: &mut Chains,
    ) {
        let known = chains
            .by_function
            .entry(Spot::of(function.site))
            .or_default();
        let spot = Spot::of(start.call);
        if calls.len() > CALLS || known.iter().any(|(other, _)| *other == spot) {
            return;
        }
        known.push((spot, calls.iter().copied().map(Spot::of).collect()));
        for site in function.nodes() {
            for (target, on) in self.run_at(site, function, receiver, start, &calls) {
                let mut further = calls.clone();
                further.push(site);
                self.spread(target, on, start, further, chains);
            }
        }
    }

    /// The functions that are run where a node stands: by a call, or by a property of the own object. With each, the object whose method it is.
    fn run_at<'p>(
        &'p self,
        site: Site<'p>,
        function: Function<'p>,
        receiver: Option<Receiver<'p>>,
        start: ThreadStart<'p>,
        calls: &[Site<'p>],
    ) -> Vec<(Function<'p>, Option<Receiver<'p>>)> {
        match site.node.kind() {
            Kind::Call => match self.called(site, function, receiver) {
                (Value::Function(target) | Value::Method(target), on) => vec![(target, on)],
                (Value::Unknown, _) => {
                    let given = self.called_as_given(site, start, calls);
                    given.into_iter().collect()
                }
                _ => Vec::new(),
            },
            Kind::Attribute if site.node.field() != Field::Function => {
                let object = site.node.child(Field::Object).map(Node::text);
                let Some(own) = function
                    .class()
                    .filter(|_| object.is_some() && object == function.first_parameter())
                else {
                    return Vec::new();
                };
                let class = receiver.map_or(own, |receiver| receiver.class);
                let accessors = self.accessors(class, site);
                accessors.map(|target| (target, receiver)).collect()
            }
            _ => Vec::new(),
        }
    }

    /// What a call runs whose callee, or the object before its dot, was given on the way from a thread's start.
    fn called_as_given<'p>(
        &'p self,
        call: Site<'p>,
        start: ThreadStart<'p>,
        calls: &[Site<'p>],
    ) -> Option<(Function<'p>, Option<Receiver<'p>>)> {
        let callee = call.child(Field::Function)?;
        if callee.node.kind() == Kind::Name {
            let named = self.first_named(callee, start, calls);
            return self.runs_on(named.expression);
        }
        let name = callee.node.child(Field::Attribute)?.text();
        let object = self.first_named(callee.child(Field::Object)?, start, calls);
        let Value::Instance(ClassValue::Known(class)) = self.evaluate(object.expression) else {
            return None;
        };
        let (Value::Function(target) | Value::Method(target)) =
            self.instance_attribute(class, name, 0)
        else {
            return None;
        };
        let exact = object.expression.node.kind() == Kind::Call;
        Some((target, Some(Receiver { class, exact })))
    }
}

/// The object whose method, or whose property, is run where a step of a chain stands.
pub fn object_of_step(step: Site<'_>) -> Option<Site<'_>> {
    let named = match step.node.kind() {
        Kind::Call => step.child(Field::Function)?,
        _ => step,
    };
    named.child(Field::Object)
}

/// Whether a call stands in a loop or a comprehension of the function (or module) that holds it, and is executed at every turn.
pub fn is_repeated(call: Site<'_>) -> bool {
    turn_around(call).is_some()
}

/// The innermost loop or comprehension of the same function that executes a node at every turn.
pub fn turn_around(site: Site<'_>) -> Option<Site<'_>> {
    let mut node = site.node;
    while let Some(parent) = node.parent() {
        if super::functions::is_definition(parent.kind()) {
            return None;
        }
        let is_turn = match parent.kind() {
            Kind::For => node.field() == Field::Body,
            Kind::While => node.kind() != Kind::ElseClause,
            Kind::ListComprehension
            | Kind::SetComprehension
            | Kind::DictComprehension
            | Kind::GeneratorExpression => {
                parent.child_of(Kind::ForInClause) != Some(node) || !is_iterable(node, site.node)
            }
            _ => false,
        };
        if is_turn {
            return Some(site.with(parent));
        }
        node = parent;
    }
    None
}

/// Whether a node stands in the iterable of a comprehension's clause.
fn is_iterable(clause: Node<'_>, node: Node<'_>) -> bool {
    clause
        .child(Field::Right)
        .is_some_and(|iterable| iterable.contains(node))
}
