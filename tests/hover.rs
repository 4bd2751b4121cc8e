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

/// What the hover at the mark in the first file says of the project's own design: its second paragraph. The others are open beside it.
fn design(marked: &str, others: &[(&str, &str)]) -> String {
    let offset = marked.find('‸').expect("a mark");
    let path = PathBuf::from("/nowhere/case.py");
    let mut analysis = Analysis::default();
    analysis.open(path.clone(), 0, &marked.replace('‸', ""));
    for (name, text) in others {
        analysis.open(PathBuf::from("/nowhere").join(name), 0, text);
    }
    let hover = analysis.snapshot().hover(&path, offset).expect("a hover");
    hover
        .markdown
        .split("\n\n")
        .nth(1)
        .unwrap_or_default()
        .to_owned()
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

#[test]
fn a_singleton_says_where_its_instance_lives_and_who_constructs_it() {
    let config = "class ‸Config:\n    _instance = None\n\n    def __new__(cls):\n        if cls._instance is None:\n            cls._instance = super().__new__(cls)\n        return cls._instance\n";
    insta::assert_snapshot!(design(config, &[]), @"`Config` is a singleton: its one instance lives in `Config._instance` (line 2) and no place constructs it.");
    let app =
        "from case import Config\nfrom case import Config as Settings\n\nConfig()\nSettings()\n";
    let other = "import case\n\ncase.Config()\n\n\nclass Config: ...\n\n\nConfig()\n";
    let here = format!("{config}\n\nconfig = Config()\n");
    let files = [("app.py", app), ("other.py", other)];
    insta::assert_snapshot!(design(&here, &files), @"`Config` is a singleton: its one instance lives in `Config._instance` (line 2) and 4 places construct it (line 10, app.py line 4, app.py line 5, …).");
    let used = format!("{}\n\n‸Config()\n", config.replace('‸', ""));
    insta::assert_snapshot!(design(&used, &[]), @"`Config` is a singleton: its one instance lives in `Config._instance` (line 2) and one place constructs it (line 10).");
    let below = format!("{}\n\nclass ‸Child(Config): ...\n", config.replace('‸', ""));
    insta::assert_snapshot!(design(&below, &[]), @"`Child` is a singleton: its one instance lives in `Child._instance` (line 2) and no place constructs it.");
    let table = "class ‸Pool:\n    _known = {}\n\n    def __new__(cls):\n        if cls not in cls._known:\n            cls._known[cls] = super().__new__(cls)\n        return cls._known[cls]\n\n\nPool()\n";
    insta::assert_snapshot!(design(table, &[]), @"`Pool` is a singleton: its one instance lives in `Pool._known` (line 2) and one place constructs it (line 10). Each subclass gets an instance of its own.");
}

#[test]
fn every_shape_of_a_singleton_says_where_the_instance_lives() {
    let keep = "class ‸Keep(type):\n    _kept = {}\n\n    def __call__(cls, *args):\n        if cls not in cls._kept:\n            cls._kept[cls] = super().__call__(*args)\n        return cls._kept[cls]\n\n\nclass App(metaclass=Keep): ...\n\n\nclass Log(metaclass=Keep): ...\n\n\nApp()\nApp()\n";
    insta::assert_snapshot!(design(keep, &[]), @"`Keep` makes singletons: the instances live in `Keep._kept` (line 2); 2 classes are made by it (`App` line 10, `Log` line 13).");
    let app = keep.replace('‸', "").replace("class App", "class ‸App");
    insta::assert_snapshot!(design(&app, &[]), @"`App` is a singleton: its one instance lives in `Keep._kept` (line 2) and 2 places construct it (line 16, line 17).");
    let one = "def ‸one(cls):\n    kept = {}\n\n    def get():\n        if cls not in kept:\n            kept[cls] = cls()\n        return kept[cls]\n\n    return get\n\n\n@one\nclass Till: ...\n\n\nTill()\n";
    insta::assert_snapshot!(design(one, &[]), @"`one` makes singletons: the instances live in `kept` (line 2); one class is made by it (`Till` line 13).");
    let till = one.replace('‸', "").replace("class Till", "class ‸Till");
    insta::assert_snapshot!(design(&till, &[]), @"`Till` is a singleton: its one instance lives in `kept` (line 2) and one place constructs it (line 16).");
    let module = "class Client: ...\n\n\n_client = None\n\n\ndef ‸client():\n    global _client\n    if _client is None:\n        _client = Client()\n    return _client\n";
    let app = "import case\n\ncase.client()\ncase.client()\n";
    insta::assert_snapshot!(design(module, &[("app.py", app)]), @"`client` hands out one instance, which lives in `_client` (line 4); 2 places ask for it (app.py line 3, app.py line 4).");
    let method = "class ‸Store:\n    _it = None\n\n    @classmethod\n    def get(cls):\n        if cls._it is None:\n            cls._it = cls()\n        return cls._it\n\n\nStore.get()\nStore()\n";
    insta::assert_snapshot!(design(method, &[]), @"`Store` is a singleton: its one instance lives in `Store._it` (line 2) and one place asks `get` for it (line 11), one place constructs another (line 12).");
    let borg = "class ‸Borg:\n    _state = {}\n\n    def __init__(self):\n        self.__dict__ = self._state\n\n\nBorg()\nBorg()\n";
    insta::assert_snapshot!(design(borg, &[]), @"The objects of `Borg` all have one `__dict__`, which lives in `Borg._state` (line 2); 2 places construct one (line 8, line 9).");
}

#[test]
fn metaclasses_and_descriptors_say_what_they_are_in_the_project() {
    let registry = "class ‸Plugins(type):\n    known = {}\n\n    def __init__(cls, name, bases, namespace):\n        cls.known[name] = cls\n\n    def names(cls):\n        return list(cls.known)\n";
    let csv = "from case import Plugins\n\n\nclass Csv(metaclass=Plugins): ...\n\n\nclass Json(metaclass=Plugins): ...\n";
    insta::assert_snapshot!(design(registry, &[("csv_reader.py", csv)]), @r"`Plugins` keeps the classes that it makes in `Plugins.known` (line 2); 2 classes are made by it (`Csv` csv\_reader.py line 4, `Json` csv\_reader.py line 7).");
    let checked = "class ‸Checked(type):\n    def __new__(mcs, name, bases, namespace):\n        if 'run' not in namespace:\n            raise TypeError(name)\n        return super().__new__(mcs, name, bases, namespace)\n\n    def names(cls):\n        return cls.__name__\n";
    insta::assert_snapshot!(design(checked, &[]), @"`Checked` looks at each class that it makes, and raises (line 4) for one that does not fit; no class is made by it.");
    let descriptor = "class ‸Positive:\n    def __set__(self, instance, value): ...\n\n\nclass Order:\n    amount = Positive()\n    price: int = Positive()\n\n    def f(self):\n        local = Positive()\n";
    insta::assert_snapshot!(design(descriptor, &[]), @"`Positive` is a data descriptor, because it defines `__set__`; 2 class attributes hold one (`Order.amount` line 6, `Order.price` line 7).");
    let weak = "class ‸Once:\n    def __get__(self, instance, owner): ...\n";
    insta::assert_snapshot!(design(weak, &[]), @"`Once` is a non-data descriptor: what the instance holds comes first; no class attribute holds one.");
}

#[test]
fn a_finding_leaves_the_design_in_the_hover() {
    let registry = "class ‸Plugins(type):\n    known = {}\n\n    def __init__(cls, name, bases, namespace):\n        super().__init__(name, bases, namespace)\n        cls.known[name] = cls\n\n\nclass Csv(metaclass=Plugins): ...\n";
    let over = hover(registry).expect("a hover");
    assert_eq!(over.findings, ["MET003"]);
    let sentence = "`Plugins` keeps the classes that it makes in `Plugins.known` (line 2); one class is made by it (`Csv` line 9).";
    let mut paragraphs = over.markdown.split("\n\n");
    assert!(
        paragraphs.any(|paragraph| paragraph == sentence),
        "{}",
        over.markdown
    );
    // what is not named there is nothing of the finding's
    let inside = registry
        .replace('‸', "")
        .replace("cls.known[name]", "cls.known[‸name]");
    let over = hover(&inside);
    assert!(over.is_none_or(|over| !over.markdown.contains("keeps the classes")));
}

#[test]
fn names_in_a_design_add_no_markdown() {
    let odd = "class ‸Config:\n    _instance = None\n\n    def __new__(cls):\n        if cls._instance is None:\n            cls._instance = super().__new__(cls)\n        return cls._instance\n";
    let user = "from case import Config\nConfig()\n";
    insta::assert_snapshot!(design(odd, &[("[a](http:x)`b`.py", user)]), @r"`Config` is a singleton: its one instance lives in `Config._instance` (line 2) and one place constructs it (\[a\](http:x)`b`.py line 2).");
}
