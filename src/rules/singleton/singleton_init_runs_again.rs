//! SNG001 singleton-init-runs-again. Card: knowledge/rules/SNG001-singleton-init-runs-again.md

use crate::facts::Site;
use crate::project::{Class, ClassValue, Function, Metaclass, Singleton};
use crate::rules::{Context, Findings, Rule, Severity};
use crate::syntax::{Field, Kind, Node};

use super::family;

pub const RULE: Rule = Rule {
    code: "SNG001",
    name: "singleton-init-runs-again",
    check,
};

fn check(cx: &Context<'_>, out: &mut Findings) {
    let mut reported: Vec<Function<'_>> = Vec::new();
    for singleton in cx.project.kept_by_new() {
        if let Some(class) = singleton.class.filter(|class| may_concern(cx, *class)) {
            check_family(cx, &singleton, class, &mut reported, out);
        }
    }
}

/// Whether the file may hold an `__init__` that objects of a class or of its heirs run: it names the class, or one of the class's bases stands in it.
fn may_concern<'p>(cx: &Context<'p>, class: Class<'p>) -> bool {
    let is_here = |other: &ClassValue<'p>| matches!(other, ClassValue::Known(other) if std::ptr::eq(other.site.file, cx.file));
    cx.file.mentions(class.name()) || cx.project.mro(class).classes.iter().any(is_here)
}

/// Whether a class's metaclass keeps the instance too, or its `__new__` takes `__init__` away: then it runs once.
pub(super) fn runs_once<'p>(cx: &Context<'p>, class: Class<'p>, new: Function<'p>) -> bool {
    let by_metaclass = match cx.project.metaclass(&ClassValue::Known(class)) {
        Metaclass::Is(ClassValue::Known(metaclass)) => {
            let call = cx.project.find_method(metaclass, "__call__");
            call.is_some_and(|call| cx.project.singleton(call).is_some())
        }
        _ => false,
    };
    let taken_away = new.nodes().any(|site| {
        let left = site
            .node
            .child(Field::Left)
            .filter(|_| site.node.kind() == Kind::Assignment);
        left.and_then(|left| left.child(Field::Attribute))
            .is_some_and(|name| name.text() == "__init__")
    });
    by_metaclass || taken_away
}

/// The classes that hand out the kept instance: each runs its `__init__` again.
fn check_family<'p>(
    cx: &Context<'p>,
    singleton: &Singleton<'p>,
    class: Class<'p>,
    reported: &mut Vec<Function<'p>>,
    out: &mut Findings,
) {
    let classes = family(cx, class, &|heir| heir.defines("__new__"));
    for class in classes {
        let Some(init) = cx.project.find_method(class, "__init__") else {
            continue;
        };
        let here = std::ptr::eq(init.site.file, cx.file);
        if !here
            || reported.contains(&init)
            || !cx.project.is_understood(class)
            || runs_once(cx, class, singleton.function)
            || init.site.decorators().next().is_some()
        {
            continue;
        }
        let resets = resets(cx, class, init, singleton.function, 0);
        if !resets.is_empty() {
            reported.push(init);
            report(cx, singleton, class, init, &resets, out);
        }
    }
}

/// The statements of an `__init__` that set state on every run.
fn resets<'p>(
    cx: &Context<'p>,
    class: Class<'p>,
    init: Function<'p>,
    new: Function<'p>,
    depth: usize,
) -> Vec<Site<'p>> {
    let Some(own) = init.first_parameter() else {
        return Vec::new();
    };
    let sets = |site: &Site<'p>| match site.node.kind() {
        Kind::Assignment => {
            let left = site.node.child(Field::Left);
            left.is_some_and(|left| sets_on(left, own)) && !keeps(site.node, own)
        }
        Kind::Call => {
            let callee = site.node.child(Field::Function);
            let first = site
                .node
                .child(Field::Arguments)
                .and_then(|list| list.children().next());
            let setattr = callee.is_some_and(|callee| callee.text() == "setattr")
                && first.is_some_and(|first| first.text() == own);
            setattr || (depth == 0 && calls_setter(cx, class, new, *site, own))
        }
        _ => false,
    };
    let mut found: Vec<Site<'p>> = init
        .nodes()
        .filter(|site| sets(site) && !is_guarded(class, init, new, *site))
        .collect();
    for site in &mut found {
        if site.node.kind() != Kind::Call
            && let Some(statement) = site.node.statement()
        {
            *site = site.with(statement);
        }
    }
    found
}

/// Whether a target is an attribute of the object, or an entry of its `__dict__`.
fn sets_on(target: Node<'_>, own: &str) -> bool {
    target.with_descendants().any(|node| match node.kind() {
        Kind::Attribute => {
            node.child(Field::Object)
                .is_some_and(|object| object.text() == own)
                && !inside_read(node, target)
        }
        _ => false,
    })
}

/// `self.items = getattr(self, "items", [])`: what was there is kept.
fn keeps(assignment: Node<'_>, own: &str) -> bool {
    let name = assignment
        .child(Field::Left)
        .and_then(|left| left.child(Field::Attribute))
        .map(Node::text);
    let value = assignment.child(Field::Right);
    name.zip(value).is_some_and(|(name, value)| {
        let reads = value
            .with_descendants()
            .any(|node| node.kind() == Kind::Name && node.text() == own);
        reads && crate::syntax::contains_word(value.text(), name)
    })
}

/// Whether a node of a target is only read on the way to what is stored: `self.a` in `self.a.b = 1`.
fn inside_read(node: Node<'_>, target: Node<'_>) -> bool {
    if node == target {
        return false;
    }
    let is_dict = node
        .child(Field::Attribute)
        .is_some_and(|name| name.text() == "__dict__");
    node.parent()
        .is_some_and(|parent| matches!(parent.kind(), Kind::Attribute | Kind::Subscript))
        && !is_dict
}

/// `self.reset()`, where that method sets state.
fn calls_setter<'p>(
    cx: &Context<'p>,
    class: Class<'p>,
    new: Function<'p>,
    call: Site<'p>,
    own: &str,
) -> bool {
    let Some(callee) = call
        .node
        .child(Field::Function)
        .filter(|callee| callee.kind() == Kind::Attribute)
    else {
        return false;
    };
    let on_self = callee
        .child(Field::Object)
        .is_some_and(|object| object.text() == own);
    let method = callee
        .child(Field::Attribute)
        .filter(|_| on_self)
        .and_then(|name| cx.project.find_method(class, name.text()));
    method.is_some_and(|method| !resets(cx, class, method, new, 1).is_empty())
}

/// Whether a statement is left alone when there is an instance already: a condition before or around it depends on what the object or the class is.
fn is_guarded<'p>(class: Class<'p>, init: Function<'p>, new: Function<'p>, site: Site<'p>) -> bool {
    let around = site
        .node
        .ancestors()
        .take_while(|node| *node != init.site.node);
    for node in around {
        match node.kind() {
            Kind::If | Kind::ElifClause => {
                let Some(condition) = node.child(Field::Condition) else {
                    continue;
                };
                if !condition.contains(site.node)
                    && (depends_on_state(class, init, new, condition)
                        || leaves_missing(init, condition, site.node))
                {
                    return true;
                }
            }
            Kind::ExceptClause | Kind::While | Kind::Match => return true,
            _ => {}
        }
    }
    let before = init.nodes().filter(|other| {
        other.node.kind() == Kind::If
            && other.node.id() < site.node.id()
            && !other.node.contains(site.node)
    });
    before.into_iter().any(|other| {
        let leaves = other.node.child(Field::Consequence).is_some_and(|block| {
            block
                .children()
                .any(|inner| matches!(inner.kind(), Kind::Return | Kind::Raise))
        });
        leaves
            && other
                .node
                .child(Field::Condition)
                .is_some_and(|condition| depends_on_state(class, init, new, condition))
    })
}

/// Whether a condition asks for something that the object or the class remembers from an earlier run.
pub(super) fn depends_on_state<'p>(
    class: Class<'p>,
    init: Function<'p>,
    new: Function<'p>,
    condition: Node<'p>,
) -> bool {
    let Some(own) = init.first_parameter() else {
        return false;
    };
    let parameters: Vec<&str> = init
        .parameters()
        .map(|parameter| parameter.name.text())
        .collect();
    condition.with_descendants().any(|node| match node.kind() {
        Kind::Attribute => {
            let object = node
                .child(Field::Object)
                .map(Node::text)
                .unwrap_or_default();
            let name = node
                .child(Field::Attribute)
                .map(Node::text)
                .unwrap_or_default();
            let of_object = object == own
                || object == class.name()
                || object.starts_with("type(")
                || object.ends_with(".__class__");
            of_object && (name == "__dict__" || is_remembered(class, init, new, name))
        }
        Kind::Call => {
            let callee = node
                .child(Field::Function)
                .map(Node::text)
                .unwrap_or_default();
            let mut arguments = node.arguments();
            let first = arguments.next().map(Node::text).unwrap_or_default();
            match callee {
                "hasattr" | "getattr" if first == own || first == class.name() => {
                    let name = arguments
                        .next()
                        .map(|name| name.text().trim_matches(['"', '\'']))
                        .unwrap_or_default();
                    is_remembered(class, init, new, name)
                }
                "vars" => first == own,
                // a method of the object may ask anything
                _ => callee
                    .strip_prefix(own)
                    .is_some_and(|rest| rest.starts_with('.')),
            }
        }
        // a global that is set somewhere may be the flag
        Kind::Name => {
            let text = node.text();
            let declares = init
                .site
                .body()
                .bindings_in(init.scope(), text)
                .any(|binding| binding.kind == crate::facts::BindingKind::Global);
            declares && !parameters.contains(&text)
        }
        _ => false,
    })
}

/// Whether an attribute that a guard asks for is set somewhere, and not taken back by `__new__` on every call.
fn is_remembered<'p>(class: Class<'p>, init: Function<'p>, new: Function<'p>, name: &str) -> bool {
    let stores = |function: Function<'p>| -> Vec<Site<'p>> {
        let nodes = function
            .nodes()
            .filter(|site| site.node.kind() == Kind::Assignment);
        nodes
            .filter(|site| {
                site.node.child(Field::Left).is_some_and(|left| {
                    left.with_descendants()
                        .any(|node| node.field() == Field::Attribute && node.text() == name)
                })
            })
            .collect()
    };
    let in_new = stores(new);
    let unconditional = in_new.iter().any(|site| {
        let mut around = site
            .node
            .ancestors()
            .take_while(|node| *node != new.site.node);
        !around.any(|node| matches!(node.kind(), Kind::If | Kind::Try | Kind::ExceptClause))
    });
    let set =
        !stores(init).is_empty() || !in_new.is_empty() || !class.stores_to_self(name).is_empty();
    set && !unconditional
}

/// `if path is not None: self.path = path`: the state is left alone when the argument is missing.
fn leaves_missing(init: Function<'_>, condition: Node<'_>, site: Node<'_>) -> bool {
    let text = condition.text();
    let asked = init.parameters().skip(1).find(|parameter| {
        let name = parameter.name.text();
        parameter.default.is_some() && (text == name || text == format!("{name} is not None"))
    });
    let in_branch = condition
        .parent()
        .and_then(|statement| statement.child(Field::Consequence))
        .is_some_and(|branch| branch.contains(site));
    asked.is_some() && in_branch
}

fn report<'p>(
    cx: &Context<'p>,
    singleton: &Singleton<'p>,
    class: Class<'p>,
    init: Function<'p>,
    resets: &[Site<'p>],
    out: &mut Findings,
) {
    let name = class.name();
    let message = format!(
        "`{name}.__new__` hands out the instance that it has kept, and `__init__` runs on it again: every `{name}(…)` sets its state anew; guard `__init__`, or set the state in `__new__` when the instance is made"
    );
    let finding = out.report(&RULE, Severity::Warning, cx.file, init.header(), message);
    let place = singleton.storage.text();
    let kept = singleton.function.returns().filter(|statement| {
        statement
            .node
            .children()
            .next()
            .is_some_and(|value| value.text() == place || value.kind() == Kind::Name)
    });
    for statement in kept.into_iter().take(1) {
        finding.evidence(statement, "the kept instance, handed out again");
    }
    for reset in resets {
        finding.evidence(*reset, "set on every construction");
    }
    let again = cx.project.constructions(class);
    for call in again.iter().skip(1).take(3) {
        finding.evidence(*call, "a construction that resets it");
    }
}
