//! Layers of settings into what applies.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use globset::{Glob, GlobSet};

use super::cards::Cards;
use super::peers::RuffSelection;
use super::{
    DEFAULT_EXCLUDE, DEFAULT_PYTHON, NotesFiles, NotesPath, PythonVersion, Settings,
    SettingsProblem, notes, read,
};
use crate::knowledge::Knowledge;
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
    /// Whether an editor shows over a section of a note where the code uses what it explains, and over some definitions what they are.
    pub code_lens: bool,
    /// Whether an editor shows hints beside defaults and threaded functions.
    pub inlay_hints: bool,
    /// Qualified names of calls whose results never change (MUT001).
    pub immutable_calls: Vec<String>,
    /// Where the user's notes and cards stand.
    pub notes: Vec<NotesPath>,
    /// The built-in cards and the user's.
    pub knowledge: Arc<Knowledge>,
    /// What is wrong in the configuration file, with the paths of notes, and in the user's cards.
    pub problems: Vec<SettingsProblem>,
    /// Names of rules that an editor or a command line says and no rule has here, and what is wrong with each, for people.
    pub unknown_rules: BTreeMap<String, String>,
}

impl Config {
    /// Lays the layers over the defaults, the later over the earlier. `folders` are what relative paths of notes start from.
    pub(super) fn resolve(
        layers: &[&Settings],
        requires_python: Option<PythonVersion>,
        ruff: Option<&RuffSelection>,
        folders: &[PathBuf],
        cards: &Cards,
        mut problems: Vec<SettingsProblem>,
    ) -> Config {
        let exclude = exclude(layers);
        let respect_gitignore = last(layers, |layer| layer.respect_gitignore).unwrap_or(true);
        let notes = layers.iter().flat_map(|layer| &layer.notes);
        let notes: Vec<NotesPath> = notes.flat_map(|path| path.in_folders(folders)).collect();
        let known = cards.of(&notes, respect_gitignore, &exclude);
        problems.extend(known.problems.iter().cloned());
        let knowledge = Arc::clone(&known.knowledge);
        let mut unknown_rules = BTreeMap::new();
        for unknown in layers.iter().flat_map(|layer| &layer.unknown_rules) {
            let Err(message) = RuleSelector::parse(&unknown.word, knowledge.rule_names()) else {
                continue;
            };
            let message = format!("`{}`: {message}", unknown.key);
            match unknown.said.clone() {
                Some((path, line)) => problems.push(SettingsProblem {
                    path,
                    line: Some(line),
                    message,
                }),
                None => {
                    unknown_rules.insert(unknown.word.clone(), message);
                }
            }
        }
        problems.sort();
        let layers: Vec<Settings> = layers
            .iter()
            .map(|layer| with_rules(layer, knowledge.rule_names()))
            .collect();
        let layers = &layers.iter().collect::<Vec<_>>()[..];
        let defer = last(layers, |layer| layer.defer).unwrap_or(true);
        let version = last(layers, |layer| layer.python_version).or(requires_python);
        Config {
            enabled: enabled(layers, knowledge.rule_names()),
            per_file_ignores: layers.iter().flat_map(|l| per_file(l)).collect(),
            severity: layers.iter().flat_map(|l| l.severity.clone()).collect(),
            exclude,
            deferred: ruff.filter(|_| defer).cloned(),
            python_version: version.unwrap_or(DEFAULT_PYTHON),
            free_threaded: last(layers, |layer| layer.free_threaded).unwrap_or(false),
            respect_gitignore,
            code_lens: last(layers, |layer| layer.code_lens).unwrap_or(false),
            inlay_hints: last(layers, |layer| layer.inlay_hints).unwrap_or(false),
            immutable_calls: layers
                .iter()
                .flat_map(|layer| layer.immutable_calls.clone())
                .collect(),
            notes,
            knowledge,
            problems,
            unknown_rules,
        }
    }

    /// The files of notes at these paths.
    pub fn notes_files(&self, paths: &[NotesPath]) -> NotesFiles {
        notes::files(paths, self.respect_gitignore, &self.exclude)
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
        let card = self.knowledge.rule(code);
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

/// The layer with the names of the user's rules known. A name that no rule has says nothing.
fn with_rules(layer: &Settings, rules: &[(&'static str, &'static str)]) -> Settings {
    let mut layer = layer.clone();
    let known = |rule: &RuleSelector| match rule {
        RuleSelector::Unknown(word) => RuleSelector::parse(word, rules).ok(),
        rule => Some(rule.clone()),
    };
    let all_known = |rules: &Vec<RuleSelector>| rules.iter().filter_map(known).collect::<Vec<_>>();
    // a list of which nothing is right says nothing: it must not switch every rule off
    if let Some(select) = layer.select.take_if(|select| !select.is_empty()) {
        layer.select = Some(all_known(&select)).filter(|known| !known.is_empty());
    }
    layer.extend_select = all_known(&layer.extend_select);
    layer.ignore = all_known(&layer.ignore);
    for (_, rules) in &mut layer.per_file_ignores {
        *rules = all_known(rules);
    }
    let severities = layer.severity.iter();
    layer.severity = severities
        .filter_map(|(rule, severity)| Some((known(rule)?, *severity)))
        .collect();
    layer
}

/// The rules that run. A layer's `select` starts anew; in a layer the closest name wins, and of equally close ones `ignore`.
fn enabled(layers: &[&Settings], rules: &[(&'static str, &'static str)]) -> Vec<&'static str> {
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
    let codes = rules.iter().map(|(code, _)| *code);
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
