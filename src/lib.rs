//! Marginote writes study notes into the margin of Python code.
//!
//! It parses the code with tree-sitter, works out what the code *means* (who is shared, who runs in a thread, which metaclass wins),
//! matches that against a knowledge base built from notes, and answers with hovers, diagnostics and review comments that explain **why**, point at
//! **the lines that prove it**, and open **the note that teaches it**. The same analysis serves an editor (`marginote server`) and a
//! reviewer or CI job (`marginote check`); neither holds analysis logic of its own.
//!
//! # The way the data flows
//!
//! One direction only; an arrow may be followed, never walked back. The modules below stand in this order.
//!
//! ```text
//! Python text ─► text ─► syntax ─► facts ─► project ─► rules ─┐
//!                                                             ├─► analysis ─► server   (LSP)
//! notes, cards ─────────────────────────► knowledge ─► explain┘            └► review   (command line)
//! ```
//!
//! | module | turns … | into … |
//! | --- | --- | --- |
//! | [`text`] | bytes, edits | a [`text::Document`]: rope, version, positions in UTF-8, UTF-16 and UTF-32 |
//! | [`syntax`] | a text | segments, each with a tree of its own, re-scanned and re-parsed where touched |
//! | [`facts`] | one file's segments | scopes, bindings, imports, functions, classes, calls, mutations |
//! | [`project`] | all files' facts | module resolution, class hierarchy, values, effects, execution contexts |
//! | [`rules`] | facts and project | findings, one file a rule |
//! | [`knowledge`] | cards, claims | concepts, rule cards, hover selectors; what a note says wrongly |
//! | [`explain`] | a finding or a construct, and knowledge | Markdown or plain text |
//! | [`recall`] | questions of cards and notes | the next ones to ask |
//! | [`analysis`] | the facade: open, edit, close, findings, hover. Plain data in, plain data out |
//! | [`server`] | LSP messages | calls of the facade, and back |
//! | [`review`] | what a command line asks for | the facade's findings, as a change made them, fixed, and in the formats of those who read them; notes and their questions |
//!
//! [`config`] is read by the last three and handed to the rules as plain values.
//!
//! # What is not parsed
//!
//! A segment is parsed when somebody asks for its body. What its words show (subjects, class statements, the attributes that methods may change) is read without, and may only
//! err on the side of parsing too much: whoever asks finds out by evaluating.
//!
//! # What an edit costs
//!
//! The text is cut again around the edit; segments that it does not touch keep their facts. [`facts::trace`] notes, for every answer about the whole project and for every
//! rule's findings in an open file, which segments were read and which words were looked for. An answer that read nothing of what changed is taken over; its places are told by segment.
//! What runs in threads is worked out again and compared: what was found for one function stays as long as its own ways from a thread's start are the same.

mod nearest;

pub mod text;

pub mod syntax;

pub mod facts;

pub mod project;

pub mod rules;

pub mod knowledge;

pub mod explain;

pub mod recall;

pub mod config;

pub mod analysis;

pub mod server;

pub mod review;
