//! Every fix of every finding in the suites: applied, it makes the finding go away, and Python still takes the text.

use std::fmt::Write as _;
use std::process::Command;

use marginote::analysis::fixing::applied;
use marginote::analysis::{Analysis, Cancel};
use marginote::rules::Finding;
use suites::{cases, project, suites};

mod suites;

/// Whether two findings are about the same: of one rule, with the same words around quoted names.
fn is_same(one: &Finding, other: &Finding) -> bool {
    let subject = |finding: &Finding| finding.message.split('`').nth(1).map(str::to_string);
    one.code == other.code && subject(one) == subject(other)
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
                    let mut analysis = Analysis::default();
                    let root = project.folder.path().canonicalize().expect("it is there");
                    analysis.set_folders(vec![root]);
                    analysis.open(path.to_path_buf(), 1, &after);
                    let again = analysis.snapshot().findings(path, &Cancel::default());
                    let again = again.map_or(Vec::new(), |report| report.findings.clone());
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
    let output = Command::new("python3")
        .args(["-W", "ignore", "-m", "compileall", "-q", "."])
        .current_dir(compiled.path())
        .output()
        .expect("python3 runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    assert!(wrong.is_empty(), "{wrong}");
    assert!(
        count > 0 || std::env::var("SUITE").is_ok(),
        "no fix was tried"
    );
}
