//! The part of the user's notes that answers, for a hover.

use std::path::Path;

use url::Url;

use super::said::said_in;
use super::{Notes, Place};
use crate::analysis::Snapshot;
use crate::explain::{Quote, Reference};
use crate::knowledge::ConceptCard;
use crate::knowledge::claims::Verdict;
use crate::knowledge::excerpt::{self, Excerpt};
use crate::knowledge::notes::{Note, Part};
use crate::knowledge::search::Words;

/// How many other sections a hover names.
const ALSO: usize = 3;

/// What the surest section that is still there says of a concept.
pub fn quote(snapshot: &Snapshot, notes: &Notes, card: &ConceptCard) -> Option<Quote> {
    let question = excerpt::question_of(card);
    let mut places = about(notes, card);
    let (from, mut quote) = places.find_map(|place| {
        let note = snapshot.note(&place.file.path).ok()?;
        let quote = of_part(&note, part_of(&note, &place)?, &question)?;
        Some((place, quote))
    })?;
    let is_same = |a: &Place<'_>, b: &Place<'_>| {
        (&a.file.path, &a.section.headings) == (&b.file.path, &b.section.headings)
    };
    let mut named = vec![from];
    for other in places {
        if named.len() > ALSO {
            break;
        }
        // two of one note under the same headings would be named alike
        if !named.iter().any(|known| is_same(known, &other)) {
            named.push(other);
        }
    }
    let also = named.iter().skip(1).map(|other| {
        let section = other.section;
        reference(&other.file.path, &section.headings, section.line)
    });
    quote.also = also.collect();
    Some(quote)
}

/// The sections of notes about a card's concept, the surest first. A card of the user's is none: it is shown already.
pub fn about<'n>(notes: &'n Notes, card: &ConceptCard) -> impl Iterator<Item = Place<'n>> {
    let is_card = |place: &Place<'_>| {
        let card = card.file.as_deref().map(Path::new);
        card == Some(place.file.path.as_path())
    };
    notes
        .about(&card.concept)
        .filter(move |place| !is_card(place))
}

/// The lines of a section that say most of what was searched for. None where only its heading says it.
pub fn excerpt_of_words(snapshot: &Snapshot, place: &Place<'_>, words: &str) -> Option<Excerpt> {
    let note = snapshot.note(&place.file.path).ok()?;
    let part = part_of(&note, place)?;
    excerpt::excerpt(&note, &part, &note.prose(part.section), &Words::of(words))
}

/// The part of the note as it is now: of those with the same headings the nearest.
fn part_of<'n>(note: &'n Note, known: &Place<'_>) -> Option<Part<'n>> {
    let is_same = |part: &Part<'_>| {
        let (own, headings) = (part.headings(), &known.section.headings);
        own.iter().copied().eq(headings.iter().map(AsRef::as_ref))
    };
    let same = note.parts().filter(is_same);
    same.min_by_key(|part| part.line().abs_diff(known.section.line))
}

fn of_part(note: &Note, part: Part<'_>, question: &Words) -> Option<Quote> {
    let prose = note.prose(part.section);
    let Excerpt { lines, .. } = excerpt::excerpt(note, &part, &prose, question)?;
    let shown = lines.join("\n");
    // what is wrong in it, not what is wrong in the rest of the section
    let is_shown = |words: &str| shown.contains(words);
    let passages = part.passages(&prose);
    let is_own = |start: usize| {
        let mut passages = passages.iter();
        passages.any(|passage| passage.range.contains(&start))
    };
    let wrong = said_in(note, part.section, &prose)
        .into_iter()
        .filter(|(range, said)| said.verdict == Verdict::Wrong && is_own(range.start));
    let corrections = wrong
        .filter(|(range, _)| is_shown(note.text.get(range.clone()).unwrap_or_default()))
        .map(|(_, said)| said.claim.truth.clone())
        .collect();
    Some(Quote {
        from: reference(&note.path, &part.headings(), part.line()),
        corrections,
        lines,
        also: Vec::new(),
    })
}

/// A section as a hover names it. `line` is from 0.
fn reference<H: AsRef<str>>(path: &Path, headings: &[H], line: usize) -> Reference {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let headings = headings.iter().map(|heading| heading.as_ref().to_owned());
    let url = Url::from_file_path(path).map(|mut url| {
        url.set_fragment(Some(&format!("L{}", line + 1)));
        url.to_string()
    });
    Reference {
        names: std::iter::once(name.into_owned()).chain(headings).collect(),
        url: url.ok(),
    }
}
