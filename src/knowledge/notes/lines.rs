//! The lines of a text, and what a line is by itself: a fence, a heading, an item of a list, a rule, the head of a notebook's cell.

use std::ops::Range;

/// Where the lines of a text are. A line ends with `\n`, `\r\n` or `\r`, as it does for editors.
pub(super) struct Lines<'a> {
    text: &'a str,
    /// Where each line starts; the first at 0.
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    pub(super) fn new(text: &'a str) -> Lines<'a> {
        let bytes = text.as_bytes();
        let mut starts = vec![0];
        for at in memchr::memchr2_iter(b'\n', b'\r', bytes) {
            if bytes[at] == b'\n' || bytes.get(at + 1) != Some(&b'\n') {
                starts.push(at + 1);
            }
        }
        Lines { text, starts }
    }

    /// How many there are. What follows the last end of a line is a line too, so there is always one.
    pub(super) fn count(&self) -> usize {
        self.starts.len()
    }

    /// The byte where a line starts; of a line beyond the last, the end of the text.
    pub(super) fn start(&self, line: usize) -> usize {
        self.starts.get(line).copied().unwrap_or(self.text.len())
    }

    /// The line of a byte.
    pub(super) fn line_of(&self, byte: usize) -> usize {
        let lines = self.starts.partition_point(|start| *start <= byte);
        lines.saturating_sub(1)
    }

    /// The bytes of a line without its end.
    pub(super) fn range(&self, line: usize) -> Range<usize> {
        let start = self.start(line);
        let with_end = self.text.get(start..self.start(line + 1));
        let text = with_end.unwrap_or_default();
        start..start + text.trim_end_matches(['\n', '\r']).len()
    }

    /// A line without its end.
    pub(super) fn text(&self, line: usize) -> &'a str {
        self.text.get(self.range(line)).unwrap_or_default()
    }

    pub(super) fn is_blank(&self, line: usize) -> bool {
        is_blank(self.text(line))
    }

    /// The bytes of some lines, without the end of the last of them.
    pub(super) fn span(&self, lines: Range<usize>) -> Range<usize> {
        match lines.is_empty() {
            true => self.start(lines.start)..self.start(lines.start),
            false => self.start(lines.start)..self.range(lines.end - 1).end,
        }
    }

    /// The text of some lines, without the end of the last of them.
    pub(super) fn slice(&self, lines: Range<usize>) -> &'a str {
        self.text.get(self.span(lines)).unwrap_or_default()
    }

    /// The first line from `from` on, before `end`, that is not blank.
    pub(super) fn next_filled(&self, from: usize, end: usize) -> Option<usize> {
        (from..end).find(|line| !self.is_blank(*line))
    }
}

pub(super) fn is_blank(line: &str) -> bool {
    line.trim().is_empty()
}

/// How far the first character that is no white space stands from the margin, a tab going to the next multiple of four.
pub(super) fn indent(line: &str) -> usize {
    let mut column = 0;
    for byte in line.bytes() {
        match byte {
            b' ' => column += 1,
            b'\t' => column += 4 - column % 4,
            _ => break,
        }
    }
    column
}

/// A line without its first columns of white space, as far as it has them.
pub(super) fn dedented(line: &str, columns: usize) -> &str {
    let mut column = 0;
    for (at, byte) in line.bytes().enumerate() {
        if column >= columns {
            return &line[at..];
        }
        match byte {
            b' ' => column += 1,
            b'\t' => column += 4 - column % 4,
            _ => return &line[at..],
        }
    }
    ""
}

/// A line without the `>` of quotations, and how many there were. The prompt `>>>` is no quotation.
pub(super) fn unquoted(line: &str) -> (&str, usize) {
    let (mut rest, mut depth) = (line, 0);
    loop {
        let inner = rest.trim_start_matches(' ');
        let is_mark = rest.len() - inner.len() < 4 && inner.starts_with('>');
        if !is_mark || inner.starts_with(">>> ") {
            return (rest, depth);
        }
        rest = inner[1..].strip_prefix(' ').unwrap_or(&inner[1..]);
        depth += 1;
    }
}

/// A line that opens or closes a fence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fence<'a> {
    mark: char,
    /// How many marks. More than [`Fence::LONGEST`] count as that, so that looking for the end of a fence that never closes cannot take long for many of them.
    count: usize,
    /// Of the marks, in columns.
    pub(super) indent: usize,
    /// What follows the marks.
    pub(super) info: &'a str,
}

impl<'a> Fence<'a> {
    const LONGEST: usize = 16;

    /// Reads a line without its marks of quotation. A fence may be the first thing in an item of a list. It may be indented as far as one likes: in lists it often is.
    pub(super) fn read(line: &'a str) -> Option<Fence<'a>> {
        let item = item(line).map_or(0, |item| item.content);
        let rest = line[item..].trim_start();
        let mark = rest.chars().next().filter(|c| matches!(c, '`' | '~'))?;
        let info = rest.trim_start_matches(mark);
        let count = rest.len() - info.len();
        if count < 3 || (mark == '`' && info.contains('`')) {
            return None;
        }
        let before = &line[..line.len() - rest.len()];
        Some(Fence {
            mark,
            count: count.min(Fence::LONGEST),
            indent: match item {
                0 => indent(before),
                _ => before.chars().count(),
            },
            info: info.trim(),
        })
    }

    /// Whether this line closes the fence that `open` opened.
    pub(super) fn closes(&self, open: &Fence) -> bool {
        self.info.is_empty() && self.mark == open.mark && self.count >= open.count
    }

    /// Whether this line opens a fence in the one that `open` opened, which was then not closed.
    pub(super) fn opens_within(&self, open: &Fence) -> bool {
        !self.info.is_empty() && self.mark == open.mark && self.count >= open.count
    }

    /// The first word of the info string in lower case: `python` of ```` ```{.python .numbered} ````, ```` ```Python title="x" ````, ```` ```python{1,3} ````.
    pub(super) fn language(&self) -> String {
        let info = self.info.trim_start_matches(['{', '.', ' ']);
        let is_end = |c: char| c.is_whitespace() || matches!(c, '{' | '}' | ',' | ':' | ';');
        let word = info.split(is_end).next().unwrap_or_default();
        word.to_lowercase()
    }
}

/// Level and text of a line that is a heading (`## Text ##`). A tab or a space that does not break serves as the space after the marks.
pub(super) fn heading(line: &str) -> Option<(u8, &str)> {
    let marks = line.trim_start();
    let rest = marks.trim_start_matches('#');
    let level = u8::try_from(marks.len() - rest.len()).ok()?;
    if !(1..=6).contains(&level) || !rest.starts_with(char::is_whitespace) {
        return None;
    }
    let text = rest.trim();
    let unclosed = text.trim_end_matches('#');
    let text = match unclosed.ends_with(char::is_whitespace) {
        true => unclosed.trim_end(),
        false => text,
    };
    (!text.trim_matches('#').is_empty()).then_some((level, text))
}

/// The level of a line that makes a heading of the line above it.
pub(super) fn underline(line: &str) -> Option<u8> {
    let marks = line.trim_end();
    let level = match marks.bytes().next()? {
        b'=' => 1,
        b'-' => 2,
        _ => return None,
    };
    let is_same = marks.bytes().all(|byte| byte == marks.as_bytes()[0]);
    (marks.len() >= 3 && is_same).then_some(level)
}

/// A line that starts an item of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Item {
    /// The byte of the line at which the item's text starts.
    pub(super) content: usize,
    /// Whether it has a box to tick.
    pub(super) is_task: bool,
}

/// Reads a line without its marks of quotation. Bullets that word processors write are bullets too.
pub(super) fn item(line: &str) -> Option<Item> {
    let text = line.trim_start();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let rest = match digits {
        0 => text.strip_prefix(['-', '*', '+', '•', '◦', '▪', '‣'])?,
        1..=9 => text[digits..].strip_prefix(['.', ')'])?,
        _ => return None,
    };
    let is_typed = text.starts_with(|c: char| c.is_ascii());
    if is_typed && !rest.starts_with(char::is_whitespace) {
        return None;
    }
    let content = rest.trim_start();
    let is_task = ["[ ]", "[x]", "[X]", "[-]", "[/]"]
        .iter()
        .any(|tick| content.starts_with(tick));
    (!content.is_empty()).then_some(Item {
        content: line.len() - content.len(),
        is_task,
    })
}

/// Whether a line is a rule: `---`, `* * *`, `___`.
pub(super) fn is_rule(line: &str) -> bool {
    let mut marks = line.chars().filter(|c| !c.is_whitespace());
    let Some(first) = marks.next().filter(|c| matches!(c, '-' | '*' | '_')) else {
        return false;
    };
    let mut count = 1;
    marks.all(|c| {
        count += 1;
        c == first
    }) && count >= 3
}

/// Whether a line is the head of a cell in a notebook that was saved as text: `In [5]:`, `In [None]:`, `In [ ]:`.
pub(super) fn is_cell_head(line: &str) -> bool {
    is_numbered(line, "In")
}

/// Whether a line is the head of what a cell gave: `Out[5]:`.
pub(super) fn is_output_head(line: &str) -> bool {
    is_numbered(line, "Out")
}

fn is_numbered(line: &str, word: &str) -> bool {
    let number = line
        .trim_end()
        .strip_prefix(word)
        .and_then(|rest| rest.trim_start().strip_prefix('['))
        .and_then(|rest| rest.strip_suffix("]:"))
        .map(str::trim);
    number.is_some_and(|number| {
        matches!(number, "" | "*" | "None") || number.bytes().all(|b| b.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_as_editors_end_them() {
        let lines = Lines::new("a\nb\r\nc\rd\u{2028}e");
        let texts: Vec<&str> = (0..lines.count()).map(|line| lines.text(line)).collect();
        assert_eq!(texts, ["a", "b", "c", "d\u{2028}e"]);
        assert_eq!(lines.span(1..3), 2..6);
        assert_eq!(lines.span(1..1), 2..2);
        assert_eq!(lines.range(9), 12..12);
    }

    #[test]
    fn tabs_go_to_multiples_of_four() {
        assert_eq!(indent("  \tx"), 4);
        assert_eq!(dedented("\tx", 3), "x");
        assert_eq!(dedented("  x", 4), "x");
        assert_eq!(dedented("      x", 4), "  x");
        assert_eq!(dedented("  ", 4), "");
    }

    #[test]
    fn fences() {
        let open = Fence::read("   ````{.Python .x}").expect("a fence");
        assert_eq!((open.indent, open.language().as_str()), (3, "python"));
        assert!(!Fence::read("```").is_some_and(|fence| fence.closes(&open)));
        assert!(Fence::read("`````").is_some_and(|fence| fence.closes(&open)));
        assert!(Fence::read("````bash").is_some_and(|fence| fence.opens_within(&open)));
        assert_eq!(Fence::read("- ```py").map(|fence| fence.indent), Some(2));
        assert_eq!(Fence::read("```x``` in a line"), None);
        assert_eq!(Fence::read("~~strike~~"), None);
    }

    #[test]
    fn headings() {
        assert_eq!(heading("##\u{a0} Two ##"), Some((2, "Two")));
        assert_eq!(heading("    #### Deep"), Some((4, "Deep")));
        assert_eq!(heading("# C#"), Some((1, "C#")));
        for none in ["#tag", "#", "####### seven", "## ##", "a # b"] {
            assert_eq!(heading(none), None, "{none}");
        }
        assert_eq!(underline("===="), Some(1));
        assert_eq!(underline("---"), Some(2));
        assert_eq!(underline("--"), None);
    }

    #[test]
    fn items_and_rules() {
        let content = |line: &str| item(line).map(|item| line[item.content..].to_owned());
        assert_eq!(content("  12) x").as_deref(), Some("x"));
        assert_eq!(content("\t•\u{2009}x").as_deref(), Some("x"));
        assert_eq!(content("*emphasis*"), None);
        assert_eq!(content("3.14 is near"), None);
        assert!(item("- [x] done").is_some_and(|item| item.is_task));
        assert!(is_rule("* * *") && is_rule("-----") && !is_rule("--") && !is_rule("- a"));
        assert_eq!(unquoted("> > x"), ("x", 2));
        assert_eq!(unquoted(">>> x"), (">>> x", 0));
    }

    #[test]
    fn heads_of_cells() {
        for head in ["In [5]:", "In [None]:", "In [ ]:", "In[12]: "] {
            assert!(is_cell_head(head), "{head}");
        }
        assert!(is_output_head("Out[5]:"));
        assert!(!is_cell_head("In [5]: x = 1") && !is_cell_head("In [x]:"));
    }
}
