use std::path::PathBuf;
use std::sync::Arc;

use pulldown_cmark::{Event, Options, Parser, Tag};

use super::{Quote, Reference};
use super::{Text, concept, construct, finding, rule, rule_url};
use crate::knowledge::Knowledge;
use crate::rules::{Evidence, Finding, Place, Severity};

const CARDS: &[(&str, &str)] = &[
    (
        "knowledge/concepts/mutable-vs-immutable.md",
        "---
concept: mutable-vs-immutable
title: Some objects change, some do not
aliases: [mutability]
level: beginner
related: [gone, shared]
sources: [\"Python docs: Data model\"]
---
A list can change; a tuple cannot.

## Why
Because `list` has `append`.

## Example
```python bad
x = []
```

```python good
x = ()
```

## Recall
Q: Can a tuple change?
A: No, but what it holds can.
Q: And a list?
A: Yes.
",
    ),
    (
        "knowledge/concepts/shared.md",
        "---
concept: shared
title: Two names, one object
level: beginner
sources: [\"Python docs: Data model\"]
---
Names are labels.

## Why
Because.

## Example
None.

## Recall
Q: Does `b = a` copy?
A: No.
",
    ),
    (
        "knowledge/rules/MUT001-mutable-default.md",
        "---
code: MUT001
name: mutable-default
title: A mutable default is shared by all calls
concept: mutable-vs-immutable
severity: warning
fix: unsafe
peers: {ruff: [B006], pylint: [dangerous-default-value, W0102]}
since: 0.1.0
---
Make the list inside the function.

## What it reports
Defaults.

## Why
They are made once.

## Bad
```python bad
def add(item, items=[]):
    items.append(item)
```

## Good
```python good
def add(item, items=None):
    items = [] if items is None else items
    items.append(item)
```

## Proof
```python proof
pass
```

## When it stays silent
- Where nobody sees it.
",
    ),
];

fn found(message: &str, evidence: &[&str]) -> Finding {
    let place = |at: usize| Place {
        path: Arc::new(PathBuf::from("a.py")),
        range: at..at + 1,
    };
    let evidence = evidence.iter().enumerate().map(|(at, message)| Evidence {
        place: place(at + 7),
        message: (*message).to_owned(),
    });
    Finding {
        code: "MUT001",
        severity: Severity::Warning,
        place: place(0),
        message: message.to_owned(),
        evidence: evidence.collect(),
        fixes: Vec::new(),
    }
}

fn line(place: &Place) -> String {
    format!("line {}", place.range.start)
}

/// Both forms, one under the other.
fn both(text: &Text) -> String {
    format!("{}\n=====\n{}", text.markdown, text.plain)
}

#[test]
fn hover_over_a_finding() {
    let knowledge = Knowledge::new(CARDS);
    let found = found(
        "`items` is one list for all calls of `add`: it grows",
        &["`items` is changed here", "called here"],
    );
    insta::assert_snapshot!(both(&finding(&found, &knowledge, &line, &[], None, false)), @r"
**A mutable default is shared by all calls** `MUT001`

`items` is one list for all calls of `add`: it grows

- line 7: `items` is changed here
- line 8: called here

Make the list inside the function.

```python
def add(item, items=None):
    items = [] if items is None else items
    items.append(item)
```

---
*Recall:* Can a tuple change? - No, but what it holds can.

=====
A mutable default is shared by all calls MUT001

items is one list for all calls of add: it grows

- line 7: items is changed here
- line 8: called here

Make the list inside the function.

    def add(item, items=None):
        items = [] if items is None else items
        items.append(item)

Recall: Can a tuple change? - No, but what it holds can.
");
}

#[test]
fn hover_over_a_construct() {
    let knowledge = Knowledge::new(CARDS);
    let card = |slug| knowledge.concept(slug).expect("a card");
    let text = construct(card("mutable-vs-immutable"), &[card("shared")], &[], None);
    insta::assert_snapshot!(both(&text), @r"
**Some objects change, some do not**

A list can change; a tuple cannot.

```python
x = ()
```

*See also:* Two names, one object

---
*Recall:* Can a tuple change? - No, but what it holds can.

=====
Some objects change, some do not

A list can change; a tuple cannot.

    x = ()

See also: Two names, one object

Recall: Can a tuple change? - No, but what it holds can.
");
}

#[test]
fn page_of_a_rule() {
    let knowledge = Knowledge::new(CARDS);
    let text = rule(knowledge.rule("MUT001").expect("a card"), &knowledge);
    insta::assert_snapshot!(both(&text), @r"
# MUT001 mutable-default

**A mutable default is shared by all calls**

Make the list inside the function.

- Severity: at most warning
- Fix: unsafe
- Concept: `mutable-vs-immutable` Some objects change, some do not
- The same elsewhere: pylint dangerous-default-value, W0102; ruff B006
- Since: Marginote 0.1.0

## What it reports

Defaults.

## Why

They are made once.

## Bad

```python bad
def add(item, items=[]):
    items.append(item)
```

## Good

```python good
def add(item, items=None):
    items = [] if items is None else items
    items.append(item)
```

## Proof

```python proof
pass
```

## When it stays silent

- Where nobody sees it.

=====
MUT001 mutable-default

A mutable default is shared by all calls

Make the list inside the function.

- Severity: at most warning
- Fix: unsafe
- Concept: mutable-vs-immutable Some objects change, some do not
- The same elsewhere: pylint dangerous-default-value, W0102; ruff B006
- Since: Marginote 0.1.0

WHAT IT REPORTS

Defaults.

WHY

They are made once.

BAD

    def add(item, items=[]):
        items.append(item)

GOOD

    def add(item, items=None):
        items = [] if items is None else items
        items.append(item)

PROOF

    pass

WHEN IT STAYS SILENT

- Where nobody sees it.
");
}

#[test]
fn page_of_a_concept() {
    let knowledge = Knowledge::new(CARDS);
    let card = knowledge.concept("mutable-vs-immutable").expect("a card");
    insta::assert_snapshot!(both(&concept(card, &knowledge)), @r"
# Some objects change, some do not

`mutable-vs-immutable` · beginner · also called mutability

A list can change; a tuple cannot.

## Why

Because `list` has `append`.


## Example

*Bad:*

```python bad
x = []
```

*Good:*

```python good
x = ()
```


## Recall

- **Can a tuple change?**\
  No, but what it holds can.
- **And a list?**\
  Yes.

## Rules

- `MUT001` A mutable default is shared by all calls

## Related

- `shared` Two names, one object

## Sources

- Python docs: Data model

=====
Some objects change, some do not

mutable-vs-immutable · beginner · also called mutability

A list can change; a tuple cannot.

WHY

Because list has append.

EXAMPLE

Bad:

    x = []

Good:

    x = ()

RECALL

- Can a tuple change?
  No, but what it holds can.
- And a list?
  Yes.

RULES

- MUT001 A mutable default is shared by all calls

RELATED

- shared Two names, one object

SOURCES

- Python docs: Data model
");
}

#[test]
fn a_finding_without_a_card_is_still_told() {
    let text = finding(
        &found("It is so", &["see"]),
        &Knowledge::new(&[]),
        &line,
        &[],
        None,
        false,
    );
    assert_eq!(text.plain, "MUT001\n\nIt is so\n\n- line 7: see\n");
}

#[test]
fn evidence_is_cut_when_there_is_much() {
    let text = finding(
        &found("It is so", &["see"; 9]),
        &Knowledge::new(&[]),
        &line,
        &[],
        None,
        false,
    );
    assert!(
        text.plain.ends_with("- line 12: see\n- and 3 more\n"),
        "{}",
        text.plain
    );
}

#[test]
fn names_from_code_and_paths_do_nothing() {
    let knowledge = Knowledge::new(CARDS);
    for hostile in [
        "[x](command:marginote.run)",
        "`[x](command:marginote.run)",
        "![x](https://example.org/x.png)",
        "<img src=x>",
        "\n\n# heading\n\n<script>alert(1)</script>",
        "\n```\n[x](y)\n",
        "](command:marginote.run)",
    ] {
        let found = found(&format!("`{hostile}` and {hostile}"), &[hostile]);
        let place = |_: &Place| format!("{hostile}, line 3");
        let text = finding(&found, &knowledge, &place, &[], None, false);
        for event in Parser::new_ext(&text.markdown, Options::all()) {
            let harmful = matches!(
                event,
                Event::Start(Tag::Link { .. } | Tag::Image { .. } | Tag::Heading { .. })
                    | Event::Html(_)
                    | Event::InlineHtml(_)
            );
            assert!(!harmful, "{hostile:?}: {event:?}");
        }
    }
}

#[test]
fn a_rule_has_no_address_without_a_repository() {
    let has_repository = !env!("CARGO_PKG_REPOSITORY").is_empty();
    assert_eq!(rule_url("SUP001").is_some(), has_repository);
    assert_eq!(rule_url("XYZ001"), None);
}

fn reference(names: &[&str], url: &str) -> Reference {
    Reference {
        names: names.iter().map(|name| (*name).to_owned()).collect(),
        url: Some(url.to_owned()),
    }
}

#[test]
fn the_users_own_words_stand_below_the_idea() {
    let knowledge = Knowledge::new(CARDS);
    let card = knowledge.concept("shared").expect("a card");
    let quote = Quote {
        from: reference(
            &[
                "internals.md",
                "Python",
                "Global Interpreter Lock",
                "Impact",
                "On threads",
            ],
            "file:///notes/internals.md#L12",
        ),
        lines: vec![
            "One thread runs bytecode at a time.".to_owned(),
            "[press me](command:evil) <img src=x> `code`".to_owned(),
        ],
        corrections: vec!["Two threads take as long as one.".to_owned()],
        also: vec![reference(
            &["interview.md", "Q3"],
            "file:///notes/interview.md#L7",
        )],
    };
    insta::assert_snapshot!(both(&construct(card, &[], &[], Some(&quote))));
}

#[test]
fn a_name_of_a_note_ends_no_link() {
    let knowledge = Knowledge::new(CARDS);
    let card = knowledge.concept("shared").expect("a card");
    let from = reference(&["a](command:evil).md"], "file:///a](command:evil) b.md");
    let quote = Quote {
        from,
        lines: vec!["x".to_owned()],
        ..Quote::default()
    };
    let text = construct(card, &[], &[], Some(&quote)).markdown;
    let is_link = |event: Event| matches!(event, Event::Start(Tag::Link { .. }));
    assert!(!Parser::new(&text).any(is_link), "{text}");
}
