//! Layers of settings into what applies.

use std::path::Path;

use globset::{Glob, GlobSet};

use super::peers::RuffSelection;
use super::{DEFAULT_EXCLUDE, DEFAULT_PYTHON, PythonVersion, Settings, SettingsProblem, read};
use crate::knowledge::{Knowledge, rule_names};
use crate::rules::{RuleSelector, Severity};

/// What applies to the files of a folder.
#[derive(Debug)]
pub struct Config {
    /// Codes, sorted.
    enabled: Vec<&'static str>,
    per_file_ignores: Vec<(GlobSet, Vec<RuleSelector>)>,
    /// The later wins among equally close ones.
    severity: Vec<(RuleSelector, Severity)>,
    exclude: GlobSet,
    /// What Ruff reports, where that lowers our findings.
    deferred: Option<RuffSelection>,
    /// The oldest Python that the code must run on.
    pub python_version: PythonVersion,
    /// Whether the code is meant to run without the GIL.
    pub free_threaded: bool,
    /// Whether what `.gitignore` names is left out.
    pub respect_gitignore: bool,
    /// Qualified names of calls whose results never change (MUT001).
    pub immutable_calls: Vec<String>,
    /// What is wrong in the configuration file.
    pub problems: Vec<SettingsProblem>,
}

impl Config {
    /// Lays the layers over the defaults, the later over the earlier.
    pub(super) fn resolve(
        layers: &[&Settings],
        requires_python: Option<PythonVersion>,
        ruff: Option<&RuffSelection>,
        problems: Vec<SettingsProblem>,
    ) -> Config {
        let defer = last(layers, |layer| layer.defer).unwrap_or(true);
        let version = last(layers, |layer| layer.python_version).or(requires_python);
        Config {
            enabled: enabled(layers),
            per_file_ignores: layers.iter().flat_map(|l| per_file(l)).collect(),
            severity: layers.iter().flat_map(|l| l.severity.clone()).collect(),
            exclude: exclude(layers),
            deferred: ruff.filter(|_| defer).cloned(),
            python_version: version.unwrap_or(DEFAULT_PYTHON),
            free_threaded: last(layers, |layer| layer.free_threaded).unwrap_or(false),
            respect_gitignore: last(layers, |layer| layer.respect_gitignore).unwrap_or(true),
            immutable_calls: layers
                .iter()
                .flat_map(|layer| layer.immutable_calls.clone())
                .collect(),
            problems,
        }
    }

    /// Whether a rule runs at all.
    pub fn enabled(&self, code: &str) -> bool {
        self.enabled.binary_search(&code).is_ok()
    }

    /// The codes of the rules that run on a file, sorted: the enabled ones without what `per-file-ignores` says of it.
    pub fn enabled_in(&self, file: &Path) -> Vec<&'static str> {
        let ignored: Vec<&RuleSelector> = self
            .per_file_ignores
            .iter()
            .filter(|(globs, _)| globs.is_match(file))
            .flat_map(|(_, rules)| rules)
            .collect();
        let runs = |code: &&&str| !ignored.iter().any(|rule| rule.matches(code));
        self.enabled.iter().filter(runs).copied().collect()
    }

    /// The severity to report, where the rule says `severity`.
    pub fn severity(&self, code: &str, severity: Severity) -> Severity {
        let said = self
            .severity
            .iter()
            .filter_map(|(rule, severity)| Some((rule.closeness(code)?, *severity)))
            // Of equally close ones `max_by_key` takes the last.
            .max_by_key(|(closeness, _)| *closeness);
        match said {
            Some((_, said)) => said,
            None if self.reported_by_ruff(code) => Severity::Hint,
            None => severity,
        }
    }

    /// Whether the project's Ruff reports the same.
    fn reported_by_ruff(&self, code: &str) -> bool {
        let Some(ruff) = &self.deferred else {
            return false;
        };
        let card = Knowledge::builtin().rule(code);
        let peers = card.map_or(&[][..], |card| card.peer_codes("ruff"));
        peers.iter().any(|peer| ruff.selects(peer))
    }

    /// Whether this file or folder itself is left out. Whoever walks a tree asks for every folder on the way.
    pub fn excluded(&self, path: &Path) -> bool {
        self.exclude.is_match(path)
    }

    /// Whether a file below `root`, or a folder on the way to it, is left out. `root` itself, and what is not below it, was asked for and is not left out.
    pub fn excluded_below(&self, root: &Path, file: &Path) -> bool {
        file.starts_with(root)
            && file
                .ancestors()
                .take_while(|path| *path != root)
                .any(|path| self.excluded(path))
    }
}

/// What the latest layer says that says something.
fn last<T>(layers: &[&Settings], said: impl Fn(&Settings) -> Option<T>) -> Option<T> {
    layers.iter().rev().find_map(|layer| said(layer))
}

/// The rules that run. A layer's `select` starts anew; in a layer the closest name wins, and of equally close ones `ignore`.
fn enabled(layers: &[&Settings]) -> Vec<&'static str> {
    let closest = |rules: &[RuleSelector], code: &str| {
        let closeness = rules.iter().filter_map(|rule| rule.closeness(code));
        closeness.max()
    };
    let runs = |code: &str| {
        let mut runs = true;
        for layer in layers {
            let selected = layer.select.as_deref().map(|rules| closest(rules, code));
            if let Some(selected) = selected {
                runs = selected.is_some();
            }
            let named = closest(&layer.extend_select, code).max(selected.flatten());
            let ignored = closest(&layer.ignore, code);
            if named.is_some() || ignored.is_some() {
                runs = named > ignored;
            }
        }
        runs
    };
    let codes = rule_names().iter().map(|(code, _)| *code);
    codes.filter(|code| runs(code)).collect()
}

fn per_file(layer: &Settings) -> impl Iterator<Item = (GlobSet, Vec<RuleSelector>)> {
    let ignores = layer.per_file_ignores.iter();
    ignores.map(|(globs, rules)| (set(globs), rules.clone()))
}

fn exclude(layers: &[&Settings]) -> GlobSet {
    let mut globs = match last(layers, |layer| layer.exclude.clone()) {
        Some(said) => said,
        None => DEFAULT_EXCLUDE
            .iter()
            .map(|name| {
                let [own, _inside] = read::globs(None, name).expect("a folder's name is a glob");
                own
            })
            .collect(),
    };
    globs.extend(layers.iter().flat_map(|l| l.extend_exclude.clone()));
    set(&globs)
}

/// The globs as one matcher. One that is too big to compile matches nothing.
fn set(globs: &[Glob]) -> GlobSet {
    GlobSet::new(globs).unwrap_or_else(|error| {
        tracing::warn!("globs in the settings are not used: {error}");
        GlobSet::empty()
    })
}
