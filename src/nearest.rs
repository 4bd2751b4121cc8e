//! The nearest right word for a wrong one: what "did you mean" says.

use strsim::damerau_levenshtein;

/// The candidate that is nearest to `word`, upper and lower case being the same. None where none is near: more than a third of the letters differ.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let length = word.chars().count();
    // The distance takes time in proportion to both lengths, and no name has this many letters.
    if length > 80 {
        return None;
    }
    let allowed = (length / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| {
            (
                damerau_levenshtein(&word, &candidate.to_lowercase()),
                candidate,
            )
        })
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, candidate)| candidate)
}

/// `; did you mean `right`?`, or nothing where no candidate is near.
pub fn did_you_mean<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    match nearest(word, candidates) {
        Some(right) => format!("; did you mean `{right}`?"),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn nearest_is_the_fewest_changes() {
        let words = ["MUT001", "MUT004", "GIL001"];
        assert_eq!(nearest("mut01", words), Some("MUT001"));
        assert_eq!(nearest("MUT004", words), Some("MUT004"));
        assert_eq!(nearest("UMT004", words), Some("MUT004"));
    }

    #[test]
    fn far_words_have_no_nearest() {
        assert_eq!(nearest("banana", ["MUT001", "GIL001"]), None);
        assert_eq!(nearest("", ["MUT001"]), None);
        assert_eq!(nearest(&"M".repeat(100_000), ["MUT001"]), None);
    }
}
