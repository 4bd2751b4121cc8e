//! What a walk from the cache gives is compared with a walk, after changes of every kind.

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::analysis::stamp::COARSE;
use crate::analysis::{Analysis, walk};

/// A folder `code` in a folder `home`, and a cache.
struct World(TempDir);

impl World {
    fn new() -> World {
        let world = World(TempDir::new().expect("there is room"));
        for (name, text) in [
            ("marginote.toml", "exclude = [\"old\"]\n"),
            ("code/.gitignore", "made.py\n"),
            ("code/a.py", ""),
            ("code/made.py", ""),
            ("code/notes.txt", ""),
            ("code/old/b.py", ""),
            ("code/deep/er/c.py", ""),
            ("code/deep/er/d.py", ""),
            ("code/own/.git/HEAD", ""),
            ("code/own/g.py", ""),
        ] {
            world.write(name, text);
        }
        world
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join("home").join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("it is in a folder")).expect("there is room");
        fs::write(path, text).expect("there is room");
    }

    fn rename(&self, from: &str, to: &str) {
        fs::rename(self.path(from), self.path(to)).expect("both are in one folder");
    }

    /// The names of the files with the cache, which are those without; and whether folders were listed for it.
    fn files(&self) -> (Vec<PathBuf>, bool) {
        let root = self.path("code");
        let files = |cache: Option<&Path>| {
            let snapshot = Analysis::default().snapshot();
            let listed = Cell::new(false);
            let walk = || {
                listed.set(true);
                walk::files(&root, &snapshot.state.config, walk::is_python)
            };
            let found = match cache {
                Some(cache) => snapshot.walked(&root, cache, walk),
                None => walk(),
            };
            (found.files, listed.get())
        };
        let (found, listed) = files(Some(&self.0.path().join("cache/it.cache")));
        assert_eq!(found, files(None).0);
        (found, listed)
    }
}

/// What is done, whether folders have to be listed again, and how many files there are then.
type Case = (&'static str, fn(&World), bool, usize);

const CASES: &[Case] = &[
    ("nothing", |_| (), false, 4),
    (
        "a file says something else",
        |w| w.write("code/a.py", "x = 1\n"),
        false,
        4,
    ),
    (
        "a file comes",
        |w| w.write("code/deep/er/e.py", ""),
        true,
        5,
    ),
    (
        "a file that is not Python comes",
        |w| w.write("code/f.txt", ""),
        true,
        4,
    ),
    (
        "a file gets another name",
        |w| w.rename("code/a.py", "code/a.txt"),
        true,
        3,
    ),
    (
        "a file becomes a folder",
        |w| {
            fs::remove_file(w.path("code/a.py")).expect("it is there");
            w.write("code/a.py/a.py", "");
        },
        true,
        4,
    ),
    (
        "a folder comes",
        |w| w.write("code/deep/new/f.py", ""),
        true,
        5,
    ),
    (
        "a folder gets another name",
        |w| w.rename("code/deep/er", "code/deep/old"),
        true,
        2,
    ),
    (
        "a folder is put in the place of another",
        |w| {
            w.write("other/c.py", "");
            w.rename("code/deep", "was");
            w.rename("other", "code/deep");
        },
        true,
        3,
    ),
    (
        "git leaves out more",
        |w| w.write("code/.gitignore", "made.py\na.py\n"),
        true,
        3,
    ),
    (
        "git leaves out less",
        |w| w.write("code/.gitignore", ""),
        true,
        5,
    ),
    (
        "git leaves out something below",
        |w| w.write("code/deep/.gitignore", "er\n"),
        true,
        2,
    ),
    (
        "git leaves out something from above",
        |w| w.write(".gitignore", "a.py\n"),
        true,
        3,
    ),
    (
        "a repository begins above",
        |w| w.write(".git/info/exclude", "c.py\n"),
        true,
        3,
    ),
    (
        "the settings leave out less",
        |w| w.write("marginote.toml", ""),
        true,
        5,
    ),
    (
        "other settings come",
        |w| w.write("code/deep/marginote.toml", "exclude = [\"er\"]\n"),
        true,
        2,
    ),
    (
        "the settings of the project come",
        |w| {
            w.write(
                "code/pyproject.toml",
                "[tool.marginote]\nexclude = [\"deep\"]\n",
            );
        },
        true,
        3,
    ),
    (
        "a repository leaves out something for the first time",
        |w| w.write("code/own/.git/info/exclude", "g.py\n"),
        true,
        3,
    ),
];

#[test]
fn what_decides_which_files_there_are_is_noticed() {
    let worlds: Vec<World> = CASES.iter().map(|_| World::new()).collect();
    std::thread::sleep(COARSE + Duration::from_millis(1100));
    for (world, (name, change, listed, count)) in worlds.iter().zip(CASES) {
        assert_eq!(
            (world.files().1, world.files().1),
            (true, false),
            "before {name}"
        );
        change(world);
        let (files, again) = world.files();
        assert_eq!((again, files.len()), (*listed, *count), "{name}: {files:?}");
    }
}

#[test]
fn what_has_just_changed_may_change_again_without_its_times_telling() {
    let start = Instant::now();
    let world = World::new();
    let listed = world.files().1 && world.files().1;
    // on a machine that took that long for it, they tell
    assert!(listed || start.elapsed() > COARSE);
}

#[test]
fn a_cache_that_says_something_else_is_not_believed() {
    let world = World::new();
    std::thread::sleep(COARSE + Duration::from_millis(1100));
    assert_eq!((world.files().1, world.files().1), (true, false));
    let cache = world.0.path().join("cache/it.cache");
    let mut bytes = fs::read(&cache).expect("it was written");
    if let Some(last) = bytes.last_mut() {
        *last ^= 1;
    }
    fs::write(&cache, bytes).expect("there is room");
    assert_eq!((world.files().1, world.files().1), (true, false));
}
