//! What the words of a text show: small questions about code that is not parsed. All may say yes where the answer is no, never the other way round.

use super::Subjects;
pub(super) use crate::syntax::is_word;

pub(super) fn word_length(bytes: &[u8]) -> usize {
    let end = bytes.iter().position(|byte| !is_word(*byte));
    end.unwrap_or(bytes.len())
}

/// After `def`: what the header's parameters show.
pub(super) fn parameters(rest: &[u8]) -> Subjects {
    let open = memchr::memchr(b'(', &rest[..rest.len().min(200)]);
    match open {
        Some(open) if gives_back_a_container(rest, open) => {
            defaults(&rest[open..], b')').union(Subjects::RETURNED_CONTAINERS)
        }
        Some(open) => defaults(&rest[open..], b')'),
        None => Subjects::NONE,
    }
}

/// Whether one of a function's parameters is annotated as a container, and the function returns it, or has the name of something else.
fn gives_back_a_container(rest: &[u8], open: usize) -> bool {
    const PROMISES: [&[u8]; 6] = [
        b"sorted_",
        b"reversed_",
        b"merged_",
        b"filtered_",
        b"with_",
        b"without_",
    ];
    let header = &rest[open..];
    let Some(end) = closing(header) else {
        return false;
    };
    let body = &header[end..];
    let name = rest[..open].trim_ascii();
    let name = &name[name.iter().take_while(|byte| **byte == b'_').count()..];
    let mut annotated = memchr::memchr_iter(b':', &header[..end]).filter_map(|colon| {
        let before = header[..colon].trim_ascii_end();
        let length = before.iter().rev().take_while(|byte| is_word(**byte));
        let name = &before[before.len() - length.count()..];
        names_container(&header[colon + 1..end]).then_some(name)
    });
    annotated.any(|parameter| {
        PROMISES.iter().any(|start| name.starts_with(start)) || returns(body, parameter)
    })
}

/// Whether an annotation begins with the name of a container that can be changed.
fn names_container(annotation: &[u8]) -> bool {
    const NAMES: [&[u8]; 16] = [
        b"list",
        b"List",
        b"dict",
        b"Dict",
        b"set",
        b"Set",
        b"deque",
        b"Deque",
        b"bytearray",
        b"Counter",
        b"defaultdict",
        b"DefaultDict",
        b"OrderedDict",
        b"MutableMapping",
        b"MutableSequence",
        b"MutableSet",
    ];
    let is_open = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'');
    let start = annotation.iter().take_while(|byte| is_open(byte)).count();
    let rest = &annotation[start..];
    let length = rest
        .iter()
        .take_while(|byte| is_word(**byte) || **byte == b'.')
        .count();
    let last = rest[..length].rsplit(|byte| *byte == b'.').next();
    match last {
        Some(b"Optional") => {
            let inside = rest.get(length + 1..);
            inside.is_some_and(|inside| !inside.is_empty() && names_container(inside))
        }
        Some(last) => NAMES.contains(&last),
        None => false,
    }
}

/// Whether a name stands directly behind `return`.
fn returns(body: &[u8], name: &[u8]) -> bool {
    memchr::memmem::find_iter(body, b"return").any(|at| {
        let value = &body[at + b"return".len()..];
        let blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'(');
        let value = &value[value.iter().take_while(|byte| blank(byte)).count()..];
        value
            .strip_prefix(name)
            .is_some_and(|after| after.first().is_none_or(|byte| !is_word(*byte)))
    })
}

/// What defaults a parameter list has that ends at the outermost `close`: `= [`, `= {` or `= name(`, and `= name`.
pub(super) fn defaults(header: &[u8], close: u8) -> Subjects {
    let mut found = Subjects::NONE;
    let mut depth = 0i32;
    let mut at = 0;
    while at < header.len() {
        match header[at] {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => {
                depth -= 1;
                if depth <= 0 {
                    break;
                }
            }
            b if b == close && depth == 0 => break,
            b'\n' if depth == 0 => break,
            b'#' => at += memchr::memchr(b'\n', &header[at..]).unwrap_or(header.len() - at) - 1,
            b'=' if header.get(at + 1) == Some(&b'=') => at += 1,
            b'=' if starts_display_or_call(&header[at + 1..])
                || starts_formatted(&header[at + 1..]) =>
            {
                found = found.union(Subjects::DEFAULTS);
            }
            b'=' if starts_name(&header[at + 1..]) => {
                found = found.union(Subjects::NAMED_DEFAULTS);
            }
            _ => {}
        }
        at += 1;
    }
    found
}

/// Whether an expression begins with a text in which others stand: `f"{name}"`.
fn starts_formatted(rest: &[u8]) -> bool {
    let rest = rest.trim_ascii_start();
    let letters = rest.iter().take_while(|byte| byte.is_ascii_alphabetic());
    let prefix = &rest[..letters.take(2).count()];
    matches!(rest.get(prefix.len()), Some(b'"' | b'\''))
        && prefix.iter().any(|letter| matches!(letter, b'f' | b'F'))
}

/// The names that stand behind a `=` in a text.
pub(super) fn given_names(text: &str) -> impl Iterator<Item = &str> {
    memchr::memchr_iter(b'=', text.as_bytes()).filter_map(|at| {
        let value = text[at + 1..]
            .trim_start_matches(|c: char| c.is_ascii_whitespace() || matches!(c, '(' | '\\'));
        let name = &value[..dotted_length(value.as_bytes())];
        starts_name(value.as_bytes()).then_some(name)
    })
}

/// Whether an expression begins with a name that is no constant of the language, and no text.
fn starts_name(rest: &[u8]) -> bool {
    const CONSTANTS: [&[u8]; 5] = [b"None", b"True", b"False", b"lambda", b"not"];
    let rest = &rest[rest
        .iter()
        .take_while(|byte| byte.is_ascii_whitespace() || matches!(byte, b'(' | b'\\'))
        .count()..];
    let name = &rest[..rest.iter().take_while(|byte| is_word(**byte)).count()];
    let is_text = matches!(rest.get(name.len()), Some(b'"' | b'\''));
    name.first().is_some_and(|first| !first.is_ascii_digit())
        && !is_text
        && !CONSTANTS.contains(&name)
}

/// Whether an expression begins with `[`, `{`, or a dotted name and `(`; parentheses around it are skipped.
pub(super) fn starts_display_or_call(rest: &[u8]) -> bool {
    let rest = &rest[rest
        .iter()
        .take_while(|byte| byte.is_ascii_whitespace() || matches!(byte, b'(' | b'\\'))
        .count()..];
    match rest.first() {
        Some(b'[' | b'{') => true,
        Some(byte) if is_word(*byte) && !byte.is_ascii_digit() => {
            let name = rest
                .iter()
                .take_while(|byte| is_word(**byte) || **byte == b'.')
                .count();
            // a subscripted generic is called too: `defaultdict[str, int](int)`
            matches!(rest.get(name), Some(b'(' | b'['))
        }
        _ => false,
    }
}

/// After `class`: several arguments, keywords.
pub(super) fn class_header(rest: &[u8]) -> Subjects {
    let Some(open) = rest
        .iter()
        .take(200)
        .position(|byte| matches!(byte, b'(' | b':'))
    else {
        return Subjects::NONE;
    };
    if rest[open] == b':' {
        return Subjects::NONE;
    }
    let mut found = Subjects::NONE;
    let mut depth = 0i32;
    for (at, byte) in rest[open..].iter().enumerate() {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth -= 1,
            b',' if depth == 1
                && rest[open + at + 1..].trim_ascii_start().first() != Some(&b')') =>
            {
                found = found.union(Subjects::BASES);
            }
            b'=' if depth == 1 && !rest[..open + at].trim_ascii_end().ends_with(b"metaclass") => {
                found = found.union(Subjects::CLASS_KEYWORDS);
            }
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    found
}

/// Whether a class statement whose `class` is at a byte has a decorator that may put something else in the class's place.
pub(super) fn is_replaced(bytes: &[u8], start: usize) -> bool {
    const KEEPING: [&[u8]; 5] = [
        b"dataclass",
        b"total_ordering",
        b"final",
        b"unique",
        b"runtime_checkable",
    ];
    if !line_before(bytes, start).is_empty() {
        return false;
    }
    let above = bytes[..start].rsplit(|byte| *byte == b'\n').skip(1);
    for line in above.map(<[u8]>::trim_ascii) {
        match line.first() {
            None | Some(b'#') => {}
            Some(b'@') => {
                let dotted = line[1..].iter();
                let name = dotted.take_while(|byte| is_word(**byte) || **byte == b'.');
                let name = &line[1..1 + name.count()];
                if !KEEPING.contains(&name.rsplit(|byte| *byte == b'.').next().unwrap_or(name)) {
                    return true;
                }
            }
            // the end of a decorator of several lines
            _ => return line.ends_with(b")") || line.starts_with(b")"),
        }
    }
    false
}

/// `[…] * n` or `n * […]`.
pub(super) fn repetition(bytes: &[u8]) -> bool {
    memchr::memchr_iter(b'*', bytes).any(|at| {
        let before = bytes[..at].trim_ascii_end().last();
        let after = bytes[at + 1..].trim_ascii_start().first();
        let is_tuple = || {
            let rest = bytes[..at].trim_ascii_end();
            rest.ends_with(b")") && rest[..rest.len() - 1].trim_ascii_end().ends_with(b",")
        };
        (matches!(before, Some(b']')) || is_tuple()) && bytes.get(at + 1) != Some(&b'*')
            || matches!(after, Some(b'['))
                && matches!(before, Some(b) if is_word(*b) || *b == b')')
                && bytes.get(at + 1) != Some(&b'*')
    })
}

/// Whether a statement assigns a dict: a display in braces, or a call of something whose name ends as that of a dict does.
pub(super) fn assigns_dict(text: &str) -> bool {
    text.match_indices('=').any(|(at, _)| {
        let value = text[at + 1..].trim_start();
        let name = value.split(['(', '[', '{']).next().unwrap_or_default();
        let made = ["dict", "Dict"].iter().any(|word| name.ends_with(word));
        made || value.starts_with('{')
    })
}

/// Whether slots are named, by `__slots__` or the keyword `slots` of data classes.
pub(super) fn has_slots(bytes: &[u8]) -> bool {
    const NAME: &str = "__slots__";
    let is_filled = |at: usize| {
        let rest = bytes[at + NAME.len()..].trim_ascii_start();
        let value = rest
            .strip_prefix(b"=")
            .unwrap_or_default()
            .trim_ascii_start();
        !(value.starts_with(b"()") || value.starts_with(b"[]"))
    };
    memchr::memmem::find_iter(bytes, NAME).any(is_filled) || holds(bytes, "slots=")
}

/// The last part of a line before a byte, as far as it is worth to look back: data has long lines.
pub(super) fn near_line_before(bytes: &[u8], at: usize) -> &[u8] {
    const NEAR: usize = 400;
    let from = at.saturating_sub(NEAR);
    line_before(&bytes[from..], at - from)
}

/// Whether a word stands alone between a parenthesis or a comma and the next: as a base does.
pub(super) fn is_base(bytes: &[u8], start: usize, end: usize) -> bool {
    let before = bytes[..start].trim_ascii_end().last();
    let after = bytes[end..].trim_ascii_start().first();
    // `import type` and `module.type` too: another name for it, or its full name
    matches!(before, Some(b'(' | b',' | b'.' | b'=')) && matches!(after, Some(b')' | b',' | b'\n'))
        || after.is_none()
}

/// What a function that keeps an object asks before it makes one.
fn asks_for_missing(bytes: &[u8]) -> bool {
    [
        "is None",
        "is not None",
        "if not ",
        "if cls.",
        "hasattr(",
        " in ",
        "except AttributeError",
        "except KeyError",
    ]
    .iter()
    .any(|question| holds(bytes, question))
}

pub(super) fn holds(bytes: &[u8], needle: &str) -> bool {
    memchr::memmem::find(bytes, needle.as_bytes()).is_some()
}

/// Whether a text with a `__new__` or a metaclass's `__call__` in it may make one object and keep it.
pub(super) fn may_keep_new(bytes: &[u8]) -> bool {
    let makes = holds(bytes, ".__new__(") || holds(bytes, ".__call__(");
    makes && (holds(bytes, "if ") || holds(bytes, "except "))
}

/// Whether a text with a class method or a static method in it may make one object and keep it: `cls._instance = …`.
pub(super) fn may_keep_made(bytes: &[u8]) -> bool {
    let stores = |line: &[u8]| {
        let Some(equals) = memchr::memmem::find(line, b" = ") else {
            return false;
        };
        let left = line[..equals].trim_ascii_start();
        let is_place = left.iter().any(|byte| matches!(byte, b'.' | b'['));
        let value = line[equals + " = ".len()..].trim_ascii_start();
        is_place && !left.starts_with(b"self.") && value.first().is_some_and(|byte| is_word(*byte))
    };
    asks_for_missing(bytes)
        && (bytes.split(|byte| *byte == b'\n').any(stores) || holds(bytes, "setdefault("))
}

/// Whether a function, whose text from `def` on this is, may be a class decorator that makes one object of the class and keeps it.
pub(super) fn may_decorate(function: &[u8]) -> bool {
    let Some(open) = memchr::memchr(b'(', &function[..function.len().min(200)]) else {
        return false;
    };
    let first = function[open + 1..].trim_ascii_start();
    let name = &first[..word_length(first)];
    let calls = || {
        memchr::memmem::find_iter(first, name).any(|at| {
            at > 0 && first.get(at + name.len()) == Some(&b'(') && !is_word(first[at - 1])
        })
    };
    !name.is_empty() && holds(first, "def ") && calls() && asks_for_missing(first)
}

/// Whether, for the names behind `global`, a text asks whether one is there and assigns it.
pub(super) fn may_keep_global(bytes: &[u8], names: &[u8]) -> bool {
    let end = memchr::memchr2(b'\n', b'#', names).unwrap_or(names.len());
    names[..end].split(|byte| *byte == b',').any(|name| {
        let name = name.trim_ascii();
        let is_asked = || {
            memchr::memmem::find_iter(bytes, name).any(|at| {
                let (before, after) = (&bytes[..at], &bytes[at + name.len()..]);
                after.starts_with(b" is ")
                    || before.ends_with(b"not ")
                    || before.ends_with(b"if ")
                    || before.ends_with(b"while ")
            })
        };
        !name.is_empty() && is_asked()
    })
}

/// Whether `.member` follows: `atexit.register`.
pub(super) fn is_member(after: &[u8], member: &str) -> bool {
    let after = after.strip_prefix(b".").unwrap_or_default();
    &after[..word_length(after)] == member.as_bytes()
}

/// The text before a byte, from the start of its line.
pub(super) fn line_before(bytes: &[u8], at: usize) -> &[u8] {
    let start = memchr::memrchr(b'\n', &bytes[..at]).map_or(0, |newline| newline + 1);
    bytes[start..at].trim_ascii_start()
}

/// Whether a module's name, at a byte, is that of `from module import …` or `import module as …`.
pub(super) fn is_imported(bytes: &[u8], start: usize, end: usize) -> bool {
    let before = line_before(bytes, start);
    before == b"from " || (before.starts_with(b"import ") && bytes[end..].starts_with(b" as "))
}

/// Whether a name at a byte is a submodule of another: `multiprocessing.dummy`, `from multiprocessing import dummy`.
pub(super) fn is_below(bytes: &[u8], start: usize, module: &str) -> bool {
    holds(line_before(bytes, start), module)
}

/// Whether a name at a byte stands in a decorator, not among its arguments.
pub(super) fn is_decorator(bytes: &[u8], start: usize) -> bool {
    let before = line_before(bytes, start);
    before.strip_prefix(b"@").is_some_and(|dotted| {
        dotted
            .iter()
            .all(|byte| is_word(*byte) || matches!(byte, b'.' | b' '))
    })
}

/// Whether a decorator of data classes, or the module of one, is called by what follows its name: `dataclass(`, `attr.s(`; or handed on: `partial(dataclass, …)`.
pub(super) fn may_make_fields(after: &[u8]) -> bool {
    let members: [&[u8]; 6] = [
        b".s(",
        b".attrs(",
        b".define(",
        b".mutable(",
        b".frozen(",
        b".dataclass",
    ];
    after.starts_with(b"(")
        || after.starts_with(b", ")
        || members.iter().any(|member| after.starts_with(member))
}

/// Whether what a call gives, whose last word is at a byte, may be used in its line: what it is called on does not begin a statement.
pub(super) fn is_used(bytes: &[u8], start: usize, after: &[u8]) -> bool {
    let line = line_before(bytes, start);
    if !after.starts_with(b"(") || line.starts_with(b"#") {
        return false;
    }
    let begins = begins_statement(line);
    // `names.append(1).append(2)`; a chain that was begun in a line above
    let is_chained = || {
        let close = closing(after);
        line.starts_with(b".") || close.is_none_or(|close| after.get(close + 1) == Some(&b'.'))
    };
    !begins || is_chained()
}

/// Whether a line before an attribute's name holds nothing but what the attribute is one of, or a statement's end before that: `if full: names.`
pub(super) fn begins_statement(line: &[u8]) -> bool {
    let mut depth = 0;
    let receiver = line.iter().rev().take_while(|byte| {
        match byte {
            b')' | b']' | b'}' => depth += 1,
            b'(' | b'[' | b'{' if depth == 0 => return false,
            b'(' | b'[' | b'{' => depth -= 1,
            b'"' | b'\'' => {}
            _ => return depth > 0 || is_word(**byte) || **byte == b'.',
        }
        true
    });
    let before = line[..line.len() - receiver.count()].trim_ascii_end();
    before.is_empty() || matches!(before.last(), Some(b':' | b';'))
}

/// Whether a name at a byte is that of an attribute.
pub(super) fn is_attribute(bytes: &[u8], start: usize) -> bool {
    bytes[..start].trim_ascii_end().ends_with(b".")
}

/// Whether a name at a byte is that of a method which is called: `changed.wait(1)`.
pub(super) fn is_method_call(bytes: &[u8], start: usize, after: &[u8]) -> bool {
    let before = bytes[..start].trim_ascii_end();
    before.ends_with(b".") && after.trim_ascii_start().starts_with(b"(")
}

/// After `with`: whether one of the managers is a name or an attribute.
pub(super) fn enters_named(header: &[u8]) -> bool {
    let header = header.trim_ascii_start();
    let outer = i32::from(header.first() == Some(&b'('));
    let (mut depth, mut item) = (0, usize::try_from(outer).unwrap_or_default());
    for (at, byte) in header.iter().enumerate().take(400) {
        let ends = match byte {
            b'(' | b'[' | b'{' => {
                depth += 1;
                false
            }
            b')' | b']' | b'}' => {
                depth -= 1;
                depth < outer
            }
            b',' => depth == outer,
            b':' => depth == 0,
            _ => false,
        };
        if ends {
            if is_named(&header[item.min(at)..at]) {
                return true;
            }
            item = at + 1;
        }
        let is_over = *byte == b'\n' && at > 0 && header[at - 1] != b'\\';
        if depth == 0 && (*byte == b':' || is_over) {
            return false;
        }
    }
    // it is not known where this ends
    true
}

/// Whether a manager, with `as` and a target or without, is a name or an attribute.
fn is_named(item: &[u8]) -> bool {
    let item = item.trim_ascii();
    let name = item
        .iter()
        .take_while(|byte| is_word(**byte) || **byte == b'.')
        .count();
    let rest = item[name..].trim_ascii_start();
    name > 0 && (rest.is_empty() || rest.starts_with(b"as "))
}

/// After `while`: whether the loop's body begins with something that does nothing, or with a test.
pub(super) fn is_idle_loop(header: &[u8]) -> bool {
    let mut depth = 0i32;
    let colon = header.iter().take(400).position(|byte| {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth -= 1,
            _ => {}
        }
        *byte == b':' && depth == 0
    });
    let Some(colon) = colon else { return false };
    let mut body = header[colon + 1..].trim_ascii_start();
    while body.first() == Some(&b'#') {
        let end = memchr::memchr(b'\n', body).unwrap_or(body.len());
        body = body[end..].trim_ascii_start();
    }
    let first = &body[..word_length(body)];
    let sleeps_no_time = || {
        let name = body
            .iter()
            .take_while(|byte| is_word(**byte) || **byte == b'.')
            .count();
        let call = body[name..].strip_prefix(b"(");
        call.is_some_and(|arguments| arguments.trim_ascii_start().first() == Some(&b'0'))
    };
    matches!(first, b"pass" | b"continue" | b"if") || body.starts_with(b"...") || sleeps_no_time()
}

/// Whether a name at a byte is that of a method which is called without arguments: `jobs.join()`.
pub(super) fn is_bare_call(bytes: &[u8], start: usize, after: &[u8]) -> bool {
    let arguments = after.trim_ascii_start().strip_prefix(b"(");
    let first = arguments.and_then(|rest| rest.trim_ascii_start().first());
    is_method_call(bytes, start, after) && matches!(first, None | Some(b')' | b'#' | b'\\'))
}

/// Whether a name at a byte is that of a method of a named object which is called without arguments or with a number.
pub(super) fn is_waiting(bytes: &[u8], start: usize, after: &[u8]) -> bool {
    if is_bare_call(bytes, start, after) {
        return true;
    }
    let Some(argument) = after.trim_ascii_start().strip_prefix(b"(") else {
        return false;
    };
    let argument = argument.trim_ascii_start();
    // a constant, or a setting: `LIMIT`
    let is_constant =
        |byte: &u8| byte.is_ascii_digit() || *byte == b'.' || byte.is_ascii_uppercase();
    bytes[..start].trim_ascii_end().ends_with(b".")
        && (argument.starts_with(b"timeout") || argument.first().is_some_and(is_constant))
}

/// Whether `key=name` follows something that puts items in order.
pub(super) fn is_sort_key(bytes: &[u8], start: usize, after: &[u8]) -> bool {
    let Some(value) = after.trim_ascii_start().strip_prefix(b"=") else {
        return false;
    };
    let value = value.trim_ascii_start();
    let name = dotted_length(value);
    name > 0
        && !value.starts_with(b"lambda")
        && !value[name..].starts_with(b"(")
        && ["sort", "min", "max"]
            .iter()
            .any(|order| holds(&bytes[..start], order))
}

/// Whether what is called at a byte is given a name first, and one that may be an `async def`.
pub(super) fn is_given_function(bytes: &[u8], start: usize, after: &[u8]) -> bool {
    const PLAIN: &[&[u8]] = &[
        b"None", b"bool", b"float", b"int", b"lambda", b"len", b"list", b"repr", b"str", b"tuple",
    ];
    let Some(inside) = after.strip_prefix(b"(") else {
        return false;
    };
    let first = inside.trim_ascii_start();
    let name = dotted_length(first);
    !bytes[..start].ends_with(b".")
        && name > 0
        && !PLAIN.contains(&&first[..name])
        && first[name..].trim_ascii_start().starts_with(b",")
}

/// The length of a name with its dots.
fn dotted_length(bytes: &[u8]) -> usize {
    let is_part = |byte: &&u8| is_word(**byte) || **byte == b'.';
    bytes.iter().take_while(is_part).count()
}

/// Whether a name at a byte is that of a function's definition.
pub(super) fn is_defined(bytes: &[u8], start: usize) -> bool {
    bytes[..start].ends_with(b"def ")
}

/// Where the bracket closes that a text begins with.
pub(super) fn closing(bytes: &[u8]) -> Option<usize> {
    let mut depth = 0;
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth -= 1,
            b'"' | b'\'' => at += string_length(&bytes[at..]) - 1,
            _ => {}
        }
        if depth <= 0 {
            return Some(at);
        }
        at += 1;
    }
    None
}

/// The length of the string that a text begins with, to its last quote or the end of the text.
pub(super) fn string_length(text: &[u8]) -> usize {
    let quote = text[0];
    let quotes = match text.starts_with(&[quote; 3]) {
        true => 3,
        false => 1,
    };
    let mut at = quotes;
    while at < text.len() {
        match text[at] {
            b'\\' => at += 1,
            b'\n' if quotes == 1 => return at,
            byte if byte == quote && text[at..].starts_with(&[quote; 3][..quotes]) => {
                return at + quotes;
            }
            _ => {}
        }
        at += 1;
    }
    text.len()
}
