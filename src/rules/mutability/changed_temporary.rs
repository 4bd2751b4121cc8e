//! MUT015 changed-temporary. Card: knowledge/rules/MUT015-changed-temporary.md

use super::made;
use crate::facts::{Mutation, MutationKind, Site, Subjects};
use crate::project::{ClassValue, Value, is_container_name};
use crate::rules::expected::is_expected;
use crate::rules::{Context, Findings, Rule, Severity};
use crate::syntax::{Field, Kind, Node, Op};

pub const RULE: Rule = Rule {
    code: "MUT015",
    name: "changed-temporary",
    check,
};

fn check(cx: &Context<'_>, out: &mut Findings) {
    for root in cx.segments(Subjects::TEMPORARIES) {
        for mutation in &root.body().mutations {
            let target = root.at(mutation.target);
            if let Some(statement) = own_statement(root, mutation)
                && let Some(temporary) = temporary(cx, target, puts_in(root, mutation))
                && !is_expected(statement, "TypeError")
            {
                report(statement, temporary, out);
            }
        }
    }
}

/// The statement that a change is all of, where it is one of an item or by a method: its own result is not used.
fn own_statement<'p>(root: Site<'p>, mutation: &Mutation) -> Option<Site<'p>> {
    let (node, target) = (root.at(mutation.node), root.at(mutation.target));
    match mutation.kind {
        MutationKind::Method => {
            let statement = node.node.parent()?;
            (statement.kind() == Kind::ExpressionStatement).then(|| root.with(statement))
        }
        MutationKind::Item | MutationKind::Delete => {
            let is_statement = matches!(node.node.kind(), Kind::ExpressionStatement | Kind::Delete);
            (is_statement && target.node.field() == Field::Value).then_some(node)
        }
        _ => None,
    }
}

/// Whether a change puts something in. What is taken out of a default, or put in order there, is no loss.
fn puts_in(root: Site<'_>, mutation: &Mutation) -> bool {
    let method = || {
        let callee = root.at(mutation.node).node.child(Field::Function)?;
        Some(callee.child(Field::Attribute)?.text())
    };
    match mutation.kind {
        MutationKind::Item => true,
        MutationKind::Method => matches!(
            method(),
            Some(
                "append"
                    | "appendleft"
                    | "extend"
                    | "extendleft"
                    | "insert"
                    | "add"
                    | "update"
                    | "setdefault"
            )
        ),
        _ => false,
    }
}

/// What a change is made to that nobody keeps.
enum Temporary<'p> {
    /// The default of a mapping's `get`; the word `get`, where `setdefault` can stand in its place.
    Got(Option<Site<'p>>),
    /// The default of `getattr`.
    Attribute,
    Copy(Site<'p>),
}

fn temporary<'p>(cx: &Context<'p>, target: Site<'p>, puts_in: bool) -> Option<Temporary<'p>> {
    let target = target.with(target.node.unparenthesized());
    if let Some(copy) = copy(cx, target) {
        return Some(Temporary::Copy(copy));
    }
    if !puts_in {
        return None;
    }
    let mut place = target;
    let mut is_inside = false;
    loop {
        place = place.with(place.node.unparenthesized());
        if let Some((default, found)) = default(place) {
            let is_lost = is_new(cx, default)
                && !(is_inside && holds_names(default))
                && is_looked_up(cx, place, &found);
            return is_lost.then_some(found);
        }
        // what lies in a temporary is one too
        place = match place.node.kind() {
            Kind::Subscript => place.child(Field::Value)?,
            Kind::Call => {
                let [_, given] = arguments(place)?[..] else {
                    return None;
                };
                let object = method_of(place, "setdefault")?;
                is_new(cx, given).then_some(object)?
            }
            _ => return None,
        };
        is_inside = true;
    }
}

/// The object whose method a call calls.
fn method_of<'p>(call: Site<'p>, name: &str) -> Option<Site<'p>> {
    let callee = call.child(Field::Function)?;
    let is_named = callee.node.child(Field::Attribute)?.text() == name;
    callee.child(Field::Object).filter(|_| is_named)
}

/// The positional arguments of a call, where it has no others.
fn arguments(call: Site<'_>) -> Option<Vec<Site<'_>>> {
    let given: Vec<_> = call.node.child(Field::Arguments)?.children().collect();
    let is_plain = given.iter().all(|argument| {
        !matches!(
            argument.kind(),
            Kind::KeywordArgument | Kind::ListSplat | Kind::DictSplat | Kind::ForInClause
        )
    });
    is_plain.then(|| given.into_iter().map(|node| call.with(node)).collect())
}

/// For a lookup that may give a default, the default: `table.get(key, default)`, `table.get(key) or default`, `getattr(object, name, default)`.
fn default(place: Site<'_>) -> Option<(Site<'_>, Temporary<'_>)> {
    match place.node.kind() {
        Kind::BooleanOperation if place.node.op() == Op::Or => {
            let left = place.child(Field::Left)?;
            let left = left.with(left.node.unparenthesized());
            method_of(left, "get")?;
            Some((place.child(Field::Right)?, Temporary::Got(None)))
        }
        Kind::Call => match arguments(place)?[..] {
            [_, default] => {
                method_of(place, "get")?;
                let word = place.child(Field::Function)?.child(Field::Attribute)?;
                Some((default, Temporary::Got(Some(word))))
            }
            [_, _, default] => {
                let is_getattr = place.node.child(Field::Function)?.text() == "getattr";
                is_getattr.then_some((default, Temporary::Attribute))
            }
            _ => None,
        },
        _ => None,
    }
}

/// Whether an expression makes a new container.
fn is_new(cx: &Context<'_>, site: Site<'_>) -> bool {
    let is_written_out = !matches!(
        site.node.unparenthesized().kind(),
        Kind::Name | Kind::Attribute | Kind::Subscript | Kind::BooleanOperation | Kind::Conditional
    );
    is_written_out && matches!(made(cx, site), Some(ClassValue::External(_)))
}

/// Whether what lies in a new container may be kept elsewhere too.
fn holds_names(site: Site<'_>) -> bool {
    let mut nodes = site.node.descendants();
    nodes.any(|node| node.kind() == Kind::Name)
}

/// Whether it really is a lookup of that kind, and nothing says that it finds something.
fn is_looked_up<'p>(cx: &Context<'p>, place: Site<'p>, found: &Temporary<'p>) -> bool {
    let call = match place.node.kind() {
        Kind::BooleanOperation => place.child(Field::Left),
        _ => Some(place),
    };
    let Some(call) = call.map(|call| call.with(call.node.unparenthesized())) else {
        return false;
    };
    let (Some(given), Some(callee)) = (arguments(call), call.child(Field::Function)) else {
        return false;
    };
    match found {
        Temporary::Attribute => {
            cx.project.qualified(callee).as_deref() == Some("builtins.getattr")
                && given.first().is_some_and(|object| !is_asked(*object))
        }
        _ => {
            let object = callee.child(Field::Object);
            let key = given.first();
            object.zip(key).is_some_and(|(object, key)| {
                is_mapping(cx, object) && !is_known_key(cx, object, *key)
            })
        }
    }
}

/// Whether an expression gives a mapping whose `get` is the plain one.
fn is_mapping<'p>(cx: &Context<'p>, site: Site<'p>) -> bool {
    match cx.project.evaluate(site) {
        Value::Instance(ClassValue::External(name)) => is_mapping_name(&name),
        Value::Instance(ClassValue::Known(class)) => {
            let mro = cx.project.mro(class);
            let mut bases = mro.classes.iter();
            !cx.project.defines_somewhere(class, "get")
                && !cx.project.defines_somewhere(class, "__missing__")
                && mro.is_complete()
                && bases.any(|base| is_mapping_name(&cx.project.qualified_class(base)))
        }
        // what `get` gives in the place of a dict
        _ => {
            let site = site.with(site.node.unparenthesized());
            let Some((default, Temporary::Got(_))) = default(site) else {
                return false;
            };
            let is_dict = matches!(
                cx.project.evaluate(default),
                Value::Instance(ClassValue::External(name)) if is_mapping_name(&name)
            );
            is_dict
                && site
                    .child(Field::Function)
                    .and_then(|callee| callee.child(Field::Object))
                    .is_some_and(|object| is_mapping(cx, object))
        }
    }
}

fn is_mapping_name(name: &str) -> bool {
    matches!(
        name,
        "builtins.dict"
            | "collections.OrderedDict"
            | "collections.defaultdict"
            | "collections.abc.Mapping"
            | "collections.abc.MutableMapping"
    )
}

/// The function, or the module's code, around a place.
fn around(site: Site<'_>) -> Option<Node<'_>> {
    let is_outer = |node: &Node<'_>| matches!(node.kind(), Kind::FunctionDef | Kind::Module);
    site.node.ancestors().find(is_outer)
}

/// Whether the code around asks for the attributes of an object.
fn is_asked(object: Site<'_>) -> bool {
    let nodes = around(object).into_iter().flat_map(Node::descendants);
    let mut calls = nodes.filter(|node| node.kind() == Kind::Call);
    calls.any(|call| {
        let arguments = call.child(Field::Arguments);
        let first = arguments.and_then(|arguments| arguments.children().next());
        call.child(Field::Function)
            .is_some_and(|callee| matches!(callee.text(), "hasattr" | "setattr"))
            && first.is_some_and(|first| first.text() == object.text())
    })
}

/// Whether the code around shows that a key may be known to be there: it asks for it, or stores under it.
fn is_known_key<'p>(cx: &Context<'p>, table: Site<'p>, key: Site<'p>) -> bool {
    let is_table = |node: Option<Node<'_>>| node.is_some_and(|node| node.text() == table.text());
    let is_key = |node: Option<Node<'_>>| node.is_some_and(|node| node.text() == key.text());
    let mut nodes = around(table).into_iter().flat_map(Node::descendants);
    let is_shown = nodes.any(|node| match node.kind() {
        Kind::Comparison if matches!(node.op(), Op::In | Op::NotIn) => {
            let mut sides = node.children();
            is_key(sides.next()) && is_table(sides.next())
        }
        Kind::Subscript => {
            let mut indexes = node
                .children()
                .filter(|index| index.field() == Field::Subscript);
            is_table(node.child(Field::Value)) && is_key(indexes.next())
        }
        Kind::Call => {
            let site = table.with(node);
            let first = arguments(site).and_then(|given| given.first().map(|first| first.node));
            is_key(first)
                && method_of(site, "setdefault").is_some_and(|object| is_table(Some(object.node)))
        }
        _ => false,
    });
    let is_written = || {
        let bound = cx
            .project
            .only_binding(table)
            .filter(|_| table.node.kind() == Kind::Name);
        let display = bound.and_then(|bound| bound.value());
        display.is_some_and(|display| {
            let mut pairs = display.node.children();
            display.node.kind() == Kind::Dict && pairs.any(|pair| is_key(pair.child(Field::Key)))
        })
    };
    is_shown || is_written()
}

/// For a copy that is made on the spot, what is copied.
fn copy<'p>(cx: &Context<'p>, place: Site<'p>) -> Option<Site<'p>> {
    let is_container = |site: Site<'p>| {
        matches!(
            cx.project.evaluate(site),
            Value::Instance(ClassValue::External(name)) if is_container_name(&name)
        )
    };
    match place.node.kind() {
        Kind::Subscript => {
            let copied = place.child(Field::Value)?;
            let is_list = || {
                matches!(
                    cx.project.evaluate(copied),
                    Value::Instance(ClassValue::External(name)) if name.as_ref() == "builtins.list"
                )
            };
            (place.node.child_of(Kind::Slice).is_some() && is_list()).then_some(copied)
        }
        Kind::Call => match arguments(place)?[..] {
            [] => method_of(place, "copy").filter(|copied| is_container(*copied)),
            [only] => {
                let callee = place.child(Field::Function)?;
                let is_word = matches!(callee.text(), "list" | "sorted" | "dict" | "set");
                let name = cx.project.qualified(callee).filter(|_| is_word)?;
                name.starts_with("builtins.").then_some(only)
            }
            _ => None,
        },
        _ => None,
    }
}

fn report(statement: Site<'_>, temporary: Temporary<'_>, out: &mut Findings) {
    let message = match temporary {
        Temporary::Got(_) => {
            "where the key is missing, `get` gives the default and does not store it, so this change is lost: `setdefault` stores it first".to_string()
        }
        Temporary::Attribute => {
            "where the attribute is missing, `getattr` gives the default and does not store it, so this change is lost: assign the attribute first".to_string()
        }
        Temporary::Copy(copied) => format!(
            "this changes a copy of `{}` that nobody keeps: give the copy a name, or change `{}` itself",
            copied.text(),
            copied.text()
        ),
    };
    let file = statement.file;
    let finding = out.report(&RULE, Severity::Warning, file, statement.range(), message);
    if let Temporary::Got(Some(word)) = temporary {
        let edits = vec![(word.range(), "setdefault".to_string())];
        finding.fix("Use setdefault", false, edits);
    }
}
