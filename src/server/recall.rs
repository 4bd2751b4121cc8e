//! `marginote.recall`: the questions about the project that are due, and how well the answers were known.

use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tower_lsp::jsonrpc::{Error, ErrorCode, Result};

use super::backend::Context;
use super::commands::argument;
use crate::recall::{Grade, Memory, MemoryError, Question};
use crate::text::visible;

/// Asks, or keeps an answer.
pub const RECALL: &str = "marginote.recall";

/// A question as a client shows it: question and answer are Markdown that does nothing but show.
#[derive(Serialize)]
struct Asked<'q> {
    id: &'q str,
    question: &'q str,
    answer: &'q str,
    concept: &'q str,
    /// Where it was taken from, for people.
    from: &'q str,
}

/// How well an answer was known.
#[derive(Deserialize)]
struct Graded<'a> {
    id: &'a str,
    grade: &'a str,
}

/// Without arguments the questions that are due, those about what the project uses most first; with `{id, grade}` the day on which the question comes again.
///
/// # Errors
/// The arguments are wrong, or what the user remembers cannot be read or kept.
pub fn recall(context: &Context, arguments: &[Value]) -> Result<Option<Value>> {
    let memory = || Memory::open(Memory::default_file()?);
    let memory = memory().map_err(|error| failed(&error))?;
    match arguments {
        [] => ask(context, &memory),
        _ => grade(context, arguments, memory),
    }
}

fn ask(context: &Context, memory: &Memory) -> Result<Option<Value>> {
    let uses = context.view.snapshot.project_uses(&context.cancel);
    let uses = uses.ok_or_else(Error::request_cancelled)?;
    let slugs = uses.concepts().into_iter().map(str::to_owned);
    let questions = questions(context, &slugs.collect::<Vec<_>>());
    let due = memory.due(&questions, today());
    let asked = due.into_iter().map(|question| Asked {
        id: &question.id,
        question: &question.question,
        answer: &question.answer,
        concept: &question.concept,
        from: &question.from,
    });
    Ok(Some(json!(asked.collect::<Vec<_>>())))
}

fn grade(context: &Context, arguments: &[Value], mut memory: Memory) -> Result<Option<Value>> {
    let takes = "nothing, or `{id, grade}` of an answer";
    let graded: Graded<'_> = argument(RECALL, takes, arguments)?;
    let wrong = |message: String| Err(Error::invalid_params(message));
    let mut grades = Grade::ALL.into_iter();
    let Some(grade) = grades.find(|grade| grade.word() == graded.grade) else {
        let word = visible(graded.grade);
        return wrong(format!(
            "`{word}` is no grade: one of again, hard, good, easy"
        ));
    };
    // a grade is of any question: the project may have changed meanwhile
    let slugs = context.view.snapshot.knowledge_of_notes().slugs();
    let is_it = |question: &Question| question.id == graded.id;
    if !questions(context, &slugs).iter().any(is_it) {
        let id = visible(graded.id);
        return wrong(format!(
            "no question has the id `{id}`: `{RECALL}` without arguments gives those that are due"
        ));
    }
    let due = memory.grade(graded.id, grade, today());
    let due = due.map_err(|error| failed(&error))?;
    Ok(Some(json!({"id": graded.id, "due": due})))
}

/// The questions of cards and notes about concepts.
fn questions(context: &Context, slugs: &[String]) -> Vec<Question> {
    let snapshot = &context.view.snapshot;
    let name = |path: &Path| {
        let name = path.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    };
    snapshot.questions(slugs, snapshot.notes().map(Arc::as_ref), &name)
}

/// The day of the user's calendar.
fn today() -> jiff::civil::Date {
    jiff::Zoned::now().date()
}

fn failed(error: &MemoryError) -> Error {
    Error {
        // `RequestFailed` of the protocol
        code: ErrorCode::ServerError(-32803),
        message: error.to_string().into(),
        data: None,
    }
}
