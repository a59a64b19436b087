//! A store that leaves nothing behind.

use super::{StoreError, TokenStore};
use crate::secret::nonce;
use std::fs::{DirBuilder, remove_dir_all};
use std::io;
use std::path::PathBuf;

/// A store in a new directory of its own, which is removed when this is dropped: for a login that nobody should find
/// afterwards.
#[derive(Debug)]
pub struct TemporaryStore {
    directory: PathBuf,
    store: TokenStore,
}

impl TemporaryStore {
    /// Makes the directory, under a name that nobody knows.
    ///
    /// # Errors
    /// [`StoreError::Io`] when the system has no place for it.
    pub fn new() -> Result<Self, StoreError> {
        let place = std::env::temp_dir();
        let made = nonce()
            .ok_or_else(|| io::Error::other("the system has no randomness to give"))
            .and_then(|nonce| {
                let directory = place.join(format!("anyp-saml-{nonce}"));
                for_the_user_alone().create(&directory).map(|()| directory)
            });
        match made {
            Ok(directory) => Ok(Self {
                store: TokenStore::open(&directory),
                directory,
            }),
            Err(error) => Err(StoreError::Io {
                doing: "make a directory in",
                path: place,
                error,
            }),
        }
    }

    /// The store.
    pub fn store(&self) -> &TokenStore {
        &self.store
    }
}

impl Drop for TemporaryStore {
    fn drop(&mut self) {
        // What cannot be removed now is the system's to remove, as everything in its directory for such files.
        let _ = remove_dir_all(&self.directory);
    }
}

/// A directory that is new and, from its first moment, nobody else's to enter.
fn for_the_user_alone() -> DirBuilder {
    #[allow(unused_mut, reason = "there is no mode to set elsewhere")]
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

#[cfg(test)]
mod tests {
    use super::super::{About, Kept, Key, Method};
    use super::*;
    use crate::address::WebAddress;
    use crate::secret::Secret;
    use crate::time::Timestamp;
    use crate::token::AccessToken;

    #[test]
    fn nothing_of_it_is_left() {
        let temporary = TemporaryStore::new().unwrap();
        let directory = temporary.directory.clone();
        let key = Key::new("demo").unwrap();
        let token = AccessToken::parse(Secret::new("a-token".into())).unwrap();
        let plane = WebAddress::parse("http://127.0.0.1:1/").unwrap();
        let about = About::new(Method::Saml, plane, Timestamp::UNIX_EPOCH);
        let kept = Kept { token, about };
        temporary.store().save(&key, &kept).unwrap();
        assert!(temporary.store().load(&key).unwrap().is_some());
        drop(temporary);
        assert!(!directory.exists());
    }

    #[cfg(unix)]
    #[test]
    fn it_is_the_users_alone() {
        use std::os::unix::fs::PermissionsExt;
        let temporary = TemporaryStore::new().unwrap();
        let mode = temporary.directory.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
    }
}
