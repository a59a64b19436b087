//! The exchange: a checked response goes in, a token comes out.

use super::wire::{self, AnswerProblem, Asked, PlatformError};
use super::{Platform, PlatformAcs};
use crate::address::form_values;
use crate::http::{HttpRequest, Method};
use crate::saml::ValidResponse;
use crate::secret::Secret;
use crate::token::AccessToken;
use serde::Deserialize;
use zeroize::Zeroizing;

/// The most bytes of an answer to an exchange. Real ones have a few hundred.
const MAX_ANSWER: usize = 64 * 1024;

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
        let is_form = answer
            .header("content-type")
            .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
        token(&answer.body, is_form).map_err(|problem| PlatformError::Answer { asked, problem })
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

fn token(body: &[u8], is_form: bool) -> Result<AccessToken, AnswerProblem> {
    #[derive(Deserialize)]
    struct Granted {
        access_token: Option<String>,
    }
    let text = if is_form {
        let mut tokens = form_values(body, "access_token");
        // Two of them have no one meaning.
        tokens.pop().filter(|_| tokens.is_empty())
    } else {
        let granted: Granted =
            serde_json::from_slice(body).map_err(|error| match error.classify() {
                // Another type, or the field twice. The error's own words would quote the value.
                serde_json::error::Category::Data => AnswerProblem::Field("access_token"),
                _ => AnswerProblem::NotJson,
            })?;
        granted.access_token
    };
    let text = Secret::new(text.ok_or(AnswerProblem::Field("access_token"))?);
    AccessToken::parse(text).map_err(AnswerProblem::Token)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::TokenShape;

    fn json(body: &str) -> Result<String, AnswerProblem> {
        token(body.as_bytes(), false).map(|token| token.expose().to_owned())
    }

    #[test]
    fn the_request_is_the_documented_json() {
        let body = request_body("PHNhbWw+/w==");
        assert_eq!(body.as_slice(), br#"{"SAMLResponse":"PHNhbWw+/w=="}"#);
        assert_eq!(body.len(), body.capacity());
    }

    #[test]
    fn a_token_is_read_from_json_and_from_a_form() {
        let documented =
            r#"{"access_token":"8c4b-1","token_type":"bearer","redirectUrl":"/home/"}"#;
        assert_eq!(json(documented).as_deref(), Ok("8c4b-1"));
        let form = token(b"token_type=bearer&access_token=a%2Bb", true).unwrap();
        assert_eq!(form.expose(), "a+b");
    }

    #[test]
    fn anything_else_is_no_token() {
        let field = AnswerProblem::Field("access_token");
        for (body, problem) in [
            ("", AnswerProblem::NotJson),
            ("<html>access_token</html>", AnswerProblem::NotJson),
            ("{\"access_token\":\"a\"", AnswerProblem::NotJson),
            ("{\"access_token\":\"a\"} x", AnswerProblem::NotJson),
            ("[]", field),
            ("\"a\"", field),
            ("{}", field),
            (r#"{"access_token":null}"#, field),
            (r#"{"access_token":7}"#, field),
            (r#"{"access_token":["a"]}"#, field),
            (r#"{"access_token":"a","access_token":"b"}"#, field),
            (
                r#"{"access_token":""}"#,
                AnswerProblem::Token(TokenShape::Empty),
            ),
            (
                r#"{"access_token":"a'b"}"#,
                AnswerProblem::Token(TokenShape::Character(2)),
            ),
            (
                r#"{"access_token":"a\nb"}"#,
                AnswerProblem::Token(TokenShape::Character(2)),
            ),
            (
                r#"{"access_token":"\u001b[31m"}"#,
                AnswerProblem::Token(TokenShape::Character(1)),
            ),
        ] {
            assert_eq!(json(body), Err(problem), "{body}");
        }
        for form in ["", "access_token=a&access_token=b", "x=y"] {
            assert_eq!(token(form.as_bytes(), true).unwrap_err(), field, "{form}");
        }
    }

    #[test]
    fn a_problem_does_not_quote_the_answer() {
        for body in [
            r#"{"access_token":12345678901234}"#,
            r#"{"access_token":"12345678901234'"}"#,
            "12345678901234",
        ] {
            let problem = token(body.as_bytes(), false).unwrap_err();
            assert!(
                !format!("{problem} {problem:?}").contains("1234567890"),
                "{problem}"
            );
        }
    }
}
