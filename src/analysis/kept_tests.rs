//! Every answer from the cache is compared with a check without it.

use std::fs::{self, File, FileTimes};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use tempfile::TempDir;

use super::CHECKS;
use crate::analysis::{Analysis, Report, Snapshot};
use crate::config::Settings;
use crate::rules::Finding;

const WORKER: &str = "import threading\nfrom work import total\n\nthreading.Thread(target=total, args=(10**8,)).start()\nthreading.Thread(target=total, args=(10**8,)).start()\n";
const SUM: &str = "def total(n):\n    result = 0\n    for i in range(n):\n        result += i * i\n    print(result)\n";
const SLEEP: &str = "import time\n\ndef total(n):\n    time.sleep(n)\n";
const DEFAULT: &str = "def add(item, items=[]):\n    items.append(item)\n";

/// A folder with a project in `code`, old enough for its times to tell, and a cache.
struct World {
    folder: TempDir,
}

impl World {
    fn new() -> World {
        let world = World {
            folder: TempDir::new().expect("there is room"),
        };
        for (name, text) in [
            ("worker.py", WORKER),
            ("work.py", SUM),
            ("shop.py", DEFAULT),
        ] {
            world.write(name, text);
        }
        world
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("code").join(name)
    }

    fn cache(&self) -> PathBuf {
        self.folder.path().join("cache").join("it.cache")
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("it is in a folder")).expect("there is room");
        fs::write(&path, text).expect("there is room");
    }

    fn snapshot(&self, settings: Settings) -> Snapshot {
        let mut analysis = Analysis::default();
        analysis.set_overrides(vec![settings], true);
        analysis.set_folders(vec![self.folder.path().join("code")]);
        analysis.snapshot()
    }

    /// What a check finds with the cache, which is what it finds without; and how many files it read.
    fn check_with(&self, settings: Settings) -> (Vec<Finding>, usize) {
        let snapshot = self.snapshot(settings.clone());
        let files = snapshot.files();
        let done = AtomicUsize::new(0);
        let count = || {
            done.fetch_add(1, Ordering::Relaxed);
        };
        let reports = snapshot.check_kept(&files, &self.cache(), &count);
        assert_eq!(done.into_inner(), files.len());
        let read = snapshot.state.disk.known().len();
        let plain = self.snapshot(settings).check(&files, &|| ());
        assert_eq!(said(&reports), said(&plain));
        let findings = reports.iter().flat_map(|report| report.findings.clone());
        (findings.collect(), read)
    }

    fn check(&self) -> (Vec<Finding>, usize) {
        self.check_with(Settings::default())
    }

    /// The codes that are found.
    fn codes(&self) -> Vec<&'static str> {
        let findings = self.check().0.into_iter();
        findings.map(|finding| finding.code).collect()
    }

    /// A check that is kept, and one that takes it from there.
    fn warm(&self) {
        self.check();
        let (_, read) = self.check();
        assert_eq!(read, 0, "a check of what has not changed reads nothing");
    }
}

fn said(reports: &[Arc<Report>]) -> Vec<(Vec<Finding>, Vec<String>, usize)> {
    let said = |report: &Arc<Report>| {
        let Report {
            findings,
            problems,
            lines,
            ..
        } = &**report;
        (findings.clone(), problems.clone(), *lines)
    };
    reports.iter().map(said).collect()
}

fn set_modified(path: &Path, time: SystemTime) {
    let file = File::options().write(true).open(path).expect("it is there");
    file.set_times(FileTimes::new().set_modified(time))
        .expect("it is ours");
}

#[test]
fn what_has_not_changed_is_not_read() {
    let world = World::new();
    world.warm();
    assert_eq!(world.codes(), ["MUT001", "GIL001", "GIL001"]);
}

#[test]
fn a_change_elsewhere_is_noticed() {
    let world = World::new();
    world.warm();
    world.write("work.py", SLEEP);
    assert_eq!(world.codes(), ["MUT001"]);
    world.write("work.py", SUM);
    assert_eq!(world.codes().len(), 3);
}

#[test]
fn a_change_that_keeps_size_and_time_is_noticed() {
    let world = World::new();
    let old = SystemTime::now() - Duration::from_secs(3600);
    set_modified(&world.path("shop.py"), old);
    world.warm();
    world.write("shop.py", &DEFAULT.replace("[]", "()"));
    set_modified(&world.path("shop.py"), old);
    assert!(!world.codes().contains(&"MUT001"));
}

#[test]
fn the_same_text_with_another_time_is_the_same() {
    let world = World::new();
    world.warm();
    world.write("shop.py", DEFAULT);
    assert_eq!(world.check().1, 0);
}

#[test]
fn files_that_come_and_go_are_noticed() {
    let world = World::new();
    world.warm();
    world.write("more.py", DEFAULT);
    assert_eq!(world.codes().len(), 4);
    fs::remove_file(world.path("more.py")).expect("it is there");
    assert_eq!(world.codes().len(), 3);
}

#[test]
fn a_module_that_appears_where_an_import_looked_is_noticed() {
    let world = World::new();
    // not asked for, and imported: only what was looked up tells
    world.write("marginote.toml", "exclude = [\"hidden\"]\n");
    world.write(
        "worker.py",
        &WORKER.replace("from work", "from hidden.work"),
    );
    world.warm();
    assert_eq!(world.codes(), ["MUT001"]);
    world.write("hidden/work.py", SUM);
    assert_eq!(world.codes().len(), 3);
    // and one that was read without being asked for
    world.warm();
    world.write("hidden/work.py", SLEEP);
    assert_eq!(world.codes(), ["MUT001"]);
}

#[cfg(unix)]
#[test]
fn a_link_that_leads_somewhere_at_last_is_noticed() {
    let world = World::new();
    world.write("marginote.toml", "exclude = [\"hidden\"]\n");
    world.write("hidden/other.py", "");
    world.write(
        "worker.py",
        &WORKER.replace("from work", "from hidden.work"),
    );
    // the times of its own folder do not tell of what stands elsewhere
    let elsewhere = world.folder.path().join("elsewhere.py");
    std::os::unix::fs::symlink(&elsewhere, world.path("hidden/work.py")).expect("there is room");
    world.warm();
    std::thread::sleep(crate::analysis::stamp::COARSE + Duration::from_millis(1100));
    assert_eq!(world.codes(), ["MUT001"]);
    fs::write(&elsewhere, SUM).expect("there is room");
    assert_eq!(world.codes().len(), 3);
}

#[test]
fn where_imports_looked_folders_tell() {
    let world = World::new();
    world.warm();
    std::thread::sleep(crate::analysis::stamp::COARSE + Duration::from_millis(1100));
    world.check();
    let kept = || {
        let snapshot = world.snapshot(Settings::default());
        let key = snapshot.key(&snapshot.files()).expect("it is kept");
        let body = CHECKS.load(&world.cache(), key).expect("it was kept");
        postcard::from_bytes::<super::Kept>(&body).expect("it is ours")
    };
    let code = world.path("");
    let own = |kept: super::Kept| {
        let mut folders = kept.looked_up.into_iter();
        let own = folders.find(|looked| looked.folder == code.as_path());
        own.expect("`threading` was looked for there")
    };
    assert!(own(kept()).stamp.is_some());
    // something comes that is no module of theirs
    world.write("notes.txt", "");
    assert_eq!(world.check().1, 0);
    // and something that is, with what was there before still in its place
    world.write("threading.py", "def Thread(target, args): ...\n");
    assert_ne!(world.check().1, 0);
}

#[test]
fn settings_and_cards_are_part_of_it() {
    let world = World::new();
    world.warm();
    let ignored = Settings::from_options(None, &["MUT001".to_owned()]);
    assert_eq!(world.check_with(ignored).0.len(), 2);
    world.write(
        "marginote.toml",
        "ignore = [\"GIL001\"]\nnotes = [\"notes\"]\n",
    );
    assert_eq!(world.codes(), ["MUT001"]);
    let card = |name: &str| {
        format!(
            "---\nkind: rule\ncode: TEAM001\nname: no-{name}\ntitle: T\nseverity: warning\nmessage: \"no {name}\"\nmatch: |\n  (call function: (identifier) @f (#eq? @f \"{name}\")) @finding\n---\nA lesson.\n"
        )
    };
    world.write("notes/card.md", &card("range"));
    assert!(world.codes().contains(&"TEAM001"));
    world.warm();
    world.write("notes/card.md", &card("nothing"));
    assert_eq!(world.codes(), ["MUT001"]);
}

#[test]
fn what_cannot_be_read_is_tried_again() {
    let world = World::new();
    fs::write(world.path("shop.py"), b"x = '\xff'\n").expect("there is room");
    world.check();
    assert!(!world.cache().exists());
    world.write("shop.py", DEFAULT);
    world.warm();
}

#[test]
fn a_cache_that_is_not_right_is_not_believed() {
    let world = World::new();
    world.warm();
    let right = fs::read(world.cache()).expect("it was written");
    let at = |at: usize| {
        let mut bytes = right.clone();
        bytes[at] ^= 1;
        bytes
    };
    let damaged = [
        Vec::new(),
        b"nothing of ours".to_vec(),
        right[..right.len() / 2].to_vec(),
        at(0),
        at(9),
        at(17),
        at(right.len() - 1),
    ];
    for bytes in damaged {
        fs::write(world.cache(), bytes).expect("there is room");
        let (findings, read) = world.check();
        assert_eq!((findings.len(), read), (3, 3));
        assert_eq!(world.check().1, 0, "it is written anew");
    }
    // the sum is right, what it stands for is not
    let key = u64::from_le_bytes(right[8..16].try_into().expect("eight bytes"));
    for body in [&b""[..], b"\xff\xff\xff\xff\xff\xff", &right[24..60]] {
        CHECKS.store(&world.cache(), key, body);
        assert_eq!(world.check().0.len(), 3);
    }
}

#[test]
fn a_cache_that_cannot_be_written_is_done_without() {
    let world = World::new();
    fs::write(world.folder.path().join("cache"), "no folder").expect("there is room");
    for _ in 0..2 {
        let (findings, read) = world.check();
        assert_eq!((findings.len(), read), (3, 3));
    }
}

#[test]
fn a_file_that_has_just_changed_is_read_until_its_times_tell() {
    let world = World::new();
    world.check();
    let stamps = || {
        let body = fs::read(world.cache())
            .expect("it was written")
            .split_off(24);
        let kept: super::Kept = postcard::from_bytes(&body).expect("it is ours");
        kept.read.iter().filter(|file| file.stamp.is_some()).count()
    };
    assert_eq!(stamps(), 0);
    std::thread::sleep(crate::analysis::stamp::COARSE + Duration::from_millis(1100));
    assert_eq!(world.check().1, 0);
    assert_eq!(stamps(), 3);
}
