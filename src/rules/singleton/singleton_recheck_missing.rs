//! SNG003 singleton-recheck-missing. Card: knowledge/rules/SNG003-singleton-recheck-missing.md

use super::{singleton_name, singletons};
use crate::facts::{BindingKind, Site};
use crate::project::{Locking, Singleton};
use crate::rules::{Context, Findings, Rule, Severity};
use crate::syntax::{Field, Kind, Node};

pub const RULE: Rule = Rule {
    code: "SNG003",
    name: "singleton-recheck-missing",
    check,
};

fn check(cx: &Context<'_>, out: &mut Findings) {
    for singleton in singletons(cx) {
        if let Locking::AfterCheck(lock) = singleton.locking {
            report(cx, &singleton, lock, out);
        }
    }
}

fn report<'p>(cx: &Context<'p>, singleton: &Singleton<'p>, lock: Site<'p>, out: &mut Findings) {
    let message = format!(
        "two threads can both find here that there is no `{}` yet; the one that waits for the lock makes a second one and puts it in the first one's place: \
         look again under the lock, before making it",
        singleton_name(singleton)
    );
    let finding = out.report(
        &RULE,
        Severity::Warning,
        cx.file,
        singleton.check.range(),
        message,
    );
    finding.evidence(lock, "the lock, taken after the check");
    finding.evidence(singleton.creation, "made without looking again");
    if let Some(edits) = second_look(singleton, lock) {
        finding.fix("Look again under the lock", true, edits);
    }
}

type Edits = Vec<(std::ops::Range<usize>, String)>;

/// The check written once more inside the `with`: around what stands there, or, where the first one returns, the whole statement before it.
fn second_look(singleton: &Singleton<'_>, lock: Site<'_>) -> Option<Edits> {
    let check = singleton.check;
    let statement = check.node.parent().filter(|node| node.kind() == Kind::If)?;
    let with = lock
        .node
        .ancestors()
        .find(|node| node.kind() == Kind::With && node.contains(singleton.creation.node))?;
    let block = with.child(Field::Body)?;
    let (inner, outer) = (indent(block)?, indent(with)?);
    let step = inner.strip_prefix(outer).filter(|step| !step.is_empty())?;
    if asks_a_local(singleton) || check.text().contains('\n') {
        return None;
    }
    let start = lock.with(block).range().start;
    if !statement.contains(with) {
        let text = statement.text();
        let deeper = inner.strip_prefix(indent(statement)?)?;
        let copied = text.replace('\n', &format!("\n{deeper}"));
        return Some(vec![(start..start, format!("{copied}\n{inner}"))]);
    }
    let in_branch = statement
        .child(Field::Consequence)
        .is_some_and(|branch| branch.contains(with));
    let several_lines = |node: Node<'_>| node.kind() == Kind::String && node.text().contains('\n');
    if !in_branch || block.descendants().any(several_lines) {
        return None;
    }
    let lines = block
        .text()
        .match_indices('\n')
        .map(|(at, _)| start + at + 1);
    let source = lock.file.source();
    let filled = lines.filter(|at| {
        source
            .get(*at..)
            .is_some_and(|rest| rest.starts_with(inner))
    });
    let mut edits = vec![(start..start, format!("if {}:\n{inner}{step}", check.text()))];
    edits.extend(filled.map(|at| (at..at, step.to_string())));
    Some(edits)
}

/// The blanks before the line that a node begins; none where something else stands before it.
fn indent(node: Node<'_>) -> Option<&str> {
    let before = node.tree().text().get(..node.range().start)?;
    let line = before.rsplit('\n').next()?;
    line.trim().is_empty().then_some(line)
}

/// Whether the check asks for a local name, which does not change while the lock is waited for.
fn asks_a_local(singleton: &Singleton<'_>) -> bool {
    let function = singleton.function;
    let body = function.site.body();
    singleton.check.node.with_descendants().any(|node| {
        let mut bindings = body.bindings_in(function.scope(), node.text()).peekable();
        node.kind() == Kind::Name
            && bindings.peek().is_some()
            && bindings.all(|binding| binding.kind == BindingKind::Assignment)
    })
}
