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
