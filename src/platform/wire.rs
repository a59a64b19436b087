//! What the platform answers when it does not give what was asked for.

use crate::address::WebAddress;
use crate::foreign::{brief, shown};
use crate::http::{Answer, HttpError};
use crate::token::TokenShape;
use serde_json::Value;
use std::fmt;
use thiserror::Error;

/// How much of an answer that is not JSON is searched for words.
const MAX_PAGE: usize = 16 * 1024;

/// How many characters of its words are shown.
const MAX_SHOWN: usize = 200;

/// Why the platform gave nothing. Every text in it is fit to be shown, and nothing of it was ever in our request.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum PlatformError {
    /// There was no answer.
    #[error(transparent)]
    NoAnswer(#[from] HttpError),
    /// It answered that it will not.
    #[error("{0}")]
    Refused(Refusal),
    /// It sent us elsewhere, where we do not go: whoever is there would get the response or the token.
    #[error("the platform redirects {asked} to {} (status {status})", host.as_deref().unwrap_or("another address of its own"))]
    Redirected {
        /// What it was asked for.
        asked: Asked,
        /// The status code.
        status: u16,
        /// The host that it names, fit to be shown; `None` when it is its own or none can be read.
        host: Option<String>,
    },
    /// User name and password are right, but it wants a second factor, which it asks for in a browser alone.
    #[error("the platform wants a second factor for this account (MFA)")]
    SecondFactor,
    /// It answered with something else than is documented.
    #[error("the platform's answer to {asked} is not what is documented: {problem}")]
    Answer {
        /// What it was asked for.
        asked: Asked,
        /// What is wrong with the answer.
        problem: AnswerProblem,
    },
}

/// What the platform was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// A token for a SAML response.
    Exchange,
    /// A token for user name and password.
    Password,
    /// A token for a connected app.
    ConnectedApp,
    /// The end of a token.
    End,
    /// Whose token it is.
    Account,
    /// An organization's settings.
    Organization,
}

/// A status that says no.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What it was asked for.
    pub asked: Asked,
    /// The status code.
    pub status: u16,
    /// What that status means here.
    pub reason: Reason,
    /// The platform's own words, fit to be shown, at most 200 characters; `None` when it gave none.
    pub message: Option<String>,
}

/// What a refusal most likely means. The hints that go with each are `commands/error.rs`'s.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Status 401. Of user name and password, and of an app's id and secret: one of them is wrong. Of an exchange:
    /// Issuer, Audience or signing key are not letter for letter those configured at the platform, or the login was
    /// started at the platform (SP-initiated). Of the rest: the token has ended, or the user has no right to what was
    /// asked.
    Unauthorized,
    /// Status 403. Of user name and password: the user is disabled. Of an exchange: no username or email is mapped from
    /// the response's attributes.
    Forbidden,
    /// The organization takes SP-initiated logins alone; only where the platform itself says so in words.
    ServiceProviderOnly,
    /// Status 404. Of an exchange: no such organization or identity provider at this plane.
    NotFound,
    /// Status 429.
    TooManyRequests,
    /// Status 5xx: not the user's fault.
    ServerError,
    /// Any other status.
    Other,
}

/// What is wrong with an answer whose status is good.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum AnswerProblem {
    /// Neither a JSON object nor a form.
    #[error("it is not JSON")]
    NotJson,
    /// A field is missing or has another type.
    #[error("it has no usable field {0:?}")]
    Field(&'static str),
    /// The token in it is not of the shape of one. It is not shown and not kept.
    #[error("{0}")]
    Token(TokenShape),
}

impl fmt::Display for Asked {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Exchange => "the exchange",
            Self::Password => "user name and password",
            Self::ConnectedApp => "the connected app's id and secret",
            Self::End => "the request to end the token",
            Self::Account => "the question whose token it is",
            Self::Organization => "the question for the organization's settings",
        })
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "the platform refused {} with status {}",
            self.asked, self.status
        )?;
        match &self.message {
            Some(message) => write!(formatter, ": {message}"),
            None => Ok(()),
        }
    }
}

/// Passes an answer on whose status is good, and says why otherwise. `sent` is the secret part of the request: where
/// the answer repeats a piece of it, the piece is left out.
pub(super) fn accepted(
    asked: Asked,
    at: &WebAddress,
    sent: &str,
    answer: Answer,
) -> Result<Answer, PlatformError> {
    match answer.status {
        200..=299 => Ok(answer),
        300..=399 => Err(PlatformError::Redirected {
            asked,
            status: answer.status,
            host: answer.header("location").and_then(|to| other_host(at, to)),
        }),
        status => {
            let message = message(&answer.body, sent);
            Err(PlatformError::Refused(Refusal {
                asked,
                status,
                reason: reason(status, message.as_deref()),
                message,
            }))
        }
    }
}

/// The body as JSON. What does not parse is not quoted: it may be the token.
pub(super) fn json(asked: Asked, body: &[u8]) -> Result<Value, PlatformError> {
    serde_json::from_slice(body).map_err(|_| PlatformError::Answer {
        asked,
        problem: AnswerProblem::NotJson,
    })
}

fn reason(status: u16, message: Option<&str>) -> Reason {
    let says_so = |message: &str| {
        message
            .to_ascii_lowercase()
            .contains("service provider only")
    };
    match status {
        400..=499 if message.is_some_and(says_so) => Reason::ServiceProviderOnly,
        401 => Reason::Unauthorized,
        403 => Reason::Forbidden,
        404 => Reason::NotFound,
        429 => Reason::TooManyRequests,
        500..=599 => Reason::ServerError,
        _ => Reason::Other,
    }
}

fn other_host(at: &WebAddress, location: &str) -> Option<String> {
    at.host_elsewhere(location).map(|host| brief(&host))
}

/// The platform's words: the message of a JSON answer, or the text of another one.
fn message(body: &[u8], sent: &str) -> Option<String> {
    let text = match serde_json::from_slice::<Value>(body) {
        Ok(value) => ["message", "error_description", "error"]
            .into_iter()
            .find_map(|name| value.get(name)?.as_str().map(str::to_owned)),
        Err(_) => {
            // What is worth 200 characters stands at the beginning.
            let beginning = &body[..body.len().min(MAX_PAGE)];
            Some(without_markup(&String::from_utf8_lossy(beginning)))
        }
    };
    // The whole of it, however short and whatever stands in it, and then every piece that could be told from a word.
    let text = match sent {
        "" => text?,
        sent => text?.replace(sent, "[left out]"),
    };
    let words: Vec<&str> = text.split_whitespace().take(MAX_SHOWN).collect();
    let message = without_echo(&words.join(" "), sent, MAX_SHOWN);
    (!message.is_empty()).then(|| shown(&message, MAX_SHOWN))
}

/// What an HTML page says, roughly: the text outside tags, without scripts and styles.
fn without_markup(page: &str) -> String {
    let mut text = String::new();
    let mut rest = page;
    while let Some(start) = rest.find('<') {
        text.push_str(&rest[..start]);
        text.push(' ');
        let tag = &rest[start..];
        let unread = ["script", "style"].into_iter().find(|name| {
            let word = tag[1..].get(..name.len());
            word.is_some_and(|word| word.eq_ignore_ascii_case(name))
        });
        // ASCII, so that the lower-case page has every character at the same place.
        let end = match unread {
            Some(name) => tag.to_ascii_lowercase().find(&format!("</{name}")),
            None => tag.find('>').map(|end| end + 1),
        };
        match end {
            Some(end) if end > 0 => rest = &tag[end..],
            _ => return text,
        }
    }
    text.push_str(rest);
    text
}

/// The text without the pieces that repeat what was sent, and without anything that could be a key, a signature or a
/// token: to a person they say nothing, and in a bug report they say too much. It ends soon after `most` characters,
/// since nobody sees more, and each piece is searched for in what may be a large response.
fn without_echo(text: &str, sent: &str, most: usize) -> String {
    /// So much of a secret may be repeated unnoticed; a shorter piece could be a common word.
    const PIECE: usize = 12;
    /// Longer than any host name or id in a sentence, shorter than a line of base64.
    const LONG: usize = 60;
    let is_of_token =
        |character: char| character.is_ascii_alphanumeric() || "-._~+/=".contains(character);
    let repeats = |run: &str| {
        run.as_bytes()
            .windows(PIECE)
            .any(|piece| std::str::from_utf8(piece).is_ok_and(|piece| sent.contains(piece)))
    };
    let mut kept = String::new();
    let mut rest = text;
    // Whole runs until there is enough: a run cut in two could pass for a word.
    while !rest.is_empty() && kept.chars().count() <= most {
        let run = rest.find(|c| !is_of_token(c)).unwrap_or(rest.len());
        let (token_like, after) = rest.split_at(run);
        if run > LONG || repeats(token_like) {
            kept.push_str("[left out]");
        } else {
            kept.push_str(token_like);
        }
        let other = after.find(is_of_token).unwrap_or(after.len());
        kept.push_str(&after[..other]);
        rest = &after[other..];
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SENT: &str =
        "PHNhbWxwOlJlc3BvbnNlIHhtbG5zOnNhbWxwPSJ1cm46b2FzaXM6bmFtZXM6dGM6U0FNTDoyLjA6cHJvdG9jb2wi";

    fn said(body: &str) -> Option<String> {
        message(body.as_bytes(), SENT)
    }

    #[test]
    fn the_platforms_words_are_found_wherever_it_puts_them() {
        assert_eq!(
            said(r#"{"message":"no user mapping","name":"x"}"#).as_deref(),
            Some("no user mapping")
        );
        assert_eq!(
            said(r#"{"error":"e","error_description":"d"}"#).as_deref(),
            Some("d")
        );
        assert_eq!(said("Unauthorized\n").as_deref(), Some("Unauthorized"));
        let page = "<html><style>p{}</style><SCRIPT>let x='<p>';</SCRIPT><h1>Bad\n Gateway</h1><p>nginx</p>";
        assert_eq!(said(page).as_deref(), Some("Bad Gateway nginx"));
        for silent in [
            "",
            "  ",
            "{}",
            "[]",
            "7",
            "{\"message\":7}",
            "<p></p>",
            "<script>x",
        ] {
            assert_eq!(said(silent), None, "{silent}");
        }
    }

    #[test]
    fn words_cannot_steer_a_terminal_and_end_after_200_characters() {
        assert_eq!(
            said("{\"message\":\"a\\u001b[31m\\u009b\"}").as_deref(),
            Some("a\\u{1b}[31m\\u{9b}")
        );
        let long = said(&"word ".repeat(1000)).unwrap();
        assert_eq!(long.chars().count(), 201);
        assert!(said("\u{0}\u{ff}<").is_some());
    }

    #[test]
    fn what_was_sent_does_not_come_back_in_the_words() {
        let pieces = [
            SENT.to_owned(),
            format!("bad response: {SENT}!"),
            SENT[7..31].to_owned(),
            SENT.replace('=', "%3D"),
        ];
        for piece in pieces {
            for body in [
                piece.clone(),
                format!("{{\"message\":\"{piece}\"}}"),
                format!("<p>{piece}</p>"),
            ] {
                let said = said(&body).unwrap_or_default();
                let repeats = SENT
                    .as_bytes()
                    .windows(12)
                    .any(|w| said.as_bytes().windows(12).any(|v| v == w));
                assert!(!repeats, "{said}");
            }
        }
        let signature = "k".repeat(88);
        assert_eq!(said(&signature).as_deref(), Some("[left out]"));
    }

    #[test]
    fn a_password_does_not_come_back_either() {
        for password in ["hunter2", "correct horse battery staple", "pä  ss"] {
            for body in [
                format!("{{\"message\":\"wrong: {password}!\"}}"),
                format!("<p>wrong: {password}!</p>"),
            ] {
                let said = message(body.as_bytes(), password).unwrap();
                assert_eq!(said, "wrong: [left out]!");
            }
        }
    }

    #[test]
    fn no_more_is_looked_through_than_is_shown() {
        let long = "it!is!".repeat(10_000);
        let kept = without_echo(&long, SENT, 200);
        assert!((201..300).contains(&kept.len()), "{}", kept.len());
        let runs = format!("{} ", "k".repeat(100)).repeat(1000);
        let kept = without_echo(&runs, SENT, 200);
        assert!(!kept.contains('k') && kept.len() < 300, "{kept}");
    }

    #[test]
    fn a_redirect_names_a_host_and_nothing_else() {
        let at =
            WebAddress::parse("https://anypoint.mulesoft.com/accounts/login/receive-id").unwrap();
        assert_eq!(
            other_host(&at, "https://evil.example/x?SAMLResponse=1").as_deref(),
            Some("evil.example")
        );
        assert_eq!(
            other_host(&at, "//evil.example").as_deref(),
            Some("evil.example")
        );
        assert_eq!(
            other_host(&at, "http://anypoint.mulesoft.com/").as_deref(),
            Some("anypoint.mulesoft.com")
        );
        for own in [
            "/home",
            "x",
            "https://anypoint.mulesoft.com:443/",
            "",
            "https://[",
            "javascript:alert(1)",
        ] {
            assert_eq!(other_host(&at, own), None, "{own}");
        }
    }

    #[test]
    fn each_status_has_its_reason() {
        for (status, why) in [
            (400, Reason::Other),
            (401, Reason::Unauthorized),
            (403, Reason::Forbidden),
            (404, Reason::NotFound),
            (429, Reason::TooManyRequests),
            (500, Reason::ServerError),
            (503, Reason::ServerError),
        ] {
            assert_eq!(reason(status, Some("Service")), why);
        }
        let words = Some("Organization is Service Provider Only");
        assert_eq!(reason(401, words), Reason::ServiceProviderOnly);
        assert_eq!(reason(500, words), Reason::ServerError);
    }

    proptest! {
        #[test]
        fn no_body_breaks_the_reading_or_says_too_much(body in "(<|>|<script>|</script>|<p a='|ä|\\PC|[ -~]){0,40}") {
            if let Some(said) = said(&body) {
                prop_assert!(!said.is_empty() && said.chars().all(|c| !c.is_control()));
            }
        }

        #[test]
        fn no_piece_of_what_was_sent_is_said(start in 0..SENT.len() - 12, length in 12..80usize, before in "[ -~]{0,9}") {
            let piece = &SENT[start..(start + length).min(SENT.len())];
            let said = said(&format!("{before}{piece} after")).unwrap_or_default();
            for window in SENT.as_bytes().windows(12) {
                prop_assert!(!said.contains(std::str::from_utf8(window).unwrap()), "{}", said);
            }
        }
    }
}
