//! GIL006 thread-target-called. Card: knowledge/rules/GIL006-thread-target-called.md

use super::{abbreviated, has_arguments};
use crate::facts::{BindingKind, Resolution, Site, Subjects};
use crate::project::{
    Bound, ClassValue, Function, HandKind, HandOver, Project, Protocol, StartKind, Value,
};
use crate::rules::context::line;
use crate::rules::{Context, Finding, Findings, Rule, Severity};
use crate::syntax::{Field, Kind};

pub const RULE: Rule = Rule {
    code: "GIL006",
    name: "thread-target-called",
    check,
};

fn check(cx: &Context<'_>, out: &mut Findings) {
    for call in cx.calls(Subjects::THREADS.union(Subjects::CALLBACKS)) {
        let Some(handed) = cx.project.hand_over(call) else {
            continue;
        };
        let target = handed
            .target
            .map(|target| target.with(target.node.unparenthesized()));
        if let Some(target) = target.filter(|target| target.node.kind() == Kind::Call)
            && let Some(result) = result(cx.project, target)
            && let Some(severity) = severity(&handed, &result)
        {
            report(cx, &handed, target, &result, severity, out);
        }
    }
}

/// What a call gives that stands where a function belongs.
enum Result<'p> {
    /// `None`, from this function.
    Nothing(Option<Function<'p>>),
    /// An object that cannot be called. `or_nothing`: perhaps it is `None`.
    Object {
        class: ClassValue<'p>,
        from: Option<Function<'p>>,
        or_nothing: bool,
    },
    /// Nobody here knows.
    Unknown,
}

/// None where a function comes back, or may come back.
fn result<'p>(project: &'p Project, call: Site<'p>) -> Option<Result<'p>> {
    let callee = call.child(Field::Function)?;
    let value = project.evaluate(call);
    match project.evaluate(callee) {
        Value::Function(function) | Value::Method(function) => {
            of_function(project, callee, function, value)
        }
        Value::Class(class) => of_object(project, ClassValue::Known(class), None),
        Value::External(name) => match value {
            Value::None => Some(Result::Nothing(None)),
            Value::Instance(class) => of_object(project, class, None),
            _ => (!project.is_standard(&name)).then_some(Result::Unknown),
        },
        Value::Unknown => is_nobodys(project, callee).then_some(Result::Unknown),
        _ => None,
    }
}

fn of_function<'p>(
    project: &'p Project,
    callee: Site<'p>,
    function: Function<'p>,
    value: Value<'p>,
) -> Option<Result<'p>> {
    if is_stub(function) || is_perhaps_overridden(project, callee, function) {
        return None;
    }
    match value {
        Value::None => {
            let annotation = function.site.child(Field::ReturnType);
            let says_more = annotation.is_some_and(|annotation| {
                !matches!(
                    annotation.text(),
                    "None" | "NoReturn" | "typing.NoReturn" | "Never"
                )
            });
            (!says_more).then_some(Result::Nothing(Some(function)))
        }
        Value::Instance(class) => of_object(project, class, Some(function)),
        _ => None,
    }
}

fn of_object<'p>(
    project: &'p Project,
    class: ClassValue<'p>,
    from: Option<Function<'p>>,
) -> Option<Result<'p>> {
    let or_nothing = from.is_some_and(may_return_none);
    (project.follows(&class, Protocol::Callable) == Some(false)).then_some(Result::Object {
        class,
        from,
        or_nothing,
    })
}

/// Whether a function only raises, or stands for what a subclass or another file brings.
fn is_stub(function: Function<'_>) -> bool {
    let Some(body) = function.body() else {
        return true;
    };
    let mut statements = body.node.children().filter(|statement| {
        let inner = statement.children().next().map(|inner| inner.kind());
        !(statement.kind() == Kind::ExpressionStatement && inner == Some(Kind::String))
    });
    match (statements.next(), statements.next()) {
        (Some(only), None) => {
            let inner = only.children().next().map(|inner| inner.kind());
            only.kind() == Kind::Raise
                || inner == Some(Kind::Ellipsis)
                || only.kind() == Kind::Pass && function.class().is_some()
        }
        (None, _) => function.class().is_some(),
        _ => false,
    }
}

fn is_perhaps_overridden<'p>(
    project: &'p Project,
    callee: Site<'p>,
    function: Function<'p>,
) -> bool {
    let object = callee.child(Field::Object);
    let (Some(class), Some(object)) = (function.class(), object) else {
        return false;
    };
    let is_exact =
        matches!(object.node.kind(), Kind::Call) || function.binding(project) == Bound::Static;
    !is_exact && project.is_overridden(class, function.name())
}

/// Whether a function ends without a value on some way.
fn may_return_none(function: Function<'_>) -> bool {
    !function.is_async() && !function.is_generator() && !function.ends_without_value().is_empty()
}

/// Whether nothing here says what a callee is: a parameter, or something of another package.
fn is_nobodys<'p>(project: &'p Project, callee: Site<'p>) -> bool {
    match callee.node.kind() {
        Kind::Name => match callee.resolve() {
            Resolution::Local(bindings) | Resolution::Module(bindings) => {
                !bindings.iter().any(|binding| {
                    matches!(
                        binding.binding.kind,
                        BindingKind::Function | BindingKind::Class
                    ) || matches!(
                        binding.binding.kind,
                        BindingKind::Import | BindingKind::ImportAs | BindingKind::FromImport
                    ) && project
                        .defined_at(callee)
                        .is_some_and(|found| found.file.path() != callee.file.path())
                })
            }
            Resolution::Free => false,
        },
        Kind::Attribute => callee.child(Field::Object).is_some_and(|object| {
            matches!(object.node.kind(), Kind::Name | Kind::Attribute)
                && matches!(project.evaluate(object), Value::Unknown)
        }),
        _ => false,
    }
}

/// How bad it is that this comes back; None where it may be right.
fn severity(handed: &HandOver<'_>, result: &Result<'_>) -> Option<Severity> {
    let may_do_without = matches!(
        handed.kind,
        HandKind::Start(StartKind::Thread) | HandKind::Process
    );
    Some(match (result, handed.kind) {
        (Result::Unknown, _) => Severity::Information,
        (_, HandKind::Callback) => Severity::Warning,
        (Result::Nothing(_), _) if may_do_without => Severity::Warning,
        (Result::Nothing(_), _) => Severity::Error,
        // `SIG_DFL` and `SIG_IGN` are numbers
        (
            Result::Object {
                class: ClassValue::External(name),
                ..
            },
            HandKind::Signal,
        ) if name.as_ref() == "builtins.int" => {
            return None;
        }
        (
            Result::Object {
                or_nothing: true, ..
            },
            _,
        ) if may_do_without => Severity::Warning,
        // a process has no target where its target is false
        (
            Result::Object {
                class: ClassValue::External(name),
                ..
            },
            HandKind::Process,
        ) if name.starts_with("builtins.") && name.as_ref() != "builtins.generator" => {
            Severity::Warning
        }
        (Result::Object { .. }, _) => Severity::Error,
    })
}

fn report<'p>(
    cx: &Context<'p>,
    handed: &HandOver<'p>,
    target: Site<'p>,
    result: &Result<'p>,
    severity: Severity,
    out: &mut Findings,
) {
    let callee = target.child(Field::Function).map_or("", Site::text);
    let callee = abbreviated(callee);
    let what = match result {
        Result::Nothing(_) => "returns `None`".to_string(),
        Result::Object { class, .. } => format!(
            "gives {}, which cannot be called",
            object(cx.project, class)
        ),
        Result::Unknown => "hands over what it returns".to_string(),
    };
    let mend = if has_arguments(target) {
        format!("pass {callee} and its arguments apart")
    } else {
        format!("pass {callee} without the parentheses")
    };
    let consequence = consequence(handed.kind, result);
    let message = format!("{callee} is called here and now, and {what}{consequence}; {mend}");
    let finding = out.report(&RULE, severity, cx.file, target.range(), message);
    match result {
        Result::Nothing(Some(function)) => {
            finding.evidence_at(
                function.site.file,
                function.header(),
                format!("`{}` returns nothing", function.name()),
            );
        }
        Result::Object { class, from, .. } => prove_object(finding, cx.project, class, *from),
        _ => {}
    }
    finding.evidence(
        handed.call,
        format!(
            "What {callee} returns is handed over here, in line {}",
            line(handed.call)
        ),
    );
}

fn prove_object<'p>(
    finding: &mut Finding,
    project: &'p Project,
    class: &ClassValue<'p>,
    from: Option<Function<'p>>,
) {
    match (from, class) {
        (Some(function), _) if function.is_async() || function.is_generator() => {
            let what = object(project, class);
            finding.evidence_at(
                function.site.file,
                function.header(),
                format!("A call of `{}` makes {what}", function.name()),
            );
        }
        (Some(function), _) => {
            for statement in function.returns() {
                finding.evidence(
                    statement,
                    format!("`{}` returns {}", function.name(), object(project, class)),
                );
            }
        }
        (None, ClassValue::Known(class)) => {
            finding.evidence_at(
                class.site.file,
                class.header(),
                format!("`{}` has no `__call__`", class.name()),
            );
        }
        (None, ClassValue::External(_)) => {}
    }
}

/// An object in a message.
fn object(project: &Project, class: &ClassValue<'_>) -> String {
    let name = project.qualified_class(class);
    match name.as_ref() {
        "types.CoroutineType" => "a coroutine".to_string(),
        "types.AsyncGeneratorType" | "builtins.generator" => "a generator".to_string(),
        name => format!(
            "an object of `{}`",
            name.strip_prefix("builtins.").unwrap_or(name)
        ),
    }
}

/// What happens then.
fn consequence(kind: HandKind, result: &Result<'_>) -> &'static str {
    match (kind, result) {
        (_, Result::Unknown) => ": that must be a function",
        (HandKind::Start(StartKind::Thread), Result::Nothing(_)) => ": the thread will do nothing",
        (HandKind::Process, Result::Nothing(_)) => ": the process will do nothing",
        (
            HandKind::Start(
                StartKind::Thread | StartKind::Timer | StartKind::Subclass | StartKind::Requests,
            ),
            _,
        ) => ": the thread raises `TypeError`",
        (HandKind::Process, _) => ": the process raises `TypeError`",
        (HandKind::Start(StartKind::Submit | StartKind::Map) | HandKind::Pool, _) => {
            ": the job raises `TypeError`, which shows where its result is asked for"
        }
        (HandKind::Start(StartKind::ToThread | StartKind::RunInExecutor), _) => {
            ": `await` raises `TypeError`"
        }
        (HandKind::AtExit | HandKind::Signal, _) => ": this line raises `TypeError`",
        (HandKind::Callback, _) => ": the call back fails, and only the log says so",
    }
}
