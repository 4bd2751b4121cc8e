//! Metaclasses and class creation.
