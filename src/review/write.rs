//! Files of the user's, replaced whole or not at all.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Why a file was left as it is. Nothing of it has changed.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotWritten {
    #[error("it has changed since it was read, so it is left as it is: try again")]
    Changed,
    #[error("it is read-only, so it is left as it is")]
    ReadOnly,
    #[error("a link leads out of the folders that are checked, so it is left as it is")]
    Outside,
    #[error("it cannot be written, so it is left as it is: {0}")]
    Failed(#[from] io::Error),
}

/// Where a file really stands, and what is in it: read before it is replaced.
pub(super) struct Original {
    real: PathBuf,
    pub(super) bytes: Vec<u8>,
}

impl Original {
    /// Reads a file that may be replaced.
    ///
    /// # Errors
    /// When it cannot be read or must not be written: a link leads from below the folder of `roots` that it is in to elsewhere, or it is read-only.
    pub(super) fn read(path: &Path, roots: &[PathBuf]) -> Result<Original, NotWritten> {
        let real = fs::canonicalize(path)?;
        let mut roots = roots
            .iter()
            .filter(|root| path.starts_with(root))
            .peekable();
        let is_inside = match roots.peek() {
            Some(_) => roots.any(|root| {
                let root = fs::canonicalize(root);
                root.is_ok_and(|root| real.starts_with(root))
            }),
            None => !path.is_symlink(),
        };
        if !is_inside {
            return Err(NotWritten::Outside);
        }
        let metadata = fs::metadata(&real)?;
        if metadata.permissions().readonly() {
            return Err(NotWritten::ReadOnly);
        }
        // a device or a pipe has no text to come back to
        if !metadata.is_file() {
            return Err(io::Error::other("it is no regular file").into());
        }
        let bytes = fs::read(&real)?;
        Ok(Original { real, bytes })
    }

    /// Puts other bytes in its place: written into a file beside it, which then takes its name and has its permissions.
    ///
    /// # Errors
    /// When it has changed meanwhile or the new one cannot be written whole. Then the old one stands as it is.
    pub(super) fn replace(&self, bytes: &[u8]) -> Result<(), NotWritten> {
        let folder = self.real.parent().unwrap_or(&self.real);
        let metadata = fs::metadata(&self.real)?;
        let mut beside = tempfile::Builder::new()
            .prefix(".marginote-")
            .tempfile_in(folder)?;
        beside.write_all(bytes)?;
        beside.as_file().set_permissions(metadata.permissions())?;
        keep_owner(&metadata, beside.path());
        beside.as_file().sync_all()?;
        if fs::read(&self.real)? != self.bytes {
            return Err(NotWritten::Changed);
        }
        let persisted = beside.persist(&self.real);
        persisted.map_err(|error| error.error)?;
        Ok(())
    }
}

/// Gives a file to the owner of another. Only the administrator can give files away; whoever else may replace a file owns the new one.
#[cfg(unix)]
fn keep_owner(of: &fs::Metadata, path: &Path) {
    use std::os::unix::fs::{MetadataExt, chown};

    if let Err(error) = chown(path, Some(of.uid()), Some(of.gid())) {
        tracing::debug!("the file's owner changes: {error}");
    }
}

#[cfg(not(unix))]
fn keep_owner(_of: &fs::Metadata, _path: &Path) {}
