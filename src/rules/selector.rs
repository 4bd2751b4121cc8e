//! How people name rules: in settings, on the command line and in suppression comments.

use std::fmt;

use crate::nearest::did_you_mean;

/// One, some or all of the rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RuleSelector {
    /// `ALL`.
    All,
    /// `MUT`: the letters that codes start with, in upper case.
    Family(String),
    /// `MUT001` or `mutable-default`: the code.
    Code(&'static str),
    /// A name that no built-in rule has. It names nothing, until cards are known.
    Unknown(Box<str>),
}

impl RuleSelector {
    /// Reads a code, a name, a family or `ALL`, in any case. `known` are the code and name of every rule.
    ///
    /// # Errors
    /// No rule is called so; the message names the nearest that is.
    pub fn parse(
        word: &str,
        known: &[(&'static str, &'static str)],
    ) -> Result<RuleSelector, String> {
        if word.eq_ignore_ascii_case("all") {
            return Ok(RuleSelector::All);
        }
        for (code, name) in known {
            if word.eq_ignore_ascii_case(code) || word.eq_ignore_ascii_case(name) {
                return Ok(RuleSelector::Code(code));
            }
            if word.eq_ignore_ascii_case(family(code)) {
                return Ok(RuleSelector::Family(word.to_ascii_uppercase()));
            }
        }
        let codes = known.iter().map(|(code, _)| *code);
        let names = known.iter().map(|(_, name)| *name);
        let families = codes.clone().map(family);
        let right = did_you_mean(word, codes.chain(names).chain(families).chain(["ALL"]));
        Err(format!("no rule is called `{word}`{right}"))
    }

    /// Whether it names this rule.
    pub fn matches(&self, code: &str) -> bool {
        match self {
            RuleSelector::All => true,
            RuleSelector::Family(letters) => letters == family(code),
            RuleSelector::Code(own) => *own == code,
            RuleSelector::Unknown(_) => false,
        }
    }

    /// How closely it names this rule: 0 as one of all, 1 by its family, 2 by its code. None where it does not.
    pub fn closeness(&self, code: &str) -> Option<u8> {
        self.matches(code).then_some(match self {
            RuleSelector::All => 0,
            RuleSelector::Family(_) => 1,
            RuleSelector::Code(_) | RuleSelector::Unknown(_) => 2,
        })
    }
}

impl fmt::Display for RuleSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            RuleSelector::All => "ALL",
            RuleSelector::Family(letters) => letters,
            RuleSelector::Code(code) => code,
            RuleSelector::Unknown(word) => word,
        })
    }
}

/// The letters that a code starts with.
pub fn family(code: &str) -> &str {
    code.trim_end_matches(|c: char| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::RuleSelector::{self, All, Code, Family};

    const KNOWN: &[(&str, &str)] = &[
        ("GIL001", "cpu-bound-thread"),
        ("MUT001", "mutable-default"),
        ("MUT004", "dataclass-mutable-default"),
    ];

    #[test]
    fn rules_are_named_by_code_name_family_and_all() {
        let parse = |word| RuleSelector::parse(word, KNOWN);
        assert_eq!(parse("mut001"), Ok(Code("MUT001")));
        assert_eq!(parse("Mutable-Default"), Ok(Code("MUT001")));
        assert_eq!(parse("mut"), Ok(Family("MUT".to_owned())));
        assert_eq!(parse("all"), Ok(All));
        assert_eq!(
            parse("MUT01"),
            Err("no rule is called `MUT01`; did you mean `MUT001`?".to_owned())
        );
        assert_eq!(
            parse("mutable-defalt"),
            Err("no rule is called `mutable-defalt`; did you mean `mutable-default`?".to_owned())
        );
        assert_eq!(parse("E501"), Err("no rule is called `E501`".to_owned()));
        assert_eq!(parse(""), Err("no rule is called ``".to_owned()));
    }

    #[test]
    fn a_family_is_whole_letters() {
        assert!(Family("MUT".to_owned()).matches("MUT001"));
        assert!(!Family("MU".to_owned()).matches("MUT001"));
        assert_eq!(All.closeness("MUT001"), Some(0));
        assert_eq!(Code("MUT001").closeness("MUT001"), Some(2));
        assert_eq!(Code("MUT001").closeness("MUT004"), None);
    }
}
