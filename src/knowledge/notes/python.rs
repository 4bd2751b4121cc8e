//! Whether a text is Python: notes say so of much that is not, and of notebooks that were saved as text nobody says where code ends.

use std::cell::RefCell;

use tree_sitter::Parser;

use super::lines;
use crate::text::{self, is_magic};

thread_local! {
    static PARSER: RefCell<Option<Parser>> = RefCell::new(parser());
}

fn parser() -> Option<Parser> {
    let mut parser = Parser::new();
    parser
        .set_language(&tree_sitter_python::LANGUAGE.into())
        .ok()?;
    Some(parser)
}

/// Whether a text parses.
pub(super) fn parses(text: &str) -> bool {
    PARSER.with_borrow_mut(|parser| {
        let tree = parser.as_mut().and_then(|parser| parser.parse(text, None));
        tree.is_some_and(|tree| !tree.root_node().has_error())
    })
}

/// Follows code line by line as far as it takes to know whether a statement may end here.
#[derive(Default)]
pub(super) struct Nesting {
    brackets: usize,
    /// The quotes of the string that is open.
    string: Option<&'static str>,
    /// Whether the last line ends with a backslash.
    goes_on: bool,
}

impl Nesting {
    /// Whether a bracket, a string or a line is open.
    pub(super) fn is_open(&self) -> bool {
        self.brackets > 0 || self.string.is_some() || self.goes_on
    }

    /// Reads the next line. Gives the byte of it at which a comment begins.
    pub(super) fn line(&mut self, line: &str) -> Option<usize> {
        if !self.is_open() && is_magic(line) {
            return None;
        }
        let mut comment = None;
        let mut rest = line;
        while let Some(first) = rest.chars().next() {
            let step = match self.string {
                Some(quotes) if rest.starts_with(quotes) => {
                    self.string = None;
                    quotes.len()
                }
                Some(_) if first == '\\' => 1 + rest.chars().nth(1).map_or(0, char::len_utf8),
                Some(_) => first.len_utf8(),
                None if first == '#' => {
                    comment = Some(line.len() - rest.len());
                    break;
                }
                None => self.step(rest, first),
            };
            rest = rest.get(step..).unwrap_or_default();
        }
        self.goes_on = line.ends_with('\\');
        if !self.goes_on && self.string.is_some_and(|quotes| quotes.len() == 1) {
            self.string = None;
        }
        comment
    }

    /// Reads what starts here outside strings; gives its length.
    fn step(&mut self, rest: &str, first: char) -> usize {
        match first {
            '(' | '[' | '{' => self.brackets += 1,
            ')' | ']' | '}' => self.brackets = self.brackets.saturating_sub(1),
            '"' | '\'' => {
                let quotes = ["\"\"\"", "'''", "\"", "'"];
                self.string = quotes.into_iter().find(|quotes| rest.starts_with(quotes));
                return self.string.map_or(1, str::len);
            }
            _ => {}
        }
        first.len_utf8()
    }
}

/// Whether the first line is not indented, and every other one deeper than the line above, or like one of those it stands in. The parser is more lenient.
pub(super) fn is_indented_well(code: &str) -> bool {
    let mut nesting = Nesting::default();
    let mut above: Vec<usize> = Vec::new();
    for line in code.lines() {
        let text = line.trim_start();
        let is_statement = !nesting.is_open() && !text.is_empty() && !text.starts_with('#');
        nesting.line(line);
        if !is_statement {
            continue;
        }
        let indent = lines::indent(line);
        let is_deeper = above.last().is_some_and(|last| *last < indent);
        while above.last().is_some_and(|last| *last > indent) {
            above.pop();
        }
        let is_known = above.last() == Some(&indent);
        let is_first = above.is_empty() && indent == 0;
        if !(is_deeper || is_known || is_first) {
            return false;
        }
        if !is_known {
            above.push(indent);
        }
    }
    true
}

/// Words that start a statement and no line of output.
const KEYWORDS: &[&str] = &[
    "import", "from", "def", "class", "if", "for", "while", "with", "try", "return", "raise",
    "pass", "break", "continue", "del", "global", "nonlocal", "assert", "async", "await", "yield",
    "match", "type", "lambda", "not",
];

/// Whether a line at the margin looks like the start of a statement, not like output or prose. A name alone is one if the code before it has that name.
/// `True`, `None` and numbers are what cells print.
pub(super) fn starts_statement(line: &str, before: &str) -> bool {
    let first = line.chars().next().unwrap_or(' ');
    if is_magic(line) || line.starts_with("\"\"\"") || line.starts_with("'''") {
        return true;
    }
    match first {
        '#' => true,
        '@' => line[1..].starts_with(is_name),
        '[' => line.contains(" for ") || line.contains("] ="),
        '(' => line.contains(") =") || line.contains(")."),
        _ => starts_with_name(line, before),
    }
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn starts_with_name(line: &str, before: &str) -> bool {
    let end = line.find(|c| !is_name(c)).unwrap_or(line.len());
    let (name, rest) = line.split_at(end);
    if name.is_empty() || name.starts_with(char::is_numeric) {
        return false;
    }
    if matches!(name, "True" | "False" | "None") {
        return false;
    }
    if KEYWORDS.contains(&name) || (matches!(name, "else" | "elif" | "except" | "finally")) {
        return true;
    }
    let dotted = rest.trim_start_matches(|c| is_name(c) || c == '.');
    if rest[..rest.len() - dotted.len()].contains("..") {
        return false;
    }
    let is_dotted = dotted.len() < rest.len() && !rest.ends_with('.');
    if dotted.starts_with('(') {
        return true;
    }
    let is_known = || has_word(before, name);
    let after = dotted.trim_start();
    if after.is_empty() || after.starts_with('#') {
        return is_known() && (rest.len() == dotted.len() || is_dotted);
    }
    let target = after.trim_start_matches(['+', '-', '*', '/', '%', '&', '|', '^', '@', '<', '>']);
    let is_assigned = target.starts_with('=') && !target.starts_with("==");
    // `x: int = 1`, `a, b = b, a`, `x[0] = 1`
    let is_assigned_behind = after.starts_with([':', ',', '[']) && after.contains(" = ");
    // without an assignment only what uses a name that the code has: `x + 1`, `x[0]`
    let is_used = dotted.starts_with('[') || target.len() < after.len();
    is_assigned || is_assigned_behind || (is_used && is_known())
}

/// Whether a text has a name as a whole word, near its end.
fn has_word(text: &str, name: &str) -> bool {
    /// Bytes; bounded, so that many names cannot take long.
    const NEAR: usize = 1 << 13;
    let mut start = text.len().saturating_sub(NEAR);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    let text = &text[start..];
    text.match_indices(name).any(|(at, _)| {
        !text[..at].ends_with(is_name) && !text[at + name.len()..].starts_with(is_name)
    })
}

/// Code with the lines for IPython taken out: blank at the margin, a statement that does nothing in a block. It has as many lines as before.
pub(super) fn without_magic(code: &str) -> String {
    let blanked = text::without_magic(code);
    let lines = code.split('\n').zip(blanked.split('\n'));
    let lines = lines.map(|(line, blanked)| match line == blanked {
        true => line,
        false => blanked.trim_end(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_and_output() {
        let before = "results = pool.map(f, [1])\nimport os";
        for line in [
            "import os",
            "x = 1",
            "x += 1",
            "a, b = b, a",
            "x: int = 3",
            "x[0] = 1",
            "print(x)",
            "os.listdir()",
            "results",
            "results[0]",
            "results + 1",
            "os.name",
            "@cached",
            "# words",
            "!ls",
            "%time f()",
            "y = !ls",
            "[t.start() for t in threads]",
            "with a as b:",
            "\"\"\"text",
            "results  # shown",
        ] {
            assert!(starts_statement(line, before), "{line}");
        }
        for line in [
            "True",
            "None",
            "10",
            "10.5 seconds",
            "[1, 2]",
            "(1, 2)",
            "Creating class",
            "Threading took: 1.5",
            "hello",
            "* item",
            "- item",
            "'text'",
            "{'a': 1}",
            "<object>",
            "done.",
            "",
            "a == b",
            "running egg_info",
            "100%",
            "results.....(no files)",
            "results.py:5:1: E302 expected",
        ] {
            assert!(!starts_statement(line, before), "{line}");
        }
    }

    #[test]
    fn statements_end_where_nothing_is_open() {
        let is_open = |code: &str| {
            let mut nesting = Nesting::default();
            code.lines().for_each(|line| {
                nesting.line(line);
            });
            nesting.is_open()
        };
        for code in [
            "f(",
            "x = [1,\n 2",
            "s = \"\"\"a\n\nb",
            "x = 1 + \\",
            "'''it's",
        ] {
            assert!(is_open(code), "{code}");
        }
        for code in [
            "f(')')",
            "s = '''(\n'''",
            "# (",
            "it's",
            "x = '\\'('",
            "!echo (",
            "f()]",
            "é = \"é\"",
        ] {
            assert!(!is_open(code), "{code}");
        }
    }

    #[test]
    fn indents_fit() {
        for code in [
            "if x:\n    a\n\n  # odd\n    b(\n1)\nc",
            "if x:\n  if y:\n    a\n  b",
            "",
        ] {
            assert!(is_indented_well(code), "{code}");
        }
        for code in [" a\nb", "try:\n     a\n except E:\n    b"] {
            assert!(!is_indented_well(code), "{code}");
        }
    }

    #[test]
    fn python_parses() {
        assert!(parses("await f()\nx = [1]"));
        assert!(!parses("def f(:"));
        assert!(!parses("Overwriting setup.py now"));
    }
}
