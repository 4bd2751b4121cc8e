use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use super::{PeerCodes, RuleFacts, SuppressedFile, apply, directives};
use crate::rules::{Finding, Place, Severity};

const KNOWN: &[(&str, &str)] = &[
    ("GIL001", "cpu-bound-thread"),
    ("MUT001", "mutable-default"),
    ("MUT003", "shared-class-attribute"),
    ("SUP001", "unused-suppression"),
];

/// What is left in a text. The text `<MUT001>` is where MUT001 finds something; comments start at `#`; a statement goes on while lines start with two blanks.
/// `off` are rules that did not run.
fn left(text: &str, off: &[&str]) -> Vec<String> {
    let path = Arc::new(PathBuf::from("a.py"));
    let mut findings = Vec::new();
    for (code, _) in KNOWN {
        for (at, mark) in text.match_indices(&format!("<{code}>")) {
            findings.push(Finding {
                code,
                severity: Severity::Warning,
                place: Place {
                    path: path.clone(),
                    range: at..at + mark.len(),
                },
                message: "found".to_owned(),
                evidence: Vec::new(),
                fixes: Vec::new(),
            });
        }
    }
    let mut found = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if let Some(hash) = line.find('#') {
            found.extend(directives(line[hash..].trim_end(), at + hash, KNOWN));
        }
        at += line.len();
    }
    let lines: Vec<&str> = text.lines().collect();
    let goes_on = |line: usize| lines.get(line).is_some_and(|line| line.starts_with("  "));
    let statement = |line: usize| -> Range<usize> {
        let start = (0..=line).rev().find(|l| !goes_on(*l)).unwrap_or(0);
        let end = (line + 1..).find(|l| !goes_on(*l)).unwrap_or(line + 1);
        start..end
    };
    let line_of = |byte: usize| text[..byte].matches('\n').count();
    let file = SuppressedFile {
        path: &path,
        line_of: &line_of,
        code_line: &|byte| {
            let line = line_of(byte);
            let is_code = |line: &usize| lines.get(*line).is_none_or(|text| !text.starts_with('#'));
            (line..).find(is_code).unwrap_or(line)
        },
        statement: &statement,
    };
    let rules = RuleFacts {
        known: KNOWN,
        peers: &|code| match code {
            "MUT001" => PeerCodes {
                noqa: vec!["B006".to_owned()],
                pylint: vec!["dangerous-default-value".to_owned(), "W0102".to_owned()],
            },
            _ => PeerCodes::default(),
        },
        ran: &|code| !off.contains(&code),
    };
    let left = apply(findings, &found, &file, &rules);
    let show = |finding: Finding| {
        let line = (file.line_of)(finding.place.range.start) + 1;
        match finding.severity {
            Severity::Hint => {
                let text = &text[finding.place.range];
                format!("{line} {}: `{text}`: {}", finding.code, finding.message)
            }
            _ => format!("{line} {}", finding.code),
        }
    };
    left.into_iter().map(show).collect()
}

#[track_caller]
fn nothing_left(text: &str) {
    assert_eq!(left(text, &[]), [""; 0], "{text}");
}

#[track_caller]
fn only_finding_left(text: &str) {
    assert_eq!(left(text, &["SUP001"]), ["1 MUT001"], "{text}");
    assert_eq!(left(text, &[]), ["1 MUT001"], "no hint: {text}");
}

#[test]
fn our_own_comments_silence_what_they_name() {
    nothing_left("<MUT001>  # marginote: ignore[MUT001]");
    nothing_left("<MUT001>  # marginote: ignore[mut001]");
    nothing_left("<MUT001>  # marginote: ignore[mutable-default]");
    nothing_left("<MUT001>  # marginote: ignore[MUT]");
    nothing_left("<MUT001>  # marginote: ignore[ALL]");
    nothing_left("<MUT001> <GIL001>  #marginote:ignore[ MUT001 ,GIL001, ] it is meant so, see #12");
    nothing_left("<MUT001> <GIL001>  # MARGINOTE: Ignore");
    nothing_left("<MUT001>  # type: ignore  # marginote: ignore[MUT001]");
    nothing_left("<MUT001>  # why not? # noqa: E501 # marginote: ignore[MUT001]");
    assert_eq!(
        left("<MUT001> <GIL001>  # marginote: ignore[GIL001]", &[]),
        ["1 MUT001"]
    );
}

#[test]
fn any_line_of_the_statement_counts_and_no_other() {
    nothing_left("<MUT001>\n  more  # marginote: ignore[MUT001]\n");
    nothing_left("start  # marginote: ignore[MUT001]\n  more\n  <MUT001>\n");
    let hint =
        "SUP001: `MUT001`: MUT001 finds nothing in this statement: take it out of the comment";
    assert_eq!(
        left("# marginote: ignore[MUT001]\n<MUT001>", &[]),
        [format!("1 {hint}"), "2 MUT001".to_owned()]
    );
    assert_eq!(
        left("<MUT001>\nx  # marginote: ignore[MUT001]\n", &[]),
        ["1 MUT001".to_owned(), format!("2 {hint}")]
    );
}

#[test]
fn a_file_comment_silences_everywhere() {
    nothing_left("<MUT001>\nx\n# marginote: ignore-file[MUT001]\n\n<MUT001>\n");
    nothing_left("# marginote: ignore-file\n<MUT001>\n<GIL001>\n");
    assert_eq!(
        left("# marginote: ignore-file[GIL001]\n<MUT001>\n", &[]),
        [
            "1 SUP001: `GIL001`: GIL001 finds nothing in this file: take it out of the comment",
            "2 MUT001"
        ]
    );
}

#[test]
fn peers_comments_silence_the_same_rule() {
    nothing_left("<MUT001>  # noqa: B006");
    nothing_left("<MUT001>  # NOQA:E501,b006");
    nothing_left("<MUT001>  # noqa : E501 B006 because");
    nothing_left("<MUT001>  # noqa: B0");
    nothing_left("<MUT001>  # noqa: B");
    nothing_left("<MUT001>  # noqa");
    nothing_left("<MUT001>  # noqa because");
    nothing_left("<MUT001>\n  x  # noqa: B006");
    nothing_left("<MUT001>  # pylint: disable=dangerous-default-value");
    nothing_left("<MUT001>  # pylint: disable = unused-argument, W0102");
    nothing_left("<MUT001>  # pylint:disable=all");
    nothing_left("# ruff: noqa: B006\n<MUT001>");
    nothing_left("# ruff: noqa\n<MUT001>");
    nothing_left("<MUT001>\n# flake8: noqa\n");
}

#[test]
fn ruffs_own_comments_silence_the_same_rule() {
    nothing_left("<MUT001>  # ruff: ignore[B006] because");
    nothing_left("<MUT001>  # why # ruff:ignore[E501, B006,]");
    nothing_left("# ruff: ignore[B006]\n# more\n<MUT001>");
    nothing_left("# ruff: ignore[B006]\nstart\n  <MUT001>");
    nothing_left("# ruff: file-ignore[B006]\nx\n<MUT001>\n<MUT001>");
    for text in [
        "<MUT001>\n# ruff: ignore[B006]\nx",
        "<MUT001>  # ruff: ignore[B]",
        "<MUT001>  # ruff: ignore[E501]",
        "<MUT001>  # ruff: ignore[B006",
        "<MUT001>  # ruff: ignore",
        "<MUT001>  # ruff: ignore B006",
        "<MUT001>\n# ruff: file-ignore\n",
        "<MUT001>  # ruff: enable[B006]",
    ] {
        only_finding_left(text);
    }
}

#[test]
fn peers_comments_about_other_things_silence_nothing() {
    only_finding_left("<MUT001>  # noqa: E501");
    only_finding_left("<MUT001>  # noqa: B0061");
    only_finding_left("<MUT001>  # noqa:");
    only_finding_left("<MUT001>  # noqa: because");
    only_finding_left("<MUT001>  # noqable");
    only_finding_left("<MUT001>  # see noqa");
    only_finding_left("<MUT001>\n# noqa: B006\n");
    only_finding_left("<MUT001>  # pylint: disable=unused-argument");
    only_finding_left("<MUT001>  # pylint: enable=dangerous-default-value");
    only_finding_left("<MUT001>  # pylint: disable-next=dangerous-default-value");
    only_finding_left("<MUT001>  # pylint: disable");
    only_finding_left("<MUT001>\n# ruff: noqa: E501\n# flake8: noqa: E501\n# ruff: isort\n");
    // A bare comment is about what its tool reports, and no tool reports this.
    assert_eq!(left("<GIL001>  # noqa", &[]), ["1 GIL001"]);
    assert_eq!(left("<GIL001>  # pylint: disable=all", &[]), ["1 GIL001"]);
}

#[test]
fn a_comment_that_silences_nothing_is_a_hint() {
    assert_eq!(
        left("x  # marginote: ignore", &[]),
        [
            "1 SUP001: `# marginote: ignore`: nothing is found in this statement: take the comment away"
        ]
    );
    assert_eq!(
        left("<MUT001>  # marginote: ignore[MUT001, GIL001] why", &[]),
        ["1 SUP001: `GIL001`: GIL001 finds nothing in this statement: take it out of the comment"]
    );
    assert_eq!(
        left("<MUT001>  # marginote: ignore[mutable-defalt]", &[]),
        [
            "1 MUT001",
            "1 SUP001: `mutable-defalt`: no rule is called `mutable-defalt`; did you mean `mutable-default`?"
        ]
    );
    // Two comments for one finding: both are of use.
    nothing_left("# marginote: ignore-file[MUT]\n<MUT001>  # marginote: ignore[MUT001] # noqa");
}

#[test]
fn no_hint_where_a_rule_did_not_run() {
    for text in [
        "x  # marginote: ignore[MUT001]",
        "x  # marginote: ignore[MUT001, GIL001]",
        "x  # marginote: ignore[MUT]",
        "x  # marginote: ignore",
        "# marginote: ignore-file\nx",
    ] {
        assert_eq!(left(text, &["MUT001"]), [""; 0], "{text}");
        assert_eq!(left(text, &["SUP001"]), [""; 0], "{text}");
        assert_ne!(left(text, &[]), [""; 0], "{text}");
    }
}

#[test]
fn the_hint_can_be_silenced() {
    nothing_left("x  # marginote: ignore[MUT001, SUP001]");
    nothing_left("x  # marginote: ignore[unused-suppression]");
    nothing_left("# marginote: ignore-file[SUP001]\nx  # marginote: ignore[MUT001]");
}

#[test]
fn what_cannot_be_read_is_told_and_silences_nothing() {
    for (comment, message) in [
        (
            "ignore[MUT001",
            "the list of rules has no end: close it with `]`",
        ),
        ("ignore[]", "the list of rules is empty: name the rules"),
        (
            "ignore[MUT001 # ]",
            "the list of rules has no end: close it with `]`",
        ),
        (
            "ignore: MUT001",
            "the rules stand in square brackets: `# marginote: ignore[CODE]`",
        ),
        (
            "ignore-file(MUT001)",
            "the rules stand in square brackets: `# marginote: ignore-file[CODE]`",
        ),
        (
            "ignore MUT001",
            "the rules stand in square brackets: `# marginote: ignore[CODE]`",
        ),
        (
            "ignroe[MUT001]",
            "`ignroe` is no word for Marginote; did you mean `ignore`?",
        ),
    ] {
        let left = left(&format!("<MUT001>  # marginote: {comment}"), &[]);
        assert_eq!(left.len(), 2, "{left:?}");
        assert_eq!(left[0], "1 MUT001");
        assert!(left[1].ends_with(message), "{left:?}");
    }
    only_finding_left("<MUT001>  # marginote: the best tool");
    only_finding_left("<MUT001>  # marginote:");
    only_finding_left("<MUT001>  # Marginote ignores this");
}

#[test]
fn any_comment_can_be_read() {
    proptest::proptest!(|(comment in "#( |marginote:|ignore|ruff:|noqa|:|\\[|\\]|,|MUT001|#|pylint: disable=|é|\\PC){0,20}")| {
        for directive in directives(&comment, 7, KNOWN) {
            proptest::prop_assert!(7 <= directive.range.start && directive.range.end <= 7 + comment.len());
            proptest::prop_assert!(comment.is_char_boundary(directive.range.end - 7));
        }
    });
}
