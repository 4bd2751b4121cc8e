//! GIL019 thread-arguments-do-not-fit. Card: knowledge/rules/GIL019-thread-arguments-do-not-fit.md

use super::{calls_super, label, literal_length};
use crate::facts::{Site, Subjects};
use crate::project::{ClassValue, Function, HandKind, HandOver, Misfit, Project, StartKind, Value};
use crate::rules::{Context, Findings, Rule, Severity};
use crate::syntax::{Field, Kind, Node};

pub const RULE: Rule = Rule {
    code: "GIL019",
    name: "thread-arguments-do-not-fit",
    check,
};

fn check(cx: &Context<'_>, out: &mut Findings) {
    for call in cx.calls(Subjects::THREADS) {
        let Some(handed) = cx.project.hand_over(call) else {
            continue;
        };
        let Some(target) = handed.target.filter(|_| !is_never_called(cx, call)) else {
            continue;
        };
        if let Some(mut given) = given(cx, &handed, target)
            && let Some((function, bound)) = called(cx, target, &mut given)
            && let Some(misfit) = function.misfit(bound, given.positional, &given.keywords)
        {
            report(cx, &handed, function, bound, &given, &misfit, out);
        }
    }
}

/// Whether a call hands a target up to a `Thread` whose `run` the class replaces.
fn is_never_called<'p>(cx: &Context<'p>, call: Site<'p>) -> bool {
    let callee = call.node.child(Field::Function);
    let is_init = callee
        .and_then(|callee| callee.child(Field::Attribute))
        .is_some_and(|name| name.text() == "__init__");
    is_init
        && Function::around(call)
            .and_then(Function::class)
            .and_then(|class| cx.project.find_method(class, "run"))
            .is_some_and(|run| !calls_super(run, "run"))
}

/// The methods that call the target with one item of each iterable.
const MAPS: &[&str] = &["map", "imap", "imap_unordered", "map_async"];

/// The arguments that the target will get.
#[derive(Default)]
struct Given<'p> {
    positional: usize,
    keywords: Vec<&'p str>,
}

/// The arguments that are handed over with a target. None where not all of them are in sight.
fn given<'p>(cx: &Context<'p>, handed: &HandOver<'p>, target: Site<'p>) -> Option<Given<'p>> {
    let arguments: Vec<Node<'p>> = handed
        .call
        .node
        .child(Field::Arguments)?
        .children()
        .collect();
    if arguments.iter().any(|node| is_splat(*node)) {
        return None;
    }
    if let Some(mapped) = cx.project.pool_call(handed.call, MAPS) {
        let is_iterable = |node: &&Node<'p>| node.kind() != Kind::KeywordArgument;
        let iterables = arguments
            .iter()
            .filter(is_iterable)
            .count()
            .checked_sub(1)?;
        return (iterables > 0).then(|| Given {
            // a pool of multiprocessing takes one iterable, and the size of its chunks
            positional: if mapped.kind.is_executor() {
                iterables
            } else {
                1
            },
            keywords: Vec::new(),
        });
    }
    match handed.kind {
        HandKind::Start(StartKind::Thread | StartKind::Timer) | HandKind::Process
            if takes_sequence(handed) =>
        {
            Some(Given {
                positional: handed
                    .arguments
                    .map_or(Some(0), |arguments| length(cx.project, arguments))?,
                keywords: handed.keywords.map_or(Some(Vec::new()), keys)?,
            })
        }
        HandKind::Start(StartKind::Submit | StartKind::ToThread | StartKind::RunInExecutor)
        | HandKind::Pool => {
            let callee = handed.call.child(Field::Function)?;
            let method = callee.node.child(Field::Attribute).unwrap_or(callee.node);
            let takes_more = matches!(method.text(), "submit" | "to_thread" | "run_in_executor");
            let at = arguments.iter().position(|node| *node == target.node);
            let rest = arguments.get(at.filter(|_| takes_more)? + 1..)?;
            let mut given = Given::default();
            for argument in rest {
                match argument.child(Field::Name) {
                    Some(name) if argument.kind() == Kind::KeywordArgument => {
                        given.keywords.push(name.text())
                    }
                    _ => given.positional += 1,
                }
            }
            Some(given)
        }
        _ => None,
    }
}

/// `_thread.start_new_thread` takes its arguments in another way.
fn takes_sequence(handed: &HandOver<'_>) -> bool {
    let callee = handed.call.node.child(Field::Function);
    callee.is_some_and(|callee| !callee.text().ends_with("start_new_thread"))
}

fn is_splat(node: Node<'_>) -> bool {
    matches!(node.kind(), Kind::ListSplat | Kind::DictSplat)
}

/// How many arguments a display, or a string, gives; a string also by its name.
fn length<'p>(project: &'p Project, arguments: Site<'p>) -> Option<usize> {
    let value = arguments.with(arguments.node.unparenthesized());
    match value.node.kind() {
        Kind::Tuple | Kind::List => {
            let items: Vec<Node<'_>> = value.node.children().collect();
            (!items.iter().any(|item| is_splat(*item))).then_some(items.len())
        }
        Kind::String => literal_length(value),
        Kind::Name => literal_length(project.defined_at(value)?.child(Field::Right)?),
        Kind::None => Some(0),
        _ => None,
    }
}

/// The keys of `{"a": 1}` and `dict(a=1)`.
fn keys(mapping: Site<'_>) -> Option<Vec<&str>> {
    let value = mapping.node.unparenthesized();
    match value.kind() {
        Kind::Dict => value
            .children()
            .map(|pair| {
                let key = pair
                    .child(Field::Key)
                    .filter(|key| key.kind() == Kind::String)?;
                let text = key.text();
                let name = text.trim_matches(['"', '\'']);
                (text.len() == name.len() + 2 && !name.contains('\\')).then_some(name)
            })
            .collect(),
        Kind::Call if value.child(Field::Function)?.text() == "dict" => value
            .child(Field::Arguments)?
            .children()
            .map(|argument| {
                let name = argument.child(Field::Name)?;
                (argument.kind() == Kind::KeywordArgument).then(|| name.text())
            })
            .collect(),
        Kind::None => Some(Vec::new()),
        _ => None,
    }
}

/// How many partials of partials are followed.
const PARTIALS: usize = 4;

/// The function that a call of the target calls, and how many arguments its object takes; those of a `partial` are added to the given ones.
fn called<'p>(
    cx: &Context<'p>,
    target: Site<'p>,
    given: &mut Given<'p>,
) -> Option<(Function<'p>, usize)> {
    let mut target = target.with(target.node.unparenthesized());
    for _ in 0..PARTIALS {
        match cx.project.evaluate(target) {
            Value::Function(function) => return is_sure(cx, target).then_some((function, 0)),
            Value::Method(function) => return is_sure(cx, target).then_some((function, 1)),
            Value::Class(class) => {
                let init = cx.project.find_method(class, "__init__")?;
                let is_made_plainly = cx.project.is_understood(class)
                    && cx.project.metaclass(&ClassValue::Known(class)).is_type()
                    && !cx.project.defines_somewhere(class, "__new__")
                    && init.site.decorators().next().is_none();
                return is_made_plainly.then_some((init, 1));
            }
            Value::Instance(ClassValue::Known(class)) => {
                let call = cx.project.find_method(class, "__call__")?;
                let is_exact =
                    cx.project.made_by(target).is_some() && call.site.decorators().next().is_none();
                return is_exact.then_some((call, 1));
            }
            Value::Instance(ClassValue::External(name)) if name.as_ref() == "functools.partial" => {
                let made = cx.project.origin(target)?;
                let mut arguments = made.node.child(Field::Arguments)?.children();
                target = made.with(arguments.next()?);
                for argument in arguments {
                    match argument.child(Field::Name) {
                        _ if is_splat(argument) => return None,
                        Some(name) if argument.kind() == Kind::KeywordArgument => {
                            if !given.keywords.contains(&name.text()) {
                                given.keywords.push(name.text());
                            }
                        }
                        _ => given.positional += 1,
                    }
                }
            }
            _ => return None,
        }
    }
    None
}

/// Whether a method is the one that will be found: of a class that is named, of an object that is made in sight, or not overridden by an heir.
fn is_sure<'p>(cx: &Context<'p>, target: Site<'p>) -> bool {
    let Some(target) = cx.project.origin(target) else {
        return true;
    };
    let Some(object) = target.child(Field::Object) else {
        return true;
    };
    let name = target.node.child(Field::Attribute).map_or("", Node::text);
    match cx.project.evaluate(object) {
        Value::Instance(ClassValue::Known(class)) => {
            cx.project.made_by(object).is_some() || !cx.project.is_overridden(class, name)
        }
        Value::Class(class) => object.text() != "cls" || !cx.project.is_overridden(class, name),
        _ => true,
    }
}

fn report<'p>(
    cx: &Context<'p>,
    handed: &HandOver<'p>,
    function: Function<'p>,
    bound: usize,
    given: &Given<'p>,
    misfit: &Misfit<'p>,
    out: &mut Findings,
) {
    let named = match function.class() {
        Some(class) if matches!(function.name(), "__init__" | "__call__") => {
            format!("`{}`", class.name())
        }
        _ => label(function),
    };
    let is_taken_apart = handed
        .arguments
        .is_some_and(|arguments| arguments.node.unparenthesized().kind() == Kind::String);
    let letters = if is_taken_apart {
        " (the string is taken apart into its characters)"
    } else {
        ""
    };
    let why = match misfit {
        Misfit::TooMany(takes) => format!(
            "takes {} by position and gets {}{letters}",
            counted(*takes),
            given.positional
        ),
        Misfit::Missing(names) => format!("gets no value for {}{letters}", listed(names)),
        Misfit::Unexpected(name) => format!("has no parameter `{name}`"),
        Misfit::Twice(name) => format!("gets `{name}` twice, by position and by keyword"),
        Misfit::ByPosition(name) => format!("takes `{name}` by position only"),
    };
    let message = format!(
        "{named} cannot take these arguments: it {why}; {}",
        consequence(handed.kind)
    );
    let finding = out.report(
        &RULE,
        Severity::Error,
        cx.file,
        handed.call.range(),
        message,
    );
    let object = if bound > 0 { " behind its object" } else { "" };
    finding.evidence_at(
        function.site.file,
        function.header(),
        format!("{named} is called with what is handed over{object}"),
    );
}

fn counted(count: usize) -> String {
    match count {
        0 => "no argument".to_string(),
        1 => "1 argument".to_string(),
        count => format!("{count} arguments"),
    }
}

fn listed(names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

fn consequence(kind: HandKind) -> &'static str {
    match kind {
        HandKind::Process => "the child process raises `TypeError` and ends",
        HandKind::Start(StartKind::ToThread | StartKind::RunInExecutor) => {
            "the `await` raises `TypeError`"
        }
        HandKind::Start(StartKind::Submit | StartKind::Map) | HandKind::Pool => {
            "the job raises `TypeError`, which shows where its result is asked for"
        }
        _ => "the thread raises `TypeError` and ends, and whoever started it goes on",
    }
}
