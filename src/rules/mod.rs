//! Facts and project into findings. One file a rule.

mod finding;
mod selector;
pub mod suppress;

pub use finding::{Edit, Evidence, Finding, Fix, Place, Severity};
pub use selector::{RuleSelector, family};
