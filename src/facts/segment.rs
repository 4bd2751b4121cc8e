//! The facts of one segment. They depend on its text alone: where it stands in the file is not known here.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::OnceLock;

use super::attributes::{self, ClassAttribute};
use super::body::Body;
use super::headers::Headers;
use super::subjects::Subjects;
use super::trace::Question;
use super::words::{WordFilter, WordHash, each_word};
use super::{stores, trace, wording};
use crate::syntax::{CutKind, Outline, Seed, contains_word, docstring};
use crate::text::Excerpt;

/// A segment's text, what its words show, and its body as soon as somebody asked for it.
#[derive(Debug)]
pub struct SegmentFacts {
    text: Excerpt,
    kind: CutKind,
    outline: Outline,
    /// Where its code begins.
    code: usize,
    subjects: Subjects,
    headers: Headers,
    /// There where it came of an edit: the next one may be near.
    edited: Option<Box<Edited>>,
    words: OnceLock<Box<Words>>,
    /// The bytes at which its lines end.
    line_ends: OnceLock<Box<[u32]>>,
    body: OnceLock<Box<Body>>,
}

/// The words of a segment's code, and where they stand.
#[derive(Debug)]
struct Words {
    filter: WordFilter,
    /// The docstring: what stands there is prose, and so is what stands before the code.
    docstring: Range<usize>,
}

/// What makes the next edit of a segment cheap.
#[derive(Debug)]
struct Edited {
    seed: Option<Seed>,
    answered: OnceLock<Box<[Question]>>,
}

impl Words {
    fn of(text: &str, code: usize, outline: &Outline) -> Words {
        let docstring = match outline {
            Outline::Function(_) | Outline::Class(_) => docstring(text, code),
            Outline::Empty => Some(code.min(text.len())..text.len()),
            _ => None,
        };
        let docstring = docstring.unwrap_or(text.len()..text.len());
        let mut filter = WordFilter::of(
            &text[code.min(docstring.start)..docstring.start],
            text.len(),
        );
        filter.add(&text[docstring.end..]);
        Words { filter, docstring }
    }
}

/// What the words of a segment show. Those of a docstring show nothing.
fn words_of(text: &str, kind: CutKind, code: usize, outline: &Outline) -> (Subjects, Headers) {
    let docstring = match outline {
        Outline::Function(_) | Outline::Class(_) => docstring(text, code),
        _ => None,
    };
    match docstring {
        Some(prose) => {
            let rest = [&text[..prose.start], &text[prose.end..]].concat();
            let subjects = Subjects::of(&rest, kind, code);
            (subjects, Headers::of(text, code, &prose))
        }
        None => (
            Subjects::of(text, kind, code),
            Headers::of(text, code, &(0..0)),
        ),
    }
}

impl SegmentFacts {
    /// The segment of a text that is read for the first time. `code` is where the segment's code begins in `text`.
    pub fn new(text: Excerpt, kind: CutKind, code: usize) -> SegmentFacts {
        let outline = Outline::of(&text, code);
        let (subjects, headers) = match outline {
            Outline::Empty => Default::default(),
            _ => words_of(&text, kind, code, &outline),
        };
        SegmentFacts {
            kind,
            outline,
            code,
            subjects,
            headers,
            text,
            edited: None,
            words: OnceLock::new(),
            line_ends: OnceLock::new(),
            body: OnceLock::new(),
        }
    }

    /// The segment of a text that was edited; `seed` is an earlier parse of nearly the same text.
    pub fn edited(text: Excerpt, kind: CutKind, code: usize, seed: Option<Seed>) -> SegmentFacts {
        let edited = Edited {
            seed,
            answered: OnceLock::new(),
        };
        SegmentFacts {
            edited: Some(edited.into()),
            ..SegmentFacts::new(text, kind, code)
        }
    }

    /// Whether a name stands in the code as a whole word: not in a docstring, nor in the comments that lead it.
    pub fn mentions(&self, name: &str) -> bool {
        trace::look_for(name);
        self.holds(name)
    }

    /// Whether a name stands there, or in the comments that lead it.
    pub fn mentions_or_comments(&self, name: &str) -> bool {
        let comments = self.text.get(..self.code).unwrap_or_default();
        contains_word(comments, name) || self.mentions(name)
    }

    pub(super) fn holds(&self, name: &str) -> bool {
        self.may_hold(WordHash::of(name)) && self.code().any(|part| contains_word(part, name))
    }

    /// Whether a word may stand in its code.
    pub(super) fn may_hold(&self, word: WordHash) -> bool {
        self.words().filter.may_hold(word)
    }

    fn words(&self) -> &Words {
        self.words
            .get_or_init(|| Box::new(Words::of(&self.text, self.code, &self.outline)))
    }

    /// The questions that it says yes to, sorted.
    pub(super) fn answered(&self) -> Cow<'_, [Question]> {
        let work = || trace::answered_by(self);
        match &self.edited {
            Some(edited) => Cow::Borrowed(edited.answered.get_or_init(|| work().into())),
            None => Cow::Owned(work()),
        }
    }

    /// The text without the comments that lead it and without a docstring.
    fn code(&self) -> impl Iterator<Item = &str> {
        let docstring = &self.words().docstring;
        let before = &self.text[self.code.min(docstring.start)..docstring.start];
        [before, &self.text[docstring.end..]].into_iter()
    }

    /// Whether an attribute of a name may be read or stored in the text. To look into every segment that mentions the name finds the same.
    pub fn mentions_attribute(&self, name: &str) -> bool {
        trace::look_for_attribute(name);
        self.holds_attribute(name)
    }

    fn holds_attribute(&self, name: &str) -> bool {
        self.holds(name) && self.attributes().any(|other| other == name.as_bytes())
    }

    /// The words of its code, some more than once.
    pub(super) fn each_word(&self, mut found: impl FnMut(WordHash)) {
        self.code().for_each(|part| each_word(part, &mut found));
    }

    /// Those of them that stand behind a dot; an empty one where none does.
    pub(super) fn attributes(&self) -> impl Iterator<Item = &[u8]> {
        self.code().flat_map(|part| {
            let bytes = part.as_bytes();
            memchr::memchr_iter(b'.', bytes).map(move |dot| {
                // a comment may stand between a dot and a name; nobody does that
                let behind = bytes[dot + 1..].trim_ascii_start();
                &behind[..wording::word_length(behind)]
            })
        })
    }

    /// Whether, by its words, an attribute of a name is assigned to.
    pub fn may_store_attribute(&self, name: &str) -> bool {
        trace::look_for_store(name);
        let stores = |part: &str| stores::stores_attribute(part.as_bytes(), name);
        self.holds(name) && self.code().any(stores)
    }

    /// The names of attributes that, by words, it may assign to.
    pub fn stored_attributes(&self) -> impl Iterator<Item = &str> {
        trace::read(self);
        self.stored()
    }

    /// The same; that they are read is not noted.
    pub(super) fn stored(&self) -> impl Iterator<Item = &str> {
        self.code().flat_map(stores::stored_attributes)
    }

    /// The names that, by words, it makes shallow copies of.
    pub fn shallow_copies(&self) -> impl Iterator<Item = &str> {
        trace::read(self);
        stores::copied(&self.text)
    }

    /// Whether, by words, it may bind a name to a display.
    pub fn may_bind_display(&self, name: &str) -> bool {
        trace::read(self);
        stores::binds_display(&self.text, name)
    }

    /// Whether, by words, it may bind some name to a display.
    pub fn may_bind_displays(&self) -> bool {
        trace::read(self);
        stores::binds_displays(&self.text)
    }

    /// The names that, by words, parameters may have as their defaults; also others that stand behind a `=`.
    pub fn default_names(&self) -> impl Iterator<Item = &str> {
        trace::read(self);
        self.code().flat_map(wording::given_names)
    }

    /// Whether, by words, a function of a name may be called in it.
    pub fn may_call(&self, name: &str) -> bool {
        trace::look_around([name]);
        self.holds(name) && self.code().any(|part| stores::calls(part, name))
    }

    /// The text, with comments and docstrings.
    pub fn text(&self) -> &str {
        trace::read(self);
        &self.text
    }

    /// The same; that it is read is not noted. Who works an answer out from it notes what was looked for.
    pub(super) fn silent_text(&self) -> &str {
        &self.text
    }

    /// The names and dotted names that stand directly before a parenthesis, where no class or function of that name is defined. That they are read is not noted: who
    /// asks notes which names it looks around ([`trace::look_around`]).
    pub fn called_names(&self) -> impl Iterator<Item = &str> {
        stores::called_names(&self.text)
    }

    /// The bytes at which its lines end: at the last byte of each line end.
    pub(super) fn line_ends(&self) -> &[u32] {
        self.line_ends.get_or_init(|| {
            let ends = super::file::line_ends(&self.text, 0..self.text.len());
            ends.map(|end| end as u32).collect()
        })
    }

    /// Notes that an answer is worked out from the text.
    pub fn read(&self) {
        trace::read(self);
    }

    pub fn kind(&self) -> CutKind {
        self.kind
    }

    pub fn outline(&self) -> &Outline {
        &self.outline
    }

    /// Whether it may be about any of the subjects, by its words.
    pub fn is_about(&self, subjects: Subjects) -> bool {
        trace::look_for_subjects(subjects);
        self.subjects.intersects(subjects)
    }

    /// Whether it is a definition with decorators.
    pub fn is_decorated(&self) -> bool {
        trace::read(self);
        self.text[self.code..].starts_with('@')
    }

    /// What it may be about. That it is asked is not noted: who does so notes of which subjects ([`trace::look_for_subjects`]).
    pub fn silent_subjects(&self) -> Subjects {
        self.subjects
    }

    /// Its class statements, by words.
    pub(super) fn headers(&self) -> &Headers {
        &self.headers
    }

    /// Whether a class in it, or whose member it is, may have slots by its words: `__slots__ = ()` makes none.
    pub fn may_have_slots(&self) -> bool {
        trace::read(self);
        self.subjects.intersects(Subjects::SLOTS) && wording::has_slots(self.text.as_bytes())
    }

    /// Whether, by its words, it assigns a dict.
    pub fn may_assign_dict(&self) -> bool {
        trace::read(self);
        wording::assigns_dict(&self.text)
    }

    /// Whether `import *` may stand in it.
    pub(super) fn holds_star_import(&self) -> bool {
        self.holds("import") && self.text.contains("import *")
    }

    /// Whether what stands outside of the segment cannot tell it from another, unless it reads the segment or looks for a word or a subject in it: the same things are bound in the
    /// scope around it and through `global`, the same classes derive from the same bases and it has as many lines.
    pub(super) fn is_alike(&self, other: &SegmentFacts) -> bool {
        let may_bind_above = |facts: &SegmentFacts| facts.subjects.intersects(Subjects::GLOBAL);
        let binds = |facts: &SegmentFacts| {
            let (body, above) = (facts.parsed(), may_bind_above(facts));
            let outer = body.bindings.iter().filter_map(|binding| {
                let is_own = binding.scope == 0;
                let name = body.tree.node(binding.name).text();
                (is_own || above && body.is_global(binding))
                    .then(|| (is_own, binding.kind, name.to_owned()))
            });
            outer.collect::<Vec<_>>()
        };
        let is_odd = |facts: &SegmentFacts| {
            facts.holds("__future__")
                || facts.holds_star_import()
                || facts.text.contains('\r') != other.text.contains('\r')
        };
        // code that does not parse may bind less than its first line says; who asked for that has had it parsed
        let is_known_by_outline = self.body.get().is_none()
            && !may_bind_above(self)
            && !may_bind_above(other)
            && matches!(
                self.outline,
                Outline::Function(_) | Outline::Class(_) | Outline::Empty
            );
        self.kind == other.kind
            && self.outline == other.outline
            && !is_odd(self)
            && !is_odd(other)
            && self.same_classes(other)
            && (is_known_by_outline || binds(self) == binds(other))
    }

    /// Whether another segment has the same class statements and gives the same names other names.
    pub(super) fn same_classes(&self, other: &SegmentFacts) -> bool {
        let bytes = |range: &Range<u32>| range.start as usize..range.end as usize;
        let same =
            |own: &Range<u32>, new: &Range<u32>| self.text[bytes(own)] == other.text[bytes(new)];
        let all_same = |own: &[Range<u32>], new: &[Range<u32>]| {
            own.len() == new.len() && own.iter().zip(new).all(|(own, new)| same(own, new))
        };
        let (own, new) = (&self.headers, &other.headers);
        let mut classes = own.classes.iter().zip(&new.classes);
        let mut renamed = own.renamed.iter().zip(&new.renamed);
        own.classes.len() == new.classes.len()
            && own.renamed.len() == new.renamed.len()
            && classes.all(|(own, new)| {
                same(&own.name, &new.name)
                    && all_same(&own.bases, &new.bases)
                    && all_same(own.metaclass.as_slice(), new.metaclass.as_slice())
            })
            && renamed.all(|(own, new)| same(&own.0, &new.0) && same(&own.1, &new.1))
    }

    /// What the class bodies in it assign, by words: values that may be changed in place.
    pub fn class_attributes(&self) -> Vec<ClassAttribute<'_>> {
        trace::read(self);
        attributes::of(&self.text, self.kind, self.code)
    }

    /// Parses at the first call.
    pub fn body(&self) -> &Body {
        trace::read(self);
        self.parsed()
    }

    fn parsed(&self) -> &Body {
        self.body.get_or_init(|| {
            let edited = self.edited.as_ref();
            let seed = edited.and_then(|edited| edited.seed.as_ref());
            Box::new(Body::new(&self.text, seed, edited.is_some()))
        })
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

#[cfg(test)]
mod tests {
    use super::*;

    fn alike(old: &str, new: &str) -> bool {
        let facts = |text: &str| SegmentFacts::new(text.into(), CutKind::Item, 0);
        let is_alike = |old: &str, new: &str| facts(old).is_alike(&facts(new));
        assert_eq!(is_alike(old, new), is_alike(new, old), "{old}{new}");
        is_alike(old, new)
    }

    #[test]
    fn segments_are_told_apart_by_what_they_bind_around_them() {
        assert!(alike(
            "def f():\n    x = 1\n",
            "def f():\n    with y: z = 2\n"
        ));
        assert!(alike("x = [1]\n", "x = [2, 3]\n"));
        assert!(!alike("def f(): pass\n", "def g(): pass\n"));
        assert!(!alike("x = 1\n", "x += 1\n"));
        assert!(!alike("x = 1\n", "y = 1\n"));
    }

    #[test]
    fn what_a_function_binds_through_global_counts_too() {
        let global = |rest: &str| format!("def f():\n    global x\n    {rest}\n");
        assert!(alike(&global("x = 1"), &global("y = x = g(2)")));
        assert!(!alike(&global("x = 1"), &global("y = 1")));
        assert!(!alike(&global("x = 1"), &global("x += 1")));
        assert!(!alike(&global("x = 1"), "def f():\n    x = 1\n"));
    }
}
