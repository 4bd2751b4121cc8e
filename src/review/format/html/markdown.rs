//! Markdown of cards and messages into elements of the page.

use maud::{Markup, PreEscaped, html};
use pulldown_cmark::{CowStr, Event, Parser, Tag, TagEnd};

use super::code::class;
use crate::knowledge::MARKDOWN;
use crate::syntax::highlights;

/// Nothing in it becomes an element that is not Markdown's own, or an address: HTML becomes text, links and images become what they show. Code is shown in colours.
pub(super) fn markdown(text: &str) -> Markup {
    let mut code: Option<String> = None;
    let events = Parser::new_ext(text, MARKDOWN).filter_map(|event| match (event, &mut code) {
        (Event::Start(Tag::CodeBlock(_)), code) => {
            *code = Some(String::new());
            None
        }
        (Event::Text(text), Some(code)) => {
            code.push_str(&text);
            None
        }
        (Event::End(TagEnd::CodeBlock), code) => {
            let block = block(&code.take().unwrap_or_default());
            Some(Event::Html(CowStr::from(block.into_string())))
        }
        (Event::Html(text) | Event::InlineHtml(text), _) => Some(Event::Text(text)),
        (
            Event::Start(Tag::Link { .. } | Tag::Image { .. } | Tag::HtmlBlock)
            | Event::End(TagEnd::Link | TagEnd::Image | TagEnd::HtmlBlock),
            _,
        ) => None,
        (event, _) => Some(event),
    });
    let mut out = String::new();
    pulldown_cmark::html::push_html(&mut out, events);
    PreEscaped(out)
}

/// A block of Python.
fn block(code: &str) -> Markup {
    let code = code.trim_end();
    let colours = highlights(code);
    let ends = colours.iter().map(|(range, _)| range.end);
    let last = ends.clone().next_back().unwrap_or(0);
    let before = std::iter::once(0).chain(ends);
    html! {
        pre tabindex="0" {
            code {
                @for (at, (range, colour)) in before.zip(&colours) {
                    (code.get(at..range.start).unwrap_or_default())
                    span class=(class(*colour)) { (code.get(range.clone()).unwrap_or_default()) }
                }
                (code.get(last..).unwrap_or_default())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::markdown;

    #[test]
    fn only_elements_of_markdown_get_through() {
        let html = markdown("<b onclick=x>a</b>\n\n<script>x</script>\n\n[a](javascript:x) ![b](//x \"t\") `<i>` <https://x.org>\n\n```python\nreturn '</code><img src=x>'\n```\n").into_string();
        for bad in [
            "<b",
            "<script",
            "<img",
            "<a",
            "javascript",
            "href",
            "src=\"",
            "</code><img",
        ] {
            assert!(!html.contains(bad), "{bad}: {html}");
        }
        assert!(html.contains("<code>&lt;i&gt;</code>"), "{html}");
        assert!(html.contains("<span class=\"k\">return</span>"), "{html}");
    }
}
