//! Which words stand in a text: quick answers for texts that are asked often.

use super::wording::is_word;

/// A Bloom filter of the words of a text: says of most words that are not in it that they are not.
#[derive(Clone, Debug)]
pub(super) struct WordFilter(Box<[u64]>);

/// A word as filters know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct WordHash(u64);

const START: u64 = 0x9e37_79b9_7f4a_7c15;

/// The hash of a word's bytes so far, and one more.
fn step(hash: u64, byte: u8) -> u64 {
    (hash ^ u64::from(byte)).wrapping_mul(0xff51_afd7_ed55_8ccd)
}

/// The words of a text, one after the other.
pub(super) fn each_word(text: &str, mut found: impl FnMut(WordHash)) {
    let mut hash = START;
    for byte in text.bytes() {
        if is_word(byte) {
            hash = step(hash, byte);
        } else if hash != START {
            found(WordHash(hash));
            hash = START;
        }
    }
    found(WordHash(hash));
}

impl WordHash {
    pub(super) fn of(word: &str) -> WordHash {
        WordHash::of_bytes(word.as_bytes())
    }

    pub(super) fn of_bytes(word: &[u8]) -> WordHash {
        let bytes = word.iter().copied();
        WordHash(bytes.fold(START, step))
    }
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
    use super::{WordFilter, WordHash};

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
