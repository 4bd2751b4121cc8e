//! What Ruff's configuration says that matters here: which of its rules the project has chosen.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::rules::family;

/// Ruff's own rules that a project has chosen by name.
///
/// What Ruff switches on by itself depends on its version, which no file says; so only `select` and `extend-select` count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct RuffSelection {
    select: Vec<String>,
    ignore: Vec<String>,
}

impl RuffSelection {
    /// Reads a `ruff.toml` or `[tool.ruff]`. Other files that it extends are not read.
    pub(super) fn read(table: &DeTable) -> RuffSelection {
        // Before there was `lint`, its keys stood on top.
        let lint = table.get("lint").and_then(|lint| lint.get_ref().as_table());
        let mut selection = RuffSelection::default();
        for table in [Some(table), lint].into_iter().flatten() {
            for key in ["select", "extend-select"] {
                selection.select.extend(strings(table.get(key)));
            }
            for key in ["ignore", "extend-ignore"] {
                selection.ignore.extend(strings(table.get(key)));
            }
        }
        selection
    }

    /// Whether Ruff reports this code: the longest prefix that names it decides, and `ignore` where both are as long.
    pub(super) fn selects(&self, code: &str) -> bool {
        let longest = |prefixes: &[String]| {
            let naming = prefixes.iter().filter(|prefix| names(prefix, code));
            naming.map(|p| if p == "ALL" { 0 } else { p.len() }).max()
        };
        longest(&self.select) > longest(&self.ignore)
    }
}

/// Whether a selector of Ruff's names a code. `B` names `B006` but not `BLE001`, which is another linter; only `PL` stands for four.
fn names(prefix: &str, code: &str) -> bool {
    let linter = family(prefix);
    prefix == "ALL" || (code.starts_with(prefix) && (linter == family(code) || prefix == "PL"))
}

fn strings(value: Option<&Spanned<DeValue>>) -> Vec<String> {
    let array = value.and_then(|value| value.get_ref().as_array());
    let items = array.into_iter().flatten();
    items
        .filter_map(|item| item.get_ref().as_str().map(str::to_owned))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::RuffSelection;
    use toml::de::DeTable;

    fn selects(text: &str, code: &str) -> bool {
        let table = DeTable::parse(text).expect("TOML");
        RuffSelection::read(table.get_ref()).selects(code)
    }

    #[test]
    fn selectors_are_read_as_ruff_reads_them() {
        let lint = |keys: &str| format!("[lint]\n{keys}");
        assert!(selects(&lint("select = ['B']"), "B006"));
        assert!(selects(&lint("select = ['B0']"), "B006"));
        assert!(selects(&lint("select = ['ALL']"), "B006"));
        assert!(selects(&lint("extend-select = ['B006']"), "B006"));
        assert!(selects("select = ['B']", "B006"));
        assert!(selects(&lint("select = ['PL']"), "PLW0102"));
        assert!(!selects(&lint("select = ['B']"), "BLE001"));
        assert!(!selects(&lint("select = ['E', 'F']"), "B006"));
        assert!(!selects("", "B006"));
        assert!(!selects("select = 3", "B006"));
    }

    #[test]
    fn the_longer_prefix_wins_and_ignore_among_equals() {
        assert!(!selects("select = ['B']\nignore = ['B006']", "B006"));
        assert!(selects("select = ['B006']\nignore = ['B']", "B006"));
        assert!(!selects("select = ['B006']\nignore = ['B006']", "B006"));
        assert!(!selects("select = ['ALL']\nignore = ['B']", "B006"));
    }
}
