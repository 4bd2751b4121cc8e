//! Singletons.

pub mod new_passes_arguments;
pub mod singleton_race;

use super::Context;
use crate::facts::Subjects;
use crate::project::Singleton;

/// Segments in which a singleton may be made.
const SINGLETONS: Subjects = Subjects::NEW
    .union(Subjects::CALL)
    .union(Subjects::GLOBAL)
    .union(Subjects::CLASS_PARAMETER)
    .union(Subjects::INSTANCE);

/// The singletons that the file's functions make.
fn singletons<'p>(cx: &Context<'p>) -> impl Iterator<Item = Singleton<'p>> {
    cx.functions(SINGLETONS)
        .filter_map(|function| cx.project.singleton(function))
}
