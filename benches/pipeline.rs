//! The pipeline stage by stage over the standard library's own modules, one thread: read the figures as ratios of one run.
//!
//! `parse_whole_files` is tree-sitter by itself and the yardstick: everything else should stay a fraction of it.

use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, OnceLock};

use divan::{Bencher, black_box};
use marginote::analysis::{Analysis, Cancel};
use marginote::facts::FileFacts;
use marginote::syntax::{parse, segment};
use marginote::text::Excerpt;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    divan::main();
}

fn folder() -> PathBuf {
    let output = Command::new("python3")
        .args(["-c", "import os; print(os.path.dirname(os.__file__))"])
        .output()
        .expect("python3 runs");
    PathBuf::from(String::from_utf8_lossy(&output.stdout).trim())
}

/// The modules that stand directly in the standard library's folder.
fn files() -> &'static [(PathBuf, Arc<String>)] {
    static FILES: OnceLock<Vec<(PathBuf, Arc<String>)>> = OnceLock::new();
    FILES.get_or_init(|| {
        let entries = std::fs::read_dir(folder()).expect("the standard library is there");
        let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "py"));
        paths.sort();
        paths
            .into_iter()
            .filter_map(|path| Some((path.clone(), std::fs::read_to_string(path).ok()?.into())))
            .collect()
    })
}

fn bytes() -> divan::counter::BytesCount {
    divan::counter::BytesCount::new(files().iter().map(|(_, text)| text.len()).sum::<usize>())
}

#[divan::bench(sample_count = 10)]
fn scan(bencher: Bencher) {
    bencher.counter(bytes()).bench_local(|| {
        for (_, text) in files() {
            black_box(segment(text.as_bytes()));
        }
    });
}

#[divan::bench(sample_count = 3)]
fn parse_whole_files(bencher: Bencher) {
    let mut parser = tree_sitter::Parser::new();
    parser
        .set_language(&tree_sitter_python::LANGUAGE.into())
        .expect("the versions agree");
    bencher.counter(bytes()).bench_local(|| {
        for (_, text) in files() {
            black_box(parser.parse(text.as_bytes(), None));
        }
    });
}

#[divan::bench(sample_count = 3)]
fn parse_and_flatten_whole_files(bencher: Bencher) {
    bencher.counter(bytes()).bench_local(|| {
        for (_, text) in files() {
            let all = Excerpt::new(text, 0..text.len());
            black_box(parse(&all, None, false));
        }
    });
}

/// Segments, outlines and subjects: what every file costs, parsed or not.
#[divan::bench(sample_count = 10)]
fn facts_without_parsing(bencher: Bencher) {
    bencher.counter(bytes()).bench_local(|| {
        for (path, text) in files() {
            black_box(FileFacts::new(Arc::new(path.clone()), Arc::clone(text)));
        }
    });
}

#[divan::bench(sample_count = 3)]
fn facts_of_every_segment(bencher: Bencher) {
    bencher.counter(bytes()).bench_local(|| {
        for (path, text) in files() {
            let facts = FileFacts::new(Arc::new(path.clone()), Arc::clone(text));
            for index in 0..facts.len() {
                black_box(facts.segment(index).body());
            }
        }
    });
}

#[divan::bench(sample_count = 3)]
fn check(bencher: Bencher) {
    let paths: Vec<PathBuf> = files().iter().map(|(path, _)| path.clone()).collect();
    let one_thread = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .build()
        .expect("a thread");
    bencher.counter(bytes()).bench_local(|| {
        one_thread.install(|| black_box(Analysis::default().snapshot().check(&paths, &|| {})));
    });
}

/// The rules alone: the facts are there already.
#[divan::bench(sample_count = 3)]
fn rules_again(bencher: Bencher) {
    let paths: Vec<PathBuf> = files().iter().map(|(path, _)| path.clone()).collect();
    let snapshot = Analysis::default().snapshot();
    snapshot.check(&paths, &|| {});
    bencher.counter(bytes()).bench_local(|| {
        for path in &paths {
            black_box(snapshot.findings(path, &Cancel::default()));
        }
    });
}
