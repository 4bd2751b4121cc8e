//! Functions that several threads run at a time, and the ways to them on which no lock is held.

use super::are_alternatives;
use crate::facts::Site;
use crate::project::{
    Chain, Function, SharedPlace, StartKind, ThreadStart, is_definition, object_of_step,
};
use crate::rules::expected::is_any_expected;
use crate::rules::{Context, Finding};
use crate::syntax::{Field, Kind, Node};

/// Whether a function is what its decorators and its kind leave it: nothing unknown stands around its body, and it runs when it is called.
pub(super) fn is_plain<'p>(cx: &Context<'p>, function: Function<'p>) -> bool {
    const PLAIN: &[&str] = &[
        "builtins.staticmethod",
        "builtins.classmethod",
        "builtins.property",
        "typing.override",
    ];
    let strange = function.site.decorators().any(|name| {
        cx.project
            .qualified_decorator(name)
            .is_none_or(|known| !PLAIN.contains(&known.as_ref()))
            && !cx.project.starts_what_it_decorates(name)
    });
    !strange && !function.is_async() && !function.site.node.tree().has_error()
}

/// What a rule finds in the plain functions of the file that threads run. Functions without a find are not asked again until an edit concerns them.
pub(super) fn in_threaded<'p, T>(
    cx: &Context<'p>,
    find: impl Fn(Function<'p>) -> Vec<T>,
) -> Vec<T> {
    let find = |function| match is_plain(cx, function) {
        true => find(function),
        false => Vec::new(),
    };
    let functions = cx.project.threaded_in(cx.file);
    let concerned =
        functions.filter(|function| cx.is_concerned(function.site, || !find(*function).is_empty()));
    concerned.flat_map(find).collect()
}

/// Whether the calls on the way from the thread's target stay on the object that the target is a method of.
pub(super) fn stays_on_object(chain: &Chain<'_>) -> bool {
    chain.calls.iter().all(|call| {
        let own = Function::around(*call).and_then(Function::first_parameter);
        own.is_some() && object_of_step(*call).map(Site::text) == own
    })
}

/// What a parameter of the function that a start hands over is given there.
pub(super) fn given_at_start<'p>(
    cx: &Context<'p>,
    function: Function<'p>,
    parameter: &str,
    chain: &Chain<'p>,
) -> Option<Site<'p>> {
    if !chain.calls.is_empty() || chain.start.function != Some(function) {
        return None;
    }
    cx.project.given_at_start(chain.start, parameter)
}

/// Whether a thread that is started comes to a place for sure, and lets an exception out that is raised there.
pub(super) fn is_sure(site: Site<'_>, chain: &Chain<'_>) -> bool {
    is_reached(site) && chain.calls.iter().all(|call| is_reached(*call)) && is_let_out(site, chain)
}

/// Whether an exception at a place ends the thread.
pub(super) fn is_let_out(site: Site<'_>, chain: &Chain<'_>) -> bool {
    !is_any_expected(site) && !chain.calls.iter().any(|call| is_any_expected(*call))
}

/// Whether a thread that is started comes to the function, as far as no condition on the way stands against it. A worker's loop is taken to be entered.
pub(super) fn comes_to_function(chain: &Chain<'_>) -> bool {
    chain
        .calls
        .iter()
        .all(|call| branches_around(*call).all(|node| node.kind() == Kind::While))
}

/// Whether every run of a function comes to a place.
fn is_reached(site: Site<'_>) -> bool {
    let Some(function) = Function::around(site) else {
        return true;
    };
    let is_endless = |node: Node<'_>| {
        let condition = node.child(Field::Condition);
        node.kind() == Kind::While
            && condition.is_some_and(|condition| condition.kind() == Kind::True)
    };
    branches_around(site).all(is_endless)
        && !function.nodes().any(|node| {
            matches!(node.node.kind(), Kind::Return | Kind::Raise)
                && node.node.id() < site.node.id()
                && !node.node.contains(site.node)
        })
}

/// What decides, in its function, whether a place is come to.
fn branches_around<'p>(site: Site<'p>) -> impl Iterator<Item = Node<'p>> {
    let around = site
        .node
        .ancestors()
        .take_while(|node| !is_definition(node.kind()));
    around.filter(|node| {
        matches!(
            node.kind(),
            Kind::If
                | Kind::While
                | Kind::Conditional
                | Kind::BooleanOperation
                | Kind::ExceptClause
                | Kind::CaseClause
        )
    })
}

/// Whether no caller on the way from the thread's target holds a lock.
pub(super) fn is_bare<'p>(cx: &Context<'p>, chain: &Chain<'p>) -> bool {
    !chain.calls.iter().any(|call| {
        Function::around(*call).is_some_and(|caller| cx.project.may_be_locked(caller, *call))
    })
}

/// The shared places that an expression names, with the ways by which threads come to each.
pub(super) fn shared_by<'c, 'p>(
    chains: impl Iterator<Item = &'c Chain<'p>>,
    place: impl Fn(&Chain<'p>) -> Option<SharedPlace<'p>>,
) -> Vec<(SharedPlace<'p>, Vec<Chain<'p>>)>
where
    'p: 'c,
{
    let mut found: Vec<(SharedPlace<'p>, Vec<Chain<'p>>)> = Vec::new();
    for chain in chains {
        let Some(place) = place(chain) else { continue };
        match found
            .iter_mut()
            .find(|(known, _)| known.identity == place.identity)
        {
            Some((_, chains)) => chains.push(chain.clone()),
            None => found.push((place, vec![chain.clone()])),
        }
    }
    found
}

/// How many starts are told apart: a few of them show whether they race.
const STARTS: usize = 64;

/// The starts of some chains, each once.
pub(super) fn starts_of<'c, 'p>(chains: impl Iterator<Item = &'c Chain<'p>>) -> Vec<&'c Chain<'p>>
where
    'p: 'c,
{
    let mut starts: Vec<&Chain<'_>> = Vec::new();
    for chain in chains {
        if starts.len() == STARTS {
            break;
        }
        if !starts.iter().any(|known| are_one(known.start, chain.start)) {
            starts.push(chain);
        }
    }
    starts
}

/// Whether two starts are one: the same call, for the same function.
fn are_one(one: ThreadStart<'_>, other: ThreadStart<'_>) -> bool {
    one.call == other.call && one.function == other.function
}

/// How many starts prove a finding.
const SHOWN: usize = 4;

/// Adds where threads are started, each place once.
pub(super) fn prove_starts(finding: &mut Finding, starts: &[&Chain<'_>]) {
    let mut shown: Vec<Site<'_>> = Vec::new();
    for chain in starts {
        if shown.len() < SHOWN && !shown.contains(&chain.start.call) {
            shown.push(chain.start.call);
            let words = match chain.start.kind {
                StartKind::Requests => "this server handles each request in a thread of its own",
                _ => "a thread is started here",
            };
            finding.evidence(chain.start.call, words);
        }
    }
}

/// Whether these starts make more than one thread at a time.
pub(super) fn are_several<'p>(cx: &Context<'p>, starts: &[&Chain<'p>]) -> bool {
    let starts: Vec<_> = starts
        .iter()
        .filter(|chain| !is_single(cx, chain))
        .collect();
    starts.iter().any(|chain| chain.is_many())
        || starts.iter().enumerate().any(|(index, one)| {
            let others = starts.iter().skip(index + 1);
            others
                .into_iter()
                .any(|other| may_run_together(one.start, other.start))
        })
}

/// Whether what one chain leads to may run at the same time as what the other one leads to.
pub(super) fn runs_beside<'p>(cx: &Context<'p>, one: &Chain<'p>, other: &Chain<'p>) -> bool {
    if are_one(one.start, other.start) {
        return one.is_many() && !is_single(cx, one);
    }
    may_run_together(one.start, other.start) && !(is_single(cx, one) && is_single(cx, other))
}

/// Whether the threads of two starts may run at the same time: not where one is joined before the other one starts, and not where only one of them is made.
fn may_run_together(one: ThreadStart<'_>, other: ThreadStart<'_>) -> bool {
    // `start` and `restart`
    let is_one_by_one = || {
        one.function == other.function && Function::around(one.call) != Function::around(other.call)
    };
    // of several functions, each in its turn of one loop
    if one.call == other.call {
        return !one.is_waited_for();
    }
    // `await to_thread(read)`, and then `await to_thread(write)`
    let are_awaited = || {
        Function::around(one.call) == Function::around(other.call)
            && [one, other].iter().all(|start| start.is_awaited())
    };
    !is_joined_before(one.call, other.call)
        && !are_awaited()
        && !are_alternatives(one.call, other.call)
        && !is_one_by_one()
        && !are_of_two_tests(one.call, other.call)
}

/// Whether two places belong to two tests, which run one after the other.
fn are_of_two_tests(one: Site<'_>, other: Site<'_>) -> bool {
    let is_file = |site: Site<'_>| {
        let path = site.file.path();
        let name = path.file_name().and_then(|name| name.to_str());
        name.is_some_and(|name| name.starts_with("test_") || name.ends_with("_test.py"))
    };
    if !std::ptr::eq(one.file, other.file) {
        return is_file(one) && is_file(other);
    }
    match (outermost(one), outermost(other)) {
        (Some(one), Some(other)) => {
            one != other && one.name().starts_with("test") && other.name().starts_with("test")
        }
        _ => false,
    }
}

/// The function around a place that stands in no other function.
fn outermost(site: Site<'_>) -> Option<Function<'_>> {
    let mut function = Function::around(site)?;
    while let Some(around) = Function::around(function.site) {
        function = around;
    }
    Some(function)
}

/// Whether a start goes to a pool of one thread.
fn is_single<'p>(cx: &Context<'p>, chain: &Chain<'p>) -> bool {
    if !matches!(chain.start.kind, StartKind::Submit | StartKind::Map) {
        return false;
    }
    let pool = chain
        .start
        .call
        .child(Field::Function)
        .and_then(|callee| callee.child(Field::Object));
    let made = pool.and_then(|pool| cx.project.made_by(pool));
    made.is_some_and(|made| {
        let arguments = made.node.arguments();
        arguments
            .into_iter()
            .any(|argument| argument.child(Field::Value).unwrap_or(argument).text() == "1")
    })
}

/// Whether the thread of one start has been joined when the other start is made: `first.join()` stands between the two.
fn is_joined_before(one: Site<'_>, other: Site<'_>) -> bool {
    let place = |site: Site<'_>| (site.segment, site.node.id());
    if !std::ptr::eq(one.file, other.file) || Function::around(one) != Function::around(other) {
        return false;
    }
    let (first, second) = if place(one) < place(other) {
        (one, other)
    } else {
        (other, one)
    };
    let Some(name) = super::assigned_name(first) else {
        return false;
    };
    (first.segment..=second.segment).any(|segment| {
        let root = first.file.root(segment);
        let mut joins = root.body().named(name).map(|node| root.at(node));
        joins.any(|named| {
            let call = super::call_on(named.node, &["join"]);
            call.is_some_and(|call| {
                place(named) > place(first)
                    && place(named) < place(second)
                    && call.parent().map(Node::kind) == Some(Kind::ExpressionStatement)
            })
        })
    })
}
