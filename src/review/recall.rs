//! `marginote recall`: the questions of cards and notes that a project's code is about.

use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use jiff::civil::Date;
use serde::Serialize;

use super::format::json::{JsonError, error, write_document};
use super::format::text;
use super::notes::reading;
use super::{CheckError, Format, Problem, collect, finish, shown};
use crate::analysis::{Analysis, Cancel, Snapshot};
use crate::knowledge::Knowledge;
use crate::recall::{ANKI_HEADER, Grade, Memory, Question, anki, ask};

/// What `marginote recall` was asked for.
#[derive(Debug)]
pub struct RecallRequest {
    /// Python files and folders. Empty: the working directory.
    pub paths: Vec<PathBuf>,
    /// Whether also what the code does not use is asked.
    pub all: bool,
    pub format: Format,
    pub task: RecallTask,
}

/// What is done with the questions.
#[derive(Debug)]
pub enum RecallTask {
    /// Asks those that are due, at most so many; as JSON lists them.
    Ask(usize),
    /// Keeps how well the answer to the question of this id was known: one of Anki's words.
    Grade(String, String),
    /// Writes them for Anki into a file; `-` is stdout.
    Anki(PathBuf),
}

/// The questions that may be asked, and what kept others from being read, sorted.
struct Asked {
    questions: Vec<Question>,
    unread: Vec<Problem>,
}

#[derive(Serialize)]
struct Document<'q> {
    version: u32,
    questions: Vec<JsonQuestion<'q>>,
    errors: Vec<JsonError<'q>>,
}

#[derive(Serialize)]
struct JsonQuestion<'q> {
    id: &'q str,
    concept: &'q str,
    question: &'q str,
    answer: &'q str,
    from: &'q str,
    /// None where it was never asked.
    due: Option<Date>,
}

#[derive(Serialize)]
struct JsonGraded<'q> {
    version: u32,
    id: &'q str,
    due: Date,
}

/// Asks, lists, grades or exports; returns the exit code. `today` is the day of the user's calendar.
///
/// # Errors
/// When a path, a grade or a question is none, or what the user remembers cannot be read or kept.
pub fn recall(
    request: &RecallRequest,
    today: Date,
    input: &mut dyn BufRead,
    out: &mut dyn Write,
) -> anyhow::Result<u8> {
    // a grade is of any question; what is damaged is said before anything is read
    let mut memory = Memory::open(Memory::default_file()?)?;
    if let RecallTask::Grade(id, word) = &request.task {
        let asked = asked(&[], true)?;
        return grade(&asked, id, word, request.format, &mut memory, today, out);
    }
    let asked = asked(&request.paths, request.all)?;
    match &request.task {
        RecallTask::Anki(file) => export(&asked.questions, file, out)?,
        RecallTask::Ask(most) => {
            let mut due = memory.due(&asked.questions, today);
            due.truncate(*most);
            let due: Vec<Question> = due.into_iter().cloned().collect();
            match request.format {
                Format::Json => finish(list(&asked, &due, &memory, out), out)?,
                Format::Text => ask_all(&asked, &due, &mut memory, today, input, out)?,
            }
        }
        RecallTask::Grade(..) => {}
    }
    if request.format == Format::Text {
        for problem in &asked.unread {
            text::write_problem(problem, &mut std::io::stderr())?;
        }
    }
    Ok(if asked.unread.is_empty() { 0 } else { 3 })
}

fn list(
    asked: &Asked,
    due: &[Question],
    memory: &Memory,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    let questions = due.iter().map(|question| JsonQuestion {
        id: &question.id,
        concept: &question.concept,
        question: &question.question,
        answer: &question.answer,
        from: &question.from,
        due: memory.of(&question.id).map(|known| known.due),
    });
    let document = Document {
        version: 1,
        questions: questions.collect(),
        errors: asked.unread.iter().map(error).collect(),
    };
    write_document(&document, out)
}

fn ask_all(
    asked: &Asked,
    due: &[Question],
    memory: &mut Memory,
    today: Date,
    input: &mut dyn BufRead,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    if asked.questions.is_empty() {
        let nothing = "The code here uses no idea that a card or a note asks about. `marginote recall --all` asks about all of them.";
        writeln!(out, "{nothing}")?;
    } else if due.is_empty() {
        let days = asked
            .questions
            .iter()
            .map(|question| memory.of(&question.id));
        match days.flatten().map(|known| known.due).min() {
            Some(day) => writeln!(
                out,
                "Nothing to ask today. The next question comes on {day}."
            )?,
            None => writeln!(out, "Nothing to ask today.")?,
        }
    } else {
        let due: Vec<&Question> = due.iter().collect();
        let graded = ask(&due, memory, today, input, out)?;
        writeln!(out, "{} kept.", text::plural(graded, "answer"))?;
    }
    Ok(finish(Ok(()), out)?)
}

fn grade(
    asked: &Asked,
    id: &str,
    word: &str,
    format: Format,
    memory: &mut Memory,
    today: Date,
    out: &mut dyn Write,
) -> anyhow::Result<u8> {
    let Some(grade) = Grade::ALL.into_iter().find(|grade| grade.word() == word) else {
        bail!(
            "`{}` is no grade: one of again, hard, good, easy",
            word.escape_debug()
        );
    };
    if !asked.questions.iter().any(|question| question.id == id) {
        bail!(
            "no question has the id `{}`: `marginote recall --format json` lists those that are due",
            id.escape_debug()
        );
    }
    let due = memory.grade(id, grade, today);
    let due = due.context("the answer is not kept")?;
    let written = match format {
        Format::Json => write_document(
            &JsonGraded {
                version: 1,
                id,
                due,
            },
            out,
        ),
        Format::Text => writeln!(out, "Kept. The question comes again on {due}."),
    };
    finish(written, out)?;
    Ok(0)
}

/// Writes the file, or stdout. Only a file that was written so before is written over.
fn export(questions: &[Question], file: &Path, out: &mut dyn Write) -> anyhow::Result<()> {
    let text = anki(questions);
    if file.as_os_str() == "-" {
        return Ok(finish(out.write_all(text.as_bytes()), out)?);
    }
    let name = file.display();
    let is_other = |known: Vec<u8>| !known.starts_with(ANKI_HEADER.as_bytes());
    if file.exists() && std::fs::read(file).map_or(true, is_other) {
        bail!("`{name}` is there already and is no export of Marginote's: give another name");
    }
    std::fs::write(file, text).with_context(|| format!("cannot write `{name}`"))?;
    let questions = text::plural(questions.len(), "question");
    Ok(finish(
        writeln!(out, "{questions} written to `{name}`."),
        out,
    )?)
}

/// The questions about what the code at the paths uses, those about what it uses most first; or all.
fn asked(paths: &[PathBuf], all: bool) -> Result<Asked, CheckError> {
    let working_directory = std::env::current_dir().map_err(CheckError::WorkingDirectory)?;
    let mut analysis = Analysis::default();
    let code = collect::named(paths, &working_directory, &analysis.snapshot(), false)?;
    let mut folders = vec![working_directory.clone()];
    folders.extend(
        code.folders
            .into_iter()
            .filter(|path| *path != working_directory),
    );
    analysis.set_folders(folders);
    let snapshot = analysis.snapshot();
    let knowledge = snapshot.knowledge_of_notes();
    let read =
        reading(|| snapshot.read_notes(snapshot.notes_cache().as_deref(), &Cancel::default()));
    let slugs = concepts(&snapshot, &knowledge, &code.files, all);
    let name = |path: &Path| shown(path, &working_directory);
    let questions = snapshot.questions(&slugs, Some(&read.notes), &name);
    let mut unread = code.unread;
    unread.extend(read.all_problems().map(|(path, message)| Problem {
        shown: shown(path, &working_directory),
        line: None,
        message: message.to_owned(),
    }));
    unread.sort();
    Ok(Asked { questions, unread })
}

/// The slugs of the concepts to ask about, in the order in which they are asked.
fn concepts(
    snapshot: &Snapshot,
    knowledge: &Knowledge,
    files: &[PathBuf],
    all: bool,
) -> Vec<String> {
    if all {
        return knowledge.slugs();
    }
    snapshot.index(&|_, _| {}, &Cancel::default());
    let uses = snapshot.uses(files, knowledge, &Cancel::default());
    let uses = uses.unwrap_or_default();
    uses.concepts().into_iter().map(str::to_owned).collect()
}
