//! What functions, methods and classes outside of the project do with the objects that they are given.

use crate::facts::MUTATING_METHODS;

/// What a function or a method does with an argument.
pub(super) enum Handling {
    /// It changes the first one, and keeps the others in it.
    Changes,
    /// It keeps them.
    Keeps,
    /// Its result holds their elements.
    Copies,
    /// Its result holds tuples of their elements.
    Pairs,
    /// It gives one element of the first one.
    Picks,
    /// It reads them, and keeps nothing of them.
    Reads,
    Unknown,
}

/// What a function does, by its qualified name.
pub(super) fn handling_of(function: &str) -> Handling {
    let builtin = function.strip_prefix("builtins.");
    let is_read = || {
        builtin.is_some_and(|name| READING.contains(&name))
            || builtin.is_some_and(is_unbound_reader)
            || is_reader(function)
            || makes_array(function)
            || function.rsplit('.').next().is_some_and(says_it_reads)
    };
    if MUTATING_FUNCTIONS.contains(&function) || is_unbound_mutator(function) {
        Handling::Changes
    } else if COPYING.contains(&function) {
        Handling::Copies
    } else if PAIRING.contains(&function) {
        Handling::Pairs
    } else if PICKING.contains(&function) {
        Handling::Picks
    } else if is_read() {
        Handling::Reads
    } else {
        Handling::Unknown
    }
}

/// Whether a function of a library for numbers puts what is in its arguments into an array of its own, or works something out of it; or makes a layer that has the numbers for its sizes.
fn makes_array(function: &str) -> bool {
    let of_numpy = function.strip_prefix("numpy.");
    let of_pandas = function.strip_prefix("pandas.");
    of_numpy.is_some_and(|name| MAKING_ARRAYS.contains(&name))
        || of_pandas.is_some_and(|name| MAKING_TABLES.contains(&name))
        || function == "torch.tensor"
        || function.starts_with("torch.nn.")
}

/// Whether a function of the standard library reads its arguments and keeps nothing of them.
pub(super) fn is_reader(function: &str) -> bool {
    READING_FUNCTIONS.contains(&function)
}

/// Whether the name of a function says that it reads its arguments and keeps nothing of them: it compares them, or makes a copy of all that is in them.
pub(super) fn says_it_reads(function: &str) -> bool {
    let copies = |name: &str| name.contains("deepcopy") || name.contains("deep_copy");
    is_assertion(function) || !function.starts_with("__") && copies(function)
}

/// Whether a library only reads what its functions are given by a word, and what is made of its classes too; by the qualified name of the function, or the beginning of it.
pub(super) fn only_reads_given(function: &str, given: &str) -> bool {
    READ_ARGUMENTS.iter().any(|(libraries, words)| {
        words.contains(&given)
            && libraries
                .iter()
                .any(|library| function.starts_with(library))
    })
}

/// Whether a function or a method of which no more than the name is known sends a request, and what it is given by a keyword only goes with that.
pub(super) fn sends_along(function: &str, keyword: &str) -> bool {
    REQUESTS.contains(&function) && WITH_REQUESTS.contains(&keyword)
}

/// What a method does of which no more than the name is known.
pub(super) fn handling_of_method(method: &str) -> Handling {
    if STORING_METHODS.contains(&method) {
        Handling::Keeps
    } else if READING_METHODS.contains(&method) || says_it_reads(method) {
        Handling::Reads
    } else {
        Handling::Unknown
    }
}

/// Whether a qualified name is that of a class of the standard library that holds other objects and can be changed.
pub fn is_container_name(name: &str) -> bool {
    CONTAINERS.contains(&name)
}

/// `list.append`, taken from its class.
fn is_unbound_mutator(name: &str) -> bool {
    name.strip_prefix("builtins.")
        .and_then(|name| name.split_once('.'))
        .is_some_and(|(class, method)| {
            matches!(class, "list" | "dict" | "set" | "bytearray")
                && MUTATING_METHODS.contains(&method)
        })
}

/// `str.join`, taken from its class: whose objects hold no others.
fn is_unbound_reader(builtin: &str) -> bool {
    let class = builtin.split_once('.').map(|(class, _)| class);
    class.is_some_and(|class| matches!(class, "int" | "float" | "complex" | "str" | "bytes"))
}

/// Whether a method is one of a test case: `self.assertEqual(xs, [])`.
fn is_assertion(method: &str) -> bool {
    method
        .strip_prefix("assert")
        .is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_uppercase()))
}

/// Builtins that read their arguments and keep nothing of them.
const READING: &[&str] = &[
    "all",
    "any",
    "ascii",
    "bool",
    "bytes",
    "callable",
    "format",
    "getattr",
    "hasattr",
    "hash",
    "id",
    "isinstance",
    "issubclass",
    "len",
    "map",
    "print",
    "range",
    "repr",
    "round",
    "str",
    "sum",
    "type",
    "vars",
    "dir",
    "eval",
    "float",
];

/// Functions of numpy that put the numbers of a list into an array of their own, or work something out of them.
const MAKING_ARRAYS: &[&str] = &[
    "array",
    "asarray",
    "asanyarray",
    "ascontiguousarray",
    "atleast_1d",
    "atleast_2d",
    "atleast_3d",
    "concatenate",
    "cross",
    "cumsum",
    "dot",
    "hstack",
    "isin",
    "max",
    "mean",
    "median",
    "min",
    "ones",
    "ones_like",
    "prod",
    "size",
    "sort",
    "stack",
    "std",
    "sum",
    "unique",
    "vstack",
    "zeros",
    "zeros_like",
];

/// Classes and functions of pandas that put what is in a list or a dict into a table of their own.
const MAKING_TABLES: &[&str] = &[
    "Categorical",
    "DataFrame",
    "DatetimeIndex",
    "Index",
    "MultiIndex.from_arrays",
    "MultiIndex.from_product",
    "MultiIndex.from_tuples",
    "Series",
    "array",
    "json_normalize",
    "to_datetime",
    "to_numeric",
    "unique",
];

/// Functions of the standard library that read their arguments and keep nothing of them.
const READING_FUNCTIONS: &[&str] = &[
    "copy.deepcopy",
    "json.dump",
    "json.dumps",
    "pickle.dump",
    "pickle.dumps",
    "os.path.join",
    "pprint.pprint",
    "functools.reduce",
    "subprocess.run",
    "subprocess.call",
    "subprocess.check_call",
    "subprocess.check_output",
    "subprocess.Popen",
    "os.execv",
    "os.execve",
    "os.execvp",
    "os.execvpe",
    "os.posix_spawn",
    "os.posix_spawnp",
    "os.spawnv",
    "os.spawnve",
    "os.spawnvp",
    "os.spawnvpe",
    "logging.debug",
    "logging.info",
    "logging.warning",
    "logging.error",
    "math.prod",
    "math.fsum",
    "urllib.parse.urlencode",
    "urllib.request.Request",
    "xml.etree.ElementTree.Element",
    "xml.etree.ElementTree.SubElement",
];

/// What the functions of libraries only read, by the words that it is given by: the options of widgets, what goes with a request, the arguments of the function that a thread runs.
const READ_ARGUMENTS: &[(&[&str], &[&str])] = &[
    (&["tkinter."], &["cnf", "(cnf, kw)"]),
    (&["requests.", "httpx.", "aiohttp."], WITH_REQUESTS),
    (
        &[
            "threading.Thread",
            "threading.Timer",
            "multiprocessing.Process",
            "multiprocessing.context.Process",
            "multiprocessing.process.BaseProcess",
        ],
        &["args", "kwargs"],
    ),
];

/// Functions and methods that send a request.
const REQUESTS: &[&str] = &[
    "delete", "get", "head", "options", "patch", "post", "put", "request",
];

/// What goes with a request, by the words that clients take it by.
const WITH_REQUESTS: &[&str] = &[
    "cookies", "data", "files", "headers", "json", "params", "proxies",
];

/// Methods that keep their arguments.
const STORING_METHODS: &[&str] = &[
    "append",
    "appendleft",
    "add",
    "insert",
    "setdefault",
    "put",
    "put_nowait",
];

/// Methods that read their arguments and keep nothing of them.
const READING_METHODS: &[&str] = &[
    "extend",
    "update",
    "join",
    "union",
    "intersection",
    "difference",
    "issubset",
    "issuperset",
    "isdisjoint",
    "format",
    "format_map",
    "substitute",
    "safe_substitute",
    "sendmsg",
    "count",
    "index",
    "get",
    "debug",
    "info",
    "warning",
    "error",
    "exception",
    "critical",
    "log",
    "write",
    "writelines",
    "writerow",
    "writerows",
    "startswith",
    "endswith",
    "difference_update",
    "intersection_update",
    "symmetric_difference",
];

/// Functions whose result holds the elements of their arguments.
const COPYING: &[&str] = &[
    "builtins.dict",
    "builtins.filter",
    "builtins.frozenset",
    "builtins.iter",
    "builtins.list",
    "builtins.reversed",
    "builtins.set",
    "builtins.sorted",
    "builtins.tuple",
    "collections.ChainMap",
    "collections.Counter",
    "collections.OrderedDict",
    "collections.defaultdict",
    "collections.deque",
    "copy.copy",
    "itertools.chain",
    "itertools.cycle",
    "itertools.islice",
    "random.sample",
    "types.MappingProxyType",
];

/// Functions whose result holds tuples of the elements of their arguments.
const PAIRING: &[&str] = &[
    "builtins.enumerate",
    "builtins.zip",
    "itertools.zip_longest",
];

/// Functions that give one element of their first argument.
const PICKING: &[&str] = &[
    "builtins.max",
    "builtins.min",
    "builtins.next",
    "random.choice",
];

/// Functions that change their first argument.
const MUTATING_FUNCTIONS: &[&str] = &[
    "bisect.insort",
    "bisect.insort_left",
    "bisect.insort_right",
    "builtins.delattr",
    "builtins.setattr",
    "heapq.heapify",
    "heapq.heappop",
    "heapq.heappush",
    "heapq.heappushpop",
    "heapq.heapreplace",
    "operator.delitem",
    "operator.iadd",
    "operator.setitem",
    "random.shuffle",
];

/// Classes of the standard library that hold other objects and can be changed.
const CONTAINERS: &[&str] = &[
    "builtins.list",
    "builtins.dict",
    "builtins.set",
    "builtins.bytearray",
    "collections.defaultdict",
    "collections.OrderedDict",
    "collections.Counter",
    "collections.deque",
    "collections.ChainMap",
    "collections.UserDict",
    "collections.UserList",
    "array.array",
];
