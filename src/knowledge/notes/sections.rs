//! What was scanned into sections.

use std::ops::Range;

use super::lines::{self, Lines};
use super::marks::{self, Verdict};
use super::prose::{ProseLine, prose_lines, without_callout};
use super::scan::{Found, Heading, Outline};
use super::{
    Block, BlockKind, Link, LinkKind, Mark, Section, headings, inline, python, questions, session,
};

/// The sections of a text from this line on, and the links in them.
pub(super) fn build(
    text: &str,
    lines: &Lines,
    start: usize,
    outline: Outline,
) -> (Vec<Section>, Vec<Link>) {
    let mut builder = Builder {
        text,
        lines,
        path: Vec::new(),
        links: Vec::new(),
    };
    let mut sections = Vec::new();
    let mut blocks = outline.blocks.into_iter().peekable();
    let first = outline
        .headings
        .first()
        .map_or(lines.count(), |heading| heading.line);
    if lines.next_filled(start, first).is_some() {
        let section = Section {
            line: start,
            heading: lines.start(start)..lines.start(start),
            body: lines.start(start)..lines.start(first),
            ..Section::default()
        };
        sections.push(builder.filled(section, &mut blocks));
    }
    for (index, heading) in outline.headings.iter().enumerate() {
        let end = outline.headings.get(index + 1);
        let end = end.map_or(text.len(), |next| lines.start(next.line));
        let section = builder.headed(heading, end);
        sections.push(builder.filled(section, &mut blocks));
    }
    (sections, builder.links)
}

struct Builder<'a> {
    text: &'a str,
    lines: &'a Lines<'a>,
    /// The headings above, with their levels.
    path: Vec<(u8, String)>,
    links: Vec<Link>,
}

impl Builder<'_> {
    fn headed(&mut self, heading: &Heading, end: usize) -> Section {
        let range = self.lines.range(heading.line);
        let line = self.lines.text(heading.line);
        let written = lines::heading(line).map_or(line, |(_, text)| text);
        let (title, difficulty) = headings::title(written);
        self.path.retain(|(level, _)| *level < heading.level);
        self.path.push((heading.level, title));
        let start = self.lines.start(heading.below);
        Section {
            headings: self.path.iter().map(|(_, title)| title.clone()).collect(),
            level: heading.level,
            line: heading.line,
            heading: range,
            body: start..end.max(start),
            difficulty,
            ..Section::default()
        }
    }

    /// A section with its blocks and with what its prose holds.
    fn filled(
        &mut self,
        mut section: Section,
        blocks: &mut std::iter::Peekable<impl Iterator<Item = Found>>,
    ) -> Section {
        let end = section.body.end;
        // a fence above the next heading may have no body
        let is_own = |found: &Found| match self.lines.start(found.lines.start) {
            start if found.lines.is_empty() => start <= end,
            start => start < end,
        };
        while let Some(found) = blocks.next_if(is_own) {
            section.blocks.push(self.block(found));
        }
        let prose = prose_lines(self.text, &section);
        section.is_contents = is_contents(&section, &prose);
        self.mark_whole(&mut section, &prose);
        if section.is_contents {
            return section;
        }
        for line in &prose {
            self.inline(&mut section, line);
        }
        questions::find(self.text, &mut section, &prose);
        section
    }

    fn block(&self, mut found: Found) -> Block {
        let range = self.lines.span(found.lines.clone());
        let code = match self.session(&found) {
            Some(code) => {
                "python".clone_into(&mut found.language);
                code
            }
            None => self.code(&found),
        };
        let verdict = found.info.split_whitespace().nth(1);
        let mark = match verdict {
            Some("good") => Some(Mark::Good),
            Some("bad") => Some(Mark::Bad),
            _ => None,
        };
        let marks = match mark {
            Some(mark) => vec![(0..found.lines.len(), mark)],
            None if found.kind == BlockKind::Output => Vec::new(),
            None => marks::in_code(&code),
        };
        Block {
            kind: found.kind,
            language: found.language,
            // behind a fence that is not closed there may be no line
            line: self.lines.line_of(range.start),
            range,
            code,
            marks,
        }
    }

    /// The lines of a block, without marks of quotation.
    fn texts(&self, found: &Found) -> impl Iterator<Item = &str> {
        found.lines.clone().map(move |line| match found.quotes {
            0 => self.lines.text(line),
            _ => lines::unquoted(self.lines.text(line)).0,
        })
    }

    /// What was typed at a prompt, if that is what a block is.
    fn session(&self, found: &Found) -> Option<String> {
        let may_be = found.kind != BlockKind::Output && session::is_language(&found.language);
        let first = self.texts(found).find(|text| !lines::is_blank(text))?;
        (may_be && session::starts(first)).then(|| session::code(self.texts(found)))?
    }

    fn code(&self, found: &Found) -> String {
        let texts: Vec<&str> = self.texts(found).collect();
        match found.kind {
            BlockKind::Output => texts.join("\n"),
            BlockKind::Cell => python::without_magic(&texts.join("\n")),
            BlockKind::Fence | BlockKind::Indented => {
                let code = without_indent(&texts, found.indent);
                match is_python(&found.language) {
                    true => python::without_magic(&code),
                    false => code,
                }
            }
        }
    }

    /// Marks blocks whole that a heading or a line above them calls good or bad. A sign over a list speaks of the list.
    fn mark_whole(&self, section: &mut Section, prose: &[ProseLine]) {
        let heading = self.text.get(section.heading.clone()).unwrap_or_default();
        let heading = inline::plain(heading.trim_start().trim_start_matches('#'));
        let by_sign = marks::sign(&heading);
        let without_sign = heading.trim_start_matches(|c: char| !c.is_alphabetic());
        let by_word = marks::verdict(without_sign);
        let list = prose
            .iter()
            .position(|line| lines::item(line.text).is_some());
        for block in &mut section.blocks {
            if block.kind == BlockKind::Output || !block.marks.is_empty() {
                continue;
            }
            let above = prose.partition_point(|line| line.start < block.range.start);
            let has_list = list.is_some_and(|list| list < above);
            let said = label(prose.get(..above).unwrap_or_default())
                .or(by_word)
                .or(by_sign.filter(|_| !has_list));
            if let Some(Verdict::Is(mark)) = said {
                let end = block.code.split('\n').count();
                block.marks.push((0..end, mark));
            }
        }
    }

    /// Reads links, tags and comments that are for Marginote.
    fn inline(&mut self, section: &mut Section, line: &ProseLine) {
        let offset = line.start;
        for slug in comment_slugs(line.text) {
            if !section.concepts.contains(&slug) {
                section.concepts.push(slug);
            }
        }
        for piece in inline::pieces(line.text) {
            let (range, target, kind) = match piece.kind {
                inline::Kind::Tag(tag) => {
                    if !section.tags.iter().any(|known| known == tag) {
                        section.tags.push(tag.to_owned());
                    }
                    continue;
                }
                inline::Kind::Target { start, target } => {
                    (start..piece.range.end, target, LinkKind::File)
                }
                inline::Kind::Wiki { target, .. } => (piece.range, target, LinkKind::Wiki),
                _ => continue,
            };
            let range = offset + range.start..offset + range.end;
            self.links.extend(link(range, target, kind));
        }
    }
}

/// Whether a block of this language is Python.
fn is_python(language: &str) -> bool {
    matches!(
        language,
        "python" | "python3" | "py" | "ipython" | "ipython3"
    )
}

/// Code without the indent of its fence and without an indent that all its lines have. Where that leaves no Python, because the lines were indented by
/// different programs, it is taken to the next multiple of four, if that helps.
fn without_indent(texts: &[&str], indent: usize) -> String {
    let dedented = |columns: usize| -> Vec<&str> {
        let dedented = texts.iter().map(|text| lines::dedented(text, columns));
        dedented.collect()
    };
    let stripped = dedented(indent);
    let filled = stripped.iter().filter(|text| !lines::is_blank(text));
    let common = filled.map(|text| lines::indent(text)).min().unwrap_or(0);
    let code = match common {
        0 => stripped.join("\n"),
        _ => dedented(indent + common).join("\n"),
    };
    let is_sound = |code: &str| python::is_indented_well(code) && python::parses(code);
    if indent == 0 || is_sound(&code) {
        return code;
    }
    let mut rounded = dedented(indent.next_multiple_of(4));
    if let Some(first) = rounded.first_mut() {
        *first = first.trim_start();
    }
    let rounded = rounded.join("\n");
    match is_sound(&rounded) {
        true => rounded,
        false => code,
    }
}

/// What the label right above a block says: `**❌ Bad:**`.
fn label(above: &[ProseLine]) -> Option<Verdict> {
    const LONGEST: usize = 80;
    /// The fence itself and blank lines may stand between.
    const NEAR: usize = 4;
    let line = above
        .iter()
        .rev()
        .take(NEAR)
        .find(|line| !lines::is_blank(line.text))?;
    let text = inline::plain(without_callout(line.text.trim()));
    let is_label =
        text.len() <= LONGEST && (text.ends_with(':') || line.text.trim().starts_with("**"));
    if !is_label {
        return None;
    }
    marks::verdict(&text)
}

/// Whether a section is a table of contents: links within the note and hardly anything else, or a list under that name.
fn is_contents(section: &Section, prose: &[ProseLine]) -> bool {
    let filled = prose.iter().map(|line| line.text.trim());
    let filled = filled.filter(|text| !text.is_empty() && !lines::is_rule(text));
    let (mut all, mut links, mut items) = (0, 0, 0);
    for text in filled {
        let item = lines::item(text);
        let content = item.map_or(text, |item| &text[item.content..]);
        let is_link =
            (content.starts_with("[") && content.contains("](#") && content.ends_with(')'))
                || (content.starts_with("[[#") && content.ends_with("]]"));
        all += 1;
        links += usize::from(is_link);
        items += usize::from(item.is_some());
    }
    let name = section.headings.last().map(|title| title.to_lowercase());
    let is_named = matches!(
        name.as_deref(),
        Some("contents" | "table of contents" | "toc")
    );
    section.blocks.is_empty()
        && ((links >= 3 && links * 5 >= all * 4) || (is_named && all > 0 && all == items))
}

/// The slugs of `<!-- marginote: slug, slug -->`.
fn comment_slugs(text: &str) -> Vec<String> {
    let comments = text.split("<!--").skip(1);
    let inner =
        comments.filter_map(|rest| rest.split_once("-->")?.0.trim().strip_prefix("marginote:"));
    let words = inner.flat_map(|words| words.split([',', ' ']));
    words
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// A link. None for what is for a program.
fn link(range: Range<usize>, target: &str, kind: LinkKind) -> Option<Link> {
    let is_scheme = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    let scheme = target.split_once(':').map(|(scheme, _)| scheme);
    let is_elsewhere =
        scheme.is_some_and(|s| s.len() > 1 && s.chars().all(is_scheme)) || target.starts_with("//");
    if target.is_empty() {
        return None;
    }
    if is_elsewhere && kind == LinkKind::File {
        let is_web = |scheme: &str| ["http", "https"].contains(&&*scheme.to_ascii_lowercase());
        return scheme.is_some_and(is_web).then(|| Link {
            kind: LinkKind::Web,
            range,
            target: target.to_owned(),
            heading: None,
        });
    }
    let (target, heading) = match target.split_once('#') {
        Some((target, heading)) => (target, Some(heading)),
        None => (target, None),
    };
    let decode = |text: &str| match kind {
        LinkKind::Wiki => text.trim().to_owned(),
        _ => percent_decoded(text),
    };
    Some(Link {
        kind,
        range,
        target: decode(target),
        heading: heading.map(decode),
    })
}

/// `My%20note.md` as it is called. What does not decode to text stays as it is.
fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let digits = after
            .get(..2)
            .filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        let value = digits
            .and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        match value.filter(|_| *first == b'%') {
            Some(value) => {
                bytes.push(value);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}
