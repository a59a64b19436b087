//! The door that a response comes in by: the listener, the link that leads to it, and the wait.

use super::refusal::meaning;
use super::visit::Visit;
use super::vouch::{self, Claim};
use super::{LoginError, SignedIn, announce, page};
use crate::acs::{self, Listener, ReceiveError, RelayState, Rules};
use crate::address::{LoopbackAddress, WebAddress};
use crate::config::{RelayStateUse, SamlConfig};
use crate::login::trust::Believed;
use crate::platform::Platform;
use crate::saml::{PostedResponse, Refused, ValidResponse};
use crate::secret::{self, Secret};
use crate::terminal::{Terminal, Watch};
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

/// How long the page may take to fetch the verdict after the login has ended.
const FAREWELL: Duration = Duration::from_secs(5);
/// Servers close idle connections after a minute or so; before that, ours is used again.
const KEEP_WARM: Duration = Duration::from_secs(40);

/// The listener, and the link that leads to it.
pub(super) struct Door {
    listener: Listener,
    link: Option<WebAddress>,
    relay_state: Option<Secret>,
    /// Whether only a browser of our own knows the address.
    is_hidden: bool,
}

impl Door {
    /// Binds the listener. Nothing is opened before it stands, since whoever answers at this address gets the response.
    pub(super) fn open(
        config: &SamlConfig,
        address: &LoopbackAddress,
        believed: &Believed,
        terminal: &Terminal,
    ) -> Result<Self, LoginError> {
        let (relay_state, link) = relay_state(config)?;
        let rule = rule(config, relay_state.as_ref());
        let rules = Rules::new(address, believed.origins.clone(), rule);
        let listener = Listener::bind(address, rules)?;
        for warning in listener.warnings() {
            terminal.warn(&warning.to_string());
        }
        Ok(Self {
            listener,
            link,
            relay_state,
            is_hidden: false,
        })
    }

    /// Binds the listener at a free port, and at a path that nobody can guess; with the address, which only the browser
    /// is told that leads the response here.
    pub(super) fn open_hidden(
        config: &SamlConfig,
        believed: &Believed,
    ) -> Result<(Self, LoopbackAddress), LoginError> {
        let (relay_state, link) = relay_state(config)?;
        let rule = rule(config, relay_state.as_ref());
        let path = format!("/{}/acs", secret::nonce().ok_or(LoginError::NoRandomness)?);
        let rules = |address: &LoopbackAddress| Rules::new(address, believed.origins.clone(), rule);
        let (listener, address) = Listener::bind_somewhere(&path, rules)?;
        let door = Self {
            listener,
            link,
            relay_state,
            is_hidden: true,
        };
        Ok((door, address))
    }

    /// The link to open, with our RelayState in it.
    pub(super) fn link(&self) -> Option<&WebAddress> {
        self.link.as_ref()
    }

    /// Waits for the user's own response: one that is signed by the identity provider. Whatever else is posted is
    /// answered with its reason, said at the terminal, and the wait goes on, for as long as `look` finds nothing that
    /// makes it a vain one.
    pub(super) fn receive(
        &self,
        watch: &Watch,
        timeout: Duration,
        terminal: &Terminal,
        mut look: impl FnMut() -> Result<(), LoginError>,
        check: impl Fn(&PostedResponse) -> Result<ValidResponse, Box<Refused>>,
    ) -> Result<ValidResponse, LoginError> {
        let deadline = Instant::now() + timeout;
        let mut last = None;
        loop {
            let mut vain = None;
            let mut ends = || {
                vain = look().err();
                vain.is_some() || watch.interrupted()
            };
            let received = self.listener.receive(deadline, &mut ends, &mut |error| {
                announce::bad_post(error, terminal);
                last = Some((error.to_string(), None));
            });
            let delivery = match received {
                Ok(_) if watch.interrupted() => return Err(LoginError::Interrupted),
                Ok(delivery) => delivery,
                Err(ReceiveError::Cancelled) => return Err(vain.unwrap_or(LoginError::Interrupted)),
                Err(ended) => return Err(self.waited_in_vain(ended, last)),
            };
            if let Some(uid) = delivery.other_user() {
                announce::other_user(uid, terminal);
            }
            match check(delivery.posted()) {
                Ok(valid) => {
                    let is_tied = self.is_answered_by(delivery.posted());
                    let ask = || delivery.ask();
                    match vouch::claim(&valid, is_tied, terminal, ask) {
                        Claim::Taken => {
                            delivery.take();
                            return Ok(valid);
                        }
                        Claim::Refused(reason) => {
                            announce::unclaimed(reason, terminal);
                            delivery.refuse(page::unclaimed());
                            last = Some((reason.to_owned(), None));
                        }
                    }
                }
                Err(refused) if refused.authenticated => {
                    delivery.take();
                    return Err(LoginError::Refused(refused));
                }
                Err(refused) => {
                    announce::nobodys_login(&refused, terminal);
                    delivery.refuse(page::nobodys_login(&refused));
                    last = Some((meaning(refused.rule).to_owned(), Some(refused)));
                }
            }
        }
    }

    /// Whether the response came back with the RelayState of this login, or to an address that only its own browser
    /// knows. Where everything in it is encrypted and nothing around that is signed, this alone tells it from what any
    /// page could post.
    fn is_answered_by(&self, posted: &PostedResponse) -> bool {
        if self.is_hidden {
            return true;
        }
        let echoed = posted.relay_state().unwrap_or_default();
        self.relay_state
            .as_ref()
            .is_some_and(|nonce| nonce.equals(echoed))
    }

    /// The error of a wait that ended without the user's own response.
    fn waited_in_vain(
        &self,
        ended: ReceiveError,
        last: Option<(String, Option<Box<Refused>>)>,
    ) -> LoginError {
        let too_many = ended == ReceiveError::TooManyBadPosts;
        match last {
            Some((reason, refused)) => LoginError::OnlyRefused {
                reason,
                refused,
                too_many,
            },
            None => LoginError::TimedOut {
                own_browser: self.is_hidden,
            },
        }
    }

    /// Tells the waiting page the verdict. `None` where no page waits, because no response was taken.
    pub(super) fn conclude(
        self,
        result: Result<&SignedIn, &LoginError>,
        visit: Option<Visit>,
    ) -> Option<Farewell> {
        self.listener.conclude(page::verdict(result)?);
        Some(Farewell {
            listener: self.listener,
            visit,
        })
    }
}

/// What is asked of the RelayState that came back.
fn rule(config: &SamlConfig, relay_state: Option<&Secret>) -> RelayState {
    match (relay_state, config.relay_state) {
        (None, _) => RelayState::Off,
        (Some(nonce), RelayStateUse::Require) => RelayState::Require(nonce.clone()),
        (Some(nonce), _) => RelayState::Auto(nonce.clone()),
    }
}

/// The RelayState of this login, and the link that carries it. A link with a RelayState of its own keeps it.
fn relay_state(config: &SamlConfig) -> Result<(Option<Secret>, Option<WebAddress>), LoginError> {
    let is_sent = config.relay_state != RelayStateUse::Off && !config.link_has_relay_state();
    match &config.sign_in_link {
        Some(link) if is_sent => {
            let nonce = acs::nonce().ok_or(LoginError::NoRandomness)?;
            let link = link.with_query("RelayState", nonce.expose());
            Ok((Some(nonce), Some(link)))
        }
        link => Ok((None, link.clone())),
    }
}

/// Keeps the connection to the platform open while the user signs in, so that the exchange costs one round trip; and
/// says so early when the platform cannot be reached. Ends when it is dropped.
pub(super) fn keep_warm(platform: &Arc<Platform>, terminal: &Terminal) -> Warmth {
    let (stop, stopped) = mpsc::channel::<()>();
    let (platform, terminal) = (Arc::clone(platform), *terminal);
    thread::spawn(move || {
        let mut warned = false;
        loop {
            if let Err(error) = platform.warm()
                && !std::mem::replace(&mut warned, true)
            {
                announce::unreachable(&error, &terminal);
            }
            // Never sent to: it ends when the other side is dropped.
            if stopped.recv_timeout(KEEP_WARM) != Err(RecvTimeoutError::Timeout) {
                return;
            }
        }
    });
    Warmth(stop)
}

/// Keeps the connection warm for as long as it lives.
pub(super) struct Warmth(
    #[allow(dead_code, reason = "dropping it is what it is for")] mpsc::Sender<()>,
);

/// The page in the browser that still wants to show the verdict.
#[derive(Debug)]
pub(super) struct Farewell {
    listener: Listener,
    /// The browser, where it is ours to end.
    visit: Option<Visit>,
}

impl Farewell {
    /// Stays until the page has the verdict, a few seconds at most.
    pub(super) fn wait(self) {
        self.listener.finish(FAREWELL);
        if let Some(visit) = self.visit {
            visit.end();
        }
    }
}
