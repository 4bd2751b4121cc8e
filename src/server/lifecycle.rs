//! A language server must not outlive its editor.

#[cfg(unix)]
use std::time::Duration;

use tokio_util::sync::CancellationToken;

/// How often the parent is looked at. A parent that dies takes our stdin along as a rule; this is for what is left.
#[cfg(unix)]
const EVERY: Duration = Duration::from_secs(2);

/// Cancels `ended` when the process is gone.
///
/// A process that is not there at the start is not watched: the client then runs in another container, and its number means nothing here.
#[cfg(unix)]
pub async fn watch_parent(pid: u32, ended: CancellationToken) {
    if !is_alive(pid) {
        return tracing::info!("process {pid}, the client, is not on this machine: not watched");
    }
    while is_alive(pid) {
        tokio::time::sleep(EVERY).await;
    }
    tracing::info!("process {pid}, the client, is gone");
    ended.cancel();
}

#[cfg(unix)]
fn is_alive(pid: u32) -> bool {
    use rustix::io::Errno;
    use rustix::process::{Pid, test_kill_process};

    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    // a process of another user is alive too
    pid.is_some_and(|pid| test_kill_process(pid) != Err(Errno::SRCH))
}

/// Where there is no cheap way to ask, the end of stdin has to do.
#[cfg(not(unix))]
pub async fn watch_parent(_: u32, _: CancellationToken) {}
