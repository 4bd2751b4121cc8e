//! Singletons.

pub mod new_passes_arguments;
pub mod singleton_init_runs_again;
pub mod singleton_race;
pub mod singleton_shared_by_subclasses;

use super::Context;
use crate::facts::Subjects;
use crate::project::{Class, Singleton};

/// The singletons that the file's functions make.
fn singletons<'p>(cx: &Context<'p>) -> impl Iterator<Item = Singleton<'p>> {
    cx.functions(Subjects::SINGLETONS)
        .filter_map(|function| cx.project.singleton(function))
}

/// How many classes of a family are looked at.
const FAMILY: usize = 200;

/// A class and the classes of the project that derive from it, without those that `stands_alone` names and what derives from them. Bases come before their heirs.
fn family<'p>(
    cx: &Context<'p>,
    root: Class<'p>,
    stands_alone: &dyn Fn(Class<'p>) -> bool,
) -> Vec<Class<'p>> {
    let mut found = vec![root];
    let mut at = 0;
    while at < found.len() && found.len() < FAMILY {
        for heir in cx.project.subclasses(found[at]) {
            if !found.contains(&heir) && !stands_alone(heir) {
                found.push(heir);
            }
        }
        at += 1;
    }
    found
}
