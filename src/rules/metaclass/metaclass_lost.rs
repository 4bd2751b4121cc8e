//! MET007 metaclass-lost. Card: knowledge/rules/MET007-metaclass-lost.md

use crate::facts::Site;
use crate::project::{Class, Function, ParameterKind, Value};
use crate::rules::{Context, Findings, Rule, Severity};
use crate::syntax::{Field, Kind, Node};

pub const RULE: Rule = Rule {
    code: "MET007",
    name: "metaclass-lost",
    check,
};

fn check(cx: &Context<'_>, out: &mut Findings) {
    for class in cx.project.metaclasses(cx.file) {
        let Some(new) = class.method("__new__") else {
            continue;
        };
        // a class statement calls it with three arguments beside the metaclass
        if !takes_class_statement(new) {
            continue;
        }
        for call in new.calls() {
            if makes_a_plain_class(cx, new, call) && is_returned(new, call) {
                report(cx, class, new, call, out);
            }
        }
    }
}

/// Whether a `__new__` can be what a class statement calls: one that takes something else is a factory that is called by hand.
fn takes_class_statement(new: Function<'_>) -> bool {
    let kinds = || new.parameters().map(|parameter| parameter.kind);
    kinds().any(|kind| kind == ParameterKind::Star)
        || kinds()
            .filter(|kind| {
                matches!(
                    kind,
                    ParameterKind::Positional | ParameterKind::PositionalOnly
                )
            })
            .count()
            >= 4
}

/// `type(name, bases, namespace)`, the built-in; also `type(*args)` of all that the method got, and `type.__new__(type, …)`.
fn makes_a_plain_class<'p>(cx: &Context<'p>, new: Function<'p>, call: Site<'p>) -> bool {
    let Some(arguments) = call.child(Field::Arguments) else {
        return false;
    };
    let is_type = |node: Node<'p>| matches!(cx.project.evaluate(call.with(node)), Value::External(name) if name.as_ref() == "builtins.type");
    let positional = arguments.node.children().filter(|argument| {
        !matches!(
            argument.kind(),
            Kind::KeywordArgument | Kind::DictSplat | Kind::ForInClause
        )
    });
    let given: Vec<_> = positional.collect();
    let is_rest = |argument: Node<'_>| {
        let name = argument.children().next().map(Node::text);
        let mut parameters = new.parameters();
        argument.kind() == Kind::ListSplat
            && parameters.next().is_some()
            && parameters.next().is_some_and(|second| {
                second.kind == ParameterKind::Star && Some(second.name.text()) == name
            })
    };
    let Some(callee) = call.child(Field::Function) else {
        return false;
    };
    if let Some(object) = callee.child(Field::Object)
        && callee.node.child(Field::Attribute).map(Node::text) == Some("__new__")
    {
        let is_next = object.text().starts_with("super(") || is_type(object.node);
        return is_next && given.len() == 4 && is_type(given[0]);
    }
    match given[..] {
        [only] => is_rest(only) && is_type(callee.node),
        [_, _, _] => is_type(callee.node),
        _ => false,
    }
}

/// Whether what a call makes is what the function returns: directly, or by a name.
fn is_returned(function: Function<'_>, call: Site<'_>) -> bool {
    let Some(parent) = call.node.parent() else {
        return false;
    };
    match parent.kind() {
        Kind::Return => true,
        Kind::Assignment => {
            let name = parent
                .child(Field::Left)
                .filter(|left| left.kind() == Kind::Name);
            name.is_some_and(|name| {
                let mut returned = function
                    .returns()
                    .filter_map(|statement| statement.node.children().next());
                returned.any(|value| value.kind() == Kind::Name && value.text() == name.text())
            })
        }
        _ => false,
    }
}

fn report<'p>(
    cx: &Context<'p>,
    class: Class<'p>,
    new: Function<'p>,
    call: Site<'p>,
    out: &mut Findings,
) {
    let name = class.name();
    let message = format!(
        "the class that `{name}.__new__` returns is a plain `type`, not a `{name}`: its subclasses skip `{name}`, and `{name}.__init__` is not run; \
         make it with `super().__new__`"
    );
    let finding = out.report(&RULE, Severity::Warning, cx.file, call.range(), message);
    finding.evidence_at(cx.file, class.header(), "the metaclass that gets lost");
    let first = new.first_parameter();
    let callee = call.child(Field::Function);
    let arguments = call
        .node
        .child(Field::Arguments)
        .and_then(|list| list.children().next());
    if let (Some(first), Some(callee), Some(argument)) = (first, callee, arguments) {
        // what stands for the metaclass is there already
        if callee.text().ends_with(".__new__") {
            let edits = vec![(call.with(argument).range(), first.to_string())];
            finding.fix("Make the class with its metaclass", false, edits);
            return;
        }
        let at = call.with(argument).range().start;
        let edits = vec![
            (callee.range(), "super().__new__".to_string()),
            (at..at, format!("{first}, ")),
        ];
        finding.fix("Make the class with `super().__new__`", false, edits);
    }
}
