//! GIL029 not-for-threads. Card: knowledge/rules/GIL029-not-for-threads.md

use super::racing::{
    are_several, comes_to_function, is_bare, is_plain, is_sure, prove_starts, shared_by, starts_of,
};
use super::{connections, loop_header};
use crate::facts::{BindingKind, Resolution, Site};
use crate::project::{Chain, ClassValue, Function, SharedPlace, Value, argument, is_builtin};
use crate::rules::{Context, Finding, Findings, Rule, Severity};
use crate::syntax::{Field, Kind, Node};

pub const RULE: Rule = Rule {
    code: "GIL029",
    name: "not-for-threads",
    check,
};

fn check(cx: &Context<'_>, out: &mut Findings) {
    let mut advances = Vec::new();
    for function in cx.project.threaded_in(cx.file) {
        if !is_plain(cx, function) || asks_for_thread(function.site) {
            continue;
        }
        let mut chains: Option<Vec<Chain<'_>>> = None;
        for site in function.nodes().filter(|site| is_worth_a_look(cx, *site)) {
            let chains = chains.get_or_insert_with(|| {
                let all = cx.project.chains(function).into_iter();
                all.filter(|chain| !chain.calls.iter().any(|call| asks_in_caller(*call)))
                    .collect()
            });
            main_thread_only(cx, site, chains, out);
            of_the_process(cx, site, chains, out);
            advances.extend(advances_of(cx, function, site, chains));
        }
        connections::check(cx, function, out);
    }
    report_generators(cx, &advances, out);
}

/// Whether a node may be something that this rule knows, by its words: nothing is evaluated for the others.
fn is_worth_a_look<'p>(cx: &Context<'p>, site: Site<'p>) -> bool {
    const METHODS: &[&str] = &[
        "chdir",
        "clear",
        "fchdir",
        "pop",
        "popitem",
        "redirect_stderr",
        "redirect_stdout",
        "set_wakeup_fd",
        "setdefault",
        "setdefaulttimeout",
        "setlocale",
        "signal",
        "umask",
        "update",
    ];
    match site.node.kind() {
        Kind::Call => {
            let callee = site.node.child(Field::Function);
            callee.is_some_and(|callee| match callee.child(Field::Attribute) {
                Some(method) => METHODS.contains(&method.text()),
                None if is_builtin(callee.text()) => callee.text() == "next",
                None => imported_as(site.with(callee)).is_some_and(|name| METHODS.contains(&name)),
            })
        }
        Kind::Subscript => site
            .node
            .child(Field::Value)
            .is_some_and(|object| object.text().ends_with("environ")),
        Kind::For => advanced(cx, site).is_some(),
        _ => false,
    }
}

/// The name that a name has in the module which it is imported from.
fn imported_as<'p>(name: Site<'p>) -> Option<&'p str> {
    let (Resolution::Local(bindings) | Resolution::Module(bindings)) = name.resolve() else {
        return None;
    };
    let import = bindings
        .iter()
        .find(|binding| binding.binding.kind == BindingKind::FromImport)?;
    let imported = import.value()?.node;
    Some(imported.child(Field::Name).unwrap_or(imported).text())
}

/// Whether a function looks which thread it is in.
fn asks_for_thread(function: Site<'_>) -> bool {
    const WORDS: &[&str] = &["main_thread", "MainThread", "current_thread", "get_ident"];
    WORDS.iter().any(|word| function.text().contains(word))
}

pub(super) fn asks_in_caller(call: Site<'_>) -> bool {
    Function::around(call).is_some_and(|caller| asks_for_thread(caller.site))
}

/// Adds the starts of some chains, and the calls on the way.
pub(super) fn prove<'p>(finding: &mut Finding, chains: &[&Chain<'p>]) {
    prove_starts(finding, chains);
    for call in chains.iter().flat_map(|chain| &chain.calls).take(4) {
        finding.evidence(*call, "called on the way");
    }
}

/// `signal.signal` raises in every other thread.
fn main_thread_only<'p>(
    cx: &Context<'p>,
    call: Site<'p>,
    chains: &[Chain<'p>],
    out: &mut Findings,
) {
    let callee = call
        .child(Field::Function)
        .filter(|_| call.node.kind() == Kind::Call);
    let name = callee.and_then(|callee| cx.project.qualified(callee));
    let Some(name @ ("signal.signal" | "signal.set_wakeup_fd")) = name.as_deref() else {
        return;
    };
    let sure: Vec<_> = chains.iter().filter(|chain| is_sure(call, chain)).collect();
    if sure.is_empty() {
        return;
    }
    let message = format!(
        "`{name}` works in the main thread only: in the thread that runs this it raises `ValueError`; call it in the main thread, before the thread starts"
    );
    let finding = out.report(&RULE, Severity::Error, cx.file, call.range(), message);
    prove(finding, &sure);
}

/// What the whole process shares, and what is done to it.
fn of_the_process<'p>(cx: &Context<'p>, site: Site<'p>, chains: &[Chain<'p>], out: &mut Findings) {
    let Some((site, what, effect)) = changed_for_all(cx, site) else {
        return;
    };
    let chains: Vec<_> = chains
        .iter()
        .filter(|chain| comes_to_function(chain) && !runs_program(cx, chain))
        .collect();
    if chains.is_empty() {
        return;
    }
    let mend = match effect {
        "the current directory" => "; use whole paths, or `cwd=` for a child process",
        "the environment" => "; hand the values over, or `env=` to a child process",
        "`sys.stdout`" | "`sys.stderr`" => {
            "; hand the stream over to what writes, as `print(…, file=…)`"
        }
        _ => "; set it once, before the threads start",
    };
    let message = format!(
        "`{what}` changes {effect} of the whole process, not of this thread: all other threads get it too, in the middle of their work{mend}"
    );
    let finding = out.report(&RULE, Severity::Warning, cx.file, site.range(), message);
    prove(finding, &chains);
}

/// Whether a thread runs the program itself, which the script also calls directly: `run` of a thread whose starter goes on with the window's events.
fn runs_program<'p>(cx: &Context<'p>, chain: &Chain<'p>) -> bool {
    let is_of_script = |call: &Site<'p>| {
        let mut around = call.node.ancestors();
        Function::around(*call).is_none()
            && around.any(|node| {
                let test = node.child(Field::Condition);
                node.kind() == Kind::If && test.is_some_and(|test| test.text().contains("__main__"))
            })
    };
    chain.calls.iter().any(|call| {
        let callee = call.child(Field::Function);
        match callee.map(|callee| cx.project.evaluate(callee)) {
            Some(Value::Function(called)) => cx
                .project
                .calls_of(called)
                .iter()
                .any(|other| other != call && is_of_script(other)),
            _ => false,
        }
    })
}

fn changed_for_all<'p>(
    cx: &Context<'p>,
    site: Site<'p>,
) -> Option<(Site<'p>, &'static str, &'static str)> {
    const ENVIRONMENT: (&str, &str) = ("os.environ", "the environment");
    let is_environ = |object: Site<'p>| {
        object.text().ends_with("environ")
            && cx.project.qualified(object).as_deref() == Some("os.environ")
    };
    match site.node.kind() {
        Kind::Call => {
            let callee = site.child(Field::Function)?;
            let last = callee.node.child(Field::Attribute).unwrap_or(callee.node);
            let changes = matches!(
                last.text(),
                "setdefault" | "update" | "pop" | "popitem" | "clear"
            );
            if changes && callee.child(Field::Object).is_some_and(is_environ) {
                return Some((site, ENVIRONMENT.0, ENVIRONMENT.1));
            }
            let (what, effect) = match cx.project.qualified(callee)?.as_ref() {
                "os.chdir" => ("os.chdir", "the current directory"),
                "os.fchdir" => ("os.fchdir", "the current directory"),
                "contextlib.chdir" => ("contextlib.chdir", "the current directory"),
                "contextlib.redirect_stdout" => ("contextlib.redirect_stdout", "`sys.stdout`"),
                "contextlib.redirect_stderr" => ("contextlib.redirect_stderr", "`sys.stderr`"),
                "os.umask" => ("os.umask", "the file mode mask"),
                "locale.setlocale" => {
                    argument(site, 1, "locale").filter(|value| value.node.kind() != Kind::None)?;
                    ("locale.setlocale", "the locale")
                }
                "socket.setdefaulttimeout" => ("socket.setdefaulttimeout", "the default timeout"),
                _ => return None,
            };
            Some((site, what, effect))
        }
        Kind::Subscript => {
            let is_stored = site.node.field() == Field::Left
                || site.node.parent().map(Node::kind) == Some(Kind::Delete);
            let statement = site.node.statement()?;
            if is_flag(site) {
                return None;
            }
            (is_stored && site.child(Field::Value).is_some_and(is_environ)).then_some((
                site.with(statement),
                ENVIRONMENT.0,
                ENVIRONMENT.1,
            ))
        }
        _ => None,
    }
}

/// Whether a variable of the environment is switched on or off once and for all, under a key that the file does not name again: nothing is taken from another thread.
fn is_flag(item: Site<'_>) -> bool {
    let assignment = item
        .node
        .parent()
        .filter(|_| item.node.field() == Field::Left);
    let value = assignment.and_then(|assignment| assignment.child(Field::Right));
    let key = item.node.child(Field::Subscript).map_or("", Node::text);
    let switch = value.filter(|value| value.kind() == Kind::String);
    let switch = switch.map(|text| text.text().trim_matches(['"', '\'']).to_ascii_lowercase());
    let is_switch = matches!(
        switch.as_deref(),
        Some("0" | "1" | "false" | "true" | "no" | "yes" | "off" | "on")
    );
    is_switch && item.file.source().matches(key).count() == 1
}

/// A place that asks a shared generator for its next value.
struct Advance<'p> {
    site: Site<'p>,
    generator: Site<'p>,
    place: SharedPlace<'p>,
    bare: Vec<Chain<'p>>,
}

/// The generator that a loop or a call of `next` advances.
fn advanced<'p>(cx: &Context<'p>, site: Site<'p>) -> Option<Site<'p>> {
    let generator = match site.node.kind() {
        Kind::For => site.child(Field::Right),
        Kind::Call
            if site
                .child(Field::Function)
                .is_some_and(|callee| callee.text() == "next") =>
        {
            argument(site, 0, "")
        }
        _ => None,
    };
    let is_generator = |generator: &Site<'p>| {
        matches!(generator.node.kind(), Kind::Name | Kind::Attribute)
            && matches!(
                cx.project.evaluate(*generator),
                Value::Instance(ClassValue::External(name)) if name.as_ref() == "builtins.generator"
            )
    };
    generator.filter(is_generator)
}

fn advances_of<'p>(
    cx: &Context<'p>,
    function: Function<'p>,
    site: Site<'p>,
    chains: &[Chain<'p>],
) -> Vec<Advance<'p>> {
    let Some(generator) = advanced(cx, site) else {
        return Vec::new();
    };
    if cx.project.may_be_locked(function, site) || is_handled(site) {
        return Vec::new();
    }
    let place = |chain: &Chain<'p>| cx.project.shared_container(function, generator, chain);
    let bare = chains.iter().filter(|chain| is_bare(cx, chain));
    let shared = shared_by(bare, place).into_iter();
    shared
        .map(|(place, bare)| Advance {
            site,
            generator,
            place,
            bare,
        })
        .collect()
}

/// Whether a `ValueError` is handled around a place.
fn is_handled(site: Site<'_>) -> bool {
    site.node.ancestors().any(|node| {
        node.kind() == Kind::Try
            && node.children().any(|clause| {
                let class = clause.children().next();
                clause.kind() == Kind::ExceptClause
                    && class.is_none_or(|class| {
                        class.kind() == Kind::Block
                            || class.text().contains("ValueError")
                            || class.text().contains("Exception")
                    })
            })
    })
}

fn report_generators<'p>(cx: &Context<'p>, advances: &[Advance<'p>], out: &mut Findings) {
    for advance in advances {
        let same = advances
            .iter()
            .filter(|other| other.place.identity == advance.place.identity);
        let starts = starts_of(same.flat_map(|other| &other.bare));
        if !are_several(cx, &starts) {
            continue;
        }
        let name = advance.place.name;
        let message = format!(
            "Several threads advance the generator `{name}` with no lock held: who asks while it is running for another thread gets `ValueError: generator already executing`; \
             hold a lock around `next`, or hand the values out through a `queue.Queue`"
        );
        let range = match advance.site.node.kind() {
            Kind::For => loop_header(advance.site),
            _ => advance.site.range(),
        };
        let finding = out.report(&RULE, Severity::Warning, cx.file, range, message);
        let made = cx.project.made_by(advance.generator);
        let made = made.and_then(|made| Some(made.with(made.node.statement()?)));
        if let Some(made) = made.or(advance.place.made) {
            finding.evidence(made, format!("all threads share this `{name}`"));
        }
        prove(finding, &starts);
    }
}
