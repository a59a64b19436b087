//! The bearer token and its shape.

use crate::secret::Secret;
use thiserror::Error;

/// A bearer token of the platform: RFC 6750 section 2.1 `b64token`, at most [`AccessToken::MAX_LENGTH`] characters.
///
/// The platform's tokens are UUIDs so far, but it documents them as opaque. The shape is checked because the token
/// goes into shells, headers and configuration files: nothing in this alphabet has a meaning to any of them.
#[derive(Clone, Debug)]
pub struct AccessToken(Secret);

/// Why a text is no bearer token. The text itself is never part of it.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum TokenShape {
    /// Nothing there.
    #[error("the token is empty")]
    Empty,
    /// Longer than [`AccessToken::MAX_LENGTH`].
    #[error("the token has {0} characters, more than {max}", max = AccessToken::MAX_LENGTH)]
    TooLong(usize),
    /// A character outside `A-Z a-z 0-9 - . _ ~ + /` and trailing `=`.
    #[error("the token has a character that RFC 6750 does not allow in one, at position {0}")]
    Character(usize),
}

impl AccessToken {
    /// The longest token taken. Today's have 36 characters; JWTs of other platforms stay below this.
    pub const MAX_LENGTH: usize = 4096;

    /// Checks the shape and takes the text over.
    ///
    /// # Errors
    /// [`TokenShape`] says what is wrong with it.
    pub fn parse(text: Secret) -> Result<Self, TokenShape> {
        let bytes = text.expose().as_bytes();
        if bytes.is_empty() {
            return Err(TokenShape::Empty);
        }
        if bytes.len() > Self::MAX_LENGTH {
            return Err(TokenShape::TooLong(bytes.len()));
        }
        let padding = bytes.iter().rev().take_while(|byte| **byte == b'=').count();
        let body = &bytes[..bytes.len() - padding];
        let stranger = |byte: &u8| !(byte.is_ascii_alphanumeric() || b"-._~+/".contains(byte));
        match body.iter().position(stranger) {
            Some(position) => Err(TokenShape::Character(position + 1)),
            None if body.is_empty() => Err(TokenShape::Character(1)),
            None => Ok(Self(text)),
        }
    }

    /// The token itself. Whoever calls this answers for where it goes.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<AccessToken, TokenShape> {
        AccessToken::parse(Secret::new(text.into()))
    }

    #[test]
    fn takes_what_rfc_6750_calls_a_token() {
        for text in [
            "8c4ba5b5-6e15-4a54-9d9c-000000000001",
            "a",
            "aA0-._~+/==",
            &"x".repeat(4096),
        ] {
            assert!(parse(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn refuses_everything_else() {
        let cases = [
            ("", TokenShape::Empty),
            ("=", TokenShape::Character(1)),
            ("a=b", TokenShape::Character(2)),
            ("a'b", TokenShape::Character(2)),
            ("a b", TokenShape::Character(2)),
            ("ab\n", TokenShape::Character(3)),
            ("\u{1b}[31m", TokenShape::Character(1)),
            ("$(id)", TokenShape::Character(1)),
            ("tökén", TokenShape::Character(2)),
        ];
        for (text, why) in cases {
            assert_eq!(parse(text).unwrap_err(), why, "{text:?}");
        }
        assert_eq!(
            parse(&"x".repeat(4097)).unwrap_err(),
            TokenShape::TooLong(4097)
        );
    }

    #[test]
    fn a_refusal_and_a_token_do_not_show_the_text() {
        assert!(!format!("{:?}", parse("visible").unwrap()).contains("visible"));
        assert!(
            !parse("visible'")
                .unwrap_err()
                .to_string()
                .contains("visible")
        );
    }
}
