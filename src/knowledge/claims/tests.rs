use std::fs;

use super::{Claims, Verdict, parsed};
use super::{PAST, REFUTES};
use crate::knowledge::{ConceptCard, Knowledge, RuleCard};

/// Fails with one line a problem.
#[track_caller]
fn assert_none(problems: &[String]) {
    let count = problems.len();
    assert!(count == 0, "{count} problems:\n{}", problems.join("\n"));
}

/// The claims of which a passage says this.
fn slugs(verdict: Verdict, headings: &[&str], passage: &str) -> Vec<&'static str> {
    let headings: Vec<_> = headings.iter().map(|&h| h.to_owned()).collect();
    let said = Claims::builtin().check(&headings, passage).into_iter();
    let said = said.filter(|said| said.verdict == verdict);
    said.map(|said| said.claim.claim.as_str()).collect()
}

fn wrong(passage: &str) -> Vec<&'static str> {
    slugs(Verdict::Wrong, &[], passage)
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
    let files = fs::read_dir("knowledge/claims")
        .expect("the folder")
        .count();
    assert_eq!(claims.iter().count(), files);
    assert_eq!(parsed(REFUTES).len(), REFUTES.len());
    assert_eq!(parsed(PAST).len(), PAST.len());
}

#[test]
fn patterns_have_words() {
    let mut problems = Vec::new();
    for claim in Claims::builtin().iter() {
        for pattern in claim.right.iter().chain(&claim.wrong) {
            if pattern.keys().is_empty() {
                problems.push(format!("{}: {pattern:?}", claim.claim));
            }
        }
    }
    assert_none(&problems);
}

#[test]
fn every_claim_catches_its_sentences_and_none_that_is_true() {
    let mut problems = Vec::new();
    for claim in Claims::builtin().iter() {
        let slug = claim.claim.as_str();
        for sentence in &claim.caught {
            if !wrong(sentence).contains(&slug) {
                problems.push(format!("{slug} misses: {sentence}"));
            }
        }
        let is_right = |s: &String| slugs(Verdict::Right, &[], s).contains(&slug);
        if !claim.right.is_empty() && !claim.not_caught.iter().any(is_right) {
            problems.push(format!(
                "{slug}: no sentence under `Not caught` says it rightly"
            ));
        }
        for sentence in claim.not_caught.iter().chain([&claim.truth]) {
            let wrong = wrong(sentence);
            if !wrong.is_empty() {
                problems.push(format!("{slug}: {wrong:?} catch: {sentence}"));
            }
        }
    }
    assert_none(&problems);
}

#[test]
fn the_cards_say_nothing_wrongly() {
    let knowledge = Knowledge::builtin();
    let concept = |card: &ConceptCard| {
        let sections = card.sections.iter().map(|s| s.markdown.as_str());
        let text = sections.fold(card.summary.clone(), |text, s| text + "\n\n" + s);
        (card.title.clone(), text)
    };
    let rule = |card: &RuleCard| {
        let sections = card.sections.iter().map(|s| s.markdown.as_str());
        let text = sections.fold(card.lesson.clone(), |text, s| text + "\n\n" + s);
        (card.title.clone(), text)
    };
    let cards = knowledge.concepts().map(concept);
    let cards = cards.chain(knowledge.rules().map(rule));
    let mut problems = Vec::new();
    for (title, text) in cards {
        let prose = text.split("```").step_by(2);
        let paragraphs = prose.flat_map(|prose| prose.split("\n\n"));
        for passage in paragraphs.flat_map(|part| part.split("\n- ")) {
            let found = slugs(Verdict::Wrong, &[&title], passage);
            if !found.is_empty() {
                problems.push(format!("{title}: {found:?}: {passage}"));
            }
        }
    }
    assert_none(&problems);
}

#[test]
fn what_is_asked_refuted_or_past_says_nothing() {
    let statement = "PyPy has no GIL.";
    assert_eq!(wrong(statement), ["pypy-has-no-gil"]);
    for passage in [
        "PyPy has no GIL?",
        "It is not true that PyPy has no GIL.",
        "Myth: PyPy has no GIL.",
        "\"PyPy has no GIL\" - wrong!",
        "Many believe that PyPy has no GIL.",
        "PyPy has no GIL. That is a misconception.",
        "PyPy has no GIL, some say. But PyPy has a GIL.",
        "~~PyPy has no GIL.~~",
        "❌ PyPy has no GIL",
        "PyPy has no GIL ❌",
        "If PyPy has no GIL, then …",
    ] {
        assert!(slugs(Verdict::Wrong, &[], passage).is_empty(), "{passage}");
    }
    let statement = "Objects come from arenas of 256 KiB.";
    assert_eq!(wrong(statement), ["arenas-of-256-kib"]);
    assert_eq!(
        wrong("In 3.12 objects come from arenas of 256 KiB."),
        ["arenas-of-256-kib"]
    );
    for passage in [
        "In Python 3.9 objects come from arenas of 256 KiB.",
        "In Python 2 objects come from arenas of 256 KiB.",
        "Objects came from arenas of 256 KiB until 3.9, which were small.",
        "Formerly objects had arenas of 256 KiB.",
    ] {
        assert!(wrong(passage).is_empty(), "{passage}");
    }
    let under = |heading: &str| slugs(Verdict::Wrong, &[heading], statement);
    assert_eq!(under("Memory in Python 3.13"), ["arenas-of-256-kib"]);
    assert_eq!(under("3.8 Memory"), ["arenas-of-256-kib"]);
    assert!(under("Memory in Python 3.8").is_empty());
}

#[test]
fn headings_name_the_subject() {
    let row = "| On failure | Cancel all on error | Flexible |";
    assert!(wrong(row).is_empty());
    let under = |headings: &[&str]| slugs(Verdict::Wrong, headings, row);
    assert_eq!(
        under(&["asyncio", "`gather()` or `wait()`?"]),
        ["gather-cancels-siblings"]
    );
    assert!(under(&["gather or TaskGroup"]).is_empty());
}

#[test]
fn the_range_is_what_says_it() {
    let passage = "Über Threads: *PyPy* doesn’t have a **GIL** – gut.";
    let said = Claims::builtin().check(&[], passage);
    let ranges: Vec<_> = said
        .iter()
        .map(|said| &passage[said.range.clone()])
        .collect();
    assert_eq!(ranges, ["PyPy* doesn’t have a **GIL"]);
}

#[test]
fn any_text_is_survived() {
    let claims = Claims::builtin();
    for piece in [
        ".",
        "~~",
        "'",
        "pypy ",
        "not pypy has no gil ",
        "1,",
        "--",
        "(",
        "\u{301}",
        "pypy gil\n",
        "Myth: pypy has no gil. ",
        "Arenas of 256 KiB. ",
    ] {
        let text = piece.repeat(20_000);
        for said in claims.check(std::slice::from_ref(&text), &text) {
            assert!(text.get(said.range).is_some(), "{piece}");
        }
    }
}

const CLAIM: &str = "---
claim: moon
concept: gil
kind: outdated
since: \"3.10\"
sources: [Somebody]
wrong: [\"moon is cheese\"]
---
The moon is stone.

## Caught
- The moon is cheese.
- The Moon is *cheese*.

## Not caught
- The moon is stone.
- The moon was cheese.
";

#[test]
fn a_problem_names_its_place() {
    let problem = |from: &str, to: &str| {
        assert!(CLAIM.contains(from), "{from}");
        let text = CLAIM.replacen(from, to, 1);
        let claims = Claims::new(&[("claims/moon.md", &text)]);
        claims
            .problems()
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("\n")
    };
    assert_eq!(problem("moon", "moon"), "");
    for (from, to, expected) in [
        (
            "claim: moon",
            "claim: sun",
            "claims/moon.md:2: the card calls itself `sun`",
        ),
        ("outdated", "old", "claims/moon.md:4: front matter"),
        ("\"3.10\"", "new", "claims/moon.md:5: `new` is no version"),
        ("moon is cheese", "a (b", "claims/moon.md:7: `a (b`"),
        (
            "moon is cheese",
            "is it",
            "claims/moon.md:7: `is it`: a pattern needs",
        ),
        (
            "[\"moon is cheese\"]",
            "[]",
            "claims/moon.md:7: `wrong` needs",
        ),
        ("- The moon is cheese.\n", "", "`## Caught` needs a list"),
        ("## Not caught", "## Rest", "no section `Rest`"),
    ] {
        let problem = problem(from, to);
        assert!(problem.contains(expected), "{problem}");
    }
}
