//! GIL003 unlocked-update. Card: knowledge/rules/GIL003-unlocked-update.md

use std::cell::OnceCell;

use rustc_hash::FxHashMap;

use super::racing::{
    are_several, in_threaded, is_bare, prove_starts, runs_beside, shared_by, starts_of,
};
use crate::facts::Site;
use crate::project::{Chain, Function, SharedPlace};
use crate::rules::{Context, Findings, Rule, Severity};
use crate::syntax::{Field, Kind, Node, Op};

pub const RULE: Rule = Rule {
    code: "GIL003",
    name: "unlocked-update",
    check,
};

/// A statement that reads shared state and writes it back, in a function that threads run.
struct Update<'p> {
    statement: Site<'p>,
    /// The statement that reads, where it is another one.
    reads: Option<Site<'p>>,
    place: SharedPlace<'p>,
    /// Whether other Python code can run between the read and the write.
    interrupted: bool,
    /// The ways to it on which no lock is held.
    bare: Vec<Chain<'p>>,
    /// The ways on which one is held: it keeps out nobody who does not take it.
    guarded: Vec<Chain<'p>>,
}

/// The ways by which threads come to the updates of one place.
#[derive(Default)]
struct Ways<'u, 'p> {
    bare: Vec<&'u Chain<'p>>,
    guarded: Vec<&'u Chain<'p>>,
}

impl<'u, 'p> Ways<'u, 'p> {
    /// The starts of those that race with each other; none, where an update without a lock never runs beside another one.
    fn racing(self, cx: &Context<'p>) -> Vec<&'u Chain<'p>> {
        let bare = starts_of(self.bare.into_iter());
        if are_several(cx, &bare) {
            return bare;
        }
        let guarded = starts_of(self.guarded.into_iter()).into_iter();
        let mut beside: Vec<&Chain<'p>> = guarded
            .filter(|other| bare.iter().any(|one| runs_beside(cx, one, other)))
            .collect();
        if !beside.is_empty() {
            beside.splice(0..0, bare);
        }
        beside
    }
}

fn check(cx: &Context<'_>, out: &mut Findings) {
    let updates = in_threaded(cx, |function| updates_of(cx, function));
    let mut ways: FxHashMap<&str, Ways<'_, '_>> = FxHashMap::default();
    for update in &updates {
        let known = ways.entry(&update.place.identity).or_default();
        known.bare.extend(&update.bare);
        known.guarded.extend(&update.guarded);
    }
    let racing: FxHashMap<&str, Vec<&Chain<'_>>> = ways
        .into_iter()
        .map(|(place, ways)| (place, ways.racing(cx)))
        .collect();
    let mut last: Option<Site<'_>> = None;
    for update in &updates {
        if let Some(starts) = racing.get(&*update.place.identity)
            && !starts.is_empty()
            && !update.bare.is_empty()
            && last != Some(update.statement)
        {
            last = Some(update.statement);
            report(cx, update, starts, out);
        }
    }
}

fn updates_of<'p>(cx: &Context<'p>, function: Function<'p>) -> Vec<Update<'p>> {
    let chains = cx.project.chains(function);
    let writes = function.nodes().filter(|site| {
        matches!(
            site.node.kind(),
            Kind::AugmentedAssignment | Kind::Assignment
        )
    });
    let copies = Copies {
        function,
        known: OnceCell::new(),
    };
    writes
        .filter_map(|write| update(cx, function, write, &chains, &copies))
        .flatten()
        .collect()
}

/// The assignments of a function to plain names.
struct Copies<'p> {
    function: Function<'p>,
    /// By what is assigned, in source order.
    known: OnceCell<FxHashMap<String, Vec<Site<'p>>>>,
}

impl<'p> Copies<'p> {
    fn all(&self) -> &FxHashMap<String, Vec<Site<'p>>> {
        self.known.get_or_init(|| {
            let mut found: FxHashMap<String, Vec<Site<'p>>> = FxHashMap::default();
            for site in self.function.nodes() {
                let left = site.node.child(Field::Left);
                if site.node.kind() == Kind::Assignment
                    && left.is_some_and(|left| left.kind() == Kind::Name)
                    && let Some(right) = site.node.child(Field::Right)
                {
                    found.entry(key(right)).or_default().push(site);
                }
            }
            found
        })
    }

    /// The last assignment before another one that gives what stands at `place` to one of the names.
    fn last(&self, place: &str, names: &[&str], before: Site<'p>) -> Option<Site<'p>> {
        let all = self.all().get(place)?;
        let earlier = all
            .iter()
            .rev()
            .filter(|site| site.node.id() < before.node.id());
        let is_named = |site: &&Site<'p>| {
            let left = site.node.child(Field::Left);
            left.is_some_and(|left| names.contains(&left.text()))
        };
        earlier.copied().find(|site| is_named(&site))
    }
}

fn update<'p>(
    cx: &Context<'p>,
    function: Function<'p>,
    write: Site<'p>,
    chains: &[Chain<'p>],
    copies: &Copies<'p>,
) -> Option<Vec<Update<'p>>> {
    let target = write.child(Field::Left)?;
    let value = write.child(Field::Right)?;
    let (reads, interrupted) = match write.node.kind() {
        Kind::AugmentedAssignment => (None, has_call(value.node)),
        _ => reads_it(write, target, value, copies)?,
    };
    let is_locked = cx.project.may_be_locked(function, write)
        || reads.is_none() && cx.project.may_be_locked(function, target);
    let statement = write.statement();
    let place = |chain: &Chain<'p>| cx.project.shared_place(function, target, chain);
    let shared = shared_by(chains.iter(), place).into_iter();
    let updates = shared.map(|(place, ways)| {
        let (bare, guarded) = ways
            .into_iter()
            .partition(|chain| !is_locked && is_bare(cx, chain));
        Update {
            statement,
            reads,
            interrupted: interrupted || place.runs_code,
            place,
            bare,
            guarded,
        }
    });
    Some(updates.collect())
}

fn has_call(node: Node<'_>) -> bool {
    node.with_descendants()
        .any(|inner| matches!(inner.kind(), Kind::Call | Kind::Await | Kind::Yield))
}

fn key(node: Node<'_>) -> String {
    node.text().chars().filter(|c| !c.is_whitespace()).collect()
}

/// For `target = value`: whether the value is worked out from what the target was; the statement that read it before, and whether other code can run in between.
fn reads_it<'p>(
    write: Site<'p>,
    target: Site<'p>,
    value: Site<'p>,
    copies: &Copies<'p>,
) -> Option<(Option<Site<'p>>, bool)> {
    let place = key(target.node);
    let container = target
        .node
        .child(Field::Value)
        .filter(|_| target.node.kind() == Kind::Subscript)
        .map(key);
    let is_read = |node: Node<'_>| {
        let text = key(node);
        let got = node.kind() == Kind::Call
            && node
                .child(Field::Function)
                .and_then(|callee| callee.child(Field::Object))
                .map(key)
                == container
            && container.is_some();
        text == place || got
    };
    if makes_once(value.node, &place) {
        return None;
    }
    if let Some(read) = value.node.with_descendants().find(|node| is_read(*node)) {
        // a call in what is read comes before it is read: `type(self).total`
        let comes_later = |node: Node<'_>| node.id() > read.id() && !read.contains(node);
        let after = value
            .node
            .with_descendants()
            .any(|node| node.kind() == Kind::Call && (comes_later(node) || node.contains(read)));
        return Some((None, after));
    }
    // `seen = total` and later `total = seen + 1`
    let names = value
        .node
        .with_descendants()
        .filter(|node| node.kind() == Kind::Name)
        .map(Node::text);
    let names: Vec<&str> = names.collect();
    let read = copies.last(&place, &names, write)?;
    Some((Some(read.statement()), true))
}

/// `table = table or make()`: what is made twice in a race is no update that is lost.
fn makes_once(value: Node<'_>, place: &str) -> bool {
    let value = value.unparenthesized();
    value.kind() == Kind::BooleanOperation
        && value.op() == Op::Or
        && value
            .children()
            .next()
            .is_some_and(|first| key(first) == place)
}

fn report<'p>(cx: &Context<'p>, update: &Update<'p>, starts: &[&Chain<'p>], out: &mut Findings) {
    let bare_counts = cx.options.free_threaded || cx.options.python < (3, 10);
    let severity = if update.interrupted || bare_counts {
        Severity::Warning
    } else {
        Severity::Information
    };
    let name = update.place.name;
    let why = if update.interrupted {
        "another thread can change it between the read and the write, and that change is lost"
    } else if bare_counts {
        "two threads can read the same value, and one of the updates is lost"
    } else {
        "CPython does not switch threads inside this statement today, and promises nothing"
    };
    let message = format!(
        "`{name}` is read, changed and written back by several threads with no lock held: {why}; hold one `threading.Lock` around the update"
    );
    let finding = out.report(&RULE, severity, cx.file, update.statement.range(), message);
    if let Some(reads) = update.reads {
        finding.evidence(reads, "it is read here");
    }
    if let Some(made) = update.place.made {
        finding.evidence(made, format!("all threads share this `{name}`"));
    }
    prove_starts(finding, starts);
    for call in update.bare.iter().flat_map(|chain| &chain.calls).take(4) {
        finding.evidence(*call, "called on the way");
    }
}
