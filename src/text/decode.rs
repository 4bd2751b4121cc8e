//! Bytes of a Python file into text, the way Python reads its source (PEP 263).

use std::borrow::Cow;

use encoding_rs::{DecoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE};

/// Why a file is not text. Offsets are bytes of the file.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum DecodeError {
    /// Python refuses NUL in source code, and a file that has one is seldom text.
    #[error(
        "byte {offset} is NUL, so this is not Python source: exclude the file, or save it as text"
    )]
    Binary { offset: usize },
    /// The declared (or the default) encoding has no meaning for these bytes.
    #[error(
        "byte {offset} is not valid {encoding}: save the file as UTF-8, or name its encoding in the first line, as in `# -*- coding: cp1252 -*-`"
    )]
    Undecodable {
        encoding: &'static str,
        offset: usize,
    },
    /// The coding cookie names an encoding that is not known here.
    #[error(
        "byte {offset} names the encoding `{name}`, which is not known here: save the file as UTF-8 and remove the declaration"
    )]
    UnknownEncoding { name: String, offset: usize },
}

/// What a coding cookie may name.
pub(super) enum Codec {
    Ascii,
    /// One byte, one code point: what Python calls latin-1. The web's latin-1, which `encoding_rs` means, is windows-1252.
    Latin1,
    Table(&'static Encoding),
}

/// The text of a file: UTF-8, UTF-16 with a byte order mark, or what its coding cookie says. The byte order mark is not part of the text.
///
/// # Errors
/// When the bytes are not text in that encoding, or hold a NUL.
pub fn decode(bytes: impl Into<Vec<u8>>) -> Result<String, DecodeError> {
    let bytes = bytes.into();
    let Some((encoding, mark)) = Encoding::for_bom(&bytes) else {
        return without_mark(bytes);
    };
    let text = with_table(encoding, &bytes, mark)?;
    match text.contains('\0') {
        true => Err(DecodeError::Binary {
            offset: first_nul(encoding, &bytes),
        }),
        false => Ok(text),
    }
}

fn without_mark(bytes: Vec<u8>) -> Result<String, DecodeError> {
    // looked for first, because "NUL" says more about a picture or an archive than "not UTF-8"
    if let Some(offset) = memchr::memchr(0, &bytes) {
        return Err(DecodeError::Binary { offset });
    }
    let Some((name, offset)) = cookie(&bytes) else {
        return utf8(bytes);
    };
    match codec(&name) {
        Some(Codec::Table(encoding)) if encoding == UTF_8 => utf8(bytes),
        Some(Codec::Table(encoding)) => with_table(encoding, &bytes, 0),
        Some(Codec::Latin1) => Ok(encoding_rs::mem::decode_latin1(&bytes).into_owned()),
        Some(Codec::Ascii) => match bytes.iter().position(|byte| !byte.is_ascii()) {
            Some(offset) => Err(DecodeError::Undecodable {
                encoding: "ASCII",
                offset,
            }),
            None => utf8(bytes),
        },
        None => Err(DecodeError::UnknownEncoding { name, offset }),
    }
}

/// The bytes become the text: most files are UTF-8, and need not be copied.
fn utf8(bytes: Vec<u8>) -> Result<String, DecodeError> {
    String::from_utf8(bytes).map_err(|error| DecodeError::Undecodable {
        encoding: UTF_8.name(),
        offset: error.utf8_error().valid_up_to(),
    })
}

fn with_table(
    encoding: &'static Encoding,
    bytes: &[u8],
    mark: usize,
) -> Result<String, DecodeError> {
    let body = &bytes[mark..];
    let undecodable = |offset| DecodeError::Undecodable {
        encoding: encoding.name(),
        offset: mark + offset,
    };
    if encoding == UTF_8 {
        return match std::str::from_utf8(body) {
            Ok(text) => Ok(text.to_owned()),
            Err(error) => Err(undecodable(error.valid_up_to())),
        };
    }
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let room = decoder.max_utf8_buffer_length_without_replacement(body.len());
    let mut text = String::with_capacity(room.unwrap_or(body.len()));
    let (result, read) = decoder.decode_to_string_without_replacement(body, &mut text, true);
    match result {
        DecoderResult::InputEmpty => Ok(text),
        DecoderResult::Malformed(bad, after) => {
            Err(undecodable(read - usize::from(bad) - usize::from(after)))
        }
        DecoderResult::OutputFull => Err(undecodable(read)),
    }
}

/// The offset of the first NUL, as the encoding counts code units.
fn first_nul(encoding: &'static Encoding, bytes: &[u8]) -> usize {
    let found = match encoding == UTF_8 {
        true => memchr::memchr(0, bytes),
        false => bytes
            .chunks_exact(2)
            .position(|unit| unit == [0, 0])
            .map(|units| units * 2),
    };
    found.unwrap_or(bytes.len())
}

/// The encoding that a comment in the first two lines declares, and the byte offset of its name. The second line counts only after a line without code.
pub(super) fn cookie(bytes: &[u8]) -> Option<(String, usize)> {
    let mut start = 0;
    for _ in 0..2 {
        let rest = &bytes[start..];
        let end = memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
        let line = &rest[..end];
        let blank = line
            .iter()
            .position(|byte| !matches!(byte, b' ' | b'\t' | b'\x0c'));
        match blank.map(|at| line[at]) {
            Some(b'#') => {
                if let Some((name, at)) = cookie_in_comment(line) {
                    return Some((name, start + at));
                }
            }
            Some(_) => return None,
            None => {}
        }
        let crlf = rest[end..].starts_with(b"\r\n");
        start = (start + end + 1 + usize::from(crlf)).min(bytes.len());
    }
    None
}

/// `coding[:=][ \t]*([-_.a-zA-Z0-9]+)`, anywhere in the comment.
fn cookie_in_comment(line: &[u8]) -> Option<(String, usize)> {
    memchr::memmem::find_iter(line, b"coding").find_map(|at| {
        let mut at = at + b"coding".len();
        if !matches!(line.get(at), Some(b':' | b'=')) {
            return None;
        }
        at += 1;
        while matches!(line.get(at), Some(b' ' | b'\t')) {
            at += 1;
        }
        let name: String = line[at..]
            .iter()
            .map(|&byte| char::from(byte))
            .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
            .collect();
        (!name.is_empty()).then_some((name, at))
    })
}

/// What Python means by an encoding's name. None for what is not known here, UTF-16 among it: a file in UTF-16 cannot say so in ASCII.
pub(super) fn codec(name: &str) -> Option<Codec> {
    let name = name.to_ascii_lowercase().replace('_', "-");
    // as `tokenize` has it: `utf-8-unix` and `latin-1-dos` are what Emacs writes
    let is = |of: &str| name == of || name.strip_prefix(of).is_some_and(|r| r.starts_with('-'));
    if ["utf-8", "utf8"].into_iter().any(is) {
        return Some(Codec::Table(UTF_8));
    }
    if ["latin-1", "iso-8859-1", "iso-latin-1"].into_iter().any(is)
        || ["latin1", "iso8859-1", "l1", "cp819", "8859"].contains(&name.as_str())
    {
        return Some(Codec::Latin1);
    }
    if ["ascii", "us-ascii", "646"].contains(&name.as_str()) {
        return Some(Codec::Ascii);
    }
    let label: Cow<str> = match name.as_str() {
        "cp932" | "ms932" | "mskanji" => "shift_jis".into(),
        "cp936" => "gbk".into(),
        "cp949" | "uhc" => "euc-kr".into(),
        "cp950" => "big5".into(),
        "mac-roman" => "macintosh".into(),
        "mac-cyrillic" => "x-mac-cyrillic".into(),
        _ => name.into(),
    };
    let encoding = Encoding::for_label_no_replacement(label.as_bytes())?;
    (encoding != UTF_16BE && encoding != UTF_16LE).then_some(Codec::Table(encoding))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn utf_8_with_and_without_a_mark() {
        assert_eq!(decode("x = 'é'".as_bytes()).as_deref(), Ok("x = 'é'"));
        assert_eq!(
            decode("\u{feff}x = 'é'".as_bytes()).as_deref(),
            Ok("x = 'é'")
        );
        assert_eq!(decode(b"").as_deref(), Ok(""));
    }

    #[test]
    fn utf_16_with_a_mark() {
        let text = "x = 'é😀'\r\n";
        let little: Vec<u8> = [0xFEFF]
            .into_iter()
            .chain(text.encode_utf16())
            .flat_map(u16::to_le_bytes)
            .collect();
        let big: Vec<u8> = [0xFEFF]
            .into_iter()
            .chain(text.encode_utf16())
            .flat_map(u16::to_be_bytes)
            .collect();
        assert_eq!(decode(little).as_deref(), Ok(text));
        assert_eq!(decode(big).as_deref(), Ok(text));
        let lone_surrogate = b"\xff\xfea\x00\x00\xd8b\x00";
        let error = DecodeError::Undecodable {
            encoding: "UTF-16LE",
            offset: 4,
        };
        assert_eq!(decode(lone_surrogate), Err(error));
    }

    #[test]
    fn the_cookie_is_obeyed() {
        let cases: [(&[u8], &str); 9] = [
            (
                b"# coding: latin-1\n'\xe9\x80'",
                "# coding: latin-1\n'é\u{80}'",
            ),
            (
                b"# -*- coding: cp1252 -*-\n'\x80'",
                "# -*- coding: cp1252 -*-\n'€'",
            ),
            (
                b"#!/usr/bin/python\r\n# vim: set fileencoding=koi8_r :\r\n'\xc1'",
                "#!/usr/bin/python\r\n# vim: set fileencoding=koi8_r :\r\n'а'",
            ),
            (
                b"\n# coding=Shift_JIS\n'\x82\xa0'",
                "\n# coding=Shift_JIS\n'あ'",
            ),
            (b"# coding: cp932\n'\x82\xa0'", "# coding: cp932\n'あ'"),
            (
                b"# coding: utf-8-unix\n'\xc3\xa9'",
                "# coding: utf-8-unix\n'é'",
            ),
            // two words `coding`, the second is the cookie
            (
                b"# encoding is coding: latin-1\n'\xe9'",
                "# encoding is coding: latin-1\n'é'",
            ),
            // not a comment, and not in the first two lines: no cookies
            (b"x = '# coding: nope'\n", "x = '# coding: nope'\n"),
            (b"x = 1\n# coding: nope\n", "x = 1\n# coding: nope\n"),
        ];
        for (bytes, text) in cases {
            assert_eq!(decode(bytes).as_deref(), Ok(text));
        }
    }

    #[test]
    fn what_is_not_text_is_named_with_its_place() {
        let cases: [(&[u8], DecodeError); 6] = [
            (
                b"x = '\xe9'\n",
                DecodeError::Undecodable {
                    encoding: "UTF-8",
                    offset: 5,
                },
            ),
            (
                b"\xef\xbb\xbfx = '\xe9'\n",
                DecodeError::Undecodable {
                    encoding: "UTF-8",
                    offset: 8,
                },
            ),
            (
                b"# coding: ascii\n'\xe9'",
                DecodeError::Undecodable {
                    encoding: "ASCII",
                    offset: 17,
                },
            ),
            (
                b"# coding: euc-jp\n'\xa4!'",
                DecodeError::Undecodable {
                    encoding: "EUC-JP",
                    offset: 18,
                },
            ),
            (
                b"# coding: klingon\n",
                DecodeError::UnknownEncoding {
                    name: "klingon".into(),
                    offset: 10,
                },
            ),
            (b"\x7fELF\x00\x01\xff", DecodeError::Binary { offset: 4 }),
        ];
        for (bytes, error) in cases {
            assert_eq!(decode(bytes), Err(error));
        }
        // UTF-32 starts like UTF-16 and then has a NUL
        assert_eq!(
            decode(b"\xff\xfe\x00\x00a\x00\x00\x00"),
            Err(DecodeError::Binary { offset: 2 })
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_answered(head in "(# coding: [a-z0-9-]{1,9}\n)?", tail in prop::collection::vec(any::<u8>(), 0..200)) {
            let bytes = [head.as_bytes(), &tail].concat();
            if let Ok(text) = decode(bytes.as_slice()) {
                prop_assert!(!text.contains('\0'));
            }
        }

        #[test]
        fn utf_8_comes_back_as_it_is(text in "[^\0\u{feff}]*") {
            prop_assume!(cookie(text.as_bytes()).is_none());
            prop_assert_eq!(decode(text.as_bytes()), Ok(text));
        }
    }
}
