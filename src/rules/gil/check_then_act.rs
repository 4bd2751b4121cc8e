//! GIL004 check-then-act. Card: knowledge/rules/GIL004-check-then-act.md

use super::looks::{Look, act_on, condition, is_constant, looks};
use super::racing::{are_several, in_threaded, is_bare, prove_starts, shared_by, starts_of};
use crate::facts::{BindingKind, Site};
use crate::project::{
    Chain, ClassValue, Function, SharedPlace, Value, is_container_name, is_definition, is_repeated,
};
use crate::rules::context::line;
use crate::rules::{Context, Findings, Rule, Severity};
use crate::syntax::{Field, Kind, Node};

pub const RULE: Rule = Rule {
    code: "GIL004",
    name: "check-then-act",
    check,
};

/// A check of shared state, and what relies on it.
struct Race<'p> {
    check: Site<'p>,
    act: Site<'p>,
    /// Whether nothing is lost but the work that is done twice.
    is_memo: bool,
    place: SharedPlace<'p>,
    /// The ways to it on which no lock is held.
    bare: Vec<Chain<'p>>,
}

fn check(cx: &Context<'_>, out: &mut Findings) {
    let races = in_threaded(cx, |function| races_in(cx, function));
    let mut known: Vec<Site<'_>> = Vec::new();
    for race in &races {
        let same = races
            .iter()
            .filter(|other| other.place.identity == race.place.identity);
        let starts = starts_of(same.flat_map(|other| &other.bare));
        if are_several(cx, &starts) && !known.contains(&race.check) {
            known.push(race.check);
            report(cx, race, &starts, out);
        }
    }
}

fn report<'p>(cx: &Context<'p>, race: &Race<'p>, starts: &[&Chain<'p>], out: &mut Findings) {
    let name = race.place.name;
    let (severity, consequence) = if race.is_memo {
        (
            Severity::Information,
            "another thread can find it missing too, both do the work, and one result replaces the other",
        )
    } else {
        (
            Severity::Warning,
            "another thread can change it in between, and both act",
        )
    };
    let message = format!(
        "Several threads check `{name}` and act on what they saw (line {}), with no lock held over both: {consequence}; \
         hold one `threading.Lock` over the check and the action",
        line(race.act)
    );
    let finding = out.report(&RULE, severity, cx.file, race.check.range(), message);
    finding.evidence(race.act, "this relies on what was seen");
    if let Some(made) = race.place.made {
        finding.evidence(made, format!("all threads share this `{name}`"));
    }
    prove_starts(finding, starts);
    for call in race.bare.iter().flat_map(|chain| &chain.calls).take(4) {
        finding.evidence(*call, "called on the way");
    }
}

fn races_in<'p>(cx: &Context<'p>, function: Function<'p>) -> Vec<Race<'p>> {
    let mut found: Vec<Race<'p>> = Vec::new();
    let mut chains: Option<Vec<Chain<'p>>> = None;
    for statement in function.nodes() {
        let Some(condition) = condition(statement.node) else {
            continue;
        };
        for (atom, look) in looks(condition) {
            let Some(act) = act_on(function, statement.node, condition, look) else {
                continue;
            };
            let (check, act) = (statement.with(atom), statement.with(act));
            if is_handled(act.node, function)
                || cx.project.may_be_locked(function, check)
                || is_checked_again(act.node, statement.node, look)
                || is_singleton(cx, function, check)
            {
                continue;
            }
            let chains = chains.get_or_insert_with(|| cx.project.chains(function));
            let place = |chain: &Chain<'p>| {
                is_understood(cx, statement, look, chain)
                    .then(|| place(cx, function, statement, look, act, chain))?
            };
            let shared = shared_by(chains.iter().filter(|chain| is_bare(cx, chain)), place);
            if !shared.is_empty() {
                // the check that is nearest to the action counts
                found.retain(|other| other.act != act);
            }
            let is_memo = is_memo(cx, act, look);
            found.extend(shared.into_iter().map(|(place, bare)| Race {
                check,
                act,
                is_memo,
                place,
                bare,
            }));
        }
    }
    found
}

/// Whether the action may fail and is expected to.
fn is_handled(act: Node<'_>, function: Function<'_>) -> bool {
    let mut node = act;
    if matches!(
        act.statement().map(Node::kind),
        Some(Kind::ExpressionStatement)
    ) && !act.with_descendants().any(|part| part.kind() == Kind::Call)
    {
        return false;
    }
    while let Some(parent) = node.parent().filter(|_| node != function.site.node) {
        if parent.kind() == Kind::Try
            && node.field() == Field::Body
            && parent.child_of(Kind::ExceptClause).is_some()
        {
            return true;
        }
        node = parent;
    }
    false
}

/// Whether the same is asked again under a `with`.
fn is_checked_again(act: Node<'_>, statement: Node<'_>, look: Look<'_>) -> bool {
    let (Look::Value(place) | Look::Filled(place) | Look::Has(place, _)) = look;
    let around: Vec<_> = act
        .ancestors()
        .take_while(|node| *node != statement && !is_definition(node.kind()))
        .collect();
    let Some(with) = around.iter().rposition(|node| node.kind() == Kind::With) else {
        return false;
    };
    let mut earlier = around[with]
        .descendants()
        .take_while(|node| node.id() < act.id());
    earlier.any(|node| {
        condition(node).is_some_and(|condition| {
            condition
                .with_descendants()
                .any(|part| part.text() == place.text())
        })
    })
}

/// Whether an action keeps a value that was worked out, so that whoever comes later need not: two threads keep equal values, as far as the code shows it.
fn is_memo<'p>(cx: &Context<'p>, act: Site<'p>, look: Look<'p>) -> bool {
    if matches!(look, Look::Filled(_)) {
        return false;
    }
    let mut inner = act.node.with_descendants();
    let assignment = inner.find(|node| node.kind() == Kind::Assignment);
    let value = assignment.and_then(|assignment| assignment.child(Field::Right));
    value.is_some_and(|value| {
        let value = act.with(value);
        let is_kept_whole = |place: Node<'p>| is_filled(cx, value) && !is_changed(act, place);
        is_worked_out(cx, value, 0) || matches!(look, Look::Value(place) if is_kept_whole(place))
    })
}

/// Whether a container has everything in it when it is kept: a comprehension made it, or it was filled under a local name, which is not used to change it later.
fn is_filled<'p>(cx: &Context<'p>, value: Site<'p>) -> bool {
    match value.node.kind() {
        Kind::ListComprehension | Kind::SetComprehension | Kind::DictComprehension => return true,
        Kind::Name => {}
        _ => return false,
    }
    let (Some(function), Some(binding)) = (Function::around(value), cx.project.only_binding(value))
    else {
        return false;
    };
    let mut changes = function
        .site
        .mutations()
        .filter(|change| function.site.at(change.target).text() == value.text())
        .peekable();
    Function::around(binding.name) == Some(function)
        && binding.binding.kind == BindingKind::Assignment
        && is_container(cx.project.evaluate(value))
        && !is_repeated(value)
        && changes.peek().is_some()
        && changes.all(|change| change.target < value.node.id())
}

/// Whether the file changes, in place, what is kept under a name or in an attribute: with two containers, one change would be lost.
fn is_changed(act: Site<'_>, kept: Node<'_>) -> bool {
    fn last(node: Node<'_>) -> &str {
        node.child(Field::Attribute).unwrap_or(node).text()
    }
    let file = act.file;
    let mut segments = file.segments_with(last(kept)).into_iter();
    segments.any(|segment| {
        let root = file.root(segment);
        let mut targets = root.mutations().map(|change| root.at(change.target).node);
        targets.any(|target| target.kind() == kept.kind() && last(target) == last(kept))
    })
}

fn is_container(value: Value<'_>) -> bool {
    matches!(value, Value::Instance(ClassValue::External(name)) if is_container_name(&name))
}

fn is_worked_out<'p>(cx: &Context<'p>, value: Site<'p>, depth: usize) -> bool {
    const PLAIN: &[&str] = &["bool", "bytes", "float", "int", "str", "tuple"];
    if is_constant(value.node) || is_of_thread(cx, value) {
        return false;
    }
    if value.node.kind() == Kind::Name {
        // what the thread was given is its own
        return match cx.project.only_binding(value) {
            Some(binding) if binding.binding.kind == BindingKind::Assignment && depth < 3 => {
                let bound = binding.value();
                bound.is_some_and(|bound| is_worked_out(cx, bound, depth + 1))
            }
            _ => false,
        };
    }
    match cx.project.evaluate(value) {
        Value::Instance(ClassValue::External(name)) => name
            .strip_prefix("builtins.")
            .is_some_and(|name| PLAIN.contains(&name)),
        Value::Unknown => true,
        _ => false,
    }
}

/// Whether the check is the one of a singleton: another rule speaks about that.
fn is_singleton<'p>(cx: &Context<'p>, function: Function<'p>, check: Site<'p>) -> bool {
    cx.project
        .singleton(function)
        .is_some_and(|singleton| singleton.check.node.contains(check.node))
}

/// Whether it is known what is looked at: a container of the standard library with a key that is not the thread's own, a variable, an attribute.
fn is_understood<'p>(cx: &Context<'p>, at: Site<'p>, look: Look<'p>, chain: &Chain<'p>) -> bool {
    let is_known = |container| is_container(cx.project.evaluate_given(at.with(container), chain));
    match look {
        Look::Value(_) => true,
        Look::Filled(container) => is_known(container),
        Look::Has(container, key) => is_known(container) && !is_of_thread(cx, at.with(key)),
    }
}

/// Whether a key names the thread that uses it.
fn is_of_thread<'p>(cx: &Context<'p>, key: Site<'p>) -> bool {
    let made = match key.node.kind() {
        Kind::Name => cx
            .project
            .only_binding(key)
            .and_then(|binding| binding.value()),
        _ => Some(key),
    };
    made.is_some_and(|made| {
        made.calls().any(|call| {
            let name = call
                .child(Field::Function)
                .and_then(|callee| cx.project.qualified(callee));
            name.is_some_and(|name| name.starts_with("threading.") || name.starts_with("_thread."))
        })
    })
}

/// The shared place that is looked at, as far as the action changes the same.
fn place<'p>(
    cx: &Context<'p>,
    function: Function<'p>,
    at: Site<'p>,
    look: Look<'p>,
    act: Site<'p>,
    chain: &Chain<'p>,
) -> Option<SharedPlace<'p>> {
    match look {
        Look::Value(place) => cx
            .project
            .shared_place(function, at.with(place), chain)
            .filter(|place| !place.runs_code),
        Look::Filled(container) => cx
            .project
            .shared_container(function, at.with(container), chain),
        Look::Has(container, _) => {
            // an entry of the thread's own is none
            let mut entries = act
                .node
                .with_descendants()
                .filter(|node| node.kind() == Kind::Subscript && node.field() == Field::Left);
            match entries.find(|entry| {
                entry
                    .child(Field::Value)
                    .is_some_and(|own| own.text() == container.text())
            }) {
                Some(entry) => cx.project.shared_place(function, at.with(entry), chain),
                None => cx
                    .project
                    .shared_container(function, at.with(container), chain),
            }
        }
    }
}
