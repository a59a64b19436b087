//! The HTTP POST binding (Bindings 3.5): from the field of a form, or what a person copied of it, to XML.

use super::error::DecodeError;
use super::har;
use crate::encoding::{self, Plus, percent_decoded};
use crate::secret::Secret;
use std::fmt;
use zeroize::Zeroizing;

/// A response as it was posted: decoded, and nothing more is known of it.
#[derive(Clone)]
pub struct PostedResponse {
    base64: Secret,
    xml: Zeroizing<Vec<u8>>,
    relay_state: Option<String>,
}

impl PostedResponse {
    /// The most bytes of XML that are looked at. Real responses have 6 to 15 kB, some with many groups 400 kB.
    pub const MAX_XML: usize = 1 << 20;

    /// The most bytes of a posted value, of whatever form: base64 of [`Self::MAX_XML`], folded or URL-encoded.
    pub const MAX_POSTED: usize = 2 << 20;

    /// The most bytes of a copy that a person makes: a HAR export is much larger than the response in it.
    pub const MAX_COPIED: usize = 64 << 20;

    /// Decodes the value of the form field `SAMLResponse`, which the form's own encoding is off already.
    ///
    /// # Errors
    /// It is not base64 (RFC 4648 section 4; white space between is allowed), or too large.
    pub fn new(saml_response: Secret, relay_state: Option<String>) -> Result<Self, DecodeError> {
        let text = saml_response.expose();
        if text.len() > Self::MAX_POSTED {
            return Err(DecodeError::TooLarge);
        }
        let xml = encoding::decode_base64(text)
            .map(Zeroizing::new)
            .ok_or_else(|| why_not_base64(text))?;
        if text.bytes().any(encoding::is_xml_space) {
            return Self::from_xml(xml, relay_state);
        }
        // Only one line of base64 decodes to this, so it need not be written again.
        Self::checked(saml_response, xml, relay_state)
    }

    /// Takes what a person copied from somewhere: base64, URL-encoded base64, the body of the form, the XML itself, or a
    /// browser's HAR export, of which the last response posted is taken. Quotes around it, and the name of the field that
    /// developer tools show before it, are taken off.
    ///
    /// # Errors
    /// It is none of them, or too large.
    pub fn recognise(copied: &[u8]) -> Result<Self, DecodeError> {
        if Self::may_be_archive(copied) {
            if copied.len() > Self::MAX_COPIED {
                return Err(DecodeError::TooLarge);
            }
            let export = without_mark(copied.trim_ascii());
            let form = Zeroizing::new(har::last_form(export)?);
            return Self::from_copied(&form);
        }
        Self::from_copied(copied)
    }

    /// Whether a copy that begins so can be a HAR export, and so may have up to [`Self::MAX_COPIED`] bytes instead of
    /// [`Self::MAX_POSTED`].
    pub fn may_be_archive(beginning: &[u8]) -> bool {
        without_mark(beginning.trim_ascii_start())
            .trim_ascii_start()
            .starts_with(b"{")
    }

    fn from_copied(copied: &[u8]) -> Result<Self, DecodeError> {
        if copied.len() > Self::MAX_POSTED {
            return Err(DecodeError::TooLarge);
        }
        let trimmed = copied.trim_ascii();
        let bare = without_wrapping(without_mark(trimmed));
        if let Some(page) = page(bare) {
            return Err(page);
        }
        let xml = || Self::from_xml(Zeroizing::new(copied.trim_ascii_end().to_vec()), None);
        if bare.starts_with(b"<") {
            return xml();
        }
        // A terminal or an editor may have broken the line anywhere, which means nothing in a form or in base64.
        let mut line = Zeroizing::new(bare.to_vec());
        line.retain(|byte| !b"\r\n".contains(byte));
        if let Some(form) = Form::parse(&line)? {
            return Self::new(form.saml_response, form.relay_state);
        }
        // Nothing else has a "<". What may stand before it, such as half a character of UTF-16, is for the parser to say.
        if trimmed.contains(&b'<') {
            return xml();
        }
        if matches!(bare, [0xff, 0xfe, ..] | [0xfe, 0xff, ..]) {
            return Err(DecodeError::Utf16);
        }
        // In the URL-encoded form "+" is written %2B, so one that is left is base64's.
        let text = percent_decoded(&line, Plus::Kept).ok_or(DecodeError::Form)?;
        let position = |text: &[u8]| text.iter().position(|byte| !byte.is_ascii());
        let stranger =
            position(&text).map_or(DecodeError::Incomplete, |at| DecodeError::Character(at + 1));
        Self::new(Secret::from_utf8(text).ok_or(stranger)?, None)
    }

    fn from_xml(xml: Zeroizing<Vec<u8>>, relay_state: Option<String>) -> Result<Self, DecodeError> {
        let base64 = Secret::new(encoding::base64(&xml));
        Self::checked(base64, xml, relay_state)
    }

    fn checked(
        base64: Secret,
        xml: Zeroizing<Vec<u8>>,
        relay_state: Option<String>,
    ) -> Result<Self, DecodeError> {
        if xml.is_empty() {
            return Err(DecodeError::Empty);
        }
        if xml.len() > Self::MAX_XML {
            return Err(DecodeError::TooLarge);
        }
        Ok(Self {
            base64,
            xml,
            relay_state,
        })
    }

    /// The response as the exchange takes it: base64 in one line.
    pub fn base64(&self) -> &str {
        self.base64.expose()
    }

    /// The RelayState that came along. Anybody can have written it.
    pub fn relay_state(&self) -> Option<&str> {
        self.relay_state.as_deref()
    }

    /// The decoded bytes, which need not be XML.
    pub(super) fn xml(&self) -> &[u8] {
        &self.xml
    }
}

impl fmt::Debug for PostedResponse {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "PostedResponse({} bytes)", self.xml.len())
    }
}

/// Without the mark that some editors and browsers begin a UTF-8 file with.
fn without_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text)
}

/// Without what stands around a value where it was copied: the name that developer tools show before it, and quotes.
/// Neither has a meaning in base64 or in a form.
fn without_wrapping(text: &[u8]) -> &[u8] {
    let value = text.strip_prefix(b"SAMLResponse:").unwrap_or(text);
    let value = value.trim_ascii();
    match value {
        [b'"', inside @ .., b'"'] | [b'\'', inside @ .., b'\''] => inside.trim_ascii(),
        _ => value,
    }
}

/// What is said of a text that begins as HTML does, or as the part of a page that holds the response.
fn page(text: &[u8]) -> Option<DecodeError> {
    let begins = |start: &[u8]| {
        text.get(..start.len())
            .is_some_and(|found| found.eq_ignore_ascii_case(start))
    };
    let doctype = begins(b"<!doctype html");
    let is_page = doctype || begins(b"<html") || begins(b"<form") || begins(b"<input");
    is_page.then_some(DecodeError::Page { doctype })
}

/// Names what stands in the way of decoding.
fn why_not_base64(text: &str) -> DecodeError {
    let at = |wanted: fn(u8) -> bool| text.bytes().position(wanted).map(|at| at + 1);
    if let Some(position) = at(|byte| byte == b'%') {
        return DecodeError::UrlEncoded(position);
    }
    let stranger = at(|byte| {
        !byte.is_ascii_alphanumeric() && !b"+/=-_".contains(&byte) && !encoding::is_xml_space(byte)
    });
    if let Some(position) = stranger {
        return DecodeError::Character(position);
    }
    if at(|byte| byte == b'-' || byte == b'_').is_some() {
        return DecodeError::UrlSafeAlphabet;
    }
    DecodeError::Incomplete
}

/// The fields of a posted form that matter here.
struct Form {
    saml_response: Secret,
    relay_state: Option<String>,
}

impl Form {
    /// Reads a body of `application/x-www-form-urlencoded`; `None` when the text does not look like one.
    fn parse(body: &[u8]) -> Result<Option<Self>, DecodeError> {
        let fields = || body.split(|byte| *byte == b'&');
        // Base64 has "=" at its end alone, so a name before one tells a form.
        let is_form = fields()
            .any(|field| field.starts_with(b"SAMLResponse=") || field.starts_with(b"RelayState="));
        if !is_form {
            return Ok(None);
        }
        // Base64 of any length has characters that a form encodes. Where nothing is, a person wrote the form by hand.
        let plus = |name: &str, value: &[u8]| match name {
            "SAMLResponse" if !value.contains(&b'%') => Plus::Kept,
            _ => Plus::IsSpace,
        };
        let value = |wanted: &'static str| {
            // The name is decoded as well, so that no spelling of it hides a second one.
            let mut values = fields().filter_map(|field| {
                let end = field.iter().position(|byte| *byte == b'=')?;
                let name = percent_decoded(&field[..end], Plus::IsSpace)?;
                (name == wanted.as_bytes()).then(|| &field[end + 1..])
            });
            match (values.next(), values.next()) {
                (_, Some(_)) => Err(DecodeError::FieldTwice(wanted)),
                (None, None) => Ok(None),
                (Some(value), None) => percent_decoded(value, plus(wanted, value))
                    .and_then(Secret::from_utf8)
                    .map(Some)
                    .ok_or(DecodeError::Form),
            }
        };
        Ok(Some(Self {
            saml_response: value("SAMLResponse")?.ok_or(DecodeError::NoField)?,
            relay_state: value("RelayState")?.map(|text| text.expose().to_owned()),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::super::rule::Rule;
    use super::*;

    const XML: &[u8] = b"<a>??>>\xc3\xa9</a>";
    const BASE64: &str = "PGE+Pz8+PsOpPC9hPg==";

    fn posted(text: &str) -> Result<PostedResponse, DecodeError> {
        PostedResponse::new(Secret::new(text.to_owned()), None)
    }

    #[test]
    fn base64_is_decoded_and_written_again_in_one_line() {
        for text in [BASE64, "PGE+Pz8+\r\nPsOp\tPC9h\n Pg==\n"] {
            let response = posted(text).unwrap();
            assert_eq!(response.xml(), XML);
            assert_eq!(response.base64(), BASE64);
        }
    }

    #[test]
    fn what_is_not_base64_is_refused_with_its_reason() {
        for (text, why) in [
            ("", DecodeError::Empty),
            (" \r\n", DecodeError::Empty),
            ("PGE%2BPz8%2B", DecodeError::UrlEncoded(4)),
            ("PGE-Pz8-PsOpPC9hPg==", DecodeError::UrlSafeAlphabet),
            ("PGE_", DecodeError::UrlSafeAlphabet),
            ("PGE+Pz8+PsOpPC9hPg", DecodeError::Incomplete),
            ("PGE+Pz8+PsOpPC9hPg=", DecodeError::Incomplete),
            ("PGE+Pz8+PsOpPC9hPg==PGE+", DecodeError::Incomplete),
            ("PGE+Pz8+PsOpPC9hPh==", DecodeError::Incomplete),
            ("PGE Pz8 PsOpPC9hPg==", DecodeError::Incomplete),
            ("<a/>", DecodeError::Character(1)),
            ("PGE+\u{b}Pz8+", DecodeError::Character(5)),
            ("PGE+\u{a0}", DecodeError::Character(5)),
            ("PGE+\0", DecodeError::Character(5)),
        ] {
            assert_eq!(posted(text).unwrap_err(), why, "{text:?}");
            assert_eq!(why.rule(), Rule::Base64);
        }
    }

    #[test]
    fn size_is_bounded_before_and_after_decoding() {
        let whole = encoding::base64(&vec![b'x'; PostedResponse::MAX_XML]);
        assert!(posted(&whole).is_ok());
        let more = encoding::base64(&vec![b'x'; PostedResponse::MAX_XML + 1]);
        assert_eq!(posted(&more).unwrap_err(), DecodeError::TooLarge);
        let spaces = " ".repeat(PostedResponse::MAX_POSTED + 1);
        assert_eq!(posted(&spaces).unwrap_err(), DecodeError::TooLarge);
        for (size, why) in [
            (PostedResponse::MAX_POSTED, DecodeError::Empty),
            (PostedResponse::MAX_POSTED + 1, DecodeError::TooLarge),
        ] {
            let copied = &spaces.as_bytes()[..size];
            assert_eq!(PostedResponse::recognise(copied).unwrap_err(), why);
        }
        let archive = format!("{{{}", " ".repeat(PostedResponse::MAX_COPIED + 1));
        for (size, why) in [
            (PostedResponse::MAX_COPIED, DecodeError::Archive),
            (PostedResponse::MAX_COPIED + 1, DecodeError::TooLarge),
            (PostedResponse::MAX_COPIED + 2, DecodeError::TooLarge),
        ] {
            let copied = &archive.as_bytes()[..size];
            assert_eq!(PostedResponse::recognise(copied).unwrap_err(), why);
        }
        assert_eq!(DecodeError::TooLarge.rule(), Rule::Size);
    }

    #[test]
    fn every_form_that_a_person_copies_is_recognised() {
        for text in [
            "PGE+Pz8+PsOpPC9hPg==\n",
            "  PGE+Pz8+PsOp\n  PC9hPg==  ",
            "PGE%2BPz8%2BPsOpPC9hPg%3D%3D",
            "PGE%2bPz8%2bPsOpPC9hPg%3d%3d",
            "PGE+Pz8+PsOpPC9hPg%3D%3D",
            "SAMLResponse=PGE%2BPz8%2BPsOpPC9hPg%3D%3D",
            "SAMLResponse=PGE+Pz8+PsOpPC9hPg==&RelayState=",
            "\u{feff}SAMLResponse=PGE%2BPz8%2BPsOp\r\nPC9hPg%3\r\nD%3D",
            "\u{feff}PGE+Pz8+PsOpPC9hPg==",
            "PGE%2\nBPz8%2BPsOpPC9hPg%3D%3D",
            "SAMLResponse=PGE%2BPz8%2BPsOp%0D%0APC9hPg%3D%3D",
            "RelayState=x&SAMLResponse=PGE%2BPz8%2BPsOpPC9hPg%3D%3D",
            "SAMLResponse=PGE%2BPz8%2B+PsOpPC9hPg%3D%3D",
            "<a>??>>é</a>\n",
            "\"PGE+Pz8+PsOpPC9hPg==\"\n",
            "'PGE+Pz8+PsOpPC9hPg=='",
            "SAMLResponse: PGE+Pz8+PsOpPC9hPg==",
            "\u{feff}SAMLResponse:\n\" PGE%2BPz8%2BPsOpPC9hPg%3D%3D \"",
            "\"SAMLResponse=PGE%2BPz8%2BPsOpPC9hPg%3D%3D\"",
        ] {
            let response = PostedResponse::recognise(text.as_bytes()).unwrap();
            assert_eq!(response.base64(), BASE64, "{text}");
        }
        let text = format!(r#""text":"SAMLResponse={}""#, BASE64.replace('+', "%2B"));
        let fields = format!(r#""params":[{{"name":"SAMLResponse","value":"{BASE64}"}}]"#);
        for body in [text, fields] {
            let archive = format!(
                "\u{feff} {{\"log\":{{\"entries\":[{{\"request\":{{\"method\":\"POST\",\"postData\":{{{body}}}}}}}]}}}}\n"
            );
            let response = PostedResponse::recognise(archive.as_bytes()).unwrap();
            assert_eq!(response.base64(), BASE64);
        }
        let marked = [b"\xef\xbb\xbf", XML].concat();
        assert_eq!(PostedResponse::recognise(&marked).unwrap().xml(), marked);
        // XML that the parser has something to say of, as it is.
        for xml in [
            b" <?xml version=\"1.0\"?><a/>".as_slice(),
            b"text<a/>",
            b"<a>&SAMLResponse=PGEvPg==</a>",
            b"\xef\xbb\xbf\n<a/>",
            b"\xff\xfe<\0a\0/\0>\0",
            b"\xfe\xff\0<\0a\0/\0>",
            b"\0<\0a\0/\0>",
            b"<\0a\0/\0>\0",
        ] {
            assert_eq!(PostedResponse::recognise(xml).unwrap().xml(), xml);
        }
    }

    #[test]
    fn the_relay_state_comes_along_from_a_form() {
        let relay_state = |text: &str| {
            let response = PostedResponse::recognise(text.as_bytes()).unwrap();
            response.relay_state().map(str::to_owned)
        };
        assert_eq!(
            relay_state("SAMLResponse=PGEvPg%3D%3D&RelayState=a%26b+c%C3%A9").as_deref(),
            Some("a&b cé")
        );
        assert_eq!(relay_state("SAMLResponse=PGEvPg%3D%3D"), None);
    }

    #[test]
    fn a_form_that_says_two_things_or_nothing_is_refused() {
        let not_text = PostedResponse::recognise(b"PGE+\xff+").unwrap_err();
        assert_eq!(not_text, DecodeError::Character(5));
        for utf_16 in [b"\xff\xfeP\0G\0E\0+\0".as_slice(), b"\xfe\xff\0P\0G\0E\0+"] {
            assert_eq!(
                PostedResponse::recognise(utf_16).unwrap_err(),
                DecodeError::Utf16
            );
        }
        for (text, why) in [
            (
                "SAMLResponse=PGEvPg==&SAMLResponse=PGEvPg==",
                DecodeError::FieldTwice("SAMLResponse"),
            ),
            (
                "SAMLResponse=PGEvPg==&SAML%52esponse=PGEvPg==",
                DecodeError::FieldTwice("SAMLResponse"),
            ),
            (
                "SAMLResponse=PGEvPg==&RelayState=a&RelayState=b",
                DecodeError::FieldTwice("RelayState"),
            ),
            ("RelayState=a", DecodeError::NoField),
            ("SAMLResponse=", DecodeError::Empty),
            ("SAMLResponse=PGE%2", DecodeError::Form),
            ("SAMLResponse=PGE%zz", DecodeError::Form),
            ("SAMLResponse=%ff%ff", DecodeError::Form),
            // Encoded twice: one layer is the form's, the other is nobody's.
            ("SAMLResponse=PGE%252B", DecodeError::UrlEncoded(4)),
            ("PGE%252B", DecodeError::UrlEncoded(4)),
            ("PGE%2", DecodeError::Form),
            ("", DecodeError::Empty),
            ("{\"a\":1}", DecodeError::Archive),
            ("héllo", DecodeError::Character(2)),
            ("<html>", DecodeError::Page { doctype: false }),
            (
                "<input type=\"hidden\" name=\"SAMLResponse\" value=\"PGEvPg==\">",
                DecodeError::Page { doctype: false },
            ),
            (
                "<FORM method=post><input name=SAMLResponse value=PGEvPg==></form>",
                DecodeError::Page { doctype: false },
            ),
            ("\"", DecodeError::Character(1)),
            ("\"\"", DecodeError::Empty),
            ("\"PGEvPg==", DecodeError::Character(1)),
            ("\"PGEvPg=='", DecodeError::Character(1)),
            ("SAMLResponse:", DecodeError::Empty),
            (
                "SAMLResponse: PGEvPg==\nRelayState: x",
                DecodeError::Character(19),
            ),
            (
                "\u{feff}<!DOCTYPE HTML>\n<form action=\"https://anypoint.mulesoft.com\">",
                DecodeError::Page { doctype: true },
            ),
        ] {
            assert_eq!(
                PostedResponse::recognise(text.as_bytes()).unwrap_err(),
                why,
                "{text}"
            );
        }
    }

    #[test]
    fn debug_shows_nothing_of_the_response() {
        let response =
            PostedResponse::recognise(b"SAMLResponse=PGEvPg==&RelayState=nonce").unwrap();
        assert_eq!(format!("{response:?}"), "PostedResponse(4 bytes)");
    }
}
