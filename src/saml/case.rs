//! What the rules for a response are held against.

use super::assertion::{Assertion, NameId, SubjectConfirmation};
use super::error::quoted;
use super::names::DateTime;
use super::report::Finding;
use super::response::Response;
use super::validate::Expected;
use crate::time::{SignedDuration, Timestamp, to_the_second};

/// One response, as far as it may be read, and what is expected of it.
pub(super) struct Case<'c> {
    pub(super) response: Response,
    /// Whether the response itself is signed, not the assertion alone.
    pub(super) response_signed: bool,
    pub(super) reading: Reading,
    pub(super) expected: &'c Expected,
    pub(super) now: Timestamp,
}

/// Where the assertion was read from.
pub(super) enum Reading {
    /// From the bytes that were signed, with a known key or, while one may be learned, with the one that came along.
    Signed(Assertion),
    /// From an assertion that no signature covers; only `inspect` goes on with one.
    Unsigned(Assertion),
    /// It is encrypted: nothing was read.
    Encrypted,
    /// There is none.
    Nothing,
}

impl Reading {
    pub(super) fn assertion(&self) -> Option<&Assertion> {
        match self {
            Self::Signed(assertion) | Self::Unsigned(assertion) => Some(assertion),
            Self::Encrypted | Self::Nothing => None,
        }
    }

    /// The user, where exactly one is named.
    pub(super) fn name_id(&self) -> Option<&NameId> {
        match self.assertion()?.subjects.as_slice() {
            [subject] => match subject.name_ids.as_slice() {
                [name_id] if !name_id.name.is_empty() => Some(name_id),
                _ => None,
            },
            _ => None,
        }
    }

    /// The earliest end of what lets the response be used.
    pub(super) fn usable_until(&self) -> Option<Timestamp> {
        let assertion = self.assertion()?;
        let confirmations = assertion
            .subjects
            .iter()
            .flat_map(|subject| &subject.confirmations)
            .flat_map(|confirmation| &confirmation.data)
            .filter_map(|data| data.not_on_or_after.as_ref());
        let conditions = assertion
            .conditions
            .iter()
            .filter_map(|conditions| conditions.not_on_or_after.as_ref());
        confirmations
            .chain(conditions)
            .filter_map(|end| end.instant)
            .min()
    }

    pub(super) fn session_not_on_or_after(&self) -> Option<Timestamp> {
        let statements = self.assertion()?.authn_statements.iter();
        statements
            .filter_map(|statement| statement.session_not_on_or_after.as_ref()?.instant)
            .min()
    }
}

impl Case<'_> {
    pub(super) fn assertion(&self) -> Option<&Assertion> {
        self.reading.assertion()
    }

    pub(super) fn confirmations(&self) -> impl Iterator<Item = &SubjectConfirmation> {
        let subjects = self
            .assertion()
            .into_iter()
            .flat_map(|assertion| &assertion.subjects);
        subjects.flat_map(|subject| &subject.confirmations)
    }

    /// The finding of a rule that has nothing to look at.
    pub(super) fn unread(&self) -> Finding {
        match self.reading {
            Reading::Encrypted => Finding::skip("inside the encrypted assertion"),
            _ => Finding::skip("nothing there to look at"),
        }
    }

    /// The issuer of the assertion, or of the response where no assertion can be read.
    pub(super) fn issuer(&self) -> Option<&str> {
        let issuers = self
            .assertion()
            .map_or(&self.response.issuers, |assertion| &assertion.issuers);
        issuers.first().map(|issuer| issuer.name.as_str())
    }

    /// The rule NotOnOrAfter (Core 1.3.3, 2.5.1.2): the end itself is outside.
    pub(super) fn has_not_ended(&self, end: &DateTime) -> Finding {
        self.compare(end, "a time to come", |end| {
            self.now.duration_since(end) < self.expected.clock_skew
        })
    }

    /// The rule NotBefore (Core 2.5.1.2): the instant itself is inside.
    pub(super) fn has_begun(&self, start: &DateTime) -> Finding {
        self.compare(start, "a time that has come", |start| {
            start.duration_since(self.now) <= self.expected.clock_skew
        })
    }

    fn compare(
        &self,
        time: &DateTime,
        expected: &str,
        holds: impl Fn(Timestamp) -> bool,
    ) -> Finding {
        let Some(instant) = time.instant else {
            return Finding::fail(quoted(Some(&time.text)), "a time in UTC");
        };
        let found = clocks(instant, self.now);
        if holds(instant) {
            Finding::pass(found)
        } else {
            let skew = span(self.expected.clock_skew);
            Finding::fail(found, format!("{expected}, give or take {skew}"))
        }
    }
}

/// An instant beside the one that it is held against, with the difference: a person can see from it which of two clocks
/// is wrong, or that the response is an old one.
pub(super) fn clocks(instant: Timestamp, now: Timestamp) -> String {
    let difference = now.duration_since(instant);
    let side = if difference.is_negative() {
        "after"
    } else {
        "before"
    };
    format!(
        "{}, {} {side} {}, the time it is held against",
        to_the_second(instant),
        span(difference.abs()),
        to_the_second(now)
    )
}

/// A duration by its two largest units.
fn span(duration: SignedDuration) -> String {
    let seconds = duration.as_secs();
    let units = [("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)];
    let largest = units
        .iter()
        .position(|(_, size)| seconds >= *size)
        .unwrap_or(3);
    let shown: Vec<_> = units[largest..]
        .iter()
        .take(2)
        .scan(seconds, |rest, (unit, size)| {
            let count = *rest / size;
            *rest %= size;
            Some(format!("{count} {unit}"))
        })
        .collect();
    shown.join(" ")
}
