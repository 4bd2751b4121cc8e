use std::collections::BTreeMap;

use super::{Claims, Said, Verdict, contradictions};
use crate::knowledge::Knowledge;

/// Fails with one line a problem.
#[track_caller]
fn assert_none(problems: &[String]) {
    let count = problems.len();
    assert!(count == 0, "{count} problems:\n{}", problems.join("\n"));
}

/// The claims that a passage says wrongly.
fn wrong(passage: &str) -> Vec<&'static str> {
    let said = Claims::builtin().check(&[], passage);
    let wrong = said.iter().filter(|said| said.verdict == Verdict::Wrong);
    wrong.map(|said| said.claim.claim.as_str()).collect()
}

#[test]
fn every_claim_parses_and_names_a_concept() {
    let claims = Claims::builtin();
    let problems = claims.problems().iter().map(ToString::to_string);
    let homeless = claims.iter().filter(|claim| {
        Knowledge::builtin().concept(&claim.concept).is_none() || claim.sources.is_empty()
    });
    let homeless = homeless.map(|claim| format!("{}: no such concept, or no source", claim.claim));
    assert_none(&problems.chain(homeless).collect::<Vec<_>>());
    assert!(claims.iter().count() > 0);
}

#[test]
fn every_claim_catches_its_sentences_and_no_other_does() {
    let mut problems = Vec::new();
    for claim in Claims::builtin().iter() {
        for sentence in &claim.caught {
            if wrong(sentence) != [claim.claim.as_str()] {
                problems.push(format!("{}: {:?} {sentence}", claim.claim, wrong(sentence)));
            }
        }
        for sentence in claim.not_caught.iter().chain([&claim.truth]) {
            if !wrong(sentence).is_empty() {
                problems.push(format!("{}: {:?} {sentence}", claim.claim, wrong(sentence)));
            }
        }
    }
    assert_none(&problems);
}
