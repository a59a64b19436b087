//! The end of a token before its time: the two calls of the Access Management API that are documented for it.

use super::granted::MAX_ANSWER;
use super::wire::{self, Asked, PlatformError};
use super::{Platform, Reason, form};
use crate::http::{HttpRequest, Method};
use crate::token::AccessToken;
use zeroize::Zeroizing;

impl Platform {
    /// Ends the session of a user, whose token then ends with it.
    ///
    /// # Errors
    /// [`PlatformError`]; a [`Reason::Unauthorized`] means that it has ended already.
    pub fn log_out(&self, token: &AccessToken) -> Result<(), PlatformError> {
        let path = ["accounts", "api", "logout"];
        // Told that no page is behind the question, the platform answers without a redirect to its sign-in page.
        let script = ("x-requested-with", "XMLHttpRequest");
        match self.end(Method::Get, path.as_slice(), script, None, token) {
            // It may redirect all the same, which is documented to be a success as well.
            Err(PlatformError::Redirected { status: 302, .. }) => Ok(()),
            result => result,
        }
    }

    /// Revokes the token of a connected app (RFC 7009).
    ///
    /// # Errors
    /// As of [`Platform::log_out`].
    pub fn revoke(&self, token: &AccessToken) -> Result<(), PlatformError> {
        let path = ["accounts", "api", "v2", "oauth2", "revoke"];
        let form = ("content-type", "application/x-www-form-urlencoded");
        let body = Some(request_body(token));
        self.end(Method::Post, path.as_slice(), form, body, token)
    }

    /// Whether the platform still takes a token; `None` where it does not say.
    pub fn takes(&self, token: &AccessToken) -> Option<bool> {
        match self.holder(token) {
            Ok(_) => Some(true),
            Err(PlatformError::Refused(refusal)) if refusal.reason == Reason::Unauthorized => {
                Some(false)
            }
            Err(_) => None,
        }
    }

    fn end(
        &self,
        method: Method,
        path: &[&str],
        header: (&'static str, &str),
        body: Option<Zeroizing<Vec<u8>>>,
        token: &AccessToken,
    ) -> Result<(), PlatformError> {
        let address = self.plane.address().at(path.iter().copied());
        let bearer = Zeroizing::new(format!("Bearer {}", token.expose()));
        let answer = self.client.send(HttpRequest {
            method,
            address: &address,
            headers: &[
                ("authorization", &bearer),
                ("accept", "application/json"),
                header,
            ],
            body,
            limit: MAX_ANSWER,
        })?;
        wire::accepted(Asked::End, &address, token.expose(), answer).map(drop)
    }
}

fn request_body(token: &AccessToken) -> Zeroizing<Vec<u8>> {
    form::body([
        ("token_type_hint", "access_token"),
        ("token", token.expose()),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    #[test]
    fn the_request_is_the_documented_form_in_one_piece() {
        let token = AccessToken::parse(Secret::new("a+b/c==".into())).unwrap();
        let body = request_body(&token);
        assert_eq!(
            body.as_slice(),
            b"token_type_hint=access_token&token=a%2Bb%2Fc%3D%3D"
        );
    }
}
