//! GIL032 thread-internals-overwritten. Card: knowledge/rules/GIL032-thread-internals-overwritten.md

use super::{calls_super, is_mentioned_in};
use crate::facts::{BindingKind, MutationKind, Site, Subjects};
use crate::project::{Class, ClassValue, Function, Startable, Value};
use crate::rules::{Context, Finding, Findings, Rule, Severity};
use crate::syntax::{Field, Kind, Node};

pub const RULE: Rule = Rule {
    code: "GIL032",
    name: "thread-internals-overwritten",
    check,
};

/// A name that `Thread` uses itself.
struct Internal {
    name: &'static str,
    /// The first version that does not use it any more.
    until: (u8, u8),
    /// What `Thread` does with it, as the end of a sentence.
    used: &'static str,
}

const NEVER: (u8, u8) = (u8::MAX, 0);

const fn internal(name: &'static str, used: &'static str) -> Internal {
    Internal {
        name,
        until: NEVER,
        used,
    }
}

const fn until_13(name: &'static str, used: &'static str) -> Internal {
    Internal {
        until: (3, 13),
        ..internal(name, used)
    }
}

const INTERNALS: &[Internal] = &[
    internal(
        "_target",
        "`Thread.run` calls `self._target(*self._args, **self._kwargs)`",
    ),
    internal(
        "_args",
        "`Thread.run` calls `self._target(*self._args, **self._kwargs)`",
    ),
    internal(
        "_kwargs",
        "`Thread.run` calls `self._target(*self._args, **self._kwargs)`",
    ),
    internal(
        "_started",
        "`start()` and `is_alive()` ask `self._started.is_set()`",
    ),
    internal("_ident", "`Thread` keeps the thread's number there"),
    internal(
        "_native_id",
        "`Thread` keeps the operating system's number of the thread there",
    ),
    internal(
        "_initialized",
        "`start()` asks it whether the constructor was called",
    ),
    internal(
        "_stderr",
        "`Thread` keeps the stream for its last messages there",
    ),
    internal(
        "_invoke_excepthook",
        "the thread calls it when its function raises",
    ),
    internal("_daemonic", "`Thread` keeps there whether it is a daemon"),
    internal("_bootstrap", "the new thread begins with it"),
    internal("_bootstrap_inner", "the new thread begins with it"),
    internal(
        "_delete",
        "the thread calls it without arguments when it ends",
    ),
    internal("_set_ident", "the new thread calls it"),
    until_13(
        "_stop",
        "up to Python 3.12 `join()` and `is_alive()` call `self._stop()`",
    ),
    until_13(
        "_is_stopped",
        "up to Python 3.12 `join()` and `is_alive()` ask it whether the thread has ended",
    ),
    until_13(
        "_tstate_lock",
        "up to Python 3.12 `join()` waits for this lock",
    ),
    until_13(
        "_wait_for_tstate_lock",
        "up to Python 3.12 `join()` calls it",
    ),
    until_13(
        "_reset_internal_locks",
        "up to Python 3.12 it is called after a fork",
    ),
    internal(
        "_handle",
        "from Python 3.13 on `join()` and `is_alive()` ask this object",
    ),
    internal(
        "_after_fork",
        "from Python 3.13 on it is called after a fork",
    ),
    internal(
        "_context",
        "from Python 3.14 on the thread runs its function in this context",
    ),
];

/// Properties, which may be set and must not become methods.
const PROPERTIES: &[&str] = &["name", "daemon", "ident", "native_id"];

/// What only `Thread.run` uses.
const OF_RUN: &[&str] = &["_target", "_args", "_kwargs"];

fn check(cx: &Context<'_>, out: &mut Findings) {
    for class in cx.classes(Subjects::THREADS) {
        if cx.project.startable(&ClassValue::Known(class)) == Some(Startable::Thread)
            && !stands_in(cx, class)
        {
            check_stores(cx, class, out);
            check_members(cx, class, out);
        }
    }
}

/// Whether a class stands in for one of the classes that `threading` keeps to itself: `_DummyThread`. Who writes one replaces the internals on purpose.
fn stands_in<'p>(cx: &Context<'p>, class: Class<'p>) -> bool {
    let classes = cx.project.mro(class).classes;
    classes.iter().any(|class| match class {
        ClassValue::External(name) => name.starts_with("threading._"),
        ClassValue::Known(_) => false,
    })
}

/// The use of a name by `Thread`, in the versions that the project supports: all from the oldest on.
fn internal_named(cx: &Context<'_>, name: &str) -> Option<&'static Internal> {
    let oldest = cx.options.python;
    INTERNALS
        .iter()
        .find(|internal| internal.name == name && oldest < internal.until)
}

/// `self._stop = …`
fn check_stores<'p>(cx: &Context<'p>, class: Class<'p>, out: &mut Findings) {
    let names = |facts: &crate::facts::SegmentFacts| {
        INTERNALS
            .iter()
            .any(|internal| facts.mentions_attribute(internal.name))
    };
    for part in class.site.class_parts(names) {
        for store in part
            .mutations()
            .filter(|store| store.kind == MutationKind::Attribute)
        {
            let object = part.at(store.target);
            let name = object
                .node
                .parent()
                .and_then(|place| place.child(Field::Attribute));
            let Some(internal) = name.and_then(|name| internal_named(cx, name.text())) else {
                continue;
            };
            if cx.project.is_own_object(class, object) && !is_harmless(cx, class, object, internal)
            {
                report(cx, class, internal, part.at(store.node).range(), out);
            }
        }
    }
}

/// Whether what `Thread.run` uses is replaced where nobody calls that `run`, or by another function for it to call.
fn is_harmless<'p>(
    cx: &Context<'p>,
    class: Class<'p>,
    object: Site<'p>,
    internal: &Internal,
) -> bool {
    if !OF_RUN.contains(&internal.name) {
        return false;
    }
    let targets = class.assigned_to_self("_target").into_iter();
    let mut targets = targets.map(|target| cx.project.evaluate(target));
    if targets.any(|target| matches!(target, Value::Function(_) | Value::Method(_))) {
        return true;
    }
    let replaces_run = cx
        .project
        .find_method(class, "run")
        .is_some_and(|run| !calls_super(run, "run"));
    let is_early = || {
        let method = Function::around(object).filter(|method| method.name() == "__init__");
        method.is_some_and(|method| {
            let mut calls = method.calls().filter(|call| is_init_call(call.node));
            calls.any(|call| call.node.id() > object.node.id())
        })
    };
    replaces_run && !is_early()
}

fn is_init_call(call: Node<'_>) -> bool {
    call.child(Field::Function)
        .and_then(|callee| callee.child(Field::Attribute))
        .is_some_and(|name| name.text() == "__init__")
}

/// Methods and attributes in the class body.
fn check_members<'p>(cx: &Context<'p>, class: Class<'p>, out: &mut Findings) {
    let names = INTERNALS
        .iter()
        .map(|internal| internal.name)
        .chain(PROPERTIES.iter().copied());
    for name in names.filter(|name| is_mentioned_in(class, name)) {
        let members = class.site.members_named(name);
        let [member] = members[..] else {
            continue;
        };
        let statement = member
            .value()
            .filter(|_| member.binding.kind == BindingKind::Function);
        match (internal_named(cx, name), statement.and_then(Function::at)) {
            (Some(internal), Some(method)) if !calls_super(method, name) => {
                report(cx, class, internal, method.header(), out);
            }
            (Some(internal), None) if member.binding.kind == BindingKind::Assignment => {
                let statement = member.name.node.statement().unwrap_or(member.name.node);
                let statement = statement.child_of(Kind::Assignment).unwrap_or(statement);
                report(
                    cx,
                    class,
                    internal,
                    member.name.with(statement).range(),
                    out,
                );
            }
            (None, Some(method))
                if PROPERTIES.contains(&name) && method.site.decorators().next().is_none() =>
            {
                report_property(cx, class, method, out);
            }
            _ => {}
        }
    }
}

fn report(
    cx: &Context<'_>,
    class: Class<'_>,
    internal: &Internal,
    range: std::ops::Range<usize>,
    out: &mut Findings,
) {
    let message = format!(
        "`{}` is a name that `threading.Thread` uses itself: {}; give it another name in `{}`",
        internal.name,
        internal.used,
        class.name()
    );
    let finding = out.report(&RULE, Severity::Warning, cx.file, range, message);
    prove(finding, class);
}

fn report_property(cx: &Context<'_>, class: Class<'_>, method: Function<'_>, out: &mut Findings) {
    let name = method.name();
    let message = format!(
        "The method `{name}` hides the property `{name}` of `threading.Thread`: whoever reads `{name}` of a `{}` gets the method; give it another name, or make it a property",
        class.name()
    );
    let finding = out.report(&RULE, Severity::Warning, cx.file, method.header(), message);
    prove(finding, class);
}

fn prove(finding: &mut Finding, class: Class<'_>) {
    finding.evidence_at(
        class.site.file,
        class.header(),
        format!(
            "`{}` derives from `threading.Thread`, and both share the names of their attributes",
            class.name()
        ),
    );
}
