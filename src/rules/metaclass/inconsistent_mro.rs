//! MET012 inconsistent-mro. Card: knowledge/rules/MET012-inconsistent-mro.md

use super::{is_expected, last_word};
use crate::facts::Site;
use crate::project::{Class, ClassValue};
use crate::rules::{Context, Finding, Findings, Rule, Severity};

pub const RULE: Rule = Rule {
    code: "MET012",
    name: "inconsistent-mro",
    check,
};

/// A base as it is written, and what it is.
type Base<'p> = (Site<'p>, ClassValue<'p>);

fn check(cx: &Context<'_>, out: &mut Findings) {
    for class in cx.project.of_unordered_bases(cx.file) {
        if let Some(bases) = known_bases(cx, class)
            && !is_expected(class.site, "TypeError")
        {
            check_class(cx, class, &bases, out);
        }
    }
}

/// The bases of a class, where all of them have an order of their own that is known, and nothing else decides about the order of the class.
fn known_bases<'p>(cx: &Context<'p>, class: Class<'p>) -> Option<Vec<Base<'p>>> {
    let mut known = Vec::new();
    for (site, base) in cx.project.bases_of(class) {
        let base = base?;
        let order = cx.project.mro_of(&base);
        let is_sure = order.is_complete() && !order.inconsistent;
        if !is_sure || !cx.project.is_a_class(&base) || !cx.project.is_base_itself(site, &base) {
            return None;
        }
        known.push((site, base));
    }
    // `typing.Dict` adds nothing where `dict` is a base too
    let gives_way = |(_, base): &Base<'p>| {
        let ClassValue::External(name) = base else {
            return false;
        };
        let order = cx.project.mro_of(base);
        let is_named = order.classes.get(1);
        let is_named = is_named.is_some_and(|named| known.iter().any(|(_, other)| other == named));
        name.starts_with("typing.") && name.as_ref() != "typing.Generic" && is_named
    };
    if known.iter().any(gives_way) {
        return None;
    }
    let decided =
        known.len() > 1 && !class.has_unknown_keywords() && cx.project.is_made_as_written(class);
    decided.then_some(known)
}

fn check_class<'p>(cx: &Context<'p>, class: Class<'p>, bases: &[Base<'p>], out: &mut Findings) {
    let name = class.name();
    if let Some((first, second)) = twice(bases) {
        let finding = report(
            cx,
            class,
            out,
            &format!(
                "`{name}` has the base `{}` twice; name it once",
                short(cx, &first.1)
            ),
        );
        finding.evidence(second.0, "the second time");
        let before = bases.iter().map(|(site, _)| site.range().end);
        let before = before
            .take_while(|end| *end < second.0.range().start)
            .last();
        if let Some(before) = before {
            let gone = before..second.0.range().end;
            finding.fix("Name the base once", false, vec![(gone, String::new())]);
        }
        return;
    }
    if let Some((early, late)) = too_early(cx, bases) {
        let (early_name, late_name) = (short(cx, &early.1), short(cx, &late.1));
        let finding = report(
            cx,
            class,
            out,
            &format!(
                "`{name}` has the base `{early_name}` before `{late_name}`, which derives from it, and a class must come before its own bases; write `{late_name}` first"
            ),
        );
        finding.evidence(early.0, format!("too early: `{late_name}` derives from it"));
        reorder(cx, class, bases, finding);
        return;
    }
    let classes: Vec<_> = bases.iter().map(|(_, base)| base.clone()).collect();
    if cx.project.order_of(&classes).is_some() {
        return;
    }
    let Some((one, other)) = contradiction(cx, &classes) else {
        return;
    };
    let finding = report(
        cx,
        class,
        out,
        &format!(
            "the bases of `{name}` have `{}` and `{}` in opposite orders, and no order of `{name}` can keep both; give them one order",
            short(cx, &one),
            short(cx, &other)
        ),
    );
    for (first, second) in [(&one, &other), (&other, &one)] {
        if let Some(class) = who_orders(cx, class, first, second) {
            let words = format!("`{}` before `{}`", short(cx, first), short(cx, second));
            finding.evidence_at(class.site.file, class.header(), words);
        }
    }
}

fn report<'o>(
    cx: &Context<'_>,
    class: Class<'_>,
    out: &'o mut Findings,
    why: &str,
) -> &'o mut Finding {
    let message = format!("Python raises TypeError at this class statement: {why}");
    out.report(&RULE, Severity::Error, cx.file, class.header(), message)
}

fn short(cx: &Context<'_>, class: &ClassValue<'_>) -> String {
    last_word(&cx.project.qualified_class(class)).to_string()
}

/// The first base that is there a second time.
fn twice<'b, 'p>(bases: &'b [Base<'p>]) -> Option<(&'b Base<'p>, &'b Base<'p>)> {
    pairs(bases).find(|(one, other)| one.1 == other.1)
}

fn pairs<'b, 'p>(bases: &'b [Base<'p>]) -> impl Iterator<Item = (&'b Base<'p>, &'b Base<'p>)> {
    let later = |at: usize| bases.iter().skip(at + 1);
    let each = bases.iter().enumerate();
    each.flat_map(move |(at, one)| later(at).map(move |other| (one, other)))
}

/// A base before one that derives from it.
fn too_early<'b, 'p>(
    cx: &Context<'p>,
    bases: &'b [Base<'p>],
) -> Option<(&'b Base<'p>, &'b Base<'p>)> {
    pairs(bases).find(|(one, other)| is_base_of(cx, &one.1, &other.1))
}

fn is_base_of<'p>(cx: &Context<'p>, base: &ClassValue<'p>, class: &ClassValue<'p>) -> bool {
    is_object(base)
        || cx
            .project
            .mro_of(class)
            .classes
            .iter()
            .skip(1)
            .any(|other| other == base)
}

fn is_object(class: &ClassValue<'_>) -> bool {
    matches!(class, ClassValue::External(name) if name.as_ref() == "builtins.object")
}

/// Two classes that one base has in one order, and another base, or the list of bases, in the other.
fn contradiction<'p>(
    cx: &Context<'p>,
    bases: &[ClassValue<'p>],
) -> Option<(ClassValue<'p>, ClassValue<'p>)> {
    let orders = bases.iter().map(|base| cx.project.mro_of(base).classes);
    let orders: Vec<_> = orders.chain([bases.to_vec()]).collect();
    for (at, order) in orders.iter().enumerate() {
        for (first, one) in order.iter().enumerate() {
            for other in &order[first + 1..] {
                let is_opposite = |order: &&Vec<ClassValue<'p>>| {
                    let place = |class| order.iter().position(|known| known == class);
                    matches!((place(one), place(other)), (Some(one), Some(other)) if other < one)
                };
                if orders[at + 1..].iter().any(|order| is_opposite(&order)) {
                    return Some((one.clone(), other.clone()));
                }
            }
        }
    }
    None
}

/// The class statement of the project that puts one class before another: the first below `class` of whose bases none has both.
fn who_orders<'p>(
    cx: &Context<'p>,
    class: Class<'p>,
    first: &ClassValue<'p>,
    second: &ClassValue<'p>,
) -> Option<Class<'p>> {
    let ordered = |class: &ClassValue<'p>| {
        let order = cx.project.mro_of(class).classes;
        let place = |wanted| order.iter().position(|known| known == wanted);
        matches!((place(first), place(second)), (Some(first), Some(second)) if first < second)
    };
    let mut found = class;
    // each step goes to a base: a hierarchy that is known has an end
    for _ in 0..64 {
        let bases = cx.project.bases_of(found).into_iter();
        let next = bases
            .filter_map(|(_, base)| base)
            .find(|base| ordered(base));
        match next {
            Some(ClassValue::Known(next)) => found = next,
            Some(ClassValue::External(_)) => return None,
            None => return Some(found),
        }
    }
    None
}

/// Puts each base behind those that derive from it, if that is an order that works.
fn reorder<'p>(cx: &Context<'p>, class: Class<'p>, bases: &[Base<'p>], finding: &mut Finding) {
    let mut rest: Vec<&Base<'p>> = bases.iter().collect();
    let mut ordered: Vec<&Base<'p>> = Vec::new();
    while !rest.is_empty() {
        let is_last = |base: &Base<'p>| {
            let mut others = rest.iter().filter(|other| other.1 != base.1);
            others.any(|other| is_base_of(cx, &base.1, &other.1))
        };
        let Some(next) = rest.iter().position(|base| !is_last(base)) else {
            return;
        };
        ordered.push(rest.remove(next));
    }
    let classes = ordered.iter().map(|(_, base)| base.clone());
    let classes: Vec<_> = classes.filter(|base| !is_object(base)).collect();
    if cx.project.order_of(&classes).is_none() || bases.len() != class.bases().count() {
        return;
    }
    let moved = bases
        .iter()
        .zip(&ordered)
        .filter(|(old, new)| old.0 != new.0);
    let edits = moved.map(|(old, new)| (old.0.range(), new.0.text().to_string()));
    finding.fix(
        "Put each base behind those that derive from it",
        false,
        edits.collect(),
    );
}
