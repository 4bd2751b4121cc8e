//! MUT003 shared-class-attribute. Card: knowledge/rules/MUT003-shared-class-attribute.md

use std::cell::LazyCell;

use rustc_hash::FxHashMap;

use super::{edits, followed, is_container, is_made_here, made};
use crate::facts::{BindingKind, BindingSite, SegmentFacts, Site, Subjects};
use crate::project::{
    Class, ClassValue, FieldMaker, Function, Metaclass, Part, Reach, Use, Value, is_repeated,
};
use crate::rules::context::place;
use crate::rules::{Context, Findings, Rule, Severity};
use crate::syntax::{Field, Kind, Node, Op};

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
struct Shared<'p> {
    name: Site<'p>,
    value: Site<'p>,
    /// The statement that defines it.
    definition: Site<'p>,
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
    if changes.is_empty()
        || says_shared(&changes, name)
        || is_said_to_be_shared(&attribute)
        || is_memo(cx, &changes, name)
        || is_meant_to_be_shared(cx, class, &attribute)
    {
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
struct Change<'p> {
    /// The class whose method it is.
    by: Class<'p>,
    reading: Site<'p>,
    uses: Vec<Use<'p>>,
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

/// Whether the name says that all objects share it, or the object itself is kept in it, or is the key under which something is kept.
fn says_shared(changes: &[Change<'_>], name: &str) -> bool {
    const WORDS: &[&str] = &["cache", "memo", "registry", "instances", "pool", "shared"];
    let name = name.to_ascii_lowercase();
    let is_by_object = |found: &Use<'_>| {
        let text = found.site.text();
        text.contains("[self]") || text.contains("[id(self)]") || keeps_object(found.site)
    };
    WORDS.iter().any(|word| name.contains(word))
        || changes
            .iter()
            .flat_map(|change| &change.uses)
            .any(is_by_object)
}

/// Whether the comment above the definition or behind it says that the objects share it, or that it is a cache.
fn is_said_to_be_shared(attribute: &Shared<'_>) -> bool {
    const PHRASES: &[&str] = &[
        "shared",
        "across instances",
        "all instances",
        "class-wide",
        "class-level",
        "cache",
        "cached",
    ];
    let source = attribute.name.file.source();
    let range = attribute.definition.range();
    let (before, after) = (&source[..range.start], &source[range.end..]);
    let above = before.rsplit_once('\n').map_or("", |(above, _)| above);
    let above = above.lines().rev().map(str::trim_ascii_start);
    let above = above.take_while(|line| line.starts_with('#'));
    let behind = after.lines().next().map_or("", str::trim_ascii_start);
    let behind = std::iter::once(behind).filter(|rest| rest.starts_with('#'));
    above.chain(behind).any(|line| {
        let line = line.to_ascii_lowercase();
        let is_word = |at: usize, phrase: &str| {
            let is_letter = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
            !is_letter(line[..at].chars().next_back())
                && !is_letter(line[at + phrase.len()..].chars().next())
        };
        !line.contains("not shared")
            && PHRASES.iter().any(|phrase| {
                let mut found = line.match_indices(phrase);
                found.any(|(at, _)| is_word(at, phrase))
            })
    })
}

/// Whether all that is ever put in is worked out of its key alone, where the key is not there yet: every object would work out the same.
fn is_memo(cx: &Context<'_>, changes: &[Change<'_>], name: &str) -> bool {
    let uses = || changes.iter().flat_map(|change| &change.uses);
    uses().all(|found| found.part == Part::Whole && fills_by_key(cx, found.site, name))
}

/// `self.table[key] = make(key)`, in a method that looks for `key` in the table.
fn fills_by_key(cx: &Context<'_>, change: Site<'_>, name: &str) -> bool {
    let (Some(method), Some(object)) = (
        own_method(change),
        own_method(change).and_then(Function::first_parameter),
    ) else {
        return false;
    };
    let Some(assignment) = change.node.child_of(Kind::Assignment) else {
        return false;
    };
    let table = format!("{object}.{name}");
    let item = assignment.child(Field::Left);
    let item = item.filter(|item| {
        item.kind() == Kind::Subscript
            && item.child(Field::Value).map(Node::text) == Some(table.as_str())
    });
    let Some(key) = item.and_then(|item| item.child(Field::Subscript)) else {
        return false;
    };
    let mut value = assignment.child(Field::Right);
    while let Some(inner) = value.filter(|value| value.kind() == Kind::Assignment) {
        value = inner.child(Field::Right);
    }
    let is_made = value.is_some_and(|value| {
        key.kind() == Kind::Name && comes_of(cx, change.with(value), key.text(), object, HOPS)
    });
    let text = method.site.text();
    let looks = [
        format!("{} in {table}", key.text()),
        format!("{} not in {table}", key.text()),
        format!("{table}.get({}", key.text()),
    ];
    let tries = || {
        let tried = format!("{table}[{}]", key.text());
        text.contains("except KeyError") && text.matches(&tried).count() > 1
    };
    is_made && (looks.iter().any(|look| text.contains(look)) || tries())
}

/// How many names lead from a value to the key.
const HOPS: usize = 3;

/// Whether an expression is worked out of a key, directly or by way of names of the same function, and of nothing that the object has.
fn comes_of(cx: &Context<'_>, value: Site<'_>, key: &str, object: &str, hops: usize) -> bool {
    let names = || {
        let nodes = value.node.with_descendants();
        nodes.filter(|node| node.kind() == Kind::Name)
    };
    if names().any(|name| name.text() == object) {
        return false;
    }
    names().any(|name| name.text() == key)
        || hops > 0
            && names().any(|name| {
                let binding = cx.project.only_binding(value.with(name));
                let bound = binding
                    .filter(|binding| Function::around(binding.name).is_some())
                    .and_then(|binding| binding.value());
                bound.is_some_and(|bound| comes_of(cx, bound, key, object, hops - 1))
            })
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

/// Whether a change keeps the method's own object: `self.by_name[name] = self`, `self.opened.append(self)`.
fn keeps_object(change: Site<'_>) -> bool {
    let Some(object) = own_method(change).and_then(Function::first_parameter) else {
        return false;
    };
    let is_object = |node: Node<'_>| node.text() == object;
    let node = match change.node.kind() {
        Kind::ExpressionStatement => change.node.children().next(),
        _ => Some(change.node),
    };
    node.is_some_and(|node| match node.kind() {
        Kind::Assignment => {
            let left = node.child(Field::Left).map(Node::kind);
            left == Some(Kind::Subscript) && node.child(Field::Right).is_some_and(is_object)
        }
        Kind::Call => {
            let given = node.child(Field::Arguments);
            given.is_some_and(|given| given.children().any(is_object))
        }
        _ => false,
    })
}

/// Whether there is never more than one object of a class: its name is known to one function or one module only, which uses it once, to make one.
fn has_one_object<'p>(cx: &Context<'p>, class: Class<'p>) -> bool {
    let is_local = Function::around(class.site).is_some();
    let Some(name) = class.site.child(Field::Name) else {
        return false;
    };
    if !is_local && !name.text().starts_with('_') {
        return false;
    }
    let [only] = cx.project.readings_of_name(name)[..] else {
        return false;
    };
    let is_made = only.node.field() == Field::Function;
    let same_function = Function::around(only) == Function::around(class.site);
    is_made && same_function && !is_repeated(only)
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

/// Whether the annotation, or what makes fields of a class's attributes, takes the sharing on itself.
fn is_meant_to_be_shared<'p>(cx: &Context<'p>, class: Class<'p>, attribute: &Shared<'p>) -> bool {
    let annotation = attribute
        .name
        .node
        .parent()
        .filter(|parent| parent.kind() == Kind::Assignment)
        .and_then(|assignment| assignment.child(Field::Type))
        .map(|annotation| cx.project.annotation(attribute.name.with(annotation)));
    if let Some(annotation) = &annotation
        && annotation
            .qualifiers
            .iter()
            .any(|qualifier| qualifier.ends_with(".ClassVar") || qualifier.ends_with(".Final"))
    {
        return true;
    }
    match cx.project.field_maker(class) {
        Some((
            FieldMaker::NamedTuple | FieldMaker::Attrs { annotated: true } | FieldMaker::Dataclass,
            _,
        )) => annotation.is_some(),
        _ => false,
    }
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
    let Some(method) = own_method(change.reading) else {
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

/// The method that a reading of `self.name` stands in, however deep.
fn own_method(reading: Site<'_>) -> Option<Function<'_>> {
    let mut function = Function::around(reading)?;
    while function.class().is_none() {
        function = Function::around(function.site)?;
    }
    Some(function)
}

/// The class whose attribute code changes, binds or reads; with the object, where it is bound on one.
type Outside<'p> = (Class<'p>, Option<Site<'p>>);

/// Where an attribute of a name is changed, bound or read through a class, or bound on an object.
fn uses_outside<'p>(cx: &Context<'p>, name: &str) -> Vec<Outside<'p>> {
    let objects = cx.project.changes_of_attribute(name);
    let changed = objects.filter_map(|object| match cx.project.evaluate(object) {
        Value::Class(class) => Some((class, None)),
        Value::Instance(ClassValue::Known(class)) if is_bound(object) => {
            Some((class, Some(object)))
        }
        _ => None,
    });
    changed.chain(readings_outside(cx, name)).collect()
}

/// Where an attribute of a name is read through a class by code that is not its own, nor that of a class below.
fn readings_outside<'p>(cx: &Context<'p>, name: &str) -> Vec<Outside<'p>> {
    let read = cx.project.attributes_of_objects(name);
    let outside = read.filter_map(|(attribute, object)| {
        let Value::Class(class) = object else {
            return None;
        };
        let object = attribute.child(Field::Object)?;
        let around = class_around(object);
        let is_own = around.is_some_and(|own| cx.project.known_mro(own).contains(&class));
        (!is_own).then_some((class, None))
    });
    outside.collect()
}

/// The class in whose body a place stands, in a method or not.
fn class_around(site: Site<'_>) -> Option<Class<'_>> {
    match own_method(site) {
        Some(method) => method.class(),
        None => Class::at(site.class_around(site.scope())?.0),
    }
}

/// Whether code changes, binds or reads the attribute through the class, or gives objects one of their own from outside: the sharing is known, then.
fn is_known_to_be_shared<'p>(
    cx: &Context<'p>,
    family: &[Class<'p>],
    outside: &[Outside<'p>],
) -> bool {
    outside.iter().any(|(class, object)| {
        family.contains(class) && object.is_none_or(|object| !is_own(cx, family, object))
    })
}

fn is_bound(object: Site<'_>) -> bool {
    object
        .node
        .parent()
        .is_some_and(|attribute| attribute.field() == Field::Left)
}

fn is_own<'p>(cx: &Context<'p>, family: &[Class<'p>], object: Site<'p>) -> bool {
    family
        .iter()
        .any(|class| cx.project.is_own_object(*class, object))
}
