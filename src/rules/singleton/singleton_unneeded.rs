//! SNG009 singleton-unneeded. Card: knowledge/rules/SNG009-singleton-unneeded.md

use crate::facts::{BindingKind, BindingSite, Mutation, MutationKind, Site};
use crate::project::{Bound, Class, ClassValue, Function, Value, is_container_name};
use crate::rules::{Context, Findings, Rule, Severity};
use crate::syntax::{Field, Kind, Node};

pub const RULE: Rule = Rule {
    code: "SNG009",
    name: "singleton-unneeded",
    check,
};

fn check(cx: &Context<'_>, out: &mut Findings) {
    let kin = cx.file.kin().all().iter();
    let bare = kin.filter(|kinsman| {
        kinsman.metaclass.is_none() && kinsman.bases.iter().all(|base| &**base == "object")
    });
    let mut heads: Vec<usize> = bare
        .map(|kinsman| kinsman.segment)
        .filter(|head| may_be_a_box(cx, *head))
        .collect();
    heads.dedup();
    for class in cx.project.classes_in(cx.file, heads.into_iter()) {
        let Some(state) = is_bare(class).then(|| state(cx, class)).flatten() else {
            continue;
        };
        if is_only_asked(cx, class) {
            report(cx, class, state, out);
        }
    }
}

/// Whether, by words, a class has class methods or static methods and no others.
fn may_be_a_box(cx: &Context<'_>, head: usize) -> bool {
    let bound = |segment: usize| {
        let facts = cx.file.segment(segment);
        facts.mentions("classmethod") || facts.mentions("staticmethod")
    };
    let takes_self = |segment: usize| {
        let text = cx.file.segment(segment).text();
        text.starts_with("def ") && !text.starts_with("def __")
    };
    let members = || cx.file.members_of(head);
    (bound(head) || members().any(bound)) && !members().any(takes_self)
}

/// Whether a class stands on the module's level, and nothing else makes it.
fn is_bare(class: Class<'_>) -> bool {
    let is_test = class.name().starts_with("Test");
    let mut around = class.site.node.ancestors();
    around.all(|node| node.kind() == Kind::Module)
        && class.keywords().next().is_none()
        && !class.has_unknown_keywords()
        && class.bases().all(|base| base.text() == "object")
        && !is_test
}

/// A statement that changes the state of a class, where all that it has are methods without an object and attributes.
fn state<'p>(cx: &Context<'p>, class: Class<'p>) -> Option<Site<'p>> {
    let mut methods = Vec::new();
    for member in class.site.members() {
        if member.binding.kind == BindingKind::Function {
            methods.push(member.value().and_then(Function::at)?);
        } else if !is_plain_attribute(cx, &member) {
            return None;
        }
    }
    let mut changed = None;
    for method in methods {
        let bound = method.binding(cx.project);
        let is_static = method.has_decorator(cx.project, &["builtins.staticmethod"]);
        let is_class = method.has_decorator(cx.project, &["builtins.classmethod"]);
        if !is_static && !is_class {
            if forbids(method) {
                continue;
            }
            return None;
        }
        let own = method.first_parameter().filter(|_| bound == Bound::Class);
        if own.is_some_and(|own| !is_asked_for_attributes(method, own)) {
            return None;
        }
        let mut mutations = method.site.mutations();
        let change = mutations.find(|mutation| changes_state(cx, class, own, method, mutation));
        changed = changed.or(change.map(|change| method.site.at(change.node)));
    }
    changed
}

/// Whether a name in a class's body is state or a constant, not something that acts for objects: a function, a property, a class.
fn is_plain_attribute<'p>(cx: &Context<'p>, member: &BindingSite<'p>) -> bool {
    let name = member.name.text();
    if name.starts_with("__") && name.ends_with("__") && name != "__slots__" {
        return false;
    }
    match member.binding.kind {
        BindingKind::Annotation => true,
        BindingKind::Assignment => member.value().is_some_and(|value| {
            let acts = matches!(
                cx.project.evaluate(value),
                Value::Function(_) | Value::Method(_) | Value::Class(_)
            );
            let is_property =
                value.node.kind() == Kind::Call && value.text().starts_with("property(");
            !acts && !is_property
        }),
        _ => false,
    }
}

/// Whether a special method does nothing but raise: there shall be no instances.
fn forbids(method: Function<'_>) -> bool {
    const MAKING: &[&str] = &["__new__", "__init__", "__init_subclass__", "__call__"];
    let statements = method
        .body()
        .into_iter()
        .flat_map(|body| body.node.children());
    let mut acting = statements.filter(|statement| {
        let inner = statement.children().next();
        let is_text = inner.is_some_and(|inner| inner.kind() == Kind::String);
        !(statement.kind() == Kind::ExpressionStatement && is_text)
    });
    MAKING.contains(&method.name())
        && acting.next().is_some_and(|only| only.kind() == Kind::Raise)
        && acting.next().is_none()
}

/// Whether a class method does nothing with its class but ask for attributes.
fn is_asked_for_attributes(method: Function<'_>, own: &str) -> bool {
    let body = method.body().map(|body| body.node);
    let mut names = body
        .into_iter()
        .flat_map(Node::descendants)
        .filter(|node| node.kind() == Kind::Name);
    names.all(|name| {
        let text = name.text();
        if name.field() == Field::Attribute {
            return true;
        }
        text != "super" && (text != own || asks_for_attribute(name))
    })
}

/// Whether an expression is there for one of its attributes, and not for what a class is.
fn asks_for_attribute(node: Node<'_>) -> bool {
    let attribute = node
        .parent()
        .filter(|parent| parent.kind() == Kind::Attribute && node.field() == Field::Object);
    let name = attribute
        .and_then(|attribute| attribute.child(Field::Attribute))
        .map(Node::text);
    name.is_some_and(|name| !name.starts_with("__") || name == "__name__" || !name.ends_with("__"))
}

/// Whether a change is one of the class: `cls.x = …`, `Name.x[k] = …`, `cls.x.append(…)`.
fn changes_state<'p>(
    cx: &Context<'p>,
    class: Class<'p>,
    own: Option<&str>,
    method: Function<'p>,
    mutation: &Mutation,
) -> bool {
    let target = method.site.at(mutation.target);
    let is_class = |site: Site<'p>| {
        site.node.kind() == Kind::Name
            && (Some(site.text()) == own || cx.project.evaluate(site) == Value::Class(class))
    };
    let mut base = target;
    while base.node.kind() == Kind::Subscript {
        let Some(inner) = base.child(Field::Value) else {
            return false;
        };
        base = inner;
    }
    let of_class =
        base.node.kind() == Kind::Attribute && base.child(Field::Object).is_some_and(is_class);
    match mutation.kind {
        MutationKind::Attribute => is_class(target),
        MutationKind::Item => of_class,
        MutationKind::Delete => of_class || is_class(target),
        MutationKind::Augmented => of_class && base == target,
        MutationKind::Method => {
            of_class
                && matches!(
                    cx.project.evaluate(target),
                    Value::Instance(ClassValue::External(name)) if is_container_name(&name)
                )
        }
    }
}

/// Whether everybody who names the class asks for its attributes: no instance is made, nothing derives from it, nothing gets it.
fn is_only_asked<'p>(cx: &Context<'p>, class: Class<'p>) -> bool {
    let mut named = cx.project.expressions_naming(class);
    named.all(|name| match cx.project.evaluate(name) {
        Value::Class(found) => found != class || asks_for_attribute(name.node),
        Value::Unknown => false,
        _ => true,
    })
}

fn report<'p>(cx: &Context<'p>, class: Class<'p>, state: Site<'p>, out: &mut Findings) {
    let name = class.name();
    let message = format!(
        "nobody makes an object of `{name}`: it is a box for functions and what they remember, and a module is that already; put both on the module's level, or make it an ordinary class with one instance"
    );
    let finding = out.report(&RULE, Severity::Hint, cx.file, class.header(), message);
    finding.evidence(state, "the class itself is changed");
}
