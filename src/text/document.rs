//! A text with its version, and the ways to name a place in it.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use ropey::Rope;

use super::{Change, Position, PositionEncoding, RangeError};

/// A text and its version. Cheap to clone.
///
/// Lines end with `\n`, `\r\n` or a lone `\r`, as in LSP and in Python; form feeds and U+2028 end no line. Offsets are bytes of the text in UTF-8.
#[derive(Clone, Debug)]
pub struct Document {
    rope: Rope,
    version: i32,
    /// The rope's text in one piece, from the moment somebody asks for it.
    text: OnceLock<Arc<String>>,
    /// What it comes of, where that is one change of a text that is in one piece: that is put together faster than a rope's pieces.
    edit: Option<Edit>,
}

/// A text, the bytes of it that are replaced, and by what.
#[derive(Clone, Debug)]
struct Edit {
    text: Arc<String>,
    range: Range<usize>,
    by: String,
}

impl Edit {
    fn edited(&self) -> String {
        let (before, after) = (&self.text[..self.range.start], &self.text[self.range.end..]);
        [before, &self.by, after].concat()
    }
}

impl Document {
    /// A document with this text. The version is the client's number for it (0 for a file on disk).
    pub fn new(text: &str, version: i32) -> Self {
        Self::of(Rope::from_str(text), version)
    }

    fn of(rope: Rope, version: i32) -> Self {
        Document {
            rope,
            version,
            text: OnceLock::new(),
            edit: None,
        }
    }

    /// The client's number for this text.
    pub fn version(&self) -> i32 {
        self.version
    }

    /// The whole text. Put together at the first call, shared after that.
    pub fn text(&self) -> Arc<String> {
        Arc::clone(self.contiguous())
    }

    fn contiguous(&self) -> &Arc<String> {
        let whole = || match &self.edit {
            Some(edit) => edit.edited(),
            None => String::from(&self.rope),
        };
        self.text.get_or_init(|| whole().into())
    }

    /// Bytes of the text.
    pub fn len_bytes(&self) -> usize {
        self.rope.len_bytes()
    }

    /// Lines of the text: one more than there are line ends.
    pub fn len_lines(&self) -> usize {
        self.rope.len_lines()
    }

    /// A line (from 0) without its line end; empty where there is no such line.
    pub fn line_text(&self, line: usize) -> &str {
        self.line_bounds(line)
            .map_or("", |(start, end)| &self.contiguous()[start..end])
    }

    /// The byte with which a line (from 0) begins; that of the last one where there is no such line.
    pub fn line_start(&self, line: usize) -> usize {
        self.rope.line_to_byte(line.min(self.len_lines() - 1))
    }

    /// The bytes of a line without its line end. None where there is no such line.
    fn line_bounds(&self, line: usize) -> Option<(usize, usize)> {
        if line >= self.len_lines() {
            return None;
        }
        let start = self.rope.line_to_byte(line);
        let mut end = self.rope.line_to_byte(line + 1);
        let ends_with = |end: usize, byte| end > start && self.rope.byte(end - 1) == byte;
        if ends_with(end, b'\n') {
            end -= 1;
            if ends_with(end, b'\r') {
                end -= 1;
            }
        } else if ends_with(end, b'\r') {
            end -= 1;
        }
        Some((start, end))
    }

    /// The byte offset of a position.
    ///
    /// A character beyond the line's end means the line's end, before its line end's bytes; one inside a code point (or a surrogate pair) means its start.
    /// A line beyond the last is None, except for the start of the line after the last one, by which some clients mean the end of the text.
    pub fn offset(&self, position: Position, encoding: PositionEncoding) -> Option<usize> {
        let line = position.line as usize;
        let character = position.character as usize;
        if line == self.len_lines() && character == 0 {
            return Some(self.len_bytes());
        }
        let (start, end) = self.line_bounds(line)?;
        let (rope, limit) = (&self.rope, self.rope.byte_to_char(end));
        let first = rope.byte_to_char(start);
        // all ASCII, as most lines are: a byte is a character in each encoding
        if limit - first == end - start {
            return Some(start.saturating_add(character).min(end));
        }
        let wanted = match encoding {
            PositionEncoding::Utf8 => rope.byte_to_char(start.saturating_add(character).min(end)),
            PositionEncoding::Utf16 => {
                let unit = rope.char_to_utf16_cu(first).saturating_add(character);
                rope.utf16_cu_to_char(unit.min(rope.char_to_utf16_cu(limit)))
            }
            PositionEncoding::Utf32 => first.saturating_add(character).min(limit),
        };
        Some(rope.char_to_byte(wanted))
    }

    /// The position of a byte offset.
    ///
    /// Total: an offset beyond the text means its end, one inside a code point its start, one inside a `\r\n` the place before it.
    pub fn position(&self, offset: usize, encoding: PositionEncoding) -> Position {
        let rope = &self.rope;
        let line = rope.byte_to_line(offset.min(self.len_bytes()));
        let (start, end) = self
            .line_bounds(line)
            .expect("the line of an offset in the text is a line of the text");
        let (first, here) = (rope.byte_to_char(start), rope.byte_to_char(offset.min(end)));
        let is_ascii = here - first == offset.min(end) - start;
        let character = match encoding {
            _ if is_ascii => here - first,
            PositionEncoding::Utf8 => rope.char_to_byte(here) - start,
            PositionEncoding::Utf16 => rope.char_to_utf16_cu(here) - rope.char_to_utf16_cu(first),
            PositionEncoding::Utf32 => here - first,
        };
        Position {
            line: saturate(line),
            character: saturate(character),
        }
    }

    /// Line and column of a byte offset as reports show them: both from 1, the column in code points. Total, as [`Document::position`] is.
    pub fn line_column(&self, offset: usize) -> (usize, usize) {
        let at = self.position(offset, PositionEncoding::Utf32);
        (at.line as usize + 1, at.character as usize + 1)
    }

    /// The document after changes, made one after the other: each range speaks of the text that the changes before it left.
    ///
    /// # Errors
    /// When a range does not lie in the text or ends before it starts. All or nothing: `self` is not touched in any case.
    pub fn apply(
        &self,
        version: i32,
        changes: &[Change],
        encoding: PositionEncoding,
    ) -> Result<Document, RangeError> {
        let mut next = self.clone();
        let mut edit = None;
        for change in changes {
            let Some((start, end)) = change.range else {
                next = Document::new(&change.text, version);
                continue;
            };
            let outside = RangeError::Outside(start, end);
            let from = next.offset(start, encoding);
            let to = if start == end {
                from
            } else {
                next.offset(end, encoding)
            };
            let (Some(from), Some(to)) = (from, to) else {
                return Err(outside);
            };
            if from > to {
                return Err(outside);
            }
            // the bytes of a second change are not those of the text before
            let text = self.text.get().filter(|_| changes.len() == 1);
            edit = text.map(|text| Edit {
                text: Arc::clone(text),
                range: from..to,
                by: change.text.clone(),
            });
            let (from, to) = (next.rope.byte_to_char(from), next.rope.byte_to_char(to));
            next.rope.remove(from..to);
            next.rope.insert(from, &change.text);
        }
        let mut next = Self::of(next.rope, version);
        next.edit = edit;
        Ok(next)
    }
}

/// LSP counts in 32 bits; a text that needs more is cut off there rather than wrapped around.
fn saturate(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ENCODINGS: [PositionEncoding; 3] = [
        PositionEncoding::Utf8,
        PositionEncoding::Utf16,
        PositionEncoding::Utf32,
    ];

    fn at(line: u32, character: u32) -> Position {
        Position { line, character }
    }

    /// What a `\n`-only, byte-only reading of the rules gives: lines of the text with their bounds, without the line end.
    fn lines(text: &str) -> Vec<(usize, usize)> {
        let (bytes, mut lines, mut start, mut i) = (text.as_bytes(), Vec::new(), 0, 0);
        while i < bytes.len() {
            let width = match bytes[i] {
                b'\r' if bytes.get(i + 1) == Some(&b'\n') => 2,
                b'\r' | b'\n' => 1,
                _ => 0,
            };
            if width > 0 {
                lines.push((start, i));
                start = i + width;
            }
            i += width.max(1);
        }
        lines.push((start, bytes.len()));
        lines
    }

    fn units(text: &str, encoding: PositionEncoding) -> usize {
        match encoding {
            PositionEncoding::Utf8 => text.len(),
            PositionEncoding::Utf16 => text.encode_utf16().count(),
            PositionEncoding::Utf32 => text.chars().count(),
        }
    }

    #[test]
    fn the_three_encodings_count_differently() {
        let doc = Document::new("a = 'é😀'\r\nb\rc", 1);
        let quote = "a = 'é😀".len();
        for (encoding, character) in ENCODINGS.into_iter().zip([11, 8, 7]) {
            assert_eq!(doc.position(quote, encoding), at(0, character));
            assert_eq!(doc.offset(at(0, character), encoding), Some(quote));
        }
        assert_eq!(doc.len_lines(), 3);
        assert_eq!(doc.line_text(0), "a = 'é😀'");
        assert_eq!(doc.line_text(1), "b");
        assert_eq!(doc.line_text(2), "c");
        assert_eq!(doc.line_text(3), "");
        assert_eq!(doc.line_column(quote), (1, 8));
    }

    #[test]
    fn only_line_feeds_and_carriage_returns_end_a_line() {
        let doc = Document::new("a\x0cb\x0bc\u{2028}d\u{85}e", 1);
        assert_eq!(doc.len_lines(), 1);
    }

    #[test]
    fn a_character_beyond_the_line_means_its_end() {
        let doc = Document::new("ab\r\nc", 1);
        for encoding in ENCODINGS {
            assert_eq!(doc.offset(at(0, u32::MAX), encoding), Some(2));
            assert_eq!(doc.offset(at(1, 9), encoding), Some(5));
            assert_eq!(doc.offset(at(2, 0), encoding), Some(5));
            assert_eq!(doc.offset(at(2, 1), encoding), None);
            assert_eq!(doc.offset(at(3, 0), encoding), None);
            assert_eq!(doc.position(3, encoding), at(0, 2));
            assert_eq!(doc.position(99, encoding), at(1, 1));
        }
    }

    #[test]
    fn inside_a_code_point_means_its_start() {
        let doc = Document::new("😀x", 1);
        assert_eq!(doc.offset(at(0, 1), PositionEncoding::Utf16), Some(0));
        assert_eq!(doc.offset(at(0, 3), PositionEncoding::Utf8), Some(0));
        assert_eq!(doc.position(2, PositionEncoding::Utf8), at(0, 0));
    }

    #[test]
    fn a_bad_range_changes_nothing() {
        let doc = Document::new("x = 1\n", 1);
        let change = |range, text: &str| Change {
            range,
            text: text.into(),
        };
        let good = change(Some((at(0, 0), at(0, 1))), "y");
        let bad = [
            change(Some((at(7, 0), at(7, 1))), ""),
            change(Some((at(0, 3), at(0, 1))), ""),
        ];
        for bad in bad {
            let range = bad.range.expect("given above");
            let got = doc.apply(2, &[good.clone(), bad], PositionEncoding::Utf16);
            assert_eq!(got.err(), Some(RangeError::Outside(range.0, range.1)));
        }
        let next = doc
            .apply(2, &[good], PositionEncoding::Utf16)
            .expect("it fits");
        assert_eq!(
            (next.text().as_str(), next.version(), doc.text().as_str()),
            ("y = 1\n", 2, "x = 1\n")
        );
    }

    /// Texts that mix line ends, wide and astral characters and combining marks.
    fn texts() -> impl Strategy<Value = String> {
        prop::collection::vec(
            prop::sample::select(vec![
                "a",
                "é",
                "e\u{301}",
                "ß",
                "語",
                "😀",
                "👩‍👧",
                "\u{feff}",
                "\u{2028}",
                "\x0c",
                "\t",
                "\n",
                "\r\n",
                "\r",
                "\n\r",
                " ",
                "def f():",
            ]),
            // long enough for ropes of several nodes
            0..700,
        )
        .prop_map(|parts| parts.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn offsets_and_positions_are_each_others_way_back(text in texts()) {
            let doc = Document::new(&text, 0);
            let lines = lines(&text);
            prop_assert_eq!(doc.len_lines(), lines.len());
            for encoding in ENCODINGS {
                for (line, &(start, end)) in lines.iter().enumerate() {
                    prop_assert_eq!(doc.line_text(line), &text[start..end]);
                    for (inside, _) in text[start..end].char_indices().chain([(end - start, ' ')]) {
                        let offset = start + inside;
                        let position = at(line as u32, units(&text[start..offset], encoding) as u32);
                        prop_assert_eq!(doc.position(offset, encoding), position);
                        prop_assert_eq!(doc.offset(position, encoding), Some(offset));
                    }
                }
            }
        }

        #[test]
        fn any_offset_and_any_position_is_answered(
            text in texts(), offset in 0..9000usize, line in 0..900u32, character in 0..200u32,
        ) {
            let doc = Document::new(&text, 0);
            for encoding in ENCODINGS {
                let back = doc.offset(doc.position(offset, encoding), encoding).expect("on a line of the text");
                prop_assert!(text.is_char_boundary(back) && back <= offset);
                match doc.offset(at(line, character), encoding) {
                    Some(offset) => prop_assert!(text.is_char_boundary(offset)),
                    None => prop_assert!(line as usize >= doc.len_lines()),
                }
            }
        }

        #[test]
        fn edits_equal_splices(
            text in texts(),
            edits in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), texts()), 1..6),
        ) {
            for encoding in ENCODINGS {
                let (mut expected, mut doc, mut changes) = (text.clone(), Document::new(&text, 0), Vec::new());
                for (a, b, new) in &edits {
                    // by way of positions, so that no range starts between `\r` and `\n`
                    let boundaries: Vec<usize> = (0..=expected.len())
                        .filter(|&i| expected.is_char_boundary(i))
                        .collect();
                    let (a, b) = (*a.get(&boundaries), *b.get(&boundaries));
                    let range = (doc.position(a.min(b), encoding), doc.position(a.max(b), encoding));
                    let from = doc.offset(range.0, encoding).expect("a position of the text");
                    let to = doc.offset(range.1, encoding).expect("a position of the text");
                    expected.replace_range(from..to, new);
                    let change = Change { range: Some(range), text: new.clone() };
                    doc = doc.apply(1, std::slice::from_ref(&change), encoding).expect("the range fits");
                    prop_assert_eq!(&*doc.text(), expected.as_str());
                    changes.push(change);
                }
                let at_once = Document::new(&text, 0).apply(1, &changes, encoding).expect("the ranges fit");
                prop_assert_eq!(&*at_once.text(), expected.as_str());
            }
        }
    }
}
