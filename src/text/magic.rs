//! What IPython makes of code before Python sees it: magics, shell commands, help.

/// Whether a line is for IPython: `%magic`, `!shell`, `x = !ls`, `name?`.
pub fn is_magic(line: &str) -> bool {
    let line = line.trim();
    let is_call = |text: &str| {
        let name = text.trim_start_matches('%');
        let is_shell = text
            .strip_prefix('!')
            .is_some_and(|rest| !rest.starts_with('='));
        (is_shell && text.len() > 1)
            || (name.len() < text.len() && name.starts_with(char::is_alphabetic))
    };
    if is_call(line) {
        return true;
    }
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    if let Some((name, value)) = line.split_once(" = ")
        && name.chars().all(|c| is_name(c) || matches!(c, ',' | ' '))
    {
        return is_call(value);
    }
    let name = line.trim_matches('?');
    name.len() < line.len() && !name.is_empty() && name.chars().all(|c| is_name(c) || c == '.')
}

/// Code with the lines for IPython taken out: blank at the margin, in a block a statement that does nothing. Every line has as many bytes as before.
pub fn without_magic(code: &str) -> String {
    if !code.contains(['%', '!', '?']) {
        return code.to_owned();
    }
    let mut goes_on = false;
    let line = |line: &str| {
        let is_rest = goes_on;
        let is_out = is_rest || is_magic(line);
        goes_on = is_out && line.trim_end().ends_with('\\');
        if !is_out {
            return line.to_owned();
        }
        let text = line.trim_end_matches('\r');
        let indent = text.len() - text.trim_start().len();
        let does_nothing = match text.len() - indent {
            _ if is_rest || indent == 0 => "",
            0..4 => "0",
            _ => "pass",
        };
        let blanks = " ".repeat(text.len() - indent - does_nothing.len());
        [&text[..indent], does_nothing, &blanks, &line[text.len()..]].concat()
    };
    code.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

/// The language of a cell that starts with this line: what its `%%magic` says, else Python.
pub fn language(first_line: &str) -> String {
    let mut words = first_line.split_whitespace();
    let magic = words.next().and_then(|word| word.strip_prefix("%%"));
    match magic {
        None | Some("time" | "timeit" | "capture" | "prun" | "python" | "python3") => {
            "python".to_owned()
        }
        Some("writefile" | "file") => match words.last().and_then(|file| file.rsplit_once('.')) {
            Some(("" | "-a", _)) | None => String::new(),
            Some((_, "py")) => "python".to_owned(),
            Some((_, extension)) => extension.to_lowercase(),
        },
        Some("sh") => "bash".to_owned(),
        Some(language) => language.to_lowercase(),
    }
}

/// Whether a cell that starts with this line runs with the others of its notebook, and not as a program of its own, or as no program.
pub fn runs_here(first_line: &str) -> bool {
    let word = first_line.split_whitespace().next();
    let magic = word.and_then(|word| word.strip_prefix("%%"));
    magic.is_none_or(|magic| ["time", "timeit", "capture", "prun"].contains(&magic))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn magic_lines_are_blanked() {
        let code = "%matplotlib inline\r\nif x:\n    !pip install a \\\n        b\n    !ls\nx % y\nx?\n!=1\n é = !ls";
        let blanked = without_magic(code);
        let lines: Vec<&str> = blanked.split('\n').map(str::trim_end).collect();
        let expected = [
            "", "if x:", "    pass", "", "    0", "x % y", "", "!=1", " pass",
        ];
        assert_eq!(lines, expected);
        let lengths = |text: &str| text.split('\n').map(str::len).collect::<Vec<_>>();
        assert_eq!(lengths(&blanked), lengths(code));
        assert!(blanked.starts_with("                  \r\n"));
    }

    #[test]
    fn cells_of_other_programs_do_not_run_here() {
        for (line, language_, runs) in [
            ("x = 1", "python", true),
            ("%%time", "python", true),
            ("%%python3", "python", false),
            ("%%bash -x", "bash", false),
            ("%%writefile a.py", "python", false),
            ("%%writefile a.toml", "toml", false),
            ("%matplotlib inline", "python", true),
            ("", "python", true),
        ] {
            assert_eq!(
                (language(line).as_str(), runs_here(line)),
                (language_, runs),
                "{line}"
            );
        }
    }
}
