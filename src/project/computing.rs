//! What of the standard library computes while it holds the GIL.

use super::stdlib;

/// Builtins that compute and hold the GIL.
const COMPUTING: &[&str] = &[
    "abs",
    "all",
    "any",
    "bin",
    "bool",
    "bytearray",
    "bytes",
    "chr",
    "complex",
    "dict",
    "divmod",
    "enumerate",
    "filter",
    "float",
    "format",
    "frozenset",
    "hash",
    "hex",
    "int",
    "isinstance",
    "issubclass",
    "iter",
    "len",
    "list",
    "map",
    "max",
    "min",
    "oct",
    "ord",
    "pow",
    "range",
    "repr",
    "reversed",
    "round",
    "set",
    "slice",
    "sorted",
    "str",
    "sum",
    "tuple",
    "zip",
];

/// Modules whose functions compute and hold the GIL.
const COMPUTING_MODULES: &[&str] = &[
    "math",
    "cmath",
    "operator",
    "itertools",
    "re",
    "random",
    "collections",
    "string",
    "fractions",
    "decimal",
    "statistics",
    "heapq",
    "bisect",
    "copy",
    "functools.reduce",
    "time.time",
    "time.perf_counter",
    "time.monotonic",
    "threading.get_ident",
    "threading.current_thread",
];

/// Methods of built-in types that compute and hold the GIL.
const COMPUTING_METHODS: &[&str] = &[
    "append",
    "extend",
    "add",
    "pop",
    "get",
    "items",
    "keys",
    "values",
    "split",
    "rsplit",
    "join",
    "strip",
    "lstrip",
    "rstrip",
    "lower",
    "upper",
    "title",
    "replace",
    "startswith",
    "endswith",
    "insert",
    "sort",
    "reverse",
    "update",
    "setdefault",
    "discard",
    "remove",
    "count",
    "index",
    "find",
    "rfind",
    "isdigit",
    "isalpha",
    "isalnum",
    "isspace",
    "encode",
    "decode",
    "format",
    "bit_length",
    "bit_count",
    "to_bytes",
    "copy",
    "clear",
    "union",
    "intersection",
    "difference",
    "issubset",
    "popleft",
    "appendleft",
    "most_common",
    "match",
    "search",
    "fullmatch",
    "findall",
    "sub",
    "splitlines",
    "zfill",
    "partition",
    "rpartition",
    "translate",
    "conjugate",
    "is_integer",
    "hex",
];

/// Builtins that go over all of their arguments.
pub(super) fn consumes(name: &str) -> bool {
    matches!(
        name,
        "builtins.all"
            | "builtins.any"
            | "builtins.enumerate"
            | "builtins.frozenset"
            | "builtins.iter"
            | "builtins.list"
            | "builtins.max"
            | "builtins.min"
            | "builtins.reversed"
            | "builtins.set"
            | "builtins.sorted"
            | "builtins.sum"
            | "builtins.tuple"
            | "builtins.zip"
    ) || name.starts_with("itertools.")
}

/// What may stand outside of the loops of a function that computes: it waits for nothing worth mentioning.
pub(super) const REPORTING: &[&str] = &["builtins.print"];

/// Whether a function of the standard library computes, and holds the GIL all the while.
pub(super) fn is_computing(name: &str) -> bool {
    if let Some((class, method)) = name.rsplit_once("().") {
        let known = [
            "builtins.",
            "collections.",
            "re.",
            "fractions.",
            "decimal.",
            "random.",
        ];
        return known.iter().any(|module| class.starts_with(module))
            && (COMPUTING_METHODS.contains(&method) || class.starts_with("random."));
    }
    let in_module = |module: &str| {
        name.strip_prefix(module)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    name.strip_prefix("builtins.")
        .is_some_and(|name| COMPUTING.contains(&name))
        || COMPUTING_MODULES.iter().any(|module| in_module(module))
}

/// How many classes an exception is away from `BaseException`, at most.
const BASES: usize = 8;

/// Whether a name is an exception of the standard library: made to be raised.
pub(super) fn is_exception(name: &str) -> bool {
    let mut class = name;
    for _ in 0..BASES {
        match stdlib::bases(class) {
            Some(["BaseException", ..]) => return true,
            Some([first, ..]) => class = first,
            _ => return false,
        }
    }
    false
}
