//! Which findings a file's comments silence.

use std::ops::Range;

use crate::facts::FileFacts;
use crate::knowledge::{Knowledge, RuleCard, rule_names};
use crate::rules::Finding;
use crate::rules::suppress::{Directive, PeerCodes, RuleFacts, SuppressedFile, apply, directives};
use crate::syntax::{Field, Kind, Node};

/// Words without which a comment silences nothing.
const WORDS: &[&str] = &["marginote:", "noqa", "NOQA", "pylint:"];

/// The findings that no comment silences, and hints for comments of ours that silence nothing. `ran` says whether a rule ran to its end.
pub(super) fn unsuppressed(
    file: &FileFacts,
    findings: Vec<Finding>,
    ran: &dyn Fn(&str) -> bool,
) -> Vec<Finding> {
    let source = file.source();
    let holds = |word: &str| memchr::memmem::find(source.as_bytes(), word.as_bytes()).is_some();
    let ours_only = findings.is_empty();
    if !WORDS
        .iter()
        .take(if ours_only { 1 } else { WORDS.len() })
        .any(|word| holds(word))
    {
        return findings;
    }
    let directives = directives_of(file);
    let lines = Lines::of(source);
    let suppressed = SuppressedFile {
        path: file.path(),
        line_of: &|offset| lines.at(offset),
        statement: &|line| lines.statement(file, line),
    };
    let peers = |code: &str| {
        Knowledge::builtin()
            .rule(code)
            .map(peer_codes)
            .unwrap_or_default()
    };
    let rules = RuleFacts {
        known: rule_names(),
        peers: &peers,
        ran,
    };
    apply(findings, &directives, &suppressed, &rules)
}

fn peer_codes(card: &RuleCard) -> PeerCodes {
    PeerCodes {
        noqa: card.noqa_codes().map(str::to_owned).collect(),
        pylint: card.peer_codes("pylint").to_vec(),
    }
}

fn directives_of(file: &FileFacts) -> Vec<Directive> {
    let mut found = Vec::new();
    for segment in 0..file.len() {
        let text = file.segment(segment).text();
        if !WORDS.iter().any(|word| text.contains(word)) {
            continue;
        }
        let root = file.root(segment);
        for comment in root
            .node
            .with_descendants()
            .filter(|node| node.kind() == Kind::Comment)
        {
            let start = file.start(segment) + comment.range().start;
            found.extend(directives(comment.text(), start, rule_names()));
        }
    }
    found
}

/// Where the lines of a text start.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Lines {
        let bytes = text.as_bytes();
        let ends = memchr::memchr2_iter(b'\n', b'\r', bytes)
            .filter(|&at| !(bytes[at] == b'\r' && bytes.get(at + 1) == Some(&b'\n')));
        Lines(std::iter::once(0).chain(ends.map(|at| at + 1)).collect())
    }

    /// The line of a byte, from 0.
    fn at(&self, offset: usize) -> usize {
        self.0.partition_point(|start| *start <= offset) - 1
    }

    /// The lines of the statement that a line belongs to: of a compound statement its header.
    fn statement(&self, file: &FileFacts, line: usize) -> Range<usize> {
        let Some(&start) = self.0.get(line) else {
            return line..line + 1;
        };
        let blank = file.source()[start..]
            .bytes()
            .take_while(|byte| matches!(byte, b' ' | b'\t'))
            .count();
        let Some((segment, inside)) = file.segment_at(start + blank) else {
            return line..line + 1;
        };
        let node = file.root(segment).node.tree().at(inside);
        let Some(statement) = node.statement() else {
            return line..line + 1;
        };
        let base = file.start(segment);
        let end = header_end(statement);
        self.at(base + statement.range().start)..self.at(base + end.saturating_sub(1)) + 1
    }
}

/// Where a statement ends, or a compound statement's header.
fn header_end(statement: Node<'_>) -> usize {
    let block = statement.children().find(|child| {
        child.kind() == Kind::Block || matches!(child.field(), Field::Body | Field::Consequence)
    });
    block.map_or(statement.range().end, |block| {
        block.range().start.min(statement.range().end)
    })
}
