//! What plain-text formats say of a finding, line by line.

use super::region;
use super::text::visible;
use crate::review::Outcome;
use crate::rules::{Evidence, Finding, Place};

/// Evidence beyond this many pieces is counted, not listed.
const EVIDENCE: usize = 8;

/// The message, the evidence and the lesson. No line holds anything that could end it, or move a terminal's cursor.
pub(super) fn lines(finding: &Finding, outcome: &Outcome) -> Vec<String> {
    let mut lines = vec![placed(&finding.place, &message(finding, outcome), outcome)];
    for evidence in listed(finding) {
        let place = place(&evidence.place, finding, outcome);
        lines.push(visible(&format!("{place}: {}", evidence.message)));
    }
    lines.extend(more(finding));
    if let Some(lesson) = lesson(finding, outcome) {
        lines.push(visible(&format!("why: {lesson}")));
    }
    lines
}

/// The message on one line, and whether the finding was there before the change that is looked at.
pub(super) fn message(finding: &Finding, outcome: &Outcome) -> String {
    let message = visible(&finding.message);
    match outcome.is_existing(finding) {
        true => format!("existing: {message}"),
        false => message,
    }
}

/// Words about a place for programs that know no cells: in a notebook they say where it is.
pub(super) fn placed(place: &Place, words: &str, outcome: &Outcome) -> String {
    match region::cell(place, outcome) {
        Some(cell) => format!(
            "line {} of cell {cell}: {words}",
            region::line(place, outcome)
        ),
        None => words.to_owned(),
    }
}

/// How much evidence is not listed.
pub(super) fn more(finding: &Finding) -> Option<String> {
    let more = finding.evidence.len().saturating_sub(EVIDENCE);
    (more > 0).then(|| format!("and {more} more places"))
}

/// The evidence that is listed, in the rule's order.
pub(super) fn listed(finding: &Finding) -> &[Evidence] {
    finding
        .evidence
        .get(..EVIDENCE)
        .unwrap_or(&finding.evidence)
}

/// `line 12`, or `shop/worker.py, line 3`.
pub(super) fn place(place: &Place, finding: &Finding, outcome: &Outcome) -> String {
    let cell = region::cell(place, outcome);
    let cell = cell.map_or_else(String::new, |cell| format!(" of cell {cell}"));
    let line = format!("{}{cell}", region::line(place, outcome));
    match place.path == finding.place.path {
        true => format!("line {line}"),
        false => format!("{}, line {line}", outcome.shown(&place.path)),
    }
}

/// The one sentence of the rule's card, as Markdown on one line. None for what is wrong in notes, which has no cards.
pub(super) fn lesson(finding: &Finding, outcome: &Outcome) -> Option<String> {
    let config = outcome.snapshot.config(&finding.place.path);
    let card = config.knowledge.rule(finding.code)?;
    Some(card.lesson.replace('\n', " "))
}

/// The rule's name; empty for a rule that has none.
pub(in crate::review) fn rule_name(finding: &Finding, outcome: &Outcome) -> &'static str {
    let config = outcome.snapshot.config(&finding.place.path);
    let names = config.knowledge.rule_names();
    let name = names.binary_search_by_key(&finding.code, |(code, _)| code);
    let name = name.ok().and_then(|at| names.get(at));
    name.map_or("", |(_, name)| name)
}
