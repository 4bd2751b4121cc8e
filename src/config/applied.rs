//! What applies to a file, setting by setting, and where each is said.

use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};
use toml::de::DeValue;

use super::read::KEYS;
use super::{ConfigCache, DEFAULT_EXCLUDE, DEFAULT_PYTHON, PythonVersion};

/// A setting as a configuration file says it.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    /// The key.
    pub key: String,
    /// The value, as it stands in the file.
    pub value: Json,
    /// The file.
    pub path: PathBuf,
    /// From 1.
    pub line: usize,
}

/// A setting as it applies.
#[derive(Clone, Debug, PartialEq)]
pub struct Applied {
    /// The key.
    pub key: &'static str,
    /// The value: what is said, else the default.
    pub value: Json,
    /// The file and the line, from 1, where it is said. None for a default.
    pub said: Option<(PathBuf, usize)>,
}

impl ConfigCache {
    /// Every setting as it applies to a file, by key. A value of the wrong type is a default here: [`super::Config::problems`] tells of it.
    pub fn applied(&self, file: &Path) -> Vec<Applied> {
        let (settings, requires_python) = self.sources_of(file);
        let applied = KEYS.iter().map(|key| {
            let said = settings.iter().find(|said| said.key == *key);
            let requires = requires_python
                .as_ref()
                .filter(|_| *key == "python-version");
            let (value, said) = match (said, requires) {
                (Some(said), _) => (said.value.clone(), Some((said.path.clone(), said.line))),
                (None, Some((version, path, line))) => {
                    (word(*version), Some((path.clone(), *line)))
                }
                (None, None) => (default(key), None),
            };
            Applied { key, value, said }
        });
        applied.collect()
    }
}

fn word((major, minor): PythonVersion) -> Json {
    json!(format!("{major}.{minor}"))
}

fn default(key: &str) -> Json {
    match key {
        "select" => json!(["ALL"]),
        "exclude" => json!(DEFAULT_EXCLUDE),
        "python-version" => word(DEFAULT_PYTHON),
        "defer" | "respect-gitignore" => json!(true),
        "code-lens" | "free-threaded" | "inlay-hints" => json!(false),
        "per-file-ignores" | "severity" => json!({}),
        _ => json!([]),
    }
}

/// A value of a file as JSON. `depth` is how far lists and tables are followed; no setting needs more than two.
pub(super) fn json(value: &DeValue, depth: u8) -> Json {
    match value {
        DeValue::String(text) => json!(text),
        DeValue::Boolean(value) => json!(value),
        DeValue::Array(items) if depth > 0 => {
            let items = items.iter().map(|item| json(item.get_ref(), depth - 1));
            items.collect()
        }
        DeValue::Table(table) if depth > 0 => {
            let entry = |(key, value): (&toml::Spanned<_>, &toml::Spanned<DeValue>)| {
                let key: &std::borrow::Cow<str> = key.get_ref();
                (key.to_string(), json(value.get_ref(), depth - 1))
            };
            Json::Object(table.iter().map(entry).collect())
        }
        // none of these is a setting: what is wrong is told elsewhere
        _ => Json::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_has_a_default_of_its_type() {
        let defaults = KEYS.iter().map(|key| ((*key).to_owned(), default(key)));
        let defaults = Json::Object(defaults.collect());
        let (_, problems) = super::super::Settings::from_json(&defaults);
        assert_eq!(problems, [""; 0]);
    }
}
