//! MUT012 unhashable-member. Card: knowledge/rules/MUT012-unhashable-member.md

use crate::facts::{BindingKind, Site, Subjects};
use crate::project::{ClassValue, Function, Value};
use crate::rules::expected::is_expected;
use crate::rules::{Context, Finding, Findings, Rule, Severity};
use crate::syntax::{Field, Kind, Node, Op};

pub const RULE: Rule = Rule {
    code: "MUT012",
    name: "unhashable-member",
    check,
};

fn check(cx: &Context<'_>, out: &mut Findings) {
    for root in cx.segments(Subjects::UNHASHABLE) {
        let displays = root.node.descendants().filter_map(what);
        let displays = displays.filter(|(node, _)| !is_placeholder(*node));
        for (node, what) in displays {
            if let Some(needs) = needs_hash(cx, root.with(node)) {
                report(root.with(node), what, needs, out);
            }
        }
    }
    for segment in cx.project.about(cx.file, Subjects::CACHES) {
        let facts = cx.file.segment(segment);
        let root = || cx.file.root(segment);
        let may_give = facts.is_about(Subjects::GIVEN_DISPLAYS) || facts.may_bind_displays();
        if may_give && !root().node.tree().has_error() {
            check_calls(cx, root(), out);
        }
    }
}

/// A display that has no hash, and what it makes.
fn what(node: Node<'_>) -> Option<(Node<'_>, &'static str)> {
    match node.kind() {
        Kind::List | Kind::ListComprehension => Some((node, "list")),
        Kind::Dict | Kind::DictComprehension => Some((node, "dict")),
        Kind::Set | Kind::SetComprehension => Some((node, "set")),
        _ => None,
    }
}

/// Whether a set in a set is what templates mark what they fill in with: a line of its own, or the name of one thing: `{{imports}}`, `WIDTH = {{{width}}}`.
fn is_placeholder(display: Node<'_>) -> bool {
    let around = display
        .parent()
        .filter(|around| around.kind() == Kind::Set && around.text().starts_with("{{"));
    let Some(around) = around.filter(|_| display.kind() == Kind::Set) else {
        return false;
    };
    let is_line = around.parent().map(Node::kind) == Some(Kind::ExpressionStatement);
    is_line || names_one_thing(around)
}

/// Whether a set holds nothing but a name, however many braces stand around that.
fn names_one_thing(set: Node<'_>) -> bool {
    let mut inner = set;
    while inner.kind() == Kind::Set {
        let mut members = inner.children();
        let (Some(only), None) = (members.next(), members.next()) else {
            return false;
        };
        inner = only;
    }
    matches!(inner.kind(), Kind::Name | Kind::Attribute)
}

/// What needs the hash.
enum Needs<'p> {
    Key,
    Member,
    Call(Function<'p>),
}

fn needs_hash<'p>(cx: &Context<'p>, display: Site<'p>) -> Option<Needs<'p>> {
    let mut hashed = display;
    loop {
        let around = hashed.with(hashed.node.parent()?);
        let is_key = hashed.node.field() == Field::Key;
        match around.node.kind() {
            Kind::Parenthesized => {}
            Kind::Set => return Some(Needs::Member),
            Kind::SetComprehension if hashed.node.field() == Field::Body => {
                return Some(Needs::Member);
            }
            Kind::Pair => return is_key.then_some(Needs::Key),
            Kind::Subscript => return indexes(cx, hashed, around),
            Kind::Comparison => return is_asked_for(cx, hashed, around, display),
            Kind::ArgumentList => return is_given(cx, hashed, around, display),
            Kind::GeneratorExpression if hashed.node.field() == Field::Body => {
                return is_brought(cx, hashed, around);
            }
            Kind::ListComprehension if hashed.node.field() == Field::Body => {
                return is_brought(cx, hashed, around);
            }
            Kind::List => return is_brought(cx, hashed, around),
            Kind::Tuple => {
                if let Some(needs) = is_brought(cx, hashed, around) {
                    return Some(needs);
                }
            }
            _ => return None,
        }
        hashed = around;
    }
}

/// Whether an expression gives a table that finds its entries by their hash, and whether that is a dict.
fn table(cx: &Context<'_>, site: Site<'_>) -> Option<Needs<'static>> {
    let Value::Instance(ClassValue::External(class)) = cx.project.evaluate(site) else {
        return None;
    };
    match class.as_ref() {
        "builtins.dict"
        | "collections.Counter"
        | "collections.OrderedDict"
        | "collections.defaultdict" => Some(Needs::Key),
        "builtins.set" | "builtins.frozenset" => Some(Needs::Member),
        _ => None,
    }
}

/// `table[display]`
fn indexes<'p>(cx: &Context<'p>, hashed: Site<'p>, around: Site<'p>) -> Option<Needs<'p>> {
    // no dict is asked for a slice: `boxes[:, [0, 2]]` is an array, whatever its annotation says
    let mut parts = around.node.children().chain(hashed.node.children());
    let has_slice = parts.any(|part| part.kind() == Kind::Slice);
    let is_index = hashed.node.field() == Field::Subscript && !has_slice;
    let indexed = around.child(Field::Value).filter(|_| is_index)?;
    table(cx, indexed).filter(|table| matches!(table, Needs::Key))
}

/// `display in table`; a set looks for the frozenset of a set.
fn is_asked_for<'p>(
    cx: &Context<'p>,
    hashed: Site<'p>,
    around: Site<'p>,
    display: Site<'p>,
) -> Option<Needs<'p>> {
    let mut sides = around.node.children();
    let is_left =
        matches!(around.node.op(), Op::In | Op::NotIn) && sides.next() == Some(hashed.node);
    let asked = sides.next().filter(|_| is_left)?;
    let is_frozen = is_set_itself(hashed, display);
    table(cx, around.with(asked)).filter(|table| !(is_frozen && matches!(table, Needs::Member)))
}

/// Whether a set display is asked for or taken out as it is, and not in a tuple.
fn is_set_itself(hashed: Site<'_>, display: Site<'_>) -> bool {
    hashed.node.unparenthesized() == display.node
        && matches!(display.node.kind(), Kind::Set | Kind::SetComprehension)
}

/// `table.get(display)`, `names.add(display)`
fn is_given<'p>(
    cx: &Context<'p>,
    hashed: Site<'p>,
    arguments: Site<'p>,
    display: Site<'p>,
) -> Option<Needs<'p>> {
    let is_first = arguments.node.children().next() == Some(hashed.node);
    let call = arguments.node.parent().filter(|_| is_first)?;
    let callee = arguments.with(call).child(Field::Function)?;
    let method = callee.node.child(Field::Attribute)?.text();
    let is_frozen = is_set_itself(hashed, display);
    match method {
        "get" | "setdefault" | "pop" | "add" | "discard" | "remove" => {}
        _ => return None,
    }
    let table = table(cx, callee.child(Field::Object)?)?;
    let takes_it = match (&table, method) {
        (Needs::Key, "get" | "setdefault" | "pop") | (Needs::Member, "add") => true,
        (Needs::Member, "discard" | "remove") => !is_frozen,
        _ => false,
    };
    takes_it.then_some(table)
}

/// Whether an item of a display, a comprehension or a generator is a member of what a constructor makes of it, or a key in the pairs that it gets.
fn is_brought<'p>(cx: &Context<'p>, item: Site<'p>, around: Site<'p>) -> Option<Needs<'p>> {
    if let Some(name) = constructor(cx, around) {
        return match name.as_ref() {
            "builtins.set" | "builtins.frozenset" => Some(Needs::Member),
            "builtins.dict.fromkeys" | "collections.Counter" => Some(Needs::Key),
            _ => None,
        };
    }
    // `dict([(display, value)])`
    let is_first = around.node.children().next() == Some(item.node);
    let pairs = around.node.parent().filter(|pairs| {
        let holds_pairs = matches!(
            pairs.kind(),
            Kind::List
                | Kind::Tuple
                | Kind::Set
                | Kind::ListComprehension
                | Kind::SetComprehension
                | Kind::GeneratorExpression
        );
        is_first && holds_pairs
    })?;
    match constructor(cx, around.with(pairs))?.as_ref() {
        "builtins.dict" | "collections.OrderedDict" => Some(Needs::Key),
        _ => None,
    }
}

/// The qualified name of what is called with an expression first.
fn constructor(cx: &Context<'_>, given: Site<'_>) -> Option<std::sync::Arc<str>> {
    let around = given.node.parent()?;
    let call = match around.kind() {
        Kind::ArgumentList => {
            let is_first = around.children().next() == Some(given.node);
            around.parent().filter(|_| is_first)?
        }
        // `set(display for …)`
        Kind::Call if given.node.kind() == Kind::GeneratorExpression => around,
        _ => return None,
    };
    cx.project
        .qualified(given.with(call).child(Field::Function)?)
}

/// Calls of functions of the project that keep their results under their arguments.
fn check_calls(cx: &Context<'_>, root: Site<'_>, out: &mut Findings) {
    for call in root.calls() {
        let Some(arguments) = call.child(Field::Arguments) else {
            continue;
        };
        let mut displays = Vec::new();
        let mut names = Vec::new();
        for argument in arguments.node.children() {
            let value = match argument.kind() {
                Kind::KeywordArgument => argument.child(Field::Value),
                _ => Some(argument),
            };
            if let Some(value) = value {
                unhashable(value, &mut displays);
                names.extend((value.kind() == Kind::Name).then(|| root.with(value)));
            }
        }
        if displays.is_empty() && names.is_empty() {
            continue;
        }
        let callee = call.child(Field::Function);
        if let Some(Value::Function(function) | Value::Method(function)) =
            callee.map(|callee| cx.project.evaluate(callee))
            && function.keeps_results(cx.project)
        {
            for (display, what) in displays {
                report(root.with(display), what, Needs::Call(function), out);
            }
            for name in names {
                if let Some((display, what)) = display_of(cx, name)
                    && let Some(finding) = report(name, what, Needs::Call(function), out)
                {
                    finding.evidence(display, format!("the {what}"));
                }
            }
        }
    }
}

/// The display that a name of the same function surely stands for, and what it makes.
fn display_of<'p>(cx: &Context<'p>, name: Site<'p>) -> Option<(Site<'p>, &'static str)> {
    let only = cx.project.only_binding(name)?;
    let is_own = only.binding.kind == BindingKind::Assignment
        && only.name.segment == name.segment
        && Function::around(only.name) == Function::around(name);
    let value = only.value().filter(|_| is_own)?;
    let (display, what) = what(value.node.unparenthesized())?;
    let is_whole = only.name.node.parent() == display.parent();
    is_whole.then(|| (value.with(display), what))
}

/// The displays without a hash that an argument is, or that lie in the tuple that it is.
fn unhashable<'t>(argument: Node<'t>, found: &mut Vec<(Node<'t>, &'static str)>) {
    match argument.kind() {
        Kind::Tuple | Kind::Parenthesized => {
            argument.children().for_each(|part| unhashable(part, found))
        }
        _ => found.extend(what(argument)),
    }
}

fn report<'o>(
    display: Site<'_>,
    what: &str,
    needs: Needs<'_>,
    out: &'o mut Findings,
) -> Option<&'o mut Finding> {
    if is_expected(display, "TypeError") {
        return None;
    }
    let instead = match what {
        "list" => "a tuple",
        "dict" => "a tuple of its items",
        _ => "a `frozenset`",
    };
    let why = match needs {
        Needs::Key => "cannot be a key of a dict".to_string(),
        Needs::Member => "cannot be a member of a set".to_string(),
        Needs::Call(function) => format!(
            "cannot be an argument of `{}`, which keeps its results under its arguments",
            function.name()
        ),
    };
    let message = format!("a {what} has no hash and {why}: Python raises TypeError; use {instead}");
    let finding = out.report(
        &RULE,
        Severity::Error,
        display.file,
        display.range(),
        message,
    );
    if let Needs::Call(function) = needs {
        finding.evidence_at(
            function.site.file,
            function.header(),
            "keeps its results under its arguments",
        );
    }
    Some(finding)
}
