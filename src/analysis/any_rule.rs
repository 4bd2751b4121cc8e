//! The rules of both kinds, as one.

use super::Cancel;
use crate::knowledge::Knowledge;
use crate::rules::{Context, Findings, QueryRule, RULES, Rule, Statements};

/// A rule: one that is built in, or one of the user's.
#[derive(Clone, Copy)]
pub(super) enum AnyRule<'r> {
    BuiltIn(&'static Rule),
    Query(&'r QueryRule),
}

impl<'r> AnyRule<'r> {
    /// Every rule.
    pub(super) fn all(knowledge: &'r Knowledge) -> impl Iterator<Item = AnyRule<'r>> {
        let own = RULES.iter().map(|rule| AnyRule::BuiltIn(rule));
        own.chain(knowledge.query_rules().iter().map(AnyRule::Query))
    }

    pub(super) fn code(self) -> &'static str {
        match self {
            AnyRule::BuiltIn(rule) => rule.code,
            AnyRule::Query(rule) => rule.code,
        }
    }

    /// Reports what it finds. False where it did not look to the end.
    pub(super) fn check(
        self,
        cx: &Context<'_>,
        statements: &Statements<'_>,
        cancel: &Cancel,
        out: &mut Findings,
    ) -> bool {
        match self {
            AnyRule::BuiltIn(rule) => {
                // what a stub only declares is never run
                if !cx.is_stub() {
                    (rule.check)(cx, out);
                }
                true
            }
            AnyRule::Query(rule) => rule.check(cx, statements, &|| cancel.is_cancelled(), out),
        }
    }
}
