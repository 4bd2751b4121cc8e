//! What git says has changed. Only the program `git` is asked, and nothing is written.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::{ChangeError, os_path};

/// The work tree that a folder is in, and a commit of it.
pub(super) struct Repository {
    /// The folder that git's paths start from.
    pub(super) top: PathBuf,
    /// The id of the commit that the work tree is compared with.
    base: String,
}

impl Repository {
    /// The repository that a folder is in, to be compared with the merge base of a revision and `HEAD`.
    ///
    /// # Errors
    /// When there is no git, no repository, no such revision, or the two have no common commit here.
    pub(super) fn find(folder: &Path, revision: &str) -> Result<Repository, ChangeError> {
        let top = git(folder, ["rev-parse", "--show-toplevel"])?;
        if !top.status.success() {
            return Err(ChangeError::NoRepository(said(&top)));
        }
        let top = os_path(line(&top.stdout));
        let unknown = || ChangeError::NoRevision(revision.to_owned(), advice(folder));
        // what begins like an option is no name of a revision
        if revision.starts_with('-') || revision.contains('\0') {
            return Err(unknown());
        }
        let commit = format!("{revision}^{{commit}}");
        let commit = git(folder, ["rev-parse", "--verify", "--quiet", &commit])?;
        if !commit.status.success() {
            return Err(unknown());
        }
        let commit = String::from_utf8_lossy(line(&commit.stdout)).into_owned();
        let base = git(folder, ["merge-base", &commit, "HEAD"])?;
        if !base.status.success() {
            return Err(ChangeError::NoMergeBase(
                revision.to_owned(),
                advice(folder),
            ));
        }
        let base = String::from_utf8_lossy(line(&base.stdout)).into_owned();
        Ok(Repository { top, base })
    }

    /// What leads from the commit to the work tree in its Python files and notebooks and in `others`, as a patch.
    ///
    /// # Errors
    /// When git fails.
    pub(super) fn patch(&self, others: &[PathBuf]) -> Result<Vec<u8>, ChangeError> {
        let arguments = [
            "diff",
            "--no-color",
            "--no-ext-diff",
            "--no-textconv",
            // this is how an order of files is cancelled
            "-O/dev/null",
            "--text",
            "--find-renames",
            "--unified=0",
            "--inter-hunk-context=0",
            "--ignore-submodules=all",
            "--src-prefix=a/",
            "--dst-prefix=b/",
            &self.base,
            "--",
            "*.py",
            "*.pyi",
            "*.ipynb",
        ];
        let mut arguments: Vec<OsString> = arguments.map(OsString::from).to_vec();
        let others = others
            .iter()
            .filter_map(|path| path.strip_prefix(&self.top).ok());
        arguments.extend(others.map(|path| {
            let mut literal = OsString::from(":(literal)");
            literal.push(path);
            literal
        }));
        self.output(arguments)
    }

    /// The submodules that stand at another commit than they did.
    ///
    /// # Errors
    /// When git fails.
    pub(super) fn submodules(&self) -> Result<Vec<PathBuf>, ChangeError> {
        let arguments = [
            "diff",
            "-O/dev/null",
            "--raw",
            "-z",
            "--no-renames",
            &self.base,
            "--",
        ];
        let raw = self.output(arguments.map(OsString::from).to_vec())?;
        let mut fields = raw.split(|&byte| byte == 0);
        let mut found = Vec::new();
        // `:160000 160000 <id> <id> M`, then the path
        while let (Some(change), Some(path)) = (fields.next(), fields.next()) {
            let mut modes = change.split(|&byte| byte == b' ');
            if modes.any(|mode| mode == b"160000" || mode == b":160000") {
                found.push(self.top.join(os_path(path)));
            }
        }
        Ok(found)
    }

    /// The files that git does not know and is not told to ignore.
    ///
    /// # Errors
    /// When git fails.
    pub(super) fn untracked(&self) -> Result<Vec<PathBuf>, ChangeError> {
        let arguments = ["ls-files", "--others", "--exclude-standard", "-z"];
        let paths = self.output(arguments.map(OsString::from).to_vec())?;
        let paths = paths
            .split(|&byte| byte == 0)
            .filter(|path| !path.is_empty());
        Ok(paths.map(|path| self.top.join(os_path(path))).collect())
    }

    fn output(&self, arguments: Vec<OsString>) -> Result<Vec<u8>, ChangeError> {
        let output = git(&self.top, arguments)?;
        match output.status.success() {
            true => Ok(output.stdout),
            false => Err(ChangeError::Git(said(&output))),
        }
    }
}

fn git<A: AsRef<OsStr>>(
    folder: &Path,
    arguments: impl IntoIterator<Item = A>,
) -> Result<Output, ChangeError> {
    let output = Command::new("git")
        .current_dir(folder)
        // what a configuration may say otherwise
        .args(["-c", "core.fsmonitor=false", "-c", "diff.relative=false"])
        .args(["-c", "core.quotePath=true"])
        .args(arguments)
        .env("LC_ALL", "C")
        .env("GIT_OPTIONAL_LOCKS", "0")
        .env_remove("GIT_LITERAL_PATHSPECS")
        .stdin(std::process::Stdio::null())
        .output();
    output.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => ChangeError::NoGit,
        _ => ChangeError::Git(error.to_string()),
    })
}

/// What to do about a commit that is not here.
fn advice(folder: &Path) -> &'static str {
    let shallow = git(folder, ["rev-parse", "--is-shallow-repository"]);
    match shallow.is_ok_and(|output| line(&output.stdout) == b"true") {
        true => {
            "; this clone is shallow: fetch the rest with `git fetch --unshallow`, or `fetch-depth: 0` in GitHub's checkout"
        }
        false => "; `git fetch` may bring it",
    }
}

/// What git complained about, in one line.
fn said(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr);
    let first = said.lines().find(|line| !line.trim().is_empty());
    first.unwrap_or("it does not say why").trim().to_owned()
}

/// Output without its line end.
fn line(output: &[u8]) -> &[u8] {
    output.strip_suffix(b"\n").unwrap_or(output)
}
