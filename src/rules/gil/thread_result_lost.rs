//! GIL017 thread-result-lost. Card: knowledge/rules/GIL017-thread-result-lost.md

use std::path::PathBuf;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::{is_in_test, label};
use crate::facts::{FileFacts, Site, Subjects};
use crate::project::{ClassValue, Function, HandKind, Spot, StartKind, Startable, Value};
use crate::rules::{Context, Findings, Rule, Severity};
use crate::syntax::{Field, Kind, Node};

pub const RULE: Rule = Rule {
    code: "GIL017",
    name: "thread-result-lost",
    check,
};

fn check(cx: &Context<'_>, out: &mut Findings) {
    let mut users = FxHashMap::default();
    for start in cx.project.starts_in(cx.file) {
        if let Some(function) = start.function
            && matches!(start.kind, StartKind::Thread | StartKind::Timer)
            && !is_in_test(cx, start.call)
        {
            report(cx, function, start.call.range(), &mut users, out);
        }
    }
    for class in cx.classes(Subjects::THREADS) {
        if let Some(run) = class.method("run")
            && cx.project.startable(&ClassValue::Known(class)) == Some(Startable::Thread)
            && !is_in_test(cx, run.site)
        {
            report(cx, run, run.header(), &mut users, out);
        }
    }
}

fn report<'p>(
    cx: &Context<'p>,
    function: Function<'p>,
    range: std::ops::Range<usize>,
    users: &mut UsersByName<'p>,
    out: &mut Findings,
) {
    let is_plain = function.site.node.kind() == Kind::FunctionDef
        && !function.is_async()
        && !function.is_generator()
        && function.site.decorators().all(|decorator| {
            let name = cx.project.qualified_decorator(decorator);
            matches!(
                name.as_deref(),
                Some("builtins.staticmethod" | "builtins.classmethod")
            )
        });
    if !is_plain || function.site.node.tree().has_error() {
        return;
    }
    let returns: Vec<Site<'p>> = returned_values(cx, function, 0);
    let mut raises: Vec<Site<'p>> = function
        .nodes()
        .filter(|site| is_raised_out(*site, function))
        .collect();
    if !raises.is_empty() && has_hook(cx) {
        raises.clear();
    }
    if returns.is_empty() && raises.is_empty() || serves_others(cx, function, users) {
        return;
    }
    let named = label(function);
    let message = match (returns.is_empty(), raises.is_empty()) {
        (false, true) => format!(
            "Nobody gets what {named} returns: the thread throws it away, and `join()` gives `None`; an executor's future keeps it"
        ),
        (true, false) => format!(
            "What {named} raises ends the thread and is only printed: whoever waits in `join()` goes on; an executor's future keeps the exception"
        ),
        _ => format!(
            "Nobody gets what {named} returns or raises: the thread throws the value away and prints the exception; an executor's future keeps both"
        ),
    };
    let finding = out.report(&RULE, Severity::Information, cx.file, range, message);
    for statement in returns {
        finding.evidence(statement, "This value is thrown away");
    }
    for statement in raises {
        finding.evidence(statement, "This exception is only printed");
    }
}

/// How many calls deep it is looked for what a function returns.
const CALLS: usize = 2;

/// The `return` statements that give a value, as far as that is known.
fn returned_values<'p>(cx: &Context<'p>, function: Function<'p>, depth: usize) -> Vec<Site<'p>> {
    if depth > CALLS {
        return Vec::new();
    }
    let annotation = function.site.child(Field::ReturnType).map(Site::text);
    if matches!(
        annotation,
        Some("None" | "NoReturn" | "Never" | "typing.NoReturn" | "typing.Never")
    ) {
        return Vec::new();
    }
    let gives_a_value = |statement: &Site<'p>| {
        let value = statement.node.children().next();
        value.is_some_and(|value| {
            is_value(cx, function, statement.with(value.unparenthesized()), depth)
        })
    };
    function.returns().filter(gives_a_value).collect()
}

/// Methods of texts, which other objects do not have.
const OF_TEXTS: &[&str] = &[
    "decode", "encode", "format", "lower", "split", "strip", "upper",
];

/// Whether what is returned is something other than `None`, and not the function's own object.
fn is_value<'p>(cx: &Context<'p>, function: Function<'p>, value: Site<'p>, depth: usize) -> bool {
    match (value.node.kind(), cx.project.evaluate(value)) {
        (Kind::None | Kind::Await | Kind::Yield, _) | (_, Value::None) => false,
        (Kind::Call, Value::Unknown) => {
            let Some(callee) = value.child(Field::Function) else {
                return false;
            };
            match cx.project.evaluate(callee) {
                Value::Function(called) | Value::Method(called) => {
                    !called.is_async() && !returned_values(cx, called, depth + 1).is_empty()
                }
                _ => {
                    let method = callee.node.child(Field::Attribute);
                    method.is_some_and(|method| OF_TEXTS.contains(&method.text()))
                }
            }
        }
        (Kind::Attribute | Kind::Conditional | Kind::BooleanOperation, Value::Unknown) => false,
        _ => Some(value.text()) != function.first_parameter(),
    }
}

/// Whether a statement raises an exception that leaves the function, and is not meant to end the thread or to say that something is missing.
fn is_raised_out<'p>(site: Site<'p>, function: Function<'p>) -> bool {
    const MEANT: &[&str] = &[
        "SystemExit",
        "KeyboardInterrupt",
        "NotImplementedError",
        "GeneratorExit",
    ];
    if site.node.kind() != Kind::Raise {
        return false;
    }
    let raised = site.node.children().next();
    let class = raised.map(|raised| raised.child(Field::Function).unwrap_or(raised));
    if class.is_some_and(|class| MEANT.contains(&class.text())) {
        return false;
    }
    let mut node = site.node;
    while let Some(parent) = node.parent().filter(|_| node != function.site.node) {
        let is_caught = parent.kind() == Kind::Try
            && node.field() == Field::Body
            && parent.child_of(Kind::ExceptClause).is_some();
        // a `return` in `finally` swallows it
        let is_swallowed = parent.kind() == Kind::Try
            && parent.child_of(Kind::FinallyClause).is_some_and(|last| {
                node.kind() != Kind::FinallyClause
                    && last.descendants().any(|inner| inner.kind() == Kind::Return)
            });
        // `except KeyboardInterrupt: raise`
        let is_meant_again = raised.is_none()
            && parent.kind() == Kind::ExceptClause
            && parent
                .children()
                .next()
                .is_some_and(|class| MEANT.contains(&class.text()));
        // `with suppress(ValueError):`
        if is_meant_again || is_caught || is_swallowed || parent.kind() == Kind::With {
            return false;
        }
        node = parent;
    }
    true
}

/// Whether the project says what becomes of the exceptions of threads.
fn has_hook(cx: &Context<'_>) -> bool {
    let mut segments = cx.project.mentions("excepthook").into_iter();
    segments.any(|(file, segment)| {
        let text = file.segment(segment).text();
        text.contains("threading") || file.mentions("threading") && !text.contains("sys.excepthook")
    })
}

/// What others use of the functions of one name: they call it and use what it gives, or hand it on.
#[derive(Default)]
struct Users {
    functions: FxHashSet<Spot>,
    /// Whether a method of an object that nobody knows is among them.
    has_unknown: bool,
}

/// What is known so far, by a function's name, whether it is a method, and the one file that was looked at.
type UsersByName<'p> = FxHashMap<(&'p str, bool, Option<Arc<PathBuf>>), Users>;

/// Whether the function is there for others too.
fn serves_others<'p>(
    cx: &Context<'p>,
    function: Function<'p>,
    users: &mut UsersByName<'p>,
) -> bool {
    let (name, is_method) = (function.name(), function.class().is_some());
    // every class may have a `run`: its own file is looked at
    let only = (is_method && name == "run").then_some(function.site.file);
    let key = (name, is_method, only.map(|file| Arc::clone(file.path())));
    let users = users.entry(key).or_insert_with(|| users_of(cx, name, only));
    users.has_unknown && is_method || users.functions.contains(&Spot::of(function.site))
}

fn users_of<'p>(cx: &Context<'p>, name: &str, only: Option<&'p FileFacts>) -> Users {
    let segments = match only {
        Some(file) => {
            let segments = file.segments_with(name).into_iter();
            segments.map(|segment| (file, segment)).collect()
        }
        None => cx.project.mentions(name),
    };
    let mut users = Users::default();
    for (file, segment) in segments {
        let root = file.root(segment);
        let names = root
            .node
            .descendants()
            .filter(|node| node.kind() == Kind::Name);
        for node in names {
            let of_object = node.parent().filter(|parent| {
                parent.kind() == Kind::Attribute && node.field() == Field::Attribute
            });
            let place = root.with(of_object.unwrap_or(node));
            if (node.text() == name || of_object.is_none()) && may_use(place, name) {
                note_use(cx, place, &mut users);
            }
        }
    }
    users
}

/// Whether an expression may be a function of a name, or another name of it, and stands where somebody gets what it gives.
fn may_use(place: Site<'_>, name: &str) -> bool {
    let Some(parent) = place.node.parent() else {
        return false;
    };
    let is_called = is_called(place);
    let is_dropped =
        is_called && parent.parent().map(Node::kind) == Some(Kind::ExpressionStatement);
    let is_bound = matches!(
        parent.kind(),
        Kind::FunctionDef | Kind::DottedName | Kind::Global | Kind::Nonlocal
    );
    let is_keyword = parent.kind() == Kind::KeywordArgument && place.node.field() == Field::Name;
    let is_named = place.node.kind() != Kind::Name || place.text() == name;
    !(is_bound || is_keyword || is_dropped) && (is_named || is_called)
}

fn is_called(place: Site<'_>) -> bool {
    let is_call = |parent: Node<'_>| parent.kind() == Kind::Call;
    place.node.parent().is_some_and(is_call) && place.node.field() == Field::Function
}

fn note_use<'p>(cx: &Context<'p>, place: Site<'p>, users: &mut Users) {
    let is_use = || is_called(place) || !is_target_of_thread(cx, place);
    match cx.project.evaluate(place) {
        Value::Function(other) | Value::Method(other) if is_use() => {
            users.functions.insert(Spot::of(other.site));
        }
        Value::Unknown
            if place.node.kind() == Kind::Attribute && !users.has_unknown && is_use() =>
        {
            users.has_unknown = true;
        }
        _ => {}
    }
}

fn is_target_of_thread<'p>(cx: &Context<'p>, place: Site<'p>) -> bool {
    let mut calls = place
        .node
        .ancestors()
        .filter(|node| node.kind() == Kind::Call);
    let handed = calls
        .next()
        .and_then(|call| cx.project.hand_over(place.with(call)));
    handed.is_some_and(|handed| {
        matches!(
            handed.kind,
            HandKind::Start(StartKind::Thread | StartKind::Timer) | HandKind::Process
        ) && handed
            .target
            .is_some_and(|target| target.node.contains(place.node))
    })
}
