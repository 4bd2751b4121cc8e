use serde_json::{Value, json};

use super::html::assert_links;
use crate::harness::{folder, run, text};

#[test]
fn programs_that_know_no_cells_are_told_in_words() {
    let notebook = json!({"cells": [
        {"cell_type": "markdown", "source": "# Rows"},
        {"cell_type": "code", "source": "# rows\nrow = [[]] * 3"},
        {"cell_type": "code", "source": "row[0].append(1)"},
    ]});
    let project = folder(&[("a.ipynb", &notebook.to_string())]);
    let of = |format: &str| text(&run(project.path(), &["check", "--format", format]).stdout);
    let place = "line 2 of cell 2: this holds one list";
    let github = of("github");
    assert!(
        github.contains("file=a.ipynb,line=1,endLine=1,") && github.contains(place),
        "{github}"
    );
    let gitlab: Value = serde_json::from_str(&of("gitlab")).expect("JSON");
    assert_eq!(gitlab[0]["location"]["positions"]["begin"]["line"], 1);
    assert!(
        gitlab[0]["description"]
            .as_str()
            .is_some_and(|said| said.starts_with(place))
    );
    let diagnostic: Value = serde_json::from_str(&of("rdjsonl")).expect("JSON");
    assert_eq!(diagnostic["location"]["range"]["start"]["line"], 1);
    let related = &diagnostic["related_locations"][0]["message"];
    assert!(
        related
            .as_str()
            .is_some_and(|said| said.starts_with("line 1 of cell 3: "))
    );
    let sarif: Value = serde_json::from_str(&of("sarif")).expect("JSON");
    let result = &sarif["runs"][0]["results"][0];
    assert!(
        result["message"]["text"]
            .as_str()
            .is_some_and(|said| said.starts_with(place))
    );
    assert_eq!(
        result["locations"][0]["physicalLocation"]["region"]["startLine"],
        1
    );
    assert!(of("junit").contains("repeated-reference in line 2 of cell 2\""));
    let markdown = of("markdown");
    assert!(
        markdown.contains("in line 2 of cell 2\n") && markdown.contains("\nrow = [[]] * 3\n"),
        "{markdown}"
    );
    assert!(
        markdown.contains("- line 1 of cell 3, `row[0].append(1)`: "),
        "{markdown}"
    );
    let page = of("html");
    assert!(page.contains("<code>a.ipynb, cell 2</code>"), "{page}");
    assert!(page.contains("<code>a.ipynb, cell 3</code>"), "{page}");
    assert_links(&page);
}
