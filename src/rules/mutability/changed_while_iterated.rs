//! MUT007 changed-while-iterated. Card: knowledge/rules/MUT007-changed-while-iterated.md

use super::sizes::{Collection, collection_of, effect, is_conditional, moves, takes_own};
use crate::facts::{BindingKind, Mutation, Resolution, Site, Subjects};
use crate::project::{Function, Value, is_definition};
use crate::rules::context::line;
use crate::rules::expected::is_expected;
use crate::rules::{Context, Findings, Rule, Severity};
use crate::syntax::{Field, Kind, Node, Op};

pub const RULE: Rule = Rule {
    code: "MUT007",
    name: "changed-while-iterated",
    check,
};

fn check(cx: &Context<'_>, out: &mut Findings) {
    for root in cx.segments(Subjects::CHANGED_WALKS) {
        for node in root.node.descendants() {
            if matches!(node.kind(), Kind::For | Kind::ForInClause)
                && let Some(walk) = walk(cx, root.with(node))
            {
                check_walk(cx, walk, out);
            }
        }
    }
}

/// A loop over a collection.
struct Walk<'p> {
    /// The `for` statement, or the clause of a comprehension.
    site: Site<'p>,
    /// The expression of the collection itself: `table` in `enumerate(table.items())`.
    collection: Site<'p>,
    /// The view of a dict that is walked: `items`; or nothing.
    view: &'p str,
    /// What `list(…)` can be put around, where it stands in the loop.
    walked: Option<Site<'p>>,
    /// The names that stand for the key or the element of the turn.
    own: Vec<&'p str>,
    /// What runs in each turn.
    turn: Vec<Node<'p>>,
}

fn walk<'p>(cx: &Context<'p>, site: Site<'p>) -> Option<Walk<'p>> {
    let is_async = site.text().starts_with("async");
    let iterable = site.child(Field::Right).filter(|_| !is_async)?;
    let walked = walked(cx, iterable)?;
    let direct = site.node.contains(walked.node).then_some(walked);
    let (collection, view) = viewed(walked);
    let mut own = targets(site);
    match view {
        "items" => own.truncate(1),
        "values" => own.clear(),
        _ => {}
    }
    let turn = match site.node.kind() {
        Kind::For => vec![site.node.child(Field::Body)?],
        _ => {
            let clauses = site.node.parent()?.children();
            clauses.filter(|part| *part != site.node).collect()
        }
    };
    Some(Walk {
        site,
        collection,
        view,
        walked: direct,
        own,
        turn,
    })
}

/// What a loop really walks: what stands in `enumerate(…)`, `zip(…)` or `iter(…)`, and what a name was bound to that stands for a view.
fn walked<'p>(cx: &Context<'p>, iterable: Site<'p>) -> Option<Site<'p>> {
    let site = iterable.with(iterable.node.unparenthesized());
    match site.node.kind() {
        Kind::Call => {
            let callee = site.child(Field::Function)?;
            if callee.node.kind() == Kind::Attribute {
                return Some(site);
            }
            let name = cx.project.qualified(callee)?;
            let mut arguments = site.node.child(Field::Arguments)?.children();
            let is_wrapper = matches!(
                name.as_ref(),
                "builtins.enumerate" | "builtins.iter" | "builtins.zip"
            );
            let first = arguments.next().filter(|_| is_wrapper)?;
            walked(cx, site.with(first))
        }
        Kind::Name => {
            let value = cx.project.only_binding(site).and_then(|only| only.value());
            let view = value.filter(|value| value.node.kind() == Kind::Call);
            let view = view.filter(|view| {
                let callee = view.node.child(Field::Function).map(Node::text);
                !viewed(*view).1.is_empty() || callee == Some("iter")
            });
            view.map_or(Some(site), |view| walked(cx, view))
        }
        Kind::Attribute => Some(site),
        _ => None,
    }
}

/// For `table.items()`, the dict and the method; else the expression itself.
fn viewed(site: Site<'_>) -> (Site<'_>, &str) {
    let view = || {
        let callee = site.child(Field::Function)?;
        let name = callee.node.child(Field::Attribute)?.text();
        let is_view = matches!(name, "items" | "keys" | "values");
        Some((callee.child(Field::Object).filter(|_| is_view)?, name))
    };
    view().unwrap_or((site, ""))
}

/// A change of the collection in a turn.
struct Change<'p> {
    /// The call or the statement.
    site: Site<'p>,
    /// Whether it surely takes something out, or surely puts something in.
    is_sure: bool,
    adds: bool,
    /// Where a function that the turn calls makes it.
    inside: Option<Site<'p>>,
}

fn check_walk<'p>(cx: &Context<'p>, walk: Walk<'p>, out: &mut Findings) {
    // what needs no more than the loop is asked first
    let own = own_mutations(cx, &walk);
    let helpers = helper_calls(cx, &walk);
    if own.is_empty() && helpers.is_empty() || is_bound_in_turn(&walk) {
        return;
    }
    let Some(kind) = collection_of(cx, walk.collection, walk.view) else {
        return;
    };
    if kind != Collection::List && is_expected(walk.site, "RuntimeError") {
        return;
    }
    if kind == Collection::List && is_walked_again(&walk) {
        return;
    }
    let mut changes = own_changes(kind, &walk, own);
    changes.extend(
        helpers
            .into_iter()
            .filter_map(|call| helper(cx, kind, &walk, call)),
    );
    // what is taken out and what is put in may be as much
    let adds = changes.iter().any(|change| change.adds);
    let takes = changes.iter().any(|change| !change.adds);
    for change in changes {
        let is_error = match kind {
            Collection::List | Collection::Any => false,
            Collection::Deque => change.is_sure,
            _ => change.is_sure && !(adds && takes),
        };
        report(kind, &walk, &change, is_error, out);
    }
}

/// Whether a loop is run again until no turn has found anything to do: `while changed:` around it, and `changed = True` in the turn. What a turn skips has its own later.
fn is_walked_again(walk: &Walk<'_>) -> bool {
    let mut around = walk.site.node.ancestors();
    let again = around
        .find(|node| matches!(node.kind(), Kind::While | Kind::For) || is_definition(node.kind()));
    let flag = again
        .filter(|again| again.kind() == Kind::While)
        .and_then(|again| again.child(Field::Condition))
        .filter(|flag| flag.kind() == Kind::Name);
    let Some(flag) = flag else {
        return false;
    };
    let mut parts = walk.turn.iter().flat_map(|part| part.descendants());
    parts.any(|part| {
        let target = part.child(Field::Left).map(Node::text);
        let value = part.child(Field::Right).map(Node::kind);
        part.kind() == Kind::Assignment && target == Some(flag.text()) && value == Some(Kind::True)
    })
}

/// Whether a turn binds the name or the attribute to something else.
fn is_bound_in_turn(walk: &Walk<'_>) -> bool {
    let text = walk.collection.text();
    let in_turn = |node: &Node<'_>| walk.turn.iter().any(|part| part.contains(*node));
    let nodes = walk.turn.iter().flat_map(|part| part.descendants());
    let mut targets = nodes.filter(|node| {
        node.field() == Field::Left
            && node.parent().map(Node::kind) == Some(Kind::Assignment)
            && in_turn(node)
    });
    targets.any(|target| {
        let mut parts = target.with_descendants();
        parts.any(|part| part.text() == text && !is_inside_item(part, target))
    })
}

/// Whether a part of a target is only looked into: `table` in `table[key] = …`.
fn is_inside_item(part: Node<'_>, target: Node<'_>) -> bool {
    let around = part.ancestors().take_while(|node| target.contains(*node));
    around
        .into_iter()
        .any(|node| matches!(node.kind(), Kind::Subscript | Kind::Attribute))
}

/// What changes the collection in the turn itself, with the part of the turn where it stands.
fn own_mutations<'p>(cx: &Context<'p>, walk: &Walk<'p>) -> Vec<(&'p Mutation, Site<'p>)> {
    let mut found = Vec::new();
    for part in &walk.turn {
        let part = walk.site.with(*part);
        let own = part.mutations().filter(|mutation| {
            let site = part.at(mutation.node);
            is_same(cx, part.at(mutation.target), walk.collection)
                && !is_later(site, part)
                && !leaves(site.node, walk.site.node)
        });
        found.extend(own.map(|mutation| (mutation, part.at(mutation.node))));
    }
    found
}

/// Those of them that may give a collection of a kind another size.
fn own_changes<'p>(
    kind: Collection,
    walk: &Walk<'p>,
    mutations: Vec<(&'p Mutation, Site<'p>)>,
) -> Vec<Change<'p>> {
    let changes = mutations.into_iter().filter_map(|(mutation, site)| {
        let (is_sure, adds) = effect(kind, walk.site, mutation, site, &walk.own)?;
        Some(Change {
            site,
            is_sure,
            adds,
            inside: None,
        })
    });
    let mut found: Vec<_> = changes.collect();
    // `names[other] = names.pop(name)` is one change
    let whole: Vec<_> = found.iter().map(|change| change.site).collect();
    found.retain(|change| {
        !whole
            .iter()
            .any(|other| *other != change.site && other.node.contains(change.site.node))
    });
    found.retain(|change| kind != Collection::List || !moves(change.site));
    found
}

/// Whether code in a turn runs later: in a function that it only makes.
fn is_later(site: Site<'_>, turn: Site<'_>) -> bool {
    let around = site
        .node
        .ancestors()
        .take_while(|node| turn.node.contains(*node));
    around
        .into_iter()
        .any(|node| matches!(node.kind(), Kind::FunctionDef | Kind::Lambda))
}

/// Whether the loop is left after a change, before its next turn.
fn leaves(change: Node<'_>, walk: Node<'_>) -> bool {
    let mut node = change;
    let mut is_inner = false;
    loop {
        let Some(parent) = node.parent().filter(|parent| walk.contains(*parent)) else {
            return false;
        };
        if node.kind() == Kind::Return || node.kind() == Kind::Raise {
            return true;
        }
        if parent.kind() == Kind::Block {
            let behind = parent.children().skip_while(|other| *other != node).skip(1);
            for statement in behind {
                match statement.kind() {
                    Kind::Return | Kind::Raise => return true,
                    Kind::Break if !is_inner => return true,
                    Kind::Break | Kind::Continue => break,
                    _ => {}
                }
            }
        }
        if parent == walk {
            return false;
        }
        is_inner |= matches!(parent.kind(), Kind::For | Kind::While);
        // a `break` behind an inner loop is the outer's
        if matches!(node.kind(), Kind::For | Kind::While) {
            is_inner = parent
                .ancestors()
                .take_while(|outer| *outer != walk)
                .any(|outer| matches!(outer.kind(), Kind::For | Kind::While));
        }
        node = parent;
    }
}

/// The calls in the turn of methods of the object that has the collection.
fn helper_calls<'p>(cx: &Context<'p>, walk: &Walk<'p>) -> Vec<Site<'p>> {
    let Some(owner) = walk.collection.child(Field::Object) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for part in &walk.turn {
        let part = walk.site.with(*part);
        found.extend(part.calls().filter(|call| {
            let callee = call.child(Field::Function);
            let object = callee.and_then(|callee| callee.child(Field::Object));
            object.is_some_and(|object| is_same(cx, object, owner))
                && !is_later(*call, part)
                && !leaves(call.node, walk.site.node)
        }));
    }
    found
}

/// What a method of the same object, that is called, takes out: surely, or under a key that comes of what the loop stands at.
fn helper<'p>(
    cx: &Context<'p>,
    kind: Collection,
    walk: &Walk<'p>,
    call: Site<'p>,
) -> Option<Change<'p>> {
    let attribute = walk.collection.node.child(Field::Attribute)?;
    let Value::Method(method) = cx.project.evaluate(call.child(Field::Function)?) else {
        return None;
    };
    let class = method.class()?;
    if kind == Collection::Any && !is_conditional(walk.site, call)
        || method.is_async()
        || method.is_generator()
        || cx.project.is_overridden(class, method.name())
    {
        return None;
    }
    let own = handed(cx, method, call, &walk.own);
    let elements = handed(cx, method, call, &targets(walk.site));
    let is_the_same = |target: Node<'p>| {
        target.child(Field::Object).map(Node::text) == method.first_parameter()
            && target.child(Field::Attribute).map(Node::text) == Some(attribute.text())
    };
    let body = method.body()?;
    let mut changes = body.mutations().filter_map(|mutation| {
        let site = body.at(mutation.node);
        let is_sure = match kind {
            Collection::Dict | Collection::Set | Collection::Deque => {
                match effect(kind, walk.site, mutation, site, &own)? {
                    (true, false) => Some(true),
                    (false, false) if names_any(site.node, &elements) => Some(false),
                    _ => None,
                }
            }
            Collection::List | Collection::Any => {
                takes_own(mutation, site, &own).then_some(kind == Collection::List)
            }
        }?;
        let is_held = |condition: Node<'p>| is_in(condition, &own, &is_the_same);
        let runs = is_the_same(body.at(mutation.target).node) && runs_always(site, body, &is_held);
        runs.then_some((site, is_sure))
    });
    let (inside, is_sure) = changes.next()?;
    Some(Change {
        site: call,
        is_sure,
        adds: false,
        inside: Some(inside),
    })
}

/// The names that a loop binds in each turn.
fn targets<'p>(walk: Site<'p>) -> Vec<&'p str> {
    let target = walk.node.child(Field::Left).into_iter();
    let names = target.flat_map(Node::with_descendants);
    names
        .filter(|node| node.kind() == Kind::Name)
        .map(Node::text)
        .collect()
}

/// Whether one of the names stands in the arguments of a call.
fn names_any(call: Node<'_>, names: &[&str]) -> bool {
    let arguments = call.child(Field::Arguments).into_iter();
    let mut parts = arguments.flat_map(Node::descendants);
    parts.any(|part| part.kind() == Kind::Name && names.contains(&part.text()))
}

/// Whether a condition is `name in collection`, of a name that the loop gives: that holds in each turn.
fn is_in<'p>(condition: Node<'p>, own: &[&str], is_it: &dyn Fn(Node<'p>) -> bool) -> bool {
    let mut sides = condition.children();
    condition.kind() == Kind::Comparison
        && condition.op() == Op::In
        && sides.next().is_some_and(|left| own.contains(&left.text()))
        && sides.next().is_some_and(is_it)
}

/// The parameters of a method to which a call hands some names.
fn handed<'p>(
    cx: &Context<'p>,
    method: Function<'p>,
    call: Site<'p>,
    names: &[&str],
) -> Vec<&'p str> {
    let Some(arguments) = call.child(Field::Arguments) else {
        return Vec::new();
    };
    let given = arguments.node.children().filter(|argument| {
        let value = argument.child(Field::Value).unwrap_or(*argument);
        names.contains(&value.text())
    });
    given
        .filter_map(|argument| {
            let argument = call.with(argument);
            cx.project.parameter_of(method, true, argument)
        })
        .map(|parameter| parameter.name.text())
        .collect()
}

/// Whether a statement of a function's body runs in every call: nothing but what is `held` decides about it, and nothing returns before.
fn runs_always<'p>(site: Site<'p>, body: Site<'p>, held: &dyn Fn(Node<'p>) -> bool) -> bool {
    let mut statement = site.node.statement();
    while let Some(own) = statement {
        let Some(block) = own.parent().filter(|block| block.kind() == Kind::Block) else {
            return false;
        };
        let mut before = block.children().take_while(|other| *other != own);
        let is_left = before.any(|other| {
            other
                .with_descendants()
                .any(|node| node.kind() == Kind::Return)
        });
        if is_left || block == body.node {
            return !is_left;
        }
        let around = block.parent().filter(|around| match around.kind() {
            Kind::With => true,
            Kind::Try => block.field() == Field::Body,
            Kind::If => {
                block.field() == Field::Consequence
                    && around.child(Field::Condition).is_some_and(held)
            }
            _ => false,
        });
        statement = around;
    }
    false
}

/// Whether two expressions surely name one object: the same name or attribute, through other names of it too.
fn is_same<'p>(cx: &Context<'p>, one: Site<'p>, other: Site<'p>) -> bool {
    match (canonical(cx, one, 0), canonical(cx, other, 0)) {
        (Some(one), Some(other)) => one == other,
        _ => false,
    }
}

/// How many other names of an object are followed.
const NAMES: usize = 3;

/// The binding that an expression begins with, and the attributes behind it.
fn canonical<'p>(cx: &Context<'p>, site: Site<'p>, depth: usize) -> Option<(Site<'p>, String)> {
    let site = site.with(site.node.unparenthesized());
    match site.node.kind() {
        Kind::Name => {
            let (Resolution::Local(bindings) | Resolution::Module(bindings)) = site.resolve()
            else {
                return None;
            };
            let alias = cx
                .project
                .only_binding(site)
                .filter(|only| bindings.len() == 1 && only.binding.kind == BindingKind::Assignment);
            let value = alias.and_then(|alias| alias.value());
            if let Some(value) = value
                && depth < NAMES
                && matches!(value.node.kind(), Kind::Name | Kind::Attribute)
            {
                return canonical(cx, value, depth + 1);
            }
            // another name of what a name stands for at one time
            if depth > 0 && bindings.len() > 1 {
                return None;
            }
            Some((bindings.first()?.name, String::new()))
        }
        Kind::Attribute => {
            let (root, mut path) = canonical(cx, site.child(Field::Object)?, depth)?;
            path.push('.');
            path.push_str(site.node.child(Field::Attribute)?.text());
            Some((root, path))
        }
        _ => None,
    }
}

fn report(
    kind: Collection,
    walk: &Walk<'_>,
    change: &Change<'_>,
    is_error: bool,
    out: &mut Findings,
) {
    let name = walk.collection.text();
    let what = match kind {
        Collection::Dict => "dict",
        Collection::Set => "set",
        Collection::Deque => "deque",
        Collection::List => "list",
        Collection::Any => "collection",
    };
    let loop_line = line(walk.site);
    let then = match (kind, is_error) {
        (Collection::List, _) if change.adds => {
            "each turn adds one more, so the loop never ends".to_string()
        }
        (Collection::List, _) => {
            "items slide along, and some are skipped or seen twice".to_string()
        }
        (Collection::Any, _) => {
            "Python raises RuntimeError in the next turn if it is a dict or a set, and a list skips the item behind".to_string()
        }
        (_, true) => "Python raises RuntimeError in the next turn".to_string(),
        (_, false) => {
            format!(
                "Python raises RuntimeError in the next turn if the {what} has got another size"
            )
        }
    };
    let copy = match walk.walked {
        Some(walked) => format!("loop over `list({})`", walked.text()),
        None => "loop over a copy".to_string(),
    };
    let message = format!(
        "this changes `{name}` while the loop in line {loop_line} walks it: {then}; {copy}, or change it after the loop"
    );
    let severity = match is_error {
        true => Severity::Error,
        false => Severity::Warning,
    };
    let finding = out.report(
        &RULE,
        severity,
        walk.site.file,
        change.site.range(),
        message,
    );
    finding.evidence(walk.site, format!("walks the {what}"));
    if let Some(inside) = change.inside {
        finding.evidence(inside, format!("changes `{name}`"));
    }
    if let Some(walked) = walk.walked {
        let text = format!("list({})", walked.text());
        let edits = vec![(walked.range(), text)];
        finding.fix("Loop over a copy", false, edits);
    }
}
