//! The bytes of a note into text. Notes come from anywhere, so unlike Python's sources they are read whatever they hold, if they are text at all.

use encoding_rs::{Encoding, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::{Problem, ProblemKind};

/// What is longer, in bytes, is no note that a person wrote.
const LONGEST: usize = 16 << 20;

/// The text of a file without its byte order mark, and what was wrong with it. Without text where the file is too long or no text.
pub(super) fn decode(bytes: &[u8]) -> (Option<String>, Option<Problem>) {
    if bytes.len() > LONGEST {
        let message = format!(
            "this file has {} MB, more than is read of a note ({} MB): split it, or leave it out of the notes",
            bytes.len() >> 20,
            LONGEST >> 20
        );
        return (None, Some(not_readable(message)));
    }
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        let body = bytes.get(mark..).unwrap_or_default();
        return match encoding == UTF_16LE || encoding == UTF_16BE {
            true => utf_16(encoding, body),
            false => utf_8(body),
        };
    }
    if let Some(encoding) = utf_16_without_mark(bytes) {
        return utf_16(encoding, bytes);
    }
    if is_binary(bytes) {
        let message = "this file is not text: leave it out of the notes".to_owned();
        return (None, Some(not_readable(message)));
    }
    utf_8(bytes)
}

fn not_readable(message: String) -> Problem {
    Problem {
        kind: ProblemKind::NotReadable,
        range: 0..0,
        message,
    }
}

fn utf_16(encoding: &'static Encoding, bytes: &[u8]) -> (Option<String>, Option<Problem>) {
    let (text, is_broken) = encoding.decode_without_bom_handling(bytes);
    let problem = is_broken.then(|| {
        let at = text.find('\u{fffd}').unwrap_or(0);
        Problem {
            kind: ProblemKind::EncodingDamaged,
            range: at..text.len().min(at + '\u{fffd}'.len_utf8()),
            message: "this place is not valid UTF-16, so characters are missing here: write them again, and save the note as UTF-8".to_owned(),
        }
    });
    (Some(text.into_owned()), problem)
}

/// Reads UTF-8. A byte that is none is read by itself as Windows-1252, so that one of them does not spoil the rest, and old Western files come out whole.
fn utf_8(bytes: &[u8]) -> (Option<String>, Option<Problem>) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return (Some(text.to_owned()), None);
    }
    let mut text = String::with_capacity(bytes.len() + bytes.len() / 8);
    let mut first = None;
    let mut count = 0;
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        let start = text.len();
        for byte in chunk.invalid() {
            let (c, _) = WINDOWS_1252.decode_without_bom_handling(std::slice::from_ref(byte));
            text.push_str(&c);
            count += 1;
            first.get_or_insert(start..text.len());
        }
    }
    let problem = Problem {
        kind: ProblemKind::EncodingDamaged,
        range: first.unwrap_or(0..0),
        message: format!(
            "the note is not UTF-8: {count} bytes are read as Windows-1252, the first here. If the characters are right, save the note as UTF-8; if not, open it in the encoding that it was written in first"
        ),
    };
    (Some(text), Some(problem))
}

/// How many bytes of a file are looked at to tell what it is.
const SAMPLE: usize = 8192;

/// UTF-16 shows by its zero bytes: of Western text, every other one.
fn utf_16_without_mark(bytes: &[u8]) -> Option<&'static Encoding> {
    let sample = bytes.get(..SAMPLE.min(bytes.len()) & !1)?;
    let (mut even, mut odd) = (0, 0);
    for pair in sample.chunks_exact(2) {
        even += usize::from(pair[0] == 0);
        odd += usize::from(pair[1] == 0);
    }
    let pairs = sample.len() / 2;
    let is_most =
        |zeros: usize, others: usize| pairs > 0 && zeros * 5 >= pairs * 2 && others * 20 <= pairs;
    match () {
        () if is_most(odd, even) => Some(UTF_16LE),
        () if is_most(even, odd) => Some(UTF_16BE),
        () => None,
    }
}

/// Whether these bytes are no text: many control characters, or NUL and no UTF-8.
fn is_binary(bytes: &[u8]) -> bool {
    let sample = bytes.get(..SAMPLE.min(bytes.len())).unwrap_or_default();
    let is_control = |byte: &&u8| **byte < 32 && !matches!(**byte, 7..=13 | 27);
    let controls = sample.iter().filter(is_control).count();
    let has_nul = || memchr::memchr(0, bytes).is_some();
    controls * 10 > sample.len() || (has_nul() && std::str::from_utf8(bytes).is_err())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf_16(text: &str, to_bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(to_bytes).collect()
    }

    #[test]
    fn marks_and_zero_bytes_tell_utf_16() {
        let text = "# Überschrift\r\nZeile → 🐍\n";
        let with_mark = format!("\u{feff}{text}");
        for bytes in [
            utf_16(&with_mark, u16::to_le_bytes),
            utf_16(&with_mark, u16::to_be_bytes),
            utf_16(text, u16::to_le_bytes),
            utf_16(text, u16::to_be_bytes),
            with_mark.clone().into_bytes(),
            text.as_bytes().to_vec(),
        ] {
            assert_eq!(decode(&bytes), (Some(text.to_owned()), None));
        }
    }

    #[test]
    fn broken_utf_16_is_read_as_far_as_it_goes() {
        let mut bytes = utf_16("\u{feff}ab", u16::to_le_bytes);
        bytes.extend([0x00, 0xd8, b'c', 0, b'd']);
        let (text, problem) = decode(&bytes);
        assert_eq!(text.as_deref(), Some("ab\u{fffd}c\u{fffd}"));
        let problem = problem.expect("a problem");
        assert_eq!(
            (problem.kind, problem.range),
            (ProblemKind::EncodingDamaged, 2..5)
        );
    }

    #[test]
    fn western_bytes_are_read_one_by_one() {
        let (text, problem) = decode(b"caf\xe9 \x93GIL\x94 \xc3\xa9");
        assert_eq!(text.as_deref(), Some("café “GIL” é"));
        assert_eq!(problem.map(|problem| problem.range), Some(3..5));
    }

    #[test]
    fn what_is_no_text_is_not_read() {
        let too_long = vec![b'a'; LONGEST + 1];
        for bytes in [
            &b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\xff"[..],
            &[0; 64][..],
            &too_long,
        ] {
            let (text, problem) = decode(bytes);
            assert_eq!(text, None);
            assert_eq!(
                problem.map(|problem| problem.kind),
                Some(ProblemKind::NotReadable)
            );
        }
        let odd = "a word\0and a bell\u{7}";
        assert_eq!(decode(odd.as_bytes()), (Some(odd.to_owned()), None));
    }
}
