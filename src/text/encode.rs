//! The way back: text into the bytes of a Python file.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

use super::decode::{Codec, codec, cookie, decode};

/// The bytes of a text, with the encoding and the byte order mark of an earlier state of its file. None where that encoding has no bytes for it.
///
/// Invariant: [`decode`] gives the text again.
pub fn encode(text: &str, earlier: &[u8]) -> Option<Vec<u8>> {
    let bytes = match Encoding::for_bom(earlier) {
        Some((encoding, mark)) => {
            let mut bytes = earlier.get(..mark)?.to_vec();
            bytes.extend(with_table(text, encoding)?);
            bytes
        }
        None => match cookie(earlier) {
            Some((name, _)) => with_codec(text, codec(&name)?)?,
            None => text.as_bytes().to_vec(),
        },
    };
    (decode(bytes.as_slice()).as_deref() == Ok(text)).then_some(bytes)
}

fn with_codec(text: &str, codec: Codec) -> Option<Vec<u8>> {
    match codec {
        Codec::Table(encoding) => with_table(text, encoding),
        Codec::Latin1 => text.chars().map(|c| u8::try_from(c).ok()).collect(),
        Codec::Ascii => text.is_ascii().then(|| text.as_bytes().to_vec()),
    }
}

fn with_table(text: &str, encoding: &'static Encoding) -> Option<Vec<u8>> {
    // the web's UTF-16 is read only
    if encoding == UTF_16LE {
        return Some(text.encode_utf16().flat_map(u16::to_le_bytes).collect());
    }
    if encoding == UTF_16BE {
        return Some(text.encode_utf16().flat_map(u16::to_be_bytes).collect());
    }
    if encoding == UTF_8 {
        return Some(text.as_bytes().to_vec());
    }
    let (bytes, _, has_unmappable) = encoding.encode(text);
    (!has_unmappable).then(|| bytes.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_encoding_is_kept() {
        let files: [&[u8]; 7] = [
            "x = 'é'\r\n".as_bytes(),
            "\u{feff}x = 'é'\n".as_bytes(),
            b"# coding: latin-1\nx = '\xe9\x80'\n",
            b"# coding: cp1252\nx = '\x80'\n",
            b"# coding: ascii\nx = 1\n",
            b"\xff\xfex\x00 \x00=\x00 \x00\xe9\x00\n\x00",
            b"\xfe\xff\x00x\x00 \x00=\x00 \x00\xe9\x00\n",
        ];
        for bytes in files {
            let text = decode(bytes).expect("it is text");
            assert_eq!(encode(&text, bytes).as_deref(), Some(bytes), "{text}");
            let longer = text + "y = 2\n";
            let encoded = encode(&longer, bytes).expect("it has bytes");
            assert!(encoded.starts_with(bytes), "{longer}");
            assert_eq!(decode(encoded.as_slice()), Ok(longer));
        }
    }

    #[test]
    fn what_an_encoding_has_no_bytes_for_is_no_file() {
        for cookie in ["latin-1", "cp1252", "ascii", "no-such-encoding"] {
            let earlier = format!("# coding: {cookie}\n");
            let text = format!("{earlier}x = '→'\n");
            assert_eq!(encode(&text, earlier.as_bytes()), None, "{cookie}");
        }
        // a comment that now declares another encoding
        assert_eq!(encode("# coding: latin-1\n'é'", b"'\xc3\xa9'"), None);
    }
}
