//! Where a place is, in the units that a format counts in.

use std::ops::Range;
use std::sync::Arc;

use serde::Serialize;

use crate::review::Outcome;
use crate::rules::Place;
use crate::text::{Document, PositionEncoding};

/// The end is exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Region {
    pub(super) start: Spot,
    pub(super) end: Spot,
}

/// Both from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Spot {
    pub(super) line: usize,
    /// In the unit that was asked for.
    pub(super) column: usize,
}

/// Where a place is, in its file or in a cell of its notebook. Total: in a file that is gone it is the file's start.
pub(super) fn region(place: &Place, outcome: &Outcome, unit: PositionEncoding) -> Region {
    let located = located(place, outcome);
    let spot = |end: fn(&Range<usize>) -> usize| {
        let at = located
            .as_ref()
            .map(|located| located.document.position(end(&located.range), unit));
        Spot {
            line: at.map_or(1, |at| at.line as usize + 1),
            column: at.map_or(1, |at| at.character as usize + 1),
        }
    };
    Region {
        start: spot(|range| range.start),
        end: spot(|range| range.end),
    }
}

/// Where a place is for programs that know no cells. In a notebook they count the lines of its JSON, in which no place is known: there it is the file's start.
pub(super) fn region_of_file(place: &Place, outcome: &Outcome, unit: PositionEncoding) -> Region {
    let first = Spot { line: 1, column: 1 };
    match cell(place, outcome) {
        Some(_) => Region {
            start: first,
            end: first,
        },
        None => region(place, outcome, unit),
    }
}

/// The cell of its notebook in which a place is, by its number among all cells from 1. None in any other file.
pub(super) fn cell(place: &Place, outcome: &Outcome) -> Option<usize> {
    let cells = outcome.snapshot.cells(&place.path)?;
    Some(cells.at(place.range.start)?.number + 1)
}

/// A place in the text whose lines people count.
pub(super) struct Located {
    /// The text of the file, or of the cell.
    pub(super) document: Arc<Document>,
    /// Bytes of that text.
    pub(super) range: Range<usize>,
}

/// The place in its file, or in a cell of its notebook. None where the file cannot be read any more.
pub(super) fn located(place: &Place, outcome: &Outcome) -> Option<Located> {
    let document = outcome.snapshot.document(&place.path)?;
    let Some(cells) = outcome.snapshot.cells(&place.path) else {
        let range = place.range.clone();
        return Some(Located { document, range });
    };
    let Range { start, end } = cells.at(place.range.start)?.bytes;
    let inside = |offset: usize| offset.clamp(start, end) - start;
    Some(Located {
        document: Arc::new(Document::new(cells.text().get(start..end)?, 0)),
        range: inside(place.range.start)..inside(place.range.end),
    })
}

/// The line of a place, from 1.
pub(super) fn line(place: &Place, outcome: &Outcome) -> usize {
    region(place, outcome, PositionEncoding::Utf8).start.line
}

/// The text of the line on which a place starts, without its line end.
pub(super) fn line_text(place: &Place, outcome: &Outcome) -> String {
    let located = located(place, outcome);
    located.map_or_else(String::new, |Located { document, range }| {
        let line = document.line_column(range.start).0 - 1;
        document.line_text(line).to_owned()
    })
}
