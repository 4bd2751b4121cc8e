use percent_encoding::percent_decode_str;
use serde_json::Value;
use serde_sarif::sarif::Sarif;

use super::{HOSTILE_NAME, assert_printable, project, written};
use crate::harness::{folder, run};

fn log(project: &tempfile::TempDir) -> Value {
    let (log, problems) = written(project, "sarif");
    assert!(problems.is_empty(), "{problems}");
    assert_printable(&log);
    let typed: Sarif = serde_json::from_str(&log).expect("SARIF");
    assert_eq!(typed.runs.len(), 1);
    serde_json::from_str(&log).expect("JSON")
}

#[test]
fn a_result_has_its_evidence_its_rule_and_its_fix() {
    let log = log(&project());
    let run = &log["runs"][0];
    let result = &run["results"][1];
    assert_eq!(
        (&result["ruleId"], &result["level"]),
        (&"MUT001".into(), &"warning".into())
    );
    let rule = &run["tool"]["driver"]["rules"][result["ruleIndex"].as_u64().expect("one") as usize];
    assert_eq!(
        (&rule["id"], &rule["name"]),
        (&"MUT001".into(), &"mutable-default".into())
    );
    let help = rule["help"]["markdown"].as_str().expect("a page");
    assert!(
        help.contains("## Why") && help.contains("```python"),
        "{help}"
    );
    let related = &result["relatedLocations"][0];
    assert_eq!(related["physicalLocation"]["region"]["startLine"], 2);
    let flow = &result["codeFlows"][0]["threadFlows"][0]["locations"];
    let lines: Vec<&Value> = flow
        .as_array()
        .expect("steps")
        .iter()
        .map(|step| &step["location"]["physicalLocation"]["region"]["startLine"])
        .collect();
    assert_eq!(lines, [1, 2]);
    let change = &result["fixes"][0]["artifactChanges"][0];
    assert_eq!(change["artifactLocation"]["uri"], "pkg/a.py");
    assert_eq!(change["replacements"][0]["insertedContent"]["text"], "None");
    let fingerprint = result["partialFingerprints"]["marginote/v1"].as_str();
    assert_eq!(fingerprint.map(str::len), Some(32));
}

#[test]
fn addresses_are_escaped_and_below_the_root() {
    let project = project();
    let log = log(&project);
    let run = &log["runs"][0];
    let artifact = &run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"];
    let uri = artifact["uri"].as_str().expect("an address");
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-._~%/".contains(c);
    assert!(uri.chars().all(allowed), "{uri}");
    let name = percent_decode_str(uri).decode_utf8().expect("UTF-8");
    assert_eq!(
        (&*name, &artifact["uriBaseId"]),
        (HOSTILE_NAME, &"%SRCROOT%".into())
    );
    let root = run["originalUriBaseIds"]["%SRCROOT%"]["uri"]
        .as_str()
        .expect("a root");
    assert!(
        root.starts_with("file:///") && root.ends_with('/'),
        "{root}"
    );
}

#[test]
fn columns_count_utf_16() {
    let project = folder(&[("a.py", "s = '🎵'; f = lambda xs=[]: xs.append(1)\n")]);
    let output = run(project.path(), &["check", "--format", "sarif"]);
    let log: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let run = &log["runs"][0];
    assert_eq!(run["columnKind"], "utf16CodeUnits");
    let region = &run["results"][0]["locations"][0]["physicalLocation"]["region"];
    assert_eq!(
        (&region["startColumn"], &region["endColumn"]),
        (&25.into(), &27.into())
    );
}

#[test]
fn what_was_not_checked_is_a_notification() {
    let project = project();
    std::fs::write(project.path().join("pkg/marginote.toml"), "wrong = 1\n").expect("a file");
    let output = run(project.path(), &["check", "--format", "sarif"]);
    let log: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let invocation = &log["runs"][0]["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], false);
    let place = |kind: &str| invocation[kind][0]["locations"][0]["physicalLocation"].clone();
    let unread = place("toolExecutionNotifications");
    assert_eq!(unread["artifactLocation"]["uri"], "binary%1B.py");
    let setting = place("toolConfigurationNotifications");
    assert_eq!(setting["artifactLocation"]["uri"], "pkg/marginote.toml");
    assert_eq!(setting["region"]["startLine"], 1);
}
