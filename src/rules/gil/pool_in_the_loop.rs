//! GIL031 pool-in-the-loop. Card: knowledge/rules/GIL031-pool-in-the-loop.md

use super::call_on;
use crate::facts::{BindingKind, Resolution, Site, Subjects};
use crate::project::turn_around;
use crate::rules::context::line;
use crate::rules::{Context, Findings, Rule, Severity};
use crate::syntax::{Field, Kind, Node};

pub const RULE: Rule = Rule {
    code: "GIL031",
    name: "pool-in-the-loop",
    check,
};

fn check(cx: &Context<'_>, out: &mut Findings) {
    for call in cx.calls(Subjects::WORKERS) {
        let Some(turn) = turn_around(call) else {
            continue;
        };
        if cx.project.makes_pool(call).is_some()
            && lives_for_one_turn(call, turn)
            && !takes_the_place_of_another(call, turn)
            && !depends_on_turn(cx, call, turn)
        {
            report(cx, call, turn, out);
        }
    }
}

fn report<'p>(cx: &Context<'p>, call: Site<'p>, turn: Site<'p>, out: &mut Findings) {
    let class = call.child(Field::Function).map_or("", Site::text);
    let (what, place) = match turn.node.kind() {
        Kind::For | Kind::While => ("loop", "before the loop"),
        _ => ("loop of the comprehension", "before it"),
    };
    let message = format!(
        "Every turn of the {what} in line {} makes a new `{class}`: it starts workers, uses them once and waits for their end; \
         make one {place}, and hand it the work of every turn",
        line(turn)
    );
    out.report(&RULE, Severity::Information, cx.file, call.range(), message)
        .evidence(turn, "Each turn of this makes one");
}

/// Whether nothing but the turn of the loop gets the pool: not where it is kept, handed to others, or ends the loop.
fn lives_for_one_turn(call: Site<'_>, turn: Site<'_>) -> bool {
    let Some(parent) = call.node.parent() else {
        return false;
    };
    match parent.kind() {
        Kind::WithItem => is_closed_in_turn(call, turn),
        Kind::AsPattern => {
            parent.parent().map(Node::kind) == Some(Kind::WithItem) && is_closed_in_turn(call, turn)
        }
        Kind::Assignment => {
            let name = parent
                .child(Field::Left)
                .filter(|left| left.kind() == Kind::Name);
            name.is_some_and(|name| is_local_to_turn(call.with(name), turn))
                && parent
                    .statement()
                    .is_some_and(|statement| !ends_loop(statement, turn.node))
        }
        // `Pool(2).map(read, paths)`
        Kind::Attribute => {
            parent.field() == Field::Function
                && call
                    .node
                    .statement()
                    .is_none_or(|statement| !ends_loop(statement, turn.node))
        }
        _ => false,
    }
}

/// For the manager of a `with` statement, whether its block is one piece of work of many: it does not end the loop, and does not go on for good.
fn is_closed_in_turn(call: Site<'_>, turn: Site<'_>) -> bool {
    let Some(with) = call.node.statement() else {
        return false;
    };
    let leaves = with
        .descendants_outside(|kind| matches!(kind, Kind::FunctionDef | Kind::ClassDef))
        .any(|node| match node.kind() {
            Kind::Return => true,
            Kind::Break => !node
                .ancestors()
                .take_while(|around| *around != with)
                .any(|around| matches!(around.kind(), Kind::For | Kind::While)),
            Kind::While => node
                .child(Field::Condition)
                .is_some_and(|condition| matches!(condition.kind(), Kind::True | Kind::Integer)),
            _ => false,
        });
    !leaves && !ends_loop(with, turn.node)
}

/// Whether the loop ends on every way from a statement on.
fn ends_loop(statement: Node<'_>, turn: Node<'_>) -> bool {
    let leaves = |node: Node<'_>| matches!(node.kind(), Kind::Return | Kind::Break | Kind::Raise);
    let mut node = statement;
    while let Some(parent) = node.parent().filter(|_| node != turn) {
        let mut after = parent.children().skip_while(|child| *child != node).skip(1);
        let ends = match parent.kind() {
            Kind::Block => after.any(leaves),
            Kind::Try => after
                .filter(|clause| clause.kind() == Kind::ElseClause)
                .any(|clause| clause.descendants().any(leaves)),
            _ => false,
        };
        if ends || leaves(node) {
            return true;
        }
        node = parent;
    }
    false
}

/// Whether a name is bound in the loop alone, and only its methods are called there.
fn is_local_to_turn(name: Site<'_>, turn: Site<'_>) -> bool {
    let (Resolution::Local(bindings) | Resolution::Module(bindings)) = name.resolve() else {
        return false;
    };
    let in_turn = |node: Node<'_>| turn.node.contains(node);
    if !bindings.iter().all(|binding| in_turn(binding.name.node)) {
        return false;
    }
    let mut uses = name
        .body()
        .named(name.text())
        .map(|node| name.at(node).node)
        .filter(|node| in_turn(*node) && *node != name.node);
    uses.all(|node| {
        let around = node.parent().map(Node::kind);
        let is_first = || {
            let mut siblings = node.parent().into_iter().flat_map(Node::children);
            let callee = node
                .parent()
                .and_then(Node::parent)
                .and_then(|call| call.child(Field::Function));
            siblings.next() == Some(node)
                && callee.is_some_and(|callee| callee.text().ends_with("run_in_executor"))
        };
        match around {
            // whoever does not wait for its end leaves it behind, with a job that does not end
            Some(Kind::Attribute) => call_on(node, &["shutdown", "terminate"]).is_none_or(|end| {
                let arguments = end.child(Field::Arguments);
                arguments.is_some_and(|arguments| arguments.children().next().is_none())
                    && !end.text().contains("terminate")
            }),
            Some(Kind::WithItem) => true,
            Some(Kind::Assignment) => node.field() == Field::Left,
            Some(Kind::ArgumentList) => is_first(),
            _ => false,
        }
    })
}

/// Whether the pool is made where an exception is handled: another one broke.
fn takes_the_place_of_another(call: Site<'_>, turn: Site<'_>) -> bool {
    call.node
        .ancestors()
        .take_while(|node| *node != turn.node)
        .any(|node| node.kind() == Kind::ExceptClause)
}

/// Whether the pools of two turns may differ: the class or an argument is made from what the loop changes, or from what is not known.
fn depends_on_turn<'p>(cx: &Context<'p>, call: Site<'p>, turn: Site<'p>) -> bool {
    let body = call.body();
    let is_bound_by_turn = |name: Node<'_>| {
        body.bindings.iter().any(|binding| {
            let bound = body.tree.node(binding.name);
            bound.text() == name.text()
                && turn.node.contains(bound)
                && !matches!(
                    binding.kind,
                    BindingKind::Import | BindingKind::ImportAs | BindingKind::FromImport
                )
        })
    };
    let is_stored_by_turn = |attribute: Node<'_>| {
        turn.node.descendants().any(|node| {
            matches!(node.kind(), Kind::Assignment | Kind::AugmentedAssignment)
                && node
                    .child(Field::Left)
                    .is_some_and(|left| left.text() == attribute.text())
        })
    };
    call.node.descendants().any(|node| match node.kind() {
        Kind::Name => {
            node.field() != Field::Attribute
                && !(node.field() == Field::Name
                    && node.parent().map(Node::kind) == Some(Kind::KeywordArgument))
                && is_bound_by_turn(node)
        }
        Kind::Attribute => is_stored_by_turn(node),
        Kind::Call => !gives_the_same(cx, call.with(node)),
        Kind::Await | Kind::Yield => true,
        _ => false,
    })
}

/// Whether a call in the arguments gives the same in every turn.
fn gives_the_same<'p>(cx: &Context<'p>, call: Site<'p>) -> bool {
    const SAME: &[&str] = &[
        "builtins.dict",
        "builtins.int",
        "builtins.len",
        "builtins.max",
        "builtins.min",
        "builtins.tuple",
        "functools.partial",
        "multiprocessing.cpu_count",
        "multiprocessing.get_context",
        "os.cpu_count",
        "os.process_cpu_count",
    ];
    let name = call
        .child(Field::Function)
        .and_then(|callee| cx.project.qualified(callee));
    name.is_some_and(|name| SAME.contains(&name.as_ref()))
}
