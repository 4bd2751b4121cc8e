//! GIL007 thread-args-not-sequence. Card: knowledge/rules/GIL007-thread-args-not-sequence.md

use super::{abbreviated, literal_length};
use crate::facts::{BindingKind, Resolution, Site, Subjects};
use crate::project::{
    Bound, ClassValue, Function, HandKind, HandOver, Metaclass, Project, Protocol, StartKind, Value,
};
use crate::rules::context::line;
use crate::rules::{Context, Finding, Findings, Rule, Severity};
use crate::syntax::{Field, Kind, Op};

pub const RULE: Rule = Rule {
    code: "GIL007",
    name: "thread-args-not-sequence",
    check,
};

fn check(cx: &Context<'_>, out: &mut Findings) {
    for call in cx.calls(Subjects::THREADS) {
        let Some(handed) = cx.project.hand_over(call) else {
            continue;
        };
        if let Some(arguments) = handed.arguments {
            let value = arguments.with(arguments.node.unparenthesized());
            if let Some(what) = not_a_sequence(cx.project, value, &handed) {
                report(cx, &handed, arguments, value, what, out);
            } else if let Some((severity, times)) = letters(cx.project, value, &handed) {
                report_letters(cx, &handed, arguments, value, severity, times, out);
            }
        }
    }
}

/// What a value is that cannot be unpacked, in words. None where it can, or where that is not known.
fn not_a_sequence<'p>(
    project: &'p Project,
    value: Site<'p>,
    handed: &HandOver<'p>,
) -> Option<String> {
    if rests_on_parameter(project, value) {
        return None;
    }
    match project.evaluate(value) {
        // for a Timer, no arguments
        Value::None if handed.kind == HandKind::Start(StartKind::Timer) => None,
        Value::None if value.node.kind() == Kind::None => Some("`None`".to_string()),
        Value::Function(_) | Value::Method(_) => Some("a function".to_string()),
        Value::Class(class) => match project.metaclass(&ClassValue::Known(class)) {
            Metaclass::Is(ClassValue::External(name)) if name.as_ref() == "builtins.type" => {
                Some("a class".to_string())
            }
            _ => None,
        },
        Value::Instance(class) => {
            let name = project.qualified_class(&class);
            (project.follows(&class, Protocol::Iterable) == Some(false)).then(|| {
                match name.as_ref() {
                    "builtins.int" | "builtins.float" | "builtins.complex" => {
                        "a number".to_string()
                    }
                    "builtins.bool" => "a truth value".to_string(),
                    name => format!("an object of `{name}`"),
                }
            })
        }
        _ => None,
    }
}

/// Whether a value is known by nothing but a parameter's annotation, which callers need not keep to.
fn rests_on_parameter<'p>(project: &'p Project, value: Site<'p>) -> bool {
    match value.node.kind() {
        // whatever goes into a string, it stays one
        Kind::Call | Kind::String | Kind::ConcatenatedString => return false,
        Kind::BinaryOperation if value.node.op() == Op::Mod => {
            let left = value.child(Field::Left);
            return left.is_none_or(|left| rests_on_parameter(project, left));
        }
        Kind::Name if is_own_object(project, value) => return false,
        _ => {}
    }
    value
        .node
        .with_descendants()
        .filter(|node| node.kind() == Kind::Name)
        .any(|name| match value.with(name).resolve() {
            Resolution::Local(bindings) => {
                value.node.kind() != Kind::Lambda
                    && value.node.kind() != Kind::Attribute
                    && bindings
                        .iter()
                        .any(|binding| binding.binding.kind == BindingKind::Parameter)
            }
            _ => false,
        })
}

/// Whether a name is a method's first parameter, and no subclass makes more of the object than the class does.
fn is_own_object<'p>(project: &'p Project, name: Site<'p>) -> bool {
    let method = Function::around(name).filter(|method| {
        method.first_parameter() == Some(name.text()) && method.binding(project) == Bound::Instance
    });
    let class = method.and_then(Function::class);
    class.is_some_and(|class| {
        let mut heirs = project.descendants(class).into_iter();
        heirs.all(|heir| {
            project.follows(&ClassValue::Known(heir), Protocol::Iterable) == Some(false)
        })
    })
}

/// For a string: how bad it is that each of its characters becomes an argument, and how many they are. None where they surely do not fit.
fn letters<'p>(
    project: &'p Project,
    value: Site<'p>,
    handed: &HandOver<'p>,
) -> Option<(Severity, Option<usize>)> {
    match project.evaluate(value) {
        Value::Instance(ClassValue::External(name))
            if name.as_ref() == "builtins.str" && !rests_on_parameter(project, value) => {}
        _ => return None,
    }
    let literal = if value.node.kind() == Kind::Name {
        project
            .defined_at(value)
            .and_then(|statement| statement.child(Field::Right))
    } else {
        Some(value)
    };
    let count = literal.and_then(literal_length);
    let target = handed.target.map(|target| project.evaluate(target));
    let fits = |function: Function<'p>, bound| {
        count.is_none_or(|count| function.misfit(bound, count, &[]).is_none())
    };
    let fits = match target {
        Some(Value::Function(function)) => fits(function, 0),
        Some(Value::Method(function)) => fits(function, 1),
        _ => true,
    };
    match count {
        Some(0) => None,
        _ if !fits => None,
        Some(1) => Some((Severity::Information, count)),
        _ => Some((Severity::Warning, count)),
    }
}

fn report<'p>(
    cx: &Context<'p>,
    handed: &HandOver<'p>,
    arguments: Site<'p>,
    value: Site<'p>,
    what: String,
    out: &mut Findings,
) {
    let shown = abbreviated(value.text());
    let consequence = if handed.kind == HandKind::Process {
        "this line raises `TypeError`"
    } else {
        "the thread raises `TypeError` when it unpacks it"
    };
    let message = format!(
        "{shown} is {what} and no sequence of arguments: {consequence}; the comma makes the tuple: {}",
        as_tuple(value)
    );
    let finding = out.report(&RULE, Severity::Error, cx.file, arguments.range(), message);
    prove(cx, finding, handed, value);
}

fn report_letters<'p>(
    cx: &Context<'p>,
    handed: &HandOver<'p>,
    arguments: Site<'p>,
    value: Site<'p>,
    severity: Severity,
    count: Option<usize>,
    out: &mut Findings,
) {
    let shown = abbreviated(value.text());
    let what = match count {
        Some(1) => "it works because the string has one character".to_string(),
        Some(count) => format!("the target gets {count} arguments, one for every character"),
        None => "the target gets one argument for every character".to_string(),
    };
    let message = format!(
        "{shown} is a string and no tuple: {what}; the comma makes the tuple: {}",
        as_tuple(value)
    );
    let finding = out.report(&RULE, severity, cx.file, arguments.range(), message);
    prove(cx, finding, handed, value);
}

fn as_tuple(value: Site<'_>) -> String {
    if value.text().len() > 40 || value.text().contains('\n') {
        "`(value,)`".to_string()
    } else {
        format!("`({},)`", value.text())
    }
}

fn prove<'p>(cx: &Context<'p>, finding: &mut Finding, handed: &HandOver<'p>, value: Site<'p>) {
    if value.node.kind() == Kind::Name
        && let Some(definition) = cx.project.defined_at(value)
    {
        let message = format!("`{}` is defined here", value.text());
        match Function::at(definition) {
            Some(function) => finding.evidence_at(definition.file, function.header(), message),
            None => finding.evidence(definition, message),
        };
    }
    finding.evidence(
        handed.call,
        format!(
            "The target gets these arguments by `*args`, in line {}",
            line(handed.call)
        ),
    );
}
