//! Which classes derive from a class, over the whole project.
//!
//! A class statement names its bases by their last word. The words of all class statements are collected once, without parsing anything; whether a class that names a
//! base of that word means the class that is asked for, is then found out by evaluating.

use std::sync::OnceLock;

use rustc_hash::{FxHashMap, FxHashSet};

use super::{Class, ClassValue, Project};
use crate::facts::FileFacts;

/// By the last word of a base: the files and segments of class statements that name it. A base that an import renames is listed under its first name too.
#[derive(Default)]
pub(super) struct Memo(OnceLock<Places>);

/// By word: the numbers of files and segments.
type Places = FxHashMap<Box<str>, Vec<(usize, usize)>>;

/// How often a name may be renamed on its way from a class to a class statement that names it as a base.
const RENAMINGS: usize = 3;

impl Project {
    /// The classes of the project that have a class among their bases.
    pub fn subclasses<'p>(&'p self, class: Class<'p>) -> Vec<Class<'p>> {
        let places = self.heirs.0.get_or_init(|| self.named_bases());
        let Some(places) = places.get(class.name()) else {
            return Vec::new();
        };
        let mut found = Vec::new();
        for (file, segment) in places {
            let Some(file) = self.file_at(*file) else {
                continue;
            };
            let root = file.root(*segment);
            for data in &root.body().classes {
                let Some(candidate) = Class::at(root.at(data.node)) else {
                    continue;
                };
                if candidate != class
                    && candidate
                        .bases()
                        .any(|base| self.base_class(base) == Some(ClassValue::Known(class)))
                {
                    found.push(candidate);
                }
            }
        }
        found
    }

    /// The classes that derive from a class, directly or not.
    pub fn descendants<'p>(&'p self, class: Class<'p>) -> Vec<Class<'p>> {
        let key = |class: Class<'p>| {
            let file: *const FileFacts = class.site.file;
            (file.addr(), class.site.segment, class.site.node.id())
        };
        let mut seen = FxHashSet::default();
        seen.insert(key(class));
        let mut found = Vec::new();
        let mut todo = vec![class];
        while let Some(class) = todo.pop() {
            for heir in self.subclasses(class) {
                if seen.insert(key(heir)) {
                    found.push(heir);
                    todo.push(heir);
                }
            }
        }
        found
    }

    fn named_bases(&self) -> Places {
        let mut by_word = Places::default();
        let mut renamed: FxHashMap<Box<str>, FxHashSet<Box<str>>> = FxHashMap::default();
        for number in 0..self.paths().len() {
            let Some(file) = self.file_at(number) else {
                continue;
            };
            let source = file.source();
            for at in words(source, "class") {
                let Some((segment, _)) = file.segment_at(at) else {
                    continue;
                };
                for word in base_words(&source[at + "class".len()..]) {
                    let places = by_word.entry(word.into()).or_default();
                    if places.last() != Some(&(number, segment)) {
                        places.push((number, segment));
                    }
                }
            }
            for at in words(source, "as") {
                if let Some((name, alias)) = renaming(source, at) {
                    renamed.entry(name.into()).or_default().insert(alias.into());
                }
            }
        }
        // a renamed name may be renamed again
        for _ in 0..RENAMINGS {
            let mut extra = Places::default();
            for (name, aliases) in &renamed {
                let places = aliases.iter().filter_map(|alias| by_word.get(alias));
                let places: Vec<_> = places.flatten().copied().collect();
                if !places.is_empty() {
                    extra.insert(name.clone(), places);
                }
            }
            for (name, places) in extra {
                let known = by_word.entry(name).or_default();
                known.extend(places);
                known.sort_unstable();
                known.dedup();
            }
        }
        for places in by_word.values_mut() {
            places.sort_unstable();
            places.dedup();
        }
        by_word
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// Where a keyword stands in a text with a blank behind it and no word before it.
fn words<'t>(text: &'t str, keyword: &'t str) -> impl Iterator<Item = usize> + 't {
    let bytes = text.as_bytes();
    memchr::memmem::find_iter(bytes, keyword.as_bytes()).filter(move |&at| {
        at.checked_sub(1)
            .is_none_or(|before| !is_word(bytes[before]))
            && matches!(bytes.get(at + keyword.len()), Some(b' ' | b'\t'))
    })
}

/// The last words of the bases in what follows `class`.
fn base_words(rest: &str) -> Vec<&str> {
    let line_end = rest.find(['(', ':', '\n']).unwrap_or(rest.len());
    let Some(arguments) = rest[line_end..].strip_prefix('(') else {
        return Vec::new();
    };
    let bytes = arguments.as_bytes();
    let mut found = Vec::new();
    let (mut depth, mut at) = (1, 0);
    // where the expression begins whose last word is looked for; none behind its first bracket
    let mut start = Some(0);
    while at < bytes.len().min(HEADER) && depth > 0 {
        match bytes[at] {
            b'#' => at += memchr::memchr(b'\n', &bytes[at..]).unwrap_or(bytes.len() - at),
            byte @ (b'(' | b'[' | b'{' | b')' | b']' | b'}' | b',') => {
                let opens = matches!(byte, b'(' | b'[' | b'{');
                if depth == 1 {
                    let expression = start.take().and_then(|start| arguments.get(start..at));
                    found.extend(expression.and_then(last_word));
                }
                match byte {
                    b',' if depth == 1 => start = Some(at + 1),
                    b',' => {}
                    _ if opens => depth += 1,
                    _ => depth -= 1,
                }
            }
            _ => {}
        }
        at += 1;
    }
    found
}

/// How many bytes of a class statement's arguments are read.
const HEADER: usize = 4000;

fn last_word(expression: &str) -> Option<&str> {
    let trimmed = expression.trim_end();
    let start = trimmed
        .bytes()
        .rposition(|byte| !is_word(byte))
        .map_or(0, |at| at + 1);
    trimmed.get(start..).filter(|word| !word.is_empty())
}

/// For `name as alias`, with `as` at a byte.
fn renaming(text: &str, at: usize) -> Option<(&str, &str)> {
    let name = last_word(text.get(..at)?)?;
    let rest = text.get(at + "as".len()..)?.trim_start_matches([' ', '\t']);
    let end = rest
        .bytes()
        .position(|byte| !is_word(byte))
        .unwrap_or(rest.len());
    let alias = rest.get(..end)?;
    (!alias.is_empty() && alias != name).then_some((name, alias))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_bases() {
        assert_eq!(
            base_words(" A(b.C, D[E, F], metaclass=M):"),
            ["C", "D", "M"]
        );
        assert_eq!(base_words(" A(\n    B,  # (x\n    C,\n):"), ["B", "C"]);
        assert_eq!(base_words(" A(b[1](2), C)"), ["b", "C"]);
        assert!(base_words(" A: x = (1)").is_empty());
        assert_eq!(renaming("import a as b", 9), Some(("a", "b")));
    }
}
