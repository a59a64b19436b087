//! What came of a check, as tables show it.

use crate::saml::Outcome;
use crate::terminal::Tint;

/// Four letters in the outcome's colour.
pub(super) fn tinted(outcome: Outcome) -> String {
    match outcome {
        Outcome::Pass => Tint::Good.on("pass"),
        Outcome::Fail => Tint::Bad.on("FAIL"),
        Outcome::Warn => Tint::Doubt.on("warn"),
        Outcome::Skip => Tint::Quiet.on("skip"),
    }
}
