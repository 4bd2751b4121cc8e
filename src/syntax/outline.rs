//! What can be said of a segment without parsing it.

use std::ops::Range;

use super::scan::{is_def, is_word, logical_line_end, next_code, word};

/// What a segment's first line of code shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outline {
    /// `def name` or `async def name`, perhaps decorated.
    Function(Box<str>),
    /// `class name`, perhaps decorated.
    Class(Box<str>),
    /// `name = …` or `name: …`: a statement that binds this name, and perhaps others.
    Assignment(Box<str>),
    /// `import …` or `from … import …`.
    Import,
    /// `from … import *`.
    StarImport,
    /// Comments or blank lines only, or a string: nothing is bound.
    Empty,
    /// Anything else: it may bind any name that occurs in it.
    Other,
}

impl Outline {
    /// Reads the outline of a segment's text, from the byte where its code begins.
    pub fn of(text: &str, code: usize) -> Outline {
        let bytes = text.as_bytes();
        if code >= bytes.len() {
            return Outline::Empty;
        }
        let at = definition(bytes, code);
        match bytes[at] {
            b'd' | b'a' if is_def(bytes, at) => {
                let def = if bytes[at] == b'a' {
                    skip_blank(bytes, at + 5)
                } else {
                    at
                };
                name_at(text, skip_blank(bytes, def + 3)).map_or(Outline::Other, Outline::Function)
            }
            b'c' if word(bytes, at, b"class") => {
                name_at(text, skip_blank(bytes, at + 5)).map_or(Outline::Other, Outline::Class)
            }
            b'i' if word(bytes, at, b"import") => Outline::Import,
            b'f' if word(bytes, at, b"from") => {
                let line = &bytes[at..logical_line_end(bytes, at)];
                if line.trim_ascii_end().ends_with(b"*")
                    || memchr::memmem::find(line, b"import *").is_some()
                {
                    Outline::StarImport
                } else {
                    Outline::Import
                }
            }
            b'"' | b'\'' => Outline::Empty,
            b'r' | b'R' | b'u' | b'b' if matches!(bytes.get(at + 1), Some(b'"' | b'\'')) => {
                Outline::Empty
            }
            _ => match name_at(text, at) {
                Some(name)
                    if matches!(
                        bytes.get(skip_blank(bytes, at + name.len())),
                        Some(b'=' | b':')
                    ) && !is_keyword(&name) =>
                {
                    Outline::Assignment(name)
                }
                _ => Outline::Other,
            },
        }
    }

    /// The name that the segment surely binds.
    pub fn name(&self) -> Option<&str> {
        match self {
            Outline::Function(name) | Outline::Class(name) | Outline::Assignment(name) => {
                Some(name)
            }
            _ => None,
        }
    }
}

/// Where the header of the `def` or `class` that begins at or after `code` ends: after its colon's line.
pub fn header_end(text: &str, code: usize) -> usize {
    let bytes = text.as_bytes();
    if code >= bytes.len() {
        bytes.len()
    } else {
        logical_line_end(bytes, definition(bytes, code))
    }
}

/// The docstring in triple quotes of the `def` or `class` that begins at or after `code`.
pub fn docstring(text: &str, code: usize) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let mut at = header_end(text, code);
    loop {
        let blank = |byte: &&u8| byte.is_ascii_whitespace();
        at += bytes[at..].iter().take_while(blank).count();
        match bytes.get(at)? {
            b'#' => at += memchr::memchr(b'\n', &bytes[at..])?,
            b'r' | b'R' | b'u' | b'U' => at += 1,
            _ => break,
        }
    }
    let quotes = bytes.get(at..at + 3)?;
    if !matches!(quotes, b"\"\"\"" | b"'''") {
        return None;
    }
    let inside = &bytes[at + 3..];
    let mut ends = memchr::memmem::find_iter(inside, quotes);
    let end = ends.find(|end| !inside[..*end].ends_with(b"\\"))?;
    Some(at..at + 3 + end + 3)
}

/// Skips decorators.
fn definition(bytes: &[u8], code: usize) -> usize {
    let mut at = code;
    while bytes[at] == b'@' {
        let (Some((_, next, _)), _) = next_code(bytes, logical_line_end(bytes, at), 0) else {
            break;
        };
        at = next;
    }
    at
}

fn skip_blank(bytes: &[u8], mut at: usize) -> usize {
    while matches!(bytes.get(at), Some(b' ' | b'\t' | b'\\' | b'\n' | b'\r')) {
        at += 1;
    }
    at
}

fn name_at(text: &str, at: usize) -> Option<Box<str>> {
    let len = text.as_bytes()[at.min(text.len())..]
        .iter()
        .take_while(|byte| is_word(**byte))
        .count();
    let name = text.get(at..at + len)?;
    (len > 0 && !name.as_bytes()[0].is_ascii_digit()).then(|| name.into())
}

/// Keywords that may stand before a colon at the start of a statement.
fn is_keyword(name: &str) -> bool {
    matches!(
        name,
        "else"
            | "try"
            | "finally"
            | "except"
            | "lambda"
            | "if"
            | "while"
            | "for"
            | "with"
            | "match"
    )
}

/// Where a name stands in a text as a whole word.
pub fn find_word<'t>(text: &'t str, name: &'t str) -> impl Iterator<Item = usize> + 't {
    let bytes = text.as_bytes();
    let is_part = |byte: Option<&u8>| byte.is_some_and(|byte| is_word(*byte));
    memchr::memmem::find_iter(bytes, name).filter(move |&at| {
        let before = at.checked_sub(1).and_then(|before| bytes.get(before));
        !is_part(before) && !is_part(bytes.get(at + name.len()))
    })
}

/// Whether a name stands in a text as a whole word.
pub fn contains_word(text: &str, name: &str) -> bool {
    // to begin a search costs more than to look through a short text
    text.len() >= name.len() && find_word(text, name).next().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outlines() {
        let of = |text: &str| Outline::of(text, 0);
        assert_eq!(of("def f(): pass"), Outline::Function("f".into()));
        assert_eq!(of("async  def f(): pass"), Outline::Function("f".into()));
        assert_eq!(
            of("@a(\n1)\n# c\n@b\nclass C(B):\n  pass"),
            Outline::Class("C".into())
        );
        assert_eq!(of("x: int = 1"), Outline::Assignment("x".into()));
        assert_eq!(of("from a import (\n b,\n c)"), Outline::Import);
        assert_eq!(of("from a import *  # noqa"), Outline::StarImport);
        assert_eq!(of("try:\n  pass\nexcept: pass"), Outline::Other);
        assert_eq!(of("x, y = 1, 2"), Outline::Other);
        assert_eq!(of("r\"\"\"What x is\n\"\"\"\n"), Outline::Empty);
        assert_eq!(Outline::of("# only\n", 7), Outline::Empty);
    }

    #[test]
    fn docstrings() {
        let of = |text: &'static str| docstring(text, 0).map(|range| &text[range]);
        assert_eq!(
            of("def f():\n    \"\"\"a\n  b\"\"\"\n    x"),
            Some("\"\"\"a\n  b\"\"\"")
        );
        assert_eq!(
            of("@d\nclass C(\n  B):\n  # c\n  r'''a'''\n"),
            Some("'''a'''")
        );
        assert_eq!(of("def f():\n    x = \"\"\"a\"\"\"\n"), None);
        assert_eq!(of("def f(): pass"), None);
    }

    #[test]
    fn words() {
        assert!(contains_word("a.Thread(x)", "Thread"));
        assert!(!contains_word("MyThread(), Threads", "Thread"));
    }
}
