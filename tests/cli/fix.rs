//! `check --fix`: what is written into files, and what is left as it is.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::harness::{PITFALL, command, folder, json, run, run_with_stdin, text};

const FIXED: &str = "def add(item, items=None):\n    if items is None:\n        items = []\n    items.append(item)\n";

fn read(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).expect("readable")
}

/// The names in a folder: nothing may be left beside what was there.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    let names = entries.map(|entry| entry.expect("an entry").file_name());
    let mut names: Vec<_> = names
        .map(|name| name.into_string().expect("text"))
        .collect();
    names.sort();
    names
}

#[test]
fn a_patch_is_printed_and_nothing_is_written() {
    let project = folder(&[("a \"b\".py", PITFALL), ("clean.py", "x = 1\n")]);
    let output = run(project.path(), &["check", "--unsafe-fixes", "--diff-only"]);
    let patch = text(&output.stdout);
    insta::assert_snapshot!(patch, @r#"
--- "a/a \"b\".py"
+++ "b/a \"b\".py"
@@ -1,2 +1,4 @@
-def add(item, items=[]):
+def add(item, items=None):
+    if items is None:
+        items = []
     items.append(item)
"#);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(read(project.path(), "a \"b\".py"), PITFALL);
    let applied = run_git_apply(project.path(), &output.stdout);
    assert!(applied, "git takes the patch");
    assert_eq!(read(project.path(), "a \"b\".py"), FIXED);
    let again = run(project.path(), &["check", "--unsafe-fixes", "--diff-only"]);
    assert_eq!((again.status.code(), again.stdout.len()), (Some(0), 0));
}

fn run_git_apply(folder: &Path, patch: &[u8]) -> bool {
    fs::write(folder.join("patch"), patch).expect("a file");
    let mut git = Command::new("git");
    let status = git.args(["apply", "patch"]).current_dir(folder).status();
    fs::remove_file(folder.join("patch")).expect("it is there");
    status.expect("git runs").success()
}

#[test]
fn only_safe_fixes_unless_all_are_wanted() {
    let project = folder(&[("a.py", PITFALL)]);
    let output = run(project.path(), &["check", "--format", "json"]);
    let fixes: Vec<bool> = json(&output).findings[0]
        .fixes
        .iter()
        .map(|fix| fix.safe)
        .collect();
    assert_eq!(fixes, [false], "the example is one for an unsafe fix");
    assert_eq!(
        run(project.path(), &["check", "--fix"]).status.code(),
        Some(1)
    );
    assert_eq!(read(project.path(), "a.py"), PITFALL);
    let output = run(project.path(), &["check", "--unsafe-fixes"]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(text(&output.stderr), "marginote: made 1 fix in 1 file\n");
    assert!(text(&output.stdout).contains("nothing found"));
    assert_eq!(read(project.path(), "a.py"), FIXED);
}

#[test]
fn fixes_that_touch_each_other_are_made_one_after_the_other() {
    let two = "def add(item, items=[], more=[]):\n    items.append(item)\n    more.append(item)\n";
    let project = folder(&[("a.py", two)]);
    let output = run(project.path(), &["check", "--unsafe-fixes"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    let fixed = read(project.path(), "a.py");
    assert!(
        fixed.starts_with("def add(item, items=None, more=None):\n"),
        "{fixed}"
    );
    assert!(
        fixed.contains("        items = []\n") && fixed.contains("        more = []\n"),
        "{fixed}"
    );
    assert_eq!(text(&output.stderr), "marginote: made 2 fixes in 1 file\n");
}

#[test]
fn encoding_mark_and_line_ends_are_kept() {
    let crlf = PITFALL.replace('\n', "\r\n");
    let fixed = FIXED.replace('\n', "\r\n");
    let latin = |text: &str| [b"# coding: latin-1\r\nx = '\xe9'\r\n", text.as_bytes()].concat();
    let mark = |text: &str| format!("\u{feff}{text}").into_bytes();
    let wide = |text: &str| {
        let units = [0xfeff].into_iter().chain(text.encode_utf16());
        units.flat_map(u16::to_le_bytes).collect::<Vec<u8>>()
    };
    let project = folder(&[]);
    let at = |name: &str| project.path().join(name);
    fs::write(at("latin.py"), latin(&crlf)).expect("a file");
    fs::write(at("mark.py"), mark(&crlf)).expect("a file");
    fs::write(at("wide.py"), wide(&crlf)).expect("a file");
    let output = run(project.path(), &["check", "--unsafe-fixes"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    assert_eq!(fs::read(at("latin.py")).expect("readable"), latin(&fixed));
    assert_eq!(fs::read(at("mark.py")).expect("readable"), mark(&fixed));
    assert_eq!(fs::read(at("wide.py")).expect("readable"), wide(&fixed));
}

#[test]
fn stdin_cannot_be_fixed() {
    let project = folder(&[]);
    let output = run_with_stdin(project.path(), &["check", "-", "--fix"], PITFALL.as_bytes());
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("name the file"));
}

#[cfg(unix)]
#[test]
fn mode_and_links_are_kept() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};

    let project = folder(&[("real/tool.py", PITFALL)]);
    let real = project.path().join("real/tool.py");
    // only the administrator can do this
    let owner = chown(&real, Some(1234), None).ok().map(|()| 1234);
    fs::set_permissions(&real, fs::Permissions::from_mode(0o751)).expect("ours");
    symlink("real/tool.py", project.path().join("link.py")).expect("a link");
    let output = run(project.path(), &["check", "link.py", "--unsafe-fixes"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    assert_eq!(read(project.path(), "real/tool.py"), FIXED);
    assert!(project.path().join("link.py").is_symlink());
    let mode = fs::metadata(&real)
        .expect("it is there")
        .permissions()
        .mode();
    assert_eq!(mode & 0o7777, 0o751);
    let kept = fs::metadata(&real).expect("it is there").uid();
    assert!(owner.is_none_or(|owner| owner == kept), "{kept}");
    assert_eq!(names(&project.path().join("real")), ["tool.py"]);
}

#[cfg(unix)]
#[test]
fn a_link_out_of_the_folder_is_not_followed() {
    use std::os::unix::fs::symlink;

    let elsewhere = folder(&[("a.py", PITFALL)]);
    let project = folder(&[("ours.py", PITFALL)]);
    symlink(elsewhere.path(), project.path().join("out")).expect("a link");
    symlink(
        elsewhere.path().join("a.py"),
        project.path().join("link.py"),
    )
    .expect("a link");
    for path in ["link.py", "out/a.py"] {
        let output = run(project.path(), &["check", path, "--unsafe-fixes"]);
        assert_eq!(output.status.code(), Some(3));
        let said = text(&output.stdout);
        assert!(
            said.contains(&format!("{path}: the file is not fixed: a link leads out")),
            "{said}"
        );
        assert_eq!(read(elsewhere.path(), "a.py"), PITFALL);
    }
}

#[cfg(unix)]
#[test]
fn a_read_only_file_is_left_and_the_rest_is_fixed() {
    use std::os::unix::fs::PermissionsExt;

    let project = folder(&[("a.py", PITFALL), ("b.py", PITFALL)]);
    let kept = project.path().join("a.py");
    fs::set_permissions(&kept, fs::Permissions::from_mode(0o444)).expect("ours");
    let output = run(
        project.path(),
        &["check", "--unsafe-fixes", "--format", "json"],
    );
    assert_eq!(output.status.code(), Some(3));
    let document = json(&output);
    assert_eq!(document.errors[0].path, "a.py");
    assert!(document.errors[0].message.contains("read-only"));
    assert_eq!(document.findings.len(), 1, "what is left is reported");
    assert_eq!(read(project.path(), "a.py"), PITFALL);
    assert_eq!(read(project.path(), "b.py"), FIXED);
}

/// A limit on how long files may get stands for a full disk: both fail in the middle of writing.
#[cfg(unix)]
#[test]
fn a_full_disk_leaves_the_old_file() {
    let long = PITFALL.to_owned() + &"x = 1\n".repeat(5000);
    let project = folder(&[("a.py", &long)]);
    let call = command(project.path(), &[]);
    let program = call.get_program().to_str().expect("text");
    let script = "trap '' XFSZ; ulimit -f 8; exec \"$0\" check --unsafe-fixes";
    let output = Command::new("sh")
        .args(["-c", script, program])
        .current_dir(project.path())
        .output()
        .expect("sh runs");
    assert_eq!(output.status.code(), Some(3), "{}", text(&output.stderr));
    let said = text(&output.stdout);
    assert!(
        said.contains("a.py: the file is not fixed: it cannot be written"),
        "{said}"
    );
    assert_eq!(read(project.path(), "a.py"), long);
    assert_eq!(names(project.path()), ["a.py"]);
}

/// A folder with many files to fix.
fn many() -> tempfile::TempDir {
    let names: Vec<String> = (0..150).map(|number| format!("f{number}.py")).collect();
    let files: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), PITFALL)).collect();
    folder(&files)
}

/// How many files are fixed. Each is as it was or as it should be, and nothing lies beside them.
fn fixed(folder: &Path) -> usize {
    let names = names(folder);
    assert_eq!(names.len(), 150, "{names:?}");
    let fixed = names.iter().filter(|name| {
        let text = read(folder, name);
        assert!(text == PITFALL || text == FIXED, "{name}: {text}");
        text == FIXED
    });
    fixed.count()
}

#[test]
fn two_runs_at_once_spoil_nothing() {
    let project = many();
    let start = || {
        let mut call = command(project.path(), &["check", "--unsafe-fixes"]);
        call.stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts")
    };
    let runs = [start(), start()];
    for mut run in runs {
        // what the other has fixed meanwhile is left to it, and said
        let code = run.wait().expect("it ends").code();
        assert!(matches!(code, Some(0 | 3)), "{code:?}");
    }
    assert_eq!(fixed(project.path()), 150);
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_between_two_files() {
    let project = many();
    let mut call = command(project.path(), &["check", "--unsafe-fixes"]);
    let mut child = call.stdout(Stdio::null()).spawn().expect("it starts");
    let first = || read(project.path(), "f0.py") == FIXED;
    while child.try_wait().expect("it runs").is_none() && !first() {}
    let id = child.id().to_string();
    let _ = Command::new("kill").args(["-INT", &id]).status();
    let code = child.wait().expect("it ends").code();
    // it may have been quicker
    assert!(matches!(code, Some(0 | 130)), "{code:?}");
    let fixed = fixed(project.path());
    assert!(fixed > 0 && (code != Some(0) || fixed == 150), "{fixed}");
}
