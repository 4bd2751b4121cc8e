//! GIL010 executor-used-after-shutdown. Card: knowledge/rules/GIL010-executor-used-after-shutdown.md

use super::abbreviated;
use crate::facts::{BindingKind, Site, Subjects};
use crate::project::{ClassValue, Function, Pool, PoolCall, Value, managers};
use crate::rules::context::line;
use crate::rules::expected::is_any_expected;
use crate::rules::{Context, Findings, Rule, Severity};
use crate::syntax::{CutKind, Field, Kind, Node};

pub const RULE: Rule = Rule {
    code: "GIL010",
    name: "executor-used-after-shutdown",
    check,
};

fn check(cx: &Context<'_>, out: &mut Findings) {
    for call in cx.calls(Subjects::WORKERS) {
        let Some(used) = use_of(cx, call) else {
            continue;
        };
        if !closes_for_good(cx, &used) || is_any_expected(call) {
            continue;
        }
        let ends = match used.pool.node.kind() {
            Kind::Name => ends_of_name(cx, &used),
            Kind::Attribute => ends_of_attribute(cx, &used),
            _ => Vec::new(),
        };
        if let Some(last) = ends.first() {
            report(cx, &used, *last, &ends, out);
        }
    }
}

/// A call that gives a pool work.
fn use_of<'p>(cx: &Context<'p>, call: Site<'p>) -> Option<PoolCall<'p>> {
    const OF_EXECUTOR: &[&str] = &["submit", "map", "run_in_executor"];
    const OF_POOL: &[&str] = &[
        "apply",
        "apply_async",
        "imap",
        "imap_unordered",
        "map",
        "map_async",
        "starmap",
        "starmap_async",
    ];
    let used = cx.project.pool_call(call, OF_POOL);
    used.filter(|used| !used.kind.is_executor())
        .or_else(|| cx.project.pool_call(call, OF_EXECUTOR))
}

/// The methods after which a pool takes no more work.
fn endings(kind: Pool) -> &'static [&'static str] {
    match kind.is_executor() {
        true => &["shutdown"],
        false => &["close", "terminate"],
    }
}

fn report<'p>(
    cx: &Context<'p>,
    used: &PoolCall<'p>,
    last: Site<'p>,
    ends: &[Site<'p>],
    out: &mut Findings,
) {
    let pool = abbreviated(used.pool.text());
    let (why, mend) = if last.node.kind() == Kind::With {
        (
            format!(
                "the end of the `with` block of line {} has shut it down",
                line(last)
            ),
            "use it inside the block",
        )
    } else {
        (
            format!("it was shut down in line {}", line(last)),
            "use it before that, or make another one",
        )
    };
    let raised = match used.kind.is_executor() {
        true => "RuntimeError",
        false => "ValueError",
    };
    let message = format!("{pool} takes no more work: {why}, so this raises `{raised}`; {mend}");
    let finding = out.report(&RULE, Severity::Error, cx.file, used.call.range(), message);
    for end in ends {
        finding.evidence(*end, format!("{pool} is shut down here"));
    }
}

/// Whether the executor is of a class of the standard library, or of one that leaves its end as it is.
fn closes_for_good<'p>(cx: &Context<'p>, used: &PoolCall<'p>) -> bool {
    if used.kind == Pool::Executor {
        return false;
    }
    match cx.project.evaluate(used.pool) {
        Value::Instance(ClassValue::External(_)) => true,
        Value::Instance(ClassValue::Known(class)) => ["__enter__", "__exit__"]
            .iter()
            .chain(endings(used.kind))
            .all(|name| !cx.project.defines_somewhere(class, name)),
        _ => false,
    }
}

/// Where the executor that a name stands for is shut down on every way to its use.
fn ends_of_name<'p>(cx: &Context<'p>, used: &PoolCall<'p>) -> Vec<Site<'p>> {
    let function = Function::around(used.call);
    let endings = endings(used.kind);
    let mut name = used.pool;
    // other names of it
    for _ in 0..4 {
        let Some(binding) = cx.project.only_binding(name) else {
            break;
        };
        let is_it = |other: Site<'p>| {
            let other = cx.project.only_binding(other);
            other.is_some_and(|other| other.name == binding.name)
        };
        if let Some(ends) =
            statements_before(used.call).find_map(|one| ends_in(one, endings, &is_it))
        {
            return ends;
        }
        match (binding.binding.kind, binding.value()) {
            (BindingKind::With, _) => {
                let with = binding
                    .name
                    .node
                    .statement()
                    .map(|with| binding.name.with(with));
                let place = |site: Site<'p>| (site.segment, site.node.id());
                let is_over = with.filter(|with| {
                    Function::around(*with) == function
                        && place(*with) < place(used.call)
                        && !with.node.contains(used.call.node)
                });
                return is_over.into_iter().collect();
            }
            (BindingKind::Assignment, Some(value)) if value.node.kind() == Kind::Name => {
                name = value;
            }
            _ => break,
        }
    }
    Vec::new()
}

/// Where the executor that an attribute holds is shut down on every way to its use, with nothing in between that may bring another.
fn ends_of_attribute<'p>(cx: &Context<'p>, used: &PoolCall<'p>) -> Vec<Site<'p>> {
    let text = used.pool.text();
    let (Some(owner), Some(name)) = (
        used.pool.child(Field::Object),
        used.pool.node.child(Field::Attribute),
    ) else {
        return Vec::new();
    };
    // a property may make another each time
    let is_stored = match cx.project.evaluate(owner) {
        Value::Instance(ClassValue::Known(class)) => {
            !cx.project.defines_somewhere(class, name.text())
        }
        _ => false,
    };
    if !is_stored || owner.node.kind() != Kind::Name || Function::around(used.call).is_none() {
        return Vec::new();
    }
    let is_it = |other: Site<'p>| other.text() == text;
    let endings = endings(used.kind);
    let Some(ends) = statements_before(used.call).find_map(|one| ends_in(one, endings, &is_it))
    else {
        return Vec::new();
    };
    let stays = ends.iter().all(|end| !may_change(cx, used, *end));
    if stays { ends } else { Vec::new() }
}

/// Whether something between the end of an executor and its use may put another in its place.
fn may_change<'p>(cx: &Context<'p>, used: &PoolCall<'p>, end: Site<'p>) -> bool {
    let root = used.call.node.tree().root();
    let between = root.descendants().filter(|node| {
        node.id() > end.node.id()
            && !end.node.contains(*node)
            && (node.id() < used.call.node.id() && !node.contains(used.call.node)
                || used.call.node.contains(*node) && *node != used.call.node)
    });
    let text = used.pool.text();
    let owner = used.pool.node.child(Field::Object).map_or("", Node::text);
    let mut between = between;
    between.any(|node| match node.kind() {
        Kind::Assignment | Kind::AugmentedAssignment | Kind::For | Kind::With => {
            node.child(Field::Left).is_some_and(|left| {
                left.with_descendants()
                    .any(|part| part.text() == text || part.text() == owner)
            })
        }
        Kind::Call => {
            let callee = used.call.with(node).child(Field::Function);
            let is_own = callee
                .and_then(|callee| callee.child(Field::Object))
                .is_some_and(|object| object.text() == text);
            let is_known = || {
                let name = callee.and_then(|callee| cx.project.qualified(callee));
                name.is_some_and(|name| cx.project.is_standard(&name))
            };
            !is_own && !is_known()
        }
        Kind::Await | Kind::Yield => true,
        _ => false,
    })
}

/// The statements that were executed before a node is, latest first: those before it in its block and in the blocks around it, in the same function.
fn statements_before<'p>(site: Site<'p>) -> impl Iterator<Item = Site<'p>> {
    let around = std::iter::once(site.node)
        .chain(site.node.ancestors())
        .take_while(|node| {
            !matches!(
                node.kind(),
                Kind::FunctionDef | Kind::Lambda | Kind::ClassDef
            )
        });
    let here = around.flat_map(move |node| {
        let block = node
            .parent()
            .filter(|parent| matches!(parent.kind(), Kind::Block | Kind::Module));
        let before: Vec<_> = block
            .into_iter()
            .flat_map(Node::children)
            .take_while(|child| *child != node)
            .collect();
        before.into_iter().rev().map(move |node| site.with(node))
    });
    let file = site.file;
    let is_on_top =
        Function::around(site).is_none() && file.segment(site.segment).kind() == CutKind::Item;
    let earlier = (0..site.segment)
        .rev()
        .filter(move |segment| is_on_top && file.segment(*segment).kind() == CutKind::Item);
    here.chain(earlier.flat_map(move |segment| {
        let root = file.root(segment);
        let own: Vec<_> = root.node.children().collect();
        own.into_iter().rev().map(move |node| root.with(node))
    }))
}

/// Where a statement shuts an executor down, if it does so on every way through it.
fn ends_in<'p>(
    statement: Site<'p>,
    endings: &[&str],
    is_it: &impl Fn(Site<'p>) -> bool,
) -> Option<Vec<Site<'p>>> {
    let block = |block: Node<'p>| {
        let statements: Vec<_> = block.children().collect();
        statements
            .into_iter()
            .rev()
            .find_map(|node| ends_in(statement.with(node), endings, is_it))
    };
    match statement.node.kind() {
        Kind::ExpressionStatement => {
            let call = statement.node.children().next()?;
            let callee = call.child(Field::Function)?;
            let object = callee.child(Field::Object)?;
            let is_end = call.kind() == Kind::Call
                && endings.contains(&callee.child(Field::Attribute)?.text())
                && is_it(statement.with(object));
            is_end.then(|| vec![statement.with(call)])
        }
        Kind::With => managers(statement)
            .any(|manager| manager.node.kind() != Kind::Call && is_it(manager))
            .then(|| vec![statement]),
        Kind::Try => {
            let clause = statement.node.child_of(Kind::FinallyClause)?;
            block(clause.child_of(Kind::Block)?)
        }
        Kind::If => {
            let mut branches = vec![statement.node.child(Field::Consequence)?];
            let mut has_else = false;
            for clause in statement.node.children() {
                match clause.kind() {
                    Kind::ElifClause => branches.push(clause.child(Field::Consequence)?),
                    Kind::ElseClause => {
                        has_else = true;
                        branches.push(clause.child(Field::Body)?);
                    }
                    _ => {}
                }
            }
            let mut found = Vec::new();
            for branch in branches {
                found.extend(block(branch)?);
            }
            has_else.then_some(found)
        }
        _ => None,
    }
}
