use super::{UserCardKind, kind};
use crate::knowledge::{CardProblem, Knowledge, Selector};
use crate::rules::Severity;

fn knowledge(notes: &[(&str, &str)]) -> Knowledge {
    let own = |(path, text): &(&str, &str)| ((*path).to_owned(), (*text).to_owned());
    Knowledge::with_notes(&notes.iter().map(own).collect::<Vec<_>>())
}

/// The one problem of a card.
fn problem(text: &str) -> CardProblem {
    let knowledge = knowledge(&[("a.md", text)]);
    let [problem] = knowledge.invalid() else {
        panic!("{:?} in {text}", knowledge.invalid());
    };
    problem.clone()
}

const RULE: &str = "---
code: TEAM001
name: no-sleep
title: Do not sleep here
message: \"`{f}` sleeps\"
match: |
  ((call function: (_) @f) @finding
    (#qualified-name? @f \"time.sleep\"))
---
Sleeping keeps the *caller* waiting.
It goes on here.

More of it.

## Good

```python good
pass
```

## Anything
else
";

#[test]
fn what_a_card_is() {
    for (text, expected) in [
        ("---\ncode: X1\nname: x\n---\n", Some(UserCardKind::Rule)),
        ("---\nmatch: x\n---\n", Some(UserCardKind::Rule)),
        ("---\r\nmatch: x\r\n---\r\n", Some(UserCardKind::Rule)),
        ("---\ncode: true\n---\n", None),
        ("---\nconcept: gil\n---\n## Why\n", None),
        ("---\nconcept: gil\ntitle: My notes\n---\ntext\n", None),
        (
            "---\nconcept: gil\ntitle: My notes\n---\ntext\n## Why\n",
            Some(UserCardKind::Concept),
        ),
        (
            "---\nconcept: gil\nhover: []\n---\n",
            Some(UserCardKind::Concept),
        ),
        ("---\ntitle: gil\nhover: []\n---\n", None),
        ("---\ntags: [code, name, match]\n  match: x\n---\n", None),
        ("match: x\n", None),
        ("---\nmatch: x\n", None),
        ("text\n---\nmatch: x\n---\n", None),
        ("", None),
    ] {
        assert_eq!(kind(text), expected, "{text}");
    }
}

#[test]
fn a_rule_card_makes_a_rule() {
    let knowledge = knowledge(&[("notes/a.md", RULE)]);
    assert_eq!(knowledge.invalid(), []);
    let card = knowledge.rule("no-sleep").expect("a card");
    assert_eq!(
        card.lesson,
        "Sleeping keeps the *caller* waiting.\nIt goes on here."
    );
    assert_eq!(card.severity, Severity::Warning);
    assert_eq!(card.file.as_deref(), Some("notes/a.md"));
    let headings: Vec<_> = card
        .sections
        .iter()
        .map(|section| &*section.heading)
        .collect();
    assert_eq!(headings, ["More", "Good", "Anything"]);
    assert_eq!(
        card.section("More").map(|section| &*section.markdown),
        Some("More of it.")
    );
    assert_eq!(
        card.blocks().map(|block| block.line).collect::<Vec<_>>(),
        [18]
    );
    assert_eq!(knowledge.query_rules().len(), 1);
    assert!(knowledge.rule_names().contains(&("TEAM001", "no-sleep")));
    assert!(
        knowledge
            .rule_names()
            .contains(&("MUT001", "mutable-default"))
    );
    assert!(knowledge.rule_names().is_sorted());
    let last = knowledge.rules().last().map(|card| &*card.code);
    assert_eq!(last, Some("TEAM001"), "after the built-in ones");
}

#[test]
fn a_concept_card_lies_over_the_built_in_one() {
    let own = "---\nconcept: gil\ntitle: Our GIL\nhover:\n  - call: app.spin\ntags: [x]\nauthor: me\n---\n# Heading\n\nOurs.\n";
    let knowledge = knowledge(&[("a.md", own)]);
    assert_eq!(knowledge.invalid(), []);
    let card = knowledge.concept("gil").expect("a card");
    assert_eq!(
        (card.title.as_str(), card.summary.as_str()),
        ("Our GIL", "Ours.")
    );
    let below = knowledge.below(card).expect("a built-in card");
    assert!(below.file.is_none() && knowledge.below(below).is_none());
    let titles = |construct: Selector| {
        let cards = knowledge.concepts_for(&construct);
        cards
            .iter()
            .map(|card| card.title.clone())
            .collect::<Vec<_>>()
    };
    let built_in = below.title.clone();
    assert_eq!(
        titles(Selector::Call("app.spin".to_owned())),
        ["Our GIL", &built_in]
    );
    let selector = below.hover.first().expect("a selector").clone();
    let titles = titles(selector);
    let place = |title: &str| titles.iter().position(|other| other == title);
    assert!(
        place("Our GIL").is_some_and(|own| Some(own + 1) == place(&built_in)),
        "{titles:?}"
    );
}

#[test]
fn what_is_wrong_is_named_with_its_place() {
    let wrong = |from: &str, to: &str| {
        assert!(RULE.contains(from), "{from}");
        problem(&RULE.replacen(from, to, 1))
    };
    for (from, to, line, column, message) in [
        (
            "(call function",
            "(cal function",
            7,
            Some(5),
            "no node `cal`",
        ),
        (
            "@f \"time.sleep\"",
            "@g \"time.sleep\"",
            8,
            Some(24),
            "nothing is captured as `@g`",
        ),
        (
            "#qualified-name?",
            "#qualified?",
            8,
            Some(6),
            "no predicate `#qualified?`",
        ),
        (
            "\"time.sleep\"",
            "\"time sleep\"",
            8,
            Some(26),
            "no qualified name",
        ),
        (
            "#qualified-name? @f \"time.sleep\"",
            "#match? @f \"(\"",
            8,
            Some(17),
            "no regular expression",
        ),
        ("@finding", "@found", 7, Some(3), "no `@finding`"),
        ("`{f}` sleeps", "`{g}` sleeps", 5, None, "no `@g`"),
        ("`{f}` sleeps", "`{f` sleeps", 5, None, "is no capture"),
        ("code: TEAM001", "code: team1", 2, None, "no code"),
        ("code: TEAM001", "code: TEAM", 2, None, "no code"),
        ("code: TEAM001", "code: MUT999", 2, None, "Marginote's own"),
        (
            "name: no-sleep",
            "name: mutable-default",
            2,
            None,
            "already",
        ),
        ("name: no-sleep", "name: No sleep", 3, None, "lower-case"),
        ("title: Do", "titel: Do", 4, None, "did you mean `title`"),
        ("title: Do", "x: Do", 1, None, "`title` is missing"),
        ("title: Do not", "title: \"\\e[1m", 0, None, ""),
        ("message: ", "severity: fatal\nmessage: ", 5, None, "fatal"),
        (
            "match: |",
            "evidence: \"{x}\"\nmatch: |",
            6,
            None,
            "no `@x`",
        ),
        (
            "Sleeping keeps the *caller* waiting.\nIt goes on here.\n\nMore of it.\n",
            "",
            10,
            None,
            "a paragraph",
        ),
        ("title: Do", "title: [Do", 0, None, "front matter"),
    ] {
        let problem = wrong(from, to);
        assert!(problem.message.contains(message), "{to}: {problem:?}");
        assert_eq!(problem.path, "a.md");
        if line > 0 {
            assert_eq!(
                (problem.line, problem.column),
                (line, column),
                "{to}: {problem:?}"
            );
        }
    }
}

#[test]
fn a_place_in_a_query_is_found_in_every_style() {
    let card = |query: &str| {
        let head = "---\ncode: TEAM001\nname: n\ntitle: T\nmessage: m\nmatch:";
        problem(&format!("{head}{query}\n---\ntext\n"))
    };
    for (query, line, column) in [
        (" (cal) @finding", 6, 9),
        (" \"(cal) @finding\"", 6, 10),
        (" '(cal) @finding'", 6, 10),
        (" |\n\n\n      (call)\n      @finding (cal)", 10, 17),
        (" >-\n  (call) @finding\n  (cal)", 8, 4),
        (
            "\n- (call) @finding\n- |\n  (call) @finding\n  ; é (cal)\n  ((é))",
            11,
            5,
        ),
        (
            " [(call) @finding, \"((call) @finding (#eq? @finding \\\"a\\\" \\\"b\\\"))\"]",
            6,
            66,
        ),
    ] {
        let problem = card(query);
        assert_eq!(
            (problem.line, problem.column),
            (line, Some(column)),
            "{query}: {problem:?}"
        );
    }
}

#[test]
fn names_are_given_once() {
    let concept = "---\ntitle: T\nconcept: own\nhover: []\n---\ntext\n";
    let knowledge = knowledge(&[
        ("a.md", RULE),
        ("b.md", RULE),
        ("c.md", &RULE.replace("TEAM001", "TEAM002")),
        ("d.md", concept),
        ("e.md", concept),
    ]);
    let problems: Vec<_> = knowledge
        .invalid()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        problems,
        [
            "b.md:2: a rule is called TEAM001 no-sleep already: a.md",
            "c.md:2: a rule is called TEAM001 no-sleep already: a.md",
            "e.md:3: this concept has a card already: d.md",
        ]
    );
}

#[test]
fn too_many_rules_are_refused_before_they_are_compiled() {
    let notes: Vec<(String, String)> = (0..250)
        .map(|number| {
            let text = RULE.replace("TEAM001", &format!("MANY{number}"));
            (
                format!("{number:03}.md"),
                text.replace("no-sleep", &format!("many-{number}")),
            )
        })
        .collect();
    let knowledge = Knowledge::with_notes(&notes);
    assert_eq!(
        (knowledge.query_rules().len(), knowledge.invalid().len()),
        (200, 50)
    );
}

proptest::proptest! {
    #[test]
    fn any_card_is_read_or_refused(text in "---\n(code: T1\n|name: n\n|title: T\n|message: '?[{}a]*'?\n|match: [|>]?-?\n? *[(]call[)] @finding\n|concept: gil\n|hover:\n|[ -]*\\PC{0,9}\n){0,8}---\n\\PC{0,20}\n") {
        let _ = knowledge(&[("a.md", &text)]);
    }
}
