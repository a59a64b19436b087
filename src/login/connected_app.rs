//! The login of a connected app: for machines, in nobody's name.

use super::keep::{keep, prepare_to_keep};
use super::{LoginError, SignedIn, credential, interrupted};
use crate::config::{ConnectedAppConfig, LoginConfig, SecretSource};
use crate::foreign::brief;
use crate::platform::Platform;
use crate::store::{Kept, Key, Method, TokenStore};
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
    terminal.say(&format!(
        "Signing in to {} as the connected app {}.",
        app.plane.described(),
        brief(&app.client_id)
    ));
    let secret = match &app.secret {
        SecretSource::StandardInput => credential::CLIENT_SECRET.read(config.timeout, terminal)?,
        SecretSource::Given(secret) => credential::CLIENT_SECRET.given(secret)?,
        SecretSource::Asked => credential::CLIENT_SECRET.ask(config.timeout, terminal)?,
    };
    let started = time::now();
    let granted = {
        let (platform, client_id) = (Arc::clone(&platform), app.client_id.clone());
        interrupted::or(move || platform.client_credentials(&client_id, &secret))
            .ok_or(LoginError::Interrupted)??
    };
    let plane = app.plane.address().clone();
    let mut kept = Kept::new(granted.token, Method::ConnectedApp, plane, started);
    kept.subject = Some(app.client_id.clone());
    // Counted from before it was asked for, so that it never seems to live longer than it does.
    kept.ends_at = granted
        .lasts
        .and_then(|lasts| started.checked_add(lasts).ok());
    Ok(keep(kept, &platform, store, key, terminal))
}
