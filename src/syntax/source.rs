//! The text as the parser is given it: of the same length, with nothing in it that Python and the grammar see differently.

use std::borrow::Cow;
use std::ops::Range;

/// A text in which every line ends for the parser where it ends for Python, and whose comments end no block.
pub(super) fn normalise(text: &str) -> Cow<'_, str> {
    let hidden = comments_under_decorators(text);
    if hidden.is_empty() && memchr::memchr(b'\r', text.as_bytes()).is_none() {
        return text.into();
    }
    let mut bytes = text.as_bytes().to_vec();
    for comment in hidden {
        bytes[comment].fill(b' ');
    }
    // a lone carriage return ends a line for Python and not for tree-sitter
    for at in 0..bytes.len() {
        if bytes[at] == b'\r' && bytes.get(at + 1) != Some(&b'\n') {
            bytes[at] = b'\n';
        }
    }
    String::from_utf8(bytes).map_or_else(|_| text.into(), Into::into)
}

/// The comments between a decorator and its definition that stand further left than these: the grammar takes such a comment for the end of the block around.
fn comments_under_decorators(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut found: Vec<Range<usize>> = Vec::new();
    if memchr::memchr(b'@', bytes).is_none() || memchr::memchr(b'#', bytes).is_none() {
        return found;
    }
    // the column of the decorator that waits for its definition, and how many comments were found before it
    let mut waiting: Option<(usize, usize)> = None;
    let mut start = 0;
    while start < bytes.len() {
        let end =
            memchr::memchr2(b'\n', b'\r', &bytes[start..]).map_or(bytes.len(), |at| start + at);
        let (column, code) = indentation(&bytes[start..end]);
        let line = &bytes[start + code..end];
        match (waiting, line.first()) {
            (_, None) => {}
            (Some((decorator, _)), Some(b'#')) => {
                // a text that holds code may end there
                let ends_text = |quotes: &[u8]| memchr::memmem::find(line, quotes).is_some();
                if column < decorator && !ends_text(b"\"\"\"") && !ends_text(b"'''") {
                    found.push(start + code..end);
                }
            }
            // its arguments may stand in lines of their own
            (Some((decorator, _)), Some(_)) if column > decorator => {}
            (Some((decorator, _)), Some(b'@' | b')' | b']' | b'}')) if column == decorator => {}
            (_, Some(first)) => {
                if let Some((decorator, before)) = waiting
                    && !(column == decorator && is_definition(line))
                {
                    found.truncate(before);
                }
                waiting = (*first == b'@').then_some((column, found.len()));
            }
        }
        start = end + 1;
    }
    if let Some((_, before)) = waiting {
        found.truncate(before);
    }
    found
}

/// The column of a line's first character that is no blank, as the grammar counts it, and how many bytes stand before it.
fn indentation(line: &[u8]) -> (usize, usize) {
    let mut column = 0;
    for (at, byte) in line.iter().enumerate() {
        match byte {
            b' ' => column += 1,
            b'\t' => column += 8,
            b'\x0c' => column = 0,
            _ => return (column, at),
        }
    }
    (column, line.len())
}

fn is_definition(line: &[u8]) -> bool {
    [&b"def"[..], b"class", b"async"]
        .iter()
        .any(|word| line.starts_with(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::{Kind, parse};

    #[test]
    fn what_the_parser_is_given() {
        let unchanged = |text: &str| assert_eq!(normalise(text), text, "{text}");
        unchanged("class A:\n    @a\n    # b\n    def f(self): pass\n");
        unchanged("@a\n# b\ndef f(): pass\n");
        unchanged("class A:\n    x = 1\n# b @a\n    def f(self): pass\n");
        unchanged("class A:\n    @a\n# b\n    x = 1\n");
        unchanged("class A:\n    @a\n# b\n");
        let changed = |text: &str, to: &str| assert_eq!(normalise(text), to, "{text}");
        changed(
            "class A:\n    @a\n# b\n    def f(): pass\n# c\n",
            "class A:\n    @a\n   \n    def f(): pass\n# c\n",
        );
        changed(
            "class A:\n\t@a(\n\t\t1\n\t)\n  # \u{e9}\r\n\r\n\t@b\n#c\n\tasync def f(): pass\n",
            "class A:\n\t@a(\n\t\t1\n\t)\n      \r\n\r\n\t@b\n  \n\tasync def f(): pass\n",
        );
        changed("a\rb\r\n", "a\nb\r\n");
    }

    #[test]
    fn a_comment_at_the_left_margin_leaves_the_method_in_its_class() {
        let text = "class A:\n    @property\n# note\n    def f(self):\n        return 1\n\n    def g(self):\n        return 2\n";
        let (tree, _) = parse(&text.into(), None, false);
        assert!(!tree.has_error());
        let class = tree.root().children().next();
        let functions = class.into_iter().flat_map(|class| class.descendants());
        let functions = functions.filter(|node| node.kind() == Kind::FunctionDef);
        assert_eq!(functions.count(), 2);
    }
}
