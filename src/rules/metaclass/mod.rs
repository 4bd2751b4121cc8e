//! Metaclasses and class creation.

pub mod abstract_instantiated;
pub mod abstract_without_abc;
pub mod attribute_not_in_slots;
pub mod class_keyword_not_accepted;
pub mod inconsistent_mro;
pub mod init_subclass_breaks_chain;
pub mod init_subclass_suffices;
pub mod metaclass_conflict;
pub mod metaclass_lost;
pub mod namespace_check_misses_inherited;
pub mod new_returns_nothing;
pub mod prepare_not_classmethod;
pub mod slots_conflict;
pub mod slots_without_effect;

use super::expected::is_expected;

/// The last word of a qualified name.
fn last_word(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

/// Whether objects of a class of the standard library are made by `object.__new__`, as far as that is known.
fn is_made_by_object(name: &str) -> bool {
    let modules = ["collections.abc.", "_collections_abc.", "numbers."];
    let classes = [
        "abc.ABC",
        "typing.Generic",
        "contextlib.AbstractContextManager",
        "contextlib.AbstractAsyncContextManager",
        "os.PathLike",
    ];
    classes.contains(&name) || modules.iter().any(|module| name.starts_with(module))
}
