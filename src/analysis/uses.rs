//! Where the project's code uses a concept: the places whose hover is about it.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::construct::constructs_in;
use super::{Cancel, Snapshot};
use crate::facts::FileFacts;
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

impl Snapshot {
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
    fn add(&mut self, path: &Path, found: Vec<(&str, Range<usize>)>) {
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
