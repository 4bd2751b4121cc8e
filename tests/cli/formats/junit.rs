use quick_junit::{NonSuccessKind, Report, TestCaseStatus};

use super::{assert_printable, project, written};

#[test]
fn findings_are_failed_cases() {
    let project = project();
    let (xml, problems) = written(&project, "junit");
    assert!(problems.is_empty(), "{problems}");
    assert_printable(&xml);
    let report = Report::deserialize_from_str(&xml).expect("JUnit");
    let names: Vec<&str> = report
        .test_suites
        .iter()
        .map(|suite| suite.name.as_str())
        .collect();
    assert_eq!(names.len(), 5, "{names:?}");
    assert!(
        names[0].starts_with("`@all` %0A,: ]]> --> <b>&\"'"),
        "{names:?}"
    );
    assert_eq!(
        names[1..],
        ["binary\\u{1b}.py", "clean.py", "pkg/a.py", "problems"]
    );
    assert_eq!((report.tests, report.failures, report.errors), (4, 2, 1));
    let found = &report.test_suites[3].test_cases[0];
    assert_eq!(found.name.as_str(), "MUT001 mutable-default in line 1");
    assert!(matches!(
        found.status,
        TestCaseStatus::NonSuccess {
            kind: NonSuccessKind::Failure,
            ..
        }
    ));
    let clean = &report.test_suites[2].test_cases[0];
    assert!(matches!(clean.status, TestCaseStatus::Success { .. }));
}
