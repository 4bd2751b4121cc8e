//! SNG007 new-passes-arguments. Card: knowledge/rules/SNG007-new-passes-arguments.md

use super::family;
use crate::facts::{Site, Subjects};
use crate::project::{Class, ClassValue, Function, Metaclass, Parameter, ParameterKind, Value};
use crate::rules::expected::is_expected;
use crate::rules::{Context, Findings, Rule, Severity};
use crate::syntax::{Field, Kind, Node, Op};

pub const RULE: Rule = Rule {
    code: "SNG007",
    name: "new-passes-arguments",
    check,
};

fn check(cx: &Context<'_>, out: &mut Findings) {
    for class in cx.classes(Subjects::NEW) {
        let Some(new) = class
            .method("__new__")
            .filter(|_| !cx.project.is_metaclass(class))
        else {
            continue;
        };
        for call in new.calls() {
            check_call(cx, class, new, call, out);
        }
    }
}

fn check_call<'p>(
    cx: &Context<'p>,
    class: Class<'p>,
    new: Function<'p>,
    call: Site<'p>,
    out: &mut Findings,
) {
    let Some(callee) = call.child(Field::Function) else {
        return;
    };
    if callee.node.child(Field::Attribute).map(Node::text) != Some("__new__") {
        return;
    }
    let Some(object) = callee.child(Field::Object) else {
        return;
    };
    let arguments: Vec<Node<'p>> = call.node.arguments().collect();
    let Some((_, passed)) = arguments.split_first().filter(|(_, more)| !more.is_empty()) else {
        return;
    };
    if !cx.project.is_understood(class) || is_guarded(new, call) || has_own_call(cx, class) {
        return;
    }
    let explicit = matches!(cx.project.evaluate(object), Value::External(name) if name.as_ref() == "builtins.object");
    let heirs = if explicit {
        vec![class]
    } else if cx.project.class_of_super(object) == Some(class) {
        // what stands behind a class in its own MRO stands behind it in every heir's
        if !makes_objects_plainly(&cx.project.mro(class).classes[1..]) {
            return;
        }
        heirs_of(cx, class)
    } else {
        return;
    };
    let bad = heirs
        .iter()
        .find(|heir| explicit || ends_at_object(cx, class, **heir));
    let Some(heir) = bad.copied() else { return };
    let mut passed_on = passed.iter().map(|argument| call.with(*argument));
    if passed_on.any(|argument| arrives(cx, class, heir, new, argument)) && !is_counted_on(cx, heir)
    {
        let between = match explicit {
            true => Vec::new(),
            false => mro_after(cx, class, heir),
        };
        report(cx, class, heir, &between, call, out);
    }
}

/// `between` are the classes that are asked for a `__new__` before `object`.
fn report<'p>(
    cx: &Context<'p>,
    class: Class<'p>,
    heir: Class<'p>,
    between: &[Class<'p>],
    call: Site<'p>,
    out: &mut Findings,
) {
    let mut arguments = call.node.arguments();
    let Some(first) = arguments.next() else {
        return;
    };
    let rest: Vec<Node<'p>> = arguments.collect();
    let last = rest.last().copied().unwrap_or(first);
    // `*args` may be empty
    let is_splat = |node: &Node<'p>| matches!(node.kind(), Kind::ListSplat | Kind::DictSplat);
    let how = match rest.iter().all(is_splat) {
        true => " with arguments",
        false => "",
    };
    let message = format!(
        "`object.__new__` takes the class and nothing else: constructing `{}`{how} raises TypeError, because `{}.__new__` hands its arguments on to it; pass `{}` alone",
        heir.name(),
        class.name(),
        first.text(),
    );
    let finding = out.report(&RULE, Severity::Error, cx.file, call.range(), message);
    for ancestor in between {
        finding.evidence_at(
            ancestor.site.file,
            ancestor.header(),
            "next in the MRO; it has no `__new__`",
        );
    }
    finding.evidence_at(
        heir.site.file,
        heir.header(),
        "after the classes of its MRO comes `object`",
    );
    let mut constructions = cx.project.constructions(heir).into_iter();
    if let Some(made) = constructions.find(|made| has_arguments(*made)) {
        finding.evidence(made, "constructed with arguments");
    }
    let further = call.with(first).range().end..call.with(last).range().end;
    finding.fix("Pass the class alone", true, vec![(further, String::new())]);
}

/// Whether code makes objects of a class with arguments, and only where it counts on the exception.
fn is_counted_on<'p>(cx: &Context<'p>, class: Class<'p>) -> bool {
    let made = cx.project.constructions(class).into_iter();
    let made: Vec<_> = made.filter(|made| has_arguments(*made)).collect();
    !made.is_empty() && made.iter().all(|made| is_expected(*made, "TypeError"))
}

fn has_arguments(call: Site<'_>) -> bool {
    let arguments = call.node.child(Field::Arguments);
    arguments.is_some_and(|arguments| arguments.children().next().is_some())
}

/// The class and the classes of the project that derive from it.
fn heirs_of<'p>(cx: &Context<'p>, class: Class<'p>) -> Vec<Class<'p>> {
    let mut found = family(cx, class, &|_| false);
    if found.len() > 1 && cx.project.constructions(class).is_empty() {
        // a mix-in that is never built itself is judged by its heirs
        found.remove(0);
    }
    found.retain(|heir| *heir == class || !heir.defines("__new__"));
    if found.is_empty() {
        found.push(class);
    }
    found
}

/// The project's classes after `class` in the MRO of an heir.
fn mro_after<'p>(cx: &Context<'p>, class: Class<'p>, heir: Class<'p>) -> Vec<Class<'p>> {
    let mro = cx.project.mro(heir).classes;
    let after = mro
        .into_iter()
        .skip_while(|other| *other != ClassValue::Known(class))
        .skip(1);
    after
        .filter_map(|other| {
            if let ClassValue::Known(other) = other {
                Some(other)
            } else {
                None
            }
        })
        .collect()
}

/// Whether the `__new__` after `class` in the MRO of an heir is `object`'s.
fn ends_at_object<'p>(cx: &Context<'p>, class: Class<'p>, heir: Class<'p>) -> bool {
    let mro = cx.project.mro(heir);
    if mro.inconsistent || !cx.project.is_understood(heir) {
        return false;
    }
    let own = ClassValue::Known(class);
    let after = mro.classes.iter().position(|other| *other == own);
    after.is_some_and(|at| makes_objects_plainly(&mro.classes[at + 1..]))
}

/// Whether none of some classes has a `__new__` besides `object`'s.
fn makes_objects_plainly(classes: &[ClassValue<'_>]) -> bool {
    classes.iter().all(|class| match class {
        ClassValue::Known(class) => !class.defines("__new__"),
        ClassValue::External(name) => {
            matches!(
                name.as_ref(),
                "abc.ABC" | "typing.Generic" | "typing.Protocol"
            ) || name.starts_with("collections.abc.")
        }
    })
}

/// Whether an argument that is handed on surely holds something: it is written out, or what it is filled from is.
fn arrives<'p>(
    cx: &Context<'p>,
    class: Class<'p>,
    heir: Class<'p>,
    new: Function<'p>,
    argument: Site<'p>,
) -> bool {
    match argument.node.kind() {
        Kind::ListSplat | Kind::DictSplat => {
            let Some(name) = argument
                .node
                .children()
                .next()
                .filter(|name| name.kind() == Kind::Name)
            else {
                return false;
            };
            let kind = if argument.node.kind() == Kind::ListSplat {
                ParameterKind::Star
            } else {
                ParameterKind::DoubleStar
            };
            let parameter = new
                .parameters()
                .find(|parameter| parameter.kind == kind && parameter.name.text() == name.text());
            parameter.is_some_and(|parameter| {
                !is_changed(new, name.text()) && is_filled(cx, class, heir, new, parameter)
            })
        }
        _ => true,
    }
}

/// Whether a name is bound again or changed in the function.
fn is_changed(function: Function<'_>, name: &str) -> bool {
    let body = function.site.body();
    let rebound = body.bindings_in(function.scope(), name).count() > 1;
    let mutated = body
        .mutations
        .iter()
        .any(|mutation| body.tree.node(mutation.target).text() == name);
    rebound || mutated
}

/// Whether `*args` or `**kwargs` of `__new__` gets something: from the first construction of a kept instance, from any construction otherwise, or because `__init__` asks for an argument.
fn is_filled<'p>(
    cx: &Context<'p>,
    class: Class<'p>,
    heir: Class<'p>,
    new: Function<'p>,
    parameter: Parameter<'p>,
) -> bool {
    let mut constructions = cx.project.constructions(heir);
    if heir != class && constructions.is_empty() {
        constructions = cx.project.constructions(class);
    }
    if cx.project.singleton(new).is_some() {
        constructions.truncate(1);
    }
    let named = new
        .parameters()
        .filter(|parameter| {
            matches!(
                parameter.kind,
                ParameterKind::Positional | ParameterKind::PositionalOnly
            )
        })
        .count()
        - 1;
    let fills = |call: &Site<'p>| {
        let arguments: Vec<Node<'p>> = call.node.arguments().collect();
        match parameter.kind {
            ParameterKind::Star => {
                let plain = |node: &&Node<'p>| {
                    !matches!(
                        node.kind(),
                        Kind::KeywordArgument | Kind::ListSplat | Kind::DictSplat
                    )
                };
                arguments.iter().filter(plain).count() > named
            }
            _ => arguments.iter().any(|node| {
                let name = node.child(Field::Name).map(Node::text);
                node.kind() == Kind::KeywordArgument
                    && !new.parameters().any(|own| Some(own.name.text()) == name)
            }),
        }
    };
    if constructions.iter().any(fills) || heirs_hand_on(cx, class) {
        return true;
    }
    let Some(init) = cx.project.find_method(heir, "__init__") else {
        return false;
    };
    let required = init.parameters().skip(1).any(|own| {
        own.default.is_none()
            && matches!(
                own.kind,
                ParameterKind::Positional | ParameterKind::PositionalOnly
            )
    });
    let both = new.parameters().any(|own| own.kind == ParameterKind::Star);
    required && (parameter.kind == ParameterKind::Star || !both) && named == 0
}

/// Whether the function looks at what comes next before it calls it, or catches what the call raises.
fn is_guarded(new: Function<'_>, call: Site<'_>) -> bool {
    let in_try = call
        .node
        .ancestors()
        .take_while(|node| *node != new.site.node)
        .any(|node| node.kind() == Kind::Try);
    let asks = |site: &Site<'_>| {
        site.node.kind() == Kind::If
            && site
                .node
                .child(Field::Condition)
                .is_some_and(|condition| condition.text().contains("__new__"))
    };
    // what is made for the class itself may be another matter than what is made for its subclasses
    let by_class = call
        .node
        .ancestors()
        .take_while(|node| *node != new.site.node)
        .filter_map(|node| node.child(Field::Condition))
        .any(|condition| {
            matches!(condition.op(), Op::Is | Op::IsNot)
                && condition.children().next().map(Node::text) == new.first_parameter()
        });
    in_try || by_class || new.nodes().any(|site| asks(&site))
}

/// Whether a metaclass of the project decides which arguments `__new__` gets, and does not hand on what it was called with.
fn has_own_call<'p>(cx: &Context<'p>, class: Class<'p>) -> bool {
    let Metaclass::Is(ClassValue::Known(metaclass)) =
        cx.project.metaclass(&ClassValue::Known(class))
    else {
        return false;
    };
    let Some(own) = cx.project.find_method(metaclass, "__call__") else {
        return false;
    };
    !own.calls().any(|call| {
        let callee = call
            .node
            .child(Field::Function)
            .and_then(|callee| callee.child(Field::Attribute));
        let splat = call.node.child(Field::Arguments).is_some_and(|list| {
            list.children()
                .any(|argument| matches!(argument.kind(), Kind::ListSplat | Kind::DictSplat))
        });
        callee.is_some_and(|name| name.text() == "__call__") && splat
    })
}

/// Whether a subclass's own `__new__` hands something on to this one.
fn heirs_hand_on<'p>(cx: &Context<'p>, class: Class<'p>) -> bool {
    cx.project
        .subclasses(class)
        .into_iter()
        .filter_map(|heir| heir.method("__new__"))
        .any(|new| {
            new.calls().any(|call| {
                let callee = call
                    .node
                    .child(Field::Function)
                    .and_then(|callee| callee.child(Field::Attribute));
                let plain =
                    |node: &Node<'_>| !matches!(node.kind(), Kind::ListSplat | Kind::DictSplat);
                let given = call.node.arguments().filter(plain).count();
                callee.is_some_and(|name| name.text() == "__new__") && given > 1
            })
        })
}
