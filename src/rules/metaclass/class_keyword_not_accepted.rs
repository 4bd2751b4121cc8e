//! MET006 class-keyword-not-accepted. Card: knowledge/rules/MET006-class-keyword-not-accepted.md

use super::{is_expected, is_made_by_object};
use crate::facts::{Site, Subjects};
use crate::project::{Class, ClassValue, Function, Metaclass, ParameterKind};
use crate::rules::{Context, Findings, Rule, Severity};
use crate::syntax::{Field, Kind, Node};

pub const RULE: Rule = Rule {
    code: "MET006",
    name: "class-keyword-not-accepted",
    check,
};

/// What becomes of a keyword on its way.
enum Way<'p> {
    Taken,
    /// The method that refuses it, or that hands it on to the one of `object` that does; None where only that one is asked.
    Refused(Option<Function<'p>>),
    Unknown,
}

/// What one method does with a keyword.
enum Does {
    Takes,
    Refuses,
    HandsOn,
    Unknown,
}

fn check(cx: &Context<'_>, out: &mut Findings) {
    for class in cx.classes(Subjects::CLASS_KEYWORDS) {
        let Some(metaclass) = known_metaclass(cx, class) else {
            continue;
        };
        let own = class.keywords().filter(|(name, _)| *name != "metaclass");
        let refused = own.filter_map(|(name, value)| match way(cx, class, &metaclass, name) {
            Way::Refused(by) => Some((name, value, by)),
            Way::Taken | Way::Unknown => None,
        });
        let refused: Vec<_> = refused.collect();
        if let Some((name, value, by)) = refused.first()
            && !is_expected(class.site, "TypeError")
        {
            report(cx, class, name, *value, *by, out);
        }
    }
}

/// The classes that decide how a class is made, its metaclass first, where all of them are known, and how they are called is not changed.
fn known_metaclass<'p>(cx: &Context<'p>, class: Class<'p>) -> Option<Vec<ClassValue<'p>>> {
    let project = cx.project;
    let value = ClassValue::Known(class);
    let Metaclass::Is(metaclass) = project.metaclass(&value) else {
        return None;
    };
    let (mro, makers) = (project.mro(class), project.mro_of(&metaclass));
    let Metaclass::Is(above) = project.metaclass(&metaclass) else {
        return None;
    };
    let is_called_as_type = project
        .mro_of(&above)
        .classes
        .iter()
        .all(|above| match above {
            ClassValue::Known(above) => !above.defines("__call__"),
            ClassValue::External(_) => true,
        });
    let is_known = mro.is_complete()
        && makers.is_complete()
        && !mro.inconsistent
        && is_called_as_type
        && !class.has_unknown_keywords()
        && class.bases().all(|base| {
            project
                .base_class(base)
                .is_some_and(|base| project.is_a_class(&base))
        })
        && makers.classes.iter().all(|maker| match maker {
            ClassValue::Known(_) => true,
            ClassValue::External(name) => matches!(
                name.as_ref(),
                "builtins.type" | "abc.ABCMeta" | "typing._ProtocolMeta"
            ),
        });
    is_known.then_some(makers.classes)
}

fn way<'p>(
    cx: &Context<'p>,
    class: Class<'p>,
    makers: &[ClassValue<'p>],
    keyword: &str,
) -> Way<'p> {
    let prepared = match along(cx, makers, "__prepare__", keyword, 3) {
        // `type.__prepare__` takes everything
        (Does::HandsOn, _) => (Does::Takes, None),
        prepared => prepared,
    };
    let made = match along(cx, makers, "__new__", keyword, 4) {
        (Does::HandsOn, last) => {
            let mro = cx.project.mro(class).classes;
            match along(
                cx,
                &mro[1.min(mro.len())..],
                "__init_subclass__",
                keyword,
                1,
            ) {
                (Does::HandsOn, own) => (Does::Refuses, own.or(last)),
                initialised => initialised,
            }
        }
        made => made,
    };
    let initialised = match along(cx, makers, "__init__", keyword, 4) {
        // so does `type.__init__`
        (Does::HandsOn, _) => (Does::Takes, None),
        initialised => initialised,
    };
    for (does, by) in [prepared, made, initialised] {
        match does {
            Does::Takes => {}
            Does::Refuses => return Way::Refused(by),
            Does::HandsOn | Does::Unknown => return Way::Unknown,
        }
    }
    Way::Taken
}

/// What the methods of a name do with a keyword, each called by the one before it; and the last of the project that was asked. `positional` parameters are given otherwise.
fn along<'p>(
    cx: &Context<'p>,
    classes: &[ClassValue<'p>],
    name: &str,
    keyword: &str,
    positional: usize,
) -> (Does, Option<Function<'p>>) {
    let mut last = None;
    for class in classes {
        match class {
            ClassValue::Known(class) => {
                if !class.defines(name) {
                    continue;
                }
                let Some(method) = class.method(name) else {
                    return (Does::Unknown, last);
                };
                last = Some(method);
                match does(cx, method, keyword, positional) {
                    Does::HandsOn => {}
                    done => return (done, last),
                }
            }
            ClassValue::External(known) if name == "__init_subclass__" => {
                if !is_made_by_object(known) && !known.starts_with("builtins.") {
                    return (Does::Unknown, last);
                }
            }
            ClassValue::External(_) => {}
        }
    }
    (Does::HandsOn, last)
}

fn does<'p>(cx: &Context<'p>, method: Function<'p>, keyword: &str, positional: usize) -> Does {
    let is_known = |decorator| {
        matches!(
            cx.project.qualified_decorator(decorator).as_deref(),
            Some("builtins.classmethod" | "builtins.staticmethod")
        )
    };
    if !method.site.decorators().all(is_known) {
        return Does::Unknown;
    }
    let parameters: Vec<_> = method.parameters().collect();
    let named = parameters.iter().position(|parameter| {
        let by_name = matches!(
            parameter.kind,
            ParameterKind::Positional | ParameterKind::KeywordOnly
        );
        by_name && parameter.name.text() == keyword
    });
    if let Some(named) = named {
        let is_given_twice = named < positional;
        let is_handed_on = given_again(method, keyword);
        return if is_given_twice || is_handed_on {
            Does::Unknown
        } else {
            Does::Takes
        };
    }
    let rest = parameters
        .iter()
        .find(|parameter| parameter.kind == ParameterKind::DoubleStar);
    match rest {
        Some(rest) => rest_of(method, rest.name),
        None => Does::Refuses,
    }
}

/// Whether a method hands a keyword on by its name: `super().__new__(…, table=table)`.
fn given_again(method: Function<'_>, keyword: &str) -> bool {
    method.nodes().any(|site| {
        let name = site.node.child(Field::Name);
        site.node.kind() == Kind::KeywordArgument && name.map(Node::text) == Some(keyword)
    })
}

/// What a method does with all that arrives in `**rest`.
fn rest_of<'p>(method: Function<'p>, rest: Site<'p>) -> Does {
    let Some(body) = method.body() else {
        return Does::Unknown;
    };
    let is_rest = |node: &Node<'p>| node.kind() == Kind::Name && node.text() == rest.text();
    let hides = |node: Node<'p>| matches!(node.text(), "locals" | "vars");
    let mut uses = body.node.descendants().filter(is_rest);
    match (uses.next(), uses.next()) {
        (None, _) if !body.node.descendants().any(hides) => Does::Takes,
        (Some(only), None) if is_handed_up(method, only) => Does::HandsOn,
        _ => Does::Unknown,
    }
}

/// Whether a name stands in `super().method(…, **name)`, on every way through the method.
fn is_handed_up<'p>(method: Function<'p>, name: Node<'p>) -> bool {
    let splat = name
        .parent()
        .filter(|splat| splat.kind() == Kind::DictSplat);
    let call = splat.and_then(Node::parent).and_then(Node::parent);
    let callee = call.and_then(|call| call.child(Field::Function));
    let is_next = callee.is_some_and(|callee| {
        let object = callee.child(Field::Object).map_or("", Node::text);
        callee.child(Field::Attribute).map(Node::text) == Some(method.name())
            && object.starts_with("super(")
    });
    let statement = name.ancestors().find(|node| node.kind().is_statement());
    let block = statement.and_then(Node::parent);
    is_next && block.is_some_and(|block| block.parent() == Some(method.site.node))
}

fn report<'p>(
    cx: &Context<'p>,
    class: Class<'p>,
    keyword: &str,
    value: Site<'p>,
    by: Option<Function<'p>>,
    out: &mut Findings,
) {
    let name = class.name();
    let who = match by.and_then(|method| Some((method.class()?, method))) {
        Some((class, method)) => {
            let method_name = format!("{}.{}", class.name(), method.name());
            let takes_rest = method
                .parameters()
                .any(|parameter| parameter.kind == ParameterKind::DoubleStar);
            if takes_rest {
                format!(
                    "`{method_name}` hands it on to `object.__init_subclass__`, which takes none; take it there by its name"
                )
            } else {
                format!("`{method_name}` does not take it; add it there, or leave it out")
            }
        }
        None => {
            "no base has an `__init_subclass__` that takes it; add one to a base, or leave it out"
                .to_string()
        }
    };
    let message = format!(
        "Python raises TypeError at this class statement: nobody takes the keyword `{keyword}` of `{name}`: {who}"
    );
    let finding = out.report(&RULE, Severity::Error, cx.file, class.header(), message);
    let argument = value
        .node
        .parent()
        .map_or(value, |argument| value.with(argument));
    finding.evidence(argument, "nobody takes it");
    if let Some(by) = by {
        finding.evidence_at(by.site.file, by.header(), "here it ends");
    }
}
