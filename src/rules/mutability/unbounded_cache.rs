//! MUT013 unbounded-cache. Card: knowledge/rules/MUT013-unbounded-cache.md

use std::cell::RefCell;

use rustc_hash::FxHashMap;

use super::growth::{is_made, rests_on_argument};
use crate::facts::trace::{Traced, record};
use crate::facts::{BindingKind, Site, Subjects};
use crate::project::{Class, ClassValue, Function, Value};
use crate::rules::{Context, Findings, Rule, Severity};
use crate::syntax::{Field, Kind, Node, Op, Outline, contains_word};

pub const RULE: Rule = Rule {
    code: "MUT013",
    name: "unbounded-cache",
    check,
};

fn check(cx: &Context<'_>, out: &mut Findings) {
    for segment in 0..cx.file.len() {
        if let Outline::Assignment(name) = cx.file.segment(segment).outline() {
            cx.look_at_segment(segment, out, |out| {
                check_name(cx, segment, name, out);
            });
        }
    }
    let segments = cx.file.about(Subjects::CLASS_ATTRIBUTES);
    let mut heads: Vec<usize> = segments
        .map(|segment| cx.file.head_of(segment).unwrap_or(segment))
        .collect();
    heads.dedup();
    let growing = Growing::default();
    for head in heads {
        cx.look_at_segment(head, out, |out| check_classes(cx, head, &growing, out));
    }
}

/// By the name of an attribute, which many classes may have: whether it may grow.
#[derive(Default)]
struct Growing<'p>(RefCell<FxHashMap<&'p str, Traced<bool>>>);

impl<'p> Growing<'p> {
    fn may_grow(&self, cx: &Context<'p>, name: &'p str) -> bool {
        let mut known = self.0.borrow_mut();
        let known = known.entry(name);
        *known.or_insert_with(|| record(|| may_grow(cx, name))).get()
    }
}

/// The name that a segment assigns to.
fn check_name(cx: &Context<'_>, segment: usize, name: &str, out: &mut Findings) {
    if cx.file.segment(segment).may_assign_dict()
        && may_grow(cx, name)
        && cx.file.module_bindings(name).len() == 1
        && let Some(name) = defined(cx, cx.file.root(segment), name)
    {
        check_dict(cx, name, &cx.project.readings_of_module_name(name), out);
    }
}

/// The classes of a segment, which for a long one is its head.
fn check_classes<'p>(cx: &Context<'p>, head: usize, growing: &Growing<'p>, out: &mut Findings) {
    let may_grow = |name| growing.may_grow(cx, name);
    let own = std::iter::once(head).chain(cx.file.members_of(head));
    let own = own.filter(|segment| {
        let facts = cx.file.segment(*segment);
        let attributes = match facts.is_about(Subjects::CLASS_ATTRIBUTES) {
            true => facts.class_attributes(),
            false => Vec::new(),
        };
        attributes.iter().any(|attribute| {
            matches!(
                attribute.callee,
                "" | "dict" | "OrderedDict" | "defaultdict"
            ) && may_grow(attribute.name)
        })
    });
    let own: Vec<usize> = own.collect();
    for class in cx.project.classes_in(cx.file, own.into_iter()) {
        for member in class.site.members() {
            let name = member.name;
            if member.binding.kind == BindingKind::Assignment
                && may_grow(name.text())
                && member.value().is_some_and(|value| is_dict(cx, value))
                && let Some(readings) = readings_of_attribute(cx, class, name.text())
            {
                check_dict(cx, name, &readings, out);
            }
        }
    }
}

/// Whether, by words, something is stored in the file in what has a name, where it is asked for what is there too.
fn may_grow(cx: &Context<'_>, name: &str) -> bool {
    let segments = cx.file.segments_with(name).into_iter();
    let mut texts = segments.map(|segment| cx.file.segment(segment).text());
    texts.any(|text| {
        let places = || {
            let places = text.match_indices(name);
            places.map(|(at, _)| (&text[..at], &text[at + name.len()..]))
        };
        let stores = |(_, after): (&str, &str)| {
            let line = after.lines().next().unwrap_or_default();
            after.starts_with('[') && line.contains("] =")
        };
        let asks = |(before, after): (&str, &str)| {
            let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.');
            let operand = before.trim_end_matches(is_part).trim_ascii_end();
            let line = before.lines().next_back().unwrap_or_default();
            let is_member = line.contains("in ") || operand.ends_with("in");
            after.starts_with(".get(") || is_member || operand.ends_with('\\')
        };
        places().any(|(_, after)| after.starts_with(".setdefault("))
            || places().any(stores) && (text.contains("KeyError") || places().any(asks))
    })
}

/// Whether an expression makes a dict that keeps everything.
fn is_dict<'p>(cx: &Context<'p>, value: Site<'p>) -> bool {
    const DICTS: &[&str] = &[
        "builtins.dict",
        "collections.OrderedDict",
        "collections.defaultdict",
    ];
    matches!(value.node.kind(), Kind::Dict | Kind::Call)
        && matches!(cx.project.evaluate(value), Value::Instance(ClassValue::External(name)) if DICTS.contains(&name.as_ref()))
}

/// The name in a module's statement that it binds to a dict.
fn defined<'p>(cx: &Context<'p>, root: Site<'p>, name: &str) -> Option<Site<'p>> {
    let body = root.body();
    let mut bindings = body.bindings_in(0, name);
    let binding = bindings.find(|binding| binding.kind == BindingKind::Assignment)?;
    let value = root.at(binding.value?);
    is_dict(cx, value).then(|| root.at(binding.name))
}

/// Where a class attribute is named, in the whole project. None where an attribute of this name is asked of something unknown.
fn readings_of_attribute<'p>(
    cx: &Context<'p>,
    class: Class<'p>,
    name: &str,
) -> Option<Vec<Site<'p>>> {
    let family = cx.project.family(class);
    let mut found = Vec::new();
    for attribute in cx.project.attributes_named(name) {
        match cx.project.evaluate(attribute.child(Field::Object)?) {
            Value::Instance(ClassValue::Known(other)) | Value::Class(other)
                if family.contains(&other) =>
            {
                found.push(attribute);
            }
            Value::Unknown => return None,
            _ => {}
        }
    }
    Some(found)
}

/// What a place does with the dict.
enum Role<'p> {
    /// It asks whether something is there.
    Asks,
    /// It takes what is there, or goes through it.
    Reads,
    /// It puts something in: the key and the value; the call or the statement.
    Stores(Site<'p>, Site<'p>, Site<'p>),
    /// It may take something out, count, or hand the dict on.
    Other,
}

fn check_dict<'p>(cx: &Context<'p>, name: Site<'p>, readings: &[Site<'p>], out: &mut Findings) {
    let mut looked_up = Vec::new();
    let mut stores = Vec::new();
    for reading in readings {
        match role(*reading) {
            Role::Asks => looked_up.extend(Function::around(*reading)),
            Role::Reads => {}
            Role::Stores(key, value, place) => stores.push((*reading, key, value, place)),
            Role::Other => return,
        }
    }
    let is_growth = |(reading, key, value, place): &(Site<'p>, Site<'p>, Site<'p>, Site<'p>)| {
        let function = Function::around(*reading)?;
        let remembers = place.node.kind() == Kind::Call || looked_up.contains(&function);
        let grows = remembers
            && !makes_classes(function)
            && !is_for_known_keys(*reading)
            && rests_on_argument(cx.project, *key, 0)
            && is_made(cx.project, *value, 0);
        grows.then_some(*place)
    };
    let places: Vec<Site<'p>> = stores.iter().filter_map(is_growth).collect();
    if places.is_empty() {
        return;
    }
    let text = name.text();
    let message = format!(
        "`{text}` keeps one result for each new argument, and nothing in the project ever takes one out: what it holds stays until the program ends; `functools.lru_cache(maxsize=…)` keeps a bounded number"
    );
    let statement = name.statement();
    let finding = out.report(
        &RULE,
        Severity::Information,
        cx.file,
        statement.range(),
        message,
    );
    for place in places {
        finding.evidence(place, "one more entry");
    }
}

fn role<'p>(reading: Site<'p>) -> Role<'p> {
    let Some(parent) = reading.node.parent() else {
        return Role::Other;
    };
    let field = reading.node.field();
    match parent.kind() {
        Kind::Subscript if field == Field::Value => role_of_entry(reading.with(parent)),
        Kind::Attribute if field == Field::Object => role_of_method(reading.with(parent)),
        Kind::Comparison => {
            let is_last = parent.children().last() == Some(reading.node);
            match is_last && matches!(parent.op(), Op::In | Op::NotIn) {
                true => Role::Asks,
                false => Role::Other,
            }
        }
        Kind::For | Kind::ForInClause if field == Field::Right => Role::Reads,
        Kind::NotOperation | Kind::If => Role::Reads,
        Kind::ArgumentList => {
            let callee = parent.parent().and_then(|call| call.child(Field::Function));
            let reads = ["dict", "list", "sorted", "print", "repr", "str", "bool"];
            match callee.is_some_and(|callee| reads.contains(&callee.text())) {
                true => Role::Reads,
                false => Role::Other,
            }
        }
        _ => Role::Other,
    }
}

/// `d[key]`: read, or assigned to.
fn role_of_entry<'p>(entry: Site<'p>) -> Role<'p> {
    let Some(parent) = entry.node.parent() else {
        return Role::Other;
    };
    match (parent.kind(), entry.node.field()) {
        (Kind::Assignment, Field::Left) => {
            let mut value = entry.with(parent).child(Field::Right);
            while let Some(inner) = value.filter(|value| value.node.kind() == Kind::Assignment) {
                value = inner.child(Field::Right);
            }
            let statement = parent.statement().map(|statement| entry.with(statement));
            match (entry.child(Field::Subscript), value, statement) {
                (Some(key), Some(value), Some(statement)) => Role::Stores(key, value, statement),
                _ => Role::Other,
            }
        }
        (Kind::Delete, _) => Role::Other,
        (Kind::ExpressionList, _)
            if parent
                .parent()
                .is_some_and(|outer| outer.kind() == Kind::Delete) =>
        {
            Role::Other
        }
        _ if is_tried(entry.node) => Role::Asks,
        _ => Role::Reads,
    }
}

/// Whether a place stands in a `try` that catches what is missing.
fn is_tried(node: Node<'_>) -> bool {
    let mut around = node
        .ancestors()
        .take_while(|node| node.kind() != Kind::FunctionDef);
    around.any(|around| {
        let body = around
            .child(Field::Body)
            .filter(|_| around.kind() == Kind::Try);
        let mut handlers = around
            .children()
            .filter(|child| child.kind() == Kind::ExceptClause);
        body.is_some_and(|body| body.contains(node))
            && handlers.any(|handler| {
                let mut caught = handler
                    .children()
                    .take_while(|child| child.kind() != Kind::Block);
                caught.any(|caught| contains_word(caught.text(), "KeyError"))
            })
    })
}

/// `d.get(key)`, `d.setdefault(key, value)`; any other method may take something out.
fn role_of_method<'p>(attribute: Site<'p>) -> Role<'p> {
    let call = attribute
        .node
        .parent()
        .filter(|call| call.kind() == Kind::Call && attribute.node.field() == Field::Function);
    let name = attribute.node.child(Field::Attribute).map(Node::text);
    let (Some(call), Some(name)) = (call, name) else {
        return Role::Other;
    };
    match name {
        "get" => Role::Asks,
        "items" | "keys" | "values" | "copy" => Role::Reads,
        "setdefault" => {
            let mut arguments = call.arguments();
            match (arguments.next(), arguments.next()) {
                (Some(key), Some(value)) => Role::Stores(
                    attribute.with(key),
                    attribute.with(value),
                    attribute.with(call),
                ),
                _ => Role::Other,
            }
        }
        // before there are any functions to call
        "update" if Function::around(attribute).is_none() => Role::Reads,
        _ => Role::Other,
    }
}

/// Whether a function runs once for each class, not for each request.
fn makes_classes(function: Function<'_>) -> bool {
    matches!(
        function.name(),
        "__new__" | "__init_subclass__" | "__set_name__" | "__class_getitem__" | "lambda"
    )
}

/// `if key in d: d[key] = …`
fn is_for_known_keys(reading: Site<'_>) -> bool {
    let around = reading
        .node
        .ancestors()
        .take_while(|node| node.kind() != Kind::FunctionDef);
    let mut ifs = around.filter(|node| node.kind() == Kind::If);
    ifs.any(|statement| {
        let branch = statement.child(Field::Consequence);
        let condition = statement.child(Field::Condition);
        branch.is_some_and(|branch| branch.contains(reading.node))
            && condition.is_some_and(|condition| {
                condition.kind() == Kind::Comparison
                    && condition.op() == Op::In
                    && condition
                        .children()
                        .last()
                        .is_some_and(|last| last.text() == reading.text())
            })
    })
}
