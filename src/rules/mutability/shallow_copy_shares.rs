//! MUT009 shallow-copy-shares. Card: knowledge/rules/MUT009-shallow-copy-shares.md

use rustc_hash::FxHashSet;

use super::{comes_after, constant, edits, is_container, is_made_here, made, may_be_constant};
use crate::facts::{BindingKind, SegmentFacts, Site, Subjects};
use crate::project::{ClassValue, Followed, Function, Part, Reach, Use, turn_around};
use crate::rules::context::line;
use crate::rules::{Context, Findings, Rule, Severity};
use crate::syntax::{CutKind, Field, Kind, Node, Op, Outline};

pub const RULE: Rule = Rule {
    code: "MUT009",
    name: "shallow-copy-shares",
    check,
};

fn check(cx: &Context<'_>, out: &mut Findings) {
    let copies_known = |facts: &SegmentFacts| {
        let names: FxHashSet<&str> = facts.shallow_copies().collect();
        let mut names = names.into_iter();
        names.any(|name| may_be_original(cx, facts, name))
    };
    for root in cx.segments_where(Subjects::SHALLOW_COPIES, copies_known) {
        let assignments = root.node.descendants();
        for node in assignments.filter(|node| node.kind() == Kind::Assignment) {
            if let Some(copy) = copy(root.with(node))
                && let Some(original) = original(cx, copy)
                && !items(cx, original.display).is_empty()
                && is_copying(cx, copy, original)
            {
                check_copy(cx, copy, original, out);
            }
        }
    }
}

/// Whether, by words, `original` may find what a name in a segment stands for.
fn may_be_original(cx: &Context<'_>, facts: &SegmentFacts, name: &str) -> bool {
    // on the top level of a module, it may be bound in another segment
    let is_module = facts.kind() != CutKind::Member
        && !matches!(facts.outline(), Outline::Function(_) | Outline::Class(_));
    let is_here = || is_module || !name.contains('.') && facts.may_bind_display(name);
    may_be_constant(cx.file, name) || is_here()
}

/// A name that is bound to a shallow copy.
#[derive(Clone, Copy)]
struct Copy<'p> {
    name: Site<'p>,
    /// `x.copy()`
    value: Site<'p>,
    /// `x`
    from: Site<'p>,
}

/// What is copied.
#[derive(Clone, Copy)]
struct Original<'p> {
    /// The display or comprehension that makes it.
    display: Site<'p>,
    /// Its name's node where it is bound; None for a constant of a module or a class, which the next call copies again.
    bound: Option<Site<'p>>,
}

/// `name = x.copy()`, by its form.
fn copy(assignment: Site<'_>) -> Option<Copy<'_>> {
    let name = assignment.child(Field::Left)?;
    let value = assignment.child(Field::Right)?;
    if name.node.kind() != Kind::Name || assignment.node.parent()?.kind() == Kind::Assignment {
        return None;
    }
    let node = value.node;
    let mut children = node.children();
    let from = match node.kind() {
        Kind::Call => {
            let callee = node.child(Field::Function)?;
            let mut arguments = node.child(Field::Arguments)?.children();
            match (arguments.next(), arguments.next()) {
                (None, _) => {
                    let method = callee.child(Field::Attribute)?;
                    callee
                        .child(Field::Object)
                        .filter(|_| method.text() == "copy")?
                }
                (Some(only), None) => only,
                (Some(first), Some(_)) if callee.text() == "dict" => first,
                _ => return None,
            }
        }
        Kind::Subscript => {
            let index = children.find(|child| child.field() == Field::Subscript)?;
            let is_whole = index.kind() == Kind::Slice && index.children().next().is_none();
            node.child(Field::Value).filter(|_| is_whole)?
        }
        Kind::Dict | Kind::List => {
            let first = children.next()?;
            let is_splat = matches!(first.kind(), Kind::DictSplat | Kind::ListSplat);
            let is_only = node.kind() == Kind::Dict || children.next().is_none();
            first.children().next().filter(|_| is_splat && is_only)?
        }
        Kind::BinaryOperation if node.op() == Op::BitOr => {
            let right = node.child(Field::Right)?;
            node.child(Field::Left)
                .filter(|_| right.kind() == Kind::Dict)?
        }
        _ => return None,
    };
    let is_name = matches!(from.kind(), Kind::Name | Kind::Attribute);
    let copy = Copy {
        name,
        value,
        from: value.with(from),
    };
    (is_name && own_keys(copy).is_some()).then_some(copy)
}

/// The keys under which a copy has something else from the start: `{**x, "key": value}`, `dict(x, key=value)`, `x | {"key": value}`. None where they are not all written out.
fn own_keys(copy: Copy<'_>) -> Option<Vec<String>> {
    let node = copy.value.node;
    let more: Vec<Node<'_>> = match node.kind() {
        Kind::Dict => node.children().skip(1).collect(),
        Kind::BinaryOperation => node.child(Field::Right)?.children().collect(),
        Kind::Call => node.child(Field::Arguments)?.children().skip(1).collect(),
        _ => Vec::new(),
    };
    let keys = more.into_iter().map(|part| match part.kind() {
        Kind::KeywordArgument => Some(part.child(Field::Name)?.text().to_string()),
        Kind::Pair => written(part.child(Field::Key)?),
        _ => None,
    });
    keys.collect()
}

fn original<'p>(cx: &Context<'p>, copy: Copy<'p>) -> Option<Original<'p>> {
    let around = Function::around(copy.from);
    if copy.name.class_around(copy.name.scope()).is_some() {
        return None;
    }
    if let Some(only) = cx.project.only_binding(copy.from)
        && only.binding.kind == BindingKind::Assignment
        && Function::around(only.name) == around
        && only.name.class_around(only.binding.scope).is_none()
    {
        let value = only.value()?;
        return Some(Original {
            display: value.with(value.node.unparenthesized()),
            bound: Some(only.name),
        });
    }
    around?;
    let display = constant(cx, copy.from)?;
    Some(Original {
        display,
        bound: None,
    })
}

/// Whether the expression makes a shallow copy of that object: `dict(…)` of a dictionary, `list(…)` of a list.
fn is_copying<'p>(cx: &Context<'p>, copy: Copy<'p>, original: Original<'p>) -> bool {
    let is_dict = is_dict(original.display.node);
    match copy.value.node.kind() {
        Kind::Dict | Kind::BinaryOperation => is_dict,
        Kind::List | Kind::Subscript => !is_dict,
        _ => {
            let callee = copy.value.child(Field::Function);
            let callee = callee.and_then(|callee| cx.project.qualified(callee));
            match callee.as_deref() {
                Some("copy.copy" | "builtins.dict().copy" | "builtins.list().copy") => true,
                Some("builtins.dict") => is_dict,
                Some("builtins.list") => !is_dict,
                _ => false,
            }
        }
    }
}

fn is_dict(display: Node<'_>) -> bool {
    matches!(display.kind(), Kind::Dict | Kind::DictComprehension)
}

/// What a display or a comprehension holds, with its key where that is written out; nothing where it is not all written out, or nothing of it is a container.
fn items<'p>(cx: &Context<'p>, display: Site<'p>) -> Vec<(Option<String>, Site<'p>)> {
    let node = display.node;
    let all: Option<Vec<_>> = match node.kind() {
        Kind::List => {
            let is_plain = |item: Node<'_>| item.kind() != Kind::ListSplat;
            let numbered = node.children().enumerate().map(|(index, item)| {
                is_plain(item).then(|| (Some(index.to_string()), display.with(item)))
            });
            numbered.collect()
        }
        Kind::Dict => {
            let pairs = node.children().map(|pair| {
                let value = pair.child(Field::Value)?;
                Some((written(pair.child(Field::Key)?), display.with(value)))
            });
            pairs.collect()
        }
        Kind::ListComprehension => display.child(Field::Body).map(|body| vec![(None, body)]),
        Kind::DictComprehension => display
            .child(Field::Body)
            .and_then(|body| Some(vec![(None, body.child(Field::Value)?)])),
        _ => None,
    };
    let all = all.unwrap_or_default();
    if all.iter().any(|(_, item)| is_mutable(cx, *item)) {
        all
    } else {
        Vec::new()
    }
}

fn is_mutable<'p>(cx: &Context<'p>, item: Site<'p>) -> bool {
    is_made_here(item.node) && made(cx, item).is_some_and(|class| is_container(cx, &class))
}

/// A key or an index that is written out.
fn written(key: Node<'_>) -> Option<String> {
    match key.kind() {
        Kind::Integer => Some(key.text().to_string()),
        Kind::String => {
            let text = key.text();
            let is_plain = text.starts_with(['"', '\'']) && !text.contains('\\');
            is_plain.then(|| text.trim_matches(['"', '\'']).to_string())
        }
        _ => None,
    }
}

fn check_copy<'p>(cx: &Context<'p>, copy: Copy<'p>, original: Original<'p>, out: &mut Findings) {
    let items = items(cx, original.display);
    let of_original = uses(cx, original.display, original.display);
    let of_copy = uses(cx, copy.value, original.display);
    let from = copy.from.text();
    let through_copy = changes(cx, copy, copy.name.text(), &of_copy, &items).into_iter();
    // what lies inside was replaced before the copy was made, or is by other code
    let kept = through_copy.filter(|change| {
        !of_original.iter().any(|found| {
            is_top_level(found)
                && (original.bound.is_none() || starts_before(found.site, change.site))
                && may_replace(found, from, change.key.as_deref())
        })
    });
    let mut shown = kept.filter_map(|change| {
        let later = match original.bound {
            None => None,
            Some(bound) => Some(later_use(
                cx,
                bound,
                copy,
                change.site,
                change.key.as_deref(),
            )?),
        };
        Some((change.site, later))
    });
    let mut found = shown.next();
    if found.is_none()
        && let Some(bound) = original.bound
    {
        // a snapshot: the original is changed, and the copy is used
        let through_original = changes(cx, copy, from, &of_original, &items).into_iter();
        let mut kept = through_original.filter(|change| {
            let is_own = is_reading_of(cx, bound, change.site, from);
            is_own
                && !of_copy.iter().any(|found| {
                    is_top_level(found)
                        && may_replace(found, copy.name.text(), change.key.as_deref())
                })
        });
        found = kept.find_map(|change| {
            let later = later_use(cx, copy.name, copy, change.site, change.key.as_deref())?;
            Some((change.site, Some(later)))
        });
    }
    if let Some((change, later)) = found {
        report(cx, copy, change, later, out);
    }
}

fn report<'p>(
    cx: &Context<'p>,
    copy: Copy<'p>,
    change: Site<'p>,
    later: Option<Site<'p>>,
    out: &mut Findings,
) {
    let (name, from) = (copy.name.text(), copy.from.text());
    let shows = match later {
        Some(later) => format!("shows in line {}", line(later)),
        None => "shows in the next call, which copies it again".to_string(),
    };
    let message = format!(
        "`{name}` and `{from}` share what lies inside them: the change in line {} is made to both, and {shows}; use `copy.deepcopy`, or put a new object in the copy",
        line(change)
    );
    let range = copy.value.range();
    let finding = out.report(&RULE, Severity::Warning, cx.file, range.clone(), message);
    finding.evidence(change, "changes an object that both hold");
    if let Some(later) = later {
        finding.evidence(later, "used after that");
    }
    let has_more = own_keys(copy).is_none_or(|keys| !keys.is_empty());
    if !has_more && let Some((deepcopy, mut edits)) = edits::imported(cx, "copy", "deepcopy") {
        edits.push((range, format!("{deepcopy}({from})")));
        edits.sort_by_key(|(range, _)| range.start);
        finding.fix("Copy what lies inside too", false, edits);
    }
}

/// What becomes of an object that is like the one which a display makes.
fn uses<'p>(cx: &Context<'p>, object: Site<'p>, display: Site<'p>) -> Vec<Use<'p>> {
    let class = if is_dict(display.node) {
        "builtins.dict"
    } else {
        "builtins.list"
    };
    let object_in_module = Function::around(object).is_none();
    cx.project.uses_of_value(
        object,
        Followed {
            class: Some(ClassValue::External(class.into())),
            element: None,
            empty: false,
            through_stores: object_in_module,
        },
    )
}

/// A change of something inside.
struct Change<'p> {
    site: Site<'p>,
    key: Option<String>,
}

/// The changes of something that was inside when the copy was made, of all that becomes of an object.
fn changes<'p>(
    cx: &Context<'p>,
    copy: Copy<'p>,
    name: &str,
    uses: &[Use<'p>],
    items: &[(Option<String>, Site<'p>)],
) -> Vec<Change<'p>> {
    let is_own = |site: Site<'p>| {
        std::ptr::eq(site.file, copy.name.file)
            && Function::around(site) == Function::around(copy.name)
            && starts_before(copy.value, site)
    };
    let own_keys = own_keys(copy).unwrap_or_default();
    let changed = uses.iter().filter(|found| {
        found.reach == Reach::Mutated
            && found.part == Part::Element
            && is_own(found.site)
            // what was not there is made, and kept in one of the two only
            && !found.site.text().contains("setdefault")
    });
    changed
        .filter_map(|found| {
            let key = key(found.site, name);
            let written = key.and_then(written);
            // a name that is not one of the two's stands for any item
            let lies_inside = match (&key, &written) {
                (Some(_), Some(written)) => items
                    .iter()
                    .rfind(|(other, _)| other.as_ref().is_none_or(|other| other == written))
                    .is_some_and(|(_, item)| is_mutable(cx, *item)),
                _ => items.iter().all(|(_, item)| is_mutable(cx, *item)),
            };
            let is_replaced = uses.iter().any(|other| {
                is_top_level(other)
                    && starts_before(other.site, found.site)
                    && may_replace(other, name, written.as_deref())
            });
            let is_own = match &written {
                Some(written) => own_keys.contains(written),
                None => !own_keys.is_empty(),
            };
            (lies_inside && !is_replaced && !is_own).then_some(Change {
                site: found.site,
                key: written,
            })
        })
        .collect()
}

fn starts_before(one: Site<'_>, other: Site<'_>) -> bool {
    one.range().start < other.range().start
}

fn is_top_level(found: &Use<'_>) -> bool {
    found.reach == Reach::Mutated && found.part == Part::Whole
}

/// Whether a change of the container itself may put another object under a key.
fn may_replace(found: &Use<'_>, name: &str, key_of_change: Option<&str>) -> bool {
    match (key(found.site, name).and_then(written), key_of_change) {
        (Some(one), Some(other)) => one == other,
        _ => true,
    }
}

/// The index of `name[index]` in a statement or a call.
fn key<'p>(site: Site<'p>, name: &str) -> Option<Node<'p>> {
    site.node.with_descendants().find_map(|node| {
        let value = node.child(Field::Value)?;
        let is_item = node.kind() == Kind::Subscript && value.text() == name;
        node.children()
            .find(|child| is_item && child.field() == Field::Subscript)
    })
}

/// Whether a change goes through a name while it is bound to the object.
fn is_reading_of<'p>(cx: &Context<'p>, bound: Site<'p>, change: Site<'p>, name: &str) -> bool {
    let mut readings = cx.project.readings_of_name(bound).into_iter();
    key(change, name).is_some()
        && readings.any(|reading| {
            std::ptr::eq(reading.file, change.file)
                && reading.segment == change.segment
                && change.node.contains(reading.node)
        })
}

/// Where a name is read after a change, so that the change shows.
fn later_use<'p>(
    cx: &Context<'p>,
    bound: Site<'p>,
    copy: Copy<'p>,
    change: Site<'p>,
    key_of_change: Option<&str>,
) -> Option<Site<'p>> {
    // the next turn copies the changed one
    let turn = turn_around(copy.name).filter(|turn| {
        bound != copy.name
            && turn.segment == change.segment
            && turn.node.contains(change.node)
            && !(turn.segment == bound.segment && turn.node.contains(bound.node))
    });
    if turn.is_some() {
        return Some(copy.from);
    }
    let readings = cx.project.readings_of_name(bound).into_iter();
    readings
        .filter(|reading| {
            std::ptr::eq(reading.file, change.file)
                && Function::around(*reading) == Function::around(change)
                && reading.range().start >= change.range().end
                && comes_after(change, *reading)
        })
        .find(|reading| {
            let Some(parent) = reading.node.parent() else {
                return false;
            };
            // another item, and the number of items, are as they were
            let index = parent
                .children()
                .find(|child| child.field() == Field::Subscript);
            let is_other = parent.kind() == Kind::Subscript
                && reading.node.field() == Field::Value
                && matches!((index.and_then(written), key_of_change), (Some(one), Some(other)) if one != other);
            let call = parent.parent().and_then(|call| call.child(Field::Function));
            let is_counted = parent.kind() == Kind::ArgumentList
                && call.is_some_and(|callee| callee.text() == "len");
            !is_other && !is_counted && !is_bound_anew(*reading, parent)
        })
}

/// `state = state.copy()` reads the name to give it something else.
fn is_bound_anew(reading: Site<'_>, parent: Node<'_>) -> bool {
    let stores = matches!(parent.kind(), Kind::Subscript)
        && parent.parent().is_some_and(|statement| {
            statement.kind() == Kind::Assignment && parent.field() == Field::Left
        });
    stores && reading.node.field() == Field::Value
}
