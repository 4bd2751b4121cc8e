use super::Pattern;
use crate::knowledge::claims::words::sentences;

/// The words that the pattern finds in a text of one sentence.
fn found(pattern: &str, text: &str) -> Option<String> {
    let pattern = Pattern::parse(pattern).expect("a pattern");
    let sentence = sentences(text).into_iter().next().expect("a sentence");
    let (start, end) = pattern.find(&sentence.words, 0)?;
    let words = sentence.words.get(start..end).expect("words");
    let words: Vec<_> = words.iter().map(|word| word.text.as_str()).collect();
    Some(words.join(" "))
}

#[track_caller]
fn assert_found(pattern: &str, text: &str, expected: &str) {
    assert_eq!(found(pattern, text).as_deref(), Some(expected), "{pattern}");
}

#[track_caller]
fn assert_not_found(pattern: &str, text: &str) {
    assert_eq!(found(pattern, text), None, "{pattern}");
}

#[test]
fn words_stand_next_to_each_other() {
    assert_found("pypy has", "Today PyPy has a GIL", "pypy has");
    assert_not_found("pypy has", "PyPy surely has a GIL");
    assert_not_found("pypy has", "PyPy");
    assert_found("arena* ...1 256 kb", "Arenas: 256KB", "arenas 256 kb");
    assert_not_found("arena ...1 256 kb", "Arenas: 256KB");
}

#[test]
fn alternatives_and_optional_words() {
    let pattern = "(pypy|the jvm) has (an own|a)? gil";
    assert_found(pattern, "PyPy has a GIL", "pypy has a gil");
    assert_found(pattern, "The JVM has GIL", "the jvm has gil");
    assert_found(pattern, "pypy has an own gil", "pypy has an own gil");
    assert_not_found(pattern, "The PyPy has the GIL");
    assert_found("use? the? i/o", "the I/O", "the i o");
}

#[test]
fn a_gap_is_short_and_holds_no_turn() {
    assert_found(
        "pypy ... gil",
        "PyPy has its very own GIL",
        "pypy has its very own gil",
    );
    assert_found("pypy ... gil", "PyPy GIL GIL", "pypy gil");
    assert_not_found("pypy ... gil", "PyPy has not got the GIL");
    assert_not_found("pypy ... gil", "PyPy a b c d e f g GIL");
    assert_found(
        "pypy ...7 gil",
        "PyPy a b c d e f g GIL",
        "pypy a b c d e f g gil",
    );
    assert_found(
        "pypy ... not ... gil",
        "PyPy does not have a GIL",
        "pypy does not have a gil",
    );
}

#[test]
fn anchors_are_the_sentences_ends() {
    assert_found("^ no? races $", "No races!", "no races");
    assert_not_found("^ races", "No races");
    assert_not_found("races $", "races across tasks");
}

#[test]
fn keys_are_words_that_every_match_has() {
    let keys = |text: &str| {
        let pattern = Pattern::parse(text).expect("a pattern");
        let groups = pattern.keys().into_iter().map(|group| {
            let words: Vec<_> = group.iter().map(|key| key.text.as_str()).collect();
            words.join("|")
        });
        groups.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(
        keys("gil (released|frees itself) python"),
        "released|itself python gil"
    );
    assert_eq!(keys("threading? 512 bytes is not"), "bytes");
    assert_eq!(
        keys("pypy (has no|without a) gil0"),
        "pypy gil0 has|without"
    );
    for text in ["", "512", "pypy?", "... no", "(pypy|512)", "is not"] {
        assert_eq!(keys(text), "", "{text}");
    }
}

#[test]
fn what_is_no_pattern() {
    let problem = |text: &str| Pattern::parse(text).expect_err("a problem");
    assert_eq!(problem("pypy (has"), "`pypy (has`: a `(` has no `)`");
    assert!(problem("pypy ()").contains("no word"));
    assert!(problem("pypy -").contains("no word"));
}
