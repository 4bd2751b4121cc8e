//! The text as the parser is given it: of the same length, with nothing in it that Python and the grammar see differently.

use std::borrow::Cow;
use std::ops::Range;

use super::find_word;

/// How many lines of comments in a row the parser is given one by one.
const COMMENTS: usize = 256;

/// A text in which every line ends for the parser where it ends for Python, and whose comments end no block. Of very many comments in a row the first ones are one line:
/// [`comments_in`] takes it apart again. `type` that is called has a capital: the grammar takes `type(x).y = z` for a statement that names a type.
///
/// What stands in the text is where it was: nodes are read from the text itself.
pub(super) fn normalise(text: &str) -> Cow<'_, str> {
    let hidden = comments_under_decorators(text);
    let joined = comments_to_join(text);
    let called: Vec<usize> = calls_of_type(text).collect();
    let unchanged = hidden.is_empty() && joined.is_empty() && called.is_empty();
    if unchanged && memchr::memchr(b'\r', text.as_bytes()).is_none() {
        return text.into();
    }
    let mut bytes = text.as_bytes().to_vec();
    for comment in hidden {
        bytes[comment].fill(b' ');
    }
    let is_line_end = |byte: &&mut u8| matches!(byte, b'\n' | b'\r');
    for comments in joined {
        bytes[comments]
            .iter_mut()
            .filter(is_line_end)
            .for_each(|byte| *byte = b' ');
    }
    for at in called {
        bytes[at] = b'T';
    }
    // a lone carriage return ends a line for Python and not for tree-sitter
    for at in 0..bytes.len() {
        if bytes[at] == b'\r' && bytes.get(at + 1) != Some(&b'\n') {
            bytes[at] = b'\n';
        }
    }
    String::from_utf8(bytes).map_or_else(|_| text.into(), Into::into)
}

/// Where `type` is called at the beginning of a statement.
fn calls_of_type(text: &str) -> impl Iterator<Item = usize> {
    find_word(text, "type").filter(|&at| {
        let before = text[..at].trim_end_matches([' ', '\t', '\x0c']);
        let begins = before.is_empty() || before.ends_with(['\n', '\r', ':', ';']);
        let after = text[at + "type".len()..].trim_start_matches([' ', '\t']);
        begins && after.starts_with('(')
    })
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

/// In rows of more than [`COMMENTS`] lines of comments the first ones, from the first one's `#` to that of the last one that is joined to it. Behind every comment that it reads, the
/// parser looks ahead over all that follow: its time grows with the square of their number.
fn comments_to_join(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    if memchr::memchr_iter(b'#', bytes).nth(COMMENTS).is_none() {
        return found;
    }
    let join = |row: &[usize]| {
        let last = row.len().checked_sub(COMMENTS + 1)?;
        Some(*row.first()?..*row.get(last)?)
    };
    let mut row = Vec::new();
    let mut start = 0;
    while start < bytes.len() {
        let end =
            memchr::memchr2(b'\n', b'\r', &bytes[start..]).map_or(bytes.len(), |at| start + at);
        let (_, code) = indentation(&bytes[start..end]);
        match bytes[start + code..end].first() {
            None => {}
            Some(b'#') => row.push(start + code),
            Some(_) => {
                found.extend(join(&row));
                row.clear();
            }
        }
        start = end + 1;
    }
    found.extend(join(&row));
    found
}

/// The comments in what the parser takes for one: where each begins and ends in the text, which has its own line ends.
pub(super) fn comments_in(text: &str, joined: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let bytes = text.as_bytes();
    let ends = memchr::memchr2_iter(b'\n', b'\r', &bytes[joined.clone()]);
    // the grammar leaves a carriage return before a line feed to the comment
    let ends = ends
        .map(move |at| joined.start + at)
        .filter(|at| bytes[*at] == b'\n' || bytes.get(at + 1) != Some(&b'\n'));
    let mut start = joined.start;
    ends.chain(std::iter::once(joined.end))
        .filter_map(move |end| {
            let (_, blank) = indentation(&bytes[start..end]);
            let comment = start + blank..end;
            start = end + 1;
            (bytes.get(comment.start) == Some(&b'#')).then_some(comment)
        })
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
    use crate::syntax::{Field, Kind, Node, parse};

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
        unchanged("type X = (int)\nx = type(y)\nf(\n    x,\n    a.type(y))\ntype.x = 1\n");
        changed(
            "type(x).y = 1\nif x: type (x).y = type(y); type(x).z = 1\n",
            "Type(x).y = 1\nif x: Type (x).y = type(y); Type(x).z = 1\n",
        );
    }

    #[test]
    fn what_is_stored_through_a_type_is_an_attribute() {
        let text = "def f(self):\n    type(self).x = 1\n    type(self).y[0] = type(self)\n";
        let (tree, _) = parse(&text.into(), None, false);
        let places = tree.root().descendants();
        let places = places.filter(|node| node.kind() == Kind::Assignment);
        let places = places.filter_map(|node| node.child(Field::Left));
        let places: Vec<(Kind, &str)> = places.map(|node| (node.kind(), node.text())).collect();
        assert_eq!(
            places,
            [
                (Kind::Attribute, "type(self).x"),
                (Kind::Subscript, "type(self).y[0]")
            ]
        );
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

    #[test]
    fn very_many_comments_in_a_row_are_still_comments_of_a_line_each() {
        for line_end in ["\n", "\r\n", "\r"] {
            let comment = |at: usize| match at % 7 {
                0 => "  # left\n\n".to_owned(),
                1 => "            # right \u{e9}\n".to_owned(),
                _ => format!("    # {at}\n    \n"),
            };
            let comments: String = (0..2 * COMMENTS).map(comment).collect();
            let text = format!(
                "def f():\n    # before\n    x = 1  # beside\n{comments}    return x\n{comments}"
            );
            let text = text.replace('\n', line_end);
            assert_ne!(
                normalise(&text).replace('\n', "\r"),
                text.replace('\n', "\r")
            );
            let (tree, _) = parse(&text.as_str().into(), None, false);
            let kinds = |kind: Kind| tree.nodes().filter(move |node| node.kind() == kind);
            let found: Vec<String> = kinds(Kind::Comment)
                .map(|comment| comment.text().trim_end().to_owned())
                .collect();
            let lines = text.split(['\n', '\r']);
            let wanted: Vec<&str> = lines
                .filter_map(|line| Some(&line[line.find('#')?..]))
                .map(str::trim_end)
                .collect();
            assert_eq!(found, wanted);
            assert!(!tree.has_error());
            let is_function = |node: Node<'_>| node.kind() == Kind::FunctionDef;
            let mut returns = kinds(Kind::Return);
            assert!(returns.all(|node| node.ancestors().any(is_function)));
        }
    }
}
