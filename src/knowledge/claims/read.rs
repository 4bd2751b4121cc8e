//! A claim's file into a claim. `knowledge/README.md` has the format.

use serde::Deserialize;

use super::pattern::Pattern;
use super::{Claim, ClaimKind};
use crate::knowledge::card::{CardProblem, Section};
use crate::knowledge::parse::Source;

const SECTIONS: &[(&str, bool)] = &[("Caught", true), ("Not caught", true)];

/// How many sentences must stand under each heading.
const LEAST: usize = 2;

/// The front matter.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Front {
    claim: String,
    concept: String,
    kind: ClaimKind,
    #[serde(default)]
    since: Option<String>,
    sources: Vec<String>,
    #[serde(default)]
    about: Vec<String>,
    #[serde(default)]
    unless: Vec<String>,
    wrong: Vec<String>,
    #[serde(default)]
    right: Vec<String>,
}

/// Reads a claim. `path` is where it stands, for problems and for the check of its name.
pub fn claim(path: &str, text: &str) -> Result<Claim, CardProblem> {
    let source = Source { path, text };
    let (front, body): (Front, usize) = source.front()?;
    source.check_name(&front.claim, "claim")?;
    let (truth, sections) = source.body(body, SECTIONS)?;
    let patterns = |key: &str, list: &[String]| {
        let patterns: Result<Vec<_>, _> = list.iter().map(|p| Pattern::parse(p)).collect();
        patterns.map_err(|message| source.problem_at_key(key, message))
    };
    let statements = |key: &str, list: &[String]| {
        let patterns = patterns(key, list)?;
        let mut read = list.iter().zip(&patterns);
        match read.find(|(_, pattern)| pattern.keys().is_empty()) {
            None => Ok(patterns),
            Some((text, _)) => {
                let message = format!(
                    "`{text}`: a pattern needs a part that is not optional and has a word of three letters or more in every alternative"
                );
                Err(source.problem_at_key(key, message))
            }
        }
    };
    let sentences = |heading: &str| {
        let list = sections
            .iter()
            .find(|s| s.heading == heading)
            .map(items)
            .unwrap_or_default();
        if list.len() >= LEAST {
            return Ok(list);
        }
        let message = format!("`## {heading}` needs a list of {LEAST} sentences or more");
        Err(source.problem(text.trim_end().len(), message))
    };
    let since = match &front.since {
        None => None,
        Some(text) => Some(version(text).ok_or_else(|| {
            let message = format!("`{text}` is no version of Python such as `3.12`");
            source.problem_at_key("since", message)
        })?),
    };
    let claim = Claim {
        about: patterns("about", &front.about)?,
        unless: patterns("unless", &front.unless)?,
        wrong: statements("wrong", &front.wrong)?,
        right: statements("right", &front.right)?,
        caught: sentences("Caught")?,
        not_caught: sentences("Not caught")?,
        claim: front.claim,
        concept: front.concept,
        kind: front.kind,
        since,
        sources: front.sources,
        truth,
    };
    if claim.wrong.is_empty() {
        return Err(source.problem_at_key("wrong", "`wrong` needs a pattern".to_owned()));
    }
    Ok(claim)
}

/// The items of a section's list, each on one line.
fn items(section: &Section) -> Vec<String> {
    let lines = section.markdown.lines();
    lines
        .filter_map(|line| line.strip_prefix("- "))
        .map(str::to_owned)
        .collect()
}

/// `3.12`, also as the beginning of `3.12.1`. None for what is no version.
pub fn version(text: &str) -> Option<(u8, u8)> {
    let mut numbers = text.split('.').map(str::parse);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => Some((major, minor)),
        _ => None,
    }
}
