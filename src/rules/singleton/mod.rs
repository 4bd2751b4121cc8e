//! Singletons.
