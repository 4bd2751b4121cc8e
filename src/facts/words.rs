//! Which words stand in a text: quick answers for texts that are asked often.

use std::ops::Range;

/// A Bloom filter of the words of a text: says of most words that are not in it that they are not.
#[derive(Clone, Debug)]
pub(super) struct WordFilter(Box<[u64]>);

/// A word as filters know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct WordHash(pub(super) u64);

const START: u64 = 0x9e37_79b9_7f4a_7c15;

/// How many bytes are looked at as one.
const BLOCK: usize = 64;

/// Where the words of a text stand, one after the other.
pub(super) fn words(bytes: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let mut blocks = bytes.chunks(BLOCK).map(word_bytes).enumerate();
    let (mut block, mut rest) = (0, 0u64);
    std::iter::from_fn(move || {
        while rest == 0 {
            (block, rest) = blocks.next()?;
        }
        let first = rest.trailing_zeros() as usize;
        let start = block * BLOCK + first;
        let mut end = first + (rest >> first).trailing_ones() as usize;
        while end == BLOCK {
            let Some(next) = blocks.next() else {
                rest = 0;
                return Some(start..bytes.len());
            };
            (block, rest) = next;
            end = rest.trailing_ones() as usize;
        }
        rest &= u64::MAX << end;
        Some(start..block * BLOCK + end)
    })
}

/// Of a block: a bit for each byte that is part of a word.
fn word_bytes(block: &[u8]) -> u64 {
    let (eights, rest) = block.as_chunks::<8>();
    let numbered = eights.iter().enumerate();
    let whole = numbered.fold(0, |bits, (number, eight)| {
        bits | word_bytes_of_eight(*eight) << (8 * number)
    });
    if rest.is_empty() {
        return whole;
    }
    let mut last = [b' '; 8];
    last[..rest.len()].copy_from_slice(rest);
    whole | word_bytes_of_eight(last) << (8 * eights.len())
}

/// The same for eight bytes, worked out at once: [`is_word`](super::wording::is_word) of each.
fn word_bytes_of_eight(bytes: [u8; 8]) -> u64 {
    const fn each(byte: u8) -> u64 {
        u64::from_le_bytes([byte; 8])
    }
    const HIGHEST: u64 = each(0x80);
    // the highest bit of each byte that is at least this; the sums do not reach the next byte
    let from = |bytes: u64, least: u8| bytes + each(0x80 - least);
    let between = |bytes, first, last| from(bytes, first) & !from(bytes, last + 1);
    let bytes = u64::from_le_bytes(bytes);
    let ascii = bytes & !HIGHEST;
    let letters = between(ascii | each(b'a' - b'A'), b'a', b'z');
    let underscores = !from(ascii ^ each(b'_'), 1);
    let words = letters | between(ascii, b'0', b'9') | underscores | bytes;
    // the product brings the highest bit of each byte together in the last one
    ((words & HIGHEST) >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56
}

/// The words of a text, one after the other.
pub(super) fn each_word(text: &str, mut found: impl FnMut(WordHash)) {
    let bytes = text.as_bytes();
    words(bytes).for_each(|word| found(WordHash::of_bytes(&bytes[word])));
}

impl WordHash {
    pub(super) fn of(word: &str) -> WordHash {
        WordHash::of_bytes(word.as_bytes())
    }

    /// Eight bytes at a time; those of the end perhaps twice.
    pub(super) fn of_bytes(word: &[u8]) -> WordHash {
        // an odd factor: words of other lengths begin with quite other bits, which no byte of the word can undo
        let length = START.wrapping_mul(word.len() as u64 * 2 + 1);
        let hash = match word {
            [] => length,
            [first, .., last] if word.len() < 4 => {
                let bytes = [*first, word[word.len() / 2], *last, 0];
                mixed(length, u32::from_le_bytes(bytes).into())
            }
            [only] => mixed(length, u64::from(*only)),
            _ if word.len() < 8 => {
                let half = |at: usize| {
                    word[at..]
                        .first_chunk()
                        .map_or(0, |half| u32::from_le_bytes(*half))
                };
                let (first, last) = (half(0), half(word.len() - 4));
                mixed(length, u64::from(first) << 32 | u64::from(last))
            }
            _ => {
                let part = |hash, part: &[u8; 8]| mixed(hash, u64::from_le_bytes(*part));
                let (parts, _) = word.as_chunks::<8>();
                let hash = parts.iter().fold(length, part);
                word.last_chunk().map_or(hash, |last| part(hash, last))
            }
        };
        WordHash(hash)
    }
}

/// A hash and eight bytes more: every bit of both changes every bit of what comes out.
fn mixed(hash: u64, bytes: u64) -> u64 {
    let product = u128::from(hash ^ bytes) * 0xff51_afd7_ed55_8ccd;
    product as u64 ^ (product >> 64) as u64
}

impl WordFilter {
    /// The filter of a text's words, with room for a text of that many bytes.
    pub(super) fn of(text: &str, bytes: usize) -> WordFilter {
        let bits = (bytes / 2).next_power_of_two().max(512);
        let mut filter = WordFilter(vec![0; bits / 64].into());
        filter.add(text);
        filter
    }

    /// Adds the words of another text.
    pub(super) fn add(&mut self, text: &str) {
        each_word(text, |word| self.put(word));
    }

    fn put(&mut self, word: WordHash) {
        for bit in self.bits(word) {
            self.0[bit / 64] |= 1 << (bit % 64);
        }
    }

    /// Whether a word may stand in the text.
    pub(super) fn may_hold(&self, word: WordHash) -> bool {
        let mut bits = self.bits(word).into_iter();
        bits.all(|bit| self.0[bit / 64] & (1 << (bit % 64)) != 0)
    }

    /// The bits of a word: from the upper half of its hash, which every byte of it has changed.
    fn bits(&self, WordHash(hash): WordHash) -> [usize; 2] {
        let mask = self.0.len() * 64 - 1;
        [(hash >> 40) as usize & mask, (hash >> 20) as usize & mask]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rustc_hash::FxHashSet;

    use super::super::wording::is_word;
    use super::{WordFilter, WordHash, words};

    proptest! {
        #[test]
        fn words_are_the_longest_runs_of_their_bytes(
            bytes in prop::collection::vec(
                prop_oneof![Just(b'a'), Just(b'a'), Just(b' '), any::<u8>()],
                0..300,
            ),
        ) {
            let found: Vec<_> = words(&bytes).collect();
            let mut at = 0;
            let runs = bytes.chunk_by(|a, b| is_word(*a) == is_word(*b)).map(|run| {
                at += run.len();
                at - run.len()..at
            });
            let runs: Vec<_> = runs.filter(|run| is_word(bytes[run.start])).collect();
            prop_assert_eq!(found, runs);
        }
    }

    #[test]
    fn words_that_differ_in_a_byte_or_in_length_have_other_hashes() {
        let mut words = vec![String::new()];
        for length in 1..40 {
            words.push("a".repeat(length));
            words.extend((0..length).map(|at| {
                let (before, after) = (at, length - at - 1);
                format!("{}b{}", "a".repeat(before), "a".repeat(after))
            }));
        }
        let hashes: FxHashSet<WordHash> = words.iter().map(|word| WordHash::of(word)).collect();
        assert_eq!(hashes.len(), words.len());
    }

    #[test]
    fn filters_know_their_words() {
        let mut filter = WordFilter::of("import héllo\n_x1 = f(héllo)", 28);
        filter.add("more");
        for word in ["import", "héllo", "_x1", "f", "more"] {
            assert!(filter.may_hold(WordHash::of(word)), "{word}");
        }
        for word in ["impor", "llo", "x1", "g", "mor", "x"] {
            assert!(!filter.may_hold(WordHash::of(word)), "{word}");
        }
    }
}
