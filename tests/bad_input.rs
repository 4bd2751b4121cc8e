//! Code that nobody would write, and that a checker is given all the same: what is known of it is still found, nothing else is said, and it ends.

use std::fmt::Write as _;
use std::sync::mpsc;
use std::time::Duration;

use marginote::analysis::Analysis;

/// What the server's and the pool's threads have.
const STACK: usize = 2 << 20;

/// How long one project may take on a machine that does other things too, without optimisation.
const TIME: Duration = Duration::from_secs(240);

/// A pitfall that is found in any file.
const PITFALL: &str = "\n\ndef well_known_pitfall(items=[]):\n    items.append(1)\n";

/// Writes a part of a text for each number.
fn each(count: usize, part: impl Fn(usize) -> String) -> String {
    (0..count).map(part).collect()
}

/// Writes a part for each number, each indented by one more tab than the one before.
fn stairs(count: usize, part: impl Fn(usize) -> String) -> String {
    each(count, |step| {
        let indent = "\t".repeat(step);
        part(step).lines().fold(String::new(), |mut text, line| {
            let _ = writeln!(text, "{indent}{line}");
            text
        })
    })
}

/// The codes of the findings in files of these texts, and in the first one behind a pitfall, sorted.
fn codes(texts: Vec<String>) -> Vec<&'static str> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let root = folder.path().canonicalize().expect("it is there");
    let mut paths = Vec::new();
    for (number, text) in texts.iter().enumerate() {
        let path = root.join(format!("m{number}.py"));
        let pitfall = if number == 0 { PITFALL } else { "" };
        std::fs::write(&path, format!("{text}{pitfall}")).expect("a file");
        paths.push(path);
    }
    let (send, receive) = mpsc::channel();
    let work = move || {
        let mut analysis = Analysis::default();
        analysis.set_folders(vec![root]);
        let snapshot = analysis.snapshot();
        let mut codes = Vec::new();
        for path in &paths {
            let report = snapshot
                .findings(path, &Default::default())
                .expect("nobody cancels");
            assert!(report.problems.is_empty(), "{:?}", report.problems);
            codes.extend(report.findings.iter().map(|finding| finding.code));
        }
        codes.sort_unstable();
        let _ = send.send(codes);
    };
    let thread = std::thread::Builder::new().stack_size(STACK);
    thread.spawn(work).expect("a thread");
    receive
        .recv_timeout(TIME)
        .expect("it ends and is not stopped by a panic")
}

/// Nothing is found but the pitfall behind it.
fn nothing(texts: impl Into<Vec<String>>) {
    assert_eq!(codes(texts.into()), ["MUT001"]);
}

/// A rule finds this many, and nothing else is found but the pitfall behind it.
fn only(code: &'static str, count: usize, text: String) {
    let mut expected = vec![code; count];
    expected.push("MUT001");
    expected.sort_unstable();
    assert_eq!(codes(vec![text]), expected);
}

#[test]
fn classes_that_derive_from_each_other_or_from_themselves() {
    let cycle = each(200, |i| {
        let base = (i + 1) % 200;
        format!(
            "class C{i}(C{base}):\n    xs = []\n    def add(self):\n        self.xs.append({i})\n"
        )
    });
    nothing([cycle]);
    let own = "class C(C):\n    __slots__ = ('a',)\n    def __new__(cls):\n        return super().__new__(cls)\n    def f(self):\n        self.b = 1\n";
    nothing([own.repeat(60)]);
    let like_its_module = "import threading\nclass threading(threading.Thread):\n    def run(self):\n        super().run()\n";
    nothing([like_its_module.to_string()]);
    nothing(["class M(type, metaclass=M): pass\nclass A(metaclass=A): pass\nclass B(B.C):\n    class C(B): pass\n".to_string()]);
}

#[test]
fn a_lattice_of_classes() {
    let text = each(64, |i| {
        let next = i + 1;
        format!(
            "class A{next}(A{i}, B{i}):\n    def f(self):\n        return super().f()\nclass B{next}(A{i}, B{i}):\n    pass\n"
        )
    });
    nothing([format!(
        "class A0:\n    def f(self):\n        return 1\nclass B0: pass\n{text}A64().f()\n"
    )]);
    nothing([format!("from gone import A0, B0\n{text}A64().f()\n")]);
    let diamonds = each(64, |i| {
        let next = i + 1;
        format!(
            "class L{i}(A{i}):\n    def f(self):\n        self.xs.append(1)\nclass R{i}(A{i}):\n    pass\nclass A{next}(L{i}, R{i}): pass\n"
        )
    });
    nothing([format!("class A0:\n    xs = []\n{diamonds}A64().f()\n")]);
}

#[test]
fn the_same_class_and_function_again_and_again() {
    let classes = each(1_000, |i| {
        format!(
            "class C(threading.Thread):\n    xs = []\n    def __init__(self, a={i}):\n        self.n = a\n    def run(self):\n        self.xs.append({i})\n"
        )
    });
    let found = codes(vec![format!("import threading\n{classes}C().start()\n")]);
    let count = |code: &str| found.iter().filter(|found| **found == code).count();
    assert_eq!(
        (count("GIL012"), count("MUT003"), count("MUT001")),
        (1_000, 1_000, 1)
    );
    // each of itself, as it was before
    let heirs = each(1_000, |i| {
        format!(
            "class C(C):\n    xs = []\n    def add(self):\n        self.xs.append({i})\n        return super().add()\n"
        )
    });
    nothing([format!("class C: pass\n{heirs}C().add()\n")]);
    let functions = "def f(a):\n    d[a] = g()\n    return f(a)\ndef g():\n    return f(1)\nthreading.Thread(target=f, args=(1,)).start()\n";
    nothing([format!(
        "import threading\nd = {{}}\n{}",
        functions.repeat(1_000)
    )]);
}

#[test]
fn names_that_threads_use_and_that_lead_to_themselves() {
    let ways = "    x = x.y\n    x.n += 1\n    z = w\n    w = z.q\n    w.n += 1\n";
    nothing([format!(
        "import threading\nclass S:\n    def __init__(self, s):\n        self.s = s.s\ndef f():\n{ways}for _ in range(3):\n    threading.Thread(target=f).start()\n"
    )]);
}

#[test]
fn very_many_comments_in_one_statement() {
    let statements = each(20_000, |i| {
        format!("    # marginote: ignore[GIL001]\n    x{i} = 1\n")
    });
    only("SUP001", 20_000, format!("def f():\n{statements}"));
    let silenced = each(5_000, |_| {
        "    lambda a=[]: a.append(1),  # noqa: B006\n".into()
    });
    nothing([format!("x = [\n{silenced}]\n")]);
    let own = each(5_000, |_| {
        "    lambda a=[]: a.append(1),  # marginote: ignore\n".into()
    });
    nothing([format!("x = [\n{own}]\n")]);
}

#[test]
fn very_many_comments_in_a_row() {
    let comments = each(400_000, |_| "    # as it was\n".into());
    let function = "def f(a=[]):\n    a.append(1)\n";
    only("MUT001", 1, format!("{function}{comments}    return a\n"));
    only(
        "MUT001",
        1,
        format!("{function}{}", comments.replace("    ", "")),
    );
}

#[test]
fn very_many_cached_functions() {
    let text = each(5_000, |i| {
        format!(
            "@lru_cache\ndef f{i}(a):\n    return [a]\ndef g{i}():\n    x = f{i}(1)\n    x.append(2)\n"
        )
    });
    only(
        "MUT018",
        5_000,
        format!("from functools import lru_cache\n{text}"),
    );
}

#[test]
fn bases_that_are_attributes_of_classes_with_such_bases() {
    let text = each(2_000, |i| {
        format!(
            "class C{}(C{i}.base):\n    def f(self, xs=None):\n        return self.g\n",
            i + 1
        )
    });
    nothing([format!("class C0:\n    base = object\n{text}C2000().f()\n")]);
}

#[test]
fn modules_that_import_each_other_or_are_missing() {
    let module = |i: usize| {
        let next = (i + 1) % 2_000;
        format!(
            "from m{next} import thing\nfrom m{next} import *\nclass K(thing): pass\ndef f(a=thing):\n    a.append(1)\n"
        )
    };
    nothing((0..2_000).map(module).collect::<Vec<_>>());
    nothing(["import m0\nfrom m0 import x as y, y as x\nm0.m0.m0.x = y\n".to_string()]);
    nothing([each(500, |i| {
        format!(
            "from gone{i} import *\nclass C{i}(Base{i}):\n    x = unknown{i}()\n    def f(self, a=thing{i}):\n        self.x.append(a)\n"
        )
    })]);
}

#[test]
fn very_many_classes_and_methods() {
    nothing([format!(
        "import threading\n{}",
        each(10_000, |i| format!(
            "class C{i}(threading.Thread):\n    xs = ()\n    def run(self):\n        self.n = self.xs\n"
        ))
    )]);
    let methods = each(5_000, |i| {
        let next = (i + 1) % 5_000;
        format!(
            "    def m{i}(self):\n        with self._lock:\n            self.n += 1\n        self.m{next}()\n"
        )
    });
    nothing([format!(
        "import threading\nclass C:\n    def __init__(self):\n        self._lock = threading.RLock()\n        self.n = 0\n{methods}"
    )]);
    only(
        "MUT003",
        300,
        each(300, |i| {
            format!("class C{i}:\n    xs = []\n    def add(self, x):\n        self.xs.append(x)\n")
        }),
    );
}

#[test]
fn very_many_threads_and_locks() {
    nothing([format!(
        "import threading\n{}",
        each(5_000, |i| format!("def w{i}(n):\n    return print(n)\nt{i} = threading.Thread(target=w{i}, args=(1,))\nt{i}.start()\n"))
            .replace("return ", "")
    )]);
    nothing([format!(
        "import threading\n{}{}",
        each(10_000, |i| format!("l{i} = threading.Lock()\n")),
        each(9_999, |i| format!(
            "def f{i}():\n    with l{i}:\n        with l{}:\n            pass\n",
            i + 1
        ))
    )]);
}

#[test]
fn very_long_functions() {
    let steps = each(10_000, |i| {
        format!("    x{i} = a + {i}\n    total += x{i}\n    b.count(x{i})\n")
    });
    nothing([format!(
        "def f(a, b):\n    total = 0\n{steps}    return total\n"
    )]);
    let branches = each(2_000, |i| {
        format!("    elif x == {i}:\n        y.append({i})\n")
    });
    nothing([format!(
        "def f(x, y):\n    if x == -1:\n        pass\n{branches}    return x\n"
    )]);
}

#[test]
fn names_bound_again_and_again() {
    for count in [50, 1_000] {
        let again = "    a = a.b()\n    a.c(1)\n".repeat(count);
        nothing([format!("def f(a):\n{again}    return a\n")]);
        let module = each(count, |i| format!("x = x.y({i})\n"));
        nothing([format!("x = object()\n{module}def g(b=x):\n    x.z(b)\n")]);
    }
}

#[test]
fn aliases_of_aliases() {
    let module = each(5_000, |i| format!("a{} = a{i}\n", i + 1));
    nothing([format!(
        "a0 = ()\n{module}def f(x=a5000):\n    x.count(1)\n"
    )]);
    let function = each(5_000, |i| format!("    a{} = a{i} or a{i}\n", i + 1));
    only(
        "MUT001",
        1,
        format!("def f(a0=[]):\n{function}    a5000.append(1)\n"),
    );
    let classes = each(5_000, |i| format!("C{} = C{i}\n", i + 1));
    nothing([format!(
        "class C0: pass\n{classes}class D(C5000): pass\nD().a = C5000()\n"
    )]);
}

#[test]
fn functions_that_call_each_other() {
    let text = each(300, |i| {
        let (a, b, c) = ((i + 1) % 300, (i * 3 + 1) % 300, (i * 7 + 3) % 300);
        format!(
            "def f{i}(a, n=1):\n    if n == 1:\n        return f{a}(a)\n    if n == 2:\n        return f{b}(a, 1)\n    return f{c}(n, a)\n"
        )
    });
    nothing([format!("{text}x = f0([])\nx.append(1)\n")]);
    // the object comes back from each of them
    let found = codes(vec![text.replace("(a, n=1)", "(a=[], n=1)")]);
    let expected = found.iter().all(|code| *code == "MUT001");
    assert!(expected && !found.is_empty(), "{found:?}");
}

#[test]
fn very_large_displays_and_lines() {
    let items = each(100_000, |i| format!("{i}: [{i}],\n"));
    nothing([format!("d = {{\n{items}}}\ndef f(a):\n    return d[a]\n")]);
    nothing([format!(
        "x = [{}]\ns = '{}'\n",
        "1, ".repeat(100_000),
        "a".repeat(200_000)
    )]);
    nothing([format!("y = 1{}\n", " + 1".repeat(5_000))]);
    for (word, operand) in [("and", "xs"), ("or", "not xs")] {
        let test = vec![operand; 50_000].join(&format!(" {word} "));
        nothing([format!(
            "def f(xs=[]):\n    if {test}:\n        return\n    xs.append(1)\n"
        )]);
    }
}

#[test]
fn chains_of_attributes_and_calls() {
    let (attributes, calls) = (".b".repeat(5_000), ".c(1)".repeat(5_000));
    nothing([format!(
        "import a\nx = a{attributes}\nx{attributes} = 1\ny = x{calls}\ndef f(z=y{attributes}):\n    z.append(1)\n"
    )]);
}

#[test]
fn nested_as_deep_as_one_likes() {
    let inner = "xs.append(1)";
    nothing([stairs(2_000, |i| format!("def f{i}(xs):\n\t{inner}"))]);
    nothing([stairs(2_000, |i| format!("class C{i}:\n\txs = ()"))]);
    for statement in ["if xs:", "while xs:", "for x in xs:", "with xs:"] {
        let body = stairs(2_000, |_| format!("\t{statement}"));
        nothing([format!("def f(xs):\n{body}{}{inner}\n", "\t".repeat(2_001))]);
    }
    let tries = stairs(500, |_| "\ttry:".to_string());
    let handlers = each(500, |i| {
        let indent = "\t".repeat(500 - i);
        format!("{indent}except ValueError:\n{indent}\traise\n")
    });
    nothing([format!(
        "def f(xs):\n{tries}{}{inner}\n{handlers}",
        "\t".repeat(501)
    )]);
    nothing([format!("x = {}1{}\n", "(".repeat(3_000), ")".repeat(3_000))]);
    nothing([format!("x = {}1{}\n", "[".repeat(3_000), "]".repeat(3_000))]);
    nothing([format!("f = {}1\n", "lambda x: ".repeat(1_000))]);
    let defaults = each(992, |i| format!("lambda x{i}=[]: "));
    only("MUT001", 992, format!("f = {defaults}x0.append(1)\n"));
    nothing([format!("x = {}1\n", "not ".repeat(3_000))]);
    nothing([format!(
        "x = {}1{}\n",
        "f(".repeat(3_000),
        ")".repeat(3_000)
    )]);
    nothing([format!("x = {}1\n", "1 if y else ".repeat(2_000))]);
}

#[test]
fn code_that_does_not_parse() {
    let found = "def f(xs=[]):\n    xs.append(1)\n\n\n";
    for broken in [
        "class B(:\n    def x(self, a=[)\n  if (\n",
        "x = (\n",
        "x = \"\"\"\n\"\"\" \"\n",
        "def g(:\n",
        "    return\n",
    ] {
        only("MUT001", 1, format!("{found}{broken}\n\n"));
    }
    // these belong to the code beside them
    for broken in ["@\n", "else:\n"] {
        nothing([format!("{found}{broken}\n\n")]);
    }
    only(
        "MUT001",
        500,
        format!(
            "x = [\n{}",
            each(500, |i| format!("def f{i}(xs=[]):\n    xs.append(1)\n"))
        ),
    );
}
