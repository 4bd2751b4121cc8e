//! Facts and project into findings. One file a rule.
//!
//! What several rules of a family ask stands in the family's `mod.rs`; a part of a rule that is an idea of its own is a file beside it, which names the rule.

mod anchored;
mod context;
mod expected;
mod finding;
mod gil;
mod interned;
mod metaclass;
mod mutability;
mod parts;
mod query_rule;
mod selector;
mod singleton;
pub mod suppress;
mod template;

pub use anchored::Anchored;
pub use context::{Context, Findings, Options, sorted};
pub use finding::{Edit, Evidence, Finding, Fix, Place, Severity};
pub use interned::intern;
pub use mutability::mutable_default::shared_defaults;
pub use parts::{Parts, PartsKnown};
pub use query_rule::{EVIDENCE, FINDING, QueryRule, Statements};
pub use selector::{RuleSelector, family};
pub use template::Template;

/// A rule: what it is called, where it looks, and what it does there. What it is about is said by its card.
pub struct Rule {
    /// `MUT001`
    pub code: &'static str,
    /// `mutable-default`
    pub name: &'static str,
    /// Reports what it finds in the context's file. Total: never panics, leaves out what it cannot answer.
    pub check: fn(&Context<'_>, &mut Findings),
}

/// Every rule, by code.
pub const RULES: &[&Rule] = &[
    &gil::cpu_bound_thread::RULE,
    &gil::cpu_bound_thread_pool::RULE,
    &gil::unlocked_update::RULE,
    &gil::check_then_act::RULE,
    &gil::lock_not_released::RULE,
    &gil::thread_target_called::RULE,
    &gil::thread_args_not_sequence::RULE,
    &gil::threads_run_one_by_one::RULE,
    &gil::future_awaited_at_once::RULE,
    &gil::executor_used_after_shutdown::RULE,
    &gil::run_instead_of_start::RULE,
    &gil::thread_init_not_called::RULE,
    &gil::lock_protects_nothing::RULE,
    &gil::deadlock_with_itself::RULE,
    &gil::lock_order::RULE,
    &gil::busy_wait::RULE,
    &gil::thread_result_lost::RULE,
    &gil::thread_per_item::RULE,
    &gil::thread_arguments_do_not_fit::RULE,
    &gil::coroutine_as_target::RULE,
    &gil::changed_while_iterated_elsewhere::RULE,
    &gil::guarded_here_bare_there::RULE,
    &gil::future_dropped::RULE,
    &gil::waits_for_its_own_pool::RULE,
    &gil::condition_wait_without_loop::RULE,
    &gil::empty_then_get::RULE,
    &gil::task_done_missing::RULE,
    &gil::thread_local_set_at_import::RULE,
    &gil::not_for_threads::RULE,
    &gil::acquire_result_ignored::RULE,
    &gil::pool_in_the_loop::RULE,
    &gil::thread_internals_overwritten::RULE,
    &metaclass::metaclass_conflict::RULE,
    &metaclass::metaclass_attribute_ignored::RULE,
    &metaclass::init_subclass_suffices::RULE,
    &metaclass::namespace_check_misses_inherited::RULE,
    &metaclass::new_returns_nothing::RULE,
    &metaclass::class_keyword_not_accepted::RULE,
    &metaclass::metaclass_lost::RULE,
    &metaclass::prepare_not_classmethod::RULE,
    &metaclass::init_subclass_breaks_chain::RULE,
    &metaclass::abstract_without_abc::RULE,
    &metaclass::abstract_instantiated::RULE,
    &metaclass::inconsistent_mro::RULE,
    &metaclass::slots_conflict::RULE,
    &metaclass::slots_without_effect::RULE,
    &metaclass::attribute_not_in_slots::RULE,
    &metaclass::metaclass_call_bypassed::RULE,
    &metaclass::metaclass_method_on_a_class::RULE,
    &metaclass::dunder_on_instance::RULE,
    &mutability::mutable_default::RULE,
    &mutability::call_in_default::RULE,
    &mutability::shared_class_attribute::RULE,
    &mutability::dataclass_mutable_default::RULE,
    &mutability::fromkeys_shared_value::RULE,
    &mutability::repeated_reference::RULE,
    &mutability::changed_while_iterated::RULE,
    &mutability::caller_argument_changed::RULE,
    &mutability::shallow_copy_shares::RULE,
    &mutability::result_of_mutator::RULE,
    &mutability::contextvar_mutable_default::RULE,
    &mutability::unhashable_member::RULE,
    &mutability::unbounded_cache::RULE,
    &mutability::tuple_item_assigned::RULE,
    &mutability::changed_temporary::RULE,
    &mutability::chained_mutable_assignment::RULE,
    &mutability::mutable_constant_shared_as_default::RULE,
    &mutability::cached_result_changed::RULE,
    &singleton::singleton_init_runs_again::RULE,
    &singleton::singleton_race::RULE,
    &singleton::singleton_recheck_missing::RULE,
    &singleton::singleton_shared_by_subclasses::RULE,
    &singleton::singleton_hides_class::RULE,
    &singleton::singleton_arguments_ignored::RULE,
    &singleton::new_passes_arguments::RULE,
    &singleton::singleton_copied::RULE,
    &singleton::singleton_unneeded::RULE,
    &singleton::new_init_mismatch::RULE,
];

/// The rule with a code or a name, in any case.
pub fn rule(name: &str) -> Option<&'static Rule> {
    RULES
        .iter()
        .copied()
        .find(|rule| rule.code.eq_ignore_ascii_case(name) || rule.name.eq_ignore_ascii_case(name))
}
