//! What was read of notes, kept from one run to the next. A cache that is damaged, of another version or not to be read is as good as none.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use etcetera::BaseStrategy;
use xxhash_rust::xxh3::xxh3_64;

use super::index::NoteEntry;
use crate::knowledge::Knowledge;

/// Counts the changes of what is kept, and of how it is worked out.
const FORMAT: u32 = 1;

/// A file that was written so shortly before it was read may have been written again since, with the same time.
const RACY: Duration = Duration::from_secs(2);

/// Where what is known of the notes of these folders is kept. None where the user has no place for caches.
pub fn file(folders: &[PathBuf]) -> Option<PathBuf> {
    let places = etcetera::choose_base_strategy().ok()?;
    let names: Vec<_> = folders
        .iter()
        .map(|folder| folder.to_string_lossy())
        .collect();
    let name = format!("notes-{:016x}", xxh3_64(names.join("\n").as_bytes()));
    Some(places.cache_dir().join("marginote").join(name))
}

/// Reads what is kept; nothing where it was made otherwise or is damaged.
pub fn load(file: &Path, knowledge: &Knowledge) -> BTreeMap<PathBuf, Arc<NoteEntry>> {
    let bytes = std::fs::read(file).unwrap_or_default();
    let header = header(knowledge);
    let notes = bytes.strip_prefix(header.as_slice()).and_then(|rest| {
        let (sum, notes) = rest.split_first_chunk::<8>()?;
        let is_whole = u64::from_le_bytes(*sum) == xxh3_64(notes);
        is_whole.then(|| postcard::from_bytes::<Vec<NoteEntry>>(notes).ok())?
    });
    let notes = notes.unwrap_or_default().into_iter();
    notes
        .map(|note| (note.path.clone(), Arc::new(note)))
        .collect()
}

/// Keeps what is known. Where that cannot be written, the next run reads the notes again.
pub fn save(
    file: &Path,
    notes: &BTreeMap<PathBuf, Arc<NoteEntry>>,
    knowledge: &Knowledge,
) -> std::io::Result<()> {
    let latest = SystemTime::now() - RACY;
    let kept: Vec<&NoteEntry> = notes
        .values()
        .map(Arc::as_ref)
        .filter(|note| note.is_older_than(latest))
        .collect();
    let notes = postcard::to_stdvec(&kept).map_err(std::io::Error::other)?;
    let folder = file.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let mut new = tempfile::NamedTempFile::new_in(folder)?;
    new.write_all(&header(knowledge))?;
    new.write_all(&xxh3_64(&notes).to_le_bytes())?;
    new.write_all(&notes)?;
    new.persist(file)?;
    Ok(())
}

/// What must be the same for two runs to say the same of a note.
fn header(knowledge: &Knowledge) -> Vec<u8> {
    let made_by = format!(
        "{} {FORMAT} {:x}",
        env!("CARGO_PKG_VERSION"),
        knowledge.fingerprint()
    );
    format!("marginote notes {made_by}\n").into_bytes()
}
