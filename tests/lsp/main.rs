//! The server as an editor meets it: the real binary, over pipes.
//!
//! Time limits here only end a test that has failed; no test measures time.

mod harness;
mod vault;

mod actions;
mod beside;
mod commands;
mod comments;
mod diagnostics;
mod documents;
mod flood;
mod lifecycle;
mod notebooks;
mod notes;
// these need a server with test hooks, which only debug builds have
#[cfg(debug_assertions)]
mod ordering;
mod workspace;
