use std::fs;

use super::project;
use crate::harness::{PITFALL, folder, run, text};

#[test]
fn what_is_written_into_a_file_is_what_stdout_would_get() {
    let project = project();
    for format in ["text", "json", "sarif", "junit"] {
        let expected = run(project.path(), &["check", "--format", format]);
        let output = ["check", "--format", format, "--output", "report"];
        let written = run(project.path(), &output);
        assert_eq!(written.status.code(), expected.status.code());
        assert!(written.stdout.is_empty() && written.stderr.is_empty());
        let report = fs::read(project.path().join("report")).expect("it is there");
        assert_eq!(text(&report), text(&expected.stdout));
    }
    let left = fs::read_dir(project.path()).expect("a folder");
    assert_eq!(left.count(), 5, "nothing is left beside it");
}

#[test]
fn a_place_that_cannot_be_written_is_named() {
    let project = folder(&[("a.py", PITFALL)]);
    for output in ["no/such/report", "."] {
        let run = run(project.path(), &["check", "--output", output]);
        let message = text(&run.stderr);
        assert_eq!(run.status.code(), Some(2), "{message}");
        assert!(
            message.contains(&format!("`{output}` cannot be written")),
            "{message}"
        );
    }
}

#[cfg(unix)]
#[test]
fn links_permissions_and_devices_stay_what_they_are() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let project = folder(&[("a.py", PITFALL), ("real", "old")]);
    let path = |name: &str| project.path().join(name);
    symlink("real", path("link")).expect("a link");
    fs::set_permissions(path("real"), fs::Permissions::from_mode(0o640)).expect("a mode");
    run(project.path(), &["check", "--output", "link"]);
    let is_link = fs::symlink_metadata(path("link"))
        .expect("it is there")
        .is_symlink();
    let mode = fs::metadata(path("real"))
        .expect("it is there")
        .permissions()
        .mode();
    assert_eq!((is_link, mode & 0o777), (true, 0o640));
    assert!(
        fs::read_to_string(path("real"))
            .expect("text")
            .contains("MUT001")
    );
    let null = run(project.path(), &["check", "--output", "/dev/null"]);
    assert_eq!(null.status.code(), Some(1));
    assert!(!fs::metadata("/dev/null").expect("it is there").is_file());
}
