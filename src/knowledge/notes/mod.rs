//! The user's notes: any text file into sections, with their code, questions and marks.
//!
//! Reading never fails: what is broken in a note becomes a [`Problem`] of it, and the rest of the note is read all the same. The user's file is never changed.

mod cells;
mod decode;
mod front;
mod headings;
mod inline;
mod lines;
mod marks;
mod markup;
mod mojibake;
mod notebook;
mod part;
mod prose;
mod python;
mod questions;
mod remarks;
mod scan;
mod sections;
mod session;

pub use part::Part;

use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use lines::Lines;
use scan::{Region, RegionKind};

/// A note as it was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Note {
    /// Where it stands.
    pub path: PathBuf,
    /// The text, decoded and with damaged characters repaired. It has the file's lines, in the file's order; the ranges below are bytes of it.
    /// Of a Jupyter notebook it is the text of the cells, on the lines where the file has them, if the file has line breaks between lines of source.
    pub text: String,
    /// Whether characters were repaired: then columns are not those of the file, only lines are.
    pub repaired: bool,
    /// What the front matter says.
    pub front: Front,
    /// In the order of the file. The first has no heading where text stands above the first heading.
    pub sections: Vec<Section>,
    /// Links to other notes and files and to the web, wikilinks too.
    pub links: Vec<Link>,
    /// What was broken, in the order of the file.
    pub problems: Vec<Problem>,
}

/// The front matter of a note, as far as it is understood.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Front {
    pub title: Option<String>,
    /// `concept:` or `concepts:`, slugs as the user wrote them.
    pub concepts: Vec<String>,
    pub tags: Vec<String>,
}

/// A heading of a note with what stands below it, up to the next heading of any level.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Section {
    /// The heading and those above it, the outermost first, as plain text: without marks, numbers and difficulty. Empty above the first heading.
    pub headings: Vec<String>,
    /// 1 to 6; 0 above the first heading.
    pub level: u8,
    /// The line of the heading, from 0.
    pub line: usize,
    /// The bytes of the heading's line, without its end.
    pub heading: Range<usize>,
    /// The bytes below it.
    pub body: Range<usize>,
    pub blocks: Vec<Block>,
    pub questions: Vec<Question>,
    pub difficulty: Option<Difficulty>,
    /// Slugs of `<!-- marginote: slug -->` in it, as the user wrote them.
    pub concepts: Vec<String>,
    pub tags: Vec<String>,
    /// A table of contents, which explains nothing.
    pub is_contents: bool,
}

/// Code in a section, or what a notebook printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    pub kind: BlockKind,
    /// The first word after a fence, in lower case; empty where there is none. `python` for the cells of a Python notebook, and for what was typed at a prompt.
    pub language: String,
    /// The bytes of the code in the text, without fences.
    pub range: Range<usize>,
    /// The line of its first line, from 0.
    pub line: usize,
    /// The code with the indent of its fence taken off, and any that all its lines have, and `%magic` and `!shell` lines blanked (`pass` where they are
    /// indented); of a session at a prompt what was typed. It has as many lines as `range`; each of the others is the end of the text's line.
    pub code: String,
    /// The parts that the user marked as good or bad: lines of `code`, from 0, end exclusive. A block whose heading is so marked is marked whole.
    pub marks: Vec<(Range<usize>, Mark)>,
}

impl Block {
    /// Whether it says that it is Python.
    pub fn is_python(&self) -> bool {
        let is_code = matches!(self.kind, BlockKind::Fence | BlockKind::Cell);
        is_code && matches!(self.language.as_str(), "python" | "python3" | "py")
    }

    /// Whether it is Python, or says nothing of what it is.
    pub fn may_be_python(&self) -> bool {
        self.is_python() || (self.language.is_empty() && self.kind != BlockKind::Output)
    }

    /// Whether the user marked a line of its code, from 0, as a bad example.
    pub fn is_bad(&self, line: usize) -> bool {
        let mut marks = self.marks.iter();
        marks.any(|(lines, mark)| *mark == Mark::Bad && lines.contains(&line))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockKind {
    Fence,
    /// A code cell of a notebook, or of a notebook that was saved as text, or a session at a prompt that stands in no fence. Its language is the one that `%%bash` or `%%writefile notes.toml` says.
    Cell,
    /// What a cell printed. It stands below its cell, in the file of a Jupyter notebook above it.
    Output,
    /// Python that is only indented. Other indented text is prose.
    Indented,
}

/// What a note says of its own code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    Good,
    Bad,
}

/// A question in a section, with its answer if one follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Plain text.
    pub text: String,
    /// The bytes of the answer; empty where there is none.
    pub answer: Range<usize>,
    /// The line of the question, from 0.
    pub line: usize,
    pub difficulty: Option<Difficulty>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Difficulty {
    Easy,
    Medium,
    Hard,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkKind {
    /// `[text](other.md#heading)`: a path from the note's folder.
    File,
    /// `[[other#heading]]`: the name of a note.
    Wiki,
    /// `[text](https://…)`; other schemes are no links.
    Web,
}

/// A link to another note or file, or to the web.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    pub kind: LinkKind,
    /// The bytes of the whole link.
    pub range: Range<usize>,
    /// What it points to, without the heading: `other.md`, or the name of a wikilink. Empty for a heading of the same note. Of the web the whole address.
    pub target: String,
    /// The heading or anchor after `#`.
    pub heading: Option<String>,
}

/// Something broken in a note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub kind: ProblemKind,
    /// The bytes that are broken.
    pub range: Range<usize>,
    /// What is wrong and what to do, for people.
    pub message: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ProblemKind {
    /// NOTE005
    EncodingDamaged,
    /// NOTE006
    FenceNotClosed,
    /// Front matter that is not YAML, a notebook that is not JSON.
    NotReadable,
}

/// A paragraph, an item of a list or a table of a section, in plain words: without marks of emphasis and backticks, links as their text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passage {
    /// On one line; a table has a line for each row, with ` | ` between cells.
    pub text: String,
    /// The bytes of the note's text that say it, with their marks, without the mark of the item.
    pub range: Range<usize>,
    /// The line where it starts, from 0.
    pub line: usize,
}

impl Note {
    /// Reads a note from the bytes of its file. Never fails: what is broken becomes a problem of the note. A notebook is known by its name or by what it
    /// holds; of one that is broken, and of what is no text, there are no sections.
    pub fn read(path: &Path, bytes: &[u8]) -> Note {
        let (text, problem) = decode::decode(bytes);
        let mut note = Note {
            path: path.to_owned(),
            problems: problem.into_iter().collect(),
            ..Note::default()
        };
        let Some(text) = text else {
            return note;
        };
        let is_named = path
            .extension()
            .is_some_and(|name| name.eq_ignore_ascii_case("ipynb"));
        let (text, regions) = match is_named || notebook::is_notebook(&text) {
            false => (text, None),
            true => match notebook::read(&text) {
                Ok(notebook) => (notebook.text, Some(notebook.regions)),
                Err(problem) if is_named => {
                    note.text = text;
                    note.problems.push(problem);
                    return note;
                }
                Err(_) => (text, None),
            },
        };
        note.text = note.repair(text);
        note.scan(regions);
        note
    }

    /// The text with damaged characters repaired; says so in the note.
    fn repair(&mut self, text: String) -> String {
        let Some(found) = mojibake::repaired(&text) else {
            return text;
        };
        self.repaired = true;
        let mut message = format!(
            "the note was saved after its UTF-8 had been misread as {encoding}: {places} characters are damaged, the first here. They are read as they were meant; to repair the file, save it as {encoding} and open it again as UTF-8",
            encoding = found.encoding,
            places = found.places
        );
        // one problem for a note: a byte that was wrong besides is said with it, as its place is no longer known
        if let Some(problem) = self.problems.pop() {
            message = format!("{message}. Besides, {}", problem.message);
        }
        self.problems.push(Problem {
            kind: ProblemKind::EncodingDamaged,
            range: found.first,
            message,
        });
        found.text
    }

    /// Finds the front matter and the sections. The regions are those of a notebook.
    fn scan(&mut self, regions: Option<Vec<Region>>) {
        let lines = Lines::new(&self.text);
        let (front, start) = match regions {
            None => front::read(&self.text, &lines, &mut self.problems),
            Some(_) => (Front::default(), 0),
        };
        let whole = || Region {
            kind: RegionKind::Markdown,
            lines: start..lines.count(),
        };
        let regions = regions.unwrap_or_else(|| vec![whole()]);
        let mut outline = scan::scan(&self.text, &lines, &regions);
        self.problems.append(&mut outline.problems);
        self.problems.sort_by_key(|problem| problem.range.start);
        (self.sections, self.links) = sections::build(&self.text, &lines, start, outline);
        self.front = front;
    }
}
