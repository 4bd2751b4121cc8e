//! MUT010 result-of-mutator. Card: knowledge/rules/MUT010-result-of-mutator.md

use crate::facts::{Site, Subjects, is_mutator_without_result};
use crate::project::{ClassValue, Function, Value, is_container_name};
use crate::rules::{Context, Finding, Findings, Rule, Severity};
use crate::syntax::{Field, Kind, Node, Op};

pub const RULE: Rule = Rule {
    code: "MUT010",
    name: "result-of-mutator",
    check,
};

/// Functions that change their first argument and return nothing.
const FUNCTIONS: &[&str] = &[
    "random.shuffle",
    "heapq.heapify",
    "heapq.heappush",
    "bisect.insort",
    "bisect.insort_left",
    "bisect.insort_right",
];

fn check(cx: &Context<'_>, out: &mut Findings) {
    for call in cx.calls(Subjects::USED_MUTATORS) {
        if let Some(statement) = user(call)
            && let Some((what, receiver)) = mutator(cx, call)
        {
            report(cx, call, statement, &what, receiver, out);
        }
    }
}

/// The statement that uses what a call gives. None where nobody does, or where somebody puts something else in its place.
fn user(call: Site<'_>) -> Option<Site<'_>> {
    let mut node = call.node;
    loop {
        let parent = node.parent()?;
        match parent.kind() {
            Kind::Lambda => return None,
            // `seen.add(x) or x`, `names.sort() is None`: that it gives nothing is known
            Kind::BooleanOperation if parent.op() == Op::Or => return None,
            // `x not in seen and not seen.add(x)` too
            Kind::BooleanOperation if node.kind() == Kind::NotOperation => return None,
            Kind::Comparison if matches!(parent.op(), Op::Is | Op::IsNot) => return None,
            Kind::ArgumentList if compares_with_none(parent) => return None,
            Kind::ExpressionStatement if is_unused(node, call.node) => return None,
            Kind::ExpressionStatement => return Some(call.with(parent)),
            Kind::Return if is_procedure(call) || is_another_name(call) => return None,
            kind if kind.is_statement() => return Some(call.with(parent)),
            _ => node = parent,
        }
    }
}

/// Whether the arguments are those of a test that nothing comes back: `self.assertEqual(names.sort(), None)`.
fn compares_with_none(arguments: Node<'_>) -> bool {
    let is_none = |argument: Node<'_>| {
        argument.kind() == Kind::None
            || argument.child(Field::Value).map(Node::kind) == Some(Kind::None)
    };
    let callee = arguments
        .parent()
        .and_then(|call| call.child(Field::Function));
    arguments.children().any(is_none)
        || callee.is_some_and(|callee| callee.text().ends_with("assertIsNone"))
}

/// Whether an expression statement drops what a call in it gives: `_ = call`, `flag and call`, `call if flag else other`.
fn is_unused(expression: Node<'_>, call: Node<'_>) -> bool {
    match expression.kind() {
        Kind::Assignment => {
            let left = expression.child(Field::Left).map(Node::text);
            let right = expression.child(Field::Right);
            left == Some("_") && right.is_some_and(|right| is_unused(right, call))
        }
        Kind::BooleanOperation | Kind::Conditional | Kind::Parenthesized | Kind::Await => {
            expression
                .children()
                .filter(|part| part.contains(call))
                .any(|part| is_unused(part, call))
        }
        // `[name.update(more) for name in names]`, written instead of a loop
        Kind::ListComprehension | Kind::SetComprehension | Kind::GeneratorExpression => {
            let body = expression.child(Field::Body);
            body.is_some_and(|body| body.contains(call) && is_unused(body, call))
        }
        _ => expression == call,
    }
}

/// Whether the function around a returned call says that it returns nothing, or ends elsewhere without a value and gives none but this.
fn is_procedure(call: Site<'_>) -> bool {
    let Some(function) = Function::around(call) else {
        return false;
    };
    let returned = function.site.node.child(Field::ReturnType);
    let gives_another = || {
        function.returns().any(|statement| {
            let value = statement.node.children().next();
            value.is_some_and(|value| value.kind() != Kind::None && value != call.node)
        })
    };
    returned.map(Node::text) == Some("None")
        || !function.ends_without_value().is_empty() && !gives_another()
}

/// Whether a function stands for another one of the same name, that of what the object holds or of a module: `def heappush(self, item): return heapq.heappush(self.items, item)`;
/// or is a method of a container that does nothing but call another one of it, `put` of a queue that is a deque.
fn is_another_name(call: Site<'_>) -> bool {
    let (Some(function), Some(callee)) = (Function::around(call), call.child(Field::Function))
    else {
        return false;
    };
    let called = callee.node.child(Field::Attribute).unwrap_or(callee.node);
    let is_only = function.body().map(|body| body.node.children().count()) == Some(1);
    let object = callee.child(Field::Object).map(Site::text);
    called.text() == function.name()
        || function.class().is_some() && is_only && function.first_parameter() == object
}

/// The name of a method or function that returns nothing, and what it changes.
fn mutator<'p>(cx: &Context<'p>, call: Site<'p>) -> Option<(String, Site<'p>)> {
    let callee = call.child(Field::Function)?;
    if let Some(receiver) = callee.child(Field::Object)
        && let Some(name) = callee.node.child(Field::Attribute)
        && is_mutator_without_result(name.text())
    {
        let Value::Instance(class) = cx.project.evaluate(receiver) else {
            return function(cx, call, callee);
        };
        let changes = match class {
            ClassValue::External(class) => is_container_name(&class),
            ClassValue::Known(class) => {
                cx.project.is_container(class)
                    && !cx.project.defines_somewhere(class, name.text())
                    && cx.project.mro(class).is_complete()
            }
        };
        return changes.then(|| (name.text().to_string(), receiver));
    }
    function(cx, call, callee)
}

fn function<'p>(cx: &Context<'p>, call: Site<'p>, callee: Site<'p>) -> Option<(String, Site<'p>)> {
    let Value::External(name) = cx.project.evaluate(callee) else {
        return None;
    };
    let first = call.node.child(Field::Arguments)?.children().next()?;
    let last = name.rsplit('.').next()?;
    FUNCTIONS
        .contains(&name.as_ref())
        .then(|| (last.to_string(), call.with(first)))
}

fn report<'p>(
    cx: &Context<'p>,
    call: Site<'p>,
    statement: Site<'p>,
    what: &str,
    receiver: Site<'p>,
    out: &mut Findings,
) {
    let instead = match what {
        "sort" | "reverse" => "call it on a line of its own, or take `sorted(…)` or `reversed(…)`",
        _ => "call it on a line of its own and use the object itself",
    };
    let shown = receiver.text();
    let of = match shown.len() <= 30 && !shown.contains('\n') {
        true => format!(" of `{shown}`"),
        false => String::new(),
    };
    let message = format!(
        "`{what}` changes its object and returns `None`, which is what is used here instead{of}; {instead}"
    );
    let finding = out.report(
        &RULE,
        Severity::Warning,
        cx.file,
        statement.range(),
        message,
    );
    origin(cx, receiver, finding);
    // `names = names.sort()`
    let assignment = call.node.parent().filter(|parent| {
        parent.kind() == Kind::Assignment
            && parent.child(Field::Left).map(Node::text) == Some(receiver.text())
    });
    if let Some(assignment) = assignment
        && assignment.parent() == Some(statement.node)
    {
        let start = call.with(assignment).range().start;
        let edit = (start..call.range().start, String::new());
        finding.fix("Call it on a line of its own", false, vec![edit]);
    }
}

/// Shows why the receiver's type is known.
fn origin<'p>(cx: &Context<'p>, receiver: Site<'p>, finding: &mut Finding) {
    if let Some(binding) = cx.project.only_binding(receiver) {
        let annotation = binding
            .name
            .node
            .parent()
            .and_then(|parent| parent.child(Field::Type));
        let place = annotation.map_or(binding.value(), |node| Some(binding.name.with(node)));
        if let Some(place) = place {
            finding.evidence(place, "says what it is");
        }
    }
}
