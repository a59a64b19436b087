//! One login for everybody who asks at once.

use super::{Ended, LoginError, SignedIn};
use crate::store::{Kept, Key, LoginQueue, TokenStore};
use crate::terminal::{Terminal, Watch};
use crate::time::{self, Timestamp};
use std::thread;
use std::time::{Duration, Instant};

/// How often those who wait look whether it is their turn.
const LOOK: Duration = Duration::from_millis(50);

/// What somebody who asks is content with.
pub(super) struct Need<'n> {
    /// Whether a kept token is one that this login could give, as far as it holds.
    pub(super) is_wanted: &'n dyn Fn(&Kept) -> bool,
    /// How long somebody else's login is waited for.
    pub(super) patience: Duration,
    /// Whether a login that starts here could be seen by anybody.
    pub(super) can_sign_in: bool,
    /// Whether a wanted token holds for long enough.
    pub(super) holds: &'n dyn Fn(&Kept) -> Result<bool, LoginError>,
}

/// Gives the kept token where it holds, and logs in otherwise. While somebody else logs in under the same key, this
/// waits and takes that one's token; where that fails, so does this, since fifty who wait would else ask the user fifty
/// times. Where somebody else is killed, this one takes over.
pub(super) fn one_for_all(
    need: &Need<'_>,
    store: &TokenStore,
    key: &Key,
    terminal: &Terminal,
    log_in: impl FnOnce() -> Ended,
) -> Ended {
    let asked_at = time::now();
    let found = match find_or_wait(need, store, key, asked_at, terminal) {
        Ok(found) => found,
        Err(error) => return error.into(),
    };
    match found {
        Found::Token(kept) => given(kept),
        Found::OthersToken(kept) => {
            terminal.say("That login has given its token.");
            given(kept)
        }
        Found::Turn(queue) => recorded(Some(queue), log_in()),
    }
}

/// Logs in in any case; those who ask meanwhile wait for this login where it is the first one.
pub(super) fn beside_others(
    store: &TokenStore,
    key: &Key,
    log_in: impl FnOnce() -> Ended,
) -> Ended {
    // A store that cannot be used is found out and said by the login itself.
    let queue = store.queue(key).ok();
    let turn = queue.filter(|queue| queue.try_turn().unwrap_or(false));
    recorded(turn, log_in())
}

enum Found {
    /// A token that was there.
    Token(Box<Kept>),
    /// A token that somebody else has got meanwhile.
    OthersToken(Box<Kept>),
    /// Nothing; it is our turn to log in.
    Turn(LoginQueue),
}

fn find_or_wait(
    need: &Need<'_>,
    store: &TokenStore,
    key: &Key,
    asked_at: Timestamp,
    terminal: &Terminal,
) -> Result<Found, LoginError> {
    let kept = || match store.load(key) {
        // A file that cannot be read as one is replaced by the login.
        Err(error) if error.is_replaceable() => Ok(None),
        loaded => loaded.map(|kept| kept.filter(need.is_wanted)),
    };
    if let Some(kept) = kept()?
        && (need.holds)(&kept)?
    {
        return Ok(Found::Token(kept.into()));
    }
    let queue = store.queue(key)?;
    if !queue.try_turn()? {
        terminal.say(
            "Somebody else is signing in for this profile already; this waits for that token.",
        );
        wait(&queue, need.patience)?;
    }
    // A token that was given since we asked is as new as one can be, however short it lives.
    match kept()? {
        Some(kept) if kept.about.signed_in_at >= asked_at => Ok(Found::OthersToken(kept.into())),
        Some(kept) if (need.holds)(&kept)? => Ok(Found::Token(kept.into())),
        _ if queue.has_failed()? => Err(LoginError::OthersFailed),
        _ if !need.can_sign_in => Err(LoginError::NobodyHere),
        _ => Ok(Found::Turn(queue)),
    }
}

/// Waits for the turn.
fn wait(queue: &LoginQueue, patience: Duration) -> Result<(), LoginError> {
    let watch = Watch::start();
    let deadline = Instant::now() + patience;
    while !queue.try_turn()? {
        if watch.interrupted() {
            return Err(LoginError::Interrupted);
        }
        if Instant::now() >= deadline {
            return Err(LoginError::OthersTookLong);
        }
        thread::sleep(LOOK);
    }
    Ok(())
}

/// Ends the turn, and tells those who wait where the login has failed.
fn recorded(turn: Option<LoginQueue>, ended: Ended) -> Ended {
    if let (Some(queue), Err(_)) = (turn, &ended.result) {
        // Those who wait then find it out one by one.
        let _ = queue.record_failure();
    }
    ended
}

fn given(kept: Box<Kept>) -> Ended {
    Ok(SignedIn {
        kept: *kept,
        is_new: false,
        not_kept: None,
    })
    .into()
}
