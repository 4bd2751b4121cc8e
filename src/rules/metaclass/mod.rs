//! Metaclasses and class creation.

pub mod init_subclass_suffices;
pub mod metaclass_conflict;
pub mod metaclass_lost;
pub mod namespace_check_misses_inherited;
pub mod new_returns_nothing;
pub mod prepare_not_classmethod;
