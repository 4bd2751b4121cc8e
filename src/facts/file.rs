//! One file's facts: its segments' facts joined, and brought up to date when the text changes.

mod attic;
mod lines;
mod module_scope;

use std::ops::Range;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock};

use rustc_hash::FxHashMap;

use super::members::Members;
use super::segment::SegmentFacts;
use super::site::Site;
use super::stored::Stores;
use super::trace::hashes;
use super::worded::Worded;
use super::words::{WordFilter, WordHash};
use super::{Kin, Names, Subjects};
use crate::syntax::{Cut, CutKind, Seed, contains_word, resegment, segment};
use crate::text::{Cells, Excerpt};
use attic::{Attic, key};
use lines::{first_lines, line_ends_of};
use module_scope::BindingRef;

pub(super) use lines::line_ends;
pub use module_scope::BindingSite;
pub(super) use module_scope::may_bind_on_top;

/// The facts of one version of one file.
#[derive(Debug)]
pub struct FileFacts {
    path: Arc<PathBuf>,
    source: Arc<String>,
    /// Of a notebook: the source is their text.
    cells: Option<Arc<Cells>>,
    /// One of its lines, and the line of a larger text that it is, from 0: people count from there.
    line_as: (usize, usize),
    cuts: Vec<Cut>,
    segments: Vec<Placed>,
    /// Those of all segments.
    subjects: Subjects,
    attic: Arc<Mutex<Attic>>,
    module_bindings: Mutex<FxHashMap<Box<str>, Arc<[BindingRef]>>>,
    /// By segment: the number of the line at which its cut begins.
    first_lines: Vec<u32>,
    /// By segment: for a member, its class's head.
    heads: Vec<Option<usize>>,
    /// The segments that hold `from … import *`.
    star_imports: OnceLock<Vec<usize>>,
    kin: OnceLock<Arc<Kin>>,
    /// The words of the text, perhaps with some that stood in an earlier one.
    words: OnceLock<WordFilter>,
    /// What was last looked for by `named`, newest last.
    named: Mutex<Vec<Named>>,
    pub(super) stores: Stores,
    /// By the segment of a class's head.
    pub(super) members: Mutex<FxHashMap<usize, Arc<Members>>>,
    /// The segments that are no members.
    pub(super) tops: OnceLock<Arc<Members>>,
    pub(super) worded: Worded,
}

/// Names, and by segment the subjects of those that stand in it; nothing where none stands in the file.
type Named = (Arc<Names>, Arc<[Subjects]>);

/// For how many sets of names a file keeps where they stand.
const NAMED: usize = 12;

/// A segment's facts, and the byte of the file at which its text begins.
#[derive(Clone, Debug)]
struct Placed {
    start: usize,
    /// How many lines end in its cut.
    line_ends: u32,
    facts: Arc<SegmentFacts>,
}

/// The text that a segment is parsed from: a member's begins at its first character that is not blank.
fn text_of<'s>(source: &'s str, cut: &Cut) -> (usize, &'s str) {
    let text = &source[cut.start..cut.end];
    if cut.kind != CutKind::Member {
        return (cut.start, text);
    }
    let blank = text
        .bytes()
        .take_while(|byte| matches!(byte, b' ' | b'\t' | b'\x0c' | b'\n' | b'\r'))
        .count();
    (cut.start + blank, &text[blank..])
}

impl FileFacts {
    /// The facts of a text, from scratch.
    pub fn new(path: Arc<PathBuf>, source: Arc<String>) -> FileFacts {
        let cuts = segment(source.as_bytes());
        let segments: Vec<Placed> = cuts
            .iter()
            .map(|cut| {
                let (start, text) = text_of(&source, cut);
                let text = Excerpt::new(&source, start..start + text.len());
                let code = cut.code.saturating_sub(start);
                place(&source, cut, SegmentFacts::new(text, cut.kind, code))
            })
            .collect();
        let first_lines = first_lines(&segments);
        let heads = heads(&cuts);
        FileFacts {
            path,
            source,
            cells: None,
            line_as: (0, 0),
            cuts,
            subjects: subjects_of(&segments),
            segments,
            attic: Arc::default(),
            module_bindings: Mutex::default(),
            first_lines,
            heads,
            star_imports: OnceLock::new(),
            kin: OnceLock::new(),
            words: OnceLock::new(),
            named: Mutex::default(),
            stores: Stores::default(),
            members: Mutex::default(),
            tops: OnceLock::new(),
            worded: Worded::default(),
        }
    }

    /// The facts of a changed text. What the change does not touch is taken over.
    ///
    /// Invariant: equal to the facts of `new` (test `incremental_equals_from_scratch`).
    pub fn update(&self, source: Arc<String>) -> FileFacts {
        let change = resegment(self.source.as_bytes(), &self.cuts, source.as_bytes());
        let (old_len, new_len) = (self.segments.len(), change.cuts.len());
        let (old_tail, new_tail) = (old_len - change.suffix, new_len - change.suffix);
        let mut segments = Vec::with_capacity(new_len);
        segments.extend_from_slice(&self.segments[..change.prefix]);
        if let Ok(mut attic) = self.attic.lock() {
            let dropped = &self.segments[change.prefix..old_tail];
            for (cut, placed) in self.cuts[change.prefix..old_tail].iter().zip(dropped) {
                let code = cut.code.saturating_sub(placed.start);
                attic.put(
                    key(placed.facts.silent_text(), cut, code),
                    Arc::clone(&placed.facts),
                );
            }
            let fresh = &change.cuts[change.prefix..new_tail];
            // one segment that changed inside can start from its old tree
            let seed = if let ([_], [only]) = (fresh, dropped) {
                only.facts.seed()
            } else {
                None
            };
            for cut in fresh {
                let (start, text) = text_of(&source, cut);
                let key = key(text, cut, cut.code.saturating_sub(start));
                match attic.take(key, text) {
                    Some(facts) => segments.push(Placed {
                        start,
                        line_ends: line_ends_of(&source, cut),
                        facts,
                    }),
                    None => segments.push(place_edited(&source, cut, seed.clone())),
                }
            }
        } else {
            segments.extend(
                change.cuts[change.prefix..new_tail]
                    .iter()
                    .map(|cut| place_edited(&source, cut, None)),
            );
        }
        segments.extend(
            self.segments[old_tail..]
                .iter()
                .zip(&change.cuts[new_tail..])
                .map(|(placed, cut)| {
                    let (start, _) = text_of(&source, cut);
                    Placed {
                        start,
                        line_ends: placed.line_ends,
                        facts: Arc::clone(&placed.facts),
                    }
                }),
        );
        let first_lines = first_lines(&segments);
        let words = self.words.get().cloned().map(|mut words| {
            for placed in &segments[change.prefix..new_tail] {
                words.add(placed.facts.silent_text());
            }
            words
        });
        let words = words.map_or_else(OnceLock::new, OnceLock::from);
        let heads = heads(&change.cuts);
        // most edits change no class statement
        let kin = match self.kin.get() {
            Some(kin) if same_classes(&self.segments, &segments) => Arc::clone(kin).into(),
            _ => OnceLock::new(),
        };
        let later = FileFacts {
            path: Arc::clone(&self.path),
            source,
            cells: None,
            line_as: (0, 0),
            cuts: change.cuts,
            subjects: subjects_of(&segments),
            segments,
            attic: Arc::clone(&self.attic),
            module_bindings: Mutex::default(),
            first_lines,
            heads,
            star_imports: OnceLock::new(),
            kin,
            words,
            named: Mutex::default(),
            stores: Stores::default(),
            members: Mutex::default(),
            tops: OnceLock::new(),
            worded: Worded::default(),
        };
        self.hand_on(later)
    }

    /// A later version, with the answers of this one that hold for it too.
    fn hand_on(&self, mut later: FileFacts) -> FileFacts {
        let Some(changed) = self.changed(&later) else {
            return later;
        };
        let is_same = |segment: usize| self.is_same(&later, segment);
        // segments that are alike bind the same names, and may do so with other numbers
        let mut bindings = taken(&self.module_bindings);
        bindings.retain(|_, found| found.iter().all(|found| is_same(found.segment)));
        let mut stores = taken(&self.stores);
        stores.retain(|(class, _), _| is_same(*class));
        let changed = changed.iter().flat_map(|(old, new)| [old, new]);
        let attributes = hashes(changed.flat_map(|facts| facts.attributes()));
        for of_class in stores.values_mut() {
            of_class.retain(|name, _| !attributes.contains(&WordHash::of(name)));
        }
        let members = taken(&self.members);
        let own: Vec<usize> = (0..later.len()).filter(|&own| !is_same(own)).collect();
        let named = taken(&self.named).into_iter();
        let named = named.map(|named| later.named_again(named, &own)).collect();
        let worded = self.worded.taken(&later, own.into_iter());
        later.named = Mutex::new(named);
        later.module_bindings = Mutex::new(bindings);
        later.stores = Mutex::new(stores);
        later.members = Mutex::new(members);
        later.tops = self.tops.clone();
        later.worded = worded;
        later
    }

    /// What an earlier version found for names; `own` are the segments that it had otherwise.
    fn named_again(&self, (names, found): Named, own: &[usize]) -> Named {
        let in_own = own
            .iter()
            .map(|&own| (own, names.in_segment(self.segment(own))));
        let in_own: Vec<(usize, Subjects)> = in_own.collect();
        if found.is_empty() && in_own.iter().all(|(_, new)| *new == Subjects::NONE) {
            return (names, found);
        }
        let mut all = found.to_vec();
        all.resize(self.len(), Subjects::NONE);
        for (segment, new) in in_own {
            all[segment] = new;
        }
        (names, all.into())
    }

    pub fn path(&self) -> &Arc<PathBuf> {
        &self.path
    }

    /// The same for the code of a notebook, whose text the source is.
    pub fn with_cells(self, cells: Option<Arc<Cells>>) -> FileFacts {
        FileFacts { cells, ..self }
    }

    /// The same as a part of a larger text, where this line (from 0) is that one.
    pub fn with_line(self, own: usize, outer: usize) -> FileFacts {
        FileFacts {
            line_as: (own, outer),
            ..self
        }
    }

    pub fn source(&self) -> &Arc<String> {
        &self.source
    }

    /// How many segments the file has.
    pub fn len(&self) -> usize {
        self.segments.len()
    }

    pub fn is_empty(&self) -> bool {
        self.segments.is_empty()
    }

    /// The facts of one segment.
    pub fn segment(&self, index: usize) -> &SegmentFacts {
        &self.segments[index].facts
    }

    /// The byte of the file at which a segment's text begins.
    pub fn start(&self, index: usize) -> usize {
        self.segments[index].start
    }

    /// The byte of the file behind a segment's text.
    pub fn end(&self, index: usize) -> usize {
        self.start(index) + self.segment(index).silent_text().len()
    }

    /// The subjects of all its segments. That they are asked for is not noted ([`SegmentFacts::silent_subjects`]).
    pub fn silent_subjects(&self) -> Subjects {
        self.subjects
    }

    /// The segments that may be about any of the subjects.
    pub fn about(&self, subjects: Subjects) -> impl Iterator<Item = usize> {
        super::trace::look_for_subjects(subjects);
        let is_any = self.subjects.intersects(subjects);
        let len = if is_any { self.segments.len() } else { 0 };
        let own = |index: usize| self.segments[index].facts.silent_subjects();
        (0..len).filter(move |&index| own(index).intersects(subjects))
    }

    /// The segments, old and new, in which a later version of the file differs from this one. None where the difference may be seen from everywhere: segments
    /// came or went, lines did, or what they bind.
    pub fn changed<'f>(
        &'f self,
        later: &'f FileFacts,
    ) -> Option<Vec<(&'f SegmentFacts, &'f SegmentFacts)>> {
        if self.segments.len() != later.segments.len() {
            return None;
        }
        let mut found = Vec::new();
        for (old, new) in self.segments.iter().zip(&later.segments) {
            if Arc::ptr_eq(&old.facts, &new.facts) {
                continue;
            }
            if old.line_ends != new.line_ends || !old.facts.is_alike(&new.facts) {
                return None;
            }
            found.push((&*old.facts, &*new.facts));
        }
        Some(found)
    }

    /// Whether a segment is the same in a later version that has as many.
    pub fn is_same(&self, later: &FileFacts, segment: usize) -> bool {
        let (old, new) = (&self.segments[segment], &later.segments[segment]);
        Arc::ptr_eq(&old.facts, &new.facts)
    }

    /// Where a range stands in a later version, of which `changed` knows the segments. None where it begins or ends in one that has changed.
    pub fn moved(&self, later: &FileFacts, range: &Range<usize>) -> Option<Range<usize>> {
        let moved = |byte: usize| {
            let (index, offset) = self.segment_at(byte)?;
            let (old, new) = (&self.segments[index], later.segments.get(index)?);
            Arc::ptr_eq(&old.facts, &new.facts).then_some(new.start + offset)
        };
        let start = moved(range.start)?;
        match range.len() {
            0 => Some(start..start),
            _ => Some(start..moved(range.end - 1)? + 1),
        }
    }

    /// Whether a name stands in the file as a whole word.
    pub fn mentions(&self, name: &str) -> bool {
        super::trace::look_for(name);
        self.may_hold(name) && contains_word(&self.source, name)
    }

    /// Whether a word may stand in the file.
    pub(super) fn may_hold(&self, name: &str) -> bool {
        self.words().may_hold(WordHash::of(name))
    }

    fn words(&self) -> &WordFilter {
        self.words
            .get_or_init(|| WordFilter::of(&self.source, self.source.len()))
    }

    /// Its class statements, by words.
    pub fn kin(&self) -> &Arc<Kin> {
        self.kin
            .get_or_init(|| Arc::new(Kin::of(std::iter::once(self))))
    }

    /// By segment: the subjects of the names that stand in its code. Empty where none of the names stands in the file.
    pub fn named(&self, names: &Arc<Names>) -> Arc<[Subjects]> {
        let known = |named: &Vec<Named>| {
            let found = named.iter().find(|(known, _)| known.key() == names.key())?;
            Some(Arc::clone(&found.1))
        };
        if let Some(found) = self.named.lock().ok().and_then(|named| known(&named)) {
            return found;
        }
        let mut found = Vec::new();
        for (name, subjects) in names.among(self.words()) {
            for segment in self.segments_holding(name) {
                found.resize(self.len(), Subjects::NONE);
                found[segment] = found[segment].union(subjects);
            }
        }
        let found: Arc<[Subjects]> = found.into();
        if let Ok(mut named) = self.named.lock() {
            if named.len() == NAMED {
                named.remove(0);
            }
            named.push((Arc::clone(names), Arc::clone(&found)));
        }
        found
    }

    /// The segment that holds a byte, and the byte in it.
    pub fn segment_at(&self, offset: usize) -> Option<(usize, usize)> {
        let index = self
            .segments
            .partition_point(|placed| placed.start <= offset)
            .checked_sub(1)?;
        Some((index, offset - self.segments[index].start))
    }

    /// The root of a segment.
    pub fn root(&self, segment: usize) -> Site<'_> {
        Site {
            file: self,
            segment,
            node: self.segment(segment).body().tree.root(),
        }
    }

    /// The segment of the class's head, for a member.
    pub fn head_of(&self, segment: usize) -> Option<usize> {
        self.heads[segment]
    }

    /// The segments of the members that follow a head.
    pub fn members_of(&self, head: usize) -> impl Iterator<Item = usize> {
        let from = if self.cuts[head].kind == CutKind::Head {
            head + 1
        } else {
            self.cuts.len()
        };
        (from..self.cuts.len()).take_while(|&index| self.cuts[index].kind == CutKind::Member)
    }
}

fn place(source: &str, cut: &Cut, facts: SegmentFacts) -> Placed {
    let (start, _) = text_of(source, cut);
    Placed {
        start,
        line_ends: line_ends_of(source, cut),
        facts: Arc::new(facts),
    }
}

fn place_edited(source: &str, cut: &Cut, seed: Option<Seed>) -> Placed {
    let (start, text) = text_of(source, cut);
    let code = cut.code.saturating_sub(start);
    // a copy: the text that it stands in is gone with the next edit
    let facts = SegmentFacts::edited(text.into(), cut.kind, code, seed);
    place(source, cut, facts)
}

/// Whether segment by segment the class statements are the same.
fn same_classes(old: &[Placed], new: &[Placed]) -> bool {
    let same = |(old, new): (&Placed, &Placed)| {
        Arc::ptr_eq(&old.facts, &new.facts) || old.facts.same_classes(&new.facts)
    };
    old.len() == new.len() && old.iter().zip(new).all(same)
}

fn subjects_of(segments: &[Placed]) -> Subjects {
    let all = segments.iter().map(|placed| placed.facts.silent_subjects());
    all.fold(Subjects::NONE, Subjects::union)
}

/// By cut: for a member, the head before it.
fn heads(cuts: &[Cut]) -> Vec<Option<usize>> {
    let mut last = None;
    let head = |(index, cut): (usize, &Cut)| {
        if cut.kind == CutKind::Head {
            last = Some(index);
        }
        last.filter(|_| cut.kind == CutKind::Member)
    };
    cuts.iter().enumerate().map(head).collect()
}

/// Takes away what was worked out so far: the later version is the one that is asked from now on.
fn taken<T: Default>(known: &Mutex<T>) -> T {
    let known = known.lock();
    known.map_or_else(|_| T::default(), |mut known| std::mem::take(&mut *known))
}
