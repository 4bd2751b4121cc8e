//! What tells, without a look at its text, that a file is what it was.

use std::fs::Metadata;
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// A file that was changed this shortly before it was read may change again without its times telling.
pub(super) const COARSE: Duration = Duration::from_secs(2);

/// When a file was changed last, and its bytes: a file with the same stamp is taken to be the same. The default is no file's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    bytes: u64,
    /// Since 1970.
    modified: Duration,
    /// When it was changed in any way, in seconds and nanoseconds since 1970, and its number. No program can set that time.
    #[cfg(unix)]
    changed: (i64, i64, u64),
}

impl Stamp {
    /// Of a file.
    pub(super) fn of(path: &Path) -> io::Result<Stamp> {
        Stamp::of_metadata(&std::fs::metadata(path)?)
    }

    pub(super) fn of_metadata(data: &Metadata) -> io::Result<Stamp> {
        Ok(Stamp {
            bytes: data.len(),
            modified: data
                .modified()?
                .duration_since(UNIX_EPOCH)
                .unwrap_or_default(),
            #[cfg(unix)]
            changed: {
                use std::os::unix::fs::MetadataExt;
                (data.ctime(), data.ctime_nsec(), data.ino())
            },
        })
    }

    /// Of a file or a folder, where it tells. None where it does not, or nothing is there.
    pub(super) fn telling(path: &Path, start: SystemTime) -> Option<Stamp> {
        let stamp = Stamp::of(path).ok()?;
        stamp.tells(start).then_some(stamp)
    }

    /// Whether a file that has it after `start` has not changed since `start`.
    pub(super) fn tells(&self, start: SystemTime) -> bool {
        let start = start.checked_sub(COARSE);
        let start = start.and_then(|start| start.duration_since(UNIX_EPOCH).ok());
        start.is_some_and(|start| self.last_change() < start)
    }

    #[cfg(unix)]
    fn last_change(&self) -> Duration {
        let seconds = u64::try_from(self.changed.0).unwrap_or(u64::MAX);
        self.modified.max(Duration::from_secs(seconds))
    }

    #[cfg(not(unix))]
    fn last_change(&self) -> Duration {
        self.modified
    }
}
