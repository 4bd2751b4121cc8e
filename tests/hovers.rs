//! The hover suites of `tests/hovers/`: at each mark the concepts that it names answer, and those that it denies do not. See `tests/hovers/README.md`.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use marginote::analysis::{Hover, Snapshot};
use marginote::knowledge::{ConceptCard, Knowledge, Selector};
use suites::{Case, cases, project, suites};

mod suites;

/// What a mark says of a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Asks {
    /// The concept is what the hover explains.
    Hover,
    /// It answers, first or beside others, where the code does not spell what the card names.
    Alias,
    /// It is among the others that answer.
    Also,
    /// It does not answer.
    Not,
    /// No hover appears.
    Nothing,
}

/// A caret line, and the line that it speaks about.
struct Mark<'t> {
    /// From 1.
    line: usize,
    text: &'t str,
    /// The place, in bytes of the file.
    offset: usize,
    /// The place, in bytes of the line.
    column: usize,
    asks: Asks,
    concept: &'t str,
}

fn marks(text: &str) -> Vec<Mark<'_>> {
    let mut marks = Vec::new();
    let (mut target, mut at) = ((0, 0, ""), 0);
    for (number, line) in text.lines().enumerate() {
        let start = at;
        at += line.len() + 1;
        let carets = line.trim_start_matches(['#', ' ', '^']);
        let head = &line[..line.len() - carets.len()];
        let Some(caret) = head.find('^').filter(|_| line.starts_with('#')) else {
            target = (number + 1, start, line);
            continue;
        };
        // a `#` directly before the caret is one too, so that the first column can be marked
        let column = if head[..caret].ends_with('#') {
            caret - 1
        } else {
            caret
        };
        // columns are code points
        let (line, start, text) = target;
        let column = text.char_indices().nth(column).map_or(text.len(), |c| c.0);
        let (word, concept) = carets.split_once(' ').unwrap_or((carets, ""));
        let asks = match word {
            "hover" => Asks::Hover,
            "alias" => Asks::Alias,
            "also" => Asks::Also,
            "not" => Asks::Not,
            "nothing" => Asks::Nothing,
            other => panic!("`{other}` is no mark: {}", carets),
        };
        marks.push(Mark {
            line,
            text,
            offset: start + column,
            column,
            asks,
            concept: concept.trim(),
        });
    }
    marks
}

/// The dotted words up to the end of the one at a place: `q.Queue` in `x = q.Queue()`.
fn spelled<'t>(mark: &Mark<'t>) -> &'t str {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let end = mark.text[mark.column..].find(|c| !is_word(c));
    let end = end.map_or(mark.text.len(), |end| mark.column + end);
    let before = mark.text[..end].rfind(|c| !is_word(c) && c != '.');
    &mark.text[before.map_or(0, |before| before + 1)..end]
}

/// The qualified names that a card's selectors name, without the stars.
fn names(card: &ConceptCard) -> Vec<&str> {
    let named = card.hover.iter().filter_map(|selector| match selector {
        Selector::Call(name)
        | Selector::Name(name)
        | Selector::Decorator(name)
        | Selector::Base(name) => Some(name.trim_end_matches(".*")),
        _ => None,
    });
    named.collect()
}

/// The last words of the qualified names and methods that a card's selectors name.
fn words(card: &ConceptCard) -> BTreeSet<&str> {
    let methods = card.hover.iter().filter_map(|selector| match selector {
        Selector::Method(name) => Some(name.as_str()),
        _ => None,
    });
    let named = names(card).into_iter().chain(methods);
    named
        .map(|name| name.rsplit('.').next().unwrap_or(name))
        .collect()
}

/// Where a word stands by itself in a text, in bytes.
fn places_of<'t>(text: &'t str, word: &'t str) -> impl Iterator<Item = usize> + 't {
    let is_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let found = text.match_indices(word).map(|(at, _)| at);
    found.filter(move |at| {
        let after = text[at + word.len()..].chars().next();
        !is_word(text[..*at].chars().next_back()) && !is_word(after)
    })
}

fn answers(hover: Option<&Hover>, concept: &str) -> bool {
    hover.is_some_and(|hover| {
        hover.concept.as_deref() == Some(concept) || hover.also.iter().any(|also| also == concept)
    })
}

/// What is wrong with a mark, for people.
fn problem(mark: &Mark<'_>, hover: Option<&Hover>) -> Option<String> {
    let first = hover.and_then(|hover| hover.concept.as_deref());
    let also = hover.map_or(&[][..], |hover| &hover.also);
    let concept = mark.concept;
    let answers = answers(hover, concept);
    let holds = match mark.asks {
        Asks::Hover => first == Some(concept),
        Asks::Alias => answers,
        Asks::Also => answers && first != Some(concept),
        Asks::Not => !answers,
        Asks::Nothing => hover.is_none(),
    };
    if !holds {
        return Some(format!(
            "{:?} {concept}: it says {first:?}, also {also:?}",
            mark.asks
        ));
    }
    let card = Knowledge::builtin().concept(concept);
    if card.is_none() && mark.asks != Asks::Nothing {
        return Some(format!("no concept is called `{concept}`"));
    }
    let spelled = spelled(mark);
    let is_spelled = |name: &str| name == spelled || name.ends_with(&format!(".{spelled}"));
    if mark.asks == Asks::Alias && card.is_some_and(|card| names(card).into_iter().any(is_spelled))
    {
        return Some(format!("`{spelled}` is no alias: the card names it"));
    }
    None
}

/// Whether a miss is a near one: where the concept's card names something, a word of it stands in the line.
fn is_near(mark: &Mark<'_>) -> bool {
    let card = Knowledge::builtin().concept(mark.concept);
    let words = card.map(words).unwrap_or_default();
    let stands = |word: &&str| places_of(mark.text, word).next().is_some();
    words.is_empty() || words.iter().any(stands)
}

/// The marks of a case that do not hold. `seen` gets those that do.
fn wrong(case: &Case, seen: &mut BTreeSet<(String, Asks)>) -> String {
    let project = project(case);
    let mut out = String::new();
    for (name, text) in &case.files {
        let path = project.paths.iter().find(|path| path.ends_with(name));
        let Some(path) = path else { continue };
        let snapshot: &Snapshot = &project.snapshot;
        for mark in marks(text) {
            match problem(&mark, snapshot.hover(path, mark.offset).as_ref()) {
                Some(problem) => {
                    let Mark { line, text, .. } = mark;
                    let _ = writeln!(out, "    {name}:{line}: {}\n        {problem}", text.trim());
                }
                None => {
                    if mark.asks != Asks::Not || is_near(&mark) {
                        seen.insert((mark.concept.to_owned(), mark.asks));
                    }
                }
            }
        }
    }
    out
}

#[test]
fn what_is_marked_answers_and_every_card_is_marked() {
    let mut report = String::new();
    let mut seen = BTreeSet::new();
    for (name, text) in suites("hovers") {
        for case in cases(&text) {
            let wrong = wrong(&case, &mut seen);
            if !wrong.is_empty() {
                let _ = writeln!(report, "{name}.md:{} {}\n{wrong}", case.line, case.title);
            }
        }
    }
    let is_seen = |card: &ConceptCard, asks| seen.contains(&(card.concept.clone(), asks));
    for card in Knowledge::builtin().concepts() {
        if std::env::var("SUITE").is_ok() {
            break;
        }
        let mut wanted = vec![Asks::Hover, Asks::Not];
        if !names(card).is_empty() {
            wanted.push(Asks::Alias);
        }
        for asks in wanted.into_iter().filter(|asks| !is_seen(card, *asks)) {
            let _ = writeln!(report, "{}: no mark `{asks:?}`", card.concept);
        }
    }
    assert!(report.is_empty(), "\n{report}");
}

/// Files in which a word is the project's own: a function's name, a class's, a method's, a parameter's, an attribute's.
fn look_alikes(word: &str) -> [(String, String); 2] {
    let function = "def W(*given):\n    return given\n\n\nprint(W)\nresult = W()\n\n\n@W\ndef marked(): ...\n\n\n\
        @W()\ndef called(): ...\n\n\nclass Holder:\n    W = 1\n\n    def use(self, W):\n        return W(W.part, self.W)\n\n\nHolder.W\n\
        # W()\ntext = \"W()\"\n";
    let class = "class W:\n    def W(self): ...\n\n    def use(self):\n        return self.W()\n\n\nprint(W)\nW()\nW().W()\n\n\n\
        class Below(W): ...\n\n\nBelow().W()\n";
    let file = |name: &str, text: &str| (name.to_owned(), text.replace('W', word));
    [file("functions.py", function), file("classes.py", class)]
}

/// Files in which the project has a module of its own with what a qualified name names, and its user.
fn own_module(name: &str) -> Option<Vec<(String, String)>> {
    let (module, word) = name.rsplit_once('.')?;
    let imported = format!("import {module}\n\n{name}()\nprint({name})\n");
    let taken = format!(
        "from {module} import {word}\nfrom {module} import {word} as other\n\n{word}()\nother()\n"
    );
    let own = format!("def {word}(*given):\n    return given\n");
    let path = format!("{}.py", module.replace('.', "/"));
    let files = [
        (path.as_str(), own),
        ("imported.py", imported),
        ("taken.py", taken),
    ];
    Some(files.map(|(name, text)| (name.to_owned(), text)).to_vec())
}

#[test]
fn what_only_looks_alike_never_answers() {
    let mut report = String::new();
    let mut hovers = 0;
    for card in Knowledge::builtin().concepts() {
        let is_special = |word: &str| word.starts_with("__");
        let words = words(card);
        let words = words.iter().filter(|word| !is_special(word));
        let mut projects: Vec<(&str, Vec<(String, String)>)> = words
            .map(|word| (*word, look_alikes(word).to_vec()))
            .collect();
        let named = names(card).into_iter().filter(|name| !name.contains("()"));
        projects.extend(named.filter_map(|name| {
            let word = name.rsplit('.').next()?;
            let files = own_module(name).filter(|_| !is_special(word) && !is_special(name))?;
            Some((word, files))
        }));
        for (word, files) in projects {
            let case = Case {
                files,
                ..Case::default()
            };
            let project = project(&case);
            for (name, text) in &case.files {
                let path = project.paths.iter().find(|path| path.ends_with(name));
                let path = path.expect("it was written");
                for at in places_of(text, word) {
                    hovers += 1;
                    let hover = project.snapshot.hover(path, at);
                    if answers(hover.as_ref(), &card.concept) {
                        let line = text[..at].matches('\n').count();
                        let line = text.lines().nth(line).unwrap_or_default();
                        let _ = writeln!(report, "{} answers in {name} on {line}", card.concept);
                    }
                }
            }
        }
    }
    assert!(report.is_empty(), "\n{report}");
    assert!(hovers > 1000, "the cards name things");
}
