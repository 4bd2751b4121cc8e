//! What somebody typed at a prompt: `>>> x` with `... ` below it, `In [1]: x` with `   ...: ` below it. Other lines of a session are what Python answered.

use std::ops::Range;

use super::lines::{Fence, Lines, is_blank, is_cell_head};
use super::python;

/// The words after a fence under which sessions stand.
const LANGUAGES: &[&str] = &[
    "", "doctest", "ipython", "ipython3", "py", "pycon", "python", "python3",
];

/// Whether a line begins something that was typed.
pub(super) fn starts(line: &str) -> bool {
    typed(line).is_some_and(|code| !is_blank(code))
}

/// The lines of the session that starts here: up to a blank line under which no prompt stands.
pub(super) fn lines_from(lines: &Lines, start: usize, end: usize) -> Range<usize> {
    let is_over = |line: &str| Fence::read(line).is_some() || is_cell_head(line);
    let mut last = start;
    for line in start..end {
        let text = lines.text(line);
        let after_blank = line > start && lines.is_blank(line - 1);
        if is_over(text) || (after_blank && !is_blank(text) && !starts(text)) {
            break;
        }
        if !is_blank(text) {
            last = line;
        }
    }
    start..last + 1
}

/// What was typed in a session: each line without its prompt, the answers blank. None where the lines are no session, or what was typed is no Python.
pub(super) fn code<'a>(texts: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let mut code = Vec::new();
    let (mut has_started, mut goes_on) = (false, false);
    for text in texts {
        let own = match typed(text) {
            Some(own) => Some(own),
            None if goes_on => continued(text),
            None => None,
        };
        goes_on = own.is_some();
        has_started |= goes_on;
        // what stands first decides; a comment may say what is shown
        if !has_started && !is_blank(text) && !text.trim_start().starts_with('#') {
            return None;
        }
        code.push(own.unwrap_or_default());
    }
    let code = python::without_magic(&code.join("\n"));
    (has_started && python::parses(&code)).then_some(code)
}

/// Whether sessions stand in fences of this language.
pub(super) fn is_language(language: &str) -> bool {
    LANGUAGES.binary_search(&language).is_ok()
}

/// What stands behind a prompt.
fn typed(line: &str) -> Option<&str> {
    let text = line.trim_start();
    let behind = match text.strip_prefix(">>>") {
        Some(behind) => behind,
        None => {
            let number = text.strip_prefix("In [")?;
            let (number, behind) = number.split_once("]:")?;
            number
                .bytes()
                .all(|b| b.is_ascii_digit())
                .then_some(behind)?
        }
    };
    after_space(behind)
}

/// What stands behind the prompt for the next line of a statement.
fn continued(line: &str) -> Option<&str> {
    let behind = line.trim_start().strip_prefix("...")?;
    after_space(behind.strip_prefix(':').unwrap_or(behind))
}

fn after_space(behind: &str) -> Option<&str> {
    match behind.strip_prefix(' ') {
        Some(code) => Some(code),
        None => behind.is_empty().then_some(behind),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::knowledge::notes::Note;

    #[test]
    fn what_was_typed_is_code_and_what_was_answered_is_not() {
        let typed = |text: &str| code(text.split('\n'));
        assert_eq!(
            typed(">>> def f():\n...     return 1  # one\n...\n>>> f()\n1\n...\n>>> x = 2"),
            Some("def f():\n    return 1  # one\n\nf()\n\n\nx = 2".to_owned())
        );
        assert_eq!(
            typed(
                "In [1]: for i in a:\n   ...:     print(i)\n   ...: \nOut[1]: (\n\nIn [2]: %time x"
            ),
            Some("for i in a:\n    print(i)\n\n\n\n".to_owned())
        );
        assert_eq!(
            typed("# Two of them\n>>> x = 1, 2\n>>> x\n(1, 2)"),
            Some("\nx = 1, 2\nx\n".to_owned())
        );
        assert_eq!(typed("# No session"), None);
        assert_eq!(typed("x = 1\n>>> x"), None, "a program that shows a prompt");
        assert_eq!(typed(">>> so they said"), None);
        assert_eq!(typed("In [5]: the authors show"), None);
        assert_eq!(typed(""), None);
        assert!(LANGUAGES.is_sorted());
    }

    /// Language, first line and code of each block.
    fn blocks(text: &str) -> Vec<(String, usize, String)> {
        let note = Note::read(Path::new("note.md"), text.as_bytes());
        let blocks = note.sections.iter().flat_map(|section| &section.blocks);
        let block =
            |block: &super::super::Block| (block.language.clone(), block.line, block.code.clone());
        blocks.map(block).collect()
    }

    #[test]
    fn sessions_stand_in_fences_and_in_prose() {
        let python = |line: usize, code: &str| ("python".to_owned(), line, code.to_owned());
        assert_eq!(
            blocks("# A\n```pycon\n>>> import os\n>>> os.name\n'posix'\n```\n"),
            [python(2, "import os\nos.name\n")]
        );
        assert_eq!(
            blocks(
                "Like so:\n\n    >>> x = 1\n    >>> x\n    1\n\n    >>> x + 1\n    2\n\nAnd on.\n"
            ),
            [python(2, "x = 1\nx\n\n\nx + 1\n")]
        );
        assert_eq!(
            blocks("In [1]: x = 1\nIn [2]: x\nOut[2]: 1\nand words\n\nWords.\n"),
            [python(0, "x = 1\nx\n\n")]
        );
        assert_eq!(blocks(">>> so he said\n>>> and so on\n\nWords.\n"), []);
        let note = Note::read(Path::new("note.md"), b"Before.\n>>> x = 1\n\nAfter.\n");
        let prose = note.prose(&note.sections[0]);
        let said: Vec<&str> = prose.iter().map(|passage| &*passage.text).collect();
        assert_eq!(said, ["Before.", "After."]);
    }

    #[test]
    fn a_session_that_does_not_parse_stays_as_it_is() {
        let text = "```\n>>> 1 +\nSyntaxError: invalid syntax\n```\n";
        let expected = ">>> 1 +\nSyntaxError: invalid syntax".to_owned();
        assert_eq!(blocks(text), [(String::new(), 1, expected)]);
    }
}
