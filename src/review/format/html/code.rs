//! The lines of a file around what was found, with the notes beside them.

use std::ops::Range;

use maud::{Markup, html};

use super::{Mark, Page, Shown, chart, note};
use crate::review::format::text::{LONGEST, harmless, plural};
use crate::syntax::{Highlight, highlights};

/// Lines before and after a mark.
const AROUND: usize = 3;
/// The most lines of one mark.
const TALLEST: usize = 12;
/// So few lines between two excerpts are shown.
const BETWEEN: usize = 2;
/// So many lines fit a screen: they stay in sight beside longer notes.
const SHORT: usize = 30;
/// The most numbers beside a line.
const NUMBERS: usize = 6;

/// A file with its findings.
pub(super) fn file(file: &Shown, page: &Page) -> Markup {
    let colours = match file.is_code {
        true => highlights(&file.document.text()),
        false => Vec::new(),
    };
    let count = file.marks.iter().filter(|mark| mark.is_own).count();
    let excerpts = excerpts(file);
    let before = std::iter::once(0).chain(excerpts.iter().map(|lines| lines.end));
    html! {
        section.file id={ "f" (file.id) } aria-labelledby={ "f" (file.id) "-name" } {
            header {
                h2 id={ "f" (file.id) "-name" } { code { (file.name) } }
                p.count {
                    @if count == 0 { "evidence for findings elsewhere" }
                    @else { (plural(count, "finding")) }
                }
                (chart::strip(file, page))
            }
            @for (before, lines) in before.zip(&excerpts) {
                (gap(lines.start - before))
                (excerpt(file, lines, &colours, page))
            }
        }
    }
}

/// How many lines are left out; a few blank ones are no loss.
fn gap(lines: usize) -> Markup {
    html! {
        @if lines > BETWEEN { p.gap { (plural(lines, "line")) } }
    }
}

/// The lines that are shown, from 0: those around each mark, joined where little lies between.
fn excerpts(file: &Shown) -> Vec<Range<usize>> {
    let all = file.document.len_lines();
    let mut excerpts: Vec<Range<usize>> = Vec::new();
    for mark in &file.marks {
        let (first, last) = mark.lines;
        let last = last.min(first + TALLEST);
        let lines = first.saturating_sub(AROUND)..(last + AROUND + 1).min(all);
        match excerpts.last_mut() {
            Some(known) if lines.start <= known.end + BETWEEN => {
                known.end = known.end.max(lines.end);
            }
            _ => excerpts.push(lines),
        }
    }
    let excerpts = excerpts.iter().flat_map(|lines| apart(lines, file));
    excerpts.map(|lines| trimmed(lines, file)).collect()
}

/// Lines, cut between findings that are not near each other, so that each note stands beside its own. What proves a finding stays with the one before.
fn apart(lines: &Range<usize>, file: &Shown) -> Vec<Range<usize>> {
    let from = file
        .marks
        .partition_point(|mark| mark.lines.0 < lines.start);
    let marks = file.marks[from..].iter();
    let marks = marks.take_while(|mark| mark.lines.0 < lines.end);
    let (mut pieces, mut start) = (Vec::new(), lines.start);
    // the lines after the last finding, and after the last mark
    let (mut own, mut any) = (None, 0);
    for mark in marks {
        let (first, end) = (mark.lines.0, mark.lines.1.min(mark.lines.0 + TALLEST) + 1);
        if mark.is_own && own.is_some_and(|own| first >= own + AROUND) && any <= first {
            let cut = any.max(first - AROUND);
            pieces.push(start..cut);
            start = cut;
        }
        if mark.is_own {
            own = own.max(Some(end));
        }
        any = any.max(end);
    }
    pieces.push(start..lines.end);
    pieces
}

/// Lines without blank ones at their ends.
fn trimmed(lines: Range<usize>, file: &Shown) -> Range<usize> {
    let is_blank = |line: &usize| {
        let marks = &file.marks;
        let is_marked = marks
            .binary_search_by_key(line, |mark| mark.lines.0)
            .is_ok();
        !is_marked && file.document.line_text(*line).trim().is_empty()
    };
    let before = lines.clone().take(AROUND).take_while(is_blank).count();
    let after = lines
        .clone()
        .rev()
        .take(AROUND)
        .take_while(is_blank)
        .count();
    lines.start + before..lines.end - after
}

fn excerpt(
    file: &Shown,
    lines: &Range<usize>,
    colours: &[(Range<usize>, Highlight)],
    page: &Page,
) -> Markup {
    let from = file
        .marks
        .partition_point(|mark| mark.lines.0 < lines.start);
    let to = file.marks.partition_point(|mark| mark.lines.0 < lines.end);
    let marks = &file.marks[from..to];
    let own: Vec<&Mark> = marks.iter().filter(|mark| mark.is_own).collect();
    let (mut open, mut next): (Vec<&Mark>, _) = (Vec::new(), marks.iter().peekable());
    let mut on_line = |at: usize| {
        open.retain(|mark| mark.lines.1.min(mark.lines.0 + TALLEST) >= at);
        while let Some(mark) = next.next_if(|mark| mark.lines.0 <= at) {
            open.push(mark);
        }
        open.clone()
    };
    let (first, last) = (lines.start + 1, lines.end);
    html! {
        div.excerpt {
            div.code.short[lines.len() <= SHORT] role="group" tabindex="0" aria-label={ "Lines " (first) " to " (last) " of " (file.name) } {
                @for at in lines.clone() { (line(file, at, &on_line(at), colours, page)) }
            }
            @if !own.is_empty() {
                div.notes {
                    @for mark in own { (note::note(mark.finding, page)) }
                }
            }
        }
    }
}

fn line(
    file: &Shown,
    at: usize,
    marks: &[&Mark],
    colours: &[(Range<usize>, Highlight)],
    page: &Page,
) -> Markup {
    let numbers = marks.iter().filter(|mark| mark.lines.0 == at);
    let number = at + 1;
    html! {
        div.line id={ "f" (file.id) "-" (number) } {
            a.at href={ "#f" (file.id) "-" (number) } aria-label={ "Line " (number) } { (number) }
            code { (pieces(file, at, marks, colours, page)) }
            @for mark in numbers.take(NUMBERS) {
                @let kind = if mark.is_own { "finding" } else { "proof" };
                @let severity = page.findings[mark.finding].severity.word();
                a.ref.(kind).(severity) href={ "#n" (Page::number(mark.finding)) }
                    aria-label={ "Finding " (Page::number(mark.finding)) } { (Page::number(mark.finding)) }
            }
        }
    }
}

/// A line, cut where a colour or a mark begins or ends.
fn pieces(
    file: &Shown,
    at: usize,
    marks: &[&Mark],
    colours: &[(Range<usize>, Highlight)],
    page: &Page,
) -> Markup {
    let text = file.document.line_text(at);
    if text.len() > LONGEST {
        return html! { (harmless(text)) };
    }
    let start = file.document.line_start(at);
    let line = start..start + text.len();
    let blanks = line.end - text.trim_start().len();
    let from = colours.partition_point(|(range, _)| range.end <= line.start);
    let colours = colours[from..].iter();
    let colours: Vec<_> = colours
        .take_while(|(range, _)| range.start < line.end)
        .collect();
    let ranges = colours.iter().map(|(range, _)| range);
    let ranges = ranges.chain(marks.iter().map(|mark| &mark.range));
    let mut cuts: Vec<usize> = ranges
        .flat_map(|range| [range.start, range.end])
        .filter(|cut| line.contains(cut))
        .chain([line.start, blanks, line.end])
        .collect();
    cuts.sort_unstable();
    cuts.dedup();
    html! {
        @for (from, to) in cuts.iter().zip(cuts.iter().skip(1)) {
            @let colour = colours.iter().find(|(range, _)| range.contains(from));
            @let mark = marks.iter().find(|mark| mark.range.contains(from) && *from >= blanks);
            @let piece = text.get(from - start..to - start).unwrap_or_default();
            (span(piece, colour.map(|(_, colour)| *colour), mark.copied(), page))
        }
    }
}

fn span(text: &str, colour: Option<Highlight>, mark: Option<&Mark>, page: &Page) -> Markup {
    let colour = colour.map(class);
    let (severity, kind) = match mark {
        Some(mark) if mark.is_own => (Some(page.findings[mark.finding].severity.word()), Some("m")),
        Some(_) => (None, Some("e")),
        None => (None, None),
    };
    let text = harmless(text);
    html! {
        @if colour.is_none() && kind.is_none() { (text) }
        @else {
            span class={ (colour.unwrap_or_default()) " " (kind.unwrap_or_default()) " " (severity.unwrap_or_default()) } { (text) }
        }
    }
}

/// The class by which the style knows a colour.
pub(super) fn class(colour: Highlight) -> &'static str {
    match colour {
        Highlight::Keyword => "k",
        Highlight::String => "s",
        Highlight::Comment => "c",
        Highlight::Number | Highlight::Constant => "v",
        Highlight::Definition => "d",
    }
}
