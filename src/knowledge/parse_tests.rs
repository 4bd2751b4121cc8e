use super::{concept, rule};
use crate::knowledge::{Block, BlockKind, Recall, Selector, Shape};
use crate::rules::Severity;

const FRONT: &str = "---
concept: gil
title: The GIL
level: beginner
hover: [{call: threading.Thread}, {shape: singleton-new}]
sources: [PEP 703]
---
One lock.
";

const BODY: &str = "
## Why
Because `## no` heading.

### A smaller heading
belongs to the section.

## Example
1. In a list:

   ```python bad 3.13
   if True:
       x = 1
   ```

```text
## output
```

```python
while True: pass
```

## Recall
Q: What is it?
It takes two lines.
A: A lock,

in two parts.

Q: And?
A: So.
";

fn card(front: &str, body: &str) -> Result<super::ConceptCard, String> {
    concept("cards/gil.md", &format!("{front}{body}")).map_err(|problem| problem.to_string())
}

/// The problem with a card that differs from the right one in one place.
fn problem(from: &str, to: &str) -> String {
    let whole = format!("{FRONT}{BODY}");
    assert!(whole.contains(from), "{from}");
    concept("cards/gil.md", &whole.replacen(from, to, 1))
        .expect_err("a problem")
        .to_string()
}

#[test]
fn a_concept_card_is_read() {
    let card = card(FRONT, BODY).expect("a card");
    assert_eq!(card.summary, "One lock.");
    assert_eq!(
        card.hover,
        [
            Selector::Call("threading.Thread".to_owned()),
            Selector::Shape(Shape::SingletonNew)
        ]
    );
    let headings: Vec<_> = card.sections.iter().map(|s| s.heading.as_str()).collect();
    assert_eq!(headings, ["Why", "Example", "Recall"]);
    assert!(
        card.sections[0]
            .markdown
            .ends_with("belongs to the section.")
    );
    let blocks: Vec<&Block> = card.blocks().collect();
    assert_eq!(blocks.len(), 2);
    assert_eq!(
        *blocks[0],
        Block {
            kind: BlockKind::Bad,
            min_version: Some((3, 13)),
            code: "if True:\n    x = 1\n".to_owned(),
            line: 20,
        }
    );
    assert_eq!(blocks[1].kind, BlockKind::Shown);
    let pair = |question: &str, answer: &str| Recall {
        question: question.to_owned(),
        answer: answer.to_owned(),
    };
    assert_eq!(
        card.recall,
        [
            pair("What is it? It takes two lines.", "A lock, in two parts."),
            pair("And?", "So.")
        ]
    );
}

#[test]
fn line_ends_of_windows_change_nothing() {
    let text = format!("{FRONT}{BODY}").replace('\n', "\r\n");
    let card = concept("gil.md", &text).expect("a card");
    assert_eq!(card.sections.len(), 3);
    let block = card.blocks().next().expect("a block");
    assert_eq!(block.line, 20);
    assert_eq!(block.code, "if True:\n    x = 1\n");
}

#[test]
fn problems_name_the_place_and_what_to_do() {
    insta::assert_snapshot!([
        problem("---\n", ""),
        problem("sources: [PEP 703]\n---", "sources: [PEP 703]"),
        problem("level: beginner", "level: easy"),
        problem("level: beginner\n", ""),
        problem("level: beginner", "level: beginner\nleval: x"),
        problem("concept: gil", "concept: gill"),
        problem("{call: threading.Thread}", "{cal: threading.Thread}"),
        problem("{shape: singleton-new}", "{shape: singelton-new}"),
        problem("{shape: singleton-new}", "{keyword: yeild}"),
        problem("title: The GIL", "title: [unclosed"),
        problem("One lock.", ""),
        problem("## Example", "## Exampel"),
        problem("## Example", "## Why"),
        problem("## Example", "### Example"),
        problem("python bad 3.13", "python wrong"),
        problem("python bad 3.13", "python bad three"),
        problem("python bad 3.13", "pyhton bad"),
        problem("```text", "```"),
        problem("Because `## no` heading.", "\n    indented = 1\n"),
        problem("One lock.", "One lock.\n\n```python good\n```\n"),
    ]
    .join("\n"), @r"
cards/gil.md:1: a card starts with its front matter between two lines `---`
cards/gil.md:1: the front matter has no end: close it with a line `---`
cards/gil.md:4: front matter: unknown variant `easy`, expected one of beginner, intermediate, advanced
cards/gil.md:5: front matter: missing field `level`
cards/gil.md:5: front matter: unknown field `leval`, expected one of concept, title, aliases, level, hover, related, sources
cards/gil.md:2: the card calls itself `gill`, its file `gil.md`: make them agree
cards/gil.md:5: front matter: unknown variant `cal`, expected one of call, name, method, argument, keyword, dunder, decorator, class-keyword, base, parameter, shape, operator, literal, comment, comprehension, file
cards/gil.md:5: front matter: unknown variant `singelton-new`, expected one of singleton-new, singleton-metaclass, singleton-decorator, singleton-module, borg, registry-metaclass, validating-metaclass, descriptor-class, data-descriptor, iterator-class, context-manager-class, generator-function, async-generator-function, coroutine-function, closure, loop-closure, decorator-function, decorator-factory, decorator-class, memoizer, factory, strategy, lru-cache-class, observer, diamond, several-bases, mutable-class-attribute, type-comparison, dynamic-class, integer-identity, string-identity, receiving-yield
cards/gil.md:5: `yeild` is no word that this selector knows; did you mean `yield`?
cards/gil.md:3: front matter: expected string scalar
cards/gil.md:8: a paragraph must stand between the front matter and the first heading
cards/gil.md:16: a card of this kind has no section `Exampel`, only Why, Example, Proof, Recall; did you mean `Example`?
cards/gil.md:16: a second section `Why`: join them
cards/gil.md:40: the section `## Example` is missing
cards/gil.md:19: after `python` stands one of `good`, `bad`, `proof`, and after that at most a version such as `3.13`
cards/gil.md:19: after `python` stands one of `good`, `bad`, `proof`, and after that at most a version such as `3.13`
cards/gil.md:19: a fence `pyhton` is never run: write `python good`, `python bad`, `python proof` or `python` for Python, `text` for anything else
cards/gil.md:24: a fence `` is never run: write `python good`, `python bad`, `python proof` or `python` for Python, `text` for anything else
cards/gil.md:12: code that is only indented is never run: put it into a fence
cards/gil.md:8: a block stands above the first `##` heading
");
}

#[test]
fn a_card_without_questions_is_told_so() {
    let body = BODY.replace("Q:", "-");
    assert_eq!(
        card(FRONT, &body).expect_err("a problem"),
        "cards/gil.md:40: `## Recall` has no question: write a line `Q: …` and a line `A: …`"
    );
}

#[test]
fn any_text_gives_a_card_or_a_problem() {
    proptest::proptest!(|(text in "(---\n|concept: gil\n|## |Why\n|```|python|\n|Q:|é|\\PC){0,60}")| {
        let _ = concept("gil.md", &text);
        let _ = rule("gil.md", &text);
        let _ = card(FRONT, &text);
    });
}

const RULE: &str = "---
code: MUT001
name: mutable-default
title: A mutable default is shared by all calls
concept: mutable-vs-immutable
severity: warning
fix: unsafe
peers: {ruff: [B006], pylint: [dangerous-default-value]}
since: 0.1.0
---
One list for all calls.

## What it reports
## Why
## Bad
## Good
## Proof
## When it stays silent
";

#[test]
fn a_rule_card_is_read() {
    let card = rule("MUT001-mutable-default.md", RULE).expect("a card");
    assert_eq!(card.lesson, "One list for all calls.");
    assert_eq!(card.severity, Severity::Warning);
    assert_eq!(card.peer_codes("ruff"), ["B006"]);
    assert_eq!(card.noqa_codes().collect::<Vec<_>>(), ["B006"]);
    assert!(card.peer_codes("mypy").is_empty());
}

#[test]
fn an_error_rule_says_what_it_raises() {
    let error = RULE.replace("severity: warning", "severity: error");
    let problem = rule("MUT001-mutable-default.md", &error).expect_err("a problem");
    assert_eq!(problem.line, 6);
    let raises = error.replace("fix: unsafe", "fix: unsafe\nraises: TypeError");
    assert!(rule("MUT001-mutable-default.md", &raises).is_ok());
    let problem = rule("MUT002-mutable-default.md", RULE).expect_err("a problem");
    assert_eq!(
        problem.message,
        "the card calls itself `MUT001-mutable-default`, its file `MUT002-mutable-default.md`: make them agree"
    );
    let peer = RULE.replace("pylint:", "pylnt:");
    let problem = rule("MUT001-mutable-default.md", &peer).expect_err("a problem");
    assert_eq!(
        problem.to_string(),
        "MUT001-mutable-default.md:8: `pylnt` is no tool that cards know; did you mean `pylint`?"
    );
}
