//! MET004 namespace-check-misses-inherited. Card: knowledge/rules/MET004-namespace-check-misses-inherited.md

use crate::facts::{BindingKind, Site};
use crate::project::{Class, ClassValue, Function};
use crate::rules::{Context, Findings, Rule, Severity};
use crate::syntax::{Field, Kind, Node, Op};

pub const RULE: Rule = Rule {
    code: "MET004",
    name: "namespace-check-misses-inherited",
    check,
};

/// How many heirs of a metaclass's classes are looked at.
const HEIRS: usize = 500;

fn check(cx: &Context<'_>, out: &mut Findings) {
    for class in cx.project.metaclasses(cx.file) {
        for name in ["__new__", "__init__"] {
            if let Some(method) = class.method(name) {
                check_method(cx, class, method, out);
            }
        }
    }
}

fn check_method<'p>(
    cx: &Context<'p>,
    metaclass: Class<'p>,
    method: Function<'p>,
    out: &mut Findings,
) {
    let parameters: Vec<&str> = method
        .parameters()
        .map(|parameter| parameter.name.text())
        .collect();
    let [_, _, bases, namespace, ..] = parameters[..] else {
        return;
    };
    // one that looks at the bases, or at the class itself, knows of inheritance
    let looks_up = method.nodes().any(|site| match site.node.kind() {
        Kind::Call => site.node.child(Field::Function).is_some_and(|callee| {
            matches!(callee.text(), "hasattr" | "getattr" | "any" | "all" | "dir")
        }),
        _ => false,
    });
    if looks_up || reads_in_condition(method, bases) {
        return;
    }
    let skips_base = reads(method, bases).any(|site| is_asked_alone(site.node));
    for (test, member) in method.nodes().filter_map(|site| {
        let member = missing(site, namespace)?;
        refuses(site.node).then_some((site, member))
    }) {
        let members = members(cx, member);
        if !members.is_empty() {
            report(cx, metaclass, test, &members, skips_base, out);
        }
    }
}

/// What a test finds missing in a namespace: `name not in namespace`, `not name in namespace`, `namespace.get(name) is None`; for an assertion `name in namespace`.
fn missing<'p>(site: Site<'p>, namespace: &str) -> Option<Site<'p>> {
    if site.node.kind() != Kind::Comparison {
        return None;
    }
    let mut operands = site.node.children();
    let (left, right) = (operands.next()?, operands.next()?);
    let is_namespace = |node: Node<'_>| node.kind() == Kind::Name && node.text() == namespace;
    match site.node.op() {
        Op::NotIn if is_namespace(right) => Some(site.with(left)),
        Op::In if is_namespace(right) && is_denied(site.node) => Some(site.with(left)),
        Op::Is if right.kind() == Kind::None => {
            let callee = left.child(Field::Function)?;
            let is_get = callee.child(Field::Attribute)?.text() == "get";
            let object = callee.child(Field::Object)?;
            let first = left.child(Field::Arguments)?.children().next()?;
            (is_get && is_namespace(object)).then(|| site.with(first))
        }
        _ => None,
    }
}

/// Whether what holds is what is refused: `not test`, or an assertion of the test.
fn is_denied(test: Node<'_>) -> bool {
    let around = test
        .ancestors()
        .find(|node| node.kind() != Kind::Parenthesized);
    around.is_some_and(|around| matches!(around.kind(), Kind::NotOperation | Kind::Assert))
}

/// Whether the class is refused where a test holds.
fn refuses(test: Node<'_>) -> bool {
    let statement = test.ancestors().find(|node| node.kind().is_statement());
    statement.is_some_and(|statement| match statement.kind() {
        Kind::Assert => statement
            .children()
            .next()
            .is_some_and(|asserted| asserted.contains(test)),
        Kind::If => {
            let condition = statement.child(Field::Condition);
            let block = statement.child(Field::Consequence);
            condition.is_some_and(|condition| condition.contains(test))
                && block
                    .is_some_and(|block| block.children().any(|inner| inner.kind() == Kind::Raise))
        }
        _ => false,
    })
}

/// What is looked for: a string, or each of the strings that a loop takes from a display. Empty where it is something else.
fn members<'p>(cx: &Context<'p>, member: Site<'p>) -> Vec<&'p str> {
    let name = |string: Node<'p>| string.text().trim_matches(['"', '\'']);
    match member.node.kind() {
        Kind::String => vec![name(member.node)],
        Kind::Name => {
            let bound = cx.project.only_binding(member);
            let bound = bound.filter(|bound| {
                bound.binding.kind == BindingKind::Loop && bound.name.node.field() == Field::Left
            });
            let walked = bound.and_then(|bound| cx.project.origin(bound.value()?));
            let display = walked.filter(|walked| {
                matches!(walked.node.kind(), Kind::List | Kind::Tuple | Kind::Set)
            });
            let items: Vec<Node<'p>> = display
                .into_iter()
                .flat_map(|display| display.node.children())
                .collect();
            let are_strings = items.iter().all(|item| item.kind() == Kind::String);
            items
                .into_iter()
                .filter(|_| are_strings)
                .map(name)
                .collect()
        }
        _ => Vec::new(),
    }
}

fn reads<'p>(method: Function<'p>, name: &str) -> impl Iterator<Item = Site<'p>> {
    let nodes = method.nodes();
    nodes.filter(move |site| site.node.kind() == Kind::Name && site.node.text() == name)
}

/// Whether a parameter is only asked whether it is empty: `if bases:`, `if bases and …:`, to leave out the first class.
fn is_asked_alone(name: Node<'_>) -> bool {
    let Some(around) = name.parent() else {
        return false;
    };
    match around.kind() {
        Kind::If => name.field() == Field::Condition,
        Kind::BooleanOperation if around.op() == Op::And => {
            let condition = around
                .ancestors()
                .find(|node| node.kind() != Kind::Parenthesized);
            condition.is_some_and(|condition| condition.kind() == Kind::If)
        }
        _ => false,
    }
}

/// Whether a parameter is read in a condition, or looped over.
fn reads_in_condition(method: Function<'_>, name: &str) -> bool {
    reads(method, name)
        .filter(|site| !is_asked_alone(site.node))
        .any(|site| {
            let inside = |node: Node<'_>| node.contains(site.node);
            site.node.ancestors().any(|node| match node.kind() {
                Kind::If | Kind::ElifClause | Kind::Conditional | Kind::While => {
                    node.child(Field::Condition).is_some_and(inside)
                        || node.kind() == Kind::Conditional
                }
                Kind::For | Kind::ForInClause => node.child(Field::Right).is_some_and(inside),
                Kind::BooleanOperation | Kind::Comparison | Kind::NotOperation => true,
                _ => false,
            })
        })
}

fn report<'p>(
    cx: &Context<'p>,
    metaclass: Class<'p>,
    comparison: Site<'p>,
    members: &[&str],
    skips_base: bool,
    out: &mut Findings,
) {
    let heirs = members
        .iter()
        .map(|member| (*member, heir(cx, metaclass, member)));
    let mut heirs: Vec<_> = heirs.collect();
    // one that exists proves it
    heirs.sort_by_key(|(_, heir)| heir.is_none());
    let Some((member, heir)) = heirs.into_iter().next() else {
        return;
    };
    // who leaves the first class out has thought of those below it
    if heir.is_none() && skips_base {
        return;
    }
    let name = metaclass.name();
    let severity = if heir.is_some() {
        Severity::Error
    } else {
        Severity::Information
    };
    let what = match &heir {
        Some((heir, _)) => format!(
            "so the statement `class {}` raises although it inherits `{member}`",
            heir.name()
        ),
        None => format!("so a class that inherits `{member}` is refused"),
    };
    let message = format!(
        "`{name}` looks for `{member}` in the class's own body only, {what}; ask `hasattr(cls, \"{member}\")` after the class is made, or use an abstract method"
    );
    let finding = out.report(&RULE, severity, cx.file, comparison.range(), message);
    if let Some((heir, inherited)) = heir {
        finding.evidence_at(
            heir.site.file,
            heir.header(),
            format!("`{}` does not define `{member}` itself", heir.name()),
        );
        finding.evidence(inherited, "it inherits this one");
    }
}

/// A class that the metaclass makes, that inherits the member and does not define it; and the definition.
fn heir<'p>(cx: &Context<'p>, metaclass: Class<'p>, member: &str) -> Option<(Class<'p>, Site<'p>)> {
    let mut todo = cx.project.made_by_metaclass(metaclass);
    let mut seen: Vec<Class<'p>> = Vec::new();
    while let Some(class) = todo.pop() {
        if seen.contains(&class) || seen.len() > HEIRS {
            continue;
        }
        seen.push(class);
        if !class.defines(member) {
            let ancestors = cx.project.mro(class).classes;
            let inherited = ancestors
                .iter()
                .skip(1)
                .find_map(|ancestor| match ancestor {
                    ClassValue::Known(ancestor) => ancestor
                        .site
                        .members_named(member)
                        .last()
                        .map(|found| found.name),
                    ClassValue::External(_) => None,
                });
            if let Some(inherited) = inherited {
                return Some((class, inherited));
            }
        }
        todo.extend(cx.project.subclasses(class));
    }
    None
}
