//! The index on disk, so that notes that have not changed are not read again.
//!
//! The cache is an aid and nothing else: one that is damaged, of another version or of other cards is as good as none, and one that cannot be written is not written.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use etcetera::BaseStrategy;
use rayon::prelude::*;
use rustc_hash::FxHashMap;
use tempfile::NamedTempFile;
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use super::NoteFile;
use crate::knowledge::Knowledge;

/// What a cache starts with.
const MAGIC: &[u8; 8] = b"MARGNOTE";
/// Changes with the format, and with what sections are linked by.
const FORMAT: u32 = 2;
/// A longer file is no cache of ours.
const MAX_BYTES: u64 = 1 << 30;

/// A file for these folders in `marginote/notes` in the user's cache directory. None where the user has no home.
pub(in crate::analysis) fn default_file(folders: &[PathBuf]) -> Option<PathBuf> {
    let places = etcetera::choose_base_strategy().ok()?;
    let mut folders: Vec<&[u8]> = folders
        .iter()
        .map(|it| it.as_os_str().as_encoded_bytes())
        .collect();
    folders.sort();
    folders.dedup();
    // no path has a zero byte
    let name = format!("{:016x}.cache", xxh3_64(&folders.join(&0)));
    Some(
        places
            .cache_dir()
            .join("marginote")
            .join("notes")
            .join(name),
    )
}

/// What the links depend on beside the notes: this version, and what the cards say.
pub(super) fn key(knowledge: &Knowledge) -> u64 {
    struct Hash(Xxh3);
    impl std::fmt::Write for Hash {
        fn write_str(&mut self, text: &str) -> std::fmt::Result {
            self.0.update(text.as_bytes());
            Ok(())
        }
    }
    let mut hash = Hash(Xxh3::new());
    let version = env!("CARGO_PKG_VERSION");
    // hashing does not fail
    let _ = std::fmt::write(&mut hash, format_args!("{version} {FORMAT}"));
    for card in knowledge.concepts() {
        let _ = std::fmt::write(&mut hash, format_args!("{card:?}"));
    }
    hash.0.digest()
}

/// What a cache knows, by path. Nothing where it cannot be used.
pub(super) fn load(file: &Path, key: u64) -> FxHashMap<PathBuf, Arc<NoteFile>> {
    read(file, key).unwrap_or_default()
}

fn read(file: &Path, key: u64) -> Option<FxHashMap<PathBuf, Arc<NoteFile>>> {
    let data = fs::metadata(file).ok()?;
    if !data.is_file() || data.len() > MAX_BYTES {
        return None;
    }
    let bytes = fs::read(file).ok()?;
    let (magic, rest) = bytes.split_first_chunk::<8>()?;
    let (made_with, rest) = rest.split_first_chunk::<8>()?;
    let (sum, body) = rest.split_first_chunk::<8>()?;
    let is_ours = magic == MAGIC
        && u64::from_le_bytes(*made_with) == key
        && u64::from_le_bytes(*sum) == xxh3_64(body);
    if !is_ours {
        return None;
    }
    let notes: Vec<&[u8]> = postcard::from_bytes(body).ok()?;
    let note = |bytes: &&[u8]| {
        let note: NoteFile = postcard::from_bytes(bytes).ok()?;
        Some((note.path.clone(), Arc::new(note)))
    };
    notes.par_iter().map(note).collect()
}

/// Writes a cache, whole or not at all.
pub(super) fn store<'n>(file: &Path, key: u64, notes: impl Iterator<Item = &'n Arc<NoteFile>>) {
    if let Err(error) = write(file, key, notes) {
        tracing::debug!(
            "the index of notes is not kept in {}: {error}",
            file.display()
        );
    }
}

fn write<'n>(
    file: &Path,
    key: u64,
    notes: impl Iterator<Item = &'n Arc<NoteFile>>,
) -> io::Result<()> {
    let notes: Vec<&Arc<NoteFile>> = notes.collect();
    let encode = |note: &&Arc<NoteFile>| postcard::to_stdvec(note.as_ref());
    let notes: Result<Vec<Vec<u8>>, _> = notes.par_iter().map(encode).collect();
    let notes = notes.map_err(io::Error::other)?;
    let notes: Vec<&[u8]> = notes.iter().map(Vec::as_slice).collect();
    let body = postcard::to_stdvec(&notes).map_err(io::Error::other)?;
    let folder = file.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut new = NamedTempFile::new_in(folder)?;
    new.write_all(MAGIC)?;
    new.write_all(&key.to_le_bytes())?;
    new.write_all(&xxh3_64(&body).to_le_bytes())?;
    new.write_all(&body)?;
    new.persist(file)?;
    Ok(())
}
