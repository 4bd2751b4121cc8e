//! MET001 metaclass-conflict. Card: knowledge/rules/MET001-metaclass-conflict.md

use super::is_expected;
use crate::facts::Site;
use crate::project::{Class, ClassValue, Metaclass};
use crate::rules::context::line;
use crate::rules::{Context, Finding, Findings, Rule, Severity};

pub const RULE: Rule = Rule {
    code: "MET001",
    name: "metaclass-conflict",
    check,
};

fn check(cx: &Context<'_>, out: &mut Findings) {
    for class in cx.project.of_several_metaclasses(cx.file) {
        let Metaclass::Conflict(one, other) = cx.project.metaclass(&ClassValue::Known(class))
        else {
            continue;
        };
        if is_expected(class.site, "TypeError") {
            continue;
        }
        let (one, other) = (short(cx, &one), short(cx, &other));
        let message = format!(
            "Python raises TypeError at this class statement: a base of `{name}` needs the metaclass `{one}`, another `{other}`, and neither is a subclass of the other; \
             give `{name}` a metaclass that derives from both",
            name = class.name(),
        );
        let finding = out.report(&RULE, Severity::Error, cx.file, class.header(), message);
        for base in class.bases() {
            explain(cx, base, finding);
        }
        if let Some(own) = class.keyword("metaclass") {
            finding.evidence(own, "its own metaclass");
        }
    }
}

fn short(cx: &Context<'_>, class: &ClassValue<'_>) -> String {
    let name = cx.project.qualified_class(class);
    name.rsplit('.').next().unwrap_or(&name).to_string()
}

/// Says which metaclass a base brings along, and where it gets it from.
fn explain<'p>(cx: &Context<'p>, base: Site<'p>, finding: &mut Finding) {
    let Some(class) = cx.project.base_class(base) else {
        return;
    };
    let Metaclass::Is(metaclass) = cx.project.metaclass(&class) else {
        return;
    };
    let name = short(cx, &metaclass);
    if name == "type" {
        return;
    }
    finding.evidence(base, format!("its metaclass is `{name}`"));
    let sources =
        cx.project
            .mro_of(&class)
            .classes
            .into_iter()
            .filter_map(|ancestor| match ancestor {
                ClassValue::Known(ancestor) => Some((ancestor, ancestor.keyword("metaclass")?)),
                ClassValue::External(_) => None,
            });
    for (ancestor, keyword) in sources {
        if cx.project.base_class(keyword).as_ref() == Some(&metaclass) {
            finding.evidence(keyword, from_here(ancestor, &name));
            break;
        }
    }
}

fn from_here(class: Class<'_>, name: &str) -> String {
    format!(
        "`{name}` comes from here: `{}` in line {}",
        class.name(),
        line(class.site)
    )
}
