//! The user's notes: any text file into sections, with their code, questions and marks.
//!
//! Reading never fails: what is broken in a note becomes a [`Problem`] of it, and the rest of the note is read all the same. The user's file is never changed.

mod cells;
mod front;
mod headings;
mod inline;
mod lines;
mod marks;
mod prose;
mod python;
mod questions;
mod scan;
mod sections;

use std::ops::Range;
use std::path::{Path, PathBuf};

use lines::Lines;
use scan::{Region, RegionKind};

/// A note as it was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Note {
    /// Where it stands.
    pub path: PathBuf,
    /// The text, decoded and with damaged characters repaired. It has the file's lines, in the file's order; the ranges below are bytes of it.
    pub text: String,
    /// Whether characters were repaired: then columns are not those of the file, only lines are.
    pub repaired: bool,
    /// What the front matter says.
    pub front: Front,
    /// In the order of the file. The first has no heading where text stands above the first heading.
    pub sections: Vec<Section>,
    /// Links to other notes and files, wikilinks too; none of the table of contents.
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
    /// The first word after a fence, in lower case; empty where there is none. `python` for the cells of a Python notebook.
    pub language: String,
    /// The bytes of the code in the text, without fences.
    pub range: Range<usize>,
    /// The line of its first line, from 0.
    pub line: usize,
    /// The code with the indent of its fence taken off and `%magic` and `!shell` lines blanked. It has as many lines as `range`.
    pub code: String,
    /// The parts that the user marked as good or bad: lines of `code`, from 0, end exclusive. A block whose heading is so marked is marked whole.
    pub marks: Vec<(Range<usize>, Mark)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockKind {
    Fence,
    /// A code cell of a notebook, or of a notebook that was saved as text.
    Cell,
    /// What a cell printed.
    Output,
    /// Code that is only indented.
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

/// A link to another note or file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The bytes of the whole link.
    pub range: Range<usize>,
    /// What it points to, without the heading: `other.md`, or the name of a wikilink. Empty for a heading of the same note.
    pub target: String,
    /// The heading or anchor after `#`.
    pub heading: Option<String>,
    pub is_wiki: bool,
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

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    /// Reads a note from the bytes of its file. Never fails: what is broken becomes a problem of the note.
    pub fn read(path: &Path, bytes: &[u8]) -> Note {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let mut problems = Vec::new();
        let lines = Lines::new(&text);
        let (front, start) = front::read(&text, &lines, &mut problems);
        let region = Region {
            kind: RegionKind::Markdown,
            lines: start..lines.count(),
        };
        let mut outline = scan::scan(&text, &lines, &[region]);
        problems.append(&mut outline.problems);
        let (sections, links) = sections::build(&text, &lines, start, outline);
        Note {
            path: path.to_owned(),
            text,
            repaired: false,
            front,
            sections,
            links,
            problems,
        }
    }
}
