//! The user's own words in a hover.

use super::{escape, push};

/// What a note of the user says about a concept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Quote {
    /// Where it stands.
    pub from: Reference,
    /// The part that answers, as plain text: a paragraph, an item or a row of a table each.
    pub lines: Vec<String>,
    /// What is wrong in the quoted part: the truth, as Markdown of ours.
    pub corrections: Vec<String>,
    /// Other sections about the same, the best first.
    pub also: Vec<Reference>,
}

/// A section of a note.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reference {
    /// The name of the note's file, then the headings.
    pub names: Vec<String>,
    /// The address that opens it. None where nothing can be opened.
    pub url: Option<String>,
}

/// The headings that a reference shows: the file, and the innermost ones.
const HEADINGS: usize = 3;

impl Reference {
    /// `internals.md › Global Interpreter Lock › Impact`.
    fn in_words(&self) -> String {
        let (file, headings) = self.names.split_at(self.names.len().min(1));
        let inner = &headings[headings.len().saturating_sub(HEADINGS)..];
        let names = file.iter().chain(inner).map(|name| escape::message(name));
        names.collect::<Vec<_>>().join(" › ")
    }

    /// The words, as a link where it has an address. Addresses are ours: only characters that cannot end one are let through.
    fn linked(&self, words: &str) -> String {
        let is_plain = |url: &&String| {
            let allowed = |c: char| c.is_ascii_alphanumeric() || "/:.%_~#,+=@&;!'-".contains(c);
            url.chars().all(allowed)
        };
        match self.url.as_ref().filter(is_plain) {
            Some(url) => format!("[{words}]({url})"),
            None => words.to_owned(),
        }
    }
}

/// Adds a quote to a hover.
pub(super) fn push_quote(out: &mut String, quote: Option<&Quote>) {
    let Some(quote) = quote else {
        return;
    };
    push(
        out,
        format_args!("---\n**Your notes** - {}\n\n", quote.from.in_words()),
    );
    for line in &quote.lines {
        // an empty line between them keeps them apart
        push(out, format_args!("> {}\n>\n", escape::message(line)));
    }
    out.push('\n');
    for correction in &quote.corrections {
        push(out, format_args!("**Not so:** {correction}\n\n"));
    }
    let mut last: Vec<String> = Vec::new();
    if quote.from.url.is_some() {
        last.push(quote.from.linked("open the note"));
    }
    let also: Vec<String> = quote
        .also
        .iter()
        .map(|other| other.linked(&other.in_words()))
        .collect();
    if !also.is_empty() {
        last.push(format!("also: {}", also.join(", ")));
    }
    push(out, format_args!("{}\n\n", last.join(" · ")));
}
