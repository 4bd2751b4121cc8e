//! MET013 slots-conflict. Card: knowledge/rules/MET013-slots-conflict.md

use super::{is_expected, last_word};
use crate::facts::{BindingKind, BindingSite, Site, Subjects};
use crate::project::{Class, ClassValue, Function, Slots, unmangled};
use crate::rules::{Context, Findings, Rule, Severity};
use crate::syntax::Kind;

pub const RULE: Rule = Rule {
    code: "MET013",
    name: "slots-conflict",
    check,
};

fn check(cx: &Context<'_>, out: &mut Findings) {
    let file = cx.file;
    let about = file.about(Subjects::SLOTS);
    let filled = about.filter(|&segment| file.segment(segment).may_have_slots());
    for class in cx.project.classes_in(file, filled) {
        check_names(cx, class, out);
        check_size(cx, class, out);
    }
    for class in cx.project.of_slotted_bases(cx.file) {
        check_bases(cx, class, out);
    }
}

/// Whether `type` makes the class of the body as it is written: an enumeration, for one, takes its members out.
fn is_plain<'p>(cx: &Context<'p>, class: Class<'p>) -> bool {
    let project = cx.project;
    project.is_made_as_written(class)
        && project.mro(class).is_complete()
        && project.derives_from(&ClassValue::Known(class), "enum.Enum") == Some(false)
}

/// A slot and a value of one name.
fn check_names<'p>(cx: &Context<'p>, class: Class<'p>, out: &mut Findings) {
    let names = match cx.project.slots(class) {
        Slots::Named { names, place } if place.node.kind() == Kind::Assignment => (names, place),
        _ => return,
    };
    let (names, slots) = names;
    let mut values: Vec<(&str, Site<'p>, std::ops::Range<usize>)> = Vec::new();
    // these two are no slots but ask for room
    let is_slot = |name: &&String| !matches!(name.as_str(), "__dict__" | "__weakref__");
    for slot in names.iter().filter(is_slot) {
        for member in class.site.members_named(unmangled(class.name(), slot)) {
            if let Some(range) = value_of(cx, class, &member) {
                values.push((member.name.text(), member.name, range));
            }
        }
    }
    values.sort_by_key(|(_, _, range)| range.start);
    let Some((name, at, _)) = values.first() else {
        return;
    };
    if !is_plain(cx, class) || is_expected(class.site, "ValueError") {
        return;
    }
    let what = match at.node.parent().map(|parent| parent.kind()) {
        Some(Kind::FunctionDef) => "a method",
        Some(Kind::ClassDef) => "a class",
        _ => "a value",
    };
    let message = format!(
        "Python raises ValueError at this class statement: `{name}` is a slot of `{class}` and {what} in its body, and the class has room for one of them; \
         take `{name}` out of the slots, or set it in `__init__`",
        class = class.name(),
    );
    let finding = out.report(&RULE, Severity::Error, cx.file, class.header(), message);
    finding.evidence(slots, "the slots");
    for (name, _, range) in &values {
        finding.evidence_at(
            cx.file,
            range.clone(),
            format!("`{name}` in the class body"),
        );
    }
}

/// Where a member gives its name a value for good: the statement, or a definition's header.
fn value_of<'p>(
    cx: &Context<'p>,
    class: Class<'p>,
    member: &BindingSite<'p>,
) -> Option<std::ops::Range<usize>> {
    let deleted = class.site.members_named(member.name.text());
    let is_kept = deleted
        .iter()
        .all(|other| other.binding.kind != BindingKind::Delete);
    if !is_kept || !cx.project.is_always_bound(member.name) {
        return None;
    }
    match member.binding.kind {
        BindingKind::Assignment => {
            let statement = member.name.node.statement()?;
            Some(member.name.with(statement).range())
        }
        BindingKind::Function => Some(Function::at(member.value()?)?.header()),
        BindingKind::Class => Some(Class::at(member.value()?)?.header()),
        _ => None,
    }
}

/// Slots in a class whose objects have no fixed size.
fn check_size<'p>(cx: &Context<'p>, class: Class<'p>, out: &mut Findings) {
    let slots = cx.project.slots(class);
    let Slots::Named { place, .. } = slots else {
        return;
    };
    if !slots.take_room() || place.node.kind() != Kind::Assignment {
        return;
    }
    let mro = cx.project.mro(class);
    let sized = mro.classes.iter().find_map(|base| match base {
        ClassValue::External(name) => match name.as_ref() {
            "builtins.int" | "builtins.bytes" | "builtins.tuple" | "builtins.type" => {
                name.strip_prefix("builtins.")
            }
            _ => None,
        },
        ClassValue::Known(_) => None,
    });
    let Some(base) = sized.filter(|_| is_plain(cx, class) && !mro.inconsistent) else {
        return;
    };
    if is_expected(class.site, "TypeError") {
        return;
    }
    let message = format!(
        "Python raises TypeError at this class statement: the objects of `{base}` differ in length and have no place for slots behind it; give `{}` `__slots__ = ()`, or none",
        class.name()
    );
    let finding = out.report(&RULE, Severity::Error, cx.file, class.header(), message);
    finding.evidence(place, "the slots");
}

/// Two bases with slots of their own.
fn check_bases<'p>(cx: &Context<'p>, class: Class<'p>, out: &mut Findings) {
    let project = cx.project;
    // the base as it is called, and the class that its slots come from
    let mut slotted: Vec<(String, Class<'p>)> = Vec::new();
    for (_, base) in project.bases_of(class) {
        let Some(base) = base.filter(|base| project.is_a_class(base)) else {
            return;
        };
        let Some(found) = with_room(cx, &base, 0) else {
            return;
        };
        let name = last_word(&project.qualified_class(&base)).to_string();
        slotted.extend(found.map(|found| (name, found)));
    }
    let derives = |one: Class<'p>, other: Class<'p>| project.known_mro(one).contains(&other);
    let conflict = slotted.iter().enumerate().find_map(|(at, one)| {
        let mut later = slotted[at + 1..].iter();
        let other = later.find(|other| !derives(one.1, other.1) && !derives(other.1, one.1))?;
        Some([one, other])
    });
    let Some([one, other]) = conflict else {
        return;
    };
    let mro = project.mro(class);
    if !is_plain(cx, class) || mro.inconsistent || is_expected(class.site, "TypeError") {
        return;
    }
    let message = format!(
        "Python raises TypeError at this class statement: `{}` and `{}` both have slots of their own, which claim the same places in an object of `{}`; \
         leave one of them without slots, or with `__slots__ = ()`",
        one.0,
        other.0,
        class.name(),
    );
    let finding = out.report(&RULE, Severity::Error, cx.file, class.header(), message);
    for (name, source) in [one, other] {
        if let Slots::Named { place, .. } = project.slots(*source) {
            finding.evidence(place, format!("the slots of `{name}`"));
        }
    }
}

/// The class that decides where the slots of a class stand: itself, or the most derived of its bases' ones. The outer None where slots are not known.
fn with_room<'p>(
    cx: &Context<'p>,
    class: &ClassValue<'p>,
    depth: usize,
) -> Option<Option<Class<'p>>> {
    let ClassValue::Known(class) = class else {
        return Some(None);
    };
    let slots = cx.project.slots(*class);
    if depth > 32 || matches!(slots, Slots::Unknown) {
        return None;
    }
    if slots.take_room() {
        return Some(Some(*class));
    }
    let mut found: Option<Class<'p>> = None;
    for (_, base) in cx.project.bases_of(*class) {
        let Some(inherited) = with_room(cx, &base?, depth + 1)? else {
            continue;
        };
        let is_more = |known: Class<'p>| cx.project.known_mro(inherited).contains(&known);
        if found.is_none_or(is_more) {
            found = Some(inherited);
        }
    }
    Some(found)
}
