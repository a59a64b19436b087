//! The SAML login: from the identity provider's page to a kept token.

use super::door::{self, Door};
use super::metadata::Fetching;
use super::trust::{self, Believed};
use super::visit::{self, Visit};
use super::vouch;
use super::{Ended, LoginError, SignedIn, announce, browse, paste};
use crate::address::WebAddress;
use crate::browser::chromium::Errand;
use crate::config::{Capture, ConfigError, LoginConfig, Setting};
use crate::foreign::brief;
use crate::platform::{Account, Platform};
use crate::saml::{Expected, PostedResponse, Refused, Rule, ValidResponse, validate};
use crate::store::{Kept, Key, Method, TokenStore, prepare_token_file};
use crate::terminal::{Terminal, Watch};
use crate::time;
use crate::token::AccessToken;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

/// How often a wait looks whether the user has ended it.
const TICK: Duration = Duration::from_millis(50);

/// Logs in through the identity provider: every stage of a login, in its order.
pub(super) fn log_in(
    config: &LoginConfig,
    store: &TokenStore,
    key: &Key,
    terminal: &Terminal,
) -> Ended {
    // Whatever cannot be had is found out before anybody signs in: a sign-in in vain is the dearest failure.
    let (believed, platform) = match prepare(config, store, key, terminal) {
        Ok(prepared) => prepared,
        Err(error) => return error.into(),
    };
    announce::heading(config, terminal);
    let caught = match catch(config, &believed, &platform, store, key, terminal) {
        Ok(caught) => caught,
        Err(error) => return error.into(),
    };
    let result = caught.response.and_then(|valid| {
        let valid = Arc::new(valid);
        announce::findings(&valid, terminal);
        vouch::agree(&valid, &believed, terminal)?;
        let signed_in = exchange_and_keep(config, &platform, &valid, store, key, terminal)?;
        // The platform has taken this very response, so its key is the identity provider's.
        if let Some(taught) = vouch::taught(&valid)
            && let Err(error) = store.known().save(key, config.platform.as_str(), &taught)
        {
            terminal.warn(&format!("the identity provider's key is not kept: {error}"));
        }
        Ok(signed_in)
    });
    // The page behind the post waits for the verdict.
    let farewell = caught
        .door
        .and_then(|door| door.conclude(result.as_ref(), caught.visit));
    Ended { result, farewell }
}

/// What a capture brings.
struct Caught {
    response: Result<ValidResponse, LoginError>,
    /// Where the page waits that posted it.
    door: Option<Door>,
    /// The browser that shows that page, where it is our own.
    visit: Option<Visit>,
}

/// Catches the response in the configured way. Every way ends at the same checks.
///
/// # Errors
/// [`LoginError`]: what keeps the wait from beginning.
fn catch(
    config: &LoginConfig,
    believed: &Believed,
    platform: &Arc<Platform>,
    store: &TokenStore,
    key: &Key,
    terminal: &Terminal,
) -> Result<Caught, LoginError> {
    // Before anybody is told of Ctrl-C.
    let watch = Watch::start();
    let check = |posted: &PostedResponse| check(posted, config, believed);
    Ok(match &config.capture {
        Capture::Loopback(address) => {
            let door = Door::open(config, address, believed, terminal)?;
            browse::open(config, address, door.link(), terminal);
            let _warm = door::keep_warm(platform, terminal);
            Caught {
                response: door.receive(&watch, config.timeout, terminal, || Ok(()), check),
                door: Some(door),
                visit: None,
            }
        }
        Capture::Chromium(own) => {
            let (door, address) = Door::open_hidden(config, believed)?;
            let Some(link) = door.link().cloned() else {
                return Err(ConfigError::Missing(vec![Setting::IdpUrl]).into());
            };
            let _warm = door::keep_warm(platform, terminal);
            let errand = Errand {
                link,
                acs: config.platform.receive_address().clone(),
                listener: address,
            };
            let mut visit = Visit::start(own, store, key, errand, terminal)?;
            browse::say_wait(config, terminal);
            let look = || visit.look();
            Caught {
                response: door.receive(&watch, config.timeout, terminal, look, check),
                door: Some(door),
                visit: Some(visit),
            }
        }
        Capture::Paste { source, .. } => {
            let posted = paste::read(config, source, terminal);
            let response = posted.and_then(|posted| check(&posted).map_err(LoginError::Refused));
            Caught {
                response,
                door: None,
                visit: None,
            }
        }
    })
}

/// Gathers what a login goes by, and makes sure that its token can be kept.
fn prepare(
    config: &LoginConfig,
    store: &TokenStore,
    key: &Key,
    terminal: &Terminal,
) -> Result<(Believed, Arc<Platform>), LoginError> {
    if let Capture::Chromium(own) = &config.capture {
        visit::check(own)?;
    }
    let client = config.connection.client()?;
    let known = store.known();
    let fetching = Fetching {
        client: &client,
        store: &known,
        terminal,
        keeps: true,
    };
    let mut believed = trust::gather(&config.trust, config.issuer.as_deref(), fetching)?;
    believed
        .origins
        .extend(config.sign_in_link.iter().map(WebAddress::origin));
    believed.remember(known.load(key, config.platform.as_str())?)?;
    store.prepare()?;
    if let Some(path) = &config.hand_out.token_file {
        prepare_token_file(path)?;
    }
    Ok((
        believed,
        Arc::new(Platform::new(client, config.platform.plane().clone())),
    ))
}

/// Decodes the response and holds every rule against it.
fn check(
    posted: &PostedResponse,
    config: &LoginConfig,
    believed: &Believed,
) -> Result<ValidResponse, Box<Refused>> {
    let held_against = |recipient: &str| {
        let expected = Expected {
            issuer: believed.issuer.clone(),
            audience: config.audience.clone(),
            recipient: Some(recipient.to_owned()),
            user: config.expect_user.clone(),
            clock_skew: config.clock_skew,
        };
        validate(posted, &believed.trust, &expected, time::now())
    };
    let is_for_another = |refused: &Refused| {
        matches!(
            refused.rule,
            Rule::Destination | Rule::ConfirmationRecipient
        )
    };
    match (held_against(config.recipient()), config.other_recipient()) {
        (Err(refused), Some(other)) if is_for_another(&refused) => match held_against(other) {
            // Rules stand in the order of the checks: the refusal that came later says more.
            Err(again) if again.rule <= refused.rule => Err(refused),
            result => result,
        },
        (result, _) => result,
    }
}

/// Exchanges the response for a token, asks whose it is, and keeps it.
fn exchange_and_keep(
    config: &LoginConfig,
    platform: &Arc<Platform>,
    valid: &Arc<ValidResponse>,
    store: &TokenStore,
    key: &Key,
    terminal: &Terminal,
) -> Result<SignedIn, LoginError> {
    confirm_user(config, valid, store, key, terminal)?;
    let token = exchange(config, platform, valid)?;
    let mut kept = Kept::new(
        token,
        Method::Saml,
        config.platform.plane().address().clone(),
        time::now(),
    );
    kept.acs_url = Some(config.platform.as_str().to_owned());
    kept.name_id = valid.lasting_subject().map(str::to_owned);
    if let (Some(expected), None) = (&config.expect_user, valid.subject()) {
        // Only the platform could read who it is, so it is asked before anything is kept.
        require_user(expected, platform.account(&kept.token)?)?;
    }
    // Kept at once, so that nothing that goes wrong from here on loses it.
    let mut not_kept = store.save(key, &kept).err();
    match platform.account(&kept.token) {
        Ok(account) => {
            let lasts = platform
                .session_timeout(&kept.token, &account.organization.id)
                .ok()
                .flatten();
            kept.ends_at = lasts.and_then(|lasts| kept.signed_in_at.checked_add(lasts).ok());
            kept.username = Some(account.username);
            kept.user_id = Some(account.user_id);
            kept.organization_id = Some(account.organization.id);
            kept.organization_name = account.organization.name;
            not_kept = store.save(key, &kept).err();
        }
        Err(error) => terminal.warn(&format!(
            "the platform gave a token, but does not say whose it is: {error}"
        )),
    }
    Ok(SignedIn {
        kept,
        is_new: true,
        not_kept,
    })
}

/// Exchanges the response, and lets Ctrl-C end the wait for the platform's answer in good order.
fn exchange(
    config: &LoginConfig,
    platform: &Arc<Platform>,
    valid: &Arc<ValidResponse>,
) -> Result<AccessToken, LoginError> {
    let watch = Watch::start();
    let (answer, answered) = mpsc::channel();
    let (platform, valid) = (Arc::clone(platform), Arc::clone(valid));
    let acs = config.platform.clone();
    thread::spawn(move || {
        // Nobody waits for it any more when the user has ended the login.
        let _ = answer.send(platform.exchange(&acs, &valid));
    });
    loop {
        match answered.recv_timeout(TICK) {
            Ok(result) => return Ok(result?),
            Err(RecvTimeoutError::Timeout) if !watch.interrupted() => {}
            Err(_) => return Err(LoginError::InterruptedExchange),
        }
    }
}

/// Asks before another user than the one of the kept token is signed in: a response answers no request of ours, so
/// somebody with an account of his own could have posted his. Whoever is named with `--expect-user` is meant.
fn confirm_user(
    config: &LoginConfig,
    valid: &ValidResponse,
    store: &TokenStore,
    key: &Key,
    terminal: &Terminal,
) -> Result<(), LoginError> {
    let before = store.load(key).ok().flatten().and_then(|kept| kept.name_id);
    let (Some(found), Some(before), None) = (valid.lasting_subject(), before, &config.expect_user)
    else {
        return Ok(());
    };
    let question = format!(
        "This response signs in {}; last time it was {}. Go on?",
        brief(found),
        brief(&before)
    );
    if found == before || terminal.confirm(&question) {
        return Ok(());
    }
    Err(LoginError::UserChanged {
        found: found.to_owned(),
        before,
    })
}

/// The user of an encrypted response, by the platform's word: the name or the email address must be the expected one.
fn require_user(expected: &str, account: Account) -> Result<(), LoginError> {
    if account.username == expected || account.email.as_deref() == Some(expected) {
        Ok(())
    } else {
        Err(LoginError::OtherUser {
            found: account.username,
            expected: expected.to_owned(),
        })
    }
}
