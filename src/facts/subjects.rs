//! What a segment may be about, read from its words without parsing it.
//!
//! A rule names the subjects that it needs; a segment that has none of them holds nothing for the rule and is not parsed for it.

use std::ops::Range;
use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use super::attributes;
use super::hashed;
use super::stores;
use super::walks;
use super::wording;
use super::words::words;
use crate::syntax::CutKind;

/// A set of subjects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Hash)]
pub struct Subjects(pub(super) u64);

impl Subjects {
    pub const NONE: Subjects = Subjects(0);
    /// Starts of threads, directly or through an executor.
    pub const THREADS: Subjects = Subjects(1);
    /// A parameter whose default is a display or a call.
    pub const DEFAULTS: Subjects = Subjects(1 << 1);
    /// A class attribute whose value is a display or a call of a container of the standard library.
    pub const CLASS_ATTRIBUTES: Subjects = Subjects(1 << 2);
    /// Data classes and their like: their decorators and bases.
    pub const DATACLASSES: Subjects = Subjects(1 << 3);
    /// A display that is multiplied.
    pub const REPETITION: Subjects = Subjects(1 << 4);
    /// The definition of `__new__`.
    pub const NEW: Subjects = Subjects(1 << 5);
    /// The definition of `__call__`.
    pub const CALL: Subjects = Subjects(1 << 6);
    /// A `global` statement.
    pub const GLOBAL: Subjects = Subjects(1 << 7);
    /// A class statement with several arguments.
    pub const BASES: Subjects = Subjects(1 << 8);
    /// Objects that hand functions to threads: executors and pools.
    pub const POOLS: Subjects = Subjects(1 << 9);
    /// Pools of workers, be they threads or processes, and what stands for one.
    pub const WORKERS: Subjects = Subjects(1 << 10);
    /// Functions that are handed over to be called later, by something that is no thread.
    pub const CALLBACKS: Subjects = Subjects(1 << 11);

    /// What may give the decorators of data classes other names.
    pub const DATACLASS_MAKERS: Subjects = Subjects(1 << 12);
    /// A class attribute whose value is a call of anything else.
    pub const CLASS_CALLS: Subjects = Subjects(1 << 13);
    /// A function that may make an object when it finds none, and keep it.
    pub const SINGLETONS: Subjects = Subjects(1 << 14);
    /// A call of something that changes its object and returns nothing, in a line that may use the result.
    pub const USED_MUTATORS: Subjects = Subjects(1 << 15);
    /// `dict.fromkeys`.
    pub const FROMKEYS: Subjects = Subjects(1 << 16);
    /// The keyword `target`, which a subclass of `Thread` hands up: `super().__init__(target=self.poll)`.
    pub const TARGETS: Subjects = Subjects(1 << 17);
    /// `a = b = []`: more than one target, and a display or a call.
    pub const CHAINED: Subjects = Subjects(1 << 18);
    /// `__slots__`, and the keyword `slots` of data classes.
    pub const SLOTS: Subjects = Subjects(1 << 19);

    /// A loop over something that may get another size in it.
    pub const CHANGED_WALKS: Subjects = Subjects(1 << 20);
    /// The marks of abstract methods.
    pub const ABSTRACT: Subjects = Subjects(1 << 21);

    /// The definition of `__init_subclass__`.
    pub const INIT_SUBCLASS: Subjects = Subjects(1 << 22);

    /// A class statement with a keyword other than `metaclass`.
    pub const CLASS_KEYWORDS: Subjects = Subjects(1 << 23);

    /// `__metaclass__`.
    pub const METACLASS_ATTRIBUTE: Subjects = Subjects(1 << 24);

    /// A special method that is assigned as an attribute.
    pub const IMPLICIT_STORES: Subjects = Subjects(1 << 25);

    /// The definition of a special method that Python looks for on a metaclass.
    pub const CLASS_HOOKS: Subjects = Subjects(1 << 26);
    /// Where locks are made: their classes, and functions that give new ones.
    pub const LOCKS: Subjects = Subjects(1 << 27);
    /// A call of a method `wait`.
    pub const WAITS: Subjects = Subjects(1 << 28);
    /// A call of a method `join` without arguments: that of a thread or a queue, not of a text.
    pub const JOINS: Subjects = Subjects(1 << 29);
    /// A loop that does nothing in its body, or only sleeps for no time or asks whether to leave.
    pub const SPINS: Subjects = Subjects(1 << 30);
    /// A call that asks whether a queue is empty, or how long it is.
    pub const EMPTIES: Subjects = Subjects(1 << 31);
    /// A `with` statement that enters what has a name: `with lock:`, not `with open(path):`.
    pub const GUARDS: Subjects = Subjects(1 << 32);
    /// `acquire`: locks that are taken by hand.
    pub const ACQUIRES: Subjects = Subjects(1 << 33);
    /// What takes a lock.
    pub const TAKINGS: Subjects = Subjects::GUARDS.union(Subjects::ACQUIRES);

    /// A class statement under a decorator that may put something else in its place.
    pub const REPLACED_CLASSES: Subjects = Subjects(1 << 34);

    /// A call of a method `run` without arguments.
    pub const RUNS: Subjects = Subjects(1 << 35);

    /// A function by its name where each item is given to it: the `key` of an order, the first argument of `map` and `filter`.
    pub const PER_ITEM: Subjects = Subjects(1 << 36);

    /// Functions whose results are cached: the decorators of `functools`.
    pub const CACHES: Subjects = Subjects(1 << 37);

    /// A display where a hash is needed: as a key or a member.
    pub const UNHASHABLE: Subjects = Subjects(1 << 38);
    /// A display as an argument.
    pub const GIVEN_DISPLAYS: Subjects = Subjects(1 << 39);
    /// A store to, or a deletion of, an item by its number, or of what the words call a tuple.
    pub const NUMBERED_STORES: Subjects = Subjects(1 << 40);
    /// Context variables.
    pub const CONTEXT_VARS: Subjects = Subjects(1 << 41);
    /// A change of what a call or a slice gives: a default or a copy.
    pub const TEMPORARIES: Subjects = Subjects(1 << 42);

    /// A parameter whose default is a name.
    pub const NAMED_DEFAULTS: Subjects = Subjects(1 << 43);

    /// A name that is bound to a shallow copy of what another one names.
    pub const SHALLOW_COPIES: Subjects = Subjects(1 << 44);

    /// A function with a parameter that is annotated as a container, which it returns, or promises by its name to return a new one of.
    pub const RETURNED_CONTAINERS: Subjects = Subjects(1 << 45);

    /// Whether the two sets share a subject.
    pub fn intersects(self, other: Subjects) -> bool {
        self.0 & other.0 != 0
    }

    /// The subjects of both.
    pub const fn union(self, other: Subjects) -> Subjects {
        Subjects(self.0 | other.0)
    }

    /// The subjects of one and not of the other.
    pub const fn symmetric_difference(self, other: Subjects) -> Subjects {
        Subjects(self.0 ^ other.0)
    }

    /// The subjects of one word that stands for a thing, not for a piece of grammar.
    pub fn of_word(word: &str) -> Subjects {
        static THINGS: LazyLock<FxHashMap<&str, Subjects>> = LazyLock::new(|| {
            // where a word stands twice, its first meaning counts
            let first = WORDS.iter().rev();
            first
                .map(|(word, subjects, meaning)| match meaning {
                    Meaning::Word | Meaning::Decorator | Meaning::Base => (*word, *subjects),
                    Meaning::Member(_) | Meaning::Submodule(_) => (*word, *subjects),
                    _ => (*word, Subjects::NONE),
                })
                .collect()
        });
        THINGS.get(word).copied().unwrap_or_default()
    }

    /// Whether a word may stand for a thing that is imported from a module, and for other things too.
    pub fn is_imported(word: &str) -> bool {
        let is_any = !word.is_empty() && known(word.as_bytes()).is_some();
        let mut words = WORDS.iter().filter(|_| is_any);
        words.any(|(known, _, meaning)| *known == word && matches!(meaning, Meaning::Import(_)))
    }

    /// The subjects of a word that stands for a thing where it is imported from a module: `Pool` of `multiprocessing`.
    pub fn of_imported(word: &str, module: &str) -> Subjects {
        let known = WORDS.iter().find(|(known, _, meaning)| {
            let is_of = |outer: &str| module.split('.').any(|part| part.trim() == outer);
            *known == word && matches!(meaning, Meaning::Import(outer) if is_of(outer))
        });
        known.map_or(Subjects::NONE, |(_, subjects, _)| *subjects)
    }

    /// The modules whose members stand for any of the subjects by a word that other things are called too, with theirs: `multiprocessing` for its `Pool`.
    pub fn modules(self) -> impl Iterator<Item = (&'static str, Subjects)> {
        let modules = WORDS
            .iter()
            .filter_map(|(_, subjects, meaning)| match meaning {
                Meaning::Import(module) => Some((*module, *subjects)),
                _ => None,
            });
        modules
            .map(move |(module, subjects)| (module, subjects.intersection(self)))
            .filter(|(_, subjects)| *subjects != Subjects::NONE)
    }

    /// The names of classes and functions that stand for any of the subjects wherever they stand, with theirs.
    pub fn words(self) -> impl Iterator<Item = (&'static str, Subjects)> {
        let words = WORDS
            .iter()
            .filter(|(_, _, meaning)| matches!(meaning, Meaning::Word | Meaning::Decorator))
            .map(|(word, subjects, _)| (*word, *subjects));
        words
            .map(move |(word, subjects)| (word, subjects.intersection(self)))
            .filter(|(_, subjects)| *subjects != Subjects::NONE)
    }

    /// The subjects that are in both.
    pub const fn intersection(self, other: Subjects) -> Subjects {
        Subjects(self.0 & other.0)
    }

    /// Those of the first that are not in the second.
    const fn without(self, other: Subjects) -> Subjects {
        Subjects(self.0 & !other.0)
    }

    /// Reads the subjects of a segment's text. `code` is where its code begins.
    pub fn of(text: &str, kind: CutKind, code: usize) -> Subjects {
        let bytes = text.as_bytes();
        let mut found = Subjects::NONE;
        for Range { start, end } in words(bytes) {
            let Some((subjects, meaning)) = known(&bytes[start..end]) else {
                continue;
            };
            if !meaning.fits(bytes, start, end) {
                continue;
            }
            let is_top = code == start && kind != CutKind::Member;
            found = found.union(match meaning {
                Meaning::Def if is_top && wording::may_decorate(&bytes[end..]) => {
                    wording::parameters(&bytes[end..]).union(Subjects::SINGLETONS)
                }
                Meaning::Def => wording::parameters(&bytes[end..]),
                Meaning::Lambda => wording::defaults(&bytes[end..], b':'),
                Meaning::Class if wording::is_replaced(bytes, start) => {
                    wording::class_header(&bytes[end..]).union(Subjects::REPLACED_CLASSES)
                }
                Meaning::Class => wording::class_header(&bytes[end..]),
                Meaning::Decorator if wording::is_decorator(bytes, start) => subjects,
                Meaning::Decorator if wording::may_make_fields(&bytes[end..]) => {
                    Subjects::DATACLASS_MAKERS
                }
                Meaning::Decorator => Subjects::NONE,
                Meaning::Global if !wording::may_keep_global(bytes, &bytes[end..]) => {
                    Subjects::GLOBAL
                }
                Meaning::Method if !wording::may_keep_new(bytes) => {
                    subjects.without(Subjects::SINGLETONS)
                }
                _ => subjects,
            });
        }
        if wording::repetition(bytes) {
            found = found.union(Subjects::REPETITION);
        }
        if walks::changes_what_it_walks(bytes) {
            found = found.union(Subjects::CHANGED_WALKS);
        }
        found = found.union(hashed::displays(bytes));
        if stores::changes_temporary(bytes) {
            found = found.union(Subjects::TEMPORARIES);
        }
        if stores::stores_by_number(bytes) {
            found = found.union(Subjects::NUMBERED_STORES);
        }
        if stores::chained(bytes) {
            found = found.union(Subjects::CHAINED);
        }
        if stores::copied(text).next().is_some() {
            found = found.union(Subjects::SHALLOW_COPIES);
        }
        if stores::stores_implicit(bytes) {
            found = found.union(Subjects::IMPLICIT_STORES);
        }
        if kind != CutKind::Head {
            for attribute in attributes::of(text, kind, code) {
                found = found.union(attribute.subjects);
            }
        }
        found
    }
}

#[derive(Clone, Copy)]
enum Meaning {
    Word,
    /// The word with `=` directly after it: a keyword argument.
    Keyword,
    /// A module, with this member or where its members are imported.
    Member(&'static str),
    /// Below this module.
    Submodule(&'static str),
    /// The same for a word that other things are called too: what it is bound to has to show that it is the module's.
    Import(&'static str),
    /// As one of the arguments of a class statement.
    Base,
    /// As a decorator.
    Decorator,
    /// As the name of a function.
    Method,
    /// As what is called in a line that does more than that.
    Used,
    /// As the method that is called in a line that does more than that.
    UsedMethod,
    /// The same with at least one argument: `table.insert()` is no list's.
    UsedWith,
    /// As the keyword before a manager that is named.
    With,
    /// As a method that is called.
    Call,
    /// As the keyword of a loop that does nothing.
    While,
    /// As a method that is called without arguments.
    BareCall,
    /// As a method that is called without arguments or with a time limit.
    Waiting,
    /// As a keyword argument of something that puts items in order, with a name as its value.
    SortKey,
    /// As a function that is called with a name first.
    GivenFunction,
    Def,
    Lambda,
    Class,
    Global,
    /// `classmethod` or `staticmethod`.
    Unbound,
}

impl Meaning {
    /// Whether what stands around a word lets it mean this.
    fn fits(self, bytes: &[u8], start: usize, end: usize) -> bool {
        let after = &bytes[end..];
        match self {
            Meaning::Keyword => after.starts_with(b"=") && !after.starts_with(b"=="),
            Meaning::Member(member) => {
                wording::is_member(after, member) || wording::is_imported(bytes, start, end)
            }
            Meaning::Submodule(module) | Meaning::Import(module) => {
                wording::is_below(bytes, start, module)
            }
            Meaning::Base => wording::is_base(bytes, start, end),
            Meaning::Method => wording::is_defined(bytes, start),
            Meaning::Used => wording::is_used(bytes, start, after),
            Meaning::UsedMethod => {
                wording::is_attribute(bytes, start) && wording::is_used(bytes, start, after)
            }
            Meaning::UsedWith => {
                !after.starts_with(b"()")
                    && wording::is_attribute(bytes, start)
                    && wording::is_used(bytes, start, after)
            }
            Meaning::Call => wording::is_method_call(bytes, start, after),
            Meaning::While => wording::is_idle_loop(after),
            Meaning::With => wording::enters_named(after),
            Meaning::BareCall => wording::is_bare_call(bytes, start, after),
            Meaning::Waiting => wording::is_waiting(bytes, start, after),
            Meaning::SortKey => wording::is_sort_key(bytes, start, after),
            Meaning::GivenFunction => wording::is_given_function(bytes, start, after),
            Meaning::Unbound => wording::may_keep_made(bytes),
            Meaning::Word
            | Meaning::Decorator
            | Meaning::Def
            | Meaning::Lambda
            | Meaning::Class
            | Meaning::Global => true,
        }
    }
}

const WORDS: &[(&str, Subjects, Meaning)] = &{
    use Meaning::*;
    const WORKERS: Subjects = Subjects::WORKERS;
    const POOL: Subjects = Subjects::THREADS.union(Subjects::POOLS).union(WORKERS);
    const KEPT: Subjects = Subjects::SINGLETONS;
    [
        ("def", Subjects::NONE, Def),
        ("lambda", Subjects::NONE, Lambda),
        ("class", Subjects::NONE, Class),
        ("global", Subjects::GLOBAL.union(KEPT), Global),
        ("Thread", Subjects::THREADS, Word),
        ("Timer", Subjects::THREADS, Word),
        ("ThreadPoolExecutor", POOL, Word),
        ("ThreadPool", POOL, Word),
        ("dummy", POOL, Submodule("multiprocessing")),
        ("ProcessPoolExecutor", WORKERS, Word),
        ("InterpreterPoolExecutor", WORKERS, Word),
        ("Executor", WORKERS, Import("concurrent")),
        ("Pool", WORKERS, Import("multiprocessing")),
        ("submit", Subjects::THREADS, Word),
        ("to_thread", Subjects::THREADS, Word),
        ("run_in_executor", Subjects::THREADS, Word),
        ("start_new_thread", Subjects::THREADS, Word),
        ("Process", Subjects::THREADS, Word),
        ("ThreadingMixIn", Subjects::THREADS, Word),
        ("ThreadingTCPServer", Subjects::THREADS, Word),
        ("ThreadingUDPServer", Subjects::THREADS, Word),
        ("ThreadingUnixStreamServer", Subjects::THREADS, Word),
        ("ThreadingUnixDatagramServer", Subjects::THREADS, Word),
        ("ThreadingHTTPServer", Subjects::THREADS, Word),
        ("get_context", POOL, Import("multiprocessing")),
        ("target", Subjects::TARGETS, Keyword),
        ("atexit", Subjects::CALLBACKS, Member("register")),
        ("signal", Subjects::CALLBACKS, Member("signal")),
        ("call_soon", Subjects::CALLBACKS, Word),
        ("call_soon_threadsafe", Subjects::CALLBACKS, Word),
        ("call_later", Subjects::CALLBACKS, Word),
        ("call_at", Subjects::CALLBACKS, Word),
        ("add_done_callback", Subjects::CALLBACKS, Word),
        ("run", Subjects::RUNS, BareCall),
        ("add_signal_handler", Subjects::CALLBACKS, Word),
        ("join", Subjects::JOINS, Waiting),
        ("key", Subjects::PER_ITEM, SortKey),
        ("map", Subjects::PER_ITEM, GivenFunction),
        ("filter", Subjects::PER_ITEM, GivenFunction),
        ("dataclass", Subjects::DATACLASSES, Decorator),
        ("dataclasses", Subjects::DATACLASSES, Decorator),
        ("dataclass_transform", Subjects::DATACLASSES, Decorator),
        ("attr", Subjects::DATACLASSES, Decorator),
        ("attrs", Subjects::DATACLASSES, Decorator),
        ("define", Subjects::DATACLASSES, Decorator),
        ("frozen", Subjects::DATACLASSES, Decorator),
        ("mutable", Subjects::DATACLASSES, Decorator),
        ("NamedTuple", Subjects::DATACLASSES, Base),
        ("__new__", Subjects::NEW.union(KEPT), Method),
        ("__call__", Subjects::CALL.union(KEPT), Method),
        ("classmethod", KEPT, Unbound),
        ("staticmethod", KEPT, Unbound),
        ("metaclass", Subjects::BASES, Keyword),
        ("__slots__", Subjects::SLOTS, Word),
        ("slots", Subjects::SLOTS, Keyword),
        ("abstractmethod", Subjects::ABSTRACT, Word),
        ("abstractproperty", Subjects::ABSTRACT, Word),
        ("abstractclassmethod", Subjects::ABSTRACT, Word),
        ("abstractstaticmethod", Subjects::ABSTRACT, Word),
        ("__init_subclass__", Subjects::INIT_SUBCLASS, Method),
        ("__metaclass__", Subjects::METACLASS_ATTRIBUTE, Word),
        ("__instancecheck__", Subjects::CLASS_HOOKS, Method),
        ("__subclasscheck__", Subjects::CLASS_HOOKS, Method),
        ("__prepare__", Subjects::CLASS_HOOKS, Method),
        ("__mro_entries__", Subjects::CLASS_HOOKS, Method),
        ("fromkeys", Subjects::FROMKEYS, Word),
        ("ContextVar", Subjects::CONTEXT_VARS, Word),
        ("lru_cache", Subjects::CACHES, Word),
        ("cache", Subjects::CACHES, Decorator),
        ("add", Subjects::USED_MUTATORS, UsedWith),
        ("append", Subjects::USED_MUTATORS, UsedWith),
        ("appendleft", Subjects::USED_MUTATORS, UsedWith),
        ("clear", Subjects::USED_MUTATORS, UsedMethod),
        ("difference_update", Subjects::USED_MUTATORS, UsedMethod),
        ("discard", Subjects::USED_MUTATORS, UsedWith),
        ("extend", Subjects::USED_MUTATORS, UsedWith),
        ("extendleft", Subjects::USED_MUTATORS, UsedWith),
        ("insert", Subjects::USED_MUTATORS, UsedWith),
        ("intersection_update", Subjects::USED_MUTATORS, UsedMethod),
        ("move_to_end", Subjects::USED_MUTATORS, UsedWith),
        ("remove", Subjects::USED_MUTATORS, UsedWith),
        ("reverse", Subjects::USED_MUTATORS, UsedMethod),
        ("rotate", Subjects::USED_MUTATORS, UsedMethod),
        ("sort", Subjects::USED_MUTATORS, UsedMethod),
        ("subtract", Subjects::USED_MUTATORS, UsedMethod),
        (
            "symmetric_difference_update",
            Subjects::USED_MUTATORS,
            UsedMethod,
        ),
        ("update", Subjects::USED_MUTATORS, UsedMethod),
        ("acquire", Subjects::ACQUIRES, Word),
        ("while", Subjects::SPINS, While),
        ("with", Subjects::GUARDS, With),
        ("wait", Subjects::WAITS, Call),
        ("empty", Subjects::EMPTIES, BareCall),
        ("qsize", Subjects::EMPTIES, BareCall),
        ("Lock", Subjects::LOCKS, Word),
        ("RLock", Subjects::LOCKS, Word),
        ("Condition", Subjects::LOCKS, Word),
        ("Semaphore", Subjects::LOCKS, Word),
        ("BoundedSemaphore", Subjects::LOCKS, Word),
        ("symmetric_difference_update", Subjects::USED_MUTATORS, Used),
        ("shuffle", Subjects::USED_MUTATORS, Used),
        ("heapify", Subjects::USED_MUTATORS, Used),
        ("heappush", Subjects::USED_MUTATORS, Used),
        ("insort", Subjects::USED_MUTATORS, Used),
        ("insort_left", Subjects::USED_MUTATORS, Used),
        ("insort_right", Subjects::USED_MUTATORS, Used),
    ]
};

/// What a word may show. Where it stands in the table twice, its first meaning counts.
fn known(word: &[u8]) -> Option<(Subjects, Meaning)> {
    struct Known {
        /// By first byte: the lengths of the words that begin so, a bit each. Most words of a text are told by these two.
        lengths: [u64; 256],
        words: FxHashMap<&'static [u8], (Subjects, Meaning)>,
    }
    static KNOWN: LazyLock<Known> = LazyLock::new(|| {
        let mut lengths = [0; 256];
        for (word, ..) in WORDS {
            lengths[usize::from(word.as_bytes()[0])] |= 1 << word.len();
        }
        let words = WORDS.iter().rev();
        let words = words.map(|(word, subjects, meaning)| (word.as_bytes(), (*subjects, *meaning)));
        Known {
            lengths,
            words: words.collect(),
        }
    });
    let lengths = KNOWN.lengths[usize::from(word[0])];
    let may_be_known = word.len() < 64 && lengths & 1 << word.len() != 0;
    may_be_known.then(|| KNOWN.words.get(word).copied())?
}

#[cfg(test)]
#[path = "subjects_tests.rs"]
mod tests;
