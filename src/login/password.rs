//! The login with user name and password, for accounts that the platform asks for no second factor.

use super::keep::{keep, prepare_to_keep, require_user};
use super::{LoginError, SignedIn, credential, interrupted};
use crate::config::{LoginConfig, PasswordConfig};
use crate::platform::Platform;
use crate::store::{About, Kept, Key, Method, TokenStore};
use crate::terminal::Terminal;
use crate::time;
use std::sync::Arc;

/// Logs in with user name and password: one attempt, since several wrong ones lock an account.
///
/// # Errors
/// [`LoginError`]
pub(super) fn log_in(
    config: &LoginConfig,
    password: &PasswordConfig,
    store: &TokenStore,
    key: &Key,
    terminal: &Terminal,
) -> Result<SignedIn, LoginError> {
    let client = config.connection.client()?;
    let platform = Arc::new(Platform::new(client, password.plane.clone()));
    prepare_to_keep(config, store, key)?;
    terminal.say(&format!(
        "Signing in to {} with user name and password.",
        password.plane.described()
    ));
    let username = match &password.username {
        Some(username) => username.clone(),
        None => credential::ask_user_name(terminal)?,
    };
    let secret = match password.from_stdin {
        true => credential::PASSWORD.read(config.timeout, terminal)?,
        false => credential::PASSWORD.ask(config.timeout, terminal)?,
    };
    let started = time::now();
    let token = {
        let (platform, username) = (Arc::clone(&platform), username.clone());
        interrupted::or(move || platform.log_in(&username, &secret))
            .ok_or(LoginError::Interrupted)??
    };
    let plane = password.plane.address().clone();
    let mut about = About::new(Method::Password, plane, started);
    about.subject = Some(username);
    let kept = Kept { token, about };
    if let Some(expected) = &password.expect_user {
        require_user(expected, &kept.token, &platform)?;
    }
    Ok(keep(kept, &platform, store, key, terminal))
}
