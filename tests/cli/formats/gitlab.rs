use std::collections::HashSet;
use std::fs;

use serde_json::Value;

use super::{HOSTILE_NAME, project, written};
use crate::harness::{PITFALL, folder, run};

fn issues(folder: &std::path::Path) -> Vec<Value> {
    let output = run(folder, &["check", "--format", "gitlab"]);
    serde_json::from_slice(&output.stdout).expect("a list")
}

fn fingerprints(folder: &std::path::Path) -> Vec<String> {
    let fingerprint = |issue: &Value| issue["fingerprint"].as_str().expect("one").to_owned();
    issues(folder).iter().map(fingerprint).collect()
}

#[test]
fn an_issue_has_what_gitlab_asks_for() {
    let project = project();
    let issues = issues(project.path());
    assert_eq!(issues.len(), 2);
    assert_eq!(issues[0]["location"]["path"], HOSTILE_NAME);
    let issue = &issues[1];
    assert_eq!(issue["check_name"], "MUT001");
    assert_eq!(issue["severity"], "major");
    assert_eq!(issue["location"]["path"], "pkg/a.py");
    assert_eq!(issue["location"]["positions"]["begin"]["line"], 1);
    assert!(
        issue["description"]
            .as_str()
            .is_some_and(|text| text.contains("`f`"))
    );
    assert!(
        written(&project, "gitlab")
            .1
            .starts_with("binary\\u{1b}.py: ")
    );
}

#[test]
fn fingerprints_are_unique_and_survive_moved_lines() {
    let project = folder(&[("a.py", &PITFALL.repeat(3)), ("b.py", PITFALL)]);
    let before = fingerprints(project.path());
    let unique: HashSet<&String> = before.iter().collect();
    assert_eq!((before.len(), unique.len()), (4, 4));
    let moved = format!("import os\n\n\n{}", PITFALL.repeat(3));
    fs::write(project.path().join("a.py"), moved).expect("a file");
    assert_eq!(fingerprints(project.path()), before);
    let renamed = PITFALL.replace("items", "things");
    fs::write(project.path().join("b.py"), renamed).expect("a file");
    assert_ne!(fingerprints(project.path())[3], before[3]);
}
