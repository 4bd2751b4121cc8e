//! Metaclasses and class creation.

pub mod inconsistent_mro;
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
