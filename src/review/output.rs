//! `--output`: into a file, whole or not at all.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// Writes what `write` writes into a file, which takes its name only when all of it is written. Links are followed; a file that is there keeps its permissions. What is no
/// regular file, such as a pipe, is written as it comes.
///
/// # Errors
/// When it cannot be written. A regular file that was there is then as it was.
pub(super) fn into_file(
    file: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let real = fs::canonicalize(file).unwrap_or_else(|_| file.to_path_buf());
    let known = fs::metadata(&real).ok();
    if known.as_ref().is_some_and(|known| !known.is_file()) {
        let mut out = BufWriter::new(fs::OpenOptions::new().write(true).open(&real)?);
        write(&mut out)?;
        return out.flush();
    }
    let folder = real.parent().filter(|folder| *folder != Path::new(""));
    let mut new = tempfile::Builder::new();
    new.prefix(".marginote-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // as any new file: less what the process takes away
        new.permissions(fs::Permissions::from_mode(0o666));
    }
    let new = new.tempfile_in(folder.unwrap_or(Path::new(".")))?;
    if let Some(known) = known {
        new.as_file().set_permissions(known.permissions())?;
    }
    let mut out = BufWriter::new(new);
    write(&mut out)?;
    let new = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    new.as_file().sync_all()?;
    new.persist(&real)?;
    Ok(())
}
