//! SNG008 singleton-copied. Card: knowledge/rules/SNG008-singleton-copied.md

use super::keeper_of;
use crate::facts::{BindingKind, Site};
use crate::project::{
    Class, ClassValue, Function, Singleton, SingletonShape, Value, is_plain_base,
};
use crate::rules::{Context, Findings, Rule, Severity};
use crate::syntax::{Field, Kind};

pub const RULE: Rule = Rule {
    code: "SNG008",
    name: "singleton-copied",
    check,
};

fn check(cx: &Context<'_>, out: &mut Findings) {
    let modules = ["copy", "pickle"];
    if !modules.iter().any(|module| cx.file.mentions(module)) || !may_be_kept(cx) {
        return;
    }
    let names = copiers(cx);
    for segment in 0..cx.file.len() {
        let facts = cx.file.segment(segment);
        let imports =
            || facts.mentions("import") && modules.iter().any(|module| facts.mentions(module));
        if !names.iter().any(|name| facts.mentions(name)) && !imports() {
            continue;
        }
        let root = cx.file.root(segment);
        if !root.node.tree().has_error() {
            for call in root.body().calls.iter().map(|call| root.at(*call)) {
                check_call(cx, call, out);
            }
        }
    }
}

/// Whether a metaclass or a decorator of the project keeps instances.
fn may_be_kept(cx: &Context<'_>) -> bool {
    let mut kept = cx.project.kept_when_called();
    kept.any(|singleton| singleton.shape != SingletonShape::New)
}

/// The names that the file's module has for the functions that copy, and for their modules.
fn copiers<'p>(cx: &Context<'p>) -> Vec<&'p str> {
    let is_about = |segment: &usize| {
        let facts = cx.file.segment(*segment);
        facts.mentions("import") && (facts.mentions("copy") || facts.mentions("pickle"))
    };
    let roots = (0..cx.file.len())
        .filter(is_about)
        .map(|segment| cx.file.root(segment));
    let imported = roots.flat_map(|root| {
        let bindings = root.body().bindings.iter().filter(|binding| {
            matches!(
                binding.kind,
                BindingKind::Import | BindingKind::ImportAs | BindingKind::FromImport
            )
        });
        bindings.map(move |binding| root.at(binding.name))
    });
    imported
        .filter(|name| match cx.project.evaluate(*name) {
            Value::External(name) => {
                matches!(name.split('.').next(), Some("copy" | "pickle"))
            }
            _ => false,
        })
        .map(Site::text)
        .collect()
}

/// A way to copy: its words, and the method by which a class has a say in it.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    Shallow,
    Deep,
    Pickle,
}

impl Way {
    fn hook(self) -> &'static str {
        match self {
            Way::Shallow => "__copy__",
            Way::Deep => "__deepcopy__",
            Way::Pickle => "__reduce__",
        }
    }
}

fn check_call<'p>(cx: &Context<'p>, call: Site<'p>, out: &mut Findings) {
    let Some((way, object)) = copied(cx, call) else {
        return;
    };
    let mut parts = vec![object];
    while let Some(part) = parts.pop() {
        let part = part.with(part.node.unparenthesized());
        let is_display = matches!(
            part.node.kind(),
            Kind::List | Kind::Tuple | Kind::Set | Kind::Dict | Kind::Pair
        );
        if way != Way::Shallow && is_display {
            parts.extend(part.node.children().map(|node| part.with(node)));
        }
        let Value::Instance(ClassValue::Known(class)) = cx.project.evaluate(part) else {
            continue;
        };
        let keeper = keeper_of(cx, class).filter(|keeper| makes_another(cx, class, keeper, way));
        if let Some(keeper) = keeper {
            return report(cx, call, part, class, &keeper, way, out);
        }
    }
}

/// What a call copies, and how. Loading counts where what is loaded was dumped in sight.
fn copied<'p>(cx: &Context<'p>, call: Site<'p>) -> Option<(Way, Site<'p>)> {
    let first = |call: Site<'p>| {
        let list = call
            .child(Field::Arguments)
            .filter(|list| list.node.kind() == Kind::ArgumentList)?;
        let first = list.node.children().next()?;
        let plain = !matches!(
            first.kind(),
            Kind::KeywordArgument | Kind::ListSplat | Kind::DictSplat
        );
        plain.then(|| list.with(first))
    };
    let called = |call: Site<'p>| match cx.project.evaluate(call.child(Field::Function)?) {
        Value::External(name) => Some(name),
        _ => None,
    };
    let argument = first(call)?;
    match called(call)?.as_ref() {
        "copy.copy" => Some((Way::Shallow, argument)),
        "copy.deepcopy" => Some((Way::Deep, argument)),
        "pickle.loads" => {
            let dumped = match argument.node.kind() {
                Kind::Name => cx.project.origin(argument)?,
                _ => argument,
            };
            let is_dump =
                dumped.node.kind() == Kind::Call && called(dumped)?.as_ref() == "pickle.dumps";
            is_dump.then(|| first(dumped).map(|object| (Way::Pickle, object)))?
        }
        _ => None,
    }
}

/// Whether a copy is surely made by `__new__` of `object`, and is therefore a second instance.
fn makes_another<'p>(cx: &Context<'p>, class: Class<'p>, keeper: &Singleton<'p>, way: Way) -> bool {
    // pickle finds the function under the name of the class, and refuses
    if keeper.shape == SingletonShape::Decorator && way == Way::Pickle {
        return false;
    }
    let hooks = [
        "__new__",
        "__reduce__",
        "__reduce_ex__",
        "__getattr__",
        "__getattribute__",
        way.hook(),
    ];
    let mro = cx.project.mro(class);
    let plain = mro.classes.iter().all(|class| match class {
        ClassValue::Known(class) => !hooks.iter().any(|hook| class.defines(hook)),
        ClassValue::External(name) => is_plain_base(name),
    });
    mro.is_complete() && plain && !is_registered(cx, class)
}

/// `copyreg.pickle(C, …)`
fn is_registered<'p>(cx: &Context<'p>, class: Class<'p>) -> bool {
    cx.project.mentions("copyreg").into_iter().any(|(file, _)| {
        cx.project.naming(file, class).into_iter().any(|root| {
            let mut calls = root.body().calls.iter().map(|call| root.at(*call));
            calls.any(|call| {
                let name = call
                    .child(Field::Function)
                    .and_then(|callee| cx.project.qualified(callee));
                name.is_some_and(|name| name.as_ref() == "copyreg.pickle")
            })
        })
    })
}

fn report<'p>(
    cx: &Context<'p>,
    call: Site<'p>,
    object: Site<'p>,
    class: Class<'p>,
    keeper: &Singleton<'p>,
    way: Way,
    out: &mut Findings,
) {
    let (name, function) = (class.name(), keeper.function);
    let (by, header) = match keeper.class {
        Some(metaclass) => (
            format!("`{}.{}`", metaclass.name(), function.name()),
            function,
        ),
        None => {
            let decorator = Function::around(function.site).unwrap_or(function);
            (format!("`@{}`", decorator.name()), decorator)
        }
    };
    let hook = way.hook();
    let message = format!(
        "this is a second `{name}`: a copy is made past {by}, which keeps the one instance; hand the instance itself on, or define `{hook}` so that it gives the kept one"
    );
    let finding = out.report(&RULE, Severity::Warning, cx.file, call.range(), message);
    let constructions = || {
        cx.project
            .constructions(class)
            .into_iter()
            .find(|made| !call.node.contains(made.node))
    };
    if let Some(made) = cx
        .project
        .made_by(object)
        .filter(|made| !call.node.contains(made.node))
        .or_else(constructions)
    {
        finding.evidence(made, "the one instance");
    }
    finding.evidence_at(
        header.site.file,
        header.header(),
        "keeps it, and is not asked by a copy",
    );
}
