//! Embeds the cards and the claims: writes tables of the files in the folders of `knowledge` into `$OUT_DIR/cards.rs`.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    let cards = table("CARDS", &["knowledge/concepts", "knowledge/rules"])?;
    let claims = table("CLAIMS", &["knowledge/claims"])?;
    let out = env::var("OUT_DIR").expect("cargo sets OUT_DIR for build scripts");
    fs::write(Path::new(&out).join("cards.rs"), cards + &claims)
}

/// A table of the files in these folders: path and text.
fn table(name: &str, folders: &[&str]) -> io::Result<String> {
    let mut table = format!("pub(super) static {name}: &[(&str, &str)] = &[\n");
    for folder in folders {
        println!("cargo::rerun-if-changed={folder}");
        for path in markdown(folder)? {
            writeln!(
                table,
                "    ({path:?}, include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/\", {path:?}))),"
            )
            .expect("writing into a String does not fail");
        }
    }
    table.push_str("];\n");
    Ok(table)
}

/// The Markdown files of a folder, sorted, so that the same tree gives the same binary.
fn markdown(folder: &str) -> io::Result<Vec<String>> {
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
