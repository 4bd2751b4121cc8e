//! SNG002 singleton-race. Card: knowledge/rules/SNG002-singleton-race.md

use super::{decorated, singleton_name, singletons};
use crate::facts::Site;
use crate::project::{Class, Function, Locking, Singleton, SingletonShape};
use crate::rules::{Context, Findings, Rule, Severity};
use crate::syntax::Kind;

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
    let functions = builders
        .iter()
        .filter_map(|call| Function::around(*call))
        .chain([singleton.function]);
    for function in functions {
        for chain in cx.project.chains(function) {
            note(chain.start.call);
        }
    }
    let name = singleton_name(singleton);
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
        "`{name}` is made by whoever finds that there is none yet, with no lock held: {who}; check and create under one lock, or create it when the module is imported"
    );
    let finding = out.report(&RULE, severity, cx.file, singleton.check.range(), message);
    finding.evidence(singleton.creation, "it is made here");
    for start in starts.iter().take(4) {
        finding.evidence(*start, "a thread that asks for it");
    }
}
