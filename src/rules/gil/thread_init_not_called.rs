//! GIL012 thread-init-not-called. Card: knowledge/rules/GIL012-thread-init-not-called.md

use crate::facts::{BindingKind, Site, Subjects};
use crate::project::{Class, ClassValue, FieldMaker, Function, Metaclass, Startable, Value};
use crate::rules::{Context, Findings, Rule, Severity};
use crate::syntax::{Field, Kind, Node};

pub const RULE: Rule = Rule {
    code: "GIL012",
    name: "thread-init-not-called",
    check,
};

fn check(cx: &Context<'_>, out: &mut Findings) {
    let mut reported: Vec<Class<'_>> = Vec::new();
    for class in cx.classes(Subjects::THREADS) {
        let Some(what) = cx.project.startable(&ClassValue::Known(class)) else {
            continue;
        };
        if !is_started_as_it_is(cx, class) {
            continue;
        }
        let way = Way {
            cx,
            class,
            mro: cx.project.mro(class).classes,
        };
        let End::Lost(by, place) = way.after(0, 0) else {
            continue;
        };
        // a base that is a thread itself is reported where it stands
        let is_own = by == class || cx.project.startable(&ClassValue::Known(by)).is_none();
        if is_own && !reported.contains(&by) {
            reported.push(by);
            report(cx, class, by, place, what, out);
        }
    }
}

/// Whether a class becomes what its bases make of it, and is started by their `start`.
fn is_started_as_it_is<'p>(cx: &Context<'p>, class: Class<'p>) -> bool {
    const OTHERS: &[&str] = &["start", "__new__", "_initialized", "__getattribute__"];
    let known = cx.project.known_mro(class);
    let is_plain = |decorator: Site<'p>| {
        cx.project
            .qualified_decorator(decorator)
            .is_some_and(|name| cx.project.is_standard(&name))
    };
    known
        .iter()
        .all(|class| class.site.decorators().all(is_plain))
        && !known
            .iter()
            .any(|class| OTHERS.iter().any(|name| class.defines(name)))
        && cx.project.metaclass(&ClassValue::Known(class))
            == Metaclass::Is(ClassValue::External("builtins.type".into()))
}

/// Where the calls of `__init__` lead.
enum End<'p> {
    /// To the one that makes the thread.
    Reached,
    /// Perhaps there.
    Unknown,
    /// Nowhere: they end in this class, in its `__init__` where it writes one.
    Lost(Class<'p>, Option<Function<'p>>),
}

/// What an `__init__` does about the next one.
enum Step {
    /// The search goes on at this place of the method resolution order.
    To(usize),
    Unknown,
}

/// The way along the method resolution order of a class.
struct Way<'a, 'p> {
    cx: &'a Context<'p>,
    class: Class<'p>,
    mro: Vec<ClassValue<'p>>,
}

/// How many methods deep a call is looked for.
const CALLS: usize = 3;

impl<'p> Way<'_, 'p> {
    /// Follows the first `__init__` from a place of the method resolution order on. `turns` ends what calls itself.
    fn after(&self, from: usize, turns: usize) -> End<'p> {
        if turns > self.mro.len() {
            return End::Unknown;
        }
        for (index, ancestor) in self.mro.iter().enumerate().skip(from) {
            let ancestor = match ancestor {
                ClassValue::Known(ancestor) => *ancestor,
                external if self.cx.project.startable(external).is_some() => return End::Reached,
                ClassValue::External(_) => return End::Unknown,
            };
            let init = match self.init_of(ancestor) {
                Init::None => continue,
                Init::Unknown => return End::Unknown,
                Init::Written(init) => init,
                Init::Generated(None) => return End::Lost(ancestor, None),
                Init::Generated(Some(init)) => init,
            };
            let mut steps = Vec::new();
            self.steps(init, index, 0, &mut steps);
            let mut end = End::Lost(ancestor, (init.name() == "__init__").then_some(init));
            for step in steps {
                let next = match step {
                    Step::Unknown => return End::Unknown,
                    Step::To(next) => self.after(next, turns + 1),
                };
                match next {
                    End::Lost(..) if matches!(step, Step::To(next) if next > self.thread()) => {}
                    End::Lost(..) => end = next,
                    known => return known,
                }
            }
            return end;
        }
        End::Lost(self.class, None)
    }

    /// The place of the class that makes the thread.
    fn thread(&self) -> usize {
        let is_thread = |class: &ClassValue<'p>| {
            matches!(class, ClassValue::External(_)) && self.cx.project.startable(class).is_some()
        };
        self.mro
            .iter()
            .position(is_thread)
            .unwrap_or(self.mro.len())
    }

    fn init_of(&self, class: Class<'p>) -> Init<'p> {
        let members = class.site.members_named("__init__");
        match members[..] {
            [] => {}
            [only] if only.binding.kind == BindingKind::Function => {
                let function = only.value().and_then(Function::at);
                let plain = function.filter(|function| function.site.decorators().next().is_none());
                return plain.map_or(Init::Unknown, Init::Written);
            }
            _ => return Init::Unknown,
        }
        match self.cx.project.field_maker(class) {
            None => Init::None,
            Some((FieldMaker::Dataclass, Some(decorator))) => {
                if decorator.text().contains("init") {
                    return Init::None;
                }
                Init::Generated(self.cx.project.find_method(self.class, "__post_init__"))
            }
            Some(_) => Init::Unknown,
        }
    }

    /// What a method does about the next `__init__`: nothing, where this adds nothing.
    fn steps(&self, method: Function<'p>, index: usize, depth: usize, steps: &mut Vec<Step>) {
        let Some(body) = method.body() else { return };
        let Some(own) = method.first_parameter() else {
            steps.push(Step::Unknown);
            return;
        };
        for node in body.node.with_descendants() {
            match node.kind() {
                // an object that cannot be made is not started
                Kind::Raise if node.parent() == Some(body.node) => steps.push(Step::Unknown),
                Kind::Name if node.text() == "super" && !is_named_only(node) => {
                    steps.push(self.through_super(body.with(node), index));
                }
                Kind::Name if node.text() == own && node.field() != Field::Attribute => {
                    self.through_self(body.with(node), index, depth, steps);
                }
                Kind::Name
                    if node.text() == "__init__"
                        && node.field() == Field::Attribute
                        && node.parent().and_then(Node::parent).map(Node::kind)
                            != Some(Kind::ExpressionStatement) =>
                {
                    steps.extend(self.through_class(body.with(node)));
                }
                _ => {}
            }
        }
    }

    /// `super().__init__(…)`
    fn through_super(&self, name: Site<'p>, index: usize) -> Step {
        let call = name.node.parent().filter(|call| call.kind() == Kind::Call);
        let is_init = call.and_then(Node::parent).is_some_and(|attribute| {
            attribute.child(Field::Attribute).map(Node::text) == Some("__init__")
                && attribute.field() == Field::Function
        });
        let Some(call) = call.filter(|_| is_init) else {
            return Step::Unknown;
        };
        let first = call
            .child(Field::Arguments)
            .and_then(|arguments| arguments.children().next());
        match first {
            None => Step::To(index + 1),
            Some(first) => self
                .place_of(name.with(first))
                .map_or(Step::Unknown, |place| Step::To(place + 1)),
        }
    }

    /// The place of a class in the method resolution order.
    fn place_of(&self, class: Site<'p>) -> Option<usize> {
        let class = match self.cx.project.evaluate(class) {
            Value::Class(class) => ClassValue::Known(class),
            Value::External(name) => ClassValue::External(name),
            _ => return None,
        };
        self.mro.iter().position(|known| *known == class)
    }

    /// The method's own object: a call of another method of it, or handed to somebody.
    fn through_self(&self, name: Site<'p>, index: usize, depth: usize, steps: &mut Vec<Step>) {
        let Some(parent) = name.node.parent() else {
            return;
        };
        if parent.kind() == Kind::Attribute {
            let called = parent
                .child(Field::Attribute)
                .filter(|_| parent.field() == Field::Function);
            let method =
                called.and_then(|called| self.cx.project.find_method(self.class, called.text()));
            match method {
                Some(_) if depth >= CALLS => steps.push(Step::Unknown),
                Some(method) => self.steps(method, index, depth + 1, steps),
                // `__super_init = Base.__init__`, called as `self.__super_init()`
                None if called.is_some_and(|called| self.is_kept(called.text())) => {
                    steps.push(Step::Unknown);
                }
                None => {}
            }
            return;
        }
        let callee = parent.parent().and_then(|call| call.child(Field::Function));
        let is_constructor = callee.is_some_and(|callee| {
            callee.text() == "super"
                || callee.child(Field::Attribute).map(Node::text) == Some("__init__")
        });
        if parent.kind() != Kind::ArgumentList || !is_constructor {
            steps.push(Step::Unknown);
        }
    }

    /// Whether a class of the project keeps something under a name, in its body or on its objects.
    fn is_kept(&self, name: &str) -> bool {
        let mut known = self.cx.project.known_mro(self.class).into_iter();
        known.any(|class| class.defines(name) || !class.stores_to_self(name).is_empty())
    }

    /// `Thread.__init__(self, …)`
    fn through_class(&self, name: Site<'p>) -> Option<Step> {
        let attribute = name.node.parent()?;
        let object = name.with(attribute.child(Field::Object)?);
        if object.node.child(Field::Function).map(Node::text) == Some("super") {
            return None;
        }
        if attribute.field() != Field::Function {
            return Some(Step::Unknown);
        }
        Some(self.place_of(object).map_or(Step::Unknown, Step::To))
    }
}

/// Whether a statement names the method of `super()` and does not call it: `super().__init__`
fn is_named_only(name: Node<'_>) -> bool {
    let attribute = name.parent().and_then(Node::parent);
    attribute.is_some_and(|attribute| {
        attribute.kind() == Kind::Attribute
            && attribute.parent().map(Node::kind) == Some(Kind::ExpressionStatement)
    })
}

/// How a class comes to its `__init__`.
enum Init<'p> {
    None,
    Written(Function<'p>),
    /// By a decorator; with the method that is called at its end.
    Generated(Option<Function<'p>>),
    Unknown,
}

fn report<'p>(
    cx: &Context<'p>,
    class: Class<'p>,
    by: Class<'p>,
    place: Option<Function<'p>>,
    what: Startable,
    out: &mut Findings,
) {
    let (what, raised) = match what {
        Startable::Thread => ("Thread", "RuntimeError"),
        Startable::Process => ("Process", "AttributeError"),
    };
    let name = class.name();
    let ends = match place {
        Some(_) if by == class => {
            format!("`{name}.__init__` never calls the `__init__` of `{what}`")
        }
        Some(_) => format!(
            "`{name}` never gets to the `__init__` of `{what}`: `{}.__init__` comes first and does not call the next one",
            by.name()
        ),
        None => format!(
            "the dataclass `{}` writes an `__init__` that calls no other",
            by.name()
        ),
    };
    let message = format!(
        "{ends}: `start()` of a `{name}` raises `{raised}`; call `super().__init__()` {}",
        if place.is_some() {
            "there"
        } else {
            "in `__post_init__`"
        }
    );
    let here = place.filter(|place| std::ptr::eq(place.site.file, cx.file));
    let range = here.map_or_else(|| class.header(), |place| place.header());
    let finding = out.report(&RULE, Severity::Error, cx.file, range, message);
    if here.is_some() {
        finding.evidence_at(
            class.site.file,
            class.header(),
            format!("`{name}` is to be a {}", what.to_lowercase()),
        );
    } else if let Some(place) = place {
        let message =
            format!("This `__init__` comes before the one of `{what}`, and does not call it");
        finding.evidence_at(place.site.file, place.header(), message);
    }
    let base = class.bases().find(|base| {
        let base = cx.project.base_class(*base);
        base.is_some_and(|base| cx.project.startable(&base).is_some())
    });
    if let Some(base) = base {
        finding.evidence(
            base,
            format!(
                "The `__init__` of this base makes the {}",
                what.to_lowercase()
            ),
        );
    }
}
