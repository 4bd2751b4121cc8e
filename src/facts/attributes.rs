//! The attributes that class bodies assign, and where methods may change them, as words show it, without parsing.

use memchr::memmem::Finder;

use super::stores::{is_assigned, is_augmented};
use super::wording::{closing, is_word, starts_display_or_call, string_length, word_length};
use super::{MUTATING_METHODS, SegmentFacts, Subjects, trace};
use crate::syntax::CutKind;

/// An attribute of a class body whose value may be an object that methods change in place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClassAttribute<'t> {
    pub name: &'t str,
    /// The last word of what is called; empty for a display.
    pub callee: &'t str,
    /// `CLASS_ATTRIBUTES` for a display or a call of a container of the standard library, else `CLASS_CALLS`.
    pub subjects: Subjects,
    /// Whether the value holds other objects that may be changed, or is of a class that has methods of its own.
    nested: bool,
}

/// The attributes that the class bodies of a segment assign; also for a member that is such a statement. `code` is where the segment's code begins.
pub(super) fn of(text: &str, kind: CutKind, code: usize) -> Vec<ClassAttribute<'_>> {
    let text = &text[code.min(text.len())..];
    if kind == CutKind::Member {
        return attribute(text).into_iter().collect();
    }
    if !text.starts_with(['c', '@', 'i', 't', 'd', 'a']) || !text.contains("class") {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut rest = text;
    // the indentation of the function that the line is part of
    let mut function = None;
    while let Some(newline) = memchr::memchr(b'\n', rest.as_bytes()) {
        rest = &rest[newline + 1..];
        let line = rest.trim_start_matches([' ', '\t']);
        let indent = rest.len() - line.len();
        // `) -> None:` is part of the header
        if line.starts_with(['\n', '\r', '#', ')'])
            || function.is_some_and(|outer| indent > outer && !line.starts_with("class"))
        {
            continue;
        }
        function = None;
        if line.starts_with("def ") || line.starts_with("async ") {
            function = Some(indent);
        } else if indent > 0 {
            found.extend(attribute(line));
        }
    }
    found
}

/// For `name = [`, `name: T = Call(`, ….
fn attribute(text: &str) -> Option<ClassAttribute<'_>> {
    let bytes = text.as_bytes();
    let name = word_length(bytes);
    let rest = bytes[name..].trim_ascii_start();
    let value = match rest.first().filter(|_| name > 0)? {
        b'=' if rest.get(1) != Some(&b'=') => &rest[1..],
        b':' => {
            let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
            &rest[memchr::memchr(b'=', &rest[..end])? + 1..]
        }
        _ => return None,
    };
    let blank = |byte: &&u8| byte.is_ascii_whitespace() || matches!(byte, b'(' | b'\\');
    let value = &value[value.iter().take_while(blank).count()..];
    if !starts_display_or_call(value) {
        return None;
    }
    let dotted = value
        .iter()
        .take_while(|byte| is_word(**byte) || **byte == b'.')
        .count();
    let callee = value[..dotted].rsplit(|byte| *byte == b'.').next();
    let callee = callee.and_then(|name| std::str::from_utf8(name).ok())?;
    let subjects = if callee.is_empty() || ClassAttribute::CONTAINERS.contains(&callee) {
        Subjects::CLASS_ATTRIBUTES
    } else {
        Subjects::CLASS_CALLS
    };
    let value = &value[dotted..];
    let inside = value
        .get(1..closing(value).unwrap_or(value.len()))
        .unwrap_or_default();
    Some(ClassAttribute {
        name: &text[..name],
        callee,
        subjects,
        nested: subjects == Subjects::CLASS_CALLS || holds_containers(inside),
    })
}

/// Whether an element of a display, or an argument, may be a container. What calls are given is theirs.
fn holds_containers(inside: &[u8]) -> bool {
    let mut at = 0;
    while let Some(byte) = inside.get(at) {
        let before = inside[..at].trim_ascii_end();
        match byte {
            b'[' | b'{' if !ends_operand(before) => return true,
            b'(' if !ends_operand(before) => at += 1,
            b'[' | b'(' => match closing(&inside[at..]) {
                Some(end) => at += end + 1,
                None => return true,
            },
            b'"' | b'\'' => at += string_length(&inside[at..]),
            byte if is_word(*byte) => {
                let word = &inside[at..at + word_length(&inside[at..])];
                if ClassAttribute::CONTAINERS
                    .iter()
                    .any(|known| known.as_bytes() == word)
                {
                    return true;
                }
                at += word.len();
            }
            _ => at += 1,
        }
    }
    false
}

/// Whether a text ends as an operand does: a bracket behind it calls it or takes an item of it.
fn ends_operand(before: &[u8]) -> bool {
    let is_keyword = || {
        matches!(
            last_word(before),
            b"if"
                | b"else"
                | b"or"
                | b"and"
                | b"not"
                | b"in"
                | b"is"
                | b"for"
                | b"await"
                | b"lambda"
        )
    };
    matches!(before.last(), Some(byte) if is_word(*byte) || matches!(byte, b')' | b']' | b'"' | b'\''))
        && !is_keyword()
}

/// Built-in functions that read their argument and give back something else.
const READERS: &[&str] = &[
    "all",
    "any",
    "bool",
    "dict",
    "enumerate",
    "filter",
    "frozenset",
    "hasattr",
    "id",
    "isinstance",
    "iter",
    "join",
    "len",
    "list",
    "map",
    "max",
    "min",
    "print",
    "range",
    "repr",
    "reversed",
    "set",
    "sorted",
    "str",
    "sum",
    "tuple",
    "type",
    "zip",
];

impl ClassAttribute<'_> {
    /// The standard library's containers, by their last words.
    pub const CONTAINERS: &'static [&'static str] = &[
        "list",
        "dict",
        "set",
        "bytearray",
        "defaultdict",
        "OrderedDict",
        "Counter",
        "deque",
        "ChainMap",
        "UserDict",
        "UserList",
        "array",
    ];

    /// Whether the value holds other objects that may be changed, or is of a class that has methods of its own.
    pub fn is_nested(&self) -> bool {
        self.nested
    }

    /// Notes that readings of the attribute are looked for, and what is done to them.
    pub fn look_for(&self) {
        trace::look_around_attribute(self.name);
    }

    /// What tells of a segment whether a method in it may change the attribute's object: by a method, an item, an augmented assignment; or hand it on to where
    /// that is done.
    pub fn may_change_in(&self) -> impl Fn(&SegmentFacts) -> bool {
        self.look_for();
        let finder = Finder::new(self.name);
        move |facts| {
            let bytes = facts.silent_text().as_bytes();
            finder.find_iter(bytes).any(|at| {
                let end = at + self.name.len();
                let dot = bytes[..at].trim_ascii_end();
                dot.ends_with(b".")
                    && bytes.get(end).is_none_or(|byte| !is_word(*byte))
                    && self.may_change(bytes, &dot[..dot.len() - 1], &bytes[end..])
            })
        }
    }

    /// The same for one reading, by the text before the dot and the text after the name.
    fn may_change(&self, text: &[u8], before: &[u8], after: &[u8]) -> bool {
        let object = last_word(before);
        let before = &before[..before.len() - object.len()];
        if before.ends_with(b".") || !is_first_parameter(text, object) {
            return false;
        }
        self.is_changed_between(text, before, after, true)
    }

    /// The same by the text before the whole expression and the text after it. `may_be_named` is whether a name that it is given is followed.
    fn is_changed_between(
        &self,
        text: &[u8],
        before: &[u8],
        after: &[u8],
        may_be_named: bool,
    ) -> bool {
        let before = before.trim_ascii_end();
        let blank = after
            .iter()
            .take_while(|byte| matches!(byte, b' ' | b'\t'))
            .count();
        let after = &after[blank..];
        let word = last_word(before);
        let is_read = || reads(word) || before.ends_with(b"*");
        match after.first() {
            Some(b'.') => {
                let method = &after[1..1 + word_length(&after[1..])];
                self.nested
                    || MUTATING_METHODS
                        .iter()
                        .any(|known| known.as_bytes() == method)
            }
            Some(b'[') => {
                let rest =
                    closing(after).map_or(&[][..], |end| after[end + 1..].trim_ascii_start());
                self.nested || word == b"del" || is_assigned(rest) || is_augmented(rest)
            }
            Some(b')' | b',') => {
                let callee = before.strip_suffix(b"(").map(last_word);
                let is_reader = || {
                    callee.is_some_and(|name| READERS.iter().any(|known| known.as_bytes() == name))
                };
                self.nested || !is_read() && !is_reader()
            }
            // a binding of its own, or a comparison
            Some(b'=') => false,
            Some(b':') => self.nested,
            Some(byte) if is_word(*byte) => {
                let next = &after[..word_length(after)];
                self.nested || matches!(next, b"or" | b"and" | b"if" | b"else") && !reads(word)
            }
            None | Some(b'\n' | b'\r' | b'#' | b';') => {
                let keeps = || match assigned(before) {
                    Some([]) => false,
                    Some(name) if may_be_named => self.is_changed_as(text, name),
                    _ => true,
                };
                self.nested || !is_read() && keeps()
            }
            Some(b']' | b'}') => self.nested || !is_read(),
            Some(_) => is_augmented(after),
        }
    }

    /// Whether a text may change what one of its names stands for.
    fn is_changed_as(&self, text: &[u8], name: &[u8]) -> bool {
        memchr::memmem::find_iter(text, name).any(|at| {
            let (before, after) = (&text[..at], &text[at + name.len()..]);
            let is_part = |byte: &u8| is_word(*byte) || *byte == b'.';
            let is_whole = !before.last().is_some_and(is_part)
                && after.first().is_none_or(|byte| !is_word(*byte));
            is_whole && self.is_changed_between(text, before, after, false)
        })
    }
}

/// For a text that ends in `name =` as a whole statement does: the name; in `object.name =` or `+=`: an empty one.
fn assigned(before: &[u8]) -> Option<&[u8]> {
    let target = before.strip_suffix(b"=")?.trim_ascii_end();
    let start = memchr::memrchr(b'\n', target).map_or(0, |newline| newline + 1);
    let target = target[start..].trim_ascii();
    let is_dotted = |byte: &u8| is_word(*byte) || *byte == b'.';
    match target {
        [first, ..] if is_word(*first) && target.iter().all(|byte| is_word(*byte)) => Some(target),
        [first, .., _] if is_word(*first) && target.iter().all(is_dotted) => Some(&[]),
        [
            ..,
            b'+' | b'-' | b'*' | b'/' | b'%' | b'&' | b'|' | b'^' | b'<' | b'>' | b'@',
        ] => Some(&[]),
        _ => None,
    }
}

/// Whether a keyword before an expression only reads it, or gives it away.
fn reads(word: &[u8]) -> bool {
    matches!(
        word,
        b"return"
            | b"yield"
            | b"in"
            | b"is"
            | b"not"
            | b"assert"
            | b"raise"
            | b"if"
            | b"elif"
            | b"while"
    )
}

/// Whether a name may be the first parameter of a function that is defined in a text.
fn is_first_parameter(text: &[u8], name: &[u8]) -> bool {
    name == b"self"
        || memchr::memmem::find_iter(text, name).any(|at| {
            let open = text[..at].trim_ascii_end();
            let close = text[at + name.len()..].trim_ascii_start().first();
            open.strip_suffix(b"(").is_some_and(|header| {
                header[..header.len() - last_word(header).len()].ends_with(b"def ")
            }) && matches!(close, Some(b',' | b')' | b':' | b'/'))
        })
}

fn last_word(before: &[u8]) -> &[u8] {
    let length = before
        .iter()
        .rev()
        .take_while(|byte| is_word(**byte))
        .count();
    &before[before.len() - length..]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn may_change(value: &str, text: &str) -> bool {
        let class = format!("class A:\n    x = {value}\n");
        let attributes = of(&class, CutKind::Item, 0);
        assert_eq!(attributes.len(), 1);
        attributes[0].may_change_in()(&SegmentFacts::new(text.into(), CutKind::Item, 0))
    }

    #[test]
    fn changes_by_words() {
        let plain = |text| may_change("[1, 2]", text);
        for text in [
            "self.x.append(1)",
            "self.x[0] = 1",
            "self.x[a[0]] += 1",
            "del self.x[0]",
            "self.x += [1]",
            "y = self.x\ny.append(1)",
            "y = self.x\nz = y",
            "y = z = self.x",
            "y = self.x or []",
            "fill(\n    self.x\n)",
            "fill(self.x)",
            "fill(y, to=self.x)",
            "def f(this, x): this.x.append(x)",
        ] {
            assert!(plain(text), "{text}");
        }
        for text in [
            "self.x = []",
            "return self.x",
            "if self.x:",
            "for y in self.x:",
            "len(self.x)",
            "self.x.index(1)",
            "y = self.x[0]",
            "if self.x == []:",
            "if y in self.x and z:",
            "if self.x[0] >= 1:",
            "x.append(1)",
            "other.x.append(1)",
            "self.y.x.append(1)",
            "self.xy.append(1)",
            "y = self.x\nreturn y[0]",
            "y.z = self.x",
            "y += self.x",
            "y = [z for z in self.x]",
            "f(*self.x, **self.x)",
        ] {
            assert!(!plain(text), "{text}");
        }
        assert!(may_change("[[]]", "for y in self.x:"));
        for nested in [
            "[1, ([2], 3)]",
            "{'(': {}}",
            "[f(')'), [1]]",
            "[a[1], b if c else []]",
            "[1, c.deque()]",
            "dict(a=[])",
        ] {
            assert!(may_change(nested, "for y in self.x:"), "{nested}");
        }
        for plain in ["[f([1]), g('[')]", "[a[1], b]", "{'a': f({})}", "['[']"] {
            assert!(!may_change(plain, "for y in self.x:"), "{plain}");
        }
        assert!(may_change("Table()", "self.x.fill()"));
        assert!(!may_change("[[]]", "self.x = []"));
    }
}
