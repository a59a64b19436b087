//! The login of a connected app: for machines, in nobody's name.

use super::keep::{keep, prepare_to_keep};
use super::{LoginError, SignedIn, credential, interrupted};
use crate::config::{ConnectedAppConfig, LoginConfig, SecretSource};
use crate::foreign::brief;
use crate::platform::Platform;
use crate::secret::Secret;
use crate::store::{About, Kept, Key, KeychainError, Method, StoreError, TokenStore};
use crate::terminal::Terminal;
use crate::time;
use std::sync::Arc;

/// Logs in as a connected app.
///
/// # Errors
/// [`LoginError`]
pub(super) fn log_in(
    config: &LoginConfig,
    app: &ConnectedAppConfig,
    store: &TokenStore,
    key: &Key,
    terminal: &Terminal,
) -> Result<SignedIn, LoginError> {
    let client = config.connection.client()?;
    let platform = Arc::new(Platform::new(client, app.plane.clone()));
    prepare_to_keep(config, store, key)?;
    if app.keep_secret {
        store.prepare_keychain()?;
    }
    terminal.say(&format!(
        "Signing in to {} as the connected app {}.",
        app.plane.described(),
        brief(&app.client_id)
    ));
    let secret = match &app.secret {
        SecretSource::StandardInput => credential::CLIENT_SECRET.read(config.timeout, terminal)?,
        SecretSource::Given(secret) => credential::CLIENT_SECRET.given(secret)?,
        SecretSource::Kept => match kept_secret(app, store, terminal) {
            Some(secret) => credential::CLIENT_SECRET.given(&secret)?,
            None => credential::CLIENT_SECRET.ask(config.timeout, terminal)?,
        },
    };
    let started = time::now();
    let granted = {
        let (platform, client_id) = (Arc::clone(&platform), app.client_id.clone());
        let secret = secret.clone();
        interrupted::or(move || platform.client_credentials(&client_id, &secret))
            .ok_or(LoginError::Interrupted)??
    };
    let plane = app.plane.address().clone();
    let mut about = About::new(Method::ConnectedApp, plane, started);
    about.subject = Some(app.client_id.clone());
    // Counted from before it was asked for, so that it never seems to live longer than it does.
    about.ends_at = granted
        .lasts
        .and_then(|lasts| started.checked_add(lasts).ok());
    let kept = Kept {
        token: granted.token,
        about,
    };
    let signed_in = keep(kept, &platform, store, key, terminal);
    if app.keep_secret {
        // The platform has taken it, so it is the right one.
        match store.save_client_secret(app.plane.address(), &app.client_id, &secret) {
            Ok(()) => terminal.done("The client secret is kept in the keychain."),
            Err(error) => terminal.warn(&format!("the client secret is not kept: {error}")),
        }
    }
    Ok(signed_in)
}

/// The secret that an earlier login has kept. Where a new one is to be kept, it is not asked for the old one.
fn kept_secret(
    app: &ConnectedAppConfig,
    store: &TokenStore,
    terminal: &Terminal,
) -> Option<Secret> {
    if app.keep_secret {
        return None;
    }
    match store.client_secret(app.plane.address(), &app.client_id) {
        Ok(secret) => secret,
        // Then none was kept.
        Err(StoreError::Keychain(KeychainError::Absent(_))) => None,
        Err(error) => {
            terminal.warn(&format!(
                "whether the client secret is kept cannot be said: {error}"
            ));
            None
        }
    }
}
