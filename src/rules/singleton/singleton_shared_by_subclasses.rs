//! SNG004 singleton-shared-by-subclasses. Card: knowledge/rules/SNG004-singleton-shared-by-subclasses.md

use super::{family, singletons};
use crate::facts::Site;
use crate::project::{Class, ClassValue, Singleton, SingletonShape, Value};
use crate::rules::{Context, Findings, Rule, Severity};
use crate::syntax::{Field, Kind, Node, contains_word};

pub const RULE: Rule = Rule {
    code: "SNG004",
    name: "singleton-shared-by-subclasses",
    check,
};

fn check(cx: &Context<'_>, out: &mut Findings) {
    for singleton in singletons(cx) {
        let Some(class) = singleton.class.filter(|_| is_looked_up(&singleton)) else {
            continue;
        };
        let roots = if singleton.shape == SingletonShape::Metaclass {
            cx.project.made_by_metaclass(class)
        } else {
            vec![class]
        };
        if roots.iter().any(|root| forbids_heirs(cx, *root)) {
            continue;
        }
        check_families(cx, &singleton, &roots, out);
    }
}

/// Whether the check finds an attribute of a base too.
fn is_looked_up(singleton: &Singleton<'_>) -> bool {
    let own = ["__dict__", "vars(", "isinstance", "type("];
    let text = singleton.check.text();
    !singleton.per_class
        && singleton.storage.node.kind() == Kind::Attribute
        && !own.iter().any(|part| text.contains(part))
}

/// Whether a class cannot have subclasses, or gives each of them an attribute of its own.
fn forbids_heirs<'p>(cx: &Context<'p>, class: Class<'p>) -> bool {
    let is_final = class.site.decorators().any(|name| {
        cx.project
            .qualified_decorator(name)
            .is_some_and(|name| name.ends_with(".final"))
    });
    is_final || cx.project.find_method(class, "__init_subclass__").is_some()
}

/// Whether a metaclass gives each class that it makes an attribute of its own.
fn gives_each_its_own<'p>(metaclass: Class<'p>, attribute: &str) -> bool {
    ["__new__", "__init__"]
        .iter()
        .filter_map(|name| metaclass.method(name))
        .any(|method| contains_word(method.site.text(), attribute))
}

/// A class of the family, and the calls that build it.
struct Built<'p> {
    class: Class<'p>,
    calls: Vec<Site<'p>>,
}

fn check_families<'p>(
    cx: &Context<'p>,
    singleton: &Singleton<'p>,
    roots: &[Class<'p>],
    out: &mut Findings,
) {
    let Some(attribute) = singleton
        .storage
        .node
        .child(Field::Attribute)
        .map(Node::text)
    else {
        return;
    };
    let maker = singleton.function.name();
    if singleton.shape == SingletonShape::Metaclass
        && singleton
            .class
            .is_some_and(|class| gives_each_its_own(class, attribute))
    {
        return;
    }
    let keeps_own = |class: Class<'p>| {
        class.defines(attribute)
            || (singleton.shape != SingletonShape::Metaclass && class.defines(maker))
    };
    let mut families: Vec<Vec<Class<'p>>> = roots
        .iter()
        .map(|root| family(cx, *root, &keeps_own))
        .collect();
    families.retain(|classes| classes.iter().all(|class| cx.project.is_understood(*class)));
    let families: Vec<Vec<Built<'p>>> = families
        .into_iter()
        .map(|classes| {
            classes
                .into_iter()
                .map(|class| built(cx, singleton, class))
                .collect()
        })
        .collect();
    let by_name = singleton.class.is_some_and(|class| {
        singleton
            .storage
            .text()
            .starts_with(&format!("{}.", class.name()))
    });
    let pair = families
        .iter()
        .find_map(|classes| sharing(cx, classes, by_name));
    let alone = roots
        .iter()
        .all(|root| cx.project.subclasses(*root).is_empty());
    let awaits = families
        .iter()
        .any(|classes| classes.len() > 1 && !classes[0].calls.is_empty());
    if pair.is_some() || awaits || (alone && singleton.shape != SingletonShape::Metaclass) {
        report(cx, singleton, attribute, pair, out);
    }
}

/// `pair`: two classes that are built and share, where there are such.
fn report<'p>(
    cx: &Context<'p>,
    singleton: &Singleton<'p>,
    attribute: &str,
    pair: Option<(&Built<'p>, &Built<'p>)>,
    out: &mut Findings,
) {
    let message = match pair {
        Some((base, heir)) => format!(
            "`{attribute}` is looked up through the bases: once `{}` is built, `{}` gets that instance and none of its own; keep the instances in a dict by class",
            base.class.name(),
            heir.class.name()
        ),
        None => format!(
            "`{attribute}` is looked up through the bases: a subclass gets the instance of its base; keep the instances in a dict by class"
        ),
    };
    let severity = if pair.is_some() {
        Severity::Warning
    } else {
        Severity::Information
    };
    let finding = out.report(&RULE, severity, cx.file, singleton.check.range(), message);
    if let Some(class) = singleton.class
        && let Some(definition) = class.site.members_named(attribute).first()
    {
        let statement = definition.name.statement();
        finding.evidence(statement, "the one attribute for all of them");
    }
    if let Some((base, heir)) = pair {
        finding.evidence_at(heir.class.site.file, heir.class.header(), "shares it");
        if let Some(call) = base.calls.first() {
            finding.evidence(*call, "builds the first");
        }
        if let Some(call) = heir.calls.first() {
            finding.evidence(*call, "gets the same object");
        }
    }
}

/// Two classes that are built and share: a base and its heir, or any two where the attribute is named through the base.
fn sharing<'a, 'p>(
    cx: &Context<'p>,
    classes: &'a [Built<'p>],
    by_name: bool,
) -> Option<(&'a Built<'p>, &'a Built<'p>)> {
    let built: Vec<&Built<'p>> = classes
        .iter()
        .filter(|class| !class.calls.is_empty())
        .collect();
    built.iter().enumerate().find_map(|(at, base)| {
        let heir = built[at + 1..].iter().find(|heir| {
            by_name
                || cx
                    .project
                    .mro(heir.class)
                    .classes
                    .contains(&ClassValue::Known(base.class))
        })?;
        Some((*base, *heir))
    })
}

fn built<'p>(cx: &Context<'p>, singleton: &Singleton<'p>, class: Class<'p>) -> Built<'p> {
    let calls = if singleton.shape == SingletonShape::Method {
        asked(cx, singleton, class)
    } else {
        cx.project.constructions(class)
    };
    Built { class, calls }
}

/// The calls of the class method on a class.
fn asked<'p>(cx: &Context<'p>, singleton: &Singleton<'p>, class: Class<'p>) -> Vec<Site<'p>> {
    let mut found = Vec::new();
    for (file, segment) in cx.project.mentions(class.name()) {
        let root = file.root(segment);
        found.extend(
            root.body()
                .calls
                .iter()
                .map(|call| root.at(*call))
                .filter(|call| {
                    let callee = call.child(Field::Function);
                    let object = callee.and_then(|callee| callee.child(Field::Object));
                    let method = callee
                        .and_then(|callee| callee.node.child(Field::Attribute))
                        .map(Node::text);
                    method == Some(singleton.function.name())
                        && object.is_some_and(|object| {
                            cx.project.evaluate(object) == Value::Class(class)
                        })
                }),
        );
    }
    found
}
