//! Base64, percent-encoding and hexadecimal, strict.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Encodes bytes as base64 (RFC 4648 section 4), in one line.
pub fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Decodes base64 of the plain alphabet with its padding. XML white space between the characters is dropped first, as
/// XML Schema's `base64Binary` allows; anything else that does not belong there is refused, as are bits that a
/// decoder would have to throw away.
pub fn decode_base64(text: &str) -> Option<Vec<u8>> {
    if text.bytes().any(is_xml_space) {
        let packed: Vec<u8> = text.bytes().filter(|byte| !is_xml_space(*byte)).collect();
        STANDARD.decode(packed).ok()
    } else {
        STANDARD.decode(text).ok()
    }
}

/// XML 1.0 section 2.3, production 3.
pub fn is_xml_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// What `+` means in a percent-encoded text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plus {
    /// A space: in the fields of a form (URL Standard, 5.1).
    IsSpace,
    /// Itself: in a value that was copied out of one.
    Kept,
}

/// Undoes percent-encoding; `None` where a `%` is not followed by two hexadecimal digits.
pub fn percent_decoded(text: &[u8], plus: Plus) -> Option<Vec<u8>> {
    let digit = |byte: u8| {
        char::from(byte)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
    };
    // Never grown, so that no copy of a response stays behind.
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.iter().copied();
    while let Some(byte) = rest.next() {
        decoded.push(match byte {
            b'%' => 16 * digit(rest.next()?)? + digit(rest.next()?)?,
            b'+' if plus == Plus::IsSpace => b' ',
            other => other,
        });
    }
    Some(decoded)
}

/// Lower-case hexadecimal digits.
pub fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_is_dropped_and_nothing_else() {
        assert_eq!(
            decode_base64("aGVs\r\nbG8=\t ").as_deref(),
            Some(&b"hello"[..])
        );
        for wrong in [
            "aGVsbG8",
            "aGVsbG8=x",
            "aGVs-bG8",
            "aGVs%0AbG8=",
            "aGVsbG9=",
            "aGVs\u{a0}bG8=",
        ] {
            assert_eq!(decode_base64(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_percent_sign_takes_two_digits_and_a_plus_means_what_was_said() {
        let decoded = |text: &str, plus| percent_decoded(text.as_bytes(), plus);
        for (text, plus, expected) in [
            ("a+%2B%3d%00%fF", Plus::IsSpace, b"a +=\0\xff".as_slice()),
            ("a+%2B%3d%00%fF", Plus::Kept, b"a++=\0\xff"),
            ("%252B", Plus::Kept, b"%2B"),
        ] {
            assert_eq!(decoded(text, plus).as_deref(), Some(expected));
        }
        for wrong in ["%", "a%2", "%2g", "%+1", "%%25"] {
            assert_eq!(decoded(wrong, Plus::Kept), None, "{wrong}");
        }
    }

    #[test]
    fn both_ways() {
        let bytes: Vec<u8> = (0..=255).collect();
        assert_eq!(decode_base64(&base64(&bytes)), Some(bytes));
        assert_eq!(hexadecimal(&[0, 0x0f, 0xa0]), "000fa0");
    }
}
