//! GIL005 lock-not-released. Card: knowledge/rules/GIL005-lock-not-released.md

use super::ways_out::{Leaving, WayOut, is_method_call, ways_out};
use super::{abbreviated, has_partner};
use crate::facts::{Resolution, Site, Subjects};
use crate::project::{ClassValue, Function, LockKind, Project, Value};
use crate::rules::context::line;
use crate::rules::{Context, Findings, Rule, Severity};
use crate::syntax::{Field, Kind, Node};

pub const RULE: Rule = Rule {
    code: "GIL005",
    name: "lock-not-released",
    check,
};

fn check(cx: &Context<'_>, out: &mut Findings) {
    for function in cx.functions(Subjects::ACQUIRES) {
        cx.look_at(function.site, out, |out| {
            check_function(cx, function, out);
        });
    }
}

fn check_function<'p>(cx: &Context<'p>, function: Function<'p>, out: &mut Findings) {
    let mut seen: Vec<&str> = Vec::new();
    for call in function.calls() {
        let lock = method(call, "acquire").filter(|lock| is_steady(lock.node));
        if let Some(lock) = lock
            && !seen.contains(&lock.text())
        {
            seen.push(lock.text());
            check_lock(cx, function, lock, out);
        }
    }
}

/// The object of a call of a method of this name.
fn method<'p>(call: Site<'p>, name: &str) -> Option<Site<'p>> {
    let object = call.child(Field::Function)?.child(Field::Object)?;
    is_method_call(call.node, object.text(), name).then_some(object)
}

/// Whether an expression is a name, or an attribute of one.
fn is_steady(node: Node<'_>) -> bool {
    match node.kind() {
        Kind::Name => true,
        Kind::Attribute => node.child(Field::Object).is_some_and(is_steady),
        _ => false,
    }
}

fn check_lock<'p>(cx: &Context<'p>, function: Function<'p>, lock: Site<'p>, out: &mut Findings) {
    let releases = function
        .calls()
        .any(|call| is_method_call(call.node, lock.text(), "release"));
    if !is_clear(function, lock)
        || !is_lock(cx, function, lock)
        || (!releases && !is_never_released(cx.project, lock))
    {
        return;
    }
    let ways = ways_out(cx.project, function, lock.text());
    if ways.is_empty() || has_helper(cx.project, function) || has_partner(cx.project, lock) {
        return;
    }
    let mut acquires: Vec<Node<'p>> = ways.iter().map(|way| way.acquire).collect();
    acquires.dedup();
    for acquire in acquires {
        let ways = ways.iter().filter(|way| way.acquire == acquire);
        report(
            function,
            lock,
            acquire,
            &ways.copied().collect::<Vec<_>>(),
            releases,
            out,
        );
    }
}

/// Whether an expression gives a lock, by itself or by what the function is given where a thread is started with it.
fn is_lock<'p>(cx: &Context<'p>, function: Function<'p>, lock: Site<'p>) -> bool {
    let is_given = || {
        let chains = cx.project.chains(function);
        let mut given = chains
            .iter()
            .map(|chain| cx.project.evaluate_given(lock, chain));
        given.any(|value| {
            matches!(&value, Value::Instance(ClassValue::External(class)) if LockKind::of_class(class).is_some())
        })
    };
    cx.project.lock_kind(lock).is_some() || is_given()
}

/// Whether a function does nothing with a lock but to call its methods, and each `acquire` stands where one can tell what it gave.
fn is_clear(function: Function<'_>, lock: Site<'_>) -> bool {
    let Some(body) = function.body() else {
        return false;
    };
    let same = body
        .node
        .descendants()
        .filter(|node| node.kind() == lock.node.kind() && node.text() == lock.text());
    let own: Vec<Node<'_>> = function.nodes().map(|site| site.node).collect();
    same.into_iter().all(|node| {
        let Some(parent) = node.parent() else {
            return false;
        };
        match (parent.kind(), node.field()) {
            (Kind::Attribute, Field::Attribute) | (Kind::KeywordArgument, Field::Name) => true,
            (Kind::WithItem, _) => own.contains(&node),
            (Kind::Attribute, Field::Object) => own.contains(&node) && is_clear_call(parent),
            _ => false,
        }
    })
}

fn is_clear_call(method: Node<'_>) -> bool {
    let call = method
        .parent()
        .filter(|call| call.kind() == Kind::Call && method.field() == Field::Function);
    let name = method.child(Field::Attribute).map_or("", Node::text);
    let Some(mut node) = call else {
        return false;
    };
    if !matches!(name, "acquire" | "release") {
        return !name.contains("release") && !name.contains("acquire");
    }
    loop {
        let Some(parent) = node.parent() else {
            return false;
        };
        match parent.kind() {
            Kind::ExpressionStatement => return true,
            Kind::If | Kind::While | Kind::ElifClause => {
                return name == "acquire" && node.field() == Field::Condition;
            }
            Kind::Parenthesized | Kind::NotOperation | Kind::Await => node = parent,
            Kind::NamedExpression if name == "acquire" => node = parent,
            _ => return false,
        }
    }
}

/// Whether a function calls another of the project that gives some lock back.
fn has_helper<'p>(project: &'p Project, function: Function<'p>) -> bool {
    let releases = |helper: Function<'p>| helper.site.text().contains("release");
    function.calls().any(|call| {
        let callee = call.child(Field::Function);
        match callee.map(|callee| project.evaluate(callee)) {
            Some(Value::Function(helper) | Value::Method(helper)) => releases(helper),
            _ => false,
        }
    })
}

/// Whether a lock is one that a module makes and that nobody in the project ever gives back: all that is done with it is to take it.
fn is_never_released<'p>(project: &'p Project, lock: Site<'p>) -> bool {
    let binding = project.only_binding(lock);
    let Some(binding) = binding.filter(|_| matches!(lock.resolve(), Resolution::Module(_))) else {
        return false;
    };
    let readings = project.readings_of_module_name(binding.name);
    readings.iter().all(|reading| {
        let parent = reading.node.parent();
        let method = parent.and_then(|parent| parent.child(Field::Attribute));
        let is_call = parent.and_then(Node::parent).map(Node::kind) == Some(Kind::Call);
        is_call && method.is_some_and(|method| method.text() == "acquire")
    })
}

fn report<'p>(
    function: Function<'p>,
    lock: Site<'p>,
    acquire: Node<'p>,
    ways: &[WayOut<'p>],
    releases: bool,
    out: &mut Findings,
) {
    let site = |node| lock.with(node);
    let jumps = ways.iter().filter_map(|way| match way.leaves {
        Some(Leaving::Statement(node)) => Some(node),
        _ => None,
    });
    let jumps: Vec<Node<'p>> = jumps.collect();
    let raising = ways.iter().filter_map(|way| match way.leaves {
        Some(Leaving::Raising(node)) => Some(node),
        _ => None,
    });
    let first = raising.min_by_key(|node| node.id());
    let shown = abbreviated(lock.text());
    let why = match (&jumps[..], first) {
        ([jump, ..], _) => {
            let word = jump.text().split_whitespace().next().unwrap_or("return");
            format!(
                "the `{word}` in line {} leaves before `release()`",
                line(site(*jump))
            )
        }
        ([], Some(place)) => format!(
            "an exception in line {} jumps over `release()`",
            line(site(place))
        ),
        ([], None) if releases => format!(
            "not every way through `{}` calls `release()`",
            function.name()
        ),
        ([], None) => "nobody ever calls `release()`".to_string(),
    };
    let with = match acquire.parent().map(Node::kind) {
        Some(Kind::Await) => "async with",
        _ => "with",
    };
    let message = format!(
        "{shown} can stay taken for good: {why}, and whoever wants it next waits for ever; write `{with} {}:`",
        lock.text()
    );
    let acquire = site(acquire);
    let finding = out.report(
        &RULE,
        Severity::Warning,
        lock.file,
        acquire.range(),
        message,
    );
    for jump in &jumps {
        finding.evidence(site(*jump), "this leaves with the lock taken");
    }
    if let (true, Some(place)) = (jumps.is_empty(), first) {
        finding.evidence(site(place), "if this raises, the lock stays taken");
    }
}
