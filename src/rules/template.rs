//! A message with places for what a query captured: `{name}` blocks the event loop`.

/// The longest piece of code that a message quotes, in characters.
const LONGEST: usize = 60;

/// A text with names of captures in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Capture(String),
}

impl Template {
    /// Reads `{capture}`; `{{` and `}}` are braces.
    ///
    /// # Errors
    /// A brace stands alone, or there is no name in it: what is wrong and what to do.
    pub fn new(text: &str) -> Result<Template, String> {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '{' | '}' if chars.next_if_eq(&c).is_some() => plain.push(c),
                '{' => {
                    let mut name = String::new();
                    let is_name = |c: &char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
                    while let Some(c) = chars.next_if(is_name) {
                        name.push(c);
                    }
                    if name.is_empty() || chars.next() != Some('}') {
                        return Err(format!(
                            "`{{{name}` is no capture: write `{{name}}`, or `{{{{` for a brace"
                        ));
                    }
                    parts.push(Part::Text(std::mem::take(&mut plain)));
                    parts.push(Part::Capture(name));
                }
                '}' => return Err("a `}` stands alone: write `}}` for a brace".to_owned()),
                c if c.is_control() => plain.push(' '),
                c => plain.push(c),
            }
        }
        parts.push(Part::Text(plain));
        Ok(Template(parts))
    }

    /// The captures that it names.
    pub fn captures(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|part| match part {
            Part::Capture(name) => Some(name.as_str()),
            Part::Text(_) => None,
        })
    }

    /// The text, on one line, with the code that was captured; nothing for what was not.
    pub fn fill<'c>(&self, code: impl Fn(&str) -> Option<&'c str>) -> String {
        let mut text = String::new();
        for part in &self.0 {
            match part {
                Part::Text(part) => text.push_str(part),
                Part::Capture(name) => text.push_str(&short(code(name).unwrap_or_default())),
            }
        }
        text
    }
}

/// Code on one line, cut where it is long.
fn short(code: &str) -> String {
    let words = code.split(|c: char| c.is_whitespace() || c.is_control());
    let mut short = String::new();
    for word in words.filter(|word| !word.is_empty()) {
        if !short.is_empty() {
            short.push(' ');
        }
        short.push_str(word);
        if short.len() > 4 * LONGEST {
            break;
        }
    }
    if let Some((end, _)) = short.char_indices().nth(LONGEST) {
        short.truncate(end);
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::Template;

    #[test]
    fn captures_are_filled_in() {
        let template = Template::new("`{f}` waits {{here}} {gone}").expect("a template");
        assert_eq!(template.captures().collect::<Vec<_>>(), ["f", "gone"]);
        let code = |name: &str| (name == "f").then_some("time\n  .sleep");
        assert_eq!(template.fill(code), "`time .sleep` waits {here} ");
        let long = "x".repeat(10_000);
        let template = Template::new("{f}").expect("a template");
        assert_eq!(template.fill(|_| Some(&long)).chars().count(), 61);
    }

    #[test]
    fn braces_that_stand_alone_are_wrong() {
        for wrong in ["{", "{}", "{a", "a}", "{a b}", "{{}"] {
            assert!(Template::new(wrong).is_err(), "{wrong}");
        }
    }
}
