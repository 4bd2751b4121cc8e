//! What hovers say: over findings, and over constructs by what they mean.

use std::path::PathBuf;

use marginote::analysis::{Analysis, Hover, Snapshot};

fn open(text: &str) -> (Snapshot, PathBuf) {
    let path = PathBuf::from("/nowhere/case.py");
    let mut analysis = Analysis::default();
    analysis.open(path.clone(), 0, text);
    (analysis.snapshot(), path)
}

/// The hover at the place that `‸` marks.
fn hover(marked: &str) -> Option<Hover> {
    let offset = marked.find('‸').expect("a mark");
    let (snapshot, path) = open(&marked.replace('‸', ""));
    snapshot.hover(&path, offset)
}

/// The title of the concept at the mark.
fn title(marked: &str) -> Option<String> {
    let first = hover(marked)?.plain.lines().next()?.to_string();
    Some(first)
}

#[test]
fn a_finding_says_what_it_means_here() {
    let hover = hover("def add(item, items=‸[]):\n    items.append(item)\n    return items\n")
        .expect("a hover");
    insta::assert_snapshot!(hover.markdown);
}

#[test]
fn a_construct_says_its_concept() {
    let hover = hover("import queue\n\njobs = queue.‸Queue()\n").expect("a hover");
    insta::assert_snapshot!(hover.markdown);
}

#[test]
fn constructs_are_known_by_meaning() {
    let queue = title("import queue\nqueue.‸Queue()\n");
    assert!(queue.is_some());
    assert_eq!(title("from queue import Queue as Q\n‸Q()\n"), queue);
    assert_eq!(title("import queue as q\nmake = q.Queue\n‸make()\n"), queue);
    assert_eq!(
        title("class Queue: pass\n‸Queue()\n"),
        None,
        "the project's own class of that name"
    );
    assert_eq!(
        title("def f():\n    Queue = make()\n    return ‸Queue()\n"),
        None
    );
}

#[test]
fn keywords_operators_and_decorators_answer() {
    assert!(title("def f():\n    ‸global x\n    x = 1\n").is_some());
    assert!(title("a = b ‸is c\n").is_some());
    assert!(title("a = b is‸ not c\n").is_some());
    let cached = title("import functools\n@functools.‸lru_cache\ndef f(): pass\n");
    assert!(cached.is_some());
    assert_eq!(
        title("from functools import lru_cache as keep\n@‸keep(maxsize=1)\ndef f(): pass\n"),
        cached
    );
}

#[test]
fn text_and_comments_are_silent() {
    assert_eq!(title("# the ‸Thread and the global\n"), None);
    assert_eq!(title("x = 1‸\n"), None);
    assert_eq!(title("\n‸\n"), None);
}

/// The first line of the card of a concept.
fn card(concept: &str) -> Option<String> {
    let knowledge = marginote::knowledge::Knowledge::builtin();
    let title = |title: &str| title.replace('`', "");
    knowledge.concept(concept).map(|card| title(&card.title))
}

#[test]
fn designs_are_recognised() {
    let shows = |concept: &str, code: &str| {
        let shown = title(code);
        assert!(shown.is_some(), "{concept}: nothing in {code}");
        assert_eq!(shown, card(concept), "{code}");
    };
    shows(
        "singleton-new",
        "class ‸One:\n    it = None\n    def __new__(cls):\n        if cls.it is None:\n            cls.it = super().__new__(cls)\n        return cls.it\n",
    );
    let keeping = "class Keep(type):\n    kept = {}\n    def __call__(cls, *args):\n        if cls not in cls.kept:\n            cls.kept[cls] = super().__call__(*args)\n        return cls.kept[cls]\n";
    shows(
        "singleton-metaclass",
        &keeping.replace("class Keep", "class ‸Keep"),
    );
    shows(
        "singleton-metaclass",
        &format!("{keeping}class ‸App(metaclass=Keep): pass\n"),
    );
    shows(
        "singleton-decorator",
        "def ‸one(cls):\n    kept = {}\n    def get():\n        if cls not in kept:\n            kept[cls] = cls()\n        return kept[cls]\n    return get\n",
    );
    shows(
        "singleton-module",
        "class A: pass\n_it = None\ndef ‸get():\n    global _it\n    if _it is None:\n        _it = A()\n    return _it\n",
    );
    shows(
        "metaclass-registry",
        "class ‸Plugins(type):\n    all = {}\n    def __init__(cls, name, bases, namespace):\n        cls.all[name] = cls\n    def names(cls):\n        return list(cls.all)\n",
    );
    shows(
        "metaclass-validation",
        "class ‸Checked(type):\n    def __new__(mcs, name, bases, namespace):\n        if 'run' not in namespace:\n            raise TypeError(name)\n        return super().__new__(mcs, name, bases, namespace)\n    def names(cls):\n        return cls.__name__\n",
    );
    shows(
        "decorator-basics",
        "def ‸loud(function):\n    def call(*args):\n        print(args)\n        return function(*args)\n    return call\n",
    );
    shows(
        "diamond-super",
        "class A: pass\nclass B(A): pass\nclass C(A): pass\nclass ‸D(B, C): pass\n",
    );
}

#[test]
fn designs_that_only_look_alike_are_not() {
    let is_not = |concept: &str, code: &str| assert_ne!(title(code), card(concept), "{code}");
    is_not(
        "singleton-new",
        "class ‸Many:\n    def __new__(cls):\n        return super().__new__(cls)\n",
    );
    is_not(
        "decorator-basics",
        "def ‸outer(items):\n    def inner(x):\n        return x\n    return inner\n",
    );
    is_not(
        "diamond-super",
        "class A: pass\nclass B: pass\nclass ‸D(A, B): pass\n",
    );
    is_not(
        "metaclass-registry",
        "class ‸Plain(type):\n    def __init__(cls, name, bases, namespace):\n        super().__init__(name, bases, namespace)\n",
    );
}
