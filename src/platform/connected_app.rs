//! A connected app's id and secret for a token (RFC 6749 section 4.4).

use super::Platform;
use super::granted::{Granted, MAX_ANSWER};
use super::wire::{self, Asked, PlatformError};
use crate::address::form_pieces;
use crate::http::{HttpRequest, Method};
use crate::secret::Secret;
use zeroize::Zeroizing;

impl Platform {
    /// Asks for a token as a connected app, once.
    ///
    /// # Errors
    /// [`PlatformError`].
    pub fn client_credentials(
        &self,
        client_id: &str,
        secret: &Secret,
    ) -> Result<Granted, PlatformError> {
        let asked = Asked::ConnectedApp;
        let path = ["accounts", "api", "v2", "oauth2", "token"];
        let address = self.plane.address().at(path);
        let answer = self.client.send(HttpRequest {
            method: Method::Post,
            address: &address,
            headers: &[
                ("content-type", "application/x-www-form-urlencoded"),
                ("accept", "application/json"),
            ],
            body: Some(request_body(client_id, secret)),
            limit: MAX_ANSWER,
        })?;
        let answer = wire::accepted(asked, &address, secret.expose(), answer)?;
        Granted::read(asked, &answer)
    }
}

fn request_body(client_id: &str, secret: &Secret) -> Zeroizing<Vec<u8>> {
    let parts = [
        ("grant_type=", "client_credentials"),
        ("&client_id=", client_id),
        ("&client_secret=", secret.expose()),
    ];
    // A form writes a byte as at most three, so this has room for the whole and no copy is left behind by one that grows.
    let room = parts
        .iter()
        .map(|(name, value)| name.len() + 3 * value.len());
    let mut body = Zeroizing::new(Vec::with_capacity(room.sum()));
    for (name, value) in parts {
        body.extend_from_slice(name.as_bytes());
        for piece in form_pieces(value) {
            body.extend_from_slice(piece.as_bytes());
        }
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_request_is_the_documented_form_in_one_piece() {
        let body = |id: &str, secret: &str| request_body(id, &Secret::new(secret.into()));
        assert_eq!(
            body("app", "a+b&c=d é").as_slice(),
            b"grant_type=client_credentials&client_id=app&client_secret=a%2Bb%26c%3Dd+%C3%A9"
        );
        let longest = "&".repeat(1024);
        let body = body(&longest, &longest);
        assert_eq!(
            body.len(),
            3 * 2048 + "grant_type=client_credentials&client_id=&client_secret=".len()
        );
        assert!(body.len() <= body.capacity());
    }
}
