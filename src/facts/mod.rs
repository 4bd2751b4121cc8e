//! What one file says: scopes, bindings (LEGB), imports, functions, classes, calls, mutations. Knows nothing of other files.
//!
//! The unit is the segment. Its facts are computed when somebody first asks for them and depend on its text alone; a file joins its segments'
//! facts and answers what a name refers to.

mod attributes;
mod body;
mod building;
mod file;
mod hashed;
mod headers;
mod kin;
mod members;
mod methods;
mod names;
mod segment;
mod site;
mod stored;
mod stores;
mod subjects;
pub mod trace;
mod walks;
mod worded;
mod wording;
mod words;

pub use attributes::ClassAttribute;
pub use body::{
    Binding, BindingKind, Body, ClassData, FunctionData, Mutation, MutationKind, Scope, ScopeKind,
};
pub use file::{BindingSite, FileFacts};
pub use kin::{Kin, Kinsman};
pub use methods::{IMPLICIT_METHODS, MUTATING_METHODS, is_mutator_without_result};
pub use names::Names;
pub use segment::SegmentFacts;
pub use site::{Resolution, Site};
pub use stored::{Store, Stored};
pub use subjects::Subjects;

use crate::syntax::{Field, Kind, Node};

/// The name node of a parameter; none for the separators `*` and `/`.
pub fn parameter_name(parameter: Node<'_>) -> Option<Node<'_>> {
    match parameter.kind() {
        Kind::Name => Some(parameter),
        Kind::DefaultParameter | Kind::TypedDefaultParameter => parameter
            .child(Field::Name)
            .filter(|name| name.kind() == Kind::Name),
        Kind::TypedParameter => parameter.children().next().and_then(parameter_name),
        Kind::SplatPattern | Kind::DictSplatPattern => parameter
            .children()
            .find(|child| child.kind() == Kind::Name),
        _ => None,
    }
}
