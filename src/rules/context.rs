//! What a rule is given, and where it puts what it finds.

use std::ops::Range;
use std::sync::Arc;

use super::{Edit, Evidence, Finding, Fix, Parts, Place, Rule, Severity};
use crate::facts::{FileFacts, SegmentFacts, Site, Subjects};
use crate::project::{Class, Function, Project};
use crate::syntax::{Kind, Node, NodeId};

/// Settings that change what rules say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The oldest Python that the project supports, as (3, minor).
    pub python: (u8, u8),
    /// Whether the project runs on free-threaded builds.
    pub free_threaded: bool,
    /// Qualified names of further constructors whose objects cannot be changed.
    pub immutable_calls: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            python: (3, 10),
            free_threaded: false,
            immutable_calls: Vec::new(),
        }
    }
}

/// One file of a project, as rules see it.
pub struct Context<'p> {
    pub project: &'p Project,
    pub file: &'p FileFacts,
    pub options: &'p Options,
    /// The parts of the file that the rule looks at, where it is open.
    pub parts: Option<&'p Parts<'p>>,
}

impl<'p> Context<'p> {
    /// Looks at a part of the file by itself: a class, a function, named by its site. What is found there must not depend on what is found elsewhere, and a rule
    /// looks at a part once.
    pub(super) fn look_at(
        &self,
        part: Site<'p>,
        out: &mut Findings,
        look: impl FnOnce(&mut Findings),
    ) {
        self.look_at_node(part.segment, part.node.id(), out, look);
    }

    /// The same for a whole segment, which need not be parsed for it.
    pub(super) fn look_at_segment(
        &self,
        segment: usize,
        out: &mut Findings,
        look: impl FnOnce(&mut Findings),
    ) {
        self.look_at_node(segment, NodeId(0), out, look);
    }

    /// Whether a rule has something to look at in a part of the file. Where `look` says no, it is not asked again until an edit concerns the part.
    pub(super) fn is_concerned(&self, part: Site<'p>, look: impl FnOnce() -> bool) -> bool {
        let (segment, node) = (part.segment, part.node.id());
        match self.parts {
            Some(parts) => parts.concern(segment, node, || {
                self.file.segment(segment).read();
                look()
            }),
            None => true,
        }
    }

    fn look_at_node(
        &self,
        segment: usize,
        node: NodeId,
        out: &mut Findings,
        look: impl FnOnce(&mut Findings),
    ) {
        match self.parts {
            Some(parts) => {
                let found = parts.of(self.project, segment, node, |out| {
                    // by its number the node is known in this text of the segment only
                    self.file.segment(segment).read();
                    look(out);
                });
                out.found.extend(found);
            }
            None => look(out),
        }
    }

    /// Whether the file only declares.
    pub fn is_stub(&self) -> bool {
        let extension = self.file.path().extension();
        extension.is_some_and(|extension| extension == "pyi")
    }

    /// The roots of the segments that may be about the subjects. Segments that do not parse are left out: what they say is not known.
    pub fn segments(&self, subjects: Subjects) -> impl Iterator<Item = Site<'p>> {
        self.segments_where(subjects, |_| true)
    }

    /// Those of them whose facts are asked for.
    pub fn segments_where(
        &self,
        subjects: Subjects,
        is_asked: impl Fn(&SegmentFacts) -> bool,
    ) -> impl Iterator<Item = Site<'p>> {
        let file = self.file;
        self.project
            .about(file, subjects)
            .filter(move |&segment| is_asked(file.segment(segment)))
            .map(move |segment| file.root(segment))
            .filter(|root| !root.node.tree().has_error())
    }

    /// The functions and lambdas in those segments, in source order.
    pub fn functions(&self, subjects: Subjects) -> impl Iterator<Item = Function<'p>> {
        self.segments(subjects).flat_map(functions_in)
    }

    /// The classes in those segments, and the classes of whose bodies they are part, in source order.
    pub fn classes(&self, subjects: Subjects) -> Vec<Class<'p>> {
        let segments = self.project.about(self.file, subjects);
        self.project.classes_in(self.file, segments)
    }

    /// The products of a display in those segments, in source order.
    pub fn repetitions(&self, subjects: Subjects) -> impl Iterator<Item = Site<'p>> {
        self.segments(subjects).flat_map(|root| {
            root.body()
                .repetitions
                .iter()
                .map(move |product| root.at(*product))
        })
    }

    /// The calls in those segments, in source order.
    pub fn calls(&self, subjects: Subjects) -> impl Iterator<Item = Site<'p>> {
        self.segments(subjects)
            .flat_map(|root| root.body().calls.iter().map(move |call| root.at(*call)))
    }
}

/// The functions and lambdas in a segment, by its root.
pub fn functions_in<'p>(root: Site<'p>) -> impl Iterator<Item = Function<'p>> {
    let functions = root.body().functions.iter();
    functions.filter_map(move |data| Function::at(root.at(data.node)))
}

/// Where a site is, for the message of a finding in a file: `line 3`, or `line 3 of other.py`.
pub fn place(file: &FileFacts, site: Site<'_>) -> String {
    let line = line(site);
    if std::ptr::eq(site.file, file) {
        return format!("line {line}");
    }
    let other = site.file.path().file_name().unwrap_or_default();
    format!("line {line} of {}", other.to_string_lossy())
}

/// The line of a site in its file, for messages.
pub fn line(site: Site<'_>) -> String {
    site.file.line_in_words(site.range().start)
}

/// A function in words.
pub fn label(function: Function<'_>) -> String {
    match function.site.node.kind() {
        Kind::Lambda => "this lambda".to_string(),
        _ => format!("`{}`", function.name()),
    }
}

/// The lines of the comment right above a statement.
pub fn comment_above(statement: Node<'_>) -> impl Iterator<Item = &str> {
    let before = &statement.tree().text()[..statement.range().start];
    let above = before.rsplit_once('\n').map_or("", |(above, _)| above);
    let lines = above.lines().rev().map(str::trim_ascii_start);
    lines.take_while(|line| line.starts_with('#'))
}

/// The findings of one file.
#[derive(Default)]
pub struct Findings {
    pub(super) found: Vec<Finding>,
}

impl Findings {
    /// Reports a range of a site's file. Evidence and fixes are added to what comes back.
    pub(super) fn report(
        &mut self,
        rule: &Rule,
        severity: Severity,
        file: &FileFacts,
        range: Range<usize>,
        message: String,
    ) -> &mut Finding {
        self.report_code(rule.code, severity, file, range, message)
    }

    /// The same for a rule that is known by its code.
    pub fn report_code(
        &mut self,
        code: &'static str,
        severity: Severity,
        file: &FileFacts,
        range: Range<usize>,
        message: String,
    ) -> &mut Finding {
        self.found.push(Finding {
            code,
            severity,
            place: Place {
                path: Arc::clone(file.path()),
                range,
            },
            message,
            evidence: Vec::new(),
            fixes: Vec::new(),
        });
        self.found.last_mut().expect("one was just pushed")
    }

    /// What was found, by position, then code.
    pub fn sorted(self) -> Vec<Finding> {
        sorted(self.found)
    }
}

/// Findings by position, then code.
pub fn sorted(mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.sort_by(|a, b| {
        let key = |finding: &Finding| (finding.place.range.start, finding.place.range.end);
        key(a).cmp(&key(b)).then_with(|| a.code.cmp(b.code))
    });
    findings
}

impl Finding {
    /// Every place that it names: its own, its evidence's and its fixes'.
    pub fn places(&self) -> impl Iterator<Item = &Place> {
        let evidence = self.evidence.iter().map(|evidence| &evidence.place);
        let edits = self.fixes.iter().flat_map(|fix| &fix.edits);
        std::iter::once(&self.place)
            .chain(evidence)
            .chain(edits.map(|edit| &edit.place))
    }

    /// The same, to be changed.
    pub fn places_mut(&mut self) -> impl Iterator<Item = &mut Place> {
        let evidence = self.evidence.iter_mut().map(|evidence| &mut evidence.place);
        let edits = self.fixes.iter_mut().flat_map(|fix| &mut fix.edits);
        std::iter::once(&mut self.place)
            .chain(evidence)
            .chain(edits.map(|edit| &mut edit.place))
    }

    /// Adds a site that proves it.
    pub(super) fn evidence(&mut self, site: Site<'_>, message: impl Into<String>) -> &mut Finding {
        self.evidence_at(site.file, site.range(), message)
    }

    /// Adds a range that proves it. The same range is added once.
    pub(super) fn evidence_at(
        &mut self,
        file: &FileFacts,
        range: Range<usize>,
        message: impl Into<String>,
    ) -> &mut Finding {
        let place = Place {
            path: Arc::clone(file.path()),
            range,
        };
        if self.evidence.iter().all(|known| known.place != place) {
            self.evidence.push(Evidence {
                place,
                message: message.into(),
            });
        }
        self
    }

    /// Adds a way to mend it: replacements in the finding's own file.
    pub(super) fn fix(
        &mut self,
        title: impl Into<String>,
        safe: bool,
        edits: Vec<(Range<usize>, String)>,
    ) -> &mut Finding {
        let path = Arc::clone(&self.place.path);
        let edits = edits
            .into_iter()
            .map(|(range, text)| Edit {
                place: Place {
                    path: Arc::clone(&path),
                    range,
                },
                text,
            })
            .collect();
        self.fixes.push(Fix {
            title: title.into(),
            safe,
            edits,
        });
        self
    }
}
