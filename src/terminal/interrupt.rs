//! Ctrl-C and termination, as something that a wait can end on.

use std::sync::Once;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// The exit code of an interrupted program, as shells count it: 128 + SIGINT.
const INTERRUPTED_CODE: i32 = 130;

static LISTENING: Once = Once::new();
static INTERRUPTED: AtomicBool = AtomicBool::new(false);
static WATCHES: AtomicUsize = AtomicUsize::new(0);

/// Takes Ctrl-C, SIGTERM and SIGHUP over. While a [`Watch`] lives, they are a value that it reports; otherwise, and the
/// second time in any case, they end the program at once with exit code 130.
///
/// Where the system refuses (another handler stands already), its own behaviour stays, which also ends the program.
fn listen() {
    let _ = ctrlc::set_handler(|| {
        let again = INTERRUPTED.swap(true, Ordering::SeqCst);
        if again || WATCHES.load(Ordering::SeqCst) == 0 {
            super::prompt::restore();
            std::process::exit(INTERRUPTED_CODE);
        }
    });
}

/// Takes the same signals over and makes nothing of them, however many come: for whoever has to outlast them.
pub fn outlast_interruptions() {
    LISTENING.call_once(|| {
        let _ = ctrlc::set_handler(|| {});
    });
}

/// Somebody who notices an interruption and ends in good order. Before the first one, signals end the program as the
/// system does it: what waits for nothing needs no thread that listens.
#[derive(Debug)]
pub struct Watch(());

impl Watch {
    /// Starts to watch.
    pub fn start() -> Self {
        LISTENING.call_once(listen);
        WATCHES.fetch_add(1, Ordering::SeqCst);
        Self(())
    }

    /// Whether the user has asked for the end.
    pub fn interrupted(&self) -> bool {
        INTERRUPTED.load(Ordering::SeqCst)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        WATCHES.fetch_sub(1, Ordering::SeqCst);
    }
}
