//! Headings into titles: without marks, numbers and difficulty.

use super::{Difficulty, inline};

/// A heading as plain text, and how difficult it says it is. Where nothing would be left, the text stays as it is.
pub(super) fn title(heading: &str) -> (String, Option<Difficulty>) {
    let whole = inline::plain(heading);
    let mut rest = whole.as_str();
    let mut difficulty = None;
    loop {
        let before = rest.len();
        if let Some(c) = rest.chars().next().filter(|c| is_pictograph(*c)) {
            difficulty = difficulty.or(coloured(c));
            rest = &rest[c.len_utf8()..];
        }
        rest = unnumbered(rest.trim_start());
        if rest.len() == before {
            break;
        }
    }
    let ends = |c: char| is_pictograph(c) || c.is_whitespace();
    let last = rest
        .chars()
        .rev()
        .take_while(|c| ends(*c))
        .find_map(coloured);
    rest = rest.trim_end_matches(ends);
    if let Some((inner, level)) = bracketed(rest) {
        (rest, difficulty) = (inner, difficulty.or(Some(level)));
    }
    rest = rest.trim_end_matches([':', ' ']);
    let title = match rest.is_empty() {
        true => whole.clone(),
        false => rest.to_owned(),
    };
    (title, difficulty.or(last))
}

/// Pictures and signs, and what joins them.
fn is_pictograph(c: char) -> bool {
    matches!(c, '\u{200d}' | '\u{2190}'..='\u{2bff}' | '\u{fe0e}' | '\u{fe0f}' | '\u{1f000}'..='\u{1faff}' | '•')
}

fn coloured(c: char) -> Option<Difficulty> {
    match c {
        '🟢' => Some(Difficulty::Easy),
        '🟡' | '🟠' => Some(Difficulty::Medium),
        '🔴' => Some(Difficulty::Hard),
        _ => None,
    }
}

/// `(Hard)` or `[medium]` at the end of a text.
fn bracketed(text: &str) -> Option<(&str, Difficulty)> {
    let inner = text.strip_suffix([')', ']'])?;
    let (before, word) = inner.rsplit_once(['(', '['])?;
    Some((before.trim_end(), difficulty(word)?))
}

/// How difficult something is, in a word of those that notes and interviews use.
pub(super) fn difficulty(word: &str) -> Option<Difficulty> {
    let word = word.trim().to_lowercase();
    match word.as_str() {
        "easy" | "beginner" | "basic" | "junior" | "entry-level" => Some(Difficulty::Easy),
        "medium" | "intermediate" | "mid" | "mid-level" | "moderate" => Some(Difficulty::Medium),
        "hard" | "advanced" | "senior" | "expert" | "difficult" => Some(Difficulty::Hard),
        _ => word.chars().next().and_then(coloured),
    }
}

/// A text without the number at its start: `Q3.`, `Question 1:`, `2.1`, `4)`, `06 —`, `Section 2:`. A number that counts something stays.
pub(super) fn unnumbered(text: &str) -> &str {
    let word = text.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(0);
    let is_word = [
        "q", "question", "section", "chapter", "part", "lesson", "unit", "step",
    ]
    .contains(&text[..word].to_lowercase().as_str());
    if word > 0 && !is_word {
        return text;
    }
    let number = text[word..].trim_start();
    let after = number.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let digits = &number[..number.len() - after.len()];
    if !digits.starts_with(|c: char| c.is_ascii_digit()) {
        return text;
    }
    let is_dotted = digits.contains('.') && after.starts_with(char::is_whitespace);
    let rest = after.trim_start().strip_prefix([':', ')', '–', '—']);
    let rest = rest.or(after.trim_start().strip_prefix("- "));
    let rest = match rest {
        Some(rest) => rest,
        None if is_dotted => after,
        None => return text,
    };
    match rest.trim_start() {
        "" => text,
        rest => rest,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles() {
        for (heading, text) in [
            ("🛠️ 1. setuptools", "setuptools"),
            ("🔍 What it is:", "What it is"),
            ("**GIL (Global Lock)**", "GIL (Global Lock)"),
            (
                "06 — Advanced Python — Questions",
                "Advanced Python — Questions",
            ),
            ("🔹 Section 1: Concurrency", "Concurrency"),
            ("2.1 CPython Architecture", "CPython Architecture"),
            ("Q12. What are `descriptors`?", "What are descriptors?"),
            ("3 ways to fail", "3 ways to fail"),
            ("1. ", "1."),
            ("🚀", "🚀"),
            ("Part 2 Complete! 🎉", "Part 2 Complete!"),
            ("Quick start", "Quick start"),
            ("__init__", "__init__"),
            (
                "When `__del__()` is called (details)",
                "When __del__() is called (details)",
            ),
        ] {
            assert_eq!(title(heading).0, text, "{heading}");
        }
    }

    #[test]
    fn difficulties() {
        use Difficulty::{Easy, Hard, Medium};
        for (heading, expected) in [
            ("Q9. 🔴 What is a coroutine?", Some(Hard)),
            ("🟡 Iterators", Some(Medium)),
            ("Loops 🟢", Some(Easy)),
            ("Closures [Hard]", Some(Hard)),
            ("Hard links", None),
        ] {
            assert_eq!(title(heading).1, expected, "{heading}");
        }
        assert_eq!(title("Closures [Hard]").0, "Closures");
        assert_eq!(difficulty(" Mid-Level "), Some(Medium));
    }
}
