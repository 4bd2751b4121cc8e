//! GIL018 thread-per-item. Card: knowledge/rules/GIL018-thread-per-item.md

use super::{abbreviated, is_in_test, loop_around};
use crate::facts::{BindingSite, Resolution, Site};
use crate::project::{Function, StartKind};
use crate::rules::{Context, Findings, Rule, Severity};
use crate::syntax::{Field, Kind, Node};

pub const RULE: Rule = Rule {
    code: "GIL018",
    name: "thread-per-item",
    check,
};

fn check(cx: &Context<'_>, out: &mut Findings) {
    for start in cx.project.starts_in(cx.file) {
        let is_thread = matches!(
            start.kind,
            StartKind::Thread | StartKind::Timer | StartKind::Subclass
        );
        if is_thread
            && let Some((round, items)) = per_item(cx, start.call)
            && !(items.is_some() && start.function.is_some_and(goes_on))
            && !is_in_test(cx, start.call)
        {
            let each = match items {
                Some(items) => {
                    format!("every item of {}", abbreviated(items.text()))
                }
                _ => "every turn".to_string(),
            };
            let message = format!(
                "A thread is made for {each}, however many there are: a `ThreadPoolExecutor` with a fixed number of workers takes the items one after the other"
            );
            let finding = out.report(&RULE, Severity::Hint, cx.file, start.call.range(), message);
            finding.evidence(
                start.call.with(round),
                "Nothing here keeps the number of turns, or of threads, small",
            );
        }
    }
}

/// Whether a function goes on until it is told to stop: such a one cannot wait in a pool for its turn.
fn goes_on(function: Function<'_>) -> bool {
    function.nodes().any(|site| site.node.kind() == Kind::While)
}

/// The loop, or the clause of a comprehension, that makes and starts a thread at each turn, and what it goes over.
fn per_item<'p>(cx: &Context<'p>, call: Site<'p>) -> Option<(Node<'p>, Option<Node<'p>>)> {
    if let Some(clause) = clause_around(call.node) {
        let items = clause.child(Field::Right)?;
        let list = clause.parent()?;
        let assigned = list
            .parent()
            .filter(|parent| parent.kind() == Kind::Assignment)?;
        let name = assigned.child(Field::Left)?.text();
        let is_reported = is_unbounded(cx, call.with(items))
            && is_started_later(call, name)
            && !is_in_small_loop(cx, call);
        return is_reported.then_some((clause, Some(items)));
    }
    let round = loop_around(call.node)?;
    let body = round.child(Field::Body)?;
    if !is_started(call, body) || is_kept_small(call.node, body) || !depends_on_turn(call, round) {
        return None;
    }
    match round.kind() {
        Kind::For => {
            let items = round.child(Field::Right)?;
            is_unbounded(cx, call.with(items)).then_some((round, Some(items)))
        }
        _ => takes_items(round).then_some((round, None)),
    }
}

/// The clause of the comprehension whose element a call is part of.
fn clause_around(call: Node<'_>) -> Option<Node<'_>> {
    let list = call
        .parent()
        .filter(|parent| parent.kind() == Kind::ListComprehension)?;
    (call.field() == Field::Body)
        .then(|| list.child_of(Kind::ForInClause))
        .flatten()
}

/// A comprehension in a loop: one thread for each item of one batch.
fn is_in_small_loop<'p>(cx: &Context<'p>, call: Site<'p>) -> bool {
    loop_around(call.node)
        .and_then(|round| round.child(Field::Right))
        .is_some_and(|items| !is_unbounded(cx, call.with(items)))
}

/// Whether what is made is started in the same turn, or put into a list that is started later.
fn is_started(call: Site<'_>, body: Node<'_>) -> bool {
    let Some(parent) = call.node.parent() else {
        return false;
    };
    match parent.kind() {
        Kind::Attribute => parent.child(Field::Attribute).map(Node::text) == Some("start"),
        Kind::ArgumentList => {
            appended_to(call.node).is_some_and(|list| is_started_later(call, list))
        }
        Kind::Assignment => {
            let Some(name) = parent
                .child(Field::Left)
                .filter(|left| left.kind() == Kind::Name)
            else {
                return false;
            };
            let mut uses = body
                .descendants()
                .filter(|node| node.kind() == Kind::Name && node.text() == name.text());
            uses.any(|node| {
                let method = node
                    .parent()
                    .and_then(|parent| parent.child(Field::Attribute));
                method.map(Node::text) == Some("start")
                    || appended_to(node).is_some_and(|list| is_started_later(call, list))
            })
        }
        _ => false,
    }
}

/// For the argument of `list.append(…)`, the list.
fn appended_to(node: Node<'_>) -> Option<&str> {
    let call = node
        .parent()
        .filter(|parent| parent.kind() == Kind::ArgumentList)?
        .parent()?;
    let callee = call.child(Field::Function)?;
    (callee.child(Field::Attribute)?.text() == "append")
        .then(|| callee.child(Field::Object))
        .flatten()
        .map(Node::text)
}

/// Whether another loop starts all that is in a list.
fn is_started_later(call: Site<'_>, list: &str) -> bool {
    let root = call.node.tree().root();
    let mut loops = root.descendants().filter(|node| {
        node.kind() == Kind::For && node.child(Field::Right).map(Node::text) == Some(list)
    });
    let starts_all = |round: Node<'_>| {
        let target = round.child(Field::Left).map(Node::text);
        round.descendants().any(|node| {
            node.kind() == Kind::Attribute
                && node.child(Field::Attribute).map(Node::text) == Some("start")
                && node.child(Field::Object).map(Node::text) == target
        })
    };
    let later = |file: Site<'_>| {
        // statements of a module are segments
        let mut segments = call.segment + 1..file.file.len();
        call.class_around(0).is_none()
            && segments.any(|segment| {
                let root = file.file.root(segment).node;
                let mut statements = root.children();
                statements.any(|round| {
                    round.kind() == Kind::For
                        && round.child(Field::Right).map(Node::text) == Some(list)
                        && starts_all(round)
                })
            })
    };
    loops.any(starts_all) || Function::around(call).is_none() && later(call)
}

/// Whether code in the loop waits for others, counts them, or starts one thread only.
fn is_kept_small(call: Node<'_>, body: Node<'_>) -> bool {
    const KEEPING: &[&str] = &[
        "acquire",
        "active_count",
        "activeCount",
        "enumerate",
        "is_alive",
        "isAlive",
    ];
    let waits = body.descendants().any(|node| match node.kind() {
        Kind::Attribute => {
            let name = node.child(Field::Attribute).map_or("", Node::text);
            let is_text = node
                .child(Field::Object)
                .is_some_and(|object| object.kind() == Kind::String);
            KEEPING.contains(&name) || name == "join" && !is_text
        }
        Kind::If | Kind::While | Kind::ElifClause => {
            node.child(Field::Condition).is_some_and(|condition| {
                let text = condition.text().to_lowercase();
                ["len(", "count", "none", "qsize"]
                    .iter()
                    .any(|word| text.contains(word))
            })
        }
        _ => false,
    });
    let is_guarded = call
        .ancestors()
        .take_while(|node| *node != body)
        .any(|node| node.kind() == Kind::With);
    let ends = call
        .statement()
        .and_then(Node::parent)
        .is_some_and(|block| {
            block.children().any(|statement| {
                matches!(statement.kind(), Kind::Return | Kind::Break | Kind::Raise)
            })
        });
    waits || is_guarded || ends
}

/// Whether the thread gets something that the turn has bound or taken.
fn depends_on_turn(call: Site<'_>, round: Node<'_>) -> bool {
    let bindings = call
        .body()
        .bindings
        .iter()
        .map(|binding| call.at(binding.name).node);
    let bound: Vec<&str> = bindings
        .filter(|name| round.contains(*name))
        .map(Node::text)
        .collect();
    let mut parts = call
        .node
        .child(Field::Arguments)
        .into_iter()
        .flat_map(Node::descendants);
    parts.any(|part| match part.kind() {
        Kind::Name => part.field() != Field::Attribute && bound.contains(&part.text()),
        Kind::Call => true,
        _ => false,
    })
}

/// Whether each turn of a `while` loop takes something that comes from outside.
fn takes_items(round: Node<'_>) -> bool {
    const TAKING: &[&str] = &[
        "accept",
        "get",
        "get_nowait",
        "pop",
        "popleft",
        "recv",
        "recvfrom",
        "readline",
    ];
    let is_comparison = round
        .child(Field::Condition)
        .is_some_and(|condition| condition.kind() == Kind::Comparison);
    !is_comparison
        && round.descendants().any(|node| {
            node.kind() == Kind::Attribute
                && node.field() == Field::Function
                && node
                    .child(Field::Attribute)
                    .is_some_and(|name| TAKING.contains(&name.text()))
        })
}

/// So many are a small number.
const SMALL: usize = 64;

/// How many wrappers of an iterable are looked through.
const DEPTH: usize = 6;

/// Whether nothing that can be read says how many items there are, or it says many.
fn is_unbounded<'p>(cx: &Context<'p>, items: Site<'p>) -> bool {
    unbounded(cx, items, 0)
}

fn unbounded<'p>(cx: &Context<'p>, items: Site<'p>, depth: usize) -> bool {
    if depth > DEPTH {
        return false;
    }
    let items = items.with(items.node.unparenthesized());
    match items.node.kind() {
        Kind::List | Kind::Tuple | Kind::Set | Kind::Dict | Kind::ExpressionList => {
            items.node.children().count() > SMALL
        }
        Kind::String => items.text().len() > SMALL,
        Kind::Subscript => items.node.child_of(Kind::Slice).is_none(),
        Kind::Call => unbounded_call(cx, items, depth),
        Kind::Name | Kind::Attribute => {
            let last = items
                .node
                .child(Field::Attribute)
                .unwrap_or(items.node)
                .text();
            let is_constant = !last.chars().any(char::is_lowercase);
            // what the program itself consists of is not many
            let is_of_program = ["worker", "thread", "proc", "plugin", "pipe"]
                .iter()
                .any(|word| last.to_lowercase().contains(word));
            if is_constant || is_of_program {
                return false;
            }
            if is_cut(items) {
                return false;
            }
            match cx.project.origin(items).filter(|origin| *origin != items) {
                Some(origin) if is_display(origin.node) => {
                    // an empty one is filled later
                    let count = origin.node.children().count();
                    count == 0 || count > SMALL
                }
                Some(origin) if origin.node.kind() == Kind::Call => {
                    unbounded(cx, origin, depth + 1)
                }
                _ => true,
            }
        }
        _ => true,
    }
}

/// Whether a name is bound to the beginning of something: `names = names[:4]`.
fn is_cut(name: Site<'_>) -> bool {
    let (Resolution::Local(bindings) | Resolution::Module(bindings)) = name.resolve() else {
        return false;
    };
    let mut values = bindings.iter().filter_map(BindingSite::value);
    values.any(|value| value.node.child_of(Kind::Slice).is_some())
}

fn is_display(node: Node<'_>) -> bool {
    matches!(
        node.kind(),
        Kind::List | Kind::Tuple | Kind::Set | Kind::Dict
    )
}

/// Functions and methods that give all there is.
const ALL: &[&str] = &[
    "fetchall",
    "findall",
    "finditer",
    "glob",
    "iglob",
    "iterdir",
    "open",
    "listdir",
    "readlines",
    "rglob",
    "scandir",
    "split",
    "splitlines",
    "walk",
];

fn unbounded_call<'p>(cx: &Context<'p>, call: Site<'p>, depth: usize) -> bool {
    let Some(callee) = call.child(Field::Function) else {
        return true;
    };
    let arguments: Vec<Site<'p>> = call
        .node
        .arguments()
        .map(|argument| call.with(argument))
        .collect();
    let first = || {
        arguments
            .first()
            .is_none_or(|first| unbounded(cx, *first, depth + 1))
    };
    let name = callee
        .node
        .child(Field::Attribute)
        .unwrap_or(callee.node)
        .text();
    match (name, callee.child(Field::Object)) {
        ("range", None) => {
            let stop = arguments.get(1).or(arguments.first());
            stop.is_some_and(|stop| match stop.text().parse::<usize>() {
                Ok(count) => count > SMALL,
                Err(_) => stop.text().contains("len(") && !stop.text().contains("min("),
            })
        }
        ("enumerate" | "list" | "tuple" | "set" | "sorted" | "reversed", None) => first(),
        ("zip", None) => arguments
            .iter()
            .all(|items| unbounded(cx, *items, depth + 1)),
        ("islice" | "sample" | "most_common" | "nlargest" | "nsmallest", _) => false,
        ("items" | "keys" | "values" | "copy", Some(object)) => unbounded(cx, object, depth + 1),
        // whatever gives the items may give few of them
        _ => ALL.contains(&name),
    }
}
