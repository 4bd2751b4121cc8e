//! What an editor shows beside and above code without being asked: that a default is shared, what runs in a thread, what a class is to the project.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use super::{Cancel, Snapshot, options, shapes};
use crate::facts::{FileFacts, Site};
use crate::project::{Class, ClassValue, Function, Project};
use crate::rules::{Context, Place, shared_defaults};
use crate::syntax::Field;

/// A few words beside code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// The byte of the file before which they stand.
    pub offset: usize,
    pub text: &'static str,
    /// What shows it: where threads are started.
    pub places: Vec<Place>,
}

/// What a definition is, above it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefinitionLens {
    /// The bytes of the name.
    pub range: Range<usize>,
    /// `singleton, constructed in 3 places`
    pub title: String,
    /// The places that the title counts, by file and position.
    pub places: Vec<Place>,
}

impl Snapshot {
    /// The hints in a range of bytes of a Python file, by position. None when cancelled.
    pub fn hints(&self, path: &Path, range: &Range<usize>, cancel: &Cancel) -> Option<Vec<Hint>> {
        let worked = self.worked();
        let project = &*worked.project;
        let Some(file) = project.file(path).filter(|_| !self.is_note(path)) else {
            return Some(Vec::new());
        };
        let config = self.config(path);
        let context = Context {
            project,
            file,
            options: &options(&config),
            parts: None,
        };
        let is_container = |class: &ClassValue<'_>| match class {
            ClassValue::External(_) => true,
            ClassValue::Known(class) => project.is_container(*class),
        };
        let shared = shared_defaults(&context).filter(|(.., class)| is_container(class));
        let mut hints: Vec<Hint> = shared
            .map(|(_, default, _)| Hint {
                offset: default.range().end,
                text: "shared by all calls",
                places: Vec::new(),
            })
            .collect();
        if cancel.is_cancelled() {
            return None;
        }
        for function in project.threaded_in(file) {
            hints.push(Hint {
                offset: header_end(function),
                text: "runs in a thread",
                places: starts(project, function),
            });
        }
        hints.retain(|hint| range.start <= hint.offset && hint.offset <= range.end);
        hints.sort_by_key(|hint| hint.offset);
        Some(hints)
    }

    /// What stands above the singletons, metaclasses and threaded functions of a Python file, by position. None when cancelled.
    pub fn definition_lenses(&self, path: &Path, cancel: &Cancel) -> Option<Vec<DefinitionLens>> {
        let worked = self.worked();
        let project = &*worked.project;
        let Some(file) = project.file(path).filter(|_| !self.is_note(path)) else {
            return Some(Vec::new());
        };
        let mut lenses = Vec::new();
        for class in project.classes_in(file, 0..file.len()) {
            if cancel.is_cancelled() {
                return None;
            }
            lenses.extend(class_lens(project, file, class));
        }
        for function in project.threaded_in(file) {
            let places = starts(project, function);
            let title = format!("runs in a thread, started in {}", counted(places.len()));
            lenses.push(DefinitionLens {
                range: name(function.site),
                title,
                places,
            });
        }
        lenses.sort_by_key(|lens| lens.range.start);
        Some(lenses)
    }
}

fn class_lens(project: &Project, file: &FileFacts, class: Class<'_>) -> Option<DefinitionLens> {
    // its other parts may stand in other segments, its name stands in this file
    if !std::ptr::eq(class.site.file, file) {
        return None;
    }
    let (title, sites) = if project.is_metaclass(class) {
        let made = project.made_by_metaclass(class);
        let title = match made.len() {
            1 => "metaclass of 1 class".to_owned(),
            count => format!("metaclass of {count} classes"),
        };
        (title, made.into_iter().map(|class| class.site).collect())
    } else {
        shapes::kept_by_class(project, class)?;
        let files = project.files();
        let sites: Vec<Site<'_>> = files
            .flat_map(|file| project.constructions_in(file, class))
            .collect();
        let title = format!("singleton, constructed in {}", counted(sites.len()));
        (title, sites)
    };
    Some(DefinitionLens {
        range: name(class.site),
        title,
        places: sorted(sites.into_iter().map(place).collect()),
    })
}

/// Where threads are started that run a function.
fn starts(project: &Project, function: Function<'_>) -> Vec<Place> {
    let chains = project.chains(function).into_iter();
    sorted(chains.map(|chain| place(chain.start.call)).collect())
}

fn place(site: Site<'_>) -> Place {
    // of a definition its name
    let range = match site.child(Field::Name) {
        Some(_) => name(site),
        None => site.range(),
    };
    Place {
        path: Arc::clone(site.file.path()),
        range,
    }
}

fn sorted(mut places: Vec<Place>) -> Vec<Place> {
    places.sort_by(|a, b| (&a.path, a.range.start).cmp(&(&b.path, b.range.start)));
    places.dedup();
    places
}

/// The bytes of a definition's name; the whole of a lambda.
fn name(site: Site<'_>) -> Range<usize> {
    site.child(Field::Name).map_or(site.range(), Site::range)
}

/// The byte behind a function's colon.
fn header_end(function: Function<'_>) -> usize {
    let range = function.site.range();
    let body = function.body().map_or(range.end, |body| body.range().start);
    let header = function.site.file.source().get(range.start..body);
    // a comment between the colon and the body is no part of it
    let colon = header.and_then(|header| header.lines().next()?.trim_end().rfind(':'));
    match colon {
        Some(colon) if function.site.child(Field::Name).is_some() => range.start + colon + 1,
        _ => function.header().end,
    }
}

fn counted(places: usize) -> String {
    match places {
        1 => "1 place".to_owned(),
        count => format!("{count} places"),
    }
}
