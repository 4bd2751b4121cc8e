//! A vault of 5,000 notes: read for the first time, again from the cache, after one note has changed; searched and quoted.
//!
//! The notes are written from the built-in cards' own sentences and code, shuffled, so that they speak of many things in many words.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use divan::{Bencher, black_box};
use marginote::analysis::notes::Notes;
use marginote::analysis::{Analysis, Cancel};
use marginote::knowledge::{ConceptCard, Knowledge};
use tempfile::TempDir;

// as in the program
#[path = "../src/allocator.rs"]
mod allocator;

const NOTES: usize = 5_000;

fn main() {
    allocator::share_with_tree_sitter();
    // the linker and the cards are part of a first index; the disk is not
    let vault = vault();
    let bytes: u64 = vault
        .files
        .iter()
        .filter_map(|file| file.metadata().ok())
        .map(|data| data.len())
        .sum();
    println!("{} notes, {} KB", vault.files.len(), bytes >> 10);
    divan::main();
}

struct Vault {
    folder: TempDir,
    files: Vec<PathBuf>,
}

fn vault() -> &'static Vault {
    static VAULT: OnceLock<Vault> = OnceLock::new();
    VAULT.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder");
        let cards: Vec<&ConceptCard> = Knowledge::builtin().concepts().collect();
        let mut dice = Dice(0x2545_f491_4f6c_dd1d);
        let write = |at: usize| {
            let path = folder.path().join(format!("{at:04}.md"));
            std::fs::write(&path, note(&cards, &mut dice)).expect("written");
            path
        };
        let files = (0..NOTES).map(write).collect();
        Vault { folder, files }
    })
}

/// Numbers that look random and are the same every time (xorshift64*).
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % end.max(1)
    }

    fn one_of<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        items.get(self.below(items.len()))
    }
}

/// Some sections, each about one concept, with some sentences of others.
fn note(cards: &[&ConceptCard], dice: &mut Dice) -> String {
    let mut text = String::from("# Notes\n\n");
    for _ in 0..3 + dice.below(6) {
        let Some(card) = dice.one_of(cards) else {
            continue;
        };
        let name = dice.one_of(&card.aliases).unwrap_or(&card.title);
        let _ = write!(text, "## {name}\n\n");
        let why = card.section("Why").map_or("", |why| why.markdown.as_str());
        let sentences: Vec<&str> = card.summary.split(". ").chain(why.split(". ")).collect();
        for _ in 0..2 + dice.below(5) {
            let _ = write!(text, "{}. ", dice.one_of(&sentences).unwrap_or(&"So it is"));
        }
        let other = dice.one_of(cards).map_or("", |card| card.summary.as_str());
        let _ = write!(text, "\n\n- {other}\n\n");
        let blocks: Vec<_> = card
            .blocks()
            .filter(|block| block.code.len() < 800)
            .collect();
        if let Some(block) = dice.one_of(&blocks) {
            let _ = write!(text, "```python\n{}\n```\n\n", block.code.trim_end());
        }
        if let Some(recall) = dice.one_of(&card.recall) {
            let _ = write!(
                text,
                "**Q1: {}**\n\n**A:** {}\n\n",
                recall.question, recall.answer
            );
        }
    }
    text
}

#[divan::bench(sample_count = 5)]
fn first_index(bencher: Bencher) {
    let vault = vault();
    bencher.bench_local(|| {
        black_box(Notes::index(
            &vault.files,
            Knowledge::builtin(),
            None,
            &Cancel::default(),
        ))
    });
}

#[divan::bench(sample_count = 10)]
fn index_from_cache(bencher: Bencher) {
    let vault = vault();
    let cache = vault.folder.path().join("notes.cache");
    Notes::index(
        &vault.files,
        Knowledge::builtin(),
        Some(&cache),
        &Cancel::default(),
    );
    let size = std::fs::metadata(&cache).map_or(0, |data| data.len());
    println!("the cache has {} KB", size >> 10);
    bencher.bench_local(|| {
        black_box(Notes::index(
            &vault.files,
            Knowledge::builtin(),
            Some(&cache),
            &Cancel::default(),
        ))
    });
}

#[divan::bench(sample_count = 20)]
fn one_note_changed(bencher: Bencher) {
    let vault = vault();
    let notes = Notes::index(&vault.files, Knowledge::builtin(), None, &Cancel::default());
    let path = &vault.files[0];
    let text = std::fs::read_to_string(path).expect("a note");
    let changed = [(path.clone(), None)];
    bencher
        .with_inputs(|| std::fs::write(path, &text).expect("written"))
        .bench_local_values(|()| black_box(notes.update(&changed, Knowledge::builtin())));
}

#[divan::bench(sample_count = 50)]
fn search(bencher: Bencher) {
    let notes = Notes::index(
        &vault().files,
        Knowledge::builtin(),
        None,
        &Cancel::default(),
    );
    notes.search("warm", 1);
    bencher.bench_local(|| black_box(notes.search("why is a lock needed for a counter", 10).len()));
}

#[divan::bench(sample_count = 50)]
fn quote_for_a_hover(bencher: Bencher) {
    let notes = Notes::index(
        &vault().files,
        Knowledge::builtin(),
        None,
        &Cancel::default(),
    );
    let notes = Arc::new(notes);
    let mut analysis = Analysis::default();
    bencher
        .with_inputs(|| {
            // nothing is known of any one note
            analysis.set_notes(Arc::clone(&notes));
            analysis.snapshot()
        })
        .bench_local_values(|snapshot| black_box(snapshot.quote("gil")));
}
