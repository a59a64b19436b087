//! What is said about a place to keep things that cannot be used.

use super::{FAILED, NO_TOKEN, Words};
use crate::store::{KeychainError, StoreError, Unsafe};
use std::io::ErrorKind;

/// The words for a file or directory that cannot be used.
pub(in crate::commands) fn store(error: &StoreError) -> Words {
    Words::new(FAILED, error).hints(match error {
        StoreError::Broken { .. } | StoreError::Newer { .. } => {
            Some("anyp-saml login replaces it.")
        }
        StoreError::Unknowable { .. } => {
            Some("Remove it to begin anew: the next login then shows the key and the user again.")
        }
        StoreError::Unsafe { problem, .. } => match problem {
            Unsafe::Owner(_) => {
                // In a container the home directory is often another user's than the one that the command runs as.
                Some(
                    "Its owner can exchange what is kept there. Set XDG_STATE_HOME to a directory of your own for the \
                     kept tokens, and give --token-file another path.",
                )
            }
            Unsafe::Writable(_) => Some("chmod go-w keeps it yours."),
            Unsafe::Readable(_) => {
                Some("Whoever could read it may have the token: chmod go-rwx, and sign in again.")
            }
            Unsafe::Symlink | Unsafe::SymlinkLoop => {
                Some("Name the place it leads to, or move it away.")
            }
            Unsafe::NotDirectory | Unsafe::Directory | Unsafe::NotRegular | Unsafe::TooLarge => {
                Some("Move it away.")
            }
        },
        StoreError::Keychain(problem) => return keychain(problem),
        StoreError::BrowserBusy { .. } => Some(
            "Finish the other login, or close its browser; --fresh-browser signs in with a browser of its own.",
        ),
        StoreError::Busy { .. } => Some("End the other program, or try again."),
        StoreError::NoFileName { .. } => Some("Give a path that ends in a file's name."),
        StoreError::Io { error, .. } => match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => Some(
                "Make room there. XDG_STATE_HOME names another place for the kept tokens, --token-file for a token's file.",
            ),
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => Some(
                "XDG_STATE_HOME names another place for the kept tokens, --token-file for a token's file: it must be one \
                 that you may write to.",
            ),
            ErrorKind::NotFound => Some("Make the directory first."),
            _ => None,
        },
    })
}

/// What does without a keychain.
const IN_A_FILE: &str = "A file of mode 0600 keeps tokens without it: store = \"file\" in the profile, or --store file.";

fn keychain(error: &KeychainError) -> Words {
    match error {
        KeychainError::Gone => Words::new(NO_TOKEN, error).hint("anyp-saml login gets a new one."),
        KeychainError::Denied(_) | KeychainError::NoAnswer => Words::new(FAILED, error)
            .hint("Unlock it, in a session of the desktop.")
            .hint(IN_A_FILE),
        KeychainError::Absent(_) | KeychainError::TooLong(_) | KeychainError::Failed(_) => {
            Words::new(FAILED, error).hint(IN_A_FILE)
        }
    }
}
