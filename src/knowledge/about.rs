//! Whether a note speaks of Python at all. Most notes of most people do not: what they say of locks, of wheels or of a factory is little evidence for any concept.

use rustc_hash::FxHashSet;

use super::notes::{Block, Note, Part, Section};
use super::search::{Word, Words, each_word, number};

/// Words that stand in texts about Python and hardly in others: the language's names, and names of modules, tools and special methods.
const PYTHON: &[&str] = &[
    "python",
    "python2",
    "python3",
    "cpython",
    "pypy",
    "ipython",
    "gil",
    "pep8",
    "pip",
    "pipenv",
    "pypi",
    "venv",
    "virtualenv",
    "pyproject",
    "setuptools",
    "pytest",
    "mypy",
    "pylint",
    "pydantic",
    "asyncio",
    "functools",
    "itertools",
    "contextlib",
    "dataclass",
    "weakref",
    "weakvaluedictionary",
    "ordereddict",
    "namedtuple",
    "typevar",
    "processpoolexecutor",
    "memoryview",
    "metaclass",
    "classmethod",
    "staticmethod",
    "cprofile",
    "isinstance",
    "kwargs",
    "lru_cache",
    "defaultdict",
    "numpy",
    "django",
    "fastapi",
    "__all__",
    "__call__",
    "__del__",
    "__dict__",
    "__enter__",
    "__get__",
    "__init__",
    "__iter__",
    "__main__",
    "__new__",
    "__next__",
    "__slots__",
];

/// Modules whose attributes are spoken of with them, as `threading.local`, and by whose names alone a text may mean something else.
const MODULES: &[&str] = &[
    "collections",
    "concurrent",
    "itertools",
    "multiprocessing",
    "threading",
    "typing",
    "unittest",
];

/// Other languages, as headings, names of files and fences name them. Shells, data and configuration go with Python, and so does C, in which CPython is written.
const LANGUAGES: &[&str] = &[
    "c#",
    "c++",
    "clojure",
    "cpp",
    "css",
    "csharp",
    "dart",
    "elixir",
    "erlang",
    "golang",
    "graphql",
    "haskell",
    "html",
    "java",
    "javascript",
    "js",
    "kotlin",
    "lua",
    "matlab",
    "perl",
    "php",
    "powershell",
    "ruby",
    "rust",
    "scala",
    "swift",
    "typescript",
    "vue",
];

/// What belongs to them, in headings and in names of files.
const OF_LANGUAGES: &[&str] = &[
    "angular",
    "jvm",
    "laravel",
    "node.js",
    "nodejs",
    "npm",
    "objective",
    "rails",
    "spring",
];

/// Languages by names that are fences' only, or that mean other things elsewhere.
const FENCES: &[&str] = &[
    "cs", "go", "groovy", "jsx", "objc", "ocaml", "r", "scss", "solidity", "sql", "ts", "tsx",
];

/// What a part of a note is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// The note speaks of Python.
    Python,
    /// Nothing says which. Also short notes about Python are like that.
    Unsaid,
    /// Another one.
    Another,
}

/// Tells texts about Python from others.
#[derive(Debug)]
pub struct About {
    python: FxHashSet<Word>,
    others: FxHashSet<&'static str>,
}

impl Default for About {
    fn default() -> About {
        let mut python = FxHashSet::default();
        for name in PYTHON {
            each_word(name, |word| {
                python.insert(number(word));
            });
        }
        About {
            python,
            others: LANGUAGES.iter().chain(OF_LANGUAGES).copied().collect(),
        }
    }
}

impl About {
    /// Whether a note, whose parts say these words, speaks of Python somewhere: in its name or that of its folder, its tags, its text, by its code, or as the user says which concept it
    /// explains.
    pub fn is_python<'w>(&self, note: &Note, mut words: impl Iterator<Item = &'w Words>) -> bool {
        let front = note.front.tags.iter().chain(&note.front.title);
        let blocks = || note.sections.iter().flat_map(|section| &section.blocks);
        let names = note.path.iter().rev().take(2);
        let mut named = names.map(|name| name.to_string_lossy()).collect::<Vec<_>>();
        named.extend(front.map(|front| front.as_str().into()));
        let is_marked = |section: &Section| !section.concepts.is_empty();
        !note.front.concepts.is_empty()
            || note.sections.iter().any(is_marked)
            || named.iter().any(|text| self.names_python(text))
            || words.any(|words| self.say_python(words))
            || blocks().any(Block::is_python)
            || blocks().any(|block| block.may_be_python() && looks_like_python(&block.code))
            || names_attribute(&note.text)
    }

    /// What a part of a note is about, which speaks of Python somewhere or not.
    pub fn language(&self, note: &Note, part: &Part<'_>, is_python: bool) -> Language {
        match is_python {
            _ if self.is_of_another(note, part) => Language::Another,
            true => Language::Python,
            false => Language::Unsaid,
        }
    }

    /// Whether a part of a note is about another language: its heading, one above it or the note's name says so, or all its code is written in it.
    fn is_of_another(&self, note: &Note, part: &Part<'_>) -> bool {
        let name = note.path.file_stem().unwrap_or_default().to_string_lossy();
        let mut headings = part.headings();
        headings.push(&name);
        if headings.iter().any(|heading| self.names_another(heading)) {
            let says = |heading: &&str| heading.to_lowercase().contains("python");
            return !headings.iter().any(says);
        }
        let is_other = |block: &Block| {
            let mut names = LANGUAGES.iter().chain(FENCES);
            names.any(|name| *name == block.language)
        };
        part.code().any(is_other) && !part.code().any(Block::may_be_python)
    }

    fn say_python(&self, words: &Words) -> bool {
        words.iter().any(|(word, _)| self.python.contains(&word))
    }

    fn names_python(&self, text: &str) -> bool {
        let mut is_named = false;
        for text in text.split('_') {
            each_word(text, |word| {
                is_named |= self.python.contains(&number(word));
            });
        }
        is_named
    }

    fn names_another(&self, heading: &str) -> bool {
        let ends =
            |character: char| character.is_whitespace() || "/_-,:;()[]`'\"".contains(character);
        let mut words = heading.split(ends);
        words.any(|word| self.others.contains(word.to_lowercase().as_str()))
    }
}

/// Whether a text speaks of an attribute of a module.
fn names_attribute(text: &str) -> bool {
    text.match_indices('.').any(|(dot, _)| {
        let (before, after) = (&text[..dot], &text[dot + 1..]);
        let is_name = |character: char| character.is_alphanumeric() || "_.-".contains(character);
        let is_module = |module: &&str| {
            let rest = before.strip_suffix(*module);
            rest.is_some_and(|rest| !rest.ends_with(is_name))
        };
        after.starts_with(char::is_alphabetic) && MODULES.iter().any(is_module)
    })
}

/// Whether some line could stand in few other languages than Python.
fn looks_like_python(code: &str) -> bool {
    code.lines().map(str::trim).any(|line| {
        let is_definition = line.starts_with("def ") || line.starts_with("class ");
        let is_import = line.starts_with("from ") && line.contains(" import ");
        line.starts_with(">>> ")
            || (is_definition && line.ends_with(':'))
            || (is_import && !line.ends_with(';'))
    })
}
