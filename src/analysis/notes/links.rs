//! Where the links in a note lead.

use std::ops::Range;
use std::path::{Component, Path, PathBuf};

use percent_encoding::percent_decode_str;

use super::check::is_heading;
use crate::analysis::Snapshot;
use crate::knowledge::notes::{Link, LinkKind, Note};

/// A link that leads somewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteLink {
    /// The bytes of the whole link in the document.
    pub range: Range<usize>,
    pub target: Target,
}

/// What a link leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A file that is there, in one of the folders or among the notes, and the line of the heading, from 0.
    File { path: PathBuf, line: Option<usize> },
    /// `http:` or `https:`, as the note has it.
    Web(String),
}

impl Snapshot {
    /// The links of a note that lead somewhere, in its order. Links out of the folders and the notes are left out, as are those that are dead.
    pub fn note_links(&self, path: &Path) -> Vec<NoteLink> {
        let Ok(note) = self.note(path) else {
            return Vec::new();
        };
        let links = note.links.iter().filter_map(|link| {
            Some(NoteLink {
                range: self.in_document(&note, link.range.clone()),
                target: self.target(&note, link)?,
            })
        });
        links.collect()
    }

    fn target(&self, note: &Note, link: &Link) -> Option<Target> {
        if link.kind == LinkKind::Web {
            return Some(Target::Web(link.target.clone()));
        }
        let path = match link.target.as_str() {
            "" => note.path.clone(),
            target => self.linked_file(note, target, link.kind)?,
        };
        let heading = link.heading.as_deref().unwrap_or_default();
        let heading = percent_decode_str(heading).decode_utf8_lossy();
        let last = heading.rsplit('#').next().unwrap_or_default();
        let line = (!last.is_empty()).then(|| self.heading_line(&path, last));
        Some(Target::File {
            path,
            line: line.flatten(),
        })
    }

    fn linked_file(&self, note: &Note, target: &str, kind: LinkKind) -> Option<PathBuf> {
        let folder = note.path.parent()?;
        let target = percent_decode_str(target).decode_utf8_lossy();
        if kind == LinkKind::Wiki {
            let known = self.notes().and_then(|notes| notes.named(&target));
            if let Some(known) = known {
                return Some(known.to_owned());
            }
            return self.allowed(&folder.join(format!("{target}.md")));
        }
        self.allowed(&folder.join(&*target))
    }

    /// The path without `..`, if it is a file that may be opened: links of the file system do not lead out either.
    fn allowed(&self, path: &Path) -> Option<PathBuf> {
        let plain = without_dots(path)?;
        let is_note = || {
            let notes = self.notes();
            notes.is_some_and(|notes| notes.file(&plain).is_some())
        };
        let real = std::fs::canonicalize(&plain).ok()?;
        let is_inside = || {
            let mut roots = self.state.disk.roots().into_iter();
            roots.any(|root| std::fs::canonicalize(root).is_ok_and(|root| real.starts_with(root)))
        };
        (real.is_file() && (is_note() || is_inside())).then_some(plain)
    }

    /// The line of a heading of a note, from 0.
    fn heading_line(&self, path: &Path, anchor: &str) -> Option<usize> {
        if !self.is_note(path) {
            return None;
        }
        let note = self.note(path).ok()?;
        let mut sections = note.sections.iter();
        let section = sections.find(|section| {
            let heading = section.headings.last();
            section.level > 0 && heading.is_some_and(|heading| is_heading(anchor, heading))
        });
        section.map(|section| section.line)
    }
}

/// A path without `.` and `..`, as the path itself says. None where it leads above the root.
fn without_dots(path: &Path) -> Option<PathBuf> {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if !plain.pop() => return None,
            Component::ParentDir => {}
            part => plain.push(part),
        }
    }
    Some(plain)
}
