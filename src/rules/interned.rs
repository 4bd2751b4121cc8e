//! Codes and names of rules that are known only when the program runs, as long-lived as the built-in ones.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// How many words are kept, and how long each may be: they are never given back.
const WORDS: usize = 4096;
const LONGEST: usize = 64;

/// The word, kept until the program ends; the same word is kept once. None where it is too long, or there are too many.
pub fn intern(word: &str) -> Option<&'static str> {
    static KNOWN: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = known.get(word) {
        return Some(known);
    }
    if word.len() > LONGEST || known.len() >= WORDS {
        return None;
    }
    let word: &'static str = Box::leak(word.into());
    known.insert(word);
    Some(word)
}

#[cfg(test)]
mod tests {
    use super::intern;

    #[test]
    fn a_word_is_kept_once() {
        let first = intern("TEAM001").expect("there is room");
        let second = intern(&String::from("TEAM001")).expect("it is there");
        assert!(std::ptr::eq(first, second));
        assert_eq!(intern(&"A".repeat(65)), None);
    }
}
