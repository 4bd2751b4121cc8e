//! The user's notes, as the analysis sees them.

mod check;
mod code;
