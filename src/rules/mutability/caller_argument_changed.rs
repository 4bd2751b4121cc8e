//! MUT008 caller-argument-changed. Card: knowledge/rules/MUT008-caller-argument-changed.md

use super::comes_after;
use crate::facts::{Site, Subjects};
use crate::project::{
    ClassValue, Followed, Function, Parameter, ParameterKind, Part, Reach, Use, is_container_name,
};
use crate::rules::context::line;
use crate::rules::{Context, Findings, Rule, Severity};
use crate::syntax::{Field, Kind};

pub const RULE: Rule = Rule {
    code: "MUT008",
    name: "caller-argument-changed",
    check,
};

fn check(cx: &Context<'_>, out: &mut Findings) {
    for function in cx.functions(Subjects::RETURNED_CONTAINERS) {
        let promises = promises_something_new(function.name());
        if function.is_generator()
            || (!promises && says_that_it_changes(function))
            || is_called_by_a_framework(cx, function)
            || calls_itself(function)
        {
            continue;
        }
        for parameter in function.parameters() {
            if let Some(class) = container(cx, parameter)
                && !is_there_to_be_filled(parameter.name.text())
            {
                check_parameter(cx, function, parameter, class, promises, out);
            }
        }
    }
}

fn check_parameter<'p>(
    cx: &Context<'p>,
    function: Function<'p>,
    parameter: Parameter<'p>,
    class: ClassValue<'p>,
    promises: bool,
    out: &mut Findings,
) {
    let object = Followed {
        class: Some(class.clone()),
        ..Followed::default()
    };
    let uses = cx.project.uses_of_default(function, parameter, object);
    let is_own = |found: &&Use<'p>| {
        found.part == Part::Whole && Function::around(found.site) == Some(function)
    };
    let mut own = uses.iter().filter(is_own);
    let Some(change) = own.find(|found| found.reach == Reach::Mutated) else {
        return;
    };
    if follows_a_protocol(cx, function) {
        return;
    }
    let returned = uses.iter().filter(is_own).find(|found| {
        let value = found.site.node.children().next();
        found.reach == Reach::Returned
            && value.is_some_and(|value| value.kind() == Kind::Name)
            && found.site.range().start > change.site.range().start
            && comes_after(change.site, found.site)
    });
    let (name, of) = (parameter.name.text(), function.name());
    let message = match returned {
        Some(returned) => format!(
            "`{of}` changes the caller's `{name}` here and returns it in line {}, as if it were a new one: return a copy, or return nothing",
            line(returned.site)
        ),
        None if promises && gives_the_like(cx, function, &class) => format!(
            "`{of}` promises something new, and changes the caller's `{name}` here: work on a copy"
        ),
        None => return,
    };
    let range = change.site.range();
    let finding = out.report(&RULE, Severity::Information, cx.file, range, message);
    finding.evidence_at(cx.file, function.header(), format!("`{of}`"));
    if let Some(returned) = returned {
        finding.evidence(returned.site, format!("`{name}` is given back"));
    }
    for found in &uses {
        if found.reach == Reach::Mutated && Function::around(found.site) != Some(function) {
            finding.evidence(found.site, "the change itself");
        }
    }
}

/// The container that a parameter's annotation names, where the caller has to give one.
fn container<'p>(cx: &Context<'p>, parameter: Parameter<'p>) -> Option<ClassValue<'p>> {
    if parameter.default.is_some()
        || matches!(
            parameter.kind,
            ParameterKind::Star | ParameterKind::DoubleStar
        )
    {
        return None;
    }
    let known = cx.project.annotation(parameter.annotation?);
    match &known.classes[..] {
        [Some(class)] => container_class(class),
        _ => None,
    }
}

/// The container that a name in an annotation stands for.
fn container_class<'p>(name: &str) -> Option<ClassValue<'p>> {
    let builtin = match name.strip_prefix("typing.") {
        Some("List") => "builtins.list",
        Some("Dict") => "builtins.dict",
        Some("Set") => "builtins.set",
        Some("Deque") => "collections.deque",
        Some("Counter" | "DefaultDict" | "OrderedDict") => "builtins.dict",
        Some(name) if name.starts_with("Mutable") => "builtins.dict",
        _ => name,
    };
    let is_abstract = name.starts_with("collections.abc.Mutable");
    (is_abstract || is_container_name(builtin)).then(|| ClassValue::External(builtin.into()))
}

fn docstring<'p>(function: Function<'p>) -> &'p str {
    let first = function
        .body()
        .and_then(|body| body.node.children().next())
        .filter(|first| first.kind() == Kind::ExpressionStatement);
    let text = first.and_then(|first| first.children().next());
    text.filter(|text| matches!(text.kind(), Kind::String | Kind::ConcatenatedString))
        .map_or("", |text| text.text())
}

/// Whether a name is that of something else than the argument.
fn promises_something_new(name: &str) -> bool {
    const STARTS: &[&str] = &[
        "sorted_",
        "reversed_",
        "merged_",
        "filtered_",
        "with_",
        "without_",
    ];
    let name = name.trim_start_matches('_');
    STARTS.iter().any(|start| name.starts_with(start))
}

/// Whether a name or a docstring says that the argument is changed.
fn says_that_it_changes(function: Function<'_>) -> bool {
    const VERBS: &[&str] = &[
        "append",
        "apply",
        "clear",
        "ensure",
        "extend",
        "fill",
        "fix",
        "inject",
        "insert",
        "merge",
        "modify",
        "mutate",
        "patch",
        "pop",
        "populate",
        "process",
        "push",
        "put",
        "register",
        "remove",
        "rename",
        "replace",
        "reverse",
        "rotate",
        "set",
        "setdefault",
        "shuffle",
        "sort",
        "strip",
        "update",
        "upgrade",
        "migrate",
    ];
    const WORDS: &[&str] = &["in place", "in-place", "inplace", "modif", "mutat", "updat"];
    let docstring = docstring(function).to_lowercase();
    let name = function.name().trim_matches('_');
    let verb = name.split('_').next().unwrap_or(name);
    VERBS.contains(&verb)
        || ["inplace", "in_place", "into"]
            .iter()
            .any(|end| name.ends_with(end))
        || WORDS.iter().any(|word| docstring.contains(word))
}

fn is_there_to_be_filled(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "acc",
        "accumulator",
        "buffer",
        "cache",
        "dest",
        "errors",
        "found",
        "into",
        "memo",
        "out",
        "output",
        "registry",
        "result",
        "results",
        "seen",
        "state",
        "target",
        "visited",
    ];
    NAMES.contains(&name.trim_matches('_'))
}

/// Whether a decorator hands the function to something that calls it in its own way: a validator gives back the values that it got.
fn is_called_by_a_framework<'p>(cx: &Context<'p>, function: Function<'p>) -> bool {
    function.site.decorators().any(|decorator| {
        !matches!(
            cx.project.qualified_decorator(decorator).as_deref(),
            Some("builtins.staticmethod" | "builtins.classmethod")
        )
    })
}

/// Whether others say what the function takes and gives back: it overrides a method, or may, or is handed over by its name.
fn follows_a_protocol<'p>(cx: &Context<'p>, function: Function<'p>) -> bool {
    let readings = match function.class() {
        Some(class) => {
            let mro = cx.project.mro(class);
            let overrides = mro.classes.iter().skip(1).any(|base| match base {
                ClassValue::Known(base) => base.defines(function.name()),
                ClassValue::External(_) => true,
            });
            if overrides || !mro.is_complete() {
                return true;
            }
            cx.project.readings_of_attribute(class, function.name())
        }
        None => match function.site.child(Field::Name) {
            Some(name) => cx.project.readings_of_name(name),
            None => return true,
        },
    };
    readings.iter().any(|reading| {
        let parent = reading.node.parent();
        !parent.is_some_and(|parent| parent.kind() == Kind::Call)
            || reading.node.field() != Field::Function
    })
}

/// Whether a function surely gives something of the kind that it promises: its annotation says so.
fn gives_the_like<'p>(cx: &Context<'p>, function: Function<'p>, class: &ClassValue<'p>) -> bool {
    let Some(annotation) = function.site.child(Field::ReturnType) else {
        return false;
    };
    let known = cx.project.annotation(annotation);
    let is_like = |name: &str| container_class(name).as_ref() == Some(class);
    matches!(&known.classes[..], [Some(name)] if is_like(name))
}

/// A function that calls itself hands on what it collects.
fn calls_itself(function: Function<'_>) -> bool {
    function.calls().any(|call: Site<'_>| {
        let callee = call.node.child(Field::Function);
        callee.is_some_and(|callee| {
            callee.child(Field::Attribute).unwrap_or(callee).text() == function.name()
        })
    })
}
