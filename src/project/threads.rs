//! Execution contexts: which functions run in threads, and the places that make them do so.

use std::hash::BuildHasher;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustc_hash::{FxBuildHasher, FxHashMap};

use super::{
    Class, ClassValue, Function, HandKind, Kept, KeptBy, Project, Spot, StartKind, Value, given,
};
use crate::facts::trace::{Changed, Traced, use_compared};
use crate::facts::{FileFacts, Site, Subjects};
use crate::syntax::{Field, Kind, Node, NodeId};

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
    /// Whether the target is an item of what the loop around the call goes over: each turn comes to another one.
    pub is_item: bool,
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
    /// What a start makes run in its thread: an edit concerns few of them.
    ways: KeptBy<Arc<Start>, Ways>,
    /// What a function runs when it runs on an object.
    runs: KeptBy<(Spot, Option<On>), Vec<Run>>,
}

impl Memo {
    /// What of an earlier project's still holds.
    pub(super) fn after(&self, changed: &mut Changed<'_>) -> Memo {
        Memo {
            starts: self.starts.after(changed),
            chains: self.chains.after(changed),
            ways: self.ways.after(changed),
            runs: self.runs.after(changed),
        }
    }
}

#[derive(Default)]
struct Starts {
    all: Vec<Arc<Start>>,
    /// By the file of the target.
    by_target: FxHashMap<Arc<PathBuf>, Vec<Arc<Start>>>,
}

/// A [`ThreadStart`] by spots.
#[derive(PartialEq, Eq, Hash)]
struct Start {
    kind: StartKind,
    call: Spot,
    target: Option<Spot>,
    function: Option<Spot>,
    receiver: Option<On>,
    is_item: bool,
}

/// A [`Receiver`] by the spot of its class.
type On = (Spot, bool);

/// What is run where a node of a function stands.
struct Run {
    at: NodeId,
    runs: Runs,
}

enum Runs {
    /// These functions, each with the object whose method it is.
    Known(Vec<(Spot, Option<On>)>),
    /// What was given on the way from the thread's start.
    Given,
}

/// A start, and the calls from its target to a function.
type Way = (Arc<Start>, Vec<Spot>);

/// The functions that a start makes run in its thread, each with the way there.
type Ways = FxHashMap<Spot, Arc<Way>>;

/// What runs in threads. It is worked out again when an edit concerns any of it, and compared: what rules found for one function stays when another one changes.
#[derive(Default)]
struct Chains {
    by_function: FxHashMap<Spot, Vec<Arc<Way>>>,
    /// By file: the functions, by place.
    by_file: FxHashMap<Arc<PathBuf>, Vec<Spot>>,
}

impl Start {
    fn of(start: ThreadStart<'_>) -> Start {
        Start {
            kind: start.kind,
            call: Spot::of(start.call),
            target: start.target.map(Spot::of),
            function: start.function.map(|function| Spot::of(function.site)),
            receiver: start.receiver.map(on),
            is_item: start.is_item,
        }
    }
}

fn on(receiver: Receiver<'_>) -> On {
    (Spot::of(receiver.class.site), receiver.exact)
}

/// What somebody uses of the chains.
#[derive(Hash)]
enum Used<'u> {
    /// Which functions of which files run in threads.
    Functions,
    /// Which functions of a file do, by the bytes of its path.
    FunctionsIn(&'u [u8]),
    /// The chains of a function.
    ChainsOf(&'u Spot),
}

impl Used<'_> {
    /// By which the use is noted, and told that it differs.
    fn key(&self) -> u64 {
        FxBuildHasher.hash_one(self)
    }
}

fn in_file(path: &Path) -> Used<'_> {
    Used::FunctionsIn(path.as_os_str().as_encoded_bytes())
}

/// How many calls away from a thread's target a function may be.
const CALLS: usize = 4;

impl Project {
    fn all_starts(&self) -> &Starts {
        self.keep(&self.threads.starts, || {
            let mut starts = Starts::default();
            let named = self.files().flat_map(|file| self.starts_in(file));
            let named = named.flat_map(|start| self.starts_by_function(start));
            let requests = self.files().flat_map(|file| self.requests_in(file));
            for start in named.chain(requests) {
                let start = Arc::new(Start::of(start));
                if let Some(function) = &start.function {
                    let path = Arc::clone(&function.path);
                    let targets = starts.by_target.entry(path).or_default();
                    targets.push(Arc::clone(&start));
                }
                starts.all.push(start);
            }
            starts
        })
    }

    /// What is used of it is noted by whoever uses it.
    fn all_chains(&self) -> &Chains {
        self.keep_compared(&self.threads.chains, || {
            let mut chains = Chains::default();
            for start in &self.all_starts().all {
                let ways = self.ways_of(start);
                for (function, way) in ways.iter().flat_map(|ways| ways.get()) {
                    let ways = chains.by_function.entry(function.clone());
                    ways.or_default().push(Arc::clone(way));
                }
            }
            for function in chains.by_function.keys() {
                let path = Arc::clone(&function.path);
                chains
                    .by_file
                    .entry(path)
                    .or_default()
                    .push(function.clone());
            }
            for functions in chains.by_file.values_mut() {
                functions.sort_by_key(|function| (function.segment, function.node));
            }
            chains
        })
    }

    /// What a start makes run, in no order. None where that is no function of the project.
    fn ways_of(&self, start: &Arc<Start>) -> Option<Arc<Traced<Ways>>> {
        let function = Function::at(self.site(start.function.as_ref()?)?)?;
        let key = Arc::clone(start);
        Some(self.keep_by(&self.threads.ways, key, function, || {
            let mut ways = Ways::default();
            if let Some(known) = self.start(start) {
                let began = (start, known);
                self.spread(function, known.receiver, began, Vec::new(), &mut ways);
            }
            ways
        }))
    }

    /// Tells which of the chains differ in a later project.
    pub(super) fn compare_threads(&self, later: &Project, changed: &mut Changed<'_>) {
        let Some(old) = self.threads.chains.known() else {
            return;
        };
        let new = later.all_chains();
        let old = old.peek();
        if std::ptr::eq(old, new) {
            return;
        }
        let functions = old.by_function.keys().chain(new.by_function.keys());
        let differ = functions
            .filter(|function| old.by_function.get(*function) != new.by_function.get(*function));
        changed.differ(differ.map(|function| Used::ChainsOf(function).key()));
        let files = old.by_file.keys().chain(new.by_file.keys());
        let differ = files.filter(|path| old.by_file.get(*path) != new.by_file.get(*path));
        changed.differ(differ.flat_map(|path| [Used::Functions.key(), in_file(path).key()]));
    }

    fn start(&self, start: &Start) -> Option<ThreadStart<'_>> {
        let site = |spot: &Option<Spot>| self.site(spot.as_ref()?);
        Some(ThreadStart {
            kind: start.kind,
            call: self.site(&start.call)?,
            target: site(&start.target),
            function: site(&start.function).and_then(Function::at),
            receiver: self.receiver_at(start.receiver.as_ref()),
            is_item: start.is_item,
        })
    }

    fn receiver_at(&self, on: Option<&On>) -> Option<Receiver<'_>> {
        let (class, exact) = on?;
        Some(Receiver {
            class: Class::at(self.site(class)?)?,
            exact: *exact,
        })
    }

    /// The calls of the whole project that make a function of this file run in a thread.
    pub fn starts_of<'p>(&'p self, file: &FileFacts) -> impl Iterator<Item = ThreadStart<'p>> {
        let known = self.all_starts().by_target.get(file.path());
        let known = known.into_iter().flatten();
        known.filter_map(|start| self.start(start))
    }

    /// The functions of a file that threads run, by place.
    pub fn threaded_in<'p>(&'p self, file: &FileFacts) -> impl Iterator<Item = Function<'p>> {
        use_compared(in_file(file.path()).key());
        let spots = self.all_chains().by_file.get(file.path());
        let spots = spots.into_iter().flatten();
        spots.filter_map(|spot| Function::at(self.site(spot)?))
    }

    /// The functions of the whole project that threads run, by file and place.
    pub fn threaded<'p>(&'p self) -> impl Iterator<Item = Function<'p>> {
        use_compared(Used::Functions.key());
        let files = &self.all_chains().by_file;
        let mut files: Vec<&Arc<PathBuf>> = files.keys().collect();
        files.sort();
        let files = files.into_iter().filter_map(|path| self.file(path));
        files.flat_map(|file| self.threaded_in(file))
    }

    /// Why a function may run in a thread; empty where nothing shows that it does.
    pub fn chains<'p>(&'p self, function: Function<'p>) -> Vec<Chain<'p>> {
        let function = Spot::of(function.site);
        use_compared(Used::ChainsOf(&function).key());
        let known = self.all_chains().by_function.get(&function);
        let known = known.into_iter().flatten();
        let chain = |way: &Arc<Way>| {
            let (start, calls) = way.as_ref();
            Some(Chain {
                start: self.start(start)?,
                calls: calls.iter().filter_map(|spot| self.site(spot)).collect(),
            })
        };
        known.filter_map(chain).collect()
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
            is_item: false,
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
        began: (&Arc<Start>, ThreadStart<'p>),
        calls: Vec<Site<'p>>,
        ways: &mut Ways,
    ) {
        let spot = Spot::of(function.site);
        let (name, start) = began;
        if calls.len() > CALLS || ways.contains_key(&spot) {
            return;
        }
        let spots = calls.iter().copied().map(Spot::of);
        let way = (Arc::clone(name), spots.collect());
        ways.insert(spot.clone(), Arc::new(way));
        let key = (spot, receiver.map(on));
        let runs = self.keep_by(&self.threads.runs, key, function, || {
            self.runs_of(function, receiver)
        });
        let given = given::Way::new(self, start, &calls);
        for run in runs.get() {
            let site = function.site.at(run.at);
            let targets: Vec<_> = match &run.runs {
                Runs::Known(targets) => {
                    let target = |(target, on): &(Spot, Option<On>)| {
                        let function = Function::at(self.site(target)?)?;
                        Some((function, self.receiver_at(on.as_ref())))
                    };
                    targets.iter().filter_map(target).collect()
                }
                Runs::Given => self.called_as_given(site, &given).into_iter().collect(),
            };
            for (target, on) in targets {
                let mut further = calls.clone();
                further.push(site);
                self.spread(target, on, began, further, ways);
            }
        }
    }

    /// What a function runs when it runs on an object: by calls, and by properties of the own object.
    fn runs_of<'p>(&'p self, function: Function<'p>, receiver: Option<Receiver<'p>>) -> Vec<Run> {
        let known = |(target, receiver): (Function<'p>, Option<Receiver<'p>>)| {
            (Spot::of(target.site), receiver.map(on))
        };
        let run_at = |site: Site<'p>| match site.node.kind() {
            Kind::Call => match self.called(site, function, receiver) {
                (Value::Function(target) | Value::Method(target), on) => {
                    Some(Runs::Known(vec![known((target, on))]))
                }
                (Value::Unknown, _) => Some(Runs::Given),
                _ => None,
            },
            Kind::Attribute if site.node.field() != Field::Function => {
                let object = site.node.child(Field::Object).map(Node::text);
                let own = function
                    .class()
                    .filter(|_| object.is_some() && object == function.first_parameter())?;
                let class = receiver.map_or(own, |receiver| receiver.class);
                let accessors = self.accessors(class, site);
                let targets: Vec<_> = accessors.map(|target| known((target, receiver))).collect();
                (!targets.is_empty()).then_some(Runs::Known(targets))
            }
            _ => None,
        };
        let nodes = function.nodes();
        let runs = nodes.filter_map(|site| {
            let at = site.node.id();
            run_at(site).map(|runs| Run { at, runs })
        });
        runs.collect()
    }

    /// What a call runs whose callee, or the object before its dot, was given on the way from a thread's start.
    fn called_as_given<'p>(
        &'p self,
        call: Site<'p>,
        way: &given::Way<'p, '_>,
    ) -> Option<(Function<'p>, Option<Receiver<'p>>)> {
        // what an expression denotes by itself was asked before
        let given = |expression: Site<'p>| {
            let named = way.first_named(expression).expression;
            (named != expression).then_some(named)
        };
        let callee = call.child(Field::Function)?;
        if callee.node.kind() == Kind::Name {
            return self.runs_on(given(callee)?);
        }
        let name = callee.node.child(Field::Attribute)?.text();
        let object = given(callee.child(Field::Object)?)?;
        let Value::Instance(ClassValue::Known(class)) = self.evaluate(object) else {
            return None;
        };
        let (Value::Function(target) | Value::Method(target)) =
            self.instance_attribute(class, name, 0)
        else {
            return None;
        };
        let exact = object.node.kind() == Kind::Call;
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
            kind if kind.is_comprehension() => {
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
