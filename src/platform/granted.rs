//! What the platform answers when it gives a token.

use super::wire::{AnswerProblem, Asked, PlatformError};
use crate::address::form_values;
use crate::http::Answer;
use crate::secret::Secret;
use crate::time::SignedDuration;
use crate::token::AccessToken;
use serde::Deserialize;

/// The most bytes of an answer with a token in it. Real ones have a few hundred.
pub(super) const MAX_ANSWER: usize = 64 * 1024;

/// No token lives longer than this many seconds, 30 days; defaults end far below.
const MAX_LIFE: i64 = 30 * 24 * 60 * 60;

/// A token that the platform has given, and how long it says that it lives, where it says so.
#[derive(Debug)]
pub struct Granted {
    /// The token.
    pub token: AccessToken,
    /// Its life, from when it was given.
    pub lasts: Option<SignedDuration>,
}

impl Granted {
    /// Reads an answer whose status is good.
    pub(super) fn read(asked: Asked, answer: &Answer) -> Result<Self, PlatformError> {
        let is_form = answer
            .header("content-type")
            .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
        Self::parse(&answer.body, is_form).map_err(|problem| match problem {
            // Only after a password is this what it means.
            Problem::SecondFactor if asked == Asked::Password => PlatformError::SecondFactor,
            Problem::SecondFactor => PlatformError::Answer {
                asked,
                problem: AnswerProblem::Field("access_token"),
            },
            Problem::Answer(problem) => PlatformError::Answer { asked, problem },
        })
    }

    fn parse(body: &[u8], is_form: bool) -> Result<Self, Problem> {
        #[derive(Deserialize)]
        struct Fields {
            access_token: Option<String>,
            expires_in: Option<serde_json::Value>,
            /// Where to go on with a second factor, in place of a token.
            url: Option<serde_json::Value>,
        }
        let fields = if is_form {
            let mut tokens = form_values(body, "access_token");
            Fields {
                // Two of them have no one meaning.
                access_token: tokens.pop().filter(|_| tokens.is_empty()),
                expires_in: None,
                url: None,
            }
        } else {
            serde_json::from_slice(body).map_err(|error| match error.classify() {
                // Another type, or the field twice. The error's own words would quote the value.
                serde_json::error::Category::Data => AnswerProblem::Field("access_token"),
                _ => AnswerProblem::NotJson,
            })?
        };
        let text = match (fields.access_token, fields.url) {
            (Some(text), _) => Secret::new(text),
            (None, Some(_)) => return Err(Problem::SecondFactor),
            (None, None) => return Err(AnswerProblem::Field("access_token").into()),
        };
        let seconds = fields.expires_in.and_then(|value| value.as_i64());
        Ok(Self {
            token: AccessToken::parse(text).map_err(AnswerProblem::Token)?,
            // Anything else is not known rather than guessed.
            lasts: seconds
                .filter(|seconds| (1..=MAX_LIFE).contains(seconds))
                .map(SignedDuration::from_secs),
        })
    }
}

/// Why there is no token in an answer.
#[derive(Debug, PartialEq, Eq)]
enum Problem {
    /// There will be one once a second factor was given.
    SecondFactor,
    /// It is no such answer.
    Answer(AnswerProblem),
}

impl From<AnswerProblem> for Problem {
    fn from(problem: AnswerProblem) -> Self {
        Self::Answer(problem)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::TokenShape;

    fn json(body: &str) -> Result<String, Problem> {
        Granted::parse(body.as_bytes(), false).map(|granted| granted.token.expose().to_owned())
    }

    #[test]
    fn a_token_is_read_from_json_and_from_a_form() {
        let documented =
            r#"{"access_token":"8c4b-1","token_type":"bearer","redirectUrl":"/home/"}"#;
        assert_eq!(json(documented).as_deref(), Ok("8c4b-1"));
        let form = Granted::parse(b"token_type=bearer&access_token=a%2Bb", true).unwrap();
        assert_eq!((form.token.expose(), form.lasts), ("a+b", None));
    }

    #[test]
    fn how_long_it_lives_is_taken_within_reason() {
        let lasts = |value: &str| {
            let body = format!(r#"{{"access_token":"a","expires_in":{value}}}"#);
            Granted::parse(body.as_bytes(), false).unwrap().lasts
        };
        assert_eq!(lasts("3600"), Some(SignedDuration::from_hours(1)));
        assert_eq!(lasts("2592000"), Some(SignedDuration::from_hours(720)));
        for value in [
            "0", "-1", "2592001", "1.5", "1e300", "\"3600\"", "null", "[1]",
        ] {
            assert_eq!(lasts(value), None, "{value}");
        }
    }

    #[test]
    fn a_second_factor_is_told_from_an_answer_without_a_token() {
        let wanted = r#"{"url":"/accounts/login/mfa","body":{"state":"x"}}"#;
        assert_eq!(json(wanted), Err(Problem::SecondFactor));
        let both = r#"{"url":"/home","access_token":"a"}"#;
        assert_eq!(json(both).as_deref(), Ok("a"));
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
            assert_eq!(json(body), Err(problem.into()), "{body}");
        }
        for form in ["", "access_token=a&access_token=b", "x=y"] {
            let refused = Granted::parse(form.as_bytes(), true).unwrap_err();
            assert_eq!(refused, field.into(), "{form}");
        }
    }

    #[test]
    fn a_problem_does_not_quote_the_answer() {
        for body in [
            r#"{"access_token":12345678901234}"#,
            r#"{"access_token":"12345678901234'"}"#,
            "12345678901234",
        ] {
            let problem = Granted::parse(body.as_bytes(), false).unwrap_err();
            assert!(!format!("{problem:?}").contains("1234567890"));
        }
    }
}
