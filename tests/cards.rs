//! The built-in cards are true: complete, linked, and every block in them does what its fence says.

mod python;

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use marginote::analysis::{Analysis, Cancel};
use marginote::knowledge::{Block, BlockKind, Knowledge};

use python::Python;

/// A block and the card it stands in.
struct Case<'a> {
    /// `knowledge/rules/MUT001-mutable-default.md:30`, the line of the block's first line.
    place: String,
    block: &'a Block,
    /// In a rule card: the rule's code, and the exception that bad code raises.
    rule: Option<(&'a str, Option<&'a str>)>,
}

fn cases(knowledge: &Knowledge) -> Vec<Case<'_>> {
    let concepts = knowledge.concepts().flat_map(|card| {
        card.blocks().map(|block| Case {
            place: format!("knowledge/concepts/{}.md:{}", card.concept, block.line),
            block,
            rule: None,
        })
    });
    let rules = knowledge.rules().flat_map(|card| {
        card.blocks().map(|block| Case {
            place: format!(
                "knowledge/rules/{}-{}.md:{}",
                card.code, card.name, block.line
            ),
            block,
            rule: Some((card.code.as_str(), card.raises.as_deref())),
        })
    });
    concepts.chain(rules).collect()
}

/// Fails with one line a problem.
fn assert_none(problems: &[String]) {
    assert!(
        problems.is_empty(),
        "{} problems:\n{}",
        problems.len(),
        problems.join("\n")
    );
}

#[test]
fn every_card_parses() {
    let problems = Knowledge::builtin().problems();
    let problems: Vec<_> = problems.iter().map(ToString::to_string).collect();
    assert_none(&problems);
    assert!(Knowledge::builtin().rules().count() > 0);
    assert!(Knowledge::builtin().concepts().count() > 0);
}

#[test]
fn every_concept_card_is_complete_and_linked() {
    let knowledge = Knowledge::builtin();
    let mut problems = Vec::new();
    for card in knowledge.concepts() {
        let mut say =
            |what: String| problems.push(format!("knowledge/concepts/{}.md: {what}", card.concept));
        let words = card.summary.split_whitespace().count();
        if words > 60 || card.summary.contains("\n\n") {
            say(format!(
                "the summary is one paragraph of at most 60 words, this one has {words}"
            ));
        }
        if card.sources.is_empty() {
            say("name at least one source".to_owned());
        }
        for slug in &card.related {
            if slug == &card.concept {
                say("related to itself".to_owned());
            } else if knowledge.concept(slug).is_none() {
                say(format!("related: no card of the concept `{slug}`"));
            }
        }
        let example = card.section("Example").map_or(&[][..], |s| &s.blocks);
        if !(1..=2).contains(&example.len()) {
            say(format!(
                "`## Example` holds one or two blocks, this one {}",
                example.len()
            ));
        }
        for block in example {
            let lines = block.code.lines().count();
            if lines > 12 {
                say(format!(
                    "line {}: an example has at most 12 lines, this one {lines}",
                    block.line
                ));
            }
        }
    }
    assert_none(&problems);
}

#[test]
fn every_rule_card_is_complete_and_linked() {
    let knowledge = Knowledge::builtin();
    let mut problems = Vec::new();
    for card in knowledge.rules() {
        let mut say =
            |what: String| problems.push(format!("knowledge/rules/{}: {what}", card.code));
        if knowledge.concept(&card.concept).is_none() {
            say(format!("no card of the concept `{}`", card.concept));
        }
        if card.lesson.contains("\n\n") {
            say("the lesson is one sentence".to_owned());
        }
        for section in &card.sections {
            if section.markdown.is_empty() {
                say(format!("`## {}` is empty", section.heading));
            }
        }
        for (heading, kind) in [
            ("Bad", BlockKind::Bad),
            ("Good", BlockKind::Good),
            ("Proof", BlockKind::Proof),
        ] {
            let blocks = card.section(heading).map_or(&[][..], |s| &s.blocks);
            let wrong = |block: &Block| block.kind != kind && block.kind != BlockKind::Shown;
            if !blocks.iter().any(|block| block.kind == kind) || blocks.iter().any(wrong) {
                say(format!(
                    "`## {heading}` holds blocks of its kind, and besides them only blocks that are shown"
                ));
            }
        }
    }
    assert_none(&problems);
}

#[test]
fn python_confirms_every_block() {
    let knowledge = Knowledge::builtin();
    let cases = cases(knowledge);
    let python = Python::find();
    let next = AtomicUsize::new(0);
    let problems = Mutex::new(Vec::new());
    // Blocks mostly wait, for threads and processes that they start: two at a time is what a small machine bears without timeouts.
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Err(problem) = confirm(&python, case) {
                        let problem = format!("{}: {problem}", case.place);
                        problems
                            .lock()
                            .expect("no test thread panics")
                            .push(problem);
                    }
                }
            });
        }
    });
    let mut problems = problems.into_inner().expect("no test thread panics");
    problems.sort();
    assert_none(&problems);
}

/// Runs a block as its fence says.
fn confirm(python: &Python, case: &Case) -> Result<(), String> {
    let block = case.block;
    if let Some(version) = block
        .min_version
        .filter(|version| python.version < *version)
    {
        eprintln!(
            "{}: not run, it needs Python {}.{}",
            case.place, version.0, version.1
        );
        return Ok(());
    }
    match (block.kind, case.rule) {
        (BlockKind::Shown, _) => Ok(()),
        (BlockKind::Good | BlockKind::Proof, _) => python.succeeds(&block.code),
        (BlockKind::Bad, Some((_, Some(exception)))) => python.raises(&block.code, exception),
        // What a warning is about need not show when the code is run: it must only be a program that ends.
        (BlockKind::Bad, _) => python.ends(&block.code),
    }
}

#[test]
fn marginote_confirms_every_block() {
    let mut problems = Vec::new();
    for case in cases(Knowledge::builtin()) {
        let expected = match (case.block.kind, case.rule) {
            (BlockKind::Good, _) => None,
            (BlockKind::Bad, Some((code, _))) => Some(code),
            _ => continue,
        };
        let codes = findings(&case.block.code);
        let right = match expected {
            None => codes.is_empty(),
            Some(code) => !codes.is_empty() && codes.iter().all(|found| *found == code),
        };
        if !right {
            let expected = expected.unwrap_or("nothing");
            problems.push(format!(
                "{}: expected {expected}, found {codes:?}",
                case.place
            ));
        }
    }
    assert_none(&problems);
}

/// The codes that Marginote reports in a script, with every rule on.
fn findings(code: &str) -> Vec<&'static str> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("card.py");
    let mut analysis = Analysis::default();
    analysis.set_folders(vec![folder.path().to_owned()]);
    analysis.open(path.clone(), 1, code);
    let report = analysis
        .snapshot()
        .findings(Path::new(&path), &Cancel::default())
        .expect("nobody cancels");
    assert!(report.problems.is_empty(), "{:?}", report.problems);
    report.findings.iter().map(|finding| finding.code).collect()
}
