use serde_json::Value;

use super::{HOSTILE, HOSTILE_NAME, project, written};

#[test]
fn each_line_is_a_diagnostic() {
    let project = project();
    let (lines, problems) = written(&project, "rdjsonl");
    assert!(problems.starts_with("binary\\u{1b}.py: "), "{problems:?}");
    let lines: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).expect("a diagnostic"))
        .collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0]["location"]["path"], HOSTILE_NAME);
    assert_eq!(lines[0]["severity"], "WARNING");
    assert_eq!(lines[0]["code"]["value"], "MUT001");
    let related = &lines[0]["related_locations"][0]["location"]["range"]["start"];
    assert_eq!(*related, serde_json::json!({"line": 2, "column": 5}));
}

#[test]
fn a_suggestion_is_the_whole_fix_and_counts_bytes() {
    let project = project();
    let (lines, _) = written(&project, "rdjsonl");
    let first: Value = serde_json::from_str(lines.lines().next().expect("one")).expect("JSON");
    let suggestion = &first["suggestions"][0];
    let byte = |spot: &Value| {
        let number = |key: &str| spot[key].as_u64().expect("a number") as usize - 1;
        let lines = HOSTILE.split_inclusive('\n').take(number("line"));
        lines.map(str::len).sum::<usize>() + number("column")
    };
    let range = &suggestion["range"];
    let (start, end) = (byte(&range["start"]), byte(&range["end"]));
    let new = suggestion["text"].as_str().expect("a text");
    let fixed = format!("{}{new}{}", &HOSTILE[..start], &HOSTILE[end..]);
    assert!(
        fixed.starts_with("def add(é, items=None):  # ```"),
        "{fixed}"
    );
    assert!(
        fixed.contains("\n    if items is None:\n        items = []\n    items.append("),
        "{fixed}"
    );
}
