//! Threads.

pub mod acquire_result_ignored;
pub mod busy_wait;
pub mod changed_while_iterated_elsewhere;
pub mod check_then_act;
pub mod condition_wait_without_loop;
mod connections;
pub mod coroutine_as_target;
pub mod cpu_bound_thread;
pub mod cpu_bound_thread_pool;
pub mod deadlock_with_itself;
pub mod empty_then_get;
pub mod executor_used_after_shutdown;
pub mod future_awaited_at_once;
pub mod future_dropped;
pub mod guarded_here_bare_there;
pub mod lock_not_released;
pub mod lock_order;
pub mod lock_protects_nothing;
mod looks;
pub mod not_for_threads;
pub mod pool_in_the_loop;
mod racing;
pub mod run_instead_of_start;
pub mod task_done_missing;
pub mod thread_args_not_sequence;
pub mod thread_arguments_do_not_fit;
pub mod thread_init_not_called;
pub mod thread_internals_overwritten;
pub mod thread_local_set_at_import;
pub mod thread_per_item;
pub mod thread_result_lost;
pub mod thread_target_called;
pub mod threads_run_one_by_one;
pub mod unlocked_update;
pub mod waits_for_its_own_pool;
mod ways_out;

use super::context::{label, line};
use super::{Context, Finding};
use crate::facts::{FileFacts, Site, Subjects};
use crate::project::{
    Class, ClassValue, Computation, Function, Pool, Project, StartKind, ThreadStart, Value,
    is_repeated,
};
use crate::syntax::{Field, Kind, Node};

/// A start whose target only computes.
struct Computing<'p> {
    start: ThreadStart<'p>,
    function: Function<'p>,
    computation: Computation<'p>,
}

/// The starts of a file whose targets only compute.
fn computing<'p>(
    project: &'p Project,
    file: &'p FileFacts,
    kinds: fn(StartKind) -> bool,
) -> Vec<Computing<'p>> {
    let starts = project.starts_in(file);
    let starts = starts.filter(|start| {
        kinds(start.kind)
            && !start.call.node.tree().has_error()
            && !only_without_gil(start.call.node)
    });
    starts
        .filter_map(|start| {
            let function = start.function?;
            let computation = project.computation(function, start.receiver)?;
            Some(Computing {
                start,
                function,
                computation,
            })
        })
        .collect()
}

impl<'p> Computing<'p> {
    /// Whether several threads compute: this start is repeated, or another one is made by the same code.
    fn is_one_of_several(&self, all: &[Computing<'p>]) -> bool {
        let call = self.start.call;
        is_repeated(call)
            || all.iter().any(|other| {
                other.start.call != call
                    && Function::around(other.start.call) == Function::around(call)
                    && !are_alternatives(other.start.call, call)
            })
    }

    /// The place that takes the time, in words: `the loop in line 3`.
    fn place(&self) -> String {
        let (what, site) = match (
            self.computation.loops.first(),
            self.computation.recursion.first(),
        ) {
            (Some(site), _) => ("loop", *site),
            (None, Some(site)) => ("recursion", *site),
            (None, None) => return String::new(),
        };
        let name = site.file.path().file_name().unwrap_or_default();
        if std::ptr::eq(site.file, self.start.call.file) {
            format!("the {what} in line {}", line(site))
        } else {
            format!("the {what} in {}, line {}", name.display(), line(site))
        }
    }

    /// Adds what shows that the target only computes.
    fn prove(&self, finding: &mut Finding) {
        for site in &self.computation.loops {
            finding.evidence(
                *site,
                "This loop only computes: it never lets go of the GIL",
            );
        }
        for site in &self.computation.recursion {
            finding.evidence(
                *site,
                "This call goes deeper and only computes: it never lets go of the GIL",
            );
        }
        for (call, function) in &self.computation.calls {
            finding.evidence(*call, format!("{} only computes too", label(*function)));
        }
    }
}

fn capitalised(label: &str) -> String {
    label
        .strip_prefix('t')
        .map_or_else(|| label.to_string(), |rest| format!("T{rest}"))
}

/// Whether at most one of two nodes is executed: they stand in different branches.
fn are_alternatives(one: Site<'_>, other: Site<'_>) -> bool {
    let mut node = one.node;
    while let Some(parent) = node.parent() {
        if parent.contains(other.node) {
            return match parent.kind() {
                Kind::If | Kind::Conditional | Kind::Try => true,
                _ => node.kind() == Kind::CaseClause,
            };
        }
        node = parent;
    }
    false
}

/// Whether a node is executed only by an interpreter without a GIL.
fn only_without_gil(node: Node<'_>) -> bool {
    let mut node = node;
    while let Some(parent) = node.parent() {
        if parent.kind() == Kind::If
            && let Some(condition) = parent.child(Field::Condition)
            && condition.text().contains("_is_gil_enabled")
        {
            let asks_for_none = condition.kind() == Kind::NotOperation;
            return match node.field() {
                Field::Consequence => asks_for_none,
                Field::Alternative => !asks_for_none,
                _ => false,
            };
        }
        node = parent;
    }
    false
}

/// The statement after the one that a node stands in.
fn next_statement(node: Node<'_>) -> Option<Node<'_>> {
    let statement = node.statement()?;
    let mut siblings = statement.parent()?.children();
    siblings.find(|sibling| *sibling == statement)?;
    siblings.next()
}

/// Whether a call prints or logs.
fn is_written(call: Node<'_>) -> bool {
    let Some(callee) = call
        .child(Field::Function)
        .filter(|_| call.kind() == Kind::Call)
    else {
        return false;
    };
    let object = callee.child(Field::Object);
    callee.text() == "print"
        || object.is_some_and(|object| {
            let last = object.child(Field::Attribute).unwrap_or(object);
            last.text().to_ascii_lowercase().contains("log")
        })
}

/// The methods by which one waits for a job of a pool.
fn waits(pool: Pool) -> &'static [&'static str] {
    if pool.is_executor() {
        &["result", "exception"]
    } else {
        &["get", "wait"]
    }
}

/// The call of one of the named methods on an object.
fn call_on<'p>(object: Node<'p>, methods: &[&str]) -> Option<Node<'p>> {
    let attribute = object
        .parent()
        .filter(|parent| parent.kind() == Kind::Attribute && object.field() == Field::Object)?;
    let method = attribute.child(Field::Attribute)?.text();
    let call = attribute
        .parent()
        .filter(|call| call.kind() == Kind::Call && attribute.field() == Field::Function)?;
    methods.contains(&method).then_some(call)
}

/// Whether a pool has one worker, as far as the code shows it.
fn has_one_worker<'p>(project: &'p Project, pool: Site<'p>) -> bool {
    let made = project.made_by(pool);
    let Some(arguments) = made.and_then(|made| made.child(Field::Arguments)) else {
        return false;
    };
    let mut arguments = arguments.node.children().enumerate();
    let workers = arguments.find_map(|(position, argument)| {
        let keyword = argument.child(Field::Name).map(Node::text);
        match argument.kind() {
            Kind::KeywordArgument if matches!(keyword, Some("max_workers" | "processes")) => {
                argument.child(Field::Value)
            }
            Kind::KeywordArgument => None,
            _ => (position == 0).then_some(argument),
        }
    });
    workers.is_some_and(|workers| workers.text() == "1")
}

/// The header of a `for` statement, from the keyword to the colon.
fn loop_header(statement: Site<'_>) -> std::ops::Range<usize> {
    let range = statement.range();
    let end = statement
        .child(Field::Right)
        .map_or(range.start, |over| over.range().end);
    let rest = statement
        .file
        .source()
        .get(end..range.end)
        .unwrap_or_default();
    let colon = rest.find(':').map_or(0, |colon| colon + 1);
    range.start..end + colon
}

/// The next statement after a call's: also of the module, where statements are segments.
fn statement_after<'p>(site: Site<'p>) -> Option<Site<'p>> {
    let statement = site.node.statement()?;
    if statement.parent().map(Node::kind) != Some(Kind::Module) {
        return next_statement(site.node).map(|node| site.with(node));
    }
    if let Some(next) = next_statement(site.node) {
        return Some(site.with(next));
    }
    let next = site.segment + 1;
    let root = (next < site.file.len()).then(|| site.file.root(next))?;
    root.node.children().next().map(|node| root.with(node))
}

/// The name or attribute that a call's value is assigned to.
fn assigned_name<'p>(call: Site<'p>) -> Option<&'p str> {
    let assignment = call
        .node
        .parent()
        .filter(|parent| parent.kind() == Kind::Assignment)?;
    assignment.child(Field::Left).map(Node::text)
}

/// Whether a statement calls a method of an object that is written like this.
fn calls_method(statement: Site<'_>, object: &str, methods: &[&str]) -> bool {
    statement.node.descendants().any(|node| {
        node.kind() == Kind::Attribute
            && node.field() == Field::Function
            && node
                .child(Field::Object)
                .is_some_and(|own| own.text() == object)
            && node
                .child(Field::Attribute)
                .is_some_and(|name| methods.contains(&name.text()))
    })
}

/// An expression in a message.
fn abbreviated(text: &str) -> String {
    if text.contains('\n') || text.chars().count() > 60 {
        "this".to_string()
    } else {
        format!("`{text}`")
    }
}

/// The number of characters of a plain string literal.
fn literal_length(literal: Site<'_>) -> Option<usize> {
    let text = literal.text();
    let is_plain = literal.node.kind() == Kind::String && !text.contains('\\');
    let body = text.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    if !is_plain || text[..text.len() - body.len()].contains(['f', 'F', 't', 'T']) {
        return None;
    }
    let quotes = if body.len() >= 6 && (body.starts_with("\"\"\"") || body.starts_with("'''")) {
        3
    } else {
        1
    };
    Some(
        body.get(quotes..body.len().checked_sub(quotes)?)?
            .chars()
            .count(),
    )
}

/// Whether a method calls the next one of a name: `super().run()`, `Thread.run(self)`.
fn calls_super(method: Function<'_>, name: &str) -> bool {
    method.calls().any(|call| {
        let callee = call.node.child(Field::Function);
        let is_named = callee
            .and_then(|callee| callee.child(Field::Attribute))
            .is_some_and(|called| called.text() == name);
        let object = callee.and_then(|callee| callee.child(Field::Object));
        is_named && object.is_some_and(|object| Some(object.text()) != method.first_parameter())
    })
}

/// Whether a class statement holds a name as a word.
fn is_mentioned_in(class: Class<'_>, name: &str) -> bool {
    !class
        .site
        .class_parts_with(name, |facts| facts.mentions(name))
        .is_empty()
}

/// Whether a file has anything to do with threads or processes.
fn has_threads(cx: &Context<'_>) -> bool {
    cx.project
        .about(cx.file, Subjects::THREADS)
        .next()
        .is_some()
}

/// Whether code is part of a test: by the name of its file, its function or its class, as test runners find them.
fn is_in_test(cx: &Context<'_>, site: Site<'_>) -> bool {
    let path = site.file.path();
    let stem = path
        .file_stem()
        .and_then(|stem| stem.to_str())
        .unwrap_or_default();
    let is_test_file = stem.starts_with("test_") || stem.ends_with("_test") || stem == "conftest";
    let mut function = Function::around(site);
    while let Some(inner) = function {
        let of_case = inner.class().is_some_and(|class| {
            class.name().starts_with("Test")
                || cx
                    .project
                    .derives_from(&ClassValue::Known(class), "unittest.case.TestCase")
                    == Some(true)
        });
        if of_case || inner.name().starts_with("test") {
            return true;
        }
        function = Function::around(inner.site);
    }
    is_test_file
}

/// The innermost loop of whose turns a node is part.
fn loop_around(node: Node<'_>) -> Option<Node<'_>> {
    let mut node = node;
    while let Some(parent) = node.parent() {
        match parent.kind() {
            Kind::For | Kind::While if node.field() == Field::Body => return Some(parent),
            Kind::FunctionDef | Kind::Lambda | Kind::ClassDef => return None,
            _ => node = parent,
        }
    }
    None
}

/// Whether a call has arguments.
fn has_arguments(call: Site<'_>) -> bool {
    call.node
        .child(Field::Arguments)
        .is_some_and(|arguments| arguments.children().next().is_some())
}

/// What a lock is called in a message: the last word of its expression.
fn lock_name(lock: Site<'_>) -> &str {
    lock.node
        .child(Field::Attribute)
        .unwrap_or(lock.node)
        .text()
}

/// Whom a lock keeps out, in a message.
fn keeps_out<'p>(project: &'p Project, lock: Site<'p>) -> &'static str {
    match project.evaluate(lock) {
        Value::Instance(ClassValue::External(class)) if class.starts_with("asyncio.") => "task",
        _ => "thread",
    }
}

/// A lock of this name that a function gives back and does not take.
fn given_back_by<'p>(function: Function<'p>, name: &str) -> Option<Site<'p>> {
    let called = |wanted: &str| {
        function.nodes().find_map(|site| {
            let method = site.node.child(Field::Attribute)?.text();
            let object = site.child(Field::Object)?;
            (site.node.kind() == Kind::Attribute && method == wanted && lock_name(object) == name)
                .then_some(object)
        })
    };
    called("release").filter(|_| called("acquire").is_none())
}

/// Whether another function gives the lock back without having taken it: then the two belong together.
fn has_partner<'p>(project: &'p Project, lock: Site<'p>) -> bool {
    let name = lock_name(lock);
    let made = project.lock(lock).map(|lock| lock.made);
    let segments = project.mentions(name);
    let segments = segments
        .into_iter()
        .filter(|(file, segment)| file.segment(*segment).mentions("release"));
    segments.into_iter().any(|(file, segment)| {
        let root = file.root(segment);
        let functions = root.body().functions.iter();
        functions
            .filter_map(|data| Function::at(root.at(data.node)))
            .filter_map(|function| given_back_by(function, name))
            .any(|other| {
                let other = project.lock(other).map(|lock| lock.made);
                made.is_none() || other.is_none() || made == other
            })
    })
}
