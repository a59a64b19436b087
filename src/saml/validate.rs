//! What is expected of a response, and the proof that it holds.

use super::binding::PostedResponse;
use super::report::{Check, Report, Verdict};
use crate::time::{SignedDuration, Timestamp};

/// What the configuration expects of a response. Every text is compared letter for letter (Core 1.3.2, 1.3.3).
#[derive(Clone, Debug)]
pub struct Expected {
    /// The identity provider's entity id. `None`: not known; any is taken as long as response and assertion agree.
    pub issuer: Option<String>,
    /// The audience configured at the platform. `None`: not known; what is found is shown.
    pub audience: Option<String>,
    /// The address that the response was posted to: `Destination` and `Recipient` must be it.
    pub recipient: String,
    /// The user (NameID) that this login is for. `None`: any. An encrypted user cannot be compared here: a warning
    /// says so, and the platform's answer is what to compare.
    pub user: Option<String>,
    /// How far the two clocks may be apart: 0 to 10 minutes, usually [`Expected::CLOCK_SKEW`].
    pub clock_skew: SignedDuration,
}

impl Expected {
    /// What other service providers allow: 3 minutes (E92 calls 3 to 5 minutes reasonable).
    pub const CLOCK_SKEW: SignedDuration = SignedDuration::from_mins(3);
}

/// A response that keeps every rule that can be checked here. Only `validate` makes one.
#[derive(Clone, Debug)]
pub struct ValidResponse {
    posted: PostedResponse,
    report: Report,
    session_not_on_or_after: Option<Timestamp>,
    assertion_id: Option<String>,
}

impl ValidResponse {
    /// The response as it was posted, for the exchange.
    pub fn posted(&self) -> &PostedResponse {
        &self.posted
    }

    /// The user (NameID), as the signature covers it; `None` when it is encrypted or absent. Shown only through
    /// [`crate::foreign`].
    pub fn subject(&self) -> Option<&str> {
        self.report.subject.as_deref()
    }

    /// The identity provider's entity id, as written. Shown only through [`crate::foreign`].
    pub fn issuer(&self) -> Option<&str> {
        self.report.issuer.as_deref()
    }

    /// Everything that was checked.
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// [`Verdict::Accepted`], or [`Verdict::Unverified`] when the assertion is encrypted.
    pub fn verdict(&self) -> Verdict {
        self.report.verdict
    }

    /// The latest end of the user's session that the identity provider allows (Core 2.7.2), where it sets one.
    pub fn session_not_on_or_after(&self) -> Option<Timestamp> {
        self.session_not_on_or_after
    }

    /// The ID of the assertion, to tell one that comes a second time (Profiles 4.1.4.5); `None` when it is encrypted.
    pub fn assertion_id(&self) -> Option<&str> {
        self.assertion_id.as_deref()
    }

    /// What a person should be told though it refuses nothing.
    pub fn warnings(&self) -> impl Iterator<Item = &Check> {
        self.report.warnings()
    }
}
