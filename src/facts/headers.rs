//! The class statements of a segment as their words show them, read without parsing: what a class is called and the last words of its bases.
//!
//! What stands in a string or a comment may be taken for one: whoever asks finds out by evaluating.

use std::ops::Range;
use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::wording::{is_word, word_length};

/// A class statement. Ranges are bytes of the segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassHeader {
    pub name: Range<u32>,
    /// The last word of each base.
    pub bases: Box<[Range<u32>]>,
    /// The last word of what is given as the metaclass.
    pub metaclass: Option<Range<u32>>,
}

/// The class statements and renamings of one segment.
#[derive(Debug, Default)]
pub struct Headers {
    pub classes: Box<[ClassHeader]>,
    /// `name as alias`, and `alias = name` on the level of the module: name, then alias.
    pub renamed: Box<[(Range<u32>, Range<u32>)]>,
}

impl Headers {
    /// Reads a segment, but for `prose`: its docstring. `code` is where its code begins.
    pub fn of(text: &str, code: usize, prose: &Range<usize>) -> Headers {
        static CLASS: LazyLock<Finder<'_>> = LazyLock::new(|| Finder::new("class"));
        static AS: LazyLock<Finder<'_>> = LazyLock::new(|| Finder::new("as"));
        let words = |keyword| words(text, keyword).filter(|at| !prose.contains(at));
        let classes = words(&CLASS).filter_map(|at| header(text, at + "class".len()));
        let renamed = words(&AS).filter_map(|at| renaming(text, at));
        Headers {
            classes: classes.collect(),
            renamed: renamed.chain(assigned_name(text, code)).collect(),
        }
    }
}

fn range(start: usize, end: usize) -> Range<u32> {
    // a segment is shorter than the largest file that is read
    start as u32..end as u32
}

/// Where a keyword stands in a text with a blank behind it and no word before it.
fn words<'t>(text: &'t str, keyword: &'t Finder<'_>) -> impl Iterator<Item = usize> + 't {
    let bytes = text.as_bytes();
    keyword.find_iter(bytes).filter(move |&at| {
        at.checked_sub(1)
            .is_none_or(|before| !is_word(bytes[before]))
            && matches!(bytes.get(at + keyword.needle().len()), Some(b' ' | b'\t'))
    })
}

/// How many bytes of a class statement's arguments are read.
const ARGUMENTS: usize = 4000;

/// The class statement whose name follows at a byte.
fn header(text: &str, at: usize) -> Option<ClassHeader> {
    let bytes = text.as_bytes();
    let start = at + blanks(&bytes[at..]);
    let end = start + word_length(&bytes[start..]);
    if start == end {
        return None;
    }
    let mut header = ClassHeader {
        name: range(start, end),
        bases: Box::default(),
        metaclass: None,
    };
    let limit = bytes.len().min(end + ARGUMENTS);
    let open = opening(&bytes[end..limit])?;
    if bytes[end + open] != b'(' {
        return (bytes[end + open] == b':').then_some(header);
    }
    let mut found = Vec::new();
    let (mut depth, mut at) = (1, end + open + 1);
    // where the expression begins whose last word is looked for; none behind its first bracket
    let mut start = Some(at);
    while at < limit && depth > 0 {
        match bytes[at] {
            b'#' => at += memchr::memchr(b'\n', &bytes[at..limit]).unwrap_or(limit - at),
            byte @ (b'(' | b'[' | b'{' | b')' | b']' | b'}' | b',') => {
                if depth == 1
                    && let Some(start) = start.take()
                    && let Some(word) = last_word(&bytes[start..at])
                {
                    let word = range(start + word.start, start + word.end);
                    match keyword(&bytes[start..at]) {
                        None => found.push(word),
                        Some(b"metaclass") => header.metaclass = Some(word),
                        Some(_) => {}
                    }
                }
                match byte {
                    b',' if depth == 1 => start = Some(at + 1),
                    b',' => {}
                    b'(' | b'[' | b'{' => depth += 1,
                    _ => depth -= 1,
                }
            }
            _ => {}
        }
        at += 1;
    }
    header.bases = found.into();
    Some(header)
}

/// Where, after a class's name, its arguments or its body begin: behind type parameters, `class Box[T: (int, str)](Base)`.
fn opening(rest: &[u8]) -> Option<usize> {
    let mut depth = 0;
    rest.iter().position(|byte| {
        match byte {
            b'[' => depth += 1,
            b']' => depth -= 1,
            b'(' | b':' | b'\n' => return depth == 0,
            _ => {}
        }
        false
    })
}

/// For `keyword=value`, the keyword.
fn keyword(argument: &[u8]) -> Option<&[u8]> {
    let argument = argument.trim_ascii_start();
    let (name, rest) = argument.split_at(word_length(argument));
    rest.trim_ascii_start().starts_with(b"=").then_some(name)
}

fn blanks(bytes: &[u8]) -> usize {
    let is_blank = |byte: &&u8| matches!(byte, b' ' | b'\t');
    bytes.iter().take_while(is_blank).count()
}

fn last_word(expression: &[u8]) -> Option<Range<usize>> {
    let trimmed = expression.trim_ascii_end();
    let start = trimmed
        .iter()
        .rposition(|byte| !is_word(*byte))
        .map_or(0, |at| at + 1);
    (start < trimmed.len()).then_some(start..trimmed.len())
}

/// For `name as alias` in an import, with `as` at a byte. Prose and `with … as` are told apart by what else stands in the line.
fn renaming(text: &str, at: usize) -> Option<(Range<u32>, Range<u32>)> {
    let bytes = text.as_bytes();
    let line = memchr::memrchr(b'\n', &bytes[..at]).map_or(0, |newline| newline + 1);
    let start = memchr::memmem::rfind(&bytes[line..at], b"import ")
        .map_or(line, |import| line + import + "import ".len());
    let is_list = |byte: &u8| is_word(*byte) || matches!(byte, b'.' | b',' | b' ' | b'\t' | b'(');
    let last = bytes[start..at].rsplit(|byte| matches!(byte, b',' | b'('));
    let is_one = |item: &[u8]| !item.trim_ascii().iter().any(u8::is_ascii_whitespace);
    if !bytes[start..at].iter().all(is_list) || !last.into_iter().next().is_some_and(is_one) {
        return None;
    }
    let name = last_word(&bytes[..at])?;
    let start = at + "as".len() + blanks(&bytes[at + "as".len()..]);
    let end = start + word_length(&bytes[start..]);
    let after = bytes[end..]
        .iter()
        .find(|byte| !matches!(byte, b' ' | b'\t'));
    let ends = matches!(
        after,
        None | Some(b',' | b')' | b'\n' | b'\r' | b'#' | b';' | b'\\')
    );
    let renames = ends && start < end && bytes[name.clone()] != bytes[start..end];
    renames.then(|| (range(name.start, name.end), range(start, end)))
}

/// For a segment `alias = dotted.name` and nothing else.
fn assigned_name(text: &str, code: usize) -> Option<(Range<u32>, Range<u32>)> {
    let bytes = text.as_bytes().get(code..)?;
    let alias = word_length(bytes);
    let equals = alias + blanks(&bytes[alias..]);
    if alias == 0 || bytes.get(equals) != Some(&b'=') {
        return None;
    }
    let start = equals + 1 + blanks(&bytes[equals + 1..]);
    let length = bytes[start..]
        .iter()
        .take_while(|byte| is_word(**byte) || **byte == b'.')
        .count();
    let name = last_word(&bytes[start..start + length])?;
    let ends = matches!(
        bytes[start + length..].trim_ascii_start().first(),
        None | Some(b'#')
    );
    ends.then(|| {
        (
            range(code + start + name.start, code + start + name.end),
            range(code, code + alias),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `Name: base base (metaclass)`, then `name>alias`.
    fn read(text: &str) -> String {
        let word = |range: &Range<u32>| &text[range.start as usize..range.end as usize];
        let headers = Headers::of(text, 0, &(0..0));
        let mut lines = Vec::new();
        for header in &headers.classes {
            let bases: Vec<_> = header.bases.iter().map(word).collect();
            let metaclass = header.metaclass.as_ref().map_or("-", word);
            lines.push(format!(
                "{}: {} ({metaclass})",
                word(&header.name),
                bases.join(" ")
            ));
        }
        for (name, alias) in &headers.renamed {
            lines.push(format!("{}>{}", word(name), word(alias)));
        }
        lines.join("\n")
    }

    #[test]
    fn classes() {
        assert_eq!(
            read("class X(b.C, D[E, F], metaclass=m.M, k=v): pass"),
            "X: C D (M)"
        );
        assert_eq!(
            read("class X(\n    B,  # (x\n    C,\n): pass"),
            "X: B C (-)"
        );
        assert_eq!(read("class X(b[1](2), C): pass"), "X: b C (-)");
        assert_eq!(read("class X[T: (P, Q)](B): pass"), "X: B (-)");
        assert_eq!(read("class X: x = (1)"), "X:  (-)");
        assert_eq!(read("# a class of its own"), "");
    }

    #[test]
    fn renamings() {
        assert_eq!(read("import a as b"), "a>b");
        assert_eq!(read("from m import (x as y, z as z)"), "x>y");
        assert_eq!(read("from m import (\n    x as y,\n    z,\n)"), "x>y");
        assert_eq!(
            read("# as long as x as well\nwith f() as g: pass\nexcept E as e: pass"),
            ""
        );
        assert_eq!(read("Worker = threading.Thread  # ours\n"), "Thread>Worker");
        assert_eq!(read("worker = Thread()\n"), "");
    }
}
