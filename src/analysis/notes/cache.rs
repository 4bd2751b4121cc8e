//! The index on disk, so that notes that have not changed are not read again.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::NoteFile;
use crate::analysis::stored::{Hash, Kind};
use crate::knowledge::Knowledge;

/// The index of the notes.
pub(in crate::analysis) const NOTES: Kind = Kind {
    magic: b"MARGNOTE",
    folder: "notes",
};
/// Changes with the format, and with what sections are linked by.
const FORMAT: u32 = 5;

/// What the links depend on beside the notes: this version, and what the cards say.
pub(super) fn key(knowledge: &Knowledge) -> u64 {
    let mut hash = Hash::of_version();
    // hashing does not fail
    let _ = write!(hash, " {FORMAT}");
    for card in knowledge.concepts() {
        let _ = write!(hash, "{card:?}");
    }
    hash.digest()
}

/// What a cache knows, by path. Nothing where it cannot be used.
pub(super) fn load(file: &Path, key: u64) -> FxHashMap<PathBuf, Arc<NoteFile>> {
    read(file, key).unwrap_or_default()
}

fn read(file: &Path, key: u64) -> Option<FxHashMap<PathBuf, Arc<NoteFile>>> {
    let body = NOTES.load(file, key)?;
    let notes: Vec<&[u8]> = postcard::from_bytes(&body).ok()?;
    let note = |bytes: &&[u8]| {
        let note: NoteFile = postcard::from_bytes(bytes).ok()?;
        Some((note.path.clone(), Arc::new(note)))
    };
    notes.par_iter().map(note).collect()
}

/// Writes a cache, whole or not at all.
pub(super) fn store<'n>(file: &Path, key: u64, notes: impl Iterator<Item = &'n Arc<NoteFile>>) {
    let notes: Vec<&Arc<NoteFile>> = notes.collect();
    let encode = |note: &&Arc<NoteFile>| postcard::to_stdvec(note.as_ref());
    let notes: Result<Vec<Vec<u8>>, _> = notes.par_iter().map(encode).collect();
    let body = notes.and_then(|notes| {
        let notes: Vec<&[u8]> = notes.iter().map(Vec::as_slice).collect();
        postcard::to_stdvec(&notes)
    });
    match body {
        Ok(body) => NOTES.store(file, key, &body),
        Err(error) => tracing::debug!("the index of notes is not kept: {error}"),
    }
}
