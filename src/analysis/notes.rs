//! The index of the user's notes: which section explains which concept, and which words it says.
//!
//! The texts are not kept. Who wants to show a part of a note reads that note again ([`Snapshot::quote`](crate::analysis::Snapshot::quote)).

pub(super) mod cache;
pub(super) mod check;
mod code;
mod file;
mod links;
mod margin;
pub(super) mod quote;
mod said;

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

pub use file::{NoteFile, NoteProblem, NoteSection};
pub use links::{NoteLink, Target};
pub use margin::Lens;

use crate::analysis::{Cancel, Stamp};
use crate::knowledge::Knowledge;
use crate::knowledge::about::Language;
use crate::knowledge::link::{Link, Linker, Subject};
use crate::knowledge::notes::{Note, Part};
use crate::knowledge::search::{Ranking, Words};
use code::Reader;
use file::{NoteSaid, ReadError};

/// What the user's notes explain. Immutable; a change makes another that shares what did not change.
#[derive(Clone)]
pub struct Notes {
    /// By path.
    files: BTreeMap<PathBuf, Arc<NoteFile>>,
    /// Files that could not be read, and why, sorted.
    problems: Vec<(PathBuf, String)>,
    /// Of the cards that the sections are linked to.
    key: u64,
    by_concept: ByConcept,
    linker: Arc<OnceLock<Linker>>,
    /// Of all sections, in the order of the files; made when somebody searches.
    ranking: Arc<OnceLock<Ranking>>,
    /// Of each claim the first place that says it wrongly, and the first that says it rightly; made when somebody asks.
    opinions: Arc<OnceLock<Opinions>>,
    /// By the last part of a note's name, in lower case: the notes of that name in their order; made when somebody asks.
    names: Arc<OnceLock<FxHashMap<String, Vec<PathBuf>>>>,
}

/// By concept: the sections that explain it, the best first.
type ByConcept = FxHashMap<Box<str>, Arc<Vec<Linked>>>;

/// A section that explains a concept.
#[derive(Clone)]
struct Linked {
    score: f32,
    file: Arc<NoteFile>,
    /// Its place in the file.
    section: usize,
}

/// By claim and whether it is said wrongly.
type Opinions = FxHashMap<(String, bool), (PathBuf, Range<usize>)>;

/// A section of a note, where it was found.
#[derive(Clone, Copy, Debug)]
pub struct Place<'n> {
    pub file: &'n NoteFile,
    pub section: &'n NoteSection,
    /// How well it fits what was asked for.
    pub score: f32,
}

impl Notes {
    /// Reads notes, in parallel, and links their sections to the concepts of the cards. `cache` is a file that remembers what was read of notes that have not
    /// changed since; where it cannot be used or written, everything is read. When cancelled, notes are missing.
    pub fn index(
        files: &[PathBuf],
        knowledge: &Knowledge,
        cache: Option<&Path>,
        cancel: &Cancel,
    ) -> Notes {
        let linker = Arc::<OnceLock<Linker>>::default();
        let key = cache::key(knowledge);
        let known = cache
            .map(|cache| cache::load(cache, key))
            .unwrap_or_default();
        let read = |path: &PathBuf| {
            let read = || read(path, known.get(path), &linker, knowledge);
            (!cancel.is_cancelled()).then(|| (path.clone(), read()))
        };
        let found: Vec<_> = files.par_iter().filter_map(read).collect();
        let is_new = |result: &Result<Arc<NoteFile>, ReadError>| match result {
            Ok(file) => !known
                .get(&file.path)
                .is_some_and(|known| Arc::ptr_eq(known, file)),
            Err(_) => false,
        };
        let is_known = found.len() == known.len() && !found.iter().any(|(_, file)| is_new(file));
        let none = Notes {
            files: BTreeMap::new(),
            problems: Vec::new(),
            key,
            by_concept: ByConcept::default(),
            linker,
            ranking: Arc::default(),
            opinions: Arc::default(),
            names: Arc::default(),
        };
        let notes = none.with(found);
        if let Some(cache) = cache
            && !is_known
            && !cancel.is_cancelled()
        {
            cache::store(cache, key, notes.files());
        }
        notes
    }

    /// The same after these files have changed, come or gone. Only they are read; one that an editor has open has its text with it. The knowledge must be the same.
    pub fn update(
        &self,
        changed: &[(PathBuf, Option<Arc<String>>)],
        knowledge: &Knowledge,
    ) -> Notes {
        let read = |(path, text): &(PathBuf, Option<Arc<String>>)| {
            let file = match text {
                Some(text) => {
                    let note = Note::read(path, text.as_bytes());
                    Ok(linked(&note, Stamp::default(), &self.linker, knowledge))
                }
                None => read(path, self.files.get(path), &self.linker, knowledge),
            };
            (path.clone(), file)
        };
        self.with(changed.par_iter().map(read).collect())
    }

    /// Works out now what the first change would have to wait for: all of the cards' code is read for it, and a cache knows none of that. The knowledge must be the same.
    pub fn prepare(&self, knowledge: &Knowledge) {
        if !self.files.is_empty() {
            self.linker
                .get_or_init(|| Linker::new(knowledge, code::constructs));
        }
    }

    /// Whether these cards say what those said that the sections are linked to.
    pub fn is_linked_to(&self, knowledge: &Knowledge) -> bool {
        self.key == cache::key(knowledge)
    }

    /// The same with these files as they were read now.
    fn with(&self, found: Vec<(PathBuf, Result<Arc<NoteFile>, ReadError>)>) -> Notes {
        let changed: FxHashSet<PathBuf> = found.iter().map(|(path, _)| path.clone()).collect();
        let mut files = self.files.clone();
        let mut problems = self.problems.clone();
        problems.retain(|(path, _)| !changed.contains(path));
        let (mut gone, mut new) = (Vec::new(), Vec::new());
        for (path, result) in found {
            let before = match result {
                Ok(file) => {
                    new.push(Arc::clone(&file));
                    files.insert(path, file)
                }
                Err(error) => {
                    let message = error.message().map(|message| (path.clone(), message));
                    problems.extend(message);
                    files.remove(&path)
                }
            };
            gone.extend(before);
        }
        problems.sort();
        problems.dedup();
        Notes {
            by_concept: by_concept(&self.by_concept, &gone, &new),
            files,
            problems,
            key: self.key,
            linker: Arc::clone(&self.linker),
            ranking: Arc::default(),
            opinions: Arc::default(),
            names: Arc::default(),
        }
    }

    /// The slug of the concept that each section of a note is nearest to, however unsure that is, in the order of [`NoteFile::sections`]. None where it says nothing.
    pub fn nearest(&self, note: &Note, knowledge: &Knowledge) -> Vec<Option<Box<str>>> {
        let linker = self
            .linker
            .get_or_init(|| Linker::new(knowledge, code::constructs));
        let mut reader = Reader::default();
        let mut nearest = Vec::new();
        for section in &note.sections {
            let prose = note.prose(section);
            for part in section.parts() {
                let section = NoteSection::of(&part, &prose);
                let constructs = reader.constructs(&part);
                let subject = subject(note, &part, &section, &constructs, Language::Python);
                nearest.push(linker.nearest(&subject));
            }
        }
        nearest
    }

    /// The notes, by path.
    pub fn files(&self) -> impl Iterator<Item = &Arc<NoteFile>> {
        self.files.values()
    }

    /// A note.
    pub fn file(&self, path: &Path) -> Option<&Arc<NoteFile>> {
        self.files.get(path)
    }

    /// The first place that says a claim wrongly, or rightly: the note, and the bytes of its text.
    pub fn opinion(&self, claim: &str, is_wrong: bool) -> Option<(&Path, Range<usize>)> {
        let opinions = self.opinions.get_or_init(|| {
            let mut opinions = Opinions::default();
            for (path, file) in &self.files {
                for said in &file.said {
                    let key = (said.claim.clone(), said.is_wrong);
                    let place = || (path.clone(), said.range.clone());
                    opinions.entry(key).or_insert_with(place);
                }
            }
            opinions
        });
        let (path, range) = opinions.get(&(claim.to_owned(), is_wrong))?;
        Some((path, range.clone()))
    }

    /// A note, and the stamp of its file.
    ///
    /// # Errors
    /// When it cannot be read; the text is for people.
    pub fn read(path: &Path) -> Result<(Note, Stamp), String> {
        file::read(path).map_err(|error| error.to_string())
    }

    /// Whether a note goes by this name.
    pub fn is_named(&self, name: &str) -> bool {
        self.named(name).is_some()
    }

    /// The first note that goes by this name: a wikilink has a file's name without its ending, or the end of its path.
    pub fn named(&self, name: &str) -> Option<&Path> {
        let last = |name: &str| name.rsplit('/').next().unwrap_or_default().to_owned();
        let names = self.names.get_or_init(|| {
            let mut names = FxHashMap::<_, Vec<PathBuf>>::default();
            for path in self.files.keys() {
                names
                    .entry(last(&plain_name(path)))
                    .or_default()
                    .push(path.clone());
            }
            names
        });
        let name = name.trim_end_matches(".md").to_lowercase();
        let is_it = |path: &&PathBuf| {
            plain_name(path)
                .strip_suffix(&name)
                .is_some_and(|before| before.is_empty() || before.ends_with('/'))
        };
        let mut places = names.get(&last(&name))?.iter();
        places.find(is_it).map(PathBuf::as_path)
    }

    /// The headings of a note of the index, as plain text.
    pub fn headings(&self, path: &Path) -> Option<Vec<String>> {
        let sections = self.file(path)?.sections.iter();
        let last = sections.filter_map(|section| section.headings.last());
        Some(last.map(|heading| heading.to_string()).collect())
    }

    /// The files that could not be read, and why, for people. What is broken in a note that was read is in its [`NoteFile::problems`].
    pub fn problems(&self) -> &[(PathBuf, String)] {
        &self.problems
    }

    /// The sections that explain a concept, the best first.
    pub fn about(&self, concept: &str) -> impl Iterator<Item = Place<'_>> {
        let places = self.by_concept.get(concept);
        let places = places.into_iter().flat_map(|places| places.iter());
        places.filter_map(|place| {
            Some(Place {
                file: &place.file,
                section: place.file.sections.get(place.section)?,
                score: place.score,
            })
        })
    }

    /// The sections that say these words, the best first, at most so many.
    pub fn search(&self, words: &str, most: usize) -> Vec<Place<'_>> {
        let sections = || {
            let of = |file| NoteFile::sections_of(file);
            self.files.values().flat_map(of)
        };
        let ranking = self
            .ranking
            .get_or_init(|| Ranking::new(sections().map(|(_, section)| &section.words)));
        let all: Vec<_> = sections().collect();
        let mut scores = ranking.scores(&Words::of(words));
        scores.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        let places = scores.into_iter().filter_map(|(at, score)| {
            let (file, section) = all.get(at)?;
            Some(Place {
                file,
                section,
                score,
            })
        });
        places.take(most).collect()
    }
}

/// A path without its ending, in lower case, with `/` between its parts.
fn plain_name(path: &Path) -> String {
    let path = path.with_extension("");
    path.to_string_lossy().replace('\\', "/").to_lowercase()
}

/// Reads a note, if it is not known already.
fn read(
    path: &Path,
    known: Option<&Arc<NoteFile>>,
    linker: &OnceLock<Linker>,
    knowledge: &Knowledge,
) -> Result<Arc<NoteFile>, ReadError> {
    if let Some(known) = known
        && Stamp::of(path).is_ok_and(|stamp| stamp == known.stamp)
    {
        return Ok(Arc::clone(known));
    }
    let (note, stamp) = file::read(path)?;
    Ok(linked(&note, stamp, linker, knowledge))
}

/// What is kept of a note.
fn linked(
    note: &Note,
    stamp: Stamp,
    linker: &OnceLock<Linker>,
    knowledge: &Knowledge,
) -> Arc<NoteFile> {
    let linker = linker.get_or_init(|| Linker::new(knowledge, code::constructs));
    let (mut sections, mut said) = (Vec::new(), Vec::new());
    for section in &note.sections {
        let prose = note.prose(section);
        said.extend(NoteSaid::all(note, section, &prose));
        sections.extend(section.parts().map(|part| NoteSection::of(&part, &prose)));
    }
    let words = sections.iter().map(|section| &section.words);
    let is_python = linker.about.is_python(note, words);
    let mut reader = Reader::default();
    for (part, section) in note.parts().zip(&mut sections) {
        let language = linker.about.language(note, &part, is_python);
        // of what is not about Python the code is not parsed
        let constructs = match language {
            Language::Python => reader.constructs(&part),
            Language::Unsaid | Language::Another => Words::default(),
        };
        section.links = linker.link(&subject(note, &part, section, &constructs, language));
    }
    Arc::new(NoteFile::of(stamp, note, sections, said))
}

/// What is known of a section for the linker.
fn subject<'s>(
    note: &'s Note,
    part: &Part<'s>,
    section: &'s NoteSection,
    constructs: &'s Words,
    language: Language,
) -> Subject<'s> {
    Subject {
        marks: &part.section.concepts,
        note_marks: &note.front.concepts,
        headings: &section.headings,
        words: &section.words,
        constructs,
        language,
    }
}

/// The sections by concept after some files have gone and others have come. What they do not concern is shared.
fn by_concept(before: &ByConcept, gone: &[Arc<NoteFile>], new: &[Arc<NoteFile>]) -> ByConcept {
    let mut added: FxHashMap<&str, Vec<Linked>> = FxHashMap::default();
    for link in gone.iter().flat_map(|file| links(file)) {
        added.entry(&link.concept).or_default();
    }
    for file in new {
        for (at, section) in file.sections.iter().enumerate() {
            for link in &section.links {
                added.entry(&link.concept).or_default().push(Linked {
                    score: link.score,
                    file: Arc::clone(file),
                    section: at,
                });
            }
        }
    }
    let gone: FxHashSet<&Path> = gone.iter().map(|file| file.path.as_path()).collect();
    let mut all = before.clone();
    for (concept, mut places) in added {
        let known = before
            .get(concept)
            .into_iter()
            .flat_map(|known| known.iter());
        let stays = known.filter(|place| !gone.contains(place.file.path.as_path()));
        places.extend(stays.cloned());
        places.sort_by(|a, b| {
            let by_score = b.score.total_cmp(&a.score);
            let by_path = by_score.then_with(|| a.file.path.cmp(&b.file.path));
            by_path.then(a.section.cmp(&b.section))
        });
        match places.is_empty() {
            true => drop(all.remove(concept)),
            false => drop(all.insert(concept.into(), Arc::new(places))),
        }
    }
    all
}

fn links(file: &NoteFile) -> impl Iterator<Item = &Link> {
    file.sections.iter().flat_map(|section| &section.links)
}
