//! The SAML login: from the identity provider's page to a kept token.

use super::door::{self, Door};
use super::keep::{keep, prepare_to_keep, require_user};
use super::metadata::Fetching;
use super::trust::{self, Believed};
use super::visit::{self, Visit};
use super::vouch;
use super::{Ended, LoginError, SignedIn, announce, browse, interrupted, paste};
use crate::address::WebAddress;
use crate::browser::chromium::Errand;
use crate::config::{Capture, ConfigError, LoginConfig, SamlConfig, Setting};
use crate::foreign::brief;
use crate::platform::Platform;
use crate::saml::{Expected, PostedResponse, Refused, Rule, ValidResponse, validate};
use crate::store::{About, Kept, Key, Method, TokenStore};
use crate::terminal::{Terminal, Watch};
use crate::time;
use crate::token::AccessToken;
use std::sync::Arc;

/// Logs in through the identity provider: every stage of a login, in its order.
pub(super) fn log_in(
    config: &LoginConfig,
    saml: &SamlConfig,
    store: &TokenStore,
    key: &Key,
    terminal: &Terminal,
) -> Ended {
    // Whatever cannot be had is found out before anybody signs in: a sign-in in vain is the dearest failure.
    let (believed, platform) = match prepare(config, saml, store, key, terminal) {
        Ok(prepared) => prepared,
        Err(error) => return error.into(),
    };
    announce::heading(saml, terminal);
    let caught = match catch(config, saml, &believed, &platform, store, key, terminal) {
        Ok(caught) => caught,
        Err(error) => return error.into(),
    };
    let result = caught.response.and_then(|valid| {
        let valid = Arc::new(valid);
        announce::findings(&valid, terminal);
        vouch::agree(&valid, &believed, terminal)?;
        let signed_in = exchange_and_keep(saml, &platform, &valid, store, key, terminal)?;
        // The platform has taken this very response, so its key is the identity provider's.
        if let Some(taught) = vouch::taught(&valid)
            && let Err(error) = store.known().save(key, saml.platform.as_str(), &taught)
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
    saml: &SamlConfig,
    believed: &Believed,
    platform: &Arc<Platform>,
    store: &TokenStore,
    key: &Key,
    terminal: &Terminal,
) -> Result<Caught, LoginError> {
    // Before anybody is told of Ctrl-C.
    let watch = Watch::start();
    let check = |posted: &PostedResponse| check(posted, saml, believed);
    Ok(match &saml.capture {
        Capture::Loopback(address) => {
            let door = Door::open(saml, address, believed, terminal)?;
            browse::open(saml, address, door.link(), config.timeout, terminal);
            let _warm = door::keep_warm(platform, terminal);
            Caught {
                response: door.receive(&watch, config.timeout, terminal, || Ok(()), check),
                door: Some(door),
                visit: None,
            }
        }
        Capture::Chromium(own) => {
            let (door, address) = Door::open_hidden(saml, believed)?;
            let Some(link) = door.link().cloned() else {
                return Err(ConfigError::Missing(vec![Setting::IdpUrl]).into());
            };
            let _warm = door::keep_warm(platform, terminal);
            let errand = Errand {
                link,
                acs: saml.platform.receive_address().clone(),
                listener: address,
            };
            let mut visit = Visit::start(own, store, key, errand, terminal)?;
            browse::say_wait(config.timeout, terminal);
            let look = || visit.look();
            Caught {
                response: door.receive(&watch, config.timeout, terminal, look, check),
                door: Some(door),
                visit: Some(visit),
            }
        }
        Capture::Paste { source, .. } => {
            let posted = paste::read(saml, source, terminal);
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
    saml: &SamlConfig,
    store: &TokenStore,
    key: &Key,
    terminal: &Terminal,
) -> Result<(Believed, Arc<Platform>), LoginError> {
    if let Capture::Chromium(own) = &saml.capture {
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
    let mut believed = trust::gather(&saml.trust, saml.issuer.as_deref(), fetching)?;
    believed
        .origins
        .extend(saml.sign_in_link.iter().map(WebAddress::origin));
    believed.remember(known.load(key, saml.platform.as_str())?)?;
    prepare_to_keep(config, store, key)?;
    let platform = Platform::new(client, saml.platform.plane().clone());
    Ok((believed, Arc::new(platform)))
}

/// Decodes the response and holds every rule against it.
fn check(
    posted: &PostedResponse,
    saml: &SamlConfig,
    believed: &Believed,
) -> Result<ValidResponse, Box<Refused>> {
    let held_against = |recipient: &str| {
        let expected = Expected {
            issuer: believed.issuer.clone(),
            audience: saml.audience.clone(),
            recipient: Some(recipient.to_owned()),
            user: saml.expect_user.clone(),
            clock_skew: saml.clock_skew,
        };
        validate(posted, &believed.trust, &expected, time::now())
    };
    let is_for_another = |refused: &Refused| {
        matches!(
            refused.rule,
            Rule::Destination | Rule::ConfirmationRecipient
        )
    };
    match (held_against(saml.recipient()), saml.other_recipient()) {
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
    saml: &SamlConfig,
    platform: &Arc<Platform>,
    valid: &Arc<ValidResponse>,
    store: &TokenStore,
    key: &Key,
    terminal: &Terminal,
) -> Result<SignedIn, LoginError> {
    confirm_user(saml, valid, store, key, terminal)?;
    let token = exchange(saml, platform, valid)?;
    let plane = saml.platform.plane().address().clone();
    let mut about = About::new(Method::Saml, plane, time::now());
    about.acs_url = Some(saml.platform.as_str().to_owned());
    about.subject = valid.lasting_subject().map(str::to_owned);
    let kept = Kept { token, about };
    if let (Some(expected), None) = (&saml.expect_user, valid.subject()) {
        // Only the platform could read who it is, so it is asked before anything is kept.
        require_user(expected, &kept.token, platform)?;
    }
    Ok(keep(kept, platform, store, key, terminal))
}

/// Exchanges the response, and lets Ctrl-C end the wait for the platform's answer in good order.
fn exchange(
    saml: &SamlConfig,
    platform: &Arc<Platform>,
    valid: &Arc<ValidResponse>,
) -> Result<AccessToken, LoginError> {
    let (acs, platform, valid) = (
        saml.platform.clone(),
        Arc::clone(platform),
        Arc::clone(valid),
    );
    interrupted::or(move || platform.exchange(&acs, &valid))
        .ok_or(LoginError::InterruptedExchange)?
        .map_err(LoginError::Exchange)
}

/// Asks before another user than the one of the kept token is signed in: a response answers no request of ours, so
/// somebody with an account of his own could have posted his. Whoever is named with `--expect-user` is meant.
fn confirm_user(
    saml: &SamlConfig,
    valid: &ValidResponse,
    store: &TokenStore,
    key: &Key,
    terminal: &Terminal,
) -> Result<(), LoginError> {
    let kept = store.about(key).ok().flatten();
    let before = kept.as_ref().and_then(About::last_saml_user);
    let (Some(found), Some(before), None) = (valid.lasting_subject(), before, &saml.expect_user)
    else {
        return Ok(());
    };
    let question = format!(
        "This response signs in {}; last time it was {}. Go on?",
        brief(found),
        brief(before)
    );
    if found == before || terminal.confirm(&question) {
        return Ok(());
    }
    Err(LoginError::UserChanged {
        found: found.to_owned(),
        before: before.to_owned(),
    })
}
