//! Execution contexts: which functions run in threads, and the places that make them do so.

use std::sync::OnceLock;

use rustc_hash::FxHashMap;

use super::{Class, ClassValue, Function, Project, Spot, Value};
use crate::facts::{FileFacts, Site, Subjects};
use crate::syntax::{Field, Kind, Node};

/// How a function is handed to a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartKind {
    Thread,
    Timer,
    /// An object of a subclass of `Thread` is made; its `run` is the target.
    Subclass,
    /// `executor.submit(f, …)`, `pool.apply_async(f, …)`, `pool.apply(f, …)`
    Submit,
    /// `executor.map(f, …)` and its like
    Map,
    ToThread,
    RunInExecutor,
}

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
}

/// Why a function may run in a thread: the start, and the calls from its target to the function.
#[derive(Clone, Debug)]
pub struct Chain<'p> {
    pub start: ThreadStart<'p>,
    pub calls: Vec<Site<'p>>,
}

/// What runs in threads over the whole project, worked out once. By spots, because a project cannot hold what borrows it.
#[derive(Default)]
pub(super) struct Memo(OnceLock<Index>);

#[derive(Default)]
struct Index {
    starts: Vec<Spot>,
    /// By function: the start, and the calls from its target to the function.
    chains: FxHashMap<Spot, Vec<(Spot, Vec<Spot>)>>,
}

/// How many calls away from a thread's target a function may be.
const CALLS: usize = 4;

/// `Thread(group, target, name, args)`; `Timer(interval, function)`.
fn target_argument<'p>(call: Site<'p>, position: usize, keyword: &str) -> Option<Site<'p>> {
    let arguments = call.node.child(Field::Arguments)?;
    let by_keyword = arguments.children().find(|argument| {
        argument.kind() == Kind::KeywordArgument
            && argument
                .child(Field::Name)
                .is_some_and(|name| name.text() == keyword)
    });
    if let Some(argument) = by_keyword {
        return argument.child(Field::Value).map(|value| call.with(value));
    }
    let positional = arguments
        .children()
        .take_while(|argument| !matches!(argument.kind(), Kind::ListSplat | Kind::DictSplat));
    positional
        .into_iter()
        .filter(|argument| argument.kind() != Kind::KeywordArgument)
        .nth(position)
        .map(|node| call.with(node))
}

impl Project {
    fn thread_index(&self) -> &Index {
        self.threads.0.get_or_init(|| {
            let mut index = Index::default();
            for start in self.files().flat_map(|file| self.starts_in(file)) {
                index.starts.push(Spot::of(start.call));
                if let Some(function) = start.function {
                    self.spread(function, &Spot::of(start.call), Vec::new(), &mut index);
                }
            }
            index
        })
    }

    /// The calls of the whole project that make a function run in a thread.
    pub fn thread_starts(&self) -> impl Iterator<Item = ThreadStart<'_>> {
        self.thread_index()
            .starts
            .iter()
            .filter_map(|spot| self.thread_start(self.site(spot)?))
    }

    /// Why a function may run in a thread; empty where nothing shows that it does.
    pub fn chains<'p>(&'p self, function: Function<'p>) -> Vec<Chain<'p>> {
        let known = self
            .thread_index()
            .chains
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
        file.about(Subjects::THREADS).flat_map(move |segment| {
            let root = file.root(segment);
            root.body()
                .calls
                .iter()
                .filter_map(move |call| self.thread_start(root.at(*call)))
        })
    }

    /// A call, as a thread start.
    pub fn thread_start<'p>(&'p self, call: Site<'p>) -> Option<ThreadStart<'p>> {
        let callee = call.child(Field::Function)?;
        let value = self.evaluate(callee);
        let (kind, target) = match &value {
            Value::External(name) => self.external_start(call, name)?,
            Value::Class(class) => {
                if self.class_name(*class) == "threading.Thread" {
                    (StartKind::Thread, target_argument(call, 1, "target"))
                } else if self.derives_from(&ClassValue::Known(*class), "threading.Thread")
                    == Some(true)
                    || self.is_thread(*class)
                {
                    return self.subclass_start(call, *class);
                } else {
                    return None;
                }
            }
            _ => return None,
        };
        let function = target.and_then(|target| self.runs(target));
        Some(ThreadStart {
            kind,
            call,
            target,
            function,
        })
    }

    fn is_thread<'p>(&'p self, class: Class<'p>) -> bool {
        self.mro(class)
            .classes
            .iter()
            .any(|class| self.qualified_class(class).as_ref() == "threading.Thread")
    }

    fn subclass_start<'p>(&'p self, call: Site<'p>, class: Class<'p>) -> Option<ThreadStart<'p>> {
        match self.find_method(class, "run") {
            Some(run) => Some(ThreadStart {
                kind: StartKind::Subclass,
                call,
                target: None,
                function: Some(run),
            }),
            None => {
                let target = target_argument(call, 1, "target")
                    .filter(|_| self.find_method(class, "__init__").is_none());
                let function = target.and_then(|target| self.runs(target));
                Some(ThreadStart {
                    kind: StartKind::Thread,
                    call,
                    target,
                    function,
                })
            }
        }
    }

    fn external_start<'p>(
        &'p self,
        call: Site<'p>,
        name: &str,
    ) -> Option<(StartKind, Option<Site<'p>>)> {
        Some(match name {
            "threading.Thread"
            | "multiprocessing.dummy.Process"
            | "multiprocessing.dummy.DummyProcess" => {
                (StartKind::Thread, target_argument(call, 1, "target"))
            }
            "threading.Timer" => (StartKind::Timer, target_argument(call, 1, "function")),
            "asyncio.to_thread" | "asyncio.threads.to_thread" => {
                (StartKind::ToThread, target_argument(call, 0, "func"))
            }
            _ => {
                let (class, method) = name.rsplit_once("().")?;
                let is_executor = matches!(
                    class,
                    "concurrent.futures.ThreadPoolExecutor"
                        | "concurrent.futures.thread.ThreadPoolExecutor"
                );
                let is_pool = matches!(
                    class,
                    "multiprocessing.pool.ThreadPool" | "multiprocessing.dummy.Pool"
                );
                match method {
                    "submit" if is_executor => (StartKind::Submit, target_argument(call, 0, "fn")),
                    "map" if is_executor || is_pool => {
                        (StartKind::Map, target_argument(call, 0, "func"))
                    }
                    "imap" | "imap_unordered" | "map_async" | "starmap" | "starmap_async"
                        if is_pool =>
                    {
                        (StartKind::Map, target_argument(call, 0, "func"))
                    }
                    "apply" | "apply_async" if is_pool => {
                        (StartKind::Submit, target_argument(call, 0, "func"))
                    }
                    _ => return None,
                }
            }
        })
    }

    /// The function of the project that a target runs: through `partial`, a bound method, an object with `__call__`.
    pub fn runs<'p>(&'p self, target: Site<'p>) -> Option<Function<'p>> {
        match self.evaluate(target) {
            Value::Function(function) | Value::Method(function) => Some(function),
            Value::Instance(ClassValue::Known(class)) => self.find_method(class, "__call__"),
            Value::Instance(ClassValue::External(name)) if name.as_ref() == "functools.partial" => {
                let call = self.origin(target)?;
                let first = call.node.child(Field::Arguments)?.children().next()?;
                self.runs(call.with(first))
            }
            _ => None,
        }
    }

    /// The expression that a name stands for, where it has one binding; the expression itself otherwise.
    pub fn origin<'p>(&self, site: Site<'p>) -> Option<Site<'p>> {
        if site.node.kind() != Kind::Name {
            return Some(site);
        }
        let (crate::facts::Resolution::Local(bindings)
        | crate::facts::Resolution::Module(bindings)) = site.resolve()
        else {
            return None;
        };
        match bindings[..] {
            [only] => only.value(),
            _ => None,
        }
    }

    /// Notes that a function runs in a thread, and with it what it calls.
    fn spread<'p>(
        &'p self,
        function: Function<'p>,
        start: &Spot,
        calls: Vec<Spot>,
        index: &mut Index,
    ) {
        let known = index.chains.entry(Spot::of(function.site)).or_default();
        if calls.len() > CALLS || known.iter().any(|(other, _)| other == start) {
            return;
        }
        known.push((start.clone(), calls.clone()));
        for call in function.calls() {
            let callee = call
                .child(Field::Function)
                .map(|callee| self.evaluate(callee));
            if let Some(Value::Function(target) | Value::Method(target)) = callee {
                let mut further = calls.clone();
                further.push(Spot::of(call));
                self.spread(target, start, further, index);
            }
        }
    }
}

/// Whether a call stands in a loop or a comprehension of the function (or module) that holds it.
pub fn is_repeated(call: Site<'_>) -> bool {
    call.node
        .ancestors()
        .take_while(|node| !super::functions::is_definition(node.kind()))
        .any(is_loop)
}

fn is_loop(node: Node<'_>) -> bool {
    matches!(
        node.kind(),
        Kind::For
            | Kind::While
            | Kind::ListComprehension
            | Kind::SetComprehension
            | Kind::DictComprehension
            | Kind::GeneratorExpression
    )
}
