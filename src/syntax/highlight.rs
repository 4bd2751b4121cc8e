//! Which words of a text are keywords, strings and the like, for those who show code in colours.

use std::ops::Range;

use super::tree::parse_all;

/// What a piece of code is to the eye.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Highlight {
    Keyword,
    /// A literal, or its parts around what is interpolated.
    String,
    Comment,
    Number,
    /// `True`, `False`, `None`, `...`.
    Constant,
    /// The name that a `def` or a `class` binds.
    Definition,
}

/// The pieces of a text that are shown in a colour: bytes of the text, in order, none over another. Total: where the parser gives up there are none.
pub fn highlights(text: &str) -> Vec<(Range<usize>, Highlight)> {
    let Some(tree) = parse_all(text) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let mut cursor = tree.walk();
    // asking a node for its parent walks down from the root
    let mut parents: Vec<&str> = Vec::new();
    loop {
        let node = cursor.node();
        let is_name = cursor.field_name() == Some("name");
        let parent = parents.last().filter(|_| is_name).copied();
        let highlight = highlight(node, parent);
        if let Some(highlight) = highlight {
            found.push((node.byte_range(), highlight));
        }
        if highlight.is_none() && cursor.goto_first_child() {
            parents.push(node.kind());
            continue;
        }
        while !cursor.goto_next_sibling() {
            parents.pop();
            if !cursor.goto_parent() {
                return found;
            }
        }
    }
}

/// What a node is shown as; None where its parts decide. `named` is the kind of the node whose name it is.
fn highlight(node: tree_sitter::Node, named: Option<&str>) -> Option<Highlight> {
    let kind = node.kind();
    match kind {
        "comment" => Some(Highlight::Comment),
        "string_start" | "string_content" | "string_end" => Some(Highlight::String),
        "integer" | "float" => Some(Highlight::Number),
        "true" | "false" | "none" | "ellipsis" => Some(Highlight::Constant),
        "identifier" if matches!(named, Some("function_definition" | "class_definition")) => {
            Some(Highlight::Definition)
        }
        _ if !node.is_named() && kind.starts_with(|c: char| c.is_ascii_alphabetic()) => {
            Some(Highlight::Keyword)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::Highlight::{self, Comment, Constant, Definition, Keyword, Number, String};
    use super::highlights;

    fn shown(text: &str) -> Vec<(&str, Highlight)> {
        let pieces = highlights(text).into_iter();
        pieces.map(|(range, kind)| (&text[range], kind)).collect()
    }

    #[test]
    fn words_are_what_python_makes_of_them() {
        let found =
            shown("async def f(x=None):  # no def\n    return f'a {x if 1 else y} b' not in x\n");
        let expected = [
            ("async", Keyword),
            ("def", Keyword),
            ("f", Definition),
            ("None", Constant),
            ("# no def", Comment),
            ("return", Keyword),
            ("f'", String),
            ("a ", String),
            ("if", Keyword),
            ("1", Number),
            ("else", Keyword),
            (" b", String),
            ("'", String),
            ("not in", Keyword),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn broken_code_has_colours_too() {
        assert!(shown("def (:\n  'x\nreturn 1").contains(&("return", Keyword)));
    }

    #[test]
    fn pieces_are_in_order_and_never_overlap() {
        proptest::proptest!(|(text in "([a-z'\"#({:\\[\\]})=\n f0-9é]|def |None|\\.\\.\\.|f')*")| {
            let pieces = highlights(&text);
            let ends = pieces.iter().map(|(range, _)| range.end);
            let starts = pieces.iter().skip(1).map(|(range, _)| range.start);
            for (end, start) in ends.zip(starts) {
                proptest::prop_assert!(end <= start);
            }
            for (range, _) in pieces {
                proptest::prop_assert!(text.get(range).is_some());
            }
        });
    }
}
