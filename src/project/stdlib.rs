//! What is known of classes outside of the project: the standard library's bases and metaclasses, and the metaclasses of a few large packages.
//!
//! The tables were made by importing every module of the standard library of CPython 3.11 and asking its classes.

use std::sync::OnceLock;

use rustc_hash::{FxHashMap, FxHashSet};

use super::classes::merge;

type Table = FxHashMap<&'static str, Vec<&'static str>>;

/// Metaclasses of other packages' classes, and the bases of those metaclasses.
const PACKAGES: &str = "\
django.db.models.Model django.db.models.base.ModelBase
django.db.models.base.Model django.db.models.base.ModelBase
django.forms.Form django.forms.forms.DeclarativeFieldsMetaclass
django.forms.forms.Form django.forms.forms.DeclarativeFieldsMetaclass
django.forms.ModelForm django.forms.models.ModelFormMetaclass
django.forms.models.ModelForm django.forms.models.ModelFormMetaclass
pydantic.BaseModel pydantic._internal._model_construction.ModelMetaclass
pydantic.main.BaseModel pydantic._internal._model_construction.ModelMetaclass
sqlalchemy.orm.DeclarativeBase sqlalchemy.orm.decl_api.DeclarativeAttributeIntercept
sqlalchemy.orm.decl_api.Base sqlalchemy.orm.decl_api.DeclarativeMeta
PyQt5.QtCore.QObject sip.wrappertype
PyQt5.QtWidgets.QWidget sip.wrappertype
PyQt5.QtWidgets.QMainWindow sip.wrappertype
PyQt5.QtWidgets.QDialog sip.wrappertype
PyQt6.QtCore.QObject sip.wrappertype
PyQt6.QtWidgets.QWidget sip.wrappertype
PyQt6.QtWidgets.QMainWindow sip.wrappertype
PyQt6.QtWidgets.QDialog sip.wrappertype
PySide6.QtCore.QObject Shiboken.ObjectType
PySide6.QtWidgets.QWidget Shiboken.ObjectType
";

const PACKAGE_METACLASSES: &str = "\
django.db.models.base.ModelBase builtins.type
django.forms.forms.DeclarativeFieldsMetaclass django.forms.widgets.MediaDefiningClass
django.forms.widgets.MediaDefiningClass builtins.type
django.forms.models.ModelFormMetaclass django.forms.forms.DeclarativeFieldsMetaclass
pydantic._internal._model_construction.ModelMetaclass abc.ABCMeta
sqlalchemy.orm.decl_api.DeclarativeAttributeIntercept builtins.type
sqlalchemy.orm.decl_api.DeclarativeMeta builtins.type
sip.wrappertype builtins.type
Shiboken.ObjectType builtins.type
";

fn table(texts: &[&'static str]) -> Table {
    let lines = texts
        .iter()
        .flat_map(|text| text.lines())
        .filter(|line| !line.starts_with('#') && !line.is_empty());
    lines
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            Some((words.next()?, words.collect()))
        })
        .collect()
}

fn classes() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| table(&[include_str!("stdlib_classes.txt"), PACKAGE_METACLASSES]))
}

fn metaclasses() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| table(&[include_str!("stdlib_metaclasses.txt"), PACKAGES]))
}

/// A built-in class's name as the tables spell it: without its module.
fn spelled(name: &str) -> &str {
    name.strip_prefix("builtins.").unwrap_or(name)
}

/// Whether the standard library has a class of this qualified name.
pub(super) fn is_class(name: &str) -> bool {
    classes().contains_key(spelled(name)) || matches!(spelled(name), "object" | "type")
}

/// The qualified names of a class's bases; empty for one that derives from `object` alone. None where the class is not known.
pub(super) fn bases(name: &str) -> Option<&'static [&'static str]> {
    if matches!(spelled(name), "object") {
        return Some(&[]);
    }
    classes().get(spelled(name)).map(Vec::as_slice)
}

/// The class that an alias in `typing` stands for as a base: `collections.abc.Mapping` for `typing.Mapping`. Spelled as qualified names are.
pub(super) fn origin_of_alias(name: &str) -> Option<&'static str> {
    let alias = name.strip_prefix("typing.")?;
    let [origin] = bases(name)? else { return None };
    let is_class = alias.starts_with('_') || alias.ends_with("Meta") || alias == "NamedTuple";
    let of_typing = origin.starts_with("typing.");
    (!is_class && !of_typing && origin.contains('.')).then_some(*origin)
}

/// The method resolution order of a known class; a few are spelled as if they were their own bases.
fn order_of(class: &'static str, depth: usize) -> Vec<&'static str> {
    let bases = bases(class).filter(|_| depth < 16).unwrap_or_default();
    let orders = bases.iter().map(|base| order_of(base, depth + 1));
    let mut sequences: Vec<Vec<&str>> = orders.collect();
    sequences.push(bases.to_vec());
    let rest = merge(sequences).unwrap_or_default();
    std::iter::once(class).chain(rest).collect()
}

/// The method resolution orders of the known classes whose names end with a word, in last words, each once.
pub(super) fn orders_of_word(word: &str) -> Vec<Vec<Box<str>>> {
    type Orders = Vec<Vec<Box<str>>>;
    static WORDS: OnceLock<FxHashMap<&'static str, Orders>> = OnceLock::new();
    let words = WORDS.get_or_init(|| {
        let mut words: FxHashMap<&str, Orders> = FxHashMap::default();
        for class in classes().keys() {
            let mut order: Vec<Box<str>> = Vec::new();
            for name in order_of(class, 0) {
                // `xml.dom.minidom.Node` derives from `xml.dom.Node`
                if !order.iter().any(|known| known.as_ref() == last_word(name)) {
                    order.push(last_word(name).into());
                }
            }
            let known = words.entry(last_word(class)).or_default();
            if !known.contains(&order) {
                known.push(order);
            }
        }
        words
    });
    words.get(word).cloned().unwrap_or_default()
}

/// The last words of the names of all metaclasses that are known.
pub(super) fn metaclass_words() -> &'static FxHashSet<&'static str> {
    static WORDS: OnceLock<FxHashSet<&'static str>> = OnceLock::new();
    WORDS.get_or_init(|| {
        let named = metaclasses().values().flatten().copied();
        let words = named
            .chain(["type", "abc.ABCMeta", "enum.EnumType"])
            .map(last_word);
        words.collect()
    })
}

/// The last words of the metaclasses of the known classes whose names end with a word; `type` is left out.
pub(super) fn metaclasses_of_word(word: &str) -> impl Iterator<Item = &'static str> {
    static WORDS: OnceLock<FxHashMap<&'static str, Vec<&'static str>>> = OnceLock::new();
    let words = WORDS.get_or_init(|| {
        let mut words: FxHashMap<&str, Vec<&str>> = FxHashMap::default();
        for (class, metaclass) in metaclasses() {
            let known = words.entry(last_word(class)).or_default();
            known.extend(metaclass.iter().copied().map(last_word));
        }
        words
    });
    words.get(word).into_iter().flatten().copied()
}

fn last_word(name: &'static str) -> &'static str {
    name.rsplit('.').next().unwrap_or(name)
}

/// The qualified name of a class's metaclass. None where the class is not known.
pub(super) fn metaclass(name: &str) -> Option<&'static str> {
    match metaclasses().get(spelled(name)) {
        Some(found) => found.first().copied(),
        None => is_class(name).then_some("builtins.type"),
    }
}

fn protocols() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| table(&[include_str!("stdlib_protocols.txt")]))
}

/// What objects of a class can be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// `for x in object`, `f(*object)`
    Iterable,
    /// `object()`
    Callable,
}

/// Whether objects of a class of the standard library follow a protocol. None where that is not known.
pub(super) fn follows(name: &str, protocol: Protocol) -> Option<bool> {
    let letter = match protocol {
        Protocol::Iterable => 'i',
        Protocol::Callable => 'c',
    };
    match protocols()
        .get(spelled(name))
        .and_then(|flags| flags.first())
    {
        Some(&"?") => None,
        Some(flags) => Some(flags.contains(letter)),
        None => is_class(name).then_some(false),
    }
}

/// Whether objects of a class of the standard library have a `__dict__`. None where that is not known.
pub(super) fn has_dict(name: &str) -> Option<bool> {
    static DICTS: OnceLock<Table> = OnceLock::new();
    let dicts = DICTS.get_or_init(|| table(&[include_str!("stdlib_dicts.txt")]));
    match dicts.get(spelled(name)).and_then(|flags| flags.first()) {
        Some(&"-") => Some(false),
        Some(_) => None,
        None if spelled(name) == "object" => Some(false),
        None => is_class(name).then_some(true),
    }
}

fn abstract_classes() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| table(&[include_str!("stdlib_abstract.txt")]))
}

/// The abstract methods of a class of the standard library, where it is one of the abstract classes that are bases of other code.
pub(super) fn abstract_methods(name: &str) -> &'static [&'static str] {
    abstract_classes().get(name).map_or(&[], Vec::as_slice)
}

/// The last words of the names of those classes.
pub(super) fn abstract_words() -> impl Iterator<Item = &'static str> {
    abstract_classes().keys().map(|name| last_word(name))
}

/// Whether a qualified name belongs to a module of the standard library.
pub(super) fn is_in(name: &str) -> bool {
    static MODULES: OnceLock<rustc_hash::FxHashSet<&'static str>> = OnceLock::new();
    let modules = MODULES.get_or_init(|| {
        include_str!("stdlib_modules.txt")
            .split_whitespace()
            .collect()
    });
    modules.contains(name.split('.').next().unwrap_or(name))
}

/// The class of what a function or method of the standard library returns, by qualified name; `None` for one that returns nothing.
pub(super) fn returned(name: &str) -> Option<&'static str> {
    if let Some((class, method)) = name.rsplit_once("().") {
        return returned_by_method(class, method);
    }
    Some(match name {
        "builtins.print"
        | "builtins.setattr"
        | "builtins.delattr"
        | "builtins.exec"
        | "time.sleep"
        | "random.shuffle"
        | "random.seed"
        | "heapq.heappush"
        | "heapq.heapify"
        | "logging.debug"
        | "logging.info"
        | "logging.warning"
        | "logging.error"
        | "logging.exception"
        | "logging.critical"
        | "logging.basicConfig"
        | "shutil.rmtree"
        | "os.remove"
        | "os.unlink"
        | "os.mkdir"
        | "os.makedirs"
        | "os.rename"
        | "os.kill"
        | "json.dump"
        | "traceback.print_exc"
        | "gc.disable"
        | "gc.enable" => "None",
        "builtins.len"
        | "builtins.id"
        | "builtins.hash"
        | "builtins.ord"
        | "time.time_ns"
        | "time.monotonic_ns"
        | "time.perf_counter_ns"
        | "os.getpid"
        | "os.getppid"
        | "math.floor"
        | "math.ceil"
        | "math.isqrt"
        | "math.factorial"
        | "math.gcd"
        | "math.comb"
        | "random.randint"
        | "random.randrange"
        | "threading.get_ident"
        | "threading.active_count"
        | "os.system" => "builtins.int",
        "time.time" | "time.monotonic" | "time.perf_counter" | "time.process_time"
        | "random.random" | "random.uniform" | "random.gauss" | "math.sqrt" | "math.sin"
        | "math.cos" | "math.tan" | "math.exp" | "math.log" | "math.log2" | "math.log10"
        | "math.pow" | "math.hypot" | "math.fsum" => "builtins.float",
        "builtins.repr" | "builtins.chr" | "builtins.hex" | "builtins.oct" | "builtins.bin"
        | "builtins.ascii" | "builtins.format" | "builtins.input" | "json.dumps" | "os.getcwd"
        | "time.strftime" | "time.ctime" | "textwrap.dedent" | "textwrap.indent" => "builtins.str",
        "builtins.isinstance"
        | "builtins.issubclass"
        | "builtins.callable"
        | "builtins.hasattr"
        | "builtins.any"
        | "builtins.all"
        | "os.path.exists"
        | "os.path.isfile"
        | "os.path.isdir" => "builtins.bool",
        "builtins.dir" | "builtins.sorted" | "random.sample" | "re.findall" | "re.split" => {
            "builtins.list"
        }
        "builtins.vars" | "builtins.globals" | "builtins.locals" => "builtins.dict",
        "builtins.divmod" => "builtins.tuple",
        "re.compile" => "re.Pattern",
        "_thread.allocate_lock" | "_thread.allocate" => "threading.Lock",
        "sqlite3.connect" | "sqlite3.dbapi2.connect" => "sqlite3.Connection",
        "asyncio.get_running_loop" | "asyncio.get_event_loop" | "asyncio.new_event_loop" => {
            "asyncio.AbstractEventLoop"
        }
        _ => return None,
    })
}

fn returned_by_method(class: &str, method: &str) -> Option<&'static str> {
    const EXECUTORS: &[&str] = &[
        "concurrent.futures.ThreadPoolExecutor",
        "concurrent.futures.thread.ThreadPoolExecutor",
        "concurrent.futures.ProcessPoolExecutor",
        "concurrent.futures.process.ProcessPoolExecutor",
    ];
    if method == "submit" && EXECUTORS.contains(&class) {
        return Some("concurrent.futures.Future");
    }

    if let ("sqlite3.Connection", "cursor" | "execute" | "executemany" | "executescript") =
        (class, method)
    {
        return Some("sqlite3.Cursor");
    }
    Some(match (class.strip_prefix("builtins.")?, method) {
        (
            "list" | "dict" | "set" | "bytearray",
            "append"
            | "extend"
            | "insert"
            | "remove"
            | "clear"
            | "sort"
            | "reverse"
            | "update"
            | "add"
            | "discard"
            | "difference_update"
            | "intersection_update"
            | "symmetric_difference_update",
        ) => "None",
        (
            "str",
            "join" | "format" | "lower" | "upper" | "title" | "strip" | "lstrip" | "rstrip"
            | "replace" | "zfill" | "capitalize" | "ljust" | "rjust" | "center" | "casefold"
            | "swapcase" | "expandtabs",
        ) => "builtins.str",
        ("str", "split" | "rsplit" | "splitlines") => "builtins.list",
        ("str", "encode") => "builtins.bytes",
        ("str" | "list" | "tuple" | "bytes", "count" | "index" | "find" | "rfind") => {
            "builtins.int"
        }
        (
            "str",
            "startswith" | "endswith" | "isdigit" | "isalpha" | "isspace" | "isupper" | "islower",
        ) => "builtins.bool",
        ("list", "copy") => "builtins.list",
        ("dict", "copy") => "builtins.dict",
        ("set", "copy" | "union" | "intersection" | "difference") => "builtins.set",
        _ => return None,
    })
}
