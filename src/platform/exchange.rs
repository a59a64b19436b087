//! The exchange: a checked response goes in, a token comes out.

use super::granted::{Granted, MAX_ANSWER};
use super::wire::{self, Asked, PlatformError};
use super::{Platform, PlatformAcs};
use crate::http::{HttpRequest, Method};
use crate::saml::ValidResponse;
use crate::token::AccessToken;
use zeroize::Zeroizing;

impl Platform {
    /// Exchanges a response for a token, once. A second attempt needs a new login: what the platform did with the
    /// first one cannot be known.
    ///
    /// # Errors
    /// [`PlatformError`].
    pub fn exchange(
        &self,
        acs: &PlatformAcs,
        response: &ValidResponse,
    ) -> Result<AccessToken, PlatformError> {
        self.exchange_base64(acs, response.posted().base64())
    }

    fn exchange_base64(
        &self,
        acs: &PlatformAcs,
        base64: &str,
    ) -> Result<AccessToken, PlatformError> {
        let asked = Asked::Exchange;
        let address = acs.receive_address();
        let answer = self.client.send(HttpRequest {
            method: Method::Post,
            address,
            headers: &[
                ("content-type", "application/json"),
                ("x-requested-with", "XMLHttpRequest"),
                ("accept", "application/json"),
            ],
            body: Some(request_body(base64)),
            limit: MAX_ANSWER,
        })?;
        let answer = wire::accepted(asked, address, base64, answer)?;
        Ok(Granted::read(asked, &answer)?.token)
    }
}

/// `{"SAMLResponse":"…"}`. Base64 has no character that JSON would have to escape. Made in one piece of the right
/// size, so that no copy is left behind unwiped.
fn request_body(base64: &str) -> Zeroizing<Vec<u8>> {
    let parts = [r#"{"SAMLResponse":""#, base64, r#""}"#];
    let mut body = Zeroizing::new(Vec::with_capacity(
        parts.iter().map(|part| part.len()).sum(),
    ));
    for part in parts {
        body.extend_from_slice(part.as_bytes());
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_request_is_the_documented_json() {
        let body = request_body("PHNhbWw+/w==");
        assert_eq!(body.as_slice(), br#"{"SAMLResponse":"PHNhbWw+/w=="}"#);
        assert_eq!(body.len(), body.capacity());
    }
}
