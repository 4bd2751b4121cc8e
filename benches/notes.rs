//! A vault of 5,000 notes: read for the first time, again from the cache, after one note has changed; searched and quoted.
//!
//! There are two. The notes of the one are as long, and as many have code, as those that people publish ([`LENGTHS`]). Those of the other are denser than anybody's: every section is about
//! a concept and has a block of Python. What is about Python is written from the built-in cards' own sentences and code, shuffled, so that it speaks of many things in many words.

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
/// Bytes of notes, each as common as the others: quantiles of 10,105 Markdown files in twelve public vaults, most of them general ones (2026). Their mean is 3.3 KB.
const LENGTHS: &[usize] = &[
    84, 191, 350, 484, 640, 784, 930, 1_073, 1_190, 1_315, 1_480, 1_653, 1_950, 2_325, 2_900,
    3_703, 5_000, 7_323, 12_300, 26_000,
];
/// Of a hundred notes of these vaults 4 have a block of Python, and 35 one of anything.
const WITH_PYTHON: usize = 4;
const WITH_CODE: usize = 35;

fn main() {
    allocator::share_with_tree_sitter();
    // the linker and the cards are part of a first index; the disk is not
    for vault in [vault(), dense_vault()] {
        let files = vault.files.iter();
        let bytes: u64 = files
            .filter_map(|file| file.metadata().ok())
            .map(|data| data.len())
            .sum();
        println!("{} notes, {} KB", vault.files.len(), bytes >> 10);
    }
    divan::main();
}

struct Vault {
    folder: TempDir,
    files: Vec<PathBuf>,
}

/// Notes like those of people.
fn vault() -> &'static Vault {
    static VAULT: OnceLock<Vault> = OnceLock::new();
    VAULT.get_or_init(|| Vault::new(usual_note))
}

/// Notes that are all about Python.
fn dense_vault() -> &'static Vault {
    static VAULT: OnceLock<Vault> = OnceLock::new();
    VAULT.get_or_init(|| Vault::new(note))
}

impl Vault {
    fn new(note: impl Fn(&[&ConceptCard], &mut Dice) -> String) -> Vault {
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
    }
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

/// A note about anything, as long as people's are.
fn usual_note(cards: &[&ConceptCard], dice: &mut Dice) -> String {
    let length = dice.one_of(LENGTHS).copied().unwrap_or_default();
    let kind = dice.below(100);
    let mut text = String::from("---\ntags: [note]\n---\n");
    while text.len() < length {
        if kind < WITH_PYTHON {
            section(&mut text, cards, dice);
            continue;
        }
        let _ = write!(text, "\n## {}\n\n", words(dice, 3));
        for _ in 0..1 + dice.below(3) {
            let (sentence, item) = (words(dice, 14), words(dice, 9));
            let _ = write!(
                text,
                "{sentence}. {item}.\n\n- {item}, [[{}]]\n\n",
                words(dice, 2)
            );
        }
        if kind < WITH_CODE && dice.below(2) == 0 {
            let name = words(dice, 1);
            let _ = write!(
                text,
                "```js\nconst {name} = (x) => x + 1;\n{name}(2);\n```\n\n"
            );
        }
    }
    text
}

/// Words of a language that nobody speaks.
fn words(dice: &mut Dice, count: usize) -> String {
    let mut text = String::new();
    for at in 0..count {
        text.push_str(if at == 0 { "" } else { " " });
        for _ in 0..1 + dice.below(3) {
            let (lead, vowel) = (b"bdfghklmnprstvwz", b"aeiou");
            text.push(char::from(dice.one_of(lead).copied().unwrap_or(b'b')));
            text.push(char::from(dice.one_of(vowel).copied().unwrap_or(b'a')));
        }
    }
    text
}

/// Some sections, each about one concept, with some sentences of others.
fn note(cards: &[&ConceptCard], dice: &mut Dice) -> String {
    let mut text = String::from("# Notes\n\n");
    for _ in 0..3 + dice.below(6) {
        section(&mut text, cards, dice);
    }
    text
}

/// Adds a section about one concept.
fn section(text: &mut String, cards: &[&ConceptCard], dice: &mut Dice) {
    let Some(card) = dice.one_of(cards) else {
        return;
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

fn index(vault: &Vault) -> Notes {
    Notes::index(&vault.files, Knowledge::builtin(), None, &Cancel::default())
}

#[divan::bench(sample_count = 5)]
fn first_index(bencher: Bencher) {
    let vault = vault();
    bencher.bench_local(|| black_box(index(vault)));
}

#[divan::bench(sample_count = 5)]
fn first_index_of_dense_notes(bencher: Bencher) {
    let vault = dense_vault();
    bencher.bench_local(|| black_box(index(vault)));
}

#[divan::bench(sample_count = 10)]
fn index_from_cache(bencher: Bencher) {
    let vault = dense_vault();
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
    let vault = dense_vault();
    let notes = index(vault);
    let path = &vault.files[0];
    let text = std::fs::read_to_string(path).expect("a note");
    let changed = [(path.clone(), None)];
    bencher
        .with_inputs(|| std::fs::write(path, &text).expect("written"))
        .bench_local_values(|()| black_box(notes.update(&changed, Knowledge::builtin())));
}

#[divan::bench(sample_count = 50)]
fn search(bencher: Bencher) {
    let notes = index(dense_vault());
    notes.search("warm", 1);
    bencher.bench_local(|| black_box(notes.search("why is a lock needed for a counter", 10).len()));
}

#[divan::bench(sample_count = 50)]
fn quote_for_a_hover(bencher: Bencher) {
    let notes = index(dense_vault());
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
