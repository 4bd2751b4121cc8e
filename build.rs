//! Embeds the cards: writes a table of every file in `knowledge/concepts` and `knowledge/rules` into `$OUT_DIR/cards.rs`.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    let mut table = String::from("pub(super) static CARDS: &[(&str, &str)] = &[\n");
    for folder in ["knowledge/concepts", "knowledge/rules"] {
        println!("cargo::rerun-if-changed={folder}");
        for path in cards(folder)? {
            writeln!(
                table,
                "    ({path:?}, include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/\", {path:?}))),"
            )
            .expect("writing into a String does not fail");
        }
    }
    table.push_str("];\n");
    let out = env::var("OUT_DIR").expect("cargo sets OUT_DIR for build scripts");
    fs::write(Path::new(&out).join("cards.rs"), table)
}

/// The Markdown files of a folder, sorted, so that the same tree gives the same binary.
fn cards(folder: &str) -> io::Result<Vec<String>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        let name = name.to_string_lossy();
        if name.ends_with(".md") {
            paths.push(format!("{folder}/{name}"));
        }
    }
    paths.sort();
    Ok(paths)
}
