//! Markdown into text that reads well without being rendered.

use pulldown_cmark::{CowStr, Event, HeadingLevel, Parser, Tag, TagEnd};

use crate::knowledge::MARKDOWN;

/// Lines are broken before this many characters, code and tables excepted.
const WIDTH: usize = 88;

/// The same text without Markdown's marks: code is indented, lists keep their points, tables their columns.
pub(super) fn plain(markdown: &str) -> String {
    let mut writer = Writer::default();
    for event in Parser::new_ext(markdown, MARKDOWN) {
        writer.event(event);
    }
    writer.flush();
    writer.out
}

#[derive(Default)]
struct Writer {
    out: String,
    /// The paragraph or the code that is being read.
    text: String,
    /// For each open list the number of its next item; None without numbers.
    lists: Vec<Option<u64>>,
    /// For each open item and quote how far it is indented.
    indents: Vec<usize>,
    /// What the next line starts with: an item's point.
    point: String,
    /// The addresses of the open links and images.
    links: Vec<String>,
    table: Vec<Vec<String>>,
}

impl Writer {
    fn event(&mut self, event: Event) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) | Event::Code(text) | Event::Html(text) | Event::InlineHtml(text) => {
                self.text.push_str(&text);
            }
            Event::SoftBreak => self.text.push(' '),
            Event::HardBreak => self.text.push('\n'),
            Event::Rule => self.gap(),
            _ => {}
        }
    }

    fn start(&mut self, tag: Tag) {
        match tag {
            Tag::Paragraph | Tag::Heading { .. } | Tag::CodeBlock(_) | Tag::Table(_) => self.gap(),
            Tag::BlockQuote(_) => {
                self.gap();
                self.indents.push(2);
            }
            Tag::List(first) => {
                if self.lists.is_empty() {
                    self.gap();
                } else {
                    self.flush();
                }
                self.lists.push(first);
            }
            Tag::Item => {
                self.flush();
                self.point = match self.lists.last_mut() {
                    Some(Some(number)) => {
                        *number += 1;
                        format!("{}. ", *number - 1)
                    }
                    _ => "- ".to_owned(),
                };
                self.indents.push(self.point.len());
            }
            Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. } => self.link(dest_url),
            Tag::TableHead | Tag::TableRow => self.table.push(Vec::new()),
            _ => {}
        }
    }

    fn link(&mut self, url: CowStr) {
        self.links.push(url.into_string());
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(HeadingLevel::H2) => {
                // Like the sections of a manual page.
                self.text = self.text.to_uppercase();
                self.flush();
            }
            TagEnd::Paragraph | TagEnd::Heading(_) => self.flush(),
            TagEnd::CodeBlock => self.code(),
            TagEnd::BlockQuote(_) => {
                self.flush();
                self.indents.pop();
            }
            TagEnd::Item => {
                self.flush();
                self.indents.pop();
                self.point.clear();
            }
            TagEnd::List(_) => {
                self.lists.pop();
            }
            TagEnd::Link | TagEnd::Image => {
                if let Some(url) = self.links.pop()
                    && !self.text.ends_with(&url)
                {
                    self.text.push_str(&format!(" ({url})"));
                }
            }
            TagEnd::TableCell => {
                let cell = std::mem::take(&mut self.text);
                if let Some(row) = self.table.last_mut() {
                    row.push(cell);
                }
            }
            TagEnd::Table => self.rows(),
            _ => {}
        }
    }

    /// Writes the paragraph, and leaves a line free before what follows.
    fn gap(&mut self) {
        self.flush();
        // An item's first paragraph stands beside its point; the free line is above both.
        if !self.out.is_empty() && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
    }

    /// Writes the paragraph with its lines broken.
    fn flush(&mut self) {
        let text = std::mem::take(&mut self.text);
        for line in text.lines() {
            let mut width = 0;
            for word in line.split_whitespace() {
                let length = word.chars().count();
                if width > 0 && width + 1 + length <= WIDTH {
                    self.out.push(' ');
                    width += 1 + length;
                } else {
                    if width > 0 {
                        self.out.push('\n');
                    }
                    width = self.indent() + length;
                }
                self.out.push_str(word);
            }
            if width > 0 {
                self.out.push('\n');
            }
        }
    }

    /// Starts a line: the indentation, with an item's point in it once. How wide both are.
    fn indent(&mut self) -> usize {
        let indent: usize = self.indents.iter().sum();
        let point = std::mem::take(&mut self.point);
        self.out
            .push_str(&" ".repeat(indent.saturating_sub(point.len())));
        self.out.push_str(&point);
        indent
    }

    fn code(&mut self) {
        for line in std::mem::take(&mut self.text).lines() {
            if !line.is_empty() {
                self.indent();
                self.out.push_str("    ");
                self.out.push_str(line);
            }
            self.out.push('\n');
        }
    }

    fn rows(&mut self) {
        let rows = std::mem::take(&mut self.table);
        let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        for row in &rows {
            let cells = row.iter().zip(&widths);
            let padded: Vec<String> = cells
                .map(|(cell, width)| format!("{cell:width$}"))
                .collect();
            self.indent();
            self.out.push_str(padded.join("  ").trim_end());
            self.out.push('\n');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn every_construct_of_cards_reads_well() {
        let markdown = "\
# Title with `code`

## Section

A paragraph with **strong**, *emphasis* and a \\[bracket\\], which is long enough that it has to be broken into two lines.
It goes on here.\\
A hard break.

1. first
2. second
   with more
   - nested `x = []`
   - again

- loose

- list

      code in it

> quoted

```python good
def f():

    return 1
```

| rule | what |
| --- | --- |
| `MUT001` | shared |
| x | |

---
[link](https://example.org) and <https://example.org>.
";
        insta::assert_snapshot!(plain(markdown), @r"
Title with code

SECTION

A paragraph with strong, emphasis and a [bracket], which is long enough that it has to
be broken into two lines. It goes on here.
A hard break.

1. first
2. second with more
   - nested x = []
   - again

- loose

- list

      code in it

  quoted

    def f():

        return 1

rule    what
MUT001  shared
x

link (https://example.org) and https://example.org.
");
    }

    #[test]
    fn any_text_is_survived() {
        proptest::proptest!(|(text in "(- |1. |> |`|\n|```|\\| a |\n\\|-\\|\n|    |[x](y)|\\PC){0,60}")| {
            plain(&text);
        });
    }
}
