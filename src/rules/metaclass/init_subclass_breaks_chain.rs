//! MET009 init-subclass-breaks-chain. Card: knowledge/rules/MET009-init-subclass-breaks-chain.md

use crate::facts::{Site, Subjects};
use crate::project::{Class, ClassValue, Function, ParameterKind, Value};
use crate::rules::{Context, Finding, Findings, Rule, Severity};
use crate::syntax::{Field, Kind, Node};

pub const RULE: Rule = Rule {
    code: "MET009",
    name: "init-subclass-breaks-chain",
    check,
};

const HOOK: &str = "__init_subclass__";

/// How the chain ends.
enum Break<'p> {
    /// The next method is not called.
    NotCalled,
    /// It is called without the keywords that arrive under this name.
    Swallowed(Site<'p>, &'p str),
}

fn check(cx: &Context<'_>, out: &mut Findings) {
    for class in cx.classes(Subjects::INIT_SUBCLASS) {
        if let Some(method) = class.method(HOOK)
            && is_known(cx, class, method)
            && let Some(how) = breaks(cx, method)
        {
            report(cx, class, method, &how, out);
        }
    }
}

/// Whether the class can have subclasses, and its bases and the method's decorators are known.
fn is_known<'p>(cx: &Context<'p>, class: Class<'p>, method: Function<'p>) -> bool {
    let is_final = |decorator| {
        let name = cx.project.qualified_decorator(decorator);
        name.is_some_and(|name| name.ends_with(".final"))
    };
    let is_class_method = |decorator| {
        cx.project.qualified_decorator(decorator).as_deref() == Some("builtins.classmethod")
    };
    let only_raises = method.ends_without_value().is_empty() && method.returns().next().is_none();
    cx.project.mro(class).is_complete()
        && !class.site.decorators().any(is_final)
        && method.site.decorators().all(is_class_method)
        && method.first_parameter().is_some()
        && !only_raises
        && !switches_off(method)
}

/// Whether a method does nothing at all: all that it can be there for is that the next one is not called.
fn switches_off(method: Function<'_>) -> bool {
    let Some(body) = method.body() else {
        return false;
    };
    let mut statements = body
        .node
        .descendants()
        .filter(|node| node.kind().is_statement());
    statements.all(|statement| {
        let gives_nothing = || {
            let value = statement.children().next();
            statement.kind() == Kind::Return && value.is_none_or(|value| value.kind() == Kind::None)
        };
        matches!(statement.kind(), Kind::Pass | Kind::If)
            || gives_nothing()
            || is_docstring(statement)
    })
}

fn breaks<'p>(cx: &Context<'p>, method: Function<'p>) -> Option<Break<'p>> {
    let body = method.body()?;
    let nodes = || body.node.descendants().map(|node| body.with(node));
    let named: Vec<Site<'p>> = nodes()
        .filter(|site| {
            let name = site.node.child(Field::Attribute);
            site.node.kind() == Kind::Attribute && name.map(Node::text) == Some(HOOK)
        })
        .collect();
    if named.is_empty() {
        let is_called = nodes().any(|site| {
            let is_text =
                site.node.kind() == Kind::String && site.text().trim_matches(['"', '\'']) == HOOK;
            is_text || site.node.kind() == Kind::Call && hands_on(cx, method, site)
        });
        return (!is_called).then_some(Break::NotCalled);
    }
    let [attribute] = named[..] else { return None };
    let call = attribute
        .node
        .parent()
        .filter(|call| call.kind() == Kind::Call)?;
    let arguments = call.child(Field::Arguments)?;
    let keywords = method
        .parameters()
        .find(|parameter| parameter.kind == ParameterKind::DoubleStar)?
        .name
        .text();
    let is_read = nodes().any(|site| {
        matches!(site.node.kind(), Kind::Name) && matches!(site.text(), "locals" | "vars")
            || site.node.kind() == Kind::Name && site.text() == keywords
    });
    let is_swallowed = arguments.kind() == Kind::ArgumentList && !is_read;
    is_swallowed.then_some(Break::Swallowed(body.with(arguments), keywords))
}

/// Whether a call gives the class to a function of the project that calls the next method.
fn hands_on<'p>(cx: &Context<'p>, method: Function<'p>, call: Site<'p>) -> bool {
    let first = method.first_parameter();
    let gives = call.node.child(Field::Arguments).is_some_and(|arguments| {
        let mut given = arguments.children();
        given.any(|given| given.kind() == Kind::Name && Some(given.text()) == first)
    });
    let callee = call.child(Field::Function).filter(|_| gives);
    match callee.map(|callee| cx.project.evaluate(callee)) {
        Some(Value::Function(function) | Value::Method(function)) => {
            function.site.text().contains(HOOK)
        }
        _ => false,
    }
}

/// A class statement in whose MRO another class with such a method stands behind this one, and that method.
fn left_out<'p>(cx: &Context<'p>, class: Class<'p>) -> Option<(Class<'p>, Function<'p>)> {
    let mut heirs = cx.project.descendants(class);
    heirs.push(class);
    heirs.into_iter().find_map(|heir| {
        let mro = cx.project.mro(heir);
        if !mro.is_complete() || mro.inconsistent {
            return None;
        }
        let mut behind = mro
            .classes
            .iter()
            .skip_while(|other| **other != ClassValue::Known(class));
        behind.next();
        let method = behind.find_map(|other| match other {
            ClassValue::Known(other) => other.method(HOOK),
            ClassValue::External(_) => None,
        })?;
        Some((heir, method))
    })
}

fn report<'p>(
    cx: &Context<'p>,
    class: Class<'p>,
    method: Function<'p>,
    how: &Break<'p>,
    out: &mut Findings,
) {
    let left = left_out(cx, class);
    let other = left
        .and_then(|(_, method)| method.class())
        .map_or("", Class::name);
    let name = class.name();
    let what = match (how, &left) {
        (Break::NotCalled, Some((heir, _))) => format!(
            "`{name}.{HOOK}` does not call the next one, so that of `{other}` never sees the class `{}`; call `super().{HOOK}`",
            heir.name()
        ),
        (Break::NotCalled, None) => format!(
            "`{name}.{HOOK}` does not call the next one, and whatever other class with such a method stands beside `{name}` some day is left out; call `super().{HOOK}`"
        ),
        (Break::Swallowed(_, keywords), Some(_)) => format!(
            "`{name}.{HOOK}` takes `**{keywords}` and calls the next one without them, so that of `{other}` gets none of the keywords; hand them on"
        ),
        (Break::Swallowed(_, keywords), None) => format!(
            "`{name}.{HOOK}` takes `**{keywords}` and drops them: a misspelled keyword goes unnoticed, and no other class gets its own; hand them on to `super().{HOOK}`"
        ),
    };
    let severity = match left {
        Some(_) => Severity::Warning,
        None => Severity::Information,
    };
    let finding = out.report(&RULE, severity, cx.file, method.header(), what);
    if let Some((heir, method)) = left {
        let words = format!("`{name}` stands before `{other}` in its MRO");
        finding.evidence_at(heir.site.file, heir.header(), words);
        finding.evidence_at(method.site.file, method.header(), "it is left out");
    }
    mend(cx, method, how, finding);
}

/// Adds the call as the first statement, or the keywords to the call.
fn mend<'p>(cx: &Context<'p>, method: Function<'p>, how: &Break<'p>, finding: &mut Finding) {
    match how {
        Break::Swallowed(arguments, keywords) => {
            let end = arguments.range().end.saturating_sub(1);
            let is_empty = arguments.node.children().next().is_none();
            let text = format!("{}**{keywords}", if is_empty { "" } else { ", " });
            finding.fix("Hand the keywords on", false, vec![(end..end, text)]);
        }
        Break::NotCalled => {
            let Some(first) = method.body().and_then(|body| {
                let statement = body.node.children().find(|node| !is_docstring(*node))?;
                Some(body.with(statement))
            }) else {
                return;
            };
            let start = first.range().start;
            let before = cx.file.source().get(..start).unwrap_or_default();
            let indent = before.rsplit(['\n', '\r']).next().unwrap_or_default();
            if !indent.chars().all(|blank| matches!(blank, ' ' | '\t')) {
                return;
            }
            let keywords = method
                .parameters()
                .find(|parameter| parameter.kind == ParameterKind::DoubleStar)
                .map_or(String::new(), |keywords| {
                    format!("**{}", keywords.name.text())
                });
            let text = format!("super().{HOOK}({keywords})\n{indent}");
            finding.fix("Call the next one", false, vec![(start..start, text)]);
        }
    }
}

fn is_docstring(statement: Node<'_>) -> bool {
    let mut parts = statement.children();
    statement.kind() == Kind::ExpressionStatement
        && parts.next().is_some_and(|part| part.kind() == Kind::String)
}
