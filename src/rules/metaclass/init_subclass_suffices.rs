//! MET003 init-subclass-suffices. Card: knowledge/rules/MET003-init-subclass-suffices.md

use crate::facts::{BindingKind, Site};
use crate::project::{Class, Function};
use crate::rules::{Context, Findings, Rule, Severity};
use crate::syntax::{Field, Kind, Node};

pub const RULE: Rule = Rule {
    code: "MET003",
    name: "init-subclass-suffices",
    check,
};

fn check(cx: &Context<'_>, out: &mut Findings) {
    for class in cx
        .project
        .metaclasses(cx.file)
        .filter(|class| is_simple(cx, *class))
    {
        let methods: Vec<Function<'_>> = class.methods().collect();
        let works = methods.iter().all(|method| only_looks(*method));
        let Some(work) = methods
            .iter()
            .find_map(|method| work_of(*method))
            .filter(|_| works)
        else {
            continue;
        };
        let message = format!(
            "`{}` only registers, checks or marks the classes that it makes: a base class with `__init_subclass__` does the same without a metaclass, and cannot conflict with another one",
            class.name()
        );
        let finding = out.report(&RULE, Severity::Hint, cx.file, class.header(), message);
        finding.evidence(work, "all that it does");
    }
}

/// Whether a metaclass derives from `type` alone and defines nothing but `__new__`, `__init__` and data.
fn is_simple<'p>(cx: &Context<'p>, class: Class<'p>) -> bool {
    let bases: Vec<_> = class.bases().collect();
    let [base] = bases[..] else { return false };
    let of_type = cx.project.qualified(base).as_deref() == Some("builtins.type");
    of_type
        && class.keywords().next().is_none()
        && class.site.decorators().next().is_none()
        && class.methods().next().is_some()
        && class
            .site
            .members()
            .all(|member| match member.binding.kind {
                BindingKind::Function => matches!(member.name.text(), "__new__" | "__init__"),
                BindingKind::Assignment | BindingKind::Annotation => {
                    !member.name.text().starts_with("__") || member.name.text() == "__slots__"
                }
                _ => false,
            })
}

/// Whether a method makes the class from what it was given, unchanged, and gives it back: no other name, bases or namespace, nothing decided about how the class is made.
fn only_looks(method: Function<'_>) -> bool {
    let parameters: Vec<&str> = method
        .parameters()
        .map(|parameter| parameter.name.text())
        .collect();
    if parameters.len() < 4 {
        return false;
    }
    let given = &parameters[1..4];
    let changed = method
        .site
        .body()
        .mutations
        .iter()
        .map(|mutation| method.site.at(mutation.target))
        .any(|target| {
            method.site.node.contains(target.node) && given.contains(&root_name(target.node))
        });
    let is_given = |node: Node<'_>| node.kind() == Kind::Name && given.contains(&node.text());
    let rebound = method.nodes().any(|site| {
        let binds = matches!(
            site.node.kind(),
            Kind::Assignment | Kind::AugmentedAssignment | Kind::For
        );
        let left = site.node.child(Field::Left).filter(|_| binds);
        left.is_some_and(|left| {
            is_given(left) || (left.kind() == Kind::PatternList && left.children().any(is_given))
        })
    });
    !changed && !rebound && (method.name() == "__init__" || makes_and_returns(method, &parameters))
}

/// The name at the root of `a.b[c].d`.
fn root_name(node: Node<'_>) -> &str {
    let mut node = node;
    while let Some(inner) = node
        .child(Field::Object)
        .or_else(|| node.child(Field::Value))
    {
        node = inner;
    }
    if node.kind() == Kind::Name {
        node.text()
    } else {
        ""
    }
}

fn makes_and_returns(new: Function<'_>, parameters: &[&str]) -> bool {
    let makers: Vec<Site<'_>> = new.calls().filter(|call| makes_class(*call)).collect();
    let [maker] = makers[..] else { return false };
    let arguments: Vec<&str> = maker
        .node
        .arguments()
        .filter(|argument| argument.kind() == Kind::Name)
        .map(Node::text)
        .collect();
    let as_given = arguments.ends_with(&parameters[1..4]);
    let name = maker
        .node
        .parent()
        .filter(|parent| parent.kind() == Kind::Assignment)
        .and_then(|parent| parent.child(Field::Left))
        .map(Node::text);
    let mut returned = new
        .returns()
        .filter_map(|statement| statement.node.children().next())
        .peekable();
    as_given
        && returned.peek().is_some()
        && returned.all(|value| value == maker.node || name == Some(value.text()))
}

/// `super().__new__(…)` or `type.__new__(…)`.
fn makes_class(call: Site<'_>) -> bool {
    let callee = call.node.child(Field::Function);
    callee.is_some_and(|callee| {
        callee
            .child(Field::Attribute)
            .is_some_and(|name| name.text() == "__new__")
    })
}

/// The first statement that does something beyond making the class.
fn work_of<'p>(method: Function<'p>) -> Option<Site<'p>> {
    let body = method.body()?;
    let is_work = |statement: &Node<'_>| {
        let text = statement.text();
        let passes_on = statement.kind() == Kind::ExpressionStatement
            && (text.starts_with("super()")
                || text.starts_with("type.__init__")
                || text.starts_with(['"', '\'']));
        let makes = statement.descendants().any(|node| {
            node.kind() == Kind::Attribute
                && node
                    .child(Field::Attribute)
                    .is_some_and(|name| name.text() == "__new__")
        });
        !(passes_on || makes || matches!(statement.kind(), Kind::Return | Kind::Pass))
    };
    body.node
        .children()
        .find(is_work)
        .map(|statement| body.with(statement))
}
