//! Who derives from whom, by words: an index of the class statements of one file or of many, made without parsing.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::FileFacts;

/// A class statement of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kinsman {
    pub name: Box<str>,
    /// The last words of its bases.
    pub bases: Vec<Box<str>>,
    /// The last word of what is given as the metaclass.
    pub metaclass: Option<Box<str>>,
    pub path: Arc<PathBuf>,
    pub segment: usize,
}

/// The class statements of some files, and the names that are given other names there.
#[derive(Debug, Default)]
pub struct Kin {
    all: Vec<Kinsman>,
    by_base: FxHashMap<Box<str>, Vec<u32>>,
    by_metaclass: FxHashMap<Box<str>, Vec<u32>>,
    by_name: FxHashMap<Box<str>, Vec<u32>>,
    renamed: FxHashMap<Box<str>, Vec<Box<str>>>,
    originals: FxHashMap<Box<str>, Vec<Box<str>>>,
}

impl Kin {
    /// The index of these files.
    pub fn of<'f>(files: impl Iterator<Item = &'f FileFacts>) -> Kin {
        let mut kin = Kin::default();
        for file in files {
            for segment in 0..file.len() {
                kin.add(file, segment);
            }
        }
        kin
    }

    fn add(&mut self, file: &FileFacts, segment: usize) {
        let facts = file.segment(segment);
        let text = |range: &Range<u32>| -> Box<str> {
            facts.silent_text()[range.start as usize..range.end as usize].into()
        };
        for header in &facts.headers().classes {
            let number = self.all.len() as u32;
            let kinsman = Kinsman {
                name: text(&header.name),
                bases: header.bases.iter().map(text).collect(),
                metaclass: header.metaclass.as_ref().map(text),
                path: Arc::clone(file.path()),
                segment,
            };
            self.by_name
                .entry(kinsman.name.clone())
                .or_default()
                .push(number);
            for word in &kinsman.bases {
                let known = self.by_base.entry(word.clone()).or_default();
                if known.last() != Some(&number) {
                    known.push(number);
                }
            }
            if let Some(metaclass) = &kinsman.metaclass {
                let known = self.by_metaclass.entry(metaclass.clone()).or_default();
                known.push(number);
            }
            self.all.push(kinsman);
        }
        for (name, alias) in &facts.headers().renamed {
            let (name, alias) = (text(name), text(alias));
            let aliases = self.renamed.entry(name.clone()).or_default();
            if !aliases.contains(&alias) {
                aliases.push(alias.clone());
                self.originals.entry(alias).or_default().push(name);
            }
        }
    }

    /// Every class statement, in the order of the files.
    pub fn all(&self) -> &[Kinsman] {
        &self.all
    }

    /// The class statements that have a word among their bases, in the order of the files.
    pub fn with_base(&self, word: &str) -> impl Iterator<Item = &Kinsman> {
        self.listed(self.by_base.get(word))
    }

    /// The class statements that name a word as their metaclass, in the order of the files.
    pub fn with_metaclass(&self, word: &str) -> impl Iterator<Item = &Kinsman> {
        self.listed(self.by_metaclass.get(word))
    }

    /// The class statements of a name, in the order of the files.
    pub fn called(&self, name: &str) -> impl Iterator<Item = &Kinsman> {
        self.listed(self.by_name.get(name))
    }

    fn listed<'k>(&'k self, numbers: Option<&'k Vec<u32>>) -> impl Iterator<Item = &'k Kinsman> {
        let numbers = numbers.into_iter().flatten();
        numbers.map(|number| &self.all[*number as usize])
    }

    /// The names that are given this other name.
    pub fn originals(&self, alias: &str) -> &[Box<str>] {
        self.originals.get(alias).map_or(&[], Vec::as_slice)
    }

    /// The other names that a name is given.
    pub fn aliases(&self, name: &str) -> &[Box<str>] {
        self.renamed.get(name).map_or(&[], Vec::as_slice)
    }
}
