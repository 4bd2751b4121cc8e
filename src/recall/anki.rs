//! Questions in the text format that Anki imports.

use pulldown_cmark::{Event, Parser, html};

use super::Question;
use crate::knowledge::MARKDOWN;

/// How such a file begins.
pub const ANKI_HEADER: &str = "#separator:tab\n#html:true\n#guid column:1\n#notetype:Basic\n#deck:Marginote\n#tags column:4\n";

/// The questions as a file for Anki's *Import*: one note a line with its own id, so that a second import changes notes and adds none twice.
/// The format: Anki manual, "Importing", "Text files", "File headers".
pub fn anki(questions: &[Question]) -> String {
    let mut writer = csv::WriterBuilder::new()
        .delimiter(b'\t')
        .from_writer(Vec::new());
    for question in questions {
        let tags = format!("marginote::{}", question.concept);
        let answer = format!(
            "{}\n<p><small>{}</small></p>",
            html_of(&question.answer),
            escaped(&question.from)
        );
        let id = format!("marginote-{}", question.id);
        // a Vec takes everything
        let _ = writer.write_record([&id, &html_of(&question.question), &answer, &tags]);
    }
    let records = writer.into_inner().unwrap_or_default();
    format!("{ANKI_HEADER}{}", String::from_utf8_lossy(&records))
}

/// Markdown as HTML. HTML in it is shown, not used.
fn html_of(markdown: &str) -> String {
    let events = Parser::new_ext(markdown, MARKDOWN).map(|event| match event {
        Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
        event => event,
    });
    let mut out = String::new();
    html::push_html(&mut out, events);
    out.trim_end().to_owned()
}

fn escaped(text: &str) -> String {
    let mut out = String::new();
    html::push_html(&mut out, std::iter::once(Event::Text(text.into())));
    out
}
