//! SNG005 singleton-hides-class. Card: knowledge/rules/SNG005-singleton-hides-class.md

use crate::facts::Site;
use crate::project::{Bound, Class, Hidden, Value};
use crate::rules::expected::is_any_expected;
use crate::rules::{Context, Finding, Findings, Rule, Severity};
use crate::syntax::{Field, Kind, Node};

pub const RULE: Rule = Rule {
    code: "SNG005",
    name: "singleton-hides-class",
    check,
};

fn check(cx: &Context<'_>, out: &mut Findings) {
    for hidden in cx.project.hidden_classes() {
        let class = hidden.class;
        let here: Vec<Broken<'_>> = cx
            .project
            .naming(cx.file, class)
            .into_iter()
            .flat_map(|root| broken_uses(cx, &hidden, root))
            .collect();
        for broken in &here {
            report_use(cx, &hidden, broken, out);
        }
        if here.is_empty() && std::ptr::eq(class.site.file, cx.file) {
            let segments = cx.project.mentions(class.name());
            let mut elsewhere = segments
                .into_iter()
                .flat_map(|(file, segment)| broken_uses(cx, &hidden, file.root(segment)));
            if elsewhere.next().is_none() {
                report_class(cx, &hidden, out);
            }
        }
    }
}

/// A use of the name that needs a class.
struct Broken<'p> {
    /// The mention of the class, with the attribute that is asked for.
    site: Site<'p>,
    /// What it is used for, and what happens, in words.
    words: String,
}

/// The uses in a segment that need the class and get a function.
fn broken_uses<'p>(cx: &Context<'p>, hidden: &Hidden<'p>, root: Site<'p>) -> Vec<Broken<'p>> {
    if root.node.tree().has_error() {
        return Vec::new();
    }
    let nodes = root.node.descendants().map(|node| root.with(node));
    let named = nodes.filter(|site| {
        matches!(site.node.kind(), Kind::Name | Kind::Attribute) && needs_class(site.node)
    });
    named
        .filter(|site| {
            !is_any_expected(*site) && cx.project.evaluate(*site) == Value::Class(hidden.class)
        })
        .filter_map(|site| broken(cx, hidden, site))
        .collect()
}

/// Whether an expression stands where a class is needed, or one of its attributes is asked for.
fn needs_class(node: Node<'_>) -> bool {
    let Some(parent) = node.parent() else {
        return false;
    };
    let around = parent.parent();
    match parent.kind() {
        // the first of several classes: an object of one before it is not compared with it
        Kind::Tuple
            if around.map(Node::kind) == Some(Kind::ArgumentList)
                && parent.children().next() == Some(node) =>
        {
            needs_class(parent)
        }
        Kind::ArgumentList => {
            let callee = around.and_then(|call| call.child(Field::Function));
            parent.field() == Field::Superclasses
                || callee.is_some_and(|callee| {
                    CHECKS
                        .iter()
                        .any(|(name, _, _)| name.ends_with(callee.text()))
                })
        }
        Kind::ExceptClause => true,
        Kind::AsPattern => around.is_some_and(|clause| clause.kind() == Kind::ExceptClause),
        // an annotation may never be evaluated
        Kind::Attribute => {
            node.field() == Field::Object
                && !node
                    .ancestors()
                    .any(|around| around.kind() == Kind::Annotation)
        }
        _ => false,
    }
}

/// The built-in functions that want a class, which of their arguments it is, and the words for them.
const CHECKS: &[(&str, usize, &str)] = &[
    ("builtins.isinstance", 1, "`isinstance` with it"),
    ("builtins.issubclass", 1, "`issubclass` with it"),
    ("builtins.super", 0, "`super` with it"),
];

fn broken<'p>(cx: &Context<'p>, hidden: &Hidden<'p>, site: Site<'p>) -> Option<Broken<'p>> {
    let mut argument = site.node;
    if let Some(tuple) = argument.parent().filter(|node| node.kind() == Kind::Tuple) {
        argument = tuple;
    }
    let parent = argument.parent()?;
    let raises = |words: &str| {
        Some(Broken {
            site,
            words: format!("{words} raises TypeError"),
        })
    };
    match parent.kind() {
        Kind::ArgumentList if parent.field() == Field::Superclasses => raises("deriving from it"),
        Kind::ArgumentList => {
            let callee = parent.parent()?.child(Field::Function)?;
            let Value::External(name) = cx.project.evaluate(site.with(callee)) else {
                return None;
            };
            let position = parent.children().position(|other| other == argument)?;
            let mut checks = CHECKS.iter();
            let (_, _, words) =
                checks.find(|(known, at, _)| *known == name.as_ref() && *at == position)?;
            raises(words)
        }
        Kind::Attribute => broken_attribute(cx, hidden, site.with(parent)),
        _ => raises("an exception that comes to this `except`"),
    }
}

/// `S.name`, where the function has no such attribute, or has a class method that is not bound.
fn broken_attribute<'p>(
    cx: &Context<'p>,
    hidden: &Hidden<'p>,
    access: Site<'p>,
) -> Option<Broken<'p>> {
    let name = access.node.child(Field::Attribute)?.text();
    let parent = access.node.parent()?;
    let is_called = parent.kind() == Kind::Call && access.node.field() == Field::Function;
    let is_stored = access.node.field() == Field::Left || parent.kind() == Kind::Delete;
    if name.starts_with("__") || is_stored || is_given(cx, hidden, name) {
        return None;
    }
    if hidden.carries {
        let method = hidden.class.method(name).filter(|_| is_called)?;
        let mut decorators = method.site.decorators();
        let alone = decorators.next().is_some() && decorators.next().is_none();
        let words = format!(
            "`{name}` is there as a `classmethod` that is bound to nothing, and calling it raises TypeError"
        );
        return (alone && method.binding(cx.project) == Bound::Class).then_some(Broken {
            site: access,
            words,
        });
    }
    Some(Broken {
        site: access,
        words: format!("it has no `{name}`, which raises AttributeError"),
    })
}

/// Whether somebody gives the function an attribute of this name.
fn is_given<'p>(cx: &Context<'p>, hidden: &Hidden<'p>, name: &str) -> bool {
    let decorator = hidden.given.map(|given| (given.file, given.segment));
    cx.project.changes_of_attribute(name).any(|object| {
        let in_decorator = decorator.is_some_and(|(file, segment)| {
            std::ptr::eq(file, object.file) && segment == object.segment
        });
        in_decorator || cx.project.evaluate(object) == Value::Class(hidden.class)
    })
}

fn report_use<'p>(cx: &Context<'p>, hidden: &Hidden<'p>, broken: &Broken<'p>, out: &mut Findings) {
    let name = hidden.class.name();
    let message = format!(
        "`{name}` is a function here, no class: `@{}` gives a function back, and {}; make it one object by a metaclass or in `__new__`, or keep the class under its name",
        hidden.decorator.text(),
        broken.words,
    );
    let finding = out.report(
        &RULE,
        Severity::Error,
        cx.file,
        broken.site.range(),
        message,
    );
    prove(hidden, finding);
    finding.evidence_at(
        hidden.class.site.file,
        Class::header(hidden.class),
        "the class that is hidden",
    );
}

fn report_class<'p>(cx: &Context<'p>, hidden: &Hidden<'p>, out: &mut Findings) {
    let name = hidden.class.name();
    let message = format!(
        "`@{}` gives a function back, and `{name}` means that function: `isinstance`, subclasses and class methods do not work with it",
        hidden.decorator.text(),
    );
    let whole = hidden
        .decorator
        .node
        .parent()
        .unwrap_or(hidden.decorator.node);
    let range = hidden.decorator.with(whole).range();
    let finding = out.report(&RULE, Severity::Information, cx.file, range, message);
    prove(hidden, finding);
}

fn prove(hidden: &Hidden<'_>, finding: &mut Finding) {
    match hidden.given {
        Some(given) => finding.evidence(given, "what comes back in place of the class"),
        None => finding.evidence(hidden.decorator, "gives back an object that caches calls"),
    };
}
