//! The text of a query, read before tree-sitter does: what a predicate says, and limits that keep a hostile query from the compiler.
//!
//! tree-sitter's parser of queries calls itself for every bracket and says of a wrong predicate only in which pattern it stands.

use std::ops::Range;

use regex::RegexBuilder;

use super::query::QueryProblem;
use crate::nearest::did_you_mean;

/// The longest query, in bytes.
const LONGEST: usize = 16 << 10;
/// How deep brackets may stand in each other.
const DEEPEST: usize = 32;
/// How many patterns a query may have.
const PATTERNS: usize = 64;
/// How many regular expressions a query may have, and how large each may be when compiled, in bytes.
const REGEXES: usize = 16;
const REGEX_SIZE: usize = 1 << 18;

/// How often a query may say `?`, `*` or `+`: the compiler takes time by their third power.
const REPETITIONS: usize = 16;

/// Every predicate.
const PREDICATES: &[&str] = &[
    "eq?",
    "not-eq?",
    "match?",
    "not-match?",
    "any-of?",
    "not-any-of?",
    "qualified-name?",
    "not-qualified-name?",
];

/// A piece of a query's text, with the bytes where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Token<'q> {
    kind: TokenKind<'q>,
    range: Range<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum TokenKind<'q> {
    Open,
    Close,
    /// `"…"`, without its escapes.
    String(String),
    /// `@name`, without the sign.
    Capture(&'q str),
    /// `#name`, without the sign.
    Predicate(&'q str),
    /// A name of a node or a field, and signs.
    Other(&'q str),
}

/// `(#eq? @capture "text" …)`
#[derive(Debug)]
pub(super) struct Predicate {
    /// The byte of its name.
    pub offset: usize,
    /// One of [`PREDICATES`].
    pub name: String,
    pub capture: String,
    /// The texts that it compares with; what another capture holds is not among them.
    pub texts: Vec<String>,
}

/// The predicates of a query, in the order of its text.
///
/// # Errors
/// It is too long, too deep or has too many parts, a string has no end, or a predicate is wrong.
pub(super) fn predicates(text: &str) -> Result<Vec<Predicate>, QueryProblem> {
    let tokens = tokens(text)?;
    check_limits(&tokens)?;
    let mut predicates = Vec::new();
    // the brackets that are open, by their bytes
    let mut open: Vec<u8> = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| tokens.get(at));
        let is_opened = before.is_some_and(|token| token.kind == TokenKind::Open);
        match token.kind {
            TokenKind::Open => open.push(text.as_bytes()[token.range.start]),
            TokenKind::Close => {
                open.pop();
            }
            TokenKind::Other("module") if is_opened => {
                let message = "a query sees one statement of the file at a time: begin with what is looked for, not with `module`";
                return Err(problem(token, message.to_owned()));
            }
            // tree-sitter takes it for a pattern without nodes, and stops the program
            TokenKind::Predicate(_) if is_opened && !is_behind_node(&tokens[..at - 1], &open) => {
                let message = "a predicate stands behind the node that it is about, in its brackets or in brackets around both: `((identifier) @name (#eq? @name \"text\"))`";
                return Err(problem(token, message.to_owned()));
            }
            TokenKind::Predicate(name) if is_opened => {
                let arguments = tokens[at + 1..].iter();
                let arguments = arguments.take_while(|token| token.kind != TokenKind::Close);
                predicates.push(predicate(name, token, &arguments.collect::<Vec<_>>())?);
            }
            TokenKind::Predicate(_) => {
                let message = "a predicate stands in brackets of its own: `(#eq? @name \"text\")`";
                return Err(problem(token, message.to_owned()));
            }
            _ => {}
        }
    }
    Ok(predicates)
}

/// Whether a predicate may stand behind these tokens: inside the brackets of a node or a group, and not in the place of a node. `open` are the brackets, with its own.
fn is_behind_node(before: &[Token], open: &[u8]) -> bool {
    let is_inside = matches!(open, [.., b'(', b'(']);
    let is_place = before
        .last()
        .is_none_or(|token| matches!(token.kind, TokenKind::Open | TokenKind::Other(":")));
    is_inside && !is_place
}

/// Refuses what would keep tree-sitter busy.
fn check_limits(tokens: &[Token]) -> Result<(), QueryProblem> {
    let (mut depth, mut patterns, mut regexes, mut repetitions) = (0_usize, 0, 0, 0);
    for token in tokens {
        match token.kind {
            TokenKind::Open => {
                patterns += usize::from(depth == 0);
                depth += 1;
            }
            TokenKind::Close => depth = depth.saturating_sub(1),
            TokenKind::Predicate(name) => regexes += usize::from(name.ends_with("match?")),
            TokenKind::Other("?" | "*" | "+") => repetitions += 1,
            _ => {}
        }
        let message = if depth > DEEPEST {
            format!("brackets stand more than {DEEPEST} deep in each other")
        } else if patterns > PATTERNS {
            format!("a query has at most {PATTERNS} patterns: make more cards")
        } else if regexes > REGEXES {
            format!("a query has at most {REGEXES} regular expressions")
        } else if repetitions > REPETITIONS {
            format!("a query has at most {REPETITIONS} signs `?`, `*` and `+`")
        } else {
            continue;
        };
        return Err(problem(token, message));
    }
    Ok(())
}

fn problem(token: &Token, message: String) -> QueryProblem {
    QueryProblem {
        offset: token.range.start,
        message,
    }
}

fn tokens(text: &str) -> Result<Vec<Token<'_>>, QueryProblem> {
    if text.len() > LONGEST {
        let message = format!("the query is longer than {} KiB", LONGEST >> 10);
        return Err(QueryProblem { offset: 0, message });
    }
    let bytes = text.as_bytes();
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let start = at;
        let kind = match byte {
            b';' => {
                at = memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |end| at + end);
                continue;
            }
            byte if byte.is_ascii_whitespace() => {
                at += 1;
                continue;
            }
            b'(' | b'[' => TokenKind::Open,
            b')' | b']' => TokenKind::Close,
            b'"' => {
                let (string, end) = string(text, at)?;
                at = end;
                tokens.push(Token {
                    kind: TokenKind::String(string),
                    range: start..end,
                });
                continue;
            }
            _ => {
                let first = text[at..].chars().next().map_or(1, char::len_utf8);
                let is_sign = byte.is_ascii_punctuation() && !matches!(byte, b'@' | b'#' | b'_');
                let rest = if is_sign { "" } else { &text[at + first..] };
                let is_part = |c: char| {
                    c.is_alphanumeric()
                        || matches!(c, '_' | '-' | '.')
                        || *byte == b'#' && matches!(c, '?' | '!')
                };
                let length = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
                at += first + length - 1;
                let word = &text[start + first..=at];
                match byte {
                    b'@' => TokenKind::Capture(word),
                    b'#' => TokenKind::Predicate(word),
                    _ => TokenKind::Other(&text[start..=at]),
                }
            }
        };
        at += 1;
        tokens.push(Token {
            kind,
            range: start..at,
        });
    }
    Ok(tokens)
}

/// The string whose quote stands at a byte, and where it ends.
fn string(text: &str, at: usize) -> Result<(String, usize), QueryProblem> {
    let mut string = String::new();
    let mut chars = text[at + 1..].char_indices();
    while let Some((offset, c)) = chars.next() {
        match c {
            '"' => return Ok((string, at + 1 + offset + 1)),
            '\\' => string.extend(chars.next().map(|(_, escaped)| match escaped {
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                '0' => '\0',
                other => other,
            })),
            '\n' => break,
            c => string.push(c),
        }
    }
    Err(QueryProblem {
        offset: at,
        message: "the string has no end: close it with `\"` in its line".to_owned(),
    })
}

/// A predicate, held against what it needs.
fn predicate(name: &str, token: &Token, arguments: &[&Token]) -> Result<Predicate, QueryProblem> {
    if !PREDICATES.contains(&name) {
        let right = did_you_mean(name, PREDICATES.iter().copied());
        let message = format!(
            "there is no predicate `#{name}`{right}; there are #{}",
            PREDICATES.join(", #")
        );
        return Err(problem(token, message));
    }
    let Some((first, rest)) = arguments.split_first() else {
        return Err(problem(
            token,
            format!("`#{name}` needs a capture and a text"),
        ));
    };
    let TokenKind::Capture(capture) = first.kind else {
        let message = format!("`#{name}` begins with a capture: `@name`");
        return Err(problem(first, message));
    };
    let is_list = matches!(
        name.trim_start_matches("not-"),
        "any-of?" | "qualified-name?"
    );
    let Some(second) = rest.first() else {
        return Err(problem(
            token,
            format!("`#{name}` needs a text to compare with"),
        ));
    };
    if !is_list && let Some(third) = rest.get(1) {
        return Err(problem(
            third,
            format!("`#{name}` takes one capture and one text"),
        ));
    }
    let mut texts = Vec::new();
    for argument in rest {
        match &argument.kind {
            TokenKind::String(text) => texts.push(text.clone()),
            TokenKind::Capture(_) if name.ends_with("eq?") => {}
            _ => {
                return Err(problem(
                    argument,
                    format!("`#{name}` compares with texts in quotes"),
                ));
            }
        }
        if name.ends_with("qualified-name?")
            && let TokenKind::String(text) = &argument.kind
        {
            qualified_name(text).map_err(|message| problem(argument, message))?;
        }
    }
    if name.ends_with("match?")
        && let TokenKind::String(text) = &second.kind
    {
        regex(text).map_err(|message| problem(second, message))?;
    }
    Ok(Predicate {
        offset: token.range.start,
        name: name.to_owned(),
        capture: capture.to_owned(),
        texts,
    })
}

fn qualified_name(text: &str) -> Result<(), String> {
    let name = text.strip_suffix(".*").unwrap_or(text);
    let is_identifier = |part: &str| {
        part.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && part.chars().all(|c| c.is_alphanumeric() || c == '_')
    };
    if name.split('.').all(is_identifier) {
        return Ok(());
    }
    Err(format!(
        "`{text}` is no qualified name: write it as `time.sleep`, or `time.*` for everything in it"
    ))
}

fn regex(text: &str) -> Result<(), String> {
    let built = RegexBuilder::new(text).size_limit(REGEX_SIZE).build();
    let error = match built {
        Ok(_) => return Ok(()),
        Err(error) => error.to_string(),
    };
    // the message shows the expression on lines of its own; the last line says what is wrong
    let reason = error.lines().last().unwrap_or_default();
    let reason = reason.strip_prefix("error: ").unwrap_or(reason);
    Err(format!("`{text}` is no regular expression: {reason}"))
}
