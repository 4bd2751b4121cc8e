//! Files in the user's cache directory.
//!
//! A cache is an aid and nothing else: one that is damaged, of another kind or made of something else is as good as none, and one that cannot be written is not
//! written.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;
use tempfile::NamedTempFile;
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

/// A longer file is no cache of ours.
const MAX_BYTES: u64 = 1 << 30;

/// A kind of cache.
pub(super) struct Kind {
    /// What its files start with.
    pub magic: &'static [u8; 8],
    /// The folder below `marginote` in the user's cache directory.
    pub folder: &'static str,
}

impl Kind {
    /// The file for these folders. None where the user has no home.
    pub(super) fn file(&self, folders: &[PathBuf]) -> Option<PathBuf> {
        let places = etcetera::choose_base_strategy().ok()?;
        let mut folders: Vec<&[u8]> = folders
            .iter()
            .map(|folder| folder.as_os_str().as_encoded_bytes())
            .collect();
        folders.sort();
        folders.dedup();
        // no path has a zero byte
        let name = format!("{:016x}.cache", xxh3_64(&folders.join(&0)));
        let own = places.cache_dir().join("marginote");
        Some(own.join(self.folder).join(name))
    }

    /// What was stored with the same key. None where there is nothing, or nothing that can be believed.
    pub(super) fn load(&self, file: &Path, key: u64) -> Option<Vec<u8>> {
        let data = fs::metadata(file).ok()?;
        if !data.is_file() || data.len() > MAX_BYTES {
            return None;
        }
        let mut bytes = fs::read(file).ok()?;
        let (magic, rest) = bytes.split_first_chunk::<8>()?;
        let (made_with, rest) = rest.split_first_chunk::<8>()?;
        let (sum, body) = rest.split_first_chunk::<8>()?;
        let is_ours = magic == self.magic
            && u64::from_le_bytes(*made_with) == key
            && u64::from_le_bytes(*sum) == xxh3_64(body);
        if !is_ours {
            return None;
        }
        let start = bytes.len() - body.len();
        bytes.drain(..start);
        Some(bytes)
    }

    /// Stores something with a key: whole or not at all.
    pub(super) fn store(&self, file: &Path, key: u64, body: &[u8]) {
        if let Err(error) = self.write(file, key, body) {
            tracing::debug!("{} is not written: {error}", file.display());
        }
    }

    fn write(&self, file: &Path, key: u64, body: &[u8]) -> io::Result<()> {
        let folder = file.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder)?;
        let mut new = NamedTempFile::new_in(folder)?;
        new.write_all(self.magic)?;
        new.write_all(&key.to_le_bytes())?;
        new.write_all(&xxh3_64(body).to_le_bytes())?;
        new.write_all(body)?;
        new.persist(file)?;
        Ok(())
    }
}

/// A hash of what is written into it.
pub(super) struct Hash(Xxh3);

impl Hash {
    /// Of nothing yet but the version of the program.
    pub(super) fn of_version() -> Hash {
        let mut hash = Xxh3::new();
        hash.update(env!("CARGO_PKG_VERSION").as_bytes());
        Hash(hash)
    }

    /// Of nothing yet but the program: another build may do other things under the same version. None where it cannot be told from another.
    pub(super) fn of_program() -> Option<Hash> {
        let program = fs::metadata(std::env::current_exe().ok()?).ok()?;
        let mut hash = Hash::of_version();
        let built = program.modified().ok()?;
        write!(hash, " {built:?} {} ", program.len()).ok()?;
        Some(hash)
    }

    pub(super) fn digest(&self) -> u64 {
        self.0.digest()
    }
}

impl std::fmt::Write for Hash {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.0.update(text.as_bytes());
        Ok(())
    }
}
