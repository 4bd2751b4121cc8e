//! MET016 metaclass-call-bypassed. Card: knowledge/rules/MET016-metaclass-call-bypassed.md

use crate::facts::Site;
use crate::project::{Class, ClassValue, Function, Metaclass, Value};
use crate::rules::{Context, Findings, Rule, Severity};
use crate::syntax::{Field, Kind, Node};

pub const RULE: Rule = Rule {
    code: "MET016",
    name: "metaclass-call-bypassed",
    check,
};

fn check(cx: &Context<'_>, out: &mut Findings) {
    for metaclass in cx.project.metaclasses(cx.file) {
        let Some(method) = metaclass.method("__call__") else {
            continue;
        };
        if is_plain(cx, metaclass, method) && !may_make(method) {
            check_returns(cx, metaclass, method, out);
        }
    }
}

/// Whether the method is what a call of the metaclass's classes runs, and those are no metaclasses. One that ends without a value is told of by MET005.
fn is_plain<'p>(cx: &Context<'p>, metaclass: Class<'p>, method: Function<'p>) -> bool {
    let made = cx.project.made_by_metaclass(metaclass);
    // what only other metaclasses call, to go on from what it gives
    let heirs = cx.project.descendants(metaclass);
    if made.is_empty() && heirs.iter().any(|heir| heir.defines("__call__")) {
        return false;
    }
    cx.project.mro(metaclass).is_complete()
        && method.site.decorators().next().is_none()
        && !method.is_async()
        && !method.is_generator()
        && method.ends_without_value().is_empty()
        && !made.into_iter().any(|class| cx.project.is_metaclass(class))
}

/// Whether the method, or a function inside it, names something that makes an object.
fn may_make(method: Function<'_>) -> bool {
    let mut inside = method.site.node.descendants();
    inside.any(|node| {
        let name = node.child(Field::Attribute).map_or("", Node::text);
        node.kind() == Kind::Attribute && matches!(name, "__call__" | "__new__")
            || node.kind() == Kind::String
                && matches!(
                    node.text().trim_matches(['"', '\'']),
                    "__call__" | "__new__"
                )
    })
}

fn check_returns<'p>(
    cx: &Context<'p>,
    metaclass: Class<'p>,
    method: Function<'p>,
    out: &mut Findings,
) {
    let returns: Vec<Site<'p>> = method.returns().collect();
    let mut what = Vec::new();
    for statement in &returns {
        let value = statement
            .node
            .children()
            .next()
            .map(|value| statement.with(value));
        match value.and_then(|value| something_else(cx, metaclass, method, value)) {
            Some(words) => what.push(words),
            None => return,
        }
    }
    let Some(first) = what.first() else { return };
    let message = format!(
        "calling a class whose metaclass is `{name}` gives {first} and never makes an object, so the class's `__init__` is not run; return what `super().__call__` gives",
        name = metaclass.name(),
    );
    let finding = out.report(&RULE, Severity::Warning, cx.file, method.header(), message);
    for (statement, words) in returns.iter().zip(&what) {
        finding.evidence(*statement, format!("gives {words}"));
    }
}

/// What an expression gives, in words, where that is surely no object of a class of the metaclass.
fn something_else<'p>(
    cx: &Context<'p>,
    metaclass: Class<'p>,
    method: Function<'p>,
    value: Site<'p>,
) -> Option<String> {
    let node = value.node.unparenthesized();
    if node.kind() == Kind::Name && Some(node.text()) == method.first_parameter() {
        let is_rebound = method.nodes().any(|site| {
            let target = site
                .node
                .child(Field::Left)
                .or_else(|| site.node.child(Field::Name));
            let binds = matches!(
                site.node.kind(),
                Kind::Assignment | Kind::AugmentedAssignment | Kind::For | Kind::NamedExpression
            );
            binds && target.is_some_and(|target| target.text() == node.text())
        });
        return (!is_rebound).then(|| "the class itself".to_string());
    }
    match cx.project.evaluate(value) {
        Value::Function(_) => Some("a function".to_string()),
        Value::Instance(ClassValue::External(name)) => {
            let class = name
                .strip_prefix("builtins.")
                .filter(|class| *class != "object")?;
            Some(format!("a `{class}`"))
        }
        Value::Instance(ClassValue::Known(class)) => {
            let mut family = cx.project.descendants(class);
            family.push(class);
            let is_other = family
                .into_iter()
                .all(|class| is_made_otherwise(cx, metaclass, class));
            is_other.then(|| format!("an object of `{}`", class.name()))
        }
        _ => None,
    }
}

/// Whether a class is known to have another metaclass, which does not derive from this one.
fn is_made_otherwise<'p>(cx: &Context<'p>, metaclass: Class<'p>, class: Class<'p>) -> bool {
    let value = ClassValue::Known(class);
    let Metaclass::Is(other) = cx.project.metaclass(&value) else {
        return false;
    };
    let name = cx.project.class_name(metaclass);
    cx.project.mro(class).is_complete() && cx.project.derives_from(&other, &name) == Some(false)
}
