//! Settings out of TOML and JSON: both become one tree of values, and one reader reads it.

use std::ops::Range;
use std::path::{Path, PathBuf};

use globset::{Glob, GlobBuilder};
use serde_json::Value as Json;
use toml::Spanned;
use toml::de::{DeFloat, DeInteger, DeTable, DeValue};

use super::applied::json;
use super::{NotesPath, PythonVersion, Said, Settings, SettingsProblem, UnknownRule};
use crate::knowledge::rule_names;
use crate::nearest::did_you_mean;
use crate::rules::{RuleSelector, Severity};

/// The keys of a layer, as files and editors write them.
pub(super) const KEYS: &[&str] = &[
    "code-lens",
    "defer",
    "exclude",
    "extend-exclude",
    "extend-select",
    "free-threaded",
    "ignore",
    "immutable-calls",
    "inlay-hints",
    "notes",
    "per-file-ignores",
    "python-version",
    "respect-gitignore",
    "select",
    "severity",
];

type Value<'a> = Spanned<DeValue<'a>>;

impl Settings {
    /// What an editor or another program sets, and what is wrong with it. The keys are those of the configuration file; relative globs match in any folder.
    pub fn from_json(value: &Json) -> (Settings, Vec<String>) {
        let value = tree(value);
        let Some(table) = value.get_ref().as_table() else {
            let message = "settings are an object of keys and values";
            return (Settings::default(), vec![message.to_owned()]);
        };
        let (settings, problems) = read(table, None, "");
        (settings, problems.into_iter().map(|(_, m)| m).collect())
    }

    /// What a command line says with `--select` and `--ignore`.
    pub fn from_options(select: Option<&[String]>, ignore: &[String]) -> Settings {
        let mut reader = Reader {
            file: None,
            text: "",
            unknown_rules: Vec::new(),
            problems: Vec::new(),
        };
        let mut rules = |option: &str, words: &[String]| {
            let words = words.iter().map(|word| word.trim());
            let rules = words.map(|word| reader.rule(option, word, &(0..0)));
            rules.collect::<Vec<_>>()
        };
        let (select, ignore) = (
            select.map(|words| rules("--select", words)),
            rules("--ignore", ignore),
        );
        Settings {
            select,
            ignore,
            unknown_rules: reader.unknown_rules,
            ..Settings::default()
        }
    }

    /// The settings in this table of a configuration file, and what is wrong with them. `text` is the file's.
    pub(super) fn from_toml(
        table: &DeTable,
        file: &Path,
        text: &str,
    ) -> (Settings, Vec<SettingsProblem>) {
        let (settings, problems) = read(table, Some(file), text);
        let problem = |(span, message): (Range<usize>, String)| problem(file, text, span, message);
        let mut problems: Vec<_> = problems.into_iter().map(problem).collect();
        problems.sort();
        (settings, problems)
    }
}

/// A problem at these bytes of a file.
pub(super) fn problem(
    file: &Path,
    text: &str,
    span: Range<usize>,
    message: String,
) -> SettingsProblem {
    SettingsProblem {
        path: PathBuf::from(file),
        line: Some(line(text, &span)),
        message,
    }
}

/// The line, from 1, in which a range begins.
pub(super) fn line(text: &str, span: &Range<usize>) -> usize {
    let before = &text.as_bytes()[..span.start.min(text.len())];
    1 + memchr::memchr_iter(b'\n', before).count()
}

fn read(
    table: &DeTable,
    file: Option<&Path>,
    text: &str,
) -> (Settings, Vec<(Range<usize>, String)>) {
    let mut reader = Reader {
        file,
        text,
        unknown_rules: Vec::new(),
        problems: Vec::new(),
    };
    let mut settings = Settings::default();
    for (key, value) in table {
        let problems = reader.problems.len();
        reader.key(&mut settings, key, value);
        // of lists and tables what is right applies
        let is_some = value.get_ref().is_array() || value.get_ref().is_table();
        if let Some(path) = file
            && (is_some || reader.problems.len() == problems)
        {
            settings.said.push(Said {
                key: key.get_ref().to_string(),
                value: json(value.get_ref(), 2),
                path: path.to_owned(),
                line: line(text, &key.span()),
            });
        }
    }
    settings.unknown_rules = reader.unknown_rules;
    (settings, reader.problems)
}

/// Reads values, and keeps what is wrong with them.
struct Reader<'a> {
    /// The file, from whose folder relative globs start. None: they match in any folder.
    file: Option<&'a Path>,
    /// The file's text.
    text: &'a str,
    unknown_rules: Vec<UnknownRule>,
    /// In bytes of the file.
    problems: Vec<(Range<usize>, String)>,
}

impl Reader<'_> {
    fn key(
        &mut self,
        settings: &mut Settings,
        key: &Spanned<std::borrow::Cow<str>>,
        value: &Value,
    ) {
        match key.get_ref().as_ref() {
            "select" => {
                // A list of which nothing is right says nothing: it must not switch every rule off.
                let rules = self.rules("select", value);
                settings.select = rules.filter(|rules| !rules.is_empty() || is_empty(value));
            }
            "ignore" => settings.ignore = self.rules("ignore", value).unwrap_or_default(),
            "extend-select" => {
                settings.extend_select = self.rules("extend-select", value).unwrap_or_default();
            }
            "per-file-ignores" => settings.per_file_ignores = self.per_file_ignores(value),
            "severity" => settings.severity = self.severities(value),
            "python-version" => settings.python_version = self.python_version(value),
            "free-threaded" => settings.free_threaded = self.boolean("free-threaded", value),
            "exclude" => settings.exclude = self.excludes("exclude", value),
            "extend-exclude" => {
                settings.extend_exclude =
                    self.excludes("extend-exclude", value).unwrap_or_default();
            }
            "respect-gitignore" => {
                settings.respect_gitignore = self.boolean("respect-gitignore", value);
            }
            "code-lens" => settings.code_lens = self.boolean("code-lens", value),
            "inlay-hints" => settings.inlay_hints = self.boolean("inlay-hints", value),
            "defer" => settings.defer = self.boolean("defer", value),
            "immutable-calls" => {
                let names = self.strings("immutable-calls", value).unwrap_or_default();
                settings.immutable_calls = names.into_iter().map(|(name, _)| name).collect();
            }
            "notes" => settings.notes = self.notes(value),
            unknown => {
                let right = did_you_mean(unknown, KEYS.iter().copied());
                let message = format!("there is no setting `{unknown}`{right}");
                self.problems.push((key.span(), message));
            }
        }
    }

    fn wrong(&mut self, key: &str, value: &Value, expected: &str) {
        let found = value.get_ref().type_str();
        let message = format!("`{key}` must be {expected}; this is of type {found}");
        self.problems.push((value.span(), message));
    }

    fn boolean(&mut self, key: &str, value: &Value) -> Option<bool> {
        let found = value.get_ref().as_bool();
        if found.is_none() {
            self.wrong(key, value, "true or false");
        }
        found
    }

    fn strings(&mut self, key: &str, value: &Value) -> Option<Vec<(String, Range<usize>)>> {
        let Some(array) = value.get_ref().as_array() else {
            self.wrong(key, value, "a list of strings");
            return None;
        };
        let mut strings = Vec::new();
        for item in array {
            match item.get_ref().as_str() {
                Some(text) => strings.push((text.to_owned(), item.span())),
                None => self.wrong(key, item, "a list of strings"),
            }
        }
        Some(strings)
    }

    fn rules(&mut self, key: &str, value: &Value) -> Option<Vec<RuleSelector>> {
        let words = self.strings(key, value)?;
        let rules = words.iter().map(|(word, span)| self.rule(key, word, span));
        Some(rules.collect())
    }

    /// A rule by its name. Whether a name that no built-in rule has is a card's is found out when cards are known.
    fn rule(&mut self, key: &str, word: &str, span: &Range<usize>) -> RuleSelector {
        RuleSelector::parse(word, rule_names()).unwrap_or_else(|_| {
            self.unknown_rules.push(UnknownRule {
                word: word.to_owned(),
                key: key.to_owned(),
                said: self.said(span),
            });
            RuleSelector::Unknown(word.into())
        })
    }

    /// Where something is said.
    fn said(&self, span: &Range<usize>) -> Option<(PathBuf, usize)> {
        let file = self.file?.to_owned();
        Some((file, line(self.text, span)))
    }

    fn notes(&mut self, value: &Value) -> Vec<NotesPath> {
        let mut paths = Vec::new();
        for (text, span) in self.strings("notes", value).unwrap_or_default() {
            let path = match self.said(&span) {
                Some(said) => NotesPath::in_file(&text, said),
                None => NotesPath::new(&text),
            };
            match path {
                Ok(path) => paths.push(path),
                Err(message) => self.problems.push((span, format!("`notes`: {message}"))),
            }
        }
        paths
    }

    fn per_file_ignores(&mut self, value: &Value) -> Vec<(Vec<Glob>, Vec<RuleSelector>)> {
        let Some(table) = value.get_ref().as_table() else {
            self.wrong(
                "per-file-ignores",
                value,
                "a table of globs and lists of rules",
            );
            return Vec::new();
        };
        let mut ignores = Vec::new();
        for (pattern, rules) in table {
            let rules = self.rules("per-file-ignores", rules).unwrap_or_default();
            let globs = self.globs("per-file-ignores", pattern.get_ref(), &pattern.span());
            ignores.extend(globs.map(|globs| (globs.to_vec(), rules)));
        }
        ignores
    }

    fn excludes(&mut self, key: &str, value: &Value) -> Option<Vec<Glob>> {
        let patterns = self.strings(key, value)?;
        // What is in an excluded folder is not asked about: whoever walks does not go in.
        let globs = patterns.iter().filter_map(|(pattern, span)| {
            let [own, _inside] = self.globs(key, pattern, span)?;
            Some(own)
        });
        Some(globs.collect())
    }

    fn globs(&mut self, key: &str, pattern: &str, span: &Range<usize>) -> Option<[Glob; 2]> {
        let globs = globs(self.file.and_then(Path::parent), pattern);
        if let Err(error) = &globs {
            let message = format!("`{key}`: `{pattern}` is no glob: {}", error.kind());
            self.problems.push((span.clone(), message));
        }
        globs.ok()
    }

    fn severities(&mut self, value: &Value) -> Vec<(RuleSelector, Severity)> {
        let Some(table) = value.get_ref().as_table() else {
            self.wrong("severity", value, "a table of rules and severities");
            return Vec::new();
        };
        let mut severities = Vec::new();
        for (word, severity) in table {
            let rule = self.rule("severity", word.get_ref(), &word.span());
            let severity = self.severity(severity);
            severities.extend(severity.map(|severity| (rule, severity)));
        }
        severities
    }

    fn severity(&mut self, value: &Value) -> Option<Severity> {
        const ALL: [Severity; 4] = [
            Severity::Hint,
            Severity::Information,
            Severity::Warning,
            Severity::Error,
        ];
        let word = value.get_ref().as_str();
        let found = ALL
            .into_iter()
            .find(|severity| Some(severity.word()) == word);
        if found.is_none() {
            let word = word.unwrap_or_default();
            let right = did_you_mean(word, ALL.map(Severity::word));
            let message =
                format!("`severity`: `{word}` is none of hint, information, warning, error{right}");
            self.problems.push((value.span(), message));
        }
        found
    }

    fn python_version(&mut self, value: &Value) -> Option<PythonVersion> {
        let found = value.get_ref().as_str().and_then(version);
        if found.is_none() {
            let expected = "a version of Python 3 in quotes, such as \"3.12\"";
            let message = format!("`python-version` must be {expected}");
            self.problems.push((value.span(), message));
        }
        found
    }
}

fn is_empty(value: &Value) -> bool {
    value
        .get_ref()
        .as_array()
        .is_some_and(|array| array.is_empty())
}

/// `3.12`. None for what is no version of Python 3.
fn version(text: &str) -> Option<PythonVersion> {
    let (major, minor) = text.split_once('.')?;
    let version = (major.parse().ok()?, minor.parse().ok()?);
    (version.0 == 3).then_some(version)
}

/// The lowest version that a `requires-python` allows. None where it says none.
pub(super) fn lowest_version(requires: &str) -> Option<PythonVersion> {
    let lower = |part: &str| {
        let part = part.trim();
        let operators = ["~=", "===", "==", ">=", ">"];
        let bound = operators.iter().find_map(|op| part.strip_prefix(op))?;
        let mut numbers = bound.trim().split('.');
        let number = |text: Option<&str>| text.and_then(|text| text.parse().ok());
        let major: u8 = number(numbers.next())?;
        // `>=3` and `==3.*` allow 3.0, which is older than all that is asked about.
        let minor = number(numbers.next()).unwrap_or(0);
        Some((major, minor))
    };
    requires.split(',').filter_map(lower).max()
}

/// A pattern as `.gitignore` reads it: with a slash inside it starts from the root, without one it stands for that name in every folder
/// below. The first glob is for what is named, the second for everything in it where that is a folder.
pub(super) fn globs(root: Option<&Path>, pattern: &str) -> Result<[Glob; 2], globset::Error> {
    let own = pattern.trim_end_matches('/').trim_start_matches("./");
    let whole = match root {
        _ if Path::new(own).is_absolute() => own.to_owned(),
        None => format!("**/{own}"),
        Some(root) => {
            let root = globset::escape(&root.to_string_lossy());
            let any_folder = if own.contains('/') { "" } else { "**/" };
            format!("{}/{any_folder}{own}", root.trim_end_matches('/'))
        }
    };
    let build = |glob: &str| GlobBuilder::new(glob).literal_separator(true).build();
    Ok([build(&whole)?, build(&format!("{whole}/**"))?])
}

/// JSON as the tree that TOML is read into. A key with `null` says nothing and is left out. Numbers keep their type only: no setting is a number.
fn tree(value: &Json) -> Value<'_> {
    let tree_value = match value {
        Json::Null => DeValue::Boolean(false),
        Json::Number(number) if number.is_f64() => DeValue::Float(DeFloat::default()),
        Json::Number(_) => DeValue::Integer(DeInteger::default()),
        Json::Bool(value) => DeValue::Boolean(*value),
        Json::String(text) => DeValue::String(text.into()),
        Json::Array(items) => DeValue::Array(items.iter().map(tree).collect()),
        Json::Object(entries) => {
            let said = entries.iter().filter(|(_, value)| !value.is_null());
            let entry =
                |(key, value)| (Spanned::new(0..0, String::as_str(key).into()), tree(value));
            DeValue::Table(said.map(entry).collect())
        }
    };
    Spanned::new(0..0, tree_value)
}
