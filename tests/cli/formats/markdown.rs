use pulldown_cmark::{Event, Options, Parser, Tag};

use super::{assert_printable, project, written};
use crate::harness::{command, text};

#[test]
fn a_comment_looks_like_this() {
    let output = command(
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")),
        &[
            "check",
            "--format",
            "markdown",
            "tests/example/shop/basket.py",
        ],
    );
    let output = { output }.output().expect("the binary runs");
    insta::assert_snapshot!(text(&output.stdout));
}

#[test]
fn names_and_code_stay_text() {
    let project = project();
    let (markdown, problems) = written(&project, "markdown");
    assert!(problems.is_empty(), "{problems}");
    assert_printable(&markdown);
    let mut headings = 0;
    for event in Parser::new_ext(&markdown, Options::ENABLE_GFM | Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::Heading { .. }) => headings += 1,
            Event::Start(Tag::Link { .. } | Tag::Image { .. }) => panic!("a link: {markdown}"),
            Event::Html(html) | Event::InlineHtml(html) => {
                let own = [
                    "<details>\n",
                    "<summary>Why: MUT001</summary>\n",
                    "</details>\n",
                ];
                assert!(own.contains(&&*html), "{html:?}");
            }
            Event::Text(text) if text.contains("@all") => {
                assert!(
                    text.contains("# ```"),
                    "a mention outside of code: {text:?}"
                );
            }
            _ => {}
        }
    }
    // two files with a finding each, and what was not checked
    assert_eq!(headings, 5, "{markdown}");
}
