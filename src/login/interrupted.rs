//! Waits that Ctrl-C ends in good order.

use crate::terminal::Watch;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

/// How often a wait looks whether the user has ended it.
const TICK: Duration = Duration::from_millis(50);

/// What the work gives, or nothing when the user ends the wait first. The work then goes on alone until the program
/// ends: what it has asked cannot be taken back.
pub(super) fn or<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let watch = Watch::start();
    let (give, given) = mpsc::channel();
    thread::spawn(move || {
        // Nobody waits for it any more when the user has ended the login.
        let _ = give.send(work());
    });
    loop {
        match given.recv_timeout(TICK) {
            Ok(result) => return Some(result),
            Err(RecvTimeoutError::Timeout) if !watch.interrupted() => {}
            Err(_) => return None,
        }
    }
}
