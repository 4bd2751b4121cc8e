use super::{project, written};
use crate::harness::{Finding, json, run};

#[test]
fn each_line_is_a_finding_of_the_document() {
    let project = project();
    let (lines, problems) = written(&project, "jsonl");
    let lines: Vec<Finding> = lines
        .lines()
        .map(|line| serde_json::from_str(line).expect("a finding"))
        .collect();
    let document = json(&run(project.path(), &["check", "--format", "json"]));
    assert_eq!(format!("{lines:?}"), format!("{:?}", document.findings));
    assert_eq!(lines.len(), 2);
    assert!(problems.starts_with("binary\\u{1b}.py: "), "{problems:?}");
}
