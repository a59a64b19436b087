//! The system's keychain: Keychain Services on macOS, the Credential Manager on Windows, and elsewhere whatever answers as
//! the Secret Service on the session's D-Bus (GNOME Keyring, KWallet, KeePassXC).
//!
//! It may be locked, and ask the user for its password in a window of its own for as long as it likes. So every question is
//! asked on a thread of its own, and waited for within limits.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;
use thiserror::Error;
use zeroize::Zeroizing;

/// How long an answer is waited for: enough to type the password of a locked keychain.
const PATIENCE: Duration = Duration::from_secs(60);

/// Why the keychain did not do what it was asked for. Nothing that is kept in it is part of this.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum KeychainError {
    /// There is none, or none that can be reached from here.
    #[error("there is no keychain to be reached here: {0}")]
    Absent(String),
    /// It is there, and does not let us in.
    #[error("the keychain is locked, or did not let anyp-saml in: {0}")]
    Denied(String),
    /// It does not answer.
    #[error("the keychain did not answer within {} seconds: it may be waiting for its password", PATIENCE.as_secs())]
    NoAnswer,
    /// More than it takes, in bytes.
    #[error("the keychain takes at most {0} bytes, which is less than this token has")]
    TooLong(u32),
    /// It has failed.
    #[error("the keychain has failed: {0}")]
    Failed(String),
    /// It does not have what it was given.
    #[error("the token is not in the keychain any more")]
    Gone,
}

/// What is kept under a name; `None` when nothing is.
///
/// # Errors
/// [`KeychainError`]
pub(super) fn read(name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, KeychainError> {
    let name = name.to_owned();
    within(PATIENCE, move || system::read(&name))
}

/// Keeps a secret under a name, in place of the one that was there.
///
/// # Errors
/// [`KeychainError`]; what was kept before is then whole.
pub(super) fn write(name: &str, secret: &Zeroizing<Vec<u8>>) -> Result<(), KeychainError> {
    let (name, secret) = (name.to_owned(), secret.clone());
    within(PATIENCE, move || system::write(&name, &secret))
}

/// Forgets what is kept under a name; says whether there was something.
///
/// # Errors
/// [`KeychainError`]
pub(super) fn delete(name: &str) -> Result<bool, KeychainError> {
    let name = name.to_owned();
    within(PATIENCE, move || system::delete(&name))
}

/// What the keychain answers, if it answers in time. What was asked goes on alone otherwise, until the program ends.
fn within<T: Send + 'static>(
    patience: Duration,
    ask: impl FnOnce() -> Result<T, KeychainError> + Send + 'static,
) -> Result<T, KeychainError> {
    let (answer, answered) = mpsc::channel();
    thread::spawn(move || {
        // Nobody waits for it any more when the time is over.
        let _ = answer.send(ask());
    });
    match answered.recv_timeout(patience) {
        Ok(result) => result,
        Err(RecvTimeoutError::Timeout) => Err(KeychainError::NoAnswer),
        Err(RecvTimeoutError::Disconnected) => {
            Err(KeychainError::Failed("it broke off".to_owned()))
        }
    }
}

#[cfg(feature = "keychain")]
mod system {
    use super::KeychainError;
    use crate::foreign::brief;
    use keyring::{Entry, Error};
    use zeroize::Zeroizing;

    /// What everything of ours is kept under.
    const SERVICE: &str = "anyp-saml";

    pub(super) fn read(name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, KeychainError> {
        match entry(name)?.get_secret() {
            Ok(secret) => Ok(Some(Zeroizing::new(secret))),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(problem(&error)),
        }
    }

    pub(super) fn write(name: &str, secret: &[u8]) -> Result<(), KeychainError> {
        let written = entry(name)?.set_secret(secret);
        written.map_err(|error| problem(&error))
    }

    pub(super) fn delete(name: &str) -> Result<bool, KeychainError> {
        match entry(name)?.delete_credential() {
            Ok(()) => Ok(true),
            Err(Error::NoEntry) => Ok(false),
            Err(error) => Err(problem(&error)),
        }
    }

    fn entry(name: &str) -> Result<Entry, KeychainError> {
        match Entry::store_status() {
            Ok(()) => Entry::new(SERVICE, name).map_err(|error| problem(&error)),
            Err(error) => Err(KeychainError::Absent(format!("{WHERE} ({})", words(error)))),
        }
    }

    /// Where it was looked for.
    const WHERE: &str = if cfg!(any(windows, target_os = "macos")) {
        "the system's own does not answer"
    } else {
        "no Secret Service answers on the session's D-Bus"
    };

    fn problem(error: &Error) -> KeychainError {
        match error {
            Error::NoStorageAccess(_) => KeychainError::Denied(words(error)),
            Error::TooLong(_, most) => KeychainError::TooLong(*most),
            // The words of these hold what is kept.
            Error::BadEncoding(_) | Error::BadDataFormat(..) => {
                KeychainError::Failed("what it holds cannot be read".to_owned())
            }
            Error::Ambiguous(_) => {
                KeychainError::Failed("it holds more than one secret of that name".to_owned())
            }
            error => KeychainError::Failed(words(error)),
        }
    }

    /// The words of the innermost cause, which is the system's own.
    fn words(error: &Error) -> String {
        let mut cause: &dyn std::error::Error = error;
        while let Some(inner) = cause.source() {
            cause = inner;
        }
        brief(&cause.to_string())
    }
}

#[cfg(not(feature = "keychain"))]
mod system {
    use super::KeychainError;
    use zeroize::Zeroizing;

    pub(super) fn read(_: &str) -> Result<Option<Zeroizing<Vec<u8>>>, KeychainError> {
        absent()
    }

    pub(super) fn write(_: &str, _: &[u8]) -> Result<(), KeychainError> {
        absent()
    }

    pub(super) fn delete(_: &str) -> Result<bool, KeychainError> {
        absent()
    }

    fn absent<T>() -> Result<T, KeychainError> {
        Err(KeychainError::Absent(
            "anyp-saml was built without its feature \"keychain\"".to_owned(),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_keychain_that_does_not_answer_is_left() {
        let (_never, hang) = mpsc::channel::<()>();
        let asked = within(Duration::from_millis(10), move || {
            let _ = hang.recv();
            Ok(())
        });
        assert_eq!(asked, Err(KeychainError::NoAnswer));
        assert_eq!(within(PATIENCE, || Ok(7)), Ok(7));
        let broken = within(PATIENCE, || -> Result<(), _> {
            panic!("what a crate of others may do")
        });
        assert!(matches!(broken, Err(KeychainError::Failed(_))));
    }
}
