//! GIL021 changed-while-iterated-elsewhere. Card: knowledge/rules/GIL021-changed-while-iterated-elsewhere.md

use rustc_hash::FxHashMap;

use super::racing::{in_threaded, is_bare, is_plain, runs_beside, shared_by};
use super::{label, loop_header};
use crate::facts::{BindingKind, MutationKind, Site};
use crate::project::{Chain, ClassValue, Function, SharedPlace, Value};
use crate::rules::context::line;
use crate::rules::expected::is_expected;
use crate::rules::{Context, Findings, Rule, Severity};
use crate::syntax::{Field, Kind, Node, Op};

pub const RULE: Rule = Rule {
    code: "GIL021",
    name: "changed-while-iterated-elsewhere",
    check,
};

/// A loop over a collection that threads share.
struct Walk<'p> {
    function: Function<'p>,
    /// The `for` statement; in a comprehension, what is walked.
    site: Site<'p>,
    place: SharedPlace<'p>,
    /// The class of the collection: `builtins.dict`.
    class: String,
    is_locked: bool,
    chains: Vec<Chain<'p>>,
}

/// What changes the size of the collection.
struct Change<'p> {
    function: Function<'p>,
    site: Site<'p>,
    /// The start that changes it, and the one that walks it.
    starts: (Site<'p>, Site<'p>),
}

fn check(cx: &Context<'_>, out: &mut Findings) {
    let walks = in_threaded(cx, |function| walks_in(cx, function));
    let mut all: FxHashMap<String, Vec<Candidate<'_>>> = FxHashMap::default();
    for candidate in candidates(cx, &walks) {
        let of_place = all.entry(candidate.place.identity.clone()).or_default();
        of_place.push(candidate);
    }
    // a loop that is come to with the lock and without is one loop
    let mut last: Option<Site<'_>> = None;
    for walk in walks.iter() {
        if last == Some(walk.site) {
            continue;
        }
        let known = all.get(&walk.place.identity);
        let changes = changes_of(cx, walk, known.map_or(&[], Vec::as_slice));
        if !changes.is_empty() {
            last = Some(walk.site);
            report(cx, walk, &changes, out);
        }
    }
}

fn report<'p>(cx: &Context<'p>, walk: &Walk<'p>, changes: &[Change<'p>], out: &mut Findings) {
    let name = walk.place.name;
    let consequence = match walk.class.as_str() {
        "builtins.list" => "the loop skips items or shows them twice",
        _ => "the loop raises `RuntimeError` when the change comes between two turns",
    };
    let by = changes.first().map_or(String::new(), |change| {
        if change.function == walk.function {
            format!("other threads change it in line {}", line(change.site))
        } else {
            let label = label(change.function);
            format!(
                "{label} changes it in another thread (line {})",
                line(change.site)
            )
        }
    });
    let message = format!(
        "`{name}` is walked here while {by}, with no lock held by both: {consequence}; walk a copy, such as `list(…)`, or hold one lock around both"
    );
    let range = match walk.site.node.kind() {
        Kind::For => loop_header(walk.site),
        _ => walk.site.range(),
    };
    let finding = out.report(&RULE, Severity::Warning, cx.file, range, message);
    for change in changes {
        finding.evidence(change.site, format!("this changes the size of `{name}`"));
    }
    for change in changes {
        finding.evidence(
            change.starts.0,
            "the thread that changes it is started here",
        );
        finding.evidence(change.starts.1, "the thread that walks it is started here");
    }
    if let Some(made) = walk.place.made {
        finding.evidence(made, format!("all threads share this `{name}`"));
    }
}

fn walks_in<'p>(cx: &Context<'p>, function: Function<'p>) -> Vec<Walk<'p>> {
    let mut found = Vec::new();
    if function.is_generator() {
        return found;
    }
    let mut chains: Option<Vec<Chain<'p>>> = None;
    for site in function.nodes() {
        if !matches!(site.node.kind(), Kind::For | Kind::ForInClause) {
            continue;
        }
        let Some(iterable) = site.child(Field::Right) else {
            continue;
        };
        let Some(collection) = walked(iterable).map(|walked| other_name(cx, walked)) else {
            continue;
        };
        let is_given = || {
            let mut parameters = function.parameters();
            parameters.any(|parameter| parameter.name.text() == collection.text())
        };
        if is_expected(site, "RuntimeError") || known_class(cx, collection).is_none() && !is_given()
        {
            continue;
        }
        let site = if site.node.kind() == Kind::For {
            site
        } else {
            iterable
        };
        let is_locked = cx.project.may_be_locked(function, site);
        let chains = chains.get_or_insert_with(|| cx.project.chains(function));
        for (place, is_locked, chains) in shared(cx, function, collection, is_locked, chains) {
            if let Some(class) = class_of(cx, collection, &place) {
                found.push(Walk {
                    function,
                    site,
                    place,
                    class,
                    is_locked,
                    chains,
                });
            }
        }
    }
    found
}

/// The collection itself that a loop goes over: not a copy of it.
fn walked<'p>(iterable: Site<'p>) -> Option<Site<'p>> {
    const AS_IT_IS: &[&str] = &["enumerate", "iter", "reversed", "zip", "map", "filter"];
    let iterable = iterable.with(iterable.node.unparenthesized());
    match iterable.node.kind() {
        Kind::Name | Kind::Attribute => Some(iterable),
        Kind::Call => {
            let callee = iterable.child(Field::Function)?;
            match callee.child(Field::Object) {
                Some(object) => {
                    let method = callee.node.child(Field::Attribute)?.text();
                    let is_place = matches!(object.node.kind(), Kind::Name | Kind::Attribute);
                    (is_place && matches!(method, "items" | "keys" | "values")).then_some(object)
                }
                None if AS_IT_IS.contains(&callee.text()) => {
                    let mut arguments = iterable.node.child(Field::Arguments)?.children();
                    let is_late = matches!(callee.text(), "map" | "filter");
                    let first = arguments.nth(usize::from(is_late))?;
                    walked(iterable.with(first))
                }
                None => None,
            }
        }
        _ => None,
    }
}

/// For a local name that stands for another one, that one.
fn other_name<'p>(cx: &Context<'p>, collection: Site<'p>) -> Site<'p> {
    let binding = cx.project.only_binding(collection);
    let value = binding
        .filter(|binding| {
            binding.binding.kind == BindingKind::Assignment
                && Function::around(binding.name).is_some()
        })
        .and_then(|binding| binding.value());
    value
        .filter(|value| matches!(value.node.kind(), Kind::Name | Kind::Attribute))
        .unwrap_or(collection)
}

/// The places that an expression names, whether a lock may be held there, or is held where the function is called, and the ways there.
fn shared<'p>(
    cx: &Context<'p>,
    function: Function<'p>,
    collection: Site<'p>,
    is_locked: bool,
    chains: &[Chain<'p>],
) -> Vec<(SharedPlace<'p>, bool, Vec<Chain<'p>>)> {
    let place = |chain: &Chain<'p>| cx.project.shared_container(function, collection, chain);
    let (bare, held): (Vec<_>, Vec<_>) = chains.iter().partition(|chain| is_bare(cx, chain));
    let bare = shared_by(bare.into_iter(), place);
    let held = shared_by(held.into_iter(), place);
    let bare = bare
        .into_iter()
        .map(|(place, chains)| (place, is_locked, chains));
    let held = held
        .into_iter()
        .map(|(place, chains)| (place, true, chains));
    bare.chain(held).collect()
}

/// The class of a shared collection, where a change of its size can be noticed.
fn class_of<'p>(cx: &Context<'p>, collection: Site<'p>, place: &SharedPlace<'p>) -> Option<String> {
    let made = || {
        let node = place.made?;
        let assignment = node
            .node
            .with_descendants()
            .find(|node| node.kind() == Kind::Assignment)?;
        known_class(cx, node.with(assignment).child(Field::Right)?)
    };
    known_class(cx, collection).or_else(made)
}

fn known_class<'p>(cx: &Context<'p>, collection: Site<'p>) -> Option<String> {
    const CLASSES: &[&str] = &[
        "builtins.dict",
        "builtins.list",
        "builtins.set",
        "collections.Counter",
        "collections.OrderedDict",
        "collections.defaultdict",
        "collections.deque",
    ];
    match cx.project.evaluate(collection) {
        Value::Instance(ClassValue::External(name)) => {
            CLASSES.contains(&name.as_ref()).then(|| name.to_string())
        }
        _ => None,
    }
}

/// What a function that threads run does to something.
#[derive(Clone, Copy)]
struct Act<'p> {
    function: Function<'p>,
    kind: MutationKind,
    site: Site<'p>,
    target: Site<'p>,
}

/// What it does to something that threads share.
struct Candidate<'p> {
    act: Act<'p>,
    place: SharedPlace<'p>,
    is_locked: bool,
    chains: Vec<Chain<'p>>,
}

/// The changes, in all functions that threads run, that one of the loops may notice, in order.
fn candidates<'p>(cx: &Context<'p>, walks: &[Walk<'p>]) -> Vec<Candidate<'p>> {
    let mut found = Vec::new();
    if walks.is_empty() {
        return found;
    }
    for function in cx.project.threaded() {
        let tree = function.site.node.tree();
        let mut chains: Option<Vec<Chain<'p>>> = None;
        for mutation in function.site.mutations() {
            let act = Act {
                function,
                kind: mutation.kind,
                site: function.site.with(tree.node(mutation.node)),
                target: function.site.with(tree.node(mutation.target)),
            };
            let mut noticing = walks.iter().filter(|walk| is_noticed(act, walk)).peekable();
            if noticing.peek().is_none()
                || Function::around(act.site) != Some(function)
                || !is_plain(cx, function)
            {
                continue;
            }
            // last: whether it is shared costs the most
            let is_locked = cx.project.may_be_locked(function, act.site);
            if is_locked && noticing.all(|walk| walk.is_locked) {
                continue;
            }
            let chains = chains.get_or_insert_with(|| cx.project.chains(function));
            let shared = shared(cx, function, act.target, is_locked, chains).into_iter();
            found.extend(shared.map(|(place, is_locked, chains)| Candidate {
                act,
                place,
                is_locked,
                chains,
            }));
        }
    }
    found
}

/// How many changes of one collection are named.
const NAMED: usize = 4;

/// What other threads do to the size of a collection that is walked, by what is changed at its place: the first of them.
fn changes_of<'p>(
    cx: &Context<'p>,
    walk: &Walk<'p>,
    candidates: &[Candidate<'p>],
) -> Vec<Change<'p>> {
    let mut found: Vec<Change<'p>> = Vec::new();
    for change in candidates {
        if found.len() == NAMED {
            break;
        }
        let act = change.act;
        if change.is_locked && walk.is_locked
            || found.iter().any(|known| known.site == act.site)
            || !is_noticed(act, walk)
        {
            continue;
        }
        let pairs = change
            .chains
            .iter()
            .flat_map(|one| walk.chains.iter().map(move |other| (one, other)));
        let mut together = pairs.filter(|(one, other)| runs_beside(cx, one, other));
        if let Some((one, other)) = together.next() {
            found.push(Change {
                function: act.function,
                site: act.site,
                starts: (one.start.call, other.start.call),
            });
        }
    }
    found
}

/// Whether a loop would notice what is done elsewhere, if it is done to what is walked: by the names it may be, and it changes the size.
fn is_noticed(act: Act<'_>, walk: &Walk<'_>) -> bool {
    may_be(act.function, act.target.node, walk)
        && !walk.site.node.contains(act.site.node)
        && changes_size(act, walk)
}

/// Whether an expression may name what is walked: it has the same last name, or one of the two is a parameter, which has another name elsewhere.
fn may_be(function: Function<'_>, target: Node<'_>, walk: &Walk<'_>) -> bool {
    let last = target.child(Field::Attribute).unwrap_or(target).text();
    let is_parameter = |function: Function<'_>, name: &str| {
        let mut parameters = function.parameters();
        parameters.any(|parameter| parameter.name.text() == name)
    };
    last == walk.place.name
        || is_parameter(function, target.text())
        || is_parameter(walk.function, walk.place.name)
}

/// Whether a change is one of the size, or of a deque's order: what a loop notices.
fn changes_size(act: Act<'_>, walk: &Walk<'_>) -> bool {
    let site = act.site;
    let is_list = walk.class == "builtins.list";
    let is_plain_dict = matches!(
        walk.class.as_str(),
        "builtins.dict" | "collections.OrderedDict"
    );
    match act.kind {
        MutationKind::Delete => site.node.kind() == Kind::Delete,
        MutationKind::Item if is_list || walk.class == "collections.deque" => false,
        // `d[key] += 1` raises where the key is missing
        MutationKind::Item if is_plain_dict && site.node.kind() == Kind::AugmentedAssignment => {
            false
        }
        MutationKind::Item => !has_key(act, walk),
        MutationKind::Method => {
            let callee = site.node.child(Field::Function);
            let method = callee
                .and_then(|callee| callee.child(Field::Attribute))
                .map_or("", Node::text);
            let has_arguments = super::has_arguments(site);
            match method {
                "pop" if is_list => has_arguments,
                "insert" | "remove" => true,
                _ if is_list => false,
                "sort" | "reverse" | "move_to_end" => false,
                "rotate" => walk.class == "collections.deque",
                _ => true,
            }
        }
        _ => false,
    }
}

/// Whether the key of `d[key] = value` is in the dict already, as far as the code shows it.
fn has_key(act: Act<'_>, walk: &Walk<'_>) -> bool {
    let key = act
        .target
        .node
        .parent()
        .and_then(|entry| entry.child(Field::Subscript));
    let Some(key) = key else { return false };
    let is_literal = || {
        walk.place.made.is_some_and(|made| {
            made.node.with_descendants().any(|pair| {
                pair.kind() == Kind::Pair
                    && pair
                        .child(Field::Key)
                        .is_some_and(|own| own.text() == key.text())
            })
        })
    };
    let is_asked = |node: Node<'_>| match node.kind() {
        Kind::If => node.child(Field::Condition).is_some_and(|condition| {
            condition.with_descendants().any(|part| {
                part.kind() == Kind::Comparison
                    && part.op() == Op::In
                    && part
                        .children()
                        .next()
                        .is_some_and(|left| left.text() == key.text())
            })
        }),
        Kind::For => node.child(Field::Left).is_some_and(|left| {
            left.with_descendants()
                .any(|name| name.text() == key.text())
        }),
        _ => false,
    };
    is_literal() || act.site.node.ancestors().any(is_asked)
}
