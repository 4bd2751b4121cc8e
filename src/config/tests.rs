use std::fs;
use std::path::Path;
use std::sync::Arc;

use serde_json::json;
use tempfile::TempDir;

use super::{Config, ConfigCache, DEFAULT_PYTHON, Settings};
use crate::rules::Severity;

/// A folder with these files in it.
fn project(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a file has a folder"))
            .expect("the folder is ours");
        fs::write(path, text).expect("the folder is ours");
    }
    folder
}

/// What applies to `a.py` in a folder with this `marginote.toml`.
fn config(text: &str) -> Arc<Config> {
    let folder = project(&[("marginote.toml", text)]);
    ConfigCache::new(Vec::new(), true).for_file(&folder.path().join("a.py"))
}

fn from_json(value: serde_json::Value) -> Settings {
    let (settings, problems) = Settings::from_json(&value);
    assert_eq!(problems, [""; 0]);
    settings
}

/// The problems with the folder's path left out.
fn problems(config: &Config) -> String {
    let line = |problem: &super::SettingsProblem| {
        let name = problem.path.file_name().unwrap_or_default();
        let line = problem.line.map_or(String::new(), |line| line.to_string());
        format!("{}:{line}: {}", name.display(), problem.message)
    };
    let lines: Vec<_> = config.problems.iter().map(line).collect();
    lines.join("\n")
}

#[test]
fn without_settings_everything_runs() {
    let config = config("");
    assert!(config.enabled("SUP001") && config.enabled("MUT001"));
    assert!(!config.enabled("XYZ999"));
    assert_eq!(config.python_version, DEFAULT_PYTHON);
    assert!(config.respect_gitignore && !config.free_threaded);
    assert_eq!(
        config.severity("MUT001", Severity::Warning),
        Severity::Warning
    );
    assert!(config.problems.is_empty());
}

#[test]
fn every_key_is_read() {
    let config = config(
        r#"
        select = ["GIL", "MUT001"]
        extend-select = ["unused-suppression"]
        ignore = ["GIL003"]
        python-version = "3.13"
        free-threaded = true
        exclude = ["generated"]
        extend-exclude = ["build/*.py"]
        respect-gitignore = false
        defer = false
        immutable-calls = ["app.frozen"]
        [per-file-ignores]
        "tests" = ["ALL"]
        "*_old.py" = ["GIL001"]
        [severity]
        GIL = "hint"
        GIL001 = "error"
        "#,
    );
    assert_eq!(problems(&config), "");
    for (code, enabled) in [
        ("GIL001", true),
        ("GIL003", false),
        ("MUT001", true),
        ("SUP001", true),
    ] {
        assert_eq!(config.enabled(code), enabled, "{code}");
    }
    assert_eq!(config.python_version, (3, 13));
    assert!(config.free_threaded && !config.respect_gitignore);
    assert_eq!(config.immutable_calls, ["app.frozen"]);
    let severity = |code| config.severity(code, Severity::Warning);
    assert_eq!(severity("GIL001"), Severity::Error);
    assert_eq!(severity("GIL002"), Severity::Hint);
    assert_eq!(severity("MUT001"), Severity::Warning);
}

#[test]
fn globs_are_read_as_gitignore_reads_them() {
    let folder = project(&[(
        "marginote.toml",
        r#"
        exclude = ["generated", "build/*.py", "./one"]
        [per-file-ignores]
        "tests/" = ["ALL"]
        "*_old.py" = ["GIL001"]
        "#,
    )]);
    let at = |name: &str| folder.path().join(name);
    let config = ConfigCache::new(Vec::new(), true).for_file(&at("a.py"));
    assert!(config.excluded(&at("generated")));
    assert!(config.excluded(&at("deep/down/generated")));
    assert!(config.excluded(&at("one")));
    assert!(config.excluded(&at("build/a.py")));
    assert!(!config.excluded(&at("build/sub/a.py")));
    assert!(!config.excluded(&at("sub/build/a.py")));
    assert!(!config.excluded(&at("generated.py")));
    // `exclude` replaces what is left out by default.
    assert!(!config.excluded(&at(".venv")));
    assert!(config.excluded_below(folder.path(), &at("generated/a.py")));
    assert!(!config.excluded_below(&at("generated"), &at("generated/a.py")));
    assert!(!config.excluded_below(&at("elsewhere"), &at("generated/a.py")));

    let runs = |file: &str, code: &str| config.enabled_in(&at(file)).contains(&code);
    assert!(runs("a.py", "GIL001"));
    assert!(!runs("tests/a.py", "GIL001"));
    assert!(!runs("deep/tests/down/a.py", "MUT001"));
    assert!(!runs("a_old.py", "GIL001"));
    assert!(runs("a_old.py", "MUT001"));
    assert!(runs("a_old.py/b.txt", "MUT001"));
}

#[test]
fn what_is_wrong_is_told_and_the_rest_applies() {
    let config = config(
        r#"selct = ["GIL"]
ignore = ["GIL01", 3, "GIL003"]
python_version = "3.12"
python-version = 3.12
free-threaded = "yes"
exclude = ["[", "fine"]
immutable-calls = "app.frozen"
per-file-ignores = []
[severity]
GIL001 = "warn"
GIL002 = 3
banana = "hint"
MUT001 = "hint"
"#,
    );
    insta::assert_snapshot!(problems(&config), @r#"
marginote.toml:1: there is no setting `selct`; did you mean `select`?
marginote.toml:2: `ignore` must be a list of strings; this is of type integer
marginote.toml:2: `ignore`: no rule is called `GIL01`; did you mean `GIL001`?
marginote.toml:3: there is no setting `python_version`; did you mean `python-version`?
marginote.toml:4: `python-version` must be a version of Python 3 in quotes, such as "3.12"
marginote.toml:5: `free-threaded` must be true or false; this is of type string
marginote.toml:6: `exclude`: `[` is no glob: unclosed character class; missing ']'
marginote.toml:7: `immutable-calls` must be a list of strings; this is of type string
marginote.toml:8: `per-file-ignores` must be a table of globs and lists of rules; this is of type array
marginote.toml:10: `severity`: `warn` is none of hint, information, warning, error
marginote.toml:11: `severity`: `` is none of hint, information, warning, error
marginote.toml:12: `severity`: no rule is called `banana`
"#);
    assert!(!config.enabled("GIL003"));
    assert_eq!(config.severity("MUT001", Severity::Error), Severity::Hint);
}

#[test]
fn broken_toml_is_told_with_its_line() {
    let config = config("ignore = [\"MUT001\"]\nselect = [\n[severity\n");
    assert_eq!(
        problems(&config),
        "marginote.toml:3: this is no TOML: unclosed array, expected `]`"
    );
    assert!(!config.enabled("MUT001") && config.enabled("GIL001"));
}

#[test]
fn a_select_of_which_nothing_is_right_says_nothing() {
    assert!(config("select = ['banana']").enabled("MUT001"));
    assert!(!config("select = []").enabled("MUT001"));
}

#[test]
fn later_layers_win() {
    let folder = project(&[(
        "marginote.toml",
        "ignore = ['GIL']\npython-version = '3.9'\nimmutable-calls = ['a']\n[severity]\nMUT001 = 'error'",
    )]);
    let editor = from_json(json!({
        "extend-select": ["GIL001"],
        "python-version": "3.12",
        "immutable-calls": ["b"],
        "severity": {"MUT001": "hint"},
        "exclude": null,
    }));
    let layered = |layers| ConfigCache::new(layers, true).for_file(&folder.path().join("a.py"));
    let config = layered(vec![editor.clone()]);
    assert!(config.enabled("GIL001") && !config.enabled("GIL003"));
    assert_eq!(config.python_version, (3, 12));
    assert_eq!(config.immutable_calls, ["a", "b"]);
    assert_eq!(config.severity("MUT001", Severity::Error), Severity::Hint);
    assert!(config.excluded(Path::new("/project/.venv")));

    let command_line = from_json(json!({"select": ["GIL003"]}));
    let config = layered(vec![editor, command_line]);
    assert!(config.enabled("GIL003") && !config.enabled("GIL001") && !config.enabled("MUT001"));
}

#[test]
fn isolated_reads_no_files() {
    let folder = project(&[("marginote.toml", "ignore = ['GIL']")]);
    let cache = ConfigCache::new(Vec::new(), false);
    assert!(
        cache
            .for_file(&folder.path().join("a.py"))
            .enabled("GIL001")
    );
}

#[test]
fn json_that_is_wrong_is_told() {
    let wrong = json!({"selct": [], "defer": 1, "severity": {"GIL001": null, "GIL002": "x"}});
    let (settings, problems) = Settings::from_json(&wrong);
    assert_eq!(settings, Settings::default());
    insta::assert_snapshot!(problems.join("\n"), @r"
`defer` must be true or false; this is of type integer
there is no setting `selct`; did you mean `select`?
`severity`: `x` is none of hint, information, warning, error
");
    let (_, problems) = Settings::from_json(&json!([1]));
    assert_eq!(problems, ["settings are an object of keys and values"]);
}

#[test]
fn the_nearest_file_applies() {
    let folder = project(&[
        ("pyproject.toml", "[tool.marginote]\nignore = ['GIL001']\n"),
        ("inner/pyproject.toml", "[tool.other]\n"),
        ("inner/deep/marginote.toml", "ignore = ['GIL003']\n"),
        (
            "inner/deep/pyproject.toml",
            "[tool.marginote]\nignore = ['ALL']\n",
        ),
    ]);
    let cache = ConfigCache::new(Vec::new(), true);
    let enabled = |file: &str| {
        let config = cache.for_file(&folder.path().join(file));
        [config.enabled("GIL001"), config.enabled("GIL003")]
    };
    assert_eq!(enabled("a.py"), [false, true]);
    assert_eq!(enabled("inner/a.py"), [false, true]);
    assert_eq!(enabled("inner/deep/a.py"), [true, false]);
    assert_eq!(enabled("inner/deep/down/./../a.py"), [true, false]);
    assert_eq!(enabled("inner/deep/../a.py"), [false, true]);
    // Folders that say nothing of their own share what is above them.
    let outer = cache.for_file(&folder.path().join("a.py"));
    let inner = cache.for_file(&folder.path().join("inner/a.py"));
    assert!(Arc::ptr_eq(&outer, &inner));
}

#[test]
fn forget_reads_again() {
    let folder = project(&[("marginote.toml", "ignore = ['GIL001']")]);
    let file = folder.path().join("a.py");
    let cache = ConfigCache::new(Vec::new(), true);
    assert!(!cache.for_file(&file).enabled("GIL001"));
    fs::write(folder.path().join("marginote.toml"), "").expect("the folder is ours");
    assert!(!cache.for_file(&file).enabled("GIL001"));
    cache.forget(false);
    assert!(cache.for_file(&file).enabled("GIL001"));
}

#[test]
fn requires_python_is_the_default_version() {
    for (requires, version) in [
        (">=3.9", (3, 9)),
        (">= 3.11.2, <4", (3, 11)),
        ("~=3.12", (3, 12)),
        ("==3.13.*", (3, 13)),
        ("<4,>3.8,!=3.9.1", (3, 8)),
        (">=3", (3, 0)),
        ("<4", DEFAULT_PYTHON),
        ("banana", DEFAULT_PYTHON),
    ] {
        let project = project(&[(
            "pyproject.toml",
            &format!("[project]\nrequires-python = '{requires}'\n"),
        )]);
        let config = ConfigCache::new(Vec::new(), true).for_folder(project.path());
        assert_eq!(config.python_version, version, "{requires}");
    }
    let both = project(&[(
        "pyproject.toml",
        "[project]\nrequires-python = '>=3.9'\n[tool.marginote]\npython-version = '3.14'\n",
    )]);
    let config = ConfigCache::new(Vec::new(), true).for_folder(both.path());
    assert_eq!(config.python_version, (3, 14));
}

#[test]
fn what_ruff_reports_is_a_hint() {
    let severity = |files: &[(&str, &str)], code: &str| {
        let folder = project(files);
        let config = ConfigCache::new(Vec::new(), true).for_folder(folder.path());
        config.severity(code, Severity::Warning)
    };
    let ruff = ("ruff.toml", "[lint]\nselect = ['B']\n");
    assert_eq!(severity(&[ruff], "MUT001"), Severity::Hint);
    assert_eq!(severity(&[ruff], "GIL001"), Severity::Warning);
    let pyproject = ("pyproject.toml", "[tool.ruff.lint]\nselect = ['B006']\n");
    assert_eq!(severity(&[pyproject], "MUT001"), Severity::Hint);
    // In one folder Ruff reads `.ruff.toml` and not `pyproject.toml`.
    let hidden = (".ruff.toml", "[lint]\nselect = ['E']\n");
    assert_eq!(severity(&[pyproject, hidden], "MUT001"), Severity::Warning);
    let off = ("marginote.toml", "defer = false");
    assert_eq!(severity(&[ruff, off], "MUT001"), Severity::Warning);
    let said = ("marginote.toml", "[severity]\nMUT = 'error'");
    assert_eq!(severity(&[ruff, said], "MUT001"), Severity::Error);
}

#[cfg(unix)]
#[test]
fn nothing_outside_is_read() {
    use std::os::unix::fs::symlink;

    let elsewhere = project(&[("marginote.toml", "ignore = ['GIL001']")]);
    let folder = project(&[
        ("shared.toml", "ignore = ['GIL003']"),
        ("inner/a.py", ""),
        ("long/marginote.toml", &"#\n".repeat(600_000)),
    ]);
    let link = |to: &Path, from: &str| {
        let from = folder.path().join(from);
        fs::create_dir_all(from.parent().expect("a file has a folder"))
            .expect("the folder is ours");
        symlink(to, from).expect("the folder is ours");
    };
    link(
        &elsewhere.path().join("marginote.toml"),
        "out/marginote.toml",
    );
    link(&folder.path().join("shared.toml"), "inner/marginote.toml");
    link(Path::new("/dev/zero"), "zero/marginote.toml");
    link(Path::new("/dev/zero"), "zero/pyproject.toml");
    let cache = ConfigCache::new(Vec::new(), true);
    let config = |inside: &str| cache.for_folder(&folder.path().join(inside));
    assert!(config("out").enabled("GIL001"));
    assert!(!config("inner").enabled("GIL003"));
    let told = ["out", "zero", "long"].map(|inside| problems(&config(inside)));
    insta::assert_snapshot!(told.join("\n"), @r"
marginote.toml:1: this file is not used: it is a link that leads out of the folders above it
marginote.toml:1: this file is not used: it is no regular file
marginote.toml:1: this file is not used: it is longer than 1 MiB
");
}

#[test]
fn any_file_is_survived() {
    proptest::proptest!(|(text in "([a-z]{0,3}|select|severity|per-file-ignores|\\[|\\]|=|\"|'|\\{|\\}|\n|,|\\*|MUT|3|é|\\PC){0,40}")| {
        config(&text);
        if let Ok(json) = serde_json::from_str(&text) {
            Settings::from_json(&json);
        }
    });
}
