//! SNG002 singleton-race. Card: knowledge/rules/SNG002-singleton-race.md

use super::{decorated, singleton_name, singletons};
use crate::facts::Site;
use crate::project::{Class, Function, Locking, Parameter, Singleton, SingletonShape};
use crate::rules::{Context, Findings, Rule, Severity};
use crate::syntax::{Field, Kind};

pub const RULE: Rule = Rule {
    code: "SNG002",
    name: "singleton-race",
    check,
};

fn check(cx: &Context<'_>, out: &mut Findings) {
    for singleton in singletons(cx).filter(|singleton| singleton.locking == Locking::None) {
        let builders = builders(cx, &singleton);
        if builders
            .iter()
            .any(|built| is_at_import(*built, &singleton))
        {
            continue;
        }
        report(cx, &singleton, &builders, out);
    }
}

/// The calls that build the singleton, or ask for it.
fn builders<'p>(cx: &Context<'p>, singleton: &Singleton<'p>) -> Vec<Site<'p>> {
    let mut classes: Vec<Class<'p>> = match singleton.shape {
        SingletonShape::New => singleton.class.into_iter().collect(),
        SingletonShape::Metaclass => singleton
            .class
            .into_iter()
            .flat_map(|meta| cx.project.made_by_metaclass(meta))
            .collect(),
        SingletonShape::Decorator => decorated(cx, singleton.function),
        SingletonShape::Module | SingletonShape::Method => {
            return cx.project.calls_of(singleton.function);
        }
    };
    let mut at = 0;
    while at < classes.len() && at < 200 {
        for heir in cx.project.subclasses(classes[at]) {
            if !classes.contains(&heir) {
                classes.push(heir);
            }
        }
        at += 1;
    }
    classes
        .into_iter()
        .flat_map(|class| cx.project.constructions(class))
        .collect()
}

/// Whether a call is made while the singleton's own module is imported: before any thread can be.
fn is_at_import(call: Site<'_>, singleton: &Singleton<'_>) -> bool {
    let same = std::ptr::eq(call.file, singleton.function.site.file);
    let in_function = Function::around(call).is_some();
    let conditional = call.node.ancestors().any(|node| {
        matches!(
            node.kind(),
            Kind::If | Kind::For | Kind::While | Kind::Try | Kind::ListComprehension
        )
    });
    same && !in_function && !conditional
}

/// The parameter that a caller sets to have the object made: `if create:`, which is false by default.
fn asked_for<'p>(singleton: &Singleton<'p>) -> Option<Parameter<'p>> {
    let mut node = singleton.creation.node;
    while let Some(parent) = node.parent() {
        let test = parent
            .child(Field::Condition)
            .filter(|_| parent.kind() == Kind::If && node.field() == Field::Consequence);
        let asked = test.and_then(|test| {
            let mut parameters = singleton.function.parameters();
            parameters.find(|parameter| {
                let default = parameter.default.map(|default| default.node.kind());
                parameter.name.text() == test.text()
                    && matches!(default, Some(Kind::False | Kind::None))
            })
        });
        if asked.is_some() {
            return asked;
        }
        node = parent;
    }
    None
}

/// Whether a call gives an argument for a parameter.
fn gives<'p>(
    cx: &Context<'p>,
    singleton: &Singleton<'p>,
    call: Site<'p>,
    asked: Parameter<'p>,
) -> bool {
    let is_method = singleton.function.class().is_some();
    let given = call.child(Field::Arguments);
    given.is_some_and(|given| {
        given.node.children().any(|argument| {
            let taking =
                cx.project
                    .parameter_of(singleton.function, is_method, given.with(argument));
            // what cannot be told may be it
            taking.is_none_or(|taking| taking.name == asked.name)
        })
    })
}

fn report<'p>(
    cx: &Context<'p>,
    singleton: &Singleton<'p>,
    builders: &[Site<'p>],
    out: &mut Findings,
) {
    let mut starts: Vec<Site<'p>> = Vec::new();
    let mut note = |start: Site<'p>| {
        if !starts.contains(&start) {
            starts.push(start);
        }
    };
    let asked = asked_for(singleton);
    let asks = |call: &Site<'p>| asked.is_none_or(|asked| gives(cx, singleton, *call, asked));
    let functions = builders
        .iter()
        .filter(|call| asks(call))
        .filter_map(|call| Function::around(*call))
        .chain(asked.is_none().then_some(singleton.function));
    for function in functions {
        for chain in cx.project.chains(function) {
            note(chain.start.call);
        }
    }
    // the others are told that there is none
    if asked.is_some() && starts.is_empty() {
        return;
    }
    let name = singleton_name(singleton);
    let what = match singleton.shape {
        SingletonShape::Metaclass => {
            format!("The one object of each class of the metaclass `{name}`")
        }
        SingletonShape::Decorator => format!("The one object of each class under `@{name}`"),
        _ => format!("`{name}`"),
    };
    let (severity, who) = if starts.is_empty() {
        (
            Severity::Information,
            "two threads can both find none and both make one",
        )
    } else {
        (
            Severity::Warning,
            "the threads that are started here can both find none and both make one",
        )
    };
    let message = format!(
        "{what} is made by whoever finds that there is none yet, with no lock held: {who}; check and create under one lock, or create it when the module is imported"
    );
    let finding = out.report(&RULE, severity, cx.file, singleton.check.range(), message);
    finding.evidence(singleton.creation, "it is made here");
    for start in starts.iter().take(4) {
        finding.evidence(*start, "a thread that asks for it");
    }
}
