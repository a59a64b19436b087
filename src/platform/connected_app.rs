//! A connected app's id and secret for a token (RFC 6749 section 4.4).

use super::granted::{Granted, MAX_ANSWER};
use super::wire::{self, Asked, PlatformError};
use super::{Platform, form};
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
    form::body([
        ("grant_type", "client_credentials"),
        ("client_id", client_id),
        ("client_secret", secret.expose()),
    ])
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
    }
}
