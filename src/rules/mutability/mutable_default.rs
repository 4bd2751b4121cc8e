//! MUT001 mutable-default. Card: knowledge/rules/MUT001-mutable-default.md

use super::memos::{fills_once, is_one_of_two_lists};
use super::{
    done_to, edits, followed, harmful_uses, is_container, is_overload, made, promises_not_to_change,
};
use crate::facts::{Site, Subjects};
use crate::project::{ClassValue, Function, Parameter, Part, Reach, Use, Value};
use crate::rules::context::{label, place};
use crate::rules::{Context, Findings, Rule, Severity};
use crate::syntax::{Field, Kind};

pub const RULE: Rule = Rule {
    code: "MUT001",
    name: "mutable-default",
    check,
};

fn check(cx: &Context<'_>, out: &mut Findings) {
    for function in cx.functions(Subjects::DEFAULTS) {
        cx.look_at(function.site, out, |out| {
            for (parameter, default, class) in shared_defaults_of(cx, function) {
                check_parameter(cx, function, parameter, default, class, out);
            }
        });
    }
}

/// A default that is made once, can be changed, and stays for later calls: with its parameter, and the class of what it makes.
type SharedDefault<'p> = (Parameter<'p>, Site<'p>, ClassValue<'p>);

/// Those of a file.
pub fn shared_defaults<'p>(cx: &Context<'p>) -> impl Iterator<Item = SharedDefault<'p>> {
    cx.functions(Subjects::DEFAULTS)
        .flat_map(|function| shared_defaults_of(cx, function))
}

fn shared_defaults_of<'p>(cx: &Context<'p>, function: Function<'p>) -> Vec<SharedDefault<'p>> {
    let mut found = Vec::new();
    for parameter in function.parameters() {
        if let Some(default) = parameter.default.filter(|default| is_made_by_def(*default))
            && let Some(class) = made(cx, default)
            && !is_overload(cx.project, function)
            && outlives_its_call(cx, function)
            && !is_cell(cx, function, parameter, default)
            && !is_always_given(cx, function, parameter)
        {
            found.push((parameter, default, class));
        }
    }
    found
}

/// Whether a default is made by the `def` itself, in each case that a condition tells apart, and not the object of a name.
fn is_made_by_def(default: Site<'_>) -> bool {
    let node = default.node.unparenthesized();
    match node.kind() {
        Kind::Conditional => {
            let mut parts = node.children();
            let made = [parts.next(), parts.nth(1)];
            made.into_iter()
                .all(|part| part.is_some_and(|part| is_made_by_def(default.with(part))))
        }
        kind => kind == Kind::Call || kind.is_mutable_display(),
    }
}

/// A nested function that ends with the call of the outer one is made anew, with its defaults, in the next.
fn outlives_its_call<'p>(cx: &Context<'p>, function: Function<'p>) -> bool {
    if function.class().is_some() || Function::around(function.site).is_none() {
        return true;
    }
    if function.site.decorators().next().is_some() {
        return true;
    }
    cx.project
        .uses_of_function(function)
        .iter()
        .any(|found| found.part == Part::Whole)
}

/// Whether every call of a nested function, or of a class in a function, gives the argument: nobody else can call it, and nobody gets the default.
fn is_always_given<'p>(cx: &Context<'p>, function: Function<'p>, parameter: Parameter<'p>) -> bool {
    let class = function.class().filter(|_| function.name() == "__init__");
    let definition = class.map_or(function.site, |class| class.site);
    let is_method = function.class().is_some();
    if is_method && class.is_none() || Function::around(definition).is_none() {
        return false;
    }
    let Some(name) = definition.child(Field::Name) else {
        return false;
    };
    let gives = |reading: &Site<'p>| {
        let call = reading
            .node
            .parent()
            .filter(|call| call.kind() == Kind::Call && reading.node.field() == Field::Function);
        let given = call.and_then(|call| call.child(Field::Arguments));
        given.is_some_and(|given| {
            let mut taking = given.children().filter_map(|argument| {
                cx.project
                    .parameter_of(function, is_method, reading.with(argument))
            });
            taking.any(|taking| taking.name == parameter.name)
        })
    };
    let readings = cx.project.readings_of_name(name);
    !readings.is_empty() && readings.iter().all(gives)
}

/// Whether a function keeps one value between its calls on purpose, in a list that is made with it: `def receive(once=[True])`, of which only `once[0]` is read and set, beside what is asserted of it;
/// the function is nested, or the name says that callers leave it out: `_last=[None]`.
fn is_cell<'p>(
    cx: &Context<'p>,
    function: Function<'p>,
    parameter: Parameter<'p>,
    default: Site<'p>,
) -> bool {
    let is_first_item = |reading: &Site<'p>| {
        let mut around = reading.node.ancestors();
        if around.any(|node| node.kind() == Kind::Assert) {
            return true;
        }
        let item = reading
            .node
            .parent()
            .filter(|item| item.kind() == Kind::Subscript && reading.node.field() == Field::Value);
        let index = item.and_then(|item| item.child(Field::Subscript));
        index.is_some_and(|index| index.text() == "0")
    };
    let is_nested = function.class().is_none() && Function::around(function.site).is_some();
    (is_nested || parameter.name.text().starts_with('_'))
        && default.node.kind() == Kind::List
        && default.node.children().count() == 1
        && cx
            .project
            .readings(parameter, false)
            .iter()
            .all(is_first_item)
}

fn check_parameter<'p>(
    cx: &Context<'p>,
    function: Function<'p>,
    parameter: Parameter<'p>,
    default: Site<'p>,
    class: ClassValue<'p>,
    out: &mut Findings,
) {
    let object = followed(cx, default, class.clone());
    let uses = harmful_uses(cx, function, parameter, &object);
    let is_changed = uses.iter().any(|found| found.reach == Reach::Mutated);
    if !is_changed && !is_container(cx, &class) {
        return;
    }
    if !is_changed && promises_not_to_change(cx, parameter) {
        return;
    }
    if uses.is_empty() && is_replaced_first(cx, function, parameter, object.empty) {
        return;
    }
    let severity = match uses.as_slice() {
        [] => Severity::Information,
        _ if is_memo(cx, function, parameter, &class, &uses) => Severity::Hint,
        _ => Severity::Warning,
    };
    let message = message(function, parameter, default, severity, &uses);
    let finding = out.report(&RULE, severity, cx.file, default.range(), message);
    let name = parameter.name.text();
    for found in &uses {
        finding.evidence(
            found.site,
            format!("{name} is {} here", done_to(found.reach)),
        );
    }
    if severity != Severity::Hint {
        edits::none_for_default(cx, function, parameter, default, uses.is_empty(), finding);
    }
}

fn message(
    function: Function<'_>,
    parameter: Parameter<'_>,
    default: Site<'_>,
    severity: Severity,
    uses: &[Use<'_>],
) -> String {
    let (name, of) = (parameter.name.text(), label(function));
    // the strongest, and of these the first
    let first = uses.iter().min_by_key(|found| found.reach);
    let made = if default.range().len() <= 40 && !default.text().contains('\n') {
        format!("`{}`", default.text())
    } else {
        "an object".to_string()
    };
    match first {
        _ if severity == Severity::Hint => format!(
            "`{name}` is a memo that all calls of {of} share through the default; `functools.lru_cache` says so openly, and can be cleared and bounded"
        ),
        Some(first) => format!(
            "every call of {of} that leaves `{name}` out gets the same object, made once when the function is defined, and it is {} in {}: \
             use `None` and make {made} inside",
            done_to(first.reach),
            place(default.file, first.site)
        ),
        None => format!(
            "every call of {of} that leaves `{name}` out gets the same object, made once when the function is defined: \
             harmless until somebody changes it; `None`, or something immutable, is safe"
        ),
    }
}

/// Whether the parameter is bound to something else before anything is done with the default: it is read only to make what it is bound to.
fn is_replaced_first<'p>(
    cx: &Context<'p>,
    function: Function<'p>,
    parameter: Parameter<'p>,
    empty: bool,
) -> bool {
    cx.project.is_rebound(function, parameter)
        && cx
            .project
            .readings(parameter, empty)
            .iter()
            .all(|reading| makes_its_successor(*reading, parameter.name.text()))
}

/// Whether a reading is part of the value in `name = value`.
fn makes_its_successor(reading: Site<'_>, name: &str) -> bool {
    let statement = reading
        .node
        .ancestors()
        .find(|node| matches!(node.kind(), Kind::Assignment | Kind::NamedExpression));
    let target = statement.and_then(|statement| {
        statement
            .child(Field::Left)
            .or_else(|| statement.child(Field::Name))
    });
    target.is_some_and(|target| {
        target
            .with_descendants()
            .any(|node| node.kind() == Kind::Name && node.text() == name)
    })
}

/// Whether a parameter is a memo on purpose: it is called cache or memo, values are put in by key, the function hands it to itself, and nothing else happens to it;
/// or it is only filled where it lacks what the function then gives back.
fn is_memo<'p>(
    cx: &Context<'p>,
    function: Function<'p>,
    parameter: Parameter<'p>,
    class: &ClassValue<'p>,
    uses: &[Use<'p>],
) -> bool {
    let name = parameter.name.text().to_ascii_lowercase();
    let is_dict = matches!(class, ClassValue::External(name) if matches!(name.as_ref(), "builtins.dict" | "collections.OrderedDict" | "collections.defaultdict"));
    let is_own_call = |site: Site<'p>| {
        let callee = site.child(Field::Function);
        callee.is_some_and(|callee| {
            matches!(cx.project.evaluate(callee), Value::Function(called) | Value::Method(called) if called == function)
        })
    };
    let puts_in = |found: &Use<'p>| {
        let node = found.site.node;
        found.reach == Reach::Mutated
            && match node.kind() {
                Kind::Call => found.site.text().contains(".setdefault(") || is_own_call(found.site),
                kind => kind.is_statement() && kind != Kind::Delete,
            }
    };
    let is_named = name.contains("memo") || name.contains("cache");
    let fills = |found: &Use<'p>| fills_once(function, parameter.name.text(), found);
    let is_own_change = |found: &Use<'p>| {
        found.reach == Reach::Mutated && Function::around(found.site) == Some(function)
    };
    is_named && is_dict && uses.iter().all(puts_in)
        || uses.iter().all(is_own_change) && is_one_of_two_lists(function, parameter.name.text())
        || uses
            .iter()
            .all(|found| fills(found) || is_own_call(found.site))
}
