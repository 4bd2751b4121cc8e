//! Metaclasses and class creation.

pub mod init_subclass_suffices;
pub mod metaclass_conflict;
pub mod metaclass_lost;
pub mod namespace_check_misses_inherited;
pub mod new_returns_nothing;

use super::Context;
use crate::facts::Subjects;
use crate::project::{Class, ClassValue};

/// Segments in which a metaclass may be defined.
const METACLASSES: Subjects = Subjects::METACLASS
    .union(Subjects::NEW)
    .union(Subjects::CALL);

/// The metaclasses that the file defines.
fn metaclasses<'p>(cx: &Context<'p>) -> impl Iterator<Item = Class<'p>> {
    cx.classes(METACLASSES)
        .into_iter()
        .filter(|class| cx.project.is_metaclass(*class))
}

/// The classes of the project that name a class as their metaclass.
pub(super) fn made_by<'p>(cx: &Context<'p>, metaclass: Class<'p>) -> Vec<Class<'p>> {
    let mut found = Vec::new();
    for (file, segment) in cx.project.mentions(metaclass.name()) {
        let root = file.root(segment);
        let classes = root
            .body()
            .classes
            .iter()
            .filter_map(|data| Class::at(root.at(data.node)));
        found.extend(classes.filter(|class| {
            let keyword = class.keyword("metaclass");
            keyword.and_then(|keyword| cx.project.base_class(keyword))
                == Some(ClassValue::Known(metaclass))
        }));
    }
    found
}
