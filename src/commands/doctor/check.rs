//! What came of one check of the machine.
//!
//! A check is a judgement of facts that were gathered before ([`super::facts`]): what it finds, and how that is cured,
//! follows from them alone.

use crate::commands::error::Words;
use crate::saml::Outcome;

/// One thing that was looked at.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Check {
    /// What programs know it by. It never changes.
    pub(super) name: &'static str,
    pub(super) outcome: Outcome,
    /// What was found, fit to be shown.
    pub(super) found: String,
    /// What to do about it, wherever something is to be done.
    pub(super) cure: Option<String>,
}

impl Check {
    pub(super) fn pass(name: &'static str, found: impl Into<String>) -> Self {
        Self::of(name, Outcome::Pass, found, None)
    }

    /// Not looked at, and why.
    pub(super) fn skip(name: &'static str, found: impl Into<String>) -> Self {
        Self::of(name, Outcome::Skip, found, None)
    }

    /// What a login gets by with.
    pub(super) fn warn(
        name: &'static str,
        found: impl Into<String>,
        cure: impl Into<String>,
    ) -> Self {
        Self::of(name, Outcome::Warn, found, Some(cure.into()))
    }

    /// What a login fails of.
    pub(super) fn fail(
        name: &'static str,
        found: impl Into<String>,
        cure: impl Into<String>,
    ) -> Self {
        Self::of(name, Outcome::Fail, found, Some(cure.into()))
    }

    /// What a login fails of, in the words that it says itself. `otherwise` is the cure where they know none.
    pub(super) fn failed(name: &'static str, words: Words, otherwise: &str) -> Self {
        let cure = match words.hints.join(" ") {
            hints if hints.is_empty() => otherwise.to_owned(),
            hints => hints,
        };
        Self::fail(name, words.sentence, cure)
    }

    /// The same where a login gets by with it.
    pub(super) fn at_most_warns(mut self) -> Self {
        if self.outcome == Outcome::Fail {
            self.outcome = Outcome::Warn;
        }
        self
    }

    fn of(
        name: &'static str,
        outcome: Outcome,
        found: impl Into<String>,
        cure: Option<String>,
    ) -> Self {
        Self {
            name,
            outcome,
            found: found.into(),
            cure,
        }
    }
}
