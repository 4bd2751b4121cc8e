//! The user's notes, as the analysis sees them.

mod cache;
mod check;
mod code;
mod index;
mod said;
