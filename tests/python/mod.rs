//! Runs scripts with the machine's Python, each in a folder of its own that is gone afterwards.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Cards promise to end within 10 seconds; a busy machine gets twice that.
const TIME_LIMIT: Duration = Duration::from_secs(20);

/// Runs `script.py` and writes the names of the exceptions that ended it, or one of its threads, into `raised`.
const WATCH: &str = r#"
import runpy, sys, threading

if __name__ == "__main__":
    raised = []
    threading.excepthook = lambda args: raised.append(args.exc_type.__name__)
    try:
        runpy.run_path(sys.argv[1], run_name="__main__")
    except BaseException as error:
        raised.append(type(error).__name__)
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join()
    with open(sys.argv[2], "w") as out:
        out.write("\n".join(raised))
"#;

/// The Python that the tests use.
pub struct Python {
    /// (3, 13)
    pub version: (u8, u8),
}

impl Python {
    /// The `python3` on the path.
    pub fn find() -> Python {
        let script = "import sys; print(sys.version_info.major, sys.version_info.minor)";
        let output = Command::new("python3")
            .args(["-c", script])
            .output()
            .expect("these tests run Python: put `python3` on the PATH");
        let output = String::from_utf8_lossy(&output.stdout).into_owned();
        let version = output.trim().split_once(' ');
        let version =
            version.and_then(|(major, minor)| Some((major.parse().ok()?, minor.parse().ok()?)));
        Python {
            version: version.unwrap_or_else(|| panic!("python3 says {output:?} for its version")),
        }
    }

    /// The script exits with 0.
    pub fn succeeds(&self, code: &str) -> Result<(), String> {
        let folder = script(code);
        let status = run(folder.path(), &["script.py"])?;
        if status.success() {
            return Ok(());
        }
        Err(format!("{status}\n{}", last_words(folder.path())))
    }

    /// The script ends, with an exception or without one.
    pub fn ends(&self, code: &str) -> Result<(), String> {
        let folder = script(code);
        let status = run(folder.path(), &["script.py"])?;
        let words = last_words(folder.path());
        if words.contains("SyntaxError") {
            return Err(words);
        }
        match status.code() {
            Some(_) => Ok(()),
            None => Err(format!("{status}\n{words}")),
        }
    }

    /// The exception ends the script or one of its threads, and no other exception does.
    pub fn raises(&self, code: &str, exception: &str) -> Result<(), String> {
        let folder = script(code);
        fs::write(folder.path().join("watch.py"), WATCH).expect("the folder is ours");
        run(folder.path(), &["watch.py", "script.py", "raised"])?;
        let raised = fs::read_to_string(folder.path().join("raised")).unwrap_or_default();
        if !raised.is_empty() && raised.lines().all(|name| name == exception) {
            return Ok(());
        }
        let raised = raised.lines().collect::<Vec<_>>().join(", ");
        Err(format!(
            "expected {exception}, raised [{raised}]\n{}",
            last_words(folder.path())
        ))
    }
}

/// A folder with the script in it.
fn script(code: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("script.py"), code).expect("the folder is ours");
    folder
}

/// Runs Python in the folder; what it prints goes to the files `stdout` and `stderr` there.
fn run(folder: &Path, arguments: &[&str]) -> Result<ExitStatus, String> {
    let file = |name| File::create(folder.join(name)).expect("the folder is ours");
    let mut command = Command::new("python3");
    command
        .args(["-B", "-X", "utf8"])
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(file("stdout"))
        .stderr(file("stderr"));
    // A group of its own, so that the processes that a script starts end with it.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let mut child = command.spawn().map_err(|error| error.to_string())?;
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().map_err(|error| error.to_string())? {
            return Ok(status);
        }
        if start.elapsed() > TIME_LIMIT {
            kill(&mut child);
            return Err(format!("still running after {TIME_LIMIT:?}"));
        }
        sleep(Duration::from_millis(5));
    }
}

/// Ends the script and what it started.
fn kill(child: &mut Child) {
    #[cfg(unix)]
    let _ = Command::new("kill")
        .args(["-KILL", "--", &format!("-{}", child.id())])
        .status();
    let _ = child.kill();
    let _ = child.wait();
}

/// The end of what the script wrote to stderr.
fn last_words(folder: &Path) -> String {
    let text = fs::read(folder.join("stderr")).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(8)..].join("\n")
}
