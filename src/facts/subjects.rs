//! What a segment may be about, read from its words without parsing it.
//!
//! A rule names the subjects that it needs; a segment that has none of them holds nothing for the rule and is not parsed for it.

use std::sync::OnceLock;

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, AhoCorasickKind, Input};

use crate::syntax::CutKind;

/// A set of subjects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Hash)]
pub struct Subjects(u32);

impl Subjects {
    pub const NONE: Subjects = Subjects(0);
    /// Starts of threads, directly or through an executor.
    pub const THREADS: Subjects = Subjects(1);
    /// A parameter whose default is a display or a call.
    pub const DEFAULTS: Subjects = Subjects(1 << 1);
    /// A class attribute whose value is a display or a call.
    pub const CLASS_ATTRIBUTES: Subjects = Subjects(1 << 2);
    /// Data classes and their like.
    pub const DATACLASSES: Subjects = Subjects(1 << 3);
    /// A display that is multiplied.
    pub const REPETITION: Subjects = Subjects(1 << 4);
    /// `__new__`.
    pub const NEW: Subjects = Subjects(1 << 5);
    /// `__call__`.
    pub const CALL: Subjects = Subjects(1 << 6);
    /// A `global` statement.
    pub const GLOBAL: Subjects = Subjects(1 << 7);
    /// A function that takes a class: a class decorator, perhaps.
    pub const CLASS_PARAMETER: Subjects = Subjects(1 << 8);
    /// A class statement with several arguments.
    pub const BASES: Subjects = Subjects(1 << 9);
    /// A class that may be a metaclass.
    pub const METACLASS: Subjects = Subjects(1 << 10);
    /// A class method that may hand out an instance kept on the class.
    pub const INSTANCE: Subjects = Subjects(1 << 11);
    /// Objects that hand functions to threads: executors and pools.
    pub const POOLS: Subjects = Subjects(1 << 12);
    /// Functions that are handed over to be called later, by something that is no thread.
    pub const CALLBACKS: Subjects = Subjects(1 << 13);

    const POOLS_OF_THREADS: Subjects = Subjects::THREADS.union(Subjects::POOLS);

    /// Whether the two sets share a subject.
    pub fn intersects(self, other: Subjects) -> bool {
        self.0 & other.0 != 0
    }

    /// The subjects of both.
    pub const fn union(self, other: Subjects) -> Subjects {
        Subjects(self.0 | other.0)
    }

    /// The subjects of one word.
    pub fn of_word(word: &str) -> Subjects {
        let known = WORDS.iter().find(|(known, _)| *known == word);
        match known {
            Some((_, Meaning::Subject(subjects))) => *subjects,
            _ => Subjects::NONE,
        }
    }

    /// The subjects that are in both.
    pub fn intersection(self, other: Subjects) -> Subjects {
        Subjects(self.0 & other.0)
    }

    /// Reads the subjects of a segment's text.
    pub fn of(text: &str, kind: CutKind, code: usize) -> Subjects {
        let words = Words::get();
        let bytes = text.as_bytes();
        let mut found = Subjects::NONE;
        let mut at = 0;
        while let Some(hit) = words.automaton.find(Input::new(bytes).range(at..)) {
            at = hit.end();
            let (_, meaning) = WORDS[hit.pattern().as_usize()];
            if (hit.start() > 0 && is_word(bytes[hit.start() - 1]))
                || bytes.get(hit.end()).is_some_and(|byte| is_word(*byte))
            {
                continue;
            }
            found = found.union(match meaning {
                Meaning::Subject(subject) => subject,
                Meaning::Keyword(subject)
                    if bytes.get(hit.end()) == Some(&b'=')
                        && bytes.get(hit.end() + 1) != Some(&b'=') =>
                {
                    subject
                }
                Meaning::Making(subject) if makes_when_missing(bytes) => subject,
                Meaning::Making(_) => Subjects::NONE,
                Meaning::Base(subject) if is_base(bytes, hit.start(), hit.end()) => subject,
                Meaning::Keyword(_) | Meaning::Base(_) => Subjects::NONE,
                Meaning::Def => parameters(
                    &bytes[hit.end()..],
                    code == hit.start() && kind != CutKind::Member,
                ),
                Meaning::Lambda if has_default(&bytes[hit.end()..], b':') => Subjects::DEFAULTS,
                Meaning::Class => class_header(&bytes[hit.end()..]),
                Meaning::Lambda => Subjects::NONE,
            });
        }
        if repetition(bytes) {
            found = found.union(Subjects::REPETITION);
        }
        if kind != CutKind::Head && class_attribute(text, kind, code) {
            found = found.union(Subjects::CLASS_ATTRIBUTES);
        }
        found
    }
}

#[derive(Clone, Copy)]
enum Meaning {
    Subject(Subjects),
    /// The word with `=` directly after it: a keyword argument.
    Keyword(Subjects),
    Def,
    Lambda,
    Class,
    /// As one of the arguments of a class statement.
    Base(Subjects),
    /// In a segment that also asks whether something is missing.
    Making(Subjects),
}

const WORDS: &[(&str, Meaning)] = &[
    ("def", Meaning::Def),
    ("lambda", Meaning::Lambda),
    ("class", Meaning::Class),
    ("Thread", Meaning::Subject(Subjects::THREADS)),
    ("Timer", Meaning::Subject(Subjects::THREADS)),
    (
        "ThreadPoolExecutor",
        Meaning::Subject(Subjects::POOLS_OF_THREADS),
    ),
    ("ThreadPool", Meaning::Subject(Subjects::POOLS_OF_THREADS)),
    ("dummy", Meaning::Subject(Subjects::POOLS_OF_THREADS)),
    ("submit", Meaning::Subject(Subjects::THREADS)),
    ("to_thread", Meaning::Subject(Subjects::THREADS)),
    ("run_in_executor", Meaning::Subject(Subjects::THREADS)),
    // a subclass of Thread hands it up: `super().__init__(target=self.poll)`
    ("target", Meaning::Keyword(Subjects::THREADS)),
    ("start_new_thread", Meaning::Subject(Subjects::THREADS)),
    ("Process", Meaning::Subject(Subjects::THREADS)),
    ("atexit", Meaning::Subject(Subjects::CALLBACKS)),
    ("signal", Meaning::Subject(Subjects::CALLBACKS)),
    ("call_soon", Meaning::Subject(Subjects::CALLBACKS)),
    (
        "call_soon_threadsafe",
        Meaning::Subject(Subjects::CALLBACKS),
    ),
    ("call_later", Meaning::Subject(Subjects::CALLBACKS)),
    ("call_at", Meaning::Subject(Subjects::CALLBACKS)),
    ("add_done_callback", Meaning::Subject(Subjects::CALLBACKS)),
    ("dataclass", Meaning::Subject(Subjects::DATACLASSES)),
    ("dataclasses", Meaning::Subject(Subjects::DATACLASSES)),
    (
        "dataclass_transform",
        Meaning::Subject(Subjects::DATACLASSES),
    ),
    ("attr", Meaning::Subject(Subjects::DATACLASSES)),
    ("attrs", Meaning::Subject(Subjects::DATACLASSES)),
    ("define", Meaning::Subject(Subjects::DATACLASSES)),
    ("frozen", Meaning::Subject(Subjects::DATACLASSES)),
    ("mutable", Meaning::Subject(Subjects::DATACLASSES)),
    ("NamedTuple", Meaning::Subject(Subjects::DATACLASSES)),
    ("__new__", Meaning::Subject(Subjects::NEW)),
    ("__call__", Meaning::Subject(Subjects::CALL)),
    ("global", Meaning::Subject(Subjects::GLOBAL)),
    ("classmethod", Meaning::Making(Subjects::INSTANCE)),
    ("staticmethod", Meaning::Making(Subjects::INSTANCE)),
    ("type", Meaning::Base(Subjects::METACLASS)),
    ("ABCMeta", Meaning::Subject(Subjects::METACLASS)),
    ("EnumMeta", Meaning::Subject(Subjects::METACLASS)),
    ("EnumType", Meaning::Subject(Subjects::METACLASS)),
    ("metaclass", Meaning::Subject(Subjects::BASES)),
];

struct Words {
    automaton: AhoCorasick,
}

impl Words {
    fn get() -> &'static Words {
        static AUTOMATON: OnceLock<Words> = OnceLock::new();
        AUTOMATON.get_or_init(|| Words {
            automaton: AhoCorasickBuilder::new()
                .match_kind(aho_corasick::MatchKind::LeftmostLongest)
                .kind(Some(AhoCorasickKind::DFA))
                .build(WORDS.iter().map(|(word, _)| word))
                .expect("the words are few and short"),
        })
    }
}

/// Names that stand for subjects, to be looked for in texts: aliases.
#[derive(Debug)]
pub struct Names {
    /// None where there are no names.
    automaton: Option<AhoCorasick>,
    meanings: Vec<Subjects>,
    key: u64,
}

impl Names {
    /// `names` in any fixed order, each once.
    pub fn new(names: &[(&str, Subjects)]) -> Names {
        let mut hash = xxhash_rust::xxh3::Xxh3::new();
        for (name, subjects) in names {
            hash.update(name.as_bytes());
            hash.update(&subjects.0.to_le_bytes());
        }
        let automaton = AhoCorasickBuilder::new()
            .match_kind(aho_corasick::MatchKind::LeftmostLongest)
            .build(names.iter().map(|(name, _)| name));
        Names {
            automaton: automaton.ok().filter(|_| !names.is_empty()),
            meanings: names.iter().map(|(_, subjects)| *subjects).collect(),
            key: hash.digest(),
        }
    }

    /// The same for equal names.
    pub fn key(&self) -> u64 {
        self.key
    }

    /// The subjects of the names that stand in a text as words.
    pub fn in_text(&self, text: &str) -> Subjects {
        let Some(automaton) = &self.automaton else {
            return Subjects::NONE;
        };
        let bytes = text.as_bytes();
        let mut found = Subjects::NONE;
        let mut at = 0;
        while let Some(hit) = automaton.find(Input::new(bytes).range(at..)) {
            // a name that is part of a longer word: the search goes on behind that word
            let end = bytes[hit.end()..]
                .iter()
                .position(|byte| !is_word(*byte))
                .map_or(bytes.len(), |more| hit.end() + more);
            let whole = end == hit.end() && (hit.start() == 0 || !is_word(bytes[hit.start() - 1]));
            if whole {
                found = found.union(self.meanings[hit.pattern().as_usize()]);
            }
            at = end;
        }
        found
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// After `def`: what the header's parameters show.
fn parameters(rest: &[u8], top: bool) -> Subjects {
    let Some(open) = memchr::memchr(b'(', &rest[..rest.len().min(200)]) else {
        return Subjects::NONE;
    };
    let first = rest[open + 1..].trim_ascii_start();
    let name = first
        .iter()
        .position(|byte| !is_word(*byte))
        .map_or(first, |end| &first[..end]);
    let mut found = Subjects::NONE;
    if top
        && matches!(
            name,
            b"cls"
                | b"klass"
                | b"class_"
                | b"cls_"
                | b"clazz"
                | b"_cls"
                | b"the_class"
                | b"aClass"
                | b"original_class"
                | b"wrapped_class"
        )
    {
        found = Subjects::CLASS_PARAMETER;
    }
    let metaclass_method = rest.trim_ascii_start().starts_with(b"__init__")
        && matches!(name, b"cls" | b"klass" | b"mcs" | b"mcls");
    if metaclass_method {
        found = found.union(Subjects::METACLASS);
    }
    if has_default(&rest[open..], b')') {
        found.union(Subjects::DEFAULTS)
    } else {
        found
    }
}

/// Whether a parameter list that ends at the outermost `close` holds `= [`, `= {` or `= name(`.
fn has_default(header: &[u8], close: u8) -> bool {
    let mut depth = 0i32;
    let mut at = 0;
    while at < header.len() {
        match header[at] {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => {
                depth -= 1;
                if depth <= 0 {
                    return false;
                }
            }
            b if b == close && depth == 0 => return false,
            b'\n' if depth == 0 => return false,
            b'#' => at += memchr::memchr(b'\n', &header[at..]).unwrap_or(header.len() - at) - 1,
            b'=' if header.get(at + 1) != Some(&b'=')
                && starts_display_or_call(&header[at + 1..]) =>
            {
                return true;
            }
            _ => {}
        }
        at += 1;
    }
    false
}

/// Whether an expression begins with `[`, `{`, or a dotted name and `(`; parentheses around it are skipped.
fn starts_display_or_call(rest: &[u8]) -> bool {
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

/// After `class`: several arguments, or a metaclass.
fn class_header(rest: &[u8]) -> Subjects {
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
    let mut depth = 0i32;
    for (at, byte) in rest[open..].iter().enumerate() {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth -= 1,
            b',' if depth == 1
                && rest[open + at + 1..].trim_ascii_start().first() != Some(&b')') =>
            {
                return Subjects::BASES;
            }
            _ => {}
        }
        if depth == 0 {
            return Subjects::NONE;
        }
    }
    Subjects::NONE
}

/// `[…] * n` or `n * […]`.
fn repetition(bytes: &[u8]) -> bool {
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

/// Whether a class's body assigns a display or a call to a name; also a member that is such a statement.
fn class_attribute(text: &str, kind: CutKind, code: usize) -> bool {
    if kind == CutKind::Member {
        return assigns_mutable(&text.as_bytes()[code.min(text.len())..]);
    }
    if !matches!(
        text.as_bytes().get(code),
        Some(b'c' | b'@' | b'i' | b't' | b'd' | b'a')
    ) || !text.contains("class")
    {
        return false;
    }
    text.as_bytes()[code..]
        .split(|byte| *byte == b'\n')
        .any(|line| {
            let indent = line
                .iter()
                .take_while(|byte| matches!(byte, b' ' | b'\t'))
                .count();
            indent > 0 && assigns_mutable(&line[indent..])
        })
}

/// Whether a word stands alone between a parenthesis or a comma and the next: as a base does.
fn is_base(bytes: &[u8], start: usize, end: usize) -> bool {
    let before = bytes[..start].trim_ascii_end().last();
    let after = bytes[end..].trim_ascii_start().first();
    // `import type` and `module.type` too: another name for it, or its full name
    matches!(before, Some(b'(' | b',' | b'.' | b'=')) && matches!(after, Some(b')' | b',' | b'\n'))
        || after.is_none()
}

/// Whether a text asks whether something is missing, and keeps something on a class.
fn makes_when_missing(bytes: &[u8]) -> bool {
    let holds = |needle: &&str| memchr::memmem::find(bytes, needle.as_bytes()).is_some();
    let asks = ["is None", "is not None", "if not ", "hasattr(", " in "];
    let makes = ["= cls(", "__new__(", "instance", "._"];
    asks.iter().any(holds) && makes.iter().any(holds)
}

/// `name = [`, `name: T = Call(`, …
fn assigns_mutable(line: &[u8]) -> bool {
    let name = line.iter().take_while(|byte| is_word(**byte)).count();
    if name == 0 {
        return false;
    }
    let rest = line[name..].trim_ascii_start();
    match rest.first() {
        Some(b'=') if rest.get(1) != Some(&b'=') => may_be_mutable(&rest[1..]),
        Some(b':') => {
            let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
            memchr::memchr(b'=', &rest[..end]).is_some_and(|at| may_be_mutable(&rest[at + 1..]))
        }
        _ => false,
    }
}

/// Whether a class attribute's value may be an object that methods change in place. An object of another module's class (`models.CharField(…)`) is
/// what frameworks are made of and no container.
fn may_be_mutable(value: &[u8]) -> bool {
    const MODULES: &[&[u8]] = &[
        b"collections",
        b"array",
        b"typing",
        b"dataclasses",
        b"attr",
        b"attrs",
        b"builtins",
    ];
    if !starts_display_or_call(value) {
        return false;
    }
    let value = &value[value
        .iter()
        .take_while(|byte| byte.is_ascii_whitespace() || matches!(byte, b'(' | b'\\'))
        .count()..];
    let name = value
        .iter()
        .position(|byte| !is_word(*byte))
        .map_or(value, |end| &value[..end]);
    value.get(name.len()) != Some(&b'.') || MODULES.contains(&name) || name.len() <= 2
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has(text: &str, subject: Subjects) -> bool {
        Subjects::of(text, CutKind::Item, 0).intersects(subject)
    }

    #[test]
    fn subjects_are_read_from_words() {
        assert!(has("import threading as t\nt.Thread()", Subjects::THREADS));
        assert!(!has("class MyThreads: pass", Subjects::THREADS));
        assert!(has(
            "def f(a, *, b: dict[str, int] = {}): pass",
            Subjects::DEFAULTS
        ));
        assert!(has(
            "def f(\n  a,  # a [list]\n  b=(),\n  c=list(),\n): pass",
            Subjects::DEFAULTS
        ));
        assert!(!has("def f(a=1, b=()): x = []", Subjects::DEFAULTS));
        assert!(has("x = lambda a, b=[]: b", Subjects::DEFAULTS));
        assert!(!has("x = lambda a: a == [1]", Subjects::DEFAULTS));
        assert!(has("class A:\n    x = []", Subjects::CLASS_ATTRIBUTES));
        assert!(has(
            "class A:\n    x: list = field(default=[])",
            Subjects::CLASS_ATTRIBUTES
        ));
        assert!(has("x = [[0] * n] * m", Subjects::REPETITION));
        assert!(!has("f(*[1, 2])", Subjects::REPETITION));
        assert!(has("class A(B, C): pass", Subjects::BASES));
        assert!(!has("class A(B[C, D],): pass", Subjects::BASES));
        assert!(has("def singleton(cls): pass", Subjects::CLASS_PARAMETER));
    }
}
