//! What a login says at the terminal on its way.

use super::refusal;
use crate::acs::RequestError;
use crate::config::SamlConfig;
use crate::foreign::brief;
use crate::http::HttpError;
use crate::saml::{Refused, ValidResponse, Verdict};
use crate::terminal::Terminal;

/// Says where the login leads.
pub(super) fn heading(config: &SamlConfig, terminal: &Terminal) {
    let organization = config.platform.org_domain();
    let organization =
        organization.map_or_else(String::new, |domain| format!("{} at ", brief(domain)));
    let plane = config.platform.plane().described();
    terminal.say(&format!(
        "Signing in to {organization}{plane}, capture {} ({}).",
        config.capture.name(),
        config.why_capture
    ));
}

/// Says that somebody's post was refused while the wait goes on.
pub(super) fn nobodys_login(refused: &Refused, terminal: &Terminal) {
    terminal.warn(&format!(
        "a response was posted and refused: {} ({}: found {}, expected {}). The wait goes on.",
        refusal::meaning(refused.rule),
        refused.rule.code(),
        refused.found,
        refused.expected
    ));
}

/// Says that a response was refused that any page could have posted.
pub(super) fn unclaimed(reason: &str, terminal: &Terminal) {
    terminal.warn(&format!(
        "a response was posted and refused: {reason}. Any page could have posted it. Name the identity provider's key \
         with --idp-metadata, or hand the response in with --capture paste. The wait goes on."
    ));
}

/// Says that a post was no response at all while the wait goes on.
pub(super) fn bad_post(error: &RequestError, terminal: &Terminal) {
    terminal.warn(&format!(
        "a post was refused ({}): {error}. The wait goes on.",
        error.code()
    ));
}

/// Says that a post came from a program of another user.
pub(super) fn other_user(uid: u32, terminal: &Terminal) {
    terminal.warn(&format!(
        "this response was posted by a program of another user of this machine (uid {uid}), not by your browser."
    ));
}

/// Says early that the exchange would fail.
pub(super) fn unreachable(error: &HttpError, terminal: &Terminal) {
    terminal.warn(&format!(
        "{error}. Unless that changes, the login will fail after the sign-in; anyp-saml doctor looks for the cause."
    ));
}

/// Says what the checks found in a response that goes on to the exchange.
pub(super) fn findings(valid: &ValidResponse, terminal: &Terminal) {
    let user = valid
        .subject()
        .map_or_else(|| "a user it does not name".to_owned(), brief);
    match valid.verdict() {
        Verdict::Unverified if valid.subject().is_some() => {
            terminal.done(&format!("The response is whole. It names {user}."))
        }
        Verdict::Unverified => terminal.warn(
            "the assertion is encrypted: nothing in it could be checked here, not even whose it is. The platform can.",
        ),
        _ => terminal.done(&format!("The response is valid. It names {user}.")),
    }
    for check in valid.warnings() {
        terminal.warn(&format!(
            "{}: expected {}, found {}",
            check.rule.code(),
            check.expected,
            check.found
        ));
    }
    for check in &valid.report().checks {
        terminal.detail(&format!(
            "  {}  {:<18} {}",
            check.outcome.name(),
            check.rule.code(),
            check.found
        ));
    }
}
