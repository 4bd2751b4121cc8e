//! Which findings a file's comments silence.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use crate::facts::trace::Changed;
use crate::facts::{FileFacts, SegmentFacts};
use crate::knowledge::{Knowledge, RuleCard};
use crate::rules::Finding;
use crate::rules::suppress::{
    Directive, KnownRules, PeerCodes, RuleFacts, SuppressedFile, apply, directives,
};
use crate::syntax::{Field, Kind, Node};

/// The word of our own comments, which are looked at also where they have nothing to silence.
const OWN: &str = "marginote";

/// Words without which a comment silences nothing.
const WORDS: &[&str] = &[OWN, "noqa", "NOQA", "ruff", "pylint"];

/// How far below a comment the code may stand that it speaks of, in lines.
const FAR: usize = 20;

/// Whether comments that may silence something stand in segments that changed.
pub(super) fn concerns(changed: &Changed<'_>) -> bool {
    let holds_word =
        |facts: &SegmentFacts| WORDS.iter().any(|word| facts.mentions_or_comments(word));
    let mut segments = changed.segments.iter();
    segments.any(|(old, new)| holds_word(old) || holds_word(new))
}

/// The segments in which comments may silence something.
pub(super) fn segments(file: &FileFacts) -> Arc<[usize]> {
    let words = WORDS.iter();
    let found = words.flat_map(|word| file.segments_with_or_commented(word));
    let found: BTreeSet<usize> = found.collect();
    found.into_iter().collect()
}

/// The findings that no comment in `segments` silences, and hints for comments of ours that silence nothing. `ran` says whether a rule ran to its end.
pub(super) fn unsuppressed(
    file: &FileFacts,
    knowledge: &Knowledge,
    segments: &[usize],
    findings: Vec<Finding>,
    ran: &dyn Fn(&str) -> bool,
) -> Vec<Finding> {
    let has_work = |segment: &&usize| {
        !findings.is_empty() || file.segment(**segment).mentions_or_comments(OWN)
    };
    let segments: Vec<usize> = segments.iter().filter(has_work).copied().collect();
    if segments.is_empty() {
        return findings;
    }
    let directives = directives_of(file, &segments, knowledge.rule_names());
    let suppressed = SuppressedFile {
        path: file.path(),
        line_of: &|offset| file.line(offset),
        code_line: &|offset| code_line(file, offset),
        statement: &|line| statement(file, line),
    };
    let peers = |code: &str| knowledge.rule(code).map(peer_codes).unwrap_or_default();
    let rules = RuleFacts {
        known: knowledge.rule_names(),
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

/// The comments in these segments that silence something, in source order.
pub(super) fn directives_of(
    file: &FileFacts,
    segments: &[usize],
    rules: &KnownRules,
) -> Vec<Directive> {
    let mut found = Vec::new();
    for &segment in segments {
        let root = file.root(segment);
        for comment in root
            .node
            .with_descendants()
            .filter(|node| node.kind() == Kind::Comment)
        {
            let start = file.start(segment) + comment.range().start;
            found.extend(directives(comment.text(), start, rules));
        }
    }
    found
}

/// The line (from 0) of the code that stands before a comment, else of that below it; the comment's own where none is near.
pub(super) fn code_line(file: &FileFacts, comment: usize) -> usize {
    let own = file.line(comment);
    let is_code = |line: &usize| {
        let text = file.line_start(*line).map(|start| &file.source()[start..]);
        let text = text.map(|text| {
            text.split(['\n', '\r'])
                .next()
                .unwrap_or_default()
                .trim_start()
        });
        text.is_some_and(|text| !text.is_empty() && !text.starts_with('#'))
    };
    (own..=own + FAR).find(is_code).unwrap_or(own)
}

/// The lines (from 0) of the statement that a line belongs to: of a compound statement its header.
pub(super) fn statement(file: &FileFacts, line: usize) -> Range<usize> {
    let own = line..line + 1;
    let Some(start) = file.line_start(line) else {
        return own;
    };
    let blank = file.source()[start..]
        .bytes()
        .take_while(|byte| matches!(byte, b' ' | b'\t'));
    let Some((segment, inside)) = file.segment_at(start + blank.count()) else {
        return own;
    };
    let node = file.root(segment).node.tree().at(inside);
    let Some(statement) = node.statement() else {
        return own;
    };
    let base = file.start(segment);
    let end = header_end(statement).saturating_sub(1);
    file.line(base + statement.range().start)..file.line(base + end) + 1
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
