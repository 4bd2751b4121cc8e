//! Properties: segments, and what an edit leaves of them, over real files and random edits.

mod suites;

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, OnceLock};

use marginote::analysis::{Analysis, Cancel};
use marginote::facts::FileFacts;
use marginote::rules::Finding;
use marginote::syntax::{CutKind, Kind, Tree, parse, resegment, segment};
use marginote::text::{Change, Document, PositionEncoding};
use proptest::prelude::*;
use proptest::sample::Index;
use suites::Case;

/// Texts of real modules: those of the standard library that have long classes, decorators, nested functions, odd strings, threads.
fn texts() -> &'static [String] {
    static TEXTS: OnceLock<Vec<String>> = OnceLock::new();
    TEXTS.get_or_init(|| {
        let output = Command::new("python3").args(["-c", "import os; print(os.path.dirname(os.__file__))"]).output().expect("python3 runs");
        let folder = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
        let names = ["threading", "enum", "typing", "argparse", "tarfile", "inspect", "queue", "abc", "functools", "textwrap", "datetime", "weakref"];
        let mut texts: Vec<String> = names.iter().filter_map(|name| std::fs::read_to_string(folder.join(format!("{name}.py"))).ok()).collect();
        assert!(texts.len() > 8, "the standard library's sources are in {}", folder.display());
        texts.push("class A:\r\n    x = []\r\n\r\n    def f(self):\r\n        return f'{self.x!r:>{10}}'\r\n".repeat(40));
        texts.push("x = 1\rdef f(\r  a=[]\r):\r  '''\r  doc'''\r  return a\r".repeat(20));
        texts.push(with_findings());
        texts
    })
}

/// Python in which the rules find much: the first cases of some suites, one after the other.
fn with_findings() -> String {
    let suites = [
        include_str!("rules/GIL003-unlocked-update.md"),
        include_str!("rules/MUT001-mutable-default.md"),
        include_str!("rules/MUT003-shared-class-attribute.md"),
        include_str!("rules/MUT013-unbounded-cache.md"),
        include_str!("rules/MUT018-cached-result-changed.md"),
        include_str!("rules/SNG002-singleton-race.md"),
        include_str!("rules/SNG005-singleton-hides-class.md"),
        include_str!("rules/SNG009-singleton-unneeded.md"),
        include_str!("rules/SNG010-new-init-mismatch.md"),
    ];
    let fences = suites.iter().flat_map(|suite| {
        let fences = suite.split("```python\n").skip(1).take(8);
        fences.filter_map(|fence| fence.split("```").next())
    });
    fences.collect()
}

/// Kinds and ranges of a tree's nodes, from `start` on.
fn flat(tree: &Tree, start: usize) -> Vec<(Kind, usize, usize)> {
    let nodes = tree
        .nodes()
        .filter(|node| node.kind() != Kind::Module && node.kind() != Kind::Comment);
    nodes
        .map(|node| {
            (
                node.kind(),
                start + node.range().start,
                start + node.range().end,
            )
        })
        .collect()
}

#[test]
fn segments_cover_and_equal_the_whole_tree() {
    for text in texts() {
        let cuts = segment(text.as_bytes());
        assert_eq!(cuts.first().map(|cut| cut.start), Some(0));
        assert_eq!(cuts.last().map(|cut| cut.end), Some(text.len()));
        assert!(
            cuts.windows(2).all(|pair| pair[0].end == pair[1].start),
            "every byte is in one segment"
        );
        let (whole, _) = parse(&text.as_str().into(), None, true);
        assert!(!whole.has_error());
        let facts = FileFacts::new(Arc::new(PathBuf::from("a.py")), text.clone().into());
        let parts: Vec<_> = (0..facts.len())
            .flat_map(|index| flat(&facts.segment(index).body().tree, facts.start(index)))
            .collect();
        // a class that is cut in two has its block in the head, empty; the blocks of whole classes hold their members
        let heads = cuts.iter().filter(|cut| cut.kind == CutKind::Head).count();
        let without_blocks = |nodes: Vec<(Kind, usize, usize)>| {
            let mut nodes: Vec<_> = nodes
                .into_iter()
                .filter(|node| !matches!(node.0, Kind::Block | Kind::ClassDef | Kind::Decorated))
                .collect();
            nodes.sort_by_key(|node| (node.1, node.2, node.0 as u8));
            nodes
        };
        assert_eq!(
            without_blocks(parts),
            without_blocks(flat(&whole, 0)),
            "with {heads} classes cut"
        );
    }
}

/// What people type, paste and delete.
const PIECES: &[&str] = &[
    "x",
    " ",
    "\n",
    "\n    ",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "\"",
    "'",
    "\"\"\"",
    "#",
    ":",
    "def f(",
    "\nclass A:\n    ",
    "@",
    "\\\n",
    "é🎵",
    "\r\n",
    "\r",
    "\t",
    "f\"{",
    "=[]",
    "self.x += 1\n",
];

#[derive(Clone, Debug)]
struct RandomEdit {
    at: f64,
    remove: usize,
    piece: usize,
}

fn edits() -> impl Strategy<Value = Vec<RandomEdit>> {
    let edit = (
        0.0..1.0f64,
        prop_oneof![4 => Just(0usize), 2 => 1..4usize, 1 => 20..400usize],
        0..PIECES.len(),
    );
    prop::collection::vec(
        edit.prop_map(|(at, remove, piece)| RandomEdit { at, remove, piece }),
        1..6,
    )
}

fn apply(text: &str, edit: &RandomEdit) -> (std::ops::Range<usize>, String) {
    let boundary = |mut at: usize| {
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let start = boundary((edit.at * text.len() as f64) as usize);
    let end = boundary((start + edit.remove).min(text.len()));
    (start..end, PIECES[edit.piece].to_string())
}

/// The cases of every suite of the rules.
fn cases() -> &'static [Case] {
    static CASES: OnceLock<Vec<Case>> = OnceLock::new();
    CASES.get_or_init(|| {
        let suites = suites::suites("rules").into_iter();
        suites
            .flat_map(|(_, suite)| suites::cases(&suite))
            .collect()
    })
}

/// The words of a text, and every other character that is no blank.
fn tokens(text: &str) -> Vec<Range<usize>> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut tokens: Vec<Range<usize>> = Vec::new();
    for (at, c) in text.char_indices().filter(|(_, c)| !c.is_whitespace()) {
        let end = at + c.len_utf8();
        match tokens.last_mut() {
            Some(last)
                if last.end == at && is_word(c) && text[last.clone()].chars().all(is_word) =>
            {
                last.end = end
            }
            _ => tokens.push(at..end),
        }
    }
    tokens
}

/// Some words of a file are replaced.
#[derive(Clone, Debug)]
struct Typed {
    file: Index,
    first: Index,
    /// How many words go.
    count: usize,
    piece: usize,
    other: Index,
}

fn typed() -> impl Strategy<Value = Typed> {
    let parts = (
        any::<Index>(),
        any::<Index>(),
        0..4usize,
        0..8usize,
        any::<Index>(),
    );
    parts.prop_map(|(file, first, count, piece, other)| Typed {
        file,
        first,
        count,
        piece,
        other,
    })
}

impl Typed {
    /// What is replaced in a text, and by what: nothing, or something that stands elsewhere in it too.
    fn at(&self, text: &str) -> (Range<usize>, String) {
        let tokens = tokens(text);
        let first = self.first.index(tokens.len());
        let start = tokens[first].start;
        let end = tokens[first..]
            .iter()
            .take(self.count)
            .next_back()
            .map_or(start, |last| last.end);
        let lines: Vec<&str> = text.lines().collect();
        let (word, line) = (
            &text[self.other.get(&tokens).clone()],
            self.other.get(&lines),
        );
        let piece = match self.piece {
            0 => "()".to_string(),
            1 => format!(" {word} "),
            2 => format!(".{word}"),
            3 => format!("\n{line}\n"),
            _ => String::new(),
        };
        (start..end, piece)
    }
}

/// The files of a case, all of them open.
fn opened(root: &Path, files: &[(PathBuf, String)]) -> Analysis {
    let mut analysis = Analysis::default();
    analysis.set_folders(vec![root.to_path_buf()]);
    for (path, text) in files {
        analysis.open(path.clone(), 0, text);
    }
    analysis
}

fn findings(analysis: &Analysis, files: &[(PathBuf, String)]) -> Vec<Finding> {
    let snapshot = analysis.snapshot();
    let reports = files
        .iter()
        .filter_map(|(path, _)| snapshot.findings(path, &Cancel::default()));
    reports.flat_map(|report| report.findings.clone()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn resegmenting_equals_segmenting(file in 0..15usize, edits in edits()) {
        let mut text = texts()[file % texts().len()].clone();
        let mut cuts = segment(text.as_bytes());
        for edit in &edits {
            let (range, piece) = apply(&text, edit);
            let mut new = text.clone();
            new.replace_range(range, &piece);
            let change = resegment(text.as_bytes(), &cuts, new.as_bytes());
            prop_assert_eq!(&change.cuts, &segment(new.as_bytes()));
            let (old_tail, new_tail) = (cuts.len() - change.suffix, change.cuts.len() - change.suffix);
            prop_assert_eq!(&cuts[..change.prefix], &change.cuts[..change.prefix]);
            for (old, fresh) in cuts[old_tail..].iter().zip(&change.cuts[new_tail..]) {
                prop_assert_eq!(&text[old.start..old.end], &new[fresh.start..fresh.end]);
            }
            (text, cuts) = (new, change.cuts);
        }
    }

    #[test]
    fn seeded_parse_equals_fresh_parse(file in 0..15usize, edits in edits()) {
        let text = &texts()[file % texts().len()];
        let (_, seed) = parse(&text.as_str().into(), None, true);
        let mut new = text.clone();
        for edit in &edits {
            let (range, piece) = apply(&new, edit);
            new.replace_range(range, &piece);
        }
        let (fresh, _) = parse(&new.as_str().into(), None, true);
        let (seeded, _) = parse(&new.as_str().into(), seed.as_ref(), true);
        // error recovery may differ, which is why broken segments are not reported on; what parses is the same
        if !fresh.has_error() && !seeded.has_error() {
            prop_assert_eq!(flat(&fresh, 0), flat(&seeded, 0));
        }
        prop_assert_eq!(fresh.has_error(), seeded.has_error());
    }

    #[test]
    fn incremental_equals_from_scratch(file in 0..15usize, edits in edits()) {
        let path = PathBuf::from("/nowhere/case.py");
        let mut text = texts()[file % texts().len()].clone();
        let mut edited = Analysis::default();
        edited.open(path.clone(), 0, &text);
        for (version, edit) in edits.iter().enumerate() {
            let (range, piece) = apply(&text, edit);
            let document = Document::new(&text, 0);
            let range_of = |encoding| (document.position(range.start, encoding), document.position(range.end, encoding));
            let encoding = [PositionEncoding::Utf8, PositionEncoding::Utf16, PositionEncoding::Utf32][version % 3];
            let before = edited.snapshot();
            before.findings(&path, &Cancel::default());
            let change = Change { range: Some(range_of(encoding)), text: piece.clone() };
            edited.edit(&path, version as i32 + 1, &[change], encoding).expect("the range is inside");
            text = edited.snapshot().document(&path).expect("it is open").text().to_string();
        }
        let mut fresh = Analysis::default();
        fresh.open(path.clone(), 0, &text);
        let findings = |analysis: &Analysis| analysis.snapshot().findings(&path, &Cancel::default()).expect("not cancelled").findings.clone();
        prop_assert_eq!(findings(&edited), findings(&fresh));
    }

    #[test]
    fn what_is_typed_and_undone_in_a_case_is_seen(case: Index, edits in prop::collection::vec(typed(), 6)) {
        let case = case.get(cases());
        let project = suites::project(case);
        let (root, paths) = (project.root, project.paths);
        let read = |path: &PathBuf| (path.clone(), std::fs::read_to_string(path).expect("it was written"));
        let mut files: Vec<_> = paths.iter().map(read).collect();
        let mut edited = opened(&root, &files);
        findings(&edited, &files);
        for (version, edit) in (1..).step_by(2).zip(&edits) {
            let file = edit.file.index(files.len());
            let (path, text) = files[file].clone();
            let (range, piece) = edit.at(&text);
            let mut with = text.clone();
            with.replace_range(range.clone(), &piece);
            let change = |text: &str, range: Range<usize>, piece: &str| {
                let document = Document::new(text, 0);
                let position = |at| document.position(at, PositionEncoding::Utf8);
                Change { range: Some((position(range.start), position(range.end))), text: piece.to_string() }
            };
            let typing = change(&text, range.clone(), &piece);
            let undoing = change(&with, range.start..range.start + piece.len(), &text[range]);
            for (version, change, text) in [(version, typing, with), (version + 1, undoing, text)] {
                edited.edit(&path, version, &[change], PositionEncoding::Utf8).expect("the range is inside");
                files[file].1 = text;
                prop_assert_eq!(findings(&edited, &files), findings(&opened(&root, &files), &files), "{}: {}", case.title, files[file].1);
            }
        }
    }

    #[test]
    fn any_text_is_survived(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let path = PathBuf::from("/nowhere/case.py");
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let mut analysis = Analysis::default();
        analysis.open(path.clone(), 0, &text);
        let report = analysis.snapshot().findings(&path, &Cancel::default()).expect("not cancelled");
        prop_assert_eq!(&report.problems, &Vec::<String>::new());
    }
}
