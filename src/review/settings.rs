//! `marginote config`: what applies to a path and where it is said; `marginote init`: a file to begin with.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::Value as Json;

use super::format::{json, text};
use super::{CheckError, Format, Missing, Problem, collect, finish, shown};
use crate::config::{Applied, Config, ConfigCache};

/// What `marginote init` writes.
const TEMPLATE: &str = include_str!("../config/template.toml");

/// The name of the file that it writes.
const NAME: &str = "marginote.toml";

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    path: &'a str,
    settings: Vec<Setting<'a>>,
    rules: &'a [&'static str],
    excluded: bool,
    errors: Vec<json::JsonError<'a>>,
}

#[derive(Serialize)]
struct Setting<'a> {
    key: &'a str,
    value: &'a Json,
    /// None for a default.
    path: Option<String>,
    /// From 1.
    line: Option<usize>,
}

/// Writes what applies to a file, or to the files of a folder, and where each value comes from; returns the exit code.
///
/// # Errors
/// When there is no such path, or nothing can be written.
pub fn config(path: &Path, format: Format, out: &mut dyn Write) -> Result<u8, CheckError> {
    let here = std::env::current_dir().map_err(CheckError::WorkingDirectory)?;
    let absolute = collect::plain(&here.join(path));
    if absolute.symlink_metadata().is_err() {
        return Err(Missing(path.to_string_lossy().into_owned()).into());
    }
    let file = match absolute.is_dir() {
        true => absolute.join("any.py"),
        false => absolute.clone(),
    };
    let cache = ConfigCache::new(Vec::new(), true).in_folders(vec![here.clone()]);
    let config = cache.for_file(&file);
    let problems = config.problems.iter().map(|problem| Problem {
        shown: shown(&problem.path, &here),
        line: problem.line,
        message: problem.message.clone(),
    });
    let page = Page {
        name: shown(&absolute, &here),
        applied: cache.applied(&file),
        rules: config.enabled_in(&file),
        is_excluded: config.excluded_below(&here, &absolute),
        problems: problems.collect(),
        here,
    };
    let written = match format {
        Format::Text => page.write(&config, out),
        Format::Json => json::write_document(&page.document(), out),
    };
    finish(written, out)?;
    Ok(if page.problems.is_empty() { 0 } else { 2 })
}

/// What applies to a path.
struct Page {
    name: String,
    applied: Vec<Applied>,
    rules: Vec<&'static str>,
    is_excluded: bool,
    problems: Vec<Problem>,
    here: PathBuf,
}

impl Page {
    fn document(&self) -> Document<'_> {
        let setting = |applied: &'_ Applied| {
            let said = applied.said.as_ref();
            (
                said.map(|(path, _)| shown(path, &self.here)),
                said.map(|(_, line)| *line),
            )
        };
        let settings = self.applied.iter().map(|applied| {
            let (path, line) = setting(applied);
            Setting {
                key: applied.key,
                value: &applied.value,
                path,
                line,
            }
        });
        Document {
            version: 1,
            path: &self.name,
            settings: settings.collect(),
            rules: &self.rules,
            excluded: self.is_excluded,
            errors: self.problems.iter().map(json::error).collect(),
        }
    }

    fn write(&self, config: &Config, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "what applies to {}:\n", text::visible(&self.name))?;
        let mut lines: Vec<(String, String)> = Vec::new();
        for applied in &self.applied {
            let from = match &applied.said {
                Some((path, line)) => format!("{}:{line}", shown(path, &self.here)),
                None => "default".to_owned(),
            };
            match &applied.value {
                Json::Object(entries) if !entries.is_empty() => {
                    for (name, value) in entries {
                        let name = Json::from(name.as_str());
                        lines.push((format!("{}.{name} = {value}", applied.key), from.clone()));
                    }
                }
                value => lines.push((format!("{} = {value}", applied.key), from)),
            }
        }
        for (setting, from) in lines {
            writeln!(
                out,
                "{:<44}  # {}",
                text::visible(&setting),
                text::visible(&from)
            )?;
        }
        let all = config.knowledge.rule_names();
        writeln!(out, "\n{} of {} rules run", self.rules.len(), all.len())?;
        let silent = all.iter().map(|(code, _)| *code);
        let silent: Vec<&str> = silent.filter(|code| !self.rules.contains(code)).collect();
        if !silent.is_empty() {
            writeln!(out, "these do not: {}", silent.join(", "))?;
        }
        if self.is_excluded {
            writeln!(out, "it is left out where a folder is checked (exclude)")?;
        }
        for problem in &self.problems {
            text::write_problem(problem, out)?;
        }
        Ok(())
    }
}

/// Why there is no new configuration file.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    #[error("there is a `{NAME}` here already: it is left as it is")]
    Exists,
    #[error(
        "the settings here stand in `pyproject.toml`, which a `{NAME}` would hide: nothing is written"
    )]
    InPyproject,
    #[error("`{NAME}` cannot be written: {0}")]
    Unwritten(io::Error),
}

/// Writes a `marginote.toml` with everything commented out into the working directory.
///
/// # Errors
/// When there is one, or it cannot be written.
pub fn init() -> Result<(), InitError> {
    let here = std::env::current_dir().map_err(InitError::Unwritten)?;
    let applied = ConfigCache::new(Vec::new(), true).applied(&here.join("any.py"));
    let pyproject = here.join("pyproject.toml");
    // `requires-python` is said for others too
    let mut said = applied
        .iter()
        .filter(|applied| applied.key != "python-version");
    if said.any(|applied| {
        applied
            .said
            .as_ref()
            .is_some_and(|(path, _)| *path == pyproject)
    }) {
        return Err(InitError::InPyproject);
    }
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(here.join(NAME));
    let written = file.and_then(|mut file| file.write_all(TEMPLATE.as_bytes()));
    written.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => InitError::Exists,
        _ => InitError::Unwritten(error),
    })
}
