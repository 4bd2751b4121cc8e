//! Connections of `sqlite3` that are used in another thread than the one that made them: a part of GIL029.

use super::not_for_threads::{RULE, asks_in_caller, prove};
use super::racing::{comes_to_function, given_at_start, is_let_out, is_sure, stays_on_object};
use crate::facts::{BindingKind, Resolution, Site};
use crate::project::{Chain, ClassValue, Function, StartKind, Value};
use crate::rules::{Context, Findings, Severity};
use crate::syntax::{Field, Kind, Node};

/// Reports the first use, in a function that threads run, of each connection that another thread made.
pub(super) fn check<'p>(cx: &Context<'p>, function: Function<'p>, out: &mut Findings) {
    const METHODS: &[&str] = &[
        "close",
        "commit",
        "create_aggregate",
        "create_function",
        "cursor",
        "execute",
        "executemany",
        "executescript",
        "fetchall",
        "fetchmany",
        "fetchone",
        "rollback",
    ];
    let mut chains: Option<Vec<Chain<'p>>> = None;
    let mut known: Vec<&str> = Vec::new();
    for call in function.calls() {
        let callee = call.child(Field::Function);
        let Some(object) = callee.and_then(|callee| callee.child(Field::Object)) else {
            continue;
        };
        let method = callee.and_then(|callee| callee.node.child(Field::Attribute));
        if !method.is_some_and(|method| METHODS.contains(&method.text()))
            || !matches!(object.node.kind(), Kind::Name | Kind::Attribute)
            || known.contains(&object.text())
        {
            continue;
        }
        let chains = chains.get_or_insert_with(|| {
            let all = cx.project.chains(function).into_iter();
            all.filter(|chain| !chain.calls.iter().any(|call| asks_in_caller(*call)))
                .collect()
        });
        let made = chains
            .iter()
            .filter(|chain| is_let_out(call, chain) && comes_to_function(chain))
            .find_map(|chain| Some((chain, made_elsewhere(cx, function, object, chain)?)));
        if let Some((chain, made)) = made {
            known.push(object.text());
            let message = format!(
                "`{}` belongs to the thread that made it: in the thread that runs this `sqlite3` raises `ProgrammingError`; open a connection in this thread, \
                 or one for all with `check_same_thread=False` and a lock",
                object.text()
            );
            let severity = if is_sure(call, chain) {
                Severity::Error
            } else {
                Severity::Warning
            };
            let finding = out.report(&RULE, severity, cx.file, call.range(), message);
            let statement = made.statement();
            finding.evidence(statement, "another thread makes the connection here");
            prove(finding, &[chain]);
        }
    }
}

/// The call of `connect` that made a connection, or that of a cursor, in another thread than the one that a function runs in.
fn made_elsewhere<'p>(
    cx: &Context<'p>,
    function: Function<'p>,
    object: Site<'p>,
    chain: &Chain<'p>,
) -> Option<Site<'p>> {
    let given = given_at_start(cx, function, object.text(), chain);
    if given.is_none() && !is_from_outside(cx, function, object, chain) {
        return None;
    }
    let mut made = cx.project.made_by(given.unwrap_or(object))?;
    // a cursor of a connection
    for _ in 0..3 {
        let callee = made.child(Field::Function)?;
        let name = cx.project.qualified(callee)?;
        match name.as_ref() {
            "sqlite3.connect" | "sqlite3.dbapi2.connect" => {
                return belongs_to_thread(made).then_some(made);
            }
            name if name.starts_with("sqlite3.Connection().") => {
                made = cx.project.made_by(callee.child(Field::Object)?)?;
            }
            _ => return None,
        }
    }
    None
}

/// Whether a name or an attribute was bound before the thread began: in the module, in the function around, in the constructor.
fn is_from_outside<'p>(
    cx: &Context<'p>,
    function: Function<'p>,
    object: Site<'p>,
    chain: &Chain<'p>,
) -> bool {
    match object.node.kind() {
        Kind::Name => match object.resolve() {
            Resolution::Local(bindings) => bindings.iter().all(|binding| {
                let owner = Function::around(binding.name);
                binding.binding.kind == BindingKind::Assignment
                    && owner.is_some()
                    && owner != Some(function)
                    && owner == Function::around(chain.start.call)
            }),
            Resolution::Module(bindings) => bindings.iter().all(|binding| {
                binding.binding.kind == BindingKind::Assignment
                    && Function::around(binding.name).is_none()
            }),
            Resolution::Free => false,
        },
        _ => {
            let (Some(owner), Some(name), Some(class)) = (
                object.child(Field::Object),
                object.node.child(Field::Attribute),
                function.class(),
            ) else {
                return false;
            };
            let is_self = owner.node.kind() == Kind::Name
                && Some(owner.text()) == function.first_parameter()
                && matches!(
                    cx.project.evaluate(owner),
                    Value::Instance(ClassValue::Known(_))
                );
            let stores = class.stores_to_self(name.text());
            let is_made_first = stores.len() == 1
                && stores.iter().all(|(statement, _)| {
                    Function::around(*statement).is_some_and(|init| init.name() == "__init__")
                });
            // the object is made before its method is handed to a thread
            let is_bound = chain.start.kind == StartKind::Subclass
                || chain
                    .start
                    .target
                    .is_some_and(|target| target.node.kind() == Kind::Attribute);
            is_self && is_made_first && is_bound && stays_on_object(chain)
        }
    }
}

/// Whether a connection refuses other threads: nothing but the default says what it does.
fn belongs_to_thread(connect: Site<'_>) -> bool {
    let mut positional = 0;
    for argument in connect.node.arguments() {
        match argument.kind() {
            Kind::ListSplat | Kind::DictSplat => return false,
            Kind::KeywordArgument => {
                let name = argument.child(Field::Name).map(Node::text);
                if name == Some("check_same_thread") {
                    return false;
                }
            }
            _ => positional += 1,
        }
    }
    // the fifth is `check_same_thread`
    positional < 5
}
