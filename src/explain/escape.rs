//! The user's text into Markdown that shows it and does nothing else.

/// One line of Markdown that shows a message. Names between backticks become code; nothing in it can become a link, an image, HTML, a list or a heading,
/// whatever the names are: a backtick inside a name only moves the border between code and text, and both are harmless.
pub(super) fn message(text: &str) -> String {
    let line = text.replace(is_break, " ");
    let parts: Vec<&str> = line.trim().split('`').collect();
    let mut markdown = String::new();
    for (at, part) in parts.iter().enumerate() {
        let is_code = at % 2 == 1;
        let is_closed = at + 1 < parts.len();
        if is_code && is_closed && !part.is_empty() {
            // Two backticks in a row would be another kind of bracket.
            if markdown.ends_with('`') {
                markdown.push(' ');
            }
            markdown.push('`');
            markdown.push_str(part);
            markdown.push('`');
        } else {
            if is_code {
                markdown.push_str("\\`");
            }
            words(part, &mut markdown);
            if is_code && is_closed {
                markdown.push_str("\\`");
            }
        }
    }
    markdown
}

/// Text of a paragraph, where backticks mean nothing, with its blanks; no line of it ends.
pub(super) fn text(text: &str) -> String {
    let mut markdown = String::new();
    for (at, part) in text.split('`').enumerate() {
        if at > 0 {
            markdown.push_str("\\`");
        }
        words(&part.replace(is_break, " "), &mut markdown);
    }
    markdown
}

/// Whether a character may end a line, or move a cursor.
fn is_break(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

/// Text outside of code, with a backslash before whatever Markdown could take for its own.
fn words(text: &str, markdown: &mut String) {
    for (at, c) in text.char_indices() {
        let special = match c {
            '\\' | '*' | '_' | '[' | ']' | '<' | '>' | '&' | '~' | '|' | '@' | '$' | '^' => true,
            // Some readers make links of bare addresses.
            ':' => text[at..].starts_with("://"),
            '.' => ends_in_www(&text.as_bytes()[..at]) || starts_list(markdown),
            ')' => starts_list(markdown),
            '#' | '+' | '-' | '=' => markdown.is_empty(),
            _ => false,
        };
        if special {
            markdown.push('\\');
        }
        markdown.push(c);
    }
}

fn ends_in_www(before: &[u8]) -> bool {
    let last = before.last_chunk::<3>();
    last.is_some_and(|letters| letters.eq_ignore_ascii_case(b"www"))
}

/// Whether a point here would make a list: only digits stand before it.
fn starts_list(before: &str) -> bool {
    !before.is_empty() && before.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use pulldown_cmark::{Event, Options, Parser, Tag};

    use super::message;

    /// What a reader shows, when it makes nothing but text and code of it.
    fn shown(markdown: &str) -> Result<String, String> {
        let mut text = String::new();
        // Every extension, but not the one that makes other quotes and dashes of the same text.
        let options = Options::all() - Options::ENABLE_SMART_PUNCTUATION;
        for event in Parser::new_ext(markdown, options) {
            match event {
                Event::Text(part) | Event::Code(part) => text.push_str(&part),
                Event::Start(Tag::Paragraph) | Event::End(_) => {}
                other => return Err(format!("{other:?}")),
            }
        }
        Ok(text)
    }

    #[test]
    fn names_are_code() {
        assert_eq!(
            message("`crunch` holds the GIL; `__init__` does not"),
            "`crunch` holds the GIL; `__init__` does not"
        );
        assert_eq!(
            message("call __init__ in a*b"),
            "call \\_\\_init\\_\\_ in a\\*b"
        );
    }

    #[test]
    fn hostile_names_stay_text() {
        for hostile in [
            "[x](command:marginote.run)",
            "`[x](command:marginote.run)`",
            "`a`[x](command:marginote.run)`b`",
            "![x](https://example.org/x.png)",
            "<img src=x onerror=alert(1)>",
            "`` ` `` <img>",
            "`a``<img>`` `b`",
            "a\n\n# heading\n- list\n> quote\n\n    code",
            "```\nfence\n```",
            "# heading",
            "1. list",
            "12) list",
            "- list",
            "+ list",
            "> quote",
            "=====",
            "---",
            "***",
            "~~~",
            "| a | b |",
            "[x]: https://example.org",
            "<https://example.org>",
            "https://example.org and www.example.org and a@example.org",
            "&lt;img&gt; &#91;",
            "\\[x](y)",
            "\\",
            "`",
            "$x$ $$y$$",
            "a\u{2028}# b",
        ] {
            let markdown = message(hostile);
            let shown = shown(&markdown).unwrap_or_else(|event| panic!("{hostile:?}: {event}"));
            let letters = |text: &str| text.split(['`', '\n', '\u{2028}', ' ']).collect::<String>();
            assert_eq!(letters(&shown), letters(hostile), "{markdown:?}");
            assert!(
                !markdown.contains("https://") && !markdown.contains("www.e"),
                "{markdown}"
            );
        }
    }

    #[test]
    fn any_text_stays_text() {
        proptest::proptest!(|(text in "([`\\[\\]()<>!*_#$^~|:.\\\\&@=+\\-{}0-9a-c \n]|\\PC){0,40}")| {
            let markdown = message(&text);
            let shown = shown(&markdown);
            proptest::prop_assert!(shown.is_ok(), "{text:?} {markdown:?} {shown:?}");
        });
    }
}
