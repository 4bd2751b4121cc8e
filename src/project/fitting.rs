//! Whether arguments fit a function's parameters.

use super::{Function, ParameterKind};

/// Why a call raises `TypeError`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Misfit<'p> {
    /// More arguments by position than parameters: those that it takes, without the bound ones.
    TooMany(usize),
    /// Parameters without a value.
    Missing(Vec<&'p str>),
    /// A keyword that is no parameter's.
    Unexpected(&'p str),
    /// A parameter that gets a value by position and by keyword.
    Twice(&'p str),
    /// A keyword for a parameter that is taken by position alone.
    ByPosition(&'p str),
}

impl<'p> Function<'p> {
    /// Why the function cannot take so many arguments by position, `bound` of them its object, and these keywords. None where it can.
    pub fn misfit(
        self,
        bound: usize,
        positional: usize,
        keywords: &[&'p str],
    ) -> Option<Misfit<'p>> {
        let given = bound + positional;
        let (mut index, mut missing) = (0, Vec::new());
        let (mut takes_more, mut takes_keywords) = (false, false);
        let mut left: Vec<&'p str> = keywords.to_vec();
        let mut by_position = None;
        for parameter in self.parameters() {
            let name = parameter.name.text();
            let by_keyword = left.iter().position(|keyword| *keyword == name);
            match parameter.kind {
                ParameterKind::Star => takes_more = true,
                ParameterKind::DoubleStar => takes_keywords = true,
                ParameterKind::PositionalOnly => {
                    by_position = by_position.or(by_keyword.map(|_| name));
                    if index >= given && parameter.default.is_none() {
                        missing.push(name);
                    }
                    index += 1;
                }
                ParameterKind::Positional | ParameterKind::KeywordOnly => {
                    let is_positional = parameter.kind == ParameterKind::Positional;
                    let has_value = is_positional && index < given;
                    index += usize::from(is_positional);
                    match by_keyword {
                        Some(_) if has_value => return Some(Misfit::Twice(name)),
                        Some(at) => {
                            left.remove(at);
                        }
                        None if !has_value && parameter.default.is_none() => missing.push(name),
                        None => {}
                    }
                }
            }
        }
        if given > index && !takes_more {
            return Some(Misfit::TooMany(index.saturating_sub(bound)));
        }
        match (by_position, left.first()) {
            (Some(name), _) if !takes_keywords => return Some(Misfit::ByPosition(name)),
            (None, Some(name)) if !takes_keywords => return Some(Misfit::Unexpected(name)),
            _ => {}
        }
        (!missing.is_empty()).then_some(Misfit::Missing(missing))
    }
}
