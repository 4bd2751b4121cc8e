//! Repairs UTF-8 that a program read as Windows-1252, Windows-1254 or Mac Roman and saved again: `â€”`, `ğŸ”¹`, `‚Üí`.
//!
//! A library for this exists (plsfix, after ftfy), but it changes clean text (it straightens quotes), left nearly all of the damage in a note that Mac Roman
//! had gone through, and loses what it does not know in one that Windows-1254 had.
//! Here every sequence of characters is looked up in a table by itself, so what is whole in a damaged note stays whole. Invariant: what is no damage is
//! left alone in every script (tests `clean_text_is_left_alone` and `clean_words_are_left_alone`). Sequences that people might write (`«é`, `Ä”`) are repaired only next to sure damage.

use std::ops::Range;
use std::sync::OnceLock;

use encoding_rs::{Encoding, MACINTOSH, WINDOWS_1252, WINDOWS_1254};
use rustc_hash::{FxHashMap, FxHashSet};

/// A text after its repair.
pub(super) struct Repaired {
    pub(super) text: String,
    /// The bytes of the first place, after the repair.
    pub(super) first: Range<usize>,
    pub(super) places: usize,
    /// What the text was misread as.
    pub(super) encoding: &'static str,
}

/// The text repaired. None where nothing is damaged. The lines stay.
pub(super) fn repaired(text: &str) -> Option<Repaired> {
    let mut done: Option<Repaired> = None;
    // damage that was saved over damage has several layers
    for _ in 0..3 {
        let text = done.as_ref().map_or(text, |done| &done.text);
        let Some(mut next) = once(text) else {
            break;
        };
        if let Some(before) = done {
            next.encoding = before.encoding;
            next.places = next.places.max(before.places);
            if before.first.start < next.first.start {
                next.first.start = before.first.start;
            }
        }
        let end = next
            .text
            .get(next.first.start..)
            .and_then(|rest| rest.chars().next());
        next.first.end = next.first.start + end.map_or(0, char::len_utf8);
        done = Some(next);
    }
    done
}

fn once(text: &str) -> Option<Repaired> {
    if text.is_ascii() {
        return None;
    }
    let (evidence, table) = tables()
        .iter()
        .map(|table| (evidence(text, table), table))
        .reduce(|best, next| {
            if next.0.count > best.0.count {
                next
            } else {
                best
            }
        })?;
    (evidence.count > 0 && !holds_binary(text)).then(|| repair(text, table, &evidence.scripts))
}

/// Whether there are control characters that no text has, as in what was copied out of a binary file: whatever stands next to each other there, nobody wrote it.
fn holds_binary(text: &str) -> bool {
    let is_text = |byte: u8| matches!(byte, b'\t'..=b'\r' | 0x08 | 0x1b) || byte >= b' ';
    !text.bytes().all(is_text)
}

/// An encoding of one byte a character, backwards.
struct Table {
    encoding: &'static Encoding,
    name: &'static str,
    bytes: FxHashMap<char, u8>,
}

fn tables() -> &'static [Table] {
    static TABLES: OnceLock<Vec<Table>> = OnceLock::new();
    TABLES.get_or_init(|| {
        let table = |(encoding, name): (&'static Encoding, &'static str)| {
            let bytes = (0x80..=0xff_u8).filter_map(|byte| {
                let (text, _) = encoding.decode_without_bom_handling(std::slice::from_ref(&byte));
                Some((text.chars().next()?, byte))
            });
            Table {
                encoding,
                name,
                bytes: bytes.collect(),
            }
        };
        [
            (WINDOWS_1252, "Windows-1252"),
            (WINDOWS_1254, "Windows-1254"),
            (MACINTOSH, "Mac Roman"),
        ]
        .map(table)
        .into()
    })
}

/// A sequence of characters that is one character of UTF-8.
#[derive(Clone, Copy)]
struct Sequence {
    /// Bytes of the text.
    length: usize,
    meant: char,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Nobody writes these characters next to each other.
    Sure,
    /// A letter or sign of Western text, which shows as two characters.
    Western,
    /// The same, but the second character may well follow the first one.
    Doubtful,
    /// A letter of another script: sure where several follow each other.
    Script(u32),
}

impl Table {
    fn byte(&self, c: char) -> Option<u8> {
        if c.is_ascii() {
            None
        } else {
            self.bytes.get(&c).copied()
        }
    }

    fn is_mac(&self) -> bool {
        self.encoding == MACINTOSH
    }

    /// The sequence at the start of a text.
    fn sequence(&self, text: &str, before: Before) -> Option<Sequence> {
        let mut chars = text.chars();
        let lead = self.byte(chars.next()?)?;
        let count = match lead {
            0xc2..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xf4 => 4,
            _ => return None,
        };
        let mut bytes = [lead, 0, 0, 0];
        for byte in bytes.get_mut(1..count)? {
            *byte = self.byte(chars.next()?)?;
        }
        let meant = std::str::from_utf8(bytes.get(..count)?)
            .ok()?
            .chars()
            .next()?;
        let is_after_letter = match before {
            Before::Written(c) => c.is_some_and(|c| c.is_ascii_lowercase()),
            Before::Meant(c) => c.is_lowercase(),
        };
        // what follows may be damaged too
        let is_lead = |c| matches!(self.byte(c), Some(0xc3..=0xc5));
        let next = chars.clone().next();
        let is_beside_letter =
            is_after_letter || next.is_some_and(|c| c.is_ascii_lowercase() || is_lead(c));
        let kind = match count {
            2 => self.short_kind(bytes[0], bytes[1], meant, is_beside_letter)?,
            _ => long_kind(meant)?,
        };
        Some(Sequence {
            length: text.len() - chars.as_str().len(),
            meant,
            kind,
        })
    }

    /// Of a sequence of two.
    fn short_kind(
        &self,
        lead: u8,
        second: u8,
        meant: char,
        is_beside_letter: bool,
    ) -> Option<Kind> {
        let script = u32::from(meant) >> 8;
        match meant {
            '\u{80}'..='\u{9f}' => None,
            '\u{a0}'..='\u{17f}' => {
                // in mathematics a root or a negation may stand before these
                let may_follow = match self.is_mac() {
                    true => matches!(second, 0xb0..=0xb2 | 0xb5..=0xba | 0xbd),
                    false => matches!(
                        second,
                        0x82 | 0x84 | 0x85 | 0x8b | 0x91..=0x94 | 0x96 | 0x97 | 0x9b | 0xab | 0xbb
                    ),
                };
                let is_usual = lead < 0xc4 && !may_follow && (!self.is_mac() || is_beside_letter);
                match is_usual {
                    true => Some(Kind::Western),
                    false if is_beside_letter || !may_follow => Some(Kind::Doubtful),
                    false => None,
                }
            }
            '\u{370}'..='\u{6ff}' => Some(Kind::Script(script)),
            _ => None,
        }
    }
}

/// Of a sequence of three or four.
fn long_kind(meant: char) -> Option<Kind> {
    match meant {
        '\u{2028}' | '\u{2029}' => None,
        '\u{2000}'..='\u{2bff}'
        | '\u{fb00}'..='\u{fb06}'
        | '\u{fe0e}'
        | '\u{fe0f}'
        | '\u{feff}'
        | '\u{fffd}' => Some(Kind::Sure),
        '\u{1f000}'..='\u{1faff}' | '\u{e0020}'..='\u{e007f}' => Some(Kind::Sure),
        _ if meant.is_alphanumeric()
            || matches!(meant, '\u{3000}'..='\u{303f}' | '\u{ff00}'..='\u{ffef}') =>
        {
            Some(Kind::Script(0x1_0000))
        }
        _ => None,
    }
}

/// How often a text was surely misread in one way, and the scripts of which it then had words.
#[derive(Default)]
struct Evidence {
    count: usize,
    scripts: FxHashSet<u32>,
}

fn evidence(text: &str, table: &Table) -> Evidence {
    let mut evidence = Evidence::default();
    // the script of the sequences just before, and how many bytes of UTF-8 they are
    let mut run = (0, 0);
    each(text, |at, before| {
        let rest = &text[at..];
        let sequence = table
            .sequence(rest, before)
            .or_else(|| hole(rest, table, before));
        let is_next = matches!(before, Before::Meant(_));
        run = match sequence?.kind {
            Kind::Script(script) => {
                let before = if is_next && run.0 == script { run.1 } else { 0 };
                (script, before + sequence?.meant.len_utf8())
            }
            Kind::Sure | Kind::Western => {
                evidence.count += 1;
                (0, 0)
            }
            Kind::Doubtful => (0, 0),
        };
        if run.1 >= 6 {
            evidence.count += 1;
            evidence.scripts.insert(run.0);
        }
        sequence
    });
    evidence
}

fn repair(text: &str, table: &Table, scripts: &FxHashSet<u32>) -> Repaired {
    let mut out = String::with_capacity(text.len());
    let (mut copied, mut places, mut first) = (0, 0, None);
    each(text, |at, before| {
        let rest = &text[at..];
        let sequence = table.sequence(rest, before);
        let sequence = sequence.or_else(|| hole(rest, table, before))?;
        if let Kind::Script(script) = sequence.kind
            && !scripts.contains(&script)
        {
            return None;
        }
        out.push_str(&text[copied..at]);
        first.get_or_insert(out.len());
        out.push(sequence.meant);
        places += 1;
        copied = at + sequence.length;
        Some(sequence)
    });
    out.push_str(&text[copied..]);
    let first = first.unwrap_or(0);
    Repaired {
        text: out,
        first: first..first,
        places,
        encoding: table.name,
    }
}

/// Calls `visit` for every character that is not ASCII, with its byte and what stands before it; it gives the sequence that it took there.
fn each(text: &str, mut visit: impl FnMut(usize, Before) -> Option<Sequence>) {
    let (mut at, mut taken) = (0, None);
    while let Some(found) = text.as_bytes()[at..]
        .iter()
        .position(|byte| !byte.is_ascii())
    {
        at += found;
        let before = match taken.filter(|_| found == 0) {
            Some(meant) => Before::Meant(meant),
            None => Before::Written(text[..at].chars().next_back()),
        };
        let sequence = visit(at, before);
        taken = sequence.map(|sequence| sequence.meant);
        at += match sequence {
            Some(sequence) => sequence.length,
            None => text[at..].chars().next().map_or(1, char::len_utf8),
        };
    }
}

/// What stands before a sequence.
#[derive(Clone, Copy)]
enum Before {
    /// A character of the text, if it is not its start.
    Written(Option<char>),
    /// Another sequence, and what it meant.
    Meant(char),
}

/// Characters of which a byte got lost, because the encoding has no character for it.
fn hole(text: &str, table: &Table, before: Before) -> Option<Sequence> {
    if table.is_mac() {
        return None;
    }
    let in_box = matches!(before, Before::Meant('\u{2500}'..='\u{257f}'));
    let (written, meant, kind) = match text {
        _ if text.starts_with("âŒ") => ("âŒ", '❌', Kind::Sure),
        _ if text.starts_with("â€") => ("â€", '”', Kind::Sure),
        _ if text.starts_with("â”") && in_box => ("â”", '┐', Kind::Doubtful),
        _ if text.starts_with("â°") => ("â°", '⏰', Kind::Doubtful),
        _ if text.starts_with("â³") => ("â³", '⏳', Kind::Doubtful),
        _ if text.starts_with("â¤") => ("â¤", '❤', Kind::Doubtful),
        _ => return None,
    };
    Some(Sequence {
        length: written.len(),
        meant,
        kind,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn misread(text: &str, encoding: &'static Encoding) -> String {
        encoding
            .decode_without_bom_handling(text.as_bytes())
            .0
            .into_owned()
    }

    #[test]
    fn every_encoding_is_repaired() {
        for text in [
            "An arrow → and a dash — “quoted” it’s ✅ 🚀 ❌ ⚠️ ┌──┐",
            "Le café déjà vu, naïve façade, coûte 5 € à Noël",
            "größer, Maß, Übung",
            "zażółć gęślą jaźń",
            "привет, это глобальная блокировка",
            "全局解释器锁，线程。",
            "ελληνικά γράμματα",
        ] {
            for encoding in [WINDOWS_1252, WINDOWS_1254, MACINTOSH] {
                let damaged = misread(text, encoding);
                let repaired = repaired(&damaged).map(|repaired| repaired.text);
                assert_eq!(repaired.as_deref(), Some(text), "{}", encoding.name());
            }
        }
    }

    #[test]
    fn one_place_is_enough_and_two_layers_are_repaired() {
        let repaired = |text: &str| repaired(text).map(|r| (r.text, r.first, r.places));
        assert_eq!(repaired("a â€” b"), Some(("a — b".to_owned(), 2..5, 1)));
        assert_eq!(repaired("cafÃ©"), Some(("café".to_owned(), 3..5, 1)));
        let twice = misread(&misread("x — y", WINDOWS_1252), WINDOWS_1252);
        assert_eq!(
            repaired(&twice).map(|(text, first, _)| (text, first)),
            Some(("x — y".to_owned(), 2..5))
        );
    }

    #[test]
    fn lost_bytes_are_known() {
        let text = "bad: âŒ, said â€œsoâ€, â”Œâ”€â” end";
        let found = repaired(text).expect("damage");
        assert_eq!(found.text, "bad: ❌, said “so”, ┌─┐ end");
        assert_eq!(found.encoding, "Windows-1252");
    }

    #[test]
    fn what_is_whole_in_a_damaged_note_stays_whole() {
        let text = "l’été «à» — naïve “Ä” Spaß” 全局 é\u{a0}» 🐍 √2 x≤2, dann ";
        for (damaged, sign) in [("â€”", "—"), ("‚úÖ", "✅"), ("ğŸ”¹", "🔹")] {
            let found = repaired(&format!("{text}{damaged}")).expect("damage");
            assert_eq!(found.text, format!("{text}{sign}"));
            assert_eq!(found.places, 1);
        }
    }

    #[test]
    fn clean_text_is_left_alone() {
        for text in [
            "plain ASCII",
            "« voilà\u{a0}» l’été, “à”, —état, café\u{a0}» déjà…",
            "“Ä”, „Ö“, ‚Ü‘, Spaß” Ä… Größe",
            "NÃO, IRMÃ” São, Ângela",
            "dağ’ın, hâlâ, İstanbul Ğ ğ ş",
            "2√π, ¬p ∧ q, x ≤ y, ∑ ∫ √2 ≈ 1.4",
            "Þórður, ísland, Ðe",
            "tiếng Việt rất đẹp",
            "全局解释器锁 ロック 잠금 قفل מנעול блокировка κλειδί",
            "emoji 🚀👩‍💻✅⚠️ ┌─┐ → …",
            "3×4×5 °C ±1 §2 ©",
            "Ñandú… señor ¿qué? ¡ya!",
            "/U (\u{18}Ã©mÂ»\u{1}â€”)",
        ] {
            assert!(repaired(text).is_none(), "{text}");
        }
    }

    /// What a misreading makes of text is repaired to that text, and text stays as it is.
    fn words() -> impl Strategy<Value = String> {
        let word = prop_oneof![
            "[a-z]{1,8}",
            "[a-z][a-zäöüß]{1,8}",
            "[a-zéèàçê]{1,8}[a-z]",
            "[а-я]{3,9}",
            "[一-龥]{2,5}",
            "[→←—–•✅❌🚀🔹]",
            "[A-ZÄÖÜ][a-z]{1,6}",
            "“[a-zé]{1,5}”",
        ];
        proptest::collection::vec(word, 0..12).prop_map(|words| words.join(" "))
    }

    proptest! {
        #[test]
        fn clean_words_are_left_alone(text in words()) {
            prop_assert!(repaired(&text).is_none());
        }

        #[test]
        fn misread_words_are_repaired(text in words(), which in 0..3_usize) {
            let encoding = [WINDOWS_1252, WINDOWS_1254, MACINTOSH][which];
            // one sure sign, so that single letters of other scripts are known too
            let text = format!("{text} —");
            let repaired = repaired(&misread(&text, encoding)).map(|repaired| repaired.text);
            prop_assert_eq!(repaired, Some(text));
        }

        #[test]
        fn lines_stay(text in any::<String>()) {
            if let Some(found) = repaired(&text) {
                let ends = |text: &str| text.matches(['\n', '\r']).count();
                prop_assert_eq!(ends(&found.text), ends(&text));
                prop_assert!(found.text.get(found.first).is_some());
            }
        }
    }
}
