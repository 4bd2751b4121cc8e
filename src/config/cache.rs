//! Finds the configuration of a file: from its folder upwards, each folder read once.

use std::borrow::Cow;
use std::fmt;
use std::fs;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustc_hash::FxHashMap;
use toml::de::{DeTable, DeValue};

use super::cards::Cards;
use super::peers::RuffSelection;
use super::read::{line, lowest_version, problem};
use super::{Config, PythonVersion, Said, Settings, SettingsProblem};

/// A longer file is no configuration.
const MAX_BYTES: u64 = 1 << 20;

/// The configurations of all folders that were asked about.
///
/// Invariant: only files in the folders above a file are read for it, also where such a file is a link (test `nothing_outside_is_read`).
pub struct ConfigCache {
    /// What an editor and a command line say, the latter last.
    overrides: Vec<Settings>,
    /// Whether configuration files are read at all.
    files: bool,
    /// What relative paths of the overrides start from.
    folders: Vec<PathBuf>,
    cards: Cards,
    known: Mutex<FxHashMap<PathBuf, Known>>,
}

/// The lowest version that a project allows, and the file and the line, from 1, that says it.
pub(super) type RequiresPython = (PythonVersion, PathBuf, usize);

/// What is known of a folder.
#[derive(Clone)]
struct Known {
    sources: Sources,
    config: Arc<Config>,
}

/// What the files in a folder and above it say, each from the nearest file that says it.
#[derive(Clone, Debug, Default)]
struct Sources {
    settings: Option<Arc<(Settings, Vec<SettingsProblem>)>>,
    requires_python: Option<RequiresPython>,
    ruff: Option<Arc<RuffSelection>>,
}

impl ConfigCache {
    /// Nothing is read yet. `overrides` are laid over the files, in order; without `files` they stand alone.
    pub fn new(overrides: Vec<Settings>, files: bool) -> ConfigCache {
        ConfigCache {
            overrides,
            files,
            folders: Vec::new(),
            cards: Cards::default(),
            known: Mutex::default(),
        }
    }

    /// The same settings in a workspace of these folders, from which the relative paths of the overrides start.
    pub fn in_folders(&self, folders: Vec<PathBuf>) -> ConfigCache {
        ConfigCache {
            folders,
            ..ConfigCache::new(self.overrides.clone(), self.files)
        }
    }

    /// What applies to a file. The file need not exist.
    pub fn for_file(&self, file: &Path) -> Arc<Config> {
        let file = plain(file);
        self.for_folder(file.parent().unwrap_or(&file))
    }

    /// What applies to the files directly in a folder.
    pub fn for_folder(&self, folder: &Path) -> Arc<Config> {
        self.folder(&plain(folder)).config
    }

    /// What the configuration files that apply to a file say.
    pub(super) fn sources_of(&self, file: &Path) -> (Vec<Said>, Option<RequiresPython>) {
        let file = plain(file);
        let sources = self.folder(file.parent().unwrap_or(&file)).sources;
        let said = sources.settings.map(|settings| settings.0.said.clone());
        (said.unwrap_or_default(), sources.requires_python)
    }

    /// What applies where there is no configuration file.
    pub fn without_files(&self) -> Arc<Config> {
        self.known(Sources::default()).config
    }

    /// Writes down what an editor and a command line say.
    ///
    /// # Errors
    /// When `out` cannot be written to.
    pub fn describe_overrides(&self, out: &mut impl fmt::Write) -> fmt::Result {
        write!(
            out,
            "{:?} {:?} {}",
            self.overrides, self.folders, self.files
        )
    }

    /// Writes down everything that was said about the folders that were asked about, and by the user's cards.
    ///
    /// # Errors
    /// When `out` cannot be written to.
    pub fn describe(&self, out: &mut impl fmt::Write) -> fmt::Result {
        self.describe_overrides(out)?;
        let known = self.lock();
        let mut folders: Vec<_> = known.iter().collect();
        folders.sort_by_key(|(folder, _)| *folder);
        for (folder, own) in folders {
            let above = folder.parent().and_then(|above| known.get(above));
            if above.is_some_and(|above| Arc::ptr_eq(&above.config, &own.config)) {
                continue;
            }
            let cards = own.config.knowledge.digest();
            write!(out, " {folder:?} {:?} {cards}", own.sources)?;
        }
        Ok(())
    }

    /// Whether notes are named for any of the folders that were asked about.
    pub fn has_notes(&self) -> bool {
        let known = self.lock();
        known.values().any(|known| !known.config.notes.is_empty())
    }

    /// Forgets what was read: files have changed. Cards are forgotten only with `notes`: to read them again takes time.
    pub fn forget(&self, notes: bool) {
        self.lock().clear();
        if notes {
            self.cards.forget();
        }
    }

    fn lock(&self) -> MutexGuard<'_, FxHashMap<PathBuf, Known>> {
        // Whoever panicked left a map that is right as far as it goes.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn folder(&self, folder: &Path) -> Known {
        // The nearest folder that is known, then down again from there.
        let mut above = None;
        let mut unknown = Vec::new();
        for folder in folder.ancestors() {
            above = self.lock().get(folder).cloned();
            if above.is_some() {
                break;
            }
            unknown.push(folder);
        }
        let mut known = above.unwrap_or_else(|| self.known(Sources::default()));
        for folder in unknown.into_iter().rev() {
            if self.files
                && let Some(sources) = read_folder(folder, &known.sources)
            {
                known = self.known(sources);
            }
            self.lock().insert(folder.to_owned(), known.clone());
        }
        known
    }

    fn known(&self, sources: Sources) -> Known {
        let mut layers: Vec<&Settings> = Vec::new();
        let mut problems = Vec::new();
        if let Some(file) = &sources.settings {
            layers.push(&file.0);
            problems.clone_from(&file.1);
        }
        layers.extend(&self.overrides);
        let config = Config::resolve(
            &layers,
            sources.requires_python.as_ref().map(|requires| requires.0),
            sources.ruff.as_deref(),
            &self.folders,
            &self.cards,
            problems,
        );
        Known {
            config: Arc::new(config),
            sources,
        }
    }
}

/// The path, absolute and without `.` and `..`, so that its ancestors are the folders that it is in.
fn plain(path: &Path) -> Cow<'_, Path> {
    // asked for after every edit; paths are compared by their components, which know of no `.` within
    let is_parent = |component: Component<'_>| component == Component::ParentDir;
    if path.is_absolute() && !path.components().any(is_parent) {
        return Cow::Borrowed(path);
    }
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut plain = PathBuf::new();
    for component in absolute.components() {
        if is_parent(component) {
            plain.pop();
        } else {
            plain.push(component);
        }
    }
    Cow::Owned(plain)
}

/// What applies in a folder, when it is not the same as in the folder above.
fn read_folder(folder: &Path, above: &Sources) -> Option<Sources> {
    let mut sources = above.clone();
    let mut changed = false;
    let pyproject = folder.join("pyproject.toml");
    if let Ok(Some(text)) = read(folder, &pyproject) {
        changed |= read_pyproject(&pyproject, &text, &mut sources);
    }
    for name in ["ruff.toml", ".ruff.toml"] {
        if let Ok(Some(text)) = read(folder, &folder.join(name)) {
            let table = DeTable::parse_recoverable(&text).0;
            sources.ruff = Some(Arc::new(RuffSelection::read(table.get_ref())));
            changed = true;
        }
    }
    let own = folder.join("marginote.toml");
    match read(folder, &own) {
        Ok(None) => {}
        Ok(Some(text)) => {
            sources.settings = Some(Arc::new(read_own(&own, &text)));
            changed = true;
        }
        Err(error) => {
            let message = format!("this file is not used: {error}");
            let problems = vec![problem(&own, "", 0..0, message)];
            sources.settings = Some(Arc::new((Settings::default(), problems)));
            changed = true;
        }
    }
    changed.then_some(sources)
}

/// The text of a configuration file. None where there is none.
fn read(folder: &Path, path: &Path) -> io::Result<Option<String>> {
    let metadata = match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        metadata => metadata?,
    };
    // A device or a pipe could be read for ever, and a link could lead to another's files.
    if !metadata.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    let real = fs::canonicalize(path)?;
    let inside = real.parent().is_some_and(|home| {
        let folder = fs::canonicalize(folder);
        folder.is_ok_and(|folder| folder.starts_with(home))
    });
    if !inside {
        return Err(io::Error::other(
            "it is a link that leads out of the folders above it",
        ));
    }
    let mut bytes = Vec::new();
    fs::File::open(real)?
        .take(MAX_BYTES + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(io::Error::other("it is longer than 1 MiB"));
    }
    let text = String::from_utf8(bytes).map_err(|_| io::Error::other("it is not UTF-8"))?;
    // Some editors on Windows write a byte order mark, which is no TOML.
    Ok(Some(text.trim_start_matches('\u{feff}').to_owned()))
}

fn read_own(path: &Path, text: &str) -> (Settings, Vec<SettingsProblem>) {
    let (table, errors) = DeTable::parse_recoverable(text);
    settings(table.get_ref(), path, text, &errors)
}

/// Reads what a `pyproject.toml` says. Whether it said anything.
fn read_pyproject(path: &Path, text: &str, sources: &mut Sources) -> bool {
    let (table, errors) = DeTable::parse_recoverable(text);
    let table = table.get_ref();
    let mut changed = false;
    let project = table.get("project").map(|project| project.get_ref());
    let requires = project.and_then(|project| project.get("requires-python"));
    if let Some(requires) = requires
        && let Some(version) = requires.get_ref().as_str().and_then(lowest_version)
    {
        let line = line(text, &requires.span());
        sources.requires_python = Some((version, path.to_owned(), line));
        changed = true;
    }
    let tool = table.get("tool").map(|tool| tool.get_ref());
    let tool = |name: &str| tool.and_then(|tool| tool.get(name)).map(|t| t.get_ref());
    if let Some(ruff) = tool("ruff").and_then(DeValue::as_table) {
        sources.ruff = Some(Arc::new(RuffSelection::read(ruff)));
        changed = true;
    }
    if let Some(own) = tool("marginote").and_then(DeValue::as_table) {
        sources.settings = Some(Arc::new(settings(own, path, text, &errors)));
        changed = true;
    }
    changed
}

/// The settings in a table, and what is wrong with them.
fn settings(
    table: &DeTable,
    path: &Path,
    text: &str,
    errors: &[toml::de::Error],
) -> (Settings, Vec<SettingsProblem>) {
    let (mut settings, problems) = Settings::from_toml(table, path, text);
    let Some(error) = errors.first() else {
        return (settings, problems);
    };
    // Whatever else looks wrong, also to the parser, may follow from the first error.
    let message = format!("this is no TOML: {}", error.message());
    settings.unknown_rules.clear();
    let first = problem(path, text, error.span().unwrap_or(0..0), message);
    (settings, vec![first])
}
