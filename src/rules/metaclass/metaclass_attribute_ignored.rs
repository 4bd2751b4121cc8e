//! MET002 metaclass-attribute-ignored. Card: knowledge/rules/MET002-metaclass-attribute-ignored.md

use std::ops::Range;

use super::with_argument;
use crate::facts::{BindingKind, ScopeKind, Site, Subjects};
use crate::project::{Class, ClassValue, Metaclass, Value};
use crate::rules::{Context, Findings, Rule, Severity};
use crate::syntax::{CutKind, Field, Kind, Node};

pub const RULE: Rule = Rule {
    code: "MET002",
    name: "metaclass-attribute-ignored",
    check,
};

const NAME: &str = "__metaclass__";

fn check(cx: &Context<'_>, out: &mut Findings) {
    let mut is_ours = None;
    for root in cx.segments(Subjects::METACLASS_ATTRIBUTE) {
        for binding in &root.body().bindings {
            let name = root.at(binding.name);
            if name.text() != NAME || binding.kind != BindingKind::Assignment {
                continue;
            }
            let Some(value) = binding.value.map(|value| root.at(value)) else {
                continue;
            };
            let is_of_class = match root.body().scopes[binding.scope].kind {
                ScopeKind::Class => true,
                ScopeKind::Root => root.file.segment(root.segment).kind() == CutKind::Member,
                _ => continue,
            };
            let class = root
                .class_around(binding.scope)
                .and_then(|(site, _)| Class::at(site));
            let is_lost = match class {
                Some(class) => is_lost(cx, class, value),
                None => !is_of_class && !is_type(cx, value),
            };
            let is_asked = || !serves_both(cx) && !is_read(cx);
            if is_lost && *is_ours.get_or_insert_with(is_asked) {
                report(cx, name, value, class, out);
            }
        }
    }
}

fn is_type<'p>(cx: &Context<'p>, value: Site<'p>) -> bool {
    matches!(cx.project.evaluate(value), Value::External(name) if name.as_ref() == "builtins.type")
}

/// Whether the class is known, and known not to be made by what is assigned.
fn is_lost<'p>(cx: &Context<'p>, class: Class<'p>, value: Site<'p>) -> bool {
    let of_class = ClassValue::Known(class);
    let Metaclass::Is(metaclass) = cx.project.metaclass(&of_class) else {
        return false;
    };
    let is_made_by_it = match cx.project.base_class(value) {
        Some(wanted) => {
            let name = cx.project.qualified_class(&wanted);
            cx.project.derives_from(&metaclass, &name) != Some(false)
        }
        None => false,
    };
    !is_made_by_it && !is_type(cx, value) && cx.project.is_a_class(&of_class)
}

/// Whether the file is written for Python 2 too.
fn serves_both(cx: &Context<'_>) -> bool {
    let words = ["six", "future", "version_info", "PY2", "PY3", "hexversion"];
    words.iter().any(|word| cx.file.mentions(word))
}

/// Whether some code reads the attribute, or the name.
fn is_read(cx: &Context<'_>) -> bool {
    cx.project
        .mentions(NAME)
        .into_iter()
        .any(|(file, segment)| {
            let text = file.segment(segment).text();
            let is_named = [".__metaclass__", "'__metaclass__'", "\"__metaclass__\""];
            let root = file.root(segment);
            let mut names = root.body().named(NAME).map(|name| root.at(name).node);
            is_named.iter().any(|form| text.contains(form))
                || names.any(|name| {
                    let assignment = name.parent().filter(|node| node.kind() == Kind::Assignment);
                    assignment.and_then(|node| node.child(Field::Left)) != Some(name)
                })
        })
}

fn report<'p>(
    cx: &Context<'p>,
    name: Site<'p>,
    value: Site<'p>,
    class: Option<Class<'p>>,
    out: &mut Findings,
) {
    let Some(statement) = name.node.statement().map(|node| name.with(node)) else {
        return;
    };
    let value_text = value.text();
    let message = match class {
        Some(class) => format!(
            "Python 3 ignores `__metaclass__`, and `{name}` is made without `{value_text}`; write `metaclass={value_text}` in the class statement",
            name = class.name()
        ),
        None => format!(
            "Python 3 ignores `__metaclass__`, and no class of this module is made by `{value_text}`; write `metaclass={value_text}` in the class statements"
        ),
    };
    let finding = out.report(
        &RULE,
        Severity::Warning,
        cx.file,
        statement.range(),
        message,
    );
    match class {
        Some(class) => {
            finding.evidence_at(cx.file, class.header(), "the metaclass is not named here");
            if let Some(edits) = in_statement(cx, class, statement, value) {
                finding.fix("Name it in the class statement", false, edits);
            }
        }
        None => {
            finding.evidence(statement, "nobody reads it");
        }
    }
}

/// The edits that move the value into the class statement.
fn in_statement<'p>(
    cx: &Context<'p>,
    class: Class<'p>,
    statement: Site<'p>,
    value: Site<'p>,
) -> Option<Vec<(Range<usize>, String)>> {
    let is_of_class = value
        .node
        .with_descendants()
        .any(|node| node.kind() == Kind::Name && class.defines(node.text()));
    if class.keyword("metaclass").is_some() || class.has_unknown_keywords() || is_of_class {
        return None;
    }
    let added = with_argument(cx, class, &format!("metaclass={}", value.text()))?;
    let parts = class.site.class_parts(|_| true);
    let statements = parts.iter().flat_map(|part| part.node.children());
    let is_nested = statement.node.parent().is_some_and(|block| {
        let around = block.parent().map(Node::kind);
        block.kind() == Kind::Block && around != Some(Kind::ClassDef)
    });
    let mut range = statement.range();
    if is_nested {
        return None;
    }
    if statements.count() == 1 {
        return Some(vec![added, (range, "pass".to_string())]);
    }
    let source = cx.file.source();
    let line = source
        .get(..range.start)?
        .rfind('\n')
        .map_or(0, |newline| newline + 1);
    let is_alone = source.get(line..range.start)?.trim().is_empty();
    let end = source.get(range.end..)?.find('\n')? + range.end + 1;
    if !is_alone || !source.get(range.end..end)?.trim().is_empty() {
        return None;
    }
    range = line..end;
    Some(vec![added, (range, String::new())])
}
