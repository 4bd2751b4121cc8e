//! What stands in a line of prose: links, code, emphasis, tags, entities. A small scanner of our own, because notes about Python write
//! `__init__` where CommonMark reads a bold "init", `*args, **kwargs`, `List<int>`, and wikilinks.

use std::ops::Range;

use rustc_hash::FxHashMap;

use super::markup;

/// A piece of prose that is more than its characters. Ranges are bytes of the scanned text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece<'a> {
    pub(super) range: Range<usize>,
    pub(super) kind: Kind<'a>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind<'a> {
    /// Between backticks.
    Code(&'a str),
    /// `[` of a link or the `](target)` after its text.
    Hidden,
    /// The end of `[text](target)`: the piece is `](target)`, `start` the byte where the whole link starts.
    Target { start: usize, target: &'a str },
    /// `[[target#heading|text]]`.
    Wiki { target: &'a str, shown: &'a str },
    /// `&amp;`, `\*`: the character that is meant.
    Character(char),
    /// `#tag`, without its `#`. Its text is shown.
    Tag(&'a str),
    /// `*`, `~~`, `==`, `__`: marks that may open or close emphasis.
    Emphasis,
}

/// The pieces of a text, in order, not overlapping. Linear in the length of the text.
pub(super) fn pieces(text: &str) -> Vec<Piece<'_>> {
    if memchr::memchr3(b'[', b'`', b'*', text.as_bytes()).is_none()
        && !text.contains(['<', '&', '\\', '#', '~', '=', '_'])
    {
        return Vec::new();
    }
    let has_comment = memchr::memmem::find(text.as_bytes(), b"<!--").is_some();
    let comment_end = has_comment.then(|| text.rfind("-->")).flatten();
    let mut scanner = Scanner {
        text,
        last_comment_end: comment_end.unwrap_or(0),
        pieces: Vec::new(),
        ticks: closing_ticks(text),
        brackets: Vec::new(),
    };
    let mut at = 0;
    while let Some(found) =
        text[at..].find(['[', ']', '`', '*', '<', '&', '\\', '#', '~', '=', '_'])
    {
        at += found;
        at = scanner.piece(at).max(at + 1);
    }
    let mut pieces = scanner.pieces;
    // the start of a link is found with its end
    pieces.sort_by_key(|piece| piece.range.start);
    pair_emphasis(text, &mut pieces);
    pieces
}

/// The text as a reader sees it: marks gone, links as their text, white space in single spaces.
pub(super) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for piece in pieces(text) {
        push(&mut out, &text[at..piece.range.start]);
        at = piece.range.end;
        match piece.kind {
            Kind::Code(code) => push(&mut out, code),
            Kind::Wiki { shown, .. } => push(&mut out, shown),
            Kind::Tag(_) => push(&mut out, &text[piece.range]),
            Kind::Character(c) if c.is_whitespace() => push(&mut out, " "),
            Kind::Character(c) => out.push(c),
            Kind::Hidden | Kind::Target { .. } | Kind::Emphasis => {}
        }
    }
    push(&mut out, &text[at..]);
    out.truncate(out.trim_end().len());
    out
}

/// Appends a text, every run of white space as one space.
fn push(out: &mut String, text: &str) {
    for c in text.chars() {
        match c.is_whitespace() {
            true if out.is_empty() || out.ends_with(' ') => {}
            true => out.push(' '),
            false => out.push(c),
        }
    }
}

struct Scanner<'a> {
    text: &'a str,
    /// Where the last `-->` is, so that it is looked for only where there is one.
    last_comment_end: usize,
    pieces: Vec<Piece<'a>>,
    /// From the byte where a run of backticks starts to the byte where the run that closes it starts, sorted.
    ticks: Vec<(usize, usize)>,
    /// The bytes of the brackets that are open.
    brackets: Vec<usize>,
}

impl<'a> Scanner<'a> {
    /// In characters; bounded, so that many titles without an end cannot take long.
    const LONGEST_TITLE: usize = 200;

    /// Reads what starts at this byte, and gives the byte behind it; the byte itself if it starts nothing.
    fn piece(&mut self, at: usize) -> usize {
        let rest = &self.text[at..];
        let found = match rest.as_bytes()[0] {
            b'`' => return self.code(at),
            b'[' => match self.wiki(at) {
                Some(found) => Some(found),
                None => {
                    self.brackets.push(at);
                    None
                }
            },
            b']' => self.target(at),
            b'<' if rest.starts_with("<!--") => self.comment(at),
            b'<' => markup::html(rest),
            b'&' => markup::entity(rest),
            b'\\' => markup::escape(rest),
            b'#' => tag(self.text, at),
            _ => emphasis(rest),
        };
        let Some((length, kind)) = found else {
            return at;
        };
        self.pieces.push(Piece {
            range: at..at + length,
            kind,
        });
        at + length
    }

    fn code(&mut self, at: usize) -> usize {
        let count = run(&self.text[at..], b'`');
        let ticks = self.ticks.binary_search_by_key(&at, |(start, _)| *start);
        let Some((_, close)) = ticks.ok().and_then(|place| self.ticks.get(place)) else {
            return at + count;
        };
        let close = *close;
        let code = &self.text[at + count..close];
        let trimmed = code
            .strip_prefix(' ')
            .and_then(|code| code.strip_suffix(' '));
        self.pieces.push(Piece {
            range: at..close + count,
            kind: Kind::Code(
                trimmed
                    .filter(|code| !code.trim().is_empty())
                    .unwrap_or(code),
            ),
        });
        close + count
    }

    fn comment(&self, at: usize) -> Option<(usize, Kind<'a>)> {
        if at >= self.last_comment_end {
            return None;
        }
        let end = self.text[at..].find("-->")?;
        Some((end + 3, Kind::Hidden))
    }

    /// `[[Note#Heading|text]]`. A list of lists of numbers is none.
    fn wiki(&self, at: usize) -> Option<(usize, Kind<'a>)> {
        let rest = self.text[at..].strip_prefix("[[")?;
        let end = rest.find(['[', ']', '\n', '\r'])?;
        if !rest[end..].starts_with("]]") || !rest[..end].contains(char::is_alphabetic) {
            return None;
        }
        let inner = &rest[..end];
        let (target, shown) = inner.split_once('|').unwrap_or((inner, inner));
        // in a table the bar is written `\|`
        let target = target.strip_suffix('\\').unwrap_or(target).trim();
        Some((
            end + 4,
            Kind::Wiki {
                target,
                shown: shown.trim(),
            },
        ))
    }

    /// `](target "title")` after an open bracket. A bracket that is followed by nothing of the kind stays as it is.
    fn target(&mut self, at: usize) -> Option<(usize, Kind<'a>)> {
        let open = self.brackets.pop()?;
        let inner = self.text[at..].strip_prefix("](")?;
        let (target, length) = match inner.strip_prefix('<') {
            Some(inner) => {
                let end = inner.find(['<', '>', '\n'])?;
                inner[end..]
                    .starts_with('>')
                    .then_some((&inner[..end], end + 2))?
            }
            None => {
                let end =
                    inner.find(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | '['))?;
                (&inner[..end], end)
            }
        };
        let after = &inner[length..];
        let title = after.trim_start_matches([' ', '\t']);
        let end = match title.bytes().next()? {
            b')' => 0,
            b'"' | b'\'' if title.len() < after.len() => {
                let mut chars = title.char_indices().take(Self::LONGEST_TITLE);
                chars.find(|(_, c)| *c == ')')?.0
            }
            _ => return None,
        };
        let is_image = self.text[..open].ends_with('!');
        let start = open - usize::from(is_image);
        self.pieces.push(Piece {
            range: start..open + 1,
            kind: Kind::Hidden,
        });
        let length = "](".len() + length + (after.len() - title.len()) + end + 1;
        Some((length, Kind::Target { start, target }))
    }
}

/// How often a byte is repeated at the start of a text.
fn run(text: &str, byte: u8) -> usize {
    text.bytes().take_while(|b| *b == byte).count()
}

/// Which runs of backticks are closed by which: the next of the same length.
/// Sorted by the byte where the first one starts.
fn closing_ticks(text: &str) -> Vec<(usize, usize)> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for at in memchr::memchr_iter(b'`', text.as_bytes()) {
        match runs.last_mut() {
            Some((start, count)) if *start + *count == at => *count += 1,
            _ => runs.push((at, 1)),
        }
    }
    // by length: where the next run of it starts; nearly all are single ones
    let (mut next_single, mut next) = (None, FxHashMap::default());
    let mut closing = Vec::with_capacity(runs.len());
    for (start, count) in runs.into_iter().rev() {
        let close = match count {
            1 => next_single.replace(start),
            _ => next.insert(count, start),
        };
        closing.extend(close.map(|close| (start, close)));
    }
    closing.reverse();
    closing
}

/// `#tag`, also `#python/gil`. Colours (`#fff`) and numbers of issues (`#12`) are none.
fn tag(text: &str, at: usize) -> Option<(usize, Kind<'_>)> {
    let before = text[..at].chars().next_back();
    if before.is_some_and(|c| !c.is_whitespace() && !matches!(c, '(' | ',' | ';')) {
        return None;
    }
    let rest = &text[at + 1..];
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '/');
    let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
    let name = rest[..end].trim_end_matches(['-', '/']);
    let is_colour =
        matches!(name.len(), 3 | 4 | 6 | 8) && name.bytes().all(|b| b.is_ascii_hexdigit());
    let is_tag = name.contains(char::is_alphabetic) && !is_colour;
    is_tag.then_some((1 + name.len(), Kind::Tag(name)))
}

fn emphasis(rest: &str) -> Option<(usize, Kind<'static>)> {
    let mark = rest.as_bytes()[0];
    let count = run(rest, mark);
    Some((count, Kind::Emphasis))
}

/// Takes the marks that emphasise nothing out of the pieces: `2 * 3`, `*args`, `a == b`, `__init__`.
fn pair_emphasis(text: &str, pieces: &mut Vec<Piece>) {
    let mut open: FxHashMap<&str, usize> = FxHashMap::default();
    let mut is_kept = vec![true; pieces.len()];
    for (index, piece) in pieces.iter().enumerate() {
        if piece.kind != Kind::Emphasis {
            continue;
        }
        is_kept[index] = false;
        let marks = &text[piece.range.clone()];
        let before = text[..piece.range.start].chars().next_back();
        let after = text[piece.range.end..].chars().next();
        let (opens, closes) = flanks(marks, before, after);
        if closes && let Some(other) = open.remove(marks) {
            is_kept[other] = true;
            is_kept[index] = true;
        } else if opens {
            open.insert(marks, index);
        }
    }
    let mut kept = is_kept.into_iter();
    pieces.retain(|_| kept.next().unwrap_or(true));
}

/// Whether marks can open emphasis, and whether they can close it.
fn flanks(marks: &str, before: Option<char>, after: Option<char>) -> (bool, bool) {
    let is_space = |c: Option<char>| c.is_none_or(char::is_whitespace);
    let is_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let fits = match marks.as_bytes()[0] {
        b'*' => marks.len() <= 3,
        // a name such as `__init__` or `_private` is told from emphasis by nothing but its spaces
        b'_' => marks.len() == 1,
        _ => marks.len() == 2,
    };
    let within_word = marks.starts_with('_') && is_word(before) && is_word(after);
    let opens = fits && !is_space(after) && !within_word;
    let closes = fits && !is_space(before) && !within_word;
    match marks.starts_with('_') {
        true => (opens && !is_word(before), closes && !is_word(after)),
        false => (opens, closes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_go_and_python_stays() {
        for (markdown, text) in [
            (
                "**`__new__`** makes, _then_ `__init__` fills",
                "__new__ makes, then __init__ fills",
            ),
            (
                "__init__ and snake_case_name and _private",
                "__init__ and snake_case_name and _private",
            ),
            (
                "f(*args, **kwargs) and 2 * 3 * 4",
                "f(*args, **kwargs) and 2 * 3 * 4",
            ),
            (
                "***both*** ~~gone~~ ==seen== a == b",
                "both gone seen a == b",
            ),
            ("``a ` b`` and ` x ` and ` open", "a ` b and x and ` open"),
            (
                "<p>one</p><br/>two <class 'int'> a < b > c",
                "one two <class 'int'> a < b > c",
            ),
            (
                "R&amp;D &#8594; \\*x\\* C:\\Users &unknown;",
                "R&D → *x* C:\\Users &unknown;",
            ),
            ("a <!-- secret --> b", "a b"),
            (
                "x[0] and [text](a.md \"t\") ![alt](i.png)",
                "x[0] and text alt",
            ),
            (
                "see [[Note#Head|words]] or [[Other]] not [[1, 2]]",
                "see words or Other not [[1, 2]]",
            ),
            ("two\u{a0} spaces\tand tabs ", "two spaces and tabs"),
        ] {
            assert_eq!(plain(markdown), text, "{markdown}");
        }
    }

    #[test]
    fn tags() {
        let tags = |text| {
            let tag = |piece: Piece<'_>| match piece.kind {
                Kind::Tag(name) => Some(name.to_owned()),
                _ => None,
            };
            pieces(text).into_iter().filter_map(tag).collect::<Vec<_>>()
        };
        assert_eq!(
            tags("#python/gil, (#2nd-try) #fff #12 C#x a#b `#code` [x](#anchor) \\#no"),
            ["python/gil", "2nd-try"]
        );
    }

    #[test]
    fn links() {
        let targets = |text| {
            let target = |piece: Piece<'_>| match piece.kind {
                Kind::Target { start, target } => Some((start..piece.range.end, target.to_owned())),
                Kind::Wiki { target, .. } => Some((piece.range, target.to_owned())),
                _ => None,
            };
            pieces(text)
                .into_iter()
                .filter_map(target)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            targets("[a [b] c](<my note.md>) ![i](p.png 't') [[N#H\\|t]] [no] (x) `[c](d)`"),
            [
                (0..23, "my note.md".to_owned()),
                (24..39, "p.png".to_owned()),
                (40..50, "N#H".to_owned())
            ]
        );
        assert_eq!(targets("[open](x [[ [y]("), []);
    }
}
