use std::collections::HashSet;
use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::{assert_printable, project, written};
use crate::harness::{PITFALL, folder, run, text};

/// The values of an attribute.
fn values<'p>(page: &'p str, attribute: &str) -> Vec<&'p str> {
    let start = format!(" {attribute}=\"");
    let parts = page.split(&start).skip(1);
    parts
        .map(|part| part.split_once('"').expect("it ends").0)
        .collect()
}

/// What stands in the only element of a name.
fn inner<'p>(page: &'p str, element: &str) -> &'p str {
    let (_, after) = page
        .split_once(&format!("<{element}>"))
        .expect("it is there");
    let (inner, rest) = after.split_once(&format!("</{element}>")).expect("it ends");
    assert!(!rest.contains(&format!("<{element}")), "there is one");
    inner
}

#[test]
fn names_and_code_stay_text() {
    let (page, problems) = written(&project(), "html");
    assert!(problems.is_empty(), "{problems}");
    assert_printable(&page);
    let names = page.split('<').skip(1);
    let elements: HashSet<&str> = names
        .filter(|tag| !tag.starts_with(['/', '!']))
        .map(|tag| tag.split([' ', '>']).next().unwrap_or_default())
        .collect();
    let known = "html head meta title style body script header main section article footer h1 h2 h3 p a span code pre strong em div ul ol li table caption thead tbody tr th td svg rect fieldset legend label input button details summary blockquote wbr";
    let known: HashSet<&str> = known.split(' ').collect();
    let others: Vec<_> = elements.difference(&known).collect();
    assert!(others.is_empty(), "{others:?}");
    assert!(page.contains("&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt; @all"));
    assert!(!page.contains("<script>alert") && page.matches("<script").count() == 1);
}

/// Asserts that every link leads to a place of the page.
pub(super) fn assert_links(page: &str) {
    let ids: Vec<&str> = values(page, "id");
    let unique: HashSet<&str> = ids.iter().copied().collect();
    assert_eq!(ids.len(), unique.len(), "{ids:?}");
    let links = values(page, "href");
    assert!(links.len() > 10);
    for link in links {
        let id = link.strip_prefix('#').expect("a place of the page");
        assert!(unique.contains(id), "{link}");
    }
}

#[test]
fn every_link_leads_to_a_place_of_the_page() {
    assert_links(&written(&project(), "html").0);
}

#[test]
fn the_policy_lets_the_pages_own_style_and_script_through_and_nothing_else() {
    let (page, _) = written(&project(), "html");
    let hash = |text: &str| STANDARD.encode(Sha256::digest(text));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        hash(inner(&page, "style")),
        hash(inner(&page, "script")),
    );
    let escaped = policy.replace('\'', "&#39;");
    assert!(
        page.contains(&policy) || page.contains(&escaped),
        "{policy}"
    );
    assert!(
        values(&page, "style").is_empty(),
        "it lets no attribute through"
    );
}

#[test]
fn the_users_notes_stand_beside_the_code() {
    let note = "# Functions\n\n## Mutable default arguments\n\nA default value is made once, when the `def` runs, so <b>every</b> call shares it.\n";
    let project = folder(&[
        ("marginote.toml", "notes = [\"notes\"]\n"),
        ("notes/functions.md", note),
        ("a.py", PITFALL),
    ]);
    let page = text(&run(project.path(), &["check", "--format", "html"]).stdout);
    assert!(
        page.contains("Your note: functions.md › Mutable default arguments"),
        "{page}"
    );
    assert!(page.contains("By idea, and your notes on it"));
    assert!(page.contains("every") && !page.contains("<b>"), "{page}");
    fs::remove_file(project.path().join("marginote.toml")).expect("it was there");
    let page = text(&run(project.path(), &["check", "--format", "html"]).stdout);
    assert!(!page.contains("Your note"));
}

#[test]
fn only_lines_around_findings_are_in_the_page() {
    let far = format!(
        "first = 1\n{}{PITFALL}{}last = 1\n",
        "x = 1\n".repeat(50),
        "y = 1\n".repeat(50)
    );
    let project = folder(&[("a.py", &far), ("clean.py", "never = 1\n")]);
    let page = text(&run(project.path(), &["check", "--format", "html"]).stdout);
    assert!(
        page.contains("id=\"f1-52\"") && page.contains("<p class=\"gap\">48 lines</p>"),
        "{page}"
    );
    for far in ["first", "last", "never"] {
        assert!(!page.contains(&format!(">{far} =")), "{far}");
    }
    let clean = text(&run(project.path(), &["check", "--format", "html", "clean.py"]).stdout);
    assert!(
        clean.contains("1 file checked, 1 line: nothing found."),
        "{clean}"
    );
}
