//! What a section of a note is about, for a hover in the note.

use super::{Text, defuse, escape, push};
use crate::knowledge::ConceptCard;

/// A concept that a section of a note explains, and where the project's code uses it.
pub struct UsedConcept<'k> {
    pub card: &'k ConceptCard,
    /// How many places of the code.
    pub uses: usize,
    /// Some of them, in words.
    pub places: Vec<String>,
}

/// What a hover over a section of a note says.
pub fn section(concepts: &[UsedConcept<'_>]) -> Text {
    let mut out = String::new();
    for used in concepts {
        let card = defuse::concept(used.card);
        let places: Vec<String> = used
            .places
            .iter()
            .map(|place| escape::message(place))
            .collect();
        push(
            &mut out,
            format_args!("**{}** `{}`\n\n", card.title, card.concept),
        );
        let more = used.uses - places.len().min(used.uses);
        let more = match more {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        match used.uses {
            0 => push(
                &mut out,
                format_args!("This project's code does not use it.\n\n"),
            ),
            1 => push(
                &mut out,
                format_args!(
                    "This project's code uses it in one place: {}.\n\n",
                    places.join(", ")
                ),
            ),
            uses => push(
                &mut out,
                format_args!(
                    "This project's code uses it in {uses} places: {}{more}.\n\n",
                    places.join(", ")
                ),
            ),
        }
    }
    Text::new(out)
}
