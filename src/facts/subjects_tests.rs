//! What words show.

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
    assert!(has("def f(a=f'{b()}'): x = 1", Subjects::DEFAULTS));
    assert!(!has(
        "def f(a=1, b=(), c='f', d=b''): x = []",
        Subjects::DEFAULTS
    ));
    assert!(has("x = lambda a, b=[]: b", Subjects::DEFAULTS));
    assert!(!has("x = lambda a: a == [1]", Subjects::DEFAULTS));
    assert!(has(
        "def f(a, *, b: T = NAMES): pass",
        Subjects::NAMED_DEFAULTS
    ));
    assert!(has("x = lambda a, b=s.NAMES: b", Subjects::NAMED_DEFAULTS));
    assert!(!has(
        "def f(a=None, b=1, c='', d=-1, e=b'', g=True, h=[]): x = y",
        Subjects::NAMED_DEFAULTS
    ));
    assert!(has("class A:\n    x = []", Subjects::CLASS_ATTRIBUTES));
    assert!(has(
        "class A:\n    x: T = c.deque()",
        Subjects::CLASS_ATTRIBUTES
    ));
    assert!(has("class A:\n    x = Field()", Subjects::CLASS_CALLS));
    assert!(!has(
        "class A:\n    x = Field()",
        Subjects::CLASS_ATTRIBUTES
    ));
    assert!(has("x = [[0] * n] * m", Subjects::REPETITION));
    assert!(!has("f(*[1, 2])", Subjects::REPETITION));
    assert!(has("class A(B, C): pass", Subjects::BASES));
    assert!(!has("class A(B[C, D],): pass", Subjects::BASES));
    assert!(has("self.__call__ = f", Subjects::IMPLICIT_STORES));
    assert!(has("self.__len__: F = f", Subjects::IMPLICIT_STORES));
    assert!(!has("self.__call__(f)", Subjects::IMPLICIT_STORES));
    assert!(!has("self.__dict__ = f", Subjects::IMPLICIT_STORES));
    assert!(has("class A(B, c=1): pass", Subjects::CLASS_KEYWORDS));
    assert!(has("class A(c = 1): pass", Subjects::CLASS_KEYWORDS));
    assert!(!has(
        "class A(B, metaclass=M): pass",
        Subjects::CLASS_KEYWORDS
    ));
    assert!(!has(
        "class A(f(c=1)):\n    x = y(1)",
        Subjects::CLASS_KEYWORDS
    ));
    assert!(has("def __new__(cls): pass", Subjects::NEW));
    assert!(!has("object.__new__(cls)", Subjects::NEW));
    assert!(has("@a.dataclass(x)\nclass A: pass", Subjects::DATACLASSES));
    assert!(!has("x = dataclass(A)", Subjects::DATACLASSES));
    assert!(has("x = dataclass(A)", Subjects::DATACLASS_MAKERS));
    assert!(!has("attr = attr.name", Subjects::DATACLASSES));
    assert!(has("atexit.register(f)", Subjects::CALLBACKS));
    assert!(has("from signal import signal", Subjects::CALLBACKS));
    assert!(!has("signal.send(f)", Subjects::CALLBACKS));
    assert!(has("sorted(names, key=size)", Subjects::PER_ITEM));
    assert!(!has("sorted(names, key=lambda n: n)", Subjects::PER_ITEM));
    assert!(!has("Field(key=NAME)", Subjects::PER_ITEM));
    assert!(has("list(map(fetch, urls))", Subjects::PER_ITEM));
    assert!(!has(
        "map(int, urls), x.map(f, y), filter(None, z)",
        Subjects::PER_ITEM
    ));
    assert!(has("thread.run()", Subjects::RUNS));
    assert!(has(
        "thread.join()\nthread.join( timeout=3)",
        Subjects::JOINS
    ));
    assert!(has("thread.join(.5)", Subjects::JOINS));
    assert!(has("thread.join(LIMIT)", Subjects::JOINS));
    assert!(!has(
        "', '.join(names), x.join(f(y)), sep.join([a])",
        Subjects::JOINS
    ));
    assert!(has("thread\\\n    . run (\n  # now\n)", Subjects::RUNS));
    assert!(!has("asyncio.run(main())\nrun()", Subjects::RUNS));
}

#[test]
fn chains_are_read_from_words() {
    for text in [
        "a = b = []",
        "a = self.b = c[0] = {}",
        "self.rows=self.shown=list()",
        "a[0] = b['x'] = \\\n  [1]",
        "a: int = 1\nb = c = [2]",
    ] {
        assert!(has(text, Subjects::CHAINED), "{text}");
    }
    for text in [
        "a = b = 1",
        "f(a=b, c=[])",
        "a = b == [1]",
        "a = b.c = []",
        "a[1] = b = {}",
        "a = b <= [1]",
        "a = 1\nb = []",
        "a = {b: 1}\nc = []",
    ] {
        assert!(!has(text, Subjects::CHAINED), "{text}");
    }
}

#[test]
fn displays_that_need_a_hash_are_read_from_brackets() {
    for text in [
        "x = {[1]: 2}",
        "x = {  # why\n    # so\n    [1]: 2,\n}",
        "x = {(1, 2), {'a': 1}}",
        "x = {('a', (2, [1])): 1}",
        "x = {{1}}",
        "table[[1]] = 2",
        "f(a)['a', [1]]",
        "seen.add([x, y])",
        "table.get({'a'}, 1)",
        "[x] in table",
        "if x and ('a', [1]) not in table: pass",
        "x = y\n[1] in z",
        "set([[1], [2]])",
        "dict([([1], 'a')])",
        "frozenset(({'a': 1},))",
        "set([n] for n in y)",
        "d = {n: [n] for n in {[n] for n in y}}",
    ] {
        assert!(has(text, Subjects::UNHASHABLE), "{text}");
    }
    for text in [
        "x = {'a': [1], 'b': {}}",
        "x = [[1], [2]]",
        "f([1], a=[2])",
        "x: Callable[[int], str]",
        "for [a, b] in rows: pass",
        "x = set([1, 2])",
        "'{[1]}' # {[1]}",
        "table[1] = [2]\nx = {table[2]: [1]}",
    ] {
        assert!(!has(text, Subjects::UNHASHABLE), "{text}");
    }
    assert!(has("f(1, [2])", Subjects::GIVEN_DISPLAYS));
    assert!(has("f(a=('b', {}))", Subjects::GIVEN_DISPLAYS));
    assert!(!has("f(x[1], 'a')\n[f(1)]", Subjects::GIVEN_DISPLAYS));
}

#[test]
fn changes_of_temporaries_are_read_from_words() {
    for text in [
        "d.get(k, []).append(v)",
        "d.get(k, {})[x] = 1",
        "d.get(k, {}) ['a']['b'] = 1",
        "(d.get(k) or []).append(v)",
        "getattr(x, 'tags', []).append(1)",
        "d.get(\n    k, []\n).append(v)",
        "list(names).sort()",
        "names[:].reverse()",
        "dict(table)['a'] = 1",
        "table.copy().update(a=1)",
        "del list(names)[0]",
        "d.get(k, {}).setdefault('x', []).append(1)",
    ] {
        assert!(has(text, Subjects::TEMPORARIES), "{text}");
    }
    for text in [
        "d.setdefault(k, []).append(v)",
        "x = d.get(k, {})['a']",
        "d.get(k, []).index(v)",
        "names[0].append(1)",
        "names.append(d.get(k))",
    ] {
        assert!(!has(text, Subjects::TEMPORARIES), "{text}");
    }
}

#[test]
fn stores_of_numbered_items_are_read_from_words() {
    for text in [
        "pair[0] = 1",
        "pair[-1] += [2]",
        "pair[ 0:2 ] = x",
        "self.pair[0] *= 2",
        "pair[0], other = 5, 6",
        "other = pair[1] = 7",
        "del other, pair[1]",
        "del pair[0]",
        "(pair[0]) = 1",
        "def f(*parts): parts[n] = 1",
        "parts = (1, 2)\nparts[n] = 1",
    ] {
        assert!(has(text, Subjects::NUMBERED_STORES), "{text}");
    }
    for text in [
        "pair['a'] = 1",
        "rows[n] = 1",
        "pair[0] == 1",
        "f(pair[0], a=1)",
        "x = pair[0]",
        "x = pair[0], 1",
        "x: list[1]",
    ] {
        assert!(!has(text, Subjects::NUMBERED_STORES), "{text}");
    }
}

#[test]
fn returned_containers_are_read_from_words() {
    let yes = |text: &str| assert!(has(text, Subjects::RETURNED_CONTAINERS), "{text}");
    let no = |text: &str| assert!(!has(text, Subjects::RETURNED_CONTAINERS), "{text}");
    yes("def f(a, rows: list):\n    return rows");
    yes("def f(rows : 't.List[int]', b):\n    return rows  # so");
    yes("def f(rows: Optional[dict]):\n    return (rows)");
    yes("def with_tax(rows: MutableMapping):\n    return 1");
    no("def f(rows: list):\n    return 1");
    no("def f(rows: list):\n    return rows_of(1)");
    no("def f(rows):\n    return rows");
    no("def f(rows: int, x={1: list}):\n    return rows");
    no("def with_tax(rows: int):\n    return 1");
}

#[test]
fn shallow_copies_are_read_from_words() {
    let yes = |text: &str| assert!(has(text, Subjects::SHALLOW_COPIES), "{text}");
    let no = |text: &str| assert!(!has(text, Subjects::SHALLOW_COPIES), "{text}");
    yes("a = b.copy()");
    yes("a = copy.copy(b.c)  # so");
    yes("a: T = dict(b)");
    yes("a = list( b ); c = 1");
    yes("a = b.c[:]");
    yes("a=copy(b)\nd = 2");
    yes("a = {**b}");
    yes("a = [*b]");
    no("a = list(b(c))");
    no("a = b.copy(c, d)");
    yes("a = {**b, 'c': 1}");
    yes("a = dict(b, c=1)");
    yes("a = b.c | {'d': 1}");
    no("a = b | c");
    no("a = {**b(c), 'd': 1}");
    no("a == list(b)");
    no("f(a=list(b), c=1)");
    no("a = b[1:]");
    no("a = len(b)");
}

#[test]
fn calls_of_methods_are_read_from_words() {
    assert!(has("if x:\n    changed.wait(1)", Subjects::WAITS));
    assert!(has("(changed\n    .wait ())", Subjects::WAITS));
    assert!(!has("def wait(self): self.wait = 1", Subjects::WAITS));
    assert!(!has("asyncio.wait_for(task)", Subjects::WAITS));
    assert!(has("jobs.join( )", Subjects::JOINS));
    assert!(has("jobs.join(  # all of them\n)", Subjects::JOINS));
    assert!(!has("', '.join(names)", Subjects::JOINS));
}

#[test]
fn named_managers_are_read_from_words() {
    let yes = |text: &str| assert!(has(text, Subjects::GUARDS), "{text}");
    let no = |text: &str| assert!(!has(text, Subjects::GUARDS), "{text}");
    yes("with lock: pass");
    yes("with self._lock:\n    pass");
    yes("with open(path) as file, self._lock:");
    yes("with (\n    a as b,\n    open(c),\n):");
    yes("with a.b as c:");
    no("with open(path) as file:");
    no("with (open(a[1:2]) as b, open(c)):");
    no("# works with lists and\nx = {1: 2}");
}

#[test]
fn idle_loops_are_read_from_words() {
    let yes = |text: &str| assert!(has(text, Subjects::SPINS), "{text}");
    let no = |text: &str| assert!(!has(text, Subjects::SPINS), "{text}");
    yes("while not done: pass");
    yes("while rows[1:2] != {1: 2}:  # wait\n    # for it\n    pass");
    yes("while not (\n    done\n):\n    time.sleep(0)");
    yes("while True:\n    if done:\n        break");
    yes("while not done:\n    ...");
    yes("while not done:\n    continue");
    no("while not done:\n    time.sleep(1)");
    no("while True:\n    work()");
    no("while not done:\n    passed = 1");
    assert!(has(
        "@functools.lru_cache()\ndef f(): pass",
        Subjects::CACHES
    ));
    assert!(has("@cache\ndef f(): pass", Subjects::CACHES));
    assert!(!has("cache = f(cache)", Subjects::CACHES));
}

#[test]
fn classes_under_decorators_are_read_from_words() {
    let yes = |text: &str| assert!(has(text, Subjects::REPLACED_CLASSES), "{text}");
    let no = |text: &str| assert!(!has(text, Subjects::REPLACED_CLASSES), "{text}");
    yes("@single\nclass A: pass");
    yes("@dataclass(frozen=True)\n@m.single  # one\n\n# why\nclass A: pass");
    yes("@single(\n    1,\n)\nclass A: pass");
    yes("class A:\n    @single\n    class B: pass");
    no("@dataclass\n@typing.final\nclass A: pass");
    no("@single\ndef f(): pass\nclass A: pass");
    no("class A: pass");
}

#[test]
fn singletons_are_read_from_words() {
    let yes = |text: &str| assert!(has(text, Subjects::SINGLETONS), "{text}");
    let no = |text: &str| assert!(!has(text, Subjects::SINGLETONS), "{text}");
    yes("def one(cls):\n    def get():\n        if not kept:\n            kept.append(cls())");
    no("def one(cls):\n    def get():\n        if not kept:\n            kept.append(1)");
    yes("def get():\n    global it\n    if it is None:\n        it = A()");
    no("def get():\n    global it\n    it = A()");
    yes("@classmethod\ndef get(cls):\n    if not cls.it:\n        cls.it = cls()");
    no("@classmethod\ndef get(cls, it):\n    if not it:\n        it = cls()");
    yes("def __new__(cls):\n    if cls.it is None:\n        cls.it = super().__new__(cls)");
    no("def __new__(cls):\n    return super().__new__(cls)");
    yes(
        "def __new__(cls):\n    try:\n        return cls.it\n    except AttributeError:\n        cls.it = super().__new__(cls)",
    );
    yes(
        "@classmethod\ndef get(cls):\n    try:\n        return cls.it\n    except AttributeError:\n        cls.it = cls()",
    );
}

#[test]
fn used_results_are_read_from_words() {
    for text in [
        "x = names.sort()",
        "f(names.append(1))",
        "names.append(f(1)).append(2)",
        "f(\n    names\n    .append(1)\n)",
        "x = shuffle(names)",
    ] {
        assert!(has(text, Subjects::USED_MUTATORS), "{text}");
    }
    for text in [
        "names.sort()",
        "if full: names.clear()",
        "names.append((1, f(2).g))",
        "x = table.insert()",
        "x = insert(table)",
        "class A:\n    def add(self): pass",
        "# see x.add(y)",
    ] {
        assert!(!has(text, Subjects::USED_MUTATORS), "{text}");
    }
}
