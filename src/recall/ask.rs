//! Asks in a terminal, or over a pipe.

use std::collections::VecDeque;
use std::io::{self, BufRead, Write};

use anyhow::Context;
use jiff::civil::Date;

use super::{Grade, Memory, Question};
use crate::explain;

/// Asks these questions one after the other: shows the question, waits for a line, shows the answer, reads how well it was known and keeps that at once. What was not
/// known is asked again at the end. Ends with the questions, with `q`, or with the input. Returns how many answers were graded.
///
/// # Errors
/// When what was answered cannot be kept, or the terminal fails.
pub fn ask(
    questions: &[&Question],
    memory: &mut Memory,
    today: Date,
    input: &mut dyn BufRead,
    out: &mut dyn Write,
) -> anyhow::Result<usize> {
    let mut left: VecDeque<&Question> = questions.iter().copied().collect();
    let mut graded = 0;
    while let Some(question) = left.pop_front() {
        let place = format!("{} left · {}", left.len() + 1, question.from);
        write!(
            out,
            "\n{place}\n\n{}\n[Enter: the answer, q: stop] ",
            plain(&question.question)
        )?;
        out.flush()?;
        match line(input)? {
            None => break,
            Some(word) if word == "q" => break,
            Some(_) => {}
        }
        writeln!(out, "\n{}", plain(&question.answer))?;
        let Some(grade) = grade(question, memory, today, input, out)? else {
            break;
        };
        memory
            .grade(&question.id, grade, today)
            .context("the answer is not kept; those before it are")?;
        graded += 1;
        if grade == Grade::Again {
            left.push_back(question);
        }
    }
    writeln!(out)?;
    Ok(graded)
}

/// How well it was known. None where the user stops.
fn grade(
    question: &Question,
    memory: &Memory,
    today: Date,
    input: &mut dyn BufRead,
    out: &mut dyn Write,
) -> anyhow::Result<Option<Grade>> {
    let days = memory.intervals(&question.id, today)?;
    let choices: Vec<String> = Grade::ALL
        .iter()
        .zip(days)
        .zip(1..)
        .map(|((grade, days), number)| format!("{number} {} ({})", grade.word(), in_days(days)))
        .collect();
    loop {
        write!(out, "How well did you know it? {}  ", choices.join("  "))?;
        out.flush()?;
        let Some(word) = line(input)? else {
            return Ok(None);
        };
        let known = Grade::ALL
            .into_iter()
            .zip(["1", "2", "3", "4"])
            .find(|(grade, number)| word == *number || word == grade.word());
        match known {
            Some((grade, _)) => return Ok(Some(grade)),
            None if word == "q" => return Ok(None),
            None => writeln!(out, "Type a number from 1 to 4, or q to stop.")?,
        }
    }
}

fn in_days(days: u32) -> String {
    match days {
        0 => "today".to_owned(),
        1 => "tomorrow".to_owned(),
        days => format!("in {days} days"),
    }
}

/// A line without its end. None at the end of the input.
fn line(input: &mut dyn BufRead) -> io::Result<Option<String>> {
    let mut line = String::new();
    let read = input.read_line(&mut line)?;
    Ok((read > 0).then(|| line.trim().to_owned()))
}

fn plain(markdown: &str) -> String {
    explain::text(markdown).plain
}
