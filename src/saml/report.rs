//! What was looked at, and what came of it.

use super::error::DecodeError;
use super::rule::Rule;
use crate::time::Timestamp;
use crate::xmldsig::TrustedKey;

/// What came of one check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The rule holds.
    Pass,
    /// The rule does not hold: the response is not exchanged.
    Fail,
    /// Something to be told, which does not keep the response from being exchanged.
    Warn,
    /// Not looked at: nothing there to look at, not to be known here, or another check refused before.
    Skip,
}

impl Outcome {
    /// As programs read it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Warn => "warn",
            Self::Skip => "skip",
        }
    }
}

/// One rule, held against one response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// The rule.
    pub rule: Rule,
    /// What came of it.
    pub outcome: Outcome,
    /// What the response has there; safe to show. Empty where there is nothing to say.
    pub found: String,
    /// What was expected there; safe to show. [`Rule::says`] in short where there is no value to compare with.
    pub expected: String,
}

/// What the checks say together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Signed by a known key, and no rule is broken.
    Accepted,
    /// A rule does not hold.
    Refused,
    /// Nothing is wrong with what can be seen, but it proves nothing here: the assertion is encrypted, so that only the
    /// platform can read who it names, or it is signed with a key that is not known yet. Never to be called verified.
    Unverified,
}

/// All checks of one response, in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// One check per rule, in the order of [`Rule`], as far as they were held: [`Outcome::Skip`] says why one was not.
    pub checks: Vec<Check>,
    /// What they say together.
    pub verdict: Verdict,
    /// Whether response or assertion is signed with a known key, and no signature or structure rule failed.
    pub signed: bool,
    /// The key of the signature that held, where one did.
    pub key: Option<SigningKey>,
    /// The issuer of the assertion, or of the response where there is no readable assertion. As written by whoever
    /// wrote it: shown only through [`crate::foreign`]. Not to be trusted unless `signed`.
    pub issuer: Option<String>,
    /// The user (NameID). As `issuer`.
    pub subject: Option<String>,
    /// The format that the NameID says of itself. As `issuer`.
    pub subject_format: Option<String>,
    /// The earliest end of the time in which the response may be used. As `issuer`.
    pub usable_until: Option<Timestamp>,
    /// The earliest end of the user's session that the identity provider sets (Core 2.7.2). As `issuer`.
    pub session_not_on_or_after: Option<Timestamp>,
    /// What else is said of the user. As `issuer`.
    pub attributes: Vec<Attribute>,
}

/// A key that made a signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningKey {
    /// The key.
    pub key: TrustedKey,
    /// Whether it is one of the keys that are trusted. Otherwise it came along with the response, and the signature
    /// shows no more than that whoever wrote the response has it.
    pub known: bool,
}

/// `saml:Attribute` (Core 2.7.3.1). All texts are foreign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// Its name, often a URI.
    pub name: String,
    /// Its name for people.
    pub friendly_name: Option<String>,
    /// Its values, as text.
    pub values: Vec<String>,
}

impl Report {
    /// The report on what is no response at all.
    pub fn undecodable(error: DecodeError) -> Self {
        let mut checks = vec![Finding::fail(error.to_string(), "").under(error.rule())];
        if let DecodeError::Page { doctype } = error {
            if doctype {
                checks.push(Finding::fail("that of HTML", "").under(Rule::XmlDoctype));
            }
            checks.push(Finding::fail("HTML", "").under(Rule::Root));
        }
        Self {
            checks,
            verdict: Verdict::Refused,
            signed: false,
            key: None,
            issuer: None,
            subject: None,
            subject_format: None,
            usable_until: None,
            session_not_on_or_after: None,
            attributes: Vec::new(),
        }
    }

    /// The check that refuses the response, if one does.
    pub fn refusal(&self) -> Option<&Check> {
        self.with(Outcome::Fail).next()
    }

    /// What a person should be told though it refuses nothing.
    pub fn warnings(&self) -> impl Iterator<Item = &Check> {
        self.with(Outcome::Warn)
    }

    fn with(&self, outcome: Outcome) -> impl Iterator<Item = &Check> {
        self.checks
            .iter()
            .filter(move |check| check.outcome == outcome)
    }
}

/// What one rule's function came to; the list gives it its rule.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) outcome: Outcome,
    found: String,
    /// Empty where the rule's own words say it all.
    expected: String,
}

impl Finding {
    pub(super) fn pass(found: impl Into<String>) -> Self {
        Self::of(Outcome::Pass, found, "")
    }

    pub(super) fn fail(found: impl Into<String>, expected: impl Into<String>) -> Self {
        Self::of(Outcome::Fail, found, expected)
    }

    pub(super) fn warn(found: impl Into<String>, expected: impl Into<String>) -> Self {
        Self::of(Outcome::Warn, found, expected)
    }

    pub(super) fn skip(found: impl Into<String>) -> Self {
        Self::of(Outcome::Skip, found, "")
    }

    fn of(outcome: Outcome, found: impl Into<String>, expected: impl Into<String>) -> Self {
        Self {
            outcome,
            found: found.into(),
            expected: expected.into(),
        }
    }

    pub(super) fn under(self, rule: Rule) -> Check {
        let says = || rule.says().to_owned();
        Check {
            rule,
            outcome: self.outcome,
            found: self.found,
            expected: if self.expected.is_empty() {
                says()
            } else {
                self.expected
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_have_the_names_that_programs_read() {
        let outcomes = [Outcome::Pass, Outcome::Fail, Outcome::Warn, Outcome::Skip];
        assert_eq!(
            outcomes.map(Outcome::name),
            ["pass", "fail", "warn", "skip"]
        );
    }

    #[test]
    fn a_web_page_breaks_the_rules_of_documents_as_well() {
        let codes = |doctype| -> Vec<_> {
            let report = Report::undecodable(DecodeError::Page { doctype });
            report
                .checks
                .iter()
                .map(|check| check.rule.code())
                .collect()
        };
        assert_eq!(codes(true), ["DEC-B64", "XML-DOCTYPE", "ROOT"]);
        assert_eq!(codes(false), ["DEC-B64", "ROOT"]);
    }

    #[test]
    fn what_was_expected_is_the_rules_own_words_unless_a_value_was() {
        let own = Finding::fail("two", "").under(Rule::Conditions);
        assert_eq!(own.expected, Rule::Conditions.says());
        let value = Finding::fail("two", "one").under(Rule::Conditions);
        assert_eq!(
            (value.found.as_str(), value.expected.as_str()),
            ("two", "one")
        );
    }
}
