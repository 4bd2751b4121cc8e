//! Singletons.

pub mod new_init_mismatch;
pub mod new_passes_arguments;
pub mod singleton_arguments_ignored;
pub mod singleton_copied;
pub mod singleton_hides_class;
pub mod singleton_init_runs_again;
pub mod singleton_race;
pub mod singleton_recheck_missing;
pub mod singleton_shared_by_subclasses;
pub mod singleton_unneeded;

use rustc_hash::FxHashSet;

use super::Context;
use crate::facts::Subjects;
use crate::project::{
    Class, ClassValue, Function, Metaclass, Singleton, SingletonShape, Spot, Value,
};

/// The singletons that the file's functions make.
fn singletons<'p>(cx: &Context<'p>) -> impl Iterator<Item = Singleton<'p>> {
    cx.functions(Subjects::SINGLETONS)
        .filter_map(|function| cx.project.singleton(function))
}

/// What a singleton is called: its class, its decorator, the global that holds it.
fn singleton_name<'p>(singleton: &Singleton<'p>) -> &'p str {
    match (singleton.shape, singleton.class) {
        (SingletonShape::Decorator, _) => {
            Function::around(singleton.function.site).map_or("", Function::name)
        }
        (SingletonShape::Module, _) => singleton.storage.text(),
        (_, Some(class)) => class.name(),
        (_, None) => singleton.function.name(),
    }
}

/// The classes that the decorator around a function stands on.
fn decorated<'p>(cx: &Context<'p>, inner: Function<'p>) -> Vec<Class<'p>> {
    let decorator = Function::around(inner.site);
    decorator.map_or_else(Vec::new, |decorator| cx.project.decorated_by(decorator))
}

/// What keeps the one object of a class when the class is called: its metaclass, or the decorator above it.
fn keeper_of<'p>(cx: &Context<'p>, class: Class<'p>) -> Option<Singleton<'p>> {
    let mut decorators = class.site.decorators();
    let Some(decorator) = decorators.next() else {
        let Metaclass::Is(ClassValue::Known(metaclass)) =
            cx.project.metaclass(&ClassValue::Known(class))
        else {
            return None;
        };
        let call = cx.project.find_method(metaclass, "__call__")?;
        return cx.project.singleton(call);
    };
    let Value::Function(maker) = cx.project.evaluate(decorator) else {
        return None;
    };
    let inner = maker
        .site
        .body()
        .functions
        .iter()
        .filter_map(|data| Function::at(maker.site.at(data.node)));
    let mut keeping = inner
        .filter(|inner| Function::around(inner.site) == Some(maker))
        .filter_map(|inner| cx.project.singleton(inner));
    keeping.next().filter(|_| decorators.next().is_none())
}

/// How many classes of a family are looked at.
const FAMILY: usize = 200;

/// A class and the classes of the project that derive from it, without those that `stands_alone` names and what derives from them. Bases come before their heirs.
fn family<'p>(
    cx: &Context<'p>,
    root: Class<'p>,
    stands_alone: &dyn Fn(Class<'p>) -> bool,
) -> Vec<Class<'p>> {
    let mut seen = FxHashSet::from_iter([Spot::of(root.site)]);
    let mut found = vec![root];
    let mut at = 0;
    while at < found.len() && found.len() < FAMILY {
        for heir in cx.project.subclasses(found[at]) {
            if !stands_alone(heir) && seen.insert(Spot::of(heir.site)) {
                found.push(heir);
            }
        }
        at += 1;
    }
    found
}
