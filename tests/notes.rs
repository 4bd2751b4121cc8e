//! Notes with the accidents that notes have, each read into what a person sees in it. The files are in `tests/notes`.

use std::fmt::Write as _;
use std::ops::Range;
use std::path::Path;

use insta::assert_snapshot;
use marginote::knowledge::notes::{BlockKind, Note, ProblemKind};
use proptest::prelude::*;

fn read(name: &str) -> Note {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/notes")
        .join(name);
    let bytes = std::fs::read(&path).expect("a file of the tests");
    Note::read(Path::new(name), &bytes)
}

/// All that was understood of a note, with lines from 1.
fn outline(note: &Note) -> String {
    let mut out = String::new();
    for section in &note.sections {
        let path = section.headings.join(" › ");
        let _ = write!(out, "{} h{} {path}", section.line + 1, section.level);
        for (name, words) in [("concepts", &section.concepts), ("tags", &section.tags)] {
            if !words.is_empty() {
                let _ = write!(out, " {name}={words:?}");
            }
        }
        out.push_str(if section.is_contents {
            " contents\n"
        } else {
            "\n"
        });
        for question in &section.questions {
            let answer = note.text[question.answer.clone()].lines().next();
            let difficulty = question.difficulty;
            let _ = writeln!(
                out,
                "  {} Q {} {difficulty:?} A {answer:?}",
                question.line + 1,
                question.text
            );
        }
        for passage in note.prose(section) {
            let _ = writeln!(out, "  {} {:?}", passage.line + 1, passage.text);
        }
        for block in &section.blocks {
            let _ = writeln!(
                out,
                "  {} {:?} {} {:?}",
                block.line + 1,
                block.kind,
                block.language,
                block.marks
            );
            for line in block.code.split('\n') {
                let _ = writeln!(out, "    |{line}");
            }
        }
    }
    for link in &note.links {
        let heading = link.heading.as_deref().unwrap_or("-");
        let _ = writeln!(
            out,
            "link {:?} {} # {heading}",
            &note.text[link.range.clone()],
            link.target
        );
    }
    for problem in &note.problems {
        let line = note.text[..problem.range.start].matches('\n').count() + 1;
        let _ = writeln!(out, "{line} {:?}: {}", problem.kind, problem.message);
    }
    out
}

#[test]
fn misread_as_windows_1254() {
    assert_snapshot!(outline(&read("damaged-windows-1254.md")), @r#"
    1 h1 Locks — short notes
    3 h3 Locks — short notes › When is a lock needed?
      3 Q When is a lock needed? Some(Medium) A Some("Whenever two threads change one value → always.")
      5 "Answer: Whenever two threads change one value → always."
      9 Fence python [(0..2, Bad), (3..6, Good)]
        |# ❌ two threads
        |total += 1
        |
        |# ✅ one at a time
        |with lock:
        |    total += 1
      18 Fence  []
        |┌────────┐
        |│ thread │
        |└────────┘
    1 EncodingDamaged: the note was saved after its UTF-8 had been misread as Windows-1254: 28 characters are damaged, the first here. They are read as they were meant; to repair the file, save it as Windows-1254 and open it again as UTF-8
    "#);
}

#[test]
fn misread_as_mac_roman() {
    assert_snapshot!(outline(&read("damaged-mac-roman.md")), @r#"
    1 h1 Event loop
      3 "✅ Waiting costs nothing → thousands of tasks. ❌ Computing blocks everyone. Le café reste chaud: naïve façade, “quoted”, 🚀"
    1 EncodingDamaged: the note was saved after its UTF-8 had been misread as Mac Roman: 11 characters are damaged, the first here. They are read as they were meant; to repair the file, save it as Mac Roman and open it again as UTF-8
    "#);
}

#[test]
fn fences_in_lists() {
    let note = read("lists.md");
    assert_eq!(note.front.title.as_deref(), Some("Steps"));
    assert_eq!(note.front.concepts, ["exceptions"]);
    assert_eq!(note.front.tags, ["errors", "try"]);
    assert_snapshot!(outline(&note), @r#"
    6 h2 Steps
      7 "A first thought"
      8 "A second one"
    9 h4 Steps › In a list
      13 "Ask first"
      18 "Or try"
      24 "And clean up"
      11 Fence python [(0..1, Bad)]
        |print(1 / 0)  # ❌ ZeroDivisionError
      15 Fence python []
        |if key in table:
        |    use(table[key])
      20 Fence python []
        |try:
        |    use(table[key])
        |except KeyError:
        |    pass
      26 Fence python []
        |try:
        |    use(table)
        |finally:
        |    close()
    32 h2 Steps
      34 "Never silently An empty except hides every error."
      38 Fence python []
        |try:
        |    f()
        |except Exception:
        |    raise
    19 FenceNotClosed: this fence is never closed; its block is taken to end before line 24: close it with a line of the same marks
    "#);
}

#[test]
fn fences_that_are_not_closed() {
    assert_snapshot!(outline(&read("stray.md")), @r#"
    1 h1 One
      4 Fence python []
        |def f():
        |    return 1
    7 h2 One › Two
      9 "Prose with ## no heading."
      12 Fence text []
        |## no heading either
      16 Fence python []
        |s = """
        |```
        |"""
      22 Fence markdown []
        |```python
        |x = 1
        |```
      28 Fence  []
        |open to the end
      31 Fence python []
        |y = 2
    3 FenceNotClosed: this fence is never closed; its block is taken to end before line 6: close it with a line of the same marks
    27 FenceNotClosed: this fence is never closed; its block is taken to end before line 29: close it with a line of the same marks
    "#);
}

#[test]
fn a_notebook_saved_as_text() {
    assert_snapshot!(outline(&read("export.txt")), @r#"
    1 h1 Queues
      3 "A queue hands work over."
      27 "The number is a guess at best."
      34 "Now something else:"
      6 Cell python []
        |# a first try
        |import queue
        |
        |q = queue.Queue()
        |
        |class Worker:
        |
        |	def run(self):
        |		return q.get()
        |
        |	def stop(self):
        |		pass
        |
        |
        |# usage
        |q.put(1)
        |print(q.qsize())
      24 Output  []
        |1
      30 Cell python []
        |q
      32 Output  []
        |<queue.Queue at 0x7f>
      37 Cell python []
        |
      39 Output  []
        |Collecting nothing
        |  Downloading nothing-1.0 (3.7 kB)
        |
        |  * done
      45 Cell python []
        |
        |from setuptools import setup
        |
        |setup(name="x")
      50 Output  []
        |Overwriting setup.py
    53 h2 Queues › Shown
      55 Cell python []
        |with open("setup.py") as f:
        |    print(f.read())
      58 Output  []
        |from setuptools import setup
        |
        |setup(name="x")
    64 h1 Text in strings
      67 Cell python []
        |text = """
        |[project]
        |
        |# no heading
        |"""
        |
        |if text:
        |    0
        |    n = len(text)
    77 h2 Text in strings › Only comments
      79 Cell python []
        |## not run
        |## !rm file
    82 h2 Text in strings › The end
      84 "Words."
    "#);
}

#[test]
fn links_tags_comments_and_tables() {
    assert_snapshot!(outline(&read("vault.md")), @r#"
    1 h1 Threads #python/threads concepts=["gil", "cpu-bound"]
      3 "See why, #Locks, the docs, and the web. Not: [[code]], [[1, 2], [3, 4]], x, [y](javascript:alert(1)), a colour #fff, issue #12."
    11 h2 Threads #python/threads › Contents contents
    17 h2 Threads #python/threads › Locks
      24 "A lock & a queue are not the same."
      26 "Tool | For\nLock | one at a time\na | b | union"
      19 Indented  []
        |lock = Lock()
        |
        |with lock:
        |    pass
    31 h1 Pools
      34 "__init__ takes *args, **kwargs and max_workers on the next line"
      37 "and a second paragraph"
    link "[[The GIL#Why|why]]" The GIL # Why
    link "[[#Locks]]"  # Locks
    link "[the *docs*](other%20note.md#intro \"T\")" other note.md # intro
    link "![](img/a.png)" img/a.png # -
    link "[the web](https://example.org)" https://example.org # -
    "#);
}

#[test]
fn a_notebook() {
    let note = read("sums.ipynb");
    assert_snapshot!(outline(&note), @r#"
    7 h1 Sums
      9 "A sum adds → up. ```x"
      21 Output  []
        |3
        |done
      28 Output  []
        |[1, 2]
      37 Cell python []
        |
        |# Not a heading
        |print(1 + 2)
        |[1, 2]
    47 h2 Sums › Shell
      49 Fence python []
        |never closed
      59 Output  []
        |broken
      64 Cell bash []
        |
        |ls
    79 h3 Sums › Shell › Why?
      79 Q Why? None A Some("So.")
      80 "Answer: So."
    48 FenceNotClosed: this fence is never closed; its block is taken to end before line 50: close it with a line of the same marks
    "#);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/notes/sums.ipynb");
    let json = std::fs::read_to_string(path).expect("a file of the tests");
    for (line, text) in note
        .text
        .lines()
        .enumerate()
        .filter(|(_, text)| !text.is_empty())
    {
        let written = json.lines().nth(line).unwrap_or_default();
        assert!(
            written.contains(&text.replace('"', "\\\"")),
            "line {line}: {text} is not in {written}"
        );
    }
}

#[test]
fn a_notebook_on_one_line_or_of_format_3() {
    let compact = r##"{"nbformat":4,"cells":[{"cell_type":"markdown","source":"# A\nb"},{"cell_type":"code","source":["x = 1\r\n","y"]},{"bad":1},7]}"##;
    let note = Note::read(Path::new("found-by-content.txt"), compact.as_bytes());
    assert_snapshot!(outline(&note), @r#"
    1 h1 A
      2 "b"
      4 Cell python []
        |x = 1
        |y
    "#);
    let old = r##"{"nbformat":3,"worksheets":[{"cells":[{"cell_type":"heading","level":2,"source":["Old"]},{"cell_type":"code","input":["print(1)"],"outputs":[{"text":["1"]}]}]}]}"##;
    assert_snapshot!(outline(&Note::read(Path::new("old.ipynb"), old.as_bytes())), @r#"
    1 h2 Old
      3 Cell python []
        |print(1)
      5 Output  []
        |1
    "#);
}

/// Kind and message of the problems of a note that has no sections.
fn unread(name: &str, bytes: &[u8]) -> Vec<ProblemKind> {
    let note = Note::read(Path::new(name), bytes);
    assert!(note.sections.is_empty(), "{name}");
    note.problems.iter().map(|problem| problem.kind).collect()
}

#[test]
fn what_cannot_be_read_is_a_problem() {
    let deep = format!("{{\"nbformat\":4,\"cells\":{}", "[".repeat(100_000));
    let deep_cell = format!(
        "{{\"cells\":[{}1{}]}}",
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    assert_eq!(
        unread("a.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\xff"),
        [ProblemKind::NotReadable]
    );
    assert_eq!(
        unread("long.md", &vec![b'#'; 100 << 20]),
        [ProblemKind::NotReadable]
    );
    assert_eq!(
        unread("a.ipynb", b"{\"cells\": [\n{]}"),
        [ProblemKind::NotReadable]
    );
    assert_eq!(
        unread("a.ipynb", deep.as_bytes()),
        [ProblemKind::NotReadable]
    );
    assert_eq!(unread("a.ipynb", deep_cell.as_bytes()), []);
    assert_eq!(unread("a.ipynb", b"{}"), []);
    assert_eq!(unread("empty.md", b"\n \n"), []);
}

#[test]
fn every_line_ends_as_it_likes() {
    let unix =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/notes/lists.md"));
    let unix = unix.expect("a file of the tests");
    let read = |text: &str| outline(&Note::read(Path::new("lists.md"), text.as_bytes()));
    let expected = read(&unix);
    assert_eq!(read(&unix.replace('\n', "\r\n")), expected);
    let utf_16: Vec<u8> = format!("\u{feff}{unix}")
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    assert_eq!(
        outline(&Note::read(Path::new("lists.md"), &utf_16)),
        expected
    );
    let mac = Note::read(Path::new("lists.md"), unix.replace('\n', "\r").as_bytes());
    let lines = |note: &Note| {
        note.sections
            .iter()
            .map(|section| section.line)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        lines(&mac),
        lines(&Note::read(Path::new("lists.md"), unix.as_bytes()))
    );
}

/// What holds of every note.
fn check(note: &Note) -> Result<(), TestCaseError> {
    let slice = |range: &Range<usize>| note.text.get(range.clone());
    let line_of = |byte: usize| {
        let before = note.text[..byte].replace("\r\n", "\n");
        before.matches(['\n', '\r']).count()
    };
    let mut end = None;
    for section in &note.sections {
        if let Some(end) = end {
            prop_assert_eq!(section.heading.start, end, "sections follow each other");
        } else {
            prop_assert!(section.level > 0 || section.headings.is_empty());
        }
        prop_assert!(section.heading.end <= section.body.start);
        prop_assert!(slice(&section.heading).is_some() && slice(&section.body).is_some());
        prop_assert_eq!(section.line, line_of(section.heading.start));
        prop_assert_eq!(section.headings.is_empty(), section.level == 0);
        end = Some(section.body.end);
        let mut last = section.body.start;
        for block in &section.blocks {
            let text = slice(&block.range);
            prop_assert!(last <= block.range.start && block.range.end <= section.body.end);
            last = block.range.end;
            let text = text
                .unwrap_or_default()
                .replace("\r\n", "\n")
                .replace('\r', "\n");
            prop_assert_eq!(block.code.split('\n').count(), text.split('\n').count());
            for (code, line) in block.code.split('\n').zip(text.split('\n')) {
                let is_magic = code.is_empty() || code.trim_start() == "pass";
                prop_assert!(
                    line.ends_with(code) || is_magic,
                    "{:?} is not the end of {:?}",
                    code,
                    line
                );
            }
            let lines = block.code.split('\n').count();
            for (marked, _) in &block.marks {
                prop_assert!(marked.start < marked.end && marked.end <= lines);
            }
            prop_assert_eq!(block.line, line_of(block.range.start));
        }
        for question in &section.questions {
            prop_assert!(slice(&question.answer).is_some());
            prop_assert!(section.line <= question.line);
        }
        for passage in note.prose(section) {
            prop_assert!(slice(&passage.range).is_some());
            prop_assert_eq!(passage.line, line_of(passage.range.start));
            let in_block = |block: &marginote::knowledge::notes::Block| {
                !block.range.is_empty()
                    && block.range.start < passage.range.end
                    && passage.range.start < block.range.end
            };
            prop_assert!(
                !section.blocks.iter().any(in_block),
                "{:?} is code",
                passage.text
            );
        }
    }
    if let Some(end) = end {
        prop_assert_eq!(end, note.text.len());
    }
    for range in note
        .links
        .iter()
        .map(|l| &l.range)
        .chain(note.problems.iter().map(|p| &p.range))
    {
        prop_assert!(slice(range).is_some());
    }
    Ok(())
}

/// Lines as notes have them, in any order.
fn lines() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        Just("```python"),
        Just("```"),
        Just("~~~"),
        Just("````md"),
        Just("   ```python"),
        Just("> ```"),
        Just("- ```sh"),
        Just("In [3]:"),
        Just("In [None]:"),
        Just("Out[3]:"),
        Just("# one"),
        Just("## two"),
        Just("    ### three"),
        Just("#tag"),
        Just("x = 1"),
        Just("def f():"),
        Just("    return 1"),
        Just("\treturn 2"),
        Just("f("),
        Just(")"),
        Just("s = \"\"\""),
        Just("!ls \\"),
        Just("    %time"),
        Just("print(f.read())"),
        Just("# ✅ GOOD"),
        Just("# ❌ BAD"),
        Just("1. item"),
        Just("   more"),
        Just("\t• bullet"),
        Just("- [x] task"),
        Just("> quoted"),
        Just("> [!question] Why?"),
        Just("| Question | Answer |"),
        Just("|---|---|"),
        Just("| a? | b |"),
        Just("**Q1: Why?**"),
        Just("**A:** so"),
        Just("**Follow-up Questions:**"),
        Just("- How? (So.)"),
        Just("Difficulty: hard"),
        Just("<!-- marginote: a -->"),
        Just("<!-- open"),
        Just("close -->"),
        Just("[a](b.md) [[c#d|e]] `f`"),
        Just("---"),
        Just("==="),
        Just("---\na: b"),
        Just("â€” ğŸ”¹ é"),
        Just("\u{a0}"),
        Just("    "),
        Just(""),
        Just(""),
        Just(""),
    ];
    let end = prop_oneof![8 => Just("\n"), 1 => Just("\r\n"), 1 => Just("\r")];
    proptest::collection::vec((line, end), 0..40).prop_map(|lines| {
        lines
            .into_iter()
            .map(|(line, end)| format!("{line}{end}"))
            .collect()
    })
}

#[test]
fn a_session_behind_a_fence_with_nothing_in_it_is_no_prose() {
    let note = Note::read(Path::new("a.md"), b"> ```\nIn [3]: x = 1\n");
    let section = note.sections.first().expect("there is one");
    let code: Vec<&str> = section.blocks.iter().map(|block| &*block.code).collect();
    assert_eq!(code, ["", "x = 1"]);
    assert!(note.prose(section).is_empty());
}

#[test]
fn a_block_that_nothing_follows_stands_in_the_line_of_its_fence() {
    let note = Note::read(Path::new("a.md"), b"a\n\n```");
    let blocks = note.sections.iter().flat_map(|section| &section.blocks);
    let places: Vec<_> = blocks
        .map(|block| (block.line, block.range.clone()))
        .collect();
    assert_eq!(places, [(2, 6..6)]);
}

proptest! {
    #[test]
    fn any_bytes_are_survived(bytes in any::<Vec<u8>>(), name in prop_oneof![Just("a.md"), Just("a.ipynb")]) {
        check(&Note::read(Path::new(name), &bytes))?;
    }

    #[test]
    fn any_text_is_survived(text in "[ -~\\n`#\\[\\]*>|é\t]{0,200}") {
        check(&Note::read(Path::new("a.md"), text.as_bytes()))?;
    }

    #[test]
    fn any_lines_make_sound_notes(text in lines()) {
        let note = Note::read(Path::new("a.md"), text.as_bytes());
        check(&note)?;
        if !note.repaired {
            prop_assert_eq!(&note.text, &text);
        }
    }

    #[test]
    fn any_cells_make_sound_notes(cells in proptest::collection::vec((lines(), 0..3_usize), 0..5), is_pretty in any::<bool>()) {
        let kinds = ["markdown", "code", "raw"];
        let cells: Vec<_> = cells.iter().map(|(text, kind)| serde_json::json!({
            "cell_type": kinds[*kind],
            "source": text.split_inclusive('\n').collect::<Vec<_>>(),
            "outputs": [{"text": text}],
        })).collect();
        let json = serde_json::json!({"cells": cells, "nbformat": 4});
        let text = if is_pretty { format!("{json:#}") } else { json.to_string() };
        let note = Note::read(Path::new("a.ipynb"), text.as_bytes());
        check(&note)?;
        prop_assert!(note.problems.iter().all(|problem| problem.kind != ProblemKind::NotReadable));
        let code = cells.iter().filter(|cell| cell["cell_type"] == "code" && cell["source"].to_string().len() > 2);
        let found = note.sections.iter().flat_map(|section| &section.blocks);
        let found = found.filter(|block| block.kind == BlockKind::Output);
        prop_assert!(found.count() >= code.filter(|cell| cell["outputs"][0]["text"].as_str().is_some_and(|text| !text.trim().is_empty())).count());
    }
}
