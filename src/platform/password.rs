//! User name and password for a token.

use super::Platform;
use super::granted::{Granted, MAX_ANSWER};
use super::wire::{self, Asked, PlatformError};
use crate::http::{HttpRequest, Method};
use crate::secret::Secret;
use crate::token::AccessToken;
use serde::Serialize;
use zeroize::Zeroizing;

impl Platform {
    /// Asks for a token with user name and password, once.
    ///
    /// # Errors
    /// [`PlatformError`]; [`PlatformError::SecondFactor`] where these two are not enough.
    pub fn log_in(&self, username: &str, password: &Secret) -> Result<AccessToken, PlatformError> {
        let asked = Asked::Password;
        let address = self.plane.address().at(["accounts", "login"]);
        let answer = self.client.send(HttpRequest {
            method: Method::Post,
            address: &address,
            headers: &[
                ("content-type", "application/json"),
                ("accept", "application/json"),
            ],
            body: Some(request_body(username, password)),
            limit: MAX_ANSWER,
        })?;
        let answer = wire::accepted(asked, &address, password.expose(), answer)?;
        Ok(Granted::read(asked, &answer)?.token)
    }
}

fn request_body(username: &str, password: &Secret) -> Zeroizing<Vec<u8>> {
    #[derive(Serialize)]
    struct Credentials<'a> {
        username: &'a str,
        password: &'a str,
    }
    let credentials = Credentials {
        username,
        password: password.expose(),
    };
    // JSON writes a byte as at most six, so this has room for the whole and no copy is left behind by one that grows.
    let room = 6 * (username.len() + password.size()) + 64;
    let mut body = Zeroizing::new(Vec::with_capacity(room));
    // Two texts always have a JSON form, and writing to memory does not fail.
    let _ = serde_json::to_writer(&mut *body, &credentials);
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_request_is_the_documented_json_in_one_piece() {
        let body = |name: &str, password: &str| request_body(name, &Secret::new(password.into()));
        assert_eq!(
            body("ada", "pä\"ss\\").as_slice(),
            r#"{"username":"ada","password":"pä\"ss\\"}"#.as_bytes()
        );
        let longest = "\u{1}".repeat(1024);
        let body = body(&longest, &longest);
        assert_eq!(body.capacity(), 6 * 2048 + 64);
    }
}
