//! Front matter: what stands between two lines `---` at the top of a note.

use serde::Deserialize;
use serde_json::Value;

use super::lines::Lines;
use super::{Front, Problem, ProblemKind};

/// Front matter as it is written, a value of any shape under each key; other keys are the business of other programs.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Written {
    title: Value,
    concept: Value,
    concepts: Value,
    tags: Value,
    tag: Value,
}

/// A word, or words in a list or in a row.
fn words(value: &Value) -> Vec<String> {
    let words: Vec<String> = match value {
        Value::Array(values) => values.iter().filter_map(word).collect(),
        Value::String(words) => words.split([',', ' ']).map(str::to_owned).collect(),
        other => word(other).into_iter().collect(),
    };
    let trimmed = words.iter().map(|word| word.trim().trim_start_matches('#'));
    trimmed
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

fn word(value: &Value) -> Option<String> {
    match value {
        Value::String(word) => Some(word.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The front matter, and the first line below it: 0 where there is none. What is not YAML is a problem.
pub(super) fn read(text: &str, lines: &Lines, problems: &mut Vec<Problem>) -> (Front, usize) {
    const LONGEST: usize = 500;
    if lines.text(0).trim_end() != "---" {
        return (Front::default(), 0);
    }
    let is_end = |line: &usize| matches!(lines.text(*line).trim_end(), "---" | "...");
    let Some(end) = (1..lines.count().min(LONGEST)).find(is_end) else {
        return (Front::default(), 0);
    };
    // between two rules there may be a paragraph
    if !(1..end).any(|line| is_key(lines.text(line))) {
        return (Front::default(), if end == 1 { 2 } else { 0 });
    }
    let range = lines.span(1..end);
    match serde_saphyr::from_str::<Written>(&text[range.clone()]) {
        Ok(written) => (Front::from(written), end + 1),
        Err(error) => {
            let place = error.location().map_or(1, |location| location.line());
            let line = usize::try_from(place).unwrap_or(1).clamp(1, end - 1);
            let said = error.without_snippet().to_string();
            let said = said.lines().next().unwrap_or_default();
            let said = &said[..said.rfind(" at line ").unwrap_or(said.len())];
            problems.push(Problem {
                kind: ProblemKind::NotReadable,
                range: lines.range(line),
                message: format!(
                    "the front matter is not YAML that is understood here ({said}), so its concepts and tags are not used: mend this line, or remove the lines `---` around it"
                ),
            });
            (Front::default(), end + 1)
        }
    }
}

/// Whether a line starts with `key:`.
fn is_key(line: &str) -> bool {
    let Some((key, value)) = line.split_once(':') else {
        return false;
    };
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    !key.is_empty()
        && key.chars().all(is_part)
        && (value.is_empty() || value.starts_with(char::is_whitespace))
}

impl From<Written> for Front {
    fn from(written: Written) -> Front {
        Front {
            title: word(&written.title),
            concepts: [words(&written.concept), words(&written.concepts)].concat(),
            tags: [words(&written.tags), words(&written.tag)].concat(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn front(text: &str) -> (Front, usize, Vec<String>) {
        let mut problems = Vec::new();
        let (front, end) = read(text, &Lines::new(text), &mut problems);
        let messages = problems.into_iter().map(|problem| problem.message);
        (front, end, messages.collect())
    }

    #[test]
    fn words_in_every_shape() {
        let text = "---\ntitle: \"A: b\"\ndate: 2024-12-03 00:00:00 +0530\nconcept: gil\nconcepts:\n  - races\n  -\ntags: [Python, 3, 'c d']\ntag: '#x, y'\naliases: {a: 1}\n---\nrest";
        let (front, end, problems) = front(text);
        assert_eq!(problems, [""; 0]);
        assert_eq!(front.title.as_deref(), Some("A: b"));
        assert_eq!(front.concepts, ["gil", "races"]);
        assert_eq!(front.tags, ["Python", "3", "c d", "x", "y"]);
        assert_eq!(end, 11);
    }

    #[test]
    fn rules_are_no_front_matter() {
        for text in [
            "---\nWords.\n---\n",
            "---\ntitle: x\n",
            "text\n---\na: b\n---\n",
            "",
        ] {
            assert_eq!(front(text), (Front::default(), 0, Vec::new()), "{text}");
        }
    }

    #[test]
    fn what_is_not_yaml_is_a_problem() {
        for text in [
            "---\ntitle: [x\ntags: y\n---\n",
            "---\na: &a [*a, *b]\n---\n",
        ] {
            let (found, end, problems) = front(text);
            assert_eq!((found, problems.len()), (Front::default(), 1), "{text}");
            assert!(end > 2, "{text}");
        }
    }
}
