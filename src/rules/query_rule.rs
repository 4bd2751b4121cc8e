//! Rules that are queries: what a card of the user's looks for, and what it says where it finds it.

use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::template::Template;
use super::{Context, Findings, Severity};
use crate::facts::{FileFacts, Site};
use crate::syntax::{CutKind, Match, NamePredicate, Pattern, Query, QueryTree};

/// The capture whose range is reported.
pub const FINDING: &str = "finding";
/// The capture that proves it.
pub const EVIDENCE: &str = "evidence";
/// How many places a rule reports in one file.
const MOST: usize = 1000;

/// A rule that is queries.
#[derive(Debug)]
pub struct QueryRule {
    /// Letters and digits, none of the built-in rules' codes.
    pub code: &'static str,
    pub name: &'static str,
    pub severity: Severity,
    /// Every pattern has a capture `@finding`.
    pub queries: Vec<Query>,
    /// The message; names only captures of the queries.
    pub message: Template,
    /// What is said of each `@evidence`.
    pub evidence: Template,
}

/// The statements of one file that queries were run on, each parsed once.
pub struct Statements<'f> {
    file: &'f FileFacts,
    parsed: RefCell<FxHashMap<usize, Option<Rc<QueryTree>>>>,
}

impl<'f> Statements<'f> {
    /// Nothing is parsed yet.
    pub fn new(file: &'f FileFacts) -> Statements<'f> {
        Statements {
            file,
            parsed: RefCell::default(),
        }
    }

    /// The segments of each statement: one, or a class's head and its members.
    fn segments(&self) -> impl Iterator<Item = Range<usize>> {
        let file = self.file;
        let is_member = move |at: usize| file.segment(at).kind() == CutKind::Member;
        let starts = (0..file.len()).filter(move |&at| !is_member(at));
        starts.map(move |start| start..start + 1 + file.members_of(start).count())
    }

    /// The bytes of the file that a statement takes.
    fn bytes(&self, segments: &Range<usize>) -> Range<usize> {
        let last = segments.end.saturating_sub(1);
        self.file.start(segments.start)..self.file.end(last)
    }

    /// A statement's tree. None where it does not parse: what it says is not known.
    fn tree(&self, segments: &Range<usize>) -> Option<Rc<QueryTree>> {
        for segment in segments.clone() {
            self.file.segment(segment).read();
        }
        let mut parsed = self.parsed.borrow_mut();
        let parse = || {
            let text = self.file.source().get(self.bytes(segments))?;
            QueryTree::parse(text).map(Rc::new)
        };
        parsed.entry(segments.start).or_insert_with(parse).clone()
    }
}

impl QueryRule {
    /// Reports what the queries find. False where a limit cut the search short. What is found after `is_cancelled` says so is of no use.
    pub fn check<'a>(
        &'a self,
        cx: &'a Context<'a>,
        statements: &Statements<'_>,
        is_cancelled: &dyn Fn() -> bool,
        out: &mut Findings,
    ) -> bool {
        let mut places: FxHashSet<Range<usize>> = FxHashSet::default();
        for query in &self.queries {
            let words = QueryRule::words(cx, query);
            if words.is_empty() {
                continue;
            }
            for segments in statements.segments() {
                if !words.iter().any(|words| words.are_in(cx.file, &segments)) {
                    continue;
                }
                let Some(tree) = statements.tree(&segments) else {
                    continue;
                };
                let matches = query.matches(&tree, is_cancelled);
                let start = statements.bytes(&segments).start;
                for found in &matches.found {
                    let captures = Captures {
                        cx,
                        query,
                        found,
                        start,
                    };
                    self.report(&captures, &mut places, out);
                }
                if matches.is_cut || places.len() >= MOST || is_cancelled() {
                    return false;
                }
            }
        }
        true
    }

    /// The words of those patterns that the file may hold.
    fn words<'a>(cx: &'a Context<'a>, query: &'a Query) -> Vec<Words<'a>> {
        let patterns = query.patterns().iter();
        let words = patterns.map(|pattern| Words::of(cx, pattern));
        words.filter(|words| words.are_in_file(cx.file)).collect()
    }

    fn report(
        &self,
        captures: &Captures<'_>,
        places: &mut FxHashSet<Range<usize>>,
        out: &mut Findings,
    ) {
        let (cx, pattern) = (captures.cx, captures.pattern());
        if !pattern.is_some_and(|pattern| pattern.names.iter().all(|name| captures.satisfy(name))) {
            return;
        }
        let Some(place) = captures.named(FINDING).next() else {
            return;
        };
        if places.len() >= MOST || !places.insert(place.clone()) {
            return;
        }
        let source = cx.file.source();
        let code = |name: &str| source.get(captures.named(name).next()?);
        let message = self.message.fill(code);
        let finding = out.report_code(self.code, self.severity, cx.file, place, message);
        for evidence in captures.named(EVIDENCE) {
            finding.evidence_at(cx.file, evidence, self.evidence.fill(code));
        }
    }
}

/// Lists of words: a statement that a pattern matches holds one word of each.
struct Words<'a>(Vec<Vec<&'a str>>);

impl<'a> Words<'a> {
    /// The pattern's own words, and the names that the project gives them.
    fn of(cx: &'a Context<'a>, pattern: &'a Pattern) -> Words<'a> {
        let lists = pattern.words.iter().map(|words| {
            let names = words.iter().flat_map(|word| cx.project.with_aliases(word));
            names.collect()
        });
        Words(lists.collect())
    }

    fn are_in_file(&self, file: &FileFacts) -> bool {
        let mut lists = self.0.iter();
        lists.all(|list| list.iter().any(|word| file.mentions(word)))
    }

    fn are_in(&self, file: &FileFacts, segments: &Range<usize>) -> bool {
        let mut lists = self.0.iter();
        lists.all(|list| {
            let mut segments = segments.clone();
            segments.any(|segment| list.iter().any(|word| file.segment(segment).mentions(word)))
        })
    }
}

/// A match in a file.
struct Captures<'a> {
    cx: &'a Context<'a>,
    query: &'a Query,
    found: &'a Match,
    /// The byte of the file at which the statement begins.
    start: usize,
}

impl Captures<'_> {
    fn pattern(&self) -> Option<&Pattern> {
        self.query.patterns().get(self.found.pattern)
    }

    /// What a capture of this name holds, in bytes of the file.
    fn named(&self, name: &str) -> impl Iterator<Item = Range<usize>> {
        let number = self
            .query
            .captures()
            .iter()
            .position(|known| *known == name);
        self.numbered(number.and_then(|number| u32::try_from(number).ok()))
    }

    fn numbered(&self, number: Option<u32>) -> impl Iterator<Item = Range<usize>> {
        let own = self
            .found
            .captures
            .iter()
            .filter(move |(other, _)| Some(*other) == number);
        own.map(|(_, range)| self.start + range.start..self.start + range.end)
    }

    /// Whether what was captured has one of the names, or is known to have none of them. What is not known is neither.
    fn satisfy(&self, predicate: &NamePredicate) -> bool {
        let mut captured = self.numbered(Some(predicate.capture));
        captured.all(|range| {
            let site = site(self.cx.file, &range);
            let name = site.and_then(|site| self.cx.project.qualified(site));
            name.is_some_and(|name| {
                let has = predicate.names.iter().any(|pattern| names(pattern, &name));
                has == predicate.is_positive
            })
        })
    }
}

/// Whether `time.sleep` or `time.*` names this.
fn names(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(module) => name.starts_with(module),
        None => pattern == name,
    }
}

/// The innermost node that takes exactly these bytes of a file.
fn site<'f>(file: &'f FileFacts, range: &Range<usize>) -> Option<Site<'f>> {
    let (segment, inside) = file.segment_at(range.start)?;
    let root = file.root(segment);
    let innermost = root.with(root.node.tree().at(inside));
    let around = innermost.node.ancestors().map(|node| innermost.with(node));
    std::iter::once(innermost)
        .chain(around)
        .find(|site| site.range() == *range)
}
