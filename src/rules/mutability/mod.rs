//! Mutable defaults and shared mutable state.

pub mod mutable_default;

use super::Context;
use crate::facts::Site;
use crate::project::{ClassValue, Value};

/// Classes of the standard library whose objects can be changed in place.
const MUTABLE_CLASSES: &[&str] = &[
    "builtins.list",
    "builtins.dict",
    "builtins.set",
    "builtins.bytearray",
    "collections.defaultdict",
    "collections.OrderedDict",
    "collections.Counter",
    "collections.deque",
    "collections.ChainMap",
    "collections.UserDict",
    "collections.UserList",
    "array.array",
];

/// Whether an expression makes an object that can be changed in place.
fn is_mutable<'p>(cx: &Context<'p>, site: Site<'p>) -> bool {
    matches!(cx.project.evaluate(site), Value::Instance(ClassValue::External(name)) if MUTABLE_CLASSES.contains(&name.as_ref()))
}
