//! The body of the post: `application/x-www-form-urlencoded` (URL Standard, 5.1), read strictly. Pure.
//!
//! Browsers write such bodies in one way only, so whatever two readers could read differently is refused: a byte that
//! they would have encoded, half a percent sign, the same parameter twice.

use crate::encoding::{self, Plus};
use crate::secret::Secret;
use thiserror::Error;

/// The parameters that matter (Bindings 3.5.4).
#[derive(Debug)]
pub(super) struct Form {
    pub(super) saml_response: Secret,
    /// Some identity providers post an empty field where they have none.
    pub(super) relay_state: Option<String>,
}

/// Why a form is not taken.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum FormError {
    /// A byte that is never in such a body.
    #[error("the form holds a byte at position {0} that a browser would have encoded")]
    Byte(usize),
    /// A `%` without two hexadecimal digits.
    #[error("the form holds a % that is not followed by two hexadecimal digits")]
    Percent,
    /// More fields than anybody needs.
    #[error("the form has more than {MAX_FIELDS} fields")]
    TooManyFields,
    /// No field of this name.
    #[error("the form has no field SAMLResponse")]
    Missing,
    /// A field that must be there once.
    #[error("the form has the field {0} more than once")]
    Twice(&'static str),
    /// A parameter of another SAML message or binding.
    #[error("the form has the field {0}, expected a response (SAMLResponse)")]
    OtherMessage(&'static str),
    /// A value that is not UTF-8.
    #[error("the form's field {0} is not text")]
    NotText(&'static str),
}

/// Posts of identity providers have two fields, some add one or two of their own.
const MAX_FIELDS: usize = 16;

const SAML_RESPONSE: &str = "SAMLResponse";
const RELAY_STATE: &str = "RelayState";

/// Reads the body. Fields of other names are nobody's business; a name counts in its exact case.
pub(super) fn parse(body: &[u8]) -> Result<Form, FormError> {
    if let Some(at) = body.iter().position(|byte| !byte.is_ascii_graphic()) {
        return Err(FormError::Byte(at + 1));
    }
    let fields: Vec<&[u8]> = body
        .split(|byte| *byte == b'&')
        .take(MAX_FIELDS + 1)
        .collect();
    if fields.len() > MAX_FIELDS {
        return Err(FormError::TooManyFields);
    }
    let mut saml_response = None;
    let mut relay_state = None;
    for field in fields {
        let end = field.iter().position(|byte| *byte == b'=');
        let (name, value) = field.split_at(end.unwrap_or(field.len()));
        let value = value.strip_prefix(b"=").unwrap_or_default();
        // The name is decoded as well, so that no spelling of it hides a second one.
        let (kept, name) = match decoded(name)?.as_slice() {
            b"SAMLResponse" => (&mut saml_response, SAML_RESPONSE),
            b"RelayState" => (&mut relay_state, RELAY_STATE),
            b"SAMLRequest" => return Err(FormError::OtherMessage("SAMLRequest")),
            b"SAMLart" => return Err(FormError::OtherMessage("SAMLart")),
            _ => {
                decoded(value)?;
                continue;
            }
        };
        let value = Secret::from_utf8(decoded(value)?).ok_or(FormError::NotText(name))?;
        if kept.replace(value).is_some() {
            return Err(FormError::Twice(name));
        }
    }
    Ok(Form {
        saml_response: saml_response.ok_or(FormError::Missing)?,
        relay_state: relay_state
            .map(|value| value.expose().to_owned())
            .filter(|value| !value.is_empty()),
    })
}

fn decoded(text: &[u8]) -> Result<Vec<u8>, FormError> {
    encoding::percent_decoded(text, Plus::IsSpace).ok_or(FormError::Percent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(body: &str) -> Result<(String, Option<String>), FormError> {
        parse(body.as_bytes())
            .map(|form| (form.saml_response.expose().to_owned(), form.relay_state))
    }

    /// As browsers encode a form's value.
    fn encoded(value: &str) -> String {
        value.bytes().fold(String::new(), |mut encoded, byte| {
            match byte {
                b' ' => encoded.push('+'),
                _ if byte.is_ascii_alphanumeric() || b"*-._".contains(&byte) => {
                    encoded.push(char::from(byte));
                }
                _ => encoded.push_str(&format!("%{byte:02X}")),
            }
            encoded
        })
    }

    #[test]
    fn the_two_fields_are_read_in_any_order_among_others() {
        for body in [
            "SAMLResponse=a%2Bb%3D&RelayState=r%26s+t",
            "RelayState=r%26s+t&SAMLResponse=a%2bb%3d",
            "x=1&SAMLResponse=a%2Bb=&y&RelayState=r%26s%20t&=z&&",
            "SAML%52esponse=a%2Bb=&Relay%53tate=r%26s+t",
        ] {
            let read = read(body).unwrap();
            assert_eq!(read, ("a+b=".into(), Some("r&s t".into())), "{body}");
        }
        assert_eq!(read("SAMLResponse=a&RelayState="), Ok(("a".into(), None)));
        assert_eq!(read("SAMLResponse=a&RelayState"), Ok(("a".into(), None)));
        assert_eq!(read("SAMLResponse=a&relaystate=x"), Ok(("a".into(), None)));
    }

    #[test]
    fn what_two_readers_could_read_differently_is_refused() {
        use FormError as F;
        for (body, error) in [
            ("", F::Missing),
            ("RelayState=a", F::Missing),
            ("samlresponse=a", F::Missing),
            ("SAMLresponse=a", F::Missing),
            ("SAMLResponse[]=a", F::Missing),
            ("SAMLResponse=a&SAMLResponse=a", F::Twice("SAMLResponse")),
            ("SAMLResponse=a&SAML%52esponse=b", F::Twice("SAMLResponse")),
            ("SAMLResponse&SAMLResponse=b", F::Twice("SAMLResponse")),
            (
                "SAMLResponse=a&RelayState=a&RelayState=b",
                F::Twice("RelayState"),
            ),
            (
                "SAMLResponse=a&RelayState=&RelayState=b",
                F::Twice("RelayState"),
            ),
            (
                "SAMLResponse=a&SAMLRequest=b",
                F::OtherMessage("SAMLRequest"),
            ),
            ("SAMLart=a", F::OtherMessage("SAMLart")),
            ("SAMLResponse=a%", F::Percent),
            ("SAMLResponse=a%2", F::Percent),
            ("SAMLResponse=a%2g", F::Percent),
            ("SAMLResponse=a%+2", F::Percent),
            ("SAMLResponse=a&x=%zz", F::Percent),
            ("SAMLResponse=a&%zz=x", F::Percent),
            ("SAMLResponse=a b", F::Byte(15)),
            ("SAMLResponse=a\r\n", F::Byte(15)),
            ("SAMLResponse=a\0", F::Byte(15)),
            ("SAMLResponse=\u{e9}", F::Byte(14)),
            ("SAMLResponse=%ff", F::NotText("SAMLResponse")),
            ("SAMLResponse=a&RelayState=%c3%28", F::NotText("RelayState")),
        ] {
            assert_eq!(read(body), Err(error), "{body:?}");
        }
    }

    #[test]
    fn the_number_of_fields_is_bounded() {
        let body = |others: usize| format!("{}SAMLResponse=a", "x=y&".repeat(others));
        assert!(read(&body(15)).is_ok());
        assert_eq!(read(&body(16)), Err(FormError::TooManyFields));
        assert_eq!(read(&"&".repeat(1_000_000)), Err(FormError::TooManyFields));
    }

    proptest! {
        #[test]
        fn what_a_browser_encodes_comes_back(response in "[A-Za-z0-9+/=]{1,60}", relay_state in "\\PC{1,40}") {
            let body = format!("SAMLResponse={}&RelayState={}", encoded(&response), encoded(&relay_state));
            prop_assert_eq!(read(&body), Ok((response, Some(relay_state))));
        }

        #[test]
        fn no_body_makes_the_reader_panic(body in proptest::collection::vec(any::<u8>(), 0..100)) {
            let _ = parse(&body);
        }
    }
}
