//! Findings that stay what they are when text comes or goes elsewhere in a document.

use std::path::PathBuf;
use std::sync::Arc;

use crate::facts::FileFacts;
use crate::project::Project;

use super::{Finding, Place};

/// Findings with their places as bytes from the starts of segments, where they stand in open documents.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Anchored {
    findings: Vec<Finding>,
    /// The segments in which each place begins and ends, in the order of [`Finding::places`]. None where its file is not open.
    segments: Vec<Option<(usize, usize)>>,
}

impl Anchored {
    /// Ties findings to the segments of the project's open documents. Notes that these are read: in another text the bytes mean something else.
    pub fn of(mut findings: Vec<Finding>, project: &Project) -> Anchored {
        let places = findings.iter_mut().flat_map(Finding::places_mut);
        let mut open = OpenFiles::of(project);
        let segments = places.map(|place| {
            let file = open.file(place)?;
            let (begins, start) = file.segment_at(place.range.start)?;
            let last = place.range.end.saturating_sub(1).max(place.range.start);
            let (ends, _) = file.segment_at(last)?;
            file.segment(begins).read();
            file.segment(ends).read();
            place.range = start..place.range.end - file.start(ends);
            Some((begins, ends))
        });
        let segments = segments.collect();
        Anchored { findings, segments }
    }

    /// The findings with their places in the documents as they are now.
    pub fn placed(&self, project: &Project) -> Vec<Finding> {
        let mut findings = self.findings.clone();
        let places = findings.iter_mut().flat_map(Finding::places_mut);
        let mut open = OpenFiles::of(project);
        for (place, segments) in places.zip(&self.segments) {
            if let Some((begins, ends)) = *segments
                && let Some(file) = open.file(place)
            {
                let range = &place.range;
                place.range = file.start(begins) + range.start..file.start(ends) + range.end;
            }
        }
        findings
    }

    /// Whether every segment that holds a place of theirs is one that `is_same` says yes to.
    pub fn stands(&self, is_same: impl Fn(&Place, usize) -> bool) -> bool {
        let places = self.findings.iter().flat_map(Finding::places);
        let mut anchored = places.zip(&self.segments);
        anchored.all(|(place, segments)| {
            segments.is_none_or(|(begins, ends)| is_same(place, begins) && is_same(place, ends))
        })
    }
}

/// The open documents. Places that stand in one of them share its path, and to look that up takes longer than all else here.
struct OpenFiles<'p> {
    project: &'p Project,
    last: Option<(Arc<PathBuf>, Option<&'p FileFacts>)>,
}

impl<'p> OpenFiles<'p> {
    fn of(project: &'p Project) -> OpenFiles<'p> {
        OpenFiles {
            project,
            last: None,
        }
    }

    fn file(&mut self, place: &Place) -> Option<&'p FileFacts> {
        match &self.last {
            Some((path, file)) if Arc::ptr_eq(path, &place.path) => *file,
            _ => {
                let file = self.project.open_file(&place.path).map(|file| &**file);
                self.last = Some((Arc::clone(&place.path), file));
                file
            }
        }
    }
}
