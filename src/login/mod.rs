//! The story of a login.
//!
//! [`log_in`] tells it: a kept token that still holds is good enough where that was asked for; otherwise the user signs
//! in by the configured method, and the token is kept.

mod announce;
mod browse;
mod connected_app;
mod credential;
mod door;
mod handed_in;
mod interrupted;
mod keep;
mod metadata;
mod page;
mod password;
mod paste;
mod queue;
mod refusal;
mod saml;
mod trust;
mod visit;
mod vouch;

pub use browse::tunnel;
pub use handed_in::read_copied;
pub use metadata::{Fetching, Seen, look as look_at_metadata};
pub use refusal::{cure, meaning};
pub use trust::{Believed, check_files, gather, read_certificates, read_metadata_file};
pub use visit::check as check_browser;

use crate::browser::chromium::ChromiumError;
use crate::config::{ConfigError, LoginConfig, MethodConfig};
use crate::foreign::brief;
use crate::http::HttpError;
use crate::loopback::BindError;
use crate::platform::{Platform, PlatformError};
use crate::saml::{DecodeError, Refused};
use crate::store::{Kept, Key, Method, StoreError, TokenStore};
use crate::terminal::{PromptError, Terminal};
use crate::time::{self, SignedDuration};
use door::Farewell;
use thiserror::Error;

/// How a login ended.
#[derive(Debug)]
pub struct Ended {
    result: Result<SignedIn, LoginError>,
    farewell: Option<Farewell>,
}

impl Ended {
    /// Gives the result to whoever says it and hands the token out, and then stays for the page in the browser that
    /// still wants to show the verdict, a few seconds at most.
    pub fn tell<T>(self, say: impl FnOnce(Result<SignedIn, LoginError>) -> T) -> T {
        let said = say(self.result);
        if let Some(farewell) = self.farewell {
            farewell.wait();
        }
        said
    }
}

/// A login that went well.
#[derive(Debug)]
pub struct SignedIn {
    /// The token and whose it is.
    pub kept: Kept,
    /// Whether it was got just now, and not found in the store.
    pub is_new: bool,
    /// Why it could not be kept, where that is so: it can still be handed out.
    pub not_kept: Option<StoreError>,
}

/// Why there is no token. What was posted is never part of it.
#[derive(Debug, Error)]
pub enum LoginError {
    /// The identity provider's metadata cannot be used.
    #[error("the identity provider's metadata from {source_name} cannot be used: {problem}")]
    Metadata {
        /// The file or address, fit to be shown.
        source_name: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The identity provider's metadata cannot be fetched.
    #[error("the identity provider's metadata cannot be fetched: {0}")]
    NoMetadata(HttpError),
    /// The identity provider's metadata names a key or a name that it did not name before, and the user did not say that
    /// this is right.
    #[error("the identity provider's metadata from {source_name} now names {news}")]
    MetadataChanged {
        /// The address, fit to be shown.
        source_name: String,
        /// What is new, fit to be shown.
        news: String,
    },
    /// A file that says whom to believe cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The listener's address could not be had.
    #[error(transparent)]
    Listen(#[from] BindError),
    /// The system has no randomness to give.
    #[error("the system gave no random numbers")]
    NoRandomness,
    /// The handed-in response could not be read.
    #[error("the response could not be read: {0}")]
    Unread(String),
    /// Nothing could be asked at the terminal.
    #[error(transparent)]
    Prompt(PromptError),
    /// What was handed in is no response.
    #[error(transparent)]
    Undecodable(#[from] DecodeError),
    /// The checks refused the response.
    #[error(transparent)]
    Refused(Box<Refused>),
    /// Only posts that were nobody's login came, until the time ran out or there were too many.
    #[error("no response of yours came{}; the last one posted was refused: {reason}", if *too_many { ", but too many others" } else { " in time" })]
    OnlyRefused {
        /// Why the last one was refused, fit to be shown.
        reason: String,
        /// The refusal, where it was a response at all.
        refused: Option<Box<Refused>>,
        /// Whether it was their number that ended the wait.
        too_many: bool,
    },
    /// Nothing came.
    #[error("no response came in time")]
    TimedOut {
        /// Whether a browser of our own should have brought it.
        own_browser: bool,
    },
    /// The browser of our own cannot be used.
    #[error(transparent)]
    Chromium(#[from] ChromiumError),
    /// The user closed it.
    #[error("the browser was closed before the sign-in ended")]
    BrowserClosed,
    /// The user ended it while the platform was asked for the token.
    #[error("interrupted while the platform was asked for the token")]
    InterruptedExchange,
    /// The user ended it.
    #[error("interrupted")]
    Interrupted,
    /// A login is needed, and nobody would see that.
    #[error(
        "a login is needed, and there is neither a display for a browser nor a terminal to show its address on"
    )]
    NobodyHere,
    /// Something must be asked, and there is nobody to ask.
    #[error("a login needs the {0}, and there is no terminal to ask for it")]
    NobodyToAsk(&'static str),
    /// What was asked for was not typed.
    #[error("nobody typed the {0}")]
    Unanswered(&'static str),
    /// What was given as a secret, or as a name, cannot be one. It is never part of this.
    #[error("the {name} cannot be used: {problem}")]
    Unfit {
        /// What it should be.
        name: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// Somebody else's login for the same profile was waited for, and failed.
    #[error("the login that this one waited for has ended without a token")]
    OthersFailed,
    /// Somebody else's login for the same profile has not ended.
    #[error("another login for this profile has been under way for too long")]
    OthersTookLong,
    /// The response is signed with another key than the one that earlier logins have learned, and the user did not say
    /// that this is right.
    #[error(
        "the response is signed with another key than so far: SHA-256 {found}, expected {known}"
    )]
    OtherKey {
        /// The fingerprint of its certificate.
        found: String,
        /// That of the learned one.
        known: String,
    },
    /// The platform says that the token is another user's than the expected one's.
    #[error("the platform signed in {}, expected {}", brief(.found), brief(.expected))]
    OtherUser {
        /// The platform's name for the user.
        found: String,
        /// The configured one.
        expected: String,
    },
    /// Another user than last time, and nobody there to say that this is meant.
    #[error("the response signs in {}, but last time it was {}", brief(.found), brief(.before))]
    UserChanged {
        /// The user that the response names.
        found: String,
        /// The user of the kept token.
        before: String,
    },
    /// The platform gave no token for the response.
    #[error(transparent)]
    Exchange(PlatformError),
    /// The platform did not answer another question as hoped.
    #[error(transparent)]
    Platform(#[from] PlatformError),
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Logs in: with the kept token where the configuration asks for a login only if needed, else through the identity
/// provider.
pub fn log_in(config: &LoginConfig, store: &TokenStore, key: &Key, terminal: &Terminal) -> Ended {
    if config.if_needed {
        log_in_if_needed(config, WORTH_HAVING, store, key, terminal)
    } else {
        queue::beside_others(store, key, || sign_in(config, store, key, terminal))
    }
}

/// How much longer a token must hold to be worth handing out, where nobody says.
pub const WORTH_HAVING: SignedDuration = SignedDuration::from_secs(60);

/// Gives the kept token where it holds for at least this long, and logs in otherwise: once for everybody who asks at
/// the same time. Where its end is not known, the platform is asked.
pub fn log_in_if_needed(
    config: &LoginConfig,
    at_least: SignedDuration,
    store: &TokenStore,
    key: &Key,
    terminal: &Terminal,
) -> Ended {
    let need = queue::Need {
        is_wanted: &|kept| is_what_is_wanted(kept, config),
        patience: config.timeout,
        can_sign_in: match &config.method {
            MethodConfig::Saml(saml) => browse::is_somebody_here(saml, terminal),
            // Whether somebody is there matters only where something must be asked, which the login finds out at once.
            MethodConfig::Password(_) | MethodConfig::ConnectedApp(_) => true,
        },
        holds: &|kept| holds(config, at_least, kept),
    };
    queue::one_for_all(&need, store, key, terminal, || {
        sign_in(config, store, key, terminal)
    })
}

/// Logs in by the configured method.
fn sign_in(config: &LoginConfig, store: &TokenStore, key: &Key, terminal: &Terminal) -> Ended {
    match &config.method {
        MethodConfig::Saml(saml) => saml::log_in(config, saml, store, key, terminal),
        MethodConfig::Password(with) => password::log_in(config, with, store, key, terminal).into(),
        MethodConfig::ConnectedApp(app) => {
            connected_app::log_in(config, app, store, key, terminal).into()
        }
    }
}

/// Whether a token will hold for this long.
fn holds(config: &LoginConfig, at_least: SignedDuration, kept: &Kept) -> Result<bool, LoginError> {
    match kept.about.ends_at {
        Some(_) => Ok(!kept.about.has_ended(time::now() + at_least)),
        None => {
            let platform = Platform::new(config.connection.client()?, config.plane().clone());
            Ok(platform.holder(&kept.token).is_ok())
        }
    }
}

impl From<LoginError> for Ended {
    fn from(error: LoginError) -> Self {
        Err(error).into()
    }
}

impl From<Result<SignedIn, LoginError>> for Ended {
    fn from(result: Result<SignedIn, LoginError>) -> Self {
        Self {
            result,
            farewell: None,
        }
    }
}

/// Whether a kept token is one that this login could give: by the same method, at the same place, and for the same user
/// or app where one is named.
fn is_what_is_wanted(kept: &Kept, config: &LoginConfig) -> bool {
    let about = &kept.about;
    let is_for = |name: &Option<String>| {
        name.is_none() || [&about.subject, &about.username, &about.email].contains(&name)
    };
    let is_here = kept.about.plane == *config.plane().address();
    match (&config.method, kept.about.method) {
        (MethodConfig::Saml(saml), Method::Saml) => {
            kept.about.acs_url.as_deref() == Some(saml.platform.as_str())
                && is_for(&saml.expect_user)
        }
        (MethodConfig::Password(password), Method::Password) => {
            is_here && is_for(&password.username) && is_for(&password.expect_user)
        }
        (MethodConfig::ConnectedApp(app), Method::ConnectedApp) => {
            is_here && kept.about.subject.as_ref() == Some(&app.client_id)
        }
        _ => false,
    }
}
