//! Values that must not be seen: tokens, raw responses, nonces.
//!
//! A [`Secret`] has no `Display`, its `Debug` is redacted, its memory is wiped when it is dropped, and
//! [`Secret::expose`] is the one way to its text, so that every place that opens one can be found by name.

use ring::rand::{SecureRandom, SystemRandom};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroize;

/// A text that is never shown.
#[derive(Clone, Debug)]
pub struct Secret(SecretString);

impl Secret {
    /// Takes a text over.
    pub fn new(text: String) -> Self {
        Self(SecretString::from(text))
    }

    /// Takes bytes over that should be UTF-8; `None` when they are not. Either way the bytes are wiped or owned.
    pub fn from_utf8(bytes: Vec<u8>) -> Option<Self> {
        match String::from_utf8(bytes) {
            Ok(text) => Some(Self::new(text)),
            Err(error) => {
                error.into_bytes().zeroize();
                None
            }
        }
    }

    /// The text itself. Whoever calls this answers for where it goes.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// The length of the text in bytes, which may be shown.
    pub fn size(&self) -> usize {
        self.expose().len()
    }

    /// Whether both texts are the same, in a time that depends on their lengths alone.
    pub fn equals(&self, other: &str) -> bool {
        // `deprecated_constant_time` is ring's own name for the only comparison it still offers.
        #[allow(deprecated)]
        ring::constant_time::verify_slices_are_equal(self.expose().as_bytes(), other.as_bytes())
            .is_ok()
    }
}

/// 128 unguessable bits as 32 lower-case hexadecimal digits, or `None` when the system has no randomness to give.
pub fn nonce() -> Option<String> {
    let mut bytes = [0; 16];
    SystemRandom::new().fill(&mut bytes).ok()?;
    Some(crate::encoding::hexadecimal(&bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing_of_the_text() {
        let shown = format!("{:?}", Secret::new("hunter2".into()));
        assert!(!shown.contains("hunter2"), "{shown}");
        assert!(shown.contains("REDACTED"), "{shown}");
    }

    #[test]
    fn equals_compares_whole_texts() {
        let secret = Secret::new("abc".into());
        assert!(secret.equals("abc"));
        assert!(!secret.equals("abd"));
        assert!(!secret.equals("ab"));
        assert!(!secret.equals(""));
    }

    #[test]
    fn bytes_that_are_not_text_are_no_secret() {
        assert!(Secret::from_utf8(vec![0xff]).is_none());
        assert_eq!(Secret::from_utf8(b"ok".to_vec()).map(|s| s.size()), Some(2));
    }

    #[test]
    fn nonces_differ() {
        let (one, two) = (nonce().unwrap(), nonce().unwrap());
        assert_eq!(one.len(), 32);
        assert_ne!(one, two);
    }
}
