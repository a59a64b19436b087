//! A token that was given, on its way into the store: the end of every login.

use super::{LoginError, SignedIn};
use crate::config::LoginConfig;
use crate::platform::{Account, Holder, Platform};
use crate::store::{Kept, Key, Method, StoreError, TokenStore, prepare_token_file};
use crate::terminal::Terminal;
use crate::token::AccessToken;

/// Makes sure that the token can go where it is wanted, before anybody signs in for one.
///
/// # Errors
/// [`StoreError`]
pub(super) fn prepare_to_keep(
    config: &LoginConfig,
    store: &TokenStore,
    key: &Key,
) -> Result<(), StoreError> {
    store.prepare(key)?;
    match &config.hand_out.token_file {
        Some(path) => prepare_token_file(path),
        None => Ok(()),
    }
}

/// Keeps a token, and asks the platform whose it is and how long it lives.
pub(super) fn keep(
    mut kept: Kept,
    platform: &Platform,
    store: &TokenStore,
    key: &Key,
    terminal: &Terminal,
) -> SignedIn {
    if kept.about.method != Method::Saml {
        let before = store.about(key).ok().flatten();
        kept.about.saml_user = before.and_then(|about| about.last_saml_user().map(str::to_owned));
    }
    // Kept at once, so that nothing that goes wrong from here on loses it.
    let mut not_kept = store.save(key, &kept).err();
    match platform.holder(&kept.token) {
        Ok(holder) => {
            match holder {
                Holder::User(account) => describe(&mut kept, account, platform),
                Holder::App(app) => kept.about.organization_id = app.organization_id,
            }
            not_kept = store.save(key, &kept).err();
        }
        Err(error) => terminal.warn(&format!(
            "the platform gave a token, but does not say whose it is: {error}"
        )),
    }
    SignedIn {
        kept,
        is_new: true,
        not_kept,
    }
}

/// Adds what the platform says of the user. Where it has not said how long the token lives, the organization's session
/// timeout tells.
fn describe(kept: &mut Kept, account: Account, platform: &Platform) {
    if kept.about.ends_at.is_none() {
        let lasts = platform.session_timeout(&kept.token, &account.organization.id);
        let lasts = lasts.ok().flatten();
        kept.about.ends_at =
            lasts.and_then(|lasts| kept.about.signed_in_at.checked_add(lasts).ok());
    }
    kept.about.username = Some(account.username);
    kept.about.email = account.email;
    kept.about.user_id = Some(account.user_id);
    kept.about.organization_id = Some(account.organization.id);
    kept.about.organization_name = account.organization.name;
}

/// The user of a token, by the platform's word: the name or the email address must be the expected one. A token that is
/// not, or of which nobody knows, is ended: nobody will use it.
///
/// # Errors
/// [`LoginError::OtherUser`]; [`LoginError::Platform`] where the platform does not say whose it is.
pub(super) fn require_user(
    expected: &str,
    token: &AccessToken,
    platform: &Platform,
) -> Result<(), LoginError> {
    let found = match platform.account(token) {
        Ok(account) if is_called(&account, expected) => return Ok(()),
        Ok(account) => LoginError::OtherUser {
            found: account.username,
            expected: expected.to_owned(),
        },
        Err(error) => error.into(),
    };
    // Where the platform does not end it now, it does so later by itself.
    let _ = platform.log_out(token);
    Err(found)
}

fn is_called(account: &Account, name: &str) -> bool {
    account.username == name || account.email.as_deref() == Some(name)
}
