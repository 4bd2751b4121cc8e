//! MUT002 call-in-default. Card: knowledge/rules/MUT002-call-in-default.md

use super::{edits, is_overload};
use crate::facts::{BindingKind, Site, Subjects};
use crate::project::{ClassValue, Function, Parameter, Value, is_definition};
use crate::rules::context::{label, line};
use crate::rules::{Context, Findings, Rule, Severity};
use crate::syntax::{Field, Kind, Node};

pub const RULE: Rule = Rule {
    code: "MUT002",
    name: "call-in-default",
    check,
};

/// How many functions of the project are followed, one inside the other.
const CALLS: usize = 3;

fn check(cx: &Context<'_>, out: &mut Findings) {
    for function in cx.functions(Subjects::DEFAULTS) {
        // a nested function gets its defaults anew with each call of the outer one
        let has_call = |parameter: &Parameter<'_>| {
            let default = parameter.default;
            default.is_some_and(|default| calls(default).next().is_some())
        };
        if !function.parameters().any(|parameter| has_call(&parameter))
            || Function::around(function.site).is_some()
            || is_overload(cx.project, function)
        {
            continue;
        }
        for parameter in function.parameters() {
            if let Some(default) = parameter.default {
                check_default(cx, function, parameter, default, out);
            }
        }
    }
}

/// The calls that are made when an expression is evaluated: not those in a lambda.
fn calls<'p>(site: Site<'p>) -> impl Iterator<Item = Site<'p>> {
    let inner = site.node.descendants_outside(is_definition);
    let is_lambda = is_definition(site.node.kind());
    std::iter::once(site.node)
        .chain(inner.filter(move |_| !is_lambda))
        .filter(|node| node.kind() == Kind::Call)
        .map(move |node| site.with(node))
}

fn check_default<'p>(
    cx: &Context<'p>,
    function: Function<'p>,
    parameter: Parameter<'p>,
    default: Site<'p>,
    out: &mut Findings,
) {
    let name = parameter.name.text();
    let of = label(function);
    let fresh = calls(default).find_map(|call| Some((call, fresh(cx, call, 0)?)));
    if let Some((call, origin)) = fresh {
        let message = format!(
            "{} is called once, when {of} is defined, and every call of {of} that leaves `{name}` out gets that one value: use `None` and ask in the body",
            quoted(call)
        );
        let range = default.range();
        let finding = out.report(&RULE, Severity::Warning, cx.file, range, message);
        if origin != call {
            finding.evidence(origin, "asks for something new");
        }
        if calls(default).all(|call| is_known(cx, call)) {
            edits::none_for_default(cx, function, parameter, default, false, finding);
        }
        return;
    }
    let effect = calls(default).find_map(|call| Some((call, effect(cx, call)?)));
    if let Some((call, (place, what))) = effect {
        let message = format!(
            "{} {what} in line {}: that happens once, when {of} is defined, and not when {of} is called without `{name}`",
            quoted(call),
            line(place)
        );
        let range = default.range();
        let finding = out.report(&RULE, Severity::Information, cx.file, range, message);
        finding.evidence(place, "happens when the default is made");
    }
}

fn quoted(call: Site<'_>) -> String {
    if call.text().len() <= 40 && !call.text().contains('\n') {
        format!("`{}`", call.text())
    } else {
        "the call in the default".to_string()
    }
}

/// Whether what is called is the project's or the standard library's: no marker that a framework reads.
fn is_known<'p>(cx: &Context<'p>, call: Site<'p>) -> bool {
    match call
        .child(Field::Function)
        .map(|callee| cx.project.evaluate(callee))
    {
        Some(Value::Function(_) | Value::Method(_) | Value::Class(_)) => true,
        Some(Value::External(name)) => cx.project.is_standard(&name),
        _ => false,
    }
}

/// The call that asks the clock or makes a random number or an id, where a call gives what comes of it.
fn fresh<'p>(cx: &Context<'p>, call: Site<'p>, depth: usize) -> Option<Site<'p>> {
    match cx.project.evaluate(call.child(Field::Function)?) {
        Value::External(name) => gives_something_new(cx, &name, call).then_some(call),
        Value::Function(function) | Value::Method(function)
            if depth < CALLS && runs_each_time(cx, function) =>
        {
            let mut given = function
                .returns()
                .filter_map(|statement| Some(statement.with(statement.node.children().next()?)));
            given.find_map(|value| {
                let mut asked = calls(value).chain(calls_of_names(cx, value));
                asked.find_map(|inner| fresh(cx, inner, depth + 1))
            })
        }
        _ => None,
    }
}

/// The calls in what the names in an expression are bound to, in its own function.
fn calls_of_names<'p>(cx: &Context<'p>, value: Site<'p>) -> impl Iterator<Item = Site<'p>> {
    let names = value
        .node
        .with_descendants()
        .filter(|node| node.kind() == Kind::Name && node.field() != Field::Attribute);
    names
        .filter_map(move |name| {
            let only = cx.project.only_binding(value.with(name))?;
            let is_own = Function::around(only.name) == Function::around(value);
            (is_own && only.binding.kind == BindingKind::Assignment)
                .then(|| only.value())
                .flatten()
        })
        .flat_map(calls)
}

/// Whether a call runs the body and gives what it returns: not a generator's, and not one whose results are kept.
fn runs_each_time<'p>(cx: &Context<'p>, function: Function<'p>) -> bool {
    !function.is_async()
        && !function.is_generator()
        && !function.has_decorator(cx.project, &["functools.lru_cache", "functools.cache"])
}

/// Whether a function of the standard library gives something else in each call.
fn gives_something_new<'p>(cx: &Context<'p>, name: &str, call: Site<'p>) -> bool {
    let arguments = || call.child(Field::Arguments);
    let given = || arguments().map_or(0, |arguments| arguments.node.children().count());
    match name {
        "time.localtime" | "time.gmtime" | "time.ctime" | "time.asctime" => given() == 0,
        "time.strftime" => given() == 1,
        "builtins.next" => {
            let first = arguments().and_then(|arguments| {
                let first = arguments.node.children().next()?;
                Some(cx.project.evaluate(arguments.with(first)))
            });
            matches!(first, Some(Value::Instance(ClassValue::External(class))) if class.as_ref() == "itertools.count")
        }
        _ => ASKING.contains(&name),
    }
}

/// The clock, random numbers, ids.
const ASKING: &[&str] = &[
    "datetime.date.today",
    "datetime.datetime.now",
    "datetime.datetime.today",
    "datetime.datetime.utcnow",
    "django.utils.timezone.now",
    "os.urandom",
    "random.betavariate",
    "random.choice",
    "random.choices",
    "random.expovariate",
    "random.gauss",
    "random.getrandbits",
    "random.normalvariate",
    "random.randbytes",
    "random.randint",
    "random.random",
    "random.randrange",
    "random.sample",
    "random.triangular",
    "random.uniform",
    "secrets.choice",
    "secrets.randbelow",
    "secrets.randbits",
    "secrets.token_bytes",
    "secrets.token_hex",
    "secrets.token_urlsafe",
    "time.monotonic",
    "time.monotonic_ns",
    "time.perf_counter",
    "time.perf_counter_ns",
    "time.process_time",
    "time.process_time_ns",
    "time.thread_time",
    "time.thread_time_ns",
    "time.time",
    "time.time_ns",
    "uuid.uuid1",
    "uuid.uuid4",
    "uuid.uuid6",
    "uuid.uuid7",
];

/// What a function of the project surely does besides giving a value, and where.
fn effect<'p>(cx: &Context<'p>, call: Site<'p>) -> Option<(Site<'p>, String)> {
    let (Value::Function(function) | Value::Method(function)) =
        cx.project.evaluate(call.child(Field::Function)?)
    else {
        return None;
    };
    if !runs_each_time(cx, function) || function.site.node.kind() == Kind::Lambda {
        return None;
    }
    function
        .nodes()
        .filter(|site| is_always_run(function, site.node))
        .find_map(|site| Some((site, done(cx, function, site)?)))
}

/// What a call or a statement of a function does to the world outside.
fn done<'p>(cx: &Context<'p>, function: Function<'p>, site: Site<'p>) -> Option<String> {
    match site.node.kind() {
        Kind::Call => match cx.project.evaluate(site.child(Field::Function)?) {
            Value::External(name) => match name.as_ref() {
                "builtins.print" => Some("prints".to_string()),
                "builtins.input" => Some("asks".to_string()),
                "builtins.open" => Some("opens a file".to_string()),
                _ => None,
            },
            _ => None,
        },
        Kind::Assignment | Kind::AugmentedAssignment => {
            let target = site.child(Field::Left)?;
            let mut bindings = function
                .site
                .body()
                .bindings_in(function.scope(), target.text());
            let is_global = target.node.kind() == Kind::Name
                && bindings.any(|binding| binding.kind == BindingKind::Global);
            is_global.then(|| format!("changes the global `{}`", target.text()))
        }
        _ => None,
    }
}

/// Whether a node is executed whenever its function runs, as far as the blocks around it say.
fn is_always_run(function: Function<'_>, node: Node<'_>) -> bool {
    let around = node.ancestors();
    let mut inside = around.take_while(|around| *around != function.site.node);
    inside.all(|around| {
        !matches!(
            around.kind(),
            Kind::If
                | Kind::For
                | Kind::While
                | Kind::Match
                | Kind::ExceptClause
                | Kind::Conditional
                | Kind::BooleanOperation
        )
    })
}
