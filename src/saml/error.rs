//! The two ways to be refused: what was posted cannot be decoded, or a rule does not hold.

use super::report::Report;
use super::rule::Rule;
use crate::foreign;
use thiserror::Error;

/// Why a posted value holds no response at all. Nothing of the value is part of it.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum DecodeError {
    /// Nothing there.
    #[error("the response is empty")]
    Empty,
    /// Longer than [`super::PostedResponse::MAX_XML`] decoded, or hopelessly so encoded.
    #[error("the response is larger than 1 MiB")]
    TooLarge,
    /// A `%`, where base64 was expected.
    #[error("the response is not base64: it has a % at position {0}; is it still URL-encoded?")]
    UrlEncoded(usize),
    /// `-` or `_`, the other alphabet of RFC 4648.
    #[error("the response is in the URL-safe alphabet of base64, where SAML uses the plain one")]
    UrlSafeAlphabet,
    /// Some other character outside the alphabet.
    #[error("the response is not base64: a character at position {0} does not belong there")]
    Character(usize),
    /// The alphabet is right, the length or the padding is not.
    #[error("the response is not whole base64: its end or a part of it is missing")]
    Incomplete,
    /// Not even text of the one encoding that is read here.
    #[error("this is text in UTF-16, as PowerShell's > writes it: save it as UTF-8")]
    Utf16,
    /// The page that the browser shows, or its form, where the response was expected that it posts.
    #[error("this is a web page (HTML) or a part of one, and not the response that it posts")]
    Page {
        /// Whether it begins with a DOCTYPE.
        doctype: bool,
    },
    /// A form body without the field.
    #[error("the form has no field SAMLResponse")]
    NoField,
    /// A form body with the field more than once.
    #[error("the form has the field {0} more than once")]
    FieldTwice(&'static str),
    /// JSON that is no HAR export.
    #[error("this is JSON, but not a HAR export (HTTP Archive) of a browser")]
    Archive,
    /// A HAR export of another session.
    #[error("the HAR export has no POST with a field SAMLResponse")]
    NoPost,
    /// A form body, or a URL-encoded value, whose encoding is broken.
    #[error("the form's URL encoding is broken")]
    Form,
}

impl DecodeError {
    /// The rule that is broken.
    pub fn rule(&self) -> Rule {
        match self {
            Self::TooLarge => Rule::Size,
            _ => Rule::Base64,
        }
    }
}

/// A response that is not exchanged: the first rule that did not hold, and everything that was looked at.
///
/// `found` and `expected` are short and safe to show: no control characters, never a signature or the whole response.
#[derive(Clone, Debug, Error)]
#[error("{rule}: expected {expected}, found {found}")]
pub struct Refused {
    /// The rule that refused it.
    pub rule: Rule,
    /// What the response has there.
    pub found: String,
    /// What the rule asks for.
    pub expected: String,
    /// Every check that was made. Some may follow the refusing one, and may fail as well.
    pub report: Report,
    /// Whether the signatures held, with a key of the identity provider: then the response is the user's own, and the
    /// refusal is the end of the login. Otherwise it is nobody's login.
    pub authenticated: bool,
}

/// A foreign value in quotes, or in words that it is missing.
pub(super) fn quoted(value: Option<&str>) -> String {
    match value {
        Some(value) => format!("\"{}\"", foreign::brief(value)),
        None => "none".to_owned(),
    }
}
