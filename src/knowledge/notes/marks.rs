//! What a note says of its own code: `# ✅ GOOD`, `# ❌ BAD`, `# wrong:`.

use std::ops::Range;

use super::Mark;

/// What a comment or a label says of the code that follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Is(Mark),
    /// A warning says neither, but ends what was said before.
    Neither,
}

const GOOD: &[&str] = &[
    "GOOD",
    "BETTER",
    "BEST",
    "RIGHT",
    "CORRECT",
    "PREFER",
    "PREFERRED",
    "RECOMMENDED",
    "DO",
];
const BAD: &[&str] = &[
    "BAD",
    "WRONG",
    "INCORRECT",
    "AVOID",
    "DON'T",
    "DON’T",
    "DOESN'T",
    "DOESN’T",
    "BROKEN",
    "WORSE",
    "ANTI-PATTERN",
    "ANTIPATTERN",
];
const NEITHER: &[&str] = &["CAUTION", "WARNING"];

/// The parts of a block that comments in it mark: up to the next mark, to a comment under a blank line, or to the end. A comment behind code marks its line.
pub(super) fn in_code(code: &str) -> Vec<(Range<usize>, Mark)> {
    let mut found = Found::default();
    let mut after_blank = false;
    for (line, text) in code.split('\n').enumerate() {
        let text = text.trim();
        if text.is_empty() {
            after_blank = true;
            continue;
        }
        match text.strip_prefix('#') {
            Some(comment) => match verdict(comment.trim_start_matches('#')) {
                Some(verdict) => found.open(line, verdict),
                None if after_blank => found.close(),
                None => {}
            },
            None => found.code(line, text),
        }
        found.last = line;
        after_blank = false;
    }
    found.close();
    found.marks
}

#[derive(Default)]
struct Found {
    marks: Vec<(Range<usize>, Mark)>,
    open: Option<(usize, Mark)>,
    /// The last line that is not blank.
    last: usize,
}

impl Found {
    fn open(&mut self, line: usize, verdict: Verdict) {
        self.close();
        if let Verdict::Is(mark) = verdict {
            self.open = Some((line, mark));
        }
    }

    fn close(&mut self) {
        if let Some((start, mark)) = self.open.take()
            && start <= self.last
        {
            self.marks.push((start..self.last + 1, mark));
        }
    }

    /// A line of code. What its comment says holds for it alone.
    fn code(&mut self, line: usize, text: &str) {
        let said = text
            .rsplit_once(" #")
            .and_then(|(_, comment)| verdict(comment));
        let Some(Verdict::Is(mark)) = said else {
            return;
        };
        let around = self.open.map(|(_, mark)| mark);
        if around != Some(mark) {
            self.close();
            self.marks.push((line..line + 1, mark));
            self.open = around.map(|mark| (line + 1, mark));
        }
    }
}

/// What a comment says without its `#`, or a label. A sign says it, or a word that is written in capitals or stands before a colon.
pub(super) fn verdict(text: &str) -> Option<Verdict> {
    let text = text.trim_start();
    if let Some(verdict) = sign(text) {
        return Some(verdict);
    }
    let is_part = |c: char| c.is_alphabetic() || matches!(c, '\'' | '’' | '-');
    let end = text.find(|c| !is_part(c)).unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    let upper = word.to_uppercase();
    let is_said = rest.starts_with(':') || (word == upper && word.len() > 2) || is_kind(rest);
    let is = |words: &[&str]| is_said && words.contains(&upper.as_str());
    match () {
        () if is(GOOD) => Some(Verdict::Is(Mark::Good)),
        () if is(BAD) => Some(Verdict::Is(Mark::Bad)),
        () if is(NEITHER) => Some(Verdict::Neither),
        () => None,
    }
}

/// What the sign says that a text starts with.
pub(super) fn sign(text: &str) -> Option<Verdict> {
    match text.chars().next()? {
        '✅' | '✔' | '☑' | '👍' => Some(Verdict::Is(Mark::Good)),
        '❌' | '✗' | '✘' | '✖' | '🚫' | '⛔' | '👎' => Some(Verdict::Is(Mark::Bad)),
        '⚠' => Some(Verdict::Neither),
        _ => None,
    }
}

/// Whether `bad` in front of these words judges: `bad practice`, `wrong way`.
fn is_kind(rest: &str) -> bool {
    let rest = rest.trim().trim_end_matches([':', '.']).to_lowercase();
    matches!(
        rest.as_str(),
        "practice" | "example" | "way" | "code" | "idea" | "style" | "version"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_end_where_another_starts_or_a_comment_stands_apart() {
        let code = "x = 1\n# ✅ GOOD: one\na()\n\nb()\n# ❌ two\nc()\n\n# something else\nd()\n# ⚠️ CAUTION\ne()";
        assert_eq!(in_code(code), [(1..5, Mark::Good), (5..7, Mark::Bad)]);
        assert_eq!(in_code("# bad:\na()\n\n"), [(0..2, Mark::Bad)]);
    }

    #[test]
    fn a_comment_behind_code_marks_its_line() {
        let code = "# ✅\na()\nb()  # ❌ raises\nc()";
        assert_eq!(
            in_code(code),
            [(0..2, Mark::Good), (2..3, Mark::Bad), (3..4, Mark::Good)]
        );
    }

    #[test]
    fn words() {
        let bad = Some(Verdict::Is(Mark::Bad));
        for text in ["BAD", "Wrong: x", " bad practice", "DON'T do this", "❌"] {
            assert_eq!(verdict(text), bad, "{text}");
        }
        for text in [
            "bad values are kept",
            "do it",
            "right-hand side",
            "Best of all",
            "",
        ] {
            assert_eq!(verdict(text), None, "{text}");
        }
    }
}
