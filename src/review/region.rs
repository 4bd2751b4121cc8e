//! Where a place is, in the units that a format counts in.

use serde::Serialize;

use super::Outcome;
use crate::rules::Place;
use crate::text::PositionEncoding;

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

/// Where a place is. Total: in a file that is gone it is the file's start.
pub(super) fn region(place: &Place, outcome: &Outcome, unit: PositionEncoding) -> Region {
    let document = outcome.snapshot.document(&place.path);
    let spot = |offset: usize| {
        let at = document
            .as_ref()
            .map(|document| document.position(offset, unit));
        Spot {
            line: at.map_or(1, |at| at.line as usize + 1),
            column: at.map_or(1, |at| at.character as usize + 1),
        }
    };
    Region {
        start: spot(place.range.start),
        end: spot(place.range.end),
    }
}

/// The line of a place, from 1.
pub(super) fn line(place: &Place, outcome: &Outcome) -> usize {
    region(place, outcome, PositionEncoding::Utf8).start.line
}
