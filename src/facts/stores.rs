//! Where a text stores something, as its words show it, without parsing. All may say yes where the answer is no, never the other way round.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::wording::{
    begins_statement, closing, holds, is_word, line_before, near_line_before,
    starts_display_or_call, word_length,
};
use super::{IMPLICIT_METHODS, MUTATING_METHODS};

/// Whether an attribute of a name may be assigned to in a text: by a statement, as one of several targets, by `for` or `with`.
pub(super) fn stores_attribute(bytes: &[u8], name: &str) -> bool {
    memchr::memmem::find_iter(bytes, name).any(|at| {
        // a comment may stand between a dot and a name; nobody does that
        bytes[..at].trim_ascii_end().ends_with(b".") && is_target(bytes, at, at + name.len())
    })
}

/// Whether an attribute, whose name stands between two bytes, may be a target by what follows it and what begins its line.
fn is_target(bytes: &[u8], start: usize, end: usize) -> bool {
    let line = line_before(bytes, start);
    let is_counted = || holds(line, "for ") || begins_statement(line);
    let after = bytes[end..].trim_ascii_start();
    match after.first() {
        Some(b'=') => is_assigned(after),
        Some(b':') => holds(line, "as ") || begins_statement(line),
        Some(b',' | b')' | b']') => holds(line, "as ") || is_among_targets(after),
        Some(b'i') if end < bytes.len() - after.len() => {
            &after[..word_length(after)] == b"in" && is_counted()
        }
        Some(b'#' | b'\\') => true,
        _ => is_augmented(after),
    }
}

/// Whether what follows one of several targets goes on as the others do, to an `=` or an `in`.
fn is_among_targets(after: &[u8]) -> bool {
    let mut at = 0;
    loop {
        let rest = after[at..].trim_ascii_start();
        let blank = &after[at..after.len() - rest.len()];
        let is_new_line = blank.contains(&b'\n') && !after[..at].ends_with(b",");
        at += blank.len();
        match rest.first() {
            // the statement has ended
            Some(byte) if is_new_line && is_word(*byte) => return false,
            Some(b',' | b')' | b']' | b'*' | b'.') => at += 1,
            Some(b'[' | b'(') => match closing(rest) {
                Some(end) => at += end + 1,
                None => return true,
            },
            Some(b'=') => return is_assigned(rest),
            Some(b'#' | b'\\') => return true,
            Some(byte) if is_word(*byte) => {
                let word = &rest[..word_length(rest)];
                if word == b"in" {
                    return true;
                }
                at += word.len();
            }
            _ => return false,
        }
    }
}

/// `=`.
pub(super) fn is_assigned(rest: &[u8]) -> bool {
    rest.starts_with(b"=") && !rest.starts_with(b"==")
}

/// `+=`, `|=`, `//=`, ….
pub(super) fn is_augmented(rest: &[u8]) -> bool {
    let operator = rest
        .iter()
        .take_while(|byte| b"+-*/%&|^<>@".contains(byte))
        .count();
    (1..=2).contains(&operator)
        && is_assigned(&rest[operator..])
        && !matches!(rest[..operator], [b'<' | b'>'])
}

/// Whether an item is stored or deleted whose index is written as a number or a slice, or whose object has the words of a tuple: `pair[0] += 1`, `del pair[-1]`.
pub(super) fn stores_by_number(bytes: &[u8]) -> bool {
    // a table is filled in many lines, and its name asked for once; a text of very many names is parsed
    const ASKED: usize = 64;
    let mut asked: Vec<&[u8]> = Vec::new();
    memchr::memchr_iter(b']', bytes).any(|close| {
        let after = bytes[close + 1..].trim_ascii_start();
        let line = || near_line_before(bytes, close);
        let is_stored = match after.first() {
            // one of several targets
            Some(b',' | b')' | b']') => {
                let rest = &after[..after.len().min(200)];
                rest.contains(&b'=') && !line().contains(&b'=') && !is_in_call(line())
            }
            _ => is_assigned(after) || is_augmented(after),
        };
        if !is_stored && !line().starts_with(b"del ") {
            return false;
        }
        let Some(open) = memchr::memrchr(b'[', &bytes[..close]) else {
            return true;
        };
        let index = bytes[open + 1..close].trim_ascii();
        let number = index.strip_prefix(b"-").unwrap_or(index);
        let length = bytes[..open].iter().rev();
        let length = length.take_while(|byte| is_word(**byte)).count();
        let name = &bytes[open - length..open];
        if number.first().is_some_and(u8::is_ascii_digit) || index.contains(&b':') {
            return true;
        }
        let is_new = !asked.contains(&name);
        if is_new {
            asked.push(name);
        }
        asked.len() > ASKED || is_new && is_called_a_tuple(bytes, name)
    })
}

/// Whether an item is stored in, or a method that changes its object is called of, what a lookup with a default, a copying call or a slice gives.
pub(super) fn changes_temporary(bytes: &[u8]) -> bool {
    const BEFORE: usize = 300;
    memchr::memchr2_iter(b')', b']', bytes).any(|at| {
        let after = bytes[at + 1..].trim_ascii_start();
        let is_changed = match after.first() {
            Some(b'.') => {
                let method = after[1..].trim_ascii_start();
                let method = &method[..word_length(method)];
                let mut known = MUTATING_METHODS.iter();
                known.any(|known| known.as_bytes() == method)
            }
            Some(b'[') => {
                let line = near_line_before(bytes, at);
                bytes[at] == b')'
                    && (line.starts_with(b"del ") || !holds(line, " = ") && is_stored(after))
            }
            _ => false,
        };
        let before = &bytes[at.saturating_sub(BEFORE)..=at];
        is_changed
            && match bytes[at] {
                b')' => [
                    ".get(", "getattr(", "list(", "sorted(", "dict(", "set(", ".copy(",
                ]
                .iter()
                .any(|made| holds(before, made)),
                _ => near_line_before(bytes, at).contains(&b':') || before.ends_with(b":]"),
            }
    })
}

/// Whether a line that begins with an index goes on as that of a store: `['a']['b'] = 1`; or of a deletion.
fn is_stored(index: &[u8]) -> bool {
    let mut rest = index;
    while rest.first() == Some(&b'[') {
        let Some(end) = closing(rest) else {
            return true;
        };
        rest = rest[end + 1..].trim_ascii_start();
    }
    match rest.first() {
        Some(b'=') => rest.get(1) != Some(&b'='),
        Some(b')' | b',' | b':' | b'.') => false,
        Some(_) => rest[..rest.len().min(4)].contains(&b'='),
        None => true,
    }
}

/// Whether a line ends among the arguments of a call.
fn is_in_call(line: &[u8]) -> bool {
    let open = memchr::memrchr(b'(', line);
    open.is_some_and(|open| open > 0 && is_word(line[open - 1]) && !line[open..].contains(&b')'))
}

/// Whether a name is that of a tuple by its words: `*names`, `names = (`, `names: tuple`.
fn is_called_a_tuple(bytes: &[u8], name: &[u8]) -> bool {
    !name.is_empty()
        && memchr::memmem::find_iter(bytes, name).any(|at| {
            let after = bytes[at + name.len()..].trim_ascii_start();
            let value = after.strip_prefix(b"=").map(<[u8]>::trim_ascii_start);
            bytes[..at].ends_with(b"*")
                || value
                    .is_some_and(|value| value.starts_with(b"(") || value.starts_with(b"tuple("))
                || after.strip_prefix(b":").is_some_and(|class| {
                    let class = &class[..class.len().min(40)];
                    holds(class, "uple")
                })
        })
}

/// Whether a special method that Python calls by itself may be assigned as an attribute: `self.__call__ = …`.
pub(super) fn stores_implicit(bytes: &[u8]) -> bool {
    static DUNDER: LazyLock<Finder<'_>> = LazyLock::new(|| Finder::new(".__"));
    DUNDER.find_iter(bytes).any(|dot| {
        let name = &bytes[dot + 1..];
        let (name, after) = name.split_at(word_length(name));
        let after = after.trim_ascii_start();
        let is_target = match after.first() {
            Some(b':' | b',' | b')' | b']') => true,
            _ => is_assigned(after),
        };
        is_target
            && IMPLICIT_METHODS
                .iter()
                .any(|known| known.as_bytes() == name)
    })
}

/// `a = b = [`, `a = b = name(`: the last of several targets that are all names, or of which two are places such as attributes and items.
pub(super) fn chained(bytes: &[u8]) -> bool {
    // where the targets begin that stand before the `=`, and how many of them are names and places
    let (mut names, mut places, mut last) = (0, 0, None);
    for at in memchr::memchr_iter(b'=', bytes) {
        let is_comparison = bytes.get(at + 1) == Some(&b'=')
            || at > 0 && matches!(bytes[at - 1], b'=' | b'!' | b'<' | b'>' | b':');
        let between = last.map(|last: usize| &bytes[last + 1..at]);
        last = Some(at).filter(|_| !is_comparison);
        if is_comparison {
            continue;
        }
        if !between.is_some_and(may_be_target) {
            // the first `=` of a statement
            let line = memchr::memrchr2(b'\n', b'\r', &bytes[..at]).map_or(0, |line| line + 1);
            let target = bytes[line..at].trim_ascii();
            let is_place = target.iter().any(|byte| matches!(byte, b'.' | b'['));
            (names, places) = (usize::from(!is_place), usize::from(is_place));
            continue;
        }
        let target = between.unwrap_or_default();
        match target.iter().any(|byte| matches!(byte, b'.' | b'[')) {
            true => places += 1,
            false => names += 1,
        }
        if (names > 1 || places > 1) && starts_display_or_call(&bytes[at + 1..]) {
            return true;
        }
    }
    false
}

/// Whether a text between two `=` may be a target: a name, an attribute or an item.
fn may_be_target(text: &[u8]) -> bool {
    let mut rest = text.trim_ascii();
    let is_name = rest.first().is_some_and(|byte| is_word(*byte));
    while let Some(byte) = rest.first() {
        let length = match byte {
            b'[' | b'(' => closing(rest).map(|end| end + 1),
            b'.' => Some(1),
            _ => Some(word_length(rest)).filter(|length| *length > 0),
        };
        match length {
            Some(length) => rest = &rest[length..],
            None => return false,
        }
    }
    is_name
}

/// The names in `= x.copy()`, `= x[:]`, `= copy(x)`, `= list(x)`, `= dict(x)`, `= {**x}`, `= [*x]`, and nothing more in the line.
pub(super) fn copied(text: &str) -> impl Iterator<Item = &str> {
    let bytes = text.as_bytes();
    memchr::memchr_iter(b'=', bytes).filter_map(|at| {
        if at > 0 && matches!(bytes[at - 1], b'=' | b'!' | b'<' | b'>') {
            return None;
        }
        let line = &text[at + 1..];
        let end = memchr::memchr3(b'\n', b'#', b';', line.as_bytes());
        copied_in(line[..end.unwrap_or(line.len())].trim_ascii())
    })
}

fn copied_in(value: &str) -> Option<&str> {
    let inside = |open: &str, close: &str| value.strip_prefix(open)?.strip_suffix(close);
    let called = || {
        let (callee, argument) = value.split_once('(')?;
        let is_copying = matches!(callee, "list" | "dict" | "copy" | "copy.copy");
        argument.strip_suffix(')').filter(|_| is_copying)
    };
    // `{**name, "key": value}`, `dict(name, key=value)`, `name | {"key": value}`
    let with_more = || {
        let begun = value.strip_prefix("{**").or(value.strip_prefix("dict("));
        let rest = begun.unwrap_or(value).trim_ascii_start();
        let is_part = |byte: u8| is_word(byte) || byte == b'.';
        let end = rest.bytes().position(|byte| !is_part(byte))?;
        let more = rest[end..].trim_ascii_start();
        let has_more = match begun {
            Some(_) => more.starts_with(','),
            None => more.starts_with("| {"),
        };
        has_more.then(|| &rest[..end])
    };
    let name = value
        .strip_suffix(".copy()")
        .or(value.strip_suffix("[:]"))
        .or(inside("{**", "}"))
        .or(inside("[*", "]"))
        .or_else(called)
        .filter(|name| is_dotted_name(name.trim_ascii()))
        .or_else(with_more)?;
    Some(name.trim_ascii()).filter(|name| is_dotted_name(name))
}

fn is_dotted_name(name: &str) -> bool {
    let is_first = |first: &u8| is_word(*first) && !first.is_ascii_digit();
    name.as_bytes().first().is_some_and(is_first)
        && name.bytes().all(|byte| is_word(byte) || byte == b'.')
}

/// Whether a name may be bound to a display or a comprehension: in the line of the name, or in parentheses that are opened there.
pub(super) fn binds_display(text: &str, name: &str) -> bool {
    let bytes = text.as_bytes();
    memchr::memmem::find_iter(bytes, name).any(|at| {
        let rest = &bytes[at + name.len()..];
        let line = &rest[..memchr::memchr(b'\n', rest).unwrap_or(rest.len())];
        let is_display = |equals: usize| {
            let value = line[equals + 1..].trim_ascii_start();
            matches!(value.first(), None | Some(b'[' | b'{' | b'(' | b'\\'))
        };
        let is_annotated = line.trim_ascii_start().starts_with(b":");
        line.first().is_none_or(|byte| !is_word(*byte))
            && (is_annotated || memchr::memchr_iter(b'=', line).any(is_display))
    })
}

/// Whether some name may be bound to a display.
pub(super) fn binds_displays(text: &str) -> bool {
    ["= [", "= {"].iter().any(|words| text.contains(words))
}

/// The names of attributes that a text may assign to.
pub(super) fn stored_attributes(text: &str) -> impl Iterator<Item = &str> {
    let bytes = text.as_bytes();
    memchr::memchr_iter(b'.', bytes).filter_map(move |dot| {
        let rest = bytes[dot + 1..].trim_ascii_start();
        let start = bytes.len() - rest.len();
        let end = start + word_length(rest);
        (start < end && is_target(bytes, start, end)).then(|| &text[start..end])
    })
}

/// The names and dotted names that stand directly before a parenthesis in a text, where no class or function of that name is defined.
pub(super) fn called_names(text: &str) -> impl Iterator<Item = &str> {
    let bytes = text.as_bytes();
    memchr::memchr_iter(b'(', bytes).filter_map(move |open| {
        let is_part =
            |byte: &u8| byte.is_ascii_alphanumeric() || matches!(*byte, b'_' | b'.' | 0x80..);
        let length = bytes[..open]
            .iter()
            .rev()
            .take_while(|byte| is_part(byte))
            .count();
        let start = open - length;
        let is_defined = bytes[..start].ends_with(b"class ") || bytes[..start].ends_with(b"def ");
        text.get(start..open)
            .filter(|name| !name.is_empty() && !is_defined)
    })
}

/// Whether a function of a name may be called in a text, by its name or by one that is given to it there.
pub(super) fn calls(text: &str, name: &str) -> bool {
    let bytes = text.as_bytes();
    memchr::memmem::find_iter(bytes, name).any(|at| {
        let line = line_before(bytes, at);
        let after = &bytes[at + name.len()..];
        let is_whole = !line.last().is_some_and(|byte| is_word(*byte))
            && !after.first().is_some_and(|byte| is_word(*byte));
        let after = after.trim_ascii_start();
        let is_called = || {
            !line.ends_with(b"def ")
                && (matches!(after.first(), Some(b'(' | b'\\' | b'#')) || after.starts_with(b")("))
        };
        is_whole && (line.contains(&b'=') || line.is_empty() || is_called())
    })
}

#[cfg(test)]
mod tests {
    use super::{binds_display, calls, stored_attributes, stores_attribute};

    #[test]
    fn stores_of_attributes() {
        for text in [
            "self.x = 1",
            "self.x: T = 1",
            "self . x += 1",
            "y = self.x = 1",
            "self.x, y = 1, 2",
            "(y, (self.x, *z)), a.b[f(1)] = 3",
            "[\n    self.x,\n    y,\n] = z",
            "for self.x in y: pass",
            "for y, self.x in z: pass",
            "for (\n    self.x,\n    y\n) in z: pass",
            "with f() as self.x: pass",
            "with f() as (y, self.x), g() as z: pass",
            "if y: self.x: T = 1",
            "self.x \\\n = 1",
            "f(y.x)\nself.x //= 2",
        ] {
            assert!(stores_attribute(text.as_bytes(), "x"), "{text}");
        }
        for text in [
            "x = 1",
            "self.xy = 1",
            "self.x.y = 1",
            "self.x[0] = 1",
            "self.x == 1",
            "self.x <= 1",
            "if self.x: pass",
            "if self.x in y: pass",
            "y = z[self.x:]",
            "f(self.x)\ny = 1",
            "f(self.x, 'y', z=1)",
            "f(\n    self.x, -1\n)",
            "return self.x",
            "return self.x\nin_y = 1",
        ] {
            assert!(!stores_attribute(text.as_bytes(), "x"), "{text}");
        }
    }

    #[test]
    fn attributes_that_are_stored() {
        let names = |text| stored_attributes(text).collect::<Vec<_>>();
        assert_eq!(names("self.x = self.y\nself.z += 1"), ["x", "z"]);
        assert_eq!(names("if self.x == 1: f(self.y, 2)"), [""; 0]);
    }

    #[test]
    fn names_that_are_bound_to_displays() {
        for text in [
            "x = []",
            "x: T = y",
            "x = y = {1: 2}",
            "x = (\n    [])",
            "x = \\\n []",
        ] {
            assert!(binds_display(text, "x"), "{text}");
        }
        for text in ["x = y", "xs = []", "f(x)\ny = []", "x = f([])"] {
            assert!(!binds_display(text, "x"), "{text}");
        }
    }

    #[test]
    fn functions_that_are_called() {
        for text in [
            "y.f(1)",
            "f (1)",
            "g = f\ng()",
            "(g or f)(1)",
            "h(\n    f\n)",
        ] {
            assert!(calls(text, "f"), "{text}");
        }
        for text in [
            "def f(): pass",
            "from m import f",
            "@f\ndef g(): pass",
            "return f",
        ] {
            assert!(!calls(text, "f"), "{text}");
        }
    }
}
