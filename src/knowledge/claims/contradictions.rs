//! Where one passage says wrongly what another says rightly.

use rustc_hash::FxHashMap;

use super::{Claim, Said, Verdict};

/// A place that another one contradicts.
#[derive(Clone, Debug)]
pub struct Contradiction<'a, P> {
    pub claim: &'a Claim,
    pub place: &'a P,
    /// What the place says.
    pub verdict: Verdict,
    /// The first place that says the opposite.
    pub other: &'a P,
}

/// The places that contradict another one, in the order given; each is there once for a claim and a statement, so both of a pair are.
pub fn contradictions<'a, P>(said: &'a [(P, Said<'a>)]) -> Vec<Contradiction<'a, P>> {
    let mut first: FxHashMap<(&str, bool), &P> = FxHashMap::default();
    for (place, said) in said {
        let key = (said.claim.claim.as_str(), said.verdict == Verdict::Wrong);
        first.entry(key).or_insert(place);
    }
    let contradiction = |(place, said): &'a (P, Said<'a>)| {
        let opposite = (said.claim.claim.as_str(), said.verdict != Verdict::Wrong);
        Some(Contradiction {
            claim: said.claim,
            place,
            verdict: said.verdict,
            other: first.get(&opposite).copied()?,
        })
    };
    said.iter().filter_map(contradiction).collect()
}
