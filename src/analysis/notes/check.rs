//! What is wrong in a note: its code, its links, its text.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use percent_encoding::percent_decode_str;

use super::Notes;
use super::code::{Code, Reader};
use super::said::said_in;
use crate::config::Config;
use crate::knowledge::NoteRule;
use crate::knowledge::claims::{Claim, ClaimKind, Verdict};
use crate::knowledge::notes::{Block, Link, LinkKind, Note, ProblemKind};
use crate::rules::{Evidence, Finding, Place, Severity};

/// What is wrong in a note. Sorted by place.
/// `others` are all notes, as far as they were read: without them nothing is said of wikilinks and contradictions.
pub fn check(note: &Note, config: &Config, others: Option<&Notes>) -> Vec<Finding> {
    let path = Arc::new(note.path.clone());
    let mut checker = Checker {
        note,
        config,
        path,
        found: Vec::new(),
    };
    checker.text();
    checker.card();
    checker.claims(others);
    checker.code();
    for link in &note.links {
        checker.link(link, others);
    }
    let mut found = checker.found;
    found.sort_by_key(|finding| (finding.place.range.start, finding.code));
    found
}

struct Checker<'n> {
    note: &'n Note,
    config: &'n Config,
    path: Arc<PathBuf>,
    found: Vec<Finding>,
}

impl Checker<'_> {
    fn find(&mut self, code: &'static str, range: Range<usize>, message: String) {
        let severity = NoteRule::find(code).map_or(Severity::Warning, |rule| rule.severity);
        let place = Place {
            path: Arc::clone(&self.path),
            range,
        };
        self.found.push(Finding {
            code,
            severity,
            place,
            message,
            evidence: Vec::new(),
            fixes: Vec::new(),
        });
    }

    fn text(&mut self) {
        for problem in &self.note.problems {
            let code = match problem.kind {
                ProblemKind::EncodingDamaged => "NOTE005",
                ProblemKind::FenceNotClosed => "NOTE006",
                ProblemKind::NotReadable => "NOTE009",
            };
            self.find(code, problem.range.clone(), problem.message.clone());
        }
    }

    /// Why the note is a card that cannot be used.
    fn card(&mut self) {
        let path = self.note.path.to_string_lossy();
        let knowledge = &self.config.knowledge;
        if let Some(problem) = knowledge.problem_of(&path, &self.note.text) {
            let mut lines = self.note.text.split_inclusive('\n');
            let before = lines.by_ref().take(problem.line.saturating_sub(1));
            let start: usize = before.map(str::len).sum();
            let line = lines.next().unwrap_or_default().trim_end();
            let column = problem.column.map_or(0, |column| column.saturating_sub(1));
            let column = line.char_indices().nth(column).map_or(0, |(byte, _)| byte);
            self.find(
                "NOTE007",
                start + column..start + line.len(),
                problem.message.clone(),
            );
        }
    }

    /// What is said wrongly, and what another place contradicts.
    fn claims(&mut self, others: Option<&Notes>) {
        for section in &self.note.sections {
            let prose = self.note.prose(section);
            for (range, said) in said_in(self.note, section, &prose) {
                let is_wrong = said.verdict == Verdict::Wrong;
                if is_wrong {
                    self.wrong(range.clone(), said.claim);
                }
                let opposite = others.and_then(|notes| notes.opinion(&said.claim.claim, !is_wrong));
                if let Some((other, place)) = opposite {
                    self.contradiction(range, said.claim, other, place);
                }
            }
        }
    }

    /// A truth that only holds for Pythons younger than the oldest that the code must run on is not the writer's fault.
    fn wrong(&mut self, range: Range<usize>, claim: &Claim) {
        let code = match claim.kind {
            ClaimKind::Wrong => "NOTE001",
            ClaimKind::Outdated => "NOTE002",
        };
        self.find(code, range, claim.truth.clone());
        let is_later = claim
            .since
            .is_some_and(|since| since > self.config.python_version);
        if let Some(finding) = self.found.last_mut().filter(|_| is_later) {
            finding.severity = Severity::Information;
        }
    }

    fn contradiction(
        &mut self,
        range: Range<usize>,
        claim: &Claim,
        other: &Path,
        place: Range<usize>,
    ) {
        let name = other.file_name().unwrap_or_default().to_string_lossy();
        let message = format!("`{name}` says the opposite. {}", claim.truth);
        self.find("NOTE003", range, message);
        if let Some(finding) = self.found.last_mut() {
            finding.evidence.push(Evidence {
                place: Place {
                    path: Arc::new(other.to_owned()),
                    range: place,
                },
                message: "the opposite stands here".to_owned(),
            });
        }
    }

    /// Code that does not parse, and what the rules find in the rest. Each block is a file of its own, with the imports of those before it.
    fn code(&mut self) {
        let mut reader = Reader::default();
        let sections = self.note.sections.iter();
        for block in sections.flat_map(|section| &section.blocks) {
            if !block.is_python() {
                continue;
            }
            let Some(code) = reader.read(block) else {
                return;
            };
            match code.error() {
                Some(at) if !is_bad(block, at) => {
                    let line = self.note.text[..in_note(self.note, block, at)]
                        .lines()
                        .count();
                    let message = format!(
                        "this block says that it is Python and does not parse from line {line} on: mend it, or mark it `# ❌` if it is meant to be wrong"
                    );
                    self.find("NOTE004", self.line_at(block, at), message);
                }
                Some(_) => {}
                None => self.rules(block, &code),
            }
        }
    }

    /// The line of a byte of a block's code.
    fn line_at(&self, block: &Block, at: usize) -> Range<usize> {
        let start = in_note(self.note, block, at);
        let rest = &self.note.text[start..];
        let line = rest.lines().next().unwrap_or_default().trim_end();
        start..start + line.len()
    }

    fn rules(&mut self, block: &Block, code: &Code) {
        for mut finding in code.findings(self.config, &self.config.knowledge, &self.path) {
            let places = std::iter::once(&mut finding.place);
            let evidence = finding
                .evidence
                .iter_mut()
                .map(|evidence| &mut evidence.place);
            let mut is_ours = true;
            for place in places.chain(evidence) {
                match code.in_block(&place.range) {
                    Some(range) => {
                        is_ours &= !is_bad(block, range.start);
                        place.path = Arc::clone(&self.path);
                        place.range = in_note(self.note, block, range.start)
                            ..in_note(self.note, block, range.end);
                    }
                    // in an import of an earlier block
                    None => is_ours = false,
                }
            }
            // an edit of a note is its writer's to make
            finding.fixes.clear();
            if is_ours {
                self.found.push(finding);
            }
        }
    }

    fn link(&mut self, link: &Link, others: Option<&Notes>) {
        if link.kind == LinkKind::Web {
            return;
        }
        let wrong = |checker: &mut Self, message: String| {
            checker.find("NOTE008", link.range.clone(), message);
        };
        let target = percent_decode_str(&link.target).decode_utf8_lossy();
        let folder = self.note.path.parent().unwrap_or(Path::new(""));
        if link.kind == LinkKind::Wiki && !target.is_empty() {
            // the note beside this one need not be among those that were read
            let is_beside = || folder.join(format!("{target}.md")).exists();
            if others.is_some_and(|others| !others.is_named(&target)) && !is_beside() {
                wrong(
                    self,
                    format!("no note is called `{target}`: mend the link, or write the note"),
                );
            }
            return;
        }
        let path = folder.join(&*target);
        if !target.is_empty() && !path.exists() {
            let message = format!("there is no file `{target}` beside this note: mend the link");
            return wrong(self, message);
        }
        let Some(heading) = &link.heading else {
            return;
        };
        let (headings, whose) = match &*target {
            "" => (Some(headings(self.note)), "this note".to_owned()),
            target => {
                let known = others.and_then(|others| others.headings(&path));
                (known, format!("`{target}`"))
            }
        };
        if headings.is_some_and(|known| !is_among(heading, &known, &self.note.text)) {
            wrong(
                self,
                format!("{whose} has no heading `{heading}`: mend the link"),
            );
        }
    }
}

/// The headings of a note, as plain text.
pub fn headings(note: &Note) -> Vec<String> {
    let sections = note.sections.iter();
    sections
        .filter_map(|section| section.headings.last().cloned())
        .collect()
}

/// Whether what stands after `#` in a link is one of the headings, as far as can be told. A block of
/// Obsidian (`^block`) and an anchor that the text sets itself are left alone.
fn is_among(heading: &str, headings: &[String], text: &str) -> bool {
    let heading = percent_decode_str(heading).decode_utf8_lossy();
    let last = heading.rsplit('#').next().unwrap_or_default();
    if last.starts_with('^') {
        return true;
    }
    let sets = [
        format!("id=\"{last}\""),
        format!("name=\"{last}\""),
        format!("{{#{last}}}"),
    ];
    let is_it = |known: &String| is_heading(last, known);
    headings.iter().any(is_it) || sets.iter().any(|set| text.contains(set))
}

/// Whether an anchor means a heading: programs make anchors of headings in ways of their own.
pub fn is_heading(anchor: &str, heading: &str) -> bool {
    // numbers before a heading are not kept; a number after it tells equal ones apart
    let (wanted, known) = (letters(anchor), letters(heading));
    let wanted = wanted.trim_start_matches(|c: char| c.is_numeric());
    let known = known.trim_start_matches(|c: char| c.is_numeric());
    wanted
        .strip_prefix(known)
        .is_some_and(|rest| rest.chars().all(char::is_numeric))
}

/// The letters and digits of a text, in lower case.
fn letters(text: &str) -> String {
    let letters = text.chars().filter(|c| c.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

/// Whether the user marked a byte of a block's code as a bad example.
fn is_bad(block: &Block, at: usize) -> bool {
    let before = &block.code.as_bytes()[..at.min(block.code.len())];
    block.is_bad(memchr::memchr_iter(b'\n', before).count())
}

/// A byte of a block's code as a byte of the note's text.
fn in_note(note: &Note, block: &Block, at: usize) -> usize {
    let before = &block.code[..at.min(block.code.len())];
    let line = memchr::memchr_iter(b'\n', before.as_bytes()).count();
    let column = before.len() - before.rfind('\n').map_or(0, |newline| newline + 1);
    let own = block.code.split('\n').nth(line).unwrap_or_default();
    let mut start = block.range.start;
    let mut lines = note.text[block.range.clone()].split('\n');
    for line in lines.by_ref().take(line) {
        start += line.len() + 1;
    }
    let written = lines.next().unwrap_or_default();
    // the fence's indent was taken off; of a line that was blanked nothing is found
    let indent = written
        .trim_end_matches('\r')
        .len()
        .saturating_sub(own.trim_end_matches('\r').len());
    (start + indent + column).min(start + written.len())
}
