//! `marginote` as people call it: the real binary, its output and its exit codes.

mod harness;
mod input;
mod report;
mod terminal;
