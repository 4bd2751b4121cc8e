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
    let raises = |site: &Site<'p>| {
        let statement = site
            .node
            .ancestors()
            .find(|node| node.kind().is_statement());
        statement
            .filter(|statement| statement.kind() == Kind::If)
            .is_some_and(|statement| {
                let condition = statement
                    .child(Field::Condition)
                    .is_some_and(|condition| condition.contains(site.node));
                condition
                    && statement.child(Field::Consequence).is_some_and(|block| {
                        block.children().any(|inner| inner.kind() == Kind::Raise)
                    })
            })
    };
    let checks = method
        .nodes()
        .filter(|site| site.node.kind() == Kind::Comparison && site.node.op() == Op::NotIn)
        .filter(raises);
    for comparison in checks {
        let mut operands = comparison.node.children();
        let (Some(member), Some(container)) = (operands.next(), operands.next()) else {
            continue;
        };
        if container.kind() == Kind::Name && container.text() == namespace {
            let members = members(cx, comparison.with(member));
            if !members.is_empty() {
                report(cx, metaclass, comparison, &members, out);
            }
        }
    }
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

/// Whether a parameter is read in a condition, or looped over.
fn reads_in_condition(method: Function<'_>, name: &str) -> bool {
    method
        .nodes()
        .filter(|site| site.node.kind() == Kind::Name && site.node.text() == name)
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
