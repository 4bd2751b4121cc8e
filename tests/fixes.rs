//! Every fix of every finding in the suites: applied, it makes the finding go away, and Python still takes the text. The same for the comments that silence.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use marginote::analysis::fixing::applied;
use marginote::analysis::{Analysis, Cancel, Suppress};
use marginote::rules::Finding;
use suites::{Project, cases, project, suites};

mod suites;

/// Whether two findings are about the same: of one rule, with the same words around quoted names.
fn is_same(one: &Finding, other: &Finding) -> bool {
    let subject = |finding: &Finding| finding.message.split('`').nth(1).map(str::to_string);
    one.code == other.code && subject(one) == subject(other)
}

/// What is found in a file of a project whose text is this now.
fn findings_after(project: &Project, path: &Path, text: &str) -> Vec<Finding> {
    let mut analysis = Analysis::default();
    let root = project.folder.path().canonicalize().expect("it is there");
    analysis.set_folders(vec![root]);
    analysis.open(path.to_path_buf(), 1, text);
    let snapshot = analysis.snapshot();
    // a finding may be about what another file makes of this one
    snapshot.index(&|_, _| {}, &Cancel::default());
    let report = snapshot.findings(path, &Cancel::default());
    report.map_or(Vec::new(), |report| report.findings.clone())
}

/// Python takes all files in a folder.
fn assert_compiles(folder: &Path) {
    let output = Command::new("python3")
        .args(["-W", "ignore", "-m", "compileall", "-q", "."])
        .current_dir(folder)
        .output()
        .expect("python3 runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
}

#[test]
fn a_fix_makes_its_finding_go_away() {
    let mut wrong = String::new();
    let compiled = tempfile::tempdir().expect("a temporary folder");
    let mut count = 0;
    for (name, text) in suites("rules") {
        for case in cases(&text) {
            let project = project(&case);
            for report in project.snapshot.check(&project.paths, &|| {}) {
                for (finding, fix) in report
                    .findings
                    .iter()
                    .flat_map(|finding| finding.fixes.iter().map(move |fix| (finding, fix)))
                {
                    count += 1;
                    let path = finding.place.path.as_path();
                    let before = std::fs::read_to_string(path).expect("readable");
                    let mut complain = |what: &str, after: &str| {
                        let place = format!("{name}.md:{} {}", case.line, case.title);
                        let _ = writeln!(wrong, "{place}: {}: {what}\n{after}", fix.title);
                    };
                    assert!(
                        fix.edits.iter().all(|edit| *edit.place.path == *path),
                        "an edit of another file"
                    );
                    let Some(after) = applied(&before, &fix.edits) else {
                        complain("overlapping edits", "");
                        continue;
                    };
                    let again = findings_after(&project, path, &after);
                    let left = |findings: &[Finding]| {
                        findings
                            .iter()
                            .filter(|other| is_same(finding, other))
                            .count()
                    };
                    if left(&again) >= left(&report.findings) {
                        complain("the finding is still there", &after);
                    }
                    if again.len() > report.findings.len() {
                        complain("there are new findings", &after);
                    }
                    let file = compiled.path().join(format!("fix_{count}.py"));
                    std::fs::write(file, after).expect("a file");
                }
            }
        }
    }
    assert_compiles(compiled.path());
    assert!(wrong.is_empty(), "{wrong}");
    assert!(
        count > 0 || std::env::var("SUITE").is_ok(),
        "no fix was tried"
    );
}

#[test]
fn a_comment_silences_its_finding() {
    let mut wrong = String::new();
    let compiled = tempfile::tempdir().expect("a temporary folder");
    let (mut count, mut impossible) = (0, 0);
    for (name, text) in suites("rules") {
        for case in cases(&text) {
            let project = project(&case);
            for report in project.snapshot.check(&project.paths, &|| {}) {
                // one of each rule and file: the comment for the file speaks of all of them
                let mut codes = HashSet::new();
                let findings = report.findings.iter();
                for finding in findings.filter(|finding| codes.insert(finding.code)) {
                    let path = finding.place.path.as_path();
                    let before = std::fs::read_to_string(path).expect("readable");
                    for scope in [Suppress::Statement, Suppress::File] {
                        count += 1;
                        let Some(edit) = project.snapshot.suppress(finding, scope) else {
                            assert_eq!(scope, Suppress::Statement);
                            impossible += 1;
                            continue;
                        };
                        let after = applied(&before, [&edit]).expect("it fits");
                        let again = findings_after(&project, path, &after);
                        let same = |other: &&Finding| other.message == finding.message;
                        let is_left = match scope {
                            Suppress::File => again.iter().any(|other| other.code == finding.code),
                            Suppress::Statement => {
                                again.iter().filter(same).count()
                                    >= report.findings.iter().filter(same).count()
                            }
                        };
                        let unused = |findings: &[Finding]| {
                            let unused = |other: &&Finding| other.code == "SUP001";
                            findings.iter().filter(unused).count()
                        };
                        if is_left || unused(&again) > unused(&report.findings) {
                            let place = format!("{name}.md:{} {}", case.line, case.title);
                            let code = finding.code;
                            let said: Vec<_> = again
                                .iter()
                                .map(|other| (other.code, &other.message))
                                .collect();
                            let _ = writeln!(wrong, "{place}: {code} {scope:?} {said:?}\n{after}");
                        }
                        let file = compiled.path().join(format!("comment_{count}.py"));
                        std::fs::write(file, after).expect("a file");
                    }
                }
            }
        }
    }
    assert_compiles(compiled.path());
    assert!(wrong.is_empty(), "{wrong}");
    assert!(
        impossible * 20 < count,
        "{impossible} of {count} places take no comment"
    );
}
