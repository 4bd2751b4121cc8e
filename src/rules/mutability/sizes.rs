//! Which collections notice, while a loop walks them, that their size changes, and what a change does to it: a part of MUT007.

use crate::facts::{Mutation, MutationKind, Site};
use crate::project::{ClassValue, Function, Value};
use crate::rules::Context;
use crate::syntax::{Field, Kind, Node, Op};

/// The collections whose loops notice a change, or do not.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Collection {
    Dict,
    Set,
    Deque,
    List,
    /// One of these, and nobody knows which.
    Any,
}

/// The collection that an expression gives, of whose methods the loop walks `view`.
pub(super) fn collection_of<'p>(
    cx: &Context<'p>,
    site: Site<'p>,
    view: &str,
) -> Option<Collection> {
    let class = match cx.project.evaluate(site) {
        Value::Instance(class) => class,
        Value::External(name) if name.starts_with("sys.") => return named(&name),
        Value::Unknown => {
            let may_be = is_of_the_project(cx, site) && !has_more_than_a_collection(site);
            return may_be.then_some(Collection::Any);
        }
        _ => return None,
    };
    let name = match class {
        ClassValue::External(name) => name,
        ClassValue::Known(known) => {
            let walks_otherwise = ["__iter__", "items", "keys", "values", "pop"]
                .iter()
                .any(|method| cx.project.defines_somewhere(known, method));
            let mro = cx.project.mro(known);
            let bases = mro
                .classes
                .iter()
                .map(|base| cx.project.qualified_class(base));
            let mut collections = bases.filter(|base| named(base).is_some());
            collections
                .next()
                .filter(|_| !walks_otherwise && mro.is_complete())?
        }
    };
    named(&name).filter(|kind| view.is_empty() || *kind == Collection::Dict)
}

/// Whether what nobody knows is no attribute that a class of other code gives its objects: that may hold something that is walked otherwise.
fn is_of_the_project<'p>(cx: &Context<'p>, site: Site<'p>) -> bool {
    let (Some(object), Some(name)) = (
        site.child(Field::Object),
        site.node.child(Field::Attribute).map(Node::text),
    ) else {
        return true;
    };
    let Value::Instance(ClassValue::Known(class)) = cx.project.evaluate(object) else {
        return true;
    };
    let mut own = cx.project.known_mro(class).into_iter();
    own.any(|own| !own.assigned_to_self(name).is_empty())
}

/// Whether the function asks what it walks, and nobody knows, for something that no collection of the language has, nor an element of XML: it is an object of another class, which may be walked otherwise.
fn has_more_than_a_collection(site: Site<'_>) -> bool {
    let Some(function) = Function::around(site) else {
        return false;
    };
    function.nodes().any(|node| {
        let object = node.node.child(Field::Object).map(Node::text);
        let asked = node.node.child(Field::Attribute).map(Node::text);
        let is_more =
            |asked: &str| !OF_COLLECTIONS.contains(&asked) && !OF_ELEMENTS.contains(&asked);
        object == Some(site.text()) && asked.is_some_and(is_more)
    })
}

/// What elements of XML have beside: their children are walked as a list's items are.
const OF_ELEMENTS: &[&str] = &[
    "attrib",
    "find",
    "findall",
    "findtext",
    "getchildren",
    "getparent",
    "iter",
    "iterfind",
    "itertext",
    "makeelement",
    "nsmap",
    "set",
    "tag",
    "tail",
    "text",
];

/// What dicts, sets, lists and deques have beside their special methods.
const OF_COLLECTIONS: &[&str] = &[
    "add",
    "append",
    "appendleft",
    "clear",
    "copy",
    "count",
    "default_factory",
    "difference",
    "difference_update",
    "discard",
    "elements",
    "extend",
    "extendleft",
    "fromkeys",
    "get",
    "has_key",
    "index",
    "insert",
    "intersection",
    "intersection_update",
    "isdisjoint",
    "issubset",
    "issuperset",
    "items",
    "iteritems",
    "iterkeys",
    "itervalues",
    "keys",
    "maxlen",
    "most_common",
    "move_to_end",
    "pop",
    "popitem",
    "popleft",
    "remove",
    "reverse",
    "rotate",
    "setdefault",
    "sort",
    "subtract",
    "symmetric_difference",
    "symmetric_difference_update",
    "total",
    "union",
    "update",
    "values",
];

/// The collection that objects of a class are, or the standard library's of a name.
fn named(class: &str) -> Option<Collection> {
    match class {
        "builtins.dict"
        | "collections.OrderedDict"
        | "collections.defaultdict"
        | "collections.Counter"
        | "sys.modules" => Some(Collection::Dict),
        "builtins.set" => Some(Collection::Set),
        "collections.deque" => Some(Collection::Deque),
        "builtins.list" | "sys.path" => Some(Collection::List),
        _ => None,
    }
}

/// What a change does to the size of a collection that `walk` goes over, whose turn has the names `own` for its key or element: whether that is sure, and whether something is put in. None where the size stays.
pub(super) fn effect(
    kind: Collection,
    walk: Site<'_>,
    mutation: &Mutation,
    site: Site<'_>,
    own: &[&str],
) -> Option<(bool, bool)> {
    match kind {
        Collection::List => list_effect(walk, mutation, site),
        Collection::Deque => {
            let sure = [
                "append",
                "appendleft",
                "pop",
                "popleft",
                "remove",
                "clear",
                "insert",
            ];
            let changes = mutation.kind == MutationKind::Delete
                || method(site).is_some_and(|name| sure.contains(&name));
            changes.then_some((true, false))
        }
        Collection::Dict | Collection::Set => table_effect(walk, mutation, site, own),
        Collection::Any => {
            let is_seen_through = is_conditional(walk, site) && !is_put_back(site);
            (is_seen_through && takes_own(mutation, site, own)).then_some((false, false))
        }
    }
}

/// Whether a condition in the turn decides about a change. What would fail in every loop is not walked like others.
pub(super) fn is_conditional(walk: Site<'_>, site: Site<'_>) -> bool {
    let around = site.node.ancestors();
    let mut inside = around.take_while(|around| *around != walk.node);
    inside.any(|around| around.kind() == Kind::If)
}

/// Whether the next statement puts the same thing in at the beginning: `names.remove(name)` and `names.insert(0, name)`.
fn is_put_back(change: Site<'_>) -> bool {
    let next = || {
        let statement = change.node.statement()?;
        let siblings = statement.parent()?.children();
        let next = siblings.skip_while(|other| *other != statement).nth(1)?;
        next.children().next()
    };
    let insertion = next().filter(|next| called(*next, "insert").is_some());
    insertion.is_some_and(|insertion| {
        let insertion = change.with(insertion);
        argument(insertion, 0).map(Node::text) == Some("0")
            && argument(insertion, 1).map(Node::text) == argument(change, 0).map(Node::text)
    })
}

/// Whether a change takes out what the loop stands at.
pub(super) fn takes_own(mutation: &Mutation, site: Site<'_>, own: &[&str]) -> bool {
    let taken = match mutation.kind {
        MutationKind::Delete => {
            let item = site.node.tree().node(mutation.target).parent();
            item.and_then(|item| item.child(Field::Subscript))
        }
        MutationKind::Method => match method(site) {
            Some("remove" | "discard" | "pop") => argument(site, 0),
            _ => None,
        },
        _ => None,
    };
    taken.is_some_and(|taken| own.contains(&taken.text()))
}

fn method(site: Site<'_>) -> Option<&str> {
    let callee = site.node.child(Field::Function)?;
    Some(callee.child(Field::Attribute)?.text())
}

fn argument(site: Site<'_>, number: usize) -> Option<Node<'_>> {
    site.node.child(Field::Arguments)?.children().nth(number)
}

fn table_effect(
    walk: Site<'_>,
    mutation: &Mutation,
    site: Site<'_>,
    own: &[&str],
) -> Option<(bool, bool)> {
    let is_own = |key: Option<Node<'_>>| key.is_some_and(|key| own.contains(&key.text()));
    // the number of a turn hardly is a key
    let is_turn = |key: Option<Node<'_>>| key.is_some_and(|key| counts(walk.node, key.text()));
    match mutation.kind {
        MutationKind::Delete => {
            let item = site.node.tree().node(mutation.target).parent();
            let key = item.and_then(|item| item.child(Field::Subscript));
            Some((!is_turn(key), false))
        }
        MutationKind::Item => {
            let target = site.node.tree().node(mutation.target);
            let key = target.parent()?.child(Field::Subscript)?;
            if is_missing(walk, site.node, key, target) {
                return Some((true, true));
            }
            if is_bound_anew(walk, key) {
                return Some((false, true));
            }
            // only a key that is made from the turn's own is known to be another
            let is_made = key.kind() != Kind::Name
                && key
                    .descendants()
                    .any(|part| part.kind() == Kind::Name && own.contains(&part.text()));
            (is_made && site.node.kind() != Kind::AugmentedAssignment).then_some((false, true))
        }
        MutationKind::Augmented => {
            let adds = site.text().contains("|=");
            Some((false, adds))
        }
        MutationKind::Attribute => None,
        MutationKind::Method => match method(site)? {
            "popitem" | "clear" | "remove" => Some((true, false)),
            // `pop()` is a set's
            "pop" if is_renamed(site) => Some((false, false)),
            "pop" => {
                let is_sure = argument(site, 1).is_none() || is_own(argument(site, 0));
                Some((is_sure && !is_turn(argument(site, 0)), false))
            }
            "discard" => Some((is_own(argument(site, 0)), false)),
            "add" | "setdefault" if is_own(argument(site, 0)) => None,
            "add" | "setdefault" => Some((false, true)),
            "update" if is_own(only_key(argument(site, 0))) => None,
            "update" | "symmetric_difference_update" => Some((false, true)),
            "difference_update" | "intersection_update" => Some((false, false)),
            _ => None,
        },
    }
}

/// Whether what a `pop` takes out is put in again under another key: `table[new] = table.pop(old)`.
fn is_renamed(pop: Site<'_>) -> bool {
    let target = pop
        .node
        .parent()
        .filter(|parent| parent.kind() == Kind::Assignment)
        .and_then(|assignment| assignment.child(Field::Left));
    let table = target.filter(|target| target.kind() == Kind::Subscript);
    let table = table.and_then(|target| target.child(Field::Value));
    table.is_some() && table.map(Node::text) == called(pop.node, "pop").map(Node::text)
}

/// Whether a condition around a statement of the turn says that a table has not got a key: `if key not in table:`.
fn is_missing(walk: Site<'_>, statement: Node<'_>, key: Node<'_>, table: Node<'_>) -> bool {
    let mut inner = statement;
    for around in statement.ancestors() {
        if around == walk.node {
            return false;
        }
        let condition = around.child(Field::Condition);
        if around.kind() == Kind::If
            && inner.field() == Field::Consequence
            && condition.is_some_and(|condition| denies(condition, key, table))
        {
            return true;
        }
        inner = around;
    }
    false
}

/// Whether a condition, or one that has to hold beside others, is `key not in table`.
fn denies(condition: Node<'_>, key: Node<'_>, table: Node<'_>) -> bool {
    let condition = condition.unparenthesized();
    match condition.kind() {
        Kind::Comparison if condition.op() == Op::NotIn => {
            let sides: Vec<_> = condition.children().collect();
            match sides[..] {
                [left, right] => {
                    let left = left.unparenthesized();
                    // `(key := make()) not in table`
                    let left = left.child(Field::Name).unwrap_or(left);
                    left.text() == key.text() && right.text() == table.text()
                }
                _ => false,
            }
        }
        Kind::BooleanOperation if condition.op() == Op::And => {
            condition.children().any(|part| denies(part, key, table))
        }
        _ => false,
    }
}

/// Whether a key is the name of what a loop stands at, and a turn binds it to something else: `key = key.lower()`.
fn is_bound_anew(walk: Site<'_>, key: Node<'_>) -> bool {
    let is_key = |node: Node<'_>| node.kind() == Kind::Name && node.text() == key.text();
    let own = walk.node.child(Field::Left);
    let body = walk.node.child(Field::Body);
    let mut parts = body.into_iter().flat_map(Node::descendants);
    own.is_some_and(|own| own.with_descendants().any(is_key))
        && parts.any(|part| {
            part.kind() == Kind::Assignment && part.child(Field::Left).is_some_and(is_key)
        })
}

/// The key of a display of one pair.
fn only_key(display: Option<Node<'_>>) -> Option<Node<'_>> {
    let display = display.filter(|display| display.kind() == Kind::Dict)?;
    let mut pairs = display.children();
    let only = pairs.next().filter(|_| pairs.next().is_none())?;
    only.child(Field::Key)
}

fn list_effect(walk: Site<'_>, mutation: &Mutation, site: Site<'_>) -> Option<(bool, bool)> {
    let grows = || grows_for_ever(walk, site).then_some((true, true));
    match mutation.kind {
        MutationKind::Delete => Some((true, false)),
        MutationKind::Item => {
            let item = site.node.tree().node(mutation.target).parent()?;
            let slice = item.children().find(|index| index.kind() == Kind::Slice)?;
            let is_kept = is_as_long(item)
                || is_insertion_ahead(walk, slice, site)
                || is_replaced_part(item, slice);
            (!is_kept).then_some((true, false))
        }
        MutationKind::Augmented => {
            let added = site.node.child(Field::Right)?;
            let adds = added.kind() == Kind::List && added.children().next().is_some();
            adds.then(grows)?
        }
        MutationKind::Attribute => None,
        MutationKind::Method => match method(site)? {
            "remove" | "pop" | "clear" => Some((true, false)),
            "insert" => is_behind(walk, argument(site, 0)?, site).then_some((true, false)),
            "append" => grows(),
            "extend" => {
                let added = argument(site, 0)?;
                let adds = added.kind() == Kind::List && added.children().next().is_some();
                adds.then(grows)?
            }
            _ => None,
        },
    }
}

/// Whether an index surely is not ahead of the item of the turn: the first one, or the turn's own. What is put in further on is walked when its turn comes.
fn is_behind(walk: Site<'_>, index: Node<'_>, change: Site<'_>) -> bool {
    match index.kind() {
        Kind::Integer => index.text() == "0",
        Kind::Name => counts(walk.node, index.text()) && !is_bound_between(walk, index, change),
        _ => false,
    }
}

/// Whether a loop counts its turns from 0 in a name: `for at, name in enumerate(names)`.
fn counts(walk: Node<'_>, name: &str) -> bool {
    let counter = walk
        .child(Field::Left)
        .and_then(|left| left.children().next());
    let call = walk
        .child(Field::Right)
        .filter(|right| right.kind() == Kind::Call);
    let callee = call.and_then(|call| call.child(Field::Function));
    let arguments = call.and_then(|call| call.child(Field::Arguments));
    counter.map(Node::text) == Some(name)
        && callee.map(Node::text) == Some("enumerate")
        && arguments.is_some_and(|arguments| arguments.children().count() == 1)
}

/// Whether a loop inside of the walk binds the name again around the change.
fn is_bound_between(walk: Site<'_>, name: Node<'_>, change: Site<'_>) -> bool {
    let around = change
        .node
        .ancestors()
        .take_while(|node| *node != walk.node);
    let mut loops = around.into_iter().filter(|node| node.kind() == Kind::For);
    loops.any(|inner| {
        let left = inner.child(Field::Left).into_iter();
        let mut bound = left.flat_map(Node::with_descendants);
        bound.any(|bound| bound.text() == name.text())
    })
}

/// Whether a slice that items are put into is empty, and ahead of the item of the turn: `names[at:at] = more`.
fn is_insertion_ahead(walk: Site<'_>, slice: Node<'_>, change: Site<'_>) -> bool {
    let mut ends = slice.children();
    match (ends.next(), ends.next(), ends.next()) {
        (Some(from), Some(to), None) => from.text() == to.text() && !is_behind(walk, from, change),
        _ => false,
    }
}

/// Whether what is assigned to a part of a list, from one place to another, may be as long as it: `names[start:end] = sorted(found)`.
fn is_replaced_part(item: Node<'_>, slice: Node<'_>) -> bool {
    let mut ends = slice.children();
    let has_ends = match (ends.next(), ends.next(), ends.next()) {
        (Some(from), Some(to), None) => from.text() != to.text(),
        _ => false,
    };
    let value = item.parent().and_then(|left| left.child(Field::Right));
    let is_display = |value: Node<'_>| matches!(value.kind(), Kind::List | Kind::Tuple);
    has_ends && value.is_some_and(|value| !is_display(value))
}

/// Whether an insertion at the beginning of a list puts in what it takes out of it, as `names.insert(0, names.pop(at))`: what slides along was seen.
pub(super) fn moves(insertion: Site<'_>) -> bool {
    let list = called(insertion.node, "insert");
    let taken = argument(insertion, 1).and_then(|item| called(item, "pop"));
    argument(insertion, 0).map(Node::text) == Some("0")
        && list.is_some()
        && list.map(Node::text) == taken.map(Node::text)
}

/// The object of which a call calls a method of a name.
fn called<'t>(call: Node<'t>, method: &str) -> Option<Node<'t>> {
    let callee = call.child(Field::Function)?;
    let name = callee.child(Field::Attribute)?;
    callee
        .child(Field::Object)
        .filter(|_| name.text() == method)
}

/// Whether an assigned slice gets as many items as it had: those that a comprehension makes of the same slice, one of each.
fn is_as_long(slice: Node<'_>) -> bool {
    let value = slice.parent().and_then(|left| left.child(Field::Right));
    let Some(comprehension) = value.filter(|value| value.kind() == Kind::ListComprehension) else {
        return false;
    };
    let is_condition = |part: Node<'_>| part.kind() == Kind::IfClause;
    let mut clauses = comprehension
        .children()
        .filter(|part| part.kind() == Kind::ForInClause);
    let walked = clauses.next().and_then(|clause| clause.child(Field::Right));
    walked.is_some_and(|walked| walked.text() == slice.text())
        && clauses.next().is_none()
        && !comprehension.children().any(is_condition)
}

/// Whether each turn of a loop puts something at the end, and nothing leaves the loop.
fn grows_for_ever(walk: Site<'_>, change: Site<'_>) -> bool {
    let is_unconditional =
        change.node.statement().and_then(Node::parent) == walk.node.child(Field::Body);
    let mut nodes = walk.node.descendants();
    walk.node.kind() == Kind::For
        && is_unconditional
        && !nodes.any(|node| {
            matches!(
                node.kind(),
                Kind::Break
                    | Kind::Return
                    | Kind::Raise
                    | Kind::Continue
                    | Kind::Yield
                    | Kind::Await
            )
        })
}
