//! Where the project's code uses a concept: the places whose hover is about it.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::construct::constructs_in;
use super::{Cancel, Snapshot, Worked, lock};
use crate::facts::FileFacts;
use crate::facts::trace::{Traced, record};
use crate::knowledge::Knowledge;
use crate::project::Project;
use crate::rules::Place;

/// The places by concept. Each list is sorted by path, then by range.
#[derive(Debug, Default)]
pub struct Uses(FxHashMap<String, Vec<Place>>);

impl Uses {
    /// The places of a concept.
    pub fn of(&self, concept: &str) -> &[Place] {
        self.0.get(concept).map_or(&[], Vec::as_slice)
    }

    /// The concepts that are used, the most used first.
    pub fn concepts(&self) -> Vec<&str> {
        let mut concepts: Vec<_> = self.0.iter().collect();
        concepts.sort_by(|a, b| b.1.len().cmp(&a.1.len()).then(a.0.cmp(b.0)));
        concepts
            .into_iter()
            .map(|(concept, _)| concept.as_str())
            .collect()
    }
}

/// Concepts with the bytes of a file that use them, sorted by range.
type InFile = Vec<(Box<str>, Range<usize>)>;

/// The uses in the project, and what they were worked out from.
#[derive(Clone)]
pub(super) struct Known {
    worked: Arc<Worked>,
    knowledge: Arc<Knowledge>,
    /// Sorted by path.
    files: Vec<(PathBuf, Arc<Traced<InFile>>)>,
    uses: Arc<Uses>,
}

impl Known {
    /// By file, as `files` has them: what a later edit has left as it was, where it stands now. None where the edit may be seen from everywhere.
    fn after(&self, worked: &Worked) -> Option<Vec<Option<Arc<Traced<InFile>>>>> {
        let (old, new) = (&self.worked.project, &worked.project);
        let mut changed = old.changed_in(new)?;
        let moved = |(path, known): &(PathBuf, Arc<Traced<InFile>>)| {
            if !known.holds(&mut changed) {
                return None;
            }
            let (Some(old), Some(new)) = (old.open_file(path), new.open_file(path)) else {
                return Some(Arc::clone(known));
            };
            let uses = known.get().iter();
            let moved =
                uses.map(|(concept, range)| Some((concept.clone(), old.moved(new, range)?)));
            let moved: Option<InFile> = moved.collect();
            Some(Arc::new(known.with(moved?)))
        };
        Some(self.files.iter().map(moved).collect())
    }
}

impl Snapshot {
    /// Where the code of the folders uses concepts. What an edit has left as it was is not worked out again. None when cancelled.
    pub fn project_uses(&self, cancel: &Cancel) -> Option<Arc<Uses>> {
        let (worked, knowledge) = (self.worked(), self.knowledge_of_notes());
        let known = lock(&self.state.uses).clone();
        let known = known.filter(|known| {
            known.worked.disk.changes == worked.disk.changes
                && Arc::ptr_eq(&known.knowledge, &knowledge)
        });
        let now = match known {
            Some(known) if known.worked.project.has_same_documents(&worked.project) => {
                Known { worked, ..known }
            }
            known => self.uses_after(known, worked, knowledge, cancel)?,
        };
        let uses = Arc::clone(&now.uses);
        *lock(&self.state.uses) = Some(now);
        Some(uses)
    }

    fn uses_after(
        &self,
        known: Option<Known>,
        worked: Arc<Worked>,
        knowledge: Arc<Knowledge>,
        cancel: &Cancel,
    ) -> Option<Known> {
        let kept = known.and_then(|known| {
            let paths = known.files.iter().map(|(path, _)| path.clone());
            Some(paths.zip(known.after(&worked)?).collect())
        });
        let kept: Vec<(PathBuf, Option<_>)> = kept.unwrap_or_else(|| {
            let files = self.code_files().into_iter();
            files.map(|path| (path, None)).collect()
        });
        let project = &*worked.project;
        let work = |(path, kept): (PathBuf, Option<Arc<Traced<InFile>>>)| {
            let found = match kept {
                Some(kept) => kept,
                None if cancel.is_cancelled() => return None,
                None => Arc::new(record(|| owned_uses_in(project, &path, &knowledge))),
            };
            Some((path, found))
        };
        let files: Option<Vec<_>> = kept.into_par_iter().map(work).collect();
        let files = files?;
        let mut uses = Uses::default();
        for (path, found) in &files {
            let found = found.get().iter();
            uses.add(
                path,
                found.map(|(concept, range)| (&**concept, range.clone())),
            );
        }
        Some(Known {
            worked,
            knowledge,
            files,
            uses: Arc::new(uses),
        })
    }

    /// Where these files use concepts, worked out in parallel. None when cancelled.
    pub fn uses(&self, files: &[PathBuf], knowledge: &Knowledge, cancel: &Cancel) -> Option<Uses> {
        let worked = self.worked();
        let project = &*worked.project;
        let found: Option<Vec<_>> = files
            .par_iter()
            .map(|path| {
                let file = (!cancel.is_cancelled()).then(|| project.file(path))?;
                Some(file.map_or(Vec::new(), |file| uses_in(project, file, knowledge)))
            })
            .collect();
        let mut uses = Uses::default();
        for (path, found) in files.iter().zip(found?) {
            uses.add(path, found);
        }
        Some(uses)
    }
}

impl Uses {
    fn add<'u>(&mut self, path: &Path, found: impl IntoIterator<Item = (&'u str, Range<usize>)>) {
        let path = Arc::new(path.to_owned());
        for (concept, range) in found {
            let place = Place {
                path: Arc::clone(&path),
                range,
            };
            match self.0.get_mut(concept) {
                Some(places) => places.push(place),
                None => drop(self.0.insert(concept.to_owned(), vec![place])),
            }
        }
    }
}

fn owned_uses_in(project: &Project, path: &Path, knowledge: &Knowledge) -> InFile {
    let found = project
        .file(path)
        .map(|file| uses_in(project, file, knowledge));
    let found = found.into_iter().flatten();
    found
        .map(|(concept, range)| (concept.into(), range))
        .collect()
}

/// The concept of every construct in a file that has one, sorted by range.
fn uses_in<'k>(
    project: &Project,
    file: &FileFacts,
    knowledge: &'k Knowledge,
) -> Vec<(&'k str, Range<usize>)> {
    let mut found: Vec<(&str, Range<usize>)> = constructs_in(project, file, 0)
        .into_iter()
        .filter_map(|construct| {
            let mut cards = construct
                .is
                .iter()
                .flat_map(|is| knowledge.concepts_for(is));
            Some((cards.next()?.concept.as_str(), construct.range))
        })
        .collect();
    found.sort_by_key(|(_, range)| (range.start, range.end));
    found.dedup();
    found
}
