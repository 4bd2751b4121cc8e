//! `marginote` as people call it: the real binary, its output and its exit codes.

mod baseline;
mod cache;
mod change;
mod explain_at;
mod fix;
mod formats;
mod harness;
mod input;
mod notebooks;
mod notes;
mod recall;
mod report;
mod settings;
mod terminal;
mod watch;
