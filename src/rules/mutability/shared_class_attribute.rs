//! MUT003 shared-class-attribute. Card: knowledge/rules/MUT003-shared-class-attribute.md

use std::cell::LazyCell;

use rustc_hash::FxHashMap;

use super::shared_on_purpose::{
    Outside, has_one_object, is_known_to_be_shared, is_shared_on_purpose, uses_outside,
};
use super::{edits, followed, is_container, is_made_here, made};
use crate::facts::{BindingKind, BindingSite, SegmentFacts, Site, Subjects};
use crate::project::{Class, ClassValue, Function, Metaclass, Part, Reach, Use, is_repeated};
use crate::rules::context::place;
use crate::rules::{Context, Findings, Rule, Severity};
use crate::syntax::{Field, Kind, Op};

pub const RULE: Rule = Rule {
    code: "MUT003",
    name: "shared-class-attribute",
    check,
};

fn check(cx: &Context<'_>, out: &mut Findings) {
    // by the attribute's name, which many classes may have
    let mut outside = FxHashMap::default();
    for class in cx.project.with_changing_attributes(cx.file) {
        let assigns = |facts: &SegmentFacts| {
            let values = Subjects::CLASS_ATTRIBUTES.union(Subjects::CLASS_CALLS);
            facts.is_about(values)
        };
        for member in class.site.members_where(assigns) {
            if let Some(attribute) = candidate(cx, class, member) {
                check_attribute(cx, class, attribute, &mut outside, out);
            }
        }
    }
}

/// An attribute of a class body that holds a container.
#[derive(Clone)]
pub(super) struct Shared<'p> {
    pub(super) name: Site<'p>,
    value: Site<'p>,
    /// The statement that defines it.
    pub(super) definition: Site<'p>,
    class: ClassValue<'p>,
}

fn candidate<'p>(
    cx: &Context<'p>,
    class: Class<'p>,
    member: BindingSite<'p>,
) -> Option<Shared<'p>> {
    let value = member.value()?;
    if member.binding.kind != BindingKind::Assignment || !is_made_here(value.node) {
        return None;
    }
    let made = made(cx, value).filter(|made| is_container(cx, made))?;
    let definitions = class.site.members_named(member.name.text());
    let is_last = definitions
        .last()
        .is_some_and(|last| last.name == member.name);
    let statement = member.name.node.statement()?;
    is_last.then_some(Shared {
        name: member.name,
        value,
        definition: member.name.with(statement),
        class: made,
    })
}

fn check_attribute<'p>(
    cx: &Context<'p>,
    class: Class<'p>,
    attribute: Shared<'p>,
    outside: &mut FxHashMap<&'p str, Vec<Outside<'p>>>,
    out: &mut Findings,
) {
    // the cheap question first: does anything change it at all?
    let name = attribute.name.text();
    let changes = changes(cx, class, &attribute);
    if changes.is_empty() || is_shared_on_purpose(cx, class, &attribute, &changes) {
        return;
    }
    let heirs = cx.project.descendants(class);
    let mut family = cx.project.known_mro(class);
    family.extend(heirs.iter().copied());
    let makers = std::iter::once(class).chain(
        heirs
            .iter()
            .copied()
            .filter(|heir| !hides(cx, *heir, class, name)),
    );
    let mut evidence: Vec<Use<'p>> = Vec::new();
    for made in makers {
        let methods = cx.project.known_mro(made);
        let own = changes.iter().filter(|change| methods.contains(&change.by));
        let binding = Binding {
            at_first: LazyCell::new(|| cx.project.constructor_binds(made, name)),
            elsewhere: LazyCell::new(|| cx.project.may_bind_elsewhere(made, name)),
        };
        let shared: Vec<_> = own
            .filter(|change| is_shared_by(cx, made, change, name, &binding))
            .flat_map(|change| change.uses.iter().copied())
            .collect();
        if !shared.is_empty() && is_plain(cx, made) && is_built(cx, made) {
            evidence.extend(shared);
        }
    }
    evidence.dedup();
    if evidence.is_empty() {
        return;
    }
    let outside = outside
        .entry(name)
        .or_insert_with(|| uses_outside(cx, name));
    if has_one_object(cx, class) || is_known_to_be_shared(cx, &family, outside) {
        return;
    }
    let harm = harm(cx, class, &heirs, &changes, name);
    report(cx, class, &attribute, &evidence, harm, out);
}

/// What the sharing does.
enum Harm<'p> {
    /// Objects get what others have put in.
    Shown,
    /// They only ask what others have been given, as one wants it that does everything once.
    Remembered,
    /// There is no other object than the one that is made here when a module is imported.
    None(Site<'p>),
}

fn harm<'p>(
    cx: &Context<'p>,
    class: Class<'p>,
    heirs: &[Class<'p>],
    changes: &[Change<'p>],
    name: &str,
) -> Harm<'p> {
    let all = std::iter::once(&class).chain(heirs);
    let made: Vec<_> = all.flat_map(|one| cx.project.constructions(*one)).collect();
    if let [only] = made[..]
        && Function::around(only).is_none()
        && !is_repeated(only)
    {
        return Harm::None(only);
    }
    if remembers(cx, class, changes, name) {
        return Harm::Remembered;
    }
    Harm::Shown
}

fn report<'p>(
    cx: &Context<'p>,
    class: Class<'p>,
    attribute: &Shared<'p>,
    evidence: &[Use<'p>],
    harm: Harm<'p>,
    out: &mut Findings,
) {
    let (name, first) = (attribute.name.text(), evidence[0].site);
    let (class_name, changed) = (class.name(), place(cx.file, first));
    let (severity, what) = match harm {
        Harm::Shown => (
            Severity::Warning,
            format!(
                "all `{class_name}` objects share it, and {changed} changes it for every one of them"
            ),
        ),
        Harm::Remembered => (
            Severity::Information,
            format!(
                "what one `{class_name}` object puts in ({changed}), all others find in it too"
            ),
        ),
        Harm::None(only) => (
            Severity::Information,
            format!(
                "{changed} changes it for all `{class_name}` objects, of which only one is known ({})",
                place(cx.file, only)
            ),
        ),
    };
    let message = format!(
        "`{name}` belongs to the class: {what}; make it in `__init__`, or say `ClassVar` if sharing is meant"
    );
    let range = attribute.definition.range();
    let finding = out.report(&RULE, severity, cx.file, range, message);
    for found in evidence {
        finding.evidence(
            found.site,
            format!("changes the one `{name}` of all objects"),
        );
    }
    let definition = edits::Definition {
        name: attribute.name,
        value: attribute.value,
        statement: attribute.definition,
    };
    edits::into_init(cx, class, definition, finding);
}

/// A reading of the attribute through an object, and the changes that come of it.
pub(super) struct Change<'p> {
    /// The class whose method it is.
    pub(super) by: Class<'p>,
    pub(super) reading: Site<'p>,
    pub(super) uses: Vec<Use<'p>>,
}

fn changes<'p>(cx: &Context<'p>, class: Class<'p>, attribute: &Shared<'p>) -> Vec<Change<'p>> {
    let mut object = followed(cx, attribute.value, attribute.class.clone());
    // it may have been filled by another method
    object.empty = false;
    let name = attribute.name.text();
    let worded = attribute.name.file.segment(attribute.name.segment);
    let mut worded = worded.class_attributes().into_iter();
    let Some(worded) = worded.find(|worded| worded.name == name) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for by in cx.project.changing_family(class, &worded) {
        for reading in cx.project.changing_readings(by, &worded) {
            let mut uses = cx.project.uses_of_value(reading, object.clone());
            uses.retain(|found| {
                found.reach == Reach::Mutated
                    && (found.part == Part::Whole
                        || (found.part == Part::Element && object.element.is_some()))
            });
            if !uses.is_empty() {
                found.push(Change { by, reading, uses });
            }
        }
    }
    found
}

/// Whether objects only add to it what they have asked for before, and nobody reads more of it than whether something is in it: so is noted what has been done already.
fn remembers<'p>(cx: &Context<'p>, class: Class<'p>, changes: &[Change<'p>], name: &str) -> bool {
    let adds = |reading: Site<'p>| {
        let method = reading.node.parent()?.child(Field::Attribute)?.text();
        matches!(method, "add" | "append").then_some(())
    };
    let is_question = |reading: &Site<'p>| {
        reading.node.parent().is_some_and(|test| {
            test.kind() == Kind::Comparison
                && matches!(test.op(), Op::In | Op::NotIn)
                && test.children().next() != Some(reading.node)
        })
    };
    let (questions, others): (Vec<_>, Vec<_>) = cx
        .project
        .readings_of_attribute(class, name)
        .into_iter()
        .partition(is_question);
    let asks_first = |change: &Change<'p>| {
        let method = Function::around(change.reading);
        let mut questions = questions.iter();
        questions.any(|question| Function::around(*question) == method)
    };
    changes.iter().all(asks_first) && others.into_iter().all(|reading| adds(reading).is_some())
}

/// Whether a subclass finds another attribute of the name before this class's.
fn hides<'p>(cx: &Context<'p>, heir: Class<'p>, class: Class<'p>, name: &str) -> bool {
    let first = cx
        .project
        .known_mro(heir)
        .into_iter()
        .find(|ancestor| ancestor.defines(name));
    first != Some(class)
}

/// Whether nothing but the class's own methods decides what its objects have: every base, the metaclass and the decorators are known and give objects nothing.
fn is_plain<'p>(cx: &Context<'p>, class: Class<'p>) -> bool {
    let project = cx.project;
    let value = ClassValue::Known(class);
    let has_plain_metaclass = match project.metaclass(&value) {
        Metaclass::Is(metaclass) => matches!(
            project.qualified_class(&metaclass).as_ref(),
            "builtins.type" | "abc.ABCMeta"
        ),
        _ => false,
    };
    let is_kept_by = |decorator: Site<'p>| {
        project.qualified_decorator(decorator).is_some_and(|name| {
            matches!(
                name.as_ref(),
                "dataclasses.dataclass"
                    | "functools.total_ordering"
                    | "typing.final"
                    | "typing.runtime_checkable"
            ) || project.field_maker(class).is_some()
        })
    };
    // the objects of a metaclass are classes, and what it keeps for them is a registry
    has_plain_metaclass
        && !project.is_metaclass(class)
        && project.mro(class).is_complete()
        && project
            .known_mro(class)
            .iter()
            .all(|class| class.site.decorators().all(is_kept_by))
}

/// Whether objects of the very class are made: somebody makes one, or it has no subclass that would be made instead.
fn is_built<'p>(cx: &Context<'p>, class: Class<'p>) -> bool {
    if cx.project.subclasses(class).is_empty() {
        return true;
    }
    !cx.project.constructions(class).is_empty()
}

/// Whether the attribute is bound on the objects of a class: by the constructor, and by something else.
struct Binding<F, G> {
    at_first: LazyCell<bool, F>,
    elsewhere: LazyCell<bool, G>,
}

/// Whether the change is made to the class's object when the object's class is `made`: nothing has bound the attribute on the object before.
fn is_shared_by<'p>(
    cx: &Context<'p>,
    made: Class<'p>,
    change: &Change<'p>,
    name: &str,
    binding: &Binding<impl FnOnce() -> bool, impl FnOnce() -> bool>,
) -> bool {
    let project = cx.project;
    let Some(method) = Function::method_around(change.reading) else {
        return false;
    };
    if project.binds_before(made, method, name, change.reading) {
        return false;
    }
    // what the constructor runs before it binds the attribute changes the class's
    let init = project.find_method(made, "__init__");
    let is_constructor = init == Some(method);
    if !is_constructor && *binding.at_first {
        return false;
    }
    if is_constructor {
        return true;
    }
    // another method binds it, and nobody knows which runs first
    !*binding.elsewhere
}
