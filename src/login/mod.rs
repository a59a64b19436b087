//! The story of a login.
//!
//! [`log_in`] tells it: a kept token that still holds is good enough where that was asked for; otherwise the user signs
//! in through SAML, and the token is kept.

mod announce;
mod browse;
mod door;
mod handed_in;
mod page;
mod paste;
mod refusal;
mod saml;
mod trust;

pub use handed_in::read_copied;
pub use refusal::{cure, meaning};
pub use trust::{Believed, gather};

use crate::config::{ConfigError, LoginConfig};
use crate::foreign::brief;
use crate::loopback::BindError;
use crate::platform::{Platform, PlatformError};
use crate::saml::{DecodeError, Refused};
use crate::store::{Kept, Key, StoreError, TokenStore};
use crate::terminal::{PromptError, Terminal};
use crate::time;
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
    TimedOut,
    /// The user ended it.
    #[error("interrupted")]
    Interrupted,
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
    /// The platform gave no token.
    #[error(transparent)]
    Platform(#[from] PlatformError),
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Logs in: with the kept token where the configuration asks for one only if needed and it still holds, else through
/// the identity provider.
pub fn log_in(config: &LoginConfig, store: &TokenStore, key: &Key, terminal: &Terminal) -> Ended {
    let kept = if config.if_needed {
        token_that_holds(config, store, key)
    } else {
        Ok(None)
    };
    match kept {
        Ok(Some(kept)) => {
            terminal.say("The kept token still holds.");
            Ended {
                result: Ok(SignedIn {
                    kept,
                    not_kept: None,
                }),
                farewell: None,
            }
        }
        Ok(None) => saml::log_in(config, store, key, terminal),
        Err(error) => error.into(),
    }
}

impl From<LoginError> for Ended {
    fn from(error: LoginError) -> Self {
        Self {
            result: Err(error),
            farewell: None,
        }
    }
}

/// How much longer a token must hold to be worth handing out.
const WORTH_HAVING: time::SignedDuration = time::SignedDuration::from_secs(60);

/// The kept token, when it is what this configuration would get and will hold for a while. Where its end is not known,
/// the platform is asked.
fn token_that_holds(
    config: &LoginConfig,
    store: &TokenStore,
    key: &Key,
) -> Result<Option<Kept>, LoginError> {
    let kept = match store.load(key) {
        // A login replaces what cannot be read.
        Err(StoreError::Broken { .. } | StoreError::Newer { .. }) => None,
        kept => kept?,
    };
    let Some(kept) = kept.filter(|kept| is_what_is_wanted(kept, config)) else {
        return Ok(None);
    };
    match kept.ends_at {
        Some(_) => Ok(Some(kept).filter(|kept| !kept.has_ended(time::now() + WORTH_HAVING))),
        None => {
            let platform =
                Platform::new(config.connection.client()?, config.platform.plane().clone());
            Ok(platform.account(&kept.token).is_ok().then_some(kept))
        }
    }
}

/// Whether a kept token is of the configured organization, and of the expected user where one is.
fn is_what_is_wanted(kept: &Kept, config: &LoginConfig) -> bool {
    let names = [&kept.name_id, &kept.username];
    kept.acs_url.as_deref() == Some(config.platform.as_str())
        && config
            .expect_user
            .as_ref()
            .is_none_or(|user| names.contains(&&Some(user.clone())))
}
