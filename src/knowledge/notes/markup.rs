//! HTML and escapes in prose: what starts here, and how many bytes it has.

use super::inline::Kind;

/// The elements that notes use; `<module>` and `<class 'int'>` are no markup.
const ELEMENTS: &[&str] = &[
    "a",
    "b",
    "blockquote",
    "br",
    "center",
    "code",
    "dd",
    "details",
    "div",
    "dl",
    "dt",
    "em",
    "font",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "img",
    "kbd",
    "li",
    "mark",
    "ol",
    "p",
    "pre",
    "s",
    "small",
    "span",
    "strong",
    "sub",
    "summary",
    "sup",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "tr",
    "u",
    "ul",
];

/// `<p>`, `</p>`, `<br/>`.
pub(super) fn html(rest: &str) -> Option<(usize, Kind<'static>)> {
    let end = rest[1..].find(['<', '>'])? + 1;
    let inner = rest[1..end].strip_prefix('/').unwrap_or(&rest[1..end]);
    let is_name = |c: char| c.is_ascii_alphanumeric();
    let name = inner
        .split(|c: char| !is_name(c))
        .next()?
        .to_ascii_lowercase();
    let after = inner.chars().nth(name.len());
    let is_whole = after.is_none_or(|c| c.is_whitespace() || c == '/');
    let is_tag = rest[end..].starts_with('>') && is_whole && ELEMENTS.contains(&name.as_str());
    let kind = match matches!(
        name.as_str(),
        "br" | "td" | "th" | "tr" | "li" | "p" | "div"
    ) {
        true => Kind::Character(' '),
        false => Kind::Hidden,
    };
    is_tag.then_some((end + 1, kind))
}

/// `&amp;`, `&#8594;`. A name that is not known stays.
pub(super) fn entity(rest: &str) -> Option<(usize, Kind<'static>)> {
    let end = rest.bytes().take(10).position(|byte| byte == b';')?;
    let name = &rest[1..end];
    let c = match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        "ndash" => '–',
        "mdash" => '—',
        "hellip" => '…',
        "rarr" => '→',
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code).filter(|c| !c.is_control())?
        }
    };
    Some((end + 1, Kind::Character(c)))
}

/// `\*`.
pub(super) fn escape(rest: &str) -> Option<(usize, Kind<'static>)> {
    let next = rest[1..]
        .chars()
        .next()
        .filter(char::is_ascii_punctuation)?;
    // a path of Windows is no row of escapes
    matches!(
        next,
        '*' | '_'
            | '`'
            | '['
            | ']'
            | '<'
            | '>'
            | '#'
            | '|'
            | '~'
            | '='
            | '\\'
            | '('
            | ')'
            | '-'
            | '.'
            | '!'
    )
    .then_some((2, Kind::Character(next)))
}
