//! Facts and project into findings. One file a rule.

mod finding;

pub use finding::{Edit, Evidence, Finding, Fix, Place, Severity};
