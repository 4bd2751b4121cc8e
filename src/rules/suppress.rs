//! Comments that silence findings: our own, and the peers' for the same rules.
//!
//! [`directives`] reads a comment, [`apply`] decides. What a comment is and which lines make a statement is told by the caller, so nothing here
//! knows of trees.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::{Finding, Place, RuleSelector, Severity};
use crate::nearest::nearest;

/// The rule that reports a comment which silences nothing.
pub const UNUSED: &str = "SUP001";

/// Code and name of every rule.
pub type KnownRules = [(&'static str, &'static str)];

/// What one comment asks for. A comment may hold several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directive {
    /// Bytes of the file, from the `#`.
    range: Range<usize>,
    /// The file, or the statement that the comment stands in.
    whole_file: bool,
    /// Whether it speaks of the next statement where it stands in a line of its own.
    of_next: bool,
    asks: Asks,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Asks {
    /// `# marginote: ignore`
    All,
    /// `# marginote: ignore[…]`: bytes of the name, and the rules or why there are none of that name.
    Rules(Vec<(Range<usize>, Result<RuleSelector, String>)>),
    /// `# marginote:` and something that cannot be read: why.
    Wrong(String),
    /// `# noqa`, with codes or without any.
    Noqa(Option<Vec<String>>),
    /// `# ruff: ignore[…]`: codes.
    Ruff(Vec<String>),
    /// `# pylint: disable=…`: codes, names, or `all`.
    Pylint(Vec<String>),
}

/// The file that directives are applied to.
pub struct SuppressedFile<'a> {
    pub path: &'a Arc<PathBuf>,
    /// From a byte to its line.
    pub line_of: &'a dyn Fn(usize) -> usize,
    /// From the first byte of a comment to the line of the code that stands before it, or else below it.
    pub code_line: &'a dyn Fn(usize) -> usize,
    /// From a line to the lines of the statement it belongs to: of a compound statement its header, of a line without a statement the line itself.
    pub statement: &'a dyn Fn(usize) -> Range<usize>,
}

/// What is known of the rules while directives are applied.
pub struct RuleFacts<'a> {
    pub known: &'a KnownRules,
    /// What a rule is called elsewhere.
    pub peers: &'a dyn Fn(&str) -> PeerCodes,
    /// Whether a rule was enabled for this file, and ran to its end.
    pub ran: &'a dyn Fn(&str) -> bool,
}

/// The same rule in other tools.
#[derive(Clone, Debug, Default)]
pub struct PeerCodes {
    /// Codes that `# noqa` takes.
    pub noqa: Vec<String>,
    /// Codes and names that `# pylint: disable` takes.
    pub pylint: Vec<String>,
}

/// What a comment asks for. `comment` starts with `#`, `at` is its first byte in the file.
pub fn directives(comment: &str, at: usize, known: &KnownRules) -> Vec<Directive> {
    let mut found = Vec::new();
    for (hash, _) in comment.match_indices('#') {
        let part = &comment[hash + 1..];
        let part = &part[..part.find('#').unwrap_or(part.len())];
        let mut words = Words {
            rest: part,
            end: at + hash + 1 + part.len(),
        };
        if let Some((whole_file, asks)) = words.directive(known) {
            found.push(Directive {
                range: at + hash..words.at(),
                whole_file,
                of_next: matches!(asks, Asks::Ruff(_)),
                asks,
            });
        }
    }
    found
}

/// Where a name of a list is being written: in a comment of ours up to a byte of it, behind a `[` that is not closed before. `comment` starts with `#`.
///
/// Gives the byte of the comment at which the name starts, and the names before it.
pub fn name_being_written(comment: &str, at: usize) -> Option<(usize, Vec<&str>)> {
    let before = comment.get(..at)?;
    let hash = before.rfind('#')?;
    let mut words = Words {
        rest: &before[hash + 1..],
        end: at,
    };
    let is_ours = words.eat("marginote:");
    let word = words.word();
    let is_list = ["ignore", "ignore-file"]
        .iter()
        .any(|w| w.eq_ignore_ascii_case(word));
    if !(is_ours && is_list && words.eat("[")) || words.rest.contains(']') {
        return None;
    }
    let mut names: Vec<&str> = words.rest.split(',').collect();
    let last = names.pop()?.trim_start();
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let names = names.into_iter().map(str::trim).collect();
    last.chars()
        .all(is_name)
        .then_some((at - last.len(), names))
}

/// A comment, or a part of one between two `#`, while it is read.
struct Words<'a> {
    rest: &'a str,
    /// Where `rest` ends, in bytes of the file.
    end: usize,
}

impl<'a> Words<'a> {
    /// The byte of the file that is read next.
    fn at(&self) -> usize {
        self.end - self.rest.len()
    }

    /// Whether this text comes next, after blanks and in any case; then it is passed.
    fn eat(&mut self, text: &str) -> bool {
        let rest = self.rest.trim_start();
        match rest.get(..text.len()) {
            Some(start) if start.eq_ignore_ascii_case(text) => {
                self.rest = &rest[text.len()..];
                true
            }
            _ => false,
        }
    }

    /// The letters, digits and hyphens that come next, after blanks; they are passed. Empty where something else comes.
    fn word(&mut self) -> &'a str {
        let rest = self.rest.trim_start();
        let length = rest
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_')
            .unwrap_or(rest.len());
        self.rest = &rest[length..];
        &rest[..length]
    }

    /// The words that come next with commas or blanks between them, as long as they are like names of rules.
    fn names(&mut self, is_name: impl Fn(&str) -> bool) -> Vec<String> {
        let mut names = Vec::new();
        loop {
            let before = self.rest;
            while self.eat(",") {}
            let word = self.word();
            if !is_name(word) {
                self.rest = before;
                return names;
            }
            names.push(word.to_owned());
        }
    }

    fn directive(&mut self, known: &KnownRules) -> Option<(bool, Asks)> {
        if self.eat("marginote:") {
            self.own(known)
        } else if self.eat("noqa") {
            Some((false, self.noqa()?))
        } else if self.eat("ruff:") {
            self.ruff()
        } else if self.eat("flake8:") {
            self.eat("noqa")
                .then(|| self.noqa())?
                .map(|asks| (true, asks))
        } else if self.eat("pylint:") && self.eat("disable") && self.eat("=") {
            Some((false, Asks::Pylint(self.names(|word| !word.is_empty()))))
        } else {
            None
        }
    }

    /// What follows `ruff:`. Its comments for the lines between two comments are not read.
    fn ruff(&mut self) -> Option<(bool, Asks)> {
        let word = self.word();
        let whole_file = match word.to_ascii_lowercase().as_str() {
            "noqa" => return self.noqa().map(|asks| (true, asks)),
            "file-ignore" => true,
            "ignore" => false,
            _ => return None,
        };
        let is_list = self.eat("[");
        let codes = self.names(|word| !word.is_empty());
        self.eat(",");
        (is_list && self.eat("]")).then_some((whole_file, Asks::Ruff(codes)))
    }

    /// What follows `noqa`. A colon with no code behind it asks for nothing.
    fn noqa(&mut self) -> Option<Asks> {
        if self
            .rest
            .starts_with(|c: char| c.is_alphanumeric() || c == '_')
        {
            return None;
        }
        if !self.eat(":") {
            return Some(Asks::Noqa(None));
        }
        let is_code = |word: &str| {
            word.starts_with(|c: char| c.is_ascii_alphabetic())
                && word.ends_with(|c: char| c.is_ascii_digit())
                || (1..=4).contains(&word.len()) && word.bytes().all(|c| c.is_ascii_uppercase())
        };
        Some(Asks::Noqa(Some(self.names(is_code))))
    }

    /// What follows `marginote:`. None where it is no directive but prose.
    fn own(&mut self, known: &KnownRules) -> Option<(bool, Asks)> {
        const WORDS: [&str; 2] = ["ignore", "ignore-file"];
        let word = self.word();
        if !WORDS.iter().any(|known| known.eq_ignore_ascii_case(word)) {
            let right = nearest(word, WORDS)?;
            let message = format!("`{word}` is no word for Marginote; did you mean `{right}`?");
            return Some((false, Asks::Wrong(message)));
        }
        let whole_file = word.len() > "ignore".len();
        if self.eat("[") {
            return Some((whole_file, self.rules(known)));
        }
        let mut next = Words { ..*self };
        let bare_names = [":", "=", "("].iter().any(|sign| next.eat(sign))
            || RuleSelector::parse(next.word(), known).is_ok();
        let asks = if bare_names {
            let word = word.to_ascii_lowercase();
            Asks::Wrong(format!(
                "the rules stand in square brackets: `# marginote: {word}[CODE]`"
            ))
        } else {
            Asks::All
        };
        Some((whole_file, asks))
    }

    /// What follows `[`.
    fn rules(&mut self, known: &KnownRules) -> Asks {
        let Some(length) = self.rest.find(']') else {
            let message = "the list of rules has no end: close it with `]`";
            return Asks::Wrong(message.to_owned());
        };
        let start = self.at();
        let list = &self.rest[..length];
        self.rest = &self.rest[length + 1..];
        let mut rules = Vec::new();
        let mut item_at = start;
        for item in list.split(',') {
            let word = item.trim();
            let word_at = item_at + (item.len() - item.trim_start().len());
            item_at += item.len() + 1;
            if !word.is_empty() {
                let rule = RuleSelector::parse(word, known);
                rules.push((word_at..word_at + word.len(), rule));
            }
        }
        if rules.is_empty() {
            return Asks::Wrong("the list of rules is empty: name the rules".to_owned());
        }
        Asks::Rules(rules)
    }
}

/// The findings that no directive silences, and hints for our own directives that silence nothing. `findings` are sorted by position, then code;
/// so is the result.
pub fn apply(
    findings: Vec<Finding>,
    directives: &[Directive],
    file: &SuppressedFile,
    rules: &RuleFacts,
) -> Vec<Finding> {
    if directives.is_empty() {
        return findings;
    }
    let mut directives: Vec<Active> = directives
        .iter()
        .map(|directive| Active {
            directive,
            line: match directive.of_next {
                true => (file.code_line)(directive.range.start),
                false => (file.line_of)(directive.range.start),
            },
            used: vec![false; directive.names()],
        })
        .collect();
    // by lines; those that speak of the whole file first, as if they stood before it
    directives.sort_by_key(|active| (!active.directive.whole_file, active.line));
    let mut left = Vec::new();
    // one statement may hold very many of both
    let mut known = FxHashMap::default();
    for finding in findings {
        let mut silenced = false;
        for range in covering(&directives, &lines(&finding, file)) {
            let key = (range.start, range.end, finding.code);
            silenced |= *known.entry(key).or_insert_with(|| {
                let actives = directives[range].iter_mut();
                let silences = actives.map(|active| active.silences(finding.code, rules));
                silences.fold(false, |one, other| one | other)
            });
        }
        if !silenced {
            left.push(finding);
        }
    }
    if (rules.ran)(UNUSED) {
        let unused = directives
            .iter()
            .flat_map(|active| active.unused(file, rules));
        let unused: Vec<Finding> = unused.collect();
        let all = 0..directives.len();
        let naming: Vec<usize> = all.filter(|&at| directives[at].names_unused()).collect();
        let names_one_of = |range: Range<usize>| {
            let next = naming.partition_point(|at| *at < range.start);
            naming.get(next).is_some_and(|at| *at < range.end)
        };
        let wanted = |finding: &Finding| {
            let covering = covering(&directives, &lines(finding, file));
            !covering.into_iter().any(names_one_of)
        };
        left.extend(unused.into_iter().filter(wanted));
    }
    left.sort_by(|a, b| {
        let key = |f: &Finding| (f.place.range.start, f.place.range.end, f.code);
        key(a).cmp(&key(b))
    });
    left
}

/// The lines on which a comment speaks of a finding.
pub fn lines(finding: &Finding, file: &SuppressedFile) -> Range<usize> {
    let first = (file.line_of)(finding.place.range.start);
    let last = (file.line_of)(finding.place.range.end);
    let statement = (file.statement)(first);
    statement.start.min(first)..statement.end.max(last + 1)
}

/// A directive while it is applied.
struct Active<'a> {
    directive: &'a Directive,
    line: usize,
    /// For each of its names whether it silenced something; one entry where it has none.
    used: Vec<bool>,
}

impl Directive {
    /// The bytes of the file that it takes, from the `#`.
    pub fn range(&self) -> Range<usize> {
        self.range.clone()
    }

    /// Where another rule can be named: behind the last one of a list of ours. None where it has no list, or speaks of a statement and `whole_file` is asked for, or the
    /// other way round.
    pub fn room(&self, whole_file: bool) -> Option<usize> {
        let Asks::Rules(rules) = &self.asks else {
            return None;
        };
        let (last, _) = rules.last().filter(|_| self.whole_file == whole_file)?;
        Some(last.end)
    }

    /// The rule whose name stands at a byte of the file, and the bytes of the name, in a list of ours.
    pub fn rule_at(&self, offset: usize) -> Option<(&Range<usize>, &'static str)> {
        let Asks::Rules(rules) = &self.asks else {
            return None;
        };
        let holds = |range: &Range<usize>| range.start <= offset && offset <= range.end;
        let (range, rule) = rules.iter().find(|(range, _)| holds(range))?;
        match rule {
            Ok(RuleSelector::Code(code)) => Some((range, code)),
            _ => None,
        }
    }

    /// How many names it has, at least one.
    fn names(&self) -> usize {
        match &self.asks {
            Asks::Rules(rules) => rules.len(),
            _ => 1,
        }
    }
}

/// Which of the directives, sorted, speak of the whole file, and which stand in some lines.
fn covering(directives: &[Active<'_>], lines: &Range<usize>) -> [Range<usize>; 2] {
    let wide = directives.partition_point(|active| active.directive.whole_file);
    let before = |line: usize| {
        directives.partition_point(|active| active.directive.whole_file || active.line < line)
    };
    [0..wide, before(lines.start)..before(lines.end)]
}

impl Active<'_> {
    /// Whether it silences this rule; it remembers so.
    fn silences(&mut self, code: &str, rules: &RuleFacts) -> bool {
        let same = |ours: &str, theirs: &str| ours.eq_ignore_ascii_case(theirs);
        match &self.directive.asks {
            Asks::Wrong(_) => false,
            Asks::All => {
                self.used = vec![true];
                true
            }
            Asks::Rules(named) => {
                let mut silences = false;
                for ((_, rule), used) in named.iter().zip(&mut self.used) {
                    if rule.as_ref().is_ok_and(|rule| rule.matches(code)) {
                        *used = true;
                        silences = true;
                    }
                }
                silences
            }
            Asks::Noqa(None) => !(rules.peers)(code).noqa.is_empty(),
            // Like Flake8, by the start of the code: `B0` stands for `B006`.
            Asks::Noqa(Some(codes)) => (rules.peers)(code).noqa.iter().any(|peer| {
                let start = |code: &String| peer.get(..code.len()).is_some_and(|p| same(p, code));
                codes.iter().any(start)
            }),
            Asks::Ruff(codes) => (rules.peers)(code)
                .noqa
                .iter()
                .any(|peer| codes.contains(peer)),
            Asks::Pylint(names) => (rules.peers)(code).pylint.iter().any(|peer| {
                names
                    .iter()
                    .any(|name| same(peer, name) || same("all", name))
            }),
        }
    }

    /// Whether it names the rule that reports it, so that it is not reported.
    fn names_unused(&self) -> bool {
        let Asks::Rules(rules) = &self.directive.asks else {
            return false;
        };
        let closeness = |rule: &RuleSelector| rule.closeness(UNUSED).unwrap_or(0);
        rules
            .iter()
            .flat_map(|(_, rule)| rule)
            .any(|rule| closeness(rule) > 0)
    }

    /// Hints for what it names to no purpose.
    fn unused(&self, file: &SuppressedFile, rules: &RuleFacts) -> Vec<Finding> {
        let hint = |range: &Range<usize>, message: String| Finding {
            code: UNUSED,
            severity: Severity::Hint,
            place: Place {
                path: file.path.clone(),
                range: range.clone(),
            },
            message,
            evidence: Vec::new(),
            fixes: Vec::new(),
        };
        let here = if self.directive.whole_file {
            "in this file"
        } else {
            "in this statement"
        };
        let whole = &self.directive.range;
        match &self.directive.asks {
            Asks::Noqa(_) | Asks::Ruff(_) | Asks::Pylint(_) => Vec::new(),
            Asks::Wrong(message) => vec![hint(whole, message.clone())],
            Asks::All if self.used == [true] || !all_ran(&RuleSelector::All, rules) => Vec::new(),
            Asks::All => {
                let message = format!("nothing is found {here}: take the comment away");
                vec![hint(whole, message)]
            }
            Asks::Rules(named) => {
                // When one of the rules did not run, nobody knows what the comment is good for.
                let decided = named
                    .iter()
                    .flat_map(|(_, rule)| rule)
                    .all(|r| all_ran(r, rules));
                let mut hints = Vec::new();
                for ((range, rule), used) in named.iter().zip(&self.used) {
                    match rule {
                        Err(message) => hints.push(hint(range, message.clone())),
                        Ok(rule) if *used || !decided || rule.matches(UNUSED) => {}
                        Ok(rule) => {
                            let message =
                                format!("{rule} finds nothing {here}: take it out of the comment");
                            hints.push(hint(range, message));
                        }
                    }
                }
                hints
            }
        }
    }
}

/// Whether all rules that it names were enabled and ran.
fn all_ran(rule: &RuleSelector, rules: &RuleFacts) -> bool {
    let mut codes = rules.known.iter().map(|(code, _)| *code);
    codes.all(|code| !rule.matches(code) || (rules.ran)(code))
}

#[cfg(test)]
#[path = "suppress_tests.rs"]
mod tests;
