//! Connected apps' secrets, which only the keychain keeps: they outlive every token.

use super::{KeychainError, StoreError, TokenStore, keychain};
use crate::address::WebAddress;
use crate::secret::Secret;
use zeroize::Zeroizing;

impl TokenStore {
    /// The secret that is kept for an app of this plane; `None` when none is.
    ///
    /// # Errors
    /// [`StoreError::Keychain`]
    pub fn client_secret(
        &self,
        plane: &WebAddress,
        client_id: &str,
    ) -> Result<Option<Secret>, StoreError> {
        let Some(bytes) = keychain::read(&name(plane, client_id))? else {
            return Ok(None);
        };
        match Secret::from_utf8(bytes.to_vec()) {
            Some(secret) => Ok(Some(secret)),
            None => Err(KeychainError::Failed("the client secret in it is not text".into()).into()),
        }
    }

    /// Keeps an app's secret, in place of the one that was there.
    ///
    /// # Errors
    /// [`StoreError::Keychain`]
    pub fn save_client_secret(
        &self,
        plane: &WebAddress,
        client_id: &str,
        secret: &Secret,
    ) -> Result<(), StoreError> {
        let bytes = Zeroizing::new(secret.expose().as_bytes().to_vec());
        Ok(keychain::write(&name(plane, client_id), &bytes)?)
    }

    /// Forgets an app's secret; says whether one was kept.
    ///
    /// # Errors
    /// [`StoreError::Keychain`]
    pub fn remove_client_secret(
        &self,
        plane: &WebAddress,
        client_id: &str,
    ) -> Result<bool, StoreError> {
        Ok(keychain::delete(&name(plane, client_id))?)
    }
}

/// What it is called in the keychain: it is the app's, whatever profiles use it.
fn name(plane: &WebAddress, client_id: &str) -> String {
    format!("client secret of {client_id} at {}", plane.origin())
}
