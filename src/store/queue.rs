//! One login at a time for each key: who asks meanwhile waits, and finds the token that the first one kept.

use super::file::Directory;
use super::{Key, StoreError, TokenStore};
use crate::secret::nonce;
use std::fs::{File, TryLockError};
use std::path::PathBuf;
use zeroize::Zeroizing;

/// The most bytes that tell one failed login from the next.
const MAX_MARK: usize = 64;

/// A place in the line of those who want to log in under one key. The turn ends with this value, and with the process
/// however that ends: the system itself takes the lock back.
pub struct LoginQueue {
    directory: Directory,
    lock: File,
    lock_path: PathBuf,
    /// The name of the file that the last failed login has marked.
    failures: String,
    /// The mark that was there when this place was taken.
    seen: Option<Zeroizing<Vec<u8>>>,
}

impl TokenStore {
    /// Stands in line for a login under this key. Missing directories are made, as for [`TokenStore::save`].
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn queue(&self, key: &Key) -> Result<LoginQueue, StoreError> {
        let directory = Directory::create_own(&self.directory)?;
        let failures = format!(".login-{}.failed", key.file_name());
        let lock = format!(".login-{}.lock", key.file_name());
        Ok(LoginQueue {
            seen: directory.read(&failures, MAX_MARK)?,
            lock: directory.open_lock(&lock)?,
            lock_path: self.directory.join(lock),
            directory,
            failures,
        })
    }
}

impl LoginQueue {
    /// Whether it is our turn, from now on until this value is dropped. Never waits.
    ///
    /// # Errors
    /// [`StoreError`] when the system has no locks to give here.
    pub fn try_turn(&self) -> Result<bool, StoreError> {
        match self.lock.try_lock() {
            Ok(()) => Ok(true),
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(error)) => Err(StoreError::Io {
                doing: "lock",
                path: self.lock_path.clone(),
                error,
            }),
        }
    }

    /// Whether somebody's login has failed since this place in the line was taken. One that was killed has not: it could
    /// not say so, and the next in line takes over.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn has_failed(&self) -> Result<bool, StoreError> {
        Ok(self.directory.read(&self.failures, MAX_MARK)? != self.seen)
    }

    /// Tells everybody who is in line that the login has failed.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn record_failure(&self) -> Result<(), StoreError> {
        let _lock = self.directory.lock()?;
        // Without randomness there has been no login that could fail.
        let mark = nonce().unwrap_or_default();
        self.directory.replace(&self.failures, mark.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line() -> (tempfile::TempDir, TokenStore, Key) {
        let directory = tempfile::tempdir().unwrap();
        let store = TokenStore::open(directory.path());
        (directory, store, Key::new("work").unwrap())
    }

    #[test]
    fn there_is_one_turn_for_each_key() {
        let (_directory, store, key) = line();
        let first = store.queue(&key).unwrap();
        let second = store.queue(&key).unwrap();
        let other = store.queue(&Key::new("Work").unwrap()).unwrap();
        assert!(first.try_turn().unwrap());
        assert!(!second.try_turn().unwrap());
        assert!(other.try_turn().unwrap());
        drop(first);
        assert!(second.try_turn().unwrap());
    }

    #[test]
    fn a_failure_is_told_to_those_who_are_in_line_and_to_nobody_later() {
        let (_directory, store, key) = line();
        let first = store.queue(&key).unwrap();
        let second = store.queue(&key).unwrap();
        assert!(!second.has_failed().unwrap());
        first.record_failure().unwrap();
        assert!(second.has_failed().unwrap());
        let third = store.queue(&key).unwrap();
        assert!(!third.has_failed().unwrap());
        second.record_failure().unwrap();
        assert!(third.has_failed().unwrap());
        assert!(store.list().unwrap().is_empty());
    }
}
