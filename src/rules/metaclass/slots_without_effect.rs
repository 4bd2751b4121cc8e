//! MET014 slots-without-effect. Card: knowledge/rules/MET014-slots-without-effect.md

use super::last_word;
use crate::facts::{Site, Subjects};
use crate::project::{Class, ClassValue, Slots};
use crate::rules::{Context, Findings, Rule, Severity};
use crate::syntax::{Field, Kind};

pub const RULE: Rule = Rule {
    code: "MET014",
    name: "slots-without-effect",
    check,
};

fn check(cx: &Context<'_>, out: &mut Findings) {
    for class in cx.classes(Subjects::SLOTS) {
        if class.bases().next().is_none() {
            continue;
        }
        let Slots::Named { names, place } = cx.project.slots(class) else {
            continue;
        };
        let of_body = place.node.kind() == Kind::Assignment;
        let asks = names.iter().any(|name| name == "__dict__");
        let name = place.child(Field::Left).filter(|_| of_body && !asks);
        if let Some(name) = name
            && let Some(base) = with_dict(cx, class)
        {
            report(cx, class, name, &base, out);
        }
    }
}

/// The nearest base that gives objects a `__dict__` without asking for it. None where there is no such base, or not all bases are known.
fn with_dict<'p>(cx: &Context<'p>, class: Class<'p>) -> Option<ClassValue<'p>> {
    let project = cx.project;
    let mro = project.mro(class);
    let is_known = mro.is_complete()
        && !mro.inconsistent
        && project.is_made_as_written(class)
        && project.is_a_class(&ClassValue::Known(class));
    if !is_known {
        return None;
    }
    let mut found = None;
    for ancestor in mro.classes.into_iter().skip(1) {
        if project.gives_dict(&ancestor)? {
            if let ClassValue::Known(ancestor) = ancestor
                && matches!(project.slots(ancestor), Slots::Named { .. })
            {
                return None;
            }
            found = found.or(Some(ancestor));
        }
    }
    found
}

fn report<'p>(
    cx: &Context<'p>,
    class: Class<'p>,
    name: Site<'p>,
    base: &ClassValue<'p>,
    out: &mut Findings,
) {
    let qualified = cx.project.qualified_class(base);
    let base_name = last_word(&qualified);
    let instead = match base {
        ClassValue::Known(_) => format!("give `{base_name}` `__slots__` too, or do without"),
        ClassValue::External(_) => "do without them".to_string(),
    };
    let message = format!(
        "objects of `{class}` have a `__dict__` all the same, from its base `{base_name}`, so these slots save no room and refuse no attribute; {instead}",
        class = class.name(),
    );
    let finding = out.report(&RULE, Severity::Information, cx.file, name.range(), message);
    match base {
        ClassValue::Known(base) => {
            finding.evidence_at(base.site.file, base.header(), "it has no `__slots__`");
        }
        ClassValue::External(_) => {
            let brings = |site: &Site<'p>| {
                let class = cx.project.base_class(*site);
                class.is_some_and(|class| cx.project.mro_of(&class).classes.contains(base))
            };
            if let Some(site) = class.bases().find(brings) {
                finding.evidence(site, "its objects have a `__dict__`");
            }
        }
    }
}
