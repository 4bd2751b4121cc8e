//! Whether a text may change a collection that a loop walks, as words show it, without parsing.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::wording::{closing, is_word, word_length};

/// Whether a text has a `for` over something that its turns may give another size, by the last word of it.
pub(super) fn changes_what_it_walks(bytes: &[u8]) -> bool {
    static IN: LazyLock<Finder<'_>> = LazyLock::new(|| Finder::new(" in "));
    IN.find_iter(bytes).any(|at| {
        let line = line_start(bytes, at);
        let before = bytes[line..at].trim_ascii_start();
        // the targets may stand in lines of their own
        let is_statement = [&b"for "[..], b"async ", b")"]
            .iter()
            .any(|word| before.starts_with(word));
        let turn = match is_statement {
            true => &bytes[at..block_end(bytes, line)],
            false if holds(before, b"for ") => around(bytes, at),
            false => return false,
        };
        let is_own = bytes[at + " in ".len()..].starts_with(b"self.");
        let mut walked = Vec::new();
        names(&bytes[at + " in ".len()..], &mut walked);
        walked.into_iter().any(|name| {
            let mut others = other_names(bytes, name);
            // a method of the object may do it, where a class is short enough to stand in one text
            let by_method = || calls_own_method(turn) && is_changed(bytes, name);
            is_changed(turn, name)
                || others.any(|other| is_changed(turn, other))
                || is_own && by_method()
        })
    })
}

fn holds(bytes: &[u8], needle: &[u8]) -> bool {
    memchr::memmem::find(bytes, needle).is_some()
}

/// Whether a line of a loop's turn begins with a call of a method of the object.
fn calls_own_method(turn: &[u8]) -> bool {
    memchr::memmem::find_iter(turn, b"self.").any(|at| {
        let method = &turn[at + "self.".len()..];
        let begins = turn[line_start(turn, at)..at].trim_ascii_start().is_empty();
        begins && method.get(word_length(method)) == Some(&b'(')
    })
}

fn line_start(bytes: &[u8], at: usize) -> usize {
    memchr::memrchr2(b'\n', b'\r', &bytes[..at]).map_or(0, |newline| newline + 1)
}

/// Where the block ends whose header begins in a line: before the next line that is not indented more.
fn block_end(bytes: &[u8], line: usize) -> usize {
    let blanks = |line: &[u8]| {
        let is_blank = |byte: &&u8| matches!(byte, b' ' | b'\t');
        line.iter().take_while(is_blank).count()
    };
    let indent = blanks(&bytes[line..]);
    memchr::memchr2_iter(b'\n', b'\r', &bytes[line..])
        .map(|newline| line + newline + 1)
        .find(|next| {
            let length = blanks(&bytes[*next..]);
            let first = bytes.get(next + length);
            // the brackets of the header may close in a line of their own
            let is_code = !matches!(first, None | Some(b'\n' | b'\r' | b'#' | b')'));
            length <= indent && is_code
        })
        .unwrap_or(bytes.len())
}

/// The lines around a place in a comprehension.
fn around(bytes: &[u8], at: usize) -> &[u8] {
    const LINES: usize = 3;
    let mut start = at;
    for _ in 0..=LINES {
        start = line_start(bytes, start).saturating_sub(1);
    }
    let mut newlines = memchr::memchr2_iter(b'\n', b'\r', &bytes[at..]);
    let end = newlines.nth(LINES).map_or(bytes.len(), |more| at + more);
    &bytes[start..end]
}

/// Words that stand around what is walked, and give it back in turns.
const WRAPPERS: &[&[u8]] = &[b"enumerate", b"zip", b"iter"];
const VIEWS: &[&[u8]] = &[b"items", b"keys", b"values"];

/// The last words of the names that are walked by an expression that a text begins with. What a call gives has no name, but for the views of a dict.
fn names<'t>(text: &'t [u8], found: &mut Vec<&'t [u8]>) {
    let text = text.trim_ascii_start();
    let mut before: &[u8] = &[];
    let mut rest = text;
    let word = loop {
        let word = &rest[..word_length(rest)];
        rest = &rest[word.len()..];
        match rest.first() {
            Some(b'.') => (before, rest) = (word, &rest[1..]),
            _ => break word,
        }
    };
    match rest.first() {
        Some(b'(') if WRAPPERS.contains(&word) => {
            let end = closing(rest).unwrap_or(rest.len());
            for argument in rest[1..end.max(1)].split(|byte| *byte == b',') {
                names(argument, found);
            }
        }
        // `for x in (\n    names\n)`
        Some(b'(') if word.is_empty() && before.is_empty() => names(&rest[1..], found),
        Some(b'(') if VIEWS.contains(&word) && !before.is_empty() => found.push(before),
        Some(b'(' | b'[') => {}
        // `self.items` without a call is no view
        _ if !word.is_empty() => found.push(word),
        _ => {}
    }
}

/// The names that a text gives the object of a name, and those that it comes from: `same = name`, `name = other.items()`.
fn other_names<'t>(bytes: &'t [u8], name: &'t [u8]) -> impl Iterator<Item = &'t [u8]> {
    memchr::memmem::find_iter(bytes, name).filter_map(move |at| {
        let before = bytes[..at].trim_ascii_end();
        let after = bytes[at + name.len()..].trim_ascii_start();
        if let Some(value) = after
            .strip_prefix(b"=")
            .filter(|value| !value.starts_with(b"="))
        {
            let mut found = Vec::new();
            names(value, &mut found);
            return found.pop();
        }
        let target = before.strip_suffix(b"=")?.trim_ascii_end();
        let length = target
            .iter()
            .rev()
            .take_while(|byte| is_word(**byte))
            .count();
        Some(&target[target.len() - length..]).filter(|name| !name.is_empty())
    })
}

/// Methods that may give a collection another size.
const METHODS: &[&[u8]] = &[
    b"add",
    b"append",
    b"appendleft",
    b"clear",
    b"difference_update",
    b"discard",
    b"extend",
    b"extendleft",
    b"insert",
    b"intersection_update",
    b"pop",
    b"popitem",
    b"popleft",
    b"remove",
    b"setdefault",
    b"symmetric_difference_update",
    b"update",
];

fn is_changed(bytes: &[u8], name: &[u8]) -> bool {
    memchr::memmem::find_iter(bytes, name).any(|at| {
        let before = &bytes[..at];
        let after = &bytes[at + name.len()..];
        if before.last().is_some_and(|byte| is_word(*byte)) {
            return false;
        }
        match after.first() {
            Some(b'.') => METHODS.contains(&&after[1..1 + word_length(&after[1..])]),
            Some(b'[') => {
                let Some(end) = closing(after) else {
                    return true;
                };
                let rest = after[end + 1..].trim_ascii_start();
                let is_assigned = rest.starts_with(b"=") && !rest.starts_with(b"==");
                // the item of a key that has a name of its own, often the turn's, may be there, if nobody asks
                let is_named = after[1..end].iter().all(|byte| is_word(*byte));
                is_assigned && (!is_named || holds(bytes, b"not in ")) || is_deleted(before)
            }
            Some(b' ') => {
                let operator = after.trim_ascii_start();
                matches!(operator, [b'+' | b'-' | b'|' | b'&' | b'^', b'=', ..])
            }
            _ => false,
        }
    })
}

/// Whether `del` stands before a name in its line.
fn is_deleted(before: &[u8]) -> bool {
    let line = line_start(before, before.len());
    holds(&before[line..], b"del ")
}

#[cfg(test)]
mod tests {
    use super::changes_what_it_walks;

    #[test]
    fn changes_by_words() {
        for text in [
            "for x in names:\n    names.remove(x)",
            "for x in self.names:\n    if x: self.names.pop()",
            "for k, v in a.table.items():\n    del table[k]",
            "for i, x in enumerate(names):\n    del names[i]",
            "for x, y in zip(a.b, names):\n    names[x:y] = []",
            "same = names\nfor x in names:\n    same.add(x)",
            "pairs = table.items()\nfor x in pairs:\n    table.clear()",
            "for (\n  a,\n) in names:\n\n  # one\n    names += [a]",
            "[names.pop() for x in names]",
            "for x in (\n  names\n):\n    names.pop()",
            "for x in names:\n    if y not in names:\n        names[y] = 1",
        ] {
            assert!(changes_what_it_walks(text.as_bytes()), "{text}");
        }
        for text in [
            "for x in names:\n    other.remove(x)",
            "for x in list(names):\n    names.remove(x)",
            "for x in names:\n    print(names[x])",
            "if x in names:\n    names.remove(x)",
            "for x in names:\n    x.pop()",
            "for x in names:\n    names[x] = 1",
            "for x in names[1:]:\n    names.pop()",
            "for x in a.names(1):\n    names.pop()",
            "names.append(1)\nfor x in names:\n    print(x)\nnames.clear()",
        ] {
            assert!(!changes_what_it_walks(text.as_bytes()), "{text}");
        }
    }
}
