//! A user's card into one that can be shown: what its Markdown shows stays, what it could do goes.
//!
//! Links and images become their texts, HTML becomes text, and text stays text in every reader: see [`super::escape`].

use std::borrow::Cow;

use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd, TextMergeStream};

use super::escape;
use crate::knowledge::{ConceptCard, MARKDOWN, Recall, RuleCard, Section};

/// The card as it may be shown. Built-in cards are trusted.
pub(super) fn concept(card: &ConceptCard) -> Cow<'_, ConceptCard> {
    if card.file.is_none() {
        return Cow::Borrowed(card);
    }
    let line = |text: &String| escape::message(text);
    Cow::Owned(ConceptCard {
        title: escape::message(&card.title),
        aliases: card.aliases.iter().map(line).collect(),
        sources: card.sources.iter().map(line).collect(),
        summary: markdown(&card.summary),
        sections: card.sections.iter().map(section).collect(),
        recall: card.recall.iter().map(recall).collect(),
        ..card.clone()
    })
}

/// The same for a rule's card.
pub(super) fn rule(card: &RuleCard) -> Cow<'_, RuleCard> {
    if card.file.is_none() {
        return Cow::Borrowed(card);
    }
    Cow::Owned(RuleCard {
        title: escape::message(&card.title),
        concept: escape::message(&card.concept),
        lesson: markdown(&card.lesson),
        sections: card.sections.iter().map(section).collect(),
        ..card.clone()
    })
}

fn section(section: &Section) -> Section {
    Section {
        heading: escape::message(&section.heading),
        markdown: markdown(&section.markdown),
        blocks: section.blocks.clone(),
    }
}

fn recall(recall: &Recall) -> Recall {
    Recall {
        question: escape::message(&recall.question),
        answer: escape::message(&recall.answer),
    }
}

/// How deep lists and quotes may stand in each other: each line is written with the marks of all of them.
const DEEPEST: usize = 16;

/// Markdown that shows the same and does nothing.
pub(super) fn markdown(text: &str) -> String {
    let events = || TextMergeStream::new(Parser::new_ext(text, MARKDOWN));
    if depth(events()) > DEEPEST {
        return escape::message(text);
    }
    let mut is_code = false;
    let harmless = events().filter_map(|event| harmless(event, &mut is_code));
    let mut out = String::new();
    match pulldown_cmark_to_cmark::cmark(harmless, &mut out) {
        Ok(_) => out,
        Err(_) => escape::message(text),
    }
}

/// How deep elements stand in each other.
fn depth<'t>(events: impl Iterator<Item = Event<'t>>) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for event in events {
        match event {
            Event::Start(_) => depth += 1,
            Event::End(_) => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

/// The event that shows the same. None for what only does something. `is_code` says whether a block of code is open.
fn harmless<'t>(event: Event<'t>, is_code: &mut bool) -> Option<Event<'t>> {
    Some(match event {
        Event::Start(Tag::Link { .. } | Tag::Image { .. })
        | Event::End(TagEnd::Link | TagEnd::Image) => return None,
        Event::Start(Tag::HtmlBlock) => Event::Start(Tag::Paragraph),
        Event::End(TagEnd::HtmlBlock) => Event::End(TagEnd::Paragraph),
        Event::Start(Tag::CodeBlock(kind)) => {
            *is_code = true;
            Event::Start(Tag::CodeBlock(fence(&kind)))
        }
        Event::End(TagEnd::CodeBlock) => {
            *is_code = false;
            Event::End(TagEnd::CodeBlock)
        }
        // what is escaped is written as it stands, which is done with HTML
        Event::Text(text) if !*is_code => Event::InlineHtml(escape::text(&text).into()),
        Event::Html(text) | Event::InlineHtml(text) => {
            Event::InlineHtml(escape::text(&text).into())
        }
        other => other,
    })
}

/// A fence whose words do nothing.
fn fence<'t>(kind: &CodeBlockKind<'t>) -> CodeBlockKind<'t> {
    let words = match kind {
        CodeBlockKind::Fenced(words) => words,
        CodeBlockKind::Indented => "text",
    };
    let is_word = |c: &char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '.' | '-' | '+');
    let words: String = words.chars().filter(is_word).collect();
    CodeBlockKind::Fenced(words.into())
}

#[cfg(test)]
mod tests {
    use pulldown_cmark::{Event, Options, Parser, Tag};

    use super::markdown;

    /// The text that a reader with every extension shows. Fails where it makes something of it that does something.
    fn shown(markdown: &str) -> Result<String, String> {
        let mut text = String::new();
        let options = Options::all() - Options::ENABLE_SMART_PUNCTUATION;
        for event in Parser::new_ext(markdown, options) {
            match event {
                Event::Text(part) | Event::Code(part) => text.push_str(&part),
                Event::Start(Tag::Link { .. } | Tag::Image { .. } | Tag::HtmlBlock)
                | Event::Html(_)
                | Event::InlineHtml(_)
                | Event::FootnoteReference(_) => return Err(format!("{event:?}")),
                _ => {}
            }
        }
        Ok(text)
    }

    #[test]
    fn what_is_shown_stays() {
        let text = "A *b* **c** `d` __e__.\n\n- one\n- two\n\n  more\n\n1. x\n\n> q\n\n```python good\nx = [1](2) # <b>\n```\n\n| a | b |\n| --- | --- |\n| 1 | 2 |\n";
        let out = markdown(text);
        for piece in [
            "*b*",
            "**c**",
            "`d`",
            "two",
            "> q",
            "```python good\nx = [1](2) # <b>\n```",
            "|1|2|",
        ] {
            assert!(out.contains(piece), "{piece} in {out}");
        }
        assert_eq!(markdown(&out), out, "a second time changes nothing");
    }

    #[test]
    fn what_does_something_goes() {
        for (hostile, piece) in [
            ("see [this](command:x.y)", "see this"),
            ("see [this][1]\n\n[1]: https://a.example", "see this"),
            ("![pixel](https://a.example/x.png)", "pixel"),
            ("<img src=x onerror=alert(1)>", "<img"),
            ("a <b onclick=x>c</b>", "a <b"),
            ("<https://a.example>", "https://a.example"),
            ("https://a.example www.a.example a@a.example", "a.example"),
            ("> <script>\n> x\n> </script>", "<script>"),
            ("- <div>\n\n  [a](command:b)", "a"),
            ("`` ` `` [a](command:b)", "a"),
            ("```<img src=x>\ncode\n```", "code"),
            ("    [a](command:b)", "[a](command:b)"),
            ("| [a](command:b) |\n| --- |\n| <b> |", "a"),
            ("# [a](command:b)", "a"),
            ("\\[a](command:b)", "[a](command:b)"),
            ("&lt;img src=x&gt;", "<img src=x>"),
            ("[a]\n(command:b)", "[a]"),
            ("*[a](command:*b*)", "a"),
            ("![[a](command:b)](c)", "a"),
            ("[^1]\n\n[^1]: [a](command:b)", "^1"),
        ] {
            let out = markdown(hostile);
            let shown = shown(&out).unwrap_or_else(|event| panic!("{hostile:?} {out:?}: {event}"));
            assert!(shown.contains(piece), "{hostile:?} {out:?} {shown:?}");
            assert!(!out.contains("https://") && !out.contains("www.a"), "{out}");
        }
        let deep = ">".repeat(100_000);
        assert!(markdown(&deep).len() < 10 * deep.len());
    }

    proptest::proptest! {
        #[test]
        fn any_markdown_does_nothing(text in "([`\\[\\]()<>!*_#$^~|:.\\\\&@=+\\-{}0-9a-c \n]|    |\\[a\\]\\(b\\)|<b>|```|- |> |\\PC){0,40}") {
            let out = markdown(&text);
            let shown = shown(&out);
            proptest::prop_assert!(shown.is_ok(), "{text:?} {out:?} {shown:?}");
        }
    }
}
