//! Mutable defaults and shared mutable state.

pub mod cached_result_changed;
pub mod call_in_default;
pub mod caller_argument_changed;
pub mod chained_mutable_assignment;
pub mod changed_temporary;
pub mod changed_while_iterated;
pub mod contextvar_mutable_default;
pub mod dataclass_mutable_default;
mod edits;
pub mod fromkeys_shared_value;
mod growth;
mod memos;
pub mod mutable_constant_shared_as_default;
pub mod mutable_default;
pub mod repeated_reference;
pub mod result_of_mutator;
pub mod shallow_copy_shares;
pub mod shared_class_attribute;
mod shared_on_purpose;
mod sizes;
pub mod tuple_item_assigned;
pub mod unbounded_cache;
pub mod unhashable_member;

use super::Context;
use crate::facts::{BindingKind, BindingSite, FileFacts, Resolution, ScopeKind, Site};
use crate::project::{
    Class, ClassValue, Followed, Function, Parameter, Part, Project, Reach, Use, Value,
    is_container_name,
};
use crate::syntax::{Field, Kind, Node};

/// The class of the object that an expression makes, if that can be changed in place: a container of the standard library, or an instance of a class of the project.
fn made<'p>(cx: &Context<'p>, site: Site<'p>) -> Option<ClassValue<'p>> {
    let node = site.node.unparenthesized();
    if node.kind() == Kind::Call {
        let callee = site.with(node).child(Field::Function)?;
        match cx.project.evaluate(callee) {
            // the namespace itself, which was there before
            Value::External(name)
                if matches!(
                    name.as_ref(),
                    "builtins.vars" | "builtins.globals" | "builtins.locals"
                ) =>
            {
                return None;
            }
            Value::Class(_) | Value::External(_) => {}
            _ => return None,
        }
    }
    match cx.project.evaluate(site) {
        Value::Instance(ClassValue::External(name)) => {
            is_container_name(&name).then_some(ClassValue::External(name))
        }
        Value::Instance(class) => {
            let name = cx.project.qualified_class(&class);
            let allowed = &cx.options.immutable_calls;
            let is_allowed = allowed.iter().any(|known| **known == *name);
            (!is_allowed && !is_frozen(cx, &class)).then_some(class)
        }
        _ => None,
    }
}

/// Whether a container of the project refuses to be changed: a subclass of `dict` whose `__setitem__` only raises.
fn is_frozen(cx: &Context<'_>, class: &ClassValue<'_>) -> bool {
    const CHANGING: &[&str] = &["__setitem__", "append", "add", "extend", "update"];
    let ClassValue::Known(class) = class else {
        return false;
    };
    let refuses = |ancestor: Class<'_>| {
        let methods = CHANGING.iter().filter_map(|name| ancestor.method(name));
        methods.into_iter().any(Function::only_raises)
    };
    cx.project.is_container(*class) && cx.project.known_mro(*class).into_iter().any(refuses)
}

/// Whether an expression may make a container of its own, and does not only name one: a display, a comprehension, a product, a call.
fn is_made_here(node: Node<'_>) -> bool {
    let kind = node.unparenthesized().kind();
    kind.is_mutable_display() || matches!(kind, Kind::BinaryOperation | Kind::Call)
}

/// Whether a definition only says what arguments there may be.
fn is_overload<'p>(project: &'p Project, function: Function<'p>) -> bool {
    function.has_decorator(project, &["typing.overload", "typing_extensions.overload"])
}

/// How many names lead to a constant.
const NAMES: usize = 4;

/// Whether a name is written as those are that nobody means to change. Other names of a module may hold its state, which a parameter gives the tests a way to replace.
fn is_constant(name: &str) -> bool {
    !name.chars().any(char::is_lowercase)
}

/// Whether a name in a file may be that of a constant, by its last word or by what that is another name of.
fn may_be_constant(file: &FileFacts, name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    let mut originals = file.kin().originals(last).iter();
    is_constant(last) || originals.any(|original| is_constant(original))
}

/// The value of the one assignment that makes the container which a name of a module or a class stands for.
fn constant<'p>(cx: &Context<'p>, name: Site<'p>) -> Option<Site<'p>> {
    let mut at = name.with(name.node.unparenthesized());
    for _ in 0..NAMES {
        let bound = match at.node.kind() {
            Kind::Name => cx.project.bound_at(at)?,
            Kind::Attribute => member(cx, at)?,
            _ => return None,
        };
        let value = bound.value()?;
        let scope = bound.name.body().scopes[bound.binding.scope].kind;
        if bound.binding.kind != BindingKind::Assignment
            || !matches!(scope, ScopeKind::Root | ScopeKind::Class)
            || Function::around(bound.name).is_some()
            || !is_constant(bound.name.text())
        {
            return None;
        }
        let value = value.with(value.node.unparenthesized());
        if !matches!(value.node.kind(), Kind::Name | Kind::Attribute) {
            return Some(value);
        }
        at = value;
    }
    None
}

/// For `module.NAME`, `Class.NAME` and `self.NAME`, the one place that binds it.
fn member<'p>(cx: &Context<'p>, attribute: Site<'p>) -> Option<BindingSite<'p>> {
    let name = attribute.node.child(Field::Attribute)?.text();
    let mut bound = match cx.project.evaluate(attribute.child(Field::Object)?) {
        Value::Module(file) => file.module_bindings(name),
        Value::Class(class) => class.site.members_named(name),
        Value::Instance(ClassValue::Known(class)) if class.stores_to_self(name).is_empty() => {
            class.site.members_named(name)
        }
        _ => return None,
    };
    let only = bound.pop()?;
    bound.is_empty().then_some(only)
}

/// Whether objects of a class are lists, dicts, sets or their like.
fn is_container(cx: &Context<'_>, class: &ClassValue<'_>) -> bool {
    match class {
        ClassValue::External(_) => true,
        ClassValue::Known(class) => cx.project.is_container(*class),
    }
}

/// Whether what stands further down is come to after a change: not in another branch, and not behind a `return`.
fn comes_after(change: Site<'_>, reading: Site<'_>) -> bool {
    if change.segment != reading.segment {
        return true;
    }
    let mut node = change.node;
    while let Some(parent) = node.parent() {
        let is_inside = parent.contains(reading.node);
        match parent.kind() {
            Kind::Block | Kind::Module if is_inside => return true,
            Kind::Block => {
                let mut rest = parent.children().skip_while(|child| *child != node);
                let ends = |child: Node<'_>| {
                    matches!(
                        child.kind(),
                        Kind::Return | Kind::Raise | Kind::Break | Kind::Continue
                    )
                };
                if rest.any(ends) {
                    return false;
                }
            }
            Kind::If | Kind::Match if is_inside => return false,
            Kind::Try if is_inside && node.field() != Field::Body => return false,
            _ => {}
        }
        node = parent;
    }
    true
}

/// What is known of the object that an expression makes.
fn followed<'p>(cx: &Context<'p>, site: Site<'p>, class: ClassValue<'p>) -> Followed<'p> {
    Followed {
        empty: matches!(class, ClassValue::External(_)) && is_empty(site.node),
        element: mutable_element(cx, site),
        class: Some(class),
        through_stores: false,
    }
}

/// What becomes of a container that holds one object in all its places.
struct Repeated<'p> {
    uses: Vec<Use<'p>>,
    /// The changes of that object.
    changes: Vec<Use<'p>>,
    /// Whether its places get other objects: `table[key] = …`. The one was a placeholder.
    is_refilled: bool,
}

/// A container of a class, which an expression makes and fills with one object of a class.
fn repeated<'p>(
    cx: &Context<'p>,
    container: Site<'p>,
    class: &str,
    object: &ClassValue<'p>,
) -> Repeated<'p> {
    let uses = cx.project.uses_of_value(
        container,
        Followed {
            class: Some(ClassValue::External(class.into())),
            element: Some(object.clone()),
            empty: false,
            through_stores: true,
        },
    );
    let is_change = |found: &&Use<'p>| found.reach == Reach::Mutated && found.part == Part::Element;
    let sets_item = |found: &Use<'p>| {
        found.reach == Reach::Mutated
            && found.part == Part::Whole
            && found.site.node.kind() == Kind::ExpressionStatement
            && found.site.node.child_of(Kind::Assignment).is_some()
    };
    Repeated {
        changes: uses.iter().filter(is_change).copied().collect(),
        is_refilled: uses.iter().any(sets_item),
        uses,
    }
}

/// Whether a display or a constructor call makes something empty.
fn is_empty(node: Node<'_>) -> bool {
    let node = node.unparenthesized();
    match node.kind() {
        Kind::Call => node.child(Field::Arguments).is_none_or(|arguments| {
            arguments.children().all(|argument| {
                argument.kind() == Kind::KeywordArgument
                    && argument
                        .child(Field::Name)
                        .is_some_and(|name| name.text() == "maxlen")
            })
        }),
        Kind::List | Kind::Dict | Kind::Set => node.children().next().is_none(),
        _ => false,
    }
}

/// The class of a mutable element of a display, a comprehension or a repetition; for a `defaultdict`, of what its factory makes.
fn mutable_element<'p>(cx: &Context<'p>, site: Site<'p>) -> Option<ClassValue<'p>> {
    let site = site.with(site.node.unparenthesized());
    match site.node.kind() {
        Kind::List | Kind::Tuple | Kind::Set => site
            .node
            .children()
            .find_map(|element| made(cx, site.with(element))),
        Kind::Dict => site
            .node
            .children()
            .filter_map(|pair| pair.child(Field::Value))
            .find_map(|value| made(cx, site.with(value))),
        Kind::ListComprehension | Kind::SetComprehension => made(cx, site.child(Field::Body)?),
        Kind::DictComprehension => {
            let value = site.child(Field::Body)?.child(Field::Value)?;
            made(cx, value)
        }
        Kind::Call => {
            let first = site.child(Field::Arguments)?.node.children().next()?;
            let callee = cx.project.qualified(site.child(Field::Function)?)?;
            if callee.as_ref() != "collections.defaultdict" {
                return None;
            }
            match cx.project.evaluate(site.with(first)) {
                Value::External(name) if is_container_name(&name) => {
                    Some(ClassValue::External(name))
                }
                Value::Class(class) => Some(ClassValue::Known(class)),
                _ => None,
            }
        }
        _ => None,
    }
}

/// What an object of a class is, for messages: `list`, `` `Node` object``.
fn what_is_made(class: &ClassValue<'_>) -> String {
    match class {
        ClassValue::Known(class) => format!("`{}` object", class.name()),
        ClassValue::External(name) => name.rsplit('.').next().unwrap_or(name).to_string(),
    }
}

/// What was done, for messages.
fn done_to(reach: Reach) -> &'static str {
    match reach {
        Reach::Mutated => "changed",
        Reach::Returned => "handed out",
        Reach::Stored => "stored",
        Reach::PassedOn => "passed on",
    }
}

/// The places where the object is changed or let out. A change of an element counts where the default brings elements that can be changed.
fn harmful_uses<'p>(
    cx: &Context<'p>,
    function: Function<'p>,
    parameter: Parameter<'p>,
    object: &Followed<'p>,
) -> Vec<Use<'p>> {
    let mut uses = cx
        .project
        .uses_of_default(function, parameter, object.clone());
    uses.retain(|found| match found.part {
        Part::Whole => true,
        Part::Element => {
            found.reach == Reach::Mutated
                && (object.element.is_some() || matches!(object.class, Some(ClassValue::Known(_))))
        }
        Part::Copy => false,
    });
    uses
}

/// Whether the annotation names only types that cannot be changed.
fn promises_not_to_change(cx: &Context<'_>, parameter: Parameter<'_>) -> bool {
    let Some(annotation) = parameter.annotation else {
        return false;
    };
    let classes = cx.project.annotation(annotation).classes;
    !classes.is_empty()
        && classes
            .iter()
            .all(|class| class.as_deref().is_some_and(is_immutable_type))
}

fn is_immutable_type(name: &str) -> bool {
    const TYPES: &[&str] = &[
        "AbstractSet",
        "ByteString",
        "Collection",
        "Container",
        "FrozenSet",
        "ItemsView",
        "Iterable",
        "Iterator",
        "KeysView",
        "Mapping",
        "MappingView",
        "Reversible",
        "Sequence",
        "Sized",
        "Tuple",
        "ValuesView",
    ];
    let immutable_builtins = ["frozenset", "tuple", "str", "bytes", "int", "float", "bool"];
    match name.rsplit_once('.') {
        Some(("builtins", short)) => immutable_builtins.contains(&short),
        Some(("collections.abc", "Set")) | Some(("types", "MappingProxyType")) => true,
        Some(("typing" | "typing_extensions" | "collections.abc", short)) => TYPES.contains(&short),
        _ => false,
    }
}

/// What an expression's words are bound to decides whether it may stand elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Movable {
    /// It means the same in every function of the file: literals and builtins.
    Anywhere,
    /// Its names are the module's or an outer function's: they may have changed by then.
    Later,
    /// It uses names of a class body, which functions do not see, or binds names.
    Nowhere,
}

/// Whether an expression can be moved into a function that stands in the same place, or deeper.
fn movable(project: &Project, site: Site<'_>) -> Movable {
    let mut found = Movable::Anywhere;
    for node in site.node.with_descendants() {
        let one = match node.kind() {
            Kind::NamedExpression | Kind::Await | Kind::Yield => Movable::Nowhere,
            Kind::Name if node.field() != Field::Attribute => {
                let name = site.with(node);
                match name.resolve() {
                    Resolution::Local(bindings) => {
                        let scope = bindings.first().map(|binding| {
                            let scopes = &binding.name.body().scopes;
                            (scopes[binding.binding.scope].kind, binding.name)
                        });
                        match scope {
                            Some((ScopeKind::Comprehension | ScopeKind::Lambda, bound))
                                if site.node.contains(bound.node) =>
                            {
                                Movable::Anywhere
                            }
                            Some((ScopeKind::Function | ScopeKind::Lambda, _)) => Movable::Later,
                            _ => Movable::Nowhere,
                        }
                    }
                    Resolution::Module(_) => match project.evaluate(name) {
                        Value::External(_) | Value::Class(_) | Value::Function(_) => {
                            Movable::Anywhere
                        }
                        _ => Movable::Later,
                    },
                    Resolution::Free => Movable::Anywhere,
                }
            }
            _ => Movable::Anywhere,
        };
        found = found.max(one);
    }
    found
}
