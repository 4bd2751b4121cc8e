//! What a hover says: the findings at a place, else the concept of the construct there.

use std::path::Path;

use super::construct::Named;
use super::{Hover, Report, designs};
use crate::explain::{self, Design, Quote};
use crate::facts::{FileFacts, Site};
use crate::knowledge::Knowledge;
use crate::project::Project;
use crate::rules::{Finding, Place};
use crate::text::Document;

/// What a hover is made with besides the code.
pub(super) struct Material<'a> {
    /// The text of any file, for the lines of evidence.
    pub document: &'a dyn Fn(&Path) -> Option<std::sync::Arc<Document>>,
    /// What the user's notes say of a concept.
    pub quote: &'a dyn Fn(&str) -> Option<Quote>,
    /// Whether the message and the evidence of a finding are shown beside the hover.
    pub are_shown: bool,
}

/// The hover at a byte of a file.
pub(super) fn hover(
    project: &Project,
    file: &FileFacts,
    knowledge: &Knowledge,
    offset: usize,
    report: &Report,
    material: &Material<'_>,
) -> Option<Hover> {
    let Material {
        document,
        quote,
        are_shown,
    } = *material;
    let findings = findings_at(report, offset);
    if let Some(finding) = findings.first() {
        let place = |place: &Place| in_words(place, file, project, document);
        let rule = knowledge.rule(finding.code);
        let quote = rule.and_then(|rule| quote(&rule.concept));
        let construct = super::construct::construct_at(project, file, offset);
        let named = construct.and_then(|construct| construct.named);
        let designs = designs_of(project, named, file);
        let text = explain::finding(
            finding,
            knowledge,
            &place,
            &designs,
            quote.as_ref(),
            are_shown,
        );
        return Some(Hover {
            range: finding.place.range.clone(),
            concept: rule.map(|rule| rule.concept.clone()),
            also: Vec::new(),
            findings: findings.iter().map(|finding| finding.code).collect(),
            markdown: text.markdown,
            plain: text.plain,
        });
    }
    let construct = super::construct::construct_at(project, file, offset)?;
    let cards = construct.cards(knowledge);
    let (first, also) = cards.split_first()?;
    let designs = designs_of(project, construct.named, file);
    let quote = quote(&first.concept);
    let text = explain::construct(first, also, &designs, quote.as_ref());
    Some(Hover {
        range: construct.range,
        concept: Some(first.concept.clone()),
        also: also.iter().map(|card| card.concept.clone()).collect(),
        findings: Vec::new(),
        markdown: text.markdown,
        plain: text.plain,
    })
}

/// What the thing that is named at a place is in the project.
fn designs_of<'p>(
    project: &'p Project,
    named: Option<Named<'p>>,
    file: &'p FileFacts,
) -> Vec<Design> {
    let place = |site: Site<'_>| {
        let line = site.file.line_in_words(site.range().start);
        in_file(site.file.path(), file.path(), &line, " ")
    };
    named.map_or_else(Vec::new, |named| designs::of(project, named, file, &place))
}

/// The findings around a byte: those with the smallest range first, of equal ones the most severe.
fn findings_at(report: &Report, offset: usize) -> Vec<&Finding> {
    let around = report.findings.iter();
    let mut around: Vec<&Finding> = around
        .filter(|finding| finding.place.range.contains(&offset))
        .collect();
    around.sort_by_key(|finding| {
        (
            finding.place.range.len(),
            std::cmp::Reverse(finding.severity),
        )
    });
    around
}

/// `line 12`, or `worker.py, line 3`.
fn in_words(
    place: &Place,
    own: &FileFacts,
    project: &Project,
    document: &dyn Fn(&Path) -> Option<std::sync::Arc<Document>>,
) -> String {
    let line = match project.file(&place.path) {
        Some(file) => file.line_in_words(place.range.start),
        None => {
            let document = document(&place.path);
            let line = document.map_or(0, |document| document.line_column(place.range.start).0);
            line.to_string()
        }
    };
    in_file(&place.path, own.path(), &line, ", ")
}

fn in_file(path: &Path, own: &Path, line: &str, between: &str) -> String {
    if path == own {
        return format!("line {line}");
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    format!("{name}{between}line {line}")
}
