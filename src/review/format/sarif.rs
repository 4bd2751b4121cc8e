//! SARIF 2.1.0: findings for code scanning, with their evidence as related locations and as a flow, the cards as the rules' help, and the fixes.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_sarif::sarif::{
    ArtifactChange, ArtifactContent, ArtifactLocation, CodeFlow, Fix as SarifFix, Invocation,
    Location, Message, MultiformatMessageString, Notification, PhysicalLocation, PropertyBag,
    Region as SarifRegion, Replacement, ReportingConfiguration, ReportingDescriptor,
    Result as SarifResult, ResultLevel, Run, Sarif, ThreadFlow, ThreadFlowLocation, Tool,
    ToolComponent,
};
use url::Url;

use super::fingerprint::fingerprints;
use super::json::write_document;
use super::region::{cell, region_of_file};
use super::text::visible;
use super::words;
use crate::explain::{self, Text};
use crate::knowledge::NoteRule;
use crate::review::{Outcome, Problem};
use crate::rules::{Finding, Fix, Place, Severity, family};
use crate::text::PositionEncoding;

/// Where the schema of this version is published.
const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/// What relative addresses are relative to: the working directory. GitHub gives this name to the root of the checkout.
const ROOT: &str = "%SRCROOT%";
/// Everything but what RFC 3986 calls unreserved, and the slash.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/');

/// Writes one log with one run.
pub(super) fn write(outcome: &Outcome, out: &mut dyn Write) -> io::Result<()> {
    let rules = rules(outcome);
    let results = fingerprints(outcome);
    let results: Vec<_> = results
        .map(|(finding, fingerprint)| result(finding, fingerprint, &rules, outcome))
        .collect();
    let driver = ToolComponent::builder()
        .name("Marginote")
        .semantic_version(env!("CARGO_PKG_VERSION"))
        .rules(rules)
        .build();
    let run = Run::builder()
        .tool(Tool::builder().driver(driver).build())
        .column_kind("utf16CodeUnits")
        .original_uri_base_ids(root(outcome))
        .invocations([invocation(outcome)])
        .results(results)
        .build();
    let log = Sarif::builder()
        .schema(SCHEMA)
        .version("2.1.0")
        .runs([run])
        .build();
    write_document(&log, out)
}

fn root(outcome: &Outcome) -> BTreeMap<String, ArtifactLocation> {
    let url = Url::from_directory_path(&outcome.working_directory).ok();
    let root = url.map(|url| ArtifactLocation::builder().uri(url).build());
    root.map(|root| (ROOT.to_owned(), root))
        .into_iter()
        .collect()
}

/// The rules that found something, by their codes.
fn rules(outcome: &Outcome) -> Vec<ReportingDescriptor> {
    let first = outcome.findings().map(|finding| (finding.code, finding));
    // the same code may mean other cards in other folders: the first one stands for all
    let mut rules = BTreeMap::new();
    for (code, finding) in first {
        rules
            .entry(code)
            .or_insert_with(|| descriptor(finding, outcome));
    }
    rules.into_values().collect()
}

fn descriptor(finding: &Finding, outcome: &Outcome) -> ReportingDescriptor {
    let config = outcome.snapshot.config(&finding.place.path);
    let knowledge = &config.knowledge;
    let (mut title, mut lesson, mut concept) = (finding.code.to_owned(), None, "");
    let (mut severity, mut page) = (finding.severity, None);
    if let Some(card) = knowledge.rule(finding.code) {
        title.clone_from(&card.title);
        lesson = Some(multiformat(&explain::text(&card.lesson)));
        concept = &card.concept;
        severity = card.severity;
        page = Some(explain::rule(card, knowledge));
    } else if let Some(rule) = NoteRule::find(finding.code) {
        rule.title.clone_into(&mut title);
        severity = rule.severity;
        page = Some(explain::note_rule(rule));
    }
    let level = ReportingConfiguration::builder().level(level(severity).to_string());
    let mut tags = vec![family(finding.code).to_owned()];
    tags.extend((!concept.is_empty()).then(|| concept.to_owned()));
    let mut rule = ReportingDescriptor::builder()
        .id(finding.code)
        .short_description(plain(&title))
        .default_configuration(level.build())
        .properties(PropertyBag::builder().tags(tags).build())
        .build();
    let name = words::rule_name(finding, outcome);
    rule.name = (!name.is_empty()).then(|| name.to_owned());
    rule.full_description = lesson;
    rule.help = page.as_ref().map(multiformat);
    rule.help_uri = explain::rule_url(finding.code);
    rule
}

fn plain(text: &str) -> MultiformatMessageString {
    MultiformatMessageString::builder()
        .text(visible(text))
        .build()
}

fn multiformat(text: &Text) -> MultiformatMessageString {
    MultiformatMessageString::builder()
        .text(text.plain.trim_end())
        .markdown(text.markdown.trim_end())
        .build()
}

fn result(
    finding: &Finding,
    fingerprint: String,
    rules: &[ReportingDescriptor],
    outcome: &Outcome,
) -> SarifResult {
    let own = location(&finding.place, None, outcome);
    let said = message(&words::placed(&finding.place, &finding.message, outcome));
    let evidence = finding.evidence.iter().zip(1..);
    let related: Vec<_> = evidence
        .map(|(evidence, id)| {
            let mut related = location(&evidence.place, Some(&evidence.message), outcome);
            related.id = Some(id);
            related
        })
        .collect();
    let severity = serde_json::Value::from(finding.severity.word());
    let properties = PropertyBag::builder()
        .additional_properties([("severity".to_owned(), severity)])
        .build();
    let mut result = SarifResult::builder()
        .rule_id(finding.code)
        .level(level(finding.severity))
        .message(said.clone())
        .locations([own.clone()])
        .partial_fingerprints([("marginote/v1".to_owned(), fingerprint)])
        .properties(properties)
        .build();
    if outcome.is_existing(finding) {
        result.baseline_state = Some("unchanged".into());
    }
    let index = rules.binary_search_by(|rule| rule.id.as_str().cmp(finding.code));
    result.rule_index = index.ok().and_then(|index| index.try_into().ok());
    if !related.is_empty() {
        let start = Location {
            message: Some(said),
            ..own
        };
        result.code_flows = Some(vec![flow(start, &related)]);
        result.related_locations = Some(related);
    }
    // the lines of a notebook are those of its JSON
    let fixes = finding.fixes.iter();
    let fixes = fixes.filter(|_| cell(&finding.place, outcome).is_none());
    let fixes: Vec<_> = fixes.map(|own| fix(own, outcome)).collect();
    result.fixes = (!fixes.is_empty()).then_some(fixes);
    result
}

/// SARIF's levels have one word for information and hints; the severity's own word is among the properties.
fn level(severity: Severity) -> ResultLevel {
    match severity {
        Severity::Error => ResultLevel::Error,
        Severity::Warning => ResultLevel::Warning,
        Severity::Information | Severity::Hint => ResultLevel::Note,
    }
}

/// From the finding through its evidence, in the rule's order.
fn flow(start: Location, related: &[Location]) -> CodeFlow {
    let steps = related.iter().cloned().map(|related| Location {
        id: None,
        ..related
    });
    let steps = [start].into_iter().chain(steps);
    let steps = steps.map(|at| ThreadFlowLocation::builder().location(at).build());
    let flow = ThreadFlow::builder().locations(steps.collect::<Vec<_>>());
    CodeFlow::builder().thread_flows([flow.build()]).build()
}

fn fix(fix: &Fix, outcome: &Outcome) -> SarifFix {
    let mut changes: BTreeMap<&Path, Vec<Replacement>> = BTreeMap::new();
    for edit in &fix.edits {
        let new = ArtifactContent::builder().text(edit.text.as_str()).build();
        let replacement = Replacement::builder()
            .deleted_region(sarif_region(&edit.place, outcome))
            .inserted_content(new)
            .build();
        changes
            .entry(&edit.place.path)
            .or_default()
            .push(replacement);
    }
    let changes = changes.into_iter().map(|(path, replacements)| {
        ArtifactChange::builder()
            .artifact_location(artifact(path, outcome))
            .replacements(replacements)
            .build()
    });
    let safe = [("safe".to_owned(), serde_json::Value::from(fix.safe))];
    SarifFix::builder()
        .description(message(&fix.title))
        .artifact_changes(changes.collect::<Vec<_>>())
        .properties(PropertyBag::builder().additional_properties(safe).build())
        .build()
}

fn location(at: &Place, said: Option<&str>, outcome: &Outcome) -> Location {
    let place = PhysicalLocation::builder()
        .artifact_location(artifact(&at.path, outcome))
        .region(sarif_region(at, outcome))
        .build();
    let mut location = Location::builder().physical_location(place).build();
    location.message = said.map(|said| message(&words::placed(at, said, outcome)));
    location
}

/// Relative to the working directory where the file is below it.
fn artifact(path: &Path, outcome: &Outcome) -> ArtifactLocation {
    let url = match path.starts_with(&outcome.working_directory) {
        true => None,
        false => Url::from_file_path(path).ok(),
    };
    match url {
        Some(url) => ArtifactLocation::builder().uri(url).build(),
        None => shown_artifact(&outcome.shown(path)),
    }
}

fn shown_artifact(shown: &str) -> ArtifactLocation {
    ArtifactLocation::builder()
        .uri(utf8_percent_encode(shown, RESERVED).to_string())
        .uri_base_id(ROOT)
        .build()
}

fn sarif_region(place: &Place, outcome: &Outcome) -> SarifRegion {
    let region = region_of_file(place, outcome, PositionEncoding::Utf16);
    let number = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    SarifRegion::builder()
        .start_line(number(region.start.line))
        .start_column(number(region.start.column))
        .end_line(number(region.end.line))
        .end_column(number(region.end.column))
        .build()
}

/// A plain text. In SARIF's plain texts `[words](place)` is a link; of the user's code none is made.
fn message(text: &str) -> Message {
    let text = visible(text).replace("](", "] (");
    Message::builder().text(text).build()
}

/// What could not be read, and what is wrong in the configuration.
fn invocation(outcome: &Outcome) -> Invocation {
    let notifications =
        |problems: &[Problem]| problems.iter().map(notification).collect::<Vec<_>>();
    Invocation::builder()
        .execution_successful(outcome.problems().next().is_none())
        .tool_configuration_notifications(notifications(&outcome.settings))
        .tool_execution_notifications(notifications(&outcome.unread))
        .build()
}

fn notification(problem: &Problem) -> Notification {
    let mut place = PhysicalLocation::builder()
        .artifact_location(shown_artifact(&problem.shown))
        .build();
    let line = problem.line.and_then(|line| i64::try_from(line).ok());
    place.region = line.map(|line| SarifRegion::builder().start_line(line).build());
    let location = Location::builder().physical_location(place).build();
    Notification::builder()
        .level("error")
        .message(message(&problem.message))
        .locations([location])
        .build()
}
