//! A part of a text that keeps the text alive, so that nobody has to copy it.

use std::fmt;
use std::ops::{Deref, Range};
use std::sync::Arc;

/// A part of a shared text. Dereferences to the part.
#[derive(Clone)]
pub struct Excerpt {
    /// Not `Arc<str>`: to make one of what was read is to copy it.
    source: Arc<String>,
    start: u32,
    end: u32,
}

impl Excerpt {
    /// The part of `source` in a range of bytes, which must be of characters.
    ///
    /// # Panics
    /// When the text is longer than 4 GB: files that large are not read.
    pub fn new(source: &Arc<String>, range: Range<usize>) -> Excerpt {
        let byte = |at: usize| u32::try_from(at).expect("files of 4 GB are not read");
        Excerpt {
            source: Arc::clone(source),
            start: byte(range.start),
            end: byte(range.end),
        }
    }
}

impl From<&str> for Excerpt {
    /// A copy: what it was taken from is not kept alive.
    fn from(text: &str) -> Excerpt {
        Excerpt::new(&Arc::new(text.to_owned()), 0..text.len())
    }
}

impl Deref for Excerpt {
    type Target = str;

    fn deref(&self) -> &str {
        &self.source[self.start as usize..self.end as usize]
    }
}

impl fmt::Debug for Excerpt {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, formatter)
    }
}
