use super::{Card, Knowledge, Selector, rule_names};

const THREADS: (&str, &str) = (
    "knowledge/concepts/threads.md",
    "---
concept: threads
title: Threads share one interpreter
aliases: [Threading, worker threads]
level: beginner
hover:
  - call: threading.*
  - keyword: await
related: []
sources: [\"Python docs: threading\"]
---
Summary.

## Why
Because.

## Example
```python good
print(1)
```

## Recall
Q: What?
A: That.
",
);

const THREAD_CLASS: (&str, &str) = (
    "knowledge/concepts/thread-class.md",
    "---
concept: thread-class
title: The class Thread
level: advanced
hover: [{call: threading.Thread}, {name: threading.*}]
sources: []
---
Summary.

## Why
Because.

## Example
Text only.

## Recall
Q: What?
A: That.
",
);

const BROKEN: (&str, &str) = ("knowledge/concepts/broken.md", "no front matter\n");

fn slugs(knowledge: &Knowledge, construct: Selector) -> Vec<&str> {
    let cards = knowledge.concepts_for(&construct);
    cards.iter().map(|card| card.concept.as_str()).collect()
}

#[test]
fn the_most_specific_selector_comes_first() {
    let knowledge = Knowledge::new(&[THREAD_CLASS, THREADS]);
    let call = |name: &str| Selector::Call(name.to_owned());
    assert_eq!(
        slugs(&knowledge, call("threading.Thread")),
        ["thread-class", "threads"]
    );
    assert_eq!(slugs(&knowledge, call("threading.Lock")), ["threads"]);
    assert!(slugs(&knowledge, call("threading")).is_empty());
    assert!(slugs(&knowledge, call("threadings.Lock")).is_empty());
    assert_eq!(
        slugs(&knowledge, Selector::Name("threading.Thread".to_owned())),
        ["thread-class"]
    );
    assert_eq!(
        slugs(&knowledge, Selector::Keyword("await".to_owned())),
        ["threads"]
    );
}

#[test]
fn a_broken_card_is_named_and_the_rest_goes_on() {
    let knowledge = Knowledge::new(&[BROKEN, THREADS]);
    let problems = knowledge.problems();
    assert_eq!(problems.len(), 1);
    assert_eq!(
        problems[0].to_string(),
        "knowledge/concepts/broken.md:1: a card starts with its front matter between two lines `---`"
    );
    assert!(knowledge.concept("broken").is_none());
    assert!(knowledge.concept("threads").is_some());
}

#[test]
fn find_takes_every_name_of_a_card() {
    let knowledge = Knowledge::new(&[THREAD_CLASS, THREADS]);
    for words in [
        "threads",
        "Threads",
        "worker THREADS",
        " Threads share one interpreter ",
    ] {
        assert!(
            matches!(knowledge.find(words), Some(Card::Concept(card)) if card.concept == "threads"),
            "{words}"
        );
    }
    assert!(knowledge.find("thread").is_none());
    assert_eq!(knowledge.nearest("treads"), Some("threads"));
    assert_eq!(knowledge.nearest("worker thread"), Some("worker threads"));
    assert_eq!(knowledge.nearest("zzz"), None);
}

#[test]
fn a_builtin_rule_is_found_by_code_and_name() {
    let knowledge = Knowledge::builtin();
    for word in ["SUP001", "sup001", "unused-suppression"] {
        assert_eq!(
            knowledge.rule(word).map(|rule| rule.name.as_str()),
            Some("unused-suppression")
        );
    }
    assert!(rule_names().contains(&("SUP001", "unused-suppression")));
    assert!(rule_names().is_sorted());
    assert_eq!(knowledge.nearest("SUP01"), Some("SUP001"));
}

#[test]
fn nothing_is_parsed_at_start() {
    let knowledge = Knowledge::new(&[BROKEN, THREADS]);
    let parsed = || knowledge.concepts.iter().filter(|e| e.card.get().is_some());
    assert_eq!(parsed().count(), 0);
    assert!(knowledge.concept("threads").is_some());
    assert_eq!(parsed().count(), 1);
}
