//! What is said about a platform that refused, or did not answer as hoped.

use super::{PLATFORM_REFUSED, Words, http};
use crate::http::HttpError;
use crate::platform::{Asked, PlatformError, Reason, Refusal};

/// As [`platform`], where a response was at stake.
pub(in crate::commands) fn exchange(error: &PlatformError) -> Words {
    let words = platform(error);
    match error {
        PlatformError::NoAnswer(
            HttpError::TimedOut {
                connecting: false, ..
            }
            | HttpError::ClosedEarly { .. },
        ) => words.hint(
            "The response may have been used up, and it is never sent twice: sign in again for a new one.",
        ),
        _ => words,
    }
}

/// The words for what the platform said, or did not say.
pub(in crate::commands) fn platform(error: &PlatformError) -> Words {
    match error {
        PlatformError::NoAnswer(problem @ (HttpError::TimedOut { connecting: false, .. } | HttpError::ClosedEarly { .. })) => {
            http(problem)
        }
        PlatformError::NoAnswer(problem) => {
            http(problem).hint("anyp-saml doctor looks at proxy, authorities and clock.")
        }
        PlatformError::Refused(refusal) => Words::new(PLATFORM_REFUSED, error).hints(refusal_hint(refusal)),
        PlatformError::SecondFactor => Words::new(PLATFORM_REFUSED, error)
            .hint(
                "A password alone is enough for accounts that an administrator has exempted from MFA (Access Management). \
                 Others sign in in the browser, with the second factor of the organization's identity provider: \
                 anyp-saml login --method saml.",
            )
            .hint("For a machine, a connected app does without both: anyp-saml login --method connected-app."),
        PlatformError::Redirected { asked, .. } => Words::new(PLATFORM_REFUSED, error)
            .hint("Redirects are not followed, since they would carry along what was sent.")
            .hint(format!("{}, and ask whether a proxy stands in between.", compare(*asked))),
        PlatformError::Answer { asked, .. } => {
            Words::new(PLATFORM_REFUSED, error).hint(format!("{}: is this the platform?", compare(*asked)))
        }
    }
}

/// Where it says what was asked.
fn compare(asked: Asked) -> &'static str {
    match asked {
        Asked::Password | Asked::ConnectedApp | Asked::End => {
            "Compare --plane with the address at which you use Anypoint Platform in the browser"
        }
        Asked::Exchange | Asked::Account | Asked::Organization => {
            "Compare --acs-url with the one that Access Management shows"
        }
    }
}

fn refusal_hint(refusal: &Refusal) -> Option<&'static str> {
    let of_exchange = refusal.asked == Asked::Exchange;
    Some(match refusal.reason {
        Reason::Unauthorized if refusal.asked == Asked::Password => {
            "User name or password is wrong, or the account signs in through the organization's SSO, as anyp-saml login \
             --method saml does. It was tried once; several wrong attempts may lock the account."
        }
        Reason::Forbidden if refusal.asked == Asked::Password => {
            "The user is disabled: ask an administrator of the organization (Access Management > Users)."
        }
        Reason::Unauthorized | Reason::Forbidden | Reason::Other
            if refusal.asked == Asked::ConnectedApp =>
        {
            "Client id or client secret is wrong, or the app may not act on its own behalf (grant type client credentials): \
             see Access Management > Connected Apps. A secret in the keychain is replaced by --keep-secret."
        }
        Reason::Unauthorized if of_exchange => {
            "Issuer, audience and signing key must be configured at the platform letter for letter as the identity \
             provider sends them, and the login must start at the identity provider (IdP-initiated). The platform may \
             also refuse a response that is addressed to this machine: nobody has published whether it does."
        }
        Reason::Forbidden if of_exchange => {
            "The platform maps no user from this response: username and email must come from attributes that the \
             identity provider sends (Access Management > Identity Providers > Advanced settings)."
        }
        Reason::ServiceProviderOnly => {
            "The identity provider is set to \"Service Provider Only\" at the platform: an administrator must allow \
             IdP-initiated logins (Access Management > Identity Providers)."
        }
        Reason::NotFound if of_exchange => {
            "Compare --acs-url with the one that Access Management shows: plane, organization domain and provider id."
        }
        Reason::Unauthorized => {
            "The token has ended, or you have no right to this: anyp-saml login gets a new one."
        }
        Reason::TooManyRequests => "Wait a minute, then sign in again.",
        Reason::ServerError => {
            "This is the platform's own trouble: try again later (status.mulesoft.com)."
        }
        Reason::Forbidden | Reason::NotFound | Reason::Other => return None,
    })
}
