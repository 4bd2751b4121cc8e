//! The facts of one segment. They depend on its text alone: where it stands in the file is not known here.

use std::sync::OnceLock;

use super::body::Body;
use super::subjects::Subjects;
use crate::syntax::{CutKind, Outline, Seed};

/// A segment's text, what its words show, and its body as soon as somebody asked for it.
#[derive(Debug)]
pub struct SegmentFacts {
    text: Box<str>,
    kind: CutKind,
    outline: Outline,
    subjects: Subjects,
    seed: Option<Seed>,
    body: OnceLock<Body>,
}

impl SegmentFacts {
    /// `code` is where the segment's code begins in `text`; `seed` an earlier parse of nearly the same text.
    pub fn new(text: &str, kind: CutKind, code: usize, seed: Option<Seed>) -> SegmentFacts {
        SegmentFacts {
            text: text.into(),
            kind,
            outline: Outline::of(text, code),
            subjects: Subjects::of(text, kind, code),
            seed,
            body: OnceLock::new(),
        }
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn kind(&self) -> CutKind {
        self.kind
    }

    pub fn outline(&self) -> &Outline {
        &self.outline
    }

    pub fn subjects(&self) -> Subjects {
        self.subjects
    }

    /// Parses at the first call.
    pub fn body(&self) -> &Body {
        self.body
            .get_or_init(|| Body::new(&self.text, self.seed.as_ref()))
    }

    /// Whether the segment was parsed.
    pub fn is_parsed(&self) -> bool {
        self.body.get().is_some()
    }

    /// What a later parse of a changed text can start from.
    pub fn seed(&self) -> Option<Seed> {
        self.body.get().and_then(|body| body.seed.clone())
    }
}
