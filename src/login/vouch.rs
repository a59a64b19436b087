//! Who vouches for a response, where its signature does not: the rule for keys that nobody knows yet, and the user's own
//! word.
//!
//! A signature by a key that came along with it is nobody's proof: whoever can post here can make one. So where neither
//! metadata nor a certificate is configured, this holds:
//!
//! | signed with | the RelayState of this login came back, or the user handed it in | neither |
//! |---|---|---|
//! | the key that an earlier login learned | taken | taken |
//! | another key, and none was learned yet | taken, and the key is said to be new | asked at the terminal |
//! | another key than the learned one | asked at the terminal | asked at the terminal |
//! | none (encrypted, nothing signed around it) | taken | refused |
//!
//! Where there is no terminal to ask at, what would be asked is refused; a post that is refused so ends no wait. A key
//! is learned only when the platform, which knows the identity provider, has given a token for that very response.

use super::LoginError;
use super::trust::Believed;
use crate::foreign::brief;
use crate::saml::{SigningKey, ValidResponse};
use crate::store::Known;
use crate::terminal::Terminal;

/// Whether a posted response is taken for the user's own.
pub(super) enum Claim {
    /// It is.
    Taken,
    /// It is not, for this reason; the wait goes on.
    Refused(&'static str),
}

/// Judges a response that was posted. `is_tied` says whether something but its signature ties it to this login; `ask`
/// is called before the user is asked.
pub(super) fn claim(
    valid: &ValidResponse,
    is_tied: bool,
    terminal: &Terminal,
    ask: impl FnOnce(),
) -> Claim {
    let Some(key) = unknown_key(valid) else {
        return if valid.report().signed || is_tied {
            Claim::Taken
        } else {
            Claim::Refused(
                "its assertion is encrypted, nothing around it is signed, and the RelayState of this login did not \
                 come back",
            )
        };
    };
    if is_tied {
        return Claim::Taken;
    }
    if !terminal.can_ask() {
        return Claim::Refused(
            "it is signed with a key that is not known, the RelayState of this login did not come back, and there is \
             no terminal to ask at",
        );
    }
    terminal.warn(
        "a response was posted that is signed with a key that is not known yet. Any page could have posted it.",
    );
    describe(valid, key, terminal);
    ask();
    if terminal.confirm("Is this your sign-in?") {
        Claim::Taken
    } else {
        Claim::Refused("you did not say that it is yours")
    }
}

/// Says that a key is new, and asks where it is another one than earlier logins have learned.
///
/// # Errors
/// [`LoginError::OtherKey`] when the user does not agree, or cannot be asked.
pub(super) fn agree(
    valid: &ValidResponse,
    believed: &Believed,
    terminal: &Terminal,
) -> Result<(), LoginError> {
    if let (Some(key), Some(known)) = (unknown_key(valid), &believed.learned) {
        terminal.warn("this response is signed with another key than the one that earlier logins have learned.");
        describe(valid, key, terminal);
        terminal.field("key so far", known.fingerprint());
        if !terminal.confirm("Has your identity provider changed its key?") {
            return Err(LoginError::OtherKey {
                found: key.key.fingerprint().to_owned(),
                known: known.fingerprint().to_owned(),
            });
        }
    } else if let Some(key) = unknown_key(valid) {
        terminal.warn(
            "the key of this identity provider is not known yet. It is kept once the platform has taken this response, \
             and from then on no other one is believed without your word.",
        );
        describe(valid, key, terminal);
    }
    Ok(())
}

/// What a login has taught that the platform gave a token for: a key, where there was none or another one.
pub(super) fn taught(valid: &ValidResponse) -> Option<Known> {
    unknown_key(valid).map(|signing| Known {
        certificate: signing.key.certificate().to_vec(),
        issuer: valid.issuer().map(str::to_owned),
    })
}

/// The key that signed, where nobody knows it.
fn unknown_key(valid: &ValidResponse) -> Option<&SigningKey> {
    valid.key().filter(|key| !key.known)
}

fn describe(valid: &ValidResponse, signing: &SigningKey, terminal: &Terminal) {
    let absent = || "not to be read".to_owned();
    terminal.field("user", &valid.subject().map_or_else(absent, brief));
    terminal.field("issuer", &valid.issuer().map_or_else(absent, brief));
    let kind = signing.key.description();
    terminal.field("key", &format!("{kind}, {}", brief(signing.key.subject())));
    terminal.field("SHA-256", signing.key.fingerprint());
}
