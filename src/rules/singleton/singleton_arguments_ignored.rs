//! SNG006 singleton-arguments-ignored. Card: knowledge/rules/SNG006-singleton-arguments-ignored.md

use super::singleton_init_runs_again::{depends_on_state, runs_once};
use super::{decorated, family, singleton_name};
use crate::facts::Site;
use crate::project::{
    Bound, Class, ClassValue, Function, ParameterKind, Project, Singleton, SingletonShape,
    is_plain_base,
};
use crate::rules::context::line;
use crate::rules::expected::is_any_expected;
use crate::rules::{Context, Findings, Rule, Severity};
use crate::syntax::{Field, Kind, Node};

pub const RULE: Rule = Rule {
    code: "SNG006",
    name: "singleton-arguments-ignored",
    check,
};

fn check(cx: &Context<'_>, out: &mut Findings) {
    for singleton in cx.project.kept_when_called() {
        for class in kept_classes(cx, &singleton) {
            let later = cx.project.constructions_in(cx.file, class);
            if !later.is_empty()
                && let Some(signature) = takes_no_notice(cx, &singleton, class)
                && !is_let_go(cx, &singleton, Some(class))
            {
                let asked = Asked {
                    name: class.name(),
                    signature,
                    is_bound: true,
                    all: cx.project.constructions(class),
                };
                check_calls(cx, &asked, &later, out);
            }
        }
    }
    for singleton in cx.project.kept_by_accessors() {
        let function = singleton.function;
        if !cx.file.segments_with(function.name()).is_empty()
            && let Some(asked) = accessor(cx, &singleton)
        {
            let is_here = |call: &Site<'_>| std::ptr::eq(call.file, cx.file);
            let later: Vec<_> = asked.all.iter().copied().filter(is_here).collect();
            check_calls(cx, &asked, &later, out);
        }
    }
}

/// What hands out a kept instance without a look at the arguments.
struct Asked<'p> {
    /// What it hands out, in a message.
    name: &'p str,
    /// The function whose parameters the arguments are for.
    signature: Function<'p>,
    /// Whether its first parameter is taken by the object, or the class.
    is_bound: bool,
    /// The calls that ask, in the whole project.
    all: Vec<Site<'p>>,
}

/// A function, or a method of a class, that makes the one object with its arguments when there is none, and hands out the one that is kept.
fn accessor<'p>(cx: &Context<'p>, singleton: &Singleton<'p>) -> Option<Asked<'p>> {
    const PLAIN: &[&str] = &["builtins.classmethod", "builtins.staticmethod"];
    let function = singleton.function;
    let is_bound = singleton.class.is_some() && function.binding(cx.project) == Bound::Class;
    let is_plain = function.site.decorators().all(|decorator| {
        let name = cx.project.qualified_decorator(decorator);
        name.is_some_and(|name| PLAIN.contains(&name.as_ref()))
    });
    // each subclass that is asked may keep its own
    let is_one = !singleton.per_class
        && singleton
            .class
            .is_none_or(|class| cx.project.subclasses(class).is_empty());
    let asks = |used| is_for_the_new(singleton, used);
    if !is_plain
        || !is_one
        || !uses(function, usize::from(is_bound)).all(asks)
        || is_let_go(cx, singleton, None)
    {
        return None;
    }
    Some(Asked {
        name: singleton_name(singleton),
        signature: function,
        is_bound,
        all: cx.project.calls_of(function),
    })
}

/// The classes whose one object is kept by a function.
fn kept_classes<'p>(cx: &Context<'p>, singleton: &Singleton<'p>) -> Vec<Class<'p>> {
    match (singleton.shape, singleton.class) {
        (SingletonShape::New, Some(class)) => family(cx, class, &|heir| heir.defines("__new__")),
        (SingletonShape::Metaclass, Some(metaclass)) => {
            let roots = cx.project.made_by_metaclass(metaclass);
            let keyed = |heir: Class<'p>| heir.keyword("metaclass").is_some();
            roots
                .into_iter()
                .flat_map(|root| family(cx, root, &keyed))
                .collect()
        }
        (SingletonShape::Decorator, _) => decorated(cx, singleton.function),
        _ => Vec::new(),
    }
}

fn check_calls<'p>(cx: &Context<'p>, asked: &Asked<'p>, here: &[Site<'p>], out: &mut Findings) {
    let all = &asked.all;
    for later in here.iter().filter(|call| !is_any_expected(**call)) {
        let comes_before = |other: &&Site<'p>| precedes(cx.project, **other, *later);
        let before: Vec<Site<'p>> = all.iter().filter(comes_before).copied().collect();
        let is_first = |call: &&Site<'p>| {
            !before
                .iter()
                .any(|other| precedes(cx.project, *other, **call))
        };
        let mut differing = before
            .iter()
            .filter(is_first)
            .map(|first| Some((*first, difference(cx.project, asked, *first, *later)?)));
        let Some(Some((first, difference))) = differing.next() else {
            continue;
        };
        if differing.all(|other| other.is_some()) {
            report(cx, asked, *later, first, &difference, out);
        }
    }
}

/// Where a kept instance is handed out without a look at the arguments: the function whose parameters they are for.
fn takes_no_notice<'p>(
    cx: &Context<'p>,
    singleton: &Singleton<'p>,
    class: Class<'p>,
) -> Option<Function<'p>> {
    let keeper = singleton.function;
    let bound = usize::from(singleton.shape != SingletonShape::Decorator);
    if !uses(keeper, bound).all(|used| is_for_the_new(singleton, used)) {
        return None;
    }
    let mut known = cx.project.mro(class).classes.into_iter();
    let init = known.find_map(|class| match class {
        ClassValue::Known(class) => class.defines("__init__").then(|| class.method("__init__")),
        ClassValue::External(name) => (!is_plain_base(&name)).then_some(None),
    });
    if singleton.shape == SingletonShape::Decorator {
        let alone = class.site.decorators().count() == 1 && cx.project.mro(class).is_complete();
        return init?.filter(|_| alone && cx.project.is_called_plainly(class));
    }
    if !cx.project.is_understood(class) {
        return None;
    }
    if singleton.shape == SingletonShape::Metaclass {
        return init?;
    }
    let Some(init) = init else {
        return Some(keeper);
    };
    let init = init?;
    let once = runs_once(cx, class, keeper)
        || cx.project.is_called_plainly(class)
            && uses(init, 1).all(|used| is_left_alone(class, init, keeper, used));
    once.then_some(init)
}

/// The places where a function reads its parameters, after the first `bound`.
fn uses<'p>(function: Function<'p>, bound: usize) -> impl Iterator<Item = Site<'p>> {
    let names: Vec<&str> = function
        .parameters()
        .skip(bound)
        .map(|parameter| parameter.name.text())
        .collect();
    let body = function.body();
    let nodes = body
        .into_iter()
        .flat_map(|body| body.node.descendants().map(move |node| body.with(node)));
    nodes.filter(move |site| {
        site.node.kind() == Kind::Name
            && site.node.field() != Field::Attribute
            && !(site.node.field() == Field::Name
                && site
                    .node
                    .parent()
                    .is_some_and(|parent| parent.kind() == Kind::KeywordArgument))
            && names.contains(&site.text())
    })
}

/// Whether a place is come to only when there is no instance yet: it stands in the branch that makes one, or after the one that returns what is kept.
fn is_for_the_new(singleton: &Singleton<'_>, used: Site<'_>) -> bool {
    let (creation, check) = (singleton.creation.node, singleton.check.node);
    let asks = |node: &Node<'_>| matches!(node.kind(), Kind::If | Kind::Try);
    let Some(statement) = check.ancestors().find(asks) else {
        return false;
    };
    if !statement.contains(creation) {
        return used.node.id() > statement.id() && !statement.contains(used.node);
    }
    let branch = statement
        .children()
        .find(|branch| branch.contains(creation));
    branch.is_some_and(|branch| branch.contains(used.node))
}

/// Whether an `__init__` that runs again does not come to a place: a condition that asks what the object remembers, and not for the arguments, stands before it.
fn is_left_alone<'p>(
    class: Class<'p>,
    init: Function<'p>,
    new: Function<'p>,
    used: Site<'p>,
) -> bool {
    let asked: Vec<Node<'p>> = uses(init, 1).map(|site| site.node).collect();
    let guards = |statement: Node<'p>| {
        let condition = statement.child(Field::Condition);
        condition.is_some_and(|condition| {
            !asked.iter().any(|name| condition.contains(*name))
                && depends_on_state(class, init, new, condition)
        })
    };
    let around = used
        .node
        .ancestors()
        .take_while(|node| *node != init.site.node);
    if around.filter(|node| node.kind() == Kind::If).any(guards) {
        return true;
    }
    let mut before = init.nodes().filter(|other| {
        other.node.kind() == Kind::If
            && other.node.id() < used.node.id()
            && !other.node.contains(used.node)
    });
    before.any(|other| {
        let branch = other.node.child(Field::Consequence);
        let returns = branch.is_some_and(|branch| branch.child_of(Kind::Return).is_some());
        returns && guards(other.node)
    })
}

/// Whether the instance is thrown away somewhere: what it is kept in is changed by others than the function that fills it.
fn is_let_go<'p>(cx: &Context<'p>, singleton: &Singleton<'p>, class: Option<Class<'p>>) -> bool {
    let keeper = singleton.function;
    let mut storage = singleton.storage;
    while storage.node.kind() == Kind::Subscript {
        let Some(table) = storage.child(Field::Value) else {
            return true;
        };
        storage = table;
    }
    let inside = |site: Site<'p>| keeper.site.node.contains(site.node);
    if storage.node.kind() == Kind::Name {
        let name = storage.text();
        let segments = cx.project.mentions(name);
        let named = segments.into_iter().flat_map(|(file, segment)| {
            let root = file.root(segment);
            root.body().named(name).map(move |node| root.at(node))
        });
        return named.into_iter().filter(|site| !inside(*site)).count() > 1;
    }
    let Some(attribute) = storage.node.child(Field::Attribute) else {
        return true;
    };
    cx.project
        .changes_of_attribute(attribute.text())
        .any(|object| {
            let method = Function::around(object)
                .filter(|method| method.first_parameter() == Some(object.text()));
            let owner = method.and_then(Function::class);
            let is_another =
                owner.is_some_and(|owner| Some(owner) != singleton.class && Some(owner) != class);
            let is_beginning = method.is_some_and(|method| {
                singleton.shape == SingletonShape::Metaclass
                    && matches!(method.name(), "__init__" | "__new__")
            });
            !inside(object) && !is_another && !is_beginning
        })
}

/// Whether a call is surely made before another.
fn precedes(project: &Project, first: Site<'_>, later: Site<'_>) -> bool {
    let (one, other) = (Function::around(first), Function::around(later));
    let start = |site: Site<'_>| site.range().start;
    if std::ptr::eq(first.file, later.file) {
        return match (one, other) {
            (None, Some(_)) => is_sure(first, None),
            (None, None) => start(first) < start(later) && is_sure(first, Some(later)),
            (Some(one), Some(other)) => {
                one == other && start(first) < start(later) && is_sure(first, Some(later))
            }
            (Some(_), None) => false,
        };
    }
    one.is_none()
        && is_sure(first, None)
        && project
            .importing(later.file, first.file)
            .is_some_and(|import| other.is_some() || start(import) < start(later))
}

/// Whether a call is made whenever its function (or its module) is run as far as there, or whenever `later` is come to.
fn is_sure(call: Site<'_>, later: Option<Site<'_>>) -> bool {
    let mut inner = call.node;
    for outer in call.node.ancestors() {
        let depends = match outer.kind() {
            Kind::FunctionDef => return true,
            Kind::If | Kind::While => inner.field() != Field::Condition,
            Kind::For | Kind::Try => inner.field() == Field::Body,
            Kind::ElifClause | Kind::ElseClause | Kind::ExceptClause | Kind::CaseClause => true,
            Kind::Conditional | Kind::BooleanOperation => true,
            kind => kind.is_comprehension(),
        };
        if depends && !later.is_some_and(|later| inner.contains(later.node)) {
            return false;
        }
        inner = outer;
    }
    true
}

/// A parameter that two constructions give different values: its name, and both values.
type Difference<'p> = (&'p str, Site<'p>, Site<'p>);

fn difference<'p>(
    project: &'p Project,
    asked: &Asked<'p>,
    first: Site<'p>,
    later: Site<'p>,
) -> Option<Difference<'p>> {
    let (before, after) = (given(project, asked, first)?, given(project, asked, later)?);
    // without arguments it is only asked for
    later.node.child(Field::Arguments)?.children().next()?;
    let mut parameters = asked
        .signature
        .parameters()
        .skip(usize::from(asked.is_bound));
    parameters.find_map(|parameter| {
        let name = parameter.name.text();
        let value = |given: &[(&'p str, Site<'p>)]| {
            let own = given.iter().find(|(known, _)| *known == name);
            own.map(|(_, value)| *value).or(parameter.default)
        };
        let (one, other) = (value(&before)?, value(&after)?);
        let differ = literal(project, one)? != literal(project, other)?;
        differ.then_some((name, one, other))
    })
}

/// The arguments of a call by the parameters that take them. None where they are not written out, or do not fit.
fn given<'p>(
    project: &Project,
    asked: &Asked<'p>,
    call: Site<'p>,
) -> Option<Vec<(&'p str, Site<'p>)>> {
    let list = call.child(Field::Arguments)?;
    let mut found = Vec::new();
    for argument in list.node.children().map(|node| list.with(node)) {
        let parameter = project.parameter_of(asked.signature, asked.is_bound, argument)?;
        if list.node.kind() != Kind::ArgumentList || parameter.kind == ParameterKind::Star {
            return None;
        }
        let value = match argument.node.kind() {
            Kind::KeywordArgument => argument.child(Field::Value)?,
            Kind::ListSplat | Kind::DictSplat => return None,
            _ => argument,
        };
        found.push((parameter.name.text(), value));
    }
    Some(found)
}

/// What a literal, or a name that stands for one, is: two that differ are different objects.
fn literal<'p>(project: &'p Project, value: Site<'p>) -> Option<String> {
    let origin = match value.node.kind() {
        Kind::Name => project.origin(value)?,
        _ => value,
    };
    let text = origin.text();
    match origin.node.kind() {
        Kind::Integer if text.bytes().all(|byte| byte.is_ascii_digit()) => Some(text.to_string()),
        Kind::True | Kind::False | Kind::None => Some(text.to_string()),
        Kind::String if text.starts_with(['"', '\'']) && !text.contains('\\') => {
            let quotes =
                if text.len() > 5 && (text.starts_with("\"\"\"") || text.starts_with("'''")) {
                    3
                } else {
                    1
                };
            let inner = text.get(quotes..text.len().checked_sub(quotes)?)?;
            Some(format!("'{inner}"))
        }
        _ => None,
    }
}

fn report<'p>(
    cx: &Context<'p>,
    asked: &Asked<'p>,
    later: Site<'p>,
    first: Site<'p>,
    (parameter, before, after): &Difference<'p>,
    out: &mut Findings,
) {
    let name = asked.name;
    let message = format!(
        "there is one `{name}`, made in line {} with `{parameter}` = `{}`: this call gets that one, and `{parameter}` = `{}` goes nowhere; \
         ask for it without arguments, or keep one object for each value",
        line(first),
        before.text(),
        after.text(),
    );
    let finding = out.report(&RULE, Severity::Warning, cx.file, later.range(), message);
    finding.evidence(first, "the arguments that count");
}
