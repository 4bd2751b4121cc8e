//! Whether a text has a display where Python needs a hash, as its brackets show it, without parsing.

use super::Subjects;
use super::wording::{is_word, string_length};

/// What the items of an open bracket are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Items {
    /// Keys and members: of a dict or set display, of an index.
    Hashed,
    /// The first argument is a key or a member: `seen.add(`.
    FirstHashed,
    /// The first argument brings members: `set(`.
    FirstBrings,
    /// Arguments.
    Given,
    Other,
}

struct Open {
    at: usize,
    items: Items,
    /// It is a tuple, or an expression in parentheses.
    is_group: bool,
    /// It is a display, or a tuple with one in it.
    unhashable: bool,
}

/// Displays that are keys or members, and displays that are arguments.
pub(super) fn displays(bytes: &[u8]) -> Subjects {
    let mut found = Subjects::NONE;
    if memchr::memchr2(b'[', b'{', bytes).is_none() {
        return found;
    }
    let mut open: Vec<Open> = Vec::new();
    // comments with nothing between them
    let mut comment = (0, 0);
    let mut at = 0;
    while let Some(length) = bytes[at..].iter().position(|byte| is_mark(*byte)) {
        at += length;
        match bytes[at] {
            b'#' => {
                let end = memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |end| at + end);
                let goes_on = bytes[comment.1..at].trim_ascii().is_empty() && comment.1 > 0;
                comment = (if goes_on { comment.0 } else { at }, end);
                at = end;
                continue;
            }
            b'"' | b'\'' => {
                at += string_length(&bytes[at..]).max(1);
                continue;
            }
            b'(' | b'[' | b'{' => {
                let mut before = bytes[..at].trim_ascii_end();
                if before.len() == comment.1 && comment.1 > 0 {
                    before = bytes[..comment.0].trim_ascii_end();
                }
                if open.is_empty() && memchr::memchr(b'\n', &bytes[before.len()..at]).is_some() {
                    before = &[];
                }
                let (bracket, shown) = opened(bytes[at], at, before, open.last());
                found = found.union(shown);
                open.push(bracket);
            }
            _ => {
                if let Some(closed) = open.pop()
                    && closed.unhashable
                {
                    let after = bytes[at + 1..].trim_ascii_start();
                    let outer = open.last_mut();
                    let brings =
                        outer.as_ref().map(|outer| outer.items) == Some(Items::FirstBrings);
                    if is_asked_for(&bytes[..closed.at], after)
                        || brings && after.starts_with(b"for ")
                    {
                        found = found.union(Subjects::UNHASHABLE);
                    }
                    if let Some(outer) = outer
                        && outer.is_group
                    {
                        outer.unhashable = true;
                    }
                }
            }
        }
        at += 1;
    }
    found
}

/// Whether a byte begins a comment or a string, or is a bracket. All of a text is asked: a table answers fastest.
fn is_mark(byte: u8) -> bool {
    const MARKS: [bool; 256] = {
        let mut marks = [false; 256];
        let mut rest: &[u8] = b"#\"'()[]{}";
        while let [first, others @ ..] = rest {
            marks[*first as usize] = true;
            rest = others;
        }
        marks
    };
    MARKS[usize::from(byte)]
}

/// An open bracket, and what it shows where it begins a display.
fn opened(byte: u8, at: usize, before: &[u8], outer: Option<&Open>) -> (Open, Subjects) {
    let last = before.last().copied();
    let operand = operand(before);
    let is_first = outer.is_some_and(|outer| outer.at + 1 == before.len());
    let is_item = is_first || last == Some(b',');
    let place = match outer.map(|outer| outer.items) {
        Some(Items::Hashed) if is_item => Items::Hashed,
        Some(Items::FirstHashed) if is_first => Items::Hashed,
        Some(Items::FirstHashed | Items::FirstBrings | Items::Given)
            if is_item || last == Some(b'=') =>
        {
            Items::Given
        }
        _ => Items::Other,
    };
    let brings = is_first && outer.map(|outer| outer.items) == Some(Items::FirstBrings);
    let is_display = byte != b'(' && operand.is_none();
    let items = match (byte, operand) {
        (b'{', _) => Items::Hashed,
        // `Callable[[int], str]`
        (b'[', Some(b"Callable" | b"Concatenate")) => Items::Other,
        (b'[', Some(_)) => Items::Hashed,
        (b'(', Some(b"add" | b"discard" | b"remove" | b"get" | b"setdefault" | b"pop")) => {
            Items::FirstHashed
        }
        (
            b'(',
            Some(
                b"set" | b"frozenset" | b"dict" | b"fromkeys" | b"Counter" | b"OrderedDict"
                | b"defaultdict",
            ),
        ) => Items::FirstBrings,
        (b'(', Some(_)) => Items::Given,
        _ if brings => Items::Hashed,
        (b'(', None) => place,
        _ => Items::Other,
    };
    let shown = match place {
        Items::Hashed if is_display => Subjects::UNHASHABLE,
        Items::Given if is_display => Subjects::GIVEN_DISPLAYS,
        _ => Subjects::NONE,
    };
    let bracket = Open {
        at,
        items,
        is_group: byte == b'(' && operand.is_none(),
        unhashable: is_display,
    };
    (bracket, shown)
}

/// The last word of what stands before a bracket, where that is called or indexed; an empty one where it has no name.
fn operand(before: &[u8]) -> Option<&[u8]> {
    const KEYWORDS: [&[u8]; 18] = [
        b"in", b"not", b"and", b"or", b"is", b"if", b"elif", b"else", b"for", b"while", b"return",
        b"yield", b"lambda", b"await", b"del", b"assert", b"from", b"case",
    ];
    match before.last()? {
        b')' | b']' | b'}' | b'"' | b'\'' => Some(b""),
        byte if is_word(*byte) => {
            let length = before.iter().rev().take_while(|byte| is_word(**byte));
            let word = &before[before.len() - length.count()..];
            (!KEYWORDS.contains(&word)).then_some(word)
        }
        _ => None,
    }
}

/// Whether what stands between two texts is looked up: `… in table`.
fn is_asked_for(before: &[u8], after: &[u8]) -> bool {
    let asks = after
        .strip_prefix(b"not")
        .map_or(after, <[u8]>::trim_ascii_start)
        .strip_prefix(b"in");
    asks.is_some_and(|rest| rest.first().is_some_and(|byte| !is_word(*byte)))
        && !before.trim_ascii_end().ends_with(b"for")
}
