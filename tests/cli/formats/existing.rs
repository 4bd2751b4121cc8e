use crate::harness::{PITFALL, folder, run, text};

/// Adds a second pitfall below the first.
const PATCH: &str = "--- a/a.py\n+++ b/a.py\n@@ -1,2 +1,4 @@\n def add(item, items=[]):\n     items.append(item)\n+def put(item, things=[]):\n+    things.append(item)\n";

#[test]
fn what_was_there_before_a_change_is_marked() {
    let new = "def add(item, items=[]):\n    items.append(item)\ndef put(item, things=[]):\n    things.append(item)\n";
    let project = folder(&[("a.py", new), ("change.patch", PATCH), ("b.py", PITFALL)]);
    let of = |format: &str| {
        let arguments = [
            "check",
            "--patch",
            "change.patch",
            "--context",
            "all",
            "--format",
        ];
        let output = run(project.path(), &[&arguments[..], &[format]].concat());
        assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
        text(&output.stdout)
    };
    for format in [
        "text", "github", "gitlab", "rdjsonl", "markdown", "junit", "html",
    ] {
        let said = of(format);
        assert!(said.contains("existing: every call of"), "{format}: {said}");
    }
    let log = of("sarif");
    assert_eq!(
        log.matches("\"baselineState\":\"unchanged\"").count(),
        2,
        "{log}"
    );
}
