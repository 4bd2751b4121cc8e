//! A call of `marginote check`, from paths to the exit code.

use std::collections::BTreeMap;
use std::io::Write;
use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};

use super::change::Change;
use super::fix::FixedFiles;
use super::format::text;
use super::{
    CheckError, Fixing, Outcome, Problem, Request, collect, finish, fix, interrupt, known_rules,
    notes, outcome, shown, statistics,
};
use crate::analysis::{Analysis, is_python};
use crate::config::is_note;
use crate::project::{is_notebook, not_json};
use crate::text::Notebook;

/// Checks and writes to `out`; returns the exit code.
///
/// # Errors
/// When a path does not exist, an option names a rule that there is not, it is not known what has changed, or nothing can be written.
pub fn check(request: &Request, out: &mut dyn Write) -> Result<u8, CheckError> {
    if request.statistics {
        statistics::supports(request.format)?;
    }
    let mut asked = Asked::open(request)?;
    match request.fixing {
        Some(fixing) if fixing.diff_only => asked.print_fixes(fixing, request, out),
        Some(fixing) => {
            asked.fix(fixing);
            asked.outcome(request)?.write(request, out)
        }
        None => {
            // the program ends: to free all that it knows piece by piece would take a twentieth of the time
            let asked = ManuallyDrop::new(asked);
            asked.outcome(request)?.write(request, out)
        }
    }
}

/// What a call is about.
pub(super) struct Asked {
    analysis: Analysis,
    /// Sorted, each once.
    files: Vec<PathBuf>,
    /// The folders that are checked, and the working directory.
    roots: Vec<PathBuf>,
    /// What could not be read or written.
    unread: Vec<Problem>,
    /// Where findings are kept for the next call. None where they are not.
    cache: Option<PathBuf>,
    here: PathBuf,
}

impl Asked {
    /// Finds the files. Nothing is analysed yet.
    pub(super) fn open(request: &Request) -> Result<Asked, CheckError> {
        let here = std::env::current_dir().map_err(CheckError::WorkingDirectory)?;
        let mut analysis = Analysis::default();
        analysis.set_overrides(vec![request.settings.clone()], !request.isolated);
        let mut input = collect::input(request, &here, &analysis.snapshot())?;
        if let Some((path, text)) = input.stdin.take() {
            if request.fixing.is_some() || request.change.is_some() {
                return Err(CheckError::Stdin);
            }
            match is_notebook(&path) {
                false => analysis.open(path, 0, &text),
                true => match Notebook::read(&text) {
                    Ok(notebook) => analysis.open_notebook(path, notebook.code()),
                    Err(error) => {
                        input.files.retain(|file| *file != path);
                        input.unread.push(Problem {
                            shown: shown(&path, &here),
                            line: None,
                            message: not_json(&error),
                        });
                    }
                },
            }
        }
        let mut roots = input.folders;
        // what is fixed, compared or watched is looked at more than once; a few files are checked at once
        let is_kept = request.cache && request.fixing.is_none() && request.change.is_none();
        let is_kept = is_kept && input.stdin.is_none() && !roots.is_empty();
        roots.push(here.clone());
        analysis.set_folders(roots.clone());
        let cache = is_kept.then(|| analysis.snapshot().checks_cache());
        if request.format.quotes_notes() {
            notes::read_for_quotes(&mut analysis, &here);
        }
        known_rules(&analysis.snapshot(), &input.files, &here)?;
        Ok(Asked {
            analysis,
            files: input.files,
            roots,
            unread: input.unread,
            cache: cache.flatten(),
            here,
        })
    }

    /// Checks the files, and leaves out what a change does not concern and what was accepted.
    pub(super) fn outcome(&self, request: &Request) -> Result<Outcome, CheckError> {
        let mut unread = self.unread.clone();
        let change = match &request.change {
            Some(asked) => Some((Change::read(asked, &self.files, &self.here)?, asked.all)),
            None => None,
        };
        let problems = change.iter().flat_map(|(change, _)| &change.problems);
        unread.extend(problems.cloned());
        let snapshot = self.analysis.snapshot();
        let cache = self.cache.as_deref();
        let mut outcome = outcome(snapshot, &self.files, cache, unread, self.here.clone());
        if let Some((change, all)) = &change {
            change.narrow(&mut outcome, *all);
        }
        if let Some(baseline) = &request.baseline {
            baseline.apply(&mut outcome)?;
        }
        Ok(outcome)
    }

    /// The folders in which a change concerns the call, and whether it does so below them too.
    pub(super) fn watched(&self) -> BTreeMap<PathBuf, bool> {
        let (here, named) = self
            .roots
            .split_last()
            .map_or((None, &[][..]), |(here, named)| {
                (Some(here.as_path()), named)
            });
        let is_below = |folder: &Path| named.iter().any(|named| folder.starts_with(named));
        let parents = self.files.iter().filter_map(|file| file.parent());
        let single = parents.chain(here).filter(|folder| !is_below(folder));
        let single = single.map(|folder| (folder.to_owned(), false));
        single
            .chain(named.iter().map(|folder| (folder.clone(), true)))
            .collect()
    }

    /// Forgets what is known of files that have changed, and finds them anew. Whether anything may be different.
    pub(super) fn refresh(&mut self, paths: &[PathBuf], request: &Request) -> bool {
        let is_input = |path: &PathBuf| {
            let is_settings = path
                .extension()
                .is_some_and(|extension| extension == "toml");
            is_python(path) || is_settings || is_note(path)
        };
        let mut changed: Vec<PathBuf> = paths
            .iter()
            .filter(|path| is_input(path))
            .cloned()
            .collect();
        // of a folder: what is in it
        let below = self
            .files
            .iter()
            .filter(|file| paths.iter().any(|path| file.starts_with(path)));
        changed.extend(below.cloned());
        self.analysis.changed_on_disk(&changed);
        // a file that is being replaced may be missing for a moment; that is said of it
        let input = collect::input(request, &self.here, &self.analysis.snapshot());
        let (files, unread) = match input {
            Ok(input) => (input.files, input.unread),
            Err(_) => (self.files.clone(), Vec::new()),
        };
        let is_different = !changed.is_empty() || files != self.files || unread != self.unread;
        self.files = files;
        self.unread = unread;
        is_different
    }

    fn fixed(&mut self, fixing: Fixing) -> FixedFiles {
        fix::fixed(
            &mut self.analysis,
            &self.files,
            fixing,
            &self.roots,
            &self.here,
        )
    }

    /// Makes fixes in the files.
    fn fix(&mut self, fixing: Fixing) {
        interrupt::wait_for_whole_work();
        let mut fixed = self.fixed(fixing);
        fixed.write();
        self.unread.extend(fixed.problems());
        // what counts is what stands there now
        for path in fixed.paths() {
            self.analysis.close(path);
        }
    }

    /// Prints fixes as a patch; returns the exit code. What is wrong is said on stderr.
    fn print_fixes(
        mut self,
        fixing: Fixing,
        request: &Request,
        out: &mut dyn Write,
    ) -> Result<u8, CheckError> {
        let snapshot = self.analysis.snapshot();
        let mut fixed = self.fixed(fixing);
        let written = fixed.write_patch(out);
        let has_any = *written.as_ref().unwrap_or(&true);
        finish(written.map(drop), out)?;
        self.unread.extend(fixed.problems());
        let settings = collect::settings_problems(&self.files, &snapshot, &self.here);
        for problem in settings.iter().chain(&self.unread) {
            let mut line = Vec::new();
            if text::write_problem(problem, &mut line).is_ok() {
                eprint!("marginote: {}", String::from_utf8_lossy(&line));
            }
        }
        Ok(match (settings.is_empty(), self.unread.is_empty()) {
            (false, _) => 2,
            (true, false) => 3,
            (true, true) => u8::from(has_any && request.fail_on.is_some()),
        })
    }
}
