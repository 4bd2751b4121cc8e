//! What shows that a container of a class is shared on purpose: its name, a comment, its annotation, what is done with it, and who knows it by the class.

use super::memos::{branch_where_empty, looks_for};
use super::shared_class_attribute::{Change, Shared};
use crate::facts::Site;
use crate::project::{Class, ClassValue, FieldMaker, Function, Part, Use, Value, is_repeated};
use crate::rules::Context;
use crate::rules::context::comment_above;
use crate::syntax::{Field, Kind, Node};

/// Whether a container that methods change is shared on purpose: its name, its annotation or a comment says so, or what is done with it is right for all objects at once.
pub(super) fn is_shared_on_purpose<'p>(
    cx: &Context<'p>,
    class: Class<'p>,
    attribute: &Shared<'p>,
    changes: &[Change<'p>],
) -> bool {
    let name = attribute.name.text();
    let is_said = || {
        says_shared(changes, name)
            || is_said_to_be_shared(class, attribute)
            || is_said_to_change_the_class(changes)
            || is_declared_shared(cx, class, attribute)
    };
    let is_right_for_all = || {
        is_memo(cx, changes, name)
            || is_done_once(changes)
            || is_filled_once(class, changes, name)
            || holds_until_done(cx, class, name)
            || is_of_its_own_key(cx, changes)
    };
    is_said() || is_right_for_all()
}

/// Whether the name says that all objects share it, or the object itself is kept in it, or is the key under which something is kept.
fn says_shared(changes: &[Change<'_>], name: &str) -> bool {
    const WORDS: &[&str] = &["cache", "memo", "registry", "instances", "pool", "shared"];
    let name = name.to_ascii_lowercase();
    let is_by_object = |found: &Use<'_>| {
        let text = found.site.text();
        text.contains("[self]") || text.contains("[id(self)]") || keeps_object(found.site)
    };
    WORDS.iter().any(|word| name.contains(word)) || uses(changes).any(is_by_object)
}

fn uses<'c, 'p>(changes: &'c [Change<'p>]) -> impl Iterator<Item = &'c Use<'p>> {
    changes.iter().flat_map(|change| &change.uses)
}

/// What comments say of what objects share.
const SHARED: &[&str] = &[
    "shared",
    "across instances",
    "all instances",
    "class-wide",
    "class-level",
];

/// Whether a comment above a change says that it changes what belongs to the class.
fn is_said_to_change_the_class(changes: &[Change<'_>]) -> bool {
    const PHRASES: &[&str] = &["class attribute", "class variable"];
    let statements = uses(changes).filter_map(|found| found.site.node.statement());
    let mut lines = statements.flat_map(comment_above);
    lines.any(|line| says(line, SHARED) || says(line, PHRASES))
}

/// Whether a line has one of some phrases, as whole words, and does not say the opposite.
fn says(line: &str, phrases: &[&str]) -> bool {
    let line = line.to_ascii_lowercase();
    let is_word = |at: usize, phrase: &str| {
        let is_letter = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
        !is_letter(line[..at].chars().next_back())
            && !is_letter(line[at + phrase.len()..].chars().next())
    };
    !line.contains("not shared")
        && phrases.iter().any(|phrase| {
            let mut found = line.match_indices(phrase);
            found.any(|(at, _)| is_word(at, phrase))
        })
}

/// Whether the comment above the definition or behind it, or the string that documents it, says that the objects share it, or that it is a cache.
fn is_said_to_be_shared(class: Class<'_>, attribute: &Shared<'_>) -> bool {
    let definition = attribute.definition.node;
    let after = &definition.tree().text()[definition.range().end..];
    let behind = after.lines().next().map(str::trim_ascii_start);
    let behind = behind.filter(|rest| rest.starts_with('#'));
    let documented = documented_by(class, attribute.definition);
    let documented = documented
        .into_iter()
        .flat_map(|text| text.node.text().lines());
    let said = comment_above(definition).chain(behind);
    let mut said = said.chain(documented);
    said.any(|line| says(line, SHARED) || says(line, &["cache", "cached"]))
}

/// The string in the statement behind a definition.
fn documented_by<'p>(class: Class<'p>, definition: Site<'p>) -> Option<Site<'p>> {
    let siblings = definition.node.parent()?.children();
    let mut behind = siblings
        .skip_while(|other| *other != definition.node)
        .skip(1);
    let statement = behind.next().map(|next| definition.with(next));
    // the body of a long class is cut
    let statement = statement.or_else(|| {
        let (file, next) = (definition.file, definition.segment + 1);
        let is_member = next < file.len() && file.head_of(next) == Some(class.site.segment);
        let next = is_member.then(|| file.root(next))?;
        next.node.children().next().map(|node| next.with(node))
    });
    let only = statement.filter(|statement| statement.node.kind() == Kind::ExpressionStatement)?;
    let text = only.with(only.node.children().next()?);
    (text.node.kind() == Kind::String).then_some(text)
}

/// Whether all changes put in what is written out in the code, where a condition asks whether it is there: the same comes of it whoever does it first.
fn is_done_once(changes: &[Change<'_>]) -> bool {
    uses(changes).all(|found| {
        let node = found.site.node;
        let call = match node.kind() {
            Kind::ExpressionStatement => node.children().next(),
            _ => Some(node),
        };
        let call = call.filter(|call| call.kind() == Kind::Call);
        let given = call.and_then(|call| call.child(Field::Arguments));
        let object = call
            .and_then(|call| call.child(Field::Function))
            .and_then(|callee| callee.child(Field::Object));
        let (Some(given), Some(object)) = (given, object) else {
            return false;
        };
        let written = |part: Node<'_>| part.kind() == Kind::String;
        let is_written = |part: Node<'_>| {
            use Kind::{Integer, List, String, Tuple};
            matches!(part.kind(), Integer | List | String | Tuple)
        };
        let inside_strings = |kind| kind == Kind::String;
        given
            .descendants_outside(inside_strings)
            .into_iter()
            .all(is_written)
            && node.ancestors().any(|around| {
                let test = around.child(Field::Condition);
                let test = test.filter(|_| around.kind() == Kind::If);
                test.is_some_and(|test| {
                    let mut asked = test.with_descendants();
                    let mut texts = given.descendants().filter(|part| written(*part));
                    test.with_descendants()
                        .any(|part| part.text() == object.text())
                        && texts.any(|text| asked.any(|part| part.text() == text.text()))
                })
            })
    })
}

/// Whether all that is put in is put in where there is nothing yet, and worked out of what belongs to the class: `if not self.table: …`. Every object would put in the same.
/// A memo of a parameter ([`super::memos::fills_once`]) may keep what one call was given; here that would be of one object, and all others would find it.
fn is_filled_once(class: Class<'_>, changes: &[Change<'_>], name: &str) -> bool {
    uses(changes).all(|found| {
        let object = Function::method_around(found.site).and_then(Function::first_parameter);
        let Some(object) = object else {
            return false;
        };
        let filling = branch_where_empty(found.site.node, &format!("{object}.{name}"));
        let is_of_the_class = |node: Node<'_>| {
            let attribute = node
                .parent()
                .filter(|parent| parent.kind() == Kind::Attribute && node.field() == Field::Object);
            let member = attribute.and_then(|attribute| attribute.child(Field::Attribute));
            member.is_some_and(|member| {
                class.defines(member.text()) && class.stores_to_self(member.text()).is_empty()
            })
        };
        filling.is_some_and(|filling| {
            let names = filling.descendants();
            let mut own = names
                .filter(|node| node.kind() == Kind::Name && node.text() == object)
                .filter(|node| node.field() != Field::Attribute);
            own.all(is_of_the_class)
        })
    })
}

/// Whether what is put in only stays until it is done, and takes itself out then: `task.add_done_callback(self.tasks.discard)`. Whose it is does not matter.
fn holds_until_done<'p>(cx: &Context<'p>, class: Class<'p>, name: &str) -> bool {
    let readings = cx.project.readings_of_attribute(class, name);
    readings.into_iter().any(|reading| {
        let method = reading.node.parent();
        let taking = method.filter(|method| {
            let name = method.child(Field::Attribute).map(Node::text);
            matches!(name, Some("discard" | "remove"))
        });
        let given = taking.and_then(Node::parent);
        let call = given
            .filter(|given| given.kind() == Kind::ArgumentList)
            .and_then(Node::parent);
        let callee = call.and_then(|call| call.child(Field::Function));
        let called = callee.and_then(|callee| callee.child(Field::Attribute));
        called.map(Node::text) == Some("add_done_callback")
    })
}

/// Whether each object only ever changes what stands under a key of its own: `self.table[self.name] = …`, with a name that its constructor gives it for good.
fn is_of_its_own_key<'p>(cx: &Context<'p>, changes: &[Change<'p>]) -> bool {
    let is_own = |by: Class<'p>, change: Site<'p>| {
        let Some(object) = Function::method_around(change).and_then(Function::first_parameter)
        else {
            return false;
        };
        let key =
            key_of(change.node).and_then(|key| key.text().strip_prefix(object)?.strip_prefix('.'));
        key.is_some_and(|key| is_given_for_good(cx, by, key))
    };
    changes.iter().all(|change| {
        let mut uses = change.uses.iter();
        uses.all(|found| {
            found.site.file.path() == change.reading.file.path() && is_own(change.by, found.site)
        })
    })
}

/// The key under which a statement or a call changes a table: `table[key] = …`, `del table[key]`, `table.pop(key)`.
fn key_of(change: Node<'_>) -> Option<Node<'_>> {
    let node = match change.kind() {
        Kind::ExpressionStatement | Kind::Delete => change.children().next()?,
        _ => change,
    };
    match node.kind() {
        Kind::Assignment | Kind::AugmentedAssignment => {
            node.child(Field::Left)?.child(Field::Subscript)
        }
        Kind::Subscript => node.child(Field::Subscript),
        Kind::Call => {
            let method = node.child(Field::Function)?.child(Field::Attribute)?;
            let given = node.child(Field::Arguments)?.children().next();
            given.filter(|_| matches!(method.text(), "pop" | "setdefault"))
        }
        _ => None,
    }
}

/// Whether nothing but constructors binds an attribute of the objects of a class.
fn is_given_for_good<'p>(cx: &Context<'p>, class: Class<'p>, name: &str) -> bool {
    let family = cx.project.known_mro(class).into_iter();
    let mut stores = family.flat_map(|class| class.stores_to_self(name));
    let is_first = |store: &(Site<'p>, Option<Site<'p>>)| {
        Function::method_around(store.0).is_some_and(|method| method.name() == "__init__")
    };
    stores.next().is_some_and(|store| is_first(&store)) && stores.all(|store| is_first(&store))
}

/// Whether all that is ever put in is worked out of its key alone, where the key is not there yet: every object would work out the same.
fn is_memo(cx: &Context<'_>, changes: &[Change<'_>], name: &str) -> bool {
    uses(changes).all(|found| found.part == Part::Whole && fills_by_key(cx, found.site, name))
}

/// `self.table[key] = make(key)`, in a method that looks for `key` in the table.
fn fills_by_key(cx: &Context<'_>, change: Site<'_>, name: &str) -> bool {
    let (Some(method), Some(object)) = (
        Function::method_around(change),
        Function::method_around(change).and_then(Function::first_parameter),
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
    is_made && looks_for(method, &table, key.text())
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

/// Whether a change keeps the method's own object: `self.by_name[name] = self`, `self.opened.append(self)`.
fn keeps_object(change: Site<'_>) -> bool {
    let Some(object) = Function::method_around(change).and_then(Function::first_parameter) else {
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
pub(super) fn has_one_object<'p>(cx: &Context<'p>, class: Class<'p>) -> bool {
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

/// Whether the annotation, or what makes fields of a class's attributes, takes the sharing on itself.
fn is_declared_shared<'p>(cx: &Context<'p>, class: Class<'p>, attribute: &Shared<'p>) -> bool {
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

/// The class whose attribute code changes, binds or reads; with the object, where it is bound on one.
pub(super) type Outside<'p> = (Class<'p>, Option<Site<'p>>);

/// Where an attribute of a name is changed, bound or read through a class, or bound on an object.
pub(super) fn uses_outside<'p>(cx: &Context<'p>, name: &str) -> Vec<Outside<'p>> {
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

/// Where an attribute of a name is read through a class by code that is not its own, nor that of a class below, or by a method of the class, which has no object.
fn readings_outside<'p>(cx: &Context<'p>, name: &str) -> Vec<Outside<'p>> {
    let read = cx.project.attributes_of_objects(name);
    let outside = read.filter_map(|(attribute, object)| {
        let Value::Class(class) = object else {
            return None;
        };
        let object = attribute.child(Field::Object)?;
        let around = class_around(object);
        let is_of_the_class = || {
            let methods = ["builtins.classmethod"];
            Function::method_around(object)
                .is_some_and(|method| method.has_decorator(cx.project, &methods))
        };
        let is_own = around.is_some_and(|own| cx.project.known_mro(own).contains(&class))
            && !is_of_the_class();
        (!is_own).then_some((class, None))
    });
    outside.collect()
}

/// The class in whose body a place stands, in a method or not.
fn class_around(site: Site<'_>) -> Option<Class<'_>> {
    match Function::method_around(site) {
        Some(method) => method.class(),
        None => Class::at(site.class_around(site.scope())?.0),
    }
}

/// Whether code changes, binds or reads the attribute through the class, or gives objects one of their own from outside: the sharing is known, then.
pub(super) fn is_known_to_be_shared<'p>(
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
